use super::RotateFault;
use crate::{
    link,
    pipeline::Site,
    privacy::{Pseudonym, Renaming},
};
use std::collections::{HashMap, HashSet};

/// Everybody's pseudonyms: 32 bytes for each person as a source knows them.
#[derive(Default)]
pub(super) struct People {
    /// Those of the register, in the order of the old ones.
    known: Vec<(Pseudonym, Pseudonym)>,
    strangers: HashSet<Pseudonym>,
}

impl People {
    pub(super) fn of(site: &Site, renaming: &Renaming) -> Result<Self, RotateFault> {
        let mut known = Vec::new();
        for (_, path) in site.catalog.register_files(None)? {
            let plan = &site.definitions.identity;
            link::read_segment(
                &site.settings.data_dir,
                &path,
                &site.key,
                plan,
                |source, tenant, person, _, _| {
                    known.push(renaming.subject(source, tenant, person));
                },
            )?;
        }
        known.sort_unstable();
        known.dedup();
        Ok(Self { known, strangers: HashSet::new() })
    }

    pub(super) fn known(&self, old: &Pseudonym) -> Option<Pseudonym> {
        let at = self.known.binary_search_by(|(known, _)| known.cmp(old)).ok()?;
        Some(self.known[at].1)
    }

    /// The new pseudonym of anybody. Of whom the register has nothing any more, made of the old one.
    pub(super) fn new_of(&mut self, old: &Pseudonym, renaming: &Renaming) -> Pseudonym {
        self.known(old).unwrap_or_else(|| {
            self.strangers.insert(*old);
            renaming.stranger(old)
        })
    }

    pub(super) fn len(&self) -> u64 {
        self.known.len() as u64
    }

    pub(super) fn strangers(&self) -> u64 {
        self.strangers.len() as u64
    }
}

/// Learners that occur, and what they are called from now on.
#[derive(Default)]
pub(super) struct Learners {
    met: HashSet<Pseudonym>,
    /// Subjects that links name, whether or not the register has them.
    subjects: HashSet<Pseudonym>,
    named: HashMap<Pseudonym, Pseudonym>,
}

impl Learners {
    pub(super) fn meet_learner(&mut self, learner: &Pseudonym) {
        self.met.insert(*learner);
    }

    pub(super) fn meet_subject(&mut self, subject: &Pseudonym) {
        self.subjects.insert(*subject);
    }

    /// Finds whose anchor each learner is: the subject that was named first.
    pub(super) fn resolve(&mut self, people: &mut People, renaming: &Renaming) {
        let mut named = HashMap::with_capacity(self.met.len());
        let mut look = |old: &Pseudonym, new: &Pseudonym| {
            let learner = renaming.old.learner(old);
            if self.met.contains(&learner) {
                named.insert(learner, renaming.new.learner(new));
            }
        };
        people.known.iter().for_each(|(old, new)| look(old, new));
        let others: Vec<Pseudonym> =
            self.subjects.iter().filter(|subject| people.known(subject).is_none()).copied().collect();
        for old in others {
            let new = people.new_of(&old, renaming);
            look(&old, &new);
        }
        self.named = named;
        self.subjects = HashSet::new();
    }

    pub(super) fn of(&self, old: &Pseudonym, renaming: &Renaming) -> Pseudonym {
        self.named.get(old).copied().unwrap_or_else(|| renaming.orphan(old))
    }
}
