//! Days of schedule in milliseconds: a simulated clock, work that takes its time, outages, and what came of it.
mod chance;
mod stopped;
mod tidy;
mod turning;

use super::{End, Keeper, Order, Slot};
use crate::{catalog::Catalog, config, fault::Name};
use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf, sync::Arc};

/// A simulated authority: its folder, its clock, and the work under way.
struct World {
    dir: tempfile::TempDir,
    now: DateTime<Utc>,
    daemon: Option<Keeper>,
    ends: BTreeMap<DateTime<Utc>, Vec<Order>>,
    takes: TimeDelta,
    outcome: &'static str,
    changes: bool,
    /// Whether rows are found whose time has come.
    expires: bool,
    log: Vec<String>,
    begun: Vec<(String, DateTime<Utc>)>,
    overlapped: bool,
    outages: u32,
}

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}:00Z").parse().unwrap()
}

impl World {
    fn new(now: &str, config: &str) -> Self {
        let world = Self {
            dir: tempfile::tempdir().unwrap(),
            now: at(now),
            daemon: None,
            ends: BTreeMap::new(),
            takes: TimeDelta::minutes(7),
            outcome: "published",
            changes: true,
            expires: false,
            log: Vec::new(),
            begun: Vec::new(),
            overlapped: false,
            outages: 0,
        };
        world.configure(config);
        world
    }

    fn configure(&self, config: &str) {
        // Where a test says nothing of keeping, nothing is looked for.
        let keeping =
            if config.contains("[retention]") { "" } else { "[retention]\nidentities = \"stay\"\n" };
        fs::write(self.file(), format!("{config}{keeping}")).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("throughline.toml")
    }

    fn settings(&self) -> Arc<config::Settings> {
        let loaded = config::load(&self.file(), &[]);
        Arc::new(loaded.unwrap_or_else(|complaints| panic!("{complaints:?}")))
    }

    fn start(&mut self) {
        let catalog = Catalog::open(&self.dir.path().join("catalog.sqlite")).unwrap();
        self.daemon = Some(Keeper::open(catalog, self.settings(), self.now).unwrap());
    }

    /// Dead at once, with whatever it had in hand.
    fn kill(&mut self) {
        self.daemon = None;
        self.ends.clear();
        self.outages += 1;
    }

    fn reload(&mut self, config: &str) {
        self.configure(config);
        let settings = self.settings();
        self.daemon.as_mut().unwrap().reload(settings, self.now).unwrap();
    }

    /// Lets time pass, minute by minute; the loop looks up as often as work ends.
    fn until(&mut self, end: &str) {
        let end = at(end);
        while self.now < end {
            self.turn();
            self.now += TimeDelta::minutes(1);
        }
    }

    /// Lets time pass by longer steps, as a loop that sleeps does.
    fn pass(&mut self, minutes: i64) {
        for _ in 0..=minutes / 5 {
            self.turn();
            self.now += TimeDelta::minutes(5);
        }
    }

    fn turn(&mut self) {
        let Some(daemon) = &mut self.daemon else { return };
        let over: Vec<_> = self.ends.range(..=self.now).map(|(time, _)| *time).collect();
        for order in over.into_iter().flat_map(|time| self.ends.remove(&time).unwrap()) {
            match order {
                Order::Pull(slot) => {
                    let end = End { outcome: self.outcome, changed: self.changes, run: Some(1) };
                    daemon.pulled(slot, end, self.now).unwrap();
                }
                Order::Publish => daemon.published(true, self.now).unwrap(),
                Order::Tidy => daemon.tidied(self.expires, self.now).unwrap(),
                Order::Answer => daemon.answered(self.now),
            }
        }
        for order in daemon.tick(self.now).unwrap() {
            let time = self.now.format("%a %d %H:%M");
            if let Order::Pull(Slot { source, at }) = order {
                let same = |other: &Order| matches!(other, Order::Pull(slot) if slot.source == source);
                self.overlapped |= self.ends.values().flatten().any(same);
                self.begun.push((source.to_string(), at));
            }
            self.log.push(match order {
                Order::Pull(Slot { source, at }) => format!("{time} {source} {}", at.format("%a %H:%M")),
                Order::Publish => format!("{time} publish"),
                Order::Tidy => format!("{time} tidy"),
                Order::Answer => format!("{time} answer"),
            });
            self.ends.entry(self.now + self.takes).or_default().push(order);
        }
    }

    fn pulls(&self) -> Vec<&str> {
        self.log.iter().map(String::as_str).filter(|line| !line.ends_with("publish")).collect()
    }

    fn slots(&self, state: &str) -> Vec<String> {
        let slots = self.daemon.as_ref().unwrap().catalog().all_slots().unwrap();
        let slots = slots.iter().filter(|slot| slot.state == state);
        slots.map(|slot| format!("{} {}", slot.source, slot.at.format("%a %H:%M"))).collect()
    }
}

/// A configuration in UTC, unless it says otherwise.
fn config(daemon: &str, sources: &[(&str, &str)]) -> String {
    let zone = if daemon.contains("timezone") { "" } else { "timezone = \"UTC\"" };
    let mut text = format!(
        "data_dir = \"data\"\nkey_file = \"key\"\nhome_authority = \"998\"\n[daemon]\n{daemon}\n{zone}\n"
    );
    for (name, more) in sources {
        let _ = write!(
            text,
            "[sources.{name}]\nconnector = \"x\"\nagreement = \"a\"\ncontroller = \"c\"\nbases = [\"b\"]\nexpires = \"2099-12-31\"\npurposes = [\"research\"]\n{more}\n"
        );
    }
    text
}

#[test]
fn a_week_with_a_change_of_clock_an_outage_and_a_revoked_school() {
    // Thursday 26 March to Thursday 2 April 2026. The clock goes forward on Sunday 29 March; the machine is off for
    // thirty hours from Monday noon; `academy` withdraws from Saturday on.
    let sources = [
        ("academy", "schedule = \"0 4 * * *\"\nrevoked = \"2026-03-28\""),
        ("council", "schedule = \"30 1 * * *\""),
        ("register", "schedule = \"0 8 * * mon-fri\"\nblackout = [\"mon-fri 08:00-09:30\"]"),
    ];
    let mut world = World::new("2026-03-26T00:00", &config("timezone = \"Europe/London\"", &sources));
    world.start();
    world.until("2026-03-30T11:00");
    world.kill();
    world.now = at("2026-03-31T17:00");
    world.start();
    world.until("2026-04-02T00:00");
    assert_eq!(
        world.pulls(),
        [
            "Thu 26 01:30 council Thu 01:30",
            "Thu 26 04:00 academy Thu 04:00",
            "Thu 26 09:30 register Thu 08:00",
            "Fri 27 01:30 council Fri 01:30",
            "Fri 27 04:00 academy Fri 04:00",
            "Fri 27 09:30 register Fri 08:00",
            // `academy` is not asked again.
            "Sat 28 01:30 council Sat 01:30",
            // Half past one does not exist on Sunday: once, at the end of the gap.
            "Sun 29 01:00 council Sun 01:00",
            "Mon 30 00:30 council Mon 00:30",
            // Summer time: eight o'clock is seven in UTC, the blackout ends at half past eight.
            "Mon 30 08:30 register Mon 07:00",
            // The machine is off from Monday 11:00 UTC to Tuesday 17:00 UTC: one catch-up each.
            "Tue 31 17:00 council Tue 00:30",
            "Tue 31 17:00 register Tue 07:00",
            "Wed 01 00:30 council Wed 00:30",
            "Wed 01 08:30 register Wed 07:00",
        ]
    );
    assert_eq!(world.slots("missed"), Vec::<String>::new(), "one slot of each source fell into the outage");
    assert_eq!(world.slots("done").len(), world.pulls().len());
    // Each change was built once, after the pulls that brought it.
    let publishes = world.log.iter().filter(|line| line.ends_with("publish")).count();
    assert_eq!(publishes, 13, "{:#?}", world.log);
}

#[test]
fn after_an_outage_one_catch_up_covers_all_and_the_rest_are_noted() {
    let mut world = World::new("2026-06-01T00:00", &config("", &[("hourly", "schedule = \"0 * * * *\"")]));
    world.start();
    world.until("2026-06-01T02:30");
    world.kill();
    world.now = at("2026-06-02T08:30");
    world.start();
    world.until("2026-06-02T09:30");
    assert_eq!(
        world.pulls(),
        [
            "Mon 01 01:00 hourly Mon 01:00",
            "Mon 01 02:00 hourly Mon 02:00",
            "Tue 02 08:30 hourly Tue 08:00",
            "Tue 02 09:00 hourly Tue 09:00"
        ]
    );
    assert_eq!(world.slots("missed").len(), 29);
}

#[test]
fn without_catching_up_what_was_missed_is_only_noted() {
    let mut world = World::new(
        "2026-06-01T00:00",
        &config("catch_up = \"never\"", &[("daily", "schedule = \"0 3 * * *\"")]),
    );
    world.start();
    world.until("2026-06-01T02:00");
    world.kill();
    world.now = at("2026-06-03T12:00");
    world.start();
    world.until("2026-06-04T04:00");
    assert_eq!(world.pulls(), ["Thu 04 03:00 daily Thu 03:00"]);
    assert_eq!(world.slots("missed"), ["daily Mon 03:00", "daily Tue 03:00", "daily Wed 03:00"]);
}

#[test]
fn killed_at_work_a_slot_is_taken_up_again_and_given_up_in_the_end() {
    let mut world = World::new("2026-06-01T02:00", &config("", &[("daily", "schedule = \"0 3 * * *\"")]));
    world.start();
    world.until("2026-06-01T03:05");
    for minute in [10, 20, 30] {
        world.kill();
        world.now = at(&format!("2026-06-01T03:{minute}"));
        world.start();
        world.until(&format!("2026-06-01T03:{}", minute + 5));
    }
    assert_eq!(
        world.pulls(),
        ["Mon 01 03:00 daily Mon 03:00", "Mon 01 03:10 daily Mon 03:00", "Mon 01 03:20 daily Mon 03:00"]
    );
    assert_eq!(world.slots("missed"), ["daily Mon 03:00"]);
    world.until("2026-06-02T04:00");
    assert_eq!(world.pulls().len(), 4, "the next slot is as ever");
}

#[test]
fn killed_and_away_past_the_next_slot_there_is_one_catch_up() {
    let mut world = World::new("2026-06-01T02:00", &config("", &[("daily", "schedule = \"0 3 * * *\"")]));
    world.start();
    world.until("2026-06-01T03:05");
    world.kill();
    world.now = at("2026-06-02T12:00");
    world.start();
    world.until("2026-06-02T13:00");
    assert_eq!(world.pulls(), ["Mon 01 03:00 daily Mon 03:00", "Tue 02 12:00 daily Tue 03:00"]);
    assert_eq!(world.slots("missed"), ["daily Mon 03:00"]);
}

#[test]
fn two_claims_of_one_slot_are_one() {
    let world = World::new("2026-06-01T02:00", &config("", &[("daily", "schedule = \"0 3 * * *\"")]));
    let open = || {
        let catalog = Catalog::open(&world.dir.path().join("catalog.sqlite")).unwrap();
        Keeper::open(catalog, world.settings(), world.now).unwrap()
    };
    let (mut one, mut other) = (open(), open());
    assert!(one.tick(world.now).unwrap().is_empty() && other.tick(world.now).unwrap().is_empty());
    let later = at("2026-06-01T03:00");
    assert_eq!(one.tick(later).unwrap().len() + other.tick(later).unwrap().len(), 1);
}

#[test]
fn an_edited_schedule_never_reads_the_past_again() {
    let daily = |time: &str| config("", &[("daily", &format!("schedule = \"{time} * * *\""))]);
    let mut world = World::new("2026-06-01T02:00", &daily("0 3"));
    world.start();
    world.until("2026-06-01T12:00");
    // Earlier the same day: not today any more. Later the same day: today still.
    world.reload(&daily("0 9"));
    world.until("2026-06-01T13:00");
    world.reload(&daily("0 15"));
    world.until("2026-06-01T16:00");
    // Edited while the daemon was away: what it missed is caught up once, by the old schedule.
    world.kill();
    world.now = at("2026-06-02T18:00");
    world.configure(&daily("0 17"));
    world.start();
    world.until("2026-06-03T20:00");
    // Taken off the schedule and put back: nothing of the time between.
    world.reload(&config("", &[("daily", "schedule = \"never\"")]));
    world.until("2026-06-05T20:00");
    world.reload(&daily("0 17"));
    world.until("2026-06-06T20:00");
    assert_eq!(
        world.pulls(),
        [
            "Mon 01 03:00 daily Mon 03:00",
            "Mon 01 15:00 daily Mon 15:00",
            "Tue 02 18:00 daily Tue 15:00",
            "Wed 03 17:00 daily Wed 17:00",
            "Sat 06 17:00 daily Sat 17:00",
        ]
    );
}

#[test]
fn a_clock_that_steps_launches_no_slot_twice() {
    let mut world = World::new("2026-06-01T00:30", &config("", &[("hourly", "schedule = \"0 * * * *\"")]));
    world.start();
    world.until("2026-06-01T03:30");
    // Back two hours: what was done is done.
    world.now = at("2026-06-01T01:30");
    world.until("2026-06-01T04:30");
    // Four years ahead for a quarter of an hour, and back.
    world.now = at("2030-06-01T00:30");
    world.until("2030-06-01T00:45");
    world.now = at("2026-06-01T05:30");
    world.until("2026-06-01T07:30");
    assert_eq!(
        world.pulls(),
        [
            "Mon 01 01:00 hourly Mon 01:00",
            "Mon 01 02:00 hourly Mon 02:00",
            "Mon 01 03:00 hourly Mon 03:00",
            "Mon 01 04:00 hourly Mon 04:00",
            "Sat 01 00:30 hourly Sat 00:00",
            "Mon 01 06:00 hourly Mon 06:00",
            "Mon 01 07:00 hourly Mon 07:00",
        ]
    );
}

#[test]
fn a_source_never_overlaps_itself_and_no_more_work_at_once_than_allowed() {
    let sources = ["a", "b", "c", "d", "e"].map(|name| (name, "schedule = \"0 * * * *\""));
    let mut world = World::new("2026-06-01T00:30", &config("concurrency = 2\nafter_pull = []", &sources));
    world.takes = TimeDelta::minutes(50);
    world.start();
    world.until("2026-06-01T06:00");
    let mut running: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for line in &world.log {
        let start = at(&format!("2026-06-01T{}", &line[7..12]));
        let source = line.split(' ').nth(3).unwrap();
        running.retain(|_, begun| *begun + world.takes > start);
        assert!(
            running.insert(source.to_owned(), start).is_none(),
            "{source} overlaps itself: {:#?}",
            world.log
        );
        assert!(running.len() <= 2, "{:#?}", world.log);
    }
    assert!(world.log.len() >= 10, "{:#?}", world.log);
    // Whoever waited longest is next: nobody starves.
    for name in ["a", "b", "c", "d", "e"] {
        let runs = world.log.iter().filter(|line| line.contains(&format!(" {name} "))).count();
        assert!((2..=3).contains(&runs), "{name} ran {runs} times: {:#?}", world.log);
    }
}

#[test]
fn building_waits_for_the_last_pull_but_not_for_ever() {
    // One source is always at work; the other brings something once.
    let sources = [("busy", "schedule = \"*/5 * * * *\""), ("once", "schedule = \"0 1 1 6 *\"")];
    let mut world = World::new("2026-06-01T00:58", &config("publish_within = \"2h\"", &sources));
    world.start();
    world.until("2026-06-01T06:00");
    let publishes: Vec<&str> =
        world.log.iter().filter(|line| line.ends_with("publish")).map(|line| &line[7..12]).collect();
    assert_eq!(publishes, ["03:07", "05:14"]);
    // When nothing new came, nothing is built.
    let mut world = World::new("2026-06-01T00:58", &config("", &[("quiet", "schedule = \"0 * * * *\"")]));
    world.changes = false;
    world.start();
    world.until("2026-06-01T06:00");
    assert_eq!((world.pulls().len(), world.log.len()), (5, 5));
}

#[test]
fn what_was_not_released_is_remembered_and_what_failed_is_tried_again() {
    let mut world = World::new("2026-06-01T00:58", &config("", &[("daily", "schedule = \"0 1 * * *\"")]));
    world.start();
    world.until("2026-06-01T01:08");
    assert_eq!(world.log.last().unwrap(), "Mon 01 01:07 publish");
    world.kill();
    world.now = at("2026-06-01T02:00");
    world.start();
    world.turn();
    assert_eq!(world.log.last().unwrap(), "Mon 01 02:00 publish");
    world.ends.clear();
    let now = world.now;
    world.daemon.as_mut().unwrap().published(false, now).unwrap();
    world.until("2026-06-01T02:31");
    assert_eq!(world.log.last().unwrap(), "Mon 01 02:30 publish");
    world.until("2026-06-01T12:00");
    assert_eq!(world.log.len(), 4, "released is released");
}

#[test]
fn a_stopped_pull_is_taken_up_at_the_next_start() {
    let mut world = World::new("2026-06-01T00:58", &config("", &[("daily", "schedule = \"0 1 * * *\"")]));
    world.start();
    world.until("2026-06-01T01:03");
    let now = world.now;
    let daemon = world.daemon.as_mut().unwrap();
    daemon.stop();
    assert!(!daemon.is_idle());
    let slot = Slot { source: Name::declare("daily"), at: at("2026-06-01T01:00") };
    daemon.pulled(slot, End::without_run("stopped"), now).unwrap();
    assert!(daemon.is_idle() && daemon.tick(now).unwrap().is_empty());
    world.kill();
    world.now = at("2026-06-01T02:00");
    world.start();
    world.until("2026-06-01T02:30");
    assert_eq!(world.pulls(), ["Mon 01 01:00 daily Mon 01:00", "Mon 01 02:00 daily Mon 01:00"]);
}

#[test]
fn nothing_begins_in_blackout_hours_not_even_what_is_late() {
    let source = ("daily", "schedule = \"0 5 * * *\"\nblackout = [\"08:00-09:30\"]");
    let mut world = World::new("2026-06-01T00:00", &config("", &[source]));
    world.start();
    world.until("2026-06-01T01:00");
    world.kill();
    world.now = at("2026-06-01T08:10");
    world.start();
    world.until("2026-06-01T10:00");
    assert_eq!(world.pulls(), ["Mon 01 09:30 daily Mon 05:00"]);
}

#[test]
fn the_outlook_says_what_is_next_and_what_is_late() {
    let sources = [
        ("by-hand", ""),
        ("daily", "schedule = \"0 5 * * *\""),
        ("revoked", "schedule = \"0 5 * * *\"\nrevoked = \"2026-05-01\""),
    ];
    let text = config("", &sources) + "[retention]\nafter_agreement = \"30d\"\n";
    let mut world = World::new("2026-06-01T00:00", &text);
    world.start();
    world.until("2026-06-01T06:00");
    let settings = world.settings();
    let look = |world: &World, now| {
        super::outlook(world.daemon.as_ref().unwrap().catalog(), &settings, at(now)).unwrap()
    };
    let [by_hand, daily, revoked] = look(&world, "2026-06-01T06:00").try_into().unwrap();
    assert_eq!((by_hand.next, by_hand.ended), (None, None));
    assert_eq!((daily.next, daily.late_since), (Some(at("2026-06-02T05:00")), None));
    assert_eq!((revoked.next, revoked.ended.unwrap().to_string()), (None, "2026-05-01".into()));
    assert_eq!(revoked.keep_until.unwrap().to_string(), "2026-05-31");
    let late = look(&world, "2026-06-02T08:00")[1];
    assert_eq!(late.late_since, Some(at("2026-06-02T05:00")));
}
