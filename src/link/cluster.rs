use crate::{
    fault::Name,
    privacy::{Keyed, Link, Pseudonym},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::BuildHasher,
};

/// Subjects that are one person.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Members in order of first commit, then subject.
    pub members: Vec<Member>,
}

/// A subject, and what joined it to the others.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The person as one source knows them.
    pub subject: Pseudonym,
    /// The rule that joined it; `alone` where none did.
    pub method: Name,
    /// How likely that is right, in ten-thousandths.
    pub probability: u16,
}

/// What is stated as certain, in ten-thousandths.
pub const CERTAIN: u16 = 10_000;

impl Member {
    /// A subject that a rule joined, which states no probability, or that nothing joined.
    pub fn by_rule(subject: Pseudonym, rule: Option<&str>) -> Self {
        Self { subject, method: Name::declare(rule.unwrap_or("alone")), probability: CERTAIN }
    }
}

/// Gives each cluster its learner. A learner keeps the id of its earliest subject through merges; when a cluster
/// splits, the part with the earliest subject keeps it and the other is named after its own.
/// Returns the links, in subject order, and the anchors that are new.
pub fn anchored(
    clusters: &[Cluster],
    keyed: &Keyed,
    before: &HashMap<Pseudonym, Pseudonym, impl BuildHasher>,
) -> (Vec<Link>, Vec<(Pseudonym, Pseudonym)>) {
    let (certain, likely, alone) =
        (Name::declare("certain"), Name::declare("likely"), Name::declare("alone"));
    let (mut links, mut anchors, mut taken) = (Vec::new(), Vec::new(), HashSet::new());
    let borne: HashSet<Pseudonym> = before.values().copied().collect();
    for cluster in clusters {
        let held = cluster.members.iter().filter_map(|member| before.get(&member.subject).copied());
        let mut own = cluster.members.iter().map(|member| keyed.learner(&member.subject)).peekable();
        // An id that somebody bears or has borne is never given to another.
        let first = own.peek().copied();
        let free = held.into_iter().find(|held| !taken.contains(held));
        let fresh = own.find(|own| !taken.contains(own) && !borne.contains(own));
        let Some(learner) = free.or(fresh).or(first) else { continue };
        taken.insert(learner);
        for Member { subject, method, probability } in &cluster.members {
            let band = match (cluster.members.len(), *probability) {
                (1, _) => alone,
                (_, CERTAIN) => certain,
                _ => likely,
            };
            let (subject, method, probability) = (*subject, *method, *probability);
            links.push(Link { subject, learner, method, probability, band });
            if before.get(&subject) != Some(&learner) {
                anchors.push((subject, learner));
            }
        }
    }
    links.sort_unstable_by_key(|link| link.subject);
    anchors.sort_unstable();
    (links, anchors)
}

/// Kinds of numbers that are issued for life: pupil numbers, of which one may follow another; learner numbers; NHS numbers.
pub(super) const KINDS: usize = 3;

/// The valid numbers that people bear, by kind; of pupil numbers the permanent ones.
pub(super) type Numbers = [Vec<u32>; KINDS];

/// Union-find that refuses to join what must stay apart.
pub(super) struct Unions {
    parent: Vec<usize>,
    /// The numbers of each root, sorted.
    numbers: Vec<Numbers>,
    /// Whom a person said each root is not; only of those who are on record.
    apart: BTreeMap<usize, Vec<usize>>,
    /// Who was joined although their numbers differ: one is on record as the former, or a person said so.
    against_numbers: Vec<(usize, usize)>,
}

impl Unions {
    /// Each member alone, with the numbers it bears.
    pub(super) fn new(numbers: Vec<Numbers>) -> Self {
        let parent = (0..numbers.len()).collect();
        Self { parent, numbers, apart: BTreeMap::new(), against_numbers: Vec::new() }
    }

    /// Two members are never to be one, whatever else is found.
    pub(super) fn keep_apart(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.apart.entry(a).or_default().push(b);
            self.apart.entry(b).or_default().push(a);
        }
    }

    /// Whether a person said that two roots are not one.
    pub(super) fn are_kept_apart(&mut self, a: usize, b: usize) -> bool {
        let others = self.apart.get(&a).cloned().unwrap_or_default();
        others.into_iter().any(|other| self.root(other) == b)
    }

    /// Whether two roots bear valid numbers of one kind, and none in common.
    pub(super) fn numbers_differ(&self, a: usize, b: usize) -> bool {
        self.apart_by(0, a, b) || self.apart_for_good(a, b)
    }

    /// Whether they differ in numbers that nobody is given a second one of.
    fn apart_for_good(&self, a: usize, b: usize) -> bool {
        (1..KINDS).any(|kind| self.apart_by(kind, a, b))
    }

    fn apart_by(&self, kind: usize, a: usize, b: usize) -> bool {
        let (ours, theirs) = (&self.numbers[a][kind], &self.numbers[b][kind]);
        !ours.is_empty() && !theirs.is_empty() && !ours.iter().any(|n| theirs.contains(n))
    }

    /// Who was joined although their numbers differ.
    pub(super) fn joined_against_numbers(&self) -> &[(usize, usize)] {
        &self.against_numbers
    }

    pub(super) fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// Joins two members. Refused where a person said that they are two, and where both bear valid numbers of one kind,
    /// none in common, unless `former` says that one pupil number came before the other.
    pub(super) fn join(&mut self, a: usize, b: usize, former: bool) -> bool {
        let (one, other) = (self.root(a), self.root(b));
        if one == other {
            return true;
        }
        let differ = self.apart_by(0, one, other);
        if self.apart_for_good(one, other) || differ && !former || self.are_kept_apart(one, other) {
            return false;
        }
        if differ {
            self.against_numbers.push((a, b));
        }
        self.merge(one, other);
        true
    }

    /// Joins two members because a person said so, whatever their numbers, which is kept on a list; not against another's
    /// word.
    pub(super) fn join_told(&mut self, a: usize, b: usize) -> bool {
        let (one, other) = (self.root(a), self.root(b));
        if one != other && self.are_kept_apart(one, other) {
            return false;
        }
        if one != other {
            if self.numbers_differ(one, other) {
                self.against_numbers.push((a, b));
            }
            self.merge(one, other);
        }
        true
    }

    fn merge(&mut self, a: usize, b: usize) {
        let (root, leaf) = (a.min(b), a.max(b));
        self.parent[leaf] = root;
        let moved = std::mem::take(&mut self.numbers[leaf]);
        for (held, moved) in self.numbers[root].iter_mut().zip(moved) {
            held.extend(moved);
            held.sort_unstable();
            held.dedup();
        }
        if let Some(others) = self.apart.remove(&leaf) {
            self.apart.entry(root).or_default().extend(others);
        }
    }

    /// Whether a root bears a permanent pupil number.
    pub(super) fn bears_number(&self, root: usize) -> bool {
        !self.numbers[root][0].is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::Key;

    #[test]
    fn learners_keep_their_ids_through_merges_and_splits_and_never_share_one() {
        let keyed = Key::for_demo(1).keyed();
        let subject = |n: u8| [n; 16];
        let rule = Some("upn");
        let clusters = |groups: &[&[u8]]| -> Vec<Cluster> {
            let members = |group: &&[u8]| group.iter().map(|n| Member::by_rule(subject(*n), rule)).collect();
            groups.iter().map(|group| Cluster { members: members(group) }).collect()
        };
        let mut before = HashMap::new();
        for groups in
            [&[&[1, 2][..], &[3, 4]][..], &[&[1], &[2, 3, 4]], &[&[1, 2, 3, 4]], &[&[1, 4], &[2], &[3]]]
        {
            let (links, anchors) = anchored(&clusters(groups), &keyed, &before);
            before.extend(anchors);
            let learner = |n: u8| links.iter().find(|link| link.subject == subject(n)).unwrap().learner;
            let ids: HashSet<Pseudonym> = groups.iter().map(|group| learner(group[0])).collect();
            assert_eq!(ids.len(), groups.len(), "{groups:?}");
            assert!(groups.iter().all(|group| group.iter().all(|n| learner(*n) == learner(group[0]))));
            assert_eq!(learner(1), keyed.learner(&subject(1)), "the earliest subject's learner keeps its id");
        }
    }
}
