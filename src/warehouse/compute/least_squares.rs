//! Small dense least squares: sums of products in the order of the rows, and Cholesky's root of them.

/// A square matrix by rows.
pub type Matrix = Vec<Vec<f64>>;

/// How much of a column has to be left beside those before it. Less, and it says nothing that they do not.
const LEFT: f64 = 1e-9;

/// Cholesky's root of a symmetric matrix; none where it is not positive definite.
pub fn root(matrix: &Matrix) -> Option<Matrix> {
    let n = matrix.len();
    let mut root = vec![vec![0.0; n]; n];
    for row in 0..n {
        for column in 0..=row {
            let known: f64 = (0..column).map(|at| root[row][at] * root[column][at]).sum();
            let rest = matrix[row][column] - known;
            if row == column {
                if rest <= LEFT * matrix[row][row].abs() {
                    return None;
                }
                root[row][row] = rest.sqrt();
            } else {
                root[row][column] = rest / root[column][column];
            }
        }
    }
    Some(root)
}

/// Solves `matrix × x = right` by the matrix's root.
pub fn solve(root: &Matrix, right: &[f64]) -> Vec<f64> {
    let n = root.len();
    let mut x = right.to_vec();
    for row in 0..n {
        let known: f64 = (0..row).map(|at| root[row][at] * x[at]).sum();
        x[row] = (x[row] - known) / root[row][row];
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|at| root[at][row] * x[at]).sum();
        x[row] = (x[row] - known) / root[row][row];
    }
    x
}

/// Logarithm of the matrix's determinant, from its root.
pub fn log_determinant(root: &Matrix) -> f64 {
    2.0 * root.iter().enumerate().map(|(at, row)| row[at].ln()).sum::<f64>()
}

/// The columns of a matrix of products that say something which those before them do not, from the first on.
pub fn independent(products: &Matrix) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for column in 0..products.len() {
        kept.push(column);
        if root(&part(products, &kept)).is_none() {
            kept.pop();
        }
    }
    kept
}

/// The rows and columns of a matrix that are kept.
pub fn part(matrix: &Matrix, kept: &[usize]) -> Matrix {
    kept.iter().map(|row| kept.iter().map(|column| matrix[*row][*column]).collect()).collect()
}

/// A row's part in a weighted fit.
pub struct Row {
    /// The predictors, the constant among them.
    pub x: Vec<f64>,
    /// The answer.
    pub y: f64,
    /// How much it weighs.
    pub weight: f64,
}

/// What a fit found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Solution {
    /// A coefficient for each predictor; 0 for one that says nothing new.
    pub coefficients: Vec<f64>,
    /// How many predictors say something.
    pub rank: usize,
}

/// A weighted least-squares fit; without rows nothing is found.
pub fn fit(rows: &[Row]) -> Solution {
    let Some(n) = rows.first().map(|row| row.x.len()) else { return Solution::default() };
    let mut products = vec![vec![0.0; n]; n];
    let mut right = vec![0.0; n];
    for row in rows {
        add(&mut right, &row.x, row.weight * row.y);
        add_products(&mut products, &row.x, row.weight);
    }
    let kept = independent(&products);
    let mut coefficients = vec![0.0; n];
    if let Some(root) = root(&part(&products, &kept)) {
        let right: Vec<f64> = kept.iter().map(|at| right[*at]).collect();
        for (at, value) in kept.iter().zip(solve(&root, &right)) {
            coefficients[*at] = value;
        }
    }
    Solution { coefficients, rank: kept.len() }
}

/// Adds a row to a sum of rows, so many times.
pub fn add(sum: &mut [f64], row: &[f64], times: f64) {
    for (sum, one) in sum.iter_mut().zip(row) {
        *sum += times * one;
    }
}

/// Adds the products of a row with itself to a matrix of them, so many times.
pub fn add_products(products: &mut Matrix, row: &[f64], times: f64) {
    for (line, one) in products.iter_mut().zip(row) {
        add(line, row, times * one);
    }
}

/// The sum of products of two rows.
pub fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_found_again_and_a_doubled_column_is_left_out() {
        let row = |a: f64, b: f64, weight| Row { x: vec![1.0, a, b, 2.0 * a], y: 3.0 - a + 0.5 * b, weight };
        let rows = [row(0.0, 1.0, 1.0), row(1.0, 0.0, 2.0), row(2.0, 5.0, 1.0), row(-1.0, 2.0, 4.0)];
        let found = fit(&rows);
        assert_eq!(found.rank, 3);
        for (found, expected) in found.coefficients.iter().zip([3.0, -1.0, 0.5, 0.0]) {
            assert!((found - expected).abs() < 1e-9, "{found}");
        }
        assert_eq!(fit(&[]).rank, 0);
    }
}
