//! Identities that go by age, and links that stay as they were.
use super::{Asked, Cleared, clear, due};
use crate::{
    catalog::FileKind,
    lake,
    pipeline::{Right, Unwatched, files::tests::Desk, link, rights},
    privacy::{Link, Pseudonym},
};
use std::{collections::HashMap, fmt::Write as _, fs};

const HEADER: &str = "Ref,Surname,Forename,DOB,Postcode,Start,Hours,Plan,Seen\n";

/// A desk whose rows say who somebody is, and whether they have a plan.
pub(in crate::pipeline) fn desk() -> Desk {
    let mut desk = Desk::new("");
    let connector = desk.dir.path().join("definitions/connectors/visits.toml");
    let text = fs::read_to_string(&connector).unwrap();
    let identity = r#"[feed.identity]
surname = { from = ["Surname"] }
forename = { from = ["Forename"] }
birth_date = { from = ["DOB"], dates = ["%Y-%m-%d"] }
postcode = { from = ["Postcode"] }
[[feed.rows]]"#;
    let plan = r#"
[[feed.rows]]
entity = "sen"
requires = ["provision"]
[feed.rows.columns]
provision = { from = ["Plan"] }
observed_on = { from = ["Seen"], dates = ["%Y-%m-%d"] }
"#;
    fs::write(connector, text.replace("[[feed.rows]]", identity) + plan).unwrap();
    desk.reopen(|text| text);
    desk
}

/// As of the last of March 2026: born by 31 August 2006 they have been of academic age 19 since September.
const PEOPLE: &str = "\
1,Archer,Kai,2006-08-31,ZT1 1AA,2021-09-01,5,,
7,Archer,Kai,2006-08-31,ZT1 1AA,2022-09-01,5,,
2,Baker,Tom,2006-09-01,ZT1 2AA,2021-09-01,5,,
3,Cole,Liz,2005-01-01,ZT1 3AA,2021-09-01,5,E,2025-01-16
4,Dunn,Ann,2000-08-31,ZT1 4AA,2021-09-01,5,E,2025-01-16
5,Eden,Eve,,ZT1 5AA,2021-09-01,5,,
6,Fox,Ben,2005-01-01,ZT1 6AA,2021-09-01,5,E,2019-01-17
6,Fox,Ben,2005-01-01,ZT1 6AA,2022-09-01,5,N,2023-01-19
";

fn held(desk: &Desk, kind: FileKind) -> u64 {
    desk.site.catalog.held_files(kind).unwrap().iter().map(|held| held.file.rows).sum()
}

fn by_age(cleared: &Cleared) -> u64 {
    assert!(cleared.removals.iter().all(|gone| gone.why == "past_the_age" && gone.entity == "identities"));
    cleared.removals.iter().map(|gone| gone.rows).sum()
}

/// Learner, rule, and how likely.
type Standing = (Pseudonym, &'static str, u16);

/// What stands of everybody.
fn links(desk: &Desk) -> HashMap<Pseudonym, Standing> {
    let files = desk.site.catalog.link_files().unwrap().into_iter();
    let held = files.flat_map(|path| lake::links_held(&desk.site.settings.data_dir.join(path)).unwrap());
    let standing = |link: Link| (link.subject, (link.learner, link.method.as_str(), link.probability));
    held.map(standing).collect()
}

fn linked(desk: &mut Desk) -> HashMap<Pseudonym, Standing> {
    link(&mut desk.site, &mut Unwatched).unwrap();
    links(desk)
}

/// Whether nobody of before has another learner now.
fn stand(before: &HashMap<Pseudonym, Standing>, now: &HashMap<Pseudonym, Standing>) -> bool {
    before.iter().all(|(subject, link)| now[subject].0 == link.0)
}

#[test]
fn at_nineteen_an_entry_goes_at_twenty_five_with_a_plan_and_links_stay() {
    let mut desk = desk();
    desk.lay("a.csv", &format!("{HEADER}{PEOPLE}"));
    desk.read(false);
    let (register, rows) = (held(&desk, FileKind::Register), held(&desk, FileKind::Lake));
    assert_eq!(by_age(&due(&desk.site).unwrap()), 0, "nobody is linked yet");
    let before = linked(&mut desk);
    assert_eq!(before.len(), 7);
    let planned = due(&desk.site).unwrap();
    assert_eq!((by_age(&planned), planned.undated, planned.planned, planned.people), (4, 1, 1, 0));
    assert_eq!(held(&desk, FileKind::Register), register, "said, and not done");
    let cleared = clear(&mut desk.site, Asked::ByPerson).unwrap();
    assert_eq!((by_age(&cleared), cleared.undated, cleared.planned), (4, 1, 1));
    assert!(cleared.run.is_some());
    assert_eq!((held(&desk, FileKind::Register), held(&desk, FileKind::Lake)), (register - 4, rows));
    assert_eq!(links(&desk), before, "the rows of the four are linked as they were");
    assert_eq!(linked(&mut desk), before, "whatever is linked afterwards");
    assert_eq!(clear(&mut desk.site, Asked::ByPerson).unwrap().run, None, "nothing is left to do");
    // Said again it is known; what is new of them comes, and goes.
    assert_eq!((desk.read(true).accepted, held(&desk, FileKind::Register)), (0, register - 4));
    desk.lay("b.csv", &format!("{HEADER}1,Archer,Kai,2006-08-31,ZT9 9AA,2021-09-01,5,,\n"));
    desk.read(false);
    assert_eq!(held(&desk, FileKind::Register), register - 3);
    assert!(stand(&before, &linked(&mut desk)));
    assert_eq!(by_age(&clear(&mut desk.site, Asked::ByPerson).unwrap()), 1);
    assert!(stand(&before, &links(&desk)));
}

#[test]
fn in_september_it_is_the_next_ones_turn_a_plan_that_ended_keeps_nobody_and_a_policy_keeps_all() {
    let mut desk = desk();
    desk.lay("a.csv", &format!("{HEADER}{PEOPLE}"));
    desk.read(false);
    linked(&mut desk);
    desk.reopen(|text| text.replace("2026-03-31", "2026-09-01"));
    assert_eq!(by_age(&due(&desk.site).unwrap()), 5);
    desk.lay("b.csv", &format!("{HEADER}3,Cole,Liz,2005-01-01,ZT1 3AA,2021-09-01,5,N,2026-01-15\n"));
    desk.read(false);
    let ended = due(&desk.site).unwrap();
    assert_eq!((by_age(&ended), ended.planned, ended.undated), (6, 0, 1));
    desk.reopen(|text| text + "[retention]\nidentities_until_age = 20\n");
    assert_eq!(by_age(&due(&desk.site).unwrap()), 5);
    desk.reopen(|text| text.replace("identities_until_age = 20", "identities = \"stay\""));
    let stays = due(&desk.site).unwrap();
    assert_eq!((by_age(&stays), stays.undated), (0, 0));
}

/// Pupils of a school, the first hundred of an age; every third of them written again by somebody in a hurry, who slips and has
/// no address.
pub(in crate::pipeline) fn school(count: usize) -> String {
    let given =
        ["Thomas", "Olivia", "Jacob", "Emily", "Daniel", "Grace", "Liam", "Freya", "Oscar", "Ethan", "Chloe"];
    let family = ["Archer", "Bennett", "Hughes", "Walsh", "Grant", "Holloway", "Irving", "Jessop", "Keating"];
    let mut rows = HEADER.to_owned();
    for at in 0..count {
        let (name, surname) = (given[at * 7 % 11], family[at * 5 % 9]);
        let year = if at < 100 { 2004 } else { 2009 + at % 4 };
        let born = format!("{year}-{:02}-{:02}", 1 + at * 5 % 12, 1 + at * 11 % 28);
        let home = format!("ZT{} {}AA", 10 + at * 13 % 80, 1 + at % 9);
        let _ = writeln!(rows, "{at},{surname},{name},{born},{home},2021-09-01,5,,");
        if at % 3 == 0 {
            let slipped = surname.replacen('e', "a", 1);
            let _ = writeln!(rows, "x{at},{slipped},{name},{born},,2021-09-01,6,,");
        }
    }
    rows
}

#[test]
fn whoever_went_is_linked_as_before_and_the_rest_in_steps_as_at_once() {
    let mut desk = desk();
    desk.lay("a.csv", &school(420));
    desk.read(false);
    let before = linked(&mut desk);
    assert!(before.values().any(|link| link.1 == "weighed"), "a model is in use");
    assert_eq!(by_age(&clear(&mut desk.site, Asked::ByPerson).unwrap()), 134);
    assert_eq!(linked(&mut desk), before);
    let new = "n1,Bennat,Olivia,2010-04-12,ZT23 2AA,2021-09-01,7,,\nn2,Nobody,New,2011-05-05,ZT99 9ZZ,2021-09-01,7,,\n";
    desk.lay("b.csv", &format!("{HEADER}{new}"));
    desk.read(false);
    let step = linked(&mut desk);
    assert_eq!(step.len(), before.len() + 2);
    assert!(stand(&before, &step));
    // What was compared before cannot be read any more: everything is compared anew.
    for pairs in desk.site.catalog.held_files(FileKind::Pairs).unwrap() {
        fs::write(desk.site.settings.data_dir.join(pairs.file.path), b"nothing").unwrap();
    }
    assert_eq!(linked(&mut desk), step);
}

/// A person who says who they are, as `rights` reads it.
const KAI: &str = "forename: Kai\nsurname: Archer\nbirth_date: 2006-08-31\npostcode: ZT1 1AA\n";

fn done(desk: &mut Desk, right: Right, text: &str) -> serde_json::Value {
    let case = rights::open_case(&mut desk.site, right, "ann", text).unwrap();
    rights::confirm(&mut desk.site, "ben", case, "asked in writing", None).unwrap().certificate
}

/// People of whom marks are kept.
fn grown(desk: &Desk) -> usize {
    desk.site.catalog.grown_out().unwrap().len()
}

#[test]
fn a_right_reaches_whoever_went_by_age_under_a_new_key_too_and_nothing_names_them() {
    let mut desk = desk();
    desk.reopen(|text| text + "[roles]\nrights = [\"ann\"]\napprover = [\"ben\"]\n");
    desk.lay("a.csv", &format!("{HEADER}{PEOPLE}"));
    desk.read(false);
    linked(&mut desk);
    clear(&mut desk.site, Asked::ByPerson).unwrap();
    assert_eq!(grown(&desk), 4, "Kai under two names of the source, Ann and Ben");
    let rows = held(&desk, FileKind::Lake);
    let catalog = fs::read(desk.site.settings.data_dir.join("catalog.sqlite")).unwrap();
    assert!(!catalog.windows(6).any(|bytes| bytes == b"Archer" || bytes == b"ARCHER"));
    let new = crate::privacy::Key::for_demo(7);
    crate::pipeline::rotate(&mut desk.site, new, "ben", "a new one").unwrap();
    assert_eq!(grown(&desk), 4);
    let nobody = done(&mut desk, Right::Erase, &KAI.replace("Kai", "Zoe").replace("2006", "2007"));
    assert_eq!(
        (&nobody["records_under_sources"], held(&desk, FileKind::Lake)),
        (&serde_json::json!(0), rows)
    );
    let erased = done(&mut desk, Right::Erase, KAI);
    assert_eq!(erased["records_under_sources"], 2, "{erased}");
    assert_eq!(
        (held(&desk, FileKind::Lake), grown(&desk)),
        (rows - 2, 2),
        "and their marks go with their rows"
    );
}

#[test]
fn whoever_comes_back_after_their_age_is_one_learner_as_before() {
    let mut desk = desk();
    desk.lay("a.csv", &format!("{HEADER}{PEOPLE}"));
    desk.read(false);
    let before = linked(&mut desk);
    let of = |links: &HashMap<Pseudonym, Standing>, at: &Pseudonym| links[at].0;
    let kai: Vec<Pseudonym> = before
        .keys()
        .filter(|at| before.values().filter(|link| link.0 == of(&before, at)).count() == 2)
        .copied()
        .collect();
    assert_eq!(kai.len(), 2);
    clear(&mut desk.site, Asked::ByPerson).unwrap();
    // Two sayings that agree in nothing by which anybody would join them.
    let partial = "1,Archer,,,ZT9 9AA,2021-09-01,5,,\n7,,Kai,,ZT8 8AA,2022-09-01,5,,\n";
    desk.lay("b.csv", &format!("{HEADER}{partial}"));
    desk.read(false);
    let now = linked(&mut desk);
    assert!(stand(&before, &now));
    assert_eq!(now[&kai[0]].0, now[&kai[1]].0);
}

#[test]
fn where_no_line_says_so_the_first_time_is_a_persons() {
    let mut desk = desk();
    desk.lay("a.csv", &format!("{HEADER}{PEOPLE}"));
    desk.read(false);
    linked(&mut desk);
    let by_itself = clear(&mut desk.site, Asked::BySchedule).unwrap();
    assert_eq!((by_itself.run, by_itself.waiting, by_age(&by_itself)), (None, 3, 0), "Kai, Ann and Ben wait");
    desk.reopen(|text| text + "[retention]\nidentities = \"by_age\"\n");
    assert_eq!(by_age(&due(&desk.site).unwrap()), 4);
    desk.reopen(|text| text.replace("identities = \"by_age\"", ""));
    assert_eq!(by_age(&clear(&mut desk.site, Asked::ByPerson).unwrap()), 4);
    desk.lay("b.csv", &format!("{HEADER}1,Archer,Kai,2006-08-31,ZT9 9AA,2021-09-01,5,,\n"));
    desk.read(false);
    linked(&mut desk);
    let after = clear(&mut desk.site, Asked::BySchedule).unwrap();
    assert_eq!((after.waiting, by_age(&after)), (0, 1), "from then on by itself");
}
