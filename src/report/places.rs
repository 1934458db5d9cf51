//! Places beside each other: none with few learners is named.
//!
//! Places with fewer learners than [`NAMED_FROM`] stand together under [`OTHERS`], and with them as many of the smallest
//! of the named as it takes that nobody, not even the largest of them who knows its own figures, can work out fewer learners
//! than the threshold. What the gate hides loses its name, too.
use super::{NAMED_FROM, Row, Time, shown};
use crate::disclosure::{self, Disclosed, DisclosedTable, LinkGrid, LinkGroup, Policy, Refusal};

/// The key of all places that are not named.
pub(super) const OTHERS: &str = "others";

/// The key of the row that stands for places of which nothing is shown.
pub(super) const HIDDEN: &str = "hidden";

/// A place, its people, and those of them who are counted.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) key: String,
    /// What is counted: people, or placements of people.
    pub(super) whole: u64,
    pub(super) part: u64,
    /// Distinct learners behind them.
    pub(super) learners: u64,
    /// Whether another table of the report keeps it out of this one.
    pub(super) is_kept_out: bool,
}

/// The places that may be shown, and the sum over all of them.
pub(super) struct Places {
    pub(super) disclosed: Disclosed<DisclosedTable>,
    pub(super) rows: Vec<Row>,
    /// Whether what is hidden could lie anywhere in a range as wide as the threshold, for somebody who knows from
    /// elsewhere how many there are at each place.
    pub(super) is_wide: bool,
}

/// Puts places through the gate. `learners` are those behind all of them, at least.
pub(super) fn places(
    title: &str,
    population: &str,
    places: Vec<Place>,
    learners: u64,
    time: &Time,
    label: impl Fn(&str) -> String,
    policy: &Policy,
) -> Result<Places, Refusal> {
    let (named, others) = parted(places, policy);
    let none_is_named = named.is_empty();
    let mut groups: Vec<LinkGroup> = named.into_iter().map(group).collect();
    if !others.is_empty() {
        groups.push(LinkGroup {
            group: OTHERS.to_owned(),
            subjects: others.iter().map(|place| place.whole).sum(),
            linked: others.iter().map(|place| place.part).sum(),
            learners: if none_is_named { learners } else { others.iter().map(|place| place.learners).sum() },
            estimates: Vec::new(),
        });
    }
    let grid = LinkGrid {
        title: title.to_owned(),
        population: population.to_owned(),
        dimension: "place".to_owned(),
        groups,
        estimates: Vec::new(),
        of_all: Vec::new(),
    };
    let disclosed = disclosure::disclose_links(&grid, policy)?;
    let mut rows = shown::grid_rows(&disclosed, time, |key| match key {
        OTHERS => "all others together".to_owned(),
        key => label(key),
    });
    let hidden: Vec<&LinkGroup> =
        grid.groups.iter().zip(&rows).filter(|(_, row)| is_hidden(row)).map(|(group, _)| group).collect();
    let is_wide = is_wide(&hidden, policy);
    if none_is_named {
        rows.retain(|row| row.is_total);
    }
    withhold_names(&mut rows);
    Ok(Places { disclosed, rows, is_wide })
}

/// The places that may be named, and those that stand together.
pub(super) fn parted(places: Vec<Place>, policy: &Policy) -> (Vec<Place>, Vec<Place>) {
    let (mut named, mut others): (Vec<Place>, Vec<Place>) =
        places.into_iter().partition(|place| place.learners >= NAMED_FROM && !place.is_kept_out);
    // What the largest of them would leave over, if it took its own figures away.
    let left_over = |others: &[Place]| {
        let learners = || others.iter().map(|place| place.learners);
        learners().sum::<u64>() - learners().max().unwrap_or(0)
    };
    while !others.is_empty() && left_over(&others) < policy.threshold() {
        let Some(at) = (0..named.len()).min_by_key(|at| named[*at].learners) else { break };
        others.push(named.remove(at));
    }
    (named, others)
}

/// The part of each hidden group lies between what the others cannot hold and what it can.
fn is_wide(hidden: &[&LinkGroup], policy: &Policy) -> bool {
    let part: u64 = hidden.iter().map(|group| group.linked).sum();
    let whole: u64 = hidden.iter().map(|group| group.subjects).sum();
    hidden.iter().all(|group| {
        let others = whole - group.subjects;
        group.subjects.min(part) - part.saturating_sub(others) >= policy.threshold()
    })
}

fn group(place: Place) -> LinkGroup {
    LinkGroup {
        group: place.key,
        subjects: place.whole,
        linked: place.part,
        learners: place.learners,
        estimates: Vec::new(),
    }
}

fn is_hidden(row: &Row) -> bool {
    !row.is_total && row.figures.iter().all(|figure| !figure.is_number())
}

/// Rows of which nothing is shown lose their names: one row stands for all of them.
fn withhold_names(rows: &mut Vec<Row>) {
    let Some(mut hidden) = rows.iter().position(is_hidden).map(|at| rows.remove(at)) else { return };
    rows.retain(|row| !is_hidden(row));
    HIDDEN.clone_into(&mut hidden.key);
    "others that are not shown".clone_into(&mut hidden.label);
    // Where no other is shown, that row would be the sum once more.
    if rows.iter().all(|row| row.is_total) {
        return;
    }
    let before_total = rows.len().saturating_sub(usize::from(rows.last().is_some_and(|row| row.is_total)));
    rows.insert(before_total, hidden);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::KeyKind;

    fn place(key: &str, whole: u64, part: u64) -> Place {
        Place { key: key.to_owned(), whole, part, learners: whole, is_kept_out: false }
    }

    fn keys(all: Vec<Place>, policy: &Policy) -> Vec<String> {
        let shown = places("t", "p", all, 400, &Time::year(2026), str::to_owned, policy).unwrap();
        shown.rows.iter().map(|row| format!("{} {}", row.label, row.figures[0])).collect()
    }

    #[test]
    fn a_place_with_few_learners_has_no_name_even_where_nothing_else_is_hidden() {
        let all = || {
            vec![
                place("six", 6, 3),
                place("big", 200, 90),
                place("bigger", 300, 120),
                place("most", 400, 130),
            ]
        };
        let synthetic = Policy::synthetic(KeyKind::Demo).unwrap();
        assert_eq!(
            keys(all(), &synthetic),
            ["big 200", "bigger 300", "most 400", "all others together 6", "Total 906"]
        );
        // With a real key not even the big one, who knows its own 200, can work the six out.
        for policy in [Policy::published(), Policy::inside_controller()] {
            let expected = match policy.threshold() {
                10 => vec!["most 400", "all others together 505", "Total 905"],
                _ => vec!["bigger 300", "most 400", "all others together 205", "Total 905"],
            };
            assert_eq!(keys(all(), &policy), expected, "{}", policy.name());
        }
    }

    #[test]
    fn nobody_among_the_others_can_work_out_few_by_taking_its_own_away() {
        const SIZES: [u64; 7] = [3, 6, 9, 12, 30, 45, 200];
        let mut seen = 0;
        for code in 0..SIZES.len().pow(4) {
            let size = |at: u32| SIZES[code / SIZES.len().pow(at) % SIZES.len()];
            let all = (0..4).map(|at| place("p", size(at), 1)).collect();
            let (named, others) = parted(all, &Policy::published());
            assert!(named.iter().all(|place| place.learners >= NAMED_FROM));
            assert_eq!(named.len() + others.len(), 4, "nobody disappears");
            if named.is_empty() || others.is_empty() {
                continue;
            }
            seen += 1;
            let learners = || others.iter().map(|place| place.learners);
            let left_over = learners().sum::<u64>() - learners().max().unwrap();
            assert!(left_over >= 10, "{named:?} {others:?}");
        }
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn where_no_place_may_be_named_there_is_the_sum_alone() {
        let all = || vec![place("six", 6, 3), place("nine", 9, 3)];
        assert_eq!(keys(all(), &Policy::synthetic(KeyKind::Demo).unwrap()), ["Total 15"]);
        assert_eq!(keys(all(), &Policy::published()), ["Total c"], "six of fifteen");
    }

    #[test]
    fn what_the_gate_hides_has_no_name() {
        let all = vec![place("few", 40, 3), place("big", 200, 90), place("bigger", 300, 120)];
        assert_eq!(
            keys(all, &Policy::published()),
            ["bigger 300", "others that are not shown c", "Total 540"]
        );
    }

    #[test]
    fn a_hidden_part_of_a_known_whole_may_be_anything() {
        let wide = |all: &[(u64, u64)]| {
            let groups: Vec<LinkGroup> =
                all.iter().map(|(whole, part)| group(place("x", *whole, *part))).collect();
            is_wide(&groups.iter().collect::<Vec<_>>(), &Policy::published())
        };
        assert!(wide(&[(40, 3), (50, 12)]), "0 to 15 of either");
        assert!(!wide(&[(40, 3), (9, 9)]), "3 to 12 of the forty");
        assert!(wide(&[]));
    }
}
