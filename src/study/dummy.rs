//! Invented learners in the shape of a study: made from what its columns are declared to hold, and from no row of anybody.
//!
//! Everybody who is asked for is in the cohort, whatever its conditions, for the conditions are what they are made from. What
//! tables say of one learner agrees where they say the same thing: a column of one name has one value.
use super::{
    cell::{Cell, Kind},
    classes::Part,
    cut::{Data, Frame},
    plan::{FramePlan, Plan, Variable, Wanted},
};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// The last year of which the invented know anything.
const NEWEST: i64 = 2025;

/// A stream of draws: the same seed gives the same.
struct Draws(u64);

impl Draws {
    /// For one learner and one thing.
    fn of(seed: u64, learner: u64, what: &str) -> Self {
        let mut state = seed ^ learner.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for byte in what.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        let mut draws = Self(state);
        draws.next();
        draws
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal: the sum of twelve.
    fn normal(&mut self, mean: f64, spread: f64) -> f64 {
        mean + spread * ((0..12).map(|_| self.unit()).sum::<f64>() - 6.0)
    }
}

/// As many invented learners as are asked for, all of them in the cohort.
pub fn dummy(plan: &Plan, learners: u32, seed: u64) -> Data {
    let ids: Vec<String> = (0..learners).map(|at| id(seed, at)).collect();
    let mut order: Vec<u32> = (0..learners).collect();
    order.sort_by(|one, other| ids[*one as usize].cmp(&ids[*other as usize]));
    let frames = plan.frames.iter().map(|frame| {
        let mut rows = Vec::new();
        for (position, learner) in order.iter().enumerate() {
            let maker = Maker { plan, seed, learner: u64::from(*learner) };
            rows.extend(maker.rows(frame).into_iter().map(|cells| (position as u32, cells)));
        }
        Frame { plan: frame.clone(), rows }
    });
    let frames = frames.collect();
    Data { learners: order.into_iter().map(|at| ids[at as usize].clone()).collect(), frames }
}

/// A pseudonym whose tag is all noughts: of nobody's study.
fn id(seed: u64, at: u32) -> String {
    let mut draws = Draws::of(seed, u64::from(at), "id");
    format!("tl00000000_{:016x}{:08x}", draws.next(), draws.next() >> 32)
}

struct Maker<'a> {
    plan: &'a Plan,
    seed: u64,
    learner: u64,
}

impl Maker<'_> {
    fn rows(&self, frame: &FramePlan) -> Vec<Vec<Cell>> {
        if frame.is_of_learners() {
            return vec![self.row(frame, 0, &mut Draws::of(self.seed, self.learner, &frame.name))];
        }
        let mut draws = Draws::of(self.seed, self.learner, &frame.name);
        // Everybody has a row of most tables; a few have many.
        let n = 1 + draws.below(3) + if draws.below(8) == 0 { draws.below(4) } else { 0 };
        let mut seen = BTreeSet::new();
        let grain: Vec<usize> = (0..frame.variables.len())
            .filter(|at| frame.grain.contains(&frame.variables[*at].name))
            .collect();
        let mut rows: Vec<Vec<Cell>> = (0..n).map(|at| self.row(frame, at, &mut draws)).collect();
        rows.retain(|row| {
            grain.is_empty() || seen.insert(grain.iter().map(|at| row[*at].clone()).collect::<Vec<_>>())
        });
        rows.sort_by(|one, other| {
            grain
                .iter()
                .map(|at| one[*at].cmp(&other[*at]))
                .find(|it| it.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        rows
    }

    fn row(&self, frame: &FramePlan, number: u64, draws: &mut Draws) -> Vec<Cell> {
        let mut began: Option<i32> = None;
        let mut told: BTreeMap<&str, Cell> = BTreeMap::new();
        for variable in &frame.variables {
            let cell = if let Some((_, kind, wanted)) =
                self.plan.conditions.iter().find(|(name, ..)| *name == variable.name && self.is_fixed(frame))
            {
                // Of one learner the same in every table.
                fulfilling(wanted, *kind, &mut Draws::of(self.seed, self.learner, &variable.name))
            } else if frame.is_of_learners() {
                self.cell(variable, 0, None, &mut Draws::of(self.seed, self.learner, &variable.name))
            } else {
                self.cell(variable, number, began, draws)
            };
            if let Cell::Day(day) = cell {
                began = began.or(Some(day));
            }
            let cell = match &variable.coarsen {
                Some(how) => how.of(&cell, variable.kind, variable.list.as_ref()),
                None => cell,
            };
            told.insert(&variable.name, cell);
        }
        frame
            .variables
            .iter()
            .map(|variable| told.remove(variable.name.as_str()).unwrap_or(Cell::Empty))
            .collect()
    }

    /// Whether what the cohort's conditions say holds of this table's rows.
    fn is_fixed(&self, frame: &FramePlan) -> bool {
        frame.is_of_learners() || frame.name == self.plan.cohort
    }

    /// The year of Year 6: what the conditions say, or one of a few.
    fn cohort(&self) -> i64 {
        let mut draws = Draws::of(self.seed, self.learner, "cohort_ay");
        let said = self.plan.conditions.iter().find(|(name, ..)| name == "cohort_ay");
        match said.map(|(_, kind, wanted)| fulfilling(wanted, *kind, &mut draws)) {
            Some(Cell::Whole(year)) => year,
            _ => 2016 + draws.below(5) as i64,
        }
    }

    fn cell(&self, variable: &Variable, number: u64, began: Option<i32>, draws: &mut Draws) -> Cell {
        let name = variable.name.as_str();
        match variable.kind {
            Kind::Text if variable.part == Part::Place => {
                Cell::text(&format!("pl00000000_{:012x}", draws.below(60) * 7919))
            }
            Kind::Text => {
                if variable.words.is_empty() || draws.below(25) == 0 {
                    return Cell::Empty;
                }
                // Some words are commoner than others.
                let n = variable.words.len() as f64;
                let at = (draws.unit().powi(2) * n) as usize;
                Cell::text(&variable.words[at.min(variable.words.len() - 1)])
            }
            Kind::Flag => match draws.below(20) {
                0 => Cell::Empty,
                drawn => Cell::Flag(drawn < 7),
            },
            Kind::Day => self.day(name, number, began, draws),
            Kind::Whole => self.whole(name, number, draws),
            Kind::Decimal(_, after) => {
                if draws.below(20) == 0 {
                    return Cell::Empty;
                }
                let (least, most, value) = match name {
                    _ if name.contains("ks2") || name.contains("reading") || name.contains("maths") => {
                        (80.0, 120.0, draws.normal(104.0, 7.0))
                    }
                    _ if name.starts_with("t_") || name.ends_with("_t") => {
                        (20.0, 80.0, draws.normal(50.0, 10.0))
                    }
                    _ if name.contains("attainment8") => (0.0, 90.0, draws.normal(46.0, 18.0)),
                    _ if ["rate", "share", "attendance", "probability"]
                        .iter()
                        .any(|word| name.contains(word)) =>
                    {
                        (0.0, 1.0, draws.unit().powi(2))
                    }
                    _ if name.contains("change") || name.contains("added") || name.contains("progress") => {
                        (-5.0, 5.0, draws.normal(0.0, 1.2))
                    }
                    _ if name.contains("cost") || name.contains("spend") => {
                        (0.0, 20_000.0, draws.normal(4_000.0, 2_500.0))
                    }
                    _ => (0.0, 25.0, draws.normal(8.0, 4.0)),
                };
                let steps = value.clamp(least, most) * 10_f64.powi(i32::from(after));
                Cell::Decimal(steps.round() as i128)
            }
        }
    }

    fn day(&self, name: &str, number: u64, began: Option<i32>, draws: &mut Draws) -> Cell {
        if name == "birth_month" {
            let (month, year) = (1 + draws.below(12) as u32, self.cohort() as i32 - 11);
            let year = if month >= 9 { year - 1 } else { year };
            return NaiveDate::from_ymd_opt(year, month, 1).map_or(Cell::Empty, Cell::of_day);
        }
        match began {
            // Open as often as not at the end.
            Some(_) if draws.below(6) == 0 => Cell::Empty,
            Some(began) => Cell::Day(began + 1 + draws.below(400) as i32),
            None => {
                let start = NaiveDate::from_ymd_opt(self.cohort() as i32 - 1, 9, 1).unwrap_or_default();
                let days = number as i64 * 360 + draws.below(330) as i64;
                Cell::of_day(start + chrono::TimeDelta::days(days))
            }
        }
    }

    fn whole(&self, name: &str, number: u64, draws: &mut Draws) -> Cell {
        let cohort = self.cohort();
        let whole = match name {
            "cohort_ay" => cohort,
            "ks4_ay" => cohort + 5,
            "ay" => (cohort + (number % 6) as i64).min(NEWEST.max(cohort)),
            "academic_age" => 10 + (number % 6) as i64,
            "year_group" => 9 + draws.below(3) as i64,
            _ if name.ends_with("_no") => number as i64 + 1,
            _ if name.contains("sessions") => (draws.unit().powi(3) * 380.0) as i64,
            _ if name.contains("days") => (draws.unit().powi(2) * 200.0) as i64,
            _ if draws.below(20) == 0 => return Cell::Empty,
            _ => (draws.unit().powi(3) * 9.0) as i64,
        };
        Cell::Whole(whole)
    }
}

fn fulfilling(wanted: &Wanted, kind: Kind, draws: &mut Draws) -> Cell {
    match wanted {
        Wanted::OneOf(cells) => cells[draws.below(cells.len() as u64) as usize].clone(),
        Wanted::Between(from, to) => {
            let least = from.unwrap_or_else(|| to.map_or(0.0, |to| to - 10.0));
            let most = to.unwrap_or(least + 10.0);
            let number = least + draws.unit() * (most - least);
            match kind {
                // Both ends are in, and a whole number may lie on one of them alone.
                Kind::Whole => {
                    Cell::Whole((number.round() as i64).clamp(least.ceil() as i64, most.floor() as i64))
                }
                Kind::Decimal(_, after) => {
                    let scale = 10_f64.powi(i32::from(after));
                    let steps =
                        (number * scale).round().clamp((least * scale).ceil(), (most * scale).floor());
                    Cell::Decimal(steps as i128)
                }
                _ => Cell::Empty,
            }
        }
    }
}
