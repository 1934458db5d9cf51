//! Changes of place and what explains them: section 11 of the page on cohorts, read once more.
use super::codes;
use super::days::{academic_year, day};
use super::evidence::Places;
use super::facts::PersonFacts;
use super::measures::{SchoolMove, SuspensionEvent};
use super::rows::{AreaSpell, Spell};
use chrono::{Datelike, Days, NaiveDate};

fn kind(spell: &Spell) -> &str {
    match spell.legal_basis.as_str() {
        "ehe_full" => "ehe",
        "cme" => "cme",
        _ => &spell.kind,
    }
}

fn place(spell: &Spell) -> &str {
    spell.school_id.as_deref().unwrap_or(&spell.legal_basis)
}

/// Everything that one departure is judged by.
struct Departure<'a> {
    from: &'a Spell,
    to: Option<&'a Spell>,
    reason: Option<&'a str>,
    is_excluded: bool,
    is_ended: bool,
    is_home_changed: bool,
    cohort: Option<i64>,
}

/// The moves of one person, whose spells are in published order.
pub fn moves(
    person: &PersonFacts,
    places: &Places<'_>,
    cohort: Option<i64>,
    spells: &[Spell],
    areas: &[AreaSpell],
    events: &[SuspensionEvent],
    as_of: NaiveDate,
) -> Vec<SchoolMove> {
    let mut main: Vec<&Spell> = spells.iter().filter(|spell| spell.role == "main" && !spell.is_gap).collect();
    main.sort_by_key(|spell| spell.starts_on);
    let home = |day: NaiveDate| {
        areas
            .iter()
            .find(|area| area.starts_on <= day && day <= area.ends_on)
            .and_then(|area| area.home_la.as_ref())
    };
    let mut moves = Vec::new();
    for (at, from) in main.iter().enumerate() {
        let to = main.get(at + 1).copied();
        let is_move = match to {
            Some(to) => !places.mergers.goes_on(place(from), place(to), to.starts_on),
            None => !from.is_open && from.ends_on < as_of,
        };
        if !is_move {
            continue;
        }
        let reason = person
            .enrolments
            .iter()
            .filter(|row| places.mergers.on(places.school(&row.establishment), from.ends_on) == place(from))
            .filter(|row| row.starts_on <= as_of && row.ends_on == Some(from.ends_on))
            .filter_map(|row| row.leaving_reason)
            .filter(|reason| *reason != "not_known")
            .min();
        let is_excluded = events.iter().any(|event| {
            event.category == "PERM"
                && event.counts
                && places.mergers.on(places.school(&event.establishment_id), from.ends_on) == place(from)
                && (event.starts_on - from.ends_on).num_days().abs() <= 30
        });
        let ended = from.establishment_id.as_ref().and_then(|id| places.ended_on(id));
        let is_ended = ended.is_some_and(|day| is_about_then(day, from.ends_on));
        let homes = home(from.ends_on).zip(home((from.ends_on + Days::new(180)).min(as_of)));
        let is_home_changed = homes.is_some_and(|(before, after)| before != after);
        let departure = Departure { from, to, reason, is_excluded, is_ended, is_home_changed, cohort };
        moves.push(row(&departure, moves.len() as i64 + 1));
    }
    moves
}

/// Within 30 days, or in the holiday of the summer in which somebody left.
fn is_about_then(ended: NaiveDate, left: NaiveDate) -> bool {
    let holidays_end = day(left.year(), 8, 31);
    let is_summer = matches!(left.month(), 7 | 8) && left <= ended && ended <= holidays_end;
    is_summer || (ended - left).num_days().abs() <= 30
}

fn row(departure: &Departure<'_>, move_no: i64) -> SchoolMove {
    let (from, to) = (departure.from, departure.to);
    SchoolMove {
        person: from.person,
        move_no,
        ay: i64::from(academic_year(from.ends_on)),
        left_on: from.ends_on,
        joined_on: to.map(|to| to.starts_on),
        days_between: to.map(|to| (to.starts_on - from.ends_on).num_days() - 1),
        from_establishment_id: from.establishment_id.clone(),
        from_kind: kind(from).to_owned(),
        to_establishment_id: to.and_then(|to| to.establishment_id.clone()),
        to_kind: to.map(|to| kind(to).to_owned()),
        leaving_reason: departure.reason.map(str::to_owned),
        move_type: departure.explained().to_owned(),
        is_mid_year: to.map(|to| !matches!(to.starts_on.month(), 8 | 9)),
    }
}

impl Departure<'_> {
    fn explained(&self) -> &'static str {
        let says = |reason: &str| self.reason == Some(reason);
        let (from, to) = (kind(self.from), self.to.map(kind));
        let becomes = |wanted: &str| to == Some(wanted) && from != wanted;
        let from_outside = codes::is_ap(from) || matches!(from, "ehe" | "cme");
        let new_phase = self.to.zip(self.cohort).is_some_and(|(to, cohort)| {
            matches!(to.starts_on.month(), 8 | 9)
                && matches!(i64::from(academic_year(to.starts_on)) - cohort, -3 | 1 | 6)
        });
        let finished = to.is_none()
            && (5..=8).contains(&self.from.ends_on.month())
            && self.cohort.is_some_and(|cohort| i64::from(academic_year(self.from.ends_on)) >= cohort + 5);
        let rules = [
            (says("died"), "died"),
            (says("left_england"), "left_england"),
            (self.is_excluded || says("permanent_exclusion"), "permanent_exclusion"),
            (
                self.to.is_some_and(|to| to.legal_basis == "managed_move") || says("managed_move"),
                "managed_move",
            ),
            (to == Some("ehe") || says("ehe"), "home_education"),
            (to == Some("cme"), "missing_education"),
            (to.is_some_and(codes::is_ap) || says("ap"), "alternative_provision"),
            (becomes("special") || says("special"), "special"),
            (becomes("independent") || says("independent"), "independent"),
            (from_outside && matches!(to, Some("mainstream" | "resourced_unit")), "return_to_school"),
            (new_phase || says("transition"), "phase_transition"),
            (finished || says("end_of_schooling"), "end_of_schooling"),
            (self.is_ended, "school_closed"),
            (self.is_home_changed || says("moved"), "house_move"),
        ];
        rules.into_iter().find(|(holds, _)| *holds).map_or("unexplained", |(_, name)| name)
    }
}
