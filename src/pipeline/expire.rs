use super::{
    Site, SiteFault,
    admit::operator,
    retention::{self, Asked, Cleared},
};
use crate::catalog::{Access, Holding, ReleaseEntry};
use chrono::{NaiveDate, TimeDelta};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What the name of a release's folder begins with once it is no release any more.
const GONE: &str = ".gone-";

/// Rows that are, or will be, past their time.
#[derive(Clone, Debug)]
pub struct PastKeeping {
    /// The source.
    pub source: String,
    /// The tenant (school) that withdrew; empty for the whole source.
    pub tenant: String,
    /// The first day on which nothing more was pulled.
    pub ended: NaiveDate,
    /// The day by which its rows must be gone; none where no rule was set.
    pub due: Option<NaiveDate>,
    /// What is held of it; empty for a tenant, whose rows lie in the files of its source.
    pub held: Vec<Holding>,
}

/// What has had its time.
#[derive(Clone, Debug, Default)]
pub struct Expiry {
    /// Releases that go.
    pub releases: Vec<ReleaseEntry>,
    /// Rows whose agreement ended.
    pub rows: Vec<PastKeeping>,
    /// Rows that go, by source, entity and rule.
    pub cleared: Cleared,
}

/// Releases that have had their time, and agreements that have ended.
fn expiry(site: &Site) -> Result<Expiry, SiteFault> {
    let (rule, today) = (&site.settings.retention, site.wall_day());
    let age = TimeDelta::from_std(rule.releases_for).unwrap_or(TimeDelta::MAX);
    let before = site.now().checked_sub_signed(age).unwrap_or_default();
    let before = before.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let current = current(&site.settings.data_dir);
    let mut releases = site.catalog.releases_to_go(rule.releases, &before)?;
    releases.retain(|release| Some(&release.id) != current.as_ref());
    let mut rows = Vec::new();
    for source in &site.settings.sources {
        let name = source.name.to_string();
        if let Some(ended) = source.ended(today) {
            let held = site.catalog.holdings(&name)?;
            rows.push(PastKeeping {
                source: name.clone(),
                tenant: String::new(),
                ended,
                due: rule.due(ended),
                held,
            });
        }
        for (tenant, from) in source.revoked_tenants.iter().filter(|(_, from)| **from <= today) {
            let (tenant, due) = (tenant.clone(), rule.due(*from));
            rows.push(PastKeeping { source: name.clone(), tenant, ended: *from, due, held: Vec::new() });
        }
    }
    Ok(Expiry { releases, rows, cleared: Cleared::default() })
}

/// Says what would go, rows counted, and changes nothing.
pub fn expiry_counted(site: &Site) -> Result<Expiry, SiteFault> {
    Ok(Expiry { cleared: retention::due(site)?, ..expiry(site)? })
}

/// Removes the rows and the releases that have had their time. Killed at any moment, the next call ends what this one began.
pub fn expire(site: &mut Site, who: &str, asked: Asked) -> Result<Expiry, SiteFault> {
    let _lock = site.lock("expire")?;
    let cleared = retention::clear(site, asked)?;
    let expiry = Expiry { cleared, ..expiry(site)? };
    let folder = site.settings.data_dir.join("releases");
    for release in &expiry.releases {
        // First it is no release any more for whoever looks into the folder, then for the catalog.
        match fs::rename(folder.join(&release.id), folder.join(format!("{GONE}{}", release.id))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let (access, stamp) = (Access { about: &release.id, ..operator(who, "expire") }, site.stamp());
        site.catalog.forget_release(&release.id, &access, &stamp)?;
    }
    sweep(&folder)?;
    Ok(expiry)
}

/// Removes the rows that have had their time, and leaves releases alone.
pub fn clear(site: &mut Site, asked: Asked) -> Result<Cleared, SiteFault> {
    let _lock = site.lock("expire")?;
    retention::clear(site, asked)
}

fn sweep(folder: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(GONE) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// The release that `current` points to.
fn current(data_dir: &Path) -> Option<String> {
    let target: PathBuf = fs::read_link(data_dir.join("releases").join("current")).ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}
