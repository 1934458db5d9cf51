//! Is a release still what was published? Every byte is read again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::fault::ReleaseFault;
use super::folder;
use super::manifest::{self, Manifest};

/// What was found when a release was read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The release.
    pub id: String,
    /// Files that were read.
    pub files: usize,
    /// What is wrong; empty when all is as it was published.
    pub flaws: Vec<Flaw>,
}

/// One thing wrong with a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// The file, by its path in the release.
    pub file: String,
    /// What is wrong with it.
    pub what: &'static str,
}

/// Reads a release again and compares each file with its checksum, the manifest with its seal, and the id with the content.
///
/// # Errors
/// When there is no such release, or its manifest cannot be read at all.
pub fn verify(releases_dir: &Path, id: &str) -> Result<Verification, ReleaseFault> {
    let manifest = Manifest::read(releases_dir, id)?;
    let folder = releases_dir.join(id);
    let mut flaws = Vec::new();
    let mut flaw = |file: &str, what| flaws.push(Flaw { file: file.to_owned(), what });
    if manifest.id != id || manifest::id(&manifest.content) != id {
        flaw("manifest.json", "the id does not follow from the content");
    }
    let as_written = fs::read_to_string(folder.join("manifest.json")).ok();
    if manifest.seal != manifest.expected_seal() || as_written != Some(manifest.json()?) {
        flaw("manifest.json", "changed since it was written");
    }
    for table in &manifest.content.tables {
        let name = format!("parquet/{}.parquet", table.name);
        if manifest.files.get(&name) != Some(&table.sha256) {
            flaw(&name, "not the table that the manifest describes");
        }
    }
    for (name, sum) in &manifest.files {
        match folder::checksum(&folder.join(name)) {
            Ok(found) if found == *sum => {}
            Ok(_) => flaw(name, "changed since it was written"),
            Err(_) => flaw(name, "missing or cannot be read"),
        }
    }
    for name in names(&folder)? {
        if name != "manifest.json" && !manifest.files.contains_key(&name) {
            flaw(&name, "not part of the release");
        }
    }
    Ok(Verification { id: id.to_owned(), files: manifest.files.len() + 1, flaws })
}

/// All files of a release, by path.
fn names(folder: &Path) -> Result<BTreeSet<String>, ReleaseFault> {
    let mut names = BTreeSet::new();
    for (prefix, within) in [("", folder.to_path_buf()), ("parquet/", folder.join("parquet"))] {
        for entry in fs::read_dir(&within).map_err(|error| ReleaseFault::file(&within, &error))? {
            let entry = entry.map_err(|error| ReleaseFault::file(&within, &error))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if name != "parquet" {
                names.insert(name);
            }
        }
    }
    Ok(names)
}
