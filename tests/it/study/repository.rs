//! What of a study belongs into git, and what is found there that does not.
use super::{
    ALIKE,
    attacks::{extract, git, run},
    done, manifest, own_site, ran, rows, study,
};
use crate::site::{column_text, lake_rows};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The files that git would take.
fn tracked(folder: &Path) -> Option<BTreeSet<String>> {
    if !git(folder, &["init"]) || !git(folder, &["add", "-A"]) {
        println!("git is not installed: what it takes was not tried");
        return None;
    }
    let listed = Command::new("git").arg("-C").arg(folder).args(["ls-files"]).output().unwrap();
    Some(String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// An extract and dummy data within the study's folder, under any name, and what code makes of them: what `scan` finds git leaves
/// out, and what git takes `scan` finds nothing in.
#[test]
fn what_scan_finds_in_a_studys_folder_git_does_not_take() {
    let site = own_site();
    let folder = study(site.path(), "tidy", &ALIKE);
    extract(site.path(), "tidy", "tidy/cut-in-may");
    done(site.path(), &["study", "dummy", "tidy", "--learners", "50", "--to", "tidy/made-up"]);
    fs::create_dir_all(folder.join("csv")).unwrap();
    let copy = |from: &str, to: &str| {
        fs::copy(folder.join("cut-in-may").join(from), folder.join(to)).unwrap();
    };
    copy("csv/cohort_member.csv", "csv/mine.csv");
    copy("parquet/cohort_member.parquet", "mine.parquet");
    copy("extract.duckdb", "mine.duckdb");
    copy("canaries.txt", "canaries.txt");
    fs::write(folder.join("analysis.py"), "print(1)\n").unwrap();
    let Some(tracked) = tracked(&folder) else { return };
    for taken in ["study.toml", "tables/on_record_by_disadvantage.sql", "analysis.py", ".gitignore"] {
        assert!(tracked.contains(taken), "{taken}: {tracked:?}");
    }
    let released = "cut-in-may/released/on_record_by_disadvantage.csv";
    assert!(tracked.contains(released), "what may leave may be kept: {tracked:?}");
    let (exit, found) = run(site.path(), &folder, &["--no-history"]);
    assert!(exit == 5 && found.len() >= 6, "{found:?}");
    for one in &found {
        let place = one["place"].as_str().unwrap();
        assert!(!tracked.contains(place), "{place} is found by scan and taken by git");
    }
    assert!(!tracked.iter().any(|file| file.starts_with("made-up/")), "{tracked:?}");
    // What git takes, by itself.
    let taken = tempfile::tempdir().unwrap();
    for file in &tracked {
        let to: PathBuf = taken.path().join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(folder.join(file), to).unwrap();
    }
    assert_eq!(run(site.path(), taken.path(), &["--no-history"]), (0, Vec::new()));
}

#[test]
fn a_study_is_called_after_its_folder_or_told_how_it_is_called() {
    let home = tempfile::tempdir().unwrap();
    let told = done(home.path(), &["study", "new", "Bad Name"]);
    let said = told.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("The study is called `bad-name`"), "{said}");
    let text = fs::read_to_string(home.path().join("Bad Name/study.toml")).unwrap();
    assert!(text.contains("name = \"bad-name\""), "{text}");
    let well = done(home.path(), &["study", "new", "well"]);
    assert!(!well.out.contains("is called"), "{}", well.out);
    let again = ran(home.path(), &["study", "new", "well"]);
    assert!(again.code == 2 && again.err.contains("well/study.toml is there already"), "{}", again.err);
    let none = ran(home.path(), &["study", "new", "\u{2026}"]);
    let said = none.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        none.code == 2 && said.contains("no letter from a to z") && said.contains("study new visible"),
        "{said}"
    );
    assert!(!home.path().join("\u{2026}").exists());
}

#[test]
fn a_study_is_closed_by_its_folder_by_its_extracts_or_by_its_name() {
    let site = own_site();
    for (name, typed) in [("by-folder", "Of Mine/by-folder"), ("by-extract", "out"), ("by-name", "by-name")] {
        let folder = study(site.path(), name, &ALIKE);
        let out = extract(site.path(), name, "out");
        if typed.contains('/') {
            fs::create_dir_all(site.path().join("Of Mine")).unwrap();
            fs::rename(&folder, site.path().join(typed)).unwrap();
        } else if typed == name {
            // By its name alone: its folder is elsewhere.
            fs::remove_dir_all(&folder).unwrap();
        }
        let closed = done(site.path(), &["--json", "study", "close", typed]).json();
        assert!(closed["study"] == name && closed["folder_deleted"] == true, "{closed:#}");
        assert!(!out.exists());
    }
    // In the study's own folder nothing needs to be typed.
    let folder = study(site.path(), "here", &ALIKE);
    extract(site.path(), "here", "out");
    let config = site.path().join("throughline.toml");
    let closed = done(&folder, &["--config", config.to_str().unwrap(), "--json", "study", "close"]).json();
    assert!(closed["study"] == "here" && closed["folder_deleted"] == true, "{closed:#}");
    let nothing = ran(site.path(), &["study", "close"]);
    assert!(nothing.code == 2 && nothing.err.contains("no study is in that folder"), "{}", nothing.err);
}

/// Attack 35, by somebody who shortens what they commit, or writes it another way; and a repository full of git's own digits.
#[test]
fn attack_35_shortened_and_altered_pseudonyms_are_found_and_gits_digits_are_not() {
    let site = own_site();
    study(site.path(), "altered", &ALIKE);
    let out = extract(site.path(), "altered", "out");
    let absent = manifest(&out)["canaries"].to_string();
    let learner = rows(&out.join("csv/cohort_member.csv"))
        .into_iter()
        .map(|row| row[0].clone())
        .find(|learner| !absent.contains(learner.as_str()))
        .unwrap();
    let own = learner[11..].to_owned();
    let subject = column_text(&lake_rows(&site.path().join("data"), "learner_link")[0], "subject_id", 0);
    let code = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(code.path().join(name), text).unwrap();
    // What is no learner's: a lock file, names of versions, other digests, days.
    put("Cargo.lock", "checksum = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"\n");
    put("notes.md", "since aa90024 and e9df1d31c, 20260331, d41d8cd98f00b204e9800998ecf8427e\n");
    assert_eq!(run(site.path(), code.path(), &[]), (0, Vec::new()));
    put("short.md", &format!("the learner {} looks odd\n", &own[..10]));
    put("cut.md", &format!("the learner {}... looks odd\n", &learner[..16]));
    put("capitals.csv", &format!("id\n{}\n", own.to_uppercase()));
    put("dashes.csv", &format!("id\n{}-{}-{}\n", &own[..8], &own[8..12], &own[12..]));
    put("packed.json", &format!("{{\"id\": \"{}\"}}\n", base64_of_hex(&own)));
    let (one, two) = subject.split_at(13);
    put("look.ipynb", &format!("{{\"cells\": [{{\"source\": [\"x = '{one}\",\n   \"{two}'\\n\"]}}]}}\n"));
    put("subject.txt", &subject[..12]);
    let (exit, found) = run(site.path(), code.path(), &[]);
    assert_eq!(exit, 5);
    let what = |place: &str| {
        let of: Vec<&str> = found
            .iter()
            .filter(|one| one["place"] == place)
            .map(|one| one["what"].as_str().unwrap())
            .collect();
        of.join(" ")
    };
    for place in ["short.md", "cut.md", "capitals.csv", "dashes.csv", "packed.json"] {
        assert_eq!(what(place), "extract_rows", "{place}: {found:#?}");
    }
    for place in ["look.ipynb", "subject.txt"] {
        assert_eq!(what(place), "lake_ids", "{place}: {found:#?}");
    }
    assert_eq!((what("Cargo.lock"), what("notes.md")), (String::new(), String::new()));
    let told = serde_json::to_string(&found).unwrap();
    assert!(!told.contains(&own[..10]) && !told.contains(&subject[..12]), "no value is repeated: {told}");
    // At home, with the extract's manifest beside its rows.
    let home = tempfile::tempdir().unwrap();
    let by = ["--manifest", out.join("manifest.json").to_str().unwrap()].map(str::to_owned);
    let (exit, found) = run(home.path(), code.path(), &[&by[0], &by[1]]);
    assert_eq!(exit, 5);
    assert!(found.iter().any(|one| one["place"] == "short.md" && one["study"] == "altered"), "{found:#?}");
    assert!(!found.iter().any(|one| one["place"] == "look.ipynb"), "of the lake nobody knows there");
    // A history names its versions by digits, and none of them is anybody.
    for file in
        ["short.md", "cut.md", "capitals.csv", "dashes.csv", "packed.json", "look.ipynb", "subject.txt"]
    {
        fs::remove_file(code.path().join(file)).unwrap();
    }
    if !git(code.path(), &["init"]) {
        println!("git is not installed: history not tried");
        return;
    }
    for at in 0..30 {
        let last =
            Command::new("git").arg("-C").arg(code.path()).args(["rev-parse", "HEAD"]).output().unwrap();
        put("log.md", &format!("{at}\nafter {}\n", String::from_utf8_lossy(&last.stdout)));
        assert!(
            git(code.path(), &["add", "-A"]) && git(code.path(), &["commit", "-m", &format!("step {at}")])
        );
    }
    assert_eq!(run(site.path(), code.path(), &[]), (0, Vec::new()));
}

/// Base64 of the bytes that these digits write.
fn base64_of_hex(digits: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: String = digits.chars().map(|digit| format!("{:04b}", digit.to_digit(16).unwrap())).collect();
    let six = |part: &[u8]| usize::from_str_radix(std::str::from_utf8(part).unwrap(), 2).unwrap();
    assert!(bits.len().is_multiple_of(24), "no padding is needed");
    bits.as_bytes().chunks(6).map(|part| char::from(LETTERS[six(part)])).collect()
}
