//! The rules first, then what they leave apart: pairs that are likely one person, in the order of their probability.
//!
//! A join of two clusters is refused where both bear a valid number of one kind and share none, where two members look
//! like twins, or where somebody else is as likely. What is refused stays apart and can be joined by later evidence.
use super::{
    Cluster, Linker, Member, People,
    cluster::Unions,
    pairs::{Face, Pool, Said},
    tiers::{gather, joined},
};
use crate::{fault::Name, privacy::Identified};

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

impl Linker for Weighed {
    fn model(&self) -> &'static str {
        "weighed-1"
    }

    fn clusters(&self, people: &Identified<People>) -> Vec<Cluster> {
        let people = people.veiled();
        let (unions, methods) = joined(people);
        // The order in which sources were read is no part of the answer.
        let mut order: Vec<u32> = (0..people.people.len() as u32).collect();
        order.sort_unstable_by_key(|at| people.people[*at as usize].subject);
        let pool = pool(people, &order);
        let mut groups = Groups::new(people, &order, &pool, unions, methods);
        if pool.sayings() >= FEWEST_SAYINGS {
            groups.join_likely(&pool, &pool.pairs(self.threads));
        }
        let weighed = Name::declare("weighed");
        let joined = std::mem::take(&mut groups.joined);
        let methods = std::mem::take(&mut groups.methods);
        let member = |at: usize| {
            let by_rule = Member::by_rule(people.people[at].subject, methods[at]);
            match joined[at] {
                Some(probability) => Member {
                    method: if methods[at].is_some() { by_rule.method } else { weighed },
                    probability: stated(probability),
                    ..by_rule
                },
                None => by_rule,
            }
        };
        gather(people, &mut groups.unions, member)
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
    for (owner, person) in order.iter().enumerate() {
        let person = &people.people[*person as usize];
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
                forename: text(at.forename),
                middle_names: text(at.middle_names),
                preferred_forename: text(at.preferred_forename),
                surname: text(at.surname),
                other_surname: other_surname.into_iter().find(|name| !name.is_empty()).unwrap_or(""),
                birth_date: text(at.birth_date),
                sex: text(at.sex),
                postcode: text(at.postcode),
            };
            if said.forename.is_empty() && said.surname.is_empty() && said.birth_date.is_empty() {
                continue;
            }
            pool.add(owner as u32, &said);
        }
    }
    pool
}

/// Clusters in the making. People are numbered as in the pool.
struct Groups<'p> {
    people: &'p People,
    /// The place of each person of the pool among the people.
    order: &'p [u32],
    unions: Unions,
    /// The people of each root, by their number in the pool.
    members: Vec<Vec<u32>>,
    /// The names and birth dates under which each root is known.
    faces: Vec<Vec<Face>>,
    methods: Vec<Option<&'static str>>,
    joined: Vec<Option<f64>>,
}

/// Who is likely whom: for each person the others, with the odds.
type Likely = Vec<Vec<(u32, f64)>>;

impl<'p> Groups<'p> {
    fn new(
        people: &'p People,
        order: &'p [u32],
        pool: &Pool,
        mut unions: Unions,
        methods: Vec<Option<&'static str>>,
    ) -> Self {
        let count = people.people.len();
        let mut members = vec![Vec::new(); count];
        let mut faces = vec![Vec::new(); count];
        for (number, at) in order.iter().enumerate() {
            let root = unions.root(*at as usize);
            members[root].push(number as u32);
            add_faces(&mut faces[root], pool.faces(number as u32));
        }
        Self { people, order, unions, members, faces, methods, joined: vec![None; count] }
    }

    fn root(&mut self, person: u32) -> usize {
        self.unions.root(self.order[person as usize] as usize)
    }

    fn join_likely(&mut self, pool: &Pool, pairs: &[(u32, u32, f64)]) {
        let mut likely: Likely = vec![Vec::new(); self.order.len()];
        for (a, b, probability) in pairs {
            let odds = probability / (1.0 - probability).max(1e-9);
            likely[*a as usize].push((*b, odds));
            likely[*b as usize].push((*a, odds));
        }
        let mut best: Vec<&(u32, u32, f64)> = pairs.iter().filter(|pair| pair.2 >= LEAST).collect();
        best.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        for (a, b, probability) in best {
            let (one, other) = (self.root(*a), self.root(*b));
            if one == other || pool.look_like_twins(&self.faces[one], &self.faces[other]) {
                continue;
            }
            let share = self.share(&likely, one, other).min(self.share(&likely, other, one));
            let probability = probability.min(share);
            if probability >= LEAST && self.unions.join(one, other, false) {
                self.joined_at(one, other, probability);
            }
        }
    }

    /// How likely `one` is `other` rather than somebody else or nobody. Who is likely the other, too, is no rival.
    fn share(&mut self, likely: &Likely, one: usize, other: usize) -> f64 {
        let mut odds: Vec<(usize, f64)> = Vec::new();
        for person in self.members[one].clone() {
            for (rival, of_rival) in &likely[person as usize] {
                let root = self.root(*rival);
                if root != one {
                    odds.push((root, *of_rival));
                }
            }
        }
        odds.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        odds.dedup_by_key(|(root, _)| *root);
        let own = odds.iter().find(|(root, _)| *root == other).map_or(0.0, |(_, odds)| *odds);
        let others = self.members[other].clone();
        let rivals: f64 = odds
            .iter()
            .filter(|(root, _)| {
                let is_other = others.iter().any(|person| {
                    likely[*person as usize]
                        .iter()
                        .any(|(friend, odds)| *odds >= 1.0 && self.root(*friend) == *root)
                });
                *root != other && !is_other
            })
            .map(|(_, odds)| odds)
            .sum();
        own / (1.0 + own + rivals)
    }

    /// Notes a join: whoever is not with the earliest subject belongs to it by this.
    fn joined_at(&mut self, one: usize, other: usize, probability: f64) {
        let first = |groups: &Self, root: usize| {
            let subjects = groups.members[root].iter().map(|person| {
                let person = &groups.people.people[groups.order[*person as usize] as usize];
                (person.first_seq, person.subject)
            });
            subjects.min()
        };
        let (early, late) = if first(self, one) <= first(self, other) { (one, other) } else { (other, one) };
        for person in self.members[late].clone() {
            let at = self.order[person as usize] as usize;
            self.joined[at] = Some(self.joined[at].map_or(probability, |held| held.min(probability)));
        }
        if let [alone] = self.members[early][..] {
            let at = self.order[alone as usize] as usize;
            self.joined[at] = Some(self.joined[at].map_or(probability, |held| held.min(probability)));
        }
        let root = self.unions.root(one);
        let gone = if root == one { other } else { one };
        let moved = std::mem::take(&mut self.members[gone]);
        self.members[root].extend(moved);
        let moved = std::mem::take(&mut self.faces[gone]);
        add_faces(&mut self.faces[root], moved);
    }
}

fn add_faces(faces: &mut Vec<Face>, more: Vec<Face>) {
    for face in more {
        if !faces.contains(&face) {
            faces.push(face);
        }
    }
}

#[cfg(test)]
mod tests;
