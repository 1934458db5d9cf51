//! What holds a release, and what is only told: `docs/decisions/0032-what-holds-a-release.md`.
use crate::site::{TestSite, walk};
use std::{fs, path::PathBuf};

const PROVIDER: &str = "id,first_name,last_name,dob,sex,upn,home_postcode,commissioner,school_urn,legal_basis,reason,start,end,planned_end,hours,sessions_offered,sessions_attended,objectives,reviews,review_date,end_reason,reading_age_start,reading_age_review,sdq_start,sdq_review,fs_english,fs_maths,elc_science,units,destination,notes
1,Ada,Quillington,09/05/2009,F,H801200001001,ZT4 0BN,council,100123,s.19,behaviour,05/09/2025,,,25,190,173,yes,4,,,,,,,,,,,,
";

/// A site with one placement, and with a rule of its own that this placement fails.
fn site(severity: &str) -> TestSite {
    let site = TestSite::new();
    fs::write(site.inbox("provider").join("placements_2025-26.csv"), PROVIDER).unwrap();
    site.source("provider", "ap-export", "params.establishment_id = \"AP07\"");
    site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
    let schemas = site.path().join("definitions/schemas");
    fs::create_dir_all(&schemas).unwrap();
    let rule = format!("table,column,test,against,severity\nspell,kind,words,mainstream,{severity}\n");
    fs::write(schemas.join("verify.csv"), rule).unwrap();
    for verb in ["pull", "link"] {
        let ran = site.run(&[verb]);
        assert!(ran.code == 0 || ran.code == 4, "{verb}: {}{}", ran.out, ran.err);
    }
    site
}

/// How many releases there are; `current` is a link to one of them.
fn released(site: &TestSite) -> usize {
    let mut files = Vec::new();
    walk(&site.data().join("releases"), &mut files);
    let is_one = |file: &&PathBuf| {
        file.ends_with("manifest.json") && file.components().all(|part| part.as_os_str() != "current")
    };
    files.iter().filter(is_one).count()
}

#[test]
fn a_rule_that_is_an_error_holds_the_release_and_says_which() {
    let site = site("error");
    let built = site.run(&["build"]);
    assert_eq!(built.code, 3, "{}{}", built.out, built.err);
    let ran = site.run(&["release"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("nothing is released") && ran.err.contains("spell.kind (words): 1 rows"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("error") && !ran.out.contains("Published"), "{}", ran.out);
    assert_eq!(released(&site), 0);
}

#[test]
fn a_rule_that_is_a_warning_is_released_with_its_count() {
    let site = site("warning");
    let built = site.run(&["--json", "build"]);
    assert_eq!(built.code, 4, "{}{}", built.out, built.err);
    let document = built.json();
    assert_eq!(document["failed"][0]["holds"], false, "{document}");
    assert_eq!(document["held_by"].as_array().map(Vec::len), Some(0), "{document}");
    let ran = site.run(&["release"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("Published") && ran.out.contains("1 rows that fail a rule"), "{}", ran.out);
    assert_eq!(released(&site), 1);
}

/// What nobody called harmless is not.
#[test]
fn a_rule_without_a_severity_holds() {
    let site = site("");
    assert_eq!(site.run(&["release"]).code, 3);
    assert_eq!(released(&site), 0);
}
