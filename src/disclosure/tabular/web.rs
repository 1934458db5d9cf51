//! Cells that hold each other: counts of the finest groups, and every cell as a set of them.
//!
//! A table with two or three dimensions is no tree, for a cell belongs to a row and to a column. What all such tables
//! have in common, with levels within levels and side by side, is this: there are finest groups that share nobody
//! (*atoms*), and a cell is the sum of some of them. An outsider who knows the exact count behind every shown cell
//! knows so many sums, and nothing else.

use crate::disclosure::policy::Policy;

/// One count that can be looked up in the table.
#[derive(Debug, Clone)]
pub(in crate::disclosure) struct Cell {
    /// The atoms that it is the sum of, in ascending order.
    pub atoms: Vec<usize>,
    /// Distinct learners.
    pub count: u64,
    /// What it costs a reader to lose it, in no unit: least for an innermost cell.
    pub weight: u64,
    /// True when everybody knows it to be zero.
    pub structural: bool,
    /// False for a whole that no row shows: nothing is hidden in it, but what is nearly all of it is.
    pub listed: bool,
}

/// Atoms and the cells over them.
#[derive(Debug, Clone)]
pub(in crate::disclosure) struct Web {
    /// Distinct learners of each atom.
    pub atoms: Vec<u64>,
    /// All cells, listed or not.
    pub cells: Vec<Cell>,
    /// For each atom the cells that hold it.
    pub holders: Vec<Vec<usize>>,
    /// For each atom whether everybody knows that it has nobody.
    structural: Vec<bool>,
}

impl Web {
    /// The web of such cells.
    pub fn new(atoms: Vec<u64>, cells: Vec<Cell>) -> Self {
        let mut holders = vec![Vec::new(); atoms.len()];
        let mut structural = vec![false; atoms.len()];
        for (at, cell) in cells.iter().enumerate() {
            for atom in &cell.atoms {
                holders[*atom].push(at);
                structural[*atom] |= cell.structural;
            }
        }
        Self { atoms, cells, holders, structural }
    }

    /// Whether a cell holds all atoms of another, and more.
    pub fn is_within(&self, inner: usize, outer: usize) -> bool {
        let (inner, outer) = (&self.cells[inner].atoms, &self.cells[outer].atoms);
        inner.len() < outer.len() && inner.iter().all(|atom| outer.binary_search(atom).is_ok())
    }

    /// Which cells are hidden for what they are: small, or nearly all of a whole that holds others too.
    pub fn small(&self, policy: &Policy) -> Vec<bool> {
        (0..self.cells.len())
            .map(|at| {
                let cell = &self.cells[at];
                cell.listed
                    && !cell.structural
                    && (policy.is_small(cell.count) || self.is_nearly_all(at, policy))
            })
            .collect()
    }

    fn is_nearly_all(&self, at: usize, policy: &Policy) -> bool {
        let cell = &self.cells[at];
        let Some(first) = cell.atoms.first().filter(|_| cell.count > 0) else { return false };
        self.holders[*first].iter().any(|whole| {
            self.cells[*whole].count - cell.count.min(self.cells[*whole].count) < policy.threshold()
                && self.is_within(at, *whole)
                && self.others_are_possible(at, *whole)
        })
    }

    /// Whether a whole has room for anybody who is not in the part.
    fn others_are_possible(&self, part: usize, whole: usize) -> bool {
        let part = &self.cells[part].atoms;
        self.cells[whole]
            .atoms
            .iter()
            .any(|atom| part.binary_search(atom).is_err() && !self.is_structural(*atom))
    }

    /// The cell that is an atom alone, if a row shows it.
    pub fn innermost(&self, atom: usize) -> Option<usize> {
        self.holders[atom]
            .iter()
            .copied()
            .find(|cell| self.cells[*cell].listed && self.cells[*cell].atoms.len() == 1)
    }

    /// Whether everybody knows that an atom has nobody.
    pub fn is_structural(&self, atom: usize) -> bool {
        self.structural[atom]
    }

    /// The least that an atom can be, for somebody who sees which cells are hidden; none where it cannot be other
    /// than it is.
    ///
    /// Where zeros are shown, a hidden cell is as good as known not to be one.
    pub fn least(&self, atom: usize, hidden: &[bool], policy: &Policy) -> Option<u64> {
        let mut least = 0;
        for cell in &self.holders[atom] {
            let held = &self.cells[*cell];
            if held.structural || !hidden[*cell] && held.listed && held.atoms.len() == 1 {
                return None;
            }
            if held.listed && held.atoms.len() == 1 && held.count > 0 && !policy.hides_zeros() {
                least = 1;
            }
        }
        Some(least)
    }
}
