//! Sources with what ships, and another reader's count of what each of their feeds has to read.
use crate::site::walk;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

/// A source with what ships: its connector, further lines of its configuration, its files and where they lie in the
/// inbox, and what each feed has to read.
pub struct Shipped {
    pub source: &'static str,
    pub connector: &'static str,
    pub more: &'static str,
    pub files: Vec<(PathBuf, String)>,
    pub reads: Vec<(&'static str, u64)>,
}

/// Rows of a text for which another column says one of these words; all rows where none is asked for.
pub fn rows_of(bytes: impl std::io::Read, when: Option<(&str, &[&str], bool)>) -> u64 {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = reader.byte_headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|text| text == name.as_bytes());
    let says = |row: &csv::ByteRecord| {
        when.is_none_or(|(name, words, wanted)| {
            let text = at(name).and_then(|at| row.get(at)).unwrap_or_default().to_ascii_lowercase();
            words.iter().any(|word| text == word.as_bytes()) == wanted
        })
    };
    reader.byte_records().map(Result::unwrap).filter(says).count() as u64
}

/// Elements of a name in a document.
pub fn elements_of(file: &Path, name: &str) -> u64 {
    let mut reader = quick_xml::Reader::from_file(file).unwrap();
    let (mut buffer, mut found) = (Vec::new(), 0);
    loop {
        match reader.read_event_into(&mut buffer).unwrap() {
            quick_xml::events::Event::Start(start) if start.name().as_ref() == name => found += 1,
            quick_xml::events::Event::Eof => return found,
            _ => {}
        }
        buffer.clear();
    }
}

pub fn rows_of_file(file: &Path) -> u64 {
    rows_of(File::open(file).unwrap(), None)
}

/// Rows of a workbook's sheet below its header.
pub fn rows_of_sheet(file: &Path, sheet: &str) -> u64 {
    use calamine::Reader;
    let range = calamine::open_workbook_auto(file).unwrap().worksheet_range(sheet).unwrap();
    range.rows().skip(1).filter(|row| row.iter().any(|cell| *cell != calamine::Data::Empty)).count() as u64
}

pub fn care(root: &Path) -> Vec<Shipped> {
    let care = root.join("social_care_synthetic");
    let text = |name: &str| (care.join(format!("{name}.csv")), format!("2018/{name}.csv"));
    let (book, reviews) = (care.join("903_xlsx.xlsx"), care.join("fake_903.xml"));
    let (cin, bar) = (care.join("CIN_Census_2024.xml"), care.join("BAR_cin_2022.xml"));
    let fixes = care.join("SSDA903_episodes_for_testing_fixes_INPUT.csv");
    vec![
        Shipped {
            source: "care-tables",
            connector: "ssda903",
            more: "",
            reads: vec![
                ("header", rows_of_file(&text("header").0)),
                ("episodes", rows_of_file(&text("episodes").0)),
                ("missing", rows_of_file(&text("missing").0)),
                ("outcomes", rows_of_file(&text("oc2").0)),
            ],
            files: ["header", "episodes", "missing", "oc2"].map(text).to_vec(),
        },
        Shipped {
            source: "care-fixes",
            connector: "ssda903",
            more: "",
            reads: vec![("episodes", rows_of_file(&fixes))],
            files: vec![(fixes, "2017/episodes.csv".into())],
        },
        Shipped {
            source: "care-workbook",
            connector: "ssda903-workbook",
            more: "",
            reads: ["header", "episodes", "missing", "outcomes", "unaccompanied"]
                .into_iter()
                .zip(
                    ["header", "episodes", "missing", "oc2", "uasc"].map(|sheet| rows_of_sheet(&book, sheet)),
                )
                .collect(),
            files: vec![(book, "ssda903_2018.xlsx".into())],
        },
        Shipped {
            source: "care-return",
            connector: "ssda903-return",
            more: "",
            reads: vec![("children", elements_of(&reviews, "CHILD"))],
            files: vec![(reviews, "ssda903_2018.xml".into())],
        },
        Shipped {
            source: "in-need",
            connector: "cin-census",
            more: "",
            reads: vec![("children", elements_of(&cin, "Child") + elements_of(&bar, "Child"))],
            files: vec![(cin, "cin_2024.xml".into()), (bar, "cin_2022.xml".into())],
        },
    ]
}

pub fn census(root: &Path) -> Shipped {
    let folder = root.join("school_census_synthetic");
    let mut files = Vec::new();
    walk(&folder, &mut files);
    files.sort();
    let counted = |parts: &[&str]| -> u64 {
        let fits = |file: &&PathBuf| {
            let name = file.file_stem().unwrap().to_str().unwrap();
            parts.iter().any(|part| name.splitn(3, '_').nth(2) == Some(part))
        };
        files.iter().filter(fits).map(|file| rows_of_file(file)).sum()
    };
    let reads = vec![
        ("pupils", counted(&["pupilonroll"])),
        ("free_school_meals", counted(&["fsmperiod"])),
        ("leavers", counted(&["pupilnolongeronroll"])),
        ("exclusions_on_roll", counted(&["termlyexclusionsonroll"])),
        ("exclusions_off_roll", counted(&["termlyexclusionsoffroll"])),
        ("sessions_on_roll", counted(&["termlysessiondetailsonroll"])),
        ("sessions_off_roll", counted(&["termlysessiondetailsoffroll"])),
        ("addresses_off_roll", counted(&["addressesoffroll"])),
    ];
    files.retain(|file| !file.to_str().unwrap().contains("senneeds"));
    let named = |file: &PathBuf| (file.clone(), file.file_name().unwrap().to_str().unwrap().to_owned());
    let files = files.iter().map(named).collect();
    Shipped { source: "census", connector: "school-census-tables", more: "", files, reads }
}

pub fn rosters(root: &Path) -> Vec<Shipped> {
    let folder = root.join("oneroster");
    let of = |source: &'static str, name: &str| {
        let from = folder.join(name);
        let table = |table: &str| -> Vec<u8> {
            if from.is_dir() {
                return fs::read(from.join(table)).unwrap();
            }
            let mut archive = zip::ZipArchive::new(File::open(&from).unwrap()).unwrap();
            let mut bytes = Vec::new();
            std::io::copy(&mut archive.by_name(table).unwrap(), &mut bytes).unwrap();
            bytes
        };
        let pupils = Some(("role", &["student"][..], true));
        let mut files = Vec::new();
        if from.is_dir() {
            walk(&from, &mut files);
        } else {
            files.push(from.clone());
        }
        let named = |file: PathBuf| {
            let to = file.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            (file, to)
        };
        Shipped {
            source,
            connector: "oneroster-csv",
            more: "params.schools = \"org-sch-222-456=100123 org-sch-222-3456=100124 12345=100125 54321=100126\"",
            reads: vec![
                ("users", rows_of(&*table("users.csv"), pupils)),
                ("enrollments", rows_of(&*table("enrollments.csv"), pupils)),
            ],
            files: files.into_iter().map(named).collect(),
        }
    };
    vec![
        of("roster-full", "Test_full_data_set.zip"),
        of("roster-minimal", "Test_minimal_data_set.zip"),
        of("roster-base", "oat_OneRosterv1p1BaseCSV"),
    ]
}

pub fn published(root: &Path) -> Vec<Shipped> {
    let file = root.join("dfe_ap/ap_placements_ap_census.csv.gz");
    let mut archive = zip::ZipArchive::new(File::open(&file).unwrap()).unwrap();
    let rows = rows_of(archive.by_index(0).unwrap(), None);
    let files = vec![(file, "ap_placements_ap_census.csv.gz".into())];
    let reads = vec![("counts", rows)];
    vec![Shipped { source: "ap-census", connector: "dfe-ap-census-statistics", more: "", files, reads }]
}
