use crate::fault::failpoint;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// A file in the making. It grows under a temporary name and stands at its own, whole and synced, or not at all; what
/// is not placed is removed when it is dropped.
pub struct Unfinished {
    data_dir: PathBuf,
    path: PathBuf,
    growing: PathBuf,
    writer: BufWriter<File>,
    sha256: Sha256,
    bytes: u64,
    placed: bool,
}

impl Unfinished {
    /// Begins a file that will lie at `path`, relative to the data folder.
    pub fn create(data_dir: &Path, path: &Path) -> io::Result<Self> {
        let tmp = data_dir.join("tmp");
        private_folder(&tmp)?;
        let growing = tmp.join(path.to_string_lossy().replace('/', "-"));
        let writer = BufWriter::with_capacity(64 << 10, create_private(&growing)?);
        Ok(Self {
            data_dir: data_dir.to_owned(),
            path: path.to_owned(),
            growing,
            writer,
            sha256: Sha256::new(),
            bytes: 0,
            placed: false,
        })
    }

    /// Where it will lie, relative to the data folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Syncs it, gives it its name, and syncs the folders up to the data folder that this made. Returns its size and
    /// its SHA-256 in hex. A failed sync is never tried again on the same file: the file is given up.
    pub fn place(mut self) -> io::Result<(u64, String)> {
        self.writer.flush()?;
        failpoint("stage.written")?;
        self.writer.get_ref().sync_all()?;
        failpoint("stage.synced")?;
        let home = self.data_dir.join(&self.path);
        let made = home.parent().map_or(Ok(Vec::new()), make_folders)?;
        fs::rename(&self.growing, &home)?;
        self.placed = true;
        failpoint("stage.renamed")?;
        if let Some(folder) = home.parent() {
            File::open(folder)?.sync_all()?;
        }
        for parent in made {
            File::open(parent)?.sync_all()?;
        }
        failpoint("stage.folder_synced")?;
        let digest = std::mem::take(&mut self.sha256).finalize();
        Ok((self.bytes, digest.iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.writer.write(bytes)?;
        self.sha256.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed is swept with the folder.
            let _ = fs::remove_file(&self.growing);
        }
    }
}

/// Makes a folder and those above it, open to their owner alone. Returns the folders that gained an entry.
fn make_folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut missing = Vec::new();
    let mut at = folder;
    while !at.is_dir() {
        missing.push(at.to_owned());
        let Some(parent) = at.parent() else { break };
        at = parent;
    }
    private_folder(folder)?;
    Ok(missing.iter().filter_map(|made| made.parent().map(Path::to_owned)).collect())
}

/// Makes a folder, and those above it, with mode 0700.
#[cfg(unix)]
pub fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
/// Makes a folder and those above it.
#[cfg(not(unix))]
pub fn private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// A new file that only its owner may read or write. Never one that is there already.
pub fn private_file(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().write(true).create_new(true), path)
}

fn create_private(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().write(true).create(true).truncate(true), path)
}

fn private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = PathBuf::from("a/b/c.bin");
        let mut dropped = Unfinished::create(dir.path(), &path).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert!(!dir.path().join(&path).exists());
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
        let mut file = Unfinished::create(dir.path(), &path).unwrap();
        file.write_all(b"whole").unwrap();
        let (bytes, sha256) = file.place().unwrap();
        assert_eq!((bytes, fs::read(dir.path().join(&path)).unwrap()), (5, b"whole".to_vec()));
        assert!(sha256.starts_with("5d5766cf"), "{sha256}");
    }
}
