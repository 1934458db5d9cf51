//! A supplier's own file, given back with what is wrong in it marked: the cells in colour and with a note, and a sheet
//! that says each in plain words. It is the one document that holds the supplier's cells, so it goes only to the place
//! that whoever asked has named.
pub(super) mod book;
mod words;

use super::preview::{FeedPreview, Sample, preview};
use crate::{
    conform::propose::{HeaderRow, described, nearest_header},
    definitions::{
        Connector, Definitions,
        connector::{CellOrigin, CellSpec, Feed, FileForm, Form, fold},
    },
    fault::{Fault, Name, Problem},
    privacy::Identified,
    source::look::{self, Looked},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// A file given back.
pub struct Marked {
    workbook: Identified<Vec<u8>>,
    /// Cells and rows marked.
    pub marks: usize,
    /// Rows with a mark.
    pub rows: usize,
    /// Faults that are not the supplier's to mend: parameters and parts of the file name.
    pub ours: usize,
    /// Why the file as a whole cannot be read, where it cannot.
    pub whole: Option<Problem>,
    /// Headers that its likeliest header line lacks, as the connector writes them.
    pub lacks: Vec<String>,
}

impl Marked {
    /// Hands the workbook's bytes to what writes them where the operator said.
    pub fn write<E>(self, write: impl FnOnce(&[u8]) -> Result<(), E>) -> Result<(), E> {
        write(&self.workbook.unveil())
    }

    /// The same, for whoever still needs its counts.
    pub fn written<E>(&self, write: impl FnOnce(&[u8]) -> Result<(), E>) -> Result<(), E> {
        write(self.workbook.veiled())
    }
}

/// Why something is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// It is to be mended.
    Wrong(Problem),
    /// The tracking roll does not have whom the row is about.
    #[cfg_attr(not(feature = "warehouse"), expect(dead_code, reason = "only `resolve` knows a roll"))]
    NotListed,
}

/// Something to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    /// Sheet by position in its workbook, from 1.
    part: u32,
    /// Row as a person counts it.
    row: u32,
    /// Column from 0; none for the whole row.
    column: Option<usize>,
    why: Why,
}

/// What there is to mend in one file.
#[derive(Default)]
struct Findings {
    marks: BTreeSet<Mark>,
    /// Headers that are looked for and not there, as the connector spells them, by sheet.
    missing: BTreeSet<(u32, String)>,
    headers: BTreeMap<u32, HeaderRow>,
    ours: usize,
    whole: Option<Problem>,
}

/// Marks a file. `path` is the file's path below `inbox`.
///
/// # Errors
/// The [`Problem`] of a file that is no spreadsheet or cannot be written as one.
pub fn export(
    definitions: &Definitions,
    connector: &Connector,
    (inbox, path): (&Path, &Path),
    params: &BTreeMap<String, String>,
) -> Result<Marked, Problem> {
    let Form::File(form) = &connector.form else { return Err(Problem::UnreadableFile) };
    let looked = look::look(fs::read(inbox.join(path)).map_err(|_| Problem::UnreadableFile)?)?;
    let mut findings = Findings::default();
    let glance = preview(definitions, connector, &Sample { inbox, path, params, show: 0 });
    for feed in &connector.feeds {
        // A sheet without any column of what the feed is for has nothing to mend: it is another kind of sheet.
        let is_other =
            |seen: &FeedPreview| seen.feed == feed.name && seen.problem == Some(Problem::NothingOfItsOwn);
        if glance.feeds.iter().any(is_other) {
            findings.whole = Some(Problem::NothingOfItsOwn);
            continue;
        }
        // One kind of row at a time: a column's name tells the cell only among the columns of one.
        for rows in &feed.rows {
            let feed = Feed { rows: vec![rows.clone()], ..feed.clone() };
            let alone = Connector { feeds: vec![feed], ..connector.clone() };
            let sample = Sample { inbox, path, params, show: usize::MAX };
            findings.add(definitions, &alone, form, &looked, &sample);
        }
    }
    findings.marked(&looked, book::MEND)
}

/// Marks rows of a file, by sheet and row, whose people the tracking roll does not have.
///
/// # Errors
/// As [`export`].
#[cfg(feature = "warehouse")]
pub(super) fn mark_not_listed(path: &Path, rows: &BTreeSet<(u32, u32)>) -> Result<Marked, Problem> {
    let looked = look::look(fs::read(path).map_err(|_| Problem::UnreadableFile)?)?;
    let mark = |(part, row): &(u32, u32)| Mark { part: *part, row: *row, column: None, why: Why::NotListed };
    let findings = Findings { marks: rows.iter().map(mark).collect(), ..Findings::default() };
    findings.marked(&looked, book::NOT_LISTED)
}

impl Findings {
    /// The file with what was found in it, and a last sheet that says it.
    fn marked(self, looked: &Looked, telling: book::Telling) -> Result<Marked, Problem> {
        let rows: BTreeSet<(u32, u32)> = self.marks.iter().map(|mark| (mark.part, mark.row)).collect();
        let bytes = book::write(looked, &self, telling).map_err(|_| Problem::UnreadableFile)?;
        Ok(Marked {
            workbook: Identified::new(bytes),
            marks: self.marks.len() + self.missing.len(),
            rows: rows.len(),
            ours: self.ours,
            whole: self.whole,
            lacks: self.missing.into_iter().map(|(_, text)| text).collect(),
        })
    }

    /// Adds what one feed with one kind of row finds.
    fn add(
        &mut self,
        definitions: &Definitions,
        connector: &Connector,
        form: &FileForm,
        looked: &Looked,
        sample: &Sample<'_>,
    ) {
        let feed = &connector.feeds[0];
        for seen in preview(definitions, connector, sample).feeds {
            let sheet = looked.sheets.iter().find(|sheet| sheet.part == seen.part);
            if let Some(header) = sheet.and_then(|sheet| described(&sheet.rows, &feed.form(form).header)) {
                self.headers.insert(seen.part, header);
            }
            let header = self.headers.get(&seen.part);
            let row = &feed.rows[0];
            let plan = &definitions.plans[row.entity];
            for (entity, column, required) in &seen.missing {
                let at = plan.columns.iter().position(|other| plan.name == *entity && other.name == *column);
                let spec = at.and_then(|at| row.columns[at].as_ref());
                // Others can be absent: the sheet has never had them.
                if let Some(text) = spec.and_then(|spec| names(spec).next()).filter(|_| *required) {
                    self.missing.insert((seen.part, text.to_owned()));
                }
            }
            // Of one kind of row alone, a sheet may have nothing.
            let of_kind = [Problem::MissingColumn, Problem::NothingOfItsOwn];
            if let Some(problem) = seen.problem.filter(|problem| !of_kind.contains(problem)) {
                self.whole = Some(problem);
            }
            if seen.problem == Some(Problem::NoHeader)
                && let Some(near) = nearest_header(looked, &feed.form(form).header)
            {
                let texts = near.missing.iter().filter_map(|texts| texts.first());
                self.missing.extend(texts.map(|text| (near.part, text.clone())));
            }
            let cells = Cells { definitions, feed, header };
            let faults =
                seen.records.iter().flat_map(|record| record.faults.iter().map(|fault| (record.row, fault)));
            for (row, fault) in faults {
                match cells.mark(seen.part, row, fault) {
                    Some(mark) => drop(self.marks.insert(mark)),
                    None => self.ours += 1,
                }
            }
        }
    }
}

/// Where a feed's columns stand.
struct Cells<'c> {
    definitions: &'c Definitions,
    feed: &'c Feed,
    header: Option<&'c HeaderRow>,
}

impl Cells<'_> {
    /// What there is to mend for a fault; none where nothing on the sheet is to blame.
    fn mark(&self, part: u32, row: u32, fault: &Fault) -> Option<Mark> {
        let column = fault.place.column;
        let column = if column == Name::NONE { None } else { Some(self.column(column)?) };
        Some(Mark { part, row, column, why: Why::Wrong(fault.problem) })
    }

    /// The column of the sheet, from 0; none for what no cell of the sheet says.
    fn column(&self, name: Name) -> Option<usize> {
        let row = &self.feed.rows[0];
        let plan = &self.definitions.plans[row.entity];
        let of_row = plan.columns.iter().zip(&row.columns).find(|(column, _)| column.name == name);
        let of_row = of_row.and_then(|(_, spec)| spec.as_ref());
        let fields = &self.definitions.identity.fields;
        let of_identity =
            self.feed.identity.iter().find(|(at, _)| fields[*at].0 == name).map(|(_, spec)| spec);
        let spec = of_row.or(of_identity)?;
        names(spec).find_map(|text| match self.header {
            Some(header) => {
                let folded = fold(text);
                header.texts.iter().position(|(known, _)| *known == folded)
            }
            None => text.strip_prefix('#')?.parse::<usize>().ok()?.checked_sub(1),
        })
    }
}

fn names(spec: &CellSpec) -> impl Iterator<Item = &str> {
    let names: &[String] = match &spec.origin {
        CellOrigin::From(names) | CellOrigin::Join(names, _) => names,
        _ => &[],
    };
    names.iter().map(String::as_str)
}
