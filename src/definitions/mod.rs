//! What changes when a supplier, a return or a measure changes: connectors, schemas, code lists and queries.
//!
//! All of it is data. It travels in the binary and can be overlaid file by file from a site folder; every file
//! carries its SHA-256, so that a release says which text it was built from. Loading lists every complaint, not
//! only the first, each with its file and line.
mod code;
mod complaint;
pub mod connector;
mod coverage;
mod files;
pub mod graph;
mod listed;
mod ordered;
pub mod query;
mod schema;

pub use code::CodeList;
pub use complaint::Complaint;
pub use connector::Connector;
pub use coverage::Need;
pub use files::{DefinitionFile, Files};
pub use listed::{Listed, meaning};
pub use schema::{Column, Schema, is_purpose};

use crate::{
    fault::Name,
    privacy::{EntityPlan, IdentityPlan},
};
use std::{collections::BTreeMap, path::Path};

/// Everything that definitions say, checked against each other.
#[derive(Debug)]
pub struct Definitions {
    /// Code lists by name.
    pub codes: BTreeMap<String, CodeList>,
    /// The entities, in name order; positions are what rows carry.
    pub schemas: Vec<Schema>,
    /// What the door does with each entity, in the same order.
    pub plans: Vec<EntityPlan>,
    /// The identity fields.
    pub identity: IdentityPlan,
    /// Connectors by name.
    pub connectors: BTreeMap<String, Connector>,
    /// The text of `schemas/policy.csv`.
    pub policy: String,
    /// What a cohort needs, from `schemas/coverage.csv`.
    pub needs: Vec<Need>,
    /// Every file loaded, with its checksum.
    pub files: Files,
}

impl Definitions {
    /// Loads what the binary holds, with a site's files laid over it.
    pub fn load(overlay: Option<&Path>) -> Result<Self, Vec<Complaint>> {
        Self::of(&Files::load(overlay)?)
    }

    /// The same with one more file, as if it lay in the site's folder: a draft is tried before anybody keeps it.
    pub fn load_with(overlay: Option<&Path>, path: &str, text: &str) -> Result<Self, Vec<Complaint>> {
        let mut files = Files::load(overlay)?;
        files.add(path, text);
        Self::of(&files)
    }

    fn of(files: &Files) -> Result<Self, Vec<Complaint>> {
        let files = files.clone();
        let mut complaints = Vec::new();
        let codes = code::load(&files, &mut complaints);
        let (identity, identity_names) = schema::load_identity(&files, &mut complaints);
        let schemas = schema::load(&files, &codes, &identity_names, &mut complaints);
        let plans: Vec<EntityPlan> = schemas.iter().map(|schema| schema.plan(&identity)).collect();
        let connectors = connector::load(&files, &plans, &identity, &mut complaints);
        let entities: Vec<&str> = schemas.iter().map(|schema| schema.name.as_str()).collect();
        let needs = coverage::load(&files, &entities, &mut complaints);
        let policy = files.text("schemas/policy.csv").unwrap_or_default().to_owned();
        if complaints.is_empty() {
            Ok(Self { codes, schemas, plans, identity, connectors, policy, needs, files })
        } else {
            Err(complaints)
        }
    }

    /// Reads one connector's text as if it lay in `connectors/<stem>.toml`: a draft, before it is written.
    pub fn draft(&self, stem: &str, text: &str) -> Result<Connector, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let connector = connector::read(
            &format!("connectors/{stem}.toml"),
            stem,
            text,
            &self.plans,
            &self.identity,
            &mut complaints,
        );
        match connector {
            Some(connector) if complaints.is_empty() => Ok(connector),
            _ => Err(complaints),
        }
    }

    /// Position of an entity.
    pub fn entity(&self, name: &str) -> Option<usize> {
        self.schemas.iter().position(|schema| schema.name == name)
    }

    /// The interned name of an entity.
    pub fn entity_name(&self, at: usize) -> Name {
        self.plans[at].name
    }
}
