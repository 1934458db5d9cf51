//! Guarded queries: one SELECT over the learners of a release, answered in groups.
//!
//! What comes in: a text that somebody typed, and the tables of a release. What goes out: counts, shares, sums and means of
//! groups, through the gate, or a refusal that says what would be safe to ask. What it promises: nothing of the typed text
//! is run but its literals; whatever is not on a list is refused; no value of a row, no error of the engine and no group of
//! a few is shown. Why it is built so: `docs/decisions/0034`.
//!
//! [`compile`] reads the text and writes a statement of its own. With the warehouse, that statement runs in a process of
//! its own, on copies of the columns that it reads; what comes back goes through
//! [`disclosure`](crate::disclosure) alone.
#[cfg(feature = "warehouse")]
mod answer;
mod calls;
#[cfg(feature = "warehouse")]
mod child;
mod extent;
#[cfg(feature = "warehouse")]
mod frame;
mod from;
#[cfg(feature = "warehouse")]
mod gathered;
mod guard;
mod measures;
#[cfg(feature = "warehouse")]
mod pages;
mod parse;
mod plan;
mod refusal;
mod room;
mod rows;
mod scalar;
mod scope;
#[cfg(any(feature = "warehouse", test))]
mod second;

#[cfg(test)]
mod tests;

#[cfg(feature = "warehouse")]
pub use answer::{Cell, answer, lines, with_margins};
pub use calls::allowed_functions;
#[cfg(feature = "warehouse")]
pub use child::{LONGEST, Pace, VERB, serve};
#[cfg(feature = "warehouse")]
pub use frame::{Ready, of_one_learner, ready};
pub use guard::Guard;
pub use plan::{Output, Plan, Shown, compile};
pub use refusal::QueryRefusal;
pub use room::Room;

pub use scope::{Facts, Kind, Shapes, TableShape};
