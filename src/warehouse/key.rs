//! What a table is made of, as one number: where it is the same, the table is the same.
//!
//! Comes in: the text of the queries, the functions they call, the files, lists and day that they read. Goes out: a key
//! for each table. Promise: whatever can change a table's rows changes its key. What it reads of other tables counts by
//! their content and not by how they came about: a table made again with the same rows changes nothing after it.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::compute;
use super::connection::path_list;
use super::entity::Entity;
use super::fault::WarehouseFault;
use super::publish::sha256_of;
use super::relation::{BESIDE_LINKS, BuildContext, Inputs};
use crate::definitions::query::{Query, QuerySet};

/// Raised when the program makes tables otherwise from the same definitions.
const MADE_BY: &str = concat!("1 ", env!("CARGO_PKG_VERSION"));

/// Where a function of `_engine/` begins.
const FUNCTION: &str = "create or replace macro ";

/// Name of a table or relation to what stands for its content.
pub(super) type Contents = BTreeMap<String, String>;

/// SHA-256 over texts, each with its length, 64 hex characters.
pub(super) fn digest_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What stands for the content of every relation that no query makes.
///
/// # Errors
/// When a file whose checksum nobody gave cannot be read.
pub(super) fn of_relations(inputs: &Inputs, context: &BuildContext) -> Result<Contents, WarehouseFault> {
    let mut contents = Contents::new();
    for entity in &inputs.entities {
        let files = inputs.lake.get(&entity.name).map_or(&[][..], Vec::as_slice);
        contents.insert(format!("lake_{}", entity.name), of_lake(inputs, entity, files)?);
    }
    let beside = BESIDE_LINKS.iter().map(|(name, ..)| *name);
    for name in beside.chain(["learner_link"]) {
        let files = match name {
            "learner_link" => &inputs.links[..],
            beside => inputs.beside_links.get(beside).map_or(&[][..], Vec::as_slice),
        };
        contents.insert(name.to_owned(), digest_of(of_files(inputs, files)?.iter().map(String::as_str)));
    }
    for (list, text) in &inputs.codes {
        contents.insert(format!("code_{list}"), digest_of([text.as_str()]));
    }
    let mut given = |name: &str, text: &str| contents.insert(name.to_owned(), digest_of([text]));
    given("policy", &inputs.policy);
    given("withheld_count", &format!("{:?}", inputs.withheld));
    given("view_context", &format!("{:?}", inputs.since));
    contents.insert("build_context".to_owned(), of_context(context));
    Ok(contents)
}

/// What stands for the day to look back from and for where "here" is.
pub(super) fn of_context(context: &BuildContext) -> String {
    digest_of([format!("{} {}", context.as_of, context.home_authority).as_str()])
}

/// What stands for the content of some files of an entity.
///
/// # Errors
/// As [`of_relations`].
pub(super) fn of_lake(inputs: &Inputs, entity: &Entity, files: &[PathBuf]) -> Result<String, WarehouseFault> {
    let mut parts = vec!["lake".to_owned()];
    parts.extend(entity.columns.iter().map(|(name, kind)| format!("{name} {kind}")));
    parts.extend(of_files(inputs, files)?);
    Ok(digest_of(parts.iter().map(String::as_str)))
}

/// The checksums of files with the folder that each lies in, which the engine reads as a column; in an order of their own.
fn of_files(inputs: &Inputs, files: &[PathBuf]) -> Result<BTreeSet<String>, WarehouseFault> {
    let of_file = |file: &PathBuf| {
        let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let known = inputs.checksums.get(file).cloned();
        let sum = match known {
            Some(sum) => sum,
            None => sha256_of(file).map_err(|error| WarehouseFault::Reference {
                file: path_list(std::slice::from_ref(file)),
                what: error.kind().to_string(),
            })?,
        };
        Ok(format!("{folder} {sum}"))
    };
    files.iter().map(of_file).collect()
}

/// What makes tables beside their queries: the program, the engine and the functions of `_engine/`.
pub(super) struct Maker<'a> {
    version: String,
    functions: BTreeMap<&'a str, &'a str>,
}

impl<'a> Maker<'a> {
    /// `engine` is the engine's version.
    pub(super) fn new(queries: &'a QuerySet, engine: &str) -> Self {
        let mut pieces = queries.engine.split(FUNCTION);
        let before = pieces.next().unwrap_or_default();
        let functions: BTreeMap<&str, &str> =
            pieces.filter_map(|piece| piece.split_once('(').map(|(name, _)| (name.trim(), piece))).collect();
        let made = queries.engine.lines().filter(|line| !line.trim_start().starts_with("--"));
        let made = made.filter(|line| line.to_ascii_lowercase().contains("create")).count();
        // A site's own file may be written otherwise: then every table is taken to call all of it.
        let all = if made == functions.len() { before } else { &queries.engine };
        Self { version: digest_of([MADE_BY, engine, all]), functions }
    }

    /// The key of a table: changes with its text, with the functions it calls (of a computed one with the text of the
    /// program that computes) and with the content of what it reads.
    pub(super) fn key(&self, query: &Query, contents: &Contents) -> String {
        let mut parts =
            vec![self.version.as_str(), query.name.as_str(), query.file.as_str(), query.sha256.as_str()];
        for (name, text) in self.called(&query.sql) {
            parts.extend([name, text]);
        }
        if query.computed.is_some() {
            parts.extend(compute::SOURCES.iter().map(|(_, text)| *text));
        }
        for name in &query.reads {
            parts.extend([name.as_str(), contents.get(name).map_or("", String::as_str)]);
        }
        digest_of(parts)
    }

    /// The functions that a text calls, and those that these call.
    fn called(&self, text: &str) -> BTreeMap<&'a str, &'a str> {
        let mut called = BTreeMap::new();
        let mut texts = vec![text];
        while let Some(text) = texts.pop() {
            for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
                if let Some((name, text)) = self.functions.get_key_value(word)
                    && called.insert(*name, *text).is_none()
                {
                    texts.push(text);
                }
            }
        }
        called
    }
}
