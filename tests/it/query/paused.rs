//! The process that a question runs in says so when the machine had something else to do.
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{Read, Write},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// What the process answers to an errand of no tables that is handed over after two seconds, stopped for so many milliseconds of them.
fn answer(stopped: u64) -> String {
    let errand = serde_json::json!({
        "typed": "select 1", "sql": "select 1", "facts": { "tables": [], "words": [], "texts": [], "selects": 1 },
        "copies": [], "dealt": null, "memory": "256MB", "bytes": 256_u64 << 20,
        "pace": { "limit": { "secs": 1, "nanos": 0 }, "until": { "secs": 2, "nanos": 0 } },
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_throughline"))
        .arg("query-engine")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_child(&child);
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(&errand).unwrap()).unwrap();
    if stopped > 0 {
        thread::sleep(Duration::from_millis(20));
        kill_process(pid, Signal::STOP).unwrap();
        thread::sleep(Duration::from_millis(stopped));
        kill_process(pid, Signal::CONT).unwrap();
    }
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    text
}

/// Were a question on a crowded machine worked on as ever, what little one learner adds would become seconds, and whether it took too long
/// would tell of it.
#[test]
fn a_question_that_got_hardly_any_processor_is_said_to_have_met_a_busy_machine() {
    assert_eq!(answer(2_100), "\"busy\"\n");
    assert_ne!(answer(0), "\"busy\"\n");
}
