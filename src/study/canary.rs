//! Learners who are not there, so that rows that turn up elsewhere say which study they left.
use super::{
    cell::Cell,
    cut::{Data, Frame},
};
use crate::privacy::StudyKey;

/// One in so many learners, at least and at most so many.
const ONE_IN: usize = 1_000;
const LEAST: usize = 3;
/// No study has more.
pub const MOST_CANARIES: u32 = 25;

/// Adds learners who are not there, with cells of others put together by chance, and gives their pseudonyms. Rows stay in the order of the
/// pseudonyms, so the new ones stand anywhere.
pub fn plant(data: &mut Data, key: &StudyKey) -> Vec<String> {
    let n = (data.learners.len() / ONE_IN).clamp(LEAST, MOST_CANARIES as usize);
    let canaries: Vec<String> = (0..n).map(|at| key.canary(at as u32)).collect();
    let before = data.learners.len();
    let mut all: Vec<(String, usize)> =
        data.learners.drain(..).chain(canaries.iter().cloned()).zip(0_usize..).collect();
    all.sort();
    let mut moved = vec![0_u32; all.len()];
    for (now, (_, then)) in all.iter().enumerate() {
        moved[*then] = now as u32;
    }
    for (at, frame) in data.frames.iter_mut().enumerate() {
        let made = made(frame, before, n, |draw| key.number("canary cell", (at as u64) << 40 | draw));
        let old = frame.rows.drain(..).map(|(learner, cells)| (moved[learner as usize], cells));
        let new = made.into_iter().map(|(canary, cells)| (moved[before + canary], cells));
        let mut rows: Vec<(u32, Vec<Cell>)> = old.chain(new).collect();
        rows.sort_by_key(|row| row.0);
        frame.rows = rows;
    }
    data.learners = all.into_iter().map(|(id, _)| id).collect();
    canaries
}

/// Rows of canaries: as many as somebody has, each cell somebody else's.
fn made(
    frame: &Frame,
    learners: usize,
    canaries: usize,
    draw: impl Fn(u64) -> u64,
) -> Vec<(usize, Vec<Cell>)> {
    let mut rows = Vec::new();
    if frame.rows.is_empty() {
        return rows;
    }
    let width = frame.plan.variables.len() as u64;
    for canary in 0..canaries {
        let n = if frame.plan.is_of_learners() {
            1
        } else {
            let like = (draw(canary as u64) % learners.max(1) as u64) as u32;
            frame.rows.iter().filter(|row| row.0 == like).count()
        };
        for row in 0..n {
            let base = ((canary as u64 + 1) << 20) + (row as u64 + 1) * (width + 1);
            let cells = (0..width).map(|column| {
                let from = draw(base + column) % frame.rows.len() as u64;
                frame.rows[from as usize].1[column as usize].clone()
            });
            rows.push((canary, cells.collect()));
        }
    }
    rows
}
