//! What a run has staged: named, and visible to nobody but the fold.
use super::{Catalog, CatalogFault, FileKind, NewFile, Run, run::write_faults};
use crate::{
    fault::{Count, Fault},
    privacy::{Digest16, Origin},
};
use rusqlite::{Row, Transaction, params};
use std::path::PathBuf;

/// What a document said beside its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// A snapshot of a scope was read to its end: what the scope held before and it lacks is gone.
    Snapshot,
    /// The service deleted a person.
    Deletion,
    /// The service stated how many records a slice has.
    Total,
}

impl Word {
    const fn text(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Deletion => "deletion",
            Self::Total => "total",
        }
    }
    fn of(text: &str) -> Self {
        match text {
            "snapshot" => Self::Snapshot,
            "deletion" => Self::Deletion,
            _ => Self::Total,
        }
    }
}

/// One such word, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which.
    pub word: Word,
    /// A snapshot's scope or a deleted subject; nothing for a total.
    pub about: Digest16,
    /// The first sequence of the document that says it: a slice that was resumed has two.
    pub first_seq: i64,
    /// Its last sequence.
    pub seq: i64,
    /// The feed.
    pub feed: String,
    /// Where it was said.
    pub origin: Origin,
    /// Which file of the inbox or page, as a place counts them.
    pub place: u32,
    /// Records that the document gave, for a total.
    pub records: u64,
    /// Records that the service stated, for a total.
    pub stated: u64,
}

/// How far a slice was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The tenant.
    pub tenant: String,
    /// The feed.
    pub feed: String,
    /// Where to go on, sealed.
    pub token: Vec<u8>,
    /// When the slice was begun.
    pub started: String,
    /// The first sequence of the slice.
    pub first_seq: i64,
    /// The sequence it had come to.
    pub seq: i64,
    /// The scope that its rows belong to.
    pub scope: Option<Digest16>,
    /// Rows of it set aside that could be any that the scope held.
    pub unread: u64,
}

/// A document that was read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadDocument {
    /// The feed that read it.
    pub feed: String,
    /// Its keyed place.
    pub slot: Digest16,
    /// A digest of its bytes and of all that it was read with.
    pub reading: Digest16,
    /// A digest of its bytes.
    pub content: Digest16,
    /// Its sequence.
    pub seq: i64,
}

/// One batch: everything here is staged in one transaction.
#[derive(Default)]
pub struct Batch {
    /// Its sequence.
    pub seq: i64,
    /// Its files, each at its place and synced.
    pub files: Vec<NewFile>,
    /// The number of its first record in the run, and how many it has.
    pub records: (u64, u64),
    /// The document that it ends in the middle of.
    pub open_document: Option<i64>,
    /// Identity fields with one value for more than half of its people.
    pub collapsed: Vec<String>,
    /// Counts by document and feed. Accepted and unchanged are not known before the fold.
    pub counts: Vec<(i64, String, Count)>,
    /// What was set aside, with the document's sequence.
    pub faults: Vec<(i64, Fault)>,
    /// Slices read whole: (tenant, feed, new cursor).
    pub cursors: Vec<(String, String, String)>,
    /// Documents read whole.
    pub documents: Vec<ReadDocument>,
    /// Files that were read or could not be, with the number that each has in its inbox now: (feed, slot, number).
    pub readings: Vec<(String, Digest16, u32)>,
    /// Documents that do not count after all.
    pub void: Vec<i64>,
    /// What documents said beside their rows.
    pub words: Vec<Said>,
    /// How far slices were read.
    pub checkpoints: Vec<Checkpoint>,
}

/// A file of a staged run.
#[derive(Clone, Debug)]
pub struct StagedFile {
    /// What it holds.
    pub kind: FileKind,
    /// The entity, for rows.
    pub entity: String,
    /// The academic year, where its rows have one.
    pub ay: Option<i32>,
    /// Path relative to the data folder.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
}

/// A batch as the fold sees it.
#[derive(Clone, Debug)]
pub struct StagedBatch {
    /// Its sequence.
    pub seq: i64,
    /// The number of its first record in the run, and how many it has.
    pub records: (u64, u64),
    /// Its files, in path order.
    pub files: Vec<StagedFile>,
    /// Identity fields with one value for more than half of its people.
    pub collapsed: Vec<String>,
}

/// Everything that a run has staged.
#[derive(Clone, Debug, Default)]
pub struct Staged {
    /// Its batches in their order.
    pub batches: Vec<StagedBatch>,
    /// Counts by feed.
    pub counts: Vec<(String, Count)>,
    /// What documents said beside their rows, in the order of their sequences.
    pub words: Vec<Said>,
    /// Documents that do not count.
    pub void: Vec<i64>,
    /// Feeds of which at least one slice was read whole.
    pub whole_feeds: Vec<String>,
}

impl Catalog {
    /// Names a batch's files and what goes with them. They stay invisible until the run is published.
    pub fn stage(&mut self, run: &Run, batch: &Batch) -> Result<(), CatalogFault> {
        self.write(|tx| {
            name_files(tx, run, batch.seq, &batch.files)?;
            tx.execute(
                "UPDATE batch SET first_record = ?2, records = ?3, open_document = ?4, collapsed = ?5 WHERE seq = ?1",
                params![
                    batch.seq,
                    batch.records.0 as i64,
                    batch.records.1 as i64,
                    batch.open_document,
                    batch.collapsed.join(" ")
                ],
            )?;
            for seq in &batch.void {
                make_void(tx, run, *seq)?;
            }
            for (seq, feed, count) in &batch.counts {
                tx.execute(
                    "INSERT INTO staged_count VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        run.id,
                        seq,
                        feed,
                        count.read as i64,
                        count.set_aside as i64,
                        count.cells_emptied as i64,
                        count.documents_set_aside as i64,
                        count.withheld as i64
                    ],
                )?;
            }
            write_faults(tx, run, batch.faults.iter().map(|(seq, fault)| (*seq, fault)))?;
            for (tenant, feed, value) in &batch.cursors {
                tx.execute(
                    "INSERT OR REPLACE INTO staged_cursor VALUES (?1, ?2, ?3, ?4)",
                    params![run.id, tenant, feed, value],
                )?;
                tx.execute(
                    "DELETE FROM checkpoint WHERE run_id = ?1 AND tenant = ?2 AND feed = ?3",
                    params![run.id, tenant, feed],
                )?;
            }
            for read in &batch.documents {
                tx.execute(
                    "INSERT OR REPLACE INTO staged_document VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![run.id, read.feed, read.slot, read.reading, read.content, read.seq],
                )?;
            }
            for (feed, slot, document) in &batch.readings {
                tx.execute(
                    "INSERT OR REPLACE INTO reading VALUES (?1, ?2, ?3, ?4)",
                    params![run.id, feed, slot, document],
                )?;
            }
            stage_words(tx, run, &batch.words)?;
            for point in &batch.checkpoints {
                tx.execute(
                    "INSERT OR REPLACE INTO checkpoint VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    params![
                        run.id,
                        point.tenant,
                        point.feed,
                        point.token,
                        point.started,
                        point.first_seq,
                        point.seq,
                        point.scope,
                        point.unread as i64
                    ],
                )?;
            }
            Ok(())
        })
    }

    /// Everything that a run has staged.
    pub fn staged(&self, run: &Run) -> Result<Staged, CatalogFault> {
        Ok(Staged {
            batches: self.staged_batches(run)?,
            counts: self.staged_counts(run)?,
            words: self.staged_words(run)?,
            void: self.list("SELECT seq FROM void_document WHERE run_id = ?1 ORDER BY seq", run, |row| {
                row.get(0)
            })?,
            whole_feeds: self.list(
                "SELECT DISTINCT feed FROM staged_cursor WHERE run_id = ?1 ORDER BY feed",
                run,
                |row| row.get(0),
            )?,
        })
    }

    fn staged_batches(&self, run: &Run) -> Result<Vec<StagedBatch>, CatalogFault> {
        let mut batches = self.list(
            "SELECT seq, first_record, records, collapsed FROM batch WHERE run_id = ?1 ORDER BY seq",
            run,
            |row| {
                let collapsed: String = row.get(3)?;
                Ok(StagedBatch {
                    seq: row.get(0)?,
                    records: (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64),
                    files: Vec::new(),
                    collapsed: collapsed.split_whitespace().map(str::to_owned).collect(),
                })
            },
        )?;
        let mut statement = self.read().prepare(
            "SELECT kind, entity, ay, path, rows FROM file WHERE batch_seq = ?1 AND retired = 0 ORDER BY path",
        )?;
        for batch in &mut batches {
            let files = statement.query_map([batch.seq], |row| {
                Ok(StagedFile {
                    kind: FileKind::of(&row.get::<_, String>(0)?),
                    entity: row.get(1)?,
                    ay: row.get(2)?,
                    path: row.get::<_, String>(3)?.into(),
                    rows: row.get::<_, i64>(4)? as u64,
                })
            })?;
            batch.files = files.collect::<rusqlite::Result<_>>()?;
        }
        Ok(batches)
    }

    fn staged_counts(&self, run: &Run) -> Result<Vec<(String, Count)>, CatalogFault> {
        self.list(
            "SELECT feed, sum(read), sum(set_aside), sum(cells_emptied), sum(documents_set_aside), sum(withheld)
               FROM staged_count WHERE run_id = ?1 GROUP BY feed ORDER BY feed",
            run,
            |row| {
                let n = |at: usize| row.get::<_, i64>(at).map(|n| n as u64);
                let count = Count {
                    read: n(1)?,
                    set_aside: n(2)?,
                    cells_emptied: n(3)?,
                    documents_set_aside: n(4)?,
                    withheld: n(5)?,
                    ..Count::default()
                };
                Ok((row.get(0)?, count))
            },
        )
    }

    fn staged_words(&self, run: &Run) -> Result<Vec<Said>, CatalogFault> {
        self.list(
            "SELECT word, about, first_seq, seq, feed, document, part, row, place, records, stated
               FROM staged_word WHERE run_id = ?1 ORDER BY seq, rowid",
            run,
            |row| {
                let origin = Origin { document: row.get(5)?, part: row.get(6)?, row: row.get(7)? };
                Ok(Said {
                    word: Word::of(&row.get::<_, String>(0)?),
                    about: row.get(1)?,
                    first_seq: row.get(2)?,
                    seq: row.get(3)?,
                    feed: row.get(4)?,
                    origin,
                    place: row.get(8)?,
                    records: row.get::<_, i64>(9)? as u64,
                    stated: row.get::<_, i64>(10)? as u64,
                })
            },
        )
    }

    /// Slices that the run had begun and not read whole.
    pub fn checkpoints(&self, run: &Run) -> Result<Vec<Checkpoint>, CatalogFault> {
        self.list(
            "SELECT tenant, feed, token, started, first_seq, seq, scope, unread FROM checkpoint WHERE run_id = ?1",
            run,
            |row| {
                Ok(Checkpoint {
                    tenant: row.get(0)?,
                    feed: row.get(1)?,
                    token: row.get(2)?,
                    started: row.get(3)?,
                    first_seq: row.get(4)?,
                    seq: row.get(5)?,
                    scope: row.get(6)?,
                    unread: row.get::<_, i64>(7)? as u64,
                })
            },
        )
    }

    /// Slices that the run has read whole: (tenant, feed).
    pub fn staged_slices(&self, run: &Run) -> Result<Vec<(String, String)>, CatalogFault> {
        self.list("SELECT tenant, feed FROM staged_cursor WHERE run_id = ?1", run, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    }

    /// Takes back that a scope was read to its end: what it lacks may be elsewhere.
    pub fn unsay_snapshot(&mut self, run: &Run, scope: &Digest16) -> Result<(), CatalogFault> {
        self.write(|tx| {
            let sql = "DELETE FROM staged_word WHERE run_id = ?1 AND word = 'snapshot' AND about = ?2";
            tx.execute(sql, params![run.id, scope])?;
            Ok(())
        })
    }

    /// The feeds and places of what a run has read whole.
    pub fn staged_documents(&self, run: &Run) -> Result<Vec<(String, Digest16)>, CatalogFault> {
        self.list("SELECT feed, slot FROM staged_document WHERE run_id = ?1", run, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    }

    /// The digest of what the run has read whole from a place.
    pub fn staged_document(
        &self,
        run: &Run,
        feed: &str,
        slot: &Digest16,
    ) -> Result<Option<Digest16>, CatalogFault> {
        use rusqlite::OptionalExtension;
        let sql = "SELECT digest FROM staged_document WHERE run_id = ?1 AND feed = ?2 AND slot = ?3";
        Ok(self.read().query_row(sql, params![run.id, feed, slot], |row| row.get(0)).optional()?)
    }

    /// Takes up a run whose process died: the document it was cut off in does not count, unless a checkpoint says how
    /// far it was read. Returns the number of the next record.
    pub fn resume(&mut self, run: &Run) -> Result<u64, CatalogFault> {
        self.write(|tx| {
            let cut_off = "SELECT open_document FROM batch WHERE run_id = ?1 ORDER BY seq DESC LIMIT 1";
            let open: Option<i64> = tx.query_row(cut_off, [run.id], |row| row.get(0))?;
            let told = "SELECT count(*) FROM checkpoint WHERE run_id = ?1 AND seq = ?2";
            if let Some(open) = open
                && tx.query_row(told, params![run.id, open], |row| row.get::<_, i64>(0))? == 0
            {
                make_void(tx, run, open)?;
            }
            // Documents and slices that could not be read are asked for again, and then say so again.
            tx.execute(
                "DELETE FROM quarantine WHERE run_id = ?1 AND consequence = 'document_set_aside'",
                [run.id],
            )?;
            tx.execute("UPDATE staged_count SET documents_set_aside = 0 WHERE run_id = ?1", [run.id])?;
            let next = "SELECT coalesce(max(first_record + records), 0) FROM batch WHERE run_id = ?1";
            tx.query_row(next, [run.id], |row| row.get::<_, i64>(0)).map(|n| n as u64)
        })
    }

    fn list<T>(
        &self,
        sql: &str,
        run: &Run,
        each: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, CatalogFault> {
        let mut statement = self.read().prepare(sql)?;
        let rows = statement.query_map([run.id], each)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// A document does not count: what was said and counted of it is taken back, and its rows are passed over.
fn make_void(tx: &Transaction<'_>, run: &Run, seq: i64) -> rusqlite::Result<()> {
    tx.execute("INSERT OR IGNORE INTO void_document VALUES (?1, ?2)", params![run.id, seq])?;
    for table in ["staged_count", "quarantine", "staged_word"] {
        let sql = format!("DELETE FROM {table} WHERE run_id = ?1 AND seq = ?2");
        tx.execute(&sql, params![run.id, seq])?;
    }
    Ok(())
}

fn stage_words(tx: &Transaction<'_>, run: &Run, words: &[Said]) -> rusqlite::Result<()> {
    let mut insert =
        tx.prepare("INSERT INTO staged_word VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?;
    for said in words {
        insert.execute(params![
            run.id,
            said.word.text(),
            said.about,
            said.first_seq,
            said.seq,
            said.feed,
            said.origin.document,
            said.origin.part,
            said.origin.row,
            said.place,
            said.records as i64,
            said.stated as i64
        ])?;
    }
    Ok(())
}

/// Names a batch and its files.
pub(super) fn name_files(
    tx: &Transaction<'_>,
    run: &Run,
    seq: i64,
    files: &[NewFile],
) -> rusqlite::Result<()> {
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    tx.execute(
        "INSERT INTO batch(seq, run_id, rows) VALUES (?1, ?2, ?3)",
        params![seq, run.id, rows as i64],
    )?;
    let mut insert = tx.prepare(
        "INSERT INTO file(path, batch_seq, kind, entity, ay, source, rows, bytes, sha256)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for file in files {
        insert.execute(params![
            file.path.to_string_lossy(),
            seq,
            file.kind.word(),
            file.entity,
            file.ay,
            run.source,
            file.rows as i64,
            file.bytes as i64,
            file.sha256
        ])?;
    }
    Ok(())
}
