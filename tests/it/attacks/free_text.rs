//! What a provider writes beside its placements is about children, and is read by nobody.
use crate::{
    keys::upn,
    needles::Needles,
    site::{TestSite, walk},
};
use std::{fmt::Write as _, fs};

const HEADER: &str = "upn,last_name,first_name,dob,sex,home_postcode,start,commissioner,school_urn,legal_basis,reason,end,\
                      planned_end,hours,sessions_offered,sessions_attended,objectives,reviews,end_reason,reading_age_start,\
                      review_date,reading_age_review,sdq_start,sdq_review,fs_english,fs_maths,elc_science,units,destination,\
                      Notes\n";

/// A name that stands nowhere else.
fn name(at: usize) -> String {
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    format!("Qzv{}{}{}orne", letter(at), letter(at / 26), letter(at / 5 + 7))
}

/// A thousand placements, each with a note that names somebody; each fiftieth has a name in a cell of codes, too, and some
/// where a number should be.
fn sheet(needles: &mut Needles) -> String {
    let mut text = HEADER.to_owned();
    for at in 0..1_000 {
        let (named, surname) = (name(at), format!("Wqx{}", name(at + 5_000).to_lowercase()));
        needles.add(&named);
        needles.add(&surname);
        let reason = if at % 50 == 3 { format!("see {named}") } else { "behaviour".to_owned() };
        let hours = if at % 55 == 4 { format!("ask {named}") } else { "10".to_owned() };
        let _ = writeln!(
            text,
            "{},{surname},Kai,{:02}/09/2008,F,ZZ1 9QA,{:02}/09/2024,council,900001,s.19,{reason},07/01/2025,07/01/2025,{hours},40,30,\
             yes,1,back to school,10,09/10/2024,12,10,8,entry level 1,entry level 1,entry level 1,yes,sixth form,\
             \"{named} rang: her brother {named} hit him, see the letter of {named}\"",
            upn(at as u32),
            at % 28 + 1,
            at % 20 + 1,
        );
    }
    text
}

#[test]
fn attack_26_names_in_the_comments_of_a_thousand_placements_are_in_no_output() {
    let site = TestSite::new();
    let mut needles = Needles::default();
    site.source("provider", "ap-export", "params.establishment_id = \"AP07\"");
    site.configure("2025-08-31");
    fs::write(site.inbox("provider").join("placements_24-25.csv"), sheet(&mut needles)).unwrap();
    let verbs: [&[&str]; 13] = [
        &["-vv", "pull"],
        &["-vv", "link"],
        &["-vv", "release"],
        &["quarantine", "--all"],
        &["--json", "quarantine", "--all"],
        &["status"],
        &["--json", "runs"],
        &["report", "ap", "--html", "ap.html", "--xlsx", "ap.xlsx", "--csv", "ap"],
        &["--json", "report", "ap"],
        &["report", "quality", "--html", "quality.html", "--csv", "quality"],
        &["link", "report", "--html", "links.html"],
        &["check"],
        &["verify"],
    ];
    for verb in verbs {
        let ran = site.run(verb);
        let is_done = matches!(ran.code, 0 | 4);
        assert!(is_done, "{verb:?} {}: {}\n{}", ran.code, ran.out, ran.err);
        needles.search_text(&format!("{verb:?} out"), &ran.out);
        needles.search_text(&format!("{verb:?} err"), &ran.err);
    }
    let placed = crate::site::lake_rows(&site.data(), "placement");
    let placed: usize = placed.iter().map(arrow::array::RecordBatch::num_rows).sum();
    assert_eq!(placed, 1_000, "nobody is left out for what stands beside them");
    let mut files = Vec::new();
    for made in ["data", "ap", "quality"] {
        walk(&site.path().join(made), &mut files);
    }
    files.extend(["ap.html", "ap.xlsx", "quality.html", "links.html"].map(|file| site.path().join(file)));
    files.iter().for_each(|file| needles.search_file(site.path(), file));
    assert!(needles.found().is_empty(), "{:?}", &needles.found()[..needles.found().len().min(20)]);
    assert!(needles.searched() > 1_000_000, "nothing much was searched");
    // The search finds a name that is there.
    needles.search_file(site.path(), &site.inbox("provider").join("placements_24-25.csv"));
    assert!(needles.found().len() >= 1_000);
}
