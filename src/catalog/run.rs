use super::{Catalog, CatalogFault, FileKind, NewFile, SetAside};
use crate::{
    fault::{Count, Fault},
    privacy::{Digest16, Pseudonym},
};
use rusqlite::{Transaction, params};
use std::path::PathBuf;

/// A run's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// At work, or its process died.
    Running,
    /// Staged; a guard said no, a person decides.
    Held,
    /// Visible.
    Published,
    /// Ended without publishing.
    Failed,
    /// Its process died; what it had staged was swept.
    Abandoned,
}

impl RunState {
    /// The word in the catalog.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Held => "held",
            Self::Published => "published",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// A run under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// The source it pulls; empty for a run over all.
    pub source: String,
}

/// What the publish transaction makes true at once.
#[derive(Default)]
pub struct Publication {
    /// New cursors: (tenant, feed, value).
    pub cursors: Vec<(String, String, String)>,
    /// Documents read whole: (feed, slot, digest).
    pub documents: Vec<(String, Digest16, Digest16)>,
    /// Counts by feed.
    pub counts: Vec<(String, Count)>,
    /// What was set aside.
    pub faults: Vec<Fault>,
    /// New anchors: (subject, learner).
    pub anchors: Vec<(Pseudonym, Pseudonym)>,
    /// Whether links published before are replaced by this run's.
    pub replaces_links: bool,
}

impl Catalog {
    /// Starts a run. `now` is an instant in UTC.
    pub fn begin(&mut self, verb: &str, source: &str, now: &str) -> Result<Run, CatalogFault> {
        let id = self.write(|tx| {
            tx.execute(
                "INSERT INTO run(verb, source, state, started_at) VALUES (?1, ?2, 'running', ?3)",
                params![verb, source, now],
            )?;
            Ok(tx.last_insert_rowid())
        })?;
        Ok(Run { id, source: source.to_owned() })
    }

    /// Reserves sequence numbers and returns the last of them. Those that are never used are simply skipped.
    pub fn reserve_seqs(&mut self, count: i64) -> Result<i64, CatalogFault> {
        self.write(|tx| {
            tx.query_row(
                "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + ?1 AS TEXT)
                  WHERE name = 'commit_seq' RETURNING CAST(value AS INTEGER)",
                [count],
                |row| row.get(0),
            )
        })
    }

    /// Names a batch's files. They stay invisible until the run is published.
    pub fn stage(&mut self, run: &Run, seq: i64, files: &[NewFile]) -> Result<(), CatalogFault> {
        let rows: u64 = files.iter().map(|file| file.rows).sum();
        self.write(|tx| {
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
        })
    }

    /// Makes a run's batches visible, moves its cursors and files its counts and faults: one transaction.
    pub fn publish(&mut self, run: &Run, publication: &Publication, now: &str) -> Result<(), CatalogFault> {
        self.write(|tx| {
            if publication.replaces_links {
                tx.execute(
                    "UPDATE file SET retired = 1 WHERE kind = 'link' AND retired = 0
                        AND batch_seq NOT IN (SELECT seq FROM batch WHERE run_id = ?1)",
                    [run.id],
                )?;
            }
            write_counts(tx, run, publication)?;
            for (tenant, feed, value) in &publication.cursors {
                tx.execute(
                    "INSERT INTO cursor(source, tenant, feed, value) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET value = excluded.value",
                    params![run.source, tenant, feed, value],
                )?;
            }
            for (feed, slot, digest) in &publication.documents {
                tx.execute(
                    "INSERT INTO document(source, feed, slot, digest, run_id) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET digest = excluded.digest, run_id = excluded.run_id",
                    params![run.source, feed, slot, digest, run.id],
                )?;
            }
            let mut anchor = tx.prepare(
                "INSERT INTO link_anchor(subject, learner) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET learner = excluded.learner",
            )?;
            for (subject, learner) in &publication.anchors {
                anchor.execute(params![subject, learner])?;
            }
            end(tx, run, RunState::Published, "", now)
        })
    }

    /// Ends a run without publishing. Its faults and counts are kept; its files are swept.
    pub fn fail(
        &mut self,
        run: &Run,
        state: RunState,
        reason: &str,
        publication: &Publication,
        now: &str,
    ) -> Result<(), CatalogFault> {
        self.write(|tx| {
            write_counts(tx, run, publication)?;
            end(tx, run, state, reason, now)
        })
    }

    /// Ends the runs of dead processes and forgets whatever no published run names.
    /// Returns the paths that may be removed. Call it under the writer's lock only.
    pub fn sweep(&mut self, now: &str) -> Result<Vec<PathBuf>, CatalogFault> {
        self.write(|tx| {
            tx.execute(
                "UPDATE run SET state = 'abandoned', ended_at = ?1, reason = 'the process ended before the run did'
                  WHERE state = 'running'",
                [now],
            )?;
            let orphaned = "SELECT f.path FROM file f JOIN batch b ON b.seq = f.batch_seq JOIN run r ON r.id = b.run_id
                             WHERE r.state IN ('abandoned', 'failed') OR f.retired = 1";
            let paths: Vec<String> =
                tx.prepare(orphaned)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            tx.execute(&format!("DELETE FROM file WHERE path IN ({orphaned})"), [])?;
            tx.execute("DELETE FROM batch WHERE seq NOT IN (SELECT batch_seq FROM file)", [])?;
            Ok(paths.into_iter().map(PathBuf::from).collect())
        })
    }

    /// Notes a release.
    pub fn note_release(&mut self, id: &str, as_of: &str, now: &str) -> Result<(), CatalogFault> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO release(id, published_at, as_of) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![id, now, as_of],
            )?;
            Ok(())
        })
    }
}

fn end(tx: &Transaction<'_>, run: &Run, state: RunState, reason: &str, now: &str) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE run SET state = ?2, reason = ?3, ended_at = ?4 WHERE id = ?1",
        params![run.id, state.word(), reason, now],
    )?;
    Ok(())
}

fn write_counts(tx: &Transaction<'_>, run: &Run, publication: &Publication) -> rusqlite::Result<()> {
    for (feed, count) in &publication.counts {
        tx.execute(
            "INSERT INTO feed_count VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                run.id,
                run.source,
                feed,
                count.read as i64,
                count.accepted as i64,
                count.set_aside as i64,
                count.unchanged as i64,
                count.cells_emptied as i64,
                count.documents_set_aside as i64
            ],
        )?;
    }
    let mut insert =
        tx.prepare("INSERT INTO quarantine VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    for fault in &publication.faults {
        let line = SetAside::of(run.id, fault);
        insert.execute(params![
            line.run,
            line.source,
            line.feed,
            line.document,
            line.sheet,
            line.row,
            line.column,
            line.problem,
            line.detail,
            line.hint,
            line.consequence
        ])?;
    }
    Ok(())
}

impl FileKind {
    /// The kind that a word in the catalog names.
    pub(in crate::catalog) fn of(word: &str) -> Self {
        match word {
            "register" => Self::Register,
            "link" => Self::Link,
            _ => Self::Lake,
        }
    }
}
