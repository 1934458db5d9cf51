//! How a pair is named in a workbook that leaves the program and comes back: a code that only this key opens. It says
//! which pair is meant, what was known of it and what was shown, so that a row is taken for what it was or refused.
use super::ReviewFault;
use crate::privacy::{Digest16, Key, Pseudonym};
use std::fmt::Write as _;

const PURPOSE: &str = "review pair";
/// Two pseudonyms, three digests of eight bytes, and a count.
const LENGTH: usize = 16 + 16 + 8 + 8 + 8 + 4;

/// What one row of a workbook was when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// The two; the smaller pseudonym first.
    pub(super) pair: (Pseudonym, Pseudonym),
    /// The data folder.
    pub(super) folder: [u8; 8],
    /// What was said of the two.
    pub(super) said: [u8; 8],
    /// The cells that were shown.
    pub(super) cells: [u8; 8],
    /// How many decisions there were on the two.
    pub(super) decisions: u32,
}

/// The first half of a digest: enough to tell a change, and half as long in a cell.
pub(super) fn half(digest: &Digest16) -> [u8; 8] {
    let mut half = [0; 8];
    half.copy_from_slice(&digest[..8]);
    half
}

impl Offer {
    /// The code that stands in the workbook.
    pub(super) fn code(&self, key: &Key) -> Result<String, ReviewFault> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend_from_slice(&self.pair.0);
        bytes.extend_from_slice(&self.pair.1);
        for half in [&self.folder, &self.said, &self.cells] {
            bytes.extend_from_slice(half);
        }
        bytes.extend_from_slice(&self.decisions.to_le_bytes());
        let sealed = key.seal_bytes(PURPOSE, &bytes).ok_or(ReviewFault::NotMade)?;
        let mut code = String::with_capacity(sealed.len() * 2);
        for byte in sealed {
            let _ = write!(code, "{byte:02x}");
        }
        Ok(code)
    }

    /// What a code means. None where this key did not write it, or where it was altered.
    pub(super) fn of_code(key: &Key, code: &str) -> Option<Self> {
        let code: Vec<u8> = code.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let pairs = code.chunks(2).map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        });
        let sealed: Vec<u8> = pairs.collect::<Option<_>>()?;
        let bytes = key.unseal_bytes(PURPOSE, &sealed)?;
        let mut rest = bytes.as_slice();
        let offer = Self {
            pair: (take(&mut rest)?, take(&mut rest)?),
            folder: take(&mut rest)?,
            said: take(&mut rest)?,
            cells: take(&mut rest)?,
            decisions: u32::from_le_bytes(take(&mut rest)?),
        };
        rest.is_empty().then_some(offer)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, others) = rest.split_first_chunk::<N>()?;
    *rest = others;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: Offer =
        Offer { pair: ([1; 16], [2; 16]), folder: [3; 8], said: [4; 8], cells: [5; 8], decisions: 6 };

    #[test]
    fn a_code_means_what_it_meant_under_its_key_alone() {
        let key = Key::for_demo(1);
        let code = OFFER.code(&key).unwrap();
        assert_eq!(Offer::of_code(&key, &code), Some(OFFER));
        assert_eq!(Offer::of_code(&key, &format!(" {} ", code.to_uppercase())), Some(OFFER));
        assert_eq!(Offer::of_code(&Key::for_demo(2), &code), None);
        for altered in ["", "zz", "ab", &code[2..], &code[1..], &format!("{code}00")] {
            assert_eq!(Offer::of_code(&key, altered), None, "{altered}");
        }
        let at = code.len() / 2;
        let other = if code.as_bytes()[at] == b'0' { "1" } else { "0" };
        assert_eq!(Offer::of_code(&key, &format!("{}{other}{}", &code[..at], &code[at + 1..])), None);
    }

    #[test]
    fn the_pair_is_not_to_be_read_from_its_code() {
        let code = OFFER.code(&Key::for_demo(1)).unwrap();
        assert!(!code.contains("01010101") && !code.contains("02020202"));
        assert_ne!(code, OFFER.code(&Key::for_demo(1)).unwrap(), "nor is it known again");
    }
}
