//! The fold against a table in memory that does the same one record at a time, over random runs that are cut off, held,
//! approved and discarded.
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
type Record = (u8, u8, Vec<(u8, u8)>);

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
    fn stands(&self, key: &(Option<u8>, u8, u8)) -> Option<u8> {
        self.rows.get(key).and_then(|versions| *versions.last()?)
    }

    /// Reads a document. Returns (accepted, unchanged, set aside).
    fn read(&mut self, document: &Document) -> [u64; 3] {
        let mut counts = [0; 3];
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

struct Desk {
    dir: tempfile::TempDir,
    site: Site,
    source: Source,
    feed: Feed,
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
    fn new() -> Self {
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
            let mut intake = Intake::open(&mut self.site, &self.source, &directory, false).unwrap();
            if read(&mut intake, &self.feed, &pull.documents, left) {
                let (site, run, _lease) = intake.close().unwrap();
                return fold(site, &run, None).unwrap();
            }
            drop(intake);
            // Another process, another verb: it clears away what nobody can take up, and nothing else.
            self.site = Site::open_to_write(self.site.settings.clone(), "link").unwrap();
        }
    }

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
    fn is_tidy(&self) {
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
        intake.document_read(feed, slot, digest, scope);
    }
    true
}

fn conformed(intake: &Intake<'_>, (person, name, rows): &Record, origin: Origin) -> Conformed {
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
    }
}

/// Makes the same pulls of the lake and of the oracle, and compares after each.
fn compare(pulls: &[Pull]) {
    let mut desk = Desk::new();
    let mut oracle = Oracle::default();
    for (number, pull) in pulls.iter().enumerate() {
        let mut after = oracle.clone();
        let mut counts = [0; 3];
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
        assert_eq!([total.accepted, total.unchanged, total.set_aside], counts, "pull {number}");
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

/// A slice of a service that is cut off after its second page and goes on from there, one page again.
#[test]
fn a_slice_goes_on_where_it_was_cut_off() {
    let mut desk = Desk::new();
    let directory = PostcodeDirectory::default();
    let page = |number: u8| -> Vec<Record> { (0..4).map(|at| (number * 4 + at, 0, vec![(1, 7)])).collect() };
    let feed = desk.feed.clone();
    let give = |intake: &mut Intake<'_>, number: u8| {
        let scope = Some(intake.scope(&feed, &["7"]));
        let origin = Origin { document: intake.document_digest(&[number]), part: 1, row: 1 };
        let place = intake.place(&feed);
        for record in page(number) {
            let conformed = conformed(intake, &record, origin);
            intake
                .record(Ok(conformed), vec![], &Belonging { feed: &feed, tenant: "7", place, scope })
                .unwrap();
        }
        intake.checkpoint("7", &feed, &format!("page {}", number + 1), "2026-03-31T02:00:00Z");
        (scope.unwrap(), origin, place)
    };
    let mut intake = Intake::open(&mut desk.site, &desk.source, &directory, false).unwrap();
    assert_eq!((intake.resumed("7", &feed), intake.is_done("7", &feed)), (None, false));
    intake.begin_document().unwrap();
    give(&mut intake, 0);
    give(&mut intake, 1);
    give(&mut intake, 2);
    drop(intake);

    let mut intake = Intake::open(&mut desk.site, &desk.source, &directory, false).unwrap();
    let resume = intake.resumed("7", &feed).unwrap();
    // The batch was staged in the middle of the third page; what came after its checkpoint is asked for again.
    assert_eq!((resume.token.as_str(), resume.started.as_str()), ("page 2", "2026-03-31T02:00:00Z"));
    intake.begin_document().unwrap();
    give(&mut intake, 2);
    let (scope, origin, place) = give(&mut intake, 3);
    intake.end_snapshot(&feed, scope, origin, place);
    intake.stated_total(&feed, "7", 16);
    intake.advance("7", &feed, resume.started, Some(scope));
    // Cut off once more, when the slice was read whole: it is not asked again.
    intake.begin_document().unwrap();
    for number in 20..22 {
        give(&mut intake, number);
    }
    drop(intake);
    let mut intake = Intake::open(&mut desk.site, &desk.source, &directory, false).unwrap();
    assert!(intake.is_done("7", &feed));
    assert!(intake.resumed("7", &feed).is_some(), "the slice begun after it");
    let (site, run, lease) = intake.close().unwrap();
    let folded = fold(site, &run, None).unwrap();
    drop(lease);
    assert!(!folded.held);
    assert_eq!(folded.total().set_aside, 0, "a page read again is no duplicate");
    let standing =
        desk.versions().into_iter().filter(|(_, versions)| versions.last() == Some(&Some(7))).count();
    assert!(standing >= 16, "{standing}");
    assert_eq!(
        desk.site.catalog.cursor("school", "7", feed.name.as_str()).unwrap().as_deref(),
        Some("2026-03-31T02:00:00Z")
    );
}

/// Pulls one document of people with one row each, and says what the guards found.
fn guarded(
    desk: &mut Desk,
    people: std::ops::Range<u32>,
    more: impl Fn(&mut Intake<'_>, &Feed),
) -> Vec<String> {
    let directory = PostcodeDirectory::default();
    let feed = desk.feed.clone();
    let mut intake = Intake::open(&mut desk.site, &desk.source, &directory, false).unwrap();
    intake.begin_document().unwrap();
    let origin = Origin { document: [1; 16], part: 1, row: 1 };
    let place = intake.place(&feed);
    for person in people {
        let mut conformed = conformed(&intake, &(0, 0, vec![(1, 7)]), origin);
        conformed.person = Some(Identified::new(PersonKey(format!("P{person}"))));
        intake
            .record(Ok(conformed), vec![], &Belonging { feed: &feed, tenant: "", place, scope: None })
            .unwrap();
    }
    more(&mut intake, &feed);
    let (site, run, _lease) = intake.close().unwrap();
    let folded = fold(site, &run, None).unwrap();
    let faults = site.catalog.run_detail(run.id).unwrap().unwrap().faults;
    let guards: Vec<_> = faults
        .into_iter()
        .filter(|fault| fault.consequence == "run_held")
        .map(|fault| fault.problem)
        .collect();
    assert_eq!(folded.held, !guards.is_empty());
    guards
}

#[test]
fn what_looks_wrong_is_held_and_what_is_merely_large_is_not() {
    use crate::fault::{Fault, Problem};
    let mut desk = Desk::new();
    let none: [&str; 0] = [];
    assert_eq!(guarded(&mut desk, 0..600, |intake, feed| intake.stated_total(feed, "", 601)), none);
    assert_eq!(
        guarded(&mut desk, 0..600, |intake, feed| intake.stated_total(feed, "", 700)),
        ["total_disagrees"]
    );
    let deleting = |people: u32| {
        move |intake: &mut Intake<'_>, feed: &Feed| {
            intake.begin_document().unwrap();
            let origin = Origin { document: [2; 16], part: 1, row: 1 };
            (0..people).for_each(|person| intake.delete_person(feed, "", &format!("P{person}"), origin));
        }
    };
    assert_eq!(guarded(&mut desk, 0..0, deleting(201)), ["mass_deletion"]);
    assert_eq!(guarded(&mut desk, 0..0, deleting(200)), none);
    assert_eq!(guarded(&mut desk, 0..0, deleting(400)), none, "who is gone already is not deleted again");
    let refusing = |records: u32| {
        move |intake: &mut Intake<'_>, feed: &Feed| {
            let place = intake.place(feed);
            for _ in 0..records {
                let fault = Fault::row(place, Problem::NotADate);
                intake
                    .record(Err(fault), vec![], &Belonging { feed, tenant: "", place, scope: None })
                    .unwrap();
            }
        }
    };
    assert_eq!(guarded(&mut desk, 0..60, refusing(51)), ["many_set_aside"]);
    assert_eq!(guarded(&mut desk, 0..60, refusing(29)), none);
}

/// Peak memory and CPU time of the whole path from conformed records to a published run, three times: all new, all
/// unchanged, one in a hundred changed. Run alone, in release: `THROUGHLINE_RECORDS=5000000 cargo test --release --lib
/// deep_memory -- --ignored --nocapture`.
#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_memory_does_not_grow_with_the_records() {
    let records = std::env::var("THROUGHLINE_RECORDS").map_or(500_000, |n| n.parse().unwrap());
    let mut desk = Desk::with_usual_batches();
    let directory = PostcodeDirectory::default();
    let feed = desk.feed.clone();
    for (what, changed) in [("new", 0_u32), ("unchanged", 0), ("a hundredth changed", 100)] {
        let began = std::time::Instant::now();
        let mut intake = Intake::open(&mut desk.site, &desk.source, &directory, true).unwrap();
        intake.begin_document().unwrap();
        let origin = Origin { document: [1; 16], part: 1, row: 1 };
        let place = intake.place(&feed);
        for person in 0..records {
            let hours = u8::from(changed > 0 && person % changed == 0);
            let record = (0, (person % 97) as u8, vec![(1, hours), (2, 7), (3, 7)]);
            let mut conformed = conformed(&intake, &record, origin);
            conformed.person = Some(Identified::new(PersonKey(person.to_string())));
            intake
                .record(Ok(conformed), vec![], &Belonging { feed: &feed, tenant: "", place, scope: None })
                .unwrap();
        }
        let staged = began.elapsed();
        let (site, run, _lease) = intake.close().unwrap();
        let folded = fold(site, &run, None).unwrap();
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap().to_owned();
        println!("{what}: staged {staged:?}, in all {:?}, {peak}, {:?}", began.elapsed(), folded.total());
        assert!(!folded.held);
    }
}
