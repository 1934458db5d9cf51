//! An XML file or answer: any bytes are records or a problem, and what nobody listed is not kept.
#![no_main]
use libfuzzer_sys::fuzz_target;
use throughline::source::{tree::Wanted, xml};

fuzz_target!(|bytes: &[u8]| {
    let wanted = Wanted::of(["UPN", "@Id", "School.URN", "SEN.Need[Rank=1].Type"]);
    let envelope = Wanted::of(["Header.SourceSchool.URN"]);
    for path in [&["Pupil".to_owned()][..], &["CTFpupilData".to_owned(), "Pupil".to_owned()][..], &[][..]] {
        let Ok(answer) = xml::read(bytes, path, &wanted, &envelope) else { continue };
        for record in answer.records.iter().flatten() {
            let path = wanted.path("", "School.URN").expect("it was asked for");
            record.at(&path).map(|tree| tree.scalar_text());
        }
    }
});
