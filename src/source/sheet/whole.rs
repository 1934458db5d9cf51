//! Workbooks of before 2007 and `OpenDocument` spreadsheets: read whole, for their formats leave no other way.
use super::{
    SheetNote,
    cells::Block,
    row::{MAX_COLUMNS, Row, Rows},
};
use crate::{
    fault::Problem,
    source::{RawCell, document::Document},
};
use calamine::{Data, Dimensions, Range, Reader, SheetType, SheetVisible, Sheets};
use chrono::NaiveDate;
use std::{
    io::{Cursor, Read, Write},
    sync::Arc,
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// A sheet of more cells than this, the empty ones between counted, is a mistake or an attack.
const MAX_AREA: usize = 20_000_000;
/// A file of more bytes than this is not read whole.
const MAX_BYTES: u64 = 64 << 20;

/// An open workbook.
pub(super) struct WholeBook {
    book: Sheets<Cursor<Arc<[u8]>>>,
    /// Sheets in the order of their tabs.
    pub(super) sheets: Vec<SheetNote>,
}

impl WholeBook {
    /// `named` tells that the archive says what it is, as an `OpenDocument` should in a part of its own.
    pub(super) fn open(document: &Document, named: bool) -> Result<Self, Problem> {
        if document.size() > MAX_BYTES {
            return Err(Problem::TooLarge);
        }
        let mut bytes = Vec::new();
        document.clone().read_to_end(&mut bytes).map_err(|_| Problem::UnreadableFile)?;
        if !named && let Some(told) = with_its_kind(&bytes) {
            bytes = told;
        }
        let book = calamine::open_workbook_auto_from_rs(Cursor::new(bytes.into()));
        let book = book.map_err(|error| match error {
            calamine::Error::Xls(calamine::XlsError::Password)
            | calamine::Error::Ods(calamine::OdsError::Password) => Problem::Encrypted,
            _ => Problem::UnreadableFile,
        })?;
        let note = |sheet: &calamine::Sheet| SheetNote {
            name: sheet.name.clone(),
            visible: sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet,
        };
        let sheets = book.sheets_metadata().iter().map(note).collect();
        Ok(Self { book, sheets })
    }

    /// The cells of a sheet, by its position among the tabs from 0, and which of them are merged.
    pub(super) fn cells(&mut self, at: usize) -> Result<WholeSheet, Problem> {
        let name = self.sheets.get(at).ok_or(Problem::NoSheet)?.name.clone();
        let range = self.book.worksheet_range(&name).map_err(|_| Problem::UnreadableFile)?;
        let (height, width) = range.get_size();
        if height.saturating_mul(width) > MAX_AREA {
            return Err(Problem::TooLarge);
        }
        let merged = match &self.book {
            Sheets::Xls(book) => book.merge_cells_by_sheet_name(&name).ok(),
            _ => None,
        };
        let corners = |block: Dimensions| (block.start.0, block.start.1, block.end.0, block.end.1);
        let merges = merged.unwrap_or_default().into_iter().map(corners).collect();
        Ok(WholeSheet { range, next: 0, merges })
    }
}

/// An `OpenDocument` archive without the part that says so, as some programs write it, with that part. None where it is
/// none.
fn with_its_kind(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    archive.index_for_name("content.xml")?;
    let mut told = ZipWriter::new(Cursor::new(Vec::with_capacity(bytes.len() + 256)));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    told.start_file("mimetype", stored).ok()?;
    told.write_all(b"application/vnd.oasis.opendocument.spreadsheet").ok()?;
    for at in 0..archive.len() {
        told.raw_copy_file(archive.by_index_raw(at).ok()?).ok()?;
    }
    told.finish().ok().map(Cursor::into_inner)
}

/// A sheet that lies in memory.
pub(super) struct WholeSheet {
    range: Range<Data>,
    next: usize,
    pub(super) merges: Vec<Block>,
}

impl Rows for WholeSheet {
    fn next(&mut self, row: &mut Row) -> Result<bool, Problem> {
        let (top, left) = self.range.start().unwrap_or((0, 0));
        if self.next >= self.range.height() {
            return Ok(false);
        }
        row.begin(top + self.next as u32 + 1);
        for at in 0..self.range.width().min(MAX_COLUMNS) {
            if let Some(data) = self.range.get((self.next, at)).filter(|data| **data != Data::Empty) {
                let cell = raw_cell(data, row);
                row.put(left as usize + at, cell);
            }
        }
        self.next += 1;
        Ok(true)
    }
}

fn raw_cell(data: &Data, row: &mut Row) -> RawCell {
    match data {
        Data::Int(n) => RawCell::Number(*n as f64),
        Data::Float(n) => RawCell::Number(*n),
        Data::String(text) | Data::DurationIso(text) => {
            let mut copy = row.text();
            copy.push_str(text);
            RawCell::Text(copy)
        }
        Data::Bool(b) => RawCell::Bool(*b),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day))
                .filter(|_| moment.is_datetime() && moment.as_f64() >= 1.0)
                .map_or(RawCell::Number(moment.as_f64()), RawCell::Date)
        }
        Data::DateTimeIso(text) => text
            .get(..10)
            .and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())
            .map_or_else(|| RawCell::Text(text.clone()), RawCell::Date),
        Data::Error(_) => RawCell::Error(Problem::UnreadableCell),
        Data::Empty => RawCell::Empty,
    }
}
