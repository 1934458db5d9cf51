//! Goals: each day of scoring is worked out from the lines that a test wrote itself, goal by goal.
use super::beyond_rows::DistanceTravelled;
use super::cells::{Cell, Fixed, People, Person};
use super::rows::{Group, Row, column, row};
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

row! {
    /// How far the goals of a day were met.
    GoalScore = "goal_score", group |row| Group::Person(row.person.0);
    person: Person = "learner_id",
    taken_on: NaiveDate = "taken_on",
    point: String = "point",
    n_goals: i64 = "n_goals",
    n_without_score: i64 = "n_without_score",
    goal_t: Option<Fixed<4>> = "goal_t",
    n_as_expected: i64 = "n_as_expected",
    n_moderated: i64 = "n_moderated",
    score_state: String = "score_state",
}

/// A line of a provider's sheet: a goal on a day of scoring.
#[derive(Clone, Debug)]
pub struct Goal {
    pub person: u32,
    pub set_on: NaiveDate,
    pub number: u32,
    pub taken_on: NaiveDate,
    pub point: Option<&'static str>,
    /// Whole; none counts as one.
    pub weight: Option<i64>,
    pub attained: Option<i64>,
    pub moderated: Option<bool>,
}

/// How much goals of one learner are taken to go together.
const TOGETHER: f64 = 0.3;

/// Lines about each goal of a day, by the day on which it was set and its number.
type Day<'a> = BTreeMap<(NaiveDate, u32), Vec<&'a Goal>>;

/// A row for each learner, day and point of scoring. A goal that two providers score is met as far as the lower of them says.
pub fn scores(lines: &[Goal]) -> Vec<GoalScore> {
    let mut days: BTreeMap<(u32, NaiveDate, &str), Day<'_>> = BTreeMap::new();
    for line in lines {
        let day = days.entry((line.person, line.taken_on, line.point.unwrap_or("not_known"))).or_default();
        day.entry((line.set_on, line.number)).or_default().push(line);
    }
    let row = |((person, taken_on, point), goals): ((u32, NaiveDate, &str), Day<'_>)| {
        let mut scored: Vec<(f64, i64)> = Vec::new();
        let mut moderated = 0;
        for told in goals.values() {
            let Some(attained) = told.iter().filter_map(|line| line.attained).min() else { continue };
            let weight = told.iter().filter_map(|line| line.weight).max().unwrap_or(1);
            scored.push((weight as f64, attained));
            moderated += i64::from(told.iter().all(|line| line.moderated == Some(true)));
        }
        let sum: f64 = scored.iter().map(|(weight, attained)| weight * *attained as f64).sum();
        let weights: f64 = scored.iter().map(|(weight, _)| weight).sum();
        let squares: f64 = scored.iter().map(|(weight, _)| weight * weight).sum();
        let under = ((1.0 - TOGETHER) * squares + TOGETHER * weights * weights).sqrt();
        let t = (weights > 0.0).then(|| Fixed(((50.0 + 10.0 * sum / under) * 1e4).round() as i64));
        GoalScore {
            person: Person(person),
            taken_on,
            point: point.to_owned(),
            n_goals: scored.len() as i64,
            n_without_score: goals.len() as i64 - scored.len() as i64,
            goal_t: t,
            n_as_expected: scored.iter().filter(|(_, attained)| *attained == 0).count() as i64,
            n_moderated: moderated,
            score_state: if t.is_some() { "known" } else { "no_score" }.to_owned(),
        }
    };
    days.into_iter().map(row).collect()
}

/// How far learners have come on their goals, for every review and exit that has a score.
pub fn distances(scores: &[GoalScore]) -> Vec<DistanceTravelled> {
    let known: BTreeSet<(u32, NaiveDate, &str, i64)> = scores
        .iter()
        .filter_map(|row| Some((row.person.0, row.taken_on, row.point.as_str(), row.goal_t?.0)))
        .collect();
    let row = |(person, later_on, point, now): (u32, NaiveDate, &str, i64)| {
        let before = known
            .iter()
            .filter(|(who, on, at, _)| *who == person && *on < later_on && *at == "baseline")
            .map(|(_, on, _, score)| (*on, *score))
            .next_back();
        let change = before.map(|(_, then)| Fixed(now - then));
        DistanceTravelled {
            person: Person(person),
            measure: "goal_t".to_owned(),
            domain: "goals".to_owned(),
            informant: "not_known".to_owned(),
            later_on,
            later_point: point.to_owned(),
            baseline_on: before.map(|(on, _)| on),
            baseline_score: before.map(|(_, then)| Fixed(then)),
            later_score: Fixed(now),
            change,
            gain: change,
            reliable_change_index: None,
            change_state: if before.is_some() { "not_held" } else { "no_baseline" }.to_owned(),
            added_value: None,
            t_score: Some(Fixed(((now as f64 / 1e4).clamp(20.0, 80.0) * 10.0).round() as i64)),
            t_error: None,
            baseline_band: None,
            later_band: None,
        }
    };
    known.iter().filter(|(_, _, point, _)| matches!(*point, "review" | "exit")).map(|one| row(*one)).collect()
}

#[test]
fn the_worked_examples_of_goals_come_out() {
    let day = NaiveDate::from_ymd_opt(2024, 9, 9).unwrap();
    let line = |number: usize, weight: i64, attained: i64| Goal {
        person: 1,
        set_on: day,
        number: number as u32,
        taken_on: day,
        point: Some("review"),
        weight: Some(weight),
        attained: Some(attained),
        moderated: None,
    };
    let t = |goals: &[(i64, i64)]| {
        let lines: Vec<Goal> =
            goals.iter().enumerate().map(|(at, (weight, attained))| line(at, *weight, *attained)).collect();
        scores(&lines)[0].goal_t
    };
    assert_eq!(t(&[(1, 0), (1, 1), (1, -1)]), Some(Fixed(500_000)));
    assert_eq!(t(&[(1, 1), (1, 1), (1, 0)]), Some(Fixed(591_287)));
    assert_eq!(t(&[(2, 1), (1, 0), (1, -1)]), Some(Fixed(533_333)));
    assert_eq!(t(&[(1, -1), (1, -1), (1, -1)]), Some(Fixed(363_069)));
}
