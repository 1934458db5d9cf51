//! The truth about an estate: whom each row is about and what it says wrongly of them.
use serde::Deserialize;
use std::{fs, path::Path};

/// A row of a file, or a record of the schools' service.
#[derive(Deserialize)]
pub struct Row {
    pub person: u32,
    #[serde(flatten)]
    pub place: Place,
    /// Identity cells that are not what a perfect row would say.
    #[serde(default)]
    pub slips: Vec<Slip>,
}

#[derive(Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(untagged)]
pub enum Place {
    /// Sheet and row from 1, the document by its path in the estate.
    File {
        document: String,
        sheet: u32,
        row: u32,
    },
    Record {
        tenant: String,
        record: String,
    },
}

#[derive(Deserialize)]
pub struct Slip {
    pub cell: String,
    /// Empty where the cell is.
    pub says: String,
    pub right: String,
}

/// Every row of an estate about somebody.
pub fn rows(estate: &Path) -> Vec<Row> {
    lines(&estate.join("truth/rows.jsonl"))
}

/// Where faults were planted in rows.
pub fn planted(estate: &Path) -> Vec<Place> {
    let places: Vec<Place> = lines(&estate.join("truth/faults.jsonl"));
    // An empty sheet has no row.
    places.into_iter().filter(|place| !matches!(place, Place::File { row: 0, .. })).collect()
}

fn lines<T: for<'a> Deserialize<'a>>(path: &Path) -> Vec<T> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
