//! Where a file may be written that holds what nothing else may hold.
use super::{Exit, Halt};
use crate::{config::Settings, pipeline::outside};
use std::{fs, path::Path};

/// Refuses a place where the file would stay with the data, go into releases or be read again. `option` names the place
/// to whoever typed it.
pub(super) fn may_write(settings: &Settings, to: &Path, force: bool, option: &str) -> Result<(), Halt> {
    let refuse = |words: &str| Err(Halt::new(Exit::Usage, format!("{option} {words}")));
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if let Err(why) = outside(settings, folder) {
        return refuse(&format!("cannot be used: {why}; name another place"));
    }
    if fs::symlink_metadata(to).is_ok_and(|meta| !meta.is_file()) {
        return refuse("is there already and is no ordinary file: name another place");
    }
    if to.exists() && !force {
        return refuse("is there already; add --force to write over it");
    }
    Ok(())
}

/// The same for a folder that may still have to be made: what there is of the way to it lies outside.
pub(super) fn may_write_folder(settings: &Settings, folder: &Path, option: &str) -> Result<(), Halt> {
    let mut way = folder.ancestors().filter(|part| !part.as_os_str().is_empty());
    let there = way.find(|part| part.is_dir()).unwrap_or(Path::new("."));
    outside(settings, there)
        .map_err(|why| Halt::new(Exit::Usage, format!("{option} cannot be used: {why}; name another place")))
}

/// The same for a workbook.
pub(super) fn may_write_workbook(
    settings: &Settings,
    to: &Path,
    force: bool,
    option: &str,
) -> Result<(), Halt> {
    let ending = to.extension().and_then(|end| end.to_str());
    if !ending.is_some_and(|end| end.eq_ignore_ascii_case("xlsx")) {
        return Err(Halt::new(Exit::Usage, format!("{option} names a workbook: OUT.xlsx")));
    }
    may_write(settings, to, force, option)
}
