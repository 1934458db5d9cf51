//! A table's dimensions: levels within levels, and the cells where levels of every dimension meet.

use super::web::{Cell, Web};
use super::{Dimension, Tabular};
use crate::disclosure::refusal::Refusal;

/// One dimension as nodes; the last is all of it.
#[derive(Debug)]
pub(super) struct Axis {
    /// For each node the innermost levels (by ordinal) that it holds.
    pub leaves: Vec<Vec<usize>>,
    /// For each innermost level the nodes that hold it: itself first, all of it last.
    pub chains: Vec<Vec<usize>>,
    /// For each node how many steps it is above an innermost level.
    heights: Vec<u64>,
}

impl Axis {
    fn new(dimension: &Dimension, title: &str) -> Result<Self, Refusal> {
        let levels = &dimension.levels;
        let wrong = || Refusal::WrongLevels { title: title.to_owned(), dimension: dimension.name.clone() };
        if levels.iter().flat_map(|level| &level.within).any(|outer| *outer >= levels.len()) {
            return Err(wrong());
        }
        let is_outer = |at: usize| levels.iter().any(|level| level.within.contains(&at));
        let inner: Vec<usize> = (0..levels.len()).filter(|at| !is_outer(*at)).collect();
        let mut axis = Self {
            leaves: vec![Vec::new(); levels.len() + 1],
            chains: Vec::new(),
            heights: vec![0; levels.len() + 1],
        };
        for (leaf, level) in inner.iter().enumerate() {
            let mut chain = vec![*level];
            let mut step = vec![*level];
            for height in 0.. {
                step.iter().for_each(|node| axis.heights[*node] = axis.heights[*node].max(height));
                step = step.iter().flat_map(|node| levels[*node].within.iter().copied()).collect();
                chain.extend(&step);
                if step.is_empty() {
                    break;
                }
                if height > levels.len() as u64 {
                    return Err(wrong());
                }
            }
            chain[1..].sort_unstable();
            chain.push(levels.len());
            chain.dedup();
            chain.iter().for_each(|node| axis.leaves[*node].push(leaf));
            axis.chains.push(chain);
        }
        let all = levels.len();
        axis.heights[all] = axis.heights.iter().max().copied().unwrap_or(0) + 1;
        if axis.leaves.iter().any(Vec::is_empty) { Err(wrong()) } else { Ok(axis) }
    }

    pub fn nodes(&self) -> usize {
        self.leaves.len()
    }

    /// The node that is all of it.
    pub fn all(&self) -> usize {
        self.leaves.len() - 1
    }
}

/// The cells of a table: every meeting of nodes, in order, the last dimension fastest.
#[derive(Debug)]
pub(super) struct Lattice {
    pub axes: Vec<Axis>,
    /// For each cell of the web its nodes.
    pub nodes_of: Vec<Vec<usize>>,
}

impl Lattice {
    /// The lattice of a table, and its web.
    pub fn new(table: &Tabular, most: usize) -> Result<(Self, Web), Refusal> {
        let axes: Vec<Axis> = table
            .dimensions
            .iter()
            .map(|dimension| Axis::new(dimension, &table.title))
            .collect::<Result<_, _>>()?;
        let too_many = || Refusal::TooManyCells { title: table.title.clone(), most };
        let product = |size: fn(&Axis) -> usize| axes.iter().map(size).try_fold(1_usize, usize::checked_mul);
        let meetings = product(Axis::nodes).filter(|cells| *cells <= most * 8).ok_or_else(too_many)?;
        let atoms = product(|axis| axis.chains.len()).unwrap_or(0);
        let mut lattice = Self { axes, nodes_of: Vec::new() };
        let (counts, structural) = table.atoms(&lattice, atoms)?;
        let mut cells = Vec::new();
        for meeting in 0..meetings {
            let nodes = lattice.unfolded(meeting, Axis::nodes);
            let totals: Vec<bool> =
                nodes.iter().zip(&lattice.axes).map(|(node, axis)| *node == axis.all()).collect();
            let held = lattice.atoms_of(&nodes);
            let height: u64 = nodes.iter().zip(&lattice.axes).map(|(node, axis)| axis.heights[*node]).sum();
            cells.push(Cell {
                count: held.iter().map(|atom| counts[*atom]).sum(),
                weight: 2 + height,
                listed: table.lists(&totals),
                structural: held.iter().all(|atom| structural[*atom]),
                atoms: held,
            });
            lattice.nodes_of.push(nodes);
        }
        if cells.iter().filter(|cell| cell.listed).count() > most {
            Err(too_many())
        } else {
            Ok((lattice, Web::new(counts, cells)))
        }
    }

    /// The atoms where the innermost levels of some nodes meet, in order.
    fn atoms_of(&self, nodes: &[usize]) -> Vec<usize> {
        let mut atoms = vec![0];
        for (axis, node) in self.axes.iter().zip(nodes) {
            let leaves = &axis.leaves[*node];
            atoms = atoms
                .iter()
                .flat_map(|atom| leaves.iter().map(move |leaf| atom * axis.chains.len() + leaf))
                .collect();
        }
        atoms
    }

    /// The atom of innermost levels, one of each dimension.
    pub fn atom(&self, levels: &[usize]) -> Option<usize> {
        let leaf = |(axis, level): (&Axis, &usize)| axis.chains.iter().position(|chain| chain[0] == *level);
        let leaves: Option<Vec<usize>> = self.axes.iter().zip(levels).map(leaf).collect();
        leaves.map(|leaves| self.folded(leaves.into_iter(), innermost))
    }

    /// One number for a place in every dimension.
    pub fn folded(&self, places: impl Iterator<Item = usize>, size: fn(&Axis) -> usize) -> usize {
        self.axes.iter().zip(places).fold(0, |sum, (axis, place)| sum * size(axis) + place)
    }

    fn unfolded(&self, mut number: usize, size: fn(&Axis) -> usize) -> Vec<usize> {
        let mut places = vec![0; self.axes.len()];
        for (place, axis) in places.iter_mut().zip(&self.axes).rev() {
            *place = number % size(axis);
            number /= size(axis);
        }
        places
    }
}

/// How many innermost levels an axis has.
pub(super) fn innermost(axis: &Axis) -> usize {
    axis.chains.len()
}
