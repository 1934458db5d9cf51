//! The reports: what they say beside the truth, and what they never say.
mod forms;
mod no_ward;
mod screened;
mod shape;
mod six;
mod small_school;
mod stories;
mod truth;

use crate::site::{run_in, run_with};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

use forms::Forms;
pub use truth::agree;

/// The tables of a report.
fn tables(report: &Value) -> impl Iterator<Item = &Value> {
    let sections = report["sections"].as_array().unwrap().iter();
    sections.map(|section| &section["table"]).filter(|table| !table.is_null())
}

/// A table of a report by its name.
fn table<'v>(report: &'v Value, name: &str) -> &'v Value {
    let found = tables(report).find(|table| table["name"] == name);
    found.unwrap_or_else(|| panic!("no table {name}: {report:#}"))
}

/// The rows of a table: key, and figures by the names of their columns.
fn figure(table: &Value, key: &str, column: &str) -> Value {
    let columns = table["columns"].as_array().unwrap();
    let at = columns
        .iter()
        .position(|each| each["name"] == column)
        .unwrap_or_else(|| panic!("no column {column}"));
    let rows = table["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no row {key}: {table:#}"));
    row["figures"][at].clone()
}

/// Every count of people in a document: schools, indicators and indices are none.
fn counts(value: &Value, found: &mut Vec<i64>) {
    match value {
        Value::Object(map) if map.contains_key("columns") && map.contains_key("rows") => {
            let units: Vec<&Value> =
                value["columns"].as_array().unwrap().iter().map(|column| &column["unit"]).collect();
            for row in value["rows"].as_array().unwrap() {
                let figures = row["figures"].as_array().unwrap().iter().zip(&units);
                figures.filter(|(_, unit)| ***unit == "count").for_each(|(figure, _)| counts(figure, found));
            }
        }
        Value::Object(map) => {
            found.extend(map.get("count").and_then(Value::as_i64));
            map.values().for_each(|value| counts(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| counts(value, found)),
        _ => {}
    }
}

/// No place that has a name in a report has fewer than ten learners.
fn named_have_ten(report: &Value) {
    let are_places = |table: &&Value| {
        ["place", "provider", "school", "ward"].iter().any(|name| table["rows_are"][0] == *name)
            && table["columns"][0]["unit"] == "count"
    };
    for row in tables(report).filter(are_places).flat_map(|table| table["rows"].as_array().unwrap()) {
        let is_named = !["others", "hidden", "total"].iter().any(|key| row["key"] == *key);
        assert!(!is_named || row["figures"][0]["count"].as_i64().is_some_and(|n| n >= 10), "{row}");
    }
}

/// A demonstration, and what its reports say under each policy: nobody small is shown, no small place has a name, and
/// the files are fit for whoever reads them.
#[test]
fn under_every_policy_no_report_shows_few_learners_or_names_a_small_place() {
    let dir = tempfile::tempdir().unwrap();
    let made = run_in(dir.path(), &["--quiet", "demo", "--dir", "site", "--learners", "1500", "--seed", "5"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let config = ["--config", "site/throughline.toml"];
    for policy in ["published", "synthetic"] {
        let files = ["--html", "cohort.html", "--xlsx", "cohort.xlsx", "--csv", "cohort", "--force"];
        let verb = [&config[..], &["report", "cohort"], &files].concat();
        let ran = run_with(dir.path(), &[("THROUGHLINE__DISCLOSURE__POLICY", policy)], &verb);
        assert_eq!(ran.code, 0, "{policy}: {}", ran.err);
        let page = fs::read_to_string(dir.path().join("cohort.html")).unwrap();
        shape::is_accessible(&page);
        let json = [&["--json"], &config[..], &["report", "cohort"]].concat();
        let data = run_with(dir.path(), &[("THROUGHLINE__DISCLOSURE__POLICY", policy)], &json).json();
        forms::agree(&Forms {
            data: &data,
            terminal: &ran.out,
            page: &page,
            tidy: &dir.path().join("cohort"),
        });
        shape::is_a_workbook_by_the_rules(&dir.path().join("cohort.xlsx"), &data);
        shape::are_tidy(&dir.path().join("cohort"), &data);
        on_the_cohort_page(&ran.out, &data);
        let states = fs::read_to_string(dir.path().join("cohort/states_at_sixteen.csv")).unwrap();
        assert!(states.contains("not found anywhere") && states.contains("Total"), "{states}");
    }
    for (policy, least) in [("published", 10), ("inside_controller", 5), ("synthetic", 0)] {
        for report in ["neet", "ap", "scorecard", "school", "quality"] {
            let with = [("THROUGHLINE__DISCLOSURE__POLICY", policy)];
            let [html, xlsx, tidy] = ["html", "xlsx", "tidy"].map(|kind| format!("{policy}.{report}.{kind}"));
            let verb = [&config[..], &["report", report]].concat();
            let files = ["--html", &html, "--xlsx", &xlsx, "--csv", &tidy];
            let words = run_with(dir.path(), &with, &[&verb[..], &files[..]].concat());
            assert_eq!(words.code, 0, "{policy} {report}: {}", words.err);
            let json = run_with(dir.path(), &with, &[&["--json"], &verb[..]].concat()).json();
            assert_eq!(json["about"]["policy"], policy);
            let mut shown = Vec::new();
            counts(&json, &mut shown);
            assert!(shown.iter().all(|n| *n == 0 || *n >= least), "{policy} {report}: {shown:?}");
            named_have_ten(&json);
            let page = fs::read_to_string(dir.path().join(&html)).unwrap();
            for text in [&words.out, &page] {
                assert!(!text.to_lowercase().contains("red child"), "{policy}");
                let warns = text.contains("may need support") && text.contains("17%");
                assert!(report != "neet" || warns, "{policy}");
            }
            // What is asked for and no table has is said.
            let not_there = [("neet", "By small area (LSOA): "), ("ap", "Level 3 by provider: ")];
            for (_, said) in not_there.iter().filter(|(of, _)| *of == report) {
                assert!(page.contains(said) && words.out.contains(said), "{report}: {said}");
            }
            shape::is_accessible(&page);
            let tidy_folder = dir.path().join(&tidy);
            forms::agree(&Forms { data: &json, terminal: &words.out, page: &page, tidy: &tidy_folder });
            forms::on_the_terminal(&words.out, &json);
            shape::is_a_workbook_by_the_rules(&dir.path().join(xlsx), &json);
            shape::are_tidy(&dir.path().join(tidy), &json);
        }
    }
    let slips = [
        ["--html", "site/key"],
        ["--xlsx", "site/key"],
        ["--csv", "site/key"],
        // Where it would stay with the data, or be read again.
        ["--html", "site/data/x.html"],
        ["--xlsx", "site/estate/council/x.xlsx"],
        ["--csv", "site/data/new/deeper"],
        ["--csv", "site/estate/ap/harbour/tidy"],
        // What is there already.
        ["--html", "cohort.html"],
        ["--csv", "cohort"],
    ];
    for slip in slips {
        for report in [&["report", "neet"][..], &["report", "cohort"], &["report", "quality"]] {
            let ran = run_in(dir.path(), &[&config[..], report, &slip[..]].concat());
            assert_eq!(ran.code, 2, "{slip:?}: {}", ran.err);
        }
    }
    assert!(!dir.path().join("site/data/new").exists());
    let pack = run_in(dir.path(), &[&config[..], &["evidence", "site/data/pack"]].concat());
    assert!(pack.code == 2 && pack.err.contains("data folder"), "{}", pack.err);
    let over = [&config[..], &["report", "cohort", "--html", "cohort.html", "--force"]].concat();
    assert_eq!(run_in(dir.path(), &over).code, 0);
    let early = run_in(dir.path(), &[&config[..], &["report", "cohort", "--year", "1990"]].concat());
    assert!(early.code == 1 && early.err.contains("there are 20"), "{}", early.err);
}

/// The terminal's own page of a cohort has fewer columns than its files: those that it has say the same.
fn on_the_cohort_page(terminal: &str, data: &Value) {
    let lines: Vec<Vec<&str>> = terminal.lines().map(|line| line.split_whitespace().collect()).collect();
    let stands = |label: &str, cells: &[&str]| {
        let label: Vec<&str> = label.split_whitespace().collect();
        let found =
            lines.iter().any(|line| line.starts_with(&label) && cells.iter().all(|cell| line.contains(cell)));
        assert!(found, "{label:?} {cells:?}\n{terminal}");
    };
    for row in forms::cells(table(data, "states_at_sixteen")) {
        let label = if row[0] == "Total" { "all" } else { row[0].as_str() };
        stands(label, &[&row[1], &row[2]]);
    }
    for row in forms::cells(table(data, "high_attainers")) {
        // learners; with results; five grades; seen only and its range; whole cohort and its range; visible; lost potential
        stands(&row[0], &[&row[1], &row[4], &row[6], &row[8], &row[9]]);
    }
}

/// One figure of an earlier report moved alone: its table is in no dress of the new one, and nothing else is missing.
#[test]
fn a_report_beside_the_one_before_leaves_out_what_the_two_together_tell() {
    let dir = tempfile::tempdir().unwrap();
    let made = run_in(dir.path(), &["--quiet", "demo", "--dir", "site", "--learners", "1500", "--seed", "5"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let report = |name: &str, options: &[&str]| {
        run_in(dir.path(), &[&["--config", "site/throughline.toml", "report", name][..], options].concat())
    };
    for (name, table) in [("neet", "rates_by_month"), ("cohort", "states_at_sixteen")] {
        let [old, new, same, html] = ["old", "new", "same", "html"].map(|of| format!("{name}.{of}"));
        assert_eq!(report(name, &["--csv", &old]).code, 0);
        let kept = report(name, &["--csv", &same, "--beside", &old]);
        assert!(kept.code == 0 && kept.err.contains(&format!("{table}: moved are 0 of")), "{}", kept.err);
        assert_eq!(bytes(&dir.path().join(&old)), bytes(&dir.path().join(&same)));

        let file = dir.path().join(&old).join(format!("{table}.csv"));
        let text = fs::read_to_string(&file).unwrap();
        let (lines, last) = text.trim_end().rsplit_once(',').unwrap();
        fs::write(&file, format!("{lines},{}\n", if last == "90" { "85" } else { "90" })).unwrap();
        let moved = report(name, &["--csv", &new, "--html", &html, "--beside", &old]);
        assert!(moved.code == 0 && moved.err.contains(&format!("{table}: moved are 1 of")), "{}", moved.err);
        let files =
            |of: &str| bytes(&dir.path().join(of)).into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
        let gone: Vec<String> = files(&old).difference(&files(&new)).cloned().collect();
        assert_eq!(gone, [format!("{table}.csv"), format!("{table}.meta.csv")]);
        let page = fs::read_to_string(dir.path().join(&html)).unwrap();
        assert!(page.contains("Left out.") && moved.out.contains("Left out."), "{}", moved.out);
        shape::is_accessible(&page);
    }
    let other = report("ap", &["--beside", "neet.old"]);
    assert!(other.code == 2 && other.err.contains("another kind of report"), "{}", other.err);
}

/// The same release gives the same files, whatever the clock says.
fn bytes(folder: &Path) -> BTreeSet<(String, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|file| (file.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&file).unwrap()))
        .collect()
}

#[test]
fn the_same_release_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let made = run_in(dir.path(), &["--quiet", "demo", "--dir", "site", "--learners", "300", "--seed", "2"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let made = ["one", "other"].map(|folder| {
        fs::create_dir(dir.path().join(folder)).unwrap();
        let [html, xlsx] = ["html", "xlsx"].map(|kind| format!("{folder}/neet.{kind}"));
        let verb = ["--config", "site/throughline.toml", "report", "neet"];
        let ran =
            run_in(dir.path(), &[&verb[..], &["--html", &html, "--xlsx", &xlsx, "--csv", folder]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        bytes(&dir.path().join(folder))
    });
    assert!(made[0] == made[1] && made[0].len() > 10);
}
