//! Who must not be held, and who must not be found at a place: the list that outlives them.
//!
//! What the list knows of a person are marks: keyed digests, under a secret of the list's own, of how each source keys them
//! and of the cells by which somebody is known. It holds no name and no number. It lies sealed under the lake's key in a
//! file beside that key, never in the data folder: a copy of the data that is brought back does not bring the list back to
//! what it was, and a new key only seals it again ([`prepare`]).
mod known;
mod stored;

pub use known::{Marked, Marks};
pub use stored::{SuppressionFault, prepare};

use super::{Digest16, IdentityPlan, Key, Keyed, Pseudonym, hex};
use known::{Known, Mark};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is asked for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Places may be told again: restrictions of before have ended.
    Lifted,
    /// Their rows stay, and no place is told.
    Restricted,
    /// They are only counted.
    Objected,
    /// Nothing of them stays.
    Erased,
}

impl Wish {
    /// The word in the list and in counts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lifted => "lifted",
            Self::Restricted => "restricted",
            Self::Objected => "objected",
            Self::Erased => "erased",
        }
    }

    /// Whether rows of such a person are left out.
    pub const fn withholds(self) -> bool {
        matches!(self, Self::Objected | Self::Erased)
    }
}

/// An entry of the list. Marks, pseudonyms, and our own words: nothing that says who.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// What was asked.
    pub wish: Wish,
    /// The case that asked it; 0 for a further key of somebody who is on the list.
    pub case: i64,
    /// When it was confirmed, UTC.
    pub at: String,
    /// Users of the operating system: who opened the case, and who confirmed it.
    pub by: (String, String),
    /// Why it was confirmed, as the catalog keeps reasons.
    pub reason: String,
    /// Academic years of Year 6 of those who are only counted; 0 where the year is not known.
    pub cohorts: Vec<i32>,
    /// The person as sources know them, under the key of the day: source, and 32 hex characters.
    subjects: BTreeSet<(String, String)>,
    marks: Marks,
    /// What the person said of themselves who asked for a restriction: another child's rows may have been held as theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<Marks>,
    /// Whether it only states again what stood, for one of two children who were held as one: it changes no row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    restated: bool,
    /// Where something is lifted: the positions of the entries that end with this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ends: Vec<usize>,
}

impl Entry {
    /// An entry about a person.
    pub fn new(wish: Wish, case: i64, at: &str, by: (&str, &str), reason: &str, marks: Marks) -> Self {
        Self {
            wish,
            case,
            at: at.to_owned(),
            by: (by.0.to_owned(), by.1.to_owned()),
            reason: reason.to_owned(),
            cohorts: Vec::new(),
            subjects: BTreeSet::new(),
            marks,
            asked: None,
            restated: false,
            ends: Vec::new(),
        }
    }

    /// The entry with what was said by whoever asked for it.
    #[must_use]
    pub fn asked_with(mut self, asked: Marks) -> Self {
        self.asked = Some(asked);
        self
    }

    /// The entry stated again, for whoever it was asked for: without the person who has it ended, whom sources key as `without`
    /// says and know as `subjects`.
    #[must_use]
    pub fn restated(&self, without: &Marks, subjects: &[(String, Pseudonym)], more: &Marks) -> Self {
        let mut again = self.clone();
        again.restated = true;
        again.marks = more.clone();
        again.marks.keep_persons(&self.marks, without);
        for (source, subject) in subjects {
            let text = String::from_utf8_lossy(&hex(subject)).into_owned();
            again.subjects.remove(&(source.clone(), text));
        }
        again
    }

    /// Whether it only states again what stood.
    pub const fn is_restated(&self) -> bool {
        self.restated
    }

    /// Whether it knows nobody by a source's key but those of whom `marks` are.
    pub fn is_of_these_alone(&self, marks: &Marks) -> bool {
        self.marks.persons_within(marks)
    }

    /// What was said by whoever asked for it; none in entries that are older.
    pub const fn asked(&self) -> Option<&Marks> {
        self.asked.as_ref()
    }

    /// The entry that ends others, by their positions. It needs no marks of its own: nobody is to be known by it.
    #[must_use]
    pub fn lifting(mut self, ends: Vec<usize>) -> Self {
        self.ends = ends;
        self
    }

    /// How many entries it ends.
    pub const fn ends(&self) -> usize {
        self.ends.len()
    }

    /// Adds the person as a source knows them.
    pub fn add_subject(&mut self, source: &str, subject: &Pseudonym) {
        let text = String::from_utf8_lossy(&hex(subject)).into_owned();
        self.subjects.insert((source.to_owned(), text));
    }

    /// The person as sources know them, under the key of the day on which it was confirmed.
    pub fn subjects(&self) -> impl Iterator<Item = (&str, Pseudonym)> {
        self.subjects.iter().filter_map(|(source, text)| Some((source.as_str(), known::parse(text)?)))
    }
}

/// The list, open.
pub struct Suppression {
    id: String,
    secret: Key,
    keyed: Keyed,
    entries: Vec<Entry>,
    /// Entries by how a source keys a person, and by number or birth date.
    by_person: HashMap<Mark, Vec<usize>>,
    by_cell: HashMap<Mark, Vec<usize>>,
    /// Entries that a later one has ended: they stay, and concern nobody any more.
    ended: BTreeSet<usize>,
}

impl Suppression {
    fn of(id: String, secret: Key, entries: Vec<Entry>) -> Self {
        let keyed = secret.keyed();
        let (by_person, by_cell) = (HashMap::new(), HashMap::new());
        let mut list =
            Self { id, secret, keyed, entries: Vec::new(), by_person, by_cell, ended: BTreeSet::new() };
        entries.into_iter().for_each(|entry| list.push(entry));
        list
    }

    /// What it is known by: a catalog knows its list again.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many entries it has. They are never taken away.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is on it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries from a position on.
    pub fn since(&self, at: usize) -> &[Entry] {
        self.entries.get(at..).unwrap_or_default()
    }

    /// Positions of the restrictions that hold and are about a person: whom a source keys as `keyed` says, or of whom `said`
    /// is true, which are the marks of one saying.
    pub fn restrictions_of(&self, keyed: &Marks, said: &Marks) -> Vec<usize> {
        let known = Known::said_by(said);
        let about = |(at, entry): &(usize, &Entry)| {
            entry.wish == Wish::Restricted
                && !self.ended.contains(at)
                && (entry.marks.shares_a_key(keyed) || entry.marks.fit(&known))
        };
        self.entries.iter().enumerate().filter(about).map(|(at, _)| at).collect()
    }

    /// Whether a later entry has ended the one at a position.
    pub fn is_ended(&self, at: usize) -> bool {
        self.ended.contains(&at)
    }

    /// Adds an entry. It counts from the moment when the list is saved.
    pub fn push(&mut self, entry: Entry) {
        let at = self.entries.len();
        if entry.wish == Wish::Lifted {
            self.end(&entry.ends);
            self.entries.push(entry);
            return;
        }
        for mark in entry.marks.persons() {
            self.by_person.entry(*mark).or_default().push(at);
        }
        for mark in entry.marks.cells() {
            self.by_cell.entry(*mark).or_default().push(at);
        }
        self.entries.push(entry);
    }

    /// Nobody is found any more by entries that have ended. Restrictions alone end.
    fn end(&mut self, positions: &[usize]) {
        let restrictions = positions
            .iter()
            .copied()
            .filter(|at| self.entries.get(*at).is_some_and(|entry| entry.wish == Wish::Restricted));
        self.ended.extend(restrictions);
        for positions in self.by_person.values_mut().chain(self.by_cell.values_mut()) {
            positions.retain(|at| !self.ended.contains(at));
        }
    }

    /// A keyed digest of a person as a source keys them, under the list's own secret.
    pub fn person(&self, source: &str, tenant: &str, person: &str) -> Digest16 {
        self.keyed.digest("listed person", &[source.as_bytes(), tenant.as_bytes(), person.as_bytes()])
    }

    /// Adds what a record says about who somebody is to their marks.
    pub fn mark(&self, marks: &mut Marks, plan: &Marked, said: &[Option<&str>]) {
        marks.add(&self.keyed, plan, said);
    }

    /// Whether what a record says is about somebody of these marks. The rule is the linker's for numbers, and asks for both
    /// names and the birth date, or a household, where no number agrees.
    pub fn recognises(&self, marks: &Marks, plan: &Marked, said: &[Option<&str>]) -> bool {
        marks.fit(&Known::of(&self.keyed, plan, said))
    }

    /// Whether marks that were kept of somebody are of whom a saying's marks are about: the same rule.
    pub fn are_about(&self, kept: &Marks, saying: &Marks) -> bool {
        kept.fit(&Known::said_by(saying))
    }

    /// The entry that concerns somebody of whom marks were kept; the weightiest wish first. Gives its position.
    pub fn concerning_marks(&self, kept: &Marks) -> Option<usize> {
        let listed = kept.persons().filter_map(|person| self.by_person.get(person)).flatten();
        let known = Known::said_by(kept);
        let cells: BTreeSet<usize> =
            kept.cells().filter_map(|cell| self.by_cell.get(cell)).flatten().copied().collect();
        let fitting = cells.into_iter().filter(|at| self.entries[*at].marks.fit(&known));
        fitting.chain(listed.copied()).max_by_key(|at| self.entries[*at].wish)
    }

    /// The entry that concerns a record, by its person's key or by what it says about who they are; the weightiest wish
    /// first. Gives its position.
    pub fn concerning(&self, person: &Digest16, plan: &Marked, said: &[Option<&str>]) -> Option<usize> {
        let listed = self.by_person.get(&Mark(*person)).into_iter().flatten().copied();
        let best = listed.max_by_key(|at| self.entries[*at].wish);
        let mut candidates = BTreeSet::new();
        for mark in known::looked_up(&self.keyed, plan, said) {
            candidates.extend(self.by_cell.get(&mark).into_iter().flatten().copied());
        }
        if candidates.is_empty() {
            return best;
        }
        let known = Known::of(&self.keyed, plan, said);
        let fitting = candidates.into_iter().filter(|at| self.entries[*at].marks.fit(&known));
        fitting.chain(best).max_by_key(|at| self.entries[*at].wish)
    }

    /// The entry at a position.
    pub fn entry(&self, at: usize) -> &Entry {
        &self.entries[at]
    }

    /// Whether a person's key is on the list with this wish already.
    pub fn lists(&self, person: &Digest16, wish: Wish) -> bool {
        let at = self.by_person.get(&Mark(*person)).into_iter().flatten();
        at.copied().any(|at| self.entries[at].wish == wish)
    }

    /// How many people are only counted, by the academic year of their Year 6.
    pub fn counted(&self) -> BTreeMap<i32, u64> {
        let mut counted = BTreeMap::new();
        for year in self.entries.iter().filter(|entry| entry.wish == Wish::Objected).flat_map(|e| &e.cohorts)
        {
            *counted.entry(*year).or_default() += 1;
        }
        counted
    }

    /// What marks are made of, under an identity plan.
    pub fn plan(identity: &IdentityPlan) -> Marked {
        Marked::of(identity)
    }
}

#[cfg(test)]
mod tests;
