use super::{Complaint, Files};
use crate::privacy::CodeWords;
use std::collections::BTreeMap;

/// A code list: what each code means and when it holds.
#[derive(Clone, Debug)]
pub struct CodeList {
    /// The file stem.
    pub name: String,
    /// Column names, in the file's order: `code`, `label`, `valid_from`, `valid_to`, then what the list adds.
    pub columns: Vec<String>,
    /// Rows of texts, in the file's order.
    pub rows: Vec<Vec<String>>,
    /// Folded text to the code as the list spells it.
    pub words: CodeWords,
}

impl CodeList {
    /// The label of a code.
    pub fn label(&self, code: &str) -> Option<&str> {
        self.rows.iter().find(|row| row[0] == code).map(|row| row[1].as_str())
    }

    /// The code that a text says, in capitals or not. Nearly every text is short and plain, and is folded on the stack.
    pub fn code(&self, text: &str) -> Option<&str> {
        let mut folded = [0_u8; 32];
        let known = match folded.get_mut(..text.len()) {
            Some(folded) if text.is_ascii() => {
                folded.copy_from_slice(text.as_bytes());
                folded.make_ascii_lowercase();
                std::str::from_utf8(folded).ok().and_then(|folded| self.words.get(folded))
            }
            _ => self.words.get(&text.to_lowercase()),
        };
        known.map(String::as_str)
    }
}

/// Loads every list under `schemas/codes/`.
pub(super) fn load(files: &Files, complaints: &mut Vec<Complaint>) -> BTreeMap<String, CodeList> {
    let mut lists = BTreeMap::new();
    for (path, stem, file) in files.under("schemas/codes", "csv") {
        match parse(stem, &file.text) {
            Ok(list) => {
                lists.insert(stem.to_owned(), list);
            }
            Err((line, problem)) => complaints.push(Complaint {
                file: path.to_owned(),
                line,
                problem,
                hint:
                    "a code list has the columns code,label,valid_from,valid_to and no code twice for one day"
                        .into(),
            }),
        }
    }
    lists
}

fn parse(name: &str, text: &str) -> Result<CodeList, (usize, String)> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: Vec<String> =
        reader.headers().map_err(|error| (1, error.to_string()))?.iter().map(str::to_owned).collect();
    if columns.get(..4).is_none_or(|first| first != ["code", "label", "valid_from", "valid_to"]) {
        return Err((1, "the first columns must be code,label,valid_from,valid_to".into()));
    }
    let (mut rows, mut words) = (Vec::<Vec<String>>::new(), CodeWords::default());
    for record in reader.records() {
        let record = record.map_err(|error| (0, error.to_string()))?;
        let line = record.position().map_or(0, |place| place.line() as usize);
        let row: Vec<String> = record.iter().map(str::to_owned).collect();
        let open = |other: &Vec<String>| other[0] == row[0] && other[3].is_empty() && row[2].is_empty();
        if rows.iter().any(open) {
            return Err((line, format!("the code `{}` stands twice for the same days", row[0])));
        }
        words.insert(row[0].to_lowercase(), row[0].clone());
        // `also` lists finer codes and other spellings that count as this one.
        if let Some(at) = columns.iter().position(|column| column == "also") {
            for word in row[at].split_whitespace() {
                words.insert(word.to_lowercase(), row[0].clone());
            }
        }
        rows.push(row);
    }
    Ok(CodeList { name: name.to_owned(), columns, rows, words })
}
