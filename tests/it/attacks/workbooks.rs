//! What a workbook holds beside its cells.
use crate::{
    sheets::{placements, pull, site_of},
    site::walk,
};
use rust_xlsxwriter::{DocProperties, Note, Workbook};
use std::{
    fs,
    io::{Cursor, Read, Write},
};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// A name for each place of a workbook that is no cell of its table.
const PLANTED: [&str; 8] =
    ["Zzhiddensheet", "Zzcomment", "Zzdefined", "Zzauthor", "Zztitle", "Zzpivot", "Zzbeside", "Zzcolumn"];

#[test]
fn attack_27_names_in_what_a_workbook_holds_beside_its_cells_are_read_by_nobody() {
    let feed = placements("mode = \"snapshot\"\nscope = []", "day-first");
    let site = site_of("format = \"sheet\"\nname = \"register.xlsx\"", &feed);
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_author("Zzauthor Kai").set_title("Zztitle of Kai"));
    let sheet = book.add_worksheet();
    for (at, header) in
        ["UPN", "Surname", "Forename", "DOB", "Start", "Hours", "Contact"].into_iter().enumerate()
    {
        sheet.write_string(0, at as u16, header).unwrap();
    }
    for row in 1..6 {
        for (at, cell) in
            ["", "Archer", "Kai", "10/03/2010", "04/09/2023", "20", "Zzcolumn"].into_iter().enumerate()
        {
            let cell = if at == 1 {
                format!("{cell}{}", "abcdef".chars().nth(row as usize).unwrap())
            } else {
                cell.to_owned()
            };
            sheet.write_string(row, at as u16, cell).unwrap();
        }
    }
    sheet.insert_note(2, 1, &Note::new("Zzcomment: moved to her aunt's").set_author("Zzauthor")).unwrap();
    sheet.write_string(1, 30, "Zzbeside").unwrap();
    let hidden = book.add_worksheet().set_name("Lists").unwrap();
    hidden.write_string(0, 0, "Zzhiddensheet").unwrap();
    hidden.set_hidden(true);
    book.define_name("Zzdefined", "=Lists!$A$1").unwrap();
    let file = site.inbox("office").join("register.xlsx");
    fs::write(&file, with_pivot(&book.save_to_buffer().unwrap())).unwrap();
    let bytes = fs::read(&file).unwrap();
    for name in PLANTED {
        assert!(unpacked(&bytes).contains(name), "{name} is in the workbook");
    }
    let ran = pull(&site, 0);
    assert_eq!(ran.json()["sources"][0]["accepted"], 5);
    let more = site.run(&["quarantine", "--all"]);
    let mut files = Vec::new();
    walk(&site.data(), &mut files);
    for name in PLANTED {
        assert!(
            ![&ran.out, &ran.err, &more.out, &more.err].iter().any(|text| text.contains(name)),
            "{name} was said"
        );
        for file in &files {
            let bytes = fs::read(file).unwrap();
            assert!(
                memchr::memmem::find(&bytes, name.as_bytes()).is_none(),
                "{name} is in {}",
                file.display()
            );
        }
    }
}

/// The workbook with a pivot table's cache, as the office program keeps one after its sheet is gone.
fn with_pivot(book: &[u8]) -> Vec<u8> {
    let mut zip = ZipArchive::new(Cursor::new(book)).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..zip.len() {
        out.raw_copy_file(zip.by_index(at).unwrap()).unwrap();
    }
    out.start_file("xl/pivotCache/pivotCacheRecords1.xml", SimpleFileOptions::default()).unwrap();
    out.write_all(b"<pivotCacheRecords count=\"1\"><r><s v=\"Zzpivot\"/></r></pivotCacheRecords>").unwrap();
    out.finish().unwrap().into_inner()
}

/// All that a workbook's parts say.
fn unpacked(book: &[u8]) -> String {
    let mut zip = ZipArchive::new(Cursor::new(book)).unwrap();
    let mut all = String::new();
    for at in 0..zip.len() {
        let mut text = Vec::new();
        zip.by_index(at).unwrap().read_to_end(&mut text).unwrap();
        all.push_str(&String::from_utf8_lossy(&text));
    }
    all
}
