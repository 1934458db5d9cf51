use super::{Entry, Suppression};
use crate::{
    fault::failpoint,
    privacy::{Key, is_closed},
};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};
use zeroize::{Zeroize, Zeroizing};

const PURPOSE: &str = "suppression list";
/// What the file begins with.
const MARK: &[u8; 8] = b"TL-LIST1";

/// Why the list could not be used. Every reason stops the program before anything is read.
#[derive(Debug, thiserror::Error)]
pub enum SuppressionFault {
    /// The disk refused.
    #[error(
        "the suppression list cannot be read or written ({0}): check the place that `suppression_list` names"
    )]
    Disk(#[from] io::Error),
    /// Others may read it.
    #[error("the suppression list is open to others (mode {0:03o}); close it: chmod 600")]
    OpenToOthers(u32),
    /// Another key's, or altered.
    #[error(
        "the suppression list does not open with this key, or was altered: bring back the list and the key that belong together"
    )]
    Sealed,
    /// The catalog knows a list, and there is none.
    #[error(
        "the suppression list is missing: bring it back from its backup; without it people who were erased would come again"
    )]
    Missing,
    /// The catalog knows another list, or has seen more of it.
    #[error(
        "this is an older suppression list, or another, than the one this data folder was kept with: bring back the newest"
    )]
    Older,
    /// No randomness.
    #[error("the suppression list cannot be sealed: this system gives no randomness")]
    Unsealed,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    list: String,
    secret: String,
    entries: Vec<Entry>,
}

impl Suppression {
    /// A new list with nobody on it.
    pub fn begin() -> Result<Self, SuppressionFault> {
        let (mut secret, mut id) = (Zeroizing::new([0; 32]), [0; 8]);
        let random = SystemRandom::new();
        random.fill(&mut *secret).map_err(|_| SuppressionFault::Unsealed)?;
        random.fill(&mut id).map_err(|_| SuppressionFault::Unsealed)?;
        let secret = Key::from_bytes(&*secret).map_err(|_| SuppressionFault::Unsealed)?;
        Ok(Self::of(hex(&id), secret, Vec::new()))
    }

    /// Opens the list; none where there is no file. One that waits for this key takes its place.
    pub fn load(path: &Path, key: &Key) -> Result<Option<Self>, SuppressionFault> {
        match Self::open(path, key) {
            Err(SuppressionFault::Sealed) => {}
            opened => return opened,
        }
        let list = Self::open(&next(path), key)?.ok_or(SuppressionFault::Sealed)?;
        fs::rename(next(path), path)?;
        Ok(Some(list))
    }

    fn open(path: &Path, key: &Key) -> Result<Option<Self>, SuppressionFault> {
        let sealed = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        closed(path)?;
        let sealed = sealed.strip_prefix(MARK).ok_or(SuppressionFault::Sealed)?;
        let text = Zeroizing::new(key.unseal(PURPOSE, sealed).ok_or(SuppressionFault::Sealed)?);
        let mut stored: Stored = serde_json::from_str(&text).map_err(|_| SuppressionFault::Sealed)?;
        let bytes = Zeroizing::new(bytes(&stored.secret).ok_or(SuppressionFault::Sealed)?);
        stored.secret.zeroize();
        let secret = Key::from_bytes(&bytes).map_err(|_| SuppressionFault::Sealed)?;
        Ok(Some(Self::of(stored.list, secret, stored.entries)))
    }

    /// Writes the list, whole or not at all, and on the disk before this returns.
    pub fn save(&self, path: &Path, key: &Key) -> Result<(), SuppressionFault> {
        let mut stored = Stored {
            list: self.id.clone(),
            secret: hex(&self.secret.to_bytes()),
            entries: self.entries.clone(),
        };
        let text = Zeroizing::new(serde_json::to_string(&stored).map_err(|_| SuppressionFault::Unsealed)?);
        stored.secret.zeroize();
        let sealed = key.seal(PURPOSE, &text).ok_or(SuppressionFault::Unsealed)?;
        let growing = growing(path);
        failpoint("list.begun")?;
        let mut file = create(&growing)?;
        file.write_all(MARK)?;
        file.write_all(&sealed)?;
        file.sync_all()?;
        failpoint("list.written")?;
        fs::rename(&growing, path)?;
        failpoint("list.placed")?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(())
    }
}

/// Writes the list under a key that is to take the place of this one, beside the list: it takes the list's place when it
/// is first opened with that key. Its marks stay as they are, for they hang on the list's own secret. A list that is not
/// there needs nothing; one that was prepared for a key that never came is written over.
pub fn prepare(path: &Path, old: &Key, new: &Key) -> Result<(), SuppressionFault> {
    match Suppression::load(path, old)? {
        Some(list) => list.save(&next(path), new),
        None => Ok(()),
    }
}

/// Where a list waits for its key.
fn next(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".next");
    path.with_file_name(name)
}

/// Where the list grows before it has its name: beside it, so that the rename is one step.
fn growing(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(unix)]
fn closed(path: &Path) -> Result<(), SuppressionFault> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if is_closed(path, mode) { Ok(()) } else { Err(SuppressionFault::OpenToOthers(mode)) }
}
#[cfg(not(unix))]
fn closed(_: &Path) -> Result<(), SuppressionFault> {
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(byte).collect()
}
