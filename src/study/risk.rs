//! How many learners are alone with what others may know of them.
use super::{
    cell::Cell,
    classes::{Part, Tier},
    cut::Data,
    definition::{Set, Study},
};
use serde::Serialize;
use std::collections::HashMap;
use twox_hash::XxHash3_128;

/// How alike the learners of an extract are.
#[derive(Clone, Debug, Serialize)]
pub struct Risk {
    /// Learners.
    pub learners: u64,
    /// The columns that others may know: `table.column`.
    pub identifying: Vec<String>,
    /// Learners who are alone with their combination.
    pub unique: u64,
    /// Learners in a group smaller than `k`.
    pub in_small_groups: u64,
    /// The smallest group: the extract is so many times anonymous, as the word is used.
    pub smallest: u64,
    /// To whom rows go.
    pub set: Set,
    /// What counts as large.
    pub k: u64,
    /// The greatest share who may be alone.
    pub most_unique: f64,
}

impl Risk {
    /// The share of learners who are alone.
    pub fn share_unique(&self) -> f64 {
        if self.learners == 0 { 0.0 } else { self.unique as f64 / self.learners as f64 }
    }

    /// Whether rows may be cut.
    pub fn holds(&self) -> bool {
        self.share_unique() <= self.most_unique && (self.set == Set::Linkable || self.in_small_groups == 0)
    }

    /// In words.
    pub fn in_words(&self) -> String {
        let share = self.share_unique() * 100.0;
        format!(
            "Of {} learners {} ({share:.1}%) are alone with what others may know of them, {} are in groups of fewer than {}, and \
             the smallest group has {}. Allowed: {:.1}% alone{}.",
            self.learners,
            self.unique,
            self.in_small_groups,
            self.k,
            self.smallest,
            self.most_unique * 100.0,
            if self.set == Set::Open { ", nobody in a small group" } else { "" }
        )
    }
}

/// Measures an extract by what others may know: whatever is named identifying or special, places by their pattern, and
/// which tables a learner has rows in.
pub fn risk(study: &Study, data: &Data) -> Risk {
    let columns = identifying(data);
    let marks = columns.iter().fold(rows_there(data), |mut marks, at| {
        add(&mut marks, &marks_of(data, *at));
        marks
    });
    let name = |(frame, column): &(usize, usize)| {
        let plan = &data.frames[*frame].plan;
        format!("{}.{}", plan.name, plan.variables[*column].name)
    };
    weighed(study, &marks, columns.iter().map(name).collect())
}

/// The measures of learners who bear these marks.
pub(super) fn weighed(study: &Study, marks: &[u128], identifying: Vec<String>) -> Risk {
    let mut groups: HashMap<u128, u64> = HashMap::with_capacity(marks.len());
    for mark in marks {
        *groups.entry(*mark).or_default() += 1;
    }
    Risk {
        learners: marks.len() as u64,
        identifying,
        unique: groups.values().filter(|size| **size == 1).count() as u64,
        in_small_groups: groups.values().filter(|size| **size < study.k).sum(),
        smallest: groups.values().copied().min().unwrap_or(0),
        set: study.set,
        k: study.k,
        most_unique: study.most_unique,
    }
}

/// Where the columns stand that others may know.
pub(super) fn identifying(data: &Data) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, frame) in data.frames.iter().enumerate() {
        for (column, variable) in frame.plan.variables.iter().enumerate() {
            if variable.part != Part::Ordinary || variable.tier != Tier::Ordinary {
                found.push((at, column));
            }
        }
    }
    found
}

/// A mark for each learner that says how many rows they have in each table of several rows.
pub(super) fn rows_there(data: &Data) -> Vec<u128> {
    let mut marks = vec![0; data.learners.len()];
    for (at, frame) in data.frames.iter().enumerate().filter(|(_, frame)| !frame.plan.is_of_learners()) {
        let mut counts = vec![0_u64; data.learners.len()];
        for (learner, _) in &frame.rows {
            counts[*learner as usize] += 1;
        }
        let counts = counts.iter().map(|count| hash(at, usize::MAX, &count.to_le_bytes()));
        add(&mut marks, &counts.collect::<Vec<_>>());
    }
    marks
}

/// A mark for each learner that says what stands in their cells of a column, in the order of their rows.
pub(super) fn marks_of(data: &Data, at: (usize, usize)) -> Vec<u128> {
    marks_named(data, at, at)
}

/// The same as if the column stood elsewhere.
pub(super) fn marks_named(data: &Data, at: (usize, usize), named: (usize, usize)) -> Vec<u128> {
    let is_place = data.frames[at.0].plan.variables[at.1].part == Part::Place;
    marks(data, at, named, |cells, bytes| {
        if is_place { pattern(cells, bytes) } else { cells.iter().for_each(|cell| cell.add_to(bytes)) }
    })
}

/// The same for cells that are first put another way.
pub(super) fn marks_as(data: &Data, at: (usize, usize), other: impl Fn(&Cell) -> Cell) -> Vec<u128> {
    marks(data, at, at, |cells, bytes| cells.iter().for_each(|cell| other(cell).add_to(bytes)))
}

fn marks(
    data: &Data,
    at: (usize, usize),
    named: (usize, usize),
    put: impl Fn(&[&Cell], &mut Vec<u8>),
) -> Vec<u128> {
    let mut marks = vec![0; data.learners.len()];
    let mut bytes = Vec::new();
    for rows in data.frames[at.0].rows.chunk_by(|one, other| one.0 == other.0) {
        let cells: Vec<&Cell> = rows.iter().map(|(_, cells)| &cells[at.1]).collect();
        bytes.clear();
        put(&cells, &mut bytes);
        marks[rows[0].0 as usize] = hash(named.0, named.1, &bytes);
    }
    marks
}

/// Places have other names in every study; that the second school is the first again has not.
fn pattern(cells: &[&Cell], bytes: &mut Vec<u8>) {
    let mut seen: Vec<&Cell> = Vec::new();
    for cell in cells {
        let number = seen.iter().position(|known| known == cell).unwrap_or_else(|| {
            seen.push(cell);
            seen.len() - 1
        });
        bytes.extend((number as u32).to_le_bytes());
        bytes.push(u8::from(**cell == Cell::Empty));
    }
}

fn hash(frame: usize, column: usize, bytes: &[u8]) -> u128 {
    let seed = (frame as u64) << 32 | (column as u32 as u64);
    XxHash3_128::oneshot_with_seed(seed, bytes)
}

/// Adds marks to marks: what is marked alike in all is marked alike in the sum.
pub(super) fn add(marks: &mut [u128], more: &[u128]) {
    for (mark, more) in marks.iter_mut().zip(more) {
        *mark = mark.wrapping_add(*more);
    }
}
