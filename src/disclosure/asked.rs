//! Answers to questions that nobody foresaw: groups of learners, with counts, shares, sums and means beside them.
//!
//! A group is shown whole or not at all, and a group that is not shown is not named either: where zeros are no secret
//! to begin with a reader could tell few from none. What hides a group:
//!
//! 1. its learners, those of them who fulfil a filter, or those who do not, are few;
//! 2. the figures beside each other add and subtract to a few: filters that overlap, exclude or imply one another make
//!    such sums, whether or not anybody meant it ([`Sums`]);
//! 3. totals over the groups, by each of their keys and over all, are one statement away: so the groups are protected as
//!    if every total of every count stood beside them.
//!
//! Amounts that vary between learners are told where enough learners bring some, no two of them make up most of it, and
//! to a step that is as coarse for amounts as rounding is for heads.
use std::collections::BTreeMap;

use serde::Serialize;

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
    let notices = notices(shown.len() < asked.groups.len() || asked.groups.is_empty(), &groups, policy);
    Ok(Answer { policy: policy.name(), policy_in_words: policy.in_words(), groups, notices })
}

/// A column of counts over the groups.
type Column<'a> = Box<dyn Fn(&AskedGroup) -> u64 + 'a>;

fn columns(filters: usize) -> Vec<Column<'static>> {
    let mut columns: Vec<Column<'static>> = vec![Box::new(AskedGroup::all)];
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
    // Groups that share learners have no total that follows from them.
    let are_disjoint = asked.groups.iter().map(AskedGroup::all).sum::<u64>() == asked.total;
    if are_disjoint && asked.groups.len() > 1 {
        let margins = margins(asked);
        for column in columns(asked.filters) {
            for margin in &margins {
                hide_beside(asked, margin, &column, policy, &mut hidden)?;
            }
        }
        never_alone(asked, &margins, &mut hidden);
    }
    Ok(hidden)
}

fn of(wholes: Vec<Count>) -> CountTable {
    CountTable { title: "query".to_owned(), population: String::new(), dimensions: Vec::new(), wholes }
}

/// The groups by each choice of their keys, but for all of them: what another statement would add up.
fn margins(asked: &Asked) -> Vec<Vec<Vec<usize>>> {
    let keys = asked.groups.first().map_or(0, |group| group.keys.len());
    let mut margins = Vec::new();
    for chosen in 0..(1_u32 << keys).saturating_sub(1) {
        let mut by: BTreeMap<Vec<&Option<String>>, Vec<usize>> = BTreeMap::new();
        for (at, group) in asked.groups.iter().enumerate() {
            let part = group.keys.iter().enumerate().filter(|(key, _)| chosen >> key & 1 == 1);
            by.entry(part.map(|(_, key)| key).collect()).or_default().push(at);
        }
        margins.push(by.into_values().collect());
    }
    margins
}

/// Hides what a total over all, and one for each part of a margin, would give away in one column.
fn hide_beside(
    asked: &Asked,
    margin: &[Vec<usize>],
    column: &Column<'_>,
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

/// How amounts are told.
struct Amounts<'a> {
    asked: &'a Asked,
    policy: &'a Policy,
    /// Whether every learner has one row at most, so that rows are learners.
    one_row_each: bool,
    /// For each amount and shown group whether it is not told.
    untold: Vec<Vec<bool>>,
}

impl<'a> Amounts<'a> {
    fn of(asked: &'a Asked, shown: &[&AskedGroup], policy: &'a Policy) -> Self {
        let one_row_each = asked.groups.iter().all(|group| group.rows == group.all());
        let mut untold = Vec::new();
        for at in 0..asked.amounts.len() {
            let mut column: Vec<bool> =
                shown.iter().map(|group| dominated(&group.amounts[at], policy)).collect();
            // Alone it would be what the others leave of the sum.
            if column.iter().filter(|untold| **untold).count() == 1 {
                let beside = (0..column.len()).filter(|group| !column[*group]);
                if let Some(next) = beside.min_by_key(|group| shown[*group].all()) {
                    column[next] = true;
                }
            }
            untold.push(column);
        }
        Self { asked, policy, one_row_each, untold }
    }

    fn told(&self, at: usize, group: &AskedGroup, measure: Measure) -> Told {
        let hidden = Told::Figure(Figure::Symbol(Symbol::Confidential));
        match measure {
            Measure::Count(counted) => self.counted(at, group, counted),
            Measure::Share(part, whole) => {
                let (part, whole) = (self.counted(at, group, part), self.counted(at, group, whole));
                match (number(part), number(whole)) {
                    (Some(part), Some(whole)) if whole > 0.0 => {
                        Told::Figure(Figure::share(part / whole, self.policy.rate_decimals()))
                    }
                    (Some(_), Some(_)) => Told::Figure(Figure::Symbol(Symbol::NotAvailable)),
                    _ => hidden,
                }
            }
            Measure::Sum(amount) | Measure::Mean(amount) if self.untold[amount][at] => hidden,
            Measure::Sum(amount) => Told::Number(self.sum(group, amount)),
            Measure::Mean(amount) => {
                let found = group.amounts[amount];
                if found.rows == 0 {
                    return Told::Figure(Figure::Symbol(Symbol::NotAvailable));
                }
                if self.is_plain(amount) {
                    return Told::Number(significant(found.sum / found.rows as f64, self.digits()));
                }
                let rows = self.policy.rounded(found.rows).max(1) as f64;
                Told::Number(significant(self.sum(group, amount) / rows, self.digits()))
            }
        }
    }

    fn counted(&self, at: usize, group: &AskedGroup, counted: Counted) -> Told {
        let heads = |exact: u64| Told::Figure(Figure::count(exact, self.policy.rounded(exact)));
        match counted {
            Counted::Learners(None) => heads(group.all()),
            Counted::Learners(Some(filter)) => heads(group.fulfilling(filter)),
            Counted::Rows(amount) if self.one_row_each => match self.asked.amounts[amount].0 {
                None => heads(group.all()),
                Some(filter) => heads(group.fulfilling(filter)),
            },
            Counted::Rows(amount) if self.untold[amount][at] => {
                Told::Figure(Figure::Symbol(Symbol::Confidential))
            }
            Counted::Rows(amount) => Told::Figure(Figure::Count(self.sum(group, amount) as i64)),
        }
    }

    /// A column of the release as it is, one value for each learner: nobody chose who weighs how much.
    fn is_plain(&self, amount: usize) -> bool {
        self.policy.threshold() == 0 || self.one_row_each && self.asked.amounts[amount].1
    }

    fn digits(&self) -> i32 {
        if self.policy.threshold() == 0 { 6 } else { 3 }
    }

    /// A sum, to a step of what as many learners bring as a count is rounded to.
    fn sum(&self, group: &AskedGroup, amount: usize) -> f64 {
        let found = group.amounts[amount];
        if self.policy.threshold() == 0 {
            return significant(found.sum, 12);
        }
        if self.is_plain(amount) {
            return significant(found.sum, 3);
        }
        let step = round_step(found.largest[0] * self.policy.round_to() as f64);
        if step > 0.0 { (found.sum / step).round() * step } else { 0.0 }
    }
}

fn number(told: Told) -> Option<f64> {
    match told {
        Told::Figure(Figure::Count(count)) => Some(count as f64),
        Told::Number(number) => Some(number),
        Told::Figure(_) => None,
    }
}

/// Two who make up nine tenths of it, or all the others together less than a tenth of the largest: the rules of ACRO.
/// And few who bring anything are few.
fn dominated(amount: &Amount, policy: &Policy) -> bool {
    if policy.threshold() == 0 {
        return false;
    }
    let [first, second] = amount.largest;
    let all = amount.sum.abs();
    policy.is_small(amount.learners)
        || amount.bringing < policy.threshold()
        || first + second >= 0.9 * all
        || all - first - second < 0.1 * first
}

/// To so many digits.
fn significant(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let places = digits - 1 - value.abs().log10().floor() as i32;
    format!("{:.*}", places.clamp(0, 12) as usize, round_to(value, places)).parse().unwrap_or(0.0)
}

fn round_to(value: f64, places: i32) -> f64 {
    if places >= 0 {
        let scale = 10_f64.powi(places);
        (value * scale).round() / scale
    } else {
        let scale = 10_f64.powi(-places);
        (value / scale).round() * scale
    }
}

/// The least 1, 2 or 5 times a power of ten that is no smaller.
fn round_step(least: f64) -> f64 {
    if least <= 0.0 || !least.is_finite() {
        return 0.0;
    }
    let power = 10_f64.powi(least.log10().floor() as i32);
    [1.0, 2.0, 5.0, 10.0]
        .iter()
        .map(|times| times * power)
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(least)
}

fn notices(left_out: bool, groups: &[(Vec<Option<String>>, Vec<Told>)], policy: &Policy) -> Vec<Notice> {
    let mut notices = Vec::new();
    if policy.threshold() == 0 {
        return notices;
    }
    if left_out {
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

#[cfg(test)]
#[path = "asked_tests.rs"]
mod tests;
