//! What the firmness of links makes of learners and of the waterfall: `docs/linkage.md`, read once more.
use super::cells::{Fixed, Person};
use super::codes::{POPULATIONS, STATES};
use super::compare::{Differences, compare_rows};
use super::linked::{self, Joined, Subject, least};
use super::linked_rows::{LearnerLinkage, LinkSensitivity, LinkWeight};
use super::published::table;
use super::waterfall::belongs;
use super::{People, Tables};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const THRESHOLDS: [i64; 3] = [9_900, 9_500, 9_000];
/// The most that one learner may count for.
const CAP: i64 = 5;

/// Learners and the least probability of any of their links.
type Firmness = BTreeMap<u32, Option<i64>>;

/// What policy would have somebody of a group count for, and the group itself.
fn weights(tables: &Tables, firm: &Firmness) -> Vec<LinkWeight> {
    let sex: BTreeMap<u32, Option<&str>> =
        tables.learner.iter().map(|row| (row.person.0, row.sex.as_deref())).collect();
    let mut groups: BTreeMap<(i64, String, &str), Vec<Option<i64>>> = BTreeMap::new();
    for member in &tables.cohort_member {
        let sex = sex.get(&member.person.0).copied().flatten().unwrap_or("not_known").to_owned();
        let group = (member.cohort_ay, sex, disadvantage(member.dis_y6));
        groups.entry(group).or_default().push(firm.get(&member.person.0).copied().flatten());
    }
    let mut rows = Vec::new();
    for threshold in THRESHOLDS {
        for ((cohort_ay, sex, disadvantage), members) in &groups {
            let n_learners = members.len() as i64;
            let n_believed = members.iter().flatten().filter(|least| **least >= threshold).count() as i64;
            let is_capped = n_believed > 0 && n_learners > CAP * n_believed;
            let is_told = sex != "not_known" && *disadvantage != "not_known";
            rows.push(LinkWeight {
                threshold: Fixed(threshold),
                cohort_ay: *cohort_ay,
                sex: sex.clone(),
                disadvantage: (*disadvantage).to_owned(),
                n_learners,
                n_believed,
                n_missing: if is_told { 0 } else { n_learners },
                rate: Fixed::fraction(n_believed, n_learners),
                weight: if is_capped {
                    Some(Fixed(CAP * 10_000))
                } else {
                    Fixed::fraction(n_learners, n_believed)
                },
                is_capped,
            });
        }
    }
    rows
}

fn disadvantage(dis_y6: Option<bool>) -> &'static str {
    match dis_y6 {
        Some(true) => "disadvantaged",
        Some(false) => "other",
        None => "not_known",
    }
}

/// What each believed learner counts for, by threshold and number.
fn counted(tables: &Tables, firm: &Firmness, weights: &[LinkWeight]) -> BTreeMap<(i64, u32), Fixed<4>> {
    let sex: BTreeMap<u32, &str> =
        tables.learner.iter().map(|row| (row.person.0, row.sex.as_deref().unwrap_or("not_known"))).collect();
    let mut found = BTreeMap::new();
    for member in &tables.cohort_member {
        let number = member.person.0;
        let least = firm.get(&number).copied().flatten();
        let own = weights.iter().filter(|row| {
            row.cohort_ay == member.cohort_ay
                && row.disadvantage == disadvantage(member.dis_y6)
                && sex.get(&number).copied().unwrap_or("not_known") == row.sex
                && least.is_some_and(|least| least >= row.threshold.0)
        });
        found.extend(own.filter_map(|row| Some(((row.threshold.0, number), row.weight?))));
    }
    found
}

fn linkages(subjects: &[Joined<'_>], counted: &BTreeMap<(i64, u32), Fixed<4>>) -> Vec<LearnerLinkage> {
    let mut learners: BTreeMap<u32, Vec<&Joined<'_>>> = BTreeMap::new();
    for one in subjects {
        learners.entry(one.subject.learner).or_default().push(one);
    }
    let row = |(number, own): (u32, Vec<&Joined<'_>>)| LearnerLinkage {
        person: Person(number),
        n_subjects: own.len() as i64,
        n_sources: own.iter().map(|one| one.subject.source.as_str()).collect::<BTreeSet<_>>().len() as i64,
        lowest_probability: least(&own).map(Fixed),
        weight_99: counted.get(&(9_900, number)).copied(),
        weight_95: counted.get(&(9_500, number)).copied(),
        weight_90: counted.get(&(9_000, number)).copied(),
    };
    learners.into_iter().map(row).collect()
}

fn sensitivities(
    tables: &Tables,
    firm: &Firmness,
    counted: &BTreeMap<(i64, u32), Fixed<4>>,
) -> Vec<LinkSensitivity> {
    let pairs: Vec<_> = tables.cohort_member.iter().zip(&tables.cohort_outcome).collect();
    let cohorts: BTreeSet<i64> = pairs.iter().map(|(member, _)| member.cohort_ay).collect();
    let mut rows = Vec::new();
    for (threshold, cohort_ay) in THRESHOLDS.iter().flat_map(|one| cohorts.iter().map(move |ay| (*one, *ay)))
    {
        for population in POPULATIONS {
            let members: Vec<(u32, &str, bool)> = pairs
                .iter()
                .filter(|(member, at)| {
                    member.cohort_ay == cohort_ay && at.state != "not_yet_16" && belongs(member, population)
                })
                .map(|(member, at)| {
                    let least = firm.get(&member.person.0).copied().flatten();
                    (member.person.0, at.state.as_str(), least.is_some_and(|least| least >= threshold))
                })
                .collect();
            if members.is_empty() {
                continue;
            }
            let weight = |number: u32| counted.get(&(threshold, number)).map(|weight| weight.0);
            let is_weighted =
                members.iter().all(|(number, _, believed)| !believed || weight(*number).is_some());
            let total = |state: Option<&str>| {
                let own = || members.iter().filter(move |(_, at, _)| state.is_none_or(|state| *at == state));
                let weighted: i64 = own().filter_map(|(number, ..)| weight(*number)).sum();
                (own().count() as i64, own().filter(|(_, _, believed)| *believed).count() as i64, weighted)
            };
            let (n_members, n_all_believed, all_weighted) = total(None);
            for (at, state) in STATES.into_iter().enumerate() {
                let (n, n_believed, weighted) = total(Some(state));
                rows.push(LinkSensitivity {
                    threshold: Fixed(threshold),
                    cohort_ay,
                    population: population.to_owned(),
                    state_order: at as i64 + 1,
                    state: state.to_owned(),
                    n,
                    n_members,
                    n_believed,
                    n_all_believed,
                    n_weighted: is_weighted.then_some(Fixed(weighted)),
                    n_all_weighted: is_weighted.then_some(Fixed(all_weighted)),
                    n_missing: n_members - n_all_believed,
                    share: Fixed::fraction(n, n_members),
                    share_believed: Fixed::fraction(n_believed, n_all_believed),
                    share_weighted: Fixed::fraction(weighted, all_weighted).filter(|_| is_weighted),
                });
            }
        }
    }
    rows
}

/// Every table of linkage of a release beside what its subjects and the other tables come to.
///
/// # Errors
/// As [`super::published`].
pub fn compare(
    subjects: &[Subject],
    tables: &Tables,
    folder: &Path,
    people: &People,
) -> Result<Vec<Differences>, String> {
    let all = linked::joined(subjects);
    let mut own: BTreeMap<u32, Vec<&Joined<'_>>> = BTreeMap::new();
    for one in &all {
        own.entry(one.subject.learner).or_default().push(one);
    }
    let firm: Firmness = own.iter().map(|(number, own)| (*number, least(own))).collect();
    let weights = weights(tables, &firm);
    let counted = counted(tables, &firm, &weights);
    Ok(vec![
        compare_rows(&linkages(&all, &counted), &table(folder, people)?),
        compare_rows(&linked::quality(&all), &table(folder, people)?),
        compare_rows(&linked::methods(&all), &table(folder, people)?),
        compare_rows(&linked::precisions(&all), &table(folder, people)?),
        compare_rows(&linked::differences(&all), &table(folder, people)?),
        compare_rows(&linked::drifts(&all), &table(folder, people)?),
        compare_rows(&linked::populations(&all), &table(folder, people)?),
        compare_rows(&weights, &table(folder, people)?),
        compare_rows(&sensitivities(tables, &firm, &counted), &table(folder, people)?),
    ])
}
