use super::due::{Look, look};
use crate::{
    catalog::{Catalog, CatalogFault, SlotClaim, SlotClock, SlotEnd},
    config::{Schedule, Settings, Source},
    fault::Name,
    telemetry::{self, Event},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::{collections::BTreeMap, sync::Arc};

/// A slot whose work was cut off this often is given up: a daemon that dies of its work must not die of it for ever.
const ATTEMPTS: u32 = 3;
/// A clock that goes back by less than this was put right; by more, it was wrong before.
const PUT_RIGHT: TimeDelta = TimeDelta::minutes(1);
/// How long after a failed build or release it is tried again.
const RETRY: TimeDelta = TimeDelta::minutes(30);
/// How often folders of lists are looked at.
const LISTS: TimeDelta = TimeDelta::seconds(30);
/// How long settled slots are remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(400);
/// The words of a schedule that never comes.
const NEVER: &str = "never";

/// A slot that was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The source.
    pub source: Name,
    /// The slot: an instant in UTC.
    pub at: DateTime<Utc>,
}

/// What the keeper wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Pull a source.
    Pull(Slot),
    /// Link, build and release, as the configuration says.
    Publish,
    /// Take away the rows that have had their time.
    Tidy,
    /// Answer the lists that lie in folders for it.
    Answer,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// In a word: `published`, `partly`, `held`, `failed`, `refused`, `busy`, `stopped`.
    pub outcome: &'static str,
    /// Whether the lake holds something new.
    pub changed: bool,
    /// The run it led to.
    pub run: Option<i64>,
}

impl End {
    /// An end without a run.
    pub const fn without_run(outcome: &'static str) -> Self {
        Self { outcome, changed: false, run: None }
    }

    fn is_stopped(&self) -> bool {
        self.outcome == "stopped"
    }
}

struct Due<'s> {
    slot: Slot,
    since: DateTime<Utc>,
    missed: Vec<DateTime<Utc>>,
    clock: SlotClock,
    again: bool,
    late: bool,
    schedule: &'s Schedule,
}

/// Decides what is to be done when. Knows no clock, no thread and no network: it is told the time and what ended, and
/// its memory is the catalog.
pub struct Keeper {
    catalog: Catalog,
    settings: Arc<Settings>,
    busy: BTreeMap<Name, Slot>,
    /// Slots whose daemon died: (slot, times begun).
    cut_off: BTreeMap<Name, (DateTime<Utc>, u32)>,
    publishing: bool,
    /// Something came while the tables were being made.
    came_meanwhile: bool,
    unreleased: Option<DateTime<Utc>>,
    publish_from: DateTime<Utc>,
    /// The day on which rows were last looked at whose time may have come.
    tidied: Option<NaiveDate>,
    /// When folders of lists are looked at again; none while they are being looked at.
    answer_from: Option<DateTime<Utc>>,
    stopping: bool,
}

impl Keeper {
    /// Takes up the memory of the daemon before this one. Call it under the daemon's lock only.
    pub fn open(
        mut catalog: Catalog,
        settings: Arc<Settings>,
        now: DateTime<Utc>,
    ) -> Result<Self, CatalogFault> {
        let mut cut_off = BTreeMap::new();
        for slot in catalog.open_slots()? {
            let known = settings.sources.iter().find(|source| source.name.as_str() == slot.source);
            let again = known.filter(|source| source.schedule.is_some() && slot.attempts < ATTEMPTS);
            let older = again.and_then(|source| cut_off.insert(source.name, (slot.at, slot.attempts)));
            let given_up = if again.is_some() { older.map(|(at, _)| at) } else { Some(slot.at) };
            if let Some(at) = given_up {
                let end = ("cut off, and not taken up again", None);
                catalog.end_slot(&slot.source, at, SlotEnd::Missed, end, now)?;
            }
        }
        catalog.forget_slots(now - REMEMBERED)?;
        let unreleased = catalog.unreleased_since()?;
        let mut keeper = Self {
            catalog,
            settings,
            busy: BTreeMap::new(),
            cut_off,
            publishing: false,
            came_meanwhile: false,
            unreleased,
            publish_from: now,
            tidied: None,
            answer_from: Some(now),
            stopping: false,
        };
        keeper.settle_unscheduled(now)?;
        Ok(keeper)
    }

    /// What to begin now. Whatever is returned has been claimed: begin it.
    pub fn tick(&mut self, now: DateTime<Utc>) -> Result<Vec<Order>, CatalogFault> {
        let mut orders = Vec::new();
        if self.stopping {
            return Ok(orders);
        }
        let settings = Arc::clone(&self.settings);
        let overdue = self.unreleased.is_some_and(|since| {
            let within = TimeDelta::from_std(settings.daemon.publish_within).unwrap_or(TimeDelta::MAX);
            now - since >= within
        });
        self.publish(overdue, now, &mut orders);
        let mut due = Vec::new();
        for source in &settings.sources {
            if let (Some(schedule), false) = (&source.schedule, self.busy.contains_key(&source.name)) {
                due.extend(self.look_at(source, schedule, now)?);
            }
        }
        due.sort_by_key(|due| (due.since, due.slot.source.as_str()));
        let mut waiting = due.into_iter();
        while self.busy.len() + usize::from(self.publishing) < settings.daemon.concurrency {
            let Some(due) = waiting.next() else { break };
            if self.claim(&due, now)? {
                self.busy.insert(due.slot.source, due.slot);
                orders.push(Order::Pull(due.slot));
            }
        }
        let idle = self.busy.is_empty() && waiting.next().is_none();
        self.publish(idle, now, &mut orders);
        self.tidy(idle, now, &mut orders);
        if !settings.rolls.is_empty() && self.answer_from.is_some_and(|from| from <= now) {
            self.answer_from = None;
            orders.push(Order::Answer);
        }
        Ok(orders)
    }

    /// The folders of lists were looked at.
    pub fn answered(&mut self, now: DateTime<Utc>) {
        self.answer_from = Some(now + LISTS);
    }

    /// Once a day, when nothing else is to be done: rows whose time has come, where a rule says so.
    fn tidy(&mut self, idle: bool, now: DateTime<Utc>, orders: &mut Vec<Order>) {
        let today = today(&self.settings, now);
        let has_rules = self.settings.retention.has_rules();
        if idle && has_rules && !self.publishing && self.unreleased.is_none() && self.tidied != Some(today) {
            self.tidied = Some(today);
            self.publishing = true;
            orders.push(Order::Tidy);
        }
    }

    /// Rows were looked at whose time may have come; where some went, a release without them is made.
    pub fn tidied(&mut self, went: bool, now: DateTime<Utc>) -> Result<(), CatalogFault> {
        self.publishing = false;
        if went && !self.settings.daemon.after_pull.is_empty() {
            self.unreleased.get_or_insert(now);
            self.catalog.note_unreleased(now)?;
        }
        Ok(())
    }

    fn publish(&mut self, may: bool, now: DateTime<Utc>, orders: &mut Vec<Order>) {
        let wanted = self.unreleased.is_some() && !self.settings.daemon.after_pull.is_empty();
        if may && wanted && !self.publishing && self.publish_from <= now {
            self.publishing = true;
            self.came_meanwhile = false;
            orders.push(Order::Publish);
        }
    }

    /// One source: what of it is due, if anything.
    fn look_at<'s>(
        &mut self,
        source: &Source,
        schedule: &'s Schedule,
        now: DateTime<Utc>,
    ) -> Result<Option<Due<'s>>, CatalogFault> {
        let name = source.name.as_str();
        let words = schedule.in_words();
        let fresh = SlotClock { schedule: words.clone(), up_to: now };
        let Some(clock) = self.catalog.slot_clock(name)? else {
            // Seen for the first time: its first slot is the next one.
            self.catalog.set_slot_clock(name, &fresh)?;
            return Ok(None);
        };
        if clock.up_to > now + PUT_RIGHT {
            telemetry::emit(Event::ClockWentBack { source: source.name });
            self.catalog.set_slot_clock(name, &fresh)?;
            return Ok(None);
        }
        // The past is read by the schedule that was in force; an edited one begins now.
        let edited = clock.schedule != words;
        let was = if edited { schedule.as_it_was(&clock.schedule) } else { None };
        let found = match (edited, &was) {
            (false, _) => look(schedule, name, clock.up_to, now),
            (true, Some(was)) => look(was, name, clock.up_to, now),
            (true, None) => Look::default(),
        };
        if source.refusal(today(&self.settings, now)).is_some() {
            if let Some((at, _)) = self.cut_off.remove(&source.name) {
                let end = ("its agreement has ended", None);
                self.catalog.end_slot(name, at, SlotEnd::Missed, end, now)?;
            }
            if edited || found.claim.is_some() {
                self.catalog.set_slot_clock(name, &fresh)?;
            }
            return Ok(None);
        }
        if let Some((at, _)) = self.cut_off.get(&source.name).copied() {
            if found.claim.is_none() && self.settings.daemon.catch_up {
                let begins = schedule.out_of_blackout(now);
                let slot = Slot { source: source.name, at };
                let due = Due { slot, since: now, missed: vec![], clock, again: true, late: true, schedule };
                return Ok((begins <= now).then_some(due));
            }
            self.cut_off.remove(&source.name);
            self.catalog.end_slot(name, at, SlotEnd::Missed, ("covered by a later one", None), now)?;
        }
        let Some((at, start)) = found.claim else {
            if edited {
                self.catalog.set_slot_clock(name, &fresh)?;
            }
            return Ok(None);
        };
        let late = start + late_after(&self.settings) < now;
        let clock = if edited { fresh } else { SlotClock { schedule: words, up_to: at } };
        if late && !self.settings.daemon.catch_up {
            let missed = [found.missed, vec![at]].concat();
            telemetry::emit(Event::SlotsMissed { source: source.name, slots: missed.len() });
            self.catalog.miss_slots(name, &missed, &clock)?;
            return Ok(None);
        }
        let slot = Slot { source: source.name, at };
        let since = found.since.unwrap_or(start);
        Ok(Some(Due { slot, since, missed: found.missed, clock, again: false, late, schedule }))
    }

    fn claim(&mut self, due: &Due<'_>, now: DateTime<Utc>) -> Result<bool, CatalogFault> {
        let Slot { source, at } = due.slot;
        let claim = SlotClaim {
            source: source.as_str(),
            at,
            missed: &due.missed,
            clock: &due.clock,
            again: due.again,
        };
        let claimed = self.catalog.claim_slot(&claim, now)?;
        if due.again {
            self.cut_off.remove(&source);
        }
        if claimed {
            if !due.missed.is_empty() {
                telemetry::emit(Event::SlotsMissed { source, slots: due.missed.len() });
            }
            let local = at.with_timezone(&due.schedule.zone()).naive_local();
            telemetry::emit(Event::SlotClaimed { source, slot: at, local, late: due.late });
        }
        Ok(claimed)
    }

    /// A pull ended.
    pub fn pulled(&mut self, slot: Slot, end: End, now: DateTime<Utc>) -> Result<(), CatalogFault> {
        self.busy.remove(&slot.source);
        let state = if end.is_stopped() { SlotEnd::Stopped } else { SlotEnd::Done };
        self.catalog.end_slot(slot.source.as_str(), slot.at, state, (end.outcome, end.run), now)?;
        telemetry::emit(Event::SlotEnded {
            source: slot.source,
            slot: slot.at,
            run: end.run,
            outcome: end.outcome,
        });
        if end.changed && !self.settings.daemon.after_pull.is_empty() {
            self.came_meanwhile = self.publishing;
            self.unreleased.get_or_insert(now);
            self.catalog.note_unreleased(now)?;
        }
        Ok(())
    }

    /// Linking, building and releasing ended, well or not.
    pub fn published(&mut self, well: bool, now: DateTime<Utc>) -> Result<(), CatalogFault> {
        self.publishing = false;
        telemetry::emit(Event::AfterPull { well });
        if !well {
            self.publish_from = now + RETRY;
            return Ok(());
        }
        self.publish_from = now;
        self.catalog.clear_unreleased()?;
        self.unreleased = self.came_meanwhile.then_some(now);
        if self.came_meanwhile {
            self.catalog.note_unreleased(now)?;
        }
        Ok(())
    }

    /// Goes on with another configuration.
    pub fn reload(&mut self, settings: Arc<Settings>, now: DateTime<Utc>) -> Result<(), CatalogFault> {
        self.settings = settings;
        self.publish_from = self.publish_from.min(now);
        self.settle_unscheduled(now)
    }

    /// Begins nothing more.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Whether everything that was begun has ended.
    pub fn is_idle(&self) -> bool {
        self.busy.is_empty() && !self.publishing && self.answer_from.is_some()
    }

    /// Sources at work.
    pub fn busy(&self) -> impl Iterator<Item = Name> + '_ {
        self.busy.keys().copied()
    }

    /// The catalog, to read from.
    pub const fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The configuration in force.
    pub const fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// A source that is no longer scheduled has no past to catch up with when it is scheduled again.
    fn settle_unscheduled(&mut self, now: DateTime<Utc>) -> Result<(), CatalogFault> {
        let settings = Arc::clone(&self.settings);
        for source in settings.sources.iter().filter(|source| source.schedule.is_none()) {
            let name = source.name.as_str();
            if self.catalog.slot_clock(name)?.is_some_and(|clock| clock.schedule != NEVER) {
                let clock = SlotClock { schedule: NEVER.into(), up_to: now };
                self.catalog.set_slot_clock(name, &clock)?;
            }
        }
        Ok(())
    }
}

/// How long after its start a slot counts as late.
pub(super) fn late_after(settings: &Settings) -> TimeDelta {
    TimeDelta::from_std(settings.daemon.late_after).unwrap_or(TimeDelta::MAX)
}

/// The day by which agreements are judged: a demonstration has its own.
pub(super) fn today(settings: &Settings, now: DateTime<Utc>) -> NaiveDate {
    settings.as_of.filter(|_| settings.demo.is_some()).unwrap_or_else(|| now.date_naive())
}
