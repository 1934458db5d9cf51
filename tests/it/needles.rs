//! Texts that must not be found, in every form in which they could hide, and the search for them.
use arrow::{array::AsArray, compute::cast, datatypes::DataType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
};

/// The texts, their hidden forms, and what was found of them.
#[derive(Default)]
pub struct Needles {
    /// Forms that are searched without regard to case, by their first bytes.
    folded: Forms,
    /// Forms that are bytes.
    exact: Forms,
    found: Vec<String>,
    searched: usize,
}

/// Shorter than this, and a text is found by chance.
const SHORTEST: usize = 6;

/// Thousands of byte strings, looked for in one pass.
#[derive(Default)]
struct Forms(HashMap<[u8; SHORTEST], Vec<(Vec<u8>, String)>>);

impl Forms {
    fn add(&mut self, form: &[u8], label: &str) {
        let first = form[..SHORTEST].try_into().unwrap();
        let forms = self.0.entry(first).or_default();
        if !forms.iter().any(|(held, _)| held == form) {
            forms.push((form.to_vec(), label.to_owned()));
        }
    }

    fn hits(&self, haystack: &[u8], found: &mut BTreeSet<String>) {
        for (at, window) in haystack.array_windows::<SHORTEST>().enumerate() {
            for (form, label) in self.0.get(window).into_iter().flatten() {
                if haystack[at..].starts_with(form) {
                    found.insert(label.clone());
                }
            }
        }
    }
}

impl Needles {
    pub fn add(&mut self, text: &str) {
        assert!(text.len() >= SHORTEST, "{text} is too short to search for");
        self.folded.add(text.to_lowercase().as_bytes(), text);
        for spelling in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
            let encoded = base64(spelling.as_bytes()).to_lowercase();
            self.folded.add(encoded.trim_end_matches('=').as_bytes(), &format!("{text} in base64"));
            let digest = Sha256::digest(spelling.as_bytes());
            let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            self.folded.add(hex.as_bytes(), &format!("{text} as an unkeyed digest"));
            self.exact.add(&digest[..16], &format!("{text} as an unkeyed digest"));
        }
    }

    pub fn found(&self) -> &[String] {
        &self.found
    }

    /// Bytes searched so far.
    pub fn searched(&self) -> usize {
        self.searched
    }

    pub fn search_text(&mut self, place: &str, text: &str) {
        self.search(place, text.as_bytes());
    }

    /// Searches a file's name and bytes; a Parquet file's and a database's columns as well, for they are compressed.
    pub fn search_file(&mut self, root: &Path, file: &Path) {
        let place = file.strip_prefix(root).unwrap_or(file).display().to_string();
        self.search(&format!("the name of {place}"), place.as_bytes());
        let bytes = fs::read(file).unwrap();
        self.search(&place, &bytes);
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("parquet") if !place.contains("identity") => self.search_parquet(&place, file),
            #[cfg(feature = "warehouse")]
            Some("duckdb") => self.search_duckdb(&place, file),
            _ => {}
        }
    }

    fn search(&mut self, place: &str, bytes: &[u8]) {
        self.searched += bytes.len();
        let lower = bytes.to_ascii_lowercase();
        let mut found = BTreeSet::new();
        self.folded.hits(&lower, &mut found);
        self.exact.hits(bytes, &mut found);
        // UTF-16 hides a text between zero bytes.
        let narrow: Vec<u8> = lower.iter().copied().filter(|byte| *byte != 0).collect();
        if narrow.len() != lower.len() {
            self.folded.hits(&narrow, &mut found);
        }
        self.found.extend(found.into_iter().map(|text| format!("{place}: {text}")));
    }

    fn search_parquet(&mut self, place: &str, file: &Path) {
        let builder = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(file).unwrap()).unwrap();
        let mut text = format!("{:?}", builder.metadata().file_metadata().key_value_metadata());
        for batch in builder.build().unwrap() {
            let batch = batch.unwrap();
            for column in batch.columns() {
                if let Ok(column) = cast(column, &DataType::Utf8) {
                    text.extend(column.as_string::<i32>().iter().flatten().flat_map(|cell| [cell, "\n"]));
                }
            }
        }
        self.search(&format!("the columns of {place}"), text.as_bytes());
    }

    #[cfg(feature = "warehouse")]
    fn search_duckdb(&mut self, place: &str, file: &Path) {
        let config = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly).unwrap();
        let database = duckdb::Connection::open_with_flags(file, config).unwrap();
        let mut names =
            database.prepare("select table_name from information_schema.tables order by 1").unwrap();
        let tables: Vec<String> =
            names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert!(!tables.is_empty());
        let mut text = String::new();
        for table in tables {
            let mut rows = database.prepare(&format!("select t::varchar from \"{table}\" t")).unwrap();
            for row in rows.query_map([], |row| row.get::<_, String>(0)).unwrap() {
                text.push_str(&row.unwrap());
                text.push('\n');
            }
        }
        self.search(&format!("the tables of {place}"), text.as_bytes());
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0_u32, |n, byte| (n << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = char::from(DIGITS[(n >> (18 - 6 * at)) as usize & 63]);
            out.push(if at <= chunk.len() { digit } else { '=' });
        }
    }
    out
}
