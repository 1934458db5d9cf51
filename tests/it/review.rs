//! What a person sees of linking: the queue, the workbook that goes out and comes back, decisions, and why.
mod book;
mod canary;
mod street;

use crate::site::TestSite;
use book::{edited, pairs, sheets};
use serde_json::Value;
use std::{collections::BTreeSet, fs};
use street::{SECRETS, add_to_provider, street, user};
use throughline::catalog::{AuditEntry, Catalog};

/// The pairs of the queue as the program lists them.
fn queue(site: &TestSite) -> Vec<Value> {
    let ran = site.run(&["--json", "link", "review"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.json()["pairs"].as_array().unwrap().clone()
}

fn audit(site: &TestSite) -> Vec<AuditEntry> {
    Catalog::open(&site.data().join("catalog.sqlite")).unwrap().audit(1).unwrap()
}

/// A pair by its two ids.
fn ids(pair: &Value) -> (String, String) {
    (pair["one"].as_str().unwrap().to_owned(), pair["other"].as_str().unwrap().to_owned())
}

const CODE: &str = "Code (leave as it is)";

fn exported(site: &TestSite, name: &str) -> std::path::PathBuf {
    let ran = site.run(&["link", "review", "--export", name, "--force"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    site.path().join(name)
}

fn imported(site: &TestSite, name: &str) -> (i32, Value) {
    let ran = site.run(&["--json", "link", "review", "--import", name]);
    (ran.code, ran.json())
}

fn refusals(document: &Value) -> Vec<(u64, String)> {
    let refused = document["refused"].as_array().unwrap().iter();
    refused.map(|row| (row["row"].as_u64().unwrap(), row["why"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn the_queue_is_listed_without_identities_and_what_matters_most_comes_first() {
    let site = street();
    let found = queue(&site);
    assert!((6..100).contains(&found.len()), "{found:#?}");
    let text = serde_json::to_string(&found).unwrap().to_uppercase();
    for secret in SECRETS.iter() {
        assert!(!text.contains(secret.as_str()), "{secret}");
    }
    let order = ["contradicted", "overlap", "numbers_joined", "numbers_differ", "rival", "likely", "twins"];
    let places: Vec<(usize, i64)> = found
        .iter()
        .map(|pair| {
            let why = pair["why"].as_str().unwrap();
            let likely = (pair["probability"].as_f64().unwrap() * -10_000.0) as i64;
            (order.iter().position(|word| *word == why).unwrap(), likely)
        })
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    for pair in &found {
        let evidence = &pair["evidence"];
        let bits: f64 =
            evidence["fields"].as_array().unwrap().iter().map(|line| line["bits"].as_f64().unwrap()).sum();
        let sum = evidence["sum_bits"].as_f64().unwrap();
        assert!((bits + evidence["prior_bits"].as_f64().unwrap() - sum).abs() < 0.1, "{pair:#}");
    }
    let limited = site.run(&["--json", "link", "review", "--limit", "2"]).json();
    assert_eq!(limited["pairs"].as_array().unwrap(), &found[..2]);
    assert_eq!(limited["waiting"], found.len());
    assert!(audit(&site).iter().all(|entry| entry.verb == "link review" && entry.outcome == "done"));
}

#[test]
fn a_pupil_number_that_ended_with_a_name_or_an_address_is_never_suggested() {
    let site = street();
    for pair in queue(&site) {
        if pair["evidence"]["pupil_numbers_differ"] == true {
            let level = |field: &str| {
                let lines = pair["evidence"]["fields"].as_array().unwrap();
                lines.iter().find(|line| line["field"] == field).unwrap()["level"].clone()
            };
            assert_eq!((level("surname"), level("postcode")), ("exact".into(), "exact".into()), "{pair:#}");
        }
    }
    // The street has some: a child with a new number at the same address is suggested, one who went away is not.
    let rows = pairs(&exported(&site, "r.xlsx"));
    let with =
        |forename: &str| rows.iter().filter(|row| row.values().any(|text| text.contains(forename))).count();
    assert_eq!(with("RENUMBERA"), 1, "{rows:#?}");
    assert_eq!((with("SHELTERA"), with("ADOPTERA")), (0, 0));
}

#[test]
fn a_workbook_goes_out_is_filled_in_and_comes_back() {
    let site = street();
    let before = queue(&site);
    let file = exported(&site, "review.xlsx");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let rows = pairs(&file);
    assert_eq!(rows.len(), before.len());
    let first = &rows[0];
    for header in
        ["Surname, A", "Surname, B", "Surname: agree?", "Evidence", "How likely", "Source, A", "Last said, B"]
    {
        assert!(!first[header].is_empty(), "{header}: {first:#?}");
    }
    assert!(first["Evidence"].contains("before comparing") && first["Evidence"].contains("surname: "));
    assert_eq!(sheets(&file)[0].0, "Read me", "it opens on what explains it");
    edited(
        &file,
        &site.path().join("back.xlsx"),
        &[
            (0, "Decision", "same"),
            (0, "Reason", "asked the school or provider"),
            (1, "Decision", "Different "),
            (1, "Reason", "twins or siblings"),
            (2, "Decision", "not sure"),
        ],
    );
    let (code, done) = imported(&site, "back.xlsx");
    assert_eq!(
        (code, &done["taken"], &done["same"], &done["different"]),
        (0, &2.into(), &1.into(), &1.into())
    );
    assert_eq!(done["left_open"], before.len() - 2);
    let left: BTreeSet<_> = queue(&site).iter().map(ids).collect();
    assert_eq!(left, before[2..].iter().map(ids).collect(), "what is decided waits no more");
    // Again: nothing changes.
    let held = audit(&site).len();
    let (code, again) = imported(&site, "back.xlsx");
    assert_eq!((code, &again["taken"], &again["as_before"]), (0, &0.into(), &2.into()));
    let list = site.run(&["--json", "link", "review", "--list"]).json();
    let decisions = list["decisions"].as_array().unwrap();
    assert_eq!(decisions.len(), 2, "{decisions:#?}");
    assert_eq!(ids(&decisions[0]), ids(&before[0]));
    assert_eq!((&decisions[0]["verdict"], &decisions[0]["in_force"]), (&"same".into(), &true.into()));
    assert_eq!(
        (&decisions[1]["verdict"], &decisions[1]["reason"]),
        (&"different".into(), &"twins or siblings".into())
    );
    assert_eq!(decisions[0]["who"], user());
    let noted = audit(&site);
    assert_eq!(noted.len(), held + 2, "the second import and the list are in the audit as well");
    assert!(noted.iter().any(|entry| entry.about == "workbook, taken: 2, refused: 0" && entry.people == 4));
}

#[test]
fn a_decision_is_taken_back_by_who_says_why() {
    let site = street();
    let (one, other) = ids(&queue(&site)[0]);
    let file = exported(&site, "a.xlsx");
    edited(
        &file,
        &site.path().join("b.xlsx"),
        &[(0, "Decision", "same"), (0, "Reason", "asked the school or provider")],
    );
    assert_eq!(imported(&site, "b.xlsx").0, 0);
    let short = |id: &str| id[..8].to_owned();
    let back = |reason: &str| {
        site.run(&["link", "review", "--withdraw", &short(&other), &short(&one), "--reason", reason])
    };
    assert_eq!(back("born 10/03/2010").code, 2, "a reason says why without saying who");
    assert_eq!(back("the school was wrong").code, 0);
    assert_eq!(back("the school was wrong").code, 2, "it is taken back already");
    assert_eq!(ids(&queue(&site)[0]), (one, other), "it waits again");
    let list = site.run(&["link", "review", "--list"]).out;
    assert!(list.contains("withdrawn") && list.contains("the school was wrong"), "{list}");
    // The old workbook knows nothing of that: its word is not taken again.
    let (code, stale) = imported(&site, "b.xlsx");
    assert_eq!((code, refusals(&stale)), (1, vec![(2, "decided_since".to_owned())]));
}

#[test]
fn a_row_is_taken_for_what_it_was_or_refused() {
    let site = street();
    let file = exported(&site, "review.xlsx");
    let rows = pairs(&file);
    let code_of_second = rows[1][CODE].clone();
    // One code in 256 begins with two noughts.
    let begins = if rows[3][CODE].starts_with("00") { "11" } else { "00" };
    let altered = format!("{begins}{}", &rows[3][CODE][2..]);
    edited(
        &file,
        &site.path().join("b.xlsx"),
        &[
            // A cell that was shown says something else now.
            (0, "Decision", "same"),
            (0, "Reason", "slip of typing"),
            (0, "Surname, A", "SOMEBODYELSE"),
            // A code that was moved to another row.
            (2, "Decision", "same"),
            (2, "Reason", "slip of typing"),
            (2, CODE, &code_of_second),
            // A code that was altered.
            (3, "Decision", "different"),
            (3, "Reason", "slip of typing"),
            (3, CODE, &altered),
            // No decision of ours; no reason; a reason that names somebody.
            (4, "Decision", "perhaps"),
            (5, "Decision", "same"),
            (1, "Decision", "same"),
            (1, "Reason", "born 10/03/2010"),
        ],
    );
    let (code, done) = imported(&site, "b.xlsx");
    let expected =
        ["cells_changed", "reason_names", "cells_changed", "foreign", "not_a_decision", "no_reason"];
    let expected: Vec<(u64, String)> =
        expected.iter().zip(2..).map(|(why, row)| (row, (*why).to_owned())).collect();
    assert_eq!((code, refusals(&done)), (1, expected));
    assert_eq!(queue(&site).len(), rows.len(), "nothing was decided");
    // Sorted, with a column of one's own beside it, a row is still what it was.
    edited(
        &file,
        &site.path().join("c.xlsx"),
        &[(0, "Decision", "same"), (0, "Reason", "slip of typing"), (0, "No.", "999")],
    );
    assert_eq!(imported(&site, "c.xlsx").1["taken"], 1);
}

#[test]
fn the_same_two_with_both_decisions_are_neither() {
    let site = street();
    let file = exported(&site, "review.xlsx");
    let rows = pairs(&file);
    let cells: Vec<(usize, &str, &str)> =
        rows[0].iter().map(|(title, text)| (1, title.as_str(), text.as_str())).collect();
    let copied = site.path().join("copied.xlsx");
    edited(&file, &copied, &cells);
    let decided =
        [(0, "Decision", "same"), (0, "Reason", "x y"), (1, "Decision", "different"), (1, "Reason", "x y")];
    edited(&copied, &site.path().join("both.xlsx"), &decided);
    let (code, done) = imported(&site, "both.xlsx");
    assert_eq!((code, done["taken"].as_u64()), (1, Some(0)));
    assert_eq!(refusals(&done), [(2, "two_decisions".to_owned()), (3, "two_decisions".to_owned())]);
    let decided =
        [(0, "Decision", "same"), (0, "Reason", "x y"), (1, "Decision", "same"), (1, "Reason", "x y")];
    edited(&copied, &site.path().join("twice.xlsx"), &decided);
    let (code, done) = imported(&site, "twice.xlsx");
    assert_eq!((code, &done["taken"], &done["as_before"]), (0, &1.into(), &1.into()));
}

#[test]
fn a_workbook_of_another_folder_or_of_before_is_told_apart() {
    let (site, other) = (street(), street());
    let decide = [(0, "Decision", "same"), (0, "Reason", "slip of typing")];
    let file = exported(&site, "review.xlsx");
    edited(&file, &other.path().join("foreign.xlsx"), &decide);
    let (code, done) = imported(&other, "foreign.xlsx");
    assert_eq!((code, refusals(&done)), (1, vec![(2, "foreign".to_owned())]), "another key");
    // The same key and people, and another data folder.
    for name in ["key", "throughline.toml"] {
        fs::remove_file(other.path().join(name)).unwrap();
        fs::copy(site.path().join(name), other.path().join(name)).unwrap();
    }
    fs::remove_dir_all(other.data()).unwrap();
    assert_eq!(other.run(&["--quiet", "pull"]).code, 0);
    assert_eq!(other.run(&["--quiet", "link"]).code, 0);
    let (code, done) = imported(&other, "foreign.xlsx");
    assert_eq!((code, refusals(&done)), (1, vec![(2, "another_folder".to_owned())]));
    // A source says something new of a child.
    add_to_provider(&site);
    assert_eq!(site.run(&["--quiet", "pull"]).code, 0);
    edited(&file, &site.path().join("late.xlsx"), &decide);
    let (code, done) = imported(&site, "late.xlsx");
    assert_eq!((code, refusals(&done)), (1, vec![(2, "said_anew".to_owned())]));
}

#[test]
fn whoever_has_no_role_sees_nothing_and_is_noted() {
    let site = street();
    let pair = ids(&queue(&site)[0]);
    exported(&site, "mine.xlsx");
    let config = fs::read_to_string(site.path().join("throughline.toml")).unwrap();
    fs::write(site.path().join("throughline.toml"), config.replace(&user(), "somebody-else")).unwrap();
    let before = audit(&site).len();
    let asked: [&[&str]; 6] = [
        &["--json", "link", "review"],
        &["link", "review", "--export", "r.xlsx"],
        &["link", "review", "--import", "mine.xlsx"],
        &["link", "review", "--list"],
        &["link", "review", "--withdraw", &pair.0, &pair.1, "--reason", "none"],
        &["link", "explain", &pair.0, &pair.1, "--show"],
    ];
    for arguments in asked {
        let ran = site.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains("role"), "{}", ran.err);
    }
    assert!(!site.path().join("r.xlsx").exists());
    let noted = audit(&site);
    assert_eq!(noted.len(), before + asked.len());
    assert!(noted[before..].iter().all(|entry| entry.outcome == "refused" && entry.people == 0));
}

#[test]
fn names_are_for_a_terminal_or_the_place_that_was_named() {
    let site = street();
    let ran = site.run(&["link", "review"]);
    assert!(ran.code == 2 && ran.out.is_empty() && ran.err.contains("--export"), "{}", ran.err);
    for place in ["data/r.xlsx", "inbox/provider/r.xlsx", "definitions/r.xlsx", "nowhere/r.xlsx", "r.csv"] {
        let ran = site.run(&["link", "review", "--export", place]);
        assert!(ran.code == 2 && !site.path().join(place).exists(), "{place}: {}", ran.err);
        assert!(ran.err.contains("--export"), "{}", ran.err);
    }
    exported(&site, "r.xlsx");
    assert_eq!(site.run(&["link", "review", "--export", "r.xlsx"]).code, 2, "it is there already");
}

#[test]
fn why_two_are_one_is_said_in_words_and_weights() {
    let site = street();
    let (one, other) = ids(&queue(&site)[0]);
    let said = site.run(&["link", "explain", &one[..10], &other]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("Two learners") && said.out.contains("before comparing"), "{}", said.out);
    for secret in SECRETS.iter() {
        assert!(!said.out.to_uppercase().contains(secret.as_str()), "{secret}: {}", said.out);
    }
    let shown = site.run(&["link", "explain", &one, &other, "--show"]).out;
    assert!(
        shown.contains("Surname") && SECRETS.iter().any(|secret| shown.contains(secret.as_str())),
        "{shown}"
    );
    assert!(shown.lines().all(|line| line.chars().count() <= 110), "{shown}");
    let document = site.run(&["--json", "link", "explain", &one, &other, "--show"]);
    for secret in SECRETS.iter() {
        assert!(
            !document.out.to_uppercase().contains(secret.as_str()),
            "a document holds no value: {secret}"
        );
    }
    // One learner: all of its joins.
    let pair = &document.json()["pairs"][0];
    let learner = pair["one"]["learner"].as_str().unwrap();
    let joins = site.run(&["--json", "link", "explain", learner]).json();
    assert!(joins["pairs"].as_array().unwrap().iter().all(|pair| pair["one"]["learner"] == learner));
    let joined = street::of_two(&site);
    let joins = site.run(&["--json", "link", "explain", &joined]).json();
    assert_eq!(joins["pairs"].as_array().unwrap().len(), 1, "{joins:#}");
    assert_eq!(joins["pairs"][0]["joined"], "upn", "{joins:#}");
    let noted = audit(&site);
    let last = noted.last().unwrap();
    assert_eq!((last.verb.as_str(), last.people), ("link explain", 2));
    assert!(last.about.contains(&joined[..8]) && !last.about.contains(&joined), "{last:?}");
    for unknown in ["ffffffffffff", "abc", "Archer Kai", "zzzzzzzz"] {
        let ran = site.run(&["link", "explain", unknown]);
        assert!(ran.code == 2 && !ran.err.contains(unknown), "{}", ran.err);
    }
}

#[test]
fn a_sample_is_drawn_across_the_bands_and_what_is_found_is_counted() {
    let site = street();
    let draw = |size: &str| site.run(&["--json", "link", "review", "--sample", size]).json();
    let drawn = draw("12");
    let found = drawn["pairs"].as_array().unwrap();
    assert_eq!(found.len(), 12);
    assert!(found.iter().all(|pair| pair["standing"] == "joined" && pair["why"] == "sample"));
    let bands: BTreeSet<&str> = found.iter().map(|pair| pair["band"].as_str().unwrap()).collect();
    assert!(bands.len() >= 2, "{bands:?}");
    assert_eq!(draw("12"), drawn, "the same draw");
    let ids_of =
        |document: &Value| document["pairs"].as_array().unwrap().iter().map(ids).collect::<BTreeSet<_>>();
    assert!(ids_of(&draw("20")).is_superset(&ids_of(&drawn)));
    let ran = site.run(&["link", "review", "--sample", "12", "--export", "s.xlsx"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let decide: Vec<(usize, &str, &str)> = (0..12)
        .flat_map(|row| {
            let decision = if row == 4 { "different" } else { "same" };
            [(row, "Decision", decision), (row, "Reason", "numbers and names agree")]
        })
        .collect();
    edited(&site.path().join("s.xlsx"), &site.path().join("t.xlsx"), &decide);
    assert_eq!(imported(&site, "t.xlsx").1["taken"], 12);
    let list = site.run(&["--json", "link", "review", "--list"]).json();
    let sum = |name: &str| {
        list["sample"].as_array().unwrap().iter().map(|band| band[name].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((sum("looked_at"), sum("right"), sum("drawn")), (12, 11, 20));
    assert!(sum("joined") > 100);
    assert_eq!(draw("12")["pairs"].as_array().unwrap().len(), 0, "all of it is decided");
}

#[test]
fn what_was_decided_holds_from_the_next_link_on() {
    let site = street();
    let before = queue(&site);
    let (same, different) = (ids(&before[0]), ids(&before[1]));
    let file = exported(&site, "review.xlsx");
    let reason = "asked the school or provider";
    let decide =
        [(0, "Decision", "same"), (0, "Reason", reason), (1, "Decision", "different"), (1, "Reason", reason)];
    edited(&file, &site.path().join("b.xlsx"), &decide);
    assert_eq!(imported(&site, "b.xlsx").0, 0);
    let learners = |(one, other): &(String, String)| {
        let pair = site.run(&["--json", "link", "explain", one, other]).json()["pairs"][0].clone();
        (pair["one"]["learner"] == pair["other"]["learner"], pair["joined"].as_str().unwrap().to_owned())
    };
    for _ in 0..2 {
        assert_eq!(site.run(&["--quiet", "link"]).code, 0);
        assert_eq!(learners(&same), (true, "by_decision".to_owned()));
        assert_eq!(learners(&different), (false, "apart_by_decision".to_owned()));
    }
    let ran =
        site.run(&["link", "review", "--withdraw", &same.0, &same.1, "--reason", "the school was wrong"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    assert!(!learners(&same).0, "taken back, they are what the evidence says");
}
