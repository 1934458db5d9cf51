//! A supplier's own file, given back: what is wrong in it is marked and explained, and nothing of it is anywhere else.
use crate::site::{TestSite, walk};
use calamine::{Data, Reader, open_workbook_auto};
use std::fs;

const SHEET: &str = "id,first_name,last_name,dob,sex,upn,home_postcode,commissioner,school_urn,legal_basis,reason,start,end,planned_end,hours,sessions_offered,sessions_attended,objectives,reviews,review_date,end_reason,reading_age_start,reading_age_review,sdq_start,sdq_review,fs_english,fs_maths,elc_science,units,destination,notes
1,Ada,Quillington,09/05/2008,F,H801200001001,ZT4 0BN,council,100123,s.19,behaviour,05/09/2023,,,25,190,173,yes,4,,,,,,,,,,,,Ada likes boats
2,Benedict,Pennyfeather,23/11/2008,M,B201361421009,ZT4 0BN,council,100123,s.19,behaviour,when he came,,,25,190,173,yes,4,,,,,,,,,,,,
3,Cyrus,Nibblewick,01/02/2009,M,Q846401119037,ZT4 0BN,council,100123,s.19,behaviour,13/09/2023,,,lots,190,173,yes,4,,,,,,,,,,,,
4,Dorothea,Inkersley,03/04/2009,F,,ZT4 0BN,council,100123,s.19,behaviour,20/09/2023,01/09/2023,,20,190,173,yes,4,,,,,,,,,,,,
";
const SECRETS: [&str; 8] = [
    "Quillington",
    "Pennyfeather",
    "Nibblewick",
    "Inkersley",
    "H801200001001",
    "B201361421009",
    "when he came",
    "likes boats",
];

fn site() -> TestSite {
    let site = TestSite::new();
    fs::write(site.inbox("provider").join("placements_2023-24.csv"), SHEET).unwrap();
    site.source("provider", "ap-export", "params.establishment_id = \"AP07\"");
    site.configure("2026-03-31");
    site
}

#[test]
fn the_file_comes_back_with_what_is_wrong_marked_and_explained() {
    let site = site();
    let ran = site.run(&[
        "-vv",
        "quarantine",
        "export",
        "inbox/provider/placements_2023-24.csv",
        "--to",
        "back.xlsx",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut book = open_workbook_auto(site.path().join("back.xlsx")).unwrap();
    assert_eq!(book.sheet_names(), ["Your file", "What to mend"]);
    let own = book.worksheet_range("Your file").unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(SHEET.as_bytes());
    for (row, record) in reader.records().map(Result::unwrap).enumerate() {
        for (column, text) in record.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            assert_eq!(
                own.get((row, column)),
                Some(&Data::String(text.to_owned())),
                "row {row} column {column}"
            );
        }
    }
    let mend = book.worksheet_range("What to mend").unwrap();
    let lines: Vec<String> = mend
        .rows()
        .skip(6)
        .map(|row| row.iter().take(4).map(ToString::to_string).collect::<Vec<_>>().join("|"))
        .collect();
    let says = |row: &str, column: &str, what: &str| {
        lines.iter().any(|line| line.contains(&format!("|{row}|{column}|")) && line.contains(what))
    };
    assert!(says("3", "F: upn", "mistyped"), "{lines:#?}");
    assert!(says("3", "L: start", "not a date"), "{lines:#?}");
    assert!(says("4", "O: hours", "not a number"), "{lines:#?}");
    assert!(says("5", "M: end", "before the first day"), "{lines:#?}");
    assert_eq!(lines.len(), 4, "each once: {lines:#?}");
    // A colour is never the only sign.
    let bytes = fs::read(site.path().join("back.xlsx")).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut notes = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("xl/comments1.xml").unwrap(), &mut notes).unwrap();
    assert_eq!(notes.matches("<comment ").count(), 4);
}

#[test]
fn nothing_of_it_is_anywhere_else() {
    let site = site();
    let pulled = site.run(&["pull"]);
    assert!(matches!(pulled.code, 0 | 4), "{}", pulled.err);
    let ran = site.run(&[
        "-vv",
        "quarantine",
        "export",
        "inbox/provider/placements_2023-24.csv",
        "--to",
        "back.xlsx",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let json = site.run(&[
        "--json",
        "quarantine",
        "export",
        "inbox/provider/placements_2023-24.csv",
        "--to",
        "again.xlsx",
    ]);
    assert_eq!(json.json()["marks"], 4);
    let mut texts = vec![ran.out, ran.err, json.out, json.err];
    let mut files = Vec::new();
    walk(&site.path().join("data"), &mut files);
    assert!(!files.is_empty());
    texts.extend(files.iter().map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()));
    for text in texts {
        for secret in SECRETS {
            assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{secret}");
        }
    }
    let mut left = Vec::new();
    walk(site.path(), &mut left);
    let workbooks = left.iter().filter(|file| file.extension().is_some_and(|end| end == "xlsx")).count();
    assert_eq!(workbooks, 2, "no copy but those asked for");
}

#[test]
fn it_is_written_only_where_it_may_lie() {
    let site = site();
    let file = "inbox/provider/placements_2023-24.csv";
    site.run(&["status"]);
    for place in ["data/back.xlsx", "inbox/provider/back.xlsx", "nowhere/back.xlsx", "back.csv"] {
        let ran = site.run(&["quarantine", "export", file, "--to", place]);
        assert_eq!(ran.code, 2, "{place}: {}", ran.err);
        assert!(!site.path().join(place).exists(), "{place}");
    }
    assert_eq!(site.run(&["quarantine", "export", file, "--to", "back.xlsx"]).code, 0);
    assert_eq!(site.run(&["quarantine", "export", file, "--to", "back.xlsx"]).code, 2, "it is there already");
    assert_eq!(site.run(&["quarantine", "export", file, "--to", "back.xlsx", "--force"]).code, 0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(site.path().join("back.xlsx")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn names_of_files_are_for_a_terminal_alone() {
    let site = site();
    let pulled = site.run(&["pull"]);
    assert!(matches!(pulled.code, 0 | 4), "{}", pulled.err);
    let listed = site.run(&["quarantine", "provider", "--all"]);
    assert!(listed.code == 0 && !listed.out.contains("placements_2023-24"), "{}", listed.out);
    let asked = site.run(&["quarantine", "--files"]);
    assert!(asked.code == 2 && !asked.out.contains("placements_2023-24"), "{}", asked.out);
}
