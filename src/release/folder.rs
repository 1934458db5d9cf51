//! The folder of releases: a release appears whole, by one rename, and `current` moves by another.

use crate::fault::failpoint;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::TableFile;
use super::fault::ReleaseFault;
use super::manifest::{hex, sha256};

const CURRENT: &str = "current";
/// How the name of what is being written begins: no release's name does.
const NEW: &str = ".new-";

/// A release that is being written, under a name that nobody takes for a release. Gone again if it is not finished.
pub(super) struct Draft {
    folder: PathBuf,
    target: PathBuf,
    checksums: BTreeMap<String, String>,
    is_finished: bool,
}

impl Draft {
    /// An empty draft; what a killed run left of the same release is swept away.
    pub fn begin(releases_dir: &Path, id: &str) -> Result<Self, ReleaseFault> {
        let folder = releases_dir.join(format!("{NEW}{id}"));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| ReleaseFault::file(&folder, &error))?;
        }
        let parquet = folder.join("parquet");
        create(&folder)?;
        create(&parquet)?;
        let target = releases_dir.join(id);
        Ok(Self { folder, target, checksums: BTreeMap::new(), is_finished: false })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// SHA-256 of each file so far, by path.
    pub fn checksums(&self) -> &BTreeMap<String, String> {
        &self.checksums
    }

    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), ReleaseFault> {
        let path = self.path(name);
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            seal(&file)
        });
        written.map_err(|error| ReleaseFault::file(&path, &error))?;
        self.checksums.insert(name.to_owned(), sha256(bytes));
        Ok(())
    }

    /// Takes in a file that something else wrote into the draft.
    pub fn add_written(&mut self, name: &str) -> Result<(), ReleaseFault> {
        let path = self.path(name);
        let sum = checksum(&path)
            .and_then(|sum| File::open(&path).and_then(|file| seal(&file)).map(|()| sum))
            .map_err(|error| ReleaseFault::file(&path, &error))?;
        self.checksums.insert(name.to_owned(), sum);
        Ok(())
    }

    /// Copies a table, and proves that the copy is what was built.
    pub fn copy_table(&mut self, table: &TableFile) -> Result<(), ReleaseFault> {
        let name = format!("parquet/{}.parquet", table.name);
        let path = self.path(&name);
        fs::copy(&table.path, &path).map_err(|error| ReleaseFault::file(&table.path, &error))?;
        self.add_written(&name)?;
        match self.checksums.get(&name) {
            Some(sum) if *sum == table.sha256 => Ok(()),
            _ => Err(ReleaseFault::TableChanged { table: table.name.clone() }),
        }
    }

    /// Makes it a release. Everything is on the disk before its name is.
    pub fn finish(mut self) -> Result<(), ReleaseFault> {
        let parquet = self.path("parquet");
        sync_folder(&parquet)?;
        sync_folder(&self.folder)?;
        reach("release.written", &self.folder)?;
        fs::rename(&self.folder, &self.target).map_err(|error| ReleaseFault::file(&self.target, &error))?;
        self.is_finished = true;
        reach("release.renamed", &self.target)?;
        self.target.parent().map_or(Ok(()), sync_folder)
    }
}

/// The releases that are being written, or that a process was killed over.
pub fn drafts(releases_dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(releases_dir).into_iter().flatten().flatten();
    let is_draft = |path: &PathBuf| {
        path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(NEW))
    };
    entries.map(|entry| entry.path()).filter(is_draft).collect()
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_finished {
            // Nothing to be done if it fails: the next run sweeps it, and its name is not a release's.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// On the disk, and not to be written again.
fn seal(file: &File) -> io::Result<()> {
    file.set_permissions(read_only(file)?)?;
    file.sync_all()
}

/// For the owner and the group to read, and for nobody else.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn read_only(_: &File) -> io::Result<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::Permissions::from_mode(0o440))
}

#[cfg(not(unix))]
fn read_only(file: &File) -> io::Result<fs::Permissions> {
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(true);
    Ok(permissions)
}

/// A folder that the owner may change and the group may look into. One that is there already is left as it is.
pub(super) fn create(folder: &Path) -> Result<(), ReleaseFault> {
    if folder.is_dir() {
        return Ok(());
    }
    let created = fs::create_dir_all(folder).and_then(|()| group_may_look(folder));
    created.map_err(|error| ReleaseFault::file(folder, &error))
}

#[cfg(unix)]
fn group_may_look(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o750))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn group_may_look(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A place where a test may stop the program.
fn reach(point: &'static str, at: &Path) -> Result<(), ReleaseFault> {
    failpoint(point).map_err(|error| ReleaseFault::file(at, &error))
}

fn sync_folder(folder: &Path) -> Result<(), ReleaseFault> {
    let synced = if cfg!(unix) { File::open(folder).and_then(|open| open.sync_all()) } else { Ok(()) };
    synced.map_err(|error| ReleaseFault::file(folder, &error))
}

/// SHA-256 of a file, 64 hex characters.
pub(super) fn checksum(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}

/// Points `current` to a release. Whoever looks sees the old one or the new one, never none.
pub(super) fn point_current(releases_dir: &Path, id: &str) -> Result<(), ReleaseFault> {
    if current(releases_dir)?.as_deref() == Some(id) {
        return Ok(());
    }
    let new = releases_dir.join(format!(".current-{id}"));
    let pointed = match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => link(id, &new).and_then(|()| fs::rename(&new, releases_dir.join(CURRENT))),
    };
    pointed.map_err(|error| ReleaseFault::file(Path::new(CURRENT), &error))?;
    reach("release.current", releases_dir)?;
    sync_folder(releases_dir)
}

#[cfg(unix)]
fn link(id: &str, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(id, at)
}

/// Where links need rights that people do not have: a file that holds the id.
#[cfg(not(unix))]
fn link(id: &str, at: &Path) -> io::Result<()> {
    fs::write(at, id)
}

/// The id that `current` points to; none when nothing was published yet.
///
/// # Errors
/// When `current` is there and cannot be read.
pub fn current(releases_dir: &Path) -> Result<Option<String>, ReleaseFault> {
    let path = releases_dir.join(CURRENT);
    let target = if cfg!(unix) {
        fs::read_link(&path).map(|target| target.to_string_lossy().into_owned())
    } else {
        fs::read_to_string(&path)
    };
    match target {
        Ok(id) => Ok(Some(id).filter(|id| is_id(id))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ReleaseFault::file(&path, &error)),
    }
}

/// Whether a text has the form of an id.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The ids in a folder of releases, in order; none when there is no such folder.
///
/// # Errors
/// When the folder cannot be read.
pub fn ids(releases_dir: &Path) -> Result<Vec<String>, ReleaseFault> {
    let entries = match fs::read_dir(releases_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ReleaseFault::file(releases_dir, &error)),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| ReleaseFault::file(releases_dir, &error))?.file_name();
        ids.extend(name.into_string().ok().filter(|name| is_id(name)));
    }
    ids.sort();
    Ok(ids)
}
