//! What has to hold before a run is published. A guard that says no holds the whole run: nothing of it is lost, and
//! nothing of it is seen, until a person has looked.
use super::rows::Walk;
use crate::{
    catalog::{Said, Staged, Word},
    fault::{Count, Fault, Name, Place, Problem},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A snapshot that lacks more than one person and more than so many rows in a hundred of what its scope held is not
/// believed at once: providers are small, and a file cut short looks like one from which many have left.
const MOST_GONE: u64 = 30;
/// A source that deletes more people at once than so many in a hundred is not believed, but a few it may always delete,
/// and more than this it may not, however large it is: a whole school is few in a hundred of an authority.
const MOST_DELETED_SHARE: u64 = 5;
const ALWAYS_DELETED: u64 = 20;
const NEVER_DELETED: u64 = 200;
/// A feed of which more records than this, and more than one in so many, are set aside is not what its connector says.
const MOST_SET_ASIDE: u64 = 50;
const ONE_IN_SET_ASIDE: u64 = 3;
/// A whole reading below half of the last one is not whole, where the last one had so many.
const FEWEST_BEFORE: u64 = 50;

/// What the guards look at.
pub(super) struct Evidence<'f> {
    pub(super) source: Name,
    pub(super) staged: &'f Staged,
    pub(super) walk: &'f Walk<'f>,
    pub(super) counts: &'f BTreeMap<String, Count>,
    /// Records set aside because their document had said them before, by document of which a total was stated.
    pub(super) again: &'f HashMap<i64, u64>,
    /// Records by feed when the source was last read whole, if this run reads it whole too.
    pub(super) before: &'f BTreeMap<String, u64>,
    /// Feeds that name their rows otherwise than before.
    pub(super) renamed: &'f [&'f str],
}

impl Evidence<'_> {
    /// What every guard has to say.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let renamed = self.renamed.iter().map(|feed| Place::feed(self.source, Name::declare(feed)));
        let mut faults: Vec<Fault> = renamed.map(|place| Fault::guard(place, Problem::FeedRenamed)).collect();
        self.snapshots(&mut faults);
        self.deletions(&mut faults);
        self.counts(&mut faults);
        self.totals(&mut faults);
        let collapsed: BTreeSet<&String> =
            self.staged.batches.iter().flat_map(|batch| &batch.collapsed).collect();
        for field in collapsed {
            let place = Place::feed(self.source, Name::NONE).at(Name::declare(field));
            faults.push(Fault::guard(place, Problem::OneValueForMany));
        }
        faults
    }

    fn place(&self, said: &Said) -> Place {
        Place {
            document: said.place,
            part: said.origin.part,
            ..Place::feed(self.source, Name::declare(&said.feed))
        }
    }

    fn snapshots(&self, faults: &mut Vec<Fault>) {
        for (said, lacking) in self.staged.words.iter().zip(&self.walk.lacking) {
            if lacking.people && lacking.rows * 100 > lacking.of * MOST_GONE {
                faults.push(Fault::guard(self.place(said), Problem::FarFewerRows));
            }
        }
    }

    fn deletions(&self, faults: &mut Vec<Fault>) {
        let deleted: HashSet<_> = self
            .staged
            .words
            .iter()
            .zip(&self.walk.met)
            .filter(|(said, met)| said.word == Word::Deletion && **met)
            .map(|(said, _)| (said.about, said.feed.as_str()))
            .collect();
        let people = deleted.iter().map(|(subject, _)| subject).collect::<HashSet<_>>().len() as u64;
        let share = self.walk.people.people() * MOST_DELETED_SHARE / 100;
        if people > share.clamp(ALWAYS_DELETED, NEVER_DELETED) {
            let feed = deleted.iter().next().map_or(Name::NONE, |(_, feed)| Name::declare(feed));
            faults.push(Fault::guard(Place::feed(self.source, feed), Problem::MassDeletion));
        }
    }

    fn counts(&self, faults: &mut Vec<Fault>) {
        for (feed, count) in self.counts {
            let place = Place::feed(self.source, Name::declare(feed));
            if count.set_aside > MOST_SET_ASIDE && count.set_aside * ONE_IN_SET_ASIDE > count.read {
                faults.push(Fault::guard(place, Problem::ManySetAside));
            }
            let before = self.before.get(feed).copied().unwrap_or(0);
            if before >= FEWEST_BEFORE && count.read * 2 < before && self.staged.whole_feeds.contains(feed) {
                faults.push(Fault::guard(place, Problem::FarFewerRecords));
            }
        }
    }

    /// A list that grows or shrinks by a few while it is read is alive; more is a page that was lost or shown twice.
    fn totals(&self, faults: &mut Vec<Fault>) {
        for said in self.staged.words.iter().filter(|said| said.word == Word::Total) {
            let distinct = said.records - self.again.get(&said.seq).copied().unwrap_or(0).min(said.records);
            if distinct.abs_diff(said.stated) > (said.stated / 100).max(2) {
                faults.push(Fault::guard(self.place(said), Problem::TotalDisagrees));
            }
        }
    }
}
