//! A site whose postcode directory tells of no wards: the report says so, and is empty nowhere.
use crate::site::run_in;
use std::{fs, path::Path};

fn done(site: &Path, arguments: &[&str]) -> String {
    let ran = run_in(site, arguments);
    assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
    ran.out
}

#[test]
fn a_site_whose_lists_tell_no_ward_says_so() {
    let dir = tempfile::tempdir().unwrap();
    done(dir.path(), &["--quiet", "demo", "--dir", "site", "--learners", "400", "--seed", "5"]);
    let site = dir.path().join("site");
    let said = done(&site, &["report", "neet"]);
    assert!(said.contains("by ward") && !said.contains("Not told: nothing here says"), "{said}");
    let list = site.join("estate/council/postcodes.csv");
    let text = fs::read_to_string(&list).unwrap();
    let without: String = text
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), 4, "{line}");
            format!("{},{},{}\n", cells[0], cells[1], cells[3])
        })
        .collect();
    fs::write(&list, without).unwrap();
    for verb in [&["--quiet", "pull", "--full"][..], &["--quiet", "link"], &["--quiet", "release"]] {
        done(&site, verb);
    }
    let said = done(&site, &["report", "neet"]);
    assert!(said.contains("Not told: nothing here says in which ward any home lies"), "{said}");
    let data: serde_json::Value = serde_json::from_str(&done(&site, &["--json", "report", "neet"])).unwrap();
    let names: Vec<&str> = super::tables(&data).map(|table| table["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"neet_by_group") && names.iter().all(|name| !name.contains("ward")), "{names:?}");
}
