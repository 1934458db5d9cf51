//! Proofs by attack: random tables against an outsider who shares no code with the gate.
//!
//! The outsider is a linear programme of its own: tables as equations over the innermost cells, the exact counts of
//! all that is shown, and the least and greatest value of each hidden one. Fractions are allowed it, which makes its
//! ranges wider than they are and never narrower; so for small tables a second one lists whole tables instead.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{CellCount, Dimension, Level, TOTAL, Tabular, disclose, disclose_rounded};
use crate::disclosure::{DisclosedTable, Figure, Policy, Rounding, Symbol};

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
        tables: Vec::new(),
    };
    for (at, most) in most.into_iter().enumerate().take(dimensions) {
        let leaves = rng.random_range(2..=most.max(2));
        let mut levels: Vec<Level> =
            (0..leaves).map(|leaf| Level { key: leaf.to_string(), within: Vec::new() }).collect();
        // None, one, or two ways of putting levels together that know nothing of each other.
        for grouping in 0..if leaves > 3 { [0, 0, 1, 2][rng.random_range(0..4)] } else { 0 } {
            levels.push(Level { key: format!("outer {grouping}"), within: Vec::new() });
            let from = rng.random_range(0..leaves - 2);
            let outer = levels.len() - 1;
            (from..rng.random_range(from + 1..leaves)).for_each(|leaf| levels[leaf].within.push(outer));
        }
        table.dimensions.push(Dimension { name: at.to_string(), levels });
    }
    let leaves = |dimension: &Dimension| {
        dimension.levels.iter().filter(|level| !level.key.starts_with("outer")).count()
    };
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
        table.cells.push(CellCount { levels: levels.collect(), count, key: 0, structural_zero });
    }
    if dimensions > 1 && rng.random_range(0..3) == 0 {
        table.tables =
            (0..dimensions).map(|left_out| (0..dimensions).filter(|at| *at != left_out).collect()).collect();
    }
    table
}

/// The innermost cells as the outsider numbers them, and for each row of the printed table which of them it holds.
pub(super) fn held(table: &Tabular, shown: &DisclosedTable) -> Vec<Vec<usize>> {
    fn is_in(dimension: &Dimension, level: usize, key: &str) -> bool {
        let here = &dimension.levels[level];
        key == TOTAL || here.key == key || here.within.iter().any(|outer| is_in(dimension, *outer, key))
    }
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
    fn of(table: &Tabular, held: &[Vec<usize>], hidden: &[bool]) -> Self {
        let exact = |cells: &[usize]| cells.iter().map(|cell| table.cells[*cell].count).sum::<u64>();
        let rows = held.iter().zip(hidden).filter(|(_, hidden)| !**hidden);
        let sums = rows.map(|(cells, _)| (cells.clone(), exact(cells)));
        let never =
            table.cells.iter().enumerate().filter(|(_, cell)| cell.structural_zero && cell.count == 0);
        Self { sums: sums.chain(never.map(|(at, _)| (vec![at], 0))).collect(), cells: table.cells.len() }
    }

    /// How wide the range of some innermost cells' sum is; infinite without a limit.
    pub fn width(&self, cells: &[usize]) -> f64 {
        let Some(most) = self.extreme(cells, 1.0) else { return f64::INFINITY };
        most - self.extreme(cells, -1.0).unwrap()
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

/// Which rows of a printed table are hidden.
pub(super) fn pattern(shown: &DisclosedTable) -> Vec<bool> {
    shown.rows.iter().map(|row| row.figures[0] == Figure::Symbol(Symbol::Confidential)).collect()
}

/// The first hidden cell of a pattern whose range is too narrow, and how wide it is.
pub(super) fn narrow(
    table: &Tabular,
    held: &[Vec<usize>],
    hidden: &[bool],
    threshold: u64,
) -> Option<(usize, f64)> {
    let known = Known::of(table, held, hidden);
    let rows = (0..held.len()).filter(|row| hidden[*row]);
    rows.map(|row| (row, known.width(&held[row]))).find(|(_, width)| *width < threshold as f64 - 1e-6)
}

/// Attacks every hidden cell of a table; gives how many there are, and how many of all rows.
pub(super) fn attacked(table: &Tabular, policy: &Policy) -> (usize, usize) {
    let shown = disclose_rounded(table, Rounding::Nearest, policy).unwrap();
    let held = held(table, &shown);
    let hidden = pattern(&shown);
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
    }
    let found = narrow(table, &held, &hidden, policy.threshold());
    assert_eq!(found, None, "{shown:?} of {table:?}");
    (hidden.iter().filter(|hidden| **hidden).count(), hidden.len())
}

/// How many tables a proof tries: a fixed small sample, or what the long checks ask for.
pub(super) fn tables(few: usize, many: usize) -> usize {
    if std::env::var_os("THROUGHLINE_DEEP").is_some() { many } else { few }
}

#[test]
fn attack_12_no_hidden_cell_of_a_linked_table_is_narrower_than_its_protection() {
    let tables = tables(60, 10_000);
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

/// The facts of sdcTable's own example of linked tables: eight regions, put together by county and by size. Each way
/// alone, the five small ones hide each other; both together, county 1 and the small regions differ by K and N.
#[test]
fn attack_10_two_groupings_of_the_same_regions_are_protected_together() {
    let counts = [("A", 2), ("B", 2), ("I", 8), ("J", 8), ("K", 3), ("L", 3), ("M", 3), ("N", 7)];
    let policy = Policy::trial(4, 1, true);
    let regions = |groupings: &[&[(&str, &[&str])]]| {
        let level = |(key, _): &(&str, u64)| Level { key: (*key).into(), within: Vec::new() };
        let mut levels: Vec<Level> = counts.iter().map(level).collect();
        for (group, members) in groupings.iter().copied().flatten() {
            levels.push(Level { key: (*group).into(), within: Vec::new() });
            let outer = levels.len() - 1;
            let is_in = |level: &&mut Level| members.contains(&level.key.as_str());
            levels.iter_mut().filter(is_in).for_each(|level| level.within.push(outer));
        }
        let cell = |(at, (_, count)): (usize, &(&str, u64))| CellCount {
            levels: vec![at],
            count: *count,
            key: 0,
            structural_zero: false,
        };
        Tabular {
            title: "t".into(),
            population: "p".into(),
            dimensions: vec![Dimension { name: "region".into(), levels }],
            cells: counts.iter().enumerate().map(cell).collect(),
            with_totals: true,
            tables: Vec::new(),
        }
    };
    let by_county: &[(&str, &[&str])] =
        &[("county 1", &["A", "B", "I", "J"]), ("county 2", &["K", "L", "M", "N"])];
    let by_size: &[(&str, &[&str])] = &[("big", &["L", "M"]), ("small", &["A", "B", "I", "J", "K", "N"])];
    let of = |groupings: &[&[(&str, &[&str])]]| attacked(&regions(groupings), &policy).0;
    assert_eq!((of(&[by_county]), of(&[by_size])), (5, 5), "the small ones only");
    assert_eq!(of(&[by_county, by_size]), 6);
    let both = regions(&[by_county, by_size]);
    let held = held(&both, &disclose(&both, &policy).unwrap());
    let small: Vec<bool> = held.iter().map(|cells| cells.len() == 1 && counts[cells[0]].1 < 4).collect();
    assert!(narrow(&both, &held, &small, 4).is_some(), "without it, K follows");
}

/// Rounded figures as what they are, ranges: is any count of a cell the only one that fits them all?
fn unpicked(table: &Tabular, rounding: Rounding, policy: &Policy) -> Option<Vec<String>> {
    let shown = disclose_rounded(table, rounding, policy).unwrap();
    let held = held(table, &shown);
    let mut known = Known { sums: Vec::new(), cells: table.cells.len() };
    let printed = |cell: usize| {
        let row = held.iter().position(|held| held == &[cell]).map(|row| shown.rows[row].figures[0]);
        match row {
            Some(Figure::Count(shown)) => Some(shown as u64),
            Some(Figure::Symbol(Symbol::NotApplicable)) => Some(0),
            _ => None,
        }
    };
    for (row, cells) in shown.rows.iter().zip(&held) {
        let Figure::Count(figure) = row.figures[0] else { continue };
        let either_side =
            if rounding == Rounding::Keyed { policy.round_to() - 1 } else { policy.round_to() / 2 };
        // A total of more than one: whoever knows the rules takes the parts away and has what is left, rounded.
        let (rest, left) = if rounding == Rounding::Nearest || cells.len() == 1 {
            (cells.clone(), figure as u64)
        } else {
            let parts: u64 = cells.iter().filter_map(|cell| printed(*cell)).sum();
            (cells.iter().copied().filter(|cell| printed(*cell).is_none()).collect(), figure as u64 - parts)
        };
        let threshold = if rest.len() == cells.len() { policy.threshold() } else { 0 };
        let (least, most) = (left.saturating_sub(either_side).max(threshold), left + either_side);
        let cells = rest;
        let slack = known.cells;
        known.cells += 2;
        known.sums.push((cells.iter().copied().chain([slack]).collect(), most));
        known.sums.push((vec![slack, slack + 1], most - least));
    }
    let inner =
        shown.rows.iter().zip(&held).filter(|(row, cells)| cells.len() == 1 && row.figures[0].is_number());
    inner.filter(|(_, cells)| known.width(cells) < 0.5).map(|(row, _)| row.keys.clone()).next()
}

#[test]
fn attack_13_no_count_is_the_only_one_that_fits_the_rounded_figures() {
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    for _ in 0..tables(60, 10_000) {
        let table = random(&mut rng, [4, 3, 2]);
        for rounding in [Rounding::Additive, Rounding::Keyed] {
            assert_eq!(unpicked(&table, rounding, &Policy::published()), None, "{rounding:?} {table:?}");
        }
    }
    let twelves = [0, 1, 2, 3].map(|at| (vec![at.to_string()], 12));
    let table = Tabular::of_groups("t", "p", &["d".into()], &twelves, true).unwrap();
    assert!(unpicked(&table, Rounding::Nearest, &Policy::published()).is_some(), "each by itself, these are");
    assert_eq!(unpicked(&table, Rounding::Additive, &Policy::published()), None);
}

/// The outsider is no fool: where only small cells are hidden, it finds most tables out.
#[test]
fn hiding_only_what_is_small_is_found_out() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let policy = Policy::published();
    let found_out = (0..40).filter(|_| {
        let table = random(&mut rng, [5, 4, 3]);
        let shown = disclose(&table, &policy).unwrap();
        let held = held(&table, &shown);
        let count = |cells: &Vec<usize>| cells.iter().map(|cell| table.cells[*cell].count).sum::<u64>();
        let hidden: Vec<bool> = held.iter().map(|cells| policy.is_small(count(cells))).collect();
        narrow(&table, &held, &hidden, policy.threshold()).is_some()
    });
    assert!(found_out.count() > 20);
}
