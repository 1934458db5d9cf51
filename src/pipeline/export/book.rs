//! The workbook that goes back: the supplier's sheets with marks, and the sheet that explains them.
use super::{Findings, Mark, Why, words::plain};
use crate::source::{
    RawCell,
    look::{Looked, LookedSheet},
};
use chrono::Datelike;
use rust_xlsxwriter::{
    Color, ExcelDateTime, Format, FormatAlign, FormatBorder, Note, Url, Workbook, Worksheet, XlsxError,
};
use std::collections::BTreeMap;

/// What the sheet that explains is called, and what it says above its rows.
#[derive(Clone, Copy)]
pub(super) struct Telling {
    name: &'static str,
    lead: fn(&Findings) -> String,
    how: &'static str,
    then: &'static str,
}

/// What could not be read.
pub(super) const MEND: Telling = Telling {
    name: "What to mend",
    lead: to_mend,
    how: "On the other sheets each has a thick border, a colour and a note: point at the cell to read it.",
    then: "Please mend them in your own file, or here, and send it to us under the same file name. You need not keep this sheet.",
};

/// Whom the tracking roll does not have.
#[cfg(feature = "warehouse")]
pub(super) const NOT_LISTED: Telling = Telling {
    name: "Not on the tracking roll",
    lead: not_listed,
    how: "On the other sheets each of these rows has a dashed border, a colour and a note.",
    then: "Please tell us for each whether they are still with you; and if not, since when and where they went. You need not change your file.",
};

const CELL: Color = Color::RGB(0x00FF_D966);
const ROW: Color = Color::RGB(0x00FF_F2CC);
/// Whole numbers of more digits than this are shown by spreadsheet programs as 1.23E+12.
const LONG_NUMBER: f64 = 1e10;

pub(super) fn write(looked: &Looked, findings: &Findings, telling: Telling) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let mut names = BTreeMap::new();
    for sheet in looked.sheets.iter().filter(|sheet| !sheet.hidden) {
        let worksheet = workbook.add_worksheet();
        let name = if sheet.name.is_empty() { "Your file".to_owned() } else { sheet.name.clone() };
        if worksheet.set_name(&name).is_err() {
            worksheet.set_name(format!("Sheet {}", sheet.part))?;
        }
        names.insert(sheet.part, worksheet.name());
        Page { sheet, findings }.fill(worksheet)?;
    }
    explain(workbook.add_worksheet(), findings, &names, telling)?;
    workbook.save_to_buffer()
}

/// One of the supplier's sheets.
struct Page<'p> {
    sheet: &'p LookedSheet,
    findings: &'p Findings,
}

impl Page<'_> {
    fn fill(&self, out: &mut Worksheet) -> Result<(), XlsxError> {
        let header = self.findings.headers.get(&self.sheet.part);
        let header_row = header.and_then(|header| self.sheet.rows.get(header.at)).map(|(number, _)| *number);
        for (number, row) in &self.sheet.rows {
            let marks = self.marks(*number);
            let whole = marks.iter().any(|mark| mark.column.is_none());
            let last = marks.iter().filter_map(|mark| mark.column).max().map_or(0, |at| at + 1);
            for at in 0..row.len().max(last) {
                let cell = row.get(at).unwrap_or(&RawCell::Empty);
                let marked = marks.iter().any(|mark| mark.column == Some(at));
                let format = format_of(cell, marked, whole, header_row == Some(*number));
                put(out, number - 1, at as u16, cell, &format)?;
                note_cell(out, &marks, *number, at)?;
            }
            if whole {
                note_row(out, &marks, *number, row)?;
            }
        }
        out.set_autofit_max_width(320).autofit();
        if let Some(row) = header_row {
            out.set_freeze_panes(row, 0)?;
        }
        Ok(())
    }

    fn marks(&self, row: u32) -> Vec<Mark> {
        let of_row = |mark: &&Mark| mark.part == self.sheet.part && mark.row == row;
        self.findings.marks.iter().filter(of_row).copied().collect()
    }
}

fn note_cell(out: &mut Worksheet, marks: &[Mark], row: u32, at: usize) -> Result<(), XlsxError> {
    let texts: Vec<String> =
        marks.iter().filter(|mark| mark.column == Some(at)).map(|mark| words(*mark)).collect();
    if !texts.is_empty() {
        out.insert_note(row - 1, at as u16, &note(&texts.join("\n")))?;
    }
    Ok(())
}

/// What concerns the whole row stands on its first filled cell that has no note of its own.
fn note_row(out: &mut Worksheet, marks: &[Mark], row: u32, cells: &[RawCell]) -> Result<(), XlsxError> {
    let taken = |at: usize| marks.iter().any(|mark| mark.column == Some(at));
    let free = (0..cells.len()).find(|at| !cells[*at].is_blank() && !taken(*at));
    let texts: Vec<String> =
        marks.iter().filter(|mark| mark.column.is_none()).map(|mark| words(*mark)).collect();
    if let Some(at) = free {
        out.insert_note(row - 1, at as u16, &note(&texts.join("\n")))?;
    }
    Ok(())
}

fn words(mark: Mark) -> String {
    let (wrong, mend) = said(mark.why);
    format!("{wrong} {mend}")
}

/// Why something is marked, and what to do.
fn said(why: Why) -> (&'static str, &'static str) {
    match why {
        Why::Wrong(problem) => plain(problem),
        Why::NotListed => (
            "Not on the tracking roll: the authority does not have this person on its list.",
            "Please tell us whether they are still with you.",
        ),
    }
}

fn to_mend(findings: &Findings) -> String {
    if findings.whole == Some(crate::fault::Problem::NoHeader) && !findings.missing.is_empty() {
        let texts: Vec<&str> = findings.missing.iter().map(|(_, text)| text.as_str()).collect();
        return format!(
            "The line with the column headers lacks: {}. Please put it back under that header, or tell us what it is called now.",
            texts.join(", ")
        );
    }
    match (findings.whole.map(plain), findings.marks.len() + findings.missing.len()) {
        (Some((wrong, mend)), _) => format!("{wrong} {mend}"),
        (None, 0) => "Everything in this file could be read. Thank you: there is nothing to mend.".to_owned(),
        (None, 1) => "Thank you for this file. One cell could not be read; it is listed here.".to_owned(),
        (None, n) => format!("Thank you for this file. {n} places could not be read; they are listed here."),
    }
}

#[cfg(feature = "warehouse")]
fn not_listed(findings: &Findings) -> String {
    match findings.marks.len() {
        1 => "Thank you for this file. One row is about somebody whom our tracking roll does not have."
            .to_owned(),
        n => format!(
            "Thank you for this file. {n} rows are about people whom our tracking roll does not have."
        ),
    }
}

fn note(text: &str) -> Note {
    Note::new(text).add_author_prefix(false).set_width(260).set_height(110)
}

/// Colour is never the only sign: a marked cell has a thick border and a note as well.
pub(in crate::pipeline) fn format_of(cell: &RawCell, marked: bool, row: bool, header: bool) -> Format {
    let mut format = match cell {
        RawCell::Date(_) => Format::new().set_num_format("dd/mm/yyyy"),
        RawCell::Number(n) if n.fract() == 0.0 && n.abs() > LONG_NUMBER => Format::new().set_num_format("0"),
        _ => Format::new(),
    };
    if header {
        format = format.set_bold();
    }
    if marked {
        format = format.set_background_color(CELL).set_border(FormatBorder::Thick).set_bold();
    } else if row {
        format = format.set_background_color(ROW).set_border(FormatBorder::Dashed);
    }
    format
}

pub(in crate::pipeline) fn put(
    out: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &RawCell,
    format: &Format,
) -> Result<(), XlsxError> {
    match cell {
        RawCell::Empty => out.write_blank(row, column, format)?,
        // A text that begins like a formula stays a text: it is somebody else's file.
        RawCell::Text(text) => out.write_string_with_format(row, column, text, format)?,
        RawCell::Number(number) => out.write_number_with_format(row, column, *number, format)?,
        RawCell::Bool(yes) => out.write_boolean_with_format(row, column, *yes, format)?,
        RawCell::Date(day) => {
            let year = u16::try_from(day.year()).unwrap_or(0);
            match ExcelDateTime::from_ymd(year, day.month() as u8, day.day() as u8) {
                Ok(moment) => out.write_datetime_with_format(row, column, &moment, format)?,
                // Before 1900 a spreadsheet has no dates.
                Err(_) => {
                    out.write_string_with_format(row, column, day.format("%d/%m/%Y").to_string(), format)?
                }
            }
        }
        RawCell::Error(_) => out.write_string_with_format(row, column, "(an error stood here)", format)?,
    };
    Ok(())
}

/// The sheet that says each in plain words. It stands last, so that the tables keep their places when the file comes
/// back, and is the one that opens.
fn explain(
    out: &mut Worksheet,
    findings: &Findings,
    names: &BTreeMap<u32, String>,
    telling: Telling,
) -> Result<(), XlsxError> {
    let taken = names.values().any(|name| name == telling.name);
    out.set_name(if taken { format!("{} (2)", telling.name) } else { telling.name.to_owned() })?;
    out.set_active(true);
    let bold = Format::new().set_bold();
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let title = Format::new().set_bold().set_font_size(14);
    out.write_string_with_format(0, 0, telling.name, &title)?;
    out.write_string(1, 0, (telling.lead)(findings))?;
    out.write_string(2, 0, telling.how)?;
    out.write_string(3, 0, telling.then)?;
    let top = 5;
    for (at, text) in ["Sheet", "Row", "Column", "What is wrong", "What to do"].into_iter().enumerate() {
        out.write_string_with_format(top, at as u16, text, &bold)?;
    }
    let mut row = top + 1;
    for (part, header) in &findings.missing {
        let (wrong, mend) = plain(crate::fault::Problem::MissingColumn);
        let sheet = names.get(part).map_or("", String::as_str);
        line(out, row, [sheet, "", header, wrong, mend], &wrap)?;
        row += 1;
    }
    for mark in &findings.marks {
        let (wrong, mend) = said(mark.why);
        let sheet = names.get(&mark.part).map_or("", String::as_str);
        let header = findings.headers.get(&mark.part).zip(mark.column);
        let header =
            header.and_then(|(header, at)| header.texts.get(at)).map_or("", |(_, shown)| shown.as_str());
        let letters = mark.column.map(letters).unwrap_or_default();
        let column = match (mark.column, header) {
            (None, _) => "the whole row".to_owned(),
            (Some(_), "") => letters.clone(),
            (Some(_), text) => format!("{letters}: {text}"),
        };
        line(out, row, [sheet, "", &column, wrong, mend], &wrap)?;
        let place = format!("{}{}", if letters.is_empty() { "A" } else { &letters }, mark.row);
        let link = format!("internal:'{}'!{place}", sheet.replace('\'', "''"));
        out.write_url_with_text(row, 1, Url::new(link), mark.row.to_string())?;
        row += 1;
    }
    for (at, width) in [18, 8, 30, 50, 60].into_iter().enumerate() {
        out.set_column_width(at as u16, width)?;
    }
    out.set_freeze_panes(top + 1, 0)?;
    Ok(())
}

fn line(out: &mut Worksheet, row: u32, texts: [&str; 5], format: &Format) -> Result<(), XlsxError> {
    for (at, text) in texts.into_iter().enumerate() {
        out.write_string_with_format(row, at as u16, text, format)?;
    }
    Ok(())
}

/// A column's letters, as a spreadsheet shows them: 0 is A, 26 is AA.
pub(super) fn letters(column: usize) -> String {
    let (mut n, mut out) = (column + 1, Vec::new());
    while n > 0 {
        out.push(char::from(b'A' + ((n - 1) % 26) as u8));
        n = (n - 1) / 26;
    }
    out.iter().rev().collect()
}
