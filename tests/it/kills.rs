//! Killed at any moment, the lake is what the next run completes: nothing lost, nothing doubled.
use crate::site::{TestSite, column_text, lake_rows, walk};
use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use throughline::synth::{Identifiers, World, WorldSpec, estate};

fn census() -> TestSite {
    let site = TestSite::new();
    let world = World::generate(&WorldSpec { seed: 4, learners: 1_500, identifiers: Identifiers::Realistic });
    let written = tempfile::tempdir().unwrap();
    estate::write(&world, written.path()).unwrap();
    let council = written.path().join("council");
    for (name, folder, connector) in [
        ("census", "census", "school-census-spring"),
        ("ks2", "ks2", "ks2-results"),
        ("nccis", "nccis", "nccis"),
    ] {
        let inbox = site.inbox(name);
        let mut files = Vec::new();
        walk(&council.join(folder), &mut files);
        for file in files {
            fs::copy(&file, inbox.join(file.file_name().unwrap())).unwrap();
        }
        site.source(name, connector, "");
    }
    site.configure("2026-03-31");
    site
}

/// Every row that readers see: those of files that the catalog names, which `verify` finds whole.
fn rows(site: &TestSite) -> Vec<String> {
    let mut rows = Vec::new();
    for entity in ["enrolment", "assessment", "destination", "circumstance", "learner", "sen"] {
        for batch in lake_rows(&site.data(), entity) {
            rows.extend((0..batch.num_rows()).map(|at| {
                // A row that changes has several versions, each in a commit of its own.
                [column_text(&batch, "row_key", at), column_text(&batch, "commit_seq", at)].join(" ")
            }));
        }
    }
    rows.sort();
    rows
}

fn killed_after(site: &TestSite, wait: Duration) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_throughline"))
        .current_dir(site.path())
        .args(["--quiet", "pull"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(wait);
    let early = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    early
}

fn survives(kills: u32) {
    let clean = census();
    let began = Instant::now();
    assert_eq!(clean.run(&["pull"]).code, 0);
    let whole = began.elapsed();
    let expected = rows(&clean).len();
    assert_eq!(rows(&clean).into_iter().collect::<BTreeSet<_>>().len(), expected);
    let mut early = 0;
    for kill in 1..=kills {
        let site = census();
        early += u32::from(killed_after(&site, whole * kill / (kills + 1)));
        let ran = site.run(&["pull"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let found = rows(&site);
        assert_eq!(found.len(), expected, "after kill {kill} of {kills}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), expected, "nothing is doubled");
        let verified = site.run(&["--json", "verify"]).json();
        assert_eq!(verified["flaws"].as_array().unwrap().len(), 0, "{verified}");
        let third = site.run(&["--json", "pull"]).json();
        let new: u64 = third["sources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|source| source["accepted"].as_u64().unwrap())
            .sum();
        assert_eq!(new, 0, "a further run adds nothing");
    }
    assert!(early > 0, "no kill came before the end");
}

#[test]
fn a_killed_pull_is_completed_by_the_next() {
    survives(4);
}

#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_a_pull_killed_at_many_moments() {
    survives(100);
}
