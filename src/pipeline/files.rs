mod lacking;
mod order;
#[cfg(test)]
pub(super) mod tests;

use super::{
    SiteFault, Watch,
    intake::{Belonging, Intake},
};
use crate::{
    conform::{Binding, Conformer, DocumentContext, Record, Shape, Witness},
    definitions::{
        Connector,
        connector::{Feed, FileForm, FileFormat, What},
    },
    fault::{Consequence, Fault, Place, Problem},
    privacy::{Digest16, Origin},
    source::{
        bundle::{Bundle, TableMode},
        document::Document,
        inbox::{self, InboxFile},
        json,
        sheet::{self, Table},
        tree::{Tree, Wanted},
        xml,
    },
    telemetry::{self, Event},
};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// A JSON file is read whole: one of more bytes than this is not.
const MAX_JSON: u64 = 1 << 30;
/// So many records are read between two signs of life.
const TICK: usize = 1_000;

/// Reads the new files of an inbox. Each file stands for itself: a bad one does not harm its neighbours.
pub(super) fn pull(
    intake: &mut Intake<'_>,
    connector: &Connector,
    form: &FileForm,
    watch: &mut dyn Watch,
) -> Result<(), SiteFault> {
    for feed in &connector.feeds {
        let files = intake.source.inbox.as_ref().and_then(|inbox| inbox::of_feed(inbox, form, feed).ok());
        let Some(files) = files else {
            let place = intake.place(feed);
            intake.tally.note(Fault::document(place, Problem::Unreachable));
            continue;
        };
        let (others, wanted) = (others(connector, feed, form), wanted(feed));
        let files = if form.bundle.is_some() { files } else { one_of_each_scope(intake, feed, files) };
        let form = feed.form(form);
        let settle = settle(intake, form);
        let reading =
            |file| Reading { connector, form, others: &others, feed, file, wanted: &wanted, settle };
        for at in order::of(intake, &files, reading)? {
            if intake.site.stop.is_asked() {
                return Ok(());
            }
            let began = Instant::now();
            let well = reading(&files[at]).read(intake, watch)?;
            let (source, feed, part) = (intake.source.name, feed.name, files[at].ordinal);
            let took = began.elapsed();
            telemetry::emit(Event::SliceRead { source, feed, part, took, well });
        }
    }
    Ok(())
}

/// How old a file must be: what the connector says, or the site. A folder of past files is as it is.
fn settle(intake: &Intake<'_>, form: &FileForm) -> Duration {
    match form.settle_seconds {
        _ if intake.reads_the_past() => Duration::ZERO,
        Some(seconds) => Duration::from_secs(seconds),
        None => intake.site.settings.settle,
    }
}

/// Of a snapshot's scope, one file: what another of the same scope lacks would be taken for gone. Of several in one folder the
/// newest is read, for it was sent again: by what else its name tells (a date), else by when it was last changed. Of
/// several in different folders none is: they are not the same provider's.
fn one_of_each_scope(intake: &mut Intake<'_>, feed: &Feed, files: Vec<InboxFile>) -> Vec<InboxFile> {
    let Some(scope) = &feed.snapshot else { return files };
    let mut groups: BTreeMap<Vec<String>, Vec<InboxFile>> = BTreeMap::new();
    for file in files {
        groups.entry(scope_parts(scope, &file.captures)).or_default().push(file);
    }
    let mut kept = Vec::new();
    for mut group in groups.into_values() {
        let folder = |file: &InboxFile| file.path.parent().map(Path::to_owned);
        let place = intake.place(feed);
        if group.iter().any(|file| folder(file) != folder(&group[0])) {
            for file in group {
                intake.meets(feed, (slot(intake, &file), file.ordinal));
                let place = Place { document: file.ordinal, part: 1, ..place };
                intake.tally.note(Fault::document(place, Problem::TwoOfOneScope));
            }
            continue;
        }
        group.sort_by_cached_key(|file| {
            let tells = |(name, text): (&String, &String)| (!scope.contains(name)).then(|| text.clone());
            let dated: Vec<String> = file.captures.iter().filter_map(tells).collect();
            let changed = fs::metadata(&file.path).and_then(|meta| meta.modified()).ok();
            (dated, changed, file.path.clone())
        });
        let newest = group.pop();
        for file in group {
            intake.meets(feed, (slot(intake, &file), file.ordinal));
            let place = Place { document: file.ordinal, part: 1, ..place };
            intake.tally.note(Fault::told(place, Problem::OlderOfOneScope));
        }
        kept.extend(newest);
    }
    kept.sort_by_key(|file| file.ordinal);
    kept
}

/// What names a file's scope; however its name was typed.
fn scope_parts(names: &[String], captures: &BTreeMap<String, String>) -> Vec<String> {
    names.iter().filter_map(|name| captures.get(name)).map(|text| text.trim().to_lowercase()).collect()
}

/// Other tables of the same file: where one of their headers begins, this feed's table ends.
pub(super) fn others<'f>(connector: &'f Connector, feed: &Feed, form: &'f FileForm) -> Vec<&'f FileForm> {
    let others = connector.feeds.iter().filter(|other| other.name != feed.name && other.files == feed.files);
    others.map(|other| other.form(form)).collect()
}

/// What a feed wants of a record, and of the document around it.
pub(super) fn wanted(feed: &Feed) -> (Wanted, Wanted) {
    let paths = feed.paths();
    let of = |paths: &[String]| Wanted::of(paths.iter().map(String::as_str));
    (of(&paths.record), of(&paths.document))
}

/// One file under one feed.
pub(super) struct Reading<'f> {
    pub(super) connector: &'f Connector,
    pub(super) form: &'f FileForm,
    pub(super) others: &'f [&'f FileForm],
    pub(super) feed: &'f Feed,
    pub(super) file: &'f InboxFile,
    pub(super) wanted: &'f (Wanted, Wanted),
    /// A file younger than this is still being copied.
    pub(super) settle: Duration,
}

/// A file that is there, and what it is read as.
pub(super) enum Opened {
    File(Document),
    Table(Box<Bundle>, TableMode),
}

impl Opened {
    /// Whether the file is still what it was when it was opened.
    fn is_unchanged(&self) -> bool {
        match self {
            Self::File(document) => document.is_unchanged(),
            Self::Table(bundle, _) => bundle.is_unchanged(),
        }
    }
}

/// A file's records, one after the other, with the numbers a person would count them by.
pub(super) enum Content<'w> {
    Cells(Table),
    Json(std::iter::Zip<std::vec::IntoIter<Tree<'static>>, std::ops::RangeFrom<u32>>, Tree<'static>),
    Xml(Box<xml::Records<'w>>),
}

impl Content<'_> {
    pub(super) const fn part(&self) -> u32 {
        match self {
            Self::Cells(table) => table.part,
            Self::Json(..) | Self::Xml(_) => 1,
        }
    }

    /// The folded headers of a sheet; none for records of another shape.
    pub(super) fn header(&self) -> Vec<String> {
        match self {
            Self::Cells(table) => table.header.clone(),
            Self::Json(..) | Self::Xml(_) => Vec::new(),
        }
    }

    /// In which shape the records come.
    pub(super) fn shape<'s>(&self, header: &'s [String], wanted: &'s (Wanted, Wanted)) -> Shape<'s> {
        match self {
            Self::Cells(_) => Shape::Cells((!header.is_empty()).then_some(header)),
            Self::Json(..) | Self::Xml(_) => Shape::Trees { record: &wanted.0, document: &wanted.1 },
        }
    }

    /// Hands each record on, or what is wrong with it. An error ends the document at the row after the one given.
    pub(super) fn each<E>(
        &mut self,
        mut take: impl FnMut(u32, Result<Record<'_>, Problem>) -> Result<(), E>,
    ) -> Result<Result<(), (u32, Problem)>, E> {
        let mut last = 0;
        loop {
            let step = match self {
                Self::Cells(table) => match table.next_row() {
                    Ok(Some((number, cells))) => {
                        last = number;
                        take(number, cells.map(Record::Cells))
                    }
                    Ok(None) => return Ok(Ok(())),
                    Err(problem) => return Ok(Err((last + 1, problem))),
                },
                Self::Json(records, around) => match records.next() {
                    Some((record, number)) => {
                        take(number, Ok(Record::Tree { record: &record, document: Some(around) }))
                    }
                    None => return Ok(Ok(())),
                },
                Self::Xml(records) => match records.next_record() {
                    Ok(Some((number, found))) => {
                        last = number;
                        let around = records.around();
                        match &found {
                            Ok(record) => take(number, Ok(Record::Tree { record, document: Some(around) })),
                            Err(problem) => take(number, Err(*problem)),
                        }
                    }
                    Ok(None) if records.is_found() => return Ok(Ok(())),
                    Ok(None) => return Ok(Err((0, Problem::NoRecords))),
                    Err(problem) => return Ok(Err((last + 1, problem))),
                },
            };
            step?;
        }
    }
}

impl Reading<'_> {
    /// Reads the file, unless it was read as it is. Whether nothing of it is missing.
    fn read(&self, intake: &mut Intake<'_>, watch: &mut dyn Watch) -> Result<bool, SiteFault> {
        let place = Place { document: self.file.ordinal, part: 1, ..intake.place(self.feed) };
        let slot = slot(intake, self.file);
        let (mut opened, sha256) = match self.open() {
            Ok(Some(opened)) => opened,
            Ok(None) => {
                intake.meets(self.feed, (slot, self.file.ordinal));
                return Ok(true);
            }
            Err(Problem::StillArriving) => {
                intake.meets(self.feed, (slot, self.file.ordinal));
                intake.tally.note(Fault::told(place, Problem::StillArriving));
                return Ok(false);
            }
            Err(problem) => {
                intake.meets(self.feed, (slot, self.file.ordinal));
                intake.tally.note(Fault::document(place, problem));
                return Ok(false);
            }
        };
        let digest = intake.document_digest(&sha256);
        let reading = intake.reading(&sha256, &definitions_of(intake, self.connector));
        if intake.has_read(self.feed, &slot, &reading)? {
            return Ok(true);
        }
        intake.meets(self.feed, (slot, self.file.ordinal));
        let content = match self.content(&mut opened) {
            Ok(content) => content,
            Err(Problem::NoHeader) => {
                let known = (&*intake.site.definitions.plans, &intake.site.definitions.identity);
                let faults = lacking::faults(&self.file.path, (self.feed, self.form), known, place);
                faults.into_iter().for_each(|fault| intake.tally.note(fault));
                return Ok(false);
            }
            Err(problem) => {
                intake.tally.note(Fault::document(place, problem));
                return Ok(false);
            }
        };
        let place = Place { part: content.part(), ..place };
        let before = intake.document();
        let scope = self.take(intake, content, &mut opened, (digest, place), watch)?;
        if !opened.is_unchanged() {
            // Whatever was read may be half of one file and half of another.
            if intake.document() != before {
                intake.void_document();
            }
            intake.tally.note(Fault::told(place, Problem::StillArriving));
            return Ok(false);
        }
        let Some(scope) = scope else { return Ok(false) };
        if let Some(scope) = scope {
            let origin = Origin { document: digest, part: place.part, row: 0 };
            intake.end_snapshot(self.feed, scope, origin, place);
        }
        intake.document_read(self.feed, (slot, reading, digest));
        Ok(true)
    }

    /// Opens the file, or its table in a bundle. None where the bundle says that it holds none.
    pub(super) fn open(&self) -> Result<Option<(Opened, [u8; 32])>, Problem> {
        let settle = self.settle;
        let Some(vocabulary) = &self.form.bundle else {
            let document = Document::open(&self.file.path)?;
            if !document.has_settled(settle) {
                return Err(Problem::StillArriving);
            }
            let digest = document.digest()?;
            return Ok(Some((Opened::File(document), digest)));
        };
        if self.file.path.is_file() && !Document::open(&self.file.path)?.has_settled(settle) {
            return Err(Problem::StillArriving);
        }
        let bundle = Bundle::open(&self.file.path, vocabulary)?;
        let table = self.feed.files.as_deref().unwrap_or_default();
        match bundle.mode(table) {
            TableMode::Absent => Ok(None),
            mode => {
                let mut bundle = bundle;
                let digest = bundle.digest(&vocabulary.manifest, table)?;
                Ok(Some((Opened::Table(Box::new(bundle), mode), digest)))
            }
        }
    }

    pub(super) fn content<'s>(&'s self, opened: &mut Opened) -> Result<Content<'s>, Problem> {
        let document = match opened {
            Opened::File(document) => document,
            Opened::Table(bundle, _) => {
                let table = self.feed.files.as_deref().unwrap_or_default();
                let text = bundle.table(table)?.ok_or(Problem::NoTable)?;
                return sheet::open_text(text, self.form, &[]).map(Content::Cells);
            }
        };
        let (record, around) = self.wanted;
        match self.form.format {
            FileFormat::Json => {
                if document.size() > MAX_JSON {
                    return Err(Problem::TooLarge);
                }
                let bytes = document.head(document.size() as usize)?;
                let answer = json::read(&bytes, &self.feed.records, record, around)
                    .map_err(|_| Problem::UnreadableFile)?;
                let records: Vec<_> =
                    answer.records.ok_or(Problem::NoRecords)?.into_iter().map(Tree::into_owned).collect();
                Ok(Content::Json(records.into_iter().zip(1..), answer.envelope.into_owned()))
            }
            FileFormat::Xml => {
                let input = Box::new(document.clone());
                let records = xml::Records::open(input, &self.feed.records, record, around)
                    .map_err(|_| Problem::UnreadableFile)?;
                Ok(Content::Xml(Box::new(records)))
            }
            _ => sheet::open(document, self.form, self.others).map(Content::Cells),
        }
    }

    /// Where columns wait for it, their own rows tell the order of day and month: once through, and then from the
    /// beginning.
    pub(super) fn settle<'s>(
        &'s self,
        binding: &mut Binding<'_>,
        mut content: Content<'s>,
        opened: &mut Opened,
    ) -> Result<Content<'s>, Problem> {
        if !binding.is_unsettled() {
            return Ok(content);
        }
        let mut witnesses: Vec<Witness> = Vec::new();
        let _ = content.each(|_, record| {
            if let Ok(record) = &record {
                binding.witness(record, &mut witnesses);
            }
            Ok::<(), std::convert::Infallible>(())
        });
        binding.settle(&witnesses);
        self.content(opened)
    }

    /// Takes a document's records in. None where it was not read whole: it does not count as read, and is asked for
    /// again. Otherwise the scope that it is the snapshot of, if it is one.
    #[expect(clippy::option_option, reason = "read whole or not, and then of a scope or of none")]
    fn take<'s>(
        &'s self,
        intake: &mut Intake<'_>,
        mut content: Content<'s>,
        opened: &mut Opened,
        (digest, place): (Digest16, Place),
        watch: &mut dyn Watch,
    ) -> Result<Option<Option<Digest16>>, SiteFault> {
        let (codes, plans, identity) = (
            intake.site.definitions.codes.clone(),
            intake.site.definitions.plans.clone(),
            intake.site.definitions.identity.clone(),
        );
        let params = intake.source.params.clone();
        let captures = &self.file.captures;
        let header = content.header();
        let shape = content.shape(&header, self.wanted);
        let context = DocumentContext { shape, tenant: &BTreeMap::new(), params: &params, captures };
        let mut binding = Binding::of(self.feed, &context, &self.connector.nulls, &codes, &plans);
        // A table of a bundle is what its name says, in whichever edition.
        if binding.is_mute && matches!(opened, Opened::File(_)) {
            // Names alone would go into the register, and nothing of what the sheet says into the lake.
            intake.tally.note(Fault::document(place, Problem::NothingOfItsOwn));
            return Ok(None);
        }
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
            return Ok(None);
        }
        content = match self.settle(&mut binding, content, opened) {
            Ok(content) => content,
            Err(problem) => {
                intake.tally.note(Fault::document(place, problem));
                return Ok(None);
            }
        };
        let delta = matches!(opened, Opened::Table(_, TableMode::Delta));
        // A row of a delta belongs to its snapshot's scope like the others, though what the delta lacks is not gone.
        let scope = self.feed.snapshot.as_ref().map(|names| {
            let parts = scope_parts(names, captures);
            intake.scope(self.feed, &parts.iter().map(String::as_str).collect::<Vec<_>>())
        });
        let conformer = Conformer::new(&binding, &plans, &identity);
        intake.begin_document()?;
        let mut rows = 0;
        let ended = content.each(|number, record| {
            let origin = Origin { document: digest, part: place.part, row: number };
            let place = place.row(number);
            let mut faults = Vec::new();
            let mut conformed = match record {
                Ok(record) => conformer.record(&record, place, origin, &mut faults),
                Err(problem) => Err(Fault::row(place, problem)),
            };
            if let Ok(conformed) = &mut conformed
                && conformed.gone
                && self.feed.deleted.as_ref().is_some_and(|deleted| deleted.what == What::Person)
            {
                if let Some(person) = &conformed.person {
                    let key = person.veiled().0.clone();
                    intake.delete_person(self.feed, "", &key, origin);
                }
                conformed.rows.clear();
            }
            rows += 1;
            if rows % TICK == 0 {
                Intake::tick(watch, TICK);
            }
            intake.record(conformed, faults, &Belonging { feed: self.feed, tenant: "", place, scope })
        })?;
        Intake::tick(watch, rows % TICK);
        if let Content::Cells(table) = &content {
            for (n, problem) in [
                (table.hidden_rows, Problem::HiddenRows(table.hidden_rows)),
                (table.hidden_sheets, Problem::HiddenSheets(table.hidden_sheets)),
            ] {
                if n > 0 {
                    intake.tally.note(Fault::told(place, problem));
                }
            }
        }
        match ended {
            Ok(()) => Ok(Some(scope.filter(|_| !delta))),
            Err((row, problem)) => {
                intake.tally.note(Fault::document(place.row(row), problem));
                Ok(None)
            }
        }
    }
}

/// A file's place, keyed. A folder of past files is another place than the inbox, whatever the files are called.
fn slot(intake: &Intake<'_>, file: &InboxFile) -> Digest16 {
    let inside = intake.source.inbox.as_ref().and_then(|inbox| file.path.strip_prefix(inbox).ok());
    let inside = inside.unwrap_or(&file.path).to_string_lossy();
    intake.slot(&if intake.reads_the_past() { format!("past/{inside}") } else { inside.into() })
}

/// The checksums of the connector and of every schema and code list: mended definitions read a file again.
fn definitions_of(intake: &Intake<'_>, connector: &Connector) -> String {
    let files = &intake.site.definitions.files;
    let own = format!("connectors/{}.toml", connector.name);
    let checksums = files.checksums();
    let read_with = checksums.iter().filter(|(path, _)| **path == own || path.starts_with("schemas/"));
    read_with.map(|(_, sha256)| sha256.as_str()).collect::<Vec<_>>().join(" ")
}
