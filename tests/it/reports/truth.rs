//! The reports of an invented authority beside what the oracle counts from its events.
use super::{figure, table};
use crate::{
    oracle::{Fixed, NeetRate, Person, Tables},
    site::run_in,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Everything that the report of a demonstration says, or a panic that says where they part.
pub fn agree(site: &Path, expected: &Tables) {
    let report = run_in(site, &["--json", "report", "neet"]).json();
    months(&report, expected);
    years(&report, expected);
    offers(&report, expected);
    lost_sight(&report, expected);
    support(&report, expected);
    tested(&report, expected);
    provision(&run_in(site, &["--json", "report", "ap"]).json(), expected);
    cohort(site, expected);
}

/// The files of the newest cohort: its states and the ways to Year 11, label by label.
fn cohort(site: &Path, expected: &Tables) {
    let ran = run_in(site, &["--json", "report", "cohort", "--csv", "cohort-files"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let year = ran.json()["cohort"].as_i64().unwrap();
    let column = |name: &str, column: &str| {
        let mut reader = csv::Reader::from_path(site.join("cohort-files").join(name)).unwrap();
        let at = reader.headers().unwrap().iter().position(|header| header == column).unwrap();
        reader.records().map(|line| line.unwrap()[at].to_owned()).collect::<Vec<String>>()
    };
    let states = expected
        .attrition_waterfall
        .iter()
        .filter(|row| row.cohort_ay == year && row.population == "resident");
    let mut counts: Vec<i64> = states.map(|row| row.n).collect();
    counts.push(counts.iter().sum());
    counts.sort_unstable();
    let mut shown: Vec<i64> =
        column("states_at_sixteen.csv", "learners").iter().map(|cell| cell.parse().unwrap()).collect();
    shown.sort_unstable();
    assert_eq!(shown, counts);
    let ways = expected
        .pathway_form
        .iter()
        .filter(|row| row.cohort_ay == year && row.population == "resident" && row.n >= 10);
    let mut wanted: Vec<i64> = ways.map(|row| row.n).collect();
    wanted.sort_unstable_by(|one, other| other.cmp(one));
    wanted.truncate(15);
    let shown: Vec<i64> =
        column("ways_to_year_11.csv", "learners").iter().map(|cell| cell.parse().unwrap()).collect();
    assert_eq!(shown, wanted);
}

/// Of all providers together, over the newest three years.
fn provision(report: &Value, expected: &Tables) {
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
    assert!(rows.len() > 8, "{} measures", rows.len());
    for row in rows {
        let key = row["key"].as_str().unwrap();
        let [known, yes, missing] = sums[key];
        for (column, n) in [("placements", known), ("yes", yes), ("not_known", missing)] {
            assert_eq!(figure(shown, key, column), count(n), "{key} {column}");
        }
    }
}

fn count(n: i64) -> Value {
    json!({ "count": n })
}

fn months(report: &Value, expected: &Tables) {
    let ours = |row: &&NeetRate| row.population == "client_record" && row.breakdown == "all";
    let newest = expected.neet_rate.iter().filter(ours).map(|row| row.ay).max().unwrap();
    let rows =
        expected.neet_rate.iter().filter(ours).filter(|row| row.ay == newest && row.period != "dec_to_feb");
    let shown = table(report, "status_by_month");
    let mut found = 0;
    for row in rows {
        found += 1;
        let in_autumn = ["september", "october", "november", "december"].contains(&row.period.as_str());
        let key = format!("{}_{}", row.ay - i64::from(in_autumn), row.period);
        let not_known = row.n_not_known + row.n_no_record;
        for (column, n) in [
            ("cohort", row.n_cohort),
            ("participating", row.n_participating),
            ("working", row.n_working),
            ("neet", row.n_neet),
            ("not_known", not_known),
            ("neet_or_not_known", row.n_neet + not_known),
        ] {
            assert_eq!(figure(shown, &key, column), count(n), "{key} {column}");
        }
    }
    assert_eq!(shown["rows"].as_array().unwrap().len(), found, "no month more and none less");
}

/// Rates to a tenth of a per cent, as the published rate rounds to it.
fn years(report: &Value, expected: &Tables) {
    let shown = table(report, "rates_by_year");
    let tenths = |rate: Option<Fixed<4>>| {
        let rate = rate.unwrap().0;
        json!({ "per_cent_tenths": rate.div_euclid(10) + i64::from(rate.rem_euclid(10) >= 5) })
    };
    let near = |shown: &Value, wanted: &Value| {
        let number = |value: &Value| value["per_cent_tenths"].as_i64().unwrap();
        // The published rate is rounded to four places first: a half may fall either way.
        (number(shown) - number(wanted)).abs() <= 1
    };
    let rows = expected.neet_rate.iter().filter(|row| {
        row.population == "client_record"
            && row.breakdown == "all"
            && row.period == "dec_to_feb"
            && row.n_months == 3
    });
    let mut found = 0;
    for row in rows.filter(|row| row.neet_rate.is_some()) {
        found += 1;
        let key = row.ay.to_string();
        for (column, rate) in [
            ("neet_rate", row.neet_rate),
            ("neet_rate_low", row.neet_low),
            ("neet_rate_high", row.neet_high),
            ("not_known_rate", row.not_known_rate),
            ("combined_rate", row.combined_rate),
            ("combined_rate_high", row.combined_high),
        ] {
            let is = figure(shown, &key, column);
            assert!(near(&is, &tenths(rate)), "{key} {column}: {is} beside {}", tenths(rate));
        }
    }
    assert!(found > 0 && shown["rows"].as_array().unwrap().len() == found);
}

fn offers(report: &Value, expected: &Tables) {
    let ours = expected.september_guarantee.iter().filter(|row| row.resident);
    let newest = ours.clone().map(|row| row.ay).max().unwrap();
    let mut groups: BTreeMap<i64, BTreeMap<&str, i64>> = BTreeMap::new();
    for row in ours.filter(|row| row.ay == newest) {
        *groups.entry(row.year_group).or_default().entry(&row.guarantee_state).or_default() += 1;
    }
    let shown = table(report, "september_offers");
    for (year_group, states) in groups {
        let of = |state: &str| states.get(state).copied().unwrap_or(0);
        let key = year_group.to_string();
        let without = of("no_offer") + of("not_recorded");
        assert_eq!(figure(shown, &key, "offer_made"), count(of("offer_made")));
        assert_eq!(figure(shown, &key, "without_offer"), count(without));
        assert_eq!(figure(shown, &key, "not_recorded"), count(of("not_recorded")));
        assert_eq!(figure(shown, &key, "learners"), count(states.values().sum()));
    }
}

/// Person by person: whoever has an open spell that is neither a gap nor an entry as missing.
fn lost_sight(report: &Value, expected: &Tables) {
    let known: BTreeSet<Person> = expected
        .spell
        .iter()
        .filter(|row| row.is_open && !row.is_gap && row.legal_basis != "cme")
        .map(|row| row.person)
        .collect();
    let shown = table(report, "lost_sight_of");
    for row in shown["rows"].as_array().unwrap() {
        let year_group: i64 = row["key"].as_str().unwrap().parse().unwrap();
        // As at 31 March 2026: Year 11 was in Year 6 five years before.
        let cohort = 2026 - (year_group - 6);
        let people: Vec<Person> = expected
            .learner
            .iter()
            .filter(|row| row.cohort_ay == Some(cohort))
            .map(|row| row.person)
            .collect();
        let lost = people.iter().filter(|person| !known.contains(person)).count() as i64;
        let key = year_group.to_string();
        assert_eq!(figure(shown, &key, "learners"), count(people.len() as i64), "Year {key}");
        assert_eq!(figure(shown, &key, "lost_sight_of"), count(lost), "Year {key}");
    }
    assert_eq!(shown["rows"].as_array().unwrap().len(), 5);
}

fn support(report: &Value, expected: &Tables) {
    let as_of = report["about"]["as_of"].as_str().unwrap();
    let told: Vec<_> = expected
        .risk_score
        .iter()
        .filter(|row| row.pack == "default" && row.predicted_on.to_string() == as_of)
        .collect();
    let of = |bands: &[&str]| told.iter().filter(|row| bands.contains(&row.band.as_str())).count() as i64;
    let bands = table(report, "may_need_support");
    assert_eq!(figure(bands, "may_need_support", "learners"), count(of(&["red", "amber"])));
    assert_eq!(figure(bands, "may_need_it_most", "learners"), count(of(&["red"])));
    assert_eq!(figure(bands, "too_little_known", "learners"), count(of(&["not_known"])));
    assert_eq!(figure(bands, "total", "learners"), count(told.len() as i64));
    let groups = table(report, "support_by_group");
    for year_group in 8..=11 {
        let marked = told
            .iter()
            .filter(|row| row.year_group == year_group && row.band != "not_known" && row.band != "green");
        let key = format!("year_group_{year_group}");
        assert_eq!(figure(groups, &key, "numerator"), count(marked.count() as i64), "Year {year_group}");
    }
    // Everybody whose place is known is at one place, and no place is counted twice.
    let places = table(report, "support_by_place");
    let rows = places["rows"].as_array().unwrap();
    let number = |row: &Value, at: usize| row["figures"][at]["count"].as_i64().unwrap();
    let (last, all) = rows.split_last().unwrap();
    for at in 0..2 {
        assert_eq!(all.iter().map(|row| number(row, at)).sum::<i64>(), number(last, at));
    }
    assert_eq!(figure(groups, "place_today_known", "denominator"), count(number(last, 0)));
}

fn tested(report: &Value, expected: &Tables) {
    let ours = expected.risk_curve.iter().filter(|row| {
        row.pack == "default" && row.outcome == "neet" && row.basis == "low" && row.n_scored > 0
    });
    let newest = ours.clone().map(|row| row.cohort_ay).max().unwrap();
    // Marked is amber and red: from three points on.
    let marked =
        ours.filter(|row| row.cohort_ay == newest && row.flag_from >= 3).min_by_key(|row| row.flag_from);
    let (flagged, both) = marked.map_or((0, 0), |row| (row.n_flagged, row.n_true));
    let shown = table(report, "points_tested");
    assert_eq!(figure(shown, "marked", "denominator"), count(flagged));
    assert_eq!(figure(shown, "marked", "numerator"), count(both));
}
