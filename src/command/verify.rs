use super::{Exit, Verdict, screen::Screen};
use crate::{config::Settings, pipeline::Site};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs;

/// Checks every file that the catalog names against its checksum.
pub(super) fn verify(settings: Settings, screen: &Screen) -> Verdict {
    let site = Site::open(settings)?;
    let files = site.catalog.files()?;
    let mut flaws = Vec::new();
    for file in &files {
        let path = site.settings.data_dir.join(&file.path);
        let shown = file.path.display().to_string();
        match fs::read(&path) {
            Err(_) => flaws.push(format!("{shown}: missing or unreadable")),
            Ok(bytes) => {
                let sha256: String =
                    Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
                if sha256 != file.sha256 {
                    flaws.push(format!("{shown}: altered since it was written"));
                }
            }
        }
    }
    screen.document(&json!({ "files": files.len(), "flaws": flaws }));
    screen.result(&format!("{} files checked, {} flaws.", files.len(), flaws.len()));
    for flaw in &flaws {
        screen.fail(flaw);
    }
    if flaws.is_empty() { Ok(Exit::Done) } else { Ok(Exit::Failed) }
}
