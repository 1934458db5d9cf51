//! Who asks: the secret of a source, and the tokens got for it. Neither is shown by anything.
use super::{
    ServiceFault,
    address::{Words, may_be_asked, with_param, without_param},
    answer::Miss,
};
use crate::{
    definitions::connector::{Auth, ClientIn},
    fault::Problem,
    source::{json, tree::Wanted},
};
use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::{
    Client, RequestBuilder, Url,
    header::{self, HeaderName, HeaderValue},
};
use std::{collections::HashMap, fs, path::Path, time::Duration};
use tokio::time::Instant;
use zeroize::Zeroizing;

/// A token is replaced so long before it expires, or when a tenth of its life is left.
const MARGIN: Duration = Duration::from_mins(1);

/// The largest answer with a token.
const LARGEST: usize = 1 << 20;

/// A source's secret, and the tokens got for it.
pub(super) struct Authority {
    auth: Auth,
    secret: Zeroizing<String>,
    tokens: HashMap<String, Token>,
}

struct Token {
    text: Zeroizing<String>,
    until: Option<Instant>,
}

impl Authority {
    /// Reads the secret, which nobody else may.
    pub(super) fn open(auth: &Auth, token_file: &Path) -> Result<Self, ServiceFault> {
        closed_to_others(token_file)?;
        let text = Zeroizing::new(fs::read_to_string(token_file).map_err(|_| ServiceFault::Token)?);
        let secret = Zeroizing::new(text.trim().to_owned());
        let whole = match auth {
            Auth::Headers { names } => secret.lines().count() == names.len(),
            Auth::Oauth2 { .. } => secret.contains(':'),
            _ => !secret.is_empty(),
        };
        if !whole {
            return Err(ServiceFault::TokenShape);
        }
        Ok(Self { auth: auth.clone(), secret, tokens: HashMap::new() })
    }

    /// An address as it may be remembered and compared: a link that repeats the credential loses it.
    pub(super) fn without_secret(&self, url: &Url) -> Url {
        match &self.auth {
            Auth::Query { name } => without_param(url, name),
            _ => url.clone(),
        }
    }

    /// Forgets the token, so that a new one is got. False where there is none to renew.
    pub(super) fn forget(&mut self, tenant: &str) -> bool {
        let renewable = matches!(self.auth, Auth::Oauth2 { .. } | Auth::Exchange { .. });
        renewable && self.tokens.remove(&self.slot(tenant)).is_some()
    }

    /// Whose token it is: one for all, or one for each tenant where the tenant is named in the exchange.
    fn slot(&self, tenant: &str) -> String {
        match &self.auth {
            Auth::Exchange { body, .. } if body.values().any(|value| of_tenant(value)) => tenant.to_owned(),
            _ => String::new(),
        }
    }

    /// A request that proves who asks.
    pub(super) async fn sign(
        &mut self,
        client: &Client,
        url: &Url,
        token_base: &Url,
        words: &Words<'_>,
    ) -> Result<RequestBuilder, Miss> {
        let request = |url: &Url| client.get(url.clone());
        match &self.auth {
            Auth::Bearer {} => Ok(request(url).bearer_auth(self.secret.as_str())),
            Auth::Basic {} => {
                let (user, password) = match self.secret.split_once(':') {
                    Some((user, password)) => (user, Some(password)),
                    None => (self.secret.as_str(), None),
                };
                Ok(request(url).basic_auth(user, password))
            }
            Auth::Headers { names } => {
                let mut request = request(url);
                for (name, value) in names.iter().zip(self.secret.lines()) {
                    request = request.header(named(name)?, hidden(value.trim())?);
                }
                Ok(request)
            }
            Auth::Query { name } => Ok(request(&with_param(url, name, &self.secret))),
            Auth::Oauth2 { .. } => {
                let token = self.token(client, token_base, words).await?;
                Ok(request(url).bearer_auth(token))
            }
            Auth::Exchange { scheme, .. } => {
                let scheme = scheme.clone();
                let token = self.token(client, token_base, words).await?;
                let value = Zeroizing::new(format!("{scheme} {token}"));
                Ok(request(url).header(header::AUTHORIZATION, hidden(&value)?))
            }
        }
    }

    async fn token(&mut self, client: &Client, base: &Url, words: &Words<'_>) -> Result<&str, Miss> {
        let slot = self.slot(words.tenant);
        let now = Instant::now();
        let good = self.tokens.get(&slot).is_some_and(|token| token.until.is_none_or(|until| until > now));
        if !good {
            let token = self.new_token(client, base, words).await?;
            self.tokens.insert(slot.clone(), token);
        }
        self.tokens.get(&slot).map(|token| token.text.as_str()).ok_or(Miss::Lasting(Problem::TokenRefused))
    }

    /// Gets a token. This is the one request that is no GET; it is made again only with the page that needs it.
    async fn new_token(&self, client: &Client, base: &Url, words: &Words<'_>) -> Result<Token, Miss> {
        let refused = Miss::Lasting(Problem::TokenRefused);
        let (request, token_path, expires_path) = match &self.auth {
            Auth::Oauth2 { token_path, scope, client_in } => {
                let url = joined(base, token_path)?;
                (self.oauth2(client, url, scope, *client_in)?, "access_token", Some("expires_in"))
            }
            Auth::Exchange { url, body, token, expires, .. } => {
                let url = joined(base, &words.text(url).ok_or(refused)?)?;
                let mut fields = serde_json::Map::new();
                for (name, value) in body {
                    let filled = match value.as_str() {
                        "{secret}" => self.secret.to_string(),
                        text => words.text(text).ok_or(refused)?,
                    };
                    fields.insert(name.clone(), filled.into());
                }
                let body = serde_json::Value::Object(fields).to_string();
                let request = client.post(url).header(header::CONTENT_TYPE, "application/json").body(body);
                (request, token.as_str(), expires.as_deref())
            }
            _ => return Err(refused),
        };
        let request = request.header(header::ACCEPT, "application/json");
        let mut answer = request.send().await.map_err(|_| Miss::again(Problem::Unreachable))?;
        let status = answer.status();
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(Miss::again(Problem::HttpStatus(status.as_u16())));
        }
        if !status.is_success() {
            return Err(refused);
        }
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(|_| Miss::again(Problem::Truncated))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST {
                return Err(Miss::Lasting(Problem::TooLarge));
            }
        }
        read_token(&bytes, token_path, expires_path)
    }

    fn oauth2(
        &self,
        client: &Client,
        url: Url,
        scope: &str,
        place: ClientIn,
    ) -> Result<RequestBuilder, Miss> {
        let (id, secret) = self.secret.split_once(':').ok_or(Miss::Lasting(Problem::TokenRefused))?;
        let mut form = url.clone();
        form.set_query(None);
        form.query_pairs_mut().append_pair("grant_type", "client_credentials");
        if !scope.is_empty() {
            form.query_pairs_mut().append_pair("scope", scope);
        }
        if place == ClientIn::Form {
            form.query_pairs_mut().append_pair("client_id", id).append_pair("client_secret", secret);
        }
        let body = form.query().unwrap_or_default().to_owned();
        let mut request =
            client.post(url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        if place == ClientIn::Basic {
            request = request.basic_auth(id, Some(secret));
        }
        Ok(request)
    }
}

/// Whether a field of an exchange differs from tenant to tenant: it names the tenant, or one of its attributes.
fn of_tenant(value: &str) -> bool {
    value.split('{').skip(1).any(|word| !word.starts_with("secret}") && !word.starts_with("param:"))
}

fn read_token(bytes: &[u8], token_path: &str, expires_path: Option<&str>) -> Result<Token, Miss> {
    let wanted = Wanted::of([token_path].into_iter().chain(expires_path));
    let answer = json::read(bytes, &[], &wanted, &Wanted::of([])).map_err(Miss::again)?;
    let record = answer.records.as_ref().and_then(|records| records.first());
    let said = |path: &str| record?.at(&wanted.path("", path)?)?.scalar_text();
    let text =
        said(token_path).filter(|text| !text.is_empty()).ok_or(Miss::Lasting(Problem::TokenRefused))?;
    let life = expires_path.and_then(said).and_then(|text| lifetime(&text));
    let until = life.map(|life| Instant::now() + life.saturating_sub(MARGIN.min(life / 10)));
    Ok(Token { text: Zeroizing::new(text.into_owned()), until })
}

/// A token that says it lives longer than a year is asked for again after one, in seconds.
const LONGEST_LIFE: f64 = 31_536_000.0;

/// How long a token lives: seconds, or until an instant.
fn lifetime(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.min(LONGEST_LIFE)).ok();
    }
    let until = DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|at| at.and_utc()))
        .ok()?;
    Some((until - Utc::now()).to_std().unwrap_or_default().min(Duration::from_secs_f64(LONGEST_LIFE)))
}

fn joined(base: &Url, path: &str) -> Result<Url, Miss> {
    base.join(path).ok().filter(may_be_asked).ok_or(Miss::Lasting(Problem::TokenRefused))
}

fn named(name: &str) -> Result<HeaderName, Miss> {
    name.parse().map_err(|_| Miss::Lasting(Problem::TokenRefused))
}

/// A header value that no log shows.
fn hidden(value: &str) -> Result<HeaderValue, Miss> {
    let mut value = HeaderValue::from_str(value).map_err(|_| Miss::Lasting(Problem::TokenRefused))?;
    value.set_sensitive(true);
    Ok(value)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_would_outlive_every_clock_is_asked_for_again_after_a_year() {
        let longest = Duration::from_secs_f64(LONGEST_LIFE);
        for told in ["1e300", "9223372036854775807", "inf", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59"] {
            assert_eq!(lifetime(told), Some(longest), "{told}");
        }
        assert_eq!(lifetime("3600"), Some(Duration::from_hours(1)));
        assert_eq!(lifetime("2001-01-01T00:00:00Z"), Some(Duration::ZERO));
        assert_eq!((lifetime("-5"), lifetime("soon")), (None, None));
    }
}
