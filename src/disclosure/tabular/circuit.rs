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

/// One shift along each dimension after another, the last dimension first.
struct Turns<'a> {
    choices: Vec<&'a [Shift]>,
    at: Vec<usize>,
}

impl<'a> Turns<'a> {
    fn of(choices: Vec<&'a [Shift]>) -> Self {
        Self { at: vec![0; choices.len()], choices }
    }

    fn chosen(&self) -> Vec<&'a Shift> {
        self.choices.iter().zip(&self.at).map(|(shifts, at)| &shifts[*at]).collect()
    }

    /// Takes the next shift along a dimension, or along one before it; those behind begin anew. False at the end.
    fn next_along(&mut self, along: usize) -> bool {
        let Some(turn) = (0..=along).rev().find(|turn| self.at[*turn] + 1 < self.choices[*turn].len()) else {
            return false;
        };
        self.at[turn] += 1;
        self.at[turn + 1..].fill(0);
        true
    }
}

/// The first dimension with which the shifts cost as much as a limit.
fn reaches(limit: (u64, u64), alone: &[Vec<(u64, u64)>], at: &[usize]) -> Option<usize> {
    let mut cost = (0, 0);
    alone.iter().zip(at).position(|(of_axis, at)| {
        cost = (cost.0 + of_axis[*at].0, cost.1 + of_axis[*at].1);
        cost >= limit
    })
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
        self.below(cell, needed, proofs, None)
    }

    /// The circuit that [`Self::cheapest`] finds, where it costs nothing.
    pub fn free(&self, cell: usize, needed: u64, proofs: &Proofs<'_>) -> Option<Found> {
        // No cell costs so little.
        let found = self.below(cell, needed, proofs, Some((0, 1)));
        if found.is_some() || self.is_wide_at_any_cost(cell, needed, proofs) {
            return found;
        }
        self.cheapest(cell, needed, proofs).filter(|found| found.to_hide.is_empty())
    }

    /// The cheapest of those that cost less, where there is a limit; then only one that is wide enough.
    fn below(
        &self,
        cell: usize,
        needed: u64,
        proofs: &Proofs<'_>,
        limit: Option<(u64, u64)>,
    ) -> Option<Found> {
        let mut turns = Turns::of(self.choices(cell));
        let alone = self.alone(cell, &turns.choices, proofs);
        let mut best: Option<Found> = None;
        loop {
            let of_best = best.as_ref().filter(|best| best.width >= needed).map(|best| best.cost).or(limit);
            if let Some(along) = of_best.and_then(|limit| reaches(limit, &alone, &turns.at)) {
                // Whatever the dimensions behind it do, it costs no less.
                if turns.next_along(along) {
                    continue;
                }
                break;
            }
            let bar =
                best.as_ref().map(|best| (best.width, best.cost)).or(limit.map(|limit| (needed, limit)));
            if let Some(found) = self.look(&turns.chosen(), needed, proofs, bar) {
                let cannot_be_bettered = found.to_hide.is_empty() && found.width >= needed;
                best = Some(found);
                if cannot_be_bettered {
                    break;
                }
            }
            if !turns.next_along(turns.at.len() - 1) {
                break;
            }
        }
        best
    }

    fn is_wide_at_any_cost(&self, cell: usize, needed: u64, proofs: &Proofs<'_>) -> bool {
        let mut turns = Turns::of(self.choices(cell));
        let mut corners = [(0, 1); 1 << MOST_DIMENSIONS];
        loop {
            if self.width(self.corners(&turns.chosen(), &mut corners), needed, proofs) >= needed {
                return true;
            }
            if !turns.next_along(turns.at.len() - 1) {
                return false;
            }
        }
    }

    /// For each dimension the shifts that a cell notices.
    fn choices(&self, cell: usize) -> Vec<&[Shift]> {
        let nodes = self.lattice.nodes_of[cell].iter();
        nodes.zip(&self.shifts).map(|(node, of_axis)| of_axis[*node].as_slice()).collect()
    }

    /// For each dimension and shift what those of its cells cost that lie where the cell is along all other dimensions:
    /// a part of every circuit with that shift, and of no other dimension's part.
    fn alone(&self, cell: usize, choices: &[&[Shift]], proofs: &Proofs<'_>) -> Vec<Vec<(u64, u64)>> {
        let nodes = &self.lattice.nodes_of[cell];
        let cost = |along: usize, shift: &Shift| {
            shift.nodes.iter().fold((0, 0), |cost: (u64, u64), node| {
                let moved = nodes.iter().enumerate().map(|(at, own)| if at == along { *node } else { *own });
                let other = self.lattice.folded(moved, Axis::nodes);
                if self.web.cells[other].listed && !proofs.hidden()[other] {
                    (cost.0 + self.web.cells[other].weight, cost.1 + proofs.size(other))
                } else {
                    cost
                }
            })
        };
        let of_axis =
            |(along, shifts): (usize, &&[Shift])| shifts.iter().map(|shift| cost(along, shift)).collect();
        choices.iter().enumerate().map(of_axis).collect()
    }

    /// A circuit, if it would be better than one of such a width and cost.
    fn look(
        &self,
        chosen: &[&Shift],
        needed: u64,
        proofs: &Proofs<'_>,
        bar: Option<(u64, (u64, u64))>,
    ) -> Option<Found> {
        let mut corners = [(0, 1); 1 << MOST_DIMENSIONS];
        let corners = self.corners(chosen, &mut corners);
        let width = self.width(corners, needed, proofs);
        if width == 0 || bar.is_some_and(|(widest, _)| width.min(needed) < widest.min(needed)) {
            return None;
        }
        let limit = bar.filter(|(widest, _)| width.min(needed) == *widest.min(&needed)).map(|(_, cost)| cost);
        let (to_hide, cost) = self.price(chosen, proofs, limit)?;
        let of_sign = |wanted: i64| {
            let of_sign = corners.iter().filter(move |(_, sign)| *sign == wanted);
            of_sign.map(|(atom, _)| *atom).collect()
        };
        Some(Found { to_hide, rising: of_sign(1), falling: of_sign(-1), width, cost })
    }

    /// How wide a circuit makes the range of its cells; nothing where it runs through one that everybody knows.
    fn width(&self, corners: &[(usize, i64)], needed: u64, proofs: &Proofs<'_>) -> u64 {
        if corners.iter().any(|(atom, _)| self.web.is_structural(*atom)) {
            return 0;
        }
        let room = |wanted: i64| {
            let of_sign = corners.iter().filter(|(_, sign)| *sign == wanted);
            of_sign.map(|(atom, _)| proofs.room(self.web, *atom)).min()
        };
        match (room(1), room(-1)) {
            (Some(_), None) => needed.max(1),
            (forth, back) => forth.unwrap_or(0) + back.unwrap_or(0),
        }
    }

    /// The atoms of a circuit with the sign of their change, written into a place that is large enough.
    fn corners<'b>(&self, chosen: &[&Shift], corners: &'b mut [(usize, i64)]) -> &'b [(usize, i64)] {
        corners[0] = (0, 1);
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
