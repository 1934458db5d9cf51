use super::{Entry, LakeFault, NO_FILE, Table};
use crate::{
    catalog::{FileKind, NewFile, Unfinished},
    fault::Name,
    privacy::{Cell, ColumnPlan, Digest16, Drawn, EntityPlan, Storable, Treatment},
};
use arrow::array::RecordBatch;
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

/// Writes rows in the order handed over.
pub fn write_rows(
    rows: impl Storable<Content = Vec<StoredRow>>,
    plan: &EntityPlan,
    meta: &Meta<'_>,
) -> Result<Written, LakeFault> {
    let mut table = Table::new(plan);
    for row in rows.into_content() {
        table.add(row, plan)?;
    }
    let order: Vec<u32> = (0..table.len() as u32).collect();
    write_in_order(table, &order, |_| false, plan, meta)
}

/// Writes one entity's rows of a batch in the order of their keys, and gives their entries in that order. A row that
/// stands for one already stored (`skip`, by entry) is not written again.
pub fn write_table(
    table: Table,
    skip: impl FnOnce(&[Entry]) -> Vec<bool>,
    plan: &EntityPlan,
    meta: &Meta<'_>,
) -> Result<(Vec<Entry>, Written), LakeFault> {
    let order = table.by_key();
    let entries = table.entries(&order, plan.name);
    let skip = skip(&entries);
    let written = write_in_order(table, &order, |at| skip[at], plan, meta)?;
    Ok((entries, written))
}

/// Writes a file per academic year; of each file the rows stand in the order given. The files wait for the catalog to
/// name them.
fn write_in_order(
    table: Table,
    order: &[u32],
    skip: impl Fn(usize) -> bool,
    plan: &EntityPlan,
    meta: &Meta<'_>,
) -> Result<Written, LakeFault> {
    let mut by_year: BTreeMap<Option<i32>, Vec<u32>> = BTreeMap::new();
    for (at, position) in order.iter().enumerate().filter(|(at, _)| !skip(*at)) {
        by_year.entry(table.year(*position)).or_default().push(at as u32);
    }
    let mut written = Written { files: Vec::new(), file_of: vec![NO_FILE; order.len()] };
    let table = table.finish(plan, meta.source);
    let hashed = |column: &&ColumnPlan| column.treatment == Treatment::Hash;
    let plain: Vec<&str> = plan.columns.iter().filter(hashed).map(|column| column.name.as_str()).collect();
    for (ay, places) in by_year {
        let path = lake_path(plan.name.as_str(), ay, meta);
        let mut positions = Vec::with_capacity(places.len());
        for at in places {
            written.file_of[at as usize] = written.files.len() as u32;
            positions.push(order[at as usize]);
        }
        let file = Unfinished::create(meta.data_dir, &path)?;
        let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties(&plain)?))?;
        for some in positions.chunks(AT_ONCE) {
            writer.write(&table.batch(some)?)?;
        }
        let (bytes, sha256) = writer.into_inner()?.place()?;
        let rows = positions.len() as u64;
        let entity = plan.name.to_string();
        written.files.push(NewFile { kind: FileKind::Lake, entity, ay, path, rows, bytes, sha256 });
    }
    Ok(written)
}

/// Where a file of an entity and academic year lies.
pub(super) fn lake_path(entity: &str, ay: Option<i32>, meta: &Meta<'_>) -> PathBuf {
    let year = ay.map_or_else(|| "none".to_owned(), |ay| ay.to_string());
    let folder = PathBuf::from("lake").join(entity).join(format!("ay={year}"));
    folder.join(format!("{:06}-{:06}.parquet", meta.run, meta.seq))
}

pub(super) fn academic_year(cells: &[Cell], plan: &EntityPlan) -> Option<i32> {
    let Some(Cell::Date(days)) = plan.dated_by.map(|at| &cells[at]) else { return None };
    // Day 719,163 of our era is 1 January 1970.
    let date = NaiveDate::from_num_days_from_ce_opt(days.checked_add(719_163)?)?;
    Some(if date.month() >= 9 { date.year() + 1 } else { date.year() })
}

/// How every file of the lake is written. `hashed` are further columns of ids.
///
/// A dictionary of ids is a table of everything that is then thrown away, their least and greatest say nothing, and what
/// a hash gives cannot be pressed. Where a row was found is looked up, and never looked for: its least and greatest would
/// be worked out for nobody.
pub(super) fn properties(hashed: &[&str]) -> Result<WriterProperties, LakeFault> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by("throughline".to_owned());
    for name in ["subject_id", "row_key", "row_hash"].iter().chain(hashed) {
        let column = ColumnPath::from(*name);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_statistics_enabled(column.clone(), EnabledStatistics::None)
            .set_column_compression(column, Compression::UNCOMPRESSED);
    }
    for name in ["scope_id", "document_id", "part", "row_number", "source", "feed"] {
        properties =
            properties.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::None);
    }
    Ok(properties.build())
}

/// Writes one batch to its place.
pub(super) fn store(data_dir: &Path, path: &Path, batch: &RecordBatch) -> Result<(u64, String), LakeFault> {
    let file = Unfinished::create(data_dir, path)?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties(&[])?))?;
    writer.write(batch)?;
    Ok(writer.into_inner()?.place()?)
}
