//! The scores that rest on others: each is counted, sorted or averaged anew, person by person.
use super::beyond_rows::{DistanceTravelled, EngagementChange};
use super::beyond_rows::{DomainScore, IndexSensitivity, LadderResult, OutcomeVector, ValueAdded};
use super::cells::Fixed;
use super::codes;
use super::days::{academic_year, first_day_of, last_day_of};
use super::measures::{AbsenceLearner, CircumstanceYear};
use super::rows::{CohortMember, Learner, Spell};
use chrono::NaiveDate;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A fraction of either sign, rounded half away from nothing.
pub fn signed<const PLACES: u32>(numerator: i64, denominator: i64) -> Option<Fixed<PLACES>> {
    let size = Fixed::<PLACES>::fraction(numerator.abs(), denominator)?;
    Some(Fixed(size.0 * numerator.signum()))
}

fn t_of(deviation: f64, spread: f64) -> Option<Fixed<1>> {
    (spread > 0.0).then(|| Fixed::round((50.0 + 10.0 * deviation / spread).clamp(20.0, 80.0)))
}

/// Groups of at least thirty who started alike, cut at about forty-five.
const BIN: i64 = 30;

/// The ladder of everybody against those of the year who started alike.
pub fn value_added(ladders: &[LadderResult], members: &[CohortMember]) -> Vec<ValueAdded> {
    let scores: BTreeMap<u32, Option<Fixed<2>>> =
        members.iter().map(|member| (member.person.0, member.ks2_score)).collect();
    let mut years: BTreeMap<i64, Vec<(i64, i64, u32)>> = BTreeMap::new();
    for row in ladders.iter().filter(|row| row.in_denominator) {
        if let (Some(score), Some(ladder)) = (scores[&row.person.0], row.ladder5) {
            years.entry(row.ks4_ay).or_default().push((score.0, ladder.0, row.person.0));
        }
    }
    let mut bins: BTreeMap<u32, (i64, Vec<i64>)> = BTreeMap::new();
    for year in years.values() {
        let n = year.len() as i64;
        let k = (2 * n / (3 * BIN)).max(1);
        let bin_of = |score: i64| year.iter().filter(|other| other.0 < score).count() as i64 * k / n + 1;
        for (score, _, person) in year {
            let bin = bin_of(*score);
            let alike = year.iter().filter(|other| bin_of(other.0) == bin).map(|other| other.1).collect();
            bins.insert(*person, (bin, alike));
        }
    }
    let mut rows: Vec<ValueAdded> = ladders
        .iter()
        .map(|row| {
            let found = bins.get(&row.person.0).filter(|(_, alike)| alike.len() as i64 >= BIN);
            let mut value = blank(row, scores[&row.person.0]);
            if let (Some((bin, alike)), Some(own)) = (found, row.ladder5) {
                let n = alike.len() as i64;
                let expected = Fixed::<4>::fraction(alike.iter().sum(), n * 10_000);
                let below = alike.iter().filter(|other| **other < own.0).count() as i64;
                let equal = alike.iter().filter(|other| **other == own.0).count() as i64;
                value.value_state = "known".to_owned();
                value.bin = Some(*bin);
                value.n_bin = Some(n);
                value.expected = expected;
                value.value_added = expected.map(|expected| Fixed(own.0 - expected.0));
                value.growth_percentile = Some(100 * (2 * below + equal) / (2 * n));
            }
            value
        })
        .collect();
    spread_values(&mut rows);
    rows
}

fn blank(row: &LadderResult, ks2_score: Option<Fixed<2>>) -> ValueAdded {
    let state = if row.ladder5.is_none() {
        "unknown"
    } else if ks2_score.is_none() {
        "no_baseline"
    } else if !row.in_denominator {
        "not_counted"
    } else {
        "too_few"
    };
    ValueAdded {
        person: row.person,
        ks4_ay: row.ks4_ay,
        value_state: state.to_owned(),
        ks2_score,
        bin: None,
        n_bin: None,
        ladder5: row.ladder5,
        expected: None,
        value_added: None,
        spread: None,
        t_score: None,
        t_error: None,
        growth_percentile: None,
    }
}

fn spread_values(rows: &mut [ValueAdded]) {
    let mut years: BTreeMap<i64, (f64, i64, BTreeSet<i64>)> = BTreeMap::new();
    for row in rows.iter() {
        if let (Some(value), Some(bin)) = (row.value_added, row.bin) {
            let year = years.entry(row.ks4_ay).or_default();
            year.0 += (value.0 as f64 / 1e4).powi(2);
            year.1 += 1;
            year.2.insert(bin);
        }
    }
    for row in rows.iter_mut() {
        let (Some(value), Some(n)) = (row.value_added, row.n_bin) else { continue };
        let (squares, count, bins) = &years[&row.ks4_ay];
        let freedom = count - bins.len() as i64;
        if freedom > 0 {
            let spread = (squares / freedom as f64).sqrt();
            row.spread = Some(Fixed::round(spread));
            row.t_score = t_of(value.0 as f64 / 1e4, spread);
            row.t_error = row.t_score.map(|_| Fixed::round(10.0 / (n as f64).sqrt()));
        }
    }
}

/// Everything that attendance before and in provision is compared with.
pub struct Registers<'a> {
    absence: BTreeMap<(u32, i64), &'a AbsenceLearner>,
    years: BTreeMap<(u32, i64), &'a CircumstanceYear>,
    sexes: BTreeMap<u32, &'a str>,
    in_provision: BTreeSet<(u32, i64)>,
}

pub type Background = (Option<i64>, String, String, String);

impl<'a> Registers<'a> {
    pub fn of(
        absence: &'a [AbsenceLearner],
        years: &'a [CircumstanceYear],
        learners: &'a [Learner],
        spells: &[Spell],
    ) -> Self {
        let mut in_provision = BTreeSet::new();
        for spell in spells.iter().filter(|spell| codes::is_ap(&spell.kind)) {
            for ay in academic_year(spell.starts_on)..=academic_year(spell.ends_on) {
                in_provision.insert((spell.person.0, i64::from(ay)));
            }
        }
        Self {
            absence: absence.iter().map(|row| ((row.person.0, row.ay), row)).collect(),
            years: years.iter().map(|row| ((row.person.0, row.ay), row)).collect(),
            sexes: learners
                .iter()
                .map(|row| (row.person.0, row.sex.as_deref().unwrap_or("not_known")))
                .collect(),
            in_provision,
        }
    }

    fn attended(&self, person: u32, ay: i64) -> Option<i64> {
        let row = self.absence.get(&(person, ay)).filter(|row| row.absence_state == "known")?;
        let (possible, absent) = (row.sessions_possible?, row.sessions_absent?);
        (row.enough_sessions == Some(true))
            .then(|| Fixed::<4>::fraction(possible - absent, possible))?
            .map(|rate| rate.0)
    }

    pub fn background(&self, person: u32, ay: i64) -> Option<Background> {
        let year = self.years.get(&(person, ay))?;
        let meals = match year.ever6_any {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not_known",
        };
        let sen = year.sen.as_deref().unwrap_or("not_known");
        Some((year.academic_age, self.sexes[&person].to_owned(), sen.to_owned(), meals.to_owned()))
    }

    /// Everybody with registers in both years and provision in neither: before, change, background.
    pub fn others(&self, ay: i64) -> Vec<(i64, i64, Background)> {
        let people = self.years.keys().filter(|(_, year)| *year == ay).map(|(person, _)| *person);
        people
            .filter(|person| ![ay - 1, ay].iter().any(|year| self.in_provision.contains(&(*person, *year))))
            .filter_map(|person| {
                let before = self.attended(person, ay - 1)?;
                let after = self.attended(person, ay)?;
                Some((before, after - before, self.background(person, ay)?))
            })
            .collect()
    }
}

/// Fills what rests on others in rows that have their sessions.
pub fn engagement(rows: &mut [EngagementChange], registers: &Registers<'_>) {
    let years: BTreeSet<i64> = rows.iter().map(|row| row.ay).collect();
    for ay in years {
        let others = registers.others(ay);
        let n = others.len() as f64;
        let mean = others.iter().map(|other| other.1 as f64 / 1e4).sum::<f64>() / n;
        let squares: f64 = others.iter().map(|other| (other.1 as f64 / 1e4 - mean).powi(2)).sum();
        let spread = (others.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        for row in rows.iter_mut().filter(|row| row.ay == ay) {
            compare(row, registers, &others, spread);
        }
    }
}

fn compare(
    row: &mut EngagementChange,
    registers: &Registers<'_>,
    others: &[(i64, i64, Background)],
    spread: Option<f64>,
) {
    let person = row.person.0;
    let after = row
        .sessions_offered
        .zip(row.sessions_attended)
        .and_then(|(offered, attended)| Fixed::<4>::fraction(attended, offered));
    let before = registers.attended(person, row.ay - 1);
    let background = registers.background(person, row.ay);
    let alike: Vec<i64> = others
        .iter()
        .filter(|other| Some(&other.2) == background.as_ref() && other.2.0.is_some())
        .filter(|other| before.is_some_and(|before| (other.0 - before).abs() <= 500))
        .map(|other| other.1)
        .collect();
    let n = alike.len() as i64;
    let placed_before = registers.in_provision.contains(&(person, row.ay - 1));
    row.attendance_after = after;
    row.attendance_before = before.map(Fixed);
    let change = after.zip(before).map(|(after, before)| after.0 - before);
    row.change = change.filter(|_| !placed_before).map(Fixed);
    row.n_comparators = n;
    row.spread = spread.map(Fixed::round);
    row.engagement_state = if after.is_none() {
        "not_known"
    } else if placed_before {
        "placed_before"
    } else if before.is_none() {
        "no_before"
    } else if n < 5 {
        "too_few"
    } else {
        "known"
    }
    .to_owned();
    let known = row.engagement_state == "known";
    row.comparator_change = signed(alike.iter().sum(), n * 10_000).filter(|_| known);
    row.adjusted_change = row.comparator_change.zip(change).map(|(others, change)| Fixed(change - others.0));
    row.t_score =
        row.adjusted_change.zip(spread).and_then(|(adjusted, spread)| t_of(adjusted.0 as f64 / 1e4, spread));
    row.t_error = row.t_score.map(|_| Fixed::round(10.0 / (n as f64).sqrt()));
}

/// The latest score of each domain up to the end of Year 11.
pub fn domains(
    ladders: &[LadderResult],
    values: &[ValueAdded],
    engagement: &[EngagementChange],
    distance: &[DistanceTravelled],
) -> Vec<DomainScore> {
    let mut rows = Vec::new();
    for ladder in ladders {
        let until = last_day_of(ladder.ks4_ay as i32);
        let row = |domain: &str, on: NaiveDate, reference: &str, t_score, t_error| DomainScore {
            person: ladder.person,
            domain: domain.to_owned(),
            score_on: on,
            reference: reference.to_owned(),
            t_score,
            t_error,
        };
        let value = values.iter().find(|row| row.person == ladder.person);
        if let Some((value, t)) = value.and_then(|value| Some((value, value.t_score?))) {
            rows.push(row("attainment", until, "cohort_alike", t, value.t_error));
        }
        let latest = engagement
            .iter()
            .filter(|row| row.person == ladder.person && row.ay <= ladder.ks4_ay && row.t_score.is_some())
            .max_by_key(|row| row.ay);
        if let Some((latest, t)) = latest.and_then(|latest| Some((latest, latest.t_score?))) {
            let on = last_day_of(latest.ay as i32);
            rows.push(row("engagement", on, "not_placed_alike", t, latest.t_error));
        }
        let social = distance
            .iter()
            .filter(|row| row.person == ladder.person && row.domain == "social")
            .filter(|row| row.later_on <= until && row.t_score.is_some())
            .max_by_key(|row| (row.later_on, Reverse(row.t_score)));
        if let Some((social, t)) = social.and_then(|social| Some((social, social.t_score?))) {
            rows.push(row("social", social.later_on, "own_start", t, social.t_error));
        }
    }
    rows
}

struct Index {
    n: i64,
    anchored: bool,
    equal: i64,
    heavy: i64,
    error: Option<Fixed<1>>,
}

fn index(scores: &[&DomainScore]) -> Index {
    let n = scores.len() as i64;
    let total: i64 = scores.iter().map(|score| score.t_score.0).sum();
    let equal = signed::<4>(total, 10 * n).unwrap().0;
    let attainment = scores.iter().find(|score| score.domain == "attainment").map(|score| score.t_score.0);
    let heavy = match attainment {
        Some(own) if n > 1 => {
            let others = (total - own) as f64 / (n - 1) as f64;
            ((0.5 * own as f64 + 0.5 * others) * 1000.0).round() as i64
        }
        _ => equal,
    };
    let errors: Option<Vec<f64>> =
        scores.iter().map(|score| score.t_error.map(|error| error.0 as f64 / 10.0)).collect();
    Index {
        n,
        anchored: scores.iter().any(|score| matches!(score.domain.as_str(), "attainment" | "engagement")),
        equal,
        heavy,
        error: errors.map(|errors| {
            Fixed::round(errors.iter().map(|error| error * error).sum::<f64>().sqrt() / n as f64)
        }),
    }
}

/// Fills the scores of the vectors, and says whether the index depends on its weights.
pub fn fill(vectors: &mut [OutcomeVector], scores: &[DomainScore]) -> Vec<IndexSensitivity> {
    let mut of_person: BTreeMap<u32, Vec<&DomainScore>> = BTreeMap::new();
    for score in scores {
        of_person.entry(score.person.0).or_default().push(score);
    }
    let mut versions: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
    for vector in vectors.iter() {
        if let Some(index) = of_person.get(&vector.person.0).map(|scores| index(scores))
            && index.n >= 2
            && index.anchored
        {
            versions.entry(vector.ks4_ay).or_default().push((index.equal, index.heavy));
        }
    }
    let sensitivity: Vec<IndexSensitivity> =
        versions.iter().map(|(ay, versions)| judged(*ay, versions)).collect();
    for vector in vectors.iter_mut() {
        let own = of_person.get(&vector.person.0);
        let score = |domain: &str| {
            own.and_then(|scores| scores.iter().find(|score| score.domain == domain))
                .map(|score| score.t_score)
        };
        vector.t_attainment = score("attainment");
        vector.t_engagement = score("engagement");
        vector.t_social = score("social");
        let index = own.map(|scores| index(scores));
        let suppressed =
            sensitivity.iter().any(|row| row.ks4_ay == vector.ks4_ay && row.index_state == "suppressed");
        vector.n_domains = index.as_ref().map_or(0, |index| index.n);
        vector.index_state = match &index {
            None => "unknown",
            Some(index) if index.n < 2 => "too_few_domains",
            Some(index) if !index.anchored => "no_anchor",
            Some(_) if suppressed => "suppressed",
            Some(_) => "known",
        }
        .to_owned();
        let shown = index.filter(|_| vector.index_state == "known");
        vector.distance_index = shown.as_ref().map(|index| Fixed((index.equal + 500) / 1000));
        vector.distance_error = shown.and_then(|index| index.error);
    }
    sensitivity
}

fn judged(ks4_ay: i64, versions: &[(i64, i64)]) -> IndexSensitivity {
    let equal: Vec<i64> = versions.iter().map(|version| version.0).collect();
    let heavy: Vec<i64> = versions.iter().map(|version| version.1).collect();
    let rho = spearman(&equal, &heavy);
    let without = spearman(&equal, &equal);
    let state = match (rho, without) {
        (Some(rho), Some(_)) if versions.len() >= 10 => {
            if rho < 0.8 {
                "suppressed"
            } else {
                "shown"
            }
        }
        _ => "untested",
    };
    IndexSensitivity {
        ks4_ay,
        n_learners: versions.len() as i64,
        n_with_goals: 0,
        rho_attainment_heavy: rho.map(Fixed::round),
        rho_without_goals: without.map(Fixed::round),
        index_state: state.to_owned(),
    }
}

/// Pearson's correlation of mid-ranks.
fn spearman(one: &[i64], two: &[i64]) -> Option<f64> {
    let ranks = |values: &[i64]| -> Vec<f64> {
        let rank = |value: &i64| {
            let below = values.iter().filter(|other| *other < value).count() as f64;
            let equal = values.iter().filter(|other| *other == value).count() as f64;
            below + f64::midpoint(equal, 1.0)
        };
        values.iter().map(rank).collect()
    };
    let (one, two) = (ranks(one), ranks(two));
    let middle = f64::midpoint(one.len() as f64, 1.0);
    let product =
        |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum() };
    let spread = product(&one, &one) * product(&two, &two);
    (spread > 0.0).then(|| product(&one, &two) / spread.sqrt())
}

/// The academic years in which a day can lie, for a spell that never ends before it starts.
#[test]
fn a_year_of_provision_is_every_year_that_it_touches() {
    assert_eq!(academic_year(first_day_of(2024)), 2024);
    assert_eq!(spearman(&[1, 2, 3], &[3, 2, 1]), Some(-1.0));
    assert_eq!(spearman(&[1, 1], &[1, 2]), None);
}
