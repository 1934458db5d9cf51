//! What in plain bytes is a row of an extract, or a number of a person.
use super::{
    Found, KnownStudies,
    ids::{KnownIds, Whose},
    written::{self, Digits},
};
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
    /// What learners, and records of them, are known by in releases and in the lake.
    LakeIds,
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
            Self::LakeIds => "learners of a release, or records of them in the lake",
        }
    }
}

/// What was found in one file: each once.
#[derive(Debug)]
pub(super) struct Marks<'k> {
    known: &'k KnownIds,
    /// By `tl`, the study's digits, an underscore and those of the learner, or as many of them as there are.
    learners: BTreeSet<String>,
    ids: BTreeMap<u128, Whose>,
    numbers: BTreeMap<Mark, BTreeSet<String>>,
}

impl<'k> Marks<'k> {
    /// Nothing yet; `known` are pseudonyms that are told by their digits alone.
    pub(super) fn new(known: &'k KnownIds) -> Self {
        Self { known, learners: BTreeSet::new(), ids: BTreeMap::new(), numbers: BTreeMap::new() }
    }

    /// Looks through bytes that are text, or hold text.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        self.look_plainly(bytes);
        written::each_packed(bytes, |packed| {
            if let Some((id, whose)) = self.known.find_bytes(packed) {
                self.ids.insert(id, whose.clone());
            } else if written::is_text(packed) {
                self.look_plainly(packed);
            }
        });
        // What a notebook breaks into two strings is one word; a number of two of its numbers is none of anybody.
        if let Some(joined) = written::joined(bytes) {
            self.pseudonyms(&joined);
        }
    }

    fn look_plainly(&mut self, bytes: &[u8]) {
        self.pseudonyms(bytes);
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

    fn pseudonyms(&mut self, bytes: &[u8]) {
        // Whole and as it was written, whatever stands around it.
        for at in memchr::memchr_iter(b'_', bytes) {
            let Some(from) = at.checked_sub(10) else { continue };
            let Some(token) = bytes.get(from..at + 25) else { continue };
            let is_hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if token.starts_with(b"tl") && is_hex(&token[2..10]) && is_hex(&token[11..]) {
                self.learner(&String::from_utf8_lossy(&token[2..10]), &String::from_utf8_lossy(&token[11..]));
            }
        }
        written::each_of_digits(bytes, |digits| match digits {
            Digits::OfStudy(digits) => {
                let (tag, own) = digits.split_at(8);
                self.learner(tag, own.get(..24).unwrap_or(own));
                true
            }
            Digits::Alone(digits) => match self.known.find(digits) {
                Some((id, whose)) => {
                    self.ids.insert(id, whose.clone());
                    true
                }
                None => false,
            },
        });
    }

    fn learner(&mut self, tag: &str, own: &str) {
        if tag != DUMMY {
            self.learners.insert(format!("tl{tag}_{own}"));
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
        self.learners.is_empty() && self.ids.is_empty() && self.numbers.is_empty()
    }

    /// What there is to say of a place.
    pub(super) fn found(self, place: &str, known: &KnownStudies) -> Vec<Found> {
        let mut by_study: BTreeMap<(Mark, Option<String>), usize> = BTreeMap::new();
        let mut learners = self.learners.iter().peekable();
        while let Some(learner) = learners.next() {
            // What begins another that was found is the same learner, shortened.
            if learners.peek().is_some_and(|longer| longer.starts_with(learner.as_str())) {
                continue;
            }
            let tag = &learner[2..10];
            let planted = known.canaries.range(learner.clone()..).next();
            let (mark, study) = match planted.filter(|(canary, _)| canary.starts_with(learner.as_str())) {
                Some((_, study)) => (Mark::Canary, study.clone()),
                None => {
                    (Mark::ExtractRows, known.tags.get(tag).cloned().unwrap_or_else(|| format!("tag {tag}")))
                }
            };
            *by_study.entry((mark, Some(study))).or_default() += 1;
        }
        for whose in self.ids.into_values() {
            let key = match whose {
                Whose::Study(study) => (Mark::ExtractRows, Some(study)),
                Whose::Canary(study) => (Mark::Canary, Some(study)),
                Whose::Lake => (Mark::LakeIds, None),
            };
            *by_study.entry(key).or_default() += 1;
        }
        let of_studies =
            by_study.into_iter().map(|((what, study), n)| Found { place: place.to_owned(), what, study, n });
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
pub(super) fn told(path: &str, known: &KnownStudies) -> String {
    let parts = path.split('/').map(|part| {
        let mut marks = Marks::new(&known.ids);
        marks.look(part.as_bytes());
        if marks.is_empty() { part } else { "…" }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEARNER: &str = "tl3f9a1c00_00112233445566778899aabb";

    fn found(text: &str, known: &KnownStudies) -> Vec<(Mark, usize)> {
        let mut marks = Marks::new(&known.ids);
        marks.look(text.as_bytes());
        marks.found("f", known).into_iter().map(|one| (one.what, one.n)).collect()
    }

    #[test]
    fn rows_and_numbers_are_found_and_dummies_and_other_words_are_not() {
        let text = "id,tl3f9a1c00_00112233445566778899aabb,x\ntl00000000_00112233445566778899aabb\nstl_file tl_x\n\
                    <v>H801200001001</v> 9990000018 1234567899 20260331123 9999999999 A123456789001";
        let found = found(text, &KnownStudies::default());
        assert_eq!(found, [(Mark::ExtractRows, 1), (Mark::Upn, 1), (Mark::Uln, 1), (Mark::Nhs, 1)]);
    }

    /// Somebody who has no extract and no data folder knows a learner of one by its form, however it is written.
    #[test]
    fn a_learner_that_is_shortened_or_written_another_way_is_found_by_its_form() {
        for text in [
            "TL3F9A1C00_00112233445566778899AABB",
            "tl3f9a1c00-00112233-4455-6677-8899-aabb",
            "see tl3f9a1c00_00112233 and others",
            "tl3f9a1c00_0011...",
            "tl3f9a1c0000112233445566778899aabb",
            "my_tl3f9a1c00_00112233.csv",
            "[\"tl3f9a1c00_0011\\n\",\n     \"2233445566778899aabb high\\n\"]",
            "[\"x tl3f9\",\"a1c00_00112233445566778899aabb\"]",
            // The bytes of a line that holds it, in base64.
            "bGVhcm5lcix0bDNmOWExYzAwXzAwMTEyMjMzNDQ1NTY2Nzc4ODk5YWFiYixoaWdoCg==",
        ] {
            assert_eq!(found(text, &KnownStudies::default()), [(Mark::ExtractRows, 1)], "{text}");
        }
        for text in
            ["tl00000000_0011", "tl_file", "tlc", "subtl3f9a1c00", "tl3f9a1c00", "html5-abcdef0123456789"]
        {
            assert!(found(text, &KnownStudies::default()).is_empty(), "{text}");
        }
        let mut known = KnownStudies::default();
        known.canaries.insert(LEARNER.to_owned(), "leaky".to_owned());
        assert_eq!(
            found("tl3f9a1c00_00112233", &known),
            [(Mark::Canary, 1)],
            "a part of who is not there is that, too"
        );
    }

    /// Digits alone are told where they are somebody's, and of nobody else: git's names of versions are digits.
    #[test]
    fn digits_alone_are_found_of_whoever_is_known_and_of_no_version_of_git() {
        let mut known = KnownStudies::default();
        known.ids.add_learner(LEARNER, Whose::Study("leaky".to_owned()));
        let subject = u128::from_str_radix("c4d5e6f708192a3b4c5d6e7f8091a2b3", 16).unwrap().to_be_bytes();
        known.ids.add_of_lake(&subject);
        for text in [
            "00112233",
            "00112233445566778899AABB",
            "0011-2233-4455-6677-8899-aabb",
            "id=3f9a1c00-0011-2233-4455-66778899aabb",
            // Its bytes in base64, the study's with them.
            "ABEiM0RVZneImaq7",
            "P5ocAAARIjNEVWZ3iJmquw==",
        ] {
            assert_eq!(found(text, &known), [(Mark::ExtractRows, 1)], "{text}");
        }
        for text in [
            "c4d5e6f7",
            "C4D5E6F7-0819-2A3B-4C5D-6E7F8091A2B3",
            "\"text\": [\n \"c4d5e\",\n \"6f708192a3b4c5d6e7f8091a2b3\\n\"\n]",
            "xNXm9wgZKjtMXW5/gJGisw==",
            "xNXm9wgZKjtMXW5_gJGisw",
        ] {
            assert_eq!(found(text, &known), [(Mark::LakeIds, 1)], "{text}");
        }
        for text in [
            "commit 9ae0c1b2d3e4f5061728394a5b6c7d8e9f001122",
            "Merge 0011223 into c4d5e60",
            "rev = \"aa90024f\" # 2026-03-31",
            "d41d8cd98f00b204e9800998ecf8427e",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
            "deadbeef facade00 00112234",
        ] {
            assert!(found(text, &known).is_empty(), "{text}");
        }
    }

    /// Twenty thousand learners are known, and a history of a hundred thousand versions speaks of its versions by eight digits.
    #[test]
    fn of_a_hundred_thousand_versions_none_is_taken_for_a_learner() {
        let digits = |at: u64, salt: u64| {
            let mixed = |n: u64| {
                (n ^ n >> 31)
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    .rotate_left(29)
                    .wrapping_mul(0xbf58_476d_1ce4_e5b9)
            };
            format!("{:016x}{:016x}", mixed(at ^ salt), mixed(mixed(at ^ salt)))
        };
        let mut known = KnownStudies::default();
        for at in 0..20_000 {
            known
                .ids
                .add_learner(&format!("tl3f9a1c00_{}", &digits(at, 7)[..24]), Whose::Study("s".to_owned()));
        }
        let history: String = (0..100_000).map(|at| format!("{} fix\n", &digits(at, 1 << 40)[..8])).collect();
        let n: usize = found(&history, &known).iter().map(|one| one.1).sum();
        // By chance 0.5 are expected; git's usual seven digits are never looked at.
        assert!(n <= 3, "{n}");
    }
}
