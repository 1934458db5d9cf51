//! Sheets that are about nobody: `map` says so, and drafts nothing.
use crate::site::TestSite;
use std::{fmt::Write as _, fs};

/// Published counts, lists of places and plans: headers that sound like a register, and nobody in them.
fn sheets() -> Vec<(&'static str, String)> {
    let mut by_school =
        String::from("Forename of area,Surname of head,URN,School name,Start date,Status,Pupils,Rate\n");
    let mut by_area = String::from("ID,Local authority name,Region name,Start date,Sex,Status,Headcount\n");
    let mut places = String::from("Pupil ID,Provider,Start date,Hours,Reason,Number of pupils\n");
    for at in 0..24 {
        let (region, sex) = (["North", "South", "East"][at % 3], ["Total", "Girls", "Boys"][at % 3]);
        let _ = writeln!(by_school, "North,,10{at:04},Oak School {at},01/09/2024,Open,{},{}.5", at * 7, at);
        let _ = writeln!(by_area, "E0600000{},Area {at},{region},01/09/2024,{sex},Final,{}", at % 4, at * 13);
        let _ = writeln!(places, "all,Site {at},{:02}/09/2024,{},Excluded,{}", at + 1, at + 2, at * 3);
    }
    vec![("schools.csv", by_school), ("areas.csv", by_area), ("places.csv", places)]
}

#[test]
fn a_sheet_of_counts_or_places_is_refused_with_the_reason() {
    let site = TestSite::new();
    site.configure("2026-03-31");
    for (name, text) in sheets() {
        fs::write(site.path().join(name), text).unwrap();
        let ran = site.run(&["map", name, "--new", "--yes", "--name", "nobody"]);
        assert_eq!(ran.code, 1, "{name}: {}{}", ran.out, ran.err);
        let says = ["about nobody", "no column says who", "fit no kind", "looks like a header"];
        assert!(says.iter().any(|words| ran.err.contains(words)), "{name}: {}", ran.err);
        assert!(!site.path().join("definitions/connectors/nobody.toml").exists(), "{name}");
    }
}

#[test]
fn a_register_of_people_is_still_drafted_whatever_its_numbers() {
    let site = TestSite::new();
    site.configure("2026-03-31");
    let mut named = String::from("Surname,Forename,DOB,Start date,Status\n");
    let mut keyed = String::from("Learner Ref,Sex,DOB,Start date,Hours\n");
    for day in 1..=20 {
        let letter = char::from(b'a' + day);
        let _ = writeln!(named, "Zz{letter}sample,Test{letter}ina,{day:02}/03/2009,{day:02}/09/2024,M");
        let _ = writeln!(keyed, "L{day}00,F,{day:02}/03/2009,{day:02}/09/2024,{day}");
    }
    for (name, text) in [("named", named), ("keyed", keyed)] {
        let file = format!("{name}.csv");
        fs::write(site.path().join(&file), text).unwrap();
        let ran = site.run(&["map", &file, "--new", "--yes", "--name", name]);
        assert_eq!(ran.code, 0, "{name}: {}{}", ran.out, ran.err);
    }
}
