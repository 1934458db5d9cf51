//! Some names are written in more ways than others: how records of one person differ is learnt for each name that is
//! met often, and drawn towards what holds for all where it is not.
//!
//! Each hand by itself: a name that was copied a thousand times with care says nothing of how it is written in a hurry.
use super::{
    evidence::{FORENAME, LEVELS, SURNAME, forename, surname},
    floats::Floats,
    model::{HANDS, Model, Pair, Same},
    record::Table,
    words::{Map, Word, Words},
};
use std::collections::BTreeMap;

/// So many rows' worth of belief that a name is like all others.
const BELIEF: f64 = 25.0;
/// What is seldom seen of any name and was not yet seen of this one is believed to have been seen so many times.
const TIMES: f64 = 2.0;

/// What is less likely is not counted.
const LEAST: f64 = 0.01;

/// Stands for every level.
const ALL: u8 = 15;

/// A field and a level as one number.
const fn key(field: usize, level: u8) -> u8 {
    (field as u8) << 4 | level
}

/// Counts of levels, for each hand, of names that sound alike.
type Counts = Map<Word, [[f64; LEVELS]; HANDS]>;

/// How much oftener than for other names a level was seen, `here` of `all` times where `expected` is the share of all names.
/// A finger slips over any name: that it has not yet over this one makes it no less likely.
fn change(here: f64, all: f64, expected: f64, is_slip: bool) -> f64 {
    let expected = expected.max(1e-6);
    let drawn = |belief: f64| (here.max(0.0) + belief) / (all.max(0.0) * expected + belief);
    let often = drawn(BELIEF * expected);
    let change = if often < 1.0 { often.max(drawn(TIMES).min(1.0)) } else { often };
    if is_slip { change.max(1.0) } else { change }
}

/// Whether a level of a name is that of a slip.
const fn is_slip(field: usize, level: usize) -> bool {
    match field {
        FORENAME => matches!(level as u8, forename::SLIP | forename::NEAR),
        _ => level as u8 == surname::NEAR,
    }
}

/// How names that are met often are written, learnt once. Of every count one is taken off, where the pair itself may be
/// among those that were counted.
pub(super) struct Habits([Counts; 2]);

/// Names with fewer pairs than this are like all others.
const MET_OFTEN: f64 = 3.0;

impl Habits {
    /// From the pairs that win, names that are met often alone.
    pub(super) fn of(model: &Model, pairs: &[Pair], register: &Table, words: &Words) -> Self {
        let mut habits = Self::of_all(model, pairs, register, words);
        for counts in &mut habits.0 {
            counts.retain(|_, hands| hands.iter().flatten().sum::<f64>() >= MET_OFTEN);
        }
        habits
    }

    fn of_all(model: &Model, pairs: &[Pair], register: &Table, words: &Words) -> Self {
        let mut counts = [Counts::default(), Counts::default()];
        each_win(model, pairs, |pair, shares| {
            each_name(pair, register, words, |at, _, name, level| {
                let counts = counts[at].entry(name).or_default();
                counts.iter_mut().zip(shares).for_each(|(hand, share)| hand[level] += share);
            });
        });
        Self(counts)
    }

    /// By the sound of the name.
    pub(super) fn kept(&self, words: &Words) -> [BTreeMap<String, Floats>; 2] {
        self.0.each_ref().map(|counts| {
            let kept = counts.iter().filter(|(name, _)| **name != 0);
            kept.map(|(name, levels)| {
                (words.get(*name).to_owned(), Floats::of(levels.iter().flatten().copied()))
            })
            .collect()
        })
    }

    /// What was kept. `None` where it is not whole.
    pub(super) fn again(kept: &[BTreeMap<String, Floats>; 2], words: &mut Words) -> Option<Self> {
        let mut habits = Self([Counts::default(), Counts::default()]);
        for (counts, kept) in habits.0.iter_mut().zip(kept) {
            for (name, numbers) in kept {
                let mut levels = [[0.0; LEVELS]; HANDS];
                numbers.fill(levels.iter_mut().flatten()).then_some(())?;
                counts.insert(words.text(name), levels);
            }
        }
        Some(habits)
    }

    /// Logarithm of how much likelier than for other names one person's records differ like this pair.
    pub(super) fn of_pair(
        &self,
        pair: &Pair,
        register: &Table,
        words: &Words,
        model: &Model,
        same: &[Same],
    ) -> f32 {
        let mut hands = model.shares(pair);
        each_name(pair, register, words, |at, field, name, level| {
            let Some(counts) = self.0[at].get(&name) else { return };
            let slip = is_slip(field, level);
            for ((hand, levels), same) in hands.iter_mut().zip(counts).zip(same) {
                let all = levels.iter().sum::<f64>();
                *hand *= change(levels[level] - 1.0, all - 1.0, same[field][level], slip);
            }
        });
        hands.iter().sum::<f64>().ln() as f32
    }
}

/// The forename's and the surname's sound and level of a pair, where both say it.
fn each_name(pair: &Pair, register: &Table, words: &Words, mut seen: impl FnMut(usize, usize, Word, usize)) {
    for (at, field) in [FORENAME, SURNAME].into_iter().enumerate() {
        if let Some(level) = pair.levels.get(field) {
            seen(at, field, name_of(pair, field, register, words), level as usize);
        }
    }
}

/// The sound of the record's forename or surname.
fn name_of(pair: &Pair, field: usize, register: &Table, words: &Words) -> Word {
    let record = &register.records[pair.record as usize];
    words.bones(if field == FORENAME { record.forename } else { record.surname })
}

/// Each pair that has a chance to be one person, with that chance, shared out among the hands.
fn each_win(model: &Model, pairs: &[Pair], mut seen: impl FnMut(&Pair, [f64; HANDS])) {
    let mut probabilities = Vec::new();
    for row in pairs.chunk_by(|a, b| a.row == b.row) {
        model.compete(row, &mut probabilities);
        for (pair, probability) in row.iter().zip(&probabilities).filter(|(_, p)| **p > LEAST) {
            seen(pair, model.shares(pair).map(|share| share * probability));
        }
    }
}

/// Sees how names differ in the pairs that win, and what that changes of each pair.
pub(super) fn learn(model: &Model, pairs: &mut [Pair], register: &Table, words: &Words) {
    let Habits(counts) = Habits::of_all(model, pairs, register, words);
    let mut own: Map<(u32, u8), [f64; HANDS]> = Map::default();
    each_win(model, pairs, |pair, shares| {
        each_name(pair, register, words, |_, field, _, level| {
            for key in [key(field, level as u8), key(field, ALL)] {
                let own = own.entry((pair.record, key)).or_default();
                own.iter_mut().zip(shares).for_each(|(own, share)| *own += share);
            }
        });
    });
    let same = model.by_hand();
    for pair in pairs.iter_mut() {
        let mut hands = model.shares(pair);
        each_name(pair, register, words, |at, field, name, level| {
            let Some(counts) = counts[at].get(&name) else { return };
            // A record is no witness for itself.
            let own = |level| own.get(&(pair.record, key(field, level))).copied().unwrap_or_default();
            let (own_here, own_all) = (own(level as u8), own(ALL));
            for (hand, share) in hands.iter_mut().enumerate() {
                let (here, all) = (counts[hand][level], counts[hand].iter().sum::<f64>());
                let (here, all) = (here - own_here[hand], all - own_all[hand]);
                *share *= change(here, all, same[hand][field][level], is_slip(field, level));
            }
        });
        pair.habit = hands.iter().sum::<f64>().ln() as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_never_mistyped_can_be_mistyped() {
        let never = |slip| change(0.0, 1_000.0, 0.01, slip);
        assert!(never(false) < 0.2);
        assert!((never(true) - 1.0).abs() < 1e-12);
        assert!(change(60.0, 1_000.0, 0.01, true) > 5.0, "a name that is often written so is, still");
    }
}
