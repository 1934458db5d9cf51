use super::{Entry, FOOTER, MAGIC, RecordPlace, Saying, Sorted, Tables, WIDTHS};
use crate::{fault::Name, lake::LakeFault, privacy::Digest16};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

/// An index that lies on disk.
#[derive(Clone)]
pub struct Index {
    path: PathBuf,
    tables: Arc<Tables>,
    counts: [u64; 3],
    staged: bool,
}

impl Index {
    /// Opens an index: of a batch that is staged, or of a source.
    pub fn open(path: &Path, staged: bool) -> Result<Self, LakeFault> {
        let mut file = File::open(path)?;
        let end = file.seek(SeekFrom::End(0))?;
        let start = end.checked_sub(FOOTER as u64).ok_or(LakeFault::Index)?;
        file.seek(SeekFrom::Start(start))?;
        let mut footer = [0; FOOTER];
        file.read_exact(&mut footer)?;
        let number = |at: usize| u64::from_le_bytes(array(&footer[8 + at * 8..]));
        let counts = [number(0), number(1), number(2)];
        let sections: u64 = counts.iter().zip(WIDTHS).map(|(count, width)| count * width as u64).sum();
        if &footer[..8] != MAGIC || number(3) != sections || sections > start {
            return Err(LakeFault::Index);
        }
        file.seek(SeekFrom::Start(sections))?;
        let mut tail = vec![0; (start - sections) as usize];
        file.read_exact(&mut tail)?;
        let tables = Arc::new(tables(&tail).ok_or(LakeFault::Index)?);
        Ok(Self { path: path.to_owned(), tables, counts, staged })
    }

    /// Entries: rows, sayings, records.
    pub const fn counts(&self) -> [u64; 3] {
        self.counts
    }

    /// The batch's files, as entries number them.
    pub fn files(&self) -> &[PathBuf] {
        &self.tables.files
    }

    /// Its rows in order, through a buffer of about so many bytes.
    pub fn rows(&self, buffer: usize) -> Rows {
        Rows { chunks: self.section(0, buffer), tables: Arc::clone(&self.tables), staged: self.staged }
    }

    /// Its sayings in order.
    pub fn sayings(&self, buffer: usize) -> Sayings {
        Sayings { chunks: self.section(1, buffer), staged: self.staged }
    }

    /// Its records in order.
    pub fn records(&self, buffer: usize) -> Records {
        Records { chunks: self.section(2, buffer), tables: Arc::clone(&self.tables) }
    }

    fn section(&self, section: usize, buffer: usize) -> Chunks {
        let before = (0..section).map(|at| self.counts[at] * WIDTHS[at] as u64).sum();
        let width = WIDTHS[section];
        Chunks {
            path: self.path.clone(),
            offset: before,
            left: self.counts[section] * width as u64,
            width,
            buffer: (buffer / width).max(1) * width,
            bytes: Vec::new(),
            at: 0,
        }
    }
}

fn tables(mut tail: &[u8]) -> Option<Tables> {
    let names = texts(&mut tail)?.into_iter().map(|name| Name::declare(&name)).collect();
    let files = texts(&mut tail)?.into_iter().map(PathBuf::from).collect();
    let count = number(&mut tail)?;
    let scopes = tail.chunks_exact(16).take(count).map(array).collect::<Vec<Digest16>>();
    (scopes.len() == count).then_some(Tables { names, scopes, files })
}

fn texts(tail: &mut &[u8]) -> Option<Vec<String>> {
    (0..number(tail)?)
        .map(|_| {
            let length = number(tail)?;
            let (text, rest) = tail.split_at_checked(length)?;
            *tail = rest;
            String::from_utf8(text.to_vec()).ok()
        })
        .collect()
}

fn number(tail: &mut &[u8]) -> Option<usize> {
    let (number, rest) = tail.split_at_checked(4)?;
    *tail = rest;
    Some(u32::from_le_bytes(array(number)) as usize)
}

/// The first bytes of a slice that is long enough.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    array
}

/// Entries of one section. The file is opened for each bufferful, so that hundreds can be merged at once.
struct Chunks {
    path: PathBuf,
    offset: u64,
    left: u64,
    width: usize,
    buffer: usize,
    bytes: Vec<u8>,
    at: usize,
}

impl Chunks {
    fn pull(&mut self) -> io::Result<Option<&[u8]>> {
        if self.at >= self.bytes.len() {
            if self.left == 0 {
                return Ok(None);
            }
            let more = self.left.min(self.buffer as u64);
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.offset))?;
            self.bytes.resize(more as usize, 0);
            file.read_exact(&mut self.bytes)?;
            self.offset += more;
            self.left -= more;
            self.at = 0;
        }
        let entry = &self.bytes[self.at..self.at + self.width];
        self.at += self.width;
        Ok(Some(entry))
    }
}

/// Rows of an index, in order.
pub struct Rows {
    chunks: Chunks,
    tables: Arc<Tables>,
    staged: bool,
}

impl Sorted for Rows {
    type Item = Entry;
    type Order = (u128, bool, i64, u64);

    fn order(entry: &Entry) -> Self::Order {
        (u128::from_be_bytes(entry.key), entry.staged, entry.seq, entry.record)
    }

    fn pull(&mut self) -> Result<Option<Entry>, LakeFault> {
        let Some(bytes) = self.chunks.pull()? else { return Ok(None) };
        let scope = u32::from_le_bytes(array(&bytes[56..])) as usize;
        let entity = u16::from_le_bytes(array(&bytes[64..])) as usize;
        Ok(Some(Entry {
            key: array(bytes),
            subject: (bytes[66] & 1 != 0).then(|| array(&bytes[16..])),
            hash: i64::from_le_bytes(array(&bytes[32..])),
            seq: i64::from_le_bytes(array(&bytes[40..])),
            record: u64::from_le_bytes(array(&bytes[48..])),
            scope: scope.checked_sub(1).and_then(|at| self.tables.scopes.get(at).copied()),
            entity: *self.tables.names.get(entity).ok_or(LakeFault::Index)?,
            file: u32::from_le_bytes(array(&bytes[60..])),
            gone: bytes[66] & 2 != 0,
            staged: self.staged,
        }))
    }
}

/// Sayings of an index, in order.
pub struct Sayings {
    chunks: Chunks,
    staged: bool,
}

impl Sorted for Sayings {
    type Item = Saying;
    type Order = (u128, bool, u64);

    fn order(saying: &Saying) -> Self::Order {
        (u128::from_be_bytes(saying.digest), saying.staged, saying.record)
    }

    fn pull(&mut self) -> Result<Option<Saying>, LakeFault> {
        let Some(bytes) = self.chunks.pull()? else { return Ok(None) };
        Ok(Some(Saying {
            digest: array(bytes),
            record: u64::from_le_bytes(array(&bytes[16..])),
            position: u32::from_le_bytes(array(&bytes[24..])),
            staged: self.staged,
        }))
    }
}

/// Records of an index, in order.
pub struct Records {
    chunks: Chunks,
    tables: Arc<Tables>,
}

impl Records {
    /// The next record's place.
    pub fn pull(&mut self) -> Result<Option<RecordPlace>, LakeFault> {
        let Some(bytes) = self.chunks.pull()? else { return Ok(None) };
        let feed = u16::from_le_bytes(array(bytes)) as usize;
        let number = |at: usize| u32::from_le_bytes(array(&bytes[at..]));
        Ok(Some(RecordPlace {
            feed: *self.tables.names.get(feed).ok_or(LakeFault::Index)?,
            document: number(2),
            part: number(6),
            row: number(10),
            seq: i64::from_le_bytes(array(&bytes[14..])),
        }))
    }
}
