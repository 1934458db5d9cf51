//! Every connector of files reads its invented samples: a snapshot of whom it saw, which rows it would keep and what it
//! would set aside, and a real pull that keeps as much and lets no identifier out.
//!
//! A sample is a folder `tests/connectors/<name>/`: files as they would lie in the inbox, `params.toml` with parameters
//! of the source where it has any, and `expected.snap`. A workbook stands as text (see `workbook`) and is made into one;
//! `x.zipped` is put into an archive.
//! Names in it are invented and say so; `INSTA_UPDATE=always` rewrites the snapshots, for reading.
mod workbook;

use crate::{
    needles::Needles,
    site::{TestSite, walk},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tempfile::TempDir;
use throughline::{
    definitions::{Connector, Definitions, connector::Form},
    pipeline::{Preview, Sample, preview},
};

/// Files of a sample's folder that are none of the inbox's.
const OURS: [&str; 3] = ["params.toml", "expected.snap", "expected.snap.new"];

pub fn folder(connector: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connectors").join(connector)
}

/// A sample laid out as an inbox.
pub struct Laid {
    pub inbox: TempDir,
    /// Paths of its files below the inbox.
    paths: Vec<PathBuf>,
    pub params: BTreeMap<String, String>,
}

impl Laid {
    pub fn of(connector: &Connector) -> Self {
        Self::changed(connector, &|_, bytes| bytes)
    }

    /// Each file of the sample is first changed, by its name.
    pub fn changed(connector: &Connector, change: &dyn Fn(&str, Vec<u8>) -> Vec<u8>) -> Self {
        let folder = folder(&connector.name);
        let inbox = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        walk(&folder, &mut files);
        for file in files {
            let path = file.strip_prefix(&folder).unwrap();
            let name = path.to_str().unwrap();
            if OURS.contains(&name) {
                continue;
            }
            let (made, how) = name.rsplit_once('.').unwrap();
            let to = inbox.path().join(if ["txt", "zipped"].contains(&how) { made } else { name });
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            let bytes = change(name, fs::read(&file).unwrap());
            match how {
                "txt" => workbook::write(&String::from_utf8(bytes).unwrap(), &to),
                "zipped" => workbook::zip(&bytes, &to),
                _ => fs::write(&to, bytes).unwrap(),
            }
        }
        let mut paths = Vec::new();
        walk(inbox.path(), &mut paths);
        paths.sort();
        let paths: Vec<PathBuf> =
            paths.iter().map(|path| path.strip_prefix(inbox.path()).unwrap().to_owned()).collect();
        assert!(!paths.is_empty(), "{} has no sample", connector.name);
        let params = fs::read_to_string(folder.join("params.toml")).unwrap_or_default();
        Self { inbox, paths, params: toml::from_str(&params).unwrap() }
    }

    fn previews(&self, definitions: &Definitions, connector: &Connector) -> Vec<(&Path, Preview)> {
        let look = |path: &Path| {
            let sample = Sample { inbox: self.inbox.path(), path, params: &self.params, show: 1_000 };
            preview(definitions, connector, &sample)
        };
        self.paths.iter().map(|path| (path.as_path(), look(path))).collect()
    }
}

/// Connectors of files; bundles of tables are pulled one after the other elsewhere (`connector_pages`).
pub fn file_connectors(definitions: &Definitions) -> impl Iterator<Item = &Connector> {
    let is_file = |form: &Form| matches!(form, Form::File(form) if form.bundle.is_none());
    definitions.connectors.values().filter(move |connector| is_file(&connector.form))
}

#[test]
fn every_connector_of_files_reads_its_sample() {
    let definitions = Definitions::load(None).unwrap();
    let (mut without, mut unsampled) = (Vec::new(), Vec::<String>::new());
    for connector in file_connectors(&definitions) {
        if !folder(&connector.name).is_dir() {
            without.push(connector.name.as_str());
            continue;
        }
        let laid = Laid::of(connector);
        let mut told = String::new();
        let mut kept = BTreeSet::new();
        for (path, seen) in laid.previews(&definitions, connector) {
            assert_eq!(format!("{seen:?}"), "Preview(identified)");
            assert!(!seen.feeds.is_empty(), "{}: no feed reads {}", connector.name, path.display());
            let _ = writeln!(told, "# {}\n{}\n", path.display(), seen.lines().join("\n"));
            for feed in &seen.feeds {
                let rows = feed.records.iter().flat_map(|record| &record.rows);
                kept.extend(rows.map(|(entity, _)| (feed.feed, *entity)));
            }
        }
        for feed in &connector.feeds {
            for row in &feed.rows {
                let entity = definitions.entity_name(row.entity);
                if !kept.contains(&(feed.name, entity)) {
                    unsampled.push(format!("{}: no row of {entity} in {}", connector.name, feed.name));
                }
            }
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder(&connector.name));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("expected", told));
    }
    assert!(without.is_empty(), "no sample: {without:?}");
    assert!(unsampled.is_empty(), "{}", unsampled.join("\n"));
}

/// What is read and what is set aside, by source and feed.
type Counts = BTreeMap<(String, String), (u64, u64)>;

#[test]
fn a_pull_keeps_what_the_preview_shows_and_lets_nobody_out() {
    let definitions = Definitions::load(None).unwrap();
    let site = TestSite::new();
    let (mut expected, mut needles) = (Counts::new(), Needles::default());
    for connector in file_connectors(&definitions).filter(|connector| folder(&connector.name).is_dir()) {
        let laid = Laid::of(connector);
        for (_, seen) in laid.previews(&definitions, connector) {
            for feed in &seen.feeds {
                let count = expected.entry((connector.name.clone(), feed.feed.to_string())).or_default();
                count.0 += feed.count;
                count.1 += feed.set_aside;
                let said = feed.records.iter().flat_map(|record| &record.identity);
                said.filter(|(_, text)| text.len() >= 6).for_each(|(_, text)| needles.add(text));
            }
        }
        copy(laid.inbox.path(), &site.inbox(&connector.name));
        let params: Vec<String> =
            laid.params.iter().map(|(name, text)| format!("{name} = {text:?}")).collect();
        let more = format!("[sources.{}.params]\n{}", connector.name, params.join("\n"));
        site.source(&connector.name, &connector.name, &more);
    }
    site.configure("2026-03-31");
    let ran = site.run(&["--json", "pull"]);
    assert!([0, 4].contains(&ran.code), "{}\n{}", ran.code, ran.err);
    let status = site.run(&["--json", "status"]).json();
    let mut found = Counts::new();
    for line in status["feeds"].as_array().unwrap() {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let n = |name: &str| line[name].as_u64().unwrap();
        assert_eq!(n("read"), n("accepted") + n("set_aside") + n("unchanged"), "{line}");
        found.insert((text("source"), text("feed")), (n("read"), n("set_aside")));
    }
    for (feed, (read, set_aside)) in &expected {
        let (pulled, left) = found.get(feed).copied().unwrap_or_default();
        // A key said twice is seen by a pull alone: it sets aside as much as the preview, or more.
        assert_eq!(pulled, *read, "{feed:?}");
        assert!(left >= *set_aside, "{feed:?}: {left} of {set_aside}");
    }
    for text in [&ran.out, &ran.err, &status.to_string()] {
        needles.search_text("what was said", text);
    }
    let mut files = Vec::new();
    walk(&site.data(), &mut files);
    files.iter().for_each(|file| needles.search_file(site.path(), file));
    assert!(needles.searched() > 10_000, "nothing much was searched");
    assert!(needles.found().is_empty(), "an identifier left its zone:\n{}", needles.found().join("\n"));
}

pub fn copy(from: &Path, to: &Path) {
    let mut files = Vec::new();
    walk(from, &mut files);
    for file in files {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, &target).unwrap();
        // Long enough ago that nobody can still be writing it.
        let file = fs::File::options().write(true).open(&target).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3_600)).unwrap();
    }
}

/// Files that nobody here wrote: as many records as an independent count finds, and most of them whole.
#[test]
fn real_returns_of_social_care_and_census_tables_are_read() {
    let Some(root) = std::env::var_os("THROUGHLINE_REAL_DATA").map(PathBuf::from) else {
        println!("SKIPPED: no real data: set THROUGHLINE_REAL_DATA");
        return;
    };
    let definitions = Definitions::load(None).unwrap();
    let lines = |file: &Path| csv::Reader::from_path(file).unwrap().records().count() as u64;
    let said = |file: &Path, tag: &str| fs::read_to_string(file).unwrap().matches(tag).count() as u64;
    let care = root.join("social_care_synthetic");
    let census = root.join("school_census_synthetic");
    let mut looked = 0;
    for (connector, file, name, feed, count) in [
        ("ssda903", care.join("header.csv"), "2018/header.csv", "header", lines(&care.join("header.csv"))),
        (
            "ssda903",
            care.join("episodes.csv"),
            "2018/episodes.csv",
            "episodes",
            lines(&care.join("episodes.csv")),
        ),
        (
            "ssda903",
            care.join("missing.csv"),
            "2018/missing.csv",
            "missing",
            lines(&care.join("missing.csv")),
        ),
        ("ssda903", care.join("oc2.csv"), "2018/oc2.csv", "outcomes", lines(&care.join("oc2.csv"))),
        (
            "ssda903-workbook",
            care.join("903_xlsx.xlsx"),
            "ssda903_2018.xlsx",
            "episodes",
            lines(&care.join("episodes.csv")),
        ),
        (
            "ssda903-return",
            care.join("fake_903.xml"),
            "ssda903_2018.xml",
            "children",
            said(&care.join("fake_903.xml"), "<CHILD>"),
        ),
        (
            "cin-census",
            care.join("CIN_Census_2024.xml"),
            "cin_2024.xml",
            "children",
            said(&care.join("CIN_Census_2024.xml"), "<Child>"),
        ),
        (
            "cin-census",
            care.join("BAR_cin_2022.xml"),
            "cin_2022.xml",
            "children",
            said(&care.join("BAR_cin_2022.xml"), "<Child>"),
        ),
        (
            "school-census-tables",
            census.join("2024_autumn_pupilnolongeronroll.csv"),
            "2024_autumn_pupilnolongeronroll.csv",
            "leavers",
            lines(&census.join("2024_autumn_pupilnolongeronroll.csv")),
        ),
        (
            "school-census-tables",
            census.join("2024_autumn_termlyexclusionsonroll.csv"),
            "2024_autumn_termlyexclusionsonroll.csv",
            "exclusions_on_roll",
            lines(&census.join("2024_autumn_termlyexclusionsonroll.csv")),
        ),
        (
            "school-census-tables",
            census.join("2024_autumn_termlysessiondetailsonroll.csv"),
            "2024_autumn_termlysessiondetailsonroll.csv",
            "sessions_on_roll",
            lines(&census.join("2024_autumn_termlysessiondetailsonroll.csv")),
        ),
    ] {
        let inbox = tempfile::tempdir().unwrap();
        let to = inbox.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, &to).unwrap();
        let params = BTreeMap::new();
        let sample = Sample { inbox: inbox.path(), path: Path::new(name), params: &params, show: 0 };
        let seen = preview(&definitions, &definitions.connectors[connector], &sample);
        let seen = seen.feeds.iter().find(|one| one.feed.as_str() == feed).unwrap();
        assert_eq!((seen.problem, seen.count), (None, count), "{connector} {feed}");
        println!("{connector} {feed}: {} of {count} set aside", seen.set_aside);
        assert!(seen.set_aside * 4 <= count, "{connector} {feed}: {} of {count} set aside", seen.set_aside);
        looked += 1;
    }
    assert_eq!(looked, 11);
}
