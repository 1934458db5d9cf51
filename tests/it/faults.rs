//! Whatever a service does, the lake ends as if it had done nothing, or the run says that it is not whole.
//!
//! Random schedules of faults and of changes in the middle of a walk, over every way to page. After each run that calls
//! itself whole, every child who stood still while it ran is in the lake as the service has them, and nobody who had
//! left before. Once the faults stop, one more run makes the lake what the service holds, row by row. The service's clock
//! is ahead of ours or behind it, and not by the same in each run. `THROUGHLINE_DEEP=1` tries many more schedules.
mod school;

use crate::site::{TestSite, column_text};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use school::{Fault, Pupil, Service, Style, World};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    time::Duration,
};
use throughline::{
    config,
    pipeline::{self, PullOptions, Site, SourceOutcome, Unwatched},
    privacy::Key,
    source::service::Patience,
};

const DAY: i64 = 86_400;

/// Children by school and number, with their year.
type Children = BTreeSet<(String, u32)>;

struct Council {
    site: TestSite,
    service: Service,
}

impl Council {
    fn new(style: Style, world: World) -> Self {
        let site = TestSite::new();
        let service = Service::start(style, world);
        let folder = site.path().join("definitions/connectors");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("tests-service.toml"), connector(style)).unwrap();
        fs::write(site.path().join("token"), "id:secret").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(site.path().join("token"), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let more = format!("base_url = \"{}\"\ntoken_file = \"token\"", service.base);
        site.source("schools", "tests-service", &more);
        let text = fs::read_to_string(site.path().join("throughline.toml")).unwrap();
        assert!(!text.is_empty());
        site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
        // By the day of the wall, not of a look back.
        let path = site.path().join("throughline.toml");
        let text = fs::read_to_string(&path).unwrap().replace("as_of = \"2026-03-31\"\n", "");
        fs::write(path, text).unwrap();
        Self { site, service }
    }

    fn settings(&self) -> config::Settings {
        config::load(&self.site.path().join("throughline.toml"), &[]).unwrap()
    }

    fn pull(&self) -> SourceOutcome {
        let mut site = Site::open_to_write(self.settings(), "pull").unwrap();
        let patience = Patience {
            attempts: 4,
            pause: Duration::from_millis(2),
            longest: Duration::from_millis(60),
            shortest: Duration::from_millis(1),
            timeout: Duration::from_millis(250),
            park: Duration::from_millis(100),
            rest: Duration::from_millis(30),
        };
        let options = PullOptions { patience, ..PullOptions::default() };
        let report = pipeline::pull(&mut site, &options, &mut Unwatched).unwrap();
        report.sources[0].outcome.clone()
    }

    /// Who stands in the lake, and in which year: the newest version of each row, where it is no tombstone.
    fn lake(&self) -> Children {
        let site = Site::open(self.settings()).unwrap();
        let mut newest: BTreeMap<String, (i64, bool, (String, u32))> = BTreeMap::new();
        for file in site.catalog.lake_files().unwrap() {
            if file.entity != "enrolment" {
                continue;
            }
            let file = File::open(self.site.data().join(&file.path)).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
            for batch in reader.map(Result::unwrap) {
                for at in 0..batch.num_rows() {
                    let text = |name| column_text(&batch, name, at);
                    let seq: i64 = text("commit_seq").parse().unwrap();
                    let gone = text("tombstone") == "true";
                    let row = (text("subject_id"), text("nc_year").parse().unwrap_or(0));
                    let held = newest.entry(text("row_key")).or_insert((seq, gone, row.clone()));
                    if held.0 < seq {
                        *held = (seq, gone, row);
                    }
                }
            }
        }
        newest.into_values().filter(|(_, gone, _)| !gone).map(|(_, _, row)| row).collect()
    }

    fn child(key: &Key, school: &str, pupil: &Pupil) -> (String, u32) {
        let subject = key.keyed().subject("schools", school, &pupil.id.to_string());
        let hex = subject.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        (hex, pupil.nc_year)
    }

    /// What the lake should hold for a world.
    fn told(&self, world: &World) -> Children {
        let key = Key::load(&self.site.path().join("key")).unwrap();
        let of = |(school, pupils): (&&str, &Vec<Pupil>)| {
            pupils.iter().map(|pupil| Self::child(&key, school, pupil)).collect::<Vec<_>>()
        };
        world.schools.iter().flat_map(of).collect()
    }
}

fn connector(style: Style) -> String {
    format!(
        r#"
name = "tests-service"
title = "A service that goes wrong"
kind = "rest"
confirmed = "invented"
[rest]
auth = {{ kind = "oauth2", token_path = "token" }}
paging = {}
tenants = {{ path = "schools", records = "data", id = "id", attributes = {{ urn = "urn" }} }}
deletions = {{ path = "schools/{{tenant}}/deletions", records = "data", key = "id" }}
[[feed]]
name = "students"
path = "schools/{{tenant}}/students"
records = "data"
since = {{ param = "updated_after", format = "%Y-%m-%d %H:%M:%S", overlap_hours = 1 }}
mode = "keyed"
[feed.person]
key = "id"
[feed.identity]
surname = {{ from = ["surname"] }}
forename = {{ from = ["forename"] }}
[[feed.rows]]
entity = "enrolment"
[feed.rows.columns]
establishment_id = {{ tenant = "urn" }}
status = {{ const = "C" }}
starts_on = {{ from = ["start"], dates = ["%Y-%m-%d"] }}
nc_year = {{ from = ["year"] }}
"#,
        style.paging()
    )
}

/// A run of the schedule: how far the service's clock moves before it, what changes meanwhile, what goes wrong in it.
#[derive(Clone, Debug)]
struct Round {
    later: i64,
    changes: Vec<Fault>,
    faults: Vec<Option<Fault>>,
}

fn change() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (0..64_usize).prop_map(Fault::Leaves),
        Just(Fault::Joins),
        (0..64_usize).prop_map(Fault::ChangesAndGoesLast),
        (0..64_usize).prop_map(Fault::ChangesAndGoesFirst),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    prop_oneof![
        3 => Just(Fault::Busy),
        1 => prop_oneof![Just("0"), Just("1"), Just("3600"), Just(past)].prop_map(Fault::BusyFor),
        3 => Just(Fault::Error),
        2 => Just(Fault::Reset),
        2 => Just(Fault::Cut),
        2 => Just(Fault::WebPage),
        1 => Just(Fault::Drip),
        3 => Just(Fault::RepeatedPage),
        2 => Just(Fault::TokenExpired),
        6 => change(),
    ]
}

fn round() -> impl Strategy<Value = Round> {
    let later = prop_oneof![Just(60), Just(DAY), Just(12 * DAY)];
    let faults = vec(prop_oneof![3 => Just(None), 1 => fault().prop_map(Some)], 0..60);
    (later, vec(change(), 0..6), faults).prop_map(|(later, changes, faults)| Round { later, changes, faults })
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![
        Just(Style::Link),
        Just(Style::Offset),
        Just(Style::OffsetWithTotal),
        Just(Style::Page),
        Just(Style::LinkHeader)
    ]
}

/// Who stood still from one world to the other, and who had left before the first.
fn still(council: &Council, before: &World, after: &World) -> (Children, Children) {
    let (told_before, told_after) = (council.told(before), council.told(after));
    let still = told_before.intersection(&told_after).cloned().collect();
    let key = Key::load(&council.site.path().join("key")).unwrap();
    let gone = before.deleted.iter().flat_map(|(school, ids)| {
        ids.iter()
            .map(|id| Council::child(&key, school, &Pupil { id: *id, nc_year: 0, updated: 0 }))
            .collect::<Vec<_>>()
    });
    (still, gone.collect())
}

fn survives(style: Style, ahead: i64, rounds: &[Round]) -> Result<(), TestCaseError> {
    let began = chrono::Utc::now().timestamp() + ahead;
    let council = Council::new(style, World::new(11, began));
    for (number, round) in rounds.iter().enumerate() {
        council.service.with_world(|world| {
            world.now += round.later;
            for (at, change) in round.changes.iter().enumerate() {
                world.change(if at % 2 == 0 { "S1" } else { "S2" }, *change);
            }
        });
        council.service.go_wrong(round.faults.clone());
        let before = council.service.world();
        let outcome = council.pull();
        if outcome == SourceOutcome::Published {
            let after = council.service.world();
            let (still, gone) = still(&council, &before, &after);
            let lake = council.lake();
            let lacking: Vec<_> = still.difference(&lake).collect();
            prop_assert!(lacking.is_empty(), "run {number} calls itself whole and lacks {}", lacking.len());
            let left: BTreeSet<&String> = gone.iter().map(|(subject, _)| subject).collect();
            prop_assert!(
                lake.iter().all(|(subject, _)| !left.contains(subject)),
                "run {number} keeps who had left"
            );
        }
    }
    council.service.go_wrong(Vec::new());
    let outcome = council.pull();
    prop_assert_eq!(outcome, SourceOutcome::Published);
    prop_assert_eq!(council.lake(), council.told(&council.service.world()));
    Ok(())
}

#[test]
fn any_schedule_of_faults_ends_in_the_same_lake() {
    let deep = std::env::var_os("THROUGHLINE_DEEP").is_some();
    let cases = if deep { 400 } else { 12 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let ahead = prop_oneof![Just(0), Just(-40 * DAY), Just(-3 * DAY), Just(5 * DAY)];
    TestRunner::new(config)
        .run(&(style(), ahead, vec(round(), 1..4)), |(style, ahead, rounds)| survives(style, ahead, &rounds))
        .unwrap();
}

#[test]
fn without_a_fault_every_style_ends_in_what_the_service_holds() {
    for style in [Style::Link, Style::Offset, Style::OffsetWithTotal, Style::Page, Style::LinkHeader] {
        let quiet = Round { later: DAY, changes: vec![Fault::Leaves(3), Fault::Joins], faults: Vec::new() };
        survives(style, 0, &[quiet.clone(), quiet]).unwrap();
    }
}

#[test]
fn somebody_who_moves_up_while_the_list_is_read_is_not_lost() {
    for style in [Style::Link, Style::Offset, Style::OffsetWithTotal, Style::Page, Style::LinkHeader] {
        // A token, the schools, the first page of the first school; then somebody on that page leaves, or goes last.
        for change in [Fault::Leaves(0), Fault::ChangesAndGoesLast(0)] {
            let faults = vec![None, None, None, Some(change)];
            let (later, changes) = (60, Vec::new());
            survives(style, 0, &[Round { later, changes, faults }]).unwrap();
        }
    }
}

#[test]
fn a_clock_of_ours_that_is_ahead_loses_nothing() {
    // Ours is forty days ahead of the service's. What changes a day after the first run lies far before our clock.
    let round = |changes| Round { later: DAY, changes, faults: Vec::new() };
    let changed = vec![Fault::ChangesAndGoesLast(2), Fault::ChangesAndGoesFirst(5), Fault::Joins];
    survives(Style::Link, -40 * DAY, &[round(Vec::new()), round(changed)]).unwrap();
}

#[test]
fn a_dead_service_costs_few_requests_and_says_so() {
    let council = Council::new(Style::Link, World::new(11, chrono::Utc::now().timestamp()));
    assert_eq!(council.pull(), SourceOutcome::Published);
    let before = council.service.requests();
    council.service.go_wrong(vec![Some(Fault::Error); 500]);
    assert!(matches!(council.pull(), SourceOutcome::Failed(_) | SourceOutcome::Partly));
    assert!(council.service.requests() - before < 30);
    assert_eq!(council.lake(), council.told(&council.service.world()), "nothing was taken away");
}
