//! The proof that a hidden cell is hidden: other tables that print the same.
//!
//! A *witness* is a whole table, as changes to the true one, in whole numbers: every shown cell keeps its exact count,
//! no count falls below the least it can be, and the hidden cell is another. Two witnesses that give a cell values as
//! far apart as the protection asks prove that nobody can say more of it from this table, with whatever method. How a
//! witness was found need not be believed: [`Proofs::add`] looks at each one by itself.

use std::rc::Rc;

use super::web::Web;
use crate::disclosure::policy::Policy;

/// A change of one atom.
pub(in crate::disclosure) type Change = (usize, i64);

/// What a hidden cell can be, as far as witnesses show.
#[derive(Debug, Clone, Copy, Default)]
struct Reach {
    /// The most it goes up.
    up: i64,
    /// The most it goes down.
    down: i64,
}

/// Witnesses for one pattern of hidden cells.
#[derive(Debug, Clone)]
pub(in crate::disclosure) struct Proofs<'a> {
    web: &'a Web,
    policy: &'a Policy,
    hidden: Vec<bool>,
    /// For each witness the cells that it changes, in ascending order.
    witnesses: Vec<Rc<[(usize, i64)]>>,
    reach: Vec<Reach>,
}

impl<'a> Proofs<'a> {
    /// Nothing proved yet.
    pub fn new(web: &'a Web, hidden: Vec<bool>, policy: &'a Policy) -> Self {
        let reach = vec![Reach::default(); web.cells.len()];
        Self { web, policy, hidden, witnesses: Vec::new(), reach }
    }

    /// Which cells are hidden.
    pub fn hidden(&self) -> &[bool] {
        &self.hidden
    }

    /// Hides one more cell. What was proved stays so: a witness that left it as it was is still one.
    pub fn hide(&mut self, cell: usize) {
        self.hidden[cell] = true;
    }

    /// Takes a witness, if it is one.
    pub fn add(&mut self, changes: &[Change]) -> bool {
        let mut noticed = Vec::new();
        for (atom, change) in changes.iter().filter(|(_, change)| *change != 0) {
            let Some(least) = self.web.least(*atom, &self.hidden, self.policy) else { return false };
            let value = self.web.atoms[*atom] as i64 + change;
            if value < least as i64 {
                return false;
            }
            noticed.extend(self.web.holders[*atom].iter().map(|cell| (*cell, *change)));
        }
        noticed.sort_unstable();
        let of_one_cell = noticed.chunk_by(|one, other| one.0 == other.0);
        let sums = of_one_cell.map(|changes| (changes[0].0, changes.iter().map(|(_, change)| change).sum()));
        let cells: Rc<[(usize, i64)]> = sums.filter(|(_, change)| *change != 0).collect();
        if cells.iter().any(|(cell, _)| !self.hidden[*cell] && self.web.cells[*cell].listed) {
            return false;
        }
        self.take(cells);
        true
    }

    fn take(&mut self, witness: Rc<[(usize, i64)]>) {
        for (cell, change) in witness.iter() {
            let reach = &mut self.reach[*cell];
            reach.up = reach.up.max(*change);
            reach.down = reach.down.min(*change);
        }
        self.witnesses.push(witness);
    }

    /// How wide the range of a cell is at least, and how much of it lies above the true count.
    pub fn width(&self, cell: usize) -> (i64, i64) {
        let reach = self.reach[cell];
        (reach.up - reach.down, reach.up)
    }

    /// How wide it has to be.
    pub fn needed(&self) -> i64 {
        self.policy.threshold() as i64
    }

    /// Whether a hidden cell is proved to be wide enough.
    pub fn holds(&self, cell: usize) -> bool {
        self.width(cell).0 >= self.needed()
    }

    /// By how much an atom can fall, if all its cells were hidden.
    pub fn room(&self, web: &Web, atom: usize) -> u64 {
        let count = web.atoms[atom];
        let known = !self.policy.hides_zeros() && count > 0;
        count - u64::from(known)
    }

    /// A cell's count as it would be printed: what is chosen by size goes by nothing finer.
    pub fn size(&self, cell: usize) -> u64 {
        self.policy.rounded(self.web.cells[cell].count)
    }

    /// The hidden cells that are not proved.
    pub fn open(&self) -> Vec<usize> {
        (0..self.hidden.len()).filter(|cell| self.hidden[*cell] && !self.holds(*cell)).collect()
    }

    /// The cells.
    pub fn web(&self) -> &'a Web {
        self.web
    }

    /// The same with one cell shown again, and only the witnesses that leave it as it is.
    pub fn showing(&self, cell: usize) -> Self {
        let mut fewer = Self::new(self.web, self.hidden.clone(), self.policy);
        fewer.hidden[cell] = false;
        let changes =
            |witness: &Rc<[(usize, i64)]>| witness.binary_search_by_key(&cell, |(at, _)| *at).is_ok();
        for witness in self.witnesses.iter().filter(|witness| !changes(witness)) {
            fewer.take(Rc::clone(witness));
        }
        fewer
    }
}
