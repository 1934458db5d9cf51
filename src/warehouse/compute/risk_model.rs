//! The list of points beside models that are fitted: how much is lost by choosing what anybody can contest.
//!
//! Each cohort is told chances by models of cohorts two and more years older, all whose winter was over when its risk was
//! told, and is then held against what came about. The predictors are the factors of the list, with what is not known of
//! each: what a site has not switched on is in no model either. **No chance of a child leaves this function**: cells of
//! equal predictors come in, and figures of whole cohorts go out. Nothing is drawn.
use std::collections::{BTreeMap, BTreeSet};

use super::super::fault::WarehouseFault;
use super::boosted_trees::Boosted;
use super::frame::Record;
use super::logistic::{self, fit};
use super::{Cell, Function, Tables};

/// With fewer NEET than this before, a model says whom one happened to see.
const LEAST: f64 = 10.0;

pub(super) const FUNCTION: Function = Function {
    name: "risk_model",
    version: 1,
    columns: &[
        ("pack", "VARCHAR"),
        ("model", "VARCHAR"),
        ("cohort_ay", "SMALLINT"),
        ("outcome", "VARCHAR"),
        ("state", "VARCHAR"),
        ("n_before", "BIGINT"),
        ("n_positive_before", "BIGINT"),
        ("n_tested", "BIGINT"),
        ("n_positive", "BIGINT"),
        ("auc", "DECIMAL(9,4)"),
        ("auc_low", "DECIMAL(9,4)"),
        ("auc_high", "DECIMAL(9,4)"),
        ("n_at_capacity", "BIGINT"),
        ("precision_at_capacity", "DECIMAL(9,4)"),
        ("recall_at_capacity", "DECIMAL(9,4)"),
        ("accuracy_at_capacity", "DECIMAL(9,4)"),
        ("accuracy_if_nobody", "DECIMAL(9,4)"),
        ("published_accuracy", "DECIMAL(9,4)"),
        ("expected", "DECIMAL(18,4)"),
        ("expected_over_observed", "DECIMAL(9,4)"),
        ("brier", "DECIMAL(9,4)"),
        ("brier_base", "DECIMAL(9,4)"),
        ("brier_skill", "DECIMAL(9,4)"),
    ],
    compute,
};

const MODELS: [&str; 3] = ["points", "logistic", "boosted_trees"];
const OUTCOMES: [&str; 2] = ["neet", "neet_or_not_known"];

/// Learners of one cohort with the same predictors, and what became of them.
struct Pattern {
    cohort: i32,
    /// One, then of each factor its points at least and what could be added.
    x: Vec<f64>,
    neet: f64,
    not_known: f64,
    other: f64,
}

impl Pattern {
    /// The sum of the points that are sure.
    fn points(&self) -> f64 {
        self.x[1..].iter().step_by(2).sum()
    }

    fn cell(&self, x: Vec<f64>) -> logistic::Cell {
        logistic::Cell { x, n: self.neet + self.other, yes: self.neet }
    }
}

fn compute(tables: &mut Tables<'_>) -> Result<Vec<Vec<Cell>>, WarehouseFault> {
    let rows = tables.read(
        "risk_pattern",
        &["pack", "pattern"],
        &["cohort_ay", "n_neet", "n_not_known", "n_other"],
    )?;
    let published: BTreeMap<String, f64> = tables
        .read("code_risk_benchmark", &["code"], &["accuracy"])?
        .iter()
        .map(|row| (row.text(0).to_owned(), row.number(0)))
        .collect();
    let capacity = tables.policy("risk_capacity_percent")?;
    let mut packs: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for row in &rows {
        packs.entry(row.text(0)).or_default().push(row);
    }
    let mut found = Vec::new();
    for (pack, rows) in packs {
        let patterns = patterns(&rows);
        let cohorts: BTreeSet<i32> = patterns.iter().map(|pattern| pattern.cohort).collect();
        for cohort in cohorts {
            for (model, chances) in MODELS.iter().zip(chances(&patterns, cohort)) {
                let accuracy = match *model {
                    "points" => published.get("points_list"),
                    "boosted_trees" => published.get("boosted_trees"),
                    _ => None,
                };
                for outcome in OUTCOMES {
                    let tested = tested(&patterns, cohort, outcome, chances.as_deref());
                    let mut row: Vec<Cell> =
                        vec![pack.into(), (*model).into(), cohort.into(), outcome.into()];
                    row.extend(told(&patterns, cohort, &tested, capacity.get(&(cohort + 6)), accuracy));
                    found.push(row);
                }
            }
        }
    }
    Ok(found)
}

/// The patterns of one pack, each factor in its own two places.
fn patterns(rows: &[&Record]) -> Vec<Pattern> {
    let words = |row: &Record| -> Vec<(String, f64, f64)> {
        let parsed = row.text(1).split("; ").filter_map(|word| {
            let mut parts = word.rsplitn(3, ':');
            let (high, low) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Some((parts.next()?.to_owned(), low, high))
        });
        parsed.collect()
    };
    let named: BTreeSet<String> = rows.iter().flat_map(|row| words(row)).map(|(factor, ..)| factor).collect();
    let place: BTreeMap<&str, usize> =
        named.iter().enumerate().map(|(at, factor)| (factor.as_str(), 1 + 2 * at)).collect();
    let pattern = |row: &&Record| {
        let mut x = vec![0.0; 1 + 2 * place.len()];
        x[0] = 1.0;
        for (factor, low, high) in words(row) {
            let at = place[factor.as_str()];
            (x[at], x[at + 1]) = (low, high - low);
        }
        let cohort = row.number(0) as i32;
        Pattern { cohort, x, neet: row.number(1), not_known: row.number(2), other: row.number(3) }
    };
    rows.iter().map(pattern).collect()
}

/// The older patterns, on which a cohort's models are fitted.
fn before(patterns: &[Pattern], cohort: i32) -> impl Iterator<Item = &Pattern> {
    patterns.iter().filter(move |pattern| pattern.cohort <= cohort - 2)
}

/// What each model tells each pattern of a cohort, in their order; none where nothing can be fitted.
fn chances(patterns: &[Pattern], cohort: i32) -> [Option<Vec<f64>>; 3] {
    if before(patterns, cohort).map(|pattern| pattern.neet).sum::<f64>() < LEAST {
        return [None, None, None];
    }
    let here: Vec<&Pattern> = patterns.iter().filter(|pattern| pattern.cohort == cohort).collect();
    let by = |predictors: &dyn Fn(&Pattern) -> Vec<f64>| {
        let cells: Vec<logistic::Cell> =
            before(patterns, cohort).map(|pattern| pattern.cell(predictors(pattern))).collect();
        let width = cells.first().map_or(0, |cell| cell.x.len());
        let found = fit(&cells, &vec![0.0; width])?;
        Some(here.iter().map(|pattern| logistic::chance(&found, &predictors(pattern))).collect())
    };
    let cells: Vec<logistic::Cell> =
        before(patterns, cohort).map(|pattern| pattern.cell(pattern.x.clone())).collect();
    let trees = Boosted::fit(&cells);
    [
        by(&|pattern| vec![1.0, pattern.points()]),
        by(&|pattern| pattern.x.clone()),
        trees.map(|trees| here.iter().map(|pattern| trees.chance(&pattern.x)).collect()),
    ]
}

/// One pattern of a cohort: its chance in ten-thousandths, learners, and those it came about for.
struct Tested {
    chance: Option<i64>,
    n: i64,
    yes: i64,
}

fn tested(patterns: &[Pattern], cohort: i32, outcome: &str, chances: Option<&[f64]>) -> Vec<Tested> {
    let here = patterns.iter().filter(|pattern| pattern.cohort == cohort).enumerate();
    here.map(|(at, pattern)| {
        let unknown = if outcome == "neet" { 0.0 } else { pattern.not_known };
        Tested {
            // Told to four decimals: what is equal to them ties.
            chance: chances.map(|chances| (chances[at] * 1e4).round() as i64),
            n: (pattern.neet + unknown + pattern.other) as i64,
            yes: (pattern.neet + unknown) as i64,
        }
    })
    .collect()
}

/// The figures of one row, from its state on.
fn told(
    patterns: &[Pattern],
    cohort: i32,
    tested: &[Tested],
    capacity: Option<&f64>,
    published: Option<&f64>,
) -> Vec<Cell> {
    let count = |of: &dyn Fn(&Pattern) -> f64| before(patterns, cohort).map(of).sum::<f64>() as i64;
    let (n, yes) = tested.iter().fold((0, 0), |sum, one| (sum.0 + one.n, sum.1 + one.yes));
    let is_fitted = tested.iter().any(|one| one.chance.is_some());
    let state = match () {
        () if !is_fitted => "too_few_before",
        () if yes == 0 || yes == n => "nobody",
        () => "tested",
    };
    let mut row = vec![state.into()];
    row.extend([count(&|one| one.neet + one.other), count(&|one| one.neet), n, yes].map(Cell::Whole));
    let at_capacity = capacity.map(|percent| ((n as f64 * percent / 100.0).round() as i64).max(1));
    let ranked = if is_fitted { Ranked::of(tested) } else { Ranked::default() };
    let auc = ranked.auc(yes, n - yes);
    row.push(auc.into());
    row.extend(interval(auc, yes as f64, (n - yes) as f64).map(Cell::from));
    row.push(at_capacity.map_or(Cell::Empty, Cell::Whole));
    let right = at_capacity.filter(|_| n > 0).and_then(|size| Some((size as f64, ranked.right_among(size)?)));
    row.push(right.map(|(size, right)| right / size).into());
    row.push(right.filter(|_| yes > 0).map(|(_, right)| right / yes as f64).into());
    let accuracy = |(size, right): (f64, f64)| (n as f64 - size - yes as f64 + 2.0 * right) / n as f64;
    row.push(right.map(accuracy).into());
    row.push((n > 0).then(|| (n - yes) as f64 / n as f64).into());
    row.push(published.copied().into());
    row.extend(scored(tested, n, yes));
    row
}

/// Chance by chance, the greatest first: learners, and those it came about for.
#[derive(Default)]
struct Ranked(Vec<(i64, i64)>);

impl Ranked {
    fn of(tested: &[Tested]) -> Self {
        let mut by_chance: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for one in tested {
            let sum = by_chance.entry(-one.chance.unwrap_or_default()).or_default();
            *sum = (sum.0 + one.n, sum.1 + one.yes);
        }
        Self(by_chance.into_values().collect())
    }

    /// The share of pairs of one with the outcome and one without that are told rightly.
    fn auc(&self, yes: i64, no: i64) -> Option<f64> {
        if self.0.is_empty() || yes == 0 || no == 0 {
            return None;
        }
        let (mut twice, mut above) = (0, 0);
        for (n, right) in &self.0 {
            twice += right * (2 * (no - above) - (n - right));
            above += n - right;
        }
        Some(twice as f64 / (2 * yes * no) as f64)
    }

    /// How many it came about for among so many with the greatest chance; those who tie at the end share what is left.
    fn right_among(&self, size: i64) -> Option<f64> {
        let (mut taken, mut found) = (0, 0.0);
        for (n, right) in self.0.iter().filter(|(n, _)| *n > 0) {
            let part = (size - taken).min(*n);
            found += *right as f64 * part as f64 / *n as f64;
            taken += part;
            if taken == size {
                return Some(found);
            }
        }
        None
    }
}

/// The interval of an area under the curve (Hanley and others, 1982).
fn interval(auc: Option<f64>, over: f64, under: f64) -> [Option<f64>; 2] {
    let Some(auc) = auc else { return [None, None] };
    let (above, below) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
    let square = auc * auc;
    let variance = auc * (1.0 - auc) + (over - 1.0) * (above - square) + (under - 1.0) * (below - square);
    let half = 1.96 * (variance.max(0.0) / over / under).sqrt();
    [Some((auc - half).max(0.0)), Some((auc + half).min(1.0))]
}

/// Expected, expected over observed, Brier, its base and its skill: whole ten-thousandths throughout.
fn scored(tested: &[Tested], n: i64, yes: i64) -> [Cell; 5] {
    let told = tested.iter().filter_map(|one| Some((one.chance?, one.n, one.yes)));
    let (mut expected, mut squares, mut any) = (0, 0, false);
    for (chance, n, yes) in told {
        expected += chance * n;
        squares += chance * chance * (n - yes) + (10_000 - chance) * (10_000 - chance) * yes;
        any = true;
    }
    if !any || n == 0 {
        return [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty];
    }
    let (expected, brier) = (expected as f64 / 1e4, squares as f64 / 1e8 / n as f64);
    let base = yes as f64 / n as f64 * ((n - yes) as f64 / n as f64);
    [
        expected.into(),
        (yes > 0).then(|| expected / yes as f64).into(),
        brier.into(),
        base.into(),
        (base > 0.0).then(|| 1.0 - brier / base).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The twenty learners of methods' worked example, by their scores: 0.8733, and of the six from five points on four.
    #[test]
    fn twenty_learners_are_ranked_as_they_were_published() {
        let scores = [9, 8, 7, 6, 5, 5, 4, 3, 3, 2, 2, 1, 1, 0, 0, 0, 0, 1, 2, 4];
        let yes = [0, 1, 3, 5, 10];
        let tested: Vec<Tested> = scores
            .iter()
            .enumerate()
            .map(|(at, score)| Tested { chance: Some(*score), n: 1, yes: i64::from(yes.contains(&at)) })
            .collect();
        let ranked = Ranked::of(&tested);
        let auc = ranked.auc(5, 15).unwrap();
        assert!((auc - 0.8733).abs() < 5e-5, "{auc}");
        assert!((ranked.right_among(6).unwrap() - 4.0).abs() < 1e-9);
        // Five: four surely, and one of the two at five points, of whom one came to it.
        assert!((ranked.right_among(5).unwrap() - 3.5).abs() < 1e-9);
        assert!(ranked.right_among(21).is_none());
    }
}
