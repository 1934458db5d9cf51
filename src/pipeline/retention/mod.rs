//! Rows whose time has come, taken away: those of a source or a tenant whose agreement ended, and those that a policy
//! keeps no longer; and people whose right it is to be forgotten. One commit for all: files are written again without them or dropped, identities, indexes and links
//! with them. Cut off anywhere, either all of it was done or nothing. See docs/decisions/0014.
#[cfg(test)]
pub(super) mod age_tests;
mod aged;
mod chosen;
mod rules;
#[cfg(test)]
mod tests;
mod written;

pub(super) use rules::Persons;
pub use rules::check_policy;

use super::{Site, SiteFault, grown};
use crate::{
    catalog::{Clearing, Closing, Decision, FileKind, HeldFile, Lock, Removal, Run},
    fault::failpoint,
    privacy::Pseudonym,
};
use aged::Aged;
use chosen::Chosen;
use rules::Rules;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::PathBuf,
};

/// What rules of keeping take away, or would.
#[derive(Clone, Debug, Default)]
pub struct Cleared {
    /// The run that did it; none where nothing had to go.
    pub run: Option<i64>,
    /// Rows by source, entity and rule.
    pub removals: Vec<Removal>,
    /// People of whom nothing is left under their source.
    pub people: u64,
    /// Releases that were made while the rows were there: they hold them still.
    pub releases: Vec<String>,
    /// Learners whose entries in the register stay because no source tells a birth date.
    pub undated: u64,
    /// Learners past the age whose entries stay longer because they have an education, health and care plan.
    pub planned: u64,
    /// Learners past the age whose entries wait for a person: nobody has said yet that entries go by age.
    pub waiting: u64,
}

/// Says what would go, and changes nothing.
pub(super) fn due(site: &Site) -> Result<Cleared, SiteFault> {
    let held = Held::of(site)?;
    chosen_today(site, &held, Asked::ByPerson).map(|(_, report)| report)
}

/// Who asks that what has had its time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A person, at a terminal.
    ByPerson,
    /// The daemon.
    BySchedule,
}

/// Takes away what has had its time. Under the writer's lock.
pub(super) fn clear(site: &mut Site, asked: Asked) -> Result<Cleared, SiteFault> {
    end_pending(site)?;
    let held = Held::of(site)?;
    let (chosen, report) = chosen_today(site, &held, asked)?;
    if chosen.values().all(Chosen::is_empty) {
        return Ok(report);
    }
    carry_out(site, "expire", (&held, &chosen, report), |_, _| None)
}

/// What goes by the rules of today, and whose identities go by their age.
fn chosen_today(
    site: &Site,
    held: &Held,
    asked: Asked,
) -> Result<(BTreeMap<String, Chosen>, Cleared), SiteFault> {
    let mut aged = Aged::of(site, held)?;
    // What a name once was linked with cannot be got back: where only the rule of the house says that names go, the first time
    // is a person's.
    let agreed = asked == Asked::ByPerson
        || site.settings.retention.identities_said
        || site.catalog.has_removed(chosen::AGE)?;
    let waiting = if agreed { 0 } else { std::mem::take(&mut aged.learners) };
    if !agreed {
        aged.people.clear();
    }
    let rules = Rules { aged: aged.people, ..Rules::of(site)? };
    let chosen = choose(site, &rules, held)?;
    let (undated, planned) = (aged.undated, aged.planned);
    let report = Cleared { undated, planned, waiting, ..cleared(site, held, &chosen)? };
    Ok((chosen, report))
}

/// Takes people away, whatever rules of keeping say, and makes true what goes with it, in the same commit. Under the
/// writer's lock. There is a commit even where nothing of them is held.
pub(super) fn forget(
    site: &mut Site,
    verb: &str,
    persons: Persons,
    closing: impl FnOnce(&Cleared, i64) -> Closing,
) -> Result<Cleared, SiteFault> {
    let held = Held::of(site)?;
    let chosen = choose(site, &Rules { persons, ..Rules::default() }, &held)?;
    let report = cleared(site, &held, &chosen)?;
    carry_out(site, verb, (&held, &chosen, report), |report, run| Some(closing(report, run)))
}

/// Forgets what sources last said of people, whose rows stay as they are, and asks those sources for everything again: the
/// next pull reads of these people as if for the first time, and finds of all others what it knows. Under the writer's
/// lock. Gives of how many sources. Done twice, the second time changes nothing more.
pub(super) fn ask_again(
    site: &mut Site,
    people: &BTreeMap<String, HashSet<Pseudonym>>,
) -> Result<u64, SiteFault> {
    if people.is_empty() {
        return Ok(0);
    }
    let held = Held::of(site)?;
    let run = site.catalog.begin("rights", "", &site.stamp())?;
    let mut clearing = Clearing::default();
    for (source, people) in people {
        written::unsaid(site, &run, (source, people), &held, &mut clearing)?;
        clearing.asked_again.push(source.clone());
    }
    failpoint("lift.written")?;
    let stamp = site.stamp();
    site.catalog.clear(&run, &clearing, &stamp)?;
    failpoint("lift.done")?;
    for path in &clearing.dropped {
        // One that cannot be removed is swept later.
        let _ = std::fs::remove_file(site.settings.data_dir.join(path));
    }
    Ok(people.len() as u64)
}

fn carry_out(
    site: &mut Site,
    verb: &str,
    (held, chosen, mut report): (&Held, &BTreeMap<String, Chosen>, Cleared),
    closing: impl FnOnce(&Cleared, i64) -> Option<Closing>,
) -> Result<Cleared, SiteFault> {
    let build = site.settings.data_dir.join("build");
    if build.is_dir() && chosen.values().any(|chosen| !chosen.is_empty()) {
        // Tables that wait for a release, and rows that failed their checks, are made again without whoever goes.
        std::fs::remove_dir_all(&build)?;
    }
    failpoint("expire.begun")?;
    let run = site.catalog.begin(verb, "", &site.stamp())?;
    let mut clearing = Clearing { removals: report.removals.clone(), ..Clearing::default() };
    for (source, chosen) in chosen.iter().filter(|(_, chosen)| !chosen.is_empty()) {
        written::source(site, &run, (source, chosen), held, &mut clearing)?;
    }
    let gone: BTreeSet<Pseudonym> =
        chosen.values().flat_map(|chosen| chosen.people.iter().copied()).collect();
    written::links(site, &run, held, &gone, &mut clearing)?;
    if !gone.is_empty() || chosen.values().any(|chosen| !chosen.aged.is_empty()) {
        // What was compared is compared again: pairs name those who went.
        let pairs = site.catalog.held_files(FileKind::Pairs)?;
        clearing.dropped.extend(pairs.into_iter().map(|held| held.file.path));
    }
    let aged: BTreeMap<&String, HashSet<Pseudonym>> = chosen
        .iter()
        .map(|(source, chosen)| (source, chosen.aged.difference(&chosen.people).copied().collect()))
        .collect();
    clearing.grown = grown::leaving(site, &aged)?;
    clearing.subjects = gone.into_iter().collect();
    clearing.closing = closing(&report, run.id);
    failpoint("expire.written")?;
    let stamp = site.stamp();
    site.catalog.clear(&run, &clearing, &stamp)?;
    failpoint("expire.done")?;
    for path in &clearing.dropped {
        // One that cannot be removed is swept later.
        let _ = std::fs::remove_file(site.settings.data_dir.join(path));
    }
    failpoint("expire.removed")?;
    report.run = Some(run.id);
    Ok(report)
}

/// What a source whose time has come has staged and not published is not published any more.
fn end_pending(site: &mut Site) -> Result<(), SiteFault> {
    let rules = Rules::of(site)?;
    for source in rules.ended {
        let Ok(_lease) = Lock::of_source(&site.settings.data_dir, &source) else { continue };
        let stamp = site.stamp();
        for run in site.catalog.pending_runs("running", Some(&source))? {
            site.catalog.abandon(run.id, &stamp)?;
        }
        for run in site.catalog.pending_runs("held", Some(&source))? {
            let files = site.catalog.staged(&Run { id: run.id, source: source.clone() })?;
            let decision = Decision {
                verdict: "discarded".to_owned(),
                who: "throughline".to_owned(),
                at: stamp.clone(),
                reason: "its agreement has ended, and its rows have had their time".to_owned(),
                by_a_person: false,
            };
            site.catalog.discard(run.id, &decision, &stamp)?;
            for file in files.batches.iter().flat_map(|batch| &batch.files) {
                let _ = std::fs::remove_file(site.settings.data_dir.join(&file.path));
            }
        }
    }
    Ok(())
}

/// What is visible, by kind.
struct Held {
    lake: Vec<HeldFile>,
    register: Vec<HeldFile>,
    index: Vec<HeldFile>,
    links: Vec<HeldFile>,
}

impl Held {
    fn of(site: &Site) -> Result<Self, SiteFault> {
        let held = |kind| site.catalog.held_files(kind);
        Ok(Self {
            lake: held(FileKind::Lake)?,
            register: held(FileKind::Register)?,
            index: held(FileKind::Index)?,
            links: held(FileKind::Link)?,
        })
    }

    /// Files of a source.
    fn of_source<'h>(files: &'h [HeldFile], source: &str) -> impl Iterator<Item = &'h HeldFile> {
        let source = source.to_owned();
        files.iter().filter(move |held| held.source == source)
    }
}

fn choose(site: &Site, rules: &Rules, held: &Held) -> Result<BTreeMap<String, Chosen>, SiteFault> {
    let mut chosen = BTreeMap::new();
    if rules.is_empty() {
        return Ok(chosen);
    }
    let sources: BTreeSet<&String> =
        held.lake.iter().chain(&held.register).chain(&held.index).map(|held| &held.source).collect();
    for source in sources {
        chosen.insert(source.clone(), Chosen::of(site, source, rules, held)?);
    }
    Ok(chosen)
}

fn cleared(site: &Site, held: &Held, chosen: &BTreeMap<String, Chosen>) -> Result<Cleared, SiteFault> {
    let mut cleared = Cleared::default();
    let mut touched: BTreeSet<&PathBuf> = BTreeSet::new();
    for (source, chosen) in chosen {
        cleared.people += chosen.people.len() as u64;
        touched.extend(&chosen.touched);
        cleared.removals.extend(chosen.counts.iter().map(|((entity, why), rows)| Removal {
            source: source.clone(),
            entity: entity.clone(),
            why: (*why).to_owned(),
            rows: *rows,
        }));
    }
    let since =
        held.lake.iter().filter(|held| touched.contains(&held.file.path)).map(|held| &held.since).min();
    if let Some(since) = since {
        cleared.releases =
            site.catalog.releases_since(since)?.into_iter().map(|release| release.id).collect();
    }
    Ok(cleared)
}
