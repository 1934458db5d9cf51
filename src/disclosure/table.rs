//! The shape of a table before the gate and after it.
//!
//! Before: trees of counts. A count has parts, which are disjoint; what they leave over is a count too, though no row
//! shows it (the learners *without* results), and the gate protects it like any other. A waterfall is one whole with
//! its states as parts; a rate is a whole with one part.

use serde::Serialize;

use super::figure::{Figure, Symbol};
use super::policy::Policy;
use super::refusal::{Notice, Refusal};

/// More learners than there are people: a count of so many is a mistake, and sums below it cannot overflow.
pub(super) const MOST_LEARNERS: u64 = 1 << 33;

/// Exact counts, not yet fit to be shown to anyone.
#[derive(Debug, Clone)]
pub struct CountTable {
    /// What the table is, in words.
    pub title: String,
    /// Whom it counts.
    pub population: String,
    /// The names of the keys.
    pub dimensions: Vec<String>,
    /// The wholes. They share no learner, or no total over them is ever shown.
    pub wholes: Vec<Count>,
}

/// One count of distinct learners, with the counts that it is made of.
#[derive(Debug, Clone)]
pub struct Count {
    /// One key for each dimension.
    pub keys: Vec<String>,
    /// Distinct learners.
    pub count: u64,
    /// True when it cannot be other than zero, for everyone knows why. Ignored unless the count is zero.
    pub structural_zero: bool,
    /// Disjoint parts.
    pub parts: Vec<Count>,
    /// True when the parts are all there is: nothing can be left over.
    pub parts_are_all: bool,
}

impl Count {
    /// A count with no parts.
    pub fn leaf(keys: Vec<String>, count: u64) -> Self {
        Self { keys, count, structural_zero: false, parts: Vec::new(), parts_are_all: false }
    }

    /// A count of which `part` is a part.
    pub fn whole(keys: Vec<String>, count: u64, part: Self) -> Self {
        Self { keys, count, structural_zero: false, parts: vec![part], parts_are_all: false }
    }

    /// Whether everyone knows it to be zero: said of itself, or of all that it is made of.
    fn cannot_be_otherwise(&self) -> bool {
        let by_parts = self.parts_are_all && !self.parts.is_empty();
        self.count == 0
            && (self.structural_zero || by_parts && self.parts.iter().all(Self::cannot_be_otherwise))
    }
}

/// A table that may leave the controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisclosedTable {
    /// What the table is, in words.
    pub title: String,
    /// Whom it counts.
    pub population: String,
    /// The policy's name.
    pub policy: &'static str,
    /// The policy in words, to be printed under the table.
    pub policy_in_words: String,
    /// The names of the keys.
    pub dimensions: Vec<String>,
    /// The names of the figures of each row.
    pub measures: Vec<String>,
    /// The rows, in the order they were given.
    pub rows: Vec<DisclosedRow>,
    /// What was hidden and why; empty when nothing was.
    pub notices: Vec<Notice>,
}

/// One row of a disclosed table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisclosedRow {
    /// One key for each dimension.
    pub keys: Vec<String>,
    /// One figure for each measure.
    pub figures: Vec<Figure>,
}

/// A count among its relatives. Parents come before their parts.
#[derive(Debug)]
pub(super) struct Node {
    pub parent: Option<usize>,
    pub children: Vec<usize>,
    pub count: u64,
    /// False for what parts leave over: no row shows it.
    pub listed: bool,
    /// Known to everyone to be zero.
    pub structural: bool,
}

impl CountTable {
    /// The table as a checked list of nodes; the listed ones stand in the order of the rows.
    pub(super) fn checked(&self) -> Result<Vec<Node>, Refusal> {
        let mut nodes = Vec::new();
        for whole in &self.wholes {
            self.add(&mut nodes, whole, None)?;
        }
        Ok(nodes)
    }

    fn add(&self, nodes: &mut Vec<Node>, count: &Count, parent: Option<usize>) -> Result<usize, Refusal> {
        if count.keys.len() != self.dimensions.len() {
            return Err(Refusal::WrongKeys { title: self.title.clone() });
        }
        let left_over = self.left_over(count)?;
        let structural = count.cannot_be_otherwise();
        let here = nodes.len();
        nodes.push(Node { parent, children: Vec::new(), count: count.count, listed: true, structural });
        for part in &count.parts {
            let child = self.add(nodes, part, Some(here))?;
            nodes[here].children.push(child);
        }
        if !count.parts.is_empty() && !count.parts_are_all {
            let child = nodes.len();
            let parent = Some(here);
            nodes.push(Node { parent, children: Vec::new(), count: left_over, listed: false, structural });
            nodes[here].children.push(child);
        }
        Ok(here)
    }

    /// What the parts of a count leave over.
    fn left_over(&self, count: &Count) -> Result<u64, Refusal> {
        let parts = count.parts.iter().map(|part| part.count).fold(0, u64::saturating_add);
        let is_all = count.parts_are_all && !count.parts.is_empty();
        match count.count.checked_sub(parts) {
            Some(left_over) if count.count < MOST_LEARNERS && (left_over == 0 || !is_all) => Ok(left_over),
            _ => Err(Refusal::PartsDoNotFit { title: self.title.clone() }),
        }
    }
}

/// The rows of a table with their counts as they may be shown.
pub(super) fn render(table: &CountTable, nodes: &[Node], hidden: &[bool], policy: &Policy) -> DisclosedTable {
    let mut keys = Vec::new();
    for whole in &table.wholes {
        collect_keys(whole, &mut keys);
    }
    let rows: Vec<DisclosedRow> = figures(nodes, hidden, policy)
        .into_iter()
        .zip(keys)
        .map(|(figure, keys)| DisclosedRow { keys: keys.to_vec(), figures: vec![figure] })
        .collect();
    DisclosedTable {
        title: table.title.clone(),
        population: table.population.clone(),
        policy: policy.name(),
        policy_in_words: policy.in_words(),
        dimensions: table.dimensions.clone(),
        measures: vec!["learners".to_owned()],
        notices: notices(&rows, policy),
        rows,
    }
}

/// The listed counts as they may be shown, in row order.
pub(super) fn figures(nodes: &[Node], hidden: &[bool], policy: &Policy) -> Vec<Figure> {
    let listed = nodes.iter().zip(hidden).filter(|(node, _)| node.listed);
    listed
        .map(|(node, hidden)| match (node.structural, hidden) {
            (true, _) => Figure::Symbol(Symbol::NotApplicable),
            (false, true) => Figure::Symbol(Symbol::Confidential),
            (false, false) => Figure::count(node.count, policy.rounded(node.count)),
        })
        .collect()
}

/// What to say of the hidden figures of a table: the same words whichever of them are small.
pub(super) fn notices(rows: &[DisclosedRow], policy: &Policy) -> Vec<Notice> {
    let is_hidden = |figure: &Figure| *figure == Figure::Symbol(Symbol::Confidential);
    let hidden = rows.iter().flat_map(|row| &row.figures).filter(|figure| is_hidden(figure)).count();
    if hidden == 0 {
        return Vec::new();
    }
    let figures: usize = rows.iter().map(|row| row.figures.len()).sum();
    vec![Notice {
        what: format!("{hidden} of {figures} figures are hidden and marked c"),
        why: format!(
            "each is a count of fewer than {} learners, leaves fewer than that over, or would let one be worked \
             out by subtraction; which of these it is cannot be said without giving it away",
            policy.threshold()
        ),
        instead:
            "ask for several cohort years together, fewer and broader groups, or a larger population; do not \
                  subtract this table from another over nearly the same learners"
                .to_owned(),
    }]
}

fn collect_keys<'a>(count: &'a Count, keys: &mut Vec<&'a [String]>) {
    keys.push(&count.keys);
    for part in &count.parts {
        collect_keys(part, keys);
    }
}
