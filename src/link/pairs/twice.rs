//! People who stand in the register twice. Their records do not compete: a row that is one of them is both.
use super::{
    chance::Chance,
    evidence::{
        BIRTH, Comparer, FORENAME, Levels, NUMBER, SCHOOL, SURNAME, birth, forename, number, surname,
    },
    model::{Model, Pair},
    record::{Record, Table},
    words::{Words, mix},
};

/// Rounds in which the share of people who stand in the register twice is learnt.
const ROUNDS: usize = 8;
/// A name and birth date with more records than this is a placeholder.
const LARGEST: usize = 20;

/// Tells whether two records of the register are one person.
pub(super) struct Twice<'t> {
    comparer: Comparer<'t>,
    chance: &'t Chance,
    model: &'t Model,
    words: &'t Words,
    records: &'t [Record],
    /// Share of records whose person has another.
    share: f64,
}

impl<'t> Twice<'t> {
    /// Learns how many people stand in the register twice, from records with the same names and birth date.
    pub(super) fn learn(register: &'t Table, words: &'t Words, chance: &'t Chance, model: &'t Model) -> Self {
        let records = &register.records;
        let mut twice = Self { comparer: Comparer::new(words), chance, model, words, records, share: 0.002 };
        let mut named: Vec<(u64, u32)> = records
            .iter()
            .enumerate()
            .filter(|(_, r)| r.forename != 0 && r.surname != 0 && r.birth != 0)
            .map(|(at, r)| {
                let names = u64::from(r.forename) << 32 | u64::from(r.surname);
                (mix(mix(names) ^ u64::from(r.birth)), at as u32)
            })
            .collect();
        named.sort_unstable();
        let mut odds = Vec::new();
        for group in named.chunk_by(|a, b| a.0 == b.0).filter(|group| (2..=LARGEST).contains(&group.len())) {
            for (at, (_, one)) in group.iter().enumerate() {
                odds.extend(group[at + 1..].iter().map(|(_, other)| twice.evidence(*one, *other)));
            }
        }
        let same = model.same();
        let found = same[FORENAME][forename::EXACT as usize]
            * same[SURNAME][surname::EXACT as usize]
            * same[BIRTH][birth::EXACT as usize];
        let total = records.len().max(1) as f64;
        for _ in 0..ROUNDS {
            let sure: f64 = odds.iter().map(|log| twice.probability(*log)).sum();
            twice.share = (2.0 * sure / found / total).clamp(1e-6, 0.5);
        }
        twice
    }

    /// The probability that two records are one person.
    pub(super) fn are_one(&mut self, one: u32, other: u32) -> f64 {
        let evidence = self.evidence(one.min(other), one.max(other));
        self.probability(evidence)
    }

    fn probability(&self, evidence: f64) -> f64 {
        let odds = (self.share / self.records.len().max(1) as f64).ln() + evidence;
        1.0 / (1.0 + (-odds).exp())
    }

    /// Logarithm of how much likelier two records are as one person than otherwise. Whoever stands in a register twice
    /// does so with two numbers and often at two schools: neither speaks against it.
    fn evidence(&mut self, one: u32, other: u32) -> f64 {
        let (a, b) = (&self.records[one as usize], &self.records[other as usize]);
        let all = self.comparer.levels(a, b);
        let mut levels = Levels::default();
        for (field, level) in all.each() {
            let silent = field == SCHOOL && level == 0 || field == NUMBER && level as u8 != number::SAME;
            if !silent {
                levels.set(field, level as u8);
            }
        }
        let (chance, of_forename) = self.chance.of_pair(levels, a, b, self.words, &[]);
        let of_forename = of_forename.map_or(f32::NAN, |log| log as f32);
        let pair = Pair {
            row: 0,
            record: 0,
            levels,
            chance: chance as f32,
            of_forename,
            habit: 0.0,
            writers: [0, 0],
        };
        self.model.likely(levels, [0, 0]) - self.model.otherwise(&pair)
    }
}
