//! What could be left of a child, and where it is looked for.
use super::office::Office;
use crate::site::walk;
use std::{fs, path::Path};
use throughline::{catalog::Catalog, config, definitions::Definitions, link, privacy::Key};

/// Every subject and learner that the child can be, in hex.
pub fn pseudonyms_of_the_child(office: &Office) -> Vec<String> {
    let key = Key::load(&office.site.path().join("key")).unwrap();
    let keyed = key.keyed();
    let club = "1\u{1f}H801200001001\u{1f}\u{1f}ZQXKAI\u{1f}ZQXARCHER\u{1f}2010-03-10";
    let subjects = [keyed.subject("office", "", "zqxlocal1"), keyed.subject("club", "", club)];
    let ids = subjects.iter().flat_map(|subject| [*subject, keyed.learner(subject)]);
    ids.map(|id| id.iter().map(|byte| format!("{byte:02x}")).collect()).collect()
}

/// Whether any file of the data folder holds one of these ids as bytes.
pub fn bytes_hold(root: &Path, ids: &[String]) -> bool {
    let raw: Vec<Vec<u8>> = ids
        .iter()
        .map(|id| (0..32).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()).collect())
        .collect();
    let mut files = Vec::new();
    walk(&root.join("data"), &mut files);
    files.iter().any(|file| {
        let bytes = fs::read(file).unwrap();
        raw.iter().any(|id| bytes.windows(16).any(|window| window == id.as_slice()))
    })
}

/// Whether the register of a site, opened with its key, holds a text.
pub fn register_says(root: &Path, text: &str) -> bool {
    let settings = config::load(&root.join("throughline.toml"), &[]).unwrap();
    let (data, key) = (root.join("data"), Key::load(&settings.key_file).unwrap());
    let plan = Definitions::load(None).unwrap().identity;
    let catalog = Catalog::open(&data.join("catalog.sqlite")).unwrap();
    let mut found = false;
    for (_, path) in catalog.register_files(None).unwrap() {
        link::read_segment(&data, &path, &key, &plan, |_, _, person, said, _| {
            found |= person.contains(text) || said.iter().flatten().any(|cell| cell.contains(text));
        })
        .unwrap();
    }
    found
}
