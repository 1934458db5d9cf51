//! Stories about cohorts, results and counts: sections 6 to 9 of the page.
use super::super::{Fixed, expected_on};
use super::rolls::mainstream;
use super::tiny::{PRIMARY, PRU, SECONDARY, SPECIAL, Story, on, spells, tables, world};

const GOOD: [(&str, Option<u16>); 2] = [("tested", Some(110)), ("tested", Some(113))];

#[test]
fn a_mainstream_child_with_results() {
    let tables = mainstream()
        .needs(true, "K")
        .ks2(2019, GOOD)
        .gcse(2024, "maths", "7")
        .gcse(2024, "english_language", "5")
        .gcse(2024, "english_literature", "X")
        .gcse(2024, "art", "U")
        .does("210", "2024-09-04")
        .does("619", "2025-02-10")
        .tables();
    let member = &tables.cohort_member[0];
    assert_eq!((member.entry_basis.as_str(), member.ks2_state.as_str()), ("school", "tested"));
    assert_eq!(member.ks2_score, Some(Fixed(11_150)));
    assert_eq!(member.ks2_band.as_deref(), Some("high"));
    assert_eq!((member.dis_y6, member.sen_y6.as_deref()), (Some(true), Some("support")));
    assert!(member.present_y6 && member.attending && member.resident && member.ever_y6_here);
    let at = &tables.cohort_outcome[0];
    assert_eq!(at.state, "ks4_mainstream");
    assert_eq!(at.setting_jan_main.as_deref(), Some("mainstream"));
    assert_eq!((at.n_gcse, at.n_gcse_7_9, at.five_gcse_7_9), (Some(3), Some(1), false));
    assert!(at.basics_9_4 && at.basics_9_5 && at.level2_english_maths && at.level1_english_maths);
    assert_eq!(at.highest_level.as_deref(), Some("2"));
    assert_eq!(at.destination_16.as_deref(), Some("participating"));
    assert_eq!(at.destination_17.as_deref(), Some("neet"));
    assert!(at.visible);
    let grades: Vec<_> = tables.outcome.iter().map(|row| (row.subject.as_str(), row.passed)).collect();
    let expected = [
        ("art", Some(false)),
        ("english_language", Some(true)),
        ("english_literature", None),
        ("maths", Some(true)),
    ];
    assert_eq!(grades, expected);
}

#[test]
fn a_dual_registered_child_is_actually_at_the_pru() {
    let tables = Story::new()
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .roll(SECONDARY, "M", "2019-09-04", "2024-07-19")
        .roll(PRU, "S", "2023-11-06", "2024-07-05")
        .gcse(2024, "maths", "2")
        .tables();
    let at = &tables.cohort_outcome[0];
    assert_eq!(at.setting_jan_main.as_deref(), Some("mainstream"));
    assert_eq!(at.setting_jan_actual.as_deref(), Some("state_ap"));
    assert_eq!(at.setting_jun_actual.as_deref(), Some("state_ap"));
    assert_eq!(at.state, "ks4_mainstream");
    assert!(at.ever_dual && at.ever_ap && !at.ever_ehe);
    assert_eq!(at.highest_level.as_deref(), Some("1"));
}

#[test]
fn a_child_at_a_provider_without_a_roll_keeps_what_was_passed_there() {
    let tables = Story::new()
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .roll(SECONDARY, "C", "2019-09-04", "2022-03-11")
        .because("permanent_exclusion")
        .placed("day6", "2022-03-14", "2022-08-31")
        .placed("day6", "2022-09-01", "2023-08-31")
        .placed("day6", "2023-09-01", "2024-07-12")
        .pass(2023, "unit_award", "personal_development", None)
        .pass(2024, "fsq", "english", Some("1"))
        .pass(2024, "fsq", "maths", Some("E3"))
        .tables();
    let at = &tables.cohort_outcome[0];
    assert_eq!(at.state, "ap_no_ks4");
    assert_eq!(at.result_state.as_deref(), Some("other_accredited"));
    assert_eq!(at.setting_jan_main.as_deref(), Some("unregistered"));
    assert_eq!((at.n_gcse, at.n_other_accredited, at.n_unit_awards), (Some(0), Some(2), Some(1)));
    assert!(!at.level1_english_maths && at.ever_ap && at.visible);
    assert_eq!(at.highest_level.as_deref(), Some("1"));
    assert_eq!(at.destination_16.as_deref(), Some("no_record"));
    let named = Story::new()
        .roll(SPECIAL, "C", "2012-09-05", "2023-01-13")
        .placed("ehcp_named", "2023-01-16", "2023-08-31")
        .placed("ehcp_named", "2023-09-01", "2024-08-31")
        .tables();
    assert_eq!(named.cohort_member[0].entry_basis, "special");
    assert_eq!(named.cohort_outcome[0].state, "ap_no_ks4");
    assert!(!named.cohort_outcome[0].ever_ap, "a place that a plan names is not the measure's");
}

#[test]
fn a_home_educated_child_with_gcses() {
    let tables = Story::new()
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .off_roll("ehe_full", "2019-09-01", "2024-06-30", Some("over_age"))
        .gcse(2024, "maths", "6")
        .gcse(2024, "biology", "7")
        .tables();
    let at = &tables.cohort_outcome[0];
    assert_eq!(at.state, "ks4_home_educated");
    assert_eq!(at.setting_jan_main.as_deref(), Some("ehe"));
    assert_eq!(at.setting_jun_actual.as_deref(), Some("ehe"));
    assert!(at.ever_ehe && !at.basics_9_4 && !at.level1_english_maths);
    let without = Story::new()
        .roll(PRIMARY, "C", "2012-09-05", "2016-07-20")
        .off_roll("ehe_full", "2016-09-01", "2024-06-30", Some("over_age"))
        .tables();
    let member = &without.cohort_member[0];
    // No census ever saw the child; the register says where it lives, and so who educates.
    assert_eq!(member.entry_basis, "ehe");
    assert!(member.present_y6 && member.resident && member.ever_y6_here && !member.attending);
    assert_eq!(without.cohort_outcome[0].state, "home_educated");
    assert_eq!(without.cohort_outcome[0].result_state.as_deref(), Some("unknown"));
}

#[test]
fn somebody_only_a_register_knows_is_in_a_cohort_like_any_other() {
    let tables = Story::new().off_roll("ehe_full", "2016-09-01", "", None).tables();
    let learner = &tables.learner[0];
    assert_eq!((learner.birth_month, learner.cohort_ay), (Some(on("2008-05-01")), Some(2019)));
    // The register has no ethnic group.
    assert_eq!((learner.sex.as_deref(), &learner.ethnicity), (Some("F"), &None));
    let (member, at) = (&tables.cohort_member[0], &tables.cohort_outcome[0]);
    assert!(member.resident && member.present_y6 && member.entry_basis == "ehe");
    assert_eq!((at.state.as_str(), at.in_resident_denominator), ("home_educated", true));
    assert_eq!(spells(&tables), ["1 main 2016-09-01 2026-03-31 ehe_full open"]);
}

#[test]
fn a_covid_cohort_has_no_score_and_a_young_one_no_state() {
    let covid = Story::new().born("2009-05-17").roll(PRIMARY, "C", "2013-09-04", "2020-07-17").tables();
    let member = &covid.cohort_member[0];
    assert_eq!((member.cohort_ay, member.ks2_state.as_str(), member.ks2_score), (2020, "covid", None));
    assert_eq!(member.ks2_band, None);
    let young = Story::new().born("2010-09-01").roll(SECONDARY, "C", "2022-09-05", "").tables();
    let (member, at) = (&young.cohort_member[0], &young.cohort_outcome[0]);
    assert_eq!((member.cohort_ay, member.entry_basis.as_str()), (2022, "late_entrant"));
    assert_eq!((at.state.as_str(), at.in_denominator, &at.result_state), ("not_yet_16", false, &None));
    assert!(young.attrition_waterfall.is_empty());
}

#[test]
fn a_late_entrant_is_only_in_the_open_population() {
    let tables =
        Story::new().roll(SECONDARY, "C", "2021-11-08", "2024-07-19").gcse(2024, "maths", "9").tables();
    let member = &tables.cohort_member[0];
    assert_eq!(
        (member.entry_basis.as_str(), member.ks2_state.as_str()),
        ("late_entrant", "not_held_moved_in")
    );
    assert!(!member.present_y6 && !member.attending && !member.resident && !member.ever_y6_here);
    assert_eq!((member.dis_y6, &member.sen_y6), (None, &None));
    let counted: Vec<_> = tables.attrition_waterfall.iter().filter(|row| row.n > 0).collect();
    assert_eq!(counted.len(), 1);
    assert_eq!((counted[0].population.as_str(), counted[0].state.as_str()), ("open", "ks4_mainstream"));
    assert_eq!(tables.attrition_waterfall.len(), 4 * 16);
}

#[test]
fn key_stage_2_states() {
    let of = |results| {
        let tables = mainstream().ks2(2019, results).tables();
        let member = &tables.cohort_member[0];
        (member.ks2_state.clone(), member.ks2_score)
    };
    let state = |state: &str, score: Option<i64>| (state.to_owned(), score.map(Fixed));
    assert_eq!(of([("tested", Some(100)), ("tested", Some(101))]), state("tested", Some(10_050)));
    assert_eq!(of([("below_test", None), ("tested", Some(100))]), state("below_test", Some(8_950)));
    assert_eq!(of([("absent", None), ("tested", Some(100))]), state("one_subject", None));
    // Both have a row, so below the test comes first; but there is no second number for a mean.
    assert_eq!(of([("absent", None), ("below_test", None)]), state("below_test", None));
    assert_eq!(of([("lost", None), ("absent", None)]), state("lost", None));
    let none = mainstream().tables();
    assert_eq!(none.cohort_member[0].ks2_state, "not_held");
    // The year taught below one's age: the test of another academic year is not this cohort's.
    let later = mainstream().ks2(2020, GOOD).tables();
    assert_eq!(later.cohort_member[0].ks2_state, "not_held");
}

#[test]
fn nobody_found_died_left_or_seen_later() {
    let state = |story: Story| story.tables().cohort_outcome[0].state.clone();
    let leaves = |reason| Story::new().roll(SECONDARY, "C", "2019-09-04", "2022-02-11").because(reason);
    assert_eq!(state(leaves("not_known")), "not_found");
    assert_eq!(state(leaves("died")), "died");
    assert_eq!(state(leaves("left_england")), "left_england");
    assert_eq!(
        state(leaves("left_england").roll(SPECIAL, "C", "2023-03-06", "2024-07-19")),
        "on_roll_no_results"
    );
    assert_eq!(state(leaves("not_known").does("310", "2024-09-09")), "post16_seen");
    assert_eq!(state(leaves("not_known").does("820", "2024-09-09")), "not_found");
    assert_eq!(state(leaves("not_known").off_roll("cme", "2022-02-14", "", None)), "missing_education");
    let missing = leaves("not_known").off_roll("cme", "2022-02-14", "2022-06-30", Some("left_england"));
    assert_eq!(state(missing), "left_england");
}

#[test]
fn the_headline_counts_the_unseen_as_not_achieved() {
    let all_sevens = |story: Story| {
        let subjects = ["maths", "english_language", "english_literature", "combined_science", "art"];
        subjects.into_iter().fold(story, |story, subject| story.gcse(2024, subject, "7"))
    };
    // Two with free meals within six years, of whom one vanishes after Year 7; two others; all equal at eleven.
    let vanishes = Story::new()
        .needs(true, "N")
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .roll(SECONDARY, "C", "2019-09-04", "2020-07-17")
        .ks2(2019, GOOD);
    let people = vec![
        vanishes,
        all_sevens(mainstream().needs(true, "N").ks2(2019, GOOD)),
        all_sevens(mainstream().ks2(2019, GOOD)),
        all_sevens(mainstream().ks2(2019, GOOD)),
    ];
    let all = tables(people);
    let row = |group: &str| {
        all.lost_potential.iter().find(|row| row.population == "resident" && row.group == group).unwrap()
    };
    let poor = row("disadvantaged");
    assert_eq!((poor.n_members, poor.n_with_results, poor.n_achieved, poor.n_visible), (2, 1, 1, 1));
    assert_eq!((poor.observed, poor.whole_cohort), (Some(Fixed(10_000)), Some(Fixed(5_000))));
    assert_eq!((poor.upper, poor.visibility), (Some(Fixed(10_000)), Some(Fixed(5_000))));
    assert_eq!(poor.lost_potential, Some(Fixed(10_000)));
    assert_eq!((poor.whole_cohort_low, poor.whole_cohort_high), (Some(Fixed(945)), Some(Fixed(9_055))));
    assert_eq!(row("other").lost_potential, None);
    assert_eq!((row("not_known").n_members, row("not_known").observed), (0, None));
    let unseen: Vec<_> = all.attrition_waterfall.iter().filter(|row| row.state == "not_found").collect();
    assert!(unseen.iter().all(|row| (row.n, row.n_disadvantaged, row.n_denominator) == (1, 1, 4)));
    assert_eq!(unseen[0].share, Some(Fixed(2_500)));
}

#[test]
fn looked_back_from_an_earlier_day_nothing_later_is_read() {
    let story = mainstream().gcse(2024, "maths", "9").does("210", "2024-09-04");
    let tables = expected_on(&world(vec![story]), on("2024-08-31"));
    let at = &tables.cohort_outcome[0];
    assert_eq!(at.state, "ks4_mainstream");
    assert_eq!(at.destination_16.as_deref(), Some("not_due"));
    let before = expected_on(&world(vec![mainstream()]), on("2020-02-29"));
    let last = before.spell.last().unwrap();
    assert_eq!((last.ends_on, last.is_open), (on("2020-02-29"), true));
    assert_eq!(before.cohort_outcome[0].state, "not_yet_16");
}
