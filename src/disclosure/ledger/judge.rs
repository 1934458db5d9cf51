//! Whether sets of learners that somebody asks for may be told beside all that was told before.
//!
//! Whether a set is *the same* as an earlier one, or differs by a few, must not be told apart: whoever asks for all but those who
//! fulfil a condition would learn whether anybody does. So a set that is nearly an earlier one, or nearly a sum of some, is
//! not told, the same if it is one exactly; unless it follows from how the question is written ([`Symbols`]), for then
//! there is nothing to learn.

use super::span::{Span, Vector};
use super::{Ledger, Set, vector};

/// A set of learners that is asked for.
#[derive(Debug, Clone)]
pub(in crate::disclosure) struct Candidate<'a> {
    /// The learners.
    pub members: &'a [u64],
    /// The same by how the question is written: parts that share nobody, whoever is in them.
    pub symbol: Vec<usize>,
    /// Whether its figure is to be told; else it is hidden already.
    pub is_open: bool,
}

/// What follows from how a question is written.
#[derive(Debug, Clone, Default)]
pub(in crate::disclosure) struct Symbols(Span);

impl Symbols {
    /// Notes that a set is known.
    pub fn add(&mut self, symbol: &[usize]) {
        self.0.add(Vector::of(symbol.iter().copied()), 0);
    }

    /// Whether a set is a sum or difference of known ones.
    pub fn hold(&self, symbol: &[usize]) -> bool {
        self.0.holds(Vector::of(symbol.iter().copied()))
    }
}

impl Ledger {
    /// Which candidates must not be told, each with the earlier answer that it comes too near to, if it is one. `symbols` are
    /// known to begin with those that were told under the same text, and at the end all that may be told.
    pub(in crate::disclosure) fn judge(
        &self,
        candidates: &[Candidate<'_>],
        symbols: &mut Symbols,
    ) -> Vec<(usize, Option<String>)> {
        let fewest = self.policy.threshold() as usize;
        let mut trial = self.clone();
        let sets: Vec<Set> = candidates.iter().map(|candidate| trial.set_of(candidate.members)).collect();
        for (set, candidate) in sets.iter().zip(candidates) {
            let is_small = set.size() > 0 && set.size() < fewest as u64;
            if !candidate.is_open && (is_small || self.near(set).is_some()) {
                trial.span.keep_secret(&vector(set));
            }
        }
        let mut open: Vec<usize> = (0..sets.len()).filter(|at| candidates[*at].is_open).collect();
        open.sort_by_key(|at| (std::cmp::Reverse(sets[*at].size()), *at));
        let mut failed = Vec::new();
        for at in open.iter().copied() {
            let set = &sets[at];
            let near = self.near(set).or_else(|| self.near_hidden(set));
            if near.is_none() && symbols.hold(&candidates[at].symbol) {
                continue;
            }
            let near =
                near.or_else(|| self.near_to_several(set)).or_else(|| self.several_near(&sets, &open, at));
            let is_told =
                near.is_none() && !trial.span.holds(vector(set)) && trial.span.add(vector(set), fewest);
            if is_told {
                symbols.add(&candidates[at].symbol);
            } else {
                let near = near.or_else(|| self.most_shared(set));
                failed.push((at, near.and_then(|entry| self.ids.get(entry)).cloned()));
            }
        }
        failed
    }

    /// An earlier answer with a hidden cell of nearly the same people.
    fn near_hidden(&self, set: &Set) -> Option<usize> {
        let is_near = |hidden: &&super::Shown| hidden.set.apart(set) < self.policy.threshold();
        self.hidden.iter().find(is_near).map(|hidden| hidden.entry)
    }

    fn set_of(&mut self, members: &[u64]) -> Set {
        for member in members {
            let next = self.places.len();
            self.places.entry(*member).or_insert(next);
        }
        Set::of(members.iter().filter_map(|member| self.places.get(member).copied()), self.places.len())
    }
}
