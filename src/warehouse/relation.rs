//! What the queries find when they begin: the lake, the links, the code lists, the policy and the day to look back
//! from, each as SQL text, so that the build and the shell file say exactly the same.
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::NaiveDate;
use duckdb::Connection;

use super::connection::{path_list, quoted};
use super::entity::{Entity, SCHEMAS};
use super::fault::WarehouseFault;

/// The day a build looks back from, and where "here" is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildContext {
    /// Nothing dated after this day is read.
    pub as_of: NaiveDate,
    /// The authority that runs the instance, three digits.
    pub home_authority: String,
}

/// Everything a build reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// Entity name to its Parquet files. An entity that is not here is an empty table.
    pub lake: BTreeMap<String, Vec<PathBuf>>,
    /// Parquet files of `learner_link`.
    pub links: Vec<PathBuf>,
    /// Parquet files of what linking writes beside the links, by the name of the relation. One that is not here is empty.
    pub beside_links: BTreeMap<String, Vec<PathBuf>>,
    /// The entities and their columns.
    pub entities: Vec<Entity>,
    /// Code list name to CSV text.
    pub codes: BTreeMap<String, String>,
    /// The policy parameters as CSV text: `ay,parameter,value`.
    pub policy: String,
    /// How many learners are only counted, by the academic year of their Year 6.
    pub withheld: Vec<(i32, u64)>,
    /// The day from which a view shows changes, where whoever asks for it names one.
    pub since: Option<NaiveDate>,
    /// SHA-256 of files in hex, where the catalog knows them: a build digests the others itself.
    pub checksums: BTreeMap<PathBuf, String>,
}

const LINK_COLUMNS: &[(&str, &str)] = &[
    ("subject_id", "BLOB"),
    ("learner_id", "BLOB"),
    ("method", "VARCHAR"),
    ("probability", "DECIMAL(5,4)"),
    ("band", "VARCHAR"),
    ("model", "VARCHAR"),
];

/// Names and SQL types.
pub type Columns = &'static [(&'static str, &'static str)];

/// What linking writes beside the links: the relation, the entity of its files, and its columns.
pub const BESIDE_LINKS: &[(&str, &str, Columns)] = &[
    (
        "link_evidence",
        "link_evidence",
        &[
            ("subject_id", "BLOB"),
            ("has_upn", "BOOLEAN"),
            ("upn_valid", "BOOLEAN"),
            ("has_uln", "BOOLEAN"),
            ("has_name", "BOOLEAN"),
            ("has_birth_date", "BOOLEAN"),
            ("has_postcode", "BOOLEAN"),
            ("said_times", "BIGINT"),
            ("runner_up", "DECIMAL(5,4)"),
        ],
    ),
    (
        "link_sample",
        "link_sample",
        &[
            ("band", "VARCHAR"),
            ("drawn_from", "VARCHAR"),
            ("n_joined", "BIGINT"),
            ("probability", "DECIMAL(5,4)"),
            ("agreed", "BOOLEAN"),
        ],
    ),
    // A published table bears the name `learner_change`.
    (
        "moved_subject",
        "learner_change",
        &[
            ("subject_id", "BLOB"),
            ("learner_id_before", "BLOB"),
            ("learner_id_after", "BLOB"),
            ("changed_at", "DATE"),
        ],
    ),
];

impl Inputs {
    /// The schemas, code lists and policy that travel in the binary, over an empty lake.
    ///
    /// # Errors
    /// When an embedded schema is not well formed.
    pub fn embedded() -> Result<Self, WarehouseFault> {
        let codes = SCHEMAS
            .get_dir("codes")
            .into_iter()
            .flat_map(include_dir::Dir::files)
            .filter_map(|file| {
                let stem = file.path().file_stem()?.to_str()?;
                Some((stem.to_owned(), file.contents_utf8()?.to_owned()))
            })
            .collect();
        let policy = SCHEMAS.get_file("policy.csv").and_then(|file| file.contents_utf8()).unwrap_or_default();
        Ok(Self {
            lake: BTreeMap::new(),
            links: Vec::new(),
            beside_links: BTreeMap::new(),
            entities: Entity::embedded()?,
            codes,
            policy: policy.to_owned(),
            withheld: Vec::new(),
            since: None,
            checksums: BTreeMap::new(),
        })
    }

    /// The names of all relations that queries may read without a query making them.
    pub fn names(&self) -> BTreeSet<String> {
        let lake = self.entities.iter().map(|entity| format!("lake_{}", entity.name));
        let codes = self.codes.keys().map(|list| format!("code_{list}"));
        let fixed =
            ["learner_link", "policy", "build_context", "view_context", "withheld_count"].map(str::to_owned);
        let beside = BESIDE_LINKS.iter().map(|(name, ..)| (*name).to_owned());
        lake.chain(codes).chain(fixed).chain(beside).collect()
    }

    /// All Parquet files, sorted, each once.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let files: BTreeSet<&PathBuf> =
            self.lake.values().chain(self.beside_links.values()).flatten().chain(&self.links).collect();
        files.into_iter().cloned().collect()
    }
}

/// One relation and the SQL that makes it.
pub(super) struct Relation {
    pub(super) name: String,
    pub(super) sql: String,
}

impl Relation {
    /// Makes it in an engine.
    ///
    /// # Errors
    /// When the engine cannot read its files.
    pub(super) fn make(self, connection: &Connection) -> Result<(), WarehouseFault> {
        connection
            .execute_batch(&self.sql)
            .map_err(|error| WarehouseFault::Relation { relation: self.name, cause: error.into() })
    }
}

/// The statements that make every relation, in name order within their kind.
pub(super) fn relations(inputs: &Inputs, context: &BuildContext) -> Result<Vec<Relation>, WarehouseFault> {
    let mut out = Vec::new();
    for entity in &inputs.entities {
        let name = format!("lake_{}", entity.name);
        let files = inputs.lake.get(&entity.name).map_or(&[][..], Vec::as_slice);
        let sql = format!("create or replace view {name} as\n{}", rows_of_lake(entity, files));
        out.push(Relation { name, sql });
    }
    let name = "learner_link".to_owned();
    out.push(Relation { sql: over_files(&name, LINK_COLUMNS, &inputs.links), name });
    for (name, _, columns) in BESIDE_LINKS {
        let files = inputs.beside_links.get(*name).map_or(&[][..], Vec::as_slice);
        out.push(Relation { sql: over_files(name, columns, files), name: (*name).to_owned() });
    }
    for (list, text) in &inputs.codes {
        let name = format!("code_{list}");
        let kind_of = |column: &str| if column.starts_with("valid_") { "DATE" } else { "VARCHAR" };
        let sql = over_csv(&name, text, &format!("schemas/codes/{list}.csv"), kind_of)?;
        out.push(Relation { name, sql });
    }
    let kind_of = |column: &str| match column {
        "ay" => "SMALLINT",
        "value" => "DECIMAL(18,4)",
        _ => "VARCHAR",
    };
    let sql = over_csv("policy", &inputs.policy, "schemas/policy.csv", kind_of)?;
    out.push(Relation { name: "policy".to_owned(), sql });
    let sql = format!("create or replace table build_context as\n{}", row_of_context(context));
    out.push(Relation { name: "build_context".to_owned(), sql });
    let mut sql = "create or replace table withheld_count (cohort_ay SMALLINT, learners BIGINT)".to_owned();
    let counted: Vec<String> =
        inputs.withheld.iter().map(|(year, learners)| format!("({year}, {learners})")).collect();
    if !counted.is_empty() {
        sql.push_str(&format!(";\ninsert into withheld_count values {}", counted.join(", ")));
    }
    out.push(Relation { name: "withheld_count".to_owned(), sql });
    let since = inputs.since.map_or_else(|| "null".to_owned(), |day| quoted(&day.to_string()));
    let sql = format!("create or replace table view_context as\nselect cast({since} as date) as since");
    out.push(Relation { name: "view_context".to_owned(), sql });
    Ok(out)
}

/// The one row of `build_context`.
pub(super) fn row_of_context(context: &BuildContext) -> String {
    let (day, home) = (quoted(&context.as_of.to_string()), quoted(&context.home_authority));
    format!("select date {day} as as_of, {home} as home_authority")
}

/// A view over Parquet files with exactly these columns: one that a file lacks is empty for its rows, one that only a
/// file has is passed over. The files are sorted, so the order in which they were listed says nothing.
fn over_files(name: &str, columns: &[(&str, &str)], files: &[PathBuf]) -> String {
    format!("create or replace view {name} as\n{}", rows_of_files(columns, files))
}

/// The rows of some files of an entity, as its view has them.
pub(super) fn rows_of_lake(entity: &Entity, files: &[PathBuf]) -> String {
    let columns: Vec<(&str, &str)> =
        entity.columns.iter().map(|(column, kind)| (column.as_str(), kind.as_str())).collect();
    rows_of_files(&columns, files)
}

fn rows_of_files(columns: &[(&str, &str)], files: &[PathBuf]) -> String {
    let casts: Vec<String> =
        columns.iter().map(|(column, kind)| format!("cast({column} as {kind}) as {column}")).collect();
    let empty: Vec<String> =
        columns.iter().map(|(column, kind)| format!("cast(null as {kind}) as {column}")).collect();
    let empty = format!("select {} where false", empty.join(", "));
    let body = if files.is_empty() {
        empty
    } else {
        let sorted: BTreeSet<&PathBuf> = files.iter().collect();
        let sorted: Vec<PathBuf> = sorted.into_iter().cloned().collect();
        format!(
            "{empty}\nunion all by name\nselect * from read_parquet({}, union_by_name = true)",
            path_list(&sorted)
        )
    };
    format!("select {}\nfrom ({body})", casts.join(", "))
}

/// A table from CSV text with a header; an empty cell is an empty value.
fn over_csv(
    name: &str,
    text: &str,
    file: &str,
    kind_of: impl Fn(&str) -> &'static str,
) -> Result<String, WarehouseFault> {
    let broken = |what: &str| WarehouseFault::Reference { file: file.to_owned(), what: what.to_owned() };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|_| broken("has no header row"))?.clone();
    let is_plain = |header: &str| {
        header.starts_with(|c: char| c.is_ascii_lowercase())
            && header.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if !headers.iter().all(is_plain) {
        return Err(broken("a column name is lower-case letters, digits and underscores"));
    }
    let mut rows = Vec::new();
    for (position, record) in reader.records().enumerate() {
        let record =
            record.map_err(|_| broken(&format!("line {} has another number of cells", position + 2)))?;
        let cells: Vec<String> = record
            .iter()
            .map(|cell| if cell.is_empty() { "null".to_owned() } else { quoted(cell) })
            .collect();
        rows.push(format!("    ({})", cells.join(", ")));
    }
    let columns: Vec<String> = headers.iter().map(|header| format!("{header} {}", kind_of(header))).collect();
    let mut sql = format!("create or replace table {name} ({})", columns.join(", "));
    if !rows.is_empty() {
        sql.push_str(";\ninsert into ");
        sql.push_str(name);
        sql.push_str(" values\n");
        sql.push_str(&rows.join(",\n"));
    }
    Ok(sql)
}
