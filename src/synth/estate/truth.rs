//! Which person a row is about: what tests score linkage with, and nothing else may read.
use super::Written;
use super::fault::Planted;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Whom a row is about, and what it says wrongly of them.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) person: u32,
    /// What the row is mostly about.
    pub(super) entity: &'a str,
    pub(super) slips: &'a [Slip],
}

/// An identity cell that the door shows and that is not what a perfect row would say; an empty one is a slip too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    /// Name of the identity field.
    pub(super) cell: &'static str,
    /// What the row says.
    pub(super) says: String,
    /// What it should say.
    pub(super) right: String,
}

impl About<'_> {
    /// The members that every line of the truth ends with; `slips` only where there are any. Names, numbers and postcodes
    /// need no escapes.
    fn members(self) -> String {
        let Self { person, entity, slips } = self;
        let mut text = format!(r#""person":{person},"entity":"{entity}""#);
        if !slips.is_empty() {
            let one = |Slip { cell, says, right }: &Slip| {
                format!(r#"{{"cell":"{cell}","says":"{says}","right":"{right}"}}"#)
            };
            let _ = write!(text, r#","slips":[{}]"#, slips.iter().map(one).collect::<Vec<_>>().join(","));
        }
        text
    }
}

/// The truth, row by row as the doors are written: `truth/rows.jsonl`, and the planted faults in `truth/faults.jsonl`.
pub(super) struct Truth {
    rows: BufWriter<File>,
    faults: BufWriter<File>,
    written: Written,
}

impl Truth {
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        Ok(Self {
            rows: BufWriter::with_capacity(1 << 16, File::create(dir.join("truth/rows.jsonl"))?),
            faults: BufWriter::new(File::create(dir.join("truth/faults.jsonl"))?),
            written: Written { rows: 0, faults: 0 },
        })
    }

    /// A row of a file: sheet and row from 1, header rows counted. Paths and codes need no escapes.
    pub(super) fn row(
        &mut self,
        source: &str,
        document: &str,
        sheet: usize,
        row: usize,
        about: About<'_>,
    ) -> io::Result<()> {
        self.written.rows += 1;
        writeln!(
            self.rows,
            r#"{{"source":"{source}","document":"{document}","sheet":{sheet},"row":{row},{}}}"#,
            about.members()
        )
    }

    /// A record of the API.
    pub(super) fn record(&mut self, feed: &str, tenant: &str, id: &str, about: About<'_>) -> io::Result<()> {
        self.written.rows += 1;
        writeln!(
            self.rows,
            r#"{{"source":"wonde","feed":"{feed}","tenant":"{tenant}","record":"{id}",{}}}"#,
            about.members()
        )
    }

    pub(super) fn fault(
        &mut self,
        kind: Planted,
        document: &str,
        sheet: usize,
        row: usize,
    ) -> io::Result<()> {
        self.written.faults += 1;
        writeln!(
            self.faults,
            r#"{{"kind":"{}","document":"{document}","sheet":{sheet},"row":{row}}}"#,
            kind.name()
        )
    }

    pub(super) fn finish(mut self) -> io::Result<Written> {
        self.rows.flush()?;
        self.faults.flush()?;
        Ok(self.written)
    }
}
