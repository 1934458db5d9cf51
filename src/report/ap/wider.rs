//! Beside the measures: education from the sixth day, and sites of which no registration is known.
use super::super::{
    Column, Release, ReportFault, Row, Section, Table, Time, Unit, shown, words::academic_year,
};
use crate::disclosure::{self, Disclosed, DisclosedTable, Policy, StateCount, Waterfall};
use std::collections::BTreeMap;

const COLUMNS: [Column; 2] = [
    Column { name: "learners", heading: "learners", unit: Unit::Count },
    Column { name: "share", heading: "share", unit: Unit::PerCent },
];

/// Both tables, where there is anybody in them.
pub(super) fn wider(release: &Release, until: i64, policy: &Policy) -> Result<Vec<Section>, ReportFault> {
    let mut sections = Vec::new();
    sections.extend(day_six(release, until, policy)?);
    sections.extend(registration(release, until, policy)?);
    Ok(sections)
}

/// States of learners, each in one, through the gate.
fn states(
    title: &str,
    population: &str,
    order: &[(&str, &str)],
    counts: &BTreeMap<String, u64>,
    time: &Time,
    policy: &Policy,
) -> Result<(Vec<Row>, Disclosed<DisclosedTable>), ReportFault> {
    let of = |state: &str| counts.get(state).copied().unwrap_or(0);
    let waterfall = Waterfall {
        title: title.to_owned(),
        population: population.to_owned(),
        states: order
            .iter()
            .map(|(state, _)| StateCount {
                state: (*state).to_owned(),
                count: of(state),
                structural_zero: false,
            })
            .collect(),
    };
    let disclosed = disclosure::disclose_waterfall(&waterfall, policy)?;
    let rows = disclosed.as_ref().rows.iter().map(|row| {
        let key = row.keys.first().cloned().unwrap_or_default();
        let label = order.iter().find(|(state, _)| *state == key).map_or("Total", |(_, label)| *label);
        let is_total = key == "total";
        Row {
            key,
            label: label.to_owned(),
            time: time.clone(),
            is_total,
            said: Vec::new(),
            figures: row.figures.clone(),
        }
    });
    Ok((rows.collect(), disclosed))
}

/// After the latest exclusion or long suspension of each learner in three years.
fn day_six(release: &Release, until: i64, policy: &Policy) -> Result<Option<Section>, ReportFault> {
    const ORDER: [(&str, &str); 6] = [
        ("in_time", "known from the sixth school day"),
        ("late", "known, later than that"),
        ("none_known", "none known: not the same as none"),
        ("not_due", "the sixth day is still to come"),
        ("over_age", "past compulsory school age"),
        ("no_rule_for_year", "no rule for the year"),
    ];
    let events = release.read("ap_day_six", |row| {
        (until - 2..=until).contains(&row.number("ay")?).then_some(())?;
        Some((row.text("learner_id")?, row.text("starts_on")?, row.text("day_six_state")?))
    })?;
    let mut latest: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (learner, day, state) in events {
        let kept = latest.entry(learner).or_default();
        *kept = kept.clone().max((day, state));
    }
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (_, state) in latest.into_values() {
        *counts.entry(state).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(None);
    }
    let title = "Education from the sixth day";
    let population = "learners excluded for good, or suspended for more than five school days, in these three years: each by the latest";
    let (rows, disclosed) =
        states(title, population, &ORDER, &counts, &Time::years(until - 2, until), policy)?;
    let years = format!("{} to {}", academic_year(until - 2), academic_year(until));
    let table = Table {
        name: "day_six",
        title: format!("{title}, {years}"),
        population: population.to_owned(),
        rows_are: ("education", "education elsewhere"),
        said: &[],
        columns: COLUMNS.to_vec(),
        rows,
    };
    let words = "Whether a placement or the roll of another school is known from the sixth school day.";
    Ok(Some(Section {
        title: title.to_owned(),
        words: vec![words.to_owned()],
        table: Some(table),
        notes: shown::notes([&disclosed]),
        chart: None,
    }))
}

/// Learners by what is advised of the site they were at, in the newest year.
fn registration(release: &Release, until: i64, policy: &Policy) -> Result<Option<Section>, ReportFault> {
    const ORDER: [(&str, &str); 5] = [
        ("registered", "registered"),
        ("none", "no registration known, and nothing that asks for one"),
        ("refer_for_advice", "no registration known: to be referred for advice"),
        ("not_known", "no registration known, and hours that nobody says could ask for one"),
        ("no_rule_for_year", "no rule for the year"),
    ];
    let sites = release.read("ap_registration", |row| {
        (row.number("ay")? == until).then_some(())?;
        Some((row.text("advice")?, row.people("n_learners")))
    })?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (advice, learners) in sites {
        *counts.entry(advice).or_default() += learners;
    }
    if counts.is_empty() {
        return Ok(None);
    }
    let title = format!("Registration of the sites, {}", academic_year(until));
    let population =
        "learners of compulsory school age at providers in the year; who was at two counts at each";
    let (rows, disclosed) = states(&title, population, &ORDER, &counts, &Time::year(until), policy)?;
    let table = Table {
        name: "registration",
        title: title.clone(),
        population: population.to_owned(),
        rows_are: ("registration", "the site"),
        said: &[],
        columns: COLUMNS.to_vec(),
        rows,
    };
    let words = "A reason to ask and no finding: others may place there too, and no hours of a learner are a definition in law. Which \
                 sites: table ap_registration of the release.";
    Ok(Some(Section {
        title,
        words: vec![words.to_owned()],
        table: Some(table),
        notes: shown::notes([&disclosed]),
        chart: None,
    }))
}
