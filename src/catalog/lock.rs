use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

/// Why the writer's lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockFault {
    /// Another process writes.
    #[error("another `throughline {0}` is writing to this data folder; wait for it, or end it")]
    Held(String),
    /// The lock file could not be opened.
    #[error("the lock file in the data folder cannot be opened: {0}")]
    Io(#[from] std::io::Error),
}

/// The writer's lock of a data folder. The kernel frees it when the process ends, however it ends.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock for a verb, or says which verb holds it.
    pub fn take(data_dir: &Path, verb: &str) -> Result<Self, LockFault> {
        let path = data_dir.join("lock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                file.rewind()?;
                file.write_all(verb.as_bytes())?;
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                Err(LockFault::Held(holder))
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}
