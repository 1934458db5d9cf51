use super::{Catalog, CatalogFault, FileKind, Run};
use crate::{
    fault::{Count, Problem},
    privacy::{Digest16, Pseudonym},
};
use rusqlite::{OptionalExtension, params};
use std::{collections::HashMap, path::PathBuf};

const VISIBLE: &str = "FROM file f JOIN batch b ON b.seq = f.batch_seq JOIN run r ON r.id = b.run_id
                      WHERE r.state = 'published' AND f.retired = 0";

/// A visible file of the lake.
#[derive(Clone, Debug)]
pub struct LakeFile {
    /// The entity.
    pub entity: String,
    /// Path relative to the data folder.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
}

/// Any visible file, for checking the folder against the catalog.
#[derive(Clone, Debug)]
pub struct FileEntry {
    /// What it holds.
    pub kind: FileKind,
    /// Path relative to the data folder.
    pub path: PathBuf,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Rows in it.
    pub rows: u64,
}

/// A run as a person sees it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RunEntry {
    /// Its number.
    pub id: i64,
    /// What it did.
    pub verb: String,
    /// The source.
    pub source: String,
    /// How it stands.
    pub state: String,
    /// Since when, UTC.
    pub started_at: String,
    /// Until when, UTC.
    pub ended_at: Option<String>,
    /// Why it is held or failed.
    pub reason: String,
}

/// Counts of one source and feed in the newest published run.
#[derive(Clone, Debug)]
pub struct SourceCount {
    /// The source.
    pub source: String,
    /// The feed.
    pub feed: String,
    /// What became of its records.
    pub count: Count,
}

/// A release as a person sees it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ReleaseEntry {
    /// Its id.
    pub id: String,
    /// When, UTC.
    pub published_at: String,
    /// The day it looks back from.
    pub as_of: String,
}

impl Catalog {
    /// Visible lake files, in path order.
    pub fn lake_files(&self) -> Result<Vec<LakeFile>, CatalogFault> {
        let sql = format!("SELECT f.entity, f.path, f.rows {VISIBLE} AND f.kind = 'lake' ORDER BY f.path");
        let mut statement = self.read().prepare(&sql)?;
        let rows = statement.query_map([], |row| {
            Ok(LakeFile {
                entity: row.get(0)?,
                path: row.get::<_, String>(1)?.into(),
                rows: row.get::<_, i64>(2)? as u64,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What a source last said, in commit order: paths of its indexes.
    pub fn index_files(&self, source: &str) -> Result<Vec<PathBuf>, CatalogFault> {
        let sql = format!(
            "SELECT f.path {VISIBLE} AND f.kind = 'index' AND f.source = ?1 ORDER BY f.batch_seq, f.path"
        );
        let mut statement = self.read().prepare(&sql)?;
        let rows = statement.query_map([source], |row| row.get::<_, String>(0).map(PathBuf::from))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Visible lake files of one source with their rows.
    pub fn lake_files_with_rows(&self, source: &str) -> Result<Vec<LakeFile>, CatalogFault> {
        let sql = format!(
            "SELECT f.entity, f.path, f.rows {VISIBLE} AND f.kind = 'lake' AND f.source = ?1 ORDER BY f.path"
        );
        let mut statement = self.read().prepare(&sql)?;
        let rows = statement.query_map([source], |row| {
            Ok(LakeFile {
                entity: row.get(0)?,
                path: row.get::<_, String>(1)?.into(),
                rows: row.get::<_, i64>(2)? as u64,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Visible register segments in commit order: (commit sequence, path); of one source, or of all.
    pub fn register_files(&self, source: Option<&str>) -> Result<Vec<(i64, PathBuf)>, CatalogFault> {
        let sql = format!(
            "SELECT f.batch_seq, f.path {VISIBLE} AND f.kind = 'register' AND (?1 IS NULL OR f.source = ?1)
              ORDER BY f.batch_seq, f.path"
        );
        let mut statement = self.read().prepare(&sql)?;
        let rows =
            statement.query_map(params![source], |row| Ok((row.get(0)?, row.get::<_, String>(1)?.into())))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Visible files that say which subjects are one learner.
    pub fn link_files(&self) -> Result<Vec<PathBuf>, CatalogFault> {
        self.files_beside_links("learner_link")
    }

    /// Visible files of one kind that linking writes: the links, or what stands beside them.
    pub fn files_beside_links(&self, entity: &str) -> Result<Vec<PathBuf>, CatalogFault> {
        let sql = format!("SELECT f.path {VISIBLE} AND f.kind = 'link' AND f.entity = ?1 ORDER BY f.path");
        let mut statement = self.read().prepare(&sql)?;
        let rows = statement.query_map([entity], |row| row.get::<_, String>(0).map(PathBuf::from))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Every visible file.
    pub fn files(&self) -> Result<Vec<FileEntry>, CatalogFault> {
        let sql = format!("SELECT f.kind, f.path, f.sha256, f.rows {VISIBLE} ORDER BY f.path");
        let mut statement = self.read().prepare(&sql)?;
        let rows = statement.query_map([], |row| {
            Ok(FileEntry {
                kind: FileKind::of(&row.get::<_, String>(0)?),
                path: row.get::<_, String>(1)?.into(),
                sha256: row.get(2)?,
                rows: row.get::<_, i64>(3)? as u64,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Every path that the catalog names, visible or not yet.
    pub fn named_files(&self) -> Result<Vec<PathBuf>, CatalogFault> {
        let mut statement = self.read().prepare("SELECT path FROM file")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0).map(PathBuf::from))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The sources that visible lake files of an entity came from.
    pub fn sources_of(&self, entity: &str) -> Result<Vec<String>, CatalogFault> {
        let sql =
            format!("SELECT DISTINCT f.source {VISIBLE} AND f.kind = 'lake' AND f.entity = ?1 ORDER BY 1");
        let mut statement = self.read().prepare(&sql)?;
        let rows = statement.query_map([entity], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Rows of an entity by source, as its files count them: versions, and rows that are gone, too.
    pub fn rows_by_source(&self, entity: &str) -> Result<Vec<(String, u64)>, CatalogFault> {
        let sql = format!(
            "SELECT f.source, sum(f.rows) {VISIBLE} AND f.kind = 'lake' AND f.entity = ?1 GROUP BY 1 ORDER BY 1"
        );
        let mut statement = self.read().prepare(&sql)?;
        let rows = statement.query_map([entity], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Published batches in commit order: the sequence that each ends with, its run, and when that was published, UTC.
    /// A document is of the first batch that ends with its sequence or later.
    pub fn published_batches(&self) -> Result<Vec<(i64, i64, String)>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT b.seq, r.id, coalesce(r.ended_at, r.started_at) FROM batch b JOIN run r ON r.id = b.run_id
              WHERE r.state = 'published' ORDER BY b.seq",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Where a slice of a source stands.
    pub fn cursor(&self, source: &str, tenant: &str, feed: &str) -> Result<Option<String>, CatalogFault> {
        let sql = "SELECT value FROM cursor WHERE source = ?1 AND tenant = ?2 AND feed = ?3";
        Ok(self.read().query_row(sql, params![source, tenant, feed], |row| row.get(0)).optional()?)
    }

    /// The digest of what a published run last read whole from a place.
    pub fn last_document(
        &self,
        source: &str,
        feed: &str,
        slot: &Digest16,
    ) -> Result<Option<Digest16>, CatalogFault> {
        let sql = "SELECT digest FROM document WHERE source = ?1 AND feed = ?2 AND slot = ?3";
        Ok(self.read().query_row(sql, params![source, feed, slot], |row| row.get(0)).optional()?)
    }

    /// What a published run last found at a place, and the sequence at which that was first read. Of what an older
    /// program read, the content is not known.
    pub fn first_read(
        &self,
        source: &str,
        feed: &str,
        slot: &Digest16,
    ) -> Result<Option<(Option<Digest16>, i64)>, CatalogFault> {
        let sql = "SELECT content, first_seq FROM document WHERE source = ?1 AND feed = ?2 AND slot = ?3";
        let found =
            self.read().query_row(sql, params![source, feed, slot], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    }

    /// The learner of every subject, as last published.
    pub fn anchors(&self) -> Result<HashMap<Pseudonym, Pseudonym>, CatalogFault> {
        let mut statement = self.read().prepare("SELECT subject, learner FROM link_anchor")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Runs, newest first.
    pub fn runs(&self, limit: usize) -> Result<Vec<RunEntry>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT id, verb, source, state, started_at, ended_at, reason FROM run ORDER BY id DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([limit as i64], |row| {
            Ok(RunEntry {
                id: row.get(0)?,
                verb: row.get(1)?,
                source: row.get(2)?,
                state: row.get(3)?,
                started_at: row.get(4)?,
                ended_at: row.get(5)?,
                reason: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Counts of each source's newest ended pull.
    pub fn latest_counts(&self) -> Result<Vec<SourceCount>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT source, feed, read, accepted, set_aside, unchanged, cells_emptied, documents_set_aside, gone, withheld
               FROM feed_count c
              WHERE run_id = (SELECT max(run_id) FROM feed_count d WHERE d.source = c.source)
              ORDER BY source, feed",
        )?;
        let rows = statement.query_map([], |row| {
            let n = |at: usize| row.get::<_, i64>(at).map(|n| n as u64);
            Ok(SourceCount {
                source: row.get(0)?,
                feed: row.get(1)?,
                count: Count {
                    read: n(2)?,
                    accepted: n(3)?,
                    set_aside: n(4)?,
                    unchanged: n(5)?,
                    cells_emptied: n(6)?,
                    documents_set_aside: n(7)?,
                    gone: n(8)?,
                    withheld: n(9)?,
                },
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many files a run passed over because they were still being copied.
    pub fn still_arriving(&self, run: &Run) -> Result<u64, CatalogFault> {
        let sql = "SELECT count(*) FROM quarantine WHERE run_id = ?1 AND problem = ?2";
        let waiting = params![run.id, Problem::StillArriving.code()];
        Ok(self.read().query_row(sql, waiting, |row| row.get::<_, i64>(0))? as u64)
    }

    /// Releases, newest first.
    pub fn releases(&self) -> Result<Vec<ReleaseEntry>, CatalogFault> {
        let mut statement = self
            .read()
            .prepare("SELECT id, published_at, as_of FROM release ORDER BY published_at DESC, id")?;
        let rows = statement.query_map([], |row| {
            Ok(ReleaseEntry { id: row.get(0)?, published_at: row.get(1)?, as_of: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
