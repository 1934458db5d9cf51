//! What somebody does who has extracts: lays two side by side, reads footers, leaves rows in a repository.
use super::{ALIKE, done, manifest, names, own_site, ran, rows, study};
use crate::site::{run_with, walk};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use parquet::file::{
    metadata::RowGroupMetaData,
    reader::{FileReader, SerializedFileReader},
};
use serde_json::Value;
use std::{
    collections::HashMap,
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// Asks, approves and cuts.
pub(super) fn extract(site: &Path, name: &str, to: &str) -> PathBuf {
    done(site, &["study", "request", name]);
    done(site, &["study", "approve", name]);
    done(site, &["study", "release", name, "--to", to]);
    site.join(to)
}

/// An attacker's own matching, that shares no code with ours: one row to a learner, exact on all cells.
fn matched(one: &Path, other: &Path, table: &str) -> (usize, usize) {
    let groups = |folder: &Path| {
        let manifest = manifest(folder);
        let absent: Vec<&str> =
            manifest["canaries"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let mut groups: HashMap<Vec<String>, usize> = HashMap::new();
        let all = rows(&folder.join(format!("csv/{table}.csv")));
        let there: Vec<Vec<String>> =
            all.into_iter().filter(|row| !absent.contains(&row[0].as_str())).collect();
        for row in &there {
            *groups.entry(row[1..].to_vec()).or_default() += 1;
        }
        (groups, there.len())
    };
    let ((one, n), (other, m)) = (groups(one), groups(other));
    let alone = one.iter().filter(|(row, count)| **count == 1 && other.get(*row) == Some(&1)).count();
    (alone, n.min(m))
}

#[test]
fn attack_07_two_extracts_laid_side_by_side_find_few_again_or_are_not_cut() {
    let site = own_site();
    let with = |columns: &str| {
        [
            ALIKE[0],
            ALIKE[1],
            ("columns = [\"state\", \"visible\", \"ever_ap\"]", "columns = [\"visible\"]"),
            ("[[outputs]]", "[[tables]]\nname = \"ks4_result\"\ncolumns = COLUMNS\n\n[[outputs]]"),
        ]
        .map(|(from, to)| (from, to.replace("COLUMNS", columns)))
    };
    let begin = |name: &str, columns: &str| {
        let changed = with(columns);
        let changed: Vec<(&str, &str)> = changed.iter().map(|(from, to)| (*from, to.as_str())).collect();
        study(site.path(), name, &changed)
    };
    // Points to a hundredth of a point: nearly everybody is alone with them, though no single extract tells who.
    begin("points-one", "[\"attainment8\", \"english_maths\"]");
    begin("points-two", "[\"attainment8\", \"english_maths\"]");
    begin(
        "coarse",
        "[\"attainment8\", \"english_maths\"]\ncoarsen = { attainment8 = 50, english_maths = 20 }",
    );
    let one = extract(site.path(), "points-one", "one");
    let refused = ran(site.path(), &["--json", "study", "run", "points-two"]);
    assert_eq!(refused.code, 5, "{}", refused.out);
    assert!(
        refused.err.contains("could be found again in the extract of the study points-one"),
        "{}",
        refused.err
    );
    let told = &refused.json()["linkage"][0];
    let (matched_ours, of) = (told["matched"].as_u64().unwrap(), told["learners"].as_u64().unwrap());
    assert!(matched_ours * 20 > of, "{told:#}");
    // Told less exactly it may be cut, and says how many could be found.
    let coarse = extract(site.path(), "coarse", "coarse-out");
    let said = &manifest(&coarse)["linkage"][0];
    let (found, all) = matched(&one, &coarse, "cohort_member");
    assert!(found * 20 <= all, "{found} of {all}");
    assert!(said["matched"].as_u64().unwrap() * 20 <= said["learners"].as_u64().unwrap(), "{said:#}");
    // And no value that names somebody is in both (attack 6), nor do rows stand in the same order.
    assert!(names(&one).is_disjoint(&names(&coarse)));
    let order = |folder: &Path| {
        rows(&folder.join("csv/cohort_member.csv"))
            .into_iter()
            .map(|row| row[1..].to_vec())
            .collect::<Vec<_>>()
    };
    assert_ne!(order(&one), order(&coarse));
    // Once the other is closed, nothing is laid beside it.
    done(site.path(), &["study", "close", "points-one"]);
    done(site.path(), &["study", "run", "points-two"]);
}

/// The same name is the same pseudonyms: other columns under it would be joined to those that were cut.
#[test]
fn attack_07_other_columns_under_the_same_name_are_refused() {
    let site = own_site();
    let folder = study(site.path(), "twice", &ALIKE);
    extract(site.path(), "twice", "one");
    let file = folder.join("study.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("[\"visible\"]", "[\"n_gcse\"]")).unwrap();
    done(site.path(), &["study", "close", "twice"]);
    let refused = ran(site.path(), &["study", "request", "twice"]);
    assert!(refused.code == 5 && refused.err.contains("another name"), "{}", refused.err);
    // A longer time changes no row, and is asked for and approved anew.
    fs::write(&file, text.replace("2027-12-31", "2028-12-31")).unwrap();
    extract(site.path(), "twice", "two");
}

/// Two requests of one name, both approved before either was cut: what holds for asking holds for cutting.
#[test]
fn attack_07_of_two_pending_requests_of_one_name_the_second_is_refused() {
    let site = own_site();
    let folder = study(site.path(), "twice", &ALIKE);
    let file = folder.join("study.toml");
    let text = fs::read_to_string(&file).unwrap();
    let other = text.replace("[\"visible\"]", "[\"n_gcse\"]");
    assert_ne!(text, other);
    for definition in [&other, &text] {
        fs::write(&file, definition).unwrap();
        done(site.path(), &["study", "request", "twice"]);
        done(site.path(), &["study", "approve", "twice"]);
    }
    done(site.path(), &["study", "release", "twice", "--to", "one"]);
    fs::write(&file, other).unwrap();
    let refused = ran(site.path(), &["study", "release", "twice", "--to", "two"]);
    assert!(refused.code == 5 && refused.err.contains("another name"), "{}", refused.err);
    assert!(!site.path().join("two").exists());
}

/// A study of where learners were, that is alike enough.
fn with_places() -> [(&'static str, &'static str); 3] {
    let tables = "name = \"spell\"\ncolumns = [\"establishment_id\"]\n\n[[tables]]\nname = \"cohort_outcome\"\ncolumns = [\"visible\"]";
    [
        ALIKE[0],
        ALIKE[1],
        ("name = \"cohort_outcome\"\ncolumns = [\"state\", \"visible\", \"ever_ap\"]", tables),
    ]
}

#[test]
fn attack_30_a_place_of_few_learners_has_no_pseudonym_of_its_own() {
    let site = own_site();
    study(site.path(), "places", &with_places());
    let out = extract(site.path(), "places", "out");
    let absent = manifest(&out)["canaries"].to_string();
    let mut at: HashMap<String, std::collections::BTreeSet<String>> = HashMap::new();
    for row in rows(&out.join("csv/spell.csv")) {
        if !absent.contains(&row[0]) && !row[1].is_empty() {
            at.entry(row[1].clone()).or_default().insert(row[0].clone());
        }
    }
    let few = at.iter().filter(|(place, _)| place.ends_with("_few")).count();
    assert!(at.len() > 3 && few == 1, "{:?}", at.keys());
    for (place, learners) in at.iter().filter(|(place, _)| !place.ends_with("_few")) {
        assert!(learners.len() >= 10, "{place}: {}", learners.len());
    }
}

/// Which places are put together hangs on everybody who is there: no table of real learners goes by place.
#[test]
fn attack_30_no_table_of_a_study_goes_by_place() {
    let site = own_site();
    let folder = study(site.path(), "by-place", &with_places());
    let sql = "select establishment_id, count(*) as n from spell group by establishment_id";
    fs::write(folder.join("tables/on_record_by_disadvantage.sql"), sql).unwrap();
    let with = [("THROUGHLINE__DISCLOSURE__POLICY", "published")];
    for verb in ["request", "approve"] {
        let ran = run_with(site.path(), &with, &["study", verb, "by-place"]);
        assert_eq!(ran.code, 0, "{verb}: {}", ran.err);
    }
    let ran = run_with(site.path(), &with, &["study", "release", "by-place", "--to", "out"]);
    assert!(ran.code == 5 && ran.err.contains("establishment_id"), "{} {}", ran.code, ran.err);
    assert!(!site.path().join("out").exists());
}

#[test]
fn attack_28_a_footer_says_nothing_of_the_rows() {
    let site = own_site();
    study(site.path(), "footers", &ALIKE);
    let out = extract(site.path(), "footers", "out");
    let mut files = Vec::new();
    walk(&out, &mut files);
    let parquet: Vec<&PathBuf> =
        files.iter().filter(|file| file.extension().is_some_and(|end| end == "parquet")).collect();
    assert_eq!(parquet.len(), 2);
    for file in parquet {
        let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
        let meta = reader.metadata();
        assert!(meta.file_metadata().key_value_metadata().is_none_or(Vec::is_empty), "{}", file.display());
        assert_eq!(meta.file_metadata().created_by(), Some("throughline"));
        for column in meta.row_groups().iter().flat_map(RowGroupMetaData::columns) {
            assert!(column.statistics().is_none() && column.bloom_filter_offset().is_none(), "{column:?}");
        }
    }
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            !name.contains("tl") || !name.contains('_') || name.len() < 36,
            "no file is named after anybody: {name}"
        );
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o077, 0, "{name} is open to others");
    }
    // The register is not to be opened without its key; ids of the lake have no least and greatest.
    let mut register = Vec::new();
    walk(&site.path().join("data/identity"), &mut register);
    assert!(!register.is_empty());
    for file in register {
        assert!(SerializedFileReader::new(File::open(&file).unwrap()).is_err(), "{}", file.display());
    }
    let mut lake = Vec::new();
    walk(&site.path().join("data/lake"), &mut lake);
    for file in lake.iter().take(40) {
        let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
        for column in reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
            let path = column.column_path().string();
            assert!(
                !path.ends_with("_id") || path == "establishment_id" || column.statistics().is_none(),
                "{path}"
            );
        }
    }
}

pub(super) fn git(folder: &Path, arguments: &[&str]) -> bool {
    let identity =
        ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"];
    Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(identity)
        .args(arguments)
        .output()
        .is_ok_and(|ran| ran.status.success())
}

#[test]
fn attack_35_rows_in_a_repository_are_found_in_files_notebooks_and_history_and_name_their_study() {
    let site = own_site();
    study(site.path(), "leaky", &ALIKE);
    let out = extract(site.path(), "leaky", "out");
    let said = manifest(&out);
    let learner = rows(&out.join("csv/cohort_member.csv"))[5][0].clone();
    let canary = said["canaries"][0].as_str().unwrap().to_owned();
    let code = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(code.path().join(name), bytes).unwrap();
    put("analysis.py", b"import csv\nprint(len(rows))  # 1 of 10\n");
    let clean = run(site.path(), code.path(), &[]);
    assert_eq!((clean.0, clean.1.len()), (0, 0));
    // An extract as it was cut, a notebook's output, an R object, a workbook, a column of pupil numbers.
    fs::copy(out.join("parquet/cohort_member.parquet"), code.path().join("rows.parquet")).unwrap();
    let notebook = serde_json::json!({ "cells": [{ "cell_type": "code", "outputs": [{ "text": [format!("0  {learner}  high\n")] }] }] });
    put("look.ipynb", notebook.to_string().as_bytes());
    let mut rds = GzEncoder::new(Vec::new(), Compression::default());
    rds.write_all(
        b"X\n\0\0\0\x03\0\x04\x03\x02\0\x03\x05\0\0\0\0\x05UTF-8\0\0\0\x10\0\0\0\x01\0\x04\0\x09\0\0\0\x23",
    )
    .unwrap();
    rds.write_all(canary.as_bytes()).unwrap();
    put("model.rds", &rds.finish().unwrap());
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().write_string(3, 2, &learner).unwrap();
    put("table.xlsx", &book.save_to_buffer().unwrap());
    put("notes.csv", b"upn,nhs\nH801200001001,9990000018\n");
    // Text of two bytes a letter, a stream of zlib, names of files and folders; and a PDF, which is said not to be looked into.
    let wide: Vec<u8> = "upn;x\nH801200001001;1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    put("windows.txt", &wide);
    let mut stream = ZlibEncoder::new(Vec::new(), Compression::default());
    stream.write_all(format!("a {canary} b").as_bytes()).unwrap();
    put("cache.z", &stream.finish().unwrap());
    put("letter H801200001001.txt", b"nothing\n");
    fs::create_dir(code.path().join(&learner)).unwrap();
    put(&format!("{learner}/notes.txt"), b"nothing\n");
    put("paper.pdf", b"%PDF-1.7\n1 0 obj\n");
    let (exit, found) = run(site.path(), code.path(), &[]);
    assert_eq!(exit, 5);
    let words = ran(site.path(), &["study", "scan", code.path().to_str().unwrap()]).out;
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Not looked into, or not wholly: 1 file, for it is a PDF"), "{words}");
    for value in [learner.as_str(), canary.as_str(), "H801200001001"] {
        assert!(!words.contains(value), "a value is repeated: {words}");
    }
    for (place, what) in [
        ("windows.txt", "upn"),
        ("cache.z", "canary"),
        ("the name of …", "upn"),
        ("the name of …", "extract_rows"),
        ("rows.parquet", "extract_rows"),
        ("rows.parquet", "canary"),
        ("look.ipynb", "extract_rows"),
        ("model.rds", "canary"),
        ("table.xlsx", "extract_rows"),
        ("notes.csv", "upn"),
        ("notes.csv", "nhs"),
    ] {
        let hit = found.iter().find(|one| one["place"] == place && one["what"] == what);
        let hit = hit.unwrap_or_else(|| panic!("{what} in {place}: {found:#?}"));
        let is_row = what != "upn" && what != "nhs";
        assert!(!is_row || hit["study"] == "leaky", "the study is named: {hit}");
        assert!(!hit.to_string().contains(&learner), "and the value is not repeated");
    }
    // Somebody without the controller's data folder knows the study by its manifest, and without that by its tag.
    let elsewhere = tempfile::tempdir().unwrap();
    let by_manifest =
        run(elsewhere.path(), code.path(), &["--manifest", out.join("manifest.json").to_str().unwrap()]);
    assert!(by_manifest.1.iter().any(|one| one["what"] == "canary" && one["study"] == "leaky"));
    let alone = run(elsewhere.path(), code.path(), &[]);
    let tag = format!("tag {}", said["tag"].as_str().unwrap());
    assert!(
        alone.1.iter().any(|one| one["place"] == "look.ipynb" && one["study"] == tag.as_str()),
        "{alone:?}"
    );
    // What was taken out of the files is still in the history.
    let in_git = git(code.path(), &["init"])
        && git(code.path(), &["add", "-A"])
        && git(code.path(), &["commit", "-m", "first"]);
    if !in_git {
        println!("git is not installed: history not tried");
        return;
    }
    for entry in fs::read_dir(code.path()).unwrap().map(|entry| entry.unwrap()) {
        let (name, path) = (entry.file_name(), entry.path());
        if path.is_dir() && name != ".git" {
            fs::remove_dir_all(path).unwrap();
        } else if path.is_file() && name != "analysis.py" {
            fs::remove_file(path).unwrap();
        }
    }
    assert!(git(code.path(), &["commit", "-a", "-m", "taken out"]) && git(code.path(), &["gc"]));
    let (exit, found) = run(site.path(), code.path(), &[]);
    assert_eq!(exit, 5);
    assert!(
        found.iter().any(|one| one["place"].as_str().unwrap().starts_with("model.rds (in the history")),
        "{found:#?}"
    );
    let names = |one: &&Value| one["place"].as_str().unwrap().contains("folder's names in the history");
    assert!(found.iter().filter(names).any(|one| one["what"] == "upn"), "{found:#?}");
    assert!(found.iter().all(|one| !one.to_string().contains(&learner)), "{found:#?}");
    assert_eq!(run(site.path(), code.path(), &["--no-history"]).0, 0);
    // Dummy data is nobody's.
    done(site.path(), &["study", "dummy", "leaky", "--learners", "50"]);
    let (exit, found) = run(site.path(), &site.path().join("leaky/dummy/csv"), &[]);
    assert_eq!((exit, found.len()), (0, 0), "{found:?}");
}

/// A repository that names a command through a promisor remote, and lacks a version: looked through, nothing of it is run.
#[test]
fn attack_35_a_scanned_repository_runs_nothing_of_its_own() {
    let site = own_site();
    let code = tempfile::tempdir().unwrap();
    fs::write(code.path().join("a.py"), "print(1)\n").unwrap();
    let in_git = git(code.path(), &["init"])
        && git(code.path(), &["add", "-A"])
        && git(code.path(), &["commit", "-m", "first"]);
    if !in_git {
        println!("git is not installed: history not tried");
        return;
    }
    let sign = code.path().join("sign");
    let url = format!("ext::sh -c touch% {}", sign.display());
    for setting in [
        ["core.repositoryformatversion", "1"],
        ["extensions.partialClone", "origin"],
        ["remote.origin.url", &url],
        ["remote.origin.promisor", "true"],
        ["protocol.ext.allow", "always"],
    ] {
        assert!(git(code.path(), &["config", setting[0], setting[1]]));
    }
    // The file's version, taken out: git would ask the remote for it.
    let told = Command::new("git").arg("-C").arg(code.path()).args(["rev-parse", "HEAD:a.py"]).output();
    let id = String::from_utf8(told.unwrap().stdout).unwrap();
    let (begins, ends) = id.trim().split_at(2);
    fs::remove_file(code.path().join(".git/objects").join(begins).join(ends)).unwrap();
    assert_eq!(run(site.path(), code.path(), &[]).0, 4, "what was not read is said");
    assert!(!sign.exists(), "a command of the repository was run");
}

pub(super) fn run(dir: &Path, path: &Path, more: &[&str]) -> (i32, Vec<Value>) {
    let ran = ran(dir, &[&["--json", "study", "scan", path.to_str().unwrap()], more].concat());
    (ran.code, ran.json()["found"].as_array().unwrap().clone())
}
