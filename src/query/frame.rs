//! A question over real learners: how large it may be, by its text and by how many rows there are, and what comes of it.
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::answer::{engine, errand, size, told};
use super::child::{Errand, Outcome, OverBlocks, Pace, has_room, send};
use super::gathered::Gate;
use super::guard::{Guard, fits};
use super::plan::Plan;
use super::refusal::QueryRefusal;
use super::room::{MOST_LETTERS, ROWS_OF_BLOCK};
use crate::definitions::query::WHOSE;
use crate::disclosure::{self, Answer, Disclosed, KeyKind, Policy};
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

/// Bytes that a group of an answer takes where it is added up, beside its keys and figures; one of its keys, of which numbers have 24 letters at most and labels
/// of a statement 64; one of its conditions and amounts.
const OF_GROUP: u64 = 192;
const OF_KEY: u64 = 112;
const OF_FIGURE: u64 = 8;
/// What all groups may come to.
const MOST_GROUPED: u64 = 2 << 30;

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
    dealt: Dealt,
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
    let (errand, longest, weight) = errand(typed, plan, files).map_err(|_| too_much())?;
    if weight > MOST_COPIED {
        return Err(too_much());
    }
    let blocks = (longest / ROWS_OF_BLOCK).clamp(1, MOST_BLOCKS);
    let room = guard.room.bytes((longest / blocks).max(ROWS_OF_BLOCK), guard.most_of_one);
    fits(room)?;
    let bytes = ENGINE + OF_COPIES * weight + room;
    let all = files.get(LEARNERS).and_then(|file| size(file, &BTreeSet::new())).map(|(rows, _)| rows);
    let framed = all.unwrap_or(longest).saturating_mul(guard.most_groups);
    let figures = (guard.filters.len() + guard.amounts.len()) as u64;
    let groups = framed.saturating_mul(OF_GROUP + OF_KEY * guard.keys.len() as u64 + OF_FIGURE * figures);
    if groups > MOST_GROUPED {
        return Err(QueryRefusal::new(
            "groups",
            "so many learners in so many groups are too many",
            "name the groups that you need in WHERE (ay in (2023, 2024)), or group by what has one value for each learner",
        ));
    }
    let errand =
        Errand { memory: format!("{}MiB", bytes >> 20), bytes, groups, sql: guard.bounded.clone(), ..errand };
    let dealt = Dealt { blocks, most_of_one: guard.most_of_one, letters: MOST_LETTERS };
    if !has_room(&errand) {
        return Err(QueryRefusal::new(
            "limits",
            "a question over real learners is not worked on under limits of memory or processor time that are set around it: what no longer fits would tell of \
             what it took",
            "lift them (`ulimit -v unlimited`)",
        ));
    }
    Ok(Ready { errand, dealt, guard })
}

impl Ready<'_> {
    /// Runs it on the tables of a release and puts what each learner brings to each group through the gate, in a process of its own: what comes back is the
    /// answer. `pace` is how long it may take, `spend` what is spent on it, `seed` what its figures are off by.
    ///
    /// # Errors
    /// [`QueryRefusal`]: too much work, or read in two ways.
    pub fn answered(
        self,
        pace: Pace,
        (spend, seed): (u64, &[u8; 32]),
        (policy, kind): (&Policy, KeyKind),
    ) -> Result<Disclosed<Answer>, QueryRefusal> {
        let gate = Gate::of(self.guard, (spend, seed), (policy, kind));
        let dealt = Some(OverBlocks { dealt: self.dealt, gate });
        match send(&Errand { dealt, pace, ..self.errand }) {
            Outcome::Answer(kept) => disclosure::told_again(&kept, policy).ok_or_else(engine),
            outcome @ Outcome::Disagrees => Err(told(&outcome)),
            Outcome::Busy => Err(QueryRefusal::new(
                "busy",
                "the machine had too much else to do: what it gave to this question was less than a fifth of a processor, and how long it takes has to be \
                 about the same for every question. It was paid for, whatever it is about",
                "ask when the machine has less to do",
            )),
            // How much it was hangs on the rows: what was too much, and whether that was time or memory, is not said.
            _ => Err(too_much()),
        }
    }
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
