use super::{
    super::{Site, SiteFault, grown},
    Held,
    rules::Rules,
};
use crate::{
    lake::{self, Seen},
    link,
    privacy::{Digest16, EntityPlan, Pseudonym},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::PathBuf,
};

pub(super) const AGREEMENT: &str = "agreement_ended";
pub(super) const TENANT: &str = "tenant_withdrew";
pub(super) const TIME: &str = "kept_long_enough";
pub(super) const AGE: &str = "past_the_age";
/// What the register's entries are called beside entities.
const IDENTITIES: &str = "identities";

/// What goes of one source.
#[derive(Default)]
pub(super) struct Chosen {
    /// All of it.
    pub(super) whole: bool,
    /// Rows by name.
    pub(super) keys: HashSet<Digest16>,
    /// People, and with them every row about them.
    pub(super) people: HashSet<Pseudonym>,
    /// People whose identities go, and nothing else: their rows and links stay.
    pub(super) aged: HashSet<Pseudonym>,
    /// Those of them whose tenant withdrew.
    withdrawn: HashSet<Pseudonym>,
    /// Those of them whose right it is, and which.
    named: HashMap<Pseudonym, &'static str>,
    /// Rows by entity and rule.
    pub(super) counts: BTreeMap<(String, &'static str), u64>,
    /// Files of the lake that lose rows.
    pub(super) touched: BTreeSet<PathBuf>,
}

/// Of a row that has had its time: the newest sequence under which it had, and under which it has not.
#[derive(Default)]
struct Versions {
    past: i64,
    current: i64,
}

impl Chosen {
    pub(super) fn of(site: &Site, source: &str, rules: &Rules, held: &Held) -> Result<Self, SiteFault> {
        let mut chosen = Self { whole: rules.ended.iter().any(|ended| ended == source), ..Self::default() };
        if let Some(aged) = rules.aged.get(source) {
            chosen.aged.clone_from(aged);
        }
        if let Some(named) = rules.persons.get(source) {
            chosen.people.extend(named.keys());
            chosen.named.clone_from(named);
        }
        if chosen.whole {
            chosen.everybody(site, source, held)?;
        } else {
            if let Some(tenants) = rules.withdrawn.get(source) {
                chosen.of_tenants(site, (source, tenants), held)?;
            }
            if !rules.past.is_empty() {
                chosen.past(site, source, rules, held)?;
            }
        }
        if !chosen.is_empty() {
            chosen.count(site, source, held)?;
        }
        Ok(chosen)
    }

    /// These people, whatever rules say.
    pub(super) fn of_people(people: HashSet<Pseudonym>) -> Self {
        Self { people, ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.whole && self.keys.is_empty() && self.people.is_empty() && self.aged.is_empty()
    }

    /// Whether somebody's identity goes.
    pub(super) fn takes_identity(&self, subject: &Pseudonym) -> bool {
        self.people.contains(subject) || self.aged.contains(subject)
    }

    /// Whether a row goes.
    pub(super) fn takes(&self, row: &Seen) -> bool {
        self.whole
            || self.keys.contains(&row.key)
            || row.subject.is_some_and(|subject| self.people.contains(&subject))
    }

    /// Why a row goes, if it does.
    fn why(&self, row: &Seen) -> Option<&'static str> {
        match row.subject {
            _ if self.whole => Some(AGREEMENT),
            Some(subject) if self.named.contains_key(&subject) => self.named.get(&subject).copied(),
            Some(subject) if self.withdrawn.contains(&subject) => Some(TENANT),
            _ if self.takes(row) => Some(TIME),
            _ => None,
        }
    }

    fn everybody(&mut self, site: &Site, source: &str, held: &Held) -> Result<(), SiteFault> {
        each_identity(site, source, held, |_, subject| {
            self.people.insert(subject);
        })?;
        for file in Held::of_source(&held.lake, source) {
            let path = site.settings.data_dir.join(&file.file.path);
            lake::subjects(&path, |subject| self.people.extend(subject))?;
        }
        Ok(())
    }

    fn of_tenants(
        &mut self,
        site: &Site,
        (source, tenants): (&str, &BTreeSet<String>),
        held: &Held,
    ) -> Result<(), SiteFault> {
        each_identity(site, source, held, |tenant, subject| {
            if tenants.contains(tenant) {
                self.withdrawn.insert(subject);
            }
        })?;
        let grown = grown::everybody(site)?.into_iter();
        let theirs = grown.filter(|grown| grown.source == source && tenants.contains(&grown.tenant));
        self.withdrawn.extend(theirs.map(|grown| grown.subject));
        self.people.extend(&self.withdrawn);
        Ok(())
    }

    /// Rows that a policy keeps no longer. All versions of a row go together, and only if its latest has had its time:
    /// taking the latest alone would bring an older one back.
    fn past(&mut self, site: &Site, source: &str, rules: &Rules, held: &Held) -> Result<(), SiteFault> {
        let mut versions: HashMap<Digest16, Versions> = HashMap::new();
        for (entity, past) in &rules.past {
            each_row(site, (source, Some(entity)), held, |row, _| {
                if !row.gone && row.day.is_some_and(|day| day <= *past) {
                    let versions = versions.entry(row.key).or_default();
                    versions.past = versions.past.max(row.seq);
                }
            })?;
        }
        if versions.is_empty() {
            return Ok(());
        }
        for (entity, past) in &rules.past {
            each_row(site, (source, Some(entity)), held, |row, _| {
                if let Some(versions) = versions.get_mut(&row.key)
                    && !row.gone
                    && row.day.is_none_or(|day| day > *past)
                {
                    versions.current = versions.current.max(row.seq);
                }
            })?;
        }
        let past = versions.into_iter().filter(|(_, versions)| versions.past > versions.current);
        self.keys.extend(past.map(|(key, _)| key));
        self.left_behind(site, source, rules, held)
    }

    /// People who lost a row and have none left that tells a day: what stays of them could never have its time.
    fn left_behind(
        &mut self,
        site: &Site,
        source: &str,
        rules: &Rules,
        held: &Held,
    ) -> Result<(), SiteFault> {
        let mut losing: HashSet<Pseudonym> = HashSet::new();
        for entity in rules.past.keys() {
            each_row(site, (source, Some(entity)), held, |row, _| {
                if self.keys.contains(&row.key) {
                    losing.extend(row.subject);
                }
            })?;
        }
        each_row(site, (source, None), held, |row, _| {
            if let Some(subject) = row.subject
                && !row.gone
                && row.day.is_some()
                && !self.keys.contains(&row.key)
            {
                losing.remove(&subject);
            }
        })?;
        self.people.extend(losing);
        Ok(())
    }

    fn count(&mut self, site: &Site, source: &str, held: &Held) -> Result<(), SiteFault> {
        let mut counts: BTreeMap<(String, &'static str), u64> = BTreeMap::new();
        let mut touched = BTreeSet::new();
        each_row(site, (source, None), held, |row, file| {
            if let Some(why) = self.why(row) {
                *counts.entry((file.0.to_owned(), why)).or_default() += 1;
                if !touched.contains(file.1) {
                    touched.insert(file.1.clone());
                }
            }
        })?;
        each_identity(site, source, held, |_, subject| {
            let row = Seen { key: [0; 16], subject: Some(subject), seq: 0, gone: false, day: None };
            let by_age = self.aged.contains(&subject).then_some(AGE);
            if let Some(why) = self.why(&row).or(by_age) {
                *counts.entry((IDENTITIES.to_owned(), why)).or_default() += 1;
            }
        })?;
        (self.counts, self.touched) = (counts, touched);
        Ok(())
    }
}

/// Shows every row of a source, of one entity or of all, with its entity and file.
fn each_row(
    site: &Site,
    (source, entity): (&str, Option<&String>),
    held: &Held,
    mut each: impl FnMut(&Seen, (&str, &PathBuf)),
) -> Result<(), SiteFault> {
    for held in Held::of_source(&held.lake, source) {
        let file = &held.file;
        if entity.is_some_and(|entity| *entity != file.entity) {
            continue;
        }
        // Rows of an entity that nobody defines any more go with their people or their source.
        let plan = site.definitions.entity(&file.entity).map(|at| &site.definitions.plans[at]);
        let undefined = EntityPlan::undefined();
        let path = site.settings.data_dir.join(&file.path);
        lake::survey(&path, plan.unwrap_or(&undefined), |row| each(&row, (&file.entity, &file.path)))?;
    }
    Ok(())
}

/// Shows whose every entry of the register is, of one source, by tenant.
fn each_identity(
    site: &Site,
    source: &str,
    held: &Held,
    mut each: impl FnMut(&str, Pseudonym),
) -> Result<(), SiteFault> {
    let (keyed, plan) = (site.key.keyed(), &site.definitions.identity);
    for held in Held::of_source(&held.register, source) {
        link::read_segment(
            &site.settings.data_dir,
            &held.file.path,
            &site.key,
            plan,
            |source, tenant, person, _, _| {
                each(tenant, keyed.subject(source, tenant, person));
            },
        )?;
    }
    Ok(())
}
