//! Key stage 4: `docs/measures/attainment.md`, read once more.
use super::cells::Fixed;
use super::codes;
use super::facts::{Code, Qualification};
use super::ledger::{Award, by_sixteen};
use super::measures::{Attainment8Mean, Baseline, CircumstanceYear, DisadvantageGap, Ks4Rate, Ks4Result};
use super::rows::{CohortMember, CohortOutcome};
use super::waterfall::{Z, wilson};
use std::collections::BTreeMap;

/// Where somebody started: only the national file tells, once a subject.
pub fn baseline(member: &CohortMember) -> Baseline {
    let no_source =
        matches!(member.ks2_state.as_str(), "covid" | "no_rule_for_year" | "not_held" | "not_held_moved_in");
    Baseline {
        person: member.person,
        cohort_ay: member.cohort_ay,
        ks2_state: member.ks2_state.clone(),
        ks2_score: member.ks2_score,
        ks4_prior_band: member.ks2_score.map(|score| {
            let band = match score.0 {
                ..10_000 => "low",
                10_000..11_000 => "middle",
                _ => "high",
            };
            band.to_owned()
        }),
        baseline_source: if no_source { "none" } else { "national" }.to_owned(),
        n_rows_passed_over: 0,
        n_conflicts: 0,
    }
}

/// Hundredths of points of a result in the years of grades 9 to 1; none where the scale has no points.
fn points(row: &Qualification) -> Option<i64> {
    if row.kind == "gcse" {
        return Some(100 * codes::grade_points(row.grade));
    }
    match (row.level, row.grade) {
        (Some("2"), Some("PASS")) => Some(400),
        (Some("2"), Some("MERIT")) => Some(550),
        (Some("2"), Some("DIST")) => Some(700),
        (Some("2"), Some("DSTAR")) => Some(850),
        (Some("1"), Some("PASS")) => Some(125),
        (Some("1"), Some("MERIT")) => Some(200),
        (Some("1"), Some("DIST")) => Some(300),
        (Some("1" | "2"), Some("FAIL")) => Some(0),
        _ => None,
    }
}

/// One result for each kind and subject: the best, or the earliest and of those the best.
fn entries<'a>(rows: &[&'a Qualification], is_first: bool) -> Vec<&'a Qualification> {
    let mut chosen: BTreeMap<(Code, Code), &Qualification> = BTreeMap::new();
    for row in rows {
        let key = (row.kind, row.subject);
        let is_better = chosen.get(&key).is_none_or(|before| {
            let day = |row: &Qualification| if is_first { Some(row.awarded_on) } else { None };
            day(row) < day(before) || (day(row) == day(before) && points(row) > points(before))
        });
        if is_better {
            chosen.insert(key, row);
        }
    }
    chosen.into_values().collect()
}

fn element(row: &Qualification) -> Code {
    match (row.kind, row.subject) {
        ("gcse", "english_language" | "english_literature") => "english",
        ("gcse", "maths") => "maths",
        (
            "gcse",
            "combined_science" | "biology" | "chemistry" | "physics" | "computing" | "history" | "geography"
            | "french" | "spanish" | "german",
        ) => "ebacc",
        _ => "open",
    }
}

fn how_many(row: &Qualification) -> usize {
    if (row.kind, row.subject) == ("gcse", "combined_science") { 2 } else { 1 }
}

/// Attainment 8 in hundredths, by filling the slots one by one.
fn attainment8(entries: &[&Qualification]) -> i64 {
    let sorted = |wanted: &str| -> Vec<i64> {
        let mut found: Vec<i64> = entries
            .iter()
            .filter(|row| element(row) == wanted)
            .flat_map(|row| std::iter::repeat_n(points(row), how_many(row)))
            .flatten()
            .collect();
        found.sort_unstable_by(|one, other| other.cmp(one));
        found
    };
    let (english, maths, ebacc) = (sorted("english"), sorted("maths"), sorted("ebacc"));
    let mut open = sorted("open");
    open.extend(english.iter().skip(1));
    open.extend(ebacc.iter().skip(3));
    open.sort_unstable_by(|one, other| other.cmp(one));
    let doubled = if english.len() == 2 { 2 } else { 1 };
    2 * maths.first().unwrap_or(&0)
        + doubled * english.first().unwrap_or(&0)
        + ebacc.iter().take(3).sum::<i64>()
        + open.iter().take(3).sum::<i64>()
}

/// Whether 2020 to 2022: grades that schools gave, or that were set between.
fn is_comparable(ay: i64) -> Option<bool> {
    (2017..=2026).contains(&ay).then_some(!(2020..=2022).contains(&ay))
}

fn is_ebacc_year(ay: i64) -> bool {
    ay <= 2025
}

/// The row of somebody who has been followed up. Every year of the world has grades 9 to 1 and no estimates are held.
pub fn result(
    member: &CohortMember,
    at: &CohortOutcome,
    awards: &[Award<'_>],
    year: Option<&CircumstanceYear>,
) -> Option<Ks4Result> {
    if at.state == "not_yet_16" {
        return None;
    }
    let ks4_ay = member.cohort_ay + 5;
    let last = super::days::last_day_of(ks4_ay as i32);
    let rows: Vec<&Qualification> = awards
        .iter()
        .map(|award| award.best)
        .filter(|row| {
            codes::counts_in_tables(row.kind) && codes::has_result(row.grade) && row.awarded_on <= last
        })
        .collect();
    let (best, first) = (entries(&rows, false), entries(&rows, true));
    let result_state = at.result_state.clone().unwrap_or_else(|| "unknown".to_owned());
    let is_unknown = result_state == "unknown";
    let ledger = by_sixteen(awards, ks4_ay as i32);
    let grade = |subjects: &[&str]| {
        best.iter()
            .filter(|row| row.kind == "gcse" && subjects.contains(&row.subject))
            .map(|row| codes::grade_points(row.grade))
            .max()
    };
    let (english, maths) = (grade(&["english_language", "english_literature"]), grade(&["maths"]));
    let sciences = |least: i64| -> usize {
        let is_science = |row: &&&Qualification| {
            let subjects = ["combined_science", "biology", "chemistry", "physics", "computing"];
            row.kind == "gcse" && subjects.contains(&row.subject) && codes::grade_points(row.grade) >= least
        };
        best.iter().filter(is_science).map(|row| how_many(row)).sum()
    };
    let pillars = [english, maths, grade(&["history", "geography"]), grade(&["french", "spanish", "german"])];
    let enters = pillars.iter().all(Option::is_some) && sciences(0) >= 2;
    let reaches = pillars.iter().all(|pillar| *pillar >= Some(4)) && sciences(4) >= 2;
    let word = |achieved: bool, entered: bool| {
        let word = match (is_unknown, achieved, entered) {
            (true, ..) => "unknown",
            (_, true, _) => "achieved",
            (_, _, false) => "not_entered",
            _ => "not_achieved",
        };
        word.to_owned()
    };
    let of_ebacc = |word: String| if is_ebacc_year(ks4_ay) { word } else { "not_published".to_owned() };
    let has_basics = english.is_some() && maths.is_some();
    let known = |value: i64| (!is_unknown).then_some(Fixed(value));
    Some(Ks4Result {
        person: member.person,
        ks4_ay,
        in_denominator: at.in_denominator,
        attending: year.is_some_and(|year| year.attending),
        resident: year.is_some_and(|year| year.resident),
        kind: year.map_or("not_known", |year| &year.kind).to_owned(),
        disadvantaged: year.and_then(|year| year.disadvantaged),
        result_state,
        five_a_c_em: "not_published".to_owned(),
        basics_9_4: word(ledger.basics_9_4, has_basics),
        basics_9_5: word(ledger.basics_9_5, has_basics),
        ebacc_entered: of_ebacc(word(enters, false)),
        ebacc_9_4: of_ebacc(word(reaches, enters)),
        attainment8: known(attainment8(&best)),
        attainment8_first: known(attainment8(&first)),
        attainment8_state: match (is_unknown, rows.is_empty()) {
            (true, _) => "unknown",
            (_, true) => "not_entered",
            _ => "known",
        }
        .to_owned(),
        n_without_points: best.iter().filter(|row| points(row).is_none()).count() as i64,
        english_maths: known(50 * (english.unwrap_or(0) + maths.unwrap_or(0))),
        ks2_score: member.ks2_score,
        baseline_source: baseline(member).baseline_source,
        progress8: None,
        progress8_state: if ks4_ay >= 2025 || matches!(ks4_ay, 2020 | 2021) {
            "not_published"
        } else {
            "no_rule_for_year"
        }
        .to_owned(),
        grades_comparable: is_comparable(ks4_ay),
    })
}

/// Who is counted, and in which group.
fn groups(rows: &[Ks4Result]) -> BTreeMap<(i64, &'static str, &'static str), Vec<&Ks4Result>> {
    let mut groups: BTreeMap<_, Vec<&Ks4Result>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.in_denominator) {
        let own = match row.disadvantaged {
            Some(true) => "disadvantaged",
            Some(false) => "other",
            None => "not_known",
        };
        for population in populations(row.attending, row.resident) {
            for group in ["all", own] {
                groups.entry((row.ks4_ay, population, group)).or_default().push(row);
            }
        }
    }
    groups
}

fn populations(attending: bool, resident: bool) -> impl Iterator<Item = &'static str> {
    [("attending", attending), ("resident", resident), ("open", true)]
        .into_iter()
        .filter(|(_, belongs)| *belongs)
        .map(|(population, _)| population)
}

type Answer = fn(&Ks4Result) -> &str;

const THRESHOLDS: [(&str, Answer); 4] = [
    ("basics_9_4", |row| &row.basics_9_4),
    ("basics_9_5", |row| &row.basics_9_5),
    ("ebacc_entered", |row| &row.ebacc_entered),
    ("ebacc_9_4", |row| &row.ebacc_9_4),
];

pub fn rates(rows: &[Ks4Result]) -> Vec<Ks4Rate> {
    let mut rates = Vec::new();
    for ((ks4_ay, population, group), members) in groups(rows) {
        for (measure, answer) in THRESHOLDS {
            if measure.starts_with("ebacc") && !is_ebacc_year(ks4_ay) {
                continue;
            }
            let count = |wanted: &str| members.iter().filter(|row| answer(row) == wanted).count() as i64;
            let n_members = members.len() as i64;
            let (n_missing, n_achieved) = (count("unknown"), count("achieved"));
            let n_known = n_members - n_missing;
            let (observed, whole) = (wilson(n_achieved, n_known), wilson(n_achieved, n_members));
            rates.push(Ks4Rate {
                ks4_ay,
                population: population.to_owned(),
                disadvantage: group.to_owned(),
                measure: measure.to_owned(),
                n_members,
                n_missing,
                n_known,
                n_not_entered: count("not_entered"),
                n_achieved,
                observed: Fixed::fraction(n_achieved, n_known),
                observed_low: observed.map(|ends| ends.0),
                observed_high: observed.map(|ends| ends.1),
                whole_cohort: Fixed::fraction(n_achieved, n_members),
                whole_cohort_low: whole.map(|ends| ends.0),
                whole_cohort_high: whole.map(|ends| ends.1),
                upper: Fixed::fraction(n_achieved + n_missing, n_members),
                grades_comparable: is_comparable(ks4_ay),
            });
        }
    }
    rates
}

type Points = fn(&Ks4Result) -> Option<Fixed<2>>;

const MEANS: [(&str, Points); 2] =
    [("attainment8", |row| row.attainment8), ("attainment8_first", |row| row.attainment8_first)];

pub fn means(rows: &[Ks4Result]) -> Vec<Attainment8Mean> {
    let mut means = Vec::new();
    for ((ks4_ay, population, group), members) in groups(rows) {
        for (measure, of) in MEANS {
            let known: Vec<i64> = members.iter().filter_map(|row| of(row)).map(|points| points.0).collect();
            let (n, total) = (known.len() as i64, known.iter().sum::<i64>());
            let mean = Fixed::fraction(total, 100 * n);
            let half = (n > 1).then(|| {
                let centre = total as f64 / n as f64;
                let squares: f64 = known.iter().map(|points| (*points as f64 - centre).powi(2)).sum();
                Z * (squares / (n as f64 - 1.0) / n as f64).sqrt() / 100.0
            });
            let end = |sign: f64| {
                mean.zip(half)
                    .map(|(mean, half): (Fixed<4>, f64)| Fixed::round(mean.0 as f64 / 1e4 + sign * half))
            };
            means.push(Attainment8Mean {
                ks4_ay,
                population: population.to_owned(),
                disadvantage: group.to_owned(),
                measure: measure.to_owned(),
                n_members: members.len() as i64,
                n_missing: members.len() as i64 - n,
                n_known: n,
                total: Fixed(10 * total),
                mean,
                mean_low: end(-1.0),
                mean_high: end(1.0),
            });
        }
    }
    means
}

/// What the index is worked out from: where somebody is counted, the group, the score in hundredths.
struct Ranked {
    is_ap: bool,
    disadvantaged: Option<bool>,
    score: Option<i64>,
}

pub fn gaps(members: &[CohortMember], results: &[Ks4Result]) -> Vec<DisadvantageGap> {
    let mut groups: BTreeMap<(i64, &str, &str), Vec<Ranked>> = BTreeMap::new();
    for row in members.iter().filter(|row| !matches!(row.ks2_state.as_str(), "covid" | "no_rule_for_year")) {
        for population in populations(row.attending, row.resident) {
            groups.entry((row.cohort_ay, "ks2", population)).or_default().push(Ranked {
                is_ap: row.entry_basis == "ap",
                disadvantaged: row.dis_y6,
                score: row.ks2_score.map(|score| score.0),
            });
        }
    }
    for row in results.iter().filter(|row| row.in_denominator) {
        for population in populations(row.attending, row.resident) {
            groups.entry((row.ks4_ay, "ks4", population)).or_default().push(Ranked {
                is_ap: codes::is_ap(&row.kind),
                disadvantaged: row.disadvantaged,
                score: row.english_maths.map(|score| score.0),
            });
        }
    }
    let mut gaps = Vec::new();
    for ((ay, stage, population), all) in &groups {
        for scope in ["all", "without_ap"] {
            let ranked: Vec<&Ranked> = all.iter().filter(|one| scope == "all" || !one.is_ap).collect();
            if !ranked.is_empty() {
                gaps.push(gap(*ay, stage, population, scope, &ranked));
            }
        }
    }
    gaps
}

/// The index by its other reading: how often one of the others stands above one of the disadvantaged, ties half.
fn gap(ay: i64, stage: &str, population: &str, scope: &str, ranked: &[&Ranked]) -> DisadvantageGap {
    let scores = |wanted: bool| -> Vec<i64> {
        let mut found: Vec<i64> = ranked
            .iter()
            .filter(|one| one.disadvantaged == Some(wanted))
            .filter_map(|one| one.score)
            .collect();
        found.sort_unstable();
        found
    };
    let (poor, rest) = (scores(true), scores(false));
    let (n_poor, n_rest) = (poor.len() as i64, rest.len() as i64);
    // Twice the number of pairs in which the other one is above.
    let below = |score: &i64| {
        (poor.partition_point(|one| one < score) + poor.partition_point(|one| one <= score)) as i64
    };
    let above: i64 = rest.iter().map(below).sum();
    let pairs = n_poor * n_rest;
    let chance = above as f64 / (2 * pairs) as f64;
    let half = 20.0 * hanley(chance, n_rest as f64, n_poor as f64);
    let index = 20.0 * (chance - 0.5);
    DisadvantageGap {
        ay,
        stage: stage.to_owned(),
        population: population.to_owned(),
        scope: scope.to_owned(),
        n_disadvantaged: n_poor,
        n_other: n_rest,
        n_missing_score: ranked
            .iter()
            .filter(|one| one.disadvantaged.is_some() && one.score.is_none())
            .count() as i64,
        n_missing_disadvantage: ranked.iter().filter(|one| one.disadvantaged.is_none()).count() as i64,
        share_disadvantaged: Fixed::fraction(n_poor, n_poor + n_rest),
        mean_rank_disadvantaged: mean_rank(&poor, &rest),
        mean_rank_other: mean_rank(&rest, &poor),
        gap_index: signed(10 * (above - pairs), pairs),
        gap_low: (pairs > 0).then(|| signed_round((index - half).max(-10.0))),
        gap_high: (pairs > 0).then(|| signed_round((index + half).min(10.0))),
        auc: Fixed::fraction(above, 2 * pairs),
    }
}

/// The mean of the places of one group among both, equal ones sharing the middle of theirs.
fn mean_rank(group: &[i64], others: &[i64]) -> Option<Fixed<4>> {
    let mut all: Vec<i64> = group.iter().chain(others).copied().collect();
    all.sort_unstable();
    let twice = |score: &i64| {
        (all.partition_point(|one| one < score) + all.partition_point(|one| one <= score)) as i64
    };
    Fixed::fraction(group.iter().map(twice).sum(), 2 * all.len() as i64 * group.len() as i64)
}

fn signed(numerator: i64, denominator: i64) -> Option<Fixed<4>> {
    Fixed::fraction(numerator.abs(), denominator).map(|value: Fixed<4>| Fixed(value.0 * numerator.signum()))
}

/// As the engine rounds: half away from nothing.
fn signed_round(number: f64) -> Fixed<4> {
    Fixed((number * 1e4).round() as i64)
}

/// 1.96 standard errors of an area under the curve (Hanley and `McNeil` 1982).
fn hanley(area: f64, over: f64, under: f64) -> f64 {
    let one = area / (2.0 - area) - area * area;
    let two = 2.0 * area * area / (1.0 + area) - area * area;
    let variance = (area * (1.0 - area) + (over - 1.0) * one + (under - 1.0) * two) / (over * under);
    Z * variance.max(0.0).sqrt()
}

#[test]
fn the_gap_of_eight_pupils_is_four_points() {
    let one = |disadvantaged, score| Ranked {
        is_ap: false,
        disadvantaged: Some(disadvantaged),
        score: Some(score),
    };
    let others = [800, 650, 500, 450, 200].map(|score| one(false, score));
    let poor = [500, 400, 250].map(|score| one(true, score));
    let all: Vec<&Ranked> = others.iter().chain(&poor).collect();
    let row = gap(2024, "ks4", "open", "all", &all);
    assert_eq!((row.gap_index, row.auc), (Some(Fixed(40_000)), Some(Fixed(7_000))));
    assert_eq!((row.mean_rank_disadvantaged, row.mean_rank_other), (Some(Fixed(3_750)), Some(Fixed(5_750))));
}
