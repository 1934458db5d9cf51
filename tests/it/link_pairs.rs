//! Two files of invented people, linked by the program as a person would.
use crate::site::{Ran, run_in};
use arrow::{
    array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray},
    datatypes::{Float64Type, Int64Type},
};
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{collections::BTreeMap, fs, fs::File, path::Path, sync::Arc};

const COLUMNS: [&str; 6] = ["upn", "forename", "surname", "dob", "sex", "postcode"];
const GIVEN: [&str; 24] = [
    "THOMAS", "OLIVIA", "MUHAMMAD", "AISHA", "JACOB", "EMILY", "KACPER", "LENA", "DANIEL", "GRACE", "ARJUN",
    "PRIYA", "LIAM", "FREYA", "OSCAR", "ZAINAB", "ETHAN", "CHLOE", "IBRAHIM", "HANNAH", "NOAH", "MARYAM",
    "FINLEY", "ISLA",
];
const FAMILY: [&str; 20] = [
    "ARCHER",
    "BENNETT",
    "KHAN",
    "PATEL",
    "NOWAK",
    "OKAFOR",
    "HUGHES",
    "WALSH",
    "CHOWDHURY",
    "FERREIRA",
    "GRANT",
    "HOLLOWAY",
    "IRVING",
    "JESSOP",
    "KEATING",
    "LOMAX",
    "MERCER",
    "NORRIS",
    "OAKLEY",
    "PRESCOTT",
];

/// A small dice: the same throws on every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

type Row = [Option<String>; 6];

fn upn(serial: usize) -> String {
    let letters = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let digits = format!("8012000{:05}", serial % 100_000);
    let sum: usize = digits.bytes().zip(2..).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{}{digits}", char::from(letters[sum % 23]))
}

/// A register in households of one to three, some of them twins.
fn register(people: usize) -> Vec<Row> {
    let mut dice = Dice(7);
    let mut rows: Vec<Row> = Vec::new();
    while rows.len() < people {
        let (family, home) =
            (FAMILY[dice.throw(20)], format!("ZT{} {}AA", dice.throw(90) + 10, dice.throw(9) + 1));
        let size = [1, 1, 2, 2, 3][dice.throw(5)];
        let mut born = String::new();
        let first = dice.throw(24);
        for child in 0..size {
            if child == 0 || dice.throw(4) > 0 {
                born =
                    format!("20{:02}-{:02}-{:02}", 8 + dice.throw(5), dice.throw(12) + 1, dice.throw(28) + 1);
            }
            let given = GIVEN[(first + child * 2) % 24];
            let sex = if GIVEN.iter().position(|name| *name == given).unwrap() % 2 == 0 { "M" } else { "F" };
            let texts =
                [upn(rows.len()), given.into(), family.into(), born.clone(), sex.into(), home.clone()];
            rows.push(texts.map(Some));
        }
    }
    rows.truncate(people);
    rows
}

/// A row about a person as a hurried office writes it.
fn row_about(person: &Row, dice: &mut Dice) -> Row {
    let mut row = person.clone();
    if dice.throw(10) < 4 {
        row[0] = None;
    }
    match dice.throw(12) {
        0 => row[1] = row[1].take().map(|name| name[..3].to_owned()),
        1 => row[2] = row[2].take().map(|name| name.replacen('A', "E", 1)),
        2 => row[3] = None,
        3 => row.swap(1, 2),
        4 => row[5] = None,
        5 => row[5] = Some("ZT99 1ZZ".to_owned()),
        _ => {}
    }
    row
}

fn write(path: &Path, id: &str, rows: &[Row]) {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values((1..=rows.len()).map(|at| at as i64)));
    let texts =
        |at: usize| Arc::new(rows.iter().map(|row| row[at].as_deref()).collect::<StringArray>()) as ArrayRef;
    let columns = COLUMNS.iter().enumerate().map(|(at, name)| (*name, texts(at), true));
    let batch =
        RecordBatch::try_from_iter_with_nullable([(id, ids, false)].into_iter().chain(columns)).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn pairs(path: &Path) -> Vec<(i64, i64, f64)> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let mut pairs = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["ap_id", "register_id", "score"]);
        let ids = |at: usize| batch.column(at).as_primitive::<Int64Type>().values().to_vec();
        let scores = batch.column(2).as_primitive::<Float64Type>().values().to_vec();
        pairs.extend(
            ids(0).into_iter().zip(ids(1)).zip(scores).map(|((row, record), score)| (row, record, score)),
        );
    }
    pairs
}

/// A folder with 3,000 records and 600 rows, of which every tenth is about somebody else.
fn folder() -> (tempfile::TempDir, BTreeMap<i64, i64>) {
    let dir = tempfile::tempdir().unwrap();
    let all = register(3_300);
    let (known, strangers) = all.split_at(3_000);
    let mut dice = Dice(11);
    let (mut rows, mut truth) = (Vec::new(), BTreeMap::new());
    for at in 1..=600 {
        if at % 10 == 0 {
            rows.push(row_about(&strangers[dice.throw(300)], &mut dice));
        } else {
            let person = dice.throw(3_000);
            truth.insert(at, person as i64 + 1);
            rows.push(row_about(&known[person], &mut dice));
        }
    }
    write(&dir.path().join("r.parquet"), "register_id", known);
    write(&dir.path().join("a.parquet"), "ap_id", &rows);
    (dir, truth)
}

fn link(dir: &Path, more: &[&str]) -> Ran {
    let plain = ["link", "pairs", "--register", "r.parquet", "--rows", "a.parquet"];
    run_in(dir, &[&plain[..], more].concat())
}

#[test]
fn rows_find_their_record_and_strangers_find_none() {
    let (dir, truth) = folder();
    let ran = link(dir.path(), &["--out", "p.parquet"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("600 rows looked for their person among 3,000 records."), "{}", ran.out);
    let (mut right, mut wrong) = (0, 0);
    for (row, record, score) in pairs(&dir.path().join("p.parquet")) {
        assert!((0.0..=1.0).contains(&score), "{score} is no probability");
        if score >= 0.5 {
            if truth.get(&row) == Some(&record) { right += 1 } else { wrong += 1 }
        }
    }
    assert!(right >= 500 && wrong <= 12, "{right} right and {wrong} wrong of {}", truth.len());
}

#[test]
fn the_same_files_give_the_same_bytes_with_any_number_of_threads() {
    let (dir, _) = folder();
    let mut bytes = Vec::new();
    for threads in ["1", "2", "5"] {
        assert_eq!(link(dir.path(), &["--out", "p.parquet", "--threads", threads]).code, 0);
        bytes.push(fs::read(dir.path().join("p.parquet")).unwrap());
    }
    assert!(bytes.windows(2).all(|two| two[0] == two[1]));
}

#[test]
fn records_of_one_file_are_linked_with_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = register(1_000);
    let mut dice = Dice(3);
    for at in 0..100 {
        let again = row_about(&rows[at * 7], &mut dice);
        rows.push(again);
    }
    write(&dir.path().join("r.parquet"), "register_id", &rows);
    let ran =
        run_in(dir.path(), &["--json", "link", "pairs", "--register", "r.parquet", "--out", "p.parquet"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.json()["register"], 1_100);
    let found: Vec<_> =
        pairs(&dir.path().join("p.parquet")).into_iter().filter(|pair| pair.2 >= 0.5).collect();
    let right =
        found.iter().filter(|(row, record, _)| *row > 1_000 && (row - 1_001) * 7 + 1 == *record).count();
    assert!(right >= 85 && found.len() - right <= 8, "{right} right of {}", found.len());
}

#[test]
fn what_cannot_be_linked_is_said_without_a_word_of_what_is_in_it() {
    let (dir, _) = folder();
    let canary = "ZZCANARYNAME";
    fs::write(dir.path().join(canary), canary).unwrap();
    let named: Row =
        [None, Some(canary.into()), Some(canary.into()), Some(canary.into()), None, Some(canary.into())];
    write(&dir.path().join("odd.parquet"), canary, std::slice::from_ref(&named));
    write(&dir.path().join("a2.parquet"), "ap_id", &[named]);
    let pairs = |register: &str, rows: &str, out: &str| {
        run_in(dir.path(), &["-vv", "link", "pairs", "--register", register, "--rows", rows, "--out", out])
    };
    for (ran, code, words) in [
        (pairs("none.parquet", "a.parquet", "p"), 2, "the register file cannot be opened"),
        (pairs(canary, "a.parquet", "p"), 2, "the register file is not Parquet"),
        (pairs("odd.parquet", "a.parquet", "p"), 2, "the register file has no column `register_id`"),
        (pairs("r.parquet", "odd.parquet", "p"), 2, "the rows file has no column `ap_id`"),
        (pairs("r.parquet", "a.parquet", "r.parquet"), 2, "--out names the register file"),
        (pairs("r.parquet", "a.parquet", "no/p.parquet"), 1, "the pairs cannot be written"),
        (pairs("r.parquet", "a2.parquet", "p"), 0, ""),
    ] {
        assert_eq!(ran.code, code, "{}", ran.err);
        assert!(ran.err.contains(words), "{} has not: {words}", ran.err);
        assert!(!ran.err.contains(canary) && !ran.out.contains(canary), "{}\n{}", ran.out, ran.err);
    }
    let bytes = fs::read(dir.path().join("p")).unwrap();
    assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()), "a name is in the pairs");
}
