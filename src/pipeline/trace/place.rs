//! Which file a document was, found again by its content.
use super::{Fed, Site, TraceFault, runs};
use crate::{
    definitions::connector::Form,
    privacy::hex,
    source::{document::Document, inbox},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// A file of an inbox, whose name may be a child's: it is shown to whoever may see names, and stands in no document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FilePlace {
    /// The source.
    pub source: String,
    /// The feed that reads it.
    pub feed: String,
    /// Which of the feed's files it is now, in the order of their names, from 1.
    pub ordinal: u32,
    /// Its path below the inbox.
    pub name: PathBuf,
}

/// Says of each row which run brought it and which file of an inbox still holds it.
pub(super) fn name_files(site: &Site, fed: &mut [Fed]) -> Result<Vec<FilePlace>, TraceFault> {
    let runs = runs(site)?;
    let wanted: BTreeSet<&str> = fed.iter().map(|fed| fed.row.document.as_str()).collect();
    let found = if wanted.is_empty() { BTreeMap::new() } else { found(site, &wanted) };
    let mut files: Vec<FilePlace> = found.values().cloned().collect();
    files.sort();
    files.dedup();
    for fed in fed.iter_mut() {
        fed.run = runs.range(fed.row.commit_seq..).next().map(|(_, run)| run.clone());
        let key = (fed.row.source.clone(), fed.row.feed.clone(), fed.row.document.clone());
        fed.file = found.get(&key).and_then(|file| files.iter().position(|known| known == file));
    }
    Ok(files)
}

type Key = (String, String, String);

/// The files of the inboxes whose content has one of these digests. A bundle's tables, services' pages and what has been
/// taken out of an inbox since are not found.
fn found(site: &Site, wanted: &BTreeSet<&str>) -> BTreeMap<Key, FilePlace> {
    let keyed = site.key.keyed();
    let mut found = BTreeMap::new();
    let mut digests: BTreeMap<PathBuf, Option<String>> = BTreeMap::new();
    for source in &site.settings.sources {
        let (Some(inbox), Some(connector)) =
            (&source.inbox, site.definitions.connectors.get(&source.connector))
        else {
            continue;
        };
        let Form::File(form) = &connector.form else { continue };
        for feed in &connector.feeds {
            for file in inbox::of_feed(inbox, form, feed).unwrap_or_default() {
                let digest = digests.entry(file.path.clone()).or_insert_with(|| {
                    let sha256 = Document::open(&file.path).ok()?.digest().ok()?;
                    let digest = keyed.trail("document", &[&sha256]);
                    Some(String::from_utf8_lossy(&hex(&digest)).into_owned())
                });
                let Some(digest) = digest.as_ref().filter(|digest| wanted.contains(digest.as_str())) else {
                    continue;
                };
                let place = FilePlace {
                    source: source.name.to_string(),
                    feed: feed.name.to_string(),
                    ordinal: file.ordinal,
                    name: file.path.strip_prefix(inbox).unwrap_or(&file.path).to_owned(),
                };
                let key = (place.source.clone(), place.feed.clone(), digest.clone());
                found.entry(key).or_insert(place);
            }
        }
    }
    found
}
