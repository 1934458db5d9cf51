//! Runs the queries in order and writes what is published. What nothing has changed is taken over from the last build.
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duckdb::Connection;

use super::compute;
use super::connection::{Limits, engine, lock, open};
use super::fault::WarehouseFault;
use super::kept::{Kept, Line};
use super::key::{self, Maker, digest_of};
use super::present::Present;
use super::publish::{self, BuiltTable};
use super::relation::{BuildContext, Inputs, relations};
use crate::definitions::graph::build_order;
use crate::definitions::query::{Materialise, Query, QuerySet};
use crate::fault::failpoint;

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
    /// Every query in the order of its turn, published or not.
    pub turns: Vec<Turn>,
}

/// How one query was dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The table.
    pub table: String,
    /// Rows in it; a view that nobody publishes is not counted.
    pub rows: u64,
    /// Whether it was taken over from the last build.
    pub taken_over: bool,
    /// How long it took, by the clock.
    pub took: Duration,
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

/// As [`build`], and says what the checks found. Where `out_dir` holds an earlier build, a table is made again only if
/// something that it is made of has changed; either way its bytes are those of a build from nothing.
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
    let mut kept = Kept::open(out_dir)?;
    let connection = open(options)?;
    prepare(&connection, queries, inputs, context)?;
    lock(&connection, &[inputs.files(), kept.paths(queries)].concat())?;
    let maker = Maker::new(queries, &connection.version().map_err(engine)?);
    let mut contents = key::of_relations(inputs, context)?;
    let mut present = Present::new(&connection, queries);
    let mut build = Build { tables: Vec::new(), checks: Vec::new(), turns: Vec::new() };
    for (done, name) in order.iter().enumerate() {
        let query = &queries.queries[name];
        on_progress(name, done, order.len());
        let began = Instant::now();
        let key = maker.key(query, &contents);
        let before = kept.take_over(query, &key);
        let taken_over = before.is_some();
        let line = if let Some(line) = before {
            line
        } else {
            present.make(query, &kept)?;
            let line = write(&connection, query, key, &kept)?;
            failpoint("build.table").map_err(|error| unwritten(query, &error))?;
            kept.note(line.clone())?;
            line
        };
        present.pass(query)?;
        let turn = Turn { table: name.clone(), rows: line.rows, taken_over, took: began.elapsed() };
        contents.insert(name.clone(), line.content.clone());
        build.add(query, line, kept.path(query), turn);
    }
    on_progress("", order.len(), order.len());
    kept.finish(queries)?;
    build.tables.sort_by(|a, b| a.name.cmp(&b.name));
    build.checks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(build)
}

impl Build {
    /// Adds what came of one query.
    fn add(&mut self, query: &Query, line: Line, path: Option<PathBuf>, turn: Turn) {
        self.turns.push(turn);
        if query.is_check() {
            self.checks.push(CheckResult {
                name: query.name.clone(),
                title: query.title.clone(),
                violations: line.rows,
                kept: path.filter(|_| line.rows > 0),
            });
        } else if query.published {
            self.tables.push(publish::built(query, line, path.unwrap_or_default()));
        }
    }
}

/// Writes what is kept of a table that was made, and says what stands for its content.
fn write(connection: &Connection, query: &Query, key: String, kept: &Kept) -> Result<Line, WarehouseFault> {
    let columns = publish::describe(connection, query)?;
    let path = kept.path(query);
    let mut line =
        Line { table: query.name.clone(), content: key.clone(), key, rows: 0, columns, sha256: None };
    match &path {
        Some(path) if query.published => {
            line.rows = publish::publish(connection, query, &line.columns, path)?;
        }
        // Nobody reads a check: its rows are kept where there are any.
        Some(path) if query.is_check() => {
            line.rows = publish::count(connection, query)?;
            if line.rows == 0 {
                return Ok(line);
            }
            publish::keep(connection, query, &line.columns, path)?;
        }
        // A view stands for what it reads.
        None if query.materialise == Materialise::View => return Ok(line),
        path => {
            let (rows, content) = publish::content(connection, query, &line.columns)?;
            (line.rows, line.content) = (rows, content);
            if let Some(path) = path {
                publish::set_aside(connection, query, &line.columns, path)?;
            }
        }
    }
    if let Some(path) = &path {
        line.sha256 = Some(publish::sha256_of(path).map_err(|error| unwritten(query, &error))?);
    }
    if let Some(sum) = line.sha256.as_deref().filter(|_| query.published) {
        let kinds = line.columns.iter().flat_map(|(name, kind)| [name.as_str(), kind.as_str()]);
        line.content = digest_of(kinds.chain([sum]));
    }
    Ok(line)
}

fn unwritten(query: &Query, error: &std::io::Error) -> WarehouseFault {
    WarehouseFault::Export { table: query.name.clone(), what: error.kind().to_string() }
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
