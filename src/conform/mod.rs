//! Pages and sheets become canonical rows, or faults that name their place.
//!
//! In: raw records under a feed of a connector. Out: [`Conformed`] records, identified: who it is about, and typed
//! cells in each entity's column order. A cell that cannot be read is emptied and counted; a record without a
//! required cell, or without anything that says who it is, is set aside and counted. The value stays behind.
mod areas;
mod bind;
mod dates;
mod given;
mod identifier;
pub mod propose;
mod ready;
mod telling;
mod value;

#[cfg(test)]
mod tests;

pub use areas::{AreasFault, read_directory};
pub use bind::{Binding, DocumentContext, Shape};
pub use dates::Witness;
pub use given::{GivenFault, identity_given, says_enough};
pub use identifier::{NhsCheck, UlnCheck, UpnCheck, check_nhs, check_uln, check_upn};
pub use telling::identifier_in;

use crate::{
    fault::{Consequence, Fault, Name, Place, Problem},
    privacy::{Cell, EntityPlan, Identified, Identity, IdentityPlan, Origin, PersonKey, Row},
    source::{RawCell, tree::Tree},
};
use bind::{BoundRow, View};

/// One record as it came.
#[derive(Clone, Copy)]
pub enum Record<'r> {
    /// An object of a page or an element of a file, pruned to what its feed wants.
    Tree {
        /// The record.
        record: &'r Tree<'r>,
        /// What is wanted of the document around it.
        document: Option<&'r Tree<'r>>,
    },
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
    /// Whether the record says that it is gone: its person, or these rows, as its feed has it.
    pub gone: bool,
    /// Whether its feed is not about such records: nothing of it was read.
    pub passed_over: bool,
    /// How many of its items and parts gave no row because a cell was wrong: the snapshot they belong to is not whole.
    pub items_lost: u32,
}

impl Conformed {
    /// A record that its feed is not about.
    fn passed_over(plan: &IdentityPlan) -> Self {
        let identity = Identified::new(Identity(vec![None; plan.fields.len()]));
        Self { person: None, identity, rows: Vec::new(), gone: false, passed_over: true, items_lost: 0 }
    }
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
        let view = View { record, item: None };
        if !view.meets(&self.binding.when) {
            return Ok(Conformed::passed_over(self.identity));
        }
        let identity = self.identity_of(&view, place, faults);
        let person = match &self.binding.person {
            None => None,
            Some(bind::BoundPerson::Field(locators)) => {
                let key = view.first(locators);
                if value::is_rounded(&key) {
                    // Many people share what is left of such a key.
                    return Err(Fault::row(place, Problem::RoundedNumber));
                }
                let key = key.into_text();
                if key.as_ref().is_some_and(|key| key.contains('\u{fffd}')) {
                    return Err(Fault::row(place, Problem::UndecodableText));
                }
                let key = key
                    .filter(|key| !key.is_empty() && !ready::is_null(key, self.binding.nulls))
                    .ok_or(Fault::row(place, Problem::NobodyNamed))?;
                Some(Identified::new(PersonKey(key)))
            }
            Some(bind::BoundPerson::Identity) => {
                let key = identifier::person_key(self.identity, &identity, origin)
                    .ok_or(Fault::row(place, Problem::NobodyNamed))?;
                Some(Identified::new(PersonKey(key)))
            }
        };
        let gone = self.binding.deleted.as_ref().is_some_and(|(locators, texts)| view.says(locators, texts));
        let mut conformed = Conformed {
            person,
            identity: Identified::new(identity),
            rows: Vec::with_capacity(self.binding.rows.len()),
            gone,
            passed_over: false,
            items_lost: 0,
        };
        for bound in &self.binding.rows {
            self.rows(bound, record, place, origin, faults, &mut conformed)?;
        }
        Ok(conformed)
    }

    /// The rows of one kind: one for the record, or one for each of its items.
    fn rows(
        &self,
        bound: &BoundRow<'_>,
        record: &Record<'_>,
        place: Place,
        origin: Origin,
        faults: &mut Vec<Fault>,
        conformed: &mut Conformed,
    ) -> Result<(), Fault> {
        let (Some(path), Record::Tree { record: tree, .. }) = (&bound.each, record) else {
            let view = View { record, item: None };
            match self.row(bound, &view, place, origin, faults) {
                Ok(row) => conformed.rows.extend(row.map(Identified::new)),
                // What is gone need not be whole.
                Err(_) if conformed.gone => {}
                // A part that a record may lack costs itself, where the record has said something else.
                Err(fault) if !bound.requires.is_empty() && !conformed.rows.is_empty() => {
                    faults.push(Fault { consequence: Consequence::ItemSetAside, ..fault });
                    conformed.items_lost += 1;
                }
                Err(fault) => return Err(fault),
            }
            return Ok(());
        };
        for item in tree.every(path) {
            let view = View { record, item: Some(item) };
            match self.row(bound, &view, place, origin, faults) {
                Ok(row) => conformed.rows.extend(row.map(Identified::new)),
                // An item is a neighbour to the others: it costs itself.
                Err(fault) => {
                    faults.push(Fault { consequence: Consequence::ItemSetAside, ..fault });
                    conformed.items_lost += 1;
                }
            }
        }
        Ok(())
    }

    fn identity_of(&self, view: &View<'_, '_>, place: Place, faults: &mut Vec<Fault>) -> Identity {
        let mut fields = vec![None; self.identity.fields.len()];
        for (at, cell) in &self.binding.identity {
            let (name, kind) = self.identity.fields[*at];
            let read = ready::ready(view.of(cell), &cell.spec, cell.default.as_deref(), self.binding.nulls)
                .and_then(|raw| {
                    raw.map_or(Ok(None), |raw| identifier::normalise(kind, &raw, &cell.spec.dates))
                });
            match read {
                Ok(text) => fields[*at] = text,
                Err(problem) => faults.push(Fault::cell(place.at(name), problem)),
            }
        }
        Identity(fields)
    }

    fn row(
        &self,
        bound: &BoundRow<'_>,
        view: &View<'_, '_>,
        place: Place,
        origin: Origin,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<Row>, Fault> {
        if !view.meets(&bound.when) {
            return Ok(None);
        }
        let plan = &self.plans[bound.entity];
        let mut cells = vec![Cell::Null; plan.columns.len()];
        let mut found = Vec::new();
        for (at, cell) in &bound.cells {
            let column = &plan.columns[*at];
            let read = ready::ready(view.of(cell), &cell.spec, cell.default.as_deref(), self.binding.nulls)
                .and_then(|raw| {
                    let raw = raw.map(|raw| cell.coded(raw));
                    raw.map_or(Ok(Cell::Null), |raw| value::read(&raw, column, &cell.spec, cell.list))
                });
            let read = read.map(|value| match value {
                Cell::Date(day) if cell.spec.day_before => Cell::Date(day - 1),
                value => value,
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
}
