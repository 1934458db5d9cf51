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
    /// How likely at most it is somebody else's, too, who was not joined: ten-thousandths.
    pub left: u16,
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
