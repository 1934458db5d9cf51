//! How much a column says about who somebody is, and how much it would hurt: `schemas/research.csv`.
use super::{Shape, cell::Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much harm a column can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// As most facts of school life are.
    Ordinary,
    /// Special categories of data, and what is as grave for a child: needs, care, ethnicity, exclusion, custody.
    Special,
    /// No study has it: free text, users of the system, scores about a child's future.
    Never,
}

/// The name under which `schemas/research.csv` says what it tells of somebody that they have rows in a table at all.
pub(super) const ROWS: &str = "(rows)";

/// What a column does in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Says whose the row is.
    Learner,
    /// Names a place: told under a pseudonym of the study.
    Place,
    /// Helps to know somebody again: others know it too.
    Identifying,
    /// Neither.
    Ordinary,
}

#[derive(Deserialize)]
struct Line {
    table: String,
    column: String,
    part: Part,
    tier: Tier,
    why: String,
}

/// What a column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// What it does in a row.
    pub part: Part,
    /// How much harm it can do.
    pub tier: Tier,
    /// Why.
    pub why: String,
}

/// What every column is.
#[derive(Clone, Debug, Default)]
pub struct Classes(BTreeMap<(String, String), Class>);

impl Classes {
    /// Reads `schemas/research.csv`.
    ///
    /// # Errors
    /// The line that is not well formed.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut classes = BTreeMap::new();
        for (at, line) in csv::Reader::from_reader(text.as_bytes()).into_deserialize::<Line>().enumerate() {
            let line = line.map_err(|_| {
                format!(
                    "line {}: table, column, part (learner, place, identifying, ordinary), tier (ordinary, \
                         special, never), why",
                    at + 2
                )
            })?;
            let class = Class { part: line.part, tier: line.tier, why: line.why };
            if classes.insert((line.table, line.column), class).is_some() {
                return Err(format!("line {}: that column stands here twice", at + 2));
            }
        }
        Ok(Self(classes))
    }

    /// What a column is. Of one that no line names, the worst that its type allows: a day and a word may be known to others.
    pub fn of(&self, table: &str, column: &str, kind: Kind) -> Class {
        let named =
            [table, "*"].iter().find_map(|table| self.0.get(&((*table).to_owned(), column.to_owned())));
        if let Some(class) = named {
            return class.clone();
        }
        let part = match kind {
            Kind::Text | Kind::Day => Part::Identifying,
            Kind::Whole | Kind::Decimal(..) | Kind::Flag => Part::Ordinary,
        };
        Class { part, tier: Tier::Ordinary, why: String::new() }
    }

    /// How much harm it can do that somebody has rows in a table, and why.
    pub fn of_rows(&self, table: &str) -> Class {
        let named = self.0.get(&(table.to_owned(), ROWS.to_owned()));
        named.cloned().unwrap_or(Class { part: Part::Identifying, tier: Tier::Ordinary, why: String::new() })
    }

    /// Lines that name no column of a release.
    pub fn stale(&self, shape: &Shape) -> Vec<String> {
        let is_there = |table: &str, column: &str| {
            shape.tables.iter().any(|(name, found)| {
                (table == "*" || table == name) && (column == ROWS || found.column(column).is_some())
            })
        };
        let lines = self.0.keys().filter(|(table, column)| !is_there(table, column));
        lines.map(|(table, column)| format!("{table}.{column}")).collect()
    }
}
