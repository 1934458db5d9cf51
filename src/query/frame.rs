//! From what the engine found to a frame for the gate.
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use super::answer::{engine, errand, plain, told};
use super::child::{Errand, Outcome, send};
use super::guard::{Domain, Guard, GuardKey};
use super::plan::Plan;
use super::refusal::QueryRefusal;
use super::scope::{Kind, quoted_text};
use crate::disclosure::{Frame, FrameLevel, FrameRow};

/// The column that says whom a row is about.
const WHOSE: &str = "learner_id";

/// Rows of one learner and table that are taken at most: what they are multiplied by is bounded by the text, so that how long a question
/// takes does not hang on what one learner has. Twelve years of months are 144.
const MOST_OF_ONE: u64 = 400;

/// Rows as texts.
type Rows = Vec<Vec<Option<String>>>;

/// Runs a plan on the tables of a release as a frame.
///
/// `typed` is the text that the plan was made of, `files` the Parquet file of each table, `memory` the engine's limit, `release`
/// the release's id, and a value has to be one of `enough` learners to be named.
///
/// # Errors
/// [`QueryRefusal`]: not to be answered over real learners, over the memory or the time, or read in two ways.
pub fn frame(
    typed: &str,
    plan: &Plan,
    files: &BTreeMap<String, PathBuf>,
    memory: &str,
    (release, enough): (&str, u64),
) -> Result<Frame, QueryRefusal> {
    let guard = plan.guard.as_ref().map_err(Clone::clone)?;
    guard.provable.clone()?;
    let counted = guard.keys.iter().filter_map(|key| match &key.domain {
        Domain::Counted(sql) => Some(sql.clone()),
        Domain::Values(_) => None,
    });
    let mut sql = vec![guard.sql.clone()];
    sql.extend(counted);
    sql.extend(guard.missing.iter().flatten().cloned());
    sql.extend(guard.bases.iter().cloned());
    let found = rows(&errand(typed, plan, sql, files, memory)?)?;
    framed(guard, &found, release, enough).ok_or_else(engine)
}

fn rows(errand: &Errand) -> Result<Vec<Rows>, QueryRefusal> {
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
/// `typed`, `files` and `memory` are as for [`frame`].
///
/// # Errors
/// As [`frame`].
pub fn brought(
    typed: &str,
    plan: &Plan,
    files: &BTreeMap<String, PathBuf>,
    memory: &str,
) -> Result<Frame, QueryRefusal> {
    let guard = plan.guard.as_ref().map_err(Clone::clone)?;
    let mut errand =
        errand(typed, plan, vec![guard.bounded.clone()], files, memory).map_err(|_| too_much())?;
    for copied in &mut errand.copies {
        copied.most_of_one = Some(MOST_OF_ONE);
    }
    let found = rows(&errand)?;
    let rows = found.first().ok_or_else(engine)?;
    let mut values = vec![BTreeSet::new(); guard.keys.len()];
    for row in rows {
        for ((cell, key), values) in row.iter().zip(&guard.keys).zip(&mut values) {
            values.insert(cell.as_ref().map(|cell| plain(cell, key.kind)));
        }
    }
    let named = |value| FrameLevel { value, is_named: true, text: String::new() };
    let keys: Vec<Vec<FrameLevel>> =
        values.into_iter().map(|values| values.into_iter().map(named).collect()).collect();
    let mut frame = Frame {
        filters: guard.filters.len(),
        amounts: guard.amounts.clone(),
        measures: guard.measures.clone(),
        ..Frame::default()
    };
    frame.rows = placed(guard, rows, &keys).ok_or_else(engine)?;
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

/// The frame; none where the rows are not those of the plan.
fn framed(guard: &Guard, found: &[Rows], release: &str, enough: u64) -> Option<Frame> {
    let (rows, rest) = found.split_first()?;
    let mut domains = rest.iter();
    let mut keys = Vec::new();
    for key in &guard.keys {
        keys.push(match &key.domain {
            Domain::Values(values) => values.iter().map(|value| level(key, value.clone())).collect(),
            Domain::Counted(_) => counted(key, domains.next()?, enough)?,
        });
    }
    let mut is_always = Vec::new();
    for missing in &guard.missing {
        is_always.push(match missing {
            Some(_) => domains.next()?.first()?.first()?.as_deref() == Some("0"),
            None => false,
        });
    }
    let mut population = guard.population.clone();
    population.push(format!("release {release}"));
    for base in domains {
        population.push(format!("learners {:?}", base.first()?));
    }
    let rows = placed(guard, rows, &keys)?;
    let mut frame = Frame {
        is_disjoint: guard.is_disjoint,
        filters: guard.filters.len(),
        is_always,
        amounts: guard.amounts.clone(),
        measures: guard.measures.clone(),
        population,
        filter_texts: guard.filter_texts.clone(),
        words: guard.words.iter().cloned().chain([format!("release {release}")]).collect(),
        ..Frame::default()
    };
    frame.rows = rows;
    frame.keys = keys;
    Some(frame)
}

/// The rows, each with the places of its keys' values; none where they are not those of the plan.
fn placed(guard: &Guard, rows: &Rows, keys: &[Vec<FrameLevel>]) -> Option<Vec<FrameRow>> {
    let places: Vec<HashMap<Option<String>, usize>> = keys.iter().map(|levels| places(levels)).collect();
    let row = |row: &Vec<Option<String>>| {
        let (key, rest) = row.split_at_checked(keys.len())?;
        let (mask, rest) = rest.split_first()?;
        let (learner, amounts) = rest.split_first()?;
        let mut levels = Vec::new();
        for ((cell, of), (levels_of, places)) in key.iter().zip(&guard.keys).zip(keys.iter().zip(&places)) {
            let value = cell.as_ref().map(|cell| plain(cell, of.kind));
            let other = || levels_of.iter().position(|level| !level.is_named);
            levels.push(places.get(&value).copied().or_else(other)?);
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

fn places(levels: &[FrameLevel]) -> HashMap<Option<String>, usize> {
    let named = levels.iter().enumerate().filter(|(_, level)| level.is_named);
    named.map(|(at, level)| (level.value.clone(), at)).collect()
}

/// The values that enough learners have, nothing if it occurs, and all others together if there are any.
fn counted(key: &GuardKey, rows: &Rows, enough: u64) -> Option<Vec<FrameLevel>> {
    let mut counts: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for row in rows {
        let [value, count] = row.as_slice() else { return None };
        let value = value.as_ref().map(|value| plain(value, key.kind));
        *counts.entry(value).or_default() += count.as_deref()?.parse::<u64>().ok()?;
    }
    let is_named = |(value, count): &(&Option<String>, &u64)| value.is_none() || **count >= enough;
    let mut levels: Vec<FrameLevel> =
        counts.iter().filter(is_named).map(|(value, _)| level(key, value.clone())).collect();
    if levels.len() < counts.len() || levels.is_empty() {
        levels.push(FrameLevel {
            value: None,
            is_named: false,
            text: format!("{} is another value", key.sql),
        });
    }
    Some(levels)
}

/// A level, and what a condition would say of it.
fn level(key: &GuardKey, value: Option<String>) -> FrameLevel {
    let sql = &key.sql;
    let text = match (&value, key.kind) {
        (None, _) => format!("{sql} is null"),
        (Some(value), Kind::Bool) if value == "true" => sql.clone(),
        (Some(_), Kind::Bool) => format!("not ({sql})"),
        (Some(value), Kind::Number) => match value.parse::<f64>() {
            Ok(number) => format!("{sql} = {number:e}"),
            Err(_) => format!("{sql} = {value}"),
        },
        (Some(value), Kind::Date) => format!("{sql} = date {}", quoted_text(value)),
        (Some(value), _) => format!("{sql} = {}", quoted_text(value)),
    };
    FrameLevel { value, is_named: true, text }
}

/// A learner as a number: the first half of the pseudonym, which is one of as many as there are digests.
fn member(learner: &str) -> u64 {
    learner.get(..16).and_then(|half| u64::from_str_radix(half, 16).ok()).unwrap_or_else(|| {
        learner
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    })
}
