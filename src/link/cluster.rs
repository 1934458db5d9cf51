use crate::{
    fault::Name,
    privacy::{Keyed, Link, Pseudonym},
};
use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher,
};

/// Subjects that are one person.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Members in order of first commit, then subject; each with the rule that joined it.
    pub members: Vec<(Pseudonym, Name)>,
}

/// Gives each cluster its learner. A learner keeps the id of its earliest subject through merges; when a cluster
/// splits, the part with the earliest subject keeps it and the other is named after its own.
/// Returns the links, in subject order, and the anchors that are new.
pub fn anchored(
    clusters: &[Cluster],
    keyed: &Keyed,
    before: &HashMap<Pseudonym, Pseudonym, impl BuildHasher>,
) -> (Vec<Link>, Vec<(Pseudonym, Pseudonym)>) {
    let (certain, alone) = (Name::declare("certain"), Name::declare("alone"));
    let (mut links, mut anchors, mut taken) = (Vec::new(), Vec::new(), HashSet::new());
    for cluster in clusters {
        let Some((first, _)) = cluster.members.first() else { continue };
        let held = cluster.members.iter().find_map(|(subject, _)| before.get(subject));
        let learner =
            held.copied().filter(|held| !taken.contains(held)).unwrap_or_else(|| keyed.learner(first));
        taken.insert(learner);
        for (subject, method) in &cluster.members {
            let band = if cluster.members.len() == 1 { alone } else { certain };
            links.push(Link { subject: *subject, learner, method: *method, probability: 10_000, band });
            if before.get(subject) != Some(&learner) {
                anchors.push((*subject, learner));
            }
        }
    }
    links.sort_unstable_by_key(|link| link.subject);
    anchors.sort_unstable();
    (links, anchors)
}

/// Union-find that refuses to join what must stay apart.
pub(super) struct Unions {
    parent: Vec<usize>,
    /// The permanent pupil numbers of each root, sorted.
    numbers: Vec<Vec<u32>>,
}

impl Unions {
    /// Each member alone, with the permanent numbers it bears.
    pub(super) fn new(numbers: Vec<Vec<u32>>) -> Self {
        Self { parent: (0..numbers.len()).collect(), numbers }
    }

    pub(super) fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// Joins two members. Refused where both bear permanent numbers, none in common, unless `former` says
    /// that one number came before the other.
    pub(super) fn join(&mut self, a: usize, b: usize, former: bool) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return true;
        }
        let (ours, theirs) = (&self.numbers[a], &self.numbers[b]);
        let apart = !ours.is_empty() && !theirs.is_empty() && !ours.iter().any(|n| theirs.contains(n));
        if apart && !former {
            return false;
        }
        let (root, leaf) = (a.min(b), a.max(b));
        self.parent[leaf] = root;
        let moved = std::mem::take(&mut self.numbers[leaf]);
        self.numbers[root].extend(moved);
        self.numbers[root].sort_unstable();
        self.numbers[root].dedup();
        true
    }
}

impl Unions {
    /// Whether a root bears a permanent number.
    pub(super) fn bears_number(&self, root: usize) -> bool {
        !self.numbers[root].is_empty()
    }
}
