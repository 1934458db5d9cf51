//! Studies that ask for table after table, some to isolate a child; and an attacker who adds and subtracts all they got.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Entry, Ledger};
use crate::disclosure::{Policy, Tabular, disclose_tabular_after};

/// What is known of a learner, by attribute; the last is when they came.
type Learner = [u64; 6];
/// How many values each attribute has: authority, school type, sex, meals, outcome, month of arrival.
const VALUES: [u64; 6] = [5, 3, 2, 2, 3, 40];

struct Study {
    learners: Vec<Learner>,
    rng: ChaCha8Rng,
    ledger: Ledger,
    shown: Vec<Entry>,
    asked: usize,
    refused: usize,
}

impl Study {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let learners = rng.random_range(250..450);
        // Skewed, as such attributes are: the lower of two draws.
        let draw = |rng: &mut ChaCha8Rng, of: u64| rng.random_range(0..of).min(rng.random_range(0..of));
        let learners = (0..learners).map(|_| VALUES.map(|of| draw(&mut rng, of))).collect();
        let ledger = Ledger::of(&[], &Policy::published());
        Self { learners, rng, ledger, shown: Vec::new(), asked: 0, refused: 0 }
    }

    /// A table of some learners by one or two attributes and outcome.
    fn ask(&mut self, of: &BTreeSet<u64>, by: &[usize]) -> bool {
        let dimensions: Vec<String> = by.iter().map(ToString::to_string).collect();
        let mut groups: Vec<(Vec<String>, Vec<u64>)> = Vec::new();
        for learner in of {
            let keys: Vec<String> =
                by.iter().map(|at| self.learners[*learner as usize][*at].to_string()).collect();
            match groups.iter_mut().find(|(found, _)| *found == keys) {
                Some((_, members)) => members.push(*learner),
                None => groups.push((keys, vec![*learner])),
            }
        }
        let counts: Vec<(Vec<String>, u64)> =
            groups.iter().map(|(keys, members)| (keys.clone(), members.len() as u64)).collect();
        let table = Tabular::of_groups("t", "p", &dimensions, &counts, true).unwrap();
        let members: Vec<Vec<u64>> = groups.into_iter().map(|(_, members)| members).collect();
        let id = self.shown.len().to_string();
        match disclose_tabular_after(&table, &members, (&id, &self.ledger), &Policy::published()) {
            Ok((_, entry)) => {
                self.ledger.add(&entry);
                self.shown.push(entry);
                true
            }
            Err(_) => false,
        }
    }

    fn some(&mut self) -> (BTreeSet<u64>, Vec<usize>) {
        let all = 0..self.learners.len() as u64;
        let (at, value) = (self.rng.random_range(0..4), self.rng.random_range(0..2));
        let of = match self.rng.random_range(0..3) {
            0 => all.collect(),
            1 => all.filter(|learner| self.learners[*learner as usize][at] == value).collect(),
            // As the cohort was known some months ago.
            _ => all.filter(|learner| self.learners[*learner as usize][5] < 20).collect(),
        };
        let by = match self.rng.random_range(0..3) {
            0 => vec![self.rng.random_range(0..4), 4],
            1 => vec![self.rng.random_range(0..2), self.rng.random_range(2..4)],
            _ => vec![4],
        };
        (of, by)
    }

    fn honest(&mut self) {
        let (of, by) = self.some();
        self.asked += 1;
        if !self.ask(&of, &by) {
            self.refused += 1;
        }
    }

    /// The last question again, changed by a learner or a few: left out, added, or by the authorities that hold the rest.
    fn dishonest(&mut self) {
        let (mut of, by) = self.some();
        self.ask(&of, &by);
        let victim = self.rng.random_range(0..self.learners.len() as u64);
        let few = self.rng.random_range(1..5);
        match self.rng.random_range(0..3) {
            0 => of.retain(|learner| !(victim..victim + few).contains(learner)),
            1 => of.extend((0..few).map(|next| (victim + next) % self.learners.len() as u64)),
            _ => of.retain(|learner| {
                self.learners[*learner as usize][0] != self.learners[victim as usize][0] || *learner == victim
            }),
        }
        self.ask(&of, &by);
    }

    /// The smallest group whose count follows: of any two cells by subtraction, and of all by elimination.
    fn smallest_that_follows(&self) -> usize {
        let shown: BTreeSet<&Vec<u64>> = self
            .shown
            .iter()
            .flat_map(|entry| &entry.cells)
            .filter(|cell| cell.shown)
            .map(|cell| &cell.members)
            .collect();
        let sets: Vec<BTreeSet<u64>> =
            shown.into_iter().map(|members| members.iter().copied().collect()).collect();
        let mut smallest = sets.iter().map(BTreeSet::len).min().unwrap_or(usize::MAX);
        for whole in &sets {
            for part in sets.iter().filter(|part| part.len() < whole.len() && part.is_subset(whole)) {
                smallest = smallest.min(whole.len() - part.len());
            }
        }
        if is_anybody_alone(&sets, self.learners.len()) { 1 } else { smallest }
    }
}

/// Elimination in fractions, by columns from the last: is there a sum over one learner alone?
fn is_anybody_alone(sets: &[BTreeSet<u64>], learners: usize) -> bool {
    let row =
        |set: &BTreeSet<u64>| (0..learners as u64).map(|at| f64::from(u8::from(set.contains(&at)))).collect();
    let mut rows: Vec<Vec<f64>> = sets.iter().map(row).collect();
    let mut done = 0;
    for column in (0..learners).rev() {
        let best = (done..rows.len())
            .max_by(|one, other| rows[*one][column].abs().total_cmp(&rows[*other][column].abs()));
        let Some(best) = best.filter(|best| rows[*best][column].abs() > 1e-7) else { continue };
        rows.swap(done, best);
        let pivot: Vec<f64> = rows[done].iter().map(|value| value / rows[done][column]).collect();
        for (at, other) in rows.iter_mut().enumerate() {
            let factor = other[column];
            if at != done && factor.abs() > 1e-9 {
                other.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
        rows[done] = pivot;
        done += 1;
    }
    rows[..done].iter().any(|row| row.iter().filter(|value| value.abs() > 1e-6).count() == 1)
}

#[test]
fn attack_09_fifty_releases_of_a_study_isolate_nobody_and_honest_ones_are_hardly_refused() {
    let studies = if std::env::var_os("THROUGHLINE_DEEP").is_some() { 1_000 } else { 3 };
    let (mut asked, mut refused, mut shown) = (0, 0, 0);
    for seed in 0..studies {
        let mut study = Study::new(seed);
        for number in 0..50 {
            if number % 5 == 4 { study.dishonest() } else { study.honest() }
        }
        assert!(
            study.smallest_that_follows() >= 10,
            "study {seed} isolates {}",
            study.smallest_that_follows()
        );
        asked += study.asked;
        refused += study.refused;
        shown += study.shown.iter().flat_map(|entry| &entry.cells).filter(|cell| cell.shown).count();
    }
    println!("{studies} studies, {refused} of {asked} honest questions refused, {shown} figures shown");
    assert!(refused * 100 < asked * 3, "{refused} of {asked} honest questions are refused");
}

#[test]
fn without_a_ledger_the_attacker_isolates_somebody() {
    let mut study = Study::new(1);
    for _ in 0..10 {
        study.ledger = Ledger::of(&[], &Policy::published());
        study.dishonest();
    }
    assert!(study.smallest_that_follows() < 10);
}
