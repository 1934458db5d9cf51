//! Links rows with the records of a register by what is written in them, with a probability that means what it says.
//!
//! Fellegi and Sunter's model with a third class, kin. Nothing here is random: the same files give the same bits, with
//! any number of threads.
mod again;
mod candidates;
mod chance;
mod counts;
mod evidence;
mod explain;
mod files;
mod floats;
mod fold;
mod habits;
mod kin;
mod known;
mod model;
mod near;
mod pool;
mod record;
mod threads;
mod trained;
mod twice;
mod words;

pub use explain::Line;
pub(super) use explain::Weigher;
pub use files::{PairsFault, PairsReport, link_files};
pub use known::Known;
pub(super) use pool::{Face, Pool, Said};
pub(super) use trained::Ready;
pub use trained::Trained;

use again::Again;
use candidates::{Blocks, Keying, Postings};
use chance::Chance;
use evidence::Comparer;
use kin::Kin;
use model::{Model, Pair, Same};
use record::Table;
use threads::in_pieces;
use twice::Twice;
use words::{Word, Words};

/// Pairs whose odds are below this, as a logarithm, are not kept: they win no competition.
const HOPELESS: f64 = -10.0;
/// Pairs less likely than this are not written.
const LEAST: f64 = 0.001;
/// Rounds of learning once sure rows are known.
const ROUNDS_AGAIN: usize = 4;

/// One row's candidate, with the probability that they are one person.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scored {
    row: u32,
    record: u32,
    probability: f64,
}

/// What was found, and what was not looked at.
struct Linked {
    pairs: Vec<Scored>,
    blocks_left_out: u64,
    pairs_left_out: u64,
}

/// Rows, a register, and what they are compared with.
struct Linkage<'t> {
    rows: &'t Table,
    register: &'t Table,
    words: &'t Words,
    threads: usize,
    chance: Chance,
}

/// Finds records of a register that are one person. Each pair once, and none keeps another from being right.
fn link_within(register: &Table, words: &Words, threads: usize) -> Linked {
    let blocks = candidates::blocks(register, register, words, &Keying::of(register), threads);
    let chance = Chance::of(register, register, words, threads);
    let kin = Kin::of(register, words, threads);
    let mut model = Model::start(register.records.len(), kin.rate, false, 0);
    let linkage = Linkage { rows: register, register, words, threads, chance };
    model.set_kin(&linkage.kin_table(&kin, &model.same()));
    let mut pairs = linkage.first_pairs(&blocks, &model, &|row, record| (record as usize) < row);
    for _ in 0..2 {
        linkage.learn(&mut model, &kin, &pairs, model::ROUNDS);
        habits::learn(&model, &mut pairs, register, words);
    }
    let (mut scored, mut probabilities) = (Vec::new(), Vec::new());
    for row in pairs.chunk_by(|a, b| a.row == b.row) {
        model.compete(row, &mut probabilities);
        let likely = row.iter().zip(&probabilities).filter(|(_, probability)| **probability > LEAST);
        scored.extend(likely.map(|(pair, probability)| Scored {
            row: pair.row,
            record: pair.record,
            probability: *probability,
        }));
    }
    Linked {
        pairs: scored,
        blocks_left_out: blocks.large.len() as u64,
        pairs_left_out: blocks.pairs_left_out,
    }
}

/// Links rows with a register.
fn link(rows: &Table, register: &Table, words: &Words, threads: usize) -> Linked {
    let blocks = candidates::blocks(rows, register, words, &Keying::of(register), threads);
    let chance = Chance::of(rows, register, words, threads);
    let kin = Kin::of(register, words, threads);
    let mut model = Model::start(register.records.len(), kin.rate, true, 0);
    let mut linkage = Linkage { rows, register, words, threads, chance };
    model.set_kin(&linkage.kin_table(&kin, &model.same()));
    let pairs = linkage.first_pairs(&blocks, &model, &|_, _| true);
    linkage.learn(&mut model, &kin, &pairs, model::ROUNDS);
    let again = linkage.sure(&model, &pairs);
    linkage.chance.set_seen(again.share(register.records.len()));
    let mut pairs = linkage.pairs_again(&pairs, &again, &model);
    for _ in 0..2 {
        linkage.learn(&mut model, &kin, &pairs, ROUNDS_AGAIN);
        habits::learn(&model, &mut pairs, register, words);
    }
    let pairs = linkage.scored(&model, &pairs);
    Linked { pairs, blocks_left_out: blocks.large.len() as u64, pairs_left_out: blocks.pairs_left_out }
}

/// What one thread needs for comparing.
struct Desk<'t> {
    comparer: Comparer<'t>,
    ours: Vec<Word>,
    theirs: Vec<Word>,
}

impl Linkage<'_> {
    fn kin_table(&self, kin: &Kin, same: &Same) -> Same {
        kin.table(same, |field, level| self.chance.level(field, level))
    }

    fn learn(&self, model: &mut Model, kin: &Kin, pairs: &[Pair], rounds: usize) {
        let numbered = self.rows.records.iter().filter(|row| !row.upn.is_none()).count();
        let table = |same: &Same| self.kin_table(kin, same);
        model.learn(pairs, self.rows.records.len(), numbered, rounds, self.threads, table);
    }

    fn desk(&self) -> Desk<'_> {
        Desk { comparer: Comparer::new(self.words), ours: Vec::new(), theirs: Vec::new() }
    }

    fn pair(&self, row: u32, record: u32, desk: &mut Desk<'_>, again: Option<&Again>) -> Pair {
        let (one, other) = (&self.rows.records[row as usize], &self.register.records[record as usize]);
        let mut levels = desk.comparer.levels(one, other);
        if !self.rows.extras.is_empty() {
            self.rows.extras_of(row as usize, &mut desk.ours);
            self.register.extras_of(record as usize, &mut desk.theirs);
            desk.comparer.with_extras(&mut levels, &desk.ours, &desk.theirs);
        }
        if let Some(again) = again {
            let others = again.others(record, row).map(|sure| {
                (desk.comparer.levels(one, &self.rows.records[sure as usize]), again.is_numbered(sure))
            });
            levels = again::joined(levels, others);
        }
        let (chance, of_forename) = self.chance.of_pair(levels, one, other, self.words, &desk.ours);
        let of_forename = of_forename.map_or(f32::NAN, |log| log as f32);
        let writers = [self.rows.writer(row as usize), self.register.writer(record as usize)];
        Pair { row, record, levels, chance: chance as f32, of_forename, habit: 0.0, writers }
    }

    /// Every row with its candidates, but for the hopeless and those that are not to be compared.
    fn first_pairs(
        &self,
        blocks: &Blocks,
        model: &Model,
        compared: &(dyn Fn(usize, u32) -> bool + Sync),
    ) -> Vec<Pair> {
        let all = |_: usize| &blocks.postings;
        self.pairs_among(blocks, &all, compared, |pair| model.weight(pair) > HOPELESS)
    }

    /// Each row with its candidates among certain postings, those that are to be compared and worth keeping.
    fn pairs_among<'p>(
        &self,
        blocks: &Blocks,
        among: &(dyn Fn(usize) -> &'p Postings + Sync),
        compared: &(dyn Fn(usize, u32) -> bool + Sync),
        worth: impl Fn(&Pair) -> bool + Sync,
    ) -> Vec<Pair> {
        in_pieces(self.rows.records.len(), 512, self.threads, |range| {
            let mut desk = self.desk();
            let (mut kept, mut found) = (Vec::new(), Vec::new());
            for row in range {
                blocks.candidates(row, among(row), &mut found);
                let found = found.iter().filter(|record| compared(row, **record));
                let pairs = found.map(|record| self.pair(row as u32, *record, &mut desk, None));
                kept.extend(pairs.filter(|pair| worth(pair)));
            }
            kept
        })
        .concat()
    }

    /// The pairs again, now that sure rows are known, and with those that only a sure row leads to.
    fn pairs_again(&self, pairs: &[Pair], again: &Again, model: &Model) -> Vec<Pair> {
        let keying = Keying::of(self.rows);
        let among = candidates::blocks(self.rows, self.rows, self.words, &keying, self.threads);
        let mut starts = vec![0_usize; self.rows.records.len() + 1];
        pairs.iter().for_each(|pair| starts[pair.row as usize + 1] += 1);
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        in_pieces(self.rows.records.len(), 512, self.threads, |range| {
            let mut desk = self.desk();
            let (mut kept, mut found, mut records) = (Vec::new(), Vec::new(), Vec::<u32>::new());
            for row in range {
                let known = &pairs[starts[row]..starts[row + 1]];
                records.clear();
                records.extend(known.iter().map(|pair| pair.record));
                among.candidates(row, &among.postings, &mut found);
                records.extend(
                    found
                        .iter()
                        .filter(|sure| **sure as usize != row)
                        .filter_map(|sure| again.record_of(*sure)),
                );
                records.sort_unstable();
                records.dedup();
                for record in &records {
                    let pair = match known.binary_search_by_key(record, |pair| pair.record) {
                        // What no sure row says more of is as it was.
                        Ok(at) if again.others(*record, row as u32).next().is_none() => {
                            let mut pair = known[at];
                            pair.levels.set(evidence::SEEN, 0);
                            pair.chance += self.chance.level(evidence::SEEN, 0) as f32;
                            pair
                        }
                        _ => self.pair(row as u32, *record, &mut desk, Some(again)),
                    };
                    if model.weight(&pair) > HOPELESS {
                        kept.push(pair);
                    }
                }
            }
            kept
        })
        .concat()
    }

    /// Rows that are sure of their record.
    fn sure(&self, model: &Model, pairs: &[Pair]) -> Again {
        let mut probabilities = Vec::new();
        let mut sure = Vec::new();
        for row in pairs.chunk_by(|a, b| a.row == b.row) {
            model.compete(row, &mut probabilities);
            let at = probabilities.iter().position(|probability| *probability > again::SURE);
            let numbered = |pair: &Pair| pair.levels.get(evidence::NUMBER) == Some(evidence::number::SAME);
            sure.extend(at.map(|at| (row[at].row, row[at].record, numbered(&row[at]))));
        }
        Again::new(self.rows.records.len(), sure.into_iter())
    }

    fn scored(&self, model: &Model, pairs: &[Pair]) -> Vec<Scored> {
        let mut twice = Twice::learn(self.register, self.words, &self.chance, model);
        let (mut scored, mut probabilities, mut likely) = (Vec::new(), Vec::new(), Vec::new());
        for row in pairs.chunk_by(|a, b| a.row == b.row) {
            model.compete(row, &mut probabilities);
            let candidates = row.iter().zip(&probabilities).filter(|(_, probability)| **probability > LEAST);
            likely.clear();
            likely.extend(candidates.map(|(pair, probability)| (pair.record, *probability)));
            for (record, probability) in &likely {
                let others = likely.iter().filter(|(other, _)| other != record);
                let beside: f64 = others.map(|(other, share)| share * twice.are_one(*record, *other)).sum();
                scored.push(Scored {
                    row: row[0].row,
                    record: *record,
                    probability: (probability + beside).min(1.0),
                });
            }
        }
        scored
    }
}

#[cfg(test)]
mod tests;
