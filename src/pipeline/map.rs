//! An unknown file: which connector already reads it, or what a new one would have to say.
use super::trial::{Trial, Tried};
use crate::{
    conform::propose::{Proposal, Refusal, Wishes, propose},
    definitions::{
        Complaint, Definitions,
        connector::{Form, PersonKeySpec},
    },
    fault::{Name, Problem},
    source::{inbox, look},
};
use std::{collections::BTreeMap, path::Path};

/// A connector that reads the file as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The connector.
    pub connector: String,
    /// Its feed.
    pub feed: Name,
    /// Rows read, and of those set aside.
    pub rows: (u64, u64),
    /// Its pattern of the file names.
    pub pattern: String,
    /// Whether this file's name fits it.
    pub named: bool,
}

/// What a look at a file gave.
pub struct Mapped {
    /// Connectors that read it as it is, best first.
    pub fits: Vec<Fit>,
    /// What a new connector would be.
    pub proposal: Result<Proposal, Refusal>,
    /// The proposal's draft tried on the file; a complaint means that the draft is wrong.
    pub tried: Option<Result<Tried, Untried>>,
}

/// Why a draft could not be tried.
#[derive(Debug)]
pub enum Untried {
    /// It does not load.
    Complaints(Vec<Complaint>),
    /// It does not read the file.
    Problem(Problem),
}

/// How many records are kept for showing.
const SIGHTS: usize = 3;

/// Looks at a file's bytes.
///
/// # Errors
/// The [`Problem`] of a file that is no spreadsheet.
pub fn map(
    bytes: &[u8],
    definitions: &Definitions,
    overlay: Option<&Path>,
    wishes: &Wishes,
) -> Result<Mapped, Problem> {
    let looked = look::look(bytes.to_vec())?;
    let fits = fits(bytes, definitions, &wishes.file_name);
    let proposal = propose(&looked, definitions, wishes);
    let tried = proposal.as_ref().ok().map(|proposal| {
        let path = format!("connectors/{}.toml", wishes.name);
        let drafted = Definitions::load_with(overlay, &path, &proposal.draft).map_err(Untried::Complaints)?;
        try_draft(bytes, &drafted, wishes, proposal).map_err(Untried::Problem)
    });
    Ok(Mapped { fits, proposal, tried })
}

fn try_draft(bytes: &[u8], drafted: &Definitions, wishes: &Wishes, proposal: &Proposal) -> Result<Tried, Problem> {
    let connector = drafted.connectors.get(&wishes.name).ok_or(Problem::UnreadableFile)?;
    let (Form::File(form), Some(feed)) = (&connector.form, connector.feeds.first()) else {
        return Err(Problem::UnreadableFile);
    };
    // What the configuration has yet to say: a site reference that is nobody's.
    let params = proposal.params.iter().map(|name| (name.clone(), "AP0".to_owned())).collect();
    let captures = inbox::captures(&form.name, &wishes.file_name).unwrap_or_default();
    let trial = Trial { connector, form, feed, source: Name::declare("draft"), params: &params, captures: &captures };
    trial.run(bytes.to_vec(), drafted, SIGHTS)
}

/// Connectors under which at least nine rows in ten of the file are read.
fn fits(bytes: &[u8], definitions: &Definitions, file_name: &str) -> Vec<Fit> {
    let mut fits = Vec::new();
    for connector in definitions.connectors.values() {
        let Form::File(form) = &connector.form else { continue };
        for feed in &connector.feeds {
            let pattern = feed.files.as_ref().unwrap_or(&form.name);
            let captures = inbox::captures(pattern, file_name);
            let named = captures.is_some();
            let captures = captures.unwrap_or_else(|| stand_ins(pattern));
            let params = BTreeMap::from([("establishment_id".to_owned(), "AP0".to_owned())]);
            let source = Name::declare(&connector.name);
            let trial = Trial { connector, form, feed, source, params: &params, captures: &captures };
            let Ok(tried) = trial.run(bytes.to_vec(), definitions, 0) else { continue };
            let lacking = tried.faults.iter().filter(|fault| fault.problem == Problem::MissingColumn).count();
            let read_well = tried.read > 0 && tried.set_aside * 10 <= tried.read;
            let keyed = feed.public || !matches!(feed.person, Some(PersonKeySpec::Field(_))) || tried.set_aside == 0;
            if read_well && lacking == 0 && keyed {
                let rows = (tried.read, tried.set_aside);
                let connector = connector.name.clone();
                fits.push(Fit { connector, feed: feed.name, rows, pattern: pattern.clone(), named });
            }
        }
    }
    fits.sort_by_key(|fit| (!fit.named, fit.rows.1));
    fits
}

/// A year for each capture, so that what is dated by the file's name can be tried under another name.
fn stand_ins(pattern: &str) -> BTreeMap<String, String> {
    let names = pattern.split('{').skip(1).filter_map(|part| part.split('}').next());
    names.map(|name| (name.to_owned(), if name == "to" { "24" } else { "2024" }.to_owned())).collect()
}
