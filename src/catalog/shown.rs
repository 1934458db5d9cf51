//! What was shown outside: for each table who was counted in which cell, so that the next is looked at beside it.
use super::{Access, Catalog, CatalogFault, audit::chain};
use rusqlite::params;

/// Created when first needed, so that a data folder from before the ledger needs no migration.
pub(super) const TABLES: &str = "
-- Tables that passed the gate and were shown, in their order. Rows are never changed.
CREATE TABLE IF NOT EXISTS shown_table(
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, at TEXT NOT NULL) STRICT;
-- Who is in a cell, sealed under the lake's key: eight bytes of each learner's pseudonym, after what the cell is.
CREATE TABLE IF NOT EXISTS shown_cell(
    table_seq INTEGER NOT NULL REFERENCES shown_table(seq), cell INTEGER NOT NULL, shown INTEGER NOT NULL,
    members BLOB NOT NULL, PRIMARY KEY (table_seq, cell)) STRICT;
";

/// A table that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownTable {
    /// What it is known by.
    pub id: String,
    /// What it is, in words.
    pub title: String,
    /// Its cells, hidden ones too.
    pub cells: Vec<ShownCell>,
}

/// A cell of a table that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCell {
    /// Who is in it and what it is, sealed under the lake's key.
    pub sealed: Vec<u8>,
    /// Whether its figure was shown.
    pub shown: bool,
}

/// For which purpose cells are sealed.
pub const SHOWN_CELL: &str = "shown cell";

impl Catalog {
    /// All tables that were shown, in their order.
    pub fn shown_tables(&self) -> Result<Vec<ShownTable>, CatalogFault> {
        let mut cells = self
            .read()
            .prepare("SELECT shown, members FROM shown_cell WHERE table_seq = ?1 ORDER BY cell")?;
        let mut tables = self.read().prepare("SELECT seq, id, title FROM shown_table ORDER BY seq")?;
        let rows = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut found = Vec::new();
        for row in rows {
            let (seq, id, title): (i64, String, String) = row?;
            let of_table =
                cells.query_map([seq], |row| Ok(ShownCell { sealed: row.get(1)?, shown: row.get(0)? }))?;
            found.push(ShownTable { id, title, cells: of_table.collect::<rusqlite::Result<_>>()? });
        }
        Ok(found)
    }

    /// Notes a table that is about to be shown, with the audit of it, in one transaction: show it only when this was true.
    ///
    /// `beside` is how many tables it was looked at beside. False, and nothing noted, where another was shown since: then
    /// it has to go through the gate again.
    pub fn note_shown(
        &mut self,
        table: &ShownTable,
        beside: usize,
        access: &Access<'_>,
        now: &str,
    ) -> Result<bool, CatalogFault> {
        self.write(|tx| {
            let there: i64 = tx.query_row("SELECT count(*) FROM shown_table", [], |row| row.get(0))?;
            if there != beside as i64 {
                return Ok(false);
            }
            let seq = chain(tx, access, now)?;
            tx.execute(
                "INSERT INTO shown_table(seq, id, title, at) VALUES (?1, ?2, ?3, ?4)",
                params![seq, table.id, table.title, now],
            )?;
            let mut insert = tx
                .prepare("INSERT INTO shown_cell(table_seq, cell, shown, members) VALUES (?1, ?2, ?3, ?4)")?;
            for (at, cell) in table.cells.iter().enumerate() {
                insert.execute(params![seq, at as i64, cell.shown, cell.sealed])?;
            }
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCESS: Access<'_> = Access {
        who: "ann",
        role: "research",
        verb: "query",
        purpose: "research",
        about: "a table",
        people: 40,
        outcome: "done",
    };

    fn table(id: &str) -> ShownTable {
        let cell = |sealed: &[u8], shown| ShownCell { sealed: sealed.to_vec(), shown };
        ShownTable {
            id: id.into(),
            title: "t".into(),
            cells: vec![cell(b"forty", true), cell(b"three", false)],
        }
    }

    #[test]
    fn what_was_shown_is_kept_with_its_audit() {
        let mut catalog = Catalog::in_memory().unwrap();
        assert!(catalog.note_shown(&table("one"), 0, &ACCESS, "2026-11-28T10:00:00Z").unwrap());
        assert!(catalog.note_shown(&table("two"), 1, &ACCESS, "2026-11-28T10:00:01Z").unwrap());
        assert_eq!(catalog.shown_tables().unwrap(), [table("one"), table("two")]);
        assert_eq!(catalog.audit(1).unwrap().len(), 2);
    }

    #[test]
    fn two_tables_at_once_are_not_shown_beside_the_same_ledger() {
        let mut catalog = Catalog::in_memory().unwrap();
        assert!(catalog.note_shown(&table("one"), 0, &ACCESS, "2026-11-28T10:00:00Z").unwrap());
        assert!(!catalog.note_shown(&table("two"), 0, &ACCESS, "2026-11-28T10:00:00Z").unwrap());
        assert_eq!((catalog.shown_tables().unwrap().len(), catalog.audit(1).unwrap().len()), (1, 1));
        let again = catalog.note_shown(&table("one"), 1, &ACCESS, "2026-11-28T10:00:02Z");
        assert!(again.is_err(), "an id is used once");
        assert_eq!(catalog.audit(1).unwrap().len(), 1, "and nothing is noted of what was not shown");
    }
}
