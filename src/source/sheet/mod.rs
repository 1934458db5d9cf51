//! Workbooks and delimited text, read row by row under a found header.
//!
//! Nothing of a table is in memory but the row that is being read (in formats that allow it), so a workbook costs the
//! same memory at two hundred rows and at two hundred thousand. What kind of file it is, its content says.
mod cells;
mod delimited;
mod header;
mod markup;
mod row;
mod whole;
mod workbook;

use super::{RawCell, document::Document, package::Package};
use crate::{
    definitions::connector::{FileForm, FileFormat, SheetChoice, Spellings, fold},
    fault::Problem,
};
use cells::{Block, SheetCells};
use delimited::Delimited;
use header::{Search, folds_to, folds_to_begin, is_header_again, text_of};
use row::{Row, Rows};
use std::io::Read;
use whole::{WholeBook, WholeSheet};
use workbook::Workbook;

/// A workbook of more sheets than this is a mistake or an attack.
const MAX_SHEETS: usize = 1_000;

/// A sheet's name and whether it is shown.
struct SheetNote {
    name: String,
    visible: bool,
}

/// A table on a sheet, its header found, its rows still to be read.
pub struct Table {
    /// Position of the sheet in its workbook, from 1.
    pub part: u32,
    /// Folded header texts by column; empty for a sheet without header.
    pub header: Vec<String>,
    /// How many sheets of the workbook are hidden and were passed over.
    pub hidden_sheets: u32,
    /// How many of the rows read so far the sheet hides.
    pub hidden_rows: u32,
    source: Source,
    row: Row,
    shape: Shape,
    /// A row that was read to find out where the table begins.
    waiting: bool,
    above: Vec<RawCell>,
    last: u32,
    ended: bool,
}

/// One row of a table: its number as a person would count it, and its cells or what is wrong with it.
pub type TableRow<'t> = (u32, Result<&'t [RawCell], Problem>);

enum Source {
    Text(Box<Delimited>),
    Streamed(Box<SheetCells>),
    Whole(Box<WholeSheet>),
}

impl Source {
    fn next(&mut self, row: &mut Row) -> Result<bool, Problem> {
        match self {
            Self::Text(rows) => rows.next(row),
            Self::Streamed(rows) => rows.next(row),
            Self::Whole(rows) => rows.next(row),
        }
    }

    fn merges(&self) -> Vec<Block> {
        match self {
            Self::Text(_) => Vec::new(),
            Self::Streamed(cells) => cells.merges.clone(),
            Self::Whole(cells) => cells.merges.clone(),
        }
    }
}

/// Where a table ends and what in it is no row, folded.
struct Shape {
    stops: Vec<String>,
    headings: Vec<String>,
    blank_rows: u32,
    fill: Vec<usize>,
    /// What the headers of other tables on the same sheet must have.
    others: Vec<Vec<Vec<String>>>,
    /// Cells stand where they stand: one beyond the header is a note beside the table, and no sign of a shifted row.
    cells_stay: bool,
}

/// Opens the table that a connector means in a file. `others` are the forms of the feeds that read other tables of the
/// same file: where one of their headers begins, this table ends.
pub fn open(document: &Document, form: &FileForm, others: &[&FileForm]) -> Result<Table, Problem> {
    match form.format {
        FileFormat::Csv => open_text(Box::new(document.clone()), form, others),
        FileFormat::ZipCsv => {
            let mut package = Package::open(document)?;
            let texts = package.names().filter(|name| !name.ends_with('/')).take(MAX_SHEETS);
            let texts: Vec<String> = texts.map(str::to_owned).collect();
            // A description of the columns may lie before the table: the first text that has its header is meant.
            let mut first = None;
            for name in texts {
                let part = package.part(&name)?.ok_or(Problem::UnreadableFile)?;
                match open_text(Box::new(part), form, others) {
                    Err(problem @ (Problem::NoHeader | Problem::Empty)) => first = first.or(Some(problem)),
                    opened => return opened,
                }
            }
            Err(first.unwrap_or(Problem::UnreadableFile))
        }
        FileFormat::Sheet | FileFormat::Xlsx | FileFormat::Xls | FileFormat::Ods => {
            let head = document.head(8)?;
            let mut named = true;
            if head.starts_with(b"PK") {
                let package = Package::open(document)?;
                if Workbook::is_one(&package) {
                    return streamed(Workbook::open(package)?, form, others);
                }
                named = package.has("mimetype");
            }
            if head.starts_with(b"PK") || head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
                return whole(WholeBook::open(document, named)?, form, others);
            }
            match form.format {
                FileFormat::Sheet => open_text(Box::new(document.clone()), form, others),
                _ => Err(Problem::UnreadableFile),
            }
        }
        FileFormat::Json | FileFormat::Xml => Err(Problem::UnreadableFile),
    }
}

/// Opens the table that a text is.
pub fn open_text(input: Box<dyn Read>, form: &FileForm, others: &[&FileForm]) -> Result<Table, Problem> {
    let encoding = encoding_rs::Encoding::for_label(form.encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    let told_by_content = form.format == FileFormat::Sheet && form.delimiter == ",";
    let delimiter = match form.delimiter.as_str() {
        "tab" => b'\t',
        other => other.bytes().next().unwrap_or(b','),
    };
    let text = Delimited::new(input, encoding, (!told_by_content).then_some(delimiter))?;
    Table::under_header(1, 0, Source::Text(Box::new(text)), form, others)
}

fn streamed(mut book: Workbook, form: &FileForm, others: &[&FileForm]) -> Result<Table, Problem> {
    let (at, hidden) = choose(&book.sheets, &form.sheet)?;
    let cells = book.cells(at, form.header.rows > 1 && !form.header.none)?;
    Table::under_header(at as u32 + 1, hidden, Source::Streamed(Box::new(cells)), form, others)
}

fn whole(mut book: WholeBook, form: &FileForm, others: &[&FileForm]) -> Result<Table, Problem> {
    let (at, hidden) = choose(&book.sheets, &form.sheet)?;
    let cells = book.cells(at)?;
    Table::under_header(at as u32 + 1, hidden, Source::Whole(Box::new(cells)), form, others)
}

/// The sheet that is meant, and how many are hidden.
fn choose(sheets: &[SheetNote], choice: &SheetChoice) -> Result<(usize, u32), Problem> {
    if sheets.len() > MAX_SHEETS {
        return Err(Problem::TooLarge);
    }
    let hidden = sheets.iter().filter(|sheet| !sheet.visible).count() as u32;
    let mut visible = sheets.iter().enumerate().filter(|(_, sheet)| sheet.visible);
    let holds = |name: &str, texts: &[String]| texts.iter().any(|text| fold(name).contains(&fold(text)));
    let found = match choice.position {
        Some(position) => (position as usize).checked_sub(1).and_then(|at| visible.nth(at)),
        None if choice.like.is_empty() => visible.find(|(_, sheet)| !holds(&sheet.name, &choice.not_like)),
        None => visible
            .find(|(_, sheet)| holds(&sheet.name, &choice.like) && !holds(&sheet.name, &choice.not_like)),
    };
    found.map(|(at, _)| (at, hidden)).ok_or(Problem::NoSheet)
}

impl Table {
    fn under_header(
        part: u32,
        hidden_sheets: u32,
        mut source: Source,
        form: &FileForm,
        others: &[&FileForm],
    ) -> Result<Self, Problem> {
        let merges = source.merges();
        let (mut row, mut header, mut seen) = (Row::default(), None, false);
        let mut search = Search::new(&form.header, &merges);
        while source.next(&mut row)? {
            seen |= !row.is_blank();
            if form.header.none {
                header = seen.then(Vec::new);
            } else if row.number <= form.header.search_rows {
                header = search.see(&row);
            }
            if header.is_some() || (!form.header.none && !search.may_come(row.number)) {
                break;
            }
        }
        let header = header.ok_or(if seen { Problem::NoHeader } else { Problem::Empty })?;
        let cells_stay = !matches!(source, Source::Text(_));
        let shape = Shape::of(form, others, &header, cells_stay);
        let (waiting, last) = (form.header.none, row.number);
        let mut table = Self {
            part,
            header,
            hidden_sheets,
            hidden_rows: 0,
            source,
            row,
            shape,
            waiting,
            above: Vec::new(),
            last,
            ended: false,
        };
        // A table without a row is told before anything is made of it.
        table.waiting = table.advance()?;
        if table.waiting { Ok(table) } else { Err(Problem::Empty) }
    }

    /// The next row that holds a record: no blank row, no heading, no repeated header, nothing behind the stop. An
    /// error ends the document there: what came before was read.
    pub fn next_row(&mut self) -> Result<Option<TableRow<'_>>, Problem> {
        if !std::mem::take(&mut self.waiting) && !self.advance()? {
            return Ok(None);
        }
        self.hidden_rows += u32::from(self.row.hidden);
        let cells = match self.row.problem {
            Some(problem) => Err(problem),
            None => Ok(self.row.cells.as_slice()),
        };
        Ok(Some((self.row.number, cells)))
    }

    fn advance(&mut self) -> Result<bool, Problem> {
        while !self.ended && (std::mem::take(&mut self.waiting) || self.source.next(&mut self.row)?) {
            let row = &mut self.row;
            if self.shape.cells_stay && !self.header.is_empty() {
                row.cells.truncate(self.header.len());
            }
            if row.is_blank() {
                continue;
            }
            let gap = row.number.saturating_sub(self.last + 1);
            self.last = row.number;
            if gap >= self.shape.blank_rows || self.shape.ends_at(&self.row, &self.header) {
                break;
            }
            if !self.shape.passes_over(&self.row, &self.header) {
                self.fill_down();
                return Ok(true);
            }
        }
        self.ended = true;
        Ok(false)
    }

    fn fill_down(&mut self) {
        if self.shape.fill.is_empty() || self.row.problem.is_some() {
            return;
        }
        self.above.resize(self.header.len().max(self.above.len()), RawCell::Empty);
        for at in self.shape.fill.iter().copied() {
            match self.row.cells.get(at).filter(|cell| !cell.is_blank()) {
                Some(cell) => self.above[at].clone_from(cell),
                None => self.row.put(at, self.above[at].clone()),
            }
        }
    }
}

impl Shape {
    fn of(form: &FileForm, others: &[&FileForm], header: &[String], cells_stay: bool) -> Self {
        let folded = |texts: &[String]| texts.iter().map(|text| fold(text)).collect::<Vec<_>>();
        let wanted =
            |form: &FileForm| form.header.must_have.iter().map(Spellings::folded).collect::<Vec<_>>();
        let own = wanted(form);
        let others = others
            .iter()
            .map(|other| wanted(other))
            .filter(|words| !words.is_empty() && *words != own)
            .collect();
        let fill = folded(&form.fill_down);
        Self {
            stops: folded(&form.stop.row_like),
            headings: folded(&form.pass_over),
            blank_rows: form.stop.blank_rows.max(1),
            fill: fill.iter().filter_map(|name| header.iter().position(|text| text == name)).collect(),
            others,
            cells_stay,
        }
    }

    fn ends_at(&self, row: &Row, header: &[String]) -> bool {
        if !self.stops.is_empty() && lead_begins(row, &self.stops) {
            return true;
        }
        let says = |text: &String| {
            row.cells.iter().any(|cell| matches!(cell, RawCell::Text(own) if folds_to(own, text)))
        };
        self.others.iter().any(|words| words.iter().all(|texts| texts.iter().any(says)))
            && !is_header_again(&row.cells, header)
    }

    fn passes_over(&self, row: &Row, header: &[String]) -> bool {
        (!self.headings.is_empty() && lead_begins(row, &self.headings))
            || (!header.is_empty() && row.problem.is_none() && is_header_again(&row.cells, header))
    }
}

fn lead_begins(row: &Row, words: &[String]) -> bool {
    row.lead().is_some_and(|cell| match cell {
        RawCell::Text(text) => words.iter().any(|word| folds_to_begin(text, word)),
        other => {
            let text = text_of(other);
            words.iter().any(|word| folds_to_begin(&text, word))
        }
    })
}

#[cfg(test)]
mod tests;
