//! How figures are written, and what the symbols mean.
use super::{Report, Row, Table, Unit};
use crate::disclosure::Figure;

/// The symbols that may stand where a figure would, and their meaning.
pub const SYMBOLS: [(&str, &str); 4] = [
    ("c", "hidden: small, or it would give a small figure away"),
    ("low", "more than nothing, and rounds to nothing"),
    ("x", "no figure: nobody to count, or no source tells"),
    ("z", "does not apply"),
];

/// The symbols that stand in a report.
pub fn symbols(report: &Report) -> Vec<(&'static str, &'static str)> {
    let stands = |symbol: &str| {
        let mut all = report.tables().flat_map(|table| &table.rows).flat_map(|row| &row.figures);
        all.any(|figure| !figure.is_number() && figure.to_string() == symbol)
    };
    SYMBOLS.into_iter().filter(|(symbol, _)| stands(symbol)).collect()
}

/// A figure as it stands in a cell: `1,057`, `20.9%`, `c`.
pub fn cell(figure: Figure, decimals: bool) -> String {
    match figure {
        Figure::Count(n) if n < 0 => format!("-{}", thousands(n.unsigned_abs())),
        Figure::Count(n) => thousands(n.unsigned_abs()),
        Figure::PerCentTenths(tenths) if tenths < 0 => {
            format!("-{}", cell(Figure::PerCentTenths(-tenths), decimals))
        }
        Figure::PerCentTenths(tenths) if decimals => format!("{}.{}%", tenths / 10, tenths % 10),
        other => other.to_string(),
    }
}

/// The same in a column of this unit.
pub fn in_unit(figure: Figure, unit: Unit, decimals: bool) -> String {
    match (figure, unit) {
        (Figure::Count(n), Unit::Hundredths) => {
            let size = n.unsigned_abs();
            format!("{}{}.{:02}", if n < 0 { "-" } else { "" }, thousands(size / 100), size % 100)
        }
        (Figure::PerCentTenths(_), Unit::Points | Unit::PerHundred) => {
            cell(figure, decimals).trim_end_matches('%').to_owned()
        }
        _ => cell(figure, decimals),
    }
}

/// Whether any rate among these has a decimal: then all are written with one.
pub fn has_decimals<'f>(figures: impl IntoIterator<Item = &'f Figure>) -> bool {
    figures.into_iter().any(|figure| matches!(figure, Figure::PerCentTenths(tenths) if tenths % 10 != 0))
}

/// A table as it is read: the ends of a range stand in one column.
#[derive(Debug)]
pub struct Face {
    /// The headings, that of the rows first.
    pub header: Vec<String>,
    /// The rows' texts, their names first.
    pub rows: Vec<Vec<String>>,
    /// How many of the first columns are words.
    pub texts: usize,
}

/// How a table is read on a page or a terminal.
pub fn face(table: &Table) -> Face {
    let decimals = table.has_decimals();
    let mut header = vec![table.rows_are.1.to_owned()];
    header.extend(table.said.iter().map(|(_, heading)| (*heading).to_owned()));
    let texts = header.len();
    let named = |row: &Row| [std::slice::from_ref(&row.label), &row.said[..]].concat();
    let mut rows: Vec<Vec<String>> = table.rows.iter().map(named).collect();
    for (at, column) in table.columns.iter().enumerate() {
        if column.name.ends_with("_high") {
            continue;
        }
        let is_range = column.name.ends_with("_low");
        header.push(if is_range { "range" } else { column.heading }.to_owned());
        for (text, row) in rows.iter_mut().zip(&table.rows) {
            let figure = |at: usize| row.figures.get(at).copied();
            let cell = |figure| in_unit(figure, column.unit, decimals);
            text.push(match (figure(at), figure(at + 1)) {
                (Some(low), Some(high)) if is_range && low.is_number() => {
                    format!("{} to {}", cell(low), cell(high))
                }
                (Some(figure), _) => cell(figure),
                (None, _) => String::new(),
            });
        }
    }
    Face { header, rows, texts }
}

/// `1234567` as `1,234,567`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `2025` as `2024/25`.
pub(super) fn academic_year(ay: i64) -> String {
    format!("{}/{:02}", ay - 1, ay.rem_euclid(100))
}

/// `2026-03-31` as `31 March 2026`; anything else as it is.
pub(super) fn day(iso: &str) -> String {
    let parts: Vec<&str> = iso.split('-').collect();
    let [year, month, day] = parts[..] else { return iso.to_owned() };
    let month = month.parse().ok().and_then(|month: usize| MONTHS.get(month.wrapping_sub(1)));
    match (month, day.parse::<u8>()) {
        (Some(month), Ok(day)) => format!("{day} {month} {year}"),
        _ => iso.to_owned(),
    }
}

/// The months by name.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_years_are_written_as_people_write_them() {
        assert_eq!(day("2026-03-31"), "31 March 2026");
        assert_eq!(day("2026-13-31"), "2026-13-31");
        assert_eq!(academic_year(2000), "1999/00");
        assert_eq!(cell(Figure::Count(-1_057), true), "-1,057");
        assert_eq!(cell(Figure::PerCentTenths(250), true), "25.0%");
        let gap = Figure::PerCentTenths(-35);
        assert_eq!(in_unit(gap, Unit::Points, true), "-3.5", "points of a per cent are no per cent");
        assert_eq!(in_unit(gap, Unit::PerCent, true), "-3.5%");
    }
}
