//! The finished tables once more as one `DuckDB` database: the same tables give the same bytes.
//!
//! The engine does not promise that. Four things made its files differ between two runs, and each is shut off here
//! (docs/decisions/0008): the salt that newer storage versions draw for each file; compression chosen by random samples;
//! memory that was never set and is written out all the same, which is a leak besides; threads that race for blocks.
use std::path::{Path, PathBuf};

use duckdb::Connection;

use super::connection::{Limits, config, engine, lock, quoted};
use super::fault::{Cause, WarehouseFault};

/// The storage version: readable by every engine since then. Later ones put a random identifier into each file.
const READABLE_SINCE: &str = "v1.3.0";

/// Bit packing leaves whatever lay in memory in the place of an empty cell.
const UNFIT_COMPRESSION: &str = "bitpacking";

/// How much of the memory limit serves as a pool of blocks. The engine refuses a pool near the machine's whole memory.
const POOL: &str = "75%";

/// A finished table that goes into a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseTable {
    /// Its name: lower case, digits, underscores.
    pub name: String,
    /// One line that says what it is; becomes the table's comment.
    pub title: String,
    /// Column name and description, which becomes the column's comment.
    pub columns: Vec<(String, String)>,
    /// The Parquet file.
    pub file: PathBuf,
}

/// Writes a database that holds `tables`, in that order, with their descriptions, and gives the engine's version.
///
/// Its bytes follow from the tables, their order and the name of the file (not its folder). One thread writes it, whatever
/// `limits` says: with several, blocks are handed out in the order in which they happen to ask.
///
/// # Errors
/// When the file exists already, cannot be written, or a table cannot be read.
pub fn write_database(
    database: &Path,
    tables: &[DatabaseTable],
    limits: &Limits,
) -> Result<String, WarehouseFault> {
    if database.exists() {
        return Err(WarehouseFault::Export {
            table: "*".to_owned(),
            what: "the database file exists already".into(),
        });
    }
    let connection = open(database, limits)?;
    let files: Vec<PathBuf> = tables.iter().map(|table| table.file.clone()).collect();
    lock(&connection, &files)?;
    for table in tables {
        connection.execute_batch(&statements(table)).map_err(|error| WarehouseFault::Relation {
            relation: table.name.clone(),
            cause: error.into(),
        })?;
    }
    connection.execute_batch("checkpoint").map_err(engine)?;
    let version = connection.version().map_err(engine)?;
    connection.close().map_err(|(_, error)| engine(error))?;
    Ok(version)
}

fn open(database: &Path, limits: &Limits) -> Result<Connection, WarehouseFault> {
    let config = config(&Limits { threads: 1, ..limits.clone() })?
        .with("storage_compatibility_version", READABLE_SINCE)
        .map_err(engine)?;
    let connection = Connection::open_with_flags(database, config).map_err(engine)?;
    // The engine takes this one among its first settings too, and then forgets it.
    let unfit = format!("set disabled_compression_methods = {}", quoted(UNFIT_COMPRESSION));
    connection.execute_batch(&unfit).map_err(engine)?;
    // Blocks from the pool begin as zeroes; those from elsewhere hold what the process had there before, which can be
    // a name. The limit then goes down to the pool, so that there is no elsewhere.
    connection.execute_batch(&format!("set block_allocator_memory = '{POOL}'")).map_err(engine)?;
    let pool: String = connection
        .query_row("select current_setting('block_allocator_memory')", [], |row| row.get(0))
        .map_err(engine)?;
    if pool.starts_with("0 ") {
        let text = Some("there is no memory for a pool of blocks".to_owned());
        return Err(WarehouseFault::Engine(Cause { class: "Out of Memory", text }));
    }
    connection.execute_batch(&format!("set memory_limit = {}", quoted(&pool))).map_err(engine)?;
    Ok(connection)
}

fn statements(table: &DatabaseTable) -> String {
    let DatabaseTable { name, title, columns, file } = table;
    let file = quoted(&file.to_string_lossy());
    let mut statements = vec![
        format!("create table \"{name}\" as select * from read_parquet({file});"),
        format!("comment on table \"{name}\" is {};", quoted(title)),
    ];
    statements.extend(columns.iter().map(|(column, description)| {
        format!("comment on column \"{name}\".\"{column}\" is {};", quoted(description))
    }));
    statements.join("\n")
}
