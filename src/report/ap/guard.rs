//! Which provider stands in which table: what keeps several tables over nearly the same placements from giving each other away.
//!
//! The gate protects one table. Two measures of a provider rest on different placements: those of which each is known. If one
//! rests on 41 and the other on 38, the three between them are told. So a provider is kept out of a measure when its number of
//! placements differs, by less than the threshold and not by nothing, from that of a measure that stands before; and when the yes of
//! one measure is part of the yes of another and leaves fewer than the threshold over.
use super::{
    super::places::{self, Place},
    measures::{MEASURES, Measure},
    read::{Answers, Tally},
};
use crate::disclosure::Policy;
use std::collections::{BTreeMap, BTreeSet};

/// A measure that can be shown.
pub(super) struct Guarded {
    pub(super) measure: &'static Measure,
    pub(super) places: Vec<Place>,
    /// Learners behind all of them, at least.
    pub(super) learners: u64,
}

/// Why nothing of a measure is shown, not even of all providers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Of no placement it is known.
    NotHeld,
    /// Too few would be told, by it or beside a measure that stands before. Which of the two is not said: that would tell more.
    Few,
}

impl Why {
    /// In a sentence.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::NotHeld => "not known of any placement: no source tells",
            Self::Few => "too few learners behind its yes or its no, or between it and a measure above",
        }
    }
}

/// The measures that can be shown, with their providers; and the others, each with what stands in the way.
pub(super) struct Guard {
    pub(super) shown: Vec<Guarded>,
    pub(super) left: Vec<(&'static Measure, Why)>,
}

/// Which measures can be shown, and of which providers.
pub(super) fn guarded(answers: &Answers, policy: &Policy) -> Guard {
    let unnamed = unnamed(answers, policy);
    let mut kept: BTreeMap<&str, Vec<(&'static Measure, Tally)>> = BTreeMap::new();
    let mut all_kept: Vec<(&'static Measure, Tally)> = Vec::new();
    let mut found = Vec::new();
    let mut left = Vec::new();
    for measure in &MEASURES {
        let known = answers.of(measure.code).map(|providers| (providers, answers.together(providers)));
        let Some((providers, everybody)) = known.filter(|(_, everybody)| everybody.known() > 0) else {
            left.push((measure, Why::NotHeld));
            continue;
        };
        if may_be_few(&everybody, policy) || gives_away(measure, &everybody, &all_kept, policy) {
            left.push((measure, Why::Few));
            continue;
        }
        let learners = everybody.learners;
        all_kept.push((measure, everybody));
        let places = providers.iter().map(|(provider, tally)| {
            let before = kept.entry(provider.as_str()).or_default();
            let is_kept_out = unnamed.contains(provider)
                || !tally.is_comparable
                || may_be_few(tally, policy)
                || gives_away(measure, tally, before, policy);
            if !is_kept_out {
                before.push((measure, tally.clone()));
            }
            Place {
                key: provider.clone(),
                whole: tally.known(),
                part: tally.yes,
                learners: tally.learners,
                is_kept_out,
            }
        });
        found.push(Guarded { measure, places: places.collect(), learners });
    }
    Guard { shown: found, left }
}

/// Whether a measure beside those before would tell of fewer than the threshold.
fn gives_away(
    measure: &Measure,
    tally: &Tally,
    before: &[(&'static Measure, Tally)],
    policy: &Policy,
) -> bool {
    let few = policy.threshold();
    before.iter().any(|(other, theirs)| {
        let apart = tally.known().abs_diff(theirs.known());
        let is_part = is_within(measure, other) || is_within(other, measure);
        (1..few).contains(&apart) || is_part && tally.yes.abs_diff(theirs.yes) < few
    })
}

/// Whether the yes of one measure is part of the yes of another, be it by way of a third.
fn is_within(part: &Measure, whole: &Measure) -> bool {
    let of = |code: &str| MEASURES.iter().find(|measure| measure.code == code);
    let mut above = part.within;
    while let Some(code) = above {
        if code == whole.code {
            return true;
        }
        above = of(code).and_then(|measure| measure.within);
    }
    false
}

/// Whether fewer learners than the threshold may be behind the yes, or behind the no: a learner may be placed twice.
fn may_be_few(tally: &Tally, policy: &Policy) -> bool {
    let least = |others: u64| tally.learners.saturating_sub(others);
    policy.threshold() > 0 && least(tally.no).min(least(tally.yes)) < policy.threshold()
}

/// The providers that stand in no table under their name: those with few learners, and those that hide them. They are the same
/// in every table, or one table would tell what another hides.
fn unnamed(answers: &Answers, policy: &Policy) -> BTreeSet<String> {
    let places = answers.providers().map(|(provider, learners)| Place {
        key: provider.to_owned(),
        whole: learners,
        part: 0,
        learners,
        is_kept_out: !answers.is_comparable(provider),
    });
    places::parted(places.collect(), policy).1.into_iter().map(|place| place.key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(yes: u64, no: u64) -> Tally {
        Tally { yes, no, missing: 0, learners: yes + no, is_comparable: true }
    }

    #[test]
    fn a_table_that_differs_by_a_few_placements_is_kept_out_and_so_is_one_that_leaves_a_few_over() {
        let [returned, held] = [&MEASURES[0], &MEASURES[1]];
        let before = vec![(returned, tally(30, 11))];
        let published = Policy::published();
        let gives = |measure, tally: &Tally| gives_away(measure, tally, &before, &published);
        assert!(gives(&MEASURES[2], &tally(20, 18)), "41 and 38: three are told");
        assert!(!gives(&MEASURES[2], &tally(20, 21)), "the same number tells nothing");
        assert!(!gives(&MEASURES[2], &tally(20, 11)), "ten apart");
        assert!(gives(held, &tally(25, 16)), "five came back and did not hold");
        assert!(gives(held, &tally(30, 11)), "all who came back held");
        assert!(!gives(held, &tally(20, 21)));
    }

    #[test]
    fn a_part_of_a_part_is_a_part() {
        let of = |code: &str| MEASURES.iter().find(|measure| measure.code == code).expect("it is there");
        let (entry, level2) = (of("any_entry"), of("any_level2"));
        assert!(is_within(level2, entry) && !is_within(entry, level2));
        let before = vec![(entry, tally(40, 30))];
        assert!(gives_away(level2, &tally(35, 35), &before, &Policy::published()), "five in between");
        assert!(!gives_away(level2, &tally(30, 40), &before, &Policy::published()));
    }

    #[test]
    fn learners_placed_again_and_again_are_few() {
        let mut often = tally(20, 40);
        assert!(!may_be_few(&often, &Policy::published()));
        often.learners = 49;
        assert!(may_be_few(&often, &Policy::published()), "the twenty may be nine learners");
    }
}
