//! The report of alternative provision beside the oracle: all providers together, each by itself and in its own pack, amounts, distance
//! travelled, the sixth day, the sites.
use super::{
    super::{figure, table, tables},
    count,
};
use crate::{
    oracle::{ApPlacement, DistanceTravelled, Person, Tables},
    site::run_in,
};
use chrono::{Days, NaiveDate};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Every table of the report, and every provider's own pack.
pub fn agree(site: &Path, expected: &Tables) {
    let report = &run_in(site, &["--json", "report", "ap"]).json();
    let until = expected.ap_funnel.iter().map(|row| row.until_ay).max().unwrap();
    let truth = Truth::of(expected, until);
    together(report, &truth);
    let tables = by_provider(report, &truth);
    let figures = packs(site, &truth);
    println!("{tables} figures of providers and {figures} of their packs were compared");
    assert!(tables > 0 && figures > 0, "an authority without one provider to compare tests nothing of this");
    amounts(report, expected);
    travelled(report, expected, until);
    sixth_day(report, expected, until);
    sites(report, expected, until);
}

/// The measures that have a table by provider, by the names of those tables.
const BY_PROVIDER: [(&str, &str); 21] = [
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
    ("attended", "attended"),
    ("attendance_better", "better_than_alike"),
    ("distance", "distance_better"),
    ("any_award", "any_entry"),
    ("any_level_1", "any_level1"),
    ("any_level_2", "any_level2"),
];

/// What the oracle counts of one measure and provider.
#[derive(Clone, Copy, Default)]
struct Counted {
    known: i64,
    yes: i64,
    missing: i64,
}

/// All measures by provider over three years, and who was placed where.
struct Truth {
    by_measure: BTreeMap<String, BTreeMap<String, Counted>>,
    /// Measures of providers that have enough placements to be compared.
    compared: BTreeSet<(String, String)>,
    learners: BTreeMap<String, BTreeSet<Person>>,
}

impl Truth {
    fn of(expected: &Tables, until: i64) -> Self {
        let mut truth =
            Self { by_measure: BTreeMap::new(), compared: BTreeSet::new(), learners: BTreeMap::new() };
        for row in expected.ap_funnel.iter().filter(|row| row.until_ay == until && row.audit_group == "ap") {
            let counted = Counted { known: row.n_known, yes: row.n_yes, missing: row.n_missing };
            let provider = row.establishment_id.clone();
            if row.funnel_state == "shown" {
                assert!(row.n_known >= 30);
                truth.compared.insert((row.measure.clone(), provider.clone()));
            }
            truth.by_measure.entry(row.measure.clone()).or_default().insert(provider, counted);
        }
        let mut behind: BTreeMap<(&str, String), BTreeSet<Person>> = BTreeMap::new();
        let ours = expected.ap_placement.iter().filter(|row| row.audit_group == "ap" && row.ay > until - 3);
        for row in ours {
            let provider = row.establishment_id.clone();
            truth.learners.entry(provider.clone()).or_default().insert(row.person);
            for (measure, answer) in made(expected, row) {
                let counted = truth.by_measure.entry(measure.to_owned()).or_default();
                let counted = counted.entry(provider.clone()).or_default();
                counted.known += i64::from(answer.is_some());
                counted.yes += i64::from(answer == Some(true));
                counted.missing += i64::from(answer.is_none());
                if answer.is_some() {
                    behind.entry((measure, provider.clone())).or_default().insert(row.person);
                }
            }
        }
        // Whoever can be compared at all, can by what is made here, where ten learners are behind it.
        for ((measure, provider), learners) in behind {
            if learners.len() >= 10 && truth.is_compared("has_baseline", &provider) {
                truth.compared.insert((measure.to_owned(), provider));
            }
        }
        truth
    }

    fn counted(&self, measure: &str, provider: &str) -> Counted {
        self.by_measure.get(measure).and_then(|all| all.get(provider)).copied().unwrap_or_default()
    }

    fn all(&self, measure: &str) -> Counted {
        let all = self.by_measure.get(measure).into_iter().flat_map(BTreeMap::values);
        all.fold(Counted::default(), |sum, one| Counted {
            known: sum.known + one.known,
            yes: sum.yes + one.yes,
            missing: sum.missing + one.missing,
        })
    }

    fn is_compared(&self, measure: &str, provider: &str) -> bool {
        self.compared.contains(&(measure.to_owned(), provider.to_owned()))
    }
}

/// A change that began with a placement, and was seen while it lasted; with a reliability, so that chance can be told.
fn is_seen(change: &DistanceTravelled, row: &ApPlacement) -> bool {
    change.person == row.person
        && ["better", "worse", "no_reliable_change"].contains(&change.change_state.as_str())
        && change.baseline_on.is_some_and(|on| on >= row.starts_on - Days::new(42))
        && change.later_on > row.starts_on
        && change.later_on <= row.ends_on
}

/// What one placement says to the measures that no table of the release has by placement; those that do not ask it are left out.
fn made(expected: &Tables, row: &ApPlacement) -> Vec<(&'static str, Option<bool>)> {
    let mut answers = vec![
        ("attended", row.attendance.map(|share| share.0 >= 8_500)),
        ("better_than_alike", row.attendance_change.map(|change| change.0 > 0)),
    ];
    let mut seen = expected.distance_travelled.iter().filter(|change| is_seen(change, row)).peekable();
    let travelled = seen.peek().is_some().then_some(());
    answers.push(("distance_better", travelled.map(|()| seen.any(|one| one.change_state == "better"))));
    let Some(ladder) = expected.ladder_result.iter().find(|one| one.person == row.person) else {
        return answers;
    };
    let until = NaiveDate::from_ymd_opt(ladder.ks4_ay as i32, 8, 31).unwrap();
    if row.starts_on > until {
        return answers;
    }
    let levels: BTreeSet<&str> = expected
        .outcome
        .iter()
        .filter(|award| award.person == row.person && award.passed == Some(true))
        .filter(|award| row.starts_on <= award.awarded_on && award.awarded_on <= until)
        .filter_map(|award| match (award.kind.as_str(), award.grade.as_deref()) {
            ("gcse", Some("9" | "8" | "7" | "6" | "5" | "4")) => Some("2"),
            ("gcse", _) => Some("1"),
            _ => award.level.as_deref(),
        })
        .collect();
    let has = |wanted: &[&str]| {
        (ladder.ladder_state != "unknown").then(|| wanted.iter().any(|level| levels.contains(level)))
    };
    answers.push(("any_entry", has(&["E1", "E2", "E3", "1", "2", "3"])));
    answers.push(("any_level1", has(&["1", "2", "3"])));
    answers.push(("any_level2", has(&["2", "3"])));
    answers
}

/// What each provider is told first: of invented learners every measure of which enough is known, and of a provider with few learners
/// nothing at all.
fn packs(site: &Path, truth: &Truth) -> usize {
    let mut found = 0;
    for (provider, learners) in &truth.learners {
        let ran = run_in(site, &["--json", "report", "ap", "--provider", provider]);
        assert_eq!(ran.code, if learners.len() < 10 { 5 } else { 0 }, "{provider}: {}", ran.err);
        if ran.code == 0 {
            found += pack(&ran.json(), truth, provider);
        }
    }
    found
}

/// Measure by measure; how many of them are shown.
fn pack(report: &Value, truth: &Truth, provider: &str) -> usize {
    let own = table(report, "own_figures");
    assert_eq!(own["rows"].as_array().unwrap().len(), BY_PROVIDER.len(), "every measure, shown or not");
    let mut found = 0;
    for (_, measure) in BY_PROVIDER {
        let (mine, all) = (truth.counted(measure, provider), truth.all(measure));
        if !truth.is_compared(measure, provider) || all.known == 0 {
            assert!(figure(own, measure, "placements")["count"].is_null(), "{provider} {measure}");
            continue;
        }
        found += 1;
        assert_eq!(figure(own, measure, "placements"), count(mine.known), "{provider} {measure}");
        assert_eq!(figure(own, measure, "yes"), count(mine.yes), "{provider} {measure}");
        for (column, of) in [("rate", mine), ("rate_of_all", all)].into_iter().filter(|(_, of)| of.known > 0)
        {
            let tenths = figure(own, measure, column)["per_cent_tenths"].as_i64().unwrap() as f64;
            let wanted = of.yes as f64 * 1_000.0 / of.known as f64;
            assert!(
                (tenths - wanted).abs() <= 5.0,
                "{provider} {measure} {column}: {tenths} beside {wanted}"
            );
        }
    }
    found
}

/// Each provider that has a name, and the same rates side by side; how many figures those are. Where the release has one to compare,
/// there is such a table.
fn by_provider(report: &Value, truth: &Truth) -> usize {
    let beside = tables(report).find(|table| table["name"] == "side_by_side");
    let mut found = 0;
    for (name, measure) in BY_PROVIDER {
        let Some(shown) = tables(report).find(|table| table["name"] == name) else {
            let can = truth.learners.keys().any(|one| truth.is_compared(measure, one));
            assert!(!can || truth.all(measure).known == 0, "no table {name}");
            continue;
        };
        for row in shown["rows"].as_array().unwrap() {
            let key = row["key"].as_str().unwrap();
            if ["others", "hidden", "total"].contains(&key) {
                continue;
            }
            found += 1;
            let wanted = truth.counted(measure, key);
            assert!(truth.is_compared(measure, key), "{name} {key}");
            assert_eq!(figure(shown, key, "denominator"), count(wanted.known), "{name} {key}");
            assert_eq!(figure(shown, key, "numerator"), count(wanted.yes), "{name} {key}");
            let has_column =
                beside.is_some_and(|table| table["columns"].to_string().contains(&format!("\"{name}\"")));
            if let Some(beside) = beside.filter(|_| has_column) {
                assert_eq!(figure(beside, key, name), figure(shown, key, "rate"), "{name} {key}");
            }
        }
        assert_eq!(figure(shown, "total", "denominator"), count(truth.all(measure).known), "{name}");
    }
    found
}

/// Of all providers together, over the newest three years.
fn together(report: &Value, truth: &Truth) {
    let shown = table(report, "all_providers");
    let rows = shown["rows"].as_array().unwrap();
    assert!(rows.iter().filter(|row| row["said"][0] == "shown").count() > 8, "{rows:?}");
    assert_eq!(rows.len(), BY_PROVIDER.len(), "every measure, shown or not");
    for row in rows {
        let key = row["key"].as_str().unwrap();
        let all = truth.all(key);
        if all.known == 0 {
            assert_eq!(row["said"][0], "not known of any placement: no source tells", "{key}");
            continue;
        }
        for (column, n) in [("placements", all.known), ("yes", all.yes), ("not_known", all.missing)] {
            assert_eq!(figure(shown, key, column), count(n), "{key} {column}");
        }
    }
}

/// Measure by measure, each learner by the latest change.
fn travelled(report: &Value, expected: &Tables, until: i64) {
    let mut latest: BTreeMap<&str, BTreeMap<Person, (NaiveDate, &str)>> = BTreeMap::new();
    for row in expected.ap_placement.iter().filter(|row| row.audit_group == "ap" && row.ay > until - 3) {
        for change in expected.distance_travelled.iter().filter(|change| is_seen(change, row)) {
            let of_measure = latest.entry(&change.measure).or_default();
            let now = (change.later_on, change.change_state.as_str());
            let kept = of_measure.entry(row.person).or_insert(now);
            *kept = (*kept).max(now);
        }
    }
    assert!(!latest.is_empty(), "somebody has come on");
    let shown = table(report, "distance_travelled");
    assert_eq!(shown["rows"].as_array().unwrap().len(), latest.len());
    for (measure, learners) in latest {
        let of = |state: &str| learners.values().filter(|(_, of)| *of == state).count() as i64;
        assert_eq!(figure(shown, measure, "learners"), count(learners.len() as i64), "{measure}");
        for state in ["better", "no_reliable_change", "worse"] {
            assert_eq!(figure(shown, measure, state), count(of(state)), "{measure} {state}");
        }
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
    // Pounds, each placement's by itself, of those whose list has a price.
    let priced: Vec<(&ApPlacement, i64)> =
        ours().filter_map(|row| Some((row, (row.cost?.0 + 50) / 100))).collect();
    let learners: BTreeSet<Person> = priced.iter().map(|(row, _)| row.person).collect();
    let sum: i64 = priced.iter().map(|(_, pounds)| pounds).sum();
    assert!(
        learners.len() > 10 && priced.len() < ours().count(),
        "some lists have a price and some have none"
    );
    assert_eq!(figure(shown, "cost", "learners"), count(learners.len() as i64));
    assert_eq!(figure(shown, "cost", "total"), count(sum));
    // What a return has cost is of those of which it is known whether they came back and held.
    let is_settled = |row: &ApPlacement| {
        ["sustained", "not_sustained", "not_returned"].contains(&row.sustained_two_terms.as_str())
    };
    let settled = || priced.iter().filter(|(row, _)| is_settled(row));
    let learners: BTreeSet<Person> = settled().map(|(row, _)| row.person).collect();
    let sum: i64 = settled().map(|(_, pounds)| pounds).sum();
    assert!(settled().count() < priced.len(), "some are still out");
    assert_eq!(figure(shown, "cost_settled", "learners"), count(learners.len() as i64));
    assert_eq!(figure(shown, "cost_settled", "total"), count(sum));
    let held = settled().filter(|(row, _)| row.sustained_two_terms == "sustained").count() as i64;
    let said = if held == 0 {
        "What a return that held has cost is not told".to_owned()
    } else {
        let digits = (sum / held).to_string();
        let (thousands, rest) = digits.split_at(digits.len().saturating_sub(3));
        let comma = if thousands.is_empty() { "" } else { "," };
        format!("Each return that held for two terms has cost £{thousands}{comma}{rest}:")
    };
    assert!(report.to_string().contains(&said), "{said}");
}
