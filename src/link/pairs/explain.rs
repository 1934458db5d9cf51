//! Why two people are thought to be one, or not: a line for each field, in words and in bits.
//!
//! The lines add up to the weight by which the pair is judged. Each says what its field adds *in the light of those above
//! it*: who has the surname and the day of birth of somebody else may be their twin, and then the same address adds little.
use super::{
    Desk, Linkage, Pool,
    evidence::{
        BIRTH, Comparer, EXTRA, FORENAME, Levels, NUMBER, POSTCODE, SCHOOL, SEX, SURNAME, birth, forename,
        number, postcode, surname,
    },
    habits::Habits,
    model::{Model, Pair, Same},
    trained::Ready,
};
use std::f64::consts::LN_2;

/// The fields in the order in which they are said. The columns beside the known ones are other numbers.
const ORDER: [(usize, &str); 9] = [
    (FORENAME, "forename"),
    (SURNAME, "surname"),
    (BIRTH, "birth_date"),
    (SEX, "sex"),
    (POSTCODE, "postcode"),
    (SCHOOL, "school"),
    (NUMBER, "upn"),
    (EXTRA, "uln"),
    (EXTRA + 1, "nhs_number"),
];

/// What is not worth a line: less than a hundredth of a bit.
const NOTHING: f64 = 0.005;

/// What one field says. Our own words and a number: it can hold no value of anybody's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// The field; `names_together` and `habit` stand for what the forms of names say beside their agreement.
    pub field: &'static str,
    /// How far the two agree in it: `exact`, `phonetic`, `none`; `not_said` where one of them does not say.
    pub level: &'static str,
    /// What that adds to the weight, in bits: one bit makes it twice as likely that they are one person.
    pub bits: f64,
}

/// What the pair of sayings that agrees best says of two people.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighing {
    /// A line for each field.
    pub lines: Vec<Line>,
    /// How likely two records were one person before anything was compared, in bits.
    pub prior: f64,
    /// All together, in bits.
    pub sum: f64,
    /// The same as a probability.
    pub probability: f64,
}

/// A pool with the model that it is weighed by.
pub struct Weigher<'p> {
    pool: &'p Pool,
    linkage: Linkage<'p>,
    model: &'p Model,
    habits: &'p Habits,
    /// By hand.
    same: Vec<Same>,
}

impl Pool {
    /// Makes it ready for weighing under a model that was made ready for it.
    pub(in crate::link) fn weigher<'p>(&'p self, ready: &'p Ready) -> Weigher<'p> {
        let (table, words) = self.parts();
        let linkage =
            Linkage { rows: table, register: table, words, threads: 1, chance: ready.chance.clone() };
        Weigher {
            pool: self,
            linkage,
            model: &ready.model,
            habits: &ready.habits,
            same: ready.model.by_hand(),
        }
    }
}

impl Weigher<'_> {
    /// Weighs two owners by the pair of their sayings that agrees best. None where one of them says nothing.
    pub fn weigh(&self, one: u32, other: u32) -> Option<Weighing> {
        let mut desk =
            Desk { comparer: Comparer::brief(self.linkage.words), ours: Vec::new(), theirs: Vec::new() };
        let mut best: Option<(f64, Pair)> = None;
        for a in self.pool.sayings_of(one) {
            for b in self.pool.sayings_of(other) {
                let pair = self.pair(a.max(b), a.min(b), &mut desk);
                let weight = self.model.weight(&pair);
                if best.is_none_or(|(held, _)| weight > held) {
                    best = Some((weight, pair));
                }
            }
        }
        best.map(|(weight, pair)| self.in_lines(weight, &pair, &mut desk))
    }

    fn pair(&self, row: u32, record: u32, desk: &mut Desk<'_>) -> Pair {
        let mut pair = self.linkage.pair(row, record, desk, None);
        pair.habit =
            self.habits.of_pair(&pair, self.linkage.register, self.linkage.words, self.model, &self.same);
        pair
    }

    fn in_lines(&self, weight: f64, pair: &Pair, desk: &mut Desk<'_>) -> Weighing {
        let model = self.model;
        self.linkage.rows.extras_of(pair.row as usize, &mut desk.ours);
        let mut so_far =
            Pair { levels: Levels::default(), chance: 0.0, of_forename: f32::NAN, habit: 0.0, ..*pair };
        let score = |pair: &Pair| model.likely(pair.levels, pair.writers) - model.otherwise(pair);
        let mut held = score(&so_far);
        let mut lines = Vec::new();
        let mut put = |field, level, so_far: &Pair| {
            let now = score(so_far);
            lines.push(Line { field, level, bits: (now - std::mem::replace(&mut held, now)) / LN_2 });
        };
        let mut alone = 0.0;
        for (field, name) in ORDER {
            let Some(level) = pair.levels.get(field) else {
                let swapped = field == SURNAME && pair.levels.get(FORENAME) == Some(forename::SWAPPED);
                put(name, if swapped { "swapped" } else { "not_said" }, &so_far);
                continue;
            };
            so_far.levels.set(field, level);
            let chance = self.by_chance(field, pair, desk);
            alone += chance;
            so_far.chance = alone as f32;
            if field == FORENAME && !pair.of_forename.is_nan() {
                so_far.of_forename = chance as f32;
            }
            put(name, word(field, level), &so_far);
        }
        let together = f64::from(pair.chance) - alone;
        so_far.chance = pair.chance;
        so_far.of_forename = pair.of_forename;
        if together.abs() > NOTHING {
            put("names_together", "often_together", &so_far);
        }
        let habit = f64::from(pair.habit) / LN_2;
        if habit.abs() > NOTHING {
            let level = if habit > 0.0 { "usual" } else { "unusual" };
            lines.push(Line { field: "habit", level, bits: habit });
        }
        let sum = weight / LN_2;
        let prior = sum - lines.iter().map(|line| line.bits).sum::<f64>();
        Weighing { lines, prior, sum, probability: 1.0 / (1.0 + (-weight).exp()) }
    }

    /// Logarithm of the chance that a stranger agrees so in one field, as it is part of the pair's chance.
    fn by_chance(&self, field: usize, pair: &Pair, desk: &Desk<'_>) -> f64 {
        let (row, record) = (pair.row as usize, pair.record as usize);
        let (row, record) = (&self.linkage.rows.records[row], &self.linkage.register.records[record]);
        let of = |fields: &[usize]| {
            let mut levels = Levels::default();
            for field in fields {
                if let Some(level) = pair.levels.get(*field) {
                    levels.set(*field, level);
                }
            }
            self.linkage.chance.of_pair(levels, row, record, self.linkage.words, &desk.ours).0
        };
        // Which sex to expect, the forename says; which school, the address.
        match field {
            SEX => of(&[FORENAME, SEX]) - of(&[FORENAME]),
            SCHOOL => of(&[POSTCODE, SCHOOL]) - of(&[POSTCODE]),
            _ => of(&[field]),
        }
    }
}

/// Our word for a level of a field.
fn word(field: usize, level: u8) -> &'static str {
    match (field, level) {
        (FORENAME, forename::WEAK) | (SURNAME, surname::WEAK) => "weak",
        (FORENAME, forename::INITIAL) => "initial",
        (FORENAME, forename::PHONETIC) | (SURNAME, surname::PHONETIC) => "phonetic",
        (FORENAME, forename::SLIP) => "slip",
        (FORENAME, forename::SWAPPED) => "swapped",
        (FORENAME, forename::FORM) => "nickname",
        (FORENAME, forename::LIKE_ANOTHER) => "like_another",
        (FORENAME, forename::MIDDLE) => "middle",
        (FORENAME, forename::PREFERRED) => "preferred",
        (FORENAME, forename::CLASH) => "second_differs",
        (SURNAME, surname::FORM) => "form",
        (SURNAME, surname::PART) => "part",
        (BIRTH, birth::YEAR) => "year",
        (BIRTH, birth::DAY_AND_MONTH) => "day_and_month",
        (BIRTH, birth::YEAR_AND_DAY) => "year_and_day",
        (BIRTH, birth::YEAR_AND_MONTH) => "year_and_month",
        (BIRTH, birth::FIRST_OF_YEAR) => "first_of_year",
        (BIRTH, birth::SLIP) => "one_digit",
        (BIRTH, birth::CROSSED) => "day_month_swapped",
        (POSTCODE, postcode::AREA) => "area",
        (POSTCODE, postcode::OUTWARD) => "outward",
        (NUMBER, number::CONFLICT) => "conflict",
        (NUMBER, number::OTHERS_DIFFER) => "others_differ",
        (NUMBER, number::MISTYPED) => "mistyped",
        (FORENAME, forename::EXACT)
        | (SURNAME, surname::EXACT)
        | (BIRTH, birth::EXACT)
        | (SEX, 1)
        | (POSTCODE, postcode::EXACT)
        | (SCHOOL, 1)
        | (NUMBER, number::SAME)
        | (EXTRA.., 2) => "exact",
        (FORENAME, forename::NEAR)
        | (SURNAME, surname::NEAR)
        | (POSTCODE, postcode::NEAR)
        | (NUMBER, number::NEAR)
        | (EXTRA.., 1) => "near",
        _ => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Known, Said, Trained},
        *,
    };

    /// So many children of a street of families, each said twice; two of them are twins.
    fn pool() -> Pool {
        const NAMES: [&str; 12] =
            ["ADA", "BRAM", "CLEO", "DEV", "ESME", "FINN", "GRETA", "HUGO", "IRIS", "JUDE", "KITTY", "LEO"];
        const SURNAMES: [&str; 9] =
            ["ABBOT", "BYRD", "CROSS", "DRAPER", "ELWOOD", "FROST", "GARSIDE", "HOLT", "IVES"];
        let mut pool = Pool::new();
        for child in 0..240_u32 {
            let forename = NAMES[child as usize * 7 % 12];
            let surname = SURNAMES[child as usize * 5 % 9];
            let birth = format!("2010-{:02}-{:02}", child % 12 + 1, child % 27 + 1);
            let postcode = format!("ZT{}{}AA", child % 9 + 1, child % 7 + 1);
            let said = Said { forename, surname, birth_date: &birth, postcode: &postcode, ..Said::default() };
            for _ in 0..2 {
                pool.next_owner();
                pool.add("office", &said);
            }
        }
        let twin = |forename| Said {
            forename,
            surname: "QUILL",
            birth_date: "2011-03-10",
            postcode: "ZT99AA",
            ..Said::default()
        };
        for forename in ["MABEL", "ROWAN", "MABEL"] {
            pool.next_owner();
            pool.add("annex", &twin(forename));
        }
        pool
    }

    /// The pool, and the model that it taught, ready for it.
    fn ready() -> (Pool, Trained, Ready) {
        let mut pool = pool();
        let trained = pool.train(1);
        let ready = pool.ready(&trained).unwrap();
        (pool, trained, ready)
    }

    fn line<'w>(weighing: &'w Weighing, field: &str) -> &'w Line {
        weighing.lines.iter().find(|line| line.field == field).unwrap()
    }

    #[test]
    fn the_lines_add_up_to_what_the_pair_is_judged_by() {
        let (mut pool, trained, ready) = ready();
        let subjects: Vec<[u8; 16]> = (0..483_u128).map(u128::to_be_bytes).collect();
        let pairs = Known::of(&mut pool, &subjects, &trained, &Known::default(), 1).unwrap().pairs;
        let weigher = pool.weigher(&ready);
        for (a, b, probability) in pairs.iter().step_by(37) {
            let weighing = weigher.weigh(*a, *b).unwrap();
            assert!((weighing.probability - probability).abs() < 1e-6, "{a} {b}: {weighing:?} {probability}");
            let sum: f64 = weighing.prior + weighing.lines.iter().map(|line| line.bits).sum::<f64>();
            assert!((sum - weighing.sum).abs() < 1e-9);
            assert!(weighing.prior < -3.0, "before anything is compared two records are two people");
        }
        assert!(pairs.len() > 200);
    }

    #[test]
    fn the_order_of_the_two_does_not_matter() {
        let (pool, _, ready) = ready();
        let weigher = pool.weigher(&ready);
        assert_eq!(weigher.weigh(0, 1), weigher.weigh(1, 0));
        assert_eq!(weigher.weigh(0, 7), weigher.weigh(7, 0));
    }

    #[test]
    fn twins_are_told_by_the_forename() {
        let (pool, _, ready) = ready();
        let weigher = pool.weigher(&ready);
        let (twins, one) = (weigher.weigh(480, 481).unwrap(), weigher.weigh(480, 482).unwrap());
        assert_eq!(line(&twins, "forename").level, "none");
        assert!(line(&twins, "forename").bits < 0.0);
        assert_eq!(line(&one, "forename").level, "exact");
        assert!(one.sum > twins.sum + 3.0, "{one:?}\n{twins:?}");
        assert_eq!(line(&one, "upn"), &Line { field: "upn", level: "not_said", bits: 0.0 });
    }

    #[test]
    fn every_level_has_its_word() {
        for (field, levels) in
            [(FORENAME, 12), (SURNAME, 7), (BIRTH, 9), (SEX, 2), (POSTCODE, 5), (NUMBER, 5)]
        {
            let words: std::collections::BTreeSet<&str> =
                (0..levels).map(|level| word(field, level)).collect();
            assert_eq!(words.len(), levels as usize, "{field}: {words:?}");
        }
    }
}
