//! A new key in the place of the old one: every name in the catalog, and every file, in one transaction.
use super::{Access, Catalog, CatalogFault, NewFile, Run, audit::chain, run::end_published};
use crate::privacy::{Digest16, Pseudonym};
use rusqlite::{Transaction, params, types::ValueRef};
use std::path::PathBuf;

/// What marks a text as sealed under the lake's key.
const SEALED: &str = "sealed:";

/// How a document is known: by its place, by what it was read with, and by what it held.
#[derive(Clone, Copy, Debug)]
pub struct DocumentNames {
    /// Which row of the catalog.
    pub row: i64,
    /// Its keyed place.
    pub slot: Digest16,
    /// A digest of its bytes and of all that it was read with.
    pub reading: Digest16,
    /// A digest of its bytes.
    pub content: Option<Digest16>,
}

/// A text of the catalog that is sealed under the key.
#[derive(Clone, Debug)]
pub struct SealedText {
    /// In which table ...
    pub table: String,
    /// ... and column ...
    pub column: String,
    /// ... and row.
    pub row: i64,
    /// The text.
    pub text: String,
}

/// Whose key took whose place, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KeyChange {
    /// The run that did it.
    pub run: i64,
    /// When, UTC.
    pub at: String,
    /// Who.
    pub who: String,
    /// The fingerprint of the key that was.
    pub before: String,
    /// The fingerprint of the key that is.
    pub after: String,
    /// Why; sealed.
    pub reason: String,
}

/// All that is called otherwise from now on.
#[derive(Default)]
pub struct Rotation {
    /// Files, each with the one that takes its place, in its batch and with its rows.
    pub files: Vec<(PathBuf, NewFile)>,
    /// Files that are named no longer: what can be made again.
    pub dropped: Vec<PathBuf>,
    /// The learner of every subject.
    pub anchors: Vec<(Pseudonym, Pseudonym)>,
    /// Decisions, by number: the two subjects.
    pub decisions: Vec<(i64, Pseudonym, Pseudonym)>,
    /// Pairs that were drawn to be looked at, by row: the two subjects.
    pub samples: Vec<(i64, Pseudonym, Pseudonym)>,
    /// Changed learners, by row: subject, before, after.
    pub changes: Vec<(i64, [Pseudonym; 3])>,
    /// Documents.
    pub documents: Vec<DocumentNames>,
    /// Sealed texts.
    pub texts: Vec<SealedText>,
    /// The trail of the keys before, sealed.
    pub trail: Vec<u8>,
}

impl Catalog {
    /// What the catalog keeps of the keys before this one, sealed.
    pub fn key_trail(&self) -> Result<Option<Vec<u8>>, CatalogFault> {
        let text = self.meta("key_trail")?;
        // What is no hex does not open either.
        Ok(text.map(|text| {
            let byte =
                |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|p| u8::from_str_radix(p, 16).ok());
            text.as_bytes().chunks(2).map(|pair| byte(pair).unwrap_or_default()).collect()
        }))
    }

    /// Every document that counts as read.
    pub fn document_names(&self) -> Result<Vec<DocumentNames>, CatalogFault> {
        let mut statement = self.read().prepare("SELECT rowid, slot, digest, content FROM document")?;
        let rows = statement.query_map([], |row| {
            Ok(DocumentNames {
                row: row.get(0)?,
                slot: row.get(1)?,
                reading: row.get(2)?,
                content: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The two subjects of every decision, by its number.
    pub fn decision_pairs(&self) -> Result<Vec<(i64, Pseudonym, Pseudonym)>, CatalogFault> {
        let mut statement = self.read().prepare("SELECT id, one, other FROM link_decision")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The two subjects of every pair that was drawn to be looked at, by its row.
    pub fn sample_pairs(&self) -> Result<Vec<(i64, Pseudonym, Pseudonym)>, CatalogFault> {
        let mut statement = self.read().prepare("SELECT rowid, one, other FROM link_sample")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Subject, learner before and learner after of every change, by its row.
    pub fn change_names(&self) -> Result<Vec<(i64, [Pseudonym; 3])>, CatalogFault> {
        let mut statement =
            self.read().prepare("SELECT rowid, subject, before, after FROM learner_change")?;
        let rows =
            statement.query_map([], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?])))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Every text of every table that is sealed under the key.
    pub fn sealed_texts(&self) -> Result<Vec<SealedText>, CatalogFault> {
        let mut tables = self
            .read()
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
        let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut found = Vec::new();
        for table in tables {
            let mut statement = self.read().prepare(&format!("SELECT rowid, * FROM \"{table}\""))?;
            let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for (at, column) in columns.iter().enumerate().skip(1) {
                    if let ValueRef::Text(text) = row.get_ref(at)?
                        && text.starts_with(SEALED.as_bytes())
                    {
                        let (table, column) = (table.clone(), column.clone());
                        found.push(SealedText { table, column, row: row.get(0)?, text: row.get(at)? });
                    }
                }
            }
        }
        Ok(found)
    }

    /// Puts a new key in the place of the old one: all of it, or nothing.
    pub fn rotate(
        &mut self,
        run: &Run,
        rotation: &Rotation,
        change: &KeyChange,
        access: &Access<'_>,
    ) -> Result<(), CatalogFault> {
        self.write(|tx| {
            rename_files(tx, rotation)?;
            rename_people(tx, rotation)?;
            for DocumentNames { row, slot, reading, content } in &rotation.documents {
                let sql = "UPDATE document SET slot = ?2, digest = ?3, content = ?4 WHERE rowid = ?1";
                tx.execute(sql, params![row, slot, reading, content])?;
            }
            for SealedText { table, column, row, text } in &rotation.texts {
                let sql = format!("UPDATE \"{table}\" SET \"{column}\" = ?2 WHERE rowid = ?1");
                tx.execute(&sql, params![row, text])?;
            }
            tx.execute("UPDATE meta SET value = ?1 WHERE name = 'key_fingerprint'", [&change.after])?;
            let trail = super::audit::hex(&rotation.trail);
            tx.execute("INSERT OR REPLACE INTO meta(name, value) VALUES ('key_trail', ?1)", [trail])?;
            tx.execute("INSERT OR REPLACE INTO meta(name, value) VALUES ('scrub', 'due')", [])?;
            let KeyChange { run: id, at, who, before, after, reason } = change;
            tx.execute(
                "INSERT INTO key_change VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![id, at, who, before, after, reason],
            )?;
            chain(tx, access, at)?;
            end_published(tx, run.id, at)
        })
    }

    /// Keys that took the place of others, oldest first.
    pub fn key_changes(&self) -> Result<Vec<KeyChange>, CatalogFault> {
        let sql = "SELECT run_id, at, who, before, after, reason FROM key_change ORDER BY run_id";
        let mut statement = self.read().prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let (run, at, who) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(KeyChange { run, at, who, before: row.get(3)?, after: row.get(4)?, reason: row.get(5)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether what was deleted may still be read in the catalog's file.
    pub fn is_to_scrub(&self) -> Result<bool, CatalogFault> {
        Ok(self.meta("scrub")?.is_some())
    }

    /// Writes the catalog's file anew, so that nothing that was deleted can be read in it or in what is beside it. Whether
    /// that was done: while somebody reads, it waits for the next verb that writes.
    pub fn scrub(&mut self) -> Result<bool, CatalogFault> {
        self.connection.execute_batch("VACUUM")?;
        let busy: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy == 0 {
            self.write(|tx| tx.execute("DELETE FROM meta WHERE name = 'scrub'", []))?;
        }
        Ok(busy == 0)
    }
}

fn rename_files(tx: &Transaction<'_>, rotation: &Rotation) -> rusqlite::Result<()> {
    let mut rename =
        tx.prepare("UPDATE file SET path = ?2, rows = ?3, bytes = ?4, sha256 = ?5 WHERE path = ?1")?;
    for (old, new) in &rotation.files {
        let (old, path) = (old.to_string_lossy(), new.path.to_string_lossy());
        rename.execute(params![old, path, new.rows as i64, new.bytes as i64, new.sha256])?;
        tx.execute("UPDATE link_model SET path = ?2 WHERE path = ?1", params![old, path])?;
    }
    for path in &rotation.dropped {
        let path = path.to_string_lossy();
        tx.execute("DELETE FROM link_model WHERE path = ?1", [&path])?;
        tx.execute("DELETE FROM file WHERE path = ?1", [&path])?;
    }
    Ok(())
}

fn rename_people(tx: &Transaction<'_>, rotation: &Rotation) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM link_anchor", [])?;
    let mut anchor = tx.prepare("INSERT INTO link_anchor(subject, learner) VALUES (?1, ?2)")?;
    for (subject, learner) in &rotation.anchors {
        anchor.execute(params![subject, learner])?;
    }
    for (id, one, other) in &rotation.decisions {
        let sql = "UPDATE link_decision SET one = ?2, other = ?3 WHERE id = ?1";
        tx.execute(sql, params![id, one.min(other), one.max(other)])?;
    }
    for (row, one, other) in &rotation.samples {
        let sql = "UPDATE link_sample SET one = ?2, other = ?3 WHERE rowid = ?1";
        tx.execute(sql, params![row, one.min(other), one.max(other)])?;
    }
    for (row, [subject, before, after]) in &rotation.changes {
        let sql = "UPDATE learner_change SET subject = ?2, before = ?3, after = ?4 WHERE rowid = ?1";
        tx.execute(sql, params![row, subject, before, after])?;
    }
    Ok(())
}
