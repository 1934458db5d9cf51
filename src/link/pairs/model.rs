//! Weights, learnt without labels: what records of one person have in common, from the pairs that win their competition.
mod kept;

pub(super) use kept::KeptModel;

use super::{
    evidence::{FIELDS, FORENAME, LEVELS, Levels, NUMBER, forename, number},
    threads::in_pieces,
};

/// Ways in which rows are kept: with care, and in a hurry. Errors of one row come together.
pub(super) const HANDS: usize = 2;
/// Rounds of learning.
pub(super) const ROUNDS: usize = 10;
/// So many rows' worth of belief in the guess that learning starts from.
const BELIEF: f64 = 8.0;
/// How much seldomer than strangers kin bear names that sound alike or are forms of one name: nobody calls a daughter
/// Millie who has an Amelia. What the same name at one address means cannot be learnt where people stand twice.
const NAMED_ALIKE: f64 = 0.2;
/// So many rows' worth of belief that a writer is like all others.
const WRITER: f64 = 40.0;

/// What is expected before anything was seen, per level.
const GUESS: [&[f64]; 8] = [
    &[0.012, 0.006, 0.03, 0.006, 0.01, 0.01, 0.01, 0.04, 0.004, 0.02, 0.01, 0.002, 0.84],
    &[0.05, 0.006, 0.03, 0.015, 0.015, 0.015, 0.87],
    &[0.002, 0.002, 0.005, 0.003, 0.004, 0.005, 0.007, 0.012, 0.96],
    &[0.01, 0.99],
    &[0.06, 0.04, 0.10, 0.03, 0.77],
    &[0.3, 0.7],
    &[0.03, 0.02, 0.95, 0.02, 0.005],
    &[0.9, 0.1],
];
const GUESS_OF_OTHERS: [f64; 3] = [0.1, 0.1, 0.8];

/// One comparison that is worth keeping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub row: u32,
    pub record: u32,
    pub levels: Levels,
    /// Logarithm of the chance that a stranger agrees so.
    pub chance: f32,
    /// The same of the forename alone, where the value matters; else not a number.
    pub of_forename: f32,
    /// Logarithm of how much likelier than for other names one person's records differ like this.
    pub habit: f32,
    /// Who wrote the two, by number; 0 where that is not told.
    pub writers: [u16; 2],
}

/// How often records of one person are at each level.
pub(super) type Same = [[f64; LEVELS]; FIELDS];

/// The model.
pub(super) struct Model {
    /// For each hand, how often records of one person are at each level, as logarithms.
    same: [[[f64; LEVELS]; FIELDS]; HANDS],
    hands: [f64; HANDS],
    /// The same of each writer, drawn to the whole where there is little of one; the first is the whole.
    hands_of: Vec<[f64; HANDS]>,
    /// How often kin are, as logarithms.
    kin: [[f64; LEVELS]; FIELDS],
    /// Share of rows whose person is in the register; where pairs do not compete, records that a row's person has.
    pub known: f64,
    /// Whether a row is at most one of its candidates.
    competes: bool,
    /// Share of the rows with a number who bear another's.
    pub wrong_numbers: f64,
    records: f64,
    kin_rate: f64,
}

fn guess(hand: usize) -> Same {
    let mut same = [[0.0; LEVELS]; FIELDS];
    for (field, levels) in same.iter_mut().enumerate() {
        let guess = GUESS.get(field).copied().unwrap_or(&GUESS_OF_OTHERS);
        // Where the hand is careless, everything but the best level is likelier.
        let best = guess.iter().fold(0.0_f64, |best, value| best.max(*value));
        let factor = if hand == 0 { 0.7 } else { 1.8 };
        let rest = (1.0 - best) * factor;
        for (level, value) in levels.iter_mut().zip(guess) {
            *level = if (*value - best).abs() < 1e-12 { 1.0 - rest.min(0.9) } else { value * factor };
        }
    }
    same
}

impl Model {
    /// The guess that learning starts from.
    pub(super) fn start(records: usize, kin_rate: f64, competes: bool, writers: usize) -> Self {
        let logarithms = |same: Same| same.map(|levels| levels.map(|value| value.max(1e-9).ln()));
        Self {
            same: [logarithms(guess(0)), logarithms(guess(1))],
            hands: [0.7, 0.3],
            hands_of: vec![[0.7, 0.3]; writers + 1],
            kin: [[0.0; LEVELS]; FIELDS],
            known: if competes { 0.8 } else { 0.1 },
            competes,
            wrong_numbers: 0.01,
            records: records.max(1) as f64,
            kin_rate,
        }
    }

    /// What kin have in common, as logarithms.
    pub(super) const fn set_kin(&mut self, kin: &Same) {
        self.kin = *kin;
    }

    /// How often records of one person are at each level, whoever's hand.
    pub(super) fn same(&self) -> Same {
        let mut same = [[0.0; LEVELS]; FIELDS];
        for (hand, share) in self.same.iter().zip(self.hands) {
            for (sum, value) in same.iter_mut().flatten().zip(hand.iter().flatten()) {
                *sum += share * value.exp();
            }
        }
        same
    }

    /// The same for each hand.
    pub(super) fn by_hand(&self) -> Vec<Same> {
        self.same.iter().map(|hand| hand.map(|levels| levels.map(f64::exp))).collect()
    }

    /// How likely each hand wrote a pair, if its records are one person.
    pub(super) fn shares(&self, pair: &Pair) -> [f64; HANDS] {
        let hands = self.of_hands(pair.levels, pair.writers);
        let all = sum_of_logarithms(hands);
        hands.map(|hand| (hand - all).exp())
    }

    fn of_hands(&self, levels: Levels, writers: [u16; 2]) -> [f64; HANDS] {
        let [one, other] = writers.map(|writer| self.hands_of[writer as usize]);
        let mut sums = [0.0; HANDS];
        for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
            *sum = f64::midpoint(one, other).ln();
        }
        for (field, level) in levels.each() {
            for (sum, hand) in sums.iter_mut().zip(&self.same) {
                *sum += hand[field][level];
            }
        }
        sums
    }

    /// Logarithm of how likely records of one person look like this.
    pub(super) fn likely(&self, levels: Levels, writers: [u16; 2]) -> f64 {
        sum_of_logarithms(self.of_hands(levels, writers))
    }

    /// Logarithm of how likely a stranger or kin look like this.
    pub(super) fn otherwise(&self, pair: &Pair) -> f64 {
        let same_number = pair.levels.get(NUMBER) == Some(number::SAME);
        let stranger =
            f64::from(pair.chance) + if same_number { (self.wrong_numbers / self.records).ln() } else { 0.0 };
        let mut kin = (self.kin_rate / self.records).ln();
        for (field, level) in pair.levels.each() {
            // Kin have the same names as each other no oftener than strangers of their family's name.
            let by_chance = field == FORENAME && !pair.of_forename.is_nan();
            kin += match (by_chance, level as u8) {
                (true, forename::PHONETIC | forename::SLIP | forename::FORM) => {
                    f64::from(pair.of_forename) + NAMED_ALIKE.ln()
                }
                (true, _) => f64::from(pair.of_forename),
                (false, _) => self.kin[field][level],
            };
        }
        sum_of_logarithms([stranger, kin])
    }

    /// Logarithm of the odds, against "not in the register", that a pair is one person.
    pub(super) fn weight(&self, pair: &Pair) -> f64 {
        // Where pairs do not compete, a row is compared with those before it: with half of the records.
        let nobody = if self.competes { 1.0 - self.known } else { 0.5 };
        (self.known / self.records / nobody).ln()
            + self.likely(pair.levels, pair.writers)
            + f64::from(pair.habit)
            - self.otherwise(pair)
    }

    /// The probability of each pair of one row, where its candidates compete with one another and with nobody.
    pub(super) fn compete(&self, pairs: &[Pair], probabilities: &mut Vec<f64>) {
        probabilities.clear();
        probabilities.extend(pairs.iter().map(|pair| self.weight(pair)));
        if !self.competes {
            probabilities.iter_mut().for_each(|weight| *weight = 1.0 / (1.0 + (-*weight).exp()));
            return;
        }
        let best = probabilities.iter().fold(0.0_f64, |best, weight| best.max(*weight));
        let mut all = (-best).exp();
        for weight in probabilities.iter_mut() {
            *weight = (*weight - best).exp();
            all += *weight;
        }
        probabilities.iter_mut().for_each(|share| *share /= all);
    }

    /// Learns from the pairs, sorted by row. `kin` gives the table of kin for what is the same.
    pub(super) fn learn(
        &mut self,
        pairs: &[Pair],
        rows: usize,
        numbered: usize,
        rounds: usize,
        threads: usize,
        kin: impl Fn(&Same) -> [[f64; LEVELS]; FIELDS],
    ) {
        let by_row: Vec<&[Pair]> = pairs.chunk_by(|a, b| a.row == b.row).collect();
        let guesses = [guess(0), guess(1)];
        for _ in 0..rounds {
            self.kin = kin(&self.same());
            let writers = self.hands_of.len();
            let sums = in_pieces(by_row.len(), 1024, threads, |range| {
                let mut sums = Sums::of(writers);
                let mut probabilities = Vec::new();
                for row in &by_row[range] {
                    self.compete(row, &mut probabilities);
                    for (pair, probability) in row.iter().zip(&probabilities) {
                        sums.add(self, pair, *probability);
                    }
                }
                sums
            });
            let mut all = Sums::of(writers);
            sums.iter().for_each(|part| all.join(part));
            self.take(&all, &guesses, rows, numbered);
        }
        self.kin = kin(&self.same());
    }

    fn take(&mut self, sums: &Sums, guesses: &[Same; HANDS], rows: usize, numbered: usize) {
        let most = if self.competes { 0.999 } else { 20.0 };
        self.known = ((sums.matches + 1.0) / (rows as f64 + 2.0)).clamp(0.001, most);
        self.wrong_numbers = ((sums.wrong_numbers + 1.0) / (numbered as f64 + 100.0)).clamp(1e-4, 0.2);
        let all: f64 = sums.hands.iter().sum();
        for (hands, seen) in self.hands_of.iter_mut().zip(&sums.hands_of) {
            let all_of: f64 = seen.iter().sum();
            for ((share, seen), whole) in hands.iter_mut().zip(seen).zip(sums.hands) {
                let whole = (whole + 0.5 * BELIEF) / (all + BELIEF);
                *share = (seen + WRITER * whole) / (all_of + WRITER);
            }
        }
        let belief = guesses.iter().zip(&sums.same);
        for (((share, same), seen), (guess, counts)) in
            self.hands.iter_mut().zip(&mut self.same).zip(sums.hands).zip(belief)
        {
            *share = (seen + 0.5 * BELIEF) / (all + BELIEF);
            for ((levels, counts), guess) in same.iter_mut().zip(counts).zip(guess) {
                let whole: f64 = counts.iter().sum::<f64>() + BELIEF * guess.iter().sum::<f64>();
                for ((level, count), guess) in levels.iter_mut().zip(counts).zip(guess) {
                    *level = ((count + BELIEF * guess) / whole).max(1e-9).ln();
                }
            }
        }
    }
}

/// What one round saw.
struct Sums {
    same: [Same; HANDS],
    hands: [f64; HANDS],
    hands_of: Vec<[f64; HANDS]>,
    matches: f64,
    wrong_numbers: f64,
}

impl Sums {
    fn of(writers: usize) -> Self {
        Self {
            same: [[[0.0; LEVELS]; FIELDS]; HANDS],
            hands: [0.0; HANDS],
            hands_of: vec![[0.0; HANDS]; writers],
            matches: 0.0,
            wrong_numbers: 0.0,
        }
    }

    fn add(&mut self, model: &Model, pair: &Pair, probability: f64) {
        if pair.levels.get(NUMBER) == Some(number::SAME) {
            self.wrong_numbers += 1.0 - probability;
        }
        if probability < 1e-9 {
            return;
        }
        self.matches += probability;
        for (hand, share) in model.shares(pair).into_iter().enumerate() {
            let share = probability * share;
            self.hands[hand] += share;
            // Each of the two wrote half of it; what nobody is told to have written is in the whole alone.
            for writer in pair.writers.into_iter().filter(|writer| *writer != 0) {
                self.hands_of[writer as usize][hand] += 0.5 * share;
            }
            for (field, level) in pair.levels.each() {
                self.same[hand][field][level] += share;
            }
        }
    }

    fn join(&mut self, other: &Self) {
        for (sum, part) in self.same.iter_mut().flatten().flatten().zip(other.same.iter().flatten().flatten())
        {
            *sum += part;
        }
        for (sum, part) in self.hands.iter_mut().zip(other.hands) {
            *sum += part;
        }
        for (sum, part) in self.hands_of.iter_mut().flatten().zip(other.hands_of.iter().flatten()) {
            *sum += part;
        }
        self.matches += other.matches;
        self.wrong_numbers += other.wrong_numbers;
    }
}

/// The logarithm of a sum of numbers that are given as logarithms.
pub(super) fn sum_of_logarithms<const N: usize>(logs: [f64; N]) -> f64 {
    let best = logs.iter().fold(f64::NEG_INFINITY, |best, log| best.max(*log));
    best + logs.iter().map(|log| (log - best).exp()).sum::<f64>().ln()
}
