//! What would have to be told less exactly, so that fewer learners are alone.
use super::{
    classes::Part,
    coarsen::Coarsen,
    cut::Data,
    definition::{Set, Study},
    risk::{Risk, add, identifying, marks_as, marks_of, rows_there, weighed},
};
use serde::Serialize;
use std::collections::HashSet;

/// So many steps are proposed at most.
const MOST_STEPS: usize = 24;

/// One step that makes learners more alike.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What to write: a line of `coarsen`, or that it is left out.
    pub write: String,
    /// Learners who would still be alone after it, and after those before it.
    pub unique: u64,
    /// Learners who would still be in small groups.
    pub in_small_groups: u64,
}

struct Column {
    at: (usize, usize),
    now: Option<Coarsen>,
    marks: Vec<u128>,
    is_out: bool,
}

/// The steps, in the order in which they help most for what they lose. Ends where the limits hold. The last ones may leave a
/// column out; none where nothing would do, for how many rows somebody has in a table is told by no column.
pub fn proposals(study: &Study, data: &Data) -> Vec<Proposal> {
    let start = rows_there(data);
    let before = columns(study.set, data);
    let mut now = columns(study.set, data);
    let mut steps: Vec<(usize, Option<Coarsen>)> = Vec::new();
    while steps.len() < MOST_STEPS {
        let risk = measured(study, &start, &now, None);
        if risk.holds() {
            break;
        }
        let step = best(study, data, &start, &now, &risk).map(|(at, how, marks, _)| (at, how, marks));
        let Some((at, how, marks)) = step.or_else(|| widest(&now)) else { return Vec::new() };
        // What a later step does to a column takes the place of an earlier one.
        steps.retain(|(column, _)| *column != at);
        steps.push((at, how.clone()));
        now[at] = Column { is_out: how.is_none(), now: how, marks, ..now[at] };
    }
    let is_enough = measured(study, &start, &now, None).holds();
    if is_enough { told(study, data, (&start, before, &now), steps) } else { Vec::new() }
}

/// Where no single step helps, what differs most is left out: others may help then.
fn widest(columns: &[Column]) -> Option<(usize, Option<Coarsen>, Vec<u128>)> {
    let distinct = |column: &Column| column.marks.iter().collect::<HashSet<_>>().len();
    let there = columns.iter().enumerate().filter(|(_, column)| !column.is_out);
    let (at, column) = there.max_by_key(|(at, column)| (distinct(column), std::cmp::Reverse(*at)))?;
    Some((at, None, vec![0; column.marks.len()]))
}

/// The steps in words, each measured with those before it.
fn told(
    study: &Study,
    data: &Data,
    (start, mut columns, after): (&[u128], Vec<Column>, &[Column]),
    steps: Vec<(usize, Option<Coarsen>)>,
) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (at, how) in steps {
        columns[at].marks.clone_from(&after[at].marks);
        let risk = measured(study, start, &columns, None);
        let plan = &data.frames[columns[at].at.0].plan;
        let name = plan.variables[columns[at].at.1].name.clone();
        let write = match &how {
            Some(how) => format!("coarsen = {{ {name} = {how} }}"),
            None => format!("leave {name} out"),
        };
        proposals.push(Proposal {
            table: plan.name.clone(),
            column: name,
            write,
            unique: risk.unique,
            in_small_groups: risk.in_small_groups,
        });
    }
    proposals
}

fn columns(set: Set, data: &Data) -> Vec<Column> {
    let column = |at: (usize, usize)| {
        let now = data.frames[at.0].plan.variables[at.1].coarsen.clone();
        Column { at, now, marks: marks_of(data, at), is_out: false }
    };
    identifying(set, data).into_iter().map(column).collect()
}

fn measured(study: &Study, start: &[u128], columns: &[Column], other: Option<(usize, &[u128])>) -> Risk {
    let mut marks = start.to_vec();
    for (at, column) in columns.iter().enumerate() {
        match other {
            Some((changed, instead)) if changed == at => add(&mut marks, instead),
            _ => add(&mut marks, &column.marks),
        }
    }
    weighed(study, &marks, Vec::new())
}

type Step = (usize, Option<Coarsen>, Vec<u128>, Risk);

/// The step that helps most; one that only tells less exactly goes before one that leaves a column out, unless that helps
/// more than twice as much.
fn best(study: &Study, data: &Data, start: &[u128], columns: &[Column], now: &Risk) -> Option<Step> {
    let alone = |risk: &Risk| risk.unique * 4 + risk.in_small_groups;
    let mut found: Option<(u64, Step)> = None;
    for (at, column) in columns.iter().enumerate().filter(|(_, column)| !column.is_out) {
        let variable = &data.frames[column.at.0].plan.variables[column.at.1];
        let list = variable.list.as_ref();
        let steps = if variable.part == Part::Place {
            Vec::new()
        } else {
            Coarsen::next(column.now.as_ref(), variable.kind, list)
        };
        for how in steps.into_iter().map(Some).chain([None]) {
            let marks = match &how {
                Some(how) => marks_as(data, column.at, column.at, |cell| how.of(cell, variable.kind, list)),
                None => vec![0; data.learners.len()],
            };
            let after = measured(study, start, columns, Some((at, &marks)));
            let gain = alone(now).saturating_sub(alone(&after));
            let weight = if how.is_some() { gain * 2 } else { gain };
            if gain > 0 && found.as_ref().is_none_or(|(best, _)| weight > *best) {
                found = Some((weight, (at, how, marks, after)));
            }
        }
    }
    found.map(|(_, step)| step)
}
