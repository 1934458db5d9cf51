//! What the doors show, per person, in plain structs. `doors` fills them from a world; every other file reads these
//! and never a world. A field that is empty here is empty in the rows that the product reads.
use chrono::NaiveDate;

/// A code of one of the product's lists.
pub type Code = &'static str;

/// Everything visible of one area on the day it is looked back from.
pub struct Facts {
    /// The day that everything is seen from.
    pub as_of: NaiveDate,
    /// The authority that runs the instance.
    pub here: Code,
    pub establishments: Vec<Establishment>,
    pub links: Vec<EstablishmentLink>,
    /// Only people of whom at least one door shows something, by number.
    pub people: Vec<PersonFacts>,
}

#[derive(Clone)]
pub struct Establishment {
    pub id: String,
    pub kind: Code,
    pub la: Option<Code>,
    /// Its last day.
    pub closed_on: Option<NaiveDate>,
}

pub struct EstablishmentLink {
    pub id: String,
    pub linked: String,
    pub link_type: Code,
    pub linked_on: NaiveDate,
}

#[derive(Default)]
pub struct PersonFacts {
    pub number: u32,
    /// One for each row, empty where the row says nothing of who somebody is.
    pub attributes: Vec<Attributes>,
    pub addresses: Vec<Address>,
    pub enrolments: Vec<Enrolment>,
    pub placements: Vec<Placement>,
    pub off_roll: Vec<OffRoll>,
    pub circumstances: Vec<Circumstance>,
    pub sen: Vec<Sen>,
    pub ks2: Vec<Ks2>,
    pub qualifications: Vec<Qualification>,
    pub destinations: Vec<Destination>,
    pub records: Vec<ClientRecord>,
    pub attendance: Vec<Attendance>,
    pub suspensions: Vec<Suspension>,
    pub assessments: Vec<Assessment>,
}

pub struct Attributes {
    /// First day of the month of birth.
    pub birth_month: Option<NaiveDate>,
    pub sex: Option<Code>,
    pub ethnicity: Option<Code>,
}

/// A home that a row shows, by its authority and its ward; a live row has no day of observation.
pub struct Address {
    pub la: Code,
    pub ward: Option<String>,
    pub observed_on: Option<NaiveDate>,
}

pub struct Enrolment {
    pub establishment: String,
    pub status: Code,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub leaving_reason: Option<Code>,
    /// The census day, for a row of a census.
    pub observed_on: Option<NaiveDate>,
}

pub struct Placement {
    pub establishment: String,
    pub legal_basis: Option<Code>,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub planned_end_on: Option<NaiveDate>,
    pub commissioner: Code,
    pub reason: Code,
    /// Hundredths of an hour a week.
    pub hours: i64,
    /// Whole pounds a week.
    pub price: Option<i64>,
    pub offered: i64,
    pub attended: i64,
    pub objectives: bool,
    pub reviews: i64,
    pub end_reason: Option<Code>,
}

/// A score at a starting point or a review, as a provider's sheet has it.
pub struct Assessment {
    pub kind: Code,
    pub point: Code,
    pub taken_on: NaiveDate,
    pub score: i64,
}

pub struct OffRoll {
    pub basis: Code,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub end_reason: Option<Code>,
    pub moved_to_la: Option<Code>,
}

pub struct Circumstance {
    pub kind: Code,
    /// Y, N or U.
    pub value: Code,
    pub observed_on: Option<NaiveDate>,
}

pub struct Sen {
    pub provision: Code,
    pub observed_on: Option<NaiveDate>,
}

/// A key stage 2 test of one subject.
pub struct Ks2 {
    pub subject: Code,
    pub taken_on: NaiveDate,
    pub status: Code,
    pub score: Option<i64>,
}

pub struct Qualification {
    /// The source that says it, by name.
    pub source: String,
    pub kind: Code,
    pub subject: Code,
    pub level: Option<Code>,
    pub grade: Option<Code>,
    pub awarded_on: NaiveDate,
    /// The centre, where the row says it.
    pub establishment: Option<String>,
}

pub struct Destination {
    pub activity: Code,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub transferred_to_la: Option<Code>,
    pub guarantee: Option<Code>,
}

/// What the authority's client record says of somebody at a month's end.
pub struct ClientRecord {
    pub month_end: NaiveDate,
    /// Whether the authority leads and reports.
    pub in_cohort: bool,
    /// What it knows has grown too old.
    pub lapsed: bool,
}

/// Sessions at one school over a period.
pub struct Attendance {
    pub establishment: String,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub possible: i64,
    pub authorised: i64,
    pub unauthorised: i64,
}

pub struct Suspension {
    pub establishment: String,
    pub category: Code,
    pub reason: Code,
    pub starts_on: NaiveDate,
    /// Half days; none where the school does not say.
    pub sessions: Option<i64>,
}
