//! Section 5 of the page: on each day, the authority somebody lives in and the one that educates them.
use super::cells::Person;
use super::days::next;
use super::evidence::Role;
use super::facts::{Code, PersonFacts};
use super::journey::{Journey, runs};
use super::rows::AreaSpell;
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

/// Home and educating authority by day, from the first evidence to the day that everything is seen from.
pub struct Area {
    first: Option<NaiveDate>,
    told_from: Option<NaiveDate>,
    days: Vec<AreaDay>,
}

/// One day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AreaDay {
    pub home: Option<Code>,
    pub educating: Option<Code>,
    /// How the home authority is known.
    evidence: Option<Code>,
}

/// Kinds of evidence for a home, by rising trust.
const EVIDENCE: [Code; 3] = ["address", "transfer", "register"];

impl Area {
    pub fn of(person: &PersonFacts, journey: &Journey, as_of: NaiveDate) -> Self {
        let points = home_points(person, as_of);
        let first_point = points.first().map(|(day, ..)| *day);
        let Some(first) = journey.first_day().into_iter().chain(first_point).min() else {
            return Self { first: None, told_from: None, days: Vec::new() };
        };
        let index = |day: NaiveDate| (day - first).num_days() as usize;
        let mut days = vec![AreaDay::default(); index(as_of) + 1];
        // Each point holds to the end until the next one is painted over it; the first one reaches back.
        for (number, (from, la, evidence)) in points.iter().enumerate() {
            let from = if number == 0 { 0 } else { index(*from) };
            days[from..].fill(AreaDay { home: Some(la), evidence: Some(evidence), educating: None });
        }
        let learning_from = journey.first_day().map_or(days.len(), index);
        for (day, main) in days[learning_from..].iter_mut().zip(journey.main_by_day()) {
            day.educating = main.and_then(|stay| match stay.role {
                Role::Home => day.home,
                Role::Missing => None,
                _ => stay.la,
            });
        }
        Self { first: Some(first), told_from: first_point, days }
    }

    /// The first day of which anything is known.
    pub const fn first(&self) -> Option<NaiveDate> {
        self.first
    }

    /// The first day on which anything tells of a home.
    pub const fn told_from(&self) -> Option<NaiveDate> {
        self.told_from
    }

    /// Nothing is known before the first evidence or after the day that everything is seen from.
    pub fn on(&self, day: NaiveDate) -> AreaDay {
        let index = self.first.and_then(|first| usize::try_from((day - first).num_days()).ok());
        index.and_then(|index| self.days.get(index).copied()).unwrap_or_default()
    }

    /// Days on which another authority begins to be the home: the day, from, to, and how it is known.
    pub fn moves(&self) -> Vec<(NaiveDate, Code, Code, Code)> {
        let Some(first) = self.first else { return Vec::new() };
        let at = |(number, pair): (usize, &[AreaDay])| {
            let (from, to) = (pair[0].home?, pair[1].home?);
            (from != to).then_some((first + Days::new(number as u64 + 1), from, to, pair[1].evidence?))
        };
        self.days.windows(2).enumerate().filter_map(at).collect()
    }

    /// The published rows.
    pub fn spells(&self, number: u32) -> Vec<AreaSpell> {
        let Some(first) = self.first else { return Vec::new() };
        let text = |code: Option<Code>| code.map(str::to_owned);
        runs(&self.days)
            .into_iter()
            .map(|(from, to, day)| AreaSpell {
                person: Person(number),
                starts_on: first + Days::new(from as u64),
                ends_on: first + Days::new(to as u64),
                home_la: text(day.home),
                educating_la: text(day.educating),
                home_evidence: text(day.evidence),
            })
            .collect()
    }
}

/// Days from which another authority is the home, each with how it is known. A point that only says again what holds
/// already is left out, so the evidence is that of the day the authority began to hold.
fn home_points(person: &PersonFacts, as_of: NaiveDate) -> Vec<(NaiveDate, Code, Code)> {
    // Of the points of one day the most trusted, then the greatest authority.
    let mut best: BTreeMap<NaiveDate, (usize, Code)> = BTreeMap::new();
    let mut point = |day: NaiveDate, evidence: Code, la: Code| {
        let trust = EVIDENCE.iter().position(|one| *one == evidence).unwrap();
        if day <= as_of {
            let one = best.entry(day).or_insert((trust, la));
            *one = (*one).max((trust, la));
        }
    };
    for address in &person.addresses {
        point(address.observed_on.unwrap_or(as_of), "address", address.la);
    }
    for destination in &person.destinations {
        if let Some(la) = destination.transferred_to_la {
            point(destination.starts_on, "transfer", la);
        }
    }
    for entry in person.off_roll.iter().filter(|entry| entry.end_reason == Some("moved_la")) {
        if let (Some(ends_on), Some(la)) = (entry.ends_on, entry.moved_to_la) {
            point(next(ends_on), "register", la);
        }
    }
    let mut points: Vec<(NaiveDate, Code, Code)> = Vec::new();
    for (day, (trust, la)) in best {
        if points.last().is_none_or(|(_, before, _)| *before != la) {
            points.push((day, la, EVIDENCE[trust]));
        }
    }
    points
}
