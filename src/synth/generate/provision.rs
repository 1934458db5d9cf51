//! Alternative provision: exclusion and what follows, dual registration, places at providers and what they record.
use super::super::world::{
    Assessment, Code, Door, Phase, Place, Placement, Qualification, Suspension, academic_year, as_of, day,
    year_starts,
};
use super::journey::Turn;
use super::rates;
use super::story::{Now, Story, past};
use chrono::{Days, NaiveDate};

/// Why and by whom a place is commissioned.
#[derive(Clone, Copy)]
struct Commission {
    by_school: Option<Place>,
    basis: Code,
    reason: Code,
}

pub(super) fn arrange(story: &mut Story, turn: Turn, on: NaiveDate, ay: i32) {
    let school = story.place(on);
    match turn {
        Turn::Excluded => excluded(story, on, ay),
        Turn::Dual => {
            let line = *story.dice.pick(&story.area.state_ap);
            let end = story.after(on, 45, 260, ay);
            story.register_beside(line, on, end);
        }
        Turn::ToStateAp => {
            let line = *story.dice.pick(&story.area.state_ap);
            story.leave(on, "ap");
            story.enter(line, on + Days::new(1));
        }
        Turn::OffSite => {
            let (basis, reason) = story.dice.weighted(&[
                (("offsite_direction", "behaviour"), 60),
                (("offsite_direction", "attendance"), 20),
                (("day6", "suspension"), 12),
                (("not_known", "other"), 8),
            ]);
            let end = story.after(on, 30, 280, ay);
            place(story, Commission { by_school: school, basis, reason }, None, on, end);
        }
        Turn::HealthPlace => {
            let reason = story.dice.weighted(&[("mental_health", 75), ("physical_health", 25)]);
            let end = story.after(on, 40, 250, ay);
            place(story, Commission { by_school: None, basis: "s19", reason }, None, on, end);
        }
        _ => {
            let end = day(ay, 8, 31);
            let basis = story.dice.weighted(&[("ehcp_named", 85), ("s61", 15)]);
            if story.dice.chance(0.5) {
                story.leave(on, "ap");
                story.now = Now::Placed;
            }
            place(story, Commission { by_school: None, basis, reason: "ehcp" }, None, on + Days::new(1), end);
        }
    }
}

/// The provider that grew large: since September 2023 schools send pupils to its courses, who stay on their rolls.
const COURSES_AT: usize = 7;
const COURSES_SINCE: i32 = 2024;

/// A course of six to sixteen weeks beside the roll, in a year that is quiet otherwise.
pub(super) fn course(story: &mut Story, entered: NaiveDate, ay: i32) {
    let is_secondary = story.phase() == Some(Phase::Secondary) && story.in_state_school_here();
    if ay < COURSES_SINCE || !(8..=11).contains(&story.nc_year(ay)) || !is_secondary {
        return;
    }
    std::mem::swap(&mut story.dice, &mut story.beside);
    if story.dice.chance(rates::COURSE * (0.5 + 0.5 * story.traits.tendency.min(6.0))) {
        let on = story.term_day(ay);
        if on > entered && on <= as_of() {
            let end = story.after(on, 42, 112, ay);
            let commission = Commission {
                by_school: story.place(on),
                basis: "offsite_direction",
                reason: story.dice.weighted(&[("behaviour", 65), ("attendance", 35)]),
            };
            place(story, commission, Some(story.area.providers[COURSES_AT]), on, end);
        }
    }
    std::mem::swap(&mut story.dice, &mut story.beside);
}

/// A permanent exclusion: off the roll after three weeks, a place from the sixth day for most.
fn excluded(story: &mut Story, on: NaiveDate, ay: i32) {
    let Some(school) = story.place(on) else { return };
    let reason = story.dice.weighted(&[
        ("DB", 40),
        ("PP", 15),
        ("PA", 12),
        ("VA", 11),
        ("OW", 9),
        ("DA", 8),
        ("DM", 3),
        ("SM", 2),
    ]);
    story.person.suspensions.push(Suspension {
        place: school,
        category: "PERM",
        reason,
        starts_on: on,
        sessions: 0,
    });
    let off = (on + Days::new(21)).min(as_of());
    story.leave(off, "permanent_exclusion");
    let sixth = on + Days::new(8);
    match story.dice.weighted(&[(0, 62), (1, 14), (2, 18), (3, 6)]) {
        kind @ (0 | 1) => {
            let line =
                if kind == 0 { story.area.state_ap[0] } else { story.area.state_ap[1 + story.dice.below(2)] };
            story.enter(line, off + Days::new(1));
        }
        2 => {
            let basis = story.dice.weighted(&[("day6", 60), ("s19", 40)]);
            story.now = Now::Placed;
            let end = story.after(sixth, 60, 330, ay);
            place(
                story,
                Commission { by_school: None, basis, reason: "permanent_exclusion" },
                None,
                sixth.min(as_of()),
                end,
            );
        }
        _ => super::journey::missing(story, off + Days::new(1), ay),
    }
}

/// September for somebody who was at a provider without a roll.
pub(super) fn renew(story: &mut Story, ay: i32) {
    let first = story.first_day(ay);
    let nc_year = story.nc_year(ay);
    match story.dice.weighted(&[(0, 45), (1, 22), (2, 14), (3, 6), (4, 13)]) {
        0 => {
            let Some(last) = story.person.placements.last_mut() else { return };
            if academic_year(last.starts_on) == ay - 1 {
                last.ends_on = Some(year_starts(ay) - Days::new(1));
                last.end_reason = None;
            }
            let commission =
                Commission { by_school: last.commissioned_by, basis: last.legal_basis, reason: last.reason };
            let provider = last.place;
            place(story, commission, Some(provider), year_starts(ay), day(ay, 8, 31));
        }
        1 => story.enter(story.area.state_ap[0], first),
        2 => {
            let line = story.mainstream(nc_year);
            story.enter(line, first);
        }
        3 => {
            story.off_roll("ehe_full", first);
            story.now = Now::Home;
        }
        // Nobody records anything for this year.
        _ => {}
    }
}

/// What an hour costs at each provider, in pounds; those whose lists have no price state none.
const PRICES: [Option<u16>; 8] = [Some(32), Some(26), None, None, None, Some(21), Some(28), Some(24)];

fn place(story: &mut Story, commission: Commission, at: Option<Place>, from: NaiveDate, to: NaiveDate) {
    let provider = at.unwrap_or_else(|| *story.dice.pick(&story.area.providers));
    if from > as_of() {
        return;
    }
    let ay = academic_year(from);
    // Which workbook has which columns goes by the provider's position in the list.
    let number = story.area.providers.iter().position(|place| *place == provider).unwrap_or(0);
    let ends_on = past(to.max(from));
    let until = ends_on.unwrap_or_else(as_of);
    let days = (until - from).num_days();
    let offered = (days * 190 / 365).clamp(2, 380) as u16;
    let attended = (f64::from(offered) * (0.95 - 0.35 * story.dice.unit().powi(2))) as u16;
    let lasts_the_year = to >= day(ay, 7, 1);
    let end_reason = ends_on.map(|_| match (lasts_the_year, story.nc_year(ay) >= 11) {
        (true, true) => "end_of_year11",
        _ => story.dice.weighted(&[
            ("reintegrated", 45),
            ("other_ap", 18),
            ("withdrawn", 14),
            ("broke_down", 13),
            ("special", 5),
            ("other", 5),
        ]),
    });
    let reviews = assess(story, provider, number, from, until);
    award(story, provider, ay, days);
    let planned = from + Days::new(story.dice.weighted(&[(84, 50), (168, 30), (280, 20)]));
    let planned_end_on = story.dice.chance(0.8).then(|| planned.min(day(ay, 8, 31)));
    let tenths_of_hours = story.dice.weighted(&[(250, 30), (180, 25), (150, 20), (125, 15), (60, 10)]);
    let placement = Placement {
        place: provider,
        commissioner: if commission.by_school.is_some() { "school" } else { "la" },
        commissioned_by: commission.by_school,
        legal_basis: commission.basis,
        reason: commission.reason,
        starts_on: from,
        ends_on,
        planned_end_on,
        tenths_of_hours,
        pounds_a_week: PRICES[number % PRICES.len()].map(|price| price * tenths_of_hours / 10),
        sessions_offered: offered,
        sessions_attended: attended,
        objectives_set: story.dice.chance(0.7),
        reviews_held: reviews,
        end_reason,
    };
    story.place_at(placement);
}

/// Reading age, strengths and difficulties, and for some providers a Boxall profile, at the start and at one review.
fn assess(story: &mut Story, provider: Place, number: usize, from: NaiveDate, until: NaiveDate) -> u8 {
    let door = Door::Workbook(provider);
    let long = (until - from).num_days();
    let reviewed = (long > 70).then(|| from + Days::new(story.dice.between(60, long.min(150)) as u64));
    let mut put = |kind: Code, point: Code, taken_on: NaiveDate, score: f64| {
        let score = Some(score.max(0.0) as u16);
        story.person.assessments.push(Assessment {
            kind,
            subject: None,
            taken_on,
            point,
            status: "tested",
            score,
            door,
        });
    };
    let (reading, difficulties, boxall) = (
        story.dice.normal() * 24.0 + 130.0,
        story.dice.normal() * 6.0 + 19.0,
        story.dice.normal() * 15.0 + 60.0,
    );
    let (reading, difficulties) = (reading.clamp(72.0, 200.0), difficulties.clamp(0.0, 38.0));
    let gains =
        (story.dice.normal() * 7.0 + 8.0, story.dice.normal() * 4.0 + 2.0, story.dice.normal() * 9.0 + 6.0);
    put("reading_age", "baseline", from, reading);
    put("sdq", "baseline", from, difficulties);
    if number % 3 == 1 {
        put("boxall", "baseline", from, boxall.clamp(0.0, 136.0));
    }
    let Some(on) = reviewed else { return 0 };
    put("reading_age", "review", on, (reading + gains.0).clamp(72.0, 216.0));
    put("sdq", "review", on, (difficulties - gains.1).clamp(0.0, 40.0));
    if number % 3 == 1 {
        put("boxall", "review", on, (boxall + gains.2).clamp(0.0, 136.0));
    }
    (1 + long / 120) as u8
}

/// What the provider awards at the end of the year: functional skills, entry level, units.
fn award(story: &mut Story, provider: Place, ay: i32, days: i64) {
    let awarded_on = day(ay, 7, 15);
    // One set of awards a year from one provider.
    let held = |one: &Qualification| one.door == Door::Workbook(provider) && one.awarded_on == awarded_on;
    if awarded_on > as_of() || days < 60 || story.person.qualifications.iter().any(held) {
        return;
    }
    let older = story.nc_year(ay) >= 10;
    let door = Door::Workbook(provider);
    let mut put = |kind: Code, subject: Code, level: Option<Code>| {
        story.person.qualifications.push(Qualification {
            kind,
            subject,
            level,
            grade: "PASS",
            awarded_on,
            place: Some(provider),
            door,
        });
    };
    for subject in ["english", "maths"] {
        if story.dice.chance(if older { 0.45 } else { 0.12 }) {
            let level = story.dice.weighted(&[("E2", 10), ("E3", 30), ("1", 42), ("2", 18)]);
            put("fsq", subject, Some(level));
        }
    }
    if story.dice.chance(0.15) {
        let level = story.dice.weighted(&[("E1", 20), ("E2", 30), ("E3", 50)]);
        put("entry_level", "science", Some(level));
    }
    if story.dice.chance(0.35) {
        put("unit_award", "personal_development", None);
    }
}
