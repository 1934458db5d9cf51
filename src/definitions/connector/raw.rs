use super::{
    file::{FileForm, Header, SheetChoice, Stop},
    rest::RestForm,
    since::{Changelog, Since},
};
use crate::definitions::ordered::Ordered;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A connector: one supplier, or one kind of sheet.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawConnector {
    /// The file stem.
    pub name: String,
    /// What it is, in a line, for people.
    pub title: String,
    /// `rest` (with a table `rest`) or `file` (with a table `file`).
    pub kind: String,
    /// How sure the field names are, and from where; `unconfirmed` otherwise.
    pub confirmed: String,
    /// Texts that mean empty, whatever their case; `""` always does.
    #[serde(default)]
    pub nulls: Vec<String>,
    /// How a service is asked.
    pub rest: Option<RestForm>,
    /// How files are found and read.
    pub file: Option<FileForm>,
    /// Streams of records.
    #[serde(rename = "feed")]
    pub feeds: Vec<RawFeed>,
}

/// One stream of records.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawFeed {
    /// Its name within the connector.
    pub name: String,
    /// The name it had before it was renamed: its rows are then the same rows.
    pub formerly: Option<String>,
    /// Takes what it does not say itself from this feed.
    pub like: Option<String>,
    /// Files: pattern of this feed's own file names; in a bundle, of its table.
    pub files: Option<String>,
    /// Which sheet, where it is not the file's.
    pub sheet: Option<SheetChoice>,
    /// Where the header is, where it is not the file's.
    pub header: Option<Header>,
    /// Where the rows end, where it is not the file's.
    pub stop: Option<Stop>,
    /// Headings between rows, where they are not the file's.
    pub pass_over: Option<Vec<String>>,
    /// Columns whose empty cells repeat the cell above, where they are not the file's.
    pub fill_down: Option<Vec<String>>,
    /// Services: path of the list, with `{tenant}`, its attributes and `{param:x}`.
    pub path: Option<String>,
    /// Services: fixed query parameters.
    pub query: Option<BTreeMap<String, String>>,
    /// Path to the records.
    pub records: Option<String>,
    /// Services: how to ask for what changed; absent: read in full each time.
    pub since: Option<Since>,
    /// Services: a list of what changed, each read again by itself.
    pub changelog: Option<Changelog>,
    /// What a new document does to an old one.
    pub mode: Option<Mode>,
    /// Snapshots: captures of the file name that name what is replaced; empty: the whole feed of the source.
    pub scope: Option<Vec<String>>,
    /// A record that says it is gone.
    pub deleted: Option<RawDeleted>,
    /// Only records where each of these paths or headers holds one of its texts (folded); one that begins with `!`: none of them.
    pub when: Option<BTreeMap<String, Vec<String>>>,
    /// The source says a row again by design: the first stands, silently.
    pub repeats: Option<bool>,
    /// No people in it.
    pub public: Option<bool>,
    /// Who a record is about.
    pub person: Option<RawPerson>,
    /// Fields of `schemas/identity.toml`.
    pub identity: Option<Ordered<RawCell>>,
    /// The rows that a record gives.
    pub rows: Option<Vec<RawRows>>,
}

impl RawFeed {
    /// This feed, with what it does not say itself as another says it.
    pub(super) fn like(self, other: &Self) -> Self {
        let other = other.clone();
        Self {
            name: self.name,
            formerly: self.formerly,
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawDeleted {
    /// The path or header that says so.
    pub at: String,
    /// ... with one of these texts, folded.
    pub is: Vec<String>,
    /// What is gone with it.
    pub what: What,
}

/// What is gone with a record that says so.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// All that the source says of the person.
    Person,
    /// The rows that the record would give.
    Rows,
}

/// What a new document does to an old one.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// Rows stand until the source says otherwise.
    Keyed,
    /// A new document replaces what its scope held.
    Snapshot,
}

/// Who a record is about.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawPerson {
    /// The source's own key: a path or header, or several, the first filled one; `identity`: none, the person is the provider and all identity cells of the row.
    pub key: OneOrMany,
}

#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(super) enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// The rows of one entity that a record gives.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawRows {
    /// A file of `schemas/`.
    pub entity: String,
    /// One row for each item here; paths are then relative to it.
    pub each: Option<String>,
    /// Only where each of these paths or headers holds one of its texts, as for a feed.
    #[serde(default)]
    pub when: BTreeMap<String, Vec<String>>,
    /// Passed over, by design and silently, where one of these columns is empty.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Where each column's cell is found.
    pub columns: Ordered<RawCell>,
}

/// Where a cell is found, and how its text is readied. Exactly one of `from`, `join`, `const`, `tenant`, `param` and `template`.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawCell {
    /// The first of these paths or headers that is there and not empty.
    pub from: Option<Vec<String>>,
    /// All of these, with a text between them; empty where one is.
    pub join: Option<Vec<String>>,
    /// The text between joined parts.
    #[serde(default)]
    pub with: String,
    /// A fixed text.
    #[serde(rename = "const")]
    pub constant: Option<String>,
    /// An attribute of the tenant.
    pub tenant: Option<String>,
    /// A parameter of the source.
    pub param: Option<String>,
    /// A text with captures of the file name.
    pub template: Option<String>,
    /// What stands after the first of this; empty where it is not there.
    pub after: Option<String>,
    /// What stands before the next of this.
    pub until: Option<String>,
    /// The first so many characters.
    pub take: Option<usize>,
    /// The digits only.
    #[serde(default)]
    pub digits: bool,
    /// Folded text to code; a text not in it goes on as it is.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// For a text that is not in the map.
    pub otherwise: Option<String>,
    /// A parameter of the source that maps texts: `a=1 b=2`.
    pub map_param: Option<String>,
    /// When empty; captures of the file name can stand in it.
    pub default: Option<String>,
    /// Date styles: chrono formats, `excel`, `census`, `day-first`, `month-first`, `either`.
    #[serde(default)]
    pub dates: Vec<String>,
    /// The source tells the first day after: the day before is meant.
    #[serde(default)]
    pub day_before: bool,
    /// `percent`.
    pub unit: Option<String>,
}
