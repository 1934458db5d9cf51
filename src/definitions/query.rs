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
    /// Whether it becomes part of a release.
    pub published: bool,
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

    /// The published tables, by name.
    pub fn published(&self) -> impl Iterator<Item = &Query> {
        self.queries.values().filter(|query| query.published)
    }
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
mod tests {
    use super::*;

    fn one(file: &str, text: &str) -> Result<QuerySet, Problems> {
        QuerySet::from_texts(BTreeMap::from([(file.to_owned(), (text.to_owned(), false))]), Vec::new())
    }

    #[test]
    fn the_embedded_queries_are_all_well_formed() {
        let set = QuerySet::load(None).map_err(|problems| problems.to_string()).unwrap();
        let published: Vec<&str> = set.published().map(|query| query.name.as_str()).collect();
        assert_eq!(
            published,
            [
                "absence_enrolment",
                "absence_learner",
                "absence_rate",
                "ap_day_six",
                "ap_effect",
                "ap_funnel",
                "ap_measure",
                "ap_placement",
                "ap_registration",
                "area_spell",
                "attainment8_mean",
                "attrition_waterfall",
                "baseline",
                "ccis_destination",
                "ccis_destination_rate",
                "circumstance_rate",
                "circumstance_year",
                "cohort_member",
                "cohort_outcome",
                "disadvantage_gap",
                "distance_travelled",
                "domain_score",
                "education_break",
                "engagement_change",
                "engagement_rate",
                "engagement_year",
                "goal_score",
                "guarantee_rate",
                "high_attainer",
                "index_sensitivity",
                "ks2_rate",
                "ks2_subject",
                "ks4_rate",
                "ks4_result",
                "ladder_result",
                "learner",
                "learner_change",
                "learner_linkage",
                "link_difference",
                "link_drift",
                "link_method",
                "link_population",
                "link_precision",
                "link_quality",
                "link_sensitivity",
                "link_weight",
                "lost_potential",
                "lost_potential_sensitivity",
                "mobility_rate",
                "nccis_month",
                "neet_rate",
                "outcome",
                "outcome_vector",
                "pathway",
                "pathway_form",
                "progress_light",
                "realised_potential",
                "realised_rate",
                "risk_backtest",
                "risk_calibration",
                "risk_curve",
                "risk_factor",
                "risk_fairness",
                "risk_review",
                "risk_review_rate",
                "risk_score",
                "school_beating",
                "school_move",
                "school_prediction",
                "school_result",
                "school_similar",
                "school_value_added",
                "scorecard",
                "segregation",
                "september_guarantee",
                "spell",
                "suspension_event",
                "suspension_learner",
                "suspension_rate",
                "value_added"
            ]
        );
        assert!(set.engine.contains("macro academic_year"));
    }

    #[test]
    fn an_unknown_header_key_is_named_with_its_line() {
        let text = "/*\ntitle = \"x\"\ngrain = [\"a\"]\nreads = []\ncolour = 1\n*/\nselect * from final\n";
        let problems = one("spine/x.sql", text).unwrap_err();
        assert_eq!(problems.0[0].line, 5);
        assert!(problems.0[0].what.contains("unknown field `colour`"), "{problems}");
    }

    #[test]
    fn a_computed_table_names_a_function_and_its_version() {
        let text = "title = \"x\"\ngrain = [\"a\"]\nreads = [\"learner\"]\ncomputed = \"shrunken@2\"\n";
        let set = one("spine/x.toml", text).unwrap();
        let computed = set.queries["x"].computed.clone().unwrap();
        assert_eq!((computed.function.as_str(), computed.version), ("shrunken", 2));
        for (file, text, expected) in [
            (
                "spine/x.toml",
                text.replace("shrunken@2", "shrunken"),
                "queries/spine/x.toml:4: `shrunken` is not",
            ),
            ("spine/x.toml", text.replace("computed", "made_by"), "queries/spine/x.toml:4: unknown field"),
            ("spine/x.toml", text.replace("computed = \"shrunken@2\"", ""), "names no function"),
            ("spine/x.toml", text.replace("title", "materialise = \"view\"\ntitle"), "is never a view"),
            ("spine/x.sql", format!("/*\n{text}*/\nselect * from final\n"), "make it a TOML file"),
            ("view/x.toml", text.to_owned(), "a view must name its purposes"),
        ] {
            let problems = one(file, &text).unwrap_err().to_string();
            assert!(problems.contains(expected), "{expected} not in\n{problems}");
        }
    }

    #[test]
    fn a_function_that_engines_do_not_share_is_refused_with_its_line() {
        let text = "/*\ntitle = \"x\"\ngrain = [\"a\"]\nreads = []\n*/\nwith v(a) as (select 1),\n\
                    final as (\n    select date_trunc('month', a) as a, coalesce(max(a), 1) as b from v where a in (1)\n)\n\n\
                    select * from final\n";
        let problems = one("spine/x.sql", text).unwrap_err();
        assert_eq!(problems.0.len(), 1, "{problems}");
        assert_eq!(problems.0[0].line, 8);
        assert!(problems.0[0].what.starts_with("`date_trunc`"), "{problems}");
    }

    #[test]
    fn views_stand_apart_and_bring_what_they_read() {
        let set = QuerySet::load(None).unwrap();
        assert!(set.views.contains_key("caseload") && !set.queries.contains_key("caseload"));
        assert!(set.views.values().all(|view| !view.published && !view.purposes.is_empty()));
        let behind = set.behind(&["caseload"]);
        assert!(behind.queries.contains_key("spell") && behind.queries.contains_key("stg_enrolment"));
        assert!(!behind.queries.contains_key("cohort_outcome"), "and nothing else");
        let named = "/*\ntitle = \"x\"\ngrain = [\"learner_id\"]\nreads = []\n*/\nselect * from final\n";
        let problems = one("view/x.sql", named).unwrap_err().to_string();
        assert!(problems.contains("a view must name its purposes"), "{problems}");
    }

    #[test]
    fn every_problem_is_told_not_only_the_first() {
        let texts = BTreeMap::from([
            ("spine/a.sql".to_owned(), ("select 1".to_owned(), false)),
            ("elsewhere/b.sql".to_owned(), ("/**/".to_owned(), false)),
        ]);
        let problems = QuerySet::from_texts(texts, Vec::new()).unwrap_err().to_string();
        assert!(
            problems.contains("queries/spine/a.sql:1: does not begin with a header comment"),
            "{problems}"
        );
        assert!(problems.contains("queries/elsewhere/b.sql:1: not in one of the folders"), "{problems}");
    }

    #[test]
    fn a_site_replaces_a_file_whole_and_the_checksum_shows_it() {
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(site.path().join("checks")).unwrap();
        let embedded = QuerySet::load(None).unwrap();
        let text = embedded.queries["learner_without_cohort"].sql.replace("no cohort", "no cohort here");
        std::fs::write(site.path().join("checks/learner_without_cohort.sql"), text).unwrap();
        let overlaid = QuerySet::load(Some(site.path())).unwrap();
        let (before, after) =
            (&embedded.queries["learner_without_cohort"], &overlaid.queries["learner_without_cohort"]);
        assert!(after.is_overlaid && !before.is_overlaid);
        assert_ne!(before.sha256, after.sha256);
        assert_eq!(embedded.queries.len(), overlaid.queries.len());
    }

    #[test]
    fn a_site_file_that_would_be_passed_over_is_told() {
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(site.path().join("spines")).unwrap();
        std::fs::write(site.path().join("spell.sql"), "select 1").unwrap();
        let problems = QuerySet::load(Some(site.path())).unwrap_err();
        let files: Vec<&str> = problems.0.iter().map(|problem| problem.file.as_str()).collect();
        assert_eq!(files, ["spell.sql", "spines"]);
        assert!(QuerySet::load(Some(&site.path().join("nowhere"))).is_err());
    }
}
