//! How far learners came on each measure between a starting point and the last look at it while they were placed.
use super::{
    super::{
        Column, Policy, Release, ReportFault, Row, Section, Table, Time, Unit, column,
        parts::{self, made_of, part},
    },
    made::{Change, changes, is_within},
};
use crate::disclosure::{Figure, Symbol};
use chrono::NaiveDate;
use std::collections::BTreeMap;

const POPULATION: &str = "learners placed in these three academic years with a starting point and a later score on the measure while they were placed";

const PARTS: [&str; 4] = ["learners", "better", "same", "worse"];

const COLUMNS: [Column; 7] = [
    column("learners", "learners", Unit::Count),
    column("better", "better, more than by chance", Unit::Count),
    column("no_reliable_change", "no more than chance may make", Unit::Count),
    column("worse", "worse, more than by chance", Unit::Count),
    column("better_rate", "better, share", Unit::PerCent),
    column("better_rate_low", "better, at least", Unit::PerCent),
    column("better_rate_high", "better, at most", Unit::PerCent),
];

fn label(measure: &str) -> String {
    match measure {
        "sdq" => "strengths and difficulties".to_owned(),
        "reading_age" => "reading age".to_owned(),
        "boxall" => "Boxall profile".to_owned(),
        "goal_t" => "goals".to_owned(),
        other => other.replace('_', " "),
    }
}

/// By measure, each learner by the latest change.
fn latest(release: &Release, until: i64) -> Result<BTreeMap<String, BTreeMap<String, String>>, ReportFault> {
    let changes = changes(release)?;
    let spans = release.read("ap_placement", |row| {
        let is_ours = (until - 2..=until).contains(&row.number("ay")?) && row.text("audit_group")? == "ap";
        is_ours.then_some(())?;
        let day = |name: &str| row.text(name).and_then(|day| day.parse::<NaiveDate>().ok());
        Some((row.text("learner_id")?, (day("starts_on")?, day("ends_on")?)))
    })?;
    let mut found: BTreeMap<(&str, &str), &Change> = BTreeMap::new();
    for (learner, span) in &spans {
        for change in changes.get(learner).into_iter().flatten().filter(|change| is_within(change, *span)) {
            let kept = found.entry((change.measure.as_str(), learner.as_str())).or_insert(change);
            if (change.later_on, &change.state) > (kept.later_on, &kept.state) {
                *kept = change;
            }
        }
    }
    let mut by_measure: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for ((measure, learner), change) in found {
        by_measure.entry(measure.to_owned()).or_default().insert(learner.to_owned(), change.state.clone());
    }
    Ok(by_measure)
}

/// Measure by measure; none where no source tells of any. `others` are sizes that are shown of nearly the same learners: a measure that
/// differs from one of them by a few is hidden.
pub(super) fn travelled(
    release: &Release,
    until: i64,
    years: &str,
    others: &[u64],
    policy: &Policy,
) -> Result<Option<Section>, ReportFault> {
    let found = latest(release, until)?;
    if found.is_empty() {
        return Ok(None);
    }
    let whole = |(measure, learners): (&String, &BTreeMap<String, String>)| {
        let of = |state: &str| learners.values().filter(|of| *of == state).count() as u64;
        let parts = vec![
            part("better", of("better")),
            part("same", of("no_reliable_change")),
            part("worse", of("worse")),
        ];
        (measure.clone(), made_of("learners", learners.len() as u64, parts))
    };
    let title = format!("Distance travelled, measure by measure, {years}");
    let through = parts::through(&title, POPULATION, "measure", found.iter().map(whole), policy)?;
    let time = Time::years(until - 2, until);
    let mut rows = through.rows(&PARTS, ("better", "learners"), &time, label, policy);
    let mut sizes = others.to_vec();
    for (row, learners) in rows.iter_mut().zip(found.values()) {
        let n = learners.len() as u64;
        if sizes.iter().any(|size| (1..policy.threshold()).contains(&size.abs_diff(n))) {
            hide(row);
        } else {
            sizes.push(n);
        }
    }
    let words = "Each learner by the latest score while placed, beside the starting point by the same informant. More than chance is a change beyond 1.96 of the measure's \
                 own error; a measure without a reliability is not here.";
    Ok(Some(Section {
        title: "Distance travelled".to_owned(),
        words: vec![words.to_owned()],
        table: Some(Table {
            name: "distance_travelled",
            title,
            population: POPULATION.to_owned(),
            rows_are: ("measure", "measure"),
            said: &[],
            columns: COLUMNS.to_vec(),
            rows,
        }),
        notes: through.notes(),
        chart: None,
    }))
}

fn hide(row: &mut Row) {
    row.figures.iter_mut().for_each(|figure| *figure = Figure::Symbol(Symbol::Confidential));
}

#[cfg(test)]
mod tests {
    use super::{super::super::shown, *};

    #[test]
    fn what_is_hidden_for_another_figure_is_hidden_whole() {
        let mut row = Row {
            key: String::new(),
            label: label("goal_t"),
            time: Time::year(2026),
            is_total: false,
            said: Vec::new(),
            figures: vec![Figure::Count(40), shown::rate(Figure::Count(20), Figure::Count(40), 0)[0]],
        };
        hide(&mut row);
        assert!(row.label == "goals" && row.figures.iter().all(|figure| !figure.is_number()));
    }
}
