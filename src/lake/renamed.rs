//! Files written again with the same rows under other names: what a new key takes.
use super::{LakeFault, Meta, links::links_path, write};
use crate::{
    catalog::{FileKind, NewFile, StagedFile, Unfinished},
    privacy::{Cell, Digest16, EntityPlan, Named, Pseudonym, Treatment},
};
use arrow::{
    array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int64Array, RecordBatch},
    datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, Int64Type, Schema},
};
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{fs::File, path::Path, sync::Arc};

/// The columns of ids that every file has.
const OWN: [&str; 4] = ["subject_id", "row_key", "scope_id", "document_id"];

/// One row of a file: what it is called, and what it says.
pub struct Called<'r> {
    /// Its names.
    pub named: Named,
    /// The commit sequence of its document.
    pub seq: i64,
    /// Whether it says that the row is gone: then its cells say nothing.
    pub gone: bool,
    /// Its cells in the plan's order; a column that the file lacks, or that is dropped, is empty.
    pub cells: &'r [Cell],
}

/// What gives rows and ids their new names.
pub trait Namer {
    /// A row's new names.
    fn row(&mut self, row: &Called<'_>) -> Result<Named, LakeFault>;
    /// A document's new id.
    fn document(&self, old: &Digest16) -> Digest16;
    /// A hashed cell's new digest.
    fn hashed(&self, old: &Digest16) -> Digest16;
}

/// The names of all rows that say another is gone.
pub fn buried(path: &Path) -> Result<Vec<Digest16>, LakeFault> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mask = parquet::arrow::ProjectionMask::columns(builder.parquet_schema(), ["row_key", "tombstone"]);
    let mut found = Vec::new();
    for batch in builder.with_projection(mask).with_batch_size(8_192).build()? {
        let batch = batch?;
        let (keys, gone) = (ids(&batch, "row_key")?, flags(&batch)?);
        let gone = (0..batch.num_rows()).filter(|at| gone.value(*at));
        found.extend(gone.filter_map(|at| id(keys, at)));
    }
    Ok(found)
}

/// Shows every row of a file to the namer, and writes nothing.
pub fn call(path: &Path, plan: &EntityPlan, namer: &mut impl Namer) -> Result<(), LakeFault> {
    for batch in
        ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.with_batch_size(8_192).build()?
    {
        each(&batch?, plan, namer, |_| {})?;
    }
    Ok(())
}

/// Writes a file again, every row under its new names.
pub fn renamed(
    file: &StagedFile,
    plan: &EntityPlan,
    meta: &Meta<'_>,
    namer: &mut impl Namer,
) -> Result<NewFile, LakeFault> {
    let path = write::lake_path(&file.entity, file.ay, meta);
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(meta.data_dir.join(&file.path))?)?;
    let schema = builder.schema().clone();
    let hashed = hashed(&schema, plan);
    let growing = Unfinished::create(meta.data_dir, &path)?;
    let hashed_names: Vec<&str> = hashed.iter().map(String::as_str).collect();
    let mut writer = ArrowWriter::try_new(growing, schema, Some(write::properties(&hashed_names)?))?;
    let mut rows = 0;
    for batch in builder.with_batch_size(8_192).build()? {
        let batch = renamed_batch(&batch?, plan, &hashed, namer)?;
        rows += batch.num_rows() as u64;
        writer.write(&batch)?;
        if writer.in_progress_rows() >= 65_536 {
            writer.flush()?;
        }
    }
    let (bytes, sha256) = writer.into_inner()?.place()?;
    let (entity, ay) = (file.entity.clone(), file.ay);
    Ok(NewFile { kind: FileKind::Lake, entity, ay, path, rows, bytes, sha256 })
}

/// Columns that hold what a value was hashed to: those that the plan says, and any other of ids.
fn hashed(schema: &Schema, plan: &EntityPlan) -> Vec<String> {
    let is_hashed = |name: &str| {
        let planned = plan.columns.iter().find(|column| column.name.as_str() == name);
        planned.is_none_or(|column| column.treatment == Treatment::Hash)
    };
    let fields = schema.fields().iter().filter(|field| {
        *field.data_type() == DataType::FixedSizeBinary(16)
            && !OWN.contains(&field.name().as_str())
            && is_hashed(field.name())
    });
    fields.map(|field| field.name().clone()).collect()
}

fn renamed_batch(
    batch: &RecordBatch,
    plan: &EntityPlan,
    hashed: &[String],
    namer: &mut impl Namer,
) -> Result<RecordBatch, LakeFault> {
    let mut names = Vec::with_capacity(batch.num_rows());
    each(batch, plan, namer, |named| names.push(named))?;
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let changed: ArrayRef = match field.name().as_str() {
            "subject_id" => of_ids(names.iter().map(|named| named.subject))?,
            "row_key" => of_ids(names.iter().map(|named| Some(named.key)))?,
            "row_hash" => Arc::new(Int64Array::from_iter_values(names.iter().map(|named| named.hash))),
            "scope_id" => of_ids(names.iter().map(|named| named.scope))?,
            "document_id" => mapped(column, |old| namer.document(old))?,
            name if hashed.iter().any(|hashed| hashed == name) => mapped(column, |old| namer.hashed(old))?,
            _ => Arc::clone(column),
        };
        Ok(changed)
    });
    let columns = columns.collect::<Result<Vec<_>, LakeFault>>()?;
    Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
}

fn each(
    batch: &RecordBatch,
    plan: &EntityPlan,
    namer: &mut impl Namer,
    mut take: impl FnMut(Named),
) -> Result<(), LakeFault> {
    let (subjects, keys, scopes) =
        (ids(batch, "subject_id")?, ids(batch, "row_key")?, ids(batch, "scope_id")?);
    let number = |name: &str| {
        let column = batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<Int64Type>());
        column.ok_or(LakeFault::Index)
    };
    let (hashes, seqs, gone) = (number("row_hash")?, number("commit_seq")?, flags(batch)?);
    let stored = |column: &crate::privacy::ColumnPlan| {
        if column.stored() { batch.column_by_name(column.name.as_str()) } else { None }
    };
    let columns: Vec<Option<&ArrayRef>> = plan.columns.iter().map(stored).collect();
    let mut cells = Vec::with_capacity(columns.len());
    for at in 0..batch.num_rows() {
        cells.clear();
        cells.extend(columns.iter().map(|column| column.map_or(Cell::Null, |column| cell(column, at))));
        let named = Named {
            subject: id(subjects, at),
            scope: id(scopes, at),
            key: id(keys, at).ok_or(LakeFault::Index)?,
            hash: hashes.value(at),
        };
        take(namer.row(&Called { named, seq: seqs.value(at), gone: gone.value(at), cells: &cells })?);
    }
    Ok(())
}

/// A stored cell as the door gave it.
fn cell(column: &ArrayRef, at: usize) -> Cell {
    if column.is_null(at) {
        return Cell::Null;
    }
    match column.data_type() {
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(at).into()),
        DataType::Date32 => Cell::Date(column.as_primitive::<Date32Type>().value(at)),
        DataType::Int32 => Cell::Int(column.as_primitive::<Int32Type>().value(at)),
        DataType::Decimal128(..) => Cell::Decimal(column.as_primitive::<Decimal128Type>().value(at) as i64),
        DataType::Boolean => Cell::Bool(column.as_boolean().value(at)),
        DataType::FixedSizeBinary(16) => {
            id(column.as_fixed_size_binary(), at).map_or(Cell::Null, Cell::Digest)
        }
        _ => Cell::Null,
    }
}

fn ids<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b FixedSizeBinaryArray, LakeFault> {
    let column = batch.column_by_name(name).and_then(|array| array.as_fixed_size_binary_opt());
    column.ok_or(LakeFault::Index)
}

fn flags(batch: &RecordBatch) -> Result<&arrow::array::BooleanArray, LakeFault> {
    let column = batch.column_by_name("tombstone").and_then(|array| array.as_boolean_opt());
    column.ok_or(LakeFault::Index)
}

fn id(ids: &FixedSizeBinaryArray, at: usize) -> Option<Digest16> {
    if ids.is_valid(at) { ids.value(at).try_into().ok() } else { None }
}

fn mapped(column: &ArrayRef, each: impl Fn(&Digest16) -> Digest16) -> Result<ArrayRef, LakeFault> {
    let old = column.as_fixed_size_binary_opt().ok_or(LakeFault::Index)?;
    of_ids((0..old.len()).map(|at| id(old, at).as_ref().map(&each)))
}

fn of_ids(ids: impl Iterator<Item = Option<Digest16>>) -> Result<ArrayRef, LakeFault> {
    let ids: Vec<Option<Digest16>> = ids.collect();
    Ok(super::columns::ids(ids.iter().map(Option::as_ref))?)
}

/// Writes a file about links again: each subject and learner as they are called from now on.
pub fn renamed_links(
    file: &StagedFile,
    meta: &Meta<'_>,
    subject: impl Fn(&Pseudonym) -> Pseudonym,
    learner: impl Fn(&Pseudonym) -> Pseudonym,
) -> Result<NewFile, LakeFault> {
    let path = links_path(&file.entity, meta);
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(meta.data_dir.join(&file.path))?)?;
    let schema = builder.schema().clone();
    let growing = Unfinished::create(meta.data_dir, &path)?;
    let mut writer = ArrowWriter::try_new(growing, schema.clone(), Some(write::properties(&[])?))?;
    for batch in builder.with_batch_size(8_192).build()? {
        let batch = batch?;
        let columns =
            schema.fields().iter().zip(batch.columns()).map(|(field, column)| match field.name().as_str() {
                "subject_id" => mapped(column, &subject),
                "learner_id" | "learner_id_before" | "learner_id_after" => mapped(column, &learner),
                _ => Ok(Arc::clone(column)),
            });
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<_, _>>()?)?)?;
        if writer.in_progress_rows() >= 65_536 {
            writer.flush()?;
        }
    }
    let (bytes, sha256) = writer.into_inner()?.place()?;
    let (entity, rows) = (file.entity.clone(), file.rows);
    Ok(NewFile { kind: FileKind::Link, entity, ay: None, path, rows, bytes, sha256 })
}

/// Shows subject and learner of every row of a file of links; a file beside them may lack either.
pub fn each_link(
    path: &Path,
    mut each: impl FnMut(Option<Pseudonym>, Option<Pseudonym>),
) -> Result<(), LakeFault> {
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        let batch = batch?;
        let (subjects, learners) = (ids(&batch, "subject_id").ok(), ids(&batch, "learner_id").ok());
        for at in 0..batch.num_rows() {
            let of = |column: Option<&FixedSizeBinaryArray>| column.and_then(|column| id(column, at));
            each(of(subjects), of(learners));
        }
    }
    Ok(())
}
