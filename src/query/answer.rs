//! From what the engine counted to what may be shown.
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::{
    basic::Type as PhysicalType,
    file::reader::{FileReader, SerializedFileReader},
    schema::types::ColumnDescPtr,
};

use super::child::{Errand, Outcome, Pace, send};
use super::plan::{Plan, Shown};
use super::refusal::QueryRefusal;
use super::scope::Kind;
use crate::disclosure::{self, Amount, Answer, Asked, AskedGroup, Disclosed, Policy, Told};
use crate::warehouse::Copied;

/// Bytes that a text and a number are reckoned with.
const TEXT: u64 = 48;
const NUMBER: u64 = 8;
/// Tables of fewer rows are all reckoned with so many: of a small one, whoever knows all rows but one would learn by the next power of two whether
/// that one is there.
const FEWEST: u64 = 4_096;
/// Copies may fill so much of the engine's memory: the rest is for the work.
const COPIES_OF: u64 = 2;

/// Runs a plan on the tables of a release and puts what came back through the gate.
///
/// `typed` is the text that the plan was made of, `files` the Parquet file of each table, `memory` the engine's limit
/// (`1GB`).
///
/// # Errors
/// [`QueryRefusal`]: over the memory or the time, read in two ways, or nothing that may be shown.
pub fn answer(
    typed: &str,
    plan: &Plan,
    files: &BTreeMap<String, PathBuf>,
    memory: &str,
    policy: &Policy,
) -> Result<Disclosed<Answer>, QueryRefusal> {
    let (errand, _, weight) = errand(typed, plan, files)?;
    let errand = Errand { memory: memory.to_owned(), bytes: bytes_of(memory), ..errand };
    if weight > errand.bytes / COPIES_OF {
        return Err(QueryRefusal::new(
            "memory",
            format!(
                "the columns that this reads take {} MB, and the budget for them is {} MB",
                weight >> 20,
                (errand.bytes / COPIES_OF) >> 20
            ),
            "name fewer columns, or give the engine more: `memory_limit` under [build] of the configuration",
        ));
    }
    let rows = match send(&errand) {
        Outcome::Rows(rows) => rows,
        outcome => return Err(told(&outcome)),
    };
    let asked = asked(plan, &rows).ok_or_else(engine)?;
    through_the_gate(&asked, policy)
}

/// What the other process is given to do, with no memory yet; how many rows the longest table has, to the next power of two, and how many bytes the copies are
/// reckoned with.
pub(super) fn errand(
    typed: &str,
    plan: &Plan,
    files: &BTreeMap<String, PathBuf>,
) -> Result<(Errand, u64, u64), QueryRefusal> {
    let mut copies = Vec::new();
    let (mut weight, mut longest) = (0, 1);
    for (table, columns) in &plan.reads {
        let Some(file) = files.get(table) else { return Err(QueryRefusal::unknown("table", table)) };
        // The other side stands somewhere else. Links are left as they are: one may lead to what has no name.
        let file = std::path::absolute(file).map_err(|_| told(&Outcome::Copies))?;
        let (rows, width) = size(&file, columns).ok_or_else(engine)?;
        weight += rows * width;
        longest = longest.max(rows);
        copies.push(Copied { table: table.clone(), file, columns: columns.iter().cloned().collect() });
    }
    let errand = Errand {
        typed: typed.to_owned(),
        sql: plan.sql.clone(),
        facts: plan.facts.clone(),
        copies,
        dealt: None,
        pace: Pace::OF_INVENTED,
        memory: String::new(),
        bytes: 0,
        groups: 0,
    };
    Ok((errand, longest, weight))
}

/// The one door: exact figures on this side, what may be shown on the other.
fn through_the_gate(asked: &Asked, policy: &Policy) -> Result<Disclosed<Answer>, QueryRefusal> {
    disclosure::disclose_asked(asked, policy)
        .map_err(|refusal| QueryRefusal::gate(refusal.to_string(), refusal.instead()))
}

pub(super) fn engine() -> QueryRefusal {
    QueryRefusal::new(
        "engine",
        "the engine stopped; what it said is not repeated, for it may quote a row",
        "look at the columns with \\d TABLE, or ask for less at once",
    )
}

pub(super) fn told(outcome: &Outcome) -> QueryRefusal {
    match outcome {
        Outcome::Disagrees => QueryRefusal::new(
            "two_readings",
            "two readers take this text differently, or it holds a part that only one of them knows",
            "write it more plainly: no comments within words, no quotes that are not needed",
        ),
        Outcome::TooMany => QueryRefusal::new(
            "groups",
            "there are too many groups",
            "group by fewer columns, or by coarser ones",
        ),
        Outcome::Time => QueryRefusal::new(
            "time",
            "this took too long and was stopped",
            "join fewer tables, or ask for fewer years",
        ),
        Outcome::Memory => QueryRefusal::new(
            "memory",
            "this took too much memory and was stopped",
            "join fewer tables, name fewer columns, or ask for fewer years",
        ),
        Outcome::Copies => QueryRefusal::new(
            "copies",
            "the columns that this reads could not be copied",
            "`throughline verify` says whether the release is whole; or give the engine more memory",
        ),
        Outcome::Rows(_) | Outcome::Answer(_) | Outcome::Busy | Outcome::Engine => engine(),
    }
}

/// `1GB` in bytes; what cannot be read is half a gigabyte.
fn bytes_of(memory: &str) -> u64 {
    let digits: String = memory.chars().take_while(|each| each.is_ascii_digit() || *each == '.').collect();
    let unit = memory[digits.len()..].trim().to_ascii_uppercase();
    let scale = match unit.as_str() {
        "KB" | "KIB" => 1e3,
        "MB" | "MIB" => 1e6,
        "GB" | "GIB" => 1e9,
        "TB" | "TIB" => 1e12,
        _ => return 500_000_000,
    };
    digits.parse::<f64>().map_or(500_000_000, |number| (number * scale) as u64)
}

/// How many rows a file has, to the next power of two from [`FEWEST`] on, and how many bytes columns of it take in a row about, by their types. What stands in them
/// is not asked: whether it is too much would tell of it.
pub(super) fn size(file: &Path, columns: &BTreeSet<String>) -> Option<(u64, u64)> {
    let reader = SerializedFileReader::new(File::open(file).ok()?).ok()?;
    let metadata = reader.metadata().file_metadata();
    let rows = metadata.num_rows().unsigned_abs().max(FEWEST).next_power_of_two();
    let wanted =
        metadata.schema_descr().columns().iter().filter(|column| columns.contains(&column.path().string()));
    let width = |column: &ColumnDescPtr| match column.physical_type() {
        PhysicalType::BYTE_ARRAY | PhysicalType::FIXED_LEN_BYTE_ARRAY => TEXT,
        _ => NUMBER,
    };
    Some((rows, wanted.map(width).sum()))
}

/// The groups that the engine counted. None where its rows are not those of the plan.
fn asked(plan: &Plan, rows: &[Vec<Option<String>>]) -> Option<Asked> {
    let keys = plan.keys.len();
    let mut groups: BTreeMap<Vec<Option<String>>, AskedGroup> = BTreeMap::new();
    for row in rows {
        let (key, rest) = row.split_at_checked(keys)?;
        let (counts, amounts) = rest.split_at_checked(2)?;
        let key: Vec<Option<String>> = key
            .iter()
            .zip(&plan.keys)
            .map(|(cell, kind)| cell.as_ref().map(|cell| plain(cell, *kind)))
            .collect();
        let whole = |at: usize| counts.get(at)?.as_deref()?.parse::<u64>().ok();
        let group = groups.entry(key.clone()).or_insert_with(|| AskedGroup {
            keys: key,
            amounts: vec![Amount::default(); plan.amounts],
            ..AskedGroup::default()
        });
        *group.learners.entry(u32::try_from(whole(0)?).ok()?).or_default() += whole(1)?;
        if amounts.len() != plan.amounts * 2 {
            return None;
        }
        for (amount, cells) in group.amounts.iter_mut().zip(amounts.chunks(2)) {
            // What those who fulfil other conditions bring is in another row.
            let number = |at: usize| cells[at].as_ref().map_or(Some(0.0), |cell| cell.parse::<f64>().ok());
            amount.sum += number(0)?;
            amount.rows += number(1)? as u64;
        }
    }
    // Without keys there is one group, whoever is in it.
    if keys == 0 && groups.is_empty() {
        let amounts = vec![Amount::default(); plan.amounts];
        groups.insert(Vec::new(), AskedGroup { amounts, ..AskedGroup::default() });
    }
    let figures = plan.outputs.iter().filter_map(|output| match output.shown {
        Shown::Figure(measure) => Some(measure),
        Shown::Key(_) => None,
    });
    Some(Asked { groups: groups.into_values().collect(), measures: figures.collect() })
}

/// Letters of a number at most: what is longer is written with its power of ten.
const LONGEST_NUMBER: usize = 24;

/// A key as people write it: whole numbers without a point.
pub(super) fn plain(cell: &str, kind: Kind) -> String {
    match (kind, cell.parse::<f64>()) {
        (Kind::Number, Ok(number)) => {
            let text = number.to_string();
            if text.len() > LONGEST_NUMBER { format!("{number:e}") } else { text }
        }
        _ => cell.to_owned(),
    }
}

/// One cell of the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// A key; none where it is empty.
    Key(Option<&'a str>, Kind),
    /// A figure.
    Told(Told),
}

impl Cell<'_> {
    /// How far it may be from the true figure, where it is not that.
    pub fn margin(&self) -> Option<f64> {
        match self {
            Self::Told(Told::Near { margin, .. }) => Some(*margin),
            _ => None,
        }
    }
}

/// Which columns have figures that are near the true ones.
pub fn with_margins(plan: &Plan, lines: &[Vec<Cell<'_>>]) -> Vec<bool> {
    let has = |at: usize| lines.iter().any(|line| line[at].margin().is_some());
    (0..plan.outputs.len()).map(has).collect()
}

/// The lines of an answer in the order and number that were asked for: by what is shown and nothing else.
pub fn lines<'a>(plan: &Plan, answer: &'a Answer) -> Vec<Vec<Cell<'a>>> {
    let mut lines: Vec<Vec<Cell<'a>>> = Vec::new();
    for (keys, figures) in &answer.groups {
        let mut figures = figures.iter();
        let mut line = Vec::new();
        for output in &plan.outputs {
            line.extend(match output.shown {
                Shown::Key(at) => Some(Cell::Key(keys[at].as_deref(), plan.keys[at])),
                Shown::Figure(_) => figures.next().map(|told| Cell::Told(*told)),
            });
        }
        lines.push(line);
    }
    lines.sort_by(|one, other| {
        let by = plan.order.iter().map(|(at, down)| compared(&one[*at], &other[*at], *down));
        by.fold(Ordering::Equal, Ordering::then)
    });
    lines.truncate(plan.limit.unwrap_or(usize::MAX));
    lines
}

fn compared(one: &Cell<'_>, other: &Cell<'_>, down: bool) -> Ordering {
    let number = |cell: &Cell<'_>| match cell {
        Cell::Key(Some(text), Kind::Number) => text.parse::<f64>().ok(),
        Cell::Told(Told::Number(number) | Told::Near { value: number, .. }) => Some(*number),
        Cell::Told(Told::Figure(disclosure::Figure::Count(count))) => Some(*count as f64),
        Cell::Told(Told::Figure(disclosure::Figure::PerCentTenths(tenths))) => Some(*tenths as f64),
        _ => None,
    };
    let text = |cell: &Cell<'_>| match cell {
        Cell::Key(Some(text), _) => Some((*text).to_owned()),
        _ => None,
    };
    let turned = |order: Ordering| if down { order.reverse() } else { order };
    match (number(one), number(other), text(one), text(other)) {
        (Some(one), Some(other), ..) => turned(one.total_cmp(&other)),
        (.., Some(one), Some(other)) => turned(one.cmp(&other)),
        (Some(_), None, _, None) | (None, _, Some(_), None) => Ordering::Less,
        (None, Some(_), None, _) | (_, None, None, Some(_)) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}
