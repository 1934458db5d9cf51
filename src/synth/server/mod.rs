//! The schools' systems behind one API on loopback, shaped like Wonde's: bearer token, pages with a link to the next, includes,
//! changes since a moment, deletions. Everything comes from `estate/mis`; what goes wrong is switched on by the handle.
mod connection;
mod fault;
mod page;

#[cfg(test)]
mod tests;

pub use fault::{Fault, Faults};

use axum::Router;
use axum::extract::{ConnectInfo, Path as UrlPath, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use connection::{Connections, Cut};
use page::Files;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The token of the synthetic API: it opens nothing else.
pub const TOKEN: &str = "synthetic-authority";
const PAGE_SIZE: usize = 50;
const LARGEST_PAGE: usize = 200;

/// Starts servers.
pub struct Server;

/// A running server. It stops when dropped.
pub struct Handle {
    /// Where it listens, always on loopback.
    pub addr: SocketAddr,
    /// The bearer token it wants.
    pub token: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    files: Files,
    addr: SocketAddr,
    requests: AtomicU64,
    faults: Mutex<Faults>,
}

impl Server {
    /// Serves the `mis` folder of an estate on a free port of loopback, in a thread of its own.
    ///
    /// # Errors
    /// No port to listen on, or no thread to run in.
    pub fn start(estate_dir: &Path, faults: Faults) -> io::Result<Handle> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            files: Files::new(estate_dir),
            addr,
            requests: AtomicU64::new(0),
            faults: Mutex::new(faults),
        });
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let state = Arc::clone(&shared);
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, state) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("synthetic-mis".to_owned()).spawn(run)?;
        Ok(Handle { addr, token: TOKEN.to_owned(), shared, stop: Some(stop), thread: Some(thread) })
    }
}

impl Handle {
    /// `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Requests answered so far, refused ones included.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// Changes what goes wrong from the next request on.
    pub fn set_faults(&self, faults: Faults) {
        *self.shared.faults() = faults;
    }

    /// Stops listening and waits for the thread.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let routes = Router::new()
        .route("/v1.0/schools", get(answer))
        .route("/v1.0/schools/", get(answer))
        .route("/v1.0/schools/revoked", get(revoked))
        .route("/v1.0/meta/schools/{school}/permissions", get(permissions))
        .route("/v1.0/schools/{school}/{feed}", get(answer))
        .route("/v1.0/schools/{school}/{feed}/", get(answer))
        .with_state(shared)
        .into_make_service_with_connect_info::<Cut>();
    let _ = axum::serve(Connections(listener), routes).await;
}

type Parameters = BTreeMap<String, String>;

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    uri: Uri,
    UrlPath(path): UrlPath<Parameters>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let (fault, withheld) = {
        let mut faults = shared.faults();
        (faults.next(), faults.withheld.clone())
    };
    match fault {
        Some(Fault::HtmlPage) => {
            let html = "<!doctype html><title>Maintenance</title><p>We will be back shortly.</p>";
            return ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
        }
        Some(Fault::TooManyRequests { retry_after }) => {
            let wait = [(header::RETRY_AFTER, retry_after.to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, wait, r#"{"error":"too many requests"}"#).into_response();
        }
        Some(Fault::ServerError) => return error(StatusCode::INTERNAL_SERVER_ERROR, "internal error"),
        Some(Fault::ResetConnection) => cut.soon(),
        Some(Fault::Slow { by }) => tokio::time::sleep(by).await,
        _ => {}
    }
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|value| value.strip_prefix("Bearer ")) != Some(TOKEN) {
        return error(StatusCode::UNAUTHORIZED, "unauthenticated");
    }
    let asked = Asked { path: uri.path(), query: &query, looping: fault == Some(Fault::LoopingNext) };
    match body(&shared, &path, &asked, &withheld) {
        Ok(mut body) => {
            if fault == Some(Fault::TruncatedBody) {
                body.truncate(body.len() / 2);
            }
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(_) => error(StatusCode::NOT_FOUND, "not found"),
    }
}

/// Nobody took their consent back. This and the next are asked beside the records: no fault is used up on them.
async fn revoked(headers: HeaderMap) -> Response {
    listed(&headers, "")
}

/// What the token may read: everything but what is withheld.
async fn permissions(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let withheld = shared.faults().withheld.clone();
    let records: Vec<String> =
        withheld.iter().map(|name| format!(r#"{{"name":"{name}","granted":false}}"#)).collect();
    listed(&headers, &records.join(","))
}

fn listed(headers: &HeaderMap, records: &str) -> Response {
    if !authorised(headers) {
        return error(StatusCode::UNAUTHORIZED, "unauthenticated");
    }
    let body = format!(r#"{{"data":[{records}],"meta":{{"pagination":{{"next":null,"more":false}}}}}}"#);
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn authorised(headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.and_then(|value| value.strip_prefix("Bearer ")) == Some(TOKEN)
}

fn error(status: StatusCode, message: &str) -> Response {
    let body = format!(r#"{{"error":"{message}"}}"#);
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

struct Asked<'a> {
    path: &'a str,
    query: &'a Parameters,
    looping: bool,
}

impl Asked<'_> {
    fn number(&self, name: &str) -> Option<usize> {
        self.query.get(name)?.parse().ok().filter(|number| *number > 0)
    }
}

fn body(shared: &Shared, path: &Parameters, asked: &Asked, withheld: &[String]) -> io::Result<String> {
    let (Some(school), Some(feed)) = (path.get("school"), path.get("feed")) else {
        let schools = shared.files.schools()?;
        let records = schools.iter().map(String::as_str).collect::<Vec<_>>();
        return Ok(envelope(shared.addr, asked, &records, str::to_owned));
    };
    let school = shared.files.school(school)?;
    let records = school.records(feed, asked.query.get("updated_after").map(String::as_str));
    let include = asked.query.get("include").map_or("", String::as_str);
    let whole = !feed.starts_with("students") || page::complete(include, withheld);
    Ok(envelope(shared.addr, asked, &records, |record| {
        if whole { record.to_owned() } else { page::reduced(record, include, withheld) }
    }))
}

/// One page of records in the vendor's envelope; `per_page` comes back as text, as in its documentation.
fn envelope(addr: SocketAddr, asked: &Asked, records: &[&str], render: impl Fn(&str) -> String) -> String {
    let size = asked.number("per_page").unwrap_or(PAGE_SIZE).min(LARGEST_PAGE);
    let page = asked.number("page").unwrap_or(1);
    let start = (page - 1).saturating_mul(size).min(records.len());
    let end = (start + size).min(records.len());
    let more = end < records.len();
    let link = |page: usize| {
        let mut url = format!("http://{addr}{}?per_page={size}&page={page}", asked.path);
        for (name, value) in
            asked.query.iter().filter(|(name, _)| !matches!(name.as_str(), "page" | "per_page"))
        {
            let _ = write!(url, "&{name}={}", value.replace(' ', "%20").replace(',', "%2C"));
        }
        format!("\"{}\"", url.replace('/', "\\/"))
    };
    let next = match (asked.looping, more) {
        (true, _) => link(page),
        (false, true) => link(page + 1),
        (false, false) => "null".to_owned(),
    };
    let previous = if page > 1 { link(page - 1) } else { "null".to_owned() };
    let mut body =
        String::with_capacity(256 + records[start..end].iter().map(|record| record.len() + 1).sum::<usize>());
    body.push_str("{\"data\":[");
    for (number, record) in records[start..end].iter().enumerate() {
        if number > 0 {
            body.push(',');
        }
        body.push_str(&render(record));
    }
    let _ = write!(
        body,
        r#"],"meta":{{"pagination":{{"next":{next},"previous":{previous},"more":{},"per_page":"{size}","current_page":{page}}},"includes":[]}}}}"#,
        more || asked.looping
    );
    body
}
