//! What was shown before: whether a new table, put beside all earlier ones, tells of a few.
//!
//! Two tables that are each safe can differ by one child. The ledger knows, for every cell that was ever shown, *who* was
//! counted in it (by pseudonyms, never shown to anyone), and asks of a new table:
//!
//! 1. **Nearly the same people.** Does a cell differ from an earlier one by fewer than the threshold? Subset, rebuilt cohort
//!    and rewritten condition all end here.
//! 2. **Nearly the same people, put together.** Does it differ so from earlier cells side by side, or an earlier one from new
//!    cells side by side? That is differencing by geography.
//! 3. **Any sums and differences.** Shown counts are known sums over learners; whatever adds and subtracts them is in the
//!    space that they span. Does that space, solved, hold a sum over fewer learners than the threshold, or a cell that
//!    some table hides?
//!
//! A cell that fails is hidden in the new table; if the whole population is nearly an earlier one, or three quarters of the table would go,
//! it is refused, by name of the earlier one. Pure like the rest of the gate: entries come in and go out as values.

mod span;

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::policy::Policy;
use super::refusal::Refusal;
use span::{Span, Vector};

/// The most sums over the same people that are looked at together.
const MOST_SUMS: usize = 4_000;

/// A table that was shown, or is to be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// What it is known by.
    pub id: String,
    /// What it is, in words.
    pub title: String,
    /// All its cells, totals and hidden ones too.
    pub cells: Vec<EntryCell>,
}

/// Who is in a cell.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EntryCell {
    /// The learners, by a number for each that is the same in every entry.
    pub members: Vec<u64>,
    /// Whether its count is shown.
    pub shown: bool,
}

/// A set of learners, by their places in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn of(places: impl Iterator<Item = usize>, learners: usize) -> Self {
        let mut words = vec![0; learners.div_ceil(64)];
        places.for_each(|place| words[place / 64] |= 1 << (place % 64));
        Self(words)
    }

    fn size(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    fn pairs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (u64, u64)> + 'a {
        let most = self.0.len().max(other.0.len());
        let word = |set: &Self, at: usize| set.0.get(at).copied().unwrap_or(0);
        (0..most).map(move |at| (word(self, at), word(other, at)))
    }

    fn shared(&self, other: &Self) -> u64 {
        self.pairs(other).map(|(one, another)| u64::from((one & another).count_ones())).sum()
    }

    fn apart(&self, other: &Self) -> u64 {
        self.pairs(other).map(|(one, another)| u64::from((one ^ another).count_ones())).sum()
    }

    fn with(&self, other: &Self) -> Self {
        Self(self.pairs(other).map(|(one, another)| one | another).collect())
    }

    fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        })
    }
}

/// A cell that was shown, and where.
#[derive(Debug, Clone)]
struct Shown {
    set: Set,
    entry: usize,
}

/// All that was shown so far.
#[derive(Debug, Clone)]
pub struct Ledger {
    policy: Policy,
    ids: Vec<String>,
    places: BTreeMap<u64, usize>,
    shown: Vec<Shown>,
    /// Cells that were asked for and are hidden.
    hidden: Vec<Shown>,
    span: Span,
}

impl Ledger {
    /// A ledger of earlier tables, in the order in which they were shown.
    pub fn of(earlier: &[Entry], policy: &Policy) -> Self {
        let mut ledger = Self {
            policy: policy.clone(),
            ids: Vec::new(),
            places: BTreeMap::new(),
            shown: Vec::new(),
            hidden: Vec::new(),
            span: Span::default(),
        };
        earlier.iter().for_each(|entry| ledger.add(entry));
        ledger
    }

    /// Which more cells of a table have to be hidden before it may be shown: none, and it may.
    ///
    /// After hiding some, ask again: what they protect, and what protects them, may have changed.
    ///
    /// # Errors
    /// [`Refusal::TooNear`] where hiding single cells does not help, by the id of the earlier table;
    /// [`Refusal::TooManyLinked`] where the earlier tables are too many to be looked at together.
    pub fn admit(&self, new: &Entry) -> Result<Vec<usize>, Refusal> {
        if self.policy.threshold() == 0 {
            return Ok(Vec::new());
        }
        if self.span.sums() > MOST_SUMS {
            return Err(Refusal::TooManyLinked { most: MOST_SUMS });
        }
        let mut trial = self.clone();
        let sets: Vec<Set> = new.cells.iter().map(|cell| trial.set(cell)).collect();
        let mut open: Vec<usize> = (0..sets.len()).filter(|at| new.cells[*at].shown).collect();
        open.sort_by_key(|at| (std::cmp::Reverse(sets[*at].size()), *at));
        let everybody = sets.iter().fold(Set(Vec::new()), |all, set| all.with(set));
        for (set, _) in sets.iter().zip(&new.cells).filter(|(_, cell)| self.is_secret(cell)) {
            trial.span.keep_secret(&vector(set));
        }
        let mut hide = Vec::new();
        for at in &open {
            let near = self.near(&sets[*at]).or_else(|| self.near_to_several(&sets[*at]));
            let near = near.or_else(|| self.several_near(&sets, &open, *at));
            if near.is_none() && trial.span.add(vector(&sets[*at]), self.policy.threshold() as usize) {
                continue;
            }
            let whole = near.is_some() && sets[*at].apart(&everybody) == 0;
            if whole || (hide.len() + 1) * 4 > open.len() * 3 {
                return Err(self.too_near(near, &sets[*at], new));
            }
            hide.push(*at);
        }
        Ok(hide)
    }

    /// Remembers a table that was shown.
    pub fn add(&mut self, entry: &Entry) {
        let at = self.ids.len();
        self.ids.push(entry.id.clone());
        for cell in &entry.cells {
            let set = self.set(cell);
            // One that is hidden because it is nearly an earlier one would tell of the few between them, however it follows.
            if self.is_secret(cell) || !cell.shown && self.near(&set).is_some() {
                self.span.keep_secret(&vector(&set));
            }
            if cell.members.is_empty() {
                continue;
            }
            if cell.shown {
                self.span.add(vector(&set), 0);
                self.shown.push(Shown { set, entry: at });
            } else {
                self.hidden.push(Shown { set, entry: at });
            }
        }
    }

    fn is_secret(&self, cell: &EntryCell) -> bool {
        !cell.shown && !cell.members.is_empty() && (cell.members.len() as u64) < self.policy.threshold()
    }

    fn set(&mut self, cell: &EntryCell) -> Set {
        for member in &cell.members {
            let next = self.places.len();
            self.places.entry(*member).or_insert(next);
        }
        Set::of(cell.members.iter().filter_map(|member| self.places.get(member).copied()), self.places.len())
    }

    fn is_few(&self, apart: u64) -> bool {
        apart > 0 && apart < self.policy.threshold()
    }

    /// An earlier table with a cell of nearly the same people.
    fn near(&self, set: &Set) -> Option<usize> {
        self.shown.iter().find(|shown| self.is_few(shown.set.apart(set))).map(|shown| shown.entry)
    }

    /// An earlier table of which cells side by side hold nearly the same people.
    fn near_to_several(&self, set: &Set) -> Option<usize> {
        let by_entry = (0..self.ids.len()).map(|entry| {
            (
                entry,
                side_by_side(
                    set,
                    self.shown.iter().filter(move |shown| shown.entry == entry).map(|shown| &shown.set),
                ),
            )
        });
        let of_all = side_by_side(set, self.shown.iter().map(|shown| &shown.set));
        let nearest = self.most_shared(set).unwrap_or(0);
        by_entry
            .chain([(nearest, of_all)])
            .find(|(_, together)| self.is_few(together.apart(set)))
            .map(|(entry, _)| entry)
    }

    /// An earlier table with a cell of nearly the same people as new cells side by side, this one among them.
    fn several_near(&self, sets: &[Set], open: &[usize], at: usize) -> Option<usize> {
        let is_near = |shown: &&Shown| {
            let among = shown.set.shared(&sets[at]) * 2 > sets[at].size();
            let together = || side_by_side(&shown.set, open.iter().map(|other| &sets[*other]));
            among && shown.set.size() > sets[at].size() && self.is_few(together().apart(&shown.set))
        };
        self.shown.iter().find(is_near).map(|shown| shown.entry)
    }

    /// The earlier table with the cell that shares most.
    fn most_shared(&self, set: &Set) -> Option<usize> {
        self.shown.iter().max_by_key(|shown| shown.set.shared(set)).map(|shown| shown.entry)
    }

    fn too_near(&self, near: Option<usize>, set: &Set, new: &Entry) -> Refusal {
        let earlier = near
            .or_else(|| self.most_shared(set))
            .and_then(|entry| self.ids.get(entry))
            .cloned()
            .unwrap_or_default();
        Refusal::TooNear { title: new.title.clone(), earlier, threshold: self.policy.threshold() }
    }
}

/// The cells, largest first, that lie mostly within a set and share nobody, together.
fn side_by_side<'a>(set: &Set, cells: impl Iterator<Item = &'a Set>) -> Set {
    let mut within: Vec<&Set> = cells.filter(|cell| cell.shared(set) * 2 > cell.size()).collect();
    within.sort_by_key(|cell| std::cmp::Reverse(cell.size()));
    // The set itself, or one that holds nearly all of it, says nothing of its parts.
    let mut together = Set(Vec::new());
    for cell in within.into_iter().filter(|cell| cell.size() < set.size()) {
        if together.shared(cell) == 0 {
            together = together.with(cell);
        }
    }
    together
}

fn vector(set: &Set) -> Vector {
    Vector::of(set.places())
}
