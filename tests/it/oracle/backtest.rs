//! How well risk foretold: pair by pair and person by person.
use super::cells::{Fixed, Person};
use super::measures::CircumstanceYear;
use super::neet_rates::interval;
use super::neet_rows::NccisMonth;
use super::risk_rows::{RiskBacktest, RiskCalibration, RiskCurve, RiskFairness, RiskScore};
use super::rows::Learner;
use chrono::Datelike;
use std::collections::BTreeMap;

/// One score beside what became of it, in one of the ways to read both.
struct Tested {
    person: Person,
    points: i64,
    positive: Option<bool>,
    flagged: bool,
}

/// Pack, cohort, outcome and basis.
type Key = (String, i64, &'static str, &'static str);

#[derive(Default)]
pub struct Tests(BTreeMap<Key, Vec<Tested>>);

impl Tests {
    pub fn of(scores: &[RiskScore], months: &[NccisMonth]) -> Self {
        let winters = winters(months);
        let mut tests = Self::default();
        for score in scores {
            // The end of Year 10: 31 August, four years after Year 6.
            let is_end = (score.predicted_on.month(), score.predicted_on.day()) == (8, 31);
            let Some(state) = winters.get(&score.person).filter(|_| is_end && score.year_group == 10) else {
                continue;
            };
            let cohort = i64::from(score.predicted_on.year()) - 4;
            for (basis, points, band) in
                [("low", score.score_low, &score.band_low), ("high", score.score_high, &score.band_high)]
            {
                for outcome in ["neet", "neet_or_not_known"] {
                    let positive = match (*state, outcome) {
                        ("neet", _) | ("not_known", "neet_or_not_known") => Some(true),
                        ("other", _) => Some(false),
                        _ => None,
                    };
                    tests.0.entry((score.pack.clone(), cohort, outcome, basis)).or_default().push(Tested {
                        person: score.person,
                        points,
                        positive,
                        flagged: band == "red",
                    });
                }
            }
        }
        tests
    }

    /// Who has an outcome: points, whether it came about, whether flagged.
    fn known(tested: &[Tested]) -> Vec<(i64, bool, bool)> {
        tested.iter().filter_map(|one| Some((one.points, one.positive?, one.flagged))).collect()
    }

    pub fn curves(&self) -> Vec<RiskCurve> {
        let mut rows = Vec::new();
        for ((pack, cohort, outcome, basis), tested) in &self.0 {
            let known = Self::known(tested);
            let mut thresholds: Vec<i64> = known.iter().map(|one| one.0).collect();
            thresholds.sort_unstable();
            thresholds.dedup();
            for from in thresholds {
                let n = |wanted: &dyn Fn(bool, bool) -> bool| {
                    known.iter().filter(|one| wanted(one.0 >= from, one.1)).count() as i64
                };
                let (right, wrong) = (n(&|flagged, is| flagged && is), n(&|flagged, is| flagged && !is));
                let (positive, negative) = (n(&|_, is| is), n(&|_, is| !is));
                let flagged = right + wrong;
                let (precise, found) =
                    (interval(right as f64, flagged as f64), interval(right as f64, positive as f64));
                let whole = (positive + negative) as f64;
                let spared = interval((negative - wrong) as f64, negative as f64);
                let right_of_all = interval((right + negative - wrong) as f64, whole);
                let base = match cohort + 6 {
                    2022 => Some(260),
                    2023 => Some(280),
                    2025 => Some(350),
                    2026 => Some(340),
                    _ => None,
                };
                let at_base = base.and_then(|base| {
                    let hits = right * negative * base;
                    Fixed::fraction(hits, hits + wrong * positive * (10_000 - base))
                });
                rows.push(RiskCurve {
                    pack: pack.clone(),
                    cohort_ay: *cohort,
                    outcome: (*outcome).to_owned(),
                    basis: (*basis).to_owned(),
                    flag_from: from,
                    n_scored: positive + negative,
                    n_missing: tested.iter().filter(|one| one.positive.is_none()).count() as i64,
                    n_positive: positive,
                    n_flagged: flagged,
                    n_true: right,
                    precision: Fixed::fraction(right, flagged),
                    precision_low: precise.map(|ends| ends.0),
                    precision_high: precise.map(|ends| ends.1),
                    recall: Fixed::fraction(right, positive),
                    recall_low: found.map(|ends| ends.0),
                    recall_high: found.map(|ends| ends.1),
                    specificity: Fixed::fraction(negative - wrong, negative),
                    specificity_low: spared.map(|ends| ends.0),
                    specificity_high: spared.map(|ends| ends.1),
                    lift: Fixed::fraction(right * (positive + negative), flagged * positive),
                    accuracy: Fixed::fraction(right + negative - wrong, positive + negative),
                    accuracy_low: right_of_all.map(|ends| ends.0),
                    accuracy_high: right_of_all.map(|ends| ends.1),
                    precision_at_base: at_base,
                });
            }
        }
        rows
    }

    pub fn calibrations(&self) -> Vec<RiskCalibration> {
        let mut rows = Vec::new();
        for (key, tested) in &self.0 {
            let known = Self::known(tested);
            for points in 0..=9 {
                let here = count_at(&known, points);
                if here.0 == 0 {
                    continue;
                }
                let before = self.before(key, points);
                let chance = Fixed::<4>::fraction(before.1, before.0);
                let ends = interval(here.1 as f64, here.0 as f64);
                let lost = |one: &&Tested| one.points.min(9) == points && one.positive.is_none();
                rows.push(RiskCalibration {
                    pack: key.0.clone(),
                    cohort_ay: key.1,
                    outcome: key.2.to_owned(),
                    basis: key.3.to_owned(),
                    points,
                    n_before: before.0,
                    n_positive_before: before.1,
                    chance,
                    n: here.0,
                    n_missing: tested.iter().filter(lost).count() as i64,
                    n_positive: here.1,
                    observed: Fixed::fraction(here.1, here.0),
                    observed_low: ends.map(|ends| ends.0),
                    observed_high: ends.map(|ends| ends.1),
                    expected: chance.map(|chance| Fixed(chance.0 * here.0)),
                });
            }
        }
        rows
    }

    /// Of all cohorts at least two years older: how many had so many points, and for how many it came about.
    fn before(&self, key: &Key, points: i64) -> (i64, i64) {
        let older = self.0.iter().filter(|(other, _)| {
            (&other.0, other.2, other.3) == (&key.0, key.2, key.3) && other.1 <= key.1 - 2
        });
        older
            .map(|(_, tested)| count_at(&Self::known(tested), points))
            .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
    }

    pub fn backtests(&self) -> Vec<RiskBacktest> {
        let mut rows = Vec::new();
        for (key, tested) in &self.0 {
            let known = Self::known(tested);
            let n = known.len() as i64;
            if n == 0 {
                continue;
            }
            let positive = known.iter().filter(|one| one.1).count() as i64;
            let (auc, auc_low, auc_high) = auc(&known);
            let capacity = ((n * 5 + 50) / 100).max(1);
            let (numerator, tied) = at_capacity(&known, capacity);
            let chances = self.chances(key, &known);
            let right = known.iter().filter(|one| one.1 == one.2).count() as i64;
            let ours = numerator as f64 / tied as f64;
            let (precise, found) = (interval(ours, capacity as f64), interval(ours, positive as f64));
            let rightly = interval(right as f64, n as f64);
            let Chances { n: told, came_about: came, .. } = chances;
            rows.push(RiskBacktest {
                pack: key.0.clone(),
                cohort_ay: key.1,
                outcome: key.2.to_owned(),
                basis: key.3.to_owned(),
                n_scored: n,
                n_positive: positive,
                n_left_out: tested.len() as i64 - n,
                auc,
                auc_low,
                auc_high,
                n_at_capacity: Some(capacity),
                true_at_capacity: Fixed::fraction(numerator, tied),
                precision_at_capacity: Fixed::fraction(numerator, capacity * tied),
                precision_low: precise.map(|ends| ends.0),
                precision_high: precise.map(|ends| ends.1),
                recall_at_capacity: Fixed::fraction(numerator, positive * tied),
                recall_low: found.map(|ends| ends.0),
                recall_high: found.map(|ends| ends.1),
                lift_at_capacity: Fixed::fraction(numerator * n, capacity * tied * positive),
                n_flagged: known.iter().filter(|one| one.2).count() as i64,
                n_right: right,
                accuracy: Fixed::fraction(right, n),
                accuracy_low: rightly.map(|ends| ends.0),
                accuracy_high: rightly.map(|ends| ends.1),
                accuracy_if_nobody: Fixed::fraction(n - positive, n),
                published_accuracy_points: Fixed(8550),
                published_accuracy_model: Fixed(9280),
                n_predicted: told,
                expected: (told > 0).then_some(Fixed(chances.expected)),
                came_about: (told > 0).then_some(came),
                expected_over_observed: Fixed::fraction(chances.expected, came * 10_000),
                brier: Fixed::fraction(chances.squares, told * 100_000_000),
                brier_base: Fixed::fraction(came * (told - came), told * told),
                brier_skill: skill(&chances),
            });
        }
        rows
    }

    fn chances(&self, key: &Key, known: &[(i64, bool, bool)]) -> Chances {
        let mut sums = Chances::default();
        for (points, is, _) in known {
            let before = self.before(key, (*points).min(9));
            let Some(chance) = Fixed::<4>::fraction(before.1, before.0) else { continue };
            let miss = if *is { 10_000 - chance.0 } else { chance.0 };
            sums.n += 1;
            sums.came_about += i64::from(*is);
            sums.expected += chance.0;
            sums.squares += miss * miss;
        }
        sums
    }

    pub fn fairness(&self, learners: &[Learner], years: &[CircumstanceYear]) -> Vec<RiskFairness> {
        let who: BTreeMap<Person, &Learner> = learners.iter().map(|row| (row.person, row)).collect();
        let when: BTreeMap<(Person, i64), &CircumstanceYear> =
            years.iter().map(|row| ((row.person, row.ay), row)).collect();
        let text = |text: Option<&str>| text.unwrap_or("not_known").to_owned();
        let mut rows = Vec::new();
        for (key, tested) in &self.0 {
            let mut groups: BTreeMap<(&str, String), Vec<&Tested>> = BTreeMap::new();
            for one in tested {
                let learner = who.get(&one.person);
                let year = when.get(&(one.person, key.1 + 4));
                let fsm = year.and_then(|year| year.fsm).map(|is| if is { "yes" } else { "no" });
                for (breakdown, category) in [
                    ("all", "all".to_owned()),
                    ("sex", text(learner.and_then(|row| row.sex.as_deref()))),
                    ("ethnicity", text(learner.and_then(|row| row.ethnicity.as_deref()))),
                    ("sen", text(year.and_then(|year| year.sen.as_deref()))),
                    ("fsm", text(fsm)),
                    ("setting", text(year.map(|year| year.kind.as_str()))),
                ] {
                    groups.entry((breakdown, category)).or_default().push(one);
                }
            }
            let all = Alarms::of(tested.iter());
            rows.extend(groups.into_iter().map(|(group, of_group)| fair(key, group, &of_group, &all)));
        }
        rows
    }
}

/// The one word for a winter at academic age 16.
pub(super) fn winters(months: &[NccisMonth]) -> BTreeMap<Person, &'static str> {
    let mut statuses: BTreeMap<Person, Vec<&str>> = BTreeMap::new();
    for row in
        months.iter().filter(|row| row.academic_age == 16 && matches!(row.month_on.month(), 12 | 1 | 2))
    {
        statuses.entry(row.person).or_default().push(&row.status);
    }
    let word = |statuses: &[&str]| {
        let n = |wanted: &[&str]| statuses.iter().filter(|status| wanted.contains(status)).count();
        match () {
            () if n(&["neet"]) >= 2 => "neet",
            () if n(&["custody"]) >= 2 => "custody",
            () if n(&["neet", "not_known", "no_record"]) >= 2 => "not_known",
            () if statuses.len() == 3
                || (statuses.len() == 2 && n(&["neet", "not_known", "no_record"]) == 0) =>
            {
                "other"
            }
            () => "not_followed",
        }
    };
    statuses.into_iter().map(|(person, statuses)| (person, word(&statuses))).collect()
}

/// How many have so many points (nine is nine and more), and for how many it came about.
fn count_at(known: &[(i64, bool, bool)], points: i64) -> (i64, i64) {
    let here = known.iter().filter(|one| one.0.min(9) == points);
    here.fold((0, 0), |(n, positive), one| (n + 1, positive + i64::from(one.1)))
}

/// Every pair of one it came about for and one it did not; with the interval as of the gap index.
fn auc(known: &[(i64, bool, bool)]) -> (Option<Fixed<4>>, Option<Fixed<4>>, Option<Fixed<4>>) {
    let (with, without) = known.iter().partition::<Vec<&(i64, bool, bool)>, _>(|one| one.1);
    let (over, under) = (with.len() as i64, without.len() as i64);
    let mut twice = 0;
    for one in &with {
        for other in &without {
            twice += i64::from(one.0 > other.0) * 2 + i64::from(one.0 == other.0);
        }
    }
    let Some(auc) = Fixed::<4>::fraction(twice, 2 * over * under) else { return (None, None, None) };
    let a = auc.0 as f64 / 10_000.0;
    let (q1, q2) = (a / (2.0 - a), 2.0 * a * a / (1.0 + a));
    let (n1, n2) = (over as f64, under as f64);
    let variance = (a * (1.0 - a) + (n1 - 1.0) * (q1 - a * a) + (n2 - 1.0) * (q2 - a * a)) / n1 / n2;
    let half = 1.96 * variance.max(0.0).sqrt();
    (Some(auc), Some(Fixed::round((a - half).max(0.0))), Some(Fixed::round((a + half).min(1.0))))
}

/// Those with the most points up to a number: how many it came about for, times how many tie at the end, and that.
fn at_capacity(known: &[(i64, bool, bool)], capacity: i64) -> (i64, i64) {
    let mut ranked: Vec<i64> = known.iter().map(|one| one.0).collect();
    ranked.sort_unstable_by_key(|points| -points);
    let last = ranked[capacity as usize - 1];
    let above: Vec<_> = known.iter().filter(|one| one.0 > last).collect();
    let tied: Vec<_> = known.iter().filter(|one| one.0 == last).collect();
    let n_true = |some: &[&(i64, bool, bool)]| some.iter().filter(|one| one.1).count() as i64;
    let left = capacity - above.len() as i64;
    (n_true(&above) * tied.len() as i64 + left * n_true(&tied), tied.len() as i64)
}

#[derive(Default)]
struct Chances {
    n: i64,
    came_about: i64,
    /// In ten-thousandths.
    expected: i64,
    /// In hundred-millionths.
    squares: i64,
}

/// 1 - Brier over base, of either sign, rounded half away from nothing.
fn skill(chances: &Chances) -> Option<Fixed<4>> {
    let base = i128::from(chances.came_about * (chances.n - chances.came_about)) * 100_000_000;
    let gain = base - i128::from(chances.squares) * i128::from(chances.n);
    let rounded = (gain.abs() * 20_000 + base).checked_div(2 * base)?;
    Some(Fixed(rounded as i64 * if gain < 0 { -1 } else { 1 }))
}

/// Right and false alarms of a group.
struct Alarms {
    scored: i64,
    positive: i64,
    flagged: i64,
    right: i64,
}

impl Alarms {
    fn of<'a>(tested: impl Iterator<Item = &'a Tested>) -> Self {
        let mut alarms = Self { scored: 0, positive: 0, flagged: 0, right: 0 };
        for one in tested {
            let Some(positive) = one.positive else { continue };
            alarms.scored += 1;
            alarms.positive += i64::from(positive);
            alarms.flagged += i64::from(one.flagged);
            alarms.right += i64::from(positive && one.flagged);
        }
        alarms
    }

    fn wrong(&self) -> i64 {
        self.flagged - self.right
    }

    fn negative(&self) -> i64 {
        self.scored - self.positive
    }
}

fn fair(key: &Key, (breakdown, category): (&str, String), group: &[&Tested], all: &Alarms) -> RiskFairness {
    let own = Alarms::of(group.iter().copied());
    let (found, false_alarms, precise) = (
        interval(own.right as f64, own.positive as f64),
        interval(own.wrong() as f64, own.negative() as f64),
        interval(own.right as f64, own.flagged as f64),
    );
    let (over, under) = (own.wrong() * all.negative(), own.negative() * all.wrong());
    RiskFairness {
        pack: key.0.clone(),
        cohort_ay: key.1,
        outcome: key.2.to_owned(),
        basis: key.3.to_owned(),
        breakdown: breakdown.to_owned(),
        category,
        n_scored: own.scored,
        n_left_out: group.len() as i64 - own.scored,
        n_positive: own.positive,
        n_flagged: own.flagged,
        n_true: own.right,
        true_positive_rate: Fixed::fraction(own.right, own.positive),
        true_positive_low: found.map(|ends| ends.0),
        true_positive_high: found.map(|ends| ends.1),
        false_positive_rate: Fixed::fraction(own.wrong(), own.negative()),
        false_positive_low: false_alarms.map(|ends| ends.0),
        false_positive_high: false_alarms.map(|ends| ends.1),
        precision: Fixed::fraction(own.right, own.flagged),
        precision_low: precise.map(|ends| ends.0),
        precision_high: precise.map(|ends| ends.1),
        false_positive_ratio: Fixed::fraction(over, under),
        is_within: (under > 0).then_some(over * 100 >= 80 * under && over * 100 <= 125 * under),
    }
}
