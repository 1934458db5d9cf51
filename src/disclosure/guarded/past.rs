//! What was answered before, and what is remembered of an answer.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Symbols;
use super::cells::{Cell, Cells, Total, digest};
use crate::disclosure::ledger::{Entry, EntryCell, Ledger};
use crate::disclosure::policy::Policy;

/// So many learners are all looked at; of more, as many of each kind as decide anything.
const MOST_WHOLE: usize = 20_000;

/// An answer that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAnswer {
    /// What it is known by.
    pub id: String,
    /// Its sets of learners that no answer before it had.
    pub cells: Vec<PastCell>,
}

/// A set of learners of an answer. The first of an answer has nobody in it, and its text says whom the whole is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastCell {
    /// What it is, by how the question was written.
    pub text: [u8; 16],
    /// The words of the question.
    pub words: [u8; 16],
    /// The learners.
    pub members: Vec<u64>,
    /// Whether its figure is known.
    pub shown: bool,
}

/// What becomes of a set because of what was answered before.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    /// It was not asked for before.
    New,
    /// It was, or nearly, in the same words: what it was then.
    Same {
        /// Whether it was shown.
        shown: bool,
        /// How many learners it had.
        size: u64,
        /// Whether it is the same by its text, and so certainly.
        is_exact: bool,
    },
}

/// All that was answered before.
pub(super) struct Past<'a> {
    earlier: &'a [PastAnswer],
    by_text: HashMap<[u8; 16], &'a PastCell>,
    by_words: Vec<&'a PastCell>,
    policy: &'a Policy,
    kept: HashSet<u64>,
    /// The same, those of large kinds first.
    order: Vec<u64>,
}

impl<'a> Past<'a> {
    pub fn of(earlier: &'a [PastAnswer], cells: &Cells, policy: &'a Policy) -> Self {
        let mut by_text = HashMap::new();
        let told = earlier.iter().flat_map(|answer| answer.cells.iter().skip(1));
        for cell in told.clone() {
            by_text.entry(cell.text).or_insert(cell);
        }
        let by_words = told.filter(|cell| cell.words == cells.words).collect();
        let order = representatives(earlier, cells, policy);
        Self { earlier, by_text, by_words, policy, kept: order.iter().copied().collect(), order }
    }

    /// How many answers are about the same people by their text.
    pub fn linked(&self, population: [u8; 16]) -> usize {
        let is_linked = |answer: &&PastAnswer| {
            answer.cells.first().is_some_and(|whom| whom.text == population) && answer.cells.len() > 1
        };
        self.earlier.iter().filter(is_linked).count()
    }

    /// Whether the figure of a text was told.
    pub fn is_known(&self, text: &[u8; 16]) -> bool {
        self.by_text.get(text).is_some_and(|cell| cell.shown)
    }

    pub fn fate(&self, cell: &Cell) -> Fate {
        if let Some(same) = self.by_text.get(&cell.text) {
            return Fate::Same { shown: same.shown, size: same.members.len() as u64, is_exact: true };
        }
        if self.policy.is_small(cell.members.len() as u64) {
            return Fate::New;
        }
        let near =
            self.by_words.iter().find(|other| apart(&cell.members, &other.members) < self.policy.threshold());
        near.map_or(Fate::New, |near| Fate::Same {
            shown: near.shown,
            size: near.members.len() as u64,
            is_exact: false,
        })
    }

    /// The ledger of all of it, over as many learners as decide anything.
    pub fn ledger(&self) -> Ledger {
        let cell = |cell: &PastCell| EntryCell {
            members: cell.members.iter().filter(|member| self.kept.contains(member)).copied().collect(),
            shown: cell.shown,
        };
        let entries: Vec<Entry> = self
            .earlier
            .iter()
            .map(|answer| Entry {
                id: answer.id.clone(),
                title: String::new(),
                cells: answer.cells.iter().map(cell).collect(),
            })
            .collect();
        Ledger::in_order(&self.order, &entries, self.policy)
    }

    /// Those of some learners who decide anything.
    pub fn few(&self, members: &[u64]) -> Vec<u64> {
        members.iter().filter(|member| self.kept.contains(member)).copied().collect()
    }
}

/// Of learners who are in the same sets wherever one looks, as many as the threshold: whether sets differ by fewer than that
/// is decided by them alone. Those of whose kind there are many come first.
fn representatives(earlier: &[PastAnswer], cells: &Cells, policy: &Policy) -> Vec<u64> {
    let past = earlier.iter().flat_map(|answer| &answer.cells).map(|cell| &cell.members);
    let mut signatures: BTreeMap<u64, u64> = BTreeMap::new();
    for (at, members) in past.chain(cells.list.iter().map(|cell| &cell.members)).enumerate() {
        let mark = spread(at as u64 + 1);
        for member in members {
            let signature = signatures.entry(*member).or_default();
            *signature = signature.wrapping_add(mark);
        }
    }
    let all = signatures.len() <= MOST_WHOLE;
    let mut kinds: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (member, signature) in signatures {
        let kind = kinds.entry(signature).or_default();
        if all || (kind.len() as u64) < policy.threshold() {
            kind.push(member);
        }
    }
    let mut kinds: Vec<Vec<u64>> = kinds.into_values().collect();
    kinds.sort_by_key(|kind| (std::cmp::Reverse(kind.len()), kind.first().copied()));
    kinds.into_iter().flatten().collect()
}

/// A number without pattern for each number.
fn spread(number: u64) -> u64 {
    let text = digest(&[number.to_string()]);
    text.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// How many are in one of two ordered sets and not in the other.
fn apart(one: &[u64], other: &[u64]) -> u64 {
    let (mut at, mut shared) = (0, 0);
    for member in one {
        while other.get(at).is_some_and(|found| found < member) {
            at += 1;
        }
        shared += u64::from(other.get(at) == Some(member));
    }
    one.len() as u64 + other.len() as u64 - 2 * shared
}

/// What the ledger has to remember of an answer: whom it is about, each set that is new, and totals that follow.
pub(super) fn remembered(
    cells: &Cells,
    totals: &[Total],
    (fates, hidden, symbols): (&[Fate], &[bool], &Symbols),
    id: &str,
) -> PastAnswer {
    let words = cells.words;
    let mut told = vec![PastCell { text: cells.population, words, members: Vec::new(), shown: false }];
    for (at, cell) in cells.list.iter().enumerate() {
        if matches!(fates[at], Fate::New) {
            let members = cell.members.clone();
            told.push(PastCell { text: cell.text, words, members, shown: !hidden[at] });
        }
    }
    for (text, symbol, members) in totals {
        if symbols.hold(symbol) {
            told.push(PastCell { text: *text, words, members: members.clone(), shown: true });
        }
    }
    PastAnswer { id: id.to_owned(), cells: told }
}
