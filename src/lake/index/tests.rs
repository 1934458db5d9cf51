use super::*;
use crate::{catalog::FileKind, fault::Name};
use proptest::prelude::*;
use std::path::Path;

fn entry(key: u8, seq: i64, record: u64) -> Entry {
    Entry {
        key: [key; 16],
        subject: key.is_multiple_of(2).then_some([key; 16]),
        hash: i64::from(key) - 7,
        seq,
        record,
        scope: key.is_multiple_of(3).then_some([key / 3; 16]),
        entity: Name::declare(if key < 9 { "learner" } else { "placement" }),
        file: u32::from(key),
        gone: key.is_multiple_of(5),
        staged: true,
    }
}

fn write(dir: &Path, name: &str, rows: &[Entry]) -> Index {
    let path = Path::new("index").join(name);
    let mut writer = IndexWriter::create(dir, &path, vec!["lake/a.parquet".into()]).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    let saying = Saying { digest: [3; 16], record: 8, position: 2, staged: true };
    writer.saying(&saying).unwrap();
    let place = RecordPlace { feed: Name::declare("pupils"), document: 1, part: 2, row: 3, seq: 4 };
    writer.record(&place).unwrap();
    assert_eq!(writer.counts(), [rows.len() as u64, 1, 1]);
    writer.finish(FileKind::Stage).unwrap();
    let index = Index::open(&dir.join(path), true).unwrap();
    assert_eq!(index.sayings(1).pull().unwrap(), Some(saying));
    assert_eq!(index.records(1).pull().unwrap(), Some(place));
    assert_eq!(index.files(), [Path::new("lake/a.parquet")]);
    index
}

fn all(runs: Vec<Rows>) -> Vec<Entry> {
    let mut merge = Merge::new(runs).unwrap();
    std::iter::from_fn(|| merge.pull().unwrap()).map(|(_, entry)| entry).collect()
}

#[test]
fn what_is_written_is_read_again_through_any_buffer() {
    let dir = tempfile::tempdir().unwrap();
    let rows: Vec<Entry> = (0..50).map(|key| entry(key, 3, u64::from(key))).collect();
    let index = write(dir.path(), "one", &rows);
    for buffer in [1, 200, 1 << 20] {
        assert_eq!(all(vec![index.rows(buffer)]), rows);
    }
}

#[test]
fn a_file_cut_short_is_no_index() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "one", &[entry(1, 1, 1)]);
    let path = dir.path().join("index/one");
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 10, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(Index::open(&path, true).is_err(), "{length} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn merged_runs_are_all_entries_in_order(runs in prop::collection::vec(
        prop::collection::vec((0_u8..40, 0_i64..4, 0_u64..9), 0..30), 0..6,
    )) {
        let dir = tempfile::tempdir().unwrap();
        let mut every = Vec::new();
        let mut readers = Vec::new();
        for (at, run) in runs.into_iter().enumerate() {
            let mut rows: Vec<Entry> = run.into_iter().map(|(key, seq, record)| entry(key, seq, record)).collect();
            rows.sort_by_key(Rows::order);
            every.extend(rows.iter().copied());
            readers.push(write(dir.path(), &at.to_string(), &rows).rows(100));
        }
        every.sort_by_key(Rows::order);
        prop_assert_eq!(all(readers), every);
    }
}
