//! `report quality` beside what the estate says of its own rows, and what the events say of the years.
use super::{
    super::{figure, table},
    count,
};
use crate::site::run_in;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use throughline::synth::{World, world::academic_year};

/// Sources, years and empty columns.
pub fn agree(site: &Path, world: &World) {
    let report = run_in(site, &["--json", "report", "quality"]).json();
    sources(&report, site);
    years(&report, world);
    empty_columns(&report, world);
}

/// The source that a row of the estate comes by, as the demonstration's configuration names it.
fn source_of(row: &Value) -> String {
    let document = row["document"].as_str().unwrap_or_default();
    match (row["source"].as_str().unwrap(), document.strip_prefix("ap/")) {
        ("wonde", _) => "schools".to_owned(),
        (_, Some(folder)) => format!("ap-{}", folder.split('/').next().unwrap()),
        (source, None) => source.to_owned(),
    }
}

/// Records and people of each, as the estate wrote them down while it was made.
fn sources(report: &Value, site: &Path) {
    let mut wanted: BTreeMap<String, (i64, BTreeSet<i64>)> = BTreeMap::new();
    for line in fs::read_to_string(site.join("estate/truth/rows.jsonl")).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let (records, people) = wanted.entry(source_of(&row)).or_default();
        *records += 1;
        people.insert(row["person"].as_i64().unwrap());
    }
    let shown = table(report, "sources");
    let mut others = (0, 0);
    for (source, (records, people)) in &wanted {
        if people.len() < 10 {
            others = (others.0 + records, others.1 + 1);
            continue;
        }
        assert_eq!(figure(shown, source, "records"), count(*records), "{source}");
        assert_eq!(figure(shown, source, "learners"), count(people.len() as i64), "{source}");
        assert_eq!(figure(shown, source, "set_aside")["per_cent_tenths"], 0, "{source}: nothing is wrong");
    }
    if others.1 > 0 {
        assert_eq!(figure(shown, "others", "records"), count(others.0), "all others together");
    }
    let rows = shown["rows"].as_array().unwrap().len();
    assert_eq!(rows, wanted.len() - others.1 + usize::from(others.1 > 0), "no source more");
}

/// What is about one academic year, event by event.
fn years(report: &Value, world: &World) {
    const COLUMNS: [&str; 8] = [
        "this_year",
        "one_before",
        "two_before",
        "three_before",
        "four_before",
        "five_before",
        "six_before",
        "seven_before",
    ];
    let shown = table(report, "years_held");
    let people = || world.people.iter();
    let of_kind = |kind: &'static str| -> Vec<i32> {
        let all = people().flat_map(|person| &person.assessments).filter(|one| one.kind == kind);
        all.map(|one| academic_year(one.taken_on)).collect()
    };
    let placed: Vec<i32> =
        people().flat_map(|person| &person.placements).map(|one| academic_year(one.starts_on)).collect();
    for (key, years) in [
        ("placement", placed),
        ("assessment__reading_age", of_kind("reading_age")),
        ("assessment__sdq", of_kind("sdq")),
        ("assessment__boxall", of_kind("boxall")),
    ] {
        for (back, column) in (0..).zip(COLUMNS) {
            let n = years.iter().filter(|ay| **ay == 2026 - back).count() as i64;
            assert_eq!(figure(shown, key, column), count(n), "{key} {column}");
        }
    }
}

/// How often a cell of a placement is empty.
fn empty_columns(report: &Value, world: &World) {
    let shown = table(report, "empty_columns");
    let placements: Vec<_> = world.people.iter().flat_map(|person| &person.placements).collect();
    let n = placements.len() as f64;
    let count_of = |empty: usize| empty as f64 * 1_000.0 / n;
    for (key, empty) in [
        ("placement__ends_on", placements.iter().filter(|one| one.ends_on.is_none()).count()),
        ("placement__planned_end_on", placements.iter().filter(|one| one.planned_end_on.is_none()).count()),
        ("placement__end_reason", placements.iter().filter(|one| one.end_reason.is_none()).count()),
        ("placement__cost_per_week", placements.iter().filter(|one| one.pounds_a_week.is_none()).count()),
    ] {
        let is = figure(shown, key, "empty")["per_cent_tenths"].as_i64().unwrap() as f64;
        assert!((is - count_of(empty)).abs() <= 5.0, "{key}: {is} beside {}", count_of(empty));
    }
}
