//! The manifest: what a release is, so exactly that its id follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::fault::ReleaseFault;
use super::folder;
use super::{Column, Coverage, ReleaseInput};

/// All that the id follows from. No clock, no run id, no path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    /// Written 2026-03-31.
    pub as_of: String,
    pub home_authority: String,
    pub synthetic: bool,
    /// By name.
    pub tables: Vec<Table>,
    pub definitions: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    pub name: String,
    pub title: String,
    pub grain: Vec<String>,
    pub columns: Vec<Column>,
    pub purposes: Vec<String>,
    pub rows: u64,
    pub sha256: String,
}

/// What made the files. Outside the id: the same content made by another version is the same release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Provenance {
    pub program: String,
    pub engine: String,
    /// Under which key its pseudonyms were made, by fingerprint: after the key is replaced they are no longer the lake's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key_fingerprint: String,
}

impl Provenance {
    pub fn new(engine: String, key_fingerprint: &str) -> Self {
        let program = concat!("throughline ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { program, engine, key_fingerprint: key_fingerprint.to_owned() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub id: String,
    pub content: Content,
    pub coverage: Vec<Coverage>,
    /// SHA-256 of every file of the release but this one, by path.
    pub files: BTreeMap<String, String>,
    pub provenance: Provenance,
    /// SHA-256 of all of the above.
    pub seal: String,
}

/// The content of a release, with its tables in order.
pub(super) fn content(input: &ReleaseInput) -> Result<Content, ReleaseFault> {
    if input.tables.is_empty() {
        return Err(ReleaseFault::Empty);
    }
    all_are_names(input.tables.iter().map(|table| &table.name))?;
    let mut tables = Vec::new();
    for table in &input.tables {
        all_are_names(table.columns.iter().map(|column| &column.name))?;
        let mut purposes = table.purposes.clone();
        purposes.sort();
        tables.push(Table {
            name: table.name.clone(),
            title: table.title.clone(),
            grain: table.grain.clone(),
            columns: table.columns.clone(),
            purposes,
            rows: table.rows,
            sha256: table.sha256.clone(),
        });
    }
    tables.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Content {
        as_of: input.as_of.format("%Y-%m-%d").to_string(),
        home_authority: input.home_authority.clone(),
        synthetic: input.synthetic,
        tables,
        definitions: input.definitions.clone(),
    })
}

fn all_are_names<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), ReleaseFault> {
    let mut seen = BTreeSet::new();
    for name in names {
        let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        let is_plain = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_';
        if !starts_well || !name.chars().all(is_plain) || !seen.insert(name) {
            return Err(ReleaseFault::Name { name: name.clone() });
        }
    }
    Ok(())
}

/// The first 32 hex characters of the SHA-256 of the content's canonical JSON.
pub(super) fn id(content: &Content) -> String {
    let mut digest = sha256(canonical_of(content).as_bytes());
    digest.truncate(32);
    digest
}

/// SHA-256 as 64 hex characters.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.concat()
}

impl Manifest {
    pub fn new(
        id: &str,
        content: Content,
        coverage: Vec<Coverage>,
        files: BTreeMap<String, String>,
        provenance: Provenance,
    ) -> Self {
        let mut manifest =
            Self { id: id.to_owned(), content, coverage, files, provenance, seal: String::new() };
        manifest.seal = manifest.expected_seal();
        manifest
    }

    /// As it stands in the file.
    pub fn json(&self) -> Result<String, ReleaseFault> {
        pretty(self).ok_or_else(|| ReleaseFault::Manifest { id: self.id.clone() })
    }

    pub fn read(releases_dir: &Path, id: &str) -> Result<Self, ReleaseFault> {
        if !folder::is_id(id) || !releases_dir.join(id).is_dir() {
            return Err(ReleaseFault::NotFound { id: id.to_owned() });
        }
        let path = releases_dir.join(id).join("manifest.json");
        let text = fs::read(&path).map_err(|error| ReleaseFault::file(&path, &error))?;
        serde_json::from_slice(&text).map_err(|_| ReleaseFault::Manifest { id: id.to_owned() })
    }

    /// The seal that goes with everything else in it.
    pub fn expected_seal(&self) -> String {
        sha256(canonical_of(&Self { seal: String::new(), ..self.clone() }).as_bytes())
    }
}

/// Indented JSON with a final line end.
pub(super) fn pretty(value: &impl Serialize) -> Option<String> {
    serde_json::to_string_pretty(value).ok().map(|text| text + "\n")
}

/// JSON with keys in order and no white space: one text for one meaning.
fn canonical_of(value: &impl Serialize) -> String {
    let mut text = String::new();
    canonical(&serde_json::to_value(value).unwrap_or_default(), &mut text);
    text
}

fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, &Value> = members.iter().collect();
            text.push('{');
            for (at, (key, member)) in members.into_iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                canonical(member, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                canonical(item, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_does_not_depend_on_the_order_of_keys() {
        let one: Value =
            serde_json::from_str(r#"{ "b": [1, {"z": null, "a": "x\"y"}], "a": true }"#).unwrap();
        let mut text = String::new();
        canonical(&one, &mut text);
        assert_eq!(text, r#"{"a":true,"b":[1,{"a":"x\"y","z":null}]}"#);
    }
}
