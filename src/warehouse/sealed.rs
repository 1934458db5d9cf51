//! An engine in memory that holds copies of a few columns and can reach nothing else: no file, no setting, no extension.
use std::path::PathBuf;

use duckdb::Connection;

use super::connection::{Limits, engine, lock, open, quoted};
use super::fault::{Cause, WarehouseFault};

/// Columns of a table that are copied.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Copied {
    /// The table's name.
    pub table: String,
    /// Its Parquet file.
    pub file: PathBuf,
    /// The columns.
    pub columns: Vec<String>,
}

/// An engine that is shut: see [`Sealed::open`].
pub struct Sealed(Connection);

impl Sealed {
    /// Copies columns into a fresh engine and shuts it: from then on it reads no file, loads nothing, spills nothing,
    /// changes no setting, and stops by itself after so many milliseconds.
    ///
    /// # Errors
    /// When a file cannot be read or the engine cannot be shut.
    pub fn open(copies: &[Copied], limits: &Limits, millis: u64) -> Result<Self, WarehouseFault> {
        let connection = open(&Limits { spill_to: None, ..limits.clone() })?;
        for copied in copies {
            let columns: Vec<String> = copied.columns.iter().map(|name| format!("\"{name}\"")).collect();
            let file = quoted(&copied.file.to_string_lossy());
            let sql = format!(
                "create table \"{}\" as select {} from read_parquet({file})",
                copied.table,
                columns.join(", ")
            );
            connection.execute_batch(&sql).map_err(|error| WarehouseFault::Relation {
                relation: copied.table.clone(),
                cause: error.into(),
            })?;
        }
        connection.execute_batch(&format!("set max_execution_time = {millis}")).map_err(engine)?;
        lock(&connection, &[])?;
        Ok(Self(connection))
    }

    /// The engine's own reading of a text, as JSON. Nothing of it is run.
    pub fn reading(&self, text: &str) -> Option<String> {
        self.0
            .query_row("select cast(json_serialize_sql(cast(? as varchar)) as varchar)", [text], |row| {
                row.get(0)
            })
            .ok()
    }

    /// Runs one statement whose columns are texts.
    ///
    /// # Errors
    /// The class of the engine's error and never its words.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, &'static str> {
        let class = |error: duckdb::Error| Cause::from(error).class;
        let mut statement = self.0.prepare(sql).map_err(class)?;
        let mut rows = statement.query([]).map_err(class)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(class)? {
            let width = row.as_ref().column_count();
            let cells: Result<Vec<Option<String>>, _> = (0..width).map(|at| row.get(at)).collect();
            found.push(cells.map_err(class)?);
        }
        Ok(found)
    }
}

/// The name of every function that the engine has, in order.
///
/// # Errors
/// When the engine cannot be asked.
pub fn function_names() -> Result<Vec<String>, WarehouseFault> {
    let connection = open(&Limits::default())?;
    let sql = "select distinct function_name from duckdb_functions() order by 1";
    let mut statement = connection.prepare(sql).map_err(engine)?;
    let names = statement.query_map([], |row| row.get(0)).map_err(engine)?;
    names.collect::<Result<_, _>>().map_err(engine)
}
