//! Questions 8, 15, 17 and 18, pair by pair and person by person.
use super::{Seen, difference, of_share, rounded};
use crate::oracle::Tables;
use crate::oracle::cells::{Fixed, Person};
use std::collections::BTreeMap;

/// Takes an indicator, a population, a year and what it is.
type Put<'a> = dyn FnMut(&'static str, &str, i64, Option<Seen>) + 'a;

/// Puts what these questions have for one population.
pub fn put(tables: &Tables, population: &str, put: &mut Put<'_>) {
    gains(tables, population, put);
    met(tables, population, put);
    level_gaps(tables, population, put);
    without_basics(tables, population, put);
}

fn share(n: i64, of: i64, missing: i64) -> Option<Seen> {
    Fixed::<4>::fraction(n, of).map(|value| Seen {
        value: value.0,
        n: of,
        missing,
        spread: rounded(of_share(n, of)),
        comparable: true,
    })
}

/// One pupil: the band at eleven, whether without the basics, and three measures of disadvantage.
type Pupil<'a> = (&'a str, bool, [i64; 3]);

/// How often, of every pair of one band, the one without has more; a tie is half.
fn auc(pupils: &[Pupil<'_>], measure: usize) -> Option<i64> {
    let (mut twice, mut pairs) = (0, 0);
    for one in pupils.iter().filter(|one| one.1) {
        for other in pupils.iter().filter(|other| !other.1 && other.0 == one.0) {
            let (a, b) = (one.2[measure], other.2[measure]);
            twice += i64::from(a > b) * 2 + i64::from(a == b);
            pairs += 1;
        }
    }
    Fixed::<4>::fraction(twice, 2 * pairs).map(|value| value.0)
}

fn gains(tables: &Tables, population: &str, put: &mut Put<'_>) {
    let bands: BTreeMap<Person, &str> =
        tables.baseline.iter().filter_map(|row| Some((row.person, row.ks4_prior_band.as_deref()?))).collect();
    let years: BTreeMap<(Person, i64), _> =
        tables.circumstance_year.iter().map(|row| ((row.person, row.ay), row)).collect();
    let mut found: BTreeMap<i64, (Vec<Pupil<'_>>, i64)> = BTreeMap::new();
    let mut comparable: BTreeMap<i64, bool> = BTreeMap::new();
    for row in &tables.ks4_result {
        *comparable.entry(row.ks4_ay).or_insert(true) &= row.grades_comparable == Some(true);
        let belongs = if population == "attending" { row.attending } else { row.resident };
        if !row.in_denominator || !belongs {
            continue;
        }
        let (pupils, missing) = found.entry(row.ks4_ay).or_default();
        let without = match row.basics_9_4.as_str() {
            "achieved" => Some(false),
            "not_achieved" | "not_entered" => Some(true),
            _ => None,
        };
        let pupil = years.get(&(row.person, row.ks4_ay)).and_then(|year| {
            let measures = [i64::from(year.ever6_any?), year.fsm_share?.0, year.ddi_low?.0];
            Some((*bands.get(&row.person)?, without?, measures))
        });
        match pupil {
            Some(pupil) => pupils.push(pupil),
            None => *missing += 1,
        }
    }
    for (ay, (pupils, missing)) in found {
        let ever6 = auc(&pupils, 0);
        for (indicator, measure) in [("duration_gain", 1), ("index_gain", 2)] {
            let seen = auc(&pupils, measure).zip(ever6).map(|(auc, ever6)| Seen {
                value: auc - ever6,
                n: pupils.len() as i64,
                missing,
                spread: None,
                comparable: comparable[&ay],
            });
            put(indicator, population, ay, seen);
        }
    }
}

fn met(tables: &Tables, population: &str, put: &mut Put<'_>) {
    let by: BTreeMap<Person, &str> =
        tables.leaver_met.iter().map(|row| (row.person, row.met_by.as_str())).collect();
    let mut years: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for row in tables.ks4_result.iter().filter(|row| row.in_denominator) {
        let belongs = if population == "attending" { row.attending } else { row.resident };
        if let (true, Some(by)) = (belongs, by.get(&row.person)) {
            let (met, of) = years.entry(row.ks4_ay + 1).or_default();
            *met += i64::from(*by != "none");
            *of += 1;
        }
    }
    for (ay, (met, of)) in years {
        put("leavers_met", population, ay, share(met, of, 0));
    }
}

fn level_gaps(tables: &Tables, population: &str, put: &mut Put<'_>) {
    let years: std::collections::BTreeSet<i64> =
        tables.level_by_19_rate.iter().map(|row| row.ks4_ay).collect();
    for ay in years {
        let of = |group: &str| {
            tables.level_by_19_rate.iter().find(|row| {
                (row.ks4_ay, row.level, row.by_age) == (ay, 3, 19)
                    && row.population == population
                    && row.disadvantage == group
                    && row.measure_state == "measured"
            })
        };
        if let (Some(other), Some(poor)) = (of("other"), of("disadvantaged")) {
            let unsaid = of("not_known").map_or(0, |row| row.n_members);
            let unknown = other.n_missing + poor.n_missing;
            let seen = difference(
                (other.n_achieved, other.n_members),
                (poor.n_achieved, poor.n_members),
                unknown + unsaid,
                true,
            );
            put("level3_gap", population, ay + 3, seen.map(|seen| Seen { n: seen.n - unknown, ..seen }));
        }
    }
}

fn without_basics(tables: &Tables, population: &str, put: &mut Put<'_>) {
    let at: BTreeMap<Person, Option<&str>> =
        tables.cohort_outcome.iter().map(|row| (row.person, row.destination_17.as_deref())).collect();
    let mut years: BTreeMap<i64, (i64, i64, i64)> = BTreeMap::new();
    for row in tables.ks4_result.iter().filter(|row| row.in_denominator) {
        let belongs = if population == "attending" { row.attending } else { row.resident };
        let is_without = matches!(row.basics_9_4.as_str(), "not_achieved" | "not_entered");
        let does = at.get(&row.person).copied().flatten().filter(|word| *word != "not_due");
        if let (true, true, Some(does)) = (belongs, is_without, does) {
            let (learning, known, of) = years.entry(row.ks4_ay + 2).or_default();
            *learning += i64::from(does == "participating");
            *known += i64::from(!matches!(does, "no_record" | "not_known"));
            *of += 1;
        }
    }
    for (ay, (learning, known, of)) in years {
        put("in_learning_without_basics", population, ay, share(learning, known, of - known));
    }
}
