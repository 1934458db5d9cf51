//! The warehouse over real Parquet: the same bytes whatever the threads and the order of files, old files, no files,
//! and faults that keep their mouth shut.
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, FixedSizeBinaryArray, Int32Array, Int64Array, StringArray,
};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;

use super::*;
use crate::definitions::query::QuerySet;

/// A small number from two others, the same on every machine.
fn mixed(learner: i64, salt: i64) -> i64 {
    let mut x = (learner * 1_000_003 + salt * 7919 + 12_345) as u64;
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 29;
    (x % 1_000_000) as i64
}

fn id(kind: u8, number: i64) -> [u8; 16] {
    let mut id = [kind; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

pub(super) fn ids(kind: u8, numbers: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(FixedSizeBinaryArray::try_from_iter(numbers.map(|number| id(kind, number))).unwrap())
}

pub(super) fn day(year: i32, month: u32, day: u32) -> i32 {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    NaiveDate::from_ymd_opt(year, month, day).unwrap().signed_duration_since(epoch).num_days() as i32
}

/// One row of the made-up lake: the learner and the cells of the entity's own columns.
type Made = (i64, Vec<(&'static str, Cell)>);

#[derive(Clone)]
enum Cell {
    Text(Option<String>),
    Day(Option<i32>),
    Number(i32),
}

fn text(value: impl Into<String>) -> Cell {
    Cell::Text(Some(value.into()))
}

pub(super) fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(schema.clone(), arrays).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Writes rows of one entity to `pieces` files.
fn write_entity(folder: &Path, entity: &str, rows: &[Made], pieces: usize) -> Vec<PathBuf> {
    let numbered: Vec<(usize, &Made)> = rows.iter().enumerate().collect();
    let size = numbered.len().div_ceil(pieces).max(1);
    let mut files = Vec::new();
    for (piece, rows) in numbered.chunks(size).enumerate() {
        let n = rows.len();
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("subject_id", ids(1, rows.iter().map(|(_, row)| row.0))),
            ("row_key", ids(2, rows.iter().map(|(number, _)| *number as i64))),
            ("row_hash", Arc::new(Int64Array::from(vec![0; n]))),
            ("source", Arc::new(StringArray::from(vec!["mis"; n]))),
            ("feed", Arc::new(StringArray::from(vec![entity; n]))),
            ("part", Arc::new(Int32Array::from(vec![piece as i32; n]))),
            (
                "row_number",
                Arc::new(rows.iter().map(|(number, _)| Some(*number as i32)).collect::<Int32Array>()),
            ),
            ("commit_seq", Arc::new(Int64Array::from(vec![1; n]))),
            ("tombstone", Arc::new(BooleanArray::from(vec![false; n]))),
        ];
        for (at, (name, first)) in rows[0].1.1.iter().enumerate() {
            let cells = rows.iter().map(|(_, row)| row.1[at].1.clone());
            let array: ArrayRef = match first {
                Cell::Text(_) => Arc::new(
                    cells
                        .map(|cell| if let Cell::Text(text) = cell { text } else { None })
                        .collect::<StringArray>(),
                ),
                Cell::Day(_) => Arc::new(
                    cells
                        .map(|cell| if let Cell::Day(day) = cell { day } else { None })
                        .collect::<Date32Array>(),
                ),
                Cell::Number(_) => Arc::new(
                    cells
                        .map(|cell| if let Cell::Number(number) = cell { Some(number) } else { None })
                        .collect::<Int32Array>(),
                ),
            };
            columns.push((name, array));
        }
        let path = folder.join(format!("{entity}-{piece}.parquet"));
        write_parquet(&path, columns);
        files.push(path);
    }
    files
}

/// An authority of `learners` children of the Year 6 of 2019 and 2020, about ten rows each.
pub(super) fn made_up_lake(folder: &Path, learners: i64) -> Inputs {
    let mut learner: Vec<Made> = Vec::new();
    let mut enrolment: Vec<Made> = Vec::new();
    let mut placement: Vec<Made> = Vec::new();
    let mut off_roll: Vec<Made> = Vec::new();
    let mut assessment: Vec<Made> = Vec::new();
    let mut qualification: Vec<Made> = Vec::new();
    let mut circumstance: Vec<Made> = Vec::new();
    for child in 0..learners {
        let luck = mixed(child, 1) % 100;
        let birth = day(2007 + (child % 2) as i32, 9 + (mixed(child, 2) % 4) as u32, 1);
        learner.push((
            child,
            vec![
                ("birth_month", Cell::Day(Some(birth))),
                ("sex", text(if luck % 2 == 0 { "F" } else { "M" })),
                ("home_la", text(if luck < 95 { "301" } else { "302" })),
                ("observed_on", Cell::Day(None)),
            ],
        ));
        let mut roll = |school: i64, status: &str, from: i32, to: Option<i32>, seen: Option<i32>| {
            enrolment.push((
                child,
                vec![
                    ("establishment_id", text((100_000 + school).to_string())),
                    ("status", text(status)),
                    ("starts_on", Cell::Day(Some(from))),
                    ("ends_on", Cell::Day(to)),
                    ("observed_on", Cell::Day(seen)),
                ],
            ));
        };
        roll(mixed(child, 3) % 60, "C", day(2012, 9, 3), Some(day(2019, 7, 19)), None);
        let secondary = 100 + mixed(child, 4) % 20;
        let stays_until = if luck < 88 { 2024 } else { 2021 + (luck % 3) as i32 };
        for year in 2020..=stays_until {
            roll(secondary, "C", day(2019, 9, 3), None, Some(day(year, 1, 17)));
        }
        if luck >= 90 {
            roll(200 + luck % 5, "S", day(2021, 11, 1), Some(day(2023, 6, 30)), None);
            placement.push((
                child,
                vec![
                    ("establishment_id", text(format!("AP{}", luck % 7))),
                    ("legal_basis", text("s19")),
                    ("starts_on", Cell::Day(Some(day(2022, 3, 1) + luck as i32))),
                    ("ends_on", Cell::Day(if luck % 2 == 0 { None } else { Some(day(2024, 6, 28)) })),
                ],
            ));
        }
        if luck == 89 {
            off_roll.push((
                child,
                vec![("basis", text("ehe_full")), ("starts_on", Cell::Day(Some(day(2022, 2, 1))))],
            ));
        }
        for (salt, subject) in [(10, "reading"), (11, "maths")] {
            assessment.push((
                child,
                vec![
                    ("kind", text("ks2")),
                    ("subject", text(subject)),
                    ("taken_on", Cell::Day(Some(day(2019, 5, 1)))),
                    ("status", text("tested")),
                    ("score", Cell::Number(80 + (mixed(child, salt) % 41) as i32)),
                ],
            ));
        }
        for (salt, subject) in [(20, "maths"), (21, "english_language"), (22, "biology"), (23, "history")] {
            if luck < 92 {
                qualification.push((
                    child,
                    vec![
                        ("kind", text("gcse")),
                        ("subject", text(subject)),
                        ("grade", text((1 + mixed(child, salt) % 9).to_string())),
                        ("awarded_on", Cell::Day(Some(day(2024, 8, 20)))),
                    ],
                ));
            }
        }
        circumstance.push((
            child,
            vec![
                ("kind", text("fsm6")),
                ("value", text(if luck < 26 { "Y" } else { "N" })),
                ("observed_on", Cell::Day(Some(day(2019, 1, 17)))),
            ],
        ));
    }
    let schools: Vec<Made> = (0..210)
        .map(|school| {
            let cells = vec![
                ("establishment_id", text((100_000 + school).to_string())),
                ("type_code", text(if school < 200 { "1" } else { "14" })),
                ("la_code", text("301")),
            ];
            (school, cells)
        })
        .collect();
    let mut inputs = Inputs::embedded().unwrap();
    for (entity, rows) in [
        ("learner", &learner),
        ("enrolment", &enrolment),
        ("placement", &placement),
        ("off_roll", &off_roll),
        ("assessment", &assessment),
        ("qualification", &qualification),
        ("circumstance", &circumstance),
        ("establishment", &schools),
    ] {
        inputs.lake.insert(entity.to_owned(), write_entity(folder, entity, rows, 3));
    }
    let links = folder.join("links.parquet");
    write_parquet(&links, vec![("subject_id", ids(1, 0..learners)), ("learner_id", ids(3, 0..learners))]);
    inputs.links = vec![links];
    inputs
}

pub(super) fn context() -> BuildContext {
    BuildContext { as_of: NaiveDate::from_ymd_opt(2025, 8, 31).unwrap(), home_authority: "301".to_owned() }
}

pub(super) fn limits(threads: usize) -> BuildOptions {
    Limits { threads, memory: "2GB".to_owned(), spill_to: None }
}

fn build_in(folder: &Path, inputs: &Inputs, options: &BuildOptions) -> Build {
    std::fs::create_dir_all(folder).unwrap();
    let queries = QuerySet::load(None).unwrap();
    build_with_checks(&queries, inputs, &context(), options, folder, &mut |_, _, _| {}).unwrap()
}

pub(super) fn digests(build: &Build) -> BTreeMap<String, String> {
    build.tables.iter().map(|table| (table.name.clone(), table.sha256.clone())).collect()
}

#[test]
fn the_same_bytes_for_any_number_of_threads_and_any_order_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = made_up_lake(folder.path(), 20_000);
    let one = build_in(&folder.path().join("one"), &inputs, &limits(1));
    let two = build_in(&folder.path().join("two"), &inputs, &limits(2));
    for files in inputs.lake.values_mut() {
        files.reverse();
    }
    let shuffled = build_in(&folder.path().join("shuffled"), &inputs, &limits(2));
    assert_eq!(digests(&one), digests(&two));
    assert_eq!(digests(&one), digests(&shuffled));
    assert_eq!(one.tables.len(), QuerySet::load(None).unwrap().published().count());
    let rows: BTreeMap<&str, u64> =
        one.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    assert_eq!((rows["learner"], rows["cohort_member"], rows["cohort_outcome"]), (20_000, 20_000, 20_000));
    assert_eq!(rows["attrition_waterfall"], 2 * 4 * 16);
    for check in ["main_spells_overlap", "states_do_not_add_up", "subject_linked_twice"] {
        let result = one.checks.iter().find(|result| result.name == check).unwrap();
        assert_eq!(result.violations, 0, "{check}");
    }
}

#[test]
fn an_empty_lake_gives_empty_typed_tables() {
    let folder = tempfile::tempdir().unwrap();
    let build = build_in(folder.path(), &Inputs::embedded().unwrap(), &limits(1));
    assert!(build.tables.iter().all(|table| table.path.exists()));
    // The eighteen questions are asked of whoever holds nothing, too, and answered with "cannot be measured".
    let held = build.tables.iter().filter(|table| table.rows > 0);
    assert_eq!(held.map(|table| table.name.as_str()).collect::<Vec<_>>(), ["scorecard"]);
    let spell = build.tables.iter().find(|table| table.name == "spell").unwrap();
    let column = |name: &str| spell.columns.iter().find(|(column, _, _)| column == name).unwrap().1.clone();
    assert_eq!(
        (column("spell_no"), column("starts_on"), column("is_gap")),
        ("INTEGER".to_owned(), "DATE".to_owned(), "BOOLEAN".to_owned())
    );
    assert!(spell.columns.iter().all(|(_, _, description)| !description.is_empty()));
}

#[test]
fn the_engine_reads_the_files_it_was_given_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let build = build_in(folder.path(), &Inputs::embedded().unwrap(), &limits(1));
    let tables: BTreeMap<String, PathBuf> =
        build.tables.iter().map(|table| (table.name.clone(), table.path.clone())).collect();
    let elsewhere = folder.path().join("elsewhere.csv");
    std::fs::write(&elsewhere, "a\n1\n").unwrap();
    let connection = over_tables(&tables, &limits(1)).unwrap();
    let rows: i64 = connection.query_row("select count(*) from spell", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
    for forbidden in [
        format!("select * from read_csv('{}')", elsewhere.display()),
        format!("copy (select 1) to '{}'", folder.path().join("out.csv").display()),
        format!("attach '{}' as other", folder.path().join("other.duckdb").display()),
        "install httpfs".to_owned(),
        "load httpfs".to_owned(),
        "set enable_external_access = true".to_owned(),
        "set threads = 8".to_owned(),
    ] {
        assert!(connection.execute_batch(&forbidden).is_err(), "{forbidden}");
    }
    let database = folder.path().join("warehouse.duckdb");
    let tables: Vec<DatabaseTable> = tables
        .into_iter()
        .map(|(name, file)| DatabaseTable { name, title: "it's".to_owned(), columns: vec![], file })
        .collect();
    write_database(&database, &tables, &limits(1)).unwrap();
    assert!(database.exists() && write_database(&database, &tables, &limits(1)).is_err());
}

#[test]
fn a_fault_names_the_query_and_never_the_value() {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(site.path().join("checks")).unwrap();
    let sql = "/*\ntitle = \"x\"\ngrain = [\"a\"]\nreads = [\"learner\"]\n*/\nwith final as (\n    select \
               cast(learner_id as integer) as a from learner\n)\n\nselect * from final\n";
    std::fs::write(site.path().join("checks/breaks.sql"), sql).unwrap();
    let queries = QuerySet::load(Some(site.path())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let inputs = made_up_lake(folder.path(), 3);
    let fault =
        build(&queries, &inputs, &context(), &limits(1), folder.path(), &mut |_, _, _| {}).unwrap_err();
    let told = fault.to_string();
    assert_eq!(told, "queries/checks/breaks.sql: the engine stopped with an error of class `Conversion`");
    assert!(!format!("{fault:?}").contains("0303"), "a learner's id is in {fault:?}");
}

#[test]
fn a_published_table_with_a_doubled_row_stops_the_build() {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(site.path().join("spine")).unwrap();
    let sql = "/*\ntitle = \"x\"\ngrain = [\"a\"]\nreads = [\"learner\"]\npublished = true\npurposes = \
               [\"research\"]\n[columns]\na = \"x\"\n*/\nwith final as (\n    select 1 as a from learner\n)\n\nselect \
               * from final\n";
    std::fs::write(site.path().join("spine/doubled.sql"), sql).unwrap();
    let queries = QuerySet::load(Some(site.path())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let inputs = made_up_lake(folder.path(), 3);
    let fault =
        build(&queries, &inputs, &context(), &limits(1), folder.path(), &mut |_, _, _| {}).unwrap_err();
    assert!(matches!(fault, WarehouseFault::Grain { rows: 1, .. }), "{fault}");
}

#[test]
fn a_large_table_stands_in_the_order_of_its_grain() {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(site.path().join("spine")).unwrap();
    let sql = "/*\ntitle = \"x\"\ngrain = [\"a\"]\nreads = [\"learner\"]\npublished = true\npurposes = \
               [\"research\"]\n[columns]\na = \"x\"\n*/\nwith final as (\n    select 1 as a from learner\n)\n\nselect \
               * from final\n";
    std::fs::write(site.path().join("spine/large.sql"), sql).unwrap();
    let queries = QuerySet::load(Some(site.path())).unwrap();
    let published = |threads: usize| {
        let folder = site.path().join(threads.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let connection = super::connection::open(&limits(threads)).unwrap();
        let rows = "create table large as select cast(hash(i) as varchar) || repeat('x', 20) as a from range(500000) as t(i)";
        connection.execute_batch(rows).unwrap();
        let (file, columns) = (folder.join("large.parquet"), [("a".to_owned(), "VARCHAR".to_owned())]);
        super::publish::publish(&connection, &queries.queries["large"], &columns, &file).unwrap();
        file
    };
    let one = published(1);
    for _ in 0..3 {
        assert_eq!(std::fs::read(published(2)).unwrap(), std::fs::read(&one).unwrap());
    }
    let connection = duckdb::Connection::open_in_memory().unwrap();
    let disordered = format!(
        "select count(*) from (select a < lag(a) over (order by file_row_number) as is_less \
         from read_parquet('{}', file_row_number = true)) where is_less",
        one.display()
    );
    assert_eq!(connection.query_row(&disordered, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn the_shell_file_is_the_whole_build() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = made_up_lake(folder.path(), 50);
    let file = folder.path().join("build.sql");
    write_shell(&QuerySet::load(None).unwrap(), &inputs, &context(), &file).unwrap();
    let connection = duckdb::Connection::open_in_memory().unwrap();
    connection.execute_batch(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let members: i64 =
        connection.query_row("select count(*) from cohort_outcome", [], |row| row.get(0)).unwrap();
    assert_eq!(members, 50);
}

/// A timing, run by hand: `cargo test --release --lib warehouse -- --ignored --nocapture`.
#[test]
#[ignore = "takes a while"]
fn a_hundred_thousand_learners() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = made_up_lake(folder.path(), 100_000);
    std::fs::create_dir_all(folder.path().join("out")).unwrap();
    let queries = QuerySet::load(None).unwrap();
    let begin = std::time::Instant::now();
    let mut step = (String::new(), begin);
    let out = folder.path().join("out");
    let options = Limits { threads: 2, memory: "1GB".to_owned(), spill_to: Some(folder.path().join("tmp")) };
    build(&queries, &inputs, &context(), &options, &out, &mut |name, _, _| {
        println!("{:32} {:7.2} s", step.0, step.1.elapsed().as_secs_f64());
        step = (name.to_owned(), std::time::Instant::now());
    })
    .unwrap();
    println!("all: {:.1} s", begin.elapsed().as_secs_f64());
}
