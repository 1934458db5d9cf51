use std::{
    collections::HashMap,
    fmt,
    sync::{LazyLock, RwLock},
};

/// A word of our own definitions, interned: small, `Copy`, and safe to print anywhere.
///
/// Names are declared where definitions and configuration are loaded, never from data. The table only grows by
/// what those files say, so it stays small.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u32);

struct Table {
    words: Vec<&'static str>,
    index: HashMap<&'static str, u32>,
}

static TABLE: LazyLock<RwLock<Table>> =
    LazyLock::new(|| RwLock::new(Table { words: vec![""], index: HashMap::from([("", 0)]) }));

impl Name {
    /// The empty name: "no column", "no feed".
    pub const NONE: Self = Self(0);

    /// Declares a word of a definition or of the configuration and returns its name.
    ///
    /// Never call this with a text that came from a source: what is declared may be printed.
    pub fn declare(word: &str) -> Self {
        if let Ok(table) = TABLE.read()
            && let Some(&at) = table.index.get(word)
        {
            return Self(at);
        }
        let Ok(mut table) = TABLE.write() else { return Self::NONE };
        if let Some(&at) = table.index.get(word) {
            return Self(at);
        }
        let at = table.words.len() as u32;
        let word: &'static str = Box::leak(word.to_owned().into_boxed_str());
        table.words.push(word);
        table.index.insert(word, at);
        Self(at)
    }

    /// The word itself.
    pub fn as_str(self) -> &'static str {
        TABLE.read().ok().and_then(|table| table.words.get(self.0 as usize).copied()).unwrap_or("")
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
