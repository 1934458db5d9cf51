use super::{Consequence, Fault, Name, Place, Problem};
use std::collections::BTreeMap;

/// What became of the records of one feed. `read = accepted + set_aside + unchanged + withheld`,
/// always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Records read from the source.
    pub read: u64,
    /// Records of which at least one row is new or changed.
    pub accepted: u64,
    /// Records left out with a fault.
    pub set_aside: u64,
    /// Records that say what is already known.
    pub unchanged: u64,
    /// Records of people who must not be held: who they were is not said.
    pub withheld: u64,
    /// Cells emptied and items left out, in records that went on.
    pub cells_emptied: u64,
    /// Whole documents or pages left out.
    pub documents_set_aside: u64,
    /// Rows that stood before and no longer do: of those that stood, and those that came, these do not stand now.
    pub gone: u64,
}

impl Count {
    /// Whether every record that was read is accounted for.
    pub const fn balances(&self) -> bool {
        self.read == self.accepted + self.set_aside + self.unchanged + self.withheld
    }
    /// Adds another count to this one.
    pub const fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.set_aside += other.set_aside;
        self.unchanged += other.unchanged;
        self.withheld += other.withheld;
        self.cells_emptied += other.cells_emptied;
        self.documents_set_aside += other.documents_set_aside;
        self.gone += other.gone;
    }
}

/// The faults of one run: every place is kept, and counts by feed.
#[derive(Debug, Default)]
pub struct Tally {
    counts: BTreeMap<(Name, Name), Count>,
    faults: Vec<Fault>,
}

impl Tally {
    /// Notes a fault. The record's own fate is counted by [`Tally::count`].
    pub fn note(&mut self, fault: Fault) {
        let count = self.counts.entry((fault.place.source, fault.place.feed)).or_default();
        match fault.consequence {
            Consequence::CellEmptied | Consequence::ItemSetAside => count.cells_emptied += 1,
            Consequence::DocumentSetAside => count.documents_set_aside += 1,
            Consequence::RowSetAside | Consequence::RunHeld | Consequence::Told => {}
        }
        self.faults.push(fault);
    }
    /// The count of one feed, to add to.
    pub fn count(&mut self, place: Place) -> &mut Count {
        self.counts.entry((place.source, place.feed)).or_default()
    }
    /// Every fault, in the order found.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
    /// Counts by source and feed.
    pub fn counts(&self) -> impl Iterator<Item = (Name, Name, &Count)> {
        self.counts.iter().map(|((source, feed), count)| (*source, *feed, count))
    }
    /// The sum over all feeds.
    pub fn total(&self) -> Count {
        let mut total = Count::default();
        for count in self.counts.values() {
            total.add(count);
        }
        total
    }
    /// How often each problem occurred, most frequent first.
    pub fn by_problem(&self) -> Vec<(Name, Name, Name, Problem, Consequence, u64)> {
        let mut by: BTreeMap<_, u64> = BTreeMap::new();
        for fault in &self.faults {
            let p = fault.place;
            *by.entry((p.source, p.feed, p.column, fault.problem, fault.consequence)).or_default() += 1;
        }
        let mut list: Vec<_> = by.into_iter().map(|((s, f, c, p, q), n)| (s, f, c, p, q, n)).collect();
        list.sort_by(|a, b| b.5.cmp(&a.5).then_with(|| a.cmp(b)));
        list
    }
    /// Takes the faults out, for the commit that stores them.
    pub fn take_faults(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_balances_only_when_every_record_has_a_fate() {
        let mut count =
            Count { read: 4, accepted: 1, set_aside: 1, unchanged: 1, withheld: 1, ..Count::default() };
        assert!(count.balances());
        count.read += 1;
        assert!(!count.balances());
    }

    #[test]
    fn a_fault_prints_place_problem_and_consequence() {
        let place = Place {
            document: 2,
            part: 3,
            row: 214,
            column: Name::declare("starts_on"),
            ..Place::feed(Name::declare("riverside"), Name::declare("placements"))
        };
        assert_eq!(
            Fault::row(place, Problem::NotADate).to_string(),
            "riverside placements document 2 sheet 3 row 214 column starts_on: not a date (row set aside)"
        );
    }
}
