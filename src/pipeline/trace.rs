//! From one row of a release to the files, sheets and rows that fed it.
//!
//! A row about somebody leads from a pseudonym to places in files where their name stands, so it takes the role that
//! may read the register, a purpose that the table and every source behind it may serve, and an entry in the audit before
//! anything is shown. A row about nobody in particular leads to numbers of rows by source alone.
mod place;

pub use place::FilePlace;

use super::{Site, SiteFault, Watch, build, review};
use crate::{
    catalog::Access,
    config::Role,
    release::{self, ReleasedTable},
    warehouse::{self, BuildContext, LakeCount, LakeRow, Limits, Traced},
};
use std::collections::{BTreeMap, BTreeSet};

const VERB: &str = "trace";
/// So many rows that fit a key are told of; more, and the key has to say more.
const MOST: usize = 5;

/// Why a row could not be traced. Says nothing of anybody.
#[derive(Debug, thiserror::Error)]
pub enum TraceFault {
    /// Refused, by role or purpose; it is noted.
    #[error("refused: {0}")]
    Refused(String),
    /// What was typed does not name a row.
    #[error("{0}")]
    Usage(String),
    /// The data folder.
    #[error(transparent)]
    Site(#[from] SiteFault),
}

impl From<crate::catalog::CatalogFault> for TraceFault {
    fn from(fault: crate::catalog::CatalogFault) -> Self {
        Self::Site(fault.into())
    }
}

/// Which row, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The user of the operating system.
    pub who: &'a str,
    /// A release's id, or at least its first 8 digits, or `current`.
    pub release: &'a str,
    /// The table.
    pub table: &'a str,
    /// Values of the columns of its grain, in their order.
    pub key: &'a [String],
    /// One column, where the rest of the row does not matter.
    pub column: Option<&'a str>,
    /// The purpose; a row about somebody needs one.
    pub purpose: Option<&'a str>,
}

/// A row of the lake behind the row that was asked about, and which commit brought it.
#[derive(Clone, Debug)]
pub struct Fed {
    /// The row, by its place.
    pub row: LakeRow,
    /// The run that brought it, and when that was published, UTC; none where the catalog no longer has it.
    pub run: Option<(i64, String)>,
    /// The file, where the source's inbox still has it.
    pub file: Option<usize>,
}

/// Where a row comes from.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The release.
    pub release: String,
    /// The row itself: column and cell, pseudonymous.
    pub row: Vec<(String, String)>,
    /// The learners it is about, 32 hex characters each, in the order of its columns: of a change of learner both. Empty
    /// where it is about nobody in particular.
    pub learners: Vec<String>,
    /// For somebody: the rows about them in what the table reads, as they stood at the release.
    pub fed: Vec<Fed>,
    /// Files that were found again by their content, at the positions that [`Fed::file`] names.
    pub files: Vec<FilePlace>,
    /// Rows by source: for somebody, of what is about nobody (places, successions); else of everything behind the table.
    pub counts: Vec<LakeCount>,
    /// Tables with a row for each learner from which this one is counted: these can be traced to the row.
    pub finer: Vec<String>,
}

/// Traces a row.
///
/// # Errors
/// A [`TraceFault`]; a refusal is noted in the audit first.
pub fn trace(site: &mut Site, wanted: &Wanted<'_>, watch: &mut dyn Watch) -> Result<Trace, TraceFault> {
    let (id, table, upto) = released(site, wanted)?;
    let entities = entities(site, wanted)?;
    let whose: Vec<&String> = table
        .columns
        .iter()
        .map(|column| &column.name)
        .filter(|name| name.starts_with("learner_id"))
        .collect();
    if !whose.is_empty() {
        admit(site, wanted, &table)?;
    }
    let row = match row(wanted, &table) {
        // That nobody is there is an answer about somebody, too.
        Err(fault) if !whose.is_empty() => {
            note(site, wanted, &id, Whose::Nobody)?;
            return Err(fault);
        }
        row => row?,
    };
    let learners = learners_of(&row, &whose);
    let lock = site.lock(VERB)?;
    let traced = opened(site, upto)?;
    let read = read(&traced, &entities, &learners);
    drop(lock);
    let (subjects, mut fed, counts) = match read {
        Err(fault) if !learners.is_empty() => {
            note(site, wanted, &id, Whose::Nobody)?;
            return Err(fault);
        }
        read => read?,
    };
    if learners.is_empty() {
        note(site, wanted, &id, Whose::NotAPerson)?;
    } else {
        if review::any_placeless(site, &subjects, watch).map_err(of_review)? {
            let words = "of this learner no place may be told, and where rows came from would tell it: whoever \
                         keeps `rights` knows the case. That you asked is in the audit";
            return Err(refuse(site, wanted, words.to_owned())?);
        }
        note(site, wanted, &id, Whose::Learners(&learners))?;
    }
    let files = place::name_files(site, &mut fed)?;
    let finer = if learners.is_empty() { finer(site, wanted.table)? } else { Vec::new() };
    Ok(Trace { release: id, row, learners, fed, files, counts, finer })
}

/// The learners that a row names in these columns, each once.
fn learners_of(row: &[(String, String)], columns: &[&String]) -> Vec<String> {
    let mut learners: Vec<String> = Vec::new();
    for (_, cell) in row.iter().filter(|(column, cell)| columns.contains(&column) && !cell.is_empty()) {
        if !learners.contains(cell) {
            learners.push(cell.clone());
        }
    }
    learners
}

fn of_review(fault: review::ReviewFault) -> TraceFault {
    match fault {
        review::ReviewFault::Site(fault) => fault.into(),
        other => TraceFault::Usage(other.to_string()),
    }
}

fn usage<T>(words: impl Into<String>) -> Result<T, TraceFault> {
    Err(TraceFault::Usage(words.into()))
}

/// The release, its table, and the last commit that it can have read.
fn released(site: &Site, wanted: &Wanted<'_>) -> Result<(String, ReleasedTable, i64), TraceFault> {
    let folder = site.settings.data_dir.join("releases");
    let failed = |fault: release::ReleaseFault| SiteFault::Build(fault.to_string());
    let current = release::current(&folder).map_err(failed)?;
    let ids = release::ids(&folder).map_err(failed)?;
    let fits: Vec<&String> = match wanted.release {
        "current" => current.iter().collect(),
        begins if begins.len() >= 8 => ids.iter().filter(|id| id.starts_with(begins)).collect(),
        _ => Vec::new(),
    };
    let [id] = fits[..] else {
        return usage(
            "no one release is meant: give its id, at least its first 8 digits, or `current`; `throughline release` \
             publishes one",
        );
    };
    let Some(table) = release::table(&folder, id, wanted.table).map_err(failed)? else {
        return usage("this release has no such table: its README lists those that it has");
    };
    if !table.key_fingerprint.is_empty() && table.key_fingerprint != site.key.fingerprint() {
        return usage(
            "this release was made under an earlier key, and its pseudonyms are no longer the lake's: trace a newer one",
        );
    }
    // Taken for the newest, it would lead to rows that it never read.
    let Some(entry) = site.catalog.releases()?.into_iter().find(|entry| entry.id == *id) else {
        return usage(
            "the catalog knows no such release (any more), so nobody can say which rows it read: trace \
             another, or bring the catalog of its time back",
        );
    };
    let batches = site.catalog.published_batches()?;
    let upto = batches.iter().filter(|(_, _, at)| *at <= entry.published_at).map(|(seq, ..)| *seq).max();
    Ok((id.clone(), table, upto.unwrap_or(0)))
}

/// The entities behind the table, or behind the one column of it that matters.
fn entities(site: &Site, wanted: &Wanted<'_>) -> Result<BTreeSet<String>, TraceFault> {
    let queries = build::queries(site)?;
    if !queries.queries.contains_key(wanted.table) {
        return usage(
            "no query makes this table any more: trace it with the definitions that the release names",
        );
    }
    let Some(column) = wanted.column else {
        return Ok(build::entities_behind(&queries, wanted.table));
    };
    let read = warehouse::columns_behind(&queries, &build::inputs(site)?, wanted.table, column);
    let read = read.map_err(|_| TraceFault::Usage(format!("the table has no column `{column}`")))?;
    Ok(read.read.keys().filter_map(|name| name.strip_prefix("lake_")).map(str::to_owned).collect())
}

/// Lets somebody in who has the role, for a purpose that the table and all its sources may serve.
fn admit(site: &mut Site, wanted: &Wanted<'_>, table: &ReleasedTable) -> Result<(), TraceFault> {
    let Some(purpose) = wanted.purpose else {
        return usage(format!(
            "a row about somebody is traced for a purpose: --purpose {}",
            table.purposes.join(" or ")
        ));
    };
    if !crate::definitions::is_purpose(purpose) {
        return usage("that is not a purpose: --purpose is research, participation or ap_commissioning");
    }
    if !site.settings.roles.may(wanted.who, Role::Linkage) {
        let words = "a pseudonym would lead to the place of a name, so this takes the role `linkage`: `[roles]` in the \
                     configuration says who has it. That you asked is in the audit";
        return Err(refuse(site, wanted, words.to_owned())?);
    }
    let now = build::purposes(site, &build::queries(site)?, wanted.table)?;
    if !table.purposes.iter().any(|allowed| allowed == purpose) || !now.contains(purpose) {
        let words = format!(
            "the table {} cannot be opened for {purpose}: it, or a source behind it, does not serve that. That you \
             asked is in the audit",
            wanted.table
        );
        return Err(refuse(site, wanted, words)?);
    }
    Ok(())
}

fn refuse(site: &mut Site, wanted: &Wanted<'_>, words: String) -> Result<TraceFault, TraceFault> {
    let about = format!("a row of {}", wanted.table);
    let stamp = site.stamp();
    let access = Access {
        who: wanted.who,
        role: Role::Linkage.word(),
        verb: VERB,
        purpose: wanted.purpose.unwrap_or_default(),
        about: &about,
        people: 0,
        outcome: "refused",
    };
    site.catalog.note_access(&access, &stamp)?;
    Ok(TraceFault::Refused(words))
}

/// Whom a row that was asked for is about.
#[derive(Clone, Copy)]
enum Whose<'a> {
    /// Learners, by their ids.
    Learners(&'a [String]),
    /// A learner of whom there is no one such row.
    Nobody,
    /// No person: a place, a count.
    NotAPerson,
}

/// Notes what is going to be shown. The audit is never rewritten, so it holds no pseudonym whole.
fn note(site: &mut Site, wanted: &Wanted<'_>, release: &str, whose: Whose<'_>) -> Result<(), TraceFault> {
    let release = release.get(..8).unwrap_or(release);
    let short = |id: &String| format!("learner {}…", id.get(..8).unwrap_or_default());
    let (people, is_person, whose) = match whose {
        Whose::Learners(ids) => {
            let named: Vec<String> = ids.iter().map(short).collect();
            (ids.len(), true, format!(" about {}", named.join(" and ")))
        }
        Whose::Nobody => (0, true, " that is not there".to_owned()),
        Whose::NotAPerson => (0, false, String::new()),
    };
    let about = format!("a row of {} in release {release}…{whose}", wanted.table);
    let stamp = site.stamp();
    let access = Access {
        who: wanted.who,
        role: if is_person { Role::Linkage.word() } else { "operator" },
        verb: VERB,
        purpose: wanted.purpose.unwrap_or_default(),
        about: &about,
        people: people as u64,
        outcome: "done",
    };
    site.catalog.note_access(&access, &stamp)?;
    Ok(())
}

/// The one row that the key names.
fn row(wanted: &Wanted<'_>, table: &ReleasedTable) -> Result<Vec<(String, String)>, TraceFault> {
    if wanted.key.len() > table.grain.len() {
        return usage(format!("a row of {} is named by {} alone", wanted.table, table.grain.join(", ")));
    }
    let key: Vec<(String, String)> = table.grain.iter().cloned().zip(wanted.key.iter().cloned()).collect();
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let found = warehouse::rows_named(&table.path, &columns, &key, MOST + 1)
        .map_err(|fault| SiteFault::Build(fault.to_string()))?;
    match &found[..] {
        [row] => Ok(columns.into_iter().zip(row.iter().cloned()).collect()),
        [] => usage(format!(
            "no row of {} has this key: give {}, in this order, as the table has them",
            wanted.table,
            table.grain.join(", ")
        )),
        _ => {
            let next: Vec<&str> = table.grain.iter().skip(key.len()).map(String::as_str).collect();
            usage(format!("several rows begin so: say {}, too", next.join(", ")))
        }
    }
}

fn opened(site: &Site, upto: i64) -> Result<Traced, TraceFault> {
    let context = BuildContext { as_of: site.today(), home_authority: site.settings.home_authority.clone() };
    let limits =
        Limits { threads: site.settings.threads, memory: site.settings.memory_limit.clone(), spill_to: None };
    let (queries, inputs) = (build::queries(site)?, build::inputs(site)?);
    Traced::open(&queries, &inputs, &context, &limits, upto)
        .map_err(|fault| SiteFault::Build(fault.to_string()).into())
}

type Read = (BTreeSet<String>, Vec<Fed>, Vec<LakeCount>);

fn read(traced: &Traced, entities: &BTreeSet<String>, learners: &[String]) -> Result<Read, TraceFault> {
    let failed = |fault: warehouse::WarehouseFault| SiteFault::Build(fault.to_string());
    let (mut fed, mut counts) = (Vec::new(), Vec::new());
    let mut subjects = BTreeSet::new();
    for learner in learners {
        subjects.extend(traced.subjects(learner).map_err(failed)?);
    }
    if !learners.is_empty() && subjects.is_empty() {
        return usage(
            "nobody in the lake is this learner any more: links have changed since, or their rows have gone. \
             `learner_change` of a newer release may say who they are now",
        );
    }
    for entity in entities {
        let rows = traced.rows(entity, &subjects).map_err(failed)?;
        fed.extend(rows.into_iter().map(|row| Fed { row, run: None, file: None }));
        counts.extend(traced.counts(entity, !learners.is_empty()).map_err(failed)?);
    }
    Ok((subjects, fed, counts))
}

/// Published tables behind a table that have a row for each learner.
fn finer(site: &Site, table: &str) -> Result<Vec<String>, TraceFault> {
    let behind = build::queries(site)?.behind(&[table]);
    let names = behind.published().filter(|query| query.grain.iter().any(|name| name == "learner_id"));
    Ok(names.map(|query| query.name.clone()).collect())
}

/// The run of each commit sequence: the first batch that ends with it or later.
fn runs(site: &Site) -> Result<BTreeMap<i64, (i64, String)>, TraceFault> {
    Ok(site.catalog.published_batches()?.into_iter().map(|(seq, run, at)| (seq, (run, at))).collect())
}
