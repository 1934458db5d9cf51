//! Attackers for the tests: they share nothing with the gate but the table's shape, and try every possibility.

use std::collections::BTreeSet;

use super::table::Node;

/// What is printed of one count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Print {
    Number(u64),
    Hidden,
    /// Known to be zero.
    Never,
}

/// Every value that one count can have, by listing sums: the set of values of a whole is the set of all sums of its
/// parts, met with what is printed of the whole itself.
pub(super) struct Lister<'a> {
    pub nodes: &'a [Node],
    pub prints: &'a [Option<Print>],
    pub threshold: u64,
    pub round_to: u64,
    /// No count is thought to be greater.
    pub most: usize,
}

impl Lister<'_> {
    /// All values of `target` that some table has which prints the same.
    pub fn possible(&self, target: usize) -> BTreeSet<u64> {
        let root = self.root(target);
        (0..=self.most as u64).filter(|value| self.values(root, target, *value).contains(&true)).collect()
    }

    fn root(&self, mut index: usize) -> usize {
        while let Some(parent) = self.nodes[index].parent {
            index = parent;
        }
        index
    }

    /// Which values a node can have when `target` has `value`.
    fn values(&self, index: usize, target: usize, value: u64) -> Vec<bool> {
        let node = &self.nodes[index];
        let mut sums = vec![false; self.most + 1];
        if node.children.is_empty() {
            sums.fill(true);
        } else {
            sums[0] = true;
            for child in &node.children {
                let values = self.values(*child, target, value);
                sums = self.all_sums(&sums, &values);
            }
        }
        for (sum, possible) in sums.iter_mut().enumerate() {
            let sum = sum as u64;
            *possible &= self.prints_so(index, sum) && (index != target || sum == value);
        }
        sums
    }

    fn all_sums(&self, one: &[bool], another: &[bool]) -> Vec<bool> {
        let mut sums = vec![false; self.most + 1];
        for left in (0..=self.most).filter(|left| one[*left]) {
            for right in (0..=self.most - left).filter(|right| another[*right]) {
                sums[left + right] = true;
            }
        }
        sums
    }

    fn prints_so(&self, index: usize, value: u64) -> bool {
        match self.prints[index] {
            Some(Print::Number(0) | Print::Never) => value == 0,
            Some(Print::Number(shown)) => value >= self.threshold && nearest(value, self.round_to) == shown,
            Some(Print::Hidden) | None => true,
        }
    }
}

/// The nearest multiple, found by looking for it.
pub(super) fn nearest(value: u64, round_to: u64) -> u64 {
    let multiples = (0..=value / round_to + 1).map(|times| times * round_to);
    multiples.min_by_key(|multiple| (multiple.abs_diff(value), u64::MAX - multiple)).unwrap()
}
