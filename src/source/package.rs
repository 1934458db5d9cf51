//! A zip archive (a workbook, a bundle of tables), read part by part and never trusted: its parts are few, their sizes
//! are bounded whatever they claim, and no name in it is ever used as a path.
use super::document::Document;
use crate::fault::Problem;
use crc32fast::Hasher;
use flate2::read::DeflateDecoder;
use std::io::{self, BufReader, Read};
use zip::{CompressionMethod, ZipArchive};

/// No workbook and no bundle has more parts.
const MAX_PARTS: usize = 10_000;
/// A part may unpack to this much, however well it packs.
const FREE: u64 = 64 << 20;
/// Beyond that, to so many times its packed size, ...
const MAX_RATIO: u64 = 250;
/// ... and never to more than this.
const MAX_UNPACKED: u64 = 8 << 30;

/// An open archive.
pub struct Package {
    document: Document,
    archive: ZipArchive<BufReader<Document>>,
    names: Vec<String>,
}

impl Package {
    /// Opens an archive. One without its end is still being copied, or was cut short.
    pub fn open(document: &Document) -> Result<Self, Problem> {
        let archive = ZipArchive::new(BufReader::new(document.clone())).map_err(|_| Problem::CutShort)?;
        if archive.len() > MAX_PARTS {
            return Err(Problem::TooLarge);
        }
        let names = archive.file_names().flatten().map(std::borrow::Cow::into_owned).collect();
        Ok(Self { document: document.clone(), archive, names })
    }

    /// The names of its parts, in the archive's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether it has a part of this name.
    pub fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(name).is_some()
    }

    /// Opens a part. None where there is none of this name.
    pub fn part(&mut self, name: &str) -> Result<Option<Part>, Problem> {
        let Some(index) = self.archive.index_for_name(name) else { return Ok(None) };
        let entry = self.archive.by_index_raw(index).map_err(|_| Problem::UnreadableFile)?;
        if entry.encrypted() {
            return Err(Problem::Encrypted);
        }
        let packed = entry.compressed_size();
        let start = entry.data_start().ok_or(Problem::UnreadableFile)?;
        let span = BufReader::with_capacity(1 << 16, self.document.span(start, packed));
        let content = match entry.compression() {
            CompressionMethod::Stored => Content::Stored(span),
            CompressionMethod::Deflated => Content::Deflated(DeflateDecoder::new(span)),
            _ => return Err(Problem::UnreadableFile),
        };
        let most = FREE.max(packed.saturating_mul(MAX_RATIO)).min(MAX_UNPACKED);
        Ok(Some(Part { content, crc: Hasher::new(), expected: entry.crc32(), read: 0, most }))
    }

    /// A small part as a whole.
    pub fn whole(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Problem> {
        let Some(part) = self.part(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        part.take(most + 1).read_to_end(&mut bytes).map_err(|error| problem_of(&error))?;
        if bytes.len() as u64 > most { Err(Problem::TooLarge) } else { Ok(Some(bytes)) }
    }
}

type Span = BufReader<io::Take<Document>>;

enum Content {
    Stored(Span),
    Deflated(DeflateDecoder<Span>),
}

/// One part, unpacked as it is read. Its checksum is compared at its end.
pub struct Part {
    content: Content,
    crc: Hasher,
    expected: u32,
    read: u64,
    most: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.content {
            Content::Stored(span) => span.read(buffer)?,
            Content::Deflated(stream) => stream.read(buffer)?,
        };
        self.crc.update(&buffer[..n]);
        self.read += n as u64;
        if self.read > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if n == 0 && !buffer.is_empty() && self.crc.clone().finalize() != self.expected {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(n)
    }
}

/// What a failed read of a part or file means. The error's own words end here.
pub(super) fn problem_of(error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::FileTooLarge => Problem::TooLarge,
        io::ErrorKind::UnexpectedEof => Problem::CutShort,
        _ => Problem::UnreadableFile,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::{ZipWriter, write::SimpleFileOptions};

    fn packed(name: &str, bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut archive = ZipWriter::new(file.reopen().unwrap());
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
        archive.finish().unwrap();
        file
    }

    #[test]
    fn a_part_that_unpacks_to_far_more_than_it_packs_is_refused() {
        let bomb = packed("a.xml", &vec![b' '; 80 << 20]);
        let mut package = Package::open(&Document::open(bomb.path()).unwrap()).unwrap();
        let mut part = package.part("a.xml").unwrap().unwrap();
        let error = io::copy(&mut part, &mut io::sink()).unwrap_err();
        assert_eq!(problem_of(&error), Problem::TooLarge);
        assert!(package.part("b.xml").unwrap().is_none());
    }

    #[test]
    fn an_archive_cut_short_or_damaged_says_so() {
        let file = packed("a.csv", &b"surname,start\n".repeat(2_000));
        let bytes = std::fs::read(file.path()).unwrap();
        std::fs::write(file.path(), &bytes[..bytes.len() - 30]).unwrap();
        assert_eq!(Package::open(&Document::open(file.path()).unwrap()).err(), Some(Problem::CutShort));
        let mut damaged = bytes.clone();
        damaged[60] ^= 0x55;
        std::fs::write(file.path(), &damaged).unwrap();
        let mut package = Package::open(&Document::open(file.path()).unwrap()).unwrap();
        assert_eq!(package.whole("a.csv", 1 << 20), Err(Problem::UnreadableFile));
    }
}
