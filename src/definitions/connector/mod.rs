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
#[cfg(test)]
mod vocabulary;

pub use file::{Bundle, FileForm, FileFormat, Header, SheetChoice, Spellings, Stop};
pub use paging::{Offset, PageStep, Paging, Total};
pub use raw::What;
pub(super) use resolve::{load, read};
pub use rest::{
    AnswerFormat, Auth, ClientIn, Consent, Deletions, Failure, Rate, RestForm, Revoked, StatusAction,
    StatusRule, Success, Tenants, TenantsFrom,
};
pub use since::{Changelog, Since, SinceBy};

use crate::{
    fault::Name,
    privacy::{CodeWords, EntityPlan},
};
use std::collections::BTreeMap;

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
    /// The name it had before: what its snapshots replaced then, they replace now.
    pub formerly: Option<Name>,
    /// Pattern of the file names, where the feed has files of its own.
    pub files: Option<String>,
    /// How its own sheet differs from the file's form; none where it does not.
    pub form: Option<Box<FileForm>>,
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
    /// How a record says that it is gone.
    pub deleted: Option<Deleted>,
    /// Only records where each of these paths or headers holds one of its texts, folded, or after a `!` holds none of
    /// them; others are never read.
    pub when: Vec<(String, Vec<String>)>,
    /// The source says a row again by design; the first stands, and saying it again is no fault.
    pub repeats: bool,
    /// No people in it.
    pub public: bool,
    /// How a record says who it is about; none in a public feed.
    pub person: Option<PersonKeySpec>,
    /// Identity fields by position in the identity plan.
    pub identity: Vec<(usize, CellSpec)>,
    /// The rows that one record gives.
    pub rows: Vec<RowSpec>,
}

/// How a record says that it is gone.
#[derive(Clone, Debug)]
pub struct Deleted {
    /// The path or header that says so.
    pub at: String,
    /// … with one of these texts, folded.
    pub is: Vec<String>,
    /// What is gone with it.
    pub what: What,
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
    /// One row for each item at this path; none: one for the record.
    pub each: Option<String>,
    /// Only where each of these paths or headers holds one of its texts, folded.
    pub when: Vec<(String, Vec<String>)>,
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
    /// What stands after the first of this; nothing where it is not there.
    pub after: Option<String>,
    /// What stands before the next of this.
    pub until: Option<String>,
    /// First n characters only.
    pub take: Option<usize>,
    /// Digits only.
    pub digits: bool,
    /// Folded text to code.
    pub map: CodeWords,
    /// The texts of the map as they are written, for people.
    pub words: Vec<String>,
    /// For a text that the map does not know.
    pub otherwise: Option<String>,
    /// A parameter of the source that maps further texts: `text=code text=code`.
    pub map_param: Option<String>,
    /// When empty.
    pub default: Option<String>,
    /// Date styles, in order.
    pub dates: Vec<String>,
    /// The source tells the first day after: the day before it is meant.
    pub day_before: bool,
    /// Whether a number is a percentage.
    pub percent: bool,
}

/// Where a cell's text comes from.
#[derive(Clone, Debug)]
pub enum CellOrigin {
    /// The first of these paths or headers that is there and not empty.
    From(Vec<String>),
    /// All of these paths or headers with a text between them; empty where one is.
    Join(Vec<String>, String),
    /// A fixed text.
    Const(String),
    /// An attribute of the tenant.
    Tenant(String),
    /// A parameter of the source.
    Param(String),
    /// A text with captures of the file name.
    Template(String),
}

impl Connector {
    /// Parameters of the source that its cells are read from, and whether rows cannot do without them.
    pub fn params(&self, plans: &[EntityPlan]) -> BTreeMap<&str, bool> {
        let mut params = BTreeMap::new();
        let rows = self.feeds.iter().flat_map(|feed| &feed.rows);
        let cells = rows.flat_map(|row| {
            let plan = plans.get(row.entity);
            row.columns.iter().enumerate().map(move |(at, spec)| {
                let required =
                    plan.and_then(|plan| plan.columns.get(at)).is_some_and(|column| column.required);
                (spec.as_ref(), required || row.requires.contains(&at))
            })
        });
        let identity = self.feeds.iter().flat_map(|feed| &feed.identity).map(|(_, spec)| (Some(spec), false));
        for (spec, needed) in cells.chain(identity) {
            if let Some(CellOrigin::Param(name)) = spec.map(|spec| &spec.origin) {
                *params.entry(name.as_str()).or_insert(false) |= needed;
            }
        }
        params
    }
}

impl Feed {
    /// The name that its scopes are keyed with.
    pub fn keyed_name(&self) -> &str {
        self.formerly.unwrap_or(self.name).as_str()
    }

    /// The form in which the feed's table stands in a file.
    pub fn form<'f>(&'f self, file: &'f FileForm) -> &'f FileForm {
        self.form.as_deref().unwrap_or(file)
    }

    /// Every path that the feed reads, for a reader that prunes: those below a record, and those of the document
    /// around it (written `$.x`).
    pub fn paths(&self) -> Paths {
        let mut paths = Paths::default();
        if let Some(PersonKeySpec::Field(keys)) = &self.person {
            paths.add_all("", keys);
        }
        if let Some(deleted) = &self.deleted {
            paths.add("", &deleted.at);
        }
        for (path, _) in &self.when {
            paths.add("", path.trim_start_matches('!'));
        }
        for (_, cell) in &self.identity {
            paths.add_cell("", cell);
        }
        for row in &self.rows {
            let each = row.each.as_deref().unwrap_or("");
            paths.add("", each);
            for (path, _) in &row.when {
                paths.add(each, path.trim_start_matches('!'));
            }
            for cell in row.columns.iter().flatten() {
                paths.add_cell(each, cell);
            }
        }
        paths
    }
}

/// Paths, apart by what they start from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// From the record.
    pub record: Vec<String>,
    /// From the document.
    pub document: Vec<String>,
}

impl Paths {
    fn add(&mut self, each: &str, path: &str) {
        let (root, path) = root_of(path);
        match root {
            Root::Document => self.document.push(path.to_owned()),
            Root::Item if !each.is_empty() => self.record.push(format!("{each}.{path}")),
            Root::Item | Root::Record => self.record.push(path.to_owned()),
        }
    }

    fn add_all(&mut self, each: &str, paths: &[String]) {
        for path in paths {
            self.add(each, path);
        }
    }

    fn add_cell(&mut self, each: &str, cell: &CellSpec) {
        if let CellOrigin::From(paths) | CellOrigin::Join(paths, _) = &cell.origin {
            self.add_all(each, paths);
        }
    }
}

/// What a path starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// The item of `each`, or the record where there is none.
    Item,
    /// The record: `^.x`.
    Record,
    /// The document around it: `$.x`.
    Document,
}

/// A path's root, and the path without its mark.
pub fn root_of(path: &str) -> (Root, &str) {
    match (path.strip_prefix("^."), path.strip_prefix("$.")) {
        (Some(rest), _) => (Root::Record, rest),
        (_, Some(rest)) => (Root::Document, rest),
        _ => (Root::Item, path),
    }
}

/// Folds a header or a mapped word for comparison: letters and digits only, lower case, and the sign of a number below nought.
/// A text without any of them (an attendance code such as `/`) is itself.
pub fn fold(text: &str) -> String {
    let text = text.trim();
    let below_nought = text
        .strip_prefix(['-', '\u{2212}', '\u{2013}'])
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    let sign = below_nought.then_some('-');
    let letters = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    let folded: String = sign.into_iter().chain(letters).collect();
    if folded.is_empty() { text.to_owned() } else { folded }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn a_number_below_nought_is_another_than_its_opposite() {
        for text in ["-2", " \u{2212}2 ", "\u{2013}2"] {
            assert_eq!(fold(text), "-2", "{text}");
        }
        assert_eq!(
            (fold("+2"), fold("2 -"), fold("- two"), fold("N/A")),
            ("2".into(), "2".into(), "two".into(), "na".into())
        );
        assert_eq!((fold("/"), fold(" - ")), ("/".into(), "-".into()));
    }
}
