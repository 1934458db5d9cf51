//! Families: a name, a home, free meals year by year, and the children who share them.
use super::super::dice::Dice;
use super::super::world::{
    Code, FIRST_COHORT, Identity, LAST_COHORT, PostcodeNo, check_letter, day, uln_check_digit,
};
use super::area::{Area, home_in};
use super::names::{COMMUNITIES, FAMILIAR, SURNAME_ENDS, SURNAME_STARTS};
use super::rates;
use chrono::{Datelike, Days, NaiveDate};

/// A household with children in the window.
pub(super) struct Family {
    pub(super) number: u32,
    pub(super) ward: usize,
    pub(super) home: PostcodeNo,
    pub(super) community: usize,
    surname: String,
    /// Free meals each January of the table of shares.
    pub(super) fsm: [bool; 15],
    /// All its children go to independent schools.
    pub(super) independent: bool,
    /// Cohort and whether a twin of the one before, for each child.
    pub(super) children: Vec<(i32, bool)>,
}

impl Family {
    pub(super) fn draw(number: u32, area: &Area, dice: &mut Dice) -> Self {
        let ward = dice.below(area.wards.len());
        let weights: [(usize, u32); 6] = std::array::from_fn(|index| (index, COMMUNITIES[index].weight));
        let community = dice.weighted(&weights);
        let surname = if community == 0 && dice.chance(0.45) {
            format!("{}{}", dice.pick(&SURNAME_STARTS), dice.pick(&SURNAME_ENDS))
        } else {
            let one = *dice.pick_early(COMMUNITIES[community].surnames);
            // Double-barrelled names: 3% of families.
            if community == 0 && dice.chance(0.03) {
                format!("{one}-{}", dice.pick_early(COMMUNITIES[0].surnames))
            } else {
                one.to_owned()
            }
        };
        let independent = dice.chance(rates::INDEPENDENT);
        let fsm = if independent { [false; 15] } else { fsm_chain(area.wards[ward].poverty, dice) };
        let home = home_in(&area.wards[ward].postcodes, dice);
        Self { number, ward, home, community, surname, fsm, independent, children: children(dice) }
    }

    /// Free meals in the January of an academic year; years outside the table have the nearest one's.
    fn fsm_in(&self, ay: i32) -> bool {
        let last = self.fsm.len() as i32 - 1;
        self.fsm[(ay - rates::FSM_SHARE_FROM).clamp(0, last) as usize]
    }

    /// Now, and at any time in the last six years, for a child who started school in `reception`.
    pub(super) fn fsm_and_fsm6(&self, ay: i32, reception: i32) -> (bool, bool) {
        let from = reception.max(ay - 5);
        (self.fsm_in(ay), (from..=ay).any(|year| self.fsm_in(year)))
    }
}

/// One to four children: the first in any cohort from four before the window on, the next one to four years on.
fn children(dice: &mut Dice) -> Vec<(i32, bool)> {
    let mut cohort = FIRST_COHORT - 4 + dice.below((LAST_COHORT - FIRST_COHORT + 5) as usize) as i32;
    let size = dice.weighted(&[(1, 45), (2, 38), (3, 13), (4, 4)]);
    let mut all = Vec::with_capacity(size);
    for index in 0..size {
        if index > 0 {
            cohort += dice.weighted(&[(1, 15), (2, 35), (3, 30), (4, 20)]);
        }
        all.push((cohort, false));
        if dice.chance(rates::TWIN_BIRTH) {
            all.push((cohort, true));
        }
    }
    all.retain(|(cohort, _)| (FIRST_COHORT..=LAST_COHORT).contains(cohort));
    all
}

/// Never, now or past, January by January: entry is what keeps the ward at its multiple of the published share.
fn fsm_chain(poverty: f64, dice: &mut Dice) -> [bool; 15] {
    let share = |index: usize| (poverty * rates::FSM_STATE_FACTOR * rates::FSM_SHARE[index] / 100.0).min(0.9);
    let mut chain = [false; 15];
    chain[0] = dice.chance(share(0));
    for index in 1..15 {
        let protected = rates::FSM_SHARE_FROM + index as i32 > 2018;
        let exit = if protected { rates::FSM_EXIT_SINCE_2018 } else { rates::FSM_EXIT_BEFORE_2018 };
        let (before, now) = (share(index - 1), share(index));
        let entry = ((now - before * (1.0 - exit)) / (1.0 - before)).max(0.0);
        chain[index] = if chain[index - 1] { !dice.chance(exit) } else { dice.chance(entry) };
    }
    chain
}

/// Who a child is. `twin` is the identity of the twin born the same day.
pub(super) fn identity(
    family: &Family,
    cohort: i32,
    twin: Option<&Identity>,
    number: u32,
    dice: &mut Dice,
) -> Identity {
    let community = &COMMUNITIES[family.community];
    let sex: Code = if dice.chance(rates::MALE) { "M" } else { "F" };
    let names = if sex == "M" { community.boys } else { community.girls };
    let forename = loop {
        let drawn = *dice.pick_early(names);
        if twin.is_none_or(|twin| twin.forename != drawn) {
            break drawn;
        }
    };
    let familiar = FAMILIAR.iter().find(|(legal, _)| *legal == forename).map(|(_, short)| *short);
    let birth_date = twin.map_or_else(|| born(cohort, dice), |twin| twin.birth_date);
    let changed = dice.chance(rates::SURNAME_CHANGE);
    let new_surname = || *COMMUNITIES[family.community].surnames.last().unwrap_or(&"Reed");
    let (surname, former_surname) = if changed && family.surname != new_surname() {
        let drawn = *dice.pick_early(community.surnames);
        let surname = if drawn == family.surname { new_surname() } else { drawn };
        let on = day(cohort + dice.between(0, 4) as i32, 2, dice.between(1, 28) as u32);
        (surname.to_owned(), Some((family.surname.clone(), on)))
    } else {
        (family.surname.clone(), None)
    };
    let issued = (cohort - 6) % 100;
    Identity {
        forename: forename.to_owned(),
        preferred_forename: familiar.filter(|_| dice.chance(0.5)),
        middle_names: dice.chance(0.6).then(|| *dice.pick(names)),
        surname,
        former_surname,
        birth_date,
        sex,
        ethnicity: dice.weighted(community.ethnicities),
        community: family.community as u8,
        eal: dice.chance(community.eal),
        upn: upn(998, number, issued),
        former_upn: dice.chance(rates::FORMER_UPN).then(|| upn(997, number, issued)),
        uln: uln(number),
        nhs_number: String::new(),
        family: family.number,
    }
}

/// Any day of the twelve months from September that make academic age 10 at the start of the cohort's year.
fn born(cohort: i32, dice: &mut Dice) -> NaiveDate {
    let first = day(cohort - 12, 9, 1);
    let days = if day(first.year() + 1, 2, 29).day() == 29 { 366 } else { 365 };
    first + Days::new(dice.below(days) as u64)
}

/// A valid UPN that no other person has: establishment and serial spell the number.
pub(in crate::synth) fn upn(la: u32, number: u32, year: i32) -> String {
    let rest = format!("{la:03}{:04}{year:02}{:03}", 2000 + number / 1000 % 8000, number % 1000);
    format!("{}{rest}", check_letter(&rest))
}

/// A valid ULN that no other person has.
fn uln(number: u32) -> String {
    // Of eleven starts in a row one has no check digit; a stride of 7 leaves room to step on to the next.
    let start = 200_000_000 + number * 7;
    let found = (start..start + 7).find_map(|nine| uln_check_digit(nine).map(|check| (nine, check)));
    found.map_or_else(|| "9999999999".to_owned(), |(nine, check)| format!("{nine}{check}"))
}
