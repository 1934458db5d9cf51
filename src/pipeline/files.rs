use super::{SiteFault, Watch, intake::{Belonging, Intake}};
use crate::{
    conform::{Binding, Conformer, DocumentContext, Record},
    definitions::{Connector, connector::{Feed, FileForm}},
    fault::{Consequence, Fault, Place, Problem},
    privacy::Origin,
    source::{inbox::{self, InboxFile}, sheet},
};
use std::{collections::BTreeMap, fs};

/// Reads the new files of an inbox. Each file stands for itself: a bad one does not harm its neighbours.
pub(super) fn pull(
    intake: &mut Intake<'_>,
    connector: &Connector,
    form: &FileForm,
    full: bool,
    watch: &mut dyn Watch,
) -> Result<(), SiteFault> {
    let Some(first) = connector.feeds.first() else { return Ok(()) };
    let files = intake.source.inbox.as_ref().and_then(|inbox| inbox::list(inbox, &form.name).ok());
    let Some(files) = files else {
        let place = intake.place(first);
        intake.tally.note(Fault::document(place, Problem::Unreachable));
        return Ok(());
    };
    for file in files {
        for feed in &connector.feeds {
            read_file(intake, connector, form, feed, &file, full, watch)?;
        }
    }
    Ok(())
}

fn read_file(
    intake: &mut Intake<'_>,
    connector: &Connector,
    form: &FileForm,
    feed: &Feed,
    file: &InboxFile,
    full: bool,
    watch: &mut dyn Watch,
) -> Result<(), SiteFault> {
    let place = Place { document: file.ordinal, part: 1, ..intake.place(feed) };
    let Ok(bytes) = fs::read(&file.path) else {
        intake.tally.note(Fault::document(place, Problem::UnreadableFile));
        return Ok(());
    };
    let digest = intake.document_digest(&bytes);
    if !full && intake.has_document(feed, &digest)? {
        return Ok(());
    }
    let table = match sheet::read(bytes, form) {
        Ok(table) => table,
        Err(problem) => {
            intake.tally.note(Fault::document(place, problem));
            return Ok(());
        }
    };
    let place = Place { part: table.part, ..place };
    let codes = intake.site.definitions.codes.clone();
    let plans = intake.site.definitions.plans.clone();
    let identity = intake.site.definitions.identity.clone();
    let context = DocumentContext {
        header: (!table.header.is_empty()).then_some(table.header.as_slice()),
        tenant: &BTreeMap::new(),
        params: &intake.source.params,
        captures: &file.captures,
    };
    let binding = Binding::of(feed, &context, &connector.nulls, &codes, &plans, true);
    for (entity, column) in &binding.missing {
        let place = place.at(plans[*entity].columns[*column].name);
        let required = plans[*entity].columns[*column].required;
        let consequence = if required { Consequence::DocumentSetAside } else { Consequence::CellEmptied };
        intake.tally.note(Fault { place, problem: Problem::MissingColumn, consequence });
    }
    if binding.lacks_required(&plans).is_some() {
        return Ok(());
    }
    let scope = feed.snapshot.as_ref().map(|names| {
        let parts: Vec<&str> = names.iter().filter_map(|name| file.captures.get(name)).map(String::as_str).collect();
        intake.scope(feed, &parts)
    });
    let conformer = Conformer::new(&binding, &plans, &identity);
    intake.begin_document();
    let before = intake.tally.count(place).set_aside;
    for (number, cells) in &table.rows {
        let origin = Origin { document: digest, part: table.part, row: *number };
        let place = place.row(*number);
        let mut faults = Vec::new();
        let conformed = conformer.record(&Record::Cells(cells), place, origin, &mut faults);
        intake.record(conformed, faults, &Belonging { feed, tenant: "", place, scope })?;
    }
    Intake::tick(watch, table.rows.len());
    // A row set aside could be any row the scope held: nothing is taken for gone until it is mended.
    if let Some(scope) = scope
        && intake.tally.count(place).set_aside == before
    {
        intake.end_snapshot(feed, scope, Origin { document: digest, part: table.part, row: 0 });
    }
    intake.publication.documents.push((feed.name.to_string(), digest));
    Ok(())
}
