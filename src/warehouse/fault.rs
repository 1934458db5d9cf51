//! What can go wrong in the warehouse, told without values.
use std::fmt;

use crate::definitions::query::Problems;

/// Why the engine stopped: the class of its error, and its own words where those can only be about SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The class in the engine's terms, such as `Conversion` or `Out of Memory`.
    pub class: &'static str,
    /// The engine's text; only for classes that speak of definitions and never of rows.
    pub text: Option<String>,
}

/// Classes that arise before a row is read.
const ABOUT_SQL: &[&str] = &["Parser", "Binder", "Catalog", "Syntax"];
/// Classes that arise while rows are read, whose text may quote one.
const ABOUT_ROWS: &[&str] = &[
    "Conversion",
    "Out of Range",
    "Invalid Input",
    "Constraint",
    "Mismatch Type",
    "Out of Memory",
    "IO",
    "Permission",
    "Not implemented",
    "Interrupt",
    "Serialization",
    "Fatal",
    "INTERNAL",
];

impl From<duckdb::Error> for Cause {
    fn from(error: duckdb::Error) -> Self {
        let duckdb::Error::DuckDBFailure(_, Some(text)) = error else {
            return Self { class: "Unclassified", text: None };
        };
        if let Some(class) = ABOUT_SQL.iter().find(|class| text.starts_with(&format!("{class} Error"))) {
            return Self { class, text: Some(text) };
        }
        let class = ABOUT_ROWS.iter().find(|class| text.starts_with(*class)).copied();
        Self { class: class.unwrap_or("Unclassified"), text: None }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => f.write_str(text),
            None => write!(f, "the engine stopped with an error of class `{}`", self.class),
        }
    }
}

/// A fault of the warehouse. It names the file and the class of error; it never repeats a value from a row.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseFault {
    /// The queries or the schemas are not well formed.
    #[error("{0}")]
    Definitions(#[from] Problems),
    /// A schema, code list or policy file cannot be read; `file` is its path inside its folder.
    #[error("{file}: {what}")]
    Reference {
        /// Path, such as `schemas/codes/sex.csv`.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// The engine could not be opened or configured.
    #[error("the engine could not be set up: {0}")]
    Engine(Cause),
    /// A relation that the queries read could not be made from its files.
    #[error("relation {relation}: {cause}")]
    Relation {
        /// Name of the relation, such as `lake_enrolment`.
        relation: String,
        /// Why.
        cause: Cause,
    },
    /// A query failed.
    #[error("queries/{file}: {cause}")]
    Query {
        /// Path inside `queries/`.
        file: String,
        /// Why.
        cause: Cause,
    },
    /// A published table has several rows for one value of its grain.
    #[error("queries/{file}: {rows} values of the grain ({grain}) have more than one row")]
    Grain {
        /// Path inside `queries/`.
        file: String,
        /// The columns of the grain, comma separated.
        grain: String,
        /// How many values of the grain are doubled.
        rows: i64,
    },
    /// A published table could not be written.
    #[error("table {table} could not be written: {what}")]
    Export {
        /// Name of the table.
        table: String,
        /// What failed, without values.
        what: String,
    },
}
