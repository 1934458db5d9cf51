//! Pseudonymous rows as Parquet: one file per entity, academic year and batch, never changed once named.
//!
//! Takes [`Storable`](crate::privacy::Storable) only, so it cannot be handed a raw row. A file is written under a temporary name, synced and
//! renamed; it exists for readers when the catalog names it under a published run, and not before.
mod columns;
mod compact;
mod coverage;
mod expired;
mod index;
mod keep;
mod links;
mod placeless;
mod registered;
mod renamed;
mod table;
mod write;

pub use compact::{Sum, merge, sum};
pub use coverage::{Coverage, Held, Item};
pub use expired::{Seen, subjects, survey, without};
pub use index::{
    Entry, Index, IndexWriter, Merge, NO_FILE, RecordPlace, Records, Rows, Saying, Sayings, Sorted,
};
pub use keep::{Kept, rewrite};
pub use links::{links_held, write_changes, write_evidence, write_links, write_samples};
pub use placeless::{tell_places, without_places};
pub use registered::{Registration, Version, registrations, versions};
pub use renamed::{Called, Namer, buried, call, each_link, renamed, renamed_links};
pub use table::Table;
pub use write::{Meta, StoredRow, Written, write_rows, write_table};

/// Why the lake could not be written or read. Right of the boundary: its rows hold no identifier.
#[derive(Debug, thiserror::Error)]
pub enum LakeFault {
    /// The disk refused.
    #[error("the lake folder cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// Arrow refused.
    #[error("a lake file could not be put together: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Parquet refused.
    #[error("a lake file could not be read or written: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Merged files do not hold what the files held that they were merged from.
    #[error(
        "files of the lake were merged and do not hold the same rows: nothing was changed; see `throughline verify`"
    )]
    Merged,
    /// An index was cut short or altered.
    #[error("an index of the lake is damaged: see `throughline verify`, and restore it from its backup")]
    Index,
}
