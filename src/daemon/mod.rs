//! `throughline run`: pulls when schedules say so, links, builds and releases what came, and answers for its health.
//!
//! The keeper decides: told the time and what ended, it says what to begin, and its memory is the catalog. The loop
//! around it waits, begins work on threads of its own, and hears signals. Slots are only triggers: what to pull comes
//! from cursors, so a missed slot loses nothing.
mod due;
mod keeper;
mod outlook;
#[cfg(test)]
mod tests;

pub use keeper::{End, Keeper, Order, Slot};
pub use outlook::{Outlook, outlook};

use chrono::{DateTime, Utc};

/// What tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
