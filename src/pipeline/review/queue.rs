//! The queue: pairs that a person should look at, the ones that matter most first.
use super::{
    ReviewFault, Standing, allowed, decided::last_words, known::Known, noted, overlap, sample, side::Side,
    token::half,
};
use crate::{
    catalog::LinkVerdict,
    fault::Name,
    link::{Compared, Doubt, Explained},
    pipeline::{Site, Watch, link::looked_at},
    privacy::{Identified, Pseudonym},
};
use std::collections::{HashMap, HashSet};

/// Why a pair is in the queue, in the order in which they are laid before a person. Two children under one id come
/// first: that mistake spreads and cannot be mended later. Then pairs that one obstacle keeps apart, then the undecided,
/// and last those who are likely two.
const ORDER: [&str; 7] =
    ["contradicted", "overlap", "numbers_joined", "numbers_differ", "rival", "likely", "twins"];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What the linker is not sure of.
    Doubts,
    /// So many joined pairs, drawn across the bands, to see how often joining is right.
    Sample(usize),
}

/// Who else one of the two may be.
pub struct RunnerUp {
    /// The subject.
    pub subject: Pseudonym,
    /// How likely, in ten-thousandths.
    pub probability: u16,
    /// Who that is.
    pub side: Identified<Side>,
}

/// One pair, ready to be shown.
pub struct Case {
    /// The two; the smaller pseudonym first.
    pub pair: (Pseudonym, Pseudonym),
    /// Why it is here.
    pub why: Name,
    /// The band it was drawn from, for a sample; else empty.
    pub band: Name,
    /// How likely they are one, in ten-thousandths.
    pub probability: u16,
    /// Whether they are one learner now.
    pub standing: Standing,
    /// The evidence.
    pub explained: Explained,
    /// What the register holds of them.
    pub sides: [Identified<Side>; 2],
    /// Who else one of them may be.
    pub runner_up: Option<RunnerUp>,
    /// What was said of them, for the code of a workbook.
    pub(super) said: [u8; 8],
    /// How many decisions there are on them.
    pub(super) decisions: u32,
}

/// The pairs, and how many more wait.
pub struct Queue {
    /// As many as were asked for.
    pub cases: Vec<Case>,
    /// All that wait, these among them.
    pub waiting: usize,
}

/// Makes the queue. That it is going to be shown is noted: `about` says how.
pub fn queue(
    site: &mut Site,
    wanted: Wanted,
    limit: usize,
    (who, about): (&str, &str),
    watch: &mut dyn Watch,
) -> Result<Queue, ReviewFault> {
    allowed(site, who, "link review")?;
    let known = Known::read(site, watch)?;
    let learners = site.catalog.anchors()?;
    let decisions = site.catalog.decisions()?;
    let last = last_words(&decisions);
    // A sample is of what the linker joins by itself: what was said of one must not change what is drawn.
    let (model, weighing) = looked_at(site, &known.people, wanted == Wanted::Doubts)?;
    let compared = Compared::of(&known.people, model.as_ref());
    let explainer = compared.explainer();
    let is_open = |pair: &(Pseudonym, Pseudonym)| {
        last.get(pair).is_none_or(|(decision, _)| decision.verdict == LinkVerdict::Withdrawn)
    };
    let in_force = last.values().filter(|(decision, _)| decision.verdict != LinkVerdict::Withdrawn);
    let settled: Vec<(Pseudonym, Pseudonym)> = in_force.map(|(decision, _)| decision.pair).collect();
    let found = match wanted {
        Wanted::Doubts => {
            let again = |pair: &(Pseudonym, Pseudonym)| last.get(pair).is_some_and(|(_, said)| *said > 1);
            let found = [overlap::doubts(site, &learners)?, weighing.doubts].concat();
            doubts(found, again, &compared, &learners, &settled)
        }
        Wanted::Sample(size) => {
            let drawn = sample::draw(&weighing.clusters, &explainer, &site.key.keyed(), size);
            let stamp = site.stamp();
            site.catalog.note_sample(&sample::kept(&drawn), &stamp)?;
            let open = drawn.into_iter().filter(|drawn| is_open(&drawn.doubt.pair));
            open.map(|drawn| (drawn.doubt, drawn.band)).collect()
        }
    };
    // Side by side with somebody, a place would be told by its being the same.
    let placeless = |doubt: &Doubt| {
        let pair = [Some(doubt.pair.0), Some(doubt.pair.1), doubt.runner_up.map(|(subject, _)| subject)];
        pair.iter().flatten().any(|subject| known.is_placeless(subject))
    };
    let found: Vec<(Doubt, Name)> = found.into_iter().filter(|(doubt, _)| !placeless(doubt)).collect();
    let waiting = found.len();
    let case = |(doubt, band): (Doubt, Name)| {
        let pair = doubt.pair;
        Some(Case {
            pair,
            why: doubt.why,
            band,
            probability: doubt.probability,
            standing: Standing::of(&learners, pair),
            explained: explainer.explain(&pair.0, &pair.1)?,
            sides: [known.side(&pair.0), known.side(&pair.1)],
            runner_up: doubt.runner_up.map(|(subject, probability)| RunnerUp {
                subject,
                probability,
                side: known.side(&subject),
            }),
            said: half(&known.said_of(pair)),
            decisions: last.get(&pair).map_or(0, |(_, count)| *count),
        })
    };
    let cases: Vec<Case> = found.into_iter().take(limit).filter_map(case).collect();
    let people = 2 * cases.len() + cases.iter().filter(|case| case.runner_up.is_some()).count();
    let about = format!("{about}, pairs: {}", cases.len());
    noted(site, who, "link review", &about, people as u64)?;
    Ok(Queue { cases, waiting })
}

/// What the linker is not sure of, without what was decided and what must not be suggested, one pair for two learners.
fn doubts(
    mut found: Vec<Doubt>,
    said_again: impl Fn(&(Pseudonym, Pseudonym)) -> bool,
    compared: &Compared<'_>,
    learners: &HashMap<Pseudonym, Pseudonym>,
    settled: &[(Pseudonym, Pseudonym)],
) -> Vec<(Doubt, Name)> {
    let rank = |why: Name| ORDER.iter().position(|word| *word == why.as_str()).unwrap_or(ORDER.len());
    found.sort_by(|a, b| {
        (rank(a.why), u16::MAX - a.probability, a.pair).cmp(&(rank(b.why), u16::MAX - b.probability, b.pair))
    });
    let learner = |subject: &Pseudonym| learners.get(subject).copied().unwrap_or(*subject);
    let mut members: HashMap<Pseudonym, Vec<Pseudonym>> = HashMap::new();
    for (subject, learner) in learners {
        members.entry(*learner).or_default().push(*subject);
    }
    let subjects = |learner: Pseudonym| members.get(&learner).cloned().unwrap_or_else(|| vec![learner]);
    let two = |pair: &(Pseudonym, Pseudonym)| {
        let (one, other) = (learner(&pair.0), learner(&pair.1));
        (one.min(other), one.max(other))
    };
    // What was said of two records is said of the learners that they belong to.
    let mut seen: HashSet<(Pseudonym, Pseudonym)> = settled.iter().map(two).collect();
    found.retain(|doubt| {
        match doubt.why.as_str() {
            // Laid before a person once more, and then believed.
            "contradicted" => !said_again(&doubt.pair),
            "overlap" | "numbers_joined" => !settled.contains(&doubt.pair),
            _ => {
                let (one, other) = two(&doubt.pair);
                // Looked at as the learners that they are: one of a learner's records may lack the number.
                let is_break = compared.may_be_a_break(&subjects(one), &subjects(other));
                !is_break && seen.insert((one, other))
            }
        }
    });
    found.into_iter().map(|doubt| (doubt, Name::NONE)).collect()
}

#[cfg(test)]
impl Case {
    /// An invented pair, for tests of what is done with one.
    pub(crate) fn invented(number: u8) -> Self {
        let side = || Identified::new(Side::invented());
        let line = |field, level, bits| crate::link::Line { field, level, bits };
        Self {
            pair: ([number; 16], [number + 100; 16]),
            why: Name::declare("likely"),
            band: Name::NONE,
            probability: 8_765,
            standing: Standing::Apart,
            explained: Explained {
                lines: vec![line("forename", "nickname", 6.0), line("postcode", "none", -2.0)],
                prior: -1.2,
                sum: 2.8,
                stated: 0.8765,
                probability: 0.8765,
                rule: None,
                twins: number == 2,
                pupil_numbers_differ: false,
                learner_numbers_differ: false,
                nhs_numbers_differ: false,
                too_few: false,
            },
            sides: [side(), side()],
            runner_up: None,
            said: [0; 8],
            decisions: 0,
        }
    }
}
