//! Rows of extracts where they should not be: in a folder of code, before it is pushed. Needs no key and no data folder.
//!
//! Every learner of an extract is written `tl`, eight characters that are the study's, an underscore and twenty-four more, so
//! that a row is known again in whatever file it turns up, shortened too, or written another way; where pseudonyms themselves are known
//! (from an extract beside its manifest, or from the data folder), by some of their digits alone. Numbers of people are known by their check letters and digits.
mod contents;
mod history;
mod ids;
mod marks;
mod written;

pub use ids::{KnownIds, Whose};
pub use marks::Mark;
use marks::Marks;

use serde::Serialize;
use std::{
    collections::{BTreeMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
};
use twox_hash::XxHash3_128;

/// A file larger than this is not looked into.
const LARGEST: u64 = 512 << 20;

/// What is known of studies: whose tag is whose, and who is not there.
#[derive(Clone, Debug, Default)]
pub struct KnownStudies {
    /// A study's tag, and its name.
    pub tags: BTreeMap<String, String>,
    /// Learners who are not there, and their study.
    pub canaries: BTreeMap<String, String>,
    /// Pseudonyms that are told by their digits alone, or by some of them.
    pub ids: KnownIds,
}

impl KnownStudies {
    /// Learns somebody who is not there.
    pub fn plant(&mut self, canary: String, study: &str) {
        self.ids.add_learner(&canary, Whose::Canary(study.to_owned()));
        self.canaries.insert(canary, study.to_owned());
    }
}

/// Something that should not be there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Found {
    /// The file, and where in the history.
    pub place: String,
    /// What: never the value.
    pub what: Mark,
    /// The study, where it is a row of one: its name, or its tag.
    pub study: Option<String>,
    /// How many different ones.
    pub n: usize,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Scanned {
    /// Files as they are now.
    pub files: u64,
    /// Other versions of files in the history.
    pub versions: u64,
    /// What should not be there.
    pub found: Vec<Found>,
    /// What could not be looked into, and why.
    pub unread: Vec<(String, &'static str)>,
}

impl Scanned {
    fn take(&mut self, place: &str, marks: Marks<'_>, known: &KnownStudies) {
        self.found.extend(marks.found(place, known));
    }

    /// Looks into the bytes of one file.
    fn look(&mut self, place: &str, bytes: &[u8], known: &KnownStudies) {
        let mut marks = Marks::new(&known.ids);
        if let Err(why) = contents::look(bytes, &mut marks, 0) {
            self.unread.push((place.to_owned(), why));
        }
        self.take(place, marks, known);
    }

    /// Looks at text: a name, a message.
    fn read(&mut self, place: &str, text: &[u8], known: &KnownStudies) {
        let mut marks = Marks::new(&known.ids);
        marks.look(text);
        self.take(place, marks, known);
    }
}

/// Looks through a folder, or at a file; and through its history, if there is one and it is asked for.
///
/// # Errors
/// When the path cannot be read.
pub fn scan(path: &Path, known: &KnownStudies, with_history: bool) -> io::Result<Scanned> {
    let mut scanned = Scanned::default();
    let mut files = Vec::new();
    if path.is_dir() {
        walk(path, &mut files)?;
    } else {
        files.push((path.to_owned(), true));
    }
    let mut seen = HashSet::new();
    for (file, is_file) in files {
        let place = file.strip_prefix(path).ok().filter(|rest| !rest.as_os_str().is_empty());
        let place = marks::told(&place.unwrap_or(&file).display().to_string(), known);
        // A file or a folder can be called after somebody.
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        scanned.read(&format!("the name of {place}"), name.as_bytes(), known);
        if !is_file {
            continue;
        }
        scanned.files += 1;
        if fs::metadata(&file)?.len() > LARGEST {
            scanned.unread.push((place, "it is too large"));
            continue;
        }
        let bytes = fs::read(&file)?;
        seen.insert(XxHash3_128::oneshot(&bytes));
        scanned.look(&place, &bytes, known);
    }
    if with_history {
        history::look(path, &seen, &mut scanned, known);
    }
    scanned.found.sort();
    Ok(scanned)
}

/// Everything in a folder, and whether it is an ordinary file; what a link leads to is not ours, and the history is looked at by itself.
fn walk(folder: &Path, files: &mut Vec<(PathBuf, bool)>) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() == ".git" {
            continue;
        }
        files.push((entry.path(), kind.is_file()));
        if kind.is_dir() {
            walk(&entry.path(), files)?;
        }
    }
    Ok(())
}
