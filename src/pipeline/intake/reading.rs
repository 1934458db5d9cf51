//! What a document or a source is read with, as a digest.
use super::super::Site;
use crate::{
    config::Source,
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
