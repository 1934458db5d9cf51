//! The test oracle: works out from a synthetic world alone what the product has to publish about it.
//!
//! A second, independent reading of `docs/cohort.md`, one file a section. It shares nothing with the product but the
//! world's types: no query, no code list, no helper. It goes day by day where the product goes by intervals, so that
//! the two do not make the same mistake.
//!
//! ```text
//! World ─ doors ─► Facts ─ evidence, journey, area, member, at_sixteen, ledger, waterfall ─► Tables
//! release/parquet ─ published ─► Tables
//! ```
//!
//! A test of the whole product needs no more than this:
//!
//! ```ignore
//! let expected = oracle::expected(&world);
//! let published = oracle::published(&release.join("parquet"), &people)?;
//! let report = oracle::compare(&expected, &published);
//! assert!(report.is_empty(), "{report}");
//! ```
//!
//! with a world of perfect identifiers, so that no difference is a matter of linkage, and `people` from the truth of the
//! estate. Where that is not at hand, `without_people` on both sides still compares every row, only not whose it is.
mod area;
mod at_sixteen;
mod cells;
mod codes;
mod compare;
mod days;
mod doors;
mod evidence;
mod facts;
mod journey;
mod learner;
mod ledger;
mod member;
mod published;
mod rows;
mod waterfall;

mod stories;

pub use cells::{Fixed, People, Person};
pub use compare::{Report, compare_rows};
pub use published::published;
pub use rows::{AreaSpell, CohortMember, CohortOutcome, Learner, LostPotential, Outcome, Spell, Waterfall};

use area::Area;
use chrono::NaiveDate;
use evidence::Places;
use facts::Facts;
use journey::Journey;
use rows::{Group, Row};
use std::collections::BTreeSet;
use throughline::synth::{World, world};

/// The published tables, with true person numbers; each is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    pub learner: Vec<Learner>,
    pub spell: Vec<Spell>,
    pub area_spell: Vec<AreaSpell>,
    pub cohort_member: Vec<CohortMember>,
    pub cohort_outcome: Vec<CohortOutcome>,
    pub outcome: Vec<Outcome>,
    pub attrition_waterfall: Vec<Waterfall>,
    pub lost_potential: Vec<LostPotential>,
}

impl Tables {
    /// The same rows as nobody's: for a comparison that does not know which learner is which person.
    pub fn without_people(mut self) -> Self {
        self.learner.iter_mut().for_each(|row| row.person = Person(0));
        self.spell.iter_mut().for_each(|row| row.person = Person(0));
        self.area_spell.iter_mut().for_each(|row| row.person = Person(0));
        self.cohort_member.iter_mut().for_each(|row| row.person = Person(0));
        self.cohort_outcome.iter_mut().for_each(|row| row.person = Person(0));
        self.outcome.iter_mut().for_each(|row| row.person = Person(0));
        self
    }

    /// These tables, had the doors said of some people what was published about them: everybody else's rows stay, and
    /// bands and counts are worked out again. A number has to be one learner's.
    pub fn granting(mut self, people: &BTreeSet<u32>, published: &Self) -> Self {
        replace(&mut self.learner, &published.learner, people);
        replace(&mut self.spell, &published.spell, people);
        replace(&mut self.area_spell, &published.area_spell, people);
        replace(&mut self.cohort_member, &published.cohort_member, people);
        replace(&mut self.cohort_outcome, &published.cohort_outcome, people);
        replace(&mut self.outcome, &published.outcome, people);
        self.count();
        self
    }

    /// Sets the bands and counts; both tables of members are in one order.
    fn count(&mut self) {
        member::set_bands(&mut self.cohort_member);
        let pairs: Vec<_> = self.cohort_member.iter().zip(&self.cohort_outcome).collect();
        self.attrition_waterfall = waterfall::attrition_waterfall(&pairs);
        self.lost_potential = waterfall::lost_potential(&pairs);
    }
}

/// Puts what was published about some people in the place of what was expected of them.
fn replace<R: Row>(rows: &mut Vec<R>, published: &[R], people: &BTreeSet<u32>) {
    let theirs = |row: &R| matches!(row.group(), Group::Person(number) if people.contains(&number));
    rows.retain(|row| !theirs(row));
    rows.extend(published.iter().filter(|row| theirs(row)).cloned());
    rows.sort();
}

/// What has to be published about a world on the day that worlds are seen from.
pub fn expected(world: &World) -> Tables {
    expected_on(world, world::as_of())
}

/// What has to be published about a world on another day.
pub fn expected_on(world: &World, as_of: NaiveDate) -> Tables {
    derive(&doors::open(world, as_of))
}

/// Compares all eight tables.
pub fn compare(expected: &Tables, published: &Tables) -> Report {
    Report(vec![
        compare_rows(&expected.learner, &published.learner),
        compare_rows(&expected.spell, &published.spell),
        compare_rows(&expected.area_spell, &published.area_spell),
        compare_rows(&expected.cohort_member, &published.cohort_member),
        compare_rows(&expected.cohort_outcome, &published.cohort_outcome),
        compare_rows(&expected.outcome, &published.outcome),
        compare_rows(&expected.attrition_waterfall, &published.attrition_waterfall),
        compare_rows(&expected.lost_potential, &published.lost_potential),
    ])
}

/// The second step: from what the doors show to the tables.
fn derive(facts: &Facts) -> Tables {
    let places = Places::of(facts);
    let mut tables = Tables::default();
    for person in &facts.people {
        let learner = learner::learner(person);
        let cohort = learner.cohort_ay.map(|ay| ay as i32);
        let stays = evidence::stays(person, &places, facts.as_of);
        let journey = Journey::of(person.number, stays, cohort, facts.as_of);
        let area = Area::of(person, &journey, facts.as_of);
        let awards = ledger::awards(person, facts.as_of);
        if let Some(cohort) = cohort {
            tables.cohort_member.push(member::member(facts, person, cohort, &journey, &area));
            tables.cohort_outcome.push(at_sixteen::outcome(facts, person, cohort, &journey, &area, &awards));
        }
        tables.learner.push(learner);
        tables.area_spell.extend(area.spells(person.number));
        tables.outcome.extend(ledger::outcomes(person.number, &awards));
        tables.spell.extend(journey.spells);
    }
    tables.count();
    tables
}
