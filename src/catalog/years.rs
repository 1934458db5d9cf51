use super::{Catalog, CatalogFault};
use std::path::PathBuf;

/// A visible lake file, and whose it is.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The source.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// Path relative to the data folder.
    pub path: PathBuf,
}

impl Catalog {
    /// Forgets as what documents of a source were read before its newest published run, so that they are read again, in
    /// the order in which they were first read.
    pub fn forget_earlier_documents(&mut self, source: &str) -> Result<(), CatalogFault> {
        self.write(|tx| {
            tx.execute(
                "UPDATE document SET digest = zeroblob(16) WHERE source = ?1
                    AND run_id < (SELECT max(id) FROM run WHERE source = ?1 AND state = 'published')",
                [source],
            )?;
            Ok(())
        })
    }

    /// Visible lake files with their sources, in source, entity and path order.
    pub fn lake_files_by_source(&self) -> Result<Vec<SourceFile>, CatalogFault> {
        let mut statement = self.read().prepare(
            "SELECT f.source, f.entity, f.path FROM file f JOIN batch b ON b.seq = f.batch_seq JOIN run r ON r.id = b.run_id
              WHERE r.state = 'published' AND f.retired = 0 AND f.kind = 'lake'
              ORDER BY f.source, f.entity, f.path",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(SourceFile { source: row.get(0)?, entity: row.get(1)?, path: row.get::<_, String>(2)?.into() })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
