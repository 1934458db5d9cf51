//! Whatever happens to the machine and its clock, the promises of the keeper hold.
use super::{World, config};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug)]
enum Happens {
    /// Minutes pass.
    Time(i64),
    /// The daemon dies, and so many minutes later it is back.
    Outage(i64),
    /// The clock steps by so many minutes.
    Step(i64),
    /// A source is put on another schedule.
    Edit(usize),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (1_i64..600).prop_map(Happens::Time),
        2 => (1_i64..3_000).prop_map(Happens::Outage),
        1 => (-600_i64..600).prop_map(Happens::Step),
        1 => (0_usize..3).prop_map(Happens::Edit),
    ]
}

const TIMES: [&str; 3] = ["*/20 * * * *", "10 3,15 * * *", "0 * * * mon-fri"];

fn configured(edit: usize) -> String {
    let schedule =
        |at: usize| format!("schedule = \"{}\"\njitter = \"4m\"", TIMES[(at + edit) % TIMES.len()]);
    config(
        "timezone = \"Europe/London\"\nconcurrency = 2",
        &[("a", &schedule(0)), ("b", &schedule(1)), ("c", &schedule(2))],
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn no_slot_is_begun_twice_unless_it_was_cut_off_and_no_source_overlaps_itself(
        story in prop::collection::vec(happens(), 1..25)
    ) {
        // Across the change of clock in October.
        let mut world = World::new("2026-10-23T00:00", &configured(0));
        world.start();
        for happens in story {
            match happens {
                Happens::Time(minutes) => world.pass(minutes),
                Happens::Outage(minutes) => {
                    world.kill();
                    world.now += TimeDelta::minutes(minutes);
                    world.start();
                }
                Happens::Step(minutes) => {
                    world.now += TimeDelta::minutes(minutes);
                    // Work under way ends as it would have.
                    let shifted = std::mem::take(&mut world.ends);
                    world.ends = shifted.into_iter().map(|(at, work)| (at + TimeDelta::minutes(minutes), work)).collect();
                }
                Happens::Edit(to) => world.reload(&configured(to)),
            }
        }
        // Left alone for a day, everybody is served and nobody is late.
        world.pass(60 * 24 + 30);
        let daemon = world.daemon.as_ref().unwrap();
        let mut begun: BTreeMap<(String, DateTime<Utc>), u32> = BTreeMap::new();
        for (source, slot) in &world.begun {
            *begun.entry((source.clone(), *slot)).or_default() += 1;
        }
        for slot in daemon.catalog().all_slots().unwrap() {
            let times = begun.remove(&(slot.source.clone(), slot.at)).unwrap_or_default();
            prop_assert_eq!(times, slot.attempts, "{} {}", slot.source, slot.at);
            prop_assert!(slot.attempts <= 3);
            prop_assert!(slot.attempts <= 1 + world.outages, "begun again without an outage");
        }
        prop_assert!(begun.is_empty(), "begun and not remembered: {:?}", begun);
        prop_assert!(!world.overlapped, "a source overlapped itself");
        let outlook = super::super::outlook(daemon.catalog(), daemon.settings(), world.now).unwrap();
        prop_assert!(outlook.iter().all(|one| one.late_since.is_none() && one.next.is_some()), "{:?}", outlook);
        let busy: Vec<_> = daemon.busy().map(|name| name.to_string()).collect();
        let open = daemon.catalog().open_slots().unwrap();
        prop_assert!(open.iter().all(|slot| busy.contains(&slot.source)), "left open: {:?}", open);
    }
}
