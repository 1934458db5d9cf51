//! The workbook that answers a list: what it is and how it was made, then the list with its answers.
use super::{
    super::export::book::{format_of, put},
    Answer, Ask, Line, Missing, Reach, RollCount,
};
use crate::{
    definitions::query::Query,
    link::{CERTAIN, Found},
    privacy::Pseudonym,
    source::RawCell,
    warehouse::ViewCell,
};
use chrono::NaiveDate;
use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};
use std::collections::BTreeMap;

/// The sheet of the list.
const LIST: &str = "Your list";
/// The sheet that says what it is.
const ABOUT: &str = "About this file";
/// Our own columns before the view's.
const OURS: [&str; 4] = ["Row of your list", "Answer", "How sure", "In this view"];

/// What the first sheet says.
pub(super) struct Cover<'a> {
    pub(super) ask: &'a Ask<'a>,
    pub(super) view: &'a Query,
    /// Columns that may be filled in beside the list, and the words that are read there.
    pub(super) asked_back: Vec<(String, String)>,
    pub(super) count: &'a RollCount,
    pub(super) missing: &'a Missing,
    /// When it was made, UTC.
    pub(super) stamp: &'a str,
    pub(super) release: Option<&'a str>,
    pub(super) as_of: NaiveDate,
    pub(super) pulled_at: Option<&'a str>,
}

pub(super) fn write(cover: &Cover<'_>, answer: &Answer<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    cover.fill(workbook.add_worksheet().set_name(ABOUT)?, answer)?;
    fill_list(workbook.add_worksheet().set_name(LIST)?, answer)?;
    workbook.save_to_buffer()
}

/// Facts, then columns, then what was not read.
impl Cover<'_> {
    fn fill(&self, out: &mut Worksheet, answer: &Answer<'_>) -> Result<(), XlsxError> {
        let bold = Format::new().set_bold();
        let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let title = Format::new().set_bold().set_font_size(14);
        out.write_string_with_format(0, 0, "Your list, answered", &title)?;
        let warning = "Contains personal data, not for publication. For the person who asked and the purpose below, and \
                       for nobody and nothing else; delete it when it has served.";
        out.write_string_with_format(1, 0, warning, &bold)?;
        let mut row = 3;
        let mut line = |first: &str, second: &str, format: &Format| {
            out.write_string_with_format(row, 0, first, format)?;
            out.write_string_with_format(row, 1, second, &wrap)?;
            row += 1;
            Ok::<(), XlsxError>(())
        };
        for (what, said) in self.facts() {
            line(what, &said, &bold)?;
        }
        line("", "", &bold)?;
        line("Column", "What it says", &bold)?;
        for (what, said) in columns(answer) {
            line(&what, &said, &wrap)?;
        }
        if !self.asked_back.is_empty() {
            line("", "", &bold)?;
            line(
                "To be filled in",
                "Add these columns beside your list and hand it back to the source `risk-review`. These words are read there, and no others",
                &bold,
            )?;
        }
        for (what, said) in &self.asked_back {
            line(what, said, &wrap)?;
        }
        let not_read = answer.list.not_read();
        if !not_read.is_empty() {
            line("", "", &bold)?;
            line("Row not read", "Why", &bold)?;
        }
        for (number, why) in not_read {
            line(&number.to_string(), &why, &wrap)?;
        }
        out.set_column_width(0, 30)?.set_column_width(1, 90)?;
        Ok(())
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let (ask, count) = (self.ask, self.count);
        let folder = if ask.by.is_empty() { String::new() } else { format!(", by the folder {}", ask.by) };
        let found = count.certain + count.likely;
        let mut facts = vec![
            ("Purpose", ask.purpose.to_owned()),
            ("View", format!("{}: {}", ask.view, self.view.title)),
            ("Asked by", format!("{}{folder}", ask.who)),
            ("Made", self.stamp.to_owned()),
            ("As things stood on", self.as_of.to_string()),
            ("Last pulled from the sources", self.pulled_at.unwrap_or("never").to_owned()),
            ("Newest release", self.release.unwrap_or("none yet").to_owned()),
        ];
        facts.extend(ask.since.map(|day| ("Changes since", day.to_string())));
        facts.extend([
            ("Rows of your list", count.rows.to_string()),
            ("Found", format!("{found}: {} certain, {} likely", count.certain, count.likely)),
            ("Of those, in the view", count.in_view.to_string()),
            ("More than one person fits", count.several.to_string()),
            ("Not found", count.not_found.to_string()),
            ("Not read", count.not_read.to_string()),
            ("On no row of your list", in_words(self.missing)),
        ]);
        for (source, n) in &self.missing.by_source {
            let name = if source.is_empty() { "nobody says where they were" } else { source.as_str() };
            facts.push(("  last word by", format!("{name}: {n}")));
        }
        facts
    }
}

/// Who is missing, in a sentence.
fn in_words(missing: &Missing) -> String {
    if let Reach::Closed(why) = &missing.reach {
        return format!("not counted: {why}");
    }
    let years: Vec<String> = missing.years.iter().map(ToString::to_string).collect();
    let whose =
        if missing.years_of_list { "the year groups of your list" } else { "the purpose's year groups" };
    format!(
        "{} of {whose} ({}) with a home here, as far as is known; of {} nobody says where it is",
        missing.here,
        years.join(", "),
        missing.home_not_known
    )
}

/// What our columns say.
fn columns(answer: &Answer<'_>) -> Vec<(String, String)> {
    let ours = [
        "Number of the row in your own file",
        "found; could be more than one person (then none is shown); not found; or not read, and why",
        "certain: by a rule that allows no other; likely: by weights, with the probability that it is right",
        "yes: the view lists them, and what it says stands beside; no: they were found, and the view does not list them, so nothing stands \
         beside; empty where nobody was found",
    ];
    let mut columns: Vec<(String, String)> =
        OURS.iter().zip(ours).map(|(name, says)| ((*name).to_owned(), says.to_owned())).collect();
    if let Some(view) = answer.view {
        columns.extend(view.columns.iter().map(|(name, says)| (titled(name), says.clone())));
    }
    columns
}

fn fill_list(out: &mut Worksheet, answer: &Answer<'_>) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let width = answer.list.lines.iter().map(|line| line.cells.len()).max().unwrap_or(0);
    let width = width.max(answer.list.header.len());
    for (at, text) in answer.list.header.iter().enumerate() {
        out.write_string_with_format(0, at as u16, text, &bold)?;
    }
    let view: Vec<String> =
        answer.view.iter().flat_map(|view| &view.columns).map(|(name, _)| titled(name)).collect();
    let ours = OURS.iter().map(|text| (*text).to_owned()).chain(view);
    for (at, text) in ours.enumerate() {
        out.write_string_with_format(0, (width + at) as u16, text, &bold)?;
    }
    let mut first_row: BTreeMap<Pseudonym, u32> = BTreeMap::new();
    let mut row = 1;
    for line in &answer.list.lines {
        let found = answer.of(line);
        let (words, sure) = said(line, found, &mut first_row);
        let none = vec![Vec::new()];
        let of_view = match found {
            Some(Found::One(learner, _)) => answer.view.and_then(|view| view.rows.get(&learner)),
            _ => None,
        };
        let in_view = match (found, of_view) {
            (Some(Found::One(..)), Some(_)) => "yes",
            (Some(Found::One(..)), None) => "no",
            _ => "",
        };
        // Several rows of a view about one learner: theirs again beside each.
        for shown in of_view.unwrap_or(&none) {
            for (at, cell) in line.cells.iter().enumerate() {
                put(out, row, at as u16, cell, &format_of(cell, false, false, false))?;
            }
            out.write_number(row, width as u16, f64::from(line.row))?;
            out.write_string(row, width as u16 + 1, &words)?;
            out.write_string(row, width as u16 + 2, &sure)?;
            out.write_string(row, width as u16 + 3, in_view)?;
            for (at, cell) in shown.iter().enumerate() {
                let cell = raw(cell);
                let column = (width + OURS.len() + at) as u16;
                put(out, row, column, &cell, &format_of(&cell, false, false, false))?;
            }
            row += 1;
        }
    }
    out.set_freeze_panes(1, 0)?;
    out.set_autofit_max_width(320).autofit();
    Ok(())
}

/// A row's answer in words, and how sure it is.
fn said(line: &Line, found: Option<Found>, first_row: &mut BTreeMap<Pseudonym, u32>) -> (String, String) {
    match (&line.read, found) {
        (Err(why), _) => (format!("not read: {why}"), String::new()),
        (_, Some(Found::One(learner, probability))) => {
            let before = *first_row.entry(learner).or_insert(line.row);
            let again =
                if before == line.row { String::new() } else { format!(", the same person as row {before}") };
            let sure = if probability == CERTAIN {
                "certain".to_owned()
            } else {
                // Nothing that is likely is a hundred.
                format!("likely, {:.1}%", (f64::from(probability) / 100.0).min(99.9))
            };
            (format!("found{again}"), sure)
        }
        (_, Some(Found::Several)) => ("could be more than one person".to_owned(), String::new()),
        (_, Some(Found::Nobody) | None) => ("not found".to_owned(), String::new()),
    }
}

fn raw(cell: &ViewCell) -> RawCell {
    match cell {
        ViewCell::Empty => RawCell::Empty,
        ViewCell::Text(text) => RawCell::Text(text.clone()),
        ViewCell::Number(number) => RawCell::Number(*number),
        ViewCell::Day(day) => RawCell::Date(*day),
        ViewCell::Bool(yes) => RawCell::Text(if *yes { "yes" } else { "no" }.to_owned()),
    }
}

/// `last_seen_on` as a header: `Last seen on`.
pub(super) fn titled(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
