//! What may be shown to whom: three named policies and no others.

use super::refusal::Refusal;

pub use crate::privacy::KeyKind;

/// The numbers that the gate applies. Only the named constructors make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    name: &'static str,
    threshold: u64,
    round_to: u64,
    hide_zeros: bool,
    rate_decimals: u8,
}

impl Policy {
    /// For anything that leaves the controller: counts below 10 hidden, zeros too, the rest to the nearest 5.
    pub fn published() -> Self {
        Self { name: "published", threshold: 10, round_to: 5, hide_zeros: true, rate_decimals: 0 }
    }

    /// For staff of the controller who may not see individual rows: counts of 1 to 4 hidden, the rest to the nearest
    /// 5. A true zero is shown, unless it would tell that everybody else is in one cell.
    pub fn inside_controller() -> Self {
        Self { name: "inside_controller", threshold: 5, round_to: 5, hide_zeros: false, rate_decimals: 0 }
    }

    /// Nothing hidden, nothing rounded: for made-up learners only.
    ///
    /// # Errors
    /// [`Refusal::SyntheticOnly`] with a real key.
    pub fn synthetic(key: KeyKind) -> Result<Self, Refusal> {
        match key {
            KeyKind::Demo => {
                Ok(Self { name: "synthetic", threshold: 0, round_to: 1, hide_zeros: false, rate_decimals: 1 })
            }
            KeyKind::Real => Err(Refusal::SyntheticOnly),
        }
    }

    /// The policy of that name.
    ///
    /// # Errors
    /// [`Refusal::UnknownPolicy`], or [`Refusal::SyntheticOnly`] as [`Policy::synthetic`].
    pub fn named(name: &str, key: KeyKind) -> Result<Self, Refusal> {
        match name {
            "published" => Ok(Self::published()),
            "inside_controller" => Ok(Self::inside_controller()),
            "synthetic" => Self::synthetic(key),
            _ => Err(Refusal::UnknownPolicy),
        }
    }

    /// A policy with other numbers, to try the rules where every table can be listed.
    #[cfg(test)]
    pub(super) fn trial(threshold: u64, round_to: u64, hide_zeros: bool) -> Self {
        assert!(threshold.is_multiple_of(round_to), "a shown count may not round below the threshold");
        Self { name: "trial", threshold, round_to, hide_zeros, rate_decimals: 0 }
    }

    /// Its name, as in the configuration.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Counts of learners below this are hidden; 0 hides nothing. A multiple of [`Policy::round_to`], so that no
    /// shown count rounds to less than the threshold.
    pub fn threshold(&self) -> u64 {
        self.threshold
    }

    /// Shown counts are rounded to the nearest multiple of this.
    pub fn round_to(&self) -> u64 {
        self.round_to
    }

    /// Whether a zero that could have been otherwise is treated as a small count.
    pub fn hides_zeros(&self) -> bool {
        self.hide_zeros
    }

    /// Decimals of a percentage.
    pub(super) fn rate_decimals(&self) -> u8 {
        self.rate_decimals
    }

    /// One line to print under every table.
    pub fn in_words(&self) -> String {
        match self.threshold {
            0 => "Synthetic learners: nothing is hidden or rounded.".to_owned(),
            threshold => format!(
                "Counts of {} are hidden (c), as is whatever would give one away; the others are rounded to the \
                 nearest {}, and rates are worked out from the rounded counts.",
                if self.hide_zeros {
                    format!("fewer than {threshold} learners")
                } else {
                    format!("1 to {} learners", threshold - 1)
                },
                self.round_to
            ),
        }
    }

    /// Whether a count is too small to be shown in itself.
    pub(super) fn is_small(&self, count: u64) -> bool {
        count < self.threshold && (count > 0 || self.hide_zeros)
    }

    /// Nearest multiple, halves up.
    pub(super) fn rounded(&self, count: u64) -> u64 {
        (count + self.round_to / 2) / self.round_to * self.round_to
    }

    /// All that a reader who knows this policy can say of a count from seeing it shown.
    pub(super) fn behind(&self, count: u64) -> (u64, u64) {
        if count == 0 {
            return (0, 0);
        }
        let shown = self.rounded(count);
        let least = shown.saturating_sub(self.round_to / 2).max(self.threshold).max(1);
        (least, shown + self.round_to - 1 - self.round_to / 2)
    }
}
