//! The loop itself, with work that a test makes up: orderly and sudden ends, and work that goes wrong.
use super::super::{
    End, Keeper, SystemClock, Work,
    health::Health,
    keeper::Slot,
    turn::{Ended, Message, Turning},
};
use super::{World, config};
use crate::{
    catalog::{Catalog, SlotClock},
    config::Settings,
    pipeline::Stop,
};
use chrono::{TimeDelta, Utc};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// Work that is over when it is told to stop, or at once, or never well.
struct Made {
    pulls: AtomicU32,
    publishes: AtomicU32,
    sweeps: AtomicU32,
    waits: bool,
    fails: bool,
}

impl Work for Made {
    fn pull(&self, _: &Arc<Settings>, _: Slot, stop: &Stop) -> End {
        self.pulls.fetch_add(1, Ordering::SeqCst);
        assert!(!self.fails, "work goes wrong");
        while self.waits && !stop.is_asked() {
            thread::sleep(Duration::from_millis(5));
        }
        End { outcome: if self.waits { "stopped" } else { "published" }, changed: true, run: None }
    }
    fn publish(&self, _: &Arc<Settings>, _: &Stop) -> bool {
        self.publishes.fetch_add(1, Ordering::SeqCst);
        true
    }
    fn sweep(&self, _: &Arc<Settings>) {
        self.sweeps.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs a loop over one source that is an hour behind; `drive` plays the world and says when to go.
fn turning(work: &Arc<Made>, drive: impl FnOnce(&mpsc::Sender<Message>) + Send + 'static) -> (Ended, String) {
    let world = World::new("2026-06-01T00:00", &config("", &[("daily", "schedule = \"0 * * * *\"")]));
    let mut catalog = Catalog::open(&world.dir.path().join("catalog.sqlite")).unwrap();
    let up_to = Utc::now() - TimeDelta::hours(2);
    catalog.set_slot_clock("daily", &SlotClock { schedule: "0 * * * * UTC".into(), up_to }).unwrap();
    let settings = world.settings();
    let keeper = Keeper::open(catalog, Arc::clone(&settings), Utc::now()).unwrap();
    let (sender, inbox) = mpsc::channel();
    let driver = {
        let sender = sender.clone();
        thread::spawn(move || drive(&sender))
    };
    let turning = Turning {
        keeper,
        clock: Arc::new(SystemClock),
        work: Arc::clone(work) as Arc<dyn Work>,
        health: Arc::new(Health::new(settings)),
        stop: Stop::default(),
        sender,
        swept: None,
        reload: &mut |_| None,
    };
    let ended = turning.run(&inbox);
    driver.join().unwrap();
    let catalog = Catalog::open(&world.dir.path().join("catalog.sqlite")).unwrap();
    let slots = catalog.last_slots().unwrap();
    (ended, slots.first().map(|slot| format!("{} {}", slot.state, slot.outcome)).unwrap_or_default())
}

fn made(waits: bool, fails: bool) -> Arc<Made> {
    Arc::new(Made {
        pulls: AtomicU32::new(0),
        publishes: AtomicU32::new(0),
        sweeps: AtomicU32::new(0),
        waits,
        fails,
    })
}

fn until(counter: impl Fn() -> bool) {
    let began = Instant::now();
    while !counter() && began.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn told_to_go_it_ends_what_is_in_hand() {
    let work = made(true, false);
    let watched = Arc::clone(&work);
    let ended = turning(&work, move |loop_| {
        until(|| watched.pulls.load(Ordering::SeqCst) == 1);
        loop_.send(Message::Terminate).unwrap();
    });
    assert_eq!(ended, (Ended::InOrder, "stopped stopped".into()));
}

#[test]
fn told_twice_it_goes_at_once_and_the_slot_stays_open() {
    let work = made(true, false);
    let watched = Arc::clone(&work);
    let ended = turning(&work, move |loop_| {
        until(|| watched.pulls.load(Ordering::SeqCst) == 1);
        // Both lie in the inbox before the loop looks.
        loop_.send(Message::Terminate).unwrap();
        loop_.send(Message::Terminate).unwrap();
    });
    assert_eq!(ended.0, Ended::AtOnce);
    assert!(["claimed ", "stopped stopped"].contains(&ended.1.as_str()), "{}", ended.1);
}

#[test]
fn what_was_pulled_is_published_and_a_refused_configuration_changes_nothing() {
    let work = made(false, false);
    let watched = Arc::clone(&work);
    let ended = turning(&work, move |loop_| {
        loop_.send(Message::Reload).unwrap();
        until(|| watched.publishes.load(Ordering::SeqCst) == 1);
        loop_.send(Message::Terminate).unwrap();
    });
    assert_eq!(ended, (Ended::InOrder, "done published".into()));
    // What a killed process left was looked for at once, and not at every turn.
    assert_eq!(work.sweeps.load(Ordering::SeqCst), 1);
}

#[test]
fn work_that_goes_wrong_ends_itself_and_not_the_daemon() {
    let work = made(false, true);
    let watched = Arc::clone(&work);
    let ended = turning(&work, move |loop_| {
        until(|| watched.pulls.load(Ordering::SeqCst) == 1);
        thread::sleep(Duration::from_millis(300));
        loop_.send(Message::Terminate).unwrap();
    });
    assert_eq!(ended, (Ended::InOrder, "done failed".into()));
}
