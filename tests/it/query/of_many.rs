//! What the tables say of a learner hangs on that learner alone, but for the columns whose header says otherwise: an authority from which
//! some people are taken says the same of all others.
use super::{demo, release_of};
use crate::site::run_in;
use duckdb::Connection;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use throughline::definitions::query::QuerySet;

/// How many people are taken.
const TAKEN: usize = 25;

/// Where the rows of each person are: the truth that goes with an invented authority.
fn rows_of(estate: &Path) -> BTreeMap<u64, Vec<Value>> {
    let mut people: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for line in fs::read_to_string(estate.join("truth/rows.jsonl")).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        people.entry(row["person"].as_u64().unwrap()).or_default().push(row);
    }
    // A workbook is not rewritten here: who is in one stays.
    let is_table = |file: &str| Path::new(file).extension().is_some_and(|ending| ending == "csv");
    let is_workbook = |row: &Value| row["document"].as_str().is_some_and(|file| !is_table(file));
    people.retain(|_, rows| !rows.iter().any(is_workbook));
    people
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            let _ = fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Takes rows out of the files of the outside world.
fn take(estate: &Path, rows: &[&Value]) {
    let (mut lines, mut records) = (BTreeMap::new(), BTreeMap::new());
    for row in rows {
        if let Some(file) = row["document"].as_str() {
            let of: &mut BTreeSet<usize> = lines.entry(file).or_default();
            of.insert(row["row"].as_u64().unwrap() as usize);
        } else {
            let of: &mut BTreeSet<&str> = records.entry(row["tenant"].as_str().unwrap()).or_default();
            of.insert(row["record"].as_str().unwrap());
        }
    }
    for (file, lines) in lines {
        let file = estate.join(file);
        let text = fs::read(&file).unwrap();
        let kept = text.split_inclusive(|byte| *byte == b'\n').enumerate();
        let kept: Vec<&[u8]> =
            kept.filter(|(at, _)| !lines.contains(&(at + 1))).map(|(_, line)| line).collect();
        fs::write(&file, kept.concat()).unwrap();
    }
    for (tenant, records) in records {
        let file = estate.join("mis").join(format!("{tenant}.jsonl"));
        let text = fs::read_to_string(&file).unwrap();
        let names_one = |line: &&str| records.iter().any(|record| line.contains(&format!("\"{record}\"")));
        fs::write(&file, text.split_inclusive('\n').filter(|line| !names_one(line)).collect::<String>())
            .unwrap();
    }
}

/// The same authority without some of its people.
fn without_some(to: &Path) -> PathBuf {
    let site = demo().site();
    copy(&site.join("estate"), &to.join("estate"));
    for file in ["key", "estate-token", "throughline.toml"] {
        fs::copy(site.join(file), to.join(file)).unwrap();
    }
    let people = rows_of(&to.join("estate"));
    assert!(people.len() > 4 * TAKEN);
    let taken: Vec<&Value> = people.values().step_by(people.len() / TAKEN).flatten().collect();
    take(&to.join("estate"), &taken);
    for verb in ["pull", "link", "release"] {
        let ran = run_in(to, &["--config", "throughline.toml", "--quiet", verb]);
        // Some cells of the workbooks are set aside, here as there.
        assert!(ran.code == 0 || verb == "pull" && ran.code == 4, "{verb}: {} {}", ran.code, ran.err);
    }
    fs::canonicalize(to.join("data/releases/current")).unwrap()
}

#[test]
fn what_a_table_says_of_a_learner_hangs_on_that_learner_unless_its_header_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let (all, fewer) = (release_of(demo()), without_some(folder.path()));
    let engine = Connection::open_in_memory().unwrap();
    let number = |sql: &str| engine.query_row(sql, [], |row| row.get::<_, u64>(0)).unwrap();
    let file = |release: &Path, table: &str| {
        format!("read_parquet('{}')", release.join("parquet").join(format!("{table}.parquet")).display())
    };
    engine
        .execute_batch(&format!(
            "create table kept as select learner_id from {} intersect select learner_id from {}",
            file(&all, "learner"),
            file(&fewer, "learner")
        ))
        .unwrap();
    let gone = number(&format!("select count(*) from {}", file(&all, "learner")))
        - number("select count(*) from kept");
    assert!(gone >= TAKEN as u64 / 2, "only {gone} went");
    let (mut own, mut said, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for query in
        QuerySet::load(None).unwrap().published().filter(|query| query.columns.contains_key("learner_id"))
    {
        for column in query.columns.keys() {
            let of = |release: &Path| {
                format!(
                    "select learner_id, {column} as c from {} where learner_id in (select learner_id from kept)",
                    file(release, &query.name)
                )
            };
            let (one, other) = (of(&all), of(&fewer));
            let differ = number(&format!(
                "select count(distinct learner_id) from ((({one}) except all ({other})) union all (({other}) except all ({one})))"
            ));
            match (query.hangs_on_many(column), differ > 0) {
                (true, true) => drop(said.insert(format!("{}.{column}", query.name))),
                (false, true) => wrong.push(format!("{}.{column} of {differ} others", query.name)),
                (false, false) => own += 1,
                (true, false) => {}
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these change with other learners, and no header says so: {}",
        wrong.join(", ")
    );
    assert!(own > 400, "{own} columns hang on their learner alone");
    // Whatever of these did not change would say that nothing was compared.
    for column in ["domain_score.t_score", "engagement_change.spread", "ap_placement.attendance_change"] {
        assert!(said.contains(column), "{column} did not change: {said:?}");
    }
}
