//! What persons decided: taken in, taken back, listed; and what their word on drawn pairs says of joining.
use super::{ReviewFault, access, allowed, id_text, noted};
use crate::{
    catalog::{LinkDecision, LinkVerdict},
    pipeline::{Site, reason_given, take_reason},
    privacy::Pseudonym,
};
use std::collections::{BTreeMap, HashMap};

/// A decision on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The two.
    pub pair: (Pseudonym, Pseudonym),
    /// What was said.
    pub verdict: LinkVerdict,
    /// Why; sealed already.
    pub reason: String,
}

/// A decision as it is shown.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The two.
    pub pair: (Pseudonym, Pseudonym),
    /// What was said.
    pub verdict: LinkVerdict,
    /// The user of the operating system.
    pub who: String,
    /// When, UTC.
    pub at: String,
    /// Why, opened.
    pub reason: String,
    /// Whether it is the last word on the two, and no withdrawal.
    pub in_force: bool,
}

/// What persons found in the pairs that were drawn from one band.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// A rule, or a range of probability.
    pub band: String,
    /// Pairs that were joined in it when it was drawn from.
    pub joined: i64,
    /// Pairs that were drawn.
    pub drawn: u64,
    /// Pairs that somebody decided.
    pub looked_at: u64,
    /// Of those, the ones that are one learner.
    pub right: u64,
}

/// Whether two subjects are one learner now, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// One learner.
    Joined,
    /// Two.
    Apart,
    /// `link` has not seen one of them yet.
    NotLinked,
}

impl Standing {
    pub(super) fn of(learners: &HashMap<Pseudonym, Pseudonym>, pair: (Pseudonym, Pseudonym)) -> Self {
        match (learners.get(&pair.0), learners.get(&pair.1)) {
            (Some(one), Some(other)) if one == other => Self::Joined,
            (Some(_), Some(_)) => Self::Apart,
            _ => Self::NotLinked,
        }
    }
}

/// The last word on each pair, and how many there were; the smaller pseudonym first.
pub(super) fn last_words(
    decisions: &[LinkDecision],
) -> HashMap<(Pseudonym, Pseudonym), (&LinkDecision, u32)> {
    let mut last: HashMap<_, (&LinkDecision, u32)> = HashMap::new();
    for decision in decisions {
        let count = last.get(&decision.pair).map_or(0, |(_, count)| *count);
        last.insert(decision.pair, (decision, count + 1));
    }
    last
}

/// Writes a batch of decisions, with the audit of it, in one transaction. `about` says by what way they came.
pub fn note_decisions(site: &mut Site, taken: &[Taken], who: &str, about: &str) -> Result<(), ReviewFault> {
    let stamp = site.stamp();
    let decisions: Vec<LinkDecision> = taken
        .iter()
        .map(|taken| LinkDecision {
            pair: (taken.pair.0.min(taken.pair.1), taken.pair.0.max(taken.pair.1)),
            verdict: taken.verdict,
            who: who.to_owned(),
            at: stamp.clone(),
            reason: taken.reason.clone(),
        })
        .collect();
    let people = 2 * decisions.len() as u64;
    site.catalog.note_decisions(&decisions, &access(who, "link review", about, people, "done"), &stamp)?;
    Ok(())
}

/// Takes a decision back: the next `link` works out the two anew.
pub fn withdraw(
    site: &mut Site,
    (one, other): (&str, &str),
    reason: &str,
    who: &str,
) -> Result<(Pseudonym, Pseudonym), ReviewFault> {
    allowed(site, who, "link review")?;
    let decisions = site.catalog.decisions()?;
    let begins = |id: &Pseudonym, text: &str| id_text(id).starts_with(&text.trim().to_ascii_lowercase());
    let long_enough = |text: &str| text.trim().len() >= super::explain::FEWEST_DIGITS;
    if !long_enough(one) || !long_enough(other) {
        return Err(ReviewFault::UnknownId);
    }
    let last = last_words(&decisions);
    let mut meant = last
        .iter()
        .filter(|((a, b), _)| (begins(a, one) && begins(b, other)) || (begins(a, other) && begins(b, one)))
        .filter(|(_, (decision, _))| decision.verdict != LinkVerdict::Withdrawn)
        .map(|(pair, _)| *pair);
    let pair = match (meant.next(), meant.next()) {
        (Some(pair), None) => pair,
        (None, _) => return Err(ReviewFault::NotDecided),
        (Some(_), Some(_)) => return Err(ReviewFault::AmbiguousId),
    };
    let reason = take_reason(site, reason)?;
    let taken = Taken { pair, verdict: LinkVerdict::Withdrawn, reason };
    note_decisions(site, &[taken], who, "one decision taken back")?;
    Ok(pair)
}

/// Every decision, in order, with who, when and why.
pub fn decided(site: &mut Site, who: &str) -> Result<Vec<Decided>, ReviewFault> {
    allowed(site, who, "link review")?;
    let decisions = site.catalog.decisions()?;
    noted(site, who, "link review", "the list of decisions", 2 * decisions.len() as u64)?;
    let last: HashMap<_, usize> = decisions.iter().enumerate().map(|(at, held)| (held.pair, at)).collect();
    let shown = decisions.iter().enumerate().map(|(at, held)| Decided {
        pair: held.pair,
        verdict: held.verdict,
        who: held.who.clone(),
        at: held.at.clone(),
        reason: reason_given(&site.key, &held.reason),
        in_force: last.get(&held.pair) == Some(&at) && held.verdict != LinkVerdict::Withdrawn,
    });
    Ok(shown.collect())
}

/// What was found in the pairs that were drawn, band by band: the clerical sample that calibration rests on.
pub fn calibration(site: &Site) -> Result<Vec<Band>, ReviewFault> {
    let decisions = site.catalog.decisions()?;
    let last = last_words(&decisions);
    let mut bands: BTreeMap<String, Band> = BTreeMap::new();
    for drawn in site.catalog.sample()? {
        let fresh = Band { band: drawn.band.clone(), joined: drawn.joined, drawn: 0, looked_at: 0, right: 0 };
        let band = bands.entry(drawn.band).or_insert(fresh);
        band.joined = band.joined.max(drawn.joined);
        band.drawn += 1;
        match last.get(&drawn.pair).map(|(decision, _)| decision.verdict) {
            Some(LinkVerdict::Same) => {
                band.looked_at += 1;
                band.right += 1;
            }
            Some(LinkVerdict::Different) => band.looked_at += 1,
            Some(LinkVerdict::Withdrawn) | None => {}
        }
    }
    Ok(bands.into_values().collect())
}
