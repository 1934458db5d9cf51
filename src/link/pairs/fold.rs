//! One spelling of each cell, so that two offices' ways of writing do not look like two people.

/// Words that are no part of a name, and texts that stand for "not known".
const TITLES: [&str; 9] = ["MR", "MRS", "MS", "MISS", "MASTER", "MX", "DR", "REV", "SIR"];
const REMARKS: [&str; 8] = ["TWIN", "TRIPLET", "BABY", "AKA", "NEE", "KNOWN", "FORMERLY", "ALIAS"];
const NOBODY: [&str; 17] = [
    "UNKNOWN",
    "UNKOWN",
    "NONE",
    "NULL",
    "NAN",
    "NA",
    "N A",
    "TBC",
    "TBA",
    "TEST",
    "BLANK",
    "NOT KNOWN",
    "NOT GIVEN",
    "NO NAME",
    "NOT STATED",
    "ANON",
    "WITHHELD",
];

/// A letter without its marks; None for what is no letter or digit.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'À' | 'Á' | 'Â' | 'Ã' | 'Ä' | 'Å' | 'Ā' | 'Ă' | 'Ą' | 'Ǎ' | 'Ạ' | 'Ả' | 'Ấ' | 'Ầ' => {
            "A"
        }
        'Æ' => "AE",
        'Ç' | 'Ć' | 'Č' | 'Ĉ' | 'Ċ' => "C",
        'Ď' | 'Đ' | 'Ð' => "D",
        'È' | 'É' | 'Ê' | 'Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' | 'Ə' | 'Ế' | 'Ề' | 'Ệ' => "E",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'Ĥ' | 'Ħ' => "H",
        'Ì' | 'Í' | 'Î' | 'Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' | 'I' => "I",
        'Ĵ' => "J",
        'Ķ' => "K",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ł' => "L",
        'Ñ' | 'Ń' | 'Ņ' | 'Ň' => "N",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ö' | 'Ø' | 'Ō' | 'Ŏ' | 'Ő' | 'Ơ' | 'Ố' | 'Ồ' => "O",
        'Œ' => "OE",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "S",
        'ẞ' => "SS",
        'Ţ' | 'Ť' | 'Ŧ' | 'Ț' => "T",
        'Þ' => "TH",
        'Ù' | 'Ú' | 'Û' | 'Ü' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' | 'Ư' => "U",
        'Ŵ' => "W",
        'Ý' | 'Ŷ' | 'Ÿ' => "Y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        _ => return None,
    })
}

/// Capitals without marks, one space between words: `Ó Néill-Smith` becomes `O NEILL SMITH`.
fn capitals(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut apart = false;
    for letter in text.chars() {
        // A mark that stands by itself belongs to the letter before it.
        if matches!(letter, '\'' | '’' | '‘' | '`' | '.' | '\u{300}'..='\u{36f}') {
            continue;
        }
        for capital in letter.to_uppercase() {
            let known = if capital.is_ascii() { None } else { plain(capital) };
            if known.is_none() && !capital.is_alphanumeric() {
                apart = true;
                continue;
            }
            if apart && !folded.is_empty() {
                folded.push(' ');
            }
            apart = false;
            match known {
                Some(letters) => folded.push_str(letters),
                None => folded.push(capital),
            }
        }
    }
    folded
}

/// A name as it is compared, empty where the cell names nobody.
pub(super) fn name(text: &str) -> String {
    // What stands in brackets is a remark.
    let text = text.split(['(', '[', '{', '/', ';']).next().unwrap_or("");
    let folded = capitals(text);
    if NOBODY.contains(&folded.as_str()) {
        return String::new();
    }
    let mut words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    if words.len() > 1 && TITLES.contains(&words[0]) {
        words.remove(0);
    }
    if let Some(remark) = words.iter().position(|word| REMARKS.contains(word)).filter(|at| *at > 0) {
        words.truncate(remark);
    }
    words.retain(|word| !word.bytes().all(|byte| byte.is_ascii_digit()));
    words.join(" ")
}

/// Any other cell as it is compared, empty where it says nothing.
pub(super) fn text(text: &str) -> String {
    // A number that went through a table of floating numbers is still that number.
    let folded = capitals(text.trim().strip_suffix(".0").unwrap_or(text.trim()));
    if NOBODY.contains(&folded.as_str()) { String::new() } else { folded }
}

/// Both names of a person. `SMITH, Tom` in one cell is a surname and a forename.
pub(super) fn names(forename: &str, surname: &str) -> (String, String) {
    let (only, other) =
        (if forename.trim().is_empty() { surname } else { forename }, forename.trim().is_empty());
    if (other || surname.trim().is_empty()) && only.contains(',') {
        let (before, after) = only.split_once(',').unwrap_or((only, ""));
        return (name(after), name(before));
    }
    (name(forename), name(surname))
}

/// The consonants that stay when a name is spelt by ear; a first vowel counts as a vowel.
pub(super) fn skeleton(name: &str) -> String {
    let letters: Vec<u8> = name.bytes().filter(u8::is_ascii_alphabetic).collect();
    let mut bones = String::with_capacity(letters.len());
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied().unwrap_or(b' ');
        let (bone, taken) = match (letters[at], next) {
            (b'P', b'H') => ('F', 2),
            (b'C', b'E' | b'I' | b'Y') if at > 0 => ('S', 1),
            (b'K' | b'G' | b'W', b'N' | b'R') if at == 0 => (char::from(next), 2),
            (b'C' | b'K' | b'Q' | b'X', _) => ('K', 1),
            (b'S' | b'Z', _) => ('S', 1),
            (b'V', _) | (b'W', _) if at == 0 => ('V', 1),
            (b'A' | b'E' | b'I' | b'O' | b'U', _) => (if at == 0 { 'A' } else { ' ' }, 1),
            (b'Y' | b'H' | b'W', _) if at > 0 => (' ', 1),
            (other, _) => (char::from(other), 1),
        };
        if bone != ' ' && !bones.ends_with(bone) {
            bones.push(bone);
        }
        at += taken;
    }
    bones
}

/// A postcode without spaces, or its outward part alone; placeholders and other texts are nothing.
pub(super) fn postcode(text: &str) -> String {
    let compact: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
    if !(2..=8).contains(&compact.len()) || !compact.bytes().any(|byte| byte.is_ascii_digit()) {
        return String::new();
    }
    let placeholder = compact.starts_with("ZZ99") || compact == "AA11AA" || compact == "XX11XX";
    if placeholder { String::new() } else { compact }
}

/// The outward part of a compact postcode: all but a last digit and two letters; the first half of a foreign one.
pub(super) fn outward(compact: &str) -> &str {
    let bytes = compact.as_bytes();
    let count = bytes.len();
    let whole = count >= 5
        && bytes[count - 3].is_ascii_digit()
        && bytes[count - 2].is_ascii_alphabetic()
        && bytes[count - 1].is_ascii_alphabetic();
    if whole {
        &compact[..count - 3]
    } else if compact.bytes().all(|byte| byte.is_ascii_digit()) {
        &compact[..count.min(2)]
    } else {
        compact
    }
}

/// Year, month and day as one number that sorts; 0 where the text is no date or stands for "not known".
pub(super) fn birth(text: &str) -> u32 {
    let digits: Vec<u32> =
        text.bytes().take(10).filter(u8::is_ascii_digit).map(|byte| u32::from(byte - b'0')).collect();
    let bytes = text.as_bytes();
    let iso = digits.len() == 8 && (bytes.len() == 8 || matches!(bytes.get(4), Some(b'-' | b'/')));
    let british = digits.len() == 8 && matches!(bytes.get(2), Some(b'-' | b'/' | b'.'));
    let part = |from: usize, to: usize| digits[from..to].iter().fold(0, |sum, digit| sum * 10 + digit);
    let (year, month, day) = if iso {
        (part(0, 4), part(4, 6), part(6, 8))
    } else if british {
        (part(4, 8), part(2, 4), part(0, 2))
    } else {
        return 0;
    };
    let real = (1..=12).contains(&month) && (1..=31).contains(&day) && year >= 1900;
    let placeholder = (month, day) == (1, 1) && matches!(year, 1900 | 1970);
    if real && !placeholder { day_number(year, month, day) } else { 0 }
}

/// The number under which a date is kept.
pub(super) const fn day_number(year: u32, month: u32, day: u32) -> u32 {
    year << 9 | month << 5 | day
}

/// The date of a number, as year, month and day.
pub(super) const fn day_parts(birth: u32) -> (u32, u32, u32) {
    (birth >> 9, birth >> 5 & 15, birth & 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling_and_junk_is_no_name() {
        for (text, spelt) in [
            ("  Mary-Jane  O’Neill ", "MARY JANE ONEILL"),
            ("Zoë", "ZOE"),
            ("Łukasz", "LUKASZ"),
            ("Zoe\u{308}", "ZOE"),
            ("Miss Ann", "ANN"),
            ("Kai (twin 1)", "KAI"),
            ("Kai twin 2", "KAI"),
            ("not known", ""),
            ("N/A", "N"),
            ("Şahin", "SAHIN"),
        ] {
            assert_eq!(name(text), spelt, "{text}");
        }
        assert_eq!(text(" 17 Green  St."), "17 GREEN ST");
        assert_eq!((text("100234.0").as_str(), text("NaN").as_str()), ("100234", ""));
        assert_eq!(names("", "O'Brien, Tom"), ("TOM".to_owned(), "OBRIEN".to_owned()));
        assert_eq!(names("Tom", "O'Brien"), ("TOM".to_owned(), "OBRIEN".to_owned()));
    }

    #[test]
    fn names_that_sound_alike_have_the_same_bones() {
        for (a, b) in [
            ("AISHA", "AYESHA"),
            ("CATHERINE", "KATHRYN"),
            ("PHILIP", "FILIP"),
            ("YUSUF", "YOUSUF"),
            ("WIKTORIA", "VICTORIA"),
            ("CHOWDHURY", "CHAUDHARY"),
        ] {
            assert_eq!(skeleton(a), skeleton(b), "{a} {b}");
        }
        assert_ne!(skeleton("JAMES"), skeleton("JACK"));
    }

    #[test]
    fn dates_and_postcodes_are_read_or_are_nothing() {
        assert_eq!(birth("2010-03-09"), day_number(2010, 3, 9));
        assert_eq!(birth("20100309"), day_number(2010, 3, 9));
        assert_eq!(birth("09/03/2010"), day_number(2010, 3, 9));
        assert_eq!(birth("2010-03-09 00:00:00"), day_number(2010, 3, 9));
        assert_eq!(day_parts(birth("2010-12-31")), (2010, 12, 31));
        for text in ["", "1900-01-01", "1970-01-01", "2010-13-01", "soon", "2010"] {
            assert_eq!(birth(text), 0, "{text}");
        }
        assert_eq!(postcode("zz1 1aa"), "ZZ11AA");
        assert_eq!(postcode("ZZ99 3VZ"), "");
        assert_eq!(outward("ZZ11AA"), "ZZ1");
        assert_eq!(outward("ZZ1"), "ZZ1");
        assert_eq!(outward("3350"), "33");
    }
}
