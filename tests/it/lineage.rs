//! Where a table and a row of it come from: down to the sources, and to the row of the file in which it stood.
use crate::{
    end_to_end::Demo,
    site::{Ran, TestSite, run_in},
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, sync::OnceLock};
use throughline::{catalog::Catalog, synth::Identifiers};

fn run(demo: &Demo, arguments: &[&str]) -> Ran {
    run_in(&demo.site(), &[&["--config", "throughline.toml"], arguments].concat())
}

/// One demonstration for all that only look.
fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| Demo::run(5, 400, Identifiers::Perfect))
}

fn names(document: &Value) -> BTreeSet<String> {
    document["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A column's lineage is a part of its table's, and names the columns that bear on it.
#[test]
fn a_table_and_a_column_lead_back_to_entities_and_sources() {
    let demo = demo();
    let tree = run(demo, &["lineage", "cohort_outcome"]);
    assert_eq!(tree.code, 0, "{}", tree.err);
    assert!(tree.out.starts_with("cohort_outcome  "), "{}", tree.out);
    assert!(
        tree.out.lines().any(|line| line.starts_with("  ") && line.trim_start().starts_with("cohort_member"))
    );
    assert!(tree.out.contains("schemas/policy.csv") && tree.out.contains("rows held)"), "{}", tree.out);
    let whole = run(demo, &["--json", "lineage", "cohort_outcome"]).json();
    let part = run(demo, &["--json", "lineage", "cohort_outcome.n_gcse"]).json();
    let (all, of_column) = (names(&whole), names(&part));
    assert!(of_column.is_subset(&all) && of_column.len() < all.len(), "{of_column:?}");
    assert!(of_column.contains("lake_qualification"), "{of_column:?}");
    let node = |name: &str| {
        part["nodes"].as_array().unwrap().iter().find(|node| node["name"] == name).unwrap().clone()
    };
    let columns = node("lake_qualification")["columns"].to_string();
    assert!(columns.contains("\"grade\"") && !columns.contains("\"scope_id\""), "{columns}");
    assert!(!node("lake_qualification")["sources"].as_array().unwrap().is_empty());
    for wrong in ["no_such_table", "cohort_outcome.no_such_column"] {
        let ran = run(demo, &["lineage", wrong]);
        assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    }
}

/// Every row that a trace of a key stage 2 score leads to is about that learner: the truth says whose each place is.
#[test]
fn a_row_leads_to_the_file_the_sheet_and_the_row_that_fed_it() {
    let demo = demo();
    let people = demo.people_of_learners();
    let (by_row, _) = demo.people_of_places();
    let mut places = 0;
    for (learner, persons) in people.iter().step_by(40) {
        let asked = [
            "--json",
            "trace",
            "current",
            "baseline",
            learner,
            "--purpose",
            "research",
            "--column",
            "ks2_score",
        ];
        let ran = run(demo, &asked);
        if ran.code == 2 {
            continue; // Nobody's Year 6 is known.
        }
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let document = ran.json();
        assert_eq!(document["learner"], learner.as_str());
        for row in document["rows"].as_array().unwrap() {
            let text = |name: &str| row[name].as_i64().unwrap().to_string();
            let place = (row["document_id"].as_str().unwrap().to_owned(), text("sheet"), text("row"));
            assert!(row["run"].as_i64().is_some() && row["commit"].as_i64().is_some(), "{row}");
            if let Some(person) = by_row.get(&place) {
                assert!(persons.contains(person), "{row} is about somebody else");
                places += 1;
            }
        }
    }
    assert!(places > 20, "only {places} places were compared");
    let entries = Catalog::open(&demo.site().join("data/catalog.sqlite")).unwrap().audit(1).unwrap();
    let noted =
        entries.iter().rev().find(|entry| entry.verb == "trace" && entry.about.contains("baseline")).unwrap();
    assert_eq!((noted.purpose.as_str(), noted.people, noted.outcome.as_str()), ("research", 1, "done"));
    assert!(
        people.keys().all(|learner| !noted.about.contains(learner.as_str())),
        "the audit holds a pseudonym whole"
    );
}

/// Files are named to whoever asks to see names, and to nobody's machine.
#[test]
fn a_file_is_named_on_request_and_in_no_document() {
    let demo = demo();
    let learner = demo.people_of_learners().into_keys().next().unwrap();
    let asked = ["trace", "current", "learner", learner.as_str(), "--purpose", "research"];
    let shown = run(demo, &[&asked[..], &["--show"]].concat());
    assert_eq!(shown.code, 0, "{}{}", shown.out, shown.err);
    let ends = [".xlsx", ".csv", ".ods", ".xls", ".xml"];
    let names_a_file = |text: &str| ends.iter().any(|end| text.contains(end));
    let plain = run(demo, &asked);
    let document = run(demo, &[&["--json"], &asked[..]].concat());
    assert!(!names_a_file(&plain.out) && !names_a_file(&document.out), "{}", plain.out);
    let has_file = document.json()["rows"].as_array().unwrap().iter().any(|row| row["document"].is_u64());
    assert_eq!(names_a_file(&shown.out), has_file, "{}", shown.out);
}

#[test]
fn a_figure_about_nobody_leads_to_sources_and_to_finer_tables() {
    let demo = demo();
    let several = run(demo, &["trace", "current", "attrition_waterfall", "2019"]);
    assert_eq!(several.code, 2, "{}", several.out);
    assert!(several.err.contains("population"), "{}", several.err);
    let ran = run(demo, &["--json", "trace", "current", "attrition_waterfall", "2019", "resident", "1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let document = ran.json();
    assert!(document["learner"].is_null() && document["rows"].as_array().unwrap().is_empty());
    assert!(document["counts"].as_array().unwrap().iter().any(|count| count["rows"].as_i64() > Some(0)));
    assert!(document["counted_from"].to_string().contains("cohort_outcome"), "{document}");
}

/// Who lacks the role, or asks for a purpose that a source does not serve, is refused, and that is noted.
#[test]
fn without_the_role_or_the_purpose_nothing_is_shown() {
    let demo = Demo::run(5, 400, Identifiers::Realistic);
    let learner = demo.people_of_learners().into_keys().next().unwrap();
    let asked = ["trace", "current", "learner", learner.as_str()];
    let without = run(&demo, &asked);
    assert_eq!(without.code, 2, "{}", without.out);
    assert!(without.err.contains("--purpose"), "{}", without.err);
    let audit = || Catalog::open(&demo.site().join("data/catalog.sqlite")).unwrap().audit(1).unwrap();
    // That nobody is there is an answer about somebody: it stands in the audit like any other.
    let nobody = run(&demo, &["trace", "current", "learner", "00ff", "--purpose", "research"]);
    assert_eq!(nobody.code, 2, "{}", nobody.out);
    let noted = audit().pop().unwrap();
    assert_eq!((noted.verb.as_str(), noted.people), ("trace", 0));
    assert!(noted.about.contains("not there"), "{}", noted.about);
    let config = demo.site().join("throughline.toml");
    let text = fs::read_to_string(&config).unwrap();
    let narrowed = text.replace("\"research\", ", "");
    assert_ne!(narrowed, text);
    fs::write(&config, narrowed).unwrap();
    let refused = run(&demo, &[&asked[..], &["--purpose", "research"]].concat());
    assert_eq!(refused.code, 5, "{}{}", refused.out, refused.err);
    assert!(refused.out.is_empty());
    let noted = audit().pop().unwrap();
    assert_eq!((noted.verb.as_str(), noted.outcome.as_str(), noted.people), ("trace", "refused", 0));
}

const PROVIDER: &str = "id,first_name,last_name,dob,sex,upn,home_postcode,commissioner,school_urn,legal_basis,reason,start,end,planned_end,hours,sessions_offered,sessions_attended,objectives,reviews,review_date,end_reason,reading_age_start,reading_age_review,sdq_start,sdq_review,fs_english,fs_maths,elc_science,units,destination,notes
1,Ada,Quillington,09/05/2009,F,H801200001001,ZT4 0BN,council,100123,s.19,behaviour,05/09/2025,,,25,190,173,yes,4,,,,,,,,,,,,
";

/// With a real key nobody has a role that nobody gave them; with it, the row of the sheet is found again.
#[test]
fn the_role_is_asked_for_with_a_real_key() {
    let site = TestSite::new();
    fs::write(site.inbox("provider").join("placements_2025-26.csv"), PROVIDER).unwrap();
    site.source("provider", "ap-export", "params.establishment_id = \"AP07\"");
    site.configure("2026-03-31");
    for verb in ["pull", "link", "release"] {
        let ran = site.run(&[verb]);
        assert!(ran.code == 0 || ran.code == 4, "{verb}: {}{}", ran.out, ran.err);
    }
    let trace =
        |key: &str| site.run(&["--json", "trace", "current", "learner", key, "--purpose", "research"]);
    let refused = trace("00");
    assert_eq!(refused.code, 5, "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("linkage"), "{}", refused.err);
}
