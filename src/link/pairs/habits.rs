//! Some names are written in more ways than others: how records of one person differ is learnt for each name that is
//! met often, and drawn towards what holds for all where it is not.
use super::{
    evidence::{FORENAME, LEVELS, SURNAME},
    floats::Floats,
    model::{Model, Pair, Same},
    record::Table,
    words::{Map, Word, Words},
};
use std::collections::BTreeMap;

/// So many rows' worth of belief that a name is like all others.
const BELIEF: f64 = 25.0;

/// What is less likely is not counted.
const LEAST: f64 = 0.01;

/// Stands for every level.
const ALL: u8 = 15;

/// A field and a level as one number.
const fn key(field: usize, level: u8) -> u8 {
    (field as u8) << 4 | level
}

/// Counts of levels for names that sound alike.
type Counts = Map<Word, [f64; LEVELS]>;

/// How names that are met often are written, learnt once. Of every count one is taken off, where the pair itself may be
/// among those that were counted.
pub(super) struct Habits([Counts; 2]);

/// Names with fewer pairs than this are like all others.
const MET_OFTEN: f64 = 3.0;

impl Habits {
    /// From the pairs that win.
    pub(super) fn of(model: &Model, pairs: &[Pair], register: &Table, words: &Words) -> Self {
        let mut counts = [Counts::default(), Counts::default()];
        each_win(model, pairs, |pair, probability| {
            for (counts, field) in counts.iter_mut().zip([FORENAME, SURNAME]) {
                if let Some(level) = pair.levels.get(field) {
                    let name = name_of(pair, field, register, words);
                    counts.entry(name).or_insert([0.0; LEVELS])[level as usize] += probability;
                }
            }
        });
        for counts in &mut counts {
            counts.retain(|_, levels| levels.iter().sum::<f64>() >= MET_OFTEN);
        }
        Self(counts)
    }

    /// By the sound of the name.
    pub(super) fn kept(&self, words: &Words) -> [BTreeMap<String, Floats>; 2] {
        self.0.each_ref().map(|counts| {
            let kept = counts.iter().filter(|(name, _)| **name != 0);
            kept.map(|(name, levels)| (words.get(*name).to_owned(), Floats::of(*levels))).collect()
        })
    }

    /// What was kept. `None` where it is not whole.
    pub(super) fn again(kept: &[BTreeMap<String, Floats>; 2], words: &mut Words) -> Option<Self> {
        let mut habits = Self([Counts::default(), Counts::default()]);
        for (counts, kept) in habits.0.iter_mut().zip(kept) {
            for (name, numbers) in kept {
                let mut levels = [0.0; LEVELS];
                numbers.fill(&mut levels).then_some(())?;
                counts.insert(words.text(name), levels);
            }
        }
        Some(habits)
    }

    /// Logarithm of how much likelier than for other names one person's records differ like this pair.
    pub(super) fn of_pair(&self, pair: &Pair, register: &Table, words: &Words, same: &Same) -> f32 {
        let change = |(counts, field): (&Counts, usize)| {
            let level = pair.levels.get(field)?;
            let levels = counts.get(&name_of(pair, field, register, words))?;
            let all = (levels.iter().sum::<f64>() - 1.0).max(0.0);
            let here = (levels[level as usize] - 1.0).max(0.0);
            let expected = same[field][level as usize].max(1e-6);
            Some(((here + BELIEF * expected) / (all + BELIEF) / expected).ln())
        };
        self.0.iter().zip([FORENAME, SURNAME]).filter_map(change).sum::<f64>() as f32
    }
}

/// The sound of the record's forename or surname.
fn name_of(pair: &Pair, field: usize, register: &Table, words: &Words) -> Word {
    let record = &register.records[pair.record as usize];
    words.bones(if field == FORENAME { record.forename } else { record.surname })
}

/// Each pair that has a chance to be one person, with it.
fn each_win(model: &Model, pairs: &[Pair], mut seen: impl FnMut(&Pair, f64)) {
    let mut probabilities = Vec::new();
    for row in pairs.chunk_by(|a, b| a.row == b.row) {
        model.compete(row, &mut probabilities);
        for (pair, probability) in row.iter().zip(&probabilities).filter(|(_, p)| **p > LEAST) {
            seen(pair, *probability);
        }
    }
}

/// Sees how names differ in the pairs that win, and what that changes of each pair.
pub(super) fn learn(model: &Model, pairs: &mut [Pair], register: &Table, words: &Words) {
    let mut counts = [Counts::default(), Counts::default()];
    let mut own: Map<(u32, u8), f64> = Map::default();
    each_win(model, pairs, |pair, probability| {
        for (counts, field) in counts.iter_mut().zip([FORENAME, SURNAME]) {
            if let Some(level) = pair.levels.get(field) {
                let name = name_of(pair, field, register, words);
                counts.entry(name).or_insert([0.0; LEVELS])[level as usize] += probability;
                *own.entry((pair.record, key(field, level))).or_default() += probability;
                *own.entry((pair.record, key(field, ALL))).or_default() += probability;
            }
        }
    });
    let same = model.same();
    for pair in pairs.iter_mut() {
        // A record is no witness for itself.
        let without = |count: f64, field, level| {
            (count - own.get(&(pair.record, key(field, level))).copied().unwrap_or(0.0)).max(0.0)
        };
        let change = |(counts, field): (&Counts, usize)| {
            let level = pair.levels.get(field)?;
            let levels = counts.get(&name_of(pair, field, register, words))?;
            let all = without(levels.iter().sum(), field, ALL);
            let here = without(levels[level as usize], field, level);
            let expected = same[field][level as usize].max(1e-6);
            Some(((here + BELIEF * expected) / (all + BELIEF) / expected).ln())
        };
        let sum: f64 = counts.iter().zip([FORENAME, SURNAME]).filter_map(change).sum();
        pair.habit = sum as f32;
    }
}
