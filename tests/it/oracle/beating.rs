//! What is counted of schools and of high attainers as wholes: `docs/measures/schools.md` and `docs/cohort.md`, read once
//! more.
use super::cells::{Cell, Fixed, People};
use super::codes::POPULATIONS;
use super::measures::Ks4Result;
use super::rows::{CohortMember, CohortOutcome, Group, Row, column, row};
use super::school_rows::{SchoolPrediction, SchoolResult};
use super::waterfall::{belongs, counts, wilson};
use arrow::array::RecordBatch;
use std::collections::{BTreeMap, BTreeSet};

row! {
    /// How many schools do better.
    SchoolBeating = "school_beating", group |row| Group::Cohort(row.ks4_ay, row.population.clone());
    ks4_ay: i64 = "ks4_ay",
    measure: String = "measure",
    population: String = "population",
    question: String = "question",
    n_schools: i64 = "n_schools",
    n_not_judged: i64 = "n_not_judged",
    n_judged: i64 = "n_judged",
    n_beating: i64 = "n_beating",
    share: Option<Fixed<4>> = "share",
    share_low: Option<Fixed<4>> = "share_low",
    share_high: Option<Fixed<4>> = "share_high",
}

row! {
    /// High attainers by another measure than the headline's.
    HighAttainer = "high_attainer", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    disadvantage: String = "disadvantage",
    measure: String = "measure",
    n_members: i64 = "n_members",
    n_missing: i64 = "n_missing",
    n_known: i64 = "n_known",
    n_achieved: i64 = "n_achieved",
    observed: Option<Fixed<4>> = "observed",
    observed_low: Option<Fixed<4>> = "observed_low",
    observed_high: Option<Fixed<4>> = "observed_high",
    whole_cohort: Option<Fixed<4>> = "whole_cohort",
    whole_cohort_low: Option<Fixed<4>> = "whole_cohort_low",
    whole_cohort_high: Option<Fixed<4>> = "whole_cohort_high",
    upper: Option<Fixed<4>> = "upper",
    n_falls_out: i64 = "n_falls_out",
    falls_out: Option<Fixed<4>> = "falls_out",
    falls_out_low: Option<Fixed<4>> = "falls_out_low",
    falls_out_high: Option<Fixed<4>> = "falls_out_high",
}

/// Schools by year, measure and population, question by question; an empty answer is none.
pub fn beating(results: &[SchoolResult], predictions: &[SchoolPrediction]) -> Vec<SchoolBeating> {
    let here: BTreeSet<(i64, &str)> =
        results.iter().filter(|row| row.is_here).map(|row| (row.ks4_ay, row.school_id.as_str())).collect();
    let mut answers: BTreeMap<(i64, &str, &str, &str), Vec<Option<bool>>> = BTreeMap::new();
    for row in results.iter().filter(|row| row.is_mainstream && row.n_disadvantaged > 0) {
        for population in populations(here.contains(&(row.ks4_ay, row.school_id.as_str()))) {
            let key = (row.ks4_ay, row.measure.as_str(), *population, "beats_national_all");
            answers.entry(key).or_default().push(row.beats_national_all);
        }
    }
    let judged = |row: &&SchoolPrediction| row.state != "not_mainstream" && row.n_disadvantaged > 0;
    for row in predictions.iter().filter(judged) {
        for population in populations(here.contains(&(row.ks4_ay, row.school_id.as_str()))) {
            let key = (row.ks4_ay, row.measure.as_str(), *population, "beats_prediction");
            answers.entry(key).or_default().push(row.beats_prediction);
        }
    }
    let mut found: Vec<SchoolBeating> = answers
        .into_iter()
        .map(|((ks4_ay, measure, population, question), answers)| {
            let n_schools = answers.len() as i64;
            let n_judged = answers.iter().flatten().count() as i64;
            let n_beating = answers.iter().filter(|answer| **answer == Some(true)).count() as i64;
            let interval = wilson(n_beating, n_judged);
            SchoolBeating {
                ks4_ay,
                measure: measure.to_owned(),
                population: population.to_owned(),
                question: question.to_owned(),
                n_schools,
                n_not_judged: n_schools - n_judged,
                n_judged,
                n_beating,
                share: Fixed::fraction(n_beating, n_judged),
                share_low: interval.map(|(low, _)| low),
                share_high: interval.map(|(_, high)| high),
            }
        })
        .collect();
    found.sort();
    found
}

fn populations(is_here: bool) -> &'static [&'static str] {
    if is_here { &["here", "loaded"] } else { &["loaded"] }
}

/// High attainers of every followed-up cohort by measure.
pub fn high_attainers(pairs: &[(&CohortMember, &CohortOutcome)], results: &[Ks4Result]) -> Vec<HighAttainer> {
    let of_person: BTreeMap<u32, &Ks4Result> = results.iter().map(|row| (row.person.0, row)).collect();
    let mut points: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for row in results.iter().filter(|row| row.in_denominator) {
        points.entry(row.ks4_ay).or_default().extend(row.attainment8.map(|points| points.0));
    }
    let top = |row: &Ks4Result| {
        let own = row.attainment8.filter(|_| row.in_denominator)?;
        let all = &points[&row.ks4_ay];
        Some(3 * all.iter().filter(|other| **other > own.0).count() < all.len())
    };
    let mut groups: BTreeMap<(i64, &str, &str, &str), Vec<Option<bool>>> = BTreeMap::new();
    for (member, at) in pairs.iter().filter(|(member, _)| member.ks2_band.as_deref() == Some("high")) {
        let Some(row) = of_person.get(&member.person.0) else { continue };
        let group = match member.dis_y6 {
            Some(true) => "disadvantaged",
            Some(false) => "other",
            None => "not_known",
        };
        let word = |word: &str| (word != "unknown").then_some(word == "achieved");
        for population in POPULATIONS {
            if !belongs(member, population) || !counts(at, population) {
                continue;
            }
            let mut tell = |measure, answer| {
                let key = (member.cohort_ay, population, group, measure);
                groups.entry(key).or_default().push(answer);
            };
            tell("stays_in_top_third", top(row));
            tell("basics_9_4", word(&row.basics_9_4));
            tell("basics_9_5", word(&row.basics_9_5));
        }
    }
    let mut found: Vec<HighAttainer> = groups.into_iter().map(attainers).collect();
    found.sort();
    found
}

fn attainers(
    ((cohort_ay, population, disadvantage, measure), answers): ((i64, &str, &str, &str), Vec<Option<bool>>),
) -> HighAttainer {
    let n = answers.len() as i64;
    let known = answers.iter().flatten().count() as i64;
    let achieved = answers.iter().filter(|answer| **answer == Some(true)).count() as i64;
    let fallen = answers.iter().filter(|answer| **answer == Some(false)).count() as i64;
    let (observed, whole, out) = (wilson(achieved, known), wilson(achieved, n), wilson(fallen, known));
    HighAttainer {
        cohort_ay,
        population: population.to_owned(),
        disadvantage: disadvantage.to_owned(),
        measure: measure.to_owned(),
        n_members: n,
        n_missing: n - known,
        n_known: known,
        n_achieved: achieved,
        observed: Fixed::fraction(achieved, known),
        observed_low: observed.map(|(low, _)| low),
        observed_high: observed.map(|(_, high)| high),
        whole_cohort: Fixed::fraction(achieved, n),
        whole_cohort_low: whole.map(|(low, _)| low),
        whole_cohort_high: whole.map(|(_, high)| high),
        upper: Fixed::fraction(achieved + n - known, n),
        n_falls_out: fallen,
        falls_out: Fixed::fraction(fallen, known),
        falls_out_low: out.map(|(low, _)| low),
        falls_out_high: out.map(|(_, high)| high),
    }
}
