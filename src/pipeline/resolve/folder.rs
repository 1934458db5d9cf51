//! Folders of lists: what lies there is answered, for the purpose and in the name that the configuration fixes. Nothing is
//! remembered: a list whose answer is newer than it was answered.
use super::{
    super::{Site, SiteFault, Unwatched, outside, write_private},
    Ask, ResolveFault, resolve,
};
use crate::{
    config::RollFolder,
    source::inbox,
    telemetry::{self, Event},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// What a list looks like.
const LISTS: [&str; 5] = ["xlsx", "xls", "ods", "csv", "tsv"];

/// What became of the lists in a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Lists that were answered.
    pub lists: u64,
    /// Lists that were not: a text beside the answers says why.
    pub not_answered: u64,
}

/// Answers the lists in a folder that have no answer yet.
///
/// # Errors
/// When the folder of the answers is none, or the disk, the catalog or the register refuse.
pub fn answer_folder(site: &mut Site, folder: &RollFolder) -> Result<Answered, SiteFault> {
    let mut answered = Answered::default();
    if outside(&site.settings, &folder.to).is_err() {
        let why = "answers may not lie in that folder: see [resolve]";
        telemetry::emit(Event::WorkFailed { source: folder.name, why });
        return Ok(answered);
    }
    if !is_closed(&folder.to) {
        let why = "the folder of the answers is open to everybody: chmod o= it, see [resolve]";
        telemetry::emit(Event::WorkFailed { source: folder.name, why });
        return Ok(answered);
    }
    for list in lists(folder)? {
        if site.stop.is_asked() {
            break;
        }
        let (answer, words) = (to(folder, &list, "xlsx"), to(folder, &list, "txt"));
        if !has_settled(&list, site.settings.settle) || is_newer(&answer, &list) || is_newer(&words, &list) {
            continue;
        }
        let ask = Ask {
            who: &folder.user,
            by: folder.name.as_str(),
            roll: &list,
            purpose: &folder.purpose,
            view: &folder.view,
            since: None,
            day_first: folder.day_first,
            set: &[],
            suppliers: false,
        };
        match resolve(site, &ask, &mut Unwatched) {
            Ok(resolved) => {
                let count = &resolved.count;
                let (rows, found) = (count.rows, count.certain + count.likely);
                telemetry::emit(Event::ListAnswered { folder: folder.name, rows, found });
                resolved.write(|bytes| place(&answer, bytes))?;
                answered.lists += 1;
            }
            Err(ResolveFault::Site(fault)) => return Err(fault),
            Err(fault) => {
                place(&words, format!("This list was not answered: {fault}\n").as_bytes())?;
                answered.not_answered += 1;
            }
        }
    }
    Ok(answered)
}

/// The spreadsheets of a folder itself, in name order; without what a spreadsheet program lays beside an open one.
fn lists(folder: &RollFolder) -> io::Result<Vec<PathBuf>> {
    let is_list = |path: &PathBuf| {
        let ending = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
        path.parent() == Some(&folder.folder) && ending.is_some_and(|end| LISTS.contains(&end.as_str()))
    };
    let files = inbox::list(&folder.folder, "*")?;
    Ok(files.into_iter().map(|file| file.path).filter(is_list).collect())
}

/// Where a list's answer goes. Two lists of one name and several forms have an answer each.
fn to(folder: &RollFolder, list: &Path, ending: &str) -> PathBuf {
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let (stem, form) = (part(list.file_stem()), part(list.extension()));
    folder.to.join(format!("{stem} ({form}) answered.{ending}"))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn is_newer(answer: &Path, list: &Path) -> bool {
    modified(answer).zip(modified(list)).is_some_and(|(answer, list)| answer >= list)
}

/// A younger file may still be being copied.
fn has_settled(list: &Path, settle: Duration) -> bool {
    let age = modified(list).and_then(|at| at.elapsed().ok());
    settle.is_zero() || age.is_some_and(|age| age >= settle)
}

/// Whether a folder is closed to all but its owner and its group.
#[cfg(unix)]
fn is_closed(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(folder).is_ok_and(|meta| meta.permissions().mode() % 0o10 == 0)
}
#[cfg(not(unix))]
fn is_closed(_: &Path) -> bool {
    true
}

/// Lets the folder's group read an answer: the daemon's user is not who asked.
#[cfg(unix)]
fn open_to_group(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o640))
}
#[cfg(not(unix))]
fn open_to_group(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a file beside its place and moves it there: half an answer is none.
fn place(to: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let beside = to.with_file_name(format!(".{name}.unfinished"));
    if beside.exists() {
        fs::remove_file(&beside)?;
    }
    write_private(&beside, bytes)?;
    open_to_group(&beside)?;
    fs::rename(beside, to)
}
