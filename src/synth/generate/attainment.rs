//! Key stage 2 and what is entered and awarded at 16.
use super::super::world::{Assessment, Code, Door, LAST_COHORT, Phase, Place, Qualification, as_of, day};
use super::rates;
use super::record::main_on;
use super::story::Story;

/// Ability on entry to Year 6: what disadvantage and special needs take away, and chance.
pub(super) fn ability(story: &mut Story) -> f64 {
    let cohort = story.traits.cohort;
    let (_, fsm6) = story.family.fsm_and_fsm6(cohort, cohort - 6);
    let sen = match super::journey::sen_code(story, cohort) {
        "E" => rates::ABILITY_PLAN,
        "K" => rates::ABILITY_SUPPORT,
        _ => 0.0,
    };
    let poor = if fsm6 { rates::ABILITY_FSM6 } else { 0.0 };
    rates::ABILITY_CENTRE + poor + sen + rates::ABILITY_SD * story.dice.normal()
}

/// Key stage 2 in the May of Year 6 as taught, for those in a state school of the area; not held in 2020 and 2021.
pub(super) fn key_stage_2(story: &mut Story) {
    let ay = story.traits.cohort - i32::from(story.person.year_offset);
    let taken_on = day(ay, 5, 1);
    if matches!(ay, 2020 | 2021) || taken_on > as_of() {
        return;
    }
    let Some(at) = main_on(story, taken_on) else { return };
    if !story.area.establishment(at.place).in_census {
        return;
    }
    let special = story.area.establishment(at.place).phase == Phase::Special;
    let absent = story.dice.chance(0.006);
    let disapplied = story.dice.chance(0.002);
    for (subject, mean) in [("reading", rates::READING_MEAN), ("maths", rates::MATHS_MEAN)] {
        let z = story.traits.ability * 0.93 + 0.37 * story.dice.normal();
        let status = if special || z < -1.62 {
            "below_test"
        } else if absent {
            "absent"
        } else if disapplied {
            "disapplied"
        } else {
            story.dice.weighted(&[("tested", 9975), ("absent", 15), ("maladmin", 5), ("lost", 5)])
        };
        let score = (mean + rates::KS2_SD * z).round().clamp(80.0, 120.0);
        story.person.assessments.push(Assessment {
            kind: "ks2",
            subject: Some(subject),
            taken_on,
            point: "test",
            status,
            score: (status == "tested").then_some(score as u16),
            door: Door::Council,
        });
    }
}

/// Where somebody sits examinations at the end of Year 11.
enum Centre {
    School(Place),
    Special(Place),
    StateAp(Place),
    Provider(Place),
    Private(Place),
    Custody(Place),
}

/// The summer of Year 11 as taught.
pub(super) fn key_stage_4(story: &mut Story) {
    let ay = story.traits.cohort + 5 - i32::from(story.person.year_offset);
    if day(ay, 8, 20) > as_of() || ay > LAST_COHORT {
        return;
    }
    let Some(centre) = centre(story, ay) else { return };
    let z = level_of_results(story, ay, &centre);
    match centre {
        Centre::School(place) => mainstream(story, ay, place, z),
        Centre::Special(place) => {
            if story.dice.chance(0.35) {
                some_gcses(story, ay, place, z - 0.6, 3);
            }
            if story.dice.chance(0.6) {
                let level = story.dice.weighted(&[("E1", 30), ("E2", 30), ("E3", 40)]);
                award(story, ay, place, "entry_level", "english", Some(level), "PASS");
                award(story, ay, place, "entry_level", "maths", Some(level), "PASS");
            }
        }
        Centre::StateAp(place) => {
            if story.dice.chance(0.78) {
                let most = story.dice.between(2, 6) as usize;
                some_gcses(story, ay, place, z - 0.5, most);
            }
            functional_skills(story, ay, place, 0.4);
        }
        Centre::Provider(place) => {
            if story.dice.chance(0.2) {
                some_gcses(story, ay, place, z - 0.6, 2);
            }
        }
        Centre::Private(place) => {
            let most = story.dice.between(2, 6) as usize;
            some_gcses(story, ay, place, z, most);
        }
        Centre::Custody(place) => functional_skills(story, ay, place, 0.6),
    }
}

fn centre(story: &mut Story, ay: i32) -> Option<Centre> {
    let exams = day(ay, 5, 20);
    if let Some(one) = main_on(story, exams) {
        return Some(match story.area.establishment(one.place).phase {
            Phase::Special => Centre::Special(one.place),
            Phase::StateAp => Centre::StateAp(one.place),
            Phase::Secure => Centre::Custody(one.place),
            _ => Centre::School(one.place),
        });
    }
    let covers = |from, to: Option<chrono::NaiveDate>| from <= exams && to.is_none_or(|end| end >= exams);
    if let Some(one) = story.person.placements.iter().rfind(|one| covers(one.starts_on, one.ends_on)) {
        return Some(Centre::Provider(one.place));
    }
    let home =
        story.person.off_roll.iter().any(|one| one.basis == "ehe_full" && covers(one.starts_on, one.ends_on));
    if home && story.dice.chance(0.22) {
        let line = *story.dice.pick(&story.area.secondaries);
        return Some(Centre::Private(story.area.place_on(line, exams)));
    }
    None
}

/// Standard score of somebody's results on the national scale.
fn level_of_results(story: &mut Story, ay: i32, centre: &Centre) -> f64 {
    let (_, fsm6) = story.family.fsm_and_fsm6(ay, story.traits.cohort - 6);
    let effect = match centre {
        Centre::School(_) => story.roll.map_or(0.0, |roll| story.area.lines[roll.line.0].effect),
        _ => 0.0,
    };
    rates::KS4_CENTRE
        + rates::KS4_ON_ABILITY * story.traits.ability
        + effect
        + if fsm6 { rates::KS4_FSM6 } else { 0.0 }
        + rates::KS4_TENDENCY * (story.traits.tendency - 1.0).min(6.0)
        + if story.traits.persistent { rates::KS4_PERSISTENT } else { 0.0 }
        + rates::KS4_SD * story.dice.normal()
}

fn mainstream(story: &mut Story, ay: i32, place: Place, z: f64) {
    // About 1% on a roll are entered for nothing.
    if story.dice.chance(if z < -1.6 { 0.10 } else { 0.002 }) {
        return;
    }
    let mut subjects = vec!["english_language", "english_literature", "maths"];
    if z > 0.7 && story.dice.chance(0.6) {
        subjects.extend(["biology", "chemistry", "physics"]);
    } else {
        subjects.push("combined_science");
    }
    let humanity = *story.dice.pick(&["history", "geography"]);
    let language = *story.dice.pick(&["french", "spanish", "german"]);
    let options = [(humanity, 0.80), (language, 0.40 + 0.2 * z), ("religious_studies", 0.50)];
    for (subject, chance) in options {
        if z > -1.7 && story.dice.chance(chance) {
            subjects.push(subject);
        }
    }
    let arts = *story.dice.pick(&["art", "drama", "music", "computing", "design_technology", "business"]);
    subjects.push(arts);
    if z > -0.6 && story.dice.chance(0.6) {
        let second = *story.dice.pick(&["art", "computing", "design_technology", "music"]);
        if !subjects.contains(&second) {
            subjects.push(second);
        }
    }
    for subject in subjects {
        gcse(story, ay, place, subject, z);
    }
    if story.dice.chance(if z < 0.0 { 0.65 } else { 0.25 }) {
        let subject = *story.dice.pick(&[
            "sport",
            "health_social",
            "construction",
            "hair_beauty",
            "motor_vehicle",
            "catering",
        ]);
        let own = z + 0.5 * story.dice.normal();
        let (level, grade) = match own {
            z if z > 1.2 => ("2", "DSTAR"),
            z if z > 0.6 => ("2", "DIST"),
            z if z > -0.1 => ("2", "MERIT"),
            z if z > -0.8 => ("2", "PASS"),
            z if z > -1.6 => ("1", "PASS"),
            _ => ("1", "FAIL"),
        };
        award(story, ay, place, "btec", subject, Some(level), grade);
    }
}

fn some_gcses(story: &mut Story, ay: i32, place: Place, z: f64, most: usize) {
    const FEW: [Code; 6] =
        ["maths", "english_language", "combined_science", "english_literature", "art", "business"];
    for subject in FEW.iter().take(most) {
        gcse(story, ay, place, subject, z);
    }
}

fn gcse(story: &mut Story, ay: i32, place: Place, subject: Code, z: f64) {
    const GRADES: [Code; 9] = ["9", "8", "7", "6", "5", "4", "3", "2", "1"];
    let shared = rates::SUBJECT_SHARED;
    let own = shared * z + (1.0 - shared * shared).sqrt() * story.dice.normal();
    let grade = if story.dice.chance(if z < -1.2 { 0.04 } else { 0.003 }) {
        "X"
    } else {
        let reached = rates::GRADE_FROM.iter().position(|from| own >= *from);
        reached.map_or("U", |index| GRADES[index])
    };
    award(story, ay, place, "gcse", subject, None, grade);
}

fn functional_skills(story: &mut Story, ay: i32, place: Place, chance: f64) {
    for subject in ["english", "maths"] {
        if story.dice.chance(chance) {
            let level = story.dice.weighted(&[("E3", 30), ("1", 45), ("2", 25)]);
            award(story, ay, place, "fsq", subject, Some(level), "PASS");
        }
    }
}

fn award(
    story: &mut Story,
    ay: i32,
    place: Place,
    kind: Code,
    subject: Code,
    level: Option<Code>,
    grade: Code,
) {
    // The council sees results of its own schools and centres; independent schools and next door it does not.
    let establishment = story.area.establishment(place);
    let shown = establishment.in_census
        || establishment.phase == Phase::Provider
        || establishment.phase == Phase::Secure;
    let door = if shown { Door::Council } else { Door::Nowhere };
    let awarded_on = day(ay, 8, 20);
    story.person.qualifications.push(Qualification {
        kind,
        subject,
        level,
        grade,
        awarded_on,
        place: Some(place),
        door,
    });
}
