//! Section 6 of the page: the members of a Year 6 cohort.
use super::area::Area;
use super::cells::{Fixed, Person};
use super::codes;
use super::days::{academic_year, first_day_of, january_census, last_day_of, next};
use super::facts::{Code, Facts, Ks2, PersonFacts};
use super::journey::Journey;
use super::rows::CohortMember;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A member as far as one person can say: the band waits for the others of the cohort.
pub fn member(
    facts: &Facts,
    person: &PersonFacts,
    cohort: i32,
    journey: &Journey,
    area: &Area,
) -> CohortMember {
    let (first, last) = (first_day_of(cohort), last_day_of(cohort));
    let census = january_census(cohort);
    let entry = journey.main_between(first, last).next();
    let present = entry.is_some();
    let lives_or_learns_here = |day: NaiveDate| {
        let at = area.on(day);
        at.home == Some(facts.here) || at.educating == Some(facts.here)
    };
    let days_of_year =
        || std::iter::successors(Some(first), |day| Some(next(*day))).take_while(|day| *day <= last);
    let (ks2_state, ks2_score) = key_stage_2(facts, person, cohort, present);
    CohortMember {
        person: Person(person.number),
        cohort_ay: i64::from(cohort),
        present_y6: present,
        attending: journey.main_on(census).is_some_and(|stay| stay.la == Some(facts.here)),
        resident: area.on(census).home == Some(facts.here),
        ever_y6_here: present && days_of_year().any(lives_or_learns_here),
        entry_basis: entry
            .map_or("late_entrant", |spell| entry_basis(&spell.kind, &spell.legal_basis))
            .to_owned(),
        ks2_state: ks2_state.to_owned(),
        ks2_score,
        ks2_band: None,
        dis_y6: disadvantaged(facts, person, cohort),
        sen_y6: special_needs(facts, person, cohort).map(str::to_owned),
    }
}

/// Whether a day lies in an academic year and is not ahead of the day that everything is seen from.
fn in_year(facts: &Facts, day: NaiveDate, ay: i32) -> bool {
    day <= facts.as_of && academic_year(day) == ay
}

fn entry_basis(kind: &str, legal_basis: &str) -> Code {
    match (legal_basis, kind) {
        ("ehe_full", _) => "ehe",
        ("cme", _) => "cme",
        (_, kind) if codes::is_ap(kind) => "ap",
        (_, "special") => "special",
        _ => "school",
    }
}

/// State and mean score. A subject is missing when it has no row, scored when it was tested and the row has a score.
fn key_stage_2(facts: &Facts, person: &PersonFacts, cohort: i32, present: bool) -> (Code, Option<Fixed<2>>) {
    match codes::ks2_tests_held(cohort) {
        None => return ("no_rule_for_year", None),
        Some(false) => return ("covid", None),
        Some(true) => {}
    }
    let (reading, maths) = (test(facts, person, cohort, "reading"), test(facts, person, cohort, "maths"));
    let scored = |row: &&Ks2| row.status == "tested" && row.score.is_some();
    let rows: Vec<&Ks2> = reading.into_iter().chain(maths).collect();
    let mean = || Fixed::fraction(points(rows[0])? + points(rows[1])?, 2);
    match (rows.len(), rows.iter().filter(|row| scored(row)).count()) {
        (2, 2) => ("tested", mean()),
        (2, _) if rows.iter().any(|row| row.status == "below_test") => ("below_test", mean()),
        (_, 1) => ("one_subject", None),
        (0, _) if present => ("not_held", None),
        (0, _) => ("not_held_moved_in", None),
        _ => (rows[0].status, None),
    }
}

/// What a subject counts as in the mean; none when it was neither scored nor below the test.
fn points(row: &Ks2) -> Option<i64> {
    match row.status {
        "tested" => row.score,
        "below_test" => Some(codes::KS2_NOTIONAL_BELOW_TEST),
        _ => None,
    }
}

/// The one row of a subject: tested before anything else, then the greatest score, then the order of the codes.
pub(super) fn test<'a>(
    facts: &Facts,
    person: &'a PersonFacts,
    cohort: i32,
    subject: &str,
) -> Option<&'a Ks2> {
    let rows = person.ks2.iter().filter(|row| row.subject == subject && in_year(facts, row.taken_on, cohort));
    rows.min_by_key(|row| (row.status != "tested", std::cmp::Reverse(row.score), row.status))
}

/// Free meals within six years or looked after, as observed in Year 6 or term by term before it.
fn disadvantaged(facts: &Facts, person: &PersonFacts, cohort: i32) -> Option<bool> {
    let observed = |kind: Code, value: Code| {
        person.circumstances.iter().any(|row| {
            row.kind == kind
                && row.value == value
                && row.observed_on.is_some_and(|day| in_year(facts, day, cohort))
        })
    };
    let by_terms = super::circumstances::meals_in_six_years(person, i64::from(cohort), facts.as_of);
    if observed("fsm6", "Y") || observed("cla", "Y") || by_terms == Some(true) {
        Some(true)
    } else if observed("fsm6", "N") || by_terms == Some(false) {
        Some(false)
    } else {
        None
    }
}

/// The most that was observed in Year 6.
fn special_needs(facts: &Facts, person: &PersonFacts, cohort: i32) -> Option<Code> {
    let in_year =
        person.sen.iter().filter(|row| row.observed_on.is_some_and(|day| in_year(facts, day, cohort)));
    let order = ["none", "support", "plan"];
    let most = in_year.map(|row| match row.provision {
        "E" | "S" => 2,
        "K" | "A" | "P" => 1,
        _ => 0,
    });
    most.max().map(|most: usize| order[most])
}

/// Gives every scored member of each cohort its band: high when fewer than a third scored strictly more.
pub fn set_bands(members: &mut [CohortMember]) {
    let mut scores: BTreeMap<i64, Vec<Fixed<2>>> = BTreeMap::new();
    for member in members.iter() {
        scores.entry(member.cohort_ay).or_default().extend(member.ks2_score);
    }
    for scores in scores.values_mut() {
        scores.sort();
    }
    for member in members {
        member.ks2_band = None;
        let Some(score) = member.ks2_score else { continue };
        let cohort = &scores[&member.cohort_ay];
        let higher = cohort.len() - cohort.partition_point(|other| *other <= score);
        member.ks2_band = Some(if higher * 3 < cohort.len() { "high" } else { "other" }.to_owned());
    }
}
