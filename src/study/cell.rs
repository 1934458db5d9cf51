//! One cell of an extract, and what kinds there are.
use arrow::{
    array::{Array, AsArray},
    compute::cast,
    datatypes::{DataType, Date32Type, Decimal128Type, Int64Type},
};
use chrono::{Datelike, NaiveDate};
use std::{fmt, sync::Arc};

/// Days from 1 January of year 1 to 1 January 1970.
const EPOCH: i32 = 719_163;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// Whole numbers.
    Whole,
    /// Decimals with so many digits, so many of them after the point.
    Decimal(u8, i8),
    /// Days.
    Day,
    /// Yes or no.
    Flag,
}

impl Kind {
    /// The kind of an SQL type; none of a type that no extract has.
    pub fn of_sql_type(sql_type: &str) -> Option<Self> {
        match sql_type {
            "VARCHAR" => Some(Self::Text),
            "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "UTINYINT" | "USMALLINT" | "UINTEGER" => {
                Some(Self::Whole)
            }
            "DATE" => Some(Self::Day),
            "BOOLEAN" => Some(Self::Flag),
            other => {
                let inside = other.strip_prefix("DECIMAL(")?.strip_suffix(')')?;
                let (digits, after) = inside.split_once(',')?;
                Some(Self::Decimal(digits.trim().parse().ok()?, after.trim().parse().ok()?))
            }
        }
    }

    /// In a word, for codebooks.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Whole => "whole number",
            Self::Decimal(..) => "decimal",
            Self::Day => "date",
            Self::Flag => "yes or no",
        }
    }
}

/// One cell. Decimals are whole numbers of their smallest step, days are counted from 1 January 1970.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cell {
    /// Not known.
    Empty,
    /// A text.
    Text(Arc<str>),
    /// A whole number.
    Whole(i64),
    /// A decimal in its smallest steps.
    Decimal(i128),
    /// A day.
    Day(i32),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// The day of a date.
    pub fn of_day(day: NaiveDate) -> Self {
        Self::Day(day.num_days_from_ce() - EPOCH)
    }

    /// The date of a day cell.
    pub fn day(&self) -> Option<NaiveDate> {
        match self {
            Self::Day(days) => NaiveDate::from_num_days_from_ce_opt(days + EPOCH),
            _ => None,
        }
    }

    /// As a number, for bounds.
    pub fn number(&self, kind: Kind) -> Option<f64> {
        match (self, kind) {
            (Self::Whole(whole), _) => Some(*whole as f64),
            (Self::Decimal(steps), Kind::Decimal(_, after)) => {
                Some(*steps as f64 / 10_f64.powi(i32::from(after)))
            }
            _ => None,
        }
    }

    /// As a file has it: dates as 2026-03-31, empty where not known.
    pub fn written(&self, kind: Kind) -> String {
        match (self, kind) {
            (Self::Empty, _) => String::new(),
            (Self::Text(text), _) => text.to_string(),
            (Self::Whole(whole), _) => whole.to_string(),
            (Self::Decimal(steps), Kind::Decimal(_, after)) => decimal(*steps, after),
            (Self::Decimal(steps), _) => steps.to_string(),
            (Self::Day(_), _) => self.day().map_or_else(String::new, |day| day.to_string()),
            (Self::Flag(flag), _) => flag.to_string(),
        }
    }

    /// Reads a literal of a definition as a cell of this kind. None where it is none.
    pub fn read(text: &str, kind: Kind) -> Option<Self> {
        match kind {
            Kind::Text => Some(Self::text(text)),
            Kind::Whole => text.parse().ok().map(Self::Whole),
            Kind::Decimal(_, after) => {
                let number: f64 = text.parse().ok()?;
                Some(Self::Decimal((number * 10_f64.powi(i32::from(after))).round() as i128))
            }
            Kind::Day => text.parse().ok().map(Self::of_day),
            Kind::Flag => text.parse().ok().map(Self::Flag),
        }
    }

    /// Bytes that stand for it and for no other cell of its column.
    pub(super) fn add_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Empty => bytes.push(0),
            Self::Text(text) => {
                bytes.push(1);
                bytes.extend((text.len() as u32).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            Self::Whole(whole) => {
                bytes.push(2);
                bytes.extend(whole.to_le_bytes());
            }
            Self::Decimal(steps) => {
                bytes.push(3);
                bytes.extend(steps.to_le_bytes());
            }
            Self::Day(day) => {
                bytes.push(4);
                bytes.extend(day.to_le_bytes());
            }
            Self::Flag(flag) => bytes.extend([5, u8::from(*flag)]),
        }
    }
}

fn decimal(steps: i128, after: i8) -> String {
    let after = usize::try_from(after).unwrap_or(0);
    if after == 0 {
        return steps.to_string();
    }
    let sign = if steps < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", steps.unsigned_abs(), width = after + 1);
    let (whole, rest) = digits.split_at(digits.len() - after);
    format!("{sign}{whole}.{rest}")
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The cells of a column of a file. None where the column is not of that kind.
pub(super) fn cells(column: &dyn Array, kind: Kind) -> Option<Vec<Cell>> {
    let rows = 0..column.len();
    let known = |at: usize, cell: Cell| if column.is_null(at) { Cell::Empty } else { cell };
    let typed = |wanted: DataType| cast(column, &wanted).ok();
    Some(match kind {
        Kind::Text => {
            let texts = typed(DataType::Utf8)?;
            let texts = texts.as_string_opt::<i32>()?;
            rows.map(|at| known(at, Cell::text(texts.value(at)))).collect()
        }
        Kind::Whole => {
            let numbers = typed(DataType::Int64)?;
            let numbers = numbers.as_primitive_opt::<Int64Type>()?;
            rows.map(|at| known(at, Cell::Whole(numbers.value(at)))).collect()
        }
        Kind::Decimal(digits, after) => {
            let numbers = typed(DataType::Decimal128(digits, after))?;
            let numbers = numbers.as_primitive_opt::<Decimal128Type>()?;
            rows.map(|at| known(at, Cell::Decimal(numbers.value(at)))).collect()
        }
        Kind::Day => {
            let days = typed(DataType::Date32)?;
            let days = days.as_primitive_opt::<Date32Type>()?;
            rows.map(|at| known(at, Cell::Day(days.value(at)))).collect()
        }
        Kind::Flag => {
            let flags = typed(DataType::Boolean)?;
            let flags = flags.as_boolean_opt()?;
            rows.map(|at| known(at, Cell::Flag(flags.value(at)))).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_written_as_it_is_read() {
        for (text, kind) in [
            ("-0.05", Kind::Decimal(9, 2)),
            ("110.00", Kind::Decimal(9, 2)),
            ("2019-09-01", Kind::Day),
            ("true", Kind::Flag),
            ("-7", Kind::Whole),
        ] {
            assert_eq!(Cell::read(text, kind).unwrap().written(kind), text);
        }
        assert_eq!(Kind::of_sql_type("DECIMAL(9,2)"), Some(Kind::Decimal(9, 2)));
        assert_eq!(Kind::of_sql_type("DOUBLE"), None);
    }
}
