//! From what the engine found to a frame for the gate.
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use super::answer::{engine, errand, plain, told};
use super::child::{Errand, MOST_LEARNERS, Outcome, Pace, send};
use super::guard::Guard;
use super::plan::Plan;
use super::refusal::QueryRefusal;
use crate::definitions::query::WHOSE;
use crate::disclosure::{Frame, FrameRow};
use crate::warehouse::Dealt;

/// Learners are dealt into blocks of so many rows of the longest table, and into so many blocks at most. The engine knows of one block at a time, so
/// whatever one learner's rows make it leave out is work on these few (docs/decisions/0050).
const ROWS_OF_BLOCK: u64 = 512;
const MOST_BLOCKS: u64 = 4096;

/// Rows as texts.
type Rows = Vec<Vec<Option<String>>>;

fn rows(errand: &Errand) -> Result<Rows, QueryRefusal> {
    match send(errand) {
        Outcome::Rows(found) => Ok(found),
        outcome @ Outcome::Disagrees => Err(told(&outcome)),
        // How much it was hangs on the rows: what was too much, and whether that was time or memory, is not said.
        _ => Err(too_much()),
    }
}

fn too_much() -> QueryRefusal {
    QueryRefusal::new(
        "work",
        "this was too much work, or the columns are too many for the memory that there is",
        "join fewer tables, name fewer columns, or ask for fewer years; `throughline verify` says whether the release is whole",
    )
}

/// Runs a plan on the tables of a release: what each learner brings to each group that there is.
///
/// `typed` is the text that the plan was made of, `files` the Parquet file of each table, `memory` the engine's limit, `pace` how long it may take.
///
/// # Errors
/// [`QueryRefusal`]: not to be answered over real learners, too much work, or read in two ways.
pub fn brought(
    typed: &str,
    plan: &Plan,
    files: &BTreeMap<String, PathBuf>,
    memory: &str,
    pace: Pace,
) -> Result<Frame, QueryRefusal> {
    let guard = plan.guard.as_ref().map_err(Clone::clone)?;
    let (errand, longest) = errand(typed, plan, files, memory).map_err(|_| too_much())?;
    let blocks = (longest / ROWS_OF_BLOCK).clamp(1, MOST_BLOCKS);
    let errand = Errand {
        sql: guard.bounded.clone(),
        dealt: Some(Dealt { blocks, most_of_one: guard.most_of_one }),
        pace,
        most_rows: MOST_LEARNERS,
        ..errand
    };
    let rows = rows(&errand)?;
    let mut values = vec![BTreeSet::new(); guard.keys.len()];
    for row in &rows {
        for ((cell, kind), values) in row.iter().zip(&guard.keys).zip(&mut values) {
            values.insert(cell.as_ref().map(|cell| plain(cell, *kind)));
        }
    }
    let keys: Vec<Vec<Option<String>>> =
        values.into_iter().map(|values| values.into_iter().collect()).collect();
    let mut frame = Frame {
        filters: guard.filters.len(),
        amounts: guard.amounts.clone(),
        measures: guard.measures.clone(),
        ..Frame::default()
    };
    frame.rows = placed(guard, &rows, &keys).ok_or_else(engine)?;
    frame.keys = keys;
    Ok(frame)
}

/// Whether everything that is read of a learner hangs on that learner's own rows; `is_of_many` says of a table's column whether it hangs
/// on others as well. As a key such a column would be a figure without noise, and a condition on it turns with any of the others.
///
/// # Errors
/// [`QueryRefusal`]: a column that hangs on others.
pub fn of_one_learner(plan: &Plan, is_of_many: impl Fn(&str, &str) -> bool) -> Result<(), QueryRefusal> {
    let read =
        plan.reads.iter().flat_map(|(table, columns)| columns.iter().map(move |column| (table, column)));
    let found = read.into_iter().find(|(table, column)| is_of_many(table, column));
    found.map_or(Ok(()), |(table, column)| {
        let what = if column == WHOSE { table.clone() } else { format!("{column} of {table}") };
        Err(QueryRefusal::new(
            "of_many",
            format!("{what} is worked out from many learners, so a figure about it would tell of each of them"),
            "name columns and not *, and what it is worked out from (ks2_score >= 110 and not ks2_band); `throughline report cohort` shows it, a study gets its rows",
        ))
    })
}

/// The rows, each with the places of its keys' values; none where they are not those of the plan.
fn placed(guard: &Guard, rows: &Rows, keys: &[Vec<Option<String>>]) -> Option<Vec<FrameRow>> {
    let places: Vec<HashMap<&Option<String>, usize>> =
        keys.iter().map(|values| values.iter().zip(0..).collect()).collect();
    let row = |row: &Vec<Option<String>>| {
        let (key, rest) = row.split_at_checked(keys.len())?;
        let (mask, rest) = rest.split_first()?;
        let (learner, amounts) = rest.split_first()?;
        let mut levels = Vec::new();
        for ((cell, kind), places) in key.iter().zip(&guard.keys).zip(&places) {
            levels.push(*places.get(&cell.as_ref().map(|cell| plain(cell, *kind)))?);
        }
        Some(FrameRow {
            levels,
            mask: mask.as_deref()?.parse().ok()?,
            member: member(learner.as_deref()?),
            amounts: amounts.iter().map(|cell| cell.as_ref()?.parse().ok()).collect(),
        })
    };
    rows.iter().map(row).collect()
}

/// A learner as a number: the first half of the pseudonym, which is one of as many as there are digests.
fn member(learner: &str) -> u64 {
    learner.get(..16).and_then(|half| u64::from_str_radix(half, 16).ok()).unwrap_or_else(|| {
        learner
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    })
}
