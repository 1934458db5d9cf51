//! Clusters in the making.
use super::{
    super::{
        Cluster, Member, People,
        cluster::Unions,
        pairs::{Face, Pool},
        tiers::gather,
    },
    LEAST, stated,
};
use crate::fault::Name;

/// Clusters in the making. People are numbered as in the pool.
pub(super) struct Groups<'p> {
    pub(super) people: &'p People,
    /// The place of each person of the pool among the people.
    pub(super) order: &'p [u32],
    pub(super) unions: Unions,
    /// The people of each root, by their number in the pool.
    members: Vec<Vec<u32>>,
    /// The names and birth dates under which each root is known.
    pub(super) faces: Vec<Vec<Face>>,
    methods: Vec<Option<&'static str>>,
    joined: Vec<Option<f64>>,
}

/// Who is likely whom: for each person the others, with the odds.
pub(super) type Likely = Vec<Vec<(u32, f64)>>;

impl<'p> Groups<'p> {
    pub(super) fn new(
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

    pub(super) fn root(&mut self, person: u32) -> usize {
        self.unions.root(self.order[person as usize] as usize)
    }

    pub(super) fn join_likely(&mut self, pool: &Pool, pairs: &[(u32, u32, f64)]) {
        let likely = likely(self.order.len(), pairs);
        let mut best: Vec<&(u32, u32, f64)> = pairs.iter().filter(|pair| pair.2 >= LEAST).collect();
        best.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        for (a, b, probability) in best {
            let (one, other) = (self.root(*a), self.root(*b));
            if one == other || self.look_like_twins(pool, (*a, *b)) {
                continue;
            }
            let share = self.share(&likely, one, other).min(self.share(&likely, other, one));
            let probability = probability.min(share);
            if probability >= LEAST && self.unions.join(one, other, false) {
                self.joined_at(one, other, probability);
            }
        }
    }

    /// Whether the clusters of two people may be twins.
    pub(super) fn look_like_twins(&mut self, pool: &Pool, (a, b): (u32, u32)) -> bool {
        let (one, other) = (self.root(a), self.root(b));
        pool.look_like_twins(&self.faces[one], &self.faces[other], pool.share_a_number(a, b))
    }

    /// How likely `one` is `other` rather than somebody else or nobody. Who is likely the other, too, is no rival, nor is
    /// who bears another valid number than `one`.
    pub(super) fn share(&mut self, likely: &Likely, one: usize, other: usize) -> f64 {
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
                let may_be_other = !self.unions.numbers_differ(other, *root);
                let is_other = may_be_other
                    && others.iter().any(|person| {
                        likely[*person as usize]
                            .iter()
                            .any(|(friend, odds)| *odds >= 1.0 && self.root(*friend) == *root)
                    });
                *root != other && !is_other && !self.unions.numbers_differ(one, *root)
            })
            .map(|(_, odds)| odds)
            .sum();
        own / (1.0 + own + rivals)
    }

    /// The clusters as they are now.
    pub(super) fn clusters(mut self) -> Vec<Cluster> {
        let weighed = Name::declare("weighed");
        let (joined, methods) = (std::mem::take(&mut self.joined), std::mem::take(&mut self.methods));
        let people = self.people;
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
        gather(people, &mut self.unions, member)
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

/// For each person, who is likely them.
pub(super) fn likely(people: usize, pairs: &[(u32, u32, f64)]) -> Likely {
    let mut likely: Likely = vec![Vec::new(); people];
    for (a, b, probability) in pairs {
        let odds = probability / (1.0 - probability).max(1e-9);
        likely[*a as usize].push((*b, odds));
        likely[*b as usize].push((*a, odds));
    }
    likely
}

fn add_faces(faces: &mut Vec<Face>, more: Vec<Face>) {
    for face in more {
        if !faces.contains(&face) {
            faces.push(face);
        }
    }
}
