//! One file through one feed of a connector, in memory: what would be read of it, and what would not. Nothing is
//! written, and no pseudonym is made.
use crate::{
    conform::{Binding, Conformed, Conformer, DocumentContext, Record, Shape},
    definitions::{
        Connector, Definitions,
        connector::{Feed, FileForm},
    },
    fault::{Consequence, Fault, Name, Place, Problem},
    privacy::{Cell, Digest16, Identified, Origin},
    source::sheet,
};
use std::collections::BTreeMap;

/// One file and how it is to be read.
pub struct Trial<'t> {
    /// The connector.
    pub connector: &'t Connector,
    /// Its form of file.
    pub form: &'t FileForm,
    /// One of its feeds.
    pub feed: &'t Feed,
    /// The source whose file it is, or would be.
    pub source: Name,
    /// Parameters of that source.
    pub params: &'t BTreeMap<String, String>,
    /// What the file's name says.
    pub captures: &'t BTreeMap<String, String>,
}

/// What came of it.
pub struct Tried {
    /// Position of the sheet in its workbook, from 1.
    pub part: u32,
    /// Folded header texts by column; empty for a sheet without header.
    pub header: Vec<String>,
    /// Rows read.
    pub read: u64,
    /// Rows set aside.
    pub set_aside: u64,
    /// Every fault with its place; the document is number 0.
    pub faults: Vec<Fault>,
    /// The first records as they would be read.
    pub first: Vec<Identified<Sight>>,
}

/// One record as it would be read: for the screen of whoever may open the file, and nowhere else.
pub struct Sight {
    /// The row in the file.
    pub row: u32,
    /// Field or `entity.column`, and what is read.
    pub cells: Vec<(String, String)>,
}

impl Trial<'_> {
    /// Reads a file's bytes; the first `sights` records are kept for showing.
    ///
    /// # Errors
    /// The [`Problem`] that costs the whole file.
    pub fn run(&self, bytes: Vec<u8>, definitions: &Definitions, sights: usize) -> Result<Tried, Problem> {
        let table = sheet::read(bytes, self.feed.form(self.form))?;
        let place = Place { document: 0, part: table.part, ..Place::feed(self.source, self.feed.name) };
        let header = (!table.header.is_empty()).then_some(table.header.as_slice());
        let tenant = BTreeMap::new();
        let context = DocumentContext {
            shape: Shape::Cells(header),
            tenant: &tenant,
            params: self.params,
            captures: self.captures,
        };
        let (plans, identity) = (&definitions.plans, &definitions.identity);
        let binding = Binding::of(self.feed, &context, &self.connector.nulls, &definitions.codes, plans);
        let mut tried = Tried {
            part: table.part,
            header: table.header.clone(),
            read: 0,
            set_aside: 0,
            faults: Vec::new(),
            first: Vec::new(),
        };
        for (entity, column) in &binding.missing {
            let column = &plans[*entity].columns[*column];
            let consequence =
                if column.required { Consequence::DocumentSetAside } else { Consequence::CellEmptied };
            let place = place.at(column.name);
            tried.faults.push(Fault { place, problem: Problem::MissingColumn, consequence });
        }
        if binding.lacks_required(plans).is_some() {
            return Err(Problem::MissingColumn);
        }
        let conformer = Conformer::new(&binding, plans, identity);
        for (number, cells) in &table.rows {
            tried.read += 1;
            let origin = Origin { document: Digest16::default(), part: table.part, row: *number };
            let record = Record::Cells(cells);
            match conformer.record(&record, place.row(*number), origin, &mut tried.faults) {
                Ok(conformed) if tried.first.len() < sights => {
                    tried.first.push(sight(conformed, *number, definitions));
                }
                Ok(_) => {}
                Err(fault) => {
                    tried.set_aside += 1;
                    tried.faults.push(fault);
                }
            }
        }
        Ok(tried)
    }
}

/// A record as a person would check it against the sheet.
fn sight(conformed: Conformed, row: u32, definitions: &Definitions) -> Identified<Sight> {
    let mut cells = Vec::new();
    for (at, (name, _)) in definitions.identity.fields.iter().enumerate() {
        if let Some(text) = conformed.identity.veiled().get(at) {
            cells.push((name.to_string(), text.to_owned()));
        }
    }
    for row in &conformed.rows {
        let row = row.veiled();
        let plan = &definitions.plans[row.entity];
        let filled = plan.columns.iter().zip(&row.cells).filter(|(_, cell)| **cell != Cell::Null);
        cells.extend(filled.map(|(column, cell)| (format!("{}.{}", plan.name, column.name), shown(cell))));
    }
    Identified::new(Sight { row, cells })
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => text.to_string(),
        Cell::Int(n) => n.to_string(),
        Cell::Date(days) => chrono::DateTime::from_timestamp(i64::from(*days) * 86_400, 0)
            .map_or_else(String::new, |moment| moment.format("%d %b %Y").to_string()),
        Cell::Decimal(hundredths) => format!("{}.{:02}", hundredths / 100, hundredths.abs() % 100),
        Cell::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
    }
}
