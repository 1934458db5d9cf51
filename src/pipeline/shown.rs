//! The ledger of what was shown, as the catalog keeps it: each set of learners sealed under the lake's key.
use crate::{
    catalog::{SHOWN_CELL, ShownCell},
    disclosure::PastCell,
    privacy::{Key, Pseudonym},
};

/// Digits of a cell before its members: what it is, and its words.
pub(super) const MEMBERS_FROM: usize = 64;
/// Digits of a member.
pub(super) const MEMBER: usize = 16;

/// A learner as the ledger knows them: the first half of the pseudonym.
pub(super) fn half(learner: &Pseudonym) -> u64 {
    learner.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// A cell as text, sealed: what it is, its words, and who is in it.
pub(super) fn sealed(key: &Key, cell: &PastCell) -> Option<ShownCell> {
    let mut text = hex(&cell.text) + &hex(&cell.words);
    cell.members.iter().for_each(|member| text.push_str(&format!("{member:016x}")));
    Some(ShownCell { sealed: key.seal(SHOWN_CELL, &text)?, shown: cell.shown })
}

/// Opens what [`sealed`] sealed.
pub(super) fn opened(key: &Key, cell: &ShownCell) -> Option<PastCell> {
    let text = key.unseal(SHOWN_CELL, &cell.sealed)?;
    let digest = |from: usize| -> Option<[u8; 16]> {
        let whole = u128::from_str_radix(text.get(from..from + 32)?, 16).ok()?;
        Some(whole.to_be_bytes())
    };
    let members = (MEMBERS_FROM..text.len())
        .step_by(MEMBER)
        .map(|at| u64::from_str_radix(text.get(at..at + MEMBER)?, 16).ok())
        .collect::<Option<Vec<u64>>>()?;
    Some(PastCell { text: digest(0)?, words: digest(32)?, members, shown: cell.shown })
}

fn hex(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}
