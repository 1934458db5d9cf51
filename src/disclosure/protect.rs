//! Which counts to hide: the small ones, those that leave a small one over, and as many more as it takes.
//!
//! 1. **Small**: below the threshold. Zeros as the policy says; a structural zero is no secret.
//! 2. **Nearly all**: a part that leaves fewer than the threshold over of a whole that is listed too. "20 of 20" says of
//!    each of the twenty what "0 of 20" says of the rest.
//! 3. **Given away**: while some hidden count, or some small count that no row lists, could be worked out to a range
//!    narrower than the threshold, or while somebody told which counts are small could say more of one of them than
//!    that ([`attack`](super::attack)), hide one more: the smallest shown count beside it, then further off, a
//!    whole only after its parts.

use super::attack::{self, Outsider};
use super::policy::Policy;
use super::table::Node;

/// For each node, whether its count must be hidden.
pub(super) fn hidden(nodes: &[Node], policy: &Policy) -> Vec<bool> {
    let mut hidden: Vec<bool> = (0..nodes.len())
        .map(|index| {
            let node = &nodes[index];
            node.listed
                && !node.structural
                && (policy.is_small(node.count) || is_nearly_all(nodes, index, policy))
        })
        .collect();
    while let Some(given_away) = first_given_away(nodes, &hidden, policy) {
        match next_to_hide(nodes, &hidden, given_away, policy) {
            Some(next) => hidden[next] = true,
            None => break, // nothing of its tree is shown: nothing can be worked out
        }
    }
    hidden
}

/// Whether a count leaves fewer than the threshold over of any whole it belongs to.
fn is_nearly_all(nodes: &[Node], index: usize, policy: &Policy) -> bool {
    let mut inner = index;
    let mut others_possible = false;
    while let Some(whole) = nodes[inner].parent {
        others_possible |=
            nodes[whole].children.iter().any(|child| *child != inner && !nodes[*child].structural);
        if others_possible && nodes[whole].count - nodes[index].count < policy.threshold() {
            return true;
        }
        inner = whole;
    }
    false
}

fn first_given_away(nodes: &[Node], hidden: &[bool], policy: &Policy) -> Option<usize> {
    let threshold = policy.threshold();
    let read = attack::ranges(nodes, hidden, policy, Outsider::Reader);
    let told = attack::ranges(nodes, hidden, policy, Outsider::Told);
    (0..nodes.len()).find(|&index| {
        let node = &nodes[index];
        let is_small = attack::is_secret_small(node, policy);
        // All that being small says of a count: from 0 (or 1, where a zero would be shown) to the threshold less one.
        let fewest = u64::from(node.listed && !policy.hides_zeros());
        is_small && is_alone(nodes, hidden, index)
            || (hidden[index] || is_small) && !read[index].spans(threshold)
            || is_small && !told[index].spans(threshold - 1 - fewest)
    })
}

/// Whether a count is the only one missing from a whole that is shown.
///
/// Asked whatever the ranges say: were rounding alone trusted to blur a single missing count, then hiding a second
/// one would tell that rounding had not, and so what the second one rounds to.
fn is_alone(nodes: &[Node], hidden: &[bool], index: usize) -> bool {
    let Some(whole) = nodes[index].parent.filter(|whole| !hidden[*whole]) else { return false };
    let is_missing = |other: &usize| hidden[*other] || !(nodes[*other].listed || nodes[*other].structural);
    nodes[whole].children.iter().filter(|other| is_missing(other)).count() == 1
}

/// The shown count whose hiding costs least and helps most.
fn next_to_hide(nodes: &[Node], hidden: &[bool], given_away: usize, policy: &Policy) -> Option<usize> {
    let above = ancestors(nodes, given_away);
    let root = above.last().copied().unwrap_or(given_away);
    let candidates = (0..nodes.len()).filter(|&index| {
        let node = &nodes[index];
        node.listed
            && !node.structural
            && !hidden[index]
            && (index == root || ancestors(nodes, index).last() == Some(&root))
    });
    candidates.min_by_key(|&index| {
        let is_above = above.contains(&index);
        let is_beside = nodes[index].parent == nodes[given_away].parent;
        (is_above, !is_beside, policy.rounded(nodes[index].count), index)
    })
}

/// The wholes a count belongs to, nearest first.
fn ancestors(nodes: &[Node], index: usize) -> Vec<usize> {
    std::iter::successors(nodes[index].parent, |&whole| nodes[whole].parent).collect()
}
