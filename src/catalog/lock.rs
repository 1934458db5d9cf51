use super::place::private_folder;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How often a waiting process looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The lock file of those who need the folder for temporary files without writing to the lake.
const SPILLING: &str = "spilling";

/// Why a lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockFault {
    /// Another process writes.
    #[error("another `throughline {0}` is writing to this data folder; wait for it, or end it")]
    Held(String),
    /// Another process pulls the same source.
    #[error("another `throughline` is pulling this source")]
    SourceBusy,
    /// The lock file could not be opened.
    #[error("the lock file in the data folder cannot be opened: {0}")]
    Io(#[from] std::io::Error),
}

/// A lock of a data folder: the writer's, held for one commit at a time, or a source's, held for a run. The kernel frees
/// it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the writer's lock for a verb. Waits so long for another process to finish its commit, and tells once which
    /// verb it waits for; then says who holds it.
    pub fn take(
        data_dir: &Path,
        verb: &str,
        patience: Duration,
        mut told: impl FnMut(&str),
    ) -> Result<Self, LockFault> {
        let (began, mut said) = (Instant::now(), false);
        loop {
            let mut file = open(&data_dir.join("lock"))?;
            match file.try_lock() {
                Ok(()) => {
                    file.set_len(0)?;
                    file.rewind()?;
                    file.write_all(verb.as_bytes())?;
                    return Ok(Self { _file: file });
                }
                Err(TryLockError::WouldBlock) => {
                    let waited = began.elapsed();
                    if waited >= patience || (!said && waited > Duration::from_secs(1)) {
                        let mut holder = String::new();
                        file.read_to_string(&mut holder)?;
                        if waited >= patience {
                            return Err(LockFault::Held(holder));
                        }
                        told(&holder);
                        said = true;
                    }
                    std::thread::sleep(LOOK_AGAIN);
                }
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
    }

    /// The writer's lock if nobody has it; none if somebody has. Never waits.
    pub fn if_free(data_dir: &Path, verb: &str) -> Result<Option<Self>, LockFault> {
        match Self::take(data_dir, verb, Duration::ZERO, |_| ()) {
            Err(LockFault::Held(_)) => Ok(None),
            lock => lock.map(Some),
        }
    }

    /// Takes the lock of whoever needs the folder for temporary files and has not the writer's: several may have it at once.
    pub fn to_spill(data_dir: &Path) -> Result<Self, LockFault> {
        let file = open(&data_dir.join(SPILLING))?;
        file.lock_shared()?;
        Ok(Self { _file: file })
    }

    /// Keeps everybody from [`Lock::to_spill`] for a moment; none if somebody is there. Never waits.
    pub fn of_nobody_spilling(data_dir: &Path) -> Result<Option<Self>, LockFault> {
        let file = open(&data_dir.join(SPILLING))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Takes the lock that a run on a source holds from its first request to its end. Never waits.
    pub fn of_source(data_dir: &Path, source: &str) -> Result<Self, LockFault> {
        let folder = data_dir.join("running");
        private_folder(&folder)?;
        let file = open(&folder.join(file_name(source)))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockFault::SourceBusy),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// A source's name as a file name; two names that become one only wait for each other.
fn file_name(source: &str) -> PathBuf {
    source
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .collect::<String>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_pulled_by_one_and_the_waiting_are_told_for_whom() {
        let dir = tempfile::tempdir().unwrap();
        let held = Lock::of_source(dir.path(), "schools").unwrap();
        assert!(matches!(Lock::of_source(dir.path(), "schools"), Err(LockFault::SourceBusy)));
        assert!(Lock::of_source(dir.path(), "census").is_ok());
        drop(held);
        assert!(Lock::of_source(dir.path(), "schools").is_ok());
        let _writer = Lock::take(dir.path(), "build", Duration::ZERO, |_| ()).unwrap();
        let second = Lock::take(dir.path(), "pull", Duration::from_millis(50), |_| ());
        assert!(matches!(second, Err(LockFault::Held(verb)) if verb == "build"));
        assert!(Lock::if_free(dir.path(), "sweep").unwrap().is_none());
    }

    #[test]
    fn several_may_spill_at_once_and_nobody_clears_away_beneath_them() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (Lock::to_spill(dir.path()).unwrap(), Lock::to_spill(dir.path()).unwrap());
        drop(one);
        assert!(Lock::of_nobody_spilling(dir.path()).unwrap().is_none());
        drop(other);
        assert!(Lock::of_nobody_spilling(dir.path()).unwrap().is_some());
    }
}
