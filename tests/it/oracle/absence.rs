//! Absence: `docs/measures/absence.md`, read once more.
use super::cells::{Fixed, Person};
use super::circumstances::{Groups, breakdowns};
use super::days::{academic_year, january_census};
use super::facts::{Attendance, PersonFacts};
use super::measures::{AbsenceEnrolment, AbsenceLearner, AbsenceRate};
use super::waterfall::{Z, wilson};
use super::year::{Setting, Year};
use chrono::NaiveDate;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Too few sessions to judge a pupil by.
const ENOUGH: i64 = 60;

/// The least share, in per cent, that is persistent absence; none where no rule is known.
fn persistent_percent(ay: i64) -> Option<i64> {
    match ay {
        2006..=2010 => Some(20),
        2011..=2015 => Some(15),
        2016..=2026 => Some(10),
        _ => None,
    }
}

fn severe_percent(ay: i64) -> Option<i64> {
    (2006..=2026).contains(&ay).then_some(50)
}

fn misses(percent: Option<i64>, absent: i64, possible: i64) -> Option<bool> {
    percent.filter(|_| possible > 0).map(|percent| absent * 100 >= percent * possible)
}

fn in_force(ay: i64) -> String {
    if persistent_percent(ay).is_some() { "in_force" } else { "no_rule_for_year" }.to_owned()
}

fn state(possible: i64) -> String {
    if possible == 0 { "no_sessions" } else { "known" }.to_owned()
}

/// One row for each school and year. Only one source tells of sessions, and it always tells all.
pub fn enrolments(person: &PersonFacts, as_of: NaiveDate) -> Vec<AbsenceEnrolment> {
    let mut periods: Vec<&Attendance> =
        person.attendance.iter().filter(|one| one.starts_on <= as_of).collect();
    periods.sort_by_key(|one| (one.starts_on, Reverse(one.ends_on), Reverse(one.possible)));
    let mut by_school: BTreeMap<(&str, i64), Vec<&Attendance>> = BTreeMap::new();
    for one in periods {
        let key = (one.establishment.as_str(), i64::from(academic_year(one.starts_on)));
        let counted = by_school.entry(key).or_default();
        // What lies inside a period that is counted already is the same days again.
        if counted.iter().all(|before| one.ends_on > before.ends_on) {
            counted.push(one);
        }
    }
    let row = |((school, ay), periods): ((&str, i64), Vec<&Attendance>)| {
        let sum = |of: fn(&Attendance) -> i64| periods.iter().map(|one| of(one)).sum::<i64>();
        let (possible, authorised, unauthorised) =
            (sum(|one| one.possible), sum(|one| one.authorised), sum(|one| one.unauthorised));
        let absent = authorised + unauthorised;
        AbsenceEnrolment {
            person: Person(person.number),
            establishment_id: school.to_owned(),
            ay,
            absence_state: state(possible),
            sessions_possible: Some(possible),
            sessions_absent: Some(absent),
            sessions_authorised: Some(authorised),
            sessions_unauthorised: Some(unauthorised),
            absence_rate: Fixed::fraction(absent, possible),
            persistent: misses(persistent_percent(ay), absent, possible),
            severe: misses(severe_percent(ay), absent, possible),
            threshold_state: in_force(ay),
            n_periods_not_known: 0,
            source_count: 1,
        }
    };
    by_school.into_iter().map(row).collect()
}

/// One row for each year.
pub fn learners(enrolments: &[AbsenceEnrolment]) -> Vec<AbsenceLearner> {
    let mut by_year: BTreeMap<(Person, i64), Vec<&AbsenceEnrolment>> = BTreeMap::new();
    for row in enrolments {
        by_year.entry((row.person, row.ay)).or_default().push(row);
    }
    let row = |((person, ay), rows): ((Person, i64), Vec<&AbsenceEnrolment>)| {
        let sum =
            |of: fn(&AbsenceEnrolment) -> Option<i64>| rows.iter().filter_map(|row| of(row)).sum::<i64>();
        let (possible, absent) = (sum(|row| row.sessions_possible), sum(|row| row.sessions_absent));
        AbsenceLearner {
            person,
            ay,
            absence_state: state(possible),
            n_enrolments: rows.iter().filter(|row| row.absence_state == "known").count() as i64,
            n_enrolments_not_known: 0,
            sessions_possible: Some(possible),
            sessions_absent: Some(absent),
            absence_rate: Fixed::fraction(absent, possible),
            enough_sessions: persistent_percent(ay).map(|_| possible >= ENOUGH),
            persistent: misses(persistent_percent(ay), absent, possible),
            severe: misses(severe_percent(ay), absent, possible),
            threshold_state: in_force(ay),
        }
    };
    by_year.into_iter().map(row).collect()
}

/// Possible and missed sessions; none where nobody tells.
type Told = Option<(i64, i64)>;

/// What a group of units is named by: year, population, breakdown, category, basis.
type Name<'a> = (i64, &'a str, &'a str, String, &'a str);

/// What is told of each enrolment or pupil of a group.
type Units<'a> = BTreeMap<Name<'a>, Vec<Told>>;

/// Rates of every year, population, breakdown and basis.
pub fn rates(
    enrolments: &[AbsenceEnrolment],
    years: &BTreeMap<(u32, i64), Year>,
    groups: &Groups,
    setting: &Setting,
) -> Vec<AbsenceRate> {
    let mut sessions: BTreeMap<(u32, i64, &str), Told> = BTreeMap::new();
    let mut told_of = BTreeSet::new();
    for row in enrolments {
        let told = row.sessions_possible.zip(row.sessions_absent);
        sessions.insert((row.person.0, row.ay, &row.establishment_id), told);
        let january = january_census(row.ay as i32);
        let school = setting.mergers.on(setting.school(&row.establishment_id), january);
        told_of.insert((row.person.0, row.ay, school));
    }
    // A register under the number that the school had that year is its register.
    for ((person, ay), year) in years.iter().filter(|(_, year)| year.on_roll) {
        if let Some(id) = &year.establishment
            && !told_of.contains(&(*person, *ay, setting.school(id)))
        {
            sessions.insert((*person, *ay, id), None);
        }
    }
    let mut units = Units::new();
    for population in ["attending", "resident"] {
        let mut pupils: BTreeMap<(u32, i64), Told> = BTreeMap::new();
        for ((person, ay, school), told) in &sessions {
            let is_in = match population {
                "attending" => setting.is_here(school),
                _ => years.get(&(*person, *ay)).is_some_and(|year| year.resident),
            };
            if !is_in {
                continue;
            }
            for (breakdown, category) in breakdowns(groups, *person, *ay, setting.kind(school)) {
                units.entry((*ay, population, breakdown, category, "enrolment")).or_default().push(*told);
            }
            let pupil = pupils.entry((*person, *ay)).or_default();
            if let Some((possible, absent)) = told {
                let before = pupil.unwrap_or_default();
                *pupil = Some((before.0 + possible, before.1 + absent));
            }
        }
        for ((person, ay), told) in pupils {
            let kind = years.get(&(person, ay)).map_or("not_known", |year| &year.kind);
            for (breakdown, category) in breakdowns(groups, person, ay, kind) {
                units.entry((ay, population, breakdown, category, "pupil")).or_default().push(told);
            }
        }
    }
    units.iter().map(|(name, told)| rate(name, told)).collect()
}

fn rate((ay, population, breakdown, category, basis): &Name<'_>, units: &[Told]) -> AbsenceRate {
    let (ay, basis) = (*ay, *basis);
    let known: Vec<(i64, i64)> =
        units.iter().flatten().filter(|(possible, _)| *possible > 0).copied().collect();
    let enough: Vec<&(i64, i64)> =
        known.iter().filter(|(possible, _)| basis == "enrolment" || *possible >= ENOUGH).collect();
    let count = |percent: Option<i64>| {
        percent.map(|_| {
            enough
                .iter()
                .filter(|(possible, absent)| misses(percent, *absent, *possible) == Some(true))
                .count() as i64
        })
    };
    let (persistent, severe) = (count(persistent_percent(ay)), count(severe_percent(ay)));
    let of = enough.len() as i64;
    let share = |n: Option<i64>| n.and_then(|n| Fixed::fraction(n, of));
    let ends = |n: Option<i64>| n.and_then(|n| wilson(n, of));
    let (possible, absent) =
        (known.iter().map(|one| one.0).sum::<i64>(), known.iter().map(|one| one.1).sum::<i64>());
    let missing = units.iter().filter(|told| told.is_none()).count() as i64;
    let half = half_width(&known);
    let rate = absent as f64 / possible as f64;
    AbsenceRate {
        ay,
        population: (*population).to_owned(),
        breakdown: (*breakdown).to_owned(),
        category: category.clone(),
        basis: basis.to_owned(),
        n_units: known.len() as i64,
        n_without_sessions: units.len() as i64 - known.len() as i64 - missing,
        n_missing: missing,
        sessions_possible: possible,
        sessions_absent: absent,
        absence_rate: Fixed::fraction(absent, possible),
        absence_rate_low: half.map(|half| Fixed::round((rate - half).max(0.0))),
        absence_rate_high: half.map(|half| Fixed::round((rate + half).min(1.0))),
        n_with_enough: persistent.map(|_| of),
        n_persistent: persistent,
        persistent_rate: share(persistent),
        persistent_low: ends(persistent).map(|ends| ends.0),
        persistent_high: ends(persistent).map(|ends| ends.1),
        n_severe: severe,
        severe_rate: share(severe),
        severe_low: ends(severe).map(|ends| ends.0),
        severe_high: ends(severe).map(|ends| ends.1),
        threshold_state: in_force(ay),
    }
}

/// Half of the 95% interval of a ratio of sums, from what each unit is off the line of the ratio.
fn half_width(known: &[(i64, i64)]) -> Option<f64> {
    if known.len() < 2 {
        return None;
    }
    let n = known.len() as f64;
    let (possible, absent) =
        known.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0 as f64, sum.1 + one.1 as f64));
    let rate = absent / possible;
    let squares: f64 = known.iter().map(|one| (one.1 as f64 - rate * one.0 as f64).powi(2)).sum();
    Some(Z * (squares * n / (n - 1.0)).sqrt() / possible)
}
