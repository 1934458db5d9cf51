//! People whose entries in the register went by age, and the marks by which a right still reaches their rows.
use super::{Catalog, CatalogFault};
use crate::privacy::Pseudonym;
use rusqlite::{Transaction, params};

/// Somebody who has grown out of the register, as a source knew them.
#[derive(Clone, Debug)]
pub struct GrownOut {
    /// The source.
    pub source: String,
    /// They.
    pub subject: Pseudonym,
    /// Marks of the suppression list and the academic year of their Year 6, sealed.
    pub marks: Vec<u8>,
}

impl Catalog {
    /// Everybody who has grown out of the register.
    pub fn grown_out(&self) -> Result<Vec<GrownOut>, CatalogFault> {
        let mut statement =
            self.read().prepare("SELECT source, subject, marks FROM grown_out ORDER BY source, subject")?;
        let rows = statement.query_map([], |row| {
            Ok(GrownOut { source: row.get(0)?, subject: row.get(1)?, marks: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Keeps them; who is there already is kept with the newer marks.
pub(super) fn keep(tx: &Transaction<'_>, grown: &[GrownOut]) -> rusqlite::Result<()> {
    let mut keep =
        tx.prepare("INSERT OR REPLACE INTO grown_out(subject, source, marks) VALUES (?1, ?2, ?3)")?;
    for GrownOut { source, subject, marks } in grown {
        keep.execute(params![subject, source, marks])?;
    }
    Ok(())
}
