//! A feed that names its rows otherwise: held, unless it says what it was called.
use super::{Desk, Document, Pull};
use crate::{
    fault::Name,
    pipeline::{Verdict, approve, discard},
};

fn term(day: u8) -> Pull {
    let document = Document { scope: Some(1), records: vec![(1, 0, vec![(day, 7)])], deleted: vec![] };
    Pull { documents: vec![document], cuts: vec![], approves: true }
}

fn standing(desk: &Desk) -> usize {
    desk.versions().iter().filter(|(_, versions)| versions.last().is_some_and(Option::is_some)).count()
}

impl Desk {
    /// A folder whose connector is a snapshot of a term, pulled once.
    fn with_a_term() -> Self {
        let mut desk = Self::new();
        desk.mend(|feed| feed.snapshot = Some(vec!["term".into()]));
        assert!(!desk.pull(&term(1)).held);
        desk
    }

    fn mend(&mut self, mend: impl Fn(&mut crate::definitions::connector::Feed)) {
        let mut connectors = self.site.definitions.connectors.clone();
        let feed = &mut connectors.get_mut("nccis").unwrap().feeds[0];
        mend(feed);
        self.feed = feed.clone();
        self.site.definitions.connectors = connectors;
    }

    fn last_reason(&self) -> (i64, String) {
        let run = self.site.catalog.runs(1).unwrap().pop().unwrap();
        (run.id, run.reason)
    }
}

#[test]
fn a_renamed_snapshot_is_held_and_nothing_stands_twice() {
    let mut desk = Desk::with_a_term();
    desk.mend(|feed| feed.name = Name::declare("roll"));
    assert!(desk.pull(&term(2)).held);
    let (run, reason) = desk.last_reason();
    assert!(reason.contains("stand twice"), "{reason}");
    let faults = desk.site.catalog.run_detail(run).unwrap().unwrap().faults;
    assert!(faults[0].hint.contains("formerly"), "{}", faults[0].hint);
    assert_eq!(discard(&mut desk.site, run, "a person", "renamed by mistake").unwrap(), Verdict::Discarded);
    assert_eq!(standing(&desk), 1);
    // With its former name the rows are the same rows: the term's new register replaces the old.
    let old = desk.site.catalog.feed_shapes("school").unwrap()[0].feed.clone();
    desk.mend(|feed| feed.formerly = Some(Name::declare(&old)));
    let folded = desk.pull(&term(2));
    assert!(!folded.held);
    assert_eq!((folded.total().accepted, folded.total().gone, standing(&desk)), (1, 1, 1));
}

#[test]
fn another_scope_is_held_and_a_person_may_let_it_through() {
    let mut desk = Desk::with_a_term();
    desk.mend(|feed| feed.snapshot = Some(vec!["provider".into(), "term".into()]));
    assert!(desk.pull(&term(2)).held);
    let (run, _) = desk.last_reason();
    assert!(matches!(
        approve(&mut desk.site, run, "a person", "a new start").unwrap(),
        Verdict::Published(_)
    ));
    assert!(!desk.pull(&term(3)).held, "what a person let through is how it is from now on");
    desk.mend(|feed| feed.snapshot = None);
    assert!(desk.pull(&term(4)).held);
}
