//! Tables made for each year by itself: the same as made in one, and after a day's pull that year alone is made again.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, StringArray};

use super::tests::{context, day, digests, ids, limits, made_up_lake, write_parquet};
use super::*;
use crate::definitions::query::QuerySet;

/// A row of attendance: subject, row, first and last day (none: it takes the row back), possible and attended sessions.
type Week = (i64, i64, Option<(i32, i32)>, i32, i32);

fn write_weeks(path: &Path, commit: i64, weeks: &[Week]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let n = weeks.len();
    let numbers =
        |of: fn(&Week) -> Option<i32>| -> ArrayRef { Arc::new(weeks.iter().map(of).collect::<Int32Array>()) };
    let days = |of: fn((i32, i32)) -> i32| -> ArrayRef {
        Arc::new(weeks.iter().map(|week| week.2.map(of)).collect::<Date32Array>())
    };
    let schools = weeks.iter().map(|week| week.2.map(|_| (100_000 + week.0 % 7).to_string()));
    write_parquet(
        path,
        vec![
            ("subject_id", ids(1, weeks.iter().map(|week| week.0))),
            ("row_key", ids(9, weeks.iter().map(|week| week.1))),
            ("row_hash", Arc::new(Int64Array::from(vec![0; n]))),
            ("source", Arc::new(StringArray::from(vec!["mis"; n]))),
            ("feed", Arc::new(StringArray::from(vec!["attendance"; n]))),
            ("part", Arc::new(Int32Array::from(vec![0; n]))),
            ("row_number", Arc::new((0..n as i32).map(Some).collect::<Int32Array>())),
            ("commit_seq", Arc::new(Int64Array::from(vec![commit; n]))),
            (
                "tombstone",
                Arc::new(weeks.iter().map(|week| Some(week.2.is_none())).collect::<BooleanArray>()),
            ),
            ("establishment_id", Arc::new(schools.collect::<StringArray>())),
            ("period_starts_on", days(|(first, _)| first)),
            ("period_ends_on", days(|(_, last)| last)),
            ("sessions_possible", numbers(|week| week.2.map(|_| week.3))),
            ("sessions_attended", numbers(|week| week.2.map(|_| week.4))),
        ],
    );
}

/// Five years of weeks of 300 learners, and some of the August before them. Some are told twice, some lie in a longer period, one
/// period goes on into the next year, and some rows are taken back. Every row lies in the folder of the year it begins in.
fn with_weeks(folder: &Path, inputs: &mut Inputs) -> BTreeMap<i32, PathBuf> {
    let mut years: BTreeMap<i32, Vec<Week>> = BTreeMap::new();
    for ay in 2021..=2025 {
        for child in 0..300_i64 {
            for week in 0..12_i64 {
                // The first two weeks of some begin in August, and are of the year before.
                let is_early = child % 11 == 0;
                let first = day(ay - 1, 9, 7) + 7 * week as i32 - if is_early { 14 } else { 0 };
                let weeks = years.entry(if is_early && week < 2 { ay - 1 } else { ay }).or_default();
                let row = (i64::from(ay) * 1_000 + child) * 100 + week;
                weeks.push((child, row, Some((first, first + 4)), 10, 10 - ((child + week) % 4) as i32));
                if child % 13 == 0 && week == 3 {
                    weeks.push((child, row, Some((first, first + 4)), 10, 2));
                }
            }
            if child % 17 == 0 {
                let all = (day(ay - 1, 9, 7), day(ay, 7, 20));
                let year = years.entry(ay).or_default();
                year.push((child, (i64::from(ay) * 1_000 + child) * 100 + 90, Some(all), 380, 300));
            }
        }
    }
    years.entry(2023).or_default().push((5, 77_777, Some((day(2023, 7, 3), day(2023, 9, 29))), 60, 50));
    let mut files = BTreeMap::new();
    for (ay, weeks) in years {
        let file = folder.join(format!("lake/attendance/ay={ay}/1.parquet"));
        write_weeks(&file, 1, &weeks);
        files.insert(ay, file);
    }
    let gone = folder.join("lake/attendance/ay=none/1.parquet");
    write_weeks(&gone, 2, &[(40, (2022 * 1_000 + 40) * 100 + 2, None, 0, 0)]);
    inputs.lake.insert("attendance".to_owned(), files.values().cloned().chain([gone]).collect());
    files
}

/// The lines of the last build that tell of years of a table.
fn lines_of(folder: &Path, table: &str) -> BTreeSet<String> {
    let lines = fs::read_to_string(folder.join(LINES)).unwrap();
    let begins = format!("{{\"table\":\"{table}@");
    let last: BTreeMap<&str, &str> = (lines.lines().filter(|line| line.starts_with(&begins)))
        .map(|line| (&line[..line.find(',').unwrap()], line))
        .collect();
    last.into_values().map(str::to_owned).collect()
}

#[test]
fn a_day_makes_its_year_alone_and_the_tables_are_those_of_all_years_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut inputs = made_up_lake(dir.path(), 400);
    let files = with_weeks(dir.path(), &mut inputs);
    let queries = QuerySet::load(None).unwrap();
    let build = |queries: &QuerySet, inputs: &Inputs, name: &str, threads: usize| {
        let folder = dir.path().join(name);
        build_with_checks(queries, inputs, &context(), &limits(threads), &folder, &mut |_, _, _| {}).unwrap()
    };
    let by_years: Vec<&str> = (queries.queries.values())
        .filter(|query| query.each_year_of.is_some())
        .map(|query| query.name.as_str())
        .collect();
    let named = [
        "attendance_doubt",
        "attendance_sum",
        "attendance_term",
        "attendance_told",
        "attendance_version",
        "attendance_window",
    ];
    assert_eq!(by_years, named);
    let mut at_once = queries.clone();
    at_once.queries.values_mut().for_each(|query| query.each_year_of = None);

    let first = build(&queries, &inputs, "over", 2);
    assert_eq!(digests(&first), digests(&build(&at_once, &inputs, "at once", 1)));
    let known = first.tables.iter().find(|table| table.name == "absence_enrolment").unwrap();
    assert!(known.rows > 1_400, "{}", known.rows);
    let over = dir.path().join("over");
    let before: Vec<_> = by_years.iter().map(|table| lines_of(&over, table)).collect();
    assert!(before.iter().all(|lines| lines.len() == 7), "{before:?}");

    // A day's pull: weeks of this year, of which one was told before.
    let pulled = files[&2025].with_file_name("2.parquet");
    let again = (2_025 * 1_000 + 7) * 100 + 4;
    let new: Vec<Week> = vec![
        (7, again, Some((day(2024, 10, 5), day(2024, 10, 9))), 10, 0),
        (8, 88_888, Some((day(2025, 3, 3), day(2025, 3, 7))), 10, 0),
    ];
    write_weeks(&pulled, 3, &new);
    inputs.lake.get_mut("attendance").unwrap().push(pulled);
    let second = build(&queries, &inputs, "over", 1);
    for (table, before) in by_years.iter().zip(&before) {
        let made: Vec<String> = lines_of(&over, table).difference(before).cloned().collect();
        assert!(made.len() == 1 && made[0].contains("@ay=2025"), "{table}: {made:?}");
    }
    assert_ne!(digests(&first), digests(&second));
    assert_eq!(digests(&second), digests(&build(&at_once, &inputs, "at once", 2)));
    assert_eq!(digests(&second), digests(&build(&queries, &inputs, "fresh", 2)));

    // A year that is there no more leaves no file, and one whose file was touched is made again.
    inputs.lake.get_mut("attendance").unwrap().retain(|file| *file != files[&2021]);
    fs::write(over.join("between/attendance_sum@ay=2022.parquet"), "theirs").unwrap();
    let third = build(&queries, &inputs, "over", 2);
    assert_eq!(digests(&third), digests(&build(&at_once, &inputs, "at once", 1)));
    assert!(!over.join("between/attendance_sum@ay=2021.parquet").exists());
    let nothing = build(&queries, &inputs, "over", 2);
    assert!(nothing.turns.iter().all(|turn| turn.taken_over));
    assert_eq!(digests(&third), digests(&nothing));
}
