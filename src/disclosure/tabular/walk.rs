//! Looking for witnesses: the simplex method, from the true table outwards, in whole numbers.
//!
//! The shown cells are equations between the changes of the hidden atoms. Solved for as many atoms as there are equations,
//! they leave the rest free; a free atom is moved as far as the counts allow, an atom that stops it takes its place,
//! and so on until a cell has gone far enough. The true table is always a place to start from, so there is no first
//! phase, and nothing is optimal here: what counts is the witness, and each is checked
//! ([`Proofs`](super::witness::Proofs)). Arithmetic in binary fractions is good enough for that: at worst a witness is
//! missed and one more cell hidden.

use super::web::Web;
use super::witness::Change;
use crate::disclosure::policy::Policy;

/// What is taken for zero, and how near a whole number is one.
const TINY: f64 = 1e-7;
/// Steps of one search. Few need more than a dozen.
const MOST_STEPS: usize = 400;

/// The equations of one pattern, solved.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// The hidden atoms, one a column.
    columns: Vec<usize>,
    /// For each atom its column.
    column_of: Vec<Option<usize>>,
    /// How far each may fall.
    room: Vec<i64>,
    /// For each equation the factor of every column. One that an equation is solved for has a one there and, but for what
    /// rounding leaves, nothing elsewhere.
    rows: Vec<Vec<f64>>,
    /// For each equation the column that it is solved for.
    solved_for: Vec<usize>,
    /// For each column the equation that is solved for it.
    row_of: Vec<Option<usize>>,
}

impl Walk {
    /// Solves what the shown cells say of the hidden atoms.
    pub fn new(web: &Web, hidden: &[bool], policy: &Policy) -> Self {
        let mut walk = Self {
            columns: Vec::new(),
            column_of: vec![None; web.atoms.len()],
            room: Vec::new(),
            rows: Vec::new(),
            solved_for: Vec::new(),
            row_of: Vec::new(),
        };
        for (atom, count) in web.atoms.iter().enumerate() {
            if let Some(least) = web.least(atom, hidden, policy) {
                walk.column_of[atom] = Some(walk.columns.len());
                walk.columns.push(atom);
                walk.room.push(count.saturating_sub(least) as i64);
                walk.row_of.push(None);
            }
        }
        for (at, cell) in web.cells.iter().enumerate() {
            if !hidden[at] && cell.listed && cell.atoms.len() > 1 {
                walk.fix(&cell.atoms);
            }
        }
        walk
    }

    /// Equations times hidden atoms: what a step costs.
    pub fn size(&self) -> usize {
        self.solved_for.len() * self.columns.len()
    }

    /// Adds the equation that some atoms together do not change.
    pub fn fix(&mut self, atoms: &[usize]) {
        let mut row = self.sum_of(atoms, 1.0);
        for (factors, solved_for) in self.rows.iter().zip(&self.solved_for) {
            let times = row[*solved_for];
            if times.abs() > TINY {
                less(&mut row, times, factors);
            }
        }
        let largest = (0..row.len()).max_by(|one, other| row[*one].abs().total_cmp(&row[*other].abs()));
        let Some(column) = largest.filter(|column| row[*column].abs() > TINY) else { return };
        self.rows.push(row);
        self.row_of[column] = Some(self.solved_for.len());
        self.solved_for.push(column);
        self.solve(self.solved_for.len() - 1, column);
    }

    /// A sum of atoms, so many of each: for each column how many.
    fn sum_of(&self, atoms: &[usize], of_each: f64) -> Vec<f64> {
        let mut sum = vec![0.0; self.columns.len()];
        atoms.iter().filter_map(|atom| self.column_of[*atom]).for_each(|column| sum[column] = of_each);
        sum
    }

    /// Makes an equation the one that is solved for a column.
    fn solve(&mut self, at: usize, column: usize) {
        let mut solved = std::mem::take(&mut self.rows[at]);
        let pivot = solved[column];
        solved.iter_mut().filter(|value| **value != 0.0).for_each(|value| *value /= pivot);
        solved[column] = 0.0;
        for row in &mut self.rows {
            let times = row.get(column).copied().unwrap_or_default();
            if times.abs() > TINY {
                less(row, times, &solved);
                row[column] = 0.0;
            }
        }
        solved[column] = 1.0;
        self.rows[at] = solved;
    }

    /// Solves an equation for another column than it is.
    fn trade(&mut self, at: usize, column: usize) {
        self.row_of[self.solved_for[at]] = None;
        self.row_of[column] = Some(at);
        self.solved_for[at] = column;
        self.solve(at, column);
    }

    /// Changes that move the sum of some atoms up (`sign` 1) or down (-1), as far as `goal` if they can.
    pub fn towards(&mut self, atoms: &[usize], sign: i64, goal: i64) -> Vec<Change> {
        let mut at =
            Place { change: vec![0; self.columns.len()], gained: 0, stuck: vec![false; self.columns.len()] };
        let wished = self.sum_of(atoms, sign as f64);
        let mut idle = 0;
        for _ in 0..MOST_STEPS {
            if at.gained >= goal {
                break;
            }
            let Some((column, gain)) = self.best(&wished, &at, idle > 20) else { break };
            let before = at.gained;
            self.step(&mut at, column, gain, goal);
            idle = if at.gained > before { 0 } else { idle + 1 };
        }
        let moved = self.columns.iter().zip(&at.change).filter(|(_, change)| **change != 0);
        moved.map(|(atom, change)| (*atom, *change)).collect()
    }

    /// The free column that gains most, and how much one of it gains (negative: by falling). The first that gains
    /// at all after a while without gain, for then the search might go in circles.
    fn best(&self, wished: &[f64], at: &Place, take_first: bool) -> Option<(usize, f64)> {
        let held = |(row, column): (usize, &usize)| (row, wished[*column]);
        let held: Vec<(usize, f64)> =
            self.solved_for.iter().enumerate().map(held).filter(|(_, times)| *times != 0.0).collect();
        let mut gains = wished.to_vec();
        held.iter().for_each(|(row, times)| less(&mut gains, *times, &self.rows[*row]));
        let mut useful = gains.into_iter().enumerate().filter(|(column, gain)| {
            gain.abs() > TINY
                && self.row_of[*column].is_none()
                && !at.stuck[*column]
                && (*gain > 0.0 || at.change[*column] + self.room[*column] > 0)
        });
        if take_first {
            useful.next()
        } else {
            useful.max_by(|one, other| one.1.abs().total_cmp(&other.1.abs()))
        }
    }

    /// Moves a free column as far as it goes.
    fn step(&mut self, at: &mut Place, column: usize, gain: f64, goal: i64) {
        let up = if gain > 0.0 { 1.0 } else { -1.0 };
        let mut most = ((goal - at.gained) as f64 / gain.abs()).ceil().max(1.0);
        if up < 0.0 {
            most = most.min((at.change[column] + self.room[column]) as f64);
        }
        let mut stopped_by = None;
        let mut times = 1_i64;
        let factors: Vec<f64> = self.rows.iter().map(|row| row[column]).collect();
        for (row, factor) in factors.iter().enumerate() {
            let falls = factor * up;
            if falls.abs() <= TINY {
                continue;
            }
            // Not even one step is possible already, of whatever length: no other equation changes that.
            if most <= TINY {
                break;
            }
            if most + TINY >= times as f64 {
                times = times.max(denominator(falls));
            }
            let solved_for = self.solved_for[row];
            if falls > 0.0 {
                let room = (at.change[solved_for] + self.room[solved_for]) as f64 / falls;
                if room < most - TINY {
                    (most, stopped_by) = (room.max(0.0), Some(row));
                }
            }
        }
        let whole = (most + TINY).floor() as i64 / times * times;
        if whole > 0 {
            self.apply(at, (column, &factors), whole * up as i64, (gain.abs() * whole as f64).round() as i64);
        }
        match stopped_by {
            Some(row) if most - whole as f64 <= TINY => self.trade(row, column),
            _ if whole == 0 => at.stuck[column] = true,
            _ => {}
        }
    }

    fn apply(&self, at: &mut Place, (column, factors): (usize, &[f64]), by: i64, gained: i64) {
        at.change[column] += by;
        for (factor, solved_for) in factors.iter().zip(&self.solved_for) {
            if factor.abs() > TINY {
                at.change[*solved_for] -= whole(factor * by as f64);
            }
        }
        at.gained += gained;
        at.stuck.fill(false);
    }
}

/// Where a search has come to.
struct Place {
    change: Vec<i64>,
    gained: i64,
    /// Columns that cannot be moved by a whole number from here.
    stuck: Vec<bool>,
}

/// Takes so many times some factors from others.
fn less(from: &mut [f64], times: f64, factors: &[f64]) {
    from.iter_mut().zip(factors).for_each(|(value, factor)| *value -= times * factor);
}

/// The smallest number of times that makes a fraction whole; those of tables are halves and thirds.
fn denominator(value: f64) -> i64 {
    let is_whole = |times: &i64| {
        let product = value * *times as f64;
        (product - whole(product) as f64).abs() <= TINY
    };
    (1..=12).find(is_whole).unwrap_or(i64::MAX / 2)
}

/// The nearest whole number, halves away from nothing: `round`, without the call that it is.
fn whole(value: f64) -> i64 {
    (value + 0.5_f64.copysign(value)) as i64
}
