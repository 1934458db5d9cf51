//! Tables with up to three dimensions and totals along each: what rows and columns give away together.
//!
//! Small counts are hidden, and those that are nearly all of a whole. So are as many others as it takes for each hidden
//! count to stay unknown to a range at least as wide as the threshold, for an outsider who knows every shown count
//! *exactly*: more than the table tells, for it rounds them. That is proved for every table anew, by other tables
//! that print the same.

mod choose;
mod circuit;
mod lattice;
mod walk;
mod web;
mod witness;

#[cfg(test)]
mod loss;
#[cfg(test)]
mod outside;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::figure::{Figure, Symbol};
use super::ledger::{Entry, EntryCell, Ledger};
use super::policy::Policy;
use super::refusal::Refusal;
use super::rounding::{Rounding, keyed};
use super::table::{self, DisclosedRow, DisclosedTable, MOST_LEARNERS};
use lattice::Lattice;
use web::Web;
use witness::Proofs;

/// The most cells, totals included.
pub const MOST_CELLS: usize = 1_000;
/// The most dimensions.
pub const MOST_DIMENSIONS: usize = 3;
/// The key of a row that is the total over a dimension.
pub const TOTAL: &str = "total";

/// Distinct learners by up to three dimensions.
///
/// No learner is in two of the innermost cells: that is what makes totals add up. Groups that overlap (providers, where
/// one learner can have two) have no totals; give each dimension of such a table to the gate by itself, as parts of
/// a whole ([`Shares`](super::Shares)).
#[derive(Debug, Clone)]
pub struct Tabular {
    /// What the table is, in words.
    pub title: String,
    /// Whom it counts.
    pub population: String,
    /// One to three.
    pub dimensions: Vec<Dimension>,
    /// The innermost cells; one that is not given has nobody in it.
    pub cells: Vec<CellCount>,
    /// Whether totals over each dimension, and over several, are shown.
    pub with_totals: bool,
    /// Which tables are shown, each by the places of its dimensions: the others are summed over. Empty: the one with all
    /// dimensions. Several are protected together, so that none gives away what another hides.
    pub tables: Vec<Vec<usize>>,
}

/// One dimension.
#[derive(Debug, Clone)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// Its levels in their order: `total` is added and needs none.
    pub levels: Vec<Level>,
}

/// One level of a dimension.
#[derive(Debug, Clone)]
pub struct Level {
    /// Its code.
    pub key: String,
    /// The places of the levels that this one is a part of: a school's local authority, and its kind.
    pub within: Vec<usize>,
}

/// One innermost cell.
#[derive(Debug, Clone)]
pub struct CellCount {
    /// For each dimension the place of a level that has none within it.
    pub levels: Vec<usize>,
    /// Distinct learners.
    pub count: u64,
    /// The key of the set of them ([`record_set_key`](super::record_set_key)); needed only for keyed rounding.
    pub key: u64,
    /// True when it cannot be other than zero, for everyone knows why. Ignored unless the count is zero.
    pub structural_zero: bool,
}

impl Tabular {
    /// The table of groups as a query gives them: for each a key of every dimension, and how many learners. Levels stand
    /// in the order of their keys, and groups that are not there have nobody in them.
    ///
    /// # Errors
    /// [`Refusal::WrongKeys`] where a group lacks a key.
    pub fn of_groups(
        title: &str,
        population: &str,
        dimensions: &[String],
        groups: &[(Vec<String>, u64)],
        with_totals: bool,
    ) -> Result<Self, Refusal> {
        let wrong = || Refusal::WrongKeys { title: title.to_owned() };
        if groups.iter().any(|(keys, _)| keys.len() != dimensions.len()) {
            return Err(wrong());
        }
        let mut table = Self {
            title: title.to_owned(),
            population: population.to_owned(),
            dimensions: Vec::new(),
            cells: Vec::new(),
            with_totals,
            tables: Vec::new(),
        };
        let mut places: Vec<BTreeMap<&str, usize>> = Vec::new();
        for (at, name) in dimensions.iter().enumerate() {
            let mut of_keys: BTreeMap<&str, usize> =
                groups.iter().map(|(keys, _)| (keys[at].as_str(), 0)).collect();
            of_keys.values_mut().enumerate().for_each(|(place, value)| *value = place);
            let level = |key: &&str| Level { key: (*key).to_owned(), within: Vec::new() };
            let levels = of_keys.keys().map(level).collect();
            table.dimensions.push(Dimension { name: name.clone(), levels });
            places.push(of_keys);
        }
        for (keys, count) in groups {
            let levels = keys.iter().zip(&places).map(|(key, places)| places[key.as_str()]).collect();
            table.cells.push(CellCount { levels, count: *count, key: 0, structural_zero: false });
        }
        Ok(table)
    }

    /// Whether a cell is shown, hidden or not, that is the total over some of the dimensions.
    fn lists(&self, totals: &[bool]) -> bool {
        let of = |table: &Vec<usize>| {
            totals.iter().enumerate().all(|(at, is_total)| match (table.contains(&at), is_total) {
                (true, is_total) => self.with_totals || !is_total,
                (false, is_total) => *is_total,
            })
        };
        if self.tables.is_empty() { of(&(0..totals.len()).collect()) } else { self.tables.iter().any(of) }
    }

    /// The counts of the atoms in the lattice's order, and which of them are structural zeros.
    fn atoms(&self, lattice: &Lattice, atoms: usize) -> Result<(Vec<u64>, Vec<bool>), Refusal> {
        let wrong = || Refusal::WrongKeys { title: self.title.clone() };
        let mut given = vec![None; atoms];
        for cell in &self.cells {
            if cell.levels.len() != lattice.axes.len() {
                return Err(wrong());
            }
            let atom = lattice.atom(&cell.levels).ok_or_else(wrong)?;
            if given[atom].replace(cell).is_some() {
                return Err(wrong());
            }
            if cell.count >= MOST_LEARNERS {
                return Err(Refusal::PartsDoNotFit { title: self.title.clone() });
            }
        }
        let counts = given.iter().map(|cell| cell.map_or(0, |cell| cell.count));
        let is_structural = |cell: &CellCount| cell.structural_zero && cell.count == 0;
        let structural = given.iter().map(|cell| cell.is_some_and(is_structural));
        Ok((counts.collect(), structural.collect()))
    }
}

/// The table as it may be shown.
pub(super) fn disclose(tabular: &Tabular, policy: &Policy) -> Result<DisclosedTable, Refusal> {
    disclose_rounded(tabular, Rounding::Additive, policy)
}

/// The table as it may be shown, rounded in one of three ways.
pub(super) fn disclose_rounded(
    tabular: &Tabular,
    rounding: Rounding,
    policy: &Policy,
) -> Result<DisclosedTable, Refusal> {
    let (lattice, web) = woven(tabular)?;
    let proofs = proved(tabular, &lattice, &web, &[], policy)?;
    Ok(render(tabular, &lattice, &proofs, rounding, policy))
}

/// As [`disclose`], with a ledger of what was shown before: what it asks to hide is hidden. `members` are the learners of
/// each of the table's cells, by the numbers that the ledger knows them by.
pub(super) fn disclose_after(
    tabular: &Tabular,
    members: &[Vec<u64>],
    (id, ledger): (&str, &Ledger),
    policy: &Policy,
) -> Result<(DisclosedTable, Entry), Refusal> {
    let (lattice, web) = woven(tabular)?;
    let mut of_atoms = vec![Vec::new(); web.atoms.len()];
    for (cell, members) in tabular.cells.iter().zip(members) {
        if let Some(atom) = lattice.atom(&cell.levels) {
            of_atoms[atom].clone_from(members);
        }
    }
    let mut everybody: Vec<u64> = of_atoms.iter().flatten().copied().collect();
    everybody.sort_unstable();
    everybody.dedup();
    let counted: u64 = web.atoms.iter().sum();
    let fits = |(members, count): (&Vec<u64>, &u64)| members.len() as u64 == *count;
    // Nobody twice, in one cell or in two: a join may have made several of one learner.
    if everybody.len() as u64 != counted || !of_atoms.iter().zip(&web.atoms).all(fits) {
        return Err(Refusal::PartsDoNotFit { title: tabular.title.clone() });
    }
    let listed: Vec<usize> = (0..web.cells.len()).filter(|cell| web.cells[*cell].listed).collect();
    let mut besides = Vec::new();
    loop {
        let proofs = proved(tabular, &lattice, &web, &besides, policy)?;
        let cell = |cell: &usize| EntryCell {
            members: web.cells[*cell].atoms.iter().flat_map(|atom| of_atoms[*atom].iter().copied()).collect(),
            shown: !proofs.hidden()[*cell] && web.cells[*cell].count > 0,
        };
        let cells = listed.iter().map(cell).collect();
        let entry = Entry { id: id.to_owned(), title: tabular.title.clone(), cells };
        let hide = ledger.admit(&entry)?;
        if hide.is_empty() {
            return Ok((render(tabular, &lattice, &proofs, Rounding::Additive, policy), entry));
        }
        besides.extend(hide.into_iter().map(|at| listed[at]));
    }
}

fn woven(tabular: &Tabular) -> Result<(Lattice, Web), Refusal> {
    if tabular.dimensions.is_empty() || tabular.dimensions.len() > MOST_DIMENSIONS {
        return Err(Refusal::WrongDimensions { title: tabular.title.clone(), most: MOST_DIMENSIONS });
    }
    Lattice::new(tabular, MOST_CELLS)
}

fn proved<'a>(
    tabular: &Tabular,
    lattice: &Lattice,
    web: &'a Web,
    besides: &[usize],
    policy: &'a Policy,
) -> Result<Proofs<'a>, Refusal> {
    choose::choose(web, lattice, besides, policy)
        .filter(|proofs| proofs.open().is_empty())
        .ok_or_else(|| Refusal::NotProved { title: tabular.title.clone() })
}

fn render(
    tabular: &Tabular,
    lattice: &Lattice,
    proofs: &Proofs<'_>,
    rounding: Rounding,
    policy: &Policy,
) -> DisclosedTable {
    let web = proofs.web();
    let rounded = rounded(tabular, lattice, proofs, rounding, policy);
    let rows: Vec<DisclosedRow> = web
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.listed)
        .map(|(at, cell)| DisclosedRow {
            keys: keys(tabular, &lattice.nodes_of[at]),
            figures: vec![match (cell.structural, proofs.hidden()[at]) {
                (true, _) => Figure::Symbol(Symbol::NotApplicable),
                (false, true) => Figure::Symbol(Symbol::Confidential),
                (false, false) => Figure::count(cell.count, rounded[at]),
            }],
        })
        .collect();
    let words = [Some(policy.in_words()), rounding.in_words(policy.round_to())];
    DisclosedTable {
        title: tabular.title.clone(),
        population: tabular.population.clone(),
        policy: policy.name(),
        policy_in_words: words.into_iter().flatten().collect::<Vec<_>>().join(" "),
        dimensions: tabular.dimensions.iter().map(|dimension| dimension.name.clone()).collect(),
        measures: vec!["learners".to_owned()],
        notices: table::notices(&rows, policy),
        rows,
    }
}

/// Every cell's count as it would be printed.
fn rounded(
    tabular: &Tabular,
    lattice: &Lattice,
    proofs: &Proofs<'_>,
    rounding: Rounding,
    policy: &Policy,
) -> Vec<u64> {
    let web = proofs.web();
    let mut keys = vec![0_u64; web.atoms.len()];
    for cell in &tabular.cells {
        if let Some(atom) = lattice.atom(&cell.levels) {
            keys[atom] = cell.key;
        }
    }
    let by_itself = |count: u64, key: u64| match rounding {
        Rounding::Nearest | Rounding::Additive => policy.rounded(count),
        Rounding::Keyed => keyed(count, key, policy.round_to()),
    };
    let together = |atoms: &[usize]| {
        let count = atoms.iter().map(|atom| web.atoms[*atom]).sum();
        by_itself(count, atoms.iter().map(|atom| keys[*atom]).fold(0, u64::wrapping_add))
    };
    // A total is what its shown parts are printed as, and the rest of it rounded as one: it tells nothing of the parts.
    let is_shown = |atom: &usize| web.innermost(*atom).is_some_and(|cell| !proofs.hidden()[cell]);
    web.cells
        .iter()
        .map(|cell| match rounding {
            Rounding::Nearest => policy.rounded(cell.count),
            Rounding::Additive | Rounding::Keyed => {
                let (shown, rest): (Vec<usize>, Vec<usize>) =
                    cell.atoms.iter().partition(|atom| is_shown(atom));
                shown.into_iter().map(|atom| together(&[atom])).sum::<u64>() + together(&rest)
            }
        })
        .collect()
}

fn keys(tabular: &Tabular, nodes: &[usize]) -> Vec<String> {
    let key = |(dimension, node): (&Dimension, &usize)| {
        dimension.levels.get(*node).map_or_else(|| TOTAL.to_owned(), |level| level.key.clone())
    };
    tabular.dimensions.iter().zip(nodes).map(key).collect()
}
