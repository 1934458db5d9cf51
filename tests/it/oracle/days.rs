//! Days of the calendar that the rules name.
use chrono::{Datelike, Days, NaiveDate, Weekday};

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

pub fn next(date: NaiveDate) -> NaiveDate {
    date + Days::new(1)
}

/// The academic year a day lies in, by the year it ends in.
pub fn academic_year(date: NaiveDate) -> i32 {
    if date.month() >= 9 { date.year() + 1 } else { date.year() }
}

/// 1 September.
pub fn first_day_of(ay: i32) -> NaiveDate {
    day(ay - 1, 9, 1)
}

/// 31 August.
pub fn last_day_of(ay: i32) -> NaiveDate {
    day(ay, 8, 31)
}

/// The third Thursday of January.
pub fn january_census(ay: i32) -> NaiveDate {
    NaiveDate::from_weekday_of_month_opt(ay, 1, Weekday::Thu, 3).unwrap()
}

/// The last Friday of June.
pub fn june_day(ay: i32) -> NaiveDate {
    (24..=30).map(|date| day(ay, 6, date)).find(|date| date.weekday() == Weekday::Fri).unwrap()
}

/// 31 January.
pub fn end_of_january(year: i32) -> NaiveDate {
    day(year, 1, 31)
}

/// The cohort of somebody born in a month: the academic year at whose start they are ten.
pub fn cohort_of(birth_month: NaiveDate) -> i32 {
    birth_month.year() + if birth_month.month() <= 8 { 11 } else { 12 }
}

#[test]
fn the_named_days_of_2025() {
    assert_eq!(january_census(2025), day(2025, 1, 16));
    assert_eq!(june_day(2025), day(2025, 6, 27));
    assert_eq!(june_day(2024), day(2024, 6, 28));
    assert_eq!(cohort_of(day(2007, 8, 1)), 2018);
    assert_eq!(cohort_of(day(2007, 9, 1)), 2019);
    assert_eq!(academic_year(day(2025, 9, 1)), 2026);
}
