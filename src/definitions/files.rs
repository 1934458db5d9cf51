use super::Complaint;
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, path::Path};

static CONNECTORS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/connectors");
static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas");
static QUERIES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/queries");

/// One definition file.
#[derive(Clone, Debug)]
pub struct DefinitionFile {
    /// Its text.
    pub text: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Whether a site's file stands in for the built-in one.
    pub overlaid: bool,
}

/// All definition files by path (`connectors/wonde.toml`), built-in ones with a site's laid over them.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<String, DefinitionFile>);

impl Files {
    /// Gathers the files. A site folder holds `connectors/`, `schemas/` and `queries/` of its own.
    pub fn load(overlay: Option<&Path>) -> Result<Self, Vec<Complaint>> {
        let mut files = Self::default();
        for (folder, dir) in [("connectors", &CONNECTORS), ("schemas", &SCHEMAS), ("queries", &QUERIES)] {
            files.embed(folder, dir);
        }
        let mut complaints = Vec::new();
        if let Some(site) = overlay {
            for folder in ["connectors", "schemas", "queries"] {
                files.overlay(site, &site.join(folder), &mut complaints);
            }
        }
        if complaints.is_empty() { Ok(files) } else { Err(complaints) }
    }

    fn embed(&mut self, folder: &str, dir: &Dir<'_>) {
        for file in dir.files() {
            if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
                self.insert(format!("{folder}/{path}"), text.to_owned(), false);
            }
        }
        for inner in dir.dirs() {
            self.embed(folder, inner);
        }
    }

    fn overlay(&mut self, site: &Path, folder: &Path, complaints: &mut Vec<Complaint>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let shown = path.strip_prefix(site).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                self.overlay(site, &path, complaints);
            } else {
                match fs::read_to_string(&path) {
                    Ok(text) => self.insert(shown, text, true),
                    Err(_) => complaints.push(Complaint::file(
                        &shown,
                        "cannot be read as UTF-8 text",
                        "close it elsewhere, or save it as UTF-8",
                    )),
                }
            }
        }
    }

    /// Lays one more file over the others.
    pub(super) fn add(&mut self, path: &str, text: &str) {
        self.insert(path.to_owned(), text.to_owned(), true);
    }

    fn insert(&mut self, path: String, text: String, overlaid: bool) {
        let sha256 = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.insert(path, DefinitionFile { text, sha256, overlaid });
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(|file| file.text.as_str())
    }

    /// Files under a folder with an extension: (path, stem, file).
    pub fn under<'a>(
        &'a self,
        folder: &'a str,
        extension: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str, &'a DefinitionFile)> {
        self.0.iter().filter_map(move |(path, file)| {
            let name = path.strip_prefix(folder)?.strip_prefix('/')?;
            let stem = name.rsplit('/').next()?.strip_suffix(extension)?.strip_suffix('.')?;
            Some((path.as_str(), stem, file))
        })
    }

    /// Path and checksum of every file.
    pub fn checksums(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(path, file)| (path.clone(), file.sha256.clone())).collect()
    }

    /// Paths that a site's folder replaced or added.
    pub fn overlaid(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, file)| file.overlaid).map(|(path, _)| path.as_str())
    }
}
