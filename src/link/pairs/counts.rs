use super::words::{Word, Words};
use std::collections::BTreeMap;

/// How many records have each value.
#[derive(Clone, Default)]
pub(super) struct Counts(Vec<u32>);

/// Counts by text, to be kept. What one record alone has is left out: it counts as what nobody has.
pub(super) type Kept = BTreeMap<String, u32>;

impl Counts {
    /// Nothing counted, with room for the words there are.
    pub(super) fn for_words(words: &Words) -> Self {
        Self(vec![0; words.count()])
    }

    /// A word that came later than the counting was met by none.
    pub(super) fn of(&self, word: Word) -> u32 {
        self.0.get(word as usize).copied().unwrap_or(0)
    }

    pub(super) fn add(&mut self, word: Word) {
        self.0[word as usize] += 1;
    }

    pub(super) fn kept(&self, words: &Words) -> Kept {
        let named = self.0.iter().enumerate().filter(|(word, count)| *word != 0 && **count > 1);
        named.map(|(word, count)| (words.get(word as Word).to_owned(), *count)).collect()
    }

    pub(super) fn again(kept: &Kept, words: &mut Words) -> Self {
        let counted: Vec<(Word, u32)> = kept.iter().map(|(text, count)| (words.text(text), *count)).collect();
        let mut counts = Self(vec![0; words.count()]);
        counted.into_iter().for_each(|(word, count)| counts.0[word as usize] = count);
        counts
    }
}
