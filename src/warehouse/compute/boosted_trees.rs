//! Boosted trees of two questions each, for comparison with models that can be read. Nothing is drawn: each tree asks what
//! parts the learners best, and of equal questions the first, so that the same rows give the same trees.
use super::logistic::Cell;

/// How many trees, and how much of each is taken.
const TREES: usize = 100;
const RATE: f64 = 0.1;
/// How strongly a leaf is drawn to nought, and how many learners it has at least.
const PULL: f64 = 1.0;
const LEAST: f64 = 20.0;
/// A question is better than another only by more than this: what sums differently by a hair is equal.
const HAIR: f64 = 1e-9;

/// Asks whether a predictor is at most a value.
#[derive(Debug, Clone, PartialEq)]
struct Question {
    predictor: usize,
    at_most: f64,
}

/// A tree: a leaf, or a question with what follows from yes and from no.
#[derive(Debug, Clone, PartialEq)]
enum Tree {
    Leaf(f64),
    Asks(Question, Box<Tree>, Box<Tree>),
}

impl Tree {
    fn score(&self, x: &[f64]) -> f64 {
        match self {
            Self::Leaf(score) => *score,
            Self::Asks(question, yes, no) => {
                if x[question.predictor] <= question.at_most {
                    yes.score(x)
                } else {
                    no.score(x)
                }
            }
        }
    }
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Boosted {
    start: f64,
    trees: Vec<Tree>,
}

/// What cells come to together: learners, slope and bend of the likelihood.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    slope: f64,
    bend: f64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.slope += other.slope;
        self.bend += other.bend;
    }

    fn less(self, other: Self) -> Self {
        Self { n: self.n - other.n, slope: self.slope - other.slope, bend: self.bend - other.bend }
    }

    fn worth(self) -> f64 {
        self.slope * self.slope / (self.bend + PULL)
    }

    fn leaf(self) -> Tree {
        Tree::Leaf(RATE * self.slope / (self.bend + PULL))
    }
}

fn chance(score: f64) -> f64 {
    1.0 / (1.0 + (-score.clamp(-30.0, 30.0)).exp())
}

impl Boosted {
    /// Fits cells of equal predictors. None where nobody answers yes, or everybody.
    pub fn fit(cells: &[Cell]) -> Option<Self> {
        let (n, yes) = cells.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.n, sum.1 + cell.yes));
        if yes <= 0.0 || yes >= n {
            return None;
        }
        let start = (yes / (n - yes)).ln();
        let values = values(cells);
        let all: Vec<usize> = (0..cells.len()).collect();
        let (mut scores, mut trees) = (vec![start; cells.len()], Vec::with_capacity(TREES));
        for _ in 0..TREES {
            let sums: Vec<Sums> =
                cells.iter().zip(&scores).map(|(cell, score)| sums_of(cell, *score)).collect();
            let tree = grow(cells, &sums, &values, &all, 2);
            for (cell, score) in cells.iter().zip(&mut scores) {
                *score += tree.score(&cell.x);
            }
            trees.push(tree);
        }
        Some(Self { start, trees })
    }

    /// The chance of yes.
    pub fn chance(&self, x: &[f64]) -> f64 {
        chance(self.trees.iter().fold(self.start, |sum, tree| sum + tree.score(x)))
    }
}

fn sums_of(cell: &Cell, score: f64) -> Sums {
    let p = chance(score);
    Sums { n: cell.n, slope: cell.yes - cell.n * p, bend: cell.n * p * (1.0 - p) }
}

/// The values of each predictor, ascending.
fn values(cells: &[Cell]) -> Vec<Vec<f64>> {
    let width = cells.first().map_or(0, |cell| cell.x.len());
    let of_predictor = |at: usize| {
        let mut values: Vec<f64> = cells.iter().map(|cell| cell.x[at]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    (0..width).map(of_predictor).collect()
}

fn grow(cells: &[Cell], sums: &[Sums], values: &[Vec<f64>], here: &[usize], depth: usize) -> Tree {
    let mut all = Sums::default();
    here.iter().for_each(|at| all.add(sums[*at]));
    let Some(question) = (depth > 0).then(|| best(cells, sums, values, here, all)).flatten() else {
        return all.leaf();
    };
    let (yes, no): (Vec<usize>, Vec<usize>) =
        here.iter().partition(|at| cells[**at].x[question.predictor] <= question.at_most);
    let grown = |part: &[usize]| Box::new(grow(cells, sums, values, part, depth - 1));
    Tree::Asks(question, grown(&yes), grown(&no))
}

/// The question that parts these cells best; none where none is worth asking.
fn best(cells: &[Cell], sums: &[Sums], values: &[Vec<f64>], here: &[usize], all: Sums) -> Option<Question> {
    let (mut found, mut gain) = (None, HAIR);
    for (predictor, values) in values.iter().enumerate().filter(|(_, values)| values.len() > 1) {
        let mut of_value = vec![Sums::default(); values.len()];
        for at in here {
            let value = cells[*at].x[predictor];
            of_value[values.partition_point(|one| *one < value)].add(sums[*at]);
        }
        let mut below = Sums::default();
        for (at_most, own) in values.iter().zip(&of_value).take(values.len() - 1) {
            below.add(*own);
            let above = all.less(below);
            let more = below.worth() + above.worth() - all.worth();
            if below.n >= LEAST && above.n >= LEAST && more > gain + HAIR {
                (found, gain) = (Some(Question { predictor, at_most: *at_most }), more);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(x: &[f64], n: f64, yes: f64) -> Cell {
        Cell { x: x.to_vec(), n, yes }
    }

    /// Two answers that matter only together: no line tells them, two questions do.
    #[test]
    fn what_matters_only_together_is_found() {
        let cells = [
            cell(&[0.0, 0.0], 100.0, 10.0),
            cell(&[0.0, 1.0], 100.0, 10.0),
            cell(&[1.0, 0.0], 100.0, 10.0),
            cell(&[1.0, 1.0], 100.0, 70.0),
        ];
        let model = Boosted::fit(&cells).unwrap();
        assert!((model.chance(&[1.0, 1.0]) - 0.7).abs() < 0.02, "{}", model.chance(&[1.0, 1.0]));
        assert!((model.chance(&[0.0, 1.0]) - 0.1).abs() < 0.02, "{}", model.chance(&[0.0, 1.0]));
        assert_eq!(Some(model), Boosted::fit(&cells), "the same again");
    }

    #[test]
    fn few_learners_are_no_leaf_and_one_answer_is_no_model() {
        let cells = [cell(&[0.0], 100.0, 20.0), cell(&[1.0], 19.0, 19.0)];
        let model = Boosted::fit(&cells).unwrap();
        assert!((model.chance(&[0.0]) - 39.0 / 119.0).abs() < 1e-9);
        assert!((model.chance(&[1.0]) - model.chance(&[0.0])).abs() < 1e-12);
        assert!(Boosted::fit(&[cell(&[0.0], 5.0, 5.0)]).is_none());
    }
}
