//! What a service's words mean for the lake: consent, sweeps, records that say they are gone, changelogs, waiting.
mod trial;

use crate::site::{TestSite, column_text};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use throughline::{
    config,
    pipeline::{self, PullOptions, Site, SourceOutcome, Unwatched},
    source::service::Patience,
};

/// A service that answers each path with a body, or with a status and headers.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    bodies: BTreeMap<String, String>,
    once: BTreeMap<String, String>,
    asked: Vec<String>,
    date: String,
}

impl Answers {
    fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let answers = Self::default();
        let shared = answers.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut buffer = [0; 4096];
                let read = stream.read(&mut buffer).unwrap_or(0);
                let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let target = text.split(' ').nth(1).unwrap_or("").to_owned();
                let mut inner = shared.0.lock().unwrap();
                inner.asked.push(target.clone());
                let path = target.split('?').next().unwrap_or("").to_owned();
                let (status, body) = match (inner.once.remove(&path), inner.bodies.get(&path)) {
                    (Some(head), _) => (head, "{}".to_owned()),
                    (None, Some(body)) => ("200 OK".to_owned(), body.clone()),
                    (None, None) => ("404 Not Found".to_owned(), "{}".to_owned()),
                };
                let date =
                    if inner.date.is_empty() { String::new() } else { format!("date: {}\r\n", inner.date) };
                let head = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\n{date}content-type: application/json\r\n"
                );
                let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
            }
        });
        (answers, base)
    }

    fn say(&self, path: &str, body: impl Into<String>) {
        self.0.lock().unwrap().bodies.insert(path.to_owned(), body.into());
    }

    /// Answers the next request for a path with a status line and headers instead.
    fn once(&self, path: &str, head: &str) {
        self.0.lock().unwrap().once.insert(path.to_owned(), head.to_owned());
    }

    fn date(&self, days_ago: i64) {
        let at = chrono::Utc::now() - chrono::TimeDelta::days(days_ago);
        self.0.lock().unwrap().date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

const FEED: &str = r#"
[[feed]]
name = "students"
path = "students"
records = "data"
mode = "keyed"
SINCE
[feed.person]
key = "id"
[feed.identity]
surname = { from = ["surname"] }
[[feed.rows]]
entity = "enrolment"
[feed.rows.columns]
establishment_id = { const = "100001" }
status = { const = "C" }
starts_on = { from = ["start"], dates = ["%Y-%m-%d"] }
ends_on = { from = ["end"], dates = ["%Y-%m-%d"] }
nc_year = { from = ["year"] }
"#;

struct Council {
    site: TestSite,
    answers: Answers,
}

impl Council {
    fn new(rest: &str, feeds: &str) -> Self {
        let (site, (answers, base)) = (TestSite::new(), Answers::start());
        let folder = site.path().join("definitions/connectors");
        fs::create_dir_all(&folder).unwrap();
        let head = "name = \"tests-service\"\ntitle = \"t\"\nkind = \"rest\"\nconfirmed = \"invented\"\n[rest]\nauth = { kind = \"bearer\" }\n";
        fs::write(folder.join("tests-service.toml"), format!("{head}{rest}\n{feeds}")).unwrap();
        fs::write(site.path().join("token"), "t").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(site.path().join("token"), fs::Permissions::from_mode(0o600)).unwrap();
        }
        site.source("schools", "tests-service", &format!("base_url = \"{base}\"\ntoken_file = \"token\""));
        site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
        let path = site.path().join("throughline.toml");
        let text = fs::read_to_string(&path).unwrap().replace("as_of = \"2026-03-31\"\n", "");
        fs::write(path, text).unwrap();
        Self { site, answers }
    }

    fn settings(&self) -> config::Settings {
        config::load(&self.site.path().join("throughline.toml"), &[]).unwrap()
    }

    fn pull(&self) -> SourceOutcome {
        self.pulled(false)
    }

    fn pulled(&self, full: bool) -> SourceOutcome {
        let mut site = Site::open_to_write(self.settings(), "pull").unwrap();
        let patience = Patience {
            pause: Duration::from_millis(2),
            longest: Duration::from_millis(60),
            park: Duration::from_secs(3),
            ..Patience::default()
        };
        let options = PullOptions { patience, full, ..PullOptions::default() };
        pipeline::pull(&mut site, &options, &mut Unwatched).unwrap().sources[0].outcome.clone()
    }

    /// (problem, column, which tenant, consequence) of everything that was noted or set aside.
    fn said(&self) -> BTreeSet<(String, String, u32, String)> {
        let site = Site::open(self.settings()).unwrap();
        let lines = site.catalog.quarantine(None).unwrap();
        lines.into_iter().map(|line| (line.problem, line.column, line.sheet, line.consequence)).collect()
    }

    /// The school years of those who stand in the lake.
    fn years(&self) -> Vec<String> {
        let site = Site::open(self.settings()).unwrap();
        let mut newest: BTreeMap<String, (i64, bool, String)> = BTreeMap::new();
        for file in site.catalog.lake_files().unwrap() {
            let file = File::open(self.site.data().join(&file.path)).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
            for batch in reader.map(Result::unwrap) {
                for at in 0..batch.num_rows() {
                    let text = |name| column_text(&batch, name, at);
                    let version =
                        (text("commit_seq").parse().unwrap(), text("tombstone") == "true", text("nc_year"));
                    let held = newest.entry(text("row_key")).or_insert_with(|| version.clone());
                    if held.0 < version.0 {
                        *held = version;
                    }
                }
            }
        }
        let mut years: Vec<String> = newest.into_values().filter(|row| !row.1).map(|row| row.2).collect();
        years.sort();
        years
    }
}

fn student(id: u32, more: &str) -> String {
    format!(r#"{{"id":"{id}","surname":"S{id}","start":"2024-09-01","year":{id}{more}}}"#)
}

fn data(records: &[String]) -> String {
    format!(r#"{{"data":[{}]}}"#, records.join(","))
}

#[test]
fn what_a_school_withholds_and_what_drifts_is_noted_and_costs_nothing() {
    let rest = r#"paging = { kind = "single" }
tenants = { path = "schools", records = "data", id = "id", base = "host", domain = "mis.example" }
revoked = { path = "revoked", records = "data", id = "id" }
consent = { path = "{tenant}/permissions", records = "data", name = "name", granted = "granted" }
errors = [{ status = 403, do = "skip_feed" }]"#;
    let feed = FEED.replace("path = \"students\"", "path = \"{tenant}/students\"").replace("SINCE", "");
    let council = Council::new(rest, &feed);
    let answers = &council.answers;
    answers.say(
        "/schools",
        r#"{"data":[{"id":"A"},{"id":"B"},{"id":"C","host":"elsewhere.example"},{"id":"D"}]}"#,
    );
    answers.say("/revoked", r#"{"data":[{"id":"B"}]}"#);
    answers.say(
        "/A/permissions",
        r#"{"data":[{"name":"surname","granted":false},{"name":"year","granted":true}]}"#,
    );
    answers.say("/D/permissions", r#"{"data":[]}"#);
    answers.once("/D/students", "403 Forbidden");
    // Twenty-four whose years cannot be read any more, a field nobody lists, and one keyed by whom it is about.
    let odd = |id: u32| {
        format!(
            r#"{{"id":"{id}","surname":null,"start":"2024-09-01","year":"seventh","house":"Oak","k{id}":1}}"#
        )
    };
    answers.say("/A/students", data(&(1..=24).map(odd).collect::<Vec<_>>()));
    assert_eq!(council.pull(), SourceOutcome::Partly, "the school with a foreign host could not be asked");
    let said = council.said();
    let has = |problem: &str, column: &str, tenant: u32, consequence: &str| {
        assert!(
            said.contains(&(problem.into(), column.into(), tenant, consequence.into())),
            "{problem} {column} {tenant}: {said:?}"
        );
    };
    has("no_consent", "surname", 1, "told");
    has("consent_revoked", "", 2, "told");
    has("foreign_base", "", 3, "document_set_aside");
    has("no_consent", "", 4, "told");
    has("new_field", "house", 0, "told");
    has("missing_field", "ends_on", 0, "told");
    has("retyped_field", "nc_year", 0, "told");
    assert_eq!(
        said.iter().filter(|line| line.0 == "new_field").count(),
        1,
        "no key is taken for a field: {said:?}"
    );
    assert!(!answers.asked().iter().any(|target| target.starts_with("/B")), "a revoked school is not asked");
}

#[test]
fn a_sweep_finds_who_is_gone_and_a_list_of_changes_does_not() {
    let since = r#"since = { param = "after", format = "%Y-%m-%d", overlap_hours = 1, sweep_days = 2 }"#;
    let council = Council::new("paging = { kind = \"single\" }", &FEED.replace("SINCE", since));
    let answers = &council.answers;
    answers.date(3);
    answers.say("/students", data(&[student(1, ""), student(2, ""), student(3, "")]));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.years(), ["1", "2", "3"]);
    answers.date(0);
    answers.say("/students", data(&[student(1, ""), student(3, "")]));
    answers.asked();
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(answers.asked(), ["/students"], "a sweep asks for everything");
    assert_eq!(council.years(), ["1", "3"]);
    answers.say("/students", data(&[]));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert!(answers.asked()[0].starts_with("/students?after="));
    assert_eq!(council.years(), ["1", "3"], "nothing changed is not nobody there");
}

/// Who is no longer on one list may stand on another, of those who left. While that one cannot be read, nobody is taken
/// for gone.
#[test]
fn what_a_list_lacks_is_believed_only_where_its_sister_was_read() {
    let since = r#"since = { param = "after", format = "%Y-%m-%d", overlap_hours = 1, sweep_days = 2 }"#;
    let students = FEED.replace("SINCE", since);
    let leavers = students.replace("\"students\"", "\"leavers\"");
    let council = Council::new("paging = { kind = \"single\" }", &(students + &leavers));
    let answers = &council.answers;
    answers.date(12);
    answers.say("/students", data(&[student(1, ""), student(2, ""), student(3, "")]));
    answers.say("/leavers", data(&[student(8, ""), student(9, "")]));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.years(), ["1", "2", "3", "8", "9"]);
    // The second went over to those who left, whose list is refused today.
    answers.date(9);
    answers.say("/students", data(&[student(1, ""), student(3, "")]));
    answers.say("/leavers", data(&[student(2, ""), student(8, ""), student(9, "")]));
    answers.once("/leavers", "400 Not Today");
    assert_eq!(council.pull(), SourceOutcome::Partly);
    assert_eq!(council.years(), ["1", "2", "3", "8", "9"], "nobody is gone whom the other list may have");
    answers.date(6);
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.years(), ["1", "2", "3", "8", "9"]);
    // Gone from both, with both read: that is believed.
    answers.say("/leavers", data(&[student(8, ""), student(9, "")]));
    answers.date(3);
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.years(), ["1", "3", "8", "9"]);
}

/// A database put back from last week's copy counts its changes from an earlier number.
#[test]
fn a_restored_database_is_followed_from_the_number_that_it_counts_from() {
    let since = r#"since = { param = "changed", revision = "meta.changed", sweep_days = 2 }"#;
    let council = Council::new("paging = { kind = \"single\" }", &FEED.replace("SINCE", since));
    let answers = &council.answers;
    let told = |records: &[String], changed: u32| {
        format!(r#"{{"data":[{}],"meta":{{"changed":{changed}}}}}"#, records.join(","))
    };
    answers.date(3);
    answers.say("/students", told(&[student(1, ""), student(2, "")], 50));
    assert_eq!(council.pull(), SourceOutcome::Published);
    answers.asked();
    // Restored: the full list of the sweep tells a smaller number, and from there it goes on.
    answers.date(0);
    answers.say("/students", told(&[student(1, ""), student(2, "")], 10));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(answers.asked(), ["/students"]);
    answers.say("/students", told(&[student(3, "")], 11));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(answers.asked(), ["/students?changed=10"]);
    assert_eq!(council.years(), ["1", "2", "3"]);
}

/// Deleted by mistake and put back, with the date of its last change as it was: no list of changes tells of it.
#[test]
fn who_is_restored_comes_back_with_the_next_full_list() {
    let rest = r#"paging = { kind = "single" }
deletions = { path = "deletions", records = "data", key = "id", unless = "restored_at" }"#;
    let since = r#"since = { param = "after", format = "%Y-%m-%d", overlap_hours = 1, sweep_days = 2 }"#;
    let council = Council::new(rest, &FEED.replace("SINCE", since));
    let answers = &council.answers;
    answers.say("/students", data(&[student(1, ""), student(2, "")]));
    answers.say("/deletions", data(&[]));
    assert_eq!(council.pull(), SourceOutcome::Published);
    answers.say("/students", data(&[]));
    answers.say("/deletions", data(&[r#"{"id":"2"}"#.to_owned()]));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.years(), ["1"]);
    answers.say("/deletions", data(&[r#"{"id":"2","restored_at":"2026-03-01"}"#.to_owned()]));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.years(), ["1"], "no change is told");
    answers.say("/students", data(&[student(1, ""), student(2, "")]));
    assert_eq!(council.pulled(true), SourceOutcome::Published);
    assert_eq!(council.years(), ["1", "2"]);
    // The supplier whose deletions can be taken back has such a list read in full for every feed of children.
    let definitions = throughline::definitions::Definitions::load(None).unwrap();
    for feed in &definitions.connectors["wonde"].feeds {
        let since = feed.since.as_ref().unwrap();
        assert!(since.sweep_days.is_some(), "{}", feed.name);
    }
}

/// A school that is no longer listed is not asked: what a held run has of it is not taken away by a run without it.
#[test]
fn a_held_run_waits_though_the_next_pull_asks_for_less() {
    let rest = r#"paging = { kind = "single" }
tenants = { path = "schools", records = "data", id = "id" }
deletions = { path = "{tenant}/deletions", records = "data", key = "id" }"#;
    let feed = FEED.replace("path = \"students\"", "path = \"{tenant}/students\"").replace("SINCE", "");
    let council = Council::new(rest, &feed);
    let answers = &council.answers;
    answers.say("/schools", r#"{"data":[{"id":"A"},{"id":"B"}]}"#);
    answers.say("/A/students", data(&(1..=60).map(|id| student(id, "")).collect::<Vec<_>>()));
    answers.say("/B/students", data(&[]));
    ["A", "B"].iter().for_each(|school| answers.say(&format!("/{school}/deletions"), data(&[])));
    assert_eq!(council.pull(), SourceOutcome::Published);
    let before = council.years();
    let gone = (1..=40).map(|id| format!(r#"{{"id":"{id}"}}"#)).collect::<Vec<_>>();
    answers.say("/A/deletions", data(&gone));
    assert_eq!(council.pull(), SourceOutcome::Held, "so many deletions at once are not believed");
    answers.say("/schools", r#"{"data":[{"id":"B"}]}"#);
    assert_eq!(council.pull(), SourceOutcome::Held);
    assert_eq!(council.years(), before);
    let site = Site::open(council.settings()).unwrap();
    assert_eq!(site.catalog.pending_runs("held", Some("schools")).unwrap().len(), 1, "it still waits");
}

/// An object keyed by children is the same in every record: its keys are no field names, and none of them is said.
#[test]
fn a_new_field_is_named_only_in_words_that_field_names_are_made_of() {
    let council = Council::new("paging = { kind = \"single\" }", &FEED.replace("SINCE", ""));
    let odd = ["petra_canaryson", "PetraCanaryson", "A123456789012", "notes_for_petra", "canaryson.year"];
    let own = ["houseGroupCode", "extended_notes_level", "yearOfEntry2"];
    let more: String = odd.iter().chain(&own).map(|name| format!(r#","{name}":1"#)).collect();
    council.answers.say("/students", data(&(1..=24).map(|id| student(id, &more)).collect::<Vec<_>>()));
    assert_eq!(council.pull(), SourceOutcome::Published);
    let said = council.said();
    let named: Vec<&str> =
        said.iter().filter(|line| line.0 == "new_field").map(|line| line.1.as_str()).collect();
    assert!(named.contains(&"") && named.contains(&"houseGroupCode"), "{named:?}");
    assert!(named.contains(&"extended_notes_level"), "{named:?}");
    for name in &named {
        let folded = name.to_lowercase();
        assert!(!["petra", "canaryson", "123456"].iter().any(|part| folded.contains(part)), "{named:?}");
    }
    let mut texts = vec![format!("{:?}", council.said())];
    for arguments in [&["-vv", "--json", "pull", "--full"][..], &["quarantine", "--all"], &["status"]] {
        let ran = council.site.run(arguments);
        texts.extend([ran.out, ran.err]);
    }
    assert!(texts.iter().all(|text| !text.to_lowercase().contains("petra")), "{texts:?}");
}

/// A service that asks to be left alone for longer than clocks can count is asked again in the next run.
#[test]
fn a_hint_without_sense_overruns_no_clock() {
    let council = Council::new("paging = { kind = \"single\" }", &FEED.replace("SINCE", ""));
    council.answers.say("/students", data(&[student(1, "")]));
    for hint in ["9223372036854775807", "18446744073709551615", "-5", "1e300"] {
        council.answers.once("/students", &format!("429 Slow\r\nretry-after: {hint}"));
        assert!(matches!(council.pull(), SourceOutcome::Failed(_) | SourceOutcome::Published), "{hint}");
    }
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.years(), ["1"]);
}

#[test]
fn a_record_that_says_it_is_gone_takes_its_rows_or_its_person_with_it() {
    for what in ["rows", "person"] {
        let deleted = format!("deleted = {{ at = \"status\", is = [\"tobedeleted\"], what = \"{what}\" }}");
        let council = Council::new("paging = { kind = \"single\" }", &FEED.replace("SINCE", &deleted));
        council.answers.say("/students", data(&[student(1, ""), student(2, "")]));
        assert_eq!(council.pull(), SourceOutcome::Published);
        council.answers.say("/students", data(&[student(1, ""), student(2, r#","status":"toBeDeleted""#)]));
        assert_eq!(council.pull(), SourceOutcome::Published);
        assert_eq!(council.years(), ["1"], "{what}");
        assert_eq!(council.pull(), SourceOutcome::Published);
        assert_eq!(council.years(), ["1"], "{what}, said again");
        council.answers.say("/students", data(&[student(1, ""), student(2, "")]));
        assert_eq!(council.pull(), SourceOutcome::Published);
        assert_eq!(council.years(), ["1", "2"], "{what}, and back again");
    }
}

#[test]
fn a_slice_that_was_put_off_is_asked_at_the_end_and_else_in_the_next_run() {
    let council = Council::new("paging = { kind = \"single\" }", &FEED.replace("SINCE", ""));
    council.answers.say("/students", data(&[student(1, "")]));
    council.answers.once("/students", "429 Slow\r\nretry-after: 1");
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.years(), ["1"]);
    council.answers.once("/students", "429 Slow\r\nretry-after: 3600");
    assert!(matches!(council.pull(), SourceOutcome::Failed(_)));
    assert_eq!(council.years(), ["1"]);
    assert_eq!(council.pull(), SourceOutcome::Published);
}

#[test]
fn a_changelog_is_followed_from_revision_to_revision() {
    let changelog = r#"changelog = { path = "changes", from = "from", records = "changes", object = "what.href", kind = "kind", deleted = "delete", revision = "to" }"#;
    let council = Council::new("paging = { kind = \"single\" }", &FEED.replace("SINCE", changelog));
    let answers = &council.answers;
    let change = |id: u32, kind: &str, to: u32| {
        format!(r#"{{"what":{{"href":"/students/{id}"}},"kind":"{kind}","to":{to}}}"#)
    };
    let changes = |list: &[String]| format!(r#"{{"changes":[{}]}}"#, list.join(","));
    answers.say("/changes", changes(&[change(1, "create", 4), change(2, "create", 5)]));
    answers.say("/students", data(&[student(1, ""), student(2, "")]));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(council.years(), ["1", "2"]);
    answers.asked();
    answers
        .say("/changes", changes(&[change(3, "create", 6), change(2, "update", 7), change(2, "delete", 8)]));
    answers.say("/students/3", student(3, ""));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(answers.asked(), ["/changes?from=5", "/students/3"]);
    assert_eq!(council.years(), ["1", "3"]);
    answers.say("/changes", changes(&[]));
    assert_eq!(council.pull(), SourceOutcome::Published);
    assert_eq!(answers.asked(), ["/changes?from=8"], "nothing new leaves the revision");
}
