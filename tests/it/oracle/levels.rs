//! Level 2 and Level 3 by 18 and 19, and who is met again after Year 11: `docs/measures/attainment.md` and `neet.md`, read once
//! more, award by award.
use super::cells::{Cell, Fixed, People, Person};
use super::codes;
use super::days::{academic_year, day};
use super::evidence::Places;
use super::facts::{Facts, PersonFacts, Qualification};
use super::measures::Ks4Result;
use super::rows::{Group, Row, Spell, column, row};
use super::waterfall::wilson;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

row! {
    /// A level by an age of somebody.
    LevelBy19 = "level_by_19", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    level: i64 = "level",
    by_age: i64 = "by_age",
    ks4_ay: i64 = "ks4_ay",
    by_on: NaiveDate = "by_on",
    in_denominator: bool = "in_denominator",
    attending: bool = "attending",
    resident: bool = "resident",
    kind: String = "kind",
    disadvantaged: Option<bool> = "disadvantaged",
    n_awards: i64 = "n_awards",
    size_least: Fixed<3> = "size_least",
    size_most: Fixed<3> = "size_most",
    n_years_on_roll: i64 = "n_years_on_roll",
    n_years_told: i64 = "n_years_told",
    is_held: bool = "is_held",
    level_state: String = "level_state",
}

row! {
    /// Shares of a group.
    LevelBy19Rate = "level_by_19_rate", group |row| Group::Cohort(row.ks4_ay, row.population.clone());
    ks4_ay: i64 = "ks4_ay",
    population: String = "population",
    disadvantage: String = "disadvantage",
    level: i64 = "level",
    by_age: i64 = "by_age",
    n_members: i64 = "n_members",
    n_not_held: i64 = "n_not_held",
    n_missing: i64 = "n_missing",
    n_known: i64 = "n_known",
    n_achieved: i64 = "n_achieved",
    measure_state: String = "measure_state",
    observed: Option<Fixed<4>> = "observed",
    observed_low: Option<Fixed<4>> = "observed_low",
    observed_high: Option<Fixed<4>> = "observed_high",
    whole_cohort: Option<Fixed<4>> = "whole_cohort",
    whole_cohort_low: Option<Fixed<4>> = "whole_cohort_low",
    whole_cohort_high: Option<Fixed<4>> = "whole_cohort_high",
    upper: Option<Fixed<4>> = "upper",
}

row! {
    /// Who is met again, and how.
    LeaverMet = "leaver_met", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    ks4_ay: i64 = "ks4_ay",
    met_by: String = "met_by",
    met_on: Option<NaiveDate> = "met_on",
}

/// What a pass is towards a level, in thousandths of a GCSE or of an A level: at least and at most.
fn size(award: &Qualification, level: i64) -> Option<(i64, i64)> {
    if !codes::passed(award.grade) {
        return None;
    }
    let is_good = award.kind == "gcse" && codes::grade_points(award.grade) >= 4;
    let (least, most) = match (award.kind, award.level, level) {
        ("gcse", _, 2) if is_good => {
            (1_000 * codes::gcses(award.subject), 1_000 * codes::gcses(award.subject))
        }
        ("btec", Some("2"), 2) => (1_000, 4_000),
        ("fsq", Some("2"), 2) => (375, 500),
        ("a_level", None | Some("3"), 2) => (3_000, 3_000),
        ("a_level", None | Some("3"), 3) => (1_000, 1_000),
        ("as_level", None | Some("3"), 2) => (1_500, 1_500),
        ("as_level", None | Some("3"), 3) => (500, 500),
        ("btec", Some("3"), 2) => (1_000, 5_000),
        ("btec", Some("3"), 3) => (500, 3_000),
        ("vocational" | "other", None | Some("2" | "3"), 2) => (0, 5_000),
        ("vocational" | "other", None | Some("3"), 3) => (0, 3_000),
        _ => return None,
    };
    let all = if level == 2 { 5_000 } else { 3_000 };
    Some((least, if award.subject == "other" { all } else { most }))
}

/// What is held of awards after sixteen.
pub struct Told {
    cohorts: BTreeSet<(i32, i32)>,
    /// By the school that goes on under another number.
    places: BTreeSet<(String, i32)>,
}

impl Told {
    pub fn of(facts: &Facts, cohorts: &BTreeMap<u32, i32>, places: &Places<'_>) -> Self {
        let mut told = Self { cohorts: BTreeSet::new(), places: BTreeSet::new() };
        for person in &facts.people {
            let Some(cohort) = cohorts.get(&person.number) else { continue };
            let after = |award: &&Qualification| {
                award.awarded_on > day(cohort + 5, 8, 31)
                    && award.awarded_on <= facts.as_of
                    && (award.level == Some("3") || matches!(award.kind, "a_level" | "as_level"))
                    && !matches!(award.kind, "apprenticeship" | "t_level")
            };
            for award in person.qualifications.iter().filter(after) {
                let ay = academic_year(award.awarded_on);
                told.cohorts.insert((*cohort, ay));
                let school = award.establishment.as_deref().map(|one| places.school(one).to_owned());
                told.places.extend(school.map(|school| (school, ay)));
            }
        }
        told
    }
}

/// Both levels by both ages, as far as they are due.
pub fn levels(
    person: &PersonFacts,
    cohort: i32,
    ks4: &Ks4Result,
    told: &Told,
    places: &Places<'_>,
    as_of: NaiveDate,
) -> Vec<LevelBy19> {
    let mut rows = Vec::new();
    for (by_age, years) in [(18, 2), (19, 3)] {
        let by_on = day(cohort + 5 + years, 8, 31);
        if by_on > as_of {
            continue;
        }
        let is_held = told.cohorts.iter().any(|(one, ay)| *one == cohort && *ay <= cohort + 5 + years);
        let (mut on_roll, mut n_told) = (0, 0);
        for ay in cohort + 6..=cohort + 5 + years {
            let during = |roll: &&super::facts::Enrolment| {
                let end = roll.ends_on.or(roll.observed_on).unwrap_or(as_of);
                matches!(roll.status, "C" | "M" | "F")
                    && roll.starts_on <= day(ay, 8, 31)
                    && end >= day(ay - 1, 9, 1)
                    && roll.starts_on <= as_of
            };
            let rolls: Vec<_> = person.enrolments.iter().filter(during).collect();
            on_roll += i64::from(!rolls.is_empty());
            let is_told = |roll: &&super::facts::Enrolment| {
                let school = places.school(&roll.establishment);
                let then = places.mergers.on(school, day(ay, 8, 31));
                [school, then].into_iter().any(|place| told.places.contains(&(place.to_owned(), ay)))
            };
            n_told += i64::from(rolls.iter().any(is_told));
        }
        let of_level = |level: i64| {
            let mut first: BTreeMap<(&str, &str), (NaiveDate, i64, i64)> = BTreeMap::new();
            // An AS level on the way to an A level is part of it.
            let whole = |award: &Qualification| {
                let same = |one: &Qualification| one.kind == "a_level" && one.subject == award.subject;
                let passed = |one: &Qualification| codes::passed(one.grade) && one.awarded_on <= as_of;
                award.kind != "as_level"
                    || award.subject == "other"
                    || !person.qualifications.iter().any(|one| same(one) && passed(one))
            };
            for award in person.qualifications.iter().filter(|award| whole(award)) {
                let Some((least, most)) = size(award, level).filter(|_| award.awarded_on <= by_on) else {
                    continue;
                };
                let one = (award.awarded_on, -least, -most);
                let best = first.entry((award.kind, award.subject)).or_insert(one);
                *best = (*best).min(one);
            }
            let sum = |of: &dyn Fn(&(NaiveDate, i64, i64)) -> i64| -> i64 { first.values().map(of).sum() };
            (first.len() as i64, sum(&|one| -one.1), sum(&|one| -one.2))
        };
        let (two, three) = (of_level(2), of_level(3));
        for (level, sizes, asked) in [(2, two, 5_000), (3, three, 2_000)] {
            let is_known = on_roll > 0 && n_told == on_roll;
            let state = match () {
                () if sizes.1 >= asked || three.1 >= 2_000 => "achieved",
                () if !is_held => "not_held",
                () if sizes.2 < asked && is_known => "not_achieved",
                () => "unknown",
            };
            rows.push(LevelBy19 {
                person: ks4.person,
                level,
                by_age,
                ks4_ay: ks4.ks4_ay,
                by_on,
                in_denominator: ks4.in_denominator,
                attending: ks4.attending,
                resident: ks4.resident,
                kind: ks4.kind.clone(),
                disadvantaged: ks4.disadvantaged,
                n_awards: sizes.0,
                size_least: Fixed(sizes.1),
                size_most: Fixed(sizes.2),
                n_years_on_roll: on_roll,
                n_years_told: n_told,
                is_held,
                level_state: state.to_owned(),
            });
        }
    }
    rows
}

/// Every group's shares.
pub fn rates(rows: &[LevelBy19]) -> Vec<LevelBy19Rate> {
    let mut groups: BTreeMap<(i64, &str, &str, i64, i64), Vec<&LevelBy19>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.in_denominator) {
        let group = match row.disadvantaged {
            Some(true) => "disadvantaged",
            Some(false) => "other",
            None => "not_known",
        };
        let populations = [("attending", row.attending), ("resident", row.resident), ("open", true)];
        for (population, _) in populations.into_iter().filter(|(_, is)| *is) {
            for group in ["all", group] {
                let key = (row.ks4_ay, population, group, row.level, row.by_age);
                groups.entry(key).or_default().push(row);
            }
        }
    }
    groups.into_iter().map(|(key, members)| rate(key, &members)).collect()
}

fn rate(
    (ks4_ay, population, group, level, by_age): (i64, &str, &str, i64, i64),
    members: &[&LevelBy19],
) -> LevelBy19Rate {
    let n = |state: &str| members.iter().filter(|row| row.level_state == state).count() as i64;
    let of = members.len() as i64;
    let (achieved, known) = (n("achieved"), n("achieved") + n("not_achieved"));
    let is_held = members.iter().all(|row| row.is_held);
    let (narrow, wide) =
        (wilson(achieved, known).filter(|_| is_held), wilson(achieved, of).filter(|_| is_held));
    LevelBy19Rate {
        ks4_ay,
        population: population.to_owned(),
        disadvantage: group.to_owned(),
        level,
        by_age,
        n_members: of,
        n_not_held: n("not_held"),
        n_missing: n("unknown"),
        n_known: known,
        n_achieved: achieved,
        measure_state: if is_held { "measured" } else { "not_held" }.to_owned(),
        observed: Fixed::fraction(achieved, known).filter(|_| is_held),
        observed_low: narrow.map(|ends| ends.0),
        observed_high: narrow.map(|ends| ends.1),
        whole_cohort: Fixed::fraction(achieved, of).filter(|_| is_held),
        whole_cohort_low: wide.map(|ends| ends.0),
        whole_cohort_high: wide.map(|ends| ends.1),
        upper: Fixed::fraction(achieved + n("unknown") + n("not_held"), of).filter(|_| is_held),
    }
}

/// The first day of sixty on which anybody knows where somebody is.
pub fn met(person: &PersonFacts, ks4: &Ks4Result, spells: &[Spell], as_of: NaiveDate) -> Option<LeaverMet> {
    let year = ks4.ks4_ay as i32;
    let (from, to) = (day(year, 9, 1), day(year, 10, 30));
    if to > as_of {
        return None;
    }
    let mut found = (None, "none");
    for on in from.iter_days().take_while(|on| *on <= to) {
        let on_roll =
            spells.iter().any(|spell| spell.status.is_some() && spell.starts_on <= on && spell.ends_on >= on);
        let does = person.destinations.iter().any(|one| {
            one.starts_on <= on
                && one.ends_on.is_none_or(|end| end >= on)
                && codes::status_group(one.activity) != "not_known"
        });
        if on_roll || does {
            found = (Some(on), if on_roll { "roll" } else { "activity" });
            break;
        }
    }
    let (met_on, met_by) = found;
    Some(LeaverMet { person: ks4.person, ks4_ay: ks4.ks4_ay, met_by: met_by.to_owned(), met_on })
}
