//! What a function reads and writes: rows of texts and numbers, in an order that follows from the rows alone.
use std::collections::BTreeSet;

use duckdb::Connection;

use super::super::fault::WarehouseFault;
use crate::definitions::query::{Problem, Problems, Query};

/// One row of what was asked for, in the order of asking.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Record {
    /// The texts.
    pub(in super::super) texts: Vec<Option<String>>,
    /// The numbers; yes is 1 and no is 0.
    pub(in super::super) numbers: Vec<Option<f64>>,
}

impl Record {
    /// A text; nothing where it is empty.
    pub(super) fn text(&self, at: usize) -> &str {
        self.texts[at].as_deref().unwrap_or_default()
    }

    /// A number; nought where it is empty.
    pub(super) fn number(&self, at: usize) -> f64 {
        self.numbers[at].unwrap_or(0.0)
    }
}

/// The rows of one table.
pub(in super::super) type Frame = Vec<Record>;

/// The tables that a function's header declares, and no others.
pub(in super::super) struct Tables<'c> {
    connection: &'c Connection,
    query: &'c Query,
    read: BTreeSet<String>,
}

impl<'c> Tables<'c> {
    pub(super) fn new(connection: &'c Connection, query: &'c Query) -> Self {
        Self { connection, query, read: BTreeSet::new() }
    }

    /// The tables that were read.
    pub(super) fn read_so_far(&self) -> BTreeSet<String> {
        self.read.clone()
    }

    /// Columns of a table: texts and numbers, sorted by all of them, empty cells last.
    pub(super) fn read(
        &mut self,
        table: &str,
        texts: &[&str],
        numbers: &[&str],
    ) -> Result<Frame, WarehouseFault> {
        if !self.query.reads.iter().any(|declared| declared == table) {
            let what = format!("its function reads `{table}`, which `reads` does not declare: declare it");
            let problem = Problem { file: self.query.file.clone(), line: 1, what };
            return Err(Problems(vec![problem]).into());
        }
        self.read.insert(table.to_owned());
        let failed = |error: duckdb::Error| WarehouseFault::Query {
            file: self.query.file.clone(),
            cause: error.into(),
        };
        let columns: Vec<String> = (texts.iter().map(|name| format!("cast({name} as varchar)")))
            .chain(numbers.iter().map(|name| format!("cast({name} as double)")))
            .collect();
        let order: Vec<String> =
            (1..=columns.len()).map(|position| format!("{position} asc nulls last")).collect();
        let sql = format!("select {} from {table} order by {}", columns.join(", "), order.join(", "));
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let rows = statement
            .query_map([], |row| {
                Ok(Record {
                    texts: (0..texts.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?,
                    numbers: (0..numbers.len())
                        .map(|at| row.get(texts.len() + at))
                        .collect::<Result<_, _>>()?,
                })
            })
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// A policy parameter by academic year; a year without a row has none.
    pub(super) fn policy(
        &mut self,
        parameter: &str,
    ) -> Result<std::collections::BTreeMap<i32, f64>, WarehouseFault> {
        let rows = self.read("policy", &["parameter"], &["ay", "value"])?;
        let of_parameter = rows.iter().filter(|row| row.text(0) == parameter);
        Ok(of_parameter.map(|row| (row.number(0) as i32, row.number(1))).collect())
    }
}

/// A cell that a function writes.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Cell {
    /// Nothing.
    Empty,
    /// A word or an id.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number to four decimals.
    Number(f64),
    /// Yes or no.
    Bool(bool),
}

impl Cell {
    /// As the engine reads it; a number that is none is empty.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Text(text) => Some(text),
            Self::Whole(number) => Some(number.to_string()),
            // Half up, as `share_of` rounds.
            Self::Number(number) => {
                number.is_finite().then(|| format!("{:.4}", (number * 1e4).round() / 1e4))
            }
            Self::Bool(answer) => Some(answer.to_string()),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Whole(number as i64)
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Self {
        Self::Whole(i64::from(number))
    }
}

impl From<bool> for Cell {
    fn from(answer: bool) -> Self {
        Self::Bool(answer)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Empty, Into::into)
    }
}
