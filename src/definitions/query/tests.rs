use super::*;
use std::collections::BTreeSet;

fn one(file: &str, text: &str) -> Result<QuerySet, Problems> {
    QuerySet::from_texts(BTreeMap::from([(file.to_owned(), (text.to_owned(), false))]), Vec::new())
}

#[test]
fn the_embedded_queries_are_all_well_formed() {
    let set = QuerySet::load(None).map_err(|problems| problems.to_string()).unwrap();
    let published: Vec<&str> = set.published().map(|query| query.name.as_str()).collect();
    assert_eq!(
        published,
        [
            "absence_enrolment",
            "absence_learner",
            "absence_rate",
            "ap_day_six",
            "ap_effect",
            "ap_funnel",
            "ap_measure",
            "ap_placement",
            "ap_registration",
            "area_spell",
            "attainment8_mean",
            "attrition_waterfall",
            "baseline",
            "ccis_destination",
            "ccis_destination_rate",
            "circumstance_rate",
            "circumstance_year",
            "cohort_member",
            "cohort_outcome",
            "disadvantage_gap",
            "distance_travelled",
            "domain_score",
            "education_break",
            "engagement_change",
            "engagement_rate",
            "engagement_year",
            "goal_score",
            "guarantee_rate",
            "high_attainer",
            "home_move",
            "home_move_year",
            "home_ward",
            "index_sensitivity",
            "ks2_rate",
            "ks2_subject",
            "ks4_rate",
            "ks4_result",
            "ladder_result",
            "learner",
            "learner_change",
            "learner_linkage",
            "leaver_met",
            "level_by_19",
            "level_by_19_rate",
            "link_difference",
            "link_drift",
            "link_method",
            "link_population",
            "link_precision",
            "link_quality",
            "link_sensitivity",
            "link_weight",
            "lost_potential",
            "lost_potential_area",
            "lost_potential_sensitivity",
            "mobility_rate",
            "month_status",
            "nccis_month",
            "neet_cost",
            "neet_rate",
            "outcome",
            "outcome_vector",
            "pathway",
            "pathway_form",
            "progress_light",
            "realised_potential",
            "realised_rate",
            "risk_backtest",
            "risk_calibration",
            "risk_curve",
            "risk_factor",
            "risk_fairness",
            "risk_model",
            "risk_review",
            "risk_review_rate",
            "risk_score",
            "roll_share",
            "school_beating",
            "school_move",
            "school_prediction",
            "school_result",
            "school_similar",
            "school_value_added",
            "scorecard",
            "segregation",
            "september_guarantee",
            "spell",
            "suspension_event",
            "suspension_learner",
            "suspension_rate",
            "value_added"
        ]
    );
    assert!(set.engine.contains("macro academic_year"));
}

#[test]
fn an_unknown_header_key_is_named_with_its_line() {
    let text = "/*\ntitle = \"x\"\ngrain = [\"a\"]\nreads = []\ncolour = 1\n*/\nselect * from final\n";
    let problems = one("spine/x.sql", text).unwrap_err();
    assert_eq!(problems.0[0].line, 5);
    assert!(problems.0[0].what.contains("unknown field `colour`"), "{problems}");
}

#[test]
fn a_computed_table_names_a_function_and_its_version() {
    let text = "title = \"x\"\ngrain = [\"a\"]\nreads = [\"learner\"]\ncomputed = \"shrunken@2\"\n";
    let set = one("spine/x.toml", text).unwrap();
    let computed = set.queries["x"].computed.clone().unwrap();
    assert_eq!((computed.function.as_str(), computed.version), ("shrunken", 2));
    for (file, text, expected) in [
        ("spine/x.toml", text.replace("shrunken@2", "shrunken"), "queries/spine/x.toml:4: `shrunken` is not"),
        ("spine/x.toml", text.replace("computed", "made_by"), "queries/spine/x.toml:4: unknown field"),
        ("spine/x.toml", text.replace("computed = \"shrunken@2\"", ""), "names no function"),
        ("spine/x.toml", text.replace("title", "materialise = \"view\"\ntitle"), "is never a view"),
        ("spine/x.sql", format!("/*\n{text}*/\nselect * from final\n"), "make it a TOML file"),
        ("view/x.toml", text.to_owned(), "a view must name its purposes"),
    ] {
        let problems = one(file, &text).unwrap_err().to_string();
        assert!(problems.contains(expected), "{expected} not in\n{problems}");
    }
}

#[test]
fn a_table_of_years_lies_between_others_and_reads_the_lake() {
    let text = "/*\ntitle = \"x\"\ngrain = [\"a\"]\nreads = [\"lake_attendance\"]\neach_year_of = \"lake_attendance\"\n*/\n\
                with final as (select 1 as a from lake_attendance)\n\nselect * from final\n";
    let set = one("attendance/x.sql", text).unwrap();
    assert_eq!(set.queries["x"].each_year_of.as_deref(), Some("lake_attendance"));
    for (file, text, expected) in [
        ("staging/x.sql", text.to_owned(), "lies between others"),
        ("attendance/x.sql", text.replace("grain", "materialise = \"view\"\ngrain"), "lies between others"),
        (
            "attendance/x.sql",
            text.replace("grain", "published = true\npurposes = [\"research\"]\ngrain"),
            "lies between others",
        ),
        (
            "attendance/x.sql",
            text.replace("each_year_of = \"lake_attendance\"", "each_year_of = \"learner\""),
            "names a table of the lake",
        ),
        (
            "attendance/x.sql",
            text.replace("reads = [\"lake_attendance\"]", "reads = [\"lake_learner\"]"),
            "names a table that neither it reads",
        ),
    ] {
        let problems = one(file, &text).unwrap_err().to_string();
        assert!(problems.contains(expected), "{expected} not in\n{problems}");
    }
}

#[test]
fn a_function_that_engines_do_not_share_is_refused_with_its_line() {
    let text = "/*\ntitle = \"x\"\ngrain = [\"a\"]\nreads = []\n*/\nwith v(a) as (select 1),\n\
                final as (\n    select date_trunc('month', a) as a, coalesce(max(a), 1) as b from v where a in (1)\n)\n\n\
                select * from final\n";
    let problems = one("spine/x.sql", text).unwrap_err();
    assert_eq!(problems.0.len(), 1, "{problems}");
    assert_eq!(problems.0[0].line, 8);
    assert!(problems.0[0].what.starts_with("`date_trunc`"), "{problems}");
}

#[test]
fn views_stand_apart_and_bring_what_they_read() {
    let set = QuerySet::load(None).unwrap();
    assert!(set.views.contains_key("caseload") && !set.queries.contains_key("caseload"));
    assert!(set.views.values().all(|view| !view.published && !view.purposes.is_empty()));
    let behind = set.behind(&["caseload"]);
    assert!(behind.queries.contains_key("spell") && behind.queries.contains_key("stg_enrolment"));
    assert!(!behind.queries.contains_key("cohort_outcome"), "and nothing else");
    let named = "/*\ntitle = \"x\"\ngrain = [\"learner_id\"]\nreads = []\n*/\nselect * from final\n";
    let problems = one("view/x.sql", named).unwrap_err().to_string();
    assert!(problems.contains("a view must name its purposes"), "{problems}");
}

#[test]
fn every_problem_is_told_not_only_the_first() {
    let texts = BTreeMap::from([
        ("spine/a.sql".to_owned(), ("select 1".to_owned(), false)),
        ("elsewhere/b.sql".to_owned(), ("/**/".to_owned(), false)),
    ]);
    let problems = QuerySet::from_texts(texts, Vec::new()).unwrap_err().to_string();
    assert!(problems.contains("queries/spine/a.sql:1: does not begin with a header comment"), "{problems}");
    assert!(problems.contains("queries/elsewhere/b.sql:1: not in one of the folders"), "{problems}");
}

#[test]
fn a_site_replaces_a_file_whole_and_the_checksum_shows_it() {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(site.path().join("checks")).unwrap();
    let embedded = QuerySet::load(None).unwrap();
    let text = embedded.queries["learner_without_cohort"].sql.replace("no cohort", "no cohort here");
    std::fs::write(site.path().join("checks/learner_without_cohort.sql"), text).unwrap();
    let overlaid = QuerySet::load(Some(site.path())).unwrap();
    let (before, after) =
        (&embedded.queries["learner_without_cohort"], &overlaid.queries["learner_without_cohort"]);
    assert!(after.is_overlaid && !before.is_overlaid);
    assert_ne!(before.sha256, after.sha256);
    assert_eq!(embedded.queries.len(), overlaid.queries.len());
}

#[test]
fn a_site_file_that_would_be_passed_over_is_told() {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(site.path().join("spines")).unwrap();
    std::fs::write(site.path().join("spell.sql"), "select 1").unwrap();
    let problems = QuerySet::load(Some(site.path())).unwrap_err();
    let files: Vec<&str> = problems.0.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["spell.sql", "spines"]);
    assert!(QuerySet::load(Some(&site.path().join("nowhere"))).is_err());
}

/// Everything behind a table: what it reads, and what that reads.
fn behind(set: &QuerySet, table: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![table.to_owned()];
    while let Some(name) = open.pop() {
        let reads = set.queries.get(&name).map_or(&[][..], |query| &query.reads);
        open.extend(reads.iter().filter(|read| found.insert((*read).clone())).cloned());
    }
    found
}

#[test]
fn who_told_of_whom_is_read_from_every_entity_about_people() {
    // What an entity may not serve no table that reads it may serve: this one serves participation alone.
    const LEFT_OUT: [&str; 1] = ["risk_review"];
    let schemas = crate::definitions::Definitions::load(None).unwrap().schemas;
    let set = QuerySet::load(None).map_err(|problems| problems.to_string()).unwrap();
    let told = behind(&set, "subject_told");
    let about_people = schemas.iter().filter(|schema| !schema.public);
    let not_read: Vec<&str> = about_people
        .map(|schema| schema.name.as_str())
        .filter(|name| !told.contains(&format!("lake_{name}")))
        .collect();
    assert_eq!(not_read, LEFT_OUT, "read it in queries/link/subject_told.sql, or say here why not");
}

/// What a header says a table may serve, and what a build lets it serve, are one thing where every source's agreement allows all.
#[test]
fn no_table_claims_a_purpose_that_what_it_reads_does_not_serve() {
    let schemas = crate::definitions::Definitions::load(None).unwrap().schemas;
    let set = QuerySet::load(None).map_err(|problems| problems.to_string()).unwrap();
    let mut claimed = Vec::new();
    for (name, query) in &set.queries {
        let read = behind(&set, name);
        for schema in schemas.iter().filter(|schema| read.contains(&format!("lake_{}", schema.name))) {
            let not_served = query.purposes.iter().filter(|purpose| !schema.purposes.contains(purpose));
            claimed.extend(not_served.map(|purpose| format!("{name}: {purpose}, by {}", schema.name)));
        }
    }
    assert!(claimed.is_empty(), "{claimed:#?}");
}
