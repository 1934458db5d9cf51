//! Files written again without rows whose time has come.
use super::{Kept, LakeFault, Meta, write};
use crate::{
    catalog::{FileKind, NewFile, StagedFile, Unfinished},
    privacy::{Digest16, EntityPlan, Pseudonym},
};
use arrow::{
    array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch},
    datatypes::{Date32Type, Int64Type},
};
use chrono::{NaiveDate, TimeDelta};
use parquet::arrow::{
    ArrowWriter, ProjectionMask,
    arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection},
};
use std::{fs::File, path::Path};

/// What a rule of keeping asks of a row.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Its name.
    pub key: Digest16,
    /// Whom it is about.
    pub subject: Option<Pseudonym>,
    /// The commit sequence of its document.
    pub seq: i64,
    /// Whether it says that the row is gone.
    pub gone: bool,
    /// The latest day that it tells.
    pub day: Option<NaiveDate>,
}

/// Shows every row of a file, in the order of the file.
pub fn survey(path: &Path, plan: &EntityPlan, mut each: impl FnMut(Seen)) -> Result<(), LakeFault> {
    let (from, to) = plan.interval.unzip();
    let mut days: Vec<usize> = [plan.dated_by, from, to].into_iter().flatten().collect();
    days.sort_unstable();
    days.dedup();
    let days: Vec<&str> = days.iter().map(|at| plan.columns[*at].name.as_str()).collect();
    let wanted =
        ["row_key", "subject_id", "commit_seq", "tombstone"].iter().copied().chain(days.iter().copied());
    for batch in projected(path, wanted)? {
        let batch = batch?;
        let ids = |name: &str| batch.column_by_name(name).and_then(|array| array.as_fixed_size_binary_opt());
        let keys = ids("row_key").ok_or(LakeFault::Index)?;
        let subjects = ids("subject_id").ok_or(LakeFault::Index)?;
        let seqs = batch.column_by_name("commit_seq").and_then(|array| array.as_primitive_opt::<Int64Type>());
        let gone = batch.column_by_name("tombstone").and_then(|array| array.as_boolean_opt());
        let (Some(seqs), Some(gone)) = (seqs, gone) else { return Err(LakeFault::Index) };
        let days: Vec<&ArrayRef> = days.iter().filter_map(|name| batch.column_by_name(name)).collect();
        for at in 0..batch.num_rows() {
            each(Seen {
                key: id(keys, at).unwrap_or_default(),
                subject: id(subjects, at),
                seq: seqs.value(at),
                gone: gone.value(at),
                day: days.iter().filter_map(|array| day(array, at)).max(),
            });
        }
    }
    Ok(())
}

/// Shows the subject of every row of a file, in the order of the file.
pub fn subjects(path: &Path, mut each: impl FnMut(Option<Pseudonym>)) -> Result<(), LakeFault> {
    for batch in projected(path, ["subject_id"].into_iter())? {
        let batch = batch?;
        let ids = batch.column_by_name("subject_id").and_then(|array| array.as_fixed_size_binary_opt());
        let ids = ids.ok_or(LakeFault::Index)?;
        (0..batch.num_rows()).for_each(|at| each(id(ids, at)));
    }
    Ok(())
}

fn projected<'n>(
    path: &Path,
    names: impl Iterator<Item = &'n str>,
) -> Result<impl Iterator<Item = Result<RecordBatch, arrow::error::ArrowError>>, LakeFault> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), names);
    Ok(builder.with_projection(mask).with_batch_size(8_192).build()?)
}

fn id(ids: &FixedSizeBinaryArray, at: usize) -> Option<Digest16> {
    if ids.is_valid(at) { ids.value(at).try_into().ok() } else { None }
}

fn day(array: &ArrayRef, at: usize) -> Option<NaiveDate> {
    let days = array.as_primitive_opt::<Date32Type>().filter(|array| array.is_valid(at))?.value(at);
    NaiveDate::default().checked_add_signed(TimeDelta::days(i64::from(days)))
}

/// Writes a published file again with the rows that stay, to a place of its own. None where none stays.
pub fn without(file: &StagedFile, kept: &Kept, meta: &Meta<'_>) -> Result<Option<NewFile>, LakeFault> {
    if kept.kept() == 0 {
        return Ok(None);
    }
    let path = match file.kind {
        FileKind::Link => super::links::link_path(&file.entity, meta),
        _ => write::lake_path(&file.entity, file.ay, meta),
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(meta.data_dir.join(&file.path))?)?;
    let selection = RowSelection::from_consecutive_ranges(kept.ranges(), kept.noted() as usize);
    let schema = builder.schema().clone();
    let growing = Unfinished::create(meta.data_dir, &path)?;
    let mut writer = ArrowWriter::try_new(growing, schema, Some(write::properties(&[])?))?;
    for batch in builder.with_row_selection(selection).with_batch_size(8_192).build()? {
        writer.write(&batch?)?;
        if writer.in_progress_rows() >= 65_536 {
            writer.flush()?;
        }
    }
    let (bytes, sha256) = writer.into_inner()?.place()?;
    let (kind, entity, ay) = (file.kind, file.entity.clone(), file.ay);
    Ok(Some(NewFile { kind, entity, ay, path, rows: kept.kept(), bytes, sha256 }))
}
