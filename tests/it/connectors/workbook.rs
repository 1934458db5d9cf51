//! A workbook written as text, so that a sample can be read in a review.
//!
//! ```text
//! === Placements
//! Surname | DOB             | Hours
//! Zztest  | =date 2009-03-09 | =number 15
//! === Lists (hidden)
//! ```
//! A cell is text unless it says what it is; `~` at its end keeps a space; an empty line is an empty row.
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::{fs::File, io::Write as _, path::Path};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Makes the workbook.
pub fn write(text: &str, to: &Path) {
    let mut workbook = Workbook::new();
    let day = Format::new().set_num_format("dd/mm/yyyy");
    for part in text.split("=== ").filter(|part| !part.trim().is_empty()) {
        let (name, rows) = part.split_once('\n').unwrap_or((part, ""));
        let sheet = workbook.add_worksheet();
        sheet.set_name(name.trim().trim_end_matches(" (hidden)")).unwrap();
        sheet.set_hidden(name.trim().ends_with("(hidden)"));
        for (row, line) in (0..).zip(rows.lines()) {
            for (column, cell) in (0..).zip(line.split('|').map(str::trim)) {
                match cell.strip_prefix('=').and_then(|cell| cell.split_once(' ')) {
                    Some(("date", text)) => {
                        let moment = ExcelDateTime::parse_from_str(text).unwrap();
                        sheet.write_with_format(row, column, &moment, &day).unwrap();
                    }
                    Some(("number", text)) => {
                        sheet.write_number(row, column, text.parse::<f64>().unwrap()).unwrap();
                    }
                    Some((kind, _)) => panic!("{kind} is no kind of cell"),
                    None if cell.is_empty() => {}
                    None => {
                        sheet.write_string(row, column, cell.replace('~', " ")).unwrap();
                    }
                }
            }
        }
    }
    workbook.save(to).unwrap();
}

/// Makes an archive with one text in it.
pub fn zip(content: &[u8], to: &Path) {
    let mut archive = ZipWriter::new(File::create(to).unwrap());
    archive.start_file("data.csv", SimpleFileOptions::default()).unwrap();
    archive.write_all(content).unwrap();
    archive.finish().unwrap();
}
