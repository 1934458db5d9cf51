//! Whether a school's disadvantaged pupils do better than their start lets expect, by rates.
//!
//! Where enough schools are loaded they are each other's reference: rates on mean key stage 2 score and share of
//! disadvantaged, by least squares weighted by pupils; the variance between schools by moments (`DerSimonian` and Laird);
//! each residual drawn towards nought by how reliable it is. Else the reference is the published national matrix, and
//! nothing is drawn: nobody here tells how far schools differ.
use std::collections::BTreeMap;

use super::super::fault::WarehouseFault;
use super::frame::Record;
use super::least_squares::{Row, dot, fit};
use super::{Cell, Function, Tables, normal};

/// Standard score of a 95% interval.
const Z: f64 = 1.96;
/// A school is said to beat its prediction when that is at least as likely as this.
const SURE: f64 = 0.95;
/// A predicted rate is kept this far from none and all where its variance is taken.
const EDGE: f64 = 0.01;

pub(super) const FUNCTION: Function = Function {
    name: "school_prediction",
    version: 2,
    columns: &[
        ("ks4_ay", "SMALLINT"),
        ("school_id", "VARCHAR"),
        ("measure", "VARCHAR"),
        ("reference", "VARCHAR"),
        ("state", "VARCHAR"),
        ("from_ay", "SMALLINT"),
        ("n_schools", "INTEGER"),
        ("n_disadvantaged", "BIGINT"),
        ("n_unknown", "BIGINT"),
        ("n_without_baseline", "BIGINT"),
        ("n_without_reference", "BIGINT"),
        ("n_pupils", "BIGINT"),
        ("n_achieved", "BIGINT"),
        ("rate", "DECIMAL(9,4)"),
        ("mean_ks2", "DECIMAL(9,4)"),
        ("predicted", "DECIMAL(9,4)"),
        ("residual", "DECIMAL(9,4)"),
        ("between_sd", "DECIMAL(9,4)"),
        ("reliability", "DECIMAL(9,4)"),
        ("estimate", "DECIMAL(9,4)"),
        ("estimate_low", "DECIMAL(9,4)"),
        ("estimate_high", "DECIMAL(9,4)"),
        ("p_above_prediction", "DECIMAL(9,4)"),
        ("beats_prediction", "BOOLEAN"),
        ("national_rate", "DECIMAL(9,4)"),
        ("p_above_national", "DECIMAL(9,4)"),
    ],
    compute,
};

/// A school's pupils of the pooled years.
struct School<'r> {
    row: &'r Record,
    is_mainstream: bool,
    n_used: f64,
    n_achieved: f64,
    mean_ks2: f64,
    share_disadvantaged: f64,
    national_rate: Option<f64>,
    n_matched: f64,
    n_matched_achieved: f64,
    expected: f64,
    expected_variance: f64,
}

impl<'r> School<'r> {
    fn of(row: &'r Record) -> Self {
        Self {
            row,
            is_mainstream: row.number(1) > 0.5,
            n_used: row.number(6),
            n_achieved: row.number(7),
            mean_ks2: row.number(8),
            share_disadvantaged: row.number(9),
            national_rate: row.numbers[10],
            n_matched: row.number(11),
            n_matched_achieved: row.number(12),
            expected: row.number(13),
            expected_variance: row.number(14),
        }
    }
}

/// What the reference says of one school. `variance` is that of its rate by chance.
struct Judgement {
    n: f64,
    achieved: f64,
    predicted: f64,
    variance: f64,
    /// Variance between schools, where there is one to draw by.
    between: Option<f64>,
}

fn compute(tables: &mut Tables<'_>) -> Result<Vec<Vec<Cell>>, WarehouseFault> {
    let enough_schools = tables.policy("school_model_min_schools")?;
    let enough_pupils = tables.policy("school_min_pupils")?;
    let rows = tables.read(
        "school_pooled",
        &["measure", "school_id"],
        &[
            "ks4_ay",
            "is_mainstream",
            "from_ay",
            "n_disadvantaged",
            "n_unknown",
            "n_without_baseline",
            "n_used",
            "n_achieved",
            "mean_ks2",
            "share_disadvantaged",
            "national_rate",
            "n_matched",
            "n_matched_achieved",
            "expected",
            "expected_variance",
        ],
    )?;
    let mut groups: BTreeMap<(i32, &str), Vec<School<'_>>> = BTreeMap::new();
    for row in &rows {
        groups.entry((row.number(0) as i32, row.text(0))).or_default().push(School::of(row));
    }
    let mut out = Vec::new();
    for ((ay, measure), schools) in &groups {
        let used: Vec<&School<'_>> =
            schools.iter().filter(|school| school.is_mainstream && school.n_used > 0.0).collect();
        let matched = schools.iter().filter(|school| school.is_mainstream && school.n_matched > 0.0).count();
        let is_modelled = enough_schools.get(ay).is_some_and(|enough| used.len() as f64 >= *enough);
        let (reference, n_schools, judged) = if is_modelled {
            ("loaded_schools", used.len(), by_each_other(&used))
        } else {
            ("national_transition", matched, Vec::new())
        };
        let mut judged = judged.into_iter();
        for school in schools {
            let judgement = match (school.is_mainstream, is_modelled) {
                (true, true) if school.n_used > 0.0 => judged.next(),
                (true, false) => by_the_matrix(school),
                _ => None,
            };
            let enough = enough_pupils.get(ay).copied();
            let state = state(school, judgement.as_ref(), enough, enough_schools.contains_key(ay));
            let mut cells: Vec<Cell> = vec![
                (*ay).into(),
                school.row.text(1).into(),
                (*measure).into(),
                reference.into(),
                state.into(),
            ];
            cells.push((school.row.number(2) as i32).into());
            cells.push(n_schools.into());
            cells.extend((3..=5).map(|at| Cell::Whole(school.row.number(at) as i64)));
            cells.extend(told(school, judgement.as_ref(), state));
            out.push(cells);
        }
    }
    Ok(out)
}

fn state(
    school: &School<'_>,
    judgement: Option<&Judgement>,
    enough: Option<f64>,
    is_ruled: bool,
) -> &'static str {
    match (judgement, enough) {
        (_, None) => "no_rule_for_year",
        _ if !is_ruled => "no_rule_for_year",
        _ if !school.is_mainstream => "not_mainstream",
        _ if school.n_used == 0.0 => "no_baseline",
        (None, _) => "no_reference",
        (Some(judgement), Some(enough)) if judgement.n < enough => "too_few",
        _ => "judged",
    }
}

/// The schools as each other's reference, in their order.
fn by_each_other(schools: &[&School<'_>]) -> Vec<Judgement> {
    let weight: f64 = schools.iter().map(|school| school.n_used).sum();
    let mean = |of: fn(&School<'_>) -> f64| {
        schools.iter().map(|school| school.n_used * of(school)).sum::<f64>() / weight
    };
    let (ks2, share) = (mean(|school| school.mean_ks2), mean(|school| school.share_disadvantaged));
    let predictors =
        |school: &School<'_>| vec![1.0, school.mean_ks2 - ks2, school.share_disadvantaged - share];
    let rows: Vec<Row> = schools
        .iter()
        .map(|school| Row {
            x: predictors(school),
            y: school.n_achieved / school.n_used,
            weight: school.n_used,
        })
        .collect();
    let found = fit(&rows);
    let mut judged: Vec<Judgement> = schools
        .iter()
        .map(|school| {
            let predicted = dot(&found.coefficients, &predictors(school));
            let kept = predicted.clamp(EDGE, 1.0 - EDGE);
            let variance = kept * (1.0 - kept) / school.n_used;
            Judgement { n: school.n_used, achieved: school.n_achieved, predicted, variance, between: None }
        })
        .collect();
    let between = between_schools(&judged, found.rank);
    judged.iter_mut().for_each(|judgement| judgement.between = Some(between));
    judged
}

/// The variance between schools beyond chance, by the method of moments; not below nought.
fn between_schools(judged: &[Judgement], predictors: usize) -> f64 {
    let (mut q, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for one in judged {
        let weight = 1.0 / one.variance;
        q += weight * (one.achieved / one.n - one.predicted).powi(2);
        sum += weight;
        squares += weight * weight;
    }
    let freedom = judged.len() as f64 - predictors as f64;
    let under = sum - squares / sum;
    if under > 0.0 { ((q - freedom) / under).max(0.0) } else { 0.0 }
}

/// A school against the national matrix: each of its pupils has the chance that the nation's had from the same start.
fn by_the_matrix(school: &School<'_>) -> Option<Judgement> {
    let n = school.n_matched;
    (n > 0.0).then(|| Judgement {
        n,
        achieved: school.n_matched_achieved,
        predicted: school.expected / n,
        variance: school.expected_variance / n / n,
        between: None,
    })
}

/// The figures of one school, from `n_without_reference` on; empty where nobody judges.
fn told(school: &School<'_>, judgement: Option<&Judgement>, state: &str) -> Vec<Cell> {
    let Some(one) = judgement.filter(|_| matches!(state, "judged" | "too_few")) else {
        let mut cells =
            vec![Cell::Whole(0), Cell::Whole(school.n_used as i64), Cell::Whole(school.n_achieved as i64)];
        cells.extend(vec![Cell::Empty; 11]);
        cells.push(school.national_rate.into());
        cells.push(Cell::Empty);
        return cells;
    };
    let rate = one.achieved / one.n;
    let residual = rate - one.predicted;
    let reliability = one.between.map(|between| between / (between + one.variance));
    let estimate = reliability.unwrap_or(1.0) * residual;
    let spread = (reliability.unwrap_or(1.0) * one.variance).sqrt();
    // No spread at all: the schools do not differ beyond chance, and none of them beats anything.
    let above = |bar: f64| (spread > 0.0).then(|| normal::below((estimate - bar) / spread));
    let p_above = above(0.0);
    let beats = (state == "judged").then_some(p_above.is_some_and(|p| p >= SURE));
    let is_of_all = (one.n - school.n_used).abs() < 0.5;
    vec![
        Cell::Whole((school.n_used - one.n).round() as i64),
        Cell::Whole(one.n as i64),
        Cell::Whole(one.achieved as i64),
        rate.into(),
        is_of_all.then_some(school.mean_ks2).into(),
        one.predicted.into(),
        residual.into(),
        one.between.map(f64::sqrt).into(),
        reliability.into(),
        estimate.into(),
        (estimate - Z * spread).into(),
        (estimate + Z * spread).into(),
        p_above.into(),
        beats.into(),
        school.national_rate.into(),
        school.national_rate.and_then(|national| above(national - one.predicted)).into(),
    ]
}
