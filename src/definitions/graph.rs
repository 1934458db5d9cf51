//! The order in which tables are built: each after everything it reads.
//!
//! Comes in: tables with the names they read. Goes out: one order, the same every time. Promise: unknown names and
//! cycles are all told, not only the first.
use std::collections::{BTreeMap, BTreeSet};

use super::query::{Problem, Problems, QuerySet};

/// Sorts the queries so that each comes after what it reads; among those that are free the name decides.
/// `given` are the names that exist without a query: the lake's tables, the code lists, the policy.
///
/// # Errors
/// Every unknown name and every cycle.
pub fn build_order(set: &QuerySet, given: &BTreeSet<String>) -> Result<Vec<String>, Problems> {
    let mut problems = unknown_names(set, given);
    let mut waiting: BTreeMap<&str, BTreeSet<&str>> = set
        .queries
        .values()
        .map(|query| {
            let reads = query.reads.iter().map(String::as_str).filter(|name| set.queries.contains_key(*name));
            (query.name.as_str(), reads.collect())
        })
        .collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(name) = waiting.iter().find(|(_, reads)| reads.is_empty()).map(|(name, _)| *name) {
        waiting.remove(name);
        for reads in waiting.values_mut() {
            reads.remove(name);
        }
        order.push(name.to_owned());
    }
    problems.extend(cycles(&waiting).into_iter().map(|cycle| {
        let file = set.queries.get(cycle[0]).map_or_else(String::new, |query| query.file.clone());
        Problem { file, line: 1, what: format!("reads itself: {} -> {}", cycle.join(" -> "), cycle[0]) }
    }));
    if problems.is_empty() {
        Ok(order)
    } else {
        problems.sort();
        Err(Problems(problems))
    }
}

fn unknown_names(set: &QuerySet, given: &BTreeSet<String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for query in set.queries.values() {
        if given.contains(&query.name) {
            let what = format!("`{}` is the name of a table that is given", query.name);
            problems.push(Problem { file: query.file.clone(), line: 1, what });
        }
        for name in
            query.reads.iter().filter(|name| !set.queries.contains_key(*name) && !given.contains(*name))
        {
            let line =
                1 + query.sql.lines().position(|line| line.contains(&format!("\"{name}\""))).unwrap_or(0);
            let what = format!("reads `{name}`, which no query makes");
            problems.push(Problem { file: query.file.clone(), line, what });
        }
    }
    problems
}

/// The cycles among tables that wait for each other, each once, from its smallest name on.
fn cycles<'a>(waiting: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<Vec<&'a str>> {
    let mut found = BTreeSet::new();
    for start in waiting.keys() {
        let mut path = vec![*start];
        while let Some(next) = waiting.get(path[path.len() - 1]).and_then(|reads| reads.first()) {
            if let Some(position) = path.iter().position(|name| name == next) {
                let mut cycle = path.split_off(position);
                let smallest = (0..cycle.len()).min_by_key(|at| cycle[*at]).unwrap_or(0);
                cycle.rotate_left(smallest);
                found.insert(cycle);
                break;
            }
            path.push(next);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::query::{Materialise, Query};
    use super::*;

    fn set(tables: &[(&str, &[&str])]) -> QuerySet {
        let queries = tables
            .iter()
            .map(|(name, reads)| {
                let query = Query {
                    name: (*name).to_owned(),
                    file: format!("spine/{name}.sql"),
                    layer: "spine".to_owned(),
                    title: String::new(),
                    grain: vec!["a".to_owned()],
                    reads: reads.iter().map(|read| (*read).to_owned()).collect(),
                    purposes: Vec::new(),
                    of_many: None,
                    materialise: Materialise::Table,
                    each_year_of: None,
                    published: false,
                    columns: BTreeMap::new(),
                    computed: None,
                    sql: String::new(),
                    sha256: String::new(),
                    is_overlaid: false,
                };
                ((*name).to_owned(), query)
            })
            .collect();
        QuerySet { queries, views: BTreeMap::new(), engine: String::new(), engine_sha256: String::new() }
    }

    #[test]
    fn every_table_comes_after_what_it_reads() {
        let given = BTreeSet::from(["lake".to_owned()]);
        let order = build_order(&set(&[("a", &["c", "lake"]), ("b", &["a"]), ("c", &[])]), &given).unwrap();
        assert_eq!(order, ["c", "a", "b"]);
    }

    #[test]
    fn all_unknown_names_and_all_cycles_are_told() {
        let tables: [(&str, &[&str]); 5] =
            [("a", &["b", "nowhere"]), ("b", &["a"]), ("c", &["d", "gone"]), ("d", &["c"]), ("e", &["a"])];
        let problems = build_order(&set(&tables), &BTreeSet::new()).unwrap_err().to_string();
        for expected in ["`nowhere`", "`gone`", "a -> b -> a", "c -> d -> c"] {
            assert!(problems.contains(expected), "{expected} not in\n{problems}");
        }
        assert_eq!(problems.lines().count(), 4, "{problems}");
    }
}
