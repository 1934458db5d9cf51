//! The tables that the engine holds while a build runs: each is there when it is read, and goes when nobody will read it
//! again, so that memory stays near the largest few and not the sum of all.
use std::collections::{BTreeMap, BTreeSet};

use duckdb::Connection;

use super::build::make;
use super::fault::WarehouseFault;
use super::kept::Kept;
use super::relation::Relation;
use super::years::rows_kept;
use crate::definitions::query::{Materialise, Query, QuerySet};

/// What the engine calls a thing that it holds.
type Kind = &'static str;

/// The tables of a build that is under way.
pub(super) struct Present<'a> {
    connection: &'a Connection,
    queries: &'a QuerySet,
    /// What no query makes and nobody has asked for so far.
    relations: BTreeMap<String, Relation>,
    held: BTreeMap<String, Kind>,
    /// For each table, how many queries have still to read it: its own turn counts as one.
    left: BTreeMap<String, usize>,
}

impl<'a> Present<'a> {
    pub(super) fn new(connection: &'a Connection, queries: &'a QuerySet, relations: Vec<Relation>) -> Self {
        let mut left: BTreeMap<String, usize> =
            queries.queries.keys().map(|name| (name.clone(), 1)).collect();
        for query in queries.queries.values() {
            for name in read_through_views(queries, query) {
                *left.entry(name).or_default() += 1;
            }
        }
        let relations = relations.into_iter().map(|relation| (relation.name.clone(), relation)).collect();
        Self { connection, queries, relations, held: BTreeMap::new(), left }
    }

    /// Sees that all is there that a query reads, and counts on its own table from then on: whoever asks makes it, and no
    /// other query begins before.
    pub(super) fn hold_for(&mut self, query: &Query, kept: &Kept) -> Result<(), WarehouseFault> {
        self.hold_read(query, kept)?;
        let kind = if query.materialise == Materialise::View { "view" } else { "table" };
        self.held.insert(query.name.clone(), kind);
        Ok(())
    }

    /// Sees that all is there that a query reads.
    pub(super) fn hold_read(&mut self, query: &Query, kept: &Kept) -> Result<(), WarehouseFault> {
        query.reads.iter().try_for_each(|name| self.hold(name, kept))
    }

    /// Sees that a table is there: as it was kept, or made once more from what it reads. What no query makes is made when somebody
    /// asks for it, and stays: after a day's pull few code lists and few files are read.
    fn hold(&mut self, name: &str, kept: &Kept) -> Result<(), WarehouseFault> {
        if let Some(relation) = self.relations.remove(name) {
            return relation.make(self.connection);
        }
        let Some(query) = self.queries.queries.get(name).filter(|_| !self.held.contains_key(name)) else {
            return Ok(());
        };
        let Some((files, columns)) = kept.files(query) else {
            self.hold_for(query, kept)?;
            return make(self.connection, query);
        };
        let sql = format!("create view {name} as {}", rows_kept(&files, columns));
        self.connection
            .execute_batch(&sql)
            .map_err(|error| WarehouseFault::Relation { relation: name.to_owned(), cause: error.into() })?;
        self.held.insert(name.to_owned(), "view");
        Ok(())
    }

    /// A query's turn is over: drops every table that nobody will read again.
    pub(super) fn pass(&mut self, query: &Query) -> Result<(), WarehouseFault> {
        for name in read_through_views(self.queries, query).iter().chain([&query.name]) {
            if let Some(left) = self.left.get_mut(name) {
                *left -= 1;
            }
        }
        let over: BTreeSet<String> =
            self.held.keys().filter(|name| self.left.get(*name) == Some(&0)).cloned().collect();
        for name in over {
            if let Some(kind) = self.held.remove(&name) {
                self.connection
                    .execute_batch(&format!("drop {kind} {name}"))
                    .map_err(|error| WarehouseFault::Engine(error.into()))?;
            }
        }
        Ok(())
    }
}

/// The tables and views that a query reads, and those that they read in their turn where a view stands between: a view reads its
/// tables whenever it is read.
fn read_through_views(queries: &QuerySet, query: &Query) -> BTreeSet<String> {
    let (mut read, mut to_follow) = (BTreeSet::new(), vec![query]);
    while let Some(query) = to_follow.pop() {
        for one in query.reads.iter().filter_map(|name| queries.queries.get(name)) {
            if read.insert(one.name.clone()) && one.materialise == Materialise::View {
                to_follow.push(one);
            }
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_view_reads_is_read_by_whoever_reads_the_view() {
        let queries = QuerySet::load(None).unwrap();
        let read = |name: &str| read_through_views(&queries, &queries.queries[name]);
        assert_eq!(queries.queries["fsm_history"].materialise, Materialise::View);
        let by_year = read("circumstance_year");
        assert!(by_year.contains("fsm_history") && by_year.contains("fsm_term"), "{by_year:?}");
        assert!(!by_year.contains("lake_circumstance"), "what no query makes stays");
        assert!(!read("circumstance_rate").contains("fsm_history"), "a table stands between");
    }
}
