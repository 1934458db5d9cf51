//! How near a header is to one that is known.
use crate::definitions::connector::fold;
use strsim::jaro_winkler;

/// Words that say nothing of what a column holds.
const EMPTY_WORDS: [&str; 14] = [
    "the", "of", "a", "no", "number", "is", "was", "pupil", "pupils", "learner", "child", "student", "young",
    "person",
];

/// A text's words, lower case: at spaces and punctuation, and where a capital follows a small letter.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let (mut words, mut word, mut small) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        let breaks = !c.is_alphanumeric() || (c.is_uppercase() && small);
        if breaks && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    // D.O.B. is one word.
    if words.len() > 1 && words.iter().all(|word| word.chars().count() == 1) {
        return vec![words.concat()];
    }
    words
}

/// From 0 to 1: how alike two headers are, by their letters and by their words.
pub(super) fn nearness(folded: &str, words: &[String], known: &str, known_words: &[String]) -> f64 {
    if folded == known {
        return 1.0;
    }
    let letters = if folded.len().min(known.len()) >= 4 { jaro_winkler(folded, known) } else { 0.0 };
    // Letters alone liken `Reason` to `Reading`: below nine tenths they prove nothing.
    let letters = if letters >= 0.9 { letters - 0.05 } else { 0.0 };
    letters.max(shared(words, known_words))
}

/// What part of both headers' telling words the other has too.
fn shared(one: &[String], other: &[String]) -> f64 {
    let telling = |words: &[String]| -> Vec<String> {
        let kept: Vec<String> =
            words.iter().filter(|word| !EMPTY_WORDS.contains(&word.as_str())).cloned().collect();
        if kept.is_empty() { words.to_vec() } else { kept }
    };
    let (one, other) = (telling(one), telling(other));
    let found = |from: &[String], within: &[String]| {
        from.iter().map(|word| within.iter().map(|w| same_word(word, w)).fold(0.0, f64::max)).sum::<f64>()
    };
    let (forth, back) = (found(&one, &other), found(&other, &one));
    let total = (one.len() + other.len()) as f64;
    if total == 0.0 { 0.0 } else { 0.95 * (forth + back) / total }
}

/// Whether two words are one: the same, one the beginning of the other, or nearly the same letters.
fn same_word(one: &str, other: &str) -> f64 {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short == long {
        1.0
    } else if short.len() >= 3 && long.starts_with(short) {
        0.9
    } else if short.len() >= 5 && jaro_winkler(one, other) >= 0.92 {
        0.85
    } else {
        0.0
    }
}

/// Whether a text could be a header at all, and not somebody's cell: no long number, no date, no identifier.
pub(super) fn could_be_header(text: &str) -> bool {
    let text = text.trim();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let mut run = 0;
    let longest_number = text.chars().fold(0, |longest, c| {
        run = if c.is_ascii_digit() { run + 1 } else { 0 };
        longest.max(run)
    });
    let is_year = longest_number == 4 && text.contains("20");
    let folded = fold(text);
    !folded.is_empty()
        && text.chars().count() <= 80
        && (letters > 0 || matches!(text, "#" | "%"))
        && (longest_number <= 2 || is_year)
        && !super::evidence::looks_like_date(text)
        && !super::evidence::looks_like_postcode(text)
        && !text.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: &str, other: &str) -> f64 {
        nearness(&fold(one), &tokens(one), &fold(other), &tokens(other))
    }

    #[test]
    fn words_are_told_apart() {
        assert_eq!(tokens("Home p/code"), ["home", "p", "code"]);
        assert_eq!(tokens("EnrolStatus_2"), ["enrol", "status", "2"]);
        assert_eq!(tokens("D.O.B."), ["dob"]);
    }

    #[test]
    fn near_headers_are_near_and_far_ones_far() {
        assert!((near("First name", "FIRST  NAME:") - 1.0).abs() < f64::EPSILON);
        assert!(near("Start date", "Date started") > 0.85, "{}", near("Start date", "Date started"));
        assert!(near("Pupil surname", "Surname") > 0.9);
        assert!(near("Reason", "Reading") < 0.5);
        assert!(near("Notes", "No.") < 0.5);
    }

    #[test]
    fn a_cell_is_no_header() {
        for cell in ["H801200001001", "12/03/2010", "SW1A 1AA", "100123", "", "a@b.example"] {
            assert!(!could_be_header(cell), "{cell}");
        }
        for header in
            ["Surname", "%", "KS2 reading", "Reading 1", "Sept 2024", "D.O.B.", "Destination (September)"]
        {
            assert!(could_be_header(header), "{header}");
        }
    }
}
