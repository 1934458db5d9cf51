//! All sums that follow from shown sums, by adding and subtracting.
//!
//! Each shown count is a sum over learners. Solved like equations, in whole numbers modulo a large prime (exact, where
//! fractions are not), the rows of the solution are sums too, and the shortest ones that there are: a learner whose own
//! count follows from all that is shown stands alone in a row.

/// 2^31 − 1. A small sum that is none, but seems so modulo this, costs one cell in two thousand million.
const PRIME: u64 = 2_147_483_647;

/// Coefficients over learners; those beyond the end are zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Vector(Vec<u32>);

impl Vector {
    /// One for each of these learners.
    pub fn of(places: impl Iterator<Item = usize>) -> Self {
        let mut values = Vec::new();
        for place in places {
            if values.len() <= place {
                values.resize(place + 1, 0);
            }
            values[place] = 1;
        }
        Self(values)
    }

    fn at(&self, place: usize) -> u64 {
        self.0.get(place).map_or(0, |value| u64::from(*value))
    }

    fn first(&self) -> Option<usize> {
        self.0.iter().position(|value| *value != 0)
    }

    fn support(&self) -> usize {
        self.0.iter().filter(|value| **value != 0).count()
    }

    /// Takes another away so many times.
    fn less(&mut self, other: &Self, times: u64) {
        if times == 0 {
            return;
        }
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let times = PRIME - times;
        for (value, other) in self.0.iter_mut().zip(&other.0) {
            *value = ((u64::from(*value) + times * u64::from(*other)) % PRIME) as u32;
        }
    }

    fn scaled(&mut self, by: u64) {
        self.0.iter_mut().for_each(|value| *value = (u64::from(*value) * by % PRIME) as u32);
    }
}

/// The space of all sums that follow, solved; and the sums that must never be in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Span {
    /// Each has one at its pivot, and the others nothing there.
    rows: Vec<(usize, Vector)>,
    /// What is left of each secret when all that follows is taken away.
    secrets: Vec<Vector>,
}

impl Span {
    pub fn sums(&self) -> usize {
        self.rows.len()
    }

    /// Watches over a sum. One that follows already cannot be kept.
    pub fn keep_secret(&mut self, sum: &Vector) {
        let left = self.reduced(sum.clone());
        if left.first().is_some() {
            self.secrets.push(left);
        }
    }

    /// Adds a sum, unless one over fewer than so many learners would follow, or a secret. False if it would.
    pub fn add(&mut self, sum: Vector, fewest: usize) -> bool {
        let mut left = self.reduced(sum);
        let Some(pivot) = left.first() else { return true };
        left.scaled(inverse(left.at(pivot)));
        let is_few = |vector: &Vector| (1..fewest).contains(&vector.support());
        if fewest > 0 && is_few(&left) {
            return false;
        }
        let change = |vector: &Vector| {
            let times = vector.at(pivot);
            (times != 0).then(|| {
                let mut changed = vector.clone();
                changed.less(&left, times);
                changed
            })
        };
        let rows: Vec<Option<Vector>> = self.rows.iter().map(|(_, row)| change(row)).collect();
        let secrets: Vec<Option<Vector>> = self.secrets.iter().map(change).collect();
        let follows = |secret: &Vector| secret.first().is_none();
        if fewest > 0 && (rows.iter().flatten().any(is_few) || secrets.iter().flatten().any(follows)) {
            return false;
        }
        for ((_, row), changed) in self.rows.iter_mut().zip(rows) {
            if let Some(changed) = changed {
                *row = changed;
            }
        }
        for (secret, changed) in self.secrets.iter_mut().zip(secrets) {
            if let Some(changed) = changed {
                *secret = changed;
            }
        }
        self.secrets.retain(|secret| secret.first().is_some());
        self.rows.push((pivot, left));
        true
    }

    fn reduced(&self, mut sum: Vector) -> Vector {
        for (pivot, row) in &self.rows {
            let times = sum.at(*pivot);
            sum.less(row, times);
        }
        sum
    }
}

/// Fermat's inverse.
fn inverse(value: u64) -> u64 {
    let (mut base, mut power, mut result) = (value % PRIME, PRIME - 2, 1);
    while power > 0 {
        if power & 1 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        power >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_left_over_by_three_sums_is_found() {
        let mut span = Span::default();
        assert!(span.add(Vector::of(0..30), 10));
        assert!(span.add(Vector::of(0..15), 10));
        let rest = Vector::of(16..30);
        assert!(!span.add(rest.clone(), 10), "the first less the other two is one learner");
        assert!(span.add(rest, 0), "and what was shown was shown");
        assert_eq!(span.rows.iter().map(|(_, row)| row.support()).min(), Some(1));
    }

    #[test]
    fn a_secret_is_not_given_away() {
        let mut span = Span::default();
        span.keep_secret(&Vector::of(0..7));
        assert!(span.add(Vector::of(0..40), 5));
        assert!(!span.add(Vector::of(7..40), 5));
        assert!(span.add(Vector::of(6..40), 5));
    }

    #[test]
    fn numbers_have_inverses() {
        for value in [1, 2, 3, 1_000, PRIME - 1] {
            assert_eq!(value * inverse(value) % PRIME, 1);
        }
    }
}
