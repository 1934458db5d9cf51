//! What goes on record year by year once the journey is known: circumstances, attendance, suspensions.
use super::super::world::{
    Attendance, Code, Enrolment, HOME_LA, LAST_COHORT, Phase, Suspension, Year, academic_year, as_of, day,
    year_starts,
};
use super::journey::{by_fsm, by_school_year, sen_code};
use super::rates;
use super::story::Story;
use chrono::NaiveDate;

const NEEDS_WITH_PLAN: [(Code, u32); 11] = [
    ("ASD", 34),
    ("SEMH", 18),
    ("SLCN", 18),
    ("MLD", 9),
    ("SLD", 8),
    ("SPLD", 4),
    ("PD", 3),
    ("PMLD", 2),
    ("HI", 2),
    ("VI", 1),
    ("DS", 1),
];
const NEEDS_WITH_SUPPORT: [(Code, u32); 8] =
    [("SLCN", 26), ("SEMH", 22), ("MLD", 17), ("SPLD", 16), ("ASD", 10), ("NSA", 4), ("OTH", 3), ("HI", 2)];

/// The enrolment that is a main one on a day.
pub(super) fn main_on(story: &Story, on: NaiveDate) -> Option<Enrolment> {
    let covers = |one: &&Enrolment| {
        one.status != "S" && one.starts_on <= on && one.ends_on.is_none_or(|end| end >= on)
    };
    story.person.enrolments.iter().rfind(covers).copied()
}

/// A stay beside which a second registration stood is a main one of a dual registration.
pub(super) fn mark_dual(story: &mut Story) {
    let beside = story.person.enrolments.iter().filter(|one| one.status == "S").copied().collect::<Vec<_>>();
    for main in story.person.enrolments.iter_mut().filter(|one| one.status == "C") {
        let end = main.ends_on.unwrap_or_else(as_of);
        let overlaps =
            |one: &Enrolment| one.starts_on <= end && one.ends_on.is_none_or(|to| to >= main.starts_on);
        if beside.iter().any(overlaps) {
            main.status = "M";
        }
    }
}

pub(super) fn years(story: &mut Story, last: i32) {
    let with_plan = story.dice.weighted(&NEEDS_WITH_PLAN);
    let with_support = story.dice.weighted(&NEEDS_WITH_SUPPORT);
    let reception = story.traits.cohort - 6;
    for ay in story.traits.cohort..=last.min(LAST_COHORT) {
        let (fsm, fsm6) = story.family.fsm_and_fsm6(ay, reception);
        let sen = sen_code(story, ay);
        let need = match sen {
            "E" => Some(with_plan),
            "K" => Some(with_support),
            _ => None,
        };
        story.person.years.push(Year { ay, fsm, fsm6, cla: story.traits.cla, sen, need });
    }
}

pub(super) fn attendance(story: &mut Story) {
    for one in story.person.enrolments.clone() {
        if !story.area.establishment(one.place).on_mis {
            continue;
        }
        let end = one.ends_on.unwrap_or_else(as_of).min(as_of());
        let first = academic_year(one.starts_on).max(story.traits.cohort);
        for ay in first..=academic_year(end) {
            let (from, to) = (one.starts_on.max(year_starts(ay)), end.min(closes(ay)));
            let days = (to - from).num_days();
            if days < 5 {
                continue;
            }
            // 190 school days lie in the 323 from 1 September to 20 July; two sessions a day.
            let possible = (days as f64 * 190.0 / 323.0 * 2.0) as u16;
            let share = missed(story, ay, one);
            let absent = (f64::from(possible) * share) as u16;
            let unauthorised = (f64::from(absent) * (0.2 + share).min(0.7)) as u16;
            story.person.attendance.push(Attendance {
                place: one.place,
                starts_on: from,
                ends_on: to,
                possible,
                attended: possible - absent,
                authorised: absent - unauthorised,
                unauthorised,
            });
        }
    }
}

/// Schools closed on 20 March 2020; other years end on 20 July.
fn closes(ay: i32) -> NaiveDate {
    if ay == 2020 { day(2020, 3, 20) } else { day(ay, 7, 20) }
}

/// Each year's absence: log-odds normal, part one's own and part the year's.
pub(super) fn absence(story: &mut Story) {
    let own_score = story.dice.normal();
    for index in 0..story.traits.absence.len() {
        let ay = story.traits.cohort + index as i32;
        let (fsm, _) = story.family.fsm_and_fsm6(ay, story.traits.cohort - 6);
        let median = if fsm { rates::ABSENCE_MEDIAN.0 } else { rates::ABSENCE_MEDIAN.1 };
        let own = rates::ABSENCE_SELF;
        let score = own.sqrt() * own_score + (1.0 - own).sqrt() * story.dice.normal();
        let odds = (median / (1.0 - median)).ln() + rates::ABSENCE_SPREAD * score;
        story.traits.absence[index] = 1.0 / (1.0 + (-odds).exp());
    }
    story.traits.persistent = story.traits.absence[3..6].iter().any(|share| *share >= 0.15);
}

/// What is missed at one school: nearly three times as much in state AP.
fn missed(story: &Story, ay: i32, at: Enrolment) -> f64 {
    let share = story.traits.absence[(ay - story.traits.cohort).clamp(0, 8) as usize];
    if story.area.establishment(at.place).phase == Phase::StateAp { (share * 2.8).min(0.8) } else { share }
}

pub(super) fn suspensions(story: &mut Story, last: i32) {
    for ay in story.traits.cohort..=last.min(LAST_COHORT) {
        let nc_year = story.nc_year(ay);
        if nc_year > 11 {
            break;
        }
        let (fsm, _) = story.family.fsm_and_fsm6(ay, story.traits.cohort - 6);
        let mean = rates::SUSPENSIONS[(ay - 2018) as usize]
            * rates::SUSPENDED_FACTOR
            * story.traits.tendency
            * by_fsm(fsm, rates::SUSPENDED_FSM_RATIO)
            * by_school_year(nc_year);
        for _ in 0..story.dice.poisson(mean) {
            let on = story.term_day(ay);
            let reason = story.dice.weighted(&[
                ("DB", 49),
                ("VA", 16),
                ("PP", 14),
                ("PA", 5),
                ("DM", 4),
                ("DA", 4),
                ("BU", 2),
                ("VP", 2),
                ("OW", 2),
                ("TH", 1),
                ("SM", 1),
            ]);
            let sessions = story.dice.weighted(&[(1, 15), (2, 40), (4, 25), (6, 12), (10, 8)]);
            let Some(at) = main_on(story, on).filter(|_| on <= as_of()) else { continue };
            let establishment = story.area.establishment(at.place);
            if establishment.la != HOME_LA || !establishment.in_census {
                continue;
            }
            let same_day = story
                .person
                .suspensions
                .iter()
                .any(|one| one.place == at.place && one.starts_on == on && one.category == "SUSP");
            if !same_day {
                story.person.suspensions.push(Suspension {
                    place: at.place,
                    category: "SUSP",
                    reason,
                    starts_on: on,
                    sessions,
                });
            }
        }
    }
    story.person.suspensions.sort_by_key(|one| (one.starts_on, one.category));
}
