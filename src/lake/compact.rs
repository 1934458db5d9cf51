//! Many small files of one entity and academic year as one, and the proof that it holds the same rows.
use super::{LakeFault, Meta, write};
use crate::catalog::{FileKind, NewFile, StagedFile, Unfinished};
use arrow::{
    array::RecordBatch,
    datatypes::SchemaRef,
    row::{RowConverter, SortField},
};
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{
    fs::File,
    hash::{DefaultHasher, Hasher},
    path::Path,
};

/// Every row of some files, whatever order they stand in: how many, and the sum of what each hashes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    rows: u64,
    hashes: [u64; 2],
}

impl Sum {
    /// Adds every row of a batch, all its columns.
    fn add(&mut self, converter: &RowConverter, batch: &RecordBatch) -> Result<(), LakeFault> {
        for row in &converter.convert_columns(batch.columns())? {
            for (seed, sum) in (0_u8..).zip(&mut self.hashes) {
                let mut hasher = DefaultHasher::new();
                hasher.write_u8(seed);
                hasher.write(row.as_ref());
                *sum = sum.wrapping_add(hasher.finish());
            }
            self.rows += 1;
        }
        Ok(())
    }
}

/// The sum of a file as it lies on the disk.
pub fn sum(path: &Path) -> Result<Sum, LakeFault> {
    let mut sum = Sum::default();
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let converter = converter(reader.schema())?;
    for batch in reader.with_batch_size(8_192).build()? {
        sum.add(&converter, &batch?)?;
    }
    Ok(sum)
}

fn converter(schema: &SchemaRef) -> Result<RowConverter, LakeFault> {
    Ok(RowConverter::new(
        schema.fields().iter().map(|field| SortField::new(field.data_type().clone())).collect(),
    )?)
}

/// Writes the rows of files that have the same columns as the first into one, and says which files those are and what
/// their rows sum to. None where no other file has its columns: an older file is read through a projection and stays.
#[expect(clippy::type_complexity, reason = "the file, what it stands for and its proof")]
pub fn merge<'f>(
    files: &[&'f StagedFile],
    meta: &Meta<'_>,
) -> Result<Option<(NewFile, Vec<&'f StagedFile>, Sum)>, LakeFault> {
    let open = |file: &StagedFile| -> Result<_, LakeFault> {
        Ok(ParquetRecordBatchReaderBuilder::try_new(File::open(meta.data_dir.join(&file.path))?)?)
    };
    let Some(first) = files.last() else { return Ok(None) };
    let schema = open(first)?.schema().clone();
    let mut alike = Vec::new();
    for file in files {
        if open(file)?.schema().fields() == schema.fields() {
            alike.push(*file);
        }
    }
    if alike.len() < 2 {
        return Ok(None);
    }
    let path = write::lake_path(&first.entity, first.ay, meta);
    let growing = Unfinished::create(meta.data_dir, &path)?;
    let mut writer = ArrowWriter::try_new(growing, schema.clone(), Some(write::properties(&[])?))?;
    let (mut sum, converter) = (Sum::default(), converter(&schema)?);
    for file in &alike {
        for batch in open(file)?.with_batch_size(8_192).build()? {
            let batch = batch?;
            sum.add(&converter, &batch)?;
            writer.write(&batch)?;
            if writer.in_progress_rows() >= 65_536 {
                writer.flush()?;
            }
        }
    }
    let (bytes, sha256) = writer.into_inner()?.place()?;
    let (kind, entity, ay) = (FileKind::Lake, first.entity.clone(), first.ay);
    let file = NewFile { kind, entity, ay, path, rows: sum.rows, bytes, sha256 };
    Ok(Some((file, alike, sum)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::{
        array::{ArrayRef, Int32Array, StringArray},
        datatypes::Schema,
    };
    use std::sync::Arc;

    fn summed(rows: &[(Option<i32>, &str)]) -> Sum {
        let numbers: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<Int32Array>());
        let texts: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.1)).collect::<StringArray>());
        let batch =
            RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("t", texts, true)]).unwrap();
        let schema: Arc<Schema> = batch.schema();
        let mut sum = Sum::default();
        sum.add(&converter(&schema).unwrap(), &batch).unwrap();
        sum
    }

    #[test]
    fn the_sum_knows_every_row_and_no_order() {
        let rows = [(Some(1), "a"), (None, "b"), (Some(1), "a")];
        let turned = [rows[1], rows[2], rows[0]];
        assert_eq!(summed(&rows), summed(&turned));
        for other in
            [&rows[..2], &[rows[0], rows[0], rows[1], rows[1]], &[(Some(1), "a"), (Some(0), "b"), rows[2]]]
        {
            assert_ne!(summed(&rows), summed(other));
        }
    }
}
