//! A comma-separated file that knows its own row numbers.
use super::truth::{About, Truth};
use chrono::NaiveDate;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

pub(super) struct Document {
    writer: csv::Writer<BufWriter<File>>,
    source: &'static str,
    path: String,
    row: usize,
}

impl Document {
    /// Opens a file under the estate and writes its header; the path is kept as the truth names it.
    pub(super) fn create(
        dir: &Path,
        source: &'static str,
        path: String,
        header: &[&str],
    ) -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 16, File::create(dir.join(&path))?);
        let mut document = Self { writer: csv::Writer::from_writer(file), source, path, row: 0 };
        document.put(header)?;
        Ok(document)
    }

    /// A row about nobody.
    pub(super) fn put(&mut self, cells: &[&str]) -> io::Result<()> {
        self.row += 1;
        Ok(self.writer.write_record(cells)?)
    }

    /// A row about somebody.
    pub(super) fn about(&mut self, about: About<'_>, cells: &[&str], truth: &mut Truth) -> io::Result<()> {
        self.put(cells)?;
        truth.row(self.source, &self.path, 1, self.row, about)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Writes text in the encoding that the national register of establishments comes in.
pub(super) fn write_windows_1252(path: &Path, text: &str) -> io::Result<()> {
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(text);
    let mut file = File::create(path)?;
    file.write_all(&bytes)
}

/// `2024-03-09`, or nothing.
pub(super) fn iso(day: Option<NaiveDate>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

/// `09/03/2024`, or nothing.
pub(super) fn british(day: Option<NaiveDate>) -> String {
    day.map_or_else(String::new, |day| day.format("%d/%m/%Y").to_string())
}
