//! Sections 8 and 9 of the page: the counts.
use super::cells::Fixed;
use super::codes::{POPULATIONS, STATES};
use super::days::january_census;
use super::measures::Ks4Result;
use super::rows::{AreaSpell, CohortMember, CohortOutcome, LostPotential, LostPotentialArea, Waterfall};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody's two rows.
type Pair<'a> = (&'a CohortMember, &'a CohortOutcome);

fn followed_up(pairs: &[Pair<'_>]) -> BTreeSet<i64> {
    pairs.iter().filter(|(_, at)| at.state != "not_yet_16").map(|(member, _)| member.cohort_ay).collect()
}

pub fn belongs(member: &CohortMember, population: &str) -> bool {
    match population {
        "resident" => member.resident,
        "attending" => member.attending,
        "ever_y6_here" => member.ever_y6_here,
        _ => true,
    }
}

pub fn counts(at: &CohortOutcome, population: &str) -> bool {
    if population == "resident" { at.in_resident_denominator } else { at.in_denominator }
}

/// A row for every followed-up cohort, population and state.
pub fn attrition_waterfall(pairs: &[Pair<'_>]) -> Vec<Waterfall> {
    let mut rows = Vec::new();
    for cohort_ay in followed_up(pairs) {
        for population in POPULATIONS {
            let members: Vec<Pair<'_>> = pairs
                .iter()
                .filter(|(member, _)| member.cohort_ay == cohort_ay && belongs(member, population))
                .copied()
                .collect();
            let n_denominator = members.iter().filter(|(_, at)| counts(at, population)).count() as i64;
            for (index, state) in STATES.into_iter().enumerate() {
                let here: Vec<_> = members.iter().filter(|(_, at)| at.state == state).collect();
                let n = here.len() as i64;
                let outside = matches!(state, "died" | "left_england")
                    || (state == "moved_out_of_area" && population == "resident");
                rows.push(Waterfall {
                    cohort_ay,
                    population: population.to_owned(),
                    state_order: index as i64 + 1,
                    state: state.to_owned(),
                    n,
                    n_disadvantaged: here.iter().filter(|(member, _)| member.dis_y6 == Some(true)).count()
                        as i64,
                    n_high_attainers: here.iter().filter(|(member, _)| is_high(member)).count() as i64,
                    n_denominator,
                    share: if outside { None } else { Fixed::fraction(n, n_denominator) },
                });
            }
        }
    }
    rows
}

fn is_high(member: &CohortMember) -> bool {
    member.ks2_band.as_deref() == Some("high")
}

const GROUPS: [(&str, Option<bool>); 3] =
    [("disadvantaged", Some(true)), ("other", Some(false)), ("not_known", None)];

/// The same of the open cohort, authority by authority of the home in Year 6.
pub fn by_area(pairs: &[Pair<'_>], results: &[Ks4Result], areas: &[AreaSpell]) -> Vec<LostPotentialArea> {
    let points = points_of(results);
    let mut homes: BTreeMap<u32, Vec<&AreaSpell>> = BTreeMap::new();
    for area in areas {
        homes.entry(area.person.0).or_default().push(area);
    }
    let home = |member: &CohortMember| {
        let day = january_census(member.cohort_ay as i32);
        let all = homes.get(&member.person.0).into_iter().flatten();
        let mut then = all.filter(|area| area.starts_on <= day && day <= area.ends_on);
        then.find_map(|area| area.home_la.clone()).unwrap_or_else(|| "not_known".to_owned())
    };
    let mut groups: BTreeMap<(i64, String), Vec<&Pair<'_>>> = BTreeMap::new();
    for pair in pairs.iter().filter(|(member, at)| at.state != "not_yet_16" && is_high(member)) {
        if counts(pair.1, "open") {
            groups.entry((pair.0.cohort_ay, home(pair.0))).or_default().push(pair);
        }
    }
    let mut rows = Vec::new();
    for ((cohort_ay, home_la), all) in groups {
        let of = |wanted: Option<bool>, group: &str| {
            let found = all.iter().filter(|pair| pair.0.dis_y6 == wanted);
            let members: Vec<&CohortOutcome> = found.map(|pair| pair.1).collect();
            headline(cohort_ay, "open", group, &members, &points)
        };
        for (group, dis_y6) in GROUPS {
            let row = of(dis_y6, group);
            let gone = (dis_y6 == Some(true)).then(|| lost(&row, &of(Some(false), "other"))).flatten();
            rows.push(LostPotentialArea {
                cohort_ay,
                home_la: home_la.clone(),
                group: group.to_owned(),
                n_members: row.n_members,
                n_with_results: row.n_with_results,
                n_missing: row.n_missing,
                n_achieved: row.n_achieved,
                n_visible: row.n_visible,
                observed: row.observed,
                observed_low: row.observed_low,
                observed_high: row.observed_high,
                whole_cohort: row.whole_cohort,
                whole_cohort_low: row.whole_cohort_low,
                whole_cohort_high: row.whole_cohort_high,
                upper: row.upper,
                visibility: row.visibility,
                visibility_low: row.visibility_low,
                visibility_high: row.visibility_high,
                n_with_points: row.n_with_points,
                points: row.points,
                mean_points: row.mean_points,
                mean_points_low: row.mean_points_low,
                mean_points_high: row.mean_points_high,
                lost_potential: gone,
            });
        }
    }
    rows
}

fn points_of(results: &[Ks4Result]) -> BTreeMap<u32, i64> {
    results.iter().filter_map(|row| Some((row.person.0, row.attainment8?.0))).collect()
}

/// A row for every followed-up cohort, population and group of high attainers.
pub fn lost_potential(pairs: &[Pair<'_>], results: &[Ks4Result]) -> Vec<LostPotential> {
    let points = points_of(results);
    let mut rows = Vec::new();
    for cohort_ay in followed_up(pairs) {
        for population in POPULATIONS {
            let in_group = |dis_y6: Option<bool>| -> Vec<&CohortOutcome> {
                let wanted = |(member, at): &&Pair<'_>| {
                    member.cohort_ay == cohort_ay
                        && belongs(member, population)
                        && counts(at, population)
                        && is_high(member)
                        && member.dis_y6 == dis_y6
                };
                pairs.iter().filter(wanted).map(|(_, at)| *at).collect()
            };
            let others = in_group(Some(false));
            for (group, dis_y6) in GROUPS {
                let mut row = headline(cohort_ay, population, group, &in_group(dis_y6), &points);
                if dis_y6 == Some(true) {
                    row.lost_potential =
                        lost(&row, &headline(cohort_ay, population, "other", &others, &points));
                }
                rows.push(row);
            }
        }
    }
    rows
}

fn headline(
    cohort_ay: i64,
    population: &str,
    group: &str,
    members: &[&CohortOutcome],
    points: &BTreeMap<u32, i64>,
) -> LostPotential {
    let count =
        |wanted: &dyn Fn(&CohortOutcome) -> bool| members.iter().filter(|at| wanted(at)).count() as i64;
    let n_members = members.len() as i64;
    let n_with_results = count(&|at| at.result_state.as_deref() == Some("ks4_results"));
    let n_achieved = count(&|at| at.five_gcse_7_9);
    let n_visible = count(&|at| at.visible);
    let observed = wilson(n_achieved, n_with_results);
    let whole = wilson(n_achieved, n_members);
    let seen = wilson(n_visible, n_members);
    let known: Vec<i64> = members.iter().filter_map(|at| points.get(&at.person.0)).copied().collect();
    let (total, mean, ends) = mean_of(&known);
    LostPotential {
        cohort_ay,
        population: population.to_owned(),
        group: group.to_owned(),
        outcome: "five_gcse_7_9".to_owned(),
        n_members,
        n_with_results,
        n_missing: count(&|at| at.result_state.as_deref() != Some("ks4_results")),
        n_achieved,
        n_visible,
        observed: Fixed::fraction(n_achieved, n_with_results),
        whole_cohort: Fixed::fraction(n_achieved, n_members),
        upper: Fixed::fraction(n_achieved + n_members - n_with_results, n_members),
        visibility: Fixed::fraction(n_visible, n_members),
        visibility_low: seen.map(|(low, _)| low),
        visibility_high: seen.map(|(_, high)| high),
        observed_low: observed.map(|(low, _)| low),
        observed_high: observed.map(|(_, high)| high),
        whole_cohort_low: whole.map(|(low, _)| low),
        whole_cohort_high: whole.map(|(_, high)| high),
        n_with_points: known.len() as i64,
        points: (!known.is_empty()).then_some(Fixed(total)),
        mean_points: mean,
        mean_points_low: ends.map(|(low, _)| low),
        mean_points_high: ends.map(|(_, high)| high),
        mean_points_least: Fixed::fraction(total, 100 * n_members).filter(|_| !known.is_empty()),
        lost_potential: None,
    }
}

/// Hundredths of points: their sum, their mean, and both ends of its interval, which takes two.
fn mean_of(known: &[i64]) -> (i64, Option<Fixed<4>>, Option<(Fixed<4>, Fixed<4>)>) {
    let (n, total) = (known.len() as f64, known.iter().sum::<i64>());
    let mean = Fixed::<4>::fraction(total, 100 * known.len() as i64);
    let apart: f64 = known.iter().map(|points| (*points as f64 - total as f64 / n).powi(2)).sum();
    let half = Z * (apart / (n - 1.0) / n).sqrt() / 100.0;
    let end = |mean: Fixed<4>, by: f64| Fixed::round(mean.0 as f64 / 1e4 + by);
    (total, mean, mean.filter(|_| known.len() > 1).map(|mean| (end(mean, -half), end(mean, half))))
}

/// (a / n of others − a / n of the disadvantaged) × n of the disadvantaged, as one fraction.
fn lost(disadvantaged: &LostPotential, others: &LostPotential) -> Option<Fixed<4>> {
    if disadvantaged.n_members == 0 {
        return None;
    }
    let numerator = others.n_achieved * disadvantaged.n_members - disadvantaged.n_achieved * others.n_members;
    Fixed::fraction(numerator, others.n_members)
}

/// Standard score of a 95% interval.
pub const Z: f64 = 1.96;

/// The 95% interval of Wilson; none when there is nobody.
pub fn wilson(achieved: i64, of: i64) -> Option<(Fixed<4>, Fixed<4>)> {
    if of == 0 {
        return None;
    }
    Some(wilson_of(achieved as f64, of as f64))
}

/// The same of a number that is not whole: as many as tell as much as so many that hang together.
pub fn wilson_of(achieved: f64, n: f64) -> (Fixed<4>, Fixed<4>) {
    let p = achieved / n;
    let centre = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    // Where nobody or everybody achieved, rounding must not step outside the possible.
    let (low, high) = ((centre - half) / whole, (centre + half) / whole);
    (Fixed::round(low.max(0.0)), Fixed::round(high.min(1.0)))
}

#[test]
fn wilson_agrees_with_a_textbook_example() {
    // 15 of 148 (Newcombe 1998): 0.0624 to 0.1605.
    assert_eq!(wilson(15, 148), Some((Fixed(624), Fixed(1605))));
    assert_eq!(wilson(0, 20), Some((Fixed(0), Fixed(1611))));
    assert_eq!(wilson(0, 0), None);
}
