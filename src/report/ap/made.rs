//! Answers that the release has of learners and not of placements: attendance, distance travelled, and what was gained since the start
//! on the ladder of levels, whatever the kind of qualification.
use super::super::{Release, ReportFault};
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

/// The measures that are made here, in the order of [`Placement::answers`].
pub(super) const MADE: [&str; 6] =
    ["attended", "better_than_alike", "distance_better", "any_entry", "any_level1", "any_level2"];

/// What a placement says to a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// It could say, and nothing tells.
    Missing,
    /// The measure is not about it: the learner has not finished Year 11, say.
    NotAsked,
}

impl From<Option<bool>> for Answer {
    fn from(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self::Yes,
            Some(false) => Self::No,
            None => Self::Missing,
        }
    }
}

/// A placement of the three years.
pub(super) struct Placement {
    pub(super) provider: String,
    pub(super) learner: String,
    pub(super) answers: [Answer; MADE.len()],
}

/// The half days of a placement that count as attended well, in ten-thousandths.
const WELL_ATTENDED: i64 = 8_500;

/// A starting point may have been measured so many days before the first.
const BEFORE_THE_START: Days = Days::new(42);

/// A later score beside its starting point.
pub(super) struct Change {
    pub(super) measure: String,
    pub(super) baseline_on: NaiveDate,
    pub(super) later_on: NaiveDate,
    /// `better`, `worse` or `no_reliable_change`.
    pub(super) state: String,
}

/// Of each learner every change of which it can be told whether it is more than chance.
pub(super) fn changes(release: &Release) -> Result<BTreeMap<String, Vec<Change>>, ReportFault> {
    let rows = release.read("distance_travelled", |row| {
        let state = row.text("change_state")?;
        ["better", "worse", "no_reliable_change"].contains(&state.as_str()).then_some(())?;
        let change = Change {
            measure: row.text("measure")?,
            baseline_on: row.text("baseline_on")?.parse().ok()?,
            later_on: row.text("later_on")?.parse().ok()?,
            state,
        };
        Some((row.text("learner_id")?, change))
    })?;
    let mut found: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    for (learner, change) in rows {
        found.entry(learner).or_default().push(change);
    }
    Ok(found)
}

/// Whether a change began with a placement and was seen while it lasted.
pub(super) fn is_within(change: &Change, (from, to): (NaiveDate, NaiveDate)) -> bool {
    change.baseline_on + BEFORE_THE_START >= from && change.later_on > from && change.later_on <= to
}

/// The end of Year 11, and whether anything says how it ended.
type Finished = BTreeMap<String, (NaiveDate, bool)>;

fn finished(release: &Release) -> Result<Finished, ReportFault> {
    let rows = release.read("ladder_result", |row| {
        let end = NaiveDate::from_ymd_opt(i32::try_from(row.number("ks4_ay")?).ok()?, 8, 31)?;
        Some((row.text("learner_id")?, (end, row.text("ladder_state")? != "unknown")))
    })?;
    Ok(rows.into_iter().collect())
}

/// Of each learner the passed awards that have a level: the day, and 1 of entry level to 4 of level 3.
fn awards(release: &Release) -> Result<BTreeMap<String, Vec<(NaiveDate, u8)>>, ReportFault> {
    let rows = release.read("outcome", |row| {
        row.is("passed")?.then_some(())?;
        let rung = rung(&row.text("kind")?, row.text("level").as_deref(), row.text("grade").as_deref())?;
        Some((row.text("learner_id")?, (row.text("awarded_on")?.parse().ok()?, rung)))
    })?;
    let mut found: BTreeMap<String, Vec<(NaiveDate, u8)>> = BTreeMap::new();
    for (learner, award) in rows {
        found.entry(learner).or_default().push(award);
    }
    Ok(found)
}

/// A GCSE has the level of its grade, anything else that at which it is awarded; a unit has none.
fn rung(kind: &str, level: Option<&str>, grade: Option<&str>) -> Option<u8> {
    if kind == "gcse" {
        let grade: u8 = grade?.parse().ok()?;
        return Some(if grade >= 4 { 3 } else { 2 });
    }
    match level? {
        "E1" | "E2" | "E3" => Some(1),
        "1" => Some(2),
        "2" => Some(3),
        "3" => Some(4),
        _ => None,
    }
}

/// The placements of the three years up to this one, with their answers.
pub(super) fn placements(release: &Release, until: i64) -> Result<Vec<Placement>, ReportFault> {
    let (changes, finished, awards) = (changes(release)?, finished(release)?, awards(release)?);
    let travelled = |learner: &str, span| {
        let seen = || changes.get(learner).into_iter().flatten().filter(|change| is_within(change, span));
        seen().next().map(|_| seen().any(|change| change.state == "better"))
    };
    let gained = |learner: &str, from: NaiveDate| {
        let Some((end, is_known)) = finished.get(learner).filter(|(end, _)| *end >= from) else {
            return [Answer::NotAsked; 3];
        };
        let ours = awards.get(learner).into_iter().flatten().filter(|(on, _)| (from..=*end).contains(on));
        let best = ours.map(|(_, rung)| *rung).max().unwrap_or(0);
        [1, 2, 3].map(|rung| is_known.then_some(best >= rung).into())
    };
    release.read("ap_placement", |row| {
        let is_ours = (until - 2..=until).contains(&row.number("ay")?) && row.text("audit_group")? == "ap";
        is_ours.then_some(())?;
        let learner = row.text("learner_id")?;
        let day = |name: &str| row.text(name).and_then(|day| day.parse::<NaiveDate>().ok());
        let span = day("starts_on").zip(day("ends_on"));
        let [entry, level1, level2] = span.map_or([Answer::NotAsked; 3], |(from, _)| gained(&learner, from));
        Some(Placement {
            provider: row.text("establishment_id")?,
            answers: [
                row.ten_thousandths("attendance").map(|share| share >= WELL_ATTENDED).into(),
                row.ten_thousandths("attendance_change").map(|change| change > 0).into(),
                span.and_then(|span| travelled(&learner, span)).into(),
                entry,
                level1,
                level2,
            ],
            learner,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gcse_has_the_level_of_its_grade_and_a_unit_has_none() {
        assert_eq!(rung("gcse", None, Some("4")), Some(3));
        assert_eq!(rung("gcse", Some("2"), Some("3")), Some(2), "whatever level stands beside it");
        assert_eq!(rung("gcse", None, Some("U")), None);
        assert_eq!(rung("fsq", Some("E2"), Some("PASS")), Some(1));
        assert_eq!(rung("btec", Some("2"), Some("M")), Some(3));
        assert_eq!(rung("unit_award", None, Some("PASS")), None);
    }
}
