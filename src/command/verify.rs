use super::{Exit, Verdict, screen::Screen};
use crate::{config::Settings, pipeline::Site};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{fmt::Write as _, fs};

/// What was read again, and what is wrong with it.
#[derive(Default)]
struct Findings {
    files: usize,
    flaws: Vec<String>,
}

/// Checks every file that the catalog names against its checksum, and every release against its manifest.
pub(super) fn verify(settings: Settings, screen: &Screen) -> Verdict {
    let site = Site::open(settings)?;
    let data = data(&site)?;
    let releases = releases(&site)?;
    let release_files: usize = releases.iter().map(|(_, found)| found.files).sum();
    let release_flaws: usize = releases.iter().map(|(_, found)| found.flaws.len()).sum();
    let flaws: Vec<&String> =
        data.flaws.iter().chain(releases.iter().flat_map(|(_, found)| &found.flaws)).collect();
    let each: Vec<_> = releases
        .iter()
        .map(|(id, found)| json!({ "id": id, "files": found.files, "flaws": found.flaws.len() }))
        .collect();
    screen.document(&json!({ "files": data.files, "releases": each, "flaws": flaws }));
    screen.result(&format!("Lake and register: {} files checked, {} flaws.", data.files, data.flaws.len()));
    screen.result(&format!(
        "Releases: {} with {release_files} files checked, {release_flaws} flaws.",
        releases.len()
    ));
    for flaw in &flaws {
        screen.fail(flaw);
    }
    if flaws.is_empty() { Ok(Exit::Done) } else { Ok(Exit::Failed) }
}

/// The files of the lake and of the identity register.
fn data(site: &Site) -> Result<Findings, super::Halt> {
    let mut found = Findings::default();
    for file in site.catalog.files().map_err(crate::pipeline::SiteFault::from)? {
        let shown = file.path.display().to_string();
        found.files += 1;
        match fs::read(site.settings.data_dir.join(&file.path)) {
            Err(_) => found.flaws.push(format!("{shown}: missing or unreadable")),
            Ok(bytes) => {
                let mut sha256 = String::with_capacity(64);
                for byte in Sha256::digest(&bytes) {
                    let _ = write!(sha256, "{byte:02x}");
                }
                if sha256 != file.sha256 {
                    found.flaws.push(format!("{shown}: altered since it was written"));
                }
            }
        }
    }
    Ok(found)
}

/// Every release that the catalog knows or that lies in the folder: one that only the catalog knows has been lost.
#[cfg(feature = "warehouse")]
fn releases(site: &Site) -> Result<Vec<(String, Findings)>, super::Halt> {
    use crate::{pipeline::SiteFault, release};
    use std::collections::BTreeSet;

    let folder = site.settings.data_dir.join("releases");
    let mut ids: BTreeSet<String> =
        site.catalog.releases().map_err(SiteFault::from)?.into_iter().map(|release| release.id).collect();
    ids.extend(release::ids(&folder).map_err(|fault| super::Halt::new(Exit::Failed, fault.to_string()))?);
    let look = |id: String| {
        let found = match release::verify(&folder, &id) {
            Ok(read) => Findings {
                files: read.files,
                flaws: read
                    .flaws
                    .iter()
                    .map(|flaw| format!("release {id}: {}: {}", flaw.file, flaw.what))
                    .collect(),
            },
            Err(fault) => Findings { files: 0, flaws: vec![fault.to_string()] },
        };
        (id, found)
    };
    Ok(ids.into_iter().map(look).collect())
}

/// Without a warehouse there is nothing that makes or reads a release.
#[cfg(not(feature = "warehouse"))]
#[expect(clippy::unnecessary_wraps, reason = "with a warehouse it can fail")]
fn releases(_: &Site) -> Result<Vec<(String, Findings)>, super::Halt> {
    Ok(Vec::new())
}
