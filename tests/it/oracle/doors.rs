//! The first step: from what happened to what the doors show of it.
//!
//! | door | shows | of the person |
//! |---|---|---|
//! | a school's own system | enrolments, as they ended; sessions and suspensions while on its roll | birth, sex, ethnicity |
//! | January census | who is on roll that day: status, day of entry, free meals, care, special needs | birth, sex, ethnicity, home on the day |
//! | key stage 2 file | both tests | birth, sex, home on 1 May |
//! | examination file | entries and grades | birth, sex, home on the day of the award |
//! | registers of home and missing education | entries that were registered | birth, sex, home on the first day |
//! | a provider's workbook | placements with their scores, awards, a destination | birth, sex, home on the first day of each placement |
//! | NCCIS extract | the latest activity at a month's end, a transfer, what it says of the guarantee and how old it is | birth, sex, ethnicity, home at the month's end |
//!
//! Every door says who its rows are about, so nobody whom any door shows is without a cohort.
//!
//! A roll that neither a school's system nor a census shows is invisible: an independent school, a college, a school
//! of another authority.
use super::days::{academic_year, cohort_of, january_census};
use super::facts::{
    Address, Assessment, Attendance, Attributes, Circumstance, ClientRecord, Destination, Enrolment,
    Establishment, EstablishmentLink, Facts, Ks2, OffRoll, PersonFacts, Placement, Qualification, Sen,
    Suspension,
};
use chrono::{Datelike, Days, NaiveDate};
use std::collections::BTreeSet;
use throughline::synth::{
    Person, World,
    world::{self, Door},
};

/// Everything that the doors of a world show up to a day.
pub fn open(world: &World, as_of: NaiveDate) -> Facts {
    let establishments = world.establishments.iter().map(|one| Establishment {
        id: one.id.clone(),
        kind: one.kind,
        la: Some(one.la),
        closed_on: one.closed_on,
    });
    let links = world.links.iter().map(|link| EstablishmentLink {
        id: world.establishment(link.place).id.clone(),
        linked: world.establishment(link.linked).id.clone(),
        link_type: link.link_type,
        linked_on: link.linked_on,
    });
    let people = world.people.iter().map(|person| {
        let facts = PersonFacts { number: person.number, ..PersonFacts::default() };
        let mut seen = Seen { world, person, facts };
        seen.rolls();
        seen.census();
        seen.council_files();
        seen.registers();
        seen.workbooks();
        seen.clients();
        seen.facts
    });
    Facts {
        as_of,
        here: world::HOME_LA,
        establishments: establishments.collect(),
        links: links.collect(),
        people: people.filter(|facts| !facts.attributes.is_empty()).collect(),
    }
}

/// What the rows of a door say of who they are about, beside birth and sex.
#[derive(Clone, Copy)]
struct Says {
    ethnicity: bool,
    /// Where somebody lived on the day of the row.
    home: bool,
}

const SCHOOL_SYSTEM: Says = Says { ethnicity: true, home: false };
const CENSUS: Says = Says { ethnicity: true, home: true };
const COUNCIL_FILE: Says = Says { ethnicity: false, home: true };
const REGISTER: Says = Says { ethnicity: false, home: true };
const WORKBOOK: Says = Says { ethnicity: false, home: true };
const CLIENTS: Says = Says { ethnicity: true, home: true };

/// What has been seen of one person so far.
struct Seen<'a> {
    world: &'a World,
    person: &'a Person,
    facts: PersonFacts,
}

impl Seen<'_> {
    /// A row of a door, true on a day: whatever it says makes its person a learner.
    fn row(&mut self, says: Says, day: NaiveDate) {
        let identity = &self.person.identity;
        self.facts.attributes.push(Attributes {
            birth_month: identity.birth_date.with_day(1),
            sex: Some(identity.sex),
            ethnicity: says.ethnicity.then_some(identity.ethnicity),
        });
        if says.home {
            let home = self.world.postcode(self.person.home_on(day));
            let ward = Some(home.ward.clone()).filter(|ward| !ward.is_empty());
            self.facts.addresses.push(Address { la: home.la, ward, observed_on: Some(day) });
        }
    }

    fn id(&self, place: world::Place) -> String {
        self.world.establishment(place).id.clone()
    }

    fn rolls(&mut self) {
        for roll in &self.person.enrolments {
            if self.world.establishment(roll.place).on_mis {
                self.row(SCHOOL_SYSTEM, roll.starts_on);
                self.facts.enrolments.push(Enrolment {
                    establishment: self.id(roll.place),
                    status: roll.status,
                    starts_on: roll.starts_on,
                    ends_on: roll.ends_on,
                    leaving_reason: roll.leaving_reason,
                    observed_on: None,
                });
                // What a school's system says of circumstances has no day: of the language alone it says enough.
                let value = if self.person.identity.eal { "Y" } else { "N" };
                self.facts.circumstances.push(Circumstance { kind: "eal", value, observed_on: None });
                self.registers_of(roll);
            }
        }
    }

    /// What a school's own system has of the days on its roll.
    fn registers_of(&mut self, roll: &world::Enrolment) {
        let during = |day: NaiveDate| roll.starts_on <= day && roll.ends_on.is_none_or(|end| end >= day);
        let establishment = self.id(roll.place);
        for one in &self.person.attendance {
            if one.place == roll.place && during(one.starts_on) {
                self.facts.attendance.push(Attendance {
                    establishment: establishment.clone(),
                    starts_on: one.starts_on,
                    ends_on: one.ends_on,
                    possible: i64::from(one.possible),
                    authorised: i64::from(one.authorised),
                    unauthorised: i64::from(one.unauthorised),
                });
            }
        }
        for one in &self.person.suspensions {
            if one.place == roll.place && during(one.starts_on) {
                self.facts.suspensions.push(Suspension {
                    establishment: establishment.clone(),
                    category: one.category,
                    reason: one.reason,
                    starts_on: one.starts_on,
                    sessions: (one.sessions > 0).then(|| i64::from(one.sessions)),
                });
            }
        }
    }

    /// One row for each January from the year of Year 6.
    fn census(&mut self) {
        for roll in
            self.person.enrolments.iter().filter(|roll| self.world.establishment(roll.place).in_census)
        {
            for year in &self.person.years {
                let day = january_census(year.ay);
                if roll.starts_on > day || roll.ends_on.is_some_and(|end| end < day) {
                    continue;
                }
                self.row(CENSUS, day);
                self.facts.enrolments.push(Enrolment {
                    establishment: self.id(roll.place),
                    status: roll.status,
                    starts_on: roll.starts_on,
                    ends_on: None,
                    leaving_reason: None,
                    observed_on: Some(day),
                });
                for (kind, is) in [("fsm", year.fsm), ("fsm6", year.fsm6), ("cla", year.cla)] {
                    let value = if is { "Y" } else { "N" };
                    self.facts.circumstances.push(Circumstance { kind, value, observed_on: Some(day) });
                }
                self.facts.sen.push(Sen { provision: year.sen, observed_on: Some(day) });
            }
        }
    }

    fn council_files(&mut self) {
        for test in &self.person.assessments {
            if let (Door::Council, "ks2", Some(subject)) = (test.door, test.kind, test.subject) {
                self.row(COUNCIL_FILE, test.taken_on);
                self.facts.ks2.push(Ks2 {
                    subject,
                    taken_on: test.taken_on,
                    status: test.status,
                    score: test.score.map(i64::from),
                });
            }
        }
        for award in self.person.qualifications.iter().filter(|award| award.door == Door::Council) {
            self.row(COUNCIL_FILE, award.awarded_on);
            let centre = award.place.map(|place| self.id(place));
            self.facts.qualifications.push(qualification(award, "council".to_owned(), centre));
        }
    }

    fn registers(&mut self) {
        for entry in self.person.off_roll.iter().filter(|entry| entry.registered) {
            self.row(REGISTER, entry.starts_on);
            self.facts.off_roll.push(OffRoll {
                basis: entry.basis,
                starts_on: entry.starts_on,
                ends_on: entry.ends_on,
                end_reason: entry.end_reason,
                moved_to_la: entry.moved_to_la,
            });
        }
    }

    fn workbooks(&mut self) {
        for place in &self.person.placements {
            self.row(WORKBOOK, place.starts_on);
            self.facts.placements.push(Placement {
                establishment: self.id(place.place),
                legal_basis: Some(place.legal_basis),
                starts_on: place.starts_on,
                ends_on: place.ends_on,
                planned_end_on: place.planned_end_on,
                commissioner: place.commissioner,
                reason: place.reason,
                hours: i64::from(place.tenths_of_hours) * 10,
                price: place.pounds_a_week.map(i64::from),
                offered: i64::from(place.sessions_offered),
                attended: i64::from(place.sessions_attended),
                objectives: place.objectives_set,
                reviews: i64::from(place.reviews_held),
                end_reason: place.end_reason,
            });
            self.scores(place);
        }
        // Awards and a destination stand in the last row that a provider has of somebody in a year: one cell for each
        // kind and subject.
        let has_row = |provider: world::Place, ay: i32| {
            self.person
                .placements
                .iter()
                .any(|place| place.place == provider && academic_year(place.starts_on) == ay)
        };
        let mut filled = BTreeSet::new();
        for award in &self.person.qualifications {
            if let Door::Workbook(provider) = award.door {
                let ay = academic_year(award.awarded_on);
                if has_row(provider, ay) && filled.insert((provider, ay, award.kind, award.subject)) {
                    let source = self.id(provider);
                    self.facts.qualifications.push(qualification(award, source, None));
                }
            }
        }
        for activity in &self.person.destinations {
            let before = academic_year(activity.starts_on) - 1;
            if activity.workbook.is_some_and(|provider| has_row(provider, before)) {
                // The workbook says where somebody went, not that another authority took over.
                self.facts.destinations.push(Destination {
                    transferred_to_la: None,
                    guarantee: None,
                    ..destination(activity)
                });
            }
        }
    }

    /// The starting points and the review that stand in the row of a placement, the review under its one date.
    fn scores(&mut self, place: &world::Placement) {
        let until = place.ends_on.unwrap_or_else(world::as_of);
        for kind in ["reading_age", "sdq", "boxall"] {
            for point in ["baseline", "review"] {
                let stands = |one: &&world::Assessment| {
                    let inside = if point == "baseline" {
                        one.taken_on == place.starts_on
                    } else {
                        place.starts_on < one.taken_on && one.taken_on <= until
                    };
                    one.door == Door::Workbook(place.place)
                        && one.kind == kind
                        && one.point == point
                        && inside
                };
                if let Some(one) = self.person.assessments.iter().find(stands)
                    && let Some(score) = one.score
                {
                    let (taken_on, score) = (one.taken_on, i64::from(score));
                    self.facts.assessments.push(Assessment { kind, point, taken_on, score });
                }
            }
        }
    }

    /// The extracts of December to March: the latest activity started by the month's end, from academic age 15 to 17.
    fn clients(&mut self) {
        let cohort = cohort_of(self.person.identity.birth_date);
        for (year, month) in world::EXTRACT_MONTHS {
            let day = world::month_end(year, month);
            if !(cohort + 5..=cohort + 7).contains(&academic_year(day)) {
                continue;
            }
            let started = self.person.destinations.iter().filter(|activity| activity.starts_on <= day);
            if let Some(latest) = started.max_by_key(|activity| activity.starts_on) {
                self.row(CLIENTS, day);
                self.facts.destinations.push(destination(latest));
                // Confirmed some days ago, and believed for 75 days.
                let confirmed = day - Days::new(u64::from(latest.starts_on.day() * 3 % 80));
                self.facts.records.push(ClientRecord {
                    month_end: day,
                    in_cohort: latest.transferred_to_la.is_none(),
                    lapsed: confirmed.max(latest.starts_on) + Days::new(75) < day,
                });
            }
        }
    }
}

fn qualification(
    award: &world::Qualification,
    source: String,
    establishment: Option<String>,
) -> Qualification {
    Qualification {
        source,
        kind: award.kind,
        subject: award.subject,
        level: award.level,
        grade: Some(award.grade),
        awarded_on: award.awarded_on,
        establishment,
    }
}

fn destination(activity: &world::Destination) -> Destination {
    Destination {
        activity: activity.activity,
        starts_on: activity.starts_on,
        ends_on: None,
        transferred_to_la: activity.transferred_to_la,
        guarantee: activity.guarantee,
    }
}
