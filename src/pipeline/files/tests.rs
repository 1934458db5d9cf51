//! Files that change while they are read, and files that are read again.
use crate::{
    config,
    fault::Count,
    pipeline::{PullOptions, PullReport, Site, SourceOutcome, Unwatched, Watch, pull},
    privacy::Key,
};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

const CONFIGURATION: &str = r#"
data_dir = "data"
key_file = "key"
home_authority = "998"
as_of = "2026-03-31"
definitions = "definitions"
[demo]
estate = "estate"
seed = 9
learners = 300
[sources.office]
connector = "visits"
inbox = "estate/inbox"
agreement = "Test"
controller = "Test"
bases = ["Article 6(1)(e)"]
expires = "2099-12-31"
purposes = ["research"]
"#;

const CONNECTOR: &str = r#"
name = "visits"
title = "Visits"
kind = "file"
confirmed = "made for the test"
[file]
format = "csv"
name = "*.csv"
[[feed]]
name = "visits"
mode = "keyed"
[feed.person]
key = "Ref"
[[feed.rows]]
entity = "placement"
[feed.rows.columns]
establishment_id = { const = "AP07" }
starts_on = { from = ["Start"], dates = ["%Y-%m-%d"] }
ends_on = { from = ["End"], dates = ["%Y-%m-%d"] }
hours_per_week = { from = ["Hours"] }
"#;

/// A folder with one inbox, and its site.
pub(in crate::pipeline) struct Desk {
    pub(in crate::pipeline) dir: tempfile::TempDir,
    pub(in crate::pipeline) site: Site,
}

impl Desk {
    pub(in crate::pipeline) fn new(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key");
        fs::write(&key, &*Key::for_demo(9).to_bytes()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        fs::create_dir_all(dir.path().join("definitions/connectors")).unwrap();
        fs::create_dir_all(dir.path().join("estate/inbox")).unwrap();
        fs::write(dir.path().join("definitions/connectors/visits.toml"), CONNECTOR).unwrap();
        fs::write(dir.path().join("throughline.toml"), format!("{CONFIGURATION}{more}")).unwrap();
        let site = open(dir.path());
        Self { dir, site }
    }

    /// Opens the site again, with another configuration.
    pub(in crate::pipeline) fn reopen(&mut self, change: impl Fn(String) -> String) {
        let file = self.dir.path().join("throughline.toml");
        fs::write(&file, change(fs::read_to_string(&file).unwrap())).unwrap();
        self.site = open(self.dir.path());
    }

    pub(in crate::pipeline) fn lay(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join("estate/inbox").join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn file(&self, name: &str, rows: &[(u32, u32)]) -> PathBuf {
        let rows: String = rows.iter().map(|(who, hours)| format!("{who},2025-09-01,{hours}\n")).collect();
        self.lay(name, &format!("Ref,Start,Hours\n{rows}"))
    }

    /// Pulls, and gives what was counted.
    pub(in crate::pipeline) fn read(&mut self, full: bool) -> Count {
        self.pull(full, &mut Unwatched).total()
    }

    fn pull(&mut self, full: bool, watch: &mut dyn Watch) -> PullReport {
        pull(&mut self.site, &PullOptions { full, ..PullOptions::default() }, watch).unwrap()
    }

    /// Hours of the placements that stand: of each the version with the greatest sequence.
    pub(in crate::pipeline) fn hours(&self) -> Vec<i128> {
        use arrow::{
            array::AsArray,
            datatypes::{Decimal128Type, Int64Type},
        };
        use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
        let mut latest = std::collections::BTreeMap::new();
        for file in self.site.catalog.lake_files().unwrap() {
            let file = fs::File::open(self.site.settings.data_dir.join(file.path)).unwrap();
            for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
                let batch = batch.unwrap();
                let keys = batch.column_by_name("row_key").unwrap().as_fixed_size_binary();
                let seqs = batch.column_by_name("commit_seq").unwrap().as_primitive::<Int64Type>();
                let hours = batch.column_by_name("hours_per_week").unwrap().as_primitive::<Decimal128Type>();
                for at in 0..batch.num_rows() {
                    let version = (seqs.value(at), hours.value(at) / 100);
                    let entry = latest.entry(keys.value(at).to_vec()).or_insert(version);
                    *entry = (*entry).max(version);
                }
            }
        }
        let mut hours: Vec<i128> = latest.into_values().map(|(_, hours)| hours).collect();
        hours.sort_unstable();
        hours
    }
}

fn open(dir: &Path) -> Site {
    Site::open_to_write(config::load(&dir.join("throughline.toml"), &[]).unwrap(), "pull").unwrap()
}

/// Somebody who writes to a file once so many records of it were read.
struct Copying(Option<PathBuf>);

impl Watch for Copying {
    fn part(&mut self, _: &str, _: usize, _: usize) {}
    fn records(&mut self, more: u64) {
        // In the middle of a long file, and not at a short one's end.
        if let Some(path) = self.0.take_if(|_| more == 1_000) {
            let mut file = OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(b"99999,2025-09-01,1\n").unwrap();
        }
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_gives_nothing_until_it_is_whole() {
    crate::fault::small_batches(5);
    let mut desk = Desk::new("");
    let rows: Vec<(u32, u32)> = (0..1_100).map(|who| (who, 5)).collect();
    desk.file("a.csv", &[(90_001, 7)]);
    let growing = desk.file("b.csv", &rows);
    let report = desk.pull(false, &mut Copying(Some(growing)));
    let count = report.total();
    assert_eq!((count.read, count.accepted, count.set_aside), (1, 1, 0), "{count:?}");
    assert!(count.balances());
    assert_eq!(report.sources[0].outcome, SourceOutcome::Published);
    assert_eq!(report.sources[0].waiting, 1);
    assert_eq!(desk.hours(), [7], "batches of it were staged, and none of them counts");
    let told = desk.site.catalog.quarantine(None).unwrap();
    assert_eq!(told.iter().filter(|line| line.problem == "still_arriving").count(), 1, "{told:?}");
    let count = desk.pull(false, &mut Copying(None)).total();
    assert_eq!((count.read, count.accepted), (1_101, 1_101));
    assert_eq!(desk.hours().len(), 1_102);
}

#[test]
fn a_young_file_waits_for_the_next_pull_and_is_told() {
    let mut desk = Desk::new("[inbox]\nsettle = \"1h\"\n");
    let file = desk.file("a.csv", &[(1, 7)]);
    let report = desk.pull(false, &mut Copying(None));
    assert_eq!((report.total().read, report.sources[0].waiting), (0, 1));
    let old = SystemTime::now() - Duration::from_hours(2);
    OpenOptions::new().append(true).open(file).unwrap().set_modified(old).unwrap();
    let report = desk.pull(false, &mut Copying(None));
    assert_eq!((report.total().accepted, report.sources[0].waiting), (1, 0));
}

#[test]
fn what_is_read_again_is_read_in_the_order_in_which_it_was_first_read() {
    let mut desk = Desk::new("");
    // By their names the oldest file would come last.
    desk.file("z.csv", &[(1, 5), (2, 5), (3, 5)]);
    desk.pull(false, &mut Copying(None));
    desk.file("m.csv", &[(1, 6), (2, 6)]);
    desk.pull(false, &mut Copying(None));
    desk.file("b.csv", &[(1, 7)]);
    desk.pull(false, &mut Copying(None));
    assert_eq!(desk.hours(), [5, 6, 7]);
    desk.pull(true, &mut Copying(None));
    assert_eq!(desk.hours(), [5, 6, 7], "everything read again");
    // A file that was sent again is as new as its content.
    desk.file("z.csv", &[(1, 8), (2, 5), (3, 5)]);
    desk.pull(false, &mut Copying(None));
    assert_eq!(desk.hours(), [5, 5, 8]);
    desk.pull(true, &mut Copying(None));
    assert_eq!(desk.hours(), [5, 5, 8], "and read again as that");
    // A mended definition reads everything again as well.
    let connector = desk.dir.path().join("definitions/connectors/visits.toml");
    fs::write(connector, CONNECTOR.replace("title = \"Visits\"", "title = \"Visits, mended\"")).unwrap();
    desk.site = open(desk.dir.path());
    let report = desk.pull(false, &mut Copying(None));
    assert_eq!((report.total().read, desk.hours()), (6, vec![5, 5, 8]));
}
