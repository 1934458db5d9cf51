//! The rules first, then what they leave apart: pairs that are likely one person, in the order of their probability.
//!
//! A join of two clusters is refused where a person said that they are two, where both bear a valid number of one kind and
//! share none, where two members look like twins, or where somebody else is as likely. What is refused stays apart and
//! can be joined by later evidence or by a person. Under one trained model the answer depends on the people and the
//! decisions alone: who was compared before is taken as it was found, and never changes the answer.
mod doubts;
mod groups;

use super::{
    Cluster, Doubt, Linker, People,
    pairs::{Known, Pool, Said, Trained},
    tiers::joined,
};
use crate::privacy::{Identified, Pseudonym};
use groups::Groups;
use std::{borrow::Cow, collections::HashMap};

/// Joins that are less likely right are left to a person.
pub(super) const LEAST: f64 = 0.9;
/// With fewer sayings nothing can be learnt of how names are spread, and the rules stand alone.
pub(super) const FEWEST_SAYINGS: usize = 400;
/// Of one person's sayings so many are compared, those that say most.
const MOST_SAYINGS: usize = 6;

/// The linker of the product: rules, then weights.
#[derive(Clone, Copy, Debug)]
pub struct Weighed {
    /// Threads; the answer does not depend on it.
    pub threads: usize,
}

impl Default for Weighed {
    fn default() -> Self {
        Self { threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get) }
    }
}

/// A person's word on two subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The two.
    pub pair: (Pseudonym, Pseudonym),
    /// Whether they are one learner.
    pub same: bool,
}

/// What linking stands on beside the people.
#[derive(Default)]
pub struct Given<'g> {
    /// The model; without one the rules stand alone.
    pub model: Option<&'g Trained>,
    /// What was compared before under this model; empty where nothing was.
    pub known: Known,
    /// What persons said, each pair once.
    pub told: &'g [Told],
}

/// What linking found.
pub struct Weighing {
    /// Who is one learner.
    pub clusters: Vec<Cluster>,
    /// Whom a person should look at, the likeliest first.
    pub doubts: Vec<Doubt>,
    /// What was compared, for the next time.
    pub known: Known,
    /// Of each subject that may be somebody else's too: how likely at most, in ten-thousandths.
    pub left: HashMap<Pseudonym, u16>,
}

impl Weighed {
    /// How much was said that can be learnt from.
    pub fn sayings(&self, people: &Identified<People>) -> usize {
        let people = people.veiled();
        let at = people.fields;
        let tells = |said: &[u32]| {
            [at.forename, at.surname, at.birth_date]
                .iter()
                .any(|field| said.get(*field).is_some_and(|word| *word != 0))
        };
        people
            .people
            .iter()
            .map(|person| person.said.iter().filter(|said| tells(said)).take(MOST_SAYINGS).count())
            .sum()
    }

    /// Learns a model from everybody; none where there is too little to learn from.
    pub fn train(&self, people: &Identified<People>) -> Option<Trained> {
        let people = people.veiled();
        let pool = pool(people, &in_order(people));
        (pool.sayings() >= FEWEST_SAYINGS).then(|| pool.train(self.threads))
    }

    /// Links everybody. `None` where the model is not whole.
    pub fn link(&self, people: &Identified<People>, given: &Given<'_>) -> Option<Weighing> {
        let people = people.veiled();
        let told = places_of(people, given.told);
        let (unions, methods) = joined(people, &told);
        let order = in_order(people);
        let mut pool = pool(people, &order);
        let known = match given.model {
            Some(model) => {
                let subjects: Vec<Pseudonym> =
                    order.iter().map(|at| people.people[*at as usize].subject).collect();
                Known::of(&mut pool, &subjects, model, &given.known, self.threads)?
            }
            None => Known::default(),
        };
        let pairs = corrected(&known.pairs, given.model);
        let mut groups = Groups::new(people, &order, &pool, unions, methods);
        groups.join_likely(&pool, &pairs);
        let (doubts, left) = groups.doubts(&pool, &pairs, &told);
        Some(Weighing { clusters: groups.clusters(), doubts, known, left })
    }
}

impl Linker for Weighed {
    fn model(&self) -> &'static str {
        "weighed-2"
    }

    fn clusters(&self, people: &Identified<People>) -> Vec<Cluster> {
        let model = self.train(people);
        let given = Given { model: model.as_ref(), ..Given::default() };
        self.link(people, &given).map_or_else(Vec::new, |weighing| weighing.clusters)
    }
}

/// The linker under a model that stands, with what persons said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing<'m> {
    /// The model; without one the rules stand alone.
    pub model: Option<&'m Trained>,
    /// What persons said, each pair once.
    pub told: &'m [Told],
}

impl Linker for Standing<'_> {
    fn model(&self) -> &'static str {
        "weighed-2"
    }

    fn clusters(&self, people: &Identified<People>) -> Vec<Cluster> {
        let given = Given { model: self.model, known: Known::default(), told: self.told };
        Weighed::default().link(people, &given).map_or_else(Vec::new, |weighing| weighing.clusters)
    }
}

/// The order in which sources were read is no part of the answer.
fn in_order(people: &People) -> Vec<u32> {
    let mut order: Vec<u32> = (0..people.people.len() as u32).collect();
    order.sort_unstable_by_key(|at| people.people[*at as usize].subject);
    order
}

/// What persons said, by the places of those who are still there.
fn places_of(people: &People, told: &[Told]) -> Vec<(usize, usize, bool)> {
    let place = |subject: &Pseudonym| people.place(subject);
    told.iter().filter_map(|told| Some((place(&told.pair.0)?, place(&told.pair.1)?, told.same))).collect()
}

/// Pairs with their probabilities as persons corrected them. What was compared is kept as the model found it.
fn corrected<'k>(pairs: &'k [(u32, u32, f64)], model: Option<&Trained>) -> Cow<'k, [(u32, u32, f64)]> {
    match model.and_then(Trained::calibration) {
        None => Cow::Borrowed(pairs),
        Some(line) => pairs.iter().map(|(a, b, stated)| (*a, *b, line.of(*stated))).collect(),
    }
}

/// Ten-thousandths; a weighed join is never certain.
pub(super) fn stated(probability: f64) -> u16 {
    (probability * 10_000.0).floor().clamp(0.0, 9_999.0) as u16
}

/// What each person's sources said, in the order given.
pub(super) fn pool(people: &People, order: &[u32]) -> Pool {
    let at = people.fields;
    let mut pool = Pool::new();
    for person in order {
        let person = &people.people[*person as usize];
        pool.next_owner();
        let mut sayings: Vec<_> = person.said.iter().collect();
        let filled = |said: &[u32]| said.iter().filter(|word| **word != 0).count();
        // By what they say, not by when: a saying's words are numbered in the order of reading.
        let texts = |said: &[u32]| said.iter().map(|word| people.text(*word)).collect::<Vec<_>>();
        sayings.sort_by(|a, b| filled(b).cmp(&filled(a)).then_with(|| texts(a).cmp(&texts(b))));
        for said in sayings.into_iter().take(MOST_SAYINGS) {
            let text = |field: usize| said.get(field).map_or("", |word| people.text(*word));
            let other_surname = [text(at.preferred_surname), text(at.former_surname)];
            let said = Said {
                upn: text(at.upn),
                former_upn: text(at.former_upn),
                uln: text(at.uln),
                nhs_number: text(at.nhs_number),
                forename: text(at.forename),
                middle_names: text(at.middle_names),
                preferred_forename: text(at.preferred_forename),
                surname: text(at.surname),
                other_surname: other_surname.into_iter().find(|name| !name.is_empty()).unwrap_or(""),
                birth_date: text(at.birth_date),
                sex: text(at.sex),
                postcode: text(at.postcode),
                school: people.text(person.school),
            };
            if said.forename.is_empty() && said.surname.is_empty() && said.birth_date.is_empty() {
                continue;
            }
            pool.add(people.text(person.writer), &said);
        }
    }
    pool
}

#[cfg(test)]
mod number_tests;
#[cfg(test)]
mod step_tests;
#[cfg(test)]
mod tests;
