use super::{
    Line, People,
    pairs::{Pool, Weigher},
    tiers::{numbers_differ, rule_between},
    weighed::{FEWEST_SAYINGS, pool},
};
use crate::privacy::{Identified, Pseudonym};
use std::collections::HashMap;

/// Why two subjects are one learner, or not. Our own words and numbers: it can hold no value of anybody's.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// A line for each field, of the pair of their sayings that agrees best.
    pub lines: Vec<Line>,
    /// How likely two records were one person before anything was compared, in bits.
    pub prior: f64,
    /// Prior and lines together, in bits.
    pub sum: f64,
    /// The same as a probability.
    pub probability: f64,
    /// The first rule that would join the two, were there nobody else.
    pub rule: Option<&'static str>,
    /// Whether they look like twins.
    pub twins: bool,
    /// Whether both bear valid pupil numbers, and none of one is known to be the other's.
    pub pupil_numbers_differ: bool,
    /// The same of learner numbers.
    pub learner_numbers_differ: bool,
    /// Whether too little is known for weights to decide anything: then rules alone join.
    pub too_few: bool,
}

impl Explained {
    /// How far the two agree in a field, in our word for it.
    pub fn level(&self, field: &str) -> &'static str {
        self.lines.iter().find(|line| line.field == field).map_or("not_said", |line| line.level)
    }

    /// Whether a pupil number ended and something else changed with it: the surname, or the address. Children who are
    /// adopted or in danger are given a new number for that end, and nobody is to be told who they were.
    pub fn may_be_a_break(&self) -> bool {
        let stayed = |field: &str| self.level(field) == "exact";
        self.pupil_numbers_differ && !(stayed("surname") && stayed("postcode"))
    }
}

/// The register, made ready for comparing.
pub struct Compared<'p> {
    people: &'p People,
    /// The place of each person of the pool among the people.
    order: Vec<u32>,
    owners: HashMap<Pseudonym, u32>,
    pool: Pool,
}

/// Answers why.
pub struct Explainer<'p> {
    compared: &'p Compared<'p>,
    weigher: Weigher<'p>,
}

impl<'p> Compared<'p> {
    /// Makes the register ready.
    pub fn of(people: &'p Identified<People>) -> Self {
        let people = people.veiled();
        // As the linker numbers them: the order in which sources were read is no part of the answer.
        let mut order: Vec<u32> = (0..people.people.len() as u32).collect();
        order.sort_unstable_by_key(|at| people.people[*at as usize].subject);
        let pool = pool(people, &order);
        let owner = |(owner, at): (usize, &u32)| (people.people[*at as usize].subject, owner as u32);
        let owners = order.iter().enumerate().map(owner).collect();
        Self { people, order, owners, pool }
    }

    /// Learns the weights.
    pub fn explainer(&self, threads: usize) -> Explainer<'_> {
        Explainer { compared: self, weigher: self.pool.weigher(threads) }
    }
}

impl Explainer<'_> {
    /// Why two subjects are one, or not. None where one of them is not in the register.
    pub fn explain(&self, one: &Pseudonym, other: &Pseudonym) -> Option<Explained> {
        let Compared { people, order, owners, pool } = self.compared;
        let (a, b) = (*owners.get(one)?, *owners.get(other)?);
        let (at, with) = (order[a as usize] as usize, order[b as usize] as usize);
        let [pupil_numbers_differ, learner_numbers_differ] = numbers_differ(people, at, with);
        let weighing = self.weigher.weigh(a, b);
        let (lines, prior, sum, probability) = weighing
            .map_or((Vec::new(), 0.0, 0.0, 0.0), |held| (held.lines, held.prior, held.sum, held.probability));
        Some(Explained {
            lines,
            prior,
            sum,
            probability,
            rule: rule_between(people, at, with),
            twins: pool.look_like_twins(&pool.faces(a), &pool.faces(b)),
            pupil_numbers_differ,
            learner_numbers_differ,
            too_few: pool.sayings() < FEWEST_SAYINGS,
        })
    }
}
