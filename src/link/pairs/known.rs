//! What was compared before: pairs of people of whom nothing new was said need not be compared again.
use super::{
    HOPELESS, LEAST, Linkage,
    candidates::{self, Postings},
    pool::Pool,
    trained::{Ready, Trained},
};
use crate::privacy::Pseudonym;

/// The form in which it is kept.
const FORMAT: u32 = 1;

/// Pairs that were compared under one model, and what was known of everybody when they were. It names who is likely
/// whom, so it stays where identities stay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Subjects in their order, each with a digest of what was said of them.
    people: Vec<(Pseudonym, u128)>,
    /// Keys of blocks that were too large, sorted.
    large: Vec<u64>,
    /// Who may be one person, by their places: the later first, sorted, with the probability.
    pub(in crate::link) pairs: Vec<(u32, u32, f64)>,
}

impl Known {
    /// Compares whoever is new or changed with whoever shares a key with them, and takes the rest from what was known
    /// before. The answer is the same as if everybody had been compared. `None` where the model is not whole.
    pub(in crate::link) fn of(
        pool: &mut Pool,
        subjects: &[Pseudonym],
        trained: &Trained,
        before: &Self,
        threads: usize,
    ) -> Option<Self> {
        let Ready { keying, chance, model, habits } = trained.ready(&mut pool.reader.words, &pool.writers)?;
        let (table, owners, words) = (&pool.table, &pool.owners, &pool.reader.words);
        let people: Vec<(Pseudonym, u128)> =
            subjects.iter().copied().zip(pool.digests.iter().copied()).collect();
        let blocks = candidates::blocks(table, table, words, &keying, threads);
        let (places, mut changed) = before.compared_with(&people);
        let turned = differing(&before.large, &blocks.large);
        for record in candidates::bearers(&turned, table, words, &keying, threads) {
            changed[owners[record as usize] as usize] = true;
        }
        let is_changed = |record: usize| changed[owners[record] as usize];
        let only_changed = blocks.postings.only(|record| is_changed(record as usize));
        let among =
            |row: usize| -> &Postings { if is_changed(row) { &blocks.postings } else { &only_changed } };
        let other =
            |row: usize, record: u32| (record as usize) < row && owners[row] != owners[record as usize];
        let linkage = Linkage { rows: table, register: table, words, threads, chance };
        let same = model.by_hand();
        let compared = linkage.pairs_among(&blocks, &among, &other, |pair| model.weight(pair) > HOPELESS);
        let mut pairs: Vec<(u32, u32, f64)> = compared
            .into_iter()
            .map(|mut pair| {
                pair.habit = habits.of_pair(&pair, table, words, &model, &same);
                let (a, b) = (owners[pair.row as usize], owners[pair.record as usize]);
                (a.max(b), a.min(b), 1.0 / (1.0 + (-model.weight(&pair)).exp()))
            })
            .filter(|(_, _, probability)| *probability > LEAST)
            .collect();
        let place = |at: u32| places[at as usize].filter(|place| !changed[*place as usize]);
        pairs.extend(before.pairs.iter().filter_map(|(a, b, p)| Some((place(*a)?, place(*b)?, *p))));
        pairs.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
        pairs.dedup_by_key(|pair| (pair.0, pair.1));
        Some(Self { people, large: blocks.large, pairs })
    }

    /// Where everybody of before stands now, and who of now is new or changed.
    fn compared_with(&self, people: &[(Pseudonym, u128)]) -> (Vec<Option<u32>>, Vec<bool>) {
        let mut places = vec![None; self.people.len()];
        let mut changed = vec![true; people.len()];
        for (now, (subject, digest)) in people.iter().enumerate() {
            if let Ok(then) = self.people.binary_search_by_key(subject, |(held, _)| *held) {
                places[then] = Some(now as u32);
                changed[now] = self.people[then].1 != *digest;
            }
        }
        (places, changed)
    }

    /// As bytes, to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.people.len() * 32 + self.pairs.len() * 16);
        bytes.extend(FORMAT.to_le_bytes());
        for count in [self.people.len(), self.large.len(), self.pairs.len()] {
            bytes.extend((count as u32).to_le_bytes());
        }
        for (subject, digest) in &self.people {
            bytes.extend(subject);
            bytes.extend(digest.to_le_bytes());
        }
        self.large.iter().for_each(|key| bytes.extend(key.to_le_bytes()));
        for (a, b, probability) in &self.pairs {
            bytes.extend(a.to_le_bytes());
            bytes.extend(b.to_le_bytes());
            bytes.extend(probability.to_le_bytes());
        }
        bytes
    }

    /// From what was sealed. `None` where this program does not know its form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut read = Bytes(bytes);
        if u32::from_le_bytes(read.take()?) != FORMAT {
            return None;
        }
        let [people, large, pairs] = [(); 3].map(|()| read.take().map(u32::from_le_bytes));
        let mut known = Self::default();
        for _ in 0..people? {
            known.people.push((read.take()?, u128::from_le_bytes(read.take()?)));
        }
        for _ in 0..large? {
            known.large.push(u64::from_le_bytes(read.take()?));
        }
        for _ in 0..pairs? {
            let (a, b) = (u32::from_le_bytes(read.take()?), u32::from_le_bytes(read.take()?));
            known.pairs.push((a, b, f64::from_le_bytes(read.take()?)));
        }
        let whole = known.pairs.iter().all(|(a, _, _)| (*a as usize) < known.people.len());
        (read.0.is_empty() && whole).then_some(known)
    }
}

struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }
}

/// What is in one of two sorted lists alone.
fn differing(one: &[u64], other: &[u64]) -> Vec<u64> {
    let alone = |ours: &[u64], theirs: &[u64]| -> Vec<u64> {
        ours.iter().filter(|key| theirs.binary_search(key).is_err()).copied().collect()
    };
    let mut differing = alone(one, other);
    differing.extend(alone(other, one));
    differing.sort_unstable();
    differing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_as_it_was_or_not_at_all() {
        let known = Known {
            people: vec![([1; 16], 7), ([2; 16], 9)],
            large: vec![3, 4],
            pairs: vec![(1, 0, 0.1 + 0.2)],
        };
        let bytes = known.to_bytes();
        assert_eq!(Known::from_bytes(&bytes), Some(known));
        assert_eq!(Known::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Known::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
        assert_eq!(Known::from_bytes(b""), None);
        assert_eq!(differing(&[1, 2, 5], &[2, 3]), [1, 3, 5]);
    }
}
