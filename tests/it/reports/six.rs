//! Attack 30: a provider with six learners. A release made by hand, so that it is there whatever chance brings.
use super::{counts, named_have_ten};
use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use std::{fs, path::Path, sync::Arc};
use throughline::{
    disclosure::{KeyKind, Policy},
    report::{Release, Report, ReportFault, ap, html, tidy},
};

/// The one that must not be seen.
const SIX: &str = "AP-SIX";

pub fn write(folder: &Path, table: &str, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(folder.join("parquet").join(format!("{table}.parquet"))).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

pub fn texts(values: Vec<String>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

pub fn numbers(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

/// Providers with as many learners, one placement each, of whom a share of `yes` in a hundred say yes to everything.
type Provider = (&'static str, i64, i64);

const PROVIDERS: [Provider; 5] =
    [(SIX, 6, 50), ("AP-A", 60, 40), ("AP-B", 80, 60), ("AP-C", 45, 30), ("AP-D", 150, 55)];

const MEASURES: [&str; 4] = ["reintegration", "sustained_16", "has_review", "has_baseline"];

fn release(folder: &Path) -> Release {
    release_of(folder, &PROVIDERS)
}

fn release_of(folder: &Path, providers: &[Provider]) -> Release {
    fs::create_dir_all(folder.join("parquet")).unwrap();
    let manifest =
        r#"{"content":{"as_of":"2026-03-31","home_authority":"998","synthetic":false},"id":"0123"}"#;
    fs::write(folder.join("manifest.json"), manifest).unwrap();
    let rows: Vec<(&str, &str, i64, i64)> = MEASURES
        .iter()
        .flat_map(|measure| {
            providers.iter().map(move |(provider, n, share)| (*measure, *provider, *n, n * share / 100))
        })
        .collect();
    let of = |each: fn(&(&str, &str, i64, i64)) -> i64| numbers(rows.iter().map(each).collect());
    let told = |each: fn(&(&str, &str, i64, i64)) -> String| texts(rows.iter().map(each).collect());
    write(
        folder,
        "ap_funnel",
        vec![
            ("establishment_id", told(|row| row.1.to_owned())),
            ("until_ay", of(|_| 2026)),
            ("audit_group", told(|_| "ap".to_owned())),
            ("measure", told(|row| row.0.to_owned())),
            ("n_yes", of(|row| row.3)),
            ("n_known", of(|row| row.2)),
            ("n_missing", of(|_| 0)),
            ("n_learners", of(|row| row.2)),
            ("funnel_state", told(|row| if row.2 >= 30 { "shown" } else { "case_list" }.to_owned())),
        ],
    );
    let learners: Vec<(&str, i64)> =
        providers.iter().flat_map(|(provider, n, _)| (0..*n).map(move |at| (*provider, at))).collect();
    let decimals: Vec<i128> =
        learners.iter().map(|(_, at)| if at % 2 == 0 { 9_000 } else { 5_000 }).collect();
    let decimals =
        || Arc::new(Decimal128Array::from(decimals.clone()).with_precision_and_scale(9, 4).unwrap());
    write(
        folder,
        "ap_placement",
        vec![
            (
                "establishment_id",
                texts(learners.iter().map(|(provider, _)| (*provider).to_owned()).collect()),
            ),
            ("learner_id", texts(learners.iter().map(|(provider, at)| format!("{provider}-{at}")).collect())),
            ("ay", numbers(vec![2025; learners.len()])),
            ("audit_group", texts(vec!["ap".to_owned(); learners.len()])),
            ("attendance", decimals()),
            ("attendance_change", decimals()),
        ],
    );
    write(
        folder,
        "ap_day_six",
        vec![
            ("learner_id", texts((0..60).map(|at| at.to_string()).collect())),
            ("ay", numbers(vec![2026; 60])),
            ("starts_on", texts(vec!["2026-01-12".to_owned(); 60])),
            (
                "day_six_state",
                texts((0..60).map(|at| if at < 40 { "in_time" } else { "late" }.to_owned()).collect()),
            ),
        ],
    );
    write(
        folder,
        "ap_registration",
        vec![
            ("establishment_id", texts(PROVIDERS.iter().map(|row| row.0.to_owned()).collect())),
            ("ay", numbers(vec![2026; 5])),
            (
                "advice",
                texts(
                    ["refer_for_advice", "none", "none", "registered", "registered"]
                        .map(str::to_owned)
                        .to_vec(),
                ),
            ),
            ("n_learners", numbers(PROVIDERS.iter().map(|row| row.1).collect())),
        ],
    );
    for table in ["distance_travelled", "ladder_result", "outcome", "ap_measure"] {
        write(folder, table, vec![("learner_id", texts(Vec::new()))]);
    }
    Release::open(folder, "0123").unwrap()
}

pub fn policies() -> [Policy; 3] {
    [Policy::published(), Policy::inside_controller(), Policy::synthetic(KeyKind::Demo).unwrap()]
}

/// Everything that a report says, in every dress that is text.
pub fn everything(report: &Report) -> String {
    let mut all = html::page(report);
    all.push_str(&serde_json::to_string(report).unwrap());
    for file in tidy::files(report).unwrap() {
        all.push_str(&String::from_utf8(file.text).unwrap());
    }
    all
}

#[test]
fn attack_30_a_provider_with_six_learners_is_named_by_no_report_and_gets_no_pack() {
    let dir = tempfile::tempdir().unwrap();
    let release = release(dir.path());
    for policy in policies() {
        let report = ap::report(&release, None, &policy).unwrap();
        assert!(!everything(&report).contains(SIX), "{}", policy.name());
        let json = serde_json::to_value(&report).unwrap();
        named_have_ten(&json);
        let refused = [SIX, "nobody"].map(|name| ap::report(&release, Some(name), &policy).unwrap_err());
        assert!(refused.iter().all(|fault| matches!(fault, ReportFault::Refused(_))));
        assert_eq!(refused[0].to_string(), refused[1].to_string(), "small and not there sound alike");
    }
}

#[test]
fn attack_30_nothing_of_the_six_follows_from_the_others_and_all() {
    let dir = tempfile::tempdir().unwrap();
    let release = release(dir.path());
    let report = ap::report(&release, None, &Policy::published()).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    let mut shown = Vec::new();
    counts(&json, &mut shown);
    assert!(shown.iter().all(|n| *n == 0 || *n >= 10), "{shown:?}");
    let mut seen = 0;
    for table in super::tables(&json)
        .filter(|table| table["rows_are"][0] == "provider" && table["columns"][0]["unit"] == "count")
    {
        seen += 1;
        let rows = table["rows"].as_array().unwrap();
        let (total, others) = rows.split_last().unwrap();
        let named: Vec<_> =
            others.iter().filter(|row| !["others", "hidden"].iter().any(|key| row["key"] == *key)).collect();
        assert!(!named.is_empty(), "and yet something is shown");
        for at in 0..2 {
            let count = |row: &serde_json::Value| row["figures"][at]["count"].as_i64();
            let left = count(total).unwrap() - named.iter().filter_map(|row| count(row)).sum::<i64>();
            // The six, and with them so many others that none of these can take its own away and see the six. Half of the
            // six say yes: three, and 37 beside them.
            assert!(left >= if at == 0 { 6 + 45 + 60 - 10 } else { 3 + 13 + 24 - 10 }, "{left} {table:#}");
        }
    }
    assert!(seen >= 3, "{seen} measures");
}

#[test]
fn a_provider_sees_its_own_figures_first_and_has_room_to_reply() {
    let dir = tempfile::tempdir().unwrap();
    let release = release(dir.path());
    let pack = ap::report(&release, Some("AP-D"), &Policy::published()).unwrap();
    let text = everything(&pack);
    assert!(text.contains("Right of reply") && text.contains("no reply of provider AP-D is recorded"));
    for other in [SIX, "AP-A", "AP-B", "AP-C"] {
        assert!(!text.contains(other), "of the others only the sum");
    }
    let json = serde_json::to_value(&pack).unwrap();
    let own = super::table(&json, "own_figures");
    // 82 of 150, to the nearest five; all five providers: 170 of 341.
    assert_eq!(super::figure(own, "reintegration", "placements")["count"], 150);
    assert_eq!(super::figure(own, "reintegration", "yes")["count"], 80);
    assert_eq!(super::figure(own, "reintegration", "rate")["per_cent_tenths"], 530);
    let all = 3 + 24 + 48 + 13 + 82;
    assert_eq!(all, 170);
    assert_eq!(super::figure(own, "reintegration", "rate_of_all")["per_cent_tenths"], 500);
}

/// Twelve learners, who are too few to compare: each measure stands in the pack, and says what it takes.
#[test]
fn a_small_providers_pack_says_what_stands_in_the_way_of_each_figure() {
    let dir = tempfile::tempdir().unwrap();
    let providers = [&PROVIDERS[..], &[("AP-E", 12, 50)]].concat();
    let release = release_of(dir.path(), &providers);
    let pack = ap::report(&release, Some("AP-E"), &Policy::published()).unwrap();
    let json = serde_json::to_value(&pack).unwrap();
    let own = super::table(&json, "own_figures");
    let rows = own["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 21, "no measure is left out unsaid");
    let said = |key: &str| rows.iter().find(|row| row["key"] == key).unwrap()["said"][0].as_str().unwrap();
    assert_eq!(
        said("reintegration"),
        "fewer than 30 placements in three years, or nearly all of a few learners"
    );
    assert_eq!(said("english_entered"), "not known of any placement: no source tells");
    assert!(
        rows.iter().all(|row| row["said"][0] != "not shown" && row["figures"][0]["count"].is_null()),
        "{own:#}"
    );
    let text = everything(&pack);
    assert!(text.contains("30 placements in three years") && text.contains("finished"), "{text}");
    // It is told what a provider can do, and not what an officer types.
    assert!(text.contains("Ask the commissioner") && !text.contains("resolve"), "{text}");
    let all = serde_json::to_value(ap::report(&release, None, &Policy::published()).unwrap()).unwrap();
    let together = super::table(&all, "all_providers");
    for row in together["rows"].as_array().unwrap() {
        let is_shown = row["said"][0] == "shown";
        assert_eq!(is_shown, row["figures"][0]["count"].is_i64(), "{row}");
    }
    // Providers stand beside each other with the rates of their own tables.
    let beside = super::table(&all, "side_by_side");
    for row in beside["rows"].as_array().unwrap() {
        let key = row["key"].as_str().unwrap();
        let of_table = super::figure(super::table(&all, "returned"), key, "rate");
        assert_eq!(super::figure(beside, key, "returned"), of_table, "{key}");
    }
}
