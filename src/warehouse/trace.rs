//! From one row of a published table back to the rows of the lake that it was made of.
use std::collections::BTreeSet;
use std::path::Path;

use duckdb::{Connection, params_from_iter};

use super::build::prepare;
use super::connection::{Limits, engine, lock, open, over_tables, quoted};
use super::fault::WarehouseFault;
use super::relation::{BuildContext, Inputs};
use crate::definitions::query::QuerySet;

/// One row of the lake, by where it came from. Pseudonymous: it holds no cell of the row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LakeRow {
    /// The entity.
    pub entity: String,
    /// The source's name in the configuration.
    pub source: String,
    /// The feed of its connector.
    pub feed: String,
    /// The document's keyed digest, 32 hex characters.
    pub document: String,
    /// The sheet by its position, or 1.
    pub part: i32,
    /// The row in it, or the record's number.
    pub row: i32,
    /// The commit that brought it.
    pub commit_seq: i64,
    /// How many versions of it the lake has had by then.
    pub versions: i64,
    /// The subject it is about, 32 hex characters.
    pub subject: String,
}

/// Rows of one entity from one source and feed, counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LakeCount {
    /// The entity.
    pub entity: String,
    /// The source's name in the configuration.
    pub source: String,
    /// The feed of its connector.
    pub feed: String,
    /// Documents that they came in.
    pub documents: i64,
    /// Rows as last reported.
    pub rows: i64,
}

/// The cells of the rows of a published table whose grain begins with these values, as text, in the order of `columns`;
/// an empty value stands for an empty cell. At most `most`.
///
/// # Errors
/// When the file cannot be read.
pub fn rows_named(
    file: &Path,
    columns: &[String],
    key: &[(String, String)],
    most: usize,
) -> Result<Vec<Vec<String>>, WarehouseFault> {
    let tables = [("named".to_owned(), file.to_owned())].into();
    let connection = over_tables(&tables, &Limits::default())?;
    let shown: Vec<String> =
        columns.iter().map(|name| format!("coalesce(cast({name} as varchar), '')")).collect();
    let wanted: Vec<String> =
        key.iter().map(|(name, _)| format!("coalesce(cast({name} as varchar), '') = ?")).collect();
    let sql = format!(
        "select {} from named where {} limit {most}",
        shown.join(", "),
        if wanted.is_empty() { "true".to_owned() } else { wanted.join(" and ") }
    );
    let mut statement = connection.prepare(&sql).map_err(engine)?;
    let values = key.iter().map(|(_, value)| value.as_str());
    let rows = statement
        .query_map(params_from_iter(values), |row| (0..columns.len()).map(|at| row.get(at)).collect())
        .map_err(engine)?;
    rows.collect::<Result<_, _>>().map_err(engine)
}

/// The lake as it was known up to a commit.
pub struct Traced {
    connection: Connection,
    upto: i64,
}

impl Traced {
    /// Opens the lake. Rows of later commits are passed over.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn open(
        queries: &QuerySet,
        inputs: &Inputs,
        context: &BuildContext,
        limits: &Limits,
        upto: i64,
    ) -> Result<Self, WarehouseFault> {
        let connection = open(limits)?;
        prepare(&connection, queries, inputs, context)?;
        lock(&connection, &inputs.files())?;
        Ok(Self { connection, upto })
    }

    /// Versions of an entity's rows up to the commit, the latest first.
    fn versions(&self, entity: &str, whose: &str) -> String {
        format!(
            "select *, count(*) over (partition by source, row_key) as versions,
                    row_number() over (
                        partition by source, row_key
                        order by commit_seq desc, row_number desc, part desc, row_hash desc
                    ) as version_rank
             from lake_{entity} where commit_seq <= {} {whose}",
            self.upto
        )
    }

    /// The subjects that are one learner, in hex.
    ///
    /// # Errors
    /// When the links cannot be read.
    pub fn subjects(&self, learner: &str) -> Result<BTreeSet<String>, WarehouseFault> {
        let sql = "select id_text(subject_id) from learner_link where id_text(learner_id) = ?";
        let mut statement = self.connection.prepare(sql).map_err(engine)?;
        let rows = statement.query_map([learner], |row| row.get(0)).map_err(engine)?;
        rows.collect::<Result<_, _>>().map_err(engine)
    }

    /// The rows of an entity about some subjects, each as last reported, in the order of their places.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn rows(&self, entity: &str, subjects: &BTreeSet<String>) -> Result<Vec<LakeRow>, WarehouseFault> {
        let ids: Vec<String> = subjects.iter().map(|id| format!("unhex({})", quoted(id))).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "select source, feed, id_text(document_id), part, row_number, commit_seq, versions, id_text(subject_id)
             from ({}) where version_rank = 1 and not tombstone order by 1, 2, 3, 4, 5, 6, 8",
            self.versions(entity, &format!("and subject_id in ({})", ids.join(", ")))
        );
        let mut statement = self.connection.prepare(&sql).map_err(engine)?;
        let rows = statement
            .query_map([], |row| {
                Ok(LakeRow {
                    entity: entity.to_owned(),
                    source: row.get(0)?,
                    feed: row.get(1)?,
                    document: row.get(2)?,
                    part: row.get(3)?,
                    row: row.get(4)?,
                    commit_seq: row.get(5)?,
                    versions: row.get(6)?,
                    subject: row.get(7)?,
                })
            })
            .map_err(engine)?;
        rows.collect::<Result<_, _>>().map_err(engine)
    }

    /// All rows of an entity, counted by source and feed; of nobody in particular when `nobodys`.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn counts(&self, entity: &str, nobodys: bool) -> Result<Vec<LakeCount>, WarehouseFault> {
        let whose = if nobodys { "and subject_id is null" } else { "" };
        let sql = format!(
            "select source, feed, count(distinct document_id), count(*)
             from ({}) where version_rank = 1 and not tombstone group by source, feed order by 1, 2",
            self.versions(entity, whose)
        );
        let mut statement = self.connection.prepare(&sql).map_err(engine)?;
        let rows = statement
            .query_map([], |row| {
                Ok(LakeCount {
                    entity: entity.to_owned(),
                    source: row.get(0)?,
                    feed: row.get(1)?,
                    documents: row.get(2)?,
                    rows: row.get(3)?,
                })
            })
            .map_err(engine)?;
        rows.collect::<Result<_, _>>().map_err(engine)
    }
}
