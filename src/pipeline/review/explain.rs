//! Why two records are one learner, or not.
use super::{
    ReviewFault, Standing, access, allowed,
    decided::{Decided, last_words},
    id_text,
    known::Known,
    noted,
    side::Side,
};
use crate::{
    catalog::LinkVerdict,
    link::{Compared, Explained, Explainer},
    pipeline::{Site, Watch, link::model_now, reason_given},
    privacy::{Identified, Pseudonym},
};
use std::collections::HashMap;

/// An id may be typed shortened to so many hex digits.
pub(super) const FEWEST_DIGITS: usize = 8;
/// Of a learner with more subjects than this, only so many are compared with one another.
const MOST_SUBJECTS: usize = 60;

/// By what two subjects are one learner, or kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// One, because a person said so.
    ByDecision,
    /// One, by a rule.
    ByRule(&'static str),
    /// One, by weights.
    ByWeights,
    /// One, because each of both agrees with a third.
    ThroughOthers,
    /// Two, because a person said so.
    ApartByDecision,
    /// Two, because both bear valid numbers that differ.
    ApartByNumbers,
    /// Two, because they look like twins.
    ApartAsTwins,
    /// Two, because they are not alike enough.
    ApartByWeights,
    /// Two, because another record is as likely, or a third stands between them.
    ApartByRivals,
    /// Not linked yet.
    NotLinked,
}

impl Joined {
    /// Our word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ByDecision => "by_decision",
            Self::ByRule(rule) => rule,
            Self::ByWeights => "weighed",
            Self::ThroughOthers => "through_others",
            Self::ApartByDecision => "apart_by_decision",
            Self::ApartByNumbers => "apart_by_numbers",
            Self::ApartAsTwins => "apart_as_twins",
            Self::ApartByWeights => "apart_by_weights",
            Self::ApartByRivals => "apart_by_rivals",
            Self::NotLinked => "not_linked",
        }
    }

    fn of(standing: Standing, explained: &Explained, verdict: Option<LinkVerdict>) -> Self {
        let likely = explained.probability >= 0.9 && !explained.too_few;
        match (standing, explained.rule, verdict) {
            (Standing::NotLinked, ..) => Self::NotLinked,
            (Standing::Joined, _, Some(LinkVerdict::Same)) => Self::ByDecision,
            (Standing::Joined, Some(rule), _) => Self::ByRule(rule),
            (Standing::Joined, None, _) if likely => Self::ByWeights,
            (Standing::Joined, None, _) => Self::ThroughOthers,
            (Standing::Apart, _, Some(LinkVerdict::Different)) => Self::ApartByDecision,
            _ if explained.numbers_differ() => Self::ApartByNumbers,
            _ if explained.twins => Self::ApartAsTwins,
            _ if likely || explained.rule.is_some() => Self::ApartByRivals,
            _ => Self::ApartByWeights,
        }
    }
}

/// Two subjects, and why they are one or not.
pub struct Explanation {
    /// The two; the smaller pseudonym first.
    pub pair: (Pseudonym, Pseudonym),
    /// Their learners, where they are linked.
    pub learners: [Option<Pseudonym>; 2],
    /// By what they are one, or two.
    pub joined: Joined,
    /// The evidence.
    pub explained: Explained,
    /// What the register holds of them.
    pub sides: [Identified<Side>; 2],
    /// The last word of a person on the two.
    pub decision: Option<Decided>,
}

/// What there is to say.
pub struct Explanations {
    /// Two ids: the pair of their subjects that agrees best. One: the joins that hold its learner together.
    pub pairs: Vec<Explanation>,
    /// Subjects of the learner beyond those that are compared with one another.
    pub left_out: usize,
}

/// Explains two ids, or all joins of one learner. An id is a subject's or a learner's, or at least its first 8 hex
/// digits. That it was asked is noted before anything is given.
pub fn explain(
    site: &mut Site,
    (one, other): (&str, Option<&str>),
    who: &str,
    watch: &mut dyn Watch,
) -> Result<Explanations, ReviewFault> {
    allowed(site, who, "link explain")?;
    let known = Known::read(site, watch)?;
    let learners = site.catalog.anchors()?;
    let decisions = site.catalog.decisions()?;
    let last = last_words(&decisions);
    let model = model_now(site, &known.people)?;
    let compared = Compared::of(&known.people, model.as_ref());
    let explainer = compared.explainer();
    let ones = meant(&known, &learners, one)?;
    let mut left_out = 0;
    let (pairs, about) = if let Some(other) = other {
        let others = meant(&known, &learners, other)?;
        let best = best(&explainer, &ones, &others).ok_or(ReviewFault::OneRecord)?;
        let about = format!("{} and {}", begins(&best.0.0), begins(&best.0.1));
        (vec![best], about)
    } else {
        let learner = ones.first().and_then(|subject| learners.get(subject));
        let nobody = || "nobody who is linked".to_owned();
        let about = learner.map_or_else(nobody, |id| format!("learner {}", begins(id)));
        let mut all = members(&known, &learners, &ones);
        left_out = all.len().saturating_sub(MOST_SUBJECTS);
        all.truncate(MOST_SUBJECTS);
        (tree(&explainer, &all), about)
    };
    if pairs.iter().any(|(pair, _)| known.is_placeless(&pair.0) || known.is_placeless(&pair.1)) {
        let stamp = site.stamp();
        site.catalog.note_access(&access(who, "link explain", &about, 0, "refused"), &stamp)?;
        return Err(ReviewFault::Placeless);
    }
    noted(site, who, "link explain", &about, 2 * pairs.len() as u64)?;
    let explanation = |(pair, explained): (Pair, Explained)| {
        let word = last.get(&pair).map(|(decision, _)| *decision);
        Explanation {
            pair,
            learners: [learners.get(&pair.0).copied(), learners.get(&pair.1).copied()],
            joined: Joined::of(Standing::of(&learners, pair), &explained, word.map(|word| word.verdict)),
            explained,
            sides: [known.side(&pair.0), known.side(&pair.1)],
            decision: word.map(|word| Decided {
                pair,
                verdict: word.verdict,
                who: word.who.clone(),
                at: word.at.clone(),
                reason: reason_given(&site.key, &word.reason),
                in_force: word.verdict != LinkVerdict::Withdrawn,
            }),
        }
    };
    Ok(Explanations { pairs: pairs.into_iter().map(explanation).collect(), left_out })
}

/// What the audit says of an id: its first digits. The audit is never rewritten, so it holds no pseudonym whole.
fn begins(id: &Pseudonym) -> String {
    let mut text = id_text(id);
    text.truncate(FEWEST_DIGITS);
    text + "…"
}

type Pair = (Pseudonym, Pseudonym);

/// The subjects that an id means: itself, or those of a learner.
fn meant(
    known: &Known,
    learners: &HashMap<Pseudonym, Pseudonym>,
    id: &str,
) -> Result<Vec<Pseudonym>, ReviewFault> {
    let id = id.trim().to_ascii_lowercase();
    if id.len() < FEWEST_DIGITS || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ReviewFault::UnknownId);
    }
    let fits = |held: &Pseudonym| id_text(held).starts_with(&id);
    let mut found: Vec<Pseudonym> = known.subjects().filter(|subject| fits(subject)).copied().collect();
    if let [subject] = found[..] {
        return Ok(vec![subject]);
    }
    if !found.is_empty() {
        return Err(ReviewFault::AmbiguousId);
    }
    let mut bearers: Vec<(Pseudonym, Pseudonym)> = learners
        .iter()
        .filter(|(subject, learner)| fits(learner) && known.knows(subject))
        .map(|(subject, learner)| (*learner, *subject))
        .collect();
    bearers.sort_unstable();
    match (bearers.first(), bearers.last()) {
        (Some((first, _)), Some((last, _))) if first == last => {
            found.extend(bearers.iter().map(|(_, subject)| *subject));
            Ok(found)
        }
        (None, _) => Err(ReviewFault::UnknownId),
        _ => Err(ReviewFault::AmbiguousId),
    }
}

/// All subjects of the learner that some are of.
fn members(known: &Known, learners: &HashMap<Pseudonym, Pseudonym>, some: &[Pseudonym]) -> Vec<Pseudonym> {
    let Some(learner) = some.first().and_then(|subject| learners.get(subject)) else { return some.to_vec() };
    let of_it = learners.iter().filter(|(subject, held)| *held == learner && known.knows(subject));
    let mut members: Vec<Pseudonym> = of_it.map(|(subject, _)| *subject).collect();
    members.sort_unstable();
    members
}

fn ordered(one: Pseudonym, other: Pseudonym) -> Pair {
    (one.min(other), one.max(other))
}

/// How much two agree: a rule counts for more than any weight.
fn closer(a: &(Pair, Explained), b: &(Pair, Explained)) -> std::cmp::Ordering {
    (a.1.rule.is_some().cmp(&b.1.rule.is_some())).then(a.1.sum.total_cmp(&b.1.sum)).then(b.0.cmp(&a.0))
}

/// The two subjects, one of each side, that agree best.
fn best(explainer: &Explainer<'_>, ones: &[Pseudonym], others: &[Pseudonym]) -> Option<(Pair, Explained)> {
    let pairs = ones.iter().flat_map(|one| others.iter().map(|other| ordered(*one, *other)));
    let pairs = pairs.filter(|(one, other)| one != other);
    pairs.filter_map(|pair| Some((pair, explainer.explain(&pair.0, &pair.1)?))).max_by(closer)
}

/// The joins that hold a learner together: the pairs that agree best, one fewer than there are subjects.
fn tree(explainer: &Explainer<'_>, members: &[Pseudonym]) -> Vec<(Pair, Explained)> {
    let Some((first, rest)) = members.split_first() else { return Vec::new() };
    let (mut within, mut left) = (vec![*first], rest.to_vec());
    let mut joins = Vec::new();
    while !left.is_empty() {
        let Some(join) = best(explainer, &within, &left) else { break };
        let new = if within.contains(&join.0.0) { join.0.1 } else { join.0.0 };
        left.retain(|subject| *subject != new);
        within.push(new);
        joins.push(join);
    }
    joins
}
