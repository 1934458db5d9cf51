//! Segregation: `docs/measures/segregation.md`, read once more.
use super::cells::Fixed;
use super::measures::{CircumstanceYear, Segregation};
use super::year::{Setting, Year};
use std::collections::BTreeMap;

/// Smaller schools look uneven by chance alone.
const LEAST: f64 = 30.0;

/// A school of one year, phase and measure: its authority, and how many are disadvantaged, others and not known.
#[derive(Clone, Copy)]
struct School<'a> {
    la: &'a str,
    disadvantaged: f64,
    others: f64,
    missing: i64,
}

impl School<'_> {
    fn known(&self) -> f64 {
        self.disadvantaged + self.others
    }
}

type Schools<'a> = BTreeMap<(i64, &'static str, &'static str), BTreeMap<String, School<'a>>>;

fn schools<'a>(
    rows: &[CircumstanceYear],
    years: &BTreeMap<(u32, i64), Year>,
    setting: &'a Setting,
) -> Schools<'a> {
    let mut schools = Schools::new();
    for row in rows {
        let Some(year) = years.get(&(row.person.0, row.ay)).filter(|year| year.on_roll) else { continue };
        let (Some(age), Some(establishment), Some(school)) =
            (row.academic_age, &year.establishment, &year.school)
        else {
            continue;
        };
        let Some((_, Some(la))) = setting.establishments.get(establishment) else { continue };
        if age > 15 || !matches!(year.kind.as_str(), "mainstream" | "resourced_unit") {
            continue;
        }
        let phase = if age <= 10 { "primary" } else { "secondary" };
        for (measure, answer) in [("fsm", row.fsm), ("ever6_legacy", row.ever6_legacy)] {
            let empty = School { la: la.as_str(), disadvantaged: 0.0, others: 0.0, missing: 0 };
            let of_year = schools.entry((row.ay, phase, measure)).or_default();
            let school = of_year.entry(school.clone()).or_insert(empty);
            match answer {
                Some(true) => school.disadvantaged += 1.0,
                Some(false) => school.others += 1.0,
                None => school.missing += 1,
            }
        }
    }
    schools
}

pub fn segregation(
    rows: &[CircumstanceYear],
    years: &BTreeMap<(u32, i64), Year>,
    setting: &Setting,
) -> Vec<Segregation> {
    let mut found = Vec::new();
    for ((ay, phase, measure), schools) in schools(rows, years, setting) {
        for population in ["attending", "loaded"] {
            let is_in = |school: &&School<'_>| population == "loaded" || school.la == setting.here;
            let theirs: Vec<School<'_>> = schools.values().filter(is_in).copied().collect();
            if !theirs.is_empty() {
                found.push(indices(ay, phase, measure, population, &theirs));
            }
        }
    }
    found
}

/// 1 − Σ √(share of the disadvantaged × share of the others).
fn hutchens(schools: &[(f64, f64)], all: (f64, f64)) -> f64 {
    1.0 - schools.iter().map(|one| (one.0 / all.0 * one.1 / all.1).sqrt()).sum::<f64>()
}

fn indices(ay: i64, phase: &str, measure: &str, population: &str, schools: &[School<'_>]) -> Segregation {
    let (large, small): (Vec<School<'_>>, Vec<School<'_>>) =
        schools.iter().partition(|school| school.known() >= LEAST);
    let sum = |of: &dyn Fn(&School<'_>) -> f64| large.iter().map(of).sum::<f64>();
    let (poor, rest) = (sum(&|school| school.disadvantaged), sum(&|school| school.others));
    let all = poor + rest;
    let share = poor / all;
    let is_told = poor > 0.0 && rest > 0.0;
    let round = |value: f64| is_told.then(|| Fixed::<4>((value * 1e4).round() as i64));
    let distance = |school: &School<'_>| (school.disadvantaged / poor - school.others / rest).abs();
    let uneven = sum(&distance) / 2.0;
    let isolation = sum(&|school| school.disadvantaged / poor * school.disadvantaged / school.known());
    let pairs: Vec<(f64, f64)> = large.iter().map(|school| (school.disadvantaged, school.others)).collect();
    let mut by_la: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for school in &large {
        let authority = by_la.entry(school.la).or_default();
        *authority = (authority.0 + school.disadvantaged, authority.1 + school.others);
    }
    // Within: each authority's own index, weighted by its part in both groups.
    let within: f64 = by_la
        .iter()
        .filter(|(_, authority)| authority.0 > 0.0 && authority.1 > 0.0)
        .map(|(la, authority)| {
            let own: Vec<(f64, f64)> = large
                .iter()
                .filter(|school| school.la == *la)
                .map(|school| (school.disadvantaged, school.others))
                .collect();
            (authority.0 / poor * authority.1 / rest).sqrt() * hutchens(&own, *authority)
        })
        .sum();
    let authorities: Vec<(f64, f64)> = by_la.values().copied().collect();
    // Mean distance of a number drawn without putting back, by the normal curve.
    let spread = |school: &School<'_>| {
        let t = school.known();
        (2.0 / std::f64::consts::PI * t * share * (1.0 - share) * (all - t) / (all - 1.0)).sqrt()
    };
    let chance = all / (2.0 * poor * rest) * sum(&spread);
    Segregation {
        ay,
        phase: phase.to_owned(),
        measure: measure.to_owned(),
        population: population.to_owned(),
        n_schools: large.len() as i64,
        n_small_schools: small.len() as i64,
        n_pupils: all as i64,
        n_disadvantaged: poor as i64,
        n_missing: large.iter().map(|school| school.missing).sum(),
        n_in_small_schools: small.iter().map(|school| school.known() as i64 + school.missing).sum(),
        share_disadvantaged: Fixed::fraction(poor as i64, all as i64),
        dissimilarity: round(uneven),
        gorard: round(uneven * (1.0 - share)),
        isolation: round(isolation),
        exposure: round(1.0 - isolation),
        eta_squared: round((isolation - share) / (1.0 - share)),
        hutchens: round(hutchens(&pairs, (poor, rest))),
        hutchens_between: round(hutchens(&authorities, (poor, rest))),
        hutchens_within: round(within),
        chance_dissimilarity: round(chance),
        dissimilarity_adjusted: round((uneven - chance) / (1.0 - chance)),
    }
}

#[test]
fn four_schools_of_two_authorities() {
    let school = |la, disadvantaged: i32, all: i32| School {
        la,
        disadvantaged: f64::from(disadvantaged),
        others: f64::from(all - disadvantaged),
        missing: 0,
    };
    let four = [school("1", 60, 200), school("1", 30, 200), school("2", 10, 200), school("2", 20, 400)];
    let row = indices(2025, "secondary", "fsm", "loaded", &four);
    let told =
        [row.dissimilarity, row.gorard, row.isolation, row.eta_squared, row.hutchens, row.hutchens_between];
    assert_eq!(told, [3_977, 3_500, 2_000, 909, 958, 836].map(|value| Some(Fixed(value))));
}
