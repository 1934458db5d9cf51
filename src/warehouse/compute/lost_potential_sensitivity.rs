//! The headline once more, had those without results been like those with results who are like them; and how far the
//! headline's own count could lie elsewhere by chance.
//!
//! Every high attainer has a chance of being seen with results, by a logistic model on what was known before: key stage 2
//! score, disadvantage, needs, sex, changes of school. Who is seen weighs one over that chance. Intervals are drawn: of the
//! weighted figures over learners, the model fitted anew each time; of the headline's count over schools, for pupils of
//! one school share more than pupils of several. A sensitivity and never the headline: what decides whether somebody is seen
//! may be what nobody wrote down.
use std::collections::BTreeMap;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::super::fault::WarehouseFault;
use super::frame::Record;
use super::logistic::{self, chance, fit};
use super::{Cell, Function, Tables};

/// How often is drawn.
const REPLICATES: usize = 200;
/// Nobody weighs more: a chance below one in twenty is not told from one.
const MOST: f64 = 20.0;
/// With fewer than this seen in a group, its figure is mostly whom one happened to see.
const LEAST: f64 = 10.0;

pub(super) const FUNCTION: Function = Function {
    name: "lost_potential_sensitivity",
    version: 1,
    columns: &[
        ("cohort_ay", "SMALLINT"),
        ("population", "VARCHAR"),
        ("disadvantage", "VARCHAR"),
        ("state", "VARCHAR"),
        ("n_members", "BIGINT"),
        ("n_with_results", "BIGINT"),
        ("n_achieved", "BIGINT"),
        ("observed", "DECIMAL(9,4)"),
        ("weighted", "DECIMAL(9,4)"),
        ("weighted_low", "DECIMAL(9,4)"),
        ("weighted_high", "DECIMAL(9,4)"),
        ("effective_n", "DECIMAL(9,4)"),
        ("largest_weight", "DECIMAL(9,4)"),
        ("lost_potential", "DECIMAL(9,4)"),
        ("lost_potential_low", "DECIMAL(9,4)"),
        ("lost_potential_high", "DECIMAL(9,4)"),
        ("weighted_lost_potential", "DECIMAL(9,4)"),
        ("weighted_lost_potential_low", "DECIMAL(9,4)"),
        ("weighted_lost_potential_high", "DECIMAL(9,4)"),
        ("n_replicates", "INTEGER"),
    ],
    compute,
};

/// The groups of the headline, in the order of their numbers here.
const GROUPS: [&str; 3] = ["disadvantaged", "other", "not_known"];

/// A high attainer: the cell of equal predictors, the group, whether seen and with the outcome, and the cluster.
struct Member {
    cell: usize,
    group: usize,
    seen: bool,
    achieved: bool,
    cluster: usize,
}

/// The high attainers of one cohort and population.
#[derive(Default)]
struct Pool {
    members: Vec<Member>,
    cells: Vec<Vec<f64>>,
    clusters: usize,
}

/// Weighted sums of one group of those who are seen.
#[derive(Default, Clone, Copy)]
struct Sums {
    weight: f64,
    achieved: f64,
    squares: f64,
    largest: f64,
}

impl Sums {
    fn rate(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.achieved / self.weight)
    }
}

fn compute(tables: &mut Tables<'_>) -> Result<Vec<Vec<Cell>>, WarehouseFault> {
    let headline = tables.read(
        "lost_potential",
        &["population", "disadvantage"],
        &["cohort_ay", "n_members", "n_with_results", "n_achieved", "lost_potential"],
    )?;
    let rows = tables.read(
        "lost_potential_member",
        &["population", "learner_id", "disadvantage", "sen_y6", "sex", "school_id"],
        &["cohort_ay", "ks2_score", "moves", "seen", "achieved"],
    )?;
    let mut of_pool: BTreeMap<(i32, &str), Vec<&Record>> = BTreeMap::new();
    for row in &rows {
        of_pool.entry((row.number(0) as i32, row.text(0))).or_default().push(row);
    }
    let figures: BTreeMap<(i32, &str), Figures> =
        of_pool.iter().map(|(key, rows)| (*key, Figures::of(key.0, key.1, &Pool::of(rows)))).collect();
    let nobody = Figures::default();
    Ok(headline
        .iter()
        .map(|row| {
            let key = (row.number(0) as i32, row.text(0));
            let group = GROUPS.iter().position(|group| *group == row.text(1)).unwrap_or(2);
            told(row, group, figures.get(&key).unwrap_or(&nobody))
        })
        .collect())
}

impl Pool {
    fn of(rows: &[&Record]) -> Self {
        let mut pool = Self::default();
        let (mut cells, mut schools) = (BTreeMap::new(), BTreeMap::new());
        for row in rows {
            let x = predictors(row);
            let key: Vec<u64> = x.iter().map(|value| value.to_bits()).collect();
            let cell = *cells.entry(key).or_insert_with(|| {
                pool.cells.push(x);
                pool.cells.len() - 1
            });
            // Who was on no roll is a cluster of their own.
            let alone = row.text(5).is_empty();
            let school = if alone { row.text(1) } else { row.text(5) };
            let next = schools.len();
            let cluster = *schools.entry((alone, school)).or_insert(next);
            pool.members.push(Member {
                cell,
                group: GROUPS.iter().position(|group| *group == row.text(2)).unwrap_or(2),
                seen: row.number(3) > 0.5,
                achieved: row.number(4) > 0.5,
                cluster,
            });
        }
        pool.clusters = schools.len();
        pool
    }

    /// What each group of those seen comes to, with the members drawn that often; and the model's coefficients.
    fn weighted(&self, drawn: &[usize], start: &[f64]) -> ([Sums; 3], Vec<f64>) {
        let mut cells: Vec<logistic::Cell> =
            self.cells.iter().map(|x| logistic::Cell { x: x.clone(), n: 0.0, yes: 0.0 }).collect();
        for member in drawn.iter().map(|at| &self.members[*at]) {
            cells[member.cell].n += 1.0;
            cells[member.cell].yes += f64::from(u8::from(member.seen));
        }
        // Where all are seen, each stands for nobody else.
        let coefficients = fit(&cells, start);
        let weights: Vec<f64> = cells
            .iter()
            .map(|cell| coefficients.as_ref().map_or(1.0, |found| (1.0 / chance(found, &cell.x)).min(MOST)))
            .collect();
        let mut sums = [Sums::default(); 3];
        for member in drawn.iter().map(|at| &self.members[*at]).filter(|member| member.seen) {
            let (weight, group) = (weights[member.cell], &mut sums[member.group]);
            group.weight += weight;
            group.squares += weight * weight;
            group.largest = group.largest.max(weight);
            group.achieved += if member.achieved { weight } else { 0.0 };
        }
        (sums, coefficients.unwrap_or_else(|| start.to_vec()))
    }

    fn n_of(&self, group: usize) -> f64 {
        self.members.iter().filter(|member| member.group == group).count() as f64
    }
}

/// What was known before anybody could be seen or not; what is not known has a place of its own.
fn predictors(row: &Record) -> Vec<f64> {
    let is = |yes: bool| f64::from(u8::from(yes));
    let moves = row.number(2) as i64;
    vec![
        1.0,
        (row.number(1) - 110.0) / 10.0,
        is(row.text(2) == "disadvantaged"),
        is(row.text(2) == "not_known"),
        is(row.text(3) == "support"),
        is(row.text(3) == "plan"),
        is(row.text(3).is_empty()),
        is(row.text(4) == "F"),
        is(!matches!(row.text(4), "F" | "M")),
        is(moves == 1),
        is(moves > 1),
    ]
}

/// Everything that is drawn and weighed of one cohort and population.
#[derive(Default)]
struct Figures {
    sums: [Sums; 3],
    rates: [Vec<f64>; 3],
    lost: Option<f64>,
    lost_weighted: Vec<f64>,
    lost_headline: Vec<f64>,
}

impl Figures {
    fn of(cohort: i32, population: &str, pool: &Pool) -> Self {
        let n_poor = pool.n_of(0);
        let all: Vec<usize> = (0..pool.members.len()).collect();
        let width = pool.cells.first().map_or(0, Vec::len);
        let (sums, start) = pool.weighted(&all, &vec![0.0; width]);
        let lost = |sums: &[Sums; 3]| Some((sums[1].rate()? - sums[0].rate()?) * n_poor);
        let mut figures = Self { sums, lost: lost(&sums), ..Self::default() };
        let mut dice = dice(&format!("{cohort}/{population}/learners"));
        for _ in 0..REPLICATES {
            let drawn: Vec<usize> = all.iter().map(|_| below(&mut dice, all.len())).collect();
            let (sums, _) = pool.weighted(&drawn, &start);
            for (rates, sums) in figures.rates.iter_mut().zip(&sums) {
                rates.extend(sums.rate());
            }
            figures.lost_weighted.extend(lost(&sums));
        }
        figures.lost_headline = by_school(cohort, population, pool, n_poor);
        figures
    }
}

/// The headline's count with schools drawn anew: unknown counts as not achieved, as there.
fn by_school(cohort: i32, population: &str, pool: &Pool, n_poor: f64) -> Vec<f64> {
    let mut clusters = vec![[0.0_f64; 4]; pool.clusters];
    for member in pool.members.iter().filter(|member| member.group < 2) {
        let own = &mut clusters[member.cluster];
        own[2 * member.group] += 1.0;
        own[2 * member.group + 1] += f64::from(u8::from(member.achieved));
    }
    let mut dice = dice(&format!("{cohort}/{population}/schools"));
    let mut found = Vec::with_capacity(REPLICATES);
    for _ in 0..REPLICATES {
        let mut sum = [0.0_f64; 4];
        for _ in 0..clusters.len() {
            let drawn = clusters[below(&mut dice, clusters.len())];
            sum.iter_mut().zip(drawn).for_each(|(sum, one)| *sum += one);
        }
        if sum[0] > 0.0 && sum[2] > 0.0 {
            found.push((sum[3] / sum[2] - sum[1] / sum[0]) * n_poor);
        }
    }
    found
}

/// Draws that follow from what they are for: another cohort draws otherwise, another run the same.
fn dice(what: &str) -> ChaCha8Rng {
    let name = format!("{}@{}/{what}", FUNCTION.name, FUNCTION.version);
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ChaCha8Rng::seed_from_u64(seed)
}

/// A whole number from 0 up to and without `end`.
fn below(dice: &mut ChaCha8Rng, end: usize) -> usize {
    ((u128::from(dice.next_u64()) * end as u128) >> 64) as usize
}

/// The ends between which 95 of a hundred draws lie; none where fewer than half of the draws gave anything.
fn interval(drawn: &[f64]) -> (Option<f64>, Option<f64>) {
    if drawn.len() * 2 < REPLICATES {
        return (None, None);
    }
    let mut sorted = drawn.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.len() / 40, sorted.len() - 1 - sorted.len() / 40);
    (Some(sorted[low]), Some(sorted[high]))
}

/// One row of the table.
fn told(row: &Record, group: usize, figures: &Figures) -> Vec<Cell> {
    let (n, n_seen, achieved) = (row.number(1), row.number(2), row.number(3));
    let sums = &figures.sums[group];
    let state = match () {
        () if n == 0.0 => "nobody",
        () if n_seen == 0.0 => "nobody_seen",
        () if n_seen < LEAST => "too_few",
        () => "weighted",
    };
    let is_told = n_seen > 0.0;
    let (low, high) = if is_told { interval(&figures.rates[group]) } else { (None, None) };
    let is_poor = group == 0 && n > 0.0 && row.numbers[4].is_some();
    let headline = if is_poor { interval(&figures.lost_headline) } else { (None, None) };
    let weighted = if is_poor { interval(&figures.lost_weighted) } else { (None, None) };
    let mut cells: Vec<Cell> =
        vec![(row.number(0) as i32).into(), row.text(0).into(), GROUPS[group].into(), state.into()];
    cells.extend([n, n_seen, achieved].map(|count| Cell::Whole(count as i64)));
    cells.push(is_told.then(|| achieved / n_seen).into());
    cells.push(sums.rate().filter(|_| is_told).into());
    cells.extend([low, high].map(Cell::from));
    cells.push(is_told.then(|| sums.weight * sums.weight / sums.squares).into());
    cells.push(is_told.then_some(sums.largest).into());
    cells.push(row.numbers[4].into());
    cells.extend([headline.0, headline.1].map(Cell::from));
    cells.push(figures.lost.filter(|_| is_poor).into());
    cells.extend([weighted.0, weighted.1].map(Cell::from));
    cells.push(REPLICATES.into());
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chances of learners whose school moves all of its own: half of the schools are good ones.
    const CHANCES: [[f64; 2]; 2] = [[0.05, 0.65], [0.35, 0.95]];

    /// Sixty schools of six, half of whom are disadvantaged. With `by_school` false each learner is drawn for themselves.
    fn pool(dice: &mut ChaCha8Rng, by_school: bool) -> Pool {
        let mut members = Vec::new();
        for school in 0..60 {
            let is_good = below(dice, 2);
            for at in 0..6 {
                let group = at % 2;
                let achieved = (below(dice, 1_000_000) as f64) < CHANCES[group][is_good] * 1e6;
                let cluster = if by_school { school } else { members.len() };
                members.push(Member { cell: 0, group, seen: true, achieved, cluster });
            }
        }
        let clusters = if by_school { 60 } else { members.len() };
        Pool { members, cells: vec![vec![1.0]], clusters }
    }

    /// How many of a hundred intervals hold the truth.
    fn covered(by_school: bool, worlds: u32) -> f64 {
        let mut dice = dice("worlds for a test");
        let mean = |group: usize| f64::midpoint(CHANCES[group][0], CHANCES[group][1]);
        let truth = (mean(1) - mean(0)) * 180.0;
        let mut held = 0;
        for world in 0..worlds {
            let pool = pool(&mut dice, by_school);
            let (low, high) = interval(&by_school_of(world, &pool));
            held += u32::from(low.unwrap() <= truth && truth <= high.unwrap());
        }
        f64::from(held) * 100.0 / f64::from(worlds)
    }

    fn by_school_of(world: u32, pool: &Pool) -> Vec<f64> {
        by_school(world as i32, "resident", pool, pool.n_of(0))
    }

    /// Between the sixth and the 195th of two hundred draws lie 189 of 201 parts, 94%. Of 600 worlds the share has a standard
    /// error of one; with sixty schools the ends of draws lie a little too near. Four standard errors and two points for that.
    #[test]
    fn of_a_hundred_intervals_that_are_drawn_over_schools_nine_in_ten_and_more_hold_the_truth() {
        let share = covered(true, 600);
        assert!((88.0..=98.0).contains(&share), "{share}% hold it");
    }

    /// Who is drawn decides: good schools are good for both groups, so that schools drawn whole tell the difference of the groups
    /// more closely than learners drawn one by one would.
    #[test]
    fn learners_drawn_one_by_one_would_give_other_ends() {
        let width = |by_school: bool| {
            let mut dice = dice("widths for a test");
            let of = |world: u32| {
                let (low, high) = interval(&by_school_of(world, &pool(&mut dice, by_school)));
                high.unwrap() - low.unwrap()
            };
            (0..60).map(of).sum::<f64>() / 60.0
        };
        let (schools, learners) = (width(true), width(false));
        assert!(schools < 0.95 * learners, "{schools} beside {learners}");
    }
}
