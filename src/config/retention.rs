//! `[retention]`: how long rows and snapshots are kept.
use super::{daemon::Reader, schedule::span};
use chrono::NaiveDate;
use serde::Deserialize;
use std::time::Duration;

/// How long things are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// How long the rows of a source stay after its agreement ended; none where no rule was set.
    pub after_agreement: Option<Duration>,
    /// So many of the newest releases stay.
    pub releases: usize,
    /// Releases younger than this stay, however many they are.
    pub releases_for: Duration,
}

impl Retention {
    /// The day by which rows must be gone whose agreement ended on a day.
    pub fn due(&self, ended: NaiveDate) -> Option<NaiveDate> {
        let days = self.after_agreement?.as_secs() / (24 * 60 * 60);
        ended.checked_add_days(chrono::Days::new(days))
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRetention {
    after_agreement: Option<String>,
    releases: usize,
    releases_for: String,
}

impl Default for RawRetention {
    fn default() -> Self {
        Self { after_agreement: None, releases: 12, releases_for: "400d".into() }
    }
}

impl Reader<'_> {
    pub(super) fn retention(&mut self, raw: &RawRetention) -> Retention {
        Retention {
            after_agreement: raw.after_agreement.as_ref().and_then(|text| self.take(text, span(text))),
            releases: raw.releases.max(1),
            releases_for: self.take(&raw.releases_for, span(&raw.releases_for)).unwrap_or_default(),
        }
    }
}
