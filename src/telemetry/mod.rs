//! What the program says while it works: a closed set of events with safe fields.
//!
//! No stage writes free text to a log. An [`Event`] holds names of our own and numbers, so it can hold no value; this
//! module is the only one that may hand a line to `tracing`.
use crate::fault::{Count, Name};
use tracing_subscriber::{Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Something worth a line in the log.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A source is being pulled.
    PullStarted {
        /// Which.
        source: Name,
    },
    /// A source is done.
    PullEnded {
        /// Which.
        source: Name,
        /// What became of its records.
        count: Count,
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
}

const _: () = {
    const fn holds_no_value<T: Copy + 'static>() {}
    holds_no_value::<Event>();
};

/// Writes an event to the log.
pub fn emit(event: Event) {
    match event {
        Event::PullStarted { source } => tracing::debug!(%source, "pull started"),
        Event::PullEnded { source, count } => tracing::info!(
            %source,
            read = count.read,
            accepted = count.accepted,
            set_aside = count.set_aside,
            unchanged = count.unchanged,
            "pull ended"
        ),
        Event::LockAwaited { holder } => {
            tracing::warn!(%holder, "waiting: another throughline is writing to this data folder");
        }
        Event::TableStarted { done, of } => tracing::debug!(done, of, "table started"),
        Event::Released { tables } => tracing::info!(tables, "released"),
    }
}

/// How much the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    // A second start, in tests, keeps the first subscriber.
    let _ = if json {
        registry.with(layer.json().with_filter(ours)).try_init()
    } else {
        registry.with(layer.with_filter(ours)).try_init()
    };
}
