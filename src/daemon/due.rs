use crate::config::Schedule;
use chrono::{DateTime, TimeDelta, Utc};

/// An outage is read back so far: slots only say *when*, cursors say *what*, so nothing older is lost.
const LOOK_BACK: TimeDelta = TimeDelta::days(32);
/// So many missed slots are listed at most.
const LISTED: usize = 200;

/// What a schedule asks for at an instant, when it was settled up to an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// The newest slot whose work may begin now, and since when it might.
    pub(super) claim: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Since when the source has been waiting: the start of its oldest slot. Whoever waited longest is next.
    pub(super) since: Option<DateTime<Utc>>,
    /// Older slots, which the work of that one covers.
    pub(super) missed: Vec<DateTime<Utc>>,
    /// When there is something to do next; none where it cannot be said.
    pub(super) next: Option<DateTime<Utc>>,
}

/// Looks at one source. Of several slots that went by, one is left to do: the newest.
pub(super) fn look(schedule: &Schedule, source: &str, up_to: DateTime<Utc>, now: DateTime<Utc>) -> Look {
    let mut look = Look::default();
    let free = schedule.out_of_blackout(now);
    let mut waiting: Option<DateTime<Utc>> = None;
    for slot in schedule.slots_after(up_to.max(now - LOOK_BACK)) {
        let start = schedule.start_of(source, slot);
        if slot <= now && start <= now {
            look.since = Some(look.since.map_or(start, |first| first.min(start)));
            if let Some((older, _)) = look.claim.replace((slot, start)) {
                look.missed.push(older);
            }
        } else {
            waiting = Some(waiting.map_or(start, |first| first.min(start)));
        }
        if slot > now {
            break;
        }
    }
    let listed = look.missed.len().saturating_sub(LISTED);
    look.missed.drain(..listed);
    look.next = waiting;
    if free > now && look.claim.take().is_some() {
        // Nothing begins in blackout hours, not even what is late.
        look.missed.clear();
        look.next = Some(waiting.map_or(free, |first| first.min(free)));
    }
    look
}
