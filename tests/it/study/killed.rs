//! Attack 23 with a kill in the middle: what lies about when the power goes while rows are in use.
use super::{ALIKE, done, own_site, study};
use crate::{
    needles::Needles,
    site::{column_text, lake_rows, run_in, run_with, walk},
};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// The files in the folder for temporary ones.
fn temporary(site: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    walk(&site.join("data/tmp"), &mut files);
    files
}

/// Numbers of pupils as the estate's sheets have them.
fn numbers(site: &Path) -> Needles {
    let mut needles = Needles::default();
    let mut files = Vec::new();
    walk(&site.join("estate/council"), &mut files);
    let mut numbers = BTreeSet::new();
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        let is_number = |word: &&str| {
            word.len() == 13
                && word.as_bytes()[0].is_ascii_uppercase()
                && word[1..12].bytes().all(|b| b.is_ascii_digit())
        };
        numbers.extend(
            text.split(|c: char| !c.is_ascii_alphanumeric())
                .filter(is_number)
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        );
    }
    assert!(numbers.len() > 100, "{} pupil numbers", numbers.len());
    numbers.iter().for_each(|number| needles.add(number));
    needles
}

/// The same, and what the lake knows people by.
fn needles(site: &Path) -> Needles {
    let mut needles = numbers(site);
    for batch in lake_rows(&site.join("data"), "learner_link") {
        for at in 0..batch.num_rows().min(300) {
            needles.add(&column_text(&batch, "learner_id", at));
            needles.add(&column_text(&batch, "subject_id", at));
        }
    }
    needles
}

#[test]
fn attack_23_a_study_that_is_killed_while_its_tables_are_asked_leaves_nothing_that_the_next_run_does_not_remove()
 {
    let site = own_site();
    study(site.path(), "struck", &ALIKE);
    done(site.path(), &["study", "request", "struck"]);
    done(site.path(), &["study", "approve", "struck"]);
    let killed = run_with(
        site.path(),
        &[("THROUGHLINE_FAILPOINT", "study.asked")],
        &["study", "release", "struck", "--to", "out"],
    );
    assert_eq!(killed.code, -1, "{}{}", killed.out, killed.err);
    assert!(!site.path().join("out").exists(), "no half of an extract");
    // The tables that were asked of: pseudonyms of this study alone, in a folder that nobody else may open.
    let left = temporary(site.path());
    assert!(!left.is_empty(), "the kill came while they lay there");
    let mut needles = needles(site.path());
    for file in &left {
        for path in [file.as_path(), file.parent().unwrap()] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        }
        needles.search_file(site.path(), file);
    }
    assert!(needles.found().is_empty(), "{:?}", needles.found());
    // Nothing was cut, so nothing is out; and the next that writes clears them away.
    done(site.path(), &["--quiet", "link"]);
    assert_eq!(temporary(site.path()), Vec::<PathBuf>::new());
    done(site.path(), &["study", "release", "struck", "--to", "out"]);
    assert_eq!(temporary(site.path()), Vec::<PathBuf>::new());
}

#[test]
fn attack_23_a_question_that_is_killed_leaves_no_file() {
    let site = own_site();
    let joins: String = ('b'..='f').map(|name| format!(" join spell {name} using (learner_id)")).collect();
    let heavy = format!("select a.kind, count(*) as n from spell a{joins} group by a.kind");
    let data = || {
        let mut files = Vec::new();
        walk(&site.path().join("data"), &mut files);
        files.retain(|file| !file.file_name().unwrap().to_string_lossy().starts_with("catalog.sqlite"));
        files.sort();
        files
    };
    let before = data();
    let mut in_the_middle = 0;
    for wait in [50, 200, 500, 900, 1_400] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_throughline"))
            .current_dir(site.path())
            .args(["query", &heavy])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        in_the_middle += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(data(), before, "killed after {wait} ms");
    }
    assert!(in_the_middle > 0, "no kill came before the end");
}

#[test]
fn attack_23_a_build_that_is_killed_leaves_no_identifier_and_the_next_clears_what_it_left() {
    let site = own_site();
    let mut numbers = numbers(site.path());
    let mut killed = 0;
    for nth in [2, 40] {
        let point = format!("build.table:{nth}");
        let environment =
            [("THROUGHLINE_FAILPOINT", point.as_str()), ("THROUGHLINE__BUILD__MEMORY_LIMIT", "200MB")];
        killed += u32::from(run_with(site.path(), &environment, &["build", "--full"]).code == -1);
        // What was spilled is pseudonymous, as the lake is: it names nobody.
        temporary(site.path()).iter().for_each(|file| numbers.search_file(site.path(), file));
    }
    assert!(numbers.found().is_empty(), "{:?}", numbers.found());
    assert!(killed > 0, "no build was killed");
    let ran = run_in(site.path(), &["--quiet", "build"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(temporary(site.path()), Vec::<PathBuf>::new());
}
