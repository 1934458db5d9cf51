//! What provision did to attendance, as far as learners alike can tell: cell by cell.
use super::beyond_rows::EngagementChange;
use super::cells::Fixed;
use super::provision_rows::ApEffect;
use super::travelled::{Background, Registers};
use std::collections::BTreeMap;

/// Somebody placed or not: attendance before, its change, and the odds of being placed, none above the trim.
struct Unit {
    placed: bool,
    before: f64,
    change: f64,
    odds: Option<f64>,
}

type Cell = Vec<(bool, i64, i64)>;

fn units(ay: i64, engagement: &[EngagementChange], registers: &Registers<'_>) -> Vec<Unit> {
    let mut cells: BTreeMap<(Background, i64), Cell> = BTreeMap::new();
    for (before, change, background) in registers.others(ay) {
        cells.entry((background, before / 1000)).or_default().push((false, before, change));
    }
    for row in engagement.iter().filter(|row| row.ay == ay) {
        let background = registers.background(row.person.0, ay);
        if let (Some(change), Some(before), Some(background)) =
            (row.change, row.attendance_before, background)
        {
            cells.entry((background, before.0 / 1000)).or_default().push((true, before.0, change.0));
        }
    }
    let mut units = Vec::new();
    for cell in cells.into_values() {
        let placed = cell.iter().filter(|one| one.0).count() as i64;
        let chance = Fixed::<4>::fraction(placed, cell.len() as i64).unwrap().0 as f64 / 1e4;
        let odds = (chance <= 0.95).then(|| (chance / (1.0 - chance) * 1e4).round() / 1e4);
        units.extend(cell.into_iter().map(|(placed, before, change)| Unit {
            placed,
            before: before as f64 / 1e4,
            change: change as f64 / 1e4,
            odds,
        }));
    }
    units
}

/// Three years together, for every last year that has anybody.
pub fn effects(years: &[i64], engagement: &[EngagementChange], registers: &Registers<'_>) -> Vec<ApEffect> {
    let by_year: BTreeMap<i64, Vec<Unit>> = years
        .iter()
        .map(|ay| (*ay, units(*ay, engagement, registers)))
        .filter(|(_, units)| !units.is_empty())
        .collect();
    let Some(last) = by_year.keys().max().copied() else { return Vec::new() };
    let first = by_year.keys().min().copied().unwrap_or(last);
    let pool = |until: i64| -> Vec<&Unit> {
        by_year
            .iter()
            .filter(|(ay, _)| (until - 2..=until).contains(ay))
            .flat_map(|(_, units)| units)
            .collect()
    };
    (first..=last)
        .map(|until| (until, pool(until)))
        .filter(|(_, pool)| !pool.is_empty())
        .map(|(until, pool)| effect(until, &pool))
        .collect()
}

fn four(number: f64) -> Fixed<4> {
    Fixed((number * 1e4).round() as i64)
}

fn mean(values: &[f64]) -> Option<f64> {
    let total = values.iter().map(|value| (value * 1e4).round()).sum::<f64>() / 1e4;
    (!values.is_empty()).then(|| total / values.len() as f64)
}

fn effect(until_ay: i64, pool: &[&Unit]) -> ApEffect {
    let placed: Vec<&&Unit> = pool.iter().filter(|unit| unit.placed && unit.odds.is_some()).collect();
    let others: Vec<&&Unit> = pool.iter().filter(|unit| !unit.placed && unit.odds > Some(0.0)).collect();
    let changes = |units: &[&&Unit]| units.iter().map(|unit| unit.change).collect::<Vec<_>>();
    let weight = |unit: &&&Unit| unit.odds.unwrap_or(0.0);
    let weights: f64 = others.iter().map(weight).sum();
    let squares: f64 = others.iter().map(|unit| weight(unit).powi(2)).sum();
    let weighted = |of: fn(&Unit) -> f64| {
        (weights > 0.0).then(|| others.iter().map(|unit| weight(unit) * of(unit)).sum::<f64>() / weights)
    };
    let n = placed.len() as i64;
    let effective = (squares > 0.0).then(|| weights * weights / squares);
    let before: Vec<f64> = placed.iter().map(|unit| unit.before).collect();
    let middle = mean(&before).unwrap_or(0.0);
    let spread = (n > 1)
        .then(|| (before.iter().map(|one| (one - middle).powi(2)).sum::<f64>() / (n as f64 - 1.0)).sqrt());
    let imbalance = spread
        .filter(|spread| *spread > 1e-12)
        .zip(weighted(|unit| unit.before))
        .map(|(spread, others)| (middle - others) / spread);
    let (placed_change, others_change) = (mean(&changes(&placed)), mean(&changes(&others)));
    let weighted_change = weighted(|unit| unit.change);
    let state = if n < 30 || effective.unwrap_or(0.0) < 20.0 {
        "too_few"
    } else if imbalance.is_none_or(|imbalance| imbalance.abs() >= 0.1) {
        "out_of_balance"
    } else {
        "shown"
    };
    ApEffect {
        until_ay,
        n_placed: n,
        n_without_like: pool.iter().filter(|unit| unit.placed && unit.odds.is_none()).count() as i64,
        n_others: others.len() as i64,
        effective_n: effective.map(four),
        placed_change: placed_change.map(four),
        others_change: others_change.map(four),
        raw_difference: placed_change.zip(others_change).map(|(one, two)| four(one - two)),
        weighted_others_change: weighted_change.filter(|_| state == "shown").map(four),
        effect_on_placed: placed_change
            .zip(weighted_change)
            .filter(|_| state == "shown")
            .map(|(one, two)| four(one - two)),
        imbalance: imbalance.map(four),
        effect_state: state.to_owned(),
    }
}
