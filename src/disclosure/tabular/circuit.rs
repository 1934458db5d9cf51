//! The simplest witnesses: rectangles, boxes, and what they become where levels lie within levels.
//!
//! Along one dimension people move from one innermost level to another (or in from nowhere, where the total is hidden
//! too); whatever holds only one of the two notices. Done along every dimension at once, with changing signs, a total
//! notices nothing that holds both. A cell is protected if such a circuit runs through it over hidden cells alone, with
//! room enough; so the cells to hide are those of the circuit that costs least.

use super::MOST_DIMENSIONS;
use super::lattice::{Axis, Lattice, innermost};
use super::web::Web;
use super::witness::{Change, Proofs};

/// A move along one dimension.
#[derive(Debug, Clone)]
struct Shift {
    /// The innermost levels, with the sign of their change.
    leaves: Vec<(usize, i64)>,
    /// The nodes that notice.
    nodes: Vec<usize>,
}

/// All moves along one dimension that a node notices.
fn shifts(axis: &Axis, node: usize) -> Vec<Shift> {
    let mut shifts = Vec::new();
    for leaf in &axis.leaves[node] {
        let chain = &axis.chains[*leaf];
        shifts.push(Shift { leaves: vec![(*leaf, 1)], nodes: chain.clone() });
        for (other, other_chain) in axis.chains.iter().enumerate() {
            if axis.leaves[node].contains(&other) {
                continue;
            }
            let apart = |one: &[usize], another: &[usize]| {
                let own = one.iter().filter(|node| !another.contains(node));
                own.copied().collect::<Vec<usize>>()
            };
            let mut nodes = apart(chain, other_chain);
            nodes.extend(apart(other_chain, chain));
            shifts.push(Shift { leaves: vec![(*leaf, 1), (other, -1)], nodes });
        }
    }
    shifts
}

/// Circuits through the cells of one table.
pub(super) struct Circuits<'a> {
    lattice: &'a Lattice,
    web: &'a Web,
    /// For each dimension and node.
    shifts: Vec<Vec<Vec<Shift>>>,
}

/// A circuit that would do.
#[derive(Debug)]
pub(super) struct Found {
    /// The cells that would have to be hidden and are not.
    pub to_hide: Vec<usize>,
    /// Its atoms: those that rise and those that fall when it is run forwards.
    pub rising: Vec<usize>,
    pub falling: Vec<usize>,
    /// How wide it makes the range of its cells.
    pub width: u64,
    cost: (u64, u64),
}

impl Found {
    /// The two witnesses: run forwards and backwards as far as it goes.
    pub fn witnesses(&self, web: &Web, proofs: &Proofs<'_>) -> [Vec<Change>; 2] {
        let room =
            |atoms: &[usize]| atoms.iter().map(|atom| proofs.room(web, *atom)).min().unwrap_or(0) as i64;
        let run = |by: i64| {
            let up = self.rising.iter().map(move |atom| (*atom, by));
            up.chain(self.falling.iter().map(move |atom| (*atom, -by))).collect()
        };
        let forwards = if self.falling.is_empty() { self.width as i64 } else { room(&self.falling) };
        [run(forwards), run(-room(&self.rising))]
    }
}

impl<'a> Circuits<'a> {
    pub fn new(lattice: &'a Lattice, web: &'a Web) -> Self {
        let of_axis = |axis: &Axis| (0..axis.nodes()).map(|node| shifts(axis, node)).collect();
        Self { lattice, web, shifts: lattice.axes.iter().map(of_axis).collect() }
    }

    /// The circuit through a cell that costs least of those that make it so wide; or, where none
    /// does, the widest.
    pub fn cheapest(&self, cell: usize, needed: u64, proofs: &Proofs<'_>) -> Option<Found> {
        let nodes = &self.lattice.nodes_of[cell];
        let choices: Vec<&Vec<Shift>> =
            nodes.iter().zip(&self.shifts).map(|(node, of_axis)| &of_axis[*node]).collect();
        let mut best: Option<Found> = None;
        let mut at = vec![0; choices.len()];
        let mut chosen = Vec::with_capacity(choices.len());
        loop {
            chosen.clear();
            chosen.extend(choices.iter().zip(&at).map(|(choice, at)| &choice[*at]));
            if let Some(found) = self.look(&chosen, needed, proofs, best.as_ref()) {
                let cannot_be_bettered = found.to_hide.is_empty() && found.width >= needed;
                best = Some(found);
                if cannot_be_bettered {
                    break;
                }
            }
            let Some(turn) = (0..at.len()).rev().find(|turn| at[*turn] + 1 < choices[*turn].len()) else {
                break;
            };
            at[turn] += 1;
            at[turn + 1..].fill(0);
        }
        best
    }

    /// A circuit, if it would be better than the best so far.
    fn look(
        &self,
        chosen: &[&Shift],
        needed: u64,
        proofs: &Proofs<'_>,
        best: Option<&Found>,
    ) -> Option<Found> {
        let mut corners = [(0, 1); 1 << MOST_DIMENSIONS];
        let corners = self.corners(chosen, &mut corners);
        let of_sign = |wanted: i64| {
            let of_sign = corners.iter().filter(move |(_, sign)| *sign == wanted);
            of_sign.map(|(atom, _)| *atom)
        };
        let room = |sign: i64| of_sign(sign).map(|atom| proofs.room(self.web, atom)).min();
        let width = match (room(1), room(-1)) {
            (Some(_), None) => needed.max(1),
            (forth, back) => forth.unwrap_or(0) + back.unwrap_or(0),
        };
        if width == 0 || corners.iter().any(|(atom, _)| self.web.is_structural(*atom)) {
            return None;
        }
        let limit = best.map(|best| (best.width.min(needed), best.cost));
        if limit.is_some_and(|(widest, _)| width.min(needed) < widest) {
            return None;
        }
        let limit = limit.filter(|(widest, _)| width.min(needed) == *widest).map(|(_, cost)| cost);
        let (to_hide, cost) = self.price(chosen, proofs, limit)?;
        Some(Found { to_hide, rising: of_sign(1).collect(), falling: of_sign(-1).collect(), width, cost })
    }

    /// The atoms of a circuit with the sign of their change, written into a place that is large enough.
    fn corners<'b>(&self, chosen: &[&Shift], corners: &'b mut [(usize, i64)]) -> &'b [(usize, i64)] {
        let mut found = 1;
        for (axis, shift) in self.lattice.axes.iter().zip(chosen) {
            let leaves = &shift.leaves;
            // From the last on, for each takes the place of one that has been read.
            for at in (0..found).rev() {
                let (atom, sign) = corners[at];
                for (along, (leaf, own)) in leaves.iter().enumerate() {
                    corners[at * leaves.len() + along] = (atom * innermost(axis) + leaf, sign * own);
                }
            }
            found *= leaves.len();
        }
        &corners[..found]
    }

    /// The cells that notice and are shown, and what they cost together; none where that is no less than the limit.
    fn price(
        &self,
        chosen: &[&Shift],
        proofs: &Proofs<'_>,
        limit: Option<(u64, u64)>,
    ) -> Option<(Vec<usize>, (u64, u64))> {
        let mut to_hide = Vec::new();
        let mut cost = (0, 0);
        let mut at = [0; MOST_DIMENSIONS];
        loop {
            let nodes = chosen.iter().zip(&at).map(|(shift, at)| shift.nodes[*at]);
            let cell = self.lattice.folded(nodes, Axis::nodes);
            if self.web.cells[cell].listed && !proofs.hidden()[cell] {
                to_hide.push(cell);
                cost = (cost.0 + self.web.cells[cell].weight, cost.1 + proofs.size(cell));
                if limit.is_some_and(|limit| cost >= limit) {
                    return None;
                }
            }
            let Some(turn) = (0..chosen.len()).rev().find(|turn| at[*turn] + 1 < chosen[*turn].nodes.len())
            else {
                break;
            };
            at[turn] += 1;
            at[turn + 1..].fill(0);
        }
        if limit.is_some_and(|limit| cost >= limit) { None } else { Some((to_hide, cost)) }
    }
}
