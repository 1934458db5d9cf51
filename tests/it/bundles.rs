//! Bundles of tables and documents of elements, from the inbox to the lake.
use crate::{
    sheets::{problems, pull, site_of, standing},
    site::TestSite,
};
use std::{fs, io::Write, path::Path};
use zip::{ZipWriter, write::SimpleFileOptions};

const ROSTER: &str = r#"
[[feed]]
name = "enrolments"
files = "enrollments.csv"
mode = "snapshot"
scope = []
deleted = { at = "status", is = ["tobedeleted"], what = "person" }
[feed.person]
key = "userSourcedId"
[[feed.rows]]
entity = "enrolment"
[feed.rows.columns]
establishment_id = { from = ["schoolSourcedId"] }
status = { const = "C" }
starts_on = { from = ["beginDate"], dates = ["%Y-%m-%d"] }

[[feed]]
name = "people"
files = "users.csv"
mode = "snapshot"
scope = []
[feed.person]
key = "sourcedId"
[feed.identity]
surname = { from = ["familyName"] }
[[feed.rows]]
entity = "learner"
[feed.rows.columns]
observed_on = { from = ["dateLastModified"], dates = ["day-first"] }
"#;

fn site() -> TestSite {
    let bundle = "bundle = { manifest = \"manifest.csv\", modes = \"file.{name}\" }";
    site_of(&format!("format = \"zip-csv\"\nname = \"roster*.zip\"\n{bundle}"), ROSTER)
}

fn manifest(enrolments: &str) -> String {
    format!(
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.enrollments,{enrolments}\nfile.users,absent\n"
    )
}

fn enrolments(rows: &[(&str, &str, u32)]) -> String {
    let row = |(person, status, day): &(&str, &str, u32)| {
        format!("e{person}{day},{status},x,{person},100123,2023-09-{day:02}\n")
    };
    let rows: String = rows.iter().map(row).collect();
    format!("sourcedId,status,metadata.extra,userSourcedId,schoolSourcedId,beginDate\n{rows}")
}

fn zipped(path: &Path, tables: &[(&str, &str)]) {
    let mut archive = ZipWriter::new(fs::File::create(path).unwrap());
    for (name, text) in tables {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

#[test]
fn bulk_replaces_delta_changes_and_absent_is_passed_over() {
    let site = site();
    let path = site.inbox("office").join("roster.zip");
    let all: Vec<_> = (1..=9)
        .map(|day| (["a", "b", "c", "d", "e", "f", "g", "h", "i"][day as usize - 1], "", day))
        .collect();
    zipped(&path, &[("manifest.csv", &manifest("bulk")), ("enrollments.csv", &enrolments(&all))]);
    pull(&site, 0);
    assert_eq!(standing(&site, "enrolment", "starts_on").len(), 9);
    // One changed nothing, one is new, one is deleted; the seven that a delta does not name stand.
    let delta = [("a", "active", 1), ("j", "active", 20), ("b", "tobedeleted", 2)];
    zipped(&path, &[("manifest.csv", &manifest("delta")), ("enrollments.csv", &enrolments(&delta))]);
    pull(&site, 0);
    let stand = standing(&site, "enrolment", "starts_on");
    assert_eq!(stand.len(), 9, "{stand:?}");
    assert!(stand.contains(&"2023-09-20".to_owned()) && !stand.contains(&"2023-09-02".to_owned()));
    // Unpacked, and all again but one.
    fs::remove_file(&path).unwrap();
    let folder = site.inbox("office").join("roster-2");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("Manifest.csv"), manifest("bulk")).unwrap();
    fs::write(folder.join("enrollments.csv"), enrolments(&all[1..])).unwrap();
    pull(&site, 0);
    assert_eq!(standing(&site, "enrolment", "starts_on").len(), 8);
    assert!(problems(&site).is_empty(), "{:?}", problems(&site));
}

#[test]
fn a_bundle_without_its_manifest_or_a_promised_table_is_told() {
    let site = site();
    let path = site.inbox("office").join("roster.zip");
    zipped(&path, &[("enrollments.csv", &enrolments(&[("a", "", 1)]))]);
    pull(&site, 1);
    assert_eq!(problems(&site)["no_table"].len(), 2, "for each of two feeds");
    zipped(&path, &[("manifest.csv", &manifest("bulk")), ("../../enrollments.txt", "x")]);
    pull(&site, 1);
    assert_eq!(problems(&site)["no_table"].len(), 1, "and then for the one that was promised");
}

#[test]
fn a_document_of_elements_is_read_record_by_record() {
    let feed = r#"
[[feed]]
name = "pupils"
records = "CTFpupilData.Pupil"
mode = "keyed"
[feed.person]
key = "identity"
[feed.identity]
upn = { from = ["UPN"] }
surname = { from = ["Surname"] }
forename = { from = ["Forename"] }
birth_date = { from = ["DOB"], dates = ["%Y-%m-%d"] }
[[feed.rows]]
entity = "enrolment"
each = "SchoolHistory.School"
[feed.rows.columns]
establishment_id = { from = ["URN", "$.Header.SourceSchool.URN"] }
status = { const = "C" }
starts_on = { from = ["EntryDate"], dates = ["%Y-%m-%d"] }
"#;
    let site = site_of("format = \"xml\"\nname = \"*_CTF_*.xml\"", feed);
    let pupil = |name: &str, schools: &str| {
        format!(
            "<Pupil><Surname>{name}</Surname><Forename>Kai</Forename><DOB>2010-03-10</DOB><SchoolHistory>{schools}</SchoolHistory></Pupil>"
        )
    };
    let first = pupil(
        "Archer",
        "<School><URN>100123</URN><EntryDate>2021-09-01</EntryDate></School><School><EntryDate>2023-01-05</EntryDate></School>",
    );
    let broken = "<Pupil><Surname>Baker</Forename></Pupil>";
    let last = pupil("Clarke", "<School><EntryDate>2022-09-01</EntryDate></School>");
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-16\"?><CTfile><Header><SourceSchool><URN>100999</URN></SourceSchool></Header><CTFpupilData>{first}{broken}{last}</CTFpupilData></CTfile>"
    );
    fs::write(site.inbox("office").join("8201234_CTF_8201235_001.xml"), &text).unwrap();
    let ran = pull(&site, 0);
    assert_eq!(
        (&ran.json()["sources"][0]["accepted"], &ran.json()["sources"][0]["set_aside"]),
        (&2.into(), &1.into())
    );
    assert_eq!(problems(&site)["malformed"], [(2, "row_set_aside".to_owned())]);
    assert_eq!(standing(&site, "enrolment", "starts_on"), ["2021-09-01", "2022-09-01", "2023-01-05"]);
    assert_eq!(standing(&site, "enrolment", "establishment_id"), ["100123", "100999", "100999"]);
    // Cut short, it gives what came before and is asked for again.
    fs::write(site.inbox("office").join("8201234_CTF_8201235_002.xml"), &text[..text.len() - 60]).unwrap();
    pull(&site, 4);
    assert!(problems(&site).contains_key("cut_short"));
}
