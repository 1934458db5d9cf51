//! What became of somebody after sixteen: `docs/measures/neet.md`, read once more, month by month.
use super::area::Area;
use super::cells::Person;
use super::codes;
use super::days::{academic_year, day};
use super::facts::{Code, Destination, Facts, PersonFacts};
use super::learner;
use super::neet_rows::{CcisDestination, NccisMonth, SeptemberGuarantee};
use super::rows::CohortMember;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// What is held of anybody at all: what nobody sent, nobody looked at.
pub struct Held {
    /// Month ends with a client record.
    months: BTreeSet<NaiveDate>,
    /// Academic years with a word on the guarantee of the September after them, and the Years 6 of those of whom it is.
    guarantees: BTreeSet<(i32, i32)>,
    /// The day it is looked back from.
    as_of: NaiveDate,
}

impl Held {
    pub fn of(facts: &Facts) -> Self {
        let records = facts.people.iter().flat_map(|person| &person.records);
        let words = |person: &PersonFacts| {
            let told = person.destinations.iter();
            let told = told.filter(|one| one.guarantee.is_some() && one.starts_on <= facts.as_of);
            told.map(|one| academic_year(one.starts_on) - 1).collect::<Vec<i32>>()
        };
        Self {
            months: records.map(|one| one.month_end).filter(|end| *end <= facts.as_of).collect(),
            guarantees: facts
                .people
                .iter()
                .filter_map(|person| Some((person, learner::learner(person).cohort_ay? as i32)))
                .flat_map(|(person, cohort)| words(person).into_iter().map(move |ay| (ay, cohort)))
                .filter(|(ay, _)| *ay <= academic_year(facts.as_of))
                .collect(),
            as_of: facts.as_of,
        }
    }
}

/// The day by which a place is to be offered.
fn september_of(ay: i32) -> NaiveDate {
    day(ay, 9, 30)
}

/// Of what is in force on a day the latest to start, and of those the smallest code.
fn in_force(person: &PersonFacts, on: NaiveDate) -> Option<&Destination> {
    let lasting = |one: &&Destination| one.starts_on <= on && one.ends_on.is_none_or(|end| end >= on);
    let later = |one: &&Destination| (one.starts_on, std::cmp::Reverse(one.activity));
    person.destinations.iter().filter(lasting).max_by_key(later)
}

/// Every month end with a record, at academic age 16 and 17, of whom the record, the home or Year 6 has here.
pub fn months(
    person: &PersonFacts,
    cohort: i32,
    area: &Area,
    member: &CohortMember,
    held: &Held,
    here: Code,
) -> Vec<NccisMonth> {
    let mut rows = Vec::new();
    for month_on in &held.months {
        let ay = academic_year(*month_on);
        let academic_age = 10 + ay - cohort;
        let record = person.records.iter().find(|one| one.month_end == *month_on);
        let resident = area.on(*month_on).home == Some(here);
        let is_listed = record.is_some() || resident || member.ever_y6_here;
        if !matches!(academic_age, 16 | 17) || !is_listed {
            continue;
        }
        let activity = in_force(person, *month_on);
        let membership = match record {
            Some(record) if record.in_cohort => "in_cohort",
            Some(_) => "left",
            None => "no_record",
        };
        let is_lapsed = record.is_some_and(|record| record.lapsed);
        let status = |group: &dyn Fn(&str) -> Code| match (membership, is_lapsed, activity) {
            ("left", ..) => "no_record",
            (_, true, _) => "not_known",
            (_, _, Some(one)) => group(one.activity),
            ("in_cohort", ..) => "not_known",
            _ => "no_record",
        };
        rows.push(NccisMonth {
            person: Person(person.number),
            month_on: *month_on,
            ay: i64::from(ay),
            academic_age: i64::from(academic_age),
            membership: membership.to_owned(),
            resident,
            ever_y6_here: member.ever_y6_here,
            activity: activity.map(|one| one.activity.to_owned()),
            activity_since: activity.map(|one| one.starts_on),
            is_lapsed,
            status: status(&codes::status_group).to_owned(),
            status_other: status(&|activity| codes::other_group(activity, ay)).to_owned(),
        });
    }
    rows
}

/// Year 11 and Year 12. No list of offers is among what the doors show.
pub fn guarantees(
    person: &PersonFacts,
    cohort: i32,
    area: &Area,
    member: &CohortMember,
    held: &Held,
    attended: &BTreeSet<i64>,
    here: Code,
) -> Vec<SeptemberGuarantee> {
    let mut rows = Vec::new();
    for year_group in [11, 12] {
        let ay = cohort + year_group - 6;
        if !held.guarantees.iter().any(|(year, _)| *year == ay) {
            continue;
        }
        let is_due = september_of(ay) <= held.as_of;
        // The client record tells of offers to Year 11 alone: what goes on into Year 13 keeps an old word.
        let is_held = year_group == 11 && held.guarantees.contains(&(ay, cohort));
        let of_year = |one: &&Destination| academic_year(one.starts_on) == ay + 1;
        let told: BTreeSet<Code> =
            person.destinations.iter().filter(of_year).filter_map(|one| one.guarantee).collect();
        let (resident, attending) =
            (area.on(september_of(ay).min(held.as_of)).home == Some(here), attended.contains(&i64::from(ay)));
        if !resident && !attending && !member.ever_y6_here && told.is_empty() {
            continue;
        }
        let state = match () {
            () if told.contains("made") => "offer_made",
            () if told.contains("not_appropriate") => "not_appropriate",
            () if told.contains("not_made") => "no_offer",
            () if !is_held => "not_held",
            () => "not_recorded",
        };
        rows.push(SeptemberGuarantee {
            person: Person(person.number),
            ay: i64::from(ay),
            year_group: i64::from(year_group),
            is_held,
            is_due,
            resident,
            attending,
            ever_y6_here: member.ever_y6_here,
            n_places: 0,
            guarantee_state: state.to_owned(),
        });
    }
    rows
}

/// The six month ends from October to March after Year 11, once March is over.
pub fn destination(person: &PersonFacts, cohort: i32, as_of: NaiveDate) -> Option<CcisDestination> {
    let ay = cohort + 6;
    if day(ay, 3, 31) > as_of {
        return None;
    }
    let february = day(ay, 3, 1).pred_opt()?;
    let ends = [
        day(ay - 1, 10, 31),
        day(ay - 1, 11, 30),
        day(ay - 1, 12, 31),
        day(ay, 1, 31),
        february,
        day(ay, 3, 31),
    ];
    let did: Vec<Code> = ends
        .iter()
        .map(|end| in_force(person, *end).map_or("not_known", |one| codes::strand(one.activity)))
        .collect();
    let n = |strand: &str| did.iter().filter(|one| **one == strand).count() as i64;
    let (learning, apprentice, work) = (n("education"), n("apprenticeship"), n("employment"));
    let sustained = if apprentice == 6 {
        "apprenticeship"
    } else if learning == 6 {
        "education"
    } else if work + apprentice >= 5 {
        "employment"
    } else if learning + apprentice + work == 6 {
        "combination"
    } else if n("not_known") == 6 {
        "not_captured"
    } else {
        "not_sustained"
    };
    Some(CcisDestination {
        person: Person(person.number),
        cohort_ay: i64::from(cohort),
        months_education: learning,
        months_apprenticeship: apprentice,
        months_employment: work,
        months_neet: n("neet"),
        months_other: n("other"),
        months_not_known: n("not_known"),
        sustained_ccis: sustained.to_owned(),
        is_sustained: (sustained != "not_captured").then_some(sustained != "not_sustained"),
    })
}
