//! A file of an inbox, opened once: what is digested is what is read.
use crate::fault::Problem;
use sha2::{Digest, Sha256};
use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// An open file. Clones read from places of their own.
#[derive(Clone)]
pub struct Document {
    file: Arc<File>,
    len: u64,
    modified: Option<SystemTime>,
    at: u64,
}

impl Document {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let file = File::open(path).map_err(|_| Problem::UnreadableFile)?;
        let meta = file.metadata().map_err(|_| Problem::UnreadableFile)?;
        if !meta.is_file() {
            return Err(Problem::UnreadableFile);
        }
        Ok(Self { file: Arc::new(file), len: meta.len(), modified: meta.modified().ok(), at: 0 })
    }

    /// Its size in bytes when it was opened.
    pub const fn size(&self) -> u64 {
        self.len
    }

    /// Whether nobody has written to it for so long. A clock that was set back does not make a file young for ever:
    /// what lies in the future counts as settled.
    pub fn has_settled(&self, settle: Duration) -> bool {
        settle.is_zero()
            || self.modified.is_none_or(|modified| modified.elapsed().map_or(true, |age| age >= settle))
    }

    /// Whether the file is still what it was when it was opened.
    pub fn is_unchanged(&self) -> bool {
        let same = |meta: Metadata| meta.len() == self.len && meta.modified().ok() == self.modified;
        self.file.metadata().is_ok_and(same)
    }

    /// Whether another file has the size and time of this one.
    pub fn is_like(&self, other: &Self) -> bool {
        self.len == other.len && self.modified == other.modified
    }

    /// SHA-256 of its bytes, read a block at a time. Kept in memory alone: what is stored is keyed.
    pub fn digest(&self) -> Result<[u8; 32], Problem> {
        let mut reader = Self { at: 0, ..self.clone() };
        let (mut block, mut digest) = (vec![0; 1 << 16], Sha256::new());
        loop {
            match reader.read(&mut block).map_err(|_| Problem::UnreadableFile)? {
                0 => return Ok(digest.finalize().into()),
                n => digest.update(&block[..n]),
            }
        }
    }

    /// The first bytes, fewer where the file is shorter.
    pub fn head(&self, n: usize) -> Result<Vec<u8>, Problem> {
        let reader = Self { at: 0, ..self.clone() };
        let mut head = Vec::new();
        reader.take(n as u64).read_to_end(&mut head).map_err(|_| Problem::UnreadableFile)?;
        Ok(head)
    }

    /// The bytes from one place to another.
    pub(super) fn span(&self, from: u64, len: u64) -> io::Take<Self> {
        Self { at: from, ..self.clone() }.take(len)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}
#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

impl Read for Document {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = read_at(&self.file, buffer, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Document {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Write};

    #[test]
    fn a_file_that_grows_while_it_is_read_is_seen_to_change() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"half").unwrap();
        let document = Document::open(file.path()).unwrap();
        assert!(document.is_unchanged());
        assert!(!document.has_settled(Duration::from_hours(1)) && document.has_settled(Duration::ZERO));
        assert_eq!(document.digest().unwrap(), <[u8; 32]>::from(Sha256::digest(b"half")));
        file.write_all(b" and the other half").unwrap();
        assert!(!document.is_unchanged());
        fs::write(file.path(), b"").unwrap();
        assert_eq!(document.head(4).unwrap(), b"");
    }
}
