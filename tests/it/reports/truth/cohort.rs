//! The report of the newest cohort beside the oracle: every state, group, route and way under its own key.
use super::{
    super::{figure, table, tables},
    count,
};
use crate::{
    oracle::{Fixed, LostPotential, Tables},
    site::run_in,
};
use serde_json::Value;
use std::path::Path;

/// Every table of it.
pub fn agree(site: &Path, expected: &Tables) {
    let ran = run_in(site, &["--json", "report", "cohort"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report = ran.json();
    let year = report["cohort"].as_i64().unwrap();
    states(&report, expected, year);
    let groups: Vec<&LostPotential> = expected
        .lost_potential
        .iter()
        .filter(|row| row.cohort_ay == year && row.population == "resident")
        .collect();
    attainers(&report, &groups);
    gap(&report, &groups);
    routes(&report, expected, year);
    ways(&report, expected, year);
}

/// In tenths of a per cent, as they are shown of invented learners.
#[track_caller]
fn is_rate(shown: &Value, part: i64, whole: i64) {
    if whole == 0 {
        assert_eq!(shown["symbol"], "x");
        return;
    }
    let wanted = part as f64 * 1_000.0 / whole as f64;
    let is = shown["per_cent_tenths"].as_i64().unwrap() as f64;
    assert!((is - wanted).abs() <= 0.5 + 1e-9, "{is} beside {wanted}");
}

fn states(report: &Value, expected: &Tables, year: i64) {
    let shown = table(report, "states_at_sixteen");
    let ours: Vec<_> = expected
        .attrition_waterfall
        .iter()
        .filter(|row| row.cohort_ay == year && row.population == "resident")
        .collect();
    let all: i64 = ours.iter().map(|row| row.n).sum();
    assert!(all > 100, "{all} members");
    for row in &ours {
        assert_eq!(figure(shown, &row.state, "learners"), count(row.n), "{}", row.state);
        is_rate(&figure(shown, &row.state, "share"), row.n, all);
    }
    assert_eq!(figure(shown, "total", "learners"), count(all));
    assert_eq!(shown["rows"].as_array().unwrap().len(), ours.len() + 1, "no state more and none less");
}

fn attainers(report: &Value, groups: &[&LostPotential]) {
    let shown = table(report, "high_attainers");
    for row in groups {
        let is = |column: &str| figure(shown, &row.group, column);
        assert_eq!(is("learners"), count(row.n_members), "{}", row.group);
        assert_eq!(is("with_results"), count(row.n_with_results), "{}", row.group);
        assert_eq!(is("achieved"), count(row.n_achieved), "{}", row.group);
        is_rate(&is("seen_only"), row.n_achieved, row.n_with_results);
        is_rate(&is("whole_cohort"), row.n_achieved, row.n_members);
        is_rate(&is("visibility"), row.n_visible, row.n_members);
        let near = |shown: &Value, wanted: Option<Fixed<4>>| {
            let Some(wanted) = wanted else { return };
            let is = shown["per_cent_tenths"].as_i64().unwrap() as f64;
            assert!((is - wanted.0 as f64 / 10.0).abs() <= 0.6, "{is} beside {}", wanted.0);
        };
        near(&is("seen_only_low"), row.observed_low);
        near(&is("seen_only_high"), row.observed_high);
        near(&is("whole_cohort_low"), row.whole_cohort_low);
        near(&is("whole_cohort_high"), row.whole_cohort_high);
    }
    let total: i64 = groups.iter().map(|row| row.n_members).sum();
    assert!(total > 10, "{total} high attainers");
}

/// By either route: the points between two rates as they are shown, and how many more would have reached it.
fn gap(report: &Value, groups: &[&LostPotential]) {
    let Some(shown) = tables(report).find(|table| table["name"] == "gap") else {
        panic!("of invented learners the gap is shown");
    };
    let of = |group: &str| groups.iter().find(|row| row.group == group).unwrap();
    let (mine, theirs) = (of("disadvantaged"), of("other"));
    for (key, whole) in [
        ("seen_only", (|row| row.n_with_results) as fn(&LostPotential) -> i64),
        ("whole_cohort", |row| row.n_members),
    ] {
        is_rate(&figure(shown, key, "disadvantaged"), mine.n_achieved, whole(mine));
        is_rate(&figure(shown, key, "other"), theirs.n_achieved, whole(theirs));
        let rate = |row: &LostPotential| row.n_achieved as f64 / whole(row) as f64;
        let points = (rate(theirs) - rate(mine)) * 1_000.0;
        let is = figure(shown, key, "gap")["per_cent_tenths"].as_i64().unwrap() as f64;
        assert!((is - points).abs() <= 1.0 + 1e-9, "{key}: {is} beside {points}");
        let lost = (rate(theirs) - rate(mine)) * mine.n_members as f64;
        let is = figure(shown, key, "lost_potential")["count"].as_i64().unwrap() as f64;
        assert!((is - lost).abs() <= 0.5 + 1e-9, "{key}: {is} beside {lost}");
    }
    let released = mine.lost_potential.unwrap().0 as f64 / 10_000.0;
    let is = figure(shown, "whole_cohort", "lost_potential")["count"].as_i64().unwrap() as f64;
    assert!((is - released).abs() <= 0.51, "{is} beside {released}");
}

/// Promise that was realised, person by person: by GCSEs, by another route, or by neither as far as is known.
fn routes(report: &Value, expected: &Tables, year: i64) {
    let shown = table(report, "realised_potential");
    let ours =
        expected.realised_rate.iter().filter(|row| row.cohort_ay == year && row.population == "resident");
    let mut found = 0;
    for row in ours {
        found += 1;
        let is = |column: &str| figure(shown, &row.disadvantage, column);
        for (column, n) in [
            ("learners", row.n_members),
            ("by_gcse", row.n_gcse),
            ("by_another", row.n_other),
            ("neither", row.n_members - row.n_gcse - row.n_other),
            ("not_known", row.n_unknown),
        ] {
            assert_eq!(is(column), count(n), "{} {column}", row.disadvantage);
        }
        is_rate(&is("gcse_rate"), row.n_gcse, row.n_members);
        is_rate(&is("either_rate"), row.n_gcse + row.n_other, row.n_members);
    }
    assert_eq!(shown["rows"].as_array().unwrap().len(), found);
    // Lost potential by GCSEs is the headline's; by either route more have got there.
    let lost = table(report, "lost_by_route");
    let of = |group: &str| {
        let mut ours = expected.realised_rate.iter().filter(|row| row.cohort_ay == year);
        ours.find(|row| row.population == "resident" && row.disadvantage == group).unwrap()
    };
    let (mine, theirs) = (of("disadvantaged"), of("other"));
    for (key, there) in [
        ("by_gcse", (|row| row.n_gcse) as fn(&crate::oracle::RealisedRate) -> i64),
        ("by_either", |row| row.n_either),
    ] {
        is_rate(&figure(lost, key, "disadvantaged"), there(mine), mine.n_members);
        is_rate(&figure(lost, key, "other"), there(theirs), theirs.n_members);
        let share = |row| there(row) as f64 / row.n_members as f64;
        let wanted = (share(theirs) - share(mine)) * mine.n_members as f64;
        let is = figure(lost, key, "lost_potential")["count"].as_i64().unwrap() as f64;
        assert!((is - wanted).abs() <= 0.5 + 1e-9, "{key}: {is} beside {wanted}");
    }
    let headline = figure(table(report, "gap"), "whole_cohort", "lost_potential");
    assert_eq!(figure(lost, "by_gcse", "lost_potential"), headline);
}

/// The commonest ways, each by itself; of those that are not listed none is commoner.
fn ways(report: &Value, expected: &Tables, year: i64) {
    let shown = table(report, "ways_to_year_11");
    let mut ours: Vec<_> = expected
        .pathway_form
        .iter()
        .filter(|row| row.cohort_ay == year && row.population == "resident" && row.n >= 10)
        .collect();
    ours.sort_by_key(|row| -row.n);
    let rows = shown["rows"].as_array().unwrap();
    assert_eq!(rows.len(), ours.len().min(15));
    let least = ours[rows.len() - 1].n;
    for row in rows {
        let key = row["key"].as_str().unwrap();
        let wanted = ours.iter().find(|row| row.pathway == key).unwrap_or_else(|| panic!("no way {key}"));
        assert_eq!(figure(shown, key, "learners"), count(wanted.n), "{key}");
        assert!(wanted.n >= least, "{key}");
    }
}
