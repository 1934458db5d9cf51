//! The sets of learners that a frame is about: of each group all, those who fulfil each condition, and those who do not.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{Frame, FrameRow};
use crate::disclosure::policy::Policy;
use crate::disclosure::refusal::Refusal;
use crate::disclosure::tabular::{self, CellCount, Dimension, Level, MOST_CELLS, Tabular};

/// Which of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    All,
    /// Those who fulfil a condition.
    Yes(usize),
    /// Those who do not.
    No(usize),
}

/// A set of learners.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub group: usize,
    pub part: Part,
    /// The learners, in order.
    pub members: Vec<u64>,
    /// Parts that share nobody, by how the question is written.
    pub symbol: Vec<usize>,
    /// What it is, by how the question is written.
    pub text: [u8; 16],
}

/// A total over some of the keys: what it is by how the question is written, its parts by that, and its learners.
pub(super) type Total = ([u8; 16], Vec<usize>, Vec<u64>);

/// All sets of a frame, and how they hang together.
#[derive(Debug)]
pub(super) struct Cells {
    pub list: Vec<Cell>,
    /// The sets of one group.
    width: usize,
    /// For each group its learners, and the conditions that each fulfils.
    groups: Vec<BTreeMap<u64, u32>>,
    is_disjoint: bool,
    /// Whom the question is about, by how it is written.
    pub population: [u8; 16],
    /// The words of the question.
    pub words: [u8; 16],
}

impl Cells {
    /// The sets of a frame.
    pub fn of(frame: &Frame) -> Result<Self, Refusal> {
        let wide: Option<usize> =
            frame.keys.iter().try_fold(1_usize, |product, levels| product.checked_mul(levels.len()));
        let width = 1 + 2 * frame.filters;
        let count = wide.filter(|groups| groups.saturating_mul(width) <= MOST_CELLS);
        let count = count.ok_or(Refusal::TooManyGroups)?;
        let mut groups = vec![BTreeMap::new(); count];
        for row in &frame.rows {
            *groups[place(frame, row)].entry(row.member).or_insert(0) |= row.mask;
        }
        let everybody: BTreeSet<u64> = frame.rows.iter().map(|row| row.member).collect();
        let is_disjoint = frame.is_disjoint || count == 1;
        if is_disjoint && groups.iter().map(BTreeMap::len).sum::<usize>() != everybody.len() {
            return Err(Refusal::PartsDoNotFit { title: "question".to_owned() });
        }
        let mut cells = Self {
            list: Vec::new(),
            width,
            groups,
            is_disjoint,
            population: digest(&frame.population),
            words: digest(&frame.words),
        };
        for group in 0..count {
            for part in parts(frame.filters) {
                cells.list.push(cells.cell(frame, group, part));
            }
        }
        Ok(cells)
    }

    fn cell(&self, frame: &Frame, group: usize, part: Part) -> Cell {
        let fulfils = |mask: u32| match part {
            Part::All => true,
            Part::Yes(filter) => mask >> filter & 1 == 1,
            Part::No(filter) => mask >> filter & 1 == 0,
        };
        let members: Vec<u64> = self.groups[group]
            .iter()
            .filter(|(_, mask)| fulfils(**mask))
            .map(|(member, _)| *member)
            .collect();
        let masks = 1_u32 << frame.filters;
        let symbol = (0..masks)
            .filter(|mask| fulfils(*mask) && frame.is_possible(*mask))
            .map(|mask| group * masks as usize + mask as usize);
        let named: Vec<Option<usize>> = levels(frame, group).into_iter().map(Some).collect();
        let text = digest(&said(frame, &named, part));
        Cell { group, part, members, symbol: symbol.collect(), text }
    }

    /// Where a set stands.
    pub fn find(&self, group: usize, part: Part) -> usize {
        group * self.width
            + match part {
                Part::All => 0,
                Part::Yes(filter) => 1 + 2 * filter,
                Part::No(filter) => 2 + 2 * filter,
            }
    }

    /// The groups whose keys may be named, with their keys.
    pub fn named_groups(&self, frame: &Frame) -> Vec<(usize, Vec<Option<String>>)> {
        let named = (0..self.groups.len()).filter_map(|group| {
            let levels = levels(frame, group);
            let keys = levels.into_iter().enumerate().map(|(key, level)| {
                let level = &frame.keys[key][level];
                level.is_named.then(|| level.value.clone())
            });
            Some((group, keys.collect::<Option<Vec<_>>>()?))
        });
        named.collect()
    }

    /// Which sets are hidden, when some are for what they are.
    pub fn pattern(
        &self,
        frame: &Frame,
        hide: &BTreeSet<usize>,
        policy: &Policy,
    ) -> Result<Vec<bool>, Refusal> {
        let mut hidden = vec![true; self.list.len()];
        let mut read = |groups: &[usize], table: &Tabular| -> Result<(), Refusal> {
            let named = |at: usize| self.nodes(frame, groups, at);
            let at = |group: &usize| self.find(*group, Part::All)..self.find(*group, Part::All) + self.width;
            let of_table: Vec<usize> = groups.iter().flat_map(at).collect();
            let besides = of_table.iter().filter(|at| hide.contains(at)).map(|at| named(*at)).collect();
            let found: BTreeMap<Vec<usize>, bool> =
                tabular::pattern(table, &besides, policy)?.into_iter().collect();
            for at in of_table {
                hidden[at] = found.get(&named(at)).copied().unwrap_or(true);
            }
            Ok(())
        };
        if self.is_disjoint {
            let all: Vec<usize> = (0..self.groups.len()).collect();
            read(&all, &self.table(frame, None))?;
        } else {
            for group in 0..self.groups.len() {
                read(&[group], &self.table(frame, Some(group)))?;
            }
        }
        Ok(hidden)
    }

    /// The cell of a table that a set is.
    fn nodes(&self, frame: &Frame, groups: &[usize], at: usize) -> Vec<usize> {
        let cell = &self.list[at];
        let mut nodes = if self.is_disjoint && !frame.keys.is_empty() {
            levels(frame, cell.group)
        } else {
            debug_assert!(groups.len() == 1 || frame.keys.is_empty());
            vec![0]
        };
        nodes.extend((0..frame.filters).map(|filter| match cell.part {
            Part::Yes(of) if of == filter => 0,
            Part::No(of) if of == filter => 1,
            _ => 2,
        }));
        nodes
    }

    /// The table of all groups, or that of one with everybody else beside it.
    fn table(&self, frame: &Frame, one: Option<usize>) -> Tabular {
        let dimension = |name: String, levels: usize| Dimension {
            name,
            levels: (0..levels).map(|level| Level { key: level.to_string(), within: Vec::new() }).collect(),
        };
        let mut dimensions = match one {
            None if !frame.keys.is_empty() => frame
                .keys
                .iter()
                .enumerate()
                .map(|(key, levels)| dimension(format!("key {key}"), levels.len()))
                .collect(),
            None => vec![dimension("all".to_owned(), 1)],
            Some(_) => vec![dimension("group".to_owned(), 2)],
        };
        let keys = dimensions.len();
        dimensions.extend((0..frame.filters).map(|filter| dimension(format!("condition {filter}"), 2)));
        let masks = 1_u32 << frame.filters;
        let of_mask = |mask: u32| (0..frame.filters).map(move |filter| usize::from(mask >> filter & 1 == 0));
        let mut cells = Vec::new();
        let mut put = |first: &[usize], mask: u32, count: u64, structural_zero: bool| {
            let levels = first.iter().copied().chain(of_mask(mask)).collect();
            cells.push(CellCount { levels, count, key: 0, structural_zero });
        };
        let counted = |group: usize, mask: u32| {
            self.groups[group].values().filter(|found| **found == mask).count() as u64
        };
        for mask in 0..masks {
            match one {
                None => (0..self.groups.len()).for_each(|group| {
                    let first = if frame.keys.is_empty() { vec![0] } else { levels(frame, group) };
                    put(&first, mask, counted(group, mask), !frame.is_possible(mask));
                }),
                Some(group) => {
                    put(&[0], mask, counted(group, mask), !frame.is_possible(mask));
                    let others = self.everybody() - self.groups[group].len() as u64;
                    put(&[1], mask, if mask == 0 { others } else { 0 }, mask != 0);
                }
            }
        }
        let first: Vec<usize> = (0..keys).collect();
        let with = |filter: usize| first.iter().copied().chain([keys + filter]).collect();
        Tabular {
            title: "question".to_owned(),
            population: String::new(),
            dimensions,
            cells,
            with_totals: false,
            tables: std::iter::once(first.clone()).chain((0..frame.filters).map(with)).collect(),
        }
    }

    fn everybody(&self) -> u64 {
        self.groups.iter().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>().len() as u64
    }

    /// The learners of a group.
    pub fn group(&self, group: usize) -> &BTreeMap<u64, u32> {
        &self.groups[group]
    }

    /// Totals over some of the keys, by how the question is written: what each says, its parts, and its learners.
    /// None where learners can be in two groups.
    pub fn totals(&self, frame: &Frame) -> Vec<Total> {
        if !self.is_disjoint {
            return Vec::new();
        }
        let mut found: BTreeMap<(Vec<Option<usize>>, usize), Total> = BTreeMap::new();
        for kept in 0..(1_u32 << frame.keys.len()) - 1 {
            for (at, cell) in self.list.iter().enumerate() {
                let of = levels(frame, cell.group);
                let named: Vec<Option<usize>> = of
                    .iter()
                    .enumerate()
                    .map(|(key, level)| (kept >> key & 1 == 1).then_some(*level))
                    .collect();
                let total = found
                    .entry((named.clone(), at % self.width))
                    .or_insert_with(|| (digest(&said(frame, &named, cell.part)), Vec::new(), Vec::new()));
                total.1.extend(&cell.symbol);
                total.2.extend(&cell.members);
            }
        }
        let sorted = |(text, symbol, mut members): Total| {
            members.sort_unstable();
            (text, symbol, members)
        };
        found.into_values().map(sorted).collect()
    }
}

/// What is said of the learners of a set: levels of some keys, and a condition.
fn said(frame: &Frame, levels: &[Option<usize>], part: Part) -> Vec<String> {
    let mut said: Vec<String> = frame.population.clone();
    for (key, level) in levels.iter().enumerate() {
        said.extend(level.map(|level| frame.keys[key][level].text.clone()));
    }
    match part {
        Part::All => {}
        Part::Yes(filter) => said.push(frame.filter_texts[filter].clone()),
        Part::No(filter) => said.push(format!("none of: {}", frame.filter_texts[filter])),
    }
    said
}

fn parts(filters: usize) -> Vec<Part> {
    std::iter::once(Part::All)
        .chain((0..filters).flat_map(|filter| [Part::Yes(filter), Part::No(filter)]))
        .collect()
}

/// The group that a row is in.
pub(super) fn place(frame: &Frame, row: &FrameRow) -> usize {
    frame.keys.iter().zip(&row.levels).fold(0, |sum, (levels, level)| sum * levels.len() + level)
}

/// The levels of a group.
fn levels(frame: &Frame, mut group: usize) -> Vec<usize> {
    let mut found = vec![0; frame.keys.len()];
    for (level, levels) in found.iter_mut().zip(&frame.keys).rev() {
        *level = group % levels.len();
        group /= levels.len();
    }
    found
}

/// What several lines say together, in whatever order and however often.
pub(super) fn digest(lines: &[String]) -> [u8; 16] {
    let lines: BTreeSet<&String> = lines.iter().collect();
    let mut hash = Sha256::new();
    for line in lines {
        hash.update((line.len() as u64).to_le_bytes());
        hash.update(line.as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}
