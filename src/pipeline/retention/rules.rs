use super::super::{Site, SiteFault};
use crate::privacy::Pseudonym;
use crate::{
    config::Settings,
    definitions::{Complaint, Definitions},
};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// People of each source who go, and why, in a word.
pub(in crate::pipeline) type Persons = BTreeMap<String, HashMap<Pseudonym, &'static str>>;

/// What has to go, as of today.
#[derive(Default)]
pub(super) struct Rules {
    /// Sources of which all goes.
    pub(super) ended: Vec<String>,
    /// Tenants of sources, whose people go.
    pub(super) withdrawn: BTreeMap<String, BTreeSet<String>>,
    /// By entity, the last day of rows that have had their time.
    pub(super) past: BTreeMap<String, NaiveDate>,
    /// People whose right it is.
    pub(super) persons: Persons,
    /// People of each source whose identities alone go: they are of an age.
    pub(super) aged: BTreeMap<String, HashSet<Pseudonym>>,
}

impl Rules {
    pub(super) fn of(site: &Site) -> Result<Self, SiteFault> {
        let complaints = check_policy(&site.settings, &site.definitions);
        if !complaints.is_empty() {
            return Err(SiteFault::Complaints(complaints));
        }
        let (today, keeping) = (site.wall_day(), &site.settings.retention);
        let is_due = |ended: NaiveDate| keeping.due(ended).is_some_and(|due| due <= today);
        let mut rules = Self {
            past: keeping
                .rows
                .iter()
                .filter_map(|(entity, keeping)| Some((entity.clone(), keeping.past(today)?)))
                .collect(),
            ..Self::default()
        };
        for source in &site.settings.sources {
            if source.ended(today).is_some_and(is_due) {
                rules.ended.push(source.name.to_string());
            }
            let due = source.revoked_tenants.iter().filter(|(_, from)| **from <= today && is_due(**from));
            let tenants: BTreeSet<String> = due.map(|(tenant, _)| tenant.clone()).collect();
            if !tenants.is_empty() {
                rules.withdrawn.insert(source.name.to_string(), tenants);
            }
        }
        Ok(rules)
    }

    pub(super) fn is_empty(&self) -> bool {
        let no_rows = self.ended.is_empty() && self.withdrawn.is_empty() && self.past.is_empty();
        no_rows && self.persons.is_empty() && self.aged.is_empty()
    }
}

/// What is wrong with the policy, held against the schemas: a rule for an entity that there is not, or that has no people
/// or no dates, would keep for ever what somebody thinks is gone.
pub fn check_policy(settings: &Settings, definitions: &Definitions) -> Vec<Complaint> {
    let Some(file) = &settings.retention.policy else { return Vec::new() };
    let wrong = |entity: &String| {
        let plan = definitions.entity(entity).map(|at| &definitions.plans[at]);
        match plan {
            None => Some(("is no entity", "name a file of schemas/")),
            Some(plan) if plan.public => Some(("holds no people", "leave it out: it needs no rule")),
            Some(plan) if plan.dated_by.is_none() && plan.interval.is_none() => {
                Some(("has no dates", "leave it out: its rows go with the last dated row of their person"))
            }
            Some(_) => None,
        }
    };
    let complaints = settings.retention.rows.keys().filter_map(|entity| {
        let (problem, hint) = wrong(entity)?;
        Some(Complaint::file(&file.display().to_string(), format!("`{entity}` {problem}"), hint))
    });
    complaints.collect()
}
