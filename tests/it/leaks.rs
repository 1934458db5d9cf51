//! The whole promise in one test: no identifier leaves the identified zone.
//!
//! Unmistakable names, numbers, postcodes and notes are planted in every source, in file names, sheet names and a
//! sheet without a header; every failure is provoked while the log is at its most talkative; then every byte that
//! the program wrote outside `estate/` is searched for any of them, in clear, in other encodings and as an unkeyed
//! digest, and every column of every Parquet file and database is read and searched too.
use crate::{
    needles::Needles,
    site::{Ran, run_in, run_with, walk},
};
use calamine::{Reader, open_workbook_auto};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};
use throughline::synth::{
    Identifiers, World, WorldSpec, estate,
    server::{Fault, Faults, Server},
    world::nhs_check_digit,
};

const FORENAME: &str = "Zqxcanaryforename";
const SURNAME: &str = "Zqxcanarysurname";

/// A demonstration whose first people bear canaries instead of names and numbers.
fn planted(dir: &Path, needles: &mut Needles) {
    let made = run_in(dir, &["--quiet", "demo", "--dir", "site", "--learners", "400", "--seed", "5"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let spec = WorldSpec { seed: 5, learners: 400, identifiers: Identifiers::Realistic };
    let mut world = World::generate(&spec);
    for person in &mut world.people {
        person.identity.forename = format!("{FORENAME}{}", letters(person.number));
        person.identity.surname = format!("{SURNAME}{}", letters(person.number));
        needles.add(&person.identity.upn);
        needles.add(&person.identity.uln);
        // One sheet of the estate has a column of these, which nobody fills in an ordinary demonstration.
        let first = 999_000_000 + person.number * 3;
        let found = (first..first + 3).find_map(|nine| Some((nine, nhs_check_digit(nine)?)));
        let (nine, check) = found.unwrap();
        person.identity.nhs_number = format!("{nine}{check}");
        needles.add(&person.identity.nhs_number);
        needles.add(&person.identity.birth_date.format("%d/%m/%Y").to_string());
        if let Some(upn) = &person.identity.former_upn {
            needles.add(upn);
        }
    }
    for postcode in &world.postcodes {
        needles.add(&postcode.text);
        needles.add(&postcode.text.replace(' ', ""));
    }
    needles.add(FORENAME);
    needles.add(SURNAME);
    let site = dir.join("site");
    fs::remove_dir_all(site.join("estate")).unwrap();
    fs::remove_dir_all(site.join("data")).unwrap();
    estate::write(&world, &site.join("estate")).unwrap();
    lay_out_lists(dir, &world, needles);
}

/// Lists as an officer may hold them, under a child's name: of people and strangers, and one that is none.
fn lay_out_lists(dir: &Path, world: &World, needles: &mut Needles) {
    for folder in ["lists/copies", "temp"] {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    let mut list = "Surname,First name,DOB,UPN,Note\n".to_owned();
    for who in world.people.iter().take(200).map(|person| &person.identity) {
        let day = who.birth_date.format("%d/%m/%Y");
        let _ = writeln!(list, "{},{},{day},{},Zqxcanarynote", who.surname, who.forename, who.upn);
    }
    list.push_str(
        "Zqxcanarystranger,Zqxcanarybody,05/05/2009,,\nZqxcanarystranger,,99zqxcanaryday,H80120000100X,\n",
    );
    fs::write(dir.join("lists/ZqxCanaryList.csv"), list).unwrap();
    fs::write(
        dir.join("lists/ZqxCanaryNone.csv"),
        "Zqxcanarynote,Zqxcanarybody\nZqxcanaryone,Zqxcanarytwo\n",
    )
    .unwrap();
    for text in [
        "ZqxCanaryList",
        "ZqxCanaryNone",
        "Zqxcanarynote",
        "Zqxcanarystranger",
        "Zqxcanarybody",
        "99zqxcanaryday",
    ] {
        needles.add(text);
    }
}

/// Asks with the lists in every way, right and wrong. The answers alone hold names.
fn resolve(dir: &Path, said: &mut Vec<Ran>) {
    let temp = dir.join("temp");
    for (list, more, code) in [
        (
            "ZqxCanaryList",
            &[
                "-vv",
                "--view",
                "caseload",
                "--purpose",
                "participation",
                "--to",
                "lists/a.xlsx",
                "--suppliers",
                "lists/copies",
            ][..],
            0,
        ),
        (
            "ZqxCanaryList",
            &["--json", "--view", "placements", "--purpose", "ap_commissioning", "--to", "lists/b.xlsx"],
            0,
        ),
        ("ZqxCanaryList", &["-vv", "--view", "caseload", "--purpose", "research", "--to", "lists/c.xlsx"], 5),
        (
            "ZqxCanaryList",
            &["-vv", "--view", "caseload", "--purpose", "participation", "--to", "lists/a.xlsx"],
            2,
        ),
        (
            "ZqxCanaryList",
            &["-vv", "--view", "caseload", "--purpose", "participation", "--to", "site/data/a.xlsx"],
            2,
        ),
        (
            "ZqxCanaryNone",
            &["-vv", "--view", "caseload", "--purpose", "participation", "--to", "lists/d.xlsx"],
            1,
        ),
    ] {
        let list = format!("lists/{list}.csv");
        let mut all = vec!["--config", "site/throughline.toml", "resolve", &list];
        all.extend_from_slice(more);
        let ran = run_with(dir, &[("TMPDIR", temp.to_str().unwrap())], &all);
        assert_eq!(ran.code, code, "{more:?}: {}\n{}", ran.out, ran.err);
        said.push(ran);
    }
    assert_eq!(fs::read_dir(temp).unwrap().count(), 0, "a temporary file was left");
    let mut book = open_workbook_auto(dir.join("lists/a.xlsx")).unwrap();
    let answer = book.worksheet_range("Your list").unwrap();
    let texts = |what: &str| {
        answer.rows().filter(|row| row.iter().any(|cell| cell.to_string().starts_with(what))).count()
    };
    assert!(texts(SURNAME) >= 200 && texts("found") > 0, "the answer holds the list, and people were found");
}

fn letters(number: u32) -> String {
    number.to_string().bytes().map(|digit| char::from(b'a' + digit - b'0')).collect()
}

/// Puts canaries into file names, a sheet without header, and files that cannot be read.
fn spoil(estate: &Path, needles: &mut Needles) {
    let mut files = Vec::new();
    walk(&estate.join("ap"), &mut files);
    files.sort();
    let name_of = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    for path in &files {
        let (stem, extension) =
            (path.file_stem().unwrap().to_str().unwrap(), path.extension().unwrap().to_str().unwrap());
        fs::copy(path, path.with_file_name(format!("{stem} ZqxCanaryFile.{extension}"))).unwrap();
        // The same name, and content that is no workbook.
        fs::write(
            path.with_file_name(format!("{stem} ZqxCanaryBroken.{extension}")),
            "ZqxCanaryContent,ZqxCanaryCell\n",
        )
        .unwrap();
        needles.add("ZqxCanaryFile");
        needles.add("ZqxCanaryBroken");
        needles.add("ZqxCanaryContent");
        needles.add("ZqxCanaryCell");
        assert!(!name_of(path).contains("Zqx"));
    }
    let census = estate.join("council/census/2024_spring_pupils.csv");
    let text = fs::read_to_string(&census).unwrap();
    let body: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
    // A sheet whose first row is a child.
    fs::write(estate.join("council/census/2027_spring_pupils.csv"), body).unwrap();
    let header = text.lines().next().unwrap();
    fs::write(estate.join("council/census/2028_spring_pupils.csv"), format!("{header}\n")).unwrap();
    // The same child twice, with a postcode that differs.
    let nccis = estate.join("council/nccis/nccis_2024-01.csv");
    let months = fs::read_to_string(&nccis).unwrap();
    fs::write(nccis, format!("{months}{}\n", months.lines().last().unwrap())).unwrap();
    let torn = text.replace(",C,", ",ZqxCanaryCode,").replace("/20", "/99zqxcanarydate");
    fs::write(estate.join("council/census/2029_spring_pupils.csv"), torn).unwrap();
    needles.add("ZqxCanaryCode");
    needles.add("zqxcanarydate");
}

/// That the failures which could betray somebody did happen.
fn provoked(quarantines: &[serde_json::Value]) {
    let lines = quarantines.iter().flat_map(|quarantine| quarantine["quarantine"].as_array().unwrap());
    let seen: std::collections::BTreeSet<&str> = lines.filter_map(|line| line["problem"].as_str()).collect();
    for problem in [
        "duplicate_key",
        "empty",
        "fails_check",
        "no_header",
        "not_a_date",
        "unknown_code",
        "unreadable_file",
        "http_status",
        "not_data",
        "page_repeated",
    ] {
        assert!(seen.contains(problem), "{problem} was not provoked, only {seen:?}");
    }
}

#[test]
fn no_identifier_leaves_the_identified_zone() {
    let dir = tempfile::tempdir().unwrap();
    let mut needles = Needles::default();
    planted(dir.path(), &mut needles);
    let site = dir.path().join("site");
    spoil(&site.join("estate"), &mut needles);

    let mut said = Vec::new();
    let run = |arguments: &[&str], said: &mut Vec<Ran>| {
        let mut all = vec!["-vv", "--config", "site/throughline.toml"];
        all.extend_from_slice(arguments);
        said.push(run_in(dir.path(), &all));
    };
    // Against the estate's own service first, then against one that fails in every way it knows.
    run(&["pull"], &mut said);
    assert!(said[0].out.contains("partly: see quarantine"), "{}\n{}", said[0].out, said[0].err);
    let config = fs::read_to_string(site.join("throughline.toml")).unwrap();
    for fault in [
        Fault::TruncatedBody,
        Fault::HtmlPage,
        Fault::ServerError,
        Fault::ResetConnection,
        Fault::LoopingNext,
        Fault::TooManyRequests { retry_after: 1 },
    ] {
        let server =
            Server::start(&site.join("estate"), Faults { after: 3, ..Faults::now(fault, 1_000_000) })
                .unwrap();
        let elsewhere =
            config.replace("base_url = \"estate\"", &format!("base_url = \"{}\"", server.base_url()));
        fs::write(site.join("throughline.toml"), elsewhere).unwrap();
        run(&["pull", "schools", "--full"], &mut said);
        server.stop();
    }
    fs::write(site.join("throughline.toml"), config).unwrap();
    let page = site.join("page.html");
    for (arguments, code) in [
        (&["pull", "--full"][..], 4),
        (&["link"], 0),
        (&["build"], 0),
        (&["release"], 0),
        (&["status"], 0),
        (&["quarantine", "--all"], 0),
        (&["report", "cohort"], 0),
        (&["link", "report", "--html", page.to_str().unwrap()], 0),
        (&["verify"], 0),
        (&["check"], 0),
        (&["quarantine", "--all", "--past"], 0),
        (&["--json", "quarantine", "--past"], 0),
        (&["--json", "quarantine"], 0),
    ] {
        run(arguments, &mut said);
        let last = said.last().unwrap();
        assert_eq!(last.code, code, "{arguments:?}: {}\n{}", last.out, last.err);
    }
    // A service that was asked again, and answered, has its faults behind it.
    provoked(&[said[said.len() - 2].json(), said[said.len() - 1].json()]);
    resolve(dir.path(), &mut said);

    for ran in &said {
        needles.search_text("standard output", &ran.out);
        needles.search_text("standard error", &ran.err);
    }
    let mut files = Vec::new();
    walk(&site.join("data"), &mut files);
    assert!(files.iter().any(|file| file.to_string_lossy().contains("identity")));
    for file in &files {
        needles.search_file(&site, file);
    }
    needles.search_file(&site, &site.join("throughline.toml"));
    needles.search_file(&site, &page);
    assert!(needles.found().is_empty(), "an identifier left its zone:\n{}", needles.found().join("\n"));
    assert!(needles.searched() > 1_000_000, "nothing much was searched");
}

#[test]
fn the_search_itself_finds_what_is_planted() {
    let dir = tempfile::tempdir().unwrap();
    let mut needles = Needles::default();
    needles.add("Zqxcanaryname");
    for (at, form) in [
        b"..Zqxcanaryname..".to_vec(),
        b"..ZQXCANARYNAME..".to_vec(),
        "Zqxcanaryname".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        b"WnF4Y2FuYXJ5bmFtZQ==".to_vec(),
    ]
    .into_iter()
    .enumerate()
    {
        let file = dir.path().join(at.to_string());
        fs::write(&file, form).unwrap();
        needles.search_file(dir.path(), &file);
        assert_eq!(needles.found().len(), at + 1);
    }
}
