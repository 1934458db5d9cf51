//! Answers to questions that nobody foresaw, over real learners: near the truth, never the truth, and from a budget.
//!
//! Whoever may ask what they like can ask for all learners, and then for all but one. Rules that look for such pairs are an
//! oracle themselves: what is refused tells what is there. So nothing is refused for what the data are. Each figure is off by
//! noise that is as large as one learner's part in the whole answer asks for, and each answer is paid from a budget
//! ([`QUESTIONS`] in a year), which bounds what all answers together can tell of one learner, whoever asks and whatever
//! else they know (zero-concentrated differential privacy: Bun and Steinke 2016; [`draw`] has the mechanism).
//!
//! 1. One learner counts once in a group, in at most so many groups, and with values within a declared range ([`parts`]).
//! 2. The noise of a figure has the variance [`UNIT`] times what one learner can change in the answer, squared and summed.
//! 3. A group is named where the figure for all of it is so large that a group of one would hardly ever come to that.
//! 4. Everything else (quotients, means, rounding, hiding what is smaller than its own error) is made of the figures so far.
mod draw;
mod frame;
mod parts;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

use super::asked::{Answer, Counted, Measure, Told};
use super::figure::{Figure, Symbol};
use super::policy::Policy;
use super::refusal::Notice;
pub use draw::Seed;
pub use frame::{Frame, FrameRow};
pub use parts::Tallied;
use parts::{SCALE, Tally};

/// What may be spent on questions within [`DAYS`]: an answer costs one, or more where it is to be more exact.
pub const QUESTIONS: u64 = 100;
/// The days in which [`QUESTIONS`] may be spent.
pub const DAYS: u64 = 365;
/// The variance of one count that one learner can change by one, for one question: so the whole budget is `QUESTIONS / (2 UNIT)`
/// = 1/2 (in zCDP), and whoever spends all of it on one yes or no of one learner guesses right in 70 of 100 cases, not in 50.
const UNIT: u64 = 100;
/// Standard deviations by which a group has to be more than one to be named: a group of one is, once in three million.
const NAMED: f64 = 5.0;
/// Standard deviations that a figure has to have to be told from nothing.
const SEEN: f64 = 2.0;
/// Standard deviations that hold in 95 of 100 cases.
const SURE: f64 = 1.96;
/// Rows of one learner and table from which on an answer says that there are no more: twelve years of months.
const SAID: u64 = 144;
/// Groups of an answer that one learner counts in at most.
pub const MOST_GROUPS: u64 = 12;

/// How much a question may tell.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// How many groups one learner can be in, by the question.
    pub most_groups: u64,
    /// How many rows of one learner and table are looked at, by the question.
    pub most_of_one: u64,
    /// What is spent, in questions.
    pub spend: u64,
    /// Where noise comes from.
    pub seed: Seed<'a>,
}

/// Groups between one look at whether to go on and the next.
const LOOKS: usize = 256;

/// Puts what was added up through the gate; of the frame only what its rows have in common is looked at. None where it is not to go on.
pub(super) fn disclose(
    frame: &Frame,
    tallied: &Tallied,
    terms: Terms<'_>,
    policy: &Policy,
    goes_on: &dyn Fn() -> bool,
) -> Option<Answer> {
    let asked = Asked::of(frame, terms);
    let mut groups = Vec::new();
    for (at, (keys, tally)) in tallied.0.iter().enumerate() {
        if at % LOOKS == 0 && !goes_on() {
            return None;
        }
        let Some(near) = Near::of(&asked, keys, tally) else { continue };
        let figures = frame.measures.iter().map(|measure| near.told(*measure, frame, policy)).collect();
        groups.push((keys.clone(), figures));
    }
    let notices = notices(&asked, &groups);
    Some(Answer { policy: policy.name(), policy_in_words: asked.in_words(), groups, notices })
}

/// What a question asks for, and what that costs in exactness.
struct Asked<'a> {
    /// The counts that its figures are made of.
    heads: Vec<Option<usize>>,
    is_keyed: bool,
    /// The variance of each count.
    variance: u64,
    terms: Terms<'a>,
}

impl<'a> Asked<'a> {
    fn of(frame: &Frame, terms: Terms<'a>) -> Self {
        let is_keyed = !frame.keys.is_empty();
        let mut heads = Vec::new();
        let mut amounts = Vec::new();
        for measure in &frame.measures {
            match *measure {
                Measure::Count(counted) => heads.push(head(counted)),
                Measure::Share(part, whole) => heads.extend([head(part), head(whole)]),
                Measure::Sum(at) | Measure::Mean(at) => {
                    heads.push(Some(frame.amounts[at].2));
                    amounts.push(at);
                }
            }
        }
        heads.extend(is_keyed.then_some(None));
        heads.sort_unstable();
        heads.dedup();
        amounts.sort_unstable();
        amounts.dedup();
        // Another learner in the place of one: a count changes by one, a value from one end of its range to the other (its noise is
        // wider for that); with keys, in the groups of the one and in those of the other.
        let figures = (heads.len() + 2 * amounts.len()) as u64;
        let change =
            if is_keyed { terms.most_groups * 2 * (heads.len() + amounts.len()) as u64 } else { figures };
        let variance = (UNIT * change).div_ceil(terms.spend.max(1));
        Self { heads, is_keyed, variance, terms }
    }

    fn deviation(&self) -> f64 {
        (self.variance as f64).sqrt()
    }

    /// From how many on a group is named.
    fn named(&self) -> f64 {
        1.0 + NAMED * self.deviation()
    }

    /// The step that counts are told to.
    fn step(&self) -> f64 {
        step(self.deviation() / 2.0)
    }

    fn margin(&self) -> f64 {
        let rounding = self.step() * self.step() / 12.0;
        (SURE * (self.variance as f64 + rounding).sqrt()).ceil()
    }

    /// Whether a learner can be in more groups than count.
    fn cuts_groups(&self) -> bool {
        self.is_keyed && self.terms.most_groups >= MOST_GROUPS
    }

    /// Whether a learner can well have more rows than count.
    fn cuts_rows(&self) -> bool {
        self.terms.most_of_one < SAID
    }

    fn in_words(&self) -> String {
        let groups = self.cuts_groups().then(|| format!("{MOST_GROUPS} groups"));
        let rows = self.cuts_rows().then(|| format!("{} rows of a table", self.terms.most_of_one));
        let most: Vec<String> = groups.into_iter().chain(rows).collect();
        let of = if most.is_empty() {
            String::new()
        } else {
            format!(" when of each learner at most {} count", most.join(" and "))
        };
        format!(
            "No figure is exact: each count is near the true one{of}, within {} of it in 95 of 100 cases, so that no answer tells whether \
             one learner is in it.",
            self.margin()
        )
    }
}

fn head(counted: Counted) -> Option<usize> {
    match counted {
        Counted::Learners(filter) => filter,
        Counted::Rows(_) => None,
    }
}

/// The figures of a group with their noise.
struct Near<'a, 'b> {
    asked: &'a Asked<'b>,
    heads: Vec<(Option<usize>, f64)>,
    sums: Vec<f64>,
}

impl<'a, 'b> Near<'a, 'b> {
    /// None where the group is too small to be named, which nothing but its first figure is needed for.
    fn of(asked: &'a Asked<'b>, keys: &[Option<String>], tally: &Tally) -> Option<Self> {
        let mut name: Vec<&[u8]> = Vec::new();
        for key in keys {
            name.push(if key.is_some() { b"is" } else { b"none" });
            name.push(key.as_deref().unwrap_or_default().as_bytes());
        }
        let noise = |kind: &str, at: Option<usize>, variance: u64| {
            let at = at.map_or(u64::MAX, |at| at as u64).to_le_bytes();
            asked.terms.seed.noise(&[&name[..], &[kind.as_bytes(), &at]].concat(), variance) as f64
        };
        let near = |head: Option<usize>| {
            let exact = head.map_or(tally.all, |filter| tally.fulfilling[filter]);
            exact as f64 + noise("head", head, asked.variance)
        };
        if asked.is_keyed && near(None) < asked.named() {
            return None;
        }
        let heads = asked.heads.iter().map(|head| (*head, near(*head)));
        let wide = asked.variance * 2 * (SCALE * SCALE) as u64;
        let sums = tally.sums.iter().enumerate();
        let sums = sums.map(|(at, sum)| (*sum as f64 + noise("sum", Some(at), wide)) / SCALE as f64);
        Some(Self { asked, heads: heads.collect(), sums: sums.collect() })
    }

    fn head(&self, wanted: Option<usize>) -> f64 {
        self.heads.iter().find(|(head, _)| *head == wanted).map_or(0.0, |(_, near)| *near)
    }

    /// Whether a count is so large that it is told from nothing.
    fn is_seen(&self, count: f64, policy: &Policy) -> bool {
        count >= (SEEN * self.asked.deviation()).max(policy.threshold() as f64)
    }

    fn told(&self, measure: Measure, frame: &Frame, policy: &Policy) -> Told {
        let deviation = self.asked.deviation();
        let hidden = Told::Figure(Figure::Symbol(Symbol::Confidential));
        match measure {
            Measure::Count(counted) => {
                let near = self.head(head(counted));
                if !self.is_seen(near, policy) {
                    return hidden;
                }
                let value = to_step(near, self.asked.step());
                Told::Near { value, margin: self.asked.margin(), is_share: false }
            }
            Measure::Share(part, whole) => {
                let (part, whole) = (self.head(head(part)), self.head(head(whole)));
                if !self.is_seen(part, policy) || !self.is_seen(whole, policy) {
                    return hidden;
                }
                let share = (part / whole).min(1.0);
                let margin = SURE * 100.0 * deviation / whole * share.mul_add(share, 1.0).sqrt();
                Told::Near { value: (share * 100.0).round(), margin: margin.ceil(), is_share: true }
            }
            Measure::Sum(at) | Measure::Mean(at) => {
                let (low, high, there) = frame.amounts[at];
                let count = self.head(Some(there));
                if !self.is_seen(count, policy) {
                    return hidden;
                }
                let (middle, half) = (f64::midpoint(low, high), (high - low) / 2.0);
                let (value, margin) = if matches!(measure, Measure::Sum(_)) {
                    let margin = SURE * deviation * (middle * middle + 2.0 * half * half).sqrt();
                    (middle * count + half * self.sums[at], margin)
                } else {
                    let part = (self.sums[at] / count).clamp(-1.0, 1.0);
                    (middle + half * part, SURE * half * deviation / count * (2.0 + part * part).sqrt())
                };
                let step = step(margin / 4.0);
                Told::Near {
                    value: to_step(value, step),
                    margin: to_step(margin + step / 2.0, step),
                    is_share: false,
                }
            }
        }
    }
}

/// The least 1, 2 or 5 times a power of ten that is no smaller.
fn step(least: f64) -> f64 {
    let power = 10_f64.powi(least.max(1e-9).log10().floor() as i32);
    let of = [1.0, 2.0, 5.0, 10.0].iter().map(|times| times * power);
    of.into_iter().find(|step| *step >= least * 0.999_999).unwrap_or(least)
}

/// To the nearest multiple, without what doubles add at the end.
fn to_step(value: f64, step: f64) -> f64 {
    let near = format!("{:.6}", (value / step).round() * step).parse().unwrap_or(value);
    if near == 0.0 { 0.0 } else { near }
}

/// None of them hangs on what is in the data but by what is shown.
fn notices(asked: &Asked<'_>, groups: &[(Vec<Option<String>>, Vec<Told>)]) -> Vec<Notice> {
    let instead = "spend more questions on it (--spend 4 is twice as exact), ask for fewer figures at once, or for fewer groups";
    let mut notices = Vec::new();
    if asked.is_keyed {
        notices.push(Notice {
            what: "groups may be left out".to_owned(),
            why: format!(
                "a group of fewer than about {} is left out: it could not be told from one that has nobody",
                asked.named().round()
            ),
            instead: instead.to_owned(),
        });
        if asked.cuts_groups() {
            notices.push(Notice {
                what: format!("a learner counts in {MOST_GROUPS} groups at most"),
                why: "in how many groups one learner is decides how far the figures are off; of more, some are drawn".to_owned(),
                instead: "name the groups that you need in WHERE (ay in (2023, 2024)): the fewer there can be, the nearer the figures".to_owned(),
            });
        }
    }
    if asked.cuts_rows() {
        notices.push(Notice {
            what: format!("of one learner {} rows of a table count at most", asked.terms.most_of_one),
            why: "tables with several rows for a learner that stand beside each other multiply them; of more, some are drawn".to_owned(),
            instead: "put the rows of each learner together first: (select learner_id, count(*) as n from spell group by learner_id)".to_owned(),
        });
    }
    let mut figures = groups.iter().flat_map(|(_, told)| told);
    if figures.any(|told| *told == Told::Figure(Figure::Symbol(Symbol::Confidential))) {
        notices.push(Notice {
            what: "figures are hidden (c)".to_owned(),
            why: format!(
                "they are below {}: not larger than what they may be off by, or than the policy's threshold",
                (SEEN * asked.deviation()).round()
            ),
            instead: instead.to_owned(),
        });
    }
    notices
}
