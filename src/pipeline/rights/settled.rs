//! The suppression list, carried out: whatever opens a data folder does what the list says and the catalog has not done.
use super::{
    super::{
        Site, SiteFault, grown,
        retention::{self, Cleared, Persons},
    },
    certificate::{self, Facts},
    extracts, matched, released, restricted,
};
use crate::{
    catalog::{CaseEnd, Closing, Decision, FileKind, HoldingExtract, ListSeen, Lock, Note, Run},
    fault::failpoint,
    link,
    privacy::{
        Pseudonym,
        suppression::{Entry, Suppression, SuppressionFault, Wish},
    },
};
use std::collections::{BTreeMap, HashSet};

/// Compares the list with what the catalog has seen of it, and does what is left to do before anything is read.
pub(in crate::pipeline) fn settle(site: &mut Site) -> Result<(), SiteFault> {
    settle_with(site, false)
}

/// The same; `alone` where this process holds the leases of all sources, so that no other is pulling.
pub(super) fn settle_with(site: &mut Site, alone: bool) -> Result<(), SiteFault> {
    let seen = site.catalog.list_seen()?;
    let Some(list) = known(site, &seen)? else { return Ok(()) };
    if seen.entries == list.len() as u64 && seen.swept == seen.entries {
        return Ok(());
    }
    let _lock = site.lock("rights")?;
    // Another process may have done it while this one waited.
    let seen = site.catalog.list_seen()?;
    let Some(list) = known(site, &seen)? else { return Ok(()) };
    if seen.entries < list.len() as u64 {
        carry_out(site, &list, seen.entries as usize, alone)?;
    }
    failpoint("rights.named")?;
    released::clear_away(site)?;
    site.sweep()?;
    failpoint("rights.swept")?;
    site.catalog.list_swept(list.len() as u64)?;
    Ok(())
}

/// The list, if there is one; an error where it is not the one that this folder was kept with.
fn known(site: &Site, seen: &ListSeen) -> Result<Option<Suppression>, SiteFault> {
    let list = Suppression::load(&site.settings.suppression_list, &site.key)?;
    match (&list, &seen.id) {
        (None, Some(_)) => Err(SuppressionFault::Missing.into()),
        (Some(list), Some(id)) if list.id() != id || (list.len() as u64) < seen.entries => {
            Err(SuppressionFault::Older.into())
        }
        _ => Ok(list),
    }
}

/// Whom the list means among those who are held.
#[derive(Default)]
struct Meant {
    /// People who go, by source.
    persons: Persons,
    /// People whose places go, by source.
    placeless: BTreeMap<String, HashSet<Pseudonym>>,
    /// People whose places may be told again, by source.
    lifted: BTreeMap<String, HashSet<Pseudonym>>,
}

impl Meant {
    fn add(&mut self, source: &str, subject: Pseudonym, wish: Wish) {
        let source = source.to_owned();
        match wish {
            Wish::Objected | Wish::Erased => {
                self.persons.entry(source).or_default().insert(subject, wish.word());
            }
            Wish::Restricted => {
                self.placeless.entry(source).or_default().insert(subject);
            }
            Wish::Lifted => {
                self.lifted.entry(source).or_default().insert(subject);
            }
        }
    }

    fn of(site: &Site, list: &Suppression, from: usize) -> Result<Self, SiteFault> {
        let marked = Suppression::plan(&site.definitions.identity);
        let mut meant = Self::default();
        // Some may have rows and no identity any more. What only states again what stood changes no row, and withdraws no release.
        let holds = |(at, entry): &(usize, &Entry)| !list.is_ended(from + at) && !entry.is_restated();
        for (_, entry) in list.since(from).iter().enumerate().filter(holds) {
            entry.subjects().for_each(|(source, subject)| meant.add(source, subject, entry.wish));
        }
        matched::each_entry(site, |source, subject, (tenant, person), said| {
            let person = list.person(source, tenant, person);
            if let Some(at) = list.concerning(&person, &marked, said) {
                let wish = list.entry(at).wish;
                // What was restricted before is restricted already.
                if wish.withholds() || at >= from && !list.entry(at).is_restated() {
                    meant.add(source, subject, wish);
                }
            }
        })?;
        for grown in grown::everybody(site)? {
            if let Some(at) =
                list.concerning_marks(&grown.marks).filter(|at| *at >= from && !list.entry(*at).is_restated())
            {
                meant.add(&grown.source, grown.subject, list.entry(at).wish);
            }
        }
        for (source, gone) in &meant.persons {
            if let Some(placeless) = meant.placeless.get_mut(source) {
                placeless.retain(|subject| !gone.contains_key(subject));
            }
        }
        Ok(meant)
    }

    fn everybody(&self) -> HashSet<Pseudonym> {
        let gone = self.persons.values().flat_map(|persons| persons.keys());
        gone.chain(self.placeless.values().flatten()).copied().collect()
    }
}

fn carry_out(site: &mut Site, list: &Suppression, from: usize, alone: bool) -> Result<(), SiteFault> {
    let given_up = give_up_staged(site, list, alone)?;
    let meant = Meant::of(site, list, from)?;
    let withdrawn = released::holding(site, &meant.everybody())?;
    // Looked for now: with the release goes what an extract could be cut from again.
    let extracts = extracts::holding(site, &meant.everybody())?;
    let build = site.settings.data_dir.join("build");
    if build.is_dir() && !meant.everybody().is_empty() {
        // Tables that wait for a release are made again.
        std::fs::remove_dir_all(&build)?;
    }
    let emptied = restricted::empty_places(site, &meant.placeless)?;
    let again = retention::ask_again(site, &meant.lifted)?;
    let mut closing = Closing {
        list: (list.id().to_owned(), list.len() as u64),
        counted: list.counted().into_iter().collect(),
        withdrawn: withdrawn.clone(),
        extracts: extracts.clone(),
        why: list.since(from).iter().map(|entry| entry.wish).max().unwrap_or(Wish::Erased).word(),
        ..Closing::default()
    };
    let opened = opened(site, list, from)?;
    let stamp = site.stamp();
    retention::forget(site, "rights", meant.persons, |cleared, run| {
        let (withdrawn, extracts) = (&withdrawn[..], &extracts[..]);
        let facts = Told { cleared, run, emptied, again, given_up, withdrawn, extracts, at: &stamp };
        close(list, from, &opened, &facts, &mut closing);
        closing
    })?;
    Ok(())
}

/// What was done, for certificates and the audit.
struct Told<'a> {
    cleared: &'a Cleared,
    run: i64,
    emptied: u64,
    /// Sources of which everything is asked for again.
    again: u64,
    given_up: u64,
    withdrawn: &'a [String],
    extracts: &'a [HoldingExtract],
    at: &'a str,
}

/// Ends the cases that asked for it, and notes what was done: by the person who confirmed it, or again because a folder was
/// opened that had not been told.
fn close(
    list: &Suppression,
    from: usize,
    opened: &BTreeMap<i64, String>,
    told: &Told<'_>,
    closing: &mut Closing,
) {
    let entries = list.since(from);
    for (at, entry) in entries.iter().enumerate() {
        let number = (from + at + 1) as u64;
        let people = told.cleared.people;
        if let Some(opened_at) = opened.get(&entry.case) {
            let facts = Facts {
                entry,
                number,
                together: entries.len(),
                opened_at,
                at: told.at,
                run: told.run,
                cleared: told.cleared,
                emptied: told.emptied,
                again: told.again,
                withdrawn: told.withdrawn,
                extracts: told.extracts,
                given_up: told.given_up,
            };
            closing.cases.push(CaseEnd {
                id: entry.case,
                who: entry.by.1.clone(),
                reason: entry.reason.clone(),
                outcome: certificate::of(&facts).to_string(),
            });
            closing.notes.push(Note {
                who: entry.by.1.clone(),
                role: "approver",
                verb: "rights confirm".to_owned(),
                about: format!("case {}, entry {number} of the suppression list", entry.case),
                people,
                outcome: "done",
            });
        } else {
            closing.notes.push(Note {
                who: "throughline".to_owned(),
                role: "none",
                verb: "rights carry out".to_owned(),
                about: format!("entry {number} of the suppression list, again"),
                people,
                outcome: "done",
            });
        }
    }
}

/// Cases of these entries that are open in this catalog, and since when.
fn opened(site: &Site, list: &Suppression, from: usize) -> Result<BTreeMap<i64, String>, SiteFault> {
    let mut opened = BTreeMap::new();
    for entry in list.since(from).iter().filter(|entry| entry.case > 0) {
        if let Some((case, _)) = site.catalog.case(entry.case)?
            && case.state == "open"
        {
            opened.insert(entry.case, case.opened_at);
        }
    }
    Ok(opened)
}

/// Runs that have staged rows of somebody on the list and not published them: the next pull asks for the same again, and
/// leaves them out. Gives how many.
fn give_up_staged(site: &mut Site, list: &Suppression, alone: bool) -> Result<u64, SiteFault> {
    let stamp = site.stamp();
    let mut given_up = 0;
    for state in ["running", "held"] {
        for run in site.catalog.pending_runs(state, None)? {
            let run = Run { id: run.id, source: run.source };
            if run.source.is_empty() || !stages_anybody(site, list, &run)? {
                continue;
            }
            if state == "running" {
                // One that is alive began after the list was written, or this process holds it still.
                if !alone && Lock::of_source(&site.settings.data_dir, &run.source).is_err() {
                    continue;
                }
                site.catalog.abandon(run.id, &stamp)?;
            } else {
                let decision = Decision {
                    verdict: "discarded".to_owned(),
                    who: "throughline".to_owned(),
                    at: stamp.clone(),
                    reason: "it held rows of somebody who must not be held".to_owned(),
                    by_a_person: false,
                };
                site.catalog.discard(run.id, &decision, &stamp)?;
            }
            given_up += 1;
        }
    }
    Ok(given_up)
}

fn stages_anybody(site: &Site, list: &Suppression, run: &Run) -> Result<bool, SiteFault> {
    let (plan, marked) = (&site.definitions.identity, Suppression::plan(&site.definitions.identity));
    let mut anybody = false;
    for file in site.catalog.staged(run)?.batches.iter().flat_map(|batch| &batch.files) {
        if file.kind != FileKind::Register || anybody {
            continue;
        }
        link::read_segment(
            &site.settings.data_dir,
            &file.path,
            &site.key,
            plan,
            |source, tenant, person, said, _| {
                anybody |= list.concerning(&list.person(source, tenant, person), &marked, said).is_some();
            },
        )?;
    }
    Ok(anybody)
}
