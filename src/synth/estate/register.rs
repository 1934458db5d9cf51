//! The council's two registers of children off every roll: a tidy export and a workbook that grew.
use super::super::world::{OffRoll, Person, World};
use super::document::{Document, british};
use super::shown::{Hands, Shown, shown};
use super::table::{Cell, Table};
use super::truth::Truth;
use std::io;
use std::path::Path;

/// A key of slips for the registers: one team typed each child once.
const EHE: u32 = 1 << 17;
const CME: u32 = 1 << 18;

fn entries(world: &World, home: bool) -> impl Iterator<Item = (&Person, &OffRoll)> {
    world.people.iter().flat_map(move |person| {
        let of_kind = move |one: &&OffRoll| one.registered && one.basis.starts_with("ehe") == home;
        person.off_roll.iter().filter(of_kind).map(move |one| (person, one))
    })
}

/// `council/cme/cme_register.csv`.
pub(super) fn missing_education(world: &World, dir: &Path, truth: &mut Truth) -> io::Result<()> {
    let header = [
        "Case ref",
        "UPN",
        "Surname",
        "Forename",
        "Date of birth",
        "Sex",
        "Postcode",
        "Date missing from",
        "Date closed",
        "Outcome",
        "New authority",
    ];
    let mut file = Document::create(dir, "cme-register", "council/cme/cme_register.csv".to_owned(), &header)?;
    for (number, (person, one)) in entries(world, false).enumerate() {
        let who = shown(world, person, one.starts_on, Hands::Register, CME);
        let case = format!("CME/{:05}", number + 1);
        let outcome = match one.end_reason {
            Some("returned") => "Back in school",
            Some("moved_la") => "Moved to other LA",
            Some("left_england") => "Left England",
            Some("over_age") => "Over compulsory school age",
            Some(_) => "Other",
            None => "",
        };
        let cells = [
            case.as_str(),
            &who.upn,
            &who.surname,
            &who.forename,
            &british(who.birth_date),
            who.sex,
            &who.postcode,
            &british(Some(one.starts_on)),
            &british(one.ends_on),
            outcome,
            one.moved_to_la.unwrap_or_default(),
        ];
        file.about(who.about(person, "off_roll"), &cells, truth)?;
    }
    file.finish()
}

/// `council/ehe/ehe_register.xlsx`: a banner, bands over the header, open cases, then closed ones under a line of their own.
pub(super) fn home_education(world: &World, dir: &Path, truth: &mut Truth) -> io::Result<()> {
    let mut table = Table { name: "EHE register".to_owned(), ..Table::default() };
    table.rows.push(vec![Cell::from("Tarnshire Council: elective home education register")]);
    table.rows.push(vec![Cell::from("OFFICIAL - SENSITIVE. Printed for the panel of 31 March 2026")]);
    table.rows.push(Vec::new());
    let width = 14;
    let mut bands = vec![Cell::Empty; width];
    for (column, text) in [(0, "Child"), (7, "Home education"), (12, "Contact")] {
        bands[column] = Cell::from(text);
    }
    let row = table.rows.len();
    table.merged = vec![(row, 0, 6), (row, 7, 11), (row, 12, 13)];
    table.rows.push(bands);
    let header = [
        "Ref",
        "UPN",
        "Surname",
        "First name",
        "DOB",
        "M/F",
        "Postcode",
        "Type",
        "Date known",
        "Date closed",
        "Reason closed",
        "New LA",
        "Officer",
        "Notes",
    ];
    table.rows.push(header.map(Cell::from).to_vec());
    let document = "council/ehe/ehe_register.xlsx";
    let all = entries(world, true).collect::<Vec<_>>();
    for closed in [false, true] {
        if closed {
            table.rows.push(Vec::new());
            table.rows.push(vec![Cell::from("CLOSED CASES")]);
        }
        for (number, (person, one)) in
            all.iter().enumerate().filter(|(_, (_, one))| one.ends_on.is_some() == closed)
        {
            let who = shown(world, person, one.starts_on, Hands::Register, EHE);
            table.rows.push(case(number, &who, one));
            truth.row("ehe-register", document, 1, table.rows.len(), who.about(person, "off_roll"))?;
        }
    }
    table.rows.push(vec![Cell::from(format!("Total cases: {}", all.len()).as_str())]);
    super::xlsx::write(&[table], &dir.join(document))
}

fn case(number: usize, who: &Shown, one: &OffRoll) -> Vec<Cell> {
    let kind = if one.basis == "ehe_flexi" { "Flexi" } else { "Full" };
    let reason = match one.end_reason {
        Some("returned") => "Returned to school",
        Some("moved_la") => "Moved LA",
        Some("left_england") => "Left England",
        Some("over_age") => "Over age",
        Some(_) => "Other",
        None => "",
    };
    // Half the dates were typed as text.
    let date = |day: Option<chrono::NaiveDate>, text: bool| match day {
        None => Cell::Empty,
        Some(day) if text => Cell::Text(day.format("%d.%m.%y").to_string()),
        Some(day) => Cell::Day(day),
    };
    let note = match number % 4 {
        0 => format!("Visit to {} went well, see letter", who.forename),
        1 => "Suitable".to_owned(),
        _ => String::new(),
    };
    vec![
        Cell::Text(format!("EHE{:04}", number + 1)),
        Cell::from(who.upn.as_str()),
        Cell::from(who.surname.as_str()),
        Cell::from(who.forename.as_str()),
        date(who.birth_date, number.is_multiple_of(3)),
        Cell::from(who.sex),
        Cell::from(who.postcode.as_str()),
        Cell::from(kind),
        date(Some(one.starts_on), number.is_multiple_of(2)),
        date(one.ends_on, number.is_multiple_of(5)),
        Cell::from(reason),
        Cell::from(one.moved_to_la.unwrap_or_default()),
        Cell::from(["JB", "SP", "KM"][number % 3]),
        Cell::from(note.as_str()),
    ]
}
