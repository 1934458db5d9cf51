//! Where a workbook that may hold names can be written, and how: outside everything that the program keeps or reads.
use crate::{catalog::private_file, config::Settings};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Why a folder is no place for what may hold names, if so.
pub fn outside(settings: &Settings, folder: &Path) -> Result<(), &'static str> {
    let Ok(folder) = fs::canonicalize(folder) else {
        return Err("the folder is not there");
    };
    let within = |other: &Path| fs::canonicalize(other).is_ok_and(|other| folder.starts_with(other));
    // The data folder may be put together from several disks: what it links to belongs to it.
    if within(&settings.data_dir) || parts_of(&settings.data_dir).iter().any(|part| within(part)) {
        return Err("it lies inside the data folder, where nothing identified may be");
    }
    let definitions = settings
        .definitions
        .iter()
        .flat_map(|folder| std::iter::once(folder.clone()).chain(parts_of(folder)));
    if definitions.into_iter().any(|folder| within(&folder)) {
        return Err("it lies among the definitions, which go into every release by their names");
    }
    if settings.sources.iter().filter_map(|source| source.inbox.as_deref()).any(within) {
        return Err("it lies inside an inbox, where it would be read as a new file");
    }
    Ok(())
}

/// What lies in a folder and one step below (a linked lake, a release), as links lead to it.
fn parts_of(folder: &Path) -> Vec<PathBuf> {
    let inside = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    let parts = inside(folder);
    let below: Vec<PathBuf> = parts.iter().flat_map(|part| inside(part)).collect();
    [parts, below].concat().into_iter().filter(|part| part.is_dir()).collect()
}

/// Writes a new file that only its owner may read.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
