//! What people may ask about themselves, as whoever serves them sees it at the command line: that it is done, that it stays
//! done, and that nobody learns anything on the way.
mod killed;
mod lifted;
mod office;
#[cfg(feature = "warehouse")]
mod traces;

use crate::{
    needles::Needles,
    site::{Ran, column_text, lake_rows, walk},
};
use arrow::array::RecordBatch;
use office::{CHILD, Office, TWIN, opened};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};
use throughline::{
    catalog::AuditEntry,
    pipeline::{self, Right},
};

/// What must be found nowhere of a child.
fn needles(of: &[&str]) -> Needles {
    let mut needles = Needles::default();
    of.iter().for_each(|text| needles.add(text));
    needles
}

/// Searches every file that the program keeps; the key's folder too.
fn searched(needles: &mut Needles, root: &Path) {
    let mut files = Vec::new();
    walk(root, &mut files);
    files.retain(|file| !file.starts_with(root.join("inbox")) && !file.ends_with("key"));
    files.iter().for_each(|file| needles.search_file(root, file));
}

/// Rows of an entity by one of its columns.
fn cells(data: &Path, entity: &str, column: &str) -> Vec<String> {
    let batches = lake_rows(data, entity);
    let of = |batch: &RecordBatch| -> Vec<String> {
        (0..batch.num_rows()).map(|at| column_text(batch, column, at)).collect()
    };
    let mut cells: Vec<String> = batches.iter().flat_map(of).collect();
    cells.sort();
    cells
}

fn code(ran: &Ran, code: i32) -> &Ran {
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    ran
}

#[test]
fn a_case_is_opened_by_one_person_and_confirmed_by_another() {
    let office = Office::new("");
    let refused = office.asks("erase", CHILD);
    assert!(code(&refused, 5).err.contains("has not the role `rights`"), "{}", refused.err);
    let me = office::user();
    office.configure(&format!("[roles]\nrights = [\"{me}\"]\n"));
    let case = opened(&office.asks("erase", CHILD));
    let confirm = ["rights", "confirm", case.as_str(), "--reason", "asked in writing"];
    assert!(code(&office.site.run(&confirm), 5).err.contains("has not the role `approver`"));
    office.configure(&format!("[roles]\nrights = [\"{me}\"]\napprover = [\"{me}\"]\n"));
    assert!(code(&office.site.run(&confirm), 5).err.contains("opened this case yourself"));
    assert_eq!(cells(&office.site.data(), "placement", "establishment_id").len(), 6, "nothing was changed");
    office.configure(&office::one_person());
    let done = office.site.run(&["--json", "rights", "confirm", &case, "--reason", "asked in writing"]);
    let certificate = code(&done, 0).json();
    assert_eq!(certificate["opened_and_confirmed_by_one_person"], true);
    assert_eq!(certificate["opened_by"]["user"], me.as_str());
    let again = office.site.run(&confirm);
    assert!(code(&again, 2).err.contains("not open any more"), "{}", again.err);
    let listed = office.site.run(&["rights", "cases"]);
    assert!(listed.out.contains("learners") && listed.out.contains("done"), "{}", listed.out);
    let shown = office.site.run(&["--json", "rights", "certificate", &case]).json();
    assert_eq!(shown, certificate);
    assert_eq!(office.site.run(&["rights", "withdraw", "7", "--reason", "no"]).code, 2);
}

#[test]
fn every_step_is_noted_with_who_and_in_which_role_and_refusals_are_too() {
    let office = Office::new(
        "[roles]\nrights = [\"ann\", \"cat\"]\napprover = [\"ben\", \"cat\"]\nauditor = [\"dan\"]\n",
    );
    let mut site = office.open();
    let refused = |fault: pipeline::SiteFault| matches!(fault, pipeline::SiteFault::Rights(_));
    assert!(refused(pipeline::open_case(&mut site, Right::Erase, "ben", CHILD).unwrap_err()));
    assert!(refused(pipeline::open_case(&mut site, Right::Erase, "dan", CHILD).unwrap_err()));
    assert!(refused(pipeline::open_case(&mut site, Right::Erase, "ann", "nonsense").unwrap_err()));
    let case = pipeline::open_case(&mut site, Right::Object, "cat", CHILD).unwrap();
    for who in ["ann", "dan", "cat"] {
        assert!(refused(pipeline::confirm(&mut site, who, case, "asked", None).unwrap_err()), "{who}");
    }
    let listed = pipeline::cases(&mut site, "ann").unwrap();
    assert_eq!(listed[0].candidates, 0, "whoever only opens cases is not told");
    assert_eq!(pipeline::cases(&mut site, "ben").unwrap()[0].candidates, 1);
    let done = pipeline::confirm(&mut site, "ben", case, "asked in writing", None).unwrap();
    assert_eq!(done.certificate["opened_and_confirmed_by_one_person"], false);
    assert_eq!(done.certificate["confirmed_by"]["user"], "ben");
    let audit = site.catalog.audit(1).unwrap();
    let line = |entry: &AuditEntry| {
        format!("{} {} {}: {} {}", entry.who, entry.role, entry.verb, entry.outcome, entry.people)
    };
    assert_eq!(
        audit.iter().map(line).collect::<Vec<_>>(),
        [
            "ben none rights erase: refused 0",
            "dan none rights erase: refused 0",
            "ann rights rights erase: refused 0",
            "cat rights rights object: opened 0",
            "ann none rights confirm: refused 0",
            "dan none rights confirm: refused 0",
            "cat approver rights confirm: refused 0",
            "ann rights rights cases: done 0",
            "ben approver rights cases: done 0",
            "ben approver rights confirm: done 2",
        ]
    );
    assert!(audit.iter().all(|entry| entry.digest == entry.expected()));
}

#[test]
fn a_case_that_is_withdrawn_changes_nothing() {
    let office = Office::new(&office::one_person());
    let case = opened(&office.asks("erase", CHILD));
    assert_eq!(office.site.run(&["rights", "withdraw", &case, "--reason", "asked us to wait"]).code, 0);
    let late = office.site.run(&["rights", "confirm", &case, "--reason", "late"]);
    assert_eq!(code(&late, 2).out, "");
    assert_eq!(office.site.run(&["--json", "link"]).json()["subjects"], 5);
    assert_eq!(cells(&office.site.data(), "placement", "establishment_id").len(), 6);
}

#[test]
fn attack_31_whoever_opens_a_case_is_not_told_whether_anybody_is_held() {
    let office = Office::new(&office::one_person());
    let stranger = "forename: Zqxnobody\nsurname: Zqxnowhere\nbirth_date: 2011-01-01\npostcode: ZT9 9ZZ\n";
    let answers = [CHILD, stranger].map(|who| office.asks("access", who));
    let told = |ran: &Ran, case: &str| format!("{}{}{}", ran.code, ran.out, ran.err).replace(case, "N");
    assert_eq!(told(&answers[0], "1"), told(&answers[1], "2"));
    let json = [CHILD, stranger].map(|who| office.says(&["--json", "rights", "object"], who).json());
    let keys = |answer: &serde_json::Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&json[0]), keys(&json[1]));
    let mut needles = needles(&["Zqxnobody", "Zqxnowhere", "ZT9 9ZZ", "Zqxarcher"]);
    answers.iter().for_each(|ran| needles.search_text("an answer", &format!("{}{}", ran.out, ran.err)));
    searched(&mut needles, office.site.path());
    assert!(needles.found().is_empty(), "{:?}", needles.found());
}

#[test]
fn what_is_said_wrongly_is_told_by_its_place_and_kept_nowhere() {
    let office = Office::new(&office::one_person());
    let mut needles = needles(&["Zqxcanary", "Zqxarcher"]);
    for (verb, said, told) in [
        ("erase", "", "says nothing"),
        ("erase", "Zqxcanary", "line 1"),
        ("access", "{\"Zqxcanary\": \"Zqxcanary\"}", "not one JSON document"),
        ("object", "birth_date: Zqxcanary\nforename: Zqxcanary", "birth_date: not a date"),
        ("erase", "forename: Zqxcanary", "too little"),
        ("rectify", CHILD, "say what is right"),
        ("restrict", "upn: Zqxcanary", "upn: fails its check"),
    ] {
        for how in ["-vv", "--json"] {
            let ran = office.says(&[how, "rights", verb], said);
            assert!(code(&ran, 2).err.contains(told), "{verb}: {}", ran.err);
            needles.search_text("an answer", &format!("{}{}", ran.out, ran.err));
        }
    }
    let case = opened(&office.asks("access", CHILD));
    for to in ["data/copy.json", "inbox/office/copy.json", "definitions/copy.json"] {
        let ran = office.site.run(&["rights", "confirm", &case, "--reason", "asked", "--to", to]);
        assert!(
            !office.site.path().join(to).exists() && code(&ran, 2).err.contains("it lies"),
            "{}",
            ran.err
        );
        needles.search_text("an answer", &format!("{}{}", ran.out, ran.err));
    }
    let ran = office.site.run(&["rights", "confirm", &case, "--reason", "asked"]);
    assert!(code(&ran, 2).err.contains("--to FILE"), "{}", ran.err);
    let ran =
        office.site.run(&["rights", "confirm", &case, "--reason", "born 10/03/2010", "--to", "copy.json"]);
    assert!(code(&ran, 2).err.contains("birth date"), "{}", ran.err);
    searched(&mut needles, office.site.path());
    assert!(needles.found().is_empty(), "{:?}", needles.found());
}

#[test]
fn two_children_who_fit_are_not_taken_for_one() {
    let office = Office::new(&office::one_person());
    let both = "forename: Zqxsame\nsurname: Zqxalike\nbirth_date: 2010-05-05\n";
    let case = opened(&office.asks("erase", both));
    let listed = office.site.run(&["--json", "rights", "cases"]).json();
    assert_eq!(listed["cases"][0]["learners_when_opened"], 2);
    let ran = office.site.run(&["rights", "confirm", &case, "--reason", "asked"]);
    assert!(code(&ran, 2).err.contains("fits 2 learners"), "{}", ran.err);
    let more = format!("{both}upn: {}\n", office::SAME[0]);
    let case = opened(&office.asks("erase", &more));
    let done = office.site.run(&["--json", "rights", "confirm", &case, "--reason", "asked"]);
    assert_eq!(code(&done, 0).json()["records_under_sources"], 1);
}

#[test]
fn a_copy_holds_all_and_is_the_only_file_that_does() {
    let office = Office::new(&office::one_person());
    let case = opened(&office.asks("access", CHILD));
    let away = tempfile::tempdir().unwrap();
    let (to, slip) = (away.path().join("copy.json"), away.path().join("slip.json"));
    let ran = office.site.run(&[
        "rights",
        "confirm",
        &case,
        "--reason",
        "asked",
        "--to",
        to.to_str().unwrap(),
        "--certificate",
        slip.to_str().unwrap(),
    ]);
    code(&ran, 0);
    let copy: serde_json::Value = serde_json::from_str(&fs::read_to_string(&to).unwrap()).unwrap();
    assert_eq!(copy["rows"]["placement"]["rows"].as_array().unwrap().len(), 3);
    assert_eq!(copy["rows"]["placement"]["rows"][0]["establishment_id"], "AP07");
    assert_eq!(copy["sources_and_their_agreements"].as_array().unwrap().len(), 2);
    let says = copy["who_the_sources_say_you_are"].to_string();
    assert!(says.contains("ZQXARCHER") && says.contains("club") && !says.contains("ZQXTWIN"), "{says}");
    let words = fs::read_to_string(away.path().join("copy.json.txt")).unwrap();
    assert!(words.contains("forename: ZQXKAI") && words.contains("No score"), "{words}");
    for file in [&to, &away.path().join("copy.json.txt"), &slip] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let mut needles = needles(&["Zqxarcher", "Zqxkai", "H801200001001"]);
    needles.search_text("what was said", &format!("{}{}", ran.out, ran.err));
    needles.search_file(away.path(), &slip);
    searched(&mut needles, office.site.path());
    assert!(needles.found().is_empty(), "{:?}", needles.found());
}

#[test]
fn whoever_objects_is_only_counted() {
    let office = Office::new(&office::one_person());
    let case = opened(&office.asks("object", CHILD));
    let done = office.site.run(&["--json", "rights", "confirm", &case, "--reason", "asked"]);
    let certificate = code(&done, 0).json();
    assert_eq!(
        (certificate["certificate"].as_str(), &certificate["records_under_sources"]),
        (Some("objected"), &2.into())
    );
    assert_eq!(office.counted(), [(2021, 1)]);
    assert_eq!(cells(&office.site.data(), "placement", "establishment_id").len(), 3);
    let pulled = office.site.run(&["--json", "pull", "--full"]).json();
    let withheld: u64 =
        pulled["sources"].as_array().unwrap().iter().map(|source| source["withheld"].as_u64().unwrap()).sum();
    assert_eq!(withheld, 4);
    assert_eq!(office.counted(), [(2021, 1)], "counted once");
    let words = office.site.run(&["pull", "--full"]);
    assert!(words.out.contains("4 records were withheld"), "{}", words.out);
}

#[test]
fn of_whom_no_place_may_be_told_none_is_in_what_was_and_what_comes() {
    let office = Office::new(&office::one_person());
    assert_eq!(cells(&office.site.data(), "learner", "home_la"), ["", "", "", "998"]);
    let before = [
        cells(&office.site.data(), "placement", "row_key"),
        cells(&office.site.data(), "learner", "row_key"),
    ];
    let case = opened(&office.asks("restrict", CHILD));
    let done = office.site.run(&["--json", "rights", "confirm", &case, "--reason", "a court's order"]);
    assert_eq!(code(&done, 0).json()["rows_with_places_emptied"], 4);
    let hidden = ["AP07", "AP07", "AP07", "withheld", "withheld", "withheld"];
    let told = || cells(&office.site.data(), "placement", "establishment_id");
    assert_eq!(told(), hidden);
    assert_eq!(cells(&office.site.data(), "learner", "home_la"), ["", "", "", ""]);
    // The same rows, and they stand once, whatever is read again.
    assert_eq!(office.site.run(&["--quiet", "pull", "--full"]).code, 0);
    let after = [
        cells(&office.site.data(), "placement", "row_key"),
        cells(&office.site.data(), "learner", "row_key"),
    ];
    assert_eq!(after, before);
    assert_eq!(told(), hidden);
    office.lay("visits-later.csv", "Ref,Start,Hours\nzqxlocal1,2025-11-01,9\nzqxlocal2,2025-11-01,9\n");
    assert_eq!(office.site.run(&["--quiet", "pull"]).code, 0);
    assert_eq!(told().iter().filter(|place| *place == "withheld").count(), 4);
    assert_eq!(told().len(), 8);
}

#[test]
fn a_corrected_cell_stands_beside_the_source_s_word() {
    let office = Office::new(&office::one_person());
    let case = opened(&office.asks("rectify", &format!("{CHILD}correct birth_date: 2010-03-11\n")));
    let done = office.site.run(&["--json", "rights", "confirm", &case, "--reason", "birth certificate seen"]);
    let certificate = code(&done, 0).json();
    assert_eq!(certificate["done"]["records_corrected"], 2);
    assert!(!certificate.to_string().contains("2010-03-11"));
    let away = tempfile::tempdir().unwrap();
    let to = away.path().join("copy.json");
    let case = opened(&office.asks("access", CHILD));
    let ran =
        office.site.run(&["rights", "confirm", &case, "--reason", "asked", "--to", to.to_str().unwrap()]);
    code(&ran, 0);
    let says = fs::read_to_string(&to).unwrap();
    assert!(says.contains("2010-03-10") && says.contains("2010-03-11"), "{says}");
    assert_eq!(office.site.run(&["--json", "verify"]).json()["flaws"].as_array().unwrap().len(), 0);
}

#[test]
fn a_child_who_comes_back_under_another_source_s_key_is_known() {
    let office = Office::new(&office::one_person());
    let case = opened(&office.asks("erase", CHILD));
    code(&office.site.run(&["rights", "confirm", &case, "--reason", "asked"]), 0);
    // Another office, its own keys, and its visits are read before its pupils.
    office.add_source("annex");
    let pupils = "Ref,UPN,Surname,Forename,DOB,Postcode\n501,,Zqxarcher,Zqxkai,10/03/2010,ZT1 1AA\n502,,Zqxarcher,Zqxtwin,10/03/2010,ZT1 1AA\n";
    fs::write(office.site.inbox("annex").join("pupils.csv"), pupils).unwrap();
    let visits = "Ref,Start,Hours\n501,2025-09-02,3\n502,2025-09-02,3\n";
    fs::write(office.site.inbox("annex").join("a-visits.csv"), visits).unwrap();
    let before = cells(&office.site.data(), "placement", "starts_on").len();
    let pulled = office.site.run(&["--json", "pull", "annex"]).json();
    assert_eq!(pulled["sources"][0]["withheld"], 1, "{pulled}");
    // Whatever came in before the key was known went with it.
    assert_eq!(cells(&office.site.data(), "placement", "starts_on").len(), before + 1);
    let again = office.site.run(&["--json", "pull", "annex", "--full"]).json();
    assert_eq!((&again["sources"][0]["withheld"], &again["sources"][0]["accepted"]), (&2.into(), &0.into()));
    assert_eq!(cells(&office.site.data(), "placement", "starts_on").len(), before + 1);
    assert_eq!(office.site.run(&["--quiet", "link"]).code, 0);
    let twin = opened(&office.asks("access", TWIN));
    let to = office.site.path().join("twin.json");
    code(
        &office.site.run(&["rights", "confirm", &twin, "--reason", "asked", "--to", to.to_str().unwrap()]),
        0,
    );
    assert!(fs::read_to_string(to).unwrap().contains("ZQXTWIN"));
}

#[test]
fn without_its_list_a_folder_is_not_opened() {
    let office = Office::new(&office::one_person());
    let case = opened(&office.asks("erase", CHILD));
    let list = office.site.path().join("key.suppressed");
    let older = fs::read(&list).unwrap();
    code(&office.site.run(&["rights", "confirm", &case, "--reason", "asked"]), 0);
    let newest = fs::read(&list).unwrap();
    fs::remove_file(&list).unwrap();
    assert!(code(&office.site.run(&["status"]), 2).err.contains("list is missing"));
    fs::write(&list, older).unwrap();
    fs::set_permissions(&list, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(code(&office.site.run(&["pull"]), 2).err.contains("older suppression list"));
    fs::write(&list, newest).unwrap();
    code(&office.site.run(&["pull"]), 0);
    let text = fs::read_to_string(office.site.path().join("throughline.toml")).unwrap();
    let inside = format!("suppression_list = \"data/list\"\n{text}");
    fs::write(office.site.path().join("throughline.toml"), inside).unwrap();
    assert!(code(&office.site.run(&["status"]), 2).err.contains("lies inside `data_dir`"));
}

#[test]
fn a_run_that_is_held_does_not_keep_somebody() {
    let office = Office::new(&office::one_person());
    // A register that lacks nearly everybody is held, and holds the child.
    let crowd: String =
        (0..30).map(|at| format!(",Zqxcrowd{at},Zqxmany{at},01/02/2010,01/10/2025\n")).collect();
    let club = office.site.inbox("club").join("club.csv");
    let register = fs::read_to_string(&club).unwrap();
    fs::write(&club, format!("{register}{crowd}")).unwrap();
    assert_eq!(office.site.run(&["--quiet", "pull", "club"]).code, 0);
    fs::write(&club, register.replace("02/09/2025", "03/09/2025")).unwrap();
    assert_eq!(office.site.run(&["--quiet", "pull", "club"]).code, 3);
    let case = opened(&office.asks("erase", CHILD));
    let done = office.site.run(&["--json", "rights", "confirm", &case, "--reason", "asked"]);
    assert_eq!(code(&done, 0).json()["staged_runs_given_up"], 1);
    assert_eq!(office.site.run(&["--json", "verify"]).json()["flaws"].as_array().unwrap().len(), 0);
}

#[cfg(feature = "warehouse")]
#[test]
fn attack_25_an_erased_child_is_in_no_file_no_backup_and_no_later_pull() {
    let office = Office::new(&office::one_person());
    let site = &office.site;
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    let first = site.run(&["--json", "release"]);
    let first = code(&first, 0).json()["id"].as_str().map(str::to_owned);
    let ids = traces::pseudonyms_of_the_child(&office);
    assert!(ids.len() >= 4, "{ids:?}");
    let hidden = |what: &str, root: &Path| {
        let mut needles = needles(&["Zqxkai", "H801200001001", "zqxlocal1"]);
        ids.iter().for_each(|id| needles.add(id));
        searched(&mut needles, root);
        let found: Vec<&String> = needles.found().iter().collect();
        assert!(found.is_empty(), "{what}: {found:?}");
        assert!(!traces::bytes_hold(root, &ids), "{what}");
        let data = root.join("data");
        let columns = [
            ("placement", "subject_id"),
            ("learner", "subject_id"),
            ("learner_link", "subject_id"),
            ("learner_link", "learner_id"),
        ];
        for (entity, column) in columns {
            assert!(
                !cells(&data, entity, column).iter().any(|id| ids.contains(id)),
                "{what}: {entity} {column}"
            );
        }
        assert!(!traces::register_says(root, "ZQXKAI"), "{what}: the register, opened");
    };
    let backup = office::copied(&site.data());
    assert!(
        traces::bytes_hold(site.path(), &ids) && traces::register_says(site.path(), "ZQXKAI"),
        "it could be found"
    );
    let case = opened(&office.asks("erase", CHILD));
    let slip = site.path().join("certificate.json");
    let ran =
        site.run(&["rights", "confirm", &case, "--reason", "asked", "--certificate", slip.to_str().unwrap()]);
    code(&ran, 0);
    hidden("erased", site.path());
    let certificate: serde_json::Value = serde_json::from_str(&fs::read_to_string(&slip).unwrap()).unwrap();
    let withdrawn = certificate["releases_withdrawn"].as_array().unwrap();
    assert_eq!(withdrawn.len(), 1);
    let id = first.unwrap_or_else(|| withdrawn[0].as_str().unwrap().to_owned());
    let tombstone = site.data().join(format!("releases/{id}.withdrawn.json"));
    let told: serde_json::Value = serde_json::from_str(&fs::read_to_string(&tombstone).unwrap()).unwrap();
    assert_eq!((&told["re_runnable"], &told["successor"]), (&false.into(), &serde_json::Value::Null));
    assert!(
        !site.data().join("releases").join(&id).exists() && !site.data().join("releases/current").exists()
    );
    // The same files, read again, do not bring the child back.
    let pulled = site.run(&["--json", "pull", "--full"]);
    code(&pulled, 0);
    hidden("pulled again", site.path());
    code(&site.run(&["--quiet", "link"]), 0);
    code(&site.run(&["--quiet", "release"]), 0);
    hidden("released again", site.path());
    let told: serde_json::Value = serde_json::from_str(&fs::read_to_string(&tombstone).unwrap()).unwrap();
    assert!(told["successor"].is_string(), "{told}");
    // A backup of the data folder from before: whoever opens it first, and only looks, finds it done.
    fs::remove_dir_all(site.data()).unwrap();
    office::restored(backup.path(), &site.data());
    code(&site.run(&["status"]), 0);
    hidden("brought back", site.path());
    assert!(!site.data().join("releases").join(&id).exists(), "the release of then went with it");
    assert_eq!(site.run(&["--json", "verify"]).json()["flaws"].as_array().unwrap().len(), 0);
    code(&site.run(&["--quiet", "pull", "--full"]), 0);
    hidden("brought back and pulled", site.path());
    assert_eq!(cells(&site.data(), "placement", "establishment_id").len(), 3, "the others stayed");
}

#[cfg(feature = "warehouse")]
#[test]
fn a_release_from_before_a_new_key_goes_with_whomever_it_may_hold() {
    let office = Office::new(&office::one_person());
    let site = &office.site;
    code(&site.run(&["--quiet", "link"]), 0);
    code(&site.run(&["--quiet", "release"]), 0);
    let release = fs::read_link(site.data().join("releases/current")).unwrap();
    code(&site.run(&["key", "new", "fresh"]), 0);
    code(&site.run(&["key", "rotate", "--new", "fresh", "--reason", "ticket 7"]), 0);
    fs::rename(site.path().join("fresh"), site.path().join("key")).unwrap();
    let folder = site.data().join("releases").join(release);
    assert!(folder.is_dir(), "a new key leaves it as it was");
    let case = opened(&office.asks("erase", CHILD));
    let done = site.run(&["--json", "rights", "confirm", &case, "--reason", "asked"]);
    assert_eq!(code(&done, 0).json()["releases_withdrawn"].as_array().unwrap().len(), 1, "{}", done.out);
    assert!(!folder.exists(), "nobody can say any more that the child is not in it");
}
