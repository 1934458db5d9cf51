//! Tables small enough to be followed by hand.

use super::*;

/// Rows by columns, with totals: the figures in print order.
fn printed(counts: &[&[u64]], policy: &Policy) -> Vec<String> {
    let groups: Vec<(Vec<String>, u64)> = counts
        .iter()
        .enumerate()
        .flat_map(|(row, counts)| {
            let group =
                move |(column, count): (usize, &u64)| (vec![format!("r{row}"), format!("c{column}")], *count);
            counts.iter().enumerate().map(group)
        })
        .collect();
    let names = ["row".to_owned(), "column".to_owned()];
    let table = Tabular::of_groups("t", "p", &names, &groups, true).unwrap();
    lines(&disclose(&table, policy).unwrap(), counts[0].len() + 1)
}

fn lines(table: &DisclosedTable, width: usize) -> Vec<String> {
    let texts: Vec<String> = table.rows.iter().map(|row| row.figures[0].to_string()).collect();
    texts.chunks(width).map(|line| line.join(" ")).collect()
}

#[test]
fn a_small_cell_takes_a_rectangle_with_it() {
    let counts: [&[u64]; 3] = [&[52, 9, 41], &[40, 30, 60], &[70, 25, 33]];
    // The cheapest rectangle through 9 that is wide enough: with 25 beside it in its column, and their rows' smallest.
    assert_eq!(
        printed(&counts, &Policy::published()),
        ["50 c c 100", "40 30 60 130", "70 c c 130", "160 65 135 360"]
    );
}

/// Three providers by outcome. Beside the small cells one more goes in each row that has but one; and what is hidden of the first,
/// 23 - 14 = 9, is itself small, so that its first cell or its total goes too. Rounding hides none, and tells no more.
#[test]
fn a_small_sum_of_two_hidden_cells_is_not_left_to_subtraction() {
    let counts: [&[u64]; 3] = [&[14, 6, 3], &[22, 9, 12], &[31, 4, 15]];
    let shown = printed(&counts, &Policy::trial(10, 1, true));
    let cells: Vec<Vec<&str>> = shown.iter().map(|line| line.split(' ').collect()).collect();
    for (row, column) in [(0, 1), (0, 2), (1, 1), (2, 1)] {
        assert_eq!(cells[row][column], "c", "{shown:?}");
    }
    for row in &cells[..3] {
        assert!(row.iter().filter(|cell| **cell == "c").count() > 1, "{shown:?}");
    }
    assert!(cells[0][0] == "c" || cells[0][3] == "c", "9 is left to subtraction: {shown:?}");
    let policy = Policy::published();
    let rounded = counts.map(|row| row.iter().map(|count| policy.rounded(*count)).collect::<Vec<u64>>());
    assert_eq!(rounded, [[15, 5, 5], [20, 10, 10], [30, 5, 15]]);
}

#[test]
fn a_table_without_small_cells_is_shown_whole() {
    let counts: [&[u64]; 2] = [&[52, 19], &[40, 30]];
    assert_eq!(printed(&counts, &Policy::published()), ["50 20 70", "40 30 70", "90 50 140"]);
}

#[test]
fn attack_14_all_of_a_row_in_one_cell_is_not_shown() {
    let counts: [&[u64]; 3] = [&[20, 0], &[40, 30], &[50, 60]];
    let shown = printed(&counts, &Policy::published());
    assert!(shown[0].starts_with("c c 20"), "{shown:?}");
    let shown = printed(&counts, &Policy::inside_controller());
    assert!(shown[0].starts_with("c c"), "a zero would tell of the other twenty: {shown:?}");
}

#[test]
fn zeros_are_shown_inside_the_controller_and_structural_ones_to_everyone() {
    let mut table = Tabular::of_groups(
        "t",
        "p",
        &["row".to_owned(), "column".to_owned()],
        &[("a", "x", 30), ("a", "y", 40), ("a", "z", 0), ("b", "x", 20), ("b", "y", 15), ("b", "z", 25)]
            .map(|(row, column, count)| (vec![row.to_owned(), column.to_owned()], count)),
        true,
    )
    .unwrap();
    let shown = lines(&disclose(&table, &Policy::inside_controller()).unwrap(), 4);
    assert_eq!(
        shown,
        ["c 40 c 70", "c 15 c 60", "50 55 25 130"],
        "all of z are in b, and the zero would tell"
    );
    table.cells[2].structural_zero = true;
    let shown = lines(&disclose(&table, &Policy::published()).unwrap(), 4);
    assert_eq!(shown, ["30 40 z 70", "20 15 25 60", "50 55 25 130"]);
}

#[test]
fn without_totals_only_what_is_small_or_nearly_all_is_hidden() {
    let names = ["row".to_owned()];
    let groups = [("a", 40), ("b", 3), ("c", 12)].map(|(key, count)| (vec![key.to_owned()], count));
    let table = Tabular::of_groups("t", "p", &names, &groups, false).unwrap();
    assert_eq!(lines(&disclose(&table, &Policy::published()).unwrap(), 3), ["40 c 10"]);
}

#[test]
fn levels_within_levels_are_totals_too() {
    let level =
        |key: &str, within: Option<usize>| Level { key: key.into(), within: within.into_iter().collect() };
    let cell = |level, count| CellCount { levels: vec![level], count, key: 0, structural_zero: false };
    let table = Tabular {
        title: "t".into(),
        population: "p".into(),
        dimensions: vec![Dimension {
            name: "school".into(),
            levels: vec![level("north", None), level("south", None)]
                .into_iter()
                .chain([
                    level("n1", Some(0)),
                    level("n2", Some(0)),
                    level("s1", Some(1)),
                    level("s2", Some(1)),
                ])
                .collect(),
        }],
        cells: vec![cell(2, 30), cell(3, 4), cell(4, 50), cell(5, 60)],
        with_totals: true,
        tables: Vec::new(),
    };
    let shown = lines(&disclose(&table, &Policy::published()).unwrap(), 7);
    assert_eq!(shown, ["35 110 c c 50 60 145"]);
}

#[test]
fn what_does_not_hold_together_is_refused() {
    let names = ["row".to_owned(), "column".to_owned()];
    let twice = [(vec!["a".to_owned(), "x".to_owned()], 4), (vec!["a".to_owned(), "x".to_owned()], 4)];
    let table = Tabular::of_groups("t", "p", &names, &twice, true).unwrap();
    assert!(matches!(disclose(&table, &Policy::published()), Err(Refusal::WrongKeys { .. })));
    let short = [(vec!["a".to_owned()], 4)];
    assert!(Tabular::of_groups("t", "p", &names, &short, true).is_err());
    let mut circle = Tabular::of_groups("t", "p", &names, &twice[..1], true).unwrap();
    circle.dimensions[0].levels = (0..2).map(|at| Level { key: "k".into(), within: vec![1 - at] }).collect();
    assert!(matches!(disclose(&circle, &Policy::published()), Err(Refusal::WrongLevels { .. })));
    let many: Vec<(Vec<String>, u64)> = (0..1_001).map(|at| (vec![at.to_string()], 20)).collect();
    let table = Tabular::of_groups("t", "p", &names[..1], &many, false).unwrap();
    assert!(matches!(disclose(&table, &Policy::published()), Err(Refusal::TooManyCells { .. })));
    let none = Tabular::of_groups("t", "p", &[], &[], true).unwrap();
    let refused = disclose(&none, &Policy::published()).unwrap_err();
    assert!(refused.instead().contains("fewer dimensions"));
}

#[test]
fn the_same_table_gives_the_same_figures_in_whatever_order_its_groups_come() {
    let names = ["row".to_owned(), "column".to_owned()];
    let mut groups: Vec<(Vec<String>, u64)> =
        (0..12_u64).map(|at| (vec![format!("r{}", at / 4), format!("c{}", at % 4)], at * 7 % 23)).collect();
    let shown = |groups: &[(Vec<String>, u64)]| {
        disclose(&Tabular::of_groups("t", "p", &names, groups, true).unwrap(), &Policy::published()).unwrap()
    };
    let first = shown(&groups);
    groups.reverse();
    assert_eq!(first, shown(&groups));
}

/// One pupil with twelve placements is one learner: a join that made twelve of them does not pass.
#[test]
fn attack_11_a_learner_who_is_counted_twelve_times_is_refused() {
    let policy = Policy::published();
    let ledger = Ledger::of(&[], &policy);
    let table = |count: u64| {
        let groups = [(vec!["with".to_owned()], count), (vec!["without".to_owned()], 199)];
        Tabular::of_groups("t", "p", &["placement".to_owned()], &groups, true).unwrap()
    };
    let others: Vec<u64> = (1..200).collect();
    let twelve = [vec![0; 12], others.clone()];
    let refused = disclose_after(&table(12), &twelve, ("1", &ledger), &policy).unwrap_err();
    assert!(matches!(refused, Refusal::PartsDoNotFit { .. }));
    let in_both = [(0..12).collect(), (11..210).collect()];
    assert!(disclose_after(&table(12), &in_both, ("1", &ledger), &policy).is_err(), "one is in both");
    let (shown, entry) = disclose_after(&table(1), &[vec![0], others], ("1", &ledger), &policy).unwrap();
    assert_eq!(lines(&shown, 3), ["c c 200"], "and one is few");
    assert!(!entry.cells[0].shown && !entry.cells[1].shown && entry.cells[2].shown);
}

/// How long this thread has been at work, however busy the machine is.
fn on_the_processor() -> std::time::Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0);
    std::time::Duration::from_nanos(nanoseconds)
}

#[test]
#[ignore = "prints times"]
fn times_on_the_processor() {
    use rand::SeedableRng;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let policy = Policy::published();
    let mut times: Vec<(std::time::Duration, usize)> = (0..300)
        .map(|number| {
            let table = super::outside::large(&mut rng, number);
            let start = on_the_processor();
            let shown = disclose(&table, &policy).unwrap();
            let took = on_the_processor().saturating_sub(start);
            (took, shown.rows.iter().filter(|row| !row.figures[0].is_number()).count())
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| {
        let (took, hidden) = times[(times.len() - 1) * share / 100];
        format!("{} ms ({hidden} hidden)", took.as_millis())
    };
    println!(
        "{} tables: of 1,000 cells, half of them in {}, 95 of 100 in {}, the slowest {}",
        times.len(),
        at(50),
        at(95),
        at(100)
    );
}
