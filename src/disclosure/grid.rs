//! Groups of which a part is linked, with the sums over all groups: counts that have totals both ways, and estimates.
//!
//! A row is shown whole or not at all: its count, its part, and so what the part leaves over. Hidden are the rows that
//! the gate would hide looking along the row, and those it would hide looking down any of the three columns (whole, part,
//! left over) at its sum. Since nothing of a hidden row is shown, what is known of the hidden rows together is one sum
//! for each column, and each column is as safe as the gate made it by itself; hiding a row for the sake of another
//! column only adds to what could be.
//!
//! Estimates (of how many links are right) are no counts. They are shown beside shown rows only, and to steps so coarse
//! that half a step, as a share of the row, is no fewer people than the threshold: no small count can be read from one.

use super::figure::{Figure, Symbol};
use super::headline::{ratio, wilson};
use super::policy::Policy;
use super::protect;
use super::refusal::Refusal;
use super::table::{self, Count, CountTable, DisclosedRow, DisclosedTable};

/// Groups of subjects, each with those of them who are linked, and all groups together.
#[derive(Debug, Clone)]
pub struct LinkGrid {
    /// What the table is, in words.
    pub title: String,
    /// Whom it counts.
    pub population: String,
    /// What they are grouped by.
    pub dimension: String,
    /// The groups. They share no subject.
    pub groups: Vec<LinkGroup>,
    /// The names of the estimates.
    pub estimates: Vec<String>,
    /// The estimates of all groups together.
    pub of_all: Vec<Option<u16>>,
}

/// One group.
#[derive(Debug, Clone)]
pub struct LinkGroup {
    /// Its code.
    pub group: String,
    /// Subjects: persons as one source knows them.
    pub subjects: u64,
    /// Of them, those who are linked. Whoever is not is a learner alone.
    pub linked: u64,
    /// Distinct learners behind the subjects: the gate protects people, however often they are counted.
    pub learners: u64,
    /// In ten-thousandths, one for each name.
    pub estimates: Vec<Option<u16>>,
}

impl LinkGroup {
    fn alone(&self) -> u64 {
        self.subjects.saturating_sub(self.linked)
    }
}

/// The figures that stand before the estimates.
const MEASURES: [&str; 5] = ["subjects", "linked", "rate", "rate_low", "rate_high"];

pub(super) fn disclose(grid: &LinkGrid, policy: &Policy) -> Result<DisclosedTable, Refusal> {
    let hidden = hidden(grid, policy)?;
    let sum = |of: fn(&LinkGroup) -> u64| grid.groups.iter().map(of).fold(0, u64::saturating_add);
    let total = LinkGroup {
        group: "total".to_owned(),
        subjects: sum(|group| group.subjects),
        linked: sum(|group| group.linked),
        learners: 0,
        estimates: grid.of_all.clone(),
    };
    let mut rows: Vec<DisclosedRow> = grid
        .groups
        .iter()
        .zip(&hidden.rows)
        .map(|(group, hidden)| row(group, *hidden, grid, policy))
        .collect();
    rows.push(row(&total, hidden.total, grid, policy));
    let measures = MEASURES.iter().map(|name| (*name).to_owned()).chain(grid.estimates.iter().cloned());
    Ok(DisclosedTable {
        title: grid.title.clone(),
        population: grid.population.clone(),
        policy: policy.name(),
        policy_in_words: policy.in_words(),
        dimensions: vec![grid.dimension.clone()],
        measures: measures.collect(),
        notices: table::notices(&rows, policy),
        rows,
    })
}

/// What must not be shown.
struct Hidden {
    rows: Vec<bool>,
    total: bool,
}

fn hidden(grid: &LinkGrid, policy: &Policy) -> Result<Hidden, Refusal> {
    let mut found = Hidden { rows: along_rows(grid, policy)?, total: false };
    let columns: [fn(&LinkGroup) -> u64; 3] =
        [|group| group.subjects, |group| group.linked, LinkGroup::alone];
    for column in columns {
        let nodes = of(grid, vec![down(grid, column)]).checked()?;
        let hidden = protect::hidden(&nodes, policy);
        // The sum comes first.
        for (row, (hidden, node)) in found.rows.iter_mut().zip(hidden.iter().zip(&nodes).skip(1)) {
            *row |= *hidden && !node.structural;
        }
        found.total |= hidden.first().copied().unwrap_or(true);
    }
    for (hidden, group) in found.rows.iter_mut().zip(&grid.groups) {
        let linked_learners = group.learners.saturating_sub(group.alone());
        *hidden |= policy.is_small(group.learners) || policy.is_small(linked_learners);
    }
    // One row alone would be what the others leave of the sum.
    if found.rows.iter().filter(|hidden| **hidden).count() == 1 {
        let shown = grid.groups.iter().enumerate().filter(|(at, _)| !found.rows[*at]);
        match shown.min_by_key(|(_, group)| group.subjects).map(|(at, _)| at) {
            Some(at) => found.rows[at] = true,
            None => found.total = true,
        }
    }
    if found.total {
        found.rows.fill(true);
    }
    Ok(found)
}

/// The rows that would be hidden if there were no sums.
fn along_rows(grid: &LinkGrid, policy: &Policy) -> Result<Vec<bool>, Refusal> {
    let along = |group: &LinkGroup| {
        let keys = || vec![group.group.clone()];
        Count::whole(keys(), group.subjects, Count::leaf(keys(), group.linked))
    };
    let mut rows = Vec::new();
    for group in &grid.groups {
        let nodes = of(grid, vec![along(group)]).checked()?;
        rows.push(protect::hidden(&nodes, policy).into_iter().any(|hidden| hidden));
    }
    Ok(rows)
}

fn down(grid: &LinkGrid, column: fn(&LinkGroup) -> u64) -> Count {
    Count {
        keys: vec!["total".to_owned()],
        count: grid.groups.iter().map(column).fold(0, u64::saturating_add),
        structural_zero: false,
        parts: grid
            .groups
            .iter()
            .map(|group| Count::leaf(vec![group.group.clone()], column(group)))
            .collect(),
        parts_are_all: true,
    }
}

fn of(grid: &LinkGrid, wholes: Vec<Count>) -> CountTable {
    CountTable {
        title: grid.title.clone(),
        population: grid.population.clone(),
        dimensions: vec![grid.dimension.clone()],
        wholes,
    }
}

fn row(group: &LinkGroup, hidden: bool, grid: &LinkGrid, policy: &Policy) -> DisclosedRow {
    let keys = vec![group.group.clone()];
    if hidden {
        let width = MEASURES.len() + grid.estimates.len();
        return DisclosedRow { keys, figures: vec![Figure::Symbol(Symbol::Confidential); width] };
    }
    let count = |exact: u64| Figure::count(exact, policy.rounded(exact));
    let (subjects, linked) = (count(group.subjects), count(group.linked));
    let mut figures = vec![subjects, linked];
    figures.extend(ratio(linked, subjects).map_or_else(
        |symbol| [Figure::Symbol(symbol); 3],
        |(part, whole)| {
            let (low, high) = wilson(part, whole);
            [part / whole, low, high].map(|share| Figure::share(share, policy.rate_decimals()))
        },
    ));
    let estimates = group.estimates.iter().map(|estimate| self::estimate(*estimate, group.subjects, policy));
    figures.extend(estimates);
    DisclosedRow { keys, figures }
}

/// Wholes with several parts each, that may overlap, as shares without a sum over the rows.
#[derive(Debug, Clone)]
pub struct Shares {
    /// What the table is, in words.
    pub title: String,
    /// Whom it counts.
    pub population: String,
    /// What the rows are.
    pub dimension: String,
    /// The names of the parts.
    pub measures: Vec<String>,
    /// The rows.
    pub rows: Vec<ShareRow>,
}

/// A whole and its parts.
#[derive(Debug, Clone)]
pub struct ShareRow {
    /// Its code.
    pub key: String,
    /// How many.
    pub whole: u64,
    /// How many of each part.
    pub parts: Vec<u64>,
    /// Whether nothing of it may be shown, because another table hides it.
    pub is_hidden: bool,
}

/// Each part beside its whole and nothing else: overlapping parts of one whole tell nothing of each other's size.
pub(super) fn shares(shares: &Shares, policy: &Policy) -> Result<DisclosedTable, Refusal> {
    let mut rows = Vec::new();
    for row in &shares.rows {
        let mut figures = Vec::new();
        for part in &row.parts {
            let keys = || vec![row.key.clone()];
            let table = CountTable {
                title: shares.title.clone(),
                population: shares.population.clone(),
                dimensions: vec![shares.dimension.clone()],
                wholes: vec![Count::whole(keys(), row.whole, Count::leaf(keys(), *part))],
            };
            let nodes = table.checked()?;
            let hidden = row.is_hidden || protect::hidden(&nodes, policy).into_iter().any(|hidden| hidden);
            let (part, whole) = (policy.rounded(*part) as f64, policy.rounded(row.whole) as f64);
            figures.push(match hidden {
                true => Figure::Symbol(Symbol::Confidential),
                false if whole > 0.0 => Figure::share(part / whole, policy.rate_decimals()),
                false => Figure::Symbol(Symbol::NotAvailable),
            });
        }
        rows.push(DisclosedRow { keys: vec![row.key.clone()], figures });
    }
    Ok(DisclosedTable {
        title: shares.title.clone(),
        population: shares.population.clone(),
        policy: policy.name(),
        policy_in_words: policy.in_words(),
        dimensions: vec![shares.dimension.clone()],
        measures: shares.measures.clone(),
        notices: table::notices(&rows, policy),
        rows,
    })
}

/// Shares by row, each of a number of people who are not counted in the table.
#[derive(Debug, Clone)]
pub struct Rates {
    /// What the table is, in words.
    pub title: String,
    /// Whom it is about.
    pub population: String,
    /// What the rows are.
    pub dimension: String,
    /// The names of the shares.
    pub measures: Vec<String>,
    /// For each row its key and its shares.
    pub rows: Vec<(String, Vec<Rate>)>,
}

/// A share, in ten-thousandths, and of how many people.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// The share; none where there is none.
    pub share: Option<u16>,
    /// People behind it.
    pub people: u64,
}

pub(super) fn rates(rates: &Rates, policy: &Policy) -> DisclosedTable {
    let shown = |rate: &Rate| estimate(rate.share, rate.people, policy);
    let rows = rates.rows.iter().map(|(key, shares)| DisclosedRow {
        keys: vec![key.clone()],
        figures: shares.iter().map(shown).collect(),
    });
    DisclosedTable {
        title: rates.title.clone(),
        population: rates.population.clone(),
        policy: policy.name(),
        policy_in_words: policy.in_words(),
        dimensions: vec![rates.dimension.clone()],
        measures: rates.measures.clone(),
        rows: rows.collect(),
        notices: Vec::new(),
    }
}

/// An estimated share, in ten-thousandths, of a group that is shown: to a tenth of a per cent, to a whole one, or not at
/// all, as the group is large enough to hide its small counts in half a step.
pub(super) fn estimate(value: Option<u16>, people: u64, policy: &Policy) -> Figure {
    let Some(value) = value else { return Figure::Symbol(Symbol::NotAvailable) };
    let decimals = match people {
        _ if people >= policy.threshold() * 2_000 => 1,
        _ if people >= policy.threshold() * 200 => 0,
        _ => return Figure::Symbol(Symbol::NotAvailable),
    };
    // Nearly all is not all: an estimate is never rounded up to certainty.
    match Figure::share(f64::from(value) / 10_000.0, decimals) {
        Figure::PerCentTenths(1_000) if value < 10_000 => {
            Figure::PerCentTenths(if decimals == 1 { 999 } else { 990 })
        }
        figure => figure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::KeyKind;

    fn grid(groups: &[(u64, u64)]) -> LinkGrid {
        let group = |(at, (linked, alone)): (usize, &(u64, u64))| LinkGroup {
            group: at.to_string(),
            subjects: linked + alone,
            linked: *linked,
            learners: linked + alone,
            estimates: vec![Some(9_962)],
        };
        LinkGrid {
            title: "t".into(),
            population: "p".into(),
            dimension: "d".into(),
            groups: groups.iter().enumerate().map(group).collect(),
            estimates: vec!["precision".into()],
            of_all: vec![Some(9_962)],
        }
    }

    fn texts(groups: &[(u64, u64)], policy: &Policy) -> Vec<String> {
        let rows = disclose(&grid(groups), policy).unwrap().rows;
        rows.iter()
            .map(|row| row.figures.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn a_small_group_takes_another_with_it_and_the_sums_stay() {
        let rows = texts(&[(612, 90), (300, 61), (55, 4)], &Policy::published());
        assert!(rows[0].starts_with("700 610 87%"), "{rows:?}");
        assert!(rows[1].starts_with("c c c") && rows[2].starts_with("c c c"), "{rows:?}");
        assert!(rows[3].starts_with("1120 965 86%"), "{rows:?}");
    }

    #[test]
    fn made_up_people_are_shown_whole_and_estimates_to_a_tenth() {
        let rows = texts(&[(3, 1), (0, 2)], &Policy::synthetic(KeyKind::Demo).unwrap());
        assert_eq!(rows, ["4 3 75% 30.1% 95.4% 99.6%", "2 0 0% 0% 65.8% 99.6%", "6 3 50% 18.8% 81.2% 99.6%"]);
    }

    #[test]
    fn an_estimate_is_as_coarse_as_its_group_is_small() {
        let policy = Policy::published();
        assert_eq!(estimate(Some(9_962), 20_000, &policy), Figure::PerCentTenths(996));
        assert_eq!(estimate(Some(9_962), 19_999, &policy), Figure::PerCentTenths(990), "never up to all");
        assert_eq!(estimate(Some(10_000), 19_999, &policy), Figure::PerCentTenths(1_000));
        assert_eq!(estimate(Some(9_962), 1_999, &policy), Figure::Symbol(Symbol::NotAvailable));
        assert_eq!(estimate(None, 20_000, &policy), Figure::Symbol(Symbol::NotAvailable));
    }

    #[test]
    fn few_learners_behind_many_subjects_are_few() {
        let mut grid = grid(&[(612, 40), (300, 61), (50, 20)]);
        grid.groups[2].learners = 25;
        let rows = disclose(&grid, &Policy::published()).unwrap().rows;
        assert!(
            rows[2].figures.iter().all(|figure| !figure.is_number()),
            "5 linked learners behind 50 subjects"
        );
    }

    /// Every grid of three groups up to a size. Of hidden rows nothing is shown, so whoever knows all sums knows one sum of
    /// the hidden rows in each column: each hidden cell lies anywhere between nothing and that sum, if there are two.
    #[test]
    fn no_hidden_count_follows_from_rows_and_sums() {
        type Column = fn(&(u64, u64)) -> u64;
        const SIDE: u64 = 6;
        let policy = Policy::trial(3, 1, true);
        let mut seen = [0_u32; 2];
        for code in 0..SIDE.pow(6) {
            let cell = |at: u32| code / SIDE.pow(at) % SIDE;
            let groups = [(cell(0), cell(1)), (cell(2), cell(3)), (cell(4), cell(5))];
            let hidden = hidden(&grid(&groups), &policy).unwrap();
            if hidden.total {
                assert_eq!(hidden.rows, [true; 3]);
                continue;
            }
            let kept = |at: &usize| hidden.rows[*at];
            let columns: [Column; 3] = [|g| g.0 + g.1, |g| g.0, |g| g.1];
            for (at, group) in groups.iter().enumerate() {
                let small = columns.iter().any(|column| policy.is_small(column(group)));
                assert!(hidden.rows[at] || !small, "{groups:?}: row {at} holds a small count and is shown");
            }
            let secret: Vec<usize> = (0..3).filter(kept).collect();
            assert_ne!(secret.len(), 1, "{groups:?}: one row is what the others leave over");
            seen[usize::from(secret.is_empty())] += 1;
            for column in columns {
                let sum: u64 = secret.iter().map(|at| column(&groups[*at])).sum();
                let has_small = secret.iter().any(|at| policy.is_small(column(&groups[*at])));
                assert!(!has_small || sum >= policy.threshold(), "{groups:?}: hidden cells add up to {sum}");
            }
        }
        assert!(seen.iter().all(|times| *times > 100), "nothing was tried: {seen:?}");
    }
}
