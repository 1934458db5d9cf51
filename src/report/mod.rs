//! Reports: what a release says, for somebody who has to act on it or to answer for it.
//!
//! In come the tables of a release; each count goes through [`disclosure`](crate::disclosure), and only what came out
//! of the gate stands in a [`Report`]. Out goes one document in four dresses: a page ([`html`]), a workbook ([`book`]),
//! tidy files ([`tidy`]) and the same facts as data (it is `Serialize`). Whatever is worked out here (a rate, an interval, a
//! mean over months, the limits of a funnel) is worked out from figures that are shown, so any reader could.
//!
//! Every report says its release, whom it counts, the thresholds, the day its tables look back from, and what it
//! leaves out and why.

pub mod ap;
pub mod beside;
pub mod book;
mod chart;
pub mod cohort;
pub mod html;
pub mod neet;
mod parts;
mod places;
pub mod quality;
pub mod rows;
pub mod school;
pub mod scorecard;
mod shown;
pub mod tidy;
mod words;

use crate::disclosure::{Figure, Policy, Refusal};
use serde::Serialize;

pub use rows::Release;
pub use words::{Face, SYMBOLS, cell, face, has_decimals, symbols, thousands};

/// A place with fewer learners than this is named by no report, whatever the policy.
pub const NAMED_FROM: u64 = 10;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportFault {
    /// A table of the release cannot be read: which, and the kind of trouble.
    #[error("{table} of the release cannot be read: {trouble}")]
    Table {
        /// The table.
        table: String,
        /// What is wrong, without any value.
        trouble: String,
    },
    /// The release says nothing of what was asked for.
    #[error("{0}")]
    Nothing(&'static str),
    /// Disclosure control says no to the whole of it.
    #[error("{0}")]
    Refused(&'static str),
    /// The report that it is laid beside cannot be.
    #[error("{0}")]
    Before(&'static str),
    /// The gate refused a table.
    #[error(transparent)]
    Gate(#[from] Refusal),
    /// A file could not be made.
    #[error("the {0} could not be made")]
    Unwritable(&'static str),
}

/// One report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Its verb: `neet`.
    pub name: &'static str,
    /// Its title.
    pub title: String,
    /// What it rests on.
    pub about: About,
    /// What it comes to, in a few sentences.
    pub short: Vec<String>,
    /// Its parts, in order.
    pub sections: Vec<Section>,
    /// What is not shown, and why.
    pub left_out: Vec<String>,
}

/// What a report rests on.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    /// Id of the release.
    pub release: String,
    /// The day the tables look back from, written 2026-03-31.
    pub as_of: String,
    /// Number of the authority.
    pub authority: String,
    /// Whether everybody in it is made up.
    pub synthetic: bool,
    /// Whom the report is about.
    pub population: String,
    /// Name of the policy of disclosure control.
    pub policy: &'static str,
    /// The policy in words.
    pub policy_in_words: String,
    /// Counts of learners below this are hidden.
    pub threshold: u64,
    /// Others are rounded to this.
    pub rounded_to: u64,
}

impl About {
    fn of(release: &Release, population: &str, policy: &Policy) -> Self {
        Self {
            release: release.id.clone(),
            as_of: release.as_of.clone(),
            authority: release.authority.clone(),
            synthetic: release.synthetic,
            population: population.to_owned(),
            policy: policy.name(),
            policy_in_words: policy.in_words(),
            threshold: policy.threshold(),
            rounded_to: policy.round_to(),
        }
    }
}

/// A part of a report.
#[derive(Debug, Serialize)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// What to know before the table is read.
    pub words: Vec<String>,
    /// The figures.
    pub table: Option<Table>,
    /// What is hidden and other remarks.
    pub notes: Vec<String>,
    /// How the table is drawn.
    #[serde(skip)]
    pub chart: Option<Chart>,
}

/// A table of figures that have passed the gate.
#[derive(Debug, Serialize)]
pub struct Table {
    /// Its name in file names and sheet names: `risk_by_place`.
    pub name: &'static str,
    /// What it is, in words.
    pub title: String,
    /// Whom it counts.
    pub population: String,
    /// What the rows are: the name of a column, and in words.
    pub rows_are: (&'static str, &'static str),
    /// What is said of each row in words, before its figures: names of columns, and headings.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub said: &'static [(&'static str, &'static str)],
    /// The columns of figures.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A column of figures.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Column {
    /// Its name in files.
    pub name: &'static str,
    /// Its heading.
    pub heading: &'static str,
    /// What is counted.
    pub unit: Unit,
}

/// A column by its name in files, its heading and what is counted.
const fn column(name: &'static str, heading: &'static str, unit: Unit) -> Column {
    Column { name, heading, unit }
}

/// What the figures of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// People, or placements of people.
    Count,
    /// Per cent.
    PerCent,
    /// Points of a per cent: one rate less another. The figure is a rate's, and is written without the sign of per cent.
    Points,
    /// Events for each hundred people, who may have several. Written as points are.
    PerHundred,
    /// Schools, indicators, days: nothing that is people.
    Things,
    /// Of an index: the figure is a hundred times the number, which is written with two decimals.
    Hundredths,
}

/// A row of a table.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its code.
    pub key: String,
    /// Its name.
    pub label: String,
    /// The time it tells of.
    pub time: Time,
    /// Whether it is the sum of the others.
    pub is_total: bool,
    /// What is said of it, a text for each heading of the table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<String>,
    /// A figure for each column.
    pub figures: Vec<Figure>,
}

/// The time that a row tells of, as the statistics service writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Time {
    /// `202425` of an academic year, `2025` of a month.
    pub period: String,
    /// `Academic year`, or the name of a month.
    pub identifier: &'static str,
    /// Where it tells of several years together: the first and the last of them, the last being that of `period`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<String>,
}

impl Time {
    /// An academic year, by its end year.
    pub fn year(ay: i64) -> Self {
        Self {
            period: format!("{}{:02}", ay - 1, ay.rem_euclid(100)),
            identifier: "Academic year",
            span: None,
        }
    }

    /// Several academic years together, by their end years.
    pub fn years(from: i64, until: i64) -> Self {
        let span = (from < until)
            .then(|| format!("{} to {}", words::academic_year(from), words::academic_year(until)));
        Self { span, ..Self::year(until) }
    }
}

/// How a table is drawn. A chart has no figures of its own.
#[derive(Debug, Clone, Copy)]
pub enum Chart {
    /// A line for each of these columns, over the rows.
    Lines(&'static [usize]),
    /// A bar for each row: the columns of the rate and of its ends.
    Bars([usize; 3]),
    /// The same, and across each bar a stroke at the rate of another column.
    BarsBeside([usize; 3], usize),
    /// A point for each row: the columns of the denominator and the rate, and what they are held against.
    Funnel([usize; 2], Middle),
    /// A point with its range for each row, below and above nought: the columns of the estimate and of its ends.
    Ranges([usize; 3]),
}

/// The line in the middle of a funnel.
#[derive(Debug, Clone, Copy)]
pub enum Middle {
    /// The rate of all rows together, the table's last.
    All,
    /// The average of all the nation's pupils, in tenths of a per cent.
    Nation(i64),
}

impl Report {
    /// Its tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.sections.iter().filter_map(|section| section.table.as_ref())
    }
}

impl Table {
    /// Whether any rate has a decimal: then all are written with one.
    pub fn has_decimals(&self) -> bool {
        has_decimals(self.rows.iter().flat_map(|row| &row.figures))
    }
}
