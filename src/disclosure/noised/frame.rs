//! What a question comes as: who is in which group, and what each brings there.
use crate::disclosure::asked::Measure;

/// Exact figures, one row for each learner and group, not yet fit to be shown to anyone.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// For each key the values that it has; none is that it is empty.
    pub keys: Vec<Vec<Option<String>>>,
    /// How many conditions there are.
    pub filters: usize,
    /// The rows.
    pub rows: Vec<FrameRow>,
    /// For each amount the least and the greatest value it may have, and which condition says that it is there.
    pub amounts: Vec<(f64, f64, usize)>,
    /// What is to be shown.
    pub measures: Vec<Measure>,
}

/// A learner in a group.
#[derive(Debug, Clone, Default)]
pub struct FrameRow {
    /// For each key the place of its value.
    pub levels: Vec<usize>,
    /// The conditions that the learner fulfils there: bit by bit, the first lowest.
    pub mask: u32,
    /// The learner, by a number that is the same in every frame.
    pub member: u64,
    /// For each amount the learner's value.
    pub amounts: Vec<Option<f64>>,
}
