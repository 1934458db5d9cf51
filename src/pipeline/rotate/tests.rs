//! After a new key nothing is called as before, and everything is found as before.
use super::{RotateFault, rotate};
use crate::{
    catalog::{Access, FileKind, LinkDecision, LinkVerdict},
    config,
    pipeline::{Site, SiteFault, Unwatched, files::tests::Desk, link},
    privacy::{Key, KeyFault, Pseudonym},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const SNAPSHOT: &str = "mode = \"snapshot\"\nscope = [\"term\"]";

/// A register by term with a hashed column, told three times: rows that were changed, that went, and that came again.
fn story() -> Desk {
    let mut desk = Desk::new("");
    let definitions = desk.dir.path().join("definitions");
    let connector = definitions.join("connectors/visits.toml");
    let text = fs::read_to_string(&connector).unwrap();
    let text = text.replace("mode = \"keyed\"", SNAPSHOT).replace("\"*.csv\"", "\"{term}-*.csv\"");
    fs::write(&connector, text).unwrap();
    fs::create_dir_all(definitions.join("schemas")).unwrap();
    let schema = include_str!("../../../schemas/placement.toml");
    let hashed = schema.replacen(
        "[columns.ends_on]\ntype = \"date\"\ntreatment = \"keep\"",
        "[columns.ends_on]\ntype = \"date\"\ntreatment = \"hash\"",
        1,
    );
    assert_ne!(schema, hashed, "a column of the schema is hashed");
    fs::write(definitions.join("schemas/placement.toml"), hashed).unwrap();
    desk.reopen(|text| text);
    let lay = |desk: &mut Desk, rows: &[(u32, u32)]| {
        let rows: String = rows
            .iter()
            .map(|(who, hours)| format!("{who},2025-09-01,2026-01-0{},{hours}\n", who % 8 + 1))
            .collect();
        desk.lay("autumn-a.csv", &format!("Ref,Start,End,Hours\n{rows}"));
        desk.lay("spring-a.csv", "Ref,Start,End,Hours\n1,2026-01-05,2026-02-01,9\n");
        desk.read(false)
    };
    let some: Vec<(u32, u32)> = (1..=8).map(|who| (who, 5)).collect();
    assert_eq!(lay(&mut desk, &some).accepted, 9);
    assert_eq!(lay(&mut desk, &some[..6]).gone, 2);
    let again = [&some[1..7], &[(1, 6)]].concat();
    assert_eq!(lay(&mut desk, &again).accepted, 2, "one came again, one changed");
    link(&mut desk.site, &mut Unwatched).unwrap();
    let access = Access {
        who: "ann",
        role: "linkage",
        verb: "link review",
        purpose: "",
        about: "",
        people: 2,
        outcome: "done",
    };
    let mut anchors: Vec<Pseudonym> = desk.site.catalog.anchors().unwrap().into_keys().collect();
    anchors.sort_unstable();
    let decision = LinkDecision {
        pair: (anchors[0], anchors[1]),
        verdict: LinkVerdict::Different,
        who: "ann".into(),
        at: "2026".into(),
        reason: crate::pipeline::take_reason(&desk.site, "two siblings, ticket 41").unwrap(),
    };
    desk.site.catalog.note_decisions(&[decision], &access, "2026").unwrap();
    desk
}

/// Every id of every file that the catalog names, by column.
fn ids(site: &Site) -> BTreeMap<String, BTreeSet<Vec<u8>>> {
    use arrow::array::AsArray;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let mut ids: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for kind in [FileKind::Lake, FileKind::Link] {
        for held in site.catalog.held_files(kind).unwrap() {
            let file = fs::File::open(site.settings.data_dir.join(&held.file.path)).unwrap();
            for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
                let batch = batch.unwrap();
                for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                    if let Some(column) = column.as_fixed_size_binary_opt() {
                        let found = ids.entry(field.name().clone()).or_default();
                        found.extend(column.iter().flatten().map(<[u8]>::to_vec));
                    }
                }
            }
        }
    }
    for (subject, learner) in site.catalog.anchors().unwrap() {
        ids.entry("anchor".into()).or_default().extend([subject.to_vec(), learner.to_vec()]);
    }
    ids
}

fn holds_none(folder: &Path, gone: &BTreeSet<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holds_none(&path, gone);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for at in bytes.array_windows::<16>() {
            assert!(!gone.contains(&at[..]), "{} holds an old id", path.display());
        }
    }
}

fn turned(desk: &mut Desk, seed: u64) -> super::Rotated {
    let done = rotate(&mut desk.site, Key::for_demo(seed), "ann", "the yearly change, ticket 7").unwrap();
    assert_eq!((done.unmatched, done.strangers, done.scrubbed), (0, 0, true), "{done:?}");
    let key = desk.dir.path().join("key");
    fs::write(&key, &*Key::for_demo(seed).to_bytes()).unwrap();
    desk.reopen(|text| text);
    done
}

#[test]
fn everybody_is_called_otherwise_and_the_next_pull_finds_nothing_new() {
    let mut desk = story();
    for seed in [71, 72] {
        let (before, hours) = (ids(&desk.site), desk.hours());
        let rows: u64 = desk.site.catalog.lake_files().unwrap().iter().map(|file| file.rows).sum();
        let done = turned(&mut desk, seed);
        assert_eq!((done.subjects, done.rows), (8, rows));
        let after = ids(&desk.site);
        for (column, old) in &before {
            assert_eq!(old.len(), after[column].len(), "{column}: as many as before");
            assert!(old.is_disjoint(&after[column]), "{column}");
        }
        let gone: BTreeSet<Vec<u8>> = before.into_values().flatten().collect();
        holds_none(&desk.site.settings.data_dir, &gone);
        assert_eq!(desk.hours(), hours);
        assert_eq!(desk.read(false).read, 0, "the files are known");
        let whole = desk.read(true);
        assert_eq!(
            (whole.read, whole.accepted, whole.gone),
            (8, 0, 0),
            "asked for everything, nothing is new"
        );
        // What was held against it still stands, and opens under the new key.
        let decisions = desk.site.catalog.decisions().unwrap();
        assert!(decisions[0].pair.0 < decisions[0].pair.1);
        let reason = crate::pipeline::reason_given(&desk.site.key, &decisions[0].reason);
        assert_eq!(reason, "two siblings, ticket 41");
        let anchors = desk.site.catalog.anchors().unwrap();
        assert!(anchors.contains_key(&decisions[0].pair.0) && anchors.contains_key(&decisions[0].pair.1));
        let change = desk.site.catalog.key_changes().unwrap().pop().unwrap();
        let reason = crate::pipeline::reason_given(&desk.site.key, &change.reason);
        assert_eq!((change.who.as_str(), reason.as_str()), ("ann", "the yearly change, ticket 7"));
    }
    // Rows that change and go after it do so as they would have before.
    let row = |who: u32, hours: u32| format!("{who},2025-09-01,2026-01-0{},{hours}\n", who % 8 + 1);
    let rows: String = (1..=6).map(|who| row(who, [6, 9, 5, 5, 5, 5][who as usize - 1])).collect();
    desk.lay("autumn-a.csv", &format!("Ref,Start,End,Hours\n{rows}"));
    let count = desk.read(false);
    assert_eq!((count.accepted, count.unchanged, count.gone), (1, 5, 1));
    assert_eq!(link(&mut desk.site, &mut Unwatched).unwrap().subjects, 8);
    assert_eq!(
        desk.site.catalog.audit(1).unwrap().iter().filter(|entry| entry.verb == "key rotate").count(),
        4
    );
}

#[test]
fn whoever_still_has_the_old_key_in_memory_writes_nothing() {
    let mut desk = story();
    let settings = config::load(&desk.dir.path().join("throughline.toml"), &[]).unwrap();
    let old = Site::open(settings.clone()).unwrap();
    turned(&mut desk, 71);
    assert!(matches!(old.lock("pull"), Err(SiteFault::Catalog(_))), "a daemon that was at work");
    fs::write(desk.dir.path().join("key"), &*Key::for_demo(9).to_bytes()).unwrap();
    let fault = Site::open(settings).err().unwrap();
    assert_eq!(fault.to_string(), KeyFault::AnotherKey.to_string());
}

#[test]
fn the_same_key_a_held_run_and_an_empty_reason_are_refused() {
    let mut desk = story();
    let mut refused = |key: Key, reason: &str| rotate(&mut desk.site, key, "ann", reason).unwrap_err();
    assert!(matches!(refused(Key::for_demo(9), "x"), RotateFault::SameKey));
    assert!(matches!(refused(Key::random().unwrap(), "x"), RotateFault::Site(SiteFault::Key(_))));
    assert!(matches!(refused(Key::for_demo(71), " "), RotateFault::Site(SiteFault::Reason(_))));
    // A snapshot that lacks nearly everybody is held.
    desk.lay("autumn-a.csv", "Ref,Start,End,Hours\n1,2025-09-01,2026-01-02,6\n");
    desk.read(false);
    let fault = rotate(&mut desk.site, Key::for_demo(71), "ann", "x").unwrap_err();
    assert!(matches!(fault, RotateFault::Held(_)), "{fault}");
}
