//! Tables made at the same time, each by one thread.
//!
//! Comes in: queries whose tables are all there. Goes out: what came of each, in whatever order they end. Promise: one
//! query is never shared between threads. An engine that shares one lets the thread that asked spin while another
//! finishes, and hands out rows in an order that depends on both.
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

use duckdb::Connection;

use super::build::{make, write};
use super::connection::engine;
use super::fault::WarehouseFault;
use super::kept::Line;
use super::years::{Year, make_each};
use crate::definitions::query::Query;

/// A table to make.
pub(super) struct Job<'q> {
    /// Its place in the order of all.
    pub(super) at: usize,
    pub(super) query: &'q Query,
    pub(super) key: String,
    /// Where what is kept of it goes.
    pub(super) path: Option<PathBuf>,
    /// The years to make of a table that is made for each by itself; empty for any other.
    pub(super) years: Vec<Year>,
}

/// What came of a job.
pub(super) struct Made {
    pub(super) at: usize,
    /// Its line, or those of its years.
    pub(super) lines: Result<Vec<Line>, WarehouseFault>,
    pub(super) took: Duration,
}

/// A job's end, or the panic that ended it, and whose it was.
type Ended = (usize, Result<Made, Box<dyn Any + Send>>);

/// Threads that wait for tables to make, each with a connection of its own to one engine.
pub(super) struct Workers<'q> {
    jobs: Vec<Sender<Job<'q>>>,
    idle: Vec<usize>,
    ended: Receiver<Ended>,
}

impl<'q> Workers<'q> {
    /// Starts as many as there may be at once, at least one.
    pub(super) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        connection: &Connection,
        at_once: usize,
    ) -> Result<Self, WarehouseFault>
    where
        'q: 'scope,
    {
        let (tell, ended) = channel();
        let mut jobs = Vec::new();
        for worker in 0..at_once.max(1) {
            let (give, take) = channel::<Job<'q>>();
            let (own, tell) = (connection.try_clone().map_err(engine)?, tell.clone());
            scope.spawn(move || work(worker, &own, &take, &tell));
            jobs.push(give);
        }
        let idle = (0..jobs.len()).rev().collect();
        Ok(Self { jobs, idle, ended })
    }

    /// Whether one waits for something to do.
    pub(super) fn any_idle(&self) -> bool {
        !self.idle.is_empty()
    }

    /// Whether all wait.
    pub(super) fn all_idle(&self) -> bool {
        self.idle.len() == self.jobs.len()
    }

    /// Gives a table to one that waits; nobody takes it when none does.
    pub(super) fn give(&mut self, job: Job<'q>) {
        if let Some(worker) = self.idle.pop() {
            // One that is gone has told so, which is heard at the next end.
            let _ = self.jobs[worker].send(job);
        }
    }

    /// Waits for the next end. A thread that panicked goes on panicking here.
    pub(super) fn next(&mut self) -> Option<Made> {
        let (worker, ended) = self.ended.recv().ok()?;
        self.idle.push(worker);
        match ended {
            Ok(made) => Some(made),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn work(worker: usize, connection: &Connection, jobs: &Receiver<Job<'_>>, tell: &Sender<Ended>) {
    while let Ok(Job { at, query, key, path, years }) = jobs.recv() {
        let began = Instant::now();
        let made = catch_unwind(AssertUnwindSafe(|| {
            if !years.is_empty() {
                return make_each(connection, query, years);
            }
            make(connection, query)?;
            write(connection, query, key, path.as_deref()).map(|line| vec![line])
        }));
        let ended = made.map(|lines| Made { at, lines, took: began.elapsed() });
        if tell.send((worker, ended)).is_err() {
            return;
        }
    }
}
