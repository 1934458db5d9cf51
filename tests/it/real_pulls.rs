//! Files that nobody here wrote, pulled through manifests into a lake: what ships where it fits, else the connectors of
//! `tests/connectors-real/`. Another reader counts each table, and what the lake holds is compared with that.
//!
//! Read where `THROUGHLINE_REAL_DATA` names their folder; without it each test says that it was skipped.
mod shipped;
mod tables;

use crate::{
    connector_pages::{
        close,
        server::{Index, Service},
    },
    site::{Ran, TestSite, column_text, lake_rows, walk},
};
use shipped::{Shipped, care, census, elements_of, published, rosters, rows_of_file};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};
use tables::TABLES;
use throughline::definitions::Definitions;

fn root() -> Option<PathBuf> {
    let root = std::env::var_os("THROUGHLINE_REAL_DATA").map(PathBuf::from).filter(|root| root.is_dir());
    if root.is_none() {
        println!("SKIPPED: no real data: set THROUGHLINE_REAL_DATA to their folder");
    }
    root
}

/// What became of a feed's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    read: u64,
    accepted: u64,
    unchanged: u64,
    set_aside: u64,
}

/// By source and feed, as `status` tells it; every record has a fate.
fn fates(site: &TestSite) -> BTreeMap<(String, String), Fate> {
    let status = site.run(&["--json", "status"]).json();
    let mut fates = BTreeMap::new();
    for line in status["feeds"].as_array().unwrap() {
        let n = |name: &str| line[name].as_u64().unwrap();
        let fate = Fate {
            read: n("read"),
            accepted: n("accepted"),
            unchanged: n("unchanged"),
            set_aside: n("set_aside"),
        };
        assert_eq!(fate.read, fate.accepted + fate.unchanged + fate.set_aside, "{line}");
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        fates.insert((text("source"), text("feed")), fate);
    }
    fates
}

/// What is set aside or told of a source, for a message.
fn told(site: &TestSite, source: &str) -> String {
    let lines = site.run(&["--json", "quarantine", source, "--all"]).json();
    let lines = lines["quarantine"].as_array().unwrap().iter();
    lines
        .filter(|line| line["consequence"] != "cell_emptied")
        .take(30)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

/// What a feed has in the lake.
#[derive(Clone, Debug, Default)]
struct Kept {
    /// Rows of the entity that has most of them: one for each record.
    rows: u64,
    /// The sum of the figures, in hundredths.
    hundredths: i64,
}

/// By source and feed.
fn kept(site: &TestSite) -> HashMap<(String, String), Kept> {
    let mut kept: HashMap<_, Kept> = HashMap::new();
    for schema in Definitions::load(None).unwrap().schemas {
        let mut rows: HashMap<_, u64> = HashMap::new();
        for batch in lake_rows(&site.data(), &schema.name) {
            for at in 0..batch.num_rows() {
                let text = |name| column_text(&batch, name, at);
                let feed = (text("source"), text("feed"));
                *rows.entry(feed.clone()).or_default() += 1;
                if schema.name == "comparator" {
                    let figure: f64 = text("value").parse().unwrap_or_default();
                    kept.entry(feed).or_default().hundredths += (figure * 100.0).round() as i64;
                }
            }
        }
        for (feed, rows) in rows {
            let kept = kept.entry(feed).or_default();
            kept.rows = kept.rows.max(rows);
        }
    }
    kept
}

#[test]
fn every_statistics_workbook_is_pulled_through_a_manifest_and_counted_by_another_reader() {
    let Some(root) = root() else { return };
    let site = TestSite::new();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connectors-real");
    let mut connectors = Vec::new();
    walk(&ours, &mut connectors);
    for connector in &connectors {
        copy(connector, &site.path().join("definitions/connectors").join(connector.file_name().unwrap()));
    }
    let sources: BTreeSet<&str> = TABLES.iter().map(|table| table.connector).collect();
    for source in &sources {
        site.source(source, source, "");
    }
    for table in TABLES {
        let name = Path::new(table.file).file_name().unwrap();
        copy(&root.join(table.file), &site.inbox(table.connector).join(name));
    }
    site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
    let ran = site.run(&["--json", "pull"]);
    for (source, outcome) in outcomes(&ran) {
        assert_eq!(outcome, "published", "{source}: {}\n{}", ran.out, told(&site, &source));
    }
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (fates, kept) = (fates(&site), kept(&site));
    let (mut rows, mut wrong) = (0, Vec::new());
    for table in TABLES {
        let feed = (table.connector.to_owned(), table.feed.to_owned());
        let expected = table.counted(&root);
        let fate = fates[&feed];
        let Kept { rows: lake, hundredths } = kept.get(&feed).cloned().unwrap_or_default();
        // A row that another has said is set aside, or passed over where the source says rows again by design.
        let again = expected.rows - expected.distinct;
        let by_design = fate.set_aside == 0 && fate.accepted == expected.distinct;
        let is_right = fate.read == expected.rows
            && (by_design || fate.set_aside == again)
            && lake == fate.accepted
            && fate.accepted == expected.distinct
            && (!table.has_figures() || hundredths == expected.hundredths && hundredths > 0);
        if !is_right {
            wrong.push(format!(
                "{feed:?}: {expected:?}, but {fate:?}, {lake} in the lake, {hundredths} hundredths"
            ));
        }
        rows += expected.rows;
    }
    let tellings: String = sources.iter().map(|source| told(&site, source)).collect();
    assert!(wrong.is_empty(), "{}\n{tellings}", wrong.join("\n"));
    println!("{} tables, {rows} rows", TABLES.len());
    // A second pull finds nothing new.
    let again = site.run(&["--json", "pull"]);
    assert_eq!(again.code, 0, "{}", again.err);
    for source in again.json()["sources"].as_array().unwrap() {
        assert_eq!((&source["accepted"], &source["set_aside"]), (&0.into(), &0.into()), "{source}");
    }
    let again = site.run(&["--json", "pull", "--full"]);
    assert_eq!(again.code, 0, "{}", again.err);
    for source in again.json()["sources"].as_array().unwrap() {
        assert_eq!(source["accepted"], 0, "{source}");
    }
}

/// Documents of a school's system, laid down as files; an error in place of one is told, and costs the others nothing.
#[test]
fn documents_of_a_schools_system_are_pulled_through_a_manifest() {
    let Some(root) = root() else { return };
    let site = TestSite::new();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connectors-real/isams-tables.toml");
    copy(&ours, &site.path().join("definitions/connectors/isams-tables.toml"));
    let mut files = Vec::new();
    walk(&root.join("isams_xml"), &mut files);
    for file in &files {
        copy(file, &site.inbox("school").join(file.file_name().unwrap()));
    }
    site.source("school", "isams-tables", "");
    site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
    let ran = site.run(&["--json", "pull"]);
    assert_eq!(ran.code, 4, "{}\n{}", ran.out, ran.err);
    assert_eq!(ran.json()["sources"][0]["documents_set_aside"], 1, "{}", told(&site, "school"));
    let (fates, kept) = (fates(&site), kept(&site));
    for (feed, file, element) in [
        ("years", "GetAllYears.xml", "Year"),
        ("forms", "GetSchoolForms.xml", "Form"),
        ("pupils", "GetCurrentPupils.xml", "Pupil"),
    ] {
        let key = ("school".to_owned(), feed.to_owned());
        // A form holds an element of its own name.
        let nested = if feed == "forms" { 2 } else { 1 };
        let expected = elements_of(&root.join("isams_xml").join(file), element) / nested;
        assert!(expected > 0);
        assert_eq!((fates[&key].read, fates[&key].set_aside), (expected, 0), "{}", told(&site, "school"));
        assert_eq!(kept[&key].rows, expected, "{feed}");
    }
}

fn lay(site: &TestSite, sources: &[Shipped]) {
    for Shipped { source, connector, more, files, .. } in sources {
        site.source(source, connector, more);
        for (from, to) in files {
            copy(from, &site.inbox(source).join(to));
        }
    }
    site.configure("2026-03-31");
}

fn outcomes(ran: &Ran) -> BTreeMap<String, String> {
    let text = |source: &serde_json::Value, name: &str| source[name].as_str().unwrap().to_owned();
    let sources = ran.json()["sources"].as_array().unwrap().clone();
    sources.iter().map(|source| (text(source, "source"), text(source, "outcome"))).collect()
}

#[test]
fn returns_rosters_and_registers_are_pulled_with_what_ships_and_counted_by_another_reader() {
    let Some(root) = root() else { return };
    let site = TestSite::new();
    let mut sources = care(&root);
    sources.push(census(&root));
    sources.extend(rosters(&root));
    sources.extend(published(&root));
    lay(&site, &sources);
    let ran = site.run(&["--json", "pull"]);
    let (fates, outcomes) = (fates(&site), outcomes(&ran));
    for (source, outcome) in &outcomes {
        println!("{source}: {outcome}");
    }
    assert!(matches!(ran.code, 0 | 4), "{}\n{}\n{}", ran.out, ran.err, site.run(&["runs", "show"]).out);
    for Shipped { source, reads, .. } in &sources {
        for (feed, rows) in reads {
            let fate = fates[&((*source).to_owned(), (*feed).to_owned())];
            println!("{source} {feed}: {fate:?} {}", outcomes[*source]);
            assert_eq!(fate.read, *rows, "{source} {feed}: {}", told(&site, source));
            assert!(fate.set_aside * 4 <= fate.read, "{source} {feed}: {fate:?} {}", told(&site, source));
        }
    }
}

/// In the published table of needs every code is scrambled: no row of it can be believed, and so it is held, with every
/// row named, until a person has looked; nothing of it is seen.
#[test]
fn a_table_of_which_no_code_is_one_is_held() {
    let Some(root) = root() else { return };
    let file = root.join("school_census_synthetic/2025_spring_senneeds.csv");
    let rows = rows_of_file(&file);
    let site = TestSite::new();
    copy(&file, &site.inbox("census").join("2025_spring_senneeds.csv"));
    site.source("census", "school-census-tables", "");
    site.configure("2026-03-31");
    let ran = site.run(&["--json", "pull"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert_eq!(
        (&ran.json()["sources"][0]["read"], &ran.json()["sources"][0]["set_aside"]),
        (&rows.into(), &rows.into())
    );
    let lines = site.run(&["--json", "quarantine", "census", "--all"]).json();
    let lines = lines["quarantine"].as_array().unwrap().clone();
    let named: HashSet<u64> = lines
        .iter()
        .filter(|line| line["problem"] == "unknown_code")
        .map(|line| line["row"].as_u64().unwrap())
        .collect();
    assert_eq!(named.len() as u64, rows);
    assert!(lake_rows(&site.data(), "sen_need").is_empty());
}

/// The batch service's real answers: a pupil is read and stands, and an error in place of an answer takes nobody away.
#[test]
fn a_batch_service_that_answers_with_an_error_takes_nobody_away() {
    let Some(root) = root() else { return };
    let index: Index = toml::from_str(
        r#"
secret = "a-key"
pulls = [0, 1]
[[page]]
path = "/api/batch/1.0/xml.ashx"
pulls = [1]
file = "GetCurrentPupils.xml"
[[page]]
path = "/api/batch/1.0/xml.ashx"
pulls = [2]
file = "MethodsNotAllocatedToKey.xml"
"#,
    )
    .unwrap();
    let service = Service::start(&root.join("isams_xml"), &index, &|_, bytes| bytes);
    let site = TestSite::new();
    fs::write(site.path().join("secret"), &index.secret).unwrap();
    close(&site.path().join("secret"));
    site.inbox("school");
    let more = format!("base_url = \"{}\"\ntoken_file = \"secret\"\nparams.urn = \"999101\"", service.base());
    site.source("school", "isams-batch", &more);
    site.configure("2026-03-31");
    let ran = site.run(&["--json", "pull"]);
    assert!(matches!(ran.code, 0 | 4), "{}\n{}", ran.out, ran.err);
    let pupils = elements_of(&root.join("isams_xml/GetCurrentPupils.xml"), "Pupil");
    let standing = |site: &TestSite| {
        let rows = lake_rows(&site.data(), "enrolment");
        let gone = rows.iter().flat_map(|batch| {
            (0..batch.num_rows()).map(|at| column_text(batch, "tombstone", at)).collect::<Vec<_>>()
        });
        gone.collect::<Vec<_>>()
    };
    let fate = fates(&site)[&("school".to_owned(), "pupils".to_owned())];
    assert_eq!((fate.read, fate.set_aside), (pupils, 0), "{}", told(&site, "school"));
    assert_eq!(standing(&site), vec!["false"; pupils as usize]);
    service.turn();
    let ran = site.run(&["--json", "pull"]);
    assert_eq!(ran.code, 1, "{}\n{}", ran.out, ran.err);
    assert_eq!(standing(&site), vec!["false"; pupils as usize], "nobody is taken for gone");
}

/// A workbook of thousands of real rows, one cell of it spoilt: that row is set aside, and each other is what it was.
#[test]
fn of_a_real_workbook_with_one_bad_row_every_other_row_is_kept() {
    use calamine::Reader;
    let Some(root) = root() else { return };
    let mut book = calamine::open_workbook_auto(root.join("social_care_synthetic/903_xlsx.xlsx")).unwrap();
    let range = book.worksheet_range("episodes").unwrap();
    let pulled = |spoilt: Option<usize>| {
        let site = TestSite::new();
        let mut made = rust_xlsxwriter::Workbook::new();
        let sheet = made.add_worksheet().set_name("episodes").unwrap();
        for (at, row) in range.rows().enumerate() {
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| **cell != calamine::Data::Empty) {
                let text = if (Some(at), column) == (spoilt, 1) { "soon".into() } else { cell.to_string() };
                sheet.write_string(at as u32, column as u16, text).unwrap();
            }
        }
        made.add_worksheet().set_name("header").unwrap().write_string(0, 0, "CHILD").unwrap();
        made.save(site.inbox("care").join("ssda903_2018.xlsx")).unwrap();
        site.source("care", "ssda903-workbook", "");
        site.configure("2026-03-31");
        let ran = site.run(&["--json", "pull"]);
        assert!(matches!(ran.code, 0 | 4), "{}\n{}", ran.out, ran.err);
        let fate = fates(&site)[&("care".to_owned(), "episodes".to_owned())];
        let rows: BTreeSet<u64> = lake_rows(&site.data(), "circumstance")
            .iter()
            .flat_map(|batch| {
                (0..batch.num_rows()).map(|at| column_text(batch, "row_number", at)).collect::<Vec<_>>()
            })
            .map(|number| number.parse().unwrap())
            .collect();
        (fate, rows)
    };
    let (clean, all) = pulled(None);
    let (spoilt, left) = pulled(Some(2_000));
    assert_eq!((spoilt.read, spoilt.set_aside), (clean.read, clean.set_aside + 1));
    let lost: Vec<u64> = all.difference(&left).copied().collect();
    assert_eq!(lost, [2_001], "the row of that number, as a spreadsheet program counts");
    assert!(left.is_subset(&all) && left.len() > 5_000);
}
