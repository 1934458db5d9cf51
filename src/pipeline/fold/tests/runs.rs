//! Slices that go on, guards that hold, and memory that does not grow.
use super::{Desk, Record, conformed};
use crate::{
    definitions::connector::Feed,
    fault::{Fault, Problem},
    pipeline::{
        fold::fold,
        intake::{Belonging, Intake},
    },
    privacy::{Identified, Origin, PersonKey, PostcodeDirectory},
};
use std::fs;

/// A slice of a service that is cut off after its second page and goes on from there, one page again.
#[test]
fn a_slice_goes_on_where_it_was_cut_off() {
    let mut desk = Desk::new();
    let directory = PostcodeDirectory::default();
    let page = |number: u8| -> Vec<Record> { (0..4).map(|at| (number * 4 + at, 0, vec![(1, 7)])).collect() };
    let feed = desk.feed.clone();
    let give = |intake: &mut Intake<'_>, number: u8| {
        let scope = intake.scope(&feed, &["7"]);
        let origin = Origin { document: intake.document_digest(&[number]), part: 1, row: 1 };
        let place = intake.place(&feed);
        for record in page(number) {
            let conformed = conformed(intake, &record, origin);
            intake
                .record(
                    Ok(conformed),
                    vec![],
                    &Belonging { feed: &feed, tenant: "7", place, scope: Some(scope) },
                )
                .unwrap();
        }
        intake.checkpoint("7", &feed, &format!("page {}", number + 1), "2026-03-31T02:00:00Z");
        (scope, origin, place)
    };
    let mut intake =
        Intake::open(&mut desk.site, &desk.source, &directory, (false, crate::pipeline::Effect::Publish))
            .unwrap();
    assert_eq!((intake.resumed("7", &feed), intake.is_done("7", &feed)), (None, false));
    intake.begin_document().unwrap();
    give(&mut intake, 0);
    give(&mut intake, 1);
    give(&mut intake, 2);
    drop(intake);

    let mut intake =
        Intake::open(&mut desk.site, &desk.source, &directory, (false, crate::pipeline::Effect::Publish))
            .unwrap();
    let resume = intake.resumed("7", &feed).unwrap();
    // The batch was staged in the middle of the third page; what came after its checkpoint is asked for again.
    assert_eq!((resume.token.as_str(), resume.started.as_str()), ("page 2", "2026-03-31T02:00:00Z"));
    intake.begin_document().unwrap();
    give(&mut intake, 2);
    let (scope, origin, place) = give(&mut intake, 3);
    intake.end_snapshot(&feed, scope, origin, place);
    intake.stated_total(&feed, "7", 16);
    intake.advance("7", &feed, resume.started, Some(scope));
    // Cut off once more, when the slice was read whole: it is not asked again.
    intake.begin_document().unwrap();
    for number in 20..22 {
        give(&mut intake, number);
    }
    drop(intake);
    let mut intake =
        Intake::open(&mut desk.site, &desk.source, &directory, (false, crate::pipeline::Effect::Publish))
            .unwrap();
    assert!(intake.is_done("7", &feed));
    assert!(intake.resumed("7", &feed).is_some(), "the slice begun after it");
    let (site, run, lease, _) = intake.close().unwrap();
    let folded = fold(site, &run, None).unwrap();
    drop(lease);
    assert!(!folded.held);
    assert_eq!(folded.total().set_aside, 0, "a page read again is no duplicate");
    let standing =
        desk.versions().into_iter().filter(|(_, versions)| versions.last() == Some(&Some(7))).count();
    assert!(standing >= 16, "{standing}");
    assert_eq!(
        desk.site.catalog.cursor("school", "7", feed.name.as_str()).unwrap().as_deref(),
        Some("2026-03-31T02:00:00Z")
    );
}

/// Pulls one document of people with one row each, and says what the guards found.
fn guarded(
    desk: &mut Desk,
    people: std::ops::Range<u32>,
    more: impl Fn(&mut Intake<'_>, &Feed),
) -> Vec<String> {
    let directory = PostcodeDirectory::default();
    let feed = desk.feed.clone();
    let mut intake =
        Intake::open(&mut desk.site, &desk.source, &directory, (false, crate::pipeline::Effect::Publish))
            .unwrap();
    intake.begin_document().unwrap();
    let origin = Origin { document: [1; 16], part: 1, row: 1 };
    let place = intake.place(&feed);
    for person in people {
        let mut conformed = conformed(&intake, &(0, 0, vec![(1, 7)]), origin);
        conformed.person = Some(Identified::new(PersonKey(format!("P{person}"))));
        intake
            .record(Ok(conformed), vec![], &Belonging { feed: &feed, tenant: "", place, scope: None })
            .unwrap();
    }
    more(&mut intake, &feed);
    let (site, run, _lease, _) = intake.close().unwrap();
    let folded = fold(site, &run, None).unwrap();
    let faults = site.catalog.run_detail(run.id).unwrap().unwrap().faults;
    let guards: Vec<_> = faults
        .into_iter()
        .filter(|fault| fault.consequence == "run_held")
        .map(|fault| fault.problem)
        .collect();
    assert_eq!(folded.held, !guards.is_empty());
    guards
}

#[test]
fn what_looks_wrong_is_held_and_what_is_merely_large_is_not() {
    let mut desk = Desk::new();
    let none: [&str; 0] = [];
    assert_eq!(guarded(&mut desk, 0..600, |intake, feed| intake.stated_total(feed, "", 601)), none);
    assert_eq!(
        guarded(&mut desk, 0..600, |intake, feed| intake.stated_total(feed, "", 700)),
        ["total_disagrees"]
    );
    let deleting = |people: u32| {
        move |intake: &mut Intake<'_>, feed: &Feed| {
            intake.begin_document().unwrap();
            let origin = Origin { document: [2; 16], part: 1, row: 1 };
            (0..people).for_each(|person| intake.delete_person(feed, "", &format!("P{person}"), origin));
        }
    };
    assert_eq!(guarded(&mut desk, 0..0, deleting(31)), ["mass_deletion"]);
    assert_eq!(guarded(&mut desk, 0..0, deleting(30)), none);
    assert_eq!(guarded(&mut desk, 0..0, deleting(30)), none, "who is gone already is not deleted again");
    let refusing = |records: u32| {
        move |intake: &mut Intake<'_>, feed: &Feed| {
            let place = intake.place(feed);
            for _ in 0..records {
                let fault = Fault::row(place, Problem::NotADate);
                intake
                    .record(Err(fault), vec![], &Belonging { feed, tenant: "", place, scope: None })
                    .unwrap();
            }
        }
    };
    assert_eq!(guarded(&mut desk, 0..60, refusing(51)), ["many_set_aside"]);
    assert_eq!(guarded(&mut desk, 0..60, refusing(29)), none);
}

/// Peak memory and CPU time of the whole path from conformed records to a published run, three times: all new, all
/// unchanged, one in a hundred changed. Run alone, in release: `THROUGHLINE_RECORDS=5000000 cargo test --release --lib
/// deep_memory -- --ignored --nocapture`.
#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_memory_does_not_grow_with_the_records() {
    let records = std::env::var("THROUGHLINE_RECORDS").map_or(500_000, |n| n.parse().unwrap());
    let mut desk = Desk::with_usual_batches();
    let directory = PostcodeDirectory::default();
    let feed = desk.feed.clone();
    for (what, changed) in [("new", 0_u32), ("unchanged", 0), ("a hundredth changed", 100)] {
        let began = std::time::Instant::now();
        let mut intake =
            Intake::open(&mut desk.site, &desk.source, &directory, (true, crate::pipeline::Effect::Publish))
                .unwrap();
        intake.begin_document().unwrap();
        let origin = Origin { document: [1; 16], part: 1, row: 1 };
        let place = intake.place(&feed);
        for person in 0..records {
            let hours = u8::from(changed > 0 && person % changed == 0);
            let record = (0, (person % 97) as u8, vec![(1, hours), (2, 7), (3, 7)]);
            let mut conformed = conformed(&intake, &record, origin);
            conformed.person = Some(Identified::new(PersonKey(person.to_string())));
            intake
                .record(Ok(conformed), vec![], &Belonging { feed: &feed, tenant: "", place, scope: None })
                .unwrap();
        }
        let staged = began.elapsed();
        let (site, run, _lease, _) = intake.close().unwrap();
        let folded = fold(site, &run, None).unwrap();
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap().to_owned();
        println!("{what}: staged {staged:?}, in all {:?}, {peak}, {:?}", began.elapsed(), folded.total());
        assert!(!folded.held);
    }
}
