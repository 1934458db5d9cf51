use super::{fold, near::jaro_winkler};
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};

/// A text as a number: 0 is "nothing".
pub(super) type Word = u32;

/// A quick hash without a seed: the same tables on every run.
#[derive(Clone, Copy, Default)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        mix(self.0)
    }
    fn write(&mut self, bytes: &[u8]) {
        let mut parts = bytes.chunks_exact(8);
        for part in &mut parts {
            let mut eight = [0; 8];
            eight.copy_from_slice(part);
            self.write_u64(u64::from_le_bytes(eight));
        }
        let mut eight = [0; 8];
        eight[..parts.remainder().len()].copy_from_slice(parts.remainder());
        self.write_u64(u64::from_le_bytes(eight) ^ bytes.len() as u64);
    }
    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }
    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(26) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Spreads the bits of a number over all of it.
pub(super) const fn mix(mut bits: u64) -> u64 {
    bits ^= bits >> 32;
    bits = bits.wrapping_mul(0xd6e8_feb8_6659_fd93);
    bits ^ bits >> 32
}

/// A map with that hash.
pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;
pub(super) type Set<K> = HashSet<K, BuildHasherDefault<Quick>>;

fn hash_of(text: &str) -> u64 {
    let mut hash = Quick::default();
    hash.write(text.as_bytes());
    hash.finish() | 1
}

/// Every distinct text once, and what is known of it beside its letters.
pub(super) struct Words {
    letters: String,
    places: Vec<(u32, u32)>,
    index: Map<Box<str>, Word>,
    /// A hash of each text: unlike the word, the same whenever and in whatever order texts are read.
    hashes: Vec<u64>,
    /// The word of each word's consonants.
    bones: Vec<Word>,
    /// The names that each name is written for.
    forms: Map<Word, Vec<Word>>,
}

impl Words {
    /// The words that forms of names are known of.
    pub(super) fn new() -> Self {
        let mut words = Self {
            letters: String::new(),
            places: vec![(0, 0)],
            index: Map::default(),
            hashes: vec![0],
            bones: vec![0],
            forms: Map::default(),
        };
        for line in
            include_str!("forms.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let group: Vec<&str> = line.split(' ').collect();
            for (at, name) in group.iter().enumerate() {
                let one = words.name(name);
                for other in &group[at + 1..] {
                    // The first of a line may stand for any of it; the others for those that are spelt like them.
                    if at == 0 || jaro_winkler(name.as_bytes(), other.as_bytes()) >= 0.8 {
                        let other = words.name(other);
                        words.forms.entry(one).or_default().push(other);
                        words.forms.entry(other).or_default().push(one);
                    }
                }
            }
        }
        for forms in words.forms.values_mut() {
            forms.sort_unstable();
            forms.dedup();
        }
        words
    }

    /// The word of a text that is compared whole.
    pub(super) fn text(&mut self, text: &str) -> Word {
        if text.is_empty() {
            return 0;
        }
        if let Some(word) = self.index.get(text) {
            return *word;
        }
        let word = self.places.len() as Word;
        self.places.push((self.letters.len() as u32, text.len() as u32));
        self.letters.push_str(text);
        self.index.insert(text.into(), word);
        self.hashes.push(hash_of(text));
        self.bones.push(0);
        word
    }

    /// The word of a name, with its consonants.
    pub(super) fn name(&mut self, name: &str) -> Word {
        let word = self.text(name);
        if word != 0 && self.bones[word as usize] == 0 {
            let bones = fold::skeleton(name);
            // A small letter before keeps consonants apart from names.
            self.bones[word as usize] = self.text(&format!("b{bones}"));
        }
        word
    }

    pub(super) fn get(&self, word: Word) -> &str {
        let (from, count) = self.places[word as usize];
        &self.letters[from as usize..(from + count) as usize]
    }

    pub(super) fn hash(&self, word: Word) -> u64 {
        self.hashes[word as usize]
    }

    pub(super) fn bones(&self, word: Word) -> Word {
        self.bones[word as usize]
    }

    /// Whether the consonants of a word say anything.
    pub(super) fn has_bones(&self, word: Word) -> bool {
        self.places[self.bones[word as usize] as usize].1 > 2
    }

    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    /// Whether two names are known to be written for one another.
    pub(super) fn are_forms(&self, a: Word, b: Word) -> bool {
        self.forms_of(a).binary_search(&b).is_ok()
    }

    /// Every other name that a name is written for.
    pub(super) fn forms_of(&self, word: Word) -> &[Word] {
        self.forms.get(&word).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_once_and_know_their_forms() {
        let mut words = Words::new();
        let (thomas, tom, jane) = (words.name("THOMAS"), words.name("TOM"), words.name("JANE"));
        assert_eq!(words.name("THOMAS"), thomas);
        assert_eq!(words.get(tom), "TOM");
        assert!(words.are_forms(thomas, tom) && words.are_forms(tom, thomas));
        assert!(!words.are_forms(thomas, jane));
        assert!(words.forms_of(thomas).contains(&tom));
        assert_eq!(words.text(""), 0);
    }

    #[test]
    fn every_form_is_spelt_as_names_are_compared() {
        for line in include_str!("forms.txt").lines().filter(|line| !line.starts_with('#')) {
            let mut names: Vec<&str> = line.split(' ').collect();
            names.sort_unstable();
            for pair in names.windows(2) {
                assert_ne!(pair[0], pair[1], "twice in one line: {line}");
            }
            assert!(names.iter().all(|name| fold::name(name) == **name), "{line}");
        }
    }
}
