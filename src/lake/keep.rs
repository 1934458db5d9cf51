use super::{LakeFault, Meta, write};
use crate::catalog::{FileKind, NewFile, StagedFile, Unfinished};
use parquet::arrow::{
    ArrowWriter,
    arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection},
};
use std::{fs::File, ops::Range};

/// Which rows of a staged file stay: a bit each, noted in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    bits: Vec<u64>,
    noted: u64,
    stay: u64,
}

impl Kept {
    /// Notes the next row's fate.
    pub fn note(&mut self, stays: bool) {
        let at = self.noted as usize;
        if at.is_multiple_of(64) {
            self.bits.push(0);
        }
        self.bits[at / 64] |= u64::from(stays) << (at % 64);
        self.noted += 1;
        self.stay += u64::from(stays);
    }

    /// A row that stays, of so many of which none was noted yet.
    pub fn keep_at(&mut self, at: u64, of: u64) {
        self.noted = of;
        self.bits.resize((of as usize).div_ceil(64), 0);
        let bit = 1 << (at % 64);
        if let Some(word) = self.bits.get_mut(at as usize / 64)
            && *word & bit == 0
        {
            *word |= bit;
            self.stay += 1;
        }
    }

    /// Whether a row stays.
    pub fn stays(&self, at: u64) -> bool {
        self.bits.get(at as usize / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    /// How many stay.
    pub const fn kept(&self) -> u64 {
        self.stay
    }

    /// How many were noted.
    pub const fn noted(&self) -> u64 {
        self.noted
    }

    pub(super) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            while at < self.noted && !self.stays(at) {
                at += 1;
            }
            let start = at;
            while at < self.noted && self.stays(at) {
                at += 1;
            }
            (start < at).then_some(start as usize..at as usize)
        })
    }
}

/// Writes the rows that stay, of staged files of one entity and academic year, as one file that takes their place.
pub fn rewrite(parts: &[(&StagedFile, &Kept)], meta: &Meta<'_>) -> Result<Option<NewFile>, LakeFault> {
    let Some((first, _)) = parts.first() else { return Ok(None) };
    let path = write::lake_path(&first.entity, first.ay, meta);
    let mut writer: Option<ArrowWriter<Unfinished>> = None;
    let mut rows = 0;
    for (file, kept) in parts {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(meta.data_dir.join(&file.path))?)?;
        let selection = RowSelection::from_consecutive_ranges(kept.ranges(), kept.noted() as usize);
        for batch in builder.with_row_selection(selection).with_batch_size(8_192).build()? {
            let batch = batch?;
            rows += batch.num_rows() as u64;
            let writer = if let Some(writer) = &mut writer {
                writer
            } else {
                let file = Unfinished::create(meta.data_dir, &path)?;
                writer.insert(ArrowWriter::try_new(file, batch.schema(), Some(write::properties(&[])?))?)
            };
            writer.write(&batch)?;
            // A row group in memory is all that is waiting to be written: keep it small.
            if writer.in_progress_rows() >= 65_536 {
                writer.flush()?;
            }
        }
    }
    let Some(writer) = writer else { return Ok(None) };
    let (bytes, sha256) = writer.into_inner()?.place()?;
    let (entity, ay) = (first.entity.clone(), first.ay);
    Ok(Some(NewFile { kind: FileKind::Lake, entity, ay, path, rows, bytes, sha256 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_told_in_ranges() {
        let mut kept = Kept::default();
        for at in 0..200_u64 {
            kept.note(at % 7 < 3);
        }
        assert_eq!(kept.ranges().map(|range| range.len() as u64).sum::<u64>(), kept.kept());
        assert_eq!(kept.ranges().next(), Some(0..3));
        let mut some = Kept::default();
        some.keep_at(70, 100);
        some.keep_at(70, 100);
        assert_eq!(
            (
                some.kept(),
                some.noted(),
                some.ranges().map(|range| (range.start, range.end)).collect::<Vec<_>>()
            ),
            (1, 100, vec![(70, 71)])
        );
    }
}
