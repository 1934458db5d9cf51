use crate::privacy::Pseudonym;
use std::collections::{BTreeSet, HashMap};

/// A bit for each record of a run: all that the fold keeps of one.
#[derive(Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn of(records: u64) -> Self {
        Self(vec![0; (records as usize).div_ceil(64)])
    }
    pub(super) fn set(&mut self, at: u64) {
        if let Some(word) = self.0.get_mut(at as usize / 64) {
            *word |= 1 << (at % 64);
        }
    }
    pub(super) fn get(&self, at: u64) -> bool {
        self.0.get(at as usize / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }
}

/// What became of each record.
#[derive(Default)]
pub(super) struct Ledger {
    /// It belongs to a document that does not count.
    pub(super) void: Bits,
    /// A row of it says a key that its document had said before.
    pub(super) again: Bits,
    /// ... and says something else under it.
    pub(super) differs: Bits,
    /// A row of it says a key that its document had not said before.
    pub(super) first: Bits,
    /// Something of it is new to the source.
    pub(super) new: Bits,
    /// It says of a row that stood that it is gone; of how many more than one, where there are more.
    gone: Bits,
    more_gone: HashMap<u64, u64>,
}

impl Ledger {
    pub(super) fn of(records: u64) -> Self {
        let bits = || Bits::of(records);
        let (void, again, differs, first, new, gone) = (bits(), bits(), bits(), bits(), bits(), bits());
        Self { void, again, differs, first, new, gone, more_gone: HashMap::new() }
    }

    /// A row that stood is gone, as a record says.
    pub(super) fn went(&mut self, record: u64) {
        if self.gone.get(record) {
            *self.more_gone.entry(record).or_default() += 1;
        }
        self.gone.set(record);
    }

    /// Rows that stood and are gone, as a record says.
    pub(super) fn gone(&self, record: u64) -> u64 {
        u64::from(self.gone.get(record)) + self.more_gone.get(&record).copied().unwrap_or(0)
    }

    /// Whether it says nothing but keys that its document had said before: the first stands, and it is set aside.
    pub(super) fn is_duplicate(&self, record: u64) -> bool {
        self.again.get(record) && !self.first.get(record)
    }
}

/// How many people there are, exactly up to a thousand and closely above, in a space that does not grow: pseudonyms are
/// spread evenly, so the thousandth smallest says how dense they lie (k minimum values).
#[derive(Default)]
pub(super) struct Census(BTreeSet<u64>);

impl Census {
    const MOST: usize = 1_024;

    pub(super) fn add(&mut self, subject: &Pseudonym) {
        let at = (u128::from_be_bytes(*subject) >> 64) as u64;
        if self.0.len() < Self::MOST || self.0.last().is_some_and(|last| at < *last) {
            self.0.insert(at);
            if self.0.len() > Self::MOST {
                self.0.pop_last();
            }
        }
    }

    pub(super) fn people(&self) -> u64 {
        match self.0.last() {
            Some(last) if self.0.len() == Self::MOST => {
                let share = *last as f64 / u64::MAX as f64;
                ((Self::MOST - 1) as f64 / share) as u64
            }
            _ => self.0.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::Key;

    #[test]
    fn people_are_counted_once_and_closely() {
        let keyed = Key::for_demo(1).keyed();
        for people in [0, 1, 900, 50_000_u64] {
            let mut census = Census::default();
            for at in (0..people).chain(0..people.min(50)) {
                census.add(&keyed.subject("school", "", &at.to_string()));
            }
            let counted = census.people();
            assert!(
                counted.abs_diff(people) <= if people < 1_000 { 0 } else { people / 8 },
                "{counted} of {people}"
            );
        }
    }
}
