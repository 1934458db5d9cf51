//! Studies at work: held against a release, measured, asked for, approved by others, cut, and closed. Everything that is done
//! is in the audit, refusals too.
mod approved;
mod cutting;
mod extract;
mod lent;
mod outputs;
mod sacro;

pub use approved::{approve_study, request_study};
pub use cutting::{Closed, Cut, close_study, cut_study};
pub use extract::dummy_study;
pub use outputs::Shown;

use super::{KnownStudies, Site, SiteFault, Whose, build};
use crate::{
    catalog::{Access, StudyRequest},
    config::Role,
    definitions::{CodeList, Complaint, Definitions, query::QuerySet},
    lake,
    privacy::{KeyKind, Pseudonym},
    release::{self, ReleasedTable},
    study::{
        self, Classes, ColumnShape, CutFault, Data, Known, Linkage, Plan, Proposal, Risk, Shape, Study,
        TableShape,
    },
    warehouse,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::{Path, PathBuf},
};

/// The greatest share of learners who may be found again by laying two extracts side by side.
const MOST_LINKED: f64 = 0.05;

/// Why something was not done with a study.
#[derive(Debug, thiserror::Error)]
pub enum StudyFault {
    /// The definition is wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Complaints(Vec<Complaint>),
    /// Refused, and why: by purpose, by date, by who asks, or because too many learners would be alone. It is noted.
    #[error("{0}")]
    Refused(String),
    /// What was typed names nothing, or comes at the wrong time.
    #[error("{0}")]
    Usage(String),
    /// Rows could not be read or written.
    #[error(transparent)]
    Cut(#[from] CutFault),
    /// The data folder.
    #[error(transparent)]
    Site(#[from] SiteFault),
}

impl From<std::io::Error> for StudyFault {
    fn from(error: std::io::Error) -> Self {
        Self::Site(error.into())
    }
}

/// A study beside the release that it asks.
pub struct OpenStudy {
    /// The study.
    pub study: Study,
    /// What would be cut.
    pub plan: Plan,
    /// What stands for everything that an extract of it depends on: what is approved is this and nothing else. 32 hex characters.
    pub binds: String,
    /// The release.
    pub release: String,
    /// The day that it looks back from.
    pub as_of: String,
    /// The Parquet file of each table.
    pub files: BTreeMap<String, PathBuf>,
}

/// What would come of a study.
pub struct Measured {
    /// The rows, without canaries.
    pub data: Data,
    /// How alike learners are.
    pub risk: Risk,
    /// What would make them more alike; empty where they are alike enough.
    pub proposals: Vec<Proposal>,
    /// What somebody could do who has another extract too.
    pub linkage: Vec<Linkage>,
    /// Extracts that are out and could not be compared with: their release is gone. Nothing is cut beside them.
    pub not_compared: Vec<String>,
}

impl Measured {
    /// Whether the cohort is so small that no count of it is told.
    pub fn is_small(&self) -> bool {
        self.risk.learners < self.risk.k
    }

    /// Why nothing may be cut, if so.
    pub fn refusal(&self) -> Option<String> {
        if self.is_small() {
            return Some(too_few(self.risk.k));
        }
        if !self.risk.holds() {
            let instead: Vec<String> =
                self.proposals.iter().map(|step| format!("{}: {}", step.table, step.write)).collect();
            let instead = if instead.is_empty() {
                "leave a table of several rows out, for how many rows somebody has may tell of them, or ask for more learners".to_owned()
            } else {
                instead.join("; ")
            };
            return Some(format!(
                "too many learners would be alone with what others may know of them. {} What would do: {instead}",
                self.risk.in_words()
            ));
        }
        // What cannot be laid beside these rows is not known to be safe beside them.
        if let Some(study) = self.not_compared.first() {
            return Some(format!(
                "the extract of the study {study} is out and cannot be compared with, for its release or a table of it is gone: \
                 close that study first"
            ));
        }
        let most = self.linkage.iter().find(|found| found.share() > MOST_LINKED)?;
        Some(format!(
            "{} of {} learners could be found again in the extract of the study {} by what both have ({}), more than {:.0}%. Ask for \
             fewer columns or tell them less exactly; or close that study first",
            most.matched,
            most.learners,
            most.with,
            most.shared.join(", "),
            MOST_LINKED * 100.0
        ))
    }
}

/// What is said of a small cohort, and of one without anybody: which of the two it is would tell of those who are meant.
fn too_few(k: u64) -> String {
    format!("the cohort has fewer than {k} learners: ask for more years, or fewer conditions")
}

/// The columns of a release.
fn shape_of(tables: &BTreeMap<String, ReleasedTable>) -> Shape {
    let tables = tables.iter().map(|(name, table)| {
        let column = |column: &release::Column| ColumnShape {
            name: column.name.clone(),
            sql_type: column.sql_type.clone(),
            description: column.description.clone(),
        };
        let shape = TableShape {
            title: table.title.clone(),
            grain: table.grain.clone(),
            purposes: table.purposes.clone(),
            columns: table.columns.iter().map(column).collect(),
        };
        (name.clone(), shape)
    });
    Shape { tables: tables.collect() }
}

/// The columns that a release of this program's own definitions has, without any release: for somebody who has the program
/// and no data.
///
/// # Errors
/// When the definitions that travel in the program do not fit together.
pub fn own_shape() -> Result<Shape, StudyFault> {
    let failed = |what: String| StudyFault::Site(SiteFault::Build(what));
    let queries = QuerySet::load(None).map_err(|problems| failed(problems.to_string()))?;
    let shapes = warehouse::shapes(&queries).map_err(|fault| failed(fault.to_string()))?;
    let tables = queries.published().map(|query| {
        let columns = shapes.get(&query.name).into_iter().flatten().map(|(name, sql_type)| ColumnShape {
            name: name.clone(),
            sql_type: sql_type.clone(),
            description: query.columns.get(name).cloned().unwrap_or_default(),
        });
        let shape = TableShape {
            title: query.title.clone(),
            grain: query.grain.clone(),
            purposes: query.purposes.clone(),
            columns: columns.collect(),
        };
        (query.name.clone(), shape)
    });
    Ok(Shape { tables: tables.collect() })
}

/// Holds a study's folder against the tables of this program, or of a release.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check_study(
    folder: &Path,
    shape: &Shape,
    definitions: &Definitions,
) -> Result<(Study, Plan), StudyFault> {
    let study = Study::load(folder).map_err(StudyFault::Complaints)?;
    let plan = plan(&study, shape, definitions)?;
    Ok((study, plan))
}

fn plan(study: &Study, shape: &Shape, definitions: &Definitions) -> Result<Plan, StudyFault> {
    let text = definitions.files.text("schemas/research.csv").unwrap_or_default();
    let classes = Classes::read(text).map_err(|problem| {
        let hint = "put the line right, or take the site's file away";
        StudyFault::Complaints(vec![Complaint::file("schemas/research.csv", problem, hint)])
    })?;
    let codes: &BTreeMap<String, CodeList> = &definitions.codes;
    let verify = definitions.files.text("schemas/verify.csv").unwrap_or_default();
    study::check(study, shape, Known { classes: &classes, codes, verify }).map_err(StudyFault::Complaints)
}

/// Opens a study beside a release: its id, at least 8 digits of it, or `current`.
///
/// # Errors
/// What is wrong with the definition; a table that research may not have now.
pub fn open_study(site: &Site, folder: &Path, release: &str) -> Result<OpenStudy, StudyFault> {
    let study = Study::load(folder).map_err(StudyFault::Complaints)?;
    open(site, study, release)
}

fn open(site: &Site, study: Study, wanted: &str) -> Result<OpenStudy, StudyFault> {
    let open = open_whatever_it_serves(site, study, wanted)?;
    serves(site, &open.plan)?;
    Ok(open)
}

/// The same whether research may have its tables now or not: what was cut was cut.
fn open_whatever_it_serves(site: &Site, study: Study, wanted: &str) -> Result<OpenStudy, StudyFault> {
    let asked = super::open_release(site, wanted).map_err(|fault| StudyFault::Usage(fault.to_string()))?;
    let plan = plan(&study, &shape_of(&asked.tables), &site.definitions)?;
    let releases = site.settings.data_dir.join("releases");
    let listed = release::list(&releases).map_err(|fault| SiteFault::Build(fault.to_string()))?;
    let as_of =
        listed.into_iter().find(|one| one.id == asked.release).map(|one| one.as_of).unwrap_or_default();
    let files = asked.tables.iter().map(|(name, table)| (name.clone(), table.path.clone())).collect();
    let binds = binds(site, &study, &plan, &asked.release);
    Ok(OpenStudy { study, plan, binds, release: asked.release, as_of, files })
}

/// The digest of everything that an extract depends on: the definition with its SQL, the release, what each column of it is and
/// holds (`schemas/research.csv`, lists of codes), the policy that its counts pass, the key and the program that cut it.
fn binds(site: &Site, study: &Study, plan: &Plan, release: &str) -> String {
    let parts = [
        study.digest(),
        plan.digest(),
        release.to_owned(),
        site.settings.disclosure_policy.clone(),
        site.key.study(&study.name).tag(),
        env!("CARGO_PKG_VERSION").to_owned(),
    ];
    let mut whole = study::sha256(parts.join("\n").as_bytes());
    whole.truncate(32);
    whole
}

/// Every table, and every source behind it, serves research today.
fn serves(site: &Site, plan: &Plan) -> Result<(), StudyFault> {
    let queries = build::queries(site)?;
    let tables = plan.frames.iter().map(|frame| frame.name.as_str()).chain([plan.cohort.as_str()]);
    for table in tables {
        if !queries.queries.contains_key(table)
            || !build::purposes(site, &queries, table)?.contains("research")
        {
            return Err(StudyFault::Refused(format!(
                "the table {table} does not serve research now: it, or a source behind it, has another purpose, or its agreement \
                 has ended"
            )));
        }
    }
    Ok(())
}

/// Measures a study for somebody. That it was asked is noted before anything is told of it, for who asks again and again with
/// other conditions learns of few.
///
/// # Errors
/// As [`try_study`].
pub fn run_study(site: &mut Site, open: &OpenStudy, who: &str) -> Result<Measured, StudyFault> {
    approved::names_no_child(site, open)?;
    let about_it = about(open);
    let trial = match try_study(site, open) {
        Err(StudyFault::Refused(words)) => return Err(refused(site, who, "study run", &about_it, words)),
        other => other?,
    };
    let outcome = if trial.refusal().is_some() { "refused" } else { "done" };
    let stamp = site.stamp();
    let people = if trial.is_small() { 0 } else { trial.risk.learners };
    let entry = access(who, "study run", &about_it, people, outcome);
    site.catalog.note_access(&entry, &stamp).map_err(SiteFault::from)?;
    Ok(trial)
}

/// Cuts the rows in memory and measures them; nothing is written.
///
/// # Errors
/// Where rows cannot be read; [`StudyFault::Refused`] where nobody is in the cohort.
pub fn try_study(site: &Site, open: &OpenStudy) -> Result<Measured, StudyFault> {
    let data = rows(site, open).map_err(|fault| match fault {
        StudyFault::Cut(CutFault::Nobody) => StudyFault::Refused(too_few(open.study.k)),
        other => other,
    })?;
    let risk = study::risk(&open.study, &data);
    let proposals = if risk.holds() { Vec::new() } else { study::proposals(&open.study, &data) };
    let (linkage, not_compared) = beside_others(site, &open.study, &data)?;
    Ok(Measured { data, risk, proposals, linkage, not_compared })
}

/// The rows of a study, places of few learners put together.
fn rows(site: &Site, open: &OpenStudy) -> Result<Data, StudyFault> {
    let mut data = study::cut(&open.plan, &open.files, &site.key.study(&open.study.name))?;
    study::merge_small_places(&mut data, open.study.k);
    Ok(data)
}

/// Lays the rows beside those of every other study whose extract is still out.
fn beside_others(site: &Site, study: &Study, data: &Data) -> Result<(Vec<Linkage>, Vec<String>), StudyFault> {
    let (mut found, mut gone) = (Vec::new(), Vec::new());
    for request in requests(site)? {
        if !request.is_out() || request.study == study.name {
            continue;
        }
        let other = Study::read(&request.study, &request.definition)
            .map_err(StudyFault::Complaints)
            .and_then(|other| open(site, other, &request.release));
        match other.and_then(|other| rows(site, &other)) {
            Ok(other) => found.push(study::linkage(&request.study, data, &other)),
            Err(_) => gone.push(request.study),
        }
    }
    Ok((found, gone))
}

/// Whether the extract of a request holds a row of anybody so named in its release. None where it cannot be cut again.
pub(super) fn holds(site: &Site, request: &StudyRequest, names: &HashSet<Pseudonym>) -> Option<bool> {
    let study = Study::read(&request.study, &request.definition).ok()?;
    let open = open_whatever_it_serves(site, study, &request.release).ok()?;
    let key = site.key.study(&open.study.name);
    let names: HashSet<String> = names.iter().map(|name| key.learner(name)).collect();
    let data = match study::cut(&open.plan, &open.files, &key) {
        Err(CutFault::Nobody) => return Some(false),
        data => data.ok()?,
    };
    let is_meant = |at: u32| data.learners.get(at as usize).is_some_and(|learner| names.contains(learner));
    Some(data.frames.iter().any(|frame| frame.rows.iter().any(|(learner, _)| is_meant(*learner))))
}

/// Every request and what became of it.
///
/// # Errors
/// When the catalog cannot be read.
pub fn requests(site: &Site) -> Result<Vec<StudyRequest>, StudyFault> {
    Ok(site.catalog.study_requests().map_err(SiteFault::from)?)
}

/// What is noted of a study.
fn access<'a>(who: &'a str, verb: &'a str, about: &'a str, people: u64, outcome: &'a str) -> Access<'a> {
    Access { who, role: "operator", verb, purpose: "research", about, people, outcome }
}

/// Notes that something was refused, and gives it back.
fn refused(site: &mut Site, who: &str, verb: &str, about: &str, words: String) -> StudyFault {
    let stamp = site.stamp();
    match site.catalog.note_access(&access(who, verb, about, 0, "refused"), &stamp) {
        Ok(_) => StudyFault::Refused(words),
        Err(fault) => SiteFault::from(fault).into(),
    }
}

/// How a study stands in the audit: its name, what is approved of it and the release, each by a few letters.
fn about(open: &OpenStudy) -> String {
    let begins = |text: &str| text.get(..8).unwrap_or(text).to_owned();
    format!("study {} {}… of release {}…", open.study.name, begins(&open.binds), begins(&open.release))
}

/// Whether rows are of invented learners.
fn is_invented(site: &Site) -> bool {
    site.key.kind() == KeyKind::Demo
}

/// Whether one approval is enough here, and may be the author's.
fn one_is_enough(site: &Site) -> bool {
    site.settings.roles.one_person_may_confirm
}

const APPROVER: Role = Role::Approver;

/// What this data folder knows of studies: their tags, learners who are not there, and what everybody is known by in each extract
/// that was cut, in releases and in the lake.
///
/// # Errors
/// When the catalog or the links cannot be read.
pub fn known_studies(site: &Site, mut known: KnownStudies) -> Result<KnownStudies, StudyFault> {
    let requests = requests(site)?;
    let mut learners: HashSet<Pseudonym> = HashSet::new();
    for file in site.catalog.link_files().map_err(SiteFault::from)? {
        for link in lake::links_held(&site.settings.data_dir.join(file)).map_err(SiteFault::from)? {
            known.ids.add_of_lake(&link.subject);
            learners.insert(link.learner);
        }
    }
    learners.iter().for_each(|learner| known.ids.add_of_lake(learner));
    let cut = requests.iter().filter(|request| request.extract.is_some()).map(|request| &request.study);
    for study in cut.collect::<BTreeSet<_>>() {
        let key = site.key.study(study);
        for learner in &learners {
            known.ids.add_learner(&key.learner(learner), Whose::Study(study.clone()));
        }
    }
    for request in requests {
        let key = site.key.study(&request.study);
        known.tags.insert(key.tag(), request.study.clone());
        for at in 0..study::MOST_CANARIES {
            known.plant(key.canary(at), &request.study);
        }
        // Those of a key that was replaced since stand where their extract is noted.
        let planted =
            request.extract.as_ref().map(|extract| serde_json::from_str::<Vec<String>>(&extract.files));
        for canary in planted.and_then(Result::ok).unwrap_or_default() {
            if let Some(tag) = canary.get(2..10) {
                known.tags.insert(tag.to_owned(), request.study.clone());
            }
            known.plant(canary, &request.study);
        }
    }
    Ok(known)
}
