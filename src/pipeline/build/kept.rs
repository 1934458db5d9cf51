//! Rows that failed a check or a rule: they are about people, so nobody else may read them, and what they may serve is said
//! beside them.
use super::{
    super::{Site, SiteFault},
    purposes,
};
use crate::{definitions::query::QuerySet, warehouse::FAILED};
use std::{collections::BTreeMap, fs, path::Path};

/// The name of the list that says what each file may serve.
const PURPOSES: &str = "purposes.csv";

/// Closes the folder of kept rows to others, and writes which file serves which purposes: what the table's own header and
/// every source behind it allow. `kept`: the query or table, and its file.
pub(super) fn close<'k>(
    site: &Site,
    queries: &QuerySet,
    kept: impl Iterator<Item = (&'k str, &'k Path)>,
    folder: &Path,
) -> Result<(), SiteFault> {
    let mut lines = BTreeMap::new();
    for (name, file) in kept {
        private(file, 0o600)?;
        let mut allowed = purposes(site, queries, name)?;
        if let Some(query) = queries.queries.get(name).filter(|query| !query.purposes.is_empty()) {
            allowed.retain(|purpose| query.purposes.contains(purpose));
        }
        let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        lines.insert(file, allowed.into_iter().collect::<Vec<_>>().join(" "));
    }
    if lines.is_empty() {
        return Ok(());
    }
    let folder = folder.join(FAILED);
    private(&folder, 0o700)?;
    let list = folder.join(PURPOSES);
    let text: String = lines.into_iter().map(|(file, purposes)| format!("{file},{purposes}\n")).collect();
    fs::write(&list, format!("file,purposes\n{text}"))?;
    private(&list, 0o600)
}

#[cfg(unix)]
fn private(path: &Path, mode: u32) -> Result<(), SiteFault> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}
#[cfg(not(unix))]
fn private(_: &Path, _: u32) -> Result<(), SiteFault> {
    Ok(())
}
