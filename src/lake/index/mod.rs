//! What a batch holds, and what a source last said, as files sorted by key: what the fold merges.
//!
//! Three sections of fixed-width entries, then the tables that entries refer to by number, then a footer. *Rows* are
//! sorted by row key, and of one key by sequence and record; *sayings* (keyed digests of what was said about who somebody
//! is) by digest; *records* stand in their order and say where each was found. An index of a source has the latest
//! row of each key and all its sayings, and no records. Right of the door: keys, digests and places, no content.
mod merge;
mod read;
mod write;

pub use merge::{Merge, Sorted};
pub use read::{Index, Records, Rows, Sayings};
pub use write::IndexWriter;

use crate::{
    fault::Name,
    privacy::{Digest16, Pseudonym},
};
use std::path::PathBuf;

/// The first bytes of a footer.
const MAGIC: &[u8; 8] = b"TLindex1";
/// Bytes of an entry of rows, sayings and records.
const WIDTHS: [usize; 3] = [67, 28, 22];
const FOOTER: usize = 8 + 3 * 8 + 8;

/// No file: a row that repeats another of its document and batch word for word is not stored.
pub const NO_FILE: u32 = u32::MAX;

/// One row, and what has to be known of it to say whether it is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub key: Digest16,
    /// Whom it is about; none in a public entity.
    pub subject: Option<Pseudonym>,
    /// Its content's keyed hash.
    pub hash: i64,
    /// The sequence of the document that says it.
    pub seq: i64,
    /// The number of its record in the run; 0 in a source's index.
    pub record: u64,
    /// The snapshot scope it belongs to.
    pub scope: Option<Digest16>,
    /// The entity.
    pub entity: Name,
    /// Which file of its batch holds it, or [`NO_FILE`]; of no meaning in a source's index.
    pub file: u32,
    /// Whether it was said to be gone.
    pub gone: bool,
    /// Whether it is staged, and not yet what the source last said.
    pub staged: bool,
}

/// What a record said about who somebody is, as a keyed digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saying {
    /// The digest.
    pub digest: Digest16,
    /// The number of the record.
    pub record: u64,
    /// Which row of the batch's segment holds it.
    pub position: u32,
    /// Whether it is staged, and not yet known.
    pub staged: bool,
}

/// Where a record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// The feed.
    pub feed: Name,
    /// Which file of the inbox or page.
    pub document: u32,
    /// Which part of it.
    pub part: u32,
    /// Which row.
    pub row: u32,
    /// The sequence of its document.
    pub seq: i64,
}

/// What entries refer to by number.
#[derive(Clone, Debug, Default)]
struct Tables {
    names: Vec<Name>,
    scopes: Vec<Digest16>,
    files: Vec<PathBuf>,
}

#[cfg(test)]
mod tests;
