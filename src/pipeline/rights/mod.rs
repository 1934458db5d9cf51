//! What a person may ask about themselves: to see what is held, to be only counted, to have no place told, to have a cell
//! corrected, to be forgotten.
//!
//! One person opens a case, and is not told whether anybody was found; another confirms it. What must outlive the data goes
//! on the suppression list first, and that is the moment from which it holds: the catalog counts how much of the list it
//! has carried out, and whatever opens the data folder carries out the rest before anything is read. A confirmation that was
//! cut off, a backup that was brought back and a new data folder are one and the same to it. See docs/decisions/0019.
mod asked;
mod certificate;
mod confirmed;
mod extracts;
#[cfg(test)]
mod lift_tests;
mod matched;
mod rectified;
mod released;
mod restricted;
mod settled;
mod told;

pub use confirmed::{Confirmed, WriteCopy, confirm};
pub(super) use matched::each_entry;
#[cfg(feature = "warehouse")]
pub(super) use released::write_tombstones;
pub(super) use settled::settle;

use super::{Site, SiteFault, take_reason};
use crate::{
    catalog::{Access, CaseEnd, NewCase, Note, RightsCase},
    config::Role,
    conform::{GivenFault, identity_given, says_enough},
    privacy::{
        Key,
        suppression::{Marks, Suppression, SuppressionFault},
    },
};
use asked::Asked;

/// What may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// A copy of everything held.
    Access,
    /// To be only counted.
    Object,
    /// That no place is told.
    Restrict,
    /// That places may be told again.
    Lift,
    /// That a cell is corrected.
    Rectify,
    /// To be forgotten.
    Erase,
}

impl Right {
    /// The word on the command line and in the catalog.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Object => "object",
            Self::Restrict => "restrict",
            Self::Lift => "lift",
            Self::Rectify => "rectify",
            Self::Erase => "erase",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Access, Self::Object, Self::Restrict, Self::Lift, Self::Rectify, Self::Erase]
            .into_iter()
            .find(|right| right.word() == word)
    }
}

/// Why a right was not dealt with. Says nothing of the person.
#[derive(Debug, thiserror::Error)]
pub enum RightsFault {
    /// The role is missing.
    #[error("your user has not the role `{0}`: whoever keeps the configuration can name you under [roles]")]
    NotYours(&'static str),
    /// The same person opened it.
    #[error("you opened this case yourself: somebody else with the role `approver` has to confirm it")]
    Yours,
    /// What was said on standard input.
    #[error(transparent)]
    Given(#[from] GivenFault),
    /// No correction was said.
    #[error(
        "say what is right as well: a line such as `correct birth_date: ...`, or `\"correct\": {{ ... }}` in the document"
    )]
    NoCorrection,
    /// No such case.
    #[error("there is no case {0}: see `throughline rights cases`")]
    NoCase(i64),
    /// It was closed.
    #[error("case {0} is not open any more: see `throughline rights cases`")]
    NotOpen(i64),
    /// More than one learner fits.
    #[error(
        "case {case} fits {learners} learners: withdraw it, and open another with more (a upn, uln or nhs_number, the postcode, former names); if sources were pulled since, `throughline link` may make them one"
    )]
    Ambiguous {
        /// The case.
        case: i64,
        /// How many.
        learners: u64,
    },
    /// Nobody is restricted who could be meant.
    #[error(
        "case {0} is about nobody of whom no place is told: withdraw it; with other cells (a number, former names) it may be another"
    )]
    NotRestricted(i64),
    /// Somebody else asked, and both are held as one.
    #[error(
        "case {0} would end a restriction that was asked for with other words, perhaps by another child whose rows are held as this one's: withdraw it and open one with what was said then (the same names or number); or part the two first (`throughline link review`)"
    )]
    OneLearner(i64),
    /// A source is being pulled.
    #[error("`{0}` is being pulled: confirm when that has ended (`throughline status` says so)")]
    Busy(String),
    /// A place for a file is needed.
    #[error("say where the copy is to be written: --to FILE")]
    NoPlace,
    /// The case cannot be read.
    #[error("case {0} cannot be opened with this key: withdraw it and open another")]
    Sealed(i64),
}

/// Opens a case. Whoever asks is told its number and nothing else: the same words and the same work whether anybody is
/// held or not.
pub fn open_case(site: &mut Site, right: Right, who: &str, text: &str) -> Result<i64, SiteFault> {
    let verb = format!("rights {}", right.word());
    may(site, who, Role::Rights, &verb, "")?;
    let read = read(site, right, text);
    let (marks, correction) = match read {
        Ok(read) => read,
        Err(fault) => {
            refused(site, who, Role::Rights.word(), &verb, "")?;
            return Err(fault);
        }
    };
    let _lock = site.lock("rights")?;
    let (found, _) = matched::find(site, &marks)?;
    let asked = Asked { marks, correction }.sealed(&site.key)?;
    let stamp = site.stamp();
    let case = NewCase {
        wish: right.word(),
        who,
        candidates: found.learners,
        subjects: &found.subjects,
        asked: &asked,
    };
    Ok(site.catalog.open_case(&case, &stamp)?)
}

type Correction = Vec<(String, String)>;

fn read(site: &Site, right: Right, text: &str) -> Result<(Marks, Correction), SiteFault> {
    let plan = &site.definitions.identity;
    let (identity, correction) = match right {
        Right::Rectify => rectified::split(plan, text)?,
        _ => (identity_given(plan, text).map_err(RightsFault::from)?, Vec::new()),
    };
    says_enough(plan, &identity).map_err(RightsFault::from)?;
    let list = list(site)?;
    let said: Vec<Option<&str>> = identity.veiled().0.iter().map(Option::as_deref).collect();
    let mut marks = Marks::default();
    list.mark(&mut marks, &Suppression::plan(plan), &said);
    Ok((marks, correction))
}

/// The list; a new one where there is none.
pub(super) fn list(site: &Site) -> Result<Suppression, SiteFault> {
    let path = &site.settings.suppression_list;
    if let Some(list) = Suppression::load(path, &site.key)? {
        return Ok(list);
    }
    if site.catalog.list_seen()?.id.is_some() {
        return Err(SuppressionFault::Missing.into());
    }
    let list = Suppression::begin()?;
    list.save(path, &site.key)?;
    Ok(list)
}

/// Every case, newest first, for whoever opens or confirms them. How many learners a case fits is for those who confirm.
pub fn cases(site: &mut Site, who: &str) -> Result<Vec<RightsCase>, SiteFault> {
    let roles = &site.settings.roles;
    let confirms = roles.may(who, Role::Approver);
    let role = if confirms { Role::Approver } else { Role::Rights };
    may(site, who, role, "rights cases", "")?;
    note(site, who, role.word(), ("rights cases", "all cases", 0, "done"))?;
    let mut cases = site.catalog.cases()?;
    for case in &mut cases {
        if !confirms {
            case.candidates = 0;
        }
    }
    Ok(cases)
}

/// Ends a case without doing what it asks.
pub fn withdraw(site: &mut Site, who: &str, id: i64, reason: &str) -> Result<(), SiteFault> {
    let roles = &site.settings.roles;
    let role = if roles.may(who, Role::Approver) { Role::Approver } else { Role::Rights };
    let about = format!("case {id}");
    may(site, who, role, "rights withdraw", &about)?;
    open(site, id)?;
    let reason = take_reason(site, reason)?;
    let end = CaseEnd { id, who: who.to_owned(), reason, outcome: String::new() };
    let note = Note {
        who: who.to_owned(),
        role: role.word(),
        verb: "rights withdraw".to_owned(),
        about,
        people: 0,
        outcome: "done",
    };
    let stamp = site.stamp();
    if site.catalog.end_case(&end, "withdrawn", &note, &stamp)? {
        Ok(())
    } else {
        Err(RightsFault::NotOpen(id).into())
    }
}

/// The certificate of a case that was carried out, again.
pub fn certificate_of(site: &mut Site, who: &str, id: i64) -> Result<serde_json::Value, SiteFault> {
    let roles = &site.settings.roles;
    let role = if roles.may(who, Role::Approver) { Role::Approver } else { Role::Rights };
    let about = format!("case {id}");
    may(site, who, role, "rights certificate", &about)?;
    let found = site.catalog.case(id)?.and_then(|(case, _)| serde_json::from_str(&case.outcome).ok());
    let Some(certificate) = found else {
        refused(site, who, role.word(), "rights certificate", &about)?;
        return Err(RightsFault::NoCase(id).into());
    };
    note(site, who, role.word(), ("rights certificate", &about, 0, "done"))?;
    Ok(certificate)
}

/// An open case and what was asked, sealed.
fn open(site: &Site, id: i64) -> Result<(RightsCase, Vec<u8>), SiteFault> {
    let found = site.catalog.case(id)?.ok_or(RightsFault::NoCase(id))?;
    if found.0.state == "open" { Ok(found) } else { Err(RightsFault::NotOpen(id).into()) }
}

/// Whether somebody has a role; who has not is noted.
fn may(site: &mut Site, who: &str, role: Role, verb: &str, about: &str) -> Result<(), SiteFault> {
    if site.settings.roles.may(who, role) {
        return Ok(());
    }
    refused(site, who, "none", verb, about)?;
    Err(RightsFault::NotYours(role.word()).into())
}

fn refused(site: &mut Site, who: &str, role: &str, verb: &str, about: &str) -> Result<(), SiteFault> {
    note(site, who, role, (verb, about, 0, "refused"))
}

fn note(
    site: &mut Site,
    who: &str,
    role: &str,
    (verb, about, people, outcome): (&str, &str, u64, &str),
) -> Result<(), SiteFault> {
    let stamp = site.stamp();
    let access = Access { who, role, verb, purpose: "", about, people, outcome };
    site.catalog.note_access(&access, &stamp)?;
    Ok(())
}

/// What a case keeps of what was asked.
fn asked_in(key: &Key, id: i64, sealed: &[u8]) -> Result<Asked, SiteFault> {
    Asked::open(key, sealed).ok_or_else(|| RightsFault::Sealed(id).into())
}
