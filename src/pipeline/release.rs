use super::{BuildReport, Site, SiteFault, admit::operator, build::queries, rights};
use crate::{
    catalog::Access,
    fault::failpoint,
    release::{self, Column, Coverage, Release, ReleaseInput, TableFile},
    telemetry::{self, Event},
    warehouse::Limits,
};
use std::{collections::BTreeMap, path::Path};

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
    let input = ReleaseInput {
        tables: built.tables.iter().map(table_file).collect(),
        definitions: checksums(site)?,
        words: words(site, built),
        as_of: site.today(),
        home_authority: site.settings.home_authority.clone(),
        coverage: coverage(site)?,
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
