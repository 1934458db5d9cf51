//! Many people as many sources know them, all in one pool.
use super::{
    evidence::{BIRTH, Comparer, FORENAME, birth, forename},
    link_within,
    record::{Cells, Reader, Table},
    words::Word,
};

/// What was said of one person at one time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'t> {
    /// Unique pupil number.
    pub upn: &'t str,
    /// The one before.
    pub former_upn: &'t str,
    /// Unique learner number.
    pub uln: &'t str,
    /// Legal forename.
    pub forename: &'t str,
    /// Middle names.
    pub middle_names: &'t str,
    /// Preferred forename.
    pub preferred_forename: &'t str,
    /// Legal surname.
    pub surname: &'t str,
    /// Preferred or former surname.
    pub other_surname: &'t str,
    /// Date of birth.
    pub birth_date: &'t str,
    /// Sex.
    pub sex: &'t str,
    /// Postcode.
    pub postcode: &'t str,
}

/// Sayings, and whose they are.
pub struct Pool {
    reader: Reader,
    table: Table,
    owners: Vec<u32>,
    /// Where each owner's sayings begin; they stand together.
    starts: Vec<u32>,
}

impl Pool {
    /// An empty pool.
    pub fn new() -> Self {
        let table = Table { extras: vec![Vec::new()], ..Table::default() };
        Self { reader: Reader::new(), table, owners: Vec::new(), starts: Vec::new() }
    }

    /// Sayings so far.
    pub fn sayings(&self) -> usize {
        self.owners.len()
    }

    /// Adds what was said of somebody. Owners come in order, each with all their sayings.
    pub fn add(&mut self, owner: u32, said: &Said<'_>) {
        self.table.records.push(self.reader.read(&Cells {
            upn: said.upn,
            former_upn: said.former_upn,
            forename: said.forename,
            middle_names: said.middle_names,
            preferred_forename: said.preferred_forename,
            surname: said.surname,
            other_surname: said.other_surname,
            dob: said.birth_date,
            sex: said.sex,
            postcode: said.postcode,
            ..Cells::default()
        }));
        while self.starts.len() <= owner as usize {
            self.starts.push(self.owners.len() as u32);
        }
        let uln: Word = self.reader.words.text(said.uln);
        self.table.extras[0].push(uln);
        self.owners.push(owner);
    }

    /// Owners who may be one person, the later first, each pair once with the best probability of their sayings.
    pub fn pairs(&self, threads: usize) -> Vec<(u32, u32, f64)> {
        let linked = link_within(&self.table, Some(&self.owners), &self.reader.words, threads);
        let owner = |at: u32| self.owners[at as usize];
        let mut pairs: Vec<(u32, u32, f64)> = linked
            .pairs
            .iter()
            .map(|pair| {
                let (a, b) = (owner(pair.row), owner(pair.record));
                (a.max(b), a.min(b), pair.probability)
            })
            .collect();
        pairs.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
        pairs.dedup_by_key(|pair| (pair.0, pair.1));
        pairs
    }

    fn sayings_of(&self, owner: u32) -> std::ops::Range<usize> {
        let start = |at: u32| self.starts.get(at as usize).map_or(self.owners.len(), |start| *start as usize);
        start(owner)..start(owner + 1)
    }

    /// Whether two owners may be twins: born on one day as far as is known, and no forename of one is one of the other's.
    pub fn look_like_twins(&self, a: u32, b: u32) -> bool {
        let mut comparer = Comparer::brief(&self.reader.words);
        let mut differ = false;
        for one in self.sayings_of(a) {
            for other in self.sayings_of(b) {
                let levels = comparer.levels(&self.table.records[one], &self.table.records[other]);
                if levels.get(BIRTH).is_some_and(|level| level != birth::EXACT) {
                    continue;
                }
                match levels.get(FORENAME) {
                    Some(forename::NONE | forename::WEAK | forename::CLASH) => differ = true,
                    Some(_) => return false,
                    None => {}
                }
            }
        }
        differ
    }
}
