//! What the daemon answers about itself, on loopback unless the configuration says otherwise.
use super::{
    keeper::{Keeper, today},
    metrics,
    outlook::{Outlook, outlook},
};
use crate::{catalog::Catalog, config::Settings, fault::Name, privacy::Key, telemetry};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::{
    net::TcpListener,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A loop that has not turned for so long is stuck.
const STUCK: Duration = Duration::from_mins(2);

/// How things stand, as of the loop's last turn.
pub(super) struct Health {
    seen: Mutex<Seen>,
}

struct Seen {
    turned: Instant,
    answered: bool,
    stopping: bool,
    settings: Arc<Settings>,
    outlook: Vec<Outlook>,
    busy: Vec<Name>,
}

impl Health {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let seen = Seen {
            turned: Instant::now(),
            answered: true,
            stopping: false,
            settings,
            outlook: Vec::new(),
            busy: Vec::new(),
        };
        Self { seen: Mutex::new(seen) }
    }

    /// Notes a turn of the loop. Returns when there is something to do next.
    pub(super) fn look(&self, keeper: &Keeper, now: DateTime<Utc>, answered: bool) -> Option<DateTime<Utc>> {
        let outlook = outlook(keeper.catalog(), keeper.settings(), now);
        let mut seen = self.seen();
        seen.turned = Instant::now();
        seen.answered = answered && outlook.is_ok();
        seen.settings = Arc::clone(keeper.settings());
        seen.busy = keeper.busy().collect();
        if let Ok(outlook) = outlook {
            seen.outlook = outlook;
        }
        let idle = seen.outlook.iter().filter(|one| !seen.busy.contains(&one.source));
        idle.filter_map(|one| one.next).min()
    }

    /// Notes that nothing more is begun.
    pub(super) fn stop(&self) {
        self.seen().stopping = true;
    }

    /// One line for the service manager.
    pub(super) fn in_words(&self) -> String {
        let seen = self.seen();
        let next =
            seen.outlook.iter().filter_map(|one| Some((one.next?, one.source))).min_by_key(|one| one.0);
        let next = next.map_or_else(
            || "nothing is scheduled".to_owned(),
            |(at, source)| format!("next {source} at {} UTC", at.format("%Y-%m-%d %H:%M")),
        );
        let late = seen.outlook.iter().filter(|one| one.late_since.is_some()).count();
        format!("{} at work, {next}, {late} late", seen.busy.len())
    }

    /// What stands in the way of working, in words that hold no value.
    fn complaints(&self) -> Vec<&'static str> {
        let (settings, mut complaints) = {
            let seen = self.seen();
            let mut complaints = Vec::new();
            if seen.turned.elapsed() > STUCK {
                complaints.push("the loop does not turn");
            }
            if !seen.answered {
                complaints.push("the catalog did not answer the loop");
            }
            if seen.stopping {
                complaints.push("stopping");
            }
            (Arc::clone(&seen.settings), complaints)
        };
        match Key::open(&settings.key_files) {
            Err(_) => complaints.push("the key cannot be loaded"),
            Ok(key) => match Catalog::open(&settings.data_dir.join("catalog.sqlite")) {
                Err(_) => complaints.push("the catalog cannot be opened"),
                Ok(mut catalog) => {
                    if catalog.bind_key(&key).is_err() {
                        complaints.push("this is not the key of the data");
                    }
                }
            },
        }
        match free(&settings) {
            Some(free) if free < settings.daemon.min_free => complaints.push("the disk is nearly full"),
            Some(_) => {}
            None => complaints.push("the data folder cannot be looked at"),
        }
        complaints
    }

    fn is_alive(&self) -> bool {
        self.seen().turned.elapsed() <= STUCK
    }

    fn metrics(&self) -> Option<String> {
        let (settings, outlook, busy) = {
            let seen = self.seen();
            (Arc::clone(&seen.settings), seen.outlook.clone(), seen.busy.clone())
        };
        let catalog = Catalog::open(&settings.data_dir.join("catalog.sqlite")).ok()?;
        let now = Utc::now();
        let figures = metrics::Figures {
            measures: catalog.measures().ok()?,
            missed: catalog.missed_slots().ok()?,
            outlook,
            busy,
            free: free(&settings),
            throttled: telemetry::throttled_in_all(),
            expires: settings
                .sources
                .iter()
                .filter_map(|source| Some((source.name, source.agreement.expires?)))
                .map(|(name, last)| (name, (last - today(&settings, now)).num_days()))
                .collect(),
            now,
        };
        Some(metrics::page(&figures))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // A thread that died with the lock left it whole: every write is one assignment.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Free bytes where the data lies.
fn free(settings: &Settings) -> Option<u64> {
    let stat = rustix::fs::statvfs(&settings.data_dir).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Answers until the runtime ends. Call it inside the runtime.
pub(super) fn serve(listener: TcpListener, health: Arc<Health>) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let routes = Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(page))
        .with_state(health);
    tokio::spawn(async move {
        // Ends with the runtime; a connection that breaks is the other side's affair.
        let _ = axum::serve(listener, routes).await;
    });
    Ok(())
}

async fn live(State(health): State<Arc<Health>>) -> Response {
    if health.is_alive() {
        (StatusCode::OK, "alive\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the loop does not turn\n").into_response()
    }
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    // Looks at the disk, which may take its time.
    let complaints = tokio::task::spawn_blocking(move || health.complaints()).await;
    let complaints = complaints.unwrap_or_else(|_| vec!["the check itself failed"]);
    let status = if complaints.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": complaints.is_empty(), "complaints": complaints });
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

async fn page(State(health): State<Arc<Health>>) -> Response {
    match tokio::task::spawn_blocking(move || health.metrics()).await {
        Ok(Some(text)) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the catalog does not answer\n").into_response(),
    }
}
