//! The cells of an Excel sheet as a stream: one row of markup is in memory, whatever the sheet holds.
//!
//! A row is found by its end (`</row>`), checked once to be text, and cut by position. This is several times faster
//! than events and values for each cell, and a workbook of any size costs the memory of its longest row.
use super::{
    markup::{Tag, near, next_tag, push_string, push_text},
    row::{MAX_COLUMNS, Row, Rows},
    workbook::SharedTexts,
};
use crate::{
    fault::Problem,
    source::{
        RawCell,
        package::{Part, problem_of},
    },
};
use chrono::NaiveDate;
use memchr::{memchr, memmem};
use std::{borrow::Cow, io::Read, rc::Rc};

/// More cells than this in one sheet is a mistake or an attack.
const MAX_CELLS: usize = 20_000_000;
/// A row of more markup than this likewise.
const MAX_ROW: usize = 32 << 20;
/// No spreadsheet program numbers a row beyond this.
const LAST_ROW: u32 = 1 << 20;
/// So much is read at once.
const BLOCK: usize = 1 << 17;

/// What a cell's number or reference means in this workbook.
pub(super) struct CellKinds {
    pub(super) texts: SharedTexts,
    /// For each style whether it shows a day.
    pub(super) dates: Vec<bool>,
    /// Day 0 is 1 January 1904.
    pub(super) from_1904: bool,
}

/// Cells from one corner to another, from 0: first row, first column, last row, last column.
pub(super) type Block = (u32, u32, u32, u32);

/// A sheet's cells, row by row.
pub(super) struct SheetCells {
    input: Markup,
    kinds: Rc<CellKinds>,
    number: u32,
    cells: usize,
    /// Blocks of merged cells, where they were asked for.
    pub(super) merges: Vec<Block>,
}

impl SheetCells {
    pub(super) fn new(part: Part, kinds: Rc<CellKinds>, merges: Vec<Block>) -> Self {
        Self { input: Markup::new(part), kinds, number: 0, cells: 0, merges }
    }

    /// Which cells are merged: what stands behind the cells says it.
    pub(super) fn merges(part: Part) -> Result<Vec<Block>, Problem> {
        let mut input = Markup::new(part);
        input.pass(b"sheetData>")?;
        let rest = input.rest()?;
        let (mut merges, mut at) = (Vec::new(), 0);
        while let Some(tag) = next_tag(&rest, at) {
            at = tag.end;
            if tag.name == "mergeCell" {
                merges.extend(tag.attribute("ref").and_then(block));
            }
        }
        Ok(merges)
    }

    fn fill(&mut self, xml: Span, row: &mut Row) -> Result<(), Problem> {
        let bytes = &self.input.buffer[xml.from..xml.to];
        // What is not text comes out as U+FFFD, and as a fault of its cell.
        let text = std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
        let xml = text.as_ref();
        let Some(tag) = next_tag(xml, 0) else { return Ok(()) };
        let told = tag.attribute("r").and_then(|number| number.parse().ok());
        let number =
            told.filter(|number| (1..=LAST_ROW).contains(number)).unwrap_or(self.number.saturating_add(1));
        self.number = number;
        row.begin(number);
        row.hidden = tag.says("hidden");
        let (mut at, mut next) = (tag.end, 0);
        while let Some(tag) = next_tag(xml, at) {
            at = tag.end;
            if tag.name != "c" || tag.closes {
                continue;
            }
            let mut head = Head { column: next, kind: "n", style: 0 };
            head.read(&tag);
            next = head.column + 1;
            if tag.empty {
                continue;
            }
            let content = Content::of(xml, &mut at, row);
            self.cells += usize::from(!content.is_empty());
            if self.cells > MAX_CELLS {
                return Err(Problem::TooLarge);
            }
            if head.column < MAX_COLUMNS {
                let cell = self.kinds.cell(&head, content, row);
                if cell != RawCell::Empty {
                    row.put(head.column, cell);
                }
            }
        }
        Ok(())
    }
}

impl Rows for SheetCells {
    fn next(&mut self, row: &mut Row) -> Result<bool, Problem> {
        match self.input.row()? {
            Some(span) => self.fill(span, row).map(|()| true),
            None => Ok(false),
        }
    }
}

struct Head<'x> {
    column: usize,
    kind: &'x str,
    style: usize,
}

impl<'x> Head<'x> {
    fn read(&mut self, tag: &Tag<'x>) {
        for (name, value) in tag.attributes() {
            match name {
                "r" => self.column = column_of(value).unwrap_or(self.column),
                "t" => self.kind = value,
                "s" => self.style = value.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

/// `BC12` is column 54.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let column =
        letters.take(4).fold(0, |n, letter| n * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    column.checked_sub(1)
}

fn block(reference: &str) -> Option<Block> {
    let (from, to) = reference.split_once(':')?;
    let row = |reference: &str| {
        let digits = reference.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        digits.parse::<u32>().ok()?.checked_sub(1)
    };
    Some((row(from)?, column_of(from)? as u32, row(to)?, column_of(to)? as u32))
}

/// What a cell holds.
#[derive(Default)]
struct Content<'x> {
    value: Option<&'x str>,
    formula: bool,
    inline: Option<String>,
}

impl<'x> Content<'x> {
    /// Reads up to the cell's end.
    fn of(xml: &'x str, at: &mut usize, row: &mut Row) -> Self {
        if let Some((value, end)) = Self::of_value(xml, *at) {
            *at = end;
            return Self { value: Some(value), ..Self::default() };
        }
        let mut content = Self::default();
        while let Some(tag) = next_tag(xml, *at) {
            *at = tag.end;
            match (tag.name, tag.closes) {
                ("c", true) => break,
                ("v", false) => {
                    let end =
                        near(b'<', &xml.as_bytes()[tag.end..]).map_or(xml.len(), |found| tag.end + found);
                    let end = if tag.empty { tag.end } else { end };
                    content.value = Some(&xml[tag.end..end]);
                    *at = end;
                }
                ("f", _) => content.formula = true,
                ("is", false) if !tag.empty => {
                    let mut text = row.text();
                    *at = push_string(&mut text, xml, tag.end, "is");
                    content.inline = Some(text);
                }
                _ => {}
            }
        }
        content
    }

    /// The commonest content by far, `<v>…</v></c>`: the value and where the cell ends.
    fn of_value(xml: &'x str, at: usize) -> Option<(&'x str, usize)> {
        let rest = xml.get(at..)?.strip_prefix("<v>")?;
        let (value, after) = rest.split_at(near(b'<', rest.as_bytes())?);
        let after = after.strip_prefix("</v></c>")?;
        Some((value, xml.len() - after.len()))
    }

    const fn is_empty(&self) -> bool {
        self.value.is_none() && self.inline.is_none() && !self.formula
    }
}

impl CellKinds {
    fn cell(&self, head: &Head<'_>, content: Content<'_>, row: &mut Row) -> RawCell {
        if let Some(text) = content.inline {
            return whole_text(text);
        }
        let value = content.value.unwrap_or("");
        if value.is_empty() {
            // A formula that gives an empty text says that it is one; any other was never calculated.
            let uncalculated = content.formula && head.kind != "str";
            return if uncalculated { RawCell::Error(Problem::NotCalculated) } else { RawCell::Empty };
        }
        match head.kind {
            "s" => {
                let shared = value.trim().parse().ok().and_then(|at| self.texts.get(at));
                let Some(shared) = shared else { return RawCell::Error(Problem::UnreadableCell) };
                let mut text = row.text();
                text.push_str(shared);
                whole_text(text)
            }
            "str" | "inlineStr" => {
                let mut text = row.text();
                push_text(&mut text, value);
                whole_text(text)
            }
            "b" => RawCell::Bool(matches!(value.trim(), "1" | "true")),
            "e" => RawCell::Error(Problem::UnreadableCell),
            "d" => iso_day(value).map_or(RawCell::Error(Problem::UnreadableCell), RawCell::Date),
            _ => match number(value.trim()) {
                Some(n) if self.dates.get(head.style).is_some_and(|date| *date) => {
                    day_of(n, self.from_1904).map_or(RawCell::Number(n), RawCell::Date)
                }
                Some(n) => RawCell::Number(n),
                None => RawCell::Error(Problem::UnreadableCell),
            },
        }
    }
}

fn whole_text(text: String) -> RawCell {
    if !text.is_ascii() && text.contains('\u{fffd}') {
        RawCell::Error(Problem::UndecodableText)
    } else {
        RawCell::Text(text)
    }
}

fn iso_day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()
}

/// A number as a workbook writes it; most are short and whole.
fn number(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    if (1..=15).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit) {
        return Some(bytes.iter().fold(0_u64, |n, digit| n * 10 + u64::from(digit - b'0')) as f64);
    }
    text.parse().ok().filter(|n: &f64| n.is_finite())
}

/// The day of a serial number. In the usual count day 1 is 1 January 1900 and day 60 a 29 February that never was.
pub(super) fn day_of(serial: f64, from_1904: bool) -> Option<NaiveDate> {
    let days = serial.floor();
    if !(1.0..2_958_466.0).contains(&days) {
        return None;
    }
    // Days of our era: of 1 January 1904, and of 31 and 30 December 1899.
    let (zero, days) = match (from_1904, days as i32) {
        (true, days) => (695_056, days),
        (false, 60) => return None,
        (false, days) if days < 60 => (693_595, days),
        (false, days) => (693_594, days),
    };
    NaiveDate::from_num_days_from_ce_opt(zero + days)
}

#[derive(Clone, Copy)]
struct Span {
    from: usize,
    to: usize,
}

/// A sheet's markup, read on as needed.
struct Markup {
    part: Part,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    /// How the end of a row is written here: some programs prefix every name.
    row_end: Option<Vec<u8>>,
}

impl Markup {
    fn new(part: Part) -> Self {
        Self { part, buffer: Vec::new(), at: 0, filled: 0, row_end: None }
    }

    /// Reads on. False where there is nothing more.
    fn more(&mut self) -> Result<bool, Problem> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        if self.filled > MAX_ROW {
            return Err(Problem::TooLarge);
        }
        if self.buffer.len() < self.filled + BLOCK {
            self.buffer.resize(self.filled + BLOCK, 0);
        }
        let n = self.part.read(&mut self.buffer[self.filled..]).map_err(|error| problem_of(&error))?;
        self.filled += n;
        Ok(n > 0)
    }

    /// Finds a text at or after so many bytes from here, reading on. None where the sheet ends before.
    fn find(&mut self, what: &[u8], after: usize) -> Result<Option<usize>, Problem> {
        let finder = memmem::Finder::new(what);
        let mut from = after;
        loop {
            let rest = &self.buffer[self.at..self.filled];
            if let Some(found) = rest.get(from..).and_then(|rest| finder.find(rest)) {
                return Ok(Some(from + found));
            }
            from = from.max(rest.len().saturating_sub(what.len() - 1));
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// Goes on behind a text, forgetting what was before it.
    fn pass(&mut self, what: &[u8]) -> Result<(), Problem> {
        // Twice: once behind the opening tag, once behind the closing one.
        for _ in 0..2 {
            loop {
                let rest = &self.buffer[self.at..self.filled];
                if let Some(found) = memmem::find(rest, what) {
                    self.at += found + what.len();
                    break;
                }
                self.at = self.filled.saturating_sub(what.len() - 1).max(self.at);
                if !self.more()? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// All that is left, as text.
    fn rest(&mut self) -> Result<String, Problem> {
        while self.more()? {}
        Ok(String::from_utf8_lossy(&self.buffer[self.at..self.filled]).into_owned())
    }

    /// The next row's markup.
    fn row(&mut self) -> Result<Option<Span>, Problem> {
        loop {
            let Some(open) = self.find(b"<", 0)? else { return Ok(None) };
            self.at += open;
            let Some(close) = self.find(b">", 0)? else { return Err(Problem::CutShort) };
            let tag = &self.buffer[self.at..=self.at + close];
            let Some((name, empty)) = name_of(tag) else {
                self.at += close + 1;
                continue;
            };
            let (closes, name) = name.strip_prefix(b"/").map_or((false, name), |name| (true, name));
            let (prefix, local) = name.split_at(memchr(b':', name).map_or(0, |colon| colon + 1));
            match (closes, local) {
                (false, b"row") if empty => {
                    let from = self.at;
                    self.at += close + 1;
                    return Ok(Some(Span { from, to: self.at }));
                }
                (false, b"row") => {
                    let end =
                        self.row_end.take().unwrap_or_else(|| [b"</".as_slice(), prefix, b"row>"].concat());
                    let found = self.find(&end, close)?;
                    let len = end.len();
                    self.row_end = Some(end);
                    let Some(found) = found else { return Err(Problem::CutShort) };
                    let from = self.at;
                    self.at += found + len;
                    return Ok(Some(Span { from, to: self.at }));
                }
                (true, b"sheetData") => {
                    // To the end, where the checksum is.
                    self.at = self.filled;
                    while self.more()? {
                        self.at = self.filled;
                    }
                    return Ok(None);
                }
                _ => self.at += close + 1,
            }
        }
    }
}

/// The name in a tag, closing slash first and prefix included, and whether the tag is empty.
fn name_of(tag: &[u8]) -> Option<(&[u8], bool)> {
    let inner = tag.get(1..tag.len().checked_sub(1)?)?;
    let empty = inner.last() == Some(&b'/');
    let end = inner
        .iter()
        .skip(1)
        .position(|b| b.is_ascii_whitespace() || *b == b'/')
        .map_or(inner.len(), |at| at + 1);
    inner.get(..end).filter(|name| !name.is_empty()).map(|name| (name, empty))
}
