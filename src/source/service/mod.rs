//! A service that answers page by page: who asks, how fast, how patiently, and where a list ends.
//!
//! [`Service::ask`] gets one answer: it proves who asks, keeps to the rate, asks again what was cut short or refused for
//! the moment, and gives up with a [`Refusal`] that says whether asking later may help. [`Walk`] follows a list from
//! page to page and trusts nothing about its end. No address with a query, no header and no body stands in any fault.
mod address;
mod answer;
mod credential;
mod pace;
mod patience;
mod trace;
mod walk;

#[cfg(test)]
mod tests;

pub use address::Words;
pub use answer::{Facts, Reading};
pub use patience::Patience;
pub use trace::Trace;
pub use walk::{Page, Walk};

use crate::{
    config::Source,
    definitions::connector::{AnswerFormat, RestForm},
    fault::Problem,
    source::json::Answer,
    telemetry,
};
use answer::Miss;
use chrono::Utc;
use credential::Authority;
use pace::Pace;
use patience::{Breaker, Budget};
use reqwest::{
    Client, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use std::{collections::BTreeMap, mem, sync::Once, time::Duration};
use tokio::time::Instant;

/// The largest answer accepted.
const MAX_BODY: usize = 64 << 20;

/// A connection to one service with one credential.
pub struct Service {
    client: Client,
    form: RestForm,
    base: String,
    token_base: Option<String>,
    fixed: HeaderMap,
    authority: Authority,
    patience: Patience,
    pace: Pace,
    budget: Budget,
    breaker: Breaker,
    throttled: Duration,
    body: Vec<u8>,
    canonical: Vec<u8>,
}

/// Why a list or a page was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Asking again would not help today.
    Fault(Problem),
    /// Asking again may help, after so long.
    Later(Problem, Duration),
    /// This feed is not granted.
    NotGranted(Problem),
    /// The tenant took its consent back.
    Revoked,
}

impl Refusal {
    /// What went wrong.
    pub const fn problem(self) -> Problem {
        match self {
            Self::Fault(problem) | Self::Later(problem, _) | Self::NotGranted(problem) => problem,
            Self::Revoked => Problem::ConsentRevoked,
        }
    }
}

/// What a pull cost the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Requests made, repeated ones included.
    pub requests: u64,
    /// Requests made again.
    pub retries: u64,
    /// Time waited because the service or the connector's rate asked for it.
    pub throttled: Duration,
}

impl Service {
    /// Readies a source's service. The secret is read from its file and kept out of sight.
    pub fn open(source: &Source, form: &RestForm, patience: Patience) -> Result<Self, ServiceFault> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Installed already means someone was first with the same provider.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let base = source.base_url.clone().ok_or(ServiceFault::Address)?;
        let token_base = source.token_url.clone();
        for address in [Some(&base), token_base.as_ref()].into_iter().flatten() {
            encrypted(address)?;
        }
        let token_file = source.token_file.as_deref().ok_or(ServiceFault::Token)?;
        let authority = Authority::open(&form.auth, token_file)?;
        // A supplier's rate is for the supplier: what plays one on this machine needs no sparing.
        let rate = form.rate.filter(|_| !base.starts_with("http://"));
        let client = Client::builder()
            .timeout(patience.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| ServiceFault::Client)?;
        Ok(Self {
            client,
            fixed: fixed_headers(form)?,
            form: form.clone(),
            base,
            token_base,
            authority,
            patience,
            pace: Pace::new(rate, Instant::now()),
            budget: Budget::default(),
            breaker: Breaker::default(),
            throttled: Duration::ZERO,
            body: Vec::new(),
            canonical: Vec::new(),
        })
    }

    /// Where a tenant's records are: the source's base, or the host that the service told, where it is the supplier's.
    pub fn base(&self, words: &Words<'_>, own: Option<&str>) -> Result<Url, Problem> {
        let base = words.base(&self.base).ok_or(Problem::ForeignBase)?;
        let domain = self.form.tenants.as_ref().and_then(|tenants| tenants.domain.as_deref());
        own.map_or(Ok(base.clone()), |own| address::own_base(&base, own, domain))
    }

    /// The address of a list or a record.
    pub fn address(
        &self,
        base: &Url,
        path: &str,
        query: &BTreeMap<String, String>,
        words: &Words<'_>,
    ) -> Result<Url, Problem> {
        let path = words.path(path).ok_or(Problem::ForeignBase)?;
        let mut url = base.join(&path).map_err(|_| Problem::ForeignBase)?;
        url = address::same_host(base, url.as_str()).map_err(|_| Problem::ForeignBase)?;
        for (name, value) in query {
            let value = words.text(value).ok_or(Problem::ForeignBase)?;
            url.query_pairs_mut().append_pair(name, &value);
        }
        Ok(url)
    }

    /// What this cost so far.
    pub const fn effort(&self) -> Effort {
        Effort { requests: self.budget.requests, retries: self.budget.retries, throttled: self.throttled }
    }

    /// How patient it is.
    pub const fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Gets one answer, patiently: a busy, failing or garbled one is asked for again. `take` sees it once, whole.
    pub async fn ask<T>(
        &mut self,
        url: &Url,
        words: &Words<'_>,
        reading: &Reading<'_>,
        take: &mut dyn FnMut(Answer<'_>, &Facts) -> T,
    ) -> Result<T, Refusal> {
        let (mut failed, mut renewed) = (0, false);
        loop {
            if let Some(left) = self.breaker.left(Instant::now()) {
                return Err(Refusal::Later(Problem::Unreachable, left));
            }
            let mut body = mem::take(&mut self.body);
            let got = match self.once(url, words, reading, &mut body).await {
                Ok(facts) => reading.read(&body).map(|answer| take(answer, &facts)),
                Err(miss) => Err(miss),
            };
            self.body = body;
            let (problem, hint) = match got {
                Ok(taken) => {
                    self.breaker.worked();
                    return Ok(taken);
                }
                Err(Miss::Renew(problem)) => {
                    if renewed || !self.authority.forget(words.tenant) {
                        return Err(Refusal::Fault(problem));
                    }
                    renewed = true;
                    continue;
                }
                Err(Miss::Lasting(problem)) => return Err(Refusal::Fault(problem)),
                Err(Miss::NotGranted(problem)) => return Err(Refusal::NotGranted(problem)),
                Err(Miss::Revoked) => return Err(Refusal::Revoked),
                Err(Miss::Again { problem, hint }) => (problem, hint),
            };
            failed += 1;
            self.wait_again(problem, hint, failed).await?;
        }
    }

    /// Waits before another attempt, or says that there will be none for now.
    async fn wait_again(
        &mut self,
        problem: Problem,
        hint: Option<Duration>,
        failed: u32,
    ) -> Result<(), Refusal> {
        if matches!(problem, Problem::Unreachable | Problem::HttpStatus(500..)) {
            self.breaker.failed(Instant::now(), self.patience.rest);
        }
        let wait =
            hint.map_or_else(|| self.patience.backoff(failed), |hint| hint.max(self.patience.shortest));
        if wait > self.patience.longest || failed >= self.patience.attempts || !self.budget.may_retry() {
            return Err(Refusal::Later(problem, hint.unwrap_or_default()));
        }
        if matches!(problem, Problem::HttpStatus(429 | 503)) {
            self.throttled += wait;
            telemetry::throttled(wait);
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// One attempt: the body goes into the buffer, which keeps its room from page to page.
    async fn once(
        &mut self,
        url: &Url,
        words: &Words<'_>,
        reading: &Reading<'_>,
        body: &mut Vec<u8>,
    ) -> Result<Facts, Miss> {
        body.clear();
        let turn = self.pace.take(Instant::now());
        if !turn.is_zero() {
            self.throttled += turn;
            telemetry::throttled(turn);
            tokio::time::sleep(turn).await;
        }
        self.budget.requests += 1;
        let token_base = self.token_base(words)?;
        let request = self.authority.sign(&self.client, url, &token_base, words).await?;
        let mut answer = request
            .headers(self.fixed.clone())
            .send()
            .await
            .map_err(|_| Miss::again(Problem::Unreachable))?;
        self.pace.told(answer.headers(), Utc::now().timestamp(), self.patience.longest, Instant::now());
        let status = answer.status();
        if !status.is_success() {
            return Err(Miss::of_status(status, answer.headers(), &self.form));
        }
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.contains("html")) {
            return Err(Miss::again(Problem::NotData));
        }
        let facts = Facts::of(answer.headers(), reading.total_header());
        while let Some(chunk) = answer.chunk().await.map_err(|_| Miss::again(Problem::Truncated))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(Miss::Lasting(Problem::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(facts)
    }

    fn token_base(&self, words: &Words<'_>) -> Result<Url, Miss> {
        let base = self.token_base.as_ref().unwrap_or(&self.base);
        let mut url = words.base(base).ok_or(Miss::Lasting(Problem::ForeignBase))?;
        // An address of its own may be the token's whole address: then nothing is joined to it.
        if self.token_base.as_ref().is_some_and(|base| !base.ends_with('/')) && !self.form.auth.joins_a_path()
        {
            let path = url.path().trim_end_matches('/').to_owned();
            url.set_path(&path);
        }
        Ok(url)
    }
}

fn fixed_headers(form: &RestForm) -> Result<HeaderMap, ServiceFault> {
    let mut headers = HeaderMap::new();
    let kind = match form.format {
        AnswerFormat::Json => "application/json",
        AnswerFormat::Xml => "application/xml, text/xml",
    };
    headers.insert(header::ACCEPT, HeaderValue::from_static(kind));
    for (name, value) in &form.headers {
        let name: HeaderName = name.parse().map_err(|_| ServiceFault::Header)?;
        headers.insert(name, value.parse().map_err(|_| ServiceFault::Header)?);
    }
    Ok(headers)
}

/// An address may hold words to be filled in; that it is encrypted can be told before.
fn encrypted(address: &str) -> Result<(), ServiceFault> {
    let plain: String = address.replace("{param:", "").chars().filter(|c| !matches!(c, '{' | '}')).collect();
    let url = Url::parse(&plain).map_err(|_| ServiceFault::Address)?;
    if address::may_be_asked(&url) { Ok(()) } else { Err(ServiceFault::InClear) }
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
    /// The token file does not hold what the connector asks for.
    #[error("the token file does not hold what the connector's `auth` asks for; see connectors/README.md")]
    TokenShape,
    /// A fixed header of the connector is none.
    #[error("the connector's `headers` are not headers")]
    Header,
    /// No client could be made.
    #[error("the HTTP client could not be started")]
    Client,
}
