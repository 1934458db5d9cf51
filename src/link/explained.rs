use super::{
    Calibration, Decided, Line, People, Trained,
    pairs::{Pool, Ready, Weigher},
    tiers::{numbers_differ, rule_between},
    weighed::{Told, pool},
};
use crate::privacy::{Identified, Pseudonym};
use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher,
};

/// Why two subjects are one learner, or not. Our own words and numbers: it can hold no value of anybody's.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Explained {
    /// A line for each field, of the pair of their sayings that agrees best.
    pub lines: Vec<Line>,
    /// How likely two records were one person before anything was compared, in bits.
    pub prior: f64,
    /// Prior and lines together, in bits.
    pub sum: f64,
    /// The same as a probability.
    pub stated: f64,
    /// That probability as persons corrected it by what they decided.
    pub probability: f64,
    /// The first rule that would join the two, were there nobody else.
    pub rule: Option<&'static str>,
    /// Whether they look like twins.
    pub twins: bool,
    /// Whether both bear valid pupil numbers, and none of one is known to be the other's.
    pub pupil_numbers_differ: bool,
    /// The same of learner numbers.
    pub learner_numbers_differ: bool,
    /// The same of NHS numbers.
    pub nhs_numbers_differ: bool,
    /// Whether too little is known for weights to decide anything: then rules alone join.
    pub too_few: bool,
}

impl Explained {
    /// Whether both bear valid numbers of one kind, and share none.
    pub const fn numbers_differ(&self) -> bool {
        self.pupil_numbers_differ || self.learner_numbers_differ || self.nhs_numbers_differ
    }
}

/// Whether some subjects share a value of a field with others, in whatever saying.
fn share(people: &People, ones: &[usize], others: &[usize], field: usize) -> bool {
    let words = |all: &[usize]| -> Vec<u32> {
        let said = all.iter().flat_map(|at| &people.people[*at].said);
        said.filter_map(|said| said.get(field).copied()).filter(|word| *word != 0).collect()
    };
    let theirs = words(others);
    words(ones).iter().any(|word| theirs.contains(word))
}

/// The register, made ready for comparing.
pub struct Compared<'p> {
    people: &'p People,
    /// The place of each person of the pool among the people.
    order: Vec<u32>,
    owners: HashMap<Pseudonym, u32>,
    pool: Pool,
    /// The model; none where the rules stand alone.
    ready: Option<Ready>,
    /// How what the model states is corrected.
    calibration: Option<Calibration>,
}

/// Answers why.
pub struct Explainer<'p> {
    compared: &'p Compared<'p>,
    weigher: Option<Weigher<'p>>,
}

impl<'p> Compared<'p> {
    /// Makes the register ready to be weighed by a model; without one the rules stand alone.
    pub fn of(people: &'p Identified<People>, model: Option<&Trained>) -> Self {
        let people = people.veiled();
        // As the linker numbers them: the order in which sources were read is no part of the answer.
        let mut order: Vec<u32> = (0..people.people.len() as u32).collect();
        order.sort_unstable_by_key(|at| people.people[*at as usize].subject);
        let mut pool = pool(people, &order);
        let ready = model.and_then(|model| pool.ready(model));
        let owner = |(owner, at): (usize, &u32)| (people.people[*at as usize].subject, owner as u32);
        let owners = order.iter().enumerate().map(owner).collect();
        let calibration = model.and_then(Trained::calibration).cloned();
        Self { people, order, owners, pool, ready, calibration }
    }

    /// Whether, between the subjects of two learners, a pupil number ended and something else changed with it: the surname,
    /// or the address. Children who are adopted or in danger are given a new number for that end, and nobody is to be
    /// told who they were.
    pub fn may_be_a_break(&self, ones: &[Pseudonym], others: &[Pseudonym]) -> bool {
        let [ones, others] = [ones, others].map(|all| {
            let owners = all.iter().filter_map(|subject| self.owners.get(subject));
            owners.map(|owner| self.order[*owner as usize] as usize).collect::<Vec<_>>()
        });
        let at = self.people.fields;
        let stayed = |field| share(self.people, &ones, &others, field);
        numbers_differ(self.people, &ones, &others)[0] && !(stayed(at.surname) && stayed(at.postcode))
    }

    /// Makes the answers ready.
    pub fn explainer(&self) -> Explainer<'_> {
        Explainer { compared: self, weigher: self.ready.as_ref().map(|ready| self.pool.weigher(ready)) }
    }
}

impl Explainer<'_> {
    /// Why two subjects are one, or not. None where one of them is not in the register.
    pub fn explain(&self, one: &Pseudonym, other: &Pseudonym) -> Option<Explained> {
        let Compared { people, order, owners, pool, .. } = self.compared;
        let (a, b) = (*owners.get(one)?, *owners.get(other)?);
        let (at, with) = (order[a as usize] as usize, order[b as usize] as usize);
        let [pupil_numbers_differ, learner_numbers_differ, nhs_numbers_differ] =
            numbers_differ(people, &[at], &[with]);
        let weighing = self.weigher.as_ref().and_then(|weigher| weigher.weigh(a, b));
        let (lines, prior, sum, probability) = weighing
            .map_or((Vec::new(), 0.0, 0.0, 0.0), |held| (held.lines, held.prior, held.sum, held.probability));
        Some(Explained {
            lines,
            prior,
            sum,
            stated: probability,
            probability: self.compared.calibration.as_ref().map_or(probability, |line| line.of(probability)),
            rule: rule_between(people, at, with),
            twins: pool.look_like_twins(&pool.faces(a), &pool.faces(b), pool.share_a_number(a, b)),
            pupil_numbers_differ,
            learner_numbers_differ,
            nhs_numbers_differ,
            too_few: self.weigher.is_none(),
        })
    }
}

/// What a model states of the pairs that persons decided and that weights alone decide otherwise, in the order of the pairs: no
/// rule would join them, no numbers keep them apart, they do not look like twins, and nobody else is as likely. Of rivals one is
/// right at most, however sure a model is of each: what persons say of those is no word on what it states.
pub fn decided(
    people: &Identified<People>,
    model: &Trained,
    told: &[Told],
    rivals: &HashSet<(Pseudonym, Pseudonym), impl BuildHasher>,
) -> Vec<Decided> {
    let compared = Compared::of(people, Some(model));
    let explainer = compared.explainer();
    let mut told: Vec<&Told> = told.iter().collect();
    told.sort_unstable_by_key(|told| told.pair);
    told.into_iter()
        .filter(|told| !rivals.contains(&told.pair))
        .filter_map(|told| {
            let explained = explainer.explain(&told.pair.0, &told.pair.1)?;
            let by_weights = explained.rule.is_none() && !explained.numbers_differ() && !explained.twins;
            by_weights.then_some(Decided { stated: explained.probability, same: told.same })
        })
        .collect()
}
