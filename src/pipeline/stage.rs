use super::{Site, SiteFault, intake::Told};
use crate::{
    catalog::{Batch, Checkpoint, FileKind, NewFile, ReadDocument, Run, Said, SetAside},
    conform::Conformed,
    fault::{Count, Fault, Name, Tally, batch_rows, failpoint},
    lake::{
        self, Entry, IndexWriter, LakeFault, Meta, NO_FILE, RecordPlace, Rows, Saying, Sayings, Sorted,
        StoredRow, Table,
    },
    link::{Segment, saying_digest},
    privacy::{Digest16, Drawn, EntityPlan, IdentityPlan, Keyed, Pseudonym, Pseudonymous},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    path::PathBuf,
};

/// So many rows are kept in memory before they are written as a batch ...
const BATCH_ROWS: usize = 65_536;
/// ... or so many bytes of them, about.
const BATCH_BYTES: usize = 24 << 20;

/// A slice's token as the page loop gave it.
pub(super) struct Point {
    pub(super) token: String,
    pub(super) started: String,
    pub(super) first_seq: i64,
    pub(super) seq: i64,
    pub(super) scope: Option<Digest16>,
    pub(super) unread: u64,
}

/// A keyed digest is spread evenly already: half of it is its hash.
#[derive(Default)]
struct ByDigest(u64);

impl Hasher for ByDigest {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
    fn write_usize(&mut self, _length: usize) {}
    fn finish(&self) -> u64 {
        self.0
    }
}

/// What was read and is not yet staged.
pub(super) struct Waiting {
    /// By entity.
    rows: Vec<Table>,
    count: usize,
    bytes: usize,
    segment: Segment,
    /// Row of the segment by saying: what is said again in a batch is kept once.
    said: HashMap<Digest16, u32, BuildHasherDefault<ByDigest>>,
    sayings: Vec<Saying>,
    records: Vec<RecordPlace>,
    sketches: Vec<Sketch>,
    people: HashSet<Pseudonym, BuildHasherDefault<ByDigest>>,
    counts: Vec<(i64, String, Count)>,
    faults: Vec<(i64, Fault)>,
    pub(super) cursors: Vec<(String, String, String)>,
    pub(super) documents: Vec<ReadDocument>,
    pub(super) readings: Vec<(String, Digest16, u32)>,
    void: Vec<i64>,
    pub(super) words: Vec<Said>,
    pub(super) points: BTreeMap<(String, String), Point>,
}

impl Waiting {
    pub(super) fn new(plans: &[EntityPlan], plan: &IdentityPlan) -> Self {
        Self {
            rows: plans.iter().map(Table::new).collect(),
            count: 0,
            bytes: 0,
            segment: Segment::new(plan),
            said: HashMap::default(),
            sayings: Vec::new(),
            records: Vec::new(),
            sketches: Sketch::of(plan),
            people: HashSet::default(),
            counts: Vec::new(),
            faults: Vec::new(),
            cursors: Vec::new(),
            documents: Vec::new(),
            readings: Vec::new(),
            void: Vec::new(),
            words: Vec::new(),
            points: BTreeMap::new(),
        }
    }

    /// A record that goes on, and where it was found.
    pub(super) fn record(&mut self, place: RecordPlace) {
        self.records.push(place);
    }

    /// A row of the record.
    pub(super) fn row(
        &mut self,
        row: Pseudonymous<Drawn>,
        plan: &EntityPlan,
        (feed, scope): (Name, Option<Digest16>),
        (seq, record): (i64, u64),
        gone: bool,
    ) -> Result<(), LakeFault> {
        let drawn = row.get();
        let entity = drawn.entity;
        self.bytes += 120 + drawn.cells.len() * 12;
        self.count += 1;
        let row = row.map(|drawn| StoredRow { drawn, feed, scope, seq, tombstone: gone, record });
        self.rows[entity].push(row, plan)
    }

    /// What the record says about who somebody is.
    pub(super) fn say(
        &mut self,
        keyed: &Keyed,
        subject: &Pseudonym,
        tenant: &str,
        conformed: &Conformed,
        (seq, record): (i64, u64),
    ) {
        let Some(person) = &conformed.person else { return };
        let digest = saying_digest(keyed, subject, &conformed.identity);
        let next = self.segment.rows() as u32;
        let position = *self.said.entry(digest).or_insert(next);
        if position == next {
            self.segment.push(tenant, person, &conformed.identity, seq);
            self.bytes += 200;
            if self.people.insert(*subject) {
                for sketch in &mut self.sketches {
                    if let Some(text) = conformed.identity.veiled().get(sketch.field) {
                        sketch.add(text);
                    }
                }
            }
        }
        self.sayings.push(Saying { digest, record, position, staged: true });
    }

    /// Takes over what was counted and set aside while the document of a sequence was read.
    pub(super) fn settle(&mut self, tally: &mut Tally, seq: i64) {
        let mut tally = std::mem::take(tally);
        self.counts.extend(tally.counts().map(|(_, feed, count)| (seq, feed.to_string(), *count)));
        self.faults.extend(tally.take_faults().into_iter().map(|fault| (seq, fault)));
    }

    /// The document of a sequence does not count after all: nothing of it is told, and its rows are passed over.
    pub(super) fn void(&mut self, seq: i64) {
        self.counts.retain(|(of, ..)| *of != seq);
        self.faults.retain(|(of, _)| *of != seq);
        self.words.retain(|said| said.seq != seq);
        self.void.push(seq);
    }

    /// What was counted, and what was set aside, of a run.
    pub(super) fn told(self, run: i64) -> Told {
        let counts = self.counts.into_iter().map(|(_, feed, count)| (feed, count));
        (counts.collect(), self.faults.iter().map(|(_, fault)| SetAside::of(run, fault)).collect())
    }

    /// Whether so much waits that it should be staged.
    pub(super) fn is_due(&self) -> bool {
        let rows = batch_rows(BATCH_ROWS);
        self.count >= rows || self.bytes >= BATCH_BYTES || self.records.len() >= rows
    }

    /// Whether nothing at all waits.
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.counts.is_empty()
            && self.faults.is_empty()
            && self.cursors.is_empty()
            && self.documents.is_empty()
            && self.void.is_empty()
            && self.words.is_empty()
    }

    /// Records that wait.
    pub(super) fn records(&self) -> u64 {
        self.records.len() as u64
    }

    /// Writes everything that waits as one batch and stages it. Call it under the writer's lock.
    pub(super) fn stage(
        self,
        site: &mut Site,
        run: &Run,
        (seq, first_record): (i64, u64),
        open_document: Option<i64>,
    ) -> Result<(), SiteFault> {
        let data_dir = site.settings.data_dir.clone();
        let meta = Meta { data_dir: &data_dir, run: run.id, seq, source: &run.source };
        let collapsed = self.sketches.iter().filter(|sketch| sketch.is_collapsed());
        let plan = &site.definitions.identity;
        let mut batch = Batch {
            seq,
            records: (first_record, self.records.len() as u64),
            open_document,
            collapsed: collapsed.map(|sketch| plan.fields[sketch.field].0.to_string()).collect(),
            counts: self.counts,
            faults: self.faults,
            cursors: self.cursors,
            documents: self.documents,
            readings: self.readings,
            void: self.void,
            words: self.words,
            ..Batch::default()
        };
        for ((tenant, feed), point) in self.points {
            // Without randomness to seal it with, a token is not kept: the slice is asked again from its start.
            if let Some(token) = site.key.seal("resume token", &point.token) {
                let Point { started, first_seq, seq, scope, unread, .. } = point;
                batch.checkpoints.push(Checkpoint {
                    tenant,
                    feed,
                    token,
                    started,
                    first_seq,
                    seq,
                    scope,
                    unread,
                });
            }
        }
        failpoint("stage.begun")?;
        if !self.records.is_empty() {
            let entries = write_rows(site, self.rows, &meta, &mut batch.files)?;
            let index = write_index(&meta, &entries, self.sayings, &self.records, &batch.files)?;
            if self.segment.rows() > 0 {
                let plan = &site.definitions.identity;
                batch.files.push(self.segment.seal(
                    plan,
                    &site.key,
                    &data_dir,
                    (run.id, seq),
                    &run.source,
                )?);
            }
            batch.files.push(index);
        }
        failpoint("stage.files")?;
        site.catalog.stage(run, &batch)?;
        failpoint("stage.named")?;
        Ok(())
    }
}

/// Writes the rows entity by entity, in the order of their keys, and gives all entries in that order.
fn write_rows(
    site: &Site,
    waiting: Vec<Table>,
    meta: &Meta<'_>,
    files: &mut Vec<NewFile>,
) -> Result<Vec<Entry>, SiteFault> {
    let mut entries: Vec<Entry> = Vec::new();
    for (plan, rows) in site.definitions.plans.iter().zip(waiting) {
        if rows.is_empty() {
            continue;
        }
        let (mut own, written) = lake::write_table(rows, echoes, plan, meta)?;
        let before = files.len() as u32;
        for (entry, file) in own.iter_mut().zip(written.file_of) {
            entry.file = if file == NO_FILE { NO_FILE } else { before + file };
        }
        entries.append(&mut own);
        files.extend(written.files);
    }
    // Each entity's are in order already: what is sorted here is merged.
    entries.sort_by_key(Rows::order);
    Ok(entries)
}

/// Rows that say again, word for word, what their document said before in this batch: whatever becomes of the first, they
/// need not be stored.
fn echoes(entries: &[Entry]) -> Vec<bool> {
    let mut first: Option<&Entry> = None;
    let each = entries.iter().map(|entry| {
        let same_document = first.filter(|first| first.key == entry.key && first.seq == entry.seq);
        if let Some(first) = same_document {
            first.hash == entry.hash
        } else {
            first = Some(entry);
            false
        }
    });
    each.collect()
}

fn write_index(
    meta: &Meta<'_>,
    entries: &[Entry],
    mut sayings: Vec<Saying>,
    records: &[RecordPlace],
    files: &[NewFile],
) -> Result<NewFile, SiteFault> {
    let path = PathBuf::from("index").join(format!("{:06}-{:06}.staged", meta.run, meta.seq));
    let files = files.iter().map(|file| file.path.clone()).collect();
    let mut writer = IndexWriter::create(meta.data_dir, &path, files)?;
    for entry in entries {
        writer.row(entry)?;
    }
    sayings.sort_unstable_by_key(Sayings::order);
    for saying in &sayings {
        writer.saying(saying)?;
    }
    for record in records {
        writer.record(record)?;
    }
    Ok(writer.finish(FileKind::Stage)?)
}

/// The most frequent values of an identity field that everybody should have for themselves, counted in a space that
/// does not grow (Misra and Gries, 1982): a count is never too high, and too low by at most a seventeenth of all.
struct Sketch {
    field: usize,
    seen: u64,
    counts: HashMap<u64, u64>,
    hasher: std::hash::RandomState,
}

impl Sketch {
    const COUNTERS: usize = 16;
    /// Fewer people than this prove nothing.
    const FEWEST: u64 = 50;

    fn of(plan: &IdentityPlan) -> Vec<Self> {
        let fields = plan.fields.iter().enumerate().filter(|(_, (_, kind))| kind.is_of_one());
        fields
            .map(|(field, _)| Self {
                field,
                seen: 0,
                counts: HashMap::new(),
                hasher: std::hash::RandomState::new(),
            })
            .collect()
    }

    fn add(&mut self, text: &str) {
        use std::hash::BuildHasher;
        self.seen += 1;
        let value = self.hasher.hash_one(text);
        if let Some(count) = self.counts.get_mut(&value) {
            *count += 1;
        } else if self.counts.len() < Self::COUNTERS {
            self.counts.insert(value, 1);
        } else {
            self.counts.retain(|_, count| {
                *count -= 1;
                *count > 0
            });
        }
    }

    fn is_collapsed(&self) -> bool {
        self.seen >= Self::FEWEST && self.counts.values().any(|count| count * 2 > self.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    #[test]
    fn one_value_for_most_is_seen_among_thousands_and_twins_are_not() {
        let plan = Definitions::load(None).unwrap().identity;
        for (same, of, collapsed) in
            [(0, 4_000, false), (2, 60, false), (2_600, 4_000, true), (49, 49, false)]
        {
            let mut sketch = Sketch::of(&plan).remove(0);
            for at in 0..of {
                sketch.add(&if at % of < same { "0000".to_owned() } else { format!("own {at}") });
            }
            assert_eq!(sketch.is_collapsed(), collapsed, "{same} of {of}");
        }
    }
}
