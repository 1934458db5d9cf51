//! What in plain bytes is a row of an extract, or a number of a person.
use super::{Found, KnownStudies};
use crate::conform::{NhsCheck, UlnCheck, UpnCheck, check_nhs, check_uln, check_upn};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The tag of dummy data: of nobody's study.
const DUMMY: &str = "00000000";

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Learners of an extract.
    ExtractRows,
    /// Learners of an extract who are not there: the study is proved by them.
    Canary,
    /// Pupil numbers whose check letter is right.
    Upn,
    /// Numbers that may be learner numbers: their check digit is right.
    Uln,
    /// Numbers that may be NHS numbers: their check digit is right.
    Nhs,
}

impl Mark {
    /// In words, for so many.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ExtractRows => "learners of an extract",
            Self::Canary => "learners who are not there, planted in an extract",
            Self::Upn => "pupil numbers (UPN)",
            Self::Uln => "numbers that may be learner numbers (ULN)",
            Self::Nhs => "numbers that may be NHS numbers",
        }
    }
}

/// What was found in one file: each once.
#[derive(Debug, Default)]
pub(super) struct Marks {
    learners: BTreeSet<String>,
    numbers: BTreeMap<Mark, BTreeSet<String>>,
}

impl Marks {
    /// Looks through bytes that are text, or hold text.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        for at in memchr::memchr_iter(b'_', bytes) {
            let Some(from) = at.checked_sub(10) else { continue };
            let Some(token) = bytes.get(from..at + 25) else { continue };
            let is_hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if token.starts_with(b"tl") && is_hex(&token[2..10]) && is_hex(&token[11..]) {
                let token = String::from_utf8_lossy(token).into_owned();
                if !token[2..].starts_with(DUMMY) {
                    self.learners.insert(token);
                }
            }
        }
        for word in bytes.split(|byte| !byte.is_ascii_alphanumeric()) {
            match word.len() {
                10 if word.iter().all(u8::is_ascii_digit) => self.number(word),
                13 if word[0].is_ascii_alphabetic() && word[1..12].iter().all(u8::is_ascii_digit) => {
                    let upn = String::from_utf8_lossy(word).to_ascii_uppercase();
                    if check_upn(&upn) != UpnCheck::Invalid {
                        self.numbers.entry(Mark::Upn).or_default().insert(upn);
                    }
                }
                _ => {}
            }
        }
    }

    fn number(&mut self, digits: &[u8]) {
        let number = String::from_utf8_lossy(digits).into_owned();
        let mark = if check_uln(&number) == UlnCheck::Valid {
            Mark::Uln
        } else if check_nhs(&number) == NhsCheck::Valid {
            Mark::Nhs
        } else {
            return;
        };
        self.numbers.entry(mark).or_default().insert(number);
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.learners.is_empty() && self.numbers.is_empty()
    }

    /// What there is to say of a place.
    pub(super) fn found(self, place: &str, known: &KnownStudies) -> Vec<Found> {
        let mut by_study: BTreeMap<(Mark, String), usize> = BTreeMap::new();
        for learner in &self.learners {
            let tag = &learner[2..10];
            let (mark, study) = match known.canaries.get(learner) {
                Some(study) => (Mark::Canary, study.clone()),
                None => {
                    (Mark::ExtractRows, known.tags.get(tag).cloned().unwrap_or_else(|| format!("tag {tag}")))
                }
            };
            *by_study.entry((mark, study)).or_default() += 1;
        }
        let of_studies = by_study.into_iter().map(|((what, study), n)| Found {
            place: place.to_owned(),
            what,
            study: Some(study),
            n,
        });
        let numbers = self.numbers.into_iter().map(|(what, numbers)| Found {
            place: place.to_owned(),
            what,
            study: None,
            n: numbers.len(),
        });
        of_studies.chain(numbers).collect()
    }
}

/// A path as it may be told: a part of it that is a number of somebody is not repeated.
pub(super) fn told(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        let mut marks = Marks::default();
        marks.look(part.as_bytes());
        if marks.is_empty() { part } else { "…" }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_numbers_are_found_and_dummies_and_other_words_are_not() {
        let mut marks = Marks::default();
        marks.look(
            b"id,tl3f9a1c00_00112233445566778899aabb,x\ntl00000000_00112233445566778899aabb\nstl_file tl_x\n",
        );
        marks.look(b"<v>H801200001001</v> 9990000018 1234567899 20260331123 9999999999 A123456789001");
        let known = KnownStudies::default();
        let found: Vec<(Mark, usize)> =
            marks.found("f", &known).into_iter().map(|one| (one.what, one.n)).collect();
        assert_eq!(found, [(Mark::ExtractRows, 1), (Mark::Upn, 1), (Mark::Uln, 1), (Mark::Nhs, 1)]);
    }
}
