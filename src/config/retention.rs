//! `[retention]`: how long rows and snapshots are kept; and the policy file that says it for each entity.
use super::{cron::Wrong, daemon::Reader, schedule::span};
use crate::definitions::Complaint;
use chrono::{Datelike, Days, Months, NaiveDate};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long things are kept.
#[derive(Clone, Debug)]
pub struct Retention {
    /// How long the rows of a source stay after its agreement ended; none where no rule was set.
    pub after_agreement: Option<Duration>,
    /// So many of the newest releases stay.
    pub releases: usize,
    /// Releases younger than this stay, however many they are.
    pub releases_for: Duration,
    /// How long rows stay after their own date, by entity; the others stay.
    pub rows: BTreeMap<String, Keeping>,
    /// The policy file that says so.
    pub policy: Option<PathBuf>,
    /// Until when the register knows who somebody is; none where entries stay whatever the age.
    pub identities: Option<Ages>,
    /// Whether the configuration says so itself. Where it is the rule of the house alone, a person carries it out the first time.
    pub identities_said: bool,
}

/// Academic ages from which on the register knows somebody no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    /// Of everybody ...
    pub until: u32,
    /// ... but those with an education, health and care plan.
    pub with_plan: u32,
}

impl Default for Ages {
    fn default() -> Self {
        Self { until: 19, with_plan: 25 }
    }
}

impl Ages {
    /// The first day of the academic year in which somebody born on a day is of an academic age: so old on the 31 August before.
    pub fn reached(born: NaiveDate, age: u32) -> Option<NaiveDate> {
        let years = born.year() + i32::try_from(age).ok()? + i32::from(born.month() >= 9);
        NaiveDate::from_ymd_opt(years, 9, 1)
    }
}

/// How long a row stays after its own date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// So many years.
    Years(u32),
    /// So many days.
    Days(u32),
}

impl Keeping {
    /// On a day, the last date of rows that have had their time.
    pub fn past(self, today: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Years(years) => today.checked_sub_months(Months::new(years.checked_mul(12)?)),
            Self::Days(days) => today.checked_sub_days(Days::new(days.into())),
        }
    }
}

impl Retention {
    /// Whether any rule says that rows or identities go.
    pub fn has_rules(&self) -> bool {
        self.after_agreement.is_some() || !self.rows.is_empty() || self.identities.is_some()
    }

    /// The day by which rows must be gone whose agreement ended on a day.
    pub fn due(&self, ended: NaiveDate) -> Option<NaiveDate> {
        let days = self.after_agreement?.as_secs() / (24 * 60 * 60);
        ended.checked_add_days(Days::new(days))
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRetention {
    after_agreement: Option<String>,
    releases: usize,
    releases_for: String,
    policy: Option<PathBuf>,
    identities: Option<String>,
    identities_until_age: Option<u32>,
    identities_until_age_with_plan: Option<u32>,
}

impl Default for RawRetention {
    fn default() -> Self {
        Self {
            after_agreement: None,
            releases: 12,
            releases_for: "400d".into(),
            policy: None,
            identities: None,
            identities_until_age: None,
            identities_until_age_with_plan: None,
        }
    }
}

/// The word for entries of the register that go by the age of whom they are about.
const BY_AGE: &str = "by_age";

impl RawRetention {
    /// Until when entries of the register stay.
    fn ages(&self) -> Result<Option<Ages>, Wrong> {
        let by_default = Ages::default();
        let ages = Ages {
            until: self.identities_until_age.unwrap_or(by_default.until),
            with_plan: self.identities_until_age_with_plan.unwrap_or(by_default.with_plan),
        };
        match self.identities.as_deref().unwrap_or(BY_AGE) {
            BY_AGE if ages.until >= 16 && ages.with_plan >= ages.until && ages.with_plan <= 40 => {
                Ok(Some(ages))
            }
            BY_AGE => Err((
                "identities are kept until an age from 16 to 40, and with a plan no shorter than without"
                    .into(),
                "leave the two ages out: they are 19, and 25 with an education, health and care plan",
            )),
            "stay" => Ok(None),
            _ => Err((
                "identities are kept `by_age`, or they `stay`".into(),
                "leave it out: entries of the register then go at academic age 19, 25 with a plan",
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    #[serde(default)]
    entities: BTreeMap<String, RawKeeping>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKeeping {
    years: Option<u32>,
    days: Option<u32>,
}

impl RawKeeping {
    fn read(&self) -> Result<Keeping, Wrong> {
        match (self.years, self.days) {
            (Some(years @ 1..=100), None) => Ok(Keeping::Years(years)),
            (None, Some(days @ 1..=36_600)) => Ok(Keeping::Days(days)),
            _ => Err((
                "an entity's rows stay for `years` or for `days`".into(),
                "write one of the two, at least 1: years = 15",
            )),
        }
    }
}

impl Reader<'_> {
    pub(super) fn retention(&mut self, base: &Path, raw: &RawRetention) -> Retention {
        let policy = raw.policy.as_ref().map(|file| base.join(file));
        Retention {
            after_agreement: raw.after_agreement.as_ref().and_then(|text| self.take(text, span(text))),
            releases: raw.releases.max(1),
            releases_for: self.take(&raw.releases_for, span(&raw.releases_for)).unwrap_or_default(),
            rows: policy.as_deref().map(|file| self.policy(file)).unwrap_or_default(),
            policy,
            identities: self
                .take(raw.identities.as_deref().unwrap_or("identities_until_age"), raw.ages())
                .flatten(),
            identities_said: raw.identities.is_some()
                || raw.identities_until_age.is_some()
                || raw.identities_until_age_with_plan.is_some(),
        }
    }

    /// The policy file. What is wrong with it is told with its own lines.
    fn policy(&mut self, file: &Path) -> BTreeMap<String, Keeping> {
        let shown = file.display().to_string();
        let Ok(text) = fs::read_to_string(file) else {
            let hint = "write it, or leave `policy` out: rows then stay";
            self.complaints.push(Complaint::file(&shown, "the retention policy cannot be read", hint));
            return BTreeMap::new();
        };
        let raw: RawPolicy = match toml::from_str(&text) {
            Ok(raw) => raw,
            Err(error) => {
                self.complaints.push(Complaint::toml(&shown, &text, &error));
                return BTreeMap::new();
            }
        };
        let mut own = Reader { shown: &shown, text: &text, complaints: self.complaints };
        let read = raw.entities.into_iter().filter_map(|(entity, keeping)| {
            let keeping = own.take(&format!("entities.{entity}"), keeping.read())?;
            Some((entity, keeping))
        });
        read.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stays_for_whole_years_or_days_after_its_date() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        assert_eq!(Keeping::Years(2).past(day("2024-02-29")), Some(day("2022-02-28")));
        assert_eq!(Keeping::Days(30).past(day("2026-03-31")), Some(day("2026-03-01")));
        assert_eq!(Keeping::Years(u32::MAX).past(day("2026-03-31")), None);
    }

    #[test]
    fn an_academic_age_is_reached_on_the_first_of_september() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        for (born, reached) in [
            ("2007-03-10", "2026-09-01"),
            ("2007-08-31", "2026-09-01"),
            ("2007-09-01", "2027-09-01"),
            ("2006-09-15", "2026-09-01"),
            ("2008-02-29", "2027-09-01"),
        ] {
            assert_eq!(Ages::reached(day(born), 19), Some(day(reached)), "{born}");
        }
        assert_eq!(Ages::reached(day("2007-03-10"), u32::MAX), None);
    }

    #[test]
    fn identities_go_by_age_unless_somebody_says_that_they_stay() {
        let raw = |text: &str| toml::from_str::<RawRetention>(text).unwrap().ages();
        assert_eq!(raw(""), Ok(Some(Ages { until: 19, with_plan: 25 })));
        assert_eq!(raw("identities = \"stay\""), Ok(None));
        assert_eq!(raw("identities_until_age = 21"), Ok(Some(Ages { until: 21, with_plan: 25 })));
        for wrong in ["identities = \"for ever\"", "identities_until_age = 11", "identities_until_age = 26"] {
            assert!(raw(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_policy_says_one_length_for_an_entity_and_its_lines_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("retention.toml");
        let read = |text: &str| {
            fs::write(&file, text).unwrap();
            let mut complaints = Vec::new();
            let rules = Reader { shown: "", text: "", complaints: &mut complaints }.policy(&file);
            (rules, complaints.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let (rules, complaints) = read("[entities.sen]\nyears = 15\n[entities.engagement]\ndays = 400\n");
        assert_eq!(complaints, Vec::<String>::new());
        assert_eq!(rules["sen"], Keeping::Years(15));
        assert_eq!(rules["engagement"], Keeping::Days(400));
        for wrong in
            ["[entities.sen]\nyears = 0\n", "[entities.sen]\n", "[entities.sen]\nmonths = 3\n", "[sen]\n"]
        {
            let (rules, complaints) = read(wrong);
            assert!(rules.is_empty() && complaints.len() == 1, "{wrong}: {complaints:?}");
            assert!(complaints[0].contains("retention.toml"), "{complaints:?}");
        }
    }
}
