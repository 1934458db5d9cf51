//! Killed at any moment, the lake is what the next run completes: nothing lost, nothing doubled, nothing half visible.
//!
//! Each story has a source that was pulled before and has changed since, so that a pull stages new, changed and unchanged
//! rows in many batches, writes files again and leaves tombstones. It is killed at a failpoint, and pulled again.
use crate::site::{Ran, TestSite, column_text, lake_rows, run_in, run_with, walk};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use throughline::{
    privacy::Key,
    synth::{Identifiers, World, WorldSpec, estate},
};

/// Every step of staging, folding, publishing and clearing away.
const POINTS: [&str; 17] = [
    "stage.begun",
    "stage.written",
    "stage.synced",
    "stage.renamed",
    "stage.folder_synced",
    "stage.files",
    "stage.named",
    "fold.begun",
    "fold.merged",
    "fold.file",
    "fold.rewritten",
    "publish.begun",
    "publish.done",
    "retire.file",
    "retire.done",
    "sweep.begun",
    "sweep.forgotten",
];

const ENTITIES: [&str; 6] = ["enrolment", "assessment", "destination", "circumstance", "learner", "sen"];

/// A folder that was pulled once and whose files have changed since, and what it holds after the second pull.
struct Story {
    before: TempDir,
    expected: Vec<String>,
    read: u64,
}

impl Story {
    fn new(seed: u64, learners: u32) -> Self {
        let site = TestSite::new();
        let key = site.path().join("key");
        // Failpoints are heeded under a demonstration's key alone.
        fs::write(&key, &*Key::for_demo(seed).to_bytes()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let world = World::generate(&WorldSpec { seed, learners, identifiers: Identifiers::Realistic });
        let written = tempfile::tempdir().unwrap();
        estate::write(&world, written.path()).unwrap();
        let council = written.path().join("council");
        for (name, folder, connector) in
            [("census", "census", "school-census-spring"), ("nccis", "nccis", "nccis")]
        {
            let inbox = site.inbox(name);
            let mut files = Vec::new();
            walk(&council.join(folder), &mut files);
            for file in files {
                fs::copy(&file, inbox.join(file.file_name().unwrap())).unwrap();
            }
            site.source(name, connector, "");
        }
        let demo = format!("[demo]\nestate = \"inbox\"\nseed = {seed}\nlearners = {learners}\n");
        site.configure_with("2026-03-31", &demo);
        let inbox = site.path().join("inbox");
        let whole = copied(&inbox);
        keep(whole.path(), &inbox, |line| line % 29 != 11);
        assert_eq!(small(site.path(), &["--quiet", "pull"], None).code, 0);
        keep(whole.path(), &inbox, |line| line % 23 != 7);
        let before = copied(site.path());
        let ran = small(site.path(), &["--json", "pull"], None);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let expected = rows(site.path());
        assert_eq!(expected.iter().collect::<BTreeSet<_>>().len(), expected.len(), "nothing is doubled");
        assert!(expected.iter().any(|row| row.ends_with("true")), "some rows are gone");
        Self { before, expected, read: records(&ran, "read") }
    }

    /// What the folder holds is what an undisturbed pull would have left.
    fn is_whole(&self, dir: &Path, what: &str) {
        let found = rows(dir);
        assert_eq!(found.len(), self.expected.len(), "{what}");
        assert!(found == self.expected, "{what}: other rows");
        let verified = run_in(dir, &["--json", "verify"]).json();
        assert_eq!(verified["flaws"].as_array().unwrap().len(), 0, "{what}: {verified}");
        let again = run_in(dir, &["--json", "pull"]);
        assert_eq!((again.code, records(&again, "accepted")), (0, 0), "{what}: a further run adds nothing");
        let mut left = Vec::new();
        for folder in ["lake", "identity", "index"] {
            walk(&dir.join("data").join(folder), &mut left);
        }
        left.retain(|path| path.extension().is_some_and(|extension| extension == "staged"));
        assert!(left.is_empty(), "{what}: {left:?}");
    }
}

/// Writes every file again with some of its lines: what the first pull did not have is new, what the second lacks is gone.
fn keep(from: &Path, to: &Path, stays: impl Fn(usize) -> bool) {
    let mut files = Vec::new();
    walk(from, &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().enumerate().filter(|(at, _)| *at < 5 || stays(*at));
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::write(target, lines.map(|(_, line)| format!("{line}\n")).collect::<String>()).unwrap();
    }
}

fn copied(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    walk(from, &mut files);
    for file in files {
        let target = to.path().join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
    to
}

/// Runs with small batches, and with a failpoint.
fn small(dir: &Path, arguments: &[&str], point: Option<&str>) -> Ran {
    let mut environment = vec![("THROUGHLINE_BATCH_ROWS", "400")];
    environment.extend(point.map(|point| ("THROUGHLINE_FAILPOINT", point)));
    run_with(dir, &environment, arguments)
}

/// Every row in the lake's folder, so that a file that nobody names would be seen as well.
fn rows(dir: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    for entity in ENTITIES {
        for batch in lake_rows(&dir.join("data"), entity) {
            let names = ["row_key", "row_hash", "document_id", "row_number", "tombstone"];
            rows.extend(
                (0..batch.num_rows()).map(|at| names.map(|name| column_text(&batch, name, at)).join(" ")),
            );
        }
    }
    rows.sort();
    rows
}

fn records(ran: &Ran, what: &str) -> u64 {
    let sources = ran.json()["sources"].as_array().unwrap().clone();
    sources.iter().map(|source| source[what].as_u64().unwrap()).sum()
}

/// Kills at a point, the nth time it is passed. False where it was not passed so often.
fn killed(story: &Story, point: &str, nth: u32) -> bool {
    let site = copied(story.before.path());
    let what = format!("killed at {point}:{nth}");
    let ran = small(site.path(), &["--quiet", "pull"], Some(&format!("{point}:{nth}")));
    assert!(matches!(ran.code, -1 | 0), "{what}: {}{}", ran.out, ran.err);
    if ran.code == 0 {
        return false;
    }
    // Another verb beside it clears away what nobody needs, and keeps what can be taken up.
    if nth.is_multiple_of(2) {
        assert_eq!(run_in(site.path(), &["--quiet", "link"]).code, 0, "{what}");
    }
    let ran = small(site.path(), &["--json", "pull"], None);
    assert_eq!(ran.code, 0, "{what}: {}{}", ran.out, ran.err);
    story.is_whole(site.path(), &what);
    true
}

fn every_point(story: &Story, times: &[u32]) {
    for point in POINTS {
        let reached = times.iter().filter(|nth| killed(story, point, **nth)).count();
        assert!(reached > 0, "{point} was never passed");
    }
}

#[test]
fn killed_at_any_step_the_next_pull_completes_it() {
    every_point(&Story::new(4, 500), &[1, 2]);
}

#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_killed_at_every_step_of_a_hundred_seeds() {
    of_a_hundred_seeds(|seed| {
        let story = Story::new(seed, 200);
        for (at, point) in (0..).zip(POINTS) {
            // Each seed dies at another passing of each point; where it is not passed so often, at its first.
            let nth = 1 + (seed as u32 * 7 + at * 3) % 13;
            assert!(
                killed(&story, point, nth) || killed(&story, point, 1),
                "{point} is never passed: {seed}"
            );
        }
    });
}

/// As many at a time as there are cores.
fn of_a_hundred_seeds(work: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(1);
    let one_after_the_other = || {
        while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed <= 100) {
            work(seed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(one_after_the_other);
        }
    });
}

/// Killed after some time, wherever it is then. False where it had ended.
fn killed_after(dir: &Path, wait: Duration) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_throughline"))
        .current_dir(dir)
        .env("THROUGHLINE_BATCH_ROWS", "400")
        .args(["--quiet", "pull"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(wait);
    let early = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    early
}

/// Kills a pull again and again before it may end.
fn survives(kills: u32) {
    let story = Story::new(4, 500);
    let clean = copied(story.before.path());
    let began = Instant::now();
    assert_eq!(small(clean.path(), &["--quiet", "pull"], None).code, 0);
    let whole = began.elapsed();
    let mut early = 0;
    for kill in 1..=kills {
        let site = copied(story.before.path());
        for part in 1..=3 {
            early += u32::from(killed_after(site.path(), whole * kill * part / (kills + 1) / 3));
        }
        assert_eq!(small(site.path(), &["--quiet", "pull"], None).code, 0);
        story.is_whole(site.path(), &format!("kill {kill} of {kills}"));
    }
    assert!(early > 0, "no kill came before the end");
}

#[test]
fn a_killed_pull_is_completed_by_the_next() {
    survives(3);
}

#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_a_pull_killed_at_many_moments() {
    survives(100);
}

#[test]
fn a_run_that_is_taken_up_reads_no_document_twice() {
    let story = Story::new(4, 500);
    let site = copied(story.before.path());
    assert_eq!(small(site.path(), &["pull"], Some("stage.named:6")).code, -1);
    let ran = small(site.path(), &["--json", "pull"], None);
    assert_eq!((ran.code, records(&ran, "read")), (0, story.read), "{}", ran.out);
    let runs = run_in(site.path(), &["--json", "runs"]).json();
    let states: Vec<&str> =
        runs["runs"].as_array().unwrap().iter().map(|run| run["state"].as_str().unwrap()).collect();
    assert_eq!(
        states, ["published"; 4],
        "two sources, pulled twice: the killed run is the one that was published"
    );
    story.is_whole(site.path(), "taken up");
}

#[test]
fn a_disk_that_refuses_or_is_full_costs_the_run_and_nothing_else() {
    let story = Story::new(4, 500);
    for (nth, point) in ["stage.synced", "stage.renamed", "stage.written", "fold.file"].iter().enumerate() {
        let site = copied(story.before.path());
        let ran = small(site.path(), &["pull"], Some(&format!("{point}:{}:error", nth + 1)));
        assert_eq!(ran.code, 1, "{point}: {}", ran.err);
        assert_eq!(small(site.path(), &["--quiet", "pull"], None).code, 0, "{point}");
        story.is_whole(site.path(), point);
    }
    for blocks in [8, 24, 60, 200] {
        let site = copied(story.before.path());
        // No file may grow beyond so many blocks: what a full disk does, without being root.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" --quiet pull");
        let ran = Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_throughline")])
            .current_dir(site.path())
            .output()
            .unwrap();
        assert!(!ran.stderr.is_empty() || ran.status.success(), "{blocks} blocks: it says why");
        assert_eq!(small(site.path(), &["--quiet", "pull"], None).code, 0, "{blocks} blocks");
        story.is_whole(site.path(), &format!("{blocks} blocks"));
    }
}

#[test]
fn two_writers_at_once_do_not_harm_each_other() {
    let story = Story::new(4, 500);
    let site = copied(story.before.path());
    let start = |verb: &str| {
        Command::new(env!("CARGO_BIN_EXE_throughline"))
            .current_dir(site.path())
            .env("THROUGHLINE_BATCH_ROWS", "400")
            .args(["--quiet", verb])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut children: Vec<_> = ["pull", "link", "pull", "link"].into_iter().map(start).collect();
    for child in &mut children {
        // A source that another process pulls is told, not waited for: failed or partly done.
        let code = child.wait().unwrap().code().unwrap();
        assert!(matches!(code, 0 | 1 | 4), "{code}");
    }
    assert_eq!(run_in(site.path(), &["--quiet", "pull"]).code, 0);
    story.is_whole(site.path(), "two writers");
}

#[test]
fn a_held_run_outlives_a_kill_and_every_other_verb() {
    let story = Story::new(4, 500);
    let site = copied(story.before.path());
    let mut files: Vec<PathBuf> = Vec::new();
    walk(&site.path().join("inbox/census"), &mut files);
    files.sort();
    let text = fs::read_to_string(files.last().unwrap()).unwrap();
    let cut: String = text.lines().take(20).map(|line| format!("{line}\n")).collect();
    fs::write(files.last().unwrap(), cut).unwrap();
    let before = rows(site.path());
    assert_eq!(small(site.path(), &["pull", "census"], Some("fold.held")).code, -1);
    assert_eq!(run_in(site.path(), &["--quiet", "link"]).code, 0);
    let runs = run_in(site.path(), &["--json", "runs"]).json();
    let held = runs["runs"].as_array().unwrap().iter().find(|run| run["state"] == "held").unwrap().clone();
    let shown = run_in(site.path(), &["--json", "runs", "show"]).json();
    assert_eq!(
        (&shown["run"]["id"], &shown["guards"][0]["problem"]),
        (&held["id"], &"far_fewer_rows".into())
    );
    let id = held["id"].to_string();
    let ran = run_in(site.path(), &["runs", "discard", &id, "--reason", "cut short"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(run_in(site.path(), &["--quiet", "link"]).code, 0);
    assert_eq!(rows(site.path()), before, "as if it had never been");
    fs::write(files.last().unwrap(), text).unwrap();
    assert_eq!(small(site.path(), &["--quiet", "pull"], None).code, 0);
    story.is_whole(site.path(), "mended");
}

/// The file that a held run read is moved away: the next pull meets nothing of it, and takes nothing's place.
#[test]
fn a_pull_that_read_nothing_does_not_discard_a_held_run() {
    let story = Story::new(4, 500);
    let site = copied(story.before.path());
    let mut files: Vec<PathBuf> = Vec::new();
    walk(&site.path().join("inbox/census"), &mut files);
    files.sort();
    let newest = files.last().unwrap();
    let text = fs::read_to_string(newest).unwrap();
    let cut: String = text.lines().take(20).map(|line| format!("{line}\n")).collect();
    assert_eq!(small(site.path(), &["--quiet", "pull"], None).code, 0);
    fs::write(newest, cut).unwrap();
    let held = small(site.path(), &["--json", "pull", "census"], None);
    assert_eq!(held.code, 3, "{}{}", held.out, held.err);
    let waiting = run_in(site.path(), &["--json", "runs", "show"]).json()["run"]["id"].clone();
    let before = rows(site.path());
    fs::remove_file(newest).unwrap();
    let ran = small(site.path(), &["--json", "pull", "census"], None);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert_eq!(ran.json()["sources"][0]["outcome"], "held");
    assert_eq!(rows(site.path()), before);
    let runs = run_in(site.path(), &["--json", "runs"]).json();
    let state = |id: &serde_json::Value| {
        let runs = runs["runs"].as_array().unwrap();
        runs.iter().find(|run| run["id"] == *id).unwrap()["state"].clone()
    };
    assert_eq!(state(&waiting), "held", "{runs}");
    // Once a person has decided, the next pull is published again.
    let discarded = run_in(site.path(), &["runs", "discard", &waiting.to_string(), "--reason", "moved away"]);
    assert_eq!(discarded.code, 0, "{}", discarded.err);
    assert_eq!(small(site.path(), &["--quiet", "pull", "census"], None).code, 0);
}

/// Somebody put a link into the data folder: what it leads to is not ours to clear away.
#[test]
fn clearing_away_follows_no_link() {
    let site = TestSite::new();
    site.configure("2026-03-31");
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    let elsewhere = site.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("theirs.parquet"), "theirs").unwrap();
    for folder in ["lake", "identity", "index"] {
        let folder = site.data().join(folder);
        fs::create_dir_all(folder.join("ay=2024")).unwrap();
        fs::write(folder.join("ay=2024/unnamed.parquet"), "ours, and named by nobody").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.join("a-folder")).unwrap();
        std::os::unix::fs::symlink(elsewhere.join("theirs.parquet"), folder.join("a-file")).unwrap();
    }
    assert_eq!(site.run(&["--quiet", "link"]).code, 0);
    assert_eq!(fs::read_to_string(elsewhere.join("theirs.parquet")).unwrap(), "theirs");
    for folder in ["lake", "identity", "index"] {
        let folder = site.data().join(folder);
        assert!(!folder.join("ay=2024/unnamed.parquet").exists(), "what nobody names goes");
        assert!(folder.join("a-folder").is_symlink() && folder.join("a-file").is_symlink());
    }
}

/// Every step of a build and a release, in the order in which they are passed.
#[cfg(feature = "warehouse")]
const RELEASE_POINTS: [&str; 9] = [
    "build.begun",
    "build.table",
    "build.table:20",
    "build.made",
    "release.begun",
    "release.written",
    "release.renamed",
    "release.current",
    "release.noted",
];

/// A release: its id, and every byte of it.
#[cfg(feature = "warehouse")]
type Released = (String, Vec<(PathBuf, Vec<u8>)>);

/// The release that readers see.
#[cfg(feature = "warehouse")]
fn current(dir: &Path) -> Option<Released> {
    let releases = dir.join("data/releases");
    let id = fs::read_link(releases.join("current")).ok()?.to_string_lossy().into_owned();
    let mut files = Vec::new();
    walk(&releases.join(&id), &mut files);
    files.sort();
    let read = |file: PathBuf| {
        let bytes = fs::read(&file).unwrap();
        (file.strip_prefix(&releases).unwrap().to_owned(), bytes)
    };
    Some((id, files.into_iter().map(read).collect()))
}

/// What readers see is the release before or the one that was being made, whole; the next run makes the same bytes.
#[cfg(feature = "warehouse")]
fn released_in_spite_of_kills(seed: u64, learners: u32) {
    let story = Story::new(seed, learners);
    let first = copied(story.before.path());
    assert_eq!(run_in(first.path(), &["--quiet", "release"]).code, 0);
    let before = current(first.path()).unwrap();
    assert_eq!(small(first.path(), &["--quiet", "pull"], None).code, 0);
    assert_eq!(run_in(first.path(), &["--quiet", "link"]).code, 0);
    let clean = copied(first.path());
    fs::remove_dir_all(clean.path().join("data/releases")).unwrap();
    assert_eq!(run_in(clean.path(), &["--quiet", "release"]).code, 0);
    let after = current(clean.path()).unwrap();
    assert_ne!(before.0, after.0, "the second pull brought something new");
    for point in RELEASE_POINTS {
        let site = copied(first.path());
        // Copying followed the link.
        let pointer = site.path().join("data/releases/current");
        fs::remove_dir_all(&pointer).unwrap();
        std::os::unix::fs::symlink(&before.0, &pointer).unwrap();
        let ran = run_with(site.path(), &[("THROUGHLINE_FAILPOINT", point)], &["--quiet", "release"]);
        assert_eq!(ran.code, -1, "{point}: {}{}", ran.out, ran.err);
        let seen = current(site.path()).unwrap();
        assert!(seen == before || seen == after, "{point}: a half release is seen");
        let ran = run_in(site.path(), &["--quiet", "release"]);
        assert_eq!(ran.code, 0, "{point}: {}{}", ran.out, ran.err);
        assert!(current(site.path()).unwrap() == after, "{point}: the next run makes another release");
        assert_eq!(run_in(site.path(), &["--quiet", "verify"]).code, 0, "{point}");
    }
}

#[cfg(feature = "warehouse")]
#[test]
fn killed_at_any_step_of_a_release_readers_see_a_whole_one() {
    released_in_spite_of_kills(4, 400);
}

#[cfg(feature = "warehouse")]
#[test]
#[ignore = "takes a while: run by `just deep`"]
fn deep_killed_at_any_step_of_a_release_of_a_hundred_seeds() {
    of_a_hundred_seeds(|seed| released_in_spite_of_kills(seed, 150));
}
