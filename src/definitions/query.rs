//! The queries: one file per table, with a header that says what the table is: SQL, or a TOML file that names the
//! function of the program which computes it.
//!
//! Comes in: the embedded `queries/` folder and, laid over it file by file, a site's own. Goes out: a [`QuerySet`],
//! every header read, every file checksummed and linted. Promise: all problems are told at once, each with its
//! file and line, and text that has not been through here never becomes SQL.
mod header;
mod lint;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use sha2::{Digest, Sha256};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/queries");

/// The folder that holds what differs between engines; its files are macros, not tables.
const ENGINE_FILE: &str = "_engine/duckdb.sql";

/// The folders of `queries/`, in the order in which the data passes through them.
const LAYERS: [&str; 15] = [
    "staging",
    "spine",
    "cohort",
    "circumstances",
    "attendance",
    "outcome",
    "attainment",
    "headline",
    "neet",
    "segregation",
    "beyond",
    "provision",
    "schools",
    "link",
    "checks",
];

/// The column that says whom a row is about.
pub const WHOSE: &str = "learner_id";

/// The folder of what `resolve` shows: no build makes it and no release holds it.
const VIEWS: &str = "view";

/// One thing that is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path of the file inside `queries/`, with forward slashes.
    pub file: String,
    /// Line in that file, from 1.
    pub line: usize,
    /// What is wrong, lower case, no full stop.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "queries/{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Everything that is wrong with a set of queries, in file order: never only the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            if position > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// How the build keeps a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Materialise {
    /// Computed once and kept until its last reader is done.
    #[default]
    Table,
    /// Computed by each reader.
    View,
}

/// The function of the program that makes a table, and its version: another answer is another version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// Name of the function.
    pub function: String,
    /// Its version, from 1.
    pub version: u32,
}

impl fmt::Display for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.function, self.version)
    }
}

/// One table and the SELECT, or the function, that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Table name: the file's stem.
    pub name: String,
    /// Path inside `queries/`, with forward slashes.
    pub file: String,
    /// The folder: staging, spine, cohort, outcome, headline, checks or view.
    pub layer: String,
    /// One line that says what the table is.
    pub title: String,
    /// The columns that name a row; no two rows agree on all of them.
    pub grain: Vec<String>,
    /// The tables it reads, and no others.
    pub reads: Vec<String>,
    /// The purposes it may serve; empty for a table that is not published.
    pub purposes: Vec<String>,
    /// Table or view.
    pub materialise: Materialise,
    /// The table of the lake whose academic years it is made of one by one, where it is: a year that nothing has changed is
    /// taken over.
    pub each_year_of: Option<String>,
    /// Whether it becomes part of a release.
    pub published: bool,
    /// The columns whose values hang on other learners too (a rank, a comparison, an expectation); `learner_id` where it
    /// hangs on others whether there is a row. None where the header does not say.
    pub of_many: Option<Vec<String>>,
    /// Column name to description.
    pub columns: BTreeMap<String, String>,
    /// What computes it, where SQL does not.
    pub computed: Option<Computed>,
    /// The whole file, header included.
    pub sql: String,
    /// SHA-256 of the file, 64 hex characters.
    pub sha256: String,
    /// Whether a site's file stands in place of, or beside, the embedded ones.
    pub is_overlaid: bool,
}

impl Query {
    /// Whether its rows are violations of which there should be none.
    pub fn is_check(&self) -> bool {
        self.layer == "checks"
    }

    /// Whether what stands in a column hangs on other learners too. Of a site's own table whose header does not say so it is taken for
    /// granted.
    pub fn hangs_on_many(&self, column: &str) -> bool {
        let has = |of: &[String], wanted: &str| of.iter().any(|name| name == wanted);
        match &self.of_many {
            Some(of) => has(of, WHOSE) || has(of, column),
            None => self.is_overlaid,
        }
    }

    /// Whether it is for one person's own rows: see [`QuerySet::views`].
    pub fn is_view(&self) -> bool {
        self.layer == VIEWS
    }
}

/// All queries by table name, and the engine's own functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerySet {
    /// By table name.
    pub queries: BTreeMap<String, Query>,
    /// What `resolve` shows of a learner, by name. Views read tables; nothing reads a view.
    pub views: BTreeMap<String, Query>,
    /// SQL that defines the functions the queries call.
    pub engine: String,
    /// SHA-256 of the engine file, 64 hex characters.
    pub engine_sha256: String,
}

impl QuerySet {
    /// Reads the queries that travel in the binary, with a site's folder laid over them: a file of the same path
    /// replaces the embedded one whole, any other is added.
    ///
    /// # Errors
    /// Every header, name and lint problem of every file.
    pub fn load(overlay: Option<&Path>) -> Result<Self, Problems> {
        let mut texts = BTreeMap::new();
        embedded_texts(&EMBEDDED, &mut texts);
        let mut problems = Vec::new();
        if let Some(folder) = overlay {
            overlay_texts(folder, &mut texts, &mut problems);
        }
        Self::from_texts(texts, problems)
    }

    /// Reads queries from texts: path inside `queries/` to (text, whether it is a site's own).
    ///
    /// # Errors
    /// As [`QuerySet::load`].
    fn from_texts(
        texts: BTreeMap<String, (String, bool)>,
        mut problems: Vec<Problem>,
    ) -> Result<Self, Problems> {
        let mut queries: BTreeMap<String, Query> = BTreeMap::new();
        let mut views: BTreeMap<String, Query> = BTreeMap::new();
        let mut engine = String::new();
        for (file, (text, is_overlaid)) in texts {
            if file == ENGINE_FILE {
                engine = text;
                continue;
            }
            if is_sql(Path::new(&file)) {
                problems.extend(lint::lint(&file, &text));
            }
            match header::read_query(&file, text, is_overlaid) {
                Ok(query) => {
                    if let Some(twin) = queries.get(&query.name).or(views.get(&query.name)) {
                        let what = format!("the table `{}` is also made by {}", query.name, twin.file);
                        problems.push(Problem { file, line: 1, what });
                    } else if query.layer == VIEWS {
                        views.insert(query.name.clone(), query);
                    } else {
                        queries.insert(query.name.clone(), query);
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
        problems.extend(lint::functions(queries.values().chain(views.values()), &engine));
        problems.extend(lint::of_many(&queries));
        problems.extend(years_of_nothing_read(&queries));
        if problems.is_empty() {
            let engine_sha256 = sha256_hex(engine.as_bytes());
            Ok(Self { queries, views, engine, engine_sha256 })
        } else {
            problems.sort();
            Err(Problems(problems))
        }
    }

    /// Some of the views with all that they read, directly or not, and nothing else. Unknown names are left out.
    #[must_use]
    pub fn behind(&self, views: &[&str]) -> Self {
        let mut waiting: Vec<&str> = views.to_vec();
        let mut found = BTreeMap::new();
        while let Some(name) = waiting.pop() {
            let Some(query) = self.queries.get(name).or_else(|| self.views.get(name)) else { continue };
            if found.insert(name.to_owned(), query.clone()).is_none() {
                waiting.extend(query.reads.iter().map(String::as_str));
            }
        }
        Self { queries: found, views: BTreeMap::new(), ..self.clone() }
    }

    /// All queries, the views among them: for whoever proves that they fit together.
    #[must_use]
    pub fn with_views(&self) -> Self {
        let mut all = self.clone();
        all.queries.append(&mut all.views);
        all
    }

    /// Whether a column of a table hangs on other learners too: as [`Query::hangs_on_many`], and of a table that is not known it does.
    pub fn hangs_on_many(&self, table: &str, column: &str) -> bool {
        self.queries.get(table).is_none_or(|query| query.hangs_on_many(column))
    }

    /// The published tables, by name.
    pub fn published(&self) -> impl Iterator<Item = &Query> {
        self.queries.values().filter(|query| query.published)
    }
}

/// A table that is made for each year of what it does not read would be the same in all of them.
fn years_of_nothing_read(queries: &BTreeMap<String, Query>) -> Vec<Problem> {
    let alike = |name: &String, of: &String| {
        name == of || queries.get(name).is_some_and(|read| read.each_year_of.as_ref() == Some(of))
    };
    let of_nothing = queries.values().filter(|query| {
        query.each_year_of.as_ref().is_some_and(|of| !query.reads.iter().any(|name| alike(name, of)))
    });
    let what = "`each_year_of` names a table that neither it reads nor one that is made for each year of it";
    of_nothing.map(|query| Problem { file: query.file.clone(), line: 1, what: what.to_owned() }).collect()
}

fn embedded_texts(dir: &Dir<'_>, texts: &mut BTreeMap<String, (String, bool)>) {
    for file in dir.files() {
        let path = file.path().to_string_lossy().replace('\\', "/");
        if let (true, Some(text)) = (is_table(file.path()), file.contents_utf8()) {
            texts.insert(path, (text.to_owned(), false));
        }
    }
    for inner in dir.dirs() {
        embedded_texts(inner, texts);
    }
}

/// Reads a site's folder. What lies where nothing is read from is a problem: a site that meant to replace a query must
/// hear that it did not.
fn overlay_texts(folder: &Path, texts: &mut BTreeMap<String, (String, bool)>, problems: &mut Vec<Problem>) {
    let mut problem =
        |file: &str, what: String| problems.push(Problem { file: file.to_owned(), line: 1, what });
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return problem("", format!("the site's folder cannot be read: {}", error.kind())),
    };
    for layer in entries.flatten() {
        let name = layer.file_name().to_string_lossy().into_owned();
        let is_known = LAYERS.contains(&name.as_str()) || name == VIEWS || name == "_engine";
        if !is_known && (layer.path().is_dir() || is_table(&layer.path())) {
            problem(&name, format!("not one of the folders {}, {VIEWS}", LAYERS.join(", ")));
        }
        let Ok(files) = std::fs::read_dir(layer.path()) else { continue };
        for path in files.flatten().map(|file| file.path()).filter(|path| is_known && is_table(path)) {
            let file = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    texts.insert(file, (text, true));
                }
                Err(error) => problem(&file, format!("cannot be read: {}", error.kind())),
            }
        }
    }
}

fn is_sql(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "sql")
}

/// Whether a file makes a table: by SQL, or by a function that its TOML names.
fn is_table(path: &Path) -> bool {
    is_sql(path) || path.extension().is_some_and(|extension| extension == "toml")
}

fn sha256_hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests;
