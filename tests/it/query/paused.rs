//! The process that a question runs in says so when the machine had something else to do.
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// The process with an errand of no tables that may take a second, and is handed over after so many.
fn begun(until: u64) -> Child {
    let errand = serde_json::json!({
        "typed": "select 1", "sql": "select 1", "facts": { "tables": [], "words": [], "texts": [], "selects": 1 },
        "copies": [], "dealt": null, "memory": "256MB", "bytes": 256_u64 << 20,
        "pace": { "limit": { "secs": 1, "nanos": 0 }, "until": { "secs": until, "nanos": 0 } },
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_throughline"))
        .arg("query-engine")
        // As the program begins it.
        .env_clear()
        .env("MIMALLOC_PURGE_DELAY", "-1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(&errand).unwrap()).unwrap();
    child
}

/// What it answers after five seconds, stopped for so many milliseconds of them.
fn answer(stopped: u64) -> String {
    let mut child = begun(5);
    let pid = Pid::from_child(&child);
    if stopped > 0 {
        // Long enough to have begun, on a busy machine too.
        thread::sleep(Duration::from_millis(400));
        kill_process(pid, Signal::STOP).unwrap();
        thread::sleep(Duration::from_millis(stopped));
        kill_process(pid, Signal::CONT).unwrap();
    }
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    text
}

/// What anybody may look up of a process: the most memory it had in kB and what it has now, and how many threads it has.
fn seen(pid: u32) -> [u64; 3] {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    [number("VmHWM:"), number("VmRSS:"), number("Threads:")]
}

/// The memory of the process is what a question has, whatever it found, at all times once it began; and long after its time to work is over the engine and what stops it are
/// still there: without the engine two threads would be left.
#[test]
fn who_looks_at_the_process_learns_nothing_of_its_work() {
    let mut child = begun(5);
    thread::sleep(Duration::from_millis(4_000));
    let [most, now, threads] = seen(child.id());
    assert!(most >= 256 << 10 && now >= 256 << 10 && threads > 2, "{most} kB, {now} kB, {threads} threads");
    assert!(child.wait().unwrap().success());
}

/// Were a question on a crowded machine worked on as ever, what little one learner adds would become seconds, and whether it took too long
/// would tell of it.
#[test]
fn a_question_that_got_hardly_any_processor_is_said_to_have_met_a_busy_machine() {
    assert_eq!(answer(5_100), "\"busy\"\n");
    // The machine of the test may be one itself.
    assert!((0..3).any(|_| answer(0) != "\"busy\"\n"));
}
