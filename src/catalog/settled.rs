//! What was staged comes to its end: it becomes what is, or it is forgotten.
use super::Run;
use rusqlite::{Transaction, params};

const TABLES: [&str; 6] =
    ["staged_count", "staged_cursor", "staged_document", "staged_word", "checkpoint", "void_document"];

/// What was staged becomes what is: cursors and documents move on, and the rest is no longer needed.
pub(super) fn move_on(tx: &Transaction<'_>, run: &Run) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO cursor(source, tenant, feed, value)
         SELECT ?2, tenant, feed, value FROM staged_cursor WHERE run_id = ?1
         ON CONFLICT DO UPDATE SET value = excluded.value",
        params![run.id, run.source],
    )?;
    tx.execute(
        "INSERT INTO document(source, feed, slot, digest, run_id, content, first_seq)
         SELECT ?2, feed, slot, digest, run_id, content, seq FROM staged_document WHERE run_id = ?1
         ON CONFLICT DO UPDATE SET digest = excluded.digest, run_id = excluded.run_id, content = excluded.content,
            first_seq = CASE WHEN content = excluded.content THEN first_seq ELSE excluded.first_seq END",
        params![run.id, run.source],
    )?;
    for table in TABLES {
        tx.execute(&format!("DELETE FROM {table} WHERE run_id = ?1"), [run.id])?;
    }
    Ok(())
}

/// Forgets what a run had staged, and its files.
pub(super) fn forget(tx: &Transaction<'_>, run: i64) -> rusqlite::Result<()> {
    for table in TABLES {
        tx.execute(&format!("DELETE FROM {table} WHERE run_id = ?1"), [run])?;
    }
    tx.execute("DELETE FROM file WHERE batch_seq IN (SELECT seq FROM batch WHERE run_id = ?1)", [run])?;
    tx.execute("DELETE FROM batch WHERE run_id = ?1", [run])?;
    Ok(())
}
