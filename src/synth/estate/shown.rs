//! Who a row says somebody is. With perfect identifiers, who they are; otherwise what such rows say, with the slips that
//! come in clusters: a row typed in a hurry has more than one. Rates for workbooks follow the project's linkage bench; they are
//! assumptions, not measurements of real sheets.
use super::super::dice::{Dice, Purpose};
use super::super::generate::{FAMILIAR, upn};
use super::super::world::{Identifiers, Person, World, check_letter};
use super::truth::{About, Slip};
use chrono::{Datelike, NaiveDate};

/// What kind of hands a row went through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hands {
    /// A school's own system and the returns made from it.
    School,
    /// The council's registers.
    Register,
    /// A client record system for young people.
    Clients,
    /// A provider's spreadsheet.
    Provider,
}

/// The identity cells of a row; empty where the row has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) upn: String,
    pub(super) former_upn: String,
    pub(super) uln: String,
    pub(super) nhs_number: String,
    pub(super) forename: String,
    pub(super) surname: String,
    pub(super) middle_names: String,
    pub(super) preferred_surname: String,
    pub(super) birth_date: Option<NaiveDate>,
    pub(super) sex: &'static str,
    pub(super) postcode: String,
    /// The cells that are not what a perfect row would say.
    pub(super) slips: Vec<Slip>,
}

impl Shown {
    /// What the truth says of a row with these cells.
    pub(super) fn about<'a>(&'a self, person: &Person, entity: &'a str) -> About<'a> {
        About { person: person.number, entity, slips: &self.slips }
    }

    /// The cells that differ from those of a perfect row. A former number is more than such a row says, not less.
    fn slips_from(&self, right: &Self) -> Vec<Slip> {
        let cells = |of: &Self| {
            let birth_date = of.birth_date.map_or_else(String::new, |day| day.to_string());
            let Self { upn, forename, surname, sex, postcode, .. } = of.clone();
            [
                ("upn", upn),
                ("forename", forename),
                ("surname", surname),
                ("birth_date", birth_date),
                ("sex", sex.to_owned()),
                ("postcode", postcode),
            ]
        };
        let pairs = cells(self).into_iter().zip(cells(right));
        let differing = pairs.filter(|((_, says), (_, right))| says != right);
        differing.map(|((cell, says), (_, right))| Slip { cell, says, right }).collect()
    }
}

/// Chances of one kind of row.
struct Slips {
    no_upn: f64,
    temporary: f64,
    mistyped: f64,
    another: f64,
    familiar: f64,
    middle: f64,
    typo: f64,
    swapped_names: f64,
    swapped_day: f64,
    first_january: f64,
    no_birth_date: f64,
    no_postcode: f64,
    old_postcode: f64,
    old_surname: f64,
}

impl Slips {
    const fn of(hands: Hands) -> Self {
        match hands {
            Hands::School => Self {
                no_upn: 0.001,
                temporary: 0.006,
                mistyped: 0.0,
                another: 0.000_2,
                familiar: 0.004,
                middle: 0.001,
                typo: 0.003,
                swapped_names: 0.000_5,
                swapped_day: 0.000_8,
                first_january: 0.0,
                no_birth_date: 0.0,
                no_postcode: 0.005,
                old_postcode: 0.03,
                old_surname: 0.2,
            },
            Hands::Register => Self {
                no_upn: 0.28,
                temporary: 0.02,
                mistyped: 0.01,
                another: 0.003,
                familiar: 0.05,
                middle: 0.005,
                typo: 0.02,
                swapped_names: 0.005,
                swapped_day: 0.005,
                first_january: 0.003,
                no_birth_date: 0.01,
                no_postcode: 0.03,
                old_postcode: 0.12,
                old_surname: 0.4,
            },
            Hands::Clients => Self {
                no_upn: 0.10,
                temporary: 0.01,
                mistyped: 0.003,
                another: 0.001,
                familiar: 0.04,
                middle: 0.003,
                typo: 0.01,
                swapped_names: 0.002,
                swapped_day: 0.003,
                first_january: 0.001,
                no_birth_date: 0.002,
                no_postcode: 0.02,
                old_postcode: 0.12,
                old_surname: 0.4,
            },
            Hands::Provider => Self {
                no_upn: 0.40,
                temporary: 0.03,
                mistyped: 0.015,
                another: 0.0075,
                familiar: 0.10,
                middle: 0.01,
                typo: 0.05,
                swapped_names: 0.012,
                swapped_day: 0.012,
                first_january: 0.006,
                no_birth_date: 0.03,
                no_postcode: 0.12,
                old_postcode: 0.20,
                old_surname: 0.5,
            },
        }
    }
}

/// What a row says. `row` tells rows of one person apart that were typed apart: one number, one set of slips.
pub(super) fn shown(world: &World, person: &Person, on: NaiveDate, hands: Hands, row: u32) -> Shown {
    let identity = &person.identity;
    let mut shown = Shown {
        upn: identity.upn.clone(),
        former_upn: String::new(),
        uln: if on >= uln_from(person) { identity.uln.clone() } else { String::new() },
        nhs_number: identity.nhs_number.clone(),
        forename: identity.forename.clone(),
        surname: identity.surname.clone(),
        middle_names: identity.middle_names.unwrap_or_default().to_owned(),
        preferred_surname: identity.surname.clone(),
        birth_date: Some(identity.birth_date),
        sex: identity.sex,
        postcode: world.postcode(person.home_on(on)).text.clone(),
        slips: Vec::new(),
    };
    if world.spec.identifiers == Identifiers::Realistic {
        let mut dice =
            Dice::new(world.spec.seed, Purpose::Doors, u64::from(person.number) << 20 | u64::from(row));
        let right = shown.clone();
        slip(world, person, on, &Slips::of(hands), &mut dice, &mut shown);
        shown.slips = shown.slips_from(&right);
    }
    shown
}

/// ULNs are issued from 14: September of academic age 14.
fn uln_from(person: &Person) -> NaiveDate {
    let born = person.identity.birth_date;
    let cohort = born.year() + if born.month() >= 9 { 12 } else { 11 };
    super::super::world::year_starts(cohort + 4)
}

fn slip(world: &World, person: &Person, on: NaiveDate, slips: &Slips, dice: &mut Dice, shown: &mut Shown) {
    let identity = &person.identity;
    // A quarter of rows are typed in a hurry.
    let hurry = if dice.chance(0.25) { 2.5 } else { 0.5 };
    shown.former_upn = identity.former_upn.clone().unwrap_or_default();
    number(world, person, slips, hurry, dice, shown);
    if let Some((former, changed_on)) = &identity.former_surname
        && (on < *changed_on || dice.chance(slips.old_surname))
    {
        shown.surname.clone_from(former);
    }
    if dice.chance(slips.familiar * hurry) {
        let familiar =
            FAMILIAR.iter().find(|(legal, _)| *legal == identity.forename).map(|(_, short)| *short);
        if let Some(short) = identity.preferred_forename.or(familiar) {
            short.clone_into(&mut shown.forename);
        }
    } else if dice.chance(slips.middle * hurry)
        && let Some(middle) = identity.middle_names
    {
        middle.clone_into(&mut shown.forename);
    }
    if dice.chance(slips.typo * hurry) {
        shown.forename = mistype(&shown.forename, dice);
    }
    if dice.chance(slips.typo * hurry) {
        shown.surname = mistype(&shown.surname, dice);
    }
    if dice.chance(slips.swapped_names * hurry) {
        std::mem::swap(&mut shown.forename, &mut shown.surname);
    }
    shown.birth_date = birth_date(identity.birth_date, slips, hurry, dice);
    if dice.chance(slips.no_postcode * hurry) {
        shown.postcode.clear();
    } else if dice.chance(slips.old_postcode) {
        shown.postcode.clone_from(&world.postcode(person.homes[0].postcode).text);
    }
}

fn number(world: &World, person: &Person, slips: &Slips, hurry: f64, dice: &mut Dice, shown: &mut Shown) {
    if dice.chance(slips.no_upn) {
        shown.upn.clear();
    } else if dice.chance(slips.temporary * hurry) {
        // A school's own serial with a letter at the end.
        let rest = format!(
            "{}{:02}{}",
            &person.identity.upn[1..10],
            dice.below(100),
            char::from(b"ABCDEFGHJK"[dice.below(10)])
        );
        shown.upn = format!("{}{rest}", check_letter(&rest));
    } else if dice.chance(slips.mistyped * hurry) {
        shown.upn = mistype_digit(&shown.upn, dice);
    } else if dice.chance(slips.another * hurry) {
        // The line above in somebody's list.
        let other = dice.below(world.people.len());
        shown.upn.clone_from(&world.people[other].identity.upn);
    } else if person.identity.former_upn.is_some() && dice.chance(0.3) {
        shown.upn = upn(997, person.number, shown.upn[8..10].parse().unwrap_or(0));
    }
}

fn birth_date(right: NaiveDate, slips: &Slips, hurry: f64, dice: &mut Dice) -> Option<NaiveDate> {
    if dice.chance(slips.no_birth_date * hurry) {
        None
    } else if dice.chance(slips.swapped_day * hurry) {
        NaiveDate::from_ymd_opt(right.year(), right.day(), right.month()).or(Some(right))
    } else if dice.chance(slips.first_january * hurry) {
        NaiveDate::from_ymd_opt(right.year(), 1, 1)
    } else {
        Some(right)
    }
}

/// Two letters swapped, one left out or one doubled.
fn mistype(name: &str, dice: &mut Dice) -> String {
    let mut letters = name.chars().collect::<Vec<_>>();
    if letters.len() < 3 {
        return name.to_owned();
    }
    let at = 1 + dice.below(letters.len() - 2);
    match dice.below(3) {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        _ => letters.insert(at, letters[at]),
    }
    letters.into_iter().collect()
}

/// One digit of a UPN typed wrong.
pub(super) fn mistype_digit(upn: &str, dice: &mut Dice) -> String {
    let at = 4 + dice.below(8);
    upn.char_indices()
        .map(|(index, digit)| match digit.to_digit(10) {
            Some(value) if index == at => char::from(b'0' + ((value + 1) % 10) as u8),
            _ => digit,
        })
        .collect()
}
