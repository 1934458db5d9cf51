//! What persons decided corrects what a model states, from enough pairs on.
use super::{adopt_model, link, link_accepted, models, train};
use crate::{
    catalog::{Access, LinkDecision, LinkVerdict},
    lake,
    pipeline::{
        Unwatched,
        files::tests::Desk,
        retention::age_tests::{desk, school},
    },
    privacy::{Link, Pseudonym},
};

/// Everybody whom weights joined, with how likely that is.
fn weighed(desk: &Desk) -> Vec<Link> {
    let files = desk.site.catalog.link_files().unwrap().into_iter();
    let held = files.flat_map(|path| lake::links_held(&desk.site.settings.data_dir.join(path)).unwrap());
    held.filter(|link| link.method.as_str() == "weighed").collect()
}

/// Pairs that weights joined, in order.
fn pairs(desk: &Desk) -> Vec<(Pseudonym, Pseudonym)> {
    let mut by_learner = std::collections::BTreeMap::<Pseudonym, Vec<Pseudonym>>::new();
    for link in weighed(desk) {
        by_learner.entry(link.learner).or_default().push(link.subject);
    }
    let two = |subjects: Vec<Pseudonym>| match subjects[..] {
        [a, b] => Some((a.min(b), a.max(b))),
        _ => None,
    };
    by_learner.into_values().filter_map(two).collect()
}

fn decide(desk: &mut Desk, pairs: &[(Pseudonym, Pseudonym)], verdict: LinkVerdict) {
    let say = |pair: &(Pseudonym, Pseudonym)| LinkDecision {
        pair: *pair,
        verdict,
        who: "ann".to_owned(),
        at: "2026-03-01".to_owned(),
        reason: String::new(),
    };
    let access = Access {
        who: "ann",
        role: "linkage",
        verb: "link review",
        purpose: "",
        about: "pairs",
        people: 2 * pairs.len() as u64,
        outcome: "done",
    };
    let said: Vec<LinkDecision> = pairs.iter().map(say).collect();
    desk.site.catalog.note_decisions(&said, &access, "2026-03-01").unwrap();
}

#[test]
fn decided_pairs_correct_what_a_model_states_and_without_any_it_is_the_same_to_the_byte() {
    let mut desk = desk();
    desk.reopen(|text| text + "[roles]\nlinkage = [\"ann\"]\n");
    desk.lay("a.csv", &school(600));
    desk.read(false);
    link(&mut desk.site, &mut Unwatched).unwrap();
    let found = pairs(&desk);
    assert!(found.len() >= 60, "{}", found.len());
    // Trained anew on the same register, nobody having said anything, it is the model in use.
    let again = train(&mut desk.site, &mut Unwatched).unwrap().unwrap();
    assert!(again.in_use && !again.is_corrected && again.decided == (0, 0));
    decide(&mut desk, &found[..40], LinkVerdict::Same);
    let few = train(&mut desk.site, &mut Unwatched).unwrap().unwrap();
    assert!(few.in_use && !few.is_corrected, "forty are too few");
    assert_eq!(few.decided, (40, 40));
    decide(&mut desk, &found[40..60], LinkVerdict::Different);
    let corrected = train(&mut desk.site, &mut Unwatched).unwrap().unwrap();
    assert!(corrected.is_corrected && !corrected.in_use);
    assert_eq!(corrected.decided, (60, 40));
    let (listed, in_use) = models(&desk.site).unwrap();
    let by: Vec<_> = listed.iter().map(|listed| (&listed.model.version, listed.corrected_by)).collect();
    assert!(by.contains(&(&corrected.version, Some((60, 40)))) && by.contains(&(&again.version, None)));
    assert_eq!(in_use, Some(again.version));
    // Weights that were right two times in three are not nine tenths sure of anything alike.
    let before = weighed(&desk).len();
    assert!(adopt_model(&mut desk.site, &corrected.version, "ann").unwrap());
    let held = link(&mut desk.site, &mut Unwatched).unwrap().held;
    if !held.is_empty() {
        link_accepted(&mut desk.site, "ann", "persons found so", &mut Unwatched).unwrap();
    }
    let after = weighed(&desk);
    assert!(after.len() < before, "{} of {before}", after.len());
    assert_eq!(corrected.effect.unwrap().learners.1, {
        link(&mut desk.site, &mut Unwatched).unwrap().learners
    });
}
