//! A question to a release: which tables it may read, for which purpose, and what of the answer may be shown. Everything
//! that is asked is in the audit before anything is shown, refusals too.
mod noised;

use super::{Site, SiteFault, build};
use crate::{
    catalog::Access,
    definitions::query::{QuerySet, WHOSE},
    disclosure::{Answer, Disclosed, Policy},
    query::{self, Kind, Plan, QueryRefusal, Shapes, TableShape},
    release::{self, ReleasedTable},
    warehouse::{self, Test},
};
pub use noised::{Entered, comes_after};
pub(in crate::pipeline) use noised::{Held, paid};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

const VERB: &str = "query";

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryFault {
    /// Refused: by what it is, by purpose, or by what would come of it. It is noted.
    #[error("{0}")]
    Refused(QueryRefusal),
    /// What was typed beside the statement names nothing.
    #[error("{0}")]
    Usage(String),
    /// The data folder.
    #[error(transparent)]
    Site(#[from] SiteFault),
}

/// What is asked, by whom and what for.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The user of the operating system.
    pub who: &'a str,
    /// The purpose.
    pub purpose: &'a str,
    /// The statement.
    pub text: &'a str,
    /// What the answer may cost, in questions: four times as much is twice as exact. Over invented learners it is exact.
    pub spend: u64,
}

/// The tables of a release, ready to be asked.
pub struct OpenRelease {
    /// The release.
    pub release: String,
    /// Its tables.
    pub tables: BTreeMap<String, ReleasedTable>,
    shapes: Shapes,
    /// What the tables are, as the definitions say it now.
    queries: Result<QuerySet, SiteFault>,
    /// By table and column: what the definitions say that it may hold, and what each word means where its list says so.
    words: BTreeMap<(String, String), Vec<Word>>,
}

/// A word that a column may hold.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Word {
    /// As it stands in the table.
    pub word: String,
    /// What it means, from its code list.
    pub label: Option<String>,
}

impl OpenRelease {
    /// The words that a column may hold; none where it is not held to any.
    pub fn words(&self, table: &str, column: &str) -> &[Word] {
        self.words.get(&(table.to_owned(), column.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Its tables as a statement sees them.
    pub fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    /// Whether a column hangs on other learners too, so that no question over real ones may use it.
    pub fn hangs_on_many(&self, table: &str, column: &str) -> bool {
        self.queries.as_ref().map_or(true, |queries| queries.hangs_on_many(table, column))
    }
}

/// An answer that may be shown.
#[derive(Debug)]
pub struct Reply {
    /// How the answer's columns are named and ordered.
    pub plan: Plan,
    /// The groups.
    pub answer: Disclosed<Answer>,
    /// What the answer was entered as, where it is of real learners.
    pub entered: Option<Entered>,
}

/// Opens a release to ask it: by its id, at least 8 digits of it, or `current`.
///
/// # Errors
/// [`QueryFault::Usage`] where no one release is meant.
pub fn open_release(site: &Site, wanted: &str) -> Result<OpenRelease, QueryFault> {
    let folder = site.settings.data_dir.join("releases");
    let failed = |fault: release::ReleaseFault| QueryFault::Site(SiteFault::Build(fault.to_string()));
    let current = release::current(&folder).map_err(failed)?;
    let ids = release::ids(&folder).map_err(failed)?;
    let fits: Vec<&String> = match wanted {
        "current" => current.iter().collect(),
        begins if begins.len() >= 8 => ids.iter().filter(|id| id.starts_with(begins)).collect(),
        _ => Vec::new(),
    };
    let [id] = fits[..] else {
        return Err(QueryFault::Usage(
            "no one release is meant: give its id, at least its first 8 digits, or `current`; `throughline release` \
             publishes one"
                .to_owned(),
        ));
    };
    let tables = release::tables(&folder, id).map_err(failed)?;
    let shapes = tables.iter().map(|(name, table)| (name.clone(), shape(table))).collect();
    Ok(OpenRelease { release: id.clone(), tables, shapes, queries: build::queries(site), words: words(site) })
}

/// What columns are held to, from `schemas/verify.csv`. A file that cannot be read is for `check` to say: here there are no words.
fn words(site: &Site) -> BTreeMap<(String, String), Vec<Word>> {
    let rules = site.definitions.files.text("schemas/verify.csv").unwrap_or_default();
    let mut words = BTreeMap::new();
    for rule in warehouse::rules(rules).unwrap_or_default() {
        let Test::Words { words: own, lists } = rule.test else { continue };
        let listed = lists.iter().filter_map(|list| site.definitions.codes.get(list)).flat_map(|list| {
            list.rows.iter().map(|row| Word { word: row[0].clone(), label: Some(row[1].clone()) })
        });
        let own = own.into_iter().map(|word| Word { word, label: None });
        let mut all: Vec<Word> = listed.chain(own).collect();
        // A code may stand on several rows, each with days of its own.
        let mut seen = BTreeSet::new();
        all.retain(|word| seen.insert(word.word.clone()));
        words.insert((rule.table, rule.column), all);
    }
    words
}

fn shape(table: &ReleasedTable) -> TableShape {
    let columns = table.columns.iter().filter_map(|column| {
        let kind = if column.name == WHOSE { Kind::Learner } else { Kind::of_sql_type(&column.sql_type)? };
        // A second learner of a row is nobody's to look at.
        let is_other = kind != Kind::Learner && column.name.starts_with(WHOSE);
        (!is_other).then(|| (column.name.clone(), kind))
    });
    let beside = || table.grain.iter().filter(|column| *column != WHOSE).cloned().collect();
    TableShape {
        columns: columns.collect(),
        told_apart_by: table.grain.iter().any(|column| column == WHOSE).then(beside),
    }
}

/// Answers a question.
///
/// # Errors
/// A [`QueryFault`]; a refusal is noted in the audit first.
pub fn query(site: &mut Site, asked: &OpenRelease, question: &Question<'_>) -> Result<Reply, QueryFault> {
    if !crate::definitions::is_purpose(question.purpose) {
        let words = "that is not a purpose: --purpose is research, participation or ap_commissioning";
        return Err(QueryFault::Usage(words.to_owned()));
    }
    let policy = Policy::named(&site.settings.disclosure_policy, site.key.kind())
        .map_err(|refusal| QueryFault::Usage(refusal.to_string()))?;
    let mut tables = Vec::new();
    // Over real learners a question is entered before it is looked at, and that is its note in the audit; a refusal after that is
    // noted as well.
    let is_noised = policy.threshold() > 0;
    let result = prepared(site, asked, question, &mut tables).and_then(|plan| {
        if is_noised {
            noised::answer(site, asked, question, plan, &policy)
        } else {
            answer(site, asked, question, plan, &policy)
        }
    });
    if !is_noised || result.is_err() {
        note(site, asked, question, &tables, result.is_ok())?;
    }
    result.map_err(QueryFault::Refused)
}

/// Reads a question, and looks whether its tables may be opened for the purpose.
fn prepared(
    site: &Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    tables: &mut Vec<String>,
) -> Result<Plan, QueryRefusal> {
    let plan = query::compile(question.text, &asked.shapes)?;
    *tables = plan.reads.keys().cloned().collect();
    serves(site, asked, question.purpose, tables)?;
    Ok(plan)
}

fn files(asked: &OpenRelease) -> BTreeMap<String, PathBuf> {
    asked.tables.iter().map(|(name, table)| (name.clone(), table.path.clone())).collect()
}

/// An answer over invented learners: as it is.
fn answer(
    site: &Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    plan: Plan,
    policy: &Policy,
) -> Result<Reply, QueryRefusal> {
    let answer = query::answer(question.text, &plan, &files(asked), &site.settings.memory_limit, policy)?;
    Ok(Reply { plan, answer, entered: None })
}

fn unread_definitions() -> QueryRefusal {
    QueryRefusal {
        code: "purpose",
        what: "what the tables are and which purposes their sources serve cannot be told: the definitions or the catalog cannot be read"
            .to_owned(),
        instead: "run `throughline check`",
    }
}

/// Whether every table that is read, and every source behind it, serves the purpose.
fn serves(site: &Site, asked: &OpenRelease, purpose: &str, tables: &[String]) -> Result<(), QueryRefusal> {
    let queries = asked.queries.as_ref().map_err(|_| unread_definitions())?;
    for table in tables {
        let now = if queries.queries.contains_key(table) {
            build::purposes(site, queries, table).map_err(|_| unread_definitions())?
        } else {
            std::collections::BTreeSet::new()
        };
        let then =
            asked.tables.get(table).is_some_and(|table| table.purposes.iter().any(|each| each == purpose));
        if !then || !now.contains(purpose) {
            return Err(QueryRefusal {
                code: "purpose",
                what: format!(
                    "the table {table} cannot be opened for {purpose}: it, or a source behind it, does not serve that. \
                     That you asked is in the audit"
                ),
                instead: "name the purpose that you ask for with --purpose, or ask other tables",
            });
        }
    }
    Ok(())
}

/// Notes a question: a keyed digest of its text, for the text may hold whatever somebody typed, and the tables it reads.
fn note(
    site: &mut Site,
    asked: &OpenRelease,
    question: &Question<'_>,
    tables: &[String],
    is_done: bool,
) -> Result<(), QueryFault> {
    let about = about(site, asked, question, tables);
    let stamp = site.stamp();
    let access = Access {
        who: question.who,
        role: "operator",
        verb: VERB,
        purpose: question.purpose,
        about: &about,
        people: 0,
        outcome: if is_done { "done" } else { "refused" },
    };
    site.catalog.note_access(&access, &stamp).map_err(SiteFault::from)?;
    Ok(())
}

/// A question in words of ours.
fn about(site: &Site, asked: &OpenRelease, question: &Question<'_>, tables: &[String]) -> String {
    let digest = site.key.keyed().digest("query", &[question.text.as_bytes()]);
    let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let release = asked.release.get(..8).unwrap_or(&asked.release);
    let of = if tables.is_empty() { "no table".to_owned() } else { tables.join(", ") };
    format!("question {digest} to release {release}…: {of}")
}
