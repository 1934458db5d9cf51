//! Goals on a whole invented authority: sheets of the test's own are put into the inboxes of two providers, pulled, linked and released,
//! and every score is what the lines come to.
use crate::{
    end_to_end::Demo,
    oracle::{self, DistanceTravelled, Goal, GoalScore},
    reviewed::hand_over,
    site::run_in,
};
use chrono::{Days, NaiveDate};
use std::{collections::BTreeMap, fmt::Write as _};
use throughline::synth::{Identifiers, Person};

const HEADER: &str = "UPN,Surname,Forename,DOB,Sex,Goal no,What it is about,Set on,Scored on,Point,Weight,Attained,Moderated\n";
/// Points as a sheet spells them, and their codes.
const POINTS: [(&str, Option<&str>); 5] = [
    ("start", Some("baseline")),
    ("termly", Some("review")),
    ("", None),
    ("exit", Some("exit")),
    ("interim", Some("review")),
];
const ATTAINED: [(&str, Option<i64>); 7] = [
    ("as expected", Some(0)),
    ("-2", Some(-2)),
    ("more than expected", Some(1)),
    ("", None),
    ("2", Some(2)),
    ("less than expected", Some(-1)),
    ("0", Some(0)),
];

/// A goal as a line of a sheet, and what is to be read of it.
fn line(person: &Person, at: u32, day: usize, other: bool) -> (String, Goal) {
    let number = person.number;
    let first = NaiveDate::from_ymd_opt(2024, 9, 9).unwrap();
    let set_on = first - Days::new(21 - u64::from(at / 3) * 7);
    let taken_on = first + Days::new(u64::from(number % 4) + 40 * day as u64);
    let (spelt_point, point) = POINTS[(day + number as usize) % if day == 0 { 1 } else { 5 }];
    let pick = number as usize / 7 + at as usize * 2 + day * 3 + usize::from(other) * 4;
    // Of one learner nobody scores any goal.
    let (spelt, attained) = if number.is_multiple_of(11) { ATTAINED[3] } else { ATTAINED[pick % 7] };
    let weight = [None, Some(2), Some(1), Some(5)][(number as usize + at as usize + usize::from(other)) % 4];
    let moderated = [Some(true), Some(false), None][(pick + day) % 3];
    let goal = Goal { person: number, set_on, number: at + 1, taken_on, point, weight, attained, moderated };
    let who = &person.identity;
    let day_of = |day: NaiveDate| day.format("%d/%m/%Y");
    let text = format!(
        "{},{},{},{},{},{},words,{},{},{spelt_point},{},{spelt},{}",
        who.upn,
        who.surname,
        who.forename,
        day_of(who.birth_date),
        who.sex,
        goal.number,
        day_of(set_on),
        day_of(taken_on),
        weight.map_or_else(String::new, |weight| weight.to_string()),
        moderated.map_or("", |yes| if yes { "yes" } else { "no" }),
    );
    (text, goal)
}

fn equals_the_sheets(seed: u64, learners: u32) {
    let demo = Demo::run(seed, learners, Identifiers::Perfect);
    let whose = |demo: &Demo| -> BTreeMap<String, u32> {
        let people = demo.people_of_learners().into_iter();
        people.filter_map(|(id, people)| Some((id, *people.first()?))).collect()
    };
    let known = whose(&demo);
    let mut sheets = [HEADER.to_owned(), HEADER.to_owned()];
    let mut lines = Vec::new();
    for person in demo.world.people.iter().filter(|one| one.number % 7 == 3) {
        if !known.values().any(|number| *number == person.number) {
            continue;
        }
        for (day, at) in (0..3).flat_map(|day| (0..=person.number % 5).map(move |at| (day, at))) {
            // A second provider scores some of the goals too.
            for other in [false, true].into_iter().filter(|other| !other || (person.number + at) % 4 == 0) {
                let (text, goal) = line(person, at, day, other);
                let _ = writeln!(sheets[usize::from(other)], "{text}");
                lines.push(goal);
            }
        }
    }
    assert!(lines.len() > 200, "only {} lines", lines.len());
    let site = demo.site();
    for (text, name) in sheets.iter().zip(["goals-one", "goals-two"]) {
        hand_over(&site, (name, "ap-goals"), "goals_24-25.csv", text, "params.establishment_id = \"AP01\"\n");
    }
    for arguments in [&["pull", "goals-one"][..], &["pull", "goals-two"], &["link"], &["release"]] {
        let ran = run_in(&site, &[&["--config", "throughline.toml"], arguments].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
    }
    let folder = site.join("data/releases/current/parquet");
    let whose = whose(&demo);
    let scores = oracle::goal_scores(&lines);
    let seen: Vec<GoalScore> = oracle::published_table(&folder, &whose).unwrap();
    let of_days = oracle::compare_rows(&scores, &seen);
    let mut travelled = oracle::expected(&demo.world).distance_travelled;
    travelled.extend(oracle::goal_distances(&scores));
    let seen: Vec<DistanceTravelled> = oracle::published_table(&folder, &whose).unwrap();
    oracle::agree(&[of_days, oracle::compare_rows(&travelled, &seen)], oracle::GOALS);
    assert!(scores.iter().any(|row| row.goal_t.is_none()) && scores.iter().any(|row| row.n_moderated > 0));
    assert!(scores.iter().any(|row| row.n_without_score > 0 && row.goal_t.is_some()));
}

#[test]
fn goals_are_met_as_far_as_the_sheets_say_learner_by_learner() {
    equals_the_sheets(1, 700);
}

#[test]
fn and_at_another_seed() {
    equals_the_sheets(20_261_122, 600);
}
