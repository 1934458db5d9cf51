//! A file somebody sent: any bytes, read as whatever they look like, are rows or a problem.
#![no_main]
use libfuzzer_sys::fuzz_target;
use std::{fs, sync::OnceLock};
use throughline::{
    definitions::connector::FileForm,
    source::{document::Document, sheet},
};

static FORM: OnceLock<FileForm> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let form = FORM.get_or_init(|| {
        toml::from_str("format = \"sheet\"\nname = \"x\"\nheader = { must_have = [\"upn\"], search_rows = 30 }\nfill_down = [\"class\"]")
            .expect("a form")
    });
    let file = std::env::temp_dir().join(format!("throughline-fuzz-{}", std::process::id()));
    fs::write(&file, bytes).expect("a temporary file");
    let document = Document::open(&file).expect("it was just written");
    if let Ok(mut table) = sheet::open(&document, form, &[]) {
        while let Ok(Some(_)) = table.next_row() {}
    }
});
