//! The rows of a release.
use super::ReportFault;
use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Decimal128Type, Int64Type},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// A release on disk.
#[derive(Debug)]
pub struct Release {
    /// Its folder.
    pub folder: PathBuf,
    /// Its id.
    pub id: String,
    /// The day its tables look back from, written 2026-03-31.
    pub as_of: String,
    /// Number of the authority.
    pub authority: String,
    /// Whether everybody in it is made up.
    pub synthetic: bool,
}

impl Release {
    /// Reads what the manifest of the release in this folder says of it.
    ///
    /// # Errors
    /// [`ReportFault::Table`] when there is no manifest that can be read.
    pub fn open(folder: &Path, id: &str) -> Result<Self, ReportFault> {
        let fault = || ReportFault::Table {
            table: "the manifest".to_owned(),
            trouble: "it is missing or not as it was written".to_owned(),
        };
        let text = std::fs::read_to_string(folder.join("manifest.json")).map_err(|_| fault())?;
        let manifest: serde_json::Value = serde_json::from_str(&text).map_err(|_| fault())?;
        let content = &manifest["content"];
        let said = |name: &str| content[name].as_str().map(str::to_owned).ok_or_else(fault);
        Ok(Self {
            folder: folder.to_owned(),
            id: id.to_owned(),
            as_of: said("as_of")?,
            authority: said("home_authority")?,
            synthetic: content["synthetic"].as_bool().unwrap_or(false),
        })
    }

    /// The end year of the academic year of the day its tables look back from.
    pub fn year(&self) -> i64 {
        let part = |at: usize| self.as_of.split('-').nth(at).and_then(|part| part.parse::<i64>().ok());
        let (year, month) = (part(0).unwrap_or(0), part(1).unwrap_or(0));
        if month >= 9 { year + 1 } else { year }
    }

    /// Reads a table; rows of which `row` makes nothing are left out.
    ///
    /// # Errors
    /// [`ReportFault::Table`] when it is missing or cannot be read.
    pub fn read<T>(&self, table: &str, row: impl Fn(&RowOf<'_>) -> Option<T>) -> Result<Vec<T>, ReportFault> {
        read(&self.folder, table, row)
    }
}

/// One row of a table.
pub struct RowOf<'b> {
    batch: &'b RecordBatch,
    at: usize,
}

impl RowOf<'_> {
    /// A number; none where the cell is empty.
    pub fn number(&self, name: &str) -> Option<i64> {
        let column = cast(self.batch.column_by_name(name)?, &DataType::Int64).ok()?;
        let column = column.as_primitive_opt::<Int64Type>()?;
        column.is_valid(self.at).then(|| column.value(self.at))
    }

    /// A number of people: 0 where the cell is empty.
    pub fn people(&self, name: &str) -> u64 {
        self.number(name).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
    }

    /// A decimal in ten-thousandths.
    pub fn ten_thousandths(&self, name: &str) -> Option<i64> {
        let column = cast(self.batch.column_by_name(name)?, &DataType::Decimal128(38, 4)).ok()?;
        let column = column.as_primitive_opt::<Decimal128Type>()?;
        column.is_valid(self.at).then(|| column.value(self.at)).and_then(|value| i64::try_from(value).ok())
    }

    /// A text, or a date written 2026-03-31.
    pub fn text(&self, name: &str) -> Option<String> {
        let column = cast(self.batch.column_by_name(name)?, &DataType::Utf8).ok()?;
        let column = column.as_string_opt::<i32>()?;
        column.is_valid(self.at).then(|| column.value(self.at).to_owned())
    }

    /// A yes or no.
    pub fn is(&self, name: &str) -> Option<bool> {
        let column = self.batch.column_by_name(name)?.as_boolean_opt()?;
        column.is_valid(self.at).then(|| column.value(self.at))
    }
}

/// Reads a table of the release in this folder.
///
/// # Errors
/// As [`Release::read`].
pub fn read<T>(
    release: &Path,
    table: &str,
    row: impl Fn(&RowOf<'_>) -> Option<T>,
) -> Result<Vec<T>, ReportFault> {
    let path = release.join("parquet").join(format!("{table}.parquet"));
    let fail = |trouble: String| ReportFault::Table { table: table.to_owned(), trouble };
    let file = File::open(path).map_err(|error| fail(error.kind().to_string()))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|error| fail(error.to_string()))?;
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|error| fail(error.to_string()))?;
        rows.extend((0..batch.num_rows()).filter_map(|at| row(&RowOf { batch: &batch, at })));
    }
    Ok(rows)
}
