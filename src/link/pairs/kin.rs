//! Brothers, sisters and twins: neither the same person nor a stranger. What they share is learnt from the register's
//! own households, which is what keeps a twin from being taken for the other.
use super::{
    evidence::{
        BIRTH, Comparer, FIELDS, FORENAME, LEVELS, NUMBER, POSTCODE, SCHOOL, SEEN, SEX, SURNAME, birth,
        forename, number,
    },
    record::Table,
    threads::in_pieces,
    words::{Words, mix},
};

/// A postcode with more people of one surname than this is no household.
const LARGEST_HOUSEHOLD: usize = 12;
/// Pairs that are looked at; with more, one in so many.
const MOST_PAIRS: usize = 60_000;
/// Kin who bear the same surname, and who live at the same address, as far as the register can tell.
const SAME_SURNAME: f64 = 0.94;
const SAME_ADDRESS: f64 = 0.97;
/// Kin whose number was written by mistake.
const NUMBER_OF_KIN: f64 = 0.002;

/// Levels of the forename and of the number that two people of one household do not have.
const ONE_NAME: [u8; 6] = [
    forename::PHONETIC,
    forename::SLIP,
    forename::SWAPPED,
    forename::FORM,
    forename::PREFERRED,
    forename::EXACT,
];
const ONE_NUMBER: [u8; 2] = [number::SAME, number::NEAR];

/// What kin have in common.
pub(super) struct Kin {
    /// Kin that a person has in the register.
    pub rate: f64,
    /// Share of kin born on the same day.
    pub twins: f64,
    same_school: f64,
    seen: [[f64; LEVELS]; FIELDS],
}

impl Kin {
    /// Looks at the register's households: same surname, same postcode.
    pub(super) fn of(register: &Table, words: &Words, threads: usize) -> Self {
        let records = &register.records;
        let mut homes: Vec<(u64, u32)> = records
            .iter()
            .enumerate()
            .filter(|(_, r)| r.postcode != 0 && r.surname != 0)
            .map(|(at, r)| (u64::from(r.postcode) << 32 | u64::from(r.surname), at as u32))
            .collect();
        homes.sort_unstable();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for home in
            homes.chunk_by(|a, b| a.0 == b.0).filter(|home| (2..=LARGEST_HOUSEHOLD).contains(&home.len()))
        {
            for (at, (_, one)) in home.iter().enumerate() {
                pairs.extend(home[at + 1..].iter().map(|(_, other)| (*one, *other)));
            }
        }
        let homed = homes.len();
        drop(homes);
        let all = pairs.len();
        let one_in = all.div_ceil(MOST_PAIRS).max(1) as u64;
        pairs.retain(|(a, b)| mix(u64::from(*a) << 32 | u64::from(*b)).is_multiple_of(one_in));
        let mut seen = [[0.0_f64; LEVELS]; FIELDS];
        let (mut kin, mut twins, mut school, mut schools) = (0.0, 0.0, 0.0, 0.0);
        let looked = pairs.len();
        for part in in_pieces(pairs.len(), 4096, threads, |range| {
            let mut comparer = Comparer::new(words);
            pairs[range]
                .iter()
                .map(|(a, b)| comparer.levels(&records[*a as usize], &records[*b as usize]))
                .collect::<Vec<_>>()
        }) {
            for levels in part {
                // The same name or number at one address is one person twice.
                let same_name = levels.get(FORENAME).is_some_and(|level| ONE_NAME.contains(&level));
                let same_number = levels.get(NUMBER).is_some_and(|level| ONE_NUMBER.contains(&level));
                if same_name || same_number {
                    continue;
                }
                let same_day = levels.get(BIRTH) == Some(birth::EXACT);
                kin += 1.0;
                twins += f64::from(u8::from(same_day));
                if let Some(level) = levels.get(SCHOOL) {
                    schools += 1.0;
                    school += f64::from(level);
                }
                for (field, level) in levels.each() {
                    // Twins apart, the birth date of kin is what it is.
                    if field != BIRTH || !same_day {
                        seen[field][level] += 1.0;
                    }
                }
            }
        }
        let share = kin / looked.max(1) as f64;
        Self {
            rate: (2.0 * all as f64 * share / homed.max(1) as f64).max(1e-6),
            twins: (twins + 0.05) / (kin + 1.0),
            same_school: (school + 0.5) / (schools + 1.0),
            seen,
        }
    }

    /// Logarithm of how often a level is met between a row and its person's kin: what kin share differs as far as a
    /// row errs, `same`, and the rest as strangers do, `strangers`.
    pub(super) fn table(
        &self,
        same: &[[f64; LEVELS]; FIELDS],
        strangers: impl Fn(usize, usize) -> f64,
    ) -> [[f64; LEVELS]; FIELDS] {
        let mut table = [[0.0; LEVELS]; FIELDS];
        for (field, levels) in table.iter_mut().enumerate() {
            let seen: f64 = self.seen[field].iter().sum::<f64>() + 0.5 * LEVELS as f64;
            for (level, value) in levels.iter_mut().enumerate() {
                let own = (self.seen[field][level] + 0.5) / seen;
                let between = |share: f64, rest: f64| share * same[field][level] + (1.0 - share) * rest;
                let stranger = strangers(field, level).exp();
                *value = match field {
                    SURNAME => between(SAME_SURNAME, stranger),
                    POSTCODE => between(SAME_ADDRESS, stranger),
                    SCHOOL => between(self.same_school, stranger),
                    BIRTH => between(self.twins, own),
                    NUMBER if level == number::SAME as usize => NUMBER_OF_KIN,
                    NUMBER if level == number::NEAR as usize => 1e-5,
                    NUMBER => 1.0,
                    FORENAME | SEX => own,
                    SEEN => stranger,
                    _ => between(0.5, stranger),
                }
                .ln();
            }
        }
        table
    }
}
