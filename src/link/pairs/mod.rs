//! Links rows with the records of a register by what is written in them, with a probability that means what it says.
//!
//! Fellegi and Sunter's model with a third class, kin. Nothing here is random: the same files give the same bits, with
//! any number of threads.
mod candidates;
mod chance;
mod evidence;
mod files;
mod fold;
mod kin;
mod model;
mod near;
mod record;
mod threads;
mod twice;
mod words;

pub use files::{PairsFault, PairsReport, link_files};

use chance::Chance;
use evidence::{Comparer, NUMBER};
use kin::Kin;
use model::{Model, Pair};
use record::{Record, Table};
use threads::in_pieces;
use twice::Twice;
use words::Words;

/// Pairs whose odds are below this, as a logarithm, are not kept: they win no competition.
const HOPELESS: f64 = -14.0;
/// Pairs less likely than this are not written.
const LEAST: f64 = 0.001;

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

/// Links rows with a register.
fn link(rows: &Table, register: &Table, words: &Words, threads: usize) -> Linked {
    let blocks = candidates::blocks(rows, register, words, threads);
    let chance = Chance::of(rows, register, words, threads);
    let kin = Kin::of(register, words, threads);
    let mut model = Model::start(register.records.len(), kin.rate);
    let table = |same: &model::Same| kin.table(same, |field, level| chance.level(field, level));
    model.set_kin(table(&model.same()));
    let pairs: Vec<Pair> = in_pieces(rows.records.len(), 512, threads, |range| {
        let mut comparer = Comparer::new(words);
        let (mut kept, mut found) = (Vec::new(), Vec::new());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for at in range {
            let row = &rows.records[at];
            blocks.candidates(at, &mut found);
            rows.extras_of(at, &mut ours);
            for record in &found {
                let other = &register.records[*record as usize];
                let mut levels = comparer.levels(row, other);
                if !ours.is_empty() {
                    register.extras_of(*record as usize, &mut theirs);
                    comparer.with_extras(&mut levels, &ours, &theirs);
                }
                let (by_chance, of_forename) = chance.of_pair(levels, row, other, words, &ours);
                let of_forename = of_forename.map_or(f32::NAN, |log| log as f32);
                let pair = Pair { row: at as u32, record: *record, levels, chance: by_chance as f32, of_forename };
                if model.weight(&pair) > HOPELESS {
                    kept.push(pair);
                }
            }
        }
        kept
    })
    .concat();
    let numbered = rows.records.iter().filter(|row| !row.upn.is_none()).count();
    model.learn(&pairs, rows.records.len(), numbered, threads, table);
    if std::env::var_os("TELL").is_some() {
        tell(&model, &kin, &pairs);
    }
    let mut twice = Twice::learn(register, words, &chance, &model);
    if std::env::var_os("TELL").is_some() {
        eprintln!("twice {:.5}", twice.share());
    }
    let (mut scored, mut probabilities, mut likely) = (Vec::new(), Vec::new(), Vec::new());
    for row in pairs.chunk_by(|a, b| a.row == b.row) {
        model.compete(row, &mut probabilities);
        likely.clear();
        likely.extend(row.iter().zip(&probabilities).filter(|(_, probability)| **probability > LEAST).map(|(pair, probability)| (pair.record, *probability)));
        for (record, probability) in &likely {
            let others = likely.iter().filter(|(other, _)| other != record);
            let beside: f64 = others.map(|(other, share)| share * twice.are_one(*record, *other)).sum();
            scored.push(Scored { row: row[0].row, record: *record, probability: probability + beside });
        }
    }
    Linked { pairs: scored, blocks_left_out: blocks.left_out, pairs_left_out: blocks.pairs_left_out }
}

fn tell(model: &Model, kin: &Kin, pairs: &[Pair]) {
    eprintln!("pairs {} known {:.4} wrong {:.4} kin {:.3} twins {:.4}", pairs.len(), model.known, model.wrong_numbers, kin.rate, kin.twins);
    for (field, levels) in model.same().iter().enumerate().take(7) {
        eprintln!("{field} {:?}", levels.iter().map(|v| (v * 1e4).round() / 1e4).collect::<Vec<_>>());
    }
}
