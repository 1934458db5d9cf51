//! What is told of a day knows nothing of what came after it: deleting every row dated later changes no score.
use crate::{end_to_end::Demo, site::run_in};
use std::fs;
use throughline::synth::Identifiers;

/// When a row of an entity could be known: the day it was seen to be true, else the day it is about.
const KNOWN_ON: [(&str, &str); 14] = [
    ("assessment", "taken_on"),
    ("attendance", "coalesce(period_ends_on, period_starts_on)"),
    ("attendance_return", "observed_on"),
    ("circumstance", "coalesce(observed_on, starts_on)"),
    ("destination", "starts_on"),
    ("enrolment", "coalesce(observed_on, starts_on)"),
    ("learner", "observed_on"),
    ("off_roll", "starts_on"),
    ("offer", "coalesce(offered_on, for_year_from)"),
    ("participation", "observed_on"),
    ("placement", "starts_on"),
    ("qualification", "awarded_on"),
    ("sen", "coalesce(observed_on, starts_on)"),
    ("suspension", "starts_on"),
];

fn rows(engine: &duckdb::Connection, table: &str, day: &str) -> Vec<String> {
    let sql = format!(
        "select cast(row_to_json(told) as varchar) from (select * from {table}) as told \
         where told.predicted_on = date '{day}' order by 1"
    );
    let mut statement = engine.prepare(&sql).unwrap();
    let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    found.collect::<Result<_, _>>().unwrap()
}

/// What models are fitted on that tell the cohort who were at the end of Year 10 on a day: cells of cohorts two and more years older.
fn fitted_on(engine: &duckdb::Connection, day: &str) -> Vec<String> {
    let cohort = day[..4].parse::<i32>().unwrap() - 4;
    let sql = format!(
        "select cast(row_to_json(cell) as varchar) from (select * from risk_pattern where cohort_ay <= {cohort} - 2 and n_neet + n_other > 0) as cell order by 1"
    );
    let mut statement = engine.prepare(&sql).unwrap();
    let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    found.collect::<Result<_, _>>().unwrap()
}

#[test]
fn deleting_every_row_dated_after_the_prediction_changes_no_score() {
    let demo = Demo::run(1, 1_500, Identifiers::Perfect);
    let site = demo.site();
    let ran = run_in(&site, &["--config", "throughline.toml", "build", "--shell", "lake.sql"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let shell = fs::read_to_string(site.join("lake.sql")).unwrap();
    let queries = &shell[shell.find("\n-- queries/").unwrap()..];
    for day in ["2023-08-31", "2024-08-31"] {
        let engine = duckdb::Connection::open_in_memory().unwrap();
        engine.execute_batch(&shell).unwrap();
        let before = ["risk_score", "risk_factor"].map(|table| rows(&engine, table, day));
        let fitted = fitted_on(&engine, day);
        let mut deleted = 0;
        for (entity, known_on) in KNOWN_ON {
            let later = format!("{known_on} > date '{day}'");
            let count = format!("select count(*) from lake_{entity} where {later}");
            deleted += engine.query_row(&count, [], |row| row.get::<_, i64>(0)).unwrap();
            engine
                .execute_batch(&format!(
                    "create table kept_{entity} as select * from lake_{entity} where ({later}) is not true;
                     create or replace view lake_{entity} as select * from kept_{entity}"
                ))
                .unwrap();
        }
        engine.execute_batch(queries).unwrap();
        let after = ["risk_score", "risk_factor"].map(|table| rows(&engine, table, day));
        assert!(before[0].len() > 100, "{} scores of {day}", before[0].len());
        assert!(deleted > 10_000, "{deleted} rows after {day}");
        let changed = before[0].iter().zip(&after[0]).find(|(one, other)| one != other);
        assert_eq!(changed, None, "{day}: a score changed");
        assert!(before == after, "{day}: a score or a factor changed");
        // Nor does a model that is fitted for the cohort of the day: its outcomes were all known by then.
        // Of the earlier day no older cohort has had its winter: nothing is fitted.
        assert!(day == "2023-08-31" || fitted.len() > 20, "{} cells of older cohorts by {day}", fitted.len());
        assert_eq!(fitted, fitted_on(&engine, day), "{day}: what a model is fitted on changed");
        println!("{day}: {} scores unchanged without {deleted} later rows", before[0].len());
    }
}
