//! After Year 11: sixth form, college, work, or none of it, to the end of academic age 17.
use super::super::world::{
    Code, Door, Enrolment, LAST_COHORT, Phase, Qualification, as_of, day, year_starts,
};
use super::journey::{by_fsm, lives_here, sen_code};
use super::rates;
use super::record::main_on;
use super::story::{Now, Story};
use chrono::{Datelike, Days};

const NEET: [(Code, u32); 9] = [
    ("619", 52),
    ("616", 8),
    ("615", 6),
    ("640", 12),
    ("610", 8),
    ("620", 4),
    ("630", 3),
    ("680", 5),
    ("540", 2),
];
const NOT_KNOWN: [(Code, u32); 3] = [("810", 75), ("820", 17), ("830", 8)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Participates,
    Neet,
    NotKnown,
}

/// Tells the rest, if there is a rest before the day it is seen from.
pub(super) fn tell(story: &mut Story) {
    let last = story.traits.cohort + 5 - i32::from(story.person.year_offset);
    if last >= LAST_COHORT {
        return story.rest();
    }
    if story.now == Now::Gone {
        return;
    }
    let june = day(last, 6, 20);
    let place = story.place(june).or_else(|| main_on(story, june).map(|one| one.place));
    let phase = place.map(|place| story.area.establishment(place).phase);
    let provider = story
        .person
        .placements
        .iter()
        .rfind(|one| one.starts_on <= june && one.ends_on.is_none_or(|end| end >= june))
        .map(|one| one.place);
    let alternative = phase == Some(Phase::StateAp) || provider.is_some();
    close_year_11(story, last);
    let known = lives_here(story) || place.is_some_and(|place| story.area.establishment(place).in_census);
    if !known || (phase == Some(Phase::Independent) && story.dice.chance(0.4)) {
        story.rest();
        return;
    }
    let standing = standing(story, last, alternative);
    first_year(story, last, standing, alternative, phase);
    if let (Some(place), Some(first)) = (provider, story.person.destinations.last_mut())
        && first.transferred_to_la.is_none()
        && first.starts_on.month() == 9
        && story.dice.chance(0.7)
    {
        first.starts_on = year_starts(last + 1);
        first.workbook = Some(place);
    }
    if last + 2 <= LAST_COHORT {
        second_year(story, last, standing);
    }
    story.rest();
    awards_at_18(story, last + 2);
}

/// What a school's sixth form had to show for two years. Nothing is drawn for it: it follows from ability and from the number
/// of the person, so that nobody's other draws are moved.
fn awards_at_18(story: &mut Story, ay: i32) {
    const LETTERS: [Code; 6] = ["A", "B", "C", "D", "E", "U"];
    let (june, awarded_on) = (day(ay, 6, 20), day(ay, 8, 20));
    let at = |one: &&Enrolment| one.starts_on <= june && one.ends_on.is_none_or(|end| end >= june);
    let Some(place) = story.person.enrolments.iter().rfind(at).map(|one| one.place) else { return };
    let is_sixth_form = story.area.establishment(place).sixth_form;
    if awarded_on > as_of() || !is_sixth_form {
        return;
    }
    let (ability, number) = (story.traits.ability, story.person.number);
    let award = |kind, subject, level, grade| {
        let (level, place, door) = (Some(level), Some(place), Door::Council);
        Qualification { kind, subject, level, grade, awarded_on, place, door }
    };
    let letter = |behind: u32| {
        let step = (1.8 - 1.4 * ability).max(0.0) as usize + (number.wrapping_add(behind) % 3) as usize;
        LETTERS[step.min(5)]
    };
    let subjects: &[Code] = match number % 4 {
        0 => &["maths", "physics", "chemistry", "biology"],
        1 => &["history", "english_literature", "french"],
        2 => &["art", "geography"],
        _ => &["other"],
    };
    let awards: Vec<Qualification> = if ability < -0.8 {
        vec![award("vocational", "health_social", "3", "PASS")]
    } else {
        let letters = subjects.iter().zip(0..);
        letters.map(|(subject, behind)| award("a_level", subject, "3", letter(behind))).collect()
    };
    story.person.qualifications.extend(awards);
}

/// Home education and missing education end with compulsory schooling.
fn close_year_11(story: &mut Story, last: i32) {
    if matches!(story.now, Now::Home | Now::Missing) {
        story.back(day(last, 6, 30), "over_age", None);
    }
}

fn standing(story: &mut Story, last: i32, alternative: bool) -> Standing {
    if alternative && story.dice.chance(rates::AP_NOT_SUSTAINED) {
        return if story.dice.chance(0.8) { Standing::Neet } else { Standing::NotKnown };
    }
    let (fsm, _) = story.family.fsm_and_fsm6(last, story.traits.cohort - 6);
    let sen = match sen_code(story, last) {
        "E" => 2.0,
        "K" => 1.5,
        _ => 0.85,
    };
    let persistent = if story.traits.persistent { rates::NEET_PERSISTENT_ABSENCE } else { 1.0 };
    // Odds rise as ability falls: by half for one standard deviation.
    let risk = by_fsm(fsm, 1.8) * sen * persistent * (-0.4 * story.traits.ability).exp();
    let outside = matches!(story.now, Now::Home | Now::Missing | Now::Placed);
    let chance = (rates::NEET_BASE * risk * if outside { 3.0 } else { 1.0 }).min(0.6);
    let lost = (rates::NOT_KNOWN_BASE * risk.sqrt() * if outside { 5.0 } else { 1.0 }).min(0.4);
    match story.dice.unit() {
        unit if unit < chance => Standing::Neet,
        unit if unit < chance + lost => Standing::NotKnown,
        _ => Standing::Participates,
    }
}

fn first_year(story: &mut Story, last: i32, standing: Standing, alternative: bool, phase: Option<Phase>) {
    let ay = last + 1;
    let start = story.first_day(ay);
    let end = story.last_day(last);
    let activity = match standing {
        Standing::Participates => participation(story, phase, alternative),
        Standing::Neet if alternative && story.dice.chance(0.5) => "230",
        Standing::Neet => story.dice.weighted(&NEET),
        Standing::NotKnown => story.dice.weighted(&NOT_KNOWN),
    };
    roll_after_16(story, activity, ay, end);
    let made = if standing == Standing::Participates { 95 } else { 60 };
    let guarantee = story.dice.weighted(&[("made", made), ("not_made", 4), ("not_appropriate", 2)]);
    story.goes_to(activity, start).guarantee = Some(guarantee);
    // A course begun and dropped: between November and February.
    if standing == Standing::Neet && activity == "230" {
        let drops = day(ay - 1, 11, 1) + Days::new(story.dice.below(100) as u64);
        let next = story.dice.weighted(&NEET);
        change(story, next, drops);
    } else if standing == Standing::Participates && story.dice.chance(0.025) {
        let drops = day(ay, 2, 1) + Days::new(story.dice.below(110) as u64);
        let next = story.dice.weighted(&NEET);
        change(story, next, drops);
    } else if standing == Standing::Neet && story.dice.chance(0.3) {
        let finds = day(ay, 1, 10) + Days::new(story.dice.below(120) as u64);
        let next = story.dice.weighted(&[("230", 40), ("410", 15), ("310", 10), ("330", 25), ("430", 10)]);
        change(story, next, finds);
    }
}

fn second_year(story: &mut Story, last: i32, before: Standing) {
    let ay = last + 2;
    let start = story.first_day(ay);
    let neet = if before == Standing::Participates { 0.021 } else { 0.45 };
    let (activity, changes) = match story.dice.unit() {
        unit if unit < neet => (story.dice.weighted(&NEET), true),
        unit if unit < neet + 0.026 => (story.dice.weighted(&NOT_KNOWN), true),
        _ => (
            story.dice.weighted(&[
                ("230", 40),
                ("310", 22),
                ("330", 14),
                ("410", 6),
                ("320", 6),
                ("360", 6),
                ("270", 4),
                ("240", 2),
            ]),
            before != Standing::Participates || story.dice.chance(0.10),
        ),
    };
    if changes {
        if story.roll.is_some() {
            let end = story.last_day(ay - 1);
            story.leave(end, "transition");
        }
        change(story, activity, start);
    }
    if story.roll.is_some() && day(ay, 7, 24) <= as_of() {
        let end = story.last_day(ay);
        story.leave(end, "end_of_schooling");
    }
}

fn participation(story: &mut Story, phase: Option<Phase>, alternative: bool) -> Code {
    if phase == Some(Phase::Special) {
        return story.dice.weighted(&[("280", 45), ("230", 35), ("210", 15), ("460", 5)]);
    }
    if alternative {
        return story.dice.weighted(&[
            ("230", 66),
            ("310", 9),
            ("410", 9),
            ("430", 6),
            ("330", 7),
            ("270", 3),
        ]);
    }
    if story.traits.ability > 0.1 {
        story.dice.weighted(&[("210", 52), ("220", 26), ("230", 17), ("310", 4), ("270", 1)])
    } else {
        story.dice.weighted(&[
            ("210", 14),
            ("220", 8),
            ("230", 66),
            ("310", 6),
            ("320", 2),
            ("330", 2),
            ("410", 2),
        ])
    }
}

/// A school sixth form keeps somebody on a roll: the same one, or another school's.
fn roll_after_16(story: &mut Story, activity: Code, ay: i32, end: chrono::NaiveDate) {
    let sixth_form = |story: &Story, line| {
        let place = story.area.place_on(line, year_starts(ay));
        story.area.establishment(place).sixth_form
    };
    let own = story.roll.map(|roll| roll.line).filter(|line| sixth_form(story, *line));
    if activity == "210" && own.is_some() {
        return;
    }
    let first = story.first_day(ay);
    if story.roll.is_some() {
        story.leave(end, if activity == "210" { "transition" } else { "end_of_schooling" });
    }
    let other = story.area.secondaries.iter().copied().find(|line| sixth_form(story, *line));
    match (activity, other) {
        ("210", Some(line)) => story.enter(line, first),
        ("220", _) => {
            let line = story.area.sixth_college;
            story.enter(line, first);
        }
        _ => {}
    }
}

/// One activity ends the day before the next begins.
fn change(story: &mut Story, activity: Code, on: chrono::NaiveDate) {
    if on > as_of() {
        return;
    }
    if let Some(last) = story.person.destinations.last_mut() {
        last.ends_on = on.pred_opt();
    }
    story.goes_to(activity, on);
}
