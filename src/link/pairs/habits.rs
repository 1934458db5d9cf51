//! Some names are written in more ways than others: how records of one person differ is learnt for each name that is
//! met often, and drawn towards what holds for all where it is not.
use super::{
    evidence::{FORENAME, LEVELS, SURNAME},
    model::{Model, Pair},
    record::Table,
    words::{Map, Word, Words},
};

/// So many rows' worth of belief that a name is like all others.
const BELIEF: f64 = 25.0;

/// What is less likely is not counted.
const LEAST: f64 = 0.01;

/// Stands for every level.
const ALL: u8 = 15;

/// A field and a level as one number.
const fn key(field: usize, level: u8) -> u8 {
    (field as u8) << 4 | level
}

/// Counts of levels for names that sound alike.
type Counts = Map<Word, [f64; LEVELS]>;

/// Sees how names differ in the pairs that win, and what that changes of each pair.
pub(super) fn learn(model: &Model, pairs: &mut [Pair], register: &Table, words: &Words) {
    let name_of = |pair: &Pair, field: usize| {
        let record = &register.records[pair.record as usize];
        words.bones(if field == FORENAME { record.forename } else { record.surname })
    };
    let mut counts = [Counts::default(), Counts::default()];
    let mut own: Map<(u32, u8), f64> = Map::default();
    let mut probabilities = Vec::new();
    for row in pairs.chunk_by(|a, b| a.row == b.row) {
        model.compete(row, &mut probabilities);
        for (pair, probability) in
            row.iter().zip(&probabilities).filter(|(_, probability)| **probability > LEAST)
        {
            for (counts, field) in counts.iter_mut().zip([FORENAME, SURNAME]) {
                if let Some(level) = pair.levels.get(field) {
                    counts.entry(name_of(pair, field)).or_insert([0.0; LEVELS])[level as usize] +=
                        probability;
                    *own.entry((pair.record, key(field, level))).or_default() += probability;
                    *own.entry((pair.record, key(field, ALL))).or_default() += probability;
                }
            }
        }
    }
    let same = model.same();
    for pair in pairs.iter_mut() {
        // A record is no witness for itself.
        let without = |count: f64, field, level| {
            (count - own.get(&(pair.record, key(field, level))).copied().unwrap_or(0.0)).max(0.0)
        };
        let change = |(counts, field): (&Counts, usize)| {
            let level = pair.levels.get(field)?;
            let levels = counts.get(&name_of(pair, field))?;
            let all = without(levels.iter().sum(), field, ALL);
            let here = without(levels[level as usize], field, level);
            let expected = same[field][level as usize].max(1e-6);
            Some(((here + BELIEF * expected) / (all + BELIEF) / expected).ln())
        };
        let sum: f64 = counts.iter().zip([FORENAME, SURNAME]).filter_map(change).sum();
        pair.habit = sum as f32;
    }
}
