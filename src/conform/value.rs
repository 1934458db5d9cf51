use super::{
    dates,
    ready::{Raw, bare},
};
use crate::{
    definitions::{CodeList, connector::CellSpec},
    fault::Problem,
    privacy::{Cell, ColumnPlan, ColumnType},
};
use chrono::{Days, NaiveDate};

/// Reads a readied cell as its column's type.
pub(super) fn read(
    raw: &Raw<'_>,
    column: &ColumnPlan,
    spec: &CellSpec,
    codes: Option<&CodeList>,
) -> Result<Cell, Problem> {
    Ok(match &column.kind {
        ColumnType::Date => Cell::Date(crate::privacy::days(date(raw, &spec.dates)?)),
        ColumnType::Month => {
            use chrono::Datelike;
            let day = date(raw, &spec.dates)?;
            Cell::Date(crate::privacy::days(day.with_day(1).unwrap_or(day)))
        }
        ColumnType::Int => {
            let number = whole(raw)?;
            within(column, number)?;
            Cell::Int(i32::try_from(number).map_err(|_| Problem::OutOfRange)?)
        }
        ColumnType::Decimal => {
            let hundredths = decimal(raw, spec.percent)?;
            within(column, hundredths.div_euclid(100))?;
            Cell::Decimal(hundredths)
        }
        ColumnType::Bool => Cell::Bool(yes_or_no(raw)?),
        ColumnType::Code(list) => {
            let text = raw.text();
            let known = codes.and_then(|codes| codes.code(bare(&text)));
            Cell::Text(known.ok_or(Problem::UnknownCode(*list))?.into())
        }
        ColumnType::Establishment => establishment(&raw.text())?,
        ColumnType::Authority => {
            let text = raw.text();
            let text = bare(&text);
            if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit()) {
                Cell::Text(text.into())
            } else {
                return Err(Problem::NotAnAuthority);
            }
        }
        ColumnType::Lsoa | ColumnType::Ward => {
            let text = raw.text();
            let (nation, digits) = text.trim().split_at_checked(1).unwrap_or(("", ""));
            let shaped = matches!(nation, "E" | "W" | "S" | "N") && digits.len() == 8;
            if !shaped || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Problem::UnknownPostcode);
            }
            Cell::Text(text.trim().into())
        }
        ColumnType::Text => Cell::Text(bare(&raw.text()).into()),
    })
}

/// A day, from a native date, a text in one of the styles, or a serial number where `excel` is one of them.
pub(super) fn date(raw: &Raw<'_>, styles: &[String]) -> Result<NaiveDate, Problem> {
    match raw {
        Raw::Date(day) => Ok(*day),
        Raw::Number(serial) => serial_day(*serial, styles),
        other => {
            let text = other.text();
            let text = bare(&text);
            let mut problem = Problem::NotADate;
            for style in styles.iter().filter(|style| *style != "excel") {
                match dates::in_words(text, style) {
                    Some(Ok(day)) => return Ok(day),
                    // That it reads two ways says more than that another style does not fit.
                    Some(Err(Problem::AmbiguousDate)) => problem = Problem::AmbiguousDate,
                    Some(Err(_)) => {}
                    None => {
                        let found = match (style.as_str(), style.strip_prefix("year-")) {
                            ("census", _) => census_day(text),
                            (_, Some(day)) => day_of_year_named(text, day),
                            _ => styled_day(text, style),
                        };
                        if let Some(day) = found {
                            return Ok(day);
                        }
                    }
                }
            }
            text.parse::<f64>().map_err(|_| problem).and_then(|n| serial_day(n, styles))
        }
    }
}

/// Whether an identifier went through a number on its way: a spreadsheet program writes a long one as `1.23E+12`, and
/// keeps fifteen digits of it.
pub(super) fn is_rounded(raw: &Raw<'_>) -> bool {
    match raw {
        Raw::Number(n) => n.abs() >= 1e15,
        Raw::Text(text) => {
            let text = bare(text);
            let Some((head, power)) = text.split_once(['E', 'e']) else { return false };
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let (whole, part) = head.split_once('.').unwrap_or((head, "0"));
            power.strip_prefix('+').is_some_and(digits) && digits(part) && whole.len() == 1 && digits(whole)
        }
        _ => false,
    }
}

/// A day in one style. `%Y` reads `24` as a year of the first century; whoever wrote it meant this one.
fn styled_day(text: &str, style: &str) -> Option<NaiveDate> {
    let written = match style {
        "%Y-%m-%d" if text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-') => {
            dates::iso_shape(text)
        }
        "%d/%m/%Y" if text.as_bytes().get(2) == Some(&b'/') && text.as_bytes().get(5) == Some(&b'/') => {
            dates::numbers_shape(text).map(|(day, month, year)| (year, month, day))
        }
        _ => None,
    };
    // The two usual styles in full, without looking at the style letter by letter. Anything else about them, a year of
    // the first century among it, goes the long way.
    if let Some(day) = written
        .filter(|(year, ..)| (1900..2100).contains(year))
        .and_then(|(year, month, day)| NaiveDate::from_ymd_opt(year as i32, month, day))
    {
        return Some(day);
    }
    styled_day_of_any(text, style)
}

fn styled_day_of_any(text: &str, style: &str) -> Option<NaiveDate> {
    use chrono::Datelike;
    let day = NaiveDate::parse_from_str(text, style).ok()?;
    let day = if day.year() < 100 {
        NaiveDate::parse_from_str(text, &style.replace("%Y", "%y")).ok()?
    } else {
        day
    };
    (1900..2100).contains(&day.year()).then_some(day)
}

/// A fixed day (`05-01`) of the year that a text is.
fn day_of_year_named(text: &str, day: &str) -> Option<NaiveDate> {
    let year = (text.len() == 4).then_some(text)?;
    styled_day(&format!("{year}-{day}"), "%Y-%m-%d")
}

/// The day of a termly school census, from a text that names year and term (`2024 autumn`): the first Thursday of
/// October, the third of January or the third of May.
fn census_day(text: &str) -> Option<NaiveDate> {
    let year: i32 = text.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok()?;
    let term = text.to_lowercase();
    let (month, week) = match () {
        () if term.contains("autumn") => (10, 1),
        () if term.contains("spring") => (1, 3),
        () if term.contains("summer") => (5, 3),
        () => return None,
    };
    NaiveDate::from_weekday_of_month_opt(year, month, chrono::Weekday::Thu, week)
}

/// Day 1 is 1 January 1900 in spreadsheets, which count a 29 February 1900 that never was.
fn serial_day(serial: f64, styles: &[String]) -> Result<NaiveDate, Problem> {
    let plausible = (20_000.0..80_000.0).contains(&serial);
    if !plausible || !styles.iter().any(|style| style == "excel") {
        return Err(Problem::NotADate);
    }
    NaiveDate::from_ymd_opt(1899, 12, 30)
        .and_then(|zero| zero.checked_add_days(Days::new(serial as u64)))
        .ok_or(Problem::NotADate)
}

fn whole(raw: &Raw<'_>) -> Result<i64, Problem> {
    match raw {
        Raw::Whole(n) => Ok(*n),
        Raw::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => Ok(*n as i64),
        other => {
            let text = other.text();
            let text = bare(&text);
            let text = text.strip_suffix(".0").unwrap_or(text);
            text.parse().map_err(|_| Problem::NotAWholeNumber)
        }
    }
}

/// Hundredths. A percentage keeps its scale: 87, 87% and 0.87 are all 87.00 where the unit is percent.
fn decimal(raw: &Raw<'_>, percent: bool) -> Result<i64, Problem> {
    let (number, marked) = match raw {
        Raw::Number(n) => (*n, false),
        Raw::Whole(n) => (*n as f64, false),
        other => {
            let text = other.text();
            let text = bare(&text);
            let bare = text.strip_suffix('%').unwrap_or(text).trim().replace(',', "");
            (bare.parse::<f64>().map_err(|_| Problem::NotANumber)?, text.ends_with('%'))
        }
    };
    if !number.is_finite() || number.abs() > 1e9 {
        return Err(Problem::NotANumber);
    }
    let scaled = if percent && !marked && number.abs() <= 1.0 { number * 100.0 } else { number };
    Ok((scaled * 100.0).round() as i64)
}

fn within(column: &ColumnPlan, number: i64) -> Result<(), Problem> {
    match column.range {
        Some((least, greatest)) if number < least || number > greatest => Err(Problem::OutOfRange),
        _ => Ok(()),
    }
}

fn yes_or_no(raw: &Raw<'_>) -> Result<bool, Problem> {
    match raw {
        Raw::Bool(b) => Ok(*b),
        other => match other.text().trim().to_lowercase().as_str() {
            "y" | "yes" | "true" | "1" | "t" => Ok(true),
            "n" | "no" | "false" | "0" | "f" => Ok(false),
            _ => Err(Problem::NotYesOrNo),
        },
    }
}

/// A URN of six digits; an authority and establishment number of seven, with or without a stroke; a provider's number
/// (UKPRN) of eight that begins with 1; or a site reference of two to four capitals and one to four digits.
fn establishment(text: &str) -> Result<Cell, Problem> {
    if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Cell::Text(text.into()));
    }
    let text: String = text.trim().trim_end_matches(".0").to_uppercase();
    let number: String = text.chars().filter(|c| *c != '/').collect();
    let of_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    // Authorities are numbered from 201: a URN with a digit too many begins with 1 and is neither.
    if of_digits
        && ((number.len() == 7 && number.as_str() >= "2010000")
            || (text.len() == 8 && number.starts_with('1')))
    {
        return Ok(Cell::Text(number.into()));
    }
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = text.bytes().skip(letters).filter(u8::is_ascii_digit).count();
    let whole = letters + digits == text.len();
    let urn = letters == 0 && digits == 6;
    let site = (2..=4).contains(&letters) && (1..=4).contains(&digits);
    if whole && (urn || site) { Ok(Cell::Text(text.into())) } else { Err(Problem::NotAnEstablishment) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn styles() -> Vec<String> {
        ["%d/%m/%Y", "%Y-%m-%d", "excel"].map(str::to_owned).to_vec()
    }

    #[test]
    fn dates_in_every_style_are_one_day() {
        let day = NaiveDate::from_ymd_opt(2022, 3, 10).unwrap();
        for raw in [
            Raw::Text(Cow::Borrowed("10/03/2022")),
            Raw::Text(Cow::Borrowed("2022-03-10")),
            Raw::Text(Cow::Borrowed("44630")),
            Raw::Number(44630.0),
            Raw::Date(day),
        ] {
            assert_eq!(date(&raw, &styles()), Ok(day));
        }
        assert_eq!(
            date(&Raw::Text(Cow::Borrowed("10/03/22")), &styles()),
            Ok(day),
            "two digits are this century's"
        );
        for no_day in ["31/02/2022", "10/03/0922", "10/03/3022"] {
            assert_eq!(
                date(&Raw::Text(Cow::Borrowed(no_day)), &styles()),
                Err(Problem::NotADate),
                "{no_day}"
            );
        }
        assert_eq!(date(&Raw::Number(12.0), &styles()), Err(Problem::NotADate));
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_reads_what_the_style_reads(
            text in "([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}/[0-9]{2}/[0-9]{4}|[0-9 /+-]{6,12}|20[0-9]{2}-[01][0-9]-[0-3][0-9])",
        ) {
            for style in ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"] {
                proptest::prop_assert_eq!(styled_day(&text, style), styled_day_of_any(&text, style), "{}", text);
            }
        }
    }

    #[test]
    fn a_year_has_its_day() {
        let day = |text| date(&Raw::Text(Cow::Borrowed(text)), &["year-05-01".to_owned()]);
        assert_eq!(day("2024"), Ok(NaiveDate::from_ymd_opt(2024, 5, 1).unwrap()));
        assert_eq!(day("24"), Err(Problem::NotADate));
        assert_eq!(day("2024-06-02"), Err(Problem::NotADate));
    }

    #[test]
    fn an_identifier_that_was_rounded_is_known() {
        for rounded in ["1.23E+12", "9E+11", " 1.2345e+15 "] {
            assert!(is_rounded(&Raw::Text(Cow::Borrowed(rounded))), "{rounded}");
        }
        assert!(is_rounded(&Raw::Number(1.234_567_890_123_456_7e17)));
        for whole in ["H801200001001", "E1", "12E4", "1234567890", "1.5"] {
            assert!(!is_rounded(&Raw::Text(Cow::Borrowed(whole))), "{whole}");
        }
        assert!(!is_rounded(&Raw::Number(9_999_999_999.0)));
    }

    #[test]
    fn a_census_has_a_day_each_term() {
        let day =
            |text| date(&Raw::Text(Cow::Borrowed(text)), &["census".to_owned()]).map(|day| day.to_string());
        assert_eq!(day("2024_autumn"), Ok("2024-10-03".to_owned()));
        assert_eq!(day("2025_spring"), Ok("2025-01-16".to_owned()));
        assert_eq!(day("Summer 2025"), Ok("2025-05-15".to_owned()));
        assert_eq!(day("2025"), Err(Problem::NotADate));
    }

    #[test]
    fn establishments_are_urns_or_site_references() {
        assert_eq!(establishment("100123"), Ok(Cell::Text("100123".into())));
        assert_eq!(establishment("ap07"), Ok(Cell::Text("AP07".into())));
        assert_eq!(establishment("998/4001"), Ok(Cell::Text("9984001".into())));
        assert_eq!(establishment("9984001"), Ok(Cell::Text("9984001".into())));
        assert_eq!(establishment("10000099"), Ok(Cell::Text("10000099".into())));
        for wrong in
            ["10012", "1001234", "20000099", "A7", "Riverside", "AP", "AP12345", "é1", "1AP2", "998/400"]
        {
            assert_eq!(establishment(wrong), Err(Problem::NotAnEstablishment), "{wrong}");
        }
    }

    #[test]
    fn a_percentage_has_one_scale() {
        assert_eq!(decimal(&Raw::Number(0.87), true), Ok(8700));
        assert_eq!(decimal(&Raw::Text(Cow::Borrowed("87%")), true), Ok(8700));
        assert_eq!(decimal(&Raw::Text(Cow::Borrowed("87")), true), Ok(8700));
        assert_eq!(decimal(&Raw::Text(Cow::Borrowed("eighty")), false), Err(Problem::NotANumber));
    }
}
