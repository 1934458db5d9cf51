//! Files written again so that rows of some people tell no place.
use super::{LakeFault, Meta, write};
use crate::{
    catalog::{NewFile, StagedFile, Unfinished},
    privacy::{Cell, EntityPlan, PLACE_WITHHELD, Pseudonym},
};
use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, Scalar, StringArray, new_null_array},
    compute::{cast, kernels::zip::zip},
    datatypes::DataType,
};
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{collections::HashSet, fs::File, hash::BuildHasher, path::Path};

/// How many rows of a file are about these people and tell a place.
pub fn tell_places(
    path: &Path,
    plan: &EntityPlan,
    people: &HashSet<Pseudonym, impl BuildHasher>,
) -> Result<u64, LakeFault> {
    let mut telling = 0;
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        let batch = batch?;
        let theirs = theirs(&batch, people)?;
        let mut rows = vec![false; batch.num_rows()];
        for (_, column, stands) in places(&batch, plan) {
            let words = cast(column, &DataType::Utf8).ok();
            for (at, row) in rows.iter_mut().enumerate() {
                let text = words.as_ref().map(|words| words.as_string::<i32>().value(at));
                *row |= theirs.value(at) && column.is_valid(at) && (stands.is_none() || text != stands);
            }
        }
        telling += rows.into_iter().filter(|row| *row).count() as u64;
    }
    Ok(telling)
}

/// Writes a file again, to a place of its own: the same rows in the same order, with no place in those of these people.
pub fn without_places(
    file: &StagedFile,
    plan: &EntityPlan,
    people: &HashSet<Pseudonym, impl BuildHasher>,
    meta: &Meta<'_>,
) -> Result<NewFile, LakeFault> {
    let path = write::lake_path(&file.entity, file.ay, meta);
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(meta.data_dir.join(&file.path))?)?;
    let schema = builder.schema().clone();
    let growing = Unfinished::create(meta.data_dir, &path)?;
    let mut writer = ArrowWriter::try_new(growing, schema.clone(), Some(write::properties(&[])?))?;
    for batch in builder.with_batch_size(8_192).build()? {
        let batch = batch?;
        let theirs = theirs(&batch, people)?;
        let mut columns = batch.columns().to_vec();
        for (at, column, stands) in places(&batch, plan) {
            let instead: ArrayRef = match stands {
                Some(word) => cast(&StringArray::from(vec![word]), column.data_type())?,
                None => new_null_array(column.data_type(), 1),
            };
            columns[at] = zip(&theirs, &Scalar::new(instead), column)?;
        }
        writer.write(&RecordBatch::try_new(schema.clone(), columns)?)?;
        if writer.in_progress_rows() >= 65_536 {
            writer.flush()?;
        }
    }
    let (bytes, sha256) = writer.into_inner()?.place()?;
    let (kind, entity, ay, rows) = (file.kind, file.entity.clone(), file.ay, file.rows);
    Ok(NewFile { kind, entity, ay, path, rows, bytes, sha256 })
}

/// Which rows are about these people; a row that says that another is gone tells no place.
fn theirs(
    batch: &RecordBatch,
    people: &HashSet<Pseudonym, impl BuildHasher>,
) -> Result<BooleanArray, LakeFault> {
    let ids = batch.column_by_name("subject_id").and_then(|array| array.as_fixed_size_binary_opt());
    let gone = batch.column_by_name("tombstone").and_then(|array| array.as_boolean_opt());
    let (Some(ids), Some(gone)) = (ids, gone) else { return Err(LakeFault::Index) };
    let is_theirs = |at: usize| {
        let subject = ids.is_valid(at).then(|| ids.value(at)).and_then(|id| Pseudonym::try_from(id).ok());
        !gone.value(at) && subject.is_some_and(|subject| people.contains(&subject))
    };
    Ok((0..batch.num_rows()).map(|at| Some(is_theirs(at))).collect())
}

/// The columns of a batch that tell a place: position, column, and what stands in it instead.
fn places<'b>(
    batch: &'b RecordBatch,
    plan: &'b EntityPlan,
) -> impl Iterator<Item = (usize, &'b ArrayRef, Option<&'static str>)> {
    let telling = plan.columns.iter().filter(|column| column.stored() && column.tells_a_place());
    telling.filter_map(|column| {
        let at = batch.schema_ref().index_of(column.name.as_str()).ok()?;
        let stands = (column.without_place() != Cell::Null).then_some(PLACE_WITHHELD);
        Some((at, batch.column(at), stands))
    })
}
