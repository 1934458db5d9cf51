//! The stages in order. The one place that sees both sides of the boundary.
//!
//! `pull` brings a source's records through the door into staged batches and publishes them with their cursors;
//! `link` says which subjects are one learner; `build` and `release` make tables and a snapshot of them.
#[cfg(feature = "warehouse")]
mod build;
mod files;
mod intake;
mod link;
mod map;
mod pull;
#[cfg(feature = "warehouse")]
mod release;
mod service;
mod site;
mod trial;

#[cfg(feature = "warehouse")]
pub use build::{BuildReport, build, write_shell};
pub use link::{LinkReport, link};
pub use map::{Fit, Mapped, Untried, map};
pub use pull::{PullOptions, PullReport, SourceOutcome, SourceReport, pull};
#[cfg(feature = "warehouse")]
pub use release::release;
pub use site::{Site, SiteFault};
pub use trial::{Sight, Trial, Tried};

/// What a person at a terminal is shown while a verb works.
pub trait Watch {
    /// A part of the work begins: its name, and which of how many.
    fn part(&mut self, name: &str, at: usize, of: usize);
    /// So many more records are done in this part.
    fn records(&mut self, more: u64);
}

/// Shows nothing.
pub struct Unwatched;

impl Watch for Unwatched {
    fn part(&mut self, _: &str, _: usize, _: usize) {}
    fn records(&mut self, _: u64) {}
}
