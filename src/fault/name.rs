use std::{
    collections::HashMap,
    fmt,
    sync::{LazyLock, OnceLock, RwLock},
};

/// A word of our own definitions, interned: small, `Copy`, and safe to print anywhere.
///
/// Names are declared where definitions and configuration are loaded, never from data. The table only grows by
/// what those files say, so it stays small.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u32);

/// Words by number, in chunks that never move: a name is read far more often than one is declared, and without a lock.
static WORDS: [OnceLock<Box<[OnceLock<&'static str>]>>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];
const CHUNKS: usize = 256;
const CHUNK: usize = 256;

/// Numbers by word.
static INDEX: LazyLock<RwLock<HashMap<&'static str, u32>>> =
    LazyLock::new(|| RwLock::new(HashMap::from([("", 0)])));

/// Field names longer than this are not said.
const LONGEST_FIELD: usize = 41;
/// No field of a source is named any more once the table holds so many words.
const MOST_WORDS: usize = 20_000;

impl Name {
    /// The empty name: "no column", "no feed".
    pub const NONE: Self = Self(0);

    /// Declares a word of a definition or of the configuration and returns its name.
    ///
    /// Never call this with a text that came from a source: what is declared may be printed.
    pub fn declare(word: &str) -> Self {
        if let Ok(index) = INDEX.read()
            && let Some(&at) = index.get(word)
        {
            return Self(at);
        }
        let Ok(mut index) = INDEX.write() else { return Self::NONE };
        if let Some(&at) = index.get(word) {
            return Self(at);
        }
        let at = index.len();
        let Some(chunk) = WORDS.get(at / CHUNK) else { return Self::NONE };
        let chunk = chunk.get_or_init(|| std::iter::repeat_with(OnceLock::new).take(CHUNK).collect());
        let word: &'static str = Box::leak(word.to_owned().into_boxed_str());
        // The number is new, so its place is empty.
        let _ = chunk[at % CHUNK].set(word);
        index.insert(word, at as u32);
        Self(at as u32)
    }

    /// The name of a field that most records of an answer have, so that a drift report can say it. None where the text
    /// does not look like a name that a programmer gave, or where too many were given already: then they are values.
    ///
    /// The one way by which a text of a source becomes a name. The caller has to know that many records share it.
    pub fn of_field(text: &str) -> Option<Self> {
        let mut bytes = text.bytes();
        let plain = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && text.len() <= LONGEST_FIELD;
        let room = INDEX.read().is_ok_and(|index| index.len() < MOST_WORDS);
        (plain && room).then(|| Self::declare(text))
    }

    /// The word itself.
    pub fn as_str(self) -> &'static str {
        let chunk = WORDS.get(self.0 as usize / CHUNK).and_then(OnceLock::get);
        chunk.and_then(|chunk| chunk[self.0 as usize % CHUNK].get().copied()).unwrap_or("")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_field_becomes_a_name() {
        assert_eq!(Name::of_field("sen_status").map(Name::as_str), Some("sen_status"));
        for value in ["", "12", "Ada Byron", "2010-03-31", "ada.byron", "née", "_x", &"a".repeat(42)] {
            assert_eq!(Name::of_field(value), None, "{value}");
        }
    }
}
