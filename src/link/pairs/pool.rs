//! Many people as many sources know them, all in one pool.
use super::{
    evidence::{BIRTH, Comparer, FORENAME, birth, forename},
    link_within,
    record::{Cells, Reader, Record, Table},
    words::{Word, Words},
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

    /// What is compared, whose it is, and its words.
    pub(super) fn parts(&self) -> (&Table, &[u32], &Words) {
        (&self.table, &self.owners, &self.reader.words)
    }

    /// Where an owner's sayings stand.
    pub(super) fn sayings_of(&self, owner: u32) -> std::ops::Range<u32> {
        let start = |at: u32| self.starts.get(at as usize).copied().unwrap_or(self.owners.len() as u32);
        start(owner)..start(owner + 1)
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

    /// The names and birth dates under which an owner is known, each once.
    pub fn faces(&self, owner: u32) -> Vec<Face> {
        let start = |at: u32| self.starts.get(at as usize).map_or(self.owners.len(), |start| *start as usize);
        let mut faces: Vec<Face> = Vec::new();
        for record in &self.table.records[start(owner)..start(owner + 1)] {
            let face = Face {
                forename: record.forename,
                others: [record.second, record.middle, record.preferred],
                birth: record.birth,
            };
            if face.forename != 0 && !faces.contains(&face) {
                faces.push(face);
            }
        }
        faces
    }

    /// Whether two who are known under these faces may be twins: one of them has a face with no like among the other's,
    /// born on the same day as far as is known.
    pub fn look_like_twins(&self, ours: &[Face], theirs: &[Face]) -> bool {
        let mut comparer = Comparer::brief(&self.reader.words);
        let mut lonely = |face: &Face, others: &[Face]| {
            let mut same_day = false;
            for other in others {
                let levels = comparer.levels(&face.record(), &other.record());
                let apart =
                    matches!(levels.get(FORENAME), Some(forename::NONE | forename::WEAK | forename::CLASH));
                if !apart {
                    return false;
                }
                same_day |= levels.get(BIRTH).is_none_or(|level| level == birth::EXACT);
            }
            same_day
        };
        ours.iter().any(|face| lonely(face, theirs)) || theirs.iter().any(|face| lonely(face, ours))
    }
}

/// A name and a birth date under which somebody is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Face {
    forename: Word,
    /// Second forename, middle name, preferred forename.
    others: [Word; 3],
    birth: u32,
}

impl Face {
    fn record(&self) -> Record {
        let [second, middle, preferred] = self.others;
        Record { forename: self.forename, second, middle, preferred, birth: self.birth, ..Record::default() }
    }
}
