use super::{Stop, rights};
use crate::{
    catalog::{Catalog, CatalogFault, Lock, LockFault, private_folder},
    config::Settings,
    definitions::{Complaint, Definitions},
    fault::{Name, arm_failpoints, failpoint},
    privacy::{Key, KeyFault, KeyKind},
    telemetry::{self, Event},
};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

/// How long a verb waits for another process to finish its commit. A large build takes minutes.
const PATIENCE: Duration = Duration::from_mins(10);

/// A run that was cut off keeps what it staged for so long; then it is swept.
const KEPT_FOR: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// Why a verb could not start.
#[derive(Debug, thiserror::Error)]
pub enum SiteFault {
    /// Definitions or configuration.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Complaints(Vec<Complaint>),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogFault),
    /// The writer's lock.
    #[error(transparent)]
    Lock(#[from] LockFault),
    /// The data folder.
    #[error("the data folder cannot be used: {0}")]
    Disk(#[from] io::Error),
    /// The postcode directory.
    #[error(transparent)]
    Areas(#[from] crate::conform::AreasFault),
    /// The lake.
    #[error(transparent)]
    Lake(#[from] crate::lake::LakeFault),
    /// The register.
    #[error(transparent)]
    Register(#[from] crate::link::RegisterFault),
    /// The suppression list.
    #[error(transparent)]
    Suppression(#[from] crate::privacy::suppression::SuppressionFault),
    /// A person's right that was not dealt with.
    #[error(transparent)]
    Rights(#[from] super::RightsFault),
    /// A reason that was not taken.
    #[error(transparent)]
    Reason(#[from] super::ReasonFault),
    /// The model of linking.
    #[error(
        "the model of linking cannot be opened or sealed: `throughline link train` makes a new one, to be adopted"
    )]
    Model,
    /// Linking went otherwise than before.
    #[error(
        "linking went otherwise than the last time, and nothing is published until somebody looks: `throughline link`"
    )]
    Drifted,
    /// Tables that fail a rule of the severity `error`.
    #[error(
        "nothing is released, for rules fail whose severity is `error`: {}. `throughline build` says what each means and where \
         its rows are kept; a rule that is harmless here can be a `warning` in a site's own schemas/verify.csv or schemas/checks.csv",
        .0.join("; ")
    )]
    Unsound(Vec<String>),
    /// Somebody without the role that it takes.
    #[error("this takes the role `{}`: `[roles]` in the configuration says who has it; that you asked is noted", .0.word())]
    Refused(crate::config::Role),
    /// The asynchronous runtime.
    #[error("the network runtime could not be started: {0}")]
    Runtime(io::Error),
    /// The warehouse.
    #[error("{0}")]
    Build(String),
}

/// A data folder with its key, its definitions and its catalog, ready to work on.
pub struct Site {
    /// The configuration.
    pub settings: Settings,
    /// Connectors, schemas, code lists.
    pub definitions: Definitions,
    /// The key.
    pub key: Key,
    /// The catalog.
    pub catalog: Catalog,
    /// Whether the work on it was asked to end early.
    pub stop: Stop,
    /// The writer's lock, while somebody in this process holds it.
    lock: Mutex<Weak<Lock>>,
}

impl Site {
    /// Opens a data folder to read from it.
    pub fn open(settings: Settings) -> Result<Self, SiteFault> {
        let definitions =
            Definitions::load(settings.definitions.as_deref()).map_err(SiteFault::Complaints)?;
        let key = Key::open(&settings.key_files)?;
        if key.kind() == KeyKind::Demo {
            arm_failpoints();
        }
        if !key_fits(&settings, key.kind()) {
            return Err(KeyFault::DemoKeyOnRealSource.into());
        }
        close_folder(&settings.data_dir)?;
        let mut catalog = Catalog::open(&settings.data_dir.join("catalog.sqlite"))?;
        catalog.bind_key(&key)?;
        let key = match catalog.key_trail()? {
            Some(sealed) => key.with_trail(&sealed)?,
            None => key,
        };
        // What cannot be cleared away now is no reason to refuse whoever only reads: the next tries again.
        let _ = clear_left_over(&settings.data_dir);
        let (stop, lock) = (Stop::default(), Mutex::default());
        let mut site = Self { settings, definitions, key, catalog, stop, lock };
        // What the list says is done before anything is read: a backup may just have been brought back.
        rights::settle(&mut site)?;
        Ok(site)
    }

    /// Opens a data folder to write to it, and clears away what a dead process left. The writer's lock is held for the
    /// clearing alone: whoever commits takes it again with [`Site::lock`].
    pub fn open_to_write(settings: Settings, verb: &str) -> Result<Self, SiteFault> {
        let mut site = Self::open(settings)?;
        let lock = site.lock(verb)?;
        site.sweep()?;
        drop(lock);
        Ok(site)
    }

    /// The writer's lock, for one commit: waits while another process holds it, and says for whom. Within this process
    /// it is shared by whoever asks while it is held.
    pub fn lock(&self, verb: &str) -> Result<Arc<Lock>, SiteFault> {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = held.upgrade() {
            return Ok(lock);
        }
        let told = |holder: &str| telemetry::emit(Event::LockAwaited { holder: Name::declare(holder) });
        let lock = Arc::new(Lock::take(&self.settings.data_dir, verb, PATIENCE, told)?);
        // Whoever waited may have waited for the key to be replaced: under the old one nothing is written any more.
        self.catalog.check_key(&self.key)?;
        *held = Arc::downgrade(&lock);
        Ok(lock)
    }

    /// The day by the clock; in a demonstration, whose agreements and systems are invented too, its own day.
    pub fn wall_day(&self) -> NaiveDate {
        if self.settings.demo.is_some() { self.today() } else { Utc::now().date_naive() }
    }

    /// The day a build looks back from: the configuration's, or today.
    pub fn today(&self) -> NaiveDate {
        self.settings.as_of.unwrap_or_else(|| Utc::now().date_naive())
    }

    /// The instant a verb works at: now, or in a demonstration two in the morning of its day.
    pub fn now(&self) -> DateTime<Utc> {
        let two = NaiveTime::from_hms_opt(2, 0, 0).unwrap_or_default();
        let fixed = self.settings.as_of.filter(|_| self.settings.demo.is_some());
        fixed.map_or_else(Utc::now, |day| day.and_time(two).and_utc())
    }

    /// That instant as the catalog writes it.
    pub fn stamp(&self) -> String {
        self.now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Clears away what no run needs: temporary files, runs of dead processes that nobody can take up, and files that
    /// nothing names. A run that is at work, one that may be resumed and one that is held keep theirs. Under the
    /// writer's lock only: no other process is then between writing a file and naming it.
    pub(super) fn sweep(&mut self) -> Result<(), SiteFault> {
        let data_dir = self.settings.data_dir.clone();
        clear_releases(&data_dir)?;
        clear_tmp(&data_dir)?;
        failpoint("sweep.begun")?;
        self.abandon_dead()?;
        self.catalog.forget_retired()?;
        failpoint("sweep.forgotten")?;
        if self.catalog.is_to_scrub()? {
            self.catalog.scrub()?;
        }
        let named: HashSet<PathBuf> = self.catalog.named_files()?.into_iter().collect();
        for folder in ["lake", "identity", "index"] {
            remove_unnamed(&data_dir, &data_dir.join(folder), &named)?;
        }
        Ok(())
    }

    /// Ends the runs of dead processes: whoever holds a source's lock is alive. What a pull staged is kept for a day, so
    /// that the next pull can take it up.
    fn abandon_dead(&mut self) -> Result<(), SiteFault> {
        for run in self.catalog.pending_runs("running", None)? {
            if !run.source.is_empty() {
                match Lock::of_source(&self.settings.data_dir, &run.source) {
                    Err(LockFault::SourceBusy) => continue,
                    lock => drop(lock?),
                }
                if run.batches > 0 && is_recent(&run.started_at, &self.stamp()) {
                    continue;
                }
            }
            self.catalog.abandon(run.id, &self.stamp())?;
        }
        Ok(())
    }
}

/// Clears away what dead processes left: temporary files, and releases that were not finished. They are rows under pseudonyms, for
/// which nobody has a use any more. Never waits: where somebody is at work who may need what lies there, it is left to whoever comes
/// next.
pub fn clear_left_over(data_dir: &Path) -> Result<(), SiteFault> {
    if is_empty(&data_dir.join("tmp")) && unfinished_releases(data_dir).is_empty() {
        return Ok(());
    }
    if let Some(_alone) = Lock::if_free(data_dir, "sweep")? {
        clear_releases(data_dir)?;
        clear_tmp(data_dir)?;
    }
    Ok(())
}

#[cfg(feature = "warehouse")]
fn unfinished_releases(data_dir: &Path) -> Vec<PathBuf> {
    crate::release::drafts(&data_dir.join("releases"))
}
#[cfg(not(feature = "warehouse"))]
const fn unfinished_releases(_: &Path) -> Vec<PathBuf> {
    Vec::new()
}

/// Removes releases that were not finished. Under the writer's lock only: then nobody is at one.
fn clear_releases(data_dir: &Path) -> io::Result<()> {
    unfinished_releases(data_dir).iter().try_for_each(fs::remove_dir_all)
}

/// Empties the folder for temporary files, unless somebody spills there. Under the writer's lock only.
fn clear_tmp(data_dir: &Path) -> Result<(), SiteFault> {
    // Taken in any case: so its file is there before anybody who only reads would have to make one.
    let Some(_alone) = Lock::of_nobody_spilling(data_dir)? else { return Ok(()) };
    let tmp = data_dir.join("tmp");
    if tmp.is_dir() {
        fs::remove_dir_all(&tmp)?;
    }
    Ok(private_folder(&tmp)?)
}

/// Whether nothing lies in a folder, or it is not there.
fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

/// Whether a run that began at one instant may still be taken up at another.
pub(super) fn is_recent(started: &str, now: &str) -> bool {
    let instant = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ").ok();
    match (instant(started), instant(now)) {
        (Some(started), Some(now)) => now.signed_duration_since(started).abs() < KEPT_FOR,
        _ => false,
    }
}

/// Makes the data folder, open to its owner alone: pseudonymised rows are personal data.
fn close_folder(folder: &Path) -> io::Result<()> {
    private_folder(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// A demonstration and its key belong together: that key opens nothing but the demonstration's own estate, and no
/// real key is used on invented children.
pub fn key_fits(settings: &Settings, kind: KeyKind) -> bool {
    match (&settings.demo, kind) {
        (None, KeyKind::Real) => true,
        (None, KeyKind::Demo) => settings.sources.is_empty(),
        (Some(_), KeyKind::Real) => false,
        (Some(demo), KeyKind::Demo) => settings.sources.iter().all(|source| {
            let files = source.inbox.as_ref().is_none_or(|inbox| inbox.starts_with(&demo.estate));
            let service = source
                .base_url
                .as_deref()
                .is_none_or(|base| base == "estate" || base.starts_with("http://127.0.0.1:"));
            files && service
        }),
    }
}

fn remove_unnamed(data_dir: &Path, folder: &Path, named: &HashSet<PathBuf>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        // What a link leads to is not ours.
        if kind.is_dir() {
            remove_unnamed(data_dir, &path, named)?;
        } else if kind.is_file()
            && path.strip_prefix(data_dir).is_ok_and(|relative| !named.contains(relative))
        {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
