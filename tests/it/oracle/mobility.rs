//! Who comes and goes: pupils on roll in January are counted, then each main roll's beginning and end is looked at.
use super::cells::{Cell, Fixed, People};
use super::measures::SchoolMove;
use super::rows::{Group, Row, Spell, column, row};
use super::suspension::poisson;
use super::year::{Setting, Year};
use arrow::array::RecordBatch;
use chrono::{Datelike, NaiveDate};
use std::collections::BTreeMap;

row! {
    /// Who comes and goes at a school, at those of a kind, or at all here.
    MobilityRate = "mobility_rate", group |row| Group::Cohort(row.ay, row.category.clone());
    ay: i64 = "ay",
    scope: String = "scope",
    category: String = "category",
    n_on_roll: i64 = "n_on_roll",
    n_joined: i64 = "n_joined",
    n_joined_from_nowhere: i64 = "n_joined_from_nowhere",
    n_left: i64 = "n_left",
    n_left_unexplained: i64 = "n_left_unexplained",
    n_left_to_nowhere: i64 = "n_left_to_nowhere",
    n_school_closed: i64 = "n_school_closed",
    numerator: i64 = "numerator",
    rate: Option<Fixed<4>> = "rate",
    rate_low: Option<Fixed<4>> = "rate_low",
    rate_high: Option<Fixed<4>> = "rate_high",
}

#[derive(Default)]
struct Counts {
    on_roll: i64,
    joined: i64,
    from_nowhere: i64,
    left: i64,
    unexplained: i64,
    to_nowhere: i64,
    closed: i64,
}

type Groups = BTreeMap<(i64, &'static str, String), Counts>;

/// What happened at a school in a year is counted in all three groups.
fn count(groups: &mut Groups, ay: i64, school: &str, kind: &str, add: &dyn Fn(&mut Counts)) {
    for (scope, category) in [("all", "all"), ("kind", kind), ("school", school)] {
        add(groups.entry((ay, scope, category.to_owned())).or_default());
    }
}

fn place(spell: &Spell) -> &str {
    spell.school_id.as_deref().unwrap_or(&spell.legal_basis)
}

fn year_of(day: NaiveDate) -> i64 {
    i64::from(day.year()) + i64::from(day.month() >= 9)
}

/// The rates of every school, kind and year.
pub fn rates(
    spells: &[Spell],
    moves: &[SchoolMove],
    years: &BTreeMap<(u32, i64), Year>,
    setting: &Setting,
) -> Vec<MobilityRate> {
    let mut groups = Groups::new();
    for ((_, ay), year) in years.iter().filter(|(_, year)| year.on_roll && year.attending) {
        let school = year.school.as_deref().unwrap_or_default();
        count(&mut groups, *ay, school, &year.kind, &|n| n.on_roll += 1);
    }
    let mut by_person: BTreeMap<u32, Vec<&Spell>> = BTreeMap::new();
    for spell in spells.iter().filter(|spell| spell.role == "main" && !spell.is_gap) {
        by_person.entry(spell.person.0).or_default().push(spell);
    }
    for theirs in by_person.values_mut() {
        theirs.sort_by_key(|spell| spell.starts_on);
        for (at, spell) in theirs.iter().enumerate() {
            let is_roll = matches!(spell.status.as_deref(), Some("C" | "M"));
            if !is_roll || spell.la_code.as_deref() != Some(&setting.here) {
                continue;
            }
            let before = at.checked_sub(1).map(|before| place(theirs[before]));
            let school = place(spell);
            let arrival =
                moves.iter().find(|one| one.person == spell.person && one.joined_on == Some(spell.starts_on));
            let by_move = arrival
                .is_some_and(|one| !matches!(one.move_type.as_str(), "phase_transition" | "school_closed"));
            if (!matches!(spell.starts_on.month(), 8 | 9) || by_move)
                && !before.is_some_and(|before| setting.mergers.goes_on(before, school, spell.starts_on))
            {
                count(&mut groups, year_of(spell.starts_on), school, &spell.kind, &|n| {
                    n.joined += 1;
                    n.from_nowhere += i64::from(before.is_none());
                });
            }
            let departure =
                moves.iter().find(|one| one.person == spell.person && one.left_on == spell.ends_on);
            let usual = ["phase_transition", "end_of_schooling"];
            if let Some(one) = departure.filter(|one| !usual.contains(&one.move_type.as_str())) {
                count(&mut groups, one.ay, school, &spell.kind, &|n| {
                    if one.move_type == "school_closed" {
                        n.closed += 1;
                        return;
                    }
                    n.left += 1;
                    n.unexplained += i64::from(one.move_type == "unexplained");
                    n.to_nowhere += i64::from(one.joined_on.is_none());
                });
            }
        }
    }
    groups.into_iter().map(|((ay, scope, category), n)| rate(ay, scope, category, &n)).collect()
}

fn rate(ay: i64, scope: &str, category: String, n: &Counts) -> MobilityRate {
    let events = n.joined + n.left;
    let ends = poisson(events, n.on_roll);
    MobilityRate {
        ay,
        scope: scope.to_owned(),
        category,
        n_on_roll: n.on_roll,
        n_joined: n.joined,
        n_joined_from_nowhere: n.from_nowhere,
        n_left: n.left,
        n_left_unexplained: n.unexplained,
        n_left_to_nowhere: n.to_nowhere,
        n_school_closed: n.closed,
        numerator: events,
        rate: Fixed::fraction(100 * events, n.on_roll),
        rate_low: ends.map(|ends| ends.0),
        rate_high: ends.map(|ends| ends.1),
    }
}
