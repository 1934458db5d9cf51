//! Questions to a release: those of the manual are answered, those of the hostile corpus are refused to the last one, and
//! neither leaves anything behind.
mod dealt;
mod functions;
mod locality;
mod of_many;
#[cfg(target_os = "linux")]
mod paused;
mod real;
mod truth;

use crate::{
    end_to_end::Demo,
    site::{Ran, run_in, run_saying, run_with, walk},
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use throughline::{
    catalog::Catalog,
    config,
    pipeline::{self, QueryFault, Question, Site},
    synth::Identifiers,
};

/// One demonstration for all that only ask.
fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| Demo::run(5, 400, Identifiers::Perfect))
}

fn ask(demo: &Demo, arguments: &[&str]) -> Ran {
    run_in(&demo.site(), &[&["--config", "throughline.toml"], arguments].concat())
}

/// The questions of the manual.
fn questions() -> Vec<String> {
    let page = include_str!("../../docs/query.md");
    let blocks = page.split("```sql\n").skip(1);
    blocks.filter_map(|block| block.split("```").next()).map(str::to_owned).collect()
}

/// The statements of the hostile corpus, one a line.
fn hostile(out: &Path, release: &Path) -> Vec<String> {
    let files = [
        include_str!("query/hostile/statements.sql"),
        include_str!("query/hostile/tables.sql"),
        include_str!("query/hostile/rows.sql"),
        include_str!("query/hostile/wording.sql"),
        include_str!("query/hostile/errors.sql"),
        include_str!("query/hostile/bombs.sql"),
    ];
    let lines = files.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with("# "));
    let filled = |line: &str| {
        line.replace("{out}", &out.display().to_string()).replace("{release}", &release.display().to_string())
    };
    lines.map(filled).collect()
}

/// Every file under a folder with its digest.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = Vec::new();
    walk(folder, &mut files);
    files.into_iter().map(|file| (file.clone(), Sha256::digest(fs::read(&file).unwrap()).to_vec())).collect()
}

fn release_of(demo: &Demo) -> PathBuf {
    fs::canonicalize(demo.site().join("data/releases/current")).unwrap()
}

#[test]
fn the_questions_of_the_manual_are_answered() {
    let demo = demo();
    let questions = questions();
    assert!(questions.len() >= 40, "only {} questions", questions.len());
    let mut failed = Vec::new();
    for question in &questions {
        let ran = ask(demo, &["--json", "query", question]);
        // Some tables of a small authority are empty, which is an answer too.
        if ran.code != 0 {
            failed.push(format!("{question}{}", ran.err));
        }
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), questions.len(), failed.join("\n"));
}

/// Attack 18: whatever is no question is refused, and the release is what it was; nothing is written anywhere.
#[test]
fn attack_18_no_statement_of_the_hostile_corpus_passes() {
    let demo = demo();
    let out = tempfile::tempdir().unwrap();
    let release = release_of(demo);
    let before = bytes(&release);
    let statements = hostile(out.path(), &release);
    assert!(statements.len() >= 300, "only {}", statements.len());
    let mut passed = Vec::new();
    {
        let settings = config::load(&demo.site().join("throughline.toml"), &[]).unwrap();
        let mut site = Site::open(settings).unwrap();
        let asked = pipeline::open_release(&site, "current").unwrap();
        for text in &statements {
            let question = Question { who: "eve", purpose: "research", text, spend: 1 };
            match pipeline::query(&mut site, &asked, &question) {
                Err(QueryFault::Refused(refusal)) => {
                    assert!(!refusal.to_string().contains("ZZSECRET"), "{refusal}");
                    // Refused for what it is, and not because something broke on the way.
                    if matches!(refusal.code, "engine" | "copies" | "time" | "memory") {
                        passed.push(format!("{} by {}", text, refusal.code));
                    }
                }
                _ => passed.push(text.clone()),
            }
        }
    }
    assert!(passed.is_empty(), "{} passed:\n{}", passed.len(), passed.join("\n"));
    // As a person would type it, each twentieth: the exit code is the contract.
    for text in statements.iter().step_by(20).filter(|text| !text.starts_with('-')) {
        let ran = ask(demo, &["query", "--", text]);
        assert_eq!(ran.code, 5, "{text}\n{}{}", ran.out, ran.err);
        assert!(ran.out.is_empty(), "{text}\n{}", ran.out);
    }
    assert_eq!(bytes(&release), before, "the release was changed");
    assert!(bytes(out.path()).is_empty(), "something was written: {:?}", bytes(out.path()));
    let entries = Catalog::open(&demo.site().join("data/catalog.sqlite")).unwrap().audit(1).unwrap();
    let noted = entries.iter().filter(|entry| entry.who == "eve" && entry.outcome == "refused").count();
    assert_eq!(noted, statements.len(), "not every question is in the audit");
    assert!(entries.iter().all(|entry| !entry.about.contains("ZZSECRET") && !entry.about.contains("select")));
}

/// Attack 20: whatever fails on a value says which kind of failure it was and never the value; the same for what is written
/// in the statement.
#[test]
fn attack_20_no_error_repeats_a_value() {
    let demo = demo();
    let texts: Vec<&str> =
        include_str!("query/hostile/errors.sql").lines().filter(|line| !line.starts_with("# ")).collect();
    assert!(texts.len() >= 50);
    for text in texts.iter().step_by(3) {
        let ran = ask(demo, &["-vv", "query", text]);
        assert_eq!(ran.code, 5, "{text}\n{}", ran.err);
        for secret in ["ZZSECRET", "Could not convert", "Conversion", "Binder", "Catalog Error", "duckdb"] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{text}\n{}", ran.err);
        }
    }
}

/// Attack 23: a question that wants more memory than there is ends, and leaves no file behind.
#[test]
fn attack_23_nothing_is_spilled() {
    let demo = demo();
    let heavy = "select a.kind, count(*) as n from spell a join spell b using (learner_id) join spell c using (learner_id) \
                 join spell d using (learner_id) group by a.kind";
    let little = [("THROUGHLINE__BUILD__MEMORY_LIMIT", "1MB")];
    let ran = run_with(&demo.site(), &little, &["--config", "throughline.toml", "query", heavy]);
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("MB") || ran.err.contains("memory"), "{}", ran.err);
    let left: Vec<PathBuf> = bytes(&demo.site().join("data/tmp")).into_keys().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_answer_is_written_for_programs_too() {
    let demo = demo();
    let text = "select cohort_ay, count(*) as n from cohort_member group by 1 order by 1 limit 2";
    let csv = ask(demo, &["query", "--csv", text]);
    assert_eq!(csv.code, 0, "{}", csv.err);
    assert!(csv.out.starts_with("cohort_ay,n\n") && csv.out.lines().count() == 3, "{}", csv.out);
    let file = demo.site().join("question.sql");
    fs::write(&file, text).unwrap();
    let parquet = demo.site().join("answer.parquet");
    let ran = ask(demo, &["query", "--file", "question.sql", "--parquet", "answer.parquet"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("cohort_ay"), "{}", ran.out);
    let again = ask(demo, &["query", text, "--parquet", "answer.parquet"]);
    assert_eq!(again.code, 2, "a file that is there is not written over");
    let inside = ask(demo, &["query", text, "--parquet", "data/answer.parquet"]);
    assert_eq!(inside.code, 2, "{}", inside.err);
    assert!(fs::metadata(&parquet).unwrap().len() > 100);
    fs::remove_file(parquet).unwrap();
    for (what, code) in [("\\d", 0), ("\\d cohort_member", 0), ("\\d no_such_table", 2)] {
        assert_eq!(ask(demo, &["query", what]).code, code, "{what}");
    }
    // The words that a column may hold: the schema's own, or those of its list, each with what it means there.
    let told = ask(demo, &["query", "\\d cohort_member"]).out;
    assert!(told.contains(": high, other"), "{told}");
    let told: serde_json::Value =
        serde_json::from_str(&ask(demo, &["--json", "query", "\\d spell"]).out).unwrap();
    let words = told["words"]["legal_basis"].as_array().unwrap();
    assert!(words.iter().any(|word| word["word"] == "ehe_full" && word["label"].is_null()), "{words:?}");
    assert!(words.iter().any(|word| word["word"] == "s19" && word["label"].is_string()), "{words:?}");
}

/// Question after question, over several lines and from a pipe: a refusal does not end it, and the last answer's exit code is the whole's.
#[test]
fn at_the_prompt_one_question_follows_another() {
    let demo = demo();
    let lines = "\\d cohort_member\nselect cohort_ay, count(*) as n\n  from cohort_member\n  group by 1;\nselect * from learner;\n\\spend 0\n\
                 select count(*) as members from cohort_member where resident;\n";
    let prompt = |said: &str| run_saying(&demo.site(), &["--config", "throughline.toml", "query"], said);
    let ran = prompt(lines);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for shown in ["ks2_band", "of many", "cohort_ay", "members"] {
        assert!(ran.out.contains(shown), "{shown}: {}", ran.out);
    }
    for said in ["a star shows whole rows", "\\spend takes a number"] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    // What stands there without its semicolon is asked when there is no more.
    assert!(prompt("select count(*) as members from cohort_member").out.contains("members"));
    assert_eq!(prompt("select * from learner;\n").code, 5);
    assert_eq!(prompt("\\q\nselect * from learner;\n").code, 0);
    assert_eq!(prompt("\\what\n").code, 2);
}

/// A table that does not serve the purpose is not opened, and that is noted.
#[test]
fn a_purpose_is_kept_to() {
    let demo = demo();
    let text = "select band, count(distinct learner_id) as n from risk_score group by band";
    let ran = ask(demo, &["query", text]);
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("risk_score"), "{}", ran.err);
    let ran = ask(demo, &["query", text, "--purpose", "participation"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ask(demo, &["query", text, "--purpose", "curiosity"]).code, 2);
}
