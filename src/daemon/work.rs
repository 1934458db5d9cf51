use super::keeper::{End, Slot};
use crate::{
    catalog::LockFault,
    config::{Settings, Step},
    fault::Name,
    pipeline::{self, Asked, PullOptions, Site, SiteFault, SourceOutcome, Stop, Unwatched},
    telemetry::{self, Event},
};
use std::{sync::Arc, time::Duration};

/// How often a lock is asked for that somebody else has.
const PATIENCE: Duration = Duration::from_millis(500);

/// Who the audit names where nobody is at the keyboard.
const DAEMON: &str = "the daemon";

/// What a slot leads to. The daemon's own work is the pipeline; tests have theirs.
pub trait Work: Send + Sync {
    /// Pulls a source.
    fn pull(&self, settings: &Arc<Settings>, slot: Slot, stop: &Stop) -> End;
    /// Links, builds and releases, as the configuration says. Whether it went well.
    fn publish(&self, settings: &Arc<Settings>, stop: &Stop) -> bool;
    /// Takes away the rows that have had their time. Whether any went.
    fn tidy(&self, _settings: &Arc<Settings>, _stop: &Stop) -> bool {
        false
    }
    /// Answers the lists that lie in folders for it.
    fn answer(&self, _settings: &Arc<Settings>, _stop: &Stop) {}
    /// Clears away what a process that was killed left in the folder for temporary files.
    fn sweep(&self, _settings: &Arc<Settings>) {}
}

/// The pipeline, called as the verbs call it.
pub struct Pipeline;

impl Work for Pipeline {
    fn pull(&self, settings: &Arc<Settings>, slot: Slot, stop: &Stop) -> End {
        match pull(settings, slot.source, stop) {
            Ok(end) => end,
            Err(fault) => {
                telemetry::emit(Event::WorkFailed { source: slot.source, why: why(&fault) });
                End::without_run("failed")
            }
        }
    }

    fn publish(&self, settings: &Arc<Settings>, stop: &Stop) -> bool {
        for step in &settings.daemon.after_pull {
            match publish(settings, *step, stop) {
                Ok(true) => {}
                Ok(false) => return false,
                Err(fault) => {
                    telemetry::emit(Event::WorkFailed { source: Name::NONE, why: why(&fault) });
                    return false;
                }
            }
        }
        if let Err(fault) = compact(settings, stop) {
            // Many files are slow to read, and wrong in nothing: the release stands.
            telemetry::emit(Event::WorkFailed { source: Name::NONE, why: why(&fault) });
        }
        true
    }

    fn tidy(&self, settings: &Arc<Settings>, stop: &Stop) -> bool {
        match tidy(settings, stop) {
            Ok(went) => went,
            Err(fault) => {
                telemetry::emit(Event::WorkFailed { source: Name::NONE, why: why(&fault) });
                false
            }
        }
    }

    fn sweep(&self, settings: &Arc<Settings>) {
        if let Err(fault) = pipeline::clear_left_over(&settings.data_dir) {
            telemetry::emit(Event::WorkFailed { source: Name::NONE, why: why(&fault) });
        }
    }

    #[cfg(feature = "warehouse")]
    fn answer(&self, settings: &Arc<Settings>, stop: &Stop) {
        if let Err(fault) = answer(settings, stop) {
            telemetry::emit(Event::WorkFailed { source: Name::NONE, why: why(&fault) });
        }
    }
}

/// Answers what lies in one folder after the other: one that cannot be used keeps no other waiting.
#[cfg(feature = "warehouse")]
fn answer(settings: &Arc<Settings>, stop: &Stop) -> Result<(), SiteFault> {
    let mut site = Site::open(Settings::clone(settings))?;
    site.stop = stop.clone();
    for folder in &settings.rolls {
        if let Err(fault) = pipeline::answer_folder(&mut site, folder) {
            telemetry::emit(Event::WorkFailed { source: folder.name, why: why(&fault) });
        }
    }
    Ok(())
}

fn compact(settings: &Arc<Settings>, stop: &Stop) -> Result<(), SiteFault> {
    let Some(mut site) = open(settings, stop)? else { return Ok(()) };
    let done = pipeline::compact(&mut site)?;
    if done.files > 0 {
        telemetry::emit(Event::Compacted { files: done.files, into: done.into });
    }
    Ok(())
}

fn tidy(settings: &Arc<Settings>, stop: &Stop) -> Result<bool, SiteFault> {
    let Some(mut site) = open(settings, stop)? else { return Ok(false) };
    let cleared = pipeline::clear(&mut site, Asked::BySchedule)?;
    if cleared.waiting > 0 {
        telemetry::emit(Event::IdentitiesWait { learners: cleared.waiting });
    }
    let rows = cleared.removals.iter().map(|removal| removal.rows).sum();
    if let Some(run) = cleared.run {
        telemetry::emit(Event::RowsExpired { run, rows });
    }
    Ok(cleared.run.is_some())
}

fn pull(settings: &Arc<Settings>, source: Name, stop: &Stop) -> Result<End, SiteFault> {
    let Some(mut site) = open(settings, stop)? else { return Ok(End::without_run("stopped")) };
    let before = site.catalog.newest_pull(source.as_str())?.map(|(run, _)| run);
    let options =
        PullOptions { sources: vec![source.to_string()], stop: stop.clone(), ..PullOptions::default() };
    let report = pipeline::pull(&mut site, &options, &mut Unwatched)?;
    let newest = site.catalog.newest_pull(source.as_str())?.filter(|(run, _)| Some(*run) != before);
    let outcome = match report.sources.first().map(|source| &source.outcome) {
        // The daemon never only tries.
        None | Some(SourceOutcome::Tried(_)) => "stopped",
        Some(SourceOutcome::Published) => "published",
        Some(SourceOutcome::Partly) if stop.is_asked() => "stopped",
        Some(SourceOutcome::Partly) => "partly",
        Some(SourceOutcome::Held) => "held",
        // Somebody pulls it by hand: what this slot was for is being done.
        Some(SourceOutcome::Failed(why)) if *why == LockFault::SourceBusy.to_string() => "busy",
        Some(SourceOutcome::Failed(_)) => "failed",
        Some(SourceOutcome::Refused(_)) => "refused",
    };
    Ok(End {
        outcome,
        changed: outcome != "failed" && newest.is_some_and(|(_, changed)| changed),
        run: newest.map(|(run, _)| run),
    })
}

/// One step. False where it was asked to stop before it began.
fn publish(settings: &Arc<Settings>, step: Step, stop: &Stop) -> Result<bool, SiteFault> {
    #[cfg(not(feature = "warehouse"))]
    if matches!(step, Step::Build | Step::Release) {
        return Ok(true);
    }
    // A release is made of a build under one lock: nobody may build between.
    #[cfg(feature = "warehouse")]
    if step == Step::Build && settings.daemon.after_pull.contains(&Step::Release) {
        return Ok(true);
    }
    let Some(mut site) = open(settings, stop)? else { return Ok(false) };
    match step {
        Step::Link => {
            let linked = pipeline::link(&mut site, &mut Unwatched)?;
            if !linked.held.is_empty() {
                return Err(SiteFault::Drifted);
            }
        }
        Step::Expire => drop(pipeline::expire(&mut site, DAEMON, Asked::BySchedule)?),
        #[cfg(feature = "warehouse")]
        Step::Build => drop(pipeline::build(&mut site, &mut Unwatched)?),
        #[cfg(feature = "warehouse")]
        Step::Release => {
            let _lock = site.lock("run")?;
            let built = pipeline::build(&mut site, &mut Unwatched)?;
            pipeline::release(&mut site, &built, DAEMON)?;
        }
        #[cfg(not(feature = "warehouse"))]
        Step::Build | Step::Release => {}
    }
    Ok(true)
}

/// Opens the data folder to write, waiting for whoever else writes. None where it was asked to stop meanwhile.
fn open(settings: &Arc<Settings>, stop: &Stop) -> Result<Option<Site>, SiteFault> {
    let mut told = false;
    while !stop.is_asked() {
        match Site::open_to_write(Settings::clone(settings), "run") {
            Err(SiteFault::Lock(LockFault::Held(_))) => {
                if !std::mem::replace(&mut told, true) {
                    telemetry::emit(Event::WaitingForLock);
                }
                std::thread::sleep(PATIENCE);
            }
            opened => return opened.map(Some),
        }
    }
    Ok(None)
}

/// What stood in the way, in words that hold no value and no path.
const fn why(fault: &SiteFault) -> &'static str {
    match fault {
        SiteFault::Complaints(_) => "the definitions: see `throughline check`",
        SiteFault::Key(_) => "the key: see `throughline check`",
        SiteFault::Unsound(_) => "tables fail a rule that holds a release: see `throughline build`",
        SiteFault::Catalog(_) => "the catalog cannot be used",
        SiteFault::Lock(_) => "the lock cannot be taken",
        SiteFault::Disk(_) => "the disk refused",
        SiteFault::Areas(_) => "the postcode directory: see `throughline check`",
        SiteFault::Lake(_) => "a file of the lake cannot be read or written: see `throughline verify`",
        SiteFault::Register(_) => "the identity register cannot be read or written: see `throughline verify`",
        SiteFault::Runtime(_) => "the network runtime could not be started",
        SiteFault::Build(_) => "the build: see `throughline build`",
        SiteFault::Model => "the model of linking cannot be opened: see `throughline link train`",
        SiteFault::Drifted => {
            "linking went otherwise than before, and a person has to look: see `throughline link`"
        }
        SiteFault::Reason(_) => "a reason that was not taken",
        SiteFault::Suppression(_) => "the suppression list: see `throughline status`",
        SiteFault::Rights(_) => "somebody's right: see `throughline rights cases`",
        SiteFault::Refused(_) => "a role that is not held",
    }
}
