//! Answers compared with what the tables of the release say, worked out row by row without SQL.
use super::{ask, demo, release_of};
use crate::site::column_text;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
};

type Row = BTreeMap<&'static str, String>;

fn table(name: &str, columns: &[&'static str]) -> Vec<Row> {
    let file = File::open(release_of(demo()).join(format!("parquet/{name}.parquet"))).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let rows = batches.iter().flat_map(|batch| {
        (0..batch.num_rows())
            .map(|at| columns.iter().map(|name| (*name, column_text(batch, name, at))).collect())
    });
    rows.collect()
}

/// The pseudonyms of all learners.
pub(super) fn learners() -> Vec<String> {
    table("learner", &["learner_id"]).into_iter().map(|row| row["learner_id"].clone()).collect()
}

fn answer(text: &str) -> Vec<Value> {
    let ran = ask(demo(), &["--json", "query", text]);
    assert_eq!(ran.code, 0, "{text}\n{}", ran.err);
    ran.json()["rows"].as_array().unwrap().clone()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn groups_and_filters_are_those_of_the_rows() {
    let mut expected: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in table("cohort_member", &["ks2_band", "resident"]) {
        let found = expected.entry(row["ks2_band"].clone()).or_default();
        found.0 += 1;
        found.1 += u64::from(row["resident"] == "true");
    }
    let rows = answer(
        "select ks2_band, count(distinct learner_id) as n, count(*) filter (where resident) as r from cohort_member group by 1",
    );
    let found: BTreeMap<String, (u64, u64)> = rows
        .iter()
        .map(|row| (text(&row["ks2_band"]), (row["n"].as_u64().unwrap(), row["r"].as_u64().unwrap())))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn learners_are_counted_after_joins_and_by_all_their_rows() {
    let mut spells: BTreeMap<String, u64> = BTreeMap::new();
    for row in table("spell", &["learner_id", "is_gap"]) {
        if row["is_gap"] == "false" {
            *spells.entry(row["learner_id"].clone()).or_default() += 1;
        }
    }
    let many: BTreeSet<String> =
        spells.into_iter().filter(|(_, n)| *n >= 3).map(|(learner, _)| learner).collect();
    let mut expected: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in table("cohort_member", &["learner_id", "cohort_ay"]) {
        let found = expected.entry(row["cohort_ay"].clone()).or_default();
        found.0 += 1;
        found.1 += u64::from(many.contains(&row["learner_id"]));
    }
    let rows = answer(
        "with many as (select learner_id, count(*) as n from spell where not is_gap group by learner_id having count(*) >= 3) \
         select c.cohort_ay, count(distinct c.learner_id) as n, count(distinct m.learner_id) as many \
         from cohort_member c left join many m using (learner_id) left join spell s on s.learner_id = c.learner_id \
         group by c.cohort_ay",
    );
    let found: BTreeMap<String, (u64, u64)> = rows
        .iter()
        .map(|row| (text(&row["cohort_ay"]), (row["n"].as_u64().unwrap(), row["many"].as_u64().unwrap())))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn shares_sums_and_means_are_those_of_the_rows() {
    let (mut sum, mut with, mut dis, mut known) = (0.0, 0_u32, 0_u32, 0_u32);
    for row in table("cohort_member", &["ks2_score", "dis_y6"]) {
        if let Ok(score) = row["ks2_score"].parse::<f64>() {
            sum += score;
            with += 1;
        }
        known += u32::from(!row["dis_y6"].is_empty());
        dis += u32::from(row["dis_y6"] == "true");
    }
    let rows = answer(
        "select avg(ks2_score) as mean, sum(ks2_score) as total, avg(dis_y6) as share, \
         round(100.0 * count(*) filter (where dis_y6) / nullif(count(*), 0), 1) as of_all from cohort_member",
    );
    let number = |name: &str| rows[0][name].as_f64().unwrap();
    assert!((number("mean") - sum / f64::from(with)).abs() < 0.001, "{rows:?}");
    assert!((number("total") - sum).abs() < 0.01, "{rows:?}");
    assert!((number("share") - 100.0 * f64::from(dis) / f64::from(known)).abs() < 0.06, "{rows:?}");
    let all = table("cohort_member", &["learner_id"]).len() as f64;
    assert!((number("of_all") - 100.0 * f64::from(dis) / all).abs() < 0.06, "{rows:?}");
}
