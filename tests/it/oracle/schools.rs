//! Schools: `docs/measures/schools.md`, read once more, pupil by pupil.
use super::cells::Fixed;
use super::measures::Ks4Result;
use super::school_rows::{SchoolPrediction, SchoolResult, SchoolSimilar, SchoolValueAdded};
use super::waterfall::wilson;
use super::year::Year;
use std::collections::{BTreeMap, BTreeSet};

/// National rates of all pupils, in thousandths, by year: basics at 4 and at 5.
const NATION: [(i64, i64, i64); 7] = [
    (2019, 646, 432),
    (2020, 712, 499),
    (2021, 722, 519),
    (2022, 688, 498),
    (2023, 651, 453),
    (2024, 650, 459),
    (2025, 645, 452),
];

/// Disadvantaged pupils of the nation in 2024: least score in hundredths, how many, with basics at 4, at 5.
const MATRIX: [(i64, i64, i64, i64); 11] = [
    (0, 7060, 168, 62),
    (8000, 11083, 320, 81),
    (9000, 17549, 1688, 431),
    (9600, 20170, 4523, 1425),
    (10000, 18527, 6839, 2601),
    (10250, 22337, 11188, 5178),
    (10500, 21466, 13501, 7571),
    (10750, 16635, 12559, 8572),
    (11000, 13621, 11573, 9283),
    (11350, 5386, 5001, 4458),
    (11700, 1119, 1089, 1046),
];

const MEASURES: [&str; 3] = ["five_a_c_em", "basics_9_4", "basics_9_5"];
/// Fewer pupils than this are too few, fewer schools than this no reference.
const ENOUGH_PUPILS: usize = 20;
const ENOUGH_SCHOOLS: usize = 50;
/// Policy has rules from this year on.
const FIRST_RULE: i64 = 2016;

/// Somebody at the end of key stage 4, with the school of January.
struct Pupil<'a> {
    at: &'a Ks4Result,
    school: String,
    kind: String,
}

impl Pupil<'_> {
    fn is_mainstream(&self) -> bool {
        matches!(self.kind.as_str(), "mainstream" | "resourced_unit")
    }

    fn answer(&self, measure: &str) -> &str {
        match measure {
            "five_a_c_em" => &self.at.five_a_c_em,
            "basics_9_4" => &self.at.basics_9_4,
            _ => &self.at.basics_9_5,
        }
    }

    fn is_poor(&self) -> bool {
        self.at.disadvantaged == Some(true)
    }
}

fn is_measured(answer: &str) -> bool {
    !matches!(answer, "not_published" | "no_rule_for_year")
}

fn nation(measure: &str, ay: i64) -> Option<i64> {
    let (_, four, five) = NATION.into_iter().find(|(year, ..)| *year == ay)?;
    match measure {
        "basics_9_4" => Some(four),
        "basics_9_5" => Some(five),
        _ => None,
    }
}

/// Everybody who counts at the end of key stage 4.
fn pupils<'a>(rows: &'a [Ks4Result], years: &BTreeMap<(u32, i64), Year>) -> Vec<Pupil<'a>> {
    let counted = rows.iter().filter(|row| row.in_denominator);
    let pupil = |at: &'a Ks4Result| {
        let year = years.get(&(at.person.0, at.ks4_ay));
        let school = year.filter(|year| year.on_roll).and_then(|year| year.school.clone());
        let kind = if school.is_some() { at.kind.clone() } else { "none".to_owned() };
        Pupil { at, school: school.unwrap_or_else(|| "none".to_owned()), kind }
    };
    counted.map(pupil).collect()
}

/// Pupils by year, school and measure.
type Schools<'p, 'a> = BTreeMap<(i64, String, &'static str), Vec<&'p Pupil<'a>>>;

fn by_school<'p, 'a>(pupils: &'p [Pupil<'a>]) -> Schools<'p, 'a> {
    let mut schools = Schools::new();
    for pupil in pupils {
        for measure in MEASURES.into_iter().filter(|measure| is_measured(pupil.answer(measure))) {
            schools.entry((pupil.at.ks4_ay, pupil.school.clone(), measure)).or_default().push(pupil);
        }
    }
    schools
}

pub fn results(rows: &[Ks4Result], years: &BTreeMap<(u32, i64), Year>) -> Vec<SchoolResult> {
    let pupils = pupils(rows, years);
    let mut found = Vec::new();
    for ((ks4_ay, school_id, measure), theirs) in by_school(&pupils) {
        let poor: Vec<&str> =
            theirs.iter().filter(|pupil| pupil.is_poor()).map(|pupil| pupil.answer(measure)).collect();
        let n = poor.len() as i64;
        let missing = poor.iter().filter(|answer| **answer == "unknown").count() as i64;
        let achieved = poor.iter().filter(|answer| **answer == "achieved").count() as i64;
        let interval = wilson(achieved, n);
        let is_mainstream = theirs.iter().any(|pupil| pupil.is_mainstream());
        let national = nation(measure, ks4_ay);
        found.push(SchoolResult {
            ks4_ay,
            school_id,
            kind: theirs.iter().map(|pupil| pupil.kind.clone()).min().unwrap_or_default(),
            is_mainstream,
            is_here: theirs.iter().any(|pupil| pupil.at.attending),
            measure: measure.to_owned(),
            n_pupils: theirs.len() as i64,
            n_disadvantaged: n,
            n_disadvantage_not_known: theirs.iter().filter(|pupil| pupil.at.disadvantaged.is_none()).count()
                as i64,
            n_missing: missing,
            n_known: n - missing,
            n_achieved: achieved,
            rate: Fixed::fraction(achieved, n),
            rate_low: interval.map(|(low, _)| low),
            rate_high: interval.map(|(_, high)| high),
            observed: Fixed::fraction(achieved, n - missing),
            upper: Fixed::fraction(achieved + missing, n),
            national_rate: national.map(|thousandths| Fixed(10 * thousandths)),
            national_state: if national.is_some() { "held" } else { "no_rule_for_year" }.to_owned(),
            beats_national_all: national
                .filter(|_| is_mainstream && n > 0)
                .map(|thousandths| 1000 * achieved > thousandths * n),
            grades_comparable: theirs.iter().any(|pupil| pupil.at.grades_comparable == Some(true)),
        });
    }
    found.sort();
    found
}

/// The disadvantaged pupils of a school in the years pooled for one, and all whose disadvantage is known.
struct Pool<'p, 'a> {
    is_mainstream: bool,
    /// Whether anybody finished here in the last of the years.
    is_there: bool,
    poor: Vec<&'p Pupil<'a>>,
    n_told: usize,
    has_baseline: bool,
}

impl Pool<'_, '_> {
    /// Those who are used: answer and score in hundredths.
    fn used(&self, measure: &str) -> Vec<(i64, bool, i64)> {
        let known = self.poor.iter().filter(|pupil| pupil.answer(measure) != "unknown");
        let told = known.filter_map(|pupil| {
            let score = pupil.at.ks2_score?;
            Some((pupil.at.ks4_ay, pupil.answer(measure) == "achieved", score.0))
        });
        told.filter(|_| self.has_baseline).collect()
    }

    fn unknown(&self, measure: &str) -> i64 {
        self.poor.iter().filter(|pupil| pupil.answer(measure) == "unknown").count() as i64
    }

    fn without_baseline(&self, measure: &str) -> i64 {
        let without =
            |pupil: &&&Pupil<'_>| pupil.answer(measure) != "unknown" && pupil.at.ks2_score.is_none();
        self.poor.iter().filter(without).count() as i64
    }
}

type Pools<'p, 'a> = BTreeMap<(i64, &'static str), BTreeMap<String, Pool<'p, 'a>>>;

fn pools<'p, 'a>(pupils: &'p [Pupil<'a>]) -> Pools<'p, 'a> {
    let comparable: BTreeSet<i64> = pupils
        .iter()
        .filter(|pupil| pupil.at.grades_comparable == Some(true))
        .map(|pupil| pupil.at.ks4_ay)
        .collect();
    let all: BTreeSet<i64> = pupils.iter().map(|pupil| pupil.at.ks4_ay).collect();
    let mut pools = Pools::new();
    for ay in all {
        for measure in ["basics_9_4", "basics_9_5"] {
            let is_pooled = |year: i64| {
                year == ay
                    || (ay >= FIRST_RULE
                        && (ay - 2..ay).contains(&year)
                        && comparable.contains(&ay)
                        && comparable.contains(&year))
            };
            let theirs: Vec<&Pupil<'_>> = pupils
                .iter()
                .filter(|pupil| is_pooled(pupil.at.ks4_ay) && pupil.school != "none")
                .filter(|pupil| is_measured(pupil.answer(measure)))
                .collect();
            let has_baseline = theirs.iter().any(|pupil| {
                pupil.is_poor()
                    && pupil.at.ks4_ay == ay
                    && pupil.answer(measure) != "unknown"
                    && pupil.at.ks2_score.is_some()
            });
            for pupil in theirs {
                let empty =
                    Pool { is_mainstream: false, is_there: false, poor: Vec::new(), n_told: 0, has_baseline };
                let pool =
                    pools.entry((ay, measure)).or_default().entry(pupil.school.clone()).or_insert(empty);
                pool.is_mainstream |= pupil.is_mainstream();
                pool.is_there |= pupil.at.ks4_ay == ay;
                pool.n_told += usize::from(pupil.at.disadvantaged.is_some());
                if pupil.is_poor() {
                    pool.poor.push(pupil);
                }
            }
        }
    }
    for schools in pools.values_mut() {
        schools.retain(|_, pool| pool.is_there);
    }
    pools
}

/// The nation's chance from a score, rounded to ten-thousandths as the list gives it.
fn chance(measure: &str, ay: i64, score: i64) -> Option<i64> {
    let (_, n, four, five) = MATRIX.into_iter().rev().find(|(from, ..)| ay == 2024 && *from <= score)?;
    let achieved = if measure == "basics_9_4" { four } else { five };
    Fixed::<4>::fraction(achieved, n).map(|share| share.0)
}

/// The area under the normal curve up to `z`, by Simpson's rule.
fn normal(z: f64) -> f64 {
    let steps = 4000;
    let width = z / f64::from(steps);
    let height = |at: i32| (-0.5 * (f64::from(at) * width).powi(2)).exp();
    let weight = |at: i32| match at {
        0 => 1.0,
        _ if at == steps => 1.0,
        _ if at % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let sum: f64 = (0..=steps).map(|at| weight(at) * height(at)).sum();
    0.5 + sum * width / 3.0 / (2.0 * std::f64::consts::PI).sqrt()
}

fn signed(value: f64) -> Fixed<4> {
    Fixed((value * 1e4).round() as i64)
}

pub fn predictions(rows: &[Ks4Result], years: &BTreeMap<(u32, i64), Year>) -> Vec<SchoolPrediction> {
    let pupils = pupils(rows, years);
    let mut found = Vec::new();
    for ((ay, measure), schools) in pools(&pupils) {
        let matched = |pool: &Pool<'_, '_>| -> Vec<(bool, i64)> {
            let used = pool.used(measure).into_iter();
            used.filter_map(|(year, done, score)| Some((done, chance(measure, year, score)?))).collect()
        };
        let judgeable = |pool: &&Pool<'_, '_>| pool.is_mainstream && !matched(pool).is_empty();
        let n_schools = schools.values().filter(judgeable).count() as i64;
        let modelled = schools.values().filter(|pool| pool.is_mainstream && !pool.used(measure).is_empty());
        assert!(modelled.count() < ENOUGH_SCHOOLS, "a world with a model: the oracle has none");
        for (school_id, pool) in &schools {
            let used = pool.used(measure);
            let theirs = matched(pool);
            let state = match () {
                () if ay < FIRST_RULE => "no_rule_for_year",
                () if !pool.is_mainstream => "not_mainstream",
                () if used.is_empty() => "no_baseline",
                () if theirs.is_empty() => "no_reference",
                () if theirs.len() < ENOUGH_PUPILS => "too_few",
                () => "judged",
            };
            let mut row = SchoolPrediction {
                ks4_ay: ay,
                school_id: school_id.clone(),
                measure: measure.to_owned(),
                reference: "national_transition".to_owned(),
                state: state.to_owned(),
                from_ay: used.iter().map(|(year, ..)| *year).min().unwrap_or(ay),
                n_schools,
                n_disadvantaged: pool.poor.len() as i64,
                n_unknown: pool.unknown(measure),
                n_without_baseline: pool.without_baseline(measure),
                n_without_reference: if matches!(state, "judged" | "too_few") {
                    (used.len() - theirs.len()) as i64
                } else {
                    0
                },
                n_pupils: used.len() as i64,
                n_achieved: used.iter().filter(|(_, done, _)| *done).count() as i64,
                rate: None,
                mean_ks2: None,
                predicted: None,
                residual: None,
                between_sd: None,
                reliability: None,
                estimate: None,
                estimate_low: None,
                estimate_high: None,
                p_above_prediction: None,
                beats_prediction: None,
                national_rate: nation(measure, ay).map(|thousandths| Fixed(10 * thousandths)),
                p_above_national: None,
            };
            if matches!(state, "judged" | "too_few") {
                judge(&mut row, &used, &theirs);
            }
            found.push(row);
        }
    }
    found.sort();
    found
}

/// The figures of a school: answers and chances in ten-thousandths.
fn judge(row: &mut SchoolPrediction, used: &[(i64, bool, i64)], theirs: &[(bool, i64)]) {
    let n = theirs.len() as i64;
    let achieved = theirs.iter().filter(|(done, _)| *done).count() as i64;
    let expected: i64 = theirs.iter().map(|(_, chance)| chance).sum();
    let variance: i64 = theirs.iter().map(|(_, chance)| chance * (10_000 - chance)).sum();
    let spread = (variance as f64).sqrt() / 1e4 / n as f64;
    let residual = (achieved as f64 - expected as f64 / 1e4) / n as f64;
    row.n_pupils = n;
    row.n_achieved = achieved;
    row.rate = Fixed::fraction(achieved, n);
    if used.len() == theirs.len() {
        row.mean_ks2 = Fixed::fraction(used.iter().map(|(.., score)| score).sum(), 100 * n);
    }
    row.predicted = Fixed::fraction(expected, 10_000 * n);
    row.residual = Some(signed(residual));
    row.estimate = Some(signed(residual));
    row.estimate_low = Some(signed(residual - 1.96 * spread));
    row.estimate_high = Some(signed(residual + 1.96 * spread));
    let above = normal(residual / spread);
    row.p_above_prediction = Some(signed(above));
    row.beats_prediction = (row.state == "judged").then_some(above >= 0.95);
    row.p_above_national = row
        .national_rate
        .map(|national| signed(normal((achieved as f64 / n as f64 - national.0 as f64 / 1e4) / spread)));
}

pub fn similar(rows: &[Ks4Result], years: &BTreeMap<(u32, i64), Year>) -> Vec<SchoolSimilar> {
    let pupils = pupils(rows, years);
    let mut found = Vec::new();
    for ((ay, measure), schools) in pools(&pupils) {
        let is_large = |pool: &&Pool<'_, '_>| pool.is_mainstream && pool.used(measure).len() >= ENOUGH_PUPILS;
        assert!(schools.values().filter(is_large).count() < 20, "a world with similar schools");
        for (school_id, pool) in &schools {
            let used = pool.used(measure);
            let (n, achieved) = (used.len() as i64, used.iter().filter(|(_, done, _)| *done).count() as i64);
            let state = match () {
                () if ay < FIRST_RULE => "no_rule_for_year",
                () if !pool.is_mainstream => "not_mainstream",
                () if n == 0 => "no_baseline",
                () if used.len() < ENOUGH_PUPILS => "too_few",
                () => "too_few_schools",
            };
            found.push(SchoolSimilar {
                ks4_ay: ay,
                school_id: school_id.clone(),
                measure: measure.to_owned(),
                state: state.to_owned(),
                from_ay: used.iter().map(|(year, ..)| *year).min().unwrap_or(ay),
                n_pupils: n,
                n_achieved: achieved,
                rate: Fixed::fraction(achieved, n),
                mean_ks2: Fixed::fraction(used.iter().map(|(.., score)| score).sum(), 100 * n),
                share_disadvantaged: Fixed::fraction(pool.poor.len() as i64, pool.n_told as i64),
                n_similar: None,
                furthest: None,
                similar_rate: None,
                best_fifth_rate: None,
                gap_to_best_fifth: None,
                more_at_half_the_gap: None,
            });
        }
    }
    found.sort();
    found
}

pub fn value_added(rows: &[Ks4Result], years: &BTreeMap<(u32, i64), Year>) -> Vec<SchoolValueAdded> {
    let pupils = pupils(rows, years);
    let all: BTreeSet<i64> = pupils.iter().map(|pupil| pupil.at.ks4_ay).collect();
    let comparable = |ay: i64| {
        pupils.iter().any(|pupil| pupil.at.ks4_ay == ay && pupil.at.grades_comparable == Some(true))
    };
    let mut found = Vec::new();
    for ay in all {
        let is_pooled = |year: i64| {
            year == ay
                || (ay >= FIRST_RULE && (ay - 2..ay).contains(&year) && comparable(ay) && comparable(year))
        };
        let theirs: Vec<&Pupil<'_>> =
            pupils.iter().filter(|pupil| pupil.is_poor() && is_pooled(pupil.at.ks4_ay)).collect();
        let has_both = |pupil: &Pupil<'_>| pupil.at.attainment8.is_some() && pupil.at.ks2_score.is_some();
        let has_baseline = theirs.iter().any(|pupil| pupil.at.ks4_ay == ay && has_both(pupil));
        let used: Vec<&Pupil<'_>> =
            theirs.iter().copied().filter(|pupil| has_baseline && has_both(pupil)).collect();
        let first = used.iter().map(|pupil| pupil.at.ks4_ay).min().unwrap_or(ay);
        let mainstream: BTreeSet<&str> =
            used.iter().filter(|pupil| pupil.is_mainstream()).map(|pupil| pupil.school.as_str()).collect();
        assert!(mainstream.len() < ENOUGH_SCHOOLS, "a world with a model: the oracle has none");
        let schools: BTreeSet<&str> = theirs.iter().map(|pupil| pupil.school.as_str()).collect();
        for school in schools {
            let own: Vec<&&Pupil<'_>> = theirs.iter().filter(|pupil| pupil.school == school).collect();
            let own_used: Vec<&&Pupil<'_>> = used.iter().filter(|pupil| pupil.school == school).collect();
            let is_mainstream = own.iter().any(|pupil| pupil.is_mainstream());
            let points: i64 =
                own_used.iter().filter_map(|pupil| pupil.at.attainment8).map(|points| points.0).sum();
            let n_unknown = own.iter().filter(|pupil| pupil.at.attainment8.is_none()).count() as i64;
            let without = own
                .iter()
                .filter(|pupil| pupil.at.attainment8.is_some() && pupil.at.ks2_score.is_none())
                .count() as i64;
            let state = match () {
                () if ay < FIRST_RULE => "no_rule_for_year",
                () if !is_mainstream => "not_mainstream",
                () if own_used.is_empty() => "no_baseline",
                () => "too_few_schools",
            };
            found.push(SchoolValueAdded {
                ks4_ay: ay,
                school_id: school.to_owned(),
                state: state.to_owned(),
                from_ay: first,
                n_schools: mainstream.len() as i64,
                n_disadvantaged: own.len() as i64,
                n_unknown,
                n_without_baseline: without,
                n_pupils: own_used.len() as i64,
                mean_points: Fixed::fraction(points, 100 * own_used.len() as i64),
                residual: None,
                between_sd: None,
                pupil_sd: None,
                reliability: None,
                estimate: None,
                estimate_low: None,
                estimate_high: None,
                p_above_prediction: None,
                beats_prediction: None,
            });
        }
    }
    found.sort();
    found
}

#[test]
fn the_normal_curve_is_that_of_the_tables() {
    assert_eq!(signed(normal(1.96)), Fixed(9_750));
    assert_eq!(signed(normal(-1.0)), Fixed(1_587));
}
