//! Places where a test may stop the program dead, to see what is left.
//!
//! A failpoint does nothing unless [`arm_failpoints`] was called, which a site does only under a demonstration's key,
//! and unless the environment asks for it by name: `THROUGHLINE_FAILPOINT=stage.named` kills the process where that
//! point is first passed, `stage.named:3` the third time, `stage.synced:1:error` makes the disk refuse there instead.
//! `THROUGHLINE_BATCH_ROWS` makes batches small, so that a small source has many of them.
use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The variable of the environment that names a failpoint.
const VARIABLE: &str = "THROUGHLINE_FAILPOINT";

/// The variable that makes batches small.
const BATCH_ROWS: &str = "THROUGHLINE_BATCH_ROWS";

struct Armed {
    name: String,
    nth: u64,
    refuses: bool,
    passed: AtomicU64,
}

static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
static SMALL: OnceLock<Option<usize>> = OnceLock::new();

/// Lets the environment name a failpoint. For a demonstration's folder only: nothing real is stopped on purpose.
pub fn arm_failpoints() {
    let _ = ARMED.get_or_init(|| std::env::var(VARIABLE).ok().as_deref().and_then(parse));
    let _ = SMALL.get_or_init(|| std::env::var(BATCH_ROWS).ok().and_then(|rows| rows.parse().ok()));
}

/// The same for a test inside the crate.
#[cfg(test)]
pub(crate) fn small_batches(rows: usize) {
    let _ = SMALL.set(Some(rows));
}

/// How many rows make a batch: so many, unless a test asked for fewer.
pub fn batch_rows(usual: usize) -> usize {
    SMALL.get().copied().flatten().map_or(usual, |small| small.clamp(1, usual))
}

fn parse(text: &str) -> Option<Armed> {
    let mut parts = text.split(':');
    let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let nth = parts.next().map_or(Some(1), |n| n.parse().ok())?;
    let refuses = parts.next() == Some("error");
    Some(Armed { name, nth, refuses, passed: AtomicU64::new(0) })
}

/// Ends the process here as if its power had gone, or makes the disk refuse, if a test asked for it.
pub fn failpoint(name: &'static str) -> io::Result<()> {
    let Some(Some(armed)) = ARMED.get() else { return Ok(()) };
    if armed.name != name || armed.passed.fetch_add(1, Ordering::SeqCst) + 1 != armed.nth {
        return Ok(());
    }
    if armed.refuses {
        return Err(io::Error::other("the disk refused, as a test asked"));
    }
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failpoint_is_named_counted_and_otherwise_inert() {
        let armed = parse("stage.named:3:error").unwrap();
        assert_eq!((armed.name.as_str(), armed.nth, armed.refuses), ("stage.named", 3, true));
        assert!(parse("").is_none());
        assert!(parse("x:y").is_none());
        assert!(failpoint("never.armed").is_ok());
    }
}
