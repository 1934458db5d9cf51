//! What may stand in a cell: a rounded figure, or a symbol that says why there is none.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a cell holds no figure: the symbols of the department's statistics service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Symbol {
    /// `c`: hidden, because it is small or would give a small one away.
    #[serde(rename = "c")]
    Confidential,
    /// `low`: more than nothing, and rounds to nothing.
    #[serde(rename = "low")]
    Low,
    /// `z`: cannot be other than empty.
    #[serde(rename = "z")]
    NotApplicable,
    /// `x`: there is no figure, for instance a share of nobody.
    #[serde(rename = "x")]
    NotAvailable,
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Confidential => "c",
            Self::Low => "low",
            Self::NotApplicable => "z",
            Self::NotAvailable => "x",
        })
    }
}

/// One cell of a disclosed table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Learners, rounded as the policy says. Negative only in a difference between groups.
    Count(i64),
    /// Per cent, in tenths: 125 is 12.5%.
    PerCentTenths(i64),
    /// No figure, and why.
    Symbol(Symbol),
}

impl Figure {
    /// A count, with `low` where it rounds to nothing.
    pub(super) fn count(exact: u64, rounded: u64) -> Self {
        if rounded == 0 && exact > 0 { Self::Symbol(Symbol::Low) } else { Self::Count(rounded as i64) }
    }

    /// A share from 0 to 1 as per cent, to as many decimals (0 or 1).
    pub(super) fn share(share: f64, decimals: u8) -> Self {
        let tenths =
            if decimals == 0 { (share * 100.0).round() * 10.0 } else { (share * 1000.0).round() } as i64;
        if tenths == 0 && share > 0.0 { Self::Symbol(Symbol::Low) } else { Self::PerCentTenths(tenths) }
    }

    /// Whether a reader is told a number.
    pub fn is_number(self) -> bool {
        !matches!(self, Self::Symbol(_))
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => f.pad(&count.to_string()),
            Self::PerCentTenths(tenths) if tenths % 10 == 0 => f.pad(&format!("{}%", tenths / 10)),
            Self::PerCentTenths(tenths) => f.pad(&format!("{}.{}%", tenths / 10, (tenths % 10).abs())),
            Self::Symbol(symbol) => symbol.fmt(f),
        }
    }
}
