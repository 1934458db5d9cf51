//! A workbook's parts: any markup in any of them is rows or a problem. The archive around them is always whole, so that
//! every byte that is tried reaches the readers of markup. Parts are told apart by a byte of zero: the sheet, its
//! shared texts, its styles, the book.
#![no_main]
use libfuzzer_sys::fuzz_target;
use std::{fs, io::Write, sync::OnceLock};
use throughline::{
    definitions::connector::FileForm,
    source::{document::Document, sheet},
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const RELATIONS: &str = "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/s.xml\"/>\
    <Relationship Id=\"t\" Type=\"x/sharedStrings\" Target=\"sharedStrings.xml\"/>\
    <Relationship Id=\"u\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>";
const BOOK: &[u8] =
    b"<workbook><workbookPr/><sheets><sheet name=\"Register\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>";

static FORMS: OnceLock<[FileForm; 2]> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let forms = FORMS.get_or_init(|| {
        [
            "format = \"sheet\"\nname = \"x\"\nheader = { rows = 2, must_have = [\"upn\"] }\nfill_down = [\"class\"]",
            "format = \"xlsx\"\nname = \"x\"\nheader = { none = true }\nstop = { row_like = [\"total\"] }",
        ]
        .map(|text| toml::from_str(text).expect("a form"))
    });
    let mut parts = bytes.splitn(4, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (rows, texts, styles, book) = (part(), part(), part(), part());
    let file = std::env::temp_dir().join(format!("throughline-fuzz-{}", std::process::id()));
    let mut archive = ZipWriter::new(fs::File::create(&file).expect("a temporary file"));
    for (name, bytes) in [
        ("xl/workbook.xml", if book.is_empty() { BOOK } else { book }),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/s.xml", rows),
        ("xl/sharedStrings.xml", texts),
        ("xl/styles.xml", styles),
    ] {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file(name, stored).expect("a part");
        archive.write_all(bytes).expect("a part");
    }
    archive.finish().expect("an archive");
    let document = Document::open(&file).expect("it was just written");
    for form in forms {
        let Ok(mut table) = sheet::open(&document, form, &[]) else { continue };
        while let Ok(Some(_)) = table.next_row() {}
    }
});
