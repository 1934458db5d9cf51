//! Attack 13 with rates: whoever has a rate and what it is a rate of has the number it was made of. So of what is hidden there is no
//! rate, and of what is shown the rate is made of what is shown: two tables that print the same counts print the same rates.
use super::{
    Count, CountTable, DisclosedTable, Figure, Headline, HeadlineGroup, LinkGrid, LinkGroup, Policy,
    StateCount, Waterfall, disclose, disclose_headline, disclose_links, disclose_waterfall,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Random tables of each kind.
const TABLES: usize = 300;
/// Tables beside each, that differ a little.
const BESIDE: usize = 60;

fn below(rng: &mut ChaCha8Rng, n: u64) -> u64 {
    rng.random_range(0..n)
}

/// A count, or another near it.
fn near(rng: &mut ChaCha8Rng, count: u64) -> u64 {
    (count + below(rng, 7)).saturating_sub(3)
}

/// The counts of a table as they are printed, row by row, and its rates.
fn printed(table: &DisclosedTable) -> (String, Vec<Figure>) {
    let figures = || table.rows.iter().flat_map(|row| &row.figures);
    let is_rate = |figure: &&Figure| matches!(figure, Figure::PerCentTenths(_));
    let counts: Vec<String> =
        figures().map(|figure| if is_rate(&figure) { "%".to_owned() } else { figure.to_string() }).collect();
    (counts.join(" "), figures().filter(is_rate).copied().collect())
}

/// Tables that print the same counts print the same rates, and several print the same: how many tables shared a print.
fn same_counts_same_rates<T>(
    seed: u64,
    make: impl Fn(&mut ChaCha8Rng) -> T,
    beside: impl Fn(&mut ChaCha8Rng, &T) -> T,
    through: impl Fn(&T) -> DisclosedTable,
) -> usize {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut shared = 0;
    for _ in 0..TABLES {
        let mut rates: BTreeMap<String, Vec<Figure>> = BTreeMap::new();
        let first = make(&mut rng);
        let mut tables: Vec<T> = (0..BESIDE).map(|_| beside(&mut rng, &first)).collect();
        tables.push(first);
        for table in &tables {
            let (counts, found) = printed(&through(table));
            if let Some(other) = rates.get(&counts) {
                assert_eq!(*other, found, "{counts}: by its rates one is told from the other");
                shared += 1;
            }
            rates.insert(counts, found);
        }
    }
    shared
}

fn policies() -> [Policy; 2] {
    [Policy::published(), Policy::inside_controller()]
}

fn waterfall(counts: &[u64]) -> Waterfall {
    let state = |(at, count): (usize, &u64)| StateCount {
        state: at.to_string(),
        count: *count,
        structural_zero: false,
    };
    let states = counts.iter().enumerate().map(state).collect();
    Waterfall { title: "t".into(), population: "p".into(), states }
}

#[test]
fn attack_13_a_share_with_its_total_tells_no_more_than_the_counts_beside_it() {
    for policy in policies() {
        let through = |counts: &Vec<u64>| {
            let table = disclose_waterfall(&waterfall(counts), &policy).unwrap().0;
            for row in &table.rows {
                let [count, share] = row.figures[..] else { panic!("{row:?}") };
                assert!(count.is_number() || share == count, "a rate of what is hidden: {row:?}");
            }
            table
        };
        let make = |rng: &mut ChaCha8Rng| {
            let states = 2 + below(rng, 5);
            (0..states).map(|_| below(rng, 70)).collect::<Vec<u64>>()
        };
        let beside =
            |rng: &mut ChaCha8Rng, counts: &Vec<u64>| counts.iter().map(|count| near(rng, *count)).collect();
        let shared = same_counts_same_rates(13, make, beside, through);
        assert!(shared > TABLES, "{shared}: hardly two tables print the same");
        // Twenty-eight to thirty-two of sixty are one rate: taken times sixty it is thirty, whichever of them it was.
        let prints: Vec<_> = (28..=32).map(|n| printed(&through(&vec![n, 60 - n]))).collect();
        assert!(prints.iter().all(|print| *print == prints[0]), "{prints:?}");
    }
}

#[test]
fn attack_13_a_rate_of_a_headline_with_its_denominator_tells_no_more_than_the_counts_beside_it() {
    let group = |(at, [members, visible, results, achieved]): (usize, [u64; 4])| {
        let visible = visible.min(members);
        let results = results.min(visible);
        HeadlineGroup {
            group: at.to_string(),
            n_members: members,
            n_visible: visible,
            n_with_results: results,
            n_achieved: achieved.min(results),
        }
    };
    for policy in policies() {
        let through = |groups: &Vec<[u64; 4]>| {
            let groups = groups.iter().copied().enumerate().map(group).collect();
            let compared = Some(("0".to_owned(), "1".to_owned()));
            let headline =
                Headline { title: "t".into(), population: "p".into(), groups, lost_potential: compared };
            disclose_headline(&headline, &policy).unwrap().0
        };
        let make =
            |rng: &mut ChaCha8Rng| (0..3).map(|_| [120, 90, 80, 40].map(|n| n / 2 + below(rng, n))).collect();
        let beside = |rng: &mut ChaCha8Rng, groups: &Vec<[u64; 4]>| {
            groups.iter().map(|group| group.map(|count| count + below(rng, 2))).collect()
        };
        let shared = same_counts_same_rates(14, make, beside, through);
        assert!(shared > TABLES / 4, "{shared}: hardly two tables print the same");
    }
}

#[test]
fn attack_13_a_rate_of_a_place_with_its_denominator_tells_no_more_than_the_counts_beside_it() {
    for policy in policies() {
        let through = |groups: &Vec<[u64; 2]>| {
            let group = |(at, [all, part]): (usize, &[u64; 2])| LinkGroup {
                group: at.to_string(),
                subjects: *all,
                linked: (*part).min(*all),
                learners: *all,
                estimates: Vec::new(),
            };
            let grid = LinkGrid {
                title: "t".into(),
                population: "p".into(),
                dimension: "place".into(),
                groups: groups.iter().enumerate().map(group).collect(),
                estimates: Vec::new(),
                of_all: Vec::new(),
            };
            let table = disclose_links(&grid, &policy).unwrap().0;
            for row in &table.rows {
                let is_hidden = row.figures[..2]
                    .iter()
                    .any(|figure| matches!(figure, Figure::Symbol(super::Symbol::Confidential)));
                let has_rate = row.figures[2..].iter().any(|figure| figure.is_number());
                assert!(!is_hidden || !has_rate, "a rate of what is hidden: {row:?}");
            }
            table
        };
        let make = |rng: &mut ChaCha8Rng| (0..4).map(|_| [20 + below(rng, 120), below(rng, 120)]).collect();
        let beside = |rng: &mut ChaCha8Rng, groups: &Vec<[u64; 2]>| {
            groups.iter().map(|group| group.map(|count| count + below(rng, 2))).collect()
        };
        let shared = same_counts_same_rates(15, make, beside, through);
        assert!(shared > TABLES / 4, "{shared}: hardly two tables print the same");
    }
}

/// A rate that a reader works out is one of two printed counts: where the numerator is hidden there is nothing to work out from.
#[test]
fn attack_13_a_hidden_numerator_has_no_rate_in_a_tree_of_counts() {
    let mut rng = ChaCha8Rng::seed_from_u64(16);
    for _ in 0..TABLES {
        let whole = 20 + below(&mut rng, 100);
        let part = below(&mut rng, whole + 1);
        let key = |name: &str| vec![name.to_owned()];
        let count = Count::whole(key("whole"), whole, Count::leaf(key("part"), part));
        let table = CountTable {
            title: "t".into(),
            population: "p".into(),
            dimensions: key("k"),
            wholes: vec![count],
        };
        let shown = disclose(&table, &Policy::published()).unwrap().0;
        let is_few = |count: u64| count < 10;
        let is_shown = shown.rows.iter().all(|row| row.figures[0].is_number());
        assert!(!is_shown || !(is_few(part) || is_few(whole - part)), "{part} of {whole}");
    }
}
