//! Stories about where somebody was: sections 2 to 4 of the page.
use super::tiny::{ACADEMY, INDEPENDENT, NEXT_DOOR, PRIMARY, PRU, SECONDARY, Story, spells};

/// Primary, summer, secondary to the end of Year 11.
pub fn mainstream() -> Story {
    Story::new().roll(PRIMARY, "C", "2012-09-05", "2019-07-22").roll(ACADEMY, "C", "2019-09-04", "2024-07-19")
}

#[test]
fn a_mainstream_child_has_two_spells_and_a_summer() {
    let tables = mainstream().tables();
    // After 19 July 2024, 43 days are left to the end of follow-up: a holiday.
    assert_eq!(
        spells(&tables),
        ["1 main 2012-09-05 2019-07-22 900001", "2 main 2019-09-04 2024-07-19 900003"]
    );
    assert_eq!(tables.spell[0].status.as_deref(), Some("C"));
    assert_eq!(tables.spell[0].la_code.as_deref(), Some("998"));
    assert_eq!(tables.spell[0].legal_basis, "none");
}

#[test]
fn a_dual_registered_child_of_a_pru_stays_on_the_main_roll() {
    let tables = Story::new()
        .roll(SECONDARY, "M", "2019-09-04", "2024-07-19")
        .roll(PRU, "S", "2023-01-09", "2023-06-30")
        .tables();
    assert_eq!(
        spells(&tables),
        ["1 main 2019-09-04 2024-07-19 900002", "2 concurrent 2023-01-09 2023-06-30 900004"]
    );
    let at = &tables.cohort_outcome[0];
    assert!(at.ever_dual && at.ever_ap);
}

#[test]
fn a_place_without_a_roll_is_the_main_spell_and_beside_a_roll_is_not() {
    let tables = Story::new()
        .roll(SECONDARY, "C", "2019-09-04", "2022-03-11")
        .placed("s19", "2022-02-28", "2022-08-31")
        .placed("s19", "2022-09-01", "2023-07-14")
        .tables();
    // One stay over the renewal, concurrent while on roll. 413 days to the end of follow-up are a gap.
    assert_eq!(
        spells(&tables),
        [
            "1 main 2019-09-04 2022-03-11 900002",
            "2 concurrent 2022-02-28 2022-03-11 AP01",
            "3 main 2022-03-12 2023-07-14 AP01",
            "4 main 2023-07-15 2024-08-31 gap",
        ]
    );
    assert_eq!(tables.spell[2].kind, "unregistered");
    assert_eq!(tables.spell[2].legal_basis, "s19");
    assert_eq!(tables.spell[3].kind, "not_known");
}

#[test]
fn holidays_of_44_and_56_days_are_no_gap_and_57_are() {
    // 20 July to 1 September: 44 days between two schools.
    let tables =
        Story::new().roll(PRIMARY, "C", "2018-09-03", "2019-07-19").roll(PRU, "C", "2019-09-02", "").tables();
    assert_eq!(
        spells(&tables),
        ["1 main 2018-09-03 2019-07-19 900001", "2 main 2019-09-02 2026-03-31 900004 open"]
    );
    let with = |back: &str| {
        spells(&Story::new().roll(PRIMARY, "C", "2018-09-03", "2019-03-31").roll(PRU, "C", back, "").tables())
    };
    // 1 April to 26 May: 56 days.
    assert_eq!(with("2019-05-27").len(), 2);
    assert_eq!(with("2019-05-28")[1], "2 main 2019-04-01 2019-05-27 gap");
}

#[test]
fn one_school_is_one_stay_over_the_summer_and_not_over_more() {
    let with = |back: &str| {
        spells(
            &Story::new()
                .roll(PRU, "C", "2019-09-02", "2020-07-17")
                .roll(PRU, "C", back, "2024-07-19")
                .tables(),
        )
    };
    // The next begins 56 days after the end, the 55 days in between included.
    assert_eq!(with("2020-09-11"), ["1 main 2019-09-02 2024-07-19 900004"]);
    // 57 days after, 56 in between: two stays, and no gap.
    assert_eq!(
        with("2020-09-12"),
        ["1 main 2019-09-02 2020-07-17 900004", "2 main 2020-09-12 2024-07-19 900004"]
    );
}

#[test]
fn a_school_that_becomes_an_academy_is_one_stay_under_its_last_number() {
    let tables = Story::new()
        .roll(SECONDARY, "C", "2019-09-04", "2021-08-31")
        .roll(ACADEMY, "C", "2021-09-01", "2024-07-19")
        .tables();
    assert_eq!(spells(&tables), ["1 main 2019-09-04 2024-07-19 900003"]);
    assert_eq!(tables.spell[0].school_id.as_deref(), Some("900003"));
    let closed = Story::new().roll(SECONDARY, "C", "2019-09-04", "2021-07-16").tables();
    assert_eq!(closed.spell[0].establishment_id.as_deref(), Some("900002"));
    assert_eq!(closed.spell[0].school_id.as_deref(), Some("900003"));
}

#[test]
fn what_no_door_shows_is_a_gap() {
    let tables = Story::new()
        .roll(PRIMARY, "C", "2018-09-03", "2019-07-19")
        .roll(INDEPENDENT, "C", "2019-09-02", "2022-07-15")
        .roll(NEXT_DOOR, "C", "2022-09-05", "2024-07-19")
        .tables();
    assert_eq!(spells(&tables), ["1 main 2018-09-03 2019-07-19 900001", "2 main 2019-07-20 2024-08-31 gap"]);
}

#[test]
fn home_and_missing_education_give_way_to_a_roll() {
    let tables = Story::new()
        .roll(SECONDARY, "C", "2019-09-04", "2021-10-15")
        .off_roll("ehe_full", "2021-10-04", "2022-06-10", Some("returned"))
        .off_roll("cme", "2022-05-02", "2022-09-02", Some("returned"))
        .off_roll("ehe_flexi", "2023-01-09", "2023-03-31", Some("returned"))
        .roll(PRU, "C", "2022-09-05", "2024-07-19")
        .tables();
    assert_eq!(
        spells(&tables),
        [
            "1 main 2019-09-04 2021-10-15 900002",
            "2 main 2021-10-16 2022-06-10 ehe_full",
            "3 main 2022-06-11 2022-09-02 cme",
            "4 main 2022-09-05 2024-07-19 900004",
            "5 concurrent 2023-01-09 2023-03-31 ehe_flexi",
        ]
    );
}

#[test]
fn of_two_main_rolls_the_later_one_counts_and_the_other_stands_beside_it() {
    let tables = Story::new()
        .roll(SECONDARY, "C", "2019-09-04", "2021-01-15")
        .roll(PRU, "C", "2020-11-02", "2020-12-18")
        .tables();
    assert_eq!(
        spells(&tables)[..4],
        [
            "1 main 2019-09-04 2020-11-01 900002",
            "2 main 2020-11-02 2020-12-18 900004",
            "3 concurrent 2020-11-02 2020-12-18 900002",
            "4 main 2020-12-19 2021-01-15 900002",
        ]
    );
}
