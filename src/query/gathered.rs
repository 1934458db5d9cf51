//! What the engine finds of a question over real learners, block by block, on its way to the gate: in the process that works on it, so that nothing
//! but the answer, near the truth, comes back to whoever asked.
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::answer::plain;
use super::guard::Guard;
use super::scope::Kind;
use crate::disclosure::{
    self, Answer, Disclosed, Frame, FrameRow, KeyKind, Measure, Policy, Seed, Tallied, Terms,
};

/// A row of texts as the engine gives it: the keys, the conditions as a number, the learner, a value of each amount.
type Texts = Vec<Option<String>>;

/// What the gate has to know of a question: what its rows are, what it asks for, what it is worth and what its figures are off by.
#[derive(Serialize, Deserialize)]
pub(super) struct Gate {
    keys: Vec<Kind>,
    filters: usize,
    amounts: Vec<(f64, f64, usize)>,
    measures: Vec<Measure>,
    most_groups: u64,
    most_of_one: u64,
    spend: u64,
    seed: [u8; 32],
    policy: String,
    of_real: bool,
}

/// Whoever has the seed can take the noise of this question away again.
impl Drop for Gate {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

impl Gate {
    /// The gate of a question, for what is spent on it.
    pub fn of(guard: &Guard, (spend, seed): (u64, &[u8; 32]), (policy, kind): (&Policy, KeyKind)) -> Self {
        Self {
            keys: guard.keys.clone(),
            filters: guard.filters.len(),
            amounts: guard.amounts.clone(),
            measures: guard.measures.clone(),
            most_groups: guard.most_groups,
            most_of_one: guard.most_of_one,
            spend,
            seed: *seed,
            policy: policy.name().to_owned(),
            of_real: kind == KeyKind::Real,
        }
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            most_groups: self.most_groups,
            most_of_one: self.most_of_one,
            spend: self.spend,
            seed: Seed(&self.seed),
        }
    }
}

/// The rows of a block, and the figures of all blocks before.
pub(super) struct Gathered<'g> {
    gate: &'g Gate,
    policy: Policy,
    frame: Frame,
    /// For each key the places of the values that it has in this block.
    places: Vec<HashMap<Option<String>, usize>>,
    tallied: Tallied,
}

impl<'g> Gathered<'g> {
    /// Nothing yet; none where there is no such policy.
    pub fn of(gate: &'g Gate) -> Option<Self> {
        let kind = if gate.of_real { KeyKind::Real } else { KeyKind::Demo };
        let frame = Frame {
            keys: vec![Vec::new(); gate.keys.len()],
            filters: gate.filters,
            amounts: gate.amounts.clone(),
            measures: gate.measures.clone(),
            ..Frame::default()
        };
        Some(Self {
            gate,
            policy: Policy::named(&gate.policy, kind).ok()?,
            places: vec![HashMap::new(); gate.keys.len()],
            tallied: Tallied::of_nobody(&frame),
            frame,
        })
    }

    /// Takes a row; none where it is not one of such a question.
    pub fn push(&mut self, row: Texts) -> Option<()> {
        let mut cells = row.into_iter();
        let mut levels = Vec::with_capacity(self.places.len());
        for ((places, values), kind) in self.places.iter_mut().zip(&mut self.frame.keys).zip(&self.gate.keys)
        {
            let value = cells.next()?.map(|value| plain(&value, *kind));
            let next = values.len();
            levels.push(*places.entry(value).or_insert_with_key(|value| {
                values.push(value.clone());
                next
            }));
        }
        let mask = cells.next()??.parse().ok()?;
        let member = member(&cells.next()??);
        // What is not a number is no value.
        let amount = |text: Option<String>| text.map_or(Some(f64::NAN), |text| text.parse().ok());
        let amounts: Vec<f64> = cells.map(amount).collect::<Option<_>>()?;
        if amounts.len() != self.gate.amounts.len() {
            return None;
        }
        let amounts = amounts.into_iter().map(|amount| (!amount.is_nan()).then_some(amount)).collect();
        self.frame.rows.push(FrameRow { levels, mask, member, amounts });
        Some(())
    }

    /// At the end of a block, which has all rows of each of its learners: they are added up and forgotten.
    pub fn end_block(&mut self) {
        self.tallied.add(&self.frame, self.gate.terms());
        self.frame.rows.clear();
        self.frame.keys.iter_mut().for_each(Vec::clear);
        self.places.iter_mut().for_each(HashMap::clear);
    }

    /// What may be said of it; none where it is not to go on.
    pub fn answer(&self, goes_on: &dyn Fn() -> bool) -> Option<Disclosed<Answer>> {
        disclosure::disclose_noised(&self.frame, &self.tallied, self.gate.terms(), &self.policy, goes_on)
    }
}

/// A learner as a number: the first half of the pseudonym, which is one of as many as there are digests.
fn member(learner: &str) -> u64 {
    learner.get(..16).and_then(|half| u64::from_str_radix(half, 16).ok()).unwrap_or_else(|| {
        learner
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disclosure::{Counted, Told};

    fn gate(keys: Vec<Kind>) -> Gate {
        Gate {
            keys,
            filters: 1,
            amounts: vec![(0.0, 4.0, 0)],
            measures: vec![Measure::Count(Counted::Learners(None)), Measure::Mean(0)],
            most_groups: 2,
            most_of_one: 400,
            spend: 100,
            seed: [7; 32],
            policy: "published".to_owned(),
            of_real: true,
        }
    }

    fn row(key: &str, learner: usize, amount: &str) -> Texts {
        [key, "1", &format!("{learner:016x}00"), amount].map(|cell| Some(cell.to_owned())).to_vec()
    }

    /// In whatever blocks the learners are, and in whatever order their rows come.
    #[test]
    fn learners_are_added_up_block_by_block_and_values_stand_in_order() {
        let of = |blocks: &[&[usize]]| {
            let gate = gate(vec![Kind::Number]);
            let mut gathered = Gathered::of(&gate).unwrap();
            for block in blocks {
                for learner in *block {
                    // As numbers are written, "9" and "9.0" are one.
                    gathered.push(row(["10", "9.0", "9"][learner % 3], *learner, "3")).unwrap();
                    gathered.push(row(["10", "9", "9"][learner % 3], *learner, "3")).unwrap();
                }
                gathered.end_block();
            }
            gathered.answer(&|| true).unwrap().as_ref().clone()
        };
        let (all, back): (Vec<usize>, Vec<usize>) = ((0..900).collect(), (0..900).rev().collect());
        let answer = of(&[&all]);
        assert_eq!(answer, of(&[&back[..100], &back[100..400], &[], &back[400..]]));
        let keys: Vec<Option<&str>> = answer.groups.iter().map(|(keys, _)| keys[0].as_deref()).collect();
        assert_eq!(keys, [Some("10"), Some("9")]);
        let Told::Near { value, margin, .. } = answer.groups[1].1[0] else { panic!("a count") };
        assert!((value - 600.0).abs() <= 2.0 * margin, "{value} within {margin}");
    }

    #[test]
    fn what_is_stopped_has_no_answer() {
        let gate = gate(vec![Kind::Number]);
        let mut gathered = Gathered::of(&gate).unwrap();
        gathered.push(row("1", 1, "1")).unwrap();
        gathered.end_block();
        assert!(gathered.answer(&|| false).is_none());
    }

    #[test]
    fn what_is_no_row_of_a_question_is_none() {
        let gate = gate(vec![Kind::Text]);
        let mut gathered = Gathered::of(&gate).unwrap();
        assert!(gathered.push(row("a", 1, "many")).is_none());
        assert!(gathered.push(row("a", 1, "1")[..3].to_vec()).is_none());
        assert!(gathered.push(row("a", 1, "1")[1..].to_vec()).is_none());
        assert!(gathered.push(row("a", 1, "nan")).is_some(), "a value that is no number");
    }
}
