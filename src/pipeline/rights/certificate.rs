//! What was done, for the file of whoever answers for it: numbers and our own words, no identifier.
use super::super::retention::Cleared;
use crate::{
    catalog::HoldingExtract,
    privacy::suppression::{Entry, Wish},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// What goes into a certificate.
pub(super) struct Facts<'a> {
    pub(super) entry: &'a Entry,
    /// The number of the entry in the list, from 1, and how many were carried out with it.
    pub(super) number: u64,
    pub(super) together: usize,
    pub(super) opened_at: &'a str,
    pub(super) at: &'a str,
    pub(super) run: i64,
    pub(super) cleared: &'a Cleared,
    /// Rows whose places were taken away.
    pub(super) emptied: u64,
    /// Sources of which everything is asked for again, because places may be told again.
    pub(super) again: u64,
    pub(super) withdrawn: &'a [String],
    /// Extracts of studies that are out and hold the person.
    pub(super) extracts: &'a [HoldingExtract],
    /// Staged runs that were given up because they held rows of the person.
    pub(super) given_up: u64,
}

/// The certificate, with the digest of all of it.
pub(super) fn of(facts: &Facts<'_>) -> Value {
    let Facts { entry, .. } = *facts;
    let (opened, confirmed) = (&entry.by.0, &entry.by.1);
    let one_person = opened == confirmed;
    let mut document = json!({
        "certificate": entry.wish.word(),
        "case": entry.case,
        "list_entry": facts.number,
        "entries_carried_out_together": facts.together,
        "opened_at": facts.opened_at,
        "confirmed_at": entry.at,
        "carried_out_at": facts.at,
        "run": facts.run,
        "opened_by": { "user": opened, "role": "rights" },
        "confirmed_by": { "user": confirmed, "role": "approver" },
        "opened_and_confirmed_by_one_person": one_person,
        "records_under_sources": facts.cleared.people,
        "removed": facts.cleared.removals,
        "rows_with_places_emptied": facts.emptied,
        "releases_withdrawn": facts.withdrawn,
        "extracts_that_are_out": super::extracts::told(facts.extracts),
        "staged_runs_given_up": facts.given_up,
    });
    if entry.wish == Wish::Lifted {
        document["restrictions_ended"] = json!(entry.ends());
        document["sources_asked_again"] = json!(facts.again);
    }
    let digest = digest(&document);
    document["digest"] = Value::String(digest);
    document
}

/// The SHA-256, in hex, of a certificate without its digest.
pub(super) fn digest(document: &Value) -> String {
    let bytes = Sha256::digest(document.to_string().as_bytes());
    bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
