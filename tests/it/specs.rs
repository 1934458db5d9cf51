//! Runs the stories of `tests/specs`: what was given, what a table says of it. `tests/specs/README.md` says how they
//! are written; with `UPDATE_SPECS=1` the expected rows are rewritten instead of compared.
//! `THROUGHLINE__DEFINITIONS=FOLDER` lays a site's definitions over those of the binary, as the program does: a measure is
//! written and told without compiling anything.
#![allow(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use duckdb::Connection;
use throughline::definitions::{
    Definitions,
    query::{Query, QuerySet},
};
use throughline::warehouse::{self, Inputs, Shapes};

/// A Markdown table: the first row names the columns.
type Rows = Vec<Vec<String>>;

struct Story {
    file: PathBuf,
    query: String,
    text: String,
    given: Vec<(String, Rows)>,
    expect: Rows,
}

/// What the stories are told against: the queries, the shape of every table, the code lists.
struct World {
    queries: QuerySet,
    shapes: Shapes,
    codes: BTreeMap<String, String>,
}

/// A site's definitions, laid over those of the binary.
fn site() -> Option<PathBuf> {
    std::env::var_os("THROUGHLINE__DEFINITIONS").map(PathBuf::from)
}

fn queries() -> QuerySet {
    let folder = site().map(|site| site.join("queries"));
    QuerySet::load(folder.as_deref()).unwrap_or_else(|problems| panic!("{problems}"))
}

impl World {
    fn new() -> Self {
        let queries = queries().with_views();
        let mut inputs = Inputs::embedded().unwrap();
        if let Some(site) = site() {
            let definitions = Definitions::load(Some(&site)).unwrap();
            let lists = definitions.files.under("schemas/codes", "csv");
            inputs.codes = lists.map(|(_, list, file)| (list.to_owned(), file.text.clone())).collect();
            inputs.policy = definitions.policy;
        }
        let shapes = warehouse::shapes_with(&queries, &inputs).unwrap();
        let mut codes: BTreeMap<String, String> =
            inputs.codes.into_iter().map(|(list, text)| (format!("code_{list}"), text)).collect();
        codes.insert("policy".to_owned(), inputs.policy);
        Self { queries, shapes, codes }
    }

    fn query(&self, name: &str) -> &Query {
        self.queries.queries.get(name).unwrap_or_else(|| panic!("no query makes `{name}`"))
    }
}

#[test]
fn every_query_reads_what_it_declares_and_no_more() {
    let queries = queries().with_views();
    if let Err(fault) = warehouse::prove_reads(&queries) {
        panic!("{fault}");
    }
}

#[test]
fn every_story_is_told_as_expected() {
    let world = World::new();
    let is_update = std::env::var_os("UPDATE_SPECS").is_some_and(|value| value == "1");
    let mut differences = String::new();
    let mut told = 0;
    for file in story_files() {
        let story = read_story(&file);
        let told_rows = tell(&world, &story);
        told += 1;
        if is_update {
            std::fs::write(&story.file, write_story(&story, &told_rows)).unwrap();
        } else if told_rows[1..] != story.expect[1..] {
            let name = format!("{}/{}", story.query, file.file_stem().unwrap().to_string_lossy());
            let _ = writeln!(differences, "\n{name}\n{}", difference(&story.expect, &told_rows));
        }
    }
    assert!(told >= 30, "only {told} stories were found");
    assert!(differences.is_empty(), "stories that are told differently (- expected, + told):\n{differences}");
}

/// A table that somebody reads has a story of the rule and one of its edges; a view has one, and a check one in which it fires.
#[test]
fn every_published_table_has_two_stories_and_every_view_and_check_one() {
    let queries = queries();
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for story in story_files().iter().map(|file| read_story(file)) {
        // A check that says nothing in its story has not been seen to fire.
        let is_check = queries.queries.get(&story.query).is_some_and(Query::is_check);
        *told.entry(story.query).or_default() += usize::from(!is_check || story.expect.len() > 1);
    }
    let published = queries.published().map(|query| (query, 2));
    let views = queries.views.values().map(|query| (query, 1));
    let checks = queries.queries.values().filter(|query| query.is_check()).map(|query| (query, 1));
    let untold: Vec<&str> = published
        .chain(views)
        .chain(checks)
        .filter(|(query, wanted)| told.get(&query.name).is_none_or(|told| told < wanted))
        .map(|(query, _)| query.name.as_str())
        .collect();
    assert_eq!(untold, Vec::<&str>::new());
}

fn story_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs");
    let mut files = Vec::new();
    for folder in std::fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        if folder.is_dir() {
            files.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    files.sort();
    files
}

fn read_story(file: &Path) -> Story {
    let query = file.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let mut story =
        Story { file: file.to_owned(), query, text: String::new(), given: Vec::new(), expect: Vec::new() };
    let mut is_expecting = false;
    for line in std::fs::read_to_string(file).unwrap().lines() {
        if let Some(table) = line.strip_prefix("given ") {
            story.given.push((table.trim().to_owned(), Vec::new()));
        } else if line == "expect" {
            is_expecting = true;
        } else if line.starts_with('|') {
            let cells = line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            let rows = if is_expecting { &mut story.expect } else { &mut story.given.last_mut().unwrap().1 };
            rows.push(cells);
        } else if story.given.is_empty() {
            story.text.push_str(line);
            story.text.push('\n');
        }
    }
    assert!(!story.expect.is_empty(), "{}: no `expect` with a header row", file.display());
    story
}

fn write_story(story: &Story, told: &Rows) -> String {
    let mut text = format!("{}\n", story.text.trim_end());
    for (table, rows) in &story.given {
        let _ = write!(text, "\ngiven {table}\n\n{}", markdown(rows));
    }
    let _ = write!(text, "\nexpect\n\n{}", markdown(told));
    text
}

fn markdown(rows: &Rows) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column))).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// Both tables as one, rows that only one side has marked.
fn difference(expected: &Rows, told: &Rows) -> String {
    let mut all = expected.clone();
    all.extend(told[1..].iter().cloned());
    let lines: Vec<String> = markdown(&all).lines().map(str::to_owned).collect();
    let (expected, told) = lines[1..].split_at(expected.len() - 1);
    let mut text = format!("  {}\n", lines[0]);
    for line in expected.iter().filter(|line| !told.contains(line)) {
        let _ = writeln!(text, "- {line}");
    }
    for line in told {
        let _ = writeln!(text, "{} {line}", if expected.contains(line) { ' ' } else { '+' });
    }
    text
}

/// Runs the story's query over what was given: the header and the rows, as texts.
fn tell(world: &World, story: &Story) -> Rows {
    let mut given: BTreeMap<String, Rows> = story.given.iter().cloned().collect();
    given.entry("build_context".to_owned()).or_insert_with(|| {
        vec![vec!["as_of".into(), "home_authority".into()], vec!["2026-08-31".into(), "301".into()]]
    });
    // Nobody asks since when.
    given.entry("view_context".to_owned()).or_insert_with(|| vec![vec!["since".into()], vec![String::new()]]);
    if !given.contains_key("learner_link") {
        given.insert("learner_link".to_owned(), each_subject_alone(&given));
    }
    let connection =
        warehouse::scratch(&world.queries, &world.shapes, given.keys().map(String::as_str)).unwrap();
    for (table, rows) in &given {
        load(&connection, world, story, table, rows);
    }
    let mut made: BTreeSet<String> = given.keys().cloned().collect();
    make(&connection, world, &given, &story.query, true, &mut made);
    ask(&connection, world, story)
}

fn each_subject_alone(given: &BTreeMap<String, Rows>) -> Rows {
    let mut subjects = BTreeSet::new();
    for (_, rows) in given.iter().filter(|(table, _)| table.starts_with("lake_")) {
        if let Some(column) = rows[0].iter().position(|name| name == "subject_id") {
            subjects.extend(rows[1..].iter().map(|row| row[column].clone()));
        }
    }
    let mut rows = vec![vec!["subject_id".to_owned(), "learner_id".to_owned()]];
    rows.extend(subjects.into_iter().map(|subject| vec![subject.clone(), subject]));
    rows
}

fn load(connection: &Connection, world: &World, story: &Story, table: &str, rows: &Rows) {
    let kinds: BTreeMap<&str, &str> =
        world.shapes[table].iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
    for (number, row) in rows[1..].iter().enumerate() {
        let number = (number + 1).to_string();
        let mut cells: BTreeMap<&str, String> =
            rows[0].iter().map(String::as_str).zip(row.iter().cloned()).collect();
        // What a source adds by itself; a story gives it only where it matters.
        for (column, value) in [
            ("row_key", format!("row {number}")),
            ("source", "mis".to_owned()),
            ("feed", "rows".to_owned()),
            ("commit_seq", "1".to_owned()),
            ("row_number", number.clone()),
            ("source_row", number),
            ("tombstone", "false".to_owned()),
        ] {
            if kinds.contains_key(column) {
                cells.entry(column).or_insert(value);
            }
        }
        let values: Vec<String> = cells
            .iter()
            .map(|(column, cell)| {
                let kind = kinds.get(column).unwrap_or_else(|| {
                    panic!("{}: `{table}` has no column `{column}`", story.file.display())
                });
                literal(column, kind, cell)
            })
            .collect();
        let columns: Vec<&str> = cells.keys().copied().collect();
        let sql = format!("insert into {table} ({}) values ({})", columns.join(", "), values.join(", "));
        connection.execute_batch(&sql).unwrap_or_else(|error| panic!("{}: {error}", story.file.display()));
    }
}

/// A cell as SQL. A name stands for a 16-byte id: its letters, then zeros.
fn literal(column: &str, kind: &str, cell: &str) -> String {
    if cell.is_empty() {
        "null".to_owned()
    } else if kind == "BLOB" {
        format!("unhex('{}')", id_of(cell))
    } else if column == "learner_id" || column == "subject_id" {
        format!("'{}'", id_of(cell))
    } else {
        format!("cast('{}' as {kind})", cell.replace('\'', "''"))
    }
}

fn id_of(name: &str) -> String {
    assert!(name.len() <= 16, "`{name}` is longer than an id");
    let letters = name.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("{letters:0<32}")
}

/// The name behind an id, or the text itself where it is no id.
fn name_of(text: String) -> String {
    let digits = text.trim_end_matches("00");
    let is_id = text.len() == 32
        && digits.len().is_multiple_of(2)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes: Option<Vec<u8>> = (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok())
        .collect();
    match bytes.map(String::from_utf8) {
        Some(Ok(name)) if is_id && !name.is_empty() => name,
        _ => text,
    }
}

/// Whether anything given reaches this table. What is made from policy alone, with or without samples, is always there.
fn is_touched(world: &World, given: &BTreeMap<String, Rows>, table: &str) -> bool {
    let is_always =
        |name: &String| world.codes.contains_key(name) || name == "build_context" || name == "link_sample";
    given.contains_key(table)
        || world.queries.queries.get(table).is_some_and(|query| {
            query.reads.iter().all(is_always)
                || query.reads.iter().any(|name| {
                    !matches!(name.as_str(), "build_context" | "view_context")
                        && is_touched(world, given, name)
                })
        })
}

/// Makes a table and what it reads: from what was given where anything was, empty otherwise.
fn make(
    connection: &Connection,
    world: &World,
    given: &BTreeMap<String, Rows>,
    table: &str,
    is_wanted: bool,
    made: &mut BTreeSet<String>,
) {
    if !made.insert(table.to_owned()) {
        return;
    }
    let columns: Vec<String> =
        world.shapes[table].iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    if let Some(text) = world.codes.get(table) {
        connection.execute_batch(&format!("create table {table} ({})", columns.join(", "))).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        for record in reader.records() {
            let record = record.unwrap();
            let cells: Vec<String> = record.iter().map(|cell| literal("", "VARCHAR", cell)).collect();
            let sql = format!("insert into {table} ({}) values ({})", names.join(", "), cells.join(", "));
            connection.execute_batch(&sql).unwrap();
        }
    } else if is_wanted || is_touched(world, given, table) {
        let query = world.query(table);
        for name in &query.reads {
            make(connection, world, given, name, false, made);
        }
        if query.computed.is_some() {
            warehouse::make(connection, query).unwrap_or_else(|fault| panic!("{fault}"));
        } else {
            connection.execute_batch(&format!("create table {table} as\n{}", query.sql)).unwrap();
        }
    } else {
        connection.execute_batch(&format!("create table {table} ({})", columns.join(", "))).unwrap();
    }
}

fn ask(connection: &Connection, world: &World, story: &Story) -> Rows {
    let query = world.query(&story.query);
    let header = &story.expect[0];
    let columns: Vec<String> = header
        .iter()
        .map(|column| {
            let kind = world.shapes[&story.query].iter().find(|(name, _)| name == column);
            match kind.map(|(_, kind)| kind.as_str()) {
                Some("BLOB") => format!("lower(hex({column}))"),
                Some(_) => format!("cast({column} as varchar)"),
                None => panic!("{}: `{}` has no column `{column}`", story.file.display(), story.query),
            }
        })
        .collect();
    let order: Vec<String> = query.grain.iter().map(|column| format!("{column} asc nulls last")).collect();
    let sql = format!("select {} from {} order by {}", columns.join(", "), story.query, order.join(", "));
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement
        .query_map([], |row| {
            (0..header.len())
                .map(|at| row.get::<_, Option<String>>(at).map(|cell| name_of(cell.unwrap_or_default())))
                .collect::<Result<Vec<String>, _>>()
        })
        .unwrap();
    std::iter::once(Ok(header.clone())).chain(rows).collect::<Result<Rows, _>>().unwrap()
}
