use crate::privacy::{Cell, ColumnPlan, ColumnType, Treatment};
use arrow::{
    array::{
        ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, FixedSizeBinaryBuilder, Int32Builder,
        StringBuilder,
    },
    datatypes::DataType,
    error::ArrowError,
};
use std::sync::Arc;

/// Hundredths of up to nine digits.
const DECIMAL: (u8, i8) = (9, 2);

/// The Arrow type of a schema column. What is hashed is an id: 16 plain bytes, half the size of hex and cheaper to join.
pub(super) fn data_type(column: &ColumnPlan) -> DataType {
    if column.treatment == Treatment::Hash {
        return DataType::FixedSizeBinary(16);
    }
    match column.kind {
        ColumnType::Date | ColumnType::Month => DataType::Date32,
        ColumnType::Int => DataType::Int32,
        ColumnType::Decimal => DataType::Decimal128(DECIMAL.0, DECIMAL.1),
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Code(_)
        | ColumnType::Establishment
        | ColumnType::Authority
        | ColumnType::Lsoa
        | ColumnType::Ward
        | ColumnType::Text => DataType::Utf8,
    }
}

/// A column that grows cell by cell. A cell of another kind than the column's counts as empty.
pub(super) enum Column {
    Date(Date32Builder),
    Int(Int32Builder),
    Decimal(Decimal128Builder),
    Bool(BooleanBuilder),
    Text(StringBuilder),
    Digest(FixedSizeBinaryBuilder),
}

impl Column {
    pub(super) fn of(column: &ColumnPlan) -> Self {
        match data_type(column) {
            DataType::FixedSizeBinary(_) => Self::Digest(FixedSizeBinaryBuilder::new(16)),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Int32 => Self::Int(Int32Builder::new()),
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            kind @ DataType::Decimal128(..) => Self::Decimal(Decimal128Builder::new().with_data_type(kind)),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    pub(super) fn push(&mut self, cell: &Cell) -> Result<(), ArrowError> {
        match (self, cell) {
            (Self::Date(column), Cell::Date(days)) => column.append_value(*days),
            (Self::Int(column), Cell::Int(n)) => column.append_value(*n),
            (Self::Decimal(column), Cell::Decimal(n)) => column.append_value(i128::from(*n)),
            (Self::Bool(column), Cell::Bool(b)) => column.append_value(*b),
            (Self::Text(column), Cell::Text(text)) => column.append_value(text),
            (Self::Digest(column), Cell::Digest(digest)) => column.append_value(digest)?,
            (column, _) => column.push_nothing(),
        }
        Ok(())
    }

    pub(super) fn push_nothing(&mut self) {
        match self {
            Self::Date(column) => column.append_null(),
            Self::Int(column) => column.append_null(),
            Self::Decimal(column) => column.append_null(),
            Self::Bool(column) => column.append_null(),
            Self::Text(column) => column.append_null(),
            Self::Digest(column) => column.append_null(),
        }
    }

    pub(super) fn finish(self) -> ArrayRef {
        match self {
            Self::Date(mut column) => Arc::new(column.finish()),
            Self::Int(mut column) => Arc::new(column.finish()),
            Self::Decimal(mut column) => Arc::new(column.finish()),
            Self::Bool(mut column) => Arc::new(column.finish()),
            Self::Text(mut column) => Arc::new(column.finish()),
            Self::Digest(mut column) => Arc::new(column.finish()),
        }
    }
}

/// A column of 16-byte ids.
pub(super) fn ids<'i>(
    ids: impl ExactSizeIterator<Item = Option<&'i [u8; 16]>>,
) -> Result<ArrayRef, ArrowError> {
    let mut column = FixedSizeBinaryBuilder::with_capacity(ids.len(), 16);
    for id in ids {
        match id {
            Some(id) => column.append_value(id)?,
            None => column.append_null(),
        }
    }
    Ok(Arc::new(column.finish()))
}
