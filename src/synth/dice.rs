//! Every random draw, by purpose and number: a change in one person's story moves nobody else's.
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// What a stream of draws is for. Doors draw apart from events, so that events do not depend on them.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Area = 1,
    Family = 2,
    Person = 3,
    Doors = 4,
    Faults = 5,
    Beside = 6,
}

/// A stream of draws.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream((purpose as u64) << 56 | number);
        Self(stream)
    }

    /// In [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number from 0 up to and without `end`; 0 when `end` is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }

    /// A whole number between two, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low + 1) as f64) as i64
    }

    /// A standard normal deviate.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A gamma deviate with mean 1 (Marsaglia and Tsang, with the power step for shapes below 1).
    pub(super) fn gamma_of_mean_one(&mut self, shape: f64) -> f64 {
        let d = shape + 1.0 - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        let above = loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                break d * v;
            }
        };
        above * (1.0 - self.unit()).powf(1.0 / shape) / shape
    }

    /// A Poisson deviate for a small mean.
    pub(super) fn poisson(&mut self, mean: f64) -> u32 {
        let floor = (-mean.min(30.0)).exp();
        let (mut count, mut product) = (0, self.unit());
        while product > floor {
            count += 1;
            product *= self.unit();
        }
        count
    }

    /// One of a list that is not empty.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of a list that is not empty, the first ones more often: name frequencies fall off like this.
    pub(super) fn pick_early<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let unit = self.unit();
        &from[(unit.powf(1.6) * from.len() as f64) as usize]
    }

    /// One of a list of weighted things; the last when rounding leaves a remainder.
    pub(super) fn weighted<T: Copy>(&mut self, from: &[(T, u32)]) -> T {
        let total: u32 = from.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total as usize) as u32;
        for (thing, weight) in from {
            if left < *weight {
                return *thing;
            }
            left -= weight;
        }
        from[from.len() - 1].0
    }
}
