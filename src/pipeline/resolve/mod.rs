//! Somebody's own list, answered: its rows, as they wrote them, with what is known of whom they are about.
//!
//! Comes in: a list of people whom the person asking already knows, the purpose and the view. Goes out: one workbook, for
//! them alone. The list is matched in memory with as much of the identity register as may serve the purpose; nothing of it
//! stays. Who asked, why and for how many is in the audit before anything is written; so is every refusal.
mod asked_back;
mod book;
mod folder;
mod missing;
mod purpose;
mod roll;

pub use folder::{Answered, answer_folder};
pub use missing::{Missing, Reach, SupplierCopy};

use super::{Site, SiteFault, Watch, build, link::standing};
use crate::{
    catalog::{Access, Lock},
    config::Role,
    definitions::query::QuerySet,
    link::{self, Found, People, Roll, Standing},
    privacy::{Identified, Identity, Pseudonym},
    telemetry::{self, Event},
    warehouse::{self, BuildContext, BuildOptions, ViewTable},
};
use chrono::NaiveDate;
use purpose::Scope;
use roll::{Line, List};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

/// The verb, as the audit has it.
const VERB: &str = "resolve";

/// What somebody asks.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The user of the operating system, or the one whom the configuration names for a folder.
    pub who: &'a str,
    /// The folder's name in the configuration; empty where somebody asks at a keyboard.
    pub by: &'a str,
    /// The list: any spreadsheet.
    pub roll: &'a Path,
    /// For which purpose.
    pub purpose: &'a str,
    /// Which view.
    pub view: &'a str,
    /// From which day a view of changes looks.
    pub since: Option<NaiveDate>,
    /// How dates are written that could be read either way.
    pub day_first: Option<bool>,
    /// Columns of the list that were named by hand.
    pub set: &'a [(String, String)],
    /// Whether suppliers are to be told which of their own rows the list lacks.
    pub suppliers: bool,
}

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
pub enum ResolveFault {
    /// The purpose, the role or the measure of a day. It is in the audit.
    #[error("{0}")]
    Refused(String),
    /// Something that nobody knows was asked for.
    #[error("{0}")]
    Usage(String),
    /// The list cannot be read.
    #[error("{0}")]
    Roll(String),
    /// Something else.
    #[error(transparent)]
    Site(#[from] SiteFault),
}

impl From<crate::catalog::CatalogFault> for ResolveFault {
    fn from(fault: crate::catalog::CatalogFault) -> Self {
        Self::Site(fault.into())
    }
}

/// What became of the rows of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RollCount {
    /// Rows below its header.
    pub rows: u64,
    /// Found by a rule.
    pub certain: u64,
    /// Found by weights.
    pub likely: u64,
    /// More than one learner fits.
    pub several: u64,
    /// Nobody was found.
    pub not_found: u64,
    /// Not read.
    pub not_read: u64,
    /// Found, and about the same learner as a row above.
    pub again: u64,
    /// Found, and the view has something to show.
    pub in_view: u64,
}

/// An answer.
pub struct Resolved {
    workbook: Identified<Vec<u8>>,
    /// What became of the rows.
    pub count: RollCount,
    /// Rows that were not read, by their number in the list, and why: words of ours.
    pub not_read: Vec<(u32, String)>,
    /// Who is in scope and on no row.
    pub missing: Missing,
    /// Suppliers' own files with the rows marked that the list lacks.
    pub copies: Vec<SupplierCopy>,
    /// The newest release, by which figures of that day can be compared.
    pub release: Option<String>,
    /// The day that the answer looks back from.
    pub as_of: NaiveDate,
    /// When something was last pulled, UTC.
    pub pulled_at: Option<String>,
}

impl Resolved {
    /// Hands the workbook's bytes to what writes them where whoever asked has said.
    pub fn write<E>(&self, write: impl FnOnce(&[u8]) -> Result<(), E>) -> Result<(), E> {
        write(self.workbook.veiled())
    }
}

/// Answers a list. Nothing is written: whoever calls hands the workbook on.
///
/// # Errors
/// A [`ResolveFault`]; a refusal is noted in the audit first.
pub fn resolve(site: &mut Site, ask: &Ask<'_>, watch: &mut dyn Watch) -> Result<Resolved, ResolveFault> {
    let queries = build::queries(site)?;
    let scope = may_ask(site, ask, &queries)?;
    let list = roll::read(&site.definitions, site.settings.definitions.as_deref(), ask)?;
    // What is read here must not be cleared away or merged meanwhile.
    let lock = site.lock(VERB)?;
    let learners: HashMap<Pseudonym, Pseudonym> = site.catalog.anchors()?;
    if learners.is_empty() {
        return Err(ResolveFault::Roll("nothing is linked yet: run `throughline link` first".to_owned()));
    }
    let found = find(site, ask, &scope, &list.people, &learners, watch)?;
    let tables = tables(site, ask, &queries, watch)?;
    let answer = Answer { list: &list, found: &found, view: tables.get(ask.view) };
    let count = answer.count();
    let missing = missing::of(site, ask, &queries, &scope, &answer.learners(), tables.get(missing::VIEW))?;
    let copies = if ask.suppliers { missing::copies(site, ask, &learners, &missing)? } else { Vec::new() };
    drop(lock);
    note(site, ask, &count, &copies)?;
    let release = site.catalog.releases()?.into_iter().next().map(|release| release.id);
    let (as_of, pulled_at) = (site.today(), site.catalog.last_pulled()?);
    let view = &queries.views[ask.view];
    let shown: Vec<String> = view.columns.keys().map(|name| book::titled(name)).collect();
    let cover = book::Cover {
        ask,
        asked_back: asked_back::columns(&site.definitions, ask.view, &shown),
        view,
        count: &count,
        missing: &missing,
        stamp: &site.stamp(),
        release: release.as_deref(),
        as_of,
        pulled_at: pulled_at.as_deref(),
    };
    let bytes = book::write(&cover, &answer)
        .map_err(|_| ResolveFault::Roll("the answer is too large for one workbook: split the list".into()))?;
    let not_read = list.not_read();
    Ok(Resolved {
        workbook: Identified::new(bytes),
        count,
        not_read,
        missing,
        copies,
        release,
        as_of,
        pulled_at,
    })
}

/// The scope of the purpose, where whoever asks may ask for it. What is refused is noted.
fn may_ask(site: &mut Site, ask: &Ask<'_>, queries: &QuerySet) -> Result<Scope, ResolveFault> {
    if !crate::definitions::is_purpose(ask.purpose) {
        return Err(ResolveFault::Usage(
            "that is not a purpose: --purpose is participation or ap_commissioning".to_owned(),
        ));
    }
    let Some(view) = queries.views.get(ask.view) else {
        // What other views are made of is no answer to anybody.
        let is_a_part = |name: &String| queries.views.values().any(|view| view.reads.contains(name));
        let known: Vec<&str> =
            queries.views.keys().filter(|name| !is_a_part(name)).map(String::as_str).collect();
        return Err(ResolveFault::Usage(format!("there is no such view: --view is {}", known.join(", "))));
    };
    if ask.since.is_some() && !view.reads.iter().any(|name| name == "view_context") {
        return Err(ResolveFault::Usage(format!(
            "the view {} knows no --since: it is as of one day",
            ask.view
        )));
    }
    if !site.settings.roles.may(ask.who, Role::Caseworker) {
        let words = format!(
            "{} does not have the role `caseworker`, which the configuration gives by name under [roles]: nothing was read. \
             Ask whoever keeps the configuration",
            ask.who
        );
        return Err(refuse(site, ask, "no role", words)?);
    }
    if let Some(words) = purpose::refusal(site, queries, ask.view, ask.purpose)? {
        return Err(refuse(site, ask, "purpose", words)?);
    }
    let Some(scope) = Scope::of(ask.purpose) else {
        let words = format!("names are never matched for {}: there is nobody to look for", ask.purpose);
        return Err(refuse(site, ask, "purpose", words)?);
    };
    Ok(scope)
}

/// Notes a refusal, and gives it.
fn refuse(
    site: &mut Site,
    ask: &Ask<'_>,
    why: &'static str,
    words: String,
) -> Result<ResolveFault, ResolveFault> {
    telemetry::emit(Event::LookupRefused { why });
    let about = about(ask, &format!("refused: {why}"));
    let stamp = site.stamp();
    site.catalog
        .note_access(&Access { about: &about, people: 0, outcome: "refused", ..access(ask) }, &stamp)?;
    Ok(ResolveFault::Refused(words))
}

fn access<'a>(ask: &Ask<'a>) -> Access<'a> {
    Access {
        who: ask.who,
        role: Role::Caseworker.word(),
        verb: VERB,
        purpose: ask.purpose,
        about: "",
        people: 0,
        outcome: "done",
    }
}

fn about(ask: &Ask<'_>, what: &str) -> String {
    let by = if ask.by.is_empty() { String::new() } else { format!("folder {}; ", ask.by) };
    format!("{by}view {}; {what}", ask.view)
}

/// Notes what is about to be shown: whoever asks for more people than a day allows is refused.
fn note(
    site: &mut Site,
    ask: &Ask<'_>,
    count: &RollCount,
    copies: &[SupplierCopy],
) -> Result<(), ResolveFault> {
    let most = site.settings.most_rows_per_day;
    let (found, rows) = (count.certain + count.likely, count.rows);
    let told = about(ask, &format!("{found} of {rows} rows found"));
    let stamp = site.stamp();
    let asked = Access { about: &told, people: rows, ..access(ask) };
    if !site.catalog.note_lookup(&asked, most, &stamp)? {
        telemetry::emit(Event::LookupRefused { why: "too many" });
        let anew = if site.settings.demo.is_some() {
            "a demonstration's day never ends: set it higher there"
        } else {
            "tomorrow counts anew"
        };
        return Err(ResolveFault::Refused(format!(
            "with this list {} would have looked up more than {most} rows today, the most that `most_rows_per_day` under \
             [resolve] allows: nothing was answered. The audit has it; {anew}",
            ask.who
        )));
    }
    for copy in copies.iter().filter(|copy| copy.file.is_some()) {
        let told = about(ask, &format!("copy for {}", copy.source));
        let given = Access { about: &told, people: copy.people, verb: "resolve suppliers", ..access(ask) };
        site.catalog.note_access(&given, &stamp)?;
    }
    Ok(())
}

/// What each row of the list comes to. Only the register's entries of sources that serve the purpose are opened.
fn find(
    site: &Site,
    ask: &Ask<'_>,
    scope: &Scope,
    rows: &[Identified<Identity>],
    learners: &HashMap<Pseudonym, Pseudonym>,
    watch: &mut dyn Watch,
) -> Result<Vec<Found>, SiteFault> {
    let plan = &site.definitions.identity;
    let keyed = site.key.keyed();
    let mut people = People::new(plan);
    let sources = purpose::serving(site, ask.purpose);
    for (at, source) in sources.iter().enumerate() {
        watch.part("identity register", at + 1, sources.len());
        for (_, path) in site.catalog.register_files(Some(source.name.as_str()))? {
            let data_dir = &site.settings.data_dir;
            link::read_segment(data_dir, &path, &site.key, plan, |source, tenant, person, fields, seq| {
                people.add(keyed.subject(source, tenant, person), (source, tenant), fields, seq);
            })?;
        }
    }
    let today = site.today();
    let in_scope = |birth: &str| scope.holds(birth, today);
    let roll = Roll { rows, learners, in_scope: &in_scope };
    let (model, told) = standing(site)?;
    let linker = Standing { model: model.as_ref(), told: &told };
    Ok(roll.find(&linker, people, &keyed).found)
}

/// The view, and the one that says who is missing where that may serve the purpose too.
fn tables(
    site: &Site,
    ask: &Ask<'_>,
    queries: &QuerySet,
    watch: &mut dyn Watch,
) -> Result<BTreeMap<String, ViewTable>, SiteFault> {
    let mut names = vec![ask.view];
    if purpose::refusal(site, queries, missing::VIEW, ask.purpose)?.is_none() {
        names.push(missing::VIEW);
    }
    let inputs = warehouse::Inputs { since: ask.since, ..build::inputs(site)? };
    let context = BuildContext { as_of: site.today(), home_authority: site.settings.home_authority.clone() };
    let options = BuildOptions {
        threads: site.settings.threads,
        memory: site.settings.memory_limit.clone(),
        spill_to: Some(site.settings.data_dir.join("tmp")),
    };
    let behind = queries.behind(&names);
    // Whoever resolves writes nothing to the lake and does not wait for whoever does: nobody clears away what is spilled meanwhile.
    let _spilling = Lock::to_spill(&site.settings.data_dir)?;
    let mut told = |name: &str, done: usize, of: usize| watch.part(name, done, of);
    warehouse::views(&behind, &names, &inputs, &context, &options, &mut told)
        .map_err(|fault| SiteFault::Build(fault.to_string()))
}

/// The list with its answers.
struct Answer<'a> {
    list: &'a List,
    /// One for each row that was read.
    found: &'a [Found],
    view: Option<&'a ViewTable>,
}

impl Answer<'_> {
    /// What a line came to; none where it was not read.
    fn of(&self, line: &Line) -> Option<Found> {
        line.read.as_ref().ok().and_then(|at| self.found.get(*at)).copied()
    }

    /// The learners of the list, each once.
    fn learners(&self) -> BTreeSet<Pseudonym> {
        let learner = |found: &Found| match found {
            Found::One(learner, _) => Some(*learner),
            _ => None,
        };
        self.found.iter().filter_map(learner).collect()
    }

    fn count(&self) -> RollCount {
        let mut count = RollCount { rows: self.list.lines.len() as u64, ..RollCount::default() };
        let mut seen = BTreeSet::new();
        for line in &self.list.lines {
            match self.of(line) {
                None => count.not_read += 1,
                Some(Found::Nobody) => count.not_found += 1,
                Some(Found::Several) => count.several += 1,
                Some(Found::One(learner, probability)) => {
                    *(if probability == link::CERTAIN { &mut count.certain } else { &mut count.likely }) += 1;
                    count.again += u64::from(!seen.insert(learner));
                    let shown = self.view.is_some_and(|view| view.rows.contains_key(&learner));
                    count.in_view += u64::from(shown);
                }
            }
        }
        count
    }
}
