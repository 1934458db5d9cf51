//! An unknown file, looked at whole: every sheet with its rows as they stand, before anybody has said what they mean.
use super::RawCell;
use crate::fault::Problem;
use calamine::{Data, Reader, SheetVisible, Sheets};
use chrono::NaiveDate;
use std::io::Cursor;

/// More cells than this in one sheet is a mistake or an attack.
const MAX_CELLS: usize = 5_000_000;
/// No table is wider than this.
const MAX_COLUMNS: usize = 2_000;

/// What kind of file it is, told by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookedFormat {
    /// Excel workbook.
    Xlsx,
    /// Excel workbook of before 2007.
    Xls,
    /// `OpenDocument` spreadsheet.
    Ods,
    /// Delimited text.
    Text,
}

impl LookedFormat {
    /// The connector's word for it, and the usual ending of such a file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Ods => "ods",
            Self::Text => "csv",
        }
    }
}

/// A file's sheets.
pub struct Looked {
    /// What kind of file.
    pub format: LookedFormat,
    /// Delimited text only: `utf-8` or `windows-1252`.
    pub encoding: &'static str,
    /// Delimited text only: what stands between cells.
    pub delimiter: char,
    /// All sheets, in the workbook's order.
    pub sheets: Vec<LookedSheet>,
}

/// One sheet as it stands.
pub struct LookedSheet {
    /// Position in its workbook, hidden sheets counted, from 1.
    pub part: u32,
    /// Its name. It may be a child's.
    pub name: String,
    /// Whether a person who opens the workbook does not see it.
    pub hidden: bool,
    /// Rows with the number a person would count in the file; rows without any cell are left out.
    pub rows: Vec<(u32, Vec<RawCell>)>,
}

/// Looks at a file's bytes.
///
/// # Errors
/// [`Problem::UnreadableFile`] where they are no spreadsheet, [`Problem::TooLarge`] where there are too many cells.
pub fn look(bytes: Vec<u8>) -> Result<Looked, Problem> {
    let is_archive = bytes.starts_with(b"PK") || bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]);
    if !is_archive {
        return delimited(&bytes);
    }
    let mut workbook: Sheets<_> =
        calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|_| Problem::UnreadableFile)?;
    let format = match &workbook {
        Sheets::Xls(_) => LookedFormat::Xls,
        Sheets::Ods(_) => LookedFormat::Ods,
        Sheets::Xlsx(_) | Sheets::Xlsb(_) => LookedFormat::Xlsx,
    };
    let mut sheets = Vec::new();
    for (at, sheet) in workbook.sheets_metadata().to_vec().into_iter().enumerate() {
        let hidden = sheet.visible != SheetVisible::Visible;
        // A chart has a tab of its own and no cells.
        let rows = rows_of(&mut workbook, &sheet.name)?;
        sheets.push(LookedSheet { part: at as u32 + 1, name: sheet.name, hidden, rows });
    }
    Ok(Looked { format, encoding: "utf-8", delimiter: ',', sheets })
}

fn rows_of(workbook: &mut Sheets<Cursor<Vec<u8>>>, name: &str) -> Result<Vec<(u32, Vec<RawCell>)>, Problem> {
    if let Sheets::Xlsx(workbook) = workbook {
        return stream(workbook, name);
    }
    let Ok(range) = workbook.worksheet_range(name) else { return Ok(Vec::new()) };
    let (height, width) = range.get_size();
    if height.saturating_mul(width) > MAX_CELLS {
        return Err(Problem::TooLarge);
    }
    let (top, left) = range.start().unwrap_or((0, 0));
    let row = |(at, row): (usize, &[Data])| {
        let padding = std::iter::repeat_n(RawCell::Empty, left as usize);
        (top + at as u32 + 1, padding.chain(row.iter().map(cell)).take(MAX_COLUMNS).collect())
    };
    Ok(range.rows().enumerate().map(row).collect())
}

/// Cell by cell: one stray cell far out costs one cell, not everything between.
fn stream(
    workbook: &mut calamine::Xlsx<Cursor<Vec<u8>>>,
    name: &str,
) -> Result<Vec<(u32, Vec<RawCell>)>, Problem> {
    let Ok(mut cells) = workbook.worksheet_cells_reader(name) else { return Ok(Vec::new()) };
    let (mut rows, mut count) = (Vec::<(u32, Vec<RawCell>)>::new(), 0_usize);
    while let Some(found) = cells.next_cell().map_err(|_| Problem::UnreadableFile)? {
        let (row, column) = found.get_position();
        count += 1;
        if count > MAX_CELLS {
            return Err(Problem::TooLarge);
        }
        let (number, column) = (row + 1, column as usize);
        if column >= MAX_COLUMNS {
            continue;
        }
        if rows.last().is_none_or(|(last, _)| *last != number) {
            rows.push((number, Vec::new()));
        }
        if let Some((_, line)) = rows.last_mut() {
            line.resize(line.len().max(column + 1), RawCell::Empty);
            line[column] = cell(&Data::from(found.get_value().clone()));
        }
    }
    rows.sort_by_key(|(number, _)| *number);
    Ok(rows)
}

fn cell(data: &Data) -> RawCell {
    match data {
        Data::Int(n) => RawCell::Number(*n as f64),
        Data::Float(n) => RawCell::Number(*n),
        Data::String(text) | Data::DurationIso(text) => RawCell::Text(text.clone()),
        Data::Bool(b) => RawCell::Bool(*b),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day))
                .map_or(RawCell::Error(Problem::UnreadableCell), RawCell::Date)
        }
        Data::DateTimeIso(text) => text
            .get(..10)
            .and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())
            .map_or_else(|| RawCell::Text(text.clone()), RawCell::Date),
        Data::Error(_) => RawCell::Error(Problem::UnreadableCell),
        Data::Empty => RawCell::Empty,
    }
}

/// Delimited text: its encoding is UTF-8 where the bytes are, and its delimiter the one that gives most rows the
/// same width.
fn delimited(bytes: &[u8]) -> Result<Looked, Problem> {
    let (text, encoding) = match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), "utf-8"),
        // No text holds a zero byte: a picture, a database, a workbook behind a password.
        Err(_) if bytes.contains(&0) => return Err(Problem::UnreadableFile),
        Err(_) => (encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(), "windows-1252"),
    };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let delimiter = [',', ';', '\t', '|'].into_iter().max_by_key(|mark| steadiness(&text, *mark));
    let delimiter = delimiter.unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter as u8)
        .from_reader(text.as_bytes());
    let (mut rows, mut number, mut cells) = (Vec::new(), 0_u32, 0_usize);
    for record in reader.records() {
        let record = record.map_err(|_| Problem::UnreadableFile)?;
        cells += record.len();
        if cells > MAX_CELLS {
            return Err(Problem::TooLarge);
        }
        // Blank lines are rows to whoever counts them; the reader passes them over.
        let start = record.position().map_or(0, |place| place.byte() as usize);
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        number += rest.iter().take_while(|byte| **byte == b'\n').count() as u32 + 1;
        let cell = |text: &str| if text.is_empty() { RawCell::Empty } else { RawCell::Text(text.to_owned()) };
        rows.push((number, record.iter().take(MAX_COLUMNS).map(cell).collect()));
    }
    let sheet = LookedSheet { part: 1, name: String::new(), hidden: false, rows };
    Ok(Looked { format: LookedFormat::Text, encoding, delimiter, sheets: vec![sheet] })
}

/// How many of the first lines have the commonest number of this mark, if that is any.
fn steadiness(text: &str, mark: char) -> usize {
    let counts: Vec<usize> = text.lines().take(200).map(|line| line.matches(mark).count()).collect();
    let agreeing = |n: usize| counts.iter().filter(|count| **count == n).count() * n.min(50);
    counts.iter().filter(|n| **n > 0).map(|n| agreeing(*n)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiter_and_encoding_are_told_by_the_text() {
        let looked = look("Name;Début\nA, b;1\n\nC, d;2\n".as_bytes().to_vec()).unwrap();
        assert_eq!((looked.delimiter, looked.encoding), (';', "utf-8"));
        let numbers: Vec<u32> = looked.sheets[0].rows.iter().map(|row| row.0).collect();
        assert_eq!(numbers, [1, 2, 4]);
        let looked = look(b"a\tb\n\xe9\t2\n".to_vec()).unwrap();
        assert_eq!((looked.delimiter, looked.encoding), ('\t', "windows-1252"));
        assert_eq!(looked.sheets[0].rows[1].1[0], RawCell::Text("é".into()));
    }

    #[test]
    fn what_is_no_spreadsheet_is_refused() {
        assert!(look(b"PK\x03\x04 not really".to_vec()).is_err());
        assert!(look(vec![0xff, 0x00, 0x01]).is_err());
    }
}
