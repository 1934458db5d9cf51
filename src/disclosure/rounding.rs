//! Three ways to round, and what each gives away.
//!
//! *Nearest* rounds totals like all else, by themselves, which is nearest to the truth; but four twelves and their total, printed as
//! 10, 10, 10, 10 and 50, can be nothing but twelves. *Additive* takes every total from the rounded parts where all of
//! them are shown, so that it tells nothing they do not, and adds up. *Keyed* does so too, and rounds up or down by
//! chance, as likely as the count is near, so that sums drift in no direction; the chance hangs on *who is counted* and on
//! nothing else, so asking again, or asking the same in other words, gives the same figure and nothing can be averaged.

use sha2::{Digest, Sha256};

/// How shown counts are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest multiple, each count by itself.
    Nearest,
    /// Innermost counts to the nearest multiple; a total is the sum of them where all are shown.
    Additive,
    /// To one of the two multiples beside the count, by the key of the record set: unbiased. Totals as [`Rounding::Additive`].
    Keyed,
}

impl Rounding {
    /// One line for under the table, where it is not the policy's own.
    pub fn in_words(self, round_to: u64) -> Option<String> {
        match self {
            Self::Nearest => None,
            Self::Additive => Some("Totals are the sums of the rounded counts that are shown.".to_owned()),
            Self::Keyed => Some(format!(
                "Each count is rounded up or down to a multiple of {round_to} beside it, as likely as it is near; the same \
                 people are always rounded alike."
            )),
        }
    }
}

/// The key of a set of records: the sum, with wrapping, of the keys of its members. It is the same for the same members
/// in whatever order, and that of two sets which share nobody is the sum of theirs.
pub fn record_set_key(members: impl IntoIterator<Item = [u8; 16]>) -> u64 {
    members.into_iter().map(|member| member_key(&member)).fold(0, u64::wrapping_add)
}

/// A member's key: its pseudonym is one already, spread here so that sums of neighbours are none either.
fn member_key(member: &[u8; 16]) -> u64 {
    first_eight(&Sha256::digest(member))
}

fn first_eight(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// One of the two multiples beside a count: the upper as often as the count is near it, over all keys.
pub(super) fn keyed(count: u64, key: u64, round_to: u64) -> u64 {
    let below = count / round_to * round_to;
    let over = count - below;
    let mut hash = Sha256::new();
    hash.update(key.to_le_bytes());
    hash.update(count.to_le_bytes());
    hash.update(round_to.to_le_bytes());
    let drawn = first_eight(&hash.finalize()) % round_to;
    if drawn < over { below + round_to } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: u64) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_le_bytes());
        id
    }

    #[test]
    fn keyed_rounding_is_unbiased_and_stays_beside_the_count() {
        for count in 10..=20_u64 {
            let rounded: Vec<u64> = (0..4_000).map(|key| keyed(count, key, 5)).collect();
            assert!(rounded.iter().all(|shown| shown.abs_diff(count) < 5 && shown % 5 == 0));
            let mean = rounded.iter().sum::<u64>() as f64 / 4_000.0;
            assert!((mean - count as f64).abs() < 0.2, "{count} is {mean} on average");
        }
    }

    /// x = 1, not x <> 1, with a condition that is always true, by way of another table: what reaches the gate is who is counted.
    #[test]
    fn attack_17_thirty_spellings_of_one_question_have_one_answer() {
        let all: Vec<u64> = (0..500).collect();
        let asked = |number: u64| number % 7 == 3 || number > 470;
        let mut answers = std::collections::BTreeSet::new();
        for spelling in 0..30_usize {
            let mut found: Vec<u64> = match spelling % 3 {
                0 => all.iter().copied().filter(|number| asked(*number)).collect(),
                1 => all.iter().copied().filter(|number| asked(*number) && *number < 10_000).collect(),
                _ => (0..500).rev().filter(|number| !(number % 7 != 3 && *number <= 470)).collect(),
            };
            let turn = spelling % found.len();
            found.rotate_left(turn);
            answers.insert(keyed(found.len() as u64, record_set_key(found.into_iter().map(person)), 5));
        }
        assert_eq!(answers.len(), 1);
    }

    #[test]
    fn attack_16_asking_a_thousand_times_gives_one_answer() {
        let key = record_set_key((0..43).map(person));
        let answers: std::collections::BTreeSet<u64> = (0..1_000).map(|_| keyed(43, key, 5)).collect();
        assert_eq!(answers.len(), 1, "there is nothing to average");
        let others = (0..1_000).map(|other| keyed(43, record_set_key((other..other + 43).map(person)), 5));
        assert_eq!(
            others.collect::<std::collections::BTreeSet<u64>>().len(),
            2,
            "other people are rounded by themselves"
        );
    }
}
