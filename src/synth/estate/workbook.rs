//! The providers' workbooks: one per provider and academic year.
use super::super::dice::{Dice, Purpose};
use super::super::world::{
    Assessment, Door, FIRST_COHORT, Identifiers, LAST_COHORT, Person, Place, Placement, World, academic_year,
    as_of,
};
use super::fault::Planted;
use super::layout::{DateStyle, Field, Format, LAYOUTS, Layout, word};
use super::shown::{Hands, Shown, mistype_digit, shown};
use super::table::{Cell, Table, serial};
use super::truth::Truth;
use chrono::NaiveDate;
use std::io;
use std::path::Path;

/// A placement that goes into a workbook, and whether it is the person's last of the year there.
struct Line<'a> {
    person: &'a Person,
    placement: &'a Placement,
    last: bool,
}

fn layout_of(world: &World, place: Place) -> usize {
    let providers = world.establishments.iter().enumerate().filter(|(_, one)| one.folder.is_some());
    providers.map(|(index, _)| index).position(|index| index == usize::from(place.0)).unwrap_or(0)
        % LAYOUTS.len()
}

/// The name of the layout that a provider's folder is kept in.
pub(super) fn layout_name(folder: &str) -> &'static str {
    const FOLDERS: [&str; 8] = [
        "copperfield",
        "wheelhouse",
        "greenbank",
        "harbour",
        "stepping-stones",
        "northside",
        "sparks",
        "open-door",
    ];
    LAYOUTS[FOLDERS.iter().position(|one| *one == folder).unwrap_or(0) % LAYOUTS.len()].name
}

/// `ap/<provider>/placements_2024-25.<format>` for every provider and year with a placement.
pub(super) fn write(world: &World, dir: &Path, truth: &mut Truth) -> io::Result<()> {
    let mut books: Vec<Vec<Line>> = Vec::new();
    let years = (LAST_COHORT - FIRST_COHORT + 1) as usize;
    books.resize_with(world.establishments.len() * years, Vec::new);
    for person in &world.people {
        for placement in &person.placements {
            let ay = academic_year(placement.starts_on);
            let later = |one: &&Placement| {
                one.place == placement.place
                    && academic_year(one.starts_on) == ay
                    && one.starts_on > placement.starts_on
            };
            let last = !person.placements.iter().any(|one| later(&one));
            let book = usize::from(placement.place.0) * years
                + (ay - FIRST_COHORT).clamp(0, years as i32 - 1) as usize;
            books[book].push(Line { person, placement, last });
        }
    }
    let realistic = world.spec.identifiers == Identifiers::Realistic;
    // The faults go to the fullest workbook of the banded layout: the one with most furniture.
    let fullest = |index: &usize| layout_of(world, Place((index / years) as u16)) == 1;
    let faulty = (0..books.len())
        .filter(fullest)
        .max_by_key(|index| (books[*index].len(), *index))
        .filter(|_| realistic);
    for (index, lines) in books.iter_mut().enumerate() {
        if lines.is_empty() {
            continue;
        }
        let place = Place((index / years) as u16);
        let ay = FIRST_COHORT + (index % years) as i32;
        lines.sort_by_key(|line| (line.placement.starts_on, line.person.number));
        let book = Book {
            world,
            place,
            ay,
            layout: &LAYOUTS[layout_of(world, place)],
            faulty: faulty == Some(index),
        };
        book.write(lines, dir, truth)?;
    }
    Ok(())
}

struct Book<'a> {
    world: &'a World,
    place: Place,
    ay: i32,
    layout: &'a Layout,
    faulty: bool,
}

impl Book<'_> {
    fn write(&self, lines: &[Line], dir: &Path, truth: &mut Truth) -> io::Result<()> {
        let folder = self.world.establishment(self.place).folder.as_deref().unwrap_or_default();
        let extension = match self.layout.format {
            Format::Xlsx => "xlsx",
            Format::Ods => "ods",
            Format::Csv => "csv",
        };
        let document = format!("ap/{folder}/placements_{}-{:02}.{extension}", self.ay - 1, self.ay % 100);
        let sheet = if self.layout.lists_first { 2 } else { 1 };
        let source = format!("ap-{}", self.layout.name);
        let mut table = self.furniture();
        let mut dice =
            Dice::new(self.world.spec.seed, Purpose::Faults, u64::from(self.place.0) << 16 | self.ay as u64);
        let first = table.rows.len();
        for (number, line) in lines.iter().enumerate() {
            let who = self.who(line);
            table.rows.push(self.row(number, line, &who));
            truth.row(&source, &document, sheet, table.rows.len(), who.about(line.person, "placement"))?;
        }
        if self.faulty {
            self.plant(&mut table, first, lines.len(), &mut dice, |kind, row| {
                truth.fault(kind, &document, sheet, row)
            })?;
            let twice = &lines[lines.len() - 1];
            let who = self.who(twice);
            truth.row(&source, &document, sheet, table.rows.len(), who.about(twice.person, "placement"))?;
        }
        if !self.layout.total.is_empty() {
            let mut total = vec![Cell::from(self.layout.total)];
            total.resize(self.layout.columns.len().min(16), Cell::Empty);
            total.push(Cell::Number(lines.len() as f64));
            table.rows.push(total);
            table.rows.push(vec![Cell::from("Prepared by the office; queries to Sam Reed")]);
        }
        let path = dir.join(&document);
        match self.layout.format {
            Format::Csv => super::workbook::write_csv(&table, self.layout, &path),
            Format::Ods => super::ods::write(&self.book(table), &path),
            Format::Xlsx => {
                let tables = self.book(table);
                if self.faulty {
                    truth.fault(Planted::EmptySheet, &document, tables.len(), 0)?;
                }
                super::xlsx::write(&tables, &path)
            }
        }
    }

    /// The sheet with the sheets around it.
    fn book(&self, table: Table) -> Vec<Table> {
        let mut lists = Table { name: "Lookups".to_owned(), hidden: true, ..Table::default() };
        for code in ["behaviour", "permanent_exclusion", "mental_health", "ehcp"] {
            lists
                .rows
                .push(vec![Cell::from(word(Field::Reason, code, self.layout.words)), Cell::from("reason")]);
        }
        let mut tables = if self.layout.lists_first { vec![lists, table] } else { vec![table, lists] };
        if self.faulty {
            tables.push(Table { name: "Summer".to_owned(), ..Table::default() });
        }
        tables
    }

    /// Everything above the first child.
    fn furniture(&self) -> Table {
        let mut table = Table { name: self.layout.sheet.to_owned(), ..Table::default() };
        for line in self.layout.banner {
            table.rows.push(if line.is_empty() { Vec::new() } else { vec![Cell::from(*line)] });
        }
        if !self.layout.bands.is_empty() {
            let row = table.rows.len();
            let mut cells = vec![Cell::Empty; self.layout.columns.len()];
            let mut column = 0;
            for (text, width) in self.layout.bands {
                cells[column] = Cell::from(*text);
                if *width > 1 {
                    table.merged.push((row, column, column + width - 1));
                }
                column += width;
            }
            table.rows.push(cells);
        }
        table.rows.push(self.layout.columns.iter().map(|(_, header)| Cell::from(*header)).collect());
        table
    }

    fn who(&self, line: &Line) -> Shown {
        let key = 1 << 19 | u32::from(self.place.0) << 5 | (self.ay - FIRST_COHORT) as u32;
        shown(self.world, line.person, line.placement.starts_on, Hands::Provider, key)
    }

    fn row(&self, number: usize, line: &Line, who: &Shown) -> Vec<Cell> {
        self.layout.columns.iter().map(|(field, _)| self.cell(*field, number, line, who)).collect()
    }

    fn cell(&self, field: Field, number: usize, line: &Line, who: &Shown) -> Cell {
        let one = line.placement;
        let words = |code: &str| Cell::from(word(field, code, self.layout.words));
        // Dates of one row are typed by one hand, of the next by another.
        let style = self.layout.dates[number % self.layout.dates.len()];
        let date = |day: Option<NaiveDate>| day.map_or(Cell::Empty, |day| typed(day, style));
        let score = |kind: &str, point: &str| {
            self.assessment(line, kind, point)
                .and_then(|one| one.score)
                .map_or(Cell::Empty, |score| Cell::Number(f64::from(score)))
        };
        match field {
            Field::Number => Cell::Number((number + 1) as f64),
            Field::Upn => Cell::from(who.upn.as_str()),
            Field::Surname => Cell::from(who.surname.as_str()),
            Field::Forename => Cell::from(who.forename.as_str()),
            Field::BirthDate => date(who.birth_date),
            Field::Sex => Cell::from(who.sex),
            Field::Postcode => Cell::from(who.postcode.as_str()),
            Field::NhsNumber => Cell::from(who.nhs_number.as_str()),
            Field::Commissioner => words(one.commissioner),
            Field::School => one
                .commissioned_by
                .map_or(Cell::Empty, |place| Cell::from(self.world.establishment(place).id.as_str())),
            Field::Basis => words(one.legal_basis),
            Field::Reason => words(one.reason),
            Field::Start => date(Some(one.starts_on)),
            Field::End => date(one.ends_on),
            Field::PlannedEnd => date(one.planned_end_on),
            Field::Hours => Cell::Number(f64::from(one.tenths_of_hours) / 10.0),
            Field::Price => one.pounds_a_week.map_or(Cell::Empty, |pounds| Cell::Number(f64::from(pounds))),
            Field::Offered => Cell::Number(f64::from(one.sessions_offered)),
            Field::Attended => Cell::Number(f64::from(one.sessions_attended)),
            Field::Percent => Cell::Percent(
                (f64::from(one.sessions_attended) / f64::from(one.sessions_offered.max(1)) * 100.0).round()
                    / 100.0,
            ),
            Field::Objectives => words(if one.objectives_set { "true" } else { "false" }),
            Field::Reviews => Cell::Number(f64::from(one.reviews_held)),
            Field::EndReason => one.end_reason.map_or(Cell::Empty, words),
            Field::ReadingStart => score("reading_age", "baseline"),
            Field::ReadingNow => score("reading_age", "review"),
            Field::DifficultiesStart => score("sdq", "baseline"),
            Field::DifficultiesNow => score("sdq", "review"),
            Field::BoxallStart => score("boxall", "baseline"),
            Field::BoxallNow => score("boxall", "review"),
            Field::ReviewDate => date(self.assessment(line, "sdq", "review").map(|one| one.taken_on)),
            Field::EnglishLevel => self.award(line, "fsq", "english"),
            Field::MathsLevel => self.award(line, "fsq", "maths"),
            Field::EntryLevel => self.award(line, "entry_level", "science"),
            Field::Units => self.award(line, "unit_award", "personal_development"),
            Field::Destination => self.destination(line),
            Field::Notes => note(number, who),
        }
    }

    fn assessment<'b>(&self, line: &Line<'b>, kind: &str, point: &str) -> Option<&'b Assessment> {
        let one = line.placement;
        let until = one.ends_on.unwrap_or_else(as_of);
        line.person.assessments.iter().find(|held| {
            let inside = if held.point == "baseline" {
                held.taken_on == one.starts_on
            } else {
                held.taken_on > one.starts_on && held.taken_on <= until
            };
            held.door == Door::Workbook(self.place) && held.kind == kind && held.point == point && inside
        })
    }

    fn award(&self, line: &Line, kind: &str, subject: &str) -> Cell {
        let of_year = line.person.qualifications.iter().find(|one| {
            one.door == Door::Workbook(self.place)
                && one.kind == kind
                && one.subject == subject
                && academic_year(one.awarded_on) == self.ay
        });
        match of_year.filter(|_| line.last) {
            Some(one) => one.level.map_or_else(
                || Cell::from("Yes"),
                |level| Cell::from(word(Field::EnglishLevel, level, self.layout.words)),
            ),
            None => Cell::Empty,
        }
    }

    fn destination(&self, line: &Line) -> Cell {
        let told = line
            .person
            .destinations
            .iter()
            .find(|one| one.workbook == Some(self.place) && academic_year(one.starts_on) == self.ay + 1);
        told.filter(|_| line.last)
            .map_or(Cell::Empty, |one| Cell::from(word(Field::Destination, one.activity, self.layout.words)))
    }

    /// Spoils a cell of each of the first rows, and repeats the last row.
    fn plant(
        &self,
        table: &mut Table,
        first: usize,
        rows: usize,
        dice: &mut Dice,
        mut planted: impl FnMut(Planted, usize) -> io::Result<()>,
    ) -> io::Result<()> {
        let column =
            |field: Field| self.layout.columns.iter().position(|(one, _)| *one == field).unwrap_or(0);
        let twice = table.rows[first + rows - 1].clone();
        for (kind, offset) in Planted::IN_ROWS {
            let row = first + offset % rows;
            let (at, cell) = match kind {
                Planted::ImpossibleDate => {
                    (column(Field::PlannedEnd), Cell::from(format!("31/02/{}", self.ay).as_str()))
                }
                Planted::UnknownCode => (column(Field::Reason), Cell::from("ZZ9")),
                Planted::UnreadableCell => (column(Field::Hours), Cell::from("#REF!")),
                _ => (column(Field::Upn), Cell::Text(mistype_digit("B998200018001", dice))),
            };
            table.rows[row][at] = cell;
            planted(kind, row + 1)?;
        }
        table.rows.push(twice);
        planted(Planted::DuplicateRow, table.rows.len())
    }
}

fn note(number: usize, who: &Shown) -> Cell {
    match number % 5 {
        0 => Cell::Text(format!("{} settling in well, mum to ring", who.forename)),
        2 => Cell::Text(format!("Taxi for {} {}", who.forename, who.surname)),
        _ => Cell::Empty,
    }
}

fn typed(day: NaiveDate, style: DateStyle) -> Cell {
    match style {
        DateStyle::Native => Cell::Day(day),
        DateStyle::Slashes => Cell::Text(day.format("%d/%m/%Y").to_string()),
        DateStyle::Dots => Cell::Text(day.format("%d.%m.%y").to_string()),
        DateStyle::Serial => Cell::Number(serial(day)),
        DateStyle::Words => Cell::Text(day.format("%-d %b %Y").to_string()),
    }
}

/// A list saved as text: semicolons and Windows-1252 where an old office program did it.
fn write_csv(table: &Table, layout: &Layout, path: &Path) -> io::Result<()> {
    let delimiter = if layout.banner.is_empty() { ',' } else { ';' };
    let mut text = String::new();
    for row in &table.rows {
        if row.len() == 1
            && let Cell::Text(line) = &row[0]
        {
            text.push_str(line);
        } else {
            let cells = row.iter().map(|cell| match cell {
                Cell::Empty => String::new(),
                Cell::Text(text) if text.contains([delimiter, '"']) => {
                    format!("\"{}\"", text.replace('"', "\"\""))
                }
                Cell::Text(text) => text.clone(),
                Cell::Number(number) => number.to_string(),
                Cell::Day(day) => day.format("%d/%m/%Y").to_string(),
                Cell::Percent(share) => format!("{:.0}%", share * 100.0),
            });
            text.push_str(&cells.collect::<Vec<_>>().join(&delimiter.to_string()));
        }
        text.push_str("\r\n");
    }
    super::document::write_windows_1252(path, &text)
}
