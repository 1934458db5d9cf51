//! A `DuckDB` that can do what it is told and no more: no extensions, no files but the listed ones, no settings to
//! change afterwards, bounded memory and a bounded place to spill.
use std::collections::BTreeMap;
use std::path::PathBuf;

use duckdb::{Config, Connection};

use super::fault::{Cause, WarehouseFault};

/// How much of the machine the engine may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Threads, at least 1.
    pub threads: usize,
    /// Memory in the engine's notation, such as `2GB`.
    pub memory: String,
    /// Folder for what does not fit in memory (`<data_dir>/tmp`); none: the engine stops instead.
    pub spill_to: Option<PathBuf>,
}

/// What may be spilled at most: a build that wants more is a mistake, and must not fill the disk.
const SPILL_LIMIT: &str = "50GB";

impl Default for Limits {
    fn default() -> Self {
        Self { threads: 1, memory: "2GB".to_owned(), spill_to: None }
    }
}

/// A text literal of SQL.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A list literal of paths.
pub(super) fn path_list(files: &[PathBuf]) -> String {
    let items: Vec<String> = files.iter().map(|file| quoted(&file.to_string_lossy())).collect();
    format!("[{}]", items.join(", "))
}

/// A fault of the engine as a whole.
pub(super) fn engine(error: duckdb::Error) -> WarehouseFault {
    WarehouseFault::Engine(Cause::from(error))
}

/// The settings that every engine here begins with.
pub(super) fn config(limits: &Limits) -> Result<Config, WarehouseFault> {
    let spill_to =
        limits.spill_to.as_deref().map_or_else(String::new, |folder| folder.to_string_lossy().into_owned());
    Config::default()
        .enable_autoload_extension(false)
        .and_then(|config| config.with("autoinstall_known_extensions", "false"))
        .and_then(|config| config.with("allow_persistent_secrets", "false"))
        .and_then(|config| config.threads(i64::try_from(limits.threads.max(1)).unwrap_or(1)))
        .and_then(|config| config.max_memory(&limits.memory))
        .and_then(|config| config.with("temp_directory", &spill_to))
        // Without it, several threads hand out even the rows of an `order by` in another order (measured: DuckDB 2.0.0,
        // 2 threads, from some 100,000 rows on).
        .and_then(|config| config.with("preserve_insertion_order", "true"))
        .and_then(|config| match limits.spill_to {
            Some(_) => config.with("max_temp_directory_size", SPILL_LIMIT),
            None => Ok(config),
        })
        .map_err(engine)
}

/// Opens an engine in memory. It can still be given files: see [`lock`].
pub(super) fn open(limits: &Limits) -> Result<Connection, WarehouseFault> {
    Connection::open_in_memory_with_flags(config(limits)?).map_err(engine)
}

/// How much of the memory limit stays with the engine once it was used.
const STAYS: &str = "75%";

/// Blocks that were used are used again. Otherwise each goes back to the machine, which hands it out anew page by page, empty:
/// a twentieth of a build's processor time. An engine that refuses does without.
pub(super) fn keep_blocks(connection: &Connection) {
    let _ = connection.execute_batch(&format!("set block_allocator_memory = {}", quoted(STAYS)));
}

/// From here on the engine reads `files` and nothing else, and no setting can be changed.
pub(super) fn lock(connection: &Connection, files: &[PathBuf]) -> Result<(), WarehouseFault> {
    let sql = format!(
        "set allowed_paths = {}; set enable_external_access = false; set lock_configuration = true;",
        path_list(files)
    );
    connection.execute_batch(&sql).map_err(engine)
}

/// A locked engine over finished tables, for questions: `tables` is table name to Parquet file. It never spills.
///
/// # Errors
/// When the engine cannot be opened or a file cannot be read.
pub fn over_tables(
    tables: &BTreeMap<String, PathBuf>,
    limits: &Limits,
) -> Result<Connection, WarehouseFault> {
    let connection = open(&Limits { spill_to: None, ..limits.clone() })?;
    for (name, file) in tables {
        let sql = format!(
            "create view \"{name}\" as select * from read_parquet({})",
            quoted(&file.to_string_lossy())
        );
        connection
            .execute_batch(&sql)
            .map_err(|error| WarehouseFault::Relation { relation: name.clone(), cause: error.into() })?;
    }
    let files: Vec<PathBuf> = tables.values().cloned().collect();
    lock(&connection, &files)?;
    Ok(connection)
}
