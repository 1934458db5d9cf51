//! The gate as its users see it.

use throughline::disclosure::{
    Figure, Headline, HeadlineGroup, KeyKind, Policy, StateCount, Symbol, Waterfall, disclose_headline,
    disclose_waterfall,
};

fn waterfall() -> Waterfall {
    let state =
        |(state, count): (&str, u64)| StateCount { state: state.into(), count, structural_zero: false };
    Waterfall {
        title: "Where the cohort of 2018/19 ended".into(),
        population: "resident".into(),
        states: [("ks4_mainstream", 512), ("ks4_ap", 7), ("home_educated", 31), ("not_found", 14)]
            .map(state)
            .into(),
    }
}

#[test]
fn a_real_key_cannot_choose_the_policy_that_hides_nothing() {
    let refused = Policy::named("synthetic", KeyKind::Real).unwrap_err();
    assert_eq!(refused.exit_code(), 5);
    assert!(refused.to_string().contains("holds real learners"), "{refused}");
    assert!(refused.instead().contains("inside_controller"));
    assert!(Policy::named("synthetic", KeyKind::Demo).is_ok());
    assert!(Policy::named("everything", KeyKind::Demo).is_err());
}

#[test]
fn what_is_shown_is_rounded_and_what_is_small_is_hidden() {
    let table = disclose_waterfall(&waterfall(), &Policy::published()).unwrap();
    let learners: Vec<Figure> = table.as_ref().rows.iter().map(|row| row.figures[0]).collect();
    let hidden = Figure::Symbol(Symbol::Confidential);
    assert_eq!(learners, [Figure::Count(510), hidden, Figure::Count(30), hidden, Figure::Count(565)]);
}

#[test]
fn debug_prints_the_state_and_never_the_figures() {
    let table = disclose_waterfall(&waterfall(), &Policy::published()).unwrap();
    assert_eq!(format!("{table:?}"), "Disclosed(..)");
}

#[test]
fn as_json_a_cell_is_a_number_or_says_why_not() {
    let table = disclose_waterfall(&waterfall(), &Policy::published()).unwrap();
    let json = serde_json::to_value(table.as_ref()).unwrap();
    assert_eq!(json["rows"][0]["figures"][0], serde_json::json!({ "count": 510 }));
    assert_eq!(json["rows"][1]["figures"][0], serde_json::json!({ "symbol": "c" }));
    assert_eq!(json["rows"][2]["figures"][1], serde_json::json!({ "per_cent_tenths": 50 }));
}

#[test]
fn a_headline_shows_a_rate_only_with_both_its_parts() {
    let group = |group: &str, counts: [u64; 4]| HeadlineGroup {
        group: group.into(),
        n_members: counts[0],
        n_visible: counts[1],
        n_with_results: counts[2],
        n_achieved: counts[3],
    };
    let headline = Headline {
        title: "High attainers with five or more grades 7 to 9".into(),
        population: "resident".into(),
        groups: vec![group("disadvantaged", [61, 48, 37, 8]), group("other", [240, 228, 216, 103])],
        lost_potential: Some(("disadvantaged".into(), "other".into())),
    };
    let table = disclose_headline(&headline, &Policy::published()).unwrap();
    for row in &table.as_ref().rows {
        let of = |measure: &str| {
            let at = table.as_ref().measures.iter().position(|name| name == measure).unwrap();
            row.figures[at].is_number()
        };
        assert_eq!(of("observed"), of("n_achieved") && of("n_with_results"));
        assert_eq!(of("whole_cohort"), of("n_achieved") && of("n_members"));
        assert_eq!(of("visibility"), of("n_visible") && of("n_members"));
    }
    assert!(!table.as_ref().rows[0].figures[3].is_number(), "8 achieved");
}
