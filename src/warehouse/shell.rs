//! `build --shell`: the whole build as one SQL file for a `DuckDB` shell, with the files and queries of a build.
use std::fmt::Write as _;
use std::path::Path;

use super::build::statement;
use super::fault::WarehouseFault;
use super::relation::{BuildContext, Inputs, relations};
use crate::definitions::graph::build_order;
use crate::definitions::query::QuerySet;

/// Writes a file that a `DuckDB` shell reads with `.read`: views over the listed Parquet files, the code lists, the
/// policy and every query in order.
///
/// # Errors
/// When the definitions are not well formed or the file cannot be written.
pub fn write_shell(
    queries: &QuerySet,
    inputs: &Inputs,
    context: &BuildContext,
    file: &Path,
) -> Result<(), WarehouseFault> {
    let mut text = String::from(
        "-- Made by `throughline build --shell`. It names files of the lake: keep it where they are.\n\n",
    );
    text.push_str(&queries.engine);
    for relation in relations(inputs, context)? {
        let _ = write!(text, "\n{};\n", relation.sql);
    }
    for name in build_order(queries, &inputs.names())? {
        let query = &queries.queries[&name];
        let _ = write!(text, "\n-- queries/{}\n", query.file);
        if let Some(computed) = &query.computed {
            let _ = writeln!(
                text,
                "-- computed by the program ({computed}), not by SQL: without rows here, whole in a release"
            );
        }
        let _ = writeln!(text, "{};", statement(query)?.trim_end());
    }
    std::fs::write(file, text)
        .map_err(|error| WarehouseFault::Export { table: "shell".to_owned(), what: error.kind().to_string() })
}
