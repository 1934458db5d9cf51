//! Who looked, when and why: told to the auditor alone, and held against whoever would alter it.
use crate::site::{Ran, TestSite};
use std::{fs, path::Path};

/// A site whose roles are those of whoever runs the test.
pub fn with_roles(roles: &[&str]) -> TestSite {
    let site = TestSite::new();
    give(&site, roles);
    site
}

/// Gives the roles to whoever runs the test.
pub fn give(site: &TestSite, roles: &[&str]) {
    let me = me();
    let lines: String = roles.iter().map(|role| format!("{role} = [\"{me}\"]\n")).collect();
    site.configure_with("2026-03-31", &format!("[roles]\n{lines}"));
}

/// Who runs the test, as the program knows them.
pub fn me() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let mut found = accounts.lines().filter(|line| line.split(':').nth(2) == Some(&uid));
    found.next().map_or_else(|| format!("user {uid}"), |line| line.split(':').next().unwrap().to_owned())
}

/// A chain of at least so many entries: each list that the auditor asks for is one.
fn chained(entries: usize) -> TestSite {
    let site = with_roles(&["auditor"]);
    for _ in 0..entries {
        assert_eq!(site.run(&["audit"]).code, 0);
    }
    site
}

fn verified(site: &TestSite, more: &[&str]) -> Ran {
    site.run(&[&["--json", "audit", "verify"][..], more].concat())
}

#[test]
fn the_auditor_reads_it_and_nobody_else_and_that_they_asked_is_noted() {
    let site = with_roles(&["linkage", "rights", "approver", "caseworker"]);
    let refused = site.run(&["audit"]);
    assert_eq!(refused.code, 5, "{}", refused.out);
    assert!(refused.err.contains("auditor") && refused.out.is_empty(), "{}", refused.err);
    assert_eq!(site.run(&["audit", "export", "taken"]).code, 5);
    assert!(!site.path().join("taken").exists());
    give(&site, &["auditor"]);
    let list = site.run(&["--json", "audit"]).json();
    let told: Vec<(&str, &str, &str)> = list["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let word = |name: &str| entry[name].as_str().unwrap();
            (word("verb"), word("outcome"), word("who"))
        })
        .collect();
    let me = me();
    let expected = [("audit", "refused"), ("audit export", "refused"), ("audit", "done")]
        .map(|(verb, end)| (verb, end, &*me));
    assert_eq!(told, expected, "newest last");
    let some = site.run(&["--json", "audit", "--verb", "audit export", "--since", "2020-01-01"]).json();
    assert_eq!((some["of"].as_u64(), some["entries"].as_array().unwrap().len()), (Some(1), 1));
    assert_eq!(site.run(&["--json", "audit", "--who", "nobody"]).json()["of"], 0);
    let words = site.run(&["audit", "--last", "2"]);
    assert!(words.out.contains("The newest 2 of 6"), "{}", words.out);
    let widest = words.out.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 100, "a window of 100 breaks lines of {widest}: {}", words.out);
    let checked = site.run(&["check"]).out;
    assert!(checked.contains("nobody is linkage, rights, approver, caseworker"), "{checked}");
}

#[test]
fn an_exported_chain_is_checked_without_key_and_data_and_a_head_tells_what_was_cut_off() {
    let site = chained(5);
    assert_eq!(site.run(&["audit", "export", "chain.jsonl"]).code, 0);
    assert_eq!(site.run(&["audit", "export", "chain.jsonl"]).code, 1, "nothing is written over");
    assert_eq!(site.run(&["audit", "head", "--to", "head.json"]).code, 0);
    let here = verified(&site, &["--head", "head.json"]);
    assert_eq!((here.code, &here.json()["head"]), (0, &"signed".into()), "{}", here.out);
    // Elsewhere there is nothing but the two files.
    let elsewhere = tempfile::tempdir().unwrap();
    let away = |arguments: &[&str]| crate::site::run_in(elsewhere.path(), arguments);
    for file in ["chain.jsonl", "head.json"] {
        fs::copy(site.path().join(file), elsewhere.path().join(file)).unwrap();
    }
    let whole = away(&["--json", "audit", "verify", "chain.jsonl"]);
    let text = fs::read_to_string(elsewhere.path().join("chain.jsonl")).unwrap();
    let entries = text.lines().count();
    assert_eq!((whole.code, whole.json()["entries"].as_u64()), (0, Some(entries as u64)), "{}", whole.err);
    let told = away(&["audit", "verify", "chain.jsonl", "--head", "head.json"]);
    assert_eq!(told.code, 1, "the head knows the refused second export, which is later: {}", told.out);
    fs::write(elsewhere.path().join("no"), "{}").unwrap();
    assert_eq!(away(&["audit", "verify", "chain.jsonl", "--head", "no"]).code, 2);
    assert_eq!(away(&["audit", "verify", "nothing"]).code, 1);
    // A head that somebody made up is known where the key is.
    let head = fs::read_to_string(site.path().join("head.json")).unwrap();
    let mut forged: serde_json::Value = serde_json::from_str(&head).unwrap();
    forged["signature"] = "00".repeat(32).into();
    fs::write(site.path().join("forged.json"), forged.to_string()).unwrap();
    let ran = verified(&site, &["--head", "forged.json"]);
    assert_eq!((ran.code, &ran.json()["head"]), (1, &"forged".into()));
}

/// Releases are noted with whoever made, kept and removed them.
#[cfg(feature = "warehouse")]
#[test]
fn what_is_done_with_releases_is_noted() {
    let site = with_roles(&["auditor"]);
    let id = site.run(&["--json", "release"]).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(site.run(&["--quiet", "release"]).code, 0, "the same again is not another");
    assert_eq!(site.run(&["pin", &id, "--reason", "cited by paper 4"]).code, 0);
    assert_eq!(site.run(&["pin", &id, "--remove"]).code, 0);
    let list = site.run(&["--json", "audit"]).json();
    let told: Vec<String> = list["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {}", entry["verb"].as_str().unwrap(), entry["about"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [format!("release {id}"), format!("pin {id}"), format!("pin --remove {id}"), "audit the list".into()]
    );
    assert_eq!(list["entries"][0]["role"], "operator");
    let manifest = site.data().join("releases").join(&id).join("manifest.json");
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    let check = site.run(&["--json", "key", "check"]).json();
    assert_eq!(manifest["provenance"]["key_fingerprint"], check["fingerprint"]);
}

/// What `sqlite3` in the wrong hands could do.
fn in_the_catalog(data: &Path, sql: &str) {
    let catalog = rusqlite::Connection::open(data.join("catalog.sqlite")).unwrap();
    assert!(catalog.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn attack_33_an_altered_dropped_swapped_or_cut_off_entry_is_named() {
    let site = chained(8);
    assert_eq!(site.run(&["audit", "head", "--to", "head.json"]).code, 0);
    assert_eq!(site.run(&["audit", "export", "chain.jsonl"]).code, 0);
    let file = site.path().join("chain.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let found = |lines: &[&str], head: bool| {
        fs::write(&file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        let head: &[&str] = if head { &["--head", "head.json"] } else { &[] };
        let ran = verified(&site, &[&["chain.jsonl"][..], head].concat());
        assert_eq!(ran.code, 1, "{}", ran.out);
        let json = ran.json();
        (json["bad"]["entry"].as_i64().unwrap(), json["bad"]["how"].as_str().unwrap().to_owned())
    };
    let edited = lines[3].replace("\"done\"", "\"dona\"");
    let mut altered = lines.clone();
    altered[3] = &edited;
    assert_eq!(found(&altered, false), (4, "altered".into()));
    let mut dropped = lines.clone();
    dropped.remove(5);
    assert_eq!(found(&dropped, false), (6, "missing".into()));
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    assert_eq!(found(&swapped, false), (2, "missing".into()));
    assert_eq!(found(&lines[..6], true), (7, "cut_off".into()));
    // The same in the catalog itself.
    let bad = |site: &TestSite, head: &[&str]| {
        let ran = verified(site, head);
        assert_eq!(ran.code, 1, "{}", ran.out);
        ran.json()["bad"]["entry"].as_i64().unwrap()
    };
    in_the_catalog(&site.data(), "UPDATE audit SET who = 'nobody' WHERE seq = 3");
    assert_eq!(bad(&site, &[]), 3);
    let site = chained(4);
    in_the_catalog(&site.data(), "DELETE FROM audit WHERE seq = 2");
    assert_eq!(bad(&site, &[]), 2);
    let site = chained(4);
    assert_eq!(site.run(&["audit", "head", "--to", "head.json"]).code, 0);
    in_the_catalog(&site.data(), "DELETE FROM audit WHERE seq = 4");
    assert_eq!(verified(&site, &[]).code, 0, "only a head can tell");
    assert_eq!(bad(&site, &["--head", "head.json"]), 4);
}

/// Ten million entries: measured by hand, `--ignored`.
#[test]
#[ignore = "writes three gigabytes and takes a minute"]
fn deep_ten_million_entries_are_followed() {
    use std::{io::Write, time::Instant};
    use throughline::catalog::{AuditEntry, verify_chain};
    let entries: i64 =
        std::env::var("THROUGHLINE_ENTRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chain.jsonl");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    let mut previous = "0".repeat(64);
    for seq in 1..=entries {
        let mut entry = AuditEntry {
            seq,
            at: "2026-11-28T10:00:00Z".into(),
            who: "ann".into(),
            role: "caseworker".into(),
            verb: "resolve".into(),
            purpose: "participation".into(),
            about: format!("case {seq}"),
            people: seq % 40,
            outcome: "done".into(),
            previous,
            digest: String::new(),
        };
        entry.digest = entry.expected();
        serde_json::to_writer(&mut file, &entry).unwrap();
        file.write_all(b"\n").unwrap();
        previous = entry.digest;
    }
    file.flush().unwrap();
    let began = Instant::now();
    let lines = std::io::BufReader::with_capacity(1 << 20, fs::File::open(&path).unwrap());
    assert_eq!(verify_chain(lines, None).unwrap().unwrap().entries, entries);
    println!("{entries} entries, {} bytes: {:?}", fs::metadata(&path).unwrap().len(), began.elapsed());
}
