//! On each day, the ward that somebody lives in.
use super::area::Area;
use super::cells::{Cell, People, Person};
use super::facts::PersonFacts;
use super::journey::runs;
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

row! {
    /// A home, by its ward where it is here.
    HomeWard = "home_ward", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    starts_on: NaiveDate = "starts_on",
    ends_on: NaiveDate = "ends_on",
    home_la: String = "home_la",
    ward: Option<String> = "ward",
    ward_state: String = "ward_state",
}

/// The homes of one person, day by day: what the day before held, until the authority is another or an address tells anew.
pub fn homes(person: &PersonFacts, area: &Area, as_of: NaiveDate, here: &str) -> Vec<HomeWard> {
    let (Some(first), Some(told_from)) = (area.first(), area.told_from()) else { return Vec::new() };
    let mut told: BTreeMap<NaiveDate, Vec<(&str, Option<&String>)>> = BTreeMap::new();
    for address in &person.addresses {
        let day = address.observed_on.unwrap_or(as_of);
        told.entry(day).or_default().push((address.la, address.ward.as_ref()));
    }
    let mut days: Vec<(&str, Option<&String>)> = Vec::new();
    for day in told_from.iter_days().take_while(|day| *day <= as_of) {
        let Some(la) = area.on(day).home else { unreachable!("a home once told is never unknown again") };
        let of_day = told.get(&day).into_iter().flatten().filter(|(other, _)| *other == la);
        let held = match days.last() {
            Some((before, ward)) if *before == la => *ward,
            _ => None,
        };
        days.push((la, of_day.map(|(_, ward)| *ward).max().unwrap_or(held)));
    }
    // Before anything tells of a home it is the one that is told of first.
    let before = (told_from - first).num_days() as usize;
    let reached = vec![days[0]; before];
    drop(days.splice(..0, reached));
    let shown: Vec<(&str, Option<&String>)> =
        days.into_iter().map(|(la, ward)| (la, ward.filter(|_| la == here))).collect();
    let row = |(from, to, (la, ward)): (usize, usize, (&str, Option<&String>))| {
        let state = match ward {
            _ if la != here => "elsewhere",
            Some(_) => "told",
            None => "not_told",
        };
        HomeWard {
            person: Person(person.number),
            starts_on: first + Days::new(from as u64),
            ends_on: first + Days::new(to as u64),
            home_la: la.to_owned(),
            ward: ward.cloned(),
            ward_state: state.to_owned(),
        }
    };
    runs(&shown).into_iter().map(row).collect()
}
