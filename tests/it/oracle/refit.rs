//! The two fitted lines of risk by a way that shares nothing with the program's: no matrix and no Newton's step over all weights
//! at once, but one weight after another, until the slope is nought in every direction. The likelihood has one top, so whatever
//! is flat there is it. Then the figures, by ranks instead of pairs and learner by learner instead of cell by cell.
use super::Tables;
use super::models::{One, RiskModel, everybody};

/// How strongly a weight is drawn to nought; the constant is free.
const PULL: f64 = 0.1;
/// Nought, of a sum over learners.
const FLAT: f64 = 1e-9;
/// What two ways may differ by: half of the last digit that is told, and what floating point adds.
const LAST: f64 = 0.5e-4 + 1e-9;

/// Holds every fitted line of a release against one of our own. Gives how many rows were.
///
/// # Panics
/// Where a figure differs.
pub fn lines_agree(expected: &Tables, published: &[RiskModel]) -> usize {
    let mut looked = 0;
    for (pack, people) in everybody(&expected.risk_factor, &expected.nccis_month) {
        for row in published.iter().filter(|row| row.pack == pack && row.model != "boosted_trees") {
            let sum = row.model == "points";
            let x = |one: &One| if sum { vec![one.x.iter().step_by(2).sum::<f64>()] } else { one.x.clone() };
            let before =
                people.iter().filter(|one| one.cohort + 2 <= row.cohort_ay && one.state != "not_known");
            let before: Vec<(Vec<f64>, f64)> =
                before.map(|one| (x(one), if one.state == "neet" { 1.0 } else { 0.0 })).collect();
            let neet = before.iter().filter(|one| one.1 > 0.5).count() as i64;
            assert_eq!((row.n_before, row.n_positive_before), (before.len() as i64, neet), "{row:?}");
            assert_eq!(row.state == "too_few_before", neet < 10, "{row:?}");
            if neet < 10 {
                continue;
            }
            let weights = ascend(&before);
            let here = people.iter().filter(|one| one.cohort == row.cohort_ay);
            let here = here.filter(|one| row.outcome != "neet" || one.state != "not_known");
            let told: Vec<(i64, bool)> = here
                .map(|one| ((chance(&weights, &x(one)) * 1e4).round() as i64, one.state != "other"))
                .collect();
            figures_agree(row, &told);
            looked += 1;
        }
    }
    looked
}

fn chance(weights: &[f64], x: &[f64]) -> f64 {
    let score = weights[0] + x.iter().zip(&weights[1..]).map(|(x, weight)| x * weight).sum::<f64>();
    1.0 / (1.0 + (-score).exp())
}

/// One weight after another, each to where its own slope is nought, again and again until all are flat together.
fn ascend(rows: &[(Vec<f64>, f64)]) -> Vec<f64> {
    // Who is alike is looked at once.
    let mut alike: Vec<(&[f64], f64, f64)> = Vec::new();
    for (x, yes) in rows {
        match alike.iter_mut().find(|one| one.0 == x) {
            Some(one) => (one.1, one.2) = (one.1 + 1.0, one.2 + yes),
            None => alike.push((x, 1.0, *yes)),
        }
    }
    let of = |x: &[f64], at: usize| if at == 0 { 1.0 } else { x[at - 1] };
    let mut weights = vec![0.0; rows[0].0.len() + 1];
    let mut scores = vec![0.0_f64; alike.len()];
    for _ in 0..100_000 {
        let mut steepest = 0.0_f64;
        for (at, weight) in weights.iter_mut().enumerate() {
            for turn in 0..4 {
                let pull = if at == 0 { 0.0 } else { PULL };
                let (mut slope, mut bend) = (-pull * *weight, pull);
                for ((x, n, yes), score) in alike.iter().zip(&scores) {
                    let (x, p) = (of(x, at), 1.0 / (1.0 + (-score).exp()));
                    slope += (yes - n * p) * x;
                    bend += n * p * (1.0 - p) * x * x;
                }
                if turn == 0 {
                    steepest = steepest.max(slope.abs());
                }
                if slope.abs() < FLAT / 10.0 || bend <= 0.0 {
                    break;
                }
                let step = (slope / bend).clamp(-1.0, 1.0);
                *weight += step;
                scores.iter_mut().zip(&alike).for_each(|(score, (x, ..))| *score += step * of(x, at));
            }
        }
        if steepest < FLAT {
            return weights;
        }
    }
    panic!("no top was reached")
}

/// `told` is chances in ten-thousandths, and whether it came about.
fn figures_agree(row: &RiskModel, told: &[(i64, bool)]) {
    let n = told.len() as f64;
    let yes = told.iter().filter(|one| one.1).count() as f64;
    assert_eq!((row.n_tested, row.n_positive), (told.len() as i64, yes as i64), "{row:?}");
    let near = |what: &str, published: Option<f64>, ours: Option<f64>| {
        let is_near = match (published, ours) {
            (Some(published), Some(ours)) => (published - ours).abs() <= LAST,
            (published, ours) => published.is_none() && ours.is_none(),
        };
        assert!(is_near, "{what}: {published:?} is published, {ours:?} is ours: {row:?}");
    };
    let fixed = |figure: Option<super::Fixed<4>>| figure.map(|figure| figure.0 as f64 / 1e4);
    // Mann and Whitney: the sum of the ranks of those it came about for, ties at their mean.
    let mut ranked: Vec<(i64, bool)> = told.to_vec();
    ranked.sort_unstable();
    let (mut ranks, mut at) = (0.0, 0);
    for tie in ranked.chunk_by(|one, other| one.0 == other.0) {
        let mean = at as f64 + f64::midpoint(tie.len() as f64, 1.0);
        ranks += mean * tie.iter().filter(|one| one.1).count() as f64;
        at += tie.len();
    }
    let pairs = yes * (n - yes);
    let auc = (pairs > 0.0).then(|| (ranks - yes * (yes + 1.0) / 2.0) / pairs);
    near("AUC", fixed(row.auc), auc);
    // Of those with the greatest chance so many; each place of a tie holds the tie's share.
    let size = row.n_at_capacity.unwrap() as usize;
    assert_eq!(size, ((n * 0.05).round() as usize).max(1), "{row:?}");
    let places = ranked.chunk_by(|one, other| one.0 == other.0).rev().flat_map(|tie| {
        let share = tie.iter().filter(|one| one.1).count() as f64 / tie.len() as f64;
        std::iter::repeat_n(share, tie.len())
    });
    let right = (n > 0.0).then(|| places.take(size).sum::<f64>());
    near("precision", fixed(row.precision_at_capacity), right.map(|right| right / size as f64));
    near("recall", fixed(row.recall_at_capacity), right.filter(|_| yes > 0.0).map(|right| right / yes));
    // Calibration in the large, and Brier as the mean square of what was told amiss.
    let sum = told.iter().map(|one| one.0).sum::<i64>() as f64 / 1e4;
    near("expected", fixed(row.expected), (n > 0.0).then_some(sum));
    near("calibration", fixed(row.expected_over_observed), (yes > 0.0).then(|| sum / yes));
    let amiss = |chance: f64, yes: bool| (chance - f64::from(u8::from(yes))).powi(2);
    let brier = told.iter().map(|(chance, yes)| amiss(*chance as f64 / 1e4, *yes)).sum::<f64>();
    let brier = (n > 0.0).then(|| brier / n);
    near("Brier", fixed(row.brier), brier);
    let base = (n > 0.0).then(|| told.iter().map(|one| amiss(yes / n, one.1)).sum::<f64>() / n);
    near("base", fixed(row.brier_base), base);
    let skill = brier.zip(base).filter(|(_, base)| *base > 0.0).map(|(brier, base)| 1.0 - brier / base);
    near("skill", fixed(row.brier_skill), skill);
}
