//! Somebody is erased while extracts are out: those who hold a row of them are named, and nobody is named in it.
use super::{ALIKE, done, open, open_again, own_site, ran, study};
use crate::{
    site::{Ran, run_saying},
    study::{attacks::extract, demo},
};
use chrono::Datelike;
use serde_json::Value;
use std::{fs, path::Path};
use throughline::{
    pipeline::{self, StudyFault},
    synth::Person,
};

/// A verb that reads who somebody is.
fn says(dir: &Path, arguments: &[&str], who: &Person) -> Ran {
    let who = &who.identity;
    let said = format!(
        "forename: {}\nsurname: {}\nbirth_date: {}\nupn: {}\n",
        who.forename, who.surname, who.birth_date, who.upn
    );
    run_saying(dir, arguments, &said)
}

/// The number of a case that was opened.
fn opened(dir: &Path, right: &str, who: &Person) -> String {
    let ran = says(dir, &["--json", "rights", right], who);
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.json()["case"].to_string()
}

/// The academic year of somebody's Year 6.
fn year_six(who: &Person) -> i32 {
    let born = who.identity.birth_date;
    born.year() + i32::from(born.month() >= 9) + 11
}

/// Two of the census, of two years.
fn two() -> [&'static Person; 2] {
    let of = |ay: i32| {
        let mut people = demo().world.people.iter();
        people.find(|person| !person.enrolments.is_empty() && year_six(person) == ay).unwrap()
    };
    [of(2018), of(2019)]
}

fn studies(certificate: &Value) -> Vec<(&str, &str)> {
    let listed = certificate["extracts_that_are_out"].as_array().unwrap().iter();
    listed.map(|one| (one["study"].as_str().unwrap(), one["holds"].as_str().unwrap())).collect()
}

#[test]
fn extracts_that_hold_somebody_who_was_erased_since_are_named_and_called_back() {
    let site = own_site();
    let dir = site.path();
    let [child, other] = two();
    // One study has everybody of 2018, another those of 2019 and 2020.
    for (name, years) in [("older", "2018"), ("younger", "2019, 2020")] {
        let where_ = format!("cohort_ay = [{years}]\n");
        study(dir, name, &[(ALIKE[0].0, where_.as_str()), ALIKE[1], ALIKE[2]]);
        extract(dir, name, &format!("{name}-out"));
    }
    // Who asks what is held of them is told who has it.
    let case = opened(dir, "access", child);
    done(dir, &["rights", "confirm", &case, "--reason", "asked in writing", "--to", "copy.json"]);
    let copy: Value = serde_json::from_str(&fs::read_to_string(dir.join("copy.json")).unwrap()).unwrap();
    let told = copy["studies_that_hold_your_rows"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0]["study"] == "older" && told[0]["is_certain"] == true, "{told:#?}");
    assert_eq!(
        (told[0]["institution"].as_str(), told[0]["until"].as_str()),
        (Some("Example University"), Some("2027-12-31"))
    );
    let words = fs::read_to_string(dir.join("copy.json.txt")).unwrap();
    assert!(words.contains("older, Example University, received") && !words.contains("younger"), "{words}");

    // Somebody is about to cut a third when it happens.
    study(dir, "late", &[(ALIKE[0].0, "cohort_ay = [2021, 2022]\n"), ALIKE[1], ALIKE[2]]);
    done(dir, &["study", "request", "late"]);
    done(dir, &["study", "approve", "late"]);
    let (mut at, late) = open(dir, "late");
    let measured = pipeline::try_study(&at, &late).unwrap();

    // Erased: the certificate names the study, and the list does.
    let case = opened(dir, "erase", child);
    let certificate =
        done(dir, &["--json", "rights", "confirm", &case, "--reason", "asked in writing"]).json();
    assert_eq!(studies(&certificate), [("older", "rows of the person")]);
    let cut = pipeline::cut_study(&mut at, &late, measured, "ann", &dir.join("late-out"));
    assert!(matches!(cut, Err(StudyFault::Usage(words)) if words.contains("withdrawn meanwhile")));
    assert!(!dir.join("late-out").exists());
    drop(at);
    let words = done(dir, &["rights", "certificate", &case]).out;
    let said = words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("the person is forgotten") && said.contains("study close older"), "{words}");
    assert!(!words.contains('{') && !said.contains("younger"), "a person reads it: {words}");
    for name in [&child.identity.surname, &child.identity.upn] {
        assert!(!words.to_uppercase().contains(&name.to_uppercase()), "{words}");
    }
    let list = done(dir, &["study", "list"]).out;
    let said = list.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("The extract of older (request 1) holds rows of somebody who had to go"), "{list}");
    assert!(!said.contains("The extract of younger"), "{list}");
    let listed = done(dir, &["--json", "study", "list"]).json();
    assert_eq!(listed["requests"][0]["outlived"][0]["why"], "erased");
    assert_eq!(listed["requests"][1]["outlived"].as_array().unwrap().len(), 0);
    let pack = done(dir, &["evidence", "pack"]);
    assert!(fs::read_to_string(dir.join("pack/evidence.md")).unwrap().contains("CALL BACK"), "{}", pack.err);

    // The release they were cut from is withdrawn: beside what cannot be cut again nothing is cut.
    done(dir, &["--quiet", "release"]);
    let where_ = "cohort_ay = [2023, 2024]\n";
    study(dir, "third", &[(ALIKE[0].0, where_), ALIKE[1], ALIKE[2]]);
    let refused = ran(dir, &["--json", "study", "run", "third"]);
    assert!(refused.code == 5 && refused.err.contains("cannot be compared with"), "{}", refused.err);
    assert_eq!(refused.json()["not_compared"], serde_json::json!(["older", "younger"]));
    assert_eq!(ran(dir, &["study", "request", "third"]).code, 5, "nor may it be asked for");

    // Whoever is erased now may be in either: what cannot be looked into is said to be so.
    let case = opened(dir, "erase", other);
    let certificate =
        done(dir, &["--json", "rights", "confirm", &case, "--reason", "asked in writing"]).json();
    let named = studies(&certificate);
    assert_eq!(named.iter().map(|one| one.0).collect::<Vec<_>>(), ["older", "younger"]);
    assert!(named.iter().all(|one| one.1.contains("could not be looked into")), "{named:?}");

    // Called back and closed, they are named no more, and the next study is cut of the next release.
    for name in ["older", "younger"] {
        let closed = done(dir, &["study", "close", name]).out;
        assert!(
            closed.starts_with(&format!("The extract of study {name}")) && !closed.contains('{'),
            "{closed}"
        );
    }
    assert!(!done(dir, &["study", "list"]).out.contains("had to go"));
    done(dir, &["--quiet", "release"]);
    extract(dir, "third", "third-out");
    let requests = open_again(dir).catalog.study_requests().unwrap();
    assert!(requests.iter().filter(|request| request.is_out()).all(|request| request.outlived.is_empty()));
}
