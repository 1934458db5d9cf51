//! The reports of an invented authority beside what the oracle counts from its events.
mod before;
mod cohort;
mod held;
mod provided;
mod wards;

use super::{figure, table};
use crate::{
    oracle::{Fixed, Learner, NccisMonth, NeetRate, Person, Scorecard, Tables},
    site::run_in,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use throughline::synth::World;

/// Everything that the report of a demonstration says, or a panic that says where they part.
pub fn agree(site: &Path, world: &World, expected: &Tables) {
    let report = run_in(site, &["--json", "report", "neet"]).json();
    months(&report, expected);
    years(&report, expected);
    in_no_record(&report, expected);
    offers(&report, expected);
    lost_sight(&report, expected);
    support(&report, expected);
    tested(&report, expected);
    groups(&report, expected);
    provided::agree(site, expected);
    before::circumstances(&report, expected);
    before::places(&report, expected);
    wards::agree(&report, expected);
    cohort::agree(site, expected);
    scorecard(&run_in(site, &["--json", "report", "scorecard"]).json(), expected);
    schools(&run_in(site, &["--json", "report", "school"]).json(), expected);
    held::agree(site, world);
}

/// Each school that has a name beside the oracle's own counts and estimates.
fn schools(report: &Value, expected: &Tables) {
    let ours = |measure: &str, school: &str| measure == "basics_9_4" && school != "none";
    let results =
        || expected.school_result.iter().filter(|row| row.is_here && ours(&row.measure, &row.school_id));
    let ay = results().filter(|row| row.n_known > 0).map(|row| row.ks4_ay).max().unwrap();
    let shown = table(report, "beside_the_nation");
    let (mut named, mut better) = (0, 0);
    for row in results().filter(|row| row.ks4_ay == ay && row.is_mainstream && row.n_disadvantaged >= 10) {
        named += 1;
        better += i64::from(row.beats_national_all == Some(true));
        assert_eq!(figure(shown, &row.school_id, "denominator"), count(row.n_disadvantaged));
        assert_eq!(figure(shown, &row.school_id, "numerator"), count(row.n_achieved));
        let rows = shown["rows"].as_array().unwrap();
        let said = &rows.iter().find(|each| each["key"] == row.school_id.as_str()).unwrap()["said"][0];
        let wanted = match row.beats_national_all {
            Some(true) => "above",
            Some(false) => "not above",
            None => "no average is held",
        };
        assert_eq!(said, wanted, "{}", row.school_id);
    }
    let tally = table(report, "schools_beating");
    assert_eq!(figure(tally, "beats_national_all", "schools"), count(named));
    assert_eq!(figure(tally, "beats_national_all", "better"), count(better));
    let judged = || {
        expected.school_prediction.iter().filter(|row| row.state == "judged" && row.measure == "basics_9_4")
    };
    let newest = ay;
    let Some(ay) = judged().map(|row| row.ks4_ay).max() else { return };
    let shown = table(report, "beside_expectation");
    let is_named = |school: &str| {
        let mut years = results().filter(|row| row.ks4_ay == newest && row.is_mainstream);
        years.any(|row| row.school_id == school && row.n_disadvantaged >= 10)
    };
    for row in judged().filter(|row| row.ks4_ay == ay && is_named(&row.school_id)) {
        let is = |column: &str| figure(shown, &row.school_id, column);
        assert_eq!(is("denominator"), count(row.n_pupils));
        assert_eq!(is("numerator"), count(row.n_achieved));
        for (column, wanted) in
            [("expected", row.predicted), ("estimate", row.estimate), ("p_better", row.p_above_prediction)]
        {
            let Some(wanted) = wanted.map(|wanted| wanted.0 as f64 / 10.0) else {
                assert_eq!(is(column)["symbol"], "x", "{} {column}", row.school_id);
                continue;
            };
            let tenths = is(column)["per_cent_tenths"].as_i64().unwrap();
            assert!(
                (tenths as f64 - wanted).abs() <= 2.0,
                "{} {column}: {tenths} beside {wanted}",
                row.school_id
            );
        }
    }
}

/// Every indicator beside the scorecard as the oracle makes it: of those who lived here, where there is such a row.
fn scorecard(report: &Value, expected: &Tables) {
    let mut wanted: BTreeMap<&str, &Scorecard> = BTreeMap::new();
    for row in expected.scorecard.iter().filter(|row| row.indicator != "none") {
        if row.population == "resident" || !wanted.contains_key(row.indicator.as_str()) {
            wanted.insert(&row.indicator, row);
        }
    }
    assert_eq!(table(report, "questions")["rows"].as_array().unwrap().len(), 18);
    let mut found = 0;
    for shown in super::tables(report).filter(|table| table["name"] != "questions") {
        for row in shown["rows"].as_array().unwrap() {
            let key = row["key"].as_str().unwrap();
            let wanted = wanted[key];
            found += 1;
            assert_eq!(row["said"][2], wanted.rag, "{key}: nothing made up is hidden");
            let Some(value) = wanted.value else {
                assert_eq!(figure(shown, key, "value")["symbol"], "x", "{key}");
                continue;
            };
            assert_eq!(figure(shown, key, "learners"), count(wanted.n.unwrap()), "{key}");
            assert_eq!(figure(shown, key, "not_known"), count(wanted.n_missing.unwrap()), "{key}");
            for (column, value) in [("value", Some(value)), ("value_before", wanted.value_before)] {
                let Some(value) = value else { continue };
                let is = figure(shown, key, column);
                // The release rounds to four places first. Of an index from nought to one, only tenths of a hundredth's hundred.
                let (is, in_steps) = match (is["per_cent_tenths"].as_i64(), key) {
                    (Some(tenths), "suspension_rate" | "permanent_rate") => {
                        (tenths, value.0 as f64 / 1_000.0)
                    }
                    (Some(tenths), _) => (tenths, value.0 as f64 / 10.0),
                    (None, "gap_index" | "gap_index_without_ap") => {
                        (is["count"].as_i64().unwrap(), value.0 as f64 / 100.0)
                    }
                    (None, _) => (is["count"].as_i64().unwrap(), value.0 as f64),
                };
                let room: f64 = match key {
                    "hutchens" | "index_gain" | "duration_gain" => 5.1,
                    // The difference of two rates as they are shown: each may be half a tenth off.
                    "basics_9_5_gap" | "level3_gap" | "long_gap_9_4" => 1.1,
                    _ => 0.6,
                };
                assert!((is as f64 - in_steps).abs() <= room, "{key} {column}: {is} beside {in_steps}");
            }
        }
    }
    assert_eq!(found, wanted.len(), "each indicator in one table");
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

/// Whoever is NEET or not known at the end of the newest month, group by group: each group a row, and no other.
fn groups(report: &Value, expected: &Tables) {
    let shown = table(report, "neet_by_group");
    let last = table(report, "status_by_month")["rows"].as_array().unwrap().last().unwrap().clone();
    let period = last["key"].as_str().unwrap().split_once('_').unwrap().1.to_owned();
    let of_record = || expected.neet_rate.iter().filter(|row| row.population == "client_record");
    let newest = of_record().filter(|row| row.period == period).map(|row| row.ay).max().unwrap();
    let headings = [
        ("age", "age"),
        ("setting", "setting_in_year_11"),
        ("sen", "needs_in_year_11"),
        ("disadvantage", "disadvantage_in_year_11"),
    ];
    let mut found = 0;
    for row in of_record().filter(|row| row.ay == newest && row.period == period && row.n_cohort > 0) {
        let Some((_, heading)) = headings.iter().find(|(breakdown, _)| *breakdown == row.breakdown) else {
            continue;
        };
        found += 1;
        let key = format!("{heading}_{}", row.category);
        let unseen = row.n_neet + row.n_not_known + row.n_no_record;
        assert_eq!(figure(shown, &key, "denominator"), count(row.n_cohort), "{key}");
        assert_eq!(figure(shown, &key, "numerator"), count(unseen), "{key}");
    }
    assert_eq!(shown["rows"].as_array().unwrap().len(), found + 1, "and the sum");
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
    // A year of one age alone is not beside years of both.
    let has_both_ages = |ay: i64| {
        let of_record =
            || expected.neet_rate.iter().filter(|row| row.population == "client_record" && row.ay == ay);
        let holds = |age: &str| {
            of_record().any(|row| row.breakdown == "age" && row.category == age && row.n_cohort > 0)
        };
        holds("16") && holds("17")
    };
    let rows = expected.neet_rate.iter().filter(|row| {
        row.population == "client_record"
            && row.breakdown == "all"
            && row.period == "dec_to_feb"
            && row.n_months == 3
            && has_both_ages(row.ay)
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

/// Whoever is 16 or 17 and not in the cohort of the record is told of, too: person by person, at the end of the newest month.
fn in_no_record(report: &Value, expected: &Tables) {
    let last = expected.nccis_month.iter().map(|row| row.month_on).max().unwrap();
    let of_month = || expected.nccis_month.iter().filter(|row| row.month_on == last);
    let in_cohort = |row: &&NccisMonth| row.membership == "in_cohort" && row.status != "custody";
    let nowhere = |row: &&NccisMonth| {
        row.membership == "no_record"
            && row.resident
            && ["no_record", "not_known"].contains(&row.status.as_str())
    };
    let shown = table(report, "in_no_record");
    let rows = shown["rows"].as_array().unwrap();
    let key = rows.last().unwrap()["key"].as_str().unwrap();
    let (young, cohort) = (of_month().count() as i64, of_month().filter(in_cohort).count() as i64);
    let no_record = of_month().filter(nowhere).count() as i64;
    assert!(no_record > 0, "somebody who lives here is in no record");
    assert_eq!(figure(shown, key, "young"), count(young));
    assert_eq!(figure(shown, key, "cohort"), count(cohort));
    assert_eq!(figure(shown, key, "no_record"), count(no_record));
    assert_eq!(figure(shown, key, "others"), count(young - cohort - no_record), "nobody disappears");
    let unseen =
        of_month().filter(in_cohort).filter(|row| ["neet", "not_known"].contains(&row.status.as_str()));
    let wanted = (unseen.count() as i64 + no_record) as f64 * 1_000.0 / (cohort + no_record) as f64;
    let is = figure(shown, key, "combined_with_rate")["per_cent_tenths"].as_i64().unwrap();
    assert!((is as f64 - wanted).abs() <= 0.5, "{is} beside {wanted}");
}

fn offers(report: &Value, expected: &Tables) {
    // No list of offers is among what the doors show: of the coming September nobody knows anything, and the report says so.
    assert!(super::tables(report).all(|table| table["name"] != "offers_coming"));
    assert!(report.to_string().contains("No source tells of any offer for September 2026"));
    let ours = expected.september_guarantee.iter().filter(|row| row.resident && row.is_due);
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
        assert_eq!(figure(shown, &key, "learners"), count(states.values().sum()));
        if year_group == 12 {
            // Unknown is a state: no source tells of offers to Year 12.
            for column in ["offer_made", "without_offer", "not_recorded", "offer_made_rate"] {
                assert_eq!(figure(shown, &key, column)["symbol"], "x", "{column}");
            }
            continue;
        }
        assert_eq!(figure(shown, &key, "offer_made"), count(of("offer_made")));
        assert_eq!(figure(shown, &key, "without_offer"), count(without));
        assert_eq!(figure(shown, &key, "no_offer_made"), count(without + of("not_appropriate")));
        assert_eq!(figure(shown, &key, "not_recorded"), count(of("not_recorded")));
    }
}

/// Person by person: whoever has an open spell that is neither a gap nor an entry as missing is known; of the others, whose home is
/// elsewhere today, or whose last school said that they left England or died, has moved away unless a register seeks them.
fn lost_sight(report: &Value, expected: &Tables) {
    let open = || expected.spell.iter().filter(|row| row.is_open && !row.is_gap);
    let known: BTreeSet<Person> =
        open().filter(|row| row.legal_basis != "cme").map(|row| row.person).collect();
    let sought: BTreeSet<Person> =
        open().filter(|row| row.legal_basis == "cme").map(|row| row.person).collect();
    let here = report["about"]["authority"].as_str().unwrap();
    let mut moved: BTreeSet<Person> = expected
        .area_spell
        .iter()
        .filter(|row| row.ends_on.to_string() == report["about"]["as_of"].as_str().unwrap())
        .filter(|row| row.home_la.as_deref().is_some_and(|la| la != here))
        .map(|row| row.person)
        .collect();
    let gone = |reason: &Option<String>| matches!(reason.as_deref(), Some("died" | "left_england"));
    let last = expected.school_move.iter().filter(|row| row.joined_on.is_none() && gone(&row.leaving_reason));
    moved.extend(last.map(|row| row.person));
    let shown = table(report, "lost_sight_of");
    let mut all = 0;
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
        let unknown: Vec<&Person> = people.iter().filter(|person| !known.contains(person)).collect();
        let away =
            unknown.iter().filter(|person| moved.contains(person) && !sought.contains(person)).count() as i64;
        all += away;
        let key = year_group.to_string();
        assert_eq!(figure(shown, &key, "learners"), count(people.len() as i64), "Year {key}");
        assert_eq!(figure(shown, &key, "moved_away"), count(away), "Year {key}");
        assert_eq!(figure(shown, &key, "lost_sight_of"), count(unknown.len() as i64 - away), "Year {key}");
    }
    assert!(all > 0, "somebody moves away");
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
    // Whoever no source had told of by the day was told nothing, and is counted all the same: the table of those lost sight of has them.
    let here = |row: &&Learner| (2021..=2024).contains(&row.cohort_ay.unwrap_or(0));
    let all = expected.learner.iter().filter(here).count() as i64;
    let untold = all - told.len() as i64;
    assert_eq!(figure(bands, "too_little_known", "learners"), count(of(&["not_known"]) + untold));
    assert_eq!(figure(bands, "total", "learners"), count(all));
    let lost = table(report, "lost_sight_of");
    let in_years =
        (8..=11).map(|year| figure(lost, &year.to_string(), "learners")["count"].as_i64().unwrap());
    assert_eq!(in_years.sum::<i64>(), all, "one report, one total");
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
