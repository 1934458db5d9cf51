//! What an outsider can work out: for each count, the least and the greatest value that agree with all that is shown.
//!
//! Both outsiders know the table's shape, the policy, that counts are whole and not negative, and that a shown count is
//! at least the threshold. Every count is the sum of its parts; as the counts form trees, two passes (parts to wholes,
//! wholes to parts) give bounds that are met exactly: some table has the least value, and some has the greatest.

use super::policy::Policy;
use super::table::Node;

/// Who is trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outsider {
    /// Adds and subtracts what is shown.
    Reader,
    /// Has this program too, and is even told which of the hidden counts are small. What is hidden to protect them is
    /// then known to be at least the threshold, and no greater than what is shown beside it, for the gate hides
    /// the smallest. Since the gate goes by nothing else, watching it decide teaches this outsider no more.
    Told,
}

/// Least and greatest possible value; no greatest when nothing shown limits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub least: u64,
    pub greatest: Option<u64>,
}

impl Range {
    /// Whether it is at least so wide.
    pub fn spans(self, width: u64) -> bool {
        self.greatest.is_none_or(|greatest| greatest >= self.least.saturating_add(width))
    }

    fn and(self, other: Self) -> Self {
        let greatest = match (self.greatest, other.greatest) {
            (Some(one), Some(another)) => Some(one.min(another)),
            (one, another) => one.or(another),
        };
        Self { least: self.least.max(other.least), greatest }
    }
}

/// A sum of ranges from which each can be taken away again.
#[derive(Default)]
struct Sum {
    least: u64,
    greatest: u64,
    unlimited: usize,
}

impl Sum {
    fn of(ranges: impl Iterator<Item = Range>) -> Self {
        ranges.fold(Self::default(), |sum, range| Self {
            least: sum.least + range.least,
            greatest: sum.greatest + range.greatest.unwrap_or(0),
            unlimited: sum.unlimited + usize::from(range.greatest.is_none()),
        })
    }

    fn range(&self) -> Range {
        Range { least: self.least, greatest: (self.unlimited == 0).then_some(self.greatest) }
    }

    fn without(&self, range: Range) -> Range {
        Self {
            least: self.least - range.least,
            greatest: self.greatest - range.greatest.unwrap_or(0),
            unlimited: self.unlimited - usize::from(range.greatest.is_none()),
        }
        .range()
    }
}

/// The range of every count, given which are hidden.
pub(super) fn ranges(nodes: &[Node], hidden: &[bool], policy: &Policy, outsider: Outsider) -> Vec<Range> {
    let own = nodes.iter().zip(hidden).map(|(node, hidden)| seen(node, *hidden, policy));
    let mut ranges: Vec<Range> = own.collect();
    if outsider == Outsider::Told {
        for (index, range) in ranges.iter_mut().enumerate() {
            *range = range.and(told(nodes, hidden, policy, index));
        }
    }
    let parts = |ranges: &[Range], node: &Node| Sum::of(node.children.iter().map(|child| ranges[*child]));
    for (index, node) in nodes.iter().enumerate().rev() {
        if !node.children.is_empty() {
            ranges[index] = ranges[index].and(parts(&ranges, node).range());
        }
    }
    for (index, node) in nodes.iter().enumerate() {
        let whole = ranges[index];
        let sum = parts(&ranges, node);
        for child in &node.children {
            let others = sum.without(ranges[*child]);
            let left = Range {
                least: others.greatest.map_or(0, |most| whole.least.saturating_sub(most)),
                greatest: whole.greatest.map(|most| most.saturating_sub(others.least)),
            };
            ranges[*child] = ranges[*child].and(left);
        }
    }
    ranges
}

/// What one cell tells by itself.
fn seen(node: &Node, hidden: bool, policy: &Policy) -> Range {
    if node.structural {
        return Range { least: 0, greatest: Some(0) };
    }
    if node.listed && !hidden {
        let (least, greatest) = policy.behind(node.count);
        return Range { least, greatest: Some(greatest) };
    }
    // Where zeros are shown, a hidden cell is as good as known not to be one.
    let not_zero = node.listed && !policy.hides_zeros() && node.count > 0;
    Range { least: u64::from(not_zero), greatest: None }
}

/// What the better-informed outsider is told of a count beyond what its own cell says.
fn told(nodes: &[Node], hidden: &[bool], policy: &Policy, index: usize) -> Range {
    let node = &nodes[index];
    if node.structural || (node.listed && !hidden[index]) {
        return Range { least: 0, greatest: None };
    }
    if is_secret_small(node, policy) {
        return Range { least: 0, greatest: Some(policy.threshold() - 1) };
    }
    let least = if node.count == 0 { 0 } else { policy.threshold() };
    let beside = node.parent.map_or(&[][..], |whole| &nodes[whole].children);
    let shown = beside.iter().map(|other| (&nodes[*other], hidden[*other]));
    let smallest = shown
        .filter(|(other, hidden)| other.listed && !hidden && !other.structural)
        .map(|(other, _)| other.count)
        .min_by_key(|count| policy.rounded(*count));
    let passed_over = smallest.filter(|count| policy.rounded(*count) >= policy.rounded(node.count));
    Range { least, greatest: passed_over.map(|count| policy.behind(count).1) }
}

/// Whether a count is small in itself: a row shows it and the policy hides so few, or no row shows it.
pub(super) fn is_secret_small(node: &Node, policy: &Policy) -> bool {
    !node.structural
        && if node.listed { policy.is_small(node.count) } else { node.count < policy.threshold() }
}
