//! The schools' own systems as one API would give them: a list of schools and one file of records each, which
//! `synth::server` serves. Addresses are not asked for.
use super::super::world::{Enrolment, Person, Place, World, academic_year, as_of, day};
use super::shown::{Hands, Shown, shown};
use super::truth::{About, Truth};
use chrono::NaiveDate;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Everybody who was ever on one school's system. A school under a new URN is a new customer of the supplier: its system begins with
/// the day on which it opened. That of a school that has converted, merged or closed can be read still, with nobody in it but leavers.
type Stays = Vec<(u32, u32)>;

pub(super) fn write(world: &World, dir: &Path, truth: &mut Truth) -> io::Result<()> {
    let mut stays: Vec<Stays> = vec![Vec::new(); world.establishments.len()];
    for (index, person) in world.people.iter().enumerate() {
        for (number, one) in person.enrolments.iter().enumerate() {
            stays[usize::from(one.place.0)].push((index as u32, number as u32));
        }
    }
    let mut list = BufWriter::new(File::create(dir.join("mis/schools.jsonl"))?);
    for (index, place) in world.establishments.iter().enumerate().filter(|(_, place)| place.on_mis) {
        let tenant = format!("A{}", place.id);
        writeln!(
            list,
            r#"{{"id":"{tenant}","name":"{}","establishment_number":"{}","urn":{},"phase_of_education":"{}","la_code":"{}","timezone":"Europe\/London","mis":"SYNTH","region":{{"code":"ZT","domain":null,"identifiers":{{"la_code":"{}","establishment_number":"{}","urn":"{}"}}}}}}"#,
            place.name,
            place.estab,
            place.id,
            format!("{:?}", place.phase).to_uppercase(),
            place.la,
            place.la,
            place.estab,
            place.id
        )?;
        let file = BufWriter::with_capacity(1 << 16, File::create(dir.join(format!("mis/{tenant}.jsonl")))?);
        let mut school = School { world, place: Place(index as u16), tenant, file, truth };
        school.write(&stays[index])?;
    }
    list.flush()
}

struct School<'a> {
    world: &'a World,
    place: Place,
    tenant: String,
    file: BufWriter<File>,
    truth: &'a mut Truth,
}

impl School<'_> {
    fn write(&mut self, stays: &Stays) -> io::Result<()> {
        for leavers in [false, true] {
            for (position, (index, number)) in stays.iter().enumerate() {
                let person = &self.world.people[*index as usize];
                let one = &person.enrolments[*number as usize];
                if one.ends_on.is_some() == leavers {
                    self.student(position, person, one)?;
                }
            }
        }
        self.exclusions(stays)?;
        self.attendance(stays)?;
        self.deletions(stays)?;
        self.file.flush()
    }

    fn id(&self, position: usize) -> String {
        format!("{}{:05}", self.tenant, position + 1)
    }

    /// One line: the feed, when it last changed, the record.
    fn line(&mut self, feed: &str, updated: NaiveDate, record: &str) -> io::Result<()> {
        writeln!(self.file, r#"{{"feed":"{feed}","updated_at":"{updated} 04:10:00","record":{record}}}"#)
    }

    fn student(&mut self, position: usize, person: &Person, one: &Enrolment) -> io::Result<()> {
        let id = self.id(position);
        let until = one.ends_on.unwrap_or_else(as_of);
        let mut who = shown(self.world, person, until, Hands::School, u32::from(self.place.0));
        let updated = one.ends_on.unwrap_or_else(|| day(2026, 3, 1 + position as u32 % 28));
        let record = record(&id, position, person, one, &who, updated);
        let feed = if one.ends_on.is_some() { "students-leaver" } else { "students" };
        self.line(feed, updated, &record)?;
        // Addresses are not asked for.
        who.slips.retain(|slip| slip.cell != "postcode");
        self.truth.record(feed, &self.tenant, &id, who.about(person, "enrolment"))
    }

    fn exclusions(&mut self, stays: &Stays) -> io::Result<()> {
        let place = self.place;
        let mut count = 0;
        for (position, (index, number)) in stays.iter().enumerate() {
            let person = &self.world.people[*index as usize];
            let stay = &person.enrolments[*number as usize];
            let during = |on: NaiveDate| stay.starts_on <= on && stay.ends_on.is_none_or(|end| end >= on);
            for one in person.suspensions.iter().filter(|one| one.place == place && during(one.starts_on)) {
                count += 1;
                let (student, id) = (self.id(position), format!("{}X{count:05}", self.tenant));
                let kind = if one.category == "PERM" { "Permanent" } else { "Suspension" };
                let record = format!(
                    r#"{{"id":"{id}","student":"{student}","type":"{kind}","reason":"{}","start_date":{},"length_sessions":{},"updated_at":{}}}"#,
                    one.reason,
                    local(one.starts_on),
                    if one.sessions == 0 { "null".to_owned() } else { one.sessions.to_string() },
                    utc(one.starts_on)
                );
                self.line("exclusions", one.starts_on, &record)?;
                self.truth.record("exclusions", &self.tenant, &id, nobody_named(person, "suspension"))?;
            }
        }
        Ok(())
    }

    fn attendance(&mut self, stays: &Stays) -> io::Result<()> {
        let place = self.place;
        let mut count = 0;
        for (position, (index, number)) in stays.iter().enumerate() {
            let person = &self.world.people[*index as usize];
            let stay = &person.enrolments[*number as usize];
            let inside =
                |from: NaiveDate| stay.starts_on <= from && stay.ends_on.is_none_or(|end| end >= from);
            for one in person.attendance.iter().filter(|one| one.place == place && inside(one.starts_on)) {
                count += 1;
                let (student, id) = (self.id(position), format!("{}S{count:06}", self.tenant));
                let record = format!(
                    r#"{{"id":"{id}","student":"{student}","start_date":{},"end_date":{},"possible_marks":{},"present_marks":{},"authorised_absences":{},"unauthorised_absences":{},"updated_at":{}}}"#,
                    local(one.starts_on),
                    local(one.ends_on),
                    one.possible,
                    one.attended,
                    one.authorised,
                    one.unauthorised,
                    utc(one.ends_on)
                );
                self.line("attendance-summaries", one.ends_on, &record)?;
                self.truth.record(
                    "attendance-summaries",
                    &self.tenant,
                    &id,
                    nobody_named(person, "attendance"),
                )?;
            }
        }
        Ok(())
    }

    /// A few records that were double entries and are gone, and one that came back.
    fn deletions(&mut self, stays: &Stays) -> io::Result<()> {
        let on = day(2025, 11, 14);
        for number in 0..stays.len() / 200 {
            let gone = format!("{}D{:04}", self.tenant, number + 1);
            let record =
                format!(r#"{{"id":"{gone}","type":"student","deleted_at":{},"restored_at":null}}"#, utc(on));
            self.line("deletions", on, &record)?;
        }
        if stays.is_empty() {
            return Ok(());
        }
        let back = self.id(0);
        let record = format!(
            r#"{{"id":"{back}","type":"student","deleted_at":{},"restored_at":{}}}"#,
            utc(on),
            utc(on)
        );
        self.line("deletions", on, &record)
    }
}

/// The truth of a record that names its student by key alone.
fn nobody_named<'a>(person: &Person, entity: &'a str) -> About<'a> {
    About { person: person.number, entity, slips: &[] }
}

/// A student with everything that can be included. Names hold letters, hyphens and apostrophes: nothing to escape.
fn record(
    id: &str,
    position: usize,
    person: &Person,
    one: &Enrolment,
    who: &Shown,
    updated: NaiveDate,
) -> String {
    let cohort = super::council::cohort(person);
    let until = one.ends_on.unwrap_or_else(as_of);
    let ay = academic_year(until).max(cohort);
    let nc_year = 6 + ay - cohort + i32::from(person.year_offset);
    let year = person.years.iter().rfind(|year| year.ay <= ay);
    // Every third school types words where the others have codes.
    let words = position.is_multiple_of(3);
    let status = match (one.status, words) {
        ("M", true) => "Main - Dual Registration",
        ("S", true) => "Subsidiary - Dual Registration",
        ("C", true) => "Single Registration",
        (code, _) => code,
    };
    let sen = match (year.map_or("N", |year| year.sen), words) {
        ("K", true) => "SEN Support",
        ("E", true) => "EHCP",
        (code, _) => code,
    };
    let text = |text: &str| if text.is_empty() { "null".to_owned() } else { format!("\"{text}\"") };
    let date = |day: Option<NaiveDate>| day.map_or_else(|| "null".to_owned(), local);
    let flag = |is: fn(&super::super::world::Year) -> bool| {
        year.map_or("null", |year| if is(year) { "true" } else { "false" })
    };
    let gender = if who.sex == "M" { "male" } else { "female" };
    let Shown {
        upn, former_upn, uln, forename, surname, middle_names, preferred_surname, birth_date, ..
    } = who;
    let preferred = person.identity.preferred_forename.unwrap_or(forename);
    format!(
        concat!(
            r#"{{"id":"{id}","upi":null,"mis_id":"{mis_id}","initials":null,"surname":"{preferred_surname}","forename":"{preferred}","#,
            r#""middle_names":{middle},"legal_surname":"{surname}","legal_forename":"{forename}","gender":"{gender}","date_of_birth":{born},"#,
            r#""restored_at":null,"created_at":{created},"updated_at":{updated},"#,
            r#""education_details":{{"data":{{"admission_number":"{mis_id}","upn":{upn},"local_upn":null,"former_upn":{former},"learner_number":{uln},"#,
            r#""current_nc_year":"{nc_year}","part_time":false,"admission_date":{from},"leaving_date":{to},"leaving_reason":{reason}}}}},"#,
            r#""extended_details":{{"data":{{"enrolment_status":"{status}","ethnicity":"{ethnicity}","sen_status":"{sen}","sen_need":{need},"#,
            r#""free_school_meals":{fsm},"free_school_meals_6":{fsm6},"in_lea_care":{cla},"english_as_additional_language":{eal}}}}},"#,
            r#""year":{{"data":{{"code":"{nc_year}","name":"Year {nc_year}"}}}}}}"#
        ),
        id = id,
        mis_id = position + 1,
        preferred_surname = preferred_surname,
        preferred = preferred,
        middle = text(middle_names),
        surname = surname,
        forename = forename,
        gender = gender,
        born = date(*birth_date),
        created = utc(one.starts_on),
        updated = utc(updated),
        upn = text(upn),
        former = text(former_upn),
        uln = text(uln),
        nc_year = nc_year,
        from = local(one.starts_on),
        to = date(one.ends_on),
        reason = text(reason(one.leaving_reason)),
        status = status,
        ethnicity = person.identity.ethnicity,
        sen = sen,
        need = text(year.and_then(|year| year.need).unwrap_or_default()),
        fsm = flag(|year| year.fsm),
        fsm6 = flag(|year| year.fsm6),
        cla = flag(|year| year.cla),
        eal = person.identity.eal,
    )
}

fn reason(code: Option<&'static str>) -> &'static str {
    match code {
        None => "",
        Some("transition") => "Normal change of phase",
        Some("moved") => "Moved to another school",
        Some("managed_move") => "Managed move",
        Some("permanent_exclusion") => "Permanent exclusion",
        Some("ehe") => "Elective home education",
        Some("special") => "Transferred to special school",
        Some("ap") => "Transferred to alternative provision",
        Some("independent") => "Independent sector",
        Some("left_england") => "Emigrated",
        Some("died") => "Deceased",
        Some("end_of_schooling") => "School leaver",
        Some(_) => "Unknown",
    }
}

/// Midnight of a school's local day.
fn local(day: NaiveDate) -> String {
    format!(r#"{{"date":"{day} 00:00:00.000000","timezone_type":3,"timezone":"Europe\/London"}}"#)
}

fn utc(day: NaiveDate) -> String {
    format!(r#"{{"date":"{day} 04:10:00.000000","timezone_type":3,"timezone":"UTC"}}"#)
}
