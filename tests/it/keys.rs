//! Keys as a person at the command line has them: made, checked, split, and replaced; killed on the way.
use crate::{
    audit::{give, me, with_roles},
    site::{Ran, TestSite, column_text, lake_rows, run_in, run_with, walk},
};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use throughline::{
    catalog::{Catalog, FileKind},
    conform::{UpnCheck, check_upn},
    privacy::Key,
};

const CONNECTOR: &str = r#"
name = "visits"
title = "Visits"
kind = "file"
confirmed = "made for the test"
[file]
format = "csv"
name = "{term}-{n}.csv"
[[feed]]
name = "visits"
mode = "snapshot"
scope = ["term"]
[feed.person]
key = "identity"
[feed.identity]
upn = { from = ["UPN"] }
surname = { from = ["Surname"] }
forename = { from = ["Forename"] }
birth_date = { from = ["DOB"], dates = ["%Y-%m-%d"] }
[[feed.rows]]
entity = "placement"
[feed.rows.columns]
establishment_id = { const = "AP07" }
starts_on = { from = ["Start"], dates = ["%Y-%m-%d"] }
hours_per_week = { from = ["Hours"] }
"#;

/// A pupil number that nobody has.
pub fn upn(serial: u32) -> String {
    let rest = format!("998{:04}{:02}{:03}", 1 + serial / 1_000, 14, serial % 1_000);
    let letters = "ABCDEFGHJKLMNPQRTUVWXYZ".chars();
    let mut numbered = letters.map(|letter| format!("{letter}{rest}"));
    numbered.find(|upn| check_upn(upn) == UpnCheck::Permanent).unwrap()
}

/// Two sources under a demonstration's key, so that failpoints are heeded; pulled three times, so that rows changed and
/// went; linked.
pub fn story(learners: u32) -> TestSite {
    let site = TestSite::new();
    write_key(&site.path().join("key"), &Key::for_demo(3));
    let folder = site.path().join("definitions/connectors");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("visits.toml"), CONNECTOR).unwrap();
    for name in ["office", "annex"] {
        site.source(name, "visits", "");
        site.inbox(name);
    }
    configure(&site, "key_file = \"key\"");
    for at in 0..3 {
        for name in ["office", "annex"] {
            lay(&site, name, learners, at);
        }
        let ran = site.run(&["--quiet", "pull"]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    }
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    site
}

fn lay(site: &TestSite, source: &str, learners: u32, at: u32) {
    let mut text = "UPN,Surname,Forename,DOB,Start,Hours\n".to_owned();
    for who in 0..learners {
        if at > 0 && who % 7 == at {
            continue;
        }
        let hours = if who % 5 == 0 { 5 + at } else { 5 };
        let day = who % 28 + 1;
        text.push_str(&format!("{},Archer{who},Kai,2010-03-{day:02},2025-09-01,{hours}\n", upn(who)));
    }
    fs::write(site.inbox(source).join("autumn-1.csv"), text).unwrap();
    let one = "UPN,Surname,Forename,DOB,Start,Hours\n,Baker,Zoe,2010-04-01,2026-01-05,9\n";
    fs::write(site.inbox(source).join("spring-1.csv"), one).unwrap();
}

fn write_key(path: &Path, key: &Key) {
    let _ = fs::remove_file(path);
    fs::write(path, &*key.to_bytes()).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Writes the configuration with another line for the key.
fn configure(site: &TestSite, key: &str) {
    let demo = "[demo]\nestate = \"inbox\"\nseed = 3\nlearners = 300\n";
    site.configure_with("2026-03-31", &format!("definitions = \"definitions\"\n{demo}"));
    name_key(site.path(), key);
}

fn name_key(dir: &Path, key: &str) {
    let file = dir.join("throughline.toml");
    let text = fs::read_to_string(&file).unwrap();
    let lines = text.lines().map(|line| if line.starts_with("key_file") { key } else { line });
    fs::write(&file, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

pub fn copied(from: &Path) -> TempDir {
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

/// Every id in the lake, the links and the catalog.
fn ids(data: &Path) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for batch in lake_rows(data, "placement") {
        for at in 0..batch.num_rows() {
            let names = ["subject_id", "row_key", "scope_id", "document_id"];
            ids.extend(names.map(|name| column_text(&batch, name, at)));
        }
    }
    for batch in lake_rows(data, "learner_link") {
        for at in 0..batch.num_rows() {
            ids.extend(["subject_id", "learner_id"].map(|name| column_text(&batch, name, at)));
        }
    }
    ids
}

/// What the lake says, whoever it is about: each row with how many rows its learner has.
pub fn said(data: &Path) -> Vec<String> {
    let mut learner_of = std::collections::BTreeMap::new();
    for batch in lake_rows(data, "learner_link") {
        for at in 0..batch.num_rows() {
            learner_of.insert(column_text(&batch, "subject_id", at), column_text(&batch, "learner_id", at));
        }
    }
    let mut by_learner = std::collections::BTreeMap::<String, Vec<String>>::new();
    let names =
        ["source", "feed", "commit_seq", "part", "row_number", "tombstone", "starts_on", "hours_per_week"];
    for batch in lake_rows(data, "placement") {
        for at in 0..batch.num_rows() {
            let learner = &learner_of[&column_text(&batch, "subject_id", at)];
            let row = names.map(|name| column_text(&batch, name, at)).join(" ");
            by_learner.entry(learner.clone()).or_default().push(row);
        }
    }
    let mut said: Vec<String> = by_learner
        .into_values()
        .map(|mut rows| {
            rows.sort();
            rows.join(" | ")
        })
        .collect();
    said.sort();
    said
}

/// Nothing that lies under a folder holds one of these ids, as bytes or in hex.
fn holds_none(folder: &Path, gone: &BTreeSet<String>) {
    let bytes = |id: &String| -> Vec<u8> {
        (0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()).collect()
    };
    let raw: BTreeSet<Vec<u8>> = gone.iter().filter(|id| id.len() == 32).map(bytes).collect();
    assert!(raw.len() > 20, "there is something to look for");
    let hex: BTreeSet<&[u8]> = gone.iter().map(String::as_bytes).collect();
    let mut files = Vec::new();
    walk(folder, &mut files);
    for file in files {
        let content = fs::read(&file).unwrap();
        assert!(!content.array_windows::<16>().any(|at| raw.contains(&at[..])), "{}", file.display());
        assert!(!content.array_windows::<32>().any(|at| hex.contains(&at[..])), "{}", file.display());
    }
}

fn accepted(ran: &Ran) -> u64 {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    ran.json()["sources"].as_array().unwrap().iter().map(|source| source["accepted"].as_u64().unwrap()).sum()
}

fn rotate(dir: &Path) -> Ran {
    run_in(dir, &["--json", "key", "rotate", "--new", "new-key", "--reason", "yearly, ticket 7"])
}

#[test]
fn attack_03_a_new_key_changes_every_pseudonym_and_no_count() {
    let site = story(60);
    write_key(&site.path().join("new-key"), &Key::for_demo(4));
    let (before, rows) = (ids(&site.data()), said(&site.data()));
    assert!(rows.len() > 50 && rows.iter().any(|row| row.contains("true")), "some rows are gone");
    let done = rotate(site.path());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let done = done.json();
    assert_eq!(
        (&done["unmatched"], &done["without_identity"], &done["scrubbed"]),
        (&0.into(), &0.into(), &true.into())
    );
    let old = site.run(&["pull"]);
    assert_eq!(old.code, 2, "{}", old.out);
    assert!(old.err.contains("not the key") && old.err.contains("key rotate"), "{}", old.err);
    name_key(site.path(), "key_file = \"new-key\"");
    // The key is called by its fingerprint in the audit, people are not.
    let after = ids(&site.data());
    assert_eq!(
        (before.len(), before.intersection(&after).count()),
        (after.len(), usize::from(before.contains("")))
    );
    holds_none(&site.data(), &before.iter().filter(|id| !id.is_empty()).cloned().collect());
    assert_eq!(said(&site.data()), rows, "learner by learner");
    assert_eq!(site.run(&["--json", "verify"]).json()["flaws"].as_array().unwrap().len(), 0);
    assert_eq!(accepted(&site.run(&["--json", "pull"])), 0);
    assert_eq!(accepted(&site.run(&["--json", "pull", "--full"])), 0);
    assert_eq!(said(&site.data()), rows);
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    assert_eq!(said(&site.data()), rows, "linked anew, everybody is who they were");
    assert_eq!(site.run(&["--quiet", "audit", "verify"]).code, 0);
    let audit = site.run(&["--json", "audit", "--verb", "key rotate"]).json();
    let noted = audit["entries"].as_array().unwrap().last().unwrap();
    assert_eq!((&noted["role"], &noted["people"]), (&"approver".into(), &done["subjects"]));
}

/// A release of before keeps its pseudonyms and says of which key they are; the next one counts the same.
#[cfg(feature = "warehouse")]
#[test]
fn the_next_release_counts_the_same() {
    let site = story(60);
    write_key(&site.path().join("new-key"), &Key::for_demo(4));
    let release = || {
        let ran = site.run(&["--json", "release"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.json()
    };
    let counts = |release: &serde_json::Value| -> Vec<(String, u64)> {
        let tables = release["build"]["tables"].as_array().unwrap();
        let count = |table: &serde_json::Value| {
            (table["table"].as_str().unwrap().to_owned(), table["rows"].as_u64().unwrap())
        };
        tables.iter().map(count).collect()
    };
    let before = release();
    assert_eq!(rotate(site.path()).code, 0);
    name_key(site.path(), "key_file = \"new-key\"");
    let after = release();
    assert_eq!(counts(&before), counts(&after));
    let key_of = |release: &serde_json::Value| {
        let folder = site.data().join("releases").join(release["id"].as_str().unwrap());
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        manifest["provenance"]["key_fingerprint"].as_str().unwrap().to_owned()
    };
    assert_eq!(key_of(&before), Key::for_demo(3).fingerprint());
    assert_eq!(key_of(&after), Key::for_demo(4).fingerprint());
    assert_eq!(site.run(&["--json", "verify"]).json()["flaws"].as_array().unwrap().len(), 0);
}

#[test]
fn killed_at_any_step_the_lake_is_wholly_of_the_old_key_or_wholly_of_the_new() {
    let site = story(20);
    write_key(&site.path().join("new-key"), &Key::for_demo(4));
    let (before, rows) = (ids(&site.data()), said(&site.data()));
    for point in [
        "rotate.begun",
        "rotate.file",
        "rotate.file:4",
        "rotate.source",
        "rotate.source:2",
        "rotate.written",
        "rotate.done",
        "rotate.scrubbed",
        "rotate.removed",
    ] {
        let killed = copied(site.path());
        let dir = killed.path();
        let arguments = ["--quiet", "key", "rotate", "--new", "new-key", "--reason", "yearly"];
        let ran = run_with(dir, &[("THROUGHLINE_FAILPOINT", point)], &arguments);
        assert_eq!(ran.code, -1, "{point} was passed: {}{}", ran.out, ran.err);
        let is_new = matches!(point, "rotate.done" | "rotate.scrubbed" | "rotate.removed");
        let (right, wrong) = if is_new { ("new-key", "key") } else { ("key", "new-key") };
        name_key(dir, &format!("key_file = \"{wrong}\""));
        assert_eq!(run_in(dir, &["--quiet", "link"]).code, 2, "{point}: the other key opens nothing");
        name_key(dir, &format!("key_file = \"{right}\""));
        // Another verb clears away what nothing names.
        assert_eq!(run_in(dir, &["--quiet", "expire"]).code, 0, "{point}");
        assert_eq!(
            run_in(dir, &["--json", "verify"]).json()["flaws"].as_array().unwrap().len(),
            0,
            "{point}"
        );
        let data = dir.join("data");
        assert_eq!(said(&data), rows, "{point}");
        if is_new {
            holds_none(&data, &before.iter().filter(|id| !id.is_empty()).cloned().collect());
        } else {
            assert_eq!(ids(&data), before, "{point}");
            assert_eq!(rotate(dir).code, 0, "{point}: done again");
            name_key(dir, "key_file = \"new-key\"");
        }
        assert_eq!(accepted(&run_in(dir, &["--json", "pull"])), 0, "{point}");
        assert_eq!(said(&data), rows, "{point}");
    }
}

#[test]
fn a_key_is_made_once_checked_and_split_into_two_hands() {
    let site = with_roles(&["approver"]);
    let made = site.run(&["--json", "key", "new", "fresh"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let mode = fs::metadata(site.path().join("fresh")).unwrap().permissions().mode() & 0o777;
    let bytes = fs::read(site.path().join("fresh")).unwrap();
    assert_eq!((mode, bytes.len()), (0o600, 32));
    let again = site.run(&["key", "new", "fresh"]);
    assert!(again.code == 2 && again.err.contains("there already"), "{}", again.err);
    assert_eq!(fs::read(site.path().join("fresh")).unwrap(), bytes);
    assert_eq!(site.run(&["--quiet", "status"]).code, 0);
    let whole = site.run(&["--json", "key", "check"]).json();
    assert_eq!((&whole["custody"], &whole["real"]), (&"one file".into(), &true.into()));
    assert_eq!(whole["lake"], whole["fingerprint"]);
    // Two halves open what the whole opened; each alone, damaged, doubled or of another split opens nothing.
    assert_eq!(site.run(&["key", "split", "a", "a"]).code, 2);
    let split = site.run(&["key", "split", "a", "b"]);
    assert!(
        split.code == 0 && split.out.contains("key_files = [\"a\", \"b\"]"),
        "{}{}",
        split.out,
        split.err
    );
    assert_eq!(site.run(&["key", "split", "c", "d"]).code, 0);
    name_key(site.path(), "key_files = [\"b\", \"a\"]");
    let halved = site.run(&["--json", "key", "check"]).json();
    assert_eq!((&halved["custody"], &halved["fingerprint"]), (&"two halves".into(), &whole["fingerprint"]));
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    let refused = |line: &str, word: &str| {
        name_key(site.path(), line);
        for arguments in [&["key", "check"][..], &["link"], &["check"]] {
            let ran = site.run(arguments);
            assert!(ran.code == 2 && ran.err.contains(word), "{line} {arguments:?}: {}{}", ran.out, ran.err);
        }
    };
    refused("key_file = \"a\"", "one half");
    refused("key_files = [\"a\", \"a\"]", "same half");
    refused("key_files = [\"a\", \"d\"]", "not of one key");
    refused("key_files = [\"a\", \"key\"]", "is no half");
    refused("key_files = [\"a\"]", "two files");
    refused("key_files = [\"a\", \"missing\"]", "cannot be read");
    let half = fs::read(site.path().join("a")).unwrap();
    fs::write(site.path().join("a"), &half[..40]).unwrap();
    refused("key_files = [\"a\", \"b\"]", "damaged");
    fs::write(site.path().join("a"), &half).unwrap();
    fs::set_permissions(site.path().join("a"), fs::Permissions::from_mode(0o640)).unwrap();
    refused("key_files = [\"a\", \"b\"]", "chmod 600");
    fs::set_permissions(site.path().join("a"), fs::Permissions::from_mode(0o600)).unwrap();
    name_key(site.path(), "key_files = [\"a\", \"b\"]");
    assert_eq!(site.run(&["key", "join", "joined"]).code, 0);
    let key = |name: &str| fs::read(site.path().join(name)).unwrap();
    assert_eq!(key("joined"), key("key"));
}

#[test]
fn attack_32_no_single_role_both_changes_keys_and_reads_identities() {
    use throughline::config::Role;
    assert!(Role::ALL.iter().all(|role| !(role.changes_keys() && role.sees_identities())));
    let site = with_roles(&[]);
    assert_eq!(site.run(&["key", "new", "other"]).code, 0, "a key that opens nothing");
    for role in Role::ALL {
        give(&site, &[role.word()]);
        let verbs: [&[&str]; 4] = [
            &["key", "split", "a", "b"],
            &["key", "study", "one", "--to", "study"],
            &["audit"],
            &["key", "rotate", "--new", "other", "--reason", "ticket 7"],
        ];
        for verb in verbs {
            let may = if verb[0] == "key" { role.changes_keys() } else { role == Role::Auditor };
            let ran = site.run(verb);
            assert_eq!(ran.code == 5, !may, "{} {verb:?}: {}{}", role.word(), ran.out, ran.err);
        }
        if role.changes_keys() {
            fs::rename(site.path().join("other"), site.path().join("key")).unwrap();
            assert_eq!(site.run(&["key", "new", "other"]).code, 0);
            for made in ["a", "b", "study"] {
                fs::remove_file(site.path().join(made)).unwrap();
            }
        } else {
            assert!(!site.path().join("a").exists() && !site.path().join("study").exists());
        }
    }
    // One person may hold two roles; the check says who does.
    give(&site, &["approver", "rights"]);
    let told = site.run(&["check"]).out;
    assert!(told.contains(&format!("{} may both change keys and see identities", me())), "{told}");
}

#[test]
fn a_study_key_is_of_its_study_alone_and_opens_no_lake() {
    let site = with_roles(&["approver"]);
    for (name, file) in [("one", "one-key"), ("two", "two-key"), ("one", "one-again")] {
        assert_eq!(site.run(&["key", "study", name, "--to", file]).code, 0);
    }
    assert_eq!(site.run(&["key", "study", "../x", "--to", "x"]).code, 2);
    let bytes = |file: &str| fs::read(site.path().join(file)).unwrap();
    assert_eq!(bytes("one-key"), bytes("one-again"));
    assert_ne!(bytes("one-key"), bytes("two-key"));
    name_key(site.path(), "key_file = \"one-key\"");
    let ran = site.run(&["link"]);
    assert!(ran.code == 2 && ran.err.contains("key of a study"), "{}", ran.err);
    let held: Vec<PathBuf> = Catalog::open(&site.data().join("catalog.sqlite"))
        .unwrap()
        .held_files(FileKind::Lake)
        .unwrap()
        .into_iter()
        .map(|held| held.file.path)
        .collect();
    assert!(held.is_empty());
}

/// Measured by hand in the usual profile: `--ignored --nocapture`.
#[test]
#[ignore = "takes a minute"]
fn deep_ten_million_learners_have_new_pseudonyms_within_a_minute_of_the_processor() {
    use throughline::privacy::Renaming;
    let learners: u32 =
        std::env::var("THROUGHLINE_LEARNERS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_000);
    // Nanoseconds that this thread was at work: the wall clock knows what else the machine does.
    let worked = || -> u64 {
        let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    };
    let old = Key::random().unwrap();
    let new = Key::random().unwrap().after(&old);
    let renaming = Renaming::new(&old, &new);
    let began = worked();
    let mut all = 0_u8;
    for who in 0..learners {
        // As a rotation does for a person of one source who is a learner by themselves: the subject and the learner, as they
        // were and as they will be.
        let key = format!("1\u{1f}H80120{who:07}\u{1f}\u{1f}KAI\u{1f}ARCHER\u{1f}2010-03-31");
        let (was, is) = renaming.subject("office", "", &key);
        all ^= was[0] ^ is[0] ^ renaming.old.learner(&was)[0] ^ renaming.new.learner(&is)[0];
    }
    let seconds = (worked() - began) as f64 / 1e9;
    println!("{learners} learners, four HMACs each: {seconds:.1} s of one core ({all})");
    assert!(seconds < 60.0 * f64::from(learners) / 1e7);
}
