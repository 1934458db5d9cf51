//! Writes a published table: rows in the order of its grain, in Parquet that depends on the rows alone.
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::compute::BatchCoalescer;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use duckdb::Connection;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};

use super::fault::WarehouseFault;
use crate::definitions::query::Query;

/// What the Parquet footer says wrote the file: fixed, so that the same rows are the same bytes.
const CREATED_BY: &str = "throughline";

/// The engine hands out rows in pieces whose size varies with its threads; the writer always sees this many.
const ROWS_PER_WRITE: usize = 16_384;

/// A published table on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltTable {
    /// Table name.
    pub name: String,
    /// One line that says what it is.
    pub title: String,
    /// The columns that name a row.
    pub grain: Vec<String>,
    /// Column name, SQL type and description, in the order of the file.
    pub columns: Vec<(String, String, String)>,
    /// The purposes it may serve.
    pub purposes: Vec<String>,
    /// Number of rows.
    pub rows: u64,
    /// The Parquet file.
    pub path: PathBuf,
    /// SHA-256 of the file, 64 hex characters.
    pub sha256: String,
}

/// Writes the table of a query that has been run to `<out_dir>/<name>.parquet`.
pub(super) fn publish(
    connection: &Connection,
    query: &Query,
    out_dir: &Path,
) -> Result<BuiltTable, WarehouseFault> {
    let columns = describe(connection, query)?;
    prove_grain(connection, query)?;
    let path = out_dir.join(format!("{}.parquet", query.name));
    let rows = write(connection, query, &columns, &path)?;
    let sha256 = sha256_of(&path).map_err(|error| export(query, &error.kind().to_string()))?;
    let columns = columns
        .into_iter()
        .map(|(name, kind)| {
            let description = query.columns.get(&name).cloned().unwrap_or_default();
            (name, kind, description)
        })
        .collect();
    Ok(BuiltTable {
        name: query.name.clone(),
        title: query.title.clone(),
        grain: query.grain.clone(),
        columns,
        purposes: query.purposes.clone(),
        rows,
        path,
        sha256,
    })
}

fn failed(query: &Query) -> impl Fn(duckdb::Error) -> WarehouseFault + '_ {
    |error| WarehouseFault::Query { file: query.file.clone(), cause: error.into() }
}

fn export(query: &Query, what: &str) -> WarehouseFault {
    WarehouseFault::Export { table: query.name.clone(), what: what.to_owned() }
}

/// Column names and SQL types of a table that exists.
pub(super) fn describe(
    connection: &Connection,
    query: &Query,
) -> Result<Vec<(String, String)>, WarehouseFault> {
    let mut statement =
        connection.prepare(&format!("select * from (describe {})", query.name)).map_err(failed(query))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed(query))?;
    rows.collect::<Result<_, _>>().map_err(failed(query))
}

/// Writes a table that is not published, by the same rules.
pub(super) fn keep(connection: &Connection, query: &Query, path: &Path) -> Result<(), WarehouseFault> {
    let columns = describe(connection, query)?;
    write(connection, query, &columns, path).map(|_| ())
}

fn prove_grain(connection: &Connection, query: &Query) -> Result<(), WarehouseFault> {
    let grain = query.grain.join(", ");
    let sql = format!(
        "select count(*) from (select {grain} from {} group by {grain} having count(*) > 1)",
        query.name
    );
    let rows: i64 = connection.query_row(&sql, [], |row| row.get(0)).map_err(failed(query))?;
    if rows == 0 { Ok(()) } else { Err(WarehouseFault::Grain { file: query.file.clone(), grain, rows }) }
}

fn write(
    connection: &Connection,
    query: &Query,
    columns: &[(String, String)],
    path: &Path,
) -> Result<u64, WarehouseFault> {
    let rest = columns.iter().map(|(name, _)| name).filter(|name| !query.grain.contains(name));
    let order: Vec<String> =
        query.grain.iter().chain(rest).map(|name| format!("{name} asc nulls last")).collect();
    let sql = format!("select * from {} order by {}", query.name, order.join(", "));
    let mut statement = connection.prepare(&sql).map_err(failed(query))?;
    let stream = statement.stream_arrow([]).map_err(failed(query))?;
    let schema = plain_schema(&stream.get_schema());
    let file = File::create(path).map_err(|error| export(query, &error.kind().to_string()))?;
    let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties()?))
        .map_err(|_| export(query, "the writer refused its schema"))?;
    let mut pieces = BatchCoalescer::new(schema.clone(), ROWS_PER_WRITE);
    let mut rows = 0;
    let refused = |_| export(query, "the writer refused a batch");
    for batch in stream {
        let batch = batch.map_err(failed(query))?;
        rows += batch.num_rows() as u64;
        let batch = RecordBatch::try_new(schema.clone(), batch.columns().to_vec())
            .map_err(|_| export(query, "the engine changed the schema on the way"))?;
        pieces.push_batch(batch).map_err(|_| export(query, "a batch could not be regrouped"))?;
        while let Some(piece) = pieces.next_completed_batch() {
            writer.write(&piece).map_err(refused)?;
        }
    }
    pieces.finish_buffered_batch().map_err(|_| export(query, "a batch could not be regrouped"))?;
    while let Some(piece) = pieces.next_completed_batch() {
        writer.write(&piece).map_err(refused)?;
    }
    writer.close().map_err(|_| export(query, "the file could not be closed"))?;
    Ok(rows)
}

/// Names and types alone: whatever else the engine says of its columns stays out of the file.
fn plain_schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), field.data_type().clone(), true))
        .collect();
    Arc::new(Schema::new(fields))
}

fn properties() -> Result<WriterProperties, WarehouseFault> {
    let level = ZstdLevel::try_new(3).map_err(|_| WarehouseFault::Export {
        table: "*".to_owned(),
        what: "no such compression level".to_owned(),
    })?;
    Ok(WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(level))
        .build())
}

fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
    }
    let mut hex = String::with_capacity(64);
    for byte in digest.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}
