//! The scorecard: each indicator is taken from the tables again, and judged by the page's words.
mod routes;

use super::Tables;
use super::cells::{Cell, Fixed, People};
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::collections::BTreeMap;

row! {
    /// A question, an indicator of it, and its colour.
    Scorecard = "scorecard", group |row| Group::Cohort(row.question, row.indicator.clone());
    question: i64 = "question",
    indicator: String = "indicator",
    population: String = "population",
    answerable: String = "answerable",
    better: Option<String> = "better",
    ay: Option<i64> = "ay",
    value: Option<Fixed<4>> = "value",
    n: Option<i64> = "n",
    n_missing: Option<i64> = "n_missing",
    coverage: Option<Fixed<4>> = "coverage",
    value_before: Option<Fixed<4>> = "value_before",
    n_before: Option<i64> = "n_before",
    change: Option<Fixed<4>> = "change",
    change_low: Option<Fixed<4>> = "change_low",
    judged_by: Option<String> = "judged_by",
    green: Option<Fixed<4>> = "green",
    amber: Option<Fixed<4>> = "amber",
    target: Option<Fixed<4>> = "target",
    rag: String = "rag",
    reason: String = "reason",
}

/// What an indicator is in a year; its value in ten-thousandths.
#[derive(Clone, Copy)]
struct Seen {
    value: i64,
    n: i64,
    missing: i64,
    spread: Option<f64>,
    comparable: bool,
}

type Values = BTreeMap<(&'static str, String), BTreeMap<i64, Seen>>;

/// Indicator, question, whether more is better, thresholds in ten-thousandths, and how it is judged.
type Indicator = (&'static str, i64, bool, Option<(i64, Option<i64>)>, &'static str);

const INDICATORS: [Indicator; 18] = [
    ("reading_below_100", 1, false, Some((1_500, Some(2_500))), "trend"),
    ("maths_below_100", 1, false, Some((1_500, Some(2_500))), "trend"),
    ("reading_below_90", 1, false, None, "trend"),
    ("maths_below_90", 1, false, None, "trend"),
    ("gap_index", 2, false, Some((30_000, Some(37_000))), "trend"),
    ("gap_index_without_ap", 2, false, Some((30_000, Some(37_000))), "trend"),
    ("basics_9_5_gap", 2, false, None, "trend"),
    ("hutchens", 3, false, Some((500, Some(1_000))), "falling"),
    ("known_destination", 5, true, Some((9_700, Some(9_300))), "level"),
    ("careers_interview", 6, true, Some((9_500, None)), "level"),
    ("long_gap_9_4", 9, false, None, "trend"),
    ("suspension_rate", 10, false, None, "trend"),
    ("permanent_rate", 10, false, None, "trend"),
    ("index_gain", 8, true, None, "told"),
    ("duration_gain", 8, true, None, "told"),
    ("leavers_met", 15, true, Some((9_500, Some(8_500))), "level"),
    ("level3_gap", 17, false, None, "trend"),
    ("in_learning_without_basics", 18, true, None, "trend"),
];

fn rounded(spread: f64) -> Option<f64> {
    spread.is_finite().then(|| (spread * 1e9).round() / 1e9)
}

/// The standard error of a share, and of a difference of two.
fn of_share(n: i64, of: i64) -> f64 {
    (n as f64 * (of - n) as f64 / of as f64 / of as f64 / of as f64).sqrt()
}

fn ratio(n: i64, of: i64) -> Option<i64> {
    (of > 0).then(|| n.signum() * ((n.abs() * 20_000 + of) / (2 * of)))
}

fn values(tables: &Tables) -> Values {
    let mut values = Values::new();
    let mut put = |indicator, population: &str, ay, seen: Option<Seen>| {
        if let Some(seen) = seen {
            values.entry((indicator, population.to_owned())).or_default().insert(ay, seen);
        }
    };
    for rate in
        tables.ks2_rate.iter().filter(|rate| rate.disadvantage == "all" && rate.population != "ever_y6_here")
    {
        let indicator = match rate.measure.as_str() {
            "reading_expected" => "reading_below_100",
            "maths_expected" => "maths_below_100",
            "reading_90" => "reading_below_90",
            "maths_90" => "maths_below_90",
            _ => continue,
        };
        let (known, below) = (rate.n_known, rate.n_known - rate.n_achieved);
        let seen = Fixed::<4>::fraction(below, known).map(|value| Seen {
            value: value.0,
            n: known,
            missing: rate.n_missing,
            spread: rounded(of_share(below, known)),
            comparable: true,
        });
        put(indicator, &rate.population, rate.cohort_ay, seen);
    }
    for gap in tables.disadvantage_gap.iter().filter(|gap| gap.stage == "ks4" && gap.population != "open") {
        let indicator = if gap.scope == "all" { "gap_index" } else { "gap_index_without_ap" };
        let ends = gap.gap_low.zip(gap.gap_high);
        let seen = gap.gap_index.map(|value| Seen {
            value: value.0,
            n: gap.n_disadvantaged + gap.n_other,
            missing: gap.n_missing_score + gap.n_missing_disadvantage,
            spread: ends.and_then(|(low, high)| rounded((high.0 - low.0) as f64 / 1e4 / 3.92)),
            comparable: !(2020..=2022).contains(&gap.ay),
        });
        put(indicator, &gap.population, gap.ay, seen);
    }
    for (ay, population) in tables.ks4_rate.iter().map(|rate| (rate.ks4_ay, rate.population.as_str())) {
        let of = |group: &str| {
            let mut found =
                tables.ks4_rate.iter().filter(|rate| rate.ks4_ay == ay && rate.population == population);
            found.find(|rate| rate.measure == "basics_9_5" && rate.disadvantage == group)
        };
        let (Some(other), Some(poor), false) = (of("other"), of("disadvantaged"), population == "open")
        else {
            continue;
        };
        let nobody_says = of("not_known").map_or(0, |rate| rate.n_members);
        let seen = difference(
            (other.n_achieved, other.n_known),
            (poor.n_achieved, poor.n_known),
            other.n_missing + poor.n_missing + nobody_says,
            other.grades_comparable == Some(true),
        );
        put("basics_9_5_gap", population, ay, seen);
    }
    for rate in &tables.suspension_rate {
        let is_over =
            NaiveDate::from_ymd_opt(rate.ay as i32, 8, 31).is_some_and(|end| end <= tables.setting.as_of);
        if rate.breakdown != "all" || !is_over {
            continue;
        }
        let kinds = [
            ("suspension_rate", rate.suspension_rate, rate.n_suspensions),
            ("permanent_rate", rate.permanent_rate, rate.n_permanent),
        ];
        for (indicator, value, events) in kinds {
            let seen = value.map(|value| Seen {
                value: value.0,
                n: rate.n_pupils,
                missing: rate.n_missing,
                spread: rounded(100.0 * (events as f64).sqrt() / rate.n_pupils as f64),
                comparable: true,
            });
            put(indicator, &rate.population, rate.ay, seen);
        }
    }
    for index in &tables.segregation {
        if index.phase == "secondary" && index.measure == "ever6_legacy" && index.population == "attending" {
            let seen = index.hutchens.map(|value| Seen {
                value: value.0,
                n: index.n_pupils,
                missing: index.n_missing + index.n_in_small_schools,
                spread: None,
                comparable: true,
            });
            put("hutchens", "attending", index.ay, seen);
        }
    }
    for population in ["attending", "resident"] {
        for (ay, seen) in long_gaps(tables, population) {
            put("long_gap_9_4", population, ay, seen);
        }
        for (ay, seen) in known(tables, population) {
            put("known_destination", population, ay, seen);
        }
        routes::put(tables, population, &mut put);
    }
    values
}

fn difference(other: (i64, i64), poor: (i64, i64), missing: i64, comparable: bool) -> Option<Seen> {
    let value = ratio(other.0 * poor.1 - poor.0 * other.1, other.1 * poor.1)?;
    let spread = (of_share(other.0, other.1).powi(2) + of_share(poor.0, poor.1).powi(2)).sqrt();
    Some(Seen { value, n: other.1 + poor.1, missing, spread: rounded(spread), comparable })
}

/// Basics at 4 of those who were not long on free meals, less those who were.
fn long_gaps(tables: &Tables, population: &str) -> BTreeMap<i64, Option<Seen>> {
    let mut years: BTreeMap<i64, ([i64; 4], i64, bool)> = BTreeMap::new();
    for row in tables.ks4_result.iter().filter(|row| row.in_denominator) {
        if !(if population == "attending" { row.attending } else { row.resident }) {
            continue;
        }
        let about =
            tables.circumstance_year.iter().find(|one| one.person == row.person && one.ay == row.ks4_ay);
        let (counts, members, comparable) = years.entry(row.ks4_ay).or_insert(([0; 4], 0, true));
        *members += 1;
        *comparable &= row.grades_comparable == Some(true);
        let is_known = matches!(row.basics_9_4.as_str(), "achieved" | "not_achieved" | "not_entered");
        if let Some(long) = about.and_then(|one| one.persistent).filter(|_| is_known) {
            let at = if long { 2 } else { 0 };
            counts[at] += i64::from(row.basics_9_4 == "achieved");
            counts[at + 1] += 1;
        }
    }
    years
        .into_iter()
        .map(|(ay, ([a, b, c, d], members, comparable))| {
            (ay, difference((a, b), (c, d), members - b - d, comparable))
        })
        .collect()
}

/// Leavers of Year 11 of whom the January after is known.
fn known(tables: &Tables, population: &str) -> BTreeMap<i64, Option<Seen>> {
    let mut years: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for row in tables.ks4_result.iter().filter(|row| row.in_denominator) {
        let belongs = if population == "attending" { row.attending } else { row.resident };
        let at = tables.cohort_outcome.iter().find(|one| one.person == row.person);
        let Some(word) =
            at.and_then(|one| one.destination_16.as_deref()).filter(|word| belongs && *word != "not_due")
        else {
            continue;
        };
        let (met, of) = years.entry(row.ks4_ay + 1).or_default();
        *met += i64::from(!matches!(word, "no_record" | "not_known"));
        *of += 1;
    }
    years
        .into_iter()
        .map(|(ay, (met, of))| {
            let value = Fixed::<4>::fraction(met, of);
            let seen = value.map(|value| Seen {
                value: value.0,
                n: of,
                missing: 0,
                spread: rounded(of_share(met, of)),
                comparable: true,
            });
            (ay, seen)
        })
        .collect()
}

fn answerable(question: i64) -> &'static str {
    match question {
        1 | 2 | 3 | 8 | 9 | 15 => "yes",
        5 | 6 | 10 | 16 | 17 | 18 => "partly",
        _ => "no",
    }
}

/// All eighteen, with a row for each population that has a value.
pub fn scorecard(tables: &Tables) -> Vec<Scorecard> {
    let values = values(tables);
    let mut rows = Vec::new();
    for question in 1..=18 {
        let indicators: Vec<&Indicator> = INDICATORS.iter().filter(|one| one.1 == question).collect();
        if indicators.is_empty() {
            let reason =
                if answerable(question) == "no" { "not_measurable_here" } else { "not_yet_measured" };
            rows.push(grey(question, None, reason));
        }
        for indicator in indicators {
            let before = rows.len();
            for ((_, population), years) in values.iter().filter(|((name, _), _)| *name == indicator.0) {
                rows.push(judged(indicator, population, years));
            }
            if rows.len() == before {
                rows.push(grey(question, Some(indicator), "no_value"));
            }
        }
    }
    rows
}

fn grey(question: i64, indicator: Option<&Indicator>, reason: &str) -> Scorecard {
    let levels = indicator.and_then(|one| one.3);
    Scorecard {
        question,
        indicator: indicator.map_or("none", |one| one.0).to_owned(),
        population: "none".to_owned(),
        answerable: answerable(question).to_owned(),
        better: indicator.map(|one| if one.2 { "up" } else { "down" }.to_owned()),
        ay: None,
        value: None,
        n: None,
        n_missing: None,
        coverage: None,
        value_before: None,
        n_before: None,
        change: None,
        change_low: None,
        judged_by: indicator.map(|one| if one.4 == "falling" { "falling_level" } else { one.4 }.to_owned()),
        green: levels.map(|(green, _)| Fixed(green)),
        amber: levels.and_then(|(_, amber)| amber).map(Fixed),
        target: None,
        rag: "grey".to_owned(),
        reason: reason.to_owned(),
    }
}

fn judged(indicator: &Indicator, population: &str, years: &BTreeMap<i64, Seen>) -> Scorecard {
    let (_, question, more_is_better, levels, by) = *indicator;
    let (ay, now) = years.iter().next_back().map(|(ay, now)| (*ay, *now)).unwrap();
    let earlier = years.get(&(ay - 3)).copied();
    let before = earlier.filter(|before| before.comparable && now.comparable);
    let change =
        before.map(|before| if more_is_better { now.value - before.value } else { before.value - now.value });
    let spread = now.spread.zip(earlier.and_then(|one| one.spread)).map(|(a, b)| (a * a + b * b).sqrt());
    let low = change.zip(spread).map(|(change, spread)| change as f64 / 1e4 - 1.645 * spread);
    let target = before.map(|before| before.value.signum() * ((before.value.abs() * 1_290 + 5_000) / 10_000));
    let better = |level: i64| if more_is_better { now.value >= level } else { now.value <= level };
    let enough = earlier.is_some_and(|one| one.n >= 100);
    let reason = if now.n < 100 {
        "too_few"
    } else if now.n * 5 < (now.n + now.missing) * 4 {
        "coverage"
    } else if !now.comparable {
        "not_comparable"
    } else if by == "told" {
        "told_not_judged"
    } else if let (true, Some(change), Some(low), Some(target)) =
        (by == "trend" && enough, change, low, target)
    {
        if low >= target as f64 / 1e4 {
            "on_course"
        } else if change > 0 && change as f64 / 1e4 >= 0.8416 * spread.unwrap() {
            "better_short_of_target"
        } else {
            "not_better"
        }
    } else {
        match levels {
            None => "no_year_before",
            Some((green, _))
                if better(green) && (by != "falling" || change.is_some_and(|change| change > 0)) =>
            {
                "level_good"
            }
            Some((green, amber)) if better(green) || amber.is_some_and(better) => "level_middling",
            Some(_) => "level_poor",
        }
    };
    let rag = match reason {
        "on_course" | "level_good" => "green",
        "better_short_of_target" | "level_middling" => "amber",
        "not_better" | "level_poor" => "red",
        _ => "grey",
    };
    Scorecard {
        population: population.to_owned(),
        ay: Some(ay),
        value: Some(Fixed(now.value)),
        n: Some(now.n),
        n_missing: Some(now.missing),
        coverage: Fixed::fraction(now.n, now.n + now.missing),
        value_before: before.map(|before| Fixed(before.value)),
        n_before: before.map(|before| before.n),
        change: change.map(Fixed),
        change_low: low.map(|low| Fixed((low * 1e4).round() as i64)),
        target: target.map(Fixed),
        rag: rag.to_owned(),
        ..grey(question, Some(indicator), reason)
    }
}
