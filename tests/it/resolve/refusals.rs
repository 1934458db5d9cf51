//! Who gets no answer, and that nobody learns from that whether somebody exists.
use super::{audit, sheet};
use crate::site::{Ran, TestSite};
use std::{fs, process::Command};

const PROVIDER: &str = "id,first_name,last_name,dob,sex,upn,home_postcode,commissioner,school_urn,legal_basis,reason,start,end,planned_end,hours,sessions_offered,sessions_attended,objectives,reviews,review_date,end_reason,reading_age_start,reading_age_review,sdq_start,sdq_review,fs_english,fs_maths,elc_science,units,destination,notes
1,Ada,Quillington,09/05/2009,F,H801200001001,ZT4 0BN,council,100123,s.19,behaviour,05/09/2025,,,25,190,173,yes,4,,,,,,,,,,,,
2,Olive,Tinyperson,03/04/2017,F,B201361421001,ZT4 0BN,council,100123,s.19,behaviour,05/09/2025,,,25,190,173,yes,4,,,,,,,,,,,,
";
const LOG: &str = "Surname,Forename,DOB,Date\nHiddenperson,Harriet,06/06/2009,12/01/2026\n";
const LOG_CONNECTOR: &str = r#"name = "own-log"
title = "A log of this site"
kind = "file"
confirmed = "invented"
nulls = [""]

[file]
format = "csv"
name = "log*.csv"
header = { search_rows = 5, must_have = ["Surname"] }
stop = { blank_rows = 20 }

[[feed]]
name = "log"
mode = "keyed"

[feed.person]
key = "identity"

[feed.identity]
surname = { from = ["Surname"] }
forename = { from = ["Forename"] }
birth_date = { from = ["DOB"], dates = ["%d/%m/%Y"] }

[[feed.rows]]
entity = "engagement"
[feed.rows.columns]
kind = { const = "mentoring" }
starts_on = { from = ["Date"], dates = ["%d/%m/%Y"] }
"#;

/// Who runs the tests, as the operating system knows them.
fn user() -> String {
    let ran = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

/// A provider whose agreement allows everything and a log for research alone, pulled and linked.
fn site(more: &str) -> TestSite {
    let site = TestSite::new();
    fs::create_dir_all(site.path().join("site/connectors")).unwrap();
    fs::write(site.path().join("site/connectors/own-log.toml"), LOG_CONNECTOR).unwrap();
    fs::write(site.inbox("provider").join("placements_2025-26.csv"), PROVIDER).unwrap();
    fs::write(site.inbox("log").join("log.csv"), LOG).unwrap();
    site.source("log", "own-log", "");
    site.source("provider", "ap-export", "params.establishment_id = \"AP07\"");
    site.configure_with("2026-03-31", &format!("definitions = \"site\"\n{more}"));
    allow(&site, "provider", "\"research\", \"participation\", \"ap_commissioning\"");
    for verb in ["pull", "link"] {
        let ran = site.run(&[verb]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    }
    site
}

/// Changes the purposes of a source's agreement.
fn allow(site: &TestSite, source: &str, purposes: &str) {
    let config = site.path().join("throughline.toml");
    let text = fs::read_to_string(&config).unwrap();
    let (before, own) = text.split_at(text.find(&format!("[sources.{source}]")).unwrap());
    let line = own.lines().find(|line| line.starts_with("purposes")).unwrap().to_owned();
    let own = own.replacen(&line, &format!("purposes = [{purposes}]"), 1);
    fs::write(&config, format!("{before}{own}")).unwrap();
}

fn roles() -> String {
    format!("[roles]\ncaseworker = [{:?}]\n", user())
}

fn ask(site: &TestSite, list: &str, purpose: &str, more: &[&str]) -> Ran {
    let asked = [
        "resolve",
        list,
        "--purpose",
        purpose,
        "--view",
        "caseload",
        "--to",
        "out.xlsx",
        "--dates",
        "day-first",
    ];
    site.run(&[&asked, more].concat())
}

fn write(site: &TestSite, name: &str, rows: &[&str]) {
    let text = format!("Surname,First name,DOB\n{}\n", rows.join("\n"));
    fs::write(site.path().join(name), text).unwrap();
}

const ADA: &str = "Quillington,Ada,09/05/2009";
const OLIVE: &str = "Tinyperson,Olive,03/04/2017";
const HARRIET: &str = "Hiddenperson,Harriet,06/06/2009";
const NOBODY: &str = "Nosuchperson,Harriet,06/06/2009";

#[test]
fn a_role_story_who_is_no_caseworker_gets_nothing() {
    let site = site("[roles]\ncaseworker = [\"somebody else\"]\n");
    write(&site, "list.csv", &[ADA]);
    let ran = ask(&site, "list.csv", "participation", &[]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.err.contains("role `caseworker`"), "{}", ran.err);
    assert!(!site.path().join("out.xlsx").exists());
    let entry = audit(&site.data()).pop().unwrap();
    assert_eq!((entry.who, entry.outcome.as_str(), entry.people), (user(), "refused", 0));
    assert!(entry.about.contains("no role"), "{}", entry.about);
}

#[test]
fn a_purpose_story_no_agreement_no_answer() {
    let site = site(&roles());
    write(&site, "list.csv", &[ADA]);
    let answered = ask(&site, "list.csv", "participation", &[]);
    assert_eq!(answered.code, 0, "{}", answered.err);
    fs::remove_file(site.path().join("out.xlsx")).unwrap();
    let ran = ask(&site, "list.csv", "research", &[]);
    assert_eq!((ran.code, ran.err.contains("is not for research")), (5, true), "{}", ran.err);
    allow(&site, "provider", "\"research\"");
    let ran = ask(&site, "list.csv", "participation", &[]);
    assert_eq!((ran.code, ran.err.contains("the source provider")), (5, true), "{}", ran.err);
    assert!(!site.path().join("out.xlsx").exists());
    let outcomes: Vec<String> = audit(&site.data()).into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, ["done", "refused", "refused"]);
    let ran = ask(&site, "list.csv", "curiosity", &[]);
    assert_eq!((ran.code, ran.err.contains("not a purpose")), (2, true), "{}", ran.err);
}

/// Attack 31: is there such a pupil? Somebody whom only a source for research knows, somebody too young for the purpose, and
/// somebody who does not exist get one and the same answer.
#[test]
fn attack_31_who_may_not_be_shown_is_answered_like_who_does_not_exist() {
    let site = site(&roles());
    write(&site, "list.csv", &[ADA, NOBODY, OLIVE, HARRIET]);
    let ran = ask(&site, "list.csv", "participation", &["--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (header, lines) = sheet(&site.path().join("out.xlsx"), "Your list");
    let answer = header.iter().position(|text| text == "Answer").unwrap();
    assert_eq!(lines[0][answer], "found");
    assert!(lines[0][answer + 2..].iter().any(|cell| cell == "AP07"), "{:?}", lines[0]);
    for line in &lines[1..] {
        assert_eq!(line[answer], "not found");
        assert!(line[answer + 1..].iter().all(String::is_empty), "{line:?}");
    }
    let alone = |who: &str| {
        write(&site, "one.csv", &[who]);
        let ran = ask(&site, "one.csv", "participation", &["--force"]);
        let json = ask(&site, "one.csv", "participation", &["--force", "--json"]);
        assert_eq!((ran.code, json.code), (0, 0), "{}", ran.err);
        let (_, mut about) = sheet(&site.path().join("out.xlsx"), "About this file");
        about.retain(|line| line[0] != "Made");
        (ran.out, ran.err, json.out, about)
    };
    let nobody = alone(NOBODY);
    assert_eq!(alone(OLIVE), nobody, "too young");
    assert_eq!(alone(HARRIET), nobody, "of a source for another purpose");
}

/// Attack 34: thousands of single lookups, as in the case of the learning records service. Beyond the measure of a day nobody
/// is looked up, and the audit has each attempt.
#[test]
fn attack_34_lookups_end_at_the_days_measure() {
    let site = site(&format!("{}[resolve]\nmost_rows_per_day = 5\n", roles()));
    write(&site, "one.csv", &[ADA]);
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(ask(&site, "one.csv", "participation", &["--force"]).code);
    }
    assert_eq!(codes, [0, 0, 0, 0, 0, 5, 5]);
    fs::remove_file(site.path().join("out.xlsx")).unwrap();
    let ran = ask(&site, "one.csv", "participation", &["-vv"]);
    assert!(ran.err.contains("more than 5 rows today"), "{}", ran.err);
    assert!(ran.err.contains("a lookup was refused"), "the log says so too: {}", ran.err);
    assert!(!site.path().join("out.xlsx").exists());
    let chain = audit(&site.data());
    assert_eq!(chain.iter().filter(|entry| entry.outcome == "refused").count(), 3);
    assert!(chain.iter().all(|entry| entry.digest == entry.expected()));
}

#[test]
fn it_is_written_only_where_it_may_lie_and_read_only_as_a_list() {
    let site = site(&roles());
    write(&site, "list.csv", &[ADA]);
    let to = |place: &str| {
        let asked =
            ["resolve", "list.csv", "--purpose", "participation", "--view", "caseload", "--to", place];
        site.run(&asked)
    };
    for place in ["data/out.xlsx", "inbox/provider/out.xlsx", "nowhere/out.xlsx", "out.csv"] {
        assert_eq!(to(place).code, 2, "{place}");
        assert!(!site.path().join(place).exists(), "{place}");
    }
    assert_eq!((to("out.xlsx").code, to("out.xlsx").code), (0, 2), "nothing is written over unasked");
    let inside = ask(&site, "list.csv", "participation", &["--force", "--suppliers", "data"]);
    assert_eq!(inside.code, 2, "{}", inside.err);
    // A folder that stays empty is not left without a word.
    fs::create_dir(site.path().join("copies")).unwrap();
    let none = ask(&site, "list.csv", "participation", &["--force", "--suppliers", "copies"]);
    let said = none.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        none.code == 0 && said.contains("No copy was written to copies: it is for suppliers' own files"),
        "{said}"
    );
    assert_eq!(fs::read_dir(site.path().join("copies")).unwrap().count(), 0);
    fs::write(site.path().join("odd.csv"), "Surname,Colour\nQuillington,red\n").unwrap();
    let ran = ask(&site, "odd.csv", "participation", &["--force"]);
    assert_eq!((ran.code, ran.err.contains("--set")), (1, true), "{}", ran.err);
    fs::write(site.path().join("named.csv"), "Who,Called,When\nQuillington,Ada,09/05/2009\nB,C,01/02/2010\n")
        .unwrap();
    let named =
        ["--force", "--json", "--set", "surname=Who", "--set", "forename=Called", "--set", "birth_date=When"];
    let ran = ask(&site, "named.csv", "participation", &named);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.json()["rows"]["certain"], 1, "{}", ran.out);
}
