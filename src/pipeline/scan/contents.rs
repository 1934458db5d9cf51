//! What a file holds, however it is packed: text of one byte a letter or two, gzip (R's .rds), zlib, zip (workbooks), Parquet. Of what
//! is packed otherwise it says so.
use super::marks::Marks;
use arrow::{array::AsArray, compute::cast, datatypes::DataType};
use axum::body::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::io::{Cursor, Read};

/// What is unpacked is not longer than this.
const LONGEST: u64 = 1 << 30;
/// A package within a package within a package.
const DEEPEST: u8 = 3;
/// Of fewer bytes nobody can say how evenly they are spread.
const ENOUGH: usize = 512;

/// Forms in which text may be packed, by how they begin.
const PACKED: [(&[u8], &str); 17] = [
    (b"%PDF", "it is a PDF, whose text may be packed"),
    (b"BZh", "it is compressed in a way that is not read: save it as gzip, or leave it out"),
    (b"\xfd7zXZ", "it is compressed in a way that is not read: save it as gzip, or leave it out"),
    (b"\x28\xb5\x2f\xfd", "it is compressed in a way that is not read: save it as gzip, or leave it out"),
    (b"\x04\x22\x4d\x18", "it is compressed in a way that is not read: save it as gzip, or leave it out"),
    (b"7z\xbc\xaf\x27\x1c", "it is compressed in a way that is not read: save it as gzip, or leave it out"),
    (b"Rar!", "it is compressed in a way that is not read: save it as gzip, or leave it out"),
    (b"PARE", "it is encrypted"),
    (b"$FL", "it is a data file of SPSS, whose texts may be packed"),
    (b"ARROW1", "it is an Arrow file, whose columns may be packed"),
    (b"FEA1", "it is an Arrow file, whose columns may be packed"),
    (b"ORC", "it is an ORC file, whose columns may be packed"),
    (b"\x89HDF", "it is an HDF file, whose columns may be packed"),
    (b"\x89PNG", "it is a picture: what it shows was not looked at"),
    (b"\xff\xd8\xff", "it is a picture: what it shows was not looked at"),
    (b"GIF8", "it is a picture: what it shows was not looked at"),
    (b"RIFF", "it is a picture or sound: what it shows was not looked at"),
];

/// Looks into bytes.
///
/// # Errors
/// Why they could not be looked into, or not wholly.
pub(super) fn look(bytes: &[u8], marks: &mut Marks<'_>, depth: u8) -> Result<(), &'static str> {
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
        _ if bytes.get(8..12) == Some(b"DUCK") => {
            marks.look(bytes);
            Err("it is a database, whose columns may be packed: leave it out")
        }
        // Two bytes that a word of letters can begin with, too: it is zlib if it can be unpacked as that.
        [one, two, ..] if one & 0x8f == 8 && u16::from_be_bytes([*one, *two]).is_multiple_of(31) => {
            match unpacked(bytes) {
                Some(text) => look(&text, marks, depth + 1),
                None => plain(bytes, marks),
            }
        }
        _ => plain(bytes, marks),
    }
}

/// The whole of what was packed by zlib, if it was.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::ZlibDecoder::new(bytes).take(LONGEST).read_to_end(&mut text).ok()?;
    (!text.is_empty()).then_some(text)
}

/// What is looked through as it lies there, whatever it is; and why that may not be all of it.
fn plain(bytes: &[u8], marks: &mut Marks<'_>) -> Result<(), &'static str> {
    marks.look(bytes);
    if memchr::memchr(0, bytes).is_some() {
        wide(bytes, marks);
    }
    if let Some((_, why)) = PACKED.iter().find(|(begins, _)| bytes.starts_with(begins)) {
        return Err(why);
    }
    if is_dense(bytes) {
        return Err(
            "its bytes are no text: what is packed, encrypted or written as numbers in it was not looked into",
        );
    }
    Ok(())
}

/// Text of two bytes a letter, of which one is nothing: the great one first or last, from an even place or an odd one.
fn wide(bytes: &[u8], marks: &mut Marks<'_>) {
    for from in 0..bytes.len().min(2) {
        for letter in 0..2 {
            let pairs = bytes[from..].chunks_exact(2);
            // What is no letter parts words.
            let narrow = pairs.map(|pair| if pair[1 - letter] == 0 { pair[letter] } else { b' ' });
            marks.look(&narrow.collect::<Vec<u8>>());
        }
    }
}

/// Whether bytes are spread so evenly that they are no text of any language, nor a form of cells in which texts stand plainly:
/// compressed, encrypted, or numbers. Text has less than six bits to a byte, in any encoding.
fn is_dense(bytes: &[u8]) -> bool {
    let bytes = &bytes[..bytes.len().min(1 << 20)];
    if bytes.len() < ENOUGH || std::str::from_utf8(bytes).is_ok() {
        return false;
    }
    let mut counts = [0_u32; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let all = bytes.len() as f64;
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / all);
    shares.map(|share| -share * share.log2()).sum::<f64>() > 7.0
}

fn archive(bytes: &[u8], marks: &mut Marks<'_>, depth: u8) -> Result<(), &'static str> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| "it is a damaged package")?;
    let mut worst = Ok(());
    for at in 0..zip.len() {
        let Ok(part) = zip.by_index(at) else {
            worst = Err("a part of it is encrypted or damaged");
            continue;
        };
        if let Ok(name) = part.name() {
            marks.look(name.as_bytes());
        }
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
fn table(bytes: &[u8], marks: &mut Marks<'_>) -> Result<(), &'static str> {
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

#[cfg(test)]
mod tests {
    use super::{super::KnownStudies, *};
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write;

    /// How many different numbers were found, and why not all was looked into.
    fn found(bytes: &[u8]) -> (usize, Option<&'static str>) {
        let known = KnownStudies::default();
        let mut marks = Marks::new(&known.ids);
        let looked = look(bytes, &mut marks, 0);
        (marks.found("f", &known).iter().map(|one| one.n).sum(), looked.err())
    }

    #[test]
    fn text_of_two_bytes_a_letter_is_read_whichever_comes_first_and_wherever_it_begins() {
        let text = "upn\nH801200001001\n";
        for with_mark in [true, false] {
            let mark = if with_mark { "\u{feff}" } else { "" };
            let units: Vec<u16> = format!("{mark}{text}").encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let great: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            for bytes in [little.clone(), great, [b"x", &little[..]].concat()] {
                assert_eq!(found(&bytes), (1, None), "{with_mark}");
            }
        }
    }

    #[test]
    fn zlib_is_unpacked_and_a_text_that_begins_like_it_is_text() {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        packed.write_all(b"a,H801200001001,b").unwrap();
        assert_eq!(found(&packed.finish().unwrap()), (1, None));
        assert_eq!(found(b"x\x01 H801200001001"), (1, None));
        assert_eq!(found(b"hC H801200001001"), (1, None));
    }

    #[test]
    fn what_is_packed_in_another_way_is_said_to_be_and_looked_through_as_it_lies_there() {
        let pdf = found(b"%PDF-1.7\n% H801200001001\n");
        assert!(pdf.0 == 1 && pdf.1.unwrap().contains("PDF"));
        // Evenly spread, as what is encrypted is.
        let mut state = 9_u32;
        let noise: Vec<u8> = (0..4096)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        assert!(found(&noise).1.is_some_and(|why| why.contains("no text")));
        let german: String = "Straße und Übung, größer als früher. ".repeat(40);
        assert_eq!(found(german.as_bytes()), (0, None));
        let latin: Vec<u8> = german.chars().map(|c| c as u32 as u8).collect();
        assert_eq!(found(&latin), (0, None), "an older encoding is text, too");
    }
}
