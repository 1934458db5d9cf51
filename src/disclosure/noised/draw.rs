//! What a figure is off by: a whole number from the normal distribution over whole numbers, drawn exactly.
//!
//! Sums of doubles leave traces by which noise can be told from what it hides. Here every step is a comparison of whole numbers
//! (Canonne, Kamath and Steinke 2020, *The discrete Gaussian for differential privacy*, algorithms 1 to 3), and the bits come from
//! a cipher's stream under a seed that nobody outside has.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};

/// Where noise comes from: the same seed and name give the same noise.
#[derive(Clone, Copy)]
pub struct Seed<'a>(pub &'a [u8; 32]);

impl Seed<'_> {
    /// How much the figure of a name is off, with this variance.
    pub(crate) fn noise(self, name: &[&[u8]], variance: u64) -> i64 {
        let mut hash = Sha256::new();
        hash.update(self.0);
        for part in name {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut seed = [0; 32];
        seed.copy_from_slice(&hash.finalize());
        normal(&mut ChaCha20Rng::from_seed(seed), variance)
    }
}

/// A draw from the normal distribution over whole numbers with mean 0.
pub(super) fn normal(rng: &mut ChaCha20Rng, variance: u64) -> i64 {
    let variance = u128::from(variance.max(1));
    let scale = variance.isqrt() + 1;
    loop {
        let drawn = laplace(rng, scale);
        let off = (drawn.unsigned_abs() * scale).abs_diff(variance);
        if falls(rng, off * off, 2 * variance * scale * scale) {
            return i64::try_from(drawn).unwrap_or_default();
        }
    }
}

/// A draw from the two-sided geometric distribution.
fn laplace(rng: &mut ChaCha20Rng, scale: u128) -> i128 {
    loop {
        let within = rng.random_range(0..scale);
        if !falls(rng, within, scale) {
            continue;
        }
        let mut whole = 0_u128;
        while falls(rng, 1, 1) {
            whole += 1;
        }
        let size = i128::try_from(within + scale * whole).unwrap_or_default();
        let is_below = rng.random_range(0..2_u8) == 1;
        if is_below && size == 0 {
            continue;
        }
        return if is_below { -size } else { size };
    }
}

/// True with the chance e^-(part / whole).
fn falls(rng: &mut ChaCha20Rng, part: u128, whole: u128) -> bool {
    for _ in 0..part / whole {
        if !falls_once(rng, 1, 1) {
            return false;
        }
    }
    falls_once(rng, part % whole, whole)
}

/// The same for a quotient of at most one.
fn falls_once(rng: &mut ChaCha20Rng, part: u128, whole: u128) -> bool {
    let mut tries = 1_u128;
    while rng.random_range(0..whole * tries) < part {
        tries += 1;
    }
    tries % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean, spread and the share within two standard deviations, as the distribution has them.
    #[test]
    fn noise_is_normal() {
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        for variance in [1_u64, 100, 400, 20_000_000_000] {
            let draws: Vec<f64> = (0..20_000).map(|_| normal(&mut rng, variance) as f64).collect();
            let count = draws.len() as f64;
            let deviation = (variance as f64).sqrt();
            let mean = draws.iter().sum::<f64>() / count;
            assert!(mean.abs() < 4.0 * deviation / count.sqrt(), "{variance}: {mean}");
            let spread = draws.iter().map(|draw| draw * draw).sum::<f64>() / count / (deviation * deviation);
            assert!((spread - 1.0).abs() < 0.05, "{variance}: {spread}");
            let within = draws.iter().filter(|draw| draw.abs() < 2.0 * deviation).count() as f64 / count;
            let expected = if variance == 1 { 0.8829 } else { 0.9545 };
            assert!((within - expected).abs() < 0.01, "{variance}: {within}");
        }
    }

    #[test]
    fn a_name_has_one_noise_and_another_name_another() {
        let seed = Seed(&[3; 32]);
        let of = |name: &[&[u8]]| {
            (0..8_u8).map(|at| seed.noise(&[name, &[&[at]]].concat(), 400)).collect::<Vec<_>>()
        };
        assert_eq!(of(&[b"a"]), of(&[b"a"]));
        assert_ne!(of(&[b"a"]), of(&[b"b"]));
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
        assert_ne!(Seed(&[4; 32]).noise(&[b"a"], 4_000_000), seed.noise(&[b"a"], 4_000_000));
    }
}
