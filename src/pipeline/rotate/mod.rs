//! A new key in the place of the old one. Everybody gets new pseudonyms, and every file that holds one is written again
//! beside the old; one transaction names the new files, the new key and all that hangs on it. Cut off anywhere, the lake is
//! wholly of the old key or wholly of the new. See docs/decisions/0018.
//!
//! Who somebody is stands in the register, so their pseudonym is made anew. Names of files, scopes and hashed columns stand
//! nowhere but at their source: their digests are taken one key further, and the next pull comes to the same.
mod index;
mod people;
mod rows;
mod sorter;
#[cfg(test)]
mod tests;

use super::{
    Site, SiteFault, key_fits,
    link::reseal_model,
    reason::{reseal_reason, take_reason_under},
};
use crate::{
    catalog::{
        Access, DocumentNames, FileKind, HeldFile, KeyChange, Lock, LockFault, Rotation, Run, Sealed,
        SealedCell,
    },
    config::Role,
    fault::failpoint,
    lake::{self, Meta},
    link,
    privacy::{Key, KeyFault, Pseudonym, Renaming, suppression},
};
use people::{Learners, People};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Why a key was not replaced. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RotateFault {
    /// The same key.
    #[error("this is the key that the lake has already: make a new one with `throughline key new`")]
    SameKey,
    /// Runs that are held.
    #[error("runs {0} are held, and name people under the old key: approve or discard them first")]
    Held(String),
    /// A source that is being pulled.
    #[error("the source `{0}` is being pulled: wait for its end, or stop the daemon")]
    Busy(String),
    /// A sealed text that this key does not open.
    #[error(
        "a text in the catalog's table `{0}` does not open with the lake's key: restore the catalog from its backup"
    )]
    Sealed(String),
    /// The site.
    #[error(transparent)]
    Site(#[from] SiteFault),
}

macro_rules! through_site {
    ($($fault:ty),*) => {$(
        impl From<$fault> for RotateFault {
            fn from(fault: $fault) -> Self {
                Self::Site(fault.into())
            }
        }
    )*};
}
through_site!(
    crate::catalog::CatalogFault,
    crate::lake::LakeFault,
    crate::link::RegisterFault,
    KeyFault,
    std::io::Error
);

/// What replacing a key did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// The run that did it.
    pub run: i64,
    /// The fingerprints of the key that was and the one that is.
    pub keys: (String, String),
    /// People as sources know them who have a new pseudonym.
    pub subjects: u64,
    /// Of them, those whose identity the register no longer has: should their source name them again, they are new.
    pub strangers: u64,
    /// Rows of the lake.
    pub rows: u64,
    /// Rows whose names an older schema made: should they be read again, they are new, as they were before.
    pub unmatched: u64,
    /// Files that were written again.
    pub files: u64,
    /// Files of pairs that were compared: dropped, and made again by the next linking.
    pub dropped: u64,
    /// Whether nothing of the old names can be read in the catalog's file any more; otherwise the next verb sees to it.
    pub scrubbed: bool,
}

/// Puts a new key in the place of the lake's. `who` must have the role; it is noted, whether or not.
pub fn rotate(site: &mut Site, new: Key, who: &str, reason: &str) -> Result<Rotated, RotateFault> {
    let wish = super::Admission { who, role: Role::Approver, verb: "key rotate", about: "asked", people: 0 };
    super::admit(site, &wish)?;
    if new.fingerprint() == site.key.fingerprint() {
        return Err(RotateFault::SameKey);
    }
    if !key_fits(&site.settings, new.kind()) {
        return Err(KeyFault::DemoKeyOnRealSource.into());
    }
    let new = new.after(&site.key);
    let reason = take_reason_under(&new, site, reason)?;
    let _lock = site.lock("key rotate")?;
    let _leases = leases(site)?;
    end_pending(site)?;
    failpoint("rotate.begun")?;
    let run = site.catalog.begin("key rotate", "", &site.stamp())?;
    let mut work = Work::of(site, &new)?;
    let rotation = work.all(site, &new, &run)?;
    // The list of those who must not be held lies outside the folder: it waits under the new key until that is the lake's.
    suppression::prepare(&site.settings.suppression_list, &site.key, &new).map_err(SiteFault::from)?;
    failpoint("rotate.written")?;
    let Work { mut done, .. } = work;
    done.run = run.id;
    done.keys = (site.key.fingerprint(), new.fingerprint());
    let (before, after) = done.keys.clone();
    let change = KeyChange { run: run.id, at: site.stamp(), who: who.to_owned(), before, after, reason };
    let about = format!("key {} to {}", change.before, change.after);
    let role = Role::Approver.word();
    let access = Access { role, about: &about, people: done.subjects, ..super::operator(who, "key rotate") };
    site.catalog.rotate(&run, &rotation, &change, &access)?;
    site.key = new;
    failpoint("rotate.done")?;
    suppression::Suppression::load(&site.settings.suppression_list, &site.key).map_err(SiteFault::from)?;
    done.scrubbed = site.catalog.scrub()?;
    failpoint("rotate.scrubbed")?;
    for path in rotation.files.iter().map(|(old, _)| old).chain(&rotation.dropped) {
        // One that cannot be removed is swept later.
        let _ = std::fs::remove_file(site.settings.data_dir.join(path));
    }
    failpoint("rotate.removed")?;
    Ok(done)
}

/// No source is pulled meanwhile.
fn leases(site: &Site) -> Result<Vec<Lock>, RotateFault> {
    let names = site.settings.sources.iter().map(|source| source.name.to_string());
    let mut leases = Vec::new();
    for name in names {
        match Lock::of_source(&site.settings.data_dir, &name) {
            Ok(lease) => leases.push(lease),
            Err(LockFault::SourceBusy) => return Err(RotateFault::Busy(name)),
            Err(fault) => return Err(SiteFault::from(fault).into()),
        }
    }
    Ok(leases)
}

/// What was built of the old names goes, and what a dead run had staged: both can be made again. A held run is a person's
/// to decide.
fn end_pending(site: &mut Site) -> Result<(), RotateFault> {
    let held = site.catalog.pending_runs("held", None)?;
    if !held.is_empty() {
        let ids: Vec<String> = held.iter().map(|run| run.id.to_string()).collect();
        return Err(RotateFault::Held(ids.join(", ")));
    }
    let stamp = site.stamp();
    for dead in site.catalog.pending_runs("running", None)? {
        let staged = site.catalog.staged(&Run { id: dead.id, source: dead.source })?;
        site.catalog.abandon(dead.id, &stamp)?;
        for file in staged.batches.iter().flat_map(|batch| &batch.files) {
            let _ = std::fs::remove_file(site.settings.data_dir.join(&file.path));
        }
    }
    let built = site.settings.data_dir.join("build");
    if built.is_dir() {
        std::fs::remove_dir_all(built)?;
    }
    Ok(())
}

/// What a rotation works on.
struct Work {
    renaming: Renaming,
    people: People,
    done: Rotated,
}

impl Work {
    fn of(site: &Site, new: &Key) -> Result<Self, RotateFault> {
        let renaming = Renaming::new(&site.key, new);
        let people = People::of(site, &renaming)?;
        Ok(Self { renaming, people, done: Rotated::default() })
    }

    fn all(&mut self, site: &mut Site, new: &Key, run: &Run) -> Result<Rotation, RotateFault> {
        let mut rotation =
            Rotation { trail: new.sealed_trail().ok_or(KeyFault::NoRandomness)?, ..Rotation::default() };
        let held = |kind| site.catalog.held_files(kind);
        let (lake, register, index, links) =
            (held(FileKind::Lake)?, held(FileKind::Register)?, held(FileKind::Index)?, held(FileKind::Link)?);
        let models = held(FileKind::Model)?;
        rotation.dropped.extend(held(FileKind::Pairs)?.into_iter().map(|held| held.file.path));
        self.done.dropped = rotation.dropped.len() as u64;
        for held in models {
            let seq = site.catalog.reserve_seqs(1)?;
            let meta = Meta { data_dir: &site.settings.data_dir, run: run.id, seq, source: "" };
            let file = reseal_model((&site.key, new), &held.file, &meta)?;
            rotation.files.push((held.file.path, file));
        }
        let sources: BTreeSet<&String> =
            lake.iter().chain(&register).chain(&index).map(|held| &held.source).collect();
        for source in sources {
            let of = |files: &[HeldFile]| -> Vec<HeldFile> {
                files.iter().filter(|held| held.source == *source).cloned().collect()
            };
            let names = self.rows(site, run, (source, &of(&lake)), &mut rotation)?;
            let sayings = self.identities(site, new, run, (source, &of(&register)), &mut rotation)?;
            self.index(site, run, (source, &of(&index)), (names, &sayings), &mut rotation)?;
            failpoint("rotate.source")?;
        }
        self.links(site, run, &links, &mut rotation)?;
        self.documents(site, &mut rotation)?;
        rotation.sealed = sealed(site, new)?;
        self.done.files = rotation.files.len() as u64;
        self.done.strangers = self.people.strangers();
        self.done.subjects = self.people.len() + self.done.strangers;
        Ok(rotation)
    }

    /// Seals a source's identities again. Gives the digests of what was said by them: those that were, with those that are.
    fn identities(
        &mut self,
        site: &mut Site,
        new: &Key,
        run: &Run,
        (source, held): (&str, &[HeldFile]),
        rotation: &mut Rotation,
    ) -> Result<Vec<(Pseudonym, Pseudonym)>, RotateFault> {
        let data_dir = site.settings.data_dir.clone();
        let mut said = Vec::new();
        for held in held {
            let seq = site.catalog.reserve_seqs(1)?;
            let (plan, renaming) = (&site.definitions.identity, &self.renaming);
            let keys = (&site.key, new);
            let path = &held.file.path;
            let each = |source: &str, tenant: &str, person: &str, fields: &[Option<&str>]| {
                let (old, new) = renaming.subject(source, tenant, person);
                let fields = || fields.iter().copied();
                said.push((
                    link::identity_digest(&renaming.old, &old, fields()),
                    link::identity_digest(&renaming.new, &new, fields()),
                ));
            };
            let file = link::rekey(path, plan, keys, &data_dir, (run.id, seq), source, each)?;
            rotation.files.push((path.clone(), file));
            failpoint("rotate.file")?;
        }
        said.sort_unstable();
        said.dedup();
        Ok(said)
    }

    /// Names links anew, and whatever names a learner.
    fn links(
        &mut self,
        site: &mut Site,
        run: &Run,
        held: &[HeldFile],
        rotation: &mut Rotation,
    ) -> Result<(), RotateFault> {
        let data_dir = site.settings.data_dir.clone();
        let anchors: Vec<(Pseudonym, Pseudonym)> = site.catalog.anchors()?.into_iter().collect();
        let (named, pairs) = (site.catalog.named_people()?, site.catalog.named_pairs()?);
        let mut learners = Learners::default();
        for (subject, learner) in &anchors {
            learners.meet_subject(subject);
            learners.meet_learner(learner);
        }
        for (cell, id) in &named {
            if cell.is_learner { learners.meet_learner(id) } else { learners.meet_subject(id) }
        }
        for held in held {
            lake::each_link(&data_dir.join(&held.file.path), |subject, learner| {
                subject.iter().for_each(|subject| learners.meet_subject(subject));
                learner.iter().for_each(|learner| learners.meet_learner(learner));
            })?;
        }
        learners.resolve(&mut self.people, &self.renaming);
        for held in held {
            let seq = site.catalog.reserve_seqs(1)?;
            let meta = Meta { data_dir: &data_dir, run: run.id, seq, source: "" };
            let (people, renaming) = (&self.people, &self.renaming);
            let subject = |old: &Pseudonym| people.known(old).unwrap_or_else(|| renaming.stranger(old));
            let learner = |old: &Pseudonym| learners.of(old, renaming);
            let file = lake::renamed_links(&held.file, &meta, subject, learner)?;
            rotation.files.push((held.file.path.clone(), file));
            failpoint("rotate.file")?;
        }
        let (people, renaming) = (&mut self.people, &self.renaming);
        rotation.anchors = anchors
            .iter()
            .map(|(subject, learner)| (people.new_of(subject, renaming), learners.of(learner, renaming)))
            .collect();
        rotation.people = named
            .into_iter()
            .map(|(cell, old)| {
                let new =
                    if cell.is_learner { learners.of(&old, renaming) } else { people.new_of(&old, renaming) };
                (cell, new)
            })
            .collect();
        rotation.pairs = pairs
            .into_iter()
            .map(|(row, one, other)| (row, people.new_of(&one, renaming), people.new_of(&other, renaming)))
            .collect();
        Ok(())
    }

    /// Files that were read count as read.
    fn documents(&self, site: &Site, rotation: &mut Rotation) -> Result<(), RotateFault> {
        let further = |domain: &str, old: &_| self.renaming.further(domain, old);
        let documents = site.catalog.document_names()?.into_iter().map(|names| DocumentNames {
            slot: further("slot", &names.slot),
            reading: further("reading", &names.reading),
            content: names.content.map(|content| further("document", &content)),
            ..names
        });
        rotation.documents = documents.collect();
        Ok(())
    }
}

/// Everything that is sealed, sealed again.
fn sealed(site: &Site, new: &Key) -> Result<Vec<SealedCell>, RotateFault> {
    let mut cells = site.catalog.sealed_cells()?;
    for cell in &mut cells {
        let unopened = || RotateFault::Sealed(cell.table.clone());
        cell.held = match &cell.held {
            Sealed::Text(text) => Sealed::Text(reseal_reason(&site.key, new, text)?.ok_or_else(unopened)?),
            Sealed::Bytes(purpose, bytes) => {
                let text = site.key.unseal(purpose, bytes).map(Zeroizing::new).ok_or_else(unopened)?;
                Sealed::Bytes(purpose, new.seal(purpose, &text).ok_or(KeyFault::NoRandomness)?)
            }
        };
    }
    Ok(cells)
}
