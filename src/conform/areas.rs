//! The site's postcode directory: postcode, output area, ward, authority.
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
    #[error(
        "the postcode directory needs the columns postcode, lsoa (E01000001) and la_code (three digits); a column ward, if there is one, \
         holds codes (E05000001) or nothing"
    )]
    Columns,
}

/// Reads a directory from a CSV with the columns `postcode`, `lsoa` and `la_code`, and `ward` where there is one; others are ignored.
pub fn read_directory(path: &Path) -> Result<PostcodeDirectory, AreasFault> {
    let bytes = std::fs::read(path).map_err(|_| AreasFault::Unreadable)?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().map_err(|_| AreasFault::Unreadable)?.clone();
    let column = |name: &str| {
        header.iter().position(|text| text.eq_ignore_ascii_case(name)).ok_or(AreasFault::Columns)
    };
    let (postcode, lsoa, la) = (column("postcode")?, column("lsoa")?, column("la_code")?);
    let ward = column("ward").ok();
    let fingerprint = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut directory = PostcodeDirectory::of(fingerprint);
    for record in reader.records() {
        let record = record.map_err(|_| AreasFault::Unreadable)?;
        if let (Some(code), Some(lsoa), Some(la)) = (record.get(postcode), record.get(lsoa), record.get(la)) {
            // What is not shaped like an area does not become one: a column slipped, or the file is another.
            let ward = ward.and_then(|at| record.get(at)).filter(|ward| !ward.is_empty());
            let is_la = la.len() == 3 && la.bytes().all(|byte| byte.is_ascii_digit());
            if !is_la || !is_area(lsoa) || !ward.is_none_or(is_area) {
                return Err(AreasFault::Columns);
            }
            directory.insert(code, Area { lsoa: lsoa.into(), ward: ward.map(Into::into), la: la.into() });
        }
    }
    Ok(directory)
}

/// A letter and eight digits.
fn is_area(code: &str) -> bool {
    code.len() == 9
        && code.starts_with(|first: char| first.is_ascii_uppercase())
        && code.bytes().skip(1).all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PostcodeDirectory, AreasFault> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("postcodes.csv");
        std::fs::write(&path, text).unwrap();
        read_directory(&path)
    }

    #[test]
    fn a_ward_is_told_where_the_directory_has_it() {
        let ward = |text: &str| read(text).map(|found| found.find("zt11aa").unwrap().ward.clone());
        let with = "postcode,lsoa,ward,la_code\nZT1 1AA,E01998001,E05998001,998\n";
        assert_eq!(ward(with), Ok(Some("E05998001".into())));
        assert_eq!(ward("postcode,lsoa,la_code\nZT1 1AA,E01998001,998\n"), Ok(None), "no such column");
        let without = "postcode,lsoa,ward,la_code\nZT1 1AA,E01998001,,998\n";
        assert_eq!(ward(without), Ok(None), "not of this postcode");
    }

    #[test]
    fn what_is_not_shaped_like_an_area_does_not_become_one() {
        let cells = [
            ("E01998001", "Castle", "998"),
            ("e01998001", "", "998"),
            ("E01998001", "", "99"),
            ("7 Elm Road", "", "998"),
        ];
        for (lsoa, ward, la) in cells {
            let text = format!("postcode,lsoa,ward,la_code\nZT1 1AA,{lsoa},{ward},{la}\n");
            assert_eq!(read(&text).err(), Some(AreasFault::Columns), "{text}");
        }
        assert_eq!(read("postcode,ward\n").err(), Some(AreasFault::Columns));
    }
}
