//! Counts that were taken once and are kept. What one record alone has is left out: it counts as what nobody has.
use super::{
    super::{
        counts::{Counts, Kept},
        floats::Floats,
        words::{Map, Word, Words},
    },
    Chance,
};
use serde::{Deserialize, Serialize};

/// What [`Chance`] knows, by text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::link::pairs) struct KeptChance {
    numbers: Floats,
    by_word: Vec<Kept>,
    extras: Vec<Kept>,
    births: Vec<(u32, u32)>,
    row_births: Vec<(u32, u32)>,
    both: Vec<(String, String, u32)>,
    near_schools: Vec<(String, String, u32)>,
}

fn repeated(counts: &Map<u32, u32>) -> Vec<(u32, u32)> {
    let mut kept: Vec<(u32, u32)> =
        counts.iter().filter(|(_, count)| **count > 1).map(|(day, count)| (*day, *count)).collect();
    kept.sort_unstable();
    kept
}

fn together(counts: &Map<(Word, Word), u32>, words: &Words) -> Vec<(String, String, u32)> {
    let often = counts.iter().filter(|(_, count)| **count > 1);
    let mut kept: Vec<_> = often
        .map(|((one, other), count)| (words.get(*one).to_owned(), words.get(*other).to_owned(), *count))
        .collect();
    kept.sort_unstable();
    kept
}

impl Chance {
    fn numbers(&mut self) -> impl Iterator<Item = &mut f64> {
        let levels = self.levels.iter_mut().flatten().chain(&mut self.school_at);
        [&mut self.total, &mut self.days, &mut self.rows, &mut self.people].into_iter().chain(levels)
    }

    /// What is kept of it.
    pub(in crate::link::pairs) fn kept(&mut self, words: &Words) -> KeptChance {
        KeptChance {
            numbers: Floats::of(self.numbers().map(|number| *number)),
            by_word: self.by_word().map(|table| table.kept(words)).into(),
            extras: self.extras.iter().map(|table| table.kept(words)).collect(),
            births: repeated(&self.births),
            row_births: repeated(&self.row_births),
            both: together(&self.both, words),
            near_schools: together(&self.near_schools, words),
        }
    }

    /// What was kept, for whatever words there are. `None` where it is not whole.
    pub(in crate::link::pairs) fn again(kept: &KeptChance, words: &mut Words) -> Option<Self> {
        let mut chance = Self::empty();
        if !kept.numbers.fill(chance.numbers()) || kept.by_word.len() != chance.by_word().len() {
            return None;
        }
        for (table, kept) in chance.by_word().into_iter().zip(&kept.by_word) {
            *table = Counts::again(kept, words);
        }
        chance.extras = kept.extras.iter().map(|kept| Counts::again(kept, words)).collect();
        chance.births = kept.births.iter().copied().collect();
        chance.row_births = kept.row_births.iter().copied().collect();
        let mut again = |kept: &[(String, String, u32)]| {
            kept.iter().map(|(one, other, count)| ((words.text(one), words.text(other)), *count)).collect()
        };
        chance.both = again(&kept.both);
        chance.near_schools = again(&kept.near_schools);
        Some(chance)
    }
}
