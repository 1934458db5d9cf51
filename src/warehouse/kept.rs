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

/// What stands between a table's name and the folder of one of its years.
const OF_YEAR: &str = "@";

/// Column name and SQL type, in order.
pub(super) type Columns = [(String, String)];

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

    /// Where the file of one year of a table lies, by the year's folder in the lake.
    pub(super) fn path_of_year(&self, query: &Query, folder: &str) -> PathBuf {
        self.path_named(&Self::name_of_year(query, folder))
    }

    /// What the line of one year of a table is called.
    pub(super) fn name_of_year(query: &Query, folder: &str) -> String {
        format!("{}{OF_YEAR}{folder}", query.name)
    }

    fn path_named(&self, name: &str) -> PathBuf {
        self.folder.join(BETWEEN).join(format!("{name}.parquet"))
    }

    /// Every file that a build may read or write here. `folders` gives those of a table of the lake.
    pub(super) fn paths(&self, queries: &QuerySet, folders: impl Fn(&str) -> Vec<String>) -> Vec<PathBuf> {
        let of_query = |query: &Query| match &query.each_year_of {
            Some(of) => folders(of).iter().map(|folder| self.path_of_year(query, folder)).collect(),
            None => self.path(query).into_iter().collect::<Vec<_>>(),
        };
        queries.queries.values().flat_map(of_query).collect()
    }

    /// The line of a table that need not be made again.
    pub(super) fn take_over(&mut self, query: &Query, key: &str) -> Option<Line> {
        let line = self.before.get(&query.name).filter(|line| line.key == key)?.clone();
        if line.sha256.is_some() {
            return self.take_over_file(&query.name, key, &self.path(query)?);
        }
        self.now.insert(query.name.clone(), line.clone());
        Some(line)
    }

    /// The line of a file that need not be made again.
    pub(super) fn take_over_file(&mut self, name: &str, key: &str, path: &Path) -> Option<Line> {
        let line = self.before.get(name).filter(|line| line.key == key)?;
        sha256_of(path).ok().filter(|found| Some(found) == line.sha256.as_ref())?;
        self.now.insert(name.to_owned(), line.clone());
        Some(line.clone())
    }

    /// Notes a table that was made.
    pub(super) fn note(&mut self, line: Line) -> Result<(), WarehouseFault> {
        write_line(&mut self.lines, &line).map_err(|error| refused(&error))?;
        self.now.insert(line.table.clone(), line);
        Ok(())
    }

    /// The line of a table, or of one of its years, that this build has passed.
    pub(super) fn line(&self, name: &str) -> Option<&Line> {
        self.now.get(name)
    }

    /// The lines of a table's years that this build has passed.
    pub(super) fn years(&self, query: &Query) -> Vec<&Line> {
        let begins = Self::name_of_year(query, "");
        self.now.values().filter(|line| line.table.starts_with(&begins)).collect()
    }

    /// The files of a table that this build has passed, and its columns.
    pub(super) fn files(&self, query: &Query) -> Option<(Vec<PathBuf>, &Columns)> {
        if query.each_year_of.is_some() {
            let years = self.years(query);
            let columns = &years.first()?.columns;
            return Some((years.iter().map(|line| self.path_named(&line.table)).collect(), columns));
        }
        let line = self.now.get(&query.name).filter(|line| line.sha256.is_some())?;
        Some((vec![self.path(query)?], &line.columns))
    }

    /// Removes the files of tables that there are no more, and of rows that fail no more.
    pub(super) fn finish(self, queries: &QuerySet) -> Result<(), WarehouseFault> {
        let held = |line: &&Line| line.sha256.is_some();
        let now: Vec<PathBuf> = self
            .now
            .values()
            .filter(held)
            .filter_map(|line| match line.table.split_once(OF_YEAR) {
                Some(_) => Some(self.path_named(&line.table)),
                None => self.path(queries.queries.get(&line.table)?),
            })
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
