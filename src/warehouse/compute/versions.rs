//! Holds every function to its version: source that has changed needs another one, or somebody who says that it gives the
//! same answers.
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::super::key::digest_of;
use super::{FUNCTIONS, SOURCES};

const RECORDED: &str = "src/warehouse/compute/versions.csv";

/// What a source computes: its text without tests and without lines that are comments alone.
fn computing(name: &str) -> String {
    let text = SOURCES.iter().find(|(source, _)| *source == name).unwrap().1;
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A function's own source and those that it calls on, each once. What reads and writes tables for all is not among them.
fn behind(function: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let mut left = vec![SOURCES.iter().find(|(name, _)| *name == function).unwrap().0];
    while let Some(name) = left.pop() {
        if found.insert(name) {
            let text = computing(name);
            let called = |other: &str| {
                let word = |c: char| !c.is_alphanumeric() && c != '_';
                text.lines()
                    .filter(|line| line.starts_with("use super::"))
                    .any(|line| line.split(word).any(|part| part == other))
            };
            let more = SOURCES.iter().map(|(other, _)| *other);
            left.extend(more.filter(|other| !["frame", "mod"].contains(other) && called(other)));
        }
    }
    found
}

#[test]
fn every_source_is_part_of_the_key() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/warehouse/compute");
    let stems = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let stems = stems.filter(|path| path.extension().is_some_and(|kind| kind == "rs"));
    let mut stems: Vec<String> =
        stems.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    stems.retain(|stem| stem != "versions");
    stems.sort();
    let named: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
    assert_eq!(stems, named);
}

/// `UPDATE_VERSIONS=1` records the sources as they are: for a change that gives the same answers, or beside a new version.
#[test]
fn source_that_changed_has_another_version() {
    let mut told = "function,version,source\n".to_owned();
    for function in FUNCTIONS {
        let texts: Vec<String> = behind(function.name).into_iter().map(computing).collect();
        let digest = digest_of(texts.iter().map(String::as_str));
        let _ = writeln!(told, "{},{},{}", function.name, function.version, &digest[..32]);
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    if std::env::var_os("UPDATE_VERSIONS").is_some_and(|value| value == "1") {
        std::fs::write(&file, &told).unwrap();
    }
    let recorded = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        recorded, told,
        "the source of a computed table has changed: give it another version where its answers change (here and in its file in \
         queries/), and record the source in {RECORDED} with UPDATE_VERSIONS=1"
    );
}

#[test]
fn what_a_function_calls_on_is_behind_it() {
    assert_eq!(
        behind("risk_model"),
        BTreeSet::from(["risk_model", "boosted_trees", "logistic", "least_squares"])
    );
    assert!(behind("school_value_added").contains("least_squares"));
}
