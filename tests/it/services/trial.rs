//! What only tries: `pull --dry-run`, `check --connect`, and `pull --since`, which asks again and never less.
use super::{Council, FEED, data, student};
use std::{collections::BTreeSet, fs, path::Path};
use throughline::pipeline::SourceOutcome;

const SINCE: &str = r#"since = { param = "after", format = "%Y-%m-%d", overlap_hours = 1, sweep_days = 30 }"#;

fn council() -> Council {
    let council = Council::new("paging = { kind = \"single\" }", &FEED.replace("SINCE", SINCE));
    council.answers.date(3);
    council.answers.say("/students", data(&[student(1, ""), student(2, ""), student(3, "")]));
    council
}

/// Every file below the data folder but the catalog's own.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.to_string_lossy().contains("catalog.sqlite") {
            found.insert(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_dry_run_says_what_would_come_and_leaves_everything_as_it_was() {
    let council = council();
    assert_eq!(council.pull(), SourceOutcome::Published);
    let (before, runs) = (files(&council.site.data()), council.site.run(&["--json", "runs"]).out);
    council
        .answers
        .say("/students", data(&[student(1, ""), student(4, ""), r#"{"id":"5","surname":"S5"}"#.to_owned()]));
    let tried = council.site.run(&["--json", "pull", "--dry-run"]);
    assert_eq!(tried.code, 0, "{}{}", tried.out, tried.err);
    let source = &tried.json()["sources"][0];
    let number = |name: &str| source[name].as_u64().unwrap();
    assert_eq!(source["outcome"], "tried");
    assert_eq!([number("read"), number("accepted"), number("unchanged"), number("set_aside")], [3, 1, 1, 1]);
    assert_eq!(source["places"][0]["column"], "starts_on");
    assert_eq!(council.years(), ["1", "2", "3"]);
    assert_eq!(files(&council.site.data()), before, "no file is left behind");
    assert_eq!(council.site.run(&["--json", "runs"]).out, runs, "nor a run");
    let after = council.answers.asked().pop().unwrap();
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.answers.asked(), [after], "the cursor had not moved");
    assert_eq!(council.years(), ["1", "2", "3", "4"]);
}

#[test]
fn a_dry_run_says_that_a_guard_would_hold_it() {
    let council = council();
    assert_eq!(council.pull(), SourceOutcome::Published);
    council.answers.say("/students", data(&[student(1, "")]));
    let tried = council.site.run(&["pull", "--full", "--dry-run"]);
    assert_eq!(tried.code, 3, "{}{}", tried.out, tried.err);
    assert!(tried.out.contains("would be held"), "{}", tried.out);
    assert_eq!(council.years(), ["1", "2", "3"]);
    assert_eq!(council.pull(), SourceOutcome::Published, "nothing waits for a decision");
}

#[test]
fn connecting_reads_one_page_of_each_feed_and_keeps_nothing() {
    let council = Council::new(
        "paging = { kind = \"page\", param = \"page\", size_param = \"size\", size = 2, first = 1 }",
        &FEED.replace("SINCE", ""),
    );
    council.answers.say("/students", data(&[student(1, ""), r#"{"id":"2","surname":"S2"}"#.to_owned()]));
    let checked = council.site.run(&["--json", "check", "--connect"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    assert_eq!(council.answers.asked().len(), 1, "the next page is not asked for");
    let source = &checked.json()["connected"]["sources"][0];
    assert_eq!([&source["read"], &source["set_aside"]], [2, 1]);
    assert!(
        files(&council.site.data())
            .iter()
            .all(|file| !file.contains("/lake/") && !file.contains("/identity/"))
    );
    assert_eq!(council.site.run(&["--json", "runs"]).json()["runs"].as_array().map(Vec::len), Some(0));
    council.answers.once("/students", "401 No\r\nx: y");
    let refused = council.site.run(&["check", "--connect"]);
    assert_eq!(refused.code, 1, "{}{}", refused.out, refused.err);
    assert!(refused.out.contains("401"), "{}", refused.out);
}

#[test]
fn since_asks_again_from_a_day_and_never_leaves_out_what_is_due() {
    let council = council();
    assert_eq!(council.pull(), SourceOutcome::Published);
    council.answers.asked();
    let day = |ago: i64| (chrono::Utc::now() - chrono::TimeDelta::days(ago)).format("%Y-%m-%d").to_string();
    let asked_from = |ago: i64| {
        let ran = council.site.run(&["pull", "--since", &day(ago)]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        council.answers.asked().pop().unwrap()
    };
    // An hour before midnight is the day before.
    assert_eq!(asked_from(10), format!("/students?after={}", day(11)));
    let due = asked_from(0);
    assert!(
        due.starts_with("/students?after=") && due.as_str() <= format!("/students?after={}", day(3)).as_str()
    );
    assert_eq!(council.site.run(&["pull", "--since", "soon"]).code, 2);
}
