use super::{
    file::{FileForm, Header, SheetChoice, Stop},
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

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFeed {
    pub name: String,
    /// Takes what it does not say itself from this feed.
    pub like: Option<String>,
    pub files: Option<String>,
    pub sheet: Option<SheetChoice>,
    pub header: Option<Header>,
    pub stop: Option<Stop>,
    pub pass_over: Option<Vec<String>>,
    pub fill_down: Option<Vec<String>>,
    pub path: Option<String>,
    pub query: Option<BTreeMap<String, String>>,
    pub records: Option<String>,
    pub since: Option<Since>,
    pub changelog: Option<Changelog>,
    pub mode: Option<Mode>,
    pub scope: Option<Vec<String>>,
    pub deleted: Option<RawDeleted>,
    pub when: Option<BTreeMap<String, Vec<String>>>,
    pub repeats: Option<bool>,
    pub public: Option<bool>,
    pub person: Option<RawPerson>,
    pub identity: Option<Ordered<RawCell>>,
    pub rows: Option<Vec<RawRows>>,
}

impl RawFeed {
    /// This feed, with what it does not say itself as another says it.
    pub(super) fn like(self, other: &Self) -> Self {
        let other = other.clone();
        Self {
            name: self.name,
            like: None,
            files: self.files.or(other.files),
            sheet: self.sheet.or(other.sheet),
            header: self.header.or(other.header),
            stop: self.stop.or(other.stop),
            pass_over: self.pass_over.or(other.pass_over),
            fill_down: self.fill_down.or(other.fill_down),
            path: self.path.or(other.path),
            query: self.query.or(other.query),
            records: self.records.or(other.records),
            since: self.since.or(other.since),
            changelog: self.changelog.or(other.changelog),
            mode: self.mode.or(other.mode),
            scope: self.scope.or(other.scope),
            deleted: self.deleted.or(other.deleted),
            when: self.when.or(other.when),
            repeats: self.repeats.or(other.repeats),
            public: self.public.or(other.public),
            person: self.person.or(other.person),
            identity: self.identity.or(other.identity),
            rows: self.rows.or(other.rows),
        }
    }
}

/// A record that says it is gone.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDeleted {
    pub at: String,
    pub is: Vec<String>,
    pub what: What,
}

/// What is gone with a record that says so.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// All that the source says of the person.
    Person,
    /// The rows that the record would give.
    Rows,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    Keyed,
    Snapshot,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPerson {
    pub key: OneOrMany,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRows {
    pub entity: String,
    pub each: Option<String>,
    #[serde(default)]
    pub when: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub requires: Vec<String>,
    pub columns: Ordered<RawCell>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCell {
    pub from: Option<Vec<String>>,
    pub join: Option<Vec<String>>,
    #[serde(default)]
    pub with: String,
    #[serde(rename = "const")]
    pub constant: Option<String>,
    pub tenant: Option<String>,
    pub param: Option<String>,
    pub template: Option<String>,
    pub after: Option<String>,
    pub until: Option<String>,
    pub take: Option<usize>,
    #[serde(default)]
    pub digits: bool,
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    pub otherwise: Option<String>,
    pub map_param: Option<String>,
    pub default: Option<String>,
    #[serde(default)]
    pub dates: Vec<String>,
    #[serde(default)]
    pub day_before: bool,
    pub unit: Option<String>,
}
