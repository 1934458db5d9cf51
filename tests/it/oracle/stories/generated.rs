//! What has to hold whatever happened: checked on a generated world.
use super::super::{People, Tables, compare, expected, published};
use std::collections::{BTreeMap, BTreeSet};
use throughline::synth::{Identifiers, World, WorldSpec};

fn generated(learners: u32) -> Tables {
    expected(&World::generate(&WorldSpec { seed: 11, learners, identifiers: Identifiers::Perfect }))
}

#[test]
fn everybody_is_somewhere_once() {
    let tables = generated(2_000);
    let again = generated(2_000);
    assert_eq!(tables, again);
    assert!(compare(&tables, &again).is_empty());
    let with_cohort = tables.learner.iter().filter(|learner| learner.cohort_ay.is_some()).count();
    assert_eq!(with_cohort, tables.cohort_member.len());
    assert_eq!(tables.cohort_member.len(), tables.cohort_outcome.len());
    days_are_covered_once(&tables);
    states_add_up(&tables);
    // Every state that the generator can lead to is reached, so a comparison with the product means something.
    let states: BTreeSet<_> = tables.cohort_outcome.iter().map(|at| at.state.as_str()).collect();
    for state in ["ks4_mainstream", "ks4_ap", "moved_out_of_area", "home_educated", "not_found", "not_yet_16"]
    {
        assert!(states.contains(state), "{state}");
    }
}

#[test]
fn a_release_without_a_table_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let error = published(folder.path(), &People::new()).unwrap_err();
    assert!(error.starts_with("learner: "), "{error}");
}

#[test]
fn without_people_only_the_rows_count() {
    let tables = generated(50);
    let mut renumbered = tables.clone();
    renumbered.learner.iter_mut().for_each(|row| row.person.0 += 1);
    assert!(!compare(&tables, &renumbered).is_empty());
    assert!(compare(&tables.clone().without_people(), &renumbered.clone().without_people()).is_empty());
    renumbered.spell.pop();
    assert!(!compare(&tables.without_people(), &renumbered.without_people()).is_empty());
}

/// Main spells of one person never share a day, and neither do areas; areas leave no day out.
fn days_are_covered_once(tables: &Tables) {
    let mut main: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for spell in tables.spell.iter().filter(|spell| spell.role == "main") {
        assert!(spell.starts_on <= spell.ends_on);
        main.entry(spell.person.0).or_default().push((spell.starts_on, spell.ends_on));
    }
    for days in main.values() {
        assert!(days.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }
    let mut areas: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for area in &tables.area_spell {
        areas.entry(area.person.0).or_default().push((area.starts_on, area.ends_on));
    }
    for days in areas.values() {
        assert!(days.windows(2).all(|pair| pair[0].1.succ_opt() == Some(pair[1].0)));
    }
}

/// The states of a population are its members; those who count have shares that come to one.
fn states_add_up(tables: &Tables) {
    let mut totals: BTreeMap<(i64, &str), (i64, i64, i64)> = BTreeMap::new();
    for row in &tables.attrition_waterfall {
        let total = totals.entry((row.cohort_ay, &row.population)).or_default();
        total.0 += row.n;
        if let Some(share) = row.share {
            total.1 += row.n;
            total.2 += share.0;
        }
        assert!(row.n_disadvantaged <= row.n && row.n_high_attainers <= row.n);
    }
    assert_eq!(totals.len(), 3 * 4);
    for ((cohort, population), (n, counted, shares)) in totals {
        let members = tables.cohort_member.iter().filter(|member| {
            let belongs = match population {
                "resident" => member.resident,
                "attending" => member.attending,
                "ever_y6_here" => member.ever_y6_here,
                _ => true,
            };
            member.cohort_ay == cohort && belongs
        });
        assert_eq!(n, members.count() as i64, "{cohort} {population}");
        let rows: Vec<_> = tables
            .attrition_waterfall
            .iter()
            .filter(|row| row.cohort_ay == cohort && row.population == population)
            .collect();
        assert!(rows.iter().all(|row| row.n_denominator == counted), "{cohort} {population}");
        assert!((shares - 10_000).abs() <= 8, "{cohort} {population}: {shares}");
    }
}
