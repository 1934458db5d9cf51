//! How far a slice is read: until when, or until which revision, and when it was last read in full.
use crate::definitions::connector::{Feed, SinceBy};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use std::fmt;

const FORMAT: &str = "%Y-%m-%dT%H:%M:%SZ";

/// A slice's cursor as the catalog keeps it: words with spaces between them, the instant first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Everything that changed before this instant is read.
    pub(super) until: Option<DateTime<Utc>>,
    /// … or up to this revision.
    pub(super) revision: Option<u64>,
    /// When the slice was last read in full.
    pub(super) swept: Option<DateTime<Utc>>,
}

impl Cursor {
    pub(super) fn of_text(text: &str) -> Self {
        let mut cursor = Self::default();
        for word in text.split(' ') {
            match word.split_once('=') {
                Some(("revision", number)) => cursor.revision = number.parse().ok(),
                Some(("swept", instant)) => cursor.swept = instant_of(instant),
                _ => cursor.until = instant_of(word),
            }
        }
        cursor
    }

    /// Whether the feed is to be read in full: it always is, or it never was, or its sweep is due.
    pub(super) fn is_due_in_full(&self, feed: &Feed, now: DateTime<Utc>) -> bool {
        let known = match (&feed.since, &feed.changelog) {
            (_, Some(_)) => self.revision.is_some(),
            (Some(since), None) => match since.by {
                SinceBy::Time { .. } => self.until.is_some(),
                SinceBy::Revision(_) => self.revision.is_some(),
            },
            (None, None) => false,
        };
        let days = feed.since.as_ref().and_then(|since| since.sweep_days);
        let due = days.is_some_and(|days| {
            // A clock that was set back must not put the sweep off for ever.
            self.swept.is_none_or(|swept| (now - swept).abs() >= TimeDelta::days(i64::from(days)))
        });
        // A clock that was ahead has left an instant that is yet to come: nothing would be asked for until then.
        let ahead = self.until.is_some_and(|until| until > now + TimeDelta::days(1));
        !known || due || ahead
    }

    /// The parameter that asks for what changed.
    pub(super) fn query(&self, feed: &Feed) -> Option<(String, String)> {
        let since = feed.since.as_ref()?;
        let value = match &since.by {
            SinceBy::Revision(_) => self.revision?.to_string(),
            SinceBy::Time { format, template, overlap_hours } => {
                let from = self.until? - TimeDelta::hours(i64::from(*overlap_hours));
                let from = from.format(format).to_string();
                template.as_ref().map_or(from.clone(), |template| template.replace("{since}", &from))
            }
        };
        Some((since.param.clone(), value))
    }
}

fn instant_of(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, FORMAT).ok().map(|at| at.and_utc())
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self.until.map(|at| at.format(FORMAT).to_string());
        let revision = self.revision.map(|number| format!("revision={number}"));
        let swept = self.swept.map(|at| format!("swept={}", at.format(FORMAT)));
        let words: Vec<String> = [until, revision, swept].into_iter().flatten().collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_an_old_one_is_read() {
        let at = instant_of("2026-03-02T04:00:00Z");
        let cursor = Cursor { until: at, revision: Some(7), swept: at };
        assert_eq!(Cursor::of_text(&cursor.to_string()), cursor);
        assert_eq!(Cursor::of_text("2026-03-02T04:00:00Z"), Cursor { until: at, ..Cursor::default() });
        assert_eq!(Cursor::of_text(""), Cursor::default());
    }

    /// A clock that was ahead left an instant to come; a database restored on our side may hold one too. Asked for what
    /// changed since then, a service would tell nothing until that day.
    #[test]
    fn a_cursor_that_lies_ahead_is_not_waited_for() {
        let definitions = crate::definitions::Definitions::load(None).unwrap();
        let feed = definitions.connectors["wonde"].feeds.iter().find(|feed| feed.since.is_some()).unwrap();
        let now = instant_of("2026-03-02T04:00:00Z").unwrap();
        let until = |days: i64| {
            let at = Some(now + TimeDelta::days(days));
            Cursor { until: at, revision: None, swept: Some(now) }
        };
        assert!(!until(-1).is_due_in_full(feed, now) && !until(1).is_due_in_full(feed, now));
        assert!(until(2).is_due_in_full(feed, now));
        let unswept = Cursor { swept: Some(now + TimeDelta::days(40)), ..until(-1) };
        assert!(unswept.is_due_in_full(feed, now), "nor a sweep that was made in time to come");
    }
}
