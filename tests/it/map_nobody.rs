//! Sheets that are about nobody: `map` says so, and drafts nothing.
use crate::site::TestSite;
use std::{fmt::Write as _, fs};

/// Published counts, lists of places and plans: headers that sound like a register, and nobody in them. With what `map` has
/// to say.
fn sheets() -> Vec<(&'static str, &'static str, String)> {
    let mut counts = String::from(
        "time_period,geographic_level,country_name,region_name,new_la_code,la_name,old_la_code,setting_type,placements\n",
    );
    let mut schools =
        String::from("Forename of area,Surname of head,URN,School name,Start date,Status,Pupils\n");
    let mut places = String::from("Pupil ID,Provider,Start date,Hours,Reason,Number of pupils\n");
    // A table of a return that hangs on another: its key is a number of that table.
    let mut sessions =
        String::from("pupilnolongeronrolltableid,NativeId,startdate,sessions,attendancereason,category\n");
    for at in 0..24_u8 {
        let letter = char::from(b'A' + at);
        let (year, region) = (2020 + u32::from(at % 4), at % 9);
        let _ = writeln!(
            counts,
            "{year}{},Local authority,England,Region {letter},E080000{at:02},Area {letter},3{at:02},One on one tuition,{}",
            (year + 1) % 100,
            at * 3 + region
        );
        let _ = writeln!(schools, "North,,10{at:04},Oak School {at},01/09/2024,Open,{}", u32::from(at) * 7);
        let _ = writeln!(sessions, "{at:08x}-b96,SCH{region},2024-Sep-{:02} 00:00:00,{at}.0,E,PERM", at + 1);
        let _ = writeln!(places, "all,Site {at},{:02}/09/2024,{},Excluded,{}", at + 1, at + 2, at * 3);
    }
    vec![
        ("counts.csv", "no column says who", counts),
        ("sessions.csv", "no column's cells tell one person from another", sessions),
        ("schools.csv", "no column says who", schools),
        ("places.csv", "no column says who", places),
    ]
}

#[test]
fn a_sheet_of_counts_or_places_is_refused_with_the_reason() {
    let site = TestSite::new();
    site.configure("2026-03-31");
    for (name, why, text) in sheets() {
        fs::write(site.path().join(name), text).unwrap();
        let ran = site.run(&["map", name, "--new", "--yes", "--name", "nobody"]);
        assert_eq!(ran.code, 1, "{name}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(why), "{name}: {}", ran.err);
        assert!(!site.path().join("definitions/connectors/nobody.toml").exists(), "{name}");
    }
}

#[test]
fn a_register_of_people_is_still_drafted_whatever_its_numbers() {
    let site = TestSite::new();
    site.configure("2026-03-31");
    let mut named = String::from("Surname,Forename,DOB,Start date,Status\n");
    let mut keyed = String::from("CHILD,DOB,MISSING,MIS_START,MIS_END\n");
    for day in 1..=20_u8 {
        let letter = char::from(b'a' + day);
        let _ = writeln!(named, "Zz{letter}sample,Test{letter}ina,{day:02}/03/2009,{day:02}/09/2024,M");
        let _ = writeln!(keyed, "5100{day:02},{day:02}/03/2009,M,{day:02}/09/2024,{:02}/09/2024", day + 3);
    }
    for (name, text) in [("named", named), ("keyed", keyed)] {
        let file = format!("{name}.csv");
        fs::write(site.path().join(&file), text).unwrap();
        let ran = site.run(&["map", &file, "--new", "--yes", "--name", name]);
        assert_eq!(ran.code, 0, "{name}: {}{}", ran.out, ran.err);
    }
}
