//! Tables and sums for programs that share nothing with the gate to look at: `just deep gate` hands them to `HiGHS` and ACRO.

use std::{fs, path::PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::proofs::{held, pattern, random};
use super::{Tabular, disclose, woven};
use crate::disclosure::{Failing, Policy, failing};

fn folder() -> PathBuf {
    std::env::var_os("THROUGHLINE_GATE_TABLES")
        .map(PathBuf::from)
        .expect("THROUGHLINE_GATE_TABLES names a folder")
}

#[test]
#[ignore = "writes files for benches/gate"]
fn tables_for_a_linear_programme() {
    let mut rng = ChaCha8Rng::seed_from_u64(33);
    write("tables.jsonl", (0..2_000).map(|_| random(&mut rng, [6, 6, 3])));
    write("large.jsonl", (0..40).map(|number| large(&mut rng, number)));
}

/// A table of some 1,000 cells, in two dimensions or three, from hardly a small count to mostly such.
pub(super) fn large(rng: &mut ChaCha8Rng, number: usize) -> Tabular {
    let (a, b, c) = [(9, 9, 9), (30, 31, 1), (4, 4, 39)][number % 3];
    let most = [8, 12, 25, 60, 200][number / 3 % 5] * 2;
    let names = ["a", "b", "c"].map(str::to_owned);
    let dimensions = if c == 1 { 2 } else { 3 };
    let groups: Vec<(Vec<String>, u64)> = (0..a * b * c)
        .map(|at| {
            let keys = [at % a, at / a % b, at / a / b].map(|key| key.to_string());
            (keys[..dimensions].to_vec(), rng.random_range(0..most))
        })
        .collect();
    Tabular::of_groups("t", "p", &names[..dimensions], &groups, true).unwrap()
}

fn write(name: &str, tables: impl Iterator<Item = Tabular>) {
    let policy = Policy::published();
    let mut lines = String::new();
    for table in tables {
        let shown = disclose(&table, &policy).unwrap();
        let counts: Vec<u64> = table.cells.iter().map(|cell| cell.count).collect();
        let never: Vec<bool> =
            table.cells.iter().map(|cell| cell.structural_zero && cell.count == 0).collect();
        let line = json!({
            "threshold": policy.threshold(), "counts": counts, "never": never,
            "cells": held(&table, &shown), "hidden": pattern(&shown),
        });
        lines.push_str(&format!("{line}\n"));
    }
    fs::write(folder().join(name), lines).unwrap();
}

#[test]
#[ignore = "writes files for benches/gate"]
fn sums_for_an_output_checker() {
    let mut rng = ChaCha8Rng::seed_from_u64(15);
    let policy = Policy::published();
    let mut lines = String::new();
    for _ in 0..1_000 {
        let groups: Vec<Vec<i64>> = (0..rng.random_range(2..6))
            .map(|_| {
                let skew = rng.random_range(0..4_i64);
                let of = rng.random_range(1..30);
                (0..of)
                    .map(|at| rng.random_range(0..40) + if at < skew { rng.random_range(0..900) } else { 0 })
                    .collect()
            })
            .collect();
        let words = |group: &Vec<i64>| {
            let word = |rule: Failing| match rule {
                Failing::Few => "threshold",
                Failing::Dominance => "nk-ratio",
                Failing::PPercent => "p-ratio",
                Failing::Negative => "negative",
            };
            failing(group, &policy).into_iter().map(word).collect::<Vec<_>>()
        };
        let verdicts: Vec<Vec<&str>> = groups.iter().map(words).collect();
        lines.push_str(&format!("{}\n", json!({ "groups": groups, "fails": verdicts })));
    }
    fs::write(folder().join("sums.jsonl"), lines).unwrap();
}

/// A table of counts in two dimensions, from hardly a small count to mostly such, noughts among them.
fn counted(rng: &mut ChaCha8Rng) -> (Vec<Vec<u64>>, bool) {
    let (rows, columns) = (rng.random_range(2..6), rng.random_range(2..5));
    let most = [12, 25, 60][rng.random_range(0..3)];
    let nobody = rng.random_range(0..4);
    let mut count = || if rng.random_range(0..10) < nobody { 0 } else { rng.random_range(0..most) };
    let counts: Vec<Vec<u64>> = (0..rows).map(|_| (0..columns).map(|_| count()).collect()).collect();
    (counts, rng.random_range(0..2) == 0)
}

#[test]
#[ignore = "writes files for benches/gate"]
fn counts_for_an_output_checker() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let policy = Policy::published();
    let mut lines = String::new();
    let mut tables = 0;
    while tables < 1_000 {
        let (counts, with_totals) = counted(&mut rng);
        // Of nobody there is no table.
        if counts.iter().flatten().sum::<u64>() == 0 {
            continue;
        }
        tables += 1;
        let groups: Vec<(Vec<String>, u64)> = counts
            .iter()
            .enumerate()
            .flat_map(|(row, counts)| {
                let cell =
                    move |(column, count): (usize, &u64)| (vec![row.to_string(), column.to_string()], *count);
                counts.iter().enumerate().map(cell)
            })
            .collect();
        let names = ["row", "column"].map(str::to_owned);
        let table = Tabular::of_groups("t", "p", &names, &groups, with_totals).unwrap();
        let shown = disclose(&table, &policy).unwrap();
        let (_, web) = woven(&table).unwrap();
        let primary = web.small(&policy);
        let listed = (0..web.cells.len()).filter(|at| web.cells[*at].listed);
        let cells = listed.zip(&shown.rows).zip(pattern(&shown)).map(|((at, row), hidden)| {
            let count = web.cells[at].count;
            let small = policy.is_small(count);
            json!({ "keys": row.keys, "count": count, "small": small, "nearly_all": primary[at] && !small, "hidden": hidden })
        });
        let cells: Vec<_> = cells.collect();
        lines.push_str(&format!(
            "{}\n",
            json!({ "counts": counts, "with_totals": with_totals, "cells": cells })
        ));
    }
    fs::write(folder().join("counts.jsonl"), lines).unwrap();
}
