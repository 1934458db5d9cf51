//! The files of an extract. A Parquet footer says nothing of the rows: no least and greatest values, no key-value metadata.
use super::{
    WHOSE,
    cell::{Cell, Kind},
    cut::{CutFault, Data, Frame},
};
use arrow::{
    array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::{Compression, ZstdLevel},
    file::properties::{EnabledStatistics, WriterProperties},
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A table as Parquet: the learner first, then the columns as asked for.
///
/// # Errors
/// [`CutFault::Unwritable`] when the writer refuses.
pub fn parquet(data: &Data, frame: &Frame) -> Result<Vec<u8>, CutFault> {
    let refused = |_| CutFault::Unwritable(format!("{}.parquet", frame.plan.name));
    let mut fields = vec![Field::new(WHOSE, DataType::Utf8, false)];
    let learners = frame.rows.iter().map(|(learner, _)| Some(data.learners[*learner as usize].as_str()));
    let mut columns: Vec<ArrayRef> = vec![Arc::new(learners.collect::<StringArray>())];
    for (at, variable) in frame.plan.variables.iter().enumerate() {
        let (kind, column) = array(frame, at, variable.kind)
            .ok_or_else(|| CutFault::Unwritable(format!("{}.parquet", frame.plan.name)))?;
        fields.push(Field::new(&variable.name, kind, true));
        columns.push(column);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns)
        .map_err(|_| CutFault::Unwritable(format!("{}.parquet", frame.plan.name)))?;
    let properties = WriterProperties::builder()
        .set_created_by("throughline".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options).map_err(refused)?;
    writer.write(&batch).map_err(refused)?;
    writer.into_inner().map_err(refused)
}

fn array(frame: &Frame, at: usize, kind: Kind) -> Option<(DataType, ArrayRef)> {
    let cells = || frame.rows.iter().map(|(_, cells)| &cells[at]);
    Some(match kind {
        Kind::Text => {
            let texts = cells().map(|cell| if let Cell::Text(text) = cell { Some(&**text) } else { None });
            (DataType::Utf8, Arc::new(texts.collect::<StringArray>()))
        }
        Kind::Whole => {
            let numbers = cells().map(|cell| if let Cell::Whole(whole) = cell { Some(*whole) } else { None });
            (DataType::Int64, Arc::new(numbers.collect::<Int64Array>()))
        }
        Kind::Decimal(digits, after) => {
            let steps = cells().map(|cell| if let Cell::Decimal(steps) = cell { Some(*steps) } else { None });
            let numbers = steps.collect::<Decimal128Array>().with_precision_and_scale(digits, after).ok()?;
            (DataType::Decimal128(digits, after), Arc::new(numbers))
        }
        Kind::Day => {
            let days = cells().map(|cell| if let Cell::Day(day) = cell { Some(*day) } else { None });
            (DataType::Date32, Arc::new(days.collect::<Date32Array>()))
        }
        Kind::Flag => {
            let flags = cells().map(|cell| if let Cell::Flag(flag) = cell { Some(*flag) } else { None });
            (DataType::Boolean, Arc::new(flags.collect::<BooleanArray>()))
        }
    })
}

/// A table as comma-separated values with a header; empty where not known.
///
/// # Errors
/// [`CutFault::Unwritable`] when the writer refuses.
pub fn csv(data: &Data, frame: &Frame) -> Result<Vec<u8>, CutFault> {
    let refused = |_| CutFault::Unwritable(format!("{}.csv", frame.plan.name));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let variables = &frame.plan.variables;
    let header = std::iter::once(WHOSE).chain(variables.iter().map(|variable| variable.name.as_str()));
    writer.write_record(header).map_err(refused)?;
    for (learner, cells) in &frame.rows {
        writer.write_field(&data.learners[*learner as usize]).map_err(refused)?;
        let texts = cells.iter().zip(variables).map(|(cell, variable)| cell.written(variable.kind));
        writer.write_record(texts).map_err(refused)?;
    }
    writer.into_inner().map_err(|_| CutFault::Unwritable(format!("{}.csv", frame.plan.name)))
}

/// SHA-256 as 64 hex characters.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
