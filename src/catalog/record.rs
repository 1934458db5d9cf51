use crate::fault::Fault;
use std::path::PathBuf;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Pseudonymous rows of one entity.
    Lake,
    /// Encrypted identities.
    Register,
    /// Which subjects are one learner.
    Link,
    /// What a source last said, by row key: what its next rows are compared with.
    Index,
    /// What one batch holds, in the order of its row keys; gone when its run is published.
    Stage,
    /// A trained model of linking, sealed.
    Model,
    /// Pairs that were compared, sealed: what the next linking need not compare again.
    Pairs,
}

impl FileKind {
    /// The word in the catalog.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lake => "lake",
            Self::Register => "register",
            Self::Link => "link",
            Self::Index => "index",
            Self::Stage => "stage",
            Self::Model => "model",
            Self::Pairs => "pairs",
        }
    }
}

impl FileKind {
    /// The kind that a word in the catalog names.
    pub(in crate::catalog) fn of(word: &str) -> Self {
        match word {
            "register" => Self::Register,
            "link" => Self::Link,
            "index" => Self::Index,
            "stage" => Self::Stage,
            "model" => Self::Model,
            "pairs" => Self::Pairs,
            _ => Self::Lake,
        }
    }
}

/// A file that lies at its final place, synced, and waits to be named.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// What it holds.
    pub kind: FileKind,
    /// Entity; empty for the register and links.
    pub entity: String,
    /// Academic year, where its rows have one.
    pub ay: Option<i32>,
    /// Path relative to the data folder.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// One line of the quarantine: a place and a problem in words, never a value.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SetAside {
    /// The run that found it.
    pub run: i64,
    /// The source.
    pub source: String,
    /// The feed.
    pub feed: String,
    /// Which file of the inbox or page, from 1; 0 for the whole feed.
    pub document: u32,
    /// Which sheet.
    pub sheet: u32,
    /// Which row; 0 for all.
    pub row: u32,
    /// Which column; empty for all.
    pub column: String,
    /// What the connector calls it in a sheet; empty where it does not say. The catalog does not keep it.
    pub header: String,
    /// The problem's stable word.
    pub problem: String,
    /// The problem in words.
    pub detail: String,
    /// What to do next.
    pub hint: String,
    /// What it cost.
    pub consequence: String,
    /// The day on which its run began.
    pub day: String,
    /// The file has been read again since, or the source whole: what is so now is said by a later line, if at all.
    pub past: bool,
}

impl SetAside {
    /// The line of a fault.
    pub fn of(run: i64, fault: &Fault) -> Self {
        Self {
            run,
            source: fault.place.source.to_string(),
            feed: fault.place.feed.to_string(),
            document: fault.place.document,
            sheet: fault.place.part,
            row: fault.place.row,
            column: fault.place.column.to_string(),
            header: String::new(),
            problem: fault.problem.code().to_owned(),
            detail: fault.problem.to_string(),
            hint: fault.problem.hint().to_owned(),
            consequence: fault.consequence.code().to_owned(),
            day: String::new(),
            past: false,
        }
    }
}
