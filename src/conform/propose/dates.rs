//! In which order a column's dates are written, and by which row that is settled.
use crate::source::RawCell;
use chrono::{Datelike, NaiveDate};

/// The order of a text's day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateOrder {
    /// Only the day can stand first.
    DayFirst,
    /// Only the month can.
    MonthFirst,
    /// Either could, and it makes a difference.
    Either,
    /// The order makes no difference: the year first, the month in letters, or day and month alike.
    Plain,
    /// A number that could be a spreadsheet's count of days.
    Serial,
}

/// What a column's dates look like.
#[derive(Default)]
pub(super) struct Dates {
    native: usize,
    serial: usize,
    plain: usize,
    day_first: usize,
    month_first: usize,
    either: usize,
    /// The first row that settles the order.
    settled_by: Option<u32>,
    years: Vec<i32>,
    latest: Option<NaiveDate>,
}

/// How the order of a column is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// There is nothing to settle.
    Plain,
    /// Day first: this row could be nothing else.
    DayFirst(u32),
    /// Month first: this row could be nothing else.
    MonthFirst(u32),
    /// Some rows could only be the one, others only the other.
    Mixed,
    /// Every row could be either.
    Open,
}

impl Dates {
    pub(super) fn note(&mut self, number: u32, cell: &RawCell, text: &str) {
        match cell {
            RawCell::Date(day) => {
                self.native += 1;
                self.day(*day);
                return;
            }
            RawCell::Number(_) if order_of(text) != Some(DateOrder::Serial) => return,
            RawCell::Bool(_) => return,
            _ => {}
        }
        let Some(order) = order_of(text) else { return };
        match order {
            DateOrder::DayFirst => self.day_first += 1,
            DateOrder::MonthFirst => self.month_first += 1,
            DateOrder::Either => self.either += 1,
            DateOrder::Plain => self.plain += 1,
            DateOrder::Serial => self.serial += 1,
        }
        if matches!(order, DateOrder::DayFirst | DateOrder::MonthFirst) && self.settled_by.is_none() {
            self.settled_by = Some(number);
        }
        if let Some(day) = parts(text).and_then(Parts::day) {
            self.day(day);
        }
    }

    fn day(&mut self, day: NaiveDate) {
        self.years.push(day.year());
        self.latest = self.latest.max(Some(day));
    }

    /// Cells that are days. A lone serial number is a day only among others that are.
    pub(super) fn readable(&self) -> usize {
        let sure = self.native + self.plain + self.day_first + self.month_first + self.either;
        if sure > 0 || self.serial > 2 { sure + self.serial } else { sure }
    }

    /// How many cells could be read either way.
    pub(super) const fn open(&self) -> usize {
        self.either
    }

    pub(super) const fn has_serials(&self) -> bool {
        self.serial > 0
    }

    pub(super) const fn latest(&self) -> Option<NaiveDate> {
        self.latest
    }

    /// The middle one of the days, by its year.
    pub(super) fn middle(&self) -> Option<NaiveDate> {
        let mut years = self.years.clone();
        years.sort_unstable();
        years.get(years.len() / 2).and_then(|year| NaiveDate::from_ymd_opt(*year, 6, 30))
    }

    /// How the order is known.
    pub(super) fn settled(&self) -> Settled {
        let row = self.settled_by.unwrap_or(0);
        match (self.day_first, self.month_first, self.either) {
            (0, 0, 0) => Settled::Plain,
            (0, 0, _) => Settled::Open,
            (_, 0, _) => Settled::DayFirst(row),
            (0, ..) => Settled::MonthFirst(row),
            _ => Settled::Mixed,
        }
    }
}

/// The order of a text that is a day; none where it is none.
pub(super) fn order_of(text: &str) -> Option<DateOrder> {
    if let Ok(serial) = text.parse::<f64>() {
        return ((20_000.0..80_000.0).contains(&serial) && serial.fract() == 0.0)
            .then_some(DateOrder::Serial);
    }
    let parts = parts(text)?;
    Some(match parts {
        Parts::Numbers(first, second, _) if first > 12 && second <= 12 => DateOrder::DayFirst,
        Parts::Numbers(first, second, _) if second > 12 && first <= 12 => DateOrder::MonthFirst,
        Parts::Numbers(first, second, _) if first > 12 && second > 12 => return None,
        Parts::Numbers(first, second, _) if first != second => DateOrder::Either,
        _ => DateOrder::Plain,
    })
}

enum Parts {
    /// Two numbers that are day and month, and a year.
    Numbers(u32, u32, i32),
    /// A year, a month and a day.
    YearFirst(i32, u32, u32),
    /// A day, a month in letters, a year.
    Words(u32, u32, i32),
}

fn split(text: &str) -> Vec<&str> {
    let day = text.split(['T']).next().unwrap_or(text);
    let day = if text.contains('T') && text.contains(':') { day } else { text };
    day.split(['/', '.', '-', ' ']).filter(|part| !part.is_empty() && !part.contains(':')).collect()
}

fn parts(text: &str) -> Option<Parts> {
    let [one, two, three] = split(text)[..] else { return None };
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.len() <= 4);
    if let Some(month) = month(two) {
        return Some(Parts::Words(number(one).filter(|day| (1..=31).contains(day))?, month, year(three)?));
    }
    let (first, second) = (number(one)?, number(two)?);
    if one.len() == 4 {
        let (year, day) = (year(one)?, number(three)?);
        return ((1..=12).contains(&second) && (1..=31).contains(&day))
            .then_some(Parts::YearFirst(year, second, day));
    }
    let fits = (1..=31).contains(&first) && (1..=31).contains(&second) && one.len() <= 2 && two.len() <= 2;
    fits.then_some(Parts::Numbers(first, second, year(three)?))
}

fn year(text: &str) -> Option<i32> {
    let n: i32 = text.parse().ok()?;
    match text.len() {
        4 => (1900..2100).contains(&n).then_some(n),
        2 => Some(if n < 70 { 2000 + n } else { 1900 + n }),
        _ => None,
    }
}

fn month(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_lowercase();
    let lower = if lower == "sept" { "sep" } else { &lower };
    let three = lower.get(..3)?;
    MONTHS.iter().position(|month| *month == three).map(|at| at as u32 + 1)
}

impl Parts {
    /// The day, the day before the month where it is open.
    fn day(self) -> Option<NaiveDate> {
        let (year, month, day) = match self {
            Self::Numbers(first, second, year) if second > 12 => (year, first, second),
            Self::Numbers(first, second, year) => (year, second, first),
            Self::YearFirst(year, month, day) => (year, month, day),
            Self::Words(day, month, year) => (year, month, day),
        };
        NaiveDate::from_ymd_opt(year, month, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(texts: &[&str]) -> Dates {
        let mut dates = Dates::default();
        for (text, number) in texts.iter().zip(2..) {
            dates.note(number, &RawCell::Text((*text).to_owned()), text);
        }
        dates
    }

    #[test]
    fn one_row_settles_the_column() {
        let found = dates(&["03/04/2023", "05/06/2023", "25/12/2023"]);
        assert_eq!(found.settled(), Settled::DayFirst(4));
        let found = dates(&["03/04/2023", "12/25/2023"]);
        assert_eq!(found.settled(), Settled::MonthFirst(3));
    }

    #[test]
    fn what_no_row_settles_stays_open() {
        assert_eq!(dates(&["03/04/2023", "05/06/2023"]).settled(), Settled::Open);
        assert_eq!(dates(&["13/04/2023", "05/16/2023"]).settled(), Settled::Mixed);
        assert_eq!(dates(&["2023-04-03", "3 Apr 2023", "07.07.2023"]).settled(), Settled::Plain);
    }

    #[test]
    fn numbers_and_names_are_no_dates() {
        for text in ["12", "H801200001001", "May", "1.5", "31/31/2020", "Reading 1"] {
            assert!(order_of(text).is_none(), "{text}");
        }
    }
}
