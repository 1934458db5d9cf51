//! Where a file may be written that holds what nothing else may hold.
use super::{Exit, Halt};
use crate::config::Settings;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Refuses a place where the file would stay with the data, go into releases or be read again.
pub(super) fn may_write(settings: &Settings, to: &Path, force: bool) -> Result<(), Halt> {
    let refuse = |words: &str| Err(Halt::new(Exit::Usage, words));
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Ok(folder) = fs::canonicalize(folder) else {
        return refuse("the folder of --to is not there");
    };
    let within = |other: &Path| fs::canonicalize(other).is_ok_and(|other| folder.starts_with(other));
    // The data folder may be put together from several disks: what it links to belongs to it.
    if within(&settings.data_dir) || parts_of(&settings.data_dir).iter().any(|part| within(part)) {
        return refuse(
            "--to lies inside the data folder, where nothing identified may be: name another place",
        );
    }
    let definitions = settings
        .definitions
        .iter()
        .flat_map(|folder| std::iter::once(folder.clone()).chain(parts_of(folder)));
    if definitions.into_iter().any(|folder| within(&folder)) {
        return refuse(
            "--to lies among the definitions, which go into every release by their names: name another place",
        );
    }
    if settings.sources.iter().filter_map(|source| source.inbox.as_deref()).any(within) {
        return refuse("--to lies inside an inbox, where it would be read as a new file: name another place");
    }
    if fs::symlink_metadata(to).is_ok_and(|meta| !meta.is_file()) {
        return refuse("--to is there already and is no ordinary file: name another place");
    }
    if to.exists() && !force {
        return refuse("--to is there already; add --force to write over it");
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
