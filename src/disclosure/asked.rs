//! Answers to questions that nobody foresaw: groups of learners, with counts, shares, sums and means beside them.
//!
//! A group is shown whole or not at all, and a group that is not shown is not named either: where zeros are no secret
//! to begin with a reader could tell few from none. What hides a group:
//!
//! 1. its learners, those of them who fulfil a filter, or those who do not, are few;
//! 2. the figures beside each other add and subtract to a few: filters that overlap, exclude or imply one another make
//!    such sums, whether or not anybody meant it ([`Sums`]);
//! 3. everybody of a key's value is in it: that all twenty of one place became one thing is told by the one line that there is;
//! 4. totals over the groups, by each of their keys and over all, are one statement away: so the groups are protected as
//!    if every total of every count stood beside them.
//!
//! Amounts that vary between learners are told where enough learners bring some, no two of them make up most of it, and
//! to a step that is as coarse for amounts as rounding is for heads.
mod amounts;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

use amounts::Amounts;

use super::figure::{Figure, Symbol};
use super::policy::Policy;
use super::protect;
use super::refusal::{Notice, Refusal};
use super::table::{Count, CountTable};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Distinct learners, all or those who fulfil a filter.
    Learners(Option<usize>),
    /// Rows: an amount to which each row brings one.
    Rows(usize),
}

/// A figure of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Distinct learners in all groups together.
    pub total: u64,
    /// For each key whether the question itself says which value it has: that all are in one group then tells nothing.
    pub fixed: Vec<bool>,
    /// How many filters there are.
    pub filters: usize,
    /// For each amount its filter, and whether it is a plain column of a release.
    pub amounts: Vec<(Option<usize>, bool)>,
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
    /// Its rows.
    pub rows: u64,
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
    /// Learners who have it.
    pub learners: u64,
    /// Learners of whom it is not nought.
    pub bringing: u64,
    /// What the two who bring most bring, without sign.
    pub largest: [f64; 2],
}

impl AskedGroup {
    fn all(&self) -> u64 {
        self.learners.values().sum()
    }

    fn fulfilling(&self, filter: usize) -> u64 {
        self.learners.iter().filter(|(mask, _)| **mask >> filter & 1 == 1).map(|(_, count)| count).sum()
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
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Told {
    /// A count, a share or a symbol.
    Figure(Figure),
    /// A sum or a mean.
    Number(f64),
}

/// The most groups that are looked at together.
const MOST_GROUPS: usize = 2_000;

/// Puts an answer through the gate.
pub(super) fn disclose(asked: &Asked, policy: &Policy) -> Result<Answer, Refusal> {
    if asked.groups.len() > MOST_GROUPS {
        return Err(Refusal::TooManyGroups);
    }
    let hidden = match policy.threshold() {
        0 => vec![false; asked.groups.len()],
        _ => hidden(asked, policy)?,
    };
    let shown: Vec<&AskedGroup> =
        asked.groups.iter().zip(&hidden).filter(|(_, hidden)| !**hidden).map(|(group, _)| group).collect();
    let amounts = Amounts::of(asked, &shown, policy);
    let told = |at: usize, group: &AskedGroup| {
        let figures = asked.measures.iter().map(|measure| amounts.told(at, group, *measure));
        (group.keys.clone(), figures.collect())
    };
    let groups: Vec<(Vec<Option<String>>, Vec<Told>)> =
        shown.iter().enumerate().map(|(at, group)| told(at, group)).collect();
    let notices = notices(asked, &groups, policy);
    Ok(Answer { policy: policy.name(), policy_in_words: policy.in_words(), groups, notices })
}

/// A column of counts over the groups.
type Column = Box<dyn Fn(&AskedGroup) -> u64>;

fn columns(filters: usize) -> Vec<Column> {
    let mut columns: Vec<Column> = vec![Box::new(AskedGroup::all)];
    for filter in 0..filters {
        columns.push(Box::new(move |group| group.fulfilling(filter)));
        columns.push(Box::new(move |group| group.all() - group.fulfilling(filter)));
    }
    columns
}

/// Which groups are not shown.
fn hidden(asked: &Asked, policy: &Policy) -> Result<Vec<bool>, Refusal> {
    let sums = Sums::of(asked);
    let mut hidden = Vec::new();
    for group in &asked.groups {
        let mut is_hidden = policy.is_small(group.all());
        for filter in 0..asked.filters {
            let leaf = Count::leaf(Vec::new(), group.fulfilling(filter));
            let nodes = of(vec![Count::whole(Vec::new(), group.all(), leaf)]).checked()?;
            is_hidden |= protect::hidden(&nodes, policy).into_iter().any(|hidden| hidden);
        }
        hidden.push(is_hidden || sums.tell_of_few(group, policy));
    }
    for (of, margin) in margins(asked) {
        let is_told = of.iter().zip(&asked.fixed).all(|(is_of, is_fixed)| *is_of || *is_fixed);
        for cells in margin.iter().filter(|cells| cells.len() == 1 && !is_told) {
            hidden[cells[0]] = true;
        }
    }
    // Groups that share learners have no total that follows from them.
    let are_disjoint = asked.groups.iter().map(AskedGroup::all).sum::<u64>() == asked.total;
    if are_disjoint && asked.groups.len() > 1 {
        let margins: Vec<Vec<Vec<usize>>> = margins(asked).into_iter().map(|(_, margin)| margin).collect();
        for column in columns(asked.filters) {
            for margin in &margins {
                hide_beside(asked, margin, column.as_ref(), policy, &mut hidden)?;
            }
        }
        never_alone(asked, &margins, &mut hidden);
    }
    Ok(hidden)
}

fn of(wholes: Vec<Count>) -> CountTable {
    CountTable { title: "query".to_owned(), population: String::new(), dimensions: Vec::new(), wholes }
}

/// The groups by each choice of their keys, but for all of them: what another statement would add up. Beside each, which
/// keys it is of.
fn margins(asked: &Asked) -> Vec<(Vec<bool>, Vec<Vec<usize>>)> {
    let keys = asked.groups.first().map_or(0, |group| group.keys.len());
    let mut margins = Vec::new();
    for chosen in 0..(1_u32 << keys).saturating_sub(1) {
        let mut by: BTreeMap<Vec<&Option<String>>, Vec<usize>> = BTreeMap::new();
        for (at, group) in asked.groups.iter().enumerate() {
            let part = group.keys.iter().enumerate().filter(|(key, _)| chosen >> key & 1 == 1);
            by.entry(part.map(|(_, key)| key).collect()).or_default().push(at);
        }
        let of = (0..keys).map(|key| chosen >> key & 1 == 1).collect();
        margins.push((of, by.into_values().collect()));
    }
    margins
}

/// Hides what a total over all, and one for each part of a margin, would give away in one column.
fn hide_beside(
    asked: &Asked,
    margin: &[Vec<usize>],
    column: &dyn Fn(&AskedGroup) -> u64,
    policy: &Policy,
    hidden: &mut [bool],
) -> Result<(), Refusal> {
    let value = |at: &usize| column(&asked.groups[*at]);
    let whole = |parts: Vec<Count>| Count {
        keys: Vec::new(),
        count: parts.iter().map(|part| part.count).sum(),
        structural_zero: false,
        parts,
        parts_are_all: true,
    };
    let mut order = vec![None];
    let parts: Vec<Count> = margin
        .iter()
        .map(|cells| {
            order.push(None);
            order.extend(cells.iter().map(|at| Some(*at)));
            whole(cells.iter().map(|at| Count::leaf(Vec::new(), value(at))).collect())
        })
        .collect();
    let table = if margin.len() == 1 {
        order.remove(0);
        parts
    } else {
        vec![whole(parts)]
    };
    let nodes = of(table).checked()?;
    for (is_hidden, cell) in protect::hidden(&nodes, policy).into_iter().zip(&order) {
        if let Some(at) = cell {
            hidden[*at] |= is_hidden;
        }
    }
    Ok(())
}

/// One group that is missing alone from a total is what the others leave of it: the smallest beside it goes with it.
fn never_alone(asked: &Asked, margins: &[Vec<Vec<usize>>], hidden: &mut [bool]) {
    loop {
        let mut next = None;
        for cells in margins.iter().flatten() {
            let missing = cells.iter().filter(|at| hidden[**at]).count();
            if missing == 1 && cells.len() > 1 {
                let beside = cells.iter().filter(|at| !hidden[**at]);
                next = beside.min_by_key(|at| asked.groups[**at].all()).copied();
                break;
            }
        }
        match next {
            Some(at) => hidden[at] = true,
            None => break,
        }
    }
}

/// Which sets of learners can be counted by adding and subtracting the figures of one group.
struct Sums {
    /// Each set as the combinations of filters that are in it.
    sets: Vec<Vec<u32>>,
}

impl Sums {
    fn of(asked: &Asked) -> Self {
        let mut kinds: Vec<u32> =
            asked.groups.iter().flat_map(|group| group.learners.keys().copied()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        // Combinations that nobody shows may be impossible, and a reader may know it: they are left out.
        let ones = vec![1.0; kinds.len()];
        let by_filter = (0..asked.filters)
            .map(|filter| kinds.iter().map(|kind| f64::from(kind >> filter & 1)).collect::<Vec<f64>>());
        let shown: Vec<Vec<f64>> = std::iter::once(ones).chain(by_filter).collect();
        let rank = rank(shown.clone());
        let mut sets = Vec::new();
        if asked.filters > 1 {
            for chosen in 1..(1_u32 << kinds.len()) - 1 {
                let picked = (0..kinds.len()).map(|at| f64::from(chosen >> at & 1)).collect();
                let with: Vec<Vec<f64>> = shown.iter().cloned().chain([picked]).collect();
                if self::rank(with) == rank {
                    let of = kinds.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
                    sets.push(of.map(|(_, kind)| *kind).collect());
                }
            }
        }
        Self { sets }
    }

    fn tell_of_few(&self, group: &AskedGroup, policy: &Policy) -> bool {
        let size = |set: &Vec<u32>| set.iter().filter_map(|kind| group.learners.get(kind)).sum();
        self.sets.iter().any(|set| policy.is_small(size(set)))
    }
}

/// How many of the rows are independent. They hold zeroes and ones, and are few.
fn rank(mut rows: Vec<Vec<f64>>) -> usize {
    let width = rows.first().map_or(0, Vec::len);
    let mut rank = 0;
    for column in 0..width {
        let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column].abs() > 1e-9) else { continue };
        rows.swap(rank, pivot);
        let (above, below) = rows.split_at_mut(rank + 1);
        let lead = &above[rank];
        for row in below {
            let factor = row[column] / lead[column];
            row.iter_mut().zip(lead).for_each(|(cell, lead)| *cell -= factor * lead);
        }
        rank += 1;
    }
    rank
}

/// The first is said of every table with keys: were it said only where a group is left out, its absence would tell that the
/// groups which are not there have nobody.
fn notices(asked: &Asked, groups: &[(Vec<Option<String>>, Vec<Told>)], policy: &Policy) -> Vec<Notice> {
    let mut notices = Vec::new();
    if policy.threshold() == 0 {
        return notices;
    }
    if asked.groups.iter().any(|group| !group.keys.is_empty()) {
        notices.push(Notice {
            what: "groups may be left out".to_owned(),
            why: format!(
                "a group is left out where it, those in it who fulfil a condition, or those who do not, are fewer than {}, \
                 or where the rest would give such a group away; one that is not there may have nobody or a few",
                policy.threshold()
            ),
            instead: "fewer groups, several years together, fewer conditions beside each other".to_owned(),
        });
    }
    let has_c = groups.iter().flat_map(|(_, told)| told).any(|told| match told {
        Told::Figure(figure) => *figure == Figure::Symbol(Symbol::Confidential),
        Told::Number(_) => false,
    });
    if has_c {
        notices.push(Notice {
            what: "sums or means are hidden (c)".to_owned(),
            why: "few learners bring most of them, or one is hidden to protect another".to_owned(),
            instead: "larger groups, or the number of learners".to_owned(),
        });
    }
    notices
}
