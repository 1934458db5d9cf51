//! Files that nobody here wrote, read through manifests and beside other readers, and counted by both. Read where
//! `THROUGHLINE_REAL_DATA` names their folder; without it each test says that it was skipped.
use crate::{
    real_data::real,
    sheets::{problems, site_of},
};
use calamine::{Data, Reader, SheetVisible};
use std::{
    fs,
    path::{Path, PathBuf},
};
use throughline::{
    definitions::connector::FileForm,
    fault::Problem,
    source::{RawCell, document::Document, sheet, tree::Wanted, xml::Records},
};

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let fits =
        |path: &PathBuf| path.extension().is_some_and(|own| extensions.iter().any(|known| own == *known));
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(fits).collect();
    files.sort();
    files
}

/// Rows that show something, with their numbers, as calamine sees them.
fn elsewhere(range: &calamine::Range<Data>) -> Vec<(u32, Vec<(usize, Data)>)> {
    let (top, left) = range.start().unwrap_or((0, 0));
    let shows = |data: &Data| match data {
        Data::Empty => false,
        Data::String(text) => !text.is_empty(),
        _ => true,
    };
    let blank = |data: &Data| matches!(data, Data::String(text) if text.trim().is_empty());
    let row = |(at, row): (usize, &[Data])| {
        let cells: Vec<_> = row
            .iter()
            .enumerate()
            .filter(|(_, data)| shows(data))
            .map(|(column, data)| (left as usize + column, data.clone()))
            .collect();
        (top + at as u32 + 1, cells)
    };
    let rows = range.rows().enumerate().map(row);
    rows.filter(|(_, cells)| cells.iter().any(|(_, data)| !blank(data))).collect()
}

fn same(own: &RawCell, other: &Data) -> bool {
    match (own, other) {
        (RawCell::Text(own), Data::String(other)) => own.replace('\r', "") == other.replace('\r', ""),
        (RawCell::Number(own), Data::Float(other)) => (own - other).abs() <= other.abs() * 1e-12,
        (RawCell::Number(own), Data::Int(other)) => (own - *other as f64).abs() < 0.5,
        (RawCell::Bool(own), Data::Bool(other)) => own == other,
        (RawCell::Date(own), Data::DateTime(other)) => {
            let (year, month, day, ..) = other.to_ymd_hms_milli();
            own.to_string() == format!("{year:04}-{month:02}-{day:02}")
        }
        (RawCell::Number(own), Data::DateTime(other)) => (own - other.as_f64()).abs() < 1e-9,
        (RawCell::Date(own), Data::DateTimeIso(other)) => other.starts_with(&own.to_string()),
        (RawCell::Error(Problem::UnreadableCell), Data::Error(_)) => true,
        (RawCell::Text(own), Data::DurationIso(other)) => own == other,
        _ => false,
    }
}

/// Every sheet of every workbook, cell by cell, beside another reader.
#[test]
fn every_cell_of_every_workbook_is_what_another_reader_sees() {
    let (mut books, mut sheets, mut cells) = (0, 0, 0);
    for folder in ["messy_spreadsheets", "social_care_synthetic", "npd_catalogue", "deprivation", "lait"] {
        let Some(folder) = real(folder) else { continue };
        for path in files(&folder, &["xlsx", "ods"]) {
            books += 1;
            // Some programs leave out the part that says what the archive is, which the other reader insists on.
            let Ok(mut book) = calamine::open_workbook_auto(&path) else {
                let form: FileForm =
                    toml::from_str("format = \"sheet\"\nname = \"x\"\nheader = { none = true }").unwrap();
                assert!(
                    sheet::open(&Document::open(&path).unwrap(), &form, &[]).is_ok(),
                    "{}",
                    path.display()
                );
                continue;
            };
            let shown = book.sheets_metadata().iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
            let names: Vec<String> = shown.map(|sheet| sheet.name.clone()).collect();
            for (at, name) in names.iter().enumerate() {
                let text = format!(
                    "format = \"sheet\"\nname = \"x\"\nsheet = {{ position = {} }}\nheader = {{ none = true }}\nstop = {{ blank_rows = 2000000 }}",
                    at + 1
                );
                let form: FileForm = toml::from_str(&text).unwrap();
                let other = elsewhere(&book.worksheet_range(name).unwrap());
                let mut table = match sheet::open(&Document::open(&path).unwrap(), &form, &[]) {
                    Ok(table) => table,
                    Err(Problem::Empty) if other.is_empty() => continue,
                    Err(problem) => panic!("{} sheet {}: {problem}", path.display(), at + 1),
                };
                for (number, expected) in &other {
                    let (own, found) = table.next_row().unwrap().unwrap();
                    assert_eq!(own, *number, "{} sheet {}", path.display(), at + 1);
                    let found = found.unwrap();
                    let filled = found
                        .iter()
                        .filter(|cell| **cell != RawCell::Empty)
                        .filter(|cell| !matches!(cell, RawCell::Text(text) if text.is_empty()))
                        .count();
                    assert_eq!(
                        filled,
                        expected.len(),
                        "{} sheet {} row {number}: {found:?}",
                        path.display(),
                        at + 1
                    );
                    for (column, data) in expected {
                        assert!(
                            same(&found[*column], data),
                            "{} sheet {} row {number} column {column}: {:?} is not {data:?}",
                            path.display(),
                            at + 1,
                            found[*column]
                        );
                        cells += 1;
                    }
                }
                assert!(table.next_row().unwrap().is_none());
                sheets += 1;
            }
        }
    }
    println!("{books} workbooks, {sheets} sheets, {cells} cells");
    assert!(books == 0 || cells > 100_000, "{cells} cells");
}

/// Every XML file: as many records as there are opening tags, and as many items within them.
#[test]
fn every_document_has_as_many_records_as_opening_tags() {
    for (folder, file, path, item) in [
        ("social_care_synthetic", "fake_903.xml", "CHILD", "EPISODE"),
        ("social_care_synthetic", "CIN_Census_2024.xml", "Children.Child", "CINdetails"),
        ("social_care_synthetic", "BAR_cin_2022.xml", "Children.Child", "CINdetails"),
        ("isams_xml", "GetCurrentPupils.xml", "PupilManager.CurrentPupils.Pupil", "UPN"),
        ("isams_xml", "GetAllYears.xml", "SchoolManager.Years.Year", "NationalCurriculumYear"),
        ("isams_xml", "GetSchoolForms.xml", "SchoolManager.Forms.Form", "Tutor"),
    ] {
        let Some(folder) = real(folder) else { continue };
        let bytes = fs::read(folder.join(file)).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // Where the records have attributes, an element within them may bear their name without any.
        let count = |name: &str| {
            let dressed = text.matches(&format!("<{name} ")).count();
            if dressed > 0 { dressed } else { text.matches(&format!("<{name}>")).count() }
        };
        let (record, around) = (Wanted::of([item]), Wanted::of([]));
        let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
        let mut records =
            Records::open(Box::new(std::io::Cursor::new(bytes)), &steps, &record, &around).unwrap();
        let (mut found, mut items) = (0, 0);
        let to_item = record.path("", item).unwrap();
        while let Some((_, tree)) = records.next_record().unwrap() {
            found += 1;
            items += tree.unwrap().at(&to_item).map_or(0, |tree| tree.items().len());
        }
        assert_eq!(found, count(steps.last().unwrap()), "{file}");
        // Nothing is wanted within an item, so that an item is its own text or nothing.
        assert!(items <= text.matches(&format!("<{item}")).count(), "{file}");
        assert!(found > 0);
    }
    // An error in place of an answer, whose declaration lies about its encoding.
    let Some(folder) = real("isams_xml") else { return };
    let bytes = fs::read(folder.join("MethodsNotAllocatedToKey.xml")).unwrap();
    let (record, around) = (Wanted::of(["UPN"]), Wanted::of(["Message.MessageId"]));
    let steps = ["PupilManager", "CurrentPupils", "Pupil"].map(str::to_owned);
    let answer = throughline::source::xml::read(&bytes, &steps, &record, &around).unwrap();
    assert!(answer.records.is_none());
    let told =
        answer.envelope.at(&around.path("", "Message.MessageId").unwrap()).unwrap().scalar_text().unwrap();
    assert_eq!(told, "MethodsNotAllocatedToKeyException");
}

/// A feed that takes every row of a table for the person in one column.
fn table(name: &str, files: &str, key: &str, more: &str) -> String {
    format!(
        "[[feed]]\nname = \"{name}\"\n{files}mode = \"keyed\"\n{more}[feed.person]\nkey = \"{key}\"\n[[feed.rows]]\nentity = \"learner\"\n[feed.rows.columns]\nobserved_on = {{ const = \"2024-01-01\", dates = [\"%Y-%m-%d\"] }}\n"
    )
}

/// Pulls; a run in which many keys are said again may be held for a person, who would see the same counts.
fn pulled(site: &crate::site::TestSite) -> crate::site::Ran {
    let ran = site.run(&["--json", "pull"]);
    assert!(matches!(ran.code, 0 | 3), "{}\n{}", ran.out, ran.err);
    ran
}

fn read_and_set_aside(ran: &crate::site::Ran) -> (u64, u64) {
    let source = &ran.json()["sources"][0];
    (source["read"].as_u64().unwrap(), source["set_aside"].as_u64().unwrap())
}

/// Lines of a CSV without line ends in its cells, but the header.
fn lines(text: &str) -> u64 {
    text.lines().filter(|line| !line.trim().is_empty()).count() as u64 - 1
}

#[test]
fn every_bundle_gives_as_many_records_as_its_tables_have_lines() {
    let Some(folder) = real("oneroster") else { return };
    let feeds = table("enrolments", "files = \"enrollments.csv\"\n", "userSourcedId", "")
        + &table("people", "files = \"users.csv\"\n", "sourcedId", "")
        + &table("orgs", "files = \"orgs.csv\"\n", "sourcedId", "")
        + &table("results", "files = \"results.csv\"\n", "studentSourcedId", "");
    let bundle = "format = \"zip-csv\"\nname = \"*.zip\"\nbundle = { manifest = \"manifest.csv\", modes = \"file.{name}\" }";
    for name in ["Test_full_data_set.zip", "Test_minimal_data_set.zip", "oat_OneRosterv1p1BaseCSV"] {
        let site = site_of(bundle, &feeds);
        let (from, to) = (folder.join(name), site.inbox("office").join(name));
        let mut expected = 0;
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            for file in files(&from, &["csv"]) {
                fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
            }
            for table in ["enrollments.csv", "users.csv", "orgs.csv"] {
                expected += lines(&fs::read_to_string(from.join(table)).unwrap());
            }
        } else {
            fs::copy(&from, &to).unwrap();
            let mut archive = zip::ZipArchive::new(fs::File::open(&from).unwrap()).unwrap();
            for table in ["enrollments.csv", "users.csv", "orgs.csv"] {
                expected += lines(&std::io::read_to_string(archive.by_name(table).unwrap()).unwrap());
            }
        }
        let ran = pulled(&site);
        let (read, set_aside) = read_and_set_aside(&ran);
        assert_eq!(read, expected, "{name}: {:?}", problems(&site));
        let repeated = problems(&site).get("duplicate_key").map_or(0, Vec::len) as u64;
        assert_eq!(set_aside, repeated, "{name}: {:?}", problems(&site));
    }
}

#[test]
fn every_table_of_childrens_social_care_gives_as_many_records_as_it_has_rows() {
    let Some(folder) = real("social_care_synthetic") else { return };
    let (mut feeds, mut expected) = (String::new(), 0);
    let site_files: Vec<PathBuf> = files(&folder, &["csv"]);
    for (at, path) in site_files.iter().enumerate() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut reader = csv::Reader::from_path(path).unwrap();
        let header = reader.headers().unwrap().clone();
        let key = header.iter().find(|text| matches!(*text, "CHILD" | "LAchildID")).unwrap().to_owned();
        expected += reader.records().flatten().count() as u64;
        feeds += &table(&format!("table-{at}"), &format!("files = \"{name}\"\n"), &key, "");
    }
    let site = site_of("format = \"sheet\"\nname = \"*\"", &feeds);
    for path in &site_files {
        fs::copy(path, site.inbox("office").join(path.file_name().unwrap())).unwrap();
    }
    assert_eq!(read_and_set_aside(&pulled(&site)).0, expected, "{:?}", problems(&site).keys());

    // The same return as one workbook: a feed for each of its sheets.
    let mut book = calamine::open_workbook_auto(folder.join("903_xlsx.xlsx")).unwrap();
    let (mut feeds, mut expected) = (String::new(), 0);
    for (at, name) in book.sheet_names().into_iter().enumerate() {
        expected += elsewhere(&book.worksheet_range(&name).unwrap()).len() as u64 - 1;
        let sheet = format!("sheet = {{ position = {} }}\nheader = {{ must_have = [\"CHILD\"] }}\n", at + 1);
        feeds += &table(&format!("sheet-{at}"), "", "CHILD", &sheet);
    }
    let site = site_of("format = \"sheet\"\nname = \"*.xlsx\"", &feeds);
    fs::copy(folder.join("903_xlsx.xlsx"), site.inbox("office").join("903.xlsx")).unwrap();
    assert_eq!(read_and_set_aside(&pulled(&site)).0, expected, "{:?}", problems(&site).keys());
}
