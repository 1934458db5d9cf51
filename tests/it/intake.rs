//! Sheets that come in: one of another kind is not taken for read, what nobody reads is said, and what the quarantine lists
//! holds now.
use crate::site::{TestSite, lake_rows};
use std::fs;
use throughline::{
    conform::propose::Wishes,
    definitions::{
        Definitions,
        connector::{CellOrigin, Feed, FileFormat, Form, fold},
    },
    pipeline,
};

/// A new provider's list of placements, in headers that no connector has together.
const LIST: &str = "Surname,Forename,DOB,First session,Last session,Why they left,Hrs p/w
Quill,Ada,09/05/2008,05/09/2023,12/07/2024,moved away,20
Penn,Ben,23/11/2008,06/09/2023,01/02/2024,back to school,25
Nibb,Cy,01/02/2009,13/09/2023,19/07/2024,college,15
";

/// A register as `ap-export` reads it.
const REGISTER: &str = "first_name,last_name,dob,sex,upn,home_postcode,commissioner,school_urn,legal_basis,reason,start,end,planned_end,hours,sessions_offered,sessions_attended,objectives,reviews,end_reason
Ada,Quill,09/05/2008,F,H801200001001,ZT4 0BN,council,100123,s.19,behaviour,05/09/2023,,,25,190,173,yes,4,
Ben,Penn,23/11/2008,M,,ZT4 0BN,council,100123,s.19,behaviour,06/09/2023,01/02/2024,,25,190,173,yes,4,
";

/// Headers of what a feed is for: of its rows, without those that say who somebody is.
fn own_headers(feed: &Feed, definitions: &Definitions) -> Vec<String> {
    let is_person = |entity: usize| definitions.plans[entity].name.as_str() == "learner";
    let only_people = feed.rows.iter().all(|row| is_person(row.entity));
    let own = feed.rows.iter().filter(|row| only_people || !is_person(row.entity));
    let mut headers = Vec::new();
    for row in own {
        for spec in row.columns.iter().flatten() {
            if let CellOrigin::From(names) | CellOrigin::Join(names, _) = &spec.origin {
                headers.extend(names.iter().map(|name| fold(name)));
            }
        }
        headers.extend(row.when.iter().map(|(name, _)| fold(name)));
    }
    headers
}

#[test]
fn every_connector_of_sheets_asks_for_a_header_of_what_it_is_for() {
    let definitions = Definitions::load(None).unwrap();
    let mut lacking = Vec::new();
    for connector in definitions.connectors.values() {
        let Form::File(form) = &connector.form else { continue };
        if form.bundle.is_some() || matches!(form.format, FileFormat::Json | FileFormat::Xml) {
            continue;
        }
        for feed in connector.feeds.iter().filter(|feed| !feed.public) {
            let header = &feed.form(form).header;
            let own = own_headers(feed, &definitions);
            // A band stands before the text under it.
            let is_own = |text: &String| {
                own.contains(text) || (header.rows > 1 && own.iter().any(|own| own.ends_with(text)))
            };
            let tells = |texts: &[String]| texts.iter().all(is_own);
            // One table of a return says by the name of its file or sheet what it is.
            let named = feed.files.is_some() || connector.feeds.len() > 1;
            let told = header.none || header.must_have.iter().any(|any| tells(&any.folded()));
            if !told && !named {
                lacking.push(format!("{} {}", connector.name, feed.name));
            }
        }
    }
    assert!(lacking.is_empty(), "no header of their own: {lacking:?}");
}

fn fits(text: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("kestrel_2024-25.csv");
    fs::write(&file, text).unwrap();
    let definitions = Definitions::load(None).unwrap();
    let wishes =
        Wishes { name: "kestrel".into(), file_name: "kestrel_2024-25.csv".into(), ..Wishes::default() };
    let mapped = pipeline::map(&file, &definitions, None, &wishes).unwrap();
    mapped.fits.into_iter().map(|fit| fit.connector).collect()
}

#[test]
fn no_connector_counts_as_reading_a_sheet_of_which_it_takes_the_names_alone() {
    assert_eq!(fits(LIST), Vec::<String>::new());
    let roll = "Surname,Forename,DOB,UPN,Notes\nQuill,Ada,09/05/2008,H801200001001,x\nPenn,Ben,23/11/2008,B201361421009,y\n";
    assert_eq!(fits(roll), Vec::<String>::new());
    let renamed = REGISTER.replace(",start,", ",began,").replace("last_name", "Surname");
    assert_eq!(fits(&renamed), Vec::<String>::new());
    let reviews = "UPN,Surname,Forename,DOB,Assessment,Date,Point,Score,Completed by\nH801200001001,Quill,Ada,09/05/2008,SDQ,05/09/2023,baseline,14,self\n";
    assert_eq!(fits(reviews), ["ap-reviews"]);
}

/// A connector of one's own may ask for a surname alone; then a pull says that the sheet is another kind of sheet.
#[test]
fn a_pull_does_not_swallow_a_sheet_of_another_kind() {
    let site = crate::sheets::site_of(
        "format = \"csv\"\nname = \"*.csv\"\nheader = { must_have = [\"Surname\"] }",
        "[[feed]]\nname = \"reviews\"\nmode = \"keyed\"\n[feed.person]\nkey = \"identity\"\n[feed.identity]\nsurname = { from = [\"Surname\"] }\nforename = { from = [\"Forename\"] }\n[[feed.rows]]\nentity = \"learner\"\n[feed.rows.columns]\n[[feed.rows]]\nentity = \"engagement\"\nrequires = [\"starts_on\"]\n[feed.rows.columns]\nkind = { const = \"mentoring\" }\nstarts_on = { from = [\"Mentored on\"], dates = [\"day-first\"] }\n",
    );
    fs::write(site.inbox("office").join("list.csv"), LIST).unwrap();
    crate::sheets::pull(&site, 1);
    let told = crate::sheets::problems(&site);
    assert_eq!(told["nothing_of_its_own"], [(0, "document_set_aside".to_owned())]);
    assert!(lake_rows(&site.data(), "learner").is_empty());
}

fn register(file: &str, text: &str, params: &str) -> TestSite {
    let site = TestSite::new();
    fs::write(site.inbox("provider").join(file), text).unwrap();
    site.source("provider", "ap-export", params);
    site.configure("2026-03-31");
    site
}

const PARAMS: &str = "params.establishment_id = \"AP07\"";

#[test]
fn map_names_what_a_fit_leaves_and_the_parameters_it_needs() {
    let text = REGISTER.replace("end_reason\n", "end_reason,Tutor group\n").replace(",4,\n", ",4,,red\n");
    let site = register("placements_2023-24.csv", &text, PARAMS);
    let file = "inbox/provider/placements_2023-24.csv";
    let told = site.run(&["map", file, "--show"]);
    assert_eq!(told.code, 0, "{}", told.err);
    let words = told.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("The connector ap-export reads this file"), "{words}");
    assert!(words.contains("It reads 19 of 20 columns. Not read by it: T (Tutor group)."), "{words}");
    assert!(words.contains("params.establishment_id = \"\""), "{words}");
    let quiet = site.run(&["map", file]);
    assert!(!quiet.out.contains("Tutor group"), "{}", quiet.out);
    let data = site.run(&["--json", "map", file]).json();
    assert_eq!(
        (&data["fits"][0]["not_read"][0], &data["fits"][0]["columns_read"]),
        (&"T".into(), &19.into())
    );
}

#[test]
fn a_file_that_no_pattern_fits_is_counted_everywhere_and_named_on_a_terminal_alone() {
    let site = register("placements_2023-24.csv", REGISTER, PARAMS);
    fs::write(site.inbox("provider").join("final list of Quill v2.csv"), REGISTER).unwrap();
    let pulled = site.run(&["pull"]);
    assert_eq!(pulled.code, 0, "{}", pulled.err);
    for ran in [pulled, site.run(&["status"]), site.run(&["check"])] {
        let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("1 file lies in the inbox of provider and not read"), "{words}");
        assert!(words.contains("1 csv. What is read is called placements_{from}-{to}.csv."), "{words}");
        assert!(!words.contains("Quill"), "{words}");
    }
    for verb in ["pull", "status", "check"] {
        let data = site.run(&["--json", verb]).json();
        assert_eq!(
            (&data["passed_over"][0]["source"], &data["passed_over"][0]["files"]),
            (&"provider".into(), &1.into())
        );
    }
    let export =
        site.run(&["quarantine", "export", "inbox/provider/final list of Quill v2.csv", "--to", "back.xlsx"]);
    assert_eq!(export.code, 2);
    assert!(
        export.err.contains("is in the inbox of provider, and its name fits no pattern"),
        "{}",
        export.err
    );
}

#[test]
fn what_a_source_lacks_is_said_by_name_before_anything_is_read() {
    let site = register("placements_2023-24.csv", REGISTER, "");
    let (checked, pulled) = (site.run(&["check"]), site.run(&["pull"]));
    assert_eq!((checked.code, pulled.code), (2, 1), "{}\n{}", checked.out, pulled.err);
    for said in [&checked.err, &pulled.out] {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("lacks the parameter `establishment_id`"), "{said}");
        assert!(said.contains("write params.establishment_id = \"...\" under [sources.provider]"), "{said}");
    }
    let site = TestSite::new();
    site.source("provider", "ap-registr", PARAMS);
    site.source("other", "nccis", "");
    site.configure("2026-03-31");
    let (checked, pulled) = (site.run(&["check"]), site.run(&["pull"]));
    assert_eq!(checked.code, 2);
    for said in [checked.err, pulled.out] {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.contains("there is no `ap-registr`") && said.contains("did you mean ap-register"),
            "{said}"
        );
        assert!(said.contains("the inbox of the source `other` is not there"), "{said}");
        assert!(said.contains("make the folder, or correct `inbox`"), "{said}");
    }
    let listed = site.run(&["quarantine"]);
    assert!(!listed.out.contains("document 0") && !listed.out.contains("row 0"), "{}", listed.out);
}

#[test]
fn a_header_that_was_renamed_is_named_by_the_connectors_own_word() {
    let site = register("placements_2023-24.csv", &REGISTER.replace(",start,", ",began,"), PARAMS);
    assert_eq!(site.run(&["pull"]).code, 1);
    let listed = site.run(&["quarantine", "--all"]).out;
    let listed = listed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(listed.contains("starts_on (start): column not"), "{listed}");
    assert!(!listed.contains("began") && !listed.contains("Quill"), "{listed}");
    let back =
        site.run(&["quarantine", "export", "inbox/provider/placements_2023-24.csv", "--to", "back.xlsx"]);
    assert_eq!(back.code, 0, "{}", back.err);
    assert!(back.out.contains("Its likeliest line lacks start."), "{}", back.out);
}

#[test]
fn a_date_is_shown_as_its_own_column_takes_it_and_under_the_sheets_header() {
    let text = REGISTER.replace("06/09/2023", "in autumn");
    let site = register("placements_2023-24.csv", &text, PARAMS);
    site.run(&["pull"]);
    let listed = site.run(&["quarantine"]).out;
    assert!(listed.contains("_on (start): not a date"), "{listed}");
    let data = site.run(&["--json", "quarantine"]).json();
    let lines = data["quarantine"].as_array().unwrap();
    let line = lines.iter().find(|line| line["problem"] == "not_a_date").unwrap();
    assert_eq!(line["hint"], "write dates as 31/03/2010 or 31.03.10");
}

#[test]
fn what_a_file_said_before_it_was_sent_again_is_past() {
    let site = register("placements_2023-24.csv", &REGISTER.replace("06/09/2023", "in autumn"), PARAMS);
    site.run(&["pull"]);
    let lines = |arguments: &[&str]| {
        let data = site.run(&[&["--json", "quarantine"][..], arguments].concat()).json();
        data["quarantine"].as_array().unwrap().iter().filter(|line| line["problem"] == "not_a_date").count()
    };
    let before = lines(&[]);
    assert!(before > 0);
    assert_eq!(lines(&["--past"]), 0);
    fs::write(site.inbox("provider").join("placements_2023-24.csv"), REGISTER).unwrap();
    assert_eq!(site.run(&["pull"]).code, 0);
    assert_eq!((lines(&[]), lines(&["--past"])), (0, before));
    let told = site.run(&["quarantine", "--past"]).out;
    assert!(told.contains("day") && told.contains("20"), "{told}");
}

#[test]
fn one_file_that_cannot_be_read_fails_nothing_that_stands_and_is_listed_once() {
    let site = register("placements_2023-24.csv", REGISTER, PARAMS);
    fs::write(site.inbox("provider").join("placements_2024-25.csv"), "nothing,that\nis,a header\n").unwrap();
    assert_eq!(site.run(&["pull"]).code, 4);
    for _ in 0..2 {
        let again = site.run(&["--json", "pull"]);
        assert_eq!(
            (again.code, &again.json()["sources"][0]["outcome"]),
            (4, &"partly".into()),
            "{}",
            again.out
        );
    }
    let data = site.run(&["--json", "quarantine"]).json();
    let lines = data["quarantine"].as_array().unwrap().iter().filter(|line| line["problem"] == "no_header");
    assert_eq!(lines.count(), 1, "{data}");
}

#[test]
fn references_are_no_reasons_full_names_no_keys_and_a_known_name_no_given_one() {
    let rows: String = (0..30)
        .map(|n| {
            let letter = char::from(b'A' + (n % 26) as u8);
            let name = format!("{letter}{}", "ab".repeat(n % 5 + 1));
            format!(
                "K{n}/{letter}x,{name}y,{name}dey,{letter}quill{name},{:02}/05/2008,05/09/2023\n",
                n % 28 + 1
            )
        })
        .collect();
    let text = format!("Pupil ref,Known as,Given name,Surname,DOB,Start date\n{rows}");
    let looked = throughline::source::look::look(text.into_bytes()).unwrap();
    let definitions = Definitions::load(None).unwrap();
    let wishes = Wishes { name: "draft".into(), file_name: "list.csv".into(), ..Wishes::default() };
    let proposal = throughline::conform::propose::propose(&looked, &definitions, &wishes).unwrap();
    let becomes = |header: &str| {
        proposal.columns.iter().find(|column| column.header == header).map(|column| column.becomes.clone())
    };
    assert_ne!(becomes("Pupil ref").as_deref(), Some("placement.reason"));
    assert_eq!(becomes("Given name").as_deref(), Some("forename"));
    assert_ne!(becomes("Known as").as_deref(), Some("forename"));
}
