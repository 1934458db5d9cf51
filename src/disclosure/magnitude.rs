//! Sums of money and hours: whether one or two of those who contribute can be told from them.
//!
//! A sum over twenty may still be one provider's. So beside the count, two rules look at the contributions: *dominance*
//! (the largest two are 90% or more of the sum), and *p%* (the second largest, taking its own away, would know the
//! largest to within 10%). What fails is hidden; with a total, so are as many more as it takes for all that is hidden to
//! pass the rules as if it were one row. Percentiles are shown only with enough people on either side, so never a least
//! or a greatest.

use super::figure::{Figure, Symbol};
use super::policy::Policy;
use super::refusal::Refusal;
use super::table::{self, DisclosedRow, DisclosedTable};

/// How many of the largest contributions are looked at.
const DOMINATING: usize = 2;
/// Their share of the sum from which it is hidden, per cent.
const DOMINANCE_PERCENT: i128 = 90;
/// How near the largest contribution may be known, per cent.
const P_PERCENT: i128 = 10;

/// Contributions by group.
#[derive(Debug, Clone)]
pub struct Magnitudes {
    /// What the table is, in words.
    pub title: String,
    /// Whom it is about.
    pub population: String,
    /// What the rows are.
    pub dimension: String,
    /// What is summed, with its unit: `cost_pounds`.
    pub measure: String,
    /// Sums, means and percentiles are rounded to multiples of this many units; at least the policy's own.
    pub round_to: u64,
    /// Percentiles to show, per cent.
    pub percentiles: Vec<u8>,
    /// Whether the sum over all rows is shown.
    pub with_total: bool,
    /// The rows. No contribution is in two.
    pub rows: Vec<MagnitudeRow>,
}

/// One group.
#[derive(Debug, Clone)]
pub struct MagnitudeRow {
    /// Its code.
    pub key: String,
    /// What each learner (or provider) contributes, in whole units; those who contribute nothing too.
    pub contributions: Vec<i64>,
}

/// Why a sum is hidden, for a checker; a reader of the table is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// Fewer contributions than the threshold.
    Few,
    /// The largest two are 90% of the sum or more.
    Dominance,
    /// The second largest knows the largest to within 10%.
    PPercent,
    /// A contribution below nothing: the rules do not say what to make of it.
    Negative,
}

/// All rules that some contributions fail.
pub fn failing(contributions: &[i64], policy: &Policy) -> Vec<Failing> {
    let mut sorted: Vec<i128> = contributions.iter().map(|value| i128::from(*value)).collect();
    sorted.sort_unstable_by(|one, other| other.cmp(one));
    let sum: i128 = sorted.iter().sum();
    let top: i128 = sorted.iter().take(DOMINATING).sum();
    let largest = sorted.first().copied().unwrap_or(0);
    let rules = [
        (policy.is_small(contributions.len() as u64), Failing::Few),
        (top * 100 >= sum * DOMINANCE_PERCENT && sum != 0, Failing::Dominance),
        ((sum - top) * 100 < largest * P_PERCENT || sum == 0, Failing::PPercent),
        (sorted.last().is_some_and(|least| *least < 0), Failing::Negative),
    ];
    let applies = policy.threshold() > 0;
    rules.into_iter().filter(|(fails, _)| *fails && applies).map(|(_, rule)| rule).collect()
}

/// The rows, then the total where it is asked for: how many, sum, mean, percentiles.
pub(super) fn disclose(magnitudes: &Magnitudes, policy: &Policy) -> Result<DisclosedTable, Refusal> {
    if magnitudes.round_to == 0 || magnitudes.percentiles.iter().any(|percent| *percent > 100) {
        return Err(Refusal::NoSuchGroup { title: magnitudes.title.clone() });
    }
    let (hidden, total_hidden) = hidden(magnitudes, policy);
    let shown = magnitudes.rows.iter().zip(hidden);
    let mut rows: Vec<DisclosedRow> =
        shown.map(|(row, hidden)| figures(row, hidden, magnitudes, policy)).collect();
    if magnitudes.with_total {
        let contributions = magnitudes.rows.iter().flat_map(|row| &row.contributions).copied().collect();
        let all = MagnitudeRow { key: "total".to_owned(), contributions };
        rows.push(figures(&all, total_hidden, magnitudes, policy));
    }
    let of = |what: &str| format!("{}_{what}", magnitudes.measure);
    let percentiles = magnitudes.percentiles.iter().map(|percent| of(&format!("p{percent}")));
    Ok(DisclosedTable {
        title: magnitudes.title.clone(),
        population: magnitudes.population.clone(),
        policy: policy.name(),
        policy_in_words: policy.in_words(),
        dimensions: vec![magnitudes.dimension.clone()],
        measures: ["n".to_owned(), of("sum"), of("mean")].into_iter().chain(percentiles).collect(),
        notices: table::notices(&rows, policy),
        rows,
    })
}

/// Which rows are hidden, and whether the total is.
fn hidden(magnitudes: &Magnitudes, policy: &Policy) -> (Vec<bool>, bool) {
    let fails = |row: &MagnitudeRow| !failing(&row.contributions, policy).is_empty();
    let mut hidden: Vec<bool> = magnitudes.rows.iter().map(fails).collect();
    if !magnitudes.with_total || hidden.iter().all(|hidden| !hidden) {
        return (hidden, false);
    }
    // What the shown rows leave of the total is one sum over the hidden ones: it must pass as a row would, and never be one row.
    loop {
        let together: Vec<i64> = magnitudes
            .rows
            .iter()
            .zip(&hidden)
            .filter(|(_, hidden)| **hidden)
            .flat_map(|(row, _)| row.contributions.iter().copied())
            .collect();
        let alone = hidden.iter().filter(|hidden| **hidden).count() == 1;
        if !alone && failing(&together, policy).is_empty() {
            return (hidden, false);
        }
        let shown = magnitudes.rows.iter().enumerate().filter(|(at, _)| !hidden[*at]);
        match shown.min_by_key(|(_, row)| policy.rounded(row.contributions.len() as u64)).map(|(at, _)| at) {
            Some(at) => hidden[at] = true,
            None => return (hidden, true),
        }
    }
}

fn figures(row: &MagnitudeRow, hidden: bool, magnitudes: &Magnitudes, policy: &Policy) -> DisclosedRow {
    let keys = vec![row.key.clone()];
    if hidden {
        let width = 3 + magnitudes.percentiles.len();
        return DisclosedRow { keys, figures: vec![Figure::Symbol(Symbol::Confidential); width] };
    }
    let base = i128::from(magnitudes.round_to.max(policy.round_to()));
    let nearest = |value: i128| (value + base / 2).div_euclid(base) * base;
    let n = policy.rounded(row.contributions.len() as u64);
    let sum = nearest(row.contributions.iter().map(|value| i128::from(*value)).sum());
    let mean = if n == 0 {
        Figure::Symbol(Symbol::NotAvailable)
    } else {
        // From what is shown, and to the unit: it tells nothing that the two do not.
        let n = i128::from(n);
        Figure::Count(((sum + n / 2).div_euclid(n)) as i64)
    };
    let mut sorted = row.contributions.clone();
    sorted.sort_unstable();
    let mut figures = vec![Figure::Count(n as i64), Figure::Count(sum as i64), mean];
    figures.extend(magnitudes.percentiles.iter().map(|percent| {
        match percentile(&sorted, *percent, policy) {
            Some(value) => Figure::Count(nearest(value) as i64),
            None => Figure::Symbol(Symbol::Confidential),
        }
    }));
    DisclosedRow { keys, figures }
}

/// The value below which so many per cent lie, half way between two where it falls between them. None with fewer than the
/// threshold on either side.
fn percentile(sorted: &[i64], percent: u8, policy: &Policy) -> Option<i128> {
    let of_hundred = sorted.len() * usize::from(percent);
    let (below, rest) = (of_hundred / 100, of_hundred % 100);
    let above = sorted.len() - below - usize::from(rest > 0);
    let enough = policy.threshold() as usize;
    if below < enough || above < enough || sorted.is_empty() {
        return None;
    }
    let upper = i128::from(*sorted.get(below)?);
    let lower = i128::from(*sorted.get(below.checked_sub(usize::from(rest == 0))?)?);
    Some((lower + upper).div_euclid(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(contributions: &[i64]) -> Vec<Failing> {
        failing(contributions, &Policy::published())
    }

    fn with(largest: &[i64], rest: i64, times: usize) -> Vec<i64> {
        largest.iter().copied().chain(std::iter::repeat_n(rest, times)).collect()
    }

    /// The verdicts of ACRO 1.0.2 for the same contributions.
    #[test]
    fn attack_15_sums_that_are_one_contribution_are_found() {
        assert_eq!(rules(&with(&[1_000], 1, 11)), [Failing::Dominance, Failing::PPercent]);
        assert_eq!(rules(&with(&[500, 480], 5, 10)), [Failing::Dominance], "50 of 500 is exactly 10%");
        assert_eq!(rules(&with(&[], 10, 12)), []);
        assert_eq!(rules(&with(&[450, 450], 10, 10)), [Failing::Dominance], "exactly 90% fails");
        assert_eq!(rules(&with(&[445, 445], 11, 10)), [], "89% passes");
        assert_eq!(rules(&with(&[500, 40], 5, 10)), [Failing::Dominance], "50 of 500 is exactly 10%");
        assert_eq!(rules(&with(&[510], 5, 11)), [Failing::Dominance, Failing::PPercent]);
        assert_eq!(rules(&[0; 12]), [Failing::PPercent]);
        assert_eq!(rules(&with(&[-1], 10, 12)), [Failing::Negative]);
        assert_eq!(rules(&with(&[], 10, 9)), [Failing::Few]);
    }

    fn table(rows: &[&[i64]], with_total: bool) -> Vec<String> {
        let row = |(at, contributions): (usize, &&[i64])| MagnitudeRow {
            key: at.to_string(),
            contributions: contributions.to_vec(),
        };
        let magnitudes = Magnitudes {
            title: "t".into(),
            population: "p".into(),
            dimension: "provider".into(),
            measure: "cost_pounds".into(),
            round_to: 100,
            percentiles: vec![0, 50, 100],
            with_total,
            rows: rows.iter().enumerate().map(row).collect(),
        };
        let table = disclose(&magnitudes, &Policy::published()).unwrap();
        let line =
            |row: &DisclosedRow| row.figures.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        table.rows.iter().map(line).collect()
    }

    #[test]
    fn a_sum_that_is_one_contribution_takes_another_row_with_it() {
        let even: Vec<i64> = (0..24).map(|at| 1_000 + at * 10).collect();
        let more: Vec<i64> = (0..30).map(|at| 900 + at * 10).collect();
        let one = with(&[90_000], 100, 11);
        assert_eq!(table(&[&even, &one], false), ["25 26800 1072 c 1100 c", "c c c c c c"]);
        // With 24 even ones the largest is three quarters of what is hidden together, no longer nine tenths.
        let rows = table(&[&even, &more, &one], true);
        assert_eq!(rows[..3], ["c c c c c c", "30 31400 1047 c 1000 c", "c c c c c c"]);
        // With twelve small ones it still is, and so is the third row hidden.
        let rows = table(&[&with(&[], 500, 12), &more, &one], true);
        assert_eq!(rows[..3], ["c c c c c c"; 3]);
    }

    #[test]
    fn a_hidden_row_is_never_alone_beneath_a_total() {
        let even = [1_000_i64; 24];
        let few = [1_000_i64; 4];
        let rows = table(&[&even, &[1_000; 40], &few], true);
        assert_eq!(rows[1], "40 40000 1000 c 1000 c");
        assert_eq!((rows[0].as_str(), rows[2].as_str()), ("c c c c c c", "c c c c c c"));
        assert_eq!(rows[3], "70 68000 971 c 1000 c");
    }

    #[test]
    fn a_percentile_needs_ten_on_either_side() {
        let policy = Policy::published();
        let values: Vec<i64> = (1..=20).collect();
        assert_eq!(percentile(&values, 50, &policy), Some(10));
        assert_eq!(percentile(&values[..19], 50, &policy), None);
        assert_eq!(percentile(&(1..=39).collect::<Vec<i64>>(), 25, &policy), None, "nine below");
        assert_eq!(percentile(&(1..=43).collect::<Vec<i64>>(), 25, &policy), Some(11));
        assert_eq!(percentile(&values, 0, &policy), None);
        assert_eq!(percentile(&values, 100, &policy), None);
        assert_eq!(percentile(&[], 50, &policy), None);
    }
}
