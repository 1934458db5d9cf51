//! `report school`: how disadvantaged pupils fare from school to school, for the council and the regulator.
//!
//! Two questions that are often taken for one another have a table each: whether they do better than the nation's average of all
//! pupils, and whether they do better than their start lets expect. Schools stand in the order of their numbers, never of their
//! rates, and a school with fewer than ten disadvantaged pupils is named nowhere.
mod expected;
mod read;

use super::{
    About, Chart, Middle, NAMED_FROM, Policy, Release, Report, ReportFault, Row, Section, Table, Time, Unit,
    column,
    places::{self, HIDDEN, OTHERS, Place, Places},
    shown,
    words::{academic_year, cell},
};
use crate::disclosure::{Figure, Symbol};
use expected::Expected;
use read::Resulted;
use std::collections::BTreeSet;

/// What is reported: English and maths at 4 (or C) and more.
const MEASURE: &str = "basics_9_4";
const MEASURE_IN_WORDS: &str = "English and maths at 4 and more";

const POPULATION: &str = "disadvantaged pupils at the end of Year 11, at the school on whose main roll they were in January; whoever was on the roll \
                          of no mainstream school stands among all others";

/// The report of a release.
///
/// # Errors
/// [`ReportFault`] when a table is missing or cannot be read, or the gate refuses one.
pub fn report(release: &Release, policy: &Policy) -> Result<Report, ReportFault> {
    let results = read::results(release, MEASURE)?;
    let Some(ay) = results.first().map(|result| result.ay) else {
        return Err(ReportFault::Nothing(
            "this release has no results of schools: there is nothing to report",
        ));
    };
    let unnamed = unnamed(&results, policy);
    let nation = Nation::of(&results, ay, &unnamed, policy)?;
    let predicted = read::predicted(release, MEASURE)?;
    let expected = Expected::of(&predicted, (ay, &results), &unnamed, policy)?;
    let similar = read::similar(release, MEASURE)?;
    let mut sections = Vec::new();
    sections.extend(counted(&nation, expected.as_ref(), ay));
    let short = in_short(&nation, expected.as_ref(), ay);
    sections.push(nation.section(ay));
    sections.push(expected.map_or_else(|| expected::none(&predicted), Expected::section));
    sections.push(expected::similar(&similar, &unnamed, policy)?);
    Ok(Report {
        name: "school",
        title: format!("Schools and their disadvantaged pupils: {MEASURE_IN_WORDS}"),
        about: About::of(release, POPULATION, policy),
        short,
        sections,
        left_out: LEFT_OUT.map(str::to_owned).to_vec(),
    })
}

const LEFT_OUT: [&str; 5] = [
    "Schools with fewer than ten disadvantaged pupils, special schools and provision: no name and no figure of their own. They count among \
     all others.",
    "A ranking: only a handful of schools can be told apart from the rest. They stand in the order of their numbers.",
    "English and maths at 5, and five good passes: the few between two measures of one school could be told. They are in the release, table \
     school_result.",
    "Attainment 8 beyond what each pupil's start lets expect: means of points of few pupils, that the gate has no rule for. Table \
     school_value_added.",
    "The names of schools: a release holds numbers (URN).",
];

/// The schools that stand in no table under their number. They are the same in every table, or one would tell what another hides.
fn unnamed(results: &[Resulted], policy: &Policy) -> BTreeSet<String> {
    let places = results.iter().map(|result| Place {
        key: result.school.clone(),
        whole: result.pupils,
        part: 0,
        learners: result.pupils,
        is_kept_out: !result.is_mainstream,
    });
    places::parted(places.collect(), policy).1.into_iter().map(|place| place.key).collect()
}

/// Whether a row is of one school.
fn is_school(row: &Row) -> bool {
    !row.is_total && ![OTHERS, HIDDEN].contains(&row.key.as_str())
}

fn label(key: &str) -> String {
    format!("school {key}")
}

/// Each school beside the nation's average of all pupils.
struct Nation {
    places: Places,
    /// In tenths of a per cent; none for a year that is not held.
    average: Option<i64>,
}

impl Nation {
    fn of(
        results: &[Resulted],
        ay: i64,
        unnamed: &BTreeSet<String>,
        policy: &Policy,
    ) -> Result<Self, ReportFault> {
        let all: Vec<Place> = results
            .iter()
            .map(|result| Place {
                key: result.school.clone(),
                whole: result.pupils,
                part: result.achieved,
                learners: result.pupils,
                is_kept_out: unnamed.contains(&result.school),
            })
            .collect();
        let learners = all.iter().map(|place| place.learners).sum();
        let title = format!("Disadvantaged pupils with {MEASURE_IN_WORDS}, {}", academic_year(ay));
        let mut places = places::places(&title, POPULATION, all, learners, &Time::year(ay), label, policy)?;
        let average = results.iter().find_map(|result| result.nation).map(|rate| (rate + 5) / 10);
        for row in &mut places.rows {
            let is_one = is_school(row);
            row.said = vec![
                if is_one { beside(row.figures[0], row.figures[1], average, policy) } else { NOT_ONE }
                    .to_owned(),
            ];
        }
        Ok(Self { places, average })
    }

    fn section(self, ay: i64) -> Section {
        let average = match self.average {
            Some(tenths) => format!(
                "The average of all pupils of state-funded schools in England was {}, whoever a school takes in: nothing is adjusted for \
                 that. Equal is not above.",
                cell(Figure::PerCentTenths(tenths), true)
            ),
            None => "No average of the nation is held for this year: no school stands above it or below."
                .to_owned(),
        };
        Section {
            title: "Beside the nation's average of all pupils".to_owned(),
            words: vec![
                average,
                "A pupil whose result is not known counts as without it, as performance tables count. By number (URN), in the order of the \
                 numbers; the range is that of chance, 95%."
                    .to_owned(),
            ],
            notes: shown::notes([&self.places.disclosed]),
            table: Some(Table {
                name: "beside_the_nation",
                title: format!("Disadvantaged pupils with {MEASURE_IN_WORDS}, {}", academic_year(ay)),
                population: POPULATION.to_owned(),
                rows_are: ("school", "school"),
                said: &[("beside_average", "beside the nation's average of all")],
                columns: shown::of_part("disadvantaged pupils", "with it").to_vec(),
                rows: self.places.rows,
            }),
            // The page speaks of the nation's average: so does the picture.
            chart: Some(Chart::Funnel([0, 2], self.average.map_or(Middle::All, Middle::Nation))),
        }
    }
}

/// What is said of rows that are no school.
const NOT_ONE: &str = "does not apply";
const ABOVE: &str = "above";

/// What is said where counts that are rounded alike stand on both sides.
const NOT_TOLD: &str = "cannot be told from rounded counts";

/// The least and the greatest share that counts can have which are shown as these two: a verdict that only the rounding makes is
/// none.
fn shares(pupils: f64, achieved: f64, policy: &Policy) -> [f64; 2] {
    let half = ((policy.round_to() - 1) / 2) as f64;
    [((achieved - half).max(0.0)) / (pupils + half), ((achieved + half) / (pupils - half).max(1.0)).min(1.0)]
}

/// From the two counts as they are shown, and whatever they may have been before they were rounded.
fn beside(pupils: Figure, achieved: Figure, average: Option<i64>, policy: &Policy) -> &'static str {
    match (shown::count(achieved), shown::count(pupils), average) {
        (_, _, None) => "no average is held",
        (Some(achieved), Some(pupils), Some(average)) => {
            let average = average as f64 / 1_000.0;
            match shares(pupils, achieved, policy) {
                [least, _] if least > average => ABOVE,
                [_, greatest] if greatest <= average => "not above",
                _ => NOT_TOLD,
            }
        }
        _ => "cannot be shown",
    }
}

/// Schools that are shown, of which it is said, and that do better.
fn tally<'r>(
    rows: impl Iterator<Item = &'r Row>,
    is_judged: impl Fn(&str) -> bool,
    better: &str,
) -> [u64; 3] {
    let mut counts = [0; 3];
    for row in rows.filter(|row| is_school(row)) {
        let said = row.said.last().map_or("", String::as_str);
        counts[0] += 1;
        counts[1] += u64::from(is_judged(said));
        counts[2] += u64::from(said == better);
    }
    counts
}

/// How many schools do better, by either question, of those that are shown.
fn counted(nation: &Nation, expected: Option<&Expected>, ay: i64) -> Option<Section> {
    let mut rows = vec![(
        "beats_national_all",
        "better than the nation's average of all pupils",
        [ay, ay],
        nation.tally(),
    )];
    if let Some(expected) = expected {
        rows.push((
            "beats_prediction",
            "better than their start lets expect",
            [expected.from_ay, expected.ay],
            expected.tally(),
        ));
    }
    let rows: Vec<Row> = rows
        .into_iter()
        .filter(|(.., [schools, ..])| *schools > 0)
        .map(|(key, label, [from, until], [schools, judged, better])| {
            let mut figures = [schools, judged, better].map(|n| Figure::Count(n as i64)).to_vec();
            figures.extend(match judged {
                0 => [Figure::Symbol(Symbol::NotAvailable); 3],
                judged => shown::of_numbers(better as f64, judged as f64, judged as f64, 0),
            });
            Row {
                key: key.to_owned(),
                label: label.to_owned(),
                time: Time::years(from, until),
                is_total: false,
                said: Vec::new(),
                figures,
            }
        })
        .collect();
    (!rows.is_empty()).then(|| Section {
        title: "How many schools do better".to_owned(),
        words: vec![
            "Two questions, and neither stands for the other. Counted are the schools that are shown below; a school of which nothing \
             may be shown is in no count here."
                .to_owned(),
        ],
        table: Some(Table {
            name: "schools_beating",
            title: "Schools that do better by their disadvantaged pupils".to_owned(),
            population: "mainstream state schools that are shown in this report".to_owned(),
            rows_are: ("asked", "do their disadvantaged pupils do"),
            said: &[],
            columns: vec![
                column("schools", "schools", Unit::Things),
                column("judged", "of which it is said", Unit::Things),
                column("better", "that do", Unit::Things),
                column("share", "share", Unit::PerCent),
                column("share_low", "at least", Unit::PerCent),
                column("share_high", "at most", Unit::PerCent),
            ],
            rows,
        }),
        notes: Vec::new(),
        chart: None,
    })
}

impl Nation {
    fn tally(&self) -> [u64; 3] {
        let [schools, ..] = tally(self.places.rows.iter(), |_| true, ABOVE);
        let is_judged = |said: &str| [ABOVE, "not above"].contains(&said);
        let [_, judged, better] = tally(self.places.rows.iter(), is_judged, ABOVE);
        [schools, judged, better]
    }
}

fn in_short(nation: &Nation, expected: Option<&Expected>, ay: i64) -> Vec<String> {
    let mut said = Vec::new();
    let [_, judged, better] = nation.tally();
    if judged > 0 {
        said.push(format!(
            "In {} the disadvantaged pupils of {better} of {judged} schools did better than the nation's average of all pupils.",
            academic_year(ay)
        ));
    }
    match expected.map(Expected::tally) {
        Some([_, judged, better]) if judged > 0 => said.push(format!(
            "Of {judged} schools {better} did better than their pupils' start lets expect, as surely as nineteen in twenty; the others \
             cannot be told from it, or did worse."
        )),
        _ => said.push("Of no school it can be said whether it did better than its pupils' start lets expect.".to_owned()),
    }
    said.push(format!("A school with fewer than {NAMED_FROM} disadvantaged pupils is named nowhere."));
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::KeyKind;

    #[test]
    fn above_is_said_from_the_counts_that_are_shown_and_equal_is_not_above() {
        let exact = Policy::synthetic(KeyKind::Demo).expect("the key is a demonstration's");
        let said = |achieved, pupils, average| {
            beside(Figure::Count(pupils), Figure::Count(achieved), average, &exact)
        };
        assert_eq!(said(20, 40, Some(500)), "not above");
        assert_eq!(said(21, 40, Some(500)), "above");
        assert_eq!(said(21, 40, None), "no average is held");
        assert_eq!(
            beside(Figure::Symbol(Symbol::Confidential), Figure::Count(5), Some(500), &exact),
            "cannot be shown"
        );
    }

    #[test]
    fn a_verdict_that_only_the_rounding_makes_is_none() {
        let published = Policy::published();
        let said =
            |achieved, pupils| beside(Figure::Count(pupils), Figure::Count(achieved), Some(645), &published);
        // 18 of 32 and 22 of 28 are both shown as 20 of 30.
        assert_eq!(said(20, 30), NOT_TOLD);
        assert_eq!((said(180, 200), said(100, 200)), (ABOVE, "not above"));
    }
}
