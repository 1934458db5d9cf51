//! An attacker who holds two extracts and lays them side by side: whose row in one is whose in the other?
use super::{
    classes::{Part, ROWS},
    coarsen::Coarsen,
    cut::Data,
    risk::{add, marks_as, marks_named, rows_in},
};
use serde::Serialize;
use std::collections::HashMap;

/// What somebody with two extracts can do.
#[derive(Clone, Debug, Serialize)]
pub struct Linkage {
    /// The other extract's study.
    pub with: String,
    /// The columns that both have.
    pub shared: Vec<String>,
    /// Learners of the smaller extract.
    pub learners: u64,
    /// Rows of one that match exactly one of the other, and the other way round.
    pub matched: u64,
}

impl Linkage {
    /// The share of learners who are found again.
    pub fn share(&self) -> f64 {
        if self.learners == 0 { 0.0 } else { self.matched as f64 / self.learners as f64 }
    }
}

/// Matches two extracts exactly on all that they share, measures and dates too, what one tells less exactly as the other does;
/// places by their pattern. What both tell less exactly, each its own way, is compared with nothing: values that were cut differently
/// are equal for nobody, and would hide what the other columns find. Of a table that both have, how many rows somebody has in it
/// is shared, too, columns or none.
pub fn linkage(with: &str, one: &Data, other: &Data) -> Linkage {
    let mut shared = Vec::new();
    let mut marks = [vec![0; one.learners.len()], vec![0; other.learners.len()]];
    let (mut places, mut counts) = (marks.clone(), marks.clone());
    for (at, frame) in one.frames.iter().enumerate() {
        let Some(twin) = other.frames.iter().position(|twin| twin.plan.name == frame.plan.name) else {
            continue;
        };
        shared.push(format!("{}.{ROWS}", frame.plan.name));
        add(&mut counts[0], &rows_in(one, at, at));
        add(&mut counts[1], &rows_in(other, twin, at));
        for (column, variable) in frame.plan.variables.iter().enumerate() {
            let theirs = &other.frames[twin].plan.variables;
            let Some(there) = theirs.iter().position(|there| there.name == variable.name) else { continue };
            let is_place = variable.part == Part::Place;
            // Marks know where a column stands: both are made as if they stood in the same place.
            let (here, theirs) = (variable.coarsen.as_ref(), theirs[there].coarsen.as_ref());
            if here.is_some() && theirs.is_some() && here != theirs {
                continue;
            }
            shared.push(format!("{}.{}", frame.plan.name, variable.name));
            let marks = if is_place { &mut places } else { &mut marks };
            add(
                &mut marks[0],
                &as_coarse(one, (at, column), (at, column), theirs.filter(|how| here != Some(how))),
            );
            add(
                &mut marks[1],
                &as_coarse(other, (twin, there), (at, column), here.filter(|how| theirs != Some(how))),
            );
        }
    }
    let learners = one.learners.len().min(other.learners.len()) as u64;
    // Places of few learners are put together in each extract for itself, and of a later release somebody has more rows: a pattern
    // or a number that differs by that must not hide a match.
    let also = |more: &[Vec<u128>; 2], marks: &mut [Vec<u128>; 2]| {
        marks.iter_mut().zip(more).for_each(|(marks, more)| add(marks, more));
        alone_in_both(marks)
    };
    let mut with_places = marks.clone();
    let mut found = [alone_in_both(&marks), also(&places, &mut with_places), 0, 0];
    found[2] = also(&counts, &mut marks);
    found[3] = also(&counts, &mut with_places);
    let matched = if shared.is_empty() { 0 } else { found.into_iter().max().unwrap_or(0) };
    Linkage { with: with.to_owned(), shared, learners, matched }
}

/// The marks of a column, told as exactly as the other extract tells it: whoever holds both can do that.
fn as_coarse(data: &Data, at: (usize, usize), named: (usize, usize), how: Option<&Coarsen>) -> Vec<u128> {
    let variable = &data.frames[at.0].plan.variables[at.1];
    match how {
        Some(how) => marks_as(data, at, named, |cell| how.of(cell, variable.kind, variable.list.as_ref())),
        None => marks_named(data, at, named),
    }
}

fn alone_in_both([one, other]: &[Vec<u128>; 2]) -> u64 {
    let counted = |marks: &[u128]| {
        let mut counts: HashMap<u128, u64> = HashMap::with_capacity(marks.len());
        for mark in marks {
            *counts.entry(*mark).or_default() += 1;
        }
        counts
    };
    let there = counted(other);
    counted(one).into_iter().filter(|(mark, n)| *n == 1 && there.get(mark) == Some(&1)).count() as u64
}
