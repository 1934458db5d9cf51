//! Immutable, citable snapshots of the published tables.
//!
//! What comes in: the tables that a build wrote, with the checksums of everything they were made from. What goes out: a
//! folder named by its content. What it promises: the same content is the same id; a release is there whole or not at all; once
//! there it is never written to again; one changed byte is found.
//!
//! Published twice in two places by one version of the program, the same content gives the same bytes in every file, the
//! database among them.
//!
//! ```text
//! <releases>/<id>/ manifest.json  parquet/<table>.parquet  warehouse.duckdb  codebook.html  codebook.json  README.md
//! <releases>/current -> <id>
//! ```
//!
//! A release is row-level and so *pseudonymised personal data*, its aggregates included. What leaves the controller goes
//! through [`disclosure`](crate::disclosure) first.

mod codebook;
mod codebook_html;
mod fault;
mod folder;
mod manifest;
mod readme;
mod verify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::Serialize;

pub use fault::ReleaseFault;
pub use folder::{current, drafts, ids};
pub use verify::{Flaw, Verification, verify};

use crate::warehouse::{self, DatabaseTable, Limits};
use folder::Draft;
use manifest::Manifest;

/// A published table on disk, as the build wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// Table name: lower case, digits, underscores.
    pub name: String,
    /// One line that says what a row is about.
    pub title: String,
    /// The columns that name a row.
    pub grain: Vec<String>,
    /// The columns, in the order of the file.
    pub columns: Vec<Column>,
    /// The purposes it may serve.
    pub purposes: Vec<String>,
    /// Number of rows.
    pub rows: u64,
    /// The Parquet file.
    pub path: PathBuf,
    /// SHA-256 of the file, 64 hex characters.
    pub sha256: String,
}

/// A column of a published table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, in the engine's SQL.
    #[serde(rename = "type")]
    pub sql_type: String,
    /// What it holds, and what an empty cell means.
    pub description: String,
}

/// How much of a release came from where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
pub struct Coverage {
    /// The source's name in the configuration.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// Rows that were read.
    pub rows: u64,
}

/// Codes and what they mean, by table and column.
pub type Words = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

/// All that a release is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseInput {
    /// The published tables, in any order.
    pub tables: Vec<TableFile>,
    /// Checksums of schemas, code lists, queries and connectors: path within the definitions to SHA-256.
    pub definitions: BTreeMap<String, String>,
    /// Of columns that hold codes, by table and column: each code and what it means. As the definitions say, and so no part of the
    /// content beside them.
    pub words: Words,
    /// The day that the build looked back from.
    pub as_of: NaiveDate,
    /// The authority that runs the instance, three digits.
    pub home_authority: String,
    /// Rows read, by source and entity, in any order.
    pub coverage: Vec<Coverage>,
    /// What the codebook and the page beside the data may say of each number of rows: none where it may not be told. They travel further
    /// than rows do. No part of the content.
    pub rows_told: BTreeMap<u64, Option<u64>>,
    /// True when every learner is made up.
    pub synthetic: bool,
    /// The fingerprint of the key that its pseudonyms are of. No part of the content.
    pub key_fingerprint: String,
    /// How much of the machine the engine may use to write the database. No part of the content.
    pub limits: Limits,
}

/// A release that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Its id: 32 hex characters, which follow from its content alone.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// False when the same content had been published before, and nothing was written.
    pub is_new: bool,
}

/// One line about a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Its id.
    pub id: String,
    /// The day that the build looked back from, written 2026-03-31.
    pub as_of: String,
    /// The authority, three digits.
    pub home_authority: String,
    /// Number of tables.
    pub tables: usize,
    /// Rows of all tables together.
    pub rows: u64,
    /// True when every learner is made up.
    pub synthetic: bool,
    /// Whether `current` points to it.
    pub is_current: bool,
}

/// A table of a release, as its manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedTable {
    /// One line that says what a row is about.
    pub title: String,
    /// The columns that name a row.
    pub grain: Vec<String>,
    /// The columns, in the order of the file.
    pub columns: Vec<Column>,
    /// The purposes it may serve.
    pub purposes: Vec<String>,
    /// The Parquet file.
    pub path: PathBuf,
    /// The fingerprint of the key that its pseudonyms are of; empty where an early release does not say.
    pub key_fingerprint: String,
}

/// Looks a table of a release up; none where the release has no such table.
///
/// # Errors
/// When there is no such release, or its manifest cannot be read.
pub fn table(releases_dir: &Path, id: &str, name: &str) -> Result<Option<ReleasedTable>, ReleaseFault> {
    Ok(tables(releases_dir, id)?.remove(name))
}

/// The tables of a release, by name.
///
/// # Errors
/// When there is no such release, or its manifest cannot be read.
pub fn tables(releases_dir: &Path, id: &str) -> Result<BTreeMap<String, ReleasedTable>, ReleaseFault> {
    let manifest = Manifest::read(releases_dir, id)?;
    let key_fingerprint = manifest.provenance.key_fingerprint;
    let released = manifest.content.tables.into_iter().map(|table| {
        let path = releases_dir.join(id).join("parquet").join(format!("{}.parquet", table.name));
        let key_fingerprint = key_fingerprint.clone();
        let released = ReleasedTable {
            title: table.title,
            grain: table.grain,
            columns: table.columns,
            purposes: table.purposes,
            path,
            key_fingerprint,
        };
        (table.name, released)
    });
    Ok(released.collect())
}

/// Publishes a release and points `current` to it. The same content again writes nothing, and says so.
///
/// # Errors
/// [`ReleaseFault`]: when a table's file is not what its checksum says, when a release of that id is there and damaged, or
/// when the folder cannot be written. Whatever goes wrong, no half release is left behind under an id.
pub fn publish(input: &ReleaseInput, releases_dir: &Path) -> Result<Release, ReleaseFault> {
    let content = manifest::content(input)?;
    let id = manifest::id(&content);
    let folder = releases_dir.join(&id);
    folder::create(releases_dir)?;
    let is_new = !folder.exists();
    if is_new {
        write(input, content, &id, releases_dir)?;
    } else {
        let found = verify(releases_dir, &id)?;
        if !found.flaws.is_empty() {
            return Err(ReleaseFault::Damaged { id, flaws: found.flaws.len() });
        }
    }
    folder::point_current(releases_dir, &id)?;
    Ok(Release { id, folder, is_new })
}

fn write(
    input: &ReleaseInput,
    content: manifest::Content,
    id: &str,
    releases_dir: &Path,
) -> Result<(), ReleaseFault> {
    let mut draft = Draft::begin(releases_dir, id)?;
    for table in &input.tables {
        draft.copy_table(table)?;
    }
    let engine = write_database(&draft, &content.tables, &input.limits)?;
    draft.add_written("warehouse.duckdb")?;
    let mut coverage = input.coverage.clone();
    coverage.sort();
    let codebook = codebook::Codebook::new(id, &content, (&coverage, &input.words), &input.rows_told);
    draft.add("codebook.json", codebook.json()?.as_bytes())?;
    draft.add("codebook.html", codebook_html::page(&codebook).as_bytes())?;
    draft.add("README.md", readme::page(&codebook).as_bytes())?;
    let made_by = manifest::Provenance::new(engine, &input.key_fingerprint);
    let manifest = Manifest::new(id, content, coverage, draft.checksums().clone(), made_by);
    draft.add("manifest.json", manifest.json()?.as_bytes())?;
    draft.finish()
}

/// The same tables as one database, for those who would rather open one. Gives what wrote it.
fn write_database(
    draft: &Draft,
    tables: &[manifest::Table],
    limits: &Limits,
) -> Result<String, ReleaseFault> {
    let tables: Vec<DatabaseTable> = tables
        .iter()
        .map(|table| DatabaseTable {
            name: table.name.clone(),
            title: table.title.clone(),
            columns: table
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.description.clone()))
                .collect(),
            file: draft.path("parquet").join(format!("{}.parquet", table.name)),
        })
        .collect();
    let version = warehouse::write_database(&draft.path("warehouse.duckdb"), &tables, limits)
        .map_err(|fault| ReleaseFault::Database { what: fault.to_string() })?;
    Ok(format!("DuckDB {version}"))
}

/// The releases of a folder, by the day they look back from, then by id.
///
/// # Errors
/// When the folder or a manifest cannot be read.
pub fn list(releases_dir: &Path) -> Result<Vec<Summary>, ReleaseFault> {
    let current = current(releases_dir)?;
    let mut found = Vec::new();
    for id in folder::ids(releases_dir)? {
        let manifest = Manifest::read(releases_dir, &id)?;
        found.push(Summary {
            as_of: manifest.content.as_of.clone(),
            home_authority: manifest.content.home_authority.clone(),
            tables: manifest.content.tables.len(),
            rows: manifest.content.tables.iter().map(|table| table.rows).sum(),
            synthetic: manifest.content.synthetic,
            is_current: current.as_ref() == Some(&id),
            id,
        });
    }
    found.sort_by(|one, other| (&one.as_of, &one.id).cmp(&(&other.as_of, &other.id)));
    Ok(found)
}
