//! The daemon as the service manager runs it: begun, asked how it is, told to reload and to go.
use crate::{
    needles::Needles,
    site::{TestSite, run_with, walk},
};
use chrono::{DateTime, TimeDelta, Utc};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use throughline::{
    catalog::{Catalog, SlotClock},
    daemon::at_work,
    synth::{
        Identifiers, World, WorldSpec, estate,
        server::{Faults, Server, TOKEN},
    },
};

const HEADER: &str = "YoungPersonsID,UniquePupilNumber,UniqueLearnerNo,FamilyName,GivenName,DateOfBirth,Gender,Postcode,Ethnicity,PeriodEnd,ActivityCode,StartDate,DateVerified,LeadLEA,TransferredToLACode,GuaranteeStatusIndicator\n";
const ROW: &str = "Zqxcanarykey,A123456789012,,Zqxcanaryname,Zqxcanaryforename,31/02/2009,M,ZQ99 9ZQ,WBRI,31/01/2024,999,01/09/2023,01/01/2024,998,,\n";
const DAEMON: &str = "[daemon]\nschedule = \"7 * * * *\"\ntimezone = \"UTC\"\nlisten = \"127.0.0.1:0\"\nafter_pull = [\"link\"]\n";

/// A daemon at work on a site. Killed when the test ends badly.
pub struct Daemon {
    child: Child,
    address: SocketAddr,
}

impl Daemon {
    pub fn start(site: &TestSite) -> Self {
        Self::saying(site, &["run"])
    }

    /// With further words on its command line.
    pub fn saying(site: &TestSite, arguments: &[&str]) -> Self {
        let log = fs::File::options().create(true).append(true).open(site.path().join("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_throughline"))
            .current_dir(site.path())
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let address = patiently("an address", || {
            assert!(child.try_wait().unwrap().is_none(), "{}", said(site));
            // What the one before wrote stands until this one has written: an address counts once it answers.
            let told = at_work(&site.data()).and_then(|daemon| daemon.listening);
            told.filter(|address| TcpStream::connect(address).is_ok())
        });
        Self { child, address }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks one page; its status and text.
    pub fn ask(&self, path: &str) -> (u16, String) {
        ask(self.address, path, "")
    }

    pub fn ended(mut self) -> i32 {
        patiently("its end", || self.child.try_wait().unwrap()).code().unwrap_or(-1)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(address: SocketAddr, path: &str, header: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n{header}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

pub fn patiently<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn said(site: &TestSite) -> String {
    fs::read_to_string(site.path().join("log")).unwrap_or_default()
}

/// Says that a source's schedule was last read so many hours ago: there is something to catch up with.
pub fn away_for(site: &TestSite, source: &str, hours: i64) {
    fs::create_dir_all(site.data()).unwrap();
    let mut catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    let up_to: DateTime<Utc> = Utc::now() - TimeDelta::hours(hours);
    let clock = SlotClock { schedule: "7 * * * * UTC".into(), up_to };
    catalog.set_slot_clock(source, &clock).unwrap();
}

fn site_of(source: &str) -> TestSite {
    let site = TestSite::new();
    fs::write(site.inbox(source).join("nccis_2024-01.csv"), format!("{HEADER}{ROW}")).unwrap();
    site.source(source, "nccis", "");
    site
}

fn configure(site: &TestSite, more: &str) {
    // Tables come after the top-level keys that `configure_with` writes.
    site.configure_with("2026-03-31", &format!("{DAEMON}{more}"));
}

#[test]
fn a_daemon_catches_up_answers_reloads_and_goes_in_order() {
    let site = site_of("council");
    configure(&site, "");
    away_for(&site, "council", 3);
    let daemon = Daemon::start(&site);
    patiently("the catch-up", || said(&site).contains("slot ended").then_some(()));
    assert_eq!(daemon.ask("/health/live").0, 200);
    let (status, ready) = daemon.ask("/health/ready");
    assert_eq!((status, ready.trim()), (200, "{\"complaints\":[],\"ready\":true}"));
    let (status, metrics) = daemon.ask("/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("throughline_source_slots_missed_total{source=\"council\"}"), "{metrics}");
    assert!(
        metrics.contains("throughline_source_next_slot_timestamp_seconds{source=\"council\"}"),
        "{metrics}"
    );

    // Other verbs work beside it, and say that it is there.
    let seen = site.run(&["--json", "status"]);
    assert_eq!(seen.code, 0, "{}", seen.err);
    let schedule = &seen.json()["schedule"];
    assert_eq!(schedule["daemon"]["pid"], daemon.child.id());
    assert_eq!(schedule["sources"][0]["last"]["attempts"], 1, "{schedule}");
    assert!(site.run(&["status"]).out.starts_with("The daemon is at work since"));
    let second = site.run(&["run"]);
    assert_eq!(second.code, 1, "{}", second.err);
    assert!(second.err.contains("a daemon is at work"), "{}", second.err);

    // A bad configuration is refused, and a good one taken.
    configure(&site, "concurrency = \"many\"\n");
    daemon.signal(Signal::HUP);
    patiently("the refusal", || said(&site).contains("configuration refused").then_some(()));
    configure(&site, "concurrency = 1\n");
    daemon.signal(Signal::HUP);
    patiently("the reload", || said(&site).contains("configuration reloaded").then_some(()));

    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended(), 0, "{}", said(&site));
    assert!(site.run(&["status"]).out.starts_with("No daemon is at work"));
    let log = said(&site);
    // Nobody sat at a terminal: every line of the log is a document.
    let documents = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let messages: Vec<String> = documents.map(|line| line["fields"]["message"].to_string()).collect();
    for message in ["daemon started", "slots missed", "slot claimed", "slot ended", "daemon stopping"] {
        assert!(messages.iter().any(|said| said.contains(message)), "{message}: {log}");
    }
}

#[test]
fn without_a_schedule_there_is_nothing_to_run_and_a_bad_one_is_told_with_its_line() {
    let site = site_of("council");
    site.configure("2026-03-31");
    let ran = site.run(&["run"]);
    assert_eq!((ran.code, ran.err.contains("has a schedule")), (2, true), "{}", ran.err);
    site.configure_with("2026-03-31", "[daemon]\nschedule = \"15 5 * * 1-5\"\n");
    let ran = site.run(&["check"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("throughline.toml:6: the weekday `1-5` is a number"), "{}", ran.err);
}

#[test]
fn nothing_of_a_child_is_in_the_log_the_metrics_or_the_status() {
    let mut needles = Needles::default();
    for text in
        ["Zqxcanarykey", "Zqxcanaryname", "Zqxcanaryforename", "ZQ99 9ZQ", "Zqxcanaryfile", "A123456789012"]
    {
        needles.add(text);
    }
    let site = site_of("council");
    fs::write(site.inbox("council").join("nccis_Zqxcanaryfile.csv"), format!("{HEADER}{ROW}")).unwrap();
    configure(&site, "");
    away_for(&site, "council", 1);
    let daemon = Daemon::start(&site);
    patiently("the pull", || said(&site).contains("slot ended").then_some(()));
    for path in ["/metrics", "/health/ready", "/health/live", "/Zqx"] {
        needles.search_text(path, &daemon.ask(path).1);
    }
    let metrics = daemon.ask("/metrics").1;
    assert!(metrics.contains("outcome=\"accepted\"} 2"), "the rows were not read: {metrics}");
    needles.search_text("status", &site.run(&["--json", "status"]).out);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended(), 0);
    needles.search_text("the log", &said(&site));
    let mut files = Vec::new();
    walk(&site.data(), &mut files);
    for file in &files {
        needles.search_file(site.path(), file);
    }
    assert!(needles.found().is_empty(), "{:?}", needles.found());
}

#[test]
fn old_releases_go_pinned_ones_stay_and_ended_agreements_are_named() {
    let site = TestSite::new();
    site.inbox("academy");
    site.source("academy", "nccis", "revoked = \"2026-03-01\"");
    site.configure_with(
        "2026-03-31",
        "[retention]\nreleases = 2\nreleases_for = \"30d\"\nafter_agreement = \"365d\"\n",
    );
    assert_eq!(site.run(&["pull"]).code, 5, "a revoked source is not pulled");
    let mut catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    let releases = site.data().join("releases");
    for (id, day) in [("aa", "01"), ("bb", "02"), ("cc", "03"), ("dd", "04"), ("ee", "05")] {
        fs::create_dir_all(releases.join(id).join("parquet")).unwrap();
        let access = throughline::pipeline::operator("ann", "release");
        catalog.note_release(id, "2025-01-01", &access, &format!("2025-01-{day}T05:00:00Z")).unwrap();
    }
    std::os::unix::fs::symlink("cc", releases.join("current")).unwrap();
    drop(catalog);
    assert_eq!(site.run(&["pin", "aa", "--reason", "cited"]).code, 0);
    assert_eq!(site.run(&["pin", "zz", "--reason", "cited"]).code, 2);
    let planned = site.run(&["expire", "--dry-run"]);
    assert!(planned.out.starts_with("1 release would go."), "{}{}", planned.out, planned.err);
    assert!(releases.join("bb").is_dir());
    // A call that was killed half way is ended by the next.
    fs::rename(releases.join("bb"), releases.join(".gone-bb")).unwrap();
    let done = site.run(&["--json", "expire"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let done = done.json();
    assert_eq!(done["releases"][0]["id"], "bb", "{done}");
    assert_eq!(
        (&done["rows"][0]["source"], &done["rows"][0]["due"]),
        (&"academy".into(), &"2027-03-01".into())
    );
    let mut left: Vec<String> = fs::read_dir(&releases)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["aa", "cc", "current", "dd", "ee"], "the pinned, the current and the newest two");
    assert_eq!(site.run(&["pin", "aa", "--remove"]).code, 0);
    assert!(site.run(&["expire"]).out.starts_with("1 release was removed."));
}

#[test]
fn killed_at_any_moment_the_next_daemon_takes_over() {
    let site = site_of("council");
    configure(&site, "");
    away_for(&site, "council", 2);
    // Killed as soon as the slot is claimed: at work, or just past it.
    let mut daemon = Daemon::start(&site);
    patiently("a claim", || said(&site).contains("slot claimed").then_some(()));
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    drop(daemon);
    assert!(at_work(&site.data()).is_none(), "the lock went with its process");
    let daemon = Daemon::start(&site);
    // Read once, by whichever of the two; a run that was cut off published nothing.
    patiently("the rows", || daemon.ask("/metrics").1.contains("outcome=\"accepted\"} 1").then_some(()));
    daemon.signal(Signal::INT);
    assert_eq!(daemon.ended(), 0);
    let catalog = Catalog::open(&site.data().join("catalog.sqlite")).unwrap();
    assert!(catalog.open_slots().unwrap().is_empty(), "no slot is left open");
}

#[test]
fn a_credential_is_found_where_the_service_manager_puts_it() {
    let site = site_of("council");
    site.configure("2026-03-31");
    let text = fs::read_to_string(site.path().join("throughline.toml")).unwrap();
    let text = text.replace("key_file = \"key\"", "key_file = \"credential:throughline.key\"");
    fs::write(site.path().join("throughline.toml"), text).unwrap();
    let folder = site.path().join("credentials");
    fs::create_dir(&folder).unwrap();
    fs::rename(site.path().join("key"), folder.join("throughline.key")).unwrap();
    let alone = site.run(&["status"]);
    assert_eq!(alone.code, 2);
    assert!(alone.err.contains("no service manager hands over"), "{}", alone.err);
    let folder = folder.display().to_string();
    let handed = run_with(site.path(), &[("CREDENTIALS_DIRECTORY", &folder)], &["status"]);
    assert_eq!(handed.code, 0, "{}", handed.err);
}

#[test]
fn a_school_that_withdrew_is_not_asked() {
    let estate = tempfile::tempdir().unwrap();
    let world = World::generate(&WorldSpec { seed: 3, learners: 300, identifiers: Identifiers::Realistic });
    estate::write(&world, estate.path()).unwrap();
    let server = Server::start(estate.path(), Faults::default()).unwrap();
    let schools = ask(server.addr, "/v1.0/schools", &format!("Authorization: Bearer {TOKEN}\r\n")).1;
    let schools: serde_json::Value = serde_json::from_str(&schools).unwrap();
    let ids: Vec<&str> =
        schools["data"].as_array().unwrap().iter().filter_map(|school| school["id"].as_str()).collect();
    assert!(ids.len() > 1, "{schools}");
    let accepted = |revoked: &str| {
        let site = TestSite::new();
        site.inbox("schools");
        fs::copy(site.path().join("key"), site.path().join("token")).unwrap();
        fs::write(site.path().join("token"), TOKEN).unwrap();
        let service = format!("base_url = \"http://{}/\"\ntoken_file = \"token\"\n{revoked}", server.addr);
        site.source("schools", "wonde", &service);
        site.configure("2026-03-31");
        let pulled = site.run(&["--json", "pull"]);
        assert_eq!(pulled.code, 0, "{}{}", pulled.out, pulled.err);
        pulled.json()["sources"][0]["accepted"].as_u64().unwrap()
    };
    let from = |day: &str, ids: &[&str]| {
        let days: Vec<String> = ids.iter().map(|id| format!("\"{id}\" = \"{day}\"")).collect();
        format!("revoked_tenants = {{ {} }}", days.join(", "))
    };
    let all = accepted("");
    let fewer = accepted(&from("2026-01-01", &ids[..1]));
    assert!(0 < fewer && fewer < all, "{fewer} of {all}");
    assert_eq!(accepted(&from("2026-01-01", &ids)), 0);
    assert_eq!(accepted(&from("2099-01-01", &ids)), all, "not yet");
}

#[cfg(feature = "warehouse")]
#[test]
fn what_was_pulled_is_linked_built_and_released() {
    let estate = tempfile::tempdir().unwrap();
    let world = World::generate(&WorldSpec { seed: 3, learners: 300, identifiers: Identifiers::Realistic });
    estate::write(&world, estate.path()).unwrap();
    let site = TestSite::new();
    for (name, connector) in [("census", "school-census-spring"), ("ks2", "ks2-results")] {
        let inbox = site.inbox(name);
        let mut files = Vec::new();
        walk(&estate.path().join("council").join(name), &mut files);
        for file in files {
            fs::copy(&file, inbox.join(file.file_name().unwrap())).unwrap();
        }
        site.source(name, connector, "");
        away_for(&site, name, 2);
    }
    let all = DAEMON
        .replace("after_pull = [\"link\"]", "after_pull = [\"link\", \"build\", \"release\", \"expire\"]");
    site.configure_with("2026-03-31", &all);
    let daemon = Daemon::start(&site);
    patiently("a release", || said(&site).contains("linked, built and released").then_some(()));
    assert!(daemon.ask("/metrics").1.contains("throughline_release_age_seconds "));
    let status = site.run(&["--json", "status"]).json();
    assert_eq!(status["releases"].as_array().unwrap().len(), 1, "one for both: {status}");
    assert_eq!(site.run(&["verify"]).code, 0);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended(), 0, "{}", said(&site));
}
