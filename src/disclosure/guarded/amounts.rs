//! Means: one value for each learner, within bounds that do not hang on who is asked about, and to a step that is as coarse for
//! amounts as rounding is for heads. So whether one learner is there moves nothing, nor does one who is unlike all others.

use super::Frame;
use super::cells::{Cells, place};
use crate::disclosure::magnitude::{Failing, failing};
use crate::disclosure::policy::Policy;

/// Parts of the declared range in which the rules for sums look at contributions.
const PARTS: f64 = 1_000_000.0;

/// The mean of an amount in a group, over the learners who have it; none where the rules of sums hide it.
///
/// `count` is how many they are, as shown.
pub(super) fn mean(
    frame: &Frame,
    cells: &Cells,
    group: usize,
    amount: usize,
    count: u64,
    policy: &Policy,
) -> Option<f64> {
    let (low, high, _) = frame.amounts[amount];
    let mut values: Vec<(u64, f64)> = frame
        .rows
        .iter()
        .filter(|row| place(frame, row) == group && cells.group(group).contains_key(&row.member))
        .filter_map(|row| Some((row.member, row.amounts.get(amount).copied()??.clamp(low, high))))
        .filter(|(_, value)| value.is_finite())
        .collect();
    // In a fixed order, for the sum of doubles hangs on it.
    values.sort_by(|one, other| {
        (one.0, one.1).partial_cmp(&(other.0, other.1)).unwrap_or(std::cmp::Ordering::Equal)
    });
    if count == 0 || values.is_empty() {
        return None;
    }
    let scale = PARTS / (high - low);
    // From the lower end, so that none is negative where the range is not.
    let parts: Vec<i64> =
        values.iter().map(|(_, value)| ((value - low.min(0.0)) * scale).round() as i64).collect();
    let fails = |rule: &Failing| matches!(rule, Failing::Dominance | Failing::PPercent | Failing::Few);
    if failing(&parts, policy).iter().any(fails) {
        return None;
    }
    let sum: i64 = values.iter().map(|(_, value)| ((value - low) * scale).round() as i64).sum();
    let mean = low + sum as f64 / scale / values.len() as f64;
    let step = step((high - low) * policy.round_to() as f64 / count as f64);
    Some(plainly(((mean / step).round() * step).clamp(low, high)))
}

/// The least 1, 2 or 5 times a power of ten that is no smaller.
fn step(least: f64) -> f64 {
    let power = 10_f64.powi(least.log10().floor() as i32);
    let of = [1.0, 2.0, 5.0, 10.0].iter().map(|times| times * power);
    of.into_iter().find(|step| *step >= least * 0.999_999).unwrap_or(least)
}

/// A number as it is written, without what doubles add at its end.
pub(super) fn plainly(value: f64) -> f64 {
    format!("{value:.6}").parse().unwrap_or(value)
}
