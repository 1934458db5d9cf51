//! A sheet as somebody would have made it: cells, merged cells, hidden or not, before it becomes a file of some format.
use chrono::NaiveDate;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    /// A native date.
    Day(NaiveDate),
    /// A share shown as per cent.
    Percent(f64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }
}

/// One sheet.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) hidden: bool,
    pub(super) rows: Vec<Vec<Cell>>,
    /// Row and first and last column of cells merged sideways, from 0; the text is in the first.
    pub(super) merged: Vec<(usize, usize, usize)>,
}

/// Days since 30 December 1899, as spreadsheets count.
pub(super) fn serial(day: NaiveDate) -> f64 {
    NaiveDate::from_ymd_opt(1899, 12, 30).map_or(0.0, |zero| (day - zero).num_days() as f64)
}
