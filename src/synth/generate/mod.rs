//! Makes a world from a seed: families one after another, and each child's story from its own stream of draws.
mod after16;
mod area;
mod attainment;
mod family;
mod journey;
mod names;
mod provision;
mod rates;
mod record;
mod story;

#[cfg(test)]
mod calibration;

pub(super) use family::upn;
pub(super) use names::FAMILIAR;

use super::dice::{Dice, Purpose};
use super::world::{Home, Identity, Person, World, WorldSpec, day};
use area::Area;
use family::Family;
use story::{Now, Story, Traits};

impl World {
    /// Makes the world that a specification names. Always the same one, to the byte, on one platform; no clock, no
    /// other source of chance.
    pub fn generate(spec: &WorldSpec) -> World {
        let area = Area::build(spec.seed, spec.learners);
        let mut people: Vec<Person> = Vec::with_capacity(spec.learners as usize);
        let mut family_number = 0;
        while people.len() < spec.learners as usize {
            family_number += 1;
            let mut dice = Dice::new(spec.seed, Purpose::Family, u64::from(family_number));
            let family = Family::draw(family_number, &area, &mut dice);
            for (cohort, twin) in &family.children {
                let number = people.len() as u32 + 1;
                if number > spec.learners {
                    break;
                }
                let twin = people.last().filter(|_| *twin).map(|person| &person.identity);
                let person = live(spec.seed, &area, &family, *cohort, twin, number);
                people.push(person);
            }
        }
        let Area { establishments, links, postcodes, .. } = area;
        World { spec: *spec, establishments, links, postcodes, people }
    }
}

fn live(
    seed: u64,
    area: &Area,
    family: &Family,
    cohort: i32,
    twin: Option<&Identity>,
    number: u32,
) -> Person {
    let mut dice = Dice::new(seed, Purpose::Person, u64::from(number));
    let identity = family::identity(family, cohort, twin, number, &mut dice);
    let traits = Traits {
        cohort,
        tendency: dice.gamma_of_mean_one(rates::TENDENCY_SHAPE)
            * if identity.sex == "M" { 1.3 } else { 0.68 },
        need_rank: dice.unit(),
        ability: 0.0,
        absence: [0.0; 9],
        persistent: false,
        cla: dice.chance(rates::LOOKED_AFTER),
    };
    let out_of_year = dice.chance(rates::OUT_OF_YEAR);
    let person = Person {
        number,
        identity,
        year_offset: if out_of_year { -1 } else { 0 },
        homes: vec![Home { starts_on: day(cohort - 6, 9, 1), postcode: family.home }],
        enrolments: Vec::new(),
        placements: Vec::new(),
        off_roll: Vec::new(),
        suspensions: Vec::new(),
        attendance: Vec::new(),
        years: Vec::new(),
        assessments: Vec::new(),
        qualifications: Vec::new(),
        destinations: Vec::new(),
    };
    let beside = Dice::new(seed, Purpose::Beside, u64::from(number));
    let mut story = Story { area, family, dice, beside, person, traits, now: Now::Gone, roll: None };
    record::absence(&mut story);
    story.traits.ability = attainment::ability(&mut story);
    journey::tell(&mut story);
    finish(&mut story);
    story.person
}

/// What is on record once the journey is told. Open rolls are recorded for the time of these questions.
fn finish(story: &mut Story) {
    let cohort = story.traits.cohort;
    let roll = story.roll;
    let recorded = story.person.enrolments.len();
    story.rest();
    record::years(story, cohort + 7);
    attainment::key_stage_2(story);
    record::suspensions(story, cohort + 6);
    attainment::key_stage_4(story);
    // The years after 16 need the roll open again.
    story.person.enrolments.truncate(recorded);
    story.roll = roll;
    after16::tell(story);
    record::mark_dual(story);
    record::attendance(story);
    let person = &mut story.person;
    person.enrolments.sort_by_key(|one| (one.starts_on, one.place));
    person.placements.sort_by_key(|one| one.starts_on);
    person.off_roll.sort_by_key(|one| one.starts_on);
    person.homes.sort_by_key(|one| one.starts_on);
}
