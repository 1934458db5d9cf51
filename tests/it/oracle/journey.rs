//! Section 4 of the page: one person's days, painted one by one.
//!
//! A calendar runs from the first day of evidence to the day that everything is seen from. Stays are painted onto it
//! from the weakest to the strongest, so what shows in the end is the main one; runs of days make the spells.
use super::cells::Person;
use super::codes;
use super::days::last_day_of;
use super::evidence::{Role, Stay};
use super::facts::Code;
use super::rows::Spell;
use chrono::{Days, NaiveDate};

/// Days without evidence that are still a holiday.
const HOLIDAY: usize = 56;

/// Where somebody was, day by day and as spells.
pub struct Journey {
    pub stays: Vec<Stay>,
    /// Spells in published order.
    pub spells: Vec<Spell>,
    first: Option<NaiveDate>,
    /// Which stay is the main one, by days since `first`.
    main: Vec<Option<usize>>,
}

impl Journey {
    pub fn of(number: u32, stays: Vec<Stay>, cohort: Option<i32>, as_of: NaiveDate) -> Self {
        let Some(first) = stays.iter().map(|stay| stay.from).min() else {
            return Self { stays, spells: Vec::new(), first: None, main: Vec::new() };
        };
        let length = (as_of - first).num_days() as usize + 1;
        let index = |day: NaiveDate| (day - first).num_days() as usize;
        let date = |index: usize| first + Days::new(index as u64);

        let mut on_main_line: Vec<usize> =
            (0..stays.len()).filter(|stay| stays[*stay].role != Role::Concurrent).collect();
        // An empty establishment sorts below every other: it is the weakest. What is left after that is a tie of
        // status or basis, which the page leaves open.
        on_main_line.sort_by_key(|stay| {
            let stay = &stays[*stay];
            (stay.role, stay.since, stay.establishment.clone(), stay.status, stay.legal_basis)
        });
        let mut main = vec![None; length];
        for stay in on_main_line {
            main[index(stays[stay].from)..=index(stays[stay].to)].fill(Some(stay));
        }
        let mut covered = vec![false; length];
        for stay in &stays {
            covered[index(stay.from)..=index(stay.to)].fill(true);
        }

        let mut spells = Vec::new();
        for (from, to, stay) in runs(&main) {
            if let Some(stay) = stay {
                spells.push(spell(number, &stays[stay], "main", date(from), date(to)));
            }
        }
        for (from, to) in
            gaps(&main, &covered, cohort.map(|cohort| last_day_of(cohort + 5).min(as_of)), first)
        {
            spells.push(gap(number, date(from), date(to)));
        }
        for (number_of_stay, stay) in stays.iter().enumerate() {
            if !matches!(stay.role, Role::Main | Role::Placement | Role::Concurrent) {
                continue;
            }
            let beside: Vec<bool> =
                (index(stay.from)..=index(stay.to)).map(|day| main[day] != Some(number_of_stay)).collect();
            for (from, to, _) in runs(&beside).into_iter().filter(|(.., beside)| *beside) {
                let offset = index(stay.from);
                spells.push(spell(number, stay, "concurrent", date(from + offset), date(to + offset)));
            }
        }
        spells.sort_by_key(|spell| {
            let no_establishment = spell.establishment_id.is_none();
            (
                spell.starts_on,
                spell.role == "concurrent",
                (no_establishment, spell.establishment_id.clone()),
                spell.legal_basis.clone(),
                spell.status.clone(),
            )
        });
        for (index, spell) in spells.iter_mut().enumerate() {
            spell.spell_no = index as i64 + 1;
        }
        Self { stays, spells, first: Some(first), main }
    }

    /// First day with any evidence.
    pub fn first_day(&self) -> Option<NaiveDate> {
        self.first
    }

    /// The stay that is the main one on each day from the first with any evidence on.
    pub fn main_by_day(&self) -> impl Iterator<Item = Option<&Stay>> {
        self.main.iter().map(|stay| stay.map(|stay| &self.stays[stay]))
    }

    /// The stay that is the main one on a day; none in a gap, a holiday, before or after.
    pub fn main_on(&self, day: NaiveDate) -> Option<&Stay> {
        let index = usize::try_from((day - self.first?).num_days()).ok()?;
        self.main.get(index).copied().flatten().map(|stay| &self.stays[stay])
    }

    /// Where somebody actually was on a day: at a provider, else where they are a subsidiary pupil, else on the main
    /// line.
    pub fn actual_on(&self, day: NaiveDate) -> Option<&Stay> {
        let latest = |wanted: &dyn Fn(&Stay) -> bool| {
            self.stays
                .iter()
                .filter(|stay| wanted(stay) && stay.covers(day))
                .max_by_key(|stay| (stay.from, stay.establishment.clone()))
        };
        latest(&|stay| stay.role == Role::Placement)
            .or_else(|| latest(&|stay| stay.status == Some("S")))
            .or_else(|| self.main_on(day))
    }

    /// Main spells that are not gaps and touch a span of days, by first day.
    pub fn main_between(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = &Spell> {
        touching(&self.spells, from, to).filter(|spell| spell.role == "main" && !spell.is_gap)
    }

    /// Spells of any role that touch a span of days.
    pub fn spells_between(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = &Spell> {
        touching(&self.spells, from, to)
    }

    /// Where somebody counts as being on a day, by the stay found for that day.
    pub fn setting(stay: Option<&Stay>) -> Code {
        stay.map_or("not_known", Stay::setting)
    }
}

fn touching(spells: &[Spell], from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = &Spell> {
    spells.iter().filter(move |spell| spell.starts_on <= to && spell.ends_on >= from)
}

/// Runs of equal days: first index, last index, what they are.
pub fn runs<T: PartialEq + Clone>(days: &[T]) -> Vec<(usize, usize, T)> {
    let mut all: Vec<(usize, usize, T)> = Vec::new();
    for (index, day) in days.iter().enumerate() {
        match all.last_mut() {
            Some((_, to, same)) if same == day => *to = index,
            _ => all.push((index, index, day.clone())),
        }
    }
    all
}

/// Runs of more than 56 days without any evidence: between the first and the last main day, and from the last main day
/// to the end of follow-up where there is one.
fn gaps(
    main: &[Option<usize>],
    covered: &[bool],
    follow_up_ends: Option<NaiveDate>,
    first: NaiveDate,
) -> Vec<(usize, usize)> {
    let (Some(begin), Some(end)) =
        (main.iter().position(Option::is_some), main.iter().rposition(Option::is_some))
    else {
        return Vec::new();
    };
    let end_of_follow_up = follow_up_ends.map_or(end, |last| (last - first).num_days().max(0) as usize);
    runs(&covered[begin..=end.max(end_of_follow_up)])
        .into_iter()
        .filter(|(from, to, covered)| !covered && to - from + 1 > HOLIDAY)
        .map(|(from, to, _)| (from + begin, to + begin))
        .collect()
}

/// A piece of a stay; only the piece that reaches the end of an open stay is open.
fn spell(number: u32, stay: &Stay, role: Code, from: NaiveDate, to: NaiveDate) -> Spell {
    Spell {
        person: Person(number),
        spell_no: 0,
        role: role.to_owned(),
        starts_on: from,
        ends_on: to,
        is_open: stay.is_open && to == stay.to,
        establishment_id: stay.establishment.clone(),
        school_id: stay.school.clone(),
        kind: stay.kind.to_owned(),
        legal_basis: stay.legal_basis.to_owned(),
        status: stay.status.map(str::to_owned),
        la_code: stay.la.map(str::to_owned),
        is_gap: false,
    }
}

fn gap(number: u32, from: NaiveDate, to: NaiveDate) -> Spell {
    Spell {
        person: Person(number),
        spell_no: 0,
        role: "main".to_owned(),
        starts_on: from,
        ends_on: to,
        is_open: false,
        establishment_id: None,
        school_id: None,
        kind: "not_known".to_owned(),
        legal_basis: "none".to_owned(),
        status: None,
        la_code: None,
        is_gap: true,
    }
}

/// Whether a spell is alternative provision of the sort that `ever_ap` asks for.
pub fn is_ap_measure(spell: &Spell) -> bool {
    codes::is_ap(&spell.kind) && !matches!(spell.legal_basis.as_str(), "ehcp_named" | "s61" | "managed_move")
}
