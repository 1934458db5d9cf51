//! A restriction that has ended: one person opens it, another confirms it, and places come back from where they were told.
use super::{
    cells, code,
    office::{self, CHILD, Office, copied, opened},
};
use crate::site::{Ran, column_text, lake_rows, run_with};
use serde_json::json;
use std::{collections::BTreeMap, path::Path};
use throughline::pipeline::{self, Right};

/// A column of the rows that stand: of each the latest version.
fn latest(data: &Path, entity: &str, column: &str) -> Vec<String> {
    let mut rows: BTreeMap<String, (i64, String)> = BTreeMap::new();
    for batch in lake_rows(data, entity) {
        for at in 0..batch.num_rows() {
            let seq: i64 = column_text(&batch, "commit_seq", at).parse().unwrap();
            let held = rows.entry(column_text(&batch, "row_key", at)).or_default();
            if seq >= held.0 {
                *held = (seq, column_text(&batch, column, at));
            }
        }
    }
    rows.into_values().map(|(_, text)| text).collect()
}

fn confirmed(office: &Office, case: &str, reason: &str) -> Ran {
    office.site.run(&["--json", "rights", "confirm", case, "--reason", reason])
}

fn lifts(office: &Office) -> String {
    opened(&office.says(&["rights", "restrict", "--lift"], CHILD))
}

#[test]
fn a_restriction_that_is_lifted_tells_places_again_with_the_next_pull() {
    let office = Office::new(&office::one_person());
    let told = || cells(&office.site.data(), "placement", "establishment_id");
    let homes = || cells(&office.site.data(), "learner", "home_la");
    // Of whom places are told, nothing is lifted, and that is noted.
    let nobody = lifts(&office);
    let refused = confirmed(&office, &nobody, "asked for in error");
    assert!(code(&refused, 2).err.contains("nobody of whom no place is told"), "{}", refused.err);
    let case = opened(&office.asks("restrict", CHILD));
    code(&confirmed(&office, &case, "a court's order"), 0);
    assert_eq!(told().iter().filter(|place| *place == "withheld").count(), 3);
    let case = lifts(&office);
    let listed = office.site.run(&["--json", "rights", "cases"]).json();
    assert_eq!((&listed["cases"][0]["asks"], &listed["cases"][0]["state"]), (&json!("lift"), &json!("open")));
    let done = confirmed(&office, &case, "the order has ended");
    let certificate = code(&done, 0).json();
    assert_eq!(certificate["certificate"], "lifted");
    assert_eq!(certificate["restrictions_ended"], 1, "{certificate}");
    assert_eq!(certificate["sources_asked_again"], 2);
    assert!(told().iter().any(|place| place == "withheld"), "what was emptied is not held any more");
    assert_eq!(office.site.run(&["--quiet", "pull"]).code, 0);
    // The rows that told no place stay as what was once said; the same rows have a later version now.
    assert_eq!(told().iter().filter(|place| *place == "withheld").count(), 3);
    let mut versions = latest(&office.site.data(), "placement", "establishment_id");
    versions.sort();
    assert_eq!(versions, ["AP07"; 6]);
    assert_eq!(homes().iter().filter(|home| *home == "998").count(), 1);
    assert_eq!(office.site.run(&["--quiet", "pull"]).code, 0);
    assert_eq!(
        latest(&office.site.data(), "placement", "establishment_id").len(),
        6,
        "and then all is as known"
    );
    // Nothing is left to lift; asked for again, it is restricted again.
    let again = lifts(&office);
    assert_eq!(confirmed(&office, &again, "asked twice").code, 2);
    let case = opened(&office.asks("restrict", CHILD));
    assert_eq!(code(&confirmed(&office, &case, "another order"), 0).json()["rows_with_places_emptied"], 4);
    assert!(!homes().iter().any(|home| home == "998"));
}

#[test]
fn one_person_opens_and_another_confirms_and_both_are_noted() {
    let office = Office::new("[roles]\nrights = [\"ann\"]\napprover = [\"ann\", \"ben\"]\n");
    let mut site = office.open();
    let confirm = |site: &mut _, who, case| pipeline::confirm(site, who, case, "an order", None);
    let case = pipeline::open_case(&mut site, Right::Restrict, "ann", CHILD).unwrap();
    confirm(&mut site, "ben", case).unwrap();
    assert!(pipeline::open_case(&mut site, Right::Lift, "ben", CHILD).is_err(), "the role is missing");
    let case = pipeline::open_case(&mut site, Right::Lift, "ann", CHILD).unwrap();
    assert!(confirm(&mut site, "ann", case).is_err(), "whoever opened it");
    let done = confirm(&mut site, "ben", case).unwrap();
    assert_eq!(done.certificate["opened_by"], json!({ "user": "ann", "role": "rights" }));
    assert_eq!(done.certificate["confirmed_by"], json!({ "user": "ben", "role": "approver" }));
    let text = done.certificate.to_string();
    assert!(!text.to_lowercase().contains("zqx"), "{text}");
    let lines: Vec<_> = site.catalog.audit(1).unwrap();
    let noted = |who: &str, verb: &str, outcome: &str| {
        lines.iter().any(|entry| (&*entry.who, &*entry.verb, &*entry.outcome) == (who, verb, outcome))
    };
    assert!(noted("ann", "rights lift", "opened") && noted("ben", "rights lift", "refused"));
    assert!(noted("ann", "rights confirm", "refused") && noted("ben", "rights confirm", "done"));
}

#[test]
fn killed_at_any_step_it_is_lifted_or_nothing_was_changed() {
    let office = Office::demonstration();
    let case = opened(&office.asks("restrict", CHILD));
    code(&confirmed(&office, &case, "a court's order"), 0);
    let case = lifts(&office);
    let confirm = ["--quiet", "rights", "confirm", case.as_str(), "--reason", "the order has ended"];
    for (point, is_lifted) in [
        ("list.written", false),
        ("list.placed", true),
        ("lift.written", true),
        ("lift.done", true),
        ("expire.written", true),
        ("rights.swept", true),
    ] {
        let killed = copied(office.site.path());
        let ran = run_with(killed.path(), &[("THROUGHLINE_FAILPOINT", point)], &confirm);
        assert_eq!(ran.code, -1, "{point} was passed: {}{}", ran.out, ran.err);
        code(&run_with(killed.path(), &[], &["status"]), 0);
        code(&run_with(killed.path(), &[], &["--quiet", "pull"]), 0);
        let told = latest(&killed.path().join("data"), "placement", "establishment_id");
        let hidden = told.iter().filter(|place| *place == "withheld").count();
        assert_eq!((told.len(), hidden), (6, if is_lifted { 0 } else { 3 }), "{point}");
        let verified = run_with(killed.path(), &[], &["--json", "verify"]).json();
        assert_eq!(verified["flaws"].as_array().unwrap().len(), 0, "{point}: {verified}");
    }
}
