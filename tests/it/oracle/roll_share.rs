//! Whose pupil somebody was, term by term of Years 7 to 11.
use super::cells::{Cell, Fixed, People, Person};
use super::days::{january_census, last_day_of};
use super::rows::{CohortMember, Group, Row, Spell, column, row};
use arrow::array::RecordBatch;
use chrono::{NaiveDate, Weekday};
use std::collections::BTreeMap;

row! {
    /// The part of five years that a school had somebody.
    RollShare = "roll_share", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    school_id: String = "school_id",
    ks4_ay: i64 = "ks4_ay",
    n_terms: i64 = "n_terms",
    weight: Option<Fixed<4>> = "weight",
    is_at_ks4: bool = "is_at_ks4",
}

/// The days on which schools count in a year: October, January and May.
fn counted_on(ay: i32) -> [NaiveDate; 3] {
    let thursday = |year, month, week| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Thu, week);
    [thursday(ay - 1, 10, 1).unwrap(), january_census(ay), thursday(ay, 5, 3).unwrap()]
}

/// Of everybody whose Year 11 is over.
pub fn shares(members: &[CohortMember], spells: &[Spell], as_of: NaiveDate) -> Vec<RollShare> {
    let mut rolls: BTreeMap<u32, Vec<&Spell>> = BTreeMap::new();
    for spell in spells.iter().filter(|spell| spell.role == "main") {
        if matches!(spell.status.as_deref(), Some("C" | "M")) {
            rolls.entry(spell.person.0).or_default().push(spell);
        }
    }
    let mut rows = Vec::new();
    for member in members {
        let last = member.cohort_ay as i32 + 5;
        if last_day_of(last) > as_of {
            continue;
        }
        let school_on = |day: NaiveDate| {
            let mut own = rolls.get(&member.person.0).into_iter().flatten();
            let found = own.find(|spell| spell.starts_on <= day && day <= spell.ends_on);
            found.and_then(|spell| spell.school_id.clone()).unwrap_or_else(|| "none".to_owned())
        };
        let mut terms: BTreeMap<String, i64> = BTreeMap::new();
        for day in (last - 4..=last).flat_map(counted_on) {
            *terms.entry(school_on(day)).or_default() += 1;
        }
        let at_ks4 = school_on(january_census(last));
        rows.extend(terms.into_iter().map(|(school_id, n_terms)| RollShare {
            person: member.person,
            is_at_ks4: school_id == at_ks4,
            school_id,
            ks4_ay: i64::from(last),
            n_terms,
            weight: Fixed::fraction(n_terms, 15),
        }));
    }
    rows
}
