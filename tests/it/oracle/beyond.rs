//! Beyond GCSE: `docs/measures/beyond.md`, read once more. What rests on one person alone is here, what rests on others
//! in `travelled`.
use super::beyond_rows::{DistanceTravelled, EngagementChange, LadderResult, OutcomeVector};
use super::cells::{Fixed, Person};
use super::codes;
use super::days::{day, last_day_of};
use super::facts::{Assessment, Code, PersonFacts, Qualification};
use super::ledger::Award;
use super::measures::{CircumstanceYear, Ks4Result, SuspensionEvent};
use super::rows::{CohortOutcome, Spell};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Ten-thousandths of a point of the ladder; none where the size or the level of an award is not known.
fn points(row: &Qualification) -> Option<i64> {
    if !codes::passed(row.grade) {
        return Some(0);
    }
    let entry = |level: Option<Code>| match level {
        Some("E1") => Some(25),
        Some("E2") => Some(50),
        Some("E3") => Some(75),
        Some("1") => Some(200),
        Some("2") => Some(400),
        Some("3") => Some(900),
        _ => None,
    };
    let (hundredths, hours) = match row.kind {
        "unit_award" | "dofe" => return Some(1000),
        "gcse" => (Some(100 * codes::grade_points(row.grade)), 120),
        "btec" => (graded(row), 120),
        "entry_level" | "a_level" => (entry(row.level), 120),
        "fsq" if row.awarded_on < day(2019, 9, 1) => (entry(row.level), 45),
        "fsq" => (entry(row.level), 55),
        _ => return None,
    };
    hundredths.map(|value| (value * 100 * hours * 2 + 120) / 240)
}

fn graded(row: &Qualification) -> Option<i64> {
    match (row.level, row.grade) {
        (Some("2"), Some("PASS")) => Some(400),
        (Some("2"), Some("MERIT")) => Some(550),
        (Some("2"), Some("DIST")) => Some(700),
        (Some("2"), Some("DSTAR")) => Some(850),
        (Some("1"), Some("PASS")) => Some(125),
        (Some("1"), Some("MERIT")) => Some(200),
        (Some("1"), Some("DIST")) => Some(300),
        _ => None,
    }
}

fn is_unit(kind: &str) -> bool {
    matches!(kind, "unit_award" | "dofe")
}

/// The ladder of somebody followed up to sixteen.
pub fn ladder(at: &CohortOutcome, awards: &[Award<'_>]) -> Option<LadderResult> {
    if at.state == "not_yet_16" {
        return None;
    }
    let until = last_day_of(at.cohort_ay as i32 + 5);
    let rows: Vec<&Qualification> =
        awards.iter().map(|award| award.best).filter(|row| row.awarded_on <= until).collect();
    let result = |row: &&Qualification| codes::has_result(row.grade);
    let mut subjects: BTreeMap<Code, i64> = BTreeMap::new();
    let mut seconds: BTreeMap<Code, i64> = BTreeMap::new();
    for row in rows.iter().copied().filter(|row| result(row) && !is_unit(row.kind)) {
        if let Some(points) = points(row) {
            let best = subjects.entry(row.subject).or_default();
            *best = points.max(*best);
            if row.kind == "gcse" && codes::gcses(row.subject) == 2 {
                let second = seconds.entry(row.subject).or_default();
                *second = points.max(*second);
            }
        }
    }
    let units = rows.iter().filter(|row| is_unit(row.kind) && codes::passed(row.grade)).count() as i64;
    let best = |area: &str| {
        let of_area = subjects.iter().filter(|(subject, _)| codes::subject_area(subject) == area);
        of_area.map(|(_, points)| *points).max().unwrap_or(0)
    };
    let (english, maths) = (best("english"), best("maths"));
    let mut others: Vec<i64> = subjects
        .iter()
        .filter(|(subject, _)| codes::subject_area(subject) == "other")
        .map(|(_, points)| *points)
        .collect();
    others.extend(seconds.values());
    others.push((units * 1000).min(5000));
    others.sort_unstable_by(|a, b| b.cmp(a));
    let others: i64 = others.iter().take(3).sum();
    let passed = |unit: bool| {
        rows.iter().filter(|row| codes::passed(row.grade) && is_unit(row.kind) == unit).count() as i64
    };
    let is_known = rows.iter().any(result);
    let known = |value: i64| is_known.then_some(Fixed(value));
    Some(LadderResult {
        person: at.person,
        ks4_ay: at.cohort_ay + 5,
        in_denominator: at.in_denominator,
        ladder_state: if !is_known {
            "unknown"
        } else if passed(true) + passed(false) == 0 {
            "none_passed"
        } else {
            "known"
        }
        .to_owned(),
        ladder_english: known(english),
        ladder_maths: known(maths),
        ladder_others: known(others),
        ladder5: known(2 * english + 2 * maths + others),
        english_entry: entry(&rows, "english"),
        maths_entry: entry(&rows, "maths"),
        n_awards: passed(false)
            + rows
                .iter()
                .filter(|row| {
                    codes::passed(row.grade) && row.kind == "gcse" && codes::gcses(row.subject) == 2
                })
                .count() as i64,
        n_units: passed(true),
        n_without_points: rows.iter().filter(|row| codes::passed(row.grade) && points(row).is_none()).count()
            as i64,
    })
}

fn entry(rows: &[&Qualification], area: &str) -> String {
    let of_area = || rows.iter().filter(|row| !is_unit(row.kind) && codes::subject_area(row.subject) == area);
    let rung = of_area().filter_map(|row| codes::rung(row.kind, row.level, row.grade)).max();
    let passed = of_area().any(|row| codes::passed(row.grade));
    match rung {
        _ if rows.is_empty() => "unknown",
        Some(5..) => "achieved_2",
        Some(4) => "achieved_1",
        _ if passed => "achieved_entry",
        _ if of_area().any(|row| codes::has_result(row.grade)) => "not_achieved",
        _ if of_area().next().is_some() => "unknown",
        _ => "not_entered",
    }
    .to_owned()
}

/// Spread and reliability of the teacher's questionnaire, of which the sheets do not say whose it is.
const SDQ: (f64, f64) = (5.9, 0.8);

/// A row for each measure at each review.
pub fn distance(person: &PersonFacts, as_of: NaiveDate) -> Vec<DistanceTravelled> {
    let seen: Vec<&Assessment> = person.assessments.iter().filter(|one| one.taken_on <= as_of).collect();
    let mut rows: BTreeMap<(Code, NaiveDate), DistanceTravelled> = BTreeMap::new();
    for later in seen.iter().filter(|one| one.point == "review") {
        let score = |point: Code, on: NaiveDate| {
            let same =
                |one: &&&Assessment| one.kind == later.kind && one.point == point && one.taken_on == on;
            seen.iter().filter(same).map(|one| one.score).max().unwrap()
        };
        let is_start = |one: &&&Assessment| {
            one.kind == later.kind && one.point == "baseline" && one.taken_on < later.taken_on
        };
        let baseline_on = seen.iter().filter(is_start).map(|one| one.taken_on).max();
        let now = score("review", later.taken_on);
        let then = baseline_on.map(|on| score("baseline", on));
        let gain = then.map(|then| if later.kind == "sdq" { then - now } else { now - then });
        let index = gain
            .filter(|_| later.kind == "sdq")
            .map(|gain| gain as f64 / (SDQ.0 * (2.0 * (1.0 - SDQ.1)).sqrt()));
        rows.insert(
            (later.kind, later.taken_on),
            DistanceTravelled {
                person: Person(person.number),
                measure: later.kind.to_owned(),
                domain: if later.kind == "reading_age" { "literacy" } else { "social" }.to_owned(),
                informant: "not_known".to_owned(),
                later_on: later.taken_on,
                later_point: "review".to_owned(),
                baseline_on,
                baseline_score: then.map(|then| Fixed(then * 10_000)),
                later_score: Fixed(now * 10_000),
                change: then.map(|then| Fixed((now - then) * 10_000)),
                gain: gain.map(|gain| Fixed(gain * 10_000)),
                reliable_change_index: index.map(Fixed::round),
                change_state: match index {
                    None if gain.is_some() => "not_held",
                    None => "no_baseline",
                    Some(index) if index > 1.96 => "better",
                    Some(index) if index < -1.96 => "worse",
                    Some(_) => "no_reliable_change",
                }
                .to_owned(),
                added_value: None,
                t_score: index.map(|index| Fixed::round((50.0 + 10.0 * index).clamp(20.0, 80.0))),
                t_error: index.map(|_| Fixed(100)),
                baseline_band: None,
                later_band: None,
            },
        );
    }
    rows.into_values().collect()
}

/// Half days in provision by academic year; what rests on others comes later.
pub fn engagement(person: &PersonFacts, as_of: NaiveDate) -> Vec<EngagementChange> {
    let mut years: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    let is_ap = |basis: Option<Code>| !matches!(basis, Some("ehcp_named" | "s61" | "managed_move"));
    for one in person.placements.iter().filter(|one| one.starts_on <= as_of && is_ap(one.legal_basis)) {
        let year = years.entry(i64::from(super::days::academic_year(one.starts_on))).or_default();
        year.0 += one.offered;
        year.1 += one.attended;
    }
    let row = |(ay, (offered, attended)): (i64, (i64, i64))| EngagementChange {
        person: Person(person.number),
        ay,
        engagement_state: String::new(),
        sessions_offered: Some(offered),
        sessions_attended: Some(attended),
        attendance_after: None,
        attendance_before: None,
        change: None,
        n_comparators: 0,
        comparator_change: None,
        adjusted_change: None,
        spread: None,
        t_score: None,
        t_error: None,
    };
    years.into_iter().map(row).collect()
}

/// Whether somebody kept in education or work from October to March, by the ends of the six months.
fn sustained(person: &PersonFacts, first_autumn: i32, as_of: NaiveDate) -> &'static str {
    let end = day(first_autumn + 1, 3, 31);
    if end > as_of {
        return "not_due";
    }
    let ends = [(0, 10, 31), (0, 11, 30), (0, 12, 31), (1, 1, 31), (1, 3, 31)];
    let february = day(first_autumn + 1, 3, 1).pred_opt().unwrap();
    let ends =
        ends.map(|(later, month, last)| day(first_autumn + later, month, last)).into_iter().chain([february]);
    let did: Vec<&str> = ends
        .map(|on| {
            let started = person.destinations.iter().filter(|one| {
                one.starts_on <= on && one.starts_on <= as_of && one.ends_on.is_none_or(|end| end >= on)
            });
            started
                .min_by_key(|one| (std::cmp::Reverse(one.starts_on), one.activity))
                .map_or("not_known", |one| codes::strand(one.activity))
        })
        .collect();
    // As if all that is not known had been one thing, and as if it had been nothing.
    let holds = |unknown: &'static str| {
        let seen: Vec<&str> =
            did.iter().map(|one| if *one == "not_known" { unknown } else { *one }).collect();
        let n = |what: &[&str]| seen.iter().filter(|one| what.contains(one)).count();
        n(&["education", "apprenticeship", "employment"]) == 6 || n(&["apprenticeship", "employment"]) >= 5
    };
    if holds("neet") {
        "sustained"
    } else if holds("employment") {
        "unknown"
    } else {
        "not_sustained"
    }
}

/// What of the vector rests on one person alone; the scores come later.
pub fn vector(
    person: &PersonFacts,
    ladder: &LadderResult,
    ks4: &Ks4Result,
    year_11: Option<&CircumstanceYear>,
    spells: &[Spell],
    events: &[SuspensionEvent],
    as_of: NaiveDate,
) -> OutcomeVector {
    let ks4_ay = ladder.ks4_ay as i32;
    let during = |on: NaiveDate| on > last_day_of(ks4_ay - 5) && on <= last_day_of(ks4_ay);
    let missing = spells.iter().filter(|spell| spell.legal_basis == "cme" && during(spell.starts_on));
    let excluded =
        events.iter().filter(|event| event.category == "PERM" && event.counts && during(event.starts_on));
    OutcomeVector {
        person: ladder.person,
        ks4_ay: ladder.ks4_ay,
        in_denominator: ladder.in_denominator,
        ladder_state: ladder.ladder_state.clone(),
        ladder5: ladder.ladder5,
        basics_9_4: ks4.basics_9_4.clone(),
        moves_mid_year_since_y7: year_11.and_then(|year| year.moves_mid_year_since_y7),
        in_school_at_16: matches!(ks4.kind.as_str(), "mainstream" | "resourced_unit" | "special"),
        sustained_16: sustained(person, ks4_ay, as_of).to_owned(),
        sustained_17: sustained(person, ks4_ay + 1, as_of).to_owned(),
        n_missing_spells: missing.count() as i64,
        n_permanent_exclusions: excluded.count() as i64,
        t_attainment: None,
        t_engagement: None,
        t_social: None,
        t_goals: None,
        share_moderated: None,
        n_domains: 0,
        index_state: "unknown".to_owned(),
        distance_index: None,
        distance_error: None,
    }
}
