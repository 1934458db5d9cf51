//! Answers to questions that nobody foresaw, over real learners.
//!
//! A question comes as a frame: one row for each learner and group, with the conditions that the learner fulfils there. All that is
//! shown is made of numbers of different learners, and of means that one learner cannot move.
//!
//! 1. Which groups there can be is known before the rows are looked at; one with nobody in it is treated like one with a few.
//! 2. Keys and conditions are the dimensions of a table that goes through [`tabular`](super::tabular): primary and
//!    secondary, proved. Where a learner can be in several groups, each group is such a table with everybody else beside it.
//! 3. Each set of learners is looked at beside all that were told before ([`ledger`](super::ledger)). The same set by the same text is
//!    told as it was then; one that is nearly an earlier set is not told, or told as the earlier one where the texts are of the same words.
//! 4. Counts are rounded, shares are of rounded counts, means go to a step that no learner moves ([`amounts`]), sums are means by counts.
mod amounts;
mod cells;
mod past;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::asked::{Answer, Counted, Measure, Told};
use super::figure::{Figure, Symbol};
use super::ledger::{Candidate, Ledger, Symbols};
use super::policy::Policy;
use super::refusal::{Notice, Refusal};
use cells::{Cells, Part, Total};
use past::{Fate, Past};
pub use past::{PastAnswer, PastCell};

/// Questions to the same learners that are looked at together.
const MOST_LINKED: usize = 20;
/// Rounds of hiding: each hides one cell more, so there are fewer than cells.
const MOST_ROUNDS: usize = 1_000;

/// Exact figures, one row for each learner and group, not yet fit to be shown to anyone.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// For each key the values that it can have.
    pub keys: Vec<Vec<FrameLevel>>,
    /// Whether no learner can be in two groups.
    pub is_disjoint: bool,
    /// How many conditions there are.
    pub filters: usize,
    /// Which of them everybody fulfils, and everybody may know it: a column that is nowhere empty is there.
    pub is_always: Vec<bool>,
    /// The rows.
    pub rows: Vec<FrameRow>,
    /// For each amount the least and the greatest value it may have, and which condition says that it is there.
    pub amounts: Vec<(f64, f64, usize)>,
    /// What is to be shown.
    pub measures: Vec<Measure>,
    /// Whom it is about, one line for each thing that is said of them: the same lines mean the same people.
    pub population: Vec<String>,
    /// How each condition is written.
    pub filter_texts: Vec<String>,
    /// The words of the question: questions of the same words may be two ways to say the same.
    pub words: Vec<String>,
}

impl Frame {
    /// Whether some conditions can be fulfilled, and others not, by anybody.
    fn is_possible(&self, mask: u32) -> bool {
        self.is_always.iter().enumerate().all(|(filter, always)| !always || mask >> filter & 1 == 1)
    }
}

/// A value that a key can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameLevel {
    /// The value; none where it is empty.
    pub value: Option<String>,
    /// False for all the values together that few have: they are not named.
    pub is_named: bool,
    /// What a condition would say of whoever has it.
    pub text: String,
}

/// A learner in a group.
#[derive(Debug, Clone, Default)]
pub struct FrameRow {
    /// For each key the place of its level.
    pub levels: Vec<usize>,
    /// The conditions that the learner fulfils there: bit by bit, the first lowest.
    pub mask: u32,
    /// The learner, by a number that is the same in every frame.
    pub member: u64,
    /// For each amount the learner's value.
    pub amounts: Vec<Option<f64>>,
}

/// Puts a frame through the gate, beside the earlier answers. Gives the answer, and what the ledger has to remember.
pub(super) fn disclose(
    frame: &Frame,
    earlier: &[PastAnswer],
    id: &str,
    policy: &Policy,
) -> Result<(Answer, PastAnswer), Refusal> {
    let cells = Cells::of(frame)?;
    let past = Past::of(earlier, &cells, policy);
    let fates: Vec<Fate> = cells.list.iter().map(|cell| past.fate(cell)).collect();
    let is_new = fates.iter().any(|fate| matches!(fate, Fate::New));
    if is_new && past.linked(cells.population) >= MOST_LINKED {
        return Err(Refusal::TooManyLinked { most: MOST_LINKED });
    }
    let mut hide: BTreeSet<usize> =
        (0..fates.len()).filter(|at| matches!(fates[*at], Fate::Same { shown: false, .. })).collect();
    let ledger = past.ledger();
    let few: Vec<Vec<u64>> = cells.list.iter().map(|cell| past.few(&cell.members)).collect();
    let totals = cells.totals(frame);
    let mut near = None;
    for _ in 0..MOST_ROUNDS {
        let hidden = cells.pattern(frame, &hide, policy)?;
        let mut symbols = Symbols::default();
        let exact = |at: &usize| matches!(fates[*at], Fate::Same { shown: true, is_exact: true, .. });
        (0..cells.list.len()).filter(exact).for_each(|at| symbols.add(&cells.list[at].symbol));
        totals.iter().filter(|(text, ..)| past.is_known(text)).for_each(|(_, symbol, _)| symbols.add(symbol));
        let new: Vec<usize> = (0..cells.list.len()).filter(|at| matches!(fates[*at], Fate::New)).collect();
        let failed = judged((&cells, &few), &new, &hidden, &ledger, &mut symbols);
        if failed.is_empty() {
            return finished(frame, (&cells, &totals), (&fates, &hidden, &symbols), (id, near), policy);
        }
        for (at, earlier) in failed {
            near = earlier.or(near);
            hide.insert(at);
        }
    }
    Err(Refusal::NotProved { title: "question".to_owned() })
}

fn judged(
    (cells, few): (&Cells, &[Vec<u64>]),
    new: &[usize],
    hidden: &[bool],
    ledger: &Ledger,
    symbols: &mut Symbols,
) -> Vec<(usize, Option<String>)> {
    let candidates: Vec<Candidate<'_>> = new
        .iter()
        .map(|at| Candidate {
            members: &few[*at],
            symbol: cells.list[*at].symbol.clone(),
            is_open: !hidden[*at],
        })
        .collect();
    let failed = ledger.judge(&candidates, symbols);
    failed.into_iter().map(|(at, earlier)| (new[at], earlier)).collect()
}

/// What may be shown, and what is remembered of it.
fn finished(
    frame: &Frame,
    (cells, totals): (&Cells, &[Total]),
    (fates, hidden, symbols): (&[Fate], &[bool], &Symbols),
    (id, near): (&str, Option<String>),
    policy: &Policy,
) -> Result<(Answer, PastAnswer), Refusal> {
    let size = |at: usize| match &fates[at] {
        Fate::Same { size, .. } => *size,
        Fate::New => cells.list[at].members.len() as u64,
    };
    let head = |group: usize, counted: Counted| {
        let part = match counted {
            Counted::Learners(Some(filter)) => Part::Yes(filter),
            _ => Part::All,
        };
        let at = cells.find(group, part);
        if hidden[at] { None } else { Some(policy.rounded(size(at))) }
    };
    let is_own = |group: usize, filter: usize| {
        !matches!(fates[cells.find(group, Part::Yes(filter))], Fate::Same { is_exact: false, .. })
    };
    let mut groups = Vec::new();
    for (group, keys) in cells.named_groups(frame) {
        let figures: Vec<Told> = frame
            .measures
            .iter()
            .map(|measure| {
                told(
                    frame,
                    cells,
                    *measure,
                    (&|counted| head(group, counted), &|filter| is_own(group, filter)),
                    group,
                    policy,
                )
            })
            .collect();
        let is_told = |told: &Told| *told != Told::Figure(Figure::Symbol(Symbol::Confidential));
        if figures.iter().any(is_told) {
            groups.push((keys, figures));
        }
    }
    if groups.is_empty() {
        return Err(match near {
            Some(earlier) => Refusal::NearQuestion { earlier, threshold: policy.threshold() },
            None => Refusal::NothingToShow { threshold: policy.threshold() },
        });
    }
    let notices = notices(frame, &groups, near.as_deref(), policy);
    let answer = Answer { policy: policy.name(), policy_in_words: policy.in_words(), groups, notices };
    Ok((answer, past::remembered(cells, totals, (fates, hidden, symbols), id)))
}

fn told(
    frame: &Frame,
    cells: &Cells,
    measure: Measure,
    (head, is_own): (impl Fn(Counted) -> Option<u64>, impl Fn(usize) -> bool),
    group: usize,
    policy: &Policy,
) -> Told {
    let hidden = Told::Figure(Figure::Symbol(Symbol::Confidential));
    match measure {
        Measure::Count(counted) => head(counted)
            .map_or(hidden, |count| Told::Figure(Figure::Count(i64::try_from(count).unwrap_or(i64::MAX)))),
        Measure::Share(part, whole) => match (head(part), head(whole)) {
            (Some(_), Some(0)) => Told::Figure(Figure::Symbol(Symbol::NotAvailable)),
            (Some(part), Some(whole)) => {
                Told::Figure(Figure::share(part as f64 / whole as f64, policy.rate_decimals()))
            }
            _ => hidden,
        },
        Measure::Sum(at) | Measure::Mean(at) => {
            let (.., there) = frame.amounts[at];
            // The earlier count of nearly the same learners does not make this mean theirs.
            if !is_own(there) {
                return hidden;
            }
            let Some(count) = head(Counted::Learners(Some(there))) else { return hidden };
            let Some(mean) = amounts::mean(frame, cells, group, at, count, policy) else { return hidden };
            let is_sum = matches!(measure, Measure::Sum(_));
            Told::Number(if is_sum { amounts::plainly(mean * count as f64) } else { mean })
        }
    }
}

/// The first is said of every table with keys: were it said only where a group is left out, its absence would tell that the
/// groups which are not there have nobody.
fn notices(
    frame: &Frame,
    groups: &[(Vec<Option<String>>, Vec<Told>)],
    near: Option<&str>,
    policy: &Policy,
) -> Vec<Notice> {
    let mut notices = Vec::new();
    if !frame.keys.is_empty() {
        notices.push(Notice {
            what: "groups may be left out".to_owned(),
            why: format!(
                "a group is left out where it, or those who are not in it, are fewer than {}, and where another figure would give \
                 it away; one that is not there may have nobody or a few",
                policy.threshold()
            ),
            instead: "fewer groups, several years together, fewer conditions beside each other".to_owned(),
        });
    }
    let mut figures = groups.iter().flat_map(|(_, told)| told);
    if figures.any(|told| *told == Told::Figure(Figure::Symbol(Symbol::Confidential))) {
        notices.push(Notice {
            what: "figures are hidden (c)".to_owned(),
            why: "few learners are behind them, or few are left over, or one is hidden to protect another"
                .to_owned(),
            instead: "larger groups, or the number of learners".to_owned(),
        });
    }
    if let Some(earlier) = near {
        notices.push(Notice {
            what: "some of it was asked before, nearly alike".to_owned(),
            why: format!(
                "a figure that differs from one of {earlier} by fewer than {} learners, or not at all, or that follows from such, is not \
                 shown again under other words",
                policy.threshold()
            ),
            instead: format!("use {earlier}, or ask in its words"),
        });
    }
    notices
}
