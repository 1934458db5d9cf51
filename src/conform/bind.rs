use super::{Record, ready::Raw};
use crate::{
    definitions::{
        CodeList,
        connector::{CellOrigin, CellSpec, Feed, PersonKeySpec, RowSpec, fold},
    },
    privacy::EntityPlan,
};
use std::{borrow::Cow, collections::BTreeMap};

/// What a document brings beside its records.
pub struct DocumentContext<'a> {
    /// Folded headers of a sheet; none for a page or a sheet without header.
    pub header: Option<&'a [String]>,
    /// Attributes of the tenant.
    pub tenant: &'a BTreeMap<String, String>,
    /// Parameters of the source.
    pub params: &'a BTreeMap<String, String>,
    /// Captures of the file name.
    pub captures: &'a BTreeMap<String, String>,
}

/// A feed's cells, found in one document.
pub struct Binding<'a> {
    pub(super) person: Option<BoundPerson>,
    pub(super) identity: Vec<(usize, BoundCell<'a>)>,
    pub(super) rows: Vec<BoundRow<'a>>,
    pub(super) nulls: &'a [String],
    pub(super) codes: &'a BTreeMap<String, CodeList>,
    /// How many columns the header has; none for a page or a sheet without header.
    pub(super) width: Option<usize>,
    /// Columns that the connector fills and this document lacks: (entity, column position).
    pub missing: Vec<(usize, usize)>,
}

pub(super) enum BoundPerson {
    Field(Vec<Locator>),
    Identity,
}

pub(super) struct BoundRow<'a> {
    pub(super) entity: usize,
    pub(super) requires: &'a [usize],
    pub(super) cells: Vec<(usize, BoundCell<'a>)>,
}

/// A cell's recipe with its places looked up. A fixed text is already there.
pub(super) struct BoundCell<'a> {
    pub(super) spec: Cow<'a, CellSpec>,
    locators: Vec<Locator>,
    fixed: Option<String>,
}

pub(super) enum Locator {
    Path(Vec<String>),
    Column(usize),
}

impl<'a> Binding<'a> {
    /// Finds a feed's cells in a document.
    pub fn of(
        feed: &'a Feed,
        document: &DocumentContext<'_>,
        nulls: &'a [String],
        codes: &'a BTreeMap<String, CodeList>,
        plans: &[EntityPlan],
        sheet: bool,
    ) -> Self {
        let finder = Finder { document, sheet };
        let person = feed.person.as_ref().map(|person| match person {
            PersonKeySpec::Identity => BoundPerson::Identity,
            PersonKeySpec::Field(names) => BoundPerson::Field(finder.locators(names)),
        });
        let identity = feed.identity.iter().map(|(at, spec)| (*at, finder.cell(spec))).collect();
        let mut missing = Vec::new();
        let rows = feed.rows.iter().map(|row| finder.row(row, plans, &mut missing)).collect();
        let width = document.header.map(<[String]>::len);
        Self { person, identity, rows, nulls, codes, width, missing }
    }

    /// Whether a column that no row can do without is missing.
    pub fn lacks_required(&self, plans: &[EntityPlan]) -> Option<(usize, usize)> {
        self.missing.iter().copied().find(|(entity, column)| plans[*entity].columns[*column].required)
    }

    pub(super) fn first<'r>(record: &Record<'r>, locators: &[Locator]) -> Raw<'r> {
        for locator in locators {
            let raw = match (locator, record) {
                (Locator::Path(steps), Record::Json(value)) => steps
                    .iter()
                    .try_fold(*value, |value, step| match value {
                        serde_json::Value::Object(object) => object.get(step.as_str()),
                        serde_json::Value::Array(array) => {
                            step.parse::<usize>().ok().and_then(|at| array.get(at))
                        }
                        _ => None,
                    })
                    .map_or(Raw::Empty, Raw::of_json),
                (Locator::Column(at), Record::Cells(cells)) => {
                    cells.get(*at).map_or(Raw::Empty, Raw::of_cell)
                }
                _ => Raw::Empty,
            };
            let blank = match &raw {
                Raw::Empty => true,
                Raw::Text(text) => text.trim().is_empty(),
                _ => false,
            };
            if !blank {
                return raw;
            }
        }
        Raw::Empty
    }

    pub(super) fn raw<'r>(cell: &BoundCell<'_>, record: &Record<'r>) -> Raw<'r> {
        match &cell.fixed {
            Some(text) => Raw::Text(Cow::Owned(text.clone())),
            None => Self::first(record, &cell.locators),
        }
    }
}

struct Finder<'d> {
    document: &'d DocumentContext<'d>,
    sheet: bool,
}

impl Finder<'_> {
    fn row<'a>(
        &self,
        row: &'a RowSpec,
        plans: &[EntityPlan],
        missing: &mut Vec<(usize, usize)>,
    ) -> BoundRow<'a> {
        let mut cells = Vec::new();
        for (at, spec) in row.columns.iter().enumerate() {
            let Some(spec) = spec else { continue };
            let bound = self.cell(spec);
            let found = bound.fixed.is_some() || !bound.locators.is_empty() || spec.default.is_some();
            let optional_block = row.requires.contains(&at);
            if !found && self.sheet && !optional_block && at < plans[row.entity].columns.len() {
                missing.push((row.entity, at));
            }
            cells.push((at, bound));
        }
        BoundRow { entity: row.entity, requires: &row.requires, cells }
    }

    fn cell<'a>(&self, spec: &'a CellSpec) -> BoundCell<'a> {
        let (mut locators, mut fixed) = (Vec::new(), None);
        match &spec.origin {
            CellOrigin::From(names) => locators = self.locators(names),
            CellOrigin::Const(text) => fixed = Some(text.clone()),
            CellOrigin::Tenant(name) => fixed = self.document.tenant.get(name).cloned(),
            CellOrigin::Param(name) => fixed = self.document.params.get(name).cloned(),
            CellOrigin::Template(text) => fixed = Some(fill(text, self.document.captures)),
        }
        BoundCell { spec: Cow::Borrowed(spec), locators, fixed }
    }

    fn locators(&self, names: &[String]) -> Vec<Locator> {
        if !self.sheet {
            return names
                .iter()
                .map(|path| Locator::Path(path.split('.').map(str::to_owned).collect()))
                .collect();
        }
        names
            .iter()
            .filter_map(|name| match (name.strip_prefix('#'), self.document.header) {
                (Some(position), None) => position.parse::<usize>().ok().and_then(|n| n.checked_sub(1)),
                (_, Some(header)) => {
                    let folded = fold(name);
                    header.iter().position(|text| *text == folded)
                }
                (None, None) => None,
            })
            .map(Locator::Column)
            .collect()
    }
}

fn fill(template: &str, captures: &BTreeMap<String, String>) -> String {
    let mut text = template.to_owned();
    for (name, value) in captures {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}
