//! `[rest]`: how a service is asked. `connectors/README.md` says the same for people.
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRest {
    pub auth: Auth,
    pub paging: Paging,
    pub tenants: Option<Tenants>,
    pub deletions: Option<Deletions>,
}

/// How a request proves who asks.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Auth {
    /// `Authorization: Bearer`, from the source's token file.
    Bearer,
}

/// How pages follow each other.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Paging {
    /// The answer holds the next page's address.
    NextLink {
        /// Path to it.
        at: String,
        /// More than this is a fault, never a silent end.
        max_pages: u32,
    },
    /// One answer holds everything.
    Single,
}

/// The tenants of one credential: the schools that one token opens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenants {
    /// Path of their list.
    pub path: String,
    /// Path to the array.
    pub records: String,
    /// Path to a tenant's id.
    pub id: String,
    /// Attribute name to path.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// Where deletions are told.
#[derive(Clone, Debug, Deserialize)]
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

/// How to ask for what changed since the last run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The query parameter.
    pub param: String,
    /// How the instant is written, in UTC.
    pub format: String,
    /// Asked again on top, so that rows of the same second and late ones are not lost.
    pub overlap_hours: u32,
}
