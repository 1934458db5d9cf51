//! From the first day of Year 6 to the end of Year 11, one academic year after another.
use super::super::world::{Code, HOME_LA, Home, LAST_COHORT, Phase, as_of, day};
use super::area::{Line, home_in};
use super::rates;
use super::story::{Now, Story};
use chrono::{Days, NaiveDate};

/// The one thing that changes somebody's main setting, or stands beside it, in a year. Most years have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Dies,
    LeavesEngland,
    MovesOut,
    MovesHome,
    MovesSchool,
    ManagedMove,
    ToHome,
    Flexi,
    GoesMissing,
    ToIndependent,
    ToNextDoor,
    ToSpecial,
    Excluded,
    Dual,
    ToStateAp,
    OffSite,
    HealthPlace,
    NamedPlace,
    ToCustody,
}

/// Tells the story to the end of compulsory schooling, or to the day it is seen from.
pub(super) fn tell(story: &mut Story) {
    let cohort = story.traits.cohort;
    let last = (cohort + 5 - i32::from(story.person.year_offset)).min(LAST_COHORT);
    let arrival = arrival_year(story, last);
    for ay in arrival..=last {
        if ay == arrival {
            begin(story, ay);
        } else {
            september(story, ay);
        }
        story.school_closes(ay);
        // A late entrant's first year and the year of a turn are eventful enough.
        if ay > arrival || arrival == cohort {
            year(story, ay);
        }
        if story.now == Now::Gone {
            break;
        }
    }
}

fn arrival_year(story: &mut Story, last: i32) -> i32 {
    let cohort = story.traits.cohort;
    let late = !story.family.independent && story.dice.chance(rates::LATE_ENTRANT);
    if late && last > cohort {
        cohort + story.dice.between(1, i64::from(last - cohort)) as i32
    } else {
        cohort
    }
}

fn begin(story: &mut Story, ay: i32) {
    let cohort = story.traits.cohort;
    let nc_year = story.nc_year(ay);
    if ay > cohort {
        let arrives = story.term_day(ay).min(as_of());
        story.person.homes[0].starts_on = arrives;
        return arrive(story, arrives, nc_year);
    }
    if story.dice.chance(rates::HOME_NEXT_DOOR) {
        let index = story.dice.below(2);
        story.person.homes[0].postcode = home_in(&story.area.outside[index], &mut story.dice);
    }
    if story.dice.chance(0.02) {
        let arrives = story.term_day(ay).min(as_of());
        story.person.homes[0].starts_on = arrives;
        return arrive(story, arrives, nc_year);
    }
    // On roll since reception, or since a later year for those who moved.
    let since = if story.dice.chance(0.7) { 6 } else { story.dice.between(0, 5) as i32 };
    let entered = story.first_day(ay - since);
    if story.family.independent {
        let line = *story.dice.pick(&story.area.independents);
        story.enter(line, entered);
    } else if sen_code(story, ay) == "E" && story.dice.chance(rates::PLAN_IN_SPECIAL) {
        let line = *story.dice.pick(&story.area.specials);
        story.enter(line, entered);
    } else if story.dice.chance(0.006) {
        story.off_roll("ehe_full", entered);
        story.now = Now::Home;
    } else if story.dice.chance(0.012) {
        let line = *story.dice.pick(&story.area.next_door_primaries);
        story.enter(line, entered);
    } else {
        let line = story.mainstream(nc_year);
        story.enter(line, entered);
    }
}

/// Somebody arrives from outside the area: mostly into a school, sometimes first found missing or taught at home.
fn arrive(story: &mut Story, on: NaiveDate, nc_year: i32) {
    match story.dice.weighted(&[(0, 86), (1, 3), (2, 2), (3, 2), (4, 7)]) {
        1 => {
            let line = *story.dice.pick(&story.area.specials);
            story.enter(line, on);
        }
        2 if nc_year > 7 => {
            let line = *story.dice.pick(&story.area.state_ap);
            story.enter(line, on);
        }
        3 => {
            story.off_roll("ehe_full", on);
            story.now = Now::Home;
        }
        4 => {
            story.off_roll("cme", on);
            let found = on + Days::new(story.dice.between(15, 70) as u64);
            story.back(found, "returned", None);
            let line = story.mainstream(nc_year);
            story.enter(line, found + Days::new(1));
        }
        _ => {
            let line = story.mainstream(nc_year);
            story.enter(line, on);
        }
    }
}

/// The start of another year: transition, returns, renewals.
fn september(story: &mut Story, ay: i32) {
    let nc_year = story.nc_year(ay);
    let first = story.first_day(ay);
    match story.now {
        Now::OnRoll => match story.phase() {
            Some(Phase::Primary) if nc_year == 7 => transition(story, ay),
            Some(Phase::StateAp) if story.dice.chance(if nc_year < 11 { 0.35 } else { 0.05 }) => {
                let end = story.last_day(ay - 1);
                story.leave(end, "moved");
                let line = story.another_school(nc_year);
                story.enter(line, first);
            }
            Some(Phase::Secure) => {
                let end = story.last_day(ay - 1);
                story.leave(end, "moved");
                if story.dice.chance(0.6) {
                    story.enter(story.area.state_ap[0], first);
                } else {
                    missing(story, first, ay);
                }
            }
            _ => {}
        },
        Now::Home if story.dice.chance(rates::HOME_EDUCATION_ENDS) => {
            story.back(first - Days::new(1), "returned", None);
            let line = story.mainstream(nc_year);
            story.enter(line, first);
        }
        Now::Missing => match story.dice.weighted(&[(0, 60), (1, 15), (2, 8), (3, 17)]) {
            0 => {
                story.back(first - Days::new(1), "returned", None);
                let line = story.mainstream(nc_year);
                story.enter(line, first);
            }
            1 => {
                let la = story.move_home_out(first, true);
                story.back(first - Days::new(1), "moved_la", Some(la));
                story.now = Now::Gone;
            }
            2 => {
                story.back(first - Days::new(1), "left_england", None);
                story.now = Now::Gone;
            }
            _ => {}
        },
        Now::Placed => super::provision::renew(story, ay),
        _ => {}
    }
}

fn transition(story: &mut Story, ay: i32) {
    let (end, first) = (story.last_day(ay - 1), story.first_day(ay));
    let plan = sen_code(story, ay) == "E";
    let (reason, line): (Code, Option<Line>) = if plan && story.dice.chance(0.2) {
        ("special", Some(*story.dice.pick(&story.area.specials)))
    } else if story.dice.chance(rates::SECONDARY_NEXT_DOOR) {
        ("transition", Some(*story.dice.pick(&story.area.next_door_secondaries)))
    } else if !story.family.fsm[14] && story.dice.chance(0.02) {
        ("independent", Some(*story.dice.pick(&story.area.independents)))
    } else if story.dice.chance(0.007) {
        ("ehe", None)
    } else {
        ("transition", Some(story.mainstream(7)))
    };
    story.leave(end, reason);
    if let Some(line) = line {
        story.enter(line, first);
    } else {
        story.off_roll("ehe_full", day(ay, 1, 1).min(first));
        story.now = Now::Home;
    }
}

/// What this year holds.
fn year(story: &mut Story, ay: i32) {
    match story.now {
        Now::OnRoll => {
            let on = story.term_day(ay);
            let entered = story.roll.map_or(on, |roll| roll.from);
            match draw(story, ay) {
                Some(turn) if on > entered && on <= as_of() => take(story, turn, on, ay),
                Some(_) => {}
                None => super::provision::course(story, entered, ay),
            }
        }
        Now::Home if story.dice.chance(0.02) => {
            let on = story.term_day(ay);
            if on <= as_of() {
                let la = story.move_home_out(on + Days::new(1), false);
                story.back(on, "moved_la", Some(la));
                story.now = Now::Gone;
            }
        }
        _ => {}
    }
}

/// The code for special needs in a year.
pub(super) fn sen_code(story: &Story, ay: i32) -> Code {
    let index = (ay - 2018).clamp(0, 8) as usize;
    let male = usize::from(story.person.identity.sex != "M");
    let of = |pair: (f64, f64), second: usize| if second == 0 { pair.0 } else { pair.1 };
    let fsm = usize::from(!story.family.fsm_and_fsm6(ay, story.traits.cohort - 6).0);
    let plan = rates::PLAN_SHARE[index] / 100.0 * of(rates::PLAN_BY_FSM, fsm) * of(rates::PLAN_BY_SEX, male);
    let support = rates::SUPPORT_SHARE[index] / 100.0
        * of(rates::SUPPORT_BY_FSM, fsm)
        * of(rates::SUPPORT_BY_SEX, male);
    match story.traits.need_rank {
        rank if rank < plan => "E",
        rank if rank < plan + support => "K",
        _ => "N",
    }
}

/// Hazard relative to the average of something that is `ratio` times as frequent with free meals.
pub(super) fn by_fsm(fsm: bool, ratio: f64) -> f64 {
    // About a quarter have free meals over the window.
    let others = 1.0 / (1.0 + 0.23 * (ratio - 1.0));
    if fsm { others * ratio } else { others }
}

/// Exclusions and suspensions by school year, Year 6 to 11, about 1 on average: few in primary, most in Years 8 to 10.
pub(super) fn by_school_year(nc_year: i32) -> f64 {
    [0.35, 0.90, 1.25, 1.35, 1.30, 0.85][(nc_year - 6).clamp(0, 5) as usize]
}

fn draw(story: &mut Story, ay: i32) -> Option<Turn> {
    let nc_year = story.nc_year(ay);
    let state_here = story.in_state_school_here();
    let mainstream = matches!(story.phase(), Some(Phase::Primary | Phase::Secondary));
    let (fsm, _) = story.family.fsm_and_fsm6(ay, story.traits.cohort - 6);
    let sen = sen_code(story, ay);
    let secondary = f64::from(u8::from(nc_year >= 7 && mainstream && state_here));
    let risk = story.traits.tendency
        * by_fsm(fsm, 2.4)
        * match sen {
            "E" => 1.9,
            "K" => 1.8,
            _ => 0.8,
        };
    let here = f64::from(u8::from(mainstream && state_here));
    let excluded = rates::EXCLUDED
        * rates::EXCLUDED_FACTOR
        * story.traits.tendency
        * by_fsm(fsm, rates::EXCLUDED_FSM_RATIO)
        * by_school_year(nc_year);
    let index = (ay - story.traits.cohort).clamp(0, 5) as usize;
    let plan = if sen == "E" { 1.0 } else { 0.0 };
    let hazards = [
        (Turn::Dies, rates::DIES),
        (Turn::LeavesEngland, rates::LEAVES_ENGLAND),
        (Turn::MovesOut, rates::MOVES_OUT),
        (Turn::MovesHome, rates::MOVES_HOME),
        (Turn::MovesSchool, rates::MOVES_SCHOOL * if mainstream { 1.0 } else { 0.3 }),
        (Turn::ManagedMove, rates::MANAGED_MOVE * secondary * risk.min(8.0)),
        (Turn::ToHome, rates::TO_HOME_EDUCATION[index] * if state_here { 1.0 } else { 0.3 }),
        (Turn::Flexi, rates::FLEXI * here),
        (Turn::GoesMissing, rates::TO_MISSING * (0.6 + 0.4 * risk.min(6.0))),
        (Turn::ToIndependent, if fsm { 0.0 } else { rates::TO_INDEPENDENT * here }),
        (Turn::ToNextDoor, rates::TO_NEXT_DOOR * secondary),
        (Turn::ToSpecial, 0.03 * plan * here),
        (Turn::Excluded, if state_here { excluded } else { 0.0 }),
        (Turn::Dual, rates::DUAL * secondary * risk),
        (Turn::ToStateAp, rates::TO_STATE_AP * secondary * risk),
        (Turn::OffSite, rates::OFF_SITE * secondary * risk),
        (Turn::HealthPlace, rates::HEALTH_PLACE * if state_here { 1.0 } else { 0.0 }),
        (Turn::NamedPlace, rates::NAMED_PLACE * plan * if state_here { 1.0 } else { 0.0 }),
        (Turn::ToCustody, if nc_year >= 9 { rates::TO_CUSTODY * risk } else { 0.0 }),
    ];
    let mut left = story.dice.unit();
    for (turn, hazard) in hazards {
        if left < hazard {
            return Some(turn);
        }
        left -= hazard;
    }
    None
}

fn take(story: &mut Story, turn: Turn, on: NaiveDate, ay: i32) {
    let next = on + Days::new(1);
    let nc_year = story.nc_year(ay);
    match turn {
        Turn::Dies => story.leave(on, "died"),
        Turn::LeavesEngland => leaves_england(story, on),
        Turn::MovesOut => moves_out(story, on, ay),
        Turn::MovesHome => {
            if story.dice.chance(rates::MOVES_HOME_NEXT_DOOR) {
                story.move_home_out(on, false);
            } else {
                story.move_home_here(on);
            }
        }
        Turn::MovesSchool => {
            story.move_home_here(on);
            let line = story.another_school(nc_year);
            let first = on + Days::new(story.dice.between(1, 24) as u64);
            story.leave(on, "moved");
            story.enter(line, first);
        }
        Turn::ManagedMove => {
            let line = story.another_school(nc_year);
            story.leave(on, "managed_move");
            story.enter(line, next);
        }
        Turn::ToHome => {
            story.leave(on, "ehe");
            story.off_roll("ehe_full", next);
            story.now = Now::Home;
        }
        Turn::Flexi => {
            let end = story.after(on, 90, 330, ay);
            story.off_roll("ehe_flexi", on);
            story.back(end, "returned", None);
        }
        Turn::GoesMissing => {
            story.leave(on, "not_known");
            let from = on + Days::new(story.dice.between(1, 8) as u64);
            missing(story, from, ay);
        }
        Turn::ToIndependent => {
            let line = *story.dice.pick(&story.area.independents);
            story.leave(on, "independent");
            story.enter(line, next);
        }
        Turn::ToNextDoor => {
            let line = *story.dice.pick(&story.area.next_door_secondaries);
            story.leave(on, "moved");
            story.enter(line, next);
        }
        Turn::ToSpecial => {
            let line = *story.dice.pick(&story.area.specials);
            story.leave(on, "special");
            story.enter(line, next);
        }
        Turn::ToCustody => {
            story.leave(on, "not_known");
            story.enter(story.area.secure, next);
        }
        Turn::Excluded
        | Turn::Dual
        | Turn::ToStateAp
        | Turn::OffSite
        | Turn::HealthPlace
        | Turn::NamedPlace => super::provision::arrange(story, turn, on, ay),
    }
}

fn leaves_england(story: &mut Story, on: NaiveDate) {
    if story.dice.chance(0.75) {
        return story.leave(on, "left_england");
    }
    story.leave(on, "not_known");
    let from = on + Days::new(story.dice.between(1, 8) as u64);
    story.off_roll("cme", from);
    let found = from + Days::new(story.dice.between(20, 150) as u64);
    story.back(found, "left_england", None);
}

/// Out of the area. One register or another may find out where to; often none does.
fn moves_out(story: &mut Story, on: NaiveDate, ay: i32) {
    let reason = if story.dice.chance(0.8) { "moved" } else { "not_known" };
    story.leave(on, reason);
    let next = on + Days::new(1);
    let far = story.dice.chance(0.6);
    let la = story.move_home_out(next, far);
    if story.dice.chance(rates::MOVE_TRACED_BY_CME) {
        story.off_roll("cme", next);
        let found = next + Days::new(story.dice.between(10, 80) as u64);
        story.back(found, "moved_la", Some(la));
    } else if story.dice.chance(rates::MOVE_TRACED_BY_NCCIS) {
        // The client record opens in Year 11: whoever left before is handed over when it does.
        let opens = day(story.traits.cohort + 4, 9, 1).max(next);
        if opens <= as_of() && ay >= story.traits.cohort {
            story.goes_to("810", opens).transferred_to_la = Some(la);
        }
    }
}

/// Missing education from a day on, until found, moved, or the end of the year.
pub(super) fn missing(story: &mut Story, from: NaiveDate, ay: i32) {
    story.off_roll("cme", from);
    let days = (-rates::MISSING_DAYS * (1.0 - story.dice.unit()).ln()).clamp(7.0, 400.0);
    let found = from + Days::new(days as u64);
    story.now = Now::Missing;
    if found > day(ay, 7, 20) || found > as_of() {
        return;
    }
    match story.dice.weighted(&[(0, 70), (1, 16), (2, 8), (3, 6)]) {
        0 => {
            story.back(found, "returned", None);
            let nc_year = story.nc_year(ay);
            let line = story.mainstream(nc_year);
            story.enter(line, found + Days::new(1));
        }
        1 => {
            let la = story.move_home_out(found + Days::new(1), true);
            story.back(found, "moved_la", Some(la));
            story.now = Now::Gone;
        }
        2 => {
            story.back(found, "left_england", None);
            story.now = Now::Gone;
        }
        _ => {
            story.back(found, "other", None);
            story.off_roll("ehe_full", found + Days::new(1));
            story.now = Now::Home;
        }
    }
}

/// Whether the home on record is in the area.
pub(super) fn lives_here(story: &Story) -> bool {
    story.person.homes.last().is_some_and(|Home { postcode, .. }| story.area.la_of(*postcode) == HOME_LA)
}
