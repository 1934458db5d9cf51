use super::{
    Record,
    dates::{EITHER, Witness},
    ready::{self, Raw},
};
use crate::{
    definitions::{
        CodeList,
        connector::{CellOrigin, CellSpec, Feed, PersonKeySpec, Root, RowSpec, fold, root_of},
    },
    privacy::{ColumnType, EntityPlan},
    source::tree::{Path, Tree, Wanted},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
};

/// What a document brings beside its records.
pub struct DocumentContext<'a> {
    /// In which shape its records come.
    pub shape: Shape<'a>,
    /// Attributes of the tenant.
    pub tenant: &'a BTreeMap<String, String>,
    /// Parameters of the source.
    pub params: &'a BTreeMap<String, String>,
    /// Captures of the file name.
    pub captures: &'a BTreeMap<String, String>,
}

/// In which shape records come.
#[derive(Clone, Copy)]
pub enum Shape<'a> {
    /// Rows of cells: under folded headers, or by position where there are none.
    Cells(Option<&'a [String]>),
    /// Objects or elements, pruned to what the feed's paths want of a record and of the document around it.
    Trees {
        /// Of a record.
        record: &'a Wanted,
        /// Of the document.
        document: &'a Wanted,
    },
}

/// A feed's cells, found in one document.
pub struct Binding<'a> {
    pub(super) person: Option<BoundPerson>,
    pub(super) identity: Vec<(usize, BoundCell<'a>)>,
    pub(super) rows: Vec<BoundRow<'a>>,
    pub(super) deleted: Option<(Vec<Locator>, &'a [String])>,
    pub(super) when: Vec<Condition<'a>>,
    pub(super) nulls: &'a [String],
    /// How many columns the header has; none for a page or a sheet without header.
    pub(super) width: Option<usize>,
    /// Columns that the connector fills and this document lacks: (entity, column position).
    pub missing: Vec<(usize, usize)>,
    /// A sheet that can fill no row of what the feed is for: at most, it says who people are.
    pub is_mute: bool,
}

pub(super) enum BoundPerson {
    Field(Vec<Locator>),
    Identity,
}

pub(super) struct BoundRow<'a> {
    pub(super) entity: usize,
    pub(super) each: Option<Path>,
    pub(super) when: Vec<Condition<'a>>,
    pub(super) requires: &'a [usize],
    pub(super) cells: Vec<(usize, BoundCell<'a>)>,
    /// This document lacks a column without which the row is passed over, or one that its condition asks for.
    silent: bool,
}

/// What a place has to say, or not to say.
pub(super) struct Condition<'a> {
    locators: Vec<Locator>,
    texts: &'a [String],
    not: bool,
}

/// A cell's recipe with its places looked up. A fixed text is already there.
pub(super) struct BoundCell<'a> {
    pub(super) spec: Cow<'a, CellSpec>,
    /// When empty, with the captures of the file name in it.
    pub(super) default: Option<Cow<'a, str>>,
    locators: Vec<Locator>,
    fixed: Option<String>,
    /// What the source's own parameter maps, folded.
    codes: HashMap<String, String>,
    /// The list that the column's codes are of.
    pub(super) list: Option<&'a CodeList>,
}

impl BoundCell<'_> {
    /// The code that the source's parameter has for a text; the text where it has none.
    pub(super) fn coded<'r>(&'r self, raw: Raw<'r>) -> Raw<'r> {
        if self.codes.is_empty() {
            return raw;
        }
        let code = self.codes.get(&fold(&raw.text()));
        code.map_or(raw, |code| Raw::Text(Cow::Borrowed(code)))
    }
}

pub(super) enum Locator {
    Path(Root, Path),
    Column(usize),
}

/// What a cell may be read from: the record, and within it the item that a row is made for.
pub(super) struct View<'v, 'r> {
    pub(super) record: &'v Record<'r>,
    pub(super) item: Option<&'r Tree<'r>>,
}

impl<'r> View<'_, 'r> {
    fn raw(&self, locator: &Locator) -> Raw<'r> {
        match (locator, self.record) {
            (Locator::Path(root, path), Record::Tree { record, document }) => {
                let from = match root {
                    Root::Item => Some(self.item.unwrap_or(record)),
                    Root::Record => Some(*record),
                    Root::Document => *document,
                };
                from.and_then(|tree| tree.at(path)).and_then(Tree::scalar).map_or(Raw::Empty, Raw::of_tree)
            }
            (Locator::Column(at), Record::Cells(cells)) => cells.get(*at).map_or(Raw::Empty, Raw::of_cell),
            _ => Raw::Empty,
        }
    }

    /// The first of these that is there and not blank.
    pub(super) fn first(&self, locators: &[Locator]) -> Raw<'r> {
        locators.iter().map(|locator| self.raw(locator)).find(|raw| !raw.is_blank()).unwrap_or(Raw::Empty)
    }

    /// What a cell's origin gives.
    pub(super) fn of<'v>(&'v self, cell: &'v BoundCell<'_>) -> Raw<'v> {
        if let Some(text) = &cell.fixed {
            return Raw::Text(Cow::Borrowed(text));
        }
        let CellOrigin::Join(_, with) = &cell.spec.origin else { return self.first(&cell.locators) };
        let parts: Vec<String> =
            cell.locators.iter().filter_map(|locator| self.raw(locator).into_text()).collect();
        if parts.len() < cell.locators.len() || parts.iter().any(String::is_empty) {
            return Raw::Empty;
        }
        Raw::Text(Cow::Owned(parts.join(with)))
    }

    /// Whether all of these hold.
    pub(super) fn meets(&self, conditions: &[Condition<'_>]) -> bool {
        conditions.iter().all(|one| self.says(&one.locators, one.texts) != one.not)
    }

    /// Whether one of the places says one of the texts.
    pub(super) fn says(&self, locators: &[Locator], texts: &[String]) -> bool {
        self.first(locators).into_text().is_some_and(|text| texts.contains(&fold(&text)))
    }
}

impl<'a> Binding<'a> {
    /// Finds a feed's cells in a document.
    pub fn of(
        feed: &'a Feed,
        document: &DocumentContext<'_>,
        nulls: &'a [String],
        codes: &'a BTreeMap<String, CodeList>,
        plans: &[EntityPlan],
    ) -> Self {
        let finder = Finder { document };
        let person = feed.person.as_ref().map(|person| match person {
            PersonKeySpec::Identity => BoundPerson::Identity,
            PersonKeySpec::Field(names) => BoundPerson::Field(finder.locators("", names)),
        });
        let identity = feed.identity.iter().map(|(at, spec)| (*at, finder.cell("", spec))).collect();
        let mut missing = Vec::new();
        let mut rows: Vec<BoundRow<'a>> =
            feed.rows.iter().map(|row| finder.row(row, plans, &mut missing)).collect();
        for row in &mut rows {
            for (at, cell) in &mut row.cells {
                if let Some(ColumnType::Code(list)) =
                    plans[row.entity].columns.get(*at).map(|plan| &plan.kind)
                {
                    cell.list = codes.get(list.as_str());
                }
            }
        }
        let is_own =
            |row: &&BoundRow<'_>| plans.get(row.entity).is_some_and(|plan| plan.name.as_str() != "learner");
        let own = rows.iter().filter(is_own).count();
        let is_mute = own > 0 && rows.iter().filter(is_own).all(|row| row.silent);
        let deleted = feed
            .deleted
            .as_ref()
            .map(|deleted| (finder.locators("", std::slice::from_ref(&deleted.at)), deleted.is.as_slice()));
        let when = finder.conditions("", &feed.when);
        let width = match document.shape {
            Shape::Cells(header) => header.map(<[String]>::len),
            Shape::Trees { .. } => None,
        };
        Self { person, identity, rows, deleted, when, nulls, width, missing, is_mute }
    }

    /// Whether a column's dates wait for its other rows to tell the order of day and month.
    pub fn is_unsettled(&self) -> bool {
        self.cells().any(BoundCell::is_unsettled)
    }

    /// Takes a record into account for the columns that wait, each in its place of `witnesses`.
    pub fn witness(&self, record: &Record<'_>, witnesses: &mut Vec<Witness>) {
        witnesses.resize(self.cells().count(), Witness::default());
        let view = View { record, item: None };
        for ((_, cell), witness) in self.identity.iter().zip(witnesses.iter_mut()) {
            cell.witness(&view, self.nulls, witness);
        }
        let mut at = self.identity.len();
        for row in &self.rows {
            let slots = &mut witnesses[at..at + row.cells.len()];
            at += row.cells.len();
            let items = match (&row.each, record) {
                (Some(path), Record::Tree { record, .. }) => record.every(path),
                _ => Vec::new(),
            };
            for ((_, cell), witness) in row.cells.iter().zip(slots) {
                if row.each.is_none() {
                    cell.witness(&view, self.nulls, witness);
                }
                for item in &items {
                    cell.witness(&View { record, item: Some(*item) }, self.nulls, witness);
                }
            }
        }
    }

    /// Settles the columns that wait, where their rows agree. The others' ambiguous cells are set aside.
    pub fn settle(&mut self, witnesses: &[Witness]) {
        let rows = self.rows.iter_mut().flat_map(|row| row.cells.iter_mut());
        let cells = self.identity.iter_mut().chain(rows).map(|(_, cell)| cell);
        for (cell, witness) in cells.zip(witnesses) {
            if let Some(style) = witness.style().filter(|_| cell.is_unsettled()) {
                for own in cell.spec.to_mut().dates.iter_mut().filter(|own| *own == EITHER) {
                    style.clone_into(own);
                }
            }
        }
    }

    fn cells(&self) -> impl Iterator<Item = &BoundCell<'a>> {
        self.identity.iter().chain(self.rows.iter().flat_map(|row| row.cells.iter())).map(|(_, cell)| cell)
    }

    /// Columns of the sheet, from 0, that rows of it are read from.
    pub fn columns(&self) -> BTreeSet<usize> {
        let person = match &self.person {
            Some(BoundPerson::Field(locators)) => locators.as_slice(),
            _ => &[],
        };
        let heard = self.rows.iter().filter(|row| !row.silent);
        let conditions = self.when.iter().chain(heard.clone().flat_map(|row| &row.when));
        let cells = self.identity.iter().chain(heard.flat_map(|row| &row.cells));
        let locators = cells.flat_map(|(_, cell)| &cell.locators);
        let locators = locators.chain(conditions.flat_map(|one| &one.locators)).chain(person);
        let deleted = self.deleted.iter().flat_map(|(locators, _)| locators);
        let columns = locators.chain(deleted).filter_map(|locator| match locator {
            Locator::Column(at) => Some(*at),
            Locator::Path(..) => None,
        });
        columns.collect()
    }

    /// Whether a column that no row can do without is missing.
    pub fn lacks_required(&self, plans: &[EntityPlan]) -> Option<(usize, usize)> {
        self.missing.iter().copied().find(|(entity, column)| plans[*entity].columns[*column].required)
    }
}

impl BoundCell<'_> {
    fn is_unsettled(&self) -> bool {
        self.spec.dates.iter().any(|style| style == EITHER)
    }

    fn witness(&self, view: &View<'_, '_>, nulls: &[String], witness: &mut Witness) {
        if self.is_unsettled()
            && let Ok(Some(Raw::Text(text))) = ready::ready(view.of(self), &self.spec, None, nulls)
        {
            witness.see(text.trim());
        }
    }
}

struct Finder<'d> {
    document: &'d DocumentContext<'d>,
}

impl Finder<'_> {
    fn row<'a>(
        &self,
        row: &'a RowSpec,
        plans: &[EntityPlan],
        missing: &mut Vec<(usize, usize)>,
    ) -> BoundRow<'a> {
        let each = row.each.as_deref().unwrap_or("");
        let sheet = matches!(self.document.shape, Shape::Cells(_));
        let (mut cells, mut lacking) = (Vec::new(), Vec::new());
        for (at, spec) in row.columns.iter().enumerate() {
            let Some(spec) = spec else { continue };
            let bound = self.cell(each, spec);
            let found = bound.fixed.is_some() || !bound.locators.is_empty() || bound.default.is_some();
            if !found && sheet && at < plans[row.entity].columns.len() {
                lacking.push((row.entity, at));
            }
            cells.push((at, bound));
        }
        let when = self.conditions(each, &row.when);
        // A block whose condition no row of this sheet can meet gives nothing, so none of its columns is missed.
        let silent = lacking.iter().any(|(_, at)| row.requires.contains(at))
            || when.iter().any(|one| one.locators.is_empty() && !one.not);
        if !silent {
            missing.append(&mut lacking);
        }
        let path = match (&row.each, self.document.shape) {
            (Some(each), Shape::Trees { record, .. }) => Some(record.path("", each).unwrap_or_default()),
            _ => None,
        };
        let silent = sheet && silent;
        BoundRow { entity: row.entity, each: path, when, requires: &row.requires, cells, silent }
    }

    fn cell<'a>(&self, each: &str, spec: &'a CellSpec) -> BoundCell<'a> {
        let (mut locators, mut fixed) = (Vec::new(), None);
        match &spec.origin {
            CellOrigin::From(names) => locators = self.locators(each, names),
            // A part that is not there leaves the whole empty.
            CellOrigin::Join(names, _) => {
                let found = self.locators(each, names);
                locators = if found.len() == names.len() { found } else { Vec::new() };
            }
            CellOrigin::Const(text) => fixed = Some(text.clone()),
            CellOrigin::Tenant(name) => fixed = self.document.tenant.get(name).cloned(),
            CellOrigin::Param(name) => fixed = self.document.params.get(name).cloned(),
            CellOrigin::Template(text) => fixed = Some(fill(text, self.document.captures)),
        }
        let default = spec.default.as_deref().map(|text| {
            if text.contains('{') {
                Cow::Owned(fill(text, self.document.captures))
            } else {
                Cow::Borrowed(text)
            }
        });
        let codes = spec.map_param.as_ref().and_then(|name| self.document.params.get(name));
        let codes = codes.map(|text| pairs(text)).unwrap_or_default();
        BoundCell { spec: Cow::Borrowed(spec), default, locators, fixed, codes, list: None }
    }

    fn conditions<'a>(&self, each: &str, when: &'a [(String, Vec<String>)]) -> Vec<Condition<'a>> {
        when.iter()
            .map(|(path, texts)| Condition {
                locators: self.locator(each, path.trim_start_matches('!')).into_iter().collect(),
                texts,
                not: path.starts_with('!'),
            })
            .collect()
    }

    fn locators(&self, each: &str, names: &[String]) -> Vec<Locator> {
        names.iter().filter_map(|name| self.locator(each, name)).collect()
    }

    fn locator(&self, each: &str, name: &str) -> Option<Locator> {
        match self.document.shape {
            Shape::Trees { record, document } => {
                let (root, path) = root_of(name);
                let found = match root {
                    Root::Item => record.path(each, path),
                    Root::Record => record.path("", path),
                    Root::Document => document.path("", path),
                };
                found.map(|path| Locator::Path(root, path))
            }
            Shape::Cells(None) => {
                let position = name.strip_prefix('#')?.parse::<usize>().ok()?;
                position.checked_sub(1).map(Locator::Column)
            }
            Shape::Cells(Some(header)) => {
                let folded = fold(name);
                header.iter().position(|text| *text == folded).map(Locator::Column)
            }
        }
    }
}

/// `text=code text=code`, folded.
fn pairs(text: &str) -> HashMap<String, String> {
    let pairs = text.split_whitespace().filter_map(|pair| pair.rsplit_once('='));
    pairs.map(|(text, code)| (fold(text), code.to_owned())).collect()
}

fn fill(template: &str, captures: &BTreeMap<String, String>) -> String {
    let mut text = template.to_owned();
    for (name, value) in captures {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}
