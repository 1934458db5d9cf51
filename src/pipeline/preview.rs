//! What a file would say: one file read through one connector, without key, catalog or disk.
//!
//! For a person at a screen who wants to see an unknown sheet as it would be read, and for the samples of every
//! connector. A [`Preview`] is identified: it holds names and numbers as the file has them. It can be neither
//! serialised nor debugged; its texts are wiped when it is dropped; and [`Preview::lines`] is for a screen alone.
use super::files::{Opened, Reading, others, wanted};
use crate::{
    conform::{Binding, Conformer, DocumentContext, Record},
    definitions::{
        Connector, Definitions,
        connector::{Feed, FileForm, Form},
    },
    fault::{Fault, Name, Place, Problem},
    privacy::{Cell, Identified, Identity, Origin, PersonKey},
    source::inbox::{self, InboxFile},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fmt,
    path::Path,
    time::Duration,
};
use zeroize::Zeroize;

/// What one file would say, feed by feed. Identified: for a screen, never for a file or a log.
pub struct Preview {
    /// One for each feed whose files are named like this one.
    pub feeds: Vec<FeedPreview>,
}

/// What one feed would read in the file.
pub struct FeedPreview {
    /// The feed's name.
    pub feed: Name,
    /// Sheet by position, from 1.
    pub part: u32,
    /// Why the document as a whole could not be read; then there are no records.
    pub problem: Option<Problem>,
    /// Columns that the connector fills and the file lacks: entity, column, and whether no row can do without it.
    pub missing: Vec<(Name, Name, bool)>,
    /// Its first records.
    pub records: Vec<RecordPreview>,
    /// How many records it has in all.
    pub count: u64,
    /// How many of them would be set aside.
    pub set_aside: u64,
    /// How many of them give a row of what the feed is for, and not only of who somebody is.
    pub own: u64,
    /// Columns of the sheet that are read, and those that have a header and are not: by position, from 0.
    pub columns: (BTreeSet<usize>, BTreeSet<usize>),
}

/// One record as it would be read.
pub struct RecordPreview {
    /// Row in the file, or record in the document, from 1.
    pub row: u32,
    /// How its source names the person.
    pub person: Option<Identified<PersonKey>>,
    /// Filled identity fields, normalised.
    pub identity: Vec<(Name, String)>,
    /// Rows by entity, with their filled columns as text.
    pub rows: Vec<(Name, Vec<(Name, String)>)>,
    /// What is wrong with it, and at what cost.
    pub faults: Vec<Fault>,
    /// Whether the record says that it is gone.
    pub gone: bool,
}

impl Drop for RecordPreview {
    fn drop(&mut self) {
        for (_, text) in &mut self.identity {
            text.zeroize();
        }
        for (_, text) in self.rows.iter_mut().flat_map(|(_, cells)| cells) {
            text.zeroize();
        }
    }
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Preview(identified)")
    }
}

/// A file to look at.
pub struct Sample<'a> {
    /// The folder that stands for the inbox.
    pub inbox: &'a Path,
    /// The file's path below it, by which patterns find it and tell its captures.
    pub path: &'a Path,
    /// Parameters of the source.
    pub params: &'a BTreeMap<String, String>,
    /// How many records to show of each feed; all are read and counted.
    pub show: usize,
}

/// Reads one file as a connector would. A file that no feed's pattern fits gives no feeds, as does a connector of a
/// service.
pub fn preview(definitions: &Definitions, connector: &Connector, sample: &Sample<'_>) -> Preview {
    let Form::File(form) = &connector.form else { return Preview { feeds: Vec::new() } };
    let reader = Reader { definitions, connector, form, sample };
    Preview { feeds: connector.feeds.iter().filter_map(|feed| reader.feed(feed)).collect() }
}

struct Reader<'a> {
    definitions: &'a Definitions,
    connector: &'a Connector,
    form: &'a FileForm,
    sample: &'a Sample<'a>,
}

impl Reader<'_> {
    fn feed(&self, feed: &Feed) -> Option<FeedPreview> {
        let file = self.file(feed)?;
        let (others, wanted) = (others(self.connector, feed, self.form), wanted(feed));
        let reading = Reading {
            connector: self.connector,
            form: feed.form(self.form),
            others: &others,
            feed,
            file: &file,
            wanted: &wanted,
            // Whoever looks at a file now means it as it is now.
            settle: Duration::ZERO,
        };
        let mut seen = FeedPreview {
            feed: feed.name,
            part: 1,
            problem: None,
            missing: Vec::new(),
            records: Vec::new(),
            count: 0,
            set_aside: 0,
            own: 0,
            columns: Default::default(),
        };
        match reading.open() {
            Ok(None) => return None,
            Ok(Some((mut opened, _))) => {
                let read = self.read(&reading, &mut opened, &mut seen);
                seen.problem = read.err();
            }
            Err(problem) => seen.problem = Some(problem),
        }
        Some(seen)
    }

    /// The file under a feed's pattern.
    fn file(&self, feed: &Feed) -> Option<InboxFile> {
        let path = self.sample.inbox.join(self.sample.path);
        if self.form.bundle.is_some() {
            let files = inbox::of_feed(self.sample.inbox, self.form, feed).ok()?;
            return files.into_iter().find(|file| file.path == path);
        }
        let pattern = feed.files.as_ref().unwrap_or(&self.form.name);
        let captures = inbox::captures(pattern, self.sample.path)?;
        Some(InboxFile { path, ordinal: 1, captures })
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        opened: &mut Opened,
        seen: &mut FeedPreview,
    ) -> Result<(), Problem> {
        let Definitions { codes, plans, identity, .. } = self.definitions;
        let content = reading.content(opened)?;
        seen.part = content.part();
        let header = content.header();
        let shape = content.shape(&header, reading.wanted);
        let (tenant, params, captures) = (BTreeMap::new(), self.sample.params, &reading.file.captures);
        let context = DocumentContext { shape, tenant: &tenant, params, captures };
        let mut binding = Binding::of(reading.feed, &context, &self.connector.nulls, codes, plans);
        let missing = binding.missing.iter().map(|(entity, at)| {
            let column = &plans[*entity].columns[*at];
            (plans[*entity].name, column.name, column.required)
        });
        seen.missing = missing.collect();
        let read = binding.columns();
        let headed = header.iter().enumerate().filter(|(_, text)| !text.is_empty()).map(|(at, _)| at);
        let left = headed.filter(|at| !read.contains(at)).collect();
        seen.columns = (read, left);
        if binding.is_mute && matches!(opened, Opened::File(_)) {
            return Err(Problem::NothingOfItsOwn);
        }
        if binding.lacks_required(plans).is_some() {
            return Err(Problem::MissingColumn);
        }
        let only_people = reading.feed.rows.iter().all(|rows| is_person(plans[rows.entity].name));
        let mut content = reading.settle(&mut binding, content, opened)?;
        let conformer = Conformer::new(&binding, plans, identity);
        let place =
            Place { part: seen.part, ..Place::feed(Name::declare(&self.connector.name), reading.feed.name) };
        let ended = content.each(|row, record| {
            let shown = self.record(&conformer, record, place.row(row));
            seen.count += 1;
            seen.set_aside += u64::from(shown.is_set_aside());
            seen.own += u64::from(shown.rows.iter().any(|(entity, _)| only_people || !is_person(*entity)));
            if seen.records.len() < self.sample.show {
                seen.records.push(shown);
            }
            Ok::<(), Infallible>(())
        });
        match ended {
            Ok(ended) => ended.map_err(|(_, problem)| problem),
            Err(never) => match never {},
        }
    }

    fn record(
        &self,
        conformer: &Conformer<'_>,
        record: Result<Record<'_>, Problem>,
        place: Place,
    ) -> RecordPreview {
        let origin = Origin { document: [0; 16], part: place.part, row: place.row };
        let mut faults = Vec::new();
        let mut shown = RecordPreview {
            row: place.row,
            person: None,
            identity: vec![],
            rows: vec![],
            faults: vec![],
            gone: false,
        };
        let conformed = match &record {
            Ok(record) => conformer.record(record, place, origin, &mut faults),
            Err(problem) => Err(Fault::row(place, *problem)),
        };
        match conformed {
            Ok(conformed) => {
                shown.gone = conformed.gone;
                shown.person = conformed.person;
                shown.identity = self.identity(&conformed.identity);
                for row in conformed.rows {
                    let row = row.unveil();
                    let plan = &self.definitions.plans[row.entity];
                    let cells = plan.columns.iter().zip(row.cells);
                    let filled = cells.filter(|(_, cell)| *cell != Cell::Null);
                    shown.rows.push((
                        plan.name,
                        filled.map(|(column, cell)| (column.name, text_of(&cell))).collect(),
                    ));
                }
            }
            Err(fault) => faults.push(fault),
        }
        shown.faults = faults;
        shown
    }

    fn identity(&self, identity: &Identified<Identity>) -> Vec<(Name, String)> {
        let fields = self.definitions.identity.fields.iter().enumerate();
        let filled =
            fields.filter_map(|(at, (name, _))| Some((*name, identity.veiled().get(at)?.to_owned())));
        filled.collect()
    }
}

impl RecordPreview {
    /// Whether the record as a whole would be left out.
    pub fn is_set_aside(&self) -> bool {
        self.faults.iter().any(|fault| fault.consequence == crate::fault::Consequence::RowSetAside)
    }
}

impl Preview {
    /// What would be read, line by line, for a screen.
    pub fn lines(&self) -> Vec<String> {
        self.feeds.iter().flat_map(FeedPreview::lines).collect()
    }
}

impl FeedPreview {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {} records, {} set aside", self.feed, self.count, self.set_aside)];
        lines.extend(self.problem.map(|problem| format!("  not read: {problem}")));
        lines.extend(self.missing.iter().map(|(entity, column, required)| {
            format!(
                "  no column for {entity}.{column}{}",
                if *required { ", which every row needs" } else { "" }
            )
        }));
        for record in &self.records {
            let gone = if record.gone { " (gone)" } else { "" };
            lines.push(format!("  row {}{gone}: {}", record.row, pairs(&record.identity)));
            lines.extend(record.rows.iter().map(|(entity, cells)| format!("    {entity}: {}", pairs(cells))));
            lines.extend(record.faults.iter().map(|fault| {
                format!("    fault at {}: {} ({})", fault.place.column, fault.problem, fault.consequence)
            }));
        }
        lines
    }
}

/// Whether an entity says who somebody is, and nothing about them.
fn is_person(entity: Name) -> bool {
    entity.as_str() == "learner"
}

fn pairs(cells: &[(Name, String)]) -> String {
    cells.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join(" ")
}

fn text_of(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => text.to_string(),
        Cell::Digest(digest) => String::from_utf8_lossy(&crate::privacy::hex(digest)).into_owned(),
        Cell::Int(n) => n.to_string(),
        Cell::Date(days) => {
            let day = chrono::NaiveDate::default() + chrono::TimeDelta::days(i64::from(*days));
            day.format("%Y-%m-%d").to_string()
        }
        Cell::Decimal(hundredths) => {
            format!("{}.{:02}", hundredths.div_euclid(100), hundredths.rem_euclid(100))
        }
        Cell::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
    }
}
