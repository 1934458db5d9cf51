//! Providers beside each other over three years, learner by learner.
use super::cells::Fixed;
use super::provision_counts::{Case, SHARES, answer, nearest};
use super::provision_rows::ApFunnel;
use super::waterfall::wilson_of;
use std::collections::BTreeMap;

/// Who answered yes, who answered, and pence paid.
type Sums = (i64, i64, Option<i64>);

/// Provider, last year, group and measure.
type Name<'a> = (&'a str, i64, &'a str, &'a str);

/// Who answered, what, and the pence that were paid for it.
type Answers = Vec<(u32, Option<bool>, Option<i64>)>;

/// Of those paid for: back and holding.
const PRICED: &str = "cost_per_sustained_return";

/// Three years of every provider beside all.
pub fn funnels(cases: &[Case<'_>]) -> Vec<ApFunnel> {
    let last = cases.iter().map(|case| case.row.ay).max().unwrap_or(0);
    let mut groups: BTreeMap<Name<'_>, Answers> = BTreeMap::new();
    for case in cases {
        let held = answer(case, "sustained_two_terms");
        let priced = held.map(|held| held.filter(|_| case.row.cost.is_some()));
        let shares = SHARES.iter().map(|(measure, _)| (*measure, answer(case, measure)));
        for (measure, answer) in shares.chain([(PRICED, priced)]) {
            let Some(answer) = answer else { continue };
            let pence = case.row.cost.filter(|_| measure == PRICED && answer.is_some()).map(|cost| cost.0);
            for until in case.row.ay..=(case.row.ay + 2).min(last) {
                let key = (case.row.establishment_id.as_str(), until, case.row.audit_group.as_str(), measure);
                groups.entry(key).or_default().push((case.row.person.0, answer, pence));
            }
        }
    }
    let count =
        |all: &Answers, is: bool| all.iter().filter(|(_, answer, _)| *answer == Some(is)).count() as i64;
    let paid = |all: &Answers| all.iter().filter_map(|(_, _, pence)| *pence).reduce(|sum, pence| sum + pence);
    let mut everybody: BTreeMap<(i64, &str, &str), Sums> = BTreeMap::new();
    for ((_, until, group, measure), all) in &groups {
        let sum = everybody.entry((*until, group, measure)).or_default();
        sum.0 += count(all, true);
        sum.1 += count(all, true) + count(all, false);
        sum.2 = sum.2.into_iter().chain(paid(all)).reduce(|sum, pence| sum + pence);
    }
    let row = |((site, until, group, measure), all): (&Name<'_>, &Answers)| {
        let (yes, known) = (count(all, true), count(all, true) + count(all, false));
        let mut of_learner: BTreeMap<u32, i64> = BTreeMap::new();
        for (person, answer, _) in all {
            *of_learner.entry(*person).or_default() += i64::from(answer.is_some());
        }
        let squares: i64 = of_learner.values().map(|n| n * n).sum();
        let (all_yes, all_known, all_paid) = everybody[&(*until, *group, *measure)];
        let mut row = ApFunnel {
            establishment_id: (*site).to_owned(),
            until_ay: *until,
            audit_group: (*group).to_owned(),
            measure: (*measure).to_owned(),
            n_yes: yes,
            n_known: known,
            n_missing: all.len() as i64 - known,
            n_learners: of_learner.values().filter(|n| **n > 0).count() as i64,
            effective_n: Fixed::fraction(known * known, squares),
            funnel_state: "case_list".to_owned(),
            share: None,
            share_low: None,
            share_high: None,
            n_all_yes: all_yes,
            n_all_known: all_known,
            share_all: Fixed::fraction(all_yes, all_known),
            low_95: None,
            high_95: None,
            low_998: None,
            high_998: None,
            place_in_funnel: None,
            costs: paid(all).map(Fixed),
            cost_each: None,
            cost_each_low: None,
            cost_each_high: None,
            cost_each_all: all_paid
                .filter(|_| all_yes > 0)
                .map(|pence| Fixed::round(pence as f64 / 100.0 / all_yes as f64)),
        };
        if known >= 30 && known * known >= 20 * squares {
            show(&mut row, squares);
        }
        row
    };
    groups.iter().map(row).collect()
}

/// The share and the limits around that of all.
fn show(row: &mut ApFunnel, squares: i64) {
    let share = |row: Option<Fixed<4>>| row.map_or(0.0, |share| share.0 as f64 / 1e4);
    row.funnel_state = "shown".to_owned();
    row.share = Fixed::fraction(row.n_yes, row.n_known);
    // Placements of one learner do not stand alone.
    let (yes, known, squares) = (row.n_yes as f64, row.n_known as f64, squares as f64);
    let (low, high) = wilson_of(yes * known / squares, known * known / squares);
    (row.share_low, row.share_high) = (Some(low), Some(high));
    if let Some(costs) = row.costs.filter(|_| row.n_yes > 0) {
        let a_place = costs.0 as f64 / 100.0 / row.n_known as f64;
        let each =
            |share: Option<Fixed<4>>| share.map(|share| Fixed::round(a_place / (share.0 as f64 / 1e4)));
        row.cost_each = Some(Fixed::round(costs.0 as f64 / 100.0 / row.n_yes as f64));
        (row.cost_each_low, row.cost_each_high) = (each(row.share_high), each(row.share_low));
    }
    let of_all = row.n_all_yes as f64 / row.n_all_known as f64;
    let error = (of_all * (1.0 - of_all) / share(row.effective_n)).sqrt();
    let (own, all) = (share(row.share), share(row.share_all));
    row.low_95 = Some(nearest((all - 1.96 * error).max(0.0)));
    row.high_95 = Some(nearest((all + 1.96 * error).min(1.0)));
    row.low_998 = Some(nearest((all - 3.09 * error).max(0.0)));
    row.high_998 = Some(nearest((all + 3.09 * error).min(1.0)));
    let away = (own - all) / error;
    let place = match away {
        away if away > 3.09 => "above_998",
        away if away < -3.09 => "below_998",
        away if away > 1.96 => "above_95",
        away if away < -1.96 => "below_95",
        _ => "within",
    };
    row.place_in_funnel = Some(place.to_owned());
}
