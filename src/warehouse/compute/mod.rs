//! Computed tables: what SQL cannot do well, each by a named and versioned function over the tables that its header
//! declares.
//!
//! Comes in: a TOML file of `queries/` that says `computed = "name@version"`, and the tables it reads. Goes out: one
//! table with the columns that the function declares. Promise: a function reads what its header declares and nothing
//! else, in an order that follows from the rows alone, sums in that order, and draws only from a seed that is its own:
//! the same rows give the same table. A function whose answers change gets another version.
pub mod boosted_trees;
mod frame;
pub mod least_squares;
pub mod logistic;
mod lost_potential_sensitivity;
pub mod normal;
pub mod random_intercept;
mod risk_model;
mod school_prediction;
mod school_value_added;
mod similar_schools;

use std::collections::BTreeSet;

use duckdb::{Connection, ToSql, params_from_iter};

use frame::{Cell, Tables};

use super::fault::WarehouseFault;
use crate::definitions::query::{Computed, Problem, Problems, Query, QuerySet};

/// A function of the program that makes one table.
pub(super) struct Function {
    name: &'static str,
    version: u32,
    /// Column name and SQL type, in the order of each row's cells.
    columns: &'static [(&'static str, &'static str)],
    /// The rows, in any order: a published table is sorted by its grain.
    compute: fn(&mut Tables<'_>) -> Result<Vec<Vec<Cell>>, WarehouseFault>,
}

/// Every function that there is. One whose answers have changed stays out: its release keeps what it said.
const FUNCTIONS: &[&Function] = &[
    &lost_potential_sensitivity::FUNCTION,
    &risk_model::FUNCTION,
    &school_prediction::FUNCTION,
    &school_value_added::FUNCTION,
    &similar_schools::FUNCTION,
];

/// The text of all that computes. A table is made again when any of it has changed, whether or not its version says so.
pub(super) const SOURCES: &[(&str, &str)] = &[
    ("boosted_trees", include_str!("boosted_trees.rs")),
    ("frame", include_str!("frame.rs")),
    ("least_squares", include_str!("least_squares.rs")),
    ("logistic", include_str!("logistic.rs")),
    ("lost_potential_sensitivity", include_str!("lost_potential_sensitivity.rs")),
    ("mod", include_str!("mod.rs")),
    ("normal", include_str!("normal.rs")),
    ("random_intercept", include_str!("random_intercept.rs")),
    ("risk_model", include_str!("risk_model.rs")),
    ("school_prediction", include_str!("school_prediction.rs")),
    ("school_value_added", include_str!("school_value_added.rs")),
    ("similar_schools", include_str!("similar_schools.rs")),
];

impl Function {
    /// The statement that makes its table, without rows.
    pub(super) fn shape(&self, table: &str) -> String {
        let columns: Vec<String> = self.columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        format!("create or replace table {table} ({})", columns.join(", "))
    }
}

/// The function that a query names.
///
/// # Errors
/// When there is no such function, or not in that version: with what there is instead.
pub(super) fn find(query: &Query, computed: &Computed) -> Result<&'static Function, WarehouseFault> {
    let versions: Vec<&&Function> =
        FUNCTIONS.iter().filter(|function| function.name == computed.function).collect();
    if let Some(function) = versions.iter().find(|function| function.version == computed.version) {
        return Ok(function);
    }
    let known = if versions.is_empty() { FUNCTIONS.iter().collect() } else { versions };
    let known: Vec<String> =
        known.iter().map(|function| format!("{}@{}", function.name, function.version)).collect();
    let line = query.sql.lines().position(|line| line.starts_with("computed")).unwrap_or(0);
    let what = format!(
        "this program has no function `{computed}`: it has {}; name one of these, or build with the program that the file \
         was written for",
        known.join(", ")
    );
    Err(Problems(vec![Problem { file: query.file.clone(), line: line + 1, what }]).into())
}

/// Proves that every function is known, before anything is built.
///
/// # Errors
/// Every query whose function is not.
pub(super) fn prove_known(queries: &QuerySet) -> Result<(), WarehouseFault> {
    let mut problems = Vec::new();
    for query in queries.queries.values() {
        if let Some(Err(WarehouseFault::Definitions(more))) =
            query.computed.as_ref().map(|computed| find(query, computed))
        {
            problems.extend(more.0);
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems).into()) }
}

/// Makes one computed table, and says which tables its function read.
///
/// # Errors
/// When the function is unknown, reads what its header does not declare, or the engine refuses.
pub(super) fn run(
    connection: &Connection,
    query: &Query,
    computed: &Computed,
) -> Result<BTreeSet<String>, WarehouseFault> {
    let function = find(query, computed)?;
    let mut tables = Tables::new(connection, query);
    let rows = (function.compute)(&mut tables)?;
    let read = tables.read_so_far();
    let failed =
        |error: duckdb::Error| WarehouseFault::Query { file: query.file.clone(), cause: error.into() };
    connection.execute_batch(&function.shape(&query.name)).map_err(failed)?;
    let places: Vec<String> = function.columns.iter().map(|(_, kind)| format!("cast(? as {kind})")).collect();
    let insert = format!("insert into {} values ({})", query.name, places.join(", "));
    let mut statement = connection.prepare(&insert).map_err(failed)?;
    connection.execute_batch("begin").map_err(failed)?;
    for row in rows {
        let cells: Vec<Option<String>> = row.into_iter().map(Cell::text).collect();
        let cells = cells.iter().map(|cell| cell as &dyn ToSql);
        statement.execute(params_from_iter(cells)).map_err(failed)?;
    }
    connection.execute_batch("commit").map_err(failed)?;
    Ok(read)
}

#[cfg(test)]
mod versions;

#[cfg(test)]
mod tests {
    use super::super::prove_reads;
    use super::*;

    /// The queries with one line of a computed table's file written otherwise.
    fn with(line: &str, instead: &str) -> QuerySet {
        let site = tempfile::tempdir().unwrap();
        let embedded = QuerySet::load(None).unwrap();
        let query = &embedded.queries["school_prediction"];
        let path = site.path().join(&query.file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(query.sql.contains(line));
        std::fs::write(&path, query.sql.replace(line, instead)).unwrap();
        QuerySet::load(Some(site.path())).unwrap().behind(&["school_prediction"])
    }

    #[test]
    fn a_function_that_is_not_there_is_told_with_what_there_is() {
        for (named, known) in
            [("school_prediction@9", "it has school_prediction@2;"), ("oracle@1", "school_prediction@2, ")]
        {
            let fault = prove_known(&with("school_prediction@2", named)).unwrap_err().to_string();
            assert!(
                fault.contains("queries/schools/school_prediction.toml:6: this program has no function"),
                "{fault}"
            );
            assert!(fault.contains(named) && fault.contains(known), "{fault}");
        }
        assert!(prove_known(&with("school_prediction@2", "school_prediction@2")).is_ok());
    }

    #[test]
    fn a_function_reads_what_is_declared_and_all_of_it() {
        for (declared, told) in [
            (r#"["policy"]"#, "its function reads `school_pooled`, which `reads` does not declare"),
            (r#"["school_pooled", "policy", "learner"]"#, "declares `learner` and does not read it"),
        ] {
            let queries = with(r#"["school_pooled", "policy"]"#, declared);
            let fault = prove_reads(&queries).unwrap_err().to_string();
            assert!(fault.contains(told), "{fault}");
        }
    }
}
