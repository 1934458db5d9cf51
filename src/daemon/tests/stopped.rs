//! A pull that is asked to stop, and the next one that goes on from there.
use super::config;
use crate::{
    config::load,
    pipeline::{PullOptions, Site, SourceOutcome, Stop, Unwatched, Watch, pull},
    privacy::Key,
};
use std::fs;

const HEADER: &str = "YoungPersonsID,UniquePupilNumber,UniqueLearnerNo,FamilyName,GivenName,DateOfBirth,Gender,Postcode,Ethnicity,PeriodEnd,ActivityCode,StartDate,DateVerified,LeadLEA,TransferredToLACode,GuaranteeStatusIndicator\n";

/// Asks to stop when the second document has been read.
struct Impatient(Stop, u32);

impl Watch for Impatient {
    fn part(&mut self, _: &str, _: usize, _: usize) {}
    fn records(&mut self, _: u64) {
        self.1 += 1;
        if self.1 == 2 {
            self.0.ask();
        }
    }
}

#[test]
fn what_was_read_before_a_stop_is_staged_and_not_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let inbox = dir.path().join("inbox");
    fs::create_dir(&inbox).unwrap();
    for month in 1..=6 {
        let row = format!(
            "{month},,,Surname{month},Forename,0{month}/03/2008,M,,WBRI,28/02/2024,210,01/09/2023,01/01/2024,998,,\n"
        );
        fs::write(inbox.join(format!("nccis_2024-0{month}.csv")), format!("{HEADER}{row}")).unwrap();
    }
    let text = config("", &[("council", "inbox = \"inbox\"\n[inbox]\nsettle = \"0s\"")])
        .replace("connector = \"x\"", "connector = \"nccis\"");
    let file = dir.path().join("throughline.toml");
    fs::write(&file, text).unwrap();
    let settings = load(&file, &[]).unwrap();
    let key: Vec<u8> = (1..=32).collect();
    fs::write(&settings.key_file, &*Key::from_bytes(&key).unwrap().to_bytes()).unwrap();
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&settings.key_file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let open = || Site::open_to_write(settings.clone(), "run").unwrap();

    let stop = Stop::default();
    let options = PullOptions { stop: stop.clone(), ..PullOptions::default() };
    let report = pull(&mut open(), &options, &mut Impatient(stop, 0)).unwrap();
    assert_eq!(report.sources[0].outcome, SourceOutcome::Partly);
    let site = open();
    assert!(site.catalog.lake_files().unwrap().is_empty(), "nothing half done is seen");
    assert_eq!(site.catalog.runs(9).unwrap()[0].state, "running");
    drop(site);

    let report = pull(&mut open(), &PullOptions::default(), &mut Unwatched).unwrap();
    assert_eq!(report.sources[0].outcome, SourceOutcome::Published);
    let site = open();
    let runs: Vec<_> = site.catalog.runs(9).unwrap();
    assert_eq!(
        runs.iter().map(|run| run.state.as_str()).collect::<Vec<_>>(),
        ["published"],
        "one run, resumed"
    );
    let counts = site.catalog.latest_counts().unwrap();
    let (read, accepted): (Vec<_>, Vec<_>) =
        counts.iter().map(|line| (line.count.read, line.count.accepted)).unzip();
    assert_eq!((read, accepted), (vec![6], vec![6]), "each row once");
}
