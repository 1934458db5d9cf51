//! The lost child is the one nobody listed: learners in scope whom no row of the list matched, and each supplier's own file
//! with its rows about them marked. What one supplier knows is told to no other.
use super::{
    super::{
        Marked, Site, SiteFault,
        export::mark_not_listed,
        preview::{Sample, preview},
    },
    Ask,
    purpose::{self, Scope},
};
use crate::{
    config::Source,
    definitions::{connector::Form, query::QuerySet},
    link,
    privacy::Pseudonym,
    source::inbox::{self, InboxFile},
    warehouse::{ViewCell, ViewTable},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::PathBuf,
    time::SystemTime,
};

/// The view that says who is in reach.
pub(super) const VIEW: &str = "reach";
/// A year group that fewer of a list's rows have is a slip of the list, or a child out of year.
const FEWEST: usize = 20;

/// Learners in scope on no row of the list.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    /// Year groups by age that were looked through.
    pub years: BTreeSet<i32>,
    /// Whether the list told them; otherwise they are the purpose's.
    pub years_of_list: bool,
    /// Whether they could be counted, or what stood in the way.
    pub reach: Reach,
    /// Those who live here, and those whose home nobody says.
    pub here: u64,
    /// Of them, nobody says where they live.
    pub home_not_known: u64,
    /// How many by the source that said the last word of where they were; empty: nobody did.
    pub by_source: BTreeMap<String, u64>,
    /// Who they are.
    learners: HashMap<Pseudonym, String>,
}

/// Whether the learners in scope could be counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// They were.
    #[default]
    Counted,
    /// The purpose does not reach the tables that say so.
    Closed(String),
}

/// A supplier's own file, its rows marked that the list lacks.
pub struct SupplierCopy {
    /// The source, by its name in the configuration.
    pub source: String,
    /// How many people the marked rows are about.
    pub people: u64,
    /// Learners whose last word is this source's and who are not in its latest file.
    pub elsewhere: u64,
    /// The file; none where its latest file has no such row, or cannot be marked.
    pub file: Option<Marked>,
}

/// Counts who is in scope and on no row.
pub(super) fn of(
    site: &Site,
    ask: &Ask<'_>,
    queries: &QuerySet,
    scope: &Scope,
    listed: &BTreeSet<Pseudonym>,
    reach: Option<&ViewTable>,
) -> Result<Missing, SiteFault> {
    let Some(reach) = reach else {
        let why = purpose::refusal(site, queries, VIEW, ask.purpose)?.unwrap_or_default();
        return Ok(Missing { reach: Reach::Closed(why), ..Missing::default() });
    };
    let year_of = |learner: &Pseudonym| match reach.cell(learner, "year_group") {
        Some(ViewCell::Number(year)) => Some(*year as i32),
        _ => None,
    };
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    for year in listed.iter().filter_map(year_of) {
        *years.entry(year).or_default() += 1;
    }
    let all: usize = years.values().sum();
    let of_list: BTreeSet<i32> =
        years.into_iter().filter(|(_, n)| n * FEWEST >= all).map(|(year, _)| year).collect();
    let mut missing = Missing { years_of_list: !of_list.is_empty(), years: of_list, ..Missing::default() };
    if !missing.years_of_list {
        missing.years = scope.usual.clone().collect();
    }
    for learner in reach.rows.keys().filter(|learner| !listed.contains(*learner)) {
        if year_of(learner).is_none_or(|year| !missing.years.contains(&year)) {
            continue;
        }
        let text = |column: &str| match reach.cell(learner, column) {
            Some(ViewCell::Text(text)) => text.clone(),
            _ => String::new(),
        };
        missing.here += 1;
        missing.home_not_known += u64::from(text("home") != "here");
        let source = text("last_source");
        *missing.by_source.entry(source.clone()).or_default() += 1;
        missing.learners.insert(*learner, source);
    }
    Ok(missing)
}

/// Each supplier's latest file, marked where a row is about somebody whom the list lacks and of whom this supplier said the
/// last word. Services have no file to give back.
pub(super) fn copies(
    site: &Site,
    ask: &Ask<'_>,
    learners: &HashMap<Pseudonym, Pseudonym>,
    missing: &Missing,
) -> Result<Vec<SupplierCopy>, SiteFault> {
    let mut copies = Vec::new();
    for source in purpose::serving(site, ask.purpose) {
        let own = |source_of: &String| source_of == source.name.as_str();
        let people = missing.learners.values().filter(|last| own(last)).count() as u64;
        if people == 0 || source.inbox.is_none() {
            continue;
        }
        let wanted =
            subjects(site, source, learners, |learner| missing.learners.get(learner).is_some_and(own))?;
        copies.push(copy(site, source, &wanted, people));
    }
    Ok(copies)
}

/// The subjects of a source's register whose learner is wanted, with that learner.
fn subjects(
    site: &Site,
    source: &Source,
    learners: &HashMap<Pseudonym, Pseudonym>,
    wanted: impl Fn(&Pseudonym) -> bool,
) -> Result<HashMap<Pseudonym, Pseudonym>, SiteFault> {
    let keyed = site.key.keyed();
    let mut found = HashMap::new();
    for (_, path) in site.catalog.register_files(Some(source.name.as_str()))? {
        let (data_dir, plan) = (&site.settings.data_dir, &site.definitions.identity);
        link::read_segment(data_dir, &path, &site.key, plan, |source, tenant, person, _, _| {
            let subject = keyed.subject(source, tenant, person);
            if let Some(learner) = learners.get(&subject).filter(|learner| wanted(learner)) {
                found.insert(subject, *learner);
            }
        })?;
    }
    Ok(found)
}

/// One supplier's copy.
fn copy(site: &Site, source: &Source, wanted: &HashMap<Pseudonym, Pseudonym>, people: u64) -> SupplierCopy {
    let none = SupplierCopy { source: source.name.to_string(), people: 0, elsewhere: people, file: None };
    let Some(path) = latest(site, source) else { return none };
    let (Some(inbox), Some(connector)) = (&source.inbox, site.definitions.connectors.get(&source.connector))
    else {
        return none;
    };
    let Ok(below) = path.strip_prefix(inbox) else { return none };
    let sample = Sample { inbox, path: below, params: &source.params, show: usize::MAX };
    let keyed = site.key.keyed();
    let (mut rows, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for feed in preview(&site.definitions, connector, &sample).feeds {
        for record in &feed.records {
            let Some(person) = &record.person else { continue };
            let subject = keyed.subject(source.name.as_str(), "", &person.veiled().0);
            if let Some(learner) = wanted.get(&subject) {
                rows.insert((feed.part, record.row));
                seen.insert(*learner);
            }
        }
    }
    let file = if rows.is_empty() { None } else { mark_not_listed(&path, &rows).ok() };
    let people_in = if file.is_some() { seen.len() as u64 } else { 0 };
    SupplierCopy { people: people_in, elsewhere: people - people_in.min(people), file, ..none }
}

/// The latest file of a source's inbox: by what its name says it is about (a year, a term), then by when it was written.
fn latest(site: &Site, source: &Source) -> Option<PathBuf> {
    let connector = site.definitions.connectors.get(&source.connector)?;
    let Form::File(form) = &connector.form else { return None };
    let inbox = source.inbox.as_ref()?;
    let files = connector.feeds.iter().filter_map(|feed| inbox::of_feed(inbox, form, feed).ok()).flatten();
    let rank = |file: &InboxFile| {
        let about: Vec<String> = file.captures.values().cloned().collect();
        let written =
            fs::metadata(&file.path).and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        (about, written, file.path.clone())
    };
    files.filter(|file| file.path.is_file()).max_by_key(rank).map(|file| file.path)
}
