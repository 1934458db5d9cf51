//! Answers to questions that nobody foresaw over invented learners: groups with counts, shares, sums and means beside them, as they
//! are. Real learners go through [`guarded`](super::guarded).

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::policy::Policy;
use super::refusal::{Notice, Refusal};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// Distinct learners, all or those who fulfil a filter.
    Learners(Option<usize>),
    /// Rows: an amount to which each row brings one.
    Rows(usize),
}

/// A figure of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    /// A count.
    Count(Counted),
    /// One count as a part of another, per cent.
    Share(Counted, Counted),
    /// The sum of an amount.
    Sum(usize),
    /// An amount's mean over the rows that have it.
    Mean(usize),
}

impl Measure {
    /// What a column of it is called where nobody says.
    pub fn word(self) -> &'static str {
        match self {
            Self::Count(Counted::Learners(_)) => "learners",
            Self::Count(Counted::Rows(_)) => "rows",
            Self::Share(..) => "share",
            Self::Sum(_) => "sum",
            Self::Mean(_) => "mean",
        }
    }
}

/// Exact figures of groups, not yet fit to be shown to anyone.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The groups: each set of keys once.
    pub groups: Vec<AskedGroup>,
    /// What is to be shown.
    pub measures: Vec<Measure>,
}

/// One group.
#[derive(Debug, Clone, Default)]
pub struct AskedGroup {
    /// Its keys.
    pub keys: Vec<Option<String>>,
    /// Its learners by the filters that they fulfil: bit by bit, the first filter lowest.
    pub learners: BTreeMap<u32, u64>,
    /// Its amounts.
    pub amounts: Vec<Amount>,
}

/// An amount in a group.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amount {
    /// The sum.
    pub sum: f64,
    /// Rows that have it.
    pub rows: u64,
}

impl AskedGroup {
    fn all(&self) -> u64 {
        self.learners.values().sum()
    }

    fn fulfilling(&self, filter: usize) -> u64 {
        self.learners.iter().filter(|(mask, _)| **mask >> filter & 1 == 1).map(|(_, count)| count).sum()
    }

    fn counted(&self, counted: Counted) -> u64 {
        match counted {
            Counted::Learners(None) => self.all(),
            Counted::Learners(Some(filter)) => self.fulfilling(filter),
            Counted::Rows(amount) => self.amounts[amount].rows,
        }
    }
}

/// An answer that may leave the controller.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The policy's name.
    pub policy: &'static str,
    /// The policy in words.
    pub policy_in_words: String,
    /// Keys and figures of each group that is shown.
    pub groups: Vec<(Vec<Option<String>>, Vec<Told>)>,
    /// What is not shown, why, and what would be safe to ask.
    pub notices: Vec<Notice>,
}

/// One figure as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Told {
    /// A count, a share or a symbol.
    Figure(Figure),
    /// A sum or a mean.
    Number(f64),
    /// A figure that is off by as much as it says.
    Near {
        /// The figure; a share is per cent.
        value: f64,
        /// In 95 of 100 cases the true one is no further away.
        margin: f64,
        /// Whether it is a share.
        is_share: bool,
    },
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Figure(figure) => figure.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Near { value, is_share: true, .. } => write!(f, "{value}%"),
            Self::Near { value, .. } => value.fmt(f),
        }
    }
}

/// An answer as it is kept to be told again.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    in_words: String,
    groups: Vec<(Vec<Option<String>>, Vec<Told>)>,
    notices: Vec<Notice>,
}

impl Kept {
    pub(super) fn answer(self, policy: &Policy) -> Answer {
        let Self { in_words, groups, notices } = self;
        Answer { policy: policy.name(), policy_in_words: in_words, groups, notices }
    }
}

impl Answer {
    /// As it is kept, to be told again.
    pub fn kept(&self) -> String {
        let kept = Kept {
            in_words: self.policy_in_words.clone(),
            groups: self.groups.clone(),
            notices: self.notices.clone(),
        };
        serde_json::to_string(&kept).unwrap_or_default()
    }
}

/// Shows an answer as it is, under the policy that hides nothing.
pub(super) fn disclose(asked: &Asked, policy: &Policy) -> Result<Answer, Refusal> {
    if policy.threshold() > 0 {
        return Err(Refusal::SyntheticOnly);
    }
    let figures =
        |group: &AskedGroup| asked.measures.iter().map(|measure| told(group, *measure, policy)).collect();
    let groups = asked.groups.iter().map(|group| (group.keys.clone(), figures(group))).collect();
    Ok(Answer { policy: policy.name(), policy_in_words: policy.in_words(), groups, notices: Vec::new() })
}

fn told(group: &AskedGroup, measure: Measure, policy: &Policy) -> Told {
    match measure {
        Measure::Count(counted) => Told::Figure(Figure::Count(group.counted(counted) as i64)),
        Measure::Share(part, whole) => match group.counted(whole) {
            0 => Told::Figure(Figure::Symbol(super::figure::Symbol::NotAvailable)),
            whole => {
                let share = group.counted(part) as f64 / whole as f64;
                Told::Figure(Figure::share(share, policy.rate_decimals()))
            }
        },
        Measure::Sum(at) => Told::Number(significant(group.amounts[at].sum, 12)),
        Measure::Mean(at) => match group.amounts[at] {
            Amount { rows: 0, .. } => Told::Figure(Figure::Symbol(super::figure::Symbol::NotAvailable)),
            Amount { sum, rows } => Told::Number(significant(sum / rows as f64, 6)),
        },
    }
}

/// To so many digits.
fn significant(value: f64, digits: usize) -> f64 {
    if value.is_finite() { format!("{value:.*e}", digits - 1).parse().unwrap_or(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::KeyKind;

    #[test]
    fn invented_learners_are_shown_as_they_are_and_others_not_at_all() {
        let group = AskedGroup {
            keys: vec![Some("a".to_owned())],
            learners: [(0, 1), (1, 2)].into(),
            amounts: vec![Amount { sum: 7.0, rows: 2 }],
        };
        let measures = vec![
            Measure::Count(Counted::Learners(None)),
            Measure::Share(Counted::Learners(Some(0)), Counted::Learners(None)),
            Measure::Mean(0),
        ];
        let asked = Asked { groups: vec![group], measures };
        let synthetic = Policy::synthetic(KeyKind::Demo).unwrap();
        let told = disclose(&asked, &synthetic).unwrap().groups[0].1.clone();
        assert_eq!(told[0], Told::Figure(Figure::Count(3)));
        assert_eq!(told[1], Told::Figure(Figure::PerCentTenths(667)));
        assert_eq!(told[2], Told::Number(3.5));
        assert_eq!(disclose(&asked, &Policy::published()), Err(Refusal::SyntheticOnly));
    }
}
