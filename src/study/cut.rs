//! From the tables of a release to the rows of an extract: who is in, under which pseudonym, in which order, how exactly.
use super::{
    WHOSE,
    cell::{Cell, Kind, cells},
    classes::Part,
    plan::{FramePlan, Plan},
};
use crate::privacy::{Pseudonym, StudyKey};
use arrow::array::RecordBatch;
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::File,
    path::{Path, PathBuf},
};

/// Why no rows could be cut.
#[derive(Debug, thiserror::Error)]
pub enum CutFault {
    /// A table of the release cannot be read: which, and the kind of trouble.
    #[error("the table {table} of the release cannot be read: {trouble}")]
    Table {
        /// The table.
        table: String,
        /// What is wrong, without any value.
        trouble: &'static str,
    },
    /// Nobody fulfils the conditions.
    #[error("nobody in the release fulfils the conditions of the cohort")]
    Nobody,
    /// A file could not be written.
    #[error("a file of the extract could not be written: {0}")]
    Unwritable(String),
}

/// The rows of an extract.
#[derive(Clone, Debug)]
pub struct Data {
    /// Learners as the study knows them, in the order of the rows.
    pub learners: Vec<String>,
    /// The tables, in the order of the plan.
    pub frames: Vec<Frame>,
}

/// A table of an extract.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What it is.
    pub plan: FramePlan,
    /// Rows: the learner's position and the cells, learners in order.
    pub rows: Vec<(u32, Vec<Cell>)>,
}

/// Cuts the rows of a plan: `files` is the Parquet file of each table.
///
/// # Errors
/// [`CutFault`]: a table that cannot be read, or nobody.
pub fn cut(plan: &Plan, files: &BTreeMap<String, PathBuf>, key: &StudyKey) -> Result<Data, CutFault> {
    let members = members(plan, files)?;
    if members.is_empty() {
        return Err(CutFault::Nobody);
    }
    // The order of the study's own pseudonyms is as good as chance, and another in every study.
    let mut named: Vec<(String, String)> = members
        .into_iter()
        .filter_map(|learner| Some((key.learner(&pseudonym(&learner)?), learner)))
        .collect();
    named.sort();
    let positions: HashMap<&str, u32> =
        named.iter().enumerate().map(|(at, (_, learner))| (learner.as_str(), at as u32)).collect();
    let frames = plan.frames.iter().map(|frame| rows(frame, files, &positions, key));
    let frames = frames.collect::<Result<_, _>>()?;
    Ok(Data { learners: named.into_iter().map(|(id, _)| id).collect(), frames })
}

fn pseudonym(hex: &str) -> Option<Pseudonym> {
    let mut bytes = Pseudonym::default();
    if hex.len() != 32 {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The learners of the cohort's table who fulfil every condition.
fn members(plan: &Plan, files: &BTreeMap<String, PathBuf>) -> Result<Vec<String>, CutFault> {
    let names: Vec<&str> =
        std::iter::once(WHOSE).chain(plan.conditions.iter().map(|one| one.0.as_str())).collect();
    let mut members = Vec::new();
    for batch in read(&plan.cohort, files, &names)? {
        let learners = column(&plan.cohort, &batch, WHOSE, Kind::Text)?;
        let tests = plan.conditions.iter().map(|(name, kind, wanted)| {
            column(&plan.cohort, &batch, name, *kind).map(|cells| (cells, *kind, wanted))
        });
        let tests: Vec<_> = tests.collect::<Result<_, _>>()?;
        for (at, learner) in learners.into_iter().enumerate() {
            let is_in = tests.iter().all(|(cells, kind, wanted)| wanted.holds(&cells[at], *kind));
            if let (true, Cell::Text(learner)) = (is_in, learner) {
                members.push(learner.to_string());
            }
        }
    }
    Ok(members)
}

fn rows(
    frame: &FramePlan,
    files: &BTreeMap<String, PathBuf>,
    positions: &HashMap<&str, u32>,
    key: &StudyKey,
) -> Result<Frame, CutFault> {
    let variables = &frame.variables;
    let names: Vec<&str> =
        std::iter::once(WHOSE).chain(variables.iter().map(|variable| variable.name.as_str())).collect();
    let mut rows: Vec<(u32, Vec<Cell>)> = Vec::new();
    for batch in read(&frame.name, files, &names)? {
        let learners = column(&frame.name, &batch, WHOSE, Kind::Text)?;
        let columns =
            variables.iter().map(|variable| column(&frame.name, &batch, &variable.name, variable.kind));
        let columns: Vec<Vec<Cell>> = columns.collect::<Result<_, _>>()?;
        for (at, learner) in learners.iter().enumerate() {
            let Cell::Text(learner) = learner else { continue };
            let Some(position) = positions.get(&**learner) else { continue };
            let told = columns.iter().zip(variables).map(|(cells, variable)| {
                let cell = &cells[at];
                match (variable.part, cell) {
                    (Part::Place, Cell::Text(place)) => Cell::text(&key.place(place)),
                    _ => match &variable.coarsen {
                        Some(how) => how.of(cell, variable.kind, variable.list.as_ref()),
                        None => cell.clone(),
                    },
                }
            });
            rows.push((*position, told.collect()));
        }
    }
    // A learner's own rows stay in the order of the table's grain: spell after spell.
    rows.sort_by_key(|row| row.0);
    Ok(Frame { plan: frame.clone(), rows })
}

fn read(
    table: &str,
    files: &BTreeMap<String, PathBuf>,
    names: &[&str],
) -> Result<Vec<RecordBatch>, CutFault> {
    let fail = |trouble: &'static str| CutFault::Table { table: table.to_owned(), trouble };
    let path: &Path = files.get(table).ok_or_else(|| fail("the release has no such table"))?;
    let file = File::open(path).map_err(|_| fail("its file cannot be opened"))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| fail("its file is not Parquet"))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    let reader = builder.with_projection(mask).build().map_err(|_| fail("its columns cannot be read"))?;
    reader.collect::<Result<_, _>>().map_err(|_| fail("its pages are damaged"))
}

fn column(table: &str, batch: &RecordBatch, name: &str, kind: Kind) -> Result<Vec<Cell>, CutFault> {
    let fail = |trouble: &'static str| CutFault::Table { table: table.to_owned(), trouble };
    let column = batch.column_by_name(name).ok_or_else(|| fail("a column is missing"))?;
    cells(column, kind).ok_or_else(|| fail("a column has another type than the release says"))
}

/// Puts places of few learners together: a place with a handful of children is known by their number alone. Gives how many places were.
pub fn merge_small_places(data: &mut Data, fewer_than: u64) -> usize {
    let mut learners: HashMap<Cell, HashSet<u32>> = HashMap::new();
    let places = |frame: &Frame| -> Vec<usize> {
        let variables = frame.plan.variables.iter().enumerate();
        variables.filter(|(_, variable)| variable.part == Part::Place).map(|(at, _)| at).collect()
    };
    for frame in &data.frames {
        for at in places(frame) {
            for (learner, cells) in frame.rows.iter().filter(|(_, cells)| cells[at] != Cell::Empty) {
                learners.entry(cells[at].clone()).or_default().insert(*learner);
            }
        }
    }
    let small: HashSet<Cell> = learners
        .into_iter()
        .filter(|(_, there)| (there.len() as u64) < fewer_than)
        .map(|(place, _)| place)
        .collect();
    for frame in &mut data.frames {
        let places = places(frame);
        for (_, cells) in &mut frame.rows {
            for at in &places {
                let Cell::Text(place) = &cells[*at] else { continue };
                if small.contains(&cells[*at]) {
                    // `pl`, the study's tag, and a word in the place of the pseudonym.
                    cells[*at] = Cell::text(&format!("{}_few", place.split('_').next().unwrap_or("pl")));
                }
            }
        }
    }
    small.len()
}
