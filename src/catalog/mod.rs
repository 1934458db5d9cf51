//! `catalog.sqlite`: the one place of truth about what the lake holds.
//!
//! A file exists if and only if the catalog names it under a published run. Batches are *staged* as they are
//! written; one *publish* transaction makes a run's batches visible and moves its cursors, so cursor, data and
//! identities cannot disagree. Everything that writes goes through `Catalog::write`, one `BEGIN IMMEDIATE` at a time.
mod aside;
mod audit;
mod chain;
mod clearing;
mod expiry;
mod grown;
mod history;
mod linkage;
mod lock;
mod lookup;
mod measure;
mod place;
mod question;
mod record;
mod review;
mod rights;
mod rotation;
mod run;
mod schedule;
mod schema;
mod settled;
mod shape;
mod staged;
mod study;
mod view;
mod years;

pub use audit::{Access, AuditEntry};
pub use chain::{Bad, Chain, Head, HeadFault, How, verify_chain};
pub use clearing::{Clearing, HeldFile, Removal, Replaced};
pub use expiry::{Holding, Pin};
pub use grown::GrownOut;
pub use history::{PendingRun, RunDetail};
pub use linkage::{LearnerChange, LinkDecision, LinkMeasure, LinkModel, LinkNews, LinkVerdict};
pub use lock::{Lock, LockFault};
pub use measure::{Measures, RunCount, Totals};
pub use place::{Unfinished, private_file, private_folder};
pub use question::{ANSWER, AnsweredQuestion};
pub use record::{FileKind, NewFile, SetAside};
pub use review::SampledPair;
pub use rights::{CaseEnd, Closing, ListSeen, NewCase, Note, ReleaseTombstone, RightsCase};
pub use rotation::{DocumentNames, KeyChange, PairRow, PersonCell, Rotation, Sealed, SealedCell};
pub use run::{Decision, Publication, Run, RunState};
pub use schedule::{SlotClaim, SlotClock, SlotEnd, SlotEntry};
pub use shape::FeedShape;
pub use staged::{Batch, Checkpoint, ReadDocument, Said, Staged, StagedBatch, StagedFile, Word};
pub use study::{HoldingExtract, NewRequest, Outlived, StudyExtract, StudyRequest};
pub use view::{FileEntry, LakeFile, ReleaseEntry, RunEntry, SourceCount};
pub use years::SourceFile;

use crate::privacy::{Key, KeyFault};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use std::{path::Path, time::Duration};

/// Why the catalog could not be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogFault {
    /// `SQLite` refused.
    #[error("{}", refused(.0))]
    Sqlite(#[from] rusqlite::Error),
    /// A newer or foreign catalog.
    #[error(
        "the catalog has format {found}, this program knows {known}: use the program that wrote it, or start a new data folder and read the sources again"
    )]
    Format {
        /// What the file says.
        found: i64,
        /// What this program writes.
        known: i64,
    },
    /// The key is not the lake's.
    #[error(transparent)]
    Key(#[from] KeyFault),
}

/// What `SQLite` refused, with what to do where that is known.
fn refused(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => {
            "the disk of the data folder is full (the catalog cannot be written): make room or move the folder, and run it again; what was finished stands"
                .to_owned()
        }
        _ => format!("the catalog cannot be used: {error}"),
    }
}

/// The open catalog.
pub struct Catalog {
    connection: Connection,
}

impl Catalog {
    /// Opens or creates the catalog of a data folder.
    pub fn open(path: &Path) -> Result<Self, CatalogFault> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        // What is deleted is written over: a pseudonym that had to go does not stay in a free page.
        connection.pragma_update(None, "secure_delete", "ON")?;
        let mut catalog = Self { connection };
        schema::create(&mut catalog)?;
        schema::create_schedule(&mut catalog)?;
        schema::create_question(&mut catalog)?;
        schema::create_study(&mut catalog)?;
        Ok(catalog)
    }

    /// A catalog in memory, for tests.
    pub fn in_memory() -> Result<Self, CatalogFault> {
        let mut catalog = Self { connection: Connection::open_in_memory()? };
        schema::create(&mut catalog)?;
        schema::create_schedule(&mut catalog)?;
        schema::create_question(&mut catalog)?;
        schema::create_study(&mut catalog)?;
        Ok(catalog)
    }

    /// The one function that writes: all of `work`, or nothing.
    pub(in crate::catalog) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogFault> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    pub(in crate::catalog) const fn read(&self) -> &Connection {
        &self.connection
    }

    /// Binds the lake to its key the first time, and refuses another one ever after.
    pub fn bind_key(&mut self, key: &Key) -> Result<(), CatalogFault> {
        if self.check_key(key)? {
            return Ok(());
        }
        let fingerprint = key.fingerprint();
        self.write(|tx| {
            tx.execute("INSERT INTO meta(name, value) VALUES ('key_fingerprint', ?1)", [&fingerprint])?;
            Ok(())
        })
    }

    /// Refuses another key than the lake's. False where it has none yet.
    pub fn check_key(&self, key: &Key) -> Result<bool, CatalogFault> {
        match self.key_fingerprint()? {
            Some(held) if held == key.fingerprint() => Ok(true),
            Some(_) => Err(KeyFault::AnotherKey.into()),
            None => Ok(false),
        }
    }

    /// The fingerprint of the lake's key.
    pub fn key_fingerprint(&self) -> Result<Option<String>, CatalogFault> {
        self.meta("key_fingerprint")
    }

    fn meta(&self, name: &str) -> Result<Option<String>, CatalogFault> {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        Ok(self.connection.query_row(sql, [name], |row| row.get(0)).optional()?)
    }
}
