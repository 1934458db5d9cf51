use super::{Blackout, Schedule, span};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use std::{collections::BTreeSet, time::Duration};

fn schedule(text: &str, zone: &str) -> Schedule {
    Schedule::parse(text, zone.parse().unwrap()).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}:00Z").parse().unwrap()
}

/// Slots strictly after one instant up to another, in UTC.
fn between(text: &str, zone: &str, from: &str, to: &str) -> Vec<String> {
    let (schedule, to) = (schedule(text, zone), at(to));
    let slots = schedule.slots_after(at(from)).take_while(|slot| *slot <= to);
    slots.map(|slot| slot.format("%d %H:%M").to_string()).collect()
}

#[test]
fn wall_times_keep_their_hour_when_the_clock_changes() {
    // In 2026 the United Kingdom goes forward on 29 March at 01:00 UTC and back on 25 October at 01:00 UTC.
    let london = |text, from, to| between(text, "Europe/London", from, to);
    assert_eq!(
        london("15 5 * * *", "2026-03-27T12:00", "2026-03-30T12:00"),
        ["28 05:15", "29 04:15", "30 04:15"]
    );
    assert_eq!(
        london("15 5 * * *", "2026-10-23T12:00", "2026-10-26T12:00"),
        ["24 04:15", "25 05:15", "26 05:15"]
    );
}

#[test]
fn an_hour_that_does_not_exist_runs_once() {
    let london = |text| between(text, "Europe/London", "2026-03-28T23:50", "2026-03-29T02:05");
    assert_eq!(london("30 1 * * *"), ["29 01:00"], "at the end of the gap");
    assert_eq!(london("0 1 * * *"), ["29 01:00"]);
    assert_eq!(london("30 1,2 * * *"), ["29 01:00", "29 01:30"]);
    // Four wall times of the gap and two o'clock itself are one instant.
    assert_eq!(london("*/15 1,2 * * *"), ["29 01:00", "29 01:15", "29 01:30", "29 01:45"]);
    assert_eq!(london("0 * * * *"), ["29 00:00", "29 01:00", "29 02:00"]);
}

#[test]
fn an_hour_that_happens_twice_runs_once() {
    let london = |text| between(text, "Europe/London", "2026-10-24T23:50", "2026-10-25T02:20");
    assert_eq!(london("30 1 * * *"), ["25 00:30"], "the first time only");
    assert_eq!(london("0 1,2 * * *"), ["25 00:00", "25 02:00"]);
    assert_eq!(london("*/30 * * * *"), ["25 00:00", "25 00:30", "25 02:00"]);
    // Asked within the second hour, the first does not come again.
    let again = between("*/15 1 * * *", "Europe/London", "2026-10-25T01:10", "2026-10-25T12:00");
    assert!(again.is_empty(), "{again:?}");
}

#[test]
fn zones_with_other_rules_hold_too() {
    // Half an hour of summer time, and a day that a calendar left out.
    assert_eq!(
        between("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00", "2026-10-04T23:00"),
        ["03 15:30", "04 15:15"]
    );
    assert_eq!(
        between("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00", "2012-01-01T00:00"),
        ["29 22:00", "30 10:00", "30 22:00", "31 22:00"]
    );
    assert_eq!(between("0 0 29 2 *", "UTC", "2026-01-01T00:00", "2028-03-01T00:00"), ["29 00:00"]);
    assert_eq!(
        between("0 6 * * fri-mon", "UTC", "2026-01-01T00:00", "2026-01-07T00:00"),
        ["02 06:00", "03 06:00", "04 06:00", "05 06:00"]
    );
}

/// What a schedule of plain lists means, minute by minute through a year of real time: an oracle that knows neither
/// the package nor our iterator.
fn walked(
    minutes: &[u32],
    hours: &[u32],
    zone: Tz,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let mut slots = Vec::new();
    let mut seen = BTreeSet::new();
    let mut before = from.with_timezone(&zone).naive_local();
    let mut now = from + TimeDelta::minutes(1);
    while now <= to {
        let wall = now.with_timezone(&zone).naive_local();
        let mut fits = false;
        // Every wall minute since the last one, skipped ones included.
        let mut minute = before + TimeDelta::minutes(1);
        while minute <= wall {
            fits |=
                minutes.contains(&minute.minute()) && hours.contains(&minute.hour()) && seen.insert(minute);
            minute += TimeDelta::minutes(1);
        }
        if fits {
            slots.push(now);
        }
        before = before.max(wall);
        now += TimeDelta::minutes(1);
    }
    slots
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_year_of_slots_is_strictly_increasing_with_none_skipped_and_none_doubled(
        minutes in prop::collection::btree_set(0_u32..60, 1..4),
        hours in prop::collection::btree_set(0_u32..24, 1..6),
        zone in prop::sample::select(vec![
            "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu", "Africa/Casablanca",
        ]),
        year in 2024_i32..2036,
    ) {
        let (minutes, hours): (Vec<_>, Vec<_>) = (minutes.into_iter().collect(), hours.into_iter().collect());
        let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let schedule = schedule(&format!("{} {} * * *", list(&minutes), list(&hours)), zone);
        let from = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_time(NaiveTime::MIN).and_utc();
        let to = from + TimeDelta::days(366);
        let slots: Vec<_> = schedule.slots_after(from).take_while(|slot| *slot <= to).collect();
        prop_assert!(slots.is_sorted_by(|one, next| one < next));
        let walked = walked(&minutes, &hours, zone.parse().unwrap(), from, to);
        prop_assert_eq!(&slots, &walked);
        // From anywhere, the next is the next.
        for (one, next) in slots.iter().zip(&slots[1..]).step_by(17) {
            prop_assert_eq!(schedule.slots_after(*one).next(), Some(*next));
            prop_assert_eq!(schedule.slots_after(*next - TimeDelta::seconds(1)).next(), Some(*next));
        }
    }
}

#[test]
fn weekdays_are_the_days_of_the_zone() {
    // Sunday 23:30 UTC is Monday in Kiritimati, fourteen hours ahead.
    let first =
        schedule("0 12 * * mon", "Pacific/Kiritimati").slots_after(at("2026-01-01T00:00")).next().unwrap();
    assert_eq!((first.weekday(), first.hour()), (chrono::Weekday::Sun, 22));
}

#[test]
fn jitter_is_the_same_every_time_and_differs_between_sources_and_slots() {
    let schedule = schedule("0 5 * * *", "UTC").with_jitter(Duration::from_mins(5));
    let slot = at("2026-01-05T05:00");
    let waits: BTreeSet<i64> = (0..50)
        .map(|n| {
            let start = schedule.start_of(&format!("school-{n}"), slot);
            assert_eq!(start, schedule.start_of(&format!("school-{n}"), slot));
            (start - slot).num_seconds()
        })
        .collect();
    assert!(waits.len() > 30 && waits.iter().all(|wait| (0..=300).contains(wait)), "{waits:?}");
    assert_ne!(
        schedule.start_of("one", slot) - slot,
        schedule.start_of("one", at("2026-01-06T05:00")) - at("2026-01-06T05:00")
    );
}

#[test]
fn blackout_hours_put_a_start_off_to_their_end() {
    let kept_out = |hours: &[&str]| {
        let mut schedule = schedule("*/30 * * * *", "Europe/London");
        let read = hours.iter().map(|hours| Blackout::parse(hours).unwrap()).collect();
        assert!(schedule.keep_out(read));
        move |time: &str| schedule.start_of("x", at(time)).format("%d %H:%M").to_string()
    };
    // 8 June 2026 is a Monday, in summer time.
    let start = kept_out(&["mon-fri 08:00-09:30"]);
    assert_eq!(start("2026-06-08T06:59"), "08 06:59");
    assert_eq!(start("2026-06-08T07:00"), "08 08:30");
    assert_eq!(start("2026-06-08T08:30"), "08 08:30");
    assert_eq!(start("2026-06-07T07:30"), "07 07:30", "not on Sunday");
    let start = kept_out(&["22:00-02:00", "02:00-03:00"]);
    assert_eq!(start("2026-01-08T23:00"), "09 03:00", "over midnight, and on into the next");
    assert_eq!(start("2026-01-09T01:59"), "09 03:00");
    // The end at half past one happens twice: it is over the second time.
    let start = kept_out(&["00:00-01:30"]);
    assert_eq!(start("2026-10-25T00:10"), "25 01:30");
    let mut never = schedule("0 5 * * *", "UTC");
    assert!(!never.keep_out(vec![Blackout::parse("00:00-24:00").unwrap()]));
    for wrong in ["8-9", "mon 08:00", "day 08:00-09:00", "08:00-08:00", "", "08:00-25:00"] {
        assert!(Blackout::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn lengths_of_time_are_a_number_and_a_unit() {
    assert_eq!(span("5m").unwrap(), Duration::from_mins(5));
    assert_eq!(span("400d").unwrap(), Duration::from_hours(400 * 24));
    for wrong in ["", "5", "m", "-5m", "5 m", "5w", "99999999999999999999s", "9999999999999d", "5é"] {
        assert!(span(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_schedule_in_words_is_the_same_schedule() {
    let schedule = schedule("15  5 * * mon-fri", "Europe/London");
    assert_eq!(schedule.in_words(), "15 5 * * mon-fri Europe/London");
    let again = schedule.as_it_was(&schedule.in_words()).unwrap();
    assert_eq!(again.in_words(), schedule.in_words());
    assert!(schedule.as_it_was("nonsense").is_none());
}
