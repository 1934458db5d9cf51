//! Runs as the next run and the person who decides about them see them.
use super::{Catalog, CatalogFault, Decision, RunEntry, SetAside, SourceCount, StagedFile};
use crate::{catalog::FileKind, fault::Count};
use rusqlite::{OptionalExtension, params};

/// A run that has not ended, or is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRun {
    /// Its number.
    pub id: i64,
    /// Its source; empty for a run over all.
    pub source: String,
    /// When it began, UTC.
    pub started_at: String,
    /// Whether it asked for everything.
    pub whole: bool,
    /// A digest of the definitions it reads with.
    pub read_with: String,
    /// Batches that it has staged.
    pub batches: u64,
}

/// One run with all that is known of it.
#[derive(Clone, Debug)]
pub struct RunDetail {
    /// The run.
    pub run: RunEntry,
    /// Counts by feed.
    pub counts: Vec<SourceCount>,
    /// What was found at which place; guards first.
    pub faults: Vec<SetAside>,
    /// Its files.
    pub files: Vec<StagedFile>,
    /// Who decided about it.
    pub decision: Option<Decision>,
}

impl Catalog {
    /// Runs in a state that have not come to their end: `running` or `held`; of one source, or of all.
    pub fn pending_runs(&self, state: &str, source: Option<&str>) -> Result<Vec<PendingRun>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT id, source, started_at, whole, read_with,
                    (SELECT count(*) FROM batch b WHERE b.run_id = run.id)
               FROM run WHERE state = ?1 AND (?2 IS NULL OR source = ?2) ORDER BY id",
        )?;
        let rows = statement.query_map(params![state, source], |row| {
            Ok(PendingRun {
                id: row.get(0)?,
                source: row.get(1)?,
                started_at: row.get(2)?,
                whole: row.get(3)?,
                read_with: row.get(4)?,
                batches: row.get::<_, i64>(5)? as u64,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether anything was ever published of a source.
    pub fn has_published(&self, source: &str) -> Result<bool, CatalogFault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM run WHERE source = ?1 AND state = 'published')";
        Ok(self.read().query_row(sql, [source], |row| row.get(0))?)
    }

    /// Whether a run of the source that began after this one was published.
    pub fn is_overtaken(&self, run: i64, source: &str) -> Result<bool, CatalogFault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM run WHERE source = ?1 AND state = 'published' AND id > ?2)";
        Ok(self.read().query_row(sql, params![source, run], |row| row.get(0))?)
    }

    /// Records of a feed when it was last read whole by a run before this one.
    pub fn last_whole_read(&self, run: i64, source: &str, feed: &str) -> Result<Option<u64>, CatalogFault> {
        let sql = "SELECT c.read FROM feed_count c JOIN run r ON r.id = c.run_id
                    WHERE r.state = 'published' AND r.whole = 1 AND r.id < ?1 AND r.source = ?2 AND c.feed = ?3
                    ORDER BY r.id DESC LIMIT 1";
        let read = self.read().query_row(sql, params![run, source, feed], |row| row.get::<_, i64>(0));
        Ok(read.optional()?.map(|n| n as u64))
    }

    /// Whether a run asks for everything.
    pub fn is_whole(&self, run: i64) -> Result<bool, CatalogFault> {
        Ok(self.read().query_row("SELECT whole FROM run WHERE id = ?1", [run], |row| row.get(0))?)
    }

    /// One run, if there is one of that number.
    pub fn run_detail(&self, id: i64) -> Result<Option<RunDetail>, CatalogFault> {
        let Some(run) = self.run_entry(id)? else { return Ok(None) };
        let mut statement = self.read().prepare(
            "SELECT feed, read, accepted, set_aside, unchanged, cells_emptied, documents_set_aside, gone, withheld
               FROM feed_count WHERE run_id = ?1 ORDER BY feed",
        )?;
        let counts = statement.query_map([id], |row| {
            let n = |at: usize| row.get::<_, i64>(at).map(|n| n as u64);
            let count = Count {
                read: n(1)?,
                accepted: n(2)?,
                set_aside: n(3)?,
                unchanged: n(4)?,
                cells_emptied: n(5)?,
                documents_set_aside: n(6)?,
                gone: n(7)?,
                withheld: n(8)?,
            };
            Ok(SourceCount { source: run.source.clone(), feed: row.get(0)?, count })
        })?;
        let counts = counts.collect::<rusqlite::Result<_>>()?;
        let mut faults = self.quarantine(None)?;
        faults.retain(|fault| fault.run == id);
        faults.sort_by_key(|fault| fault.consequence != "run_held");
        let mut statement = self.read().prepare(
            "SELECT kind, entity, ay, path, rows FROM file
              WHERE batch_seq IN (SELECT seq FROM batch WHERE run_id = ?1) ORDER BY path",
        )?;
        let files = statement.query_map([id], |row| {
            Ok(StagedFile {
                kind: FileKind::of(&row.get::<_, String>(0)?),
                entity: row.get(1)?,
                ay: row.get(2)?,
                path: row.get::<_, String>(3)?.into(),
                rows: row.get::<_, i64>(4)? as u64,
            })
        })?;
        let files = files.collect::<rusqlite::Result<_>>()?;
        let sql = "SELECT verdict, who, at, reason FROM decision WHERE run_id = ?1";
        let decision = self.read().query_row(sql, [id], |row| {
            let (verdict, who, at, reason) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Decision { verdict, who, at, reason, by_a_person: false })
        });
        Ok(Some(RunDetail { run, counts, faults, files, decision: decision.optional()? }))
    }

    fn run_entry(&self, id: i64) -> Result<Option<RunEntry>, CatalogFault> {
        let sql = "SELECT id, verb, source, state, started_at, ended_at, reason FROM run WHERE id = ?1";
        let entry = self.read().query_row(sql, [id], |row| {
            Ok(RunEntry {
                id: row.get(0)?,
                verb: row.get(1)?,
                source: row.get(2)?,
                state: row.get(3)?,
                started_at: row.get(4)?,
                ended_at: row.get(5)?,
                reason: row.get(6)?,
            })
        });
        Ok(entry.optional()?)
    }
}
