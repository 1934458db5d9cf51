//! What transfer files say of key stage 2 beside the national file: it counts where the national file is silent, and is counted as
//! passed over where it is not.
use super::attainment;
use super::days::{academic_year, day};
use super::doors;
use super::facts::Ks2;
use super::{Baseline, Tables};
use std::collections::BTreeMap;
use throughline::synth::{World, world};

/// What a transfer file says of a test: a score, or that the pupil was below the test.
#[derive(Clone, Copy, Debug)]
pub struct Transferred {
    pub person: u32,
    pub subject: &'static str,
    pub score: Option<i64>,
}

impl Transferred {
    fn says(&self) -> (&'static str, Option<i64>) {
        (if self.score.is_some() { "tested" } else { "below_test" }, self.score)
    }
}

/// What has to be published about a world whose schools sent such files, of baselines and whatever is made of key stage 2.
pub fn with_transfers(world: &World, told: &[Transferred]) -> Tables {
    let mut facts = doors::open(world, world::as_of());
    let cohorts: BTreeMap<u32, i64> =
        super::expected(world).cohort_member.iter().map(|row| (row.person.0, row.cohort_ay)).collect();
    let mut found: BTreeMap<u32, (bool, i64, i64)> = BTreeMap::new();
    for person in &mut facts.people {
        let Some(cohort) = cohorts.get(&person.number).map(|ay| *ay as i32) else { continue };
        for one in told.iter().filter(|one| one.person == person.number) {
            let national = person
                .ks2
                .iter()
                .find(|row| row.subject == one.subject && academic_year(row.taken_on) == cohort)
                .map(|row| (row.status, row.score));
            let (stands, passed_over, conflicts) = found.entry(person.number).or_default();
            if let Some(national) = national {
                *passed_over += 1;
                *conflicts += i64::from(national != one.says());
                continue;
            }
            *stands = true;
            let (status, score) = one.says();
            person.ks2.push(Ks2 { subject: one.subject, taken_on: day(cohort, 5, 1), status, score });
        }
    }
    let mut tables = super::derive(&facts);
    let baseline = |row: &Baseline| {
        let member = tables.cohort_member.iter().find(|member| member.person == row.person);
        let mut row = member.map_or_else(|| row.clone(), attainment::baseline);
        if let Some((stands, passed_over, conflicts)) = found.get(&row.person.0) {
            (row.n_rows_passed_over, row.n_conflicts) = (*passed_over, *conflicts);
            if *stands && row.baseline_source != "none" {
                "ctf".clone_into(&mut row.baseline_source);
            }
        }
        row
    };
    tables.baseline = tables.baseline.iter().map(baseline).collect();
    tables
}
