//! Many people as many sources know them, all in one pool.
use super::{
    evidence::{Comparer, FORENAME, birth, births, forename},
    record::{Cells, Reader, Record, Table, Worth},
    trained::{Ready, Trained},
    words::{Word, Words},
};
use twox_hash::XxHash3_128;

/// What was said of one person at one time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'t> {
    /// Unique pupil number.
    pub upn: &'t str,
    /// The one before.
    pub former_upn: &'t str,
    /// Unique learner number.
    pub uln: &'t str,
    /// NHS number.
    pub nhs_number: &'t str,
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
    /// School, last.
    pub school: &'t str,
}

impl Said<'_> {
    /// A digest of this, of who wrote it, and of what was said before.
    fn digest(&self, before: u128, writer: &str) -> u128 {
        let fields = [
            writer,
            self.upn,
            self.former_upn,
            self.uln,
            self.forename,
            self.middle_names,
            self.preferred_forename,
            self.surname,
            self.other_surname,
            self.birth_date,
            self.sex,
            self.postcode,
            self.school,
        ];
        // What nobody says changes no digest: who was compared before such numbers were read is not compared again.
        let more = (!self.nhs_number.is_empty()).then_some(self.nhs_number);
        let mut bytes = before.to_le_bytes().to_vec();
        for field in fields.into_iter().chain(more) {
            bytes.extend((field.len() as u32).to_le_bytes());
            bytes.extend(field.as_bytes());
        }
        XxHash3_128::oneshot(&bytes)
    }
}

/// Sayings, and whose they are.
pub struct Pool {
    pub(super) reader: Reader,
    pub(super) table: Table,
    pub(super) owners: Vec<u32>,
    /// Where each owner's sayings begin; they stand together.
    starts: Vec<u32>,
    /// A digest of all that was said of each owner.
    pub(super) digests: Vec<u128>,
    /// Who wrote the sayings.
    pub(super) writers: Vec<String>,
}

impl Pool {
    /// An empty pool.
    pub fn new() -> Self {
        Self {
            reader: Reader::new(),
            table: Table { extras: vec![Vec::new()], ..Table::default() },
            owners: Vec::new(),
            starts: Vec::new(),
            digests: Vec::new(),
            writers: Vec::new(),
        }
    }

    /// Sayings so far.
    pub fn sayings(&self) -> usize {
        self.owners.len()
    }

    /// Somebody of whom things were said comes next. Gives their number.
    pub fn next_owner(&mut self) -> u32 {
        self.starts.push(self.owners.len() as u32);
        self.digests.push(0);
        self.digests.len() as u32 - 1
    }

    /// Adds what somebody wrote of the last owner.
    pub fn add(&mut self, writer: &str, said: &Said<'_>) {
        let Some(owner) = self.digests.len().checked_sub(1) else { return };
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
            school: said.school,
        }));
        self.add_numbers(said);
        let writer = self.writer(writer);
        self.table.writers.push(writer);
        self.owners.push(owner as u32);
        let digest = said.digest(self.digests[owner], &self.writers[writer as usize - 1]);
        self.digests[owner] = digest;
    }

    /// Numbers beside the pupil's. The column of NHS numbers begins with the first: a register without any is learnt from
    /// as if there were no such thing.
    fn add_numbers(&mut self, said: &Said<'_>) {
        let uln: Word = self.reader.words.text(said.uln);
        let number: Word = self.reader.words.text(said.nhs_number);
        let extras = &mut self.table.extras;
        let before = extras[0].len();
        extras[0].push(uln);
        if number != 0 && extras.len() == 1 {
            extras.push(vec![0; before]);
        }
        if let Some(numbers) = extras.get_mut(1) {
            numbers.push(number);
        }
    }

    /// Writers are numbered from 1; more than can be numbered are one.
    fn writer(&mut self, name: &str) -> u16 {
        let at = self.writers.iter().position(|held| held == name).unwrap_or_else(|| {
            if self.writers.len() < usize::from(u16::MAX) - 1 {
                self.writers.push(name.to_owned());
            }
            self.writers.len() - 1
        });
        at as u16 + 1
    }

    /// Learns from all that was said.
    pub fn train(&self, threads: usize) -> Trained {
        Trained::of(&self.table, &self.owners, &self.reader.words, &self.writers, threads)
    }

    /// A model, made ready for what was said here. `None` where it is not whole.
    pub(in crate::link) fn ready(&mut self, trained: &Trained) -> Option<Ready> {
        trained.ready(&mut self.reader.words, &self.writers)
    }

    /// What is compared, and its words.
    pub(super) const fn parts(&self) -> (&Table, &Words) {
        (&self.table, &self.reader.words)
    }

    /// Where an owner's sayings stand.
    pub(super) fn sayings_of(&self, owner: u32) -> std::ops::Range<u32> {
        let start = |at: u32| self.starts.get(at as usize).copied().unwrap_or(self.owners.len() as u32);
        start(owner)..start(owner + 1)
    }

    /// The names and birth dates under which an owner is known, each once.
    pub fn faces(&self, owner: u32) -> Vec<Face> {
        let start = |at: u32| self.starts.get(at as usize).map_or(self.owners.len(), |start| *start as usize);
        let mut faces: Vec<Face> = Vec::new();
        for record in &self.table.records[start(owner)..start(owner + 1)] {
            let face = Face {
                forename: record.forename,
                others: [record.second, record.middle, record.preferred],
                surname: record.surname,
                birth: record.birth,
            };
            if face.forename != 0 && !faces.contains(&face) {
                faces.push(face);
            }
        }
        faces
    }

    /// Whether some saying of each agrees with one of the other in forename, surname and birth date.
    pub fn are_alike(&self, one: u32, other: u32) -> bool {
        let start = |at: u32| self.starts.get(at as usize).map_or(self.owners.len(), |start| *start as usize);
        let of = |owner: u32| &self.table.records[start(owner)..start(owner + 1)];
        of(one).iter().any(|a| {
            of(other).iter().any(|b| {
                a.forename == b.forename && a.surname == b.surname && a.birth == b.birth && a.birth != 0
            })
        })
    }

    /// Whether two who are known under these faces may be twins: one of them has a face with no like among the other's,
    /// born on the same day as far as is known. Faces of one that are like each other speak for each other: whoever is
    /// Tyler here and Tyler Joshua there is like Joshua. Where both bear one permanent pupil number a short name with the
    /// right first letter is like enough, and so is one that is the other's surname: two names of which one was swapped.
    pub fn look_like_twins(&self, ours: &[Face], theirs: &[Face], share_a_number: bool) -> bool {
        let mut comparer = Comparer::brief(&self.reader.words);
        let first = |word: Word| self.reader.words.get(word).chars().next();
        let mut like = |one: &Face, other: &Face| {
            let levels = comparer.levels(&one.record(), &other.record());
            let apart =
                matches!(levels.get(FORENAME), Some(forename::NONE | forename::WEAK | forename::CLASH));
            // A surname that is made of a forename is no swap: Jack Jackson has a twin.
            let swapped = !comparer.alike(one.surname, other.surname)
                && (comparer.alike(one.forename, other.surname)
                    || comparer.alike(other.forename, one.surname));
            !apart || share_a_number && (first(one.forename) == first(other.forename) || swapped)
        };
        let may_be_born_with = |face: &Face, others: &[Face]| {
            others.iter().any(|other| {
                face.birth == 0 || other.birth == 0 || births(face.birth, other.birth) == birth::EXACT
            })
        };
        let mut lonely = |ours: &[Face], theirs: &[Face]| {
            let mut met: Vec<bool> =
                ours.iter().map(|face| theirs.iter().any(|other| like(face, other))).collect();
            while let Some(at) = (0..ours.len())
                .find(|at| !met[*at] && (0..ours.len()).any(|by| met[by] && like(&ours[*at], &ours[by])))
            {
                met[at] = true;
            }
            ours.iter().zip(met).any(|(face, met)| !met && may_be_born_with(face, theirs))
        };
        lonely(ours, theirs) || lonely(theirs, ours)
    }

    /// Whether some saying of each bears the same permanent pupil number.
    pub fn share_a_number(&self, one: u32, other: u32) -> bool {
        let of = |owner: u32| {
            let said = self.sayings_of(owner);
            &self.table.records[said.start as usize..said.end as usize]
        };
        of(one)
            .iter()
            .filter(|a| a.worth == Worth::Permanent)
            .any(|a| of(other).iter().any(|b| a.upn == b.upn))
    }
}

/// A name and a birth date under which somebody is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Face {
    forename: Word,
    /// Second forename, middle name, preferred forename.
    others: [Word; 3],
    /// Only to tell that the two names were swapped.
    surname: Word,
    birth: u32,
}

impl Face {
    fn record(&self) -> Record {
        let [second, middle, preferred] = self.others;
        let (forename, surname, birth) = (self.forename, self.surname, self.birth);
        Record { forename, second, middle, preferred, surname, birth, ..Record::default() }
    }
}
