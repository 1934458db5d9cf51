mod gate;
mod reading;

use super::{
    Site, SiteFault, Watch,
    pull::Effect,
    site::is_recent,
    stage::{Point, Waiting},
};
use crate::{
    catalog::{Checkpoint, Lock, ReadDocument, Run, Said, SetAside, Word},
    config::Source,
    conform::Conformed,
    definitions::connector::{Feed, What},
    fault::{Count, Fault, Place, Tally},
    lake::RecordPlace,
    privacy::{Digest16, Door, Keyed, Origin, PostcodeDirectory, Scratch},
};
use gate::{Gate, Passage};
use reading::{read_with, reading};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

/// So many sequence numbers are reserved at once: each document has its own, so that of two versions of a row the one
/// read last is the later.
const RESERVED: i64 = 1_000;

/// What has been read is staged at the latest after so long.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// One source's way into the lake: draws each record through the door, stages what it read in batches, and lets the
/// fold find what is new. Its memory does not grow with the source.
pub(super) struct Intake<'a> {
    pub(super) site: &'a mut Site,
    pub(super) source: &'a Source,
    pub(super) run: Run,
    /// What was counted and set aside and is not yet with the batch.
    pub(super) tally: Tally,
    keyed: Keyed,
    scratch: Scratch,
    directory: &'a PostcodeDirectory,
    /// No other process pulls this source. The kernel lets go of it.
    lease: Lock,
    full: bool,
    /// Nothing is written: what is read is looked at and forgotten.
    looks: bool,
    waiting: Waiting,
    gate: Gate,
    /// The sequence of the document that is being read; the last one given; the last one reserved.
    seq: i64,
    given: i64,
    reserved: i64,
    /// The number of the next record of the run, and of the batch's first.
    next_record: u64,
    first_record: u64,
    staged_at: Instant,
    /// Records of this document, and the scope of the last.
    in_document: u64,
    scope: Option<Digest16>,
    /// Rows set aside in this document that could be any row its scope held before.
    pub(super) unread: u64,
    /// What the killed run had read, if this one takes it up.
    resumed: bool,
    done: HashSet<(String, String)>,
    points: HashMap<(String, String), Checkpoint>,
    going_on: Option<Checkpoint>,
    /// Files that lay in the inbox, read or known already.
    met: RefCell<Met>,
    /// Whether one of them is as it was when it was read whole.
    stands: Cell<bool>,
}

/// Counts by feed, and what was set aside.
pub(super) type Told = (Vec<(String, Count)>, Vec<SetAside>);

/// Files by feed and keyed place.
pub(super) type Met = HashSet<(String, Digest16)>;

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
    /// Opens a source's way in. `full` asks for everything again, whatever was read before; `effect` says what becomes of it. A run that was cut off less
    /// than a day ago and read with the same definitions is taken up where it was.
    pub(super) fn open(
        site: &'a mut Site,
        source: &'a Source,
        directory: &'a PostcodeDirectory,
        (full, effect): (bool, Effect),
    ) -> Result<Self, SiteFault> {
        let name = source.name.as_str();
        let lease = Lock::of_source(&site.settings.data_dir, name)?;
        let keyed = site.key.keyed();
        let gate = Gate::open(site)?;
        let read_with = read_with(site, source, directory, (&keyed, &gate.state()));
        let whole = full || !site.catalog.has_published(name)?;
        let lock = site.lock("pull")?;
        let stamp = site.stamp();
        let mut taken_up = None;
        // What is only tried leaves a run that was cut off to the next pull.
        let cut_off = match effect {
            Effect::Publish => site.catalog.pending_runs("running", Some(name))?,
            Effect::Weigh | Effect::Look => Vec::new(),
        };
        for old in cut_off {
            let fits = old.batches > 0 && old.read_with == read_with && old.whole == whole;
            if taken_up.is_none() && fits && is_recent(&old.started_at, &stamp) {
                taken_up = Some(Run { id: old.id, source: old.source });
            } else {
                site.catalog.abandon(old.id, &stamp)?;
            }
        }
        let resumed = taken_up.is_some();
        let (run, next_record) = match taken_up {
            Some(run) => {
                let next = site.catalog.resume(&run)?;
                (run, next)
            }
            None => (site.catalog.begin_pull("pull", name, (whole, &read_with), &stamp)?, 0),
        };
        let reserved = site.catalog.reserve_seqs(RESERVED)?;
        drop(lock);
        let (mut done, mut points) = (HashSet::new(), HashMap::new());
        if resumed {
            done.extend(site.catalog.staged_slices(&run)?);
            let all = site.catalog.checkpoints(&run)?.into_iter();
            points.extend(all.map(|point| ((point.tenant.clone(), point.feed.clone()), point)));
        }
        let seq = reserved - RESERVED + 1;
        let waiting = Waiting::new(&site.definitions.plans, &site.definitions.identity);
        Ok(Self {
            site,
            source,
            run,
            tally: Tally::default(),
            keyed,
            scratch: Scratch::default(),
            directory,
            lease,
            full,
            looks: effect == Effect::Look,
            waiting,
            gate,
            seq,
            given: seq,
            reserved,
            next_record,
            first_record: next_record,
            staged_at: Instant::now(),
            in_document: 0,
            scope: None,
            unread: 0,
            resumed,
            met: RefCell::default(),
            stands: Cell::new(false),
            done,
            points,
            going_on: None,
        })
    }

    /// Keyed digest of a document's bytes.
    pub(super) fn document_digest(&self, bytes: &[u8]) -> Digest16 {
        self.keyed.trail("document", &[bytes])
    }

    /// Keyed digest of a page's records. A page is long, and is read once: it is named quickly first.
    pub(super) fn page_digest(&self, canonical: &[u8]) -> Digest16 {
        self.keyed.page(canonical)
    }

    /// Keyed name of a snapshot's scope.
    pub(super) fn scope(&self, feed: &Feed, parts: &[&str]) -> Digest16 {
        let mut all: Vec<&[u8]> = vec![self.source.name.as_str().as_bytes(), feed.keyed_name().as_bytes()];
        all.extend(parts.iter().map(|part| part.as_bytes()));
        self.keyed.trail("scope", &all)
    }

    /// A new document begins: duplicate keys are told within one document.
    pub(super) fn begin_document(&mut self) -> Result<(), SiteFault> {
        self.waiting.settle(&mut self.tally, self.seq);
        self.seq = self.next_seq()?;
        self.in_document = 0;
        self.scope = None;
        self.unread = 0;
        Ok(())
    }

    /// The sequence of the document that was begun last.
    pub(super) const fn document(&self) -> i64 {
        self.seq
    }

    /// The document that was begun last does not count: what it gave is dropped, and it is read again.
    pub(super) fn void_document(&mut self) {
        self.tally = Tally::default();
        self.waiting.void(self.seq);
    }

    fn next_seq(&mut self) -> Result<i64, SiteFault> {
        self.given += 1;
        if self.given > self.reserved {
            self.reserved = self.site.catalog.reserve_seqs(RESERVED)?;
            self.given = self.reserved - RESERVED + 1;
        }
        Ok(self.given)
    }

    /// Takes one record in, or says why it is set aside. Whether it says anything new the fold will find.
    pub(super) fn record(
        &mut self,
        conformed: Result<Conformed, Fault>,
        cell_faults: Vec<Fault>,
        belonging: &Belonging<'_>,
    ) -> Result<(), SiteFault> {
        if conformed.as_ref().is_ok_and(|conformed| conformed.passed_over) {
            // The service counts it among its records all the same.
            self.in_document += 1;
            return Ok(());
        }
        let count = self.tally.count(belonging.place);
        count.read += 1;
        self.in_document += 1;
        self.scope = belonging.scope;
        let whose = (self.source.name.as_str(), belonging.tenant);
        let ask = |conformed| self.gate.passage(&self.keyed, whose, conformed);
        let passage = conformed.as_ref().map_or(Passage::Free, ask);
        match conformed {
            // Not even what was wrong with it is said: a place would point at the person.
            Ok(_) if passage == Passage::Withheld => {
                count.withheld += 1;
                return Ok(());
            }
            Ok(conformed) => {
                self.unread += u64::from(conformed.items_lost);
                self.take(conformed, belonging, passage == Passage::Placeless)?;
            }
            Err(fault) => {
                count.set_aside += 1;
                self.unread += 1;
                self.tally.note(fault);
            }
        }
        for fault in cell_faults {
            self.tally.note(fault);
        }
        let waited = self.in_document.is_multiple_of(1_024) && self.staged_at.elapsed() > LONGEST_WAIT;
        if (self.waiting.is_due() || waited) && !self.looks {
            self.flush(Some(self.seq))?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        conformed: Conformed,
        belonging: &Belonging<'_>,
        placeless: bool,
    ) -> Result<(), SiteFault> {
        let Place { document, part, row, .. } = belonging.place;
        let at = (self.seq, self.next_record);
        self.next_record += 1;
        let feed = belonging.feed.name;
        self.waiting.record(RecordPlace { feed, document, part, row, seq: self.seq });
        let door = Door::new(&self.keyed, self.source.name.as_str(), self.directory).placeless(placeless);
        let subject = conformed.person.as_ref().map(|person| door.subject(belonging.tenant, person));
        // Who is gone is not remembered for it.
        if let Some(subject) = subject.as_ref().filter(|_| !conformed.gone) {
            self.waiting.say(&self.keyed, subject, belonging.tenant, &conformed, at);
        }
        // A keyed row is the same whatever read it; its scope only says which full list would lack it.
        let names_rows = belonging.scope.filter(|_| belonging.feed.snapshot.is_some());
        let gone = conformed.gone
            && belonging.feed.deleted.as_ref().is_some_and(|deleted| deleted.what == What::Rows);
        for row in conformed.rows {
            let plan = &self.site.definitions.plans[row.veiled().entity];
            let drawn =
                door.draw(row, plan, subject, &conformed.identity, names_rows.as_ref(), &mut self.scratch);
            self.waiting.row(drawn, plan, (feed, belonging.scope), at, gone)?;
        }
        Ok(())
    }

    /// Ends a snapshot that was read whole: what its scope held before and it lacks is gone. Where rows of it could not
    /// be read, nothing is: any of them could be a row that the scope held.
    pub(super) fn end_snapshot(&mut self, feed: &Feed, scope: Digest16, origin: Origin, place: Place) {
        let before = self.going_on.as_ref();
        if self.unread > 0 || before.is_some_and(|point| point.unread > 0) {
            return;
        }
        let before = before.filter(|point| point.scope == Some(scope));
        let first_seq = before.map_or(self.seq, |point| point.first_seq);
        self.say(Word::Snapshot, scope, (first_seq, self.seq), feed, (origin, place.document), (0, 0));
    }

    /// A person that the source deleted: every row about them is gone.
    pub(super) fn delete_person(&mut self, feed: &Feed, tenant: &str, person: &str, origin: Origin) {
        if self.gate.knows(self.source.name.as_str(), tenant, person) {
            return;
        }
        let subject = self.keyed.subject(self.source.name.as_str(), tenant, person);
        self.say(Word::Deletion, subject, (self.seq, self.seq), feed, (origin, 0), (0, 0));
    }

    /// How many records the service says that the slice of this document has, once it was read in full: fewer distinct
    /// ones hold the run.
    pub(super) fn stated_total(&mut self, feed: &Feed, _tenant: &str, records: u64) {
        // A resumed slice was read in two parts that overlap: it cannot be counted.
        if self.going_on.is_none() {
            let origin = Origin { document: [0; 16], part: 0, row: 0 };
            let counted = (self.in_document, records);
            self.say(Word::Total, [0; 16], (self.seq, self.seq), feed, (origin, 0), counted);
        }
    }

    fn say(
        &mut self,
        word: Word,
        about: Digest16,
        (first_seq, seq): (i64, i64),
        feed: &Feed,
        (origin, place): (Origin, u32),
        (records, stated): (u64, u64),
    ) {
        let feed = feed.name.to_string();
        self.waiting.words.push(Said { word, about, first_seq, seq, feed, origin, place, records, stated });
    }

    /// Stages what waits. `open` is the document that is not at its end.
    fn flush(&mut self, open: Option<i64>) -> Result<(), SiteFault> {
        self.waiting.settle(&mut self.tally, self.seq);
        if self.waiting.is_empty() {
            return Ok(());
        }
        let seq = self.next_seq()?;
        let fresh = Waiting::new(&self.site.definitions.plans, &self.site.definitions.identity);
        let waiting = std::mem::replace(&mut self.waiting, fresh);
        let first = self.first_record;
        self.first_record += waiting.records();
        let _lock = self.site.lock("pull")?;
        waiting.stage(self.site, &self.run, (seq, first), open)?;
        self.staged_at = Instant::now();
        Ok(())
    }

    /// Ends without having written anything: what was counted, and what was set aside.
    pub(super) fn glance(mut self) -> Result<Told, SiteFault> {
        self.waiting.settle(&mut self.tally, self.seq);
        self.site.catalog.forget_run(self.run.id)?;
        Ok(self.waiting.told(self.run.id))
    }

    /// Stages all that is left, and gives the site back with the run that is now to be folded. The lease goes with it.
    pub(super) fn close(mut self) -> Result<(&'a mut Site, Run, Lock, Met), SiteFault> {
        self.flush(None)?;
        if !self.looks {
            let _lock = self.site.lock("pull")?;
            self.gate.close(self.site, self.source.name.as_str())?;
        }
        Ok((self.site, self.run, self.lease, self.met.into_inner()))
    }

    /// Tenants and feeds that this run has read whole so far.
    pub(super) fn slices_read(&mut self) -> Result<Vec<(String, String)>, SiteFault> {
        self.flush(None)?;
        Ok(self.site.catalog.staged_slices(&self.run)?)
    }

    /// Takes back that a scope was read to its end, after everything about it was staged.
    pub(super) fn unsay_snapshot(&mut self, scope: &Digest16) -> Result<(), SiteFault> {
        Ok(self.site.catalog.unsay_snapshot(&self.run, scope)?)
    }

    /// Whether files are read from another folder than the source's own inbox.
    pub(super) fn reads_the_past(&self) -> bool {
        let own = self.site.settings.sources.iter().find(|source| source.name == self.source.name);
        own.is_some_and(|own| own.inbox != self.source.inbox)
    }

    /// Where a file lies in its inbox, keyed: its name may hold a child's.
    pub(super) fn slot(&self, path: &str) -> Digest16 {
        self.keyed.trail("slot", &[path.as_bytes()])
    }

    /// A document as it would be read: its bytes' own digest, and the connector, schemas, parameters and directory it is
    /// read with.
    pub(super) fn reading(&self, sha256: &[u8; 32], definitions: &str) -> Digest16 {
        reading(&self.keyed, sha256, definitions, self.source, self.directory)
    }

    /// Whether this need not be read again: it is what was last read whole from the slot, and nobody asked for
    /// everything; or the run that is being resumed read it before it was cut off.
    pub(super) fn has_read(
        &self,
        feed: &Feed,
        slot: &Digest16,
        reading: &Digest16,
    ) -> Result<bool, SiteFault> {
        let (source, feed) = (self.source.name.as_str(), feed.name.as_str());
        self.met.borrow_mut().insert((feed.to_owned(), *slot));
        let catalog = &self.site.catalog;
        if self.resumed && catalog.staged_document(&self.run, feed, slot)?.as_ref() == Some(reading) {
            return Ok(true);
        }
        let is_known = !self.full && catalog.last_document(source, feed, slot)?.as_ref() == Some(reading);
        self.stands.set(self.stands.get() || is_known);
        Ok(is_known)
    }

    /// What a published run found at a place, and the sequence at which that was first read.
    pub(super) fn first_read(
        &self,
        feed: &Feed,
        slot: &Digest16,
    ) -> Result<Option<(Option<Digest16>, i64)>, SiteFault> {
        Ok(self.site.catalog.first_read(self.source.name.as_str(), feed.name.as_str(), slot)?)
    }

    /// A document was read whole: it counts as read from the moment the run is published.
    pub(super) fn document_read(
        &mut self,
        feed: &Feed,
        (slot, reading, content): (Digest16, Digest16, Digest16),
    ) {
        let (feed, seq) = (feed.name.to_string(), self.seq);
        self.waiting.documents.push(ReadDocument { feed, slot, reading, content, seq });
    }

    /// A slice was read whole: its cursor moves when the run is published.
    pub(super) fn advance(&mut self, tenant: &str, feed: &Feed, cursor: String, _scope: Option<Digest16>) {
        self.waiting.points.remove(&(tenant.to_owned(), feed.name.to_string()));
        self.waiting.cursors.push((tenant.to_owned(), feed.name.to_string(), cursor));
        self.going_on = None;
    }

    /// Says how far a slice has been read: `token` is what the page loop needs to go on after all records given so far
    /// (one page more is no harm), `started` when the slice was begun. Cheap: stored with the next batch.
    pub(super) fn checkpoint(&mut self, tenant: &str, feed: &Feed, token: &str, started: &str) {
        let before = self.going_on.as_ref();
        let point = Point {
            token: token.to_owned(),
            started: started.to_owned(),
            first_seq: before.map_or(self.seq, |point| point.first_seq),
            seq: self.seq,
            scope: self.scope.or(before.and_then(|point| point.scope)),
            unread: self.unread + before.map_or(0, |point| point.unread),
        };
        self.waiting.points.insert((tenant.to_owned(), feed.name.to_string()), point);
    }

    /// Where to go on in a slice that a killed run had begun. Asked before the slice's document begins.
    pub(super) fn resumed(&mut self, tenant: &str, feed: &Feed) -> Option<Resume> {
        self.going_on = None;
        let point = self.points.remove(&(tenant.to_owned(), feed.name.to_string()))?;
        let token = self.site.key.unseal("resume token", &point.token)?;
        let started = point.started.clone();
        self.going_on = Some(point);
        Some(Resume { token, started })
    }

    /// Whether the run that is being resumed had read this slice whole: it is not asked again.
    pub(super) fn is_done(&self, tenant: &str, feed: &Feed) -> bool {
        self.done.contains(&(tenant.to_owned(), feed.name.to_string()))
    }

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
