//! Why somebody decided, in their own words. The one free text in the catalog: what looks like a person's number, address
//! or birth date is refused, and the rest, which may still name somebody, is sealed under the lake's key.
use super::{Site, SiteFault};
use crate::{catalog::Decision, conform::identifier_in, privacy::Key};
use std::fmt::Write as _;

const PURPOSE: &str = "reason";
/// What a sealed reason begins with. What the program itself wrote is not sealed.
const SEALED: &str = "sealed:";

/// Why a reason was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReasonFault {
    /// It says nothing.
    #[error("give a reason: whoever reads the audit will ask for it")]
    Empty,
    /// It seems to hold an identifier.
    #[error("the reason seems to hold {0}: say why without saying who (a ticket's number will do)")]
    Names(&'static str),
    /// The system gave no randomness to seal it with.
    #[error("the reason cannot be sealed: this system gives no randomness")]
    Unsealed,
}

/// Takes a reason in, sealed.
pub fn take_reason(site: &Site, text: &str) -> Result<String, SiteFault> {
    take_reason_under(&site.key, site, text)
}

/// The same, sealed under a key that is not the site's yet.
pub(super) fn take_reason_under(key: &Key, site: &Site, text: &str) -> Result<String, SiteFault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ReasonFault::Empty.into());
    }
    if let Some(what) = identifier_in(text, site.wall_day()) {
        return Err(ReasonFault::Names(what).into());
    }
    seal(key, text)
}

fn seal(key: &Key, text: &str) -> Result<String, SiteFault> {
    let sealed = key.seal(PURPOSE, text).ok_or(ReasonFault::Unsealed)?;
    let mut hex = String::from(SEALED);
    for byte in sealed {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

/// A sealed reason, sealed again under another key. `None` where it does not open, or is not sealed.
pub(super) fn reseal_reason(old: &Key, new: &Key, stored: &str) -> Result<Option<String>, SiteFault> {
    open(old, stored).map(|text| seal(new, &text)).transpose()
}

/// A reason as it was given, for whoever has the key.
pub fn reason_given(key: &Key, stored: &str) -> String {
    if !stored.starts_with(SEALED) {
        return stored.to_owned();
    }
    open(key, stored).unwrap_or_else(|| "not to be opened with this key".to_owned())
}

fn open(key: &Key, stored: &str) -> Option<String> {
    let hex = stored.strip_prefix(SEALED)?;
    let bytes: Option<Vec<u8>> = (0..hex.len())
        .step_by(2)
        .map(|at| hex.get(at..at + 2).and_then(|byte| u8::from_str_radix(byte, 16).ok()))
        .collect();
    key.unseal(PURPOSE, &bytes?)
}

/// A person's decision, its reason sealed.
pub(super) fn decide(site: &Site, verdict: &str, who: &str, reason: &str) -> Result<Decision, SiteFault> {
    let (verdict, who) = (verdict.to_owned(), who.to_owned());
    Ok(Decision { verdict, who, at: site.stamp(), reason: take_reason(site, reason)?, by_a_person: true })
}
