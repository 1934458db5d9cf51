mod kept;

use super::{Site, SiteFault, Watch, rights};
use crate::{
    definitions::query::QuerySet,
    fault::failpoint,
    telemetry::{self, Event},
    warehouse::{
        self, BuildContext, BuildOptions, BuiltTable, CheckResult, Entity, Finding, Inputs, Severity, Turn,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// What a build made.
#[derive(Debug, Clone)]
pub struct BuildReport {
    /// The published tables.
    pub tables: Vec<BuiltTable>,
    /// What the checks found.
    pub checks: Vec<CheckResult>,
    /// Every query in the order of its turn, and how long each took.
    pub turns: Vec<Turn>,
    /// How long it took to hold the tables against the rules.
    pub verified_in: Duration,
    /// Words and learners that the tables name and nothing knows.
    pub findings: Vec<Finding>,
    /// What each check and test means, when it matters, how to put it right.
    pub explained: BTreeMap<String, Explained>,
    /// Rows of the lake that the build read, latest or not.
    pub lake_rows: u64,
    /// Where the tables lie until they are released.
    pub folder: PathBuf,
}

/// What a check or a test is about, for whoever has to put it right.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Explained {
    /// Its name: a check's, or `grain`, `words`, `reference`.
    pub name: String,
    /// What failing it means.
    pub means: String,
    /// When that matters.
    pub matters: String,
    /// How to put it right.
    pub mend: String,
    /// Of a check: whether what it finds holds a release. A test's severity stands with its rule.
    pub severity: Option<Severity>,
}

impl BuildReport {
    /// What holds a release of these tables, each with its rows: rules and checks of the severity `error` that something fails.
    pub fn held_by(&self) -> Vec<String> {
        let rules = (self.findings.iter().filter(|found| found.severity == Severity::Error))
            .map(|found| format!("{}.{} ({}): {} rows", found.table, found.column, found.test, found.rows));
        let is_error = |check: &&CheckResult| {
            let about = self.explained.get(&check.name).and_then(|about| about.severity);
            check.violations > 0 && about == Some(Severity::Error)
        };
        let checks = (self.checks.iter().filter(is_error))
            .map(|check| format!("{}: {} rows", check.name, check.violations));
        rules.chain(checks).collect()
    }
}

/// Runs the queries over the published lake. The tables lie in `<data_dir>/build`: a release takes them, and the next build those
/// that nothing has changed.
pub fn build(site: &mut Site, watch: &mut dyn Watch) -> Result<BuildReport, SiteFault> {
    rights::settle(site)?;
    let _lock = site.lock("build")?;
    let queries = queries(site)?;
    let inputs = inputs(site)?;
    let lake_rows = site.catalog.lake_files()?.iter().map(|file| file.rows).sum();
    let context = BuildContext { as_of: site.today(), home_authority: site.settings.home_authority.clone() };
    let options = BuildOptions {
        threads: site.settings.threads,
        memory: site.settings.memory_limit.clone(),
        spill_to: Some(site.settings.data_dir.join("tmp")),
    };
    let folder = site.settings.data_dir.join("build");
    // What does not say what it was made of is of no use.
    if folder.is_dir() && !folder.join(warehouse::LINES).is_file() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    failpoint("build.begun")?;
    let mut told = |name: &str, done: usize, of: usize| {
        telemetry::emit(Event::TableStarted { done, of });
        watch.part(name, done, of);
    };
    let made = warehouse::build_with_checks(&queries, &inputs, &context, &options, &folder, &mut told)
        .map_err(|fault| SiteFault::Build(fault.to_string()))?;
    let began = Instant::now();
    let findings = verified(site, &made.tables, &inputs, &options, &folder)?;
    let verified_in = began.elapsed();
    let of_checks =
        made.checks.iter().filter_map(|check| Some((check.name.as_str(), check.kept.as_deref()?)));
    let of_rules = findings.iter().map(|found| (found.table.as_str(), found.kept.as_path()));
    kept::close(site, &queries, of_checks.chain(of_rules), &folder)?;
    failpoint("build.made")?;
    let mut made = made;
    for table in &mut made.tables {
        let allowed = purposes(site, &queries, &table.name)?;
        table.purposes.retain(|purpose| allowed.contains(purpose));
    }
    let explained = explained(site)?;
    let (tables, checks, turns) = (made.tables, made.checks, made.turns);
    Ok(BuildReport { tables, checks, turns, verified_in, findings, explained, lake_rows, folder })
}

/// Forgets the last build, so that the next one makes every table.
pub fn forget_build(site: &Site) -> Result<(), SiteFault> {
    let _lock = site.lock("build")?;
    let folder = site.settings.data_dir.join("build");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

/// Holds what was built against `schemas/verify.csv`.
fn verified(
    site: &Site,
    tables: &[BuiltTable],
    inputs: &Inputs,
    options: &BuildOptions,
    folder: &Path,
) -> Result<Vec<Finding>, SiteFault> {
    let failed = |fault: warehouse::WarehouseFault| SiteFault::Build(fault.to_string());
    let rules = warehouse::rules(site.definitions.files.text("schemas/verify.csv").unwrap_or_default());
    let rules = rules.map_err(failed)?;
    warehouse::verify(tables, &rules, &inputs.codes, options, folder).map_err(failed)
}

/// Reads `schemas/checks.csv`. A check that it does not explain says what its title says.
fn explained(site: &Site) -> Result<BTreeMap<String, Explained>, SiteFault> {
    let text = site.definitions.files.text("schemas/checks.csv").unwrap_or_default();
    let lines = csv::Reader::from_reader(text.as_bytes()).into_deserialize::<Explained>();
    let read: Result<Vec<Explained>, _> = lines.collect();
    let broken = |_| SiteFault::Build("schemas/checks.csv: a line has another number of cells".to_owned());
    Ok(read.map_err(broken)?.into_iter().map(|one| (one.name.clone(), one)).collect())
}

/// The entities whose rows a table is made of, directly or not.
pub(super) fn entities_behind(queries: &QuerySet, table: &str) -> BTreeSet<String> {
    let behind = queries.behind(&[table]);
    let reads = behind.queries.values().flat_map(|query| &query.reads);
    reads.filter_map(|name| name.strip_prefix("lake_")).map(str::to_owned).collect()
}

/// What every source behind a table allows: purposes travel with rows, and a table's are those that all share.
pub(super) fn purposes(site: &Site, queries: &QuerySet, table: &str) -> Result<BTreeSet<String>, SiteFault> {
    let entities = entities_behind(queries, table);
    let mut allowed: BTreeSet<String> =
        ["research", "participation", "ap_commissioning"].map(str::to_owned).into();
    for schema in site.definitions.schemas.iter().filter(|schema| entities.contains(&schema.name)) {
        allowed.retain(|purpose| schema.purposes.contains(purpose));
    }
    for entity in &entities {
        for name in site.catalog.sources_of(entity)? {
            // Rows whose source is no longer described, or whose agreement has ended, permit nothing.
            let source = site.settings.sources.iter().find(|source| source.name.as_str() == name);
            let source = source.filter(|source| source.refusal(site.wall_day()).is_none());
            allowed
                .retain(|purpose| source.is_some_and(|source| source.agreement.purposes.contains(purpose)));
        }
    }
    Ok(allowed)
}

/// The queries, with a site's own laid over them.
pub(super) fn queries(site: &Site) -> Result<QuerySet, SiteFault> {
    let overlay = site.settings.definitions.as_ref().map(|folder| folder.join("queries"));
    QuerySet::load(overlay.as_deref().filter(|folder| folder.is_dir()))
        .map_err(|problems| SiteFault::Build(problems.to_string()))
}

/// What the lake holds, for the engine.
pub(super) fn inputs(site: &Site) -> Result<Inputs, SiteFault> {
    let files = &site.definitions.files;
    let mut entities = Vec::new();
    for schema in &site.definitions.schemas {
        let text = files.text(&format!("schemas/{}.toml", schema.name)).unwrap_or_default();
        entities
            .push(Entity::parse(&schema.name, text).map_err(|fault| SiteFault::Build(fault.to_string()))?);
    }
    let codes =
        files.under("schemas/codes", "csv").map(|(_, stem, file)| (stem.to_owned(), file.text.clone()));
    let codes = codes.collect();
    let mut inputs = Inputs {
        entities,
        codes,
        policy: site.definitions.policy.clone(),
        withheld: site.catalog.withheld()?,
        ..Inputs::embedded().map_err(|fault| SiteFault::Build(fault.to_string()))?
    };
    // Absolute, so that a file written for a shell works from any folder.
    let data_dir = fs::canonicalize(&site.settings.data_dir)?;
    let known = site.catalog.files()?;
    inputs.checksums = known.into_iter().map(|file| (data_dir.join(file.path), file.sha256)).collect();
    for file in site.catalog.lake_files()? {
        inputs.lake.entry(file.entity).or_default().push(data_dir.join(file.path));
    }
    inputs.links = site.catalog.link_files()?.into_iter().map(|path| data_dir.join(path)).collect();
    for (relation, entity, _) in warehouse::BESIDE_LINKS {
        let files = site.catalog.files_beside_links(entity)?;
        let files = files.into_iter().map(|path| data_dir.join(path)).collect();
        inputs.beside_links.insert((*relation).to_owned(), files);
    }
    Ok(inputs)
}

/// Writes a file that opens the lake in a `DuckDB` shell: a view for each relation and query, over explicit files.
pub fn write_shell(site: &Site, file: &std::path::Path) -> Result<(), SiteFault> {
    let context = BuildContext { as_of: site.today(), home_authority: site.settings.home_authority.clone() };
    warehouse::write_shell(&queries(site)?, &inputs(site)?, &context, file)
        .map_err(|fault| SiteFault::Build(fault.to_string()))
}
