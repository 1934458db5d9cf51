//! Sections 2 and 3 of the page: which establishments are one school, and what says where somebody was.
use super::facts::{Code, Enrolment, Establishment, Facts, PersonFacts};
use super::merged::Mergers;
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
    pub school: Option<String>,
    pub kind: Code,
    pub la: Option<Code>,
    pub legal_basis: Code,
    pub status: Option<Code>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub is_open: bool,
    /// The first day at it or at what it was before a merger.
    pub since: NaiveDate,
}

/// Establishments by id, and the school each belongs to.
pub struct Places<'a> {
    by_id: BTreeMap<&'a str, &'a Establishment>,
    school: BTreeMap<&'a str, &'a str>,
    pub mergers: Mergers,
    ended: BTreeMap<&'a str, NaiveDate>,
}

impl<'a> Places<'a> {
    pub fn of(facts: &'a Facts) -> Self {
        let (mut forward, mut merged) = (BTreeSet::new(), Vec::new());
        for link in facts.links.iter().filter(|link| link.linked_on <= facts.as_of) {
            let (id, linked) = (link.id.as_str(), link.linked.as_str());
            match link.link_type {
                "successor" => _ = forward.insert((id, linked)),
                "predecessor" => _ = forward.insert((linked, id)),
                "successor_merged" => merged.push((id, linked, link.linked_on)),
                "predecessor_merged" => merged.push((linked, id, link.linked_on)),
                _ => {}
            }
        }
        let by_id: BTreeMap<_, _> = facts.establishments.iter().map(|one| (one.id.as_str(), one)).collect();
        let school: BTreeMap<_, _> = by_id.keys().map(|id| (*id, last_of_chain(id, &forward))).collect();
        let became = |(before, after, day): (&str, &str, NaiveDate)| {
            (school[before].to_owned(), (school[after].to_owned(), day))
        };
        let mergers = Mergers(merged.into_iter().map(became).collect());
        let goes_on = |id: &str| {
            facts.links.iter().any(|link| match link.link_type {
                "successor" => link.id == id,
                "predecessor" => link.linked == id,
                _ => false,
            })
        };
        let closed = facts.establishments.iter().filter_map(|one| Some((one.id.as_str(), one.closed_on?)));
        let ended = closed.filter(|(id, day)| *day <= facts.as_of && !goes_on(id)).collect();
        Self { by_id, school, mergers, ended }
    }

    /// The last day of an establishment that is no more. One that goes on under another number is there still, one that merged is not.
    pub fn ended_on(&self, id: &str) -> Option<NaiveDate> {
        self.ended.get(id).copied()
    }

    fn get(&self, id: &str) -> Option<&'a Establishment> {
        self.by_id.get(id).copied()
    }

    /// The last establishment of the chain of conversions; an establishment that no register knows is a school of its own.
    pub fn school<'b>(&'b self, id: &'b str) -> &'b str {
        self.school.get(id).copied().unwrap_or(id)
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
            school: Some(places.school(id).to_owned()),
            kind: establishment.map_or("none", |one| one.kind),
            la: establishment.and_then(|one| one.la),
            legal_basis,
            status: None,
            from: as_of,
            to: as_of,
            is_open: false,
            since: as_of,
        }
    };
    let enrolments = person.enrolments.iter().flat_map(|one| {
        let role = if matches!(one.status, "C" | "M" | "F") { Role::Main } else { Role::Concurrent };
        let to = one.ends_on.or(one.observed_on);
        // A roll that goes on when its school has merged is one of what the school became.
        // One that began on the day of another at what merged into it was there until then.
        let became = |other: &&Enrolment| {
            let next = places.mergers.0.get(places.school(&other.establishment));
            other.starts_on == one.starts_on
                && next.is_some_and(|(next, day)| {
                    next == places.school(&one.establishment) && *day > one.starts_on
                })
        };
        let kept = person.enrolments.iter().find(became).unwrap_or(one);
        let (mut id, mut from, mut parts) = (kept.establishment.as_str(), one.starts_on, Vec::new());
        loop {
            let ends = places.mergers.ends(places.school(id)).filter(|day| to.is_none_or(|to| *day <= to));
            let last = ends.map(|day| day - Days::new(1));
            parts.push(Stay {
                status: Some(one.status),
                from,
                to: last.or(to).unwrap_or(as_of),
                is_open: last.is_none() && to.is_none(),
                ..at(id, role, "none")
            });
            let Some(day) = ends else { break };
            id = &places.mergers.0[places.school(id)].0;
            from = one.starts_on.max(day);
        }
        parts
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
        school: None,
        kind: "none",
        la: None,
        legal_basis: one.basis,
        status: None,
        from: one.starts_on,
        to: one.ends_on.unwrap_or(as_of),
        is_open: one.ends_on.is_none(),
        since: as_of,
    });
    // One school under one status is one stay over the summer; a placement or a list only while it goes on.
    let same_roll = |stay: &Stay| (stay.school.clone(), stay.status);
    let same_place = |stay: &Stay| (stay.school.clone(), Some(stay.legal_basis));
    let mut all = merged(enrolments.filter_map(cut).collect(), 56, same_roll);
    all.extend(merged(placements.filter_map(cut).collect(), 1, same_place));
    all.extend(merged(off_roll.filter_map(cut).collect(), 1, same_place));
    for at in 0..all.len() {
        let after = &all[at];
        let goes_on = |before: &&Stay| {
            before.role == after.role
                && before.from < after.from
                && before.to + Days::new(57) >= after.from
                && before.school != after.school
                && before
                    .school
                    .as_ref()
                    .zip(after.school.as_ref())
                    .is_some_and(|(before, school)| places.mergers.goes_on(before, school, after.from))
        };
        let since = all.iter().filter(goes_on).map(|before| before.from).min();
        all[at].since = since.unwrap_or(after.from);
    }
    all
}

/// Joins stays with the same key when the next begins at most `days` after the greatest end so far.
fn merged<K: Ord>(stays: Vec<Stay>, days: u64, key: impl Fn(&Stay) -> K) -> Vec<Stay> {
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
            if part.from > one.to + Days::new(days) {
                all.push(std::mem::replace(&mut one, part));
                continue;
            }
            let (to, is_open) = match part.to.cmp(&one.to) {
                std::cmp::Ordering::Less => (one.to, one.is_open),
                std::cmp::Ordering::Equal => (one.to, one.is_open || part.is_open),
                std::cmp::Ordering::Greater => (part.to, part.is_open),
            };
            // The later part names the establishment: after a conversion, the academy.
            one = Stay { from: one.from, to, is_open, ..part };
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
