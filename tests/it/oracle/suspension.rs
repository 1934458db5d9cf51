//! Suspensions and exclusions: `docs/measures/absence.md`, read once more.
use super::cells::{Fixed, Person};
use super::circumstances::{Groups, breakdowns};
use super::days::{academic_year, january_census};
use super::facts::{PersonFacts, Suspension};
use super::measures::{AbsenceEnrolment, SuspensionEvent, SuspensionLearner, SuspensionRate};
use super::waterfall::{Z, wilson};
use super::year::{Setting, Year};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Each event once: a permanent exclusion once a year at a school, any other once a day. One source tells of them.
pub fn events(person: &PersonFacts, as_of: NaiveDate) -> Vec<SuspensionEvent> {
    let mut events: BTreeMap<(&str, &str, NaiveDate), Vec<&Suspension>> = BTreeMap::new();
    for one in person.suspensions.iter().filter(|one| one.starts_on <= as_of) {
        let same_year = |other: &&Suspension| {
            (other.category, &other.establishment) == (one.category, &one.establishment)
                && academic_year(other.starts_on) == academic_year(one.starts_on)
        };
        let day = match one.category {
            "PERM" => person.suspensions.iter().filter(same_year).map(|other| other.starts_on).min().unwrap(),
            _ => one.starts_on,
        };
        events.entry((&one.establishment, one.category, day)).or_default().push(one);
    }
    let row = |((establishment, category, day), rows): ((&str, &str, NaiveDate), Vec<&Suspension>)| {
        SuspensionEvent {
            person: Person(person.number),
            establishment_id: establishment.to_owned(),
            category: category.to_owned(),
            starts_on: day,
            ay: i64::from(academic_year(day)),
            reason: rows.iter().map(|row| row.reason.to_owned()).min(),
            sessions: rows.iter().filter_map(|row| row.sessions).max(),
            review: None,
            counts: true,
            source_count: 1,
        }
    };
    events.into_iter().map(row).collect()
}

/// One row for each year with any event.
pub fn learners(events: &[SuspensionEvent]) -> Vec<SuspensionLearner> {
    let mut by_year: BTreeMap<(Person, i64), Vec<&SuspensionEvent>> = BTreeMap::new();
    for event in events {
        by_year.entry((event.person, event.ay)).or_default().push(event);
    }
    let row = |((person, ay), events): ((Person, i64), Vec<&SuspensionEvent>)| {
        let of = |category: &'static str| {
            events.iter().filter(move |event| event.counts && event.category == category)
        };
        SuspensionLearner {
            person,
            ay,
            n_suspensions: of("SUSP").count() as i64,
            sessions_suspended: of("SUSP").filter_map(|event| event.sessions).sum(),
            n_length_not_known: of("SUSP").filter(|event| event.sessions.is_none()).count() as i64,
            n_lunchtime: of("LNCH").count() as i64,
            permanently_excluded: of("PERM").next().is_some(),
            n_taken_back: events.iter().filter(|event| !event.counts).count() as i64,
        }
    };
    by_year.into_iter().map(row).collect()
}

#[derive(Default)]
struct Counts {
    pupils: i64,
    missing: i64,
    not_on_roll: i64,
    suspended: i64,
    suspensions: i64,
    permanent: i64,
    lunchtime: i64,
    taken_back: i64,
}

/// Rates of every year, population and kind.
pub fn rates(
    events: &[SuspensionEvent],
    enrolments: &[AbsenceEnrolment],
    years: &BTreeMap<(u32, i64), Year>,
    groups: &Groups,
    setting: &Setting,
) -> Vec<SuspensionRate> {
    let with_register = enrolments.iter().map(|row| (setting.school(&row.establishment_id), row.ay));
    let with_events = events.iter().map(|row| (setting.school(&row.establishment_id), row.ay));
    let by_january =
        |(school, ay): (_, i64)| [(school, ay), (setting.mergers.on(school, january_census(ay as i32)), ay)];
    let told: BTreeSet<(&str, i64)> = with_register.chain(with_events).flat_map(by_january).collect();
    let mut counts: BTreeMap<(i64, &str, &str, String), Counts> = BTreeMap::new();
    for population in ["attending", "resident"] {
        let is_in = |event: &&SuspensionEvent| match population {
            "attending" => setting.is_here(&event.establishment_id),
            _ => years.get(&(event.person.0, event.ay)).is_some_and(|year| year.resident),
        };
        let theirs: Vec<&SuspensionEvent> = events.iter().filter(is_in).collect();
        let suspended: BTreeSet<(u32, i64)> = theirs
            .iter()
            .filter(|event| event.counts && event.category == "SUSP")
            .map(|event| (event.person.0, event.ay))
            .collect();
        for ((person, ay), year) in years.iter().filter(|(_, year)| year.belongs(population)) {
            for (breakdown, category) in breakdowns(groups, *person, *ay, &year.kind) {
                let one = counts.entry((*ay, population, breakdown, category)).or_default();
                let is_told = year.school.as_deref().is_some_and(|school| told.contains(&(school, *ay)));
                one.pupils += i64::from(year.on_roll && is_told);
                one.missing += i64::from(year.on_roll && !is_told);
                one.not_on_roll += i64::from(!year.on_roll);
                one.suspended += i64::from(year.on_roll && is_told && suspended.contains(&(*person, *ay)));
            }
        }
        for event in theirs {
            let kind = setting.kind(&event.establishment_id);
            for (breakdown, category) in breakdowns(groups, event.person.0, event.ay, kind) {
                let one = counts.entry((event.ay, population, breakdown, category)).or_default();
                match (event.counts, event.category.as_str()) {
                    (false, _) => one.taken_back += 1,
                    (true, "SUSP") => one.suspensions += 1,
                    (true, "PERM") => one.permanent += 1,
                    (true, _) => one.lunchtime += 1,
                }
            }
        }
    }
    counts
        .into_iter()
        .map(|((ay, population, breakdown, category), n)| rate(ay, population, breakdown, category, &n))
        .collect()
}

fn rate(ay: i64, population: &str, breakdown: &str, category: String, n: &Counts) -> SuspensionRate {
    let (suspension, permanent) = (poisson(n.suspensions, n.pupils), poisson(n.permanent, n.pupils));
    let suspended = wilson(n.suspended, n.pupils);
    SuspensionRate {
        ay,
        population: population.to_owned(),
        breakdown: breakdown.to_owned(),
        category,
        n_pupils: n.pupils,
        n_missing: n.missing,
        n_not_on_roll: n.not_on_roll,
        n_suspensions: n.suspensions,
        suspension_rate: Fixed::fraction(100 * n.suspensions, n.pupils),
        suspension_low: suspension.map(|ends| ends.0),
        suspension_high: suspension.map(|ends| ends.1),
        n_suspended: n.suspended,
        suspended_rate: Fixed::fraction(n.suspended, n.pupils),
        suspended_low: suspended.map(|ends| ends.0),
        suspended_high: suspended.map(|ends| ends.1),
        n_permanent: n.permanent,
        permanent_rate: Fixed::fraction(100 * n.permanent, n.pupils),
        permanent_low: permanent.map(|ends| ends.0),
        permanent_high: permanent.map(|ends| ends.1),
        n_lunchtime: n.lunchtime,
        n_taken_back: n.taken_back,
    }
}

/// The 95% interval of a number of events for each hundred, by Byar's approximation; none when there is nobody.
pub(super) fn poisson(events: i64, of: i64) -> Option<(Fixed<4>, Fixed<4>)> {
    if of == 0 {
        return None;
    }
    let end = |n: f64, sign: f64| n * (1.0 - 1.0 / (9.0 * n) + sign * Z / (3.0 * n.sqrt())).powi(3);
    let low = if events == 0 { 0.0 } else { end(events as f64, -1.0) };
    let scale = 100.0 / of as f64;
    Some((Fixed::round(low * scale), Fixed::round(end(events as f64 + 1.0, 1.0) * scale)))
}

#[test]
fn byar_is_near_the_exact_interval() {
    // Exact limits of 3 events: 0.6187 and 8.7673; of none: 0 and 3.6889.
    assert_eq!(poisson(3, 100), Some((Fixed(6030), Fixed(87655))));
    assert_eq!(poisson(0, 100).map(|ends| ends.0), Some(Fixed(0)));
    assert_eq!(poisson(0, 0), None);
}
