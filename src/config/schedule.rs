//! When a source is pulled: wall times in a zone, as instants.
//!
//! A slot is an instant that names a wall time. A wall time that a day skips (the clock goes forward) has its slot at
//! the end of the gap; one that a day has twice (the clock goes back) has it at the first of the two. Several that
//! fall together are one slot, so slots are strictly increasing whatever a government does to the clock.
use super::cron::{Fields, Wrong, day_range};
use chrono::{DateTime, Datelike, Days, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::{GapInfo, Tz};
use sha2::{Digest, Sha256};
use std::{collections::VecDeque, fmt, time::Duration};

/// The slots of one source.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    fields: Fields,
    zone: Tz,
    jitter: Duration,
    blackouts: Vec<Blackout>,
}

impl Schedule {
    /// Reads five fields in a zone.
    pub(super) fn parse(text: &str, zone: Tz) -> Result<Self, Wrong> {
        let fields = Fields::parse(text)?;
        Ok(Self {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            fields,
            zone,
            jitter: Duration::ZERO,
            blackouts: Vec::new(),
        })
    }

    /// Spreads starts over so long after their slots.
    #[must_use]
    pub(super) fn with_jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Keeps starts out of these hours. False where they leave no hour of the week.
    pub(super) fn keep_out(&mut self, blackouts: Vec<Blackout>) -> bool {
        self.blackouts = blackouts;
        let monday = NaiveDateTime::new(
            chrono::NaiveDate::from_ymd_opt(2026, 1, 5).unwrap_or_default(),
            chrono::NaiveTime::MIN,
        );
        let at = monday.and_utc();
        self.out_of_blackout(at) < at + TimeDelta::days(8)
    }

    /// The schedule that a text of [`Schedule::in_words`] stood for, with this one's jitter and blackout hours.
    pub fn as_it_was(&self, words: &str) -> Option<Self> {
        let (text, zone) = words.rsplit_once(' ')?;
        let was = Self::parse(text, zone.parse().ok()?).ok()?;
        Some(Self { jitter: self.jitter, blackouts: self.blackouts.clone(), ..was })
    }

    /// The fields and the zone: two schedules of the same words have the same slots.
    pub fn in_words(&self) -> String {
        format!("{} {}", self.text, self.zone)
    }

    /// The zone in which its times are written.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The slots strictly after an instant, in order.
    pub fn slots_after(&self, after: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        // On the second of two equal wall times the slots of the first are past and dropped by the comparison.
        let local = after.with_timezone(&self.zone).naive_local();
        let mut last = after;
        self.fields.after(local).filter_map(move |wall| {
            let slot = instant(self.zone, wall);
            (slot > last).then(|| {
                last = slot;
                slot
            })
        })
    }

    /// When the work of a slot may begin: after its jitter, outside blackout hours. The same for the same source and
    /// slot, on every machine and after every restart.
    pub fn start_of(&self, source: &str, slot: DateTime<Utc>) -> DateTime<Utc> {
        let spread = self.jitter.as_secs();
        let digest = Sha256::new_with_prefix(b"throughline jitter\0")
            .chain_update(source)
            .chain_update(slot.timestamp().to_be_bytes())
            .finalize();
        let draw = digest.iter().take(8).fold(0_u64, |draw, byte| (draw << 8) | u64::from(*byte));
        let wait = TimeDelta::seconds((draw % (spread + 1)) as i64);
        self.out_of_blackout(self.out_of_blackout(slot) + wait)
    }

    /// The first instant from this one on that lies in no blackout hour.
    pub fn out_of_blackout(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let mut at = at;
        // Adjoining hours lead from one to the next; a week of them has at most so many.
        for _ in 0..64 {
            let ends = self.blackouts.iter().filter_map(|hours| hours.end_after(self.zone, at)).max();
            match ends {
                Some(end) if end > at => at = end,
                _ => return at,
            }
        }
        at + TimeDelta::days(365)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The instant of a wall time: the first of two, the end of the gap for one that is skipped.
fn instant(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
        MappedLocalTime::None => GapInfo::new(&wall, &zone)
            .and_then(|gap| gap.end)
            .map_or_else(|| wall.and_utc(), |end| end.to_utc()),
    }
}

/// Hours in which nothing starts, on some days of the week: `mon-fri 08:00-09:30`. Without days, on all.
#[derive(Clone, Debug)]
pub(super) struct Blackout {
    days: [bool; 7],
    /// Minutes after midnight; the end may lie in the next day.
    from: i64,
    to: i64,
}

impl Blackout {
    /// Reads `[days] HH:MM-HH:MM`.
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        const FORM: &str = "write \"mon-fri 08:00-09:30\", or \"22:00-02:00\" for every day";
        let wrong = || (format!("`{text}` is not a span of hours"), FORM);
        let mut parts: VecDeque<&str> = text.split_whitespace().collect();
        let hours = parts.pop_back().ok_or_else(wrong)?;
        let mut days = [parts.is_empty(); 7];
        for part in parts {
            for name in part.split(',').filter(|name| !name.is_empty()) {
                for at in day_range(name)? {
                    days[at] = true;
                }
            }
        }
        let (from, to) = hours.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (minutes(from).ok_or_else(wrong)?, minutes(to).ok_or_else(wrong)?);
        if from == to {
            return Err(wrong());
        }
        Ok(Self { days, from, to: if to > from { to } else { to + 24 * 60 } })
    }

    /// The end of these hours, where an instant lies in them.
    fn end_after(&self, zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&zone).naive_local();
        let day_before = local.date().checked_sub_days(Days::new(1))?;
        [local.date(), day_before].into_iter().find_map(|day| {
            let midnight = day.and_time(chrono::NaiveTime::MIN);
            let (from, to) =
                (midnight + TimeDelta::minutes(self.from), midnight + TimeDelta::minutes(self.to));
            let held =
                self.days[day.weekday().num_days_from_monday() as usize] && from <= local && local < to;
            // Of two equal wall times the later: the hours are over only then.
            held.then(|| match zone.from_local_datetime(&to) {
                MappedLocalTime::Ambiguous(_, later) => later.to_utc(),
                _ => instant(zone, to),
            })
        })
    }
}

/// `08:30` as minutes after midnight; `24:00` is the end of the day.
fn minutes(text: &str) -> Option<i64> {
    if text == "24:00" {
        return Some(24 * 60);
    }
    let time = chrono::NaiveTime::parse_from_str(text, "%H:%M").ok()?;
    Some(i64::from(time.num_seconds_from_midnight()) / 60)
}

/// A length of time: a whole number and `s`, `m`, `h` or `d`.
pub(super) fn span(text: &str) -> Result<Duration, Wrong> {
    let wrong = || (format!("`{text}` is not a length of time"), "write a whole number and s, m, h or d: 5m");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(60 * 60),
        "d" => Some(24 * 60 * 60),
        _ => None,
    };
    // A century is a slip of the finger, and larger numbers overflow dates.
    let longest = 100 * 366 * 24 * 60 * 60;
    seconds
        .and_then(|seconds: u64| number.checked_mul(seconds))
        .filter(|seconds| *seconds <= longest)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests;
