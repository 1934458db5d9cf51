//! The ledger of section 7: every award once, and what they come to by sixteen.
use super::cells::Person;
use super::codes;
use super::days::last_day_of;
use super::facts::{Code, PersonFacts, Qualification};
use super::rows::Outcome;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// One award, however many sources say it.
pub struct Award<'a> {
    pub best: &'a Qualification,
    sources: BTreeSet<&'a str>,
}

/// The awards of a person up to the day that everything is seen from, by kind, subject, level and day.
pub fn awards(person: &PersonFacts, as_of: NaiveDate) -> Vec<Award<'_>> {
    let mut awards: BTreeMap<_, Award<'_>> = BTreeMap::new();
    for row in person.qualifications.iter().filter(|row| row.awarded_on <= as_of) {
        let key = (row.kind, row.subject, row.level, row.awarded_on);
        let award = awards.entry(key).or_insert(Award { best: row, sources: BTreeSet::new() });
        award.sources.insert(&row.source);
        if codes::grade_points(row.grade) > codes::grade_points(award.best.grade) {
            award.best = row;
        }
    }
    awards.into_values().collect()
}

/// The published rows.
pub fn outcomes(number: u32, awards: &[Award<'_>]) -> Vec<Outcome> {
    let row = |award: &Award<'_>| Outcome {
        person: Person(number),
        kind: award.best.kind.to_owned(),
        subject: award.best.subject.to_owned(),
        level: award.best.level.map(str::to_owned),
        awarded_on: award.best.awarded_on,
        grade: award.best.grade.map(str::to_owned),
        passed: codes::has_result(award.best.grade).then(|| codes::passed(award.best.grade)),
        counts_in_tables: codes::counts_in_tables(award.best.kind),
        source_count: award.sources.len() as i64,
    };
    awards.iter().map(row).collect()
}

/// What somebody had by 31 August after Year 11.
#[allow(clippy::struct_excessive_bools)]
pub struct Ledger {
    pub any_row: bool,
    pub result_state: Code,
    pub n_gcse: i64,
    pub n_gcse_7_9: i64,
    pub basics_9_4: bool,
    pub basics_9_5: bool,
    pub level1_english_maths: bool,
    pub level2_english_maths: bool,
    pub n_other_accredited: i64,
    pub n_unit_awards: i64,
    pub highest_level: Option<Code>,
}

pub fn by_sixteen(awards: &[Award<'_>], final_year: i32) -> Ledger {
    let rows: Vec<&Qualification> = awards
        .iter()
        .map(|award| award.best)
        .filter(|row| row.awarded_on <= last_day_of(final_year))
        .collect();
    // The best grade of each subject; X is an entry that came to nothing.
    let mut gcse: BTreeMap<Code, i64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.kind == "gcse" && !matches!(row.grade, None | Some("X"))) {
        let best = gcse.entry(row.subject).or_default();
        *best = (*best).max(codes::grade_points(row.grade));
    }
    let reached = |subject: &str, grade: i64| gcse.get(subject).is_some_and(|best| *best >= grade);
    let basics = |grade: i64| {
        reached("maths", grade)
            && (reached("english_language", grade) || reached("english_literature", grade))
    };
    let level = |area: &str, rung: i64| {
        rows.iter().any(|row| codes::subject_area(row.subject) == area && rung_of(row) >= Some(rung))
    };
    let passes = |wanted: &dyn Fn(&Qualification) -> bool| {
        rows.iter().filter(|row| codes::passed(row.grade) && wanted(row)).count() as i64
    };
    let highest = rows.iter().filter_map(|row| rung_of(row)).max();
    Ledger {
        any_row: !rows.is_empty(),
        result_state: result_state(&rows),
        n_gcse: gcse.keys().map(|subject| codes::gcses(subject)).sum(),
        n_gcse_7_9: gcse
            .iter()
            .filter(|(_, best)| **best >= 7)
            .map(|(subject, _)| codes::gcses(subject))
            .sum(),
        basics_9_4: basics(4),
        basics_9_5: basics(5),
        level1_english_maths: level("english", 4) && level("maths", 4),
        level2_english_maths: level("english", 5) && level("maths", 5),
        n_other_accredited: passes(&|row| !codes::counts_in_tables(row.kind) && row.kind != "unit_award"),
        n_unit_awards: passes(&|row| row.kind == "unit_award"),
        highest_level: highest.map(|rung| codes::LEVELS[rung as usize - 1]),
    }
}

fn rung_of(row: &Qualification) -> Option<i64> {
    codes::rung(row.kind, row.level, row.grade)
}

fn result_state(rows: &[&Qualification]) -> Code {
    let in_tables = |row: &&Qualification| codes::counts_in_tables(row.kind);
    if rows.is_empty() {
        "unknown"
    } else if rows.iter().any(|row| in_tables(row) && !matches!(row.grade, None | Some("X"))) {
        "ks4_results"
    } else if rows.iter().any(|row| !in_tables(row) && codes::passed(row.grade)) {
        "other_accredited"
    } else {
        "none_entered"
    }
}
