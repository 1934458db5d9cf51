//! Writes a published table: rows in the order of its grain, in Parquet that depends on the rows alone.
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use duckdb::Connection;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};

use super::connection::quoted;
use super::fault::WarehouseFault;
use super::ids;
use super::kept::Line;
use super::key::digest_of;
use super::neighbours::Neighbours;
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

/// Writes the table of a query that has been run, in the order of its grain, which names each row. Gives the rows.
pub(super) fn publish(
    connection: &Connection,
    query: &Query,
    columns: &[(String, String)],
    path: &Path,
) -> Result<u64, WarehouseFault> {
    let written = write(connection, query, &query.grain.iter().collect::<Vec<_>>(), columns, path)?;
    if written.told_again == 0 {
        return Ok(written.rows);
    }
    // Rows that no grain tells apart have no order of their own: nobody is to find them.
    std::fs::remove_file(path).map_err(|error| export(query, &error.kind().to_string()))?;
    let grain = query.grain.join(", ");
    Err(WarehouseFault::Grain { file: query.file.clone(), grain, rows: written.told_again })
}

/// A published table from the line that is kept of it.
pub(super) fn built(query: &Query, line: Line, path: PathBuf) -> BuiltTable {
    let described = |(name, kind): (String, String)| {
        let description = query.columns.get(&name).cloned().unwrap_or_default();
        (name, ids::told_kind(&kind).to_owned(), description)
    };
    BuiltTable {
        name: query.name.clone(),
        title: query.title.clone(),
        grain: query.grain.clone(),
        columns: line.columns.into_iter().map(described).collect(),
        purposes: query.purposes.clone(),
        rows: line.rows,
        path,
        sha256: line.sha256.unwrap_or_default(),
    }
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

/// Writes rows that nothing promises a grain of, by the same rules.
pub(super) fn keep(
    connection: &Connection,
    query: &Query,
    columns: &[(String, String)],
    path: &Path,
) -> Result<(), WarehouseFault> {
    let rest = columns.iter().map(|(name, _)| name).filter(|name| !query.grain.contains(name));
    let order: Vec<&String> = query.grain.iter().chain(rest).collect();
    write(connection, query, &order, columns, path).map(|_| ())
}

/// How many rows a table has.
pub(super) fn count(connection: &Connection, query: &Query) -> Result<u64, WarehouseFault> {
    let sql = format!("select count(*) from {}", query.name);
    connection.query_row(&sql, [], |row| row.get(0)).map_err(failed(query))
}

/// How many rows a table has, and what stands for all that is in them, whatever their order.
pub(super) fn content(
    connection: &Connection,
    query: &Query,
    columns: &[(String, String)],
) -> Result<(u64, String), WarehouseFault> {
    let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    // Hashed twice, so that two rows that exchange a cell do not add up to the same.
    let sql = format!(
        "select count(*), cast(sum(cast(hash(hash({})) as hugeint)) as varchar) from {}",
        names.join(", "),
        query.name
    );
    let (rows, sum): (u64, Option<String>) =
        connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed(query))?;
    let (count, sum) = (rows.to_string(), sum.unwrap_or_default());
    let kinds = columns.iter().flat_map(|(name, kind)| [name.as_str(), kind.as_str()]);
    Ok((rows, digest_of(kinds.chain([count.as_str(), sum.as_str()]))))
}

/// Writes a table for the next build to read, in whatever order its rows have.
pub(super) fn set_aside(
    connection: &Connection,
    query: &Query,
    columns: &[(String, String)],
    path: &Path,
) -> Result<(), WarehouseFault> {
    // The engine would write its widest integers as floating-point numbers.
    let columns: Vec<String> = columns
        .iter()
        .map(|(name, kind)| match kind.as_str() {
            "HUGEINT" | "UHUGEINT" => format!("cast(\"{name}\" as varchar) as \"{name}\""),
            _ => format!("\"{name}\""),
        })
        .collect();
    // Read again by the next build alone: a tenth more on disk costs less than making it smaller each time.
    let sql = format!(
        "copy (select {} from {}) to {} (format parquet, compression uncompressed, write_bloom_filter false, use_tmp_file false)",
        columns.join(", "),
        query.name,
        quoted(&path.to_string_lossy())
    );
    // The engine would let anybody read it: a file that is there keeps its mode.
    private(path).map_err(|error| export(query, &error.kind().to_string()))?;
    connection.execute_batch(&sql).map_err(failed(query))
}

/// An empty file that its owner alone may read.
fn private(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        // One that a former build left has the mode that it was made with.
        options.open(path)?.set_permissions(std::fs::Permissions::from_mode(0o600))
    }
    #[cfg(not(unix))]
    options.open(path).map(|_| ())
}

/// What came of writing a table.
struct Written {
    rows: u64,
    /// How many values of its grain more than one row has.
    told_again: i64,
}

fn write(
    connection: &Connection,
    query: &Query,
    order: &[&String],
    columns: &[(String, String)],
    path: &Path,
) -> Result<Written, WarehouseFault> {
    let place = |name: &String| columns.iter().position(|(column, _)| column == name);
    let mut neighbours = Neighbours::of(query.grain.iter().filter_map(place).collect());
    let names: Vec<String> = columns.iter().map(|(name, kind)| ids::told(name, kind)).collect();
    // First put in order and then written out: sixteen bytes are sorted, and carried along, sooner than 32 letters.
    let order: Vec<String> = order.iter().map(|name| format!("{name} asc nulls last")).collect();
    let (table, names, order) = (&query.name, names.join(", "), order.join(", "));
    let sql = format!("select {names} from (select * from {table} order by {order}) as {table}");
    let mut statement = connection.prepare(&sql).map_err(failed(query))?;
    let stream = statement.stream_arrow([]).map_err(failed(query))?;
    let schema = plain_schema(&stream.get_schema());
    let file = File::create(path).map_err(|error| export(query, &error.kind().to_string()))?;
    let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties()?))
        .map_err(|_| export(query, "the writer refused its schema"))?;
    let mut pieces = BatchCoalescer::new(schema.clone(), ROWS_PER_WRITE);
    let mut rows = 0;
    let mut take = |piece: &RecordBatch| {
        neighbours.meet(piece).map_err(|_| export(query, "rows could not be compared"))?;
        writer.write(piece).map_err(|_| export(query, "the writer refused a batch"))
    };
    for batch in stream {
        let batch = batch.map_err(failed(query))?;
        rows += batch.num_rows() as u64;
        let letters =
            batch.columns().iter().zip(columns).map(|(column, (_, kind))| ids::letters(column, kind));
        let letters: Option<Vec<ArrayRef>> = letters.collect();
        let letters = letters.ok_or_else(|| export(query, "an id could not be written out"))?;
        let batch = RecordBatch::try_new(schema.clone(), letters)
            .map_err(|_| export(query, "the engine changed the schema on the way"))?;
        pieces.push_batch(batch).map_err(|_| export(query, "a batch could not be regrouped"))?;
        while let Some(piece) = pieces.next_completed_batch() {
            take(&piece)?;
        }
    }
    pieces.finish_buffered_batch().map_err(|_| export(query, "a batch could not be regrouped"))?;
    while let Some(piece) = pieces.next_completed_batch() {
        take(&piece)?;
    }
    writer.close().map_err(|_| export(query, "the file could not be closed"))?;
    Ok(Written { rows, told_again: neighbours.told_again })
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

/// SHA-256 of a file, 64 hex characters.
pub(super) fn sha256_of(path: &Path) -> std::io::Result<String> {
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
