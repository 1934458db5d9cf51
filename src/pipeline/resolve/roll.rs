//! Reading somebody's own list: where its header stands, which columns say who a row is about, and every row below it.
use super::{
    super::preview::{RecordPreview, Sample, preview},
    Ask, ResolveFault,
};
use crate::{
    conform::propose::{Proposal, Refusal, Wishes, described, propose_people},
    definitions::{Definitions, connector::Form},
    fault::Problem,
    privacy::{Identified, Identity, IdentityPlan},
    source::{
        RawCell,
        look::{self, Looked},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

/// The name under which the list is read.
const NAME: &str = "roll";

/// A list. Identified: it can be neither shown nor serialised.
pub(super) struct List {
    /// Its header, as it is written.
    pub(super) header: Vec<String>,
    /// Every filled row below it.
    pub(super) lines: Vec<Line>,
    /// Who the rows are about that could be read.
    pub(super) people: Vec<Identified<Identity>>,
}

/// One row, as it stands.
pub(super) struct Line {
    /// Its number as a person counts it.
    pub(super) row: u32,
    /// Its cells.
    pub(super) cells: Vec<RawCell>,
    /// Its place among the people, or why it is not read: words of ours.
    pub(super) read: Result<usize, String>,
}

impl List {
    /// The rows that were not read, and why.
    pub(super) fn not_read(&self) -> Vec<(u32, String)> {
        let why = |line: &Line| line.read.as_ref().err().map(|why| (line.row, why.clone()));
        self.lines.iter().filter_map(why).collect()
    }
}

/// Reads a list in memory.
pub(super) fn read(
    definitions: &Definitions,
    overlay: Option<&Path>,
    ask: &Ask<'_>,
) -> Result<List, ResolveFault> {
    let broken =
        |problem: Problem| ResolveFault::Roll(format!("the list {problem}\n  hint: {}", problem.hint()));
    let file = fs::canonicalize(ask.roll).map_err(|_| {
        ResolveFault::Usage("the list is not there or cannot be opened: give its path".to_owned())
    })?;
    let bytes = fs::read(&file).map_err(|_| broken(Problem::UnreadableFile))?;
    let looked = look::look(bytes).map_err(broken)?;
    let wishes = Wishes {
        name: NAME.to_owned(),
        pattern: Some("*".to_owned()),
        day_first: ask.day_first,
        set: ask.set.to_vec(),
        ..Wishes::default()
    };
    let proposal = propose_people(&looked, definitions, &wishes).map_err(unread)?;
    // The draft lives here and nowhere else. What might be wrong with it could hold a header, so it is not told.
    let drafted = Definitions::load_with(overlay, &format!("connectors/{NAME}.toml"), &proposal.draft).ok();
    let drafted = drafted.as_ref().and_then(|drafted| Some((drafted, drafted.connectors.get(NAME)?)));
    let (drafted, connector) = drafted.ok_or_else(|| unread(Refusal::NoHeader))?;
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(broken(Problem::UnreadableFile));
    };
    let params = BTreeMap::new();
    let sample = Sample { inbox: folder, path: Path::new(name), params: &params, show: usize::MAX };
    let seen = preview(drafted, connector, &sample).feeds.into_iter().next();
    let seen = seen.ok_or_else(|| unread(Refusal::NoHeader))?;
    if let Some(problem) = seen.problem {
        return Err(broken(problem));
    }
    let (Form::File(form), Some(feed)) = (&connector.form, connector.feeds.first()) else {
        return Err(unread(Refusal::NoHeader));
    };
    let sheet = looked.sheets.iter().find(|sheet| sheet.part == proposal.part);
    let header = sheet.and_then(|sheet| described(&sheet.rows, &feed.form(form).header));
    let header = header.ok_or_else(|| unread(Refusal::NoHeader))?;
    let texts = header.texts.iter().map(|(_, shown)| shown.clone()).collect();
    Ok(lines(looked, &proposal, (header.at, texts), seen.records, &definitions.identity))
}

/// What to do about a list that cannot be read.
fn unread(refusal: Refusal) -> ResolveFault {
    let hint = match refusal {
        Refusal::Empty | Refusal::NoRows => refusal.hint(),
        _ => {
            "a list needs a header, and pupil numbers or first names, surnames and dates of birth; name its columns with --set surname=HEADER"
        }
    };
    ResolveFault::Roll(format!("the list cannot be read: {refusal}\n  hint: {hint}"))
}

fn lines(
    looked: Looked,
    proposal: &Proposal,
    (header_at, header): (usize, Vec<String>),
    records: Vec<RecordPreview>,
    plan: &IdentityPlan,
) -> List {
    let mut records: HashMap<u32, RecordPreview> =
        records.into_iter().map(|record| (record.row, record)).collect();
    let mut list = List { header, lines: Vec::new(), people: Vec::new() };
    let sheet = looked.sheets.into_iter().find(|sheet| sheet.part == proposal.part);
    let rows = sheet.map(|sheet| sheet.rows).unwrap_or_default();
    for (row, cells) in rows.into_iter().skip(header_at + 1) {
        if cells.iter().all(RawCell::is_blank) {
            continue;
        }
        let read = match records.remove(&row) {
            None => Err("it is not a row about somebody: a heading, a total or a note".to_owned()),
            Some(record) => whom(&record, plan),
        };
        let read = read.map(|identity| {
            list.people.push(Identified::new(identity));
            list.people.len() - 1
        });
        list.lines.push(Line { row, cells, read });
    }
    list
}

/// Whom a row is about, or why it does not say.
fn whom(record: &RecordPreview, plan: &IdentityPlan) -> Result<Identity, String> {
    let mut identity = Identity(vec![None; plan.fields.len()]);
    for (name, text) in &record.identity {
        if let Some(at) = plan.position(name.as_str()) {
            identity.0[at] = Some(text.clone());
        }
    }
    let has = |name: &str| plan.position(name).is_some_and(|at| identity.get(at).is_some());
    let forename = has("forename") || has("preferred_forename");
    let surname = has("surname") || has("preferred_surname");
    if has("upn") || has("uln") || has("nhs_number") || (forename && surname && has("birth_date")) {
        return Ok(identity);
    }
    // The first cell that is wrong is most often why.
    let wrong = record.faults.iter().find(|fault| plan.position(fault.place.column.as_str()).is_some());
    Err(wrong.map_or_else(
        || "it has neither a pupil number nor a first name, a surname and a date of birth".to_owned(),
        |fault| format!("{}: {}", fault.place.column.as_str().replace('_', " "), fault.problem),
    ))
}
