//! No way in which a file can be wrong lets out what stands in it.
//!
//! Unmistakable texts are planted in the names, sheets, headers, cells, elements and tables of files that fail in every
//! way a reader knows; every byte that the program wrote or said is searched for them.
use crate::{
    needles::Needles,
    sheets::{placements, site_of},
    site::{TestSite, walk},
};
use rust_xlsxwriter::Workbook;
use std::{collections::BTreeSet, fs, io::Write, path::Path};
use zip::{ZipWriter, write::SimpleFileOptions};

const CANARY: &str = "Zqxfilecanary";

/// Reads the inbox while the log is at its most talkative, and searches all there is outside it.
fn nothing_leaks(site: &TestSite, expected: &[&str]) {
    let mut needles = Needles::default();
    needles.add(CANARY);
    needles.add("6.02E+23");
    for arguments in [
        &["-vv", "pull"][..],
        &["-vv", "--json", "pull", "--full"],
        &["quarantine", "--all"],
        &["status"],
        &["check"],
        &["--json", "quarantine"],
    ] {
        let ran = site.run(arguments);
        needles.search_text("standard output", &ran.out);
        needles.search_text("standard error", &ran.err);
        if arguments == ["--json", "quarantine"] {
            let lines = ran.json();
            let seen: BTreeSet<&str> = lines["quarantine"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|line| line["problem"].as_str())
                .collect();
            for problem in expected {
                assert!(seen.contains(problem), "{problem} was not provoked, only {seen:?}");
            }
        }
    }
    let mut files = Vec::new();
    walk(&site.data(), &mut files);
    for file in &files {
        needles.search_file(site.path(), file);
    }
    assert!(needles.found().is_empty(), "an identifier left its zone:\n{}", needles.found().join("\n"));
    assert!(needles.searched() > 10_000, "nothing much was searched");
}

fn book(path: &Path, cells: &[&[&str]]) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name(format!("{CANARY} sheet")).unwrap();
    for (row, cells) in cells.iter().enumerate() {
        for (column, text) in cells.iter().enumerate() {
            sheet.write_string(row as u32, column as u16, *text).unwrap();
        }
    }
    book.add_worksheet().set_name(format!("{CANARY} hidden")).unwrap().set_hidden(true);
    book.save(path).unwrap();
}

#[test]
fn no_broken_sheet_says_what_is_in_it() {
    let site = site_of("format = \"sheet\"\nname = \"*\"", &placements("mode = \"keyed\"", "either"));
    let inbox = site.inbox("office");
    let named = |what: &str| inbox.join(format!("{CANARY} {what}"));
    let header = ["UPN", "Surname", "Forename", "DOB", "Start", CANARY];
    let surname = format!("{CANARY}son");
    let rows: [&[&str]; 5] = [
        &header,
        &["6.02E+23", &surname, CANARY, "10/03/2010", "03/04/2024"],
        &["", &surname, CANARY, CANARY, CANARY],
        &["", "", "", "", "05/05/2024"],
        &["", &surname, CANARY, "11/03/2010", "06/06/2024"],
    ];
    book(&named("whole.xlsx"), &rows);
    let whole = fs::read(named("whole.xlsx")).unwrap();
    fs::write(named("half.xlsx"), &whole[..whole.len() / 2]).unwrap();
    let mut damaged = whole.clone();
    damaged[200] ^= 0xff;
    fs::write(named("damaged.xlsx"), damaged).unwrap();
    book(&named("other.xlsx"), &[&[CANARY, "b"], &["c", "d"]]);
    fs::write(named("old.xls"), [&[0xd0, 0xcf, 0x11, 0xe0][..], CANARY.as_bytes()].concat()).unwrap();
    let mut text =
        format!("UPN,Surname,Forename,DOB,Start\n,{surname},\"{CANARY},10/03/2010,01/09/2023\n").into_bytes();
    text.extend([b",", surname.as_bytes(), b"\xe9,K,10/03/2010,01/09/2023\n"].concat());
    fs::write(named("text.csv"), text).unwrap();
    fs::create_dir(named("a folder")).unwrap();
    let expected = [
        "ambiguous_date",
        "cut_short",
        "hidden_sheets",
        "nobody_named",
        "not_a_date",
        "rounded_number",
        "unclosed_quote",
        "undecodable_text",
        "unreadable_file",
    ];
    nothing_leaks(&site, &expected);
}

#[test]
fn no_broken_document_or_bundle_says_what_is_in_it() {
    let feed = "
[[feed]]
name = \"pupils\"
records = \"Pupils.Pupil\"
mode = \"keyed\"
[feed.person]
key = \"@Id\"
[feed.identity]
surname = { from = [\"Surname\"] }
[[feed.rows]]
entity = \"learner\"
[feed.rows.columns]
observed_on = { from = [\"Day\"], dates = [\"day-first\"] }
";
    let site = site_of("format = \"xml\"\nname = \"*.xml\"", feed);
    let pupil = format!("<Pupil Id=\"{CANARY}1\"><Surname>{CANARY}</Surname><Day>1/9/2023</Day></Pupil>");
    let broken = format!("<Pupil Id=\"{CANARY}2\"><Surname>{CANARY}</{CANARY}x></Pupil>");
    let rounded = format!("<Pupil Id=\"6.02E+23\"><Surname>{CANARY}</Surname></Pupil>");
    let whole = format!("<{CANARY}><Pupils>{pupil}{broken}{rounded}</Pupils></{CANARY}>");
    let lay = |what: &str, text: &str| {
        fs::write(site.inbox("office").join(format!("{CANARY}{what}.xml")), text).unwrap();
    };
    lay("whole", &whole);
    lay("half", &whole[..whole.len() / 2]);
    lay("other", &format!("<{CANARY}>{CANARY}</{CANARY}>"));
    lay("none", CANARY);
    nothing_leaks(&site, &["malformed", "cut_short", "no_records", "rounded_number", "unreadable_file"]);

    let feed = feed.replace("records = \"Pupils.Pupil\"", "files = \"pupils.csv\"").replace("@Id", "Id");
    let bundle = "format = \"zip-csv\"\nname = \"*.zip\"\nbundle = { manifest = \"manifest.csv\", modes = \"file.{name}\" }";
    let site = site_of(bundle, &feed);
    for (name, tables) in [
        ("lacks its manifest", vec![("pupils.csv", format!("Id,Surname\n{CANARY},x\n"))]),
        ("lacks a table", vec![("manifest.csv", format!("file.pupils,bulk\n{CANARY},{CANARY}\n"))]),
        (
            "is whole",
            vec![
                ("manifest.csv", "file.pupils,bulk\n".to_owned()),
                ("pupils.csv", format!("Id,Surname,Day\n{CANARY},{CANARY},{CANARY}\n")),
            ],
        ),
    ] {
        let path = site.inbox("office").join(format!("{CANARY} {name}.zip"));
        let mut archive = ZipWriter::new(fs::File::create(path).unwrap());
        for (table, text) in tables {
            archive.start_file(table, SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
    }
    nothing_leaks(&site, &["no_table", "not_a_date"]);
}
