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
        .moves("2021-10-20", FAR_AWAY)
        .off_roll("cme", "2021-10-16", "2021-11-30", Some("moved_la"))
        .tables();
    // The entry began at the old address; where the child went the register knows from the day after it closed.
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
        .moves("2023-09-01", FAR_AWAY)
        .off_roll("ehe_full", "2019-09-01", "2023-08-31", Some("moved_la"))
        .tables();
    // On 1 September 2023 the register says 995 and the client record 996.
    assert_eq!(
        areas(&tables)[2..],
        ["2019-09-01 2023-08-31 998 998 address", "2023-09-01 2026-03-31 995 - register"]
    );
    let only_transfer = |la, story: Story| {
        let roll = story.roll(PRIMARY, "C", "2012-09-05", "2019-07-22");
        areas(&roll.does("810", "2023-09-01").handed_over(la).tables())[2..].to_vec()
    };
    let moved = Story::new().moves("2023-09-01", OVER_THE_BORDER);
    assert_eq!(only_transfer("997", moved), ["2023-09-01 2026-03-31 997 - transfer"]);
    // An extract that keeps the old postcode says so after the transfer, and the later evidence holds.
    assert_eq!(
        only_transfer("997", Story::new()),
        ["2023-09-01 2023-12-30 997 - transfer", "2023-12-31 2026-03-31 998 - address"]
    );
}

/// Six moves, each seen by one door on a day of its own.
#[test]
fn every_door_with_a_postcode_says_where_somebody_lives() {
    let there_and_back = [
        ("2019-01-10", OVER_THE_BORDER),
        ("2019-04-20", FAR_AWAY),
        ("2020-10-01", OVER_THE_BORDER),
        ("2022-01-01", FAR_AWAY),
        ("2024-08-01", OVER_THE_BORDER),
        ("2024-12-31", FAR_AWAY),
    ];
    let story = there_and_back.into_iter().fold(Story::new(), |story, (day, home)| story.moves(day, home));
    let tables = story
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .ks2(2019, [("tested", Some(104)), ("tested", Some(99))])
        .placed("s19", "2020-11-02", "2020-12-11")
        .off_roll("cme", "2022-02-01", "2022-02-28", Some("returned"))
        .gcse(2024, "maths", "5")
        .does("310", "2024-09-01")
        .tables();
    let mut homes: Vec<(String, String)> = Vec::new();
    for area in &tables.area_spell {
        let home = area.home_la.clone().unwrap();
        if homes.last().is_none_or(|(_, before)| *before != home) {
            homes.push((area.starts_on.to_string(), home));
        }
    }
    let homes: Vec<String> = homes.iter().map(|(day, home)| format!("{day} {home}")).collect();
    assert_eq!(
        homes,
        // The census of January 2019, which reaches back; the tests; a placement; a register; examinations; an extract.
        [
            "2012-09-05 997",
            "2019-05-01 995",
            "2020-11-02 997",
            "2022-02-01 995",
            "2024-08-20 997",
            "2024-12-31 995",
        ]
    );
}
