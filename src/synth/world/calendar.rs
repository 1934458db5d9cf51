//! The window and the days of the year that returns are true on.
use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The made-up authority the estate belongs to: Tarnshire.
pub const HOME_LA: &str = "998";
/// Its made-up neighbours: Eastmere and Holmdale.
pub const NEIGHBOUR_LAS: [&str; 2] = ["997", "996"];
/// Academic year of the first cohort's Year 6.
pub const FIRST_COHORT: i32 = 2018;
/// Academic year of the last cohort's Year 6.
pub const LAST_COHORT: i32 = 2026;
/// Year and month of every NCCIS extract of the estate: December to March of 2024 to 2026.
pub const EXTRACT_MONTHS: [(i32, u32); 12] = [
    (2023, 12),
    (2024, 1),
    (2024, 2),
    (2024, 3),
    (2024, 12),
    (2025, 1),
    (2025, 2),
    (2025, 3),
    (2025, 12),
    (2026, 1),
    (2026, 2),
    (2026, 3),
];

/// A calendar day. A day that does not exist gives the last one before it in that month.
pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    (1..=day).rev().find_map(|d| NaiveDate::from_ymd_opt(year, month, d)).unwrap_or(NaiveDate::MIN)
}

/// The day everything is seen from: 31 March 2026.
pub fn as_of() -> NaiveDate {
    day(2026, 3, 31)
}

/// 1 September at the start of an academic year, which is named by the year it ends in.
pub fn year_starts(ay: i32) -> NaiveDate {
    day(ay - 1, 9, 1)
}

/// The academic year a day lies in.
pub fn academic_year(date: NaiveDate) -> i32 {
    if date.month() >= 9 { date.year() + 1 } else { date.year() }
}

/// The third Thursday of January: the spring census.
pub fn census_day(ay: i32) -> NaiveDate {
    let first = day(ay, 1, 1);
    let to_thursday = (7 + Weekday::Thu.num_days_from_monday() - first.weekday().num_days_from_monday()) % 7;
    first + Days::new(u64::from(to_thursday) + 14)
}

/// The last day of a month.
pub fn month_end(year: i32, month: u32) -> NaiveDate {
    day(year, month, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn census_falls_on_the_third_thursday_of_january() {
        assert_eq!(census_day(2024), day(2024, 1, 18));
        assert_eq!(census_day(2025), day(2025, 1, 16));
        assert_eq!(census_day(2026), day(2026, 1, 15));
        assert_eq!(month_end(2024, 2), day(2024, 2, 29));
        assert_eq!(academic_year(day(2024, 8, 31)), 2024);
        assert_eq!(academic_year(day(2024, 9, 1)), 2025);
    }
}
