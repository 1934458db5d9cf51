//! Ids inside a build: sixteen bytes that the engine compares at once, instead of 32 letters that it follows to a heap.
//!
//! Comes in: queries that write ids out by `id_text`, and columns on their way to a file. Goes out: the same queries over ids
//! of sixteen bytes, and for a file the letters. Promise: both order alike, and nobody outside a build meets the bytes. Where
//! a site has a query or a function of its own, which may take an id apart, they stay letters in a build too.
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};

use crate::definitions::query::QuerySet;

/// What `_engine/` says: an id as people and other programs read it.
const LETTERS: &str = "create or replace macro id_text(id) as lower(hex(id));";

/// What stands there while a build runs.
const BYTES: &str = "create or replace macro id_text(id) as cast(id as uuid);";

/// The engine's type of sixteen bytes.
const KIND: &str = "UUID";

/// The queries for a build.
pub(super) fn for_a_build(queries: &QuerySet) -> QuerySet {
    let mut queries = queries.clone();
    if !queries.queries.values().any(|query| query.is_overlaid) {
        queries.engine = queries.engine.replace(LETTERS, BYTES);
    }
    queries
}

/// The type that a column has in a file for people.
pub(super) fn told_kind(kind: &str) -> &str {
    if kind == KIND { "VARCHAR" } else { kind }
}

/// A column as the engine hands it out for such a file, under its own name: of an id the letters in five groups, for without their hyphens they cost
/// the engine five times as much. [`letters`] takes these out.
pub(super) fn told(column: &str, kind: &str) -> String {
    if kind == KIND {
        format!("cast(\"{column}\" as varchar) as \"{column}\"")
    } else {
        format!("\"{column}\"")
    }
}

/// Ids as they go into such a file, 32 letters each; any other column as it is. None where the engine handed out no letters.
pub(super) fn letters(column: &ArrayRef, kind: &str) -> Option<ArrayRef> {
    if kind != KIND {
        return Some(Arc::clone(column));
    }
    let told = column.as_string_opt::<i32>()?;
    let mut letters = StringBuilder::with_capacity(told.len(), told.len() * 32);
    let mut one = String::with_capacity(32);
    for id in told {
        one.clear();
        one.extend(id.into_iter().flat_map(|id| id.split('-')));
        letters.append_option(id.is_some().then_some(&one));
    }
    Some(Arc::new(letters.finish()))
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;
    use duckdb::Connection;

    use super::*;

    #[test]
    fn bytes_and_letters_name_and_order_alike() {
        let connection = Connection::open_in_memory().unwrap();
        let ids = "select unhex(md5(cast(n as varchar))) as id from range(1000) as numbers(n)";
        let by = |macro_of: &str| -> Vec<String> {
            connection.execute_batch(macro_of).unwrap();
            connection
                .execute_batch(&format!("create or replace table t as select id_text(id) as x from ({ids})"))
                .unwrap();
            let kind: String = connection.query_row("select typeof(x) from t", [], |row| row.get(0)).unwrap();
            let sql = format!("select {} from t order by t.x asc nulls last", told("x", &kind));
            let mut statement = connection.prepare(&sql).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            let told: ArrayRef = Arc::new(StringArray::from_iter_values(rows.map(Result::unwrap)));
            let told = letters(&told, &kind).unwrap();
            told.as_string::<i32>().iter().map(|id| id.unwrap().to_owned()).collect()
        };
        let found = by(LETTERS);
        assert_eq!(found, by(BYTES));
        assert!(found.is_sorted() && found[0].len() == 32, "{}", found[0]);
        // A published file read again: letters become bytes, which are those they were.
        let again = "select bool_and(cast(lower(hex(cast(x as blob))) as uuid) = x) from t";
        assert!(connection.query_row(again, [], |row| row.get::<_, bool>(0)).unwrap());
    }

    #[test]
    fn a_site_with_a_query_of_its_own_keeps_its_letters() {
        let ours = QuerySet::load(None).unwrap();
        assert!(ours.engine.contains(LETTERS) && for_a_build(&ours).engine.contains(BYTES));
        let mut own = ours.clone();
        own.queries.get_mut("learner").unwrap().is_overlaid = true;
        assert_eq!(for_a_build(&own), own);
        let mut otherwise = ours;
        otherwise.engine = otherwise.engine.replace("lower(hex(id))", "upper(hex(id))");
        assert_eq!(for_a_build(&otherwise), otherwise);
    }
}
