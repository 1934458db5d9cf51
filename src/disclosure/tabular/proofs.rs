//! Proofs by attack: random tables against an outsider who shares no code with the gate.
//!
//! The outsider is a linear programme of its own: tables as equations over the innermost cells, the exact counts of
//! all that is shown, and the least and greatest value of each hidden one. Fractions are allowed it, which makes its
//! ranges wider than they are and never narrower; so for small tables a second one lists whole tables instead.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{CellCount, Dimension, Level, TOTAL, Tabular, disclose};
use crate::disclosure::{DisclosedTable, Figure, Policy, Symbol};

/// A random table: sizes, zeros and levels within levels as they come.
pub(super) fn random(rng: &mut ChaCha8Rng, most: [usize; 3]) -> Tabular {
    let dimensions = rng.random_range(1..=3);
    let small = rng.random_range(2..60_u64);
    let mut table = Tabular {
        title: "t".into(),
        population: "p".into(),
        dimensions: Vec::new(),
        cells: Vec::new(),
        with_totals: true,
    };
    for at in 0..dimensions {
        let leaves = rng.random_range(2..=most[at].max(2));
        let mut levels: Vec<Level> =
            (0..leaves).map(|leaf| Level { key: leaf.to_string(), within: None }).collect();
        if leaves > 3 && rng.random_range(0..3) == 0 {
            levels.push(Level { key: "outer".into(), within: None });
            (0..rng.random_range(1..leaves - 1)).for_each(|leaf| levels[leaf].within = Some(leaves));
        }
        table.dimensions.push(Dimension { name: at.to_string(), levels });
    }
    let leaves = |dimension: &Dimension| dimension.levels.iter().filter(|level| level.key != "outer").count();
    let sizes: Vec<usize> = table.dimensions.iter().map(leaves).collect();
    for number in 0..sizes.iter().product() {
        let mut rest = number;
        let levels = sizes.iter().map(|size| {
            let at = rest % size;
            rest /= size;
            at
        });
        let count = match rng.random_range(0..4) {
            0 => 0,
            1 => rng.random_range(0..12),
            _ => rng.random_range(0..small * 3),
        };
        let structural_zero = rng.random_range(0..12) == 0;
        table.cells.push(CellCount { levels: levels.collect(), count, structural_zero });
    }
    table
}

/// The innermost cells as the outsider numbers them, and for each row of the printed table which of them it holds.
pub(super) fn held(table: &Tabular, shown: &DisclosedTable) -> Vec<Vec<usize>> {
    let is_in = |dimension: &Dimension, level: usize, key: &str| {
        let mut at = Some(level);
        key == TOTAL
            || std::iter::from_fn(|| {
                let here = at?;
                at = dimension.levels[here].within;
                Some(dimension.levels[here].key == key)
            })
            .any(|is| is)
    };
    let holds = |keys: &[String], cell: &CellCount| {
        cell.levels
            .iter()
            .zip(&table.dimensions)
            .zip(keys)
            .all(|((level, dimension), key)| is_in(dimension, *level, key))
    };
    let of = |keys: &[String]| {
        (0..table.cells.len()).filter(|at| holds(keys, &table.cells[*at])).collect::<Vec<usize>>()
    };
    shown.rows.iter().map(|row| of(&row.keys)).collect()
}

/// What the outsider knows: sums of innermost cells that are exactly so much, and which of them are never anybody.
struct Known {
    sums: Vec<(Vec<usize>, u64)>,
    cells: usize,
}

impl Known {
    fn of(table: &Tabular, shown: &DisclosedTable, held: &[Vec<usize>]) -> Self {
        let exact = |cells: &[usize]| cells.iter().map(|cell| table.cells[*cell].count).sum::<u64>();
        let is_known = |figure: Figure| figure != Figure::Symbol(Symbol::Confidential);
        let rows = shown.rows.iter().zip(held).filter(|(row, _)| is_known(row.figures[0]));
        let sums = rows.map(|(_, cells)| (cells.clone(), exact(cells))).collect();
        Self { sums, cells: table.cells.len() }
    }

    /// The greatest (or least, with `sign` -1) that some innermost cells can be together. None if there is no limit.
    fn extreme(&self, cells: &[usize], sign: f64) -> Option<f64> {
        let mut aim = vec![0.0; self.cells];
        cells.iter().for_each(|cell| aim[*cell] = sign);
        greatest(&self.sums, &aim).map(|value| value * sign)
    }
}

/// The greatest value of `aim` over all counts that are not negative and have these sums: the simplex method in a full
/// tableau with artificial variables, Bland's rule throughout.
fn greatest(sums: &[(Vec<usize>, u64)], aim: &[f64]) -> Option<f64> {
    let (rows, columns) = (sums.len(), aim.len());
    let mut tableau = vec![vec![0.0; columns + 1]; rows];
    for ((cells, value), row) in sums.iter().zip(&mut tableau) {
        cells.iter().for_each(|cell| row[*cell] = 1.0);
        row[columns] = *value as f64;
    }
    // A basis of artificial variables, numbered from `columns` on; they leave and never come back.
    let mut basis: Vec<usize> = (columns..columns + rows).collect();
    let first: Vec<f64> = (0..=columns).map(|column| tableau.iter().map(|row| row[column]).sum()).collect();
    let rest = climb(&mut tableau, &mut basis, first, columns)?;
    assert!(rest[columns].abs() < 1e-5, "the true table is one of those that print so");
    for row in 0..rows {
        if basis[row] >= columns
            && let Some(column) = (0..columns).find(|column| tableau[row][*column].abs() > 1e-7)
        {
            turn(&mut tableau, &mut basis, None, row, column);
        }
    }
    let mut second: Vec<f64> = aim.iter().copied().chain([0.0]).collect();
    for (row, of) in tableau.iter().zip(&basis) {
        let worth = aim.get(*of).copied().unwrap_or(0.0);
        second.iter_mut().zip(row).for_each(|(value, entry)| *value -= worth * entry);
    }
    climb(&mut tableau, &mut basis, second, columns).map(|second| -second[columns])
}

fn climb(
    tableau: &mut [Vec<f64>],
    basis: &mut [usize],
    mut aim: Vec<f64>,
    columns: usize,
) -> Option<Vec<f64>> {
    while let Some(column) = (0..columns).find(|column| aim[*column] > 1e-7 && !basis.contains(column)) {
        let ratio = |row: &Vec<f64>| row[columns] / row[column];
        let rows = (0..tableau.len()).filter(|row| tableau[*row][column] > 1e-7);
        let leaving = rows.min_by(|one, other| {
            let of = |row: usize| ratio(&tableau[row]);
            let tie = (of(*one) - of(*other)).abs() < 1e-9;
            if tie { basis[*one].cmp(&basis[*other]) } else { of(*one).total_cmp(&of(*other)) }
        })?;
        turn(tableau, basis, Some(&mut aim), leaving, column);
    }
    Some(aim)
}

fn turn(
    tableau: &mut [Vec<f64>],
    basis: &mut [usize],
    aim: Option<&mut Vec<f64>>,
    row: usize,
    column: usize,
) {
    let pivot = tableau[row][column];
    tableau[row].iter_mut().for_each(|entry| *entry /= pivot);
    let turned = tableau[row].clone();
    let others = tableau.iter_mut().enumerate().filter(|(at, _)| *at != row).map(|(_, other)| other);
    for other in others.chain(aim) {
        let factor = other[column];
        other.iter_mut().zip(&turned).for_each(|(entry, turned)| *entry -= factor * turned);
    }
    basis[row] = column;
}

/// Attacks every hidden cell of a table; gives how many there are, and how many of all rows.
pub(super) fn attacked(table: &Tabular, policy: &Policy) -> (usize, usize) {
    let shown = disclose(table, policy).unwrap();
    let held = held(table, &shown);
    let known = Known::of(table, &shown, &held);
    let mut hidden = 0;
    for (row, cells) in shown.rows.iter().zip(&held) {
        let count: u64 = cells.iter().map(|cell| table.cells[*cell].count).sum();
        match row.figures[0] {
            Figure::Symbol(Symbol::Confidential) => {}
            Figure::Symbol(Symbol::NotApplicable) => assert_eq!(count, 0),
            Figure::Count(shown) => {
                assert!(!policy.is_small(count), "{count} is shown");
                assert_eq!(shown as u64, policy.rounded(count));
            }
            other => panic!("not a count: {other:?}"),
        }
        if row.figures[0] != Figure::Symbol(Symbol::Confidential) {
            continue;
        }
        hidden += 1;
        let Some(most) = known.extreme(cells, 1.0) else { continue };
        let least = known.extreme(cells, -1.0).unwrap();
        assert!(
            most - least > policy.threshold() as f64 - 1e-6,
            "{:?} of {count} lies within {least} and {most}: {table:?}",
            row.keys
        );
    }
    (hidden, shown.rows.len())
}

#[test]
fn attack_12_no_hidden_cell_of_a_linked_table_is_narrower_than_its_protection() {
    let tables = if std::env::var_os("THROUGHLINE_DEEP").is_some() { 10_000 } else { 60 };
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let (mut hidden, mut rows) = (0, 0);
    for number in 0..tables {
        let table = random(&mut rng, if number % 10 == 0 { [6, 6, 3] } else { [5, 4, 3] });
        let policy = if number % 4 == 0 { Policy::inside_controller() } else { Policy::published() };
        let (of_table, all) = attacked(&table, &policy);
        hidden += of_table;
        rows += all;
    }
    assert!(hidden * 10 > rows && hidden < rows, "{hidden} of {rows} are hidden");
    println!("{tables} tables, {hidden} of {rows} cells hidden");
}
