//! What `status` says of schedules and of the daemon.
use super::screen::table;
use crate::{
    catalog::SlotEntry,
    config::{Settings, Source},
    daemon::{self, AtWork, Outlook},
    pipeline::Site,
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How things stand with the daemon and its schedules.
pub(super) struct Standing {
    at_work: Option<AtWork>,
    outlook: Vec<Outlook>,
    last: Vec<SlotEntry>,
    held: u64,
    now: DateTime<Utc>,
}

impl Standing {
    /// Looks, and writes nothing.
    pub(super) fn of(site: &Site) -> Result<Self, crate::catalog::CatalogFault> {
        let now = Utc::now();
        let runs = site.catalog.measures()?.runs;
        Ok(Self {
            at_work: daemon::at_work(&site.settings.data_dir),
            outlook: daemon::outlook(&site.catalog, &site.settings, now)?,
            last: site.catalog.last_slots()?,
            held: runs.iter().filter(|line| line.state == "held").map(|line| line.runs).sum(),
            now,
        })
    }

    /// As words: the daemon, what waits for a person, and a line per source.
    pub(super) fn in_words(&self, settings: &Settings) -> String {
        let mut out = match &self.at_work {
            Some(daemon) => {
                let since = daemon.since().format("%Y-%m-%d %H:%M");
                format!("The daemon is at work since {since} UTC (process {}).", daemon.pid)
            }
            None => "No daemon is at work: nothing is pulled by schedule.".to_owned(),
        };
        match self.held {
            0 => {}
            1 => out.push_str("\nOne run is held and waits for a person."),
            held => {
                let _ = write!(out, "\n{held} runs are held and wait for a person.");
            }
        }
        let rows =
            settings.sources.iter().zip(&self.outlook).map(|(source, outlook)| self.row(source, outlook));
        out.push('\n');
        out.push_str(&table(
            &["source", "schedule", "next pull", "last slot", "it ended", "to know"],
            rows.collect(),
            &[],
        ));
        out
    }

    fn row(&self, source: &Source, outlook: &Outlook) -> Vec<String> {
        let zone = source.schedule.as_ref().map_or(Tz::Europe__London, crate::config::Schedule::zone);
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).format("%a %d %b %H:%M").to_string();
        let last = self.last_of(source);
        let ended = match last {
            None => String::new(),
            Some(slot) if slot.state == "claimed" => self.claimed_word().to_owned(),
            Some(slot) => slot.outcome.clone(),
        };
        let to_know = match (outlook.late_since, outlook.ended, outlook.keep_until) {
            (_, Some(day), Some(until)) => format!("agreement ended on {day}; rows are due to go by {until}"),
            (_, Some(day), None) => format!("agreement ended on {day}; no rule says when its rows go"),
            (Some(since), ..) => format!("late since {}", local(since)),
            _ => String::new(),
        };
        let schedule = source.schedule.as_ref().map_or_else(|| "by hand".to_owned(), ToString::to_string);
        let next = outlook.next.map_or_else(|| "-".to_owned(), |next| local(next.max(self.now)));
        let slot = last.map_or_else(|| "-".to_owned(), |slot| local(slot.at));
        vec![source.name.to_string(), schedule, next, slot, ended, to_know]
    }

    fn last_of(&self, source: &Source) -> Option<&SlotEntry> {
        self.last.iter().find(|slot| slot.source == source.name.as_str())
    }

    /// A claimed slot is at work, or was when its daemon died.
    const fn claimed_word(&self) -> &'static str {
        if self.at_work.is_some() { "at work" } else { "cut off" }
    }

    /// The same as data; instants are UTC.
    pub(super) fn as_json(&self, settings: &Settings) -> Value {
        let instant = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let sources: Vec<Value> = settings
            .sources
            .iter()
            .zip(&self.outlook)
            .map(|(source, outlook)| {
                let last = self.last_of(source).map(|slot| {
                    json!({ "slot": instant(slot.at), "state": slot.state, "outcome": slot.outcome,
                            "attempts": slot.attempts, "run": slot.run_id,
                            "claimed_at": slot.claimed_at.map(instant), "ended_at": slot.ended_at.map(instant) })
                });
                json!({ "source": source.name.as_str(),
                        "schedule": source.schedule.as_ref().map(ToString::to_string),
                        "timezone": source.schedule.as_ref().map(|schedule| schedule.zone().name()),
                        "next": outlook.next.map(|next| instant(next.max(self.now))),
                        "late_since": outlook.late_since.map(instant),
                        "agreement_ended": outlook.ended.map(|day| day.to_string()),
                        "keep_until": outlook.keep_until.map(|day| day.to_string()),
                        "last": last })
            })
            .collect();
        let daemon = self.at_work.as_ref().map(|daemon| {
            json!({ "pid": daemon.pid, "since": instant(daemon.since()), "listening": daemon.listening })
        });
        json!({ "daemon": daemon, "held_runs": self.held, "sources": sources })
    }
}
