//! The connector vocabulary, resolved: where rows are found, and which cell is which column.
//!
//! `connectors/README.md` says the same for people. `raw` mirrors the file and refuses unknown keys; this module
//! holds what the stages read, with entities and columns already looked up.
mod file;
mod paging;
mod raw;
mod resolve;
mod rest;
mod since;

pub use file::{FileForm, FileFormat, Header, SheetChoice, Stop};
pub(super) use resolve::load;
pub use paging::{Offset, PageStep, Paging, Total};
pub use rest::{
    AnswerFormat, Auth, ClientIn, Consent, Deletions, Failure, Rate, RestForm, Revoked, StatusAction, StatusRule,
    Success, Tenants, TenantsFrom,
};
pub use since::{Changelog, Since, SinceBy};

use crate::fault::Name;
use std::collections::{BTreeMap, HashMap};

/// One supplier or kind of sheet.
#[derive(Clone, Debug)]
pub struct Connector {
    /// The file stem.
    pub name: String,
    /// What it is, in a line.
    pub title: String,
    /// How sure its field names are.
    pub confirmed: String,
    /// Folded texts that mean empty.
    pub nulls: Vec<String>,
    /// Where its rows come from.
    pub form: Form,
    /// Its streams of records.
    pub feeds: Vec<Feed>,
}

/// Where rows come from.
#[derive(Clone, Debug)]
pub enum Form {
    /// A service that answers page by page.
    Rest(Box<RestForm>),
    /// Files that somebody puts into an inbox.
    File(Box<FileForm>),
}

/// One stream of records.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its name within the connector.
    pub name: Name,
    /// Pattern of the file names, where the feed has files of its own.
    pub files: Option<String>,
    /// Path of the list, with `{tenant}`.
    pub path: String,
    /// Fixed query parameters.
    pub query: BTreeMap<String, String>,
    /// Path to the array of records in an answer.
    pub records: Vec<String>,
    /// How to ask for what changed.
    pub since: Option<Since>,
    /// A list of what changed, where the service keeps one.
    pub changelog: Option<Changelog>,
    /// For a snapshot, the captures that name its scope; none for a keyed feed.
    pub snapshot: Option<Vec<String>>,
    /// No people in it.
    pub public: bool,
    /// How a record says who it is about; none in a public feed.
    pub person: Option<PersonKeySpec>,
    /// Identity fields by position in the identity plan.
    pub identity: Vec<(usize, CellSpec)>,
    /// The rows that one record gives.
    pub rows: Vec<RowSpec>,
}

/// How a record says who it is about.
#[derive(Clone, Debug)]
pub enum PersonKeySpec {
    /// The source's own key, by path or header.
    Field(Vec<String>),
    /// No key: the provider and all identity cells the row has.
    Identity,
}

/// How one record gives a row of one entity.
#[derive(Clone, Debug)]
pub struct RowSpec {
    /// The entity, by position in the definitions.
    pub entity: usize,
    /// Column positions; the row is passed over by design where one is empty.
    pub requires: Vec<usize>,
    /// A cell for each column of the entity that the connector fills.
    pub columns: Vec<Option<CellSpec>>,
}

/// Where a cell's text comes from and how it is readied.
#[derive(Clone, Debug)]
pub struct CellSpec {
    /// Where the text comes from.
    pub origin: CellOrigin,
    /// First n characters only.
    pub take: Option<usize>,
    /// Digits only.
    pub digits: bool,
    /// Folded text to code.
    pub map: HashMap<String, String>,
    /// When empty.
    pub default: Option<String>,
    /// Date styles, in order.
    pub dates: Vec<String>,
    /// Whether a number is a percentage.
    pub percent: bool,
}

/// Where a cell's text comes from.
#[derive(Clone, Debug)]
pub enum CellOrigin {
    /// The first of these paths or headers that is there and not empty.
    From(Vec<String>),
    /// A fixed text.
    Const(String),
    /// An attribute of the tenant.
    Tenant(String),
    /// A parameter of the source.
    Param(String),
    /// A text with captures of the file name.
    Template(String),
}

/// Folds a header or a mapped word for comparison: letters and digits only, lower case.
pub fn fold(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
