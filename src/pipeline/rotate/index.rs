use super::{
    RotateFault, Work,
    sorter::{InOrder, Sorter},
};
use crate::{
    catalog::{FileKind, HeldFile, Rotation, Run},
    fault::failpoint,
    lake::{Entry, Index, IndexWriter, LakeFault, Merge, Saying, Sayings, Sorted},
    pipeline::Site,
    privacy::{Digest16, Renaming},
};
use std::path::PathBuf;

/// A buffer for each index that is merged.
const BUFFER: usize = 64 << 10;

/// What the versions of one row are called, while indexes pass by in the same order.
struct Versions {
    names: InOrder,
    next: Option<Entry>,
    key: Digest16,
    /// Of the row at hand.
    these: Vec<Entry>,
}

impl Versions {
    fn new(mut names: InOrder) -> Result<Self, LakeFault> {
        let next = names.next()?;
        Ok(Self { names, next, key: [0; 16], these: Vec::new() })
    }

    /// Goes on to the row of an old name.
    fn go_to(&mut self, key: Digest16) -> Result<&[Entry], LakeFault> {
        if key != self.key {
            self.these.clear();
            self.key = key;
            while let Some(named) = self.next.filter(|named| named.key <= key) {
                if named.key == key {
                    self.these.push(named);
                }
                self.next = self.names.next()?;
            }
        }
        Ok(&self.these)
    }
}

impl Work {
    /// Writes what a source last said again: each index by itself, in the order of the new names.
    pub(super) fn index(
        &mut self,
        site: &mut Site,
        run: &Run,
        (_, held): (&str, &[HeldFile]),
        (names, sayings): (InOrder, &[(Digest16, Digest16)]),
        rotation: &mut Rotation,
    ) -> Result<(), RotateFault> {
        let data_dir = site.settings.data_dir.clone();
        let open = |held: &HeldFile| Index::open(&data_dir.join(&held.file.path), false);
        let indexes = held.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let sorter = |at: usize| Sorter::new(&data_dir, format!("rotate-index-{}-{at}", run.id));
        let mut sorters: Vec<Sorter> = (0..indexes.len()).map(sorter).collect();
        let mut versions = Versions::new(names)?;
        let mut rows = Merge::new(indexes.iter().map(|index| index.rows(BUFFER)).collect())?;
        while let Some((from, entry)) = rows.pull()? {
            let named = self.entry(&entry, versions.go_to(entry.key)?);
            sorters[from].push(named)?;
        }
        for ((held, index), sorter) in held.iter().zip(&indexes).zip(sorters) {
            let seq = site.catalog.reserve_seqs(1)?;
            let path = PathBuf::from("index").join(format!("{:06}-{seq:06}.index", run.id));
            let mut writer = IndexWriter::create(&data_dir, &path, Vec::new())?;
            let mut rows = sorter.sorted()?;
            while let Some(entry) = rows.next()? {
                writer.row(&entry)?;
            }
            for saying in renamed_sayings(index, sayings)? {
                writer.saying(&saying)?;
            }
            rotation.files.push((held.file.path.clone(), writer.finish(FileKind::Index)?));
            failpoint("rotate.file")?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry, versions: &[Entry]) -> Entry {
        let renaming: &Renaming = &self.renaming;
        let version = versions.iter().find(|version| version.seq == entry.seq && version.gone == entry.gone);
        let key = versions.first().and_then(|version| version.subject);
        let hash = match version {
            _ if entry.gone => 0,
            Some(version) => version.hash,
            None => renaming.hash_as_it_was(entry.hash),
        };
        Entry {
            key: key.unwrap_or_else(|| renaming.row_as_it_was(&entry.key)),
            subject: entry.subject.map(|subject| self.people.new_of(&subject, renaming)),
            hash,
            scope: entry.scope.map(|scope| renaming.further("scope", &scope)),
            record: 0,
            file: 0,
            ..*entry
        }
    }
}

/// What an index knows to be said, under the new key. What the register does not have any more is forgotten: said again, it
/// is new.
fn renamed_sayings(index: &Index, sayings: &[(Digest16, Digest16)]) -> Result<Vec<Saying>, LakeFault> {
    let mut renamed = Vec::with_capacity(index.counts()[1] as usize);
    let mut old = index.sayings(BUFFER);
    while let Some(saying) = old.pull()? {
        if let Ok(at) = sayings.binary_search_by(|(known, _)| known.cmp(&saying.digest)) {
            renamed.push(Saying { digest: sayings[at].1, record: 0, position: 0, staged: false });
        }
    }
    renamed.sort_unstable_by_key(Sayings::order);
    Ok(renamed)
}
