use super::{Catalog, CatalogFault};
use rusqlite::OptionalExtension;

/// The format this program writes.
const FORMAT: i64 = 1;

const TABLES: &str = "
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
-- One verb at work on one source. Only a published run's files exist for readers.
CREATE TABLE run(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    verb TEXT NOT NULL, source TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'held', 'published', 'failed', 'abandoned')),
    started_at TEXT NOT NULL, ended_at TEXT, reason TEXT NOT NULL DEFAULT '') STRICT;
-- A batch is staged whole: its files are named here in the same transaction.
CREATE TABLE batch(seq INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id), rows INTEGER NOT NULL) STRICT;
CREATE TABLE file(
    path TEXT PRIMARY KEY, batch_seq INTEGER NOT NULL REFERENCES batch(seq),
    kind TEXT NOT NULL CHECK (kind IN ('lake', 'register', 'link')),
    entity TEXT NOT NULL, ay INTEGER, source TEXT NOT NULL,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, retired INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX file_by_batch ON file(batch_seq);
CREATE TABLE cursor(source TEXT, tenant TEXT, feed TEXT, value TEXT NOT NULL, PRIMARY KEY (source, tenant, feed)) STRICT;
-- What was last read whole from each place (slot: a keyed digest of a file's path in its inbox): a file is read
-- again when its bytes, or the definitions it is read with, have changed since.
CREATE TABLE document(source TEXT, feed TEXT, slot BLOB, digest BLOB NOT NULL, run_id INTEGER NOT NULL REFERENCES run(id),
    PRIMARY KEY (source, feed, slot)) STRICT;
CREATE TABLE feed_count(
    run_id INTEGER NOT NULL REFERENCES run(id), source TEXT NOT NULL, feed TEXT NOT NULL,
    read INTEGER NOT NULL, accepted INTEGER NOT NULL, set_aside INTEGER NOT NULL, unchanged INTEGER NOT NULL,
    cells_emptied INTEGER NOT NULL, documents_set_aside INTEGER NOT NULL,
    CHECK (read = accepted + set_aside + unchanged), PRIMARY KEY (run_id, source, feed)) STRICT;
-- Places and problems, never values.
CREATE TABLE quarantine(
    run_id INTEGER NOT NULL REFERENCES run(id), source TEXT NOT NULL, feed TEXT NOT NULL,
    document INTEGER NOT NULL, part INTEGER NOT NULL, row INTEGER NOT NULL, column_name TEXT NOT NULL,
    problem TEXT NOT NULL, detail TEXT NOT NULL, hint TEXT NOT NULL, consequence TEXT NOT NULL) STRICT;
CREATE INDEX quarantine_by_run ON quarantine(run_id);
-- The learner each subject was given; a learner keeps the id of its earliest subject.
CREATE TABLE link_anchor(subject BLOB PRIMARY KEY, learner BLOB NOT NULL) STRICT;
CREATE TABLE release(id TEXT PRIMARY KEY, published_at TEXT NOT NULL, as_of TEXT NOT NULL) STRICT;
";

/// Creates the tables, or checks that they are of a format this program knows.
pub(super) fn create(catalog: &mut Catalog) -> Result<(), CatalogFault> {
    let there: Option<String> = catalog
        .read()
        .query_row("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'meta'", [], |row| {
            row.get(0)
        })
        .optional()?;
    if there.is_none() {
        return catalog.write(|tx| {
            tx.execute_batch(TABLES)?;
            tx.execute(
                "INSERT INTO meta(name, value) VALUES ('format', ?1), ('commit_seq', '0')",
                [FORMAT.to_string()],
            )?;
            Ok(())
        });
    }
    let found: String =
        catalog.read().query_row("SELECT value FROM meta WHERE name = 'format'", [], |row| row.get(0))?;
    let found = found.parse().unwrap_or(0);
    if found == FORMAT { Ok(()) } else { Err(CatalogFault::Format { found, known: FORMAT }) }
}

/// Creates the daemon's tables where they are missing: a catalog from before the daemon gains them.
pub(super) fn create_schedule(catalog: &mut Catalog) -> Result<(), CatalogFault> {
    let newest = "SELECT count(*) FROM sqlite_schema WHERE name = 'release_pin'";
    let there: i64 = catalog.read().query_row(newest, [], |row| row.get(0))?;
    if there > 0 { Ok(()) } else { catalog.write(|tx| tx.execute_batch(super::schedule::TABLES)) }
}
