//! Whether the feeds of a source still name their rows as they did. A row of a snapshot is named with its feed and scope:
//! under another name or scope the same row is another one, and the old one would stand beside it for ever.
use crate::{catalog::FeedShape, definitions::Connector, privacy::EntityPlan};

/// Rows are named by their key alone.
const KEYED: &str = "keyed";
/// Rows are named by their key alone, and full lists say which are gone.
const LIST: &str = "list";

/// How the feeds of a connector name their rows.
pub(super) fn of(connector: &Connector, plans: &[EntityPlan]) -> Vec<FeedShape> {
    let shapes = connector.feeds.iter().map(|feed| {
        let sweeps = feed.since.as_ref().is_some_and(|since| since.sweep_days.is_some());
        let naming = match &feed.snapshot {
            Some(scope) => [vec!["snapshot".to_owned()], scope.clone()].concat().join(" "),
            None => (if sweeps { LIST } else { KEYED }).to_owned(),
        };
        let mut entities: Vec<String> =
            feed.rows.iter().map(|row| plans[row.entity].name.to_string()).collect();
        entities.sort();
        entities.dedup();
        FeedShape { feed: feed.keyed_name().to_owned(), naming, entities }
    });
    shapes.collect()
}

/// Feeds of which rows would stand twice, or for ever, as they are named now.
pub(super) fn renamed<'s>(before: &'s [FeedShape], now: &[FeedShape]) -> Vec<&'s str> {
    let known = |feed: &str| before.iter().any(|old| old.feed == feed);
    let new_snapshots: Vec<&FeedShape> =
        now.iter().filter(|shape| is_scoped(shape) && !known(&shape.feed)).collect();
    let is_renamed = |old: &&FeedShape| match now.iter().find(|shape| shape.feed == old.feed) {
        Some(shape) => (is_scoped(old) || is_scoped(shape)) && shape.naming != old.naming,
        None if old.naming == KEYED => {
            let shares = |shape: &&FeedShape| shape.entities.iter().any(|name| old.entities.contains(name));
            new_snapshots.iter().any(shares)
        }
        None => true,
    };
    before.iter().filter(is_renamed).map(|old| old.feed.as_str()).collect()
}

/// What is to be known of the source's feeds after this run: those of now, and unless a person let the run through
/// those that went without harm, so that one that comes back in another shape is noticed.
pub(super) fn after(before: Vec<FeedShape>, now: Vec<FeedShape>, approved: bool) -> Vec<FeedShape> {
    let mut after = now;
    for old in before {
        if !approved && !after.iter().any(|shape| shape.feed == old.feed) {
            after.push(old);
        }
    }
    after
}

fn is_scoped(shape: &FeedShape) -> bool {
    shape.naming != KEYED && shape.naming != LIST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(feed: &str, naming: &str, entity: &str) -> FeedShape {
        FeedShape { feed: feed.into(), naming: naming.into(), entities: vec![entity.into()] }
    }

    #[test]
    fn what_would_name_the_same_rows_anew_is_noticed() {
        let term = shape("register", "snapshot provider term", "placement");
        let keyed = shape("visits", "keyed", "engagement");
        let before = [term.clone(), keyed.clone()];
        let renamed = |now: &[FeedShape]| renamed(&before, now).join(" ");
        assert_eq!(renamed(&before), "");
        assert_eq!(
            renamed(&[shape("roll", "snapshot provider term", "placement"), keyed.clone()]),
            "register"
        );
        assert_eq!(
            renamed(&[shape("register", "snapshot provider", "placement"), keyed.clone()]),
            "register"
        );
        assert_eq!(renamed(&[shape("register", "keyed", "placement"), keyed]), "register");
        assert_eq!(renamed(&[term.clone(), shape("visits", "snapshot", "engagement")]), "visits");
        assert_eq!(renamed(&[term.clone(), shape("calls", "snapshot", "engagement")]), "visits");
        assert_eq!(renamed(&[term.clone(), shape("visits", "list", "engagement")]), "");
        assert_eq!(renamed(&[term, shape("calls", "keyed", "engagement")]), "", "its rows are the same rows");
    }

    #[test]
    fn a_feed_that_comes_back_is_remembered_unless_a_person_let_it_go() {
        let (old, new) = (shape("a", "keyed", "sen"), shape("b", "keyed", "sen"));
        assert_eq!(after(vec![old.clone()], vec![new.clone()], false), [new.clone(), old.clone()]);
        assert_eq!(after(vec![old], vec![new.clone()], true), [new]);
    }
}
