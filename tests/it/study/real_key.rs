//! A study of people under a real key: two approvers who are there by name, and rows without a name.
use super::{manifest, open, open_again, study};
use crate::{
    link_report::register,
    needles::Needles,
    site::{TestSite, column_text, lake_rows, walk},
};
use std::{collections::BTreeSet, fs};
use throughline::pipeline::{self, StudyFault};

fn site() -> TestSite {
    let site = TestSite::new();
    site.source("missing", "cme-register", "");
    let roles = "[roles]\napprover = [\"ben\", \"cai\"]\n";
    site.configure_with("2025-08-31", roles);
    fs::write(site.inbox("missing").join("cme_register.csv"), register(120)).unwrap();
    for verb in ["pull", "link", "release"] {
        let ran = site.run(&[verb]);
        assert_eq!(ran.code, 0, "{verb}: {}\n{}", ran.out, ran.err);
    }
    site
}

#[test]
fn under_a_real_key_rows_are_cut_for_two_named_approvers_and_no_name_goes_along() {
    let site = site();
    let tables = "[[tables]]\nname = \"cohort_member\"\ncolumns = [\"cohort_ay\"]\n\n[[tables]]\nname = \"learner\"\ncolumns = [\"sex\"]\n\n";
    let folder = study(
        site.path(),
        "real",
        &[(
            "starts = \"2026-01-01\"\nends = \"2027-12-31\"",
            "starts = \"2000-01-01\"\nends = \"2099-12-31\"",
        )],
    );
    let text = fs::read_to_string(folder.join("study.toml")).unwrap();
    let (head, rest) = text.split_once("[[tables]]").unwrap();
    let outputs = rest.split_once("[[outputs]]").unwrap().1;
    let head = head.replace("cohort_ay = [2018, 2019]\nresident = true\nks2_band = \"high\"\n", "");
    // A table by what hangs on other learners is refused before anybody approves.
    let sql = folder.join("tables/on_record_by_disadvantage.sql");
    let banded = tables.replace("[\"cohort_ay\"]", "[\"cohort_ay\", \"ks2_band\"]");
    fs::write(folder.join("study.toml"), format!("{head}{banded}[[outputs]]{outputs}")).unwrap();
    fs::write(&sql, "select ks2_band, count(*) as n from cohort_member group by 1").unwrap();
    let refused = |why: &str| {
        let ran = site.run(&["study", "request", "real"]);
        assert!(ran.code == 5 && ran.err.contains(why), "{why}: {}", ran.err);
    };
    refused("ks2_band");
    fs::write(&sql, "select cohort_ay, count(*) as n from cohort_member group by 1").unwrap();
    fs::write(folder.join("study.toml"), format!("{head}{tables}[[outputs]]{outputs}")).unwrap();
    let (mut at, open) = open(site.path(), "real");
    let measured = || pipeline::try_study(&open_again(site.path()), &open).unwrap();
    assert!(measured().risk.learners >= 90);
    pipeline::request_study(&mut at, &open, &measured(), "ann").unwrap();
    let refused = pipeline::approve_study(&mut at, &open, "dee").unwrap_err();
    assert!(
        matches!(&refused, StudyFault::Site(_)) && refused.to_string().contains("`approver`"),
        "{refused}"
    );
    assert_eq!(pipeline::approve_study(&mut at, &open, "ben").unwrap(), (1, 2));
    assert_eq!(pipeline::approve_study(&mut at, &open, "cai").unwrap(), (2, 2));
    let out = site.path().join("out");
    let inside = pipeline::cut_study(&mut at, &open, measured(), "ann", &site.data().join("out"));
    assert!(matches!(inside, Err(StudyFault::Usage(words)) if words.contains("inside the data folder")));
    let ran = site.run(&["study", "release", "real", "--to", "out"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(manifest(&out)["status"], "pseudonymised personal data");
    // Its table is near, and is paid for.
    let table = fs::read_to_string(out.join("released/on_record_by_disadvantage.csv")).unwrap();
    assert!(table.starts_with("cohort_ay,n"), "{table}");
    let about = fs::read_to_string(out.join("released/on_record_by_disadvantage.meta.json")).unwrap();
    assert!(about.contains("No figure is exact"), "{about}");
    assert_eq!(at.catalog.spent_after("").unwrap(), (1, 1));
    assert_eq!(manifest(&out)["approvals"].as_array().unwrap().len(), 2);
    // No name, and no pseudonym of the lake.
    let mut needles = Needles::default();
    for line in register(120).lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        needles.add(cells[1]);
        needles.add(cells[2]);
    }
    let ids: BTreeSet<String> = lake_rows(&site.data(), "learner_link")
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows()).map(|at| column_text(batch, "learner_id", at)).collect::<Vec<_>>()
        })
        .collect();
    ids.iter().for_each(|id| needles.add(&id[..24]));
    let mut files = Vec::new();
    walk(&out, &mut files);
    files.iter().for_each(|file| needles.search_file(&out, file));
    assert!(files.len() > 10 && needles.found().is_empty(), "{:?}", needles.found());
}
