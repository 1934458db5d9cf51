//! Weights that were learnt once and are kept.
use super::{super::floats::Floats, FIELDS, HANDS, LEVELS, Model};
use serde::{Deserialize, Serialize};

/// What [`Model`] has learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::link::pairs) struct KeptModel {
    numbers: Floats,
    hands_of: Vec<Floats>,
}

impl Model {
    fn numbers(&mut self) -> impl Iterator<Item = &mut f64> {
        let singles = [&mut self.known, &mut self.wrong_numbers, &mut self.records, &mut self.kin_rate];
        let levels = self.same.iter_mut().flatten().flatten().chain(self.kin.iter_mut().flatten());
        singles.into_iter().chain(&mut self.hands).chain(levels)
    }

    /// What is kept of it.
    pub(in crate::link::pairs) fn kept(&mut self) -> KeptModel {
        KeptModel {
            numbers: Floats::of(self.numbers().map(|number| *number)),
            hands_of: self.hands_of.iter().map(|hands| Floats::of(*hands)).collect(),
        }
    }

    /// What was kept. `places` gives for each writer of now the place among those of then; one who is new is like all.
    /// `None` where it is not whole.
    pub(in crate::link::pairs) fn again(kept: &KeptModel, places: &[Option<usize>]) -> Option<Self> {
        let mut model = Self {
            same: [[[0.0; LEVELS]; FIELDS]; HANDS],
            hands: [0.0; HANDS],
            hands_of: Vec::new(),
            kin: [[0.0; LEVELS]; FIELDS],
            known: 0.0,
            competes: false,
            wrong_numbers: 0.0,
            records: 0.0,
            kin_rate: 0.0,
        };
        if !kept.numbers.fill(model.numbers()) {
            return None;
        }
        let whole = model.hands;
        let of = |place: Option<usize>| {
            let mut hands = whole;
            place
                .and_then(|place| kept.hands_of.get(place))
                .is_none_or(|kept| kept.fill(&mut hands))
                .then_some(hands)
        };
        model.hands_of = std::iter::once(Some(whole))
            .chain(places.iter().map(|place| of(place.map(|place| place + 1))))
            .collect::<Option<_>>()?;
        Some(model)
    }
}
