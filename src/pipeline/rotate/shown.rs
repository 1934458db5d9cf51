//! Learners in the ledger of what was shown: each by the first half of the pseudonym. They are named anew with everybody else, so
//! that what was answered under the old key is still looked at beside what is asked under the new one.
use crate::{
    pipeline::shown::{MEMBER, MEMBERS_FROM, half},
    privacy::{Keyed, Pseudonym},
};
use std::collections::HashMap;

/// The new first half of every pseudonym, by the old one.
pub(super) struct Named(HashMap<u64, u64>);

impl Named {
    pub(super) fn of<'a>(learners: impl Iterator<Item = (&'a Pseudonym, &'a Pseudonym)>) -> Self {
        Self(learners.map(|(old, new)| (half(old), half(new))).collect())
    }

    /// A cell with new names; whom nobody knows any more gets one of the old. `None` where it is no cell.
    pub(super) fn renamed(&self, cell: &str, new: &Keyed) -> Option<String> {
        let (what, members) = cell.split_at_checked(MEMBERS_FROM)?;
        let mut renamed = what.to_owned();
        for at in (0..members.len()).step_by(MEMBER) {
            let old = u64::from_str_radix(members.get(at..at + MEMBER)?, 16).ok()?;
            let unknown = || half(&new.digest("learner in the ledger", &[&old.to_be_bytes()]));
            let named = self.0.get(&old).copied().unwrap_or_else(unknown);
            renamed.push_str(&format!("{named:016x}"));
        }
        Some(renamed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::Key;

    #[test]
    fn members_are_renamed_and_the_rest_stays() {
        let (old, other, new) = ([1_u8; 16], [2_u8; 16], [9_u8; 16]);
        let named = Named::of([(&old, &new)].into_iter());
        let cell = format!("{}{:016x}{:016x}", "a".repeat(MEMBERS_FROM), half(&old), half(&other));
        let renamed = named.renamed(&cell, &Key::for_demo(1).keyed()).unwrap();
        assert!(renamed.starts_with(&format!("{}{:016x}", "a".repeat(MEMBERS_FROM), half(&new))));
        assert!(!renamed.contains(&format!("{:016x}", half(&other))), "nothing of an old name is left");
        assert_eq!(renamed.len(), cell.len());
        assert_eq!(named.renamed("short", &Key::for_demo(1).keyed()), None);
    }
}
