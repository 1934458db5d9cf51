//! What a model states, corrected by what persons found who looked.
//!
//! The correction is a line on the scale of log odds: an offset and a slope, both drawn towards *no correction*, so that a few
//! pairs move little and many say what they say. It rises throughout: of two pairs the likelier stays the likelier.
use serde::{Deserialize, Serialize};

/// With fewer decided pairs, or fewer of one verdict, nothing is corrected.
pub const LEAST_DECIDED: usize = 50;
/// So many pairs at least were found to be one learner, and so many to be two.
pub const LEAST_OF_EACH: usize = 5;

/// How far offset and slope are believed to lie from no correction, before anything was decided: standard deviations.
const BELIEF: [f64; 2] = [1.0, 0.25];
/// A slope is no less: the order of pairs is the model's.
const LEAST_SLOPE: f64 = 0.1;
/// Log odds beyond these are taken for these.
const FARTHEST: f64 = 12.0;
/// Rounds of fitting at most.
const ROUNDS: usize = 60;

/// A pair that a model states a probability for, and what a person said of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decided {
    /// What the model states, from 0 to 1.
    pub stated: f64,
    /// Whether the two are one learner.
    pub same: bool,
}

/// A correction of what a model states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calibration {
    /// Offset and slope by their bits, so that they come back as they were.
    line: [u64; 2],
    /// The least and the greatest logarithm of odds that was looked at, by their bits.
    range: [u64; 2],
    decided: u64,
    same: u64,
}

impl Calibration {
    /// Learns from decided pairs; none where there are too few. The same pairs in the same order give the same bits.
    pub fn learnt(decided: &[Decided]) -> Option<Self> {
        let same = decided.iter().filter(|pair| pair.same).count();
        let others = decided.len() - same;
        if decided.len() < LEAST_DECIDED || same.min(others) < LEAST_OF_EACH {
            return None;
        }
        let [offset, slope] = fitted(decided);
        let odds = || decided.iter().map(|pair| log_odds(pair.stated));
        let range = [odds().fold(FARTHEST, f64::min), odds().fold(-FARTHEST, f64::max)];
        Some(Self {
            line: [offset.to_bits(), slope.max(LEAST_SLOPE).to_bits()],
            range: range.map(f64::to_bits),
            decided: decided.len() as u64,
            same: same as u64,
        })
    }

    /// The corrected probability. What is surer or less sure than all that anybody decided is left as it is, but that the
    /// likelier stays the likelier.
    pub fn of(&self, stated: f64) -> f64 {
        let [offset, slope] = self.line.map(f64::from_bits);
        let [least, greatest] = self.range.map(f64::from_bits);
        let odds = (stated / (1.0 - stated)).ln();
        let corrected = |odds: f64| offset + slope * odds;
        // Beyond them a slope stays, until what is stated is the surer of the two: likelier pairs are nowhere tied.
        chance(if odds > greatest {
            odds.max(corrected(greatest) + LEAST_SLOPE * (odds - greatest))
        } else if odds < least {
            odds.min(corrected(least) - LEAST_SLOPE * (least - odds))
        } else {
            corrected(odds)
        })
    }

    /// Pairs that it was learnt from, and how many of them were one learner.
    pub const fn learnt_from(&self) -> (u64, u64) {
        (self.decided, self.same)
    }
}

fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln().clamp(-FARTHEST, FARTHEST)
}

fn chance(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// What is to be made small: how badly a line fits, and how far it is from no correction.
fn misfit(pairs: &[(f64, bool)], line: [f64; 2]) -> f64 {
    let belief = (line[0] / BELIEF[0]).powi(2) / 2.0 + ((line[1] - 1.0) / BELIEF[1]).powi(2) / 2.0;
    let of = |(odds, same): &(f64, bool)| {
        let towards = (line[0] + line[1] * odds) * if *same { -1.0 } else { 1.0 };
        // ln(1 + e^x), without running over.
        towards.max(0.0) + (-towards.abs()).exp().ln_1p()
    };
    belief + pairs.iter().map(of).sum::<f64>()
}

/// Offset and slope, by Newton's steps, each halved until it helps: what is made small has one lowest place.
fn fitted(decided: &[Decided]) -> [f64; 2] {
    let pairs: Vec<(f64, bool)> = decided.iter().map(|pair| (log_odds(pair.stated), pair.same)).collect();
    let mut line = [0.0, 1.0];
    for _ in 0..ROUNDS {
        let mut slope = [line[0] / BELIEF[0].powi(2), (line[1] - 1.0) / BELIEF[1].powi(2)];
        let mut bend = [BELIEF[0].powi(-2), 0.0, BELIEF[1].powi(-2)];
        for (odds, same) in &pairs {
            let expected = chance(line[0] + line[1] * odds);
            let (miss, weight) = (expected - f64::from(u8::from(*same)), expected * (1.0 - expected));
            slope = [slope[0] + miss, slope[1] + miss * odds];
            bend = [bend[0] + weight, bend[1] + weight * odds, bend[2] + weight * odds * odds];
        }
        let area = bend[0] * bend[2] - bend[1] * bend[1];
        let step = [
            (bend[2] * slope[0] - bend[1] * slope[1]) / area,
            (bend[0] * slope[1] - bend[1] * slope[0]) / area,
        ];
        let (held, mut share) = (misfit(&pairs, line), 1.0);
        let mut next = [line[0] - step[0], line[1] - step[1]];
        while misfit(&pairs, next) > held && share > 1e-9 {
            share /= 2.0;
            next = [line[0] - share * step[0], line[1] - share * step[1]];
        }
        let moved = (next[0] - line[0]).abs() + (next[1] - line[1]).abs();
        line = next;
        if moved < 1e-12 {
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many pairs at each stated probability, of which such a share is one learner.
    fn decided(found: &[(f64, usize, usize)]) -> Vec<Decided> {
        found
            .iter()
            .flat_map(|(stated, same, others)| {
                let of = |same| move |_| Decided { stated: *stated, same };
                (0..*same).map(of(true)).chain((0..*others).map(of(false)))
            })
            .collect()
    }

    #[test]
    fn too_few_pairs_or_one_verdict_alone_correct_nothing() {
        assert_eq!(Calibration::learnt(&decided(&[(0.9, 40, 9)])), None);
        assert_eq!(Calibration::learnt(&decided(&[(0.9, 200, 4)])), None);
        assert!(Calibration::learnt(&decided(&[(0.9, 45, 5)])).is_some());
    }

    #[test]
    fn a_model_that_is_right_is_left_as_it_is() {
        let found = [(0.2, 20, 80), (0.5, 50, 50), (0.8, 80, 20), (0.95, 95, 5)];
        let line = Calibration::learnt(&decided(&found)).unwrap();
        for stated in [0.05, 0.2, 0.5, 0.8, 0.95, 0.99] {
            assert!((line.of(stated) - stated).abs() < 0.01, "{stated}: {}", line.of(stated));
        }
        assert_eq!(line.learnt_from(), (400, 245));
    }

    #[test]
    fn one_that_says_too_much_is_believed_less_and_the_order_stays() {
        // Stated 0.95, and right four times in five; stated 0.6, and right every third time.
        let line = Calibration::learnt(&decided(&[(0.95, 160, 40), (0.6, 67, 133)])).unwrap();
        assert!((line.of(0.95) - 0.8).abs() < 0.04, "{}", line.of(0.95));
        assert!((line.of(0.6) - 0.33).abs() < 0.06, "{}", line.of(0.6));
        let stated: Vec<f64> = (1..1000).map(|at| f64::from(at) / 1000.0).collect();
        assert!(stated.windows(2).all(|two| line.of(two[0]) < line.of(two[1])), "and nothing is tied");
        assert!((line.of(0.999) - 0.999).abs() < 1e-9, "nobody looked at any that is so sure");
        assert!(line.of(1.0) <= 1.0 && line.of(0.0) >= 0.0);
    }

    #[test]
    fn a_few_pairs_move_less_than_many_that_say_the_same() {
        let few = Calibration::learnt(&decided(&[(0.9, 30, 20)])).unwrap();
        let many = Calibration::learnt(&decided(&[(0.9, 600, 400)])).unwrap();
        assert!(few.of(0.9) > many.of(0.9) && few.of(0.9) < 0.9, "{} {}", few.of(0.9), many.of(0.9));
        assert!((many.of(0.9) - 0.6).abs() < 0.02, "{}", many.of(0.9));
    }

    #[test]
    fn it_comes_back_from_text_as_it_was() {
        let line = Calibration::learnt(&decided(&[(0.95, 61, 9), (0.4, 13, 31)])).unwrap();
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(serde_json::from_str::<Calibration>(&text).unwrap(), line);
    }
}
