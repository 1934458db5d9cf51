use super::{
    SiteFault, Watch,
    intake::{Belonging, Intake},
};
use crate::{
    conform::{Binding, Conformer, DocumentContext, Record},
    definitions::{
        Connector,
        connector::{Feed, FileForm, FileFormat},
    },
    fault::{Consequence, Fault, Place, Problem},
    privacy::{Digest16, Origin},
    source::{
        RawCell,
        inbox::{self, InboxFile},
        sheet,
    },
};
use serde_json::Value;
use std::{collections::BTreeMap, fs};

/// Reads the new files of an inbox. Each file stands for itself: a bad one does not harm its neighbours.
pub(super) fn pull(
    intake: &mut Intake<'_>,
    connector: &Connector,
    form: &FileForm,
    full: bool,
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
            Reading { connector, form, feed, file: &file }.read(intake, full, watch)?;
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
    Json(Vec<Value>),
}

impl Content {
    fn of(bytes: Vec<u8>, form: &FileForm, feed: &Feed) -> Result<Self, Problem> {
        if form.format != FileFormat::Json {
            return sheet::read(bytes, form).map(Self::Cells);
        }
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        let document: Value = serde_json::from_slice(text).map_err(|_| Problem::UnreadableFile)?;
        let list =
            feed.records.iter().try_fold(&document, |value, step| value.get(step)).and_then(Value::as_array);
        list.cloned().map(Self::Json).ok_or(Problem::NoRecords)
    }

    const fn part(&self) -> u32 {
        match self {
            Self::Cells(table) => table.part,
            Self::Json(_) => 1,
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
            Self::Json(list) => {
                Box::new(list.iter().zip(1..).map(|(value, number)| (number, Record::Json(value))))
            }
        }
    }
}

impl Reading<'_> {
    fn read(&self, intake: &mut Intake<'_>, full: bool, watch: &mut dyn Watch) -> Result<(), SiteFault> {
        let place = Place { document: self.file.ordinal, part: 1, ..intake.place(self.feed) };
        let Ok(bytes) = fs::read(&self.file.path) else {
            intake.tally.note(Fault::document(place, Problem::UnreadableFile));
            return Ok(());
        };
        let digest = intake.document_digest(&bytes);
        let inside = intake.source.inbox.as_ref().and_then(|inbox| self.file.path.strip_prefix(inbox).ok());
        let slot = intake.slot(&inside.unwrap_or(&self.file.path).to_string_lossy());
        let reading = intake.reading(&digest, &definitions_of(intake, self.connector));
        if !full && intake.has_read(self.feed, &slot, &reading)? {
            return Ok(());
        }
        let whole = match Content::of(bytes, self.form, self.feed) {
            Ok(content) => {
                let place = Place { part: content.part(), ..place };
                self.take(intake, &content, digest, place, full, watch)?
            }
            Err(problem) => {
                intake.tally.note(Fault::document(place, problem));
                false
            }
        };
        if whole {
            intake.publication.documents.push((self.feed.name.to_string(), slot, reading));
        }
        Ok(())
    }

    /// Takes a document's records in. False where nothing could be read: it is asked for again.
    fn take(
        &self,
        intake: &mut Intake<'_>,
        content: &Content,
        digest: Digest16,
        place: Place,
        full: bool,
        watch: &mut dyn Watch,
    ) -> Result<bool, SiteFault> {
        let (codes, plans, identity) = (
            intake.site.definitions.codes.clone(),
            intake.site.definitions.plans.clone(),
            intake.site.definitions.identity.clone(),
        );
        let params = intake.source.params.clone();
        let captures = &self.file.captures;
        let context =
            DocumentContext { header: content.header(), tenant: &BTreeMap::new(), params: &params, captures };
        let sheet = matches!(content, Content::Cells(_));
        let binding = Binding::of(self.feed, &context, &self.connector.nulls, &codes, &plans, sheet);
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
            return Ok(false);
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
        // A row set aside could be any row the scope held: nothing is taken for gone until it is mended.
        if let Some(scope) = scope
            && intake.unread == 0
        {
            let origin = Origin { document: digest, part: place.part, row: 0 };
            return Ok(intake.end_snapshot(self.feed, scope, origin, place, full));
        }
        Ok(true)
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
