use super::{
    SiteFault, Watch,
    intake::{Belonging, Intake},
};
use crate::{
    conform::{Binding, Conformer, DocumentContext, Record, Shape},
    definitions::{
        Connector,
        connector::{Feed, FileForm, FileFormat},
    },
    fault::{Consequence, Fault, Place, Problem},
    privacy::{Digest16, Origin},
    source::{
        RawCell,
        inbox::{self, InboxFile},
        json, sheet,
        tree::{Tree, Wanted},
    },
};
use std::{collections::BTreeMap, fs};

/// Reads the new files of an inbox. Each file stands for itself: a bad one does not harm its neighbours.
pub(super) fn pull(
    intake: &mut Intake<'_>,
    connector: &Connector,
    form: &FileForm,
    watch: &mut dyn Watch,
) -> Result<(), SiteFault> {
    for feed in &connector.feeds {
        let pattern = feed.files.as_ref().unwrap_or(&form.name);
        let files = intake.source.inbox.as_ref().and_then(|inbox| inbox::list(inbox, pattern).ok());
        let Some(files) = files else {
            let place = intake.place(feed);
            intake.tally.note(Fault::document(place, Problem::Unreachable));
            continue;
        };
        for file in files {
            if intake.site.stop.is_asked() {
                return Ok(());
            }
            Reading { connector, form, feed, file: &file }.read(intake, watch)?;
        }
    }
    Ok(())
}

/// One file under one feed.
struct Reading<'f> {
    connector: &'f Connector,
    form: &'f FileForm,
    feed: &'f Feed,
    file: &'f InboxFile,
}

/// A file's records, with the numbers a person would count them by.
enum Content {
    Cells(sheet::Table),
    Json(Vec<Tree<'static>>, Tree<'static>),
}

impl Content {
    fn of(
        bytes: Vec<u8>,
        form: &FileForm,
        feed: &Feed,
        (record, document): (&Wanted, &Wanted),
    ) -> Result<Self, Problem> {
        if form.format != FileFormat::Json {
            return sheet::read(bytes, feed.form(form)).map(Self::Cells);
        }
        let answer =
            json::read(&bytes, &feed.records, record, document).map_err(|_| Problem::UnreadableFile)?;
        let records = answer.records.ok_or(Problem::NoRecords)?;
        Ok(Self::Json(records.into_iter().map(Tree::into_owned).collect(), answer.envelope.into_owned()))
    }

    const fn part(&self) -> u32 {
        match self {
            Self::Cells(table) => table.part,
            Self::Json(..) => 1,
        }
    }

    fn header(&self) -> Option<&[String]> {
        match self {
            Self::Cells(table) if !table.header.is_empty() => Some(&table.header),
            _ => None,
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = (u32, Record<'_>)> + '_> {
        match self {
            Self::Cells(table) => Box::new(
                table
                    .rows
                    .iter()
                    .map(|(number, cells): &(u32, Vec<RawCell>)| (*number, Record::Cells(cells))),
            ),
            Self::Json(list, around) => Box::new(
                list.iter()
                    .zip(1..)
                    .map(|(record, number)| (number, Record::Tree { record, document: Some(around) })),
            ),
        }
    }
}

impl Reading<'_> {
    fn read(&self, intake: &mut Intake<'_>, watch: &mut dyn Watch) -> Result<(), SiteFault> {
        let place = Place { document: self.file.ordinal, part: 1, ..intake.place(self.feed) };
        let Ok(bytes) = fs::read(&self.file.path) else {
            intake.tally.note(Fault::document(place, Problem::UnreadableFile));
            return Ok(());
        };
        let digest = intake.document_digest(&bytes);
        let inside = intake.source.inbox.as_ref().and_then(|inbox| self.file.path.strip_prefix(inbox).ok());
        let slot = intake.slot(&inside.unwrap_or(&self.file.path).to_string_lossy());
        let reading = intake.reading(&digest, &definitions_of(intake, self.connector));
        if intake.has_read(self.feed, &slot, &reading)? {
            return Ok(());
        }
        let paths = self.feed.paths();
        let record = Wanted::of(paths.record.iter().map(String::as_str));
        let document = Wanted::of(paths.document.iter().map(String::as_str));
        let wanted = (&record, &document);
        match Content::of(bytes, self.form, self.feed, wanted) {
            Ok(content) => {
                let place = Place { part: content.part(), ..place };
                self.take(intake, &content, wanted, (digest, slot, reading), place, watch)
            }
            Err(problem) => {
                intake.tally.note(Fault::document(place, problem));
                Ok(())
            }
        }
    }

    /// Takes a document's records in. Where nothing could be read it does not count as read, and is asked for again.
    fn take(
        &self,
        intake: &mut Intake<'_>,
        content: &Content,
        (record, document): (&Wanted, &Wanted),
        (digest, slot, reading): (Digest16, Digest16, Digest16),
        place: Place,
        watch: &mut dyn Watch,
    ) -> Result<(), SiteFault> {
        let (codes, plans, identity) = (
            intake.site.definitions.codes.clone(),
            intake.site.definitions.plans.clone(),
            intake.site.definitions.identity.clone(),
        );
        let params = intake.source.params.clone();
        let captures = &self.file.captures;
        let shape = match content {
            Content::Cells(_) => Shape::Cells(content.header()),
            Content::Json(..) => Shape::Trees { record, document },
        };
        let context = DocumentContext { shape, tenant: &BTreeMap::new(), params: &params, captures };
        let binding = Binding::of(self.feed, &context, &self.connector.nulls, &codes, &plans);
        for (entity, column) in &binding.missing {
            let column = &plans[*entity].columns[*column];
            let consequence =
                if column.required { Consequence::DocumentSetAside } else { Consequence::CellEmptied };
            intake.tally.note(Fault {
                place: place.at(column.name),
                problem: Problem::MissingColumn,
                consequence,
            });
        }
        if binding.lacks_required(&plans).is_some() {
            return Ok(());
        }
        let scope = self.feed.snapshot.as_ref().map(|names| {
            let parts: Vec<&str> =
                names.iter().filter_map(|name| captures.get(name)).map(String::as_str).collect();
            intake.scope(self.feed, &parts)
        });
        let conformer = Conformer::new(&binding, &plans, &identity);
        intake.begin_document()?;
        let mut rows = 0;
        for (number, record) in content.records() {
            let origin = Origin { document: digest, part: place.part, row: number };
            let place = place.row(number);
            let mut faults = Vec::new();
            let conformed = conformer.record(&record, place, origin, &mut faults);
            intake.record(conformed, faults, &Belonging { feed: self.feed, tenant: "", place, scope })?;
            rows += 1;
        }
        Intake::tick(watch, rows);
        if let Some(scope) = scope {
            let origin = Origin { document: digest, part: place.part, row: 0 };
            intake.end_snapshot(self.feed, scope, origin, place);
        }
        intake.document_read(self.feed, slot, reading, scope);
        Ok(())
    }
}

/// The checksums of the connector and of every schema and code list: mended definitions read a file again.
fn definitions_of(intake: &Intake<'_>, connector: &Connector) -> String {
    let files = &intake.site.definitions.files;
    let own = format!("connectors/{}.toml", connector.name);
    let checksums = files.checksums();
    let read_with = checksums.iter().filter(|(path, _)| **path == own || path.starts_with("schemas/"));
    read_with.map(|(_, sha256)| sha256.as_str()).collect::<Vec<_>>().join(" ")
}
