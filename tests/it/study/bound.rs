//! What is approved, what is noted and what is ended: the same thing throughout.
use super::{ALIKE, done, open_again, own_site, ran, study};
use crate::{site::run_with, study::attacks::extract};
use std::fs;

/// Verb, outcome and people of each entry of a verb, the oldest first.
fn noted(dir: &std::path::Path, verb: &str) -> Vec<(String, i64)> {
    let mut entries = open_again(dir).catalog.audit(1).unwrap();
    entries.sort_by_key(|entry| entry.seq);
    entries.retain(|entry| entry.verb == verb);
    entries.into_iter().map(|entry| (entry.outcome, entry.people)).collect()
}

#[test]
fn that_a_study_was_measured_is_noted_whatever_came_of_it() {
    let site = own_site();
    study(site.path(), "alike", &ALIKE);
    let run = done(site.path(), &["--json", "study", "run", "alike"]).json();
    let n = run["risk"]["learners"].as_i64().unwrap();
    assert_eq!(noted(site.path(), "study run"), [("done".to_owned(), n)]);
    // Exact scores and years: too many are alone. And a cohort of few, of whom no number is told to the audit either.
    let exact = "columns = [\"cohort_ay\", \"ks2_band\", \"ks2_score\", \"dis_y6\"]";
    study(site.path(), "exact", &[ALIKE[0], (ALIKE[1].0, exact), ("set = \"linkable\"", "set = \"open\"")]);
    assert_eq!(ran(site.path(), &["study", "run", "exact"]).code, 5);
    let few = "cohort_ay = 2018\nks2_score = { from = 119.9, to = 120 }\ndis_y6 = true\n";
    study(site.path(), "few", &[(ALIKE[0].0, few)]);
    assert_eq!(ran(site.path(), &["study", "run", "few"]).code, 5);
    let noted = noted(site.path(), "study run");
    assert_eq!(noted[1..], [("refused".to_owned(), n), ("refused".to_owned(), 0)], "{noted:?}");
}

#[test]
fn what_a_column_is_and_how_counts_pass_are_approved_with_the_definition() {
    let site = own_site();
    study(site.path(), "bound", &ALIKE);
    done(site.path(), &["study", "request", "bound"]);
    done(site.path(), &["study", "approve", "bound"]);
    // A list of this site's says of a column of the study that it is something else.
    let research = fs::read_to_string("schemas/research.csv").unwrap();
    let lay = |name: &str, text: &str| {
        let folder = site.path().join(name).join("schemas");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("research.csv"), text).unwrap();
        site.path().join(name).display().to_string()
    };
    let line = "*,ks2_band,ordinary,ordinary,";
    assert!(research.contains(line));
    let other = lay("other", &research.replace(line, "*,ks2_band,identifying,ordinary,"));
    // And one says something of a column that the study does not have.
    let same = lay("same", &research.replace("*,grade,ordinary,ordinary,", "*,grade,identifying,ordinary,"));
    for (name, value) in
        [("THROUGHLINE__DEFINITIONS", other.as_str()), ("THROUGHLINE__DISCLOSURE__POLICY", "published")]
    {
        let ran = run_with(site.path(), &[(name, value)], &["study", "release", "bound", "--to", "out"]);
        let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(ran.code == 2 && said.contains("is not what was asked for"), "{name}: {said}");
        assert!(!site.path().join("out").exists());
    }
    let with = [("THROUGHLINE__DEFINITIONS", same.as_str())];
    let cut = run_with(site.path(), &with, &["study", "release", "bound", "--to", "out"]);
    assert_eq!(cut.code, 0, "{}", cut.err);
    let listed = done(site.path(), &["--json", "study", "list"]).json();
    let said = super::manifest(&site.path().join("out"));
    assert_eq!(listed["requests"][0]["digest"], said["binds"], "the extract says what was approved");
}

#[test]
fn every_extract_of_a_study_is_closed_or_none() {
    let site = own_site();
    let folder = study(site.path(), "several", &ALIKE);
    extract(site.path(), "several", "one");
    let file = folder.join("study.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("2027-12-31", "2028-12-31")).unwrap();
    extract(site.path(), "several", "two");
    // A folder that holds something else by now is nothing to delete: then the other stays, too.
    let manifest = site.path().join("two/manifest.json");
    let kept = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, kept.replace("\"several\"", "\"another\"")).unwrap();
    let refused = ran(site.path(), &["study", "close", "several"]);
    assert!(refused.code == 2 && refused.err.contains("does not hold the extract"), "{}", refused.err);
    assert!(site.path().join("one").is_dir() && site.path().join("two").is_dir());
    fs::write(&manifest, kept).unwrap();
    let closed =
        done(site.path(), &["--json", "study", "close", "several", "--certificate", "end.json"]).json();
    let certificates = closed["certificates"].as_array().unwrap();
    assert!(
        certificates.len() == 2 && certificates.iter().all(|one| one["folder_deleted"] == true),
        "{closed:#}"
    );
    assert!(!site.path().join("one").exists() && !site.path().join("two").exists());
    let kept: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(site.path().join("end.json")).unwrap()).unwrap();
    assert_eq!(kept, closed);
    let requests = open_again(site.path()).catalog.study_requests().unwrap();
    assert!(requests.len() == 2 && requests.iter().all(|request| !request.is_out()));
    assert_eq!(noted(site.path(), "study close").len(), 2, "each is noted");
    assert_eq!(ran(site.path(), &["study", "close", "several"]).code, 2);
}
