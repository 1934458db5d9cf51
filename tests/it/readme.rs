//! What the README shows is what the program does: its console blocks are run, its configuration is read. (That its
//! links lead somewhere is held for every page in `architecture`.)
use crate::{
    console::{Shown, blocks, commands, missing},
    site::run_in,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The arguments of the program, where a command is one of it.
fn arguments(command: &str) -> Option<Vec<&str>> {
    let rest =
        command.strip_prefix("cargo run --release -- ").or_else(|| command.strip_prefix("throughline "))?;
    Some(rest.split_whitespace().collect())
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// Runs one command; what it says is compared when anything is shown of it.
fn holds(shown: &Shown, folder: &Path) -> Result<(), String> {
    let place = format!("README:{}: {}", shown.line, shown.command);
    let Some(arguments) = arguments(&shown.command) else {
        return Err(format!("{place}: not a command of ours"));
    };
    let ran = run_in(folder, &arguments);
    if ran.code != 0 {
        return Err(format!("{place}: ended with {}\n{}", ran.code, ran.err));
    }
    match missing(&shown.output, &ran.out) {
        Some(line) => Err(format!("{place}: does not say\n{line}\nbut\n{}", ran.out)),
        None => Ok(()),
    }
}

/// The demonstration is made once, at its full size: so the figures that are shown are the figures that it gives.
#[test]
fn what_the_readme_shows_is_what_happens() {
    let dir = tempfile::tempdir().unwrap();
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    let mut broken = Vec::new();
    let mut done: Vec<String> = Vec::new();
    for (first, lines) in blocks(&readme(), "console") {
        let mut folder = dir.path().to_owned();
        for shown in commands(first, &lines) {
            if let Some(into) = shown.command.strip_prefix("cd ") {
                folder.push(into);
                assert!(folder.is_dir(), "README:{}: no folder {into}", shown.line);
            } else if shown.command.starts_with("cargo test") {
                // This very run. The script that every change must pass has to run the same.
                assert!(ci.contains(&shown.command), "README:{}: not what .ci/run does", shown.line);
            } else if shown.output.is_empty() && done.is_empty() {
                // The demo is named first and shown later: once is enough.
                assert!(arguments(&shown.command).is_some(), "README:{}: not a command of ours", shown.line);
            } else if let Err(words) = holds(&shown, &folder) {
                broken.push(words);
            } else {
                done.push(shown.command);
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
    assert!(done.len() >= 6, "too few commands were run: {done:?}");
}

#[test]
fn the_configuration_that_the_readme_shows_is_read() {
    let shown = blocks(&readme(), "toml");
    assert!(!shown.is_empty());
    for (line, block) in shown {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(run_in(dir.path(), &["init", "."]).code, 0);
        let file = dir.path().join("throughline.toml");
        let made = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{made}\n{}\n", block.join("\n"))).unwrap();
        for inbox in block.iter().filter_map(|line| line.strip_prefix("inbox = \"")) {
            fs::create_dir_all(dir.path().join(inbox.split('"').next().unwrap())).unwrap();
        }
        let checked = run_in(dir.path(), &["check"]);
        assert_eq!(checked.code, 0, "README:{line}: {}", checked.err);
        assert!(checked.out.contains("(1 source"), "README:{line}: {}", checked.out);
    }
}

mod the_reader {
    //! It can fail.
    use super::*;

    const PAGE: &str =
        "# A\n```text\n$ not this\n```\n```console\n$ throughline a b\none\n...\nthree ... x\n$ cd c\n```\n";

    #[test]
    fn commands_are_found_with_their_lines() {
        let found = blocks(PAGE, "console");
        let shown = commands(found[0].0, &found[0].1);
        assert_eq!(found.len(), 1);
        assert_eq!((shown[0].line, shown[1].line), (6, 10));
        assert_eq!(arguments(&shown[0].command), Some(vec!["a", "b"]));
        assert_eq!(arguments(&shown[1].command), None);
        assert_eq!(shown[0].output, ["one", "...", "three ... x"]);
    }

    #[test]
    fn a_command_that_fails_is_not_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let shown = |command: &str| Shown { line: 1, command: command.into(), output: Vec::new() };
        assert!(holds(&shown("throughline status"), dir.path()).is_err());
        assert!(holds(&shown("rm -r data"), dir.path()).is_err());
        assert!(holds(&shown("throughline --version"), dir.path()).is_ok());
    }
}
