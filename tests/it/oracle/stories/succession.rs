//! Stories about schools that convert and schools that close: sections 2 and 11 of the page.
use super::super::Tables;
use super::tiny::{ACADEMY, CLOSING, PRIMARY, SECONDARY, Story};

/// Moves in short: last day, number left, number joined, what explains it.
fn moves(tables: &Tables) -> Vec<String> {
    let line = |one: &super::super::SchoolMove| {
        let text = |id: &Option<String>| id.clone().unwrap_or_else(|| "-".to_owned());
        let (from, to) = (text(&one.from_establishment_id), text(&one.to_establishment_id));
        format!("{} {from} {to} {}", one.left_on, one.move_type)
    };
    tables.school_move.iter().map(line).collect()
}

fn at_the_closing_school(until: &str) -> Story {
    Story::new()
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .roll(CLOSING, "C", "2019-09-04", until)
        .because("moved")
        .roll(ACADEMY, "C", "2022-09-05", "2024-07-19")
        .because("end_of_schooling")
}

#[test]
fn whoever_leaves_with_a_school_leaves_because_it_closed() {
    let of = |until: &str| moves(&at_the_closing_school(until).tables())[1].clone();
    assert_eq!(of("2022-07-22"), "2022-07-22 900009 900003 school_closed");
    assert_eq!(of("2022-08-31"), "2022-08-31 900009 900003 school_closed");
    assert_eq!(of("2022-06-30"), "2022-06-30 900009 900003 house_move");
}

#[test]
fn nobody_moves_when_a_school_converts() {
    let tables = Story::new()
        .roll(PRIMARY, "C", "2012-09-05", "2019-07-22")
        .roll(SECONDARY, "C", "2019-09-04", "2021-08-31")
        .roll(ACADEMY, "C", "2021-09-01", "2024-07-19")
        .tables();
    let expected = ["2019-07-22 900001 900003 phase_transition", "2024-07-19 900003 - end_of_schooling"];
    assert_eq!(moves(&tables), expected);
}

#[test]
fn a_register_under_the_old_number_is_the_schools() {
    let missing = |story: Story| -> i64 {
        let rates = story.tables().absence_rate;
        let row = rates.iter().find(|row| {
            (row.ay, row.population.as_str(), row.breakdown.as_str(), row.basis.as_str())
                == (2021, "attending", "all", "enrolment")
        });
        row.unwrap().n_missing
    };
    let on_roll = || {
        Story::new().roll(SECONDARY, "C", "2019-09-04", "2021-08-31").roll(
            ACADEMY,
            "C",
            "2021-09-01",
            "2024-07-19",
        )
    };
    assert_eq!(missing(on_roll().register(SECONDARY, 2021, 380, 19)), 0);
    assert_eq!(missing(on_roll()), 1);
}
