//! Dates as people write them, and the order of day and month that a column's own rows tell.
use crate::fault::Problem;
use chrono::{Datelike, NaiveDate};

/// Any of the usual ways with the day before the month.
pub(super) const DAY_FIRST: &str = "day-first";
/// Any of the usual ways with the month before the day.
pub(super) const MONTH_FIRST: &str = "month-first";
/// The order that the column's other rows tell.
pub(super) const EITHER: &str = "either";

/// Which of two numbers before a year is the day.
#[derive(Clone, Copy)]
enum Order {
    DayFirst,
    MonthFirst,
}

/// What the rows of a column tell about its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    day_first: bool,
    month_first: bool,
}

impl Witness {
    /// Takes a cell's text into account: one that reads one way only tells which.
    pub(super) fn see(&mut self, text: &str) {
        let both = (usual(text, Order::DayFirst), usual(text, Order::MonthFirst));
        match both {
            (Some(_), None) if is_numbers(text) => self.day_first = true,
            (None, Some(_)) if is_numbers(text) => self.month_first = true,
            _ => {}
        }
    }

    /// The style that it is, where the rows that tell one agree.
    pub(super) const fn style(self) -> Option<&'static str> {
        match (self.day_first, self.month_first) {
            (true, false) => Some(DAY_FIRST),
            (false, true) => Some(MONTH_FIRST),
            _ => None,
        }
    }
}

/// Day, month and year in numbers, the year not first: the only form that can read two ways.
fn is_numbers(text: &str) -> bool {
    let words = words(text);
    words.len() >= 3
        && words.iter().take(3).all(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
        && words[0].len() <= 2
}

/// A text in the style `day-first`, `month-first` or `either`. None where the style is another.
pub(super) fn in_words(text: &str, style: &str) -> Option<Result<NaiveDate, Problem>> {
    let read = |order| usual(text, order).ok_or(Problem::NotADate);
    match style {
        DAY_FIRST => Some(read(Order::DayFirst)),
        MONTH_FIRST => Some(read(Order::MonthFirst)),
        EITHER => Some(match (usual(text, Order::DayFirst), usual(text, Order::MonthFirst)) {
            (Some(one), Some(other)) if one != other => Err(Problem::AmbiguousDate),
            (Some(day), _) | (None, Some(day)) => Ok(day),
            (None, None) => Err(Problem::NotADate),
        }),
        _ => None,
    }
}

/// A date in any of the usual ways: numbers or a month's name, any separator, a time or weekday beside it.
fn usual(text: &str, order: Order) -> Option<NaiveDate> {
    // Nearly all cells are of these two shapes, which fall into three words of digits.
    if let Some((year, month, day)) = iso_shape(text) {
        return day_of(year, month, day);
    }
    if let Some((first, second, year)) = numbers_shape(text) {
        return match order {
            Order::DayFirst => day_of(year, second, first),
            Order::MonthFirst => day_of(year, first, second),
        };
    }
    in_any_way(text, order)
}

/// `2020-04-03` with any separators.
pub(super) fn iso_shape(text: &str) -> Option<(u32, u32, u32)> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    (separates(bytes[4]) && separates(bytes[7])).then_some(())?;
    Some((digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..])?))
}

/// `03/04/2020` with any separators.
pub(super) fn numbers_shape(text: &str) -> Option<(u32, u32, u32)> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    (separates(bytes[2]) && separates(bytes[5])).then_some(())?;
    Some((digits(&bytes[..2])?, digits(&bytes[3..5])?, digits(&bytes[6..])?))
}

const fn separates(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric()
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}

fn in_any_way(text: &str, order: Order) -> Option<NaiveDate> {
    let mut words = words(text);
    if words.first().is_some_and(|word| is_weekday(word)) {
        words.remove(0);
    }
    let [first, second, third, ..] = words.as_slice() else { return compact(words.first()?) };
    let number = |word: &str| word.parse::<u32>().ok();
    if first.len() == 4 {
        let month = number(second).or_else(|| month(second))?;
        return day_of(number(first)?, month, number(ordinal(third))?);
    }
    let year = year(third)?;
    if let Some(month) = month(second) {
        return day_of(year, month, number(ordinal(first))?);
    }
    if let Some(month) = month(first) {
        return day_of(year, month, number(ordinal(second))?);
    }
    let (day, month) = match order {
        Order::DayFirst => (first, second),
        Order::MonthFirst => (second, first),
    };
    day_of(year, number(month)?, number(day)?)
}

fn day_of(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year as i32, month, day).filter(|day| (1900..2100).contains(&day.year()))
}

/// The words of a date, without what separates them. `2020-03-04T09:00` loses its time, `4Mar2020` falls apart.
fn words(text: &str) -> Vec<&str> {
    let day = text
        .split_once('T')
        .filter(|(day, _)| day.len() == 10 && day.as_bytes()[4] == b'-')
        .map_or(text, |(day, _)| day);
    let mut words = Vec::with_capacity(4);
    for word in day.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let rest = &word[digits..];
        if digits > 0 && month(&rest.chars().take_while(|c| c.is_alphabetic()).collect::<String>()).is_some()
        {
            let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            words.extend(
                [&word[..digits], &rest[..letters], &rest[letters..]]
                    .into_iter()
                    .filter(|part| !part.is_empty()),
            );
        } else if word != "of" {
            words.push(word);
        }
    }
    words
}

/// `20200304`.
fn compact(text: &str) -> Option<NaiveDate> {
    (text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok())
        .flatten()
        .filter(|day| (1900..2100).contains(&day.year()))
}

/// Four digits, or two of this century; from 69 on, of the last.
fn year(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    match text.len() {
        2 if number < 69 => Some(2000 + number),
        2 => Some(1900 + number),
        4 => Some(number),
        _ => None,
    }
}

/// `1st` is 1.
fn ordinal(text: &str) -> &str {
    ["st", "nd", "rd", "th"].into_iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text)
}

fn month(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_ascii_lowercase();
    let long_enough = text.len() >= 3;
    let at = MONTHS
        .iter()
        .position(|name| long_enough && (name.starts_with(&text) || text == "sept" && *name == "september"));
    at.map(|at| at as u32 + 1)
}

fn is_weekday(text: &str) -> bool {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let text = text.to_ascii_lowercase();
    text.len() >= 3 && DAYS.iter().any(|name| name.starts_with(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str, style: &str) -> Result<String, Problem> {
        in_words(text, style).unwrap().map(|day| day.to_string())
    }

    #[test]
    fn the_usual_ways_are_one_day() {
        for text in [
            "03/04/2020",
            "3.4.20",
            "3-4-2020",
            "3 April 2020",
            "3rd of Apr, 2020",
            "Friday 3 April 2020",
            "April 3, 2020",
            "2020-04-03",
            "2020-04-03T09:30:00",
            "2020/04/03 00:00",
            "03/04/2020 00:00:00",
            "20200403",
            "03-Apr-2020",
            "3apr20",
        ] {
            assert_eq!(day(text, DAY_FIRST), Ok("2020-04-03".to_owned()), "{text}");
        }
        assert_eq!(day("04/03/2020", MONTH_FIRST), Ok("2020-04-03".to_owned()));
        assert_eq!(day("1 Sept 2021", MONTH_FIRST), Ok("2021-09-01".to_owned()));
        for no_day in
            ["31/02/2020", "25/13/2020", "2020", "3 4", "next week", "03/04/202", "03/04/1020", "04/25/2020"]
        {
            assert_eq!(day(no_day, DAY_FIRST), Err(Problem::NotADate), "{no_day}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_reads_what_the_long_way_reads(
            text in "([0-9]{4}[-/. ][0-9]{2}[-/. ][0-9]{2}|[0-9]{2}[-/. ][0-9]{2}[-/. ][0-9]{4}|[0-9a-zT/. -]{8,11})",
        ) {
            for order in [Order::DayFirst, Order::MonthFirst] {
                proptest::prop_assert_eq!(usual(&text, order), in_any_way(&text, order), "{}", text);
            }
        }
    }

    #[test]
    fn a_date_that_reads_two_ways_is_never_guessed() {
        assert_eq!(day("03/04/2020", EITHER), Err(Problem::AmbiguousDate));
        assert_eq!(day("04/04/2020", EITHER), Ok("2020-04-04".to_owned()));
        assert_eq!(day("25/04/2020", EITHER), Ok("2020-04-25".to_owned()));
        assert_eq!(day("04/25/2020", EITHER), Ok("2020-04-25".to_owned()));
        assert_eq!(day("3 April 2020", EITHER), Ok("2020-04-03".to_owned()));
    }

    #[test]
    fn other_rows_tell_the_order_where_they_agree() {
        let told = |texts: &[&str]| {
            let mut witness = Witness::default();
            texts.iter().for_each(|text| witness.see(text));
            witness.style()
        };
        assert_eq!(told(&["03/04/2020", "25/04/2020"]), Some(DAY_FIRST));
        assert_eq!(told(&["03/04/2020", "04/25/2020"]), Some(MONTH_FIRST));
        assert_eq!(told(&["03/04/2020", "25/04/2020", "04/25/2020"]), None);
        assert_eq!(
            told(&["03/04/2020", "2020-04-25", "25 April 2020", "unknown"]),
            None,
            "these tell nothing"
        );
    }
}
