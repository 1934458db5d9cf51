//! The world itself: who lives in the area and what happened to them, and nothing that is worked out from it.
//!
//! A [`World`] is facts. It holds no spells, no cohorts, no states: a test that wants those works them out on its own.
//! Codes are the codes of `schemas/codes/*.csv`. Every day is a closed date: an interval that starts and ends on one
//! day lasts that day. An `ends_on` of `None` means that it still lasts on [`as_of`].
//!
//! # Which door shows which fact
//!
//! | fact | door |
//! |---|---|
//! | [`Enrolment`] | MIS of the establishment when [`Establishment::on_mis`]: one student record each; spring census when [`Establishment::in_census`]: one row each third Thursday of January that it covers, from the academic year of Year 6 |
//! | [`Year`] (free meals, care, special needs) | that census row, observed on the census day; the MIS record shows the latest year at or before the end of the enrolment, without a day of observation |
//! | [`Home`] | postcode in force on the day: census row (census day), every other row (its own first day, month end or summer); the MIS is not asked for addresses |
//! | [`Suspension`], [`Attendance`] | MIS of the establishment when it is on the MIS |
//! | [`Placement`] | the provider's workbook of that academic year (every placement lies within one), with its starting points and reviews; awards and a destination stand in the year's last row |
//! | [`OffRoll`] `ehe_*`, `cme` | the council's registers, when [`OffRoll::registered`] |
//! | [`Assessment`], [`Qualification`] | as their `door` says |
//! | [`Destination`] | the NCCIS extract of each December to March from December 2023 at whose month end it is the latest one started, while academic age 15 to 17 |
mod calendar;
mod event;
mod identity;
mod place;

pub use calendar::{
    EXTRACT_MONTHS, FIRST_COHORT, HOME_LA, LAST_COHORT, NEIGHBOUR_LAS, academic_year, as_of, census_day, day,
    month_end, year_starts,
};
pub use event::{
    Assessment, Attendance, Destination, Door, Enrolment, Home, OffRoll, Placement, Qualification,
    Suspension, Year,
};
pub use identity::{Identity, check_letter, nhs_check_digit, uln_check_digit};
pub use place::{Establishment, EstablishmentLink, Phase, Place, Postcode, PostcodeNo};

/// A code of one of the lists in `schemas/codes`.
pub type Code = &'static str;

/// How well the doors know who a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifiers {
    /// Every row carries the right UPN, names, birth date, sex and postcode.
    Perfect,
    /// Rows carry what such rows carry: gaps, slips, nicknames, another child's UPN, and planted faults.
    Realistic,
}

/// What to generate. The same specification gives the same world, to the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldSpec {
    /// Seed of every random draw.
    pub seed: u64,
    /// People who were ever in the area between the first and the last Year 6.
    pub learners: u32,
    /// What the doors show of who somebody is; events do not depend on it.
    pub identifiers: Identifiers,
}

/// A whole local area: places, people and what happened.
#[derive(Clone, Debug)]
pub struct World {
    /// What was asked for.
    pub spec: WorldSpec,
    /// Schools, colleges and providers; [`Place`] is an index into it.
    pub establishments: Vec<Establishment>,
    /// Which establishment became which.
    pub links: Vec<EstablishmentLink>,
    /// Home postcodes of the area and its neighbours; [`PostcodeNo`] is an index into it.
    pub postcodes: Vec<Postcode>,
    /// Everybody, by person number: person `n` is `people[n - 1]`.
    pub people: Vec<Person>,
}

/// One person and everything that happened to them from 1 September of their Year 6.
#[derive(Clone, Debug)]
pub struct Person {
    /// 1-based number, the truth that linkage is scored against.
    pub number: u32,
    /// Who they are.
    pub identity: Identity,
    /// Years taught below (negative) or above their age; 0 for nearly everybody.
    pub year_offset: i8,
    /// Where they live, by first day; never empty.
    pub homes: Vec<Home>,
    /// Time on rolls, by first day.
    pub enrolments: Vec<Enrolment>,
    /// Time in alternative provision that somebody commissioned, by first day.
    pub placements: Vec<Placement>,
    /// Home education and missing education, by first day.
    pub off_roll: Vec<OffRoll>,
    /// Suspensions and permanent exclusions, by first day.
    pub suspensions: Vec<Suspension>,
    /// Attendance by school and academic year.
    pub attendance: Vec<Attendance>,
    /// Circumstances by academic year, from the year of Year 6, as on the census day.
    pub years: Vec<Year>,
    /// Key stage 2, starting points and reviews.
    pub assessments: Vec<Assessment>,
    /// Everything entered or awarded.
    pub qualifications: Vec<Qualification>,
    /// Activities after 16, and transfers that the authority recorded.
    pub destinations: Vec<Destination>,
}

impl World {
    /// The authority the estate belongs to.
    pub fn home_authority(&self) -> Code {
        HOME_LA
    }

    /// The day everything is seen from.
    pub fn as_of(&self) -> chrono::NaiveDate {
        as_of()
    }

    /// The establishment at an index.
    pub fn establishment(&self, place: Place) -> &Establishment {
        &self.establishments[usize::from(place.0)]
    }

    /// The postcode at an index.
    pub fn postcode(&self, number: PostcodeNo) -> &Postcode {
        &self.postcodes[number.0 as usize]
    }
}

impl Person {
    /// The postcode in force on a day; the first one reaches back.
    pub fn home_on(&self, day: chrono::NaiveDate) -> PostcodeNo {
        let later = self.homes.partition_point(|home| home.starts_on <= day);
        self.homes[later.saturating_sub(1)].postcode
    }

    /// The year's circumstances, if the person's story covers that academic year.
    pub fn year(&self, ay: i32) -> Option<&Year> {
        self.years.iter().find(|year| year.ay == ay)
    }
}
