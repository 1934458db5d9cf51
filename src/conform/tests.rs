//! Records of several shapes, read as a connector of this page says.
use super::*;
use crate::{
    definitions::{Definitions, connector::What},
    source::{json, tree::Wanted},
};
use std::{collections::BTreeMap, fs};

const CONNECTOR: &str = r#"
name = "x"
title = "Nested records"
kind = "file"
confirmed = "invented for this test"
nulls = ["-"]
[file]
format = "json"
name = "*.json"
[[feed]]
name = "pupils"
records = "pupils"
mode = "keyed"
deleted = { at = "status", is = ["To be deleted"], what = "rows" }
[feed.person]
key = "id"
[feed.identity]
upn = { from = ["ids[type=upn].value", "upn"] }
birth_date = { join = ["born.year", "born.month", "born.day"], with = "-", dates = ["%Y-%m-%d"] }
[[feed.rows]]
entity = "enrolment"
each = "history.school"
when = { kind = ["main", "guest"] }
[feed.rows.columns]
establishment_id = { from = ["urn", "$.header.urn"] }
starts_on = { from = ["from"], dates = ["%Y-%m-%d"] }
status = { from = ["kind"], map = { main = "M" }, otherwise = "G" }
nc_year = { from = ["^.year"], after = "Year", until = "/" }
[[feed]]
name = "leavers"
like = "pupils"
records = "leavers"
[[feed]]
name = "classes"
records = "classes"
mode = "keyed"
when = { role = ["student"], "!status" = ["to be deleted"] }
repeats = true
[feed.person]
key = "user"
[[feed.rows]]
entity = "enrolment"
[feed.rows.columns]
establishment_id = { from = ["school"], map_param = "schools" }
status = { const = "C" }
starts_on = { from = ["from"], dates = ["%Y-%m-%d"] }
ends_on = { from = ["to"], dates = ["%Y-%m-%d"], day_before = true }
[[feed.rows]]
entity = "sen"
requires = ["provision"]
[feed.rows.columns]
provision = { from = ["sen"] }
"#;

fn definitions() -> Definitions {
    let site = tempfile::tempdir().unwrap();
    fs::create_dir(site.path().join("connectors")).unwrap();
    fs::write(site.path().join("connectors/x.toml"), CONNECTOR).unwrap();
    Definitions::load(Some(site.path())).unwrap()
}

/// What each record gives: identity, rows as text, whether it is gone, and the problems with their columns.
#[expect(clippy::type_complexity, reason = "four answers about each record")]
fn read(page: &str, feed: usize) -> Vec<(Vec<String>, Vec<String>, bool, Vec<String>)> {
    let definitions = definitions();
    let feed = &definitions.connectors["x"].feeds[feed];
    let paths = feed.paths();
    let wanted = |paths: &[String]| Wanted::of(paths.iter().map(String::as_str));
    let (record, document) = (wanted(&paths.record), wanted(&paths.document));
    let nothing = BTreeMap::new();
    let params = BTreeMap::from([("schools".to_owned(), "F3-a1=100123 9c02=100124".to_owned())]);
    let context = DocumentContext {
        shape: Shape::Trees { record: &record, document: &document },
        tenant: &nothing,
        params: &params,
        captures: &nothing,
    };
    let nulls = &definitions.connectors["x"].nulls;
    let binding = Binding::of(feed, &context, nulls, &definitions.codes, &definitions.plans);
    let conformer = Conformer::new(&binding, &definitions.plans, &definitions.identity);
    let answer = json::read(page.as_bytes(), &feed.records, &record, &document).unwrap();
    let place = Place::feed(Name::declare("s"), feed.name);
    let origin = Origin { document: [0; 16], part: 1, row: 1 };
    answer
        .records
        .unwrap()
        .iter()
        .map(|tree| {
            let mut faults = Vec::new();
            let record = Record::Tree { record: tree, document: Some(&answer.envelope) };
            let conformed = conformer.record(&record, place, origin, &mut faults).unwrap();
            let identity = conformed.identity.veiled().0.iter().flatten().cloned().collect();
            let rows = conformed.rows.iter().map(|row| format!("{:?}", row.veiled().cells)).collect();
            let faults = faults.iter().map(|fault| format!("{} {}", fault.place.column, fault.consequence));
            (identity, rows, conformed.gone, faults.collect())
        })
        .collect()
}

#[test]
fn items_conditions_roots_joins_and_parts() {
    let page = r#"{"header":{"urn":"100123"},"pupils":[
        {"id":1,"year":"NC Year 7/8","status":"active","ids":[{"type":"UPN","value":"H801200001001"}],"born":{"year":2010,"month":"03","day":31},
         "history":{"school":[{"urn":"100456","from":"2020-09-01","kind":"Main"},{"from":"2021-09-01","kind":"guest"},
                              {"urn":"x","from":"2021-09-01","kind":"main"},{"urn":"100456","from":"2022-09-01","kind":"other"}]}},
        {"id":2,"status":"toBeDeleted","born":{"year":2010},"history":{"school":{"from":"2020-09-01","kind":"main"}}}]}"#;
    let records = read(page, 0);
    let (identity, rows, gone, faults) = &records[0];
    assert_eq!(identity, &["H801200001001", "2010-03-31"]);
    assert_eq!(rows.len(), 2, "the wrong number costs its item, the other kind is not asked for: {rows:?}");
    assert!(
        rows[0].contains("100456") && rows[0].contains("Int(7)") && rows[0].contains("\"M\""),
        "{rows:?}"
    );
    assert!(rows[1].contains("100123") && rows[1].contains("\"G\""), "the header's school: {rows:?}");
    assert!(!gone);
    assert_eq!(faults, &["establishment_id item set aside"]);
    let (identity, rows, gone, _) = &records[1];
    assert!(identity.is_empty(), "a join with a part missing is empty");
    assert_eq!((rows.len(), *gone), (1, true));
}

#[test]
fn records_of_another_kind_words_of_the_site_and_ends_that_are_the_first_day_after() {
    let page = r#"{"classes":[
        {"user":1,"role":"Student","school":"f3A1","from":"2023-09-01","to":"2024-03-01"},
        {"user":4,"role":"student","school":"9c02","from":"2023-09-01","status":"toBeDeleted"},
        {"user":2,"role":"teacher","school":"nowhere","from":"2023-09-01"},
        {"user":3,"role":"student","school":"100125","from":"2023-09-01"}]}"#;
    let records = read(page, 2);
    let days = |n: i32| format!("Date({n})");
    assert!(records[0].1[0].contains("100123"), "{:?}", records[0].1);
    assert!(records[0].1[0].contains(&days(19_782)), "29 February: {:?}", records[0].1);
    for passed in &records[1..3] {
        assert_eq!(
            (passed.1.len(), passed.3.len()),
            (0, 0),
            "one that is gone, and a teacher: not read, and no fault"
        );
    }
    assert!(records[3].1[0].contains("100125"), "what the parameter does not say stays: {:?}", records[3].1);
}

#[test]
fn a_part_that_a_record_may_lack_costs_itself() {
    let page =
        r#"{"classes":[{"user":1,"role":"student","school":"100123","from":"2023-09-01","sen":"made up"}]}"#;
    let (_, rows, _, faults) = &read(page, 2)[0];
    assert_eq!(rows.len(), 1, "the child stays on roll: {rows:?}");
    assert_eq!(faults, &["provision item set aside"]);
}

#[test]
fn a_feed_takes_from_another_what_it_does_not_say() {
    let definitions = definitions();
    let feeds = &definitions.connectors["x"].feeds;
    assert_eq!(feeds[1].records, ["leavers"]);
    assert_eq!(feeds[1].paths(), feeds[0].paths());
    assert_eq!(feeds[1].deleted.as_ref().map(|deleted| deleted.what), Some(What::Rows));
    let page = r#"{"leavers":[{"id":"9","history":{"school":[{"urn":"100456","from":"2020-09-01","kind":"main"}]}}]}"#;
    assert_eq!(read(page, 1)[0].1.len(), 1);
}
