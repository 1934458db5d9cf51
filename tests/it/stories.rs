//! The stories of `docs/stories` happen as they are written: each page is a terminal, its commands are given to a shell in a folder of
//! its own, and each has to say what the page shows below it.
use crate::console::{blocks, commands, missing};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The program's folder first, then whatever a person at a terminal has.
fn search_path() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_throughline")).parent().unwrap().display().to_string();
    format!("{program}:{}", env::var("PATH").unwrap_or_default())
}

/// Runs a page from its first command to its last; gives how many there were.
fn happens(page: &Path) -> usize {
    let text = fs::read_to_string(page).unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut folder: PathBuf = home.path().to_owned();
    let mut given = 0;
    for (first, lines) in blocks(&text, "console") {
        for shown in commands(first, &lines) {
            let place = format!("{}:{}: {}", page.display(), shown.line, shown.command);
            given += 1;
            if let Some(into) = shown.command.strip_prefix("cd ") {
                folder.push(into);
                assert!(folder.is_dir(), "{place}: no such folder");
                continue;
            }
            let ran = Command::new("sh")
                .args(["-c", &shown.command])
                .current_dir(&folder)
                .env("PATH", search_path())
                .env("HOME", home.path())
                .output()
                .unwrap();
            let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            assert!(ran.status.success(), "{place}: ended with {}\n{out}\n{err}", ran.status);
            let said = format!("{out}{err}");
            if let Some(line) = missing(&shown.output, &said) {
                panic!("{place}: does not say\n{line}\nbut\n{said}");
            }
        }
    }
    given
}

fn story(name: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stories").join(name);
    let given = happens(&page);
    assert!(given >= 5, "{name}: {given} commands are no story");
}

#[test]
fn a_researcher_goes_from_invented_rows_to_a_table() {
    story("researcher.md");
}

#[test]
fn a_governance_lead_gets_the_evidence_and_a_learner_is_forgotten() {
    story("governance.md");
}

#[test]
fn an_operator_kills_a_release_half_way() {
    story("operator.md");
}

/// Every page is told by a test of its name, and the list names every page.
#[test]
fn every_story_is_run_and_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stories");
    let told = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/stories.rs")).unwrap();
    let list = fs::read_to_string(folder.join("README.md")).unwrap();
    for page in fs::read_dir(&folder).unwrap() {
        let name = page.unwrap().file_name().to_string_lossy().into_owned();
        if name != "README.md" {
            assert!(told.contains(&format!("story(\"{name}\")")), "{name} is not run");
            assert!(list.contains(&format!("({name})")), "{name} is not listed");
        }
    }
}

mod the_teller {
    //! It can fail.
    use super::*;

    fn told(page: &str) -> std::thread::Result<usize> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("page.md");
        fs::write(&file, format!("```console\n{page}```\n")).unwrap();
        std::panic::catch_unwind(|| happens(&file))
    }

    #[test]
    fn a_page_that_is_not_what_happens_is_found_out() {
        assert_eq!(told("$ echo one two\none ...\n$ mkdir a\n$ cd a\n$ pwd\n.../a\n").unwrap(), 4);
        assert!(told("$ echo one\ntwo\n").is_err());
        assert!(told("$ false\n").is_err());
        assert!(told("$ cd nowhere\n").is_err());
    }
}
