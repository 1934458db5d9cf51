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

const _: () = {
    const fn holds_no_value<T: Copy + 'static>() {}
    holds_no_value::<Link>();
};

impl Link {
    /// Links as something the lake may store: digests and our own words hold no identifier.
    pub(crate) const fn sealed(links: Vec<Self>) -> Pseudonymous<Vec<Self>> {
        Pseudonymous::drawn(links)
    }
}
