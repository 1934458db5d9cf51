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

    /// Somebody made up: cohort, the points of three factors and what of the third is not known, and whether NEET.
    struct Made {
        cohort: i32,
        x: Vec<f64>,
        neet: bool,
    }

    /// Three cohorts of four hundred, of whom one in five comes to be NEET, more of those with more points.
    fn made(seed: u64) -> Vec<Made> {
        let mut state = seed;
        let mut below = |end: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % end
        };
        let mut one = |at: usize| {
            let (a, b, c, open) = (below(3), below(2), below(3), below(4));
            let x = [2 * a, 0, 3 * b, 0, if open == 0 { 0 } else { c }, if open == 0 { 2 } else { 0 }];
            let score = -3.0 + 0.5 * (2 * a) as f64 + 0.4 * (3 * b) as f64 + 0.3 * c as f64;
            let neet = (below(1_000_000) as f64) < 1e6 / (1.0 + (-score).exp());
            Made { cohort: 2016 + (at / 400) as i32, x: x.map(|points| points as f64).to_vec(), neet }
        };
        (0..1_200).map(&mut one).collect()
    }

    /// The cells of equal predictors that the function is given.
    fn celled(people: &[Made]) -> Vec<Pattern> {
        let mut cells: BTreeMap<(i32, Vec<u64>), Pattern> = BTreeMap::new();
        for one in people {
            let key = (one.cohort, one.x.iter().map(|x| *x as u64).collect());
            let x = std::iter::once(1.0).chain(one.x.iter().copied()).collect();
            let empty = Pattern { cohort: one.cohort, x, neet: 0.0, not_known: 0.0, other: 0.0 };
            let cell = cells.entry(key).or_insert(empty);
            *(if one.neet { &mut cell.neet } else { &mut cell.other }) += 1.0;
        }
        cells.into_values().collect()
    }

    /// Weights learner by learner, one after another to where its own slope is nought: no cells, no matrix.
    fn climbed(rows: &[(Vec<f64>, f64)]) -> Vec<f64> {
        let mut found = vec![0.0; rows[0].0.len()];
        let mut scores = vec![0.0_f64; rows.len()];
        for _ in 0..50_000 {
            let mut steepest = 0.0_f64;
            for (at, weight) in found.iter_mut().enumerate() {
                let pull = if at == 0 { 0.0 } else { 0.1 };
                let (mut slope, mut bend) = (-pull * *weight, pull);
                for ((x, yes), score) in rows.iter().zip(&scores) {
                    let p = 1.0 / (1.0 + (-score).exp());
                    slope += (yes - p) * x[at];
                    bend += p * (1.0 - p) * x[at] * x[at];
                }
                steepest = steepest.max(slope.abs());
                if bend > 0.0 {
                    let step = (slope / bend).clamp(-0.5, 0.5);
                    *weight += step;
                    scores.iter_mut().zip(rows).for_each(|(score, (x, _))| *score += step * x[at]);
                }
            }
            if steepest < 1e-9 {
                return found;
            }
        }
        panic!("no top was reached")
    }

    fn number(cell: &Cell) -> f64 {
        match cell {
            Cell::Number(number) => *number,
            Cell::Whole(whole) => *whole as f64,
            other => panic!("no number: {other:?}"),
        }
    }

    /// Everything that is told of a cohort, learner by learner: ranks for the area, places for the capacity, squares for Brier.
    fn figures_agree(row: &[Cell], told: &[(f64, f64)]) {
        let n = told.len() as f64;
        let yes: f64 = told.iter().map(|one| one.1).sum();
        let near = |at: usize, ours: f64| {
            let theirs = number(&row[at]);
            assert!((theirs - ours).abs() < 1e-9, "figure {at}: {theirs} beside {ours}");
        };
        near(3, n);
        near(4, yes);
        let mut ranked = told.to_vec();
        ranked.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (mut ranks, mut at, mut places) = (0.0, 0.0, Vec::new());
        for tie in ranked.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
            let (size, right) = (tie.len() as f64, tie.iter().map(|one| one.1).sum::<f64>());
            ranks += (at + f64::midpoint(size, 1.0)) * right;
            at += size;
            places.extend(tie.iter().map(|_| right / size));
        }
        let auc = (ranks - yes * (yes + 1.0) / 2.0) / (yes * (n - yes));
        near(5, auc);
        let (above, below) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
        let variance =
            (auc - auc * auc + (yes - 1.0) * (above - auc * auc) + (n - yes - 1.0) * (below - auc * auc))
                / (yes * (n - yes));
        near(6, auc - 1.96 * variance.sqrt());
        near(7, auc + 1.96 * variance.sqrt());
        let size = (n * 0.05).round();
        near(8, size);
        let right: f64 = places.iter().rev().take(size as usize).sum();
        near(9, right / size);
        near(10, right / yes);
        near(11, (right + (n - yes - (size - right))) / n);
        near(12, 1.0 - yes / n);
        let expected: f64 = told.iter().map(|one| one.0).sum();
        near(14, expected);
        near(15, expected / yes);
        let brier = told.iter().map(|(chance, yes)| (chance - yes).powi(2)).sum::<f64>() / n;
        let base = told.iter().map(|(_, one)| (yes / n - one).powi(2)).sum::<f64>() / n;
        near(16, brier);
        near(17, base);
        near(18, 1.0 - brier / base);
    }

    #[test]
    fn two_fitted_lines_and_all_their_figures_are_those_of_another_way_at_two_seeds() {
        for seed in [0x5eed_0001_u64, 0x5eed_9a7b] {
            let people = made(seed);
            let patterns = celled(&people);
            let found = chances(&patterns, 2018);
            for (model, chances) in found.iter().take(2).enumerate() {
                let x = |one: &Made| -> Vec<f64> {
                    let all = std::iter::once(1.0).chain(one.x.iter().copied());
                    if model == 1 { all.collect() } else { vec![1.0, one.x.iter().step_by(2).sum()] }
                };
                let rows = people.iter().filter(|one| one.cohort == 2016);
                let rows: Vec<(Vec<f64>, f64)> =
                    rows.map(|one| (x(one), f64::from(u8::from(one.neet)))).collect();
                let weights = climbed(&rows);
                let told = people.iter().filter(|one| one.cohort == 2018).map(|one| {
                    let score: f64 = x(one).iter().zip(&weights).map(|(x, weight)| x * weight).sum();
                    let chance = (1e4 / (1.0 + (-score).exp())).round() / 1e4;
                    (chance, f64::from(u8::from(one.neet)))
                });
                let tested = tested(&patterns, 2018, "neet", chances.as_deref());
                let row = super::told(&patterns, 2018, &tested, Some(&5.0), Some(&0.855));
                assert!(matches!(&row[0], Cell::Text(state) if state == "tested"));
                assert!(number(&row[2]) > 50.0 && number(&row[5]) > 0.6, "there is something to find");
                figures_agree(&row, &told.collect::<Vec<_>>());
            }
        }
    }

    /// What a cohort is told was fitted on cohorts two years older and more: of those of its own time nothing is in it.
    #[test]
    fn what_came_about_for_later_cohorts_changes_no_chance() {
        let mut patterns = celled(&made(7));
        let before = chances(&patterns, 2018);
        for pattern in patterns.iter_mut().filter(|pattern| pattern.cohort > 2016) {
            std::mem::swap(&mut pattern.neet, &mut pattern.other);
        }
        assert_eq!(before, chances(&patterns, 2018));
    }
}
