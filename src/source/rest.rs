//! A service that answers page by page. Requests name no query string in any fault or event.
use crate::{definitions::connector::Paging, fault::Problem};
use reqwest::{Client, StatusCode, Url, header};
use serde_json::Value;
use std::{collections::BTreeMap, collections::HashSet, fs, path::Path, sync::Once, time::Duration};
use zeroize::Zeroizing;

/// How often one page is asked for before it becomes a fault.
const ATTEMPTS: u32 = 4;
/// The longest wait between two attempts, whatever the service asks for; longer ends this slice for now.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// The largest answer accepted.
const MAX_BODY: usize = 64 << 20;

/// A page as it came.
pub struct Page {
    /// The answer.
    pub body: Value,
    /// Which page, from 1.
    pub number: u32,
}

/// A connection to one service with one credential.
pub struct Service {
    client: Client,
    base: Url,
    token: Zeroizing<String>,
    pause: Duration,
}

impl Service {
    /// Readies a service. The token is read from its file and kept out of sight.
    pub fn open(base: &str, token_file: &Path) -> Result<Self, ServiceFault> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Installed already means someone was first with the same provider.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let mut base = Url::parse(base).map_err(|_| ServiceFault::Address)?;
        let loopback = matches!(base.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if base.scheme() != "https" && !loopback {
            return Err(ServiceFault::InClear);
        }
        closed_to_others(token_file)?;
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        let token = fs::read_to_string(token_file).map_err(|_| ServiceFault::Token)?;
        let client = Client::builder()
            .timeout(Duration::from_mins(1))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| ServiceFault::Client)?;
        let token = Zeroizing::new(token.trim().to_owned());
        Ok(Self { client, base, token, pause: Duration::from_millis(250) })
    }

    /// The first page's address.
    pub fn address(
        &self,
        path: &str,
        query: &BTreeMap<String, String>,
        tenant: &str,
    ) -> Result<Url, Problem> {
        let path = path.replace("{tenant}", tenant);
        let mut url = self.base.join(&path).map_err(|_| Problem::Unreachable)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Asks for one page, patiently: a busy, failing or garbled answer is asked for again.
    pub async fn get(&self, url: &Url) -> Result<Value, Problem> {
        let mut problem = Problem::Unreachable;
        for attempt in 0..ATTEMPTS {
            match self.once(url).await {
                Ok(page) => return Ok(page),
                Err(refusal) if refusal.transient => {
                    problem = refusal.problem;
                    let backoff = self.pause * 2_u32.pow(attempt);
                    let wait = refusal.wait.unwrap_or(backoff).max(self.pause);
                    if wait > LONGEST_WAIT || attempt + 1 == ATTEMPTS {
                        break;
                    }
                    crate::telemetry::throttled(wait);
                    tokio::time::sleep(wait).await;
                }
                Err(refusal) => return Err(refusal.problem),
            }
        }
        Err(problem)
    }

    async fn once(&self, url: &Url) -> Result<Value, Refusal> {
        let request = self
            .client
            .get(url.clone())
            .bearer_auth(self.token.as_str())
            .header(header::ACCEPT, "application/json");
        let mut answer = request.send().await.map_err(|_| Refusal::transient(Problem::Unreachable))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Refusal::status(status, answer.headers()));
        }
        let is_json = answer
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.contains("json"));
        if !is_json {
            return Err(Refusal::transient(Problem::NotData));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| Refusal::transient(Problem::Truncated))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_BODY {
                return Err(Refusal::lasting(Problem::TooLarge));
            }
        }
        // The parser's own words may quote the answer: they end here.
        serde_json::from_slice(&bytes).map_err(|error| {
            Refusal::transient(if error.is_eof() { Problem::Truncated } else { Problem::NotData })
        })
    }
}

struct Refusal {
    problem: Problem,
    transient: bool,
    wait: Option<Duration>,
}

impl Refusal {
    const fn transient(problem: Problem) -> Self {
        Self { problem, transient: true, wait: None }
    }
    const fn lasting(problem: Problem) -> Self {
        Self { problem, transient: false, wait: None }
    }
    fn status(status: StatusCode, headers: &header::HeaderMap) -> Self {
        let transient = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
        // A hint of zero, in the past or in words is no hint.
        let wait = headers
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs);
        Self { problem: Problem::HttpStatus(status.as_u16()), transient, wait }
    }
}

/// Why a service could not even be asked.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ServiceFault {
    /// `base_url` is not an address.
    #[error("`base_url` is missing or not an address")]
    Address,
    /// The token and the children would travel in clear.
    #[error("`base_url` is not https: the token and every record would travel in clear")]
    InClear,
    /// Others may read the token.
    #[error("the token file is open to others; close it: chmod 600")]
    OpenToken,
    /// The token cannot be read.
    #[error("the token file is missing or cannot be read; name it in `token_file`")]
    Token,
    /// No client could be made.
    #[error("the HTTP client could not be started")]
    Client,
}

#[cfg(unix)]
fn closed_to_others(token_file: &Path) -> Result<(), ServiceFault> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(token_file).map_err(|_| ServiceFault::Token)?.permissions().mode();
    if crate::privacy::is_closed(token_file, mode) { Ok(()) } else { Err(ServiceFault::OpenToken) }
}
#[cfg(not(unix))]
fn closed_to_others(_: &Path) -> Result<(), ServiceFault> {
    Ok(())
}

/// Walks the pages of one list to their end, and knows a loop when it sees one.
pub struct Walk<'s> {
    service: &'s Service,
    paging: &'s Paging,
    next: Option<Url>,
    followed: HashSet<String>,
    number: u32,
}

impl<'s> Walk<'s> {
    /// A walk that starts at an address.
    pub fn new(service: &'s Service, paging: &'s Paging, first: Url) -> Self {
        Self { service, paging, next: Some(first), followed: HashSet::new(), number: 0 }
    }

    /// The next page, or none at the end.
    pub async fn next(&mut self) -> Result<Option<Page>, Problem> {
        let Some(url) = self.next.take() else { return Ok(None) };
        if let Paging::NextLink { max_pages, .. } = self.paging
            && self.number >= *max_pages
        {
            return Err(Problem::TooManyPages);
        }
        if !self.followed.insert(url.to_string()) {
            return Err(Problem::PageRepeated);
        }
        let body = self.service.get(&url).await?;
        self.number += 1;
        if let Paging::NextLink { at, .. } = self.paging {
            self.next = match at_path(&body, at).and_then(Value::as_str).filter(|link| !link.is_empty()) {
                Some(link) => Some(self.same_host(&url, link)?),
                None => None,
            };
        }
        Ok(Some(Page { body, number: self.number }))
    }

    fn same_host(&self, from: &Url, link: &str) -> Result<Url, Problem> {
        let url = from.join(link).map_err(|_| Problem::ForeignLink)?;
        let same = url.scheme() == self.service.base.scheme()
            && url.host() == self.service.base.host()
            && url.port_or_known_default() == self.service.base.port_or_known_default();
        if same { Ok(url) } else { Err(Problem::ForeignLink) }
    }
}

/// The value at a dotted path; a number steps into an array.
pub fn at_path<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, step| match value {
        Value::Object(object) => object.get(step),
        Value::Array(array) => step.parse::<usize>().ok().and_then(|at| array.get(at)),
        _ => None,
    })
}
