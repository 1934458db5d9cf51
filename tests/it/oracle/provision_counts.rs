//! The audit of provision, provider by provider: every figure is counted from the placements themselves.
use super::beyond_rows::{EngagementChange, LadderResult, OutcomeVector};
use super::cells::Fixed;
use super::measures::CircumstanceYear;
use super::provision_rows::{ApMeasure, ApPlacement, ApRegistration};
use super::rows::CohortOutcome;
use super::travelled::signed;
use super::waterfall::{Z, wilson};
use std::collections::{BTreeMap, BTreeSet};

/// Adjusted change of the year in which a placement began.
pub fn attach(placements: &mut [ApPlacement], engagement: &[EngagementChange]) {
    for row in placements {
        let of_year = engagement.iter().find(|one| one.person == row.person && one.ay == row.ay);
        row.attendance_change =
            of_year.and_then(|one| one.adjusted_change).filter(|_| row.audit_group == "ap");
    }
}

/// How many were full-time at each site, day by day.
pub fn registrations(placements: &[ApPlacement], years: &[CircumstanceYear]) -> Vec<ApRegistration> {
    let circumstances: BTreeMap<(u32, i64), &CircumstanceYear> =
        years.iter().map(|row| ((row.person.0, row.ay), row)).collect();
    let mut sites: BTreeMap<(&str, i64), Vec<&ApPlacement>> = BTreeMap::new();
    for row in placements {
        let last = i64::from(super::days::academic_year(row.ends_on));
        for ay in row.ay..=last {
            if row.academic_age.is_none_or(|age| (4..=15).contains(&(age + ay - row.ay))) {
                sites.entry((&row.establishment_id, ay)).or_default().push(row);
            }
        }
    }
    let row = |((site, ay), rows): ((&str, i64), Vec<&ApPlacement>)| {
        let full: Vec<&&ApPlacement> =
            rows.iter().filter(|row| row.hours_per_week > Some(Fixed(1800))).collect();
        let first = super::days::first_day_of(ay as i32);
        let last = super::days::last_day_of(ay as i32);
        let on_day = |on| {
            let there = full.iter().filter(|row| row.starts_on <= on && on <= row.ends_on);
            there.map(|row| row.person).collect::<BTreeSet<_>>().len() as i64
        };
        let n_full_time = first.iter_days().take_while(|on| *on <= last).map(on_day).max().unwrap_or(0);
        let people = |rows: &[&&ApPlacement], is: &dyn Fn(&CircumstanceYear) -> bool| {
            let of =
                |row: &&&&ApPlacement| circumstances.get(&(row.person.0, ay)).is_some_and(|year| is(year));
            rows.iter().filter(of).map(|row| row.person).collect::<BTreeSet<_>>().len() as i64
        };
        let plan = people(&full, &|year| year.sen.as_deref() == Some("plan"));
        let looked_after = people(&full, &|year| year.cla == Some(true));
        let unsaid: BTreeSet<_> =
            rows.iter().filter(|row| row.hours_per_week.is_none()).map(|row| row.person).collect();
        let unsaid = unsaid.len() as i64;
        let is_registered = !matches!(rows[0].kind.as_str(), "unregistered" | "none");
        ApRegistration {
            establishment_id: site.to_owned(),
            ay,
            registration: if is_registered { "registered" } else { "none_known" }.to_owned(),
            n_learners: rows.iter().map(|row| row.person).collect::<BTreeSet<_>>().len() as i64,
            n_full_time,
            n_full_time_plan: plan,
            n_full_time_looked_after: looked_after,
            n_hours_not_known: unsaid,
            advice: if is_registered {
                "registered"
            } else if n_full_time >= 5 || plan > 0 || looked_after > 0 {
                "refer_for_advice"
            } else if unsaid > 0 {
                "not_known"
            } else {
                "none"
            }
            .to_owned(),
        }
    };
    sites.into_iter().map(row).collect()
}

/// A placement with what had become of its learner.
pub struct Case<'a> {
    pub row: &'a ApPlacement,
    ladder: Option<&'a LadderResult>,
    at: Option<&'a CohortOutcome>,
    vector: Option<&'a OutcomeVector>,
}

pub fn cases<'a>(
    placements: &'a [ApPlacement],
    ladders: &'a [LadderResult],
    outcomes: &'a [CohortOutcome],
    vectors: &'a [OutcomeVector],
) -> Vec<Case<'a>> {
    let case = |row: &'a ApPlacement| Case {
        row,
        ladder: ladders.iter().find(|one| one.person == row.person),
        at: outcomes.iter().find(|one| one.person == row.person),
        vector: vectors.iter().find(|one| one.person == row.person),
    };
    placements.iter().map(case).collect()
}

/// What an answer to a question can be; none where the question does not arise.
pub type Answer = Option<Option<bool>>;

pub const SHARES: [(&str, i64); 18] = [
    ("part_time", 3),
    ("part_time_without_review", 3),
    ("over_a_year", 4),
    ("reintegration", 5),
    ("sustained_two_terms", 6),
    ("sustained_12_months", 6),
    ("repeat_referral", 7),
    ("english_entered", 8),
    ("level1_english_maths", 8),
    ("level2_english_maths", 8),
    ("sustained_16", 10),
    ("sustained_17", 10),
    ("destination_not_known", 10),
    ("missing_from_provision", 11),
    ("has_objectives", 13),
    ("has_baseline", 13),
    ("has_review", 13),
    ("has_end_reason", 13),
];

fn word(word: &str) -> Answer {
    match word {
        "sustained" | "yes" => Some(Some(true)),
        "not_sustained" | "not_returned" | "no" => Some(Some(false)),
        "finished" => None,
        _ => Some(None),
    }
}

pub fn answer(case: &Case<'_>, measure: &str) -> Answer {
    let row = case.row;
    let by_sixteen = |is: &dyn Fn(&CohortOutcome) -> bool| -> Answer {
        let ladder = case.ladder?;
        let known = ladder.ladder_state != "unknown";
        Some(known.then(|| case.at.is_some_and(is)))
    };
    let kept = |of: fn(&OutcomeVector) -> &String| -> Answer {
        match of(case.vector?).as_str() {
            "not_due" => None,
            other => word(other),
        }
    };
    match measure {
        "part_time" => Some((row.hours_state != "not_known").then_some(row.hours_state == "part_time")),
        "part_time_without_review" => row.review_state.as_ref().map(|state| Some(state != "planned")),
        "over_a_year" if row.days > 365 => Some(Some(true)),
        "over_a_year" => Some((!row.is_open).then_some(false)),
        "reintegration" => match row.return_state.as_str() {
            "returned" => Some(Some(true)),
            "not_returned" => Some(Some(false)),
            "not_due" => Some(None),
            _ => None,
        },
        "sustained_two_terms" => word(&row.sustained_two_terms),
        "sustained_12_months" => word(&row.sustained_12_months),
        "repeat_referral" => word(row.repeat_referral.as_ref()?),
        "english_entered" => {
            let ladder = case.ladder?;
            let both = [&ladder.english_entry, &ladder.maths_entry];
            let known = !both.iter().any(|entry| *entry == "unknown");
            Some(known.then(|| both.iter().all(|entry| *entry != "not_entered")))
        }
        "level1_english_maths" => by_sixteen(&|at| at.level1_english_maths),
        "level2_english_maths" => by_sixteen(&|at| at.level2_english_maths),
        "sustained_16" => kept(|vector| &vector.sustained_16),
        "sustained_17" => kept(|vector| &vector.sustained_17),
        "destination_not_known" => match case.vector?.sustained_16.as_str() {
            "not_due" => None,
            other => Some(Some(other == "unknown")),
        },
        "missing_from_provision" => Some(Some(row.went_missing)),
        "has_objectives" => Some(row.has_objectives),
        "has_baseline" => Some(Some(row.has_baseline)),
        "has_review" => Some(row.has_review),
        "has_end_reason" => row.has_end_reason.map(Some),
        other => unreachable!("{other} is no share"),
    }
}

/// A number, missing, or a question that does not arise.
enum Amount {
    Known(i64),
    Missing,
    NotAsked,
}

/// Ten-thousandths of what is averaged.
fn amount(case: &Case<'_>, measure: &str) -> Amount {
    let finished = case.ladder.is_some();
    let found = match measure {
        "attendance_change" => case.row.attendance_change.map(|change| change.0),
        "hours_per_week" => case.row.hours_per_week.map(|hours| hours.0 * 100),
        "ladder5" => case.ladder.and_then(|ladder| ladder.ladder5).map(|points| points.0),
        _ => case.vector.and_then(|vector| vector.distance_index).map(|index| index.0 * 1000),
    };
    let asked = finished || matches!(measure, "attendance_change" | "hours_per_week");
    match found {
        _ if !asked => Amount::NotAsked,
        Some(found) => Amount::Known(found),
        None => Amount::Missing,
    }
}

/// What is counted of one measure.
#[derive(Clone, Default)]
struct Figure {
    numerator: Option<i64>,
    denominator: Option<i64>,
    missing: i64,
    value: Option<Fixed<4>>,
    low: Option<Fixed<4>>,
    high: Option<Fixed<4>>,
    /// Of how many it is known, for the light.
    known: i64,
}

fn share(cases: &[&Case<'_>], measure: &str) -> Figure {
    let answers: Vec<Option<bool>> = cases.iter().filter_map(|case| answer(case, measure)).collect();
    let yes = answers.iter().filter(|answer| **answer == Some(true)).count() as i64;
    let known = answers.iter().flatten().count() as i64;
    let ends = wilson(yes, known);
    Figure {
        numerator: Some(yes * 10_000),
        denominator: Some(known * 10_000),
        missing: answers.len() as i64 - known,
        value: Fixed::fraction(yes, known),
        low: ends.map(|ends| ends.0),
        high: ends.map(|ends| ends.1),
        known,
    }
}

fn mean(cases: &[&Case<'_>], measure: &str) -> Figure {
    let amounts: Vec<Amount> = cases.iter().map(|case| amount(case, measure)).collect();
    let known: Vec<i64> = amounts
        .iter()
        .filter_map(|amount| if let Amount::Known(number) = amount { Some(*number) } else { None })
        .collect();
    let n = known.len() as f64;
    let total: i64 = known.iter().sum();
    let middle = total as f64 / n;
    let squares: f64 = known.iter().map(|one| (*one as f64 - middle).powi(2)).sum();
    let half = (known.len() > 1).then(|| Z * (squares / (n - 1.0) / n).sqrt());
    let end = |sign: f64| half.map(|half| nearest((middle + sign * half) / 1e4));
    Figure {
        numerator: (!known.is_empty()).then_some(total),
        denominator: Some(known.len() as i64 * 10_000),
        missing: amounts.iter().filter(|amount| matches!(amount, Amount::Missing)).count() as i64,
        value: signed(total, known.len() as i64 * 10_000),
        low: end(-1.0).map(|low| if measure == "attendance_change" { low } else { low.max(Fixed(0)) }),
        high: end(1.0),
        known: known.len() as i64,
    }
}

/// Four decimals, a half away from nothing.
pub fn nearest(number: f64) -> Fixed<4> {
    Fixed((number * 1e4).round() as i64)
}

fn attendance(cases: &[&Case<'_>]) -> Figure {
    let pairs: Vec<(f64, f64)> = cases
        .iter()
        .filter_map(|case| Some((case.row.sessions_attended? as f64, case.row.sessions_offered? as f64)))
        .filter(|(_, offered)| *offered > 0.0)
        .collect();
    let (attended, offered) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    let n = pairs.len() as f64;
    let rate = attended / offered;
    let squares: f64 = pairs.iter().map(|(part, whole)| (part - rate * whole).powi(2)).sum();
    let half = (pairs.len() > 1).then(|| Z * (squares * n / (n - 1.0)).sqrt() / offered);
    Figure {
        numerator: Some(attended as i64 * 10_000),
        denominator: Some(offered as i64 * 10_000),
        missing: (cases.len() - pairs.len()) as i64,
        value: Fixed::fraction(attended as i64, offered as i64),
        low: half.map(|half| nearest((rate - half).max(0.0))),
        high: half.map(|half| nearest((rate + half).min(1.0))),
        known: pairs.len() as i64,
    }
}

/// Events for each hundred learner-years, with Byar's interval.
fn events(events: i64, days: i64, missing: i64) -> Figure {
    let Some(years) = Fixed::<4>::fraction(days, 365).filter(|years| years.0 > 0) else {
        return Figure {
            numerator: Some(events * 10_000),
            denominator: Some(0),
            missing,
            ..Figure::default()
        };
    };
    let end = |n: f64, sign: f64| n * (1.0 - 1.0 / (9.0 * n) + sign * Z / (3.0 * n.sqrt())).powi(3);
    let scale = 100.0 / (years.0 as f64 / 1e4);
    Figure {
        numerator: Some(events * 10_000),
        denominator: Some(years.0),
        missing,
        value: Fixed::fraction(events * 1_000_000, years.0),
        low: Some(nearest(if events == 0 { 0.0 } else { end(events as f64, -1.0) * scale })),
        high: Some(nearest(end(events as f64 + 1.0, 1.0) * scale)),
        known: 0,
    }
}

/// The day on which half have ended: the estimate of those left falls step by step.
fn median(cases: &[&Case<'_>]) -> Figure {
    let ends: BTreeSet<i64> =
        cases.iter().filter(|case| !case.row.is_open).map(|case| case.row.days).collect();
    let mut left = 1.0;
    let mut found = None;
    for days in ends {
        let at_risk = cases.iter().filter(|case| case.row.days >= days).count() as f64;
        let ended = cases.iter().filter(|case| case.row.days == days && !case.row.is_open).count() as f64;
        left *= 1.0 - ended / at_risk;
        if found.is_none() && left <= 0.5 + 1e-9 {
            found = Some(days);
        }
    }
    Figure {
        denominator: Some(cases.len() as i64 * 10_000),
        missing: cases.iter().filter(|case| case.row.is_open).count() as i64,
        value: found.map(|days| Fixed(days * 10_000)),
        ..Figure::default()
    }
}

fn flag(place: &str, ay: i64, sites: &[ApRegistration]) -> Figure {
    let here =
        || sites.iter().filter(|site| site.ay == ay && (place == "all" || site.establishment_id == place));
    let refer = here().filter(|site| site.advice == "refer_for_advice").count() as i64;
    let unjudged = here().filter(|site| site.advice == "not_known").count() as i64;
    let judged = here().count() as i64 - unjudged;
    let any = judged + unjudged > 0;
    Figure {
        numerator: any.then_some(refer * 10_000),
        denominator: any.then_some(judged * 10_000),
        missing: unjudged,
        value: Fixed::fraction(refer, judged),
        ..Figure::default()
    }
}

fn light(measure: &str, figure: &Figure) -> &'static str {
    if measure == "refer_for_advice" {
        return if figure.numerator > Some(0) { "red" } else { "grey" };
    }
    let (green, amber) = match measure {
        "attendance" => (8500, 7000),
        "attendance_change" => (1000, 0),
        "hours_per_week" => (250_000, 180_000),
        "sustained_two_terms" | "sustained_12_months" => (6000, 4000),
        "distance_index" => (550_000, 450_000),
        "sustained_16" | "sustained_17" => (8000, 6500),
        "has_objectives" | "has_baseline" | "has_review" | "has_end_reason" => (9500, 8000),
        _ => return "grey",
    };
    match figure.value {
        Some(value) if figure.known >= 10 && value.0 >= green => "green",
        Some(value) if figure.known >= 10 && value.0 >= amber => "amber",
        Some(_) if figure.known >= 10 => "red",
        _ => "grey",
    }
}

fn figures(
    place: &str,
    ay: i64,
    cases: &[&Case<'_>],
    sites: &[ApRegistration],
) -> Vec<(&'static str, i64, Figure)> {
    let mut all: Vec<(&'static str, i64, Figure)> =
        SHARES.iter().map(|(measure, number)| (*measure, *number, share(cases, measure))).collect();
    for (measure, number) in
        [("attendance_change", 2), ("hours_per_week", 3), ("ladder5", 8), ("distance_index", 9)]
    {
        all.push((measure, number, mean(cases, measure)));
    }
    let n = cases.len() as i64;
    let sum = |of: &dyn Fn(&ApPlacement) -> i64| cases.iter().map(|case| of(case.row)).sum::<i64>();
    let open = cases.iter().filter(|case| case.row.is_open).count() as i64;
    all.push(("attendance", 1, attendance(cases)));
    all.push(("median_days", 4, median(cases)));
    all.push(("suspensions_before", 7, events(sum(&|row| row.suspensions_before), 365 * n, 0)));
    all.push(("suspensions_during", 7, events(sum(&|row| row.suspensions_during), sum(&|row| row.days), 0)));
    let mut after =
        events(sum(&|row| row.suspensions_after.unwrap_or(0)), sum(&|row| row.days_after.unwrap_or(0)), open);
    if open == n {
        after.numerator = None;
        after.denominator = None;
    }
    all.push(("suspensions_after", 7, after));
    all.push(("refer_for_advice", 11, flag(place, ay, sites)));
    all.push(("quality_visit", 11, Figure::default()));
    all.push(("safeguarding_evidence", 11, Figure::default()));
    let [each, additional] = money(cases);
    all.push(("cost_per_sustained_return", 12, each));
    all.push(("cost_per_additional_return", 12, additional));
    all
}

/// What everything has cost that has a price and of which it is known whether it came back and held, for each that did; and beyond those who
/// would have come back anyway, whose share no policy says.
fn money(cases: &[&Case<'_>]) -> [Figure; 2] {
    let held = |case: &Case<'_>| match case.row.sustained_two_terms.as_str() {
        "sustained" => Some(true),
        "not_sustained" | "not_returned" => Some(false),
        _ => None,
    };
    let paid: Vec<(i64, bool)> =
        cases.iter().filter_map(|case| Some((case.row.cost?.0, held(case)?))).collect();
    let pence: i64 = paid.iter().map(|(cost, _)| cost).sum();
    let held = paid.iter().filter(|(_, held)| *held).count() as i64;
    let additional = Figure {
        numerator: (!paid.is_empty()).then_some(pence * 100),
        missing: (cases.len() - paid.len()) as i64,
        known: paid.len() as i64,
        ..Figure::default()
    };
    let each = Figure {
        denominator: Some(held * 10_000),
        value: (paid.len() >= 10).then(|| Fixed::fraction(pence, held * 100)).flatten(),
        ..additional.clone()
    };
    [each, additional]
}

/// Every measure of every provider, year and group, and of all providers.
pub fn measures(cases: &[Case<'_>], sites: &[ApRegistration]) -> Vec<ApMeasure> {
    let mut groups: BTreeMap<(&str, i64, &str), Vec<&Case<'_>>> = BTreeMap::new();
    for case in cases {
        for place in [case.row.establishment_id.as_str(), "all"] {
            groups.entry((place, case.row.ay, &case.row.audit_group)).or_default().push(case);
        }
    }
    let mut rows = Vec::new();
    for ((place, ay, group), cases) in groups {
        for (measure, number, figure) in figures(place, ay, &cases, sites) {
            let state = match measure {
                "quality_visit" | "safeguarding_evidence" => "not_held",
                "cost_per_additional_return" => "no_rule_for_year",
                "cost_per_sustained_return" if figure.value.is_none() && figure.denominator > Some(0) => {
                    "case_list"
                }
                _ if figure.value.is_none() => "nothing_known",
                _ => "known",
            };
            rows.push(ApMeasure {
                establishment_id: place.to_owned(),
                ay,
                audit_group: group.to_owned(),
                measure: measure.to_owned(),
                number,
                n_placements: cases.len() as i64,
                numerator: figure.numerator.map(Fixed),
                denominator: figure.denominator.map(Fixed),
                n_missing: figure.missing,
                value: figure.value,
                value_low: figure.low,
                value_high: figure.high,
                light: light(measure, &figure).to_owned(),
                measure_state: state.to_owned(),
            });
        }
    }
    rows
}
