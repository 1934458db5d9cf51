//! Counts and shares of what became of people after sixteen, person by person into cells.
use super::cells::{Fixed, Person};
use super::home_ward::HomeWard;
use super::measures::CircumstanceYear;
use super::neet_rows::{
    CcisDestination, CcisDestinationRate, GuaranteeRate, NccisMonth, NeetRate, SeptemberGuarantee,
};
use super::rows::{CohortMember, CohortOutcome, Learner};
use super::waterfall::Z;
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// What the groups of a count go by.
pub struct Known<'a> {
    sex: BTreeMap<Person, Option<&'a str>>,
    years: BTreeMap<(Person, i64), &'a CircumstanceYear>,
    year_11: BTreeMap<Person, &'a CircumstanceYear>,
    homes: BTreeMap<Person, Vec<&'a HomeWard>>,
}

impl<'a> Known<'a> {
    pub fn of(learners: &'a [Learner], years: &'a [CircumstanceYear], homes: &'a [HomeWard]) -> Self {
        let mut homes_of: BTreeMap<Person, Vec<&HomeWard>> = BTreeMap::new();
        homes.iter().for_each(|row| homes_of.entry(row.person).or_default().push(row));
        Self {
            homes: homes_of,
            sex: learners.iter().map(|row| (row.person, row.sex.as_deref())).collect(),
            years: years.iter().map(|row| ((row.person, row.ay), row)).collect(),
            year_11: years
                .iter()
                .filter(|row| row.academic_age == Some(15))
                .map(|row| (row.person, row))
                .collect(),
        }
    }

    /// The ward of a home on a day, or the word for why there is none.
    fn ward(&self, person: Person, day: NaiveDate) -> String {
        let mut homes = self.homes.get(&person).into_iter().flatten();
        let home = homes.find(|row| row.starts_on <= day && day <= row.ends_on);
        let word = |row: &&HomeWard| row.ward.clone().unwrap_or_else(|| row.ward_state.clone());
        home.map_or_else(|| "not_known".to_owned(), word)
    }

    fn groups(&self, person: Person, year: Option<&CircumstanceYear>) -> Vec<(&'static str, String)> {
        let disadvantage = match year.and_then(|year| year.disadvantaged) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not_known",
        };
        let text = |text: Option<&str>| text.unwrap_or("not_known").to_owned();
        vec![
            ("all", "all".to_owned()),
            ("sex", text(self.sex.get(&person).copied().flatten())),
            ("sen", text(year.and_then(|year| year.sen.as_deref()))),
            ("disadvantage", disadvantage.to_owned()),
            ("setting", text(year.map(|year| year.kind.as_str()))),
        ]
    }
}

/// Wilson's interval, also for means of counts, which are not whole.
pub fn interval(n: f64, of: f64) -> Option<(Fixed<4>, Fixed<4>)> {
    if of <= 0.0 {
        return None;
    }
    let (share, square) = (n / of, Z * Z);
    let middle = share + square / (2.0 * of);
    let half = Z * (share * (1.0 - share) / of + square / (4.0 * of * of)).sqrt();
    let end = |value: f64| Fixed::round((value / (1.0 + square / of)).clamp(0.0, 1.0));
    Some((end(middle - half), end(middle + half)))
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn periods(row: &NccisMonth) -> Vec<&'static str> {
    let name = MONTHS[row.month_on.month0() as usize];
    let is_winter = matches!(name, "december" | "january" | "february");
    std::iter::once(name).chain(is_winter.then_some("dec_to_feb")).collect()
}

#[derive(Default)]
struct Statuses<'a>(Vec<(&'a str, &'a str)>);

impl Statuses<'_> {
    fn n(&self, status: &str) -> i64 {
        self.0.iter().filter(|(one, _)| *one == status).count() as i64
    }

    fn n_other(&self, status: &str) -> i64 {
        self.0.iter().filter(|(_, one)| *one == status).count() as i64
    }
}

/// Every year, population, period and group.
pub fn rates(rows: &[NccisMonth], known: &Known<'_>) -> Vec<NeetRate> {
    let mut months: BTreeMap<(i64, &str), BTreeSet<chrono::NaiveDate>> = BTreeMap::new();
    let mut cells: BTreeMap<(i64, &str, &str, &str, String), Statuses<'_>> = BTreeMap::new();
    for row in rows {
        let mut groups = known.groups(row.person, known.year_11.get(&row.person).copied());
        groups.push(("age", row.academic_age.to_string()));
        groups.push(("ward", known.ward(row.person, row.month_on)));
        for period in periods(row) {
            months.entry((row.ay, period)).or_default().insert(row.month_on);
            let populations = [
                ("client_record", row.membership == "in_cohort"),
                ("resident", row.resident),
                ("ever_y6_here", row.ever_y6_here),
            ];
            for (population, _) in populations.into_iter().filter(|(_, is)| *is) {
                for (breakdown, category) in &groups {
                    let key = (row.ay, population, period, *breakdown, category.clone());
                    cells.entry(key).or_default().0.push((&row.status, &row.status_other));
                }
            }
        }
    }
    let row = |(key, statuses): ((i64, &str, &str, &str, String), Statuses<'_>)| {
        let n_months = months[&(key.0, key.2)].len() as i64;
        rate(key, &statuses, n_months)
    };
    cells.into_iter().map(row).collect()
}

fn rate(
    (ay, population, period, breakdown, category): (i64, &str, &str, &str, String),
    statuses: &Statuses<'_>,
    n_months: i64,
) -> NeetRate {
    let (custody, neet, lost) =
        (statuses.n("custody"), statuses.n("neet"), statuses.n("not_known") + statuses.n("no_record"));
    let all = statuses.0.len() as i64;
    let cohort = all - custody;
    let cohort_other = all - statuses.n_other("custody");
    let is_ruled = period != "dec_to_feb" || (2017..=2027).contains(&ay);
    let ends_of = |n: i64, of: i64| {
        let mean = |n: i64| n as f64 / n_months as f64;
        interval(mean(n), mean(of)).filter(|_| is_ruled)
    };
    let ends = |n: i64| ends_of(n, cohort);
    let neet_other = ends_of(statuses.n_other("neet"), cohort_other);
    let combined_other = ends_of(statuses.n_other("neet") + lost, cohort_other);
    let share = |n: i64, of: i64| Fixed::fraction(n, of).filter(|_| is_ruled);
    let participating = statuses.n("participating");
    NeetRate {
        ay,
        population: population.to_owned(),
        period: period.to_owned(),
        breakdown: breakdown.to_owned(),
        category,
        n_months,
        n_cohort: cohort,
        n_participating: participating,
        n_working: statuses.n("employment_not_participating"),
        n_neet: neet,
        n_not_known: statuses.n("not_known"),
        n_no_record: statuses.n("no_record"),
        n_custody: custody,
        mean_cohort: Fixed::fraction(cohort, n_months),
        neet_rate: share(neet, cohort),
        neet_low: ends(neet).map(|ends| ends.0),
        neet_high: ends(neet).map(|ends| ends.1),
        not_known_rate: share(lost, cohort),
        not_known_low: ends(lost).map(|ends| ends.0),
        not_known_high: ends(lost).map(|ends| ends.1),
        combined_rate: share(neet + lost, cohort),
        combined_low: ends(neet + lost).map(|ends| ends.0),
        combined_high: ends(neet + lost).map(|ends| ends.1),
        participating_rate: share(participating, cohort),
        participating_low: ends(participating).map(|ends| ends.0),
        participating_high: ends(participating).map(|ends| ends.1),
        has_other_reading: statuses.0.iter().any(|(one, other)| one != other),
        n_cohort_other: cohort_other,
        n_neet_other: statuses.n_other("neet"),
        neet_rate_other: share(statuses.n_other("neet"), cohort_other),
        neet_other_low: neet_other.map(|ends| ends.0),
        neet_other_high: neet_other.map(|ends| ends.1),
        combined_rate_other: share(statuses.n_other("neet") + lost, cohort_other),
        combined_other_low: combined_other.map(|ends| ends.0),
        combined_other_high: combined_other.map(|ends| ends.1),
        rule_state: if is_ruled { "in_force" } else { "no_rule_for_year" }.to_owned(),
    }
}

type Words<'a> = BTreeMap<(i64, &'static str, i64, &'static str, String), Vec<&'a str>>;

fn count(words: &[&str], word: &str) -> i64 {
    words.iter().filter(|one| **one == word).count() as i64
}

/// The September Guarantee, by year group.
pub fn guarantees(rows: &[SeptemberGuarantee], known: &Known<'_>) -> Vec<GuaranteeRate> {
    let mut cells = Words::new();
    let held: BTreeSet<(i64, i64)> =
        rows.iter().filter(|row| row.is_held).map(|row| (row.ay, row.year_group)).collect();
    for row in rows.iter().filter(|row| row.is_due) {
        let year = known.years.get(&(row.person, row.ay)).copied();
        let populations =
            [("resident", row.resident), ("attending", row.attending), ("ever_y6_here", row.ever_y6_here)];
        for (population, _) in populations.into_iter().filter(|(_, is)| *is) {
            for (breakdown, category) in known.groups(row.person, year) {
                let key = (row.ay, population, row.year_group, breakdown, category);
                cells.entry(key).or_default().push(&row.guarantee_state);
            }
        }
    }
    let mut rates = Vec::new();
    for ((ay, population, year_group, breakdown, category), words) in cells {
        let n = words.len() as i64;
        let (made, missing) = (count(&words, "offer_made"), count(&words, "not_recorded"));
        // Of whom nothing is held no share is told: a share of nobody.
        let of = |n: i64| if held.contains(&(ay, year_group)) { n } else { 0 };
        let (observed, whole_cohort) = (of(n - missing), of(n));
        let (seen, whole) =
            (interval(made as f64, observed as f64), interval(made as f64, whole_cohort as f64));
        rates.push(GuaranteeRate {
            ay,
            population: population.to_owned(),
            year_group,
            breakdown: breakdown.to_owned(),
            category,
            n_members: n,
            n_offer_made: made,
            n_not_appropriate: count(&words, "not_appropriate"),
            n_no_offer: count(&words, "no_offer"),
            n_missing: missing,
            n_not_held: count(&words, "not_held"),
            observed: Fixed::fraction(made, observed),
            observed_low: seen.map(|ends| ends.0),
            observed_high: seen.map(|ends| ends.1),
            whole_cohort: Fixed::fraction(made, whole_cohort),
            whole_cohort_low: whole.map(|ends| ends.0),
            whole_cohort_high: whole.map(|ends| ends.1),
        });
    }
    rates
}

/// Destinations by the authority's own record.
pub fn destinations(
    rows: &[CcisDestination],
    members: &[(&CohortMember, &CohortOutcome)],
    known: &Known<'_>,
) -> Vec<CcisDestinationRate> {
    let member_of: BTreeMap<Person, _> = members.iter().map(|pair| (pair.0.person, pair)).collect();
    let mut cells = Words::new();
    for row in rows {
        let Some((member, at)) = member_of.get(&row.person) else { continue };
        if !at.in_denominator {
            continue;
        }
        let year = known.year_11.get(&row.person).copied();
        let populations = [
            ("resident", year.is_some_and(|year| year.resident)),
            ("attending", year.is_some_and(|year| year.attending)),
            ("ever_y6_here", member.ever_y6_here),
        ];
        for (population, _) in populations.into_iter().filter(|(_, is)| *is) {
            for (breakdown, category) in known.groups(row.person, year) {
                let key = (row.cohort_ay, population, 0, breakdown, category);
                cells.entry(key).or_default().push(&row.sustained_ccis);
            }
        }
    }
    let mut rates = Vec::new();
    for ((cohort_ay, population, _, breakdown, category), words) in cells {
        let n = words.len() as i64;
        let (missing, not) = (count(&words, "not_captured"), count(&words, "not_sustained"));
        let sustained = n - missing - not;
        let (seen, whole) =
            (interval(sustained as f64, (n - missing) as f64), interval(sustained as f64, n as f64));
        rates.push(CcisDestinationRate {
            cohort_ay,
            population: population.to_owned(),
            breakdown: breakdown.to_owned(),
            category,
            n_members: n,
            n_missing: missing,
            n_education: count(&words, "education"),
            n_apprenticeship: count(&words, "apprenticeship"),
            n_employment: count(&words, "employment"),
            n_combination: count(&words, "combination"),
            n_not_sustained: not,
            n_sustained: sustained,
            sustained_ccis: Fixed::fraction(sustained, n - missing),
            sustained_ccis_low: seen.map(|ends| ends.0),
            sustained_ccis_high: seen.map(|ends| ends.1),
            whole_cohort: Fixed::fraction(sustained, n),
            whole_cohort_low: whole.map(|ends| ends.0),
            whole_cohort_high: whole.map(|ends| ends.1),
        });
    }
    rates
}

#[test]
fn the_interval_of_a_mean_goes_by_people() {
    assert_eq!(interval(12.0, 20.0), Some((Fixed(3866), Fixed(7812))));
    assert_eq!(interval(4.0 / 3.0, 11.0 / 3.0), Some((Fixed(823), Fixed(7845))));
    assert_eq!(interval(0.0, 0.0), None);
}
