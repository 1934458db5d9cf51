use super::{
    Run,
    ledger::{Census, Ledger},
};
use crate::{
    catalog::{NewFile, Said, Word},
    fault::Name,
    lake::{self, Entry, IndexWriter, Kept, LakeFault, Merge, Meta, NO_FILE, Rows, StoredRow},
    pipeline::{Site, SiteFault},
    privacy::{Digest16, Drawn, Pseudonym, Pseudonymous},
};
use std::collections::{HashMap, HashSet};

/// So many tombstones are kept in memory before they are written.
const TOMBSTONES: usize = 16_384;

/// What a snapshot's end found in its scope.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lacking {
    /// Rows that stood in the scope.
    pub(super) of: u64,
    /// Rows of them that the snapshot lacks.
    pub(super) rows: u64,
    one: Option<Digest16>,
    /// Whether those are about more than one person.
    pub(super) people: bool,
}

/// Walks all versions of all keys, oldest first, and says of each staged row whether it stays.
pub(super) struct Walk<'f> {
    words: &'f [Said],
    by_scope: HashMap<Digest16, Vec<usize>>,
    by_subject: HashMap<Pseudonym, Vec<usize>>,
    void: HashSet<i64>,
    /// Whether the whole index is written anew, or only what changes.
    pub(super) anew: bool,
    pub(super) ledger: Ledger,
    /// By file of the run.
    pub(super) kept: Vec<Kept>,
    /// By word.
    pub(super) lacking: Vec<Lacking>,
    /// By word: whether a deletion met anything.
    pub(super) met: Vec<bool>,
    /// By word: rows that went because of it.
    pub(super) gone: Vec<u64>,
    pub(super) people: Census,
    tombstones: Vec<(Entry, usize)>,
    /// Files of tombstones.
    pub(super) buried: Vec<NewFile>,
}

/// One key while its versions pass by.
struct Key {
    published: Option<Entry>,
    latest: Option<Entry>,
    /// The first version of the newest document that said the key.
    first: Option<Entry>,
    /// Words that concern the key, oldest first, and how many were heeded.
    words: Vec<usize>,
    heeded: usize,
}

impl<'f> Walk<'f> {
    pub(super) fn new(words: &'f [Said], void: &[i64], ledger: Ledger, files: usize, anew: bool) -> Self {
        let by = |word: Word| {
            let mut by: HashMap<Digest16, Vec<usize>> = HashMap::new();
            for (at, said) in words.iter().enumerate().filter(|(_, said)| said.word == word) {
                by.entry(said.about).or_default().push(at);
            }
            by
        };
        Self {
            words,
            by_scope: by(Word::Snapshot),
            by_subject: by(Word::Deletion),
            void: void.iter().copied().collect(),
            anew,
            ledger,
            kept: vec![Kept::default(); files],
            lacking: vec![Lacking::default(); words.len()],
            met: vec![false; words.len()],
            gone: vec![0; words.len()],
            people: Census::default(),
            tombstones: Vec::new(),
            buried: Vec::new(),
        }
    }

    /// Walks to the end and writes what the source's index is to say. `file_base` numbers the files of each run merged.
    pub(super) fn run(
        &mut self,
        runs: Vec<Rows>,
        file_base: &[u32],
        index: &mut IndexWriter,
        (site, run): (&mut Site, &Run),
    ) -> Result<(), SiteFault> {
        let mut merge = Merge::new(runs)?;
        let mut key: Option<Key> = None;
        let mut at: Option<Digest16> = None;
        while let Some((from, mut entry)) = merge.pull()? {
            if at != Some(entry.key) {
                if let Some(done) = key.take() {
                    self.end(done, index)?;
                }
                at = Some(entry.key);
            }
            let words = key.is_none().then(|| self.words_of(&entry));
            let key = key.get_or_insert_with(|| Key {
                published: None,
                latest: None,
                first: None,
                words: words.unwrap_or_default(),
                heeded: 0,
            });
            if !entry.staged {
                if key.published.is_some() {
                    // An older index has the list that it belonged to before it moved.
                    self.attend(key, &entry);
                }
                key.published = Some(entry);
                key.latest = Some(entry);
                continue;
            }
            if entry.file != NO_FILE {
                entry.file += file_base[from];
            }
            self.staged(key, entry);
            if self.tombstones.len() >= TOMBSTONES {
                self.bury(site, run)?;
            }
        }
        if let Some(done) = key {
            self.end(done, index)?;
        }
        self.bury(site, run)
    }

    fn words_of(&self, entry: &Entry) -> Vec<usize> {
        if self.words.is_empty() {
            return Vec::new();
        }
        let scope = entry.scope.and_then(|scope| self.by_scope.get(&scope));
        let subject = entry.subject.and_then(|subject| self.by_subject.get(&subject));
        let mut words: Vec<usize> = scope.into_iter().chain(subject).flatten().copied().collect();
        words.sort_by_key(|at| self.words[*at].seq);
        words
    }

    /// A staged version: the first of its key in its document counts, and stays if it says something else than the
    /// version before it.
    fn staged(&mut self, key: &mut Key, entry: Entry) {
        if self.void.contains(&entry.seq) {
            self.note(&entry, false);
            return;
        }
        if let Some(first) = key.first.filter(|first| first.seq == entry.seq) {
            self.ledger.again.set(entry.record);
            if first.hash != entry.hash {
                self.ledger.differs.set(entry.record);
            }
            self.note(&entry, false);
            return;
        }
        self.attend(key, &entry);
        self.heed(key, entry.seq);
        self.ledger.first.set(entry.record);
        key.first = Some(entry);
        let unchanged = match key.latest.filter(|latest| !latest.gone) {
            Some(latest) => !entry.gone && latest.hash == entry.hash,
            None => entry.gone,
        };
        self.note(&entry, !unchanged);
        if !unchanged {
            self.ledger.new.set(entry.record);
            if entry.gone {
                self.ledger.went(entry.record);
            }
            key.latest = Some(entry);
        } else if let (false, Some(latest)) = (entry.gone, &mut key.latest) {
            // A keyed row belongs to the list that was last seen to hold it: its full list would lack it.
            latest.scope = entry.scope.or(latest.scope);
        }
    }

    /// Words about a scope that no earlier version of the key belonged to.
    fn attend(&self, key: &mut Key, entry: &Entry) {
        let words = entry.scope.and_then(|scope| self.by_scope.get(&scope)).into_iter().flatten();
        let more: Vec<usize> = words.copied().filter(|at| !key.words.contains(at)).collect();
        if !more.is_empty() {
            key.words.extend(more);
            key.words[key.heeded..].sort_by_key(|at| self.words[*at].seq);
        }
    }

    fn note(&mut self, entry: &Entry, stays: bool) {
        if let Some(kept) = self.kept.get_mut(entry.file as usize) {
            kept.note(stays);
        }
    }

    /// Heeds what was said about the key before a sequence.
    fn heed(&mut self, key: &mut Key, before: i64) {
        while let Some(at) = key.words.get(key.heeded).copied() {
            let said = &self.words[at];
            if said.seq >= before {
                return;
            }
            key.heeded += 1;
            let Some(latest) = key.latest.filter(|latest| !latest.gone) else { continue };
            let gone = match said.word {
                // Said by another list since.
                Word::Snapshot if latest.scope != Some(said.about) => false,
                Word::Snapshot => {
                    let there = key.first.is_some_and(|first| first.seq >= said.first_seq);
                    self.lacking[at].note(&latest, there);
                    !there
                }
                Word::Deletion => latest.seq < said.seq,
                Word::Total => false,
            };
            if gone {
                self.met[at] = true;
                self.gone[at] += 1;
                let tombstone = Entry { gone: true, hash: 0, seq: said.seq, ..latest };
                self.tombstones.push((tombstone, at));
                key.latest = Some(tombstone);
            }
        }
    }

    fn end(&mut self, mut key: Key, index: &mut IndexWriter) -> Result<(), LakeFault> {
        self.heed(&mut key, i64::MAX);
        if let Some(subject) = key.published.filter(|entry| !entry.gone).and_then(|entry| entry.subject) {
            self.people.add(&subject);
        }
        let Some(latest) = key.latest else { return Ok(()) };
        // Anew, what is gone needs no entry: should it come again, it is new either way.
        let written = if self.anew { !latest.gone } else { key.published != key.latest };
        if written { index.row(&Entry { record: 0, file: 0, ..latest }) } else { Ok(()) }
    }

    /// Writes the tombstones that wait.
    fn bury(&mut self, site: &mut Site, run: &Run) -> Result<(), SiteFault> {
        let mut by_entity: HashMap<usize, Vec<Pseudonymous<StoredRow>>> = HashMap::new();
        for (entry, at) in self.tombstones.drain(..) {
            let said = &self.words[at];
            let Some(entity) = site.definitions.entity(entry.entity.as_str()) else { continue };
            let columns = site.definitions.plans[entity].columns.len();
            let drawn = Drawn::gone(entity, columns, entry.subject, entry.key, said.origin);
            let (feed, scope, seq) = (Name::declare(&said.feed), entry.scope, said.seq);
            let row = drawn.map(|drawn| StoredRow { drawn, feed, scope, seq, tombstone: true, record: 0 });
            by_entity.entry(entity).or_default().push(row);
        }
        let data_dir = site.settings.data_dir.clone();
        let mut entities: Vec<_> = by_entity.into_iter().collect();
        entities.sort_by_key(|(entity, _)| *entity);
        for (entity, rows) in entities {
            let seq = site.catalog.reserve_seqs(1)?;
            let meta = Meta { data_dir: &data_dir, run: run.id, seq, source: &run.source };
            let plan = &site.definitions.plans[entity];
            self.buried.extend(lake::write_rows(Pseudonymous::gather(rows), plan, &meta)?.files);
        }
        Ok(())
    }
}

impl Lacking {
    fn note(&mut self, latest: &Entry, there: bool) {
        self.of += 1;
        if !there {
            self.rows += 1;
            let who = latest.subject.unwrap_or(latest.key);
            self.people |= self.one.is_some_and(|one| one != who);
            self.one = Some(who);
        }
    }
}
