//! What the council holds: places, the spring census, key stage 2, examinations, the NCCIS extracts.
use super::super::world::{
    Destination, Door, EXTRACT_MONTHS, Establishment, FIRST_COHORT, LAST_COHORT, Person, World,
    academic_year, census_day, day, month_end,
};
use super::document::{Document, british, iso, write_windows_1252};
use super::shown::{Hands, shown};
use super::truth::Truth;
use chrono::{Datelike, NaiveDate};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// Academic year of somebody's Year 6 by age.
pub(super) fn cohort(person: &Person) -> i32 {
    let born = person.identity.birth_date;
    born.year() + if born.month() >= 9 { 12 } else { 11 }
}

fn la_name(la: &str) -> &'static str {
    match la {
        "998" => "Tarnshire",
        "997" => "Eastmere",
        "996" => "Holmdale",
        _ => "Farshire",
    }
}

/// The register of establishments, its links, the council's own list of providers, the postcode directory.
pub(super) fn places(world: &World, dir: &Path) -> io::Result<()> {
    write_windows_1252(&dir.join("council/gias/establishments.csv"), &establishments(world))?;
    write_windows_1252(&dir.join("council/gias/links.csv"), &links(world))?;
    let header = ["SiteReference", "URN", "Name", "Kind", "LA", "Layout"];
    let mut list = Document::create(dir, "provider-list", "council/providers.csv".to_owned(), &header)?;
    for one in world.establishments.iter().filter(|one| one.folder.is_some()) {
        let (site, urn) = if one.type_code.is_some() { ("", one.id.as_str()) } else { (one.id.as_str(), "") };
        let layout = super::workbook::layout_name(one.folder.as_deref().unwrap_or_default());
        list.put(&[site, urn, &one.name, one.kind, one.la, layout])?;
    }
    list.finish()?;
    let header = ["postcode", "lsoa", "ward", "la_code"];
    let mut directory = Document::create(dir, "postcodes", "council/postcodes.csv".to_owned(), &header)?;
    for one in &world.postcodes {
        directory.put(&[&one.text, &one.lsoa, &one.ward, one.la])?;
    }
    directory.finish()
}

fn establishments(world: &World) -> String {
    let mut text = String::from(
        "\"URN\",\"LA (code)\",\"LA (name)\",\"EstablishmentNumber\",\"EstablishmentName\",\"TypeOfEstablishment (code)\",\"EstablishmentStatus (name)\",\"OpenDate\",\"CloseDate\"\r\n",
    );
    let date =
        |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.format("%d-%m-%Y").to_string());
    for one in &world.establishments {
        let Some(type_code) = one.type_code else { continue };
        let status = if one.closed_on.is_some() { "Closed" } else { "Open" };
        let Establishment { id, la, estab, name, .. } = one;
        let (opened, closed) = (date(one.opened_on), date(one.closed_on));
        let _ = write!(
            text,
            "\"{id}\",\"{la}\",\"{}\",\"{estab}\",\"{name}\",\"{type_code}\",\"{status}\",\"{opened}\",\"{closed}\"\r\n",
            la_name(la)
        );
    }
    text
}

fn links(world: &World) -> String {
    let mut text = String::from("\"URN\",\"LinkURN\",\"LinkName\",\"LinkType\",\"LinkEstablishedDate\"\r\n");
    for link in &world.links {
        let (from, to) = (world.establishment(link.place), world.establishment(link.linked));
        let kind = match link.link_type {
            "successor" => "Successor",
            "successor_merged" => "Successor - merged",
            "predecessor" => "Predecessor",
            _ => "Predecessor - merged",
        };
        let _ = write!(
            text,
            "\"{}\",\"{}\",\"{}\",\"{kind}\",\"{}\"\r\n",
            from.id,
            to.id,
            to.name,
            link.linked_on.format("%d-%m-%Y")
        );
    }
    text
}

const CENSUS: [&str; 22] = [
    "Estab",
    "URN",
    "UPN",
    "FormerUPN",
    "UniqueLearnerNumber",
    "Surname",
    "Forename",
    "Middlenames",
    "PreferredSurname",
    "DoB",
    "Gender",
    "EnrolStatus",
    "EntryDate",
    "NCyearActual",
    "Ethnicity",
    "SENprovision",
    "SENneed1",
    "FSMeligible",
    "FSM6",
    "LookedAfter",
    "Postcode",
    "ReferenceDate",
];

/// One file each January: everybody on the roll that day of a state school here, from the year of Year 6.
pub(super) fn census(world: &World, dir: &Path, truth: &mut Truth) -> io::Result<()> {
    for ay in FIRST_COHORT..=LAST_COHORT {
        let on = census_day(ay);
        let path = format!("council/census/{ay}_spring_pupils.csv");
        let mut file = Document::create(dir, "school-census-spring", path, &CENSUS)?;
        let reference = on.to_string();
        for person in &world.people {
            let Some(year) = person.year(ay) else { continue };
            for one in &person.enrolments {
                let place = world.establishment(one.place);
                if !place.in_census || one.starts_on > on || one.ends_on.is_some_and(|end| end < on) {
                    continue;
                }
                let who = shown(world, person, on, Hands::School, u32::from(one.place.0));
                let nc_year = (6 + ay - cohort(person) + i32::from(person.year_offset)).to_string();
                let flag = |yes: bool| if yes { "1" } else { "0" };
                file.about(
                    who.about(person, "enrolment"),
                    &[
                        &place.estab.to_string(),
                        &place.id,
                        &who.upn,
                        &who.former_upn,
                        &who.uln,
                        &who.surname,
                        &who.forename,
                        &who.middle_names,
                        &who.preferred_surname,
                        &iso(who.birth_date),
                        who.sex,
                        one.status,
                        &one.starts_on.to_string(),
                        &nc_year,
                        person.identity.ethnicity,
                        year.sen,
                        year.need.unwrap_or_default(),
                        flag(year.fsm),
                        flag(year.fsm6),
                        flag(year.cla),
                        &who.postcode,
                        &reference,
                    ],
                    truth,
                )?;
            }
        }
        file.finish()?;
    }
    Ok(())
}

const KEY_STAGE_2: [&str; 12] = [
    "URN",
    "UPN",
    "Surname",
    "Forename",
    "DoB",
    "Gender",
    "Postcode",
    "YearGroup",
    "ReadingOutcome",
    "ReadingScore",
    "MathsOutcome",
    "MathsScore",
];

/// One file each year that tests were held: one row a pupil.
pub(super) fn key_stage_2(world: &World, dir: &Path, truth: &mut Truth) -> io::Result<()> {
    for ay in FIRST_COHORT..=LAST_COHORT {
        let on = day(ay, 5, 1);
        let tested =
            |person: &&Person| person.assessments.iter().any(|one| one.kind == "ks2" && one.taken_on == on);
        let mut people = world.people.iter().filter(tested).peekable();
        if people.peek().is_none() {
            continue;
        }
        let mut file =
            Document::create(dir, "ks2-results", format!("council/ks2/ks2_{ay}.csv"), &KEY_STAGE_2)?;
        for person in people {
            let result = |subject: &str| {
                let one =
                    person.assessments.iter().find(|one| one.kind == "ks2" && one.subject == Some(subject));
                let outcome = one.map_or("", |one| match one.status {
                    "tested" => "S",
                    "below_test" => "B",
                    "absent" => "A",
                    "disapplied" => "D",
                    "lost" => "L",
                    _ => "Q",
                });
                (outcome, one.and_then(|one| one.score).map_or_else(String::new, |score| score.to_string()))
            };
            let school = person.enrolments.iter().rfind(|one| {
                one.status != "S" && one.starts_on <= on && one.ends_on.is_none_or(|end| end >= on)
            });
            let urn = school.map_or("", |one| world.establishment(one.place).id.as_str());
            let key = school.map_or(0, |one| u32::from(one.place.0));
            let who = shown(world, person, on, Hands::School, key);
            let (reading, maths) = (result("reading"), result("maths"));
            let cells = [
                urn,
                &who.upn,
                &who.surname,
                &who.forename,
                &iso(who.birth_date),
                who.sex,
                &who.postcode,
                "6",
                reading.0,
                &reading.1,
                maths.0,
                &maths.1,
            ];
            file.about(who.about(person, "assessment"), &cells, truth)?;
        }
        file.finish()?;
    }
    Ok(())
}

const EXAMINATIONS: [&str; 13] = [
    "CentreURN",
    "UPN",
    "ULN",
    "Surname",
    "Forename",
    "DoB",
    "Gender",
    "Postcode",
    "QualificationType",
    "Subject",
    "Level",
    "Grade",
    "AwardDate",
];

/// One file each summer: one row a candidate and qualification.
pub(super) fn examinations(world: &World, dir: &Path, truth: &mut Truth) -> io::Result<()> {
    for ay in FIRST_COHORT + 5..=LAST_COHORT {
        let on = day(ay, 8, 20);
        let entered = |person: &&Person| {
            person.qualifications.iter().any(|one| one.door == Door::Council && one.awarded_on == on)
        };
        let mut people = world.people.iter().filter(entered).peekable();
        if people.peek().is_none() {
            continue;
        }
        let mut file =
            Document::create(dir, "ks4-results", format!("council/exams/ks4_{ay}.csv"), &EXAMINATIONS)?;
        let award_date = on.to_string();
        for person in people {
            let awards =
                person.qualifications.iter().filter(|one| one.door == Door::Council && one.awarded_on == on);
            let mut identity = None;
            for one in awards {
                let key = one.place.map_or(0, |place| u32::from(place.0));
                // One candidate is entered once: every row of theirs says the same.
                let who = identity.get_or_insert_with(|| shown(world, person, on, Hands::School, key));
                let urn = one.place.map_or("", |place| world.establishment(place).id.as_str());
                let cells = [
                    urn,
                    &who.upn,
                    &who.uln,
                    &who.surname,
                    &who.forename,
                    &iso(who.birth_date),
                    who.sex,
                    &who.postcode,
                    one.kind,
                    one.subject,
                    one.level.unwrap_or_default(),
                    one.grade,
                    &award_date,
                ];
                file.about(who.about(person, "qualification"), &cells, truth)?;
            }
        }
        file.finish()?;
    }
    Ok(())
}

const NCCIS: [&str; 30] = [
    "DatabaseId",
    "LEACode",
    "DateOfSend",
    "PeriodEnd",
    "YoungPersonsID",
    "CohortStatus",
    "GivenName",
    "FamilyName",
    "Postcode",
    "Gender",
    "DateOfBirth",
    "Ethnicity",
    "LeadLEA",
    "UniqueLearnerNo",
    "UniquePupilNumber",
    "GuaranteeStatusIndicator",
    "TransferredToLACode",
    "ActivityCode",
    "StartDate",
    "DateVerified",
    "LevelOfNeedCode",
    "LEACodeAtYear11",
    "EducatedLEA",
    "DateAscertained",
    "DueToLapseDate",
    "CurrencyLapsed",
    "PredictedEndDate",
    "ReviewDate",
    "NEETStartDate",
    "IntendedDestinationYr11",
];

/// One extract a month: the activity in force at its end of everybody of academic age 15 to 17 with one.
pub(super) fn destinations(world: &World, dir: &Path, truth: &mut Truth) -> io::Result<()> {
    for (calendar, month) in EXTRACT_MONTHS {
        let on = month_end(calendar, month);
        let path = format!("council/nccis/nccis_{calendar}-{month:02}.csv");
        let mut file = Document::create(dir, "nccis", path, &NCCIS)?;
        let sent = super::table::serial(on).to_string();
        for person in &world.people {
            let since = academic_year(on) - cohort(person);
            let Some(one) = person.destinations.iter().rfind(|one| one.starts_on <= on) else { continue };
            if !(5..=7).contains(&since) {
                continue;
            }
            // The client record is kept by one team from the start: its slips stay.
            let who = shown(world, person, on, Hands::Clients, 1 << 16);
            let number = format!("YP{:07}", person.number * 13 % 9_999_991);
            let lead = one.transferred_to_la.unwrap_or("998");
            let status = if one.transferred_to_la.is_some() { "T" } else { "P" };
            let verified = verified(one, on);
            let lapses = verified + chrono::Days::new(CURRENT_DAYS);
            let (lapses_on, lapsed) = (british(Some(lapses)), if lapses < on { "Y" } else { "N" });
            let cells = [
                "1",
                "998",
                &sent,
                &sent,
                &number,
                status,
                &who.forename,
                &who.surname,
                &who.postcode,
                who.sex,
                &british(who.birth_date),
                person.identity.ethnicity,
                lead,
                &who.uln,
                &who.upn,
                guarantee(one),
                one.transferred_to_la.unwrap_or_default(),
                one.activity,
                &british(Some(one.starts_on)),
                &british(Some(verified)),
                "3",
                "998",
                "",
                &british(Some(one.starts_on)),
                &lapses_on,
                lapsed,
                "",
                "",
                "",
                "",
            ];
            file.about(who.about(person, "destination"), &cells, truth)?;
        }
        file.finish()?;
    }
    Ok(())
}

/// What was confirmed so many days ago is still believed.
const CURRENT_DAYS: u64 = 75;

/// Last confirmed: within the quarter before the month end, never before the activity began.
fn verified(one: &Destination, on: NaiveDate) -> NaiveDate {
    let back = u64::from(one.starts_on.day() * 3 % 80);
    (on - chrono::Days::new(back)).max(one.starts_on)
}

fn guarantee(one: &Destination) -> &'static str {
    match one.guarantee {
        Some("made") => "Offer made",
        Some("not_made") => "No offer",
        Some(_) => "Offer not appropriate",
        None => "",
    }
}
