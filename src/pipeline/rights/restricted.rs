//! Places of people who must not be found, taken out of the rows that are there.
use super::super::{Site, SiteFault};
use crate::{
    catalog::{Clearing, FileKind, Replaced},
    fault::failpoint,
    lake::{self, Meta},
    privacy::Pseudonym,
};
use std::collections::{BTreeMap, HashSet};

/// Writes the files again that tell a place of these people: the same rows, under the same names, without places. Gives how
/// many rows lost one. Done twice, the second time changes nothing.
pub(super) fn empty_places(
    site: &mut Site,
    people: &BTreeMap<String, HashSet<Pseudonym>>,
) -> Result<u64, SiteFault> {
    let data_dir = site.settings.data_dir.clone();
    let mut clearing = Clearing::default();
    let (mut emptied, mut run) = (0, None);
    for held in site.catalog.held_files(FileKind::Lake)? {
        let Some(people) = people.get(&held.source).filter(|people| !people.is_empty()) else { continue };
        let Some(at) = site.definitions.entity(&held.file.entity) else { continue };
        if site.definitions.plans[at].public {
            continue;
        }
        let telling =
            lake::tell_places(&data_dir.join(&held.file.path), &site.definitions.plans[at], people)?;
        if telling == 0 {
            continue;
        }
        let run = match &run {
            Some(run) => run,
            None => run.insert(site.catalog.begin("rights", "", &site.stamp())?),
        };
        let seq = site.catalog.reserve_seqs(1)?;
        let meta = Meta { data_dir: &data_dir, run: run.id, seq, source: &held.source };
        let file = lake::without_places(&held.file, &site.definitions.plans[at], people, &meta)?;
        clearing.dropped.push(held.file.path.clone());
        clearing.written.push(Replaced { source: held.source.clone(), seq, files: vec![file] });
        emptied += telling;
        failpoint("restrict.file")?;
    }
    if let Some(run) = &run {
        let stamp = site.stamp();
        site.catalog.clear(run, &clearing, &stamp)?;
        failpoint("restrict.done")?;
        for path in &clearing.dropped {
            // One that cannot be removed is swept later.
            let _ = std::fs::remove_file(data_dir.join(path));
        }
    }
    Ok(emptied)
}
