//! Rows of a study that a process of ours is given to read, and that nobody finds afterwards. Where the system can, they lie in
//! memory behind a path that leads there for this process and for those that it begins: whenever any of them is killed, nothing is
//! left. Elsewhere they lie in a folder of this process, until it is done.
use crate::catalog::private_folder;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Tables that are lent, each by a path; taken back when this is dropped.
pub(super) struct Lent {
    folder: PathBuf,
    files: BTreeMap<String, PathBuf>,
    in_memory: Vec<File>,
}

impl Lent {
    /// None as yet. `folder` is where they lie where memory has no paths.
    pub(super) fn none(folder: PathBuf) -> Self {
        Self { folder, files: BTreeMap::new(), in_memory: Vec::new() }
    }

    /// The path of each table.
    pub(super) const fn files(&self) -> &BTreeMap<String, PathBuf> {
        &self.files
    }

    /// Lends a table.
    pub(super) fn lend(&mut self, table: &str, bytes: &[u8]) -> io::Result<()> {
        let path = match in_memory(bytes) {
            Some((path, file)) => {
                self.in_memory.push(file);
                path
            }
            None => on_disk(&self.folder, table, bytes)?,
        };
        self.files.insert(table.to_owned(), path);
        Ok(())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // What cannot be removed is swept with the folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A file that has no name; none where the system knows of no such thing, or of no path to it.
#[cfg(target_os = "linux")]
fn in_memory(bytes: &[u8]) -> Option<(PathBuf, File)> {
    use rustix::fs::{MemfdFlags, memfd_create};
    use std::{io::Write, os::fd::AsRawFd};
    // Not closed where another program is begun: that program is to read it.
    let mut file = File::from(memfd_create("rows", MemfdFlags::empty()).ok()?);
    file.write_all(bytes).ok()?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    path.is_file().then_some((path, file))
}
#[cfg(not(target_os = "linux"))]
fn in_memory(_: &[u8]) -> Option<(PathBuf, File)> {
    None
}

fn on_disk(folder: &Path, table: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    private_folder(folder)?;
    let path = folder.join(format!("{table}.parquet"));
    super::super::write_private(&path, bytes)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_lent_is_read_by_a_process_of_ours_and_lies_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("study-1");
        let mut lent = Lent::none(folder.clone());
        lent.lend("outcome", b"some rows").unwrap();
        lent.lend("spell", b"others").unwrap();
        assert!(!folder.exists(), "no file has a name");
        for (table, said) in [("outcome", "some rows"), ("spell", "others")] {
            let read = Command::new("cat").env_clear().arg(&lent.files()[table]).output().unwrap();
            assert_eq!(String::from_utf8(read.stdout).unwrap(), said);
        }
        let path = lent.files()["spell"].clone();
        drop(lent);
        assert!(fs::read(path).map_or(true, |bytes| bytes != b"others"), "taken back");
    }

    #[test]
    fn on_a_disk_it_lies_in_a_folder_of_its_own_until_it_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("study-1");
        let lent = Lent::none(folder.clone());
        let path = on_disk(&folder, "outcome", b"some rows").unwrap();
        assert_eq!(fs::read(path).unwrap(), b"some rows");
        drop(lent);
        assert!(!folder.exists());
    }
}
