//! What the NEET of a winter may cost: `docs/measures/neet.md`, read once more in whole pounds.
use super::cells::{Cell, Fixed, People};
use super::neet_rows::NeetRate;
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;

row! {
    /// A range of a winter and a population.
    NeetCost = "neet_cost", group |row| Group::Cohort(row.ay, row.population.clone());
    ay: i64 = "ay",
    population: String = "population",
    cost: String = "cost",
    n_months: i64 = "n_months",
    n_cohort: i64 = "n_cohort",
    n_neet: i64 = "n_neet",
    n_not_known: i64 = "n_not_known",
    mean_neet: Option<Fixed<1>> = "mean_neet",
    mean_neet_high: Option<Fixed<1>> = "mean_neet_high",
    unit_low: i64 = "unit_low",
    unit_high: i64 = "unit_high",
    price_year: i64 = "price_year",
    cost_low: Option<i64> = "cost_low",
    cost_high: Option<i64> = "cost_high",
    cost_state: String = "cost_state",
}

/// Whole thousands, half of one up.
fn thousands(month_ends: i64, pounds: i64, months: i64) -> i64 {
    let (over, under) = (month_ends * pounds, 1_000 * months);
    (2 * over + under) / (2 * under) * 1_000
}

pub fn costs(rates: &[NeetRate]) -> Vec<NeetCost> {
    let winters = rates.iter().filter(|rate| rate.period == "dec_to_feb" && rate.breakdown == "all");
    let mut rows = Vec::new();
    for rate in winters {
        let is_ruled = rate.rule_state == "in_force";
        let not_known = rate.n_not_known + rate.n_no_record;
        for (cost, low, high) in [("public_finance", 56_000, 149_000), ("resource", 104_000, 364_000)] {
            rows.push(NeetCost {
                ay: rate.ay,
                population: rate.population.clone(),
                cost: cost.to_owned(),
                n_months: rate.n_months,
                n_cohort: rate.n_cohort,
                n_neet: rate.n_neet,
                n_not_known: not_known,
                mean_neet: Fixed::fraction(rate.n_neet, rate.n_months),
                mean_neet_high: Fixed::fraction(rate.n_neet + not_known, rate.n_months),
                unit_low: low,
                unit_high: high,
                price_year: 2009,
                cost_low: is_ruled.then(|| thousands(rate.n_neet, low, rate.n_months)),
                cost_high: is_ruled.then(|| thousands(rate.n_neet + not_known, high, rate.n_months)),
                cost_state: if is_ruled { "told" } else { "no_rule_for_year" }.to_owned(),
            });
        }
    }
    rows.sort();
    rows
}
