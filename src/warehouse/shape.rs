//! The shape of every table without a row in it: how `check` knows that the queries fit together, and that each reads
//! what it says it reads.
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use duckdb::Connection;

use super::build::{make, prepare};
use super::compute;
use super::connection::{Limits, open};
use super::fault::{Cause, WarehouseFault};
use super::publish::describe;
use super::relation::{BuildContext, Inputs};
use crate::definitions::graph::build_order;
use crate::definitions::query::{Problem, Problems, Query, QuerySet};

/// Table name to its columns: name and SQL type, in order. Relations that no query makes are here too.
pub type Shapes = BTreeMap<String, Vec<(String, String)>>;

/// Builds everything over an empty lake and says which columns came out.
///
/// # Errors
/// When a query does not bind.
pub fn shapes(queries: &QuerySet) -> Result<Shapes, WarehouseFault> {
    shapes_with(queries, &Inputs::embedded()?)
}

/// As [`shapes`], with entities, code lists and policy of a site's own; the files of the lake are not read.
///
/// # Errors
/// As [`shapes`].
pub fn shapes_with(queries: &QuerySet, inputs: &Inputs) -> Result<Shapes, WarehouseFault> {
    let inputs =
        Inputs { lake: BTreeMap::new(), links: Vec::new(), beside_links: BTreeMap::new(), ..inputs.clone() };
    let context = BuildContext { as_of: NaiveDate::default(), home_authority: String::new() };
    compute::prove_known(queries)?;
    let connection = open(&Limits::default())?;
    prepare(&connection, queries, &inputs, &context)?;
    let mut shapes = Shapes::new();
    for name in inputs.names() {
        shapes.insert(name.clone(), relation_shape(&connection, &name)?);
    }
    for name in build_order(queries, &inputs.names())? {
        let query = &queries.queries[&name];
        make(&connection, query)?;
        shapes.insert(name, describe(&connection, query)?);
    }
    Ok(shapes)
}

fn relation_shape(connection: &Connection, name: &str) -> Result<Vec<(String, String)>, WarehouseFault> {
    let failed =
        |error: duckdb::Error| WarehouseFault::Relation { relation: name.to_owned(), cause: error.into() };
    let mut statement = connection.prepare(&format!("select * from (describe {name})")).map_err(failed)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// An engine that holds the queries' functions and the named tables, empty, and nothing else.
///
/// # Errors
/// When the engine cannot be set up or a table has no known shape.
pub fn scratch<'a>(
    queries: &QuerySet,
    shapes: &Shapes,
    tables: impl IntoIterator<Item = &'a str>,
) -> Result<Connection, WarehouseFault> {
    let connection = open(&Limits::default())?;
    let engine = |error: duckdb::Error| WarehouseFault::Engine(error.into());
    connection.execute_batch(&queries.engine).map_err(engine)?;
    for name in tables {
        let columns = shapes.get(name).ok_or_else(|| WarehouseFault::Relation {
            relation: name.to_owned(),
            cause: Cause { class: "Catalog", text: Some("no such table".to_owned()) },
        })?;
        let columns: Vec<String> =
            columns.iter().map(|(column, kind)| format!("\"{column}\" {kind}")).collect();
        connection.execute_batch(&format!("create table {name} ({})", columns.join(", "))).map_err(engine)?;
    }
    Ok(connection)
}

/// Proves that each query reads the tables it declares and no others, that its grain and its described columns are
/// columns it has, and that a published table and a view describe every column.
///
/// # Errors
/// Everything that does not hold, for all queries.
pub fn prove_reads(queries: &QuerySet) -> Result<(), WarehouseFault> {
    let shapes = shapes(queries)?;
    let mut problems = Vec::new();
    for query in queries.queries.values() {
        let connection = scratch(queries, &shapes, query.reads.iter().map(String::as_str))?;
        let read = match reads(&connection, query) {
            Ok(read) => read,
            Err(fault) => {
                problems.push(problem(query, &format!("does not bind to what it reads: {fault}")));
                BTreeSet::new()
            }
        };
        let columns: Vec<&str> = shapes[&query.name].iter().map(|(column, _)| column.as_str()).collect();
        for column in query.grain.iter().chain(query.columns.keys()) {
            if !columns.contains(&column.as_str()) {
                problems.push(problem(query, &format!("has no column `{column}`")));
            }
        }
        let is_shown = query.published || query.is_view();
        for column in columns.iter().filter(|column| is_shown && !query.columns.contains_key(**column)) {
            problems.push(problem(query, &format!("does not describe its column `{column}`")));
        }
        for name in query.reads.iter().filter(|name| !read.contains(*name) && !mentions(query, name)) {
            problems.push(problem(query, &format!("declares `{name}` and does not read it")));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(WarehouseFault::Definitions(Problems(problems))) }
}

/// Makes a table where only what it declares exists, and says what a function read of it. Of SQL the words say that.
fn reads(connection: &Connection, query: &Query) -> Result<BTreeSet<String>, WarehouseFault> {
    match &query.computed {
        Some(computed) => compute::run(connection, query, computed),
        None => make(connection, query).map(|()| BTreeSet::new()),
    }
}

fn problem(query: &Query, what: &str) -> Problem {
    Problem { file: query.file.clone(), line: 1, what: what.to_owned() }
}

/// Whether a query names a table after its header.
fn mentions(query: &Query, table: &str) -> bool {
    let body = query.sql.split_once("*/").map_or("", |(_, body)| body);
    let is_part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    body.split(|c: char| !is_part_of_name(c)).any(|word| word == table)
}
