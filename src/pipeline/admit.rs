//! Who may: asked of the configuration, and noted in the audit before anything is shown, refusals too.
use super::{Site, SiteFault};
use crate::{catalog::Access, config::Role};

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'a> {
    /// The user of the operating system.
    pub who: &'a str,
    /// The role that it takes.
    pub role: Role,
    /// The verb: `audit`, `key rotate`.
    pub verb: &'a str,
    /// What it is about, in our own words and without anybody's pseudonym: pseudonyms change, the audit does not.
    pub about: &'a str,
    /// How many people it touches.
    pub people: u64,
}

/// Lets somebody in who has the role, and notes that; or notes that they were refused.
pub fn admit(site: &mut Site, wish: &Admission<'_>) -> Result<(), SiteFault> {
    let Admission { who, role, verb, about, people } = *wish;
    let may = site.settings.roles.may(who, role);
    let outcome = if may { "done" } else { "refused" };
    let access = Access { who, role: role.word(), verb, purpose: "", about, people, outcome };
    let stamp = site.stamp();
    site.catalog.note_access(&access, &stamp)?;
    if may { Ok(()) } else { Err(SiteFault::Refused(role)) }
}

/// What whoever runs the program does with releases.
pub fn operator<'a>(who: &'a str, verb: &'a str) -> Access<'a> {
    Access { who, role: "operator", verb, purpose: "", about: "", people: 0, outcome: "done" }
}
