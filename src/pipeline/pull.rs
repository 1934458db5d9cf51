use super::{
    Site, SiteFault, Stop, Watch, files,
    fold::{fold, weigh},
    intake::{Intake, Met},
    rights,
    service::Slices,
    unready::unready,
};
use crate::{
    catalog::{LockFault, Run, SetAside},
    config::Source,
    conform,
    definitions::{
        Connector,
        connector::{Form, RestForm},
    },
    fault::{Consequence, Count, Name},
    privacy::PostcodeDirectory,
    source::service::{Effort, Patience, Service, ServiceFault},
    telemetry::{self, Event},
};
use chrono::{DateTime, Utc};
use std::path::PathBuf;

/// What to pull, and how.
#[derive(Clone, Debug, Default)]
pub struct PullOptions {
    /// Source names; none means all.
    pub sources: Vec<String>,
    /// Read everything again, whatever cursors and documents say.
    pub full: bool,
    /// How patient to be with services.
    pub patience: Patience,
    /// Asked to end early: what was read is staged, and the next pull goes on from there.
    pub stop: Stop,
    /// Read files from this folder instead of the sources' inboxes.
    pub inbox: Option<PathBuf>,
    /// Ask services again for what changed since then. Never less than what is due.
    pub since: Option<DateTime<Utc>>,
    /// What becomes of what is read.
    pub effect: Effect,
}

/// What becomes of what a pull reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    /// It is published, or held.
    #[default]
    Publish,
    /// It is read to its end, compared, weighed by the guards, and forgotten.
    Weigh,
    /// One page of each feed of a service is read, for its first tenant, and forgotten. Files are left alone.
    Look,
}

/// How one source ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceOutcome {
    /// Read and published.
    Published,
    /// Published, but a document, page or slice is missing and will be asked for again.
    Partly,
    /// Staged and not published: a guard said no, and a person has to look.
    Held,
    /// Only tried, and forgotten; whether a guard would have held it, and what was set aside.
    Tried(Trial),
    /// Nothing could be read.
    Failed(String),
    /// Its agreement does not allow it.
    Refused(String),
}

impl SourceOutcome {
    /// Whether a guard said no, or would have.
    pub fn is_held(&self) -> bool {
        match self {
            Self::Held => true,
            Self::Tried(trial) => !trial.guards.is_empty(),
            _ => false,
        }
    }

    /// In a stable word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Partly => "partly",
            Self::Held => "held",
            Self::Tried(_) => "tried",
            Self::Failed(_) => "failed",
            Self::Refused(_) => "refused",
        }
    }
}

/// What a pull that kept nothing would have come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// What the guards would have held it for.
    pub guards: Vec<SetAside>,
    /// What was set aside or is worth knowing: places and problems.
    pub set_aside: Vec<SetAside>,
}

/// One source's result.
#[derive(Clone, Debug)]
pub struct SourceReport {
    /// The source.
    pub source: Name,
    /// The connector's title.
    pub title: String,
    /// How it ended.
    pub outcome: SourceOutcome,
    /// What became of its records.
    pub count: Count,
    /// Files that are still being copied: the next pull reads them.
    pub waiting: u64,
}

/// A pull's result.
#[derive(Clone, Debug, Default)]
pub struct PullReport {
    /// In the order pulled.
    pub sources: Vec<SourceReport>,
}

impl PullReport {
    /// The sum over all sources.
    pub fn total(&self) -> Count {
        let mut total = Count::default();
        self.sources.iter().for_each(|source| total.add(&source.count));
        total
    }
    /// Whether every source was read whole.
    pub fn is_whole(&self) -> bool {
        self.sources.iter().all(|source| match &source.outcome {
            SourceOutcome::Published => true,
            SourceOutcome::Tried(trial) => trial.guards.is_empty(),
            _ => false,
        })
    }
}

/// Pulls sources one after the other, each a run of its own.
pub fn pull(site: &mut Site, options: &PullOptions, watch: &mut dyn Watch) -> Result<PullReport, SiteFault> {
    let directory = match &site.settings.postcode_directory {
        Some(path) => conform::read_directory(path)?,
        None => PostcodeDirectory::default(),
    };
    let wanted: Vec<Source> = site
        .settings
        .sources
        .iter()
        .filter(|source| {
            options.sources.is_empty() || options.sources.iter().any(|name| name == source.name.as_str())
        })
        .cloned()
        .map(|source| match &options.inbox {
            Some(inbox) => Source { inbox: Some(inbox.clone()), ..source },
            None => source,
        })
        .collect();
    site.stop = options.stop.clone();
    let mut report = PullReport::default();
    for (at, source) in wanted.iter().enumerate() {
        if options.stop.is_asked() {
            break;
        }
        watch.part(source.name.as_str(), at + 1, wanted.len());
        report.sources.push(pull_source(site, source, &directory, options, watch)?);
    }
    Ok(report)
}

fn pull_source(
    site: &mut Site,
    source: &Source,
    directory: &PostcodeDirectory,
    options: &PullOptions,
    watch: &mut dyn Watch,
) -> Result<SourceReport, SiteFault> {
    rights::settle(site)?;
    let connector = site.definitions.connectors.get(&source.connector).cloned();
    let title =
        connector.as_ref().map_or_else(|| source.connector.clone(), |connector| connector.title.clone());
    let refused = |outcome| SourceReport {
        source: source.name,
        title: title.clone(),
        outcome,
        count: Count::default(),
        waiting: 0,
    };
    if let Some(reason) = source.refusal(site.wall_day()) {
        return Ok(refused(SourceOutcome::Refused(reason.to_owned())));
    }
    if let Some((problem, hint)) = unready(source, &site.definitions).into_iter().next() {
        let reason = format!("{problem}: {hint}");
        if options.effect == Effect::Publish {
            note_failed(site, source, &reason)?;
        }
        return Ok(refused(SourceOutcome::Failed(reason)));
    }
    let Some(connector) = connector else {
        return Ok(refused(SourceOutcome::Failed("there is no such connector".into())));
    };
    telemetry::emit(Event::PullStarted { source: source.name });
    let mut intake = match Intake::open(site, source, directory, (options.full, options.effect)) {
        Err(SiteFault::Lock(busy @ LockFault::SourceBusy)) => {
            return Ok(refused(SourceOutcome::Failed(busy.to_string())));
        }
        opened => opened?,
    };
    let asked = match &connector.form {
        Form::File(_) if options.effect == Effect::Look => Ok(None),
        Form::File(form) => files::pull(&mut intake, &connector, form, watch).map(|()| None),
        Form::Rest(form) => pull_service(&mut intake, &connector, form, options, watch),
    };
    match options.effect {
        Effect::Publish => finish(intake, title, asked?),
        effect => forget(intake, title, asked?, effect),
    }
}

/// Notes a run that could not begin, so that `status` says why a slot failed.
fn note_failed(site: &mut Site, source: &Source, reason: &str) -> Result<(), SiteFault> {
    let _lock = site.lock("pull")?;
    let stamp = site.stamp();
    let run = site.catalog.begin_pull("pull", source.name.as_str(), (false, ""), &stamp)?;
    Ok(site.catalog.fail(&run, reason, &[], &stamp)?)
}

/// Says what would have come of it, and leaves nothing behind.
fn forget(
    intake: Intake<'_>,
    title: String,
    refused: Option<ServiceFault>,
    effect: Effect,
) -> Result<SourceReport, SiteFault> {
    let source = intake.source.name;
    let (mut count, mut waiting) = (Count::default(), 0);
    let trial = if effect == Effect::Look {
        let (counts, set_aside) = intake.glance()?;
        counts.iter().for_each(|(_, feed)| count.add(feed));
        // Nothing is compared with what is there: whatever could be read would go on.
        count.accepted = count.read - count.set_aside - count.withheld;
        Trial { guards: Vec::new(), set_aside }
    } else {
        let (site, run, _lease, _) = intake.close()?;
        waiting = site.catalog.still_arriving(&run)?;
        let folded = weigh(site, &run)?;
        count = folded.total();
        let guards = folded.guards.iter().map(|fault| SetAside::of(run.id, fault)).collect();
        let lines = site.catalog.quarantine(Some(source.as_str()))?.into_iter();
        let set_aside = lines.filter(|line| line.run == run.id).collect();
        let paths = site.catalog.staged(&run)?;
        site.catalog.forget_run(run.id)?;
        for file in paths.batches.iter().flat_map(|batch| &batch.files) {
            // One that cannot be removed is swept later.
            let _ = std::fs::remove_file(site.settings.data_dir.join(&file.path));
        }
        Trial { guards, set_aside }
    };
    let lost = count.documents_set_aside > 0 && count.read == 0;
    let outcome = match refused {
        Some(fault) => SourceOutcome::Failed(fault.to_string()),
        None if lost => SourceOutcome::Failed(first_loss(&trial)),
        None => SourceOutcome::Tried(trial),
    };
    Ok(SourceReport { source, title, outcome, count, waiting })
}

/// Why nothing could be read, in the words of the first document that could not.
fn first_loss(trial: &Trial) -> String {
    let lost = trial.set_aside.iter().find(|line| line.consequence == Consequence::DocumentSetAside.code());
    lost.map_or_else(String::new, |line| format!("{} ({}): {}", line.feed, line.detail, line.hint))
}

fn pull_service(
    intake: &mut Intake<'_>,
    connector: &Connector,
    form: &RestForm,
    options: &PullOptions,
    watch: &mut dyn Watch,
) -> Result<Option<ServiceFault>, SiteFault> {
    let mut service = match Service::open(intake.source, form, options.patience) {
        Ok(service) => service,
        Err(fault) => return Ok(Some(fault)),
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(SiteFault::Runtime)?;
    let (codes, plans, identity) = (
        intake.site.definitions.codes.clone(),
        intake.site.definitions.plans.clone(),
        intake.site.definitions.identity.clone(),
    );
    let slices = Slices {
        connector,
        form,
        full: options.full,
        since: options.since,
        look: options.effect == Effect::Look,
        codes: &codes,
        plans: &plans,
        identity: &identity,
    };
    runtime.block_on(slices.pull(&mut service, intake, watch))?;
    let Effort { requests, retries, throttled } = service.effort();
    telemetry::emit(Event::ServiceAsked { source: intake.source.name, requests, retries, throttled });
    Ok(None)
}

/// Publishes what was staged, holds it where a guard says no, or ends the run without.
fn finish(
    intake: Intake<'_>,
    title: String,
    refused: Option<ServiceFault>,
) -> Result<SourceReport, SiteFault> {
    let source = intake.source.name;
    // What was read before stands, whatever else in the inbox cannot be read.
    let stands = intake.stands();
    let (site, run, _lease, met) = intake.close()?;
    if refused.is_none() && site.stop.is_asked() {
        // What was staged stays: the next pull of this source goes on from there.
        let (outcome, count) = (SourceOutcome::Partly, Count::default());
        return Ok(SourceReport { source, title, outcome, count, waiting: 0 });
    }
    let counts = site.catalog.staged(&run)?.counts;
    let mut count = Count::default();
    for (_, feed) in &counts {
        count.add(feed);
    }
    let (lost, waiting) = (count.documents_set_aside > 0, site.catalog.still_arriving(&run)?);
    let reason = match refused {
        Some(fault) => Some(fault.to_string()),
        None if lost && count.read == 0 && !stands => {
            Some("nothing could be read; see `throughline quarantine`".to_owned())
        }
        None => None,
    };
    let outcome = if let Some(reason) = reason {
        let stamp = site.stamp();
        // Whatever it read was not compared with anything.
        let counts: Vec<_> = counts.into_iter().map(|(feed, count)| (feed, unread(count))).collect();
        count = unread(count);
        site.catalog.fail(&run, &reason, &counts, &stamp)?;
        SourceOutcome::Failed(reason)
    } else if let Some(waiting) = undecided(site, &run, &met)? {
        // Publishing this one would discard what only the held run has.
        let reason = format!("run {waiting} waits for a decision: `throughline runs show {waiting}`");
        let counts: Vec<_> = counts.into_iter().map(|(feed, count)| (feed, unread(count))).collect();
        count = unread(count);
        let stamp = site.stamp();
        site.catalog.fail(&run, &reason, &counts, &stamp)?;
        SourceOutcome::Held
    } else {
        let folded = fold(site, &run, None)?;
        // Keys of people on the list that this run found out.
        rights::settle(site)?;
        count = folded.total();
        match (folded.held, lost) {
            (true, _) => SourceOutcome::Held,
            (false, true) => SourceOutcome::Partly,
            (false, false) => SourceOutcome::Published,
        }
    };
    telemetry::emit(Event::PullEnded { source, run: run.id, outcome: outcome.word(), count });
    Ok(SourceReport { source, title, outcome, count, waiting })
}

/// A held run of the same source that has read something which this run did not meet again: a file that was moved away
/// since, a slice that was not read. Until somebody decides about it, nothing takes its place.
fn undecided(site: &Site, run: &Run, met: &Met) -> Result<Option<i64>, SiteFault> {
    let slices = site.catalog.staged_slices(run)?;
    for held in site.catalog.pending_runs("held", Some(&run.source))? {
        let held = Run { id: held.id, source: run.source.clone() };
        let files = site.catalog.staged_documents(&held)?;
        let asked = site.catalog.staged_slices(&held)?;
        if files.iter().any(|file| !met.contains(file)) || asked.iter().any(|slice| !slices.contains(slice)) {
            return Ok(Some(held.id));
        }
    }
    Ok(None)
}

/// The count of a run that ended before the fold: no record of it came to anything.
const fn unread(count: Count) -> Count {
    Count { read: count.set_aside + count.withheld, ..count }
}
