//! Which cells to hide: the small ones, and as few more as make every hidden cell wide enough.
//!
//! 1. The small ones, and those that are nearly all of a whole.
//! 2. For each hidden cell that is not proved: look for witnesses; if there are not enough, hide the circuit that costs
//!    least, or, where none is wide enough by itself, the widest, and look again.
//! 3. Show again, one by one and dearest first, what turns out not to be needed.

use super::circuit::{Circuits, Found};
use super::lattice::Lattice;
use super::walk::Walk;
use super::web::Web;
use super::witness::Proofs;
use crate::disclosure::policy::Policy;

/// Above so many (hidden cells, times equations, times hidden atoms) nothing is shown again: it would take seconds.
const MOST_WORK: usize = 40_000_000;

/// The pattern and what proves it; some cells are hidden `besides`, for what they are. None where it could not be proved, which is a mistake of this program.
pub(super) fn choose<'a>(
    web: &'a Web,
    lattice: &Lattice,
    besides: &[usize],
    policy: &'a Policy,
) -> Option<Proofs<'a>> {
    let mut small = web.small(policy);
    besides.iter().for_each(|cell| small[*cell] = true);
    let mut proofs = Proofs::new(web, small.clone(), policy);
    let circuits = Circuits::new(lattice, web);
    loop {
        // Circuits that run over hidden cells already are found much sooner than the general search finds anything.
        for cell in in_order(web, &proofs) {
            if proofs.holds(cell) {
                continue;
            }
            if let Some(found) = circuits.free(cell, policy.threshold(), &proofs) {
                take(web, &found, &mut proofs);
            }
        }
        let mut walk = Walk::new(web, proofs.hidden(), policy);
        for cell in in_order(web, &proofs) {
            prove(web, &mut proofs, &mut walk, cell);
        }
        let open = in_order(web, &proofs);
        let Some(first) = open.first().copied() else { break };
        let mut more = false;
        for cell in open {
            if !proofs.holds(cell) {
                more |= by_circuit(web, &circuits, &mut proofs, cell, policy);
            }
        }
        if !more {
            proofs.hide(nearest(web, &proofs, first)?);
        }
    }
    Some(show_again(web, &small, proofs, policy))
}

/// The hidden cells that are not proved, largest first: their circuits have room for the others.
fn in_order(web: &Web, proofs: &Proofs<'_>) -> Vec<usize> {
    let mut open = proofs.open();
    open.sort_by_key(|cell| (std::cmp::Reverse(proofs.size(*cell)), web.cells[*cell].atoms.len(), *cell));
    open
}

/// Looks for witnesses of one cell.
fn prove(web: &Web, proofs: &mut Proofs<'_>, walk: &mut Walk, cell: usize) {
    let needed = proofs.needed();
    let (width, _) = proofs.width(cell);
    if width >= needed {
        return;
    }
    let atoms = &web.cells[cell].atoms;
    proofs.add(&walk.towards(atoms, 1, needed));
    let (width, up) = proofs.width(cell);
    if width < needed {
        proofs.add(&walk.towards(atoms, -1, needed - up));
    }
}

fn take(web: &Web, found: &Found, proofs: &mut Proofs<'_>) {
    let [forwards, backwards] = found.witnesses(web, proofs);
    proofs.add(&forwards);
    proofs.add(&backwards);
}

/// Hides the cheapest circuit through a cell and takes its witnesses. False where that leads no further.
fn by_circuit(
    web: &Web,
    circuits: &Circuits<'_>,
    proofs: &mut Proofs<'_>,
    cell: usize,
    policy: &Policy,
) -> bool {
    let Some(found) = circuits.cheapest(cell, policy.threshold(), proofs) else { return false };
    for other in &found.to_hide {
        proofs.hide(*other);
    }
    take(web, &found, proofs);
    proofs.holds(cell) || !found.to_hide.is_empty()
}

/// The shown cell to hide next where circuits do not help: one that shares an atom with what ties the cell, the
/// cheapest first.
fn nearest(web: &Web, proofs: &Proofs<'_>, cell: usize) -> Option<usize> {
    let shown = |other: &usize| {
        let held = &web.cells[*other];
        held.listed && !proofs.hidden()[*other] && !held.structural
    };
    let own = &web.cells[cell].atoms;
    let ties: Vec<usize> =
        own.iter().flat_map(|atom| &web.holders[*atom]).copied().filter(|other| shown(other)).collect();
    let beside = ties.iter().flat_map(|tie| &web.cells[*tie].atoms).flat_map(|atom| &web.holders[*atom]);
    let price = |other: &usize| (web.cells[*other].weight, proofs.size(*other), *other);
    let near = beside.copied().filter(|other| shown(other)).min_by_key(price);
    near.or_else(|| (0..web.cells.len()).filter(shown).min_by_key(price))
}

/// Shows again whatever the proofs can do without.
fn show_again<'a>(web: &'a Web, small: &[bool], proofs: Proofs<'a>, policy: &'a Policy) -> Proofs<'a> {
    let mut proofs = proofs;
    let mut walk = Walk::new(web, proofs.hidden(), policy);
    let mut extra: Vec<usize> =
        (0..small.len()).filter(|cell| proofs.hidden()[*cell] && !small[*cell]).collect();
    extra.sort_by_key(|cell| {
        (std::cmp::Reverse(web.cells[*cell].weight), std::cmp::Reverse(proofs.size(*cell)), *cell)
    });
    let hidden = proofs.hidden().iter().filter(|hidden| **hidden).count();
    if extra.len() * hidden * walk.size() > MOST_WORK {
        return proofs;
    }
    for cell in extra {
        let mut trial = proofs.showing(cell);
        let mut tighter = walk.clone();
        tighter.fix(&web.cells[cell].atoms);
        let holds = |cell: usize, trial: &mut Proofs<'a>, tighter: &mut Walk| {
            prove(web, trial, tighter, cell);
            trial.holds(cell)
        };
        if in_order(web, &trial).into_iter().all(|open| holds(open, &mut trial, &mut tighter)) {
            (proofs, walk) = (trial, tighter);
        }
    }
    proofs
}
