//! The process that a statement runs in: the same program, with nothing in its environment and nothing on its command line.
//! What it needs comes in by one pipe, what it found goes out by another, and between the two it can open no file, no
//! socket and no other program, for it has given up the right to.
use std::{
    io::{Read, Write},
    mem::ManuallyDrop,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::gathered::{Gate, Gathered};
use super::pages;
use super::scope::Facts;
use super::second;
use crate::warehouse::{Copied, Dealt, Limits, Sealed};

/// The word on the command line that begins the other side.
pub const VERB: &str = "query-engine";
/// How long a process may be there after its time is over, to hand over what it has.
const PATIENCE: Duration = Duration::from_secs(4);
/// What the process may take beside the engine's memory.
const BESIDE: u64 = 3 << 30;
/// No question may take longer, and the answer to none is handed over before.
pub const LONGEST: Duration = Duration::from_secs(60);
/// Of a processor a question over real learners has to get this share at least, in one of so many parts. Where it gets less, what little one
/// learner changes would become seconds, and the drawn limit would tell of it.
const LEAST_SHARE: u32 = 5;
/// Groups by combination of conditions that come back at most.
const MOST_ROWS: usize = 20_000;

/// What the other side is given.
#[derive(Serialize, Deserialize)]
pub(super) struct Errand {
    /// The text as it was typed: read by the engine for a second opinion, and never run.
    pub typed: String,
    /// The statement that is run, once for each block of learners where they are dealt.
    pub sql: String,
    pub facts: Facts,
    pub copies: Vec<Copied>,
    pub dealt: Option<OverBlocks>,
    pub pace: Pace,
    /// In the engine's notation.
    pub memory: String,
    /// The same in bytes.
    pub bytes: u64,
    /// Bytes that the groups of a question over real learners may come to, by the text and by how many learners there are.
    #[serde(default)]
    pub groups: u64,
}

/// A statement that is run over one block of learners at a time, and whose rows are put through the gate where they are found.
#[derive(Serialize, Deserialize)]
pub(super) struct OverBlocks {
    pub dealt: Dealt,
    /// How its rows go through the gate.
    pub gate: Gate,
}

/// How long the other side may work.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Pace {
    /// From its beginning, copies and all: what takes longer is stopped.
    pub limit: Duration,
    /// If it is done before, in whatever way, the process goes on with nothing until then, and hands over what it has only then: neither the
    /// clock nor the processor's time tells how long it took.
    pub until: Option<Duration>,
}

impl Pace {
    /// Over invented learners.
    pub const OF_INVENTED: Self = Self { limit: Duration::from_secs(20), until: None };

    fn whole(self) -> Duration {
        self.until.map_or(self.limit, |until| until.max(self.limit))
    }
}

/// How it ended on the other side.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// The rows, as texts.
    Rows(Vec<Vec<Option<String>>>),
    /// The answer as it is kept: figures near the true ones, and no others.
    Answer(String),
    /// The engine reads the text in another way.
    Disagrees,
    /// Too many groups.
    TooMany,
    /// It took too long.
    Time,
    /// The machine had something else to do, however much this was.
    Busy,
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

/// Whether this process may have what its errand needs: whoever lowers that from outside would learn, by what no longer fits, what it took.
#[cfg(target_os = "linux")]
pub(super) fn has_room(errand: &Errand) -> bool {
    use rustix::process::{Resource, getrlimit};
    let least = [
        (Resource::As, of_memory(errand)),
        (Resource::Data, of_memory(errand)),
        (Resource::Rss, of_memory(errand)),
        (Resource::Cpu, LONGEST.as_secs() + PATIENCE.as_secs()),
        (Resource::Stack, 1 << 20),
    ];
    least.into_iter().all(|(resource, least)| getrlimit(resource).current.is_none_or(|limit| limit >= least))
}
#[cfg(not(target_os = "linux"))]
pub(super) fn has_room(_: &Errand) -> bool {
    true
}

fn of_memory(errand: &Errand) -> u64 {
    errand.bytes.saturating_mul(2).saturating_add(2 * errand.groups).saturating_add(BESIDE)
}

fn try_send(errand: &Errand) -> std::io::Result<Outcome> {
    let program = std::env::current_exe()?;
    let mut child = Command::new(program)
        .arg(VERB)
        .env_clear()
        // What it took once stays with it: see `take_all`.
        .env("MIMALLOC_PURGE_DELAY", "-1")
        .current_dir(Path::new("/"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let text = Zeroizing::new(serde_json::to_vec(errand)?);
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
    let found = found.recv_timeout(errand.pace.whole() + PATIENCE);
    let _ = child.kill();
    // What a process that was waited for took, memory and all, counts as taken by whoever waited: over real learners nobody does, and the
    // system clears up when this program ends.
    let ended = if errand.pace.until.is_none() { child.wait()?.code() } else { None };
    Ok(match found {
        Ok(Ok(text)) => serde_json::from_slice(&text).unwrap_or(if ended.is_none() {
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
    let begun = Instant::now();
    // Before it is told anything.
    pages::look_at_program();
    let mut text = Zeroizing::new(Vec::new());
    let errand = std::io::stdin()
        .lock()
        .read_to_end(&mut text)
        .ok()
        .and_then(|_| serde_json::from_slice::<Errand>(&text).ok());
    let until = errand.as_ref().and_then(|errand| errand.pace.until);
    // The engine and its threads stay until the end: when they went would tell when the work was done.
    let mut kept = None;
    let mut outcome = errand.map_or(Outcome::Engine, |errand| {
        limit(&errand);
        match take_all(&errand) {
            Ok(()) => run(&errand, begun, &mut kept),
            Err(_) => Outcome::Engine,
        }
    });
    if let Some(until) = until {
        // What it took, and what the system says of it to whoever looks, is the same for all: it goes on with nothing.
        while begun.elapsed() < until {
            std::hint::spin_loop();
        }
        if processor_time() < until / LEAST_SHARE {
            outcome = Outcome::Busy;
        }
    }
    let Ok(mut text) = serde_json::to_vec(&outcome) else { return };
    text.push(b'\n');
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(&text).and_then(|()| out.flush());
}

/// What this process has had of a processor.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
#[cfg(not(target_os = "linux"))]
fn processor_time() -> Duration {
    Duration::MAX
}

/// All that the work may come to is taken at the beginning, where how long it takes, and what it takes, is nobody's business.
fn take_all(errand: &Errand) -> std::io::Result<()> {
    if errand.pace.until.is_some() {
        let all = errand.bytes.saturating_add(errand.bytes / 4).saturating_add(errand.groups);
        pages::take(usize::try_from(all).unwrap_or_default());
        pages::take_as_drawn()?;
    }
    Ok(())
}

fn run(errand: &Errand, begun: Instant, kept: &mut Option<Sealed>) -> Outcome {
    let limits = Limits { threads: 1, memory: errand.memory.clone(), spill_to: None };
    let millis = u64::try_from(errand.pace.limit.as_millis()).unwrap_or(u64::MAX);
    let dealt = errand.dealt.as_ref().map(|over| over.dealt);
    let Ok(engine) = Sealed::open(&errand.copies, dealt, &limits, millis) else { return Outcome::Copies };
    let engine = kept.insert(engine);
    let left = errand.pace.limit.saturating_sub(begun.elapsed());
    let stop = engine.stop();
    let whole = errand.pace.whole();
    thread::spawn(move || {
        thread::sleep(left);
        stop();
        // When this thread went would tell the limit that was drawn.
        thread::sleep(whole);
    });
    close_everything();
    let reading = engine.reading(&errand.typed).and_then(|text| serde_json::from_str(&text).ok());
    if !reading.is_some_and(|reading| second::agrees(&reading, &errand.facts)) {
        return Outcome::Disagrees;
    }
    let found = match &errand.dealt {
        None => engine.rows(&errand.sql).map(Outcome::Rows),
        Some(over) => over_blocks(engine, errand, over, begun),
    };
    match found {
        Err("Out of Memory") => Outcome::Memory,
        _ if begun.elapsed() >= errand.pace.limit => Outcome::Time,
        Ok(Outcome::Rows(rows)) if rows.len() > MOST_ROWS => Outcome::TooMany,
        Ok(found) => found,
        Err(_) => Outcome::Engine,
    }
}

/// The answer from all blocks, or the class of what went wrong, which is over time too.
fn over_blocks(
    engine: &Sealed,
    errand: &Errand,
    over: &OverBlocks,
    begun: Instant,
) -> Result<Outcome, &'static str> {
    // What was added up stays until the process ends: giving it back takes as long as there are groups, and nobody looks at the clock then.
    let mut gathered = ManuallyDrop::new(Gathered::of(&over.gate).ok_or("no policy")?);
    for block in 0..over.dealt.blocks {
        engine.lay_out(block)?;
        for row in engine.rows(&errand.sql)? {
            gathered.push(row).ok_or("no row of a question")?;
        }
        gathered.end_block();
        if begun.elapsed() >= errand.pace.limit {
            return Err("over time");
        }
    }
    let answer = gathered.answer(&|| begun.elapsed() < errand.pace.limit).ok_or("over time")?;
    Ok(Outcome::Answer(answer.as_ref().kept()))
}

/// No file may be written, no core kept; so much memory and so much work and no more.
#[cfg(target_os = "linux")]
fn limit(errand: &Errand) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let both = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    let _ = setrlimit(Resource::Core, both(0));
    let _ = setrlimit(Resource::Fsize, both(0));
    let _ = setrlimit(Resource::As, both(of_memory(errand)));
    let _ = setrlimit(Resource::Cpu, both((errand.pace.whole() + PATIENCE).as_secs()));
}
#[cfg(not(target_os = "linux"))]
fn limit(_: &Errand) {}

/// From here on nothing can be opened: no file, no socket, no pipe.
#[cfg(target_os = "linux")]
fn close_everything() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: Some(0) });
}
#[cfg(not(target_os = "linux"))]
fn close_everything() {}
