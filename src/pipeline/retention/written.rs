use super::{
    super::{Site, SiteFault},
    Held,
    chosen::Chosen,
};
use crate::{
    catalog::{Clearing, FileKind, NewFile, Replaced, Run},
    fault::failpoint,
    lake::{self, Entry, Index, IndexWriter, Kept, Merge, Meta},
    link,
    privacy::{Digest16, EntityPlan, Pseudonym},
};
use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
};

/// A buffer for each index that is merged.
const BUFFER: usize = 64 << 10;

/// Writes the files of a source again without what goes.
pub(super) fn source(
    site: &mut Site,
    run: &Run,
    (source, chosen): (&str, &Chosen),
    held: &Held,
    clearing: &mut Clearing,
) -> Result<(), SiteFault> {
    if chosen.whole {
        let all = [&held.lake, &held.register, &held.index];
        let files = all.into_iter().flat_map(|files| Held::of_source(files, source));
        clearing.dropped.extend(files.map(|held| held.file.path.clone()));
        clearing.forgotten.push((source.to_owned(), String::new()));
        return Ok(());
    }
    let mut files = rows(site, run, (source, chosen), held, clearing)?;
    let sayings;
    (files, sayings) = identities(site, run, (source, chosen), held, (files, clearing))?;
    // Of whom only the identity goes, nothing is forgotten that was read.
    if !chosen.keys.is_empty() || !chosen.people.is_empty() {
        files.extend(index(site, run, (source, chosen, &sayings), held, clearing)?);
    }
    let withdrawn = site.settings.sources.iter().find(|known| known.name.as_str() == source);
    let today = site.wall_day();
    for (tenant, from) in withdrawn.iter().flat_map(|source| &source.revoked_tenants) {
        if site.settings.retention.due(*from).is_some_and(|due| due <= today) {
            clearing.forgotten.push((source.to_owned(), tenant.clone()));
        }
    }
    let seq = site.catalog.reserve_seqs(1)?;
    clearing.written.push(Replaced { source: source.to_owned(), seq, files });
    Ok(())
}

fn rows(
    site: &mut Site,
    run: &Run,
    (source, chosen): (&str, &Chosen),
    held: &Held,
    clearing: &mut Clearing,
) -> Result<Vec<NewFile>, SiteFault> {
    let (data_dir, undefined) = (site.settings.data_dir.clone(), EntityPlan::undefined());
    let mut files = Vec::new();
    for held in Held::of_source(&held.lake, source).filter(|held| chosen.touched.contains(&held.file.path)) {
        let file = &held.file;
        let plan = site.definitions.entity(&file.entity).map(|at| &site.definitions.plans[at]);
        let mut kept = Kept::default();
        lake::survey(&data_dir.join(&file.path), plan.unwrap_or(&undefined), |row| {
            kept.note(!chosen.takes(&row));
        })?;
        let seq = site.catalog.reserve_seqs(1)?;
        files.extend(lake::without(file, &kept, &Meta { data_dir: &data_dir, run: run.id, seq, source })?);
        clearing.dropped.push(file.path.clone());
        failpoint("expire.file")?;
    }
    Ok(files)
}

/// Seals the segments again that lose entries. Gives the digests of what was said by them, which the index must forget: said
/// again, it is new.
fn identities(
    site: &mut Site,
    run: &Run,
    (source, chosen): (&str, &Chosen),
    held: &Held,
    (mut files, clearing): (Vec<NewFile>, &mut Clearing),
) -> Result<(Vec<NewFile>, HashSet<Digest16>), SiteFault> {
    let (data_dir, keyed) = (site.settings.data_dir.clone(), site.key.keyed());
    let mut said = HashSet::new();
    let mut losing: Vec<(PathBuf, Kept)> = Vec::new();
    if chosen.people.is_empty() && chosen.aged.is_empty() {
        return Ok((files, said));
    }
    for held in Held::of_source(&held.register, source) {
        let mut kept = Kept::default();
        let plan = &site.definitions.identity;
        link::read_segment(
            &data_dir,
            &held.file.path,
            &site.key,
            plan,
            |source, tenant, person, fields, _| {
                let subject = keyed.subject(source, tenant, person);
                kept.note(!chosen.takes_identity(&subject));
                // What is said again of somebody who is of an age stays known: it would only come to go again.
                if chosen.people.contains(&subject) {
                    said.insert(link::identity_digest(&keyed, &subject, fields.iter().copied()));
                }
            },
        )?;
        if kept.kept() < kept.noted() {
            losing.push((held.file.path.clone(), kept));
        }
    }
    clearing.dropped.extend(losing.iter().map(|(path, _)| path.clone()));
    losing.retain(|(_, kept)| kept.kept() > 0);
    if losing.is_empty() {
        return Ok((files, said));
    }
    let last = site.catalog.reserve_seqs(losing.len() as i64)?;
    let mut seq = last - losing.len() as i64;
    let next = || {
        seq += 1;
        seq
    };
    let stays: Vec<_> = losing.iter().map(|(path, kept)| (path, |at| kept.stays(at))).collect();
    let parts: Vec<(PathBuf, &dyn Fn(u64) -> bool)> =
        stays.iter().map(|(path, stays)| ((*path).clone(), stays as &dyn Fn(u64) -> bool)).collect();
    let plan = &site.definitions.identity;
    files.extend(link::reseal(&parts, plan, &site.key, &data_dir, run.id, source, next)?);
    failpoint("expire.file")?;
    Ok((files, said))
}

/// What a source last said, without what it said of people: said again, it is new. Nothing else goes.
pub(super) fn unsaid(
    site: &mut Site,
    run: &Run,
    (source, people): (&str, &HashSet<Pseudonym>),
    held: &Held,
    clearing: &mut Clearing,
) -> Result<(), SiteFault> {
    let chosen = Chosen::of_people(people.clone());
    let file = index(site, run, (source, &chosen, &HashSet::new()), held, clearing)?;
    let seq = site.catalog.reserve_seqs(1)?;
    let files = file.into_iter().collect();
    clearing.written.push(Replaced { source: source.to_owned(), seq, files });
    Ok(())
}

/// What the source last said, without what goes: were it remembered, the row could never come again.
fn index(
    site: &mut Site,
    run: &Run,
    (source, chosen, forgotten): (&str, &Chosen, &HashSet<Digest16>),
    held: &Held,
    clearing: &mut Clearing,
) -> Result<Option<NewFile>, SiteFault> {
    let data_dir = site.settings.data_dir.clone();
    let paths: Vec<PathBuf> =
        Held::of_source(&held.index, source).map(|held| held.file.path.clone()).collect();
    if paths.is_empty() {
        return Ok(None);
    }
    let open = |path: &PathBuf| Index::open(&data_dir.join(path), false);
    let indexes = paths.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let seq = site.catalog.reserve_seqs(1)?;
    let path = PathBuf::from("index").join(format!("{:06}-{seq:06}.index", run.id));
    let mut writer = IndexWriter::create(&data_dir, &path, Vec::new())?;
    let mut rows = Merge::new(indexes.iter().map(|index| index.rows(BUFFER)).collect())?;
    let mut latest: Option<Entry> = None;
    loop {
        let next = rows.pull()?.map(|(_, entry)| entry);
        if let Some(done) = latest.filter(|done| next.is_none_or(|next| next.key != done.key)) {
            let goes = chosen.keys.contains(&done.key)
                || done.subject.is_some_and(|subject| chosen.people.contains(&subject));
            // What is gone needs no entry: should it come again, it is new either way.
            if !goes && !done.gone {
                writer.row(&Entry { record: 0, file: 0, ..done })?;
            }
        }
        latest = next;
        if latest.is_none() {
            break;
        }
    }
    let mut sayings = Merge::new(indexes.iter().map(|index| index.sayings(BUFFER)).collect())?;
    let mut last = None;
    while let Some((_, saying)) = sayings.pull()? {
        if last != Some(saying.digest) && !forgotten.contains(&saying.digest) {
            writer.saying(&lake::Saying { record: 0, position: 0, ..saying })?;
        }
        last = Some(saying.digest);
    }
    clearing.dropped.extend(paths);
    let is_empty = writer.counts() == [0; 3];
    Ok(if is_empty { None } else { Some(writer.finish(FileKind::Index)?) })
}

/// Writes the links again without people of whom nothing is left.
pub(super) fn links(
    site: &mut Site,
    run: &Run,
    held: &Held,
    gone: &BTreeSet<Pseudonym>,
    clearing: &mut Clearing,
) -> Result<(), SiteFault> {
    if gone.is_empty() {
        return Ok(());
    }
    let data_dir = site.settings.data_dir.clone();
    // What persons said of sampled pairs names nobody.
    for held in held.links.iter().filter(|held| held.file.entity != "link_sample") {
        let mut kept = Kept::default();
        lake::subjects(&data_dir.join(&held.file.path), |subject| {
            kept.note(subject.is_none_or(|subject| !gone.contains(&subject)));
        })?;
        if kept.kept() == kept.noted() {
            continue;
        }
        let seq = site.catalog.reserve_seqs(1)?;
        let meta = Meta { data_dir: &data_dir, run: run.id, seq, source: "" };
        let files = lake::without(&held.file, &kept, &meta)?.into_iter().collect();
        clearing.dropped.push(held.file.path.clone());
        clearing.written.push(Replaced { source: String::new(), seq, files });
    }
    Ok(())
}
