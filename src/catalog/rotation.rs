//! A new key in the place of the old one: every name in the catalog, and every file, in one transaction.
use super::{Access, Catalog, CatalogFault, NewFile, Run, audit::chain, run::end_published};
use crate::privacy::{Digest16, Pseudonym};
use rusqlite::{Transaction, params, types::ValueRef};
use std::path::PathBuf;

/// What marks a text as sealed under the lake's key.
const SEALED: &str = "sealed:";

/// Tables whose rows name two subjects, the smaller pseudonym first. One that a catalog does not have is passed over.
const PAIRS: [&str; 2] = ["link_decision", "link_sample"];
/// Columns that name a person as a source knows them ...
const SUBJECTS: [(&str, &str); 3] =
    [("learner_change", "subject"), ("rights_subject", "subject"), ("grown_out", "subject")];
/// ... or a learner.
const LEARNERS: [(&str, &str); 2] = [("learner_change", "before"), ("learner_change", "after")];
/// Columns of bytes that are sealed under the key, and for which purpose.
const SEALED_BYTES: [(&str, &str, &str); 3] = [
    ("rights_case", "asked", "rights case"),
    ("grown_out", "marks", "grown out"),
    ("question_answer", "answer", super::question::ANSWER),
];

/// A cell that names somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonCell {
    table: &'static str,
    column: &'static str,
    row: i64,
    /// Whether it names a learner, and not a person as a source knows them.
    pub is_learner: bool,
}

/// A row that names two persons as sources know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairRow {
    table: &'static str,
    row: i64,
}

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

/// A cell of the catalog that is sealed under the key.
#[derive(Clone, Debug)]
pub struct SealedCell {
    /// In which table.
    pub table: String,
    column: String,
    row: i64,
    /// What it holds.
    pub held: Sealed,
}

/// What is sealed, and how it is kept.
#[derive(Clone, Debug)]
pub enum Sealed {
    /// A text of digits that begins with a mark.
    Text(String),
    /// Bytes, and for which purpose they are sealed.
    Bytes(&'static str, Vec<u8>),
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
    /// Rows that name two subjects.
    pub pairs: Vec<(PairRow, Pseudonym, Pseudonym)>,
    /// Cells that name one subject or learner.
    pub people: Vec<(PersonCell, Pseudonym)>,
    /// Documents.
    pub documents: Vec<DocumentNames>,
    /// What is sealed.
    pub sealed: Vec<SealedCell>,
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

    /// Every row that names two subjects, but for links and anchors.
    pub fn named_pairs(&self) -> Result<Vec<(PairRow, Pseudonym, Pseudonym)>, CatalogFault> {
        let mut found = Vec::new();
        for table in PAIRS {
            if !self.has_table(table)? {
                continue;
            }
            let mut statement = self.read().prepare(&format!("SELECT rowid, one, other FROM {table}"))?;
            let rows = statement
                .query_map([], |row| Ok((PairRow { table, row: row.get(0)? }, row.get(1)?, row.get(2)?)))?;
            found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        Ok(found)
    }

    /// Every cell that names one subject or learner, but for links and anchors.
    pub fn named_people(&self) -> Result<Vec<(PersonCell, Pseudonym)>, CatalogFault> {
        let columns = SUBJECTS.map(|of| (of, false)).into_iter().chain(LEARNERS.map(|of| (of, true)));
        let mut found = Vec::new();
        for ((table, column), is_learner) in columns {
            if !self.has_table(table)? {
                continue;
            }
            let mut statement = self.read().prepare(&format!("SELECT rowid, {column} FROM {table}"))?;
            let rows = statement.query_map([], |row| {
                Ok((PersonCell { table, column, row: row.get(0)?, is_learner }, row.get(1)?))
            })?;
            found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        Ok(found)
    }

    fn has_table(&self, table: &str) -> Result<bool, CatalogFault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)";
        Ok(self.read().query_row(sql, [table], |row| row.get(0))?)
    }

    /// Every cell of every table that is sealed under the key.
    pub fn sealed_cells(&self) -> Result<Vec<SealedCell>, CatalogFault> {
        let mut found = Vec::new();
        for table in self.tables()? {
            let mut statement = self.read().prepare(&format!("SELECT rowid, * FROM \"{table}\""))?;
            let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for (at, column) in columns.iter().enumerate().skip(1) {
                    if let Some(held) = sealed(&table, column, row.get_ref(at)?) {
                        let (table, column) = (table.clone(), column.clone());
                        found.push(SealedCell { table, column, row: row.get(0)?, held });
                    }
                }
            }
        }
        Ok(found)
    }

    fn tables(&self) -> Result<Vec<String>, CatalogFault> {
        let sql =
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
        let mut statement = self.read().prepare(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
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
            // Of files that nobody has read whole, only the old key's names are known.
            tx.execute("DELETE FROM reading WHERE slot NOT IN (SELECT slot FROM document)", [])?;
            for DocumentNames { row, slot, reading, content } in &rotation.documents {
                let sql =
                    "UPDATE reading SET slot = ?2 WHERE slot = (SELECT slot FROM document WHERE rowid = ?1)";
                tx.execute(sql, params![row, slot])?;
                let sql = "UPDATE document SET slot = ?2, digest = ?3, content = ?4 WHERE rowid = ?1";
                tx.execute(sql, params![row, slot, reading, content])?;
            }
            for SealedCell { table, column, row, held } in &rotation.sealed {
                let sql = format!("UPDATE \"{table}\" SET \"{column}\" = ?2 WHERE rowid = ?1");
                match held {
                    Sealed::Text(text) => tx.execute(&sql, params![row, text])?,
                    Sealed::Bytes(_, bytes) => tx.execute(&sql, params![row, bytes])?,
                };
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
    for (PairRow { table, row }, one, other) in &rotation.pairs {
        let sql = format!("UPDATE {table} SET one = ?2, other = ?3 WHERE rowid = ?1");
        tx.execute(&sql, params![row, one.min(other), one.max(other)])?;
    }
    for (PersonCell { table, column, row, .. }, id) in &rotation.people {
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE rowid = ?1");
        tx.execute(&sql, params![row, id])?;
    }
    Ok(())
}

/// Whether a cell is sealed, and how.
fn sealed(table: &str, column: &str, cell: ValueRef<'_>) -> Option<Sealed> {
    match cell {
        ValueRef::Text(text) if text.starts_with(SEALED.as_bytes()) => {
            String::from_utf8(text.to_vec()).ok().map(Sealed::Text)
        }
        ValueRef::Blob(bytes) if !bytes.is_empty() => {
            let of = SEALED_BYTES
                .iter()
                .find(|(in_table, in_column, _)| *in_table == table && *in_column == column);
            of.map(|(_, _, purpose)| Sealed::Bytes(purpose, bytes.to_vec()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column of bytes is a name or a seal until it is shown not to be: one that a rotation does not know would keep the
    /// old names.
    #[test]
    fn every_column_of_bytes_is_known_to_the_rotation() {
        // With links and documents, and what a run has staged: when a key is replaced there is none.
        let elsewhere = [
            ("link_anchor", "subject"),
            ("link_anchor", "learner"),
            ("document", "slot"),
            ("document", "digest"),
            ("document", "content"),
            ("reading", "slot"),
            ("staged_document", "slot"),
            ("staged_document", "digest"),
            ("staged_document", "content"),
            ("staged_word", "about"),
            ("staged_word", "document"),
            ("checkpoint", "token"),
            ("checkpoint", "scope"),
        ];
        let catalog = Catalog::in_memory().unwrap();
        for table in catalog.tables().unwrap() {
            let sql = "SELECT name FROM pragma_table_info(?1) WHERE type = 'BLOB'";
            let mut statement = catalog.read().prepare(sql).unwrap();
            let columns: Vec<String> =
                statement.query_map([&table], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            for column in columns {
                let is = |(in_table, in_column): &(&str, &str)| *in_table == table && *in_column == column;
                let sealed = SEALED_BYTES.map(|(table, column, _)| (table, column));
                let known = elsewhere.iter().chain(&SUBJECTS).chain(&LEARNERS).chain(&sealed).any(is);
                let pair = PAIRS.contains(&table.as_str()) && matches!(column.as_str(), "one" | "other");
                assert!(known || pair, "{table}.{column}");
            }
        }
    }
}
