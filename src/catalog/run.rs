use super::{
    Access, Catalog, CatalogFault, FeedShape, LinkNews, NewFile, SetAside, audit::chain, linkage, settled,
    shape, staged,
};
use crate::{
    fault::{Count, Fault},
    privacy::Pseudonym,
};
use rusqlite::{OptionalExtension, Transaction, params};
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
    /// It was held, and will not be published.
    Discarded,
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
            Self::Discarded => "discarded",
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

/// Who decided about a held run, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Decision {
    /// `approved` or `discarded`.
    pub verdict: String,
    /// The user of the operating system.
    pub who: String,
    /// When, UTC.
    pub at: String,
    /// Why; sealed, where a person said it.
    pub reason: String,
    /// Whether a person decided, and not the program.
    #[serde(skip)]
    pub by_a_person: bool,
}

/// What the publish transaction makes true at once.
#[derive(Default)]
pub struct Publication {
    /// Counts by feed.
    pub counts: Vec<(String, Count)>,
    /// What the fold set aside or noted beyond what its batches had.
    pub faults: Vec<Fault>,
    /// Files that the fold wrote, under a batch of this sequence.
    pub folded: Option<(i64, Vec<NewFile>)>,
    /// Files that are no longer named: staged ones of which nothing stays, and indexes that others replace.
    pub dropped: Vec<PathBuf>,
    /// How the rows of the source's feeds are named from now on; none leaves it as it was.
    pub shapes: Option<Vec<FeedShape>>,
    /// New anchors: (subject, learner).
    pub anchors: Vec<(Pseudonym, Pseudonym)>,
    /// Whether links published before are replaced by this run's.
    pub replaces_links: bool,
    /// What linking makes true beside its links.
    pub links: LinkNews,
    /// Who let a held run through.
    pub decision: Option<Decision>,
}

impl Catalog {
    /// Starts a run over all sources. `now` is an instant in UTC.
    pub fn begin(&mut self, verb: &str, source: &str, now: &str) -> Result<Run, CatalogFault> {
        self.begin_pull(verb, source, (false, ""), now)
    }

    /// Starts a run on a source: whether it asks for everything, and a digest of what it reads with.
    pub fn begin_pull(
        &mut self,
        verb: &str,
        source: &str,
        (whole, read_with): (bool, &str),
        now: &str,
    ) -> Result<Run, CatalogFault> {
        let id = self.write(|tx| {
            tx.execute(
                "INSERT INTO run(verb, source, state, started_at, whole, read_with)
                 VALUES (?1, ?2, 'running', ?3, ?4, ?5)",
                params![verb, source, now, whole, read_with],
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
            for path in &publication.dropped {
                tx.execute("DELETE FROM file WHERE path = ?1", [path.to_string_lossy()])?;
            }
            if let Some((seq, files)) = &publication.folded {
                staged::name_files(tx, run, *seq, files)?;
            }
            linkage::write_news(tx, run.id, &publication.links, now)?;
            write_counts(tx, run, &publication.counts)?;
            write_faults(tx, run, publication.faults.iter().map(|fault| (0, fault)))?;
            settled::move_on(tx, run)?;
            if let Some(shapes) = &publication.shapes {
                shape::replace(tx, &run.source, shapes)?;
            }
            let mut anchor = tx.prepare(
                "INSERT INTO link_anchor(subject, learner) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET learner = excluded.learner",
            )?;
            for (subject, learner) in &publication.anchors {
                anchor.execute(params![subject, learner])?;
            }
            if let Some(decision) = &publication.decision {
                decide(tx, run.id, decision)?;
            }
            end(tx, run.id, RunState::Published, "", now)
        })
    }

    /// Ends a run without publishing. Its faults and counts are kept; its files are no longer named.
    pub fn fail(
        &mut self,
        run: &Run,
        reason: &str,
        counts: &[(String, Count)],
        now: &str,
    ) -> Result<(), CatalogFault> {
        self.write(|tx| {
            write_counts(tx, run, counts)?;
            settled::forget(tx, run.id)?;
            end(tx, run.id, RunState::Failed, reason, now)
        })
    }

    /// Holds a run until a person decides: what guards found is filed, and everything stays staged.
    pub fn hold(
        &mut self,
        run: &Run,
        reason: &str,
        (faults, counts): (&[Fault], &[(String, Count)]),
        now: &str,
    ) -> Result<(), CatalogFault> {
        self.write(|tx| {
            write_counts(tx, run, counts)?;
            write_faults(tx, run, faults.iter().map(|fault| (0, fault)))?;
            end(tx, run.id, RunState::Held, reason, now)
        })
    }

    /// Ends a held run for good. Returns whether it was held.
    pub fn discard(&mut self, run: i64, decision: &Decision, now: &str) -> Result<bool, CatalogFault> {
        self.write(|tx| {
            let held = "SELECT 1 FROM run WHERE id = ?1 AND state = 'held'";
            if tx.query_row(held, [run], |_| Ok(())).optional()?.is_none() {
                return Ok(false);
            }
            settled::forget(tx, run)?;
            decide(tx, run, decision)?;
            let why = if decision.by_a_person { "a person decided so" } else { &decision.reason };
            end(tx, run, RunState::Discarded, why, now)?;
            Ok(true)
        })
    }

    /// Ends a run whose process died, as if it had never been.
    pub fn abandon(&mut self, run: i64, now: &str) -> Result<(), CatalogFault> {
        self.write(|tx| {
            settled::forget(tx, run)?;
            tx.execute("DELETE FROM quarantine WHERE run_id = ?1", [run])?;
            tx.execute("DELETE FROM reading WHERE run_id = ?1", [run])?;
            end(tx, run, RunState::Abandoned, "the process ended before the run did", now)
        })
    }

    /// Forgets a run that was only tried, as if it had never been begun.
    pub fn forget_run(&mut self, run: i64) -> Result<(), CatalogFault> {
        self.write(|tx| {
            settled::forget(tx, run)?;
            tx.execute("DELETE FROM quarantine WHERE run_id = ?1", [run])?;
            tx.execute("DELETE FROM reading WHERE run_id = ?1", [run])?;
            tx.execute("DELETE FROM run WHERE id = ?1 AND state = 'running'", [run])?;
            Ok(())
        })
    }

    /// Forgets the files that nothing names any more but their own row: retired ones.
    pub fn forget_retired(&mut self) -> Result<(), CatalogFault> {
        self.write(|tx| {
            tx.execute("DELETE FROM file WHERE retired = 1", [])?;
            Ok(())
        })
    }

    /// Notes a release, with the audit of who made it. One that is known already is noted once.
    pub fn note_release(
        &mut self,
        id: &str,
        as_of: &str,
        access: &Access<'_>,
        now: &str,
    ) -> Result<(), CatalogFault> {
        self.write(|tx| {
            let sql =
                "INSERT INTO release(id, published_at, as_of) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            let new = tx.execute(sql, params![id, now, as_of])? == 1;
            tx.execute("UPDATE release_tombstone SET successor = ?1 WHERE successor IS NULL", [id])?;
            if new { chain(tx, access, now).map(drop) } else { Ok(()) }
        })
    }
}

/// Ends a run that has published what it did.
pub(super) fn end_published(tx: &Transaction<'_>, run: i64, now: &str) -> rusqlite::Result<()> {
    end(tx, run, RunState::Published, "", now)
}

fn end(tx: &Transaction<'_>, run: i64, state: RunState, reason: &str, now: &str) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE run SET state = ?2, reason = ?3, ended_at = ?4 WHERE id = ?1",
        params![run, state.word(), reason, now],
    )?;
    Ok(())
}

fn decide(tx: &Transaction<'_>, run: i64, decision: &Decision) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO decision(run_id, verdict, who, at, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![run, decision.verdict, decision.who, decision.at, decision.reason],
    )?;
    Ok(())
}

fn write_counts(tx: &Transaction<'_>, run: &Run, counts: &[(String, Count)]) -> rusqlite::Result<()> {
    for (feed, count) in counts {
        tx.execute(
            "INSERT OR REPLACE INTO feed_count VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                run.id,
                run.source,
                feed,
                count.read as i64,
                count.accepted as i64,
                count.set_aside as i64,
                count.unchanged as i64,
                count.cells_emptied as i64,
                count.documents_set_aside as i64,
                count.gone as i64,
                count.withheld as i64
            ],
        )?;
    }
    Ok(())
}

/// Files faults, each with the sequence of the document that it was found in (0 where it is not a document's).
pub(super) fn write_faults<'f>(
    tx: &Transaction<'_>,
    run: &Run,
    faults: impl Iterator<Item = (i64, &'f Fault)>,
) -> rusqlite::Result<()> {
    let mut insert =
        tx.prepare("INSERT INTO quarantine VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?;
    for (seq, fault) in faults {
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
            line.consequence,
            seq
        ])?;
    }
    Ok(())
}
