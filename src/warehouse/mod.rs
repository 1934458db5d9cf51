//! The warehouse: from the lake's Parquet to the published tables, by the queries and nothing else.
//!
//! Comes in: lists of Parquet files, code lists and the policy, and the day to look back from. Goes out: one Parquet
//! file per published table. Promise: the same inputs give the same bytes, whatever the number of threads and the
//! order of the files; the engine reads the files it was given and no others; no fault repeats a value.
mod build;
pub mod compute;
mod connection;
mod database;
mod entity;
mod fault;
mod ids;
mod kept;
mod key;
mod lineage;
mod neighbours;
mod present;
mod publish;
mod relation;
mod sealed;
mod shape;
mod shell;
mod trace;
mod verified;
mod verify;
mod view;
mod workers;
mod years;

pub use build::{Build, BuildOptions, CheckResult, Turn, build, build_with_checks, make};
pub use connection::{Limits, over_tables};
pub use database::{DatabaseTable, write_database};
pub use entity::Entity;
pub use fault::{Cause, WarehouseFault};
pub use kept::{FAILED, LINES};
pub use lineage::{Behind, ColumnsRead, columns_behind};
pub use publish::BuiltTable;
pub use relation::{BESIDE_LINKS, BuildContext, Inputs};
pub use sealed::{Copied, Dealt, Sealed, function_names};
pub use shape::{Shapes, prove_reads, scratch, shapes, shapes_with};
pub use shell::write_shell;
pub use trace::{LakeCount, LakeRow, Traced, rows_named};
pub use verify::{Finding, Rule, Severity, Test, rules, verify};
pub use view::{ViewCell, ViewTable, views};

#[cfg(test)]
mod each_year;
#[cfg(test)]
mod taken_over;
#[cfg(test)]
mod tests;
