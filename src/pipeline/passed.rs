//! Files that lie in an inbox and that no source reads, because no pattern of a connector fits their names.
use crate::{
    config::{Settings, Source},
    definitions::{Definitions, connector::Form},
    fault::Name,
    source::inbox,
};
use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

/// What lies unread in one source's inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The source whose inbox it is.
    pub source: Name,
    /// How the files that it reads are called.
    pub patterns: Vec<String>,
    /// Paths below the inbox. A name may be a child's: it is for the screen of whoever keeps the inbox.
    pub files: Vec<PathBuf>,
}

/// Files of the inboxes that nobody reads. Where several sources share a folder, one that any of them takes is read.
pub fn passed_over(settings: &Settings, definitions: &Definitions) -> Vec<PassedOver> {
    let (mut taken, mut lying) = (HashSet::new(), BTreeMap::<PathBuf, &Source>::new());
    for source in &settings.sources {
        let connector = definitions.connectors.get(&source.connector);
        let (Some(inbox), Some(connector)) = (&source.inbox, connector) else { continue };
        let Form::File(form) = &connector.form else { continue };
        for feed in &connector.feeds {
            let files = inbox::of_feed(inbox, form, feed).unwrap_or_default();
            taken.extend(files.into_iter().map(|file| file.path));
        }
        for file in inbox::list(inbox, "*").unwrap_or_default() {
            // Of two inboxes, one inside the other, the inner one's.
            let depth = |source: &Source| source.inbox.as_deref().map_or(0, |inbox| inbox.iter().count());
            let inner = lying.get(&file.path).is_none_or(|other| depth(other) < depth(source));
            if inner {
                lying.insert(file.path, source);
            }
        }
    }
    // Of a bundle that was unpacked, the folder is taken with all that is in it.
    lying.retain(|path, _| !path.ancestors().any(|folder| taken.contains(folder)));
    // What the configuration names is read, though by no connector.
    let directory = settings.postcode_directory.as_deref().and_then(|path| fs::canonicalize(path).ok());
    lying.retain(|path, _| directory.is_none() || fs::canonicalize(path).ok() != directory);
    let mut found = BTreeMap::<&str, PassedOver>::new();
    for (path, source) in lying {
        let inbox = source.inbox.as_deref().unwrap_or(Path::new(""));
        let below = path.strip_prefix(inbox).unwrap_or(&path).to_owned();
        let fresh =
            || PassedOver { source: source.name, patterns: patterns(source, definitions), files: Vec::new() };
        found.entry(source.name.as_str()).or_insert_with(fresh).files.push(below);
    }
    found.into_values().collect()
}

/// How the files of a source are called, each pattern once.
pub fn patterns(source: &Source, definitions: &Definitions) -> Vec<String> {
    let Some(connector) = definitions.connectors.get(&source.connector) else { return Vec::new() };
    let Form::File(form) = &connector.form else { return Vec::new() };
    let mut patterns = Vec::new();
    for feed in &connector.feeds {
        let own = feed.files.as_ref().filter(|_| form.bundle.is_none()).unwrap_or(&form.name);
        if !patterns.contains(own) {
            patterns.push(own.clone());
        }
    }
    patterns
}
