//! Workbooks and delimited text, read into rows of raw cells under a found header.
use super::RawCell;
use crate::{
    definitions::connector::{FileForm, FileFormat, Header, SheetChoice, fold},
    fault::Problem,
};
use calamine::{Data, Reader, SheetVisible, Sheets};
use chrono::NaiveDate;
use std::io::{Cursor, Read};

/// More cells than this in one sheet is a mistake or an attack.
const MAX_CELLS: usize = 20_000_000;
/// No table is wider than this.
const MAX_COLUMNS: u32 = 2_000;

/// A sheet under its header.
pub struct Table {
    /// Position of the sheet in its workbook, from 1.
    pub part: u32,
    /// Folded header texts by column; empty for a sheet without header.
    pub header: Vec<String>,
    /// Rows with the number a person would count in the file.
    pub rows: Vec<(u32, Vec<RawCell>)>,
}

/// Reads a file's bytes as its connector says.
pub fn read(bytes: Vec<u8>, form: &FileForm) -> Result<Table, Problem> {
    let (part, rows) = match form.format {
        FileFormat::Csv => (1, read_csv(&bytes, form)?),
        FileFormat::ZipCsv => (1, read_csv(&unzip_first(bytes)?, form)?),
        FileFormat::Json => return Err(Problem::UnreadableFile),
        FileFormat::Xlsx | FileFormat::Xls | FileFormat::Ods => read_workbook(bytes, &form.sheet)?,
    };
    under_header(part, rows, form)
}

type Rows = Vec<(u32, Vec<RawCell>)>;

fn read_workbook(bytes: Vec<u8>, choice: &SheetChoice) -> Result<(u32, Rows), Problem> {
    let mut workbook: Sheets<_> =
        calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|_| Problem::UnreadableFile)?;
    let sheets: Vec<(u32, String)> = workbook
        .sheets_metadata()
        .iter()
        .enumerate()
        .filter(|(_, sheet)| sheet.visible == SheetVisible::Visible)
        .map(|(at, sheet)| (at as u32 + 1, sheet.name.clone()))
        .collect();
    let (part, name) = choose(&sheets, choice).ok_or(Problem::NoSheet)?;
    if let Sheets::Xlsx(workbook) = &mut workbook {
        return Ok((*part, stream_xlsx(workbook, name)?));
    }
    let range = workbook.worksheet_range(name).map_err(|_| Problem::UnreadableFile)?;
    if range.get_size().0.saturating_mul(range.get_size().1) > MAX_CELLS {
        return Err(Problem::TooLarge);
    }
    let (top, left) = range.start().unwrap_or((0, 0));
    let rows = range
        .rows()
        .enumerate()
        .map(|(at, row)| {
            let padding = std::iter::repeat_n(RawCell::Empty, left as usize);
            (top + at as u32 + 1, padding.chain(row.iter().map(raw_cell)).collect())
        })
        .collect();
    Ok((*part, rows))
}

/// Reads a sheet cell by cell: one stray cell far out costs one cell, not everything between.
fn stream_xlsx<R: std::io::Read + std::io::Seek>(
    workbook: &mut calamine::Xlsx<R>,
    name: &str,
) -> Result<Rows, Problem> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|_| Problem::UnreadableFile)?;
    let (mut rows, mut count) = (Rows::new(), 0_usize);
    while let Some(cell) = cells.next_cell().map_err(|_| Problem::UnreadableFile)? {
        let (row, column) = cell.get_position();
        count += 1;
        if count > MAX_CELLS {
            return Err(Problem::TooLarge);
        }
        // Beyond any table: a stray cell, which no header names.
        if column >= MAX_COLUMNS {
            continue;
        }
        let number = row + 1;
        if rows.last().is_none_or(|(last, _)| *last != number) {
            rows.push((number, Vec::new()));
        }
        if let Some((_, line)) = rows.last_mut() {
            line.resize(line.len().max(column as usize + 1), RawCell::Empty);
            line[column as usize] = raw_cell(&Data::from(cell.get_value().clone()));
        }
    }
    rows.sort_by_key(|(number, _)| *number);
    Ok(with_blank_rows(rows))
}

/// Rows that hold nothing are not in the file; a few of them tell where a table ends.
fn with_blank_rows(rows: Rows) -> Rows {
    const ENOUGH: u32 = 64;
    let (mut filled, mut next) = (Rows::with_capacity(rows.len()), 1);
    for (number, row) in rows {
        let gap = number.saturating_sub(next).min(ENOUGH);
        filled.extend((number - gap..number).map(|blank| (blank, Vec::new())));
        filled.push((number, row));
        next = number + 1;
    }
    filled
}

fn choose<'s>(sheets: &'s [(u32, String)], choice: &SheetChoice) -> Option<&'s (u32, String)> {
    if let Some(position) = choice.position {
        return sheets.get(position as usize - 1);
    }
    if choice.like.is_empty() {
        return sheets.first();
    }
    let holds = |name: &str, texts: &[String]| texts.iter().any(|text| fold(name).contains(&fold(text)));
    sheets.iter().find(|(_, name)| holds(name, &choice.like) && !holds(name, &choice.not_like))
}

fn raw_cell(data: &Data) -> RawCell {
    match data {
        Data::Int(n) => RawCell::Number(*n as f64),
        Data::Float(n) => RawCell::Number(*n),
        Data::String(text) | Data::DurationIso(text) => RawCell::Text(text.clone()),
        Data::Bool(b) => RawCell::Bool(*b),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day))
                .map_or(RawCell::Error, RawCell::Date)
        }
        Data::DateTimeIso(text) => text
            .get(..10)
            .and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())
            .map_or_else(|| RawCell::Text(text.clone()), RawCell::Date),
        Data::Error(_) => RawCell::Error,
        Data::Empty => RawCell::Empty,
    }
}

fn unzip_first(bytes: Vec<u8>) -> Result<Vec<u8>, Problem> {
    const LIMIT: u64 = 2 << 30;
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| Problem::UnreadableFile)?;
    let entry = archive.by_index(0).map_err(|_| Problem::UnreadableFile)?;
    if entry.size() > LIMIT {
        return Err(Problem::TooLarge);
    }
    let mut text = Vec::new();
    entry.take(LIMIT).read_to_end(&mut text).map_err(|_| Problem::UnreadableFile)?;
    Ok(text)
}

/// Rows are counted as a spreadsheet program shows them: a blank line is a row, a line end within quotes is not.
fn read_csv(bytes: &[u8], form: &FileForm) -> Result<Rows, Problem> {
    let encoding = encoding_rs::Encoding::for_label(form.encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    let (text, _, _) = encoding.decode(bytes);
    let text = text.replace("\r\n", "\n");
    let delimiter = form.delimiter.bytes().next().unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let (mut rows, mut number) = (Rows::new(), 0);
    for record in reader.records() {
        let record = record.map_err(|_| Problem::UnreadableFile)?;
        let start = record.position().map_or(0, |place| place.byte() as usize);
        let blank = text
            .as_bytes()
            .get(start..)
            .map_or(0, |rest| rest.iter().take_while(|byte| **byte == b'\n').count());
        number += blank as u32 + 1;
        let cell = |text: &str| if text.is_empty() { RawCell::Empty } else { RawCell::Text(text.to_owned()) };
        rows.push((number, record.iter().map(cell).collect()));
    }
    Ok(rows)
}

fn under_header(part: u32, mut rows: Rows, form: &FileForm) -> Result<Table, Problem> {
    if rows.iter().all(|(_, row)| row.iter().all(RawCell::is_blank)) {
        return Err(Problem::Empty);
    }
    let (header, first) = if form.header.none {
        (Vec::new(), 0)
    } else {
        find_header(&rows, &form.header).ok_or(Problem::NoHeader)?
    };
    rows.drain(..first);
    let rows = body(rows, &header, form);
    if rows.is_empty() { Err(Problem::Empty) } else { Ok(Table { part, header, rows }) }
}

/// The folded header and the position of the first row under it.
fn find_header(rows: &Rows, header: &Header) -> Option<(Vec<String>, usize)> {
    let height = header.rows.max(1) as usize;
    let wanted: Vec<String> = header.must_have.iter().map(|text| fold(text)).collect();
    for at in 0..rows.len().min(header.search_rows as usize) {
        let Some(lines) = rows.get(at..at + height) else { break };
        let texts = join(lines);
        let single: Vec<String> =
            lines.iter().flat_map(|(_, row)| row.iter().map(text_of)).map(|t| fold(&t)).collect();
        let there = |text: &String| texts.contains(text) || single.contains(text);
        if texts.iter().any(|text| !text.is_empty()) && wanted.iter().all(there) {
            return Some((texts, at + height));
        }
    }
    None
}

/// Header rows as one: a band's text reaches over the empty cells to its right, and stands before the text under it.
fn join(lines: &[(u32, Vec<RawCell>)]) -> Vec<String> {
    let width = lines.iter().map(|(_, row)| row.len()).max().unwrap_or(0);
    let mut joined = vec![String::new(); width];
    let last = lines.len() - 1;
    for (level, (_, row)) in lines.iter().enumerate() {
        let mut band = String::new();
        for (at, slot) in joined.iter_mut().enumerate() {
            let text = row.get(at).map(text_of).unwrap_or_default();
            if level < last {
                if !text.trim().is_empty() {
                    band = text;
                }
                slot.push_str(&band);
                slot.push(' ');
            } else {
                slot.push_str(&text);
            }
        }
    }
    joined.iter().map(|text| fold(text)).collect()
}

fn text_of(cell: &RawCell) -> String {
    match cell {
        RawCell::Text(text) => text.clone(),
        RawCell::Number(n) => n.to_string(),
        _ => String::new(),
    }
}

/// The rows that hold records: no blank rows, no repeated header, nothing after the stop.
fn body(rows: Rows, header: &[String], form: &FileForm) -> Rows {
    let folded = |texts: &[String]| texts.iter().map(|text| fold(text)).collect::<Vec<_>>();
    let (stops, headings) = (folded(&form.stop.row_like), folded(&form.pass_over));
    let fill: Vec<usize> =
        form.fill_down.iter().filter_map(|name| header.iter().position(|text| *text == fold(name))).collect();
    let (mut kept, mut blanks, mut above) = (Rows::new(), 0, Vec::<RawCell>::new());
    for (number, mut row) in rows {
        if row.iter().all(RawCell::is_blank) {
            blanks += 1;
            if blanks >= form.stop.blank_rows {
                break;
            }
            continue;
        }
        blanks = 0;
        let lead =
            row.iter().find(|cell| !cell.is_blank()).map(text_of).map(|text| fold(&text)).unwrap_or_default();
        if stops.iter().any(|stop| lead.starts_with(stop.as_str())) {
            break;
        }
        if headings.iter().any(|heading| lead.starts_with(heading.as_str())) {
            continue;
        }
        if !header.is_empty() && is_header_again(&row, header) {
            continue;
        }
        for at in &fill {
            let inherited = above.get(*at).cloned();
            if let (Some(cell), Some(inherited)) =
                (row.get_mut(*at).filter(|cell| cell.is_blank()), inherited)
            {
                *cell = inherited;
            }
        }
        if !fill.is_empty() {
            above.clone_from(&row);
        }
        kept.push((number, row));
    }
    kept
}

fn is_header_again(row: &[RawCell], header: &[String]) -> bool {
    let mut filled = row.iter().zip(header).filter(|(cell, _)| !cell.is_blank()).peekable();
    filled.peek().is_some() && filled.all(|(cell, text)| fold(&text_of(cell)) == *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_rows_are_counted_as_a_spreadsheet_shows_them() {
        let form: FileForm = toml::from_str("format = \"csv\"\nname = \"x\"").unwrap();
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "", "1,\"two\nlines\"", "", "", "3,4"].join(end);
            let numbers: Vec<u32> =
                read_csv(text.as_bytes(), &form).unwrap().iter().map(|row| row.0).collect();
            assert_eq!(numbers, [1, 3, 6], "{end:?}");
        }
    }
}
