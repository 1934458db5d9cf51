//! What the README shows is what the program does: its console blocks are run, its configuration is read. (That its
//! links lead somewhere is held for every page in `architecture`.)
use crate::site::run_in;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// One command of a console block, and the output lines shown below it.
#[derive(Debug, PartialEq)]
struct Shown {
    /// The README's line, from 1.
    line: usize,
    command: String,
    output: Vec<String>,
}

/// The fenced blocks of a language, each with the number of its first line.
fn blocks(page: &str, language: &str) -> Vec<(usize, Vec<String>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, usize, Vec<String>)> = None;
    for (at, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(name)) => open = Some((name == language, at + 2, Vec::new())),
            (Some(_), Some(_)) => {
                if let Some((true, first, lines)) = open.take() {
                    blocks.push((first, lines));
                }
            }
            (Some((_, _, lines)), None) => lines.push(line.to_owned()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn commands(first: usize, lines: &[String]) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(command) = line.strip_prefix("$ ") {
            found.push(Shown { line: first + at, command: command.to_owned(), output: Vec::new() });
        } else {
            let shown =
                found.last_mut().unwrap_or_else(|| panic!("README:{}: output of nothing", first + at));
            shown.output.push(line.trim_end().to_owned());
        }
    }
    found
}

/// Whether a line is as shown; `...` stands for anything.
fn is_like(shown: &str, said: &str) -> bool {
    let mut parts = shown.split("...");
    let Some(mut rest) = parts.next().and_then(|start| said.strip_prefix(start)) else { return false };
    for part in parts {
        let found = if part.is_empty() { Some(rest.len()) } else { rest.find(part) };
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

/// The first shown line that the output lacks, in order. A line of `...` alone stands for any lines; without it, lines
/// follow each other directly.
fn missing<'s>(shown: &'s [String], said: &str) -> Option<&'s str> {
    let said: Vec<&str> = said.lines().map(str::trim_end).collect();
    let (mut at, mut may_skip) = (0, false);
    for line in shown {
        if line == "..." {
            may_skip = true;
            continue;
        }
        let reach = if may_skip { said.len() } else { said.len().min(at + 1) };
        match (at..reach).find(|place| is_like(line, said[*place])) {
            Some(place) => at = place + 1,
            None => return Some(line),
        }
        may_skip = false;
    }
    None
}

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
    fn a_line_that_is_not_said_is_missed() {
        let shown = ["one", "...", "three ... x"].map(str::to_owned);
        assert_eq!(missing(&shown, "one\ntwo\nthree and x\n"), None);
        assert_eq!(missing(&shown, "one\ntwo\nthree and y\n"), Some("three ... x"));
        assert_eq!(missing(&shown, "zero\none\nthree 3 x\n"), Some("one"));
        assert_eq!(missing(&["one".into(), "three".into()], "one\ntwo\nthree\n"), Some("three"));
    }

    #[test]
    fn dots_stand_for_anything_and_nothing_else_does() {
        assert!(is_like("a ... c", "a b c") && is_like("... c", "b c") && is_like("a ...", "a b c"));
        assert!(is_like("abc", "abc"));
        assert!(!is_like("abc", "abcd") && !is_like("a ... c", "a b d") && !is_like("a ... c", "a b c d"));
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
