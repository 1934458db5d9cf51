use super::{Site, SiteFault, Watch};
use crate::{
    catalog::{NewFile, Publication, Run},
    config::Source,
    conform::Conformed,
    definitions::connector::Feed,
    fault::{Fault, Place, Problem, Tally},
    lake::{self, Known, KnownRow, Meta, StoredRow},
    link::{Segment, identity_digest, read_segment, saying_digest},
    privacy::{Digest16, Door, Drawn, Keyed, Origin, PostcodeDirectory, Pseudonymous},
};
use std::collections::{HashMap, HashSet};

/// So many sequence numbers are reserved at once: each document of a batch has its own, so that of two versions
/// of a row in one batch the one read last is the later.
const RESERVED: i64 = 1_000;

/// A snapshot that lacks more than one person and more than so many rows in a hundred of what its scope held is not
/// believed at once: providers are small, and a file cut short looks like one from which many have left.
const MOST_GONE: usize = 30;

/// So many rows are kept in memory before they are written as a batch.
const BATCH_ROWS: usize = 100_000;

/// One source's way into the lake: compares each record with what is known, keeps what is new, and counts all.
pub(super) struct Intake<'a> {
    pub(super) site: &'a mut Site,
    pub(super) source: &'a Source,
    pub(super) run: Run,
    pub(super) tally: Tally,
    pub(super) publication: Publication,
    keyed: Keyed,
    directory: &'a PostcodeDirectory,
    known: Known,
    said: HashSet<Digest16>,
    segment: Segment,
    pending: Vec<Vec<Pseudonymous<StoredRow>>>,
    waiting: usize,
    /// The sequence that rows are now given, and the last one reserved.
    seq: i64,
    reserved: i64,
    in_document: HashMap<Digest16, i64>,
    /// Read everything again, whatever was read before.
    full: bool,
    /// Scopes whose snapshot lacks too much: their documents and cursors do not count as read.
    doubted: HashSet<Digest16>,
    /// Rows set aside in this document that could be any row its scope held before.
    pub(super) unread: u64,
}

/// What a record belongs to.
pub(super) struct Belonging<'a> {
    pub(super) feed: &'a Feed,
    pub(super) tenant: &'a str,
    pub(super) place: Place,
    pub(super) scope: Option<Digest16>,
}

/// Where a slice stood when the run that read it was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resume {
    /// What the page loop gave to [`Intake::checkpoint`]: where to go on.
    pub(super) token: String,
    /// When the slice was begun; its cursor counts from there.
    pub(super) started: String,
}

impl<'a> Intake<'a> {
    /// Opens a source's way in. `full` asks for everything again, whatever was read before.
    pub(super) fn open(
        site: &'a mut Site,
        source: &'a Source,
        directory: &'a PostcodeDirectory,
        full: bool,
    ) -> Result<Self, SiteFault> {
        let keyed = site.key.keyed();
        let data_dir = site.settings.data_dir.clone();
        let mut known = Known::default();
        for (entity, path) in site.catalog.lake_files_of(source.name.as_str())? {
            if let Some(at) = site.definitions.entity(&entity) {
                known.load(&data_dir.join(path), at)?;
            }
        }
        let mut said = HashSet::new();
        for (_, path) in site.catalog.register_files(Some(source.name.as_str()))? {
            let plan = &site.definitions.identity;
            read_segment(&data_dir, &path, &site.key, plan, |source, tenant, person, fields, _| {
                let subject = keyed.subject(source, tenant, person);
                said.insert(identity_digest(&keyed, &subject, fields.iter().copied()));
            })?;
        }
        let run = site.catalog.begin("pull", source.name.as_str(), &site.stamp())?;
        let reserved = site.catalog.reserve_seqs(RESERVED)?;
        let seq = reserved - RESERVED + 1;
        let segment = Segment::new(&site.definitions.identity);
        let pending = site.definitions.plans.iter().map(|_| Vec::new()).collect();
        Ok(Self {
            site,
            source,
            run,
            tally: Tally::default(),
            publication: Publication::default(),
            keyed,
            directory,
            known,
            said,
            segment,
            pending,
            waiting: 0,
            seq,
            reserved,
            in_document: HashMap::new(),
            full,
            doubted: HashSet::new(),
            unread: 0,
        })
    }

    /// Keyed digest of a document's bytes.
    pub(super) fn document_digest(&self, bytes: &[u8]) -> Digest16 {
        self.keyed.digest("document", &[bytes])
    }

    /// Keyed name of a snapshot's scope.
    pub(super) fn scope(&self, feed: &Feed, parts: &[&str]) -> Digest16 {
        let mut all: Vec<&[u8]> = vec![self.source.name.as_str().as_bytes(), feed.name.as_str().as_bytes()];
        all.extend(parts.iter().map(|part| part.as_bytes()));
        self.keyed.digest("scope", &all)
    }

    /// A new document begins: duplicate keys are told within one document.
    pub(super) fn begin_document(&mut self) -> Result<(), SiteFault> {
        self.in_document.clear();
        self.unread = 0;
        self.next_seq()
    }

    fn next_seq(&mut self) -> Result<(), SiteFault> {
        self.seq += 1;
        if self.seq > self.reserved {
            self.reserved = self.site.catalog.reserve_seqs(RESERVED)?;
            self.seq = self.reserved - RESERVED + 1;
        }
        Ok(())
    }

    /// Takes one record in, or says why it is set aside.
    pub(super) fn record(
        &mut self,
        conformed: Result<Conformed, Fault>,
        cell_faults: Vec<Fault>,
        belonging: &Belonging<'_>,
    ) -> Result<(), SiteFault> {
        if conformed.as_ref().is_ok_and(|conformed| conformed.passed_over) {
            return Ok(());
        }
        self.tally.count(belonging.place).read += 1;
        self.unread += conformed.as_ref().map_or(0, |conformed| u64::from(conformed.items_lost));
        match conformed.and_then(|conformed| self.take(conformed, belonging)) {
            Ok(true) => self.tally.count(belonging.place).accepted += 1,
            Ok(false) => self.tally.count(belonging.place).unchanged += 1,
            Err(fault) => {
                self.unread += u64::from(fault.problem != Problem::DuplicateKey);
                self.tally.count(belonging.place).set_aside += 1;
                self.tally.note(fault);
            }
        }
        for fault in cell_faults {
            self.tally.note(fault);
        }
        if self.waiting >= BATCH_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    /// True where anything is new; an error where the whole record says a key again.
    fn take(&mut self, conformed: Conformed, belonging: &Belonging<'_>) -> Result<bool, Fault> {
        let door = Door::new(&self.keyed, self.source.name.as_str(), self.directory);
        let subject = conformed.person.as_ref().map(|person| door.subject(belonging.tenant, person));
        let drawn: Vec<Pseudonymous<Drawn>> = conformed
            .rows
            .into_iter()
            .map(|row| {
                let plan = &self.site.definitions.plans[row.veiled().entity];
                door.draw(row, plan, subject, &conformed.identity, belonging.scope.as_ref())
            })
            .collect();
        // What this document said before stands; a record is set aside only when it says nothing else.
        let (again, fresh): (Vec<_>, Vec<_>) =
            drawn.into_iter().partition(|row| self.in_document.contains_key(&row.get().row_key));
        let by_design = belonging.feed.repeats;
        if fresh.is_empty() && !again.is_empty() && !by_design {
            return Err(Fault::row(belonging.place, Problem::DuplicateKey));
        }
        for row in &again {
            if !by_design && self.in_document.get(&row.get().row_key) != Some(&row.get().row_hash) {
                self.tally.note(Fault::cell(belonging.place, Problem::DuplicateKey));
            }
        }
        let mut new = false;
        if let (Some(subject), Some(person)) = (&subject, &conformed.person) {
            let saying = saying_digest(&self.keyed, subject, &conformed.identity);
            if self.said.insert(saying) {
                self.segment.push(belonging.tenant, person, &conformed.identity);
                new = true;
            }
        }
        for row in fresh {
            self.in_document.insert(row.get().row_key, row.get().row_hash);
            new |= self.keep(row, belonging);
        }
        Ok(new)
    }

    /// Keeps a row that says something new.
    fn keep(&mut self, row: Pseudonymous<Drawn>, belonging: &Belonging<'_>) -> bool {
        let (entity, key, subject, hash) =
            (row.get().entity, row.get().row_key, row.get().subject, row.get().row_hash);
        let held = self.known.get(&key);
        let unchanged = held.is_some_and(|held| !held.gone && held.hash == hash);
        self.known
            .set(key, KnownRow { entity, subject, hash, scope: belonging.scope, seq: self.seq, gone: false });
        if !unchanged {
            let (feed, scope, seq) = (belonging.feed.name, belonging.scope, self.seq);
            self.pending[entity].push(row.map(|drawn| StoredRow {
                drawn,
                feed,
                scope,
                seq,
                tombstone: false,
            }));
            self.waiting += 1;
        }
        !unchanged
    }

    /// Ends a snapshot that was read whole: what its scope held before and it lacks is gone. Where rows of it could not
    /// be read, nothing is: any of them could be a row that the scope held.
    pub(super) fn end_snapshot(&mut self, feed: &Feed, scope: Digest16, origin: Origin, place: Place) {
        if self.unread > 0 {
            return;
        }
        let held = self.known.standing(|row| row.scope == Some(scope));
        let of = held.len();
        let lacking: Vec<_> =
            held.into_iter().filter(|(key, _)| !self.in_document.contains_key(key)).collect();
        let people: HashSet<_> = lacking.iter().map(|(key, row)| row.subject.unwrap_or(*key)).collect();
        if !self.full && people.len() > 1 && lacking.len() * 100 > of * MOST_GONE {
            self.tally.note(Fault::document(Place { row: 0, ..place }, Problem::FarFewerRows));
            self.doubted.insert(scope);
            return;
        }
        for (key, row) in lacking {
            self.bury(key, row, feed, origin);
        }
    }

    /// A person that the source deleted: every row about them is gone.
    pub(super) fn delete_person(&mut self, feed: &Feed, tenant: &str, person: &str, origin: Origin) {
        let subject = self.keyed.subject(self.source.name.as_str(), tenant, person);
        let rows = self.known.standing(|row| row.subject == Some(subject));
        for (key, row) in rows {
            self.bury(key, row, feed, origin);
        }
    }

    fn bury(&mut self, key: Digest16, row: KnownRow, feed: &Feed, origin: Origin) {
        let columns = self.site.definitions.plans[row.entity].columns.len();
        let drawn = Drawn::gone(row.entity, columns, row.subject, key, origin);
        let (feed, scope, seq) = (feed.name, row.scope, self.seq);
        self.pending[row.entity].push(drawn.map(|drawn| StoredRow {
            drawn,
            feed,
            scope,
            seq,
            tombstone: true,
        }));
        self.waiting += 1;
        self.known.set(key, KnownRow { gone: true, seq: self.seq, ..row });
    }

    /// Writes what waits as one batch and stages it.
    pub(super) fn flush(&mut self) -> Result<(), SiteFault> {
        if self.waiting == 0 && self.segment.rows() == 0 {
            return Ok(());
        }
        let data_dir = self.site.settings.data_dir.clone();
        let source = self.source.name.as_str();
        let meta = Meta { data_dir: &data_dir, run: self.run.id, seq: self.seq, source };
        let mut files: Vec<NewFile> = Vec::new();
        for (entity, waiting) in self.pending.iter_mut().enumerate() {
            if !waiting.is_empty() {
                let rows = Pseudonymous::gather(waiting.drain(..));
                files.extend(lake::write_rows(rows, &self.site.definitions.plans[entity], &meta)?);
            }
        }
        let plan = &self.site.definitions.identity;
        let segment = std::mem::replace(&mut self.segment, Segment::new(plan));
        if segment.rows() > 0 {
            files.push(segment.seal(plan, &self.site.key, &data_dir, (self.run.id, self.seq), source)?);
        }
        self.site.catalog.stage(&self.run, self.seq, &files)?;
        self.waiting = 0;
        self.next_seq()
    }

    /// Where a file lies in its inbox, keyed: its name may hold a child's.
    pub(super) fn slot(&self, path: &str) -> Digest16 {
        self.keyed.digest("slot", &[path.as_bytes()])
    }

    /// A document as it would be read: its bytes, and the connector, schemas, parameters and directory it is read with.
    pub(super) fn reading(&self, document: &Digest16, definitions: &str) -> Digest16 {
        let mut parts: Vec<&[u8]> =
            vec![document, definitions.as_bytes(), self.directory.fingerprint().as_bytes()];
        for (name, value) in &self.source.params {
            parts.extend([name.as_bytes(), value.as_bytes()]);
        }
        self.keyed.digest("reading", &parts)
    }

    /// Whether this need not be read again: it is what was last read whole from the slot, and nobody asked for
    /// everything; or the run that is being resumed read it before it was cut off.
    pub(super) fn has_read(
        &self,
        feed: &Feed,
        slot: &Digest16,
        reading: &Digest16,
    ) -> Result<bool, SiteFault> {
        if self.full {
            return Ok(false);
        }
        let (source, feed) = (self.source.name.as_str(), feed.name.as_str());
        Ok(self.site.catalog.last_document(source, feed, slot)?.as_ref() == Some(reading))
    }

    /// A document was read whole: it counts as read from the moment the run is published. `scope` is that of its
    /// snapshot, where its feed is one.
    pub(super) fn document_read(
        &mut self,
        feed: &Feed,
        slot: Digest16,
        reading: Digest16,
        scope: Option<Digest16>,
    ) {
        if !scope.is_some_and(|scope| self.doubted.contains(&scope)) {
            self.publication.documents.push((feed.name.to_string(), slot, reading));
        }
    }

    /// A slice was read whole: its cursor moves when the run is published. `scope` is that of its snapshot, where its
    /// feed is one.
    pub(super) fn advance(&mut self, tenant: &str, feed: &Feed, cursor: String, scope: Option<Digest16>) {
        if !scope.is_some_and(|scope| self.doubted.contains(&scope)) {
            self.publication.cursors.push((tenant.to_owned(), feed.name.to_string(), cursor));
        }
    }

    /// Says how far a slice has been read: `token` is what the page loop needs to go on after all records given so far
    /// (one page more is no harm), `started` when the slice was begun. Cheap: stored with the next batch.
    #[allow(dead_code, clippy::unused_self, reason = "for the page loop")]
    pub(super) fn checkpoint(&mut self, _tenant: &str, _feed: &Feed, _token: &str, _started: &str) {}

    /// Where to go on in a slice that a killed run had begun.
    #[allow(dead_code, clippy::unused_self, reason = "for the page loop")]
    pub(super) fn resumed(&self, _tenant: &str, _feed: &Feed) -> Option<Resume> {
        None
    }

    /// Whether the run that is being resumed had read this slice whole: it is not asked again.
    #[allow(dead_code, clippy::unused_self, reason = "for the page loop")]
    pub(super) fn is_done(&self, _tenant: &str, _feed: &Feed) -> bool {
        false
    }

    /// How many records the service says a slice has, where the slice was read in full.
    #[allow(dead_code, clippy::unused_self, reason = "for the page loop")]
    pub(super) fn stated_total(&mut self, _feed: &Feed, _tenant: &str, _records: u64) {}

    /// The place of a feed.
    pub(super) fn place(&self, feed: &Feed) -> Place {
        Place::feed(self.source.name, feed.name)
    }

    /// Shows progress now and then.
    pub(super) fn tick(watch: &mut dyn Watch, done: usize) {
        if done > 0 {
            watch.records(done as u64);
        }
    }
}
