//! The lost child is the one nobody listed: counted, and asked about with the supplier that said the last word.
use super::{Demo, Row, ask};
use crate::{
    end_to_end::truth::{self, Place},
    site::walk,
};
use calamine::{DataType, Reader, open_workbook_auto};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use throughline::synth::estate;

/// Copies go to the suppliers that said the last word; what is marked in each is its own rows about people whom the list
/// lacks, and nobody stands in it who does not stand in its own files.
pub fn are_told_of_their_own_rows_alone(demo: &Demo, roll: &Path, rows: &[Row], folder: &Path) {
    let (copies, out) = (folder.join("copies"), folder.join("with copies.xlsx"));
    fs::create_dir_all(&copies).unwrap();
    let to = copies.to_str().unwrap();
    let ran = ask(demo, roll, "caseload", &out, &["--json", "--suppliers", to]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told = ran.json();
    let missing = &told["on_no_row"];
    assert_eq!(missing["counted"], true);
    let by_source: u64 =
        missing["by_last_source"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(missing["learners"].as_u64().unwrap(), by_source, "each has one last source");
    let listed: BTreeSet<u32> = rows.iter().map(|row| row.person).collect();
    let not_listed = |person: u32| !listed.contains(&person);
    let here = demo.world.people.iter().filter(|person| not_listed(person.number)).count() as u64;
    assert!(by_source > 0 && by_source < here, "{by_source} of {here} who are on no row");

    let mut people: BTreeMap<(String, u32, u32), u32> = BTreeMap::new();
    for row in truth::rows(&demo.estate()) {
        if let Place::File { document, sheet, row: number } = row.place {
            people.insert((document, sheet, number), row.person);
        }
    }
    let inboxes: BTreeMap<String, String> =
        estate::doors(&demo.world).into_iter().filter_map(|door| Some((door.name, door.inbox?))).collect();
    let given = told["suppliers"].as_array().unwrap();
    let mut marked = 0;
    for copy in given.iter().filter(|copy| !copy["written"].is_null()) {
        let source = copy["source"].as_str().unwrap();
        let inbox = format!("{}/", inboxes[source]);
        let book = Path::new(copy["written"].as_str().unwrap());
        let (places, texts) = read(book);
        assert_eq!(places.len() as u64, copy["rows"].as_u64().unwrap());
        let documents: BTreeSet<&String> = people
            .keys()
            .map(|(document, ..)| document)
            .filter(|document| document.starts_with(&inbox))
            .collect();
        let whom = |document: &str| -> Option<BTreeSet<u32>> {
            let sheets = sheets_of(&demo.estate().join(document));
            let sheet_of = |name: &String| {
                let at = sheets.iter().position(|sheet| sheet == name).unwrap_or_default();
                u32::try_from(at).unwrap() + 1
            };
            places
                .iter()
                .map(|(sheet, row)| people.get(&(document.to_owned(), sheet_of(sheet), *row)).copied())
                .collect()
        };
        let fits = documents
            .iter()
            .filter_map(|document| whom(document))
            .any(|of| of.iter().all(|one| not_listed(*one)));
        assert!(fits, "{source}: a row is marked that is about somebody on the list");
        let own = texts_of(&demo.estate().join(&inbox));
        for text in &texts {
            assert!(own.contains(text), "{source} is told what does not stand in its own files");
        }
        marked += places.len();
    }
    assert!(marked > 0, "no supplier was asked: {given:?}");
    let chain = super::audit(&demo.site().join("data"));
    let asked = chain.iter().filter(|entry| entry.verb == "resolve suppliers").count();
    let written = given.iter().filter(|copy| !copy["written"].is_null()).count();
    assert_eq!(asked, written, "each copy is in the audit");
}

/// The marked rows of a copy, by sheet and row; and every text of its sheets but the last, which explains.
fn read(book: &Path) -> (BTreeSet<(String, u32)>, BTreeSet<String>) {
    let mut open = open_workbook_auto(book).unwrap();
    let last = open.worksheet_range("Not on the tracking roll").unwrap();
    let lines = last.rows().skip(6);
    let places = lines.map(|row| (row[0].to_string(), row[1].to_string().parse().unwrap())).collect();
    (places, texts(book, open.sheet_names().len() - 1))
}

/// The names of a file's sheets in their order: a copy lacks those that are hidden. A file that is no workbook has one sheet without a name.
fn sheets_of(file: &Path) -> Vec<String> {
    open_workbook_auto(file).map(|book| book.sheet_names()).unwrap_or_default()
}

/// The texts of a workbook's first sheets.
fn texts(book: &Path, sheets: usize) -> BTreeSet<String> {
    let mut open = open_workbook_auto(book).unwrap();
    let mut found = BTreeSet::new();
    for name in open.sheet_names().iter().take(sheets) {
        let range = open.worksheet_range(name).unwrap();
        found.extend(range.used_cells().filter_map(|(.., cell)| cell.get_string().map(str::to_owned)));
    }
    found
}

/// Every text of every file of a folder.
fn texts_of(folder: &Path) -> BTreeSet<String> {
    let mut files = Vec::new();
    walk(folder, &mut files);
    let mut found = BTreeSet::new();
    for file in files {
        if file.extension().is_some_and(|ending| ending == "csv") {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(file).unwrap();
            let lines = reader.byte_records().map(Result::unwrap);
            for line in lines {
                found.extend(line.iter().map(|cell| encoding_rs::WINDOWS_1252.decode(cell).0.into_owned()));
                found.extend(line.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()));
            }
        } else {
            found.extend(texts(&file, usize::MAX));
        }
    }
    found
}
