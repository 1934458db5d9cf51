//! Tables and sums for programs that share nothing with the gate to look at: `just deep gate` hands them to `HiGHS` and ACRO.

use std::{fs, path::PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::disclose;
use super::proofs::{held, pattern, random};
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
    let policy = Policy::published();
    let mut lines = String::new();
    for _ in 0..2_000 {
        let table = random(&mut rng, [6, 6, 3]);
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
    fs::write(folder().join("tables.jsonl"), lines).unwrap();
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
