//! A supplier's service on loopback: a folder of invented answers and an index that says which request gets which.
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicU32, atomic::Ordering},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// `pages.toml`: how the source is configured, and what the service answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Further lines of the source in the configuration.
    #[serde(default)]
    pub source: String,
    /// What the source's `token_file` holds.
    pub secret: String,
    /// The day of the configuration.
    #[serde(default = "some_day")]
    pub as_of: String,
    /// Exit codes of the pulls, one after the other; the last ones may have pages of their own.
    pub pulls: Vec<i32>,
    /// What the service answers.
    pub page: Vec<Page>,
}

fn some_day() -> String {
    "2026-03-31".to_owned()
}

/// One answer. A request gets the page that names most of it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    #[serde(default = "get")]
    method: String,
    path: String,
    /// Parameters that the request must have, with these values; `*` is any value, and `!` says that it is absent.
    #[serde(default)]
    query: BTreeMap<String, String>,
    /// Headers that the request must have: the service's proof that it was asked rightly.
    #[serde(default)]
    needs: BTreeMap<String, String>,
    /// Words that the request's body must hold.
    #[serde(default)]
    body: Vec<String>,
    /// Only in these pulls, from 1; none: in all.
    #[serde(default)]
    pulls: Vec<u32>,
    /// Answered so often, then no more: what comes after a fault.
    times: Option<u32>,
    /// The answer's file in the folder; `{base}` in it becomes the service's address, `{local}` its other name.
    file: Option<String>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

fn get() -> String {
    "GET".to_owned()
}
const fn ok() -> u16 {
    200
}

/// A running service.
pub struct Service {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    addr: SocketAddr,
    base: String,
    pages: Vec<(Page, Vec<u8>)>,
    answered: Mutex<Vec<u32>>,
    pull: AtomicU32,
    asked: Mutex<Vec<String>>,
    mishaps: Mutex<VecDeque<Option<Mishap>>>,
}

/// What a request gets in place of its answer.
pub type Mishap = fn(&[u8]) -> Response;

impl Service {
    /// Serves a folder on a free port of loopback; each answer is first changed, by the name of its file.
    pub fn start(folder: &Path, index: &Index, change: &dyn Fn(&str, Vec<u8>) -> Vec<u8>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let bytes = |page: &Page| {
            let bytes = content(folder, page, addr);
            page.file.as_deref().map_or(Vec::new(), |file| change(file, bytes))
        };
        let pages: Vec<_> = index.page.iter().map(|page| (page.clone(), bytes(page))).collect();
        let answered = Mutex::new(vec![0; pages.len()]);
        let shared = Arc::new(Shared {
            addr,
            base: format!("http://{addr}"),
            pages,
            answered,
            pull: AtomicU32::new(1),
            asked: Mutex::default(),
            mishaps: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let run = move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = async { axum::serve(listener, routes).await } => served.unwrap(),
                    _ = stopped => {}
                }
            });
        };
        Self { shared, stop: Some(stop), thread: Some(std::thread::spawn(run)) }
    }

    /// `http://127.0.0.1:port`.
    pub fn base(&self) -> &str {
        &self.shared.base
    }

    /// The next pull begins; what was asked since the last one.
    pub fn turn(&self) -> Vec<String> {
        self.shared.pull.fetch_add(1, Ordering::SeqCst);
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }

    /// The first pull comes again.
    pub fn rewind(&self) {
        self.shared.pull.store(1, Ordering::SeqCst);
        self.shared.answered.lock().unwrap().fill(0);
    }

    /// What goes wrong from the next question on, one by one.
    pub fn go_wrong(&self, mishaps: impl IntoIterator<Item = Option<Mishap>>) {
        *self.shared.mishaps.lock().unwrap() = mishaps.into_iter().collect();
    }

    /// Pages that nobody ever asked for: the connector does not do what the sample says.
    pub fn never_asked(&self) -> Vec<String> {
        let answered = self.shared.answered.lock().unwrap();
        let unasked = self.shared.pages.iter().zip(answered.iter()).filter(|(_, times)| **times == 0);
        unasked.map(|((page, _), _)| format!("{} {} {:?}", page.method, page.path, page.query)).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A page's bytes: a text with the service's address in its place, or whatever else as it stands.
fn content(folder: &Path, page: &Page, addr: SocketAddr) -> Vec<u8> {
    let Some(file) = &page.file else { return Vec::new() };
    let bytes = fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    match String::from_utf8(bytes) {
        Ok(text) => placed(&text, addr).into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

fn placed(text: &str, addr: SocketAddr) -> String {
    let local = format!("localhost:{}", addr.port());
    text.replace("{base}", &format!("http://{addr}")).replace("{local}", &local)
}

/// What a request is, as pages are chosen by it.
struct Asked {
    method: Method,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: String,
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let uri = parts.uri.to_string();
    let url = reqwest::Url::parse(&format!("{}{uri}", shared.base)).unwrap();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let asked = Asked {
        method: parts.method,
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let pull = shared.pull.load(Ordering::SeqCst);
    let mut answered = shared.answered.lock().unwrap();
    let fitting = shared.pages.iter().enumerate().filter(|(at, (page, _))| {
        page.fits(&asked, pull, shared.addr) && page.times.is_none_or(|times| answered[*at] < times)
    });
    let best = fitting.max_by_key(|(at, (page, _))| (page.weight(), std::cmp::Reverse(*at)));
    let line = format!("{} {}", asked.method, shown(&url));
    let Some((at, (page, bytes))) = best else {
        shared.asked.lock().unwrap().push(format!("{line} -> nobody answers"));
        return StatusCode::NOT_FOUND.into_response();
    };
    answered[at] += 1;
    let mishap = if asked.method == Method::GET { shared.mishaps.lock().unwrap().pop_front() } else { None };
    if let Some(Some(mishap)) = mishap {
        return mishap(bytes);
    }
    let status = StatusCode::from_u16(page.status).unwrap();
    shared.asked.lock().unwrap().push(format!("{line} -> {}", page.status));
    let kind = match page.file.as_deref().and_then(|file| file.rsplit_once('.')) {
        Some((_, "xml")) => "text/xml; charset=utf-8",
        Some((_, "html")) => "text/html; charset=utf-8",
        _ => "application/json",
    };
    let mut response = (status, bytes.clone()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in &page.headers {
        let value = value.replace("{base}", &shared.base);
        let name: HeaderName = name.parse().unwrap();
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

impl Page {
    fn fits(&self, asked: &Asked, pull: u32, addr: SocketAddr) -> bool {
        let query = self.query.iter().all(|(name, value)| match (value.as_str(), asked.query.get(name)) {
            ("!", there) => there.is_none(),
            ("*", there) => there.is_some(),
            (value, there) => there.is_some_and(|there| there == value),
        });
        let headers = self.needs.iter().all(|(name, value)| {
            asked.headers.get(&name.to_lowercase()).is_some_and(|there| *there == placed(value, addr))
        });
        self.method == asked.method.as_str()
            && self.path == asked.path
            && (self.pulls.is_empty() || self.pulls.contains(&pull))
            && query
            && headers
            && self.body.iter().all(|word| asked.body.contains(word.as_str()))
    }

    /// The page that names most of a request is meant.
    fn weight(&self) -> usize {
        self.query.len()
            + self.needs.len()
            + self.body.len()
            + self.pulls.len()
            + usize::from(self.times.is_some())
    }
}

/// A request as a snapshot shows it: instants, which are the test's own, are not.
fn shown(url: &reqwest::Url) -> String {
    let pairs: Vec<String> =
        url.query_pairs().map(|(name, value)| format!("{name}={}", timeless(&value))).collect();
    if pairs.is_empty() { url.path().to_owned() } else { format!("{}?{}", url.path(), pairs.join("&")) }
}

/// A text without the instants in it.
fn timeless(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | '.' | 'Z' | ' ');
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("20") {
        let end = rest[at..].find(|c| !is_part(c)).map_or(rest.len(), |n| at + n);
        out.push_str(&rest[..at]);
        out.push_str(if end - at >= 10 { "<instant>" } else { &rest[at..end] });
        rest = &rest[end..];
    }
    out + rest
}
