//! Runs the queries in order and writes what is published.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use duckdb::Connection;

use super::compute;
use super::connection::{Limits, lock, open};
use super::fault::WarehouseFault;
use super::publish::{self, BuiltTable};
use super::relation::{BuildContext, Inputs, relations};
use crate::definitions::graph::build_order;
use crate::definitions::query::{Materialise, Query, QuerySet};

/// How a build may use the machine.
pub type BuildOptions = Limits;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// Name of the check.
    pub name: String,
    /// What a row of it means.
    pub title: String,
    /// How many rows it returned.
    pub violations: u64,
    /// Where they are kept, when there are any.
    pub kept: Option<PathBuf>,
}

/// A finished build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The published tables, by name.
    pub tables: Vec<BuiltTable>,
    /// Every check, by name, those without violations too.
    pub checks: Vec<CheckResult>,
}

/// Builds every table and writes the published ones to `out_dir` as `<table>.parquet`.
/// `on_progress` is told the table that begins, how many are done and how many there are.
///
/// # Errors
/// When the definitions are not well formed, a file cannot be read, a query fails or a table cannot be written.
pub fn build(
    queries: &QuerySet,
    inputs: &Inputs,
    context: &BuildContext,
    options: &BuildOptions,
    out_dir: &Path,
    on_progress: &mut dyn FnMut(&str, usize, usize),
) -> Result<Vec<BuiltTable>, WarehouseFault> {
    build_with_checks(queries, inputs, context, options, out_dir, on_progress).map(|build| build.tables)
}

/// As [`build`], and says what the checks found.
///
/// # Errors
/// As [`build`].
pub fn build_with_checks(
    queries: &QuerySet,
    inputs: &Inputs,
    context: &BuildContext,
    options: &BuildOptions,
    out_dir: &Path,
    on_progress: &mut dyn FnMut(&str, usize, usize),
) -> Result<Build, WarehouseFault> {
    let order = build_order(queries, &inputs.names())?;
    compute::prove_known(queries)?;
    let connection = open(options)?;
    prepare(&connection, queries, inputs, context)?;
    lock(&connection, &inputs.files())?;
    let mut tables = Vec::new();
    let mut checks = Vec::new();
    let mut readers = readers_left(queries, &order);
    for (done, name) in order.iter().enumerate() {
        let query = &queries.queries[name];
        on_progress(name, done, order.len());
        make(&connection, query)?;
        if query.published {
            tables.push(publish::publish(&connection, query, out_dir)?);
        }
        if query.is_check() {
            let violations = count(&connection, query)?;
            let kept = if violations > 0 { Some(keep(&connection, query, out_dir)?) } else { None };
            checks.push(CheckResult { name: name.clone(), title: query.title.clone(), violations, kept });
        }
        release_memory(&connection, queries, query, &mut readers)?;
    }
    on_progress("", order.len(), order.len());
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Build { tables, checks })
}

/// Folder below that of the tables for rows that fail a check or a rule.
pub const FAILED: &str = "failed";

/// Keeps what a check found: the rows, for whoever has to put them right.
fn keep(connection: &Connection, query: &Query, out_dir: &Path) -> Result<PathBuf, WarehouseFault> {
    let folder = out_dir.join(FAILED);
    std::fs::create_dir_all(&folder).map_err(|error| WarehouseFault::Export {
        table: query.name.clone(),
        what: error.kind().to_string(),
    })?;
    let path = folder.join(format!("{}.parquet", query.name));
    publish::keep(connection, query, &path)?;
    Ok(path)
}

/// Gives a fresh engine the functions and relations that queries expect.
pub(super) fn prepare(
    connection: &Connection,
    queries: &QuerySet,
    inputs: &Inputs,
    context: &BuildContext,
) -> Result<(), WarehouseFault> {
    connection.execute_batch(&queries.engine).map_err(|error| WarehouseFault::Engine(error.into()))?;
    for relation in relations(inputs, context)? {
        connection
            .execute_batch(&relation.sql)
            .map_err(|error| WarehouseFault::Relation { relation: relation.name, cause: error.into() })?;
    }
    Ok(())
}

/// Makes one table or view, by its SQL or by the function that it names.
///
/// # Errors
/// When the query fails, or its function is unknown or reads what it does not declare.
pub fn make(connection: &Connection, query: &Query) -> Result<(), WarehouseFault> {
    if let Some(computed) = &query.computed {
        return compute::run(connection, query, computed).map(|_| ());
    }
    connection
        .execute_batch(&statement(query)?)
        .map_err(|error| WarehouseFault::Query { file: query.file.clone(), cause: error.into() })
}

/// The statement that makes a query's table; of a computed one without its rows.
pub(super) fn statement(query: &Query) -> Result<String, WarehouseFault> {
    let kind = match (&query.computed, query.materialise) {
        (Some(computed), _) => return Ok(compute::find(query, computed)?.shape(&query.name)),
        (None, Materialise::Table) => "table",
        (None, Materialise::View) => "view",
    };
    Ok(format!("create or replace {kind} {} as\n{}", query.name, query.sql))
}

/// For each table, how many queries have still to read it: its own turn counts as one.
fn readers_left(queries: &QuerySet, order: &[String]) -> BTreeMap<String, usize> {
    let mut readers: BTreeMap<String, usize> = order.iter().map(|name| (name.clone(), 1)).collect();
    for query in queries.queries.values() {
        // A view reads its tables again whenever it is read, so they stay.
        let weight = if query.materialise == Materialise::View { usize::MAX / 2 } else { 1 };
        for name in &query.reads {
            if let Some(left) = readers.get_mut(name) {
                *left = left.saturating_add(weight);
            }
        }
    }
    readers
}

/// Drops every table that nobody will read again: memory stays near the largest few, not the sum of all.
fn release_memory(
    connection: &Connection,
    queries: &QuerySet,
    finished: &Query,
    readers: &mut BTreeMap<String, usize>,
) -> Result<(), WarehouseFault> {
    for name in finished.reads.iter().chain([&finished.name]) {
        let Some(left) = readers.get_mut(name) else { continue };
        *left -= 1;
        if *left == 0 && queries.queries[name].materialise == Materialise::Table {
            connection
                .execute_batch(&format!("drop table {name}"))
                .map_err(|error| WarehouseFault::Engine(error.into()))?;
        }
    }
    Ok(())
}

fn count(connection: &Connection, query: &Query) -> Result<u64, WarehouseFault> {
    connection
        .query_row(&format!("select count(*) from {}", query.name), [], |row| row.get(0))
        .map_err(|error| WarehouseFault::Query { file: query.file.clone(), cause: error.into() })
}
