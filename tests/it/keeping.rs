//! What rules of keeping take away and what merging leaves, as a person at the command line sees it, and killed on the
//! way.
use crate::site::{Ran, TestSite, column_text, lake_rows, run_in, run_with, walk};
use arrow::array::RecordBatch;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use throughline::privacy::Key;

const CONNECTOR: &str = r#"
name = "visits"
title = "Visits"
kind = "file"
confirmed = "made for the test"
[file]
format = "csv"
name = "*.csv"
[[feed]]
name = "visits"
mode = "keyed"
[feed.person]
key = "Ref"
[feed.identity]
surname = { from = ["Surname"] }
[[feed.rows]]
entity = "placement"
[feed.rows.columns]
establishment_id = { const = "AP07" }
starts_on = { from = ["Start"], dates = ["%Y-%m-%d"] }
hours_per_week = { from = ["Hours"] }
"#;

/// Two sources under a key that heeds failpoints; nine small files of each were pulled and linked, half of their rows old.
fn story() -> TestSite {
    let site = TestSite::new();
    let key = site.path().join("key");
    fs::write(&key, &*Key::for_demo(3).to_bytes()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let folder = site.path().join("definitions/connectors");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("visits.toml"), CONNECTOR).unwrap();
    fs::write(site.path().join("retention.toml"), "[entities.placement]\nyears = 5\n").unwrap();
    for name in ["office", "annex"] {
        site.source(name, "visits", "");
        site.inbox(name);
    }
    configure(&site, "");
    for at in 0..9 {
        for name in ["office", "annex"] {
            let old = format!("{at},Archer{at},2015-09-0{},5\n", at + 1);
            let new = format!("{at},Archer{at},2025-09-0{},6\n1{at},Baker{at},2016-09-01,7\n", at + 1);
            let text = format!("Ref,Surname,Start,Hours\n{old}{new}");
            fs::write(site.inbox(name).join(format!("{at}.csv")), text).unwrap();
        }
        let ran = site.run(&["--quiet", "pull"]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    }
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    site
}

fn configure(site: &TestSite, retention: &str) {
    let demo = "[demo]\nestate = \"inbox\"\nseed = 3\nlearners = 300\n";
    site.configure_with("2026-03-31", &format!("definitions = \"definitions\"\n{demo}{retention}"));
}

const POLICY: &str = "[retention]\npolicy = \"retention.toml\"\n";

fn removed(ran: &Ran) -> BTreeMap<(String, String), u64> {
    let word = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
    let lines = ran.json()["removed"].as_array().unwrap().clone();
    lines
        .iter()
        .map(|line| ((word(line, "source"), word(line, "entity")), line["rows"].as_u64().unwrap()))
        .collect()
}

/// Rows of the lake that the catalog names, whatever file they lie in.
fn rows(site: &Path) -> Vec<String> {
    let names = ["source", "row_key", "row_hash", "commit_seq", "starts_on", "tombstone"];
    let mut rows = Vec::new();
    for batch in lake_rows(&site.join("data"), "placement") {
        rows.extend(
            (0..batch.num_rows()).map(|at| names.map(|name| column_text(&batch, name, at)).join(" ")),
        );
    }
    rows.sort();
    rows
}

fn files(site: &Path) -> usize {
    let mut found: Vec<PathBuf> = Vec::new();
    walk(&site.join("data/lake/placement"), &mut found);
    found.len()
}

fn verified(site: &Path, what: &str) {
    let verified = run_in(site, &["--json", "verify"]).json();
    assert_eq!(verified["flaws"].as_array().unwrap().len(), 0, "{what}: {verified}");
}

fn copied(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    walk(from, &mut files);
    for file in files {
        let target = to.path().join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
    to
}

#[test]
fn expire_says_what_would_go_and_then_takes_it_away() {
    let site = story();
    let before = rows(site.path());
    assert_eq!(before.len(), 54);
    configure(&site, POLICY);
    let checked = site.run(&["check"]);
    assert!(
        checked.out.contains("retention policy") && checked.out.contains("1 entities"),
        "{}",
        checked.out
    );
    let dry = site.run(&["--json", "expire", "--dry-run"]);
    let by = |source: &str, entity: &str| {
        ((source.to_owned(), entity.to_owned()), if entity == "placement" { 18 } else { 9 })
    };
    let expected: BTreeMap<_, _> = ["annex", "office"]
        .into_iter()
        .flat_map(|source| ["placement", "identities"].map(|entity| by(source, entity)))
        .collect();
    assert_eq!((removed(&dry), rows(site.path())), (expected.clone(), before));
    assert_eq!((dry.json()["people"].as_u64(), dry.json()["run"].as_u64()), (Some(18), None));
    let done = site.run(&["--json", "expire"]);
    assert_eq!(removed(&done), expected);
    let left = rows(site.path());
    assert!(left.len() == 18 && left.iter().all(|row| row.contains(" 2025-09-")), "{left:?}");
    verified(site.path(), "expired");
    let run = done.json()["run"].as_i64().unwrap().to_string();
    let shown = site.run(&["runs", "show", &run]);
    assert!(shown.out.contains("kept long enough") && shown.out.contains("identities"), "{}", shown.out);
    assert!(removed(&site.run(&["--json", "expire"])).is_empty());
    // Nothing names those who went: neither the links nor what a new linking finds.
    let links = |site: &TestSite| -> usize {
        lake_rows(&site.data(), "learner_link").iter().map(RecordBatch::num_rows).sum()
    };
    assert_eq!(links(&site), 18);
    assert_eq!(site.run(&["--json", "link"]).json()["subjects"], 18);
}

#[test]
fn an_ended_agreement_takes_a_source_with_it_and_leaves_its_neighbour() {
    let withdrawn = story();
    let text = fs::read_to_string(withdrawn.path().join("throughline.toml")).unwrap();
    let text = text.replacen("expires = \"2099-12-31\"", "expires = \"2026-01-31\"", 1);
    let at = text.find("[sources").unwrap();
    let (head, tail) = text.split_at(at);
    let text = format!("{head}[retention]\nafter_agreement = \"30d\"\n{tail}");
    fs::write(withdrawn.path().join("throughline.toml"), text).unwrap();
    let done = withdrawn.run(&["expire"]);
    assert!(done.out.contains("its agreement ended") && done.out.contains("27"), "{}", done.out);
    let left = rows(withdrawn.path());
    assert_eq!((left.len(), left[0].split(' ').next().unwrap()), (27, "annex"));
    verified(withdrawn.path(), "withdrawn");
    assert_eq!(withdrawn.run(&["--json", "link"]).json()["subjects"], 18);
}

#[test]
fn killed_while_rows_expire_all_of_it_is_done_or_nothing() {
    let site = story();
    configure(&site, POLICY);
    let before = rows(site.path());
    let whole = copied(site.path());
    assert_eq!(run_in(whole.path(), &["--quiet", "expire"]).code, 0);
    let after = rows(whole.path());
    assert_ne!(before, after);
    for point in
        ["expire.begun", "expire.file", "expire.file:5", "expire.written", "expire.done", "expire.removed"]
    {
        let killed = copied(site.path());
        let ran = run_with(killed.path(), &[("THROUGHLINE_FAILPOINT", point)], &["--quiet", "expire"]);
        assert_eq!(ran.code, -1, "{point} was passed: {}{}", ran.out, ran.err);
        // Another verb clears away what nothing names.
        assert_eq!(run_in(killed.path(), &["--quiet", "link"]).code, 0, "{point}");
        verified(killed.path(), point);
        let found = rows(killed.path());
        assert!(found == before || found == after, "{point}: {} rows", found.len());
        assert_eq!(found == after, point == "expire.done" || point == "expire.removed", "{point}");
        assert_eq!(run_in(killed.path(), &["--quiet", "expire"]).code, 0, "{point}");
        assert_eq!(rows(killed.path()), after, "{point}: ended by the next");
    }
}

#[test]
fn merging_changes_the_files_and_no_row_and_killed_it_changes_nothing() {
    let site = story();
    let (before, many) = (rows(site.path()), files(site.path()));
    let dry = site.run(&["--json", "compact", "--dry-run"]).json();
    assert!(dry["files"].as_u64().unwrap() >= 18, "{dry}");
    for point in ["compact.begun", "compact.file", "compact.written", "compact.done"] {
        let killed = copied(site.path());
        let ran = run_with(killed.path(), &[("THROUGHLINE_FAILPOINT", point)], &["--quiet", "compact"]);
        assert_eq!(ran.code, -1, "{point} was passed: {}{}", ran.out, ran.err);
        assert_eq!(run_in(killed.path(), &["--quiet", "link"]).code, 0, "{point}");
        verified(killed.path(), point);
        assert_eq!(rows(killed.path()), before, "{point}");
        assert_eq!(files(killed.path()) < many, point == "compact.done", "{point}");
    }
    let done = site.run(&["compact"]);
    assert!(done.code == 0 && done.out.contains("of the same"), "{}{}", done.out, done.err);
    // The next verb that writes removes the old files; until then whoever reads them reads on.
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    assert_eq!(rows(site.path()), before);
    assert!(files(site.path()) < many / 4, "{} of {many}", files(site.path()));
    verified(site.path(), "merged");
    let again = site.run(&["--json", "pull", "--full"]).json();
    for source in again["sources"].as_array().unwrap() {
        assert_eq!(source["accepted"], 0, "{source}");
    }
}
