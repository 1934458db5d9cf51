//! Runs the queries, each when what it reads is there, and writes what is published. What nothing has changed is taken
//! over from the last build.
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duckdb::Connection;

use super::compute;
use super::connection::{Limits, engine, keep_blocks, lock, open};
use super::fault::WarehouseFault;
use super::ids;
use super::kept::{Kept, Line};
use super::key::{self, Contents, Maker, digest_of};
use super::present::Present;
use super::publish::{self, BuiltTable};
use super::relation::{BuildContext, Inputs, relations};
use super::workers::{Job, Workers};
use super::years;
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
    /// Every query in the order of the graph, published or not.
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
    /// How long it took, by the clock; others may have been made meanwhile.
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
    let queries = &ids::for_a_build(queries);
    let kept = Kept::open(out_dir)?;
    let connection = open(&Limits { threads: 1, ..options.clone() })?;
    keep_blocks(&connection);
    functions(&connection, queries)?;
    let folders = |of: &str| years::by_folder(inputs, of).into_keys().collect();
    lock(&connection, &[inputs.files(), kept.paths(queries, folders)].concat())?;
    let maker = Maker::new(queries, &connection.version().map_err(engine)?);
    let contents = key::of_relations(inputs, context)?;
    let present = Present::new(&connection, queries, relations(inputs, context)?);
    let build = Build { tables: Vec::new(), checks: Vec::new(), turns: Vec::new() };
    let begun = BTreeSet::new();
    let mut turns = Turns { order, begun, queries, inputs, context, maker, kept, contents, present, build };
    std::thread::scope(|scope| {
        turns.run(&mut Workers::start(scope, &connection, options.threads)?, on_progress)
    })?;
    turns.finish()
}

/// A build under way: every table has its turn when those that it reads have had theirs.
struct Turns<'a> {
    order: Vec<String>,
    /// The places in the order of those whose turn has begun.
    begun: BTreeSet<usize>,
    queries: &'a QuerySet,
    inputs: &'a Inputs,
    context: &'a BuildContext,
    maker: Maker<'a>,
    kept: Kept,
    contents: Contents,
    present: Present<'a>,
    build: Build,
}

impl<'a> Turns<'a> {
    /// Gives every table its turn, as many at once as there are workers. After the first fault none begins.
    fn run(
        &mut self,
        workers: &mut Workers<'a>,
        on_progress: &mut dyn FnMut(&str, usize, usize),
    ) -> Result<(), WarehouseFault> {
        loop {
            while workers.any_idle()
                && let Some(at) = self.next()
            {
                on_progress(&self.order[at], self.build.turns.len(), self.order.len());
                if let Some(job) = self.begin(at)? {
                    workers.give(job);
                }
            }
            if workers.all_idle() {
                break;
            }
            let Some(made) = workers.next() else { break };
            let query = self.query(made.at);
            let lines = made.lines?;
            failpoint("build.table").map_err(|error| unwritten(query, &error))?;
            for line in &lines {
                self.kept.note(line.clone())?;
            }
            let line = match (&query.each_year_of, lines.into_iter().next()) {
                (None, Some(line)) => line,
                _ => years::put_together(query, &self.kept.years(query)),
            };
            self.end(made.at, line, false, made.took)?;
        }
        on_progress("", self.order.len(), self.order.len());
        Ok(())
    }

    fn query(&self, at: usize) -> &'a Query {
        &self.queries.queries[&self.order[at]]
    }

    /// The first in the order that has not begun and that waits for nobody.
    fn next(&self) -> Option<usize> {
        let waits =
            |name: &String| self.queries.queries.contains_key(name) && !self.contents.contains_key(name);
        (0..self.order.len()).find(|at| !self.begun.contains(at) && !self.query(*at).reads.iter().any(waits))
    }

    /// Takes a table over, or says what has to be made when what it reads is there.
    fn begin(&mut self, at: usize) -> Result<Option<Job<'a>>, WarehouseFault> {
        let query = self.query(at);
        self.begun.insert(at);
        if let Some(of) = &query.each_year_of {
            return self.begin_years(at, of);
        }
        let (began, key) = (Instant::now(), self.maker.key(query, &self.contents));
        if let Some(line) = self.kept.take_over(query, &key) {
            self.end(at, line, true, began.elapsed())?;
            return Ok(None);
        }
        self.present.hold_for(query, &self.kept)?;
        Ok(Some(Job { at, query, key, path: self.kept.path(query), years: Vec::new() }))
    }

    /// The same for a table that is made for each year by itself: those years that something has changed.
    fn begin_years(&mut self, at: usize, of: &str) -> Result<Option<Job<'a>>, WarehouseFault> {
        let (query, began) = (self.query(at), Instant::now());
        let makers = years::Makers {
            queries: self.queries,
            inputs: self.inputs,
            context: self.context,
            maker: &self.maker,
            contents: &self.contents,
        };
        let years = makers.to_make(query, of, &mut self.kept)?;
        if years.is_empty() {
            let line = years::put_together(query, &self.kept.years(query));
            self.end(at, line, true, began.elapsed())?;
            return Ok(None);
        }
        self.present.hold_read(query, &self.kept)?;
        Ok(Some(Job { at, query, key: String::new(), path: None, years }))
    }

    /// A table is there and its turn is over.
    fn end(&mut self, at: usize, line: Line, taken_over: bool, took: Duration) -> Result<(), WarehouseFault> {
        let query = self.query(at);
        self.present.pass(query)?;
        let turn = Turn { table: query.name.clone(), rows: line.rows, taken_over, took };
        self.contents.insert(query.name.clone(), line.content.clone());
        self.build.add(query, line, self.kept.path(query), turn);
        Ok(())
    }

    fn finish(self) -> Result<Build, WarehouseFault> {
        let Self { order, queries, kept, mut build, .. } = self;
        kept.finish(queries)?;
        let place: BTreeMap<&str, usize> =
            order.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        build.turns.sort_by_key(|turn| place.get(turn.table.as_str()).copied());
        build.tables.sort_by(|a, b| a.name.cmp(&b.name));
        build.checks.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(build)
    }
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
pub(super) fn write(
    connection: &Connection,
    query: &Query,
    key: String,
    path: Option<&Path>,
) -> Result<Line, WarehouseFault> {
    let columns = publish::describe(connection, query)?;
    let mut line =
        Line { table: query.name.clone(), content: key.clone(), key, rows: 0, columns, sha256: None };
    match path {
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
    if let Some(path) = path {
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
    functions(connection, queries)?;
    relations(inputs, context)?.into_iter().try_for_each(|relation| relation.make(connection))
}

/// Gives a fresh engine the functions that queries call.
fn functions(connection: &Connection, queries: &QuerySet) -> Result<(), WarehouseFault> {
    connection.execute_batch(&queries.engine).map_err(engine)
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
