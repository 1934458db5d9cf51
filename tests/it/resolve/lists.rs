//! Lists as officers keep them: made of the truth, with the slips that such lists have.
use rust_xlsxwriter::Workbook;
use std::path::Path;
use throughline::synth::{World, world::Person};

/// A row of a list, and whom it is about.
pub struct Row {
    pub person: u32,
    surname: String,
    forename: String,
    birth: String,
    upn: String,
    postcode: String,
}

impl Row {
    /// Its cells, as they are written.
    pub fn cells(&self) -> [String; 6] {
        [&self.surname, &self.forename, &self.birth, &self.upn, &self.postcode, "=SUM(A1)"].map(str::to_owned)
    }

    /// What it says of the person, as the program spells it.
    pub fn normalised(&self) -> Vec<(&'static str, String)> {
        let name = |text: &str| {
            let text: String =
                text.to_uppercase().chars().filter(|c| !matches!(c, '\'' | '’' | '.')).collect();
            text.replace('-', " ")
        };
        let day: Vec<&str> = self.birth.split('/').collect();
        vec![
            ("surname", name(&self.surname)),
            ("forename", name(&self.forename)),
            ("birth_date", format!("{}-{}-{}", day[2], day[1], day[0])),
            ("upn", self.upn.clone()),
            ("postcode", self.postcode.replace(' ', "")),
        ]
    }
}

/// The 14 to 18 year olds of a world, or some of them, as a list has them: four in ten with a pupil number, and of twenty one
/// each with a letter too few in the first name, two letters turned in the surname, and no postcode.
pub fn roll_of(world: &World, wanted: impl Fn(&Person) -> bool) -> Vec<Row> {
    let born = |person: &&Person| {
        let day = person.identity.birth_date;
        day.to_string().as_str() >= "2007-09-01" && day.to_string().as_str() < "2012-09-01"
    };
    world
        .people
        .iter()
        .filter(born)
        .filter(|person| wanted(person))
        .map(|person| row(world, person))
        .collect()
}

fn row(world: &World, person: &Person) -> Row {
    let who = &person.identity;
    let mut row = Row {
        person: person.number,
        surname: who.surname.clone(),
        forename: who.forename.clone(),
        birth: who.birth_date.format("%d/%m/%Y").to_string(),
        upn: if person.number % 5 < 2 { who.upn.clone() } else { String::new() },
        postcode: world.postcode(person.home_on(world.as_of())).text.clone(),
    };
    match person.number % 20 {
        7 if row.forename.is_ascii() && row.forename.len() > 4 => drop(row.forename.remove(2)),
        11 if row.surname.is_ascii() && row.surname.len() > 4 => {
            let letter = row.surname.remove(2);
            row.surname.insert(3, letter);
        }
        13 => row.postcode.clear(),
        _ => {}
    }
    row
}

/// Writes a list: below a title, with a stranger, somebody without a first name, and a total.
pub fn write_roll(to: &Path, rows: &[Row]) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "Our young people, spring").unwrap();
    for (at, text) in ["Surname", "First name", "DOB", "UPN", "Postcode", "Worker"].iter().enumerate() {
        sheet.write_string(2, at as u16, *text).unwrap();
    }
    let mut line = 3;
    let mut put = |cells: &[String]| {
        for (at, text) in cells.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            sheet.write_string(line, at as u16, text).unwrap();
        }
        line += 1;
    };
    rows.iter().for_each(|row| put(&row.cells()));
    let text = |cells: [&str; 3]| cells.map(str::to_owned);
    put(&text(["Nosuchperson", "Zebedee", "05/05/2009"]));
    put(&text(["Lonelysurname", "", "05/05/2009"]));
    put(&text(["Total", "", &rows.len().to_string()]));
    book.save(to).unwrap();
}
