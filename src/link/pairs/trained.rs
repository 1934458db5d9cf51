//! A model that was trained once, looked at, and then stays as it is: what it says of two records depends on nothing else.
use super::{
    super::Calibration,
    Linkage,
    candidates::{self, Keying},
    chance::{Chance, KeptChance},
    floats::Floats,
    habits::{self, Habits},
    kin::Kin,
    model::{self, KeptModel, Model},
    record::Table,
    words::Words,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The form in which models are kept.
const FORMAT: u32 = 3;

/// A trained model. It says how often names and dates are borne by more than one, so it stays where identities stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trained {
    format: u32,
    keying: Keying,
    chance: KeptChance,
    model: KeptModel,
    /// Levels of names that are met often, for forenames and surnames, hand by hand.
    habits: [BTreeMap<String, Floats>; 2],
    /// Those whose hand is known, in the order of the model's.
    writers: Vec<String>,
    /// People it was trained on, and what was said of them.
    people: u64,
    sayings: u64,
    /// What persons corrected; nothing where they have decided too little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibration: Option<Calibration>,
}

/// A trained model, ready to weigh the records of a pool.
pub(in crate::link) struct Ready {
    pub(super) keying: Keying,
    pub(super) chance: Chance,
    pub(super) model: Model,
    pub(super) habits: Habits,
}

impl Trained {
    /// Learns from the records of a register of which each belongs to an owner.
    pub(super) fn of(
        register: &Table,
        owners: &[u32],
        words: &Words,
        writers: &[String],
        threads: usize,
    ) -> Self {
        let keying = Keying::of(register);
        let blocks = candidates::blocks(register, register, words, &keying, threads);
        let chance = Chance::of(register, register, words, threads);
        let kin = Kin::of(register, words, threads);
        let mut model = Model::start(register.records.len(), kin.rate, false, writers.len());
        let mut linkage = Linkage { rows: register, register, words, threads, chance };
        model.set_kin(&linkage.kin_table(&kin, &model.same()));
        let others =
            |row: usize, record: u32| (record as usize) < row && owners[row] != owners[record as usize];
        let mut pairs = linkage.first_pairs(&blocks, &model, &others);
        for _ in 0..2 {
            linkage.learn(&mut model, &kin, &pairs, model::ROUNDS);
            habits::learn(&model, &mut pairs, register, words);
        }
        Self {
            format: FORMAT,
            keying,
            habits: Habits::of(&model, &pairs, register, words).kept(words),
            chance: linkage.chance.kept(words),
            model: model.kept(),
            writers: writers.to_vec(),
            people: owners.last().map_or(0, |last| u64::from(*last) + 1),
            sayings: owners.len() as u64,
            calibration: None,
        }
    }

    /// Makes it ready for the words and writers of a pool. `None` where it is not whole.
    pub(super) fn ready(&self, words: &mut Words, writers: &[String]) -> Option<Ready> {
        let place = |writer: &String| self.writers.iter().position(|held| held == writer);
        let places: Vec<Option<usize>> = writers.iter().map(place).collect();
        Some(Ready {
            keying: self.keying.clone(),
            chance: Chance::again(&self.chance, words)?,
            model: Model::again(&self.model, &places)?,
            habits: Habits::again(&self.habits, words)?,
        })
    }

    /// People it was trained on, and what was said of them.
    pub const fn trained_on(&self) -> (u64, u64) {
        (self.people, self.sayings)
    }

    /// The same, with what it states corrected.
    #[must_use]
    pub fn corrected(mut self, calibration: Option<Calibration>) -> Self {
        self.calibration = calibration;
        self
    }

    /// How what it states is corrected.
    pub const fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// The same with another limit of blocks.
    #[cfg(test)]
    pub(in crate::link) fn with_largest_block(mut self, largest: usize) -> Self {
        self.keying = self.keying.with_largest_block(largest);
        self
    }

    /// As text, to be sealed.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From what was sealed. `None` where this program does not know its form.
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str::<Self>(text).ok().filter(|trained| trained.format == FORMAT)
    }
}
