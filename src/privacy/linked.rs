use super::{Pseudonym, Pseudonymous};
use crate::fault::Name;

/// One subject's learner, and why. Digests and our own words only: it can hold no identifier, so it needs no door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The person as one source knows them.
    pub subject: Pseudonym,
    /// The person.
    pub learner: Pseudonym,
    /// The rule that joined it, or `alone`.
    pub method: Name,
    /// Ten-thousandths.
    pub probability: u16,
    /// `certain`, `likely` or `alone`.
    pub band: Name,
}

/// A subject that was given another learner than before. Digests only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relinked {
    /// The subject.
    pub subject: Pseudonym,
    /// The learner it was.
    pub before: Pseudonym,
    /// The learner it is.
    pub after: Pseudonym,
    /// The day, as days since 1 January 1970.
    pub day: i32,
}

const _: () = {
    const fn holds_no_value<T: Copy + 'static>() {}
    holds_no_value::<Link>();
    holds_no_value::<Relinked>();
};

impl Link {
    /// Links as something the lake may store: digests and our own words hold no identifier.
    pub(crate) const fn sealed(links: Vec<Self>) -> Pseudonymous<Vec<Self>> {
        Pseudonymous::drawn(links)
    }
}

impl Relinked {
    /// Changes as something the lake may store.
    pub(crate) const fn sealed(changes: Vec<Self>) -> Pseudonymous<Vec<Self>> {
        Pseudonymous::drawn(changes)
    }
}

/// How much a source told of one subject, as yes, no and numbers: what was told is not here. Like [`Link`], it can hold
/// no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct LinkEvidence {
    /// The person as one source knows them.
    pub subject: Pseudonym,
    /// Whether any pupil number was told.
    pub has_upn: bool,
    /// Whether a permanent pupil number with a right check letter was told.
    pub upn_valid: bool,
    /// Whether a learner number was told.
    pub has_uln: bool,
    /// Whether a forename and a surname were told.
    pub has_name: bool,
    /// Whether a birth date was told.
    pub has_birth_date: bool,
    /// Whether a postcode was told.
    pub has_postcode: bool,
    /// In how many different ways the subject was described.
    pub said_times: u32,
    /// In ten-thousandths, how likely the likeliest subject is that was not joined; none where nobody reckoned it.
    pub runner_up: Option<u16>,
}

/// A pair of subjects that a person looked at: what the linker had said of it, and whether the person agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkSample {
    /// The band in which it was drawn.
    pub band: Name,
    /// The rule, or the range of probability, whose joined pairs it was drawn from.
    pub drawn_from: Name,
    /// How many pairs that had joined when it was drawn.
    pub joined: i64,
    /// How likely the linker had said the two are one, in ten-thousandths.
    pub probability: u16,
    /// Whether the person said that they are one.
    pub agreed: bool,
}

const _: () = {
    const fn holds_no_value<T: Copy + 'static>() {}
    holds_no_value::<LinkEvidence>();
    holds_no_value::<LinkSample>();
};

impl LinkEvidence {
    /// As something the lake may store: yes, no and numbers hold no identifier.
    pub(crate) const fn sealed(evidence: Vec<Self>) -> Pseudonymous<Vec<Self>> {
        Pseudonymous::drawn(evidence)
    }
}

impl LinkSample {
    /// As something the lake may store.
    pub(crate) const fn sealed(samples: Vec<Self>) -> Pseudonymous<Vec<Self>> {
        Pseudonymous::drawn(samples)
    }
}
