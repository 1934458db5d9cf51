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
    pub rest: Option<RawRest>,
    pub file: Option<FileForm>,
    #[serde(rename = "feed")]
    pub feeds: Vec<RawFeed>,
}

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

/// A file's form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileForm {
    /// Which kind of file.
    pub format: FileFormat,
    /// Pattern of the file name: `{x}` captures, `*` matches anything.
    pub name: String,
    /// `utf-8` or `windows-1252`.
    #[serde(default = "utf8")]
    pub encoding: String,
    /// Between cells.
    #[serde(default = "comma")]
    pub delimiter: String,
    /// Which sheet.
    #[serde(default)]
    pub sheet: SheetChoice,
    /// Where the header is.
    #[serde(default)]
    pub header: Header,
    /// Where the rows end.
    #[serde(default)]
    pub stop: Stop,
    /// Rows whose first filled cell begins with one of these are headings between rows, and passed over.
    #[serde(default)]
    pub pass_over: Vec<String>,
    /// Columns whose empty cells repeat the cell above.
    #[serde(default)]
    pub fill_down: Vec<String>,
}

fn utf8() -> String {
    "utf-8".into()
}
fn comma() -> String {
    ",".into()
}

/// Kinds of file.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// Excel workbook.
    Xlsx,
    /// Excel workbook of before 2007.
    Xls,
    /// `OpenDocument` spreadsheet.
    Ods,
    /// Delimited text.
    Csv,
    /// The first delimited text in a zip archive, whatever the archive is called.
    ZipCsv,
    /// A JSON document.
    Json,
}

/// Which sheet of a workbook.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetChoice {
    /// By position among visible sheets, from 1.
    pub position: Option<u32>,
    /// The first visible one whose folded name holds one of these.
    #[serde(default)]
    pub like: Vec<String>,
    /// … and none of these.
    #[serde(default)]
    pub not_like: Vec<String>,
}

/// Where the header is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Header {
    /// Looked for in this many first rows.
    pub search_rows: u32,
    /// Folded texts that all stand in it; none: the first row that is not empty.
    pub must_have: Vec<String>,
    /// How many rows it has.
    pub rows: u32,
    /// There is none.
    pub none: bool,
}

impl Default for Header {
    fn default() -> Self {
        Self { search_rows: 20, must_have: Vec::new(), rows: 1, none: false }
    }
}

/// Where the rows end.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stop {
    /// So many empty rows in a row end the sheet.
    pub blank_rows: u32,
    /// A first non-empty cell that begins with one of these ends it.
    pub row_like: Vec<String>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { blank_rows: 50, row_like: Vec::new() }
    }
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
