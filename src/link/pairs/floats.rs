//! Numbers that come back from a file as they were, to the last bit.
use serde::{Deserialize, Serialize};

/// Numbers, written by their bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Floats(Vec<u64>);

impl Floats {
    pub(super) fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        Self(numbers.into_iter().map(f64::to_bits).collect())
    }

    /// The numbers in the order in which they were written.
    pub(super) fn read(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().copied().map(f64::from_bits)
    }

    /// Fills what was written with what is there; false where there is not enough.
    pub(super) fn fill<'n>(&self, numbers: impl IntoIterator<Item = &'n mut f64>) -> bool {
        let mut read = self.read();
        numbers.into_iter().all(|number| read.next().map(|value| *number = value).is_some())
    }
}
