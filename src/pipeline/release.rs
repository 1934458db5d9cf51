use super::{BuildReport, Site, SiteFault, admit::operator, build::queries, rights};
use crate::{
    catalog::Access,
    disclosure::{self, Count, CountTable, Figure, Policy},
    fault::failpoint,
    release::{self, Column, Coverage, Release, ReleaseInput, TableFile},
    telemetry::{self, Event},
    warehouse::Limits,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Publishes a build's tables as a snapshot and notes it, and who made it, in the catalog.
///
/// # Errors
/// [`SiteFault::Unsound`] where the tables fail a rule or a check of the severity `error`; nothing is published then.
pub fn release(site: &mut Site, built: &BuildReport, who: &str) -> Result<Release, SiteFault> {
    let held_by = built.held_by();
    if !held_by.is_empty() {
        return Err(SiteFault::Unsound(held_by));
    }
    let _lock = site.lock("release")?;
    failpoint("release.begun")?;
    let coverage = coverage(site)?;
    let input = ReleaseInput {
        rows_told: rows_told(site, built, &coverage)?,
        tables: built.tables.iter().map(table_file).collect(),
        definitions: checksums(site)?,
        words: words(site, built),
        as_of: site.today(),
        home_authority: site.settings.home_authority.clone(),
        coverage,
        synthetic: site.settings.demo.is_some(),
        key_fingerprint: site.key.fingerprint(),
        limits: Limits {
            threads: site.settings.threads,
            memory: site.settings.memory_limit.clone(),
            spill_to: Some(site.settings.data_dir.join("tmp")),
        },
    };
    let releases = site.settings.data_dir.join("releases");
    let release = release::publish(&input, &releases).map_err(|fault| SiteFault::Build(fault.to_string()))?;
    let stamp = site.stamp();
    telemetry::emit(Event::Released { tables: input.tables.len() });
    let access = Access { about: &release.id, ..operator(who, "release") };
    site.catalog.note_release(&release.id, &input.as_of.to_string(), &access, &stamp)?;
    rights::write_tombstones(site)?;
    failpoint("release.noted")?;
    Ok(release)
}

fn table_file(table: &crate::warehouse::BuiltTable) -> TableFile {
    let column = |(name, sql_type, description): &(String, String, String)| Column {
        name: name.clone(),
        sql_type: sql_type.clone(),
        description: description.clone(),
    };
    TableFile {
        name: table.name.clone(),
        title: table.title.clone(),
        grain: table.grain.clone(),
        columns: table.columns.iter().map(column).collect(),
        purposes: table.purposes.clone(),
        rows: table.rows,
        path: table.path.clone(),
        sha256: table.sha256.clone(),
    }
}

/// What may be said of each number of rows: rows are no people, but a few rows are a few people's. By the policy for what is published,
/// whatever the site's own is, so that the same content has the same codebook.
fn rows_told(
    site: &Site,
    built: &BuildReport,
    coverage: &[Coverage],
) -> Result<BTreeMap<u64, Option<u64>>, SiteFault> {
    let policy = if site.settings.demo.is_some() {
        Policy::synthetic(site.key.kind()).map_err(|refusal| SiteFault::Build(refusal.to_string()))?
    } else {
        Policy::published()
    };
    let tables = built.tables.iter().map(|table| table.rows);
    let rows: BTreeSet<u64> = tables.chain(coverage.iter().map(|read| read.rows)).collect();
    let told = |rows: u64| {
        let key = vec!["rows".to_owned()];
        let count = CountTable {
            title: "rows".to_owned(),
            population: "rows of a table".to_owned(),
            dimensions: key.clone(),
            wholes: vec![Count::leaf(key, rows)],
        };
        let disclosed = disclosure::disclose(&count, &policy);
        let figure = disclosed.ok().and_then(|table| table.as_ref().rows.first()?.figures.first().copied());
        match figure {
            Some(Figure::Count(about)) => u64::try_from(about).ok(),
            _ => None,
        }
    };
    Ok(rows.into_iter().map(|rows| (rows, told(rows))).collect())
}

/// What the codes of the tables mean.
fn words(site: &Site, built: &BuildReport) -> release::Words {
    let mut words = release::Words::new();
    for table in &built.tables {
        for (column, _, _) in table.columns.iter().filter(|(_, sql_type, _)| sql_type == "VARCHAR") {
            let meanings = site.definitions.meanings(&table.name, column);
            if !meanings.is_empty() {
                words.entry(table.name.clone()).or_default().insert(column.clone(), meanings);
            }
        }
    }
    words
}

/// Every definition that had a part in it: connectors, schemas and queries, site files included.
fn checksums(site: &Site) -> Result<BTreeMap<String, String>, SiteFault> {
    let mut checksums = site.definitions.files.checksums();
    checksums.retain(|path, _| Path::new(path).extension().is_none_or(|extension| extension != "md"));
    for query in queries(site)?.queries.values() {
        checksums.insert(format!("queries/{}", query.file), query.sha256.clone());
    }
    Ok(checksums)
}

fn coverage(site: &Site) -> Result<Vec<Coverage>, SiteFault> {
    let mut rows: BTreeMap<(String, String), u64> = BTreeMap::new();
    for source in &site.settings.sources {
        for file in site.catalog.lake_files_with_rows(source.name.as_str())? {
            *rows.entry((source.name.to_string(), file.entity)).or_default() += file.rows;
        }
    }
    Ok(rows.into_iter().map(|((source, entity), rows)| Coverage { source, entity, rows }).collect())
}
