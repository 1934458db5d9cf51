//! Sections 2 and 3 of the page: which establishments are one school, and what says where somebody was.
use super::facts::{Code, Establishment, Facts, PersonFacts};
use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// How a piece of evidence ranks on a day; the first four in rising order are those of the main timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Missing,
    Home,
    Placement,
    Main,
    Concurrent,
}

/// Days at one place or on one list, closed at both ends.
#[derive(Clone, Debug)]
pub struct Stay {
    pub role: Role,
    pub establishment: Option<String>,
    /// The establishment of its first part.
    pub first: Option<String>,
    pub school: Option<String>,
    pub kind: Code,
    pub la: Option<Code>,
    pub legal_basis: Code,
    pub status: Option<Code>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub is_open: bool,
}

/// Establishments by id, and the schools that each was and became: its own first, then what that merged into, and so on.
pub struct Places<'a> {
    by_id: BTreeMap<&'a str, &'a Establishment>,
    line: BTreeMap<&'a str, Vec<&'a str>>,
    merged_on: BTreeMap<&'a str, NaiveDate>,
    ended: BTreeMap<&'a str, NaiveDate>,
}

impl<'a> Places<'a> {
    pub fn of(facts: &'a Facts) -> Self {
        let (mut converted, mut merged) = (BTreeSet::new(), BTreeMap::new());
        for link in facts.links.iter().filter(|link| link.linked_on <= facts.as_of) {
            let (id, linked) = (link.id.as_str(), link.linked.as_str());
            match link.link_type {
                "successor" => _ = converted.insert((id, linked)),
                "predecessor" => _ = converted.insert((linked, id)),
                "successor_merged" => _ = merged.insert(id, (linked, link.linked_on)),
                "predecessor_merged" => _ = merged.insert(linked, (id, link.linked_on)),
                _ => {}
            }
        }
        let by_id: BTreeMap<_, _> = facts.establishments.iter().map(|one| (one.id.as_str(), one)).collect();
        let mut line = BTreeMap::new();
        for id in by_id.keys() {
            let mut schools = vec![last_of_chain(id, &converted)];
            while let Some((next, _)) = merged.get(schools[schools.len() - 1]) {
                schools.push(last_of_chain(next, &converted));
            }
            line.insert(*id, schools);
        }
        let merged_on = merged.into_iter().map(|(id, (_, day))| (id, day)).collect();
        let goes_on = |id: &str| {
            facts.links.iter().any(|link| match link.link_type {
                "successor" => link.id == id,
                "predecessor" => link.linked == id,
                _ => false,
            })
        };
        let closed = facts.establishments.iter().filter_map(|one| Some((one.id.as_str(), one.closed_on?)));
        let ended = closed.filter(|(id, day)| *day <= facts.as_of && !goes_on(id)).collect();
        Self { by_id, line, merged_on, ended }
    }

    /// The last day of an establishment that is no more. One that goes on under another number is there still, one that merged is not.
    pub fn ended_on(&self, id: &str) -> Option<NaiveDate> {
        self.ended.get(id).copied()
    }

    fn get(&self, id: &str) -> Option<&'a Establishment> {
        self.by_id.get(id).copied()
    }

    /// The school that an establishment is, and those that it became by merger, in turn; an establishment that no register knows is a
    /// school of its own.
    pub fn line<'b>(&'b self, id: &'b str) -> Vec<&'b str> {
        self.line.get(id).cloned().unwrap_or_else(|| vec![id])
    }

    /// The last establishment of the chain of conversions.
    pub fn school<'b>(&'b self, id: &'b str) -> &'b str {
        self.line.get(id).map_or(id, |line| line[0])
    }

    /// What the school has become through mergers.
    pub fn merged<'b>(&'b self, id: &'b str) -> &'b str {
        self.line.get(id).map_or(id, |line| line[line.len() - 1])
    }

    /// Whether one's school is the other's, or became it.
    pub fn is_one_line(&self, one: &str, other: &str) -> bool {
        self.line(one).contains(&self.school(other)) || self.line(other).contains(&self.school(one))
    }

    /// The day on which a school became another.
    pub fn merged_on(&self, school: &str) -> Option<NaiveDate> {
        self.merged_on.get(school).copied()
    }
}

/// Of several successors the greatest id; a chain that comes round again ends at its smallest id.
fn last_of_chain<'a>(from: &'a str, forward: &BTreeSet<(&'a str, &'a str)>) -> &'a str {
    let mut chain = vec![from];
    loop {
        let last = chain[chain.len() - 1];
        let Some((_, next)) = forward.iter().rfind(|(before, after)| *before == last && after != before)
        else {
            return last;
        };
        if let Some(cycle) = chain.iter().position(|id| id == next) {
            return chain[cycle..].iter().min().unwrap();
        }
        chain.push(next);
    }
}

/// Every stay of a person. Rows of one place become one stay here, before anything is said about days.
pub fn stays(person: &PersonFacts, places: &Places<'_>, as_of: NaiveDate) -> Vec<Stay> {
    let cut = |stay: Stay| -> Option<Stay> {
        if stay.from > as_of {
            return None;
        }
        let beyond = stay.to > as_of;
        let stay = Stay { to: stay.to.min(as_of), is_open: stay.is_open || beyond, ..stay };
        (stay.from <= stay.to).then_some(stay)
    };
    let at = |id: &str, role: Role, legal_basis: Code| {
        let establishment = places.get(id);
        Stay {
            role,
            establishment: Some(id.to_owned()),
            first: Some(id.to_owned()),
            school: Some(places.school(id).to_owned()),
            kind: establishment.map_or("none", |one| one.kind),
            la: establishment.and_then(|one| one.la),
            legal_basis,
            status: None,
            from: as_of,
            to: as_of,
            is_open: false,
        }
    };
    let enrolments = person.enrolments.iter().map(|one| Stay {
        status: Some(one.status),
        from: one.starts_on,
        to: one.ends_on.or(one.observed_on).unwrap_or(as_of),
        is_open: one.ends_on.is_none() && one.observed_on.is_none(),
        ..at(
            &one.establishment,
            if matches!(one.status, "C" | "M" | "F") { Role::Main } else { Role::Concurrent },
            "none",
        )
    });
    let placements = person.placements.iter().map(|one| Stay {
        from: one.starts_on,
        to: one.ends_on.unwrap_or(as_of),
        is_open: one.ends_on.is_none(),
        kind: match places.get(&one.establishment).map_or("none", |known| known.kind) {
            "none" => "unregistered",
            kind => kind,
        },
        ..at(&one.establishment, Role::Placement, one.legal_basis.unwrap_or("not_known"))
    });
    let off_roll = person.off_roll.iter().map(|one| Stay {
        role: match one.basis {
            "ehe_full" => Role::Home,
            "ehe_flexi" => Role::Concurrent,
            _ => Role::Missing,
        },
        establishment: None,
        first: None,
        school: None,
        kind: "none",
        la: None,
        legal_basis: one.basis,
        status: None,
        from: one.starts_on,
        to: one.ends_on.unwrap_or(as_of),
        is_open: one.ends_on.is_none(),
    });
    // One school under one status is one stay over the summer; a placement or a list only while it goes on.
    let place = |stay: &Stay| stay.establishment.as_deref().map(|id| places.merged(id).to_owned());
    let same_roll = |stay: &Stay| (place(stay), stay.status);
    let same_place = |stay: &Stay| (place(stay), Some(stay.legal_basis));
    let moves_on = |one: &Stay, other: &Stay| {
        let both = one.establishment.as_ref().zip(other.establishment.as_ref());
        both.is_some_and(|(one, other)| !places.is_one_line(one, other))
    };
    let mut all = merged(enrolments.filter_map(cut).collect(), 56, same_roll, moves_on);
    all.extend(merged(placements.filter_map(cut).collect(), 1, same_place, moves_on));
    all.extend(merged(off_roll.filter_map(cut).collect(), 1, same_place, moves_on));
    all
}

/// Joins stays with the same key when the next begins at most `days` after the greatest end so far, and is at no school that the last one
/// neither was nor became.
fn merged<K: Ord>(
    stays: Vec<Stay>,
    days: u64,
    key: impl Fn(&Stay) -> K,
    moves_on: impl Fn(&Stay, &Stay) -> bool,
) -> Vec<Stay> {
    let mut groups: BTreeMap<K, Vec<Stay>> = BTreeMap::new();
    for stay in stays {
        groups.entry(key(&stay)).or_default().push(stay);
    }
    let mut all = Vec::new();
    for mut parts in groups.into_values() {
        parts.sort_by(|a, b| (a.from, &a.establishment).cmp(&(b.from, &b.establishment)));
        let mut parts = parts.into_iter();
        let mut one = parts.next().unwrap();
        for part in parts {
            if part.from > one.to + Days::new(days) || moves_on(&one, &part) {
                all.push(std::mem::replace(&mut one, part));
                continue;
            }
            let (to, is_open) = match part.to.cmp(&one.to) {
                std::cmp::Ordering::Less => (one.to, one.is_open),
                std::cmp::Ordering::Equal => (one.to, one.is_open || part.is_open),
                std::cmp::Ordering::Greater => (part.to, part.is_open),
            };
            // The later part names the establishment: after a conversion, the academy.
            one = Stay { from: one.from, first: one.first, to, is_open, ..part };
        }
        all.push(one);
    }
    all
}

impl Stay {
    /// What the stay is called where settings are told apart.
    pub fn setting(&self) -> Code {
        match self.legal_basis {
            "ehe_full" | "ehe_flexi" => "ehe",
            "cme" => "cme",
            _ => self.kind,
        }
    }

    pub fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }
}

#[test]
fn chains_end_at_the_last_school_and_cycles_at_their_smallest_id() {
    let forward = BTreeSet::from([("1", "3"), ("2", "3"), ("3", "4"), ("8", "9"), ("9", "8"), ("7", "9")]);
    let ends: Vec<&str> = ["1", "2", "4", "5", "7", "8", "9"].map(|id| last_of_chain(id, &forward)).to_vec();
    assert_eq!(ends, ["4", "4", "4", "5", "8", "8", "8"]);
}
