//! Tables that were held against their rules once, so that the next build does not hold the same rows against the same rules.
//!
//! Comes in: the folder of a build. Goes out: whether a table of these bytes was held against these conditions, and no row
//! of it failed. Promise: only that is remembered. A table of which a row fails is held against its rules each time, so that
//! its rows are kept and told each time.
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The file of the keys, in the folder of a build: one to a line.
const PASSED: &str = "verified.txt";

/// What has passed.
pub(super) struct Passed {
    file: PathBuf,
    before: BTreeSet<String>,
    now: BTreeSet<String>,
}

impl Passed {
    /// Reads what the last build left; a line that was cut off is the key of nothing.
    pub(super) fn open(folder: &Path) -> Self {
        let file = folder.join(PASSED);
        let text = fs::read_to_string(&file).unwrap_or_default();
        Self { file, before: text.lines().map(str::to_owned).collect(), now: BTreeSet::new() }
    }

    /// Whether it has passed before, which counts for the next time too.
    pub(super) fn before(&mut self, key: &str) -> bool {
        let known = self.before.contains(key);
        if known {
            self.now.insert(key.to_owned());
        }
        known
    }

    /// Notes one that passes now.
    pub(super) fn note(&mut self, key: String) {
        self.now.insert(key);
    }

    /// Writes what has passed now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn close(self) -> std::io::Result<()> {
        if self.now == self.before {
            return Ok(());
        }
        let lines: String = self.now.iter().map(|key| format!("{key}\n")).collect();
        fs::write(&self.file, lines)
    }
}
