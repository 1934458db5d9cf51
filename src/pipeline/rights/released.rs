//! Releases that hold somebody who must not be held: found by reading them, and withdrawn. A tombstone stays.
use super::super::{Site, SiteFault};
use crate::{
    lake::LakeFault,
    privacy::{Pseudonym, hex},
};
use arrow::{array::AsArray, compute::cast, datatypes::DataType};
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    path::Path,
};

/// What the name of a release's folder begins with once it is no release any more.
const GONE: &str = ".gone-";

/// The releases that hold anybody of these people, under whatever learner they were at the time: every learner that they can
/// have been is named after one of their subjects.
pub(super) fn holding(site: &Site, subjects: &HashSet<Pseudonym>) -> Result<Vec<String>, SiteFault> {
    let ids: HashSet<[u8; 32]> = every_name(site, subjects)?.iter().map(hex).collect();
    let mut found = Vec::new();
    if ids.is_empty() {
        return Ok(found);
    }
    for release in site.catalog.releases()? {
        let folder = site.settings.data_dir.join("releases").join(&release.id).join("parquet");
        // What cannot be read is taken for one that holds them, and so is what names people under a key that was replaced
        // since; what is not there holds nobody.
        let own = || is_of_key(&folder.with_file_name("manifest.json"), &site.key.fingerprint());
        if folder.is_dir() && (!own() || holds(&folder, &ids).unwrap_or(true)) {
            found.push(release.id);
        }
    }
    Ok(found)
}

/// Under which pseudonyms a release can name these people.
pub(super) fn every_name(
    site: &Site,
    subjects: &HashSet<Pseudonym>,
) -> Result<HashSet<Pseudonym>, SiteFault> {
    let (keyed, anchors) = (site.key.keyed(), site.catalog.anchors()?);
    let mut names = HashSet::new();
    for subject in subjects {
        names.extend([*subject, keyed.learner(subject)]);
        names.extend(anchors.get(subject).copied());
    }
    Ok(names)
}

/// Whether a release says that it names people under a key.
pub(super) fn is_of_key(manifest: &Path, fingerprint: &str) -> bool {
    let text = fs::read_to_string(manifest).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    manifest["provenance"]["key_fingerprint"] == fingerprint
}

fn holds(folder: &Path, ids: &HashSet<[u8; 32]>) -> Result<bool, LakeFault> {
    for entry in fs::read_dir(folder)? {
        if table_holds(&entry?.path(), ids)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn table_holds(path: &Path, ids: &HashSet<[u8; 32]>) -> Result<bool, LakeFault> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let schema = builder.schema().clone();
    let named = schema.fields().iter().map(|field| field.name().as_str()).filter(|name| name.contains("_id"));
    let mask = ProjectionMask::columns(builder.parquet_schema(), named);
    for batch in builder.with_projection(mask).with_batch_size(8_192).build()? {
        for column in batch?.columns() {
            let Ok(column) = cast(column, &DataType::Utf8) else { continue };
            let texts = column.as_string::<i32>().iter().flatten();
            if texts.filter_map(|text| <[u8; 32]>::try_from(text.as_bytes()).ok()).any(|id| ids.contains(&id))
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Takes the files of withdrawn releases away, points `current` to one that is left, and writes the tombstones. Called
/// again, it ends what was cut off.
pub(in crate::pipeline) fn clear_away(site: &Site) -> Result<(), SiteFault> {
    let folder = site.settings.data_dir.join("releases");
    let tombstones = site.catalog.tombstones()?;
    if tombstones.is_empty() || !folder.is_dir() {
        return Ok(());
    }
    for tombstone in &tombstones {
        let gone = folder.join(format!("{GONE}{}", tombstone.id));
        match fs::rename(folder.join(&tombstone.id), &gone) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        if gone.is_dir() {
            fs::remove_dir_all(&gone)?;
        }
    }
    let current = folder.join("current");
    if fs::symlink_metadata(&current).is_ok() && !current.exists() {
        fs::remove_file(&current)?;
        if let Some(newest) = site.catalog.releases()?.first() {
            point(&newest.id, &current)?;
        }
    }
    write_tombstones(site)
}

/// Writes a tombstone beside where each withdrawn release was, with its successor once there is one.
pub(in crate::pipeline) fn write_tombstones(site: &Site) -> Result<(), SiteFault> {
    let folder = site.settings.data_dir.join("releases");
    for tombstone in site.catalog.tombstones()? {
        let text = serde_json::json!({
            "release": tombstone.id,
            "as_of": tombstone.as_of,
            "published_at": tombstone.published_at,
            "withdrawn_at": tombstone.withdrawn_at,
            "why": tombstone.why,
            "successor": tombstone.successor,
            "re_runnable": false,
        });
        let (growing, path) = (
            folder.join(format!(".new-{}.withdrawn.json", tombstone.id)),
            folder.join(format!("{}.withdrawn.json", tombstone.id)),
        );
        fs::write(&growing, format!("{text:#}\n"))?;
        fs::rename(&growing, path)?;
    }
    Ok(())
}

#[cfg(unix)]
fn point(id: &str, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(id, at)
}
#[cfg(not(unix))]
fn point(id: &str, at: &Path) -> io::Result<()> {
    fs::write(at, id)
}
