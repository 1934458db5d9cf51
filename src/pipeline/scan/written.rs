//! The ways in which a pseudonym can be written: in capitals, with dashes, as base64, as a text that is broken in two.

/// Digits that may be a pseudonym's.
pub(super) enum Digits<'d> {
    /// Behind `tl`: eight of the study, and some of a learner's.
    OfStudy(&'d str),
    /// Hex digits and nothing else.
    Alone(&'d str),
}

/// So many digits are put together at most.
const MOST_DIGITS: usize = 64;
/// Behind `tl` and the study's eight digits at least so many of the learner's.
const LEARNERS: usize = 4;

/// Goes through the hex digits of a text, in small letters, those that dashes or underscores part as one word. Where `taken` says so, the
/// word is done with; else its other parts follow.
pub(super) fn each_of_digits(bytes: &[u8], mut taken: impl FnMut(Digits<'_>) -> bool) {
    let is_in = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    for word in bytes.split(|byte| !is_in(byte)).filter(|word| word.len() >= 8) {
        let parts: Vec<&[u8]> = word.split(|byte| matches!(byte, b'-' | b'_')).collect();
        let mut at = 0;
        while at < parts.len() {
            let begun = parts[at].strip_prefix(b"tl").or_else(|| parts[at].strip_prefix(b"TL"));
            let begun = begun.filter(|rest| is_hex(rest));
            if begun.is_none() && !is_hex(parts[at]) {
                at += 1;
                continue;
            }
            let following = parts[at + 1..].iter().take_while(|part| is_hex(part));
            let digits = following.clone().fold(text(begun.unwrap_or(parts[at])), |mut digits, part| {
                if digits.len() < MOST_DIGITS {
                    digits.push_str(&text(part));
                }
                digits
            });
            // Without a mark between them, the study's digits and a learner's are told from a word by being more.
            let enough = if begun.is_some_and(|begun| begun.len() == 8) { 8 + LEARNERS } else { 14 };
            let is_taken = match begun {
                Some(_) => digits.len() >= enough && taken(Digits::OfStudy(&digits)),
                None => taken(Digits::Alone(&digits)) || taken(Digits::Alone(&text(parts[at]))),
            };
            at += if is_taken { 1 + following.count() } else { 1 };
        }
    }
}

fn is_hex(part: &[u8]) -> bool {
    !part.is_empty() && part.iter().all(u8::is_ascii_hexdigit)
}

fn text(part: &[u8]) -> String {
    String::from_utf8_lossy(part).to_ascii_lowercase()
}

/// Fewer letters of base64 than these hold no pseudonym.
const LEAST_PACKED: usize = 16;

/// Goes through what a text holds in base64, of either alphabet, unpacked. Lines that are as long as programs break them go on.
pub(super) fn each_packed(bytes: &[u8], mut unpacked: impl FnMut(&[u8])) {
    let mut at = 0;
    while at < bytes.len() {
        if six_bits(bytes[at]).is_none() {
            at += 1;
            continue;
        }
        let length = |at: usize| bytes[at..].iter().take_while(|byte| six_bits(**byte).is_some()).count();
        let first = length(at);
        if first < LEAST_PACKED {
            at += first;
            continue;
        }
        let mut letters = Vec::new();
        loop {
            let line = length(at);
            letters.extend_from_slice(&bytes[at..at + line]);
            at += line;
            let end = bytes[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let goes_on = bytes.get(at + end).is_some_and(|byte| six_bits(*byte).is_some());
            if ![64, 76].contains(&line) || end == 0 || end > 2 || !goes_on {
                break;
            }
            at += end;
        }
        unpacked(&decoded(&letters));
    }
}

fn decoded(letters: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(letters.len() / 4 * 3 + 2);
    for four in letters.chunks(4) {
        let bits =
            four.iter().fold(0_u32, |bits, letter| bits << 6 | u32::from(six_bits(*letter).unwrap_or(0)));
        let bits = bits << (6 * (4 - four.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    bytes
}

const fn six_bits(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Whether bytes begin as text does: no signs that steer a terminal.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let begin = &bytes[..bytes.len().min(256)];
    !begin.is_empty() && begin.iter().all(|byte| *byte >= b' ' || matches!(byte, b'\n' | b'\r' | b'\t'))
}

/// A text in which strings that follow each other, as the lines of a notebook's cells do, are one; none where there are no two.
pub(super) fn joined(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    let mut from = 0;
    for at in memchr::memchr_iter(b'"', bytes) {
        if at < from {
            continue;
        }
        let skipped =
            |at: usize| at + bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let comma = skipped(at + 1);
        if bytes.get(comma) != Some(&b',') {
            continue;
        }
        let next = skipped(comma + 1);
        if bytes.get(next) != Some(&b'"') {
            continue;
        }
        let ends = ["\\r\\n", "\\n"].into_iter().find(|end| bytes[from..at].ends_with(end.as_bytes()));
        joined.extend_from_slice(&bytes[from..at - ends.map_or(0, str::len)]);
        from = next + 1;
    }
    (from > 0).then(|| {
        joined.extend_from_slice(&bytes[from..]);
        joined
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_either_alphabet_is_unpacked_and_long_lines_go_on() {
        let unpacked = |text: &str| {
            let mut found = Vec::new();
            each_packed(text.as_bytes(), |bytes| found.push(String::from_utf8_lossy(bytes).into_owned()));
            found
        };
        assert_eq!(unpacked("x dGhlIGxlYXJuZXIgaXM= y"), ["the learner is"]);
        assert_eq!(unpacked("Pj4_Pz4-Pz8_PmFiY2Rl"), [">>??>>???>abcde"]);
        let line = "YWJj".repeat(19);
        assert_eq!(unpacked(&format!("{line}\r\n{line}\nYWI=")), [format!("{}ab", "abc".repeat(38))]);
    }

    #[test]
    fn strings_that_follow_each_other_are_one() {
        let text = |bytes: &[u8]| joined(bytes).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(text(b"[\"a\\n\",\n \"b\", \"c\"]").as_deref(), Some("[\"abc\"]"));
        assert_eq!(text(b"{\"a\": \"b\"}"), None);
    }
}
