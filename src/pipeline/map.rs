//! An unknown file: which connector already reads it, or what a new one would have to say.
use super::preview::{FeedPreview, Sample, preview};
use crate::{
    conform::propose::{Proposal, Refusal, Wishes, described, propose},
    definitions::{
        Complaint, Connector, Definitions,
        connector::{FileFormat, Form, Header},
    },
    fault::{Name, Problem},
    source::{
        inbox,
        look::{self, Looked},
    },
};
use std::{cmp::Reverse, collections::BTreeMap, fs, path::Path};

/// A connector that reads the file as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The connector.
    pub connector: String,
    /// Its feed.
    pub feed: Name,
    /// Records read, and of those set aside.
    pub records: (u64, u64),
    /// Its pattern of the file names.
    pub pattern: String,
    /// Whether this file's name fits it.
    pub named: bool,
    /// How many columns of the sheet it reads.
    pub reads: usize,
    /// Those that it does not read: position from 1, and the header, which is for the screen of whoever opened the file.
    pub left: Vec<(u32, String)>,
    /// Parameters that the source's configuration has to give.
    pub params: Vec<String>,
}

/// What a look at a file gave.
pub struct Mapped {
    /// Connectors that read it as it is, best first.
    pub fits: Vec<Fit>,
    /// What a new connector would be.
    pub proposal: Result<Proposal, Refusal>,
    /// The proposal's draft tried on the file.
    pub tried: Option<Result<FeedPreview, Untried>>,
}

/// Why a draft could not be tried.
#[derive(Debug)]
pub enum Untried {
    /// It does not load.
    Complaints(Vec<Complaint>),
    /// The pattern of the file names does not fit this file.
    Unnamed,
}

/// How many records are kept for showing.
const SIGHTS: usize = 3;

/// Looks at a file. `overlay` is the site's folder of definitions, over which the draft is tried.
///
/// # Errors
/// The [`Problem`] of a file that is no spreadsheet.
pub fn map(
    file: &Path,
    definitions: &Definitions,
    overlay: Option<&Path>,
    wishes: &Wishes,
) -> Result<Mapped, Problem> {
    let looked = look::look(fs::read(file).map_err(|_| Problem::UnreadableFile)?)?;
    let proposal = propose(&looked, definitions, wishes);
    let tried = proposal.as_ref().ok().map(|proposal| {
        let path = format!("connectors/{}.toml", wishes.name);
        let drafted = Definitions::load_with(overlay, &path, &proposal.draft).map_err(Untried::Complaints)?;
        let connector = drafted.connectors.get(&wishes.name).ok_or(Untried::Unnamed)?;
        let shown = try_out(file, &drafted, connector, SIGHTS);
        shown.ok_or(Untried::Unnamed)
    });
    Ok(Mapped { fits: fits(file, &looked, definitions), proposal, tried })
}

/// A file under a connector's first feed that takes it.
fn try_out(
    file: &Path,
    definitions: &Definitions,
    connector: &Connector,
    show: usize,
) -> Option<FeedPreview> {
    let (inbox, name) = (file.parent()?, Path::new(file.file_name()?));
    // What the configuration has yet to say: a site reference that is nobody's.
    let params = connector.params(&definitions.plans).into_keys();
    let params: BTreeMap<String, String> = params.map(|name| (name.to_owned(), "AP0".to_owned())).collect();
    let sample = Sample { inbox, path: name, params: &params, show };
    preview(definitions, connector, &sample).feeds.into_iter().next()
}

/// Connectors under which at least nine rows in ten of the file are read, and say something of what the connector is for:
/// the one that reads most of the columns first.
fn fits(file: &Path, looked: &Looked, definitions: &Definitions) -> Vec<Fit> {
    let Some(name) = file.file_name().map(Path::new) else { return Vec::new() };
    let mut fits = Vec::new();
    for connector in definitions.connectors.values() {
        let Form::File(form) = &connector.form else { continue };
        let is_sheet = form.bundle.is_none() && !matches!(form.format, FileFormat::Json | FileFormat::Xml);
        if !is_sheet {
            continue;
        }
        for feed in &connector.feeds {
            let pattern = feed.files.as_ref().unwrap_or(&form.name);
            let named = inbox::captures(pattern, name).is_some();
            let mut alone = connector.clone();
            alone.feeds = vec![feed.clone()];
            if !named {
                alone.feeds[0].files = Some("*".to_owned());
            }
            let Some(seen) = try_out(file, definitions, &alone, 0) else { continue };
            let read_well = seen.own > 0 && seen.set_aside * 10 <= seen.count;
            if seen.problem.is_none() && seen.missing.is_empty() && read_well {
                fits.push(Fit {
                    connector: connector.name.clone(),
                    feed: feed.name,
                    records: (seen.count, seen.set_aside),
                    pattern: pattern.clone(),
                    named,
                    reads: seen.columns.0.len(),
                    left: left(&seen, looked, &feed.form(form).header),
                    params: connector.params(&definitions.plans).into_keys().map(str::to_owned).collect(),
                });
            }
        }
    }
    fits.sort_by_key(|fit| (Reverse(fit.reads), !fit.named, fit.records.1));
    fits
}

/// The columns that a feed leaves, with their headers as they are written.
fn left(seen: &FeedPreview, looked: &Looked, form: &Header) -> Vec<(u32, String)> {
    let sheet = looked.sheets.iter().find(|sheet| sheet.part == seen.part);
    let header = sheet.and_then(|sheet| described(&sheet.rows, form));
    let text =
        |at: usize| header.as_ref().and_then(|header| header.texts.get(at)).map(|(_, shown)| shown.clone());
    seen.columns.1.iter().map(|at| (*at as u32 + 1, text(*at).unwrap_or_default())).collect()
}
