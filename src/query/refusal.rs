//! Why a statement is not answered: what was found, and what would be safe to ask instead. Never a value: names are
//! said only where they look like names of tables, columns and functions.
use std::fmt;

/// A statement that is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryRefusal {
    /// One word for programs: `statement`, `function`, `row_level`.
    pub code: &'static str,
    /// What was refused and why.
    pub what: String,
    /// What would be safe to ask instead.
    pub instead: &'static str,
}

impl QueryRefusal {
    pub(super) fn new(code: &'static str, what: impl Into<String>, instead: &'static str) -> Self {
        Self { code, what: what.into(), instead }
    }

    /// What the gate refused.
    pub fn gate(what: impl Into<String>, instead: &'static str) -> Self {
        let what = what.into();
        Self::new("gate", what.strip_prefix("refused: ").unwrap_or(&what), instead)
    }

    /// A part of SQL that is not on the list.
    pub(super) fn part(what: &str) -> Self {
        Self::new(
            "not_allowed",
            format!("{what} is not on the list of what a query may hold"),
            "SELECT groups and counts FROM tables of learners JOINed on learner_id, WHERE, GROUP BY, ORDER BY, LIMIT; \
             docs/query.md lists it all",
        )
    }

    /// Output that is a row, or could be one.
    pub(super) fn row_level(what: impl Into<String>) -> Self {
        Self::new(
            "row_level",
            what,
            "count learners in groups: select cohort_ay, count(distinct learner_id) from cohort_member group by cohort_ay",
        )
    }

    /// A function that is not on the list.
    pub(super) fn function(name: &str) -> Self {
        Self::new(
            "function",
            format!("the function {} is not on the list", said(name)),
            "count, sum, avg and shares of counts; inside an expression coalesce, nullif, abs, round, floor, ceil, least, \
             greatest, lower, upper, year, quarter, month, date_trunc and date_diff",
        )
    }

    /// Two kinds of value that do not go together.
    pub(super) fn kinds(what: &str) -> Self {
        Self::new(
            "kinds",
            format!("{what} have different kinds, and nothing is converted silently"),
            "compare texts with 'quoted' texts, numbers with numbers and days with date '2019-09-01'",
        )
    }

    /// A name that no table or column has.
    pub(super) fn unknown(what: &str, name: &str) -> Self {
        Self::new(
            "unknown",
            format!("there is no {what} {} here", said(name)),
            "`throughline query \"\\d\"` lists the tables, and `throughline query \"\\d TABLE\"` the columns of one",
        )
    }
}

impl fmt::Display for QueryRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}\n  instead: {}", self.what, self.instead)
    }
}

impl std::error::Error for QueryRefusal {}

/// A name as it may be repeated: whoever typed a value where a name belongs does not find it in a message.
pub(super) fn said(name: &str) -> String {
    let is_plain = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_';
    if !name.is_empty() && name.len() <= 40 && name.chars().all(is_plain) {
        format!("`{name}`")
    } else {
        "of that name".to_owned()
    }
}
