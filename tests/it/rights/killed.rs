//! Killed at any step, what was asked is done wholly or not at all.
use super::{
    cells, code,
    office::{CHILD, Office, copied, opened},
};
use crate::site::run_with;
use std::path::Path;

#[test]
fn killed_at_any_step_somebody_is_forgotten_or_nothing_was_changed() {
    let office = Office::demonstration();
    let data = |dir: &Path| cells(&dir.join("data"), "placement", "row_key");
    let before = data(office.site.path());
    let case = opened(&office.asks("erase", CHILD));
    let confirm = ["--quiet", "rights", "confirm", case.as_str(), "--reason", "asked"];
    let whole = copied(office.site.path());
    code(&run_with(whole.path(), &[], &confirm), 0);
    let after = data(whole.path());
    assert!(after.len() + 3 == before.len());
    for (point, done) in [
        ("rights.begun", false),
        ("list.begun", false),
        ("list.written", false),
        ("list.placed", true),
        ("rights.listed", true),
        ("expire.begun", true),
        ("expire.file", true),
        ("expire.written", true),
        ("expire.done", true),
        ("expire.removed", true),
        ("rights.named", true),
        ("rights.swept", true),
    ] {
        let killed = copied(office.site.path());
        let ran = run_with(killed.path(), &[("THROUGHLINE_FAILPOINT", point)], &confirm);
        assert_eq!(ran.code, -1, "{point} was passed: {}{}", ran.out, ran.err);
        // Whoever looks first, and only looks, finds it done.
        code(&run_with(killed.path(), &[], &["status"]), 0);
        assert_eq!(data(killed.path()), if done { after.clone() } else { before.clone() }, "{point}");
        let verified = run_with(killed.path(), &[], &["--json", "verify"]).json();
        assert_eq!(verified["flaws"].as_array().unwrap().len(), 0, "{point}: {verified}");
        let cases = run_with(killed.path(), &[], &["--json", "rights", "cases"]).json();
        assert_eq!(cases["cases"][0]["state"], if done { "done" } else { "open" }, "{point}");
        if !done {
            code(&run_with(killed.path(), &[], &confirm), 0);
            assert_eq!(data(killed.path()), after, "{point}");
        }
        let again = run_with(killed.path(), &[], &["--json", "pull", "--full"]).json();
        for source in again["sources"].as_array().unwrap() {
            assert_eq!(source["accepted"], 0, "{point}: {source}");
        }
    }
}

#[test]
fn killed_while_places_are_taken_away_the_next_who_looks_finds_none() {
    let office = Office::demonstration();
    let case = opened(&office.asks("restrict", CHILD));
    let confirm = ["--quiet", "rights", "confirm", case.as_str(), "--reason", "a court's order"];
    for point in ["list.placed", "restrict.file", "restrict.file:2", "restrict.done", "expire.written"] {
        let killed = copied(office.site.path());
        let ran = run_with(killed.path(), &[("THROUGHLINE_FAILPOINT", point)], &confirm);
        assert_eq!(ran.code, -1, "{point} was passed: {}{}", ran.out, ran.err);
        code(&run_with(killed.path(), &[], &["status"]), 0);
        let told = cells(&killed.path().join("data"), "placement", "establishment_id");
        assert_eq!(told, ["AP07", "AP07", "AP07", "withheld", "withheld", "withheld"], "{point}");
        let verified = run_with(killed.path(), &[], &["--json", "verify"]).json();
        assert_eq!(verified["flaws"].as_array().unwrap().len(), 0, "{point}: {verified}");
    }
}
