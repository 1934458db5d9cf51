//! Realised potential by either route, and the lights of reviews.
use super::beyond_rows::{
    DistanceTravelled, EngagementChange, OutcomeVector, ProgressLight, RealisedPotential, RealisedRate,
};
use super::cells::Fixed;
use super::codes::POPULATIONS;
use super::days::academic_year;
use super::measures::Ks4Result;
use super::rows::{CohortMember, CohortOutcome};
use super::travelled::signed;
use super::waterfall::{belongs, counts, wilson};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

type Pair<'a> = (&'a CohortMember, &'a CohortOutcome);

/// One row for each high attainer of a finished cohort.
pub fn potentials(
    pairs: &[Pair<'_>],
    results: &[Ks4Result],
    vectors: &[OutcomeVector],
) -> Vec<RealisedPotential> {
    let points: BTreeMap<u32, Option<Fixed<2>>> =
        results.iter().map(|row| (row.person.0, row.attainment8)).collect();
    let vectors: BTreeMap<u32, &OutcomeVector> = vectors.iter().map(|row| (row.person.0, row)).collect();
    let high = pairs
        .iter()
        .filter(|(member, at)| member.ks2_band.as_deref() == Some("high") && at.state != "not_yet_16");
    high.map(|(member, at)| {
        let own = points[&member.person.0];
        let peers = || {
            let same = |row: &&Ks4Result| row.ks4_ay == member.cohort_ay + 5;
            results.iter().filter(same).filter_map(|row| row.attainment8)
        };
        let above = peers().filter(|other| Some(*other) > own).count();
        let top = own.map(|_| 3 * above < peers().count());
        potential(member, at, top, vectors[&member.person.0])
    })
    .collect()
}

fn word(answer: Option<bool>) -> String {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
    .to_owned()
}

fn potential(
    member: &CohortMember,
    at: &CohortOutcome,
    top: Option<bool>,
    vector: &OutcomeVector,
) -> RealisedPotential {
    let seen = at.result_state.as_deref() != Some("unknown");
    let of_results = |is: bool| if is { Some(true) } else { seen.then_some(false) };
    let gcse = of_results(at.five_gcse_7_9);
    let level2 = of_results(at.level2_english_maths);
    let travelled = vector.distance_index.map(|index| index.0 >= 550);
    let ages = [vector.sustained_16.as_str(), vector.sustained_17.as_str()];
    let sustained = if ages == ["sustained", "sustained"] {
        "yes"
    } else if ages.contains(&"not_sustained") {
        "no"
    } else if ages.contains(&"not_due") {
        "not_due"
    } else {
        "unknown"
    };
    let element = match (level2, travelled) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), _) => Some(false),
        (None, _) => None,
    };
    let other = match (element, sustained) {
        (_, "no") => "no",
        (Some(true), now) => now,
        (Some(false), _) if travelled == Some(false) => "no",
        (Some(false), "not_due") => "not_due",
        (None, "not_due") if travelled == Some(false) => "not_due",
        _ => "unknown",
    };
    let category = if gcse == Some(true) {
        "realised_gcse"
    } else if other == "yes" {
        "realised_other"
    } else if gcse.is_none() || other != "no" {
        "unknown"
    } else if element == Some(true) || sustained == "yes" {
        "partial"
    } else {
        "not_yet"
    };
    RealisedPotential {
        person: member.person,
        cohort_ay: member.cohort_ay,
        gcse_route: word(gcse),
        stays_in_top_third: word(top),
        level2_english_maths: word(level2),
        sustained: sustained.to_owned(),
        travelled: word(travelled),
        other_route: other.to_owned(),
        category: category.to_owned(),
    }
}

/// Counts of every cohort, population and group that has anybody.
pub fn rates(pairs: &[Pair<'_>], potentials: &[RealisedPotential]) -> Vec<RealisedRate> {
    let mut groups: BTreeMap<(i64, &str, &str), Vec<&str>> = BTreeMap::new();
    for row in potentials {
        let Some((member, at)) = pairs.iter().find(|(member, _)| member.person == row.person) else {
            continue;
        };
        let group = match member.dis_y6 {
            Some(true) => "disadvantaged",
            Some(false) => "other",
            None => "not_known",
        };
        for population in POPULATIONS {
            if belongs(member, population) && counts(at, population) {
                groups.entry((row.cohort_ay, population, group)).or_default().push(&row.category);
            }
        }
    }
    groups.into_iter().map(|((ay, population, group), all)| rate(ay, population, group, &all)).collect()
}

fn rate(cohort_ay: i64, population: &str, group: &str, categories: &[&str]) -> RealisedRate {
    let n = |category: &str| categories.iter().filter(|one| **one == category).count() as i64;
    let n_members = categories.len() as i64;
    let (gcse, other) = (n("realised_gcse"), n("realised_other"));
    let ends = |count: i64| wilson(count, n_members);
    RealisedRate {
        cohort_ay,
        population: population.to_owned(),
        disadvantage: group.to_owned(),
        n_members,
        n_gcse: gcse,
        n_other: other,
        n_partial: n("partial"),
        n_not_yet: n("not_yet"),
        n_unknown: n("unknown"),
        n_either: gcse + other,
        gcse_rate: Fixed::fraction(gcse, n_members),
        gcse_low: ends(gcse).map(|ends| ends.0),
        gcse_high: ends(gcse).map(|ends| ends.1),
        other_rate: Fixed::fraction(other, n_members),
        other_low: ends(other).map(|ends| ends.0),
        other_high: ends(other).map(|ends| ends.1),
        either_rate: Fixed::fraction(gcse + other, n_members),
        either_low: ends(gcse + other).map(|ends| ends.0),
        either_high: ends(gcse + other).map(|ends| ends.1),
        either_upper: Fixed::fraction(gcse + other + n("unknown"), n_members),
    }
}

/// A light for each review of anybody, one after another as a reader would go through them.
pub fn lights(distance: &[DistanceTravelled], engagement: &[EngagementChange]) -> Vec<ProgressLight> {
    let days: BTreeSet<(u32, NaiveDate)> = distance
        .iter()
        .filter(|row| row.domain == "social")
        .map(|row| (row.person.0, row.later_on))
        .collect();
    let mut rows: Vec<ProgressLight> = Vec::new();
    let mut before: Option<(u32, String, i64)> = None;
    let mut shown = String::new();
    for (person, on) in days {
        let social = distance
            .iter()
            .filter(|row| row.person.0 == person && row.domain == "social" && row.later_on <= on)
            .filter(|row| row.t_score.is_some())
            .max_by_key(|row| row.later_on);
        let ay = i64::from(academic_year(on));
        let of_year = engagement.iter().find(|row| row.person.0 == person && row.ay == ay);
        let t_engagement = of_year.and_then(|row| row.t_score);
        let t_social = social.and_then(|row| row.t_score);
        let sum = t_engagement.zip(t_social).and_then(|(one, two)| signed::<4>(one.0 + two.0, 20));
        let light_now = match sum.map(|sum| sum.0) {
            None => "grey",
            Some(..450_000) => "red",
            Some(..550_000) => "amber",
            Some(_) => "green",
        };
        if let Some(sum) = sum {
            let same = before.as_ref().filter(|(one, ..)| *one == person);
            if same.is_none_or(|(_, light, last)| light == light_now || (sum.0 - last).abs() >= 50_000) {
                light_now.clone_into(&mut shown);
            }
            before = Some((person, light_now.to_owned(), sum.0));
        }
        rows.push(ProgressLight {
            person: super::Person(person),
            reviewed_on: on,
            t_engagement,
            t_social,
            t_goals: None,
            n_domains: i64::from(t_engagement.is_some()) + i64::from(t_social.is_some()),
            distance: sum.map(|sum| Fixed((sum.0 + 500) / 1000)),
            reliable_changes: social.and_then(|row| row.reliable_change_index),
            light_now: light_now.to_owned(),
            light: if sum.is_some() { shown.clone() } else { "grey".to_owned() },
        });
    }
    rows
}
