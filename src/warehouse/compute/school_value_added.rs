//! How much more points a school's disadvantaged pupils have than their start lets expect: pupil by pupil, by a model
//! whose intercept differs from school to school.
//!
//! Predictors are what a school does not control: the key stage 2 score (bent at 100 and 110), sex, month of birth, a
//! first language other than English, the share of time with free meals, and the year. Needs and exclusions are left
//! out: a school decides on them.
use std::collections::BTreeMap;

use super::super::fault::WarehouseFault;
use super::frame::Record;
use super::random_intercept::{Effect, Fit, Group, Likelihood, fit};
use super::{Cell, Function, Tables, normal};

/// Standard score of a 95% interval.
const Z: f64 = 1.96;
/// A school is said to beat its prediction when that is at least as likely as this.
const SURE: f64 = 0.95;

pub(super) const FUNCTION: Function = Function {
    name: "school_value_added",
    version: 1,
    columns: &[
        ("ks4_ay", "SMALLINT"),
        ("school_id", "VARCHAR"),
        ("state", "VARCHAR"),
        ("from_ay", "SMALLINT"),
        ("n_schools", "INTEGER"),
        ("n_disadvantaged", "BIGINT"),
        ("n_unknown", "BIGINT"),
        ("n_without_baseline", "BIGINT"),
        ("n_pupils", "BIGINT"),
        ("mean_points", "DECIMAL(9,4)"),
        ("residual", "DECIMAL(9,4)"),
        ("between_sd", "DECIMAL(9,4)"),
        ("pupil_sd", "DECIMAL(9,4)"),
        ("reliability", "DECIMAL(9,4)"),
        ("estimate", "DECIMAL(9,4)"),
        ("estimate_low", "DECIMAL(9,4)"),
        ("estimate_high", "DECIMAL(9,4)"),
        ("p_above_prediction", "DECIMAL(9,4)"),
        ("beats_prediction", "BOOLEAN"),
    ],
    compute,
};

// Positions of the numbers that are read.
const AY: usize = 0;
const MAINSTREAM: usize = 1;
const COMPARABLE: usize = 2;
const POINTS: usize = 3;
const KS2: usize = 4;
const MONTH: usize = 5;
const EAL: usize = 6;
const MEALS: usize = 7;

/// A school's disadvantaged pupils of the pooled years.
#[derive(Default)]
struct School<'r> {
    is_mainstream: bool,
    n: usize,
    n_unknown: usize,
    n_without_baseline: usize,
    pupils: Vec<&'r Record>,
}

/// The rules of a year; none of them has a default.
struct Rules {
    years: i32,
    schools: f64,
    pupils: f64,
}

fn compute(tables: &mut Tables<'_>) -> Result<Vec<Vec<Cell>>, WarehouseFault> {
    let years = tables.policy("school_pool_years")?;
    let enough_schools = tables.policy("school_model_min_schools")?;
    let enough_pupils = tables.policy("school_min_pupils")?;
    let rows = tables.read(
        "school_pupil",
        &["school_id", "disadvantage", "sex"],
        &[
            "ks4_ay",
            "is_mainstream",
            "grades_comparable",
            "attainment8",
            "ks2_score",
            "birth_month_of_year",
            "eal",
            "fsm_share",
        ],
    )?;
    let theirs: Vec<&Record> = rows.iter().filter(|row| row.text(1) == "disadvantaged").collect();
    let mut comparable: BTreeMap<i32, bool> = BTreeMap::new();
    for row in &rows {
        comparable.insert(row.number(AY) as i32, row.number(COMPARABLE) > 0.5);
    }
    let mut out = Vec::new();
    for (ay, is_comparable) in &comparable {
        let rules = years.get(ay).zip(enough_schools.get(ay)).zip(enough_pupils.get(ay));
        let rules = rules.map(|((years, schools), pupils)| Rules {
            years: *years as i32,
            schools: *schools,
            pupils: *pupils,
        });
        let from = ay - rules.as_ref().map_or(0, |rules| rules.years - 1);
        // A year whose grades do not compare with others' stands alone.
        let is_pooled = |year: i32| year == *ay || (*is_comparable && comparable.get(&year) == Some(&true));
        let pooled: Vec<&Record> = theirs
            .iter()
            .filter(|row| (from..=*ay).contains(&(row.number(AY) as i32)) && is_pooled(row.number(AY) as i32))
            .copied()
            .collect();
        out.extend(year(*ay, &pooled, rules.as_ref()));
    }
    Ok(out)
}

/// The rows of one year, from the pupils of the years pooled for it.
fn year(ay: i32, pupils: &[&Record], rules: Option<&Rules>) -> Vec<Vec<Cell>> {
    let mut schools: BTreeMap<&str, School<'_>> = BTreeMap::new();
    let mut of_year: BTreeMap<i32, usize> = BTreeMap::new();
    for row in pupils {
        let school = schools.entry(row.text(0)).or_default();
        school.is_mainstream |= row.number(MAINSTREAM) > 0.5;
        school.n += 1;
        match (row.numbers[POINTS], row.numbers[KS2]) {
            (None, _) => school.n_unknown += 1,
            (_, None) => school.n_without_baseline += 1,
            _ => {
                school.pupils.push(row);
                *of_year.entry(row.number(AY) as i32).or_default() += 1;
            }
        }
    }
    // Without a start in the year itself, earlier years do not stand in for it.
    if !of_year.contains_key(&ay) {
        of_year.clear();
        schools.values_mut().for_each(|school| school.pupils.clear());
    }
    let used: Vec<(&&str, &School<'_>)> =
        schools.iter().filter(|(_, school)| school.is_mainstream && !school.pupils.is_empty()).collect();
    let is_modelled = rules.is_some_and(|rules| used.len() as f64 >= rules.schools);
    let found = is_modelled.then(|| model(ay, &used)).flatten();
    let first = of_year.keys().next().copied().unwrap_or(ay).min(ay);
    let mut effects = found.iter().flat_map(|(fit, _)| fit.effects.iter());
    schools
        .iter()
        .map(|(id, school)| {
            let is_used = school.is_mainstream && !school.pupils.is_empty();
            let effect = if is_used { effects.next() } else { None };
            let state = match rules {
                None => "no_rule_for_year",
                Some(_) if !school.is_mainstream => "not_mainstream",
                Some(_) if !is_used => "no_baseline",
                Some(rules) if (used.len() as f64) < rules.schools => "too_few_schools",
                Some(rules) if (school.pupils.len() as f64) < rules.pupils => "too_few",
                Some(_) => "judged",
            };
            let mut cells: Vec<Cell> = vec![ay.into(), (*id).into(), state.into(), first.into()];
            cells.push(used.len().into());
            cells.extend([school.n, school.n_unknown, school.n_without_baseline].map(Cell::from));
            cells.push(school.pupils.len().into());
            let points: f64 = school.pupils.iter().map(|row| row.number(POINTS)).sum();
            let n = school.pupils.len();
            cells.push((n > 0).then(|| points / n as f64).into());
            cells.extend(told(found.as_ref().map(|(fit, _)| fit), effect, state));
            cells
        })
        .collect()
}

/// The model, and the mean of the points that was taken off first.
fn model(ay: i32, schools: &[(&&str, &School<'_>)]) -> Option<(Fit, f64)> {
    let all: Vec<&Record> = schools.iter().flat_map(|(_, school)| school.pupils.iter().copied()).collect();
    let mean = all.iter().map(|row| row.number(POINTS)).sum::<f64>() / all.len() as f64;
    let groups: Vec<Group> = schools
        .iter()
        .map(|(_, school)| {
            school.pupils.iter().map(|row| (predictors(ay, row), row.number(POINTS) - mean)).collect()
        })
        .collect();
    fit(&groups, Likelihood::Restricted).map(|fit| (fit, mean))
}

/// What a school does not control. What is not known has a place of its own.
fn predictors(ay: i32, row: &Record) -> Vec<f64> {
    let is = |yes: bool| f64::from(u8::from(yes));
    let score = row.number(KS2);
    let year = row.number(AY) as i32;
    vec![
        1.0,
        (score - 100.0) / 10.0,
        (score - 100.0).max(0.0) / 10.0,
        (score - 110.0).max(0.0) / 10.0,
        is(row.text(2) == "F"),
        is(!matches!(row.text(2), "F" | "M")),
        row.numbers[MONTH].map_or(0.0, |month| (month - 6.5) / 12.0),
        is(row.numbers[EAL] == Some(1.0)),
        is(row.numbers[EAL].is_none()),
        row.number(MEALS),
        is(row.numbers[MEALS].is_none()),
        is(year == ay - 1),
        is(year == ay - 2),
    ]
}

/// The figures of one school; empty where nobody judges.
fn told(fit: Option<&Fit>, effect: Option<&Effect>, state: &str) -> Vec<Cell> {
    let (Some(fit), Some(effect)) = (fit, effect) else { return vec![Cell::Empty; 9] };
    let p_above = (effect.spread > 0.0).then(|| normal::below(effect.shrunken / effect.spread));
    vec![
        effect.raw.into(),
        fit.between.sqrt().into(),
        fit.residual.sqrt().into(),
        effect.reliability.into(),
        effect.shrunken.into(),
        (effect.shrunken - Z * effect.spread).into(),
        (effect.shrunken + Z * effect.spread).into(),
        p_above.into(),
        (state == "judged").then_some(p_above.is_some_and(|p| p >= SURE)).into(),
    ]
}
