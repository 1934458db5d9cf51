//! What a file holds, however it is packed: text, gzip (R's .rds), zip (workbooks), Parquet.
use super::marks::Marks;
use arrow::{array::AsArray, compute::cast, datatypes::DataType};
use axum::body::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::io::{Cursor, Read};

/// What is unpacked is not longer than this.
const LONGEST: u64 = 1 << 30;
/// A package within a package within a package.
const DEEPEST: u8 = 3;

/// Looks into bytes.
///
/// # Errors
/// Why they could not be looked into, or not wholly.
pub(super) fn look(bytes: &[u8], marks: &mut Marks, depth: u8) -> Result<(), &'static str> {
    if depth > DEEPEST {
        return Err("it is packed too deeply");
    }
    match bytes {
        [0x1f, 0x8b, ..] => {
            let mut text = Vec::new();
            let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(LONGEST);
            let read = reader.read_to_end(&mut text);
            let looked = look(&text, marks, depth + 1);
            read.map_err(|_| "it is damaged: only what could be unpacked was looked into")?;
            looked
        }
        [b'P', b'K', 3, 4, ..] => archive(bytes, marks, depth),
        [b'P', b'A', b'R', b'1', ..] => table(bytes, marks),
        [b'B', b'Z', b'h', ..] | [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            Err("it is compressed in a way that is not read: save it as gzip, or leave it out")
        }
        [b'P', b'A', b'R', b'E', ..] => Err("it is encrypted"),
        _ if bytes.get(8..12) == Some(b"DUCK") => {
            marks.look(bytes);
            Err("it is a database, whose columns may be packed: leave it out")
        }
        _ => {
            marks.look(bytes);
            if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
                wide(bytes, marks);
            }
            Ok(())
        }
    }
}

/// Text of two bytes a letter.
fn wide(bytes: &[u8], marks: &mut Marks) {
    let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    marks.look(&narrow);
}

fn archive(bytes: &[u8], marks: &mut Marks, depth: u8) -> Result<(), &'static str> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| "it is a damaged package")?;
    let mut worst = Ok(());
    for at in 0..zip.len() {
        let Ok(part) = zip.by_index(at) else {
            worst = Err("a part of it is encrypted or damaged");
            continue;
        };
        let mut part = part.take(LONGEST);
        let mut text = Vec::new();
        if part.read_to_end(&mut text).is_err() {
            worst = Err("a part of it is damaged");
        }
        worst = worst.and(look(&text, marks, depth + 1));
    }
    worst
}

/// The cells of a Parquet file, each as text.
fn table(bytes: &[u8], marks: &mut Marks) -> Result<(), &'static str> {
    let damaged = "its pages cannot be read";
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes))
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|_| damaged)?;
    for batch in reader {
        let batch = batch.map_err(|_| damaged)?;
        for column in batch.columns() {
            let Ok(texts) = cast(column, &DataType::Utf8) else { continue };
            let Some(texts) = texts.as_string_opt::<i32>() else { continue };
            texts.iter().flatten().for_each(|text| marks.look(text.as_bytes()));
        }
    }
    Ok(())
}
