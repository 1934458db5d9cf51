use super::{World, config};

#[test]
fn rows_are_looked_at_once_a_day_when_nothing_else_is_to_be_done() {
    let text =
        config("", &[("daily", "schedule = \"0 3 * * *\"")]) + "[retention]\nafter_agreement = \"30d\"\n";
    let mut world = World::new("2026-06-01T02:00", &text);
    world.changes = false;
    world.start();
    world.until("2026-06-03T12:00");
    let tidied: Vec<&str> =
        world.log.iter().map(String::as_str).filter(|line| line.ends_with("tidy")).collect();
    assert_eq!(tidied, ["Mon 01 02:00 tidy", "Tue 02 00:00 tidy", "Wed 03 00:00 tidy"]);
    assert!(!world.log.iter().any(|line| line.ends_with("publish")), "{:?}", world.log);
}

#[test]
fn what_went_is_released_without_and_no_rule_means_no_look() {
    let daily = [("daily", "schedule = \"0 3 * * *\"")];
    let mut world =
        World::new("2026-06-01T02:00", &(config("", &daily) + "[retention]\nafter_agreement = \"30d\"\n"));
    (world.changes, world.expires) = (false, true);
    world.start();
    world.until("2026-06-01T02:30");
    assert_eq!(world.log, ["Mon 01 02:00 tidy", "Mon 01 02:07 publish"]);
    let mut world = World::new("2026-06-01T02:00", &config("", &daily));
    world.start();
    world.until("2026-06-01T02:30");
    assert_eq!(world.log, Vec::<String>::new());
}
