//! The site's postcode directory: postcode, output area, authority.
use crate::privacy::{Area, PostcodeDirectory};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Why a directory could not be read. It is public data, but no line of it is quoted all the same.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum AreasFault {
    /// Not there, or not text.
    #[error("the postcode directory cannot be read; name it in `postcode_directory`")]
    Unreadable,
    /// A column is missing.
    #[error("the postcode directory needs the columns postcode, lsoa (E01000001) and la_code (three digits)")]
    Columns,
}

/// Reads a directory from a CSV with the columns `postcode`, `lsoa` and `la_code`; others are ignored.
pub fn read_directory(path: &Path) -> Result<PostcodeDirectory, AreasFault> {
    let bytes = std::fs::read(path).map_err(|_| AreasFault::Unreadable)?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().map_err(|_| AreasFault::Unreadable)?.clone();
    let column = |name: &str| {
        header.iter().position(|text| text.eq_ignore_ascii_case(name)).ok_or(AreasFault::Columns)
    };
    let (postcode, lsoa, la) = (column("postcode")?, column("lsoa")?, column("la_code")?);
    let fingerprint = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut directory = PostcodeDirectory::of(fingerprint);
    for record in reader.records() {
        let record = record.map_err(|_| AreasFault::Unreadable)?;
        if let (Some(code), Some(lsoa), Some(la)) = (record.get(postcode), record.get(lsoa), record.get(la)) {
            // What is not shaped like an area does not become one: a column slipped, or the file is another.
            let shaped = lsoa.len() == 9 && la.len() == 3 && la.bytes().all(|byte| byte.is_ascii_digit());
            if !shaped || !lsoa.bytes().skip(1).all(|byte| byte.is_ascii_digit()) {
                return Err(AreasFault::Columns);
            }
            directory.insert(code, Area { lsoa: lsoa.into(), la: la.into() });
        }
    }
    Ok(directory)
}
