//! Which columns of which tables a column is made of, as the engine itself plans it: a column counts where the plan
//! reads it, in a condition as much as in a value.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use duckdb::Connection;
use serde_json::Value;

use super::fault::{Cause, WarehouseFault};
use super::relation::Inputs;
use super::shape::{Shapes, scratch, shapes_with};
use crate::definitions::graph::build_order;
use crate::definitions::query::QuerySet;

/// Table name to those of its columns that are read.
pub type ColumnsRead = BTreeMap<String, BTreeSet<String>>;

/// What a column is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// Each table, the one asked about among them, with the columns that bear on it.
    pub read: ColumnsRead,
    /// Tables of which only the key is read, by which rows are matched: what they are made of does not bear on the value.
    pub matched: BTreeSet<String>,
}

/// All tables behind one column of a table. Which rows a table has is decided by everything behind it: that is the lineage
/// of the table as a whole.
///
/// # Errors
/// When the queries do not bind, or there is no such table or column.
pub fn columns_behind(
    queries: &QuerySet,
    inputs: &Inputs,
    table: &str,
    column: &str,
) -> Result<Behind, WarehouseFault> {
    let shapes = shapes_with(queries, inputs)?;
    let has = shapes.get(table).is_some_and(|columns| columns.iter().any(|(name, _)| name == column));
    if !has {
        return Err(unknown(&format!("{table}.{column}")));
    }
    let order = build_order(queries, &inputs.names())?;
    let connection = scratch(queries, &shapes, shapes.keys().map(String::as_str))?;
    // Over empty tables the planner would drop whatever can have no rows.
    let settings = "set disabled_optimizers = 'statistics_propagation,empty_result_pullup'";
    connection.execute_batch(settings).map_err(|error| WarehouseFault::Engine(error.into()))?;
    let mut behind = Behind::default();
    behind.read.insert(table.to_owned(), BTreeSet::from([column.to_owned()]));
    let mut only_matched = ColumnsRead::new();
    // Backwards: whoever reads a table has said which columns before it is its turn.
    for name in order.iter().rev() {
        let Some(wanted) = behind.read.get(name).cloned() else { continue };
        let planned = planned(&connection, queries, &shapes, name, &wanted)?;
        let is_matched = |source: &String, columns: &BTreeSet<String>| {
            let grain = queries.queries.get(source).map(|query| &query.grain);
            grain.is_some_and(|grain| columns.iter().all(|column| grain.contains(column)))
        };
        // Where keys are all that is read, they are what it is made of.
        let all_are = planned.iter().all(|(source, columns)| is_matched(source, columns));
        for (source, columns) in planned {
            let keeps = !all_are && is_matched(&source, &columns);
            let of = if keeps { &mut only_matched } else { &mut behind.read };
            of.entry(source).or_default().extend(columns);
        }
    }
    for (name, columns) in only_matched {
        if !behind.read.contains_key(&name) {
            behind.matched.insert(name.clone());
        }
        behind.read.entry(name).or_default().extend(columns);
    }
    Ok(behind)
}

fn unknown(what: &str) -> WarehouseFault {
    let cause = Cause { class: "Catalog", text: Some("there is no such table or column".to_owned()) };
    WarehouseFault::Relation { relation: what.to_owned(), cause }
}

/// What the plan for some columns of a table reads.
fn planned(
    connection: &Connection,
    queries: &QuerySet,
    shapes: &Shapes,
    table: &str,
    columns: &BTreeSet<String>,
) -> Result<ColumnsRead, WarehouseFault> {
    let query = &queries.queries[table];
    if Path::new(&query.file).extension().is_none_or(|extension| extension != "sql") {
        // What the program computes may use all that it declares.
        let all = |name: &String| {
            let shape = shapes.get(name).into_iter().flatten();
            (name.clone(), shape.map(|(column, _)| column.clone()).collect())
        };
        return Ok(query.reads.iter().map(all).collect());
    }
    let failed =
        |error: duckdb::Error| WarehouseFault::Query { file: query.file.clone(), cause: error.into() };
    let wanted = if columns.is_empty() {
        "count(*)".to_owned()
    } else {
        columns.iter().cloned().collect::<Vec<_>>().join(", ")
    };
    let sql = format!("explain (format json) select {wanted} from (\n{}\n) as made", query.sql);
    let text: String = connection.query_row(&sql, [], |row| row.get(1)).map_err(failed)?;
    let plan: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut read = ColumnsRead::new();
    collect(&plan, shapes, &mut read);
    // A table that the plan needs only for its rows may be left out of it; it is read all the same.
    for name in &query.reads {
        if read.keys().all(|known| known != name) && columns.is_empty() {
            read.entry(name.clone()).or_default();
        }
    }
    Ok(read)
}

/// Walks a plan and notes each scan: its table, the columns it hands on and those it only compares.
fn collect(plan: &Value, shapes: &Shapes, read: &mut ColumnsRead) {
    match plan {
        Value::Array(nodes) => nodes.iter().for_each(|node| collect(node, shapes, read)),
        Value::Object(node) => {
            let about = node.get("extra_info");
            let table = about.and_then(|about| about["Table"].as_str());
            let table = table.map(|name| name.rsplit('.').next().unwrap_or(name));
            if let (Some(about), Some(table)) = (about, table)
                && let Some(shape) = shapes.get(table)
            {
                let columns = read.entry(table.to_owned()).or_default();
                for part in ["Projections", "Filters"] {
                    for text in texts(&about[part]) {
                        let is_part_of_name = |c: char| c.is_alphanumeric() || c == '_';
                        let words = text.split(|c: char| !is_part_of_name(c));
                        columns.extend(
                            words
                                .filter(|word| shape.iter().any(|(name, _)| name == word))
                                .map(str::to_owned),
                        );
                    }
                }
            }
            if let Some(children) = node.get("children") {
                collect(children, shapes, read);
            }
        }
        _ => {}
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
