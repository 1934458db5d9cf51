//! `[rest]`: how a service is asked. `connectors/README.md` says the same for people.
use super::paging::Paging;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How a service is asked.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RestForm {
    /// How a request proves who asks.
    pub auth: Auth,
    /// How pages follow each other.
    pub paging: Paging,
    /// One slice per tenant; none means one slice.
    pub tenants: Option<Tenants>,
    /// Tenants that took their consent back.
    pub revoked: Option<Revoked>,
    /// Where deletions are told.
    pub deletions: Option<Deletions>,
    /// What a tenant lets us read.
    pub consent: Option<Consent>,
    /// What an answer says when it is one.
    pub success: Option<Success>,
    /// What an answer says when it is none.
    pub failure: Option<Failure>,
    /// What a status means, beyond the usual.
    #[serde(default)]
    pub errors: Vec<StatusRule>,
    /// So many requests in so many seconds, for the credential.
    pub rate: Option<Rate>,
    /// How answers are written.
    #[serde(default)]
    pub format: AnswerFormat,
    /// Fixed headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// How a request proves who asks. The secret is never here: it is in the source's token file.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// `Authorization: Bearer`.
    Bearer {},
    /// HTTP Basic: `user:password`, or a user alone.
    Basic {},
    /// Each in a header of its own.
    Headers {
        /// The headers, in the order of the token file's lines.
        names: Vec<String>,
    },
    /// In the query string.
    Query {
        /// The parameter.
        name: String,
    },
    /// Client credentials for a token that expires.
    Oauth2 {
        /// Joined to the source's `token_url`, else to its `base_url`.
        #[serde(default)]
        token_path: String,
        /// What the token is to open.
        #[serde(default)]
        scope: String,
        /// Where the client says who it is.
        #[serde(default)]
        client_in: ClientIn,
    },
    /// A secret for a token.
    Exchange {
        /// Where.
        url: String,
        /// What is sent as JSON: `{tenant}`, `{param:x}` and `{secret}` are filled in.
        body: BTreeMap<String, String>,
        /// Path to the token in the answer.
        token: String,
        /// Path to when it expires: an instant, or seconds from now.
        expires: Option<String>,
        /// The word before the token in `Authorization`.
        scheme: String,
    },
}

impl Auth {
    /// Whether the token's address is a path that is joined to another address.
    pub fn joins_a_path(&self) -> bool {
        matches!(self, Self::Oauth2 { token_path, .. } if !token_path.is_empty())
    }
}

/// Where an OAuth 2 client says who it is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientIn {
    /// HTTP Basic.
    #[default]
    Basic,
    /// Fields of the form.
    Form,
}

/// The tenants of one credential: the schools that one token opens.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawTenants")]
pub struct Tenants {
    /// How they are known.
    pub from: TenantsFrom,
    /// Attribute name to path.
    pub attributes: BTreeMap<String, String>,
    /// Path to the host that has the tenant's records.
    pub base: Option<String>,
    /// The supplier's domain: no host outside it gets the credential.
    pub domain: Option<String>,
}

/// How tenants are known.
#[derive(Clone, Debug)]
pub enum TenantsFrom {
    /// The service lists them.
    List {
        /// Path of their list.
        path: String,
        /// Path to the array.
        records: String,
        /// Path to a tenant's id.
        id: String,
    },
    /// The source's configuration names them in this parameter: an id, or an id and its URN (`4711=100123`).
    Param(String),
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RawTenants {
    /// Path of their list.
    path: Option<String>,
    /// Path to the array.
    #[serde(default)]
    records: String,
    /// Path to a tenant's id.
    id: Option<String>,
    /// Attribute name to path.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    /// Path to the host that has the tenant's records.
    base: Option<String>,
    /// With `base`: the supplier's domain (`mis.example`). No host outside it gets the credential.
    domain: Option<String>,
    /// Instead: the parameter of the source that names them, each an id or an id and its URN (`4711=100123`).
    param: Option<String>,
}

impl TryFrom<RawTenants> for Tenants {
    type Error = &'static str;
    fn try_from(raw: RawTenants) -> Result<Self, Self::Error> {
        if raw.base.is_some() != raw.domain.is_some() {
            return Err("a tenant's `base` needs the supplier's `domain`, and goes with nothing else");
        }
        if raw.domain.as_deref().is_some_and(|domain| !is_domain(domain)) {
            return Err(
                "a `domain` is two words or more with dots between them, in small letters: mis.example",
            );
        }
        let from = match (raw.path, raw.id, raw.param) {
            (Some(path), Some(id), None) => TenantsFrom::List { path, records: raw.records, id },
            (None, None, Some(param)) if raw.attributes.is_empty() && raw.base.is_none() => {
                TenantsFrom::Param(param)
            }
            _ => return Err("tenants have a `path` and an `id`, or a `param` alone"),
        };
        Ok(Self { from, attributes: raw.attributes, base: raw.base, domain: raw.domain })
    }
}

/// Whether a text is a domain and no address: two labels or more, the last without digits.
fn is_domain(text: &str) -> bool {
    let plain = |label: &&str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let labels: Vec<&str> = text.split('.').collect();
    labels.len() > 1
        && labels.iter().all(plain)
        && labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// Tenants that took their consent back: they are not asked.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// Path of their list.
    pub path: String,
    /// Path to the array.
    #[serde(default)]
    pub records: String,
    /// Path to a tenant's id.
    pub id: String,
}

/// Where deletions are told.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Deletions {
    /// Path of the list, with `{tenant}`.
    pub path: String,
    /// Fixed query parameters.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Path to the array.
    pub records: String,
    /// Path to the deleted person's key.
    pub key: String,
    /// Not deleted where this path is filled (restored).
    pub unless: Option<String>,
}

/// What a tenant lets us read: without it, no value and no consent look alike.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Path of the list, with `{tenant}`.
    pub path: String,
    /// Path to the array.
    #[serde(default)]
    pub records: String,
    /// Path to a permission's name: the last steps of a field's path.
    pub name: String,
    /// Path to whether it is granted.
    pub granted: String,
}

/// An answer that lacks this is a fault, whatever its status.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Success {
    /// Where it stands.
    pub at: String,
    /// What it says, folded.
    pub is: String,
}

/// An answer that has this is a fault, whatever its status.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// Where it stands.
    pub at: String,
    /// What it says when asking again may help, folded.
    #[serde(default)]
    pub transient: Vec<String>,
}

/// What a status means for one service.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StatusRule {
    /// The status.
    pub status: u16,
    /// What it means.
    #[serde(rename = "do")]
    pub action: StatusAction,
}

/// What to do about a status.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StatusAction {
    /// Ask again.
    Retry,
    /// Get a new token and ask again, once.
    Refresh,
    /// This feed is not granted to this tenant: pass it over and say so.
    SkipFeed,
    /// The tenant took its consent back.
    Revoked,
    /// A fault at once.
    Fail,
}

/// So many requests in so many seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// So many requests
    pub requests: u32,
    /// in so many seconds.
    pub per_seconds: u32,
}

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnswerFormat {
    /// JSON.
    #[default]
    Json,
    /// XML.
    Xml,
}

#[cfg(test)]
impl schemars::JsonSchema for Tenants {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tenants".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        RawTenants::json_schema(generator)
    }
}
