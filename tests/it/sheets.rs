//! Files as offices send them, from the inbox to the lake.
use crate::site::{Ran, TestSite, column_text, lake_rows};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use std::{collections::BTreeMap, fs, path::Path};

/// A source whose connector is laid over the built-in ones.
pub fn site_of(file: &str, feeds: &str) -> TestSite {
    let site = TestSite::new();
    let folder = site.path().join("definitions/connectors");
    fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "name = \"tests-files\"\ntitle = \"Files\"\nkind = \"file\"\nconfirmed = \"invented\"\n[file]\n{file}\n{feeds}"
    );
    fs::write(folder.join("tests-files.toml"), text).unwrap();
    site.source("office", "tests-files", "");
    site.inbox("office");
    site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
    site
}

/// A feed of placements whose dates are read in these styles.
pub fn placements(mode: &str, dates: &str) -> String {
    format!(
        r#"
[[feed]]
name = "placements"
{mode}
[feed.person]
key = "identity"
[feed.identity]
upn = {{ from = ["UPN"] }}
surname = {{ from = ["Surname"] }}
forename = {{ from = ["Forename"] }}
birth_date = {{ from = ["DOB"], dates = ["day-first"] }}
[[feed.rows]]
entity = "placement"
[feed.rows.columns]
establishment_id = {{ const = "AP01" }}
starts_on = {{ from = ["Start"], dates = ["{dates}"] }}
hours_per_week = {{ from = ["Hours"] }}
"#
    )
}

const HEADER: [&str; 6] = ["UPN", "Surname", "Forename", "DOB", "Start", "Hours"];

/// Pulls; every record must have a fate.
pub fn pull(site: &TestSite, code: i32) -> Ran {
    let ran = site.run(&["--json", "pull"]);
    assert_eq!(ran.code, code, "{}\n{}", ran.out, ran.err);
    for source in ran.json()["sources"].as_array().unwrap() {
        let n = |name: &str| source[name].as_u64().unwrap();
        assert_eq!(n("read"), n("accepted") + n("set_aside") + n("unchanged"), "{source}");
    }
    ran
}

/// Rows and consequences by problem, of the latest run.
pub fn problems(site: &TestSite) -> BTreeMap<String, Vec<(u64, String)>> {
    let mut by = BTreeMap::<String, Vec<_>>::new();
    for line in site.run(&["--json", "quarantine"]).json()["quarantine"].as_array().unwrap() {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        by.entry(text("problem")).or_default().push((line["row"].as_u64().unwrap(), text("consequence")));
    }
    by
}

/// What the latest version of each row of an entity says in a column, without those that are gone.
pub fn standing(site: &TestSite, entity: &str, column: &str) -> Vec<String> {
    let mut latest = BTreeMap::new();
    for batch in lake_rows(&site.data(), entity) {
        for at in 0..batch.num_rows() {
            let text = |name| column_text(&batch, name, at);
            let said: (i64, Option<String>) =
                (text("commit_seq").parse().unwrap(), (text("tombstone") == "false").then(|| text(column)));
            let held = latest.entry(text("row_key")).or_insert_with(|| said.clone());
            if said.0 > held.0 {
                *held = said;
            }
        }
    }
    let mut stand: Vec<String> = latest.into_values().filter_map(|(_, text)| text).collect();
    stand.sort();
    stand
}

fn workbook(path: &Path, fill: impl FnOnce(&mut Workbook)) {
    let mut book = Workbook::new();
    fill(&mut book);
    book.save(path).unwrap();
}

fn texts(sheet: &mut Worksheet, row: u32, cells: &[&str]) {
    for (at, text) in cells.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
        sheet.write_string(row, at as u16, *text).unwrap();
    }
}

/// One bad row, a formula that failed, hidden rows and sheets, a note beside the table, a total and its footnotes.
#[test]
fn a_workbook_with_one_bad_row_loses_that_row_only() {
    let file = "format = \"sheet\"\nname = \"*.xlsx\"\nheader = { rows = 2, must_have = [\"surname\"] }\nstop = { row_like = [\"total\"] }";
    let feed = placements("mode = \"keyed\"", "day-first")
        .replace("\"UPN\"", "\"Learner UPN\"")
        .replace("\"Surname\"", "\"Learner Surname\"")
        .replace("\"Forename\"", "\"Learner Forename\"")
        .replace("\"DOB\"", "\"Learner DOB\"")
        .replace("\"Start\"", "\"Place Start\"")
        .replace("\"Hours\"", "\"Place Hours\"");
    let site = site_of(file, &feed);
    workbook(&site.inbox("office").join("register.xlsx"), |book| {
        let sheet = book.add_worksheet();
        texts(sheet, 0, &["Riverside: learners on roll"]);
        let plain = Format::new();
        sheet.merge_range(2, 0, 2, 3, "Learner", &plain).unwrap();
        sheet.merge_range(2, 4, 2, 5, "Place", &plain).unwrap();
        texts(sheet, 3, &HEADER);
        let date = Format::new().set_num_format("dd/mm/yyyy");
        for (at, name) in ["Archer", "Baker", "Clarke", "Dunn", "Evans", "Frost"].into_iter().enumerate() {
            let row = 4 + at as u32;
            texts(sheet, row, &["", name, "Kai", "10.03.10"]);
            let day = ExcelDateTime::from_ymd(2023, 9, 1 + at as u8).unwrap();
            sheet.write_datetime_with_format(row, 4, day, &date).unwrap();
            sheet.write_number(row, 5, 20.0).unwrap();
        }
        sheet.write_string(6, 4, "soon").unwrap(); // the bad row
        sheet.write_formula(8, 5, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        sheet.set_row_hidden(9).unwrap();
        sheet.write_string(5, 40, "a note beside the table").unwrap();
        texts(sheet, 11, &["TOTAL", "", "", "", "", "120"]);
        texts(sheet, 12, &["Funded until summer", "no", "more", "", "x"]);
        book.add_worksheet().set_hidden(true);
    });
    let ran = pull(&site, 0);
    assert_eq!(
        (&ran.json()["sources"][0]["accepted"], &ran.json()["sources"][0]["set_aside"]),
        (&5.into(), &1.into())
    );
    let by = problems(&site);
    assert_eq!(by["not_a_date"], [(7, "row_set_aside".to_owned())]);
    assert_eq!(by["hidden_rows"], [(0, "told".to_owned())]);
    assert_eq!(by["hidden_sheets"], [(0, "told".to_owned())]);
    assert_eq!(
        standing(&site, "placement", "starts_on"),
        ["2023-09-01", "2023-09-02", "2023-09-04", "2023-09-05", "2023-09-06"]
    );
    let emptied: Vec<u64> =
        by.values().flatten().filter(|line| line.1 == "cell_emptied").map(|line| line.0).collect();
    assert_eq!(emptied, [9], "{by:?}");
}

#[test]
fn a_date_that_reads_two_ways_is_settled_by_its_column_or_set_aside() {
    let rows = |dates: &[&str]| {
        let row = |(at, date): (usize, &&str)| format!("Child{at},Kai,10/03/2010,{date}\n");
        format!("Surname,Forename,DOB,Start\n{}", dates.iter().enumerate().map(row).collect::<String>())
    };
    let feed = placements("mode = \"snapshot\"\nscope = []", "either");
    let site = site_of("format = \"sheet\"\nname = \"places.csv\"", &feed);
    let file = site.inbox("office").join("places.csv");
    fs::write(&file, rows(&["03/04/2024", "25/04/2024", "2024-05-01"])).unwrap();
    pull(&site, 0);
    assert_eq!(standing(&site, "placement", "starts_on"), ["2024-04-03", "2024-04-25", "2024-05-01"]);
    fs::write(&file, rows(&["03/04/2024", "04/25/2024", "2024-05-01"])).unwrap();
    pull(&site, 0);
    assert_eq!(standing(&site, "placement", "starts_on"), ["2024-03-04", "2024-04-25", "2024-05-01"]);
    let alone = site_of("format = \"sheet\"\nname = \"places.csv\"", &feed);
    fs::write(alone.inbox("office").join("places.csv"), rows(&["03/04/2024", "05/05/2024"])).unwrap();
    pull(&alone, 0);
    assert_eq!(standing(&alone, "placement", "starts_on"), ["2024-05-05"]);
    assert_eq!(problems(&alone)["ambiguous_date"], [(2, "row_set_aside".to_owned())]);
}

#[test]
fn a_corrected_file_supersedes_its_provider_and_period_alone() {
    let file = "format = \"sheet\"\nname = \"{provider}/{period}/*.csv\"";
    let site =
        site_of(file, &placements("mode = \"snapshot\"\nscope = [\"provider\", \"period\"]", "day-first"));
    let lay = |path: &str, starts: &[&str]| {
        let path = site.inbox("office").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let row = |start: &&str| format!("Archer{},Kai,10/03/2010,{start}\n", start.replace('/', ""));
        fs::write(
            path,
            format!("Surname,Forename,DOB,Start\n{}", starts.iter().map(row).collect::<String>()),
        )
        .unwrap();
    };
    lay("riverside/2024-25/register.csv", &["01/09/2024", "02/09/2024", "03/09/2024", "04/09/2024"]);
    lay("riverside/2023-24/register.csv", &["01/09/2023"]);
    lay("hillside/2024-25/register.csv", &["05/09/2024"]);
    lay("hillside/2024-25/~$register.csv", &["06/09/2024"]);
    pull(&site, 0);
    assert_eq!(standing(&site, "placement", "starts_on").len(), 6);
    lay("riverside/2024-25/register.csv", &["01/09/2024", "02/09/2024", "04/09/2024"]);
    pull(&site, 0);
    assert_eq!(
        standing(&site, "placement", "starts_on"),
        ["2023-09-01", "2024-09-01", "2024-09-02", "2024-09-04", "2024-09-05"]
    );
}

/// What another file of a scope lacks would be taken for gone: of several the newest is read, and of several in
/// different folders none, for they are not the same provider's.
#[test]
fn of_two_files_of_one_scope_the_newest_is_read_and_strangers_are_read_by_nobody() {
    let feed = placements("mode = \"snapshot\"\nscope = [\"period\"]", "day-first");
    let site = site_of("format = \"sheet\"\nname = \"places_{period}.csv\"", &feed);
    let lay = |path: &str, hours_ago: u64, starts: &[&str]| {
        let path = site.inbox("office").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let row = |start: &&str| format!("Archer{},Kai,10/03/2010,{start}\n", start.replace('/', ""));
        let rows: String = starts.iter().map(row).collect();
        fs::write(&path, format!("Surname,Forename,DOB,Start\n{rows}")).unwrap();
        let then = std::time::SystemTime::now() - std::time::Duration::from_hours(hours_ago);
        fs::File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
    };
    // Sent again under another mark of the same name, and once more; the last in the order of names is the oldest.
    lay("places_2024-25.csv", 2, &["01/09/2024", "02/09/2024", "03/09/2024"]);
    lay("places_2024-25 (1).csv", 1, &["01/09/2024", "02/09/2024", "04/09/2024"]);
    lay("Places_2024-25_FINAL.csv", 3, &["09/09/2024"]);
    lay("places_2023-24.csv", 9, &["01/09/2023"]);
    pull(&site, 0);
    let newest = ["2023-09-01", "2024-09-01", "2024-09-02", "2024-09-04"];
    assert_eq!(standing(&site, "placement", "starts_on"), newest);
    assert_eq!(problems(&site)["older_of_one_scope"], [(0, "told".to_owned()), (0, "told".to_owned())]);
    // Two providers in folders of their own, under a pattern that does not tell them apart: neither replaces the other,
    // and what was read before stands.
    lay("riverside/places_2022-23.csv", 5, &["05/09/2022"]);
    lay("hillside/places_2022-23.csv", 4, &["06/09/2022"]);
    pull(&site, 4);
    assert_eq!(standing(&site, "placement", "starts_on"), newest);
    let strangers = &problems(&site)["two_of_one_scope"];
    assert_eq!(*strangers, [(0, "document_set_aside".to_owned()), (0, "document_set_aside".to_owned())]);
}

#[test]
fn a_file_that_is_still_arriving_waits_and_half_of_one_is_told() {
    let row = "Surname,Forename,DOB,Start\nArcher,Kai,10/03/2010,01/09/2023\n";
    let young = site_of(
        "format = \"csv\"\nname = \"*.csv\"\nsettle_seconds = 3600",
        &placements("mode = \"keyed\"", "day-first"),
    );
    let file = young.inbox("office").join("a.csv");
    fs::write(&file, row).unwrap();
    pull(&young, 0);
    assert_eq!(problems(&young)["still_arriving"], [(0, "told".to_owned())]);
    let earlier = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    fs::File::options().write(true).open(&file).unwrap().set_modified(earlier).unwrap();
    assert_eq!(pull(&young, 0).json()["sources"][0]["accepted"], 1);

    let half = site_of("format = \"sheet\"\nname = \"*.xlsx\"", &placements("mode = \"keyed\"", "day-first"));
    let file = half.inbox("office").join("a.xlsx");
    workbook(&file, |book| {
        let sheet = book.add_worksheet();
        texts(sheet, 0, &HEADER);
        texts(sheet, 1, &["", "Archer", "Kai", "10/03/2010", "01/09/2023"]);
    });
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    pull(&half, 1);
    assert_eq!(problems(&half)["cut_short"], [(0, "document_set_aside".to_owned())]);
    fs::write(&file, whole).unwrap();
    assert_eq!(pull(&half, 0).json()["sources"][0]["accepted"], 1);
}

/// A spreadsheet program writes a long number as 1.23E+12: as a key it would be shared by everybody.
#[test]
fn a_number_that_was_rounded_names_nobody() {
    let feed = placements("mode = \"keyed\"", "day-first").replace("key = \"identity\"", "key = \"Ref\"");
    let site = site_of("format = \"csv\"\nname = \"*.csv\"", &feed);
    let rows = "Ref,UPN,Surname,Forename,DOB,Start\n1.23E+12,,Archer,Kai,10/03/2010,01/09/2023\n\
                1.23E+12,,Baker,Kai,10/03/2010,01/09/2023\n7,8.01E+12,Clarke,Kai,10/03/2010,01/09/2023\n";
    fs::write(site.inbox("office").join("a.csv"), rows).unwrap();
    let ran = pull(&site, 0);
    assert_eq!(
        (&ran.json()["sources"][0]["accepted"], &ran.json()["sources"][0]["set_aside"]),
        (&1.into(), &2.into())
    );
    let set_aside = "row_set_aside".to_owned();
    let lines = &problems(&site)["rounded_number"];
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.1 == set_aside).count(), 2);
}

#[test]
fn a_byte_of_another_encoding_and_a_quote_left_open_cost_no_more_than_themselves() {
    let feed = placements("mode = \"keyed\"", "day-first");
    let site = site_of("format = \"csv\"\nname = \"*.csv\"", &feed);
    let mut bytes = b"Surname,Forename,DOB,Start\nAndr\xe9,Kai,10/03/2010,01/09/2023\n".to_vec();
    bytes.extend(b"Baker,\"Kai,10/03/2010,02/09/2023\nClarke,Kai,10/03/2010,03/09/2023\n\"Dunn, Jr\",Kai,10/03/2010,04/09/2023\n");
    fs::write(site.inbox("office").join("a.csv"), &bytes).unwrap();
    pull(&site, 0);
    let by = problems(&site);
    assert_eq!(by["undecodable_text"], [(2, "cell_emptied".to_owned())]);
    assert_eq!(by["unclosed_quote"], [(3, "row_set_aside".to_owned())]);
    assert_eq!(standing(&site, "placement", "starts_on"), ["2023-09-01", "2023-09-03", "2023-09-04"]);
}

#[test]
fn two_tables_on_one_sheet_are_two_feeds() {
    let first =
        placements("mode = \"keyed\"\nheader = { must_have = [\"Surname\", \"Start\"] }", "day-first");
    let second = r#"
[[feed]]
name = "reviews"
mode = "keyed"
header = { must_have = ["Surname", "Reading age"] }
[feed.person]
key = "identity"
[feed.identity]
surname = { from = ["Surname"] }
forename = { from = ["Forename"] }
birth_date = { from = ["DOB"], dates = ["day-first"] }
[[feed.rows]]
entity = "assessment"
[feed.rows.columns]
kind = { const = "reading_age" }
taken_on = { from = ["Taken"], dates = ["day-first"] }
point = { const = "review" }
status = { const = "tested" }
score = { from = ["Reading age"] }
"#;
    let site = site_of("format = \"sheet\"\nname = \"*.xlsx\"", &format!("{first}{second}"));
    workbook(&site.inbox("office").join("both.xlsx"), |book| {
        let sheet = book.add_worksheet();
        texts(sheet, 0, &HEADER);
        texts(sheet, 1, &["", "Archer", "Kai", "10/03/2010", "01/09/2023", "20"]);
        texts(sheet, 3, &["Surname", "Forename", "DOB", "Taken", "Reading age"]);
        texts(sheet, 4, &["Archer", "Kai", "10/03/2010", "1 October 2023", "101"]);
        texts(sheet, 5, &["Baker", "Kai", "10/03/2010", "2 Oct 23", "99"]);
    });
    let ran = pull(&site, 0);
    assert_eq!(
        (&ran.json()["sources"][0]["accepted"], &ran.json()["sources"][0]["set_aside"]),
        (&3.into(), &0.into())
    );
    assert_eq!(standing(&site, "placement", "starts_on"), ["2023-09-01"]);
    assert_eq!(standing(&site, "assessment", "taken_on"), ["2023-10-01", "2023-10-02"]);
}
