//! Every connector of a service reads its invented pages: the real pull over a service on loopback, and a snapshot of
//! what it asked, whom it saw, which rows it kept and what it set aside.
//!
//! A sample is a folder `tests/connectors/<name>/` with `pages.toml` (see `server::Index`), the answers it names and
//! `expected.snap`. Names in it are invented and say so; `INSTA_UPDATE=always` rewrites the snapshots, for reading.
pub mod server;

use crate::{
    needles::Needles,
    site::{Ran, TestSite, column_text, lake_rows, walk},
};
use arrow::record_batch::RecordBatch;
use server::{Index, Service};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use throughline::{
    catalog::Catalog,
    definitions::{Definitions, connector::Form},
    link::read_segment,
    privacy::Key,
};

/// The source's name in every sample.
pub const SOURCE: &str = "sample";

fn folder(connector: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connectors").join(connector)
}

/// Columns of a lake file that are not the entity's own.
const OUR_COLUMNS: [&str; 11] = [
    "subject_id",
    "row_key",
    "row_hash",
    "scope_id",
    "source",
    "feed",
    "document_id",
    "part",
    "row_number",
    "commit_seq",
    "tombstone",
];

macro_rules! samples {
    ($($name:ident: $connector:literal),* $(,)?) => {
        $(#[test]
        fn $name() {
            reads($connector);
        })*
        pub const SAMPLED: &[&str] = &[$($connector),*];
    };
}

samples! {
    arbor: "arbor",
    bromcom: "bromcom",
    isams: "isams",
    isams_batch: "isams-batch",
    oneroster_v1p1: "oneroster-v1p1",
    oneroster_v1p2: "oneroster-v1p2",
    wonde: "wonde",
    xporter: "xporter",
}

#[test]
fn every_service_has_a_sample() {
    let definitions = Definitions::load(None).unwrap();
    let services = definitions.connectors.values().filter(|one| matches!(one.form, Form::Rest { .. }));
    let without: Vec<&str> =
        services.map(|one| one.name.as_str()).filter(|name| !SAMPLED.contains(name)).collect();
    assert!(without.is_empty(), "no sample pages: {without:?}");
}

/// A bundle of tables: each folder of the sample is zipped and put into the inbox, one before each pull.
#[test]
fn oneroster_csv_v1p1() {
    reads_bundles("v1p1", &["v1p1-1-bulk", "v1p1-2-delta"], &[0, 0]);
}

#[test]
fn oneroster_csv_v1p2() {
    reads_bundles("v1p2", &["v1p2-1-bulk"], &[0]);
}

fn reads_bundles(name: &str, bundles: &[&str], codes: &[i32]) {
    let folder = folder("oneroster-csv");
    let site = TestSite::new();
    let inbox = site.inbox(SOURCE);
    site.source(SOURCE, "oneroster-csv", "params.schools = \"school-1=999101 school-2=999102\"");
    site.configure("2026-03-31");
    let (mut told, mut said) = (String::new(), Vec::new());
    for (bundle, code) in bundles.iter().zip(codes) {
        zip(&folder.join(bundle), &inbox.join(format!("{bundle}.zip")));
        let ran = site.run(&["--json", "pull"]);
        let _ = writeln!(told, "# {bundle}\n");
        tell_run(&mut told, &ran);
        tell_quarantine(&mut told, &site);
        assert_eq!(ran.code, *code, "{}\n{}\n{told}", ran.out, ran.err);
        said.push(ran);
    }
    stands(&site, &mut told, &said);
    snapshot(&folder, &format!("expected-{name}"), &told);
}

fn zip(folder: &Path, archive: &Path) {
    let mut writer = zip::ZipWriter::new(fs::File::create(archive).unwrap());
    let mut tables: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    tables.sort();
    for table in tables {
        let name = table.file_name().unwrap().to_str().unwrap();
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&fs::read(&table).unwrap()).unwrap();
    }
    writer.finish().unwrap();
    // Old enough to be whole.
    let hour_ago = SystemTime::now() - Duration::from_hours(1);
    fs::File::options().append(true).open(archive).unwrap().set_modified(hour_ago).unwrap();
}

/// A sample's service at work, and a site that has it as its source.
pub struct Sampled {
    folder: PathBuf,
    pub index: Index,
    pub service: Service,
    pub site: TestSite,
}

/// Starts a sample's service, whose answers are first changed by file.
pub fn sampled(connector: &str, change: &dyn Fn(&str, Vec<u8>) -> Vec<u8>) -> Sampled {
    let folder = folder(connector);
    let index: Index = toml::from_str(&fs::read_to_string(folder.join("pages.toml")).unwrap()).unwrap();
    let service = Service::start(&folder, &index, change);
    let site = TestSite::new();
    let secret = site.path().join("secret");
    fs::write(&secret, &index.secret).unwrap();
    close(&secret);
    let more = format!("base_url = \"{}\"\ntoken_file = \"secret\"\n{}", service.base(), index.source);
    site.inbox(SOURCE);
    site.source(SOURCE, connector, &more.replace("{base}", service.base()));
    site.configure(&index.as_of);
    Sampled { folder, index, service, site }
}

/// Pulls a sample as often as it says and compares what came of it.
fn reads(connector: &str) {
    let Sampled { folder, index, service, site } = sampled(connector, &|_, bytes| bytes);
    let mut told = String::new();
    let mut said = Vec::new();
    for (at, code) in (1..).zip(&index.pulls) {
        let ran = site.run(&["--json", "pull"]);
        let _ = writeln!(told, "# pull {at}\n");
        tell_run(&mut told, &ran);
        tell(&mut told, "asked", &service.turn());
        tell_quarantine(&mut told, &site);
        assert_eq!(ran.code, *code, "{}\n{}\n{told}", ran.out, ran.err);
        said.push(ran);
    }
    stands(&site, &mut told, &said);
    let never = service.never_asked();
    assert!(never.is_empty(), "never asked for:\n{}\n\n{told}", never.join("\n"));
    snapshot(&folder, "expected", &told);
}

/// Whom the register knows and which rows stand, and that nobody's name is anywhere else.
fn stands(site: &TestSite, told: &mut String, said: &[Ran]) {
    let seen = Seen::of(site);
    told.push_str("# what stands\n\n");
    tell(told, "identity", &seen.identity);
    for entity in &seen.entities {
        tell(told, entity, &seen.rows(site, entity));
    }
    no_identity_outside(site, &seen, said);
}

fn snapshot(folder: &Path, name: &str, told: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, told));
}

#[cfg(unix)]
pub fn close(secret: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
}
#[cfg(not(unix))]
pub fn close(_: &Path) {}

fn tell(told: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = writeln!(told, "## {title}\n{}\n", lines.join("\n"));
    }
}

fn tell_run(told: &mut String, ran: &Ran) {
    let source = &ran.json()["sources"][0];
    let n = |name: &str| source[name].as_u64().unwrap();
    assert_eq!(n("read"), n("accepted") + n("set_aside") + n("unchanged"), "{source}");
    let _ = writeln!(
        told,
        "exit {}: {} read, {} accepted, {} unchanged, {} set aside\n",
        ran.code,
        n("read"),
        n("accepted"),
        n("unchanged"),
        n("set_aside")
    );
}

/// Places and problems, in the order of the places.
fn tell_quarantine(told: &mut String, site: &TestSite) {
    let document = site.run(&["--json", "quarantine"]).json();
    let line = |line: &serde_json::Value| {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        format!(
            "{} page {} row {} {}: {} ({})",
            text("feed"),
            line["document"],
            line["row"],
            text("column"),
            text("problem"),
            text("consequence")
        )
    };
    let lines: Vec<String> = document["quarantine"].as_array().unwrap().iter().map(line).collect();
    tell(told, "set aside", &lines);
}

/// What a test may see and nobody else: who is who behind the pseudonyms of its own key.
pub struct Seen {
    /// Person as the source names them, by subject in hex.
    pub people: HashMap<String, String>,
    /// What the register holds, a line for each saying.
    identity: Vec<String>,
    /// Texts that may be nowhere but in the register.
    pub texts: Vec<String>,
    entities: Vec<String>,
}

impl Seen {
    pub fn of(site: &TestSite) -> Self {
        let definitions = Definitions::load(None).unwrap();
        let key = Key::load(&site.path().join("key")).unwrap();
        let keyed = key.keyed();
        let catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
        let (mut people, mut identity, mut texts) = (HashMap::new(), Vec::new(), Vec::new());
        for (_, path) in catalog.register_files(None).unwrap() {
            read_segment(
                &site.data(),
                &path,
                &key,
                &definitions.identity,
                |source, tenant, person, said, _| {
                    let subject = keyed.subject(source, tenant, person);
                    let name =
                        [tenant, person].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
                    let name = name.join("/");
                    let fields = definitions.identity.fields.iter().zip(said);
                    let said: Vec<String> = fields
                        .filter_map(|((field, _), text)| Some(format!("{field}={}", (*text)?)))
                        .collect();
                    texts.extend(said.iter().filter_map(|said| Some(said.split_once('=')?.1.to_owned())));
                    identity.push(format!("{name}: {}", said.join(" ")));
                    people.insert(subject.iter().map(|byte| format!("{byte:02x}")).collect(), name);
                },
            )
            .unwrap();
        }
        identity.sort();
        identity.dedup();
        let entities = definitions.schemas.iter().map(|schema| schema.name.clone()).collect();
        Self { people, identity, texts, entities }
    }

    /// The latest version of each row of an entity, and whether it is gone.
    fn rows(&self, site: &TestSite, entity: &str) -> Vec<String> {
        let mut latest = BTreeMap::<String, (i64, String)>::new();
        for batch in lake_rows(&site.data(), entity) {
            for at in 0..batch.num_rows() {
                let text = |name| column_text(&batch, name, at);
                let seq: i64 = text("commit_seq").parse().unwrap();
                let row = (seq, self.row(&batch, at));
                let held = latest.entry(text("row_key")).or_insert_with(|| row.clone());
                if held.0 <= seq {
                    *held = row;
                }
            }
        }
        let mut rows: Vec<String> = latest.into_values().map(|(_, row)| row).collect();
        rows.sort();
        rows
    }

    fn row(&self, batch: &RecordBatch, at: usize) -> String {
        let text = |name: &str| column_text(batch, name, at);
        let subject = text("subject_id");
        let who = self.people.get(&subject).map_or_else(
            || {
                if subject.is_empty() {
                    String::new()
                } else {
                    "somebody whose name is not on record".to_owned()
                }
            },
            Clone::clone,
        );
        if text("tombstone") == "true" {
            return format!("{who} [{}] gone", text("feed"));
        }
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let own = names.filter(|name| !OUR_COLUMNS.contains(name));
        let cells: Vec<String> = own
            .map(|name| (name, text(name)))
            .filter(|(_, text)| !text.is_empty())
            .map(|(n, t)| format!("{n}={t}"))
            .collect();
        format!("{who} [{} {}] {}", text("feed"), text("row_number"), cells.join(" "))
    }
}

/// Nothing of what the register holds stands anywhere else in clear: not in the data folder, not in what was said.
fn no_identity_outside(site: &TestSite, seen: &Seen, said: &[Ran]) {
    let mut needles = Needles::default();
    for text in seen.texts.iter().filter(|text| text.len() >= 6) {
        needles.add(text);
    }
    for ran in said {
        needles.search_text("standard output", &ran.out);
        needles.search_text("standard error", &ran.err);
    }
    let mut files = Vec::new();
    walk(&site.data(), &mut files);
    for file in &files {
        needles.search_file(site.path(), file);
    }
    assert!(needles.searched() > 10_000, "nothing much was searched");
    assert!(needles.found().is_empty(), "an identifier left its zone:\n{}", needles.found().join("\n"));
}
