use crate::{
    catalog::FileKind,
    lake::{Entry, Index, IndexWriter, LakeFault, Merge, Rows, Sorted},
};
use std::path::{Path, PathBuf};

/// So many entries are sorted in memory before they go to the disk.
const AT_ONCE: usize = 1 << 18;
/// A buffer for each run that is merged.
const BUFFER: usize = 64 << 10;

/// Puts entries in order that come in none, however many they are: sorted runs in the temporary folder, merged.
pub(super) struct Sorter {
    data_dir: PathBuf,
    name: String,
    waiting: Vec<Entry>,
    runs: Vec<PathBuf>,
}

impl Sorter {
    /// `name` tells its files from those of others.
    pub(super) fn new(data_dir: &Path, name: String) -> Self {
        Self { data_dir: data_dir.to_owned(), name, waiting: Vec::new(), runs: Vec::new() }
    }

    pub(super) fn push(&mut self, entry: Entry) -> Result<(), LakeFault> {
        self.waiting.push(entry);
        if self.waiting.len() >= AT_ONCE { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<(), LakeFault> {
        self.waiting.sort_unstable_by_key(Rows::order);
        let path = PathBuf::from("tmp").join(format!("{}-{}.run", self.name, self.runs.len()));
        let mut writer = IndexWriter::create(&self.data_dir, &path, Vec::new())?;
        for entry in self.waiting.drain(..) {
            writer.row(&entry)?;
        }
        writer.finish(FileKind::Stage)?;
        self.runs.push(path);
        Ok(())
    }

    /// All of them, in order.
    pub(super) fn sorted(mut self) -> Result<InOrder, LakeFault> {
        if !self.waiting.is_empty() {
            self.spill()?;
        }
        let open = |path: &PathBuf| Ok(Index::open(&self.data_dir.join(path), false)?.rows(BUFFER));
        let rows = self.runs.iter().map(open).collect::<Result<Vec<_>, LakeFault>>()?;
        let merge = Merge::new(rows)?;
        Ok(InOrder { merge, files: self.runs.iter().map(|path| self.data_dir.join(path)).collect() })
    }
}

/// Entries in order. Their files go with it.
pub(super) struct InOrder {
    merge: Merge<Rows>,
    files: Vec<PathBuf>,
}

impl InOrder {
    pub(super) fn next(&mut self) -> Result<Option<Entry>, LakeFault> {
        Ok(self.merge.pull()?.map(|(_, entry)| entry))
    }
}

impl Drop for InOrder {
    fn drop(&mut self) {
        for file in &self.files {
            // What cannot be removed is swept with the folder.
            let _ = std::fs::remove_file(file);
        }
    }
}
