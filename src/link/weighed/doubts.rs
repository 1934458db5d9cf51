//! Whom a person should look at.
use super::{
    super::{Doubt, pairs::Pool},
    LEAST,
    groups::{Groups, Likely, likely},
    stated,
};
use crate::{fault::Name, privacy::Pseudonym};
use std::collections::{HashMap, HashSet};

/// Less likely pairs are nobody's time.
const WORTH_A_LOOK: f64 = 0.5;

/// Doubts, and how likely at most each subject is somebody else's, too.
type Left = (Vec<Doubt>, HashMap<Pseudonym, u16>);

impl Groups<'_> {
    fn subject(&self, person: u32) -> Pseudonym {
        self.people.people[self.order[person as usize] as usize].subject
    }

    /// Who was not joined though they are likely one, once for any two clusters, and who was joined though something
    /// speaks against it. `told` is by places among the people.
    pub(super) fn doubts(
        &mut self,
        pool: &Pool,
        pairs: &[(u32, u32, f64)],
        told: &[(usize, usize, bool)],
    ) -> Left {
        let likely = likely(self.order.len(), pairs);
        let (mut doubts, mut left) = (Vec::new(), HashMap::new());
        let mut best: Vec<&(u32, u32, f64)> = pairs.iter().collect();
        best.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        let mut seen = HashSet::new();
        for (a, b, probability) in best {
            let (one, other) = (self.root(*a), self.root(*b));
            if one == other {
                continue;
            }
            for person in [*a, *b] {
                left.entry(self.subject(person)).or_insert_with(|| stated(*probability));
            }
            if *probability < WORTH_A_LOOK || !seen.insert((one.min(other), one.max(other))) {
                continue;
            }
            if let Some(why) = self.why_apart(pool, (*a, *b), *probability) {
                doubts.push(self.doubt((*a, *b), *probability, why, &likely));
            }
        }
        doubts.extend(self.against_words(told, pairs, &likely));
        (doubts, left)
    }

    /// Why two clusters that are likely one are two; none where nobody is to be asked.
    fn why_apart(&mut self, pool: &Pool, (a, b): (u32, u32), probability: f64) -> Option<&'static str> {
        let (one, other) = (self.root(a), self.root(b));
        if self.unions.are_kept_apart(one, other) {
            return (probability >= LEAST).then_some("contradicted");
        }
        if self.unions.numbers_differ(one, other) {
            // A child who was adopted or is in hiding has a new number and a new name, and nobody is to find the old
            // one here: two numbers are only shown where nothing else differs.
            return pool.are_alike(a, b).then_some("numbers_differ");
        }
        Some(if self.look_like_twins(pool, (a, b)) {
            "twins"
        } else if probability >= LEAST {
            "rival"
        } else {
            "likely"
        })
    }

    fn doubt(&mut self, (a, b): (u32, u32), probability: f64, why: &'static str, likely: &Likely) -> Doubt {
        let (one, other) = (self.root(a), self.root(b));
        let mut rival: Option<(u32, f64)> = None;
        for person in [a, b] {
            for (third, odds) in &likely[person as usize] {
                let root = self.root(*third);
                if root != one && root != other && rival.is_none_or(|(_, held)| *odds > held) {
                    rival = Some((*third, *odds));
                }
            }
        }
        let (ours, theirs) = (self.subject(a), self.subject(b));
        Doubt {
            pair: (ours.min(theirs), ours.max(theirs)),
            probability: stated(probability),
            why: Name::declare(why),
            runner_up: rival.map(|(third, odds)| (self.subject(third), stated(odds / (1.0 + odds)))),
        }
    }

    /// Joins although two valid numbers differ, and words of persons that did not come true.
    fn against_words(
        &mut self,
        told: &[(usize, usize, bool)],
        pairs: &[(u32, u32, f64)],
        likely: &Likely,
    ) -> Vec<Doubt> {
        let mut numbers = vec![0_u32; self.order.len()];
        for (number, at) in self.order.iter().enumerate() {
            numbers[*at as usize] = number as u32;
        }
        let probability = |a: u32, b: u32| {
            let found = pairs.binary_search_by_key(&(a.max(b), a.min(b)), |pair| (pair.0, pair.1));
            found.map_or(0.0, |at| pairs[at].2)
        };
        let joined = self.unions.joined_against_numbers().to_vec();
        let joined = joined.into_iter().map(|(a, b)| (a, b, "numbers_joined"));
        let mut unheard = Vec::new();
        for (a, b, same) in told {
            if *same && self.unions.root(*a) != self.unions.root(*b) {
                unheard.push((*a, *b, "contradicted"));
            }
        }
        let listed: Vec<(usize, usize, &'static str)> = joined.chain(unheard).collect();
        listed
            .into_iter()
            .map(|(a, b, why)| {
                let (a, b) = (numbers[a], numbers[b]);
                self.doubt((a, b), probability(a, b), why, likely)
            })
            .collect()
    }
}
