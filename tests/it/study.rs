//! Studies, from a question to a table that may be shown, as a researcher, two approvers and a controller go through it.
mod attacks;
mod bound;
mod dummies;
mod gone;
mod killed;
mod labels;
mod real_key;
mod repository;

use crate::{
    end_to_end::Demo,
    site::{Ran, run_in, run_with},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};
use tempfile::TempDir;
use throughline::{
    config,
    pipeline::{self, OpenStudy, Site, StudyFault},
    synth::Identifiers,
};

/// One demonstration for all that only ask.
pub fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| Demo::run(5, 800, Identifiers::Perfect))
}

/// A demonstration that a test may change: its release, catalog and key, copied; links stay links.
pub fn own_site() -> TempDir {
    let to = tempfile::tempdir().unwrap();
    let from = demo().site().join(".");
    let copied = Command::new("cp").arg("-a").arg(&from).arg(to.path()).status().unwrap();
    assert!(copied.success());
    to
}

fn ran(dir: &Path, arguments: &[&str]) -> Ran {
    run_in(dir, arguments)
}

fn done(dir: &Path, arguments: &[&str]) -> Ran {
    let ran = ran(dir, arguments);
    assert_eq!(ran.code, 0, "{arguments:?}\n{}\n{}", ran.out, ran.err);
    ran
}

/// A study in a folder of its own, its text as `new` writes it with other words in it.
pub fn study(dir: &Path, name: &str, changed: &[(&str, &str)]) -> PathBuf {
    let folder = dir.join(name);
    done(dir, &["study", "new", name]);
    let file = folder.join("study.toml");
    let mut text = fs::read_to_string(&file).unwrap();
    for (from, to) in WRITTEN.iter().chain(changed) {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    fs::write(&file, text).unwrap();
    folder
}

/// What a new study leaves to be written.
const WRITTEN: [(&str, &str); 3] = [
    ("<name of the principal investigator>", "Ann Example"),
    ("<university or other body>", "Example University"),
    ("<ethics committee, reference>", "Ethics committee, 2026/7"),
];

/// What makes the first study of few invented learners one that is alike enough.
const ALIKE: [(&str, &str); 3] = [
    ("cohort_ay = [2018, 2019]\nresident = true\nks2_band = \"high\"\n", "present_y6 = true\n"),
    ("columns = [\"cohort_ay\", \"ks2_band\", \"dis_y6\"]", "columns = [\"ks2_band\", \"dis_y6\"]"),
    ("columns = [\"state\", \"visible\", \"ever_ap\"]", "columns = [\"visible\"]"),
];

fn open(dir: &Path, folder: &str) -> (Site, OpenStudy) {
    let settings = config::load(&dir.join("throughline.toml"), &[]).unwrap();
    let site = Site::open(settings).unwrap();
    let open = pipeline::open_study(&site, &dir.join(folder), "current").unwrap();
    (site, open)
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap()
}

/// Learners and rows of a file of an extract, header left out.
fn rows(file: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Story 1: a researcher writes code at home on invented learners, the controller cuts the rows, a table may be shown.
#[test]
fn story_1_a_researcher_goes_from_dummy_data_to_a_released_table() {
    let site = own_site();
    let home = tempfile::tempdir().unwrap();
    // At home there is the program, and no data.
    let folder = study(home.path(), "visible", &ALIKE);
    let checked = done(home.path(), &["study", "check", "visible"]);
    assert!(checked.out.contains("there is no release here"), "{}", checked.out);
    done(home.path(), &["study", "dummy", "visible", "--learners", "500"]);
    let first = python(&folder.join("dummy"));
    assert!(first.is_none_or(|out| out.contains("cohort_member: 500 rows, 500 learners")));

    // The folder goes to the controller; there it is held against the release.
    let copy = crate::keys::copied(&folder);
    let there = copy.path().to_str().unwrap();
    let tried = done(site.path(), &["--json", "study", "run", there]).json();
    assert!(tried["risk"]["learners"].as_u64().unwrap() > 200 && tried["refused"].is_null(), "{tried:#}");
    let early = ran(site.path(), &["study", "release", there, "--to", "out"]);
    assert_eq!(early.code, 2, "nobody has asked for it yet: {}", early.err);
    done(site.path(), &["study", "request", there]);
    let early = ran(site.path(), &["study", "release", there, "--to", "out"]);
    assert!(early.code == 5 && early.err.contains("0 of 1 approvals"), "{}", early.err);
    done(site.path(), &["study", "approve", there]);
    let cut = done(site.path(), &["study", "release", there, "--to", "out"]);
    assert!(cut.out.contains("Approved by one person"), "the release says so: {}", cut.out);

    // The same code runs on the rows; the table that may leave stands apart.
    let out = site.path().join("out");
    let n = tried["risk"]["learners"].as_u64().unwrap();
    let first = python(&out);
    assert!(first.is_none_or(|said| said.contains(&format!("cohort_member: {n} rows, {n} learners"))));
    let table = fs::read_to_string(out.join("released/on_record_by_disadvantage.csv")).unwrap();
    assert!(table.starts_with("dis_y6,visible,learners\n") && table.lines().count() > 2, "{table}");
    assert!(
        fs::read_to_string(out.join("released/on_record_by_disadvantage.meta.json"))
            .unwrap()
            .contains("definition")
    );

    // What was done is in the audit, and the end is certified.
    let list = done(site.path(), &["study", "list"]);
    assert!(list.out.contains("out until 2027-12-31"), "{}", list.out);
    let closed = done(site.path(), &["--json", "study", "close", "visible"]).json();
    assert!(closed["folder_deleted"] == true && !out.exists(), "{closed:#}");
    assert_eq!(ran(site.path(), &["study", "close", "visible"]).code, 2);
    let audit = done(site.path(), &["--json", "audit"]).json();
    let verbs: Vec<&str> =
        audit["entries"].as_array().unwrap().iter().map(|entry| entry["verb"].as_str().unwrap()).collect();
    for verb in ["study request", "study release", "study approve", "study close"] {
        assert!(verbs.contains(&verb), "{verb}: {verbs:?}");
    }
}

/// Runs the quick start of an extract, where there is a Python.
fn python(folder: &Path) -> Option<String> {
    let ran = Command::new("python3").arg("quickstart.py").current_dir(folder).output().ok()?;
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8_lossy(&ran.stdout).into_owned())
}

#[test]
fn two_others_approve_and_neither_wrote_it() {
    let site = own_site();
    let authors = [&ALIKE[..], &[("authors = []", "authors = [\"ann\"]")]].concat();
    let folder = study(site.path(), "two-hands", &authors);
    // Its tables are asked in a process of their own, which a test's is not.
    let text = fs::read_to_string(folder.join("study.toml")).unwrap();
    fs::write(folder.join("study.toml"), text.split("[[outputs]]").next().unwrap()).unwrap();
    let (mut at, open) = open(site.path(), "two-hands");
    at.settings.roles.one_person_may_confirm = false;
    let measured = || pipeline::try_study(&open_again(site.path()), &open).unwrap();
    pipeline::request_study(&mut at, &open, &measured(), "bea").unwrap();
    let refused = |result: Result<(usize, usize), StudyFault>| match result {
        Err(StudyFault::Refused(words)) => words,
        other => panic!("{other:?}"),
    };
    assert!(refused(pipeline::approve_study(&mut at, &open, "ann")).contains("does not approve it"));
    assert!(refused(pipeline::approve_study(&mut at, &open, "bea")).contains("does not approve it"));
    assert_eq!(pipeline::approve_study(&mut at, &open, "cai").unwrap(), (1, 2));
    assert_eq!(pipeline::approve_study(&mut at, &open, "cai").unwrap(), (1, 2), "once is once");
    let early = pipeline::cut_study(&mut at, &open, measured(), "bea", &site.path().join("out"));
    assert!(matches!(early, Err(StudyFault::Refused(words)) if words.contains("1 of 2")));
    assert_eq!(pipeline::approve_study(&mut at, &open, "dee").unwrap(), (2, 2));
    let cut = pipeline::cut_study(&mut at, &open, measured(), "bea", &site.path().join("out")).unwrap();
    assert!(cut.about.approvals_in_words.contains("2 people, none of them its author"));
    let entries = at.catalog.audit(1).unwrap();
    let refusals = entries.iter().filter(|entry| entry.outcome == "refused").count();
    assert_eq!(refusals, 3, "each refusal is noted");
}

fn open_again(dir: &Path) -> Site {
    Site::open(config::load(&dir.join("throughline.toml"), &[]).unwrap()).unwrap()
}

#[test]
fn what_was_approved_is_that_and_nothing_else() {
    let site = own_site();
    let folder = study(site.path(), "changed", &ALIKE);
    done(site.path(), &["study", "request", "changed"]);
    done(site.path(), &["study", "approve", "changed"]);
    let file = folder.join("study.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("[\"visible\"]", "[\"visible\", \"n_gcse\"]")).unwrap();
    let ran = ran(site.path(), &["study", "release", "changed", "--to", "out"]);
    assert!(ran.code == 2 && ran.err.contains("a changed definition is another one"), "{}", ran.err);
}

#[test]
fn everything_wrong_with_a_study_is_told_at_once_with_its_line_and_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    study(
        home.path(),
        "wrong",
        &[
            ("\"dis_y6\"]", "\"sen_y6\", \"postcode\"]"),
            ("name = \"cohort_outcome\"", "name = \"neet_rate\""),
            ("resident = true", "resident = 7\nshoe_size = 4"),
        ],
    );
    let ran = ran(home.path(), &["study", "check", "wrong"]);
    assert_eq!(ran.code, 2);
    for said in [
        "the tier `special`",
        "has no column `postcode`",
        "birth dates, postcodes and free text are in none",
        "has no column `shoe_size`",
        "does not fit `resident`",
        "neet_rate",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert!(ran.err.lines().filter(|line| line.contains("study.toml:")).count() >= 5, "{}", ran.err);
    for (from, to, said) in [
        ("[risk]", "[risk]\ncolour = 1", "colour"),
        ("lawful = [\"Article 6(1)(e)\"]", "lawful = []", "Article 6"),
        ("tiers = [\"ordinary\"]", "tiers = [\"special\"]", "Article 9"),
        ("ends = \"2027-12-31\"", "ends = \"2020-12-31\"", "ends before it starts"),
        ("k = 10", "k = 10\nmost_unique = 0.5", "more learners would be alone"),
        ("approvals = [\"Ethics committee, 2026/7\"]", "approvals = []", "nobody has approved"),
        ("\"Ann Example\"", "\"<name>\"", "`<name>` is what a new study begins with"),
        // Who has rows in a table is told by the table, whichever columns are asked for.
        (
            "name = \"cohort_outcome\"\ncolumns = [\"state\", \"visible\", \"ever_ap\"]",
            "name = \"suspension_learner\"\ncolumns = []",
            "who has rows in `suspension_learner` is of the tier `special`",
        ),
        // A condition tells what it asks of everybody who is in.
        ("resident = true", "sen_y6 = \"plan\"", "the tier `special`"),
        ("resident = true", "learner_id = \"0\"", "no study gets `cohort_member.learner_id`"),
    ] {
        let home = tempfile::tempdir().unwrap();
        study(home.path(), "wrong", &[(from, to)]);
        let ran = run_in(home.path(), &["study", "check", "wrong"]);
        assert!(ran.code == 2 && ran.err.contains(said), "{said}: {}", ran.err);
    }
}

/// A definition is kept whole, comments and SQL too: a number of a child in it is refused by its line and stands nowhere.
#[test]
fn a_definition_that_names_a_child_is_refused_by_its_line_and_kept_nowhere() {
    let site = own_site();
    let number = "H801200001001";
    let comment = format!("[risk]\n# as for {number}");
    study(site.path(), "in-toml", &[&ALIKE[..], &[("[risk]", comment.as_str())]].concat());
    let folder = study(site.path(), "in-sql", &ALIKE);
    let sql = folder.join("tables/on_record_by_disadvantage.sql");
    let text = fs::read_to_string(&sql).unwrap();
    fs::write(&sql, format!("-- as for {number}\n{text}")).unwrap();
    for (name, place) in [("in-toml", "study.toml:"), ("in-sql", "on_record_by_disadvantage.sql:1 ")] {
        for verb in ["run", "request"] {
            let ran = run_in(site.path(), &["study", verb, name]);
            let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(ran.code == 2 && said.contains(place) && said.contains("a pupil number"), "{said}");
            assert!(!said.contains(number) && !ran.out.contains(number));
        }
    }
    let list = done(site.path(), &["--json", "study", "list"]);
    assert!(!list.out.contains(number) && !list.out.contains("in-toml"), "{}", list.out);
}

#[test]
fn too_many_alone_are_refused_with_what_would_do() {
    let site = own_site();
    study(
        site.path(),
        "exact",
        &[
            ALIKE[0],
            (
                "columns = [\"cohort_ay\", \"ks2_band\", \"dis_y6\"]",
                "columns = [\"cohort_ay\", \"ks2_band\"]",
            ),
            (
                "name = \"cohort_outcome\"\ncolumns = [\"state\", \"visible\", \"ever_ap\"]",
                "name = \"spell\"\ncolumns = [\"spell_no\", \"starts_on\", \"ends_on\", \"kind\", \"establishment_id\"]\n\n[[tables]]\nname = \"cohort_outcome\"\ncolumns = [\"visible\"]",
            ),
        ],
    );
    let ran = run_in(site.path(), &["--json", "study", "run", "exact"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.err.contains("What would do"), "{}", ran.err);
    let said = ran.json();
    let proposals = said["proposals"].as_array().unwrap();
    let last = proposals.last().unwrap();
    let learners = said["risk"]["learners"].as_u64().unwrap();
    assert!(last["unique"].as_u64().unwrap() * 20 <= learners, "the last step is enough: {said:#}");
    assert_eq!(run_in(site.path(), &["study", "request", "exact"]).code, 5, "and nobody may even ask for it");
}

#[test]
fn an_open_set_has_nobody_alone() {
    let site = own_site();
    study(site.path(), "open-set", &[&ALIKE[..], &[("set = \"linkable\"", "set = \"open\"")]].concat());
    let ran = run_in(site.path(), &["--json", "study", "run", "open-set"]);
    let risk = &ran.json()["risk"];
    let small = risk["in_small_groups"].as_u64().unwrap();
    assert_eq!(ran.code, if small == 0 { 0 } else { 5 }, "{risk:#}");
    assert!(small == 0 || ran.err.contains("nobody in a small group"), "{}", ran.err);
}

/// With a policy for what leaves, a study's codebook and tables show nobody small, and a purpose that has ended shuts the door.
#[test]
fn what_a_study_publishes_has_passed_the_gate_and_a_purpose_that_ended_shuts_the_door() {
    let site = own_site();
    study(site.path(), "gate", &ALIKE);
    let with = [("THROUGHLINE__DISCLOSURE__POLICY", "published")];
    for verb in [
        &["study", "request", "gate"][..],
        &["study", "approve", "gate"],
        &["study", "release", "gate", "--to", "out"],
    ] {
        let ran = run_with(site.path(), &with, verb);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let book: Value =
        serde_json::from_str(&fs::read_to_string(site.path().join("out/codebook.json")).unwrap()).unwrap();
    let mut seen = 0;
    for table in book["tables"].as_array().unwrap() {
        for column in table["columns"].as_array().unwrap() {
            for count in column["learners_by_value"].as_object().into_iter().flatten() {
                seen += 1;
                assert!(count.1.as_i64().is_none_or(|n| n >= 10 && n % 5 == 0), "{column:#}");
            }
        }
    }
    assert!(seen > 5, "{book:#}");
    // How alike learners are is told by the same gate.
    let page = fs::read_to_string(site.path().join("out/codebook.html")).unwrap();
    let risk = &manifest(&site.path().join("out"))["risk"];
    assert!(page.contains("Alone with it: ") && page.contains("not met"), "{page}");
    for told in ["learners", "unique", "in_small_groups", "smallest"].map(|name| &risk[name]) {
        let is_rounded = told.as_u64().is_some_and(|count| count >= 10 && count % 5 == 0);
        assert!(told == "c" || is_rounded, "{risk:#}");
    }
    assert!(risk["learners"].is_u64(), "{risk:#}");
    // Near, and as a question: nobody who is few is told of.
    for row in rows(&site.path().join("out/released/on_record_by_disadvantage.csv")) {
        assert!(row[2] == "c" || row[2].parse::<u64>().unwrap() >= 10, "{row:?}");
    }
    let about =
        fs::read_to_string(site.path().join("out/released/on_record_by_disadvantage.meta.json")).unwrap();
    assert!(about.contains("No figure is exact"), "{about}");
    // Every table says its release, whom it counts, the thresholds and the day of the data.
    let said: Value = serde_json::from_str(&about).unwrap();
    let of_extract = manifest(&site.path().join("out"));
    for of in [&said, &of_extract] {
        assert_eq!(
            (&of["policy"], &of["threshold"], &of["rounded_to"]),
            (&"published".into(), &10.into(), &5.into())
        );
        assert_eq!(of["population"], "learners of cohort_member of whom present_y6 is true");
        assert!(of["release"].as_str().unwrap().len() == 32 && of["as_of"] == "2026-03-31", "{of:#}");
    }
    let results = fs::read_to_string(site.path().join("out/released/results.json")).unwrap();
    let results: Value = serde_json::from_str(&results).unwrap();
    let one = &results["results"]["on_record_by_disadvantage"];
    let comments = one["comments"].to_string();
    assert!(
        comments.contains("Counted: learners of cohort_member") && comments.contains("Data as at"),
        "{comments}"
    );
    let told: Vec<_> =
        one["outcome"].as_object().unwrap().keys().filter(|name| !name.ends_with("_margin")).collect();
    assert_eq!(told, ["learners", "visible"]);
    let sum = "out/released/checksums/on_record_by_disadvantage.csv.txt";
    assert_eq!(fs::read_to_string(site.path().join(sum)).unwrap().len(), 64);
    let config = fs::read_to_string(site.path().join("throughline.toml")).unwrap();
    assert!(config.contains("\"research\""));
    fs::write(
        site.path().join("throughline.toml"),
        config.replace("\"research\", ", "").replace("\"research\"", "\"participation\""),
    )
    .unwrap();
    let ran = run_in(site.path(), &["study", "run", "gate"]);
    assert!(ran.code == 5 && ran.err.contains("does not serve research"), "{}", ran.err);
}

/// Every value that names a learner or a place.
fn names(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder.join("csv")).unwrap() {
        for row in rows(&entry.unwrap().path()) {
            names.extend(row.into_iter().filter(|cell| cell.starts_with("tl") || cell.starts_with("pl")));
        }
    }
    names
}
