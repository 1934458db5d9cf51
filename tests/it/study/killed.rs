//! Attack 23 with a kill in the middle: what lies about when the power goes while rows are in use.
use super::{ALIKE, done, own_site, study};
use crate::{
    needles::Needles,
    site::{run_in, run_with, walk},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use throughline::catalog::Lock;

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

#[test]
fn attack_23_a_study_that_is_killed_while_its_tables_are_asked_leaves_no_file() {
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
    // The tables that were asked of lay in memory, and went with the process.
    assert_eq!(temporary(site.path()), Vec::<PathBuf>::new());
    done(site.path(), &["study", "release", "struck", "--to", "out"]);
    assert_eq!(temporary(site.path()), Vec::<PathBuf>::new());
}

#[test]
fn attack_23_whichever_verb_comes_next_clears_away_what_a_killed_one_left() {
    let site = own_site();
    let data = site.path().join("data");
    let left = data.join("tmp/duckdb_temp_storage_DEFAULT-0.tmp");
    // Half a release, too, of which nothing says that its like will ever be made again.
    let half = data.join("releases").join(format!(".new-{}", "7".repeat(64)));
    let leave = || {
        fs::create_dir_all(left.parent().unwrap()).unwrap();
        fs::write(&left, "rows that did not fit into memory").unwrap();
        fs::create_dir_all(half.join("parquet")).unwrap();
        fs::write(half.join("parquet/spell.parquet"), "rows").unwrap();
    };
    let verbs: [&[&str]; 4] = [
        &["status"],
        &["report", "cohort"],
        &["query", "select state, count(*) as n from cohort_outcome group by state"],
        &["study", "list"],
    ];
    for verb in verbs {
        leave();
        done(site.path(), verb);
        assert!(!left.exists() && !half.exists(), "{verb:?}");
    }
    // Whoever is at work may need it: a build, which writes, and whoever answers a list, which does not.
    leave();
    let writing = Lock::take(&data, "build", Duration::ZERO, |_| ()).unwrap();
    done(site.path(), &["status"]);
    assert!(left.exists() && half.exists());
    drop(writing);
    let answering = Lock::to_spill(&data).unwrap();
    done(site.path(), &["--quiet", "link"]);
    assert!(left.exists());
    drop(answering);
    done(site.path(), &["status"]);
    assert!(!left.exists());
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
