//! A school beside those most like it: nearest by mean key stage 2 score and share of disadvantaged (Mahalanobis's
//! distance, which counts the two in their own spread and not twice what they share).
use std::collections::BTreeMap;

use super::super::fault::WarehouseFault;
use super::frame::Record;
use super::least_squares::{dot, root, solve};
use super::{Cell, Function, Tables};

/// Of the schools loaded, the nearest of one in so many are similar, where that is fewer than policy says.
const PART: usize = 4;
/// With fewer similar schools than this there is no best fifth to speak of.
const LEAST: usize = 5;

pub(super) const FUNCTION: Function = Function {
    name: "similar_schools",
    version: 1,
    columns: &[
        ("ks4_ay", "SMALLINT"),
        ("school_id", "VARCHAR"),
        ("measure", "VARCHAR"),
        ("state", "VARCHAR"),
        ("from_ay", "SMALLINT"),
        ("n_pupils", "BIGINT"),
        ("n_achieved", "BIGINT"),
        ("rate", "DECIMAL(9,4)"),
        ("mean_ks2", "DECIMAL(9,4)"),
        ("share_disadvantaged", "DECIMAL(9,4)"),
        ("n_similar", "INTEGER"),
        ("furthest", "DECIMAL(9,4)"),
        ("similar_rate", "DECIMAL(9,4)"),
        ("best_fifth_rate", "DECIMAL(9,4)"),
        ("gap_to_best_fifth", "DECIMAL(9,4)"),
        ("more_at_half_the_gap", "DECIMAL(9,4)"),
    ],
    compute,
};

/// A school's number of pupils, of those who achieved it, and its two coordinates.
struct School<'r> {
    row: &'r Record,
    n: f64,
    achieved: f64,
    place: [f64; 2],
}

fn compute(tables: &mut Tables<'_>) -> Result<Vec<Vec<Cell>>, WarehouseFault> {
    let how_many = tables.policy("school_similar_most")?;
    let least = tables.policy("school_min_pupils")?;
    let rows = tables.read(
        "school_pooled",
        &["measure", "school_id"],
        &["ks4_ay", "is_mainstream", "from_ay", "n_used", "n_achieved", "mean_ks2", "share_disadvantaged"],
    )?;
    let mut groups: BTreeMap<(i32, &str), Vec<&Record>> = BTreeMap::new();
    for row in &rows {
        groups.entry((row.number(0) as i32, row.text(0))).or_default().push(row);
    }
    let mut out = Vec::new();
    for ((ay, _), rows) in &groups {
        let rules = how_many.get(ay).zip(least.get(ay));
        let enough = rules.map_or(f64::INFINITY, |(_, least)| *least);
        let comparable = |row: &&&Record| row.number(1) > 0.5 && row.number(3) >= enough;
        let schools: Vec<School<'_>> = rows.iter().filter(comparable).map(|row| School::of(row)).collect();
        let most = rules.map_or(0, |(most, _)| (*most as usize).min(schools.len() / PART));
        let scale = (most >= LEAST).then(|| covariance(&schools)).and_then(|matrix| root(&matrix));
        for row in rows {
            let own = schools.iter().position(|school| std::ptr::eq(school.row, *row));
            let state = match (rules, own, &scale) {
                (None, ..) => "no_rule_for_year",
                _ if row.number(1) <= 0.5 => "not_mainstream",
                _ if row.number(3) == 0.0 => "no_baseline",
                (_, None, _) => "too_few",
                (_, _, None) => "too_few_schools",
                _ => "compared",
            };
            let mut cells = counted(row, state);
            match (own, &scale) {
                (Some(own), Some(scale)) => cells.extend(beside(&schools, own, scale, most)),
                _ => cells.extend(vec![Cell::Empty; 6]),
            }
            out.push(cells);
        }
    }
    Ok(out)
}

impl<'r> School<'r> {
    fn of(row: &'r Record) -> Self {
        Self { row, n: row.number(3), achieved: row.number(4), place: [row.number(5), row.number(6)] }
    }
}

fn counted(row: &Record, state: &str) -> Vec<Cell> {
    let n = row.number(3);
    vec![
        (row.number(0) as i32).into(),
        row.text(1).into(),
        row.text(0).into(),
        state.into(),
        (row.number(2) as i32).into(),
        Cell::Whole(n as i64),
        Cell::Whole(row.number(4) as i64),
        (n > 0.0).then(|| row.number(4) / n).into(),
        row.numbers[5].into(),
        row.numbers[6].into(),
    ]
}

/// Covariance of the two coordinates over schools, each school counting once.
fn covariance(schools: &[School<'_>]) -> Vec<Vec<f64>> {
    let n = schools.len() as f64;
    let mean = [0, 1].map(|at| schools.iter().map(|school| school.place[at]).sum::<f64>() / n);
    let of = |one: usize, other: usize| {
        let products = schools
            .iter()
            .map(|school| (school.place[one] - mean[one]) * (school.place[other] - mean[other]));
        products.sum::<f64>() / (n - 1.0)
    };
    vec![vec![of(0, 0), of(0, 1)], vec![of(1, 0), of(1, 1)]]
}

/// One school beside its nearest: of equally near ones, those first whose id comes first.
fn beside(schools: &[School<'_>], own: usize, scale: &Vec<Vec<f64>>, most: usize) -> Vec<Cell> {
    let here = &schools[own];
    let mut near: Vec<(f64, usize)> = (0..schools.len())
        .filter(|other| *other != own)
        .map(|other| {
            let apart = [0, 1].map(|at| schools[other].place[at] - here.place[at]);
            (dot(&apart, &solve(scale, &apart)).sqrt(), other)
        })
        .collect();
    near.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    near.truncate(most);
    let mut rates: Vec<f64> =
        near.iter().map(|(_, other)| schools[*other].achieved / schools[*other].n).collect();
    let (n, achieved) = near
        .iter()
        .fold((0.0, 0.0), |sum, (_, other)| (sum.0 + schools[*other].n, sum.1 + schools[*other].achieved));
    rates.sort_by(f64::total_cmp);
    // The smallest rate that at least four fifths of them do not exceed.
    let best = rates[(4 * rates.len()).div_ceil(5) - 1];
    let gap = best - here.achieved / here.n;
    vec![
        near.len().into(),
        near[near.len() - 1].0.into(),
        (achieved / n).into(),
        best.into(),
        gap.into(),
        (here.n * gap.max(0.0) / 2.0).into(),
    ]
}
