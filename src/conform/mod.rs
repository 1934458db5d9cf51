//! Pages and sheets become canonical rows, or faults that name their place.
//!
//! In: raw records under a feed of a connector. Out: [`Conformed`] records, identified: who it is about, and typed
//! cells in each entity's column order. A cell that cannot be read is emptied and counted; a record without a
//! required cell, or without anything that says who it is, is set aside and counted. The value stays behind.
mod areas;
mod bind;
mod identifier;
mod ready;
mod value;

pub use areas::{AreasFault, read_directory};
pub use bind::{Binding, DocumentContext};
pub use identifier::{UlnCheck, UpnCheck, check_uln, check_upn};

use crate::{
    fault::{Fault, Name, Place, Problem},
    privacy::{Cell, EntityPlan, Identified, Identity, IdentityPlan, Origin, PersonKey, Row},
    source::RawCell,
};
use bind::{BoundCell, BoundRow};
use ready::Raw;
use serde_json::Value;

/// One record as it came.
pub enum Record<'r> {
    /// An object of a page.
    Json(&'r Value),
    /// A row of a sheet.
    Cells(&'r [RawCell]),
}

/// One record, conformed. Identified.
pub struct Conformed {
    /// How the source names the person; none in a public feed.
    pub person: Option<Identified<PersonKey>>,
    /// What the record says about who they are.
    pub identity: Identified<Identity>,
    /// Rows of one or more entities.
    pub rows: Vec<Identified<Row>>,
}

/// Reads the records of one document.
pub struct Conformer<'a> {
    binding: &'a Binding<'a>,
    plans: &'a [EntityPlan],
    identity: &'a IdentityPlan,
}

impl<'a> Conformer<'a> {
    /// A conformer for a bound document.
    pub const fn new(binding: &'a Binding<'a>, plans: &'a [EntityPlan], identity: &'a IdentityPlan) -> Self {
        Self { binding, plans, identity }
    }

    /// Conforms one record. Cell faults go to `faults`; an error costs the record.
    pub fn record(
        &self,
        record: &Record<'_>,
        place: Place,
        origin: Origin,
        faults: &mut Vec<Fault>,
    ) -> Result<Conformed, Fault> {
        if let (Record::Cells(cells), Some(width)) = (record, self.binding.width)
            && cells.iter().skip(width).any(|cell| !cell.is_blank())
        {
            return Err(Fault::row(place, Problem::TooManyCells));
        }
        let identity = self.identity_of(record, place, faults);
        let person = match &self.binding.person {
            None => None,
            Some(bind::BoundPerson::Field(locators)) => {
                let key = Binding::first(record, locators).into_text();
                let empty = |key: &str| self.binding.nulls.iter().any(|null| *null == key.to_lowercase());
                let key = key
                    .filter(|key| !key.is_empty() && !empty(key))
                    .ok_or(Fault::row(place, Problem::NobodyNamed))?;
                Some(Identified::new(PersonKey(key)))
            }
            Some(bind::BoundPerson::Identity) => {
                let key = identifier::person_key(self.identity, &identity, origin)
                    .ok_or(Fault::row(place, Problem::NobodyNamed))?;
                Some(Identified::new(PersonKey(key)))
            }
        };
        let mut rows = Vec::with_capacity(self.binding.rows.len());
        for bound in &self.binding.rows {
            if let Some(row) = self.row(bound, record, place, origin, faults)? {
                rows.push(Identified::new(row));
            }
        }
        Ok(Conformed { person, identity: Identified::new(identity), rows })
    }

    fn identity_of(&self, record: &Record<'_>, place: Place, faults: &mut Vec<Fault>) -> Identity {
        let mut fields = vec![None; self.identity.fields.len()];
        for (at, cell) in &self.binding.identity {
            let (name, kind) = self.identity.fields[*at];
            match self.text(cell, record) {
                Ok(None) => {}
                Ok(Some(raw)) => match identifier::normalise(kind, &raw, &cell.spec.dates) {
                    Ok(text) => fields[*at] = text,
                    Err(problem) => faults.push(Fault::cell(place.at(name), problem)),
                },
                Err(problem) => faults.push(Fault::cell(place.at(name), problem)),
            }
        }
        Identity(fields)
    }

    fn row(
        &self,
        bound: &BoundRow<'_>,
        record: &Record<'_>,
        place: Place,
        origin: Origin,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<Row>, Fault> {
        let plan = &self.plans[bound.entity];
        let mut cells = vec![Cell::Null; plan.columns.len()];
        let mut found = Vec::new();
        for (at, cell) in &bound.cells {
            let column = &plan.columns[*at];
            let read = self.text(cell, record).and_then(|raw| {
                raw.map_or(Ok(Cell::Null), |raw| value::read(&raw, column, &cell.spec, self.binding.codes))
            });
            match read {
                Ok(value) => cells[*at] = value,
                Err(problem) => found.push((column.name, column.required, problem)),
            }
        }
        let broken = |name: Name| found.iter().any(|(column, ..)| *column == name);
        let passed_over = |at: &usize| cells[*at] == Cell::Null && !broken(plan.columns[*at].name);
        if bound.requires.iter().any(passed_over) {
            return Ok(None);
        }
        for (name, required, problem) in &found {
            // Without a cell of its key the row would stand beside its mended self for ever.
            let names_the_row = plan.key.iter().any(|at| plan.columns[*at].name == *name);
            if *required || names_the_row {
                return Err(Fault::row(place.at(*name), *problem));
            }
        }
        for (at, column) in plan.columns.iter().enumerate() {
            if column.required && cells[at] == Cell::Null {
                return Err(Fault::row(place.at(column.name), Problem::Missing));
            }
        }
        if let Some((from, to)) = plan.interval
            && let (Cell::Date(first), Cell::Date(last)) = (&cells[from], &cells[to])
            && last < first
        {
            return Err(Fault::row(place.at(plan.columns[to].name), Problem::EndsBeforeStart));
        }
        let emptied_key = bound.requires.iter().any(|at| cells[*at] == Cell::Null);
        faults.extend(found.iter().map(|(name, _, problem)| Fault::cell(place.at(*name), *problem)));
        Ok((!emptied_key).then_some(Row { entity: bound.entity, cells, origin }))
    }

    /// The readied text or native value of a cell; none where it is empty.
    fn text<'r>(&self, cell: &BoundCell<'_>, record: &Record<'r>) -> Result<Option<Raw<'r>>, Problem> {
        let raw = Binding::raw(cell, record);
        ready::ready(raw, &cell.spec, self.binding.nulls)
    }
}
