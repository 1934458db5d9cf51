//! The codebook: what each table and column of a release holds, and what its codes mean. Numbers of rows and nothing else is counted
//! in it, as far as they may be told.

use serde::Serialize;
use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use super::fault::ReleaseFault;
use super::manifest::{Content, pretty};
use super::{Column, Coverage, Words};

/// What the manifest says exactly, as far as it may be told.
type RowsTold = BTreeMap<u64, Option<u64>>;

/// A number of rows as it may be told.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum Rows {
    About(u64),
    Hidden(&'static str),
}

impl Rows {
    fn of(rows: u64, told: &RowsTold) -> Self {
        told.get(&rows).copied().flatten().map_or(Self::Hidden("c"), Self::About)
    }
}

impl Display for Rows {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::About(rows) => to.write_str(&grouped(*rows)),
            Self::Hidden(symbol) => to.write_str(symbol),
        }
    }
}

/// A table.
#[derive(Debug, Serialize)]
pub(super) struct Described<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub grain: &'a [String],
    pub columns: &'a [Column],
    pub purposes: &'a [String],
    pub rows: Rows,
    pub sha256: &'a str,
}

/// What was read of a source.
#[derive(Debug, Serialize)]
pub(super) struct Read<'a> {
    pub source: &'a str,
    pub entity: &'a str,
    pub rows: Rows,
}

#[derive(Debug, Serialize)]
pub(super) struct Codebook<'a> {
    pub release: &'a str,
    pub as_of: &'a str,
    pub home_authority: &'a str,
    pub synthetic: bool,
    pub status: &'static str,
    pub tables: Vec<Described<'a>>,
    /// What codes mean.
    pub values: &'a Words,
    pub sources: Vec<Read<'a>>,
    pub definitions: &'a BTreeMap<String, String>,
}

impl<'a> Codebook<'a> {
    pub fn new(
        release: &'a str,
        content: &'a Content,
        (sources, values): (&'a [Coverage], &'a Words),
        told: &RowsTold,
    ) -> Self {
        let tables = content.tables.iter().map(|table| Described {
            name: &table.name,
            title: &table.title,
            grain: &table.grain,
            columns: &table.columns,
            purposes: &table.purposes,
            rows: Rows::of(table.rows, told),
            sha256: &table.sha256,
        });
        let sources = sources.iter().map(|read| Read {
            source: &read.source,
            entity: &read.entity,
            rows: Rows::of(read.rows, told),
        });
        Self {
            release,
            as_of: &content.as_of,
            home_authority: &content.home_authority,
            synthetic: content.synthetic,
            status: if content.synthetic {
                "synthetic data: every learner is made up"
            } else {
                "pseudonymised personal data"
            },
            tables: tables.collect(),
            values,
            sources: sources.collect(),
            definitions: &content.definitions,
        }
    }

    pub fn json(&self) -> Result<String, ReleaseFault> {
        pretty(self).ok_or_else(|| ReleaseFault::Manifest { id: self.release.to_owned() })
    }

    /// How to cite it.
    pub fn citation(&self) -> String {
        let kind = if self.synthetic { "synthetic data set" } else { "data set" };
        format!(
            "Throughline release {}, local authority {}, as of {} [{kind}].",
            self.release, self.home_authority, self.as_of
        )
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
