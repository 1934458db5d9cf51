//! The report of alternative provision beside the oracle: all providers together, each by itself, amounts, the sixth day, the sites.
use super::{
    super::{figure, table, tables},
    count,
};
use crate::oracle::{Person, Tables};
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Every table of the report.
pub fn agree(report: &Value, expected: &Tables) {
    let until = expected.ap_funnel.iter().map(|row| row.until_ay).max().unwrap();
    together(report, expected);
    by_provider(report, expected, until);
    amounts(report, expected);
    sixth_day(report, expected, until);
    sites(report, expected, until);
}

/// The measures that the release has by provider, by the names of their tables here.
const BY_PROVIDER: [(&str, &str); 15] = [
    ("returned", "reintegration"),
    ("held_two_terms", "sustained_two_terms"),
    ("after_sixteen", "sustained_16"),
    ("level_1", "level1_english_maths"),
    ("reviewed", "has_review"),
    ("objectives", "has_objectives"),
    ("baseline", "has_baseline"),
    ("end_reason", "has_end_reason"),
    ("held_a_year", "sustained_12_months"),
    ("level_2", "level2_english_maths"),
    ("entered", "english_entered"),
    ("placed_again", "repeat_referral"),
    ("over_a_year", "over_a_year"),
    ("part_time", "part_time"),
    ("missing", "missing_from_provision"),
];

/// Each provider that has a name, and the same rates side by side.
fn by_provider(report: &Value, expected: &Tables, until: i64) {
    let beside = tables(report).find(|table| table["name"] == "side_by_side");
    for (name, measure) in BY_PROVIDER {
        let Some(shown) = tables(report).find(|table| table["name"] == name) else { continue };
        let ours = || {
            let rows =
                expected.ap_funnel.iter().filter(|row| row.until_ay == until && row.audit_group == "ap");
            rows.filter(|row| row.measure == measure)
        };
        for row in shown["rows"].as_array().unwrap() {
            let key = row["key"].as_str().unwrap();
            if ["others", "hidden", "total"].contains(&key) {
                continue;
            }
            let wanted = ours().find(|row| row.establishment_id == key).unwrap();
            assert_eq!(figure(shown, key, "denominator"), count(wanted.n_known), "{name} {key}");
            assert_eq!(figure(shown, key, "numerator"), count(wanted.n_yes), "{name} {key}");
            assert!(wanted.n_known >= 30 || wanted.funnel_state == "shown", "{name} {key}");
            let has_column =
                beside.is_some_and(|table| table["columns"].to_string().contains(&format!("\"{name}\"")));
            if let Some(beside) = beside.filter(|_| has_column) {
                assert_eq!(figure(beside, key, name), figure(shown, key, "rate"), "{name} {key}");
            }
        }
        let known: i64 = ours().map(|row| row.n_known).sum();
        assert_eq!(figure(shown, "total", "denominator"), count(known), "{name}");
    }
}

/// Each learner by the latest exclusion or long suspension.
fn sixth_day(report: &Value, expected: &Tables, until: i64) {
    let ours = expected.ap_day_six.iter().filter(|row| row.ay > until - 3 && row.ay <= until);
    let mut latest: BTreeMap<Person, (NaiveDate, &str)> = BTreeMap::new();
    for row in ours {
        let event = (row.starts_on, row.day_six_state.as_str());
        let kept = latest.entry(row.person).or_insert(event);
        *kept = (*kept).max(event);
    }
    let Some(shown) = tables(report).find(|table| table["name"] == "day_six") else {
        assert!(latest.is_empty());
        return;
    };
    assert_eq!(figure(shown, "total", "learners"), count(latest.len() as i64));
    for state in ["in_time", "late", "none_known", "not_due", "over_age", "no_rule_for_year"] {
        let n = latest.values().filter(|(_, of)| *of == state).count() as i64;
        assert_eq!(figure(shown, state, "learners"), count(n), "{state}");
    }
}

/// Learners by what is advised of their site.
fn sites(report: &Value, expected: &Tables, until: i64) {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for row in expected.ap_registration.iter().filter(|row| row.ay == until) {
        *sums.entry(&row.advice).or_default() += row.n_learners;
    }
    let Some(shown) = tables(report).find(|table| table["name"] == "registration") else {
        assert!(sums.is_empty());
        return;
    };
    assert_eq!(figure(shown, "total", "learners"), count(sums.values().sum()));
    for (advice, n) in sums {
        assert_eq!(figure(shown, advice, "learners"), count(n), "{advice}");
    }
}

/// Of all providers together, over the newest three years.
fn together(report: &Value, expected: &Tables) {
    let shown = table(report, "all_providers");
    let until = expected.ap_funnel.iter().map(|row| row.until_ay).max().unwrap();
    let mut sums: BTreeMap<&str, [i64; 3]> = BTreeMap::new();
    for row in expected.ap_funnel.iter().filter(|row| row.until_ay == until && row.audit_group == "ap") {
        let sum = sums.entry(&row.measure).or_default();
        sum[0] += row.n_known;
        sum[1] += row.n_yes;
        sum[2] += row.n_missing;
    }
    let ours = expected.ap_placement.iter().filter(|row| row.audit_group == "ap" && row.ay > until - 3);
    for row in ours {
        for (measure, yes) in [
            ("attended", row.attendance.map(|share| share.0 >= 8_500)),
            ("better_than_alike", row.attendance_change.map(|change| change.0 > 0)),
        ] {
            let sum = sums.entry(measure).or_default();
            sum[0] += i64::from(yes.is_some());
            sum[1] += i64::from(yes == Some(true));
            sum[2] += i64::from(yes.is_none());
        }
    }
    let rows = shown["rows"].as_array().unwrap();
    assert!(rows.iter().filter(|row| row["said"][0] == "shown").count() > 8, "{rows:?}");
    assert_eq!(rows.len(), 17, "every measure, shown or not");
    for row in rows {
        let key = row["key"].as_str().unwrap();
        let [known, yes, missing] = sums.get(key).copied().unwrap_or_default();
        if known == 0 {
            assert_eq!(row["said"][0], "not known of any placement: no source tells", "{key}");
            continue;
        }
        for (column, n) in [("placements", known), ("yes", yes), ("not_known", missing)] {
            assert_eq!(figure(shown, key, column), count(n), "{key} {column}");
        }
    }
}

/// Half days and pounds, learner by learner.
fn amounts(report: &Value, expected: &Tables) {
    let until = expected.ap_funnel.iter().map(|row| row.until_ay).max().unwrap();
    let ours = || expected.ap_placement.iter().filter(|row| row.audit_group == "ap" && row.ay > until - 3);
    let counted = ours().filter(|row| row.sessions_offered.is_some() && row.sessions_attended.is_some());
    let shown = table(report, "amounts");
    let learners: BTreeSet<Person> = counted.clone().map(|row| row.person).collect();
    assert_eq!(figure(shown, "half_days_offered", "learners"), count(learners.len() as i64));
    for (key, sum) in [
        ("half_days_offered", counted.clone().filter_map(|row| row.sessions_offered).sum::<i64>()),
        ("half_days_attended", counted.clone().filter_map(|row| row.sessions_attended).sum()),
    ] {
        assert_eq!(figure(shown, key, "total"), count(sum), "{key}");
        let n = learners.len() as i64;
        assert_eq!(figure(shown, key, "mean"), count((sum + n / 2).div_euclid(n)), "{key}");
    }
}
