//! The process that a statement runs in: the same program, with nothing in its environment and nothing on its command line.
//! What it needs comes in by one pipe, what it found goes out by another, and between the two it can open no file, no
//! socket and no other program, for it has given up the right to.
use std::{
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::scope::Facts;
use super::second;
use crate::warehouse::{Copied, Limits, Sealed};

/// The word on the command line that begins the other side.
pub const VERB: &str = "query-engine";
/// How long a statement may run, in milliseconds, and how long the process may be there.
const MILLIS: u64 = 20_000;
const PATIENCE: Duration = Duration::from_secs(40);
/// What the process may take beside the engine's memory.
const BESIDE: u64 = 3 << 30;
/// Groups by combination of conditions that come back at most.
pub(super) const MOST_ROWS: usize = 20_000;
/// Learners by group that come back at most.
pub(super) const MOST_LEARNERS: usize = 4_000_000;

/// What the other side is given.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Errand {
    /// The text as it was typed: read by the engine for a second opinion, and never run.
    pub typed: String,
    /// The statements that are run.
    pub sql: Vec<String>,
    pub facts: Facts,
    pub copies: Vec<Copied>,
    /// In the engine's notation.
    pub memory: String,
    /// The same in bytes.
    pub bytes: u64,
    /// How many rows may come back.
    pub most_rows: usize,
}

/// How it ended on the other side.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// The rows of each statement, as texts.
    Rows(Vec<Vec<Vec<Option<String>>>>),
    /// The engine reads the text in another way.
    Disagrees,
    /// Too many groups.
    TooMany,
    /// It took too long.
    Time,
    /// It took too much memory.
    Memory,
    /// The copies could not be made.
    Copies,
    /// Anything else. What the engine said is not repeated: it may quote a row.
    Engine,
}

/// Runs an errand in a process of its own and waits for it.
pub(super) fn send(errand: &Errand) -> Outcome {
    try_send(errand).unwrap_or(Outcome::Engine)
}

fn try_send(errand: &Errand) -> std::io::Result<Outcome> {
    let program = std::env::current_exe()?;
    let mut child = Command::new(program)
        .arg(VERB)
        .env_clear()
        .current_dir(Path::new("/"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let text = serde_json::to_vec(errand)?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(&text)?;
    }
    let (done, found) = mpsc::channel();
    if let Some(mut pipe) = child.stdout.take() {
        thread::spawn(move || {
            let mut text = Vec::new();
            let read = pipe.read_to_end(&mut text);
            let _ = done.send(read.map(|_| text));
        });
    }
    let found = found.recv_timeout(PATIENCE);
    let _ = child.kill();
    let ended = child.wait()?;
    Ok(match found {
        Ok(Ok(text)) => serde_json::from_slice(&text).unwrap_or(if ended.code().is_none() {
            // Ended by a signal: of the limits that the system holds.
            Outcome::Memory
        } else {
            Outcome::Engine
        }),
        Ok(Err(error)) => return Err(error),
        Err(_) => Outcome::Time,
    })
}

/// The other side: reads its errand, shuts itself in, runs and answers.
pub fn serve() {
    let mut text = Vec::new();
    let errand = std::io::stdin()
        .lock()
        .read_to_end(&mut text)
        .ok()
        .and_then(|_| serde_json::from_slice::<Errand>(&text).ok());
    let outcome = errand.map_or(Outcome::Engine, |errand| run(&errand));
    if let Ok(text) = serde_json::to_vec(&outcome) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(&text);
        let _ = out.flush();
    }
}

fn run(errand: &Errand) -> Outcome {
    limit(errand.bytes);
    let limits = Limits { threads: 1, memory: errand.memory.clone(), spill_to: None };
    let Ok(engine) = Sealed::open(&errand.copies, &limits, MILLIS) else { return Outcome::Copies };
    close_everything();
    let reading = engine.reading(&errand.typed).and_then(|text| serde_json::from_str(&text).ok());
    if !reading.is_some_and(|reading| second::agrees(&reading, &errand.facts)) {
        return Outcome::Disagrees;
    }
    let begun = std::time::Instant::now();
    let mut found = Vec::new();
    for sql in &errand.sql {
        match engine.rows(sql) {
            Ok(rows) if rows.len() > errand.most_rows => return Outcome::TooMany,
            Ok(rows) => found.push(rows),
            Err("Out of Memory") => return Outcome::Memory,
            Err(_) if begun.elapsed() >= Duration::from_millis(MILLIS) => return Outcome::Time,
            Err(_) => return Outcome::Engine,
        }
    }
    Outcome::Rows(found)
}

/// No file may be written, no core kept; so much memory and so much work and no more.
#[cfg(target_os = "linux")]
fn limit(bytes: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let both = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    let _ = setrlimit(Resource::Core, both(0));
    let _ = setrlimit(Resource::Fsize, both(0));
    let _ = setrlimit(Resource::As, both(bytes.saturating_mul(2).saturating_add(BESIDE)));
    let _ = setrlimit(Resource::Cpu, both(PATIENCE.as_secs() + 20));
}
#[cfg(not(target_os = "linux"))]
fn limit(_: u64) {}

/// From here on nothing can be opened: no file, no socket, no pipe.
#[cfg(target_os = "linux")]
fn close_everything() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: Some(0) });
}
#[cfg(not(target_os = "linux"))]
fn close_everything() {}
