//! Two Parquet files in, one of pairs out. What goes wrong is said without a word of what is in them.
use super::{
    evidence::MOST_EXTRAS,
    link, link_within,
    record::{Cells, Reader, Table},
    words::Word,
};
use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, UInt32Array},
    compute,
    datatypes::{DataType, Field, Schema},
};
use parquet::arrow::{ArrowWriter, ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{fs::File, path::Path, sync::Arc};

/// Why two files could not be linked. Names of columns only, and only those that this program asks for.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PairsFault {
    /// It is not there, or may not be read.
    #[error("the {0} file cannot be opened: check its name and who may read it")]
    Missing(&'static str),
    /// It is something else.
    #[error("the {0} file is not Parquet, or is damaged")]
    NotParquet(&'static str),
    /// A column has to be there.
    #[error("the {0} file has no column `{1}`")]
    NoColumn(&'static str, &'static str),
    /// A column holds lists or the like.
    #[error("column `{1}` of the {0} file cannot be read as text")]
    NoText(&'static str, &'static str),
    /// A row has no id.
    #[error("the {0} file has a row without `{1}`")]
    NoId(&'static str, &'static str),
    /// More rows than can be counted here.
    #[error("the {0} file has more than four thousand million rows")]
    TooMany(&'static str),
    /// The disk refused.
    #[error("the pairs cannot be written: check the folder and the disk")]
    Unwritable,
}

/// What was linked, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairsReport {
    /// Rows of the register.
    pub register: u64,
    /// Rows that looked for their person.
    pub rows: u64,
    /// Pairs written.
    pub pairs: u64,
    /// Rows whose best candidate is more likely right than wrong.
    pub linked: u64,
    /// Keys that too many share to be looked at.
    pub blocks_left_out: u64,
    /// Comparisons that these would have asked for; most of them are made under another key.
    pub pairs_left_out: u64,
}

/// Which file, and what its columns are called.
struct Side {
    name: &'static str,
    id: &'static str,
    /// The columns of [`Cells`], in its order.
    columns: [&'static str; 11],
}

const REGISTER: Side = Side {
    name: "register",
    id: "register_id",
    columns: [
        "upn",
        "former_upn",
        "forename",
        "middle_names",
        "preferred_forename",
        "surname",
        "former_surname",
        "dob",
        "sex",
        "postcode",
        "school_urn",
    ],
};
const ROWS: Side = Side {
    name: "rows",
    id: "ap_id",
    columns: [
        "upn",
        "former_upn",
        "forename",
        "middle_names",
        "preferred_forename",
        "surname",
        "former_surname",
        "dob",
        "sex",
        "postcode",
        "last_school_urn",
    ],
};
/// These have to be there; without them nothing can be said of a person.
const NEEDED: [&str; 2] = ["forename", "surname"];

/// Links each row with the records of a register that may be its person, and writes `ap_id`, `register_id` and `score`.
/// Without rows, the register's own records are linked with one another, each pair once.
pub fn link_files(
    register: &Path,
    rows: Option<&Path>,
    out: &Path,
    threads: usize,
) -> Result<PairsReport, PairsFault> {
    let others = other_columns(register, rows)?;
    let mut reader = Reader::new();
    let (register, register_ids) = read(register, &REGISTER, &others, &mut reader)?;
    let (linked, count, row_ids) = if let Some(rows) = rows {
        let (rows, row_ids) = read(rows, &ROWS, &others, &mut reader)?;
        (link(&rows, &register, &reader.words, threads), rows.records.len(), row_ids)
    } else {
        (link_within(&register, &reader.words, threads), register.records.len(), Arc::clone(&register_ids))
    };
    let likely = linked.pairs.chunk_by(|a, b| a.row == b.row);
    let report = PairsReport {
        register: register.records.len() as u64,
        rows: count as u64,
        pairs: linked.pairs.len() as u64,
        linked: likely.filter(|row| row.iter().any(|pair| pair.probability >= 0.5)).count() as u64,
        blocks_left_out: linked.blocks_left_out,
        pairs_left_out: linked.pairs_left_out,
    };
    let take =
        |ids: &ArrayRef, at: UInt32Array| compute::take(ids, &at, None).map_err(|_| PairsFault::Unwritable);
    let columns = [
        take(&row_ids, linked.pairs.iter().map(|pair| pair.row).collect())?,
        take(&register_ids, linked.pairs.iter().map(|pair| pair.record).collect())?,
        Arc::new(Float64Array::from_iter_values(linked.pairs.iter().map(|pair| pair.probability)))
            as ArrayRef,
    ];
    write(out, columns)?;
    Ok(report)
}

fn open(path: &Path, side: &Side) -> Result<ParquetRecordBatchReaderBuilder<File>, PairsFault> {
    let file = File::open(path).map_err(|_| PairsFault::Missing(side.name))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| PairsFault::NotParquet(side.name))
}

/// Columns that both files have beside those that are known, in name order.
fn other_columns(register: &Path, rows: Option<&Path>) -> Result<Vec<String>, PairsFault> {
    let names = |path: &Path, side: &Side| -> Result<Vec<String>, PairsFault> {
        let schema = Arc::clone(open(path, side)?.schema());
        let known = |name: &str| {
            name == REGISTER.id
                || name == ROWS.id
                || REGISTER.columns.contains(&name)
                || ROWS.columns.contains(&name)
        };
        Ok(schema.fields().iter().map(|field| field.name().clone()).filter(|name| !known(name)).collect())
    };
    let theirs = names(register, &REGISTER)?;
    let mut both = match rows {
        Some(rows) => names(rows, &ROWS)?.into_iter().filter(|name| theirs.contains(name)).collect(),
        None => theirs,
    };
    both.sort_unstable();
    both.truncate(MOST_EXTRAS);
    Ok(both)
}

fn read(
    path: &Path,
    side: &Side,
    others: &[String],
    reader: &mut Reader,
) -> Result<(Table, ArrayRef), PairsFault> {
    let builder = open(path, side)?;
    let schema = Arc::clone(builder.schema());
    for needed in NEEDED.into_iter().chain([side.id]) {
        if schema.column_with_name(needed).is_none() {
            return Err(PairsFault::NoColumn(side.name, needed));
        }
    }
    let wanted = |name: &str| {
        name == side.id || side.columns.contains(&name) || others.iter().any(|other| other == name)
    };
    let roots =
        schema.fields().iter().enumerate().filter(|(_, field)| wanted(field.name())).map(|(at, _)| at);
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let batches = builder.with_projection(mask).with_batch_size(8192).build();
    let mut table = Table { extras: others.iter().map(|_| Vec::new()).collect(), ..Table::default() };
    let mut ids: Vec<ArrayRef> = Vec::new();
    for batch in batches.map_err(|_| PairsFault::NotParquet(side.name))? {
        let batch = batch.map_err(|_| PairsFault::NotParquet(side.name))?;
        let id = batch.column_by_name(side.id).ok_or(PairsFault::NoColumn(side.name, side.id))?;
        if id.null_count() > 0 {
            return Err(PairsFault::NoId(side.name, side.id));
        }
        ids.push(Arc::clone(id));
        take_rows(&batch, side, others, reader, &mut table)?;
        if table.records.len() >= u32::MAX as usize {
            return Err(PairsFault::TooMany(side.name));
        }
    }
    let all: Vec<&dyn Array> = ids.iter().map(AsRef::as_ref).collect();
    let ids = if all.is_empty() {
        arrow::array::new_empty_array(
            schema.field_with_name(side.id).map_or(&DataType::Int64, |field| field.data_type()),
        )
    } else {
        compute::concat(&all).map_err(|_| PairsFault::NotParquet(side.name))?
    };
    Ok((table, ids))
}

fn take_rows(
    batch: &RecordBatch,
    side: &Side,
    others: &[String],
    reader: &mut Reader,
    table: &mut Table,
) -> Result<(), PairsFault> {
    let mut columns: Vec<Option<ArrayRef>> = Vec::new();
    for name in side.columns {
        let column = batch.column_by_name(name).map(|column| compute::cast(column, &DataType::Utf8));
        columns.push(column.transpose().map_err(|_| PairsFault::NoText(side.name, name))?);
    }
    let texts: Vec<_> = columns.iter().map(|column| column.as_ref().map(AsArray::as_string::<i32>)).collect();
    for at in 0..batch.num_rows() {
        let cell = |column: usize| {
            texts[column].filter(|texts| texts.is_valid(at)).map_or("", |texts| texts.value(at))
        };
        table.records.push(reader.read(&Cells {
            upn: cell(0),
            former_upn: cell(1),
            forename: cell(2),
            middle_names: cell(3),
            preferred_forename: cell(4),
            surname: cell(5),
            other_surname: cell(6),
            dob: cell(7),
            sex: cell(8),
            postcode: cell(9),
            school: cell(10),
        }));
    }
    for (name, words) in others.iter().zip(&mut table.extras) {
        let column = batch.column_by_name(name).map(|column| compute::cast(column, &DataType::Utf8));
        let column = column.transpose().map_err(|_| PairsFault::NoText(side.name, "(another)"))?;
        let Some(column) = column else { continue };
        for text in column.as_string::<i32>() {
            let word: Word = text.map_or(0, |text| reader.words.text(&super::fold::text(text)));
            words.push(word);
        }
    }
    Ok(())
}

/// Writes the pairs beside their name and moves them there once they are whole.
fn write(out: &Path, columns: [ArrayRef; 3]) -> Result<(), PairsFault> {
    let failed = |_| PairsFault::Unwritable;
    let names = [ROWS.id, REGISTER.id, "score"];
    let fields: Vec<Field> = names
        .iter()
        .zip(&columns)
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), false))
        .collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into())
        .map_err(|_| PairsFault::Unwritable)?;
    let unfinished = out.with_extension("unfinished");
    let file = File::create(&unfinished).map_err(failed)?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).map_err(|_| PairsFault::Unwritable)?;
    writer.write(&batch).map_err(|_| PairsFault::Unwritable)?;
    let file = writer.into_inner().map_err(|_| PairsFault::Unwritable)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&unfinished, out).map_err(failed)
}
