//! What in a free text looks like an identifier of a person. A name cannot be told from any other word; a number can.
use chrono::{Datelike, NaiveDate};

/// Ages at which a learner is spoken of here: a date that makes somebody so old may be a birth date.
const AGES: std::ops::RangeInclusive<i32> = 3..=30;

/// Says what a text seems to hold: a pupil or learner number, a postcode, a birth date. None where it seems to hold none.
pub fn identifier_in(text: &str, today: NaiveDate) -> Option<&'static str> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_uppercase)
        .collect();
    let pairs = || words.windows(2).map(<[String]>::concat);
    if words.iter().any(|word| is_upn(word)) {
        Some("a pupil number (UPN)")
    } else if longest_number(text) >= 10 {
        Some("a number of a person (ULN, NHS number)")
    } else if words.iter().cloned().chain(pairs()).any(|word| is_postcode(&word)) {
        Some("a postcode")
    } else if words.windows(3).any(|three| is_birth_date(three, today))
        || words.iter().any(|word| is_run_together(word, today))
    {
        Some("a birth date")
    } else {
        None
    }
}

fn shape(word: &str) -> String {
    let kind = |c: char| {
        if c.is_ascii_digit() {
            '9'
        } else if c.is_ascii_alphabetic() {
            'A'
        } else {
            '?'
        }
    };
    word.chars().map(kind).collect()
}

/// A letter, eleven digits and one more character, whether its check letter is right or mistyped.
fn is_upn(word: &str) -> bool {
    matches!(shape(word).as_str(), "A999999999999" | "A99999999999A")
}

fn is_postcode(word: &str) -> bool {
    matches!(shape(word).as_str(), "A99AA" | "A999AA" | "AA99AA" | "AA999AA" | "A9A9AA" | "AA9A9AA")
}

/// Digits in the longest number, as people write it: in groups with blanks or dashes between them.
fn longest_number(text: &str) -> usize {
    let (mut longest, mut digits, mut gap) = (0, 0_usize, 0);
    for c in text.chars() {
        match c {
            _ if c.is_ascii_digit() => (digits, gap) = (digits + 1, 0),
            ' ' | '-' if digits > 0 && gap == 0 => gap = 1,
            _ => (digits, gap) = (0, 0),
        }
        longest = longest.max(digits);
    }
    longest
}

/// Day, month and year in either order, the month in digits or in words.
fn is_birth_date(words: &[String], today: NaiveDate) -> bool {
    let number = |at: usize| words[at].trim_end_matches(['S', 'T', 'N', 'D', 'R', 'H']).parse::<i32>().ok();
    let month = |at: usize| number(at).or_else(|| month_named(&words[at])).filter(|n| (1..=12).contains(n));
    let day = |at: usize| number(at).filter(|n| (1..=31).contains(n));
    let dated = |year: Option<i32>, rest: bool| rest && year.is_some_and(|year| is_birth_year(year, today));
    dated(number(2), day(0).is_some() && month(1).is_some())
        || dated(number(2), month(0).is_some() && day(1).is_some())
        || dated(number(0).filter(|year| *year > 31), month(1).is_some() && day(2).is_some())
}

/// `20100331`, `31032010`, `310310`.
fn is_run_together(word: &str, today: NaiveDate) -> bool {
    let part = |range: std::ops::Range<usize>| word.get(range).and_then(|text| text.parse::<i32>().ok());
    let fits = |year: Option<i32>, month: Option<i32>, day: Option<i32>| {
        year.is_some_and(|year| is_birth_year(year, today))
            && month.is_some_and(|month| (1..=12).contains(&month))
            && day.is_some_and(|day| (1..=31).contains(&day))
    };
    shape(word) == "99999999"
        && (fits(part(0..4), part(4..6), part(6..8)) || fits(part(4..8), part(2..4), part(0..2)))
}

fn month_named(word: &str) -> Option<i32> {
    const NAMES: [&str; 12] =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let at = NAMES.iter().position(|name| word.starts_with(name))?;
    Some(at as i32 + 1)
}

fn is_birth_year(year: i32, today: NaiveDate) -> bool {
    let year = if (0..100).contains(&year) { year + 2000 } else { year };
    AGES.contains(&(today.year() - year))
}

#[cfg(test)]
mod tests {
    use super::identifier_in;
    use chrono::NaiveDate;

    #[test]
    fn what_names_a_person_in_digits_is_seen_and_what_explains_is_not() {
        let today = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        for (text, what) in [
            ("moved: A123456789012", "UPN"),
            ("see h80120000100a, it is right", "UPN"),
            ("uln 1234567890", "ULN"),
            ("NHS 943 476 5919 was doubled", "ULN"),
            ("the child at ZT1 1AA left", "postcode"),
            ("postcode zt11aa", "postcode"),
            ("born 14/02/2011", "birth date"),
            ("born 2011-02-14", "birth date"),
            ("dob 14.2.11", "birth date"),
            ("14th February 2011", "birth date"),
            ("Feb 14 2011", "birth date"),
            ("20110214", "birth date"),
        ] {
            let found = identifier_in(text, today);
            assert!(found.is_some_and(|found| found.contains(what)), "{text}: {found:?}");
        }
        for text in [
            "looked",
            "school confirmed by phone on 12 March 2026: 412 rows are right",
            "register of 2025-26 re-sent on 31/03/2026",
            "ticket IG-2041, agreement 2026/14",
            "thirty left in summer; run 17 was whole",
            "AP07 closed at the end of term 2",
            "Y11 leavers, 3 sites",
        ] {
            assert_eq!(identifier_in(text, today), None, "{text}");
        }
    }
}
