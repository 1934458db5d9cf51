//! What each learner brings to the figures of an answer, bounded before anything is added up.

use std::collections::BTreeMap;

use super::{Frame, FrameRow, Terms};
use sha2::{Digest, Sha256};

/// Parts into which half a value's range is cut: sums are of whole numbers.
pub(super) const SCALE: i64 = 1_000;

/// The exact figures of a group.
#[derive(Debug)]
pub(super) struct Tally {
    /// Its learners.
    pub all: u64,
    /// Those who fulfil each condition.
    pub fulfilling: Vec<u64>,
    /// For each amount the sum of the learners' values, from -[`SCALE`] (the least that is declared) to [`SCALE`] (the greatest).
    pub sums: Vec<i64>,
}

impl Tally {
    fn of_nobody(frame: &Frame) -> Self {
        Self { all: 0, fulfilling: vec![0; frame.filters], sums: vec![0; frame.amounts.len()] }
    }
}

/// The exact figures of all groups that anybody is in, of the learners so far, by the values of their keys.
#[derive(Debug)]
pub struct Tallied(pub(super) BTreeMap<Vec<Option<String>>, Tally>);

impl Tallied {
    /// Of nobody: without keys there is one group, whoever is in it.
    pub fn of_nobody(frame: &Frame) -> Self {
        let whole = frame.keys.is_empty().then(|| (Vec::new(), Tally::of_nobody(frame)));
        Self(whole.into_iter().collect())
    }

    /// Adds what the rows of a frame bring: it has all rows of each learner that it has any of.
    pub fn add(&mut self, frame: &Frame, terms: Terms<'_>) {
        let mut rows: Vec<&FrameRow> = frame.rows.iter().collect();
        rows.sort_unstable_by(|one, other| (one.member, &one.levels).cmp(&(other.member, &other.levels)));
        for of_learner in rows.chunk_by(|one, other| one.member == other.member) {
            let mut groups: Vec<&[&FrameRow]> =
                of_learner.chunk_by(|one, other| one.levels == other.levels).collect();
            // Which groups count where there are too many hangs on this learner alone.
            if groups.len() as u64 > terms.most_groups {
                groups.sort_by_cached_key(|rows| lot(frame, terms, rows[0]));
                groups.truncate(usize::try_from(terms.most_groups).unwrap_or(usize::MAX));
            }
            for rows in groups {
                let levels = rows[0].levels.iter().enumerate();
                let keys = levels.map(|(key, level)| frame.keys[key][*level].clone()).collect();
                add(self.0.entry(keys).or_insert_with(|| Tally::of_nobody(frame)), rows, frame);
            }
        }
    }
}

/// Adds one learner to one group, however many rows say so.
fn add(tally: &mut Tally, rows: &[&FrameRow], frame: &Frame) {
    let mask = rows.iter().fold(0, |mask, row| mask | row.mask);
    tally.all += 1;
    for (filter, count) in tally.fulfilling.iter_mut().enumerate() {
        *count += u64::from(mask >> filter & 1);
    }
    for (at, sum) in tally.sums.iter_mut().enumerate() {
        let (low, high, there) = frame.amounts[at];
        if high <= low {
            continue;
        }
        // Of several the least: which comes first hangs on who else is there.
        let values = rows.iter().filter_map(|row| row.amounts.get(at).copied().flatten());
        let least = values.filter(|value| value.is_finite()).min_by(f64::total_cmp);
        let Some(value) = least.filter(|_| mask >> there & 1 == 1) else { continue };
        let (middle, half) = (f64::midpoint(low, high), (high - low) / 2.0);
        let part = ((value - middle) / half * SCALE as f64).round() as i64;
        *sum += part.clamp(-SCALE, SCALE);
    }
}

/// The lot of a learner's group: by what the group is, for its place among all hangs on whose rows there are.
fn lot(frame: &Frame, terms: Terms<'_>, row: &FrameRow) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(terms.seed.0);
    hash.update(b"lot");
    hash.update(row.member.to_le_bytes());
    for (key, level) in row.levels.iter().enumerate() {
        let value = frame.keys[key][*level].as_deref();
        hash.update(value.map_or(u64::MAX, |value| value.len() as u64).to_le_bytes());
        hash.update(value.unwrap_or_default());
    }
    hash.finalize().into()
}
