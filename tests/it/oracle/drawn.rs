//! What is drawn by chance, drawn once more: with another generator, ten times as often, learner by learner. Published ends lie
//! where the ends of two hundred draws can lie.
//!
//! How far that is needs no density. The lower end is the sixth smallest of two hundred draws from a distribution F. It is at
//! most x just when at least six of two hundred fall at or below x, so F(x) is a binomial's share: an end is refused when its
//! place in F has a chance below [`UNLIKELY`]. F itself is known from our own draws only, and is widened by five of its own
//! standard errors.
use super::cells::{Cell, Fixed, People};
use super::codes::POPULATIONS;
use super::models::climb;
use super::rows::{Group, Row, column, row};
use super::sensitivity::{One, pools};
use super::{Tables, year};
use arrow::array::RecordBatch;
use std::collections::BTreeMap;

row! {
    /// The drawn ends of a group of high attainers.
    Drawn = "lost_potential_sensitivity", group |row| Group::Cohort(row.cohort_ay, row.population.clone());
    cohort_ay: i64 = "cohort_ay",
    population: String = "population",
    disadvantage: String = "disadvantage",
    weighted_low: Option<Fixed<4>> = "weighted_low",
    weighted_high: Option<Fixed<4>> = "weighted_high",
    lost_potential_low: Option<Fixed<4>> = "lost_potential_low",
    lost_potential_high: Option<Fixed<4>> = "lost_potential_high",
    weighted_lost_potential_low: Option<Fixed<4>> = "weighted_lost_potential_low",
    weighted_lost_potential_high: Option<Fixed<4>> = "weighted_lost_potential_high",
    n_replicates: i64 = "n_replicates",
}

/// Our own draws.
const DRAWS: usize = 2_000;
/// An end as unlikely as this is not one of such draws: of a thousand that are none is refused by chance.
const UNLIKELY: f64 = 1e-7;

/// Numbers without a pattern: Marsaglia's shifts, which share nothing with the program's generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((u128::from(self.0) * end as u128) >> 64) as usize
    }
}

/// Looks at every drawn end of a release. Gives how many were.
///
/// # Panics
/// Where an end lies elsewhere than such draws can.
pub fn ends_agree(expected: &Tables, published: &[Drawn]) -> usize {
    let pairs: Vec<_> = expected.cohort_member.iter().zip(&expected.cohort_outcome).collect();
    let pools = pools(&expected.lost_potential, &pairs, &expected.learner, &expected.school_move);
    let years = year::years(&expected.spell, &expected.area_spell, &expected.setting);
    let mut looked = 0;
    for ((cohort, population), people) in &pools {
        let school = |one: &One| {
            let year = years.get(&(one.person, cohort + 5)).filter(|year| year.on_roll);
            year.and_then(|year| year.school.clone()).ok_or(one.person)
        };
        let by_school = lost_by_school(people, school);
        // Every draw fits a model: of one population only.
        let weighted = (population == POPULATIONS[0]).then(|| by_learner(people));
        let of_pool = |row: &&Drawn| row.cohort_ay == *cohort && row.population == *population;
        for row in published.iter().filter(of_pool) {
            assert_eq!(row.n_replicates, 200);
            let group =
                ["disadvantaged", "other", "not_known"].iter().position(|word| row.disadvantage == *word);
            let group = group.unwrap();
            let place = format!("{cohort} {population} {}", row.disadvantage);
            let lost = (row.lost_potential_low, row.lost_potential_high);
            looked += agree(&place, lost, &by_school);
            if let Some((rates, lost)) = &weighted {
                looked += agree(&place, (row.weighted_low, row.weighted_high), &rates[group]);
                let ends = (row.weighted_lost_potential_low, row.weighted_lost_potential_high);
                looked += agree(&place, ends, lost);
            }
        }
    }
    looked
}

/// The headline's count with schools drawn; whoever was on no roll is a school of their own.
fn lost_by_school<K: Ord>(people: &[One], school: impl Fn(&One) -> K) -> Vec<f64> {
    let mut schools: BTreeMap<K, Vec<&One>> = BTreeMap::new();
    people.iter().for_each(|one| schools.entry(school(one)).or_default().push(one));
    let schools: Vec<Vec<&One>> = schools.into_values().collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let draws = (0..DRAWS).filter_map(|_| {
        let drawn = (0..schools.len()).flat_map(|_| schools[dice.below(schools.len())].iter().copied());
        let drawn: Vec<&One> = drawn.collect();
        let rate = |group: usize| {
            let of = drawn.iter().filter(|one| one.group == group);
            let n = of.clone().count();
            (n > 0).then(|| of.filter(|one| one.achieved).count() as f64 / n as f64)
        };
        Some((rate(1)? - rate(0)?) * poor(people))
    });
    draws.collect()
}

fn poor(people: &[One]) -> f64 {
    people.iter().filter(|one| one.group == 0).count() as f64
}

/// The weighted rate of each group, and the weighted count, with learners drawn and the model fitted anew each time.
fn by_learner(people: &[One]) -> ([Vec<f64>; 3], Vec<f64>) {
    let (mut rates, mut lost) = ([Vec::new(), Vec::new(), Vec::new()], Vec::new());
    let mut dice = Dice(0xd1b5_4a32_d192_ed03);
    for _ in 0..DRAWS {
        let drawn: Vec<&One> = (0..people.len()).map(|_| &people[dice.below(people.len())]).collect();
        let rows: Vec<(Vec<f64>, bool)> =
            drawn.iter().map(|one| (one.known[1..].to_vec(), one.seen)).collect();
        let seen = rows.iter().filter(|row| row.1).count();
        let weights = if seen == 0 || seen == rows.len() { None } else { climb(&rows) };
        let weigh = |one: &One| {
            let Some(at) = &weights else { return 1.0 };
            let score: f64 = at.iter().zip(one.known).map(|(weight, known)| weight * known).sum();
            (1.0 + (-score).exp()).min(20.0)
        };
        let rate = |group: usize| {
            let of = drawn.iter().filter(|one| one.group == group && one.seen);
            let (right, all) = of.fold((0.0, 0.0), |(right, all), one| {
                let weight = weigh(one);
                (if one.achieved { right + weight } else { right }, all + weight)
            });
            (all > 0.0).then(|| right / all)
        };
        let now = [rate(0), rate(1), rate(2)];
        rates.iter_mut().zip(now).for_each(|(rates, rate)| rates.extend(rate));
        lost.extend(now[1].zip(now[0]).map(|(other, own)| (other - own) * poor(people)));
    }
    (rates, lost)
}

/// Holds two published ends against our draws. Gives 1, or 0 where none are published or some draws gave nothing: of those the
/// program has another number than two hundred.
fn agree(place: &str, (low, high): (Option<Fixed<4>>, Option<Fixed<4>>), drawn: &[f64]) -> usize {
    let (Some(low), Some(high)) = (low, high) else { return 0 };
    if drawn.len() < DRAWS {
        return 0;
    }
    let (low, high) = (low.0 as f64 / 1e4, high.0 as f64 / 1e4);
    assert!(can_be(drawn, low, 6), "{place}: {low} is not the lower end of such draws");
    assert!(can_be(drawn, high, 195), "{place}: {high} is not the upper end of such draws");
    // The rule would tell: an end that was mixed up with the other is none.
    let mut sorted = drawn.to_vec();
    sorted.sort_by(f64::total_cmp);
    if sorted[DRAWS / 20] < sorted[DRAWS - DRAWS / 20] - 1e-3 {
        assert!(!can_be(drawn, high, 6) && !can_be(drawn, low, 195), "{place}: {low} to {high}");
    }
    1
}

/// Whether a value, told to four decimals, can be the so-manieth smallest of two hundred such draws.
fn can_be(drawn: &[f64], value: f64, place: u64) -> bool {
    let n = drawn.len() as f64;
    let share = |is: &dyn Fn(f64) -> bool| drawn.iter().filter(|draw| is(**draw)).count() as f64 / n;
    let widened = |share: f64| 5.0 * (share * (1.0 - share) / n).sqrt() + 5.0 / n;
    let (under, upto) = (share(&|draw| draw < value - 6e-5), share(&|draw| draw <= value + 6e-5));
    let (under, upto) = ((under - widened(under)).max(0.0), (upto + widened(upto)).min(1.0));
    // At least so many at or below it, and fewer than so many below it.
    1.0 - at_most(place - 1, upto) > UNLIKELY && at_most(place - 1, under) > UNLIKELY
}

/// The chance of at most so many of two hundred.
fn at_most(most: u64, share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return if share <= 0.0 { 1.0 } else { 0.0 };
    }
    let (mut sum, mut log) = (0.0, 200.0 * (1.0 - share).ln());
    for n in 0..=most {
        sum += log.exp();
        log += ((200 - n) as f64 / (n + 1) as f64).ln() + (share / (1.0 - share)).ln();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_two_hundred_draws_are_told_from_others() {
        let mut dice = Dice(7);
        let normal = |dice: &mut Dice| (0..12).map(|_| dice.below(1_000_000) as f64 / 1e6).sum::<f64>() - 6.0;
        let ours: Vec<f64> = (0..DRAWS).map(|_| normal(&mut dice)).collect();
        for _ in 0..200 {
            let mut theirs: Vec<f64> = (0..200).map(|_| normal(&mut dice)).collect();
            theirs.sort_by(f64::total_cmp);
            assert!(can_be(&ours, theirs[5], 6) && can_be(&ours, theirs[194], 195));
            // A third of them is none, nor an end of draws that are spread a quarter as wide.
            assert!(!can_be(&ours, theirs[70], 6) && !can_be(&ours, theirs[5] / 4.0, 6));
        }
        assert!(
            (at_most(1, 0.005) - 200.0_f64.mul_add(0.005 * 0.995_f64.powi(199), 0.995_f64.powi(200))).abs()
                < 1e-12
        );
    }
}
