//! A workbook as `.xlsx`, with a fixed document date.
use super::table::{Cell, Table};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::io;
use std::path::Path;

pub(super) fn write(tables: &[Table], path: &Path) -> io::Result<()> {
    build(tables, path).map_err(io::Error::other)
}

fn build(tables: &[Table], path: &Path) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    workbook
        .set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 3, 31)?));
    let day = Format::new().set_num_format("dd/mm/yyyy");
    let percent = Format::new().set_num_format("0%");
    let merged = Format::new().set_bold();
    let first_visible = tables.iter().position(|table| !table.hidden);
    for (position, table) in tables.iter().enumerate() {
        let sheet = workbook.add_worksheet();
        sheet.set_name(&table.name)?;
        if table.hidden {
            sheet.set_hidden(true);
        }
        if Some(position) == first_visible {
            sheet.set_active(true);
            sheet.set_first_tab(true);
        }
        fill(sheet, table, &day, &percent)?;
        for (row, first, last) in &table.merged {
            let text = match &table.rows[*row][*first] {
                Cell::Text(text) => text.as_str(),
                _ => "",
            };
            sheet.merge_range(*row as u32, *first as u16, *row as u32, *last as u16, text, &merged)?;
        }
    }
    workbook.save(path)
}

fn fill(sheet: &mut Worksheet, table: &Table, day: &Format, percent: &Format) -> Result<(), XlsxError> {
    for (row, cells) in table.rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let (row, column) = (row as u32, column as u16);
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => {
                    sheet.write_string(row, column, text)?;
                }
                Cell::Number(number) => {
                    sheet.write_number(row, column, *number)?;
                }
                Cell::Day(date) => {
                    sheet.write_number_with_format(row, column, super::table::serial(*date), day)?;
                }
                Cell::Percent(share) => {
                    sheet.write_number_with_format(row, column, *share, percent)?;
                }
            }
        }
    }
    Ok(())
}
