//! How often two records that are not one person agree all the same: rare names seldom, common ones often.
mod kept;

pub(super) use kept::KeptChance;

use super::{
    counts::Counts,
    evidence::{
        BIRTH, Comparer, EXTRA, FIELDS, FORENAME, LEVELS, Levels, NUMBER, POSTCODE, SCHOOL, SEEN, SEX,
        SURNAME,
    },
    evidence::{birth, forename, number, postcode, surname},
    record::{Record, Table},
    threads::in_pieces,
    words::{Map, Set, Word, Words, mix},
};

/// Random pairs that are compared to see how often fields agree by chance.
const SAMPLE: usize = 150_000;
/// Of a value that was seen in one record only, another one is expected to have it half a time.
const UNSEEN: f64 = 0.5;

/// So many rows may have one postcode without its being a placeholder.
const USUAL_ROWS: u32 = 8;

/// Counts of values in the register, and what they say.
#[derive(Clone)]
pub(super) struct Chance {
    total: f64,
    forenames: Counts,
    forename_bones: Counts,
    /// Middle names and second forenames.
    middles: Counts,
    preferred: Counts,
    surnames: Counts,
    surname_bones: Counts,
    postcodes: Counts,
    /// The same among the rows: what very many rows say is an office's own address, or stands for "not known".
    row_postcodes: Counts,
    row_births: Map<u32, u32>,
    rows: f64,
    outwards: Counts,
    schools: Counts,
    /// Boys, and all whose sex is known, of each forename.
    boys: Counts,
    sexed: Counts,
    /// Records by outward postcode and school: who lives near goes to school near.
    near_schools: Map<(Word, Word), u32>,
    /// How often the school is the same by chance, where the postcode is at each level.
    school_at: [f64; LEVELS],
    extras: Vec<Counts>,
    births: Map<u32, u32>,
    /// One in so many days.
    days: f64,
    /// People by forename and surname: records, or where a person stands there as often as sources know them, names with
    /// different birth dates.
    both: Map<(Word, Word), u32>,
    /// How many people that is in all.
    people: f64,
    /// Logarithm of how often a level is met by chance, where the value does not matter.
    levels: [[f64; LEVELS]; FIELDS],
}

/// Records with any other form of a name.
fn forms(counts: &Counts, name: Word, words: &Words) -> u32 {
    words.forms_of(name).iter().map(|form| counts.of(*form)).sum()
}

impl Chance {
    /// Nothing counted.
    fn empty() -> Self {
        Self {
            total: 2.0,
            forenames: Counts::default(),
            forename_bones: Counts::default(),
            middles: Counts::default(),
            preferred: Counts::default(),
            surnames: Counts::default(),
            surname_bones: Counts::default(),
            postcodes: Counts::default(),
            row_postcodes: Counts::default(),
            row_births: Map::default(),
            rows: 1.0,
            outwards: Counts::default(),
            schools: Counts::default(),
            boys: Counts::default(),
            sexed: Counts::default(),
            near_schools: Map::default(),
            school_at: [0.0; LEVELS],
            extras: Vec::new(),
            births: Map::default(),
            days: 1.0,
            both: Map::default(),
            people: 2.0,
            levels: [[0.0; LEVELS]; FIELDS],
        }
    }

    /// The tables by word that are kept; boys come after all whose sex is known.
    fn by_word(&mut self) -> [&mut Counts; 12] {
        [
            &mut self.forenames,
            &mut self.forename_bones,
            &mut self.middles,
            &mut self.preferred,
            &mut self.surnames,
            &mut self.surname_bones,
            &mut self.postcodes,
            &mut self.row_postcodes,
            &mut self.outwards,
            &mut self.sexed,
            &mut self.boys,
            &mut self.schools,
        ]
    }

    /// Counts the register, and compares random pairs.
    pub(super) fn of(rows: &Table, register: &Table, words: &Words, threads: usize) -> Self {
        let none = || Counts::for_words(words);
        let records = &register.records;
        let mut chance = Self {
            total: records.len().max(2) as f64,
            rows: rows.records.len().max(1) as f64,
            extras: register.extras.iter().map(|_| none()).collect(),
            ..Self::empty()
        };
        for table in chance.by_word() {
            *table = none();
        }
        for r in records {
            chance.forenames.add(r.forename);
            chance.forename_bones.add(words.bones(r.forename));
            chance.preferred.add(r.preferred);
            chance.surnames.add(r.surname);
            chance.surname_bones.add(words.bones(r.surname));
            chance.postcodes.add(r.postcode);
            chance.outwards.add(r.outward);
            chance.schools.add(r.school);
            if r.sex != 0 {
                chance.sexed.add(r.forename);
                if r.sex == b'M' {
                    chance.boys.add(r.forename);
                }
            }
            if r.school != 0 && r.outward != 0 {
                *chance.near_schools.entry((r.outward, r.school)).or_default() += 1;
            }
            *chance.births.entry(r.birth).or_default() += 1;
        }
        for r in &rows.records {
            chance.row_postcodes.add(r.postcode);
            *chance.row_births.entry(r.birth).or_default() += 1;
        }
        let others = records.iter().flat_map(|r| [r.middle, r.second]).filter(|name| *name != 0);
        others.for_each(|name| chance.middles.add(name));
        for (counts, column) in chance.extras.iter_mut().zip(&register.extras) {
            column.iter().for_each(|word| counts.add(*word));
        }
        chance.count_names(rows, register, words);
        chance.count_days();
        chance.sample(rows, register, words, threads);
        chance
    }

    fn count_names(&mut self, rows: &Table, register: &Table, words: &Words) {
        for row in &rows.records {
            let (f, s) = (row.forename, row.surname);
            if self.both.insert((f, s), 0).is_some() {
                continue;
            }
            self.both.insert((s, f), 0);
            self.both.insert((words.bones(f), s), 0);
            self.both.insert((f, words.bones(s)), 0);
            self.both.extend(words.forms_of(f).iter().map(|form| ((*form, s), 0)));
            self.both.extend(words.forms_of(s).iter().map(|form| ((f, *form), 0)));
        }
        let once_each = std::ptr::eq(rows, register);
        let mut met: Set<(Word, Word, u32)> = Set::default();
        self.people = 0.0;
        for r in &register.records {
            let (f, s) = (r.forename, r.surname);
            // Bones are words of their own, so one map holds them all; a name that is its own bones counts once.
            let mut every = vec![(f, s), (words.bones(f), s), (f, words.bones(s))];
            every.dedup();
            for (at, names) in every.into_iter().enumerate() {
                let known = once_each && (r.birth == 0 || !met.insert((names.0, names.1, r.birth)));
                self.people += f64::from(u8::from(at == 0 && !known));
                if let (false, Some(count)) = (known, self.both.get_mut(&names)) {
                    *count += 1;
                }
            }
        }
        self.people = self.people.max(2.0);
    }

    /// Births are spread over the days between the earliest and the latest, but for a few outliers.
    fn count_days(&mut self) {
        let mut days: Vec<(u32, u32)> =
            self.births.iter().map(|(day, count)| (*day, *count)).filter(|(day, _)| *day != 0).collect();
        days.sort_unstable();
        let all: u64 = days.iter().map(|(_, count)| u64::from(*count)).sum();
        let (mut seen, mut first, mut last) = (0, 0, 0);
        for (day, count) in &days {
            let before = seen;
            seen += u64::from(*count);
            if before <= all / 100 {
                first = *day;
            }
            if before <= all - all / 100 {
                last = *day;
            }
        }
        let day_of =
            |day: u32| f64::from(day >> 9) * 365.25 + f64::from(day >> 5 & 15) * 30.4 + f64::from(day & 31);
        self.days = (day_of(last) - day_of(first)).max(30.0);
    }

    fn sample(&mut self, rows: &Table, register: &Table, words: &Words, threads: usize) {
        let (n_rows, n_records) = (rows.records.len() as u64, register.records.len() as u64);
        let mut counts = [[0.0_f64; LEVELS]; FIELDS];
        let mut schools_at = ([0.0_f64; LEVELS], [0.0_f64; LEVELS]);
        if n_rows > 0 && n_records > 0 {
            for part in in_pieces(SAMPLE, 8192, threads, |range| {
                let mut comparer = Comparer::new(words);
                let mut counts = [[0_u32; LEVELS]; FIELDS];
                let mut schools_at = ([0.0; LEVELS], [0.0; LEVELS]);
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                for at in range {
                    let row = (mix(at as u64 * 2 + 1) % n_rows) as usize;
                    let record = (mix(at as u64 * 0x9e37_79b9 + 7) % n_records) as usize;
                    let mut levels = comparer.levels(&rows.records[row], &register.records[record]);
                    rows.extras_of(row, &mut ours);
                    register.extras_of(record, &mut theirs);
                    comparer.with_extras(&mut levels, &ours, &theirs);
                    levels.each().for_each(|(field, level)| counts[field][level] += 1);
                    if let (Some(postcode), Some(school)) = (levels.get(POSTCODE), levels.get(SCHOOL)) {
                        schools_at.0[postcode as usize] += 1.0;
                        schools_at.1[postcode as usize] += f64::from(school);
                    }
                }
                (counts, schools_at)
            }) {
                let (part, at) = part;
                for level in 0..LEVELS {
                    schools_at.0[level] += at.0[level];
                    schools_at.1[level] += at.1[level];
                }
                for (sum, part) in counts.iter_mut().flatten().zip(part.iter().flatten()) {
                    *sum += f64::from(*part);
                }
            }
        }
        for (levels, counts) in self.levels.iter_mut().zip(counts) {
            let all: f64 = counts.iter().sum();
            for (level, count) in levels.iter_mut().zip(counts) {
                *level = ((count + 0.2) / (all + 2.0)).ln();
            }
        }
        let (postcodes, schools) = schools_at;
        let all: f64 = schools.iter().sum::<f64>() / postcodes.iter().sum::<f64>().max(1.0);
        for (share, (postcodes, schools)) in self.school_at.iter_mut().zip(postcodes.iter().zip(schools)) {
            *share = (schools + 20.0 * all + 0.01) / (postcodes + 20.0);
        }
        // Of mistyped numbers only one in so many is near another by chance; too seldom to be seen in a sample.
        self.levels[NUMBER][number::NEAR as usize] = -16.0;
        self.levels[NUMBER][number::CONFLICT as usize] = 0.0;
        self.levels[NUMBER][number::OTHERS_DIFFER as usize] = 0.0;
        self.levels[NUMBER][number::MISTYPED as usize] = 0.0;
    }

    /// Share of the other records that have a value, where one that has it is looked at.
    fn share(&self, count: u32) -> f64 {
        (f64::from(count.saturating_sub(1)) + UNSEEN) / self.total
    }

    fn share_between(&self, all: u32, without: u32) -> f64 {
        self.share(all.saturating_sub(without))
    }

    /// Logarithm of the chance that a record which is another person agrees with the row as this one does; without
    /// the number where it is the same. Second, that of the forename alone, where the value matters.
    pub(super) fn of_pair(
        &self,
        levels: Levels,
        row: &Record,
        record: &Record,
        words: &Words,
        extras: &[Word],
    ) -> (f64, Option<f64>) {
        let mut sum = 0.0;
        let mut of_forename = None;
        for (field, level) in levels.each() {
            let known = match field {
                FORENAME => {
                    of_forename = self.forename(level as u8, row, record, words).map(f64::ln);
                    of_forename
                }
                SURNAME => self.surname(level as u8, row, words).map(f64::ln),
                BIRTH if level as u8 == birth::EXACT => Some(self.birth(row.birth).ln()),
                SEX => self.sex(level, levels, row).map(f64::ln),
                POSTCODE if level as u8 == postcode::EXACT => Some(self.postcode(row.postcode).ln()),
                POSTCODE if level as u8 == postcode::OUTWARD => {
                    Some(self.share(self.outwards.of(row.outward)).ln())
                }
                SCHOOL => Some(self.school(level, levels, row).ln()),
                NUMBER if level as u8 == number::SAME => Some(0.0),
                // A column that nobody filled when this was learnt has no counts: then its level is what counts.
                EXTRA.. if level == 2 => self
                    .extras
                    .get(field - EXTRA)
                    .map(|counts| self.share(counts.of(extras[field - EXTRA])).ln()),
                _ => None,
            };
            sum += known.unwrap_or(self.levels[field][level]);
        }
        let together = self.together(levels, row, record, words);
        (sum + together, of_forename.map(|log| log + together))
    }

    /// What has to be added because names are not given independently: where a pair of names is commoner than its parts
    /// say, it counts as it is.
    fn together(&self, levels: Levels, row: &Record, record: &Record, words: &Words) -> f64 {
        let (Some(of_forename), Some(of_surname)) = (levels.get(FORENAME), levels.get(SURNAME)) else {
            return 0.0;
        };
        if row.surname != record.surname && of_surname == surname::EXACT {
            return 0.0;
        }
        let (f, s) = (row.forename, row.surname);
        let count = |f: Word, s: Word| self.both.get(&(f, s)).copied().unwrap_or(0);
        let both = match (of_forename, of_surname) {
            (forename::EXACT, surname::EXACT) => count(f, s),
            (forename::PHONETIC | forename::SLIP, surname::EXACT) => {
                count(words.bones(f), s).saturating_sub(count(f, s))
            }
            (forename::FORM, surname::EXACT) => words.forms_of(f).iter().map(|form| count(*form, s)).sum(),
            (forename::EXACT, surname::PHONETIC) => count(f, words.bones(s)).saturating_sub(count(f, s)),
            (forename::EXACT, surname::FORM) => words.forms_of(s).iter().map(|form| count(f, *form)).sum(),
            _ => return 0.0,
        };
        let (Some(a), Some(b)) =
            (self.forename(of_forename, row, record, words), self.surname(of_surname, row, words))
        else {
            return 0.0;
        };
        ((f64::from(both.saturating_sub(1)) + 0.01) / self.people / (a * b)).ln().max(0.0)
    }

    /// A forename says which sex to expect.
    fn sex(&self, level: usize, levels: Levels, row: &Record) -> Option<f64> {
        let at = row.forename;
        let same = match levels.get(FORENAME)? {
            forename::EXACT | forename::CLASH => {
                let boys = f64::from(self.boys.of(at));
                let alike = if row.sex == b'M' { boys } else { f64::from(self.sexed.of(at)) - boys };
                (alike + 1.0) / (f64::from(self.sexed.of(at)) + 2.0)
            }
            forename::FORM | forename::PHONETIC | forename::SLIP | forename::NEAR => 0.9,
            _ => return None,
        };
        Some(if level == 1 { same } else { 1.0 - same })
    }

    /// Who lives near goes to school near.
    fn school(&self, level: usize, levels: Levels, row: &Record) -> f64 {
        let anywhere = self.share(self.schools.of(row.school));
        let same = match levels.get(POSTCODE) {
            Some(postcode::OUTWARD..) if row.outward != 0 => {
                let here = self
                    .near_schools
                    .get(&(row.outward, row.school))
                    .map_or(0, |count| count.saturating_sub(1));
                let all = self.outwards.of(row.outward).saturating_sub(1);
                (f64::from(here) + 5.0 * anywhere + 0.1) / (f64::from(all) + 5.0)
            }
            Some(level) => self.school_at[level as usize].max(1e-6),
            None => anywhere,
        }
        .min(0.98);
        if level == 1 { same } else { 1.0 - same }
    }

    fn forename(&self, level: u8, row: &Record, record: &Record, words: &Words) -> Option<f64> {
        let at = row.forename;
        Some(match level {
            forename::EXACT => self.share(self.forenames.of(at)),
            forename::CLASH => self.share(self.forenames.of(at)) * 0.5,
            forename::PREFERRED => self.share(self.preferred.of(at)),
            forename::MIDDLE => self.share(self.middles.of(at)),
            forename::SWAPPED if row.forename != record.surname || row.surname != record.forename => {
                let (a, b) = (words.bones(record.forename), words.bones(record.surname));
                self.share(self.forename_bones.of(a)) * self.share(self.surname_bones.of(b))
            }
            forename::SWAPPED => {
                let both = self.both.get(&(row.surname, row.forename)).copied().unwrap_or(0);
                ((f64::from(both.saturating_sub(1)) + UNSEEN) / self.people)
                    .max(self.share(self.forenames.of(row.surname)) * self.share(self.surnames.of(at)))
            }
            forename::FORM => self.share(forms(&self.forenames, at, words)),
            forename::PHONETIC | forename::SLIP => {
                self.share_between(self.forename_bones.of(words.bones(row.forename)), self.forenames.of(at))
            }
            _ => return None,
        })
    }

    fn surname(&self, level: u8, row: &Record, words: &Words) -> Option<f64> {
        let at = row.surname;
        Some(match level {
            surname::EXACT => self.share(self.surnames.of(at)),
            surname::FORM => self.share(forms(&self.surnames, at, words)),
            surname::PHONETIC => {
                self.share_between(self.surname_bones.of(words.bones(row.surname)), self.surnames.of(at))
            }
            _ => return None,
        })
    }

    fn postcode(&self, word: Word) -> f64 {
        let among_rows = self.row_postcodes.of(word).saturating_sub(USUAL_ROWS);
        self.share(self.postcodes.of(word)).max(f64::from(among_rows) / self.rows)
    }

    /// Share of the records that are born on a day: as counted, drawn towards all days alike where records are few.
    fn birth(&self, day: u32) -> f64 {
        let seen = self.births.get(&day).map_or(0, |count| count.saturating_sub(1));
        let among_rows = self.row_births.get(&day).map_or(0, |count| count.saturating_sub(USUAL_ROWS));
        let by_days = (f64::from(seen) + 20.0) / (self.total + 20.0 * self.days);
        by_days.max(0.5 * f64::from(among_rows) / self.rows)
    }

    /// From now on it is known which records have a sure row.
    pub(super) fn set_seen(&mut self, share: f64) {
        self.levels[SEEN][0] = (1.0 - share).ln();
        self.levels[SEEN][1] = share.ln();
    }

    /// Logarithm of how often a level is met by chance.
    pub(super) const fn level(&self, field: usize, level: usize) -> f64 {
        self.levels[field][level]
    }
}
