use super::{LakeFault, NO_FILE, columns};
use crate::{
    catalog::{FileKind, NewFile, Unfinished},
    fault::Name,
    privacy::{Cell, ColumnPlan, Digest16, Drawn, EntityPlan, Storable, Treatment},
};
use arrow::{
    array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use chrono::{Datelike, NaiveDate};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::{EnabledStatistics, WriterProperties},
    schema::types::ColumnPath,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// So many rows become columns at once: what they hold then fits into the processor's own memory.
const AT_ONCE: usize = 1_024;

/// One row as the lake keeps it.
pub struct StoredRow {
    /// The row, drawn through the door.
    pub drawn: Drawn,
    /// The feed it came by.
    pub feed: Name,
    /// The snapshot scope it belongs to, keyed; none for a keyed feed.
    pub scope: Option<Digest16>,
    /// The commit sequence of its document: of two versions of a row the greater stands.
    pub seq: i64,
    /// Whether it says that the row is gone.
    pub tombstone: bool,
    /// The number of its record in the run.
    pub record: u64,
}

/// Files of a batch, and which of them, by position, holds each row that was handed over.
#[derive(Default)]
pub struct Written {
    /// The files.
    pub files: Vec<NewFile>,
    /// For each row in the order handed over.
    pub file_of: Vec<u32>,
}

/// What all rows of a batch share.
pub struct Meta<'a> {
    /// The data folder.
    pub data_dir: &'a Path,
    /// The run.
    pub run: i64,
    /// The last commit sequence of the batch; it names the files.
    pub seq: i64,
    /// The source.
    pub source: &'a str,
}

/// Writes one entity's rows of a batch, a file per academic year; of each file the rows stand in the order handed over.
/// A row that stands for one already stored (`skip`) is not written again. The files wait for the catalog to name them.
pub fn write_rows(
    rows: impl Storable<Content = Vec<StoredRow>>,
    skip: &[bool],
    plan: &EntityPlan,
    meta: &Meta<'_>,
) -> Result<Written, LakeFault> {
    let rows = rows.into_content();
    let mut by_year: BTreeMap<Option<i32>, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate().filter(|(at, _)| !skip.get(*at).is_some_and(|skip| *skip)) {
        by_year.entry(academic_year(row, plan)).or_default().push(at);
    }
    let mut written = Written { files: Vec::new(), file_of: vec![NO_FILE; rows.len()] };
    for (ay, positions) in by_year {
        let path = lake_path(plan.name.as_str(), ay, meta);
        for at in &positions {
            written.file_of[*at] = written.files.len() as u32;
        }
        let chosen: Vec<&StoredRow> = positions.iter().map(|at| &rows[*at]).collect();
        let hashed = |column: &&ColumnPlan| column.treatment == Treatment::Hash;
        let plain: Vec<&str> =
            plan.columns.iter().filter(hashed).map(|column| column.name.as_str()).collect();
        let (bytes, sha256) =
            store(meta.data_dir, &path, chosen.chunks(AT_ONCE).map(|rows| batch(rows, plan, meta)), &plain)?;
        written.files.push(NewFile {
            kind: FileKind::Lake,
            entity: plan.name.to_string(),
            ay,
            path,
            rows: chosen.len() as u64,
            bytes,
            sha256,
        });
    }
    Ok(written)
}

/// Where a file of an entity and academic year lies.
pub(super) fn lake_path(entity: &str, ay: Option<i32>, meta: &Meta<'_>) -> PathBuf {
    let year = ay.map_or_else(|| "none".to_owned(), |ay| ay.to_string());
    let folder = PathBuf::from("lake").join(entity).join(format!("ay={year}"));
    folder.join(format!("{:06}-{:06}.parquet", meta.run, meta.seq))
}

fn academic_year(row: &StoredRow, plan: &EntityPlan) -> Option<i32> {
    let Some(Cell::Date(days)) = plan.dated_by.map(|at| &row.drawn.cells[at]) else { return None };
    // Day 719,163 of our era is 1 January 1970.
    let date = NaiveDate::from_num_days_from_ce_opt(days.checked_add(719_163)?)?;
    Some(if date.month() >= 9 { date.year() + 1 } else { date.year() })
}

fn batch(rows: &[&StoredRow], plan: &EntityPlan, meta: &Meta<'_>) -> Result<RecordBatch, LakeFault> {
    let text = |name: &str, array: StringArray| {
        (Field::new(name, DataType::Utf8, false), Arc::new(array) as ArrayRef)
    };
    let id = |name: &str, nullable, array| (Field::new(name, DataType::FixedSizeBinary(16), nullable), array);
    let source = StringArray::from_iter_values(rows.iter().map(|_| meta.source));
    let feed = StringArray::from_iter_values(rows.iter().map(|row| row.feed.as_str()));
    let part = Int32Array::from_iter_values(rows.iter().map(|row| row.drawn.origin.part as i32));
    let number = Int32Array::from_iter_values(rows.iter().map(|row| row.drawn.origin.row as i32));
    let hash = Int64Array::from_iter_values(rows.iter().map(|row| row.drawn.row_hash));
    let seq = Int64Array::from_iter_values(rows.iter().map(|row| row.seq));
    let gone = BooleanArray::from(rows.iter().map(|row| row.tombstone).collect::<Vec<_>>());
    let mut fields: Vec<(Field, ArrayRef)> = vec![
        id("subject_id", true, columns::ids(rows.iter().map(|row| row.drawn.subject.as_ref()))?),
        id("row_key", false, columns::ids(rows.iter().map(|row| Some(&row.drawn.row_key)))?),
        (Field::new("row_hash", DataType::Int64, false), Arc::new(hash)),
        id("scope_id", true, columns::ids(rows.iter().map(|row| row.scope.as_ref()))?),
        text("source", source),
        text("feed", feed),
        id("document_id", false, columns::ids(rows.iter().map(|row| Some(&row.drawn.origin.document)))?),
        (Field::new("part", DataType::Int32, false), Arc::new(part)),
        (Field::new("row_number", DataType::Int32, false), Arc::new(number)),
        (Field::new("commit_seq", DataType::Int64, false), Arc::new(seq)),
        (Field::new("tombstone", DataType::Boolean, false), Arc::new(gone)),
    ];
    for (at, column) in plan.columns.iter().enumerate().filter(|(_, column)| column.stored()) {
        let array = columns::array(&column.kind, rows.iter().map(|row| &row.drawn.cells[at]))?;
        fields.push((Field::new(column.name.as_str(), columns::data_type(&column.kind), true), array));
    }
    let (fields, arrays): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    let metadata =
        [("entity".to_owned(), plan.name.to_string()), ("schema_version".to_owned(), "1".to_owned())];
    let schema = Schema::new(fields).with_metadata(std::collections::HashMap::from(metadata));
    Ok(RecordBatch::try_new(Arc::new(schema), arrays)?)
}

/// How every file of the lake is written. `plain` are further columns in which hardly any value stands twice.
///
/// A dictionary of ids is a table of everything that is then thrown away, their least and greatest say nothing, and what
/// a hash gives cannot be pressed.
pub(super) fn properties(plain: &[&str]) -> Result<WriterProperties, LakeFault> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by("throughline".to_owned());
    for name in ["subject_id", "row_key", "row_hash"].iter().chain(plain) {
        let column = ColumnPath::from(*name);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    for name in ["subject_id", "row_key", "row_hash"] {
        properties = properties.set_column_compression(ColumnPath::from(name), Compression::UNCOMPRESSED);
    }
    Ok(properties.build())
}

/// Writes batches of one schema to their place.
pub(super) fn store(
    data_dir: &Path,
    path: &Path,
    batches: impl Iterator<Item = Result<RecordBatch, LakeFault>>,
    plain: &[&str],
) -> Result<(u64, String), LakeFault> {
    let file = Unfinished::create(data_dir, path)?;
    let mut batches = batches.peekable();
    let schema = match batches.peek() {
        Some(Ok(first)) => first.schema(),
        _ => Arc::new(Schema::empty()),
    };
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties(plain)?))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    Ok(writer.into_inner()?.place()?)
}
