//! Stories about homes and authorities: section 5 of the page.
use super::tiny::{FAR_AWAY, OVER_THE_BORDER, PRIMARY, SECONDARY, Story, areas, spells};

#[test]
fn the_first_address_reaches_back_and_the_last_holds() {
    let tables = Story::new().roll(PRIMARY, "C", "2012-09-05", "2019-07-22").tables();
    assert_eq!(
        areas(&tables),
        ["2012-09-05 2019-07-22 998 998 address", "2019-07-23 2026-03-31 998 - address",]
    );
}

#[test]
fn a_move_that_a_census_shows_holds_from_that_census() {
    let tables = Story::new()
        .roll(SECONDARY, "C", "2019-09-04", "2024-07-19")
        .moves("2021-10-20", OVER_THE_BORDER)
        .tables();
    assert_eq!(
        areas(&tables),
        [
            "2019-09-04 2022-01-19 998 998 address",
            "2022-01-20 2024-07-19 997 998 address",
            "2024-07-20 2026-03-31 997 - address",
        ]
    );
    let at = &tables.cohort_outcome[0];
    // Lives next door, but is at a school here: still counted.
    assert_eq!(at.state, "on_roll_no_results");
    assert!(at.in_resident_denominator);
}

#[test]
fn a_register_that_traced_a_move_takes_somebody_out_of_the_resident_denominator() {
    let tables = Story::new()
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .roll(SECONDARY, "C", "2019-09-04", "2021-10-15")
        .moves("2021-10-16", FAR_AWAY)
        .off_roll("cme", "2021-10-16", "2021-11-30", Some("moved_la"))
        .tables();
    // Only the register knows of the move, from the day after the entry closed.
    assert_eq!(
        areas(&tables),
        [
            "2012-09-05 2019-07-22 998 998 address",
            "2019-07-23 2019-09-03 998 - address",
            "2019-09-04 2021-10-15 998 998 address",
            "2021-10-16 2021-11-30 998 - address",
            "2021-12-01 2026-03-31 995 - register",
        ]
    );
    assert_eq!(
        spells(&tables)[2..],
        ["3 main 2021-10-16 2021-11-30 cme", "4 main 2021-12-01 2024-08-31 gap"]
    );
    let (member, at) = (&tables.cohort_member[0], &tables.cohort_outcome[0]);
    assert!(member.resident && member.attending && member.ever_y6_here);
    assert_eq!(at.state, "moved_out_of_area");
    assert!(!at.in_resident_denominator && at.in_denominator);
    let row = |population: &str| {
        let mut rows = tables.attrition_waterfall.iter();
        rows.find(|row| row.population == population && row.state == "moved_out_of_area").unwrap()
    };
    assert_eq!((row("resident").n, row("resident").n_denominator, row("resident").share), (1, 0, None));
    assert_eq!((row("open").n, row("open").n_denominator), (1, 1));
    assert_eq!(row("open").share, Some(super::super::Fixed(10_000)));
}

#[test]
fn a_transfer_counts_from_its_day_and_a_register_is_trusted_more() {
    let tables = Story::new()
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .does("810", "2023-09-01")
        .handed_over("996")
        .off_roll("ehe_full", "2019-09-01", "2023-08-31", Some("moved_la"))
        .tables();
    // On 1 September 2023 the register says 995 and the client record 996.
    assert_eq!(
        areas(&tables)[2..],
        ["2019-09-01 2023-08-31 998 998 address", "2023-09-01 2026-03-31 995 - register"]
    );
    let only_transfer = Story::new()
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .does("810", "2023-09-01")
        .handed_over("996")
        .tables();
    assert_eq!(areas(&only_transfer)[2..], ["2023-09-01 2026-03-31 996 - transfer"]);
}
