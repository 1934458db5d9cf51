//! The workbook, by the rules for government spreadsheets: a cover, contents, notes, then one table a sheet, each a marked-up
//! table that begins in column A, with its title in A1; no merged cells, nothing told by colour, symbols explained.
use super::{Report, ReportFault, Table, Unit, words};
use crate::disclosure::Figure;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Table as Marked, TableColumn, TableStyle, Url,
    Workbook, Worksheet, XlsxError,
};

/// The workbook's bytes: the same for the same report.
///
/// # Errors
/// [`ReportFault::Unwritable`] when a text does not fit a cell.
pub fn book(report: &Report) -> Result<Vec<u8>, ReportFault> {
    written(report).map_err(|_| ReportFault::Unwritable("workbook"))
}

struct Looks {
    title: Format,
    text: Format,
    number: Format,
    hundredths: Format,
    rate: Format,
    whole_rate: Format,
    points: Format,
    right: Format,
}

fn looks() -> Looks {
    let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    Looks {
        title: Format::new().set_bold().set_font_size(15),
        text,
        number: Format::new().set_num_format("#,##0"),
        hundredths: Format::new().set_num_format("#,##0.00"),
        rate: Format::new().set_num_format("0.0"),
        whole_rate: Format::new().set_num_format("0"),
        points: Format::new().set_num_format("0.0"),
        right: Format::new().set_align(FormatAlign::Right),
    }
}

fn written(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let mut properties = DocProperties::new().set_title(&report.title).set_subject(&report.about.population);
    // The day of the data, not of the clock: the same report is the same bytes.
    if let Ok(day) = ExcelDateTime::parse_from_str(&report.about.as_of) {
        properties = properties.set_creation_datetime(&day);
    }
    workbook.set_properties(&properties);
    let looks = looks();
    let tables: Vec<(usize, &Table)> =
        report.tables().enumerate().map(|(at, table)| (at + 1, table)).collect();
    cover(workbook.add_worksheet(), report, &looks)?;
    contents(workbook.add_worksheet(), &tables, &looks)?;
    notes(workbook.add_worksheet(), report, &looks)?;
    for section in report.sections.iter().filter(|section| section.table.is_some()) {
        let Some(table) = &section.table else { continue };
        let number = tables.iter().find(|(_, other)| other.name == table.name).map_or(0, |(at, _)| *at);
        let sheet = workbook.add_worksheet();
        sheet.set_name(format!("Table_{number}"))?;
        let says: Vec<&str> = section.words.iter().chain(&section.notes).map(String::as_str).collect();
        // A sheet is copied out by itself.
        let rests_on = format!(
            "Release {}. Data as at {}. {}",
            report.about.release,
            words::day(&report.about.as_of),
            report.about.policy_in_words
        );
        let says: Vec<&str> = std::iter::once(rests_on.as_str()).chain(says).collect();
        one(sheet, number, table, &says, &looks)?;
    }
    workbook.save_to_buffer()
}

fn cover(sheet: &mut Worksheet, report: &Report, looks: &Looks) -> Result<(), XlsxError> {
    let about = &report.about;
    sheet.set_name("Cover")?;
    sheet.set_column_width(0, 100)?;
    sheet.write_with_format(0, 0, &report.title, &looks.title)?;
    let mut lines = vec![
        format!("Authority {}. Data as at {}.", about.authority, words::day(&about.as_of)),
        format!("Counted: {}.", about.population),
        about.policy_in_words.clone(),
        format!("Release {}. Disclosure control: policy {}.", about.release, about.policy),
    ];
    if about.synthetic {
        lines.insert(0, "Synthetic data: everybody counted here is made up.".to_owned());
    }
    lines.extend(report.short.iter().cloned());
    for (row, line) in (1..).zip(&lines) {
        sheet.write_with_format(row, 0, line, &looks.text)?;
    }
    Ok(())
}

fn contents(sheet: &mut Worksheet, tables: &[(usize, &Table)], looks: &Looks) -> Result<(), XlsxError> {
    sheet.set_name("Contents")?;
    sheet.set_column_width(0, 14)?;
    sheet.set_column_width(1, 90)?;
    sheet.write_with_format(0, 0, "Contents", &looks.title)?;
    sheet.write(1, 0, "This sheet has one table: the sheets of this workbook.")?;
    sheet.write(3, 0, Url::new("internal:'Notes'!A1").set_text("Notes"))?;
    sheet.write(3, 1, "Symbols, what is not shown, and why")?;
    for (row, (number, table)) in (4..).zip(tables) {
        let link = Url::new(format!("internal:'Table_{number}'!A1")).set_text(format!("Table_{number}"));
        sheet.write(row, 0, link)?;
        sheet.write(row, 1, &table.title)?;
    }
    let last = 3 + u32::try_from(tables.len()).unwrap_or(0);
    mark(sheet, (2, last), "contents", &["Sheet".to_owned(), "What it holds".to_owned()])
}

fn notes(sheet: &mut Worksheet, report: &Report, looks: &Looks) -> Result<(), XlsxError> {
    sheet.set_name("Notes")?;
    sheet.set_column_width(0, 14)?;
    sheet.set_column_width(1, 110)?;
    sheet.write_with_format(0, 0, "Notes", &looks.title)?;
    sheet.write(1, 0, "This sheet has one table: symbols, and what is not shown and why.")?;
    let symbols =
        words::SYMBOLS.iter().map(|(symbol, meaning)| (format!("[{symbol}]"), (*meaning).to_owned()));
    let rates = ("rates".to_owned(), RATES.to_owned());
    let left_out = report.left_out.iter().map(|said| ("not shown".to_owned(), said.clone()));
    let rows: Vec<(String, String)> = symbols.chain([rates]).chain(left_out).collect();
    for (row, (note, said)) in (3..).zip(&rows) {
        sheet.write_with_format(row, 0, note, &looks.text)?;
        sheet.write_with_format(row, 1, said, &looks.text)?;
    }
    let last = 2 + u32::try_from(rows.len()).unwrap_or(0);
    mark(sheet, (2, last), "notes", &["Note".to_owned(), "What it says".to_owned()])
}

const RATES: &str = "A rate is worked out from the counts as they are shown. At least and at most: where it could lie by chance alone, at 95%.";

fn one(
    sheet: &mut Worksheet,
    number: usize,
    table: &Table,
    says: &[&str],
    looks: &Looks,
) -> Result<(), XlsxError> {
    sheet.set_column_width(0, 44)?;
    sheet.write_with_format(0, 0, format!("Table {number}: {}", table.title), &looks.title)?;
    sheet.write(1, 0, "This sheet has one table. Symbols are explained on the sheet Notes.")?;
    sheet.write(2, 0, format!("Counted: {}.", table.population))?;
    let mut row = 3;
    for said in says {
        sheet.write(row, 0, *said)?;
        row += 1;
    }
    let head = row;
    let first = 1 + u16::try_from(table.said.len()).unwrap_or(0);
    let rate = if table.has_decimals() { &looks.rate } else { &looks.whole_rate };
    for (line, cells) in (head + 1..).zip(&table.rows) {
        sheet.write(line, 0, &cells.label)?;
        for (column, text) in (1..).zip(&cells.said) {
            sheet.write_with_format(line, column, text, &looks.text)?;
        }
        let units = table.columns.iter().map(|column| column.unit);
        for (column, (figure, unit)) in (first..).zip(cells.figures.iter().zip(units)) {
            match figure {
                Figure::Count(count) if unit == Unit::Hundredths => {
                    sheet.write_with_format(line, column, *count as f64 / 100.0, &looks.hundredths)?
                }
                Figure::Count(count) => {
                    sheet.write_with_format(line, column, *count as f64, &looks.number)?
                }
                Figure::PerCentTenths(tenths) if [Unit::Points, Unit::PerHundred].contains(&unit) => {
                    sheet.write_with_format(line, column, *tenths as f64 / 10.0, &looks.points)?
                }
                // The heading says (%): the number is the one that the tidy file has, too.
                Figure::PerCentTenths(tenths) => {
                    sheet.write_with_format(line, column, *tenths as f64 / 10.0, rate)?
                }
                Figure::Symbol(symbol) => {
                    sheet.write_with_format(line, column, format!("[{symbol}]"), &looks.right)?
                }
            };
        }
    }
    let of = |unit| if unit == Unit::PerCent { " (%)" } else { "" };
    let mut header = vec![table.rows_are.1.to_owned()];
    header.extend(table.said.iter().map(|(_, heading)| (*heading).to_owned()));
    header.extend(table.columns.iter().map(|column| format!("{}{}", column.heading, of(column.unit))));
    for column in 1..header.len() {
        let width = if column <= table.said.len() { 34 } else { 17 };
        sheet.set_column_width(u16::try_from(column).unwrap_or(u16::MAX), width)?;
    }
    sheet.set_row_format(head, &looks.text.clone().set_bold())?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    let last = head + u32::try_from(table.rows.len()).unwrap_or(0);
    mark(sheet, (head, last), table.name, &header)
}

/// Marks a range that begins in column A as a table with these headings.
fn mark(
    sheet: &mut Worksheet,
    (head, last): (u32, u32),
    name: &str,
    header: &[String],
) -> Result<(), XlsxError> {
    let columns: Vec<TableColumn> = header.iter().map(|name| TableColumn::new().set_header(name)).collect();
    let marked = Marked::new()
        .set_name(format!("t_{name}"))
        .set_columns(&columns)
        .set_autofilter(false)
        .set_banded_rows(false)
        .set_style(TableStyle::Light1);
    let width = u16::try_from(header.len().saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.add_table(head, 0, last, width, &marked)?;
    Ok(())
}
