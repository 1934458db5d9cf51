//! `report scorecard`: the eighteen questions, whether records of learners can answer them, and a colour in words.
//!
//! A colour is never worked out from a figure that is hidden: then it is *suppressed*, which is a colour of its own. Grey is what
//! cannot be measured, or not yet judged. Colours rate an outcome, never what a government did.
mod judged;
mod made;
mod read;

use super::{
    About, Policy, Release, Report, ReportFault, Row, Section, Table, Time, Unit, column,
    words::{academic_year, in_unit},
};
use crate::disclosure::{Figure, Symbol};
use made::{Kind, Made, kind};
use read::Line;
use std::collections::BTreeMap;

const POPULATION: &str = "learners who lived here in January of the year; where an indicator is of schools alone, those on their rolls";

/// The report of a release.
///
/// # Errors
/// [`ReportFault`] when a table is missing or cannot be read, or the gate refuses one.
pub fn report(release: &Release, policy: &Policy) -> Result<Report, ReportFault> {
    let lines = read::lines(release)?;
    if lines.is_empty() {
        return Err(ReportFault::Nothing("this release has no scorecard: there is nothing to report"));
    }
    let mut judged = Vec::new();
    for line in &lines {
        judged.push(Judged::of(line, &lines, release, policy)?);
    }
    let time = Time::year(release.year());
    let mut sections = vec![questions(&lines, &judged, &time)];
    sections.extend(indicators(&judged, |kind| kind == Kind::Share, SHARES, &time));
    sections.extend(indicators(&judged, |kind| kind == Kind::Gap, GAPS, &time));
    sections.extend(indicators(&judged, |kind| kind == Kind::Events, EVENTS, &time));
    sections.extend(indicators(&judged, |kind| matches!(kind, Kind::Index(_)), INDICES, &time));
    Ok(Report {
        name: "scorecard",
        title: "Eighteen questions: what records of learners say".to_owned(),
        about: About::of(release, POPULATION, policy),
        short: in_short(&lines, &judged),
        sections,
        left_out: LEFT_OUT.map(str::to_owned).to_vec(),
    })
}

const LEFT_OUT: [&str; 4] = [
    "The interval of a change: the table scorecard of the release has its lower end, which the colours of trends go by. It takes learners as if \
     they stood alone, so the true one is wider.",
    "Who is counted by school rather than by home: the other population of each indicator is in the release.",
    "What a government did: a colour rates an outcome for learners, and no record of a learner tells a policy.",
    "Years between the two that are compared.",
];

/// An indicator, its figures through the gate, and its colour.
struct Judged<'l> {
    line: &'l Line,
    made: Made,
    colour: String,
}

impl<'l> Judged<'l> {
    fn of(line: &'l Line, lines: &[Line], release: &Release, policy: &Policy) -> Result<Self, ReportFault> {
        let made = made::made(line, lines, release, policy)?;
        let colour = colour(line, &made);
        Ok(Self { line, made, colour })
    }
}

/// The colour in words, and why in words.
fn colour(line: &Line, made: &Made) -> String {
    let by_trend = ["on_course", "better_short_of_target", "not_better"].contains(&line.reason.as_str());
    let is_hidden = line.rag != "grey" && (!made.value.is_number() || by_trend && !made.before.is_number());
    if is_hidden { "suppressed".to_owned() } else { line.rag.clone() }
}

fn why(line: &Line, colour: &str) -> &'static str {
    if colour == "suppressed" {
        return "a figure that it rests on may not be shown";
    }
    match line.reason.as_str() {
        "on_course" => "better, and on course to halve in fifteen years",
        "better_short_of_target" => "better, and short of halving in fifteen years",
        "not_better" => "not better than three years before by more than chance may make",
        "level_good" => "by its level and not its trend: good",
        "level_middling" => "by its level and not its trend: middling",
        "level_poor" => "by its level and not its trend: poor",
        "series_break" => "its groups are made of free meals, and the rule for these has changed in between",
        "too_few" => "fewer than 100 learners are behind it",
        "coverage" => "of more than one in five it is not known",
        "not_comparable" => "its year compares with no other",
        "no_year_before" => "nothing to compare it with, and no level to judge it by",
        "told_not_judged" => "there is no right number: it is told to be read",
        "not_measurable_here" => "no record of a learner can tell it",
        "not_yet_measured" => "records could tell it, and no table here does yet",
        _ => "no source here tells it",
    }
}

/// All eighteen, whether anything measures them or not.
fn questions(lines: &[Line], judged: &[Judged<'_>], time: &Time) -> Section {
    let mut rows: Vec<Row> = Vec::new();
    for line in lines {
        let key = line.question.to_string();
        if rows.last().is_some_and(|row| row.key == key) {
            continue;
        }
        let ours =
            || judged.iter().filter(|one| one.line.question == line.question && one.line.indicator.is_some());
        let coloured = ours().filter(|one| one.colour != "grey" && one.colour != "suppressed").count();
        rows.push(Row {
            label: format!("{key}. {}", line.topic),
            key,
            time: time.clone(),
            is_total: false,
            said: vec![line.answerable.clone(), line.why.clone(), colours(ours(), line)],
            figures: vec![Figure::Count(ours().count() as i64), Figure::Count(coloured as i64)],
        });
    }
    let words = [
        "Whether records of learners can answer a question at all, why, and which colours its indicators have. Each is an outcome \
         indicator for its question: it rates what became of learners, never what a government did.",
        "Grey: it cannot be measured here, or there is nothing to judge it by. Suppressed: a figure that the colour rests on may not \
         be shown.",
    ];
    Section {
        title: "The questions".to_owned(),
        words: words.map(str::to_owned).to_vec(),
        table: Some(Table {
            name: "questions",
            title: "The eighteen questions and whether they can be answered".to_owned(),
            population: POPULATION.to_owned(),
            rows_are: ("question", "question"),
            said: &[("answerable", "can records answer it"), ("because", "because"), ("colour", "colour")],
            columns: vec![
                column("indicators", "indicators", Unit::Things),
                column("coloured", "of them green, amber or red", Unit::Things),
            ],
            rows,
        }),
        notes: Vec::new(),
        chart: None,
    }
}

/// `amber (1), red (2)`, or why there is none.
fn colours<'j>(ours: impl Iterator<Item = &'j Judged<'j>>, line: &Line) -> String {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for one in ours {
        let at = COLOURS.iter().position(|colour| *colour == one.colour).unwrap_or(0);
        *counts.entry(at).or_default() += 1;
    }
    let said: Vec<String> = counts.into_iter().map(|(at, n)| format!("{} ({n})", COLOURS[at])).collect();
    if said.is_empty() { format!("grey: {}", why(line, "grey")) } else { said.join(", ") }
}

const COLOURS: [&str; 5] = ["green", "amber", "red", "suppressed", "grey"];

/// A table of indicators: its name, its title, the units of its figures and of their change, and what to know.
type Of = (&'static str, &'static str, [Unit; 2], &'static str);

const SHARES: Of = (
    "shares",
    "Shares",
    [Unit::PerCent, Unit::Points],
    "So many of a hundred learners; a change is told in points of a per cent.",
);

const GAPS: Of = (
    "gaps",
    "Gaps between shares",
    [Unit::Points, Unit::Points],
    "So many points of a per cent between the shares of two groups.",
);

const EVENTS: Of = (
    "events",
    "Events for each hundred pupils",
    [Unit::PerHundred, Unit::PerHundred],
    "Suspensions and exclusions for each hundred pupils, who may have several: it is no share of them.",
);

const INDICES: Of = (
    "indices",
    "Indices",
    [Unit::Hundredths, Unit::Hundredths],
    "The gap index runs from nought to ten. Segregation and what sets pupils apart better run from nought to a hundred.",
);

fn indicators(judged: &[Judged<'_>], is_ours: impl Fn(Kind) -> bool, of: Of, time: &Time) -> Option<Section> {
    let (name, title, [unit, of_change], words) = of;
    let ours = judged
        .iter()
        .filter(|one| one.line.indicator.as_deref().is_some_and(|indicator| is_ours(kind(indicator))));
    let rows: Vec<Row> = ours.map(|one| row(one, time)).collect();
    if rows.is_empty() {
        return None;
    }
    let mut columns = vec![
        column("value", "value", unit),
        column("value_before", "three years before", unit),
        column("change", "change", of_change),
    ];
    columns.extend([
        column("learners", "learners behind it", Unit::Count),
        column("not_known", "not known of", Unit::Count),
    ]);
    let hides = rows
        .iter()
        .flat_map(|row| &row.figures)
        .any(|figure| *figure == Figure::Symbol(Symbol::Confidential));
    let note = "Figures marked c are hidden: fewer learners than may be shown are behind a part of them, or behind what they leave over.";
    Some(Section {
        title: title.to_owned(),
        words: vec![words.to_owned(), HOW_JUDGED.to_owned()],
        table: Some(Table {
            name,
            title: format!("{title}, newest year with a value and three years before"),
            population: POPULATION.to_owned(),
            rows_are: ("indicator", "indicator, for its question"),
            said: &[
                ("year", "year"),
                ("trend", "trend"),
                ("colour", "colour"),
                ("because", "because"),
                ("levels", "where green and amber begin"),
            ],
            columns,
            rows,
        }),
        notes: hides.then(|| note.to_owned()).into_iter().collect(),
        chart: None,
    })
}

const HOW_JUDGED: &str = "Green: better, and even the lower 90% end of the change is on course to halve in fifteen years. Amber: better with four \
                          chances in five, and short of that. Red: neither, so also what is better by no more than chance may make. Some are judged by their \
                          level, whatever their trend. On course is better by 12.9% of the value three years before (4.5% a year). Change is for the better above nought, whichever way that is.";

fn row(judged: &Judged<'_>, time: &Time) -> Row {
    let line = judged.line;
    let Made { value, before, change, learners, not_known } = judged.made;
    Row {
        key: line.indicator.clone().unwrap_or_default(),
        label: named(line),
        time: line.ay.map_or_else(|| time.clone(), Time::year),
        is_total: false,
        said: vec![
            line.ay.map_or_else(|| "none".to_owned(), academic_year),
            format!(
                "{} ({} is good)",
                judged::trend(line, value, before),
                if line.more_is_better { "more" } else { "less" }
            ),
            judged.colour.clone(),
            why(line, &judged.colour).to_owned(),
            judged::begin(line, before),
        ],
        figures: vec![value, before, change, learners, not_known],
    }
}

/// The question and the indicator, and whom it counts where that is not who lived here.
fn named(line: &Line) -> String {
    let whom = if line.population == "attending" { ", of those on rolls here" } else { "" };
    format!("{}. {}{whom}", line.question, line.label)
}

fn in_short(lines: &[Line], judged: &[Judged<'_>]) -> Vec<String> {
    let mut answers: BTreeMap<i64, &str> = BTreeMap::new();
    answers.extend(lines.iter().map(|line| (line.question, line.answerable.as_str())));
    let of = |answer: &str| answers.values().filter(|one| **one == answer).count();
    let measured: Vec<&Judged<'_>> = judged.iter().filter(|one| one.line.indicator.is_some()).collect();
    let coloured = COLOURS
        .map(|colour| format!("{} {colour}", measured.iter().filter(|one| one.colour == colour).count()));
    let mut said = vec![
        format!(
            "Of {} questions records of learners can answer {}, in part {}, and {} not at all.",
            answers.len(),
            of("yes"),
            of("partly"),
            of("no")
        ),
        format!("Of {} indicators here: {}.", measured.len(), coloured.join(", ")),
    ];
    let gap = measured.iter().find(|one| one.line.indicator.as_deref() == Some("basics_9_5_gap"));
    if let Some((one, year)) = gap
        .and_then(|one| one.line.ay.map(|ay| (one, academic_year(ay))))
        .filter(|(one, _)| one.made.value.is_number())
    {
        let points = one.made.value.to_string().replace('%', "");
        said.push(format!("In {year} the gap in English and maths at 5 and more was {points} points."));
    }
    let index = measured.iter().find(|one| one.line.indicator.as_deref() == Some("gap_index"));
    if let Some(one) = index.filter(|one| one.made.value.is_number()) {
        said.push(format!(
            "The gap index at sixteen stands at {}.",
            in_unit(one.made.value, Unit::Hundredths, false)
        ));
    }
    said
}
