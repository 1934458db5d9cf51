//! Files that others take the place of, and what rules of keeping took away with them: one transaction for all.
use super::{
    Catalog, CatalogFault, Closing, FileKind, GrownOut, NewFile, ReleaseEntry, Run, StagedFile, grown,
    rights, run::end_published, staged,
};
use crate::privacy::Pseudonym;
use rusqlite::{Transaction, params};
use std::path::PathBuf;

/// A visible file, whose it is and since when.
#[derive(Clone, Debug)]
pub struct HeldFile {
    /// The source; empty for links.
    pub source: String,
    /// The file.
    pub file: StagedFile,
    /// Its size.
    pub bytes: u64,
    /// When its run was published, UTC.
    pub since: String,
}

/// Files of a source that take the place of others.
#[derive(Debug)]
pub struct Replaced {
    /// The source.
    pub source: String,
    /// The sequence of their batch.
    pub seq: i64,
    /// They.
    pub files: Vec<NewFile>,
}

/// Rows that a rule took away.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Removal {
    /// Of this source.
    pub source: String,
    /// The entity, or `identities`.
    pub entity: String,
    /// The rule, in a word: `agreement_ended`, `tenant_withdrew`, `kept_long_enough`, `erased`, `objected`.
    pub why: String,
    /// How many, of every version.
    pub rows: u64,
}

/// What one clearing makes true at once.
#[derive(Debug, Default)]
pub struct Clearing {
    /// Files that are named from now on.
    pub written: Vec<Replaced>,
    /// Files that are named no longer.
    pub dropped: Vec<PathBuf>,
    /// Files that are seen no longer, and lie there until nobody can be reading them.
    pub retired: Vec<PathBuf>,
    /// People of whom nothing is left: their links go.
    pub subjects: Vec<Pseudonym>,
    /// People whose entries in the register go by age, with what is kept of them.
    pub grown: Vec<GrownOut>,
    /// Sources and their tenants of which nothing counts as read any more; an empty tenant stands for the whole source.
    pub forgotten: Vec<(String, String)>,
    /// Sources of which everything is asked for once more, in the order in which it was first read.
    pub asked_again: Vec<String>,
    /// What went, for the record.
    pub removals: Vec<Removal>,
    /// What becomes true with it, where somebody's right asked for it.
    pub closing: Option<Closing>,
}

impl Catalog {
    /// Every visible file of a kind, by source, entity, year and path.
    pub fn held_files(&self, kind: FileKind) -> Result<Vec<HeldFile>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT f.source, f.entity, f.ay, f.path, f.rows, f.bytes, coalesce(r.ended_at, r.started_at)
               FROM file f JOIN batch b ON b.seq = f.batch_seq JOIN run r ON r.id = b.run_id
              WHERE r.state = 'published' AND f.retired = 0 AND f.kind = ?1
              ORDER BY f.source, f.entity, f.ay, f.batch_seq, f.path",
        )?;
        let rows = statement.query_map([kind.word()], |row| {
            let file = StagedFile {
                kind,
                entity: row.get(1)?,
                ay: row.get(2)?,
                path: row.get::<_, String>(3)?.into(),
                rows: row.get::<_, i64>(4)? as u64,
            };
            let bytes = row.get::<_, i64>(5)? as u64;
            Ok(HeldFile { source: row.get(0)?, file, bytes, since: row.get(6)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Publishes a clearing: all of it, or nothing.
    pub fn clear(&mut self, run: &Run, clearing: &Clearing, now: &str) -> Result<(), CatalogFault> {
        self.write(|tx| {
            for path in &clearing.dropped {
                tx.execute("DELETE FROM file WHERE path = ?1", [path.to_string_lossy()])?;
            }
            for path in &clearing.retired {
                tx.execute("UPDATE file SET retired = 1 WHERE path = ?1", [path.to_string_lossy()])?;
            }
            for Replaced { source, seq, files } in &clearing.written {
                staged::name_files(tx, &Run { id: run.id, source: source.clone() }, *seq, files)?;
            }
            grown::keep(tx, &clearing.grown)?;
            forget_people(tx, &clearing.subjects)?;
            for (source, tenant) in &clearing.forgotten {
                forget(tx, source, tenant)?;
            }
            for source in &clearing.asked_again {
                ask_again(tx, source)?;
            }
            let mut removal = tx.prepare("INSERT INTO removal VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for Removal { source, entity, why, rows } in &clearing.removals {
                removal.execute(params![run.id, source, entity, why, *rows as i64])?;
            }
            if let Some(closing) = &clearing.closing {
                rights::close(tx, closing, now)?;
            }
            end_published(tx, run.id, now)
        })
    }

    /// What a run took away by rules of keeping.
    pub fn removals(&self, run: i64) -> Result<Vec<Removal>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT source, entity, why, rows FROM removal WHERE run_id = ?1 ORDER BY source, entity, why",
        )?;
        let rows = statement.query_map([run], |row| {
            let rows = row.get::<_, i64>(3)? as u64;
            Ok(Removal { source: row.get(0)?, entity: row.get(1)?, why: row.get(2)?, rows })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether a rule has ever taken anything away.
    pub fn has_removed(&self, why: &str) -> Result<bool, CatalogFault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM removal WHERE why = ?1)";
        Ok(self.read().query_row(sql, [why], |row| row.get(0))?)
    }

    /// Releases published at or after a stamp, newest first.
    pub fn releases_since(&self, since: &str) -> Result<Vec<ReleaseEntry>, CatalogFault> {
        let mut releases = self.releases()?;
        releases.retain(|release| release.published_at.as_str() >= since);
        Ok(releases)
    }
}

/// Of people of whom nothing is left, no link stays, no word of a person about them and no change of their learner.
fn forget_people(tx: &Transaction<'_>, subjects: &[Pseudonym]) -> rusqlite::Result<()> {
    let mut anchor = tx.prepare("DELETE FROM link_anchor WHERE subject = ?1")?;
    let mut decision = tx.prepare("DELETE FROM link_decision WHERE one = ?1 OR other = ?1")?;
    let mut change = tx.prepare("DELETE FROM learner_change WHERE subject = ?1")?;
    let mut sample = tx.prepare("DELETE FROM link_sample WHERE one = ?1 OR other = ?1")?;
    let mut grown = tx.prepare("DELETE FROM grown_out WHERE subject = ?1")?;
    for subject in subjects {
        grown.execute(params![subject])?;
        sample.execute(params![subject])?;
        anchor.execute(params![subject])?;
        decision.execute(params![subject])?;
        change.execute(params![subject])?;
    }
    Ok(())
}

/// A document counts as read under a digest of what it was read with: under none it is read again, in its place.
fn ask_again(tx: &Transaction<'_>, source: &str) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM cursor WHERE source = ?1", [source])?;
    tx.execute("UPDATE document SET digest = zeroblob(16) WHERE source = ?1", [source])?;
    Ok(())
}

fn forget(tx: &Transaction<'_>, source: &str, tenant: &str) -> rusqlite::Result<()> {
    if tenant.is_empty() {
        for table in ["cursor", "document", "feed_shape", "grown_out"] {
            tx.execute(&format!("DELETE FROM {table} WHERE source = ?1"), [source])?;
        }
    } else {
        tx.execute("DELETE FROM cursor WHERE source = ?1 AND tenant = ?2", [source, tenant])?;
    }
    Ok(())
}
