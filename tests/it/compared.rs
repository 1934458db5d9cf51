//! Nothing is published that no other reading of the rules has come to: every published table, column by column, and every table
//! of learners between them is held against the oracle, or stands here with the reason why it need not be. Tables are found by
//! their definitions, what is held by the row types that tests compare.
use crate::oracle;
use std::collections::{BTreeMap, BTreeSet};
use throughline::definitions::query::{Query, QuerySet};

/// Tables of learners that nothing published is made of.
const NOT_HELD: [(&str, &str); 9] = [
    ("caseload", SHOWN),
    ("changed_since", SHOWN),
    ("lost_sight", SHOWN),
    ("no_offer", SHOWN),
    ("placements", SHOWN),
    ("reach", SHOWN),
    ("risk", SHOWN),
    ("sighting", SHOWN),
    ("standing", SHOWN),
];
const SHOWN: &str = "a view: shows one person rows of tables that are held, or of the lake, counts nothing, and has its stories";

/// Columns of published tables that hold no figure.
const WORDS: [(&str, &[&str], &str); 2] = [
    ("scorecard", &["topic", "why", "label"], "the words of `schemas/codes/scorecard_*.csv` as they stand"),
    ("neet_cost", &["source"], "the words of `schemas/codes/neet_cost.csv` as they stand"),
];

/// Tables with the columns that tests compare.
type Columns = BTreeMap<&'static str, BTreeSet<&'static str>>;

fn queries() -> BTreeMap<String, Query> {
    QuerySet::load(None).unwrap_or_else(|problems| panic!("{problems}")).with_views().queries
}

/// Published columns that neither a test compares nor this list names, and names of the list for which there is no need.
fn columns_not_held(queries: &BTreeMap<String, Query>, held: &Columns) -> Vec<String> {
    let none = BTreeSet::new();
    let mut found = Vec::new();
    for query in queries.values().filter(|query| query.published) {
        let held = held.get(query.name.as_str()).unwrap_or(&none);
        if held.is_empty() {
            found.push(format!("{}: no test holds it against the oracle", query.name));
            continue;
        }
        let listed =
            WORDS.iter().find(|(table, ..)| *table == query.name).map_or(&[][..], |(_, words, _)| words);
        for column in query.columns.keys() {
            match (held.contains(column.as_str()), listed.contains(&column.as_str())) {
                (false, false) => found.push(format!("{}.{column}: no test compares it", query.name)),
                (true, true) => found.push(format!("{}.{column}: is listed and compared", query.name)),
                _ => {}
            }
        }
        let unknown = held.iter().chain(listed).filter(|column| !query.columns.contains_key(**column));
        found.extend(unknown.map(|column| format!("{}.{column}: no such column is described", query.name)));
    }
    found
}

/// Tables of learners that are neither held, nor made into one that is, nor a check, nor named here.
fn tables_not_held(queries: &BTreeMap<String, Query>, held: &Columns) -> Vec<String> {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<&str> = held.keys().copied().collect();
    while let Some(name) = waiting.pop() {
        if let Some(query) = queries.get(name).filter(|_| reached.insert(name)) {
            waiting.extend(query.reads.iter().map(String::as_str));
        }
    }
    let is_of_learners = |query: &&Query| {
        query.grain.iter().any(|column| ["learner_id", "subject_id"].contains(&column.as_str()))
    };
    let mut found = Vec::new();
    // A check shows what should not be there: it counts nothing, and its stories let it fire.
    for query in queries.values().filter(is_of_learners).filter(|query| !query.is_check()) {
        let is_listed = NOT_HELD.iter().any(|(table, _)| *table == query.name);
        match (reached.contains(query.name.as_str()), is_listed) {
            (false, false) => found.push(format!("{}: nothing that is held is made of it", query.name)),
            (true, true) => found.push(format!("{}: is listed and held", query.name)),
            _ => {}
        }
    }
    let known = |table: &str| queries.get(table).is_some_and(Query::is_view);
    found.extend(
        NOT_HELD.iter().filter(|(table, _)| !known(table)).map(|(table, _)| format!("{table}: no view")),
    );
    found
}

#[test]
fn every_column_of_every_published_table_is_held_against_the_oracle() {
    let found = columns_not_held(&queries(), &oracle::held_everywhere());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_table_of_learners_is_held_or_made_into_one_that_is() {
    let found = tables_not_held(&queries(), &oracle::held_everywhere());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_table_or_a_column_that_nobody_compares_is_found() {
    let queries = queries();
    let without = |table: &str| {
        let mut held = oracle::held_everywhere();
        assert!(held.remove(table).is_some());
        held
    };
    assert_eq!(
        columns_not_held(&queries, &without("goal_score")),
        ["goal_score: no test holds it against the oracle"]
    );
    assert_eq!(
        tables_not_held(&queries, &without("learner_linkage")),
        Vec::<String>::new(),
        "what learners' weights are made into is held still"
    );
    let mut held = without("learner_linkage");
    for table in ["link_weight", "link_sensitivity"] {
        held.remove(table);
    }
    assert_eq!(
        tables_not_held(&queries, &held),
        ["learner_linkage", "learner_strength"]
            .map(|name| format!("{name}: nothing that is held is made of it"))
    );
    // As it was before goals and linkage had tests of their own.
    let mut held = oracle::held_everywhere();
    let own = oracle::LINKAGE.iter().chain(oracle::RELINKED).chain(&oracle::GOALS[..1]);
    let own: BTreeSet<&str> = own.map(|one| one.table).collect();
    held.retain(|table, _| !own.contains(table));
    let found = columns_not_held(&queries, &held);
    println!("{}\n{}", found.join("\n"), tables_not_held(&queries, &held).join("\n"));
    assert_eq!(found.len(), own.len());
    let mut held = oracle::held_everywhere();
    assert!(held.get_mut("ks4_result").unwrap().remove("basics_9_4"));
    assert_eq!(columns_not_held(&queries, &held), ["ks4_result.basics_9_4: no test compares it"]);
    held.get_mut("ks4_result").unwrap().insert("basics_9_4");
    held.get_mut("scorecard").unwrap().insert("why");
    assert_eq!(columns_not_held(&queries, &held), ["scorecard.why: is listed and compared"]);
}
