//! The headline weighted for who is seen: `docs/cohort.md`, read once more, learner by learner and by another way of
//! climbing. What is drawn by chance is not drawn here.
use super::cells::{Cell, Fixed, People};
use super::codes::POPULATIONS;
use super::measures::SchoolMove;
use super::rows::{CohortMember, CohortOutcome, Group, Learner, LostPotential, Row, column, row};
use super::waterfall::{belongs, counts};
use arrow::array::RecordBatch;
use std::collections::BTreeMap;

row! {
    /// A group of high attainers, weighted.
    Sensitivity = "lost_potential_sensitivity", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    disadvantage: String = "disadvantage",
    state: String = "state",
    n_members: i64 = "n_members",
    n_with_results: i64 = "n_with_results",
    n_achieved: i64 = "n_achieved",
    observed: Option<Fixed<4>> = "observed",
    weighted: Option<Fixed<4>> = "weighted",
    effective_n: Option<Fixed<4>> = "effective_n",
    largest_weight: Option<Fixed<4>> = "largest_weight",
    lost_potential: Option<Fixed<4>> = "lost_potential",
    weighted_lost_potential: Option<Fixed<4>> = "weighted_lost_potential",
}

/// How strongly a coefficient is drawn to nought.
const PULL: f64 = 0.1;

/// Somebody: what was known, the group, whether seen and with the outcome.
pub(super) struct One {
    pub(super) person: u32,
    pub(super) known: [f64; 11],
    pub(super) group: usize,
    pub(super) seen: bool,
    pub(super) achieved: bool,
}

/// The high attainers of a cohort and population.
type Pools = BTreeMap<(i64, String), Vec<One>>;

type Pair<'a> = (&'a CohortMember, &'a CohortOutcome);

pub fn sensitivity(
    headline: &[LostPotential],
    pairs: &[Pair<'_>],
    learners: &[Learner],
    moves: &[SchoolMove],
) -> Vec<Sensitivity> {
    let mut found = Vec::new();
    for ((cohort_ay, population), people) in pools(headline, pairs, learners, moves) {
        let rows = headline.iter().filter(|row| row.cohort_ay == cohort_ay && row.population == population);
        found.extend(groups(rows, &people));
    }
    found.sort();
    found
}

/// Who counts in each cohort and population of the headline.
pub(super) fn pools(
    headline: &[LostPotential],
    pairs: &[Pair<'_>],
    learners: &[Learner],
    moves: &[SchoolMove],
) -> Pools {
    let sex: BTreeMap<u32, Option<&str>> =
        learners.iter().map(|learner| (learner.person.0, learner.sex.as_deref())).collect();
    let mut moved: BTreeMap<u32, Vec<(i64, &str)>> = BTreeMap::new();
    for one in moves {
        moved.entry(one.person.0).or_default().push((one.ay, one.move_type.as_str()));
    }
    let mut pools = Pools::new();
    let cohorts: std::collections::BTreeSet<i64> = headline.iter().map(|row| row.cohort_ay).collect();
    for cohort_ay in cohorts {
        for population in POPULATIONS {
            let people: Vec<One> = pairs
                .iter()
                .filter(|(member, at)| {
                    member.cohort_ay == cohort_ay
                        && member.ks2_band.as_deref() == Some("high")
                        && belongs(member, population)
                        && counts(at, population)
                })
                .map(|(member, at)| {
                    let person = member.person.0;
                    let own = moved.get(&person).map_or(&[][..], Vec::as_slice);
                    one(member, at, sex.get(&person).copied().flatten(), own)
                })
                .collect();
            pools.insert((cohort_ay, population.to_owned()), people);
        }
    }
    pools
}

fn one(member: &CohortMember, at: &CohortOutcome, sex: Option<&str>, moves: &[(i64, &str)]) -> One {
    let is = |yes: bool| f64::from(u8::from(yes));
    let years = member.cohort_ay + 1..=member.cohort_ay + 5;
    let usual = ["phase_transition", "end_of_schooling", "died", "left_england"];
    let n = moves.iter().filter(|(ay, kind)| years.contains(ay) && !usual.contains(kind)).count();
    let sen = member.sen_y6.as_deref();
    One {
        person: member.person.0,
        known: [
            1.0,
            (member.ks2_score.map_or(0.0, |score| score.0 as f64) - 11_000.0) / 1_000.0,
            is(member.dis_y6 == Some(true)),
            is(member.dis_y6.is_none()),
            is(sen == Some("support")),
            is(sen == Some("plan")),
            is(sen.is_none()),
            is(sex == Some("F")),
            is(!matches!(sex, Some("F" | "M"))),
            is(n == 1),
            is(n > 1),
        ],
        group: match member.dis_y6 {
            Some(true) => 0,
            Some(false) => 1,
            None => 2,
        },
        seen: at.result_state.as_deref() == Some("ks4_results"),
        achieved: at.five_gcse_7_9,
    }
}

/// The coefficients where the penalised likelihood is flat: Newton's steps by elimination, one row at a time.
fn climb(people: &[One]) -> Option<[f64; 11]> {
    let seen = people.iter().filter(|one| one.seen).count();
    if seen == 0 || seen == people.len() {
        return None;
    }
    let mut at = [0.0; 11];
    for _ in 0..200 {
        let mut lines = [[0.0; 12]; 11];
        for (row, line) in lines.iter_mut().enumerate().skip(1) {
            line[row] = PULL;
            line[11] = -PULL * at[row];
        }
        for one in people {
            let p = likely(&at, &one.known);
            for (line, x) in lines.iter_mut().zip(one.known) {
                for (cell, other) in line.iter_mut().zip(one.known) {
                    *cell += p * (1.0 - p) * x * other;
                }
                line[11] += (f64::from(u8::from(one.seen)) - p) * x;
            }
        }
        let step = eliminate(lines);
        let part = (1.0 / step.iter().fold(0.0_f64, |most, one| most.max(one.abs()))).min(1.0);
        at.iter_mut().zip(step).for_each(|(value, step)| *value += part * step);
    }
    Some(at)
}

fn likely(at: &[f64; 11], known: &[f64; 11]) -> f64 {
    let sum: f64 = at.iter().zip(known).map(|(one, other)| one * other).sum();
    sum.exp() / (1.0 + sum.exp())
}

fn eliminate(mut lines: [[f64; 12]; 11]) -> [f64; 11] {
    for pivot in 0..11 {
        let best =
            (pivot..11).max_by(|one, other| lines[*one][pivot].abs().total_cmp(&lines[*other][pivot].abs()));
        lines.swap(pivot, best.unwrap_or(pivot));
        let own = lines[pivot];
        for (_, line) in lines.iter_mut().enumerate().filter(|(row, _)| *row != pivot) {
            let part = line[pivot] / own[pivot];
            line.iter_mut().zip(own).for_each(|(cell, own)| *cell -= part * own);
        }
    }
    std::array::from_fn(|row| lines[row][11] / lines[row][row])
}

fn groups<'a>(headline: impl Iterator<Item = &'a LostPotential>, people: &[One]) -> Vec<Sensitivity> {
    let at = climb(people);
    let weigh = |one: &One| at.map_or(1.0, |at| (1.0 / likely(&at, &one.known)).min(20.0));
    let seen = |group: usize| people.iter().filter(move |one| one.group == group && one.seen);
    let total = |group: usize| seen(group).map(weigh).sum::<f64>();
    let rate = |group: usize| {
        let weight = total(group);
        (weight > 0.0).then(|| seen(group).filter(|one| one.achieved).map(weigh).sum::<f64>() / weight)
    };
    let round = |value: f64| Fixed::<4>((value * 1e4).round() as i64);
    headline
        .map(|row| {
            let group = match row.group.as_str() {
                "disadvantaged" => 0,
                "other" => 1,
                _ => 2,
            };
            let squares: f64 = seen(group).map(|one| weigh(one).powi(2)).sum();
            let is_seen = row.n_with_results > 0;
            let lost = rate(1).zip(rate(0)).map(|(other, poor)| (other - poor) * row.n_members as f64);
            let is_poor = group == 0 && row.lost_potential.is_some();
            let state = match (row.n_members, row.n_with_results) {
                (0, _) => "nobody",
                (_, 0) => "nobody_seen",
                (_, ..10) => "too_few",
                _ => "weighted",
            };
            Sensitivity {
                cohort_ay: row.cohort_ay,
                population: row.population.clone(),
                disadvantage: row.group.clone(),
                state: state.to_owned(),
                n_members: row.n_members,
                n_with_results: row.n_with_results,
                n_achieved: row.n_achieved,
                observed: row.observed,
                weighted: rate(group).map(round),
                effective_n: is_seen.then(|| round(total(group).powi(2) / squares)),
                largest_weight: is_seen.then(|| round(seen(group).map(weigh).fold(0.0, f64::max))),
                lost_potential: row.lost_potential,
                weighted_lost_potential: lost.filter(|_| is_poor).map(round),
            }
        })
        .collect()
}
