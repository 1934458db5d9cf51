//! Views: what `resolve` shows of one person's own learners, made in memory over the lake as it is and written nowhere.
use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type};
use chrono::{NaiveDate, TimeDelta};
use duckdb::Connection;

use super::build::{BuildOptions, make, prepare};
use super::connection::{lock, open};
use super::fault::WarehouseFault;
use super::relation::{BuildContext, Inputs};
use crate::definitions::graph::build_order;
use crate::definitions::query::{Query, QuerySet, WHOSE};
use crate::privacy::Pseudonym;

/// One cell of a view.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewCell {
    /// Nothing is known.
    Empty,
    /// A code's label, a name of an establishment, a word of ours.
    Text(String),
    /// A number.
    Number(f64),
    /// A day.
    Day(NaiveDate),
    /// Yes or no.
    Bool(bool),
}

/// A view's rows by learner. Pseudonymised: it holds no name and no number of anybody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewTable {
    /// Column name and what it says, without the learner.
    pub columns: Vec<(String, String)>,
    /// The rows of each learner, in the order of the view's grain.
    pub rows: BTreeMap<Pseudonym, Vec<Vec<ViewCell>>>,
}

impl ViewTable {
    /// A learner's first cell of a column.
    pub fn cell(&self, learner: &Pseudonym, column: &str) -> Option<&ViewCell> {
        let at = self.columns.iter().position(|(name, _)| name == column)?;
        self.rows.get(learner)?.first()?.get(at)
    }
}

/// Makes the named views over the lake. `queries` holds them with all that they read: see [`QuerySet::behind`].
///
/// # Errors
/// When the definitions are not well formed, a file cannot be read or a query fails.
pub fn views(
    queries: &QuerySet,
    names: &[&str],
    inputs: &Inputs,
    context: &BuildContext,
    options: &BuildOptions,
    on_progress: &mut dyn FnMut(&str, usize, usize),
) -> Result<BTreeMap<String, ViewTable>, WarehouseFault> {
    let order = build_order(queries, &inputs.names())?;
    let connection = open(options)?;
    prepare(&connection, queries, inputs, context)?;
    lock(&connection, &inputs.files())?;
    for (done, name) in order.iter().enumerate() {
        on_progress(name, done, order.len());
        make(&connection, &queries.queries[name])?;
    }
    let mut tables = BTreeMap::new();
    for query in names.iter().filter_map(|name| queries.queries.get(*name)) {
        tables.insert(query.name.clone(), read(&connection, query)?);
    }
    Ok(tables)
}

fn read(connection: &Connection, query: &Query) -> Result<ViewTable, WarehouseFault> {
    let failed =
        |error: duckdb::Error| WarehouseFault::Query { file: query.file.clone(), cause: error.into() };
    let order: Vec<String> = query.grain.iter().map(|name| format!("{name} asc nulls last")).collect();
    let sql = format!("select * from {} order by {}", query.name, order.join(", "));
    let mut statement = connection.prepare(&sql).map_err(failed)?;
    let stream = statement.stream_arrow([]).map_err(failed)?;
    let schema = stream.get_schema();
    let names = schema.fields().iter().map(|field| field.name().clone()).filter(|name| name != WHOSE);
    let described = |name: String| {
        let what = query.columns.get(&name).cloned().unwrap_or_default();
        (name, what)
    };
    let mut table = ViewTable { columns: names.map(described).collect(), rows: BTreeMap::new() };
    for batch in stream {
        let batch = batch.map_err(failed)?;
        add(&mut table, &batch).ok_or_else(|| WarehouseFault::Export {
            table: query.name.clone(),
            what: "a column has a type that a view cannot show".to_owned(),
        })?;
    }
    Ok(table)
}

/// Adds a batch's rows. None where a column cannot be shown or a learner's id is none.
fn add(table: &mut ViewTable, batch: &RecordBatch) -> Option<()> {
    let whose = cast(batch.column_by_name(WHOSE)?, &DataType::Utf8).ok()?;
    let whose = whose.as_string_opt::<i32>()?;
    let columns: Option<Vec<Column>> =
        table.columns.iter().map(|(name, _)| Column::of(batch.column_by_name(name)?)).collect();
    let columns = columns?;
    for at in 0..batch.num_rows() {
        let learner = from_hex(whose.value(at))?;
        let row = columns.iter().map(|column| column.cell(at)).collect();
        table.rows.entry(learner).or_default().push(row);
    }
    Some(())
}

/// A column as one of the kinds of cell.
enum Column {
    Text(ArrayRef),
    Number(ArrayRef),
    Day(ArrayRef),
    Bool(ArrayRef),
}

impl Column {
    fn of(array: &ArrayRef) -> Option<Self> {
        let as_type = |kind: &DataType| cast(array, kind).ok();
        match array.data_type() {
            DataType::Date32 => Some(Self::Day(array.clone())),
            DataType::Boolean => Some(Self::Bool(array.clone())),
            kind if kind.is_numeric() => Some(Self::Number(as_type(&DataType::Float64)?)),
            _ => Some(Self::Text(as_type(&DataType::Utf8)?)),
        }
    }

    fn cell(&self, at: usize) -> ViewCell {
        let (Self::Text(array) | Self::Number(array) | Self::Day(array) | Self::Bool(array)) = self;
        if array.is_null(at) {
            return ViewCell::Empty;
        }
        match self {
            Self::Text(array) => ViewCell::Text(array.as_string::<i32>().value(at).to_owned()),
            Self::Number(array) => ViewCell::Number(array.as_primitive::<Float64Type>().value(at)),
            Self::Day(array) => {
                let days = i64::from(array.as_primitive::<Date32Type>().value(at));
                ViewCell::Day(NaiveDate::default() + TimeDelta::days(days))
            }
            Self::Bool(array) => ViewCell::Bool(array.as_boolean().value(at)),
        }
    }
}

/// The id that 32 hex characters stand for.
fn from_hex(text: &str) -> Option<Pseudonym> {
    let mut id: Pseudonym = [0; 16];
    if text.len() != 32 {
        return None;
    }
    for (at, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(id)
}
