//! The identifiers of a person: their check letters and digits, and one spelling of each for linking.
use super::ready::Raw;
use crate::{
    fault::Problem,
    privacy::{Identity, IdentityKind, IdentityPlan, Origin},
};
use chrono::{Datelike, NaiveDate};

/// The alphabet of check letters: without I, O and S.
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// What a unique pupil number is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpnCheck {
    /// Its check letter is right and its last character a digit.
    Permanent,
    /// Its check letter is right and its last character a letter.
    Temporary,
    /// Wrong shape or wrong letter.
    Invalid,
}

/// Checks a unique pupil number: the sum of value times position over positions 2 to 13, modulo 23, is the letter.
pub fn check_upn(upn: &str) -> UpnCheck {
    let bytes = upn.as_bytes();
    if bytes.len() != 13 {
        return UpnCheck::Invalid;
    }
    let mut sum = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        let value = match byte {
            b'0'..=b'9' => usize::from(byte - b'0'),
            _ if at == 12 => match LETTERS.iter().position(|letter| letter == byte) {
                Some(value) => value,
                None => return UpnCheck::Invalid,
            },
            _ => return UpnCheck::Invalid,
        };
        sum += value * (at + 1);
    }
    if LETTERS[sum % 23] != bytes[0] {
        UpnCheck::Invalid
    } else if bytes[12].is_ascii_digit() {
        UpnCheck::Permanent
    } else {
        UpnCheck::Temporary
    }
}

/// What a unique learner number is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UlnCheck {
    /// Its check digit is right.
    Valid,
    /// The agreed number for "not yet known".
    Placeholder,
    /// Wrong shape or wrong digit.
    Invalid,
}

/// Checks a unique learner number: ten digits, the first not zero, weights 10 to 1, remainder 10 modulo 11.
pub fn check_uln(uln: &str) -> UlnCheck {
    let bytes = uln.as_bytes();
    if bytes.len() != 10 || bytes[0] == b'0' || !bytes.iter().all(u8::is_ascii_digit) {
        return UlnCheck::Invalid;
    }
    if uln == "9999999999" {
        return UlnCheck::Placeholder;
    }
    if weighted(bytes) % 11 == 10 { UlnCheck::Valid } else { UlnCheck::Invalid }
}

/// What an NHS number is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NhsCheck {
    /// Its check digit is right.
    Valid,
    /// One digit ten times, which checks itself and is nobody's.
    Placeholder,
    /// Wrong shape or wrong digit.
    Invalid,
}

/// Checks an NHS number: ten digits, weights 10 to 1, remainder 0 modulo 11. The same weights leave 10 for a learner
/// number, so that no number is both.
pub fn check_nhs(number: &str) -> NhsCheck {
    let bytes = number.as_bytes();
    if bytes.len() != 10 || !bytes.iter().all(u8::is_ascii_digit) {
        return NhsCheck::Invalid;
    }
    if bytes.iter().all(|byte| *byte == bytes[0]) {
        return NhsCheck::Placeholder;
    }
    if weighted(bytes).is_multiple_of(11) { NhsCheck::Valid } else { NhsCheck::Invalid }
}

/// The digits by the weights 10 to 1.
fn weighted(digits: &[u8]) -> u32 {
    digits.iter().zip((1..=10).rev()).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum()
}

/// One spelling of an identity cell. None where it says nothing; a fault where it is wrong.
pub(super) fn normalise(
    kind: IdentityKind,
    raw: &Raw<'_>,
    dates: &[String],
) -> Result<Option<String>, Problem> {
    if kind == IdentityKind::BirthDate {
        let date = super::value::date(raw, dates)?;
        return Ok((!is_placeholder(date)).then(|| iso(date)));
    }
    if kind.is_of_one() && super::value::is_rounded(raw) {
        return Err(Problem::RoundedNumber);
    }
    let text = raw.text();
    match kind {
        IdentityKind::Upn => {
            let upn = compact(&text);
            match check_upn(&upn) {
                UpnCheck::Invalid => Err(Problem::FailsCheck),
                UpnCheck::Permanent | UpnCheck::Temporary => Ok(Some(upn)),
            }
        }
        IdentityKind::Uln => {
            let uln = compact(&text);
            match check_uln(&uln) {
                UlnCheck::Valid => Ok(Some(uln)),
                UlnCheck::Placeholder => Ok(None),
                UlnCheck::Invalid => Err(Problem::FailsCheck),
            }
        }
        IdentityKind::NhsNumber => {
            let number = compact(&text);
            match check_nhs(&number) {
                NhsCheck::Valid => Ok(Some(number)),
                NhsCheck::Placeholder => Ok(None),
                NhsCheck::Invalid => Err(Problem::FailsCheck),
            }
        }
        IdentityKind::Name => Ok(Some(name(&text)).filter(|name| !name.is_empty())),
        IdentityKind::Sex => match text.trim().chars().next().map(|first| first.to_ascii_uppercase()) {
            Some('F') => Ok(Some("F".to_owned())),
            Some('M') => Ok(Some("M".to_owned())),
            _ => Ok(None),
        },
        IdentityKind::Postcode => Ok(Some(compact(&text)).filter(|code| code.len() >= 5)),
        IdentityKind::Local => Ok(Some(text.trim().to_owned()).filter(|key| !key.is_empty())),
        IdentityKind::BirthDate => Ok(None),
    }
}

/// 1 January 1900 and the like stand for "not known".
fn is_placeholder(date: NaiveDate) -> bool {
    date.year() < 1980
}

fn compact(text: &str) -> String {
    let mut compact = String::with_capacity(text.len());
    compact.extend(
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte.to_ascii_uppercase())),
    );
    compact
}

/// `2010-03-31`.
fn iso(date: NaiveDate) -> String {
    let Ok(year) = u32::try_from(date.year()) else { return date.to_string() };
    if year > 9_999 {
        return date.to_string();
    }
    let (month, day) = (date.month(), date.day());
    let digits = [year / 1000, year / 100, year / 10, year, 99, month / 10, month, 99, day / 10, day];
    let mut text = String::with_capacity(10);
    text.extend(
        digits.iter().map(|digit| if *digit == 99 { '-' } else { char::from(b'0' + (digit % 10) as u8) }),
    );
    text
}

/// Capitals, single spaces, no marks: `Mary-Jane  O'Neill` becomes `MARY JANE ONEILL`.
fn name(text: &str) -> String {
    if !text.is_ascii() {
        return name_of_any(text);
    }
    let mut name = String::with_capacity(text.len());
    let mut apart = false;
    for byte in text.bytes().filter(|byte| !matches!(byte, b'\'' | b'`' | b'.')) {
        if byte.is_ascii_alphanumeric() {
            if apart && !name.is_empty() {
                name.push(' ');
            }
            apart = false;
            name.push(char::from(byte.to_ascii_uppercase()));
        } else {
            apart = true;
        }
    }
    name
}

fn name_of_any(text: &str) -> String {
    let spaced: String = text
        .chars()
        .filter(|c| !matches!(c, '\'' | '’' | '`' | '.'))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .flat_map(char::to_uppercase)
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The person of a sheet that gives no key: all identity cells of the row, in one agreed order (rule 1).
///
/// A number, or both names and the birth date, are one person. A row with less is a person of its own: siblings share
/// a surname, twins a birth date too, and joining two people here could never be undone, while linking can still join
/// what was kept apart.
pub(super) fn person_key(plan: &IdentityPlan, identity: &Identity, origin: Origin) -> Option<String> {
    let field = |name: &str| plan.position(name).and_then(|at| identity.get(at)).unwrap_or("");
    let (upn, uln, nhs) = (field("upn"), field("uln"), field("nhs_number"));
    let (forename, surname, birth) = (field("forename"), field("surname"), field("birth_date"));
    if [upn, uln, nhs, forename, surname].iter().all(|text| text.is_empty()) {
        return None;
    }
    let mut key = format!("1\u{1f}{upn}\u{1f}{uln}\u{1f}{forename}\u{1f}{surname}\u{1f}{birth}");
    // Only where there is one: who was known before such numbers were read keeps their key.
    if !nhs.is_empty() {
        key.push_str("\u{1f}nhs:");
        key.push_str(nhs);
    }
    let numbered = [upn, uln, nhs].iter().any(|number| !number.is_empty());
    let one_person = numbered || [forename, surname, birth].iter().all(|text| !text.is_empty());
    if !one_person {
        use std::fmt::Write as _;
        let _ = write!(key, "\u{1f}{}:{}", origin.part, origin.row);
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upn_check_letters() {
        for upn in ["H801200001001", "B201361421001", "Q846401119037", "B380209316120", "C823270018046"] {
            assert_eq!(check_upn(upn), UpnCheck::Permanent, "{upn}");
        }
        for upn in ["F30140011500A", "K89194012107C", "D38020931601K", "W33640231900X"] {
            assert_eq!(check_upn(upn), UpnCheck::Temporary, "{upn}");
        }
        for upn in
            ["P473368326012", "X822200014001", "A999999500000", "A123456789001", "A12345678900I", "short"]
        {
            assert_eq!(check_upn(upn), UpnCheck::Invalid, "{upn}");
        }
    }

    #[test]
    fn uln_check_digits() {
        for uln in ["1000000019", "1234567899", "6201948375", "4278319060", "9276308686"] {
            assert_eq!(check_uln(uln), UlnCheck::Valid, "{uln}");
        }
        assert_eq!(check_uln("9999999999"), UlnCheck::Placeholder);
        for uln in ["2718281828", "0000000042", "1234567890", "12345"] {
            assert_eq!(check_uln(uln), UlnCheck::Invalid, "{uln}");
        }
    }

    #[test]
    fn nhs_check_digits() {
        // Of the range that is kept for tests and never issued.
        for number in ["9990000018", "9990000026", "9990000093", "9434765919"] {
            assert_eq!(check_nhs(number), NhsCheck::Valid, "{number}");
        }
        for number in ["0000000000", "9999999999", "1111111111"] {
            assert_eq!(check_nhs(number), NhsCheck::Placeholder, "{number}");
        }
        for number in ["9990000019", "9434765918", "999000018", "99900000188", "999000001X"] {
            assert_eq!(check_nhs(number), NhsCheck::Invalid, "{number}");
        }
    }

    #[test]
    fn a_sheet_with_nhs_numbers_names_the_same_people_where_it_has_none() {
        let plan = crate::definitions::Definitions::load(None).unwrap().identity;
        let origin = Origin { document: [1; 16], part: 1, row: 4 };
        let key = |cells: &[(&str, &str)]| {
            let mut identity = Identity(vec![None; plan.fields.len()]);
            for (field, text) in cells {
                identity.0[plan.position(field).unwrap()] = Some((*text).to_owned());
            }
            person_key(&plan, &identity, origin)
        };
        let kai = [("forename", "KAI"), ("surname", "ARCHER"), ("birth_date", "2010-03-10")];
        let known = key(&kai).unwrap();
        assert_eq!(known, "1\u{1f}\u{1f}\u{1f}KAI\u{1f}ARCHER\u{1f}2010-03-10");
        let numbered = key(&[kai[0], kai[1], kai[2], ("nhs_number", "9990000018")]).unwrap();
        assert_eq!(numbered, format!("{known}\u{1f}nhs:9990000018"));
        let number_alone = key(&[("nhs_number", "9990000018")]).unwrap();
        assert!(number_alone.ends_with("nhs:9990000018"), "a number is one person, whatever the row");
    }

    proptest::proptest! {
        #[test]
        fn no_number_is_a_learner_number_and_an_nhs_number(number in 0..10_000_000_000_u64) {
            let text = format!("{number:010}");
            proptest::prop_assert!(check_uln(&text) != UlnCheck::Valid || check_nhs(&text) == NhsCheck::Invalid);
        }

        #[test]
        fn a_name_in_plain_letters_is_spelt_like_any(text in "[ -~\t]{0,24}") {
            proptest::prop_assert_eq!(name(&text), name_of_any(&text));
        }

        #[test]
        fn a_day_is_written_as_ever(days in 700_000..760_000_i32) {
            let day = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            proptest::prop_assert_eq!(iso(day), day.to_string());
        }
    }

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(name("  Mary-Jane  O’Neill "), "MARY JANE ONEILL");
    }
}
