//! What protection costs: how many cells are hidden, beside the fewest that could be and the best known short cuts.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::circuit::Circuits;
use super::lattice::Lattice;
use super::proofs::{held, narrow, pattern, random, tables};
use super::witness::Proofs;
use super::{MOST_CELLS, Tabular, disclose};
use crate::disclosure::Policy;

fn hidden(pattern: &[bool]) -> usize {
    pattern.iter().filter(|hidden| **hidden).count()
}

/// The hypercube method: for each hidden cell the cheapest box by itself, and nothing shown again. None where boxes
/// alone do not do.
fn hypercube(table: &Tabular, policy: &Policy) -> Option<usize> {
    let (lattice, web) = Lattice::new(table, MOST_CELLS).unwrap();
    let circuits = Circuits::new(&lattice, &web);
    let mut proofs = Proofs::new(&web, web.small(policy), policy);
    while let Some(cell) = proofs.open().first().copied() {
        let found = circuits.cheapest(cell, policy.threshold(), &proofs)?;
        found.to_hide.iter().for_each(|other| proofs.hide(*other));
        let [forwards, backwards] = found.witnesses(&web, &proofs);
        proofs.add(&forwards);
        proofs.add(&backwards);
        if !proofs.holds(cell) {
            return None;
        }
    }
    Some(hidden(proofs.hidden()))
}

/// The fewest hidden cells that any pattern has which withstands the attack: all patterns are tried, smaller ones first.
fn fewest(table: &Tabular, policy: &Policy) -> usize {
    let shown = disclose(table, policy).unwrap();
    let held = held(table, &shown);
    let (_, web) = Lattice::new(table, MOST_CELLS).unwrap();
    let small = web.small(policy);
    let listed: Vec<usize> = (0..small.len()).filter(|at| web.cells[*at].listed).collect();
    let structural: Vec<bool> = listed.iter().map(|at| web.cells[*at].structural).collect();
    let small: Vec<bool> = listed.iter().map(|at| small[*at]).collect();
    let open: Vec<usize> = (0..small.len()).filter(|at| !small[*at] && !structural[*at]).collect();
    let mut patterns: Vec<u32> = (0..1 << open.len()).collect();
    patterns.sort_by_key(|pattern| pattern.count_ones());
    let of = |chosen: u32| {
        let mut hidden = small.clone();
        open.iter().enumerate().for_each(|(bit, at)| hidden[*at] |= chosen >> bit & 1 == 1);
        hidden
    };
    let safe = patterns
        .into_iter()
        .map(of)
        .find(|hidden| narrow(table, &held, hidden, policy.threshold()).is_none());
    hidden(&safe.unwrap())
}

#[test]
fn hardly_more_is_hidden_than_the_fewest_that_withstand_the_attack() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let policy = Policy::published();
    let (mut ours, mut best, mut tried) = (0, 0, 0);
    while tried < tables(15, 1_000) {
        let table = random(&mut rng, [3, 3, 2]);
        let (_, web) = Lattice::new(&table, MOST_CELLS).unwrap();
        let open = web.cells.iter().filter(|cell| cell.listed).count() - hidden(&web.small(&policy));
        if open > 13 || hidden(&web.small(&policy)) == 0 {
            continue;
        }
        ours += hidden(&pattern(&disclose(&table, &policy).unwrap()));
        best += fewest(&table, &policy);
        tried += 1;
    }
    println!("{tried} tables: {ours} hidden, {best} at best");
    assert!(ours * 4 <= best * 5, "{ours} hidden, {best} at best");
}

#[test]
fn no_more_is_hidden_than_by_boxes_alone() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let policy = Policy::published();
    let (mut ours, mut boxes, mut tried, mut not) = (0, 0, 0, 0);
    while tried < tables(40, 2_000) {
        let table = random(&mut rng, [6, 6, 3]);
        match hypercube(&table, &policy) {
            Some(found) => {
                boxes += found;
                ours += hidden(&pattern(&disclose(&table, &policy).unwrap()));
                tried += 1;
            }
            None => not += 1,
        }
    }
    println!("{tried} tables: {ours} hidden, {boxes} by boxes alone, which do not do for another {not}");
    assert!(ours <= boxes, "{ours} hidden, {boxes} by boxes alone");
}
