use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Asks work to end early: it finishes the page, file or batch in hand, publishes what is whole, and returns.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks. There is no way back.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
