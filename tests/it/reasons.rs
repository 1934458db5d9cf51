//! Free texts that a person types, and places that a person names.
use crate::site::{TestSite, walk};
use arrow::array::RecordBatch;
use std::{fs, os::unix::fs::symlink};

const REGISTER: &str = "Surname,Forename,DOB,Start\n";

/// A register that was read once, and lacks nearly everybody the second time.
fn held() -> TestSite {
    let feed = crate::sheets::placements("mode = \"snapshot\"\nscope = []", "day-first");
    let site = crate::sheets::site_of("format = \"csv\"\nname = \"*.csv\"", &feed);
    let lay = |children: u32| {
        let rows: String = (1..=children)
            .map(|day| format!("Archer,Kai{day},{day:02}/03/2010,0{}/09/2025\n", day % 9 + 1))
            .collect();
        fs::write(site.inbox("office").join("places.csv"), format!("{REGISTER}{rows}")).unwrap();
    };
    lay(20);
    assert_eq!(site.run(&["--quiet", "pull"]).code, 0);
    lay(2);
    assert_eq!(site.run(&["--quiet", "pull"]).code, 3);
    site
}

#[test]
fn a_reason_that_names_somebody_is_refused_and_one_that_is_taken_lies_sealed() {
    let site = held();
    let run = site.run(&["--json", "runs"]).json()["runs"][0]["id"].as_i64().unwrap().to_string();
    for (reason, what) in [
        ("   ", "give a reason"),
        ("moved: H801200001001", "pupil number"),
        ("the child of ZT1 1AA", "postcode"),
        ("born 10/03/2010", "birth date"),
        ("ULN 1234567890", "number of a person"),
    ] {
        let ran = site.run(&["runs", "approve", &run, "--reason", reason]);
        assert_eq!(ran.code, 2, "{reason}: {}", ran.out);
        assert!(ran.err.contains(what), "{reason}: {}", ran.err);
        assert!(reason.trim().is_empty() || !ran.err.contains(reason), "it is not said again");
    }
    let reason = "ZZCANARY asked the sender, ticket 41";
    assert_eq!(site.run(&["runs", "approve", &run, "--reason", reason]).code, 0);
    assert!(site.run(&["runs", "show", &run]).out.contains(reason), "whoever has the key reads it");
    assert_eq!(site.run(&["--json", "runs", "show", &run]).json()["decision"]["reason"], reason);
    let mut files = Vec::new();
    walk(&site.data(), &mut files);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(8).any(|window| window == b"ZZCANARY"), "{}", file.display());
    }
    let help = site.run(&["runs", "approve", "--help"]).out;
    assert!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains("no child's name"), "{help}");
}

#[test]
fn the_rows_that_went_are_told_wherever_counts_are() {
    let site = held();
    let shown = site.run(&["--json", "runs", "show"]).json();
    let feed = &shown["feeds"][0];
    assert_eq!((&feed["read"], &feed["unchanged"], &feed["gone"]), (&2.into(), &2.into(), &18.into()));
    let run = shown["run"]["id"].as_i64().unwrap().to_string();
    assert_eq!(site.run(&["runs", "approve", &run, "--reason", "they left"]).code, 0);
    for words in [site.run(&["status"]).out, site.run(&["runs", "show", &run]).out] {
        let header = words.lines().find(|line| line.contains("rows gone")).unwrap().to_owned();
        let row = words.lines().find(|line| line.contains("placements") && line.contains("18")).unwrap();
        assert_eq!(
            header.find("rows gone").unwrap() + "rows gone".len(),
            row.trim_end().rfind("18").unwrap() + 2
        );
    }
    assert_eq!(site.run(&["--json", "status"]).json()["feeds"][0]["gone"], 18);
    let pulled = site.run(&["pull"]);
    assert!(pulled.out.contains("rows gone"), "{}", pulled.out);
    // Rows in the lake agree: what stood, and came, and went.
    let rows: usize =
        crate::site::lake_rows(&site.data(), "placement").iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows, 20 + 18, "twenty rows, and eighteen that say that one is gone");
}

#[test]
fn a_marked_workbook_goes_nowhere_where_it_would_stay() {
    let site = held();
    let definitions = site.path().join("definitions");
    let elsewhere = tempfile::tempdir().unwrap();
    // The lake lies on another disk, and the releases too.
    fs::create_dir_all(elsewhere.path().join("big/lake")).unwrap();
    let lake = site.data().join("lake");
    fs::rename(&lake, elsewhere.path().join("old")).unwrap();
    symlink(elsewhere.path().join("big/lake"), &lake).unwrap();
    fs::create_dir_all(elsewhere.path().join("big/releases")).unwrap();
    symlink(elsewhere.path().join("big/releases"), site.data().join("releases")).unwrap();
    symlink(&definitions, site.path().join("linked")).unwrap();
    let file = "inbox/office/places.csv";
    let places = [
        elsewhere.path().join("big/lake/back.xlsx"),
        elsewhere.path().join("big/releases/back.xlsx"),
        definitions.join("back.xlsx"),
        definitions.join("connectors/back.xlsx"),
        site.path().join("linked/back.xlsx"),
    ];
    for place in places {
        let ran = site.run(&["quarantine", "export", file, "--to", place.to_str().unwrap()]);
        assert_eq!(ran.code, 2, "{}: {}", place.display(), ran.err);
        assert!(!place.exists(), "{}", place.display());
    }
    let fine = elsewhere.path().join("big/back.xlsx");
    let ran = site.run(&["quarantine", "export", file, "--to", fine.to_str().unwrap()]);
    assert_eq!((ran.code, fine.exists()), (0, true), "{}", ran.err);
}
