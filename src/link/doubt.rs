use crate::{fault::Name, privacy::Pseudonym};

/// Two subjects of whom a person should say whether they are one learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The two; the smaller pseudonym comes first.
    pub pair: (Pseudonym, Pseudonym),
    /// How likely they are one, in ten-thousandths.
    pub probability: u16,
    /// `likely`: not sure enough to be joined. `numbers_differ`: sure enough, but for two valid numbers. `twins`: they
    /// may be twins. `rival`: somebody else is as likely. `numbers_joined`: joined although their numbers differ,
    /// because one is on record as the other's former one, or a person said so. `contradicted`: a person's word and the evidence differ.
    pub why: Name,
    /// Who is likely one of the two beside the other, and how likely.
    pub runner_up: Option<(Pseudonym, u16)>,
}
