use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Asks work to end early: it finishes the page or file in hand, stages it, and returns. The next pull goes on from there.
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
