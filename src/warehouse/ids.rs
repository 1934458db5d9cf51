//! Ids inside a build: sixteen bytes that the engine compares at once, instead of 32 letters that it follows to a heap.
//!
//! Comes in: queries that write ids out by `id_text`, and columns on their way to a file. Goes out: the same queries over ids
//! of sixteen bytes, and for a file the letters. Promise: both order alike, and nobody outside a build meets the bytes. Where
//! a site has a query or a function of its own, which may take an id apart, they stay letters in a build too.
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

/// A column as it goes into such a file, under its own name.
pub(super) fn told(column: &str, kind: &str) -> String {
    if kind == KIND {
        format!("lower(hex(cast(\"{column}\" as blob))) as \"{column}\"")
    } else {
        format!("\"{column}\"")
    }
}

#[cfg(test)]
mod tests {
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
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        let letters = by(LETTERS);
        assert_eq!(letters, by(BYTES));
        assert!(letters.is_sorted() && letters[0].len() == 32, "{}", letters[0]);
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
