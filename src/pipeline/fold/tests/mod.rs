//! The fold against a table in memory that does the same one record at a time, over random runs that are cut off, held,
//! approved and discarded.
mod gone;
mod naming;
mod runs;

use super::{Folded, fold};
use crate::{
    catalog::FileKind,
    config::{self, Source},
    conform::Conformed,
    definitions::connector::Feed,
    pipeline::{
        Site, Verdict, approve, discard,
        intake::{Belonging, Intake},
    },
    privacy::{Cell, Identified, Identity, Key, Origin, PersonKey, PostcodeDirectory, Row},
};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Decimal128Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::Path,
};

/// A person, what they are called, and their rows: (day, hours).
pub(in crate::pipeline) type Record = (u8, u8, Vec<(u8, u8)>);

#[derive(Clone, Debug)]
struct Document {
    /// Of a snapshot.
    scope: Option<u8>,
    records: Vec<Record>,
    /// People deleted after the rows.
    deleted: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Pull {
    documents: Vec<Document>,
    /// After so many records the process dies, once each.
    cuts: Vec<usize>,
    /// What a person says to a held run.
    approves: bool,
}

/// What the lake should hold.
#[derive(Clone, Default)]
struct Oracle {
    /// Versions by scope, person and day; none is gone.
    rows: BTreeMap<(Option<u8>, u8, u8), Vec<Option<u8>>>,
    said: BTreeSet<(u8, u8)>,
}

impl Oracle {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "keys come out of maps")]
    fn stands(&self, key: &(Option<u8>, u8, u8)) -> Option<u8> {
        self.rows.get(key).and_then(|versions| *versions.last()?)
    }

    /// Reads a document. Returns (accepted, unchanged, set aside, gone).
    fn read(&mut self, document: &Document) -> [u64; 4] {
        let mut counts = [0; 4];
        let mut seen: BTreeSet<(Option<u8>, u8, u8)> = BTreeSet::new();
        for (person, name, rows) in &document.records {
            let (mut first, mut new) = (rows.is_empty(), false);
            let mut fresh = Vec::new();
            for (day, hours) in rows {
                let key = (document.scope, *person, *day);
                if seen.insert(key) {
                    first = true;
                    fresh.push((key, *hours));
                }
            }
            if !first {
                counts[2] += 1;
                continue;
            }
            new |= self.said.insert((*person, *name));
            for (key, hours) in fresh {
                if self.stands(&key) != Some(hours) {
                    self.rows.entry(key).or_default().push(Some(hours));
                    new = true;
                }
            }
            counts[usize::from(!new)] += 1;
        }
        let people = &document.deleted;
        for (key, versions) in &mut self.rows {
            let lacks = document.scope.is_some() && key.0 == document.scope && !seen.contains(key);
            if versions.last().is_some_and(Option::is_some) && (lacks || people.contains(&key.1)) {
                versions.push(None);
                counts[3] += 1;
            }
        }
        counts
    }

    fn versions(&self) -> Vec<(u8, Vec<Option<u8>>)> {
        let mut versions: Vec<_> =
            self.rows.iter().map(|((_, _, day), versions)| (*day, versions.clone())).collect();
        versions.sort();
        versions
    }
}

pub(in crate::pipeline) struct Desk {
    dir: tempfile::TempDir,
    pub(in crate::pipeline) site: Site,
    pub(in crate::pipeline) source: Source,
    pub(in crate::pipeline) feed: Feed,
}

const CONFIGURATION: &str = r#"
data_dir = "data"
key_file = "key"
home_authority = "998"
as_of = "2026-03-31"
[demo]
estate = "estate"
seed = 9
learners = 300
[sources.school]
connector = "nccis"
inbox = "estate/inbox"
agreement = "Test"
controller = "Test"
bases = ["Article 6(1)(e)"]
expires = "2099-12-31"
purposes = ["research"]
"#;

impl Desk {
    /// With batches so small that a few records make many.
    pub(in crate::pipeline) fn new() -> Self {
        crate::fault::small_batches(5);
        Self::with_usual_batches()
    }

    fn with_usual_batches() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("throughline.toml"), CONFIGURATION).unwrap();
        let key = dir.path().join("key");
        fs::write(&key, &*Key::for_demo(9).to_bytes()).unwrap();
        close(&key);
        let site = open(dir.path());
        let source = site.settings.sources[0].clone();
        let feed = site.definitions.connectors["nccis"].feeds[0].clone();
        Self { dir, site, source, feed }
    }

    /// Reads as the stages before do, dies where it should, and folds.
    fn pull(&mut self, pull: &Pull) -> Folded {
        let directory = PostcodeDirectory::default();
        let mut cuts = pull.cuts.iter();
        loop {
            let left = cuts.next().copied();
            let mut intake = Intake::open(
                &mut self.site,
                &self.source,
                &directory,
                (false, crate::pipeline::Effect::Publish),
            )
            .unwrap();
            if read(&mut intake, &self.feed, &pull.documents, left) {
                let (site, run, _lease, _) = intake.close().unwrap();
                return fold(site, &run, None).unwrap();
            }
            drop(intake);
            // Another process, another verb: it clears away what nobody can take up, and nothing else.
            self.site = Site::open_to_write(self.site.settings.clone(), "link").unwrap();
        }
    }

    #[expect(clippy::type_complexity, reason = "versions of a key as they lie")]
    fn versions(&self) -> Vec<(u8, Vec<Option<u8>>)> {
        let mut by_key: BTreeMap<Vec<u8>, Vec<(i64, i32, Option<i128>)>> = BTreeMap::new();
        for file in self.site.catalog.lake_files().unwrap() {
            let file = File::open(self.site.settings.data_dir.join(file.path)).unwrap();
            for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
                let batch = batch.unwrap();
                let keys = batch.column_by_name("row_key").unwrap().as_fixed_size_binary();
                let seqs = batch.column_by_name("commit_seq").unwrap().as_primitive::<Int64Type>();
                let days = batch.column_by_name("starts_on").unwrap().as_primitive::<Date32Type>();
                let hours = batch.column_by_name("hours_per_week").unwrap().as_primitive::<Decimal128Type>();
                let gone = batch.column_by_name("tombstone").unwrap().as_boolean();
                for at in 0..batch.num_rows() {
                    assert_eq!(gone.value(at), hours.is_null(at));
                    let said = (!gone.value(at)).then(|| hours.value(at));
                    let version = (seqs.value(at), days.value(at), said);
                    by_key.entry(keys.value(at).to_vec()).or_default().push(version);
                }
            }
        }
        let mut all: Vec<_> = by_key
            .into_values()
            .map(|mut versions| {
                versions.sort_by_key(|(seq, _, _)| *seq);
                let day = versions[0].1 as u8;
                (day, versions.iter().map(|(_, _, hours)| hours.map(|hours| hours as u8)).collect())
            })
            .collect();
        all.sort();
        all
    }

    fn sayings(&self) -> usize {
        let files = self.site.catalog.files().unwrap().into_iter();
        files.filter(|file| file.kind == FileKind::Register).map(|file| file.rows as usize).sum()
    }

    /// That the folder holds what the catalog names and nothing else.
    pub(in crate::pipeline) fn is_tidy(&self) {
        let named: BTreeSet<_> = self.site.catalog.named_files().unwrap().into_iter().collect();
        let mut found = BTreeSet::new();
        for folder in ["lake", "identity", "index"] {
            walk(&self.site.settings.data_dir, &self.site.settings.data_dir.join(folder), &mut found);
        }
        assert_eq!(found, named);
        assert!(self.dir.path().exists());
    }
}

fn open(dir: &Path) -> Site {
    let settings = config::load(&dir.join("throughline.toml"), &[]).unwrap();
    Site::open_to_write(settings, "pull").unwrap()
}

fn close(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeSet<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, found);
        } else {
            found.insert(path.strip_prefix(root).unwrap().to_owned());
        }
    }
}

/// Reads the documents that were not read before. False where the process dies on the way.
fn read(intake: &mut Intake<'_>, feed: &Feed, documents: &[Document], mut left: Option<usize>) -> bool {
    for (number, document) in documents.iter().enumerate() {
        let digest = intake.document_digest(format!("{document:?}").as_bytes());
        let slot = intake.slot(&format!("{number} {document:?}"));
        if intake.has_read(feed, &slot, &digest).unwrap() {
            continue;
        }
        let scope = document.scope.map(|scope| intake.scope(feed, &[&scope.to_string()]));
        intake.begin_document().unwrap();
        let origin = Origin { document: digest, part: 1, row: 1 };
        let place = intake.place(feed);
        for record in &document.records {
            if left == Some(0) {
                return false;
            }
            left = left.map(|left| left - 1);
            let conformed = conformed(intake, record, origin);
            intake.record(Ok(conformed), vec![], &Belonging { feed, tenant: "", place, scope }).unwrap();
        }
        if let Some(scope) = scope {
            intake.end_snapshot(feed, scope, origin, place);
        }
        if !document.deleted.is_empty() {
            intake.begin_document().unwrap();
            for person in &document.deleted {
                intake.delete_person(feed, "", &person.to_string(), origin);
            }
        }
        intake.document_read(feed, (slot, digest, digest));
    }
    true
}

pub(in crate::pipeline) fn conformed(
    intake: &Intake<'_>,
    (person, name, rows): &Record,
    origin: Origin,
) -> Conformed {
    let definitions = &intake.site.definitions;
    let entity = definitions.entity("placement").unwrap();
    let plan = &definitions.plans[entity];
    let at = |name: &str| plan.columns.iter().position(|column| column.name.as_str() == name).unwrap();
    let mut identity = vec![None; definitions.identity.fields.len()];
    identity[definitions.identity.position("surname").unwrap()] = Some(format!("Name{name}"));
    let row = |(day, hours): &(u8, u8)| {
        let mut cells = vec![Cell::Null; plan.columns.len()];
        cells[at("starts_on")] = Cell::Date(i32::from(*day));
        cells[at("hours_per_week")] = Cell::Decimal(i64::from(*hours));
        Identified::new(Row { entity, cells, origin })
    };
    Conformed {
        person: Some(Identified::new(PersonKey(person.to_string()))),
        identity: Identified::new(Identity(identity)),
        rows: rows.iter().map(row).collect(),
        gone: false,
        items_lost: 0,
        passed_over: false,
    }
}

/// Makes the same pulls of the lake and of the oracle, and compares after each.
fn compare(pulls: &[Pull]) {
    let mut desk = Desk::new();
    let mut oracle = Oracle::default();
    for (number, pull) in pulls.iter().enumerate() {
        let mut after = oracle.clone();
        let mut counts = [0; 4];
        for (at, document) in pull.documents.iter().enumerate() {
            if desk.knows(at, document) {
                continue;
            }
            let read = after.read(document);
            counts.iter_mut().zip(read).for_each(|(sum, more)| *sum += more);
        }
        let folded = desk.pull(pull);
        let total = folded.total();
        assert!(total.balances(), "pull {number}: {total:?}");
        assert_eq!([total.accepted, total.unchanged, total.set_aside, total.gone], counts, "pull {number}");
        if folded.held {
            assert_eq!(desk.versions(), oracle.versions(), "nothing of a held run is seen");
            let held = desk.site.catalog.pending_runs("held", None).unwrap().pop().unwrap().id;
            let verdict = if pull.approves {
                approve(&mut desk.site, held, "a person", "looked").unwrap()
            } else {
                discard(&mut desk.site, held, "a person", "looked").unwrap()
            };
            assert_eq!(verdict == Verdict::Discarded, !pull.approves);
        }
        if !folded.held || pull.approves {
            oracle = after;
        }
        assert_eq!(desk.versions(), oracle.versions(), "pull {number}");
        assert_eq!(desk.sayings(), oracle.said.len(), "pull {number}");
        desk.is_tidy();
    }
}

impl Desk {
    /// Whether a published run has read the document from its place.
    fn knows(&self, number: usize, document: &Document) -> bool {
        let keyed = self.site.key.keyed();
        let digest = keyed.digest("document", &[format!("{document:?}").as_bytes()]);
        let slot = keyed.digest("slot", &[format!("{number} {document:?}").as_bytes()]);
        let catalog = &self.site.catalog;
        let feed = self.feed.name.as_str();
        catalog.last_document(self.source.name.as_str(), feed, &slot).unwrap() == Some(digest)
    }
}

fn document() -> impl Strategy<Value = Document> {
    let record = (0_u8..6, 0_u8..3, prop::collection::vec((0_u8..3, 0_u8..3), 0..3));
    (prop::option::of(0_u8..2), prop::collection::vec(record, 0..12), prop::collection::vec(0_u8..6, 0..2))
        .prop_map(|(scope, records, deleted)| {
            // A deletion stands in a document of its own, after the rows.
            let deleted = if scope.is_some() { Vec::new() } else { deleted };
            Document { scope, records, deleted }
        })
}

fn pull() -> impl Strategy<Value = Pull> {
    let cuts = prop::collection::vec(0_usize..30, 0..3);
    (prop::collection::vec(document(), 1..4), cuts, any::<bool>())
        .prop_map(|(documents, cuts, approves)| Pull { documents, cuts, approves })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn the_lake_is_what_a_table_in_memory_would_have_made_of_it(pulls in prop::collection::vec(pull(), 1..4)) {
        compare(&pulls);
    }
}

fn cases() -> u32 {
    std::env::var("THROUGHLINE_DEEP").map_or(6, |_| 400)
}

#[test]
fn many_runs_become_one_index_and_an_old_row_is_still_known() {
    let mut desk = Desk::new();
    let mut oracle = Oracle::default();
    for day in 0..12 {
        let document = Document { scope: None, records: vec![(1, 0, vec![(day, 7)])], deleted: vec![] };
        oracle.read(&document);
        let folded = desk.pull(&Pull { documents: vec![document], cuts: vec![], approves: true });
        assert_eq!(folded.total().accepted, 1);
    }
    assert!(desk.site.catalog.index_files("school").unwrap().len() <= super::MOST_INDEXES);
    let again = Document { scope: None, records: vec![(1, 0, vec![(0, 7), (3, 7)])], deleted: vec![] };
    let folded = desk.pull(&Pull { documents: vec![again], cuts: vec![], approves: true });
    assert_eq!((folded.total().accepted, folded.total().unchanged), (0, 1));
    assert_eq!(desk.versions(), oracle.versions());
    desk.is_tidy();
}
