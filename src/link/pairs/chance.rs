//! How often two records that are not one person agree all the same: rare names seldom, common ones often.
use super::{
    evidence::{BIRTH, Comparer, EXTRA, FIELDS, FORENAME, LEVELS, Levels, NUMBER, POSTCODE, SCHOOL, SURNAME},
    evidence::{birth, forename, number, postcode, surname},
    record::{Record, Table},
    threads::in_pieces,
    words::{Map, Word, Words, mix},
};

/// Random pairs that are compared to see how often fields agree by chance.
const SAMPLE: usize = 150_000;
/// Of a value that was seen in one record only, another one is expected to have it half a time.
const UNSEEN: f64 = 0.5;

/// Counts of values in the register, and what they say.
pub(super) struct Chance {
    total: f64,
    forenames: Vec<u32>,
    forename_bones: Vec<u32>,
    /// Middle names and second forenames.
    middles: Vec<u32>,
    preferred: Vec<u32>,
    surnames: Vec<u32>,
    surname_bones: Vec<u32>,
    postcodes: Vec<u32>,
    outwards: Vec<u32>,
    schools: Vec<u32>,
    extras: Vec<Vec<u32>>,
    births: Map<u32, u32>,
    /// One in so many days.
    days: f64,
    /// Records by forename and surname.
    both: Map<(Word, Word), u32>,
    /// Records with any other form of a forename, and of a surname.
    forename_forms: Map<Word, u32>,
    surname_forms: Map<Word, u32>,
    /// Logarithm of how often a level is met by chance, where the value does not matter.
    levels: [[f64; LEVELS]; FIELDS],
}

fn count<T>(counts: &mut [u32], of: impl Iterator<Item = T>, word: impl Fn(T) -> Word) {
    of.for_each(|record| counts[word(record) as usize] += 1);
}

impl Chance {
    /// Counts the register, and compares random pairs.
    pub(super) fn of(rows: &Table, register: &Table, words: &Words, threads: usize) -> Self {
        let none = || vec![0_u32; words.count()];
        let records = &register.records;
        let mut chance = Self {
            total: records.len().max(2) as f64,
            forenames: none(),
            forename_bones: none(),
            middles: none(),
            preferred: none(),
            surnames: none(),
            surname_bones: none(),
            postcodes: none(),
            outwards: none(),
            schools: none(),
            extras: register.extras.iter().map(|_| none()).collect(),
            births: Map::default(),
            days: 1.0,
            both: Map::default(),
            forename_forms: Map::default(),
            surname_forms: Map::default(),
            levels: [[0.0; LEVELS]; FIELDS],
        };
        for r in records {
            chance.forenames[r.forename as usize] += 1;
            chance.forename_bones[words.bones(r.forename) as usize] += 1;
            chance.preferred[r.preferred as usize] += 1;
            chance.surnames[r.surname as usize] += 1;
            chance.surname_bones[words.bones(r.surname) as usize] += 1;
            chance.postcodes[r.postcode as usize] += 1;
            chance.outwards[r.outward as usize] += 1;
            chance.schools[r.school as usize] += 1;
            *chance.births.entry(r.birth).or_default() += 1;
        }
        count(&mut chance.middles, records.iter().filter(|r| r.middle != 0), |r| r.middle);
        count(&mut chance.middles, records.iter().filter(|r| r.second != 0), |r| r.second);
        for (counts, column) in chance.extras.iter_mut().zip(&register.extras) {
            count(counts, column.iter(), |word| *word);
        }
        chance.count_names(rows, register, words);
        chance.count_days();
        chance.sample(rows, register, words, threads);
        chance
    }

    fn count_names(&mut self, rows: &Table, register: &Table, words: &Words) {
        for row in &rows.records {
            self.both.insert((row.forename, row.surname), 0);
            self.both.insert((row.surname, row.forename), 0);
            for (forms, counts, name) in [
                (&mut self.forename_forms, &self.forenames, row.forename),
                (&mut self.surname_forms, &self.surnames, row.surname),
            ] {
                forms
                    .entry(name)
                    .or_insert_with(|| words.forms_of(name).iter().map(|form| counts[*form as usize]).sum());
            }
        }
        for r in &register.records {
            if let Some(count) = self.both.get_mut(&(r.forename, r.surname)) {
                *count += 1;
            }
        }
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
        let day_of = |day: u32| f64::from(day >> 9) * 365.25 + f64::from(day >> 5 & 15) * 30.4 + f64::from(day & 31);
        self.days = (day_of(last) - day_of(first)).max(30.0);
    }

    fn sample(&mut self, rows: &Table, register: &Table, words: &Words, threads: usize) {
        let (n_rows, n_records) = (rows.records.len() as u64, register.records.len() as u64);
        let mut counts = [[0.0_f64; LEVELS]; FIELDS];
        if n_rows > 0 && n_records > 0 {
            for part in in_pieces(SAMPLE, 8192, threads, |range| {
                let mut comparer = Comparer::new(words);
                let mut counts = [[0_u32; LEVELS]; FIELDS];
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                for at in range {
                    let row = (mix(at as u64 * 2 + 1) % n_rows) as usize;
                    let record = (mix(at as u64 * 0x9e37_79b9 + 7) % n_records) as usize;
                    let mut levels = comparer.levels(&rows.records[row], &register.records[record]);
                    rows.extras_of(row, &mut ours);
                    register.extras_of(record, &mut theirs);
                    comparer.with_extras(&mut levels, &ours, &theirs);
                    levels.each().for_each(|(field, level)| counts[field][level] += 1);
                }
                counts
            }) {
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
    pub(super) fn of_pair(&self, levels: Levels, row: &Record, record: &Record, words: &Words, extras: &[Word]) -> (f64, Option<f64>) {
        let mut sum = 0.0;
        let mut of_forename = None;
        for (field, level) in levels.each() {
            let known = match field {
                FORENAME => {
                    of_forename = self.forename(level as u8, row, words).map(f64::ln);
                    of_forename
                }
                SURNAME => self.surname(level as u8, row, words).map(f64::ln),
                BIRTH if level as u8 == birth::EXACT => Some(self.birth(row.birth).ln()),
                POSTCODE if level as u8 == postcode::EXACT => Some(self.share(self.postcodes[row.postcode as usize]).ln()),
                POSTCODE if level as u8 == postcode::OUTWARD => Some(self.share(self.outwards[row.outward as usize]).ln()),
                SCHOOL if level == 1 => Some(self.share(self.schools[row.school as usize]).ln()),
                NUMBER if level as u8 == number::SAME => Some(0.0),
                EXTRA.. if level == 2 => Some(self.share(self.extras[field - EXTRA][extras[field - EXTRA] as usize]).ln()),
                _ => None,
            };
            sum += known.unwrap_or(self.levels[field][level]);
        }
        // Names are not given independently: where the pair is commoner than its parts say, it counts as it is.
        if levels.get(FORENAME) == Some(forename::EXACT) && levels.get(SURNAME) == Some(surname::EXACT) && row.surname == record.surname {
            let both = self.both.get(&(row.forename, row.surname)).map_or(0, |count| count.saturating_sub(1));
            let apart = self.share(self.forenames[row.forename as usize]) * self.share(self.surnames[row.surname as usize]);
            sum += ((f64::from(both) + 0.01) / self.total / apart).ln().max(0.0);
        }
        (sum, of_forename)
    }

    fn forename(&self, level: u8, row: &Record, words: &Words) -> Option<f64> {
        let at = row.forename as usize;
        Some(match level {
            forename::EXACT => self.share(self.forenames[at]),
            forename::CLASH => self.share(self.forenames[at]) * 0.5,
            forename::PREFERRED => self.share(self.preferred[at]),
            forename::MIDDLE => self.share(self.middles[at]),
            forename::SWAPPED => {
                let both = self.both.get(&(row.surname, row.forename)).copied().unwrap_or(0);
                self.share(both).max(self.share(self.forenames[row.surname as usize]) * self.share(self.surnames[at]))
            }
            forename::FORM => self.share(self.forename_forms.get(&row.forename).copied().unwrap_or(0)),
            forename::PHONETIC => {
                self.share_between(self.forename_bones[words.bones(row.forename) as usize], self.forenames[at])
            }
            _ => return None,
        })
    }

    fn surname(&self, level: u8, row: &Record, words: &Words) -> Option<f64> {
        let at = row.surname as usize;
        Some(match level {
            surname::EXACT => self.share(self.surnames[at]),
            surname::FORM => self.share(self.surname_forms.get(&row.surname).copied().unwrap_or(0)),
            surname::PHONETIC => {
                self.share_between(self.surname_bones[words.bones(row.surname) as usize], self.surnames[at])
            }
            _ => return None,
        })
    }

    /// Share of the records that are born on a day: as counted, drawn towards all days alike where records are few.
    fn birth(&self, day: u32) -> f64 {
        let seen = self.births.get(&day).map_or(0, |count| count.saturating_sub(1));
        (f64::from(seen) + 20.0) / (self.total + 20.0 * self.days)
    }

    /// Logarithm of how often a level is met by chance.
    pub(super) const fn level(&self, field: usize, level: usize) -> f64 {
        self.levels[field][level]
    }
}
