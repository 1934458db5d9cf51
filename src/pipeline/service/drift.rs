//! What an answer has that nobody listed, lacks that somebody did, or writes otherwise than it did.
use crate::{
    definitions::connector::{CellOrigin, CellSpec, Feed, Root, root_of},
    fault::{Consequence, Fault, Name, Place, Problem, Tally},
    privacy::{EntityPlan, IdentityPlan},
    source::{
        service::Page,
        tree::{Path, Tree, Wanted},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// A name counts as a field's when at least so many records of a page have it …
const LEAST_HOLDERS: u32 = 5;
/// … and fewer records than this tell nothing about what is missing or retyped.
const LEAST_RECORDS: u64 = 20;
/// So many records of a page are looked at for what is missing.
const LOOKED_AT: usize = 20;
/// More new names than this are not fields but somebody's keys.
const MOST_NEW: usize = 100;

/// How one feed's answers differ from what the connector says, over all tenants.
pub(super) struct Drift {
    expected: Vec<Expected>,
    new: BTreeSet<Name>,
    records: u64,
    failing: BTreeMap<Name, u64>,
}

struct Expected {
    column: Name,
    paths: Vec<String>,
    seen: bool,
}

impl Drift {
    pub(super) fn of(feed: &Feed, plans: &[EntityPlan], identity: &IdentityPlan) -> Self {
        let expected = cells(feed, plans, identity, false)
            .into_iter()
            .map(|(column, paths)| Expected { column, paths, seen: false })
            .collect();
        Self { expected, new: BTreeSet::new(), records: 0, failing: BTreeMap::new() }
    }

    /// Looks a page over.
    pub(super) fn see(&mut self, page: &Page<'_, '_>, wanted: &Wanted) {
        self.records += page.records.len() as u64;
        for (name, holders) in page.unlisted {
            if *holders >= LEAST_HOLDERS && holders * 2 >= page.looked_at && self.new.len() < MOST_NEW {
                self.new.extend(Name::of_field(name));
            }
        }
        for expected in self.expected.iter_mut().filter(|expected| !expected.seen) {
            let paths: Vec<Path> = expected.paths.iter().filter_map(|path| wanted.path("", path)).collect();
            let has = |record: &Tree<'_>| paths.iter().any(|path| record.at(path).is_some());
            expected.seen = page.records.iter().take(LOOKED_AT).any(has);
        }
    }

    /// Counts cells that could not be read.
    pub(super) fn failed(&mut self, faults: &[Fault]) {
        for fault in faults.iter().filter(|fault| fault.consequence == Consequence::CellEmptied) {
            *self.failing.entry(fault.place.column).or_default() += 1;
        }
    }

    /// Says what was found: names of our own, and names that look like a field's.
    pub(super) fn report(&self, place: Place, tally: &mut Tally) {
        for name in &self.new {
            tally.note(Fault::told(place.at(*name), Problem::NewField));
        }
        if self.records < LEAST_RECORDS {
            return;
        }
        let missing: BTreeSet<Name> =
            self.expected.iter().filter(|expected| !expected.seen).map(|expected| expected.column).collect();
        for column in missing {
            tally.note(Fault::told(place.at(column), Problem::MissingField));
        }
        for (column, _) in self.failing.iter().filter(|(_, failed)| **failed * 2 > self.records) {
            tally.note(Fault::told(place.at(*column), Problem::RetypedField));
        }
    }
}

/// Each cell that a feed reads from a record, with the column or identity field it is for and the places it looks at.
pub(super) fn groups(feed: &Feed, plans: &[EntityPlan], identity: &IdentityPlan) -> Vec<(Name, Vec<String>)> {
    cells(feed, plans, identity, true)
}

fn cells(
    feed: &Feed,
    plans: &[EntityPlan],
    identity: &IdentityPlan,
    items: bool,
) -> Vec<(Name, Vec<String>)> {
    let mut cells = Vec::new();
    let mut add = |column: Name, each: &str, cell: &CellSpec| {
        let CellOrigin::From(paths) = &cell.origin else { return };
        let below = |path: &String| match root_of(path) {
            (Root::Item, path) if !each.is_empty() => Some(format!("{each}.{path}")),
            (Root::Document, _) => None,
            (_, path) => Some(path.to_owned()),
        };
        let paths: Vec<String> = paths.iter().filter_map(below).collect();
        if !paths.is_empty() {
            cells.push((column, paths));
        }
    };
    for (at, cell) in &feed.identity {
        add(identity.fields[*at].0, "", cell);
    }
    for row in feed.rows.iter().filter(|row| items || row.each.is_none()) {
        for (at, cell) in row.columns.iter().enumerate() {
            if let Some(cell) = cell {
                add(plans[row.entity].columns[at].name, row.each.as_deref().unwrap_or(""), cell);
            }
        }
    }
    cells
}
