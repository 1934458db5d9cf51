//! Attack 30 again: a school with six disadvantaged pupils, and an indicator that rests on a few. A release made by hand.
use super::{
    counts, named_have_ten,
    six::{everything, numbers, policies, texts, write},
    table, tables,
};
use arrow::array::{ArrayRef, BooleanArray, Decimal128Array};
use std::{fs, path::Path, sync::Arc};
use throughline::{
    disclosure::Policy,
    report::{Release, html, school, scorecard},
};

/// The one that must not be seen.
const SIX: &str = "900006";

/// A school by name; its pupils and those of them who have it, of one year and of the pool.
type School = (&'static str, [i64; 2], [i64; 2]);

/// Schools by their disadvantaged pupils of the year, of whom so many have it, and of the pool of years.
const SCHOOLS: [School; 5] = [
    (SIX, [6, 3], [13, 6]),
    ("900060", [60, 24], [160, 70]),
    ("900080", [80, 60], [230, 160]),
    ("900045", [45, 13], [115, 40]),
    ("900150", [150, 70], [400, 200]),
];

fn decimals(values: Vec<Option<i128>>) -> ArrayRef {
    Arc::new(Decimal128Array::from(values).with_precision_and_scale(9, 4).unwrap())
}

fn bools(values: Vec<bool>) -> ArrayRef {
    Arc::new(BooleanArray::from(values))
}

fn release(folder: &Path) -> Release {
    fs::create_dir_all(folder.join("parquet")).unwrap();
    let manifest =
        r#"{"content":{"as_of":"2026-03-31","home_authority":"998","synthetic":false},"id":"0123"}"#;
    fs::write(folder.join("manifest.json"), manifest).unwrap();
    let of = |each: fn(&School) -> i64| numbers(SCHOOLS.iter().map(each).collect());
    let all = |text: &str| texts(vec![text.to_owned(); SCHOOLS.len()]);
    let ids = || texts(SCHOOLS.iter().map(|row| row.0.to_owned()).collect());
    let shares = |value| decimals(vec![Some(value); SCHOOLS.len()]);
    write(
        folder,
        "school_result",
        vec![
            ("ks4_ay", of(|_| 2025)),
            ("school_id", ids()),
            ("measure", all("basics_9_4")),
            ("is_mainstream", bools(vec![true; SCHOOLS.len()])),
            ("is_here", bools(vec![true; SCHOOLS.len()])),
            ("n_disadvantaged", of(|row| row.1[0])),
            ("n_known", of(|row| row.1[0])),
            ("n_achieved", of(|row| row.1[1])),
            ("national_rate", shares(6_450)),
        ],
    );
    write(
        folder,
        "school_prediction",
        vec![
            ("ks4_ay", of(|_| 2024)),
            ("from_ay", of(|_| 2022)),
            ("school_id", ids()),
            ("measure", all("basics_9_4")),
            ("reference", all("loaded_schools")),
            (
                "state",
                texts(
                    SCHOOLS
                        .iter()
                        .map(|row| if row.2[0] < 20 { "too_few" } else { "judged" }.to_owned())
                        .collect(),
                ),
            ),
            ("n_pupils", of(|row| row.2[0])),
            ("n_achieved", of(|row| row.2[1])),
            ("predicted", shares(4_420)),
            ("between_sd", shares(770)),
            ("reliability", shares(7_800)),
            ("estimate_low", shares(-99)),
            ("estimate_high", shares(1_312)),
        ],
    );
    write(
        folder,
        "school_similar",
        vec![
            ("ks4_ay", of(|_| 2024)),
            ("school_id", ids()),
            ("measure", all("basics_9_4")),
            ("state", all("too_few_schools")),
            ("n_similar", of(|_| 0)),
            ("similar_rate", decimals(vec![None; SCHOOLS.len()])),
            ("best_fifth_rate", decimals(vec![None; SCHOOLS.len()])),
        ],
    );
    Release::open(folder, "0123").unwrap()
}

#[test]
fn attack_30_a_school_with_six_learners_is_named_by_no_report_and_nothing_of_it_follows() {
    let dir = tempfile::tempdir().unwrap();
    let release = release(dir.path());
    for policy in policies() {
        let report = school::report(&release, &policy).unwrap();
        assert!(!everything(&report).contains(SIX), "{}", policy.name());
        let json = serde_json::to_value(&report).unwrap();
        named_have_ten(&json);
        let mut shown = Vec::new();
        counts(&json, &mut shown);
        assert!(shown.iter().all(|n| *n == 0 || *n >= policy.threshold() as i64), "{shown:?}");
        if policy.threshold() == 0 {
            continue;
        }
        for name in ["beside_the_nation", "beside_expectation"] {
            let rows = table(&json, name)["rows"].as_array().unwrap();
            let (total, others) = rows.split_last().unwrap();
            let named = others.iter().filter(|row| row["key"].as_str().unwrap().starts_with("900"));
            for at in 0..2 {
                let count = |row: &serde_json::Value| row["figures"][at]["count"].as_i64();
                let left = count(total).unwrap() - named.clone().filter_map(count).sum::<i64>();
                // The six stand with so many others that none of these, taking its own away, finds fewer than may be told.
                let least = if at == 0 { 6 + 45 } else { 3 + 13 };
                assert!(left >= least - 10, "{}: {left} of {name}", policy.name());
            }
            assert!(named.count() >= 2, "and yet something is shown");
        }
    }
}

#[test]
fn schools_stand_in_the_order_of_their_numbers_and_better_is_said_from_what_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let report = school::report(&release(dir.path()), &Policy::published()).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    let keys = |name: &str| -> Vec<String> {
        let rows = table(&json, name)["rows"].as_array().unwrap();
        rows.iter()
            .map(|row| format!("{} {}", row["key"].as_str().unwrap(), row["said"][0].as_str().unwrap()))
            .collect()
    };
    // 60 of 80 is 75%, above 64.5%; 70 of 150 is not. The six stand with forty-five and sixty.
    assert_eq!(
        keys("beside_the_nation"),
        ["900080 above", "900150 not above", "others does not apply", "total does not apply"]
    );
    // 160 of 230 against 44.2%: far better. 200 of 400 is better by so little that chance may have done it.
    assert_eq!(
        keys("beside_expectation")[..2],
        ["900080 better than expected", "900150 cannot be told from what is expected"]
    );
    assert!(!everything(&report).to_lowercase().contains("league table"));
    // The page speaks of the nation, so the funnel is drawn around it and not around the authority.
    let page = html::page(&report);
    assert!(page.contains("all pupils of the nation: 64.5%"), "{page}");
}

/// A scorecard of one indicator: `k` of `n` now, and 300 of 1,000 three years before.
fn card(folder: &Path, [k, n]: [i64; 2]) -> Release {
    fs::create_dir_all(folder.join("parquet")).unwrap();
    let manifest =
        r#"{"content":{"as_of":"2026-03-31","home_authority":"998","synthetic":false},"id":"0123"}"#;
    fs::write(folder.join("manifest.json"), manifest).unwrap();
    let text = |text: &str| texts(vec![text.to_owned()]);
    let share = i128::from(k * 10_000 / n);
    write(
        folder,
        "scorecard",
        vec![
            ("question", numbers(vec![1])),
            ("indicator", text("reading_below_100")),
            ("population", text("resident")),
            ("topic", text("Who leaves primary school without reading or number")),
            ("answerable", text("yes")),
            ("why", text("key stage 2 tests")),
            ("label", text("Not at the expected standard in reading at eleven")),
            ("better", text("down")),
            ("ay", numbers(vec![2025])),
            ("value", decimals(vec![Some(share)])),
            ("n", numbers(vec![n])),
            ("n_missing", numbers(vec![0])),
            ("value_before", decimals(vec![Some(3_000)])),
            ("n_before", numbers(vec![1_000])),
            ("rag", text("green")),
            ("reason", text("on_course")),
        ],
    );
    Release::open(folder, "0123").unwrap()
}

#[test]
fn a_colour_is_suppressed_where_a_figure_that_it_rests_on_is_hidden() {
    let dir = tempfile::tempdir().unwrap();
    for (counted, wanted) in
        [([200, 1_000], "green"), ([6, 1_000], "suppressed"), ([994, 1_000], "suppressed")]
    {
        let report = scorecard::report(&card(dir.path(), counted), &Policy::published()).unwrap();
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(table(&json, "shares")["rows"][0]["said"][2], wanted, "{counted:?}");
        let questions = table(&json, "questions")["rows"][0]["said"][2].as_str().unwrap();
        assert_eq!(questions, format!("{wanted} (1)"));
        assert_eq!(tables(&json).count(), 2);
        let text = everything(&report);
        assert!(wanted != "suppressed" || !text.contains(">green"), "no light is left on");
    }
}
