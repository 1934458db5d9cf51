//! What each feed of `tests/connectors-real/` should find, and another reader's count of it.
use calamine::{Data, Reader, open_workbook_auto};
use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{Read, Write},
    path::Path,
};

/// Where a table lies, as a person would point at it.
#[derive(Clone, Copy)]
pub enum Lies {
    /// A text with a header.
    Text,
    /// A text with a header, and those of its rows that say this in one column.
    With(usize, &'static str),
    /// A text with a header, in an archive.
    Zipped(&'static str),
    /// Rows of a sheet, the first and the last, as a spreadsheet program numbers them.
    Rows(&'static str, u32, u32),
    /// Several blocks of rows of a sheet.
    Between(&'static str, &'static [(u32, u32)]),
}
use Lies::{Between, Rows, Text, With, Zipped};

/// One feed and the table that it reads.
pub struct Table {
    pub connector: &'static str,
    pub feed: &'static str,
    pub file: &'static str,
    lies: Lies,
    /// The columns by which rows are told apart, from 0.
    keys: &'static [usize],
    /// The column of the figure.
    value: Option<usize>,
}

const fn of(
    (connector, feed): (&'static str, &'static str),
    file: &'static str,
    lies: Lies,
    keys: &'static [usize],
    value: Option<usize>,
) -> Table {
    Table { connector, feed, file, lies, keys, value }
}

const ENTRIES_2021: &str = "messy_spreadsheets/Data_tables_for_provisional_entries_for_GCSE_AS_and_A_level_summer_2021_exam_series.xlsx";
const ENTRIES_2022: &str = "messy_spreadsheets/Data_tables_for_provisional_entries_for_GCSE_AS_and_A_level_summer_2022_exam_series.xlsx";
const WAITING: &str = "messy_spreadsheets/community_health_2023-04-01.xlsx";
const GRANT: &str = "messy_spreadsheets/dedicated-schools-grant_2024_07_20.ods";
const APPEALS: &str = "messy_spreadsheets/send_appeal_rate_table_2022.ods";
const INSPECTIONS: &str = "messy_spreadsheets/LA_Inspection_Outcomes_as_at_31_March_2025.ods";

pub const TABLES: &[Table] = &[
    of(
        ("published-text", "neet-2022"),
        "neet/UD_NEETNK_LA_dashboard_2022_final.csv",
        Text,
        &[2, 6, 7],
        Some(13),
    ),
    of(
        ("published-text", "neet-2023"),
        "neet/UD_NEETNK_LA_dashboard_2023_final.csv",
        Text,
        &[2, 6, 7],
        Some(13),
    ),
    of(("published-text", "neet-quarters"), "neet/neet_all_data.csv", Text, &[0], Some(6)),
    of(("published-text", "neet-factors"), "neet/yff_neet_factors.csv", Text, &[0, 3], Some(4)),
    of(("published-text", "ap-settings"), "dfe_ap/spc_ap_setting.csv", Text, &[0, 2, 6, 9, 10], Some(11)),
    of(
        ("published-text", "ap-school-placements"),
        "dfe_ap/spc_school_ap_placement.csv",
        Text,
        &[0, 2, 6, 9, 10, 11, 12],
        Some(13),
    ),
    of(
        ("published-text", "transition"),
        "dfe_ees/2024_Key stage 2 to 4 transition matrices KS4 measures.csv",
        Text,
        &[0, 2, 7, 8, 9],
        Some(26),
    ),
    of(
        ("published-text", "absence-school"),
        "dfe_ees/AbsenceSchool_data.csv",
        Text,
        &[0, 2, 6, 7, 10, 13, 14, 15],
        Some(20),
    ),
    of(
        ("published-text", "destinations"),
        "dfe_ees/ks4_dm_ud_202122_nat_prov.csv",
        Text,
        &[0, 2, 5, 6, 7, 8, 9, 10],
        Some(30),
    ),
    of(("published-text", "ks4-in-need"), "dfe_ees/ks4_la.csv", Text, &[0, 2, 6, 7, 10, 11], Some(14)),
    of(
        ("published-text", "exclusions-characteristics"),
        "dfe_exclusions/SFR35_2017_National_characteristics.csv",
        Text,
        &[0, 1, 4, 5, 6, 7],
        Some(9),
    ),
    of(
        ("published-text", "exclusions-duration"),
        "dfe_exclusions/SFR35_2017_duration_fixed_period_exclusions.csv",
        Text,
        &[0, 1, 4, 5],
        Some(6),
    ),
    of(
        ("published-text", "exclusions-reason"),
        "dfe_exclusions/SFR35_2017_reason_for_exclusion.csv",
        Text,
        &[0, 1, 5, 6, 9],
        Some(14),
    ),
    of(
        ("published-text", "review-panels"),
        "dfe_exclusions/SFR35_2017_review_panels.csv",
        Text,
        &[0, 1, 2, 3],
        Some(4),
    ),
    of(("published-text", "school-results"), "performance_tables/england_ks4final.csv", Text, &[1], Some(8)),
    of(
        ("published-text", "neighbours-2021"),
        "geography/New_Statistical_Neighbour_Groupings_April_2021.csv",
        Text,
        &[0],
        Some(5),
    ),
    of(
        ("published-bundles", "ks4-characteristics"),
        "dfe_ees/KS4_2018_LA_Char_Testdata.zip",
        Zipped("KS4_2018_LA_Char_Testdata.csv"),
        &[0, 2, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18],
        Some(21),
    ),
    of(
        ("published-bundles", "ehc-plans"),
        "dfe_ees/SEN2_MI.zip",
        Zipped("SEN2_MI.csv"),
        &[0, 2, 6, 7],
        Some(10),
    ),
    of(
        ("published-bundles", "absence-prus"),
        "dfe_ees/absence_in_prus.zip",
        Zipped("absence_in_prus.csv"),
        &[1, 2, 6, 7, 10],
        Some(12),
    ),
    of(
        ("published-bundles", "exclusions-2017"),
        "dfe_ees/exclusions_by_characteristic.zip",
        Zipped("exclusions_by_characteristic.csv"),
        &[1, 2, 5, 6, 7],
        Some(9),
    ),
    of(("exam-entries", "gcse-2021"), ENTRIES_2021, Rows("GCSE", 5, 49), &[0], Some(7)),
    of(("exam-entries", "as-2021"), ENTRIES_2021, Rows("AS", 5, 47), &[0], Some(6)),
    of(("exam-entries", "a-level-2021"), ENTRIES_2021, Rows("A level", 5, 47), &[0], Some(6)),
    of(("exam-entries", "short-courses-2021"), ENTRIES_2021, Rows("GCSE", 57, 60), &[1, 2], Some(4)),
    of(
        ("exam-entries", "centres-2021"),
        ENTRIES_2021,
        Between("Centre Type", &[(5, 9), (13, 17), (21, 25)]),
        &[0, 1],
        Some(2),
    ),
    of(("exam-entries", "gcse-2022"), ENTRIES_2022, Rows("Table_1", 4, 43), &[0], Some(7)),
    of(("exam-entries", "short-courses-2022"), ENTRIES_2022, Rows("Table_2", 3, 6), &[0, 1], Some(2)),
    of(("exam-entries", "as-2022"), ENTRIES_2022, Rows("Table_3", 3, 43), &[0], Some(6)),
    of(("exam-entries", "a-level-2022"), ENTRIES_2022, Rows("Table_4", 3, 44), &[0], Some(2)),
    of(("exam-entries", "centres-2022"), ENTRIES_2022, Rows("Table_5", 4, 21), &[0, 1], Some(2)),
    of(("waiting-lists", "organisations"), WAITING, Rows("Table 1", 4, 54), &[2], Some(7)),
    of(("waiting-lists", "series"), WAITING, Rows("Table 2", 4, 54), &[1], Some(6)),
    of(("waiting-lists", "overview"), WAITING, Rows("Table 3", 7, 56), &[1], Some(2)),
    of(("waiting-lists", "by-service-4"), WAITING, Rows("Table 4", 7, 192), &[2], Some(6)),
    of(("waiting-lists", "by-service-4a"), WAITING, Rows("Table 4a", 7, 192), &[2], Some(6)),
    of(("waiting-lists", "by-service-4b"), WAITING, Rows("Table 4b", 7, 192), &[2], Some(6)),
    of(("waiting-lists", "by-service-4c"), WAITING, Rows("Table 4c", 7, 192), &[2], Some(6)),
    of(("waiting-lists", "by-service-4d"), WAITING, Rows("Table 4d", 7, 192), &[2], Some(6)),
    of(("waiting-lists", "by-service-4e"), WAITING, Rows("Table 4e", 7, 192), &[2], Some(6)),
    of(("waiting-lists", "by-service-4f"), WAITING, Rows("Table 4f", 7, 192), &[2], Some(6)),
    of(("waiting-lists", "by-service-4g"), WAITING, Rows("Table 4g", 7, 192), &[2], Some(6)),
    of(("funding-and-appeals", "allocations"), GRANT, Rows("Allocations_summary", 5, 171), &[0], Some(3)),
    of(
        ("funding-and-appeals", "schools-block"),
        GRANT,
        Rows("Schools_block_and_CSSB", 5, 171),
        &[0],
        Some(3),
    ),
    of(("funding-and-appeals", "high-needs"), GRANT, Rows("High_needs_block", 4, 170), &[0], Some(4)),
    of(("funding-and-appeals", "deductions"), GRANT, Rows("High_needs_deductions", 4, 155), &[0], Some(2)),
    of(("funding-and-appeals", "early-years"), GRANT, Rows("Early_years_block", 4, 170), &[0], Some(3)),
    of(("funding-and-appeals", "appeals"), APPEALS, Rows("SEND_1", 6, 14), &[0], Some(1)),
    of(("funding-and-appeals", "appeals-by-authority"), APPEALS, Rows("SEND_2", 6, 172), &[0], Some(25)),
    of(("inspections", "as-at"), INSPECTIONS, Rows("Inspections_as_at_31_March", 4, 400), &[1, 4], None),
    of(("inspections", "in-year"), INSPECTIONS, Rows("In-year_inspections", 4, 400), &[1, 4, 6], None),
    of(("inspections", "history"), INSPECTIONS, Rows("ILACS_inspection_history", 4, 400), &[1, 5], None),
    of(
        ("lookups", "regions"),
        "messy_spreadsheets/la_region_lookup_raw.xlsx",
        Rows("Sheet1", 4, 156),
        &[1],
        Some(2),
    ),
    of(
        ("lookups", "footnotes"),
        "messy_spreadsheets/pupil_absence_footnotes.xlsx",
        Rows("Sheet1", 4, 30),
        &[0],
        Some(0),
    ),
    of(("lookups", "deprivation"), "deprivation/imd_2019.xlsx", Rows("IMD2019", 2, 40000), &[0], Some(4)),
    of(("lookups", "authorities"), "lait/la_code_list.xlsx", Rows("Sheet1", 2, 400), &[0], None),
    of(
        ("lookups", "neighbours-april-2021"),
        "lait/sn_april_2021.xlsx",
        Rows("LA SN Groups", 4, 400),
        &[0],
        Some(5),
    ),
    of(
        ("lookups", "neighbours-may-2025"),
        "lait/sn_may_2025.xlsx",
        Rows("LA SN Groups", 4, 400),
        &[0],
        Some(5),
    ),
    of(("annex-a", "list-1"), "social_care_synthetic/Annex_A.xlsx", Rows("List 1", 2, 60), &[0], None),
    of(("annex-a", "list-2"), "social_care_synthetic/Annex_A.xlsx", Rows("List 2", 2, 60), &[0], None),
    of(("annex-a", "list-3"), "social_care_synthetic/Annex_A.xlsx", Rows("List 3", 2, 60), &[0], None),
    of(("annex-a", "list-4"), "social_care_synthetic/Annex_A.xlsx", Rows("List 4", 2, 60), &[0], None),
    of(("annex-a", "list-5"), "social_care_synthetic/Annex_A.xlsx", Rows("List 5", 2, 60), &[0], None),
    of(("annex-a", "list-6"), "social_care_synthetic/Annex_A.xlsx", Rows("List 6", 2, 60), &[0], None),
    of(("annex-a", "list-7"), "social_care_synthetic/Annex_A.xlsx", Rows("List 7", 2, 60), &[0], None),
    of(("annex-a", "list-8"), "social_care_synthetic/Annex_A.xlsx", Rows("List 8", 2, 60), &[0], None),
    of(("annex-a", "list-9"), "social_care_synthetic/Annex_A.xlsx", Rows("List 9", 2, 60), &[0], None),
    of(("annex-a", "list-10"), "social_care_synthetic/Annex_A.xlsx", Rows("List 10", 2, 60), &[0], None),
    of(("annex-a", "list-11"), "social_care_synthetic/Annex_A.xlsx", Rows("List 11", 2, 60), &[0], None),
    of(
        ("small-returns", "characteristics"),
        "social_care_synthetic/ChildCharacteristics.csv",
        Text,
        &[1],
        None,
    ),
    of(("small-returns", "identifiers"), "social_care_synthetic/ChildIdentifiers.csv", Text, &[1], None),
    of(
        ("small-returns", "child-data"),
        "social_care_synthetic/small excel.xlsx",
        Rows("Child Data", 2, 20),
        &[0],
        None,
    ),
    of(
        ("small-returns", "child-extras"),
        "social_care_synthetic/small excel.xlsx",
        Rows("Child extras", 2, 20),
        &[0],
        None,
    ),
    of(
        ("small-returns", "outcomes"),
        "social_care_synthetic/small excel.xlsx",
        Rows("Sheet3", 2, 20),
        &[0, 1],
        Some(0),
    ),
    of(
        ("small-returns", "providers"),
        "social_care_synthetic/combined_scp_ch_fake.xlsx",
        Rows("Providers", 2, 20),
        &[0, 1, 4],
        None,
    ),
    of(
        ("small-returns", "providers-assisted"),
        "social_care_synthetic/scpch_assisted.xlsx",
        Rows("Providers", 2, 20),
        &[0, 1, 4],
        None,
    ),
    of(
        ("small-returns", "supported-accommodation"),
        "social_care_synthetic/scpch_assisted.xlsx",
        Rows("SA Providers", 2, 20),
        &[0, 2, 3],
        None,
    ),
    of(("near-oneroster", "enrollments"), "oneroster/vossenv_Enrollments_out.csv", Text, &[5, 8], None),
    of(("near-oneroster", "users"), "oneroster/vossenv_users.csv", With(15, "student"), &[0], None),
    of(("near-oneroster", "schools"), "oneroster/vossenv_Schools.csv", Text, &[0, 5], None),
];

/// What another reader finds in a table.
#[derive(Debug, PartialEq)]
pub struct Found {
    pub rows: u64,
    /// Rows that no other has said before.
    pub distinct: u64,
    /// The sum of their figures, in hundredths.
    pub hundredths: i64,
}

impl Table {
    /// Counts it with another reader.
    pub fn counted(&self, root: &Path) -> Found {
        let path = root.join(self.file);
        let rows = match self.lies {
            Text => text(File::open(path).unwrap()),
            With(at, word) => {
                text(File::open(path).unwrap()).into_iter().filter(|row| row[at] == word).collect()
            }
            Zipped(name) => {
                text(zip::ZipArchive::new(File::open(path).unwrap()).unwrap().by_name(name).unwrap())
            }
            Rows(sheet, first, last) => cells(&path, sheet, &[(first, last)]),
            Between(sheet, blocks) => cells(&path, sheet, blocks),
        };
        let mut seen = HashSet::new();
        let mut found = Found { rows: rows.len() as u64, distinct: 0, hundredths: 0 };
        let mut above: HashMap<usize, String> = HashMap::new();
        for row in &rows {
            let key: Vec<String> =
                self.keys.iter().map(|at| row.get(*at).cloned().unwrap_or_default()).collect();
            // A cell that means as above.
            let key: Vec<String> = key
                .into_iter()
                .zip(self.keys)
                .map(|(text, at)| {
                    if matches!(self.lies, Between(..)) && text.is_empty() {
                        above[at].clone()
                    } else {
                        above.insert(*at, text.clone());
                        text
                    }
                })
                .collect();
            if seen.insert(key) {
                found.distinct += 1;
                let figure = self.value.and_then(|at| row.get(at)).and_then(|text| figure(text));
                found.hundredths += figure.unwrap_or(0);
            }
        }
        found
    }

    pub fn has_figures(&self) -> bool {
        self.value.is_some()
    }
}

/// A figure in hundredths, if it is one that the schema takes.
fn figure(text: &str) -> Option<i64> {
    let number: f64 = text.replace(',', "").parse().ok()?;
    (0.0..10_000_000.0).contains(&number).then(|| (number * 100.0).round() as i64)
}

fn text(mut from: impl Read) -> Vec<Vec<String>> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let rows = reader.byte_records().map(Result::unwrap);
    let texts = |row: csv::ByteRecord| -> Vec<String> {
        row.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect()
    };
    rows.map(texts).filter(|row| row.iter().any(|text| !text.is_empty())).collect()
}

fn cells(path: &Path, sheet: &str, blocks: &[(u32, u32)]) -> Vec<Vec<String>> {
    let (mut book, _kept) = if let Ok(book) = open_workbook_auto(path) {
        (book, None)
    } else {
        let whole = with_mimetype(path);
        (open_workbook_auto(whole.path()).unwrap(), Some(whole))
    };
    let range = book.worksheet_range(sheet).unwrap();
    let width = range.end().map_or(0, |end| end.1 + 1);
    let shown = |row: u32, column: u32| match range.get_value((row - 1, column)) {
        None | Some(Data::Empty | Data::Error(_)) => String::new(),
        Some(Data::DateTime(day)) => day.to_ymd_hms_milli().0.to_string() + " and a day",
        Some(other) => other.to_string().trim().to_owned(),
    };
    let within = blocks.iter().flat_map(|(first, last)| *first..=*last);
    let rows = within.map(|row| (0..width).map(|column| shown(row, column)).collect::<Vec<_>>());
    rows.filter(|row| row.iter().any(|text| !text.is_empty())).collect()
}

/// Some programs leave out the part that says what the archive is, which the other reader insists on.
fn with_mimetype(path: &Path) -> tempfile::NamedTempFile {
    let made = tempfile::Builder::new().suffix(".ods").tempfile().unwrap();
    let mut from = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut to = zip::ZipWriter::new(made.reopen().unwrap());
    to.start_file("mimetype", zip::write::SimpleFileOptions::default()).unwrap();
    to.write_all(b"application/vnd.oasis.opendocument.spreadsheet").unwrap();
    for at in 0..from.len() {
        to.raw_copy_file(from.by_index_raw(at).unwrap()).unwrap();
    }
    to.finish().unwrap();
    made
}
