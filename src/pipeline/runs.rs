use super::{Site, SiteFault, fold::fold, reason::decide};
use crate::{
    catalog::{Lock, Run},
    fault::Count,
};

/// What came of a decision about a held run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Published, with these counts.
    Published(Count),
    /// Discarded: the source's next pull asks for the same again.
    Discarded,
    /// There is no such run, or it is not held.
    NotHeld,
    /// A newer run of the source was published: what this one holds is older.
    Overtaken,
}

/// Publishes a held run as it was staged: the person who looked stands for the guards.
pub fn approve(site: &mut Site, run: i64, who: &str, reason: &str) -> Result<Verdict, SiteFault> {
    let Some(held) = held(site, run)? else { return Ok(Verdict::NotHeld) };
    let _lease = Lock::of_source(&site.settings.data_dir, &held.source)?;
    let _lock = site.lock("runs approve")?;
    // Somebody else may have decided while this waited.
    if self::held(site, run)?.is_none() {
        return Ok(Verdict::NotHeld);
    }
    if site.catalog.is_overtaken(run, &held.source)? {
        return Ok(Verdict::Overtaken);
    }
    let decision = decide(site, "approved", who, reason)?;
    let folded = fold(site, &held, Some(decision))?;
    Ok(Verdict::Published(folded.total()))
}

/// Ends a held run for good. Its cursors never moved, so nothing is lost that the source still has.
pub fn discard(site: &mut Site, run: i64, who: &str, reason: &str) -> Result<Verdict, SiteFault> {
    let Some(held) = held(site, run)? else { return Ok(Verdict::NotHeld) };
    let _lease = Lock::of_source(&site.settings.data_dir, &held.source)?;
    let _lock = site.lock("runs discard")?;
    let (decision, stamp) = (decide(site, "discarded", who, reason)?, site.stamp());
    let paths = site.catalog.staged(&held)?;
    if !site.catalog.discard(run, &decision, &stamp)? {
        return Ok(Verdict::NotHeld);
    }
    for file in paths.batches.iter().flat_map(|batch| &batch.files) {
        // One that cannot be removed is swept later.
        let _ = std::fs::remove_file(site.settings.data_dir.join(&file.path));
    }
    Ok(Verdict::Discarded)
}

fn held(site: &Site, run: i64) -> Result<Option<Run>, SiteFault> {
    let held = site.catalog.pending_runs("held", None)?;
    Ok(held.into_iter().find(|held| held.id == run).map(|held| Run { id: held.id, source: held.source }))
}
