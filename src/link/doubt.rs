//! What the linker is not sure of, for a person to look at.
use super::{
    Linker, People, Weighed,
    tiers::numbers_differ,
    weighed::{FEWEST_SAYINGS, LEAST, pool, stated},
};
use crate::{
    fault::Name,
    privacy::{Identified, Pseudonym},
};
use std::collections::{BTreeMap, HashMap};

/// Two subjects, and why a person should look at them. It can hold no value of anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The two; the smaller pseudonym first.
    pub pair: (Pseudonym, Pseudonym),
    /// How likely they are one learner, in ten-thousandths.
    pub probability: u16,
    /// `likely` (from even odds to where joining begins), `numbers_differ` (would be joined, but valid numbers differ),
    /// `twins` (look like twins), `rival` (somebody else is as likely), `overlap` (joined, with two main registrations at
    /// a time), `numbers_joined` (joined although two valid numbers differ, because one is on record as the former),
    /// `contradicted` (a person decided, and the evidence speaks against it).
    pub why: Name,
    /// Who else one of the two may be, and how likely.
    pub runner_up: Option<(Pseudonym, u16)>,
}

/// Pairs that are less likely one person than this are not worth a person's time.
const EVEN: f64 = 0.5;

impl Weighed {
    /// What is left in doubt: pairs of subjects that ended as two learners, though they may be one.
    pub fn doubts(&self, people: &Identified<People>) -> Vec<Doubt> {
        let clusters = self.clusters(people);
        let people = people.veiled();
        let cluster_of: HashMap<Pseudonym, usize> = clusters
            .iter()
            .enumerate()
            .flat_map(|(at, cluster)| cluster.members.iter().map(move |member| (member.subject, at)))
            .collect();
        let mut order: Vec<u32> = (0..people.people.len() as u32).collect();
        order.sort_unstable_by_key(|at| people.people[*at as usize].subject);
        let pool = pool(people, &order);
        if pool.sayings() < FEWEST_SAYINGS {
            return Vec::new();
        }
        let subject = |owner: u32| people.people[order[owner as usize] as usize].subject;
        let cluster = |owner: u32| cluster_of.get(&subject(owner));
        let pairs = pool.pairs(self.threads);
        let apart: Vec<&(u32, u32, f64)> =
            pairs.iter().filter(|(a, b, _)| cluster(*a) != cluster(*b)).collect();
        let mut others: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
        for (a, b, probability) in &apart {
            others.entry(*a).or_default().push((*b, *probability));
            others.entry(*b).or_default().push((*a, *probability));
        }
        let runner_up = |a: u32, b: u32| {
            let beside = |one: u32, other: u32| {
                let known = others.get(&one).into_iter().flatten();
                known.copied().filter(move |(rival, _)| cluster(*rival) != cluster(other))
            };
            let rivals = beside(a, b).chain(beside(b, a));
            let best = rivals.max_by(|x, y| x.1.total_cmp(&y.1).then(subject(y.0).cmp(&subject(x.0))));
            best.map(|(rival, probability)| (subject(rival), stated(probability)))
        };
        let why = |a: u32, b: u32, probability: f64| {
            let [at, with] = [a, b].map(|owner| order[owner as usize] as usize);
            if pool.look_like_twins(&pool.faces(a), &pool.faces(b)) {
                "twins"
            } else if probability < LEAST {
                "likely"
            } else if numbers_differ(people, &[at], &[with]) == [false, false] {
                "rival"
            } else {
                "numbers_differ"
            }
        };
        let doubtful = apart.iter().filter(|(_, _, probability)| *probability >= EVEN);
        let doubt = |(a, b, probability): &&(u32, u32, f64)| {
            let (one, other) = (subject(*a), subject(*b));
            Doubt {
                pair: (one.min(other), one.max(other)),
                probability: stated(*probability),
                why: Name::declare(why(*a, *b, *probability)),
                runner_up: runner_up(*a, *b),
            }
        };
        doubtful.map(doubt).collect()
    }
}
