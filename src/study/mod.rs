//! Studies: rows for an approved question, under pseudonyms of their own, and nothing that a question does not need.
//!
//! What comes in: a folder with a `study.toml`, and the tables of a release. What goes out: an extract (Parquet, CSV, labels, a
//! codebook), or words that say why not. What it promises: two studies share no value that names somebody; rows stand in an
//! order that says nothing; how many learners are alone with their combination of facts is counted before anything is cut;
//! dummy data has the same shape and no row of anybody.
//!
//! An extract is row-level and so *pseudonymised personal data*. Only [`disclosure`](crate::disclosure) makes figures that may
//! be called anonymous.
mod binding;
mod book;
mod canary;
mod cell;
mod classes;
mod coarsen;
mod cut;
mod definition;
mod dummy;
mod labels;
mod linkage;
mod plan;
mod proposal;
mod quick;
mod risk;
mod told;
mod write;

pub(crate) use crate::definitions::query::WHOSE;
pub use book::{About, Approval, codebook};
pub use canary::{MOST_CANARIES, plant};
pub use cell::{Cell, Kind};
pub use classes::{Classes, Part, Tier};
pub use coarsen::Coarsen;
pub use cut::{CutFault, Data, Frame, cut, merge_small_places};
pub use definition::{FILE, Output, Set, Study, beginning};
pub use dummy::dummy;
pub use labels::labels;
pub use linkage::{Linkage, linkage};
pub use plan::{FramePlan, Known, Plan, Variable, check};
pub use proposal::{Proposal, proposals};
pub use quick::quick_starts;
pub use risk::{Risk, risk};
pub use told::{linkage_told, risk_told};
pub use write::{csv, parquet, sha256};

use std::collections::BTreeMap;

/// The tables of a release, or those that a release would have: their columns and no row.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    /// By name.
    pub tables: BTreeMap<String, TableShape>,
}

/// A table without its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TableShape {
    /// One line that says what a row is about.
    pub title: String,
    /// The columns that name a row.
    pub grain: Vec<String>,
    /// The purposes it may serve.
    pub purposes: Vec<String>,
    /// The columns, in order.
    pub columns: Vec<ColumnShape>,
}

/// A column without its cells.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ColumnShape {
    /// Its name.
    pub name: String,
    /// Its type, in the engine's SQL.
    pub sql_type: String,
    /// What it holds.
    pub description: String,
}

impl TableShape {
    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&ColumnShape> {
        self.columns.iter().find(|column| column.name == name)
    }
}
