use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    net::SocketAddr,
    path::Path,
    time::Duration,
};

/// The file's name in the data folder.
const NAME: &str = "daemon.lock";

/// The daemon at work on a data folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AtWork {
    /// Its process.
    pub pid: u32,
    /// Since when, in seconds since 1970.
    since: i64,
    /// Where it answers for its health.
    pub listening: Option<SocketAddr>,
}

impl AtWork {
    /// Since when.
    pub fn since(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.since, 0).unwrap_or_default()
    }
}

/// One daemon per data folder. The kernel frees the lock when the process ends, however it ends.
pub(super) struct DaemonLock {
    file: File,
}

impl DaemonLock {
    /// Takes the lock, or says who has it (nobody knows where its file is empty).
    pub(super) fn take(data_dir: &Path) -> io::Result<Result<Self, Option<AtWork>>> {
        // Somebody may be looking, which takes a moment.
        for _ in 0..20 {
            let mut file = open(data_dir)?;
            match file.try_lock() {
                Ok(()) => return Ok(Ok(Self { file })),
                Err(TryLockError::WouldBlock) => {
                    if let Some(holder) = read(&mut file) {
                        return Ok(Err(Some(holder)));
                    }
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Err(None))
    }

    /// Says who is at work.
    pub(super) fn sign(&mut self, listening: Option<SocketAddr>) -> io::Result<()> {
        let at_work = AtWork { pid: std::process::id(), since: Utc::now().timestamp(), listening };
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(serde_json::to_string(&at_work)?.as_bytes())
    }
}

impl Drop for DaemonLock {
    fn drop(&mut self) {
        // An empty file says that nobody is at work; a dead process's is known by its lock.
        let _ = self.file.set_len(0);
    }
}

/// The daemon at work on a data folder, if there is one.
pub fn at_work(data_dir: &Path) -> Option<AtWork> {
    let mut file = File::open(data_dir.join(NAME)).ok()?;
    let held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    held.then(|| read(&mut file)).flatten()
}

fn open(data_dir: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(data_dir.join(NAME))
}

fn read(file: &mut File) -> Option<AtWork> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
