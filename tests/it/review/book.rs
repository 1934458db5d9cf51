//! The workbook, read as a person would see it and saved again as another program would.
use calamine::{Data, Reader, open_workbook_auto};
use rust_xlsxwriter::Workbook;
use std::{collections::BTreeMap, path::Path};

/// The workbook's sheets as texts.
pub fn sheets(file: &Path) -> Vec<(String, Vec<Vec<String>>)> {
    let mut book = open_workbook_auto(file).unwrap();
    let names = book.sheet_names();
    let texts = |name: &String| {
        let range = book.worksheet_range(name).unwrap();
        range.rows().map(|row| row.iter().map(text).collect()).collect()
    };
    let rows: Vec<Vec<Vec<String>>> = names.iter().map(texts).collect();
    names.into_iter().zip(rows).collect()
}

fn text(cell: &Data) -> String {
    cell.to_string()
}

/// The rows of pairs under their headers.
pub fn pairs(file: &Path) -> Vec<BTreeMap<String, String>> {
    let sheets = sheets(file);
    let rows = &sheets.iter().find(|(name, _)| name == "Pairs").unwrap().1;
    let header = &rows[0];
    rows[1..].iter().map(|row| header.iter().cloned().zip(row.iter().cloned()).collect()).collect()
}

/// Saves a workbook again as another program would, with its cells changed: row as in [`pairs`], header, new text.
pub fn edited(from: &Path, to: &Path, cells: &[(usize, &str, &str)]) {
    let mut book = Workbook::new();
    for (name, mut rows) in sheets(from) {
        if name == "Pairs" {
            let header = rows[0].clone();
            for (row, title, text) in cells {
                let column = header.iter().position(|held| held == title).unwrap();
                (*text).clone_into(&mut rows[row + 1][column]);
            }
        }
        let sheet = book.add_worksheet();
        sheet.set_name(&name).unwrap();
        for (at, row) in rows.iter().enumerate() {
            for (column, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                sheet.write_string(at as u32, column as u16, text).unwrap();
            }
        }
    }
    book.save(to).unwrap();
}
