//! A logistic model with a gentle pull of its coefficients towards nought, so that a group of whom all or none answered
//! still has a finite one. Newton's method over cells of equal predictors.
use super::least_squares::{add, add_products, dot, root, solve};

/// Rows with the same predictors.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The predictors, the constant first.
    pub x: Vec<f64>,
    /// How many rows.
    pub n: f64,
    /// Of them those with the answer yes.
    pub yes: f64,
}

/// How strongly a coefficient is drawn to nought: as if it had come from a normal curve with this inverse variance. The
/// constant is free.
const PULL: f64 = 0.1;
/// Newton's steps at most, and when to stop before.
const STEPS: usize = 50;
const STILL: f64 = 1e-10;

/// The chance of yes.
pub fn chance(coefficients: &[f64], x: &[f64]) -> f64 {
    1.0 / (1.0 + (-dot(coefficients, x).clamp(-30.0, 30.0)).exp())
}

/// Coefficients, found from `start` on (a fit of nearly the same rows, or noughts). None where nobody answers yes, or
/// everybody: there is nothing to explain.
pub fn fit(cells: &[Cell], start: &[f64]) -> Option<Vec<f64>> {
    let (n, yes) = cells.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.n, sum.1 + cell.yes));
    if yes <= 0.0 || yes >= n {
        return None;
    }
    let width = start.len();
    let mut coefficients = start.to_vec();
    for _ in 0..STEPS {
        let mut slope = vec![0.0; width];
        let mut bend = vec![vec![0.0; width]; width];
        add(&mut slope[1..], &coefficients[1..], -PULL);
        bend.iter_mut().enumerate().skip(1).for_each(|(at, line)| line[at] = PULL);
        for cell in cells.iter().filter(|cell| cell.n > 0.0) {
            let p = chance(&coefficients, &cell.x);
            let (miss, weight) = (cell.yes - cell.n * p, cell.n * p * (1.0 - p));
            add(&mut slope, &cell.x, miss);
            add_products(&mut bend, &cell.x, weight);
        }
        let step = solve(&root(&bend)?, &slope);
        // A step that would overshoot is cut: far from the answer the curve is flatter than it looks.
        let longest = step.iter().fold(0.0_f64, |most, one| most.max(one.abs()));
        let part = if longest > 2.0 { 2.0 / longest } else { 1.0 };
        for (coefficient, step) in coefficients.iter_mut().zip(&step) {
            *coefficient += part * step;
        }
        if longest < STILL {
            break;
        }
    }
    Some(coefficients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_alone_is_the_share_and_groups_are_drawn_together() {
        let cell = |x: &[f64], n, yes| Cell { x: x.to_vec(), n, yes };
        let found = fit(&[cell(&[1.0], 8.0, 6.0)], &[0.0]).unwrap();
        assert!((chance(&found, &[1.0]) - 0.75).abs() < 1e-9);
        let cells = [cell(&[1.0, 0.0], 40.0, 30.0), cell(&[1.0, 1.0], 10.0, 10.0)];
        let found = fit(&cells, &[0.0, 0.0]).unwrap();
        let (one, other) = (chance(&found, &cells[0].x), chance(&found, &cells[1].x));
        assert!((40.0 * one + 10.0 * other - 40.0).abs() < 1e-6, "as many as answered");
        assert!(one > 0.75 && other < 1.0 && other > one, "{one} {other}");
        assert!(fit(&[cell(&[1.0], 3.0, 3.0)], &[0.0]).is_none());
    }

    /// One coefficient after another, each to where its own slope is nought: no matrix, no step over all at once. None where it is not there
    /// after many rounds, as where two predictors say nearly the same.
    fn ascend(cells: &[Cell]) -> Option<Vec<f64>> {
        let mut found = vec![0.0; cells[0].x.len()];
        for _ in 0..20_000 {
            let mut steepest = 0.0_f64;
            for at in 0..found.len() {
                let pull = if at == 0 { 0.0 } else { PULL };
                let (mut slope, mut bend) = (-pull * found[at], pull);
                for cell in cells {
                    let score: f64 = cell.x.iter().zip(&found).map(|(x, weight)| x * weight).sum();
                    let p = 1.0 / (1.0 + (-score).exp());
                    slope += (cell.yes - cell.n * p) * cell.x[at];
                    bend += cell.n * p * (1.0 - p) * cell.x[at] * cell.x[at];
                }
                steepest = steepest.max(slope.abs());
                if bend > 0.0 {
                    found[at] += (slope / bend).clamp(-0.5, 0.5);
                }
            }
            if steepest < 1e-10 {
                return Some(found);
            }
        }
        None
    }

    /// How steep it still is at the steepest, which at the one summit that there is is nought.
    fn steepest(cells: &[Cell], at: &[f64]) -> f64 {
        let slope = |of: usize| {
            let pull = if of == 0 { 0.0 } else { PULL * at[of] };
            let missed = cells.iter().map(|cell| (cell.yes - cell.n * chance(at, &cell.x)) * cell.x[of]);
            (missed.sum::<f64>() - pull).abs()
        };
        (0..at.len()).map(slope).fold(0.0, f64::max)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn coefficients_are_those_that_another_climb_ends_at(
            rows in proptest::collection::vec((0..3_u8, 0..4_u8, 1..30_u8, 0.0..1.0_f64), 3..12),
        ) {
            let cells: Vec<Cell> = rows
                .iter()
                .map(|(one, other, n, share)| Cell {
                    x: vec![1.0, f64::from(*one), f64::from(*other), f64::from(u8::from(*one == 2))],
                    n: f64::from(*n),
                    yes: (share * f64::from(*n)).floor(),
                })
                .collect();
            let (n, yes) = cells.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.n, sum.1 + cell.yes));
            let found = fit(&cells, &[0.0; 4]);
            proptest::prop_assert_eq!(found.is_some(), yes > 0.0 && yes < n);
            let Some(found) = found else { return Ok(()) };
            proptest::prop_assert!(steepest(&cells, &found) < 1e-6, "{:?}", found);
            for (ours, theirs) in found.iter().zip(ascend(&cells).into_iter().flatten()) {
                proptest::prop_assert!((ours - theirs).abs() < 1e-6, "{:?} {:?}", found, theirs);
            }
        }
    }
}
