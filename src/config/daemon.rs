//! `[daemon]` and what a source says about its own schedule.
use super::{
    cron::Wrong,
    schedule::{Blackout, Schedule, span},
};
use crate::definitions::Complaint;
use chrono_tz::Tz;
use serde::Deserialize;
use std::{net::SocketAddr, time::Duration};

/// The word for a source that is pulled by hand only, and for a daemon that answers nobody.
const NEVER: &str = "never";

/// What the daemon does besides pulling, and how.
#[derive(Clone, Debug)]
pub struct DaemonSettings {
    /// Sources pulled at once.
    pub concurrency: usize,
    /// Where health and metrics are answered; none for nowhere.
    pub listen: Option<SocketAddr>,
    /// Whether a source whose slots went by while the daemon was away is pulled once on its return.
    pub catch_up: bool,
    /// What follows pulls that changed something, in order.
    pub after_pull: Vec<Step>,
    /// How long a change may wait for other pulls before it is built and released all the same.
    pub publish_within: Duration,
    /// How long after its start a slot that nobody took counts as late.
    pub late_after: Duration,
    /// Free space under which the daemon is not ready, in bytes.
    pub min_free: u64,
}

/// A step after pulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Which records belong to one learner.
    Link,
    /// The tables.
    Build,
    /// The snapshot.
    Release,
    /// The removal of releases that have had their time.
    Expire,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDaemon {
    schedule: Option<String>,
    timezone: String,
    jitter: String,
    blackout: Vec<String>,
    concurrency: usize,
    listen: String,
    catch_up: String,
    after_pull: Vec<String>,
    publish_within: String,
    late_after: String,
    min_free_mib: u64,
}

impl Default for RawDaemon {
    fn default() -> Self {
        Self {
            schedule: None,
            timezone: "Europe/London".into(),
            jitter: "0s".into(),
            blackout: Vec::new(),
            concurrency: 2,
            listen: "127.0.0.1:9464".into(),
            catch_up: "once".into(),
            after_pull: ["link", "build", "release"].map(str::to_owned).into(),
            publish_within: "6h".into(),
            late_after: "2h".into(),
            min_free_mib: 512,
        }
    }
}

/// What a source says of its own schedule; what it does not say is `[daemon]`'s.
#[derive(Clone, Default)]
pub(super) struct RawTimes {
    pub schedule: Option<String>,
    pub timezone: Option<String>,
    pub jitter: Option<String>,
    pub blackout: Option<Vec<String>>,
}

/// Collects complaints at the line that holds what is wrong.
pub(super) struct Reader<'a> {
    pub shown: &'a str,
    pub text: &'a str,
    pub complaints: &'a mut Vec<Complaint>,
}

impl Reader<'_> {
    fn wrong(&mut self, needle: &str, (problem, hint): Wrong) {
        self.complaints.push(Complaint::near(self.shown, self.text, needle, problem, hint));
    }

    pub(super) fn take<T>(&mut self, needle: &str, read: Result<T, Wrong>) -> Option<T> {
        read.map_err(|wrong| self.wrong(needle, wrong)).ok()
    }

    pub(super) fn daemon(&mut self, raw: &RawDaemon) -> DaemonSettings {
        let mut after_pull: Vec<Step> = raw
            .after_pull
            .iter()
            .filter_map(|word| {
                self.take(
                    word,
                    match word.as_str() {
                        "link" => Ok(Step::Link),
                        "build" => Ok(Step::Build),
                        "release" => Ok(Step::Release),
                        "expire" => Ok(Step::Expire),
                        _ => Err((format!("`{word}` is no step"), "use link, build, release, expire")),
                    },
                )
            })
            .collect();
        after_pull.sort_unstable();
        after_pull.dedup();
        if after_pull.contains(&Step::Release) && !after_pull.contains(&Step::Build) {
            let hint = "add \"build\": a release is made of what was built";
            self.wrong("after_pull", ("`after_pull` releases without building".into(), hint));
        }
        let listen = match raw.listen.as_str() {
            NEVER => None,
            address => {
                let hint = "write an address and a port, as in 127.0.0.1:9464, or \"never\"";
                self.take(address, address.parse().map_err(|_| (format!("`{address}` is no address"), hint)))
            }
        };
        let catch_up = match raw.catch_up.as_str() {
            "once" => true,
            NEVER => false,
            other => {
                self.wrong(other, (format!("`{other}` is no way to catch up"), "use \"once\" or \"never\""));
                true
            }
        };
        DaemonSettings {
            concurrency: raw.concurrency.max(1),
            listen,
            catch_up,
            after_pull,
            publish_within: self.take(&raw.publish_within, span(&raw.publish_within)).unwrap_or_default(),
            late_after: self.take(&raw.late_after, span(&raw.late_after)).unwrap_or_default(),
            min_free: raw.min_free_mib.saturating_mul(1 << 20),
        }
    }

    /// A source's schedule; none where neither it nor `[daemon]` names one, or it is pulled by hand.
    pub(super) fn schedule(&mut self, own: &RawTimes, daemon: &RawDaemon) -> Option<Schedule> {
        let text = own.schedule.as_ref().or(daemon.schedule.as_ref()).filter(|text| *text != NEVER)?;
        let zone_name = own.timezone.as_ref().unwrap_or(&daemon.timezone);
        let hint = "use a name such as Europe/London";
        let zone: Tz = self.take(
            zone_name,
            zone_name.parse().map_err(|_| (format!("`{zone_name}` is no time zone"), hint)),
        )?;
        let schedule = self.take(text, Schedule::parse(text, zone));
        let jitter_text = own.jitter.as_ref().unwrap_or(&daemon.jitter);
        let jitter = self.take(jitter_text, span(jitter_text)).unwrap_or_default();
        let mut blackouts = Vec::new();
        for hours in own.blackout.as_ref().unwrap_or(&daemon.blackout) {
            blackouts.extend(self.take(hours, Blackout::parse(hours)));
        }
        let mut schedule = schedule?.with_jitter(jitter);
        if !schedule.keep_out(blackouts) {
            let hint = "leave some hours of the week free";
            self.wrong("blackout", ("the blackout hours leave no time to pull".into(), hint));
        }
        Some(schedule)
    }
}
