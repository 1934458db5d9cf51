//! Who somebody is, and the arithmetic of the two national numbers.
use super::Code;
use chrono::NaiveDate;

/// Who somebody is. What the doors show of it is another matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Legal forename.
    pub forename: String,
    /// The forename they go by, where another.
    pub preferred_forename: Option<&'static str>,
    /// Middle name.
    pub middle_names: Option<&'static str>,
    /// Legal surname, today.
    pub surname: String,
    /// Surname before a change, and the day of the change.
    pub former_surname: Option<(String, NaiveDate)>,
    /// Date of birth.
    pub birth_date: NaiveDate,
    /// `sex`: F or M.
    pub sex: Code,
    /// `ethnicity`.
    pub ethnicity: Code,
    /// Name community, 0 to 5.
    pub community: u8,
    /// First language other than English.
    pub eal: bool,
    /// The right UPN.
    pub upn: String,
    /// A valid UPN held before, rarely.
    pub former_upn: Option<String>,
    /// ULN, shown from the academic year of age 14.
    pub uln: String,
    /// NHS number; empty, since no source of this world is told one, unless whoever plants one says otherwise.
    pub nhs_number: String,
    /// Household at the start: siblings and twins share it, with surname and first postcode.
    pub family: u32,
}

/// Letters of the UPN's check character, by value.
const ALPHABET: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// The check letter for the twelve characters of a UPN that follow it: authority, establishment, year, serial.
/// The last may be a letter, which makes the number temporary. Characters outside both alphabets count as 0.
pub fn check_letter(rest: &str) -> char {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => usize::from(byte - b'0'),
        _ => ALPHABET.iter().position(|letter| *letter == byte).unwrap_or(0),
    };
    let sum: usize = rest.bytes().enumerate().map(|(index, byte)| value(byte) * (index + 2)).sum();
    char::from(ALPHABET[sum % 23])
}

/// The check digit for the first nine digits of a ULN; none where no number with that start exists.
pub fn uln_check_digit(first_nine: u32) -> Option<u32> {
    let (sum, _) =
        (2..=10).fold((0, first_nine), |(sum, rest), weight| (sum + rest % 10 * weight, rest / 10));
    match sum % 11 {
        0 => None,
        remainder => Some(10 - remainder),
    }
}

/// The check digit for the first nine digits of an NHS number; none where no number with that start exists. 999 begins the
/// numbers that are kept for tests.
pub fn nhs_check_digit(first_nine: u32) -> Option<u32> {
    let (sum, _) =
        (2..=10).fold((0, first_nine), |(sum, rest), weight| (sum + rest % 10 * weight, rest / 10));
    match (11 - sum % 11) % 11 {
        10 => None,
        digit => Some(digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_agree_with_published_numbers() {
        for upn in ["H801200001001", "B201361421001", "Q846401119037", "F30140011500A", "K89194012107C"] {
            assert_eq!(check_letter(&upn[1..]), upn.chars().next().unwrap(), "{upn}");
        }
        for uln in [1_000_000_019_u64, 1_234_567_899, 6_201_948_375, 5_555_555_554, 4_278_319_060] {
            assert_eq!(uln_check_digit((uln / 10) as u32), Some((uln % 10) as u32), "{uln}");
        }
        assert_eq!(uln_check_digit(271_828_182), None);
        assert_eq!((nhs_check_digit(943_476_591), nhs_check_digit(999_000_001)), (Some(9), Some(8)));
        assert_eq!(nhs_check_digit(999_000_000), None);
    }
}
