//! Files that nobody here wrote. Read where `THROUGHLINE_REAL_DATA` names their folder; without it each test says
//! that it was skipped.
use crate::site::{TestSite, column_text, column_texts, lake_rows};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

pub fn real(folder: &str) -> Option<PathBuf> {
    let found = std::env::var_os("THROUGHLINE_REAL_DATA").map(|root| Path::new(&root).join(folder));
    let found = found.filter(|folder| folder.is_dir());
    if found.is_none() {
        println!("SKIPPED: no real data: set THROUGHLINE_REAL_DATA to a folder that holds {folder}");
    }
    found
}

#[test]
fn two_terms_of_a_school_census_with_drifting_columns() {
    let Some(folder) = real("school_census_synthetic") else { return };
    let site = TestSite::new();
    let inbox = site.inbox("census");
    for file in ["2024_autumn_pupilonroll.csv", "2025_spring_pupilonroll.csv", "2025_spring_fsmperiod.csv"] {
        fs::copy(folder.join(file), inbox.join(file)).unwrap();
    }
    site.source("census", "school-census-tables", "");
    site.configure("2025-03-31");
    let report = site.run(&["--json", "pull"]);
    assert_eq!(report.code, 0, "{}", report.err);
    let mut terms: HashMap<String, HashMap<String, String>> = HashMap::new();
    for batch in lake_rows(&site.data(), "enrolment") {
        for at in 0..batch.num_rows() {
            let pupil = column_text(&batch, "subject_id", at);
            let school = column_text(&batch, "establishment_id", at);
            terms.entry(column_text(&batch, "observed_on", at)).or_default().insert(pupil, school);
        }
    }
    let (autumn, spring) = (&terms["2024-10-03"], &terms["2025-01-16"]);
    assert_eq!((autumn.len(), spring.len()), (9_088, 9_498));
    let both: Vec<_> = autumn.keys().filter(|pupil| spring.contains_key(*pupil)).collect();
    assert_eq!(both.len(), 9_075);
    assert_eq!(both.iter().filter(|pupil| autumn[**pupil] != spring[**pupil]).count(), 355);

    let set_aside = site.run(&["--json", "quarantine", "census"]).json();
    let lines = set_aside["quarantine"].as_array().unwrap();
    let backwards: HashSet<u64> = lines
        .iter()
        .filter(|line| line["problem"] == "ends_before_start")
        .map(|line| line["row"].as_u64().unwrap())
        .collect();
    assert_eq!(backwards.len(), 6_382, "each named by its own row");
    let status = site.run(&["--json", "status"]).json();
    let spells =
        status["feeds"].as_array().unwrap().iter().find(|feed| feed["feed"] == "free_school_meals").unwrap();
    assert_eq!(spells["read"], 25_889);
    assert_eq!(
        spells["read"].as_u64().unwrap(),
        spells["accepted"].as_u64().unwrap()
            + spells["set_aside"].as_u64().unwrap()
            + spells["unchanged"].as_u64().unwrap()
    );
    assert_eq!(spells["set_aside"], 6_382);
}

#[test]
fn a_school_that_became_an_academy_is_one_school() {
    let Some(folder) = real("gias") else { return };
    let site = TestSite::new();
    let inbox = site.inbox("gias");
    for file in ["Establishment.json", "EstablishmentLinks.json"] {
        fs::copy(folder.join(file), inbox.join(file)).unwrap();
    }
    site.source("gias", "gias-json", "");
    site.configure("2026-03-31");
    let report = site.run(&["--json", "pull"]);
    assert_eq!(report.code, 0, "{}", report.err);
    let establishments: usize =
        lake_rows(&site.data(), "establishment").iter().map(arrow::array::RecordBatch::num_rows).sum();
    assert_eq!(establishments, 1_924);
    let mut links: HashMap<String, usize> = HashMap::new();
    for batch in lake_rows(&site.data(), "establishment_link") {
        for at in 0..batch.num_rows() {
            *links.entry(column_text(&batch, "link_type", at)).or_default() += 1;
        }
    }
    assert_eq!(links.values().sum::<usize>(), 1_728);
    assert_eq!(links["predecessor"], 1_599);
    assert_eq!(links["successor"], 50);
    #[cfg(feature = "warehouse")]
    one_school(&site);
}

/// Every establishment and the one that it was converted into are one school in the tables, so no pupil moves when a school converts; one that
/// merged is another, and the tables know what it became.
#[cfg(feature = "warehouse")]
fn one_school(site: &TestSite) {
    assert_eq!(site.run(&["build", "--shell", "lake.sql"]).code, 0);
    let shell = fs::read_to_string(site.path().join("lake.sql")).unwrap();
    let engine = duckdb::Connection::open_in_memory().unwrap();
    engine.execute_batch(&shell).unwrap();
    let count = |sql: &str| engine.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let pairs = "from stg_establishment_link l
                 join school a on a.establishment_id = l.establishment_id
                 join school b on b.establishment_id = l.linked_establishment_id
                 where l.link_type in ('predecessor', 'successor')";
    let (both, apart) = (
        count(&format!("select count(*) {pairs}")),
        count(&format!("select count(*) {pairs} and a.school_id <> b.school_id")),
    );
    assert!(both > 100, "{both} links have both ends in the register");
    // One establishment that went to two successors goes with the later; the other link joins nothing.
    assert!(apart * 50 < both, "{apart} of {both} pairs are two schools");
    let merged = "from stg_establishment_link l
                  join school a on a.establishment_id = l.linked_establishment_id
                  join school b on b.establishment_id = l.establishment_id
                  where l.link_type = 'predecessor_merged'";
    let (all, became) = (
        count(&format!("select count(*) {merged}")),
        count(&format!(
            "select count(*) {merged} and a.school_id <> b.school_id and a.merged_into_id = b.school_id"
        )),
    );
    assert!(all > 0 && became * 10 > all * 9, "{became} of {all} that merged became what they merged into");
}

/// Pupils in provision that authorities pay for, year by year, as published for the country.
const IN_PROVISION: [(&str, i64); 6] = [
    ("201718", 22_848),
    ("201819", 26_128),
    ("201920", 29_496),
    ("202021", 32_436),
    ("202122", 35_600),
    ("202223", 40_904),
];

#[test]
fn national_alternative_provision_is_the_sum_of_its_authorities_and_of_every_breakdown() {
    let Some(folder) = real("dfe_ap") else { return };
    let site = TestSite::new();
    let inbox = site.inbox("statistics");
    let file = "ap_placements_ap_census.csv.gz";
    fs::copy(folder.join(file), inbox.join(file)).unwrap();
    site.source("statistics", "dfe-ap-census-statistics", "");
    site.configure("2026-03-31");
    let report = site.run(&["--json", "pull"]);
    assert_eq!(report.code, 0, "{}", report.err);
    // By year, level and what the rows are broken down by.
    let mut sums: BTreeMap<(String, String, Vec<&str>), f64> = BTreeMap::new();
    let breakdowns = ["sex", "age", "ethnicity", "fsm"];
    for batch in lake_rows(&site.data(), "comparator") {
        let texts = |name| column_texts(&batch, name);
        let (years, levels, values) = (texts("time_period"), texts("level"), texts("value"));
        let parts = breakdowns.map(texts);
        for at in 0..batch.num_rows() {
            let by = breakdowns.iter().zip(&parts).filter(|(_, words)| words[at] != "Total");
            let by: Vec<&str> = by.map(|(name, _)| *name).collect();
            let value: f64 = values[at].parse().unwrap();
            *sums.entry((years[at].clone(), levels[at].clone(), by)).or_default() += value;
        }
    }
    assert_eq!(sums.len(), 6 * 3 * 6, "six years, three levels, in all, by each of four, and by sex and age");
    for ((year, level, by), sum) in sums {
        let (_, published) = IN_PROVISION.into_iter().find(|(own, _)| *own == year).unwrap();
        // Of so many the first two years give no ethnic group, not even as unclassified.
        let left_out = match (year.as_str(), by.as_slice()) {
            ("201718", ["ethnicity"]) => 3,
            ("201819", ["ethnicity"]) => 2,
            _ => 0,
        };
        assert_eq!(sum as i64, published - left_out, "{year} {level} by {by:?}");
    }
}
