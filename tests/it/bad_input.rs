//! Bad input is set aside with its place and its problem; the rest goes on; the counts balance.
use crate::site::{Ran, TestSite, lake_rows};
use std::{collections::BTreeMap, fs};
use throughline::synth::{
    Identifiers, World, WorldSpec, estate,
    server::{Fault, Faults, Handle, Server},
};

/// A source of spreadsheets with a connector of its own, laid over the built-in ones.
fn sheets() -> TestSite {
    let site = TestSite::new();
    let folder = site.path().join("definitions/connectors");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("tests-sheet.toml"),
        r#"
name = "tests-sheet"
title = "A sheet of placements"
kind = "file"
confirmed = "invented"
[file]
format = "csv"
name = "sheet*.csv"
header = { must_have = ["Surname", "Start"] }
[[feed]]
name = "placements"
mode = "keyed"
[feed.person]
key = "identity"
[feed.identity]
upn = { from = ["UPN"] }
surname = { from = ["Surname"] }
forename = { from = ["Forename"] }
birth_date = { from = ["DOB"], dates = ["%d/%m/%Y"] }
[[feed.rows]]
entity = "placement"
[feed.rows.columns]
establishment_id = { const = "AP01" }
starts_on = { from = ["Start"], dates = ["%d/%m/%Y"] }
ends_on = { from = ["End"], dates = ["%d/%m/%Y"] }
legal_basis = { from = ["Basis"] }
hours_per_week = { from = ["Hours"] }
"#,
    )
    .unwrap();
    site.source("provider", "tests-sheet", "");
    site
}

fn problems(site: &TestSite) -> BTreeMap<String, Vec<(u64, u64, String, String)>> {
    let mut by = BTreeMap::<String, Vec<_>>::new();
    for line in site.run(&["--json", "quarantine"]).json()["quarantine"].as_array().unwrap() {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let place = (line["document"].as_u64().unwrap(), line["row"].as_u64().unwrap());
        by.entry(text("problem")).or_default().push((place.0, place.1, text("column"), text("consequence")));
    }
    by
}

fn balanced(ran: &Ran) {
    for source in ran.json()["sources"].as_array().unwrap() {
        let n = |name: &str| source[name].as_u64().unwrap();
        assert_eq!(n("read"), n("accepted") + n("set_aside") + n("unchanged"), "{source}");
    }
}

#[test]
fn every_bad_cell_has_its_place_and_its_neighbours_go_on() {
    let site = sheets();
    let inbox = site.inbox("provider");
    let rows = [
        "UPN,Surname,Forename,DOB,Start,End,Basis,Hours",
        "H801200001001,Archer,Kai,10/03/2010,01/09/2023,,s19,20",
        "H801200001002,Baker,Amina,11/03/2010,01/09/2023,,s19,20", // the check letter is wrong
        "B201361421001,Clarke,Ida,12/03/2010,31/02/2024,,s19,20",  // no such day
        "B201361421001,Clarke,Ida,12/03/2010,,,s19,20",            // no start
        "Q846401119037,Dunn,Sam,13/03/2010,01/09/2023,,made up,20", // no such code: the cell alone
        "B380209316120,Evans,Lou,14/03/2010,01/09/2023,01/08/2023,s19,20", // ends before it starts
        "E936110223003,Frost,Noor,15/03/2010,01/09/2023,,s19,200", // too many hours: the cell alone
        "H801200001001,Archer,Kai,10/03/2010,01/09/2023,,day6,20", // the first row again, otherwise
        ",,,,01/09/2023,,s19,20",                                  // nobody
        "C823270018046,Green,Ash,16/03/2010,01/09/2023,,s19,twenty", // not a number: the cell alone
        "B801200005001,Hall, Jr,Max,17/03/2010,01/09/2023,,s19,20", // a comma too many shifts everything
    ];
    fs::write(inbox.join("sheet1.csv"), rows.join("\n")).unwrap();
    site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
    let ran = site.run(&["--json", "pull"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    balanced(&ran);
    let by = problems(&site);
    let at = |problem: &str| by.get(problem).cloned().unwrap_or_default();
    let cell = |row: u64, column: &str| vec![(1, row, column.to_owned(), "cell_emptied".to_owned())];
    let row = |row: u64, column: &str| vec![(1, row, column.to_owned(), "row_set_aside".to_owned())];
    assert_eq!(at("fails_check"), cell(3, "upn"));
    assert_eq!(at("not_a_date"), row(4, "starts_on"));
    assert_eq!(at("missing"), row(5, "starts_on"));
    assert_eq!(at("unknown_code"), cell(6, "legal_basis"));
    assert_eq!(at("ends_before_start"), row(7, "ends_on"));
    assert_eq!(at("out_of_range"), cell(8, "hours_per_week"));
    assert_eq!(at("duplicate_key"), row(9, ""));
    assert_eq!(at("nobody_named"), row(10, ""));
    assert_eq!(at("not_a_number"), cell(11, "hours_per_week"));
    assert_eq!(at("too_many_cells"), row(12, ""));
    assert_eq!(ran.json()["sources"][0]["accepted"], 5);
    let kept: usize =
        lake_rows(&site.data(), "placement").iter().map(arrow::array::RecordBatch::num_rows).sum();
    assert_eq!(kept, 5);
}

#[test]
fn a_bad_file_does_not_harm_its_neighbours() {
    let site = sheets();
    let inbox = site.inbox("provider");
    fs::write(inbox.join("sheet1.csv"), "nothing,that\nis,a header\n").unwrap();
    fs::write(inbox.join("sheet2.csv"), "UPN,Surname,Forename,DOB,Start\n").unwrap();
    fs::write(inbox.join("sheet3.csv"), "").unwrap();
    fs::write(
        inbox.join("sheet4.csv"),
        "UPN,Surname,Forename,DOB,Start\nH801200001001,Archer,Kai,10/03/2010,01/09/2023\n",
    )
    .unwrap();
    site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
    let ran = site.run(&["--json", "pull"]);
    assert_eq!(ran.code, 4, "partly done: {}", ran.err);
    balanced(&ran);
    let by = problems(&site);
    assert_eq!(by["no_header"].iter().map(|line| line.0).collect::<Vec<_>>(), [1]);
    assert_eq!(by["empty"].iter().map(|line| line.0).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(ran.json()["sources"][0]["accepted"], 1);
    // Mended, the same name brings its rows, and nothing twice.
    fs::copy(inbox.join("sheet4.csv"), inbox.join("sheet1.csv")).unwrap();
    fs::remove_file(inbox.join("sheet2.csv")).unwrap();
    fs::remove_file(inbox.join("sheet3.csv")).unwrap();
    let again = site.run(&["--json", "pull"]);
    assert_eq!((again.code, &again.json()["sources"][0]["accepted"]), (0, &0.into()), "{}", again.out);
}

/// A child registered twice in one return, with other needs the second time: the first need stands, and neither roll is lost.
#[test]
fn what_is_said_again_costs_no_more_than_itself() {
    let site = TestSite::new();
    let rows = "upn,NativeId,surname,forename,dob,entrydate,senprovision\n\
                a,SCH1,Archer,Kai,2010-Mar-10,2021-Sep-01,K\n\
                a,SCH2,Archer,Kai,2010-Mar-10,2022-Sep-01,E\n\
                a,SCH2,Archer,Kai,2010-Mar-10,2022-Sep-01,E\n";
    fs::write(site.inbox("census").join("2024_autumn_pupilonroll.csv"), rows).unwrap();
    site.source("census", "school-census-tables", "");
    site.configure("2025-03-31");
    let ran = site.run(&["--json", "pull"]);
    balanced(&ran);
    let source = &ran.json()["sources"][0];
    assert_eq!((&source["accepted"], &source["set_aside"]), (&2.into(), &1.into()), "{}", ran.out);
    assert_eq!(enrolments(&site).len(), 2);
    let consequences: Vec<_> = problems(&site)["duplicate_key"].iter().map(|line| line.3.clone()).collect();
    assert_eq!(consequences, ["cell_emptied", "row_set_aside"]);
}

/// A corrected file, the first one put back, and a file cut short: each is what it says, and nothing more is taken for gone.
#[test]
fn a_snapshot_put_back_is_read_again_and_one_cut_short_takes_nobody_away() {
    let site = sheets();
    let connector = site.path().join("definitions/connectors/tests-sheet.toml");
    let text = fs::read_to_string(&connector).unwrap();
    fs::write(&connector, text.replace("mode = \"keyed\"", "mode = \"snapshot\"\nscope = []")).unwrap();
    let file = site.inbox("provider").join("sheet1.csv");
    let sheet = |pupils: std::ops::Range<u32>| {
        let rows = pupils.map(|n| format!("Child{n},Kai,10/03/2010,01/09/2023\n"));
        format!("Surname,Forename,DOB,Start\n{}", rows.collect::<String>())
    };
    site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
    let standing = || {
        let mut latest = BTreeMap::new();
        for batch in lake_rows(&site.data(), "placement") {
            for at in 0..batch.num_rows() {
                let text = |name| crate::site::column_text(&batch, name, at);
                let seq: i64 = text("commit_seq").parse().unwrap();
                let said = (seq, text("tombstone") == "false");
                let held = latest.entry(text("row_key")).or_insert(said);
                *held = said.max(*held);
            }
        }
        latest.values().filter(|(_, stands)| *stands).count()
    };
    for (pupils, stand) in [(0..40, 40), (0..38, 38), (0..40, 40)] {
        fs::write(&file, sheet(pupils)).unwrap();
        let ran = site.run(&["--json", "pull"]);
        assert_eq!((ran.code, standing()), (0, stand), "{}", ran.out);
    }
    fs::write(&file, sheet(0..12)).unwrap();
    let ran = site.run(&["--json", "pull"]);
    assert_eq!((ran.code, standing()), (3, 40), "{}", ran.out);
    assert_eq!(site.run(&["pull"]).code, 3, "it stays held until somebody looks");
    assert_eq!(standing(), 40, "nothing of a held run is seen");
    assert!(problems(&site).contains_key("far_fewer_rows"));
    assert_eq!(site.run(&["pull", "--full"]).code, 3, "asking again is no answer");
    let runs = site.run(&["--json", "runs"]).json();
    let held: Vec<_> = runs["runs"].as_array().unwrap().iter().filter(|run| run["state"] == "held").collect();
    assert_eq!(held.len(), 1, "a newer run takes the place of one that was held: {runs}");
    let id = held[0]["id"].to_string();
    assert_eq!(site.run(&["runs", "approve", &id]).code, 2, "not without a reason");
    assert_eq!(site.run(&["runs", "approve", &id, "--reason", "the school closed a class"]).code, 0);
    assert_eq!(standing(), 12, "a person said that the file is whole");
    assert_eq!(site.run(&["runs", "approve", &id, "--reason", "again"]).code, 1, "it is no longer held");
    let shown = site.run(&["--json", "runs", "show", &id]).json();
    assert_eq!(shown["decision"]["reason"], "the school closed a class");
    assert_eq!(site.run(&["pull"]).code, 0);
}

#[test]
fn a_column_that_no_row_can_do_without_costs_the_file_and_says_which() {
    let site = sheets();
    let inbox = site.inbox("provider");
    let text = "Surname,Forename,DOB,Starts,Start of term\nArcher,Kai,10/03/2010,01/09/2023,x\n";
    fs::write(inbox.join("sheet1.csv"), text.replace("Start of term", "Start")).unwrap();
    fs::write(inbox.join("sheet2.csv"), "Surname,Start\nArcher,01/09/2023\n").unwrap();
    site.configure_with("2026-03-31", "definitions = \"definitions\"\n");
    let ran = site.run(&["--json", "pull"]);
    balanced(&ran);
    // The first file has the column and no date in it; the second lacks optional columns, which is told once each.
    let by = problems(&site);
    assert_eq!(by["not_a_date"].len(), 1);
    assert!(by["missing_column"].iter().all(|line| line.3 == "cell_emptied"), "{by:?}");
}

/// A small estate and its schools' service, with what goes wrong given.
fn schools(faults: Faults) -> (TestSite, Handle) {
    let site = TestSite::new();
    let world = World::generate(&WorldSpec { seed: 2, learners: 300, identifiers: Identifiers::Realistic });
    estate::write(&world, &site.path().join("estate")).unwrap();
    fs::write(site.path().join("token"), throughline::synth::server::TOKEN).unwrap();
    close(&site.path().join("token"));
    let server = Server::start(&site.path().join("estate"), faults).unwrap();
    let service = format!("base_url = \"{}\"\ntoken_file = \"token\"", server.base_url());
    site.source("schools", "wonde", &service);
    site.configure("2026-03-31");
    (site, server)
}

/// A token, like a key, is its owner's alone.
fn close(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn enrolments(site: &TestSite) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in lake_rows(&site.data(), "enrolment") {
        for at in 0..batch.num_rows() {
            rows.push(crate::site::column_text(&batch, "row_key", at));
        }
    }
    rows.sort();
    rows
}

#[test]
fn a_service_that_stumbles_gives_the_same_lake() {
    let (clean, server) = schools(Faults::default());
    assert_eq!(clean.run(&["pull"]).code, 0);
    server.stop();
    let expected = enrolments(&clean).len();
    assert!(expected > 300);
    for fault in [Fault::TruncatedBody, Fault::HtmlPage, Fault::ServerError, Fault::ResetConnection] {
        let (site, server) = schools(Faults { after: 5, ..Faults::now(fault, 2) });
        let ran = site.run(&["--json", "pull"]);
        assert_eq!(ran.code, 0, "{fault:?}: {}", ran.err);
        balanced(&ran);
        assert_eq!(enrolments(&site).len(), expected, "{fault:?}");
        server.stop();
    }
}

#[test]
fn a_slice_that_fails_is_asked_again_and_the_others_go_on() {
    // Longer than the second chance at the end of the run.
    let (site, server) = schools(Faults { after: 8, ..Faults::now(Fault::HtmlPage, 1_000_000) });
    let ran = site.run(&["--json", "pull"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    balanced(&ran);
    let by = problems(&site);
    assert!(by.contains_key("not_data"), "{by:?}");
    let partly = enrolments(&site).len();
    server.set_faults(Faults::default());
    assert_eq!(site.run(&["pull"]).code, 0);
    let whole = enrolments(&site);
    assert!(whole.len() >= partly);
    let distinct: std::collections::BTreeSet<_> = whole.iter().collect();
    assert_eq!(distinct.len(), whole.len(), "nothing is doubled");
    let (clean, other) = schools(Faults::default());
    assert_eq!(clean.run(&["pull"]).code, 0);
    assert_eq!(enrolments(&clean).len(), whole.len(), "nothing is lost");
    other.stop();
    server.stop();
}

#[test]
fn a_link_that_leads_in_a_circle_is_a_fault_and_not_a_circle() {
    let (site, server) = schools(Faults::now(Fault::LoopingNext, 1_000_000));
    let ran = site.run(&["--json", "pull"]);
    assert!(matches!(ran.code, 1 | 4), "{}", ran.err);
    assert!(problems(&site).contains_key("page_repeated"));
    server.stop();
}

#[test]
fn a_wrong_token_stops_the_source_and_says_so() {
    let (site, server) = schools(Faults::default());
    fs::write(site.path().join("token"), "not the token").unwrap();
    let ran = site.run(&["--json", "pull"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let by = problems(&site);
    assert_eq!(by["http_status"].len(), 1, "{by:?}");
    server.stop();
}
