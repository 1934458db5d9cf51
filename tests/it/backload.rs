//! Day one is history: a folder of past files is sorted by source, read, and shows which cohorts it lets us build.
use crate::site::{TestSite, walk};
use std::{collections::BTreeMap, fs};
use throughline::synth::{Identifiers, World, WorldSpec, estate};

/// A site whose inboxes are empty, and a folder with years of census, key stage 2 and results files in it.
fn history() -> (TestSite, tempfile::TempDir) {
    let site = TestSite::new();
    let world = World::generate(&WorldSpec { seed: 6, learners: 1_500, identifiers: Identifiers::Realistic });
    let written = tempfile::tempdir().unwrap();
    estate::write(&world, written.path()).unwrap();
    let past = tempfile::tempdir().unwrap();
    for folder in ["census", "ks2", "exams"] {
        let mut files = Vec::new();
        walk(&written.path().join("council").join(folder), &mut files);
        for file in files {
            fs::copy(&file, past.path().join(file.file_name().unwrap())).unwrap();
        }
    }
    for (name, connector) in
        [("census", "school-census-spring"), ("ks2", "ks2-results"), ("results", "ks4-results")]
    {
        site.inbox(name);
        site.source(name, connector, "");
    }
    site.configure("2026-03-31");
    (site, past)
}

#[test]
fn past_files_are_sorted_read_once_and_shown_by_year_and_cohort() {
    let (site, past) = history();
    fs::write(past.path().join("Zzcanary, Zoe - notes.pdf"), "x").unwrap();
    let folder = past.path().to_str().unwrap();
    let sorted = site.run(&["--json", "backload", "--dry-run", folder]);
    assert_eq!((sorted.code, sorted.json()["files"]["unknown"].as_u64()), (0, Some(1)));
    assert!(
        site.run(&["--json", "status"]).json()["runs"].as_array().unwrap().is_empty(),
        "a dry run reads nothing"
    );

    let ran = site.run(&["--json", "backload", folder]);
    assert_eq!(ran.code, 4, "a file that fits no source is said: {}", ran.err);
    let report = ran.json();
    assert!(!format!("{}{}", ran.out, ran.err).contains("canary"), "a file's name may hold a child's");
    let outlook: BTreeMap<i64, String> = report["cohorts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cohort| (cohort["year"].as_i64().unwrap(), cohort["outlook"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(outlook[&2019], "with_gaps", "{outlook:?}");
    assert_eq!(outlook[&2024], "under_way", "{outlook:?}");
    // Without the census of one year, the cohorts that it would have followed cannot be built.
    let lacks = |year: i64| {
        let cohorts = report["cohorts"].as_array().unwrap();
        let cohort = cohorts.iter().find(|cohort| cohort["year"] == year).unwrap();
        cohort["lacks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|lack| lack["what"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(lacks(2019).contains(&"alternative provision".to_owned()), "no provider's file was given");

    let again = site.run(&["--json", "backload", folder]).json();
    let read: u64 =
        again["pull"]["sources"].as_array().unwrap().iter().map(|s| s["read"].as_u64().unwrap()).sum();
    assert_eq!(read, 0, "a file that has not changed is not read again");
}

#[test]
fn a_year_without_its_census_says_which_cohorts_it_costs() {
    let (site, past) = history();
    fs::remove_file(past.path().join("2023_spring_pupils.csv")).unwrap();
    let report = site.run(&["--json", "backload", past.path().to_str().unwrap()]).json();
    let not: Vec<i64> = report["cohorts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|cohort| cohort["outlook"] == "not")
        .map(|cohort| cohort["year"].as_i64().unwrap())
        .collect();
    assert_eq!(not, [2018, 2019, 2020, 2021, 2022, 2023]);
}

#[test]
fn a_file_that_two_sources_would_read_is_read_by_neither_until_one_is_named() {
    let (site, past) = history();
    site.inbox("census-b");
    site.source("census-b", "school-census-spring", "");
    site.configure("2026-03-31");
    let folder = past.path().to_str().unwrap();
    let ran = site.run(&["backload", folder]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("census and census-b"), "{}", ran.err);
    assert_eq!(site.run(&["backload", folder, "--source", "census", "--source", "ks2"]).code, 4);
}

/// What lies in the inbox is of today: past files never speak over it, in whatever order they were read.
#[test]
fn past_files_do_not_speak_over_the_inbox() {
    let site = TestSite::new();
    let inbox = site.inbox("ks2");
    site.source("ks2", "ks2-results", "");
    site.configure("2026-03-31");
    let world = World::generate(&WorldSpec { seed: 6, learners: 600, identifiers: Identifiers::Realistic });
    let written = tempfile::tempdir().unwrap();
    estate::write(&world, written.path()).unwrap();
    let mut files = Vec::new();
    walk(&written.path().join("council/ks2"), &mut files);
    let file = files.into_iter().find(|file| file.to_string_lossy().contains("2019")).unwrap();
    let today = fs::read_to_string(&file).unwrap();
    fs::write(inbox.join(file.file_name().unwrap()), &today).unwrap();
    assert_eq!(site.run(&["pull"]).code, 0);
    let latest = |site: &TestSite| {
        let mut rows: BTreeMap<String, (i64, String, String)> = BTreeMap::new();
        for batch in crate::site::lake_rows(&site.data(), "assessment") {
            for at in 0..batch.num_rows() {
                let text = |name: &str| crate::site::column_text(&batch, name, at);
                let row = (text("commit_seq").parse().unwrap(), text("row_hash"), text("tombstone"));
                let held = rows.entry(text("row_key")).or_insert_with(|| row.clone());
                if row.0 > held.0 {
                    *held = row;
                }
            }
        }
        rows.into_iter().map(|(key, (_, hash, gone))| (key, hash, gone)).collect::<Vec<_>>()
    };
    let before = latest(&site);
    let past = tempfile::tempdir().unwrap();
    // The same year as it was first sent: the last tenth was missing, and scores were others.
    let lines: Vec<&str> = today.lines().collect();
    let first = lines[..lines.len() - lines.len() / 10].join("\n").replace(",105", ",95");
    fs::write(past.path().join(file.file_name().unwrap()), first + "\n").unwrap();
    assert_eq!(site.run(&["backload", past.path().to_str().unwrap()]).code, 0);
    assert_eq!(latest(&site), before);
}
