//! How fast a credential may ask: the connector's rate, and what the service says is left.
use crate::definitions::connector::Rate;
use reqwest::header::HeaderMap;
use std::time::Duration;
use tokio::time::Instant;

/// A bucket of requests that fills steadily.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Option<Rate>,
    left: f64,
    filled: Instant,
    /// The service said that nothing is left until then.
    closed_until: Option<Instant>,
}

impl Pace {
    pub(super) fn new(rate: Option<Rate>, now: Instant) -> Self {
        let left = rate.map_or(0.0, |rate| f64::from(rate.requests));
        Self { rate, left, filled: now, closed_until: None }
    }

    /// How long to wait before the next request, which is taken out at once.
    pub(super) fn take(&mut self, now: Instant) -> Duration {
        let closed =
            self.closed_until.take().map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        let Some(rate) = self.rate else { return closed };
        let full = f64::from(rate.requests.max(1));
        let per_second = full / f64::from(rate.per_seconds.max(1));
        let since = now.saturating_duration_since(self.filled).as_secs_f64();
        self.left = per_second.mul_add(since, self.left).min(full) - 1.0;
        self.filled = now;
        let empty =
            if self.left < 0.0 { Duration::from_secs_f64(-self.left / per_second) } else { Duration::ZERO };
        empty.max(closed)
    }

    /// Listens to `RateLimit-Remaining` and `RateLimit-Reset`, with or without `X-`: nothing left means waiting for the
    /// reset, in seconds or as an instant.
    pub(super) fn told(&mut self, headers: &HeaderMap, epoch_now: i64, longest: Duration, now: Instant) {
        let number = |name: &str| {
            [name.to_owned(), format!("x-{name}")]
                .iter()
                .find_map(|name| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok())
        };
        if let (Some(0), Some(reset)) = (number("ratelimit-remaining"), number("ratelimit-reset")) {
            // A large number is an instant; everything else counts from now.
            let seconds = if reset > 1_000_000_000 { reset - epoch_now } else { reset };
            if let Ok(seconds @ 1..) = u64::try_from(seconds) {
                self.closed_until = Some(now + Duration::from_secs(seconds).min(longest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_lets_a_burst_go_and_then_so_many_a_second() {
        let now = Instant::now();
        let mut pace = Pace::new(Some(Rate { requests: 4, per_seconds: 1 }), now);
        assert!((0..4).all(|_| pace.take(now) == Duration::ZERO));
        assert_eq!(pace.take(now), Duration::from_millis(250));
        assert_eq!(pace.take(now), Duration::from_millis(500));
        assert_eq!(pace.take(now + Duration::from_secs(2)), Duration::ZERO);
        assert_eq!(Pace::new(None, now).take(now), Duration::ZERO);
    }

    #[test]
    fn what_the_service_says_is_left_is_honoured() {
        let (now, longest) = (Instant::now(), Duration::from_secs(30));
        let mut pace = Pace::new(None, now);
        let told = |pace: &mut Pace, remaining: &str, reset: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-ratelimit-remaining", remaining.parse().unwrap());
            headers.insert("x-ratelimit-reset", reset.parse().unwrap());
            pace.told(&headers, 1_800_000_000, longest, now);
        };
        told(&mut pace, "0", "7");
        assert_eq!(pace.take(now), Duration::from_secs(7));
        assert_eq!(pace.take(now), Duration::ZERO, "once");
        told(&mut pace, "0", "1800000012");
        assert_eq!(pace.take(now), Duration::from_secs(12));
        told(&mut pace, "0", "9999");
        assert_eq!(pace.take(now), longest);
        told(&mut pace, "3", "9");
        assert_eq!(pace.take(now), Duration::ZERO);
    }
}
