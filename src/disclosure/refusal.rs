//! What is said when something is hidden or refused: what, why, and what would be safe to ask instead.

use serde::Serialize;

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
            Self::PartsDoNotFit { .. } | Self::WrongKeys { .. } | Self::NoSuchGroup { .. } => {
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What is hidden.
    pub what: String,
    /// Why.
    pub why: String,
    /// What would be safe to ask instead.
    pub instead: String,
}
