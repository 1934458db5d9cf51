//! Every connector through the whole product, with texts planted that nobody could have met: beside what is read, in its
//! place, in file names, in answers that are none. Every verb is run while the log is at its most talkative, the daemon
//! is asked for all that it tells, workbooks are given back; then every byte that was said or written is searched.
//! The annotated workbook alone may hold the supplier's own cells.
mod plant;

use crate::{
    connector_pages::{SAMPLED, SOURCE, Seen, sampled},
    connectors::{Laid, copy, file_connectors, folder},
    daemon::{Daemon, away_for, patiently, said},
    needles::Needles,
    site::{Ran, TestSite, walk},
};
use rustix::process::Signal;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use throughline::{
    config,
    definitions::Definitions,
    pipeline::{self, PullOptions, Site, Unwatched},
    source::service::Patience,
};

const DAEMON: &str = "[daemon]\nschedule = \"7 * * * *\"\ntimezone = \"UTC\"\nlisten = \"127.0.0.1:0\"\nconcurrency = 4\nafter_pull = [\"link\", \"expire\"]\n";

/// What was said so far, and what must not be in it.
struct Watch<'s> {
    site: &'s TestSite,
    needles: Needles,
    said: Vec<(String, String)>,
}

impl<'s> Watch<'s> {
    fn of(site: &'s TestSite) -> Self {
        let mut needles = Needles::default();
        plant::PLANTED.iter().for_each(|text| needles.add(text));
        Self { site, needles, said: Vec::new() }
    }

    fn run(&mut self, arguments: &[&str]) -> Ran {
        let ran = self.site.run(arguments);
        self.said.push((arguments.join(" "), format!("{}{}", ran.out, ran.err)));
        ran
    }

    /// Every verb that tells something, in words and as a document.
    fn ask_everything(&mut self) {
        for verb in [
            &["status"][..],
            &["runs"],
            &["runs", "show"],
            &["quarantine", "--all"],
            &["check"],
            &["verify"],
            &["link"],
            &["expire", "--dry-run"],
            &["rights", "cases"],
        ] {
            for how in ["-vv", "--json"] {
                let arguments: Vec<&str> = std::iter::once(how).chain(verb.iter().copied()).collect();
                self.run(&arguments);
            }
        }
    }

    /// What comes of the rows: tables, a snapshot, figures.
    fn publish(&mut self) {
        if cfg!(feature = "warehouse") {
            for verb in [
                &["-vv", "build"][..],
                &["--json", "release"],
                &["-vv", "link", "report"],
                &["-vv", "report", "cohort"],
            ] {
                let ran = self.run(verb);
                // Of so few, no cohort may have reached sixteen: that is said, and nothing else.
                let may_fail = i32::from(verb.contains(&"cohort"));
                assert!((0..=may_fail).contains(&ran.code), "{verb:?}: {}{}", ran.out, ran.err);
            }
        }
    }

    /// What is set aside or told, by name.
    fn problems(&mut self) -> BTreeSet<String> {
        let document = self.run(&["--json", "quarantine", "--all"]).json();
        let lines = document["quarantine"].as_array().unwrap();
        lines.iter().map(|line| line["problem"].as_str().unwrap().to_owned()).collect()
    }

    /// The daemon pulls all sources, is asked for all that it tells, told nonsense, and sent away.
    fn daemon(&mut self, sources: &[String]) {
        self.site.configure_with("2026-03-31", DAEMON);
        sources.iter().for_each(|source| away_for(self.site, source, 3));
        let daemon = Daemon::saying(self.site, &["-vv", "run"]);
        patiently("every slot's end", || {
            (said(self.site).matches("slot ended").count() >= sources.len()).then_some(())
        });
        for path in ["/metrics", "/health/ready", "/health/live", "/Zqx", "/metrics?name=Zqx"] {
            self.said.push((path.into(), daemon.ask(path).1));
        }
        let metrics = daemon.ask("/metrics").1;
        for source in sources {
            assert!(metrics.contains(&format!("source=\"{source}\"")), "{source} is not in the metrics");
        }
        self.run(&["-vv", "status"]);
        self.run(&["--json", "status"]);
        let told = fs::read_to_string(self.site.path().join("throughline.toml")).unwrap();
        fs::write(self.site.path().join("throughline.toml"), format!("{told}\n[nonsense]\nname = \"Zqx\"\n"))
            .unwrap();
        daemon.signal(Signal::HUP);
        patiently("the refusal", || said(self.site).contains("configuration refused").then_some(()));
        fs::write(self.site.path().join("throughline.toml"), told).unwrap();
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.ended(), 0, "{}", said(self.site));
        let log = said(self.site);
        let documents =
            log.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).count();
        assert!(documents > sources.len() * 2, "every line of the log is a document: {log}");
        self.said.push(("the daemon's log".into(), log));
    }

    /// Searches all that was said and written, but the supplier's own files and the workbooks given back.
    fn finds_nothing(mut self, also: &[String]) {
        also.iter().filter(|text| text.len() >= 6).for_each(|text| self.needles.add(text));
        for (place, text) in &self.said {
            self.needles.search_text(place, text);
        }
        let mut files = Vec::new();
        walk(self.site.path(), &mut files);
        let suppliers = ["inbox", "back"].map(|folder| self.site.path().join(folder));
        files.retain(|file| !suppliers.iter().any(|folder| file.starts_with(folder)));
        for file in &files {
            self.needles.search_file(self.site.path(), file);
        }
        let found = self.needles.found();
        assert!(found.is_empty(), "an identifier left its zone:\n{}", found.join("\n"));
        assert!(self.needles.searched() > 20_000, "nothing much was searched");
    }
}

/// Whom the register knows, and the keys by which the sources know them.
fn people(site: &TestSite) -> Vec<String> {
    let seen = Seen::of(site);
    let keys = seen.people.values().filter_map(|name| name.rsplit('/').next().map(str::to_owned));
    seen.texts.iter().cloned().chain(keys).collect()
}

/// A name by which a connector's pattern still knows the file: what it captures is longer by a child's name.
fn renamed(path: &Path) -> Option<PathBuf> {
    let (stem, form) = (path.file_stem()?.to_str()?, path.extension()?.to_str()?);
    Some(path.with_file_name(format!("{stem} Zqxcanaryfile.{form}")))
}

#[test]
fn every_connector_of_files_through_the_whole_product() {
    let definitions = Definitions::load(None).unwrap();
    let site = TestSite::new();
    let mut sources = Vec::new();
    let sampled = file_connectors(&definitions).filter(|connector| folder(&connector.name).is_dir());
    for connector in sampled {
        let laid = Laid::changed(connector, &plant::beside);
        copy(laid.inbox.path(), &site.inbox(&connector.name));
        let params: Vec<String> =
            laid.params.iter().map(|(name, text)| format!("{name} = {text:?}")).collect();
        let more = format!("[sources.{}.params]\n{}", connector.name, params.join("\n"));
        site.source(&connector.name, &connector.name, &more);
        sources.push(connector.name.clone());
    }
    assert!(sources.len() > 30, "{sources:?}");
    site.configure("2026-03-31");
    let mut watch = Watch::of(&site);
    assert!([0, 4].contains(&watch.run(&["-vv", "pull"]).code));
    let mut people = people(&site);
    assert!(people.len() > 200);
    watch.ask_everything();
    // Workbooks and texts are given back with what is wrong marked: that one file may hold the supplier's own cells.
    fs::create_dir(site.path().join("back")).unwrap();
    let mut files = Vec::new();
    walk(&site.path().join("inbox"), &mut files);
    files.sort();
    let mut given_back = 0;
    for (at, file) in files.iter().enumerate() {
        let file = file.strip_prefix(site.path()).unwrap().to_str().unwrap();
        let how = if at % 2 == 0 { "-vv" } else { "--json" };
        let back = format!("back/{at}.xlsx");
        let ran = watch.run(&[how, "quarantine", "export", file, "--to", &back]);
        given_back += usize::from(ran.code == 0);
        watch.run(&[how, "map", file]);
    }
    assert!(given_back > 20, "{given_back} of {}", files.len());
    // Under names that hold a child's, and wrong in every cell that is not a header.
    for file in &files {
        let Some(again) = renamed(file) else { continue };
        let Ok(text) = fs::read_to_string(file) else {
            fs::write(again, b"PK\x03\x04 Zqxcanarywrong").unwrap();
            continue;
        };
        let spoilt = text.replace("/20", "/Zqxcanarywrong").replace("-0", "-Zqxcanarywrong");
        let spoilt = spoilt.replacen("</", "</Zqxcanarywrong", 3);
        fs::write(again, spoilt).unwrap();
    }
    let ran = watch.run(&["-vv", "--json", "pull"]);
    assert!([0, 3, 4].contains(&ran.code), "{}", ran.err);
    watch.run(&["-vv", "pull", "--full"]);
    let problems = watch.problems();
    for problem in ["not_a_date", "cut_short", "malformed", "unknown_code", "missing"] {
        assert!(problems.contains(problem), "{problem} was not provoked, only {problems:?}");
    }
    watch.ask_everything();
    watch.publish();
    watch.daemon(&sources);
    people.extend(self::people(&site));
    watch.finds_nothing(&people);
}

/// A pull that waits for nothing, and what it met.
fn impatiently(site: &TestSite) -> Vec<String> {
    let settings = config::load(&site.path().join("throughline.toml"), &[]).unwrap();
    let mut site = Site::open_to_write(settings, "pull").unwrap();
    let none = Duration::from_millis(1);
    let (pause, longest, shortest, park, rest) = (none, none, none, none, none);
    let patience =
        Patience { attempts: 2, pause, longest, shortest, park, rest, timeout: Duration::from_secs(5) };
    let options = PullOptions { patience, full: true, ..PullOptions::default() };
    pipeline::pull(&mut site, &options, &mut Unwatched).unwrap();
    site.catalog.quarantine(None).unwrap().into_iter().map(|line| line.problem).collect()
}

/// Pulls a service's sample as often as it says, then once for every mishap.
fn service(connector: &str) {
    let sample = sampled(connector, &plant::beside);
    let (site, service) = (&sample.site, &sample.service);
    let mut watch = Watch::of(site);
    for code in &sample.index.pulls {
        let ran = watch.run(&["-vv", "pull"]);
        assert_eq!(ran.code, *code, "{}{}", ran.out, ran.err);
        service.turn();
    }
    let mut people = people(site);
    assert!(!people.is_empty());
    watch.ask_everything();
    service.rewind();
    let mut problems = BTreeSet::new();
    for (at, (what, mishap)) in plant::MISHAPS.into_iter().enumerate() {
        // Once, in words; then for as long as it is asked, by a pull with little patience. The first question is often
        // for the schools, a later one for children.
        let always = usize::from(what == "other texts") * 200;
        service
            .go_wrong(std::iter::repeat_n(None, at % 3).chain(std::iter::repeat_n(Some(mishap), 1 + always)));
        let ran = watch.run(&[if at % 2 == 0 { "--json" } else { "-vv" }, "pull", "--full"]);
        assert!([0, 1, 3, 4].contains(&ran.code), "{what}: {}{}", ran.out, ran.err);
        problems.extend(watch.problems());
        for before in 0..3 {
            service.go_wrong(std::iter::repeat_n(None, before).chain(std::iter::repeat_n(Some(mishap), 300)));
            problems.extend(impatiently(site));
        }
        service.go_wrong([]);
    }
    for problem in ["http_status", "not_data"] {
        assert!(problems.contains(problem), "{problem} was not provoked, only {problems:?}");
    }
    watch.run(&["-vv", "check", "--connect"]);
    watch.ask_everything();
    watch.publish();
    watch.daemon(&[SOURCE.to_owned()]);
    people.extend(self::people(site));
    println!("{connector}: {problems:?}");
    watch.finds_nothing(&people);
}

macro_rules! services {
    ($($name:ident: $connector:literal),* $(,)?) => {
        $(#[test]
        fn $name() {
            service($connector);
        })*
        const SEARCHED: &[&str] = &[$($connector),*];
    };
}

services! {
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
fn no_service_is_left_out() {
    assert_eq!(SEARCHED, SAMPLED);
}

/// Bundles of tables, in which nobody's names stand in columns and tables beside those that are read.
#[test]
fn bundles_through_the_whole_product() {
    let site = TestSite::new();
    let (inbox, from) = (site.inbox("roster"), folder("oneroster-csv"));
    site.source("roster", "oneroster-csv", "params.schools = \"school-1=999101 school-2=999102\"");
    site.configure("2026-03-31");
    let mut watch = Watch::of(&site);
    for bundle in ["v1p1-1-bulk", "v1p1-2-delta", "v1p2-1-bulk"] {
        let mut tables = Vec::new();
        walk(&from.join(bundle), &mut tables);
        let to = inbox.join(format!("{bundle} Zqxcanaryfile"));
        fs::create_dir(&to).unwrap();
        for table in tables {
            let name = table.file_name().unwrap().to_str().unwrap();
            fs::write(to.join(name), plant::beside(name, fs::read(&table).unwrap())).unwrap();
        }
        fs::write(to.join("Zqxcanaryfile.csv"), "Zqxcanarycell\n").unwrap();
        let ran = watch.run(&["-vv", "pull"]);
        assert!([0, 3, 4].contains(&ran.code), "{}{}", ran.out, ran.err);
    }
    let mut people = people(&site);
    assert!(!people.is_empty());
    watch.ask_everything();
    fs::write(inbox.join("Zqxcanaryfile.zip"), "Zqxcanarycell").unwrap();
    watch.daemon(&["roster".to_owned()]);
    people.extend(self::people(&site));
    watch.finds_nothing(&people);
}
