//! Models of risk beside the list of points: `docs/measures/risk.md`, read once more, learner by learner. Slopes are climbed
//! by elimination, trees are grown over learners and not over cells.
use super::backtest::winters;
use super::cells::{Cell, Fixed, People, Person};
use super::neet_rows::NccisMonth;
use super::risk_rows::RiskFactor;
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::Datelike;
use std::collections::{BTreeMap, BTreeSet};

row! {
    /// A model on a cohort that it has not seen.
    RiskModel = "risk_model", group |row| Group::Cohort(row.cohort_ay, row.model.clone());
    pack: String = "pack",
    model: String = "model",
    cohort_ay: i64 = "cohort_ay",
    outcome: String = "outcome",
    state: String = "state",
    n_before: i64 = "n_before",
    n_positive_before: i64 = "n_positive_before",
    n_tested: i64 = "n_tested",
    n_positive: i64 = "n_positive",
    auc: Option<Fixed<4>> = "auc",
    auc_low: Option<Fixed<4>> = "auc_low",
    auc_high: Option<Fixed<4>> = "auc_high",
    n_at_capacity: Option<i64> = "n_at_capacity",
    precision_at_capacity: Option<Fixed<4>> = "precision_at_capacity",
    recall_at_capacity: Option<Fixed<4>> = "recall_at_capacity",
    accuracy_at_capacity: Option<Fixed<4>> = "accuracy_at_capacity",
    accuracy_if_nobody: Option<Fixed<4>> = "accuracy_if_nobody",
    published_accuracy: Option<Fixed<4>> = "published_accuracy",
    expected: Option<Fixed<4>> = "expected",
    expected_over_observed: Option<Fixed<4>> = "expected_over_observed",
    brier: Option<Fixed<4>> = "brier",
    brier_base: Option<Fixed<4>> = "brier_base",
    brier_skill: Option<Fixed<4>> = "brier_skill",
}

/// Somebody at the end of Year 10: what is known of each factor, and what became of them.
pub(super) struct One {
    pub(super) cohort: i64,
    pub(super) x: Vec<f64>,
    pub(super) state: &'static str,
}

/// Points of each factor, at least and at most.
type Known<'a> = BTreeMap<&'a str, (i64, i64)>;
/// By person and cohort.
type Told10<'a> = BTreeMap<(Person, i64), Known<'a>>;

/// What somebody is told, in ten-thousandths, and whether it came about.
type Told = (i64, bool);

pub fn models(factors: &[RiskFactor], months: &[NccisMonth]) -> Vec<RiskModel> {
    let mut rows = Vec::new();
    for (pack, people) in everybody(factors, months) {
        let cohorts: BTreeSet<i64> = people.iter().map(|one| one.cohort).collect();
        rows.extend(cohorts.into_iter().flat_map(|cohort| of_cohort(&pack, cohort, &people)));
    }
    rows.sort();
    rows
}

/// By pack everybody at the end of Year 10 whose winter after Year 11 is known: what was known of each factor.
pub(super) fn everybody(factors: &[RiskFactor], months: &[NccisMonth]) -> Vec<(String, Vec<One>)> {
    let winters = winters(months);
    let mut packs: BTreeMap<&str, Told10<'_>> = BTreeMap::new();
    for row in factors {
        let cohort = i64::from(row.predicted_on.year()) - 4;
        let is_end = (row.predicted_on.month(), row.predicted_on.day()) == (8, 31);
        if is_end && matches!(winters.get(&row.person), Some(&("neet" | "not_known" | "other"))) {
            let of_pack = packs.entry(&row.pack).or_default();
            let points = (row.points_low, row.points_high);
            of_pack.entry((row.person, cohort)).or_default().insert(&row.factor, points);
        }
    }
    let mut found = Vec::new();
    for (pack, people) in packs {
        let names: BTreeSet<&str> = people.values().flat_map(BTreeMap::keys).copied().collect();
        let of = |((person, cohort), known): (&(Person, i64), &Known<'_>)| {
            let of_factor = |name: &&str| known.get(name).copied().unwrap_or_default();
            let x = names.iter().flat_map(|name| {
                let (low, high) = of_factor(name);
                [low as f64, (high - low) as f64]
            });
            One { cohort: *cohort, x: x.collect(), state: winters[person] }
        };
        found.push((pack.to_owned(), people.iter().map(of).collect()));
    }
    found
}

fn of_cohort(pack: &str, cohort: i64, people: &[One]) -> Vec<RiskModel> {
    let before: Vec<&One> =
        people.iter().filter(|one| one.cohort <= cohort - 2 && one.state != "not_known").collect();
    let here: Vec<&One> = people.iter().filter(|one| one.cohort == cohort).collect();
    let neet = before.iter().filter(|one| one.state == "neet").count();
    let sum = |one: &One| vec![one.x.iter().step_by(2).sum::<f64>()];
    let all = |one: &One| one.x.clone();
    let by_line = |x: &dyn Fn(&One) -> Vec<f64>| -> Option<Vec<f64>> {
        let rows: Vec<(Vec<f64>, bool)> = before.iter().map(|one| (x(one), one.state == "neet")).collect();
        let weights = climb(&rows)?;
        Some(here.iter().map(|one| likely(&weights, &x(one))).collect())
    };
    let by_trees = || -> Option<Vec<f64>> {
        let grown = boost(&before)?;
        Some(here.iter().map(|one| grown.iter().map(|tree| tree(&one.x)).sum::<f64>()).map(squash).collect())
    };
    let told = if neet < 10 { [None, None, None] } else { [by_line(&sum), by_line(&all), by_trees()] };
    let published = [Some(Fixed(8_550)), None, Some(Fixed(9_280))];
    let mut rows = Vec::new();
    for ((model, told), published) in ["points", "logistic", "boosted_trees"].iter().zip(told).zip(published)
    {
        for outcome in ["neet", "neet_or_not_known"] {
            let counts = |one: &One| outcome != "neet" || one.state != "not_known";
            let tested: Vec<Told> = here
                .iter()
                .enumerate()
                .filter(|(_, one)| counts(one))
                .map(|(at, one)| {
                    let chance = told.as_ref().map_or(0.0, |told| told[at]);
                    ((chance * 1e4).round() as i64, one.state != "other")
                })
                .collect();
            let empty = RiskModel {
                pack: pack.to_owned(),
                model: (*model).to_owned(),
                cohort_ay: cohort,
                outcome: outcome.to_owned(),
                n_before: before.len() as i64,
                n_positive_before: neet as i64,
                published_accuracy: published,
                ..nothing()
            };
            rows.push(figures(empty, &tested, told.is_some()));
        }
    }
    rows
}

fn nothing() -> RiskModel {
    RiskModel {
        pack: String::new(),
        model: String::new(),
        cohort_ay: 0,
        outcome: String::new(),
        state: "too_few_before".to_owned(),
        n_before: 0,
        n_positive_before: 0,
        n_tested: 0,
        n_positive: 0,
        auc: None,
        auc_low: None,
        auc_high: None,
        n_at_capacity: None,
        precision_at_capacity: None,
        recall_at_capacity: None,
        accuracy_at_capacity: None,
        accuracy_if_nobody: None,
        published_accuracy: None,
        expected: None,
        expected_over_observed: None,
        brier: None,
        brier_base: None,
        brier_skill: None,
    }
}

fn rounded(value: f64) -> Fixed<4> {
    Fixed((value * 1e4).round() as i64)
}

fn figures(row: RiskModel, tested: &[Told], is_fitted: bool) -> RiskModel {
    let n = tested.len() as i64;
    let yes = tested.iter().filter(|one| one.1).count() as i64;
    let size = ((n * 5 + 50) / 100).max(1);
    let row = RiskModel {
        n_tested: n,
        n_positive: yes,
        n_at_capacity: Some(size),
        accuracy_if_nobody: (n > 0).then(|| rounded((n - yes) as f64 / n as f64)),
        ..row
    };
    if !is_fitted || n == 0 {
        return row;
    }
    let pairs = auc(tested);
    let ends = pairs.map(|auc| {
        let (q1, q2) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
        let (a, b) = (yes as f64, (n - yes) as f64);
        let variance = auc * (1.0 - auc) + (a - 1.0) * (q1 - auc * auc) + (b - 1.0) * (q2 - auc * auc);
        1.96 * (variance.max(0.0) / a / b).sqrt()
    });
    let right = among(tested, size);
    let of = |value: i64| value as f64;
    let expected = tested.iter().map(|one| one.0).sum::<i64>();
    let miss = |one: &Told| if one.1 { 10_000 - one.0 } else { one.0 };
    let brier = tested.iter().map(|one| miss(one) * miss(one)).sum::<i64>() as f64 / 1e8 / of(n);
    let base = of(yes) / of(n) * (of(n - yes) / of(n));
    RiskModel {
        state: if yes == 0 || yes == n { "nobody" } else { "tested" }.to_owned(),
        auc: pairs.map(rounded),
        auc_low: pairs.zip(ends).map(|(auc, half)| rounded((auc - half).max(0.0))),
        auc_high: pairs.zip(ends).map(|(auc, half)| rounded((auc + half).min(1.0))),
        precision_at_capacity: Some(rounded(right / of(size))),
        recall_at_capacity: (yes > 0).then(|| rounded(right / of(yes))),
        accuracy_at_capacity: Some(rounded((of(n) - of(size) - of(yes) + 2.0 * right) / of(n))),
        expected: Some(Fixed(expected)),
        expected_over_observed: (yes > 0).then(|| rounded(expected as f64 / 1e4 / of(yes))),
        brier: Some(rounded(brier)),
        brier_base: Some(rounded(base)),
        brier_skill: (base > 0.0).then(|| rounded(1.0 - brier / base)),
        ..row
    }
}

/// Every pair of one it came about for and one it did not.
fn auc(tested: &[Told]) -> Option<f64> {
    let (with, without): (Vec<&Told>, Vec<&Told>) = tested.iter().partition(|one| one.1);
    let twice = |one: &Told, other: &Told| i64::from(one.0 > other.0) * 2 + i64::from(one.0 == other.0);
    let sum: i64 = with.iter().map(|one| without.iter().map(|other| twice(one, other)).sum::<i64>()).sum();
    let pairs = with.len() * without.len();
    (pairs > 0).then(|| sum as f64 / (2 * pairs) as f64)
}

/// Of so many with the greatest chance those it came about for; those who tie at the end share.
fn among(tested: &[Told], size: i64) -> f64 {
    let mut ranked: Vec<i64> = tested.iter().map(|one| one.0).collect();
    ranked.sort_unstable_by_key(|chance| -chance);
    let last = ranked[size as usize - 1];
    let n = |wanted: &dyn Fn(&Told) -> bool| tested.iter().filter(|one| wanted(one)).count() as f64;
    let (above, tied) = (n(&|one| one.0 > last), n(&|one| one.0 == last));
    n(&|one| one.0 > last && one.1) + n(&|one| one.0 == last && one.1) * (size as f64 - above) / tied
}

fn squash(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

fn likely(weights: &[f64], x: &[f64]) -> f64 {
    squash(weights[0] + weights[1..].iter().zip(x).map(|(weight, x)| weight * x).sum::<f64>())
}

/// The penalised likelihood's top, learner by learner; the constant is free.
pub(super) fn climb(rows: &[(Vec<f64>, bool)]) -> Option<Vec<f64>> {
    const PULL: f64 = 0.1;
    let width = rows.first()?.0.len() + 1;
    let mut at = vec![0.0; width];
    for _ in 0..100 {
        let mut lines = vec![vec![0.0; width + 1]; width];
        for (row, line) in lines.iter_mut().enumerate().skip(1) {
            line[row] = PULL;
            line[width] = -PULL * at[row];
        }
        for (x, yes) in rows {
            let p = likely(&at, x);
            let full: Vec<f64> = std::iter::once(1.0).chain(x.iter().copied()).collect();
            for (line, one) in lines.iter_mut().zip(&full) {
                line.iter_mut().zip(&full).for_each(|(cell, other)| *cell += p * (1.0 - p) * one * other);
                line[width] += (f64::from(u8::from(*yes)) - p) * one;
            }
        }
        let step = eliminate(lines);
        let most = step.iter().fold(0.0_f64, |most, one| most.max(one.abs()));
        at.iter_mut().zip(step).for_each(|(value, step)| *value += step * (1.0 / most).min(1.0));
        if most < 1e-12 {
            break;
        }
    }
    Some(at)
}

fn eliminate(mut lines: Vec<Vec<f64>>) -> Vec<f64> {
    let width = lines.len();
    for pivot in 0..width {
        let own = lines[pivot].clone();
        for (_, line) in lines.iter_mut().enumerate().filter(|(row, _)| *row != pivot) {
            let part = line[pivot] / own[pivot];
            line.iter_mut().zip(&own).for_each(|(cell, own)| *cell -= part * own);
        }
    }
    (0..width).map(|row| lines[row][width] / lines[row][row]).collect()
}

type Grown = Box<dyn Fn(&[f64]) -> f64>;

/// A hundred trees of two questions, the first of them the share of all.
fn boost(people: &[&One]) -> Option<Vec<Grown>> {
    let yes: Vec<f64> = people.iter().map(|one| f64::from(u8::from(one.state == "neet"))).collect();
    let share = yes.iter().sum::<f64>();
    let start = (share / (people.len() as f64 - share)).ln();
    if !start.is_finite() {
        return None;
    }
    let mut grown: Vec<Grown> = vec![Box::new(move |_: &[f64]| start)];
    let mut scores = vec![start; people.len()];
    for _ in 0..100 {
        let sums: Vec<(f64, f64)> = (scores.iter().zip(&yes))
            .map(|(score, yes)| (yes - squash(*score), squash(*score) * (1.0 - squash(*score))))
            .collect();
        let rows: Vec<usize> = (0..people.len()).collect();
        let tree = grow(people, &sums, &rows, 2);
        scores.iter_mut().zip(people).for_each(|(score, one)| *score += tree(&one.x));
        grown.push(tree);
    }
    Some(grown)
}

fn grow(people: &[&One], sums: &[(f64, f64)], rows: &[usize], depth: usize) -> Grown {
    let total =
        |rows: &[usize]| rows.iter().fold((0.0, 0.0), |sum, at| (sum.0 + sums[*at].0, sum.1 + sums[*at].1));
    let worth = |(slope, bend): (f64, f64)| slope * slope / (bend + 1.0);
    let all = total(rows);
    let leaf = 0.1 * all.0 / (all.1 + 1.0);
    let mut best: Option<(f64, usize, f64)> = None;
    let width = if depth == 0 { 0 } else { people[0].x.len() };
    for predictor in 0..width {
        // A value that nobody here has asks nothing new.
        let mut values: Vec<f64> = rows.iter().map(|at| people[*at].x[predictor]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        for value in values.iter().take(values.len().saturating_sub(1)) {
            let (low, high): (Vec<usize>, Vec<usize>) =
                rows.iter().partition(|at| people[**at].x[predictor] <= *value);
            let gain = worth(total(&low)) + worth(total(&high)) - worth(all);
            let least = best.map_or(1e-9, |best| best.0) + 1e-9;
            if low.len() >= 20 && high.len() >= 20 && gain > least {
                best = Some((gain, predictor, *value));
            }
        }
    }
    let Some((_, predictor, value)) = best else { return Box::new(move |_: &[f64]| leaf) };
    let (low, high): (Vec<usize>, Vec<usize>) =
        rows.iter().partition(|at| people[**at].x[predictor] <= value);
    let (yes, no) = (grow(people, sums, &low, depth - 1), grow(people, sums, &high, depth - 1));
    Box::new(move |x: &[f64]| if x[predictor] <= value { yes(x) } else { no(x) })
}
