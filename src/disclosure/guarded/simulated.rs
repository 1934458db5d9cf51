//! Studies that ask question after question, some to isolate a child; and an attacker who adds and subtracts all that was told.
use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// How many values each attribute has: authority, school type, sex, meals, outcome, month of arrival.
const VALUES: [u64; 6] = [5, 3, 2, 2, 3, 40];

struct Study {
    learners: Vec<[u64; 6]>,
    rng: ChaCha8Rng,
    told: Vec<PastAnswer>,
    asked: usize,
    refused: usize,
}

impl Study {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let count = rng.random_range(250..450);
        // Skewed, as such attributes are: the lower of two draws.
        let draw = |rng: &mut ChaCha8Rng, of: u64| rng.random_range(0..of).min(rng.random_range(0..of));
        let learners = (0..count).map(|_| VALUES.map(|of| draw(&mut rng, of))).collect();
        Self { learners, rng, told: Vec::new(), asked: 0, refused: 0 }
    }

    /// A question about some learners, by one or two attributes, with a condition beside or none.
    fn ask(&mut self, whom: (&str, &BTreeSet<u64>), by: &[usize], condition: Option<usize>) -> bool {
        let level = |at: usize, value: u64| FrameLevel {
            value: Some(value.to_string()),
            is_named: true,
            text: format!("{at} = {value}"),
        };
        let mut frame = Frame {
            keys: by.iter().map(|at| values(whom.0, *at).map(|value| level(*at, value)).collect()).collect(),
            is_disjoint: true,
            filters: usize::from(condition.is_some()),
            measures: vec![Measure::Count(Counted::Learners(None))],
            population: whom.0.split(" and ").map(str::to_owned).collect(),
            filter_texts: condition.iter().map(|at| format!("{at} = 0")).collect(),
            words: vec![whom.0.to_owned(), format!("{by:?} {condition:?}")],
            ..Frame::default()
        };
        frame.rows.extend(whom.1.iter().map(|member| {
            let learner = &self.learners[*member as usize];
            FrameRow {
                levels: by.iter().map(|at| (learner[*at] - values(whom.0, *at).start) as usize).collect(),
                mask: condition.map_or(0, |at| u32::from(learner[at] == 0)),
                member: *member,
                amounts: Vec::new(),
            }
        }));
        let id = format!("question-{}", self.told.len() + 1);
        if let Ok((_, entry)) = disclose(&frame, &self.told, &id, &Policy::published()) {
            self.told.push(entry);
            return true;
        }
        // What nobody may see has nothing to do with what was asked before.
        disclose(&frame, &[], "question", &Policy::published()).is_err()
    }

    fn some(&mut self) -> (String, BTreeSet<u64>, Vec<usize>, Option<usize>) {
        let all = 0..self.learners.len() as u64;
        let (at, value) = (self.rng.random_range(0..4), self.rng.random_range(0..2));
        let (whom, of) = match self.rng.random_range(0..3) {
            0 => ("all".to_owned(), all.collect()),
            1 => (
                format!("all and {at} = {value}"),
                all.filter(|learner| self.learners[*learner as usize][at] == value).collect(),
            ),
            // As the cohort was known some months ago.
            _ => (
                "all and 5 < 20".to_owned(),
                all.filter(|learner| self.learners[*learner as usize][5] < 20).collect(),
            ),
        };
        let by = match self.rng.random_range(0..3) {
            0 => vec![self.rng.random_range(0..4), 4],
            1 => vec![self.rng.random_range(0..2), self.rng.random_range(2..4)],
            _ => vec![4],
        };
        let condition = (by.len() == 1).then_some(3);
        (whom, of, by, condition)
    }

    fn honest(&mut self) {
        let (whom, of, by, condition) = self.some();
        self.asked += 1;
        if !self.ask((&whom, &of), &by, condition) {
            self.refused += 1;
        }
    }

    /// The last question again, changed by a learner or a few: left out, added, or by the authorities that hold the rest.
    fn dishonest(&mut self) {
        let (whom, mut of, by, condition) = self.some();
        self.ask((&whom, &of), &by, condition);
        let victim = self.rng.random_range(0..self.learners.len() as u64);
        let few = self.rng.random_range(1..5);
        match self.rng.random_range(0..3) {
            0 => of.retain(|learner| !(victim..victim + few).contains(learner)),
            1 => of.extend((0..few).map(|next| (victim + next) % self.learners.len() as u64)),
            _ => of.retain(|learner| {
                self.learners[*learner as usize][0] != self.learners[victim as usize][0] || *learner == victim
            }),
        }
        let other = format!("not {victim} {few} of {}", whom.replace(" and ", ", "));
        self.ask((&other, &of), &by, condition);
    }

    /// The smallest group whose count follows from two that were told.
    fn smallest_that_follows(&self) -> usize {
        let shown: BTreeSet<Vec<u64>> = self
            .told
            .iter()
            .flat_map(|answer| &answer.cells)
            .filter(|cell| cell.shown && !cell.members.is_empty())
            .map(|cell| cell.members.clone())
            .collect();
        let sets: Vec<BTreeSet<u64>> =
            shown.into_iter().map(|members| members.into_iter().collect()).collect();
        let mut smallest = sets.iter().map(BTreeSet::len).min().unwrap_or(usize::MAX);
        for whole in &sets {
            for part in sets.iter().filter(|part| part.len() < whole.len() && part.is_subset(whole)) {
                smallest = smallest.min(whole.len() - part.len());
            }
        }
        smallest
    }
}

/// Which values of an attribute there can be, by what is said of the learners.
fn values(whom: &str, at: usize) -> std::ops::Range<u64> {
    let said = |value: &u64| !whom.contains("not") && whom.contains(&format!("and {at} = {value}"));
    (0..VALUES[at]).find(said).map_or(0..VALUES[at], |value| value..value + 1)
}

#[test]
fn attack_09_fifty_questions_of_a_study_isolate_nobody_and_honest_ones_are_mostly_answered() {
    // In the last of the few a set that was hidden because it is nearly another followed from a total and the rest of it.
    let seeds: Vec<u64> =
        if std::env::var_os("THROUGHLINE_DEEP").is_some() { (0..300).collect() } else { vec![0, 1, 2, 137] };
    let studies = seeds.len();
    let (mut asked, mut refused) = (0, 0);
    for seed in seeds {
        let mut study = Study::new(seed);
        for number in 0..50 {
            if number % 5 == 4 { study.dishonest() } else { study.honest() }
        }
        let smallest = study.smallest_that_follows();
        assert!(smallest >= 10, "study {seed} isolates {smallest}");
        asked += study.asked;
        refused += study.refused;
    }
    println!("{studies} studies, {refused} of {asked} honest questions refused");
    // Four hundred learners are few, a fifth of all questions are an attacker's, and what she was told is not told again under other
    // words: one honest question in six is refused that would be answered by itself.
    assert!(refused * 5 < asked, "{refused} of {asked} honest questions are refused");
}
