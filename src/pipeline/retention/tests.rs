//! What goes by which rule, and that nothing else does.
use super::{Asked, Cleared, clear, due};
use crate::{
    catalog::{Access, FileKind, LinkDecision, LinkVerdict, Removal, SampledPair},
    pipeline::{
        Unwatched, compact, compaction,
        files::tests::Desk,
        fold::{fold, tests as folded},
        intake::{Belonging, Intake},
        link,
    },
    privacy::{Identified, Origin, PersonKey, PostcodeDirectory},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const POLICY: &str = "[entities.placement]\nyears = 5\n";

fn removed(cleared: &Cleared) -> Vec<(&str, &str, u64)> {
    let lines = cleared.removals.iter();
    let mut lines: Vec<_> =
        lines.map(|Removal { entity, why, rows, .. }| (entity.as_str(), why.as_str(), *rows)).collect();
    lines.sort_unstable();
    lines
}

fn held(desk: &Desk, kind: FileKind) -> u64 {
    desk.site.catalog.held_files(kind).unwrap().iter().map(|held| held.file.rows).sum()
}

/// What lies in the folder is what the catalog names.
fn is_tidy(desk: &Desk) {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    let mut found = BTreeSet::new();
    let data = &desk.site.settings.data_dir;
    for folder in ["lake", "identity", "index"] {
        walk(data, &data.join(folder), &mut found);
    }
    assert_eq!(found, desk.site.catalog.named_files().unwrap().into_iter().collect());
}

fn with_policy(desk: &mut Desk) {
    fs::write(desk.dir.path().join("retention.toml"), POLICY).unwrap();
    desk.reopen(|text| text + "[retention]\npolicy = \"retention.toml\"\n");
}

#[test]
fn rows_past_their_years_go_and_with_the_last_of_somebody_who_they_are() {
    let mut desk = Desk::new("");
    desk.lay("a.csv", "Ref,Start,Hours\n1,2015-09-01,5\n2,2015-09-01,6\n2,2025-09-01,7\n3,2025-09-01,8\n");
    assert_eq!(desk.read(false).accepted, 4);
    with_policy(&mut desk);
    let before = held(&desk, FileKind::Lake);
    let counted = due(&desk.site).unwrap();
    let expected = [("identities", "kept_long_enough", 1), ("placement", "kept_long_enough", 2)];
    assert_eq!((removed(&counted), counted.people, counted.run), (expected.to_vec(), 1, None));
    assert_eq!(held(&desk, FileKind::Lake), before, "said, and not done");
    let cleared = clear(&mut desk.site, Asked::ByPerson).unwrap();
    assert_eq!((removed(&cleared), cleared.people), (expected.to_vec(), 1));
    assert_eq!(desk.hours(), [7, 8]);
    assert_eq!((held(&desk, FileKind::Register), held(&desk, FileKind::Index)), (2, 2));
    assert_eq!(desk.site.catalog.removals(cleared.run.unwrap()).unwrap(), cleared.removals);
    is_tidy(&desk);
    assert_eq!(clear(&mut desk.site, Asked::ByPerson).unwrap().run, None, "nothing is left to do");
    // The file was read, and is not read again; asked for everything, it gives what it has, and that goes again.
    assert_eq!(desk.read(false).read, 0);
    assert_eq!(desk.read(true).accepted, 2);
    assert_eq!(removed(&clear(&mut desk.site, Asked::ByPerson).unwrap()), expected);
    assert_eq!(desk.hours(), [7, 8]);
}

#[test]
fn all_versions_of_a_row_go_together_by_the_latest() {
    let mut desk = Desk::new("");
    // The latest says that the first ended long ago, and that the second, begun long ago, went on until lately.
    desk.lay("a.csv", "Ref,Start,End,Hours\n1,2014-09-01,2025-10-01,5\n2,2014-09-01,2015-10-01,6\n");
    desk.read(false);
    desk.lay("b.csv", "Ref,Start,End,Hours\n1,2014-09-01,2015-10-01,5\n2,2014-09-01,2025-10-01,6\n");
    desk.read(false);
    with_policy(&mut desk);
    let cleared = clear(&mut desk.site, Asked::ByPerson).unwrap();
    assert_eq!(
        removed(&cleared),
        [("identities", "kept_long_enough", 1), ("placement", "kept_long_enough", 2)]
    );
    assert_eq!((desk.hours(), held(&desk, FileKind::Lake)), (vec![6], 2));
}

#[test]
fn a_source_whose_agreement_ended_goes_whole_after_its_days() {
    let mut desk = Desk::new("");
    desk.lay("a.csv", "Ref,Start,Hours\n1,2025-09-01,5\n2,2025-09-01,6\n");
    desk.read(false);
    desk.reopen(|text| text.replace("2099-12-31", "2026-03-01") + "[retention]\nafter_agreement = \"31d\"\n");
    assert_eq!(removed(&due(&desk.site).unwrap()), [], "not before its day");
    desk.reopen(|text| text.replace("\"31d\"", "\"29d\""));
    let cleared = clear(&mut desk.site, Asked::ByPerson).unwrap();
    assert_eq!(
        removed(&cleared),
        [("identities", "agreement_ended", 2), ("placement", "agreement_ended", 2)]
    );
    for kind in [FileKind::Lake, FileKind::Register, FileKind::Index] {
        assert_eq!(held(&desk, kind), 0, "{kind:?}");
    }
    is_tidy(&desk);
    // With a new agreement everything is read again.
    desk.reopen(|text| text.replace("2026-03-01", "2099-12-31"));
    assert_eq!(desk.read(false).accepted, 2);
}

#[test]
fn what_stands_beside_links_goes_with_its_people() {
    let mut desk = Desk::new("");
    desk.lay("a.csv", "Ref,Start,Hours\n1,2025-09-01,5\n2,2025-09-01,6\n");
    desk.read(false);
    link(&mut desk.site, &mut Unwatched).unwrap();
    let anchors = desk.site.catalog.anchors().unwrap();
    let [one, other] = anchors.into_keys().collect::<Vec<_>>()[..] else { panic!("two subjects") };
    let pair = (one.min(other), one.max(other));
    let drawn = SampledPair { pair, band: "weighed_90".to_owned(), joined: 1 };
    desk.site.catalog.note_sample(&[drawn], "2026-03-01").unwrap();
    let (who, at) = ("ann".to_owned(), "2026-03-01".to_owned());
    let word = LinkDecision { pair, verdict: LinkVerdict::Different, who, at, reason: String::new() };
    let access = Access {
        who: "ann",
        role: "linkage",
        verb: "link review",
        purpose: "",
        about: "a pair",
        people: 2,
        outcome: "done",
    };
    desk.site.catalog.note_decisions(&[word], &access, "2026-03-01").unwrap();
    link(&mut desk.site, &mut Unwatched).unwrap();
    assert_eq!(held(&desk, FileKind::Link), 2 + 2 + 1, "links, how much was told, and a sampled pair");
    desk.reopen(|text| text.replace("2099-12-31", "2026-03-01") + "[retention]\nafter_agreement = \"29d\"\n");
    clear(&mut desk.site, Asked::ByPerson).unwrap();
    assert_eq!(held(&desk, FileKind::Link), 1, "a pair that names nobody stays counted until linked anew");
    assert_eq!(
        (desk.site.catalog.sample().unwrap(), desk.site.catalog.decisions().unwrap()),
        (vec![], vec![])
    );
    is_tidy(&desk);
}

#[test]
fn a_tenant_that_withdrew_goes_and_its_neighbours_stay() {
    let mut desk = folded::Desk::new();
    let (directory, feed) = (PostcodeDirectory::default(), desk.feed.clone());
    let mut intake =
        Intake::open(&mut desk.site, &desk.source, &directory, (false, crate::pipeline::Effect::Publish))
            .unwrap();
    intake.begin_document().unwrap();
    let (origin, place) = (Origin { document: [1; 16], part: 1, row: 1 }, intake.place(&feed));
    for (tenant, people) in [("oak", 7_u8), ("elm", 4)] {
        for person in 0..people {
            let mut conformed = folded::conformed(&intake, &(0, 0, vec![(1, 7)]), origin);
            // Two schools may number their children alike.
            conformed.person = Some(Identified::new(PersonKey(person.to_string())));
            let belonging = Belonging { feed: &feed, tenant, place, scope: None };
            intake.record(Ok(conformed), vec![], &belonging).unwrap();
        }
    }
    let (site, run, lease, _) = intake.close().unwrap();
    assert!(!fold(site, &run, None).unwrap().held);
    drop(lease);
    let from = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    desk.site.settings.sources[0].revoked_tenants.insert("oak".into(), from);
    desk.site.settings.retention.after_agreement = Some(std::time::Duration::from_hours(24 * 30));
    let cleared = clear(&mut desk.site, Asked::ByPerson).unwrap();
    assert_eq!(
        removed(&cleared),
        [("identities", "tenant_withdrew", 7), ("placement", "tenant_withdrew", 7)]
    );
    let left =
        |kind| -> u64 { desk.site.catalog.held_files(kind).unwrap().iter().map(|held| held.file.rows).sum() };
    assert_eq!((left(FileKind::Lake), left(FileKind::Register)), (4, 4));
    desk.is_tidy();
}

#[test]
fn a_policy_for_what_has_no_dates_or_no_people_is_refused() {
    let mut desk = Desk::new("");
    fs::write(
        desk.dir.path().join("retention.toml"),
        "[entities.establishment]\nyears = 3\n[entities.pupil]\ndays = 3\n",
    )
    .unwrap();
    desk.reopen(|text| text + "[retention]\npolicy = \"retention.toml\"\n");
    let complaints = super::check_policy(&desk.site.settings, &desk.site.definitions);
    let said: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert!(said[0].contains("holds no people") && said[1].contains("is no entity"), "{said:?}");
    assert!(clear(&mut desk.site, Asked::ByPerson).is_err());
}

#[test]
fn many_small_files_become_one_of_the_same_rows() {
    let mut desk = Desk::new("");
    for at in 0..9 {
        desk.lay(
            &format!("{at}.csv"),
            &format!("Ref,Start,Hours\n{at},2025-09-01,{}\n1,2025-10-0{},9\n", at + 1, at % 9 + 1),
        );
        desk.read(false);
        if at == 7 {
            assert_eq!(compact(&mut desk.site).unwrap().run, None, "eight files are not many");
        }
    }
    let (hours, before) = (desk.hours(), desk.site.catalog.lake_files().unwrap());
    assert_eq!((before.len(), compaction(&desk.site).unwrap().files), (9, 9));
    let done = compact(&mut desk.site).unwrap();
    assert_eq!((done.files, done.into, done.rows), (9, 1, 18));
    let after = desk.site.catalog.lake_files().unwrap();
    assert_eq!((after.len(), after[0].rows), (1, 18));
    assert_eq!(desk.hours(), hours);
    let there = |path: &Path| desk.site.settings.data_dir.join(path).exists();
    assert!(before.iter().all(|file| there(&file.path)), "whoever reads them can read on");
    assert_eq!(compact(&mut desk.site).unwrap().run, None);
    desk.reopen(|text| text);
    let data = desk.site.settings.data_dir.clone();
    assert!(before.iter().all(|file| !data.join(&file.path).exists()), "the next writer removes them");
    is_tidy(&desk);
    assert_eq!(desk.read(true).accepted, 0, "what the source last said is known as before");
}
