//! A linear model whose intercept differs from group to group: `y = x b + u + e`, u of the group and e of the row, both
//! normal. Fitted by (restricted) maximum likelihood: with the ratio of the variances held, coefficients and residual
//! variance have closed forms, so that one number is searched for and nothing else.
use super::least_squares::{Matrix, add, add_products, dot, independent, log_determinant, part, root, solve};

/// The rows of one group: predictors (the constant among them) and the answer.
pub type Group = Vec<(Vec<f64>, f64)>;

/// Which likelihood is made greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likelihood {
    /// Of the answers. Variances come out too small by what the coefficients took.
    Full,
    /// Of what the coefficients leave: variances without that bias.
    Restricted,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// A coefficient for each predictor; 0 where it says nothing that those before it do not.
    pub coefficients: Vec<f64>,
    /// Variance between groups.
    pub between: f64,
    /// Variance of rows within their group.
    pub residual: f64,
    /// For each group, in the order given.
    pub effects: Vec<Effect>,
}

/// How far a group stands from what its rows' predictors let expect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Mean residual of its rows.
    pub raw: f64,
    /// The same drawn towards nought: by the variances, given how many rows there are.
    pub shrunken: f64,
    /// How much of `raw` is left: from 0 to 1.
    pub reliability: f64,
    /// Standard deviation of the group's true place around `shrunken`, the coefficients taken as known.
    pub spread: f64,
}

/// Sums over rows, and over each group: all that the likelihood needs.
struct Sums {
    rows: f64,
    products: Matrix,
    right: Vec<f64>,
    squares: f64,
    groups: Vec<GroupSums>,
}

struct GroupSums {
    n: f64,
    x: Vec<f64>,
    y: f64,
}

/// A point of the profile: how likely, with which coefficients and squares left.
struct Point {
    likelihood: f64,
    coefficients: Vec<f64>,
    squares: f64,
}

/// Fits the model. None with fewer than two groups, or no more rows than predictors.
pub fn fit(groups: &[Group], by: Likelihood) -> Option<Fit> {
    let all = sums(groups)?;
    let kept = independent(&all.products);
    let sums = all.keeping(&kept);
    if groups.len() < 2 || sums.rows <= kept.len() as f64 {
        return None;
    }
    let ratio = most_likely(|ratio| sums.point(ratio, by).map(|point| point.likelihood))?;
    let point = sums.point(ratio, by)?;
    let residual = point.squares / sums.freedom(by);
    let mut coefficients = vec![0.0; all.right.len()];
    for (at, value) in kept.iter().zip(&point.coefficients) {
        coefficients[*at] = *value;
    }
    let effects = sums.groups.iter().map(|group| {
        let raw = (group.y - dot(&group.x, &point.coefficients)) / group.n;
        let reliability = group.n * ratio / (1.0 + group.n * ratio);
        let spread = (ratio * residual / (1.0 + group.n * ratio)).sqrt();
        Effect { raw, shrunken: reliability * raw, reliability, spread }
    });
    Some(Fit { coefficients, between: ratio * residual, residual, effects: effects.collect() })
}

fn sums(groups: &[Group]) -> Option<Sums> {
    let n = groups.iter().flatten().next()?.0.len();
    let mut sums = Sums {
        rows: 0.0,
        products: vec![vec![0.0; n]; n],
        right: vec![0.0; n],
        squares: 0.0,
        groups: Vec::with_capacity(groups.len()),
    };
    for group in groups {
        let mut own = GroupSums { n: 0.0, x: vec![0.0; n], y: 0.0 };
        for (x, y) in group {
            own.n += 1.0;
            own.y += y;
            sums.squares += y * y;
            add(&mut own.x, x, 1.0);
            add(&mut sums.right, x, *y);
            add_products(&mut sums.products, x, 1.0);
        }
        sums.rows += own.n;
        sums.groups.push(own);
    }
    Some(sums)
}

impl Sums {
    /// Of some of the predictors.
    fn keeping(&self, kept: &[usize]) -> Self {
        let of = |values: &[f64]| kept.iter().map(|at| values[*at]).collect::<Vec<f64>>();
        let groups = self.groups.iter().map(|group| GroupSums { n: group.n, x: of(&group.x), y: group.y });
        Self {
            rows: self.rows,
            products: part(&self.products, kept),
            right: of(&self.right),
            squares: self.squares,
            groups: groups.collect(),
        }
    }

    fn freedom(&self, by: Likelihood) -> f64 {
        match by {
            Likelihood::Full => self.rows,
            Likelihood::Restricted => self.rows - self.right.len() as f64,
        }
    }

    /// The best that can be had where the variance between groups is `ratio` times that within them. A group's inverse
    /// covariance is `1 - ratio / (1 + n ratio)` times all ones, so sums of the group are enough.
    fn point(&self, ratio: f64, by: Likelihood) -> Option<Point> {
        let (mut products, mut right, mut squares) =
            (self.products.clone(), self.right.clone(), self.squares);
        let mut spread = 0.0;
        for group in self.groups.iter().filter(|group| group.n > 0.0) {
            let drawn = ratio / (1.0 + group.n * ratio);
            spread += (1.0 + group.n * ratio).ln();
            squares -= drawn * group.y * group.y;
            add(&mut right, &group.x, -drawn * group.y);
            add_products(&mut products, &group.x, -drawn);
        }
        let root = root(&products)?;
        let coefficients = solve(&root, &right);
        let squares = squares - dot(&coefficients, &right);
        let freedom = self.freedom(by);
        let determinant = if by == Likelihood::Restricted { log_determinant(&root) } else { 0.0 };
        let likelihood = -0.5 * (freedom * (squares / freedom).ln() + spread + determinant);
        likelihood.is_finite().then_some(Point { likelihood, coefficients, squares })
    }
}

/// The ratio with the greatest likelihood: none at all, or the best of a grid from a millionth to ten thousand, then by
/// the golden section around it.
fn most_likely(likelihood: impl Fn(f64) -> Option<f64>) -> Option<f64> {
    const STEPS: i32 = 60;
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let log_at = |step: i32| (1e-6_f64).ln() + f64::from(step) / f64::from(STEPS) * (1e10_f64).ln();
    let at = |log: f64| likelihood(log.exp()).unwrap_or(f64::NEG_INFINITY);
    let none = likelihood(0.0)?;
    let (mut best, mut height) = (0, f64::NEG_INFINITY);
    for step in 0..=STEPS {
        let here = at(log_at(step));
        if here > height {
            (best, height) = (step, here);
        }
    }
    let (mut low, mut high) = (log_at((best - 1).max(0)), log_at((best + 1).min(STEPS)));
    for _ in 0..80 {
        let (one, other) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if at(one) >= at(other) { high = other } else { low = one }
    }
    let log = 0.5 * (low + high);
    Some(if at(log) > none { log.exp() } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups of one size without predictors have a closed form: variances from the mean squares of the table of
    /// variance, which are those of the restricted likelihood.
    #[test]
    fn balanced_groups_give_the_variances_of_the_textbook() {
        let answers = [[1.0, 2.0, 3.0], [4.0, 6.0, 5.0], [9.0, 7.0, 8.0], [2.0, 2.5, 3.0]];
        let groups: Vec<Group> =
            answers.iter().map(|group| group.iter().map(|y| (vec![1.0], *y)).collect()).collect();
        let means: Vec<f64> = answers.iter().map(|group| group.iter().sum::<f64>() / 3.0).collect();
        let mean = means.iter().sum::<f64>() / 4.0;
        let over = 3.0 * means.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / 3.0;
        let within = answers
            .iter()
            .zip(&means)
            .flat_map(|(group, mean)| group.iter().map(move |y| (y - mean).powi(2)));
        let within = within.sum::<f64>() / 8.0;
        let found = fit(&groups, Likelihood::Restricted).unwrap();
        assert!((found.residual - within).abs() < 1e-6, "{found:?}");
        assert!((found.between - (over - within) / 3.0).abs() < 1e-6, "{found:?}");
        assert!((found.coefficients[0] - mean).abs() < 1e-9);
        let reliability = found.between / (found.between + found.residual / 3.0);
        for (effect, own) in found.effects.iter().zip(&means) {
            assert!((effect.raw - (own - mean)).abs() < 1e-9);
            assert!((effect.shrunken - reliability * effect.raw).abs() < 1e-9);
            assert!((effect.spread.powi(2) - found.between * (1.0 - reliability)).abs() < 1e-6);
        }
    }

    #[test]
    fn groups_that_do_not_differ_have_no_variance_between_them() {
        let group = || vec![(vec![1.0, 0.0], 1.0), (vec![1.0, 1.0], 2.5), (vec![1.0, 2.0], 2.5)];
        let found = fit(&[group(), group(), group()], Likelihood::Restricted).unwrap();
        assert!(found.between == 0.0 && found.effects.iter().all(|effect| effect.shrunken == 0.0));
        assert!(fit(&[group()], Likelihood::Full).is_none());
        assert!(fit(&[], Likelihood::Full).is_none());
    }
}
