//! How long a service is waited for, and when it is left alone.
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};
use tokio::time::Instant;

/// How patient a pull is with a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often one page is asked for before it becomes a fault.
    pub attempts: u32,
    /// The first wait between two attempts is at most this; each further one at most twice the one before.
    pub pause: Duration,
    /// The longest wait between two attempts. Where a service asks for more, the slice is put off.
    pub longest: Duration,
    /// The shortest wait that a hint of the service can mean.
    pub shortest: Duration,
    /// One answer may take so long, to its last byte.
    pub timeout: Duration,
    /// A slice that the service puts off is waited for so long at the end of a run.
    pub park: Duration,
    /// So long a host that fails again and again is left alone.
    pub rest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 5,
            pause: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            shortest: Duration::from_millis(250),
            timeout: Duration::from_mins(1),
            park: Duration::from_mins(5),
            rest: Duration::from_secs(30),
        }
    }
}

impl Patience {
    /// A wait before the next attempt: anything up to a ceiling that doubles, so that clients that failed together do
    /// not come back together.
    pub(super) fn backoff(&self, failed: u32) -> Duration {
        let ceiling = self.pause.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1).min(16)));
        ceiling.min(self.longest).mul_f64(chance())
    }
}

/// A number from 0 to 1. Nothing secret hangs on it.
fn chance() -> f64 {
    let drawn = RandomState::new().build_hasher().finish();
    (drawn >> 11) as f64 / (1_u64 << 53) as f64
}

/// Attempts beyond the first of each page: a tenth of all requests, and some for a small pull. Without it an outage
/// would be answered with a storm.
#[derive(Debug, Default)]
pub(super) struct Budget {
    pub(super) requests: u64,
    pub(super) retries: u64,
}

/// So many attempts a pull may make again however few requests it has made.
const LEAST_RETRIES: u64 = 10;

impl Budget {
    /// Takes one more attempt out of the budget; false where it is spent.
    pub(super) fn may_retry(&mut self) -> bool {
        let allowed = (self.requests / 10).max(LEAST_RETRIES);
        if self.retries >= allowed {
            return false;
        }
        self.retries += 1;
        true
    }
}

/// So many failures in a row, over all slices, and the host is left alone for a while.
const ENOUGH: u32 = 8;

/// Leaves a host alone that fails again and again.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// How long the host is still to be left alone.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        self.open_until.filter(|until| *until > now).map(|until| until - now)
    }

    pub(super) const fn worked(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    /// Notes a failure of the host itself. After enough of them it opens; once it has rested, one failure is enough.
    pub(super) fn failed(&mut self, now: Instant, rest: Duration) {
        self.failures += 1;
        if self.failures >= ENOUGH {
            self.open_until = Some(now + rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_ceiling_and_differ() {
        let patience = Patience {
            pause: Duration::from_millis(100),
            longest: Duration::from_secs(1),
            ..Patience::default()
        };
        let drawn: Vec<_> = (0..64).map(|_| patience.backoff(1)).collect();
        assert!(drawn.iter().all(|wait| *wait <= Duration::from_millis(100)));
        assert!(drawn.windows(2).any(|pair| pair[0] != pair[1]), "jitter");
        assert!((0..64).map(|_| patience.backoff(4)).any(|wait| wait > Duration::from_millis(200)));
        assert!((0..64).all(|_| patience.backoff(40) <= Duration::from_secs(1)));
    }

    #[test]
    fn retries_are_a_tenth_of_the_requests_and_ten_at_least() {
        let mut budget = Budget { requests: 5, retries: 0 };
        assert_eq!((0..20).filter(|_| budget.may_retry()).count(), 10);
        budget.requests = 200;
        assert_eq!((0..50).filter(|_| budget.may_retry()).count(), 10);
    }

    #[test]
    fn a_host_that_fails_on_is_left_alone_and_tried_once_after_its_rest() {
        let (mut breaker, now, rest) = (Breaker::default(), Instant::now(), Duration::from_secs(30));
        for _ in 1..ENOUGH {
            breaker.failed(now, rest);
        }
        assert_eq!(breaker.left(now), None);
        breaker.failed(now, rest);
        assert_eq!(breaker.left(now), Some(rest));
        let later = now + rest;
        assert_eq!(breaker.left(later), None);
        breaker.failed(later, rest);
        assert_eq!(breaker.left(later), Some(rest), "one failure after the rest is enough");
        breaker.worked();
        assert_eq!(breaker.left(later), None);
    }
}
