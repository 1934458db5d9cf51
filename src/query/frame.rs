//! From what the engine found to a frame for the gate.
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::answer::{engine, errand, plain, size, told};
use super::child::{Errand, Outcome, OverBlocks, Pace, has_room, send};
use super::guard::{Guard, fits};
use super::packed::{PackedRow, unpacked, width};
use super::plan::Plan;
use super::refusal::QueryRefusal;
use super::room::{MOST_LETTERS, ROWS_OF_BLOCK};
use super::scope::Kind;
use crate::definitions::query::WHOSE;
use crate::disclosure::{Frame, FrameRow};
use crate::warehouse::Dealt;

/// Learners are dealt into blocks of [`ROWS_OF_BLOCK`] rows of the longest table, and into so many blocks at most. The engine knows of one block at a
/// time, so whatever one learner's rows make it leave out is work on these few (docs/decisions/0050).
const MOST_BLOCKS: u64 = 4096;

/// Bytes of memory that a question over real learners has, beside what its text may come to ([`crate::query::Room`]) and what the copies are reckoned
/// with, these so many times.
const ENGINE: u64 = 256 << 20;
const OF_COPIES: u64 = 2;
/// What the copies may come to.
const MOST_COPIED: u64 = 1 << 30;

/// The table that has a row for each learner.
const LEARNERS: &str = "learner";
/// Rows of a frame at most, by the text and by how many learners there are: so many take some hundred megabytes.
const MOST_FRAMED: u64 = 8_000_000;

fn too_much() -> QueryRefusal {
    QueryRefusal::new(
        "work",
        "this was too much work, or its columns are too many",
        "join fewer tables, name fewer columns, or ask for fewer years; `throughline verify` says whether the release is whole",
    )
}

/// A question that fits: what is run, and how large it is, was judged by the text and by how many rows there are.
pub struct Ready<'p> {
    errand: Errand,
    guard: &'p Guard,
}

/// Judges whether a plan is too much for the memory that there is, before it is paid for.
///
/// `typed` is the text that the plan was made of, `files` the Parquet file of each table.
///
/// # Errors
/// [`QueryRefusal`]: not to be answered over real learners, or too much.
pub fn ready<'p>(
    typed: &str,
    plan: &'p Plan,
    files: &BTreeMap<String, PathBuf>,
) -> Result<Ready<'p>, QueryRefusal> {
    let guard = plan.guard.as_ref().map_err(Clone::clone)?;
    // Nothing of what the configuration says: whoever chose it finely would learn, by what no longer fits, who is there.
    let (errand, longest, weight) = errand(typed, plan, files, "", 0).map_err(|_| too_much())?;
    if weight > MOST_COPIED {
        return Err(too_much());
    }
    let blocks = (longest / ROWS_OF_BLOCK).clamp(1, MOST_BLOCKS);
    let room = guard.room.bytes((longest / blocks).max(ROWS_OF_BLOCK), guard.most_of_one);
    fits(room)?;
    let bytes = ENGINE + OF_COPIES * weight + room;
    let errand = Errand { memory: format!("{}MiB", bytes >> 20), bytes, ..errand };
    let all = files.get(LEARNERS).and_then(|file| size(file, &BTreeSet::new())).map(|(rows, _)| rows);
    let framed = all.unwrap_or(longest).saturating_mul(guard.most_groups);
    if framed > MOST_FRAMED {
        return Err(QueryRefusal::new(
            "groups",
            "so many learners in so many groups are too many",
            "name the groups that you need in WHERE (ay in (2023, 2024)), or group by what has one value for each learner",
        ));
    }
    let dealt = Dealt { blocks, most_of_one: guard.most_of_one, letters: MOST_LETTERS };
    let keys = guard.keys.len();
    let expected = usize::try_from(framed).unwrap_or_default() * width(keys, guard.amounts.len());
    let dealt = Some(OverBlocks { dealt, keys, expected });
    if !has_room(&errand) {
        return Err(QueryRefusal::new(
            "limits",
            "a question over real learners is not worked on under limits of memory or processor time that are set around it: what no longer fits would tell of \
             what it took",
            "lift them (`ulimit -v unlimited`)",
        ));
    }
    Ok(Ready { errand: Errand { sql: guard.bounded.clone(), dealt, ..errand }, guard })
}

impl Ready<'_> {
    /// Runs it on the tables of a release: what each learner brings to each group that there is. `pace` is how long it may take.
    ///
    /// # Errors
    /// [`QueryRefusal`]: too much work, or read in two ways.
    pub fn brought(mut self, pace: Pace) -> Result<Frame, QueryRefusal> {
        self.errand.pace = pace;
        let guard = self.guard;
        let (values, bytes) = match send(&self.errand) {
            Outcome::Frame { values, rows } => (values, rows),
            outcome @ Outcome::Disagrees => return Err(told(&outcome)),
            Outcome::Busy => {
                return Err(QueryRefusal::new(
                    "busy",
                    "the machine had too much else to do: what it gave to this question was less than a fifth of a processor, and how long it takes has to be \
                     about the same for every question. It was paid for, whatever it is about",
                    "ask when the machine has less to do",
                ));
            }
            // How much it was hangs on the rows: what was too much, and whether that was time or memory, is not said.
            _ => return Err(too_much()),
        };
        let mut frame = Frame {
            filters: guard.filters.len(),
            amounts: guard.amounts.clone(),
            measures: guard.measures.clone(),
            ..Frame::default()
        };
        let mut places = Vec::new();
        for (values, kind) in values.iter().zip(&guard.keys) {
            let (sorted, of) = in_order(values, *kind);
            frame.keys.push(sorted);
            places.push(of);
        }
        frame.rows = placed(&bytes, &places, guard).ok_or_else(engine)?;
        Ok(frame)
    }
}

/// The values of a key in order, and for each place that it was given the one that it has there.
fn in_order(values: &[Option<String>], kind: Kind) -> (Vec<Option<String>>, Vec<usize>) {
    let written: Vec<Option<String>> =
        values.iter().map(|value| value.as_ref().map(|value| plain(value, kind))).collect();
    let sorted: Vec<Option<String>> = written.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let places = written.iter().map(|value| sorted.partition_point(|each| each < value)).collect();
    (sorted, places)
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
fn placed(bytes: &[u8], places: &[Vec<usize>], guard: &Guard) -> Option<Vec<FrameRow>> {
    let rows = unpacked(bytes, places.len(), guard.amounts.len())?;
    let row = |row: PackedRow| {
        let levels = row.keys.iter().zip(places).map(|(place, places)| places.get(*place).copied());
        Some(FrameRow {
            levels: levels.collect::<Option<_>>()?,
            mask: row.mask,
            member: row.member,
            amounts: row.amounts,
        })
    };
    let mut placed = Vec::with_capacity(rows.len());
    for each in rows {
        placed.push(row(each)?);
    }
    Some(placed)
}
