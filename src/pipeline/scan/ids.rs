//! Pseudonyms that are known, so that one is known again which is shortened, or written another way.
//!
//! Hex digits in a row are in every repository: git names its versions by them. So digits alone say nothing, however many they
//! are: they are told only where a pseudonym begins with them that is known, and only so many of them that chance would not
//! bring that about.
use crate::privacy::Pseudonym;
use std::collections::BTreeMap;

/// Of fewer digits nothing is told.
const FEWEST: usize = 8;
/// With so many known pseudonyms one more digit is asked for, and with sixteen times as many another: of a hundred thousand words of
/// so many digits that are anything else, fewer than one begins a pseudonym.
const SURE: u64 = 100_000;

/// Whose a pseudonym is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// A learner of a study's extract: its name.
    Study(String),
    /// A learner who is not there, planted in it.
    Canary(String),
    /// A learner of the releases, or a record of one in the lake.
    Lake,
}

/// Pseudonyms by their digits.
#[derive(Clone, Debug, Default)]
pub struct KnownIds {
    /// The digits from the left, the rest noughts; how many there are, how many are needed, whose it is.
    ids: BTreeMap<u128, (usize, usize, usize)>,
    whose: Vec<Whose>,
}

impl KnownIds {
    /// Learns a learner of an extract, by `tl`, eight digits of the study, an underscore, and those of the learner.
    pub fn add_learner(&mut self, learner: &str, whose: Whose) {
        let parts = learner.strip_prefix("tl").and_then(|rest| rest.split_once('_'));
        let Some((tag, own)) = parts else { return };
        let whose = self.whose(whose);
        self.add(own, FEWEST, whose);
        // The study's own digits stand in documents and say nothing of anybody.
        self.add(&format!("{tag}{own}"), tag.len() + FEWEST, whose);
    }

    /// Learns a learner of the releases, or a record of the lake.
    pub fn add_of_lake(&mut self, id: &Pseudonym) {
        let whose = self.whose(Whose::Lake);
        self.ids.insert(u128::from_be_bytes(*id), (32, FEWEST, whose));
    }

    fn whose(&mut self, whose: Whose) -> usize {
        self.whose.iter().rposition(|known| *known == whose).unwrap_or_else(|| {
            self.whose.push(whose);
            self.whose.len() - 1
        })
    }

    fn add(&mut self, digits: &str, least: usize, whose: usize) {
        if let Some(value) = value(digits) {
            self.ids.insert(value, (digits.len(), least, whose));
        }
    }

    /// How many digits must agree.
    fn fewest(&self) -> usize {
        let known = self.ids.len() as u64;
        let enough = |digits: &usize| 1_u64 << (4 * *digits).min(60) >= known.saturating_mul(SURE);
        (FEWEST..16).find(enough).unwrap_or(16)
    }

    /// The pseudonym that these digits are, or begin with, or begin: by a number that stands for it, and whose it is.
    pub(super) fn find(&self, digits: &str) -> Option<(u128, &Whose)> {
        if self.ids.is_empty() || digits.len() < self.fewest() {
            return None;
        }
        let cut = digits.get(..digits.len().min(32))?;
        let from = value(cut)?;
        // What begins so lies between these digits with noughts and the same with the greatest digits behind them.
        let rest = 128 - 4 * cut.len() as u32;
        let until = from | 1_u128.checked_shl(rest).map_or(u128::MAX, |step| step - 1);
        let begun = self
            .ids
            .range(from..=until)
            .find(|(_, (width, least, _))| cut.len() <= *width && cut.len() >= *least);
        // Or the digits go on after it: then all of it has to be there.
        let whole = || {
            let of_learner = value(digits.get(..24)?)?;
            self.ids.get_key_value(&of_learner).filter(|(_, (width, ..))| *width == 24)
        };
        let (id, (_, _, whose)) = begun.or_else(whole)?;
        Some((*id, &self.whose[*whose]))
    }

    /// The same of bytes that are a whole pseudonym.
    pub(super) fn find_bytes(&self, bytes: &[u8]) -> Option<(u128, &Whose)> {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.find(&digits).filter(|_| [12, 16].contains(&bytes.len()))
    }
}

/// Digits from the left of a number of 32 of them.
fn value(digits: &str) -> Option<u128> {
    let is_hex =
        !digits.is_empty() && digits.len() <= 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = u128::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    Some(value << (128 - 4 * digits.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEARNER: &str = "tl3f9a1c00_00112233445566778899aabb";

    #[test]
    fn a_beginning_is_found_and_digits_of_nobody_are_not() {
        let mut known = KnownIds::default();
        known.add_learner(LEARNER, Whose::Study("leaky".to_owned()));
        known.add_of_lake(&[0xc4; 16]);
        let whose = |digits: &str| known.find(digits).map(|(_, whose)| whose.clone());
        let leaky = Some(Whose::Study("leaky".to_owned()));
        for digits in
            ["00112233", "00112233445566778899aabb", "00112233445566778899aabbccdd", "3f9a1c0000112233"]
        {
            assert_eq!(whose(digits), leaky, "{digits}");
        }
        assert_eq!(whose("3f9a1c0000112233445566778899aabb"), leaky);
        assert_eq!(whose("c4c4c4c4c4"), Some(Whose::Lake));
        // Too few; the study's digits alone; another's; a learner's digits that go on otherwise.
        for digits in [
            "0011223",
            "3f9a1c00",
            "3f9a1c000011",
            "00112234",
            "0011223344556677889900000000",
            &"c4".repeat(20)[..31],
            "x",
        ] {
            let expected = digits.starts_with("c4").then_some(Whose::Lake);
            assert_eq!(whose(digits), expected, "{digits}");
        }
        assert_eq!(known.find_bytes(&[0xc4; 16]).map(|found| found.1), Some(&Whose::Lake));
        assert!(known.find_bytes(&[0xc4; 8]).is_none());
    }

    #[test]
    fn the_more_are_known_the_more_digits_must_agree() {
        let mut known = KnownIds::default();
        for at in 0..100_000_u32 {
            known.add_of_lake(
                &u128::from(at.wrapping_mul(2_654_435_761))
                    .wrapping_mul(0x1_0000_0001_0000_0003)
                    .to_be_bytes(),
            );
        }
        assert_eq!(known.fewest(), 9);
    }
}
