//! Delimited text as a stream of rows. Rows are counted as a spreadsheet program shows them: a blank line is a row, a
//! line end within quotes is not. A quote that is never closed costs its line and not the rest of the file.
use super::row::{Row, Rows};
use crate::{
    fault::Problem,
    source::{RawCell, package::problem_of, recode::Recoded},
};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::{memchr, memchr_iter};
use std::io::{Cursor, Read};

/// A row of quoted lines that is longer than this is a quote that was never closed.
const MAX_QUOTED: usize = 1 << 20;
/// So much is read at once.
const BLOCK: usize = 1 << 16;

/// Rows of delimited text.
pub(super) struct Delimited {
    input: Text,
    delimiter: u8,
    encoding: &'static Encoding,
    number: u32,
}

impl Delimited {
    /// Reads text in the encoding, or in the one that its byte-order mark tells. Without a delimiter, the one that the
    /// first lines use most.
    pub(super) fn new(
        input: Box<dyn Read>,
        encoding: &'static Encoding,
        delimiter: Option<u8>,
    ) -> Result<Self, Problem> {
        let mut input = Text { input, buffer: Vec::new(), at: 0, ended: false };
        input.more()?;
        let mut encoding = encoding;
        if let Some((told, mark)) = Encoding::for_bom(&input.buffer) {
            input.at = mark;
            encoding = told;
        }
        if encoding == UTF_16LE || encoding == UTF_16BE {
            let head = Cursor::new(input.buffer.split_off(input.at));
            let recoded = Box::new(Recoded::new(head.chain(input.input), encoding));
            input = Text { input: recoded, buffer: Vec::new(), at: 0, ended: false };
            input.more()?;
            encoding = UTF_8;
        }
        let delimiter = delimiter.unwrap_or_else(|| sniff(&input.buffer[input.at..]));
        Ok(Self { input, delimiter, encoding, number: 0 })
    }

    /// Cuts a record into cells.
    fn split(&self, record: &[u8], row: &mut Row) {
        let (mut at, mut column) = (0, 0);
        loop {
            let cell = if record.get(at) == Some(&b'"') {
                let (cell, after) = unquote(record, at + 1, self.delimiter);
                at = after;
                self.cell(&cell, row)
            } else {
                let end = memchr(self.delimiter, &record[at..]).map_or(record.len(), |found| at + found);
                let cell = &record[at..end];
                at = end;
                self.cell(cell, row)
            };
            row.put(column, cell);
            column += 1;
            if at >= record.len() {
                return;
            }
            at += 1;
        }
    }

    fn cell(&self, bytes: &[u8], row: &mut Row) -> RawCell {
        if bytes.is_empty() {
            return RawCell::Empty;
        }
        let mut text = row.text();
        if self.encoding == UTF_8 {
            match std::str::from_utf8(bytes) {
                Ok(decoded) => text.push_str(decoded),
                Err(_) => return RawCell::Error(Problem::UndecodableText),
            }
        } else if bytes.is_ascii() {
            text.push_str(std::str::from_utf8(bytes).unwrap_or_default());
        } else {
            let (decoded, _) = self.encoding.decode_without_bom_handling(bytes);
            // Bytes that a Windows code page leaves undefined come out as control characters.
            if decoded.chars().any(|c| matches!(c, '\u{80}'..='\u{9f}')) {
                return RawCell::Error(Problem::UndecodableText);
            }
            text.push_str(&decoded);
        }
        if text.contains('\u{fffd}') {
            return RawCell::Error(Problem::UndecodableText);
        }
        RawCell::Text(text)
    }
}

impl Rows for Delimited {
    fn next(&mut self, row: &mut Row) -> Result<bool, Problem> {
        loop {
            let Some(line) = self.input.line()? else { return Ok(false) };
            self.number += 1;
            row.begin(self.number);
            if line == 0 {
                self.input.skip(0);
                continue;
            }
            let (from, mut len) = (self.input.at, line);
            let mut closed = true;
            if memchr(b'"', &self.input.buffer[from..from + len]).is_some() {
                match self.input.quoted(line, self.delimiter)? {
                    Some(whole) => len = whole,
                    None => closed = false,
                }
            }
            if closed {
                let record = &self.input.buffer[self.input.at..self.input.at + len];
                let record = record.strip_suffix(b"\r").unwrap_or(record);
                self.split(record, row);
            } else {
                row.problem = Some(Problem::UnclosedQuote);
            }
            self.input.skip(len);
            return Ok(true);
        }
    }
}

/// The content of a quoted cell and where it ends. Text after the closing quote belongs to the cell.
fn unquote(record: &[u8], from: usize, delimiter: u8) -> (Vec<u8>, usize) {
    let (mut cell, mut at) = (Vec::new(), from);
    while let Some(quote) = memchr(b'"', &record[at..]).map(|found| at + found) {
        cell.extend_from_slice(&record[at..quote]);
        at = quote + 1;
        if record.get(at) == Some(&b'"') {
            cell.push(b'"');
            at += 1;
        } else {
            let end = memchr(delimiter, &record[at..]).map_or(record.len(), |found| at + found);
            cell.extend_from_slice(&record[at..end]);
            return (cell, end);
        }
    }
    cell.extend_from_slice(&record[at..]);
    (cell, record.len())
}

/// Of the usual delimiters the one that the first lines hold most often.
fn sniff(head: &[u8]) -> u8 {
    let end = memchr_iter(b'\n', head).nth(30).unwrap_or(head.len());
    let times = |delimiter: u8| memchr_iter(delimiter, &head[..end]).count();
    [b',', b'\t', b';', b'|'].into_iter().rev().max_by_key(|delimiter| times(*delimiter)).unwrap_or(b',')
}

/// Bytes with a place in them, read on as needed.
struct Text {
    input: Box<dyn Read>,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Text {
    /// Reads on. False where there is nothing more.
    fn more(&mut self) -> Result<bool, Problem> {
        if self.ended {
            return Ok(false);
        }
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        let filled = self.buffer.len();
        self.buffer.resize(filled + BLOCK, 0);
        let n = self.input.read(&mut self.buffer[filled..]).map_err(|error| problem_of(&error))?;
        self.buffer.truncate(filled + n);
        self.ended = n == 0;
        Ok(!self.ended)
    }

    /// The length of the line that begins here, without its end. None at the end of the text.
    fn line(&mut self) -> Result<Option<usize>, Problem> {
        let mut looked = 0;
        loop {
            let rest = &self.buffer[self.at..];
            if let Some(found) = memchr(b'\n', &rest[looked..]) {
                let len = looked + found;
                return Ok(Some(if rest[..len] == *b"\r" { 0 } else { len }));
            }
            looked = rest.len();
            if looked > MAX_QUOTED * 16 {
                return Err(Problem::UnreadableFile);
            }
            if !self.more()? {
                return Ok((looked > 0).then_some(looked));
            }
        }
    }

    /// The length of a record that begins with a line of this length and may go on in quotes. None where a quote is
    /// never closed: no record of that length is believed, and a closing quote after line ends is followed by a
    /// delimiter or a line end, or it is another cell's opening quote.
    fn quoted(&mut self, line: usize, delimiter: u8) -> Result<Option<usize>, Problem> {
        let (mut at, mut len, mut opened) = (0, line, None);
        loop {
            let record = &self.buffer[self.at..self.at + len];
            let Some(from) = opened else {
                // At the beginning of a cell.
                if record.get(at) == Some(&b'"') {
                    at += 1;
                    opened = Some(at);
                } else {
                    match memchr(delimiter, &record[at.min(len)..]) {
                        Some(found) => at += found + 1,
                        None => return Ok(Some(len)),
                    }
                }
                continue;
            };
            if let Some(found) = memchr(b'"', &record[at..]) {
                at += found + 1;
                if record.get(at) == Some(&b'"') {
                    at += 1;
                    continue;
                }
                let ends = record.get(at).is_none_or(|next| *next == delimiter || *next == b'\r');
                if !ends && memchr(b'\n', &record[from..at]).is_some() {
                    return Ok(None);
                }
                opened = None;
                match memchr(delimiter, &record[at..]) {
                    Some(found) => at += found + 1,
                    None => return Ok(Some(len)),
                }
                continue;
            }
            at = len;
            match self.line_after(len)? {
                Some(longer) if longer < MAX_QUOTED => len = longer,
                _ => return Ok(None),
            }
        }
    }

    /// The length up to the end of the line after this one. None at the end of the text.
    fn line_after(&mut self, len: usize) -> Result<Option<usize>, Problem> {
        let from = len + 1;
        let mut looked = from;
        loop {
            let rest = &self.buffer[self.at..];
            if let Some(found) = rest.get(looked..).and_then(|rest| memchr(b'\n', rest)) {
                return Ok(Some(looked + found));
            }
            looked = looked.max(rest.len());
            if looked > MAX_QUOTED {
                return Ok(None);
            }
            if !self.more()? {
                return Ok((self.buffer.len() - self.at > from).then(|| self.buffer.len() - self.at));
            }
        }
    }

    /// Goes on behind the line end after so many bytes.
    fn skip(&mut self, len: usize) {
        let rest = &self.buffer[self.at..];
        let mut past = len;
        if rest.get(past) == Some(&b'\r') {
            past += 1;
        }
        self.at += (past + 1).min(rest.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::WINDOWS_1252;

    type Read1 = (u32, Vec<String>);

    fn read(bytes: &[u8], encoding: &'static Encoding) -> Vec<Read1> {
        let input = Box::new(Cursor::new(bytes.to_vec()));
        let mut text = Delimited::new(input, encoding, None).unwrap();
        let (mut row, mut rows) = (Row::default(), Vec::new());
        while text.next(&mut row).unwrap() {
            let cell = |cell: &RawCell| match cell {
                RawCell::Text(text) => text.clone(),
                RawCell::Empty => String::new(),
                other => format!("{other:?}"),
            };
            let mut cells: Vec<String> = row.cells.iter().map(cell).collect();
            cells.extend(row.problem.map(|problem| problem.code().to_owned()));
            rows.push((row.number, cells));
        }
        rows
    }

    fn row(number: u32, cells: &[&str]) -> Read1 {
        (number, cells.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_shows_them() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "", "1,\"two\nlines\"", "", "", "3,\"4 \"\"x\"\"\",", "5"].join(end);
            let expected = [
                row(1, &["a", "b"]),
                row(3, &["1", "two\nlines"]),
                row(6, &["3", "4 \"x\"", ""]),
                row(7, &["5"]),
            ];
            assert_eq!(read(text.as_bytes(), UTF_8), expected, "{end:?}");
        }
    }

    #[test]
    fn a_quote_never_closed_costs_its_line_alone() {
        let at_the_end = "a,b\n1,\"two\n3,4\n5,6\n";
        assert_eq!(
            read(at_the_end.as_bytes(), UTF_8),
            [row(1, &["a", "b"]), row(2, &["unclosed_quote"]), row(3, &["3", "4"]), row(4, &["5", "6"])]
        );
        let before_another = "a,b\n1,\"two\n3,4\n\"5, or six\",6\n7,\"8\n8\"\n";
        let rows = read(before_another.as_bytes(), UTF_8);
        assert_eq!(
            rows[1..],
            [
                row(2, &["unclosed_quote"]),
                row(3, &["3", "4"]),
                row(4, &["5, or six", "6"]),
                row(5, &["7", "8\n8"])
            ]
        );
    }

    #[test]
    fn a_byte_that_the_encoding_does_not_have_is_no_silent_replacement() {
        assert_eq!(read(b"a,b\nAn\xe9,1\n", UTF_8)[1], row(2, &["Error(UndecodableText)", "1"]));
        assert_eq!(read(b"a,b\nAn\xe9,1\n", WINDOWS_1252)[1], row(2, &["An\u{e9}", "1"]));
        assert_eq!(read(b"a,b\nAn\x81,1\n", WINDOWS_1252)[1], row(2, &["Error(UndecodableText)", "1"]));
        assert_eq!(
            read("a,b\nAn\u{fffd},1\n".as_bytes(), UTF_8)[1],
            row(2, &["Error(UndecodableText)", "1"])
        );
    }

    #[test]
    fn marks_and_delimiters_are_told_by_content() {
        let utf16: Vec<u8> = "\u{feff}a\tb\nZo\u{eb}\t2".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16, UTF_8), [row(1, &["a", "b"]), row(2, &["Zo\u{eb}", "2"])]);
        assert_eq!(read("\u{feff}a;b\n1;2,5\n".as_bytes(), WINDOWS_1252)[1], row(2, &["1", "2,5"]));
    }

    #[test]
    fn a_long_text_is_read_block_by_block() {
        let line = "\"x, y\",some text,\"a\nb\"\r\n";
        let rows = read(line.repeat(40_000).as_bytes(), UTF_8);
        assert_eq!(rows.len(), 40_000);
        assert!(rows.iter().all(|(_, cells)| cells == &["x, y", "some text", "a\nb"]));
        assert_eq!(rows[39_999].0, 40_000);
    }
}
