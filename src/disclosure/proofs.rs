//! Proofs by trying: random tables against attackers that list every possibility.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::attack::{self, Outsider};
use super::attackers::{Lister, Print, nearest};
use super::figure::{Figure, Symbol};
use super::policy::{KeyKind, Policy};
use super::protect;
use super::table::{self, Count, CountTable, Node};

fn flat(counts: &[u64]) -> CountTable {
    let whole = Count {
        keys: vec!["total".into()],
        count: counts.iter().sum(),
        structural_zero: false,
        parts: counts
            .iter()
            .enumerate()
            .map(|(at, count)| Count::leaf(vec![at.to_string()], *count))
            .collect(),
        parts_are_all: true,
    };
    of(vec![whole])
}

fn of(wholes: Vec<Count>) -> CountTable {
    CountTable { title: "t".into(), population: "p".into(), dimensions: vec!["d".into()], wholes }
}

/// What the gate prints, per node.
fn prints(nodes: &[Node], policy: &Policy) -> Vec<Option<Print>> {
    let hidden = protect::hidden(nodes, policy);
    let mut figures = table::figures(nodes, &hidden, policy).into_iter();
    nodes
        .iter()
        .map(|node| {
            node.listed.then(|| match figures.next().unwrap() {
                Figure::Count(count) => Print::Number(count as u64),
                Figure::Symbol(Symbol::NotApplicable) => Print::Never,
                Figure::Symbol(Symbol::Confidential) => Print::Hidden,
                other => panic!("not a print of a count: {other:?}"),
            })
        })
        .collect()
}

/// Lists every possibility for every secret of the table.
fn nothing_is_given_away(table: &CountTable, policy: &Policy) -> Result<(), TestCaseError> {
    let nodes = table.checked().unwrap();
    let prints = prints(&nodes, policy);
    let most =
        nodes.iter().map(|node| node.count).max().unwrap() as usize + 2 * policy.threshold() as usize + 5;
    let lister = Lister {
        nodes: &nodes,
        prints: &prints,
        threshold: policy.threshold(),
        round_to: policy.round_to(),
        most,
    };
    for (index, node) in nodes.iter().enumerate() {
        let small_and_unlisted = !node.listed && node.count < policy.threshold();
        if let Some(Print::Number(shown)) = prints[index] {
            prop_assert!(shown == 0 || shown >= policy.threshold(), "{shown} shown");
            prop_assert!(shown > 0 || !policy.hides_zeros());
            prop_assert_eq!(shown, nearest(node.count, policy.round_to()));
            continue;
        }
        if prints[index] == Some(Print::Never) || !(node.listed || small_and_unlisted) {
            continue;
        }
        let possible = lister.possible(index);
        prop_assert!(possible.contains(&node.count));
        let width = possible.last().unwrap() - possible.first().unwrap();
        // Nothing above it shown either: only the end of the list limits it.
        prop_assert!(width >= policy.threshold(), "count {} is within {possible:?}", node.count);
    }
    Ok(())
}

fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Policy::published()),
        Just(Policy::inside_controller()),
        Just(Policy::trial(10, 1, true)),
        Just(Policy::trial(3, 1, false)),
        Just(Policy::trial(6, 3, false)),
        Just(Policy::trial(10, 10, true)),
    ]
}

/// Mostly small counts and zeros, some of ordinary size.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0_u64), 4 => 1..15_u64, 2 => 15..40_u64]
}

fn chain_of(steps: &[u64]) -> Count {
    let leaf = Count::leaf(vec!["leaf".into()], steps[0]);
    steps[1..].iter().fold(leaf, |inner, step| {
        let count = inner.count + step;
        Count::whole(vec!["whole".into()], count, inner)
    })
}

/// Wholes within wholes, some with something left over, some without.
fn tree() -> impl Strategy<Value = Count> {
    let leaf = (count(), any::<bool>()).prop_map(|(count, known)| Count {
        structural_zero: known,
        ..Count::leaf(vec!["leaf".into()], count)
    });
    leaf.prop_recursive(3, 12, 4, |inner| {
        (proptest::collection::vec(inner, 1..4), count(), any::<bool>()).prop_map(
            |(parts, over, parts_are_all)| {
                let over = if parts_are_all { 0 } else { over };
                Count {
                    keys: vec!["whole".into()],
                    count: parts.iter().map(|part| part.count).sum::<u64>() + over,
                    structural_zero: false,
                    parts,
                    parts_are_all,
                }
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_state_of_a_waterfall_is_given_away(counts in proptest::collection::vec(count(), 1..9), policy in policies()) {
        nothing_is_given_away(&flat(&counts), &policy)?;
    }

    #[test]
    fn no_measure_of_a_chain_is_given_away(steps in proptest::collection::vec(count(), 4), policy in policies()) {
        nothing_is_given_away(&of(vec![chain_of(&steps)]), &policy)?;
    }

    #[test]
    fn no_count_of_a_tree_is_given_away(whole in tree(), policy in policies()) {
        nothing_is_given_away(&of(vec![whole]), &policy)?;
    }

    #[test]
    fn the_ranges_are_what_listing_finds(whole in tree(), policy in policies()) {
        let table = of(vec![whole]);
        let nodes = table.checked().unwrap();
        // Hide by halves, so that narrow ranges are met too.
        let hidden: Vec<bool> = (0..nodes.len())
            .map(|at| nodes[at].listed && (policy.is_small(nodes[at].count) || at % 2 == 1))
            .collect();
        let hidden: Vec<bool> = hidden.iter().zip(&nodes).map(|(hidden, node)| *hidden && !node.structural).collect();
        let prints: Vec<Option<Print>> = nodes.iter().zip(&hidden).map(|(node, hidden)| {
            node.listed.then_some(if node.structural { Print::Never } else if *hidden { Print::Hidden } else {
                Print::Number(nearest(node.count, policy.round_to()))
            })
        }).collect();
        let most = nodes[0].count as usize + 30;
        let lister = Lister {
            nodes: &nodes, prints: &prints, threshold: policy.threshold(), round_to: policy.round_to(), most,
        };
        for (index, range) in attack::ranges(&nodes, &hidden, &policy, Outsider::Reader).into_iter().enumerate() {
            let possible = lister.possible(index);
            // The gate may think the outsider a little better informed (a hidden count is no zero), never worse.
            prop_assert!(range.least >= *possible.first().unwrap() && range.least <= nodes[index].count);
            if let Some(greatest) = range.greatest {
                prop_assert!(greatest <= *possible.last().unwrap() && greatest >= nodes[index].count);
            }
            if policy.hides_zeros() {
                prop_assert_eq!(range.least, *possible.first().unwrap());
                prop_assert_eq!(range.greatest.unwrap_or(most as u64), *possible.last().unwrap());
            }
        }
    }

    #[test]
    fn synthetic_is_the_identity(whole in tree()) {
        let policy = Policy::synthetic(KeyKind::Demo).unwrap();
        let nodes = of(vec![whole]).checked().unwrap();
        for (node, print) in nodes.iter().zip(prints(&nodes, &policy)).filter(|(node, _)| node.listed) {
            let same = print == Some(Print::Number(node.count)) || (node.structural && print == Some(Print::Never));
            prop_assert!(same);
        }
    }

    #[test]
    fn what_was_shown_passes_again_unchanged(counts in proptest::collection::vec(count(), 1..9), policy in policies()) {
        let nodes = flat(&counts).checked().unwrap();
        let first = prints(&nodes, &policy);
        prop_assert_eq!(&first, &prints(&nodes, &policy));
        for print in first.into_iter().flatten() {
            if let Print::Number(shown) = print {
                let alone = of(vec![Count::leaf(vec!["again".into()], shown)]).checked().unwrap();
                prop_assert_eq!(prints(&alone, &policy), [Some(Print::Number(shown))]);
            }
        }
    }
}

/// An outsider who also has this program can run it on every table there is, and keep those that print the same.
/// Tried on all tables of three or four cells: no small count is ever left with one possibility.
#[test]
fn knowing_the_program_does_not_give_a_small_count_away() {
    for (threshold, round_to, cells, most) in [(3, 1, 4, 9), (3, 3, 4, 9), (5, 5, 3, 22)] {
        for hide_zeros in [true, false] {
            let policy = Policy::trial(threshold, round_to, hide_zeros);
            let fewest = fewest_possibilities(&policy, cells, most);
            assert!(fewest >= 2, "threshold {threshold}, rounding {round_to}, zeros hidden {hide_zeros}");
        }
    }
}

/// The fewest possibilities that any hidden small count has, over all tables of so many cells up to `most`.
fn fewest_possibilities(policy: &Policy, cells: u32, most: u64) -> usize {
    type Alike = (Vec<Option<Print>>, Vec<Vec<u64>>);
    let mut by_print: BTreeMap<String, Alike> = BTreeMap::new();
    for number in 0..(most + 1).pow(cells) {
        let counts: Vec<u64> = (0..cells).map(|at| number / (most + 1).pow(at) % (most + 1)).collect();
        let print = prints(&flat(&counts).checked().unwrap(), policy);
        by_print.entry(format!("{print:?}")).or_insert_with(|| (print, Vec::new())).1.push(counts);
    }
    let mut fewest = usize::MAX;
    for (print, tables) in by_print.into_values() {
        // Tables at the edge of the list have likenesses beyond it.
        if tables.iter().flatten().any(|count| *count == most) {
            continue;
        }
        for cell in (0..cells as usize).filter(|cell| print[cell + 1] == Some(Print::Hidden)) {
            let values: BTreeSet<u64> = tables.iter().map(|counts| counts[cell]).collect();
            if values.iter().any(|value| policy.is_small(*value)) {
                fewest = fewest.min(values.len());
            }
        }
    }
    fewest
}

/// Facts that an output checker's tool (ACRO 1.0.2) gives for the same counts, where its rules are ours: below 10 fails,
/// zeros too. It stops at the small counts; here the others of a row follow, as the row's total would give them away.
#[test]
fn the_small_counts_are_those_that_acro_fails() {
    let policy = Policy::published();
    let failed = |counts: [u64; 2]| counts.map(|count| policy.is_small(count));
    assert_eq!(failed([50, 9]), [false, true]);
    assert_eq!(failed([40, 10]), [false, false]);
    assert_eq!(failed([25, 0]), [false, true]);
    assert_eq!(failed([1, 15]), [true, false]);
    assert!(!Policy::inside_controller().is_small(0));
    assert_eq!([52, 9, 61, 1, 155].map(|count| policy.rounded(count)), [50, 10, 60, 0, 155]);
    let printed = |counts: &[u64]| prints(&flat(counts).checked().unwrap(), &policy);
    assert_eq!(printed(&[50, 9])[1..], [Some(Print::Hidden); 2]);
    assert_eq!(printed(&[40, 10])[1..], [Some(Print::Number(40)), Some(Print::Number(10))]);
}

/// Two small counts whose sum can be had by subtraction, and is itself small: the third goes too.
#[test]
fn a_small_sum_of_hidden_counts_is_protected() {
    let nodes = flat(&[14, 6, 3]).checked().unwrap();
    let printed = prints(&nodes, &Policy::trial(10, 1, true));
    assert_eq!(printed[1..], [Some(Print::Hidden); 3]);
}
