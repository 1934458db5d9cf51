//! Expected against published, row by row: who differs, and how.
use super::rows::{Group, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

/// How many groups of a table are printed in full.
const SHOWN: usize = 20;

/// The differences of one table.
pub struct Differences {
    pub table: &'static str,
    pub expected: usize,
    pub published: usize,
    /// The rows that only one side has, by whom they are about.
    pub groups: BTreeMap<Group, Sides>,
}

/// Rows that one side has and the other has not.
#[derive(Default)]
pub struct Sides {
    pub only_expected: Vec<String>,
    pub only_published: Vec<String>,
}

impl Differences {
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// Compares two tables as bags of rows: their order does not matter, how often a row occurs does.
pub fn compare_rows<R: Row>(expected: &[R], published: &[R]) -> Differences {
    // How many more times the expected side has a row.
    let mut surplus: BTreeMap<&R, i64> = BTreeMap::new();
    for row in expected {
        *surplus.entry(row).or_default() += 1;
    }
    for row in published {
        *surplus.entry(row).or_default() -= 1;
    }
    let mut groups: BTreeMap<Group, Sides> = BTreeMap::new();
    for (row, surplus) in surplus.into_iter().filter(|(_, surplus)| *surplus != 0) {
        let sides = groups.entry(row.group()).or_default();
        let side = if surplus > 0 { &mut sides.only_expected } else { &mut sides.only_published };
        side.extend((0..surplus.abs()).map(|_| row.show()));
    }
    Differences { table: R::TABLE, expected: expected.len(), published: published.len(), groups }
}

impl Display for Differences {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, expected, published, groups } = self;
        writeln!(to, "{table}: {expected} rows expected, {published} published, {} differ", groups.len())?;
        for (group, sides) in groups.iter().take(SHOWN) {
            writeln!(to, "  {group}")?;
            // One row against one row: only the cells that differ.
            if let ([expected], [published]) = (&sides.only_expected[..], &sides.only_published[..]) {
                let published: BTreeSet<&str> = published.split(' ').collect();
                let theirs =
                    |name: &str| published.iter().copied().find(|cell| cell.starts_with(&format!("{name}=")));
                for cell in expected.split(' ').filter(|cell| !published.contains(cell)) {
                    let name = cell.split('=').next().unwrap_or_default();
                    writeln!(to, "    expected {cell}, published {}", theirs(name).unwrap_or("nothing"))?;
                }
                continue;
            }
            for row in &sides.only_expected {
                writeln!(to, "    expected  {row}")?;
            }
            for row in &sides.only_published {
                writeln!(to, "    published {row}")?;
            }
        }
        if groups.len() > SHOWN {
            writeln!(to, "  and {} more", groups.len() - SHOWN)?;
        }
        Ok(())
    }
}

/// The differences of every table; empty tables of differences are kept, for the counts.
pub struct Report(pub Vec<Differences>);

impl Report {
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Differences::is_empty)
    }

    /// Everybody of whom any row differs, with the tables where one does.
    pub fn people(&self) -> BTreeMap<u32, BTreeSet<&'static str>> {
        let mut people: BTreeMap<u32, BTreeSet<&'static str>> = BTreeMap::new();
        for differences in &self.0 {
            for group in differences.groups.keys() {
                if let Group::Person(number) = group {
                    people.entry(*number).or_default().insert(differences.table);
                }
            }
        }
        people
    }
}

impl Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|differences| write!(to, "{differences}"))
    }
}
