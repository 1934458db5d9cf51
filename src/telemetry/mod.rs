//! What the program says while it works: a closed set of events with safe fields.
//!
//! No stage writes free text to a log. An [`Event`] holds names of our own and numbers, so it can hold no value; this
//! module is the only one that may hand a line to `tracing`.
mod encode;
mod otlp;

pub use otlp::{export_to, flush};

use crate::fault::{Count, Name};
use chrono::{DateTime, NaiveDateTime, Utc};
use std::{
    io::IsTerminal,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tracing_subscriber::{Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Something worth a line in the log.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A source is being pulled.
    PullStarted {
        /// Which.
        source: Name,
    },
    /// A feed of a tenant, or of a file, was read; or could not be.
    SliceRead {
        /// Whose.
        source: Name,
        /// The feed.
        feed: Name,
        /// Which tenant of the list or file of the inbox, from 1.
        part: u32,
        /// How long it took.
        took: Duration,
        /// Whether it was read whole, or passed over with a word about it.
        well: bool,
    },
    /// A source is done.
    PullEnded {
        /// Which.
        source: Name,
        /// The run.
        run: i64,
        /// How it ended, in a word.
        outcome: &'static str,
        /// What became of its records.
        count: Count,
    },
    /// What a pull cost a service.
    ServiceAsked {
        /// Which.
        source: Name,
        /// Requests made, repeated ones included.
        requests: u64,
        /// Requests made again.
        retries: u64,
        /// Time waited because the service or its rate asked for it.
        throttled: Duration,
    },
    /// Another process writes, and this one waits.
    LockAwaited {
        /// The verb that the other one is at.
        holder: Name,
    },
    /// A table is being built, so many of so many done.
    TableStarted {
        /// Tables done.
        done: usize,
        /// Tables in all.
        of: usize,
    },
    /// A release stands.
    Released {
        /// Tables in it.
        tables: usize,
    },
    /// The daemon is at work.
    DaemonStarted {
        /// Sources with a schedule.
        scheduled: usize,
        /// Where it answers for its health, where it does.
        listening: Option<SocketAddr>,
    },
    /// The daemon begins nothing more and ends what it has in hand.
    DaemonStopping,
    /// The daemon goes on with a new configuration.
    Reloaded,
    /// A new configuration was refused; the old one stays.
    ReloadRefused,
    /// The catalog did not answer the daemon.
    CatalogSilent,
    /// A slot was claimed, and its pull begins.
    SlotClaimed {
        /// Whose.
        source: Name,
        /// The slot, an instant in UTC.
        slot: DateTime<Utc>,
        /// The same as wall time where the schedule was written.
        local: NaiveDateTime,
        /// Whether it should have begun long before.
        late: bool,
    },
    /// The work of a slot is over.
    SlotEnded {
        /// Whose.
        source: Name,
        /// The slot, an instant in UTC.
        slot: DateTime<Utc>,
        /// The run it led to.
        run: Option<i64>,
        /// In a word.
        outcome: &'static str,
    },
    /// Slots went by that nobody took; a later one covers them.
    SlotsMissed {
        /// Whose.
        source: Name,
        /// How many.
        slots: usize,
    },
    /// The clock went back by more than a correction: slots are counted from now.
    ClockWentBack {
        /// Whose.
        source: Name,
    },
    /// Another process writes; this one waits for it.
    WaitingForLock,
    /// Work could not be done, for a reason that is not the source's.
    WorkFailed {
        /// Whose; none for linking, building and releasing.
        source: Name,
        /// What stood in the way, in a word or two.
        why: &'static str,
    },
    /// Identities past the age wait for a person's first word.
    IdentitiesWait {
        /// How many learners are past the age.
        learners: u64,
    },
    /// Rows that had had their time were taken away.
    RowsExpired {
        /// The run that did it.
        run: i64,
        /// How many.
        rows: u64,
    },
    /// Small files of the lake were merged.
    Compacted {
        /// How many.
        files: u64,
        /// What they became.
        into: u64,
    },
    /// A list in a folder was answered.
    ListAnswered {
        /// The folder, by its name in the configuration.
        folder: Name,
        /// Rows of the list.
        rows: u64,
        /// Rows whose learner was found.
        found: u64,
    },
    /// Somebody asked for learners' rows and got none.
    LookupRefused {
        /// In a word: `no role`, `purpose`, `too many`.
        why: &'static str,
    },
    /// Linking, building and releasing are over.
    AfterPull {
        /// Whether a release stands that holds everything pulled.
        well: bool,
    },
}

const _: () = {
    const fn holds_no_value<T: Copy + 'static>() {}
    holds_no_value::<Event>();
};

/// Writes an event to the log.
pub fn emit(event: Event) {
    otlp::note(event);
    match event {
        Event::PullStarted { source } => tracing::debug!(%source, "pull started"),
        Event::SliceRead { source, feed, part, took, well } => {
            tracing::debug!(%source, %feed, part, took_ms = took.as_millis() as u64, well, "slice read");
        }
        Event::PullEnded { source, run, outcome, count } => tracing::info!(
            %source,
            run,
            outcome,
            read = count.read,
            accepted = count.accepted,
            set_aside = count.set_aside,
            unchanged = count.unchanged,
            gone = count.gone,
            "pull ended"
        ),
        Event::ServiceAsked { source, requests, retries, throttled } => {
            tracing::info!(%source, requests, retries, throttled_ms = throttled.as_millis() as u64, "service asked");
        }
        Event::LockAwaited { holder } => {
            tracing::warn!(%holder, "waiting: another throughline is writing to this data folder");
        }
        Event::TableStarted { done, of } => tracing::debug!(done, of, "table started"),
        Event::Released { tables } => tracing::info!(tables, "released"),
        other => emit_daemon(other),
    }
}

fn emit_daemon(event: Event) {
    match event {
        Event::DaemonStarted { scheduled, listening } => {
            tracing::info!(scheduled, listening = listening.map(tracing::field::display), "daemon started");
        }
        Event::DaemonStopping => tracing::info!("daemon stopping"),
        Event::Reloaded => tracing::info!("configuration reloaded"),
        Event::ReloadRefused => tracing::error!("configuration refused, the old one stays"),
        Event::CatalogSilent => tracing::error!("the catalog cannot be used"),
        Event::SlotClaimed { source, slot, local, late } => {
            tracing::info!(%source, %slot, %local, late, "slot claimed");
        }
        Event::SlotEnded { source, slot, run, outcome } => match outcome {
            "failed" | "held" => tracing::error!(%source, %slot, run, outcome, "slot ended"),
            "partly" | "refused" => tracing::warn!(%source, %slot, run, outcome, "slot ended"),
            _ => tracing::info!(%source, %slot, run, outcome, "slot ended"),
        },
        Event::SlotsMissed { source, slots } => tracing::warn!(%source, slots, "slots missed"),
        Event::ClockWentBack { source } => tracing::warn!(%source, "the clock went back"),
        Event::WaitingForLock => tracing::info!("waiting for another process to end its writing"),
        Event::WorkFailed { source: Name::NONE, why } => tracing::error!(why, "work failed"),
        Event::WorkFailed { source, why } => tracing::error!(%source, why, "work failed"),
        Event::IdentitiesWait { learners } => tracing::warn!(
            learners,
            "identities of learners past the age wait for a person: `throughline expire` once, or say `identities` under [retention]"
        ),
        Event::RowsExpired { run, rows } => tracing::info!(run, rows, "rows expired"),
        Event::Compacted { files, into } => tracing::info!(files, into, "files merged"),
        Event::ListAnswered { folder, rows, found } => tracing::info!(%folder, rows, found, "list answered"),
        Event::LookupRefused { why } => tracing::warn!(why, "a lookup was refused: see the audit"),
        Event::AfterPull { well: true } => tracing::info!("linked, built and released"),
        Event::AfterPull { well: false } => tracing::error!("linking, building or releasing failed"),
        _ => {}
    }
}

/// How much the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Nothing.
    Quiet,
    /// What went wrong.
    Warnings,
    /// What was done.
    Info,
    /// Everything, our own events only: a library's own tracing may quote what it handles, and is never shown.
    Trace,
}

/// Sends the log to standard error. A second call does nothing.
pub fn start(verbosity: Verbosity, json: bool) {
    let level = match verbosity {
        Verbosity::Quiet => LevelFilter::OFF,
        Verbosity::Warnings => LevelFilter::WARN,
        Verbosity::Info => LevelFilter::INFO,
        Verbosity::Trace => LevelFilter::TRACE,
    };
    let ours = tracing_subscriber::filter::Targets::new().with_target("throughline", level);
    let is_seen = std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(is_seen);
    let registry = tracing_subscriber::registry();
    // A second start, in tests, keeps the first subscriber.
    let _ = if json {
        registry.with(layer.json().with_filter(ours)).try_init()
    } else {
        registry.with(layer.with_filter(ours)).try_init()
    };
}

/// Milliseconds that this process has waited because a service asked for patience.
static THROTTLED: AtomicU64 = AtomicU64::new(0);

/// Counts a wait that a service asked for.
pub fn throttled(wait: Duration) {
    THROTTLED.fetch_add(wait.as_millis() as u64, Ordering::Relaxed);
}

/// How long this process has waited at services' request, in all.
pub fn throttled_in_all() -> Duration {
    Duration::from_millis(THROTTLED.load(Ordering::Relaxed))
}
