//! The evidence pack: what the information-governance lead asks, answered from the live configuration and from what is measured
//! there, with every statement's ground beside it. What nobody has said is said to be unknown.
mod access;
mod algorithm;
mod data;
mod dpia;
mod kept;
mod people;

use super::{Admission, Site, SiteFault, admit};
use crate::config::Role;
use serde::Serialize;

/// What a statement stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The configuration or the definitions say it.
    Configured,
    /// It was counted or checked for this pack.
    Measured,
    /// The program is built so, and its tests hold it.
    Built,
    /// Nobody has said it: the controller has to.
    Unknown,
}

impl Ground {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Measured => "measured",
            Self::Built => "built so",
            Self::Unknown => "unknown",
        }
    }
}

/// Something that is so, and on what ground.
#[derive(Clone, Debug, Serialize)]
pub struct Statement {
    /// What.
    pub says: String,
    /// On what ground.
    pub ground: Ground,
}

/// Rows of facts.
#[derive(Clone, Debug, Serialize)]
pub struct Listing {
    /// What they are.
    pub title: String,
    /// The columns.
    pub header: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// On what ground.
    pub ground: Ground,
}

/// A part of the pack.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// Its name in the data: `keys`.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What it says.
    pub statements: Vec<Statement>,
    /// What it lists.
    pub listings: Vec<Listing>,
}

impl Part {
    fn new(name: &'static str, title: &'static str) -> Self {
        Self { name, title, statements: Vec::new(), listings: Vec::new() }
    }

    fn says(mut self, ground: Ground, says: impl Into<String>) -> Self {
        self.statements.push(Statement { says: says.into(), ground });
        self
    }

    fn lists(
        mut self,
        ground: Ground,
        title: impl Into<String>,
        header: &[&'static str],
        rows: Vec<Vec<String>>,
    ) -> Self {
        self.listings.push(Listing { title: title.into(), header: header.to_vec(), rows, ground });
        self
    }
}

/// The whole pack.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    /// The authority, three digits.
    pub authority: String,
    /// The day it was made.
    pub made_on: String,
    /// The program that made it.
    pub program: &'static str,
    /// Whether everybody held is made up.
    pub synthetic: bool,
    /// The parts.
    pub parts: Vec<Part>,
}

impl Evidence {
    /// What nobody has said, each with its part.
    pub fn unknown(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.parts.iter().flat_map(|part| {
            let open = part.statements.iter().filter(|statement| statement.ground == Ground::Unknown);
            open.map(|statement| (part.title, statement.says.as_str()))
        })
    }
}

/// Gathers the pack. That it was asked for is in the audit; it takes the role `auditor`.
///
/// # Errors
/// Somebody without the role; a catalog, definitions or data folder that cannot be read.
pub fn evidence(site: &mut Site, who: &str) -> Result<Evidence, SiteFault> {
    let wish =
        Admission { who, role: Role::Auditor, verb: "evidence", about: "the evidence pack", people: 0 };
    admit(site, &wish)?;
    let mut parts = vec![
        data::flow(site)?,
        data::fields(site)?,
        data::bases(site),
        kept::keys(site)?,
        kept::retention(site)?,
        people::people(site)?,
    ];
    parts.extend([access::roles(site), access::audit(site)?, access::leaks(site)?, access::ways_out(site)?]);
    parts.extend([algorithm::record(site), algorithm::decisions(site)]);
    parts.push(dpia::draft(site, &parts));
    Ok(Evidence {
        authority: site.settings.home_authority.clone(),
        made_on: site.wall_day().to_string(),
        program: concat!("throughline ", env!("CARGO_PKG_VERSION")),
        synthetic: site.settings.demo.is_some(),
        parts,
    })
}
