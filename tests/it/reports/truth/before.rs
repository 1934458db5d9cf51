//! Who may need support by need, meals, care and place, beside what the oracle knows of each.
use super::{
    super::{figure, table},
    count,
};
use crate::oracle::{Person, Tables};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Of each heading every group, and nobody in two.
pub fn circumstances(report: &Value, expected: &Tables) {
    let shown = table(report, "support_by_group");
    let everybody: BTreeSet<Person> = expected
        .learner
        .iter()
        .filter(|row| (2021..=2024).contains(&row.cohort_ay.unwrap_or(0)))
        .map(|row| row.person)
        .collect();
    let marked = marked(report, expected);
    let yes_no = |known: Option<bool>| match known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not_known",
    };
    let this_year = || expected.circumstance_year.iter().filter(|row| row.ay == 2026);
    let mut headings: BTreeMap<&str, BTreeMap<Person, String>> = BTreeMap::new();
    for row in this_year() {
        let of = [
            ("special_educational_needs", row.sen.clone().unwrap_or_else(|| "not_known".to_owned())),
            ("free_meals_in_six_years", yes_no(row.ever6_any).to_owned()),
            ("looked_after,_now_or_before", yes_no(row.cla_ever).to_owned()),
        ];
        for (heading, group) in of {
            headings.entry(heading).or_default().insert(row.person, group);
        }
    }
    assert_eq!(headings.len(), 3);
    for (heading, known) in headings {
        let mut groups: BTreeMap<&str, [i64; 2]> = BTreeMap::new();
        for person in &everybody {
            let counts = groups.entry(known.get(person).map_or("not_known", String::as_str)).or_default();
            counts[0] += 1;
            counts[1] += i64::from(marked.contains(person));
        }
        assert!(groups.len() > 1, "{heading}: {groups:?}");
        for (group, [whole, part]) in &groups {
            let key = format!("{heading}_{group}");
            assert_eq!(figure(shown, &key, "denominator"), count(*whole), "{key}");
            assert_eq!(figure(shown, &key, "numerator"), count(*part), "{key}");
        }
        let rows = shown["rows"].as_array().unwrap();
        let ours = rows.iter().filter(|row| row["key"].as_str().unwrap().starts_with(heading));
        assert_eq!(ours.count(), groups.len(), "{heading}: no group more");
    }
}

pub fn marked(report: &Value, expected: &Tables) -> BTreeSet<Person> {
    let as_of = report["about"]["as_of"].as_str().unwrap();
    let of_day = expected.risk_score.iter().filter(|row| row.predicted_on.to_string() == as_of);
    of_day
        .filter(|row| row.pack == "default" && ["amber", "red"].contains(&row.band.as_str()))
        .map(|row| row.person)
        .collect()
}

/// Every place that has a name, with everybody who is there today: who is placed counts at the provider.
pub fn places(report: &Value, expected: &Tables) {
    let shown = table(report, "support_by_place");
    let marked = marked(report, expected);
    let mut at: BTreeMap<Person, (bool, String)> = BTreeMap::new();
    for row in expected.spell.iter().filter(|row| row.is_open && !row.is_gap) {
        let is_main = row.role == "main";
        let place = match &row.establishment_id {
            Some(place) => place.clone(),
            None if is_main && row.legal_basis != "cme" => "at_home".to_owned(),
            None => continue,
        };
        if is_main && row.legal_basis == "cme" {
            continue;
        }
        // A placement outranks a roll, and of two the first by number.
        let kept = at.entry(row.person).or_insert_with(|| (is_main, place.clone()));
        *kept = kept.clone().min((is_main, place));
    }
    let mut wanted: BTreeMap<String, [i64; 2]> = BTreeMap::new();
    for row in expected.learner.iter().filter(|row| (2021..=2024).contains(&row.cohort_ay.unwrap_or(0))) {
        let Some((_, place)) = at.get(&row.person) else { continue };
        let counts = wanted.entry(place.clone()).or_default();
        counts[0] += 1;
        counts[1] += i64::from(marked.contains(&row.person));
    }
    let mut named = 0;
    for row in shown["rows"].as_array().unwrap() {
        let key = row["key"].as_str().unwrap();
        if ["others", "hidden", "total"].contains(&key) {
            continue;
        }
        named += 1;
        let [whole, part] = wanted[key];
        assert_eq!(figure(shown, key, "denominator"), count(whole), "{key}");
        assert_eq!(figure(shown, key, "numerator"), count(part), "{key}");
    }
    let with_ten = wanted.values().filter(|[whole, _]| *whole >= 10).count();
    assert_eq!(named, with_ten, "every place with ten, and no other");
}
