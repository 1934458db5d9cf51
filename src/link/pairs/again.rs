//! Rows of one person help one another: what a sure row says of its person is known when the next row is looked at,
//! and who has a row already is likelier to have another than somebody who has none.
use super::{
    evidence::{BIRTH, FORENAME, Levels, NUMBER, POSTCODE, SCHOOL, SEEN, SURNAME, forename, number},
    words::Map,
};

/// Rows that are surer than this speak for their person.
pub(super) const SURE: f64 = 0.99;
/// Of more sure rows than these, the first are asked.
const MOST: usize = 4;

/// The sure rows of each record.
#[derive(Default)]
pub(super) struct Again {
    rows_of: Map<u32, Vec<u32>>,
    /// The record of each sure row, or none.
    record_of: Vec<Option<u32>>,
    /// Whether a sure row's number is its record's.
    numbered: Vec<bool>,
}

impl Again {
    /// From sure pairs of row and record, in the order of the rows, and whether their number is the same.
    pub(super) fn new(rows: usize, sure: impl Iterator<Item = (u32, u32, bool)>) -> Self {
        let mut again =
            Self { rows_of: Map::default(), record_of: vec![None; rows], numbered: vec![false; rows] };
        for (row, record, numbered) in sure {
            again.numbered[row as usize] = numbered;
            again.rows_of.entry(record).or_default().push(row);
            again.record_of[row as usize] = Some(record);
        }
        again
    }

    /// The sure rows of a record, but for this one.
    pub(super) fn others(&self, record: u32, row: u32) -> impl Iterator<Item = u32> {
        self.rows_of.get(&record).into_iter().flatten().copied().filter(move |other| *other != row).take(MOST)
    }

    /// Whether a row's number is that of its record.
    pub(super) fn is_numbered(&self, row: u32) -> bool {
        self.numbered[row as usize]
    }

    /// The record of a sure row.
    pub(super) fn record_of(&self, row: u32) -> Option<u32> {
        self.record_of[row as usize]
    }

    /// Share of records that have a sure row.
    pub(super) fn share(&self, records: usize) -> f64 {
        (self.rows_of.len() as f64 + 0.5) / (records as f64 + 1.0)
    }
}

/// Fields of which the better of two levels counts: a person may be known under either.
const EITHER: [usize; 6] = [FORENAME, SURNAME, BIRTH, POSTCODE, SCHOOL, NUMBER];

/// The levels of a row with a record, and with other rows of that record's person: each with whether its number is
/// the record's, too.
pub(super) fn joined(record: Levels, others: impl Iterator<Item = (Levels, bool)>) -> Levels {
    let mut seen = 0;
    let mut best = record;
    for (other, numbered) in others {
        seen = 1;
        let swapped = [best, other].map(|levels| levels.get(FORENAME) == Some(forename::SWAPPED));
        for field in EITHER {
            // Names that are swapped stand for both names together. A twin's rows agree on another forename, so
            // only a number makes that a name of this person.
            let other_name = field <= SURNAME && swapped[0] != swapped[1] || field == FORENAME && !numbered;
            if other_name {
                continue;
            }
            let stronger = match (best.get(field), other.get(field)) {
                // A number that differs from another row's says nothing more, and one that contradicts the record's
                // is no better for having been written twice.
                (held, Some(level)) if field == NUMBER => {
                    level == number::SAME && held != Some(number::CONFLICT)
                }
                (Some(held), Some(level)) => level > held,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if let (true, Some(level)) = (stronger, other.get(field)) {
                best.clear(field);
                best.set(field, level);
            }
        }
    }
    best.set(SEEN, seen);
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_of_two_levels_counts() {
        let (mut record, mut other) = (Levels::default(), Levels::default());
        record.set(SURNAME, 0);
        record.set(BIRTH, 8);
        other.set(SURNAME, 6);
        other.set(POSTCODE, 4);
        let best = joined(record, [(other, true)].into_iter());
        assert_eq!((best.get(SURNAME), best.get(BIRTH), best.get(POSTCODE)), (Some(6), Some(8), Some(4)));
        assert_eq!(best.get(SEEN), Some(1));
        other.set(FORENAME, forename::EXACT);
        record.set(FORENAME, 0);
        assert_eq!(joined(record, [(other, false)].into_iter()).get(FORENAME), Some(0), "it may be a twin's");
        assert_eq!(joined(record, [(other, true)].into_iter()).get(FORENAME), Some(forename::EXACT));
        assert_eq!(joined(record, std::iter::empty()).get(SEEN), Some(0));
    }

    #[test]
    fn a_row_is_no_witness_for_itself() {
        let again = Again::new(3, [(0, 9, true), (2, 9, false)].into_iter());
        assert_eq!(again.others(9, 0).collect::<Vec<_>>(), [2]);
        assert_eq!(again.others(9, 1).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(again.others(8, 1).count(), 0);
        assert_eq!((again.record_of(2), again.record_of(1)), (Some(9), None));
        assert!(again.is_numbered(0) && !again.is_numbered(2));
    }
}
