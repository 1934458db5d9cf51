//! The fold: from what a run has staged to what its source last said, by merging sorted runs.
//!
//! One pass merges the indexes of all batches with those of the source and decides of every row whether it stays; the
//! guards look at what it found; then files whose rows all stay are taken over as they are, others are written again
//! without the rest, and one transaction publishes. A pure function of the catalog and the staged files: cut off in the
//! middle, it is simply done again. Memory: a few bits a record, and a buffer for each run merged.
mod guards;
mod ledger;
mod rows;
mod shapes;
#[cfg(test)]
pub(super) mod tests;

use super::{Site, SiteFault};
use crate::{
    catalog::{Decision, FeedShape, FileKind, NewFile, Publication, Run, Staged, StagedFile},
    definitions::Connector,
    fault::{Count, Fault, Name, Place, Problem, failpoint},
    lake::{self, Index, IndexWriter, Kept, LakeFault, Merge, Meta, Sayings},
    link,
};
use guards::Evidence;
use ledger::Ledger;
use rows::Walk;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
};

/// More indexes of a source than this become one.
const MOST_INDEXES: usize = 8;
/// All buffers of a merge together, about.
const BUFFERS: usize = 8 << 20;
/// Repeated records are counted all; so many are noted with their place.
const MOST_NOTED: usize = 10_000;

/// How a fold ended.
#[derive(Debug)]
pub(super) struct Folded {
    /// What became of the records of each feed.
    pub(super) counts: BTreeMap<String, Count>,
    /// Whether a guard holds the run.
    pub(super) held: bool,
    /// What the guards had to say.
    pub(super) guards: Vec<Fault>,
}

impl Folded {
    pub(super) fn total(&self) -> Count {
        let mut total = Count::default();
        self.counts.values().for_each(|count| total.add(count));
        total
    }
}

/// Folds a run and publishes it, or holds it where a guard says no. `approval` is that of a person who looked: it
/// stands for the guards.
pub(super) fn fold(site: &mut Site, run: &Run, approval: Option<Decision>) -> Result<Folded, SiteFault> {
    fold_to(site, run, approval, true)
}

/// Folds a run and says what would have come of it. The run is as it was.
pub(super) fn weigh(site: &mut Site, run: &Run) -> Result<Folded, SiteFault> {
    fold_to(site, run, None, false)
}

fn fold_to(
    site: &mut Site,
    run: &Run,
    approval: Option<Decision>,
    for_good: bool,
) -> Result<Folded, SiteFault> {
    let _lock = site.lock("pull")?;
    failpoint("fold.begun")?;
    let staged = site.catalog.staged(run)?;
    let mut work = Work::open(site, run, &staged)?;
    let (walk, index) = work.merge(site)?;
    failpoint("fold.merged")?;
    let (counts, mut faults, again) = work.count(&walk)?;
    let stamp = site.stamp();
    let (before, now) = (site.catalog.feed_shapes(&run.source)?, work.shapes(site));
    let verdict = match &approval {
        Some(_) => Vec::new(),
        None => Evidence {
            source: Name::declare(&run.source),
            staged: &staged,
            walk: &walk,
            counts: &counts,
            again: &again,
            before: &read_before(site, run, &staged)?,
            renamed: &now.as_ref().map(|now| shapes::renamed(&before, now)).unwrap_or_default(),
        }
        .faults(),
    };
    if !for_good {
        remove(site, walk.buried.iter().map(|file| file.path.as_path()))?;
        return Ok(Folded { counts, held: !verdict.is_empty(), guards: verdict });
    }
    supersede(site, run, &stamp)?;
    let listed: Vec<(String, Count)> = counts.iter().map(|(feed, count)| (feed.clone(), *count)).collect();
    if let Some(first) = verdict.first() {
        let more = verdict.len() - 1;
        let reason = match more {
            0 => first.problem.to_string(),
            _ => format!("{}, and {more} more: see `throughline runs show {}`", first.problem, run.id),
        };
        // Tombstones written on the way belong to nobody.
        remove(site, walk.buried.iter().map(|file| file.path.as_path()))?;
        site.catalog.hold(run, &reason, (&verdict, &listed), &stamp)?;
        failpoint("fold.held")?;
        return Ok(Folded { counts, held: true, guards: verdict });
    }
    let (mut files, dropped) = work.settle(site, &walk)?;
    failpoint("fold.rewritten")?;
    files.extend(walk.buried.iter().cloned());
    if index.counts() != [0; 3] || walk.anew {
        files.push(index.finish(FileKind::Index)?);
    }
    failpoint("publish.begun")?;
    let seq = site.catalog.reserve_seqs(1)?;
    let publication = Publication {
        counts: listed,
        faults: std::mem::take(&mut faults),
        folded: (!files.is_empty()).then_some((seq, files)),
        dropped,
        shapes: now.map(|now| shapes::after(before, now, approval.is_some())),
        decision: approval,
        ..Publication::default()
    };
    site.catalog.publish(run, &publication, &stamp)?;
    failpoint("publish.done")?;
    remove(site, publication.dropped.iter().map(PathBuf::as_path))?;
    failpoint("retire.done")?;
    Ok(Folded { counts, held: false, guards: Vec::new() })
}

/// A held run of the source gives way to a newer one: it would bring older rows in after newer.
fn supersede(site: &mut Site, run: &Run, stamp: &str) -> Result<(), SiteFault> {
    for old in site.catalog.pending_runs("held", Some(&run.source))? {
        if old.id < run.id {
            let decision = Decision {
                verdict: "discarded".to_owned(),
                who: "throughline".to_owned(),
                at: stamp.to_owned(),
                reason: format!("run {} of the same source took its place", run.id),
                by_a_person: false,
            };
            site.catalog.discard(old.id, &decision, stamp)?;
        }
    }
    Ok(())
}

/// Records by feed when the source was last read whole, if this run asks for everything.
fn read_before(site: &Site, run: &Run, staged: &Staged) -> Result<BTreeMap<String, u64>, SiteFault> {
    let mut before = BTreeMap::new();
    if site.catalog.is_whole(run.id)? {
        for feed in &staged.whole_feeds {
            if let Some(read) = site.catalog.last_whole_read(run.id, &run.source, feed)? {
                before.insert(feed.clone(), read);
            }
        }
    }
    Ok(before)
}

/// The connector of a run's source, where the configuration still names both.
fn connector_of<'s>(site: &'s Site, run: &Run) -> Option<&'s Connector> {
    let source = site.settings.sources.iter().find(|source| source.name.as_str() == run.source)?;
    site.definitions.connectors.get(&source.connector)
}

/// Removes files that are no longer named. One that cannot be removed is swept later.
fn remove<'p>(site: &Site, paths: impl Iterator<Item = &'p Path>) -> Result<(), SiteFault> {
    for path in paths {
        failpoint("retire.file")?;
        let _ = std::fs::remove_file(site.settings.data_dir.join(path));
    }
    Ok(())
}

/// What a fold works on.
struct Work<'f> {
    run: &'f Run,
    staged: &'f Staged,
    data_dir: PathBuf,
    /// The source's own indexes, and where they lie.
    published: Vec<Index>,
    published_at: Vec<PathBuf>,
    /// One for each batch that has records; with the batch's position.
    batches: Vec<(usize, Index)>,
    /// Files of rows of all batches, in the order that entries number them; the first of each batch.
    files: Vec<&'f StagedFile>,
    bases: Vec<u32>,
    /// The register segment of each batch, and which of its rows stay.
    segments: Vec<(Option<&'f StagedFile>, Kept)>,
    /// Feeds that say a row again by design.
    repeating: BTreeSet<Name>,
    buffer: usize,
}

impl<'f> Work<'f> {
    fn open(site: &Site, run: &'f Run, staged: &'f Staged) -> Result<Self, SiteFault> {
        let data_dir = site.settings.data_dir.clone();
        let published_at = site.catalog.index_files(&run.source)?;
        let open = |path: &PathBuf| Index::open(&data_dir.join(path), false);
        let published = published_at.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let (mut batches, mut files, mut bases, mut segments) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, batch) in staged.batches.iter().enumerate() {
            let of = |kind| batch.files.iter().find(move |file| file.kind == kind);
            let Some(index) = of(FileKind::Stage) else { continue };
            let index = Index::open(&data_dir.join(&index.path), true)?;
            bases.push(files.len() as u32);
            for path in index.files() {
                let named = batch.files.iter().find(|file| &file.path == path);
                files.push(named.ok_or(LakeFault::Index)?);
            }
            segments.push((of(FileKind::Register), Kept::default()));
            batches.push((at, index));
        }
        let buffer = (BUFFERS / (published.len() + batches.len()).max(1)).clamp(4 << 10, 256 << 10);
        let feeds = connector_of(site, run).map(|connector| connector.feeds.as_slice()).unwrap_or_default();
        let repeating = feeds.iter().filter(|feed| feed.repeats).map(|feed| feed.name).collect();
        Ok(Self {
            run,
            staged,
            data_dir,
            published,
            published_at,
            batches,
            files,
            bases,
            segments,
            repeating,
            buffer,
        })
    }

    /// How the source's feeds name their rows now; none where this run has none, or nobody describes the source.
    fn shapes(&self, site: &Site) -> Option<Vec<FeedShape>> {
        let has_rows = self.staged.batches.iter().any(|batch| batch.records.1 > 0);
        connector_of(site, self.run)
            .filter(|_| has_rows)
            .map(|connector| shapes::of(connector, &site.definitions.plans))
    }

    /// The one pass over everything: decides of each row and each saying whether it stays, and begins the new index.
    fn merge(&mut self, site: &mut Site) -> Result<(Walk<'f>, IndexWriter), SiteFault> {
        let records = self.staged.batches.iter().map(|batch| batch.records.0 + batch.records.1).max();
        let mut ledger = Ledger::of(records.unwrap_or(0));
        if !self.staged.void.is_empty() {
            self.each_record(|record, place| {
                if self.staged.void.contains(&place.seq) {
                    ledger.void.set(record);
                }
            })?;
        }
        let anew = self.published.len() >= MOST_INDEXES;
        let seq = site.catalog.reserve_seqs(1)?;
        let path = PathBuf::from("index").join(format!("{:06}-{seq:06}.index", self.run.id));
        let mut index = IndexWriter::create(&self.data_dir, &path, Vec::new())?;
        let mut walk = Walk::new(&self.staged.words, &self.staged.void, ledger, self.files.len(), anew);
        let runs = self.indexes().map(|index| index.rows(self.buffer)).collect();
        let bases: Vec<u32> = self.published.iter().map(|_| 0).chain(self.bases.iter().copied()).collect();
        walk.run(runs, &bases, &mut index, (site, self.run))?;
        self.sayings(&mut walk.ledger, anew, &mut index)?;
        Ok((walk, index))
    }

    fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.published.iter().chain(self.batches.iter().map(|(_, index)| index))
    }

    /// What was said about who somebody is: known already, or said by a record that goes on.
    fn sayings(&mut self, ledger: &mut Ledger, anew: bool, index: &mut IndexWriter) -> Result<(), SiteFault> {
        let runs: Vec<Sayings> = self.indexes().map(|index| index.sayings(self.buffer)).collect();
        let mut merge = Merge::new(runs)?;
        let mut known = None;
        while let Some((from, saying)) = merge.pull()? {
            if known == Some(saying.digest) {
                continue;
            }
            if saying.staged {
                let record = saying.record;
                if ledger.void.get(record) || ledger.is_duplicate(record) {
                    continue;
                }
                ledger.new.set(record);
                let (file, kept) = &mut self.segments[from - self.published.len()];
                kept.keep_at(u64::from(saying.position), file.map_or(0, |file| file.rows));
            }
            known = Some(saying.digest);
            if saying.staged || anew {
                index.saying(&lake::Saying { record: 0, position: 0, ..saying })?;
            }
        }
        Ok(())
    }

    fn each_record(&self, mut each: impl FnMut(u64, &lake::RecordPlace)) -> Result<(), LakeFault> {
        for (at, index) in &self.batches {
            let mut records = index.records(64 << 10);
            let mut record = self.staged.batches[*at].records.0;
            while let Some(place) = records.pull()? {
                each(record, &place);
                record += 1;
            }
        }
        Ok(())
    }

    /// What became of every record, by feed; the places of those that say a key again; and how many of them there are in
    /// documents of which a total was stated.
    #[expect(clippy::type_complexity, reason = "three answers of one walk")]
    fn count(
        &self,
        walk: &Walk<'_>,
    ) -> Result<(BTreeMap<String, Count>, Vec<Fault>, HashMap<i64, u64>), SiteFault> {
        let source = Name::declare(&self.run.source);
        let ledger = &walk.ledger;
        let mut by_feed: BTreeMap<Name, Count> = BTreeMap::new();
        for (feed, count) in &self.staged.counts {
            by_feed.insert(Name::declare(feed), *count);
        }
        for (said, gone) in self.staged.words.iter().zip(&walk.gone).filter(|(_, gone)| **gone > 0) {
            by_feed.entry(Name::declare(&said.feed)).or_default().gone += gone;
        }
        let mut faults = Vec::new();
        let mut again: HashMap<i64, u64> = self.staged.words.iter().map(|said| (said.seq, 0)).collect();
        self.each_record(|record, found| {
            if ledger.void.get(record) {
                return;
            }
            let place = Place {
                document: found.document,
                part: found.part,
                row: found.row,
                ..Place::feed(source, found.feed)
            };
            let count = by_feed.entry(found.feed).or_default();
            count.gone += ledger.gone(record);
            let by_design = self.repeating.contains(&found.feed);
            let fault = if ledger.is_duplicate(record) && !by_design {
                count.set_aside += 1;
                again.entry(found.seq).and_modify(|n| *n += 1);
                Some(Fault::row(place, Problem::DuplicateKey))
            } else {
                if ledger.new.get(record) {
                    count.accepted += 1;
                } else {
                    count.unchanged += 1;
                }
                let differs = ledger.differs.get(record) && !by_design;
                count.cells_emptied += u64::from(differs);
                differs.then(|| Fault::cell(place, Problem::DuplicateKey))
            };
            faults.extend(fault.filter(|_| faults.len() < MOST_NOTED));
        })?;
        let counts = by_feed.into_iter().map(|(feed, count)| (feed.to_string(), count)).collect();
        Ok((counts, faults, again))
    }

    /// Writes files again that lose rows, and says which are no longer needed.
    fn settle(&self, site: &mut Site, walk: &Walk<'_>) -> Result<(Vec<NewFile>, Vec<PathBuf>), SiteFault> {
        let mut dropped: Vec<PathBuf> = if walk.anew { self.published_at.clone() } else { Vec::new() };
        for (at, _) in &self.batches {
            let staged = self.staged.batches[*at].files.iter().filter(|file| file.kind == FileKind::Stage);
            dropped.extend(staged.map(|file| file.path.clone()));
        }
        let mut parts: BTreeMap<_, Vec<(&StagedFile, &Kept)>> = BTreeMap::new();
        for (file, kept) in self.files.iter().zip(&walk.kept) {
            if kept.noted() != file.rows {
                return Err(LakeFault::Index.into());
            }
            if kept.kept() < file.rows {
                dropped.push(file.path.clone());
            }
            if kept.kept() > 0 && kept.kept() < file.rows {
                parts.entry((file.entity.as_str(), file.ay)).or_default().push((*file, kept));
            }
        }
        let mut files = Vec::new();
        let (data_dir, source) = (&self.data_dir, self.run.source.as_str());
        for parts in parts.values() {
            let seq = site.catalog.reserve_seqs(1)?;
            let meta = Meta { data_dir, run: self.run.id, seq, source };
            files.extend(lake::rewrite(parts, &meta)?);
            failpoint("fold.file")?;
        }
        files.extend(self.segments(site, &mut dropped)?);
        Ok((files, dropped))
    }

    fn segments(&self, site: &mut Site, dropped: &mut Vec<PathBuf>) -> Result<Vec<NewFile>, SiteFault> {
        let mut parts: Vec<(PathBuf, &Kept)> = Vec::new();
        for (file, kept) in &self.segments {
            let Some(file) = file else { continue };
            if kept.kept() < file.rows {
                dropped.push(file.path.clone());
                if kept.kept() > 0 {
                    parts.push((file.path.clone(), kept));
                }
            }
        }
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let count = parts.len() as i64;
        let last = site.catalog.reserve_seqs(count)?;
        let mut seq = last - count;
        let next = || {
            seq += 1;
            seq
        };
        let stays: Vec<_> = parts.iter().map(|(path, kept)| (path, |at| kept.stays(at))).collect();
        let parts: Vec<(PathBuf, &dyn Fn(u64) -> bool)> =
            stays.iter().map(|(path, stays)| ((*path).clone(), stays as &dyn Fn(u64) -> bool)).collect();
        let plan = &site.definitions.identity;
        let (run, source) = (self.run.id, self.run.source.as_str());
        Ok(link::reseal(&parts, plan, &site.key, &self.data_dir, run, source, next)?)
    }
}
