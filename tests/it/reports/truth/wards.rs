//! Who is NEET or not known, and who may need support, ward by ward, beside what the oracle knows of each home.
use super::{
    super::{figure, table},
    before::marked,
    count,
};
use crate::oracle::{NeetRate, Person, Tables};
use serde_json::Value;
use std::collections::BTreeMap;

/// By ward: all, and those who are counted.
type Wards = BTreeMap<String, [i64; 2]>;

/// Every table by ward.
pub fn agree(report: &Value, expected: &Tables) {
    let last = table(report, "status_by_month")["rows"].as_array().unwrap().last().unwrap()["key"].clone();
    let period = last.as_str().unwrap().split_once('_').unwrap().1;
    let ours = |row: &&NeetRate| {
        row.population == "client_record"
            && row.breakdown == "ward"
            && row.period == period
            && row.n_cohort > 0
    };
    let newest = expected.neet_rate.iter().filter(ours).map(|row| row.ay).max().unwrap();
    let rows = || expected.neet_rate.iter().filter(ours).filter(|row| row.ay == newest);
    let unseen = |row: &NeetRate| row.n_neet + row.n_not_known + row.n_no_record;
    let wards: Wards = rows().map(|row| (row.category.clone(), [row.n_cohort, unseen(row)])).collect();
    assert!(wards.len() > 3, "{wards:?}");
    let named = held(table(report, "neet_by_ward"), &wards, |_| true);
    let of_unseen: Wards = rows()
        .filter(|row| unseen(row) > 0)
        .map(|row| (row.category.clone(), [unseen(row), row.n_neet]))
        .collect();
    held(table(report, "neet_of_unseen_by_ward"), &of_unseen, |ward| named.contains(&ward.to_owned()));
    support(report, expected);
}

fn support(report: &Value, expected: &Tables) {
    let as_of = report["about"]["as_of"].as_str().unwrap();
    let of_day = expected.home_ward.iter().filter(|row| row.ends_on.to_string() == as_of);
    let homes: BTreeMap<Person, &str> =
        of_day.map(|row| (row.person, row.ward.as_deref().unwrap_or(&row.ward_state))).collect();
    let marked = marked(report, expected);
    let mut wards = Wards::new();
    for row in expected.learner.iter().filter(|row| (2021..=2024).contains(&row.cohort_ay.unwrap_or(0))) {
        let counts =
            wards.entry(homes.get(&row.person).copied().unwrap_or("not_known").to_owned()).or_default();
        counts[0] += 1;
        counts[1] += i64::from(marked.contains(&row.person));
    }
    assert!(wards.keys().any(|ward| ward == "elsewhere"), "somebody lives elsewhere: {wards:?}");
    let named = held(table(report, "support_by_ward"), &wards, |_| true);
    assert!(named.iter().filter(|ward| ward.starts_with("E05998")).count() > 3, "{named:?}");
}

/// Wards of ten and more have a line each, unless they are kept out; the others stand together. Gives those that have one.
fn held(shown: &Value, wards: &Wards, may_be_named: impl Fn(&str) -> bool) -> Vec<String> {
    let (named, others): (Wards, Wards) =
        wards.clone().into_iter().partition(|(ward, [whole, _])| *whole >= 10 && may_be_named(ward));
    let sum = |wards: &Wards, at: usize| wards.values().map(|counts| counts[at]).sum::<i64>();
    let mut lines: Wards = named.clone();
    if !named.is_empty() && !others.is_empty() {
        lines.insert("others".to_owned(), [sum(&others, 0), sum(&others, 1)]);
    }
    let (name, rows) = (&shown["name"], shown["rows"].as_array().unwrap());
    for (ward, [whole, part]) in &lines {
        assert_eq!(figure(shown, ward, "denominator"), count(*whole), "{name} {ward}");
        assert_eq!(figure(shown, ward, "numerator"), count(*part), "{name} {ward}");
    }
    assert_eq!(rows.len(), lines.len() + 1, "{name}: no ward more, and the sum");
    let all = rows.last().unwrap()["figures"].as_array().unwrap();
    assert_eq!(
        (all[0]["count"].as_i64(), all[1]["count"].as_i64()),
        (Some(sum(wards, 0)), Some(sum(wards, 1)))
    );
    named.into_keys().collect()
}
