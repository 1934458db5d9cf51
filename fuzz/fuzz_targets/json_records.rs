//! A service's answer: any bytes are records or a problem, and what nobody listed is not kept.
#![no_main]
use libfuzzer_sys::fuzz_target;
use throughline::source::{json, tree::Wanted};

fuzz_target!(|bytes: &[u8]| {
    let wanted = Wanted::of(["id", "born.date", "born", "ids[type=upn].value", "grades.0", "items.of"]);
    let envelope = Wanted::of(["meta.next", "success"]);
    for path in [&[][..], &["data".to_owned()][..], &["a".to_owned(), "b".to_owned()][..]] {
        let Ok(answer) = json::read(bytes, path, &wanted, &envelope) else { continue };
        for record in answer.records.iter().flatten() {
            for path in ["id", "born.date", "ids[type=upn].value", "grades.0", "items.of"] {
                let path = wanted.path("", path).expect("it was asked for");
                record.at(&path).map(|tree| tree.scalar_text());
            }
        }
    }
});
