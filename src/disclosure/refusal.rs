//! What is said when something is hidden or refused: what, why, and what would be safe to ask instead.

use serde::{Deserialize, Serialize};

/// Why the gate would not open at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The policy that hides nothing was asked for with a real key.
    #[error("refused: the policy `synthetic` hides nothing, and this instance holds real learners")]
    SyntheticOnly,
    /// No policy of that name.
    #[error("refused: there is no disclosure policy of that name")]
    UnknownPolicy,
    /// Parts that exceed their whole, or that should add up to it and do not.
    #[error(
        "refused: in the table `{title}` the parts do not fit their total, so what is hidden cannot be checked"
    )]
    PartsDoNotFit {
        /// The table's title.
        title: String,
    },
    /// A row without one key for each dimension.
    #[error("refused: a row of the table `{title}` does not have one key for each dimension")]
    WrongKeys {
        /// The table's title.
        title: String,
    },
    /// More groups than can be protected against each other.
    #[error("refused: so many groups cannot be looked at together, and most of them would be small")]
    TooManyGroups,
    /// A rate or comparison of a row that the table does not have.
    #[error("refused: the table `{title}` compares groups that it does not have")]
    NoSuchGroup {
        /// The table's title.
        title: String,
    },
    /// A table of no dimension, or of too many.
    #[error(
        "refused: the table `{title}` has no dimension or more than {most}, and what it gives away cannot be checked"
    )]
    WrongDimensions {
        /// The table's title.
        title: String,
        /// The most that it may have.
        most: usize,
    },
    /// Levels that are not within each other as they say.
    #[error(
        "refused: the levels of `{dimension}` in the table `{title}` lie within each other in a circle or hold nothing"
    )]
    WrongLevels {
        /// The table's title.
        title: String,
        /// The dimension's name.
        dimension: String,
    },
    /// More cells than can be checked.
    #[error(
        "refused: the table `{title}` has more than {most} cells, and what it gives away cannot be checked"
    )]
    TooManyCells {
        /// The table's title.
        title: String,
        /// The most that it may have.
        most: usize,
    },
    /// Beside an earlier table, this one would tell of a few.
    #[error(
        "refused: the table `{title}` differs from the earlier table `{earlier}` by fewer than {threshold} learners, who could be \
         told by taking one from the other"
    )]
    TooNear {
        /// The table's title.
        title: String,
        /// What the earlier table is known by.
        earlier: String,
        /// The policy's threshold.
        threshold: u64,
    },
    /// Too much was shown of the same people to look at it all together.
    #[error(
        "refused: more than {most} figures have been shown of these learners, and what one more gives away cannot be checked"
    )]
    TooManyLinked {
        /// The most that can be looked at.
        most: usize,
    },
    /// A question for nearly the people of an earlier one, or exactly for them by other words: which, is not said.
    #[error(
        "refused: what this asks differs from what `{earlier}` told by fewer than {threshold} learners, or not at all, and they could \
         be told by taking one from the other"
    )]
    NearQuestion {
        /// What the earlier answer is known by.
        earlier: String,
        /// The policy's threshold.
        threshold: u64,
    },
    /// No group of a question may be shown.
    #[error(
        "refused: nothing that was asked for may be shown: each group has fewer than {threshold} learners or nobody, or leaves fewer \
         over"
    )]
    NothingToShow {
        /// The policy's threshold.
        threshold: u64,
    },
    /// No way was found to prove that nothing is given away.
    #[error("refused: no way was found to show the table `{title}` without giving a small count away")]
    NotProved {
        /// The table's title.
        title: String,
    },
}

impl Refusal {
    /// What would be safe to ask instead.
    pub fn instead(&self) -> &'static str {
        match self {
            Self::SyntheticOnly => {
                "use `inside_controller` for staff of the authority, or `published` for anyone else; \
                 the demo (`throughline demo`) shows every figure of made-up learners"
            }
            Self::UnknownPolicy => {
                "the policies are `published`, `inside_controller` and, for a demo, `synthetic`"
            }
            Self::TooManyGroups => "group by fewer columns, or by coarser ones",
            Self::NothingToShow { .. } => {
                "fewer groups, several years together, fewer conditions beside each other"
            }
            Self::WrongDimensions { .. } | Self::TooManyCells { .. } => {
                "ask for several smaller tables with fewer dimensions or broader levels"
            }
            Self::TooNear { .. } => {
                "use the earlier table, or ask for the same learners as there by other groups; or leave out or add at least as many \
                 learners as the threshold, in every group that is shown"
            }
            Self::NearQuestion { .. } => {
                "use that answer, or ask again in its words; or ask for groups that differ by at least as many learners as the threshold"
            }
            Self::TooManyLinked { .. } => {
                "ask for broader groups, or of another cohort; or use what was shown already"
            }
            Self::NotProved { .. } => "ask for fewer and broader levels, or for the table without totals",
            Self::WrongLevels { .. }
            | Self::PartsDoNotFit { .. }
            | Self::WrongKeys { .. }
            | Self::NoSuchGroup { .. } => {
                "build again and look at the checks of the build; the table itself is at fault, not the request"
            }
        }
    }

    /// The exit code of a verb that ends with this: refused by disclosure control.
    pub const fn exit_code(&self) -> u8 {
        5
    }
}

/// What was hidden in a table, in plain words.
///
/// One notice speaks for all hidden figures of its kind and never says which of them were small and which were
/// hidden to protect those: that difference would give them away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What is hidden.
    pub what: String,
    /// Why.
    pub why: String,
    /// What would be safe to ask instead.
    pub instead: String,
}
