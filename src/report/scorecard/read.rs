//! The rows of the scorecard, and the counts behind its gaps and events.
use super::super::{Release, ReportFault};
use std::collections::{BTreeMap, BTreeSet};

/// A question, and an indicator of it where there is one.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) question: i64,
    pub(super) topic: String,
    /// yes, partly or no.
    pub(super) answerable: String,
    pub(super) why: String,
    pub(super) indicator: Option<String>,
    pub(super) label: String,
    pub(super) more_is_better: bool,
    /// resident, attending or none.
    pub(super) population: String,
    pub(super) ay: Option<i64>,
    /// In ten-thousandths.
    pub(super) value: Option<i64>,
    pub(super) n: u64,
    pub(super) n_missing: u64,
    pub(super) value_before: Option<i64>,
    pub(super) n_before: u64,
    pub(super) rag: String,
    pub(super) reason: String,
    /// `trend`, `level`, `falling_level` or `told`.
    pub(super) judged_by: String,
    /// The levels from which it is green, and amber, in ten-thousandths.
    pub(super) levels: Option<(i64, Option<i64>)>,
}

/// Every question, each of its indicators once: of those who lived here, where there is such a row.
pub(super) fn lines(release: &Release) -> Result<Vec<Line>, ReportFault> {
    let lines = release.read("scorecard", |row| {
        let indicator = row.text("indicator")?;
        Some(Line {
            question: row.number("question")?,
            topic: row.text("topic")?,
            answerable: row.text("answerable")?,
            why: row.text("why").unwrap_or_default(),
            label: row.text("label").unwrap_or_default(),
            more_is_better: row.text("better").as_deref() == Some("up"),
            indicator: (indicator != "none").then_some(indicator),
            population: row.text("population")?,
            ay: row.number("ay"),
            value: row.ten_thousandths("value"),
            n: row.people("n"),
            n_missing: row.people("n_missing"),
            value_before: row.ten_thousandths("value_before"),
            n_before: row.people("n_before"),
            rag: row.text("rag")?,
            reason: row.text("reason")?,
            judged_by: row.text("judged_by").unwrap_or_default(),
            levels: row.ten_thousandths("green").map(|green| (green, row.ten_thousandths("amber"))),
        })
    })?;
    let mut kept: BTreeMap<(i64, Option<String>), Line> = BTreeMap::new();
    for line in lines {
        let key = (line.question, line.indicator.clone());
        if line.population == "resident" || !kept.contains_key(&key) {
            kept.insert(key, line);
        }
    }
    Ok(kept.into_values().collect())
}

/// Of two groups, how many of how many: of the others, then of the disadvantaged.
pub(super) type Groups = [(u64, u64); 2];

/// The groups behind a gap in a year; none where the release does not have them.
pub(super) fn groups(
    release: &Release,
    indicator: &str,
    population: &str,
    ay: i64,
) -> Result<Option<Groups>, ReportFault> {
    match indicator {
        "basics_9_5_gap" => by_disadvantage(release, "ks4_rate", "n_known", population, ay, |row| {
            row.text("measure").as_deref() == Some("basics_9_5")
        }),
        // By the autumn three years after Year 11, of everybody.
        "level3_gap" => {
            by_disadvantage(release, "level_by_19_rate", "n_members", population, ay - 3, |row| {
                row.number("level") == Some(3) && row.number("by_age") == Some(19)
            })
        }
        "long_gap_9_4" => Ok(Some(long(release, population, ay)?)),
        _ => Ok(None),
    }
}

fn by_disadvantage(
    release: &Release,
    table: &str,
    whole: &str,
    population: &str,
    ay: i64,
    is_ours: impl Fn(&super::super::rows::RowOf<'_>) -> bool,
) -> Result<Option<Groups>, ReportFault> {
    let rows = release.read(table, |row| {
        let is_asked = row.number("ks4_ay")? == ay && row.text("population")? == population && is_ours(row);
        is_asked.then_some(())?;
        Some((row.text("disadvantage")?, (row.people("n_achieved"), row.people(whole))))
    })?;
    let of = |group: &str| rows.iter().find(|(name, _)| name == group).map(|(_, counts)| *counts);
    Ok(of("other").zip(of("disadvantaged")).map(|(other, poor)| [other, poor]))
}

/// Basics at 4 of those who were not long on free meals, and of those who were.
fn long(release: &Release, population: &str, ay: i64) -> Result<Groups, ReportFault> {
    let persistent: BTreeMap<String, bool> = release
        .read("circumstance_year", |row| {
            (row.number("ay")? == ay).then_some(())?;
            Some((row.text("learner_id")?, row.is("persistent")?))
        })?
        .into_iter()
        .collect();
    let results = release.read("ks4_result", |row| {
        let is_asked = row.number("ks4_ay")? == ay && row.is("in_denominator")? && row.is(population)?;
        is_asked.then_some(())?;
        let known = BTreeSet::from(["achieved", "not_achieved", "not_entered"]);
        let answer = row.text("basics_9_4")?;
        known.contains(answer.as_str()).then_some(())?;
        Some((row.text("learner_id")?, answer == "achieved"))
    })?;
    let mut groups = [(0, 0); 2];
    for (learner, has_achieved) in results {
        let Some(is_long) = persistent.get(&learner) else { continue };
        let (achieved, whole) = &mut groups[usize::from(*is_long)];
        *achieved += u64::from(has_achieved);
        *whole += 1;
    }
    Ok(groups)
}

/// Events, the pupils who had any, and all pupils of a year.
pub(super) fn events(
    release: &Release,
    indicator: &str,
    population: &str,
    ay: i64,
) -> Result<Option<(u64, u64, u64)>, ReportFault> {
    let rows = release.read("suspension_rate", |row| {
        let is_asked = row.number("ay")? == ay
            && row.text("population")? == population
            && row.text("breakdown")? == "all";
        is_asked.then_some(())?;
        let pupils = row.people("n_pupils");
        Some(match indicator {
            // A pupil is excluded for good by one school at a time: as many pupils as events, or nearly.
            "permanent_rate" => (row.people("n_permanent"), row.people("n_permanent"), pupils),
            _ => (row.people("n_suspensions"), row.people("n_suspended"), pupils),
        })
    })?;
    Ok(rows.into_iter().next())
}
