use super::{Site, SiteFault};
use crate::{
    catalog::{Clearing, FileKind, HeldFile, Replaced, Run, StagedFile},
    fault::failpoint,
    lake::{self, LakeFault, Meta},
};
use std::collections::BTreeMap;

/// A source's files of one entity and year are merged when there are more of them than this ...
const MOST_FILES: usize = 8;
/// ... of fewer bytes than this.
const SMALL: u64 = 32 << 20;

/// What merging did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Files that were merged, or would be.
    pub files: u64,
    /// Files that they became.
    pub into: u64,
    /// Rows in them: as many as before, and the same.
    pub rows: u64,
    /// The run that did it.
    pub run: Option<i64>,
}

/// Says what there is to merge, and changes nothing.
pub fn compaction(site: &Site) -> Result<Compacted, SiteFault> {
    let held = site.catalog.held_files(FileKind::Lake)?;
    let mut found = Compacted::default();
    for files in crowded(&held).into_values() {
        found.files += files.len() as u64;
        found.into += 1;
        found.rows += files.iter().map(|file| file.rows).sum::<u64>();
    }
    Ok(found)
}

/// Merges small files of one source, entity and academic year: a commit of its own, of the same rows. Whoever is reading
/// the old files can read them on: they are removed when the next verb begins to write.
pub fn compact(site: &mut Site) -> Result<Compacted, SiteFault> {
    let _lock = site.lock("compact")?;
    let held = site.catalog.held_files(FileKind::Lake)?;
    let crowded = crowded(&held);
    if crowded.is_empty() {
        return Ok(Compacted::default());
    }
    failpoint("compact.begun")?;
    let run = site.catalog.begin("compact", "", &site.stamp())?;
    let (mut clearing, mut done) = (Clearing::default(), Compacted::default());
    for ((source, ..), files) in crowded {
        merge(site, &run, (source, &files), (&mut clearing, &mut done))?;
        failpoint("compact.file")?;
    }
    failpoint("compact.written")?;
    let stamp = site.stamp();
    site.catalog.clear(&run, &clearing, &stamp)?;
    failpoint("compact.done")?;
    Ok(Compacted { run: Some(run.id), ..done })
}

type Partition<'h> = (&'h str, &'h str, Option<i32>);

fn crowded(held: &[HeldFile]) -> BTreeMap<Partition<'_>, Vec<&StagedFile>> {
    let mut by: BTreeMap<Partition<'_>, Vec<&StagedFile>> = BTreeMap::new();
    for HeldFile { source, file, bytes, .. } in held {
        if *bytes < SMALL {
            by.entry((source, &file.entity, file.ay)).or_default().push(file);
        }
    }
    by.retain(|_, files| files.len() > MOST_FILES);
    by
}

fn merge(
    site: &mut Site,
    run: &Run,
    (source, files): (&str, &[&StagedFile]),
    (clearing, done): (&mut Clearing, &mut Compacted),
) -> Result<(), SiteFault> {
    let data_dir = site.settings.data_dir.clone();
    let seq = site.catalog.reserve_seqs(1)?;
    let meta = Meta { data_dir: &data_dir, run: run.id, seq, source };
    let Some((file, merged, sum)) = lake::merge(files, &meta)? else { return Ok(()) };
    let named: u64 = merged.iter().map(|file| file.rows).sum();
    // What lies on the disk now, read again, against what was read from the old files and what the catalog knows of them.
    if lake::sum(&data_dir.join(&file.path))? != sum || file.rows != named {
        return Err(LakeFault::Merged.into());
    }
    done.files += merged.len() as u64;
    done.into += 1;
    done.rows += file.rows;
    clearing.retired.extend(merged.iter().map(|file| file.path.clone()));
    clearing.written.push(Replaced { source: source.to_owned(), seq, files: vec![file] });
    Ok(())
}
