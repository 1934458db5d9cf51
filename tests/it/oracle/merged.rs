//! Schools that merged, and what they became.
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

/// Of each school that merged what it became, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mergers(pub BTreeMap<String, (String, NaiveDate)>);

impl Mergers {
    /// What a school is on a day, as far as mergers went by then.
    pub fn on<'a>(&'a self, school: &'a str, day: NaiveDate) -> &'a str {
        let mut school = school;
        while let Some((next, _)) = self.0.get(school).filter(|(_, since)| *since <= day) {
            school = next;
        }
        school
    }

    /// The day on which a school becomes another.
    pub fn ends(&self, school: &str) -> Option<NaiveDate> {
        self.0.get(school).map(|(_, since)| *since)
    }

    /// Whether one school has become another on a day or before.
    pub fn has_become(&self, one: &str, other: &str, day: NaiveDate) -> bool {
        let mut school = one;
        while let Some((next, _)) = self.0.get(school).filter(|(_, since)| *since <= day) {
            if next == other {
                return true;
            }
            school = next;
        }
        false
    }

    /// Whether who is at the one and then, from a day on, at the other is where they were: days of rolls and registers differ by a month.
    pub fn goes_on(&self, one: &str, other: &str, from: NaiveDate) -> bool {
        one == other || self.has_become(one, other, from + Days::new(31))
    }
}
