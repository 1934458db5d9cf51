//! What a person sees of linking: pairs in doubt side by side, their decisions, and why two records are one or not.
//!
//! Whoever looks needs the role `linkage`. Every look is in the audit before anything is shown, and so is every refusal.
//! What is shown is identified: it goes to a terminal or into the one workbook that the operator names.
mod book;
mod decided;
mod explain;
mod import;
mod known;
mod overlap;
mod queue;
mod sample;
mod side;
mod token;
mod words;

pub use book::{agreement, export_review, likely, why_of};
pub use decided::{Band, Decided, Standing, Taken, calibration, decided, note_decisions, withdraw};
pub use explain::{Explanation, Explanations, Joined, explain};
pub use import::{Imported, RowEnd, RowRefusal, import_review};
pub use queue::{Case, Queue, RunnerUp, Wanted, queue};
pub use side::{FIELDS, Side};
pub use words::{
    FIXED_REASONS, evidence_in_words, field_in_words, in_words_of_rule, level_in_words, why_in_words,
};

#[cfg(feature = "warehouse")]
use super::Watch;
use super::{Site, SiteFault};
use crate::{
    catalog::{Access, CatalogFault},
    config::Role,
    privacy::{Pseudonym, hex},
};
#[cfg(feature = "warehouse")]
use std::collections::BTreeSet;

/// Why a review could not be shown or taken. Says nothing of anybody.
#[derive(Debug, thiserror::Error)]
pub enum ReviewFault {
    /// The role is missing.
    #[error(
        "this needs the role `linkage`, and the configuration does not give it to you: ask whoever keeps [roles] in throughline.toml. That you asked is in the audit"
    )]
    NotAllowed,
    /// The data folder.
    #[error(transparent)]
    Site(#[from] SiteFault),
    /// Not a workbook.
    #[error("the file cannot be read as a workbook: give the .xlsx that `link review --export` wrote")]
    Unreadable,
    /// A workbook, but not ours.
    #[error(
        "this is no review workbook: no sheet has the columns Decision, Reason and Code. Give the .xlsx that `link review --export` wrote"
    )]
    NotAReview,
    /// The workbook could not be made.
    #[error(
        "the workbook could not be made: the system gave no randomness, or there are too many pairs for one sheet"
    )]
    NotMade,
    /// Nobody has this id.
    #[error(
        "no subject and no learner has this id: give at least the first 8 of its 32 hex digits, as `link review --json` or a release shows it"
    )]
    UnknownId,
    /// Several have it.
    #[error("several ids begin so: give more of its digits")]
    AmbiguousId,
    /// Two ids of one record.
    #[error("both ids are of one record: there is nothing to compare")]
    OneRecord,
    /// Somebody of whom no place may be told.
    #[error(
        "of one of them no place may be told, and evidence would tell it: whoever keeps `rights` knows the case. That you asked is in the audit"
    )]
    Placeless,
    /// There is nothing to take back.
    #[error("no decision on these two is in force: `link review --list` shows those that are")]
    NotDecided,
}

impl From<CatalogFault> for ReviewFault {
    fn from(fault: CatalogFault) -> Self {
        Self::Site(fault.into())
    }
}

/// Whether of any of these subjects, given in hex, no place may be told: by the register, or by the marks of whoever has grown
/// out of it; nor of whom neither knows.
#[cfg(feature = "warehouse")]
pub(super) fn any_placeless(
    site: &Site,
    subjects: &BTreeSet<String>,
    watch: &mut dyn Watch,
) -> Result<bool, ReviewFault> {
    let known = known::Known::read(site, watch)?;
    let asked = known.subjects().filter(|subject| subjects.contains(&id_text(subject)));
    let (mut found, mut placeless) = (0, false);
    for subject in asked {
        found += 1;
        placeless |= known.is_placeless(subject);
    }
    let there: BTreeSet<String> = known.subjects().map(id_text).collect();
    let list = super::rights::list(site)?;
    for grown in super::grown::everybody(site)? {
        let id = id_text(&grown.subject);
        if subjects.contains(&id) && !there.contains(&id) {
            found += 1;
            placeless |= list.concerning_marks(&grown.marks).is_some();
        }
    }
    Ok(placeless || found < subjects.len())
}

/// A subject's or learner's id as it is shown and typed.
pub fn id_text(id: &Pseudonym) -> String {
    String::from_utf8_lossy(&hex(id)).into_owned()
}

/// The entry of an audit for this part of the program.
const fn access<'a>(
    who: &'a str,
    verb: &'a str,
    about: &'a str,
    people: u64,
    outcome: &'a str,
) -> Access<'a> {
    Access { who, role: "linkage", verb, purpose: "", about, people, outcome }
}

/// Lets those in who have the role; that others asked is noted.
fn allowed(site: &mut Site, who: &str, verb: &str) -> Result<(), ReviewFault> {
    if site.settings.roles.may(who, Role::Linkage) {
        return Ok(());
    }
    let stamp = site.stamp();
    site.catalog.note_access(&access(who, verb, "", 0, "refused"), &stamp)?;
    Err(ReviewFault::NotAllowed)
}

/// Notes that something is going to be shown.
fn noted(site: &mut Site, who: &str, verb: &str, about: &str, people: u64) -> Result<(), ReviewFault> {
    let stamp = site.stamp();
    site.catalog.note_access(&access(who, verb, about, people, "done"), &stamp)?;
    Ok(())
}
