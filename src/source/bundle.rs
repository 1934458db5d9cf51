//! A bundle of tables: a zip archive, or the folder that it was unpacked to, with a manifest that says what each table
//! is. Tables are found by their names inside; no name leads out of the bundle.
use super::{
    document::Document,
    package::{Package, problem_of},
};
use crate::{definitions::connector::Bundle as Vocabulary, fault::Problem};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

/// A manifest is a page, not a book.
const MAX_MANIFEST: u64 = 1 << 20;

/// What a table of a bundle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableMode {
    /// All rows that there are: what is not in it is gone.
    Bulk,
    /// Rows that changed.
    Delta,
    /// Not in the bundle.
    Absent,
}

/// An open bundle.
pub struct Bundle {
    place: Place,
    properties: BTreeMap<String, String>,
    modes: String,
    /// What was digested, and where it lies.
    digested: Vec<(PathBuf, Document)>,
}

enum Place {
    Archive(Package, Document),
    Folder(PathBuf),
}

impl Bundle {
    /// Opens a bundle and reads its manifest.
    pub fn open(path: &Path, vocabulary: &Vocabulary) -> Result<Self, Problem> {
        let place = if path.is_dir() {
            Place::Folder(path.to_owned())
        } else {
            let document = Document::open(path)?;
            if !document.head(2)?.starts_with(b"PK") {
                return Err(Problem::UnreadableFile);
            }
            Place::Archive(Package::open(&document)?, document)
        };
        let modes = vocabulary.modes.clone();
        let mut bundle = Self { place, properties: BTreeMap::new(), modes, digested: Vec::new() };
        let manifest = bundle.part(&vocabulary.manifest)?.ok_or(Problem::NoTable)?;
        let mut bytes = Vec::new();
        manifest.take(MAX_MANIFEST).read_to_end(&mut bytes).map_err(|error| problem_of(&error))?;
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        for record in reader.records() {
            let record = record.map_err(|_| Problem::UnreadableFile)?;
            if let (Some(name), Some(value)) = (record.get(0), record.get(1)) {
                bundle.properties.insert(name.trim().to_lowercase(), value.trim().to_lowercase());
            }
        }
        Ok(bundle)
    }

    /// What the manifest says of a table (`users.csv` is the property `file.users`). A table that it does not name is
    /// absent.
    pub fn mode(&self, table: &str) -> TableMode {
        let stem = table.rsplit_once('.').map_or(table, |(stem, _)| stem);
        let property = self.modes.replace("{name}", stem).to_lowercase();
        match self.properties.get(&property).map(String::as_str) {
            Some("bulk") => TableMode::Bulk,
            Some("delta") => TableMode::Delta,
            _ => TableMode::Absent,
        }
    }

    /// A table's text. None where the bundle lacks it.
    pub fn table(&mut self, table: &str) -> Result<Option<Box<dyn Read>>, Problem> {
        self.part(table)
    }

    /// SHA-256 of what a table is read from: the archive, or the table's own file and the manifest.
    pub fn digest(&mut self, manifest: &str, table: &str) -> Result<[u8; 32], Problem> {
        match &self.place {
            Place::Archive(_, document) => document.digest(),
            Place::Folder(folder) => {
                let mut digest = Sha256::new();
                for name in [manifest, table] {
                    if let Some(path) = within(folder, name) {
                        let document = Document::open(&path)?;
                        digest.update(document.digest()?);
                        self.digested.push((path, document));
                    }
                }
                Ok(digest.finalize().into())
            }
        }
    }

    /// Whether the bundle is still what was digested: nobody wrote to it, and no other file took a table's place.
    pub fn is_unchanged(&self) -> bool {
        match &self.place {
            Place::Archive(_, document) => document.is_unchanged(),
            Place::Folder(_) => self.digested.iter().all(|(path, document)| {
                document.is_unchanged() && Document::open(path).is_ok_and(|now| now.is_like(document))
            }),
        }
    }

    /// Tables stand at the root; a bundle that somebody zipped with its folder has them one step down.
    fn part(&mut self, name: &str) -> Result<Option<Box<dyn Read>>, Problem> {
        match &mut self.place {
            Place::Archive(package, _) => {
                let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
                let mut found = package.names().filter(|path| last(path).eq_ignore_ascii_case(name));
                let Some(path) = found.next().map(str::to_owned) else { return Ok(None) };
                if found.next().is_some() {
                    return Err(Problem::UnreadableFile);
                }
                drop(found);
                Ok(package.part(&path)?.map(|part| Box::new(part) as Box<dyn Read>))
            }
            Place::Folder(folder) => match within(folder, name) {
                Some(path) => Ok(Some(Box::new(Document::open(&path)?))),
                None => Ok(None),
            },
        }
    }
}

/// The file of this name in a folder, whatever the case of its letters.
fn within(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|own| own.eq_ignore_ascii_case(name)))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found.into_iter().next()
}
