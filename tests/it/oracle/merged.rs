//! Schools that merged: a stay has the name with which it ends, and before the merger somebody was at one of those that merged.
use super::evidence::Places;
use super::facts::PersonFacts;
use super::rows::Spell;
use super::year::Setting;
use chrono::{Days, NaiveDate};

/// Somebody at a school that merged later, under one status or basis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub school: String,
    pub establishment: String,
    status: Option<String>,
    legal_basis: String,
    first: NaiveDate,
    last: NaiveDate,
    merged_on: NaiveDate,
}

/// All that a person's rolls and placements say of such schools.
pub fn seen(person: &PersonFacts, places: &Places<'_>, as_of: NaiveDate) -> Vec<Seen> {
    let rolls = person.enrolments.iter().map(|one| {
        let end = one.ends_on.or(one.observed_on);
        (&one.establishment, Some(one.status), "none", one.starts_on, end)
    });
    let placements = person.placements.iter().map(|one| {
        (&one.establishment, None, one.legal_basis.unwrap_or("not_known"), one.starts_on, one.ends_on)
    });
    let mut seen: Vec<Seen> = Vec::new();
    for (id, status, legal_basis, from, to) in rolls.chain(placements) {
        let to = to.unwrap_or(as_of).min(as_of);
        let school = places.school(id);
        if from > to || school == places.merged(id) {
            continue;
        }
        let status = status.map(str::to_owned);
        let same =
            |one: &&mut Seen| one.school == school && one.status == status && one.legal_basis == legal_basis;
        if let Some(known) = seen.iter_mut().find(same) {
            known.first = known.first.min(from);
            known.last = known.last.max(to);
            if known.establishment < *id {
                known.establishment.clone_from(id);
            }
        } else {
            seen.push(Seen {
                school: school.to_owned(),
                establishment: id.clone(),
                status,
                legal_basis: legal_basis.to_owned(),
                first: from,
                last: to,
                merged_on: NaiveDate::MIN,
            });
        }
    }
    for one in &mut seen {
        one.merged_on = places.merged_on(&one.school).unwrap_or(one.last + Days::new(1));
    }
    seen
}

impl Setting {
    /// Of the schools that a spell's became by merger the one that somebody was at on a day: of those not yet merged the one they came to last;
    /// where they are said to have come to all of them later, the one they came to first.
    pub fn before(&self, spell: &Spell, day: NaiveDate) -> Option<&Seen> {
        let own = spell.school_id.as_ref().filter(|_| spell.role == "main")?;
        let of_spell = |seen: &&Seen| {
            seen.school != *own
                && seen.merged_on > day
                && seen.status == spell.status
                && seen.legal_basis == spell.legal_basis
                && self.lines.get(&seen.establishment).is_some_and(|line| line.contains(own))
        };
        let schools = || self.seen.get(&spell.person.0).into_iter().flatten().filter(of_spell);
        let come_to = schools().filter(|seen| seen.first <= day);
        come_to
            .max_by_key(|seen| (seen.first, std::cmp::Reverse(seen.merged_on)))
            .or_else(|| schools().min_by_key(|seen| (seen.first, seen.merged_on)))
    }

    /// The school of a spell on one of its days.
    pub fn school_on(&self, spell: &Spell, day: NaiveDate) -> Option<String> {
        let before = self.before(spell, day).map(|seen| seen.school.clone());
        before.or_else(|| spell.school_id.clone())
    }
}
