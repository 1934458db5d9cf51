//! The one gate: no figure leaves the controller unless it has passed here.
//!
//! What comes in: a [`CountTable`], exact counts of distinct learners. What goes out: a [`Disclosed`]
//! [`DisclosedTable`], with small counts hidden, the rest rounded, and every rate worked out again from the rounded
//! parts. What it promises: no hidden count can be worked out, from everything the table shows, to a range narrower
//! than the threshold. The promise is one about *one table*; what it does not cover is listed in `docs/disclosure.md`.
//!
//! Pure on purpose: no input or output, no clock, no randomness, no state. The same table and policy give the same
//! figures each time, so that asking again teaches nothing.
//!
//! [`Disclosed`] cannot be made anywhere else:
//!
//! ```compile_fail,E0423
//! let forged = throughline::disclosure::Disclosed(3_u64);
//! ```

mod asked;
mod attack;
mod figure;
mod grid;
mod headline;
pub mod ledger;
mod magnitude;
mod noised;
mod policy;
mod protect;
mod refusal;
mod rounding;
mod table;
pub mod tabular;
mod waterfall;

#[cfg(test)]
mod attackers;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod rated;

use std::fmt;

pub use asked::{Amount, Answer, Asked, AskedGroup, Counted, Measure, Told};
pub use figure::{Figure, Symbol};
pub use grid::{LinkGrid, LinkGroup, Rate, Rates, ShareRow, Shares};
pub use headline::{Headline, HeadlineGroup};
pub use magnitude::{Failing, MagnitudeRow, Magnitudes, failing};
pub use noised::{DAYS, Frame, FrameRow, MOST_GROUPS, QUESTIONS, Seed, Tallied, Terms};
pub use policy::{KeyKind, Policy};
pub use refusal::{Notice, Refusal};
pub use rounding::{Rounding, record_set_key};
pub use table::{Count, CountTable, DisclosedRow, DisclosedTable};
pub use tabular::{CellCount, Dimension, Level, Tabular};
pub use waterfall::{Estimates, StateCount, Waterfall};

/// A value that has passed disclosure control: the only kind of figure that may leave the controller.
///
/// Neither `Clone` nor `Serialize`, and `Debug` prints the state, never the content. Renderers read it through
/// [`AsRef`]; nothing outside this module can make one.
pub struct Disclosed<T>(T);

impl<T> AsRef<T> for Disclosed<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Disclosed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disclosed(..)")
    }
}

/// Puts one table of counts through the gate.
///
/// # Errors
/// [`Refusal`] when the table does not hold together (parts that exceed their whole, rows with the wrong number of
/// keys): a table that cannot be checked is not shown.
pub fn disclose(table: &CountTable, policy: &Policy) -> Result<Disclosed<DisclosedTable>, Refusal> {
    let tree = table.checked()?;
    let hidden = protect::hidden(&tree, policy);
    Ok(Disclosed(table::render(table, &tree, &hidden, policy)))
}

/// Puts the attrition waterfall of one cohort and population through the gate.
///
/// # Errors
/// As [`disclose`].
pub fn disclose_waterfall(
    waterfall: &Waterfall,
    policy: &Policy,
) -> Result<Disclosed<DisclosedTable>, Refusal> {
    waterfall::disclose(waterfall, policy).map(Disclosed)
}

/// Puts the headline table of one cohort and population through the gate: groups by measures.
///
/// # Errors
/// As [`disclose`], and when the measures of a group are not nested.
pub fn disclose_headline(headline: &Headline, policy: &Policy) -> Result<Disclosed<DisclosedTable>, Refusal> {
    headline::disclose(headline, policy).map(Disclosed)
}

/// Puts groups and their link rates through the gate: counts with sums over all groups, and estimates beside them.
///
/// # Errors
/// As [`disclose`].
pub fn disclose_links(grid: &LinkGrid, policy: &Policy) -> Result<Disclosed<DisclosedTable>, Refusal> {
    grid::disclose(grid, policy).map(Disclosed)
}

/// Puts a waterfall through the gate with estimated shares beside its states, shown where the state is shown and to
/// steps that give no small count away.
///
/// # Errors
/// As [`disclose`].
pub fn disclose_estimates(
    waterfall: &Waterfall,
    estimates: &Estimates,
    policy: &Policy,
) -> Result<Disclosed<DisclosedTable>, Refusal> {
    waterfall::disclose_with(waterfall, estimates, policy).map(Disclosed)
}

/// Shares that are rates of something other than people, or of so many that nobody can be told from them: to steps as
/// coarse as the number of people behind each row asks for.
///
/// # Errors
/// None today; a [`Refusal`] like every way through the gate.
pub fn disclose_rates(rates: &Rates, policy: &Policy) -> Result<Disclosed<DisclosedTable>, Refusal> {
    Ok(Disclosed(grid::rates(rates, policy)))
}

/// Puts wholes with parts that overlap through the gate, as shares without sums over the rows.
///
/// # Errors
/// As [`disclose`].
pub fn disclose_shares(shares: &Shares, policy: &Policy) -> Result<Disclosed<DisclosedTable>, Refusal> {
    grid::shares(shares, policy).map(Disclosed)
}

/// Puts a table of up to three dimensions through the gate, with or without totals along each.
///
/// # Errors
/// [`Refusal`] when the table does not hold together, is larger than the gate can prove, or could not be proved.
pub fn disclose_tabular(tabular: &Tabular, policy: &Policy) -> Result<Disclosed<DisclosedTable>, Refusal> {
    tabular::disclose(tabular, policy).map(Disclosed)
}

/// Puts a table of up to three dimensions through the gate, rounded in another way than the policy's own.
///
/// # Errors
/// As [`disclose_tabular`].
pub fn disclose_tabular_rounded(
    tabular: &Tabular,
    rounding: Rounding,
    policy: &Policy,
) -> Result<Disclosed<DisclosedTable>, Refusal> {
    tabular::disclose_rounded(tabular, rounding, policy).map(Disclosed)
}

/// Puts a table through the gate beside all that was shown before, and gives the entry by which it is remembered once it
/// *is* shown: whoever shows it writes the entry in the same transaction. `members` are the learners of each of the
/// table's cells, in their order.
///
/// # Errors
/// As [`disclose_tabular`], and where the ledger refuses.
pub fn disclose_tabular_after(
    tabular: &Tabular,
    members: &[Vec<u64>],
    (id, ledger): (&str, &ledger::Ledger),
    policy: &Policy,
) -> Result<(Disclosed<DisclosedTable>, ledger::Entry), Refusal> {
    let (table, entry) = tabular::disclose_after(tabular, members, (id, ledger), policy)?;
    Ok((Disclosed(table), entry))
}

/// Puts sums of money or hours through the gate, with means and percentiles.
///
/// # Errors
/// [`Refusal`] when a percentile is none or nothing is to be rounded to.
pub fn disclose_magnitudes(
    magnitudes: &Magnitudes,
    policy: &Policy,
) -> Result<Disclosed<DisclosedTable>, Refusal> {
    magnitude::disclose(magnitudes, policy).map(Disclosed)
}

/// Puts the answer to a question that nobody foresaw through the gate: a group is shown whole, or not named.
///
/// # Errors
/// As [`disclose`], and when there are more groups than can be looked at together.
pub fn disclose_asked(asked: &Asked, policy: &Policy) -> Result<Disclosed<Answer>, Refusal> {
    asked::disclose(asked, policy).map(Disclosed)
}

/// Puts the answer to a question over real learners through the gate: near the truth, for what is spent on it. What it
/// costs is entered before anybody's rows are looked at. `frame` has what is asked for; its rows were added up. None where it was not to go on.
pub fn disclose_noised(
    frame: &Frame,
    tallied: &Tallied,
    terms: Terms<'_>,
    policy: &Policy,
    goes_on: &dyn Fn() -> bool,
) -> Option<Disclosed<Answer>> {
    noised::disclose(frame, tallied, terms, policy, goes_on).map(Disclosed)
}

/// An answer as it was kept, or as the process that worked it out handed it over; none where it is not one. What it was kept in has to be sealed: else
/// anybody could make one.
pub fn told_again(kept: &str, policy: &Policy) -> Option<Disclosed<Answer>> {
    let kept: asked::Kept = serde_json::from_str(kept).ok()?;
    Some(Disclosed(kept.answer(policy)))
}
