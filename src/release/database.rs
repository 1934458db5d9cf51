//! The same tables as one database file, for those who would rather open one.

use std::path::Path;

use duckdb::{Config, Connection};

use super::fault::ReleaseFault;
use super::manifest::Table;

/// The oldest engine that can open the file: researchers' tools are seldom the newest.
const READABLE_SINCE: &str = "v1.2.0";

/// Writes the tables of `parquet` into a new database, with their descriptions, and gives the engine's version.
///
/// The engine may read those files and no others, write its own file and no other, load nothing and spill nothing.
/// One thread, so that rows stand in the order of their files. The file's bytes are the engine's business: it compresses
/// by random samples, so that the same tables need not give the same bytes (measured; what they hold is the same).
pub(super) fn write(database: &Path, parquet: &Path, tables: &[Table]) -> Result<String, ReleaseFault> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |_: duckdb::Error| ReleaseFault::Database { what }
    };
    let config = Config::default()
        .enable_autoload_extension(false)
        .and_then(|config| config.with("autoinstall_known_extensions", "false"))
        .and_then(|config| config.with("allow_persistent_secrets", "false"))
        .and_then(|config| config.with("temp_directory", ""))
        .and_then(|config| config.with("storage_compatibility_version", READABLE_SINCE))
        .and_then(|config| config.threads(1))
        .map_err(failed("its settings"))?;
    let connection = Connection::open_with_flags(database, config).map_err(failed("a new file"))?;
    let files: Vec<String> = tables.iter().map(|table| literal(&file(parquet, table))).collect();
    let lock = format!(
        "SET allowed_paths = [{}]; SET enable_external_access = false; SET lock_configuration = true;",
        files.join(", ")
    );
    connection.execute_batch(&lock).map_err(failed("its settings"))?;
    for table in tables {
        connection.execute_batch(&statements(parquet, table)).map_err(failed(&table.name))?;
    }
    connection.execute_batch("CHECKPOINT").map_err(failed("a checkpoint"))?;
    let engine = connection.version().map_err(failed("a question"))?;
    connection.close().map_err(|(_, error)| error).map_err(failed("to be closed"))?;
    Ok(format!("DuckDB {engine}"))
}

/// Names are checked to be plain ones before they get here; texts are quoted.
fn statements(parquet: &Path, table: &Table) -> String {
    let Table { name, title, columns, .. } = table;
    let file = literal(&file(parquet, table));
    let mut statements = vec![
        format!("CREATE TABLE \"{name}\" AS SELECT * FROM read_parquet({file});"),
        format!("COMMENT ON TABLE \"{name}\" IS {};", literal(title)),
    ];
    statements.extend(columns.iter().map(|column| {
        format!("COMMENT ON COLUMN \"{name}\".\"{}\" IS {};", column.name, literal(&column.description))
    }));
    statements.join("\n")
}

fn file(parquet: &Path, table: &Table) -> String {
    parquet.join(format!("{}.parquet", table.name)).to_string_lossy().into_owned()
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
