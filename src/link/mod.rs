//! Which records are one learner.
//!
//! In: identities, from the encrypted register. Out: `(subject, learner)` pairs, which identify nobody. A [`Linker`]
//! is the interface. [`Tiers`] joins by rules, in order of certainty; every pair it joins agrees on more than a number: a
//! number alone is typed on the wrong child too often. [`Weighed`] goes on where the rules leave off, by weights that are
//! learnt from the register itself. Two different valid numbers of one kind are never joined, except where one pupil number
//! is on record as the other's former one. What is joined too little can be joined later; what is joined wrongly cannot be
//! taken apart.
//!
//! [`link_files`] links two files by the same weights, beside everything else.
mod calibration;
mod cluster;
mod doubt;
mod explained;
mod pairs;
mod people;
mod register;
mod roll;
mod tiers;
mod told;
mod weighed;

pub use calibration::{Calibration, Decided, LEAST_DECIDED, LEAST_OF_EACH};
pub use cluster::{CERTAIN, Cluster, Member, anchored};
pub use doubt::Doubt;
pub use explained::{Compared, Explained, Explainer, decided};
pub use pairs::{Known, Line, PairsFault, PairsReport, Trained, link_files};
pub use people::{People, Person};
pub use register::{RegisterFault, Segment, identity_digest, read_segment, rekey, reseal, saying_digest};
pub use roll::{Found, Roll, RollMatch};
pub use tiers::Tiers;
pub use told::{Drift, drift, evidence};
pub use weighed::{Given, Standing, Told, Weighed, Weighing};

use crate::privacy::{Identified, Link};

/// Joins subjects into learners.
pub trait Linker {
    /// The name and version under which its links are published.
    fn model(&self) -> &'static str;
    /// Groups of subjects that are one person, each with the rule that joined it. Same people, same answer.
    fn clusters(&self, people: &Identified<People>) -> Vec<Cluster>;
}

/// How many subjects found their learner, by rule.
pub fn by_method(links: &[Link]) -> Vec<(&'static str, u64)> {
    let mut counts = std::collections::BTreeMap::<&'static str, u64>::new();
    for link in links {
        *counts.entry(link.method.as_str()).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts
}
