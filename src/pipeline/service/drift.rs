//! What an answer has that nobody listed, lacks that somebody did, or writes otherwise than it did.
use crate::{
    definitions::connector::{CellOrigin, CellSpec, Feed, Root, root_of},
    fault::{Consequence, Fault, Name, Place, Problem, Tally},
    privacy::{EntityPlan, IdentityPlan},
    source::{
        service::Page,
        tree::{Path, Tree, Wanted},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// A name counts as a field's when at least so many records of a page have it …
const LEAST_HOLDERS: u32 = 5;
/// … and fewer records than this tell nothing about what is missing or retyped.
const LEAST_RECORDS: u64 = 20;
/// So many records of a page are looked at for what is missing.
const LOOKED_AT: usize = 20;
/// More new names than this are not said.
const MOST_NEW: usize = 100;

/// Words of which field names everywhere are made, beside those of our own definitions. None is anybody's name.
const COMMON: &str = "academic active address admission age at attendance birth by category class classes code comment count \
    course created current data date day description email end enabled enrolment exam external extended fax first flag form \
    former from full gender group groups guid has history hours house href id ids include included indicator info is item \
    items key label language last level link links list local main member meta mis modified name names new next note notes \
    number of on order other part period person phone photo preferred previous primary programme pupil pupils rank ref \
    reference region registration result results role roles room rows school schools score secondary self serial session sex \
    short sort source stage start state status student students subject subjects table tag teacher term text time title to \
    total tutor type types updated upi uri url user users uuid valid value values version website week year years";

/// How one feed's answers differ from what the connector says, over all tenants.
pub(super) struct Drift {
    expected: Vec<Expected>,
    /// Words that field names of our own definitions are made of.
    words: BTreeSet<String>,
    new: BTreeSet<Name>,
    /// There are new names that hold a word we do not know.
    unsaid: bool,
    records: u64,
    failing: BTreeMap<Name, u64>,
}

struct Expected {
    column: Name,
    paths: Vec<String>,
    seen: bool,
}

impl Drift {
    pub(super) fn of(feed: &Feed, plans: &[EntityPlan], identity: &IdentityPlan) -> Self {
        let expected = cells(feed, plans, identity, false)
            .into_iter()
            .map(|(column, paths)| Expected { column, paths, seen: false })
            .collect();
        let mut words: BTreeSet<String> = COMMON.split_whitespace().map(str::to_owned).collect();
        for (column, paths) in cells(feed, plans, identity, true) {
            words.extend(words_of(column.as_str()));
            paths.iter().for_each(|path| words.extend(words_of(path)));
        }
        for plan in plans {
            words.extend(words_of(plan.name.as_str()));
            plan.columns.iter().for_each(|column| words.extend(words_of(column.name.as_str())));
        }
        Self { expected, words, new: BTreeSet::new(), unsaid: false, records: 0, failing: BTreeMap::new() }
    }

    /// Looks a page over.
    pub(super) fn see(&mut self, page: &Page<'_, '_>, wanted: &Wanted) {
        self.records += page.records.len() as u64;
        for (name, holders) in page.unlisted {
            if *holders < LEAST_HOLDERS || holders * 2 < page.looked_at {
                continue;
            }
            // An object may be keyed by children, the same in every record: a name is said only if it is made of words
            // that our own definitions use, and otherwise only that there is one.
            let known = words_of(name).iter().all(|word| self.words.contains(word));
            match Name::of_field(name).filter(|_| known && self.new.len() < MOST_NEW) {
                Some(name) => drop(self.new.insert(name)),
                None => self.unsaid = true,
            }
        }
        for expected in self.expected.iter_mut().filter(|expected| !expected.seen) {
            let paths: Vec<Path> = expected.paths.iter().filter_map(|path| wanted.path("", path)).collect();
            let has = |record: &Tree<'_>| paths.iter().any(|path| record.at(path).is_some());
            expected.seen = page.records.iter().take(LOOKED_AT).any(has);
        }
    }

    /// Counts cells that could not be read.
    pub(super) fn failed(&mut self, faults: &[Fault]) {
        for fault in faults.iter().filter(|fault| fault.consequence == Consequence::CellEmptied) {
            *self.failing.entry(fault.place.column).or_default() += 1;
        }
    }

    /// Says what was found: names of our own, and names that look like a field's.
    pub(super) fn report(&self, place: Place, tally: &mut Tally) {
        for name in &self.new {
            tally.note(Fault::told(place.at(*name), Problem::NewField));
        }
        if self.unsaid {
            tally.note(Fault::told(place, Problem::NewField));
        }
        if self.records < LEAST_RECORDS {
            return;
        }
        let missing: BTreeSet<Name> =
            self.expected.iter().filter(|expected| !expected.seen).map(|expected| expected.column).collect();
        for column in missing {
            tally.note(Fault::told(place.at(column), Problem::MissingField));
        }
        for (column, _) in self.failing.iter().filter(|(_, failed)| **failed * 2 > self.records) {
            tally.note(Fault::told(place.at(*column), Problem::RetypedField));
        }
    }
}

/// The words of a field's name or path: `extended_details.senStatus` has four. One letter or a number alone is none.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let hump = c.is_uppercase() && before.is_lowercase();
        if !c.is_alphabetic() || hump {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Each cell that a feed reads from a record, with the column or identity field it is for and the places it looks at.
pub(super) fn groups(feed: &Feed, plans: &[EntityPlan], identity: &IdentityPlan) -> Vec<(Name, Vec<String>)> {
    cells(feed, plans, identity, true)
}

fn cells(
    feed: &Feed,
    plans: &[EntityPlan],
    identity: &IdentityPlan,
    items: bool,
) -> Vec<(Name, Vec<String>)> {
    let mut cells = Vec::new();
    let mut add = |column: Name, each: &str, cell: &CellSpec| {
        let CellOrigin::From(paths) = &cell.origin else { return };
        let below = |path: &String| match root_of(path) {
            (Root::Item, path) if !each.is_empty() => Some(format!("{each}.{path}")),
            (Root::Document, _) => None,
            (_, path) => Some(path.to_owned()),
        };
        let paths: Vec<String> = paths.iter().filter_map(below).collect();
        if !paths.is_empty() {
            cells.push((column, paths));
        }
    };
    for (at, cell) in &feed.identity {
        add(identity.fields[*at].0, "", cell);
    }
    for row in feed.rows.iter().filter(|row| items || row.each.is_none()) {
        for (at, cell) in row.columns.iter().enumerate() {
            if let Some(cell) = cell {
                add(plans[row.entity].columns[at].name, row.each.as_deref().unwrap_or(""), cell);
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn a_name_is_its_words() {
        assert_eq!(words_of("extended_details.senStatus"), ["extended", "details", "sen", "status"]);
        assert_eq!(words_of("freeSchoolMeals6"), ["free", "school", "meals", "6"]);
        assert_eq!(
            words_of("A123456789012"),
            ["a", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "1", "2"]
        );
    }
}
