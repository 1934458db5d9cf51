//! Rows that went are counted once each, whoever says so.
use super::{Desk, conformed};
use crate::{
    definitions::connector::{Deleted, What},
    fault::Count,
    pipeline::{
        fold::fold,
        intake::{Belonging, Intake},
    },
    privacy::{Origin, PostcodeDirectory},
};

impl Desk {
    /// One record of two rows, which says that they stand or that they are gone.
    fn say(&mut self, gone: bool) -> Count {
        let (directory, feed) = (PostcodeDirectory::default(), self.feed.clone());
        let mut intake =
            Intake::open(&mut self.site, &self.source, &directory, (false, crate::pipeline::Effect::Publish))
                .unwrap();
        intake.begin_document().unwrap();
        let (origin, place) = (Origin { document: [1; 16], part: 1, row: 1 }, intake.place(&feed));
        let mut conformed = conformed(&intake, &(1, 0, vec![(1, 7), (2, 7)]), origin);
        conformed.gone = gone;
        let belonging = Belonging { feed: &feed, tenant: "", place, scope: None };
        intake.record(Ok(conformed), vec![], &belonging).unwrap();
        let (site, run, _lease, _) = intake.close().unwrap();
        fold(site, &run, None).unwrap().total()
    }
}

#[test]
fn a_record_that_takes_its_rows_with_it_is_one_record_and_two_rows() {
    let mut desk = Desk::new();
    desk.feed.deleted = Some(Deleted { at: "status".into(), is: vec![], what: What::Rows });
    let told = |count: Count| (count.read, count.accepted, count.unchanged, count.gone);
    assert_eq!(told(desk.say(true)), (1, 0, 1, 0), "what never stood does not go");
    assert_eq!(told(desk.say(false)), (1, 1, 0, 0));
    assert_eq!(told(desk.say(true)), (1, 1, 0, 2));
    assert_eq!(told(desk.say(true)), (1, 0, 1, 0), "what is gone does not go again");
    assert_eq!(told(desk.say(false)), (1, 1, 0, 0));
    let stands =
        desk.versions().iter().filter(|(_, versions)| versions.last().is_some_and(Option::is_some)).count();
    assert_eq!(stands, 2, "came twice, went once");
}
