//! What a build leaves for the next one: its tables, and a line for each that says what it was made of.
//!
//! Comes in: the folder of the last build, if there is one. Goes out: for a table whose key is the same, its file as it
//! is. Promise: a line is believed only where the file has the bytes that the line names. A build that was killed and a
//! file that was touched cost time, and never a figure.
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fault::WarehouseFault;
use super::publish::sha256_of;
use crate::definitions::query::{Materialise, Query, QuerySet};

/// The file of the lines, in the folder of a build.
pub const LINES: &str = "made.jsonl";

/// Folder below that of the tables for rows that fail a check or a rule.
pub const FAILED: &str = "failed";

/// Folder below that of the tables for those that are not published.
const BETWEEN: &str = "between";

/// What a table was made of and what came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) table: String,
    /// What it was made of.
    pub(super) key: String,
    /// What stands for its content.
    pub(super) content: String,
    pub(super) rows: u64,
    /// Column name and SQL type, in order.
    pub(super) columns: Vec<(String, String)>,
    /// SHA-256 of its file; none where none is kept.
    pub(super) sha256: Option<String>,
}

/// The folder of a build.
pub(super) struct Kept {
    folder: PathBuf,
    before: BTreeMap<String, Line>,
    now: BTreeMap<String, Line>,
    lines: File,
}

impl Kept {
    /// Reads what the last build left; a line that was cut off counts for nothing.
    pub(super) fn open(folder: &Path) -> Result<Self, WarehouseFault> {
        let file = folder.join(LINES);
        let text = fs::read_to_string(&file).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        let before: BTreeMap<String, Line> = lines.map(|line| (line.table.clone(), line)).collect();
        let opened = (|| {
            fs::create_dir_all(folder.join(BETWEEN))?;
            fs::create_dir_all(folder.join(FAILED))?;
            let new = folder.join(format!("{LINES}.new"));
            let mut lines = File::create(&new)?;
            for line in before.values() {
                write_line(&mut lines, line)?;
            }
            fs::rename(&new, &file)?;
            Ok(lines)
        })();
        let lines = opened.map_err(|error| refused(&error))?;
        Ok(Self { folder: folder.to_owned(), before, now: BTreeMap::new(), lines })
    }

    /// Where a table's file lies. What is staged has none, for it is made about as quickly as it is read.
    pub(super) fn path(&self, query: &Query) -> Option<PathBuf> {
        let file = format!("{}.parquet", query.name);
        if query.published {
            Some(self.folder.join(file))
        } else if query.is_check() {
            Some(self.folder.join(FAILED).join(file))
        } else if query.layer == "staging" || query.materialise == Materialise::View {
            None
        } else {
            Some(self.folder.join(BETWEEN).join(file))
        }
    }

    /// Every file that a build may read or write here.
    pub(super) fn paths(&self, queries: &QuerySet) -> Vec<PathBuf> {
        queries.queries.values().filter_map(|query| self.path(query)).collect()
    }

    /// The line of a table that need not be made again.
    pub(super) fn take_over(&mut self, query: &Query, key: &str) -> Option<Line> {
        let line = self.before.get(&query.name).filter(|line| line.key == key)?;
        if let Some(sum) = &line.sha256 {
            let path = self.path(query)?;
            sha256_of(&path).ok().filter(|found| found == sum)?;
        }
        self.now.insert(query.name.clone(), line.clone());
        Some(line.clone())
    }

    /// Notes a table that was made.
    pub(super) fn note(&mut self, line: Line) -> Result<(), WarehouseFault> {
        write_line(&mut self.lines, &line).map_err(|error| refused(&error))?;
        self.now.insert(line.table.clone(), line);
        Ok(())
    }

    /// The file of a table that this build has passed, and its columns.
    pub(super) fn file(&self, query: &Query) -> Option<(PathBuf, &[(String, String)])> {
        let line = self.now.get(&query.name).filter(|line| line.sha256.is_some())?;
        Some((self.path(query)?, &line.columns))
    }

    /// Removes the files of tables that there are no more, and of rows that fail no more.
    pub(super) fn finish(self, queries: &QuerySet) -> Result<(), WarehouseFault> {
        let held = |line: &&Line| line.sha256.is_some();
        let now: Vec<PathBuf> = self
            .now
            .values()
            .filter(held)
            .filter_map(|line| self.path(queries.queries.get(&line.table)?))
            .collect();
        let here = self.before.keys().map(|table| self.folder.join(format!("{table}.parquet")));
        let below = [BETWEEN, FAILED].into_iter().flat_map(|name| listed(&self.folder.join(name)));
        for path in here.chain(below).filter(|path| path.is_file() && !now.contains(path)) {
            fs::remove_file(path).map_err(|error| refused(&error))?;
        }
        Ok(())
    }
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn write_line(lines: &mut File, line: &Line) -> std::io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    lines.write_all(text.as_bytes())
}

fn refused(error: &std::io::Error) -> WarehouseFault {
    WarehouseFault::Export { table: "*".to_owned(), what: error.kind().to_string() }
}
