//! Two children whose rows were held as one, one of whom is not to be found: what the other asks ends nothing of hers.
use super::{Right, confirm, open_case};
use crate::{
    catalog::{Access, LinkDecision, LinkVerdict},
    pipeline::{
        SiteFault, Unwatched, files::tests::Desk, link, retention::age_tests::desk, rights::RightsFault,
    },
    privacy::Pseudonym,
};

const ANN: &str = "forename: Ann\nsurname: Dunn\nbirth_date: 2010-03-10\npostcode: ZT1 4AA\n";
const LIZ: &str = "forename: Liz\nsurname: Cole\nbirth_date: 2011-05-01\npostcode: ZT1 3AA\n";
const ROWS: &str = "Ref,Surname,Forename,DOB,Postcode,Start,Hours,Plan,Seen\n\
    4,Dunn,Ann,2010-03-10,ZT1 4AA,2021-09-01,5,,\n3,Cole,Liz,2011-05-01,ZT1 3AA,2021-09-01,5,,\n";

fn done(desk: &mut Desk, right: Right, text: &str) -> Result<serde_json::Value, SiteFault> {
    let case = open_case(&mut desk.site, right, "ann", text)?;
    confirm(&mut desk.site, "ben", case, "a court's order", None).map(|done| done.certificate)
}

/// Says of the two that they are one child, or two, and links.
fn say(desk: &mut Desk, verdict: LinkVerdict) {
    let anchors: Vec<Pseudonym> = desk.site.catalog.anchors().unwrap().into_keys().collect();
    let pair = (anchors[0].min(anchors[1]), anchors[0].max(anchors[1]));
    let (who, at) = ("ann".to_owned(), "2026-03-01".to_owned());
    let word = LinkDecision { pair, verdict, who, at, reason: String::new() };
    let (purpose, about, people, outcome) = ("", "a pair", 2, "done");
    let access = Access { who: "ann", role: "linkage", verb: "link review", purpose, about, people, outcome };
    desk.site.catalog.note_decisions(&[word], &access, "2026-03-01").unwrap();
    link(&mut desk.site, &mut Unwatched).unwrap();
}

fn restricted(desk: &Desk) -> usize {
    let list = super::list(&desk.site).unwrap();
    let entries = list.since(0).iter().enumerate();
    entries.filter(|(at, entry)| entry.wish.word() == "restricted" && !list.is_ended(*at)).count()
}

#[test]
fn a_lift_ends_nothing_that_another_child_asked_for() {
    let mut desk = desk();
    desk.reopen(|text| text + "[roles]\nrights = [\"ann\"]\napprover = [\"ben\"]\nlinkage = [\"ann\"]\n");
    desk.lay("a.csv", ROWS);
    desk.read(false);
    link(&mut desk.site, &mut Unwatched).unwrap();
    say(&mut desk, LinkVerdict::Same);
    done(&mut desk, Right::Restrict, ANN).unwrap();
    assert_eq!(restricted(&desk), 1);
    let held_as_one = done(&mut desk, Right::Lift, LIZ).unwrap_err();
    assert!(matches!(held_as_one, SiteFault::Rights(RightsFault::OneLearner(_))), "{held_as_one}");
    assert_eq!(restricted(&desk), 1, "nobody can tell whose places they are");
    say(&mut desk, LinkVerdict::Different);
    let lifted = done(&mut desk, Right::Lift, LIZ).unwrap();
    assert_eq!((lifted["restrictions_ended"].as_u64(), restricted(&desk)), (Some(1), 1), "{lifted}");
    let nothing = done(&mut desk, Right::Lift, LIZ).unwrap_err();
    assert!(
        matches!(nothing, SiteFault::Rights(RightsFault::NotRestricted(_))),
        "hers is not his: {nothing}"
    );
    let lifted = done(&mut desk, Right::Lift, ANN).unwrap();
    assert_eq!((lifted["restrictions_ended"].as_u64(), restricted(&desk)), (Some(1), 0), "{lifted}");
}
