use super::{LakeFault, columns};
use crate::{
    catalog::{FileKind, NewFile},
    fault::Name,
    privacy::{Cell, Digest16, Drawn, EntityPlan, Storable},
};
use arrow::{
    array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use chrono::{Datelike, NaiveDate};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

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

/// Writes one entity's rows of a batch, a file per academic year. The files wait for the catalog to name them.
pub fn write_rows(
    rows: impl Storable<Content = Vec<StoredRow>>,
    plan: &EntityPlan,
    meta: &Meta<'_>,
) -> Result<Vec<NewFile>, LakeFault> {
    let mut by_year: BTreeMap<Option<i32>, Vec<StoredRow>> = BTreeMap::new();
    for row in rows.into_content() {
        by_year.entry(academic_year(&row, plan)).or_default().push(row);
    }
    let mut files = Vec::new();
    for (ay, rows) in by_year {
        let year = ay.map_or_else(|| "none".to_owned(), |ay| ay.to_string());
        let folder = PathBuf::from("lake").join(plan.name.as_str()).join(format!("ay={year}"));
        let path = folder.join(format!("{:06}-{:06}.parquet", meta.run, meta.seq));
        let batch = batch(&rows, plan, meta)?;
        let (bytes, sha256) = store(meta.data_dir, &path, &batch)?;
        files.push(NewFile {
            kind: FileKind::Lake,
            entity: plan.name.to_string(),
            ay,
            path,
            rows: rows.len() as u64,
            bytes,
            sha256,
        });
    }
    Ok(files)
}

fn academic_year(row: &StoredRow, plan: &EntityPlan) -> Option<i32> {
    let Some(Cell::Date(days)) = plan.dated_by.map(|at| &row.drawn.cells[at]) else { return None };
    let date = NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(*days)))?;
    Some(if date.month() >= 9 { date.year() + 1 } else { date.year() })
}

fn batch(rows: &[StoredRow], plan: &EntityPlan, meta: &Meta<'_>) -> Result<RecordBatch, LakeFault> {
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

/// Writes a batch under a temporary name, syncs it, renames it to its place and syncs the folder.
pub(super) fn store(data_dir: &Path, path: &Path, batch: &RecordBatch) -> Result<(u64, String), LakeFault> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_created_by("throughline".to_owned())
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.close()?;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    place(data_dir, path, &bytes)?;
    Ok((bytes.len() as u64, sha256))
}

/// Puts bytes at a path of the data folder so that they are there whole or not at all.
fn place(data_dir: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let tmp = data_dir.join("tmp");
    fs::create_dir_all(&tmp)?;
    let name = path.to_string_lossy().replace('/', "-");
    let unfinished = tmp.join(name);
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let home = data_dir.join(path);
    if let Some(folder) = home.parent() {
        fs::create_dir_all(folder)?;
        fs::rename(&unfinished, &home)?;
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
