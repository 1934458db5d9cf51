//! What a document or a source is read with, as a digest; and which files were met.
use super::{super::Site, Intake};
use crate::{
    config::Source,
    definitions::connector::Feed,
    privacy::{Digest16, Keyed, PostcodeDirectory},
};

pub(super) fn reading(
    keyed: &Keyed,
    document: &[u8],
    definitions: &str,
    source: &Source,
    directory: &PostcodeDirectory,
) -> Digest16 {
    let mut parts: Vec<&[u8]> = vec![document, definitions.as_bytes(), directory.fingerprint().as_bytes()];
    for (name, value) in &source.params {
        parts.extend([name.as_bytes(), value.as_bytes()]);
    }
    keyed.trail("reading", &parts)
}

/// A digest of everything that a source is read with: a run is only resumed with the same.
pub(super) fn read_with(
    site: &Site,
    source: &Source,
    directory: &PostcodeDirectory,
    (keyed, listed): (&Keyed, &str),
) -> String {
    let own = format!("connectors/{}.toml", source.connector);
    let checksums = site.definitions.files.checksums();
    let texts: Vec<&str> = checksums
        .iter()
        .filter(|(path, _)| **path == own || path.starts_with("schemas/"))
        .map(|(_, sha256)| sha256.as_str())
        .chain([source.connector.as_str(), env!("CARGO_PKG_VERSION")])
        .chain(source.base_url.as_deref())
        .chain(source.inbox.as_ref().and_then(|inbox| inbox.to_str()))
        .chain(Some(listed).filter(|listed| !listed.is_empty()))
        .collect();
    let digest = reading(keyed, b"run", &texts.join(" "), source, directory);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Intake<'_> {
    /// A file is read now, or cannot be: what was set aside of it before is past.
    pub(in crate::pipeline) fn meets(&mut self, feed: &Feed, (slot, document): (Digest16, u32)) {
        self.waiting.readings.push((feed.name.to_string(), slot, document));
    }

    /// Whether a file of the inbox is as it was when it was last read whole.
    pub(in crate::pipeline) const fn stands(&self) -> bool {
        self.stands.get()
    }
}
