//! How many learners are alone with what others may know of them.
use super::{
    cell::Cell,
    classes::{Part, ROWS, Tier},
    cut::Data,
    definition::{Set, Study},
};
use serde::Serialize;
use std::collections::HashMap;
use twox_hash::XxHash3_128;

/// How alike the learners of an extract are.
#[derive(Clone, Debug, Serialize)]
pub struct Risk {
    /// Learners.
    pub learners: u64,
    /// The columns that others may know: `table.column`.
    pub identifying: Vec<String>,
    /// Learners who are alone with their combination.
    pub unique: u64,
    /// Learners in a group smaller than `k`.
    pub in_small_groups: u64,
    /// The smallest group: the extract is so many times anonymous, as the word is used.
    pub smallest: u64,
    /// To whom rows go.
    pub set: Set,
    /// What counts as large.
    pub k: u64,
    /// The greatest share who may be alone.
    pub most_unique: f64,
}

impl Risk {
    /// The share of learners who are alone.
    pub fn share_unique(&self) -> f64 {
        if self.learners == 0 { 0.0 } else { self.unique as f64 / self.learners as f64 }
    }

    /// Whether rows may be cut: of a cohort that is a large group itself, with few who are alone.
    pub fn holds(&self) -> bool {
        self.learners >= self.k
            && self.share_unique() <= self.most_unique
            && (self.set == Set::Linkable || self.in_small_groups == 0)
    }

    /// In words.
    pub fn in_words(&self) -> String {
        let share = self.share_unique() * 100.0;
        format!(
            "Of {} learners {} ({share:.1}%) are alone with what others may know of them, {} are in groups of fewer than {}, and \
             the smallest group has {}. Allowed: {:.1}% alone{}.",
            self.learners,
            self.unique,
            self.in_small_groups,
            self.k,
            self.smallest,
            self.most_unique * 100.0,
            if self.set == Set::Open { ", nobody in a small group" } else { "" }
        )
    }
}

/// Measures an extract by what others may know: whatever is named identifying or special, of an open set every
/// column, places by their pattern, and how many rows a learner has in each table.
pub fn risk(study: &Study, data: &Data) -> Risk {
    let columns = identifying(study.set, data);
    let marks = columns.iter().fold(rows_there(data), |mut marks, at| {
        add(&mut marks, &marks_of(data, *at));
        marks
    });
    let name = |(frame, column): &(usize, usize)| {
        let plan = &data.frames[*frame].plan;
        format!("{}.{}", plan.name, plan.variables[*column].name)
    };
    let rows = data.frames.iter().map(|frame| format!("{}.{ROWS}", frame.plan.name));
    weighed(study, &marks, columns.iter().map(name).chain(rows).collect())
}

/// The measures of learners who bear these marks.
pub(super) fn weighed(study: &Study, marks: &[u128], identifying: Vec<String>) -> Risk {
    let mut groups: HashMap<u128, u64> = HashMap::with_capacity(marks.len());
    for mark in marks {
        *groups.entry(*mark).or_default() += 1;
    }
    Risk {
        learners: marks.len() as u64,
        identifying,
        unique: groups.values().filter(|size| **size == 1).count() as u64,
        in_small_groups: groups.values().filter(|size| **size < study.k).sum(),
        smallest: groups.values().copied().min().unwrap_or(0),
        set: study.set,
        k: study.k,
        most_unique: study.most_unique,
    }
}

/// Where the columns stand that others may know.
pub(super) fn identifying(set: Set, data: &Data) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, frame) in data.frames.iter().enumerate() {
        for (column, variable) in frame.plan.variables.iter().enumerate() {
            // Whoever may have an open set may know anything of somebody: there every column counts.
            if set == Set::Open || variable.part != Part::Ordinary || variable.tier != Tier::Ordinary {
                found.push((at, column));
            }
        }
    }
    found
}

/// A mark for each learner that says how many rows they have in each table: of one row each too, for whether somebody has it
/// can be as well known as what stands in it.
pub(super) fn rows_there(data: &Data) -> Vec<u128> {
    let mut marks = vec![0; data.learners.len()];
    (0..data.frames.len()).for_each(|at| add(&mut marks, &rows_in(data, at, at)));
    marks
}

/// The same of one table, as if it stood elsewhere.
pub(super) fn rows_in(data: &Data, at: usize, named: usize) -> Vec<u128> {
    let mut counts = vec![0_u64; data.learners.len()];
    for (learner, _) in &data.frames[at].rows {
        counts[*learner as usize] += 1;
    }
    counts.iter().map(|count| hash(named, usize::MAX, &count.to_le_bytes())).collect()
}

/// A mark for each learner that says what stands in their cells of a column, in the order of their rows.
pub(super) fn marks_of(data: &Data, at: (usize, usize)) -> Vec<u128> {
    marks_named(data, at, at)
}

/// The same as if the column stood elsewhere.
pub(super) fn marks_named(data: &Data, at: (usize, usize), named: (usize, usize)) -> Vec<u128> {
    let is_place = data.frames[at.0].plan.variables[at.1].part == Part::Place;
    marks(data, at, named, |cells, bytes| {
        if is_place { pattern(cells, bytes) } else { cells.iter().for_each(|cell| cell.add_to(bytes)) }
    })
}

/// The same for cells that are first put another way.
pub(super) fn marks_as(
    data: &Data,
    at: (usize, usize),
    named: (usize, usize),
    other: impl Fn(&Cell) -> Cell,
) -> Vec<u128> {
    marks(data, at, named, |cells, bytes| cells.iter().for_each(|cell| other(cell).add_to(bytes)))
}

fn marks(
    data: &Data,
    at: (usize, usize),
    named: (usize, usize),
    put: impl Fn(&[&Cell], &mut Vec<u8>),
) -> Vec<u128> {
    let mut marks = vec![0; data.learners.len()];
    let mut bytes = Vec::new();
    for rows in data.frames[at.0].rows.chunk_by(|one, other| one.0 == other.0) {
        let cells: Vec<&Cell> = rows.iter().map(|(_, cells)| &cells[at.1]).collect();
        bytes.clear();
        put(&cells, &mut bytes);
        marks[rows[0].0 as usize] = hash(named.0, named.1, &bytes);
    }
    marks
}

/// Places have other names in every study; that the second school is the first again has not.
fn pattern(cells: &[&Cell], bytes: &mut Vec<u8>) {
    let mut seen: Vec<&Cell> = Vec::new();
    for cell in cells {
        let number = seen.iter().position(|known| known == cell).unwrap_or_else(|| {
            seen.push(cell);
            seen.len() - 1
        });
        bytes.extend((number as u32).to_le_bytes());
        bytes.push(u8::from(**cell == Cell::Empty));
    }
}

fn hash(frame: usize, column: usize, bytes: &[u8]) -> u128 {
    let seed = (frame as u64) << 32 | u64::from(column as u32);
    XxHash3_128::oneshot_with_seed(seed, bytes)
}

/// Adds marks to marks: what is marked alike in all is marked alike in the sum.
pub(super) fn add(marks: &mut [u128], more: &[u128]) {
    for (mark, more) in marks.iter_mut().zip(more) {
        *mark = mark.wrapping_add(*more);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Cell, Coarsen, Frame, FramePlan, Kind, Set, Study, Variable, beginning,
            classes::{Part, Tier},
            linkage, plant, proposals, risk,
        },
        Data,
    };
    use crate::privacy::Key;
    use proptest::prelude::*;
    use std::collections::{BTreeSet, HashMap};

    fn variable(name: &str, kind: Kind, part: Part) -> Variable {
        Variable {
            name: name.to_owned(),
            kind,
            description: String::new(),
            part,
            tier: Tier::Ordinary,
            coarsen: None,
            list: None,
            words: Vec::new(),
        }
    }

    fn frame(name: &str, grain: &[&str], variables: Vec<Variable>, rows: Vec<(u32, Vec<Cell>)>) -> Frame {
        let grain = grain.iter().map(|name| (*name).to_owned()).collect();
        Frame { plan: FramePlan { name: name.to_owned(), title: String::new(), grain, variables }, rows }
    }

    /// One row a learner with a number that others know, and stays of which each has the day it began and the place.
    fn data(numbers: &[i64], stays: &[(u32, i32, u8)]) -> Data {
        let one = numbers
            .iter()
            .enumerate()
            .map(|(at, n)| (at as u32, vec![Cell::Whole(*n), Cell::Whole(7 * n)]))
            .collect();
        let known = vec![
            variable("known", Kind::Whole, Part::Identifying),
            variable("score", Kind::Whole, Part::Ordinary),
        ];
        let mut many: Vec<(u32, Vec<Cell>)> = stays
            .iter()
            .filter(|stay| (stay.0 as usize) < numbers.len())
            .map(|(learner, day, place)| (*learner, vec![Cell::Day(*day), Cell::text(&format!("p{place}"))]))
            .collect();
        many.sort();
        let stay =
            vec![variable("began", Kind::Day, Part::Identifying), variable("place", Kind::Text, Part::Place)];
        Data {
            learners: (0..numbers.len()).map(|at| format!("l{at:03}")).collect(),
            frames: vec![
                frame("one", &["learner_id"], known, one),
                frame("many", &["learner_id", "no"], stay, many),
            ],
        }
    }

    /// The same with a table of one row each that only some have, in which nothing stands that others know.
    fn data_of_some(numbers: &[i64], stays: &[(u32, i32, u8)], some: &BTreeSet<u32>) -> Data {
        let mut data = data(numbers, stays);
        let there = some.iter().filter(|learner| (**learner as usize) < numbers.len());
        let rows = there.map(|learner| (*learner, vec![Cell::Whole(1)])).collect();
        let score = vec![variable("score", Kind::Whole, Part::Ordinary)];
        data.frames.push(frame("some", &["learner_id"], score, rows));
        data
    }

    fn study() -> Study {
        Study::read("study.toml", &beginning("s")).unwrap()
    }

    /// All that others may know of a learner, put together another way: as text.
    fn known(data: &Data, learner: u32) -> String {
        let mut text = String::new();
        for frame in &data.frames {
            let mut places: Vec<String> = Vec::new();
            for (_, cells) in frame.rows.iter().filter(|row| row.0 == learner) {
                for (cell, variable) in cells.iter().zip(&frame.plan.variables) {
                    match variable.part {
                        Part::Place => {
                            let place = cell.written(Kind::Text);
                            let number = places.iter().position(|one| *one == place).unwrap_or(places.len());
                            if number == places.len() {
                                places.push(place);
                            }
                            text.push_str(&format!("|{number}"));
                        }
                        Part::Identifying => text.push_str(&format!("|{}", cell.written(variable.kind))),
                        _ => {}
                    }
                }
                text.push('/');
            }
            text.push('#');
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn those_who_are_alone_are_those_whom_a_list_finds_alone(
            numbers in prop::collection::vec(0..4_i64, 1..40),
            stays in prop::collection::vec((0..40_u32, 0..3_i32, 0..3_u8), 0..60),
            some in prop::collection::btree_set(0..40_u32, 0..20),
        ) {
            let data = data_of_some(&numbers, &stays, &some);
            let mut groups: HashMap<String, u64> = HashMap::new();
            (0..numbers.len() as u32).for_each(|learner| *groups.entry(known(&data, learner)).or_default() += 1);
            let alone = groups.values().filter(|size| **size == 1).count() as u64;
            let found = risk(&study(), &data);
            prop_assert_eq!(found.unique, alone);
            prop_assert_eq!(found.smallest, *groups.values().min().unwrap());
            prop_assert_eq!(found.in_small_groups, groups.values().filter(|size| **size < 10).sum::<u64>());
        }

        #[test]
        fn what_is_proposed_is_enough_whoever_the_rows_are_for(
            numbers in prop::collection::vec(0..200_i64, 20..60),
            stays in prop::collection::vec((0..60_u32, 0..900_i32, 0..3_u8), 0..80),
            open in any::<bool>(),
        ) {
            let data = data(&numbers, &stays);
            let mut study = study();
            if open {
                (study.set, study.most_unique) = (Set::Open, 0.0);
            }
            let steps = proposals(&study, &data);
            let of = |unique: u64, small: u64| unique as f64 <= study.most_unique * numbers.len() as f64 && (!open || small == 0);
            let begins = risk(&study, &data);
            // How many rows somebody has is told by no column, and hidden by none.
            let mut by_rows: HashMap<usize, u64> = HashMap::new();
            let rows = |learner: usize| data.frames[1].rows.iter().filter(|row| row.0 as usize == learner).count();
            (0..numbers.len()).for_each(|learner| *by_rows.entry(rows(learner)).or_default() += 1);
            let alone = by_rows.values().filter(|size| **size == 1).count() as u64;
            let small = by_rows.values().filter(|size| **size < study.k).sum();
            match steps.last() {
                Some(last) => prop_assert!(of(last.unique, last.in_small_groups), "{steps:?}"),
                None => prop_assert!(begins.holds() || !of(alone, small)),
            }
        }
    }

    #[test]
    fn two_extracts_of_the_same_people_match_where_all_that_they_share_is_theirs_alone() {
        let one = data(&[1, 2, 3, 3, 4], &[]);
        let found = linkage("other", &one, &one);
        assert_eq!((found.matched, found.learners), (3, 5), "{found:?}");
        let mut coarser = one.clone();
        coarser.frames[0].plan.variables.remove(1);
        coarser.frames[0].plan.variables[0].name = "other".into();
        coarser.frames.truncate(1);
        assert_eq!(linkage("other", &one, &coarser).matched, 0, "nothing is shared");
    }

    #[test]
    fn what_two_extracts_coarsen_each_its_own_way_hides_no_match() {
        let one = data(&[10, 21, 32, 43, 54], &[]);
        let (mut fives, mut sevens) = (one.clone(), one.clone());
        for (data, step) in [(&mut fives, 5), (&mut sevens, 7)] {
            let how = Coarsen::Step(step);
            data.frames[0].plan.variables[0].coarsen = Some(how.clone());
            for (_, cells) in &mut data.frames[0].rows {
                cells[0] = how.of(&cells[0], Kind::Whole, None);
            }
        }
        let found = linkage("other", &fives, &sevens);
        assert_eq!(found.matched, 5, "by the score, which both tell as it is: {found:?}");
        assert!(
            !found.shared.contains(&"one.known".to_owned()) && found.shared.contains(&"one.score".to_owned())
        );
        // What one alone coarsens is matched as it does: those two whom the step puts together are not told apart.
        let mut exact = data(&[10, 11, 32, 43, 54], &[]);
        exact.frames[0].plan.variables.truncate(1);
        let mut coarse = exact.clone();
        coarse.frames[0].plan.variables[0].coarsen = Some(Coarsen::Step(5));
        for (_, cells) in &mut coarse.frames[0].rows {
            cells[0] = Coarsen::Step(5).of(&cells[0], Kind::Whole, None);
        }
        assert_eq!(linkage("other", &exact, &coarse).matched, 3);
    }

    #[test]
    fn who_has_rows_in_a_table_tells_of_them_though_no_column_of_it_is_asked_for() {
        let mut one = data_of_some(&[1, 1, 1, 1, 1, 1], &[], &BTreeSet::from([2]));
        one.frames.iter_mut().for_each(|frame| {
            frame.plan.variables.clear();
            frame.rows.iter_mut().for_each(|(_, cells)| cells.clear());
        });
        let found = risk(&study(), &one);
        assert_eq!(found.unique, 1, "who is alone in the third table: {found:?}");
        assert!(found.identifying.contains(&"some.(rows)".to_owned()), "{found:?}");
        let found = linkage("other", &one, &one);
        assert_eq!(found.matched, 1, "and is found again by that: {found:?}");
    }

    #[test]
    fn canaries_stand_among_the_others_and_change_no_row_of_theirs() {
        let before = data(&[1, 2, 3, 4], &[(0, 5, 1), (2, 6, 1)]);
        let mut after = before.clone();
        let canaries = plant(&mut after, &Key::for_demo(1).study("s"));
        assert_eq!((canaries.len(), after.learners.len()), (3, 7));
        assert!(
            after.learners.is_sorted()
                && after.frames.iter().all(|frame| frame.rows.is_sorted_by_key(|row| row.0))
        );
        for (then, now) in before.frames.iter().zip(&after.frames) {
            let there = |data: &Data, rows: &[(u32, Vec<Cell>)]| -> Vec<(String, Vec<Cell>)> {
                let rows =
                    rows.iter().map(|(at, cells)| (data.learners[*at as usize].clone(), cells.clone()));
                rows.filter(|(learner, _)| !canaries.contains(learner)).collect()
            };
            assert_eq!(there(&before, &then.rows), there(&after, &now.rows));
        }
    }
}
