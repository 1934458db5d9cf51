use super::{
    file::FileForm,
    rest::RestForm,
    since::{Changelog, Since},
};
use crate::definitions::ordered::Ordered;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConnector {
    pub name: String,
    pub title: String,
    pub kind: String,
    pub confirmed: String,
    #[serde(default)]
    pub nulls: Vec<String>,
    pub rest: Option<RestForm>,
    pub file: Option<FileForm>,
    #[serde(rename = "feed")]
    pub feeds: Vec<RawFeed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFeed {
    pub name: String,
    pub files: Option<String>,
    #[serde(default)]
    pub path: String,
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    #[serde(default)]
    pub records: String,
    pub since: Option<Since>,
    pub changelog: Option<Changelog>,
    pub mode: Mode,
    #[serde(default)]
    pub scope: Vec<String>,
    #[serde(default)]
    pub public: bool,
    pub person: Option<RawPerson>,
    #[serde(default)]
    pub identity: Ordered<RawCell>,
    pub rows: Vec<RawRows>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    Keyed,
    Snapshot,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPerson {
    pub key: OneOrMany,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRows {
    pub entity: String,
    #[serde(default)]
    pub requires: Vec<String>,
    pub columns: Ordered<RawCell>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCell {
    pub from: Option<Vec<String>>,
    #[serde(rename = "const")]
    pub constant: Option<String>,
    pub tenant: Option<String>,
    pub param: Option<String>,
    pub template: Option<String>,
    pub take: Option<usize>,
    #[serde(default)]
    pub digits: bool,
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    pub default: Option<String>,
    #[serde(default)]
    pub dates: Vec<String>,
    pub unit: Option<String>,
}
