use super::{Entry, FOOTER, MAGIC, RecordPlace, Saying, Tables, WIDTHS};
use crate::{
    catalog::{FileKind, NewFile, Unfinished},
    fault::Name,
    lake::LakeFault,
    privacy::Digest16,
};
use std::{
    collections::HashMap,
    io::Write,
    path::{Path, PathBuf},
};

/// Entries are handed to the file, and to its digest, so many bytes at a time.
const BUFFER: usize = 64 << 10;

/// Writes an index: all rows, then all sayings, then all records, each in order.
pub struct IndexWriter {
    file: Unfinished,
    tables: Tables,
    name_at: HashMap<Name, u16>,
    /// Entries of one name come in a row.
    last_name: (Name, u16),
    scope_at: HashMap<Digest16, u32>,
    counts: [u64; 3],
    /// Entries that are not yet with the file.
    waiting: Vec<u8>,
}

impl IndexWriter {
    /// Begins an index that will lie at `path` under the data folder. `files` are the batch's, as entries number them.
    pub fn create(data_dir: &Path, path: &Path, files: Vec<PathBuf>) -> Result<Self, LakeFault> {
        Ok(Self {
            file: Unfinished::create(data_dir, path)?,
            tables: Tables { files, ..Tables::default() },
            name_at: HashMap::new(),
            last_name: (Name::NONE, 0),
            scope_at: HashMap::new(),
            counts: [0; 3],
            waiting: Vec::with_capacity(BUFFER),
        })
    }

    /// Entries written so far: rows, sayings, records.
    pub const fn counts(&self) -> [u64; 3] {
        self.counts
    }

    /// Adds a row.
    pub fn row(&mut self, entry: &Entry) -> Result<(), LakeFault> {
        let entity = self.name(entry.entity);
        let scope = entry.scope.map_or(0, |scope| self.scope(scope));
        let mut bytes = [0_u8; WIDTHS[0]];
        bytes[..16].copy_from_slice(&entry.key);
        bytes[16..32].copy_from_slice(&entry.subject.unwrap_or_default());
        bytes[32..40].copy_from_slice(&entry.hash.to_le_bytes());
        bytes[40..48].copy_from_slice(&entry.seq.to_le_bytes());
        bytes[48..56].copy_from_slice(&entry.record.to_le_bytes());
        bytes[56..60].copy_from_slice(&scope.to_le_bytes());
        bytes[60..64].copy_from_slice(&entry.file.to_le_bytes());
        bytes[64..66].copy_from_slice(&entity.to_le_bytes());
        bytes[66] = u8::from(entry.subject.is_some()) | u8::from(entry.gone) << 1;
        self.put(0, &bytes)
    }

    /// Adds a saying.
    pub fn saying(&mut self, saying: &Saying) -> Result<(), LakeFault> {
        let mut bytes = [0_u8; WIDTHS[1]];
        bytes[..16].copy_from_slice(&saying.digest);
        bytes[16..24].copy_from_slice(&saying.record.to_le_bytes());
        bytes[24..28].copy_from_slice(&saying.position.to_le_bytes());
        self.put(1, &bytes)
    }

    /// Adds a record.
    pub fn record(&mut self, record: &RecordPlace) -> Result<(), LakeFault> {
        let feed = self.name(record.feed);
        let mut bytes = [0_u8; WIDTHS[2]];
        bytes[..2].copy_from_slice(&feed.to_le_bytes());
        bytes[2..6].copy_from_slice(&record.document.to_le_bytes());
        bytes[6..10].copy_from_slice(&record.part.to_le_bytes());
        bytes[10..14].copy_from_slice(&record.row.to_le_bytes());
        bytes[14..22].copy_from_slice(&record.seq.to_le_bytes());
        self.put(2, &bytes)
    }

    fn put(&mut self, section: usize, bytes: &[u8]) -> Result<(), LakeFault> {
        self.counts[section] += 1;
        if self.waiting.len() + bytes.len() > BUFFER {
            self.file.write_all(&self.waiting)?;
            self.waiting.clear();
        }
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    fn name(&mut self, name: Name) -> u16 {
        let names = &mut self.tables.names;
        if self.last_name.0 == name && !names.is_empty() {
            return self.last_name.1;
        }
        let at = *self.name_at.entry(name).or_insert_with(|| {
            names.push(name);
            (names.len() - 1) as u16
        });
        self.last_name = (name, at);
        at
    }

    /// Numbered from 1: 0 is no scope.
    fn scope(&mut self, scope: Digest16) -> u32 {
        let scopes = &mut self.tables.scopes;
        *self.scope_at.entry(scope).or_insert_with(|| {
            scopes.push(scope);
            scopes.len() as u32
        })
    }

    /// Writes tables and footer and puts the file in its place.
    pub fn finish(mut self, kind: FileKind) -> Result<NewFile, LakeFault> {
        self.file.write_all(&self.waiting)?;
        let tables_at = self.file.bytes();
        let texts = |texts: Vec<String>| {
            let mut bytes = (texts.len() as u32).to_le_bytes().to_vec();
            for text in texts {
                bytes.extend((text.len() as u32).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            bytes
        };
        let names = self.tables.names.iter().map(ToString::to_string).collect();
        let files = self.tables.files.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let mut tail = texts(names);
        tail.extend(texts(files));
        tail.extend((self.tables.scopes.len() as u32).to_le_bytes());
        tail.extend(self.tables.scopes.iter().flatten());
        let mut footer = Vec::with_capacity(FOOTER);
        footer.extend(MAGIC);
        footer.extend(self.counts.iter().flat_map(|count| count.to_le_bytes()));
        footer.extend(tables_at.to_le_bytes());
        tail.extend(footer);
        self.file.write_all(&tail)?;
        let path = self.file.path().to_owned();
        let rows = self.counts[0];
        let (bytes, sha256) = self.file.place()?;
        Ok(NewFile { kind, entity: String::new(), ay: None, path, rows, bytes, sha256 })
    }
}
