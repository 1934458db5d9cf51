//! Keys of studies: a learner has another pseudonym in each, so that two extracts cannot be laid side by side.
use super::{
    Digest16, Key, KeyFault, Pseudonym,
    key::{KEY_BYTES, Secret, mac, read, secret},
};
use hmac::Mac;
use std::{fmt, path::Path};
use zeroize::Zeroizing;

/// The first bytes of a study key's file: it is not taken for a lake's key.
const MARK: &[u8; 8] = b"TLSTUDY\0";

pub(super) fn is_study_key(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK) && bytes.len() == MARK.len() + KEY_BYTES
}

/// The key of one study, derived from the lake's. It makes pseudonyms of learners' pseudonyms and of nothing else: with it
/// alone neither a pupil's number can be tried nor the lake be read.
pub struct StudyKey(Secret);

impl Key {
    /// The key of a study, by its name. The same lake's key and name give the same key.
    pub fn study(&self, name: &str) -> StudyKey {
        let mut bytes = secret();
        bytes.copy_from_slice(&*self.derive("study", name.as_bytes()));
        StudyKey(bytes)
    }
}

impl StudyKey {
    /// Reads a study key's file, closed to others as any key's.
    pub fn load(path: &Path) -> Result<Self, KeyFault> {
        let bytes = read(path)?;
        if !is_study_key(&bytes) {
            return Err(KeyFault::WrongLength(bytes.len()));
        }
        let mut key = secret();
        key.copy_from_slice(&bytes[MARK.len()..]);
        Ok(Self(key))
    }

    /// The bytes, to be written to a file of mode 0600 and nowhere else.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MARK.len() + KEY_BYTES));
        bytes.extend(MARK);
        bytes.extend_from_slice(&**self.0);
        bytes
    }

    /// A learner as this study knows them: 16 bytes of an HMAC-SHA-256 of the learner's pseudonym.
    pub fn pseudonym(&self, learner: &Pseudonym) -> Pseudonym {
        let mut mac = mac(&**self.0);
        mac.update(b"study learner\x1f");
        mac.update(learner);
        let full = mac.finalize().into_bytes();
        let mut short: Digest16 = [0; 16];
        short.copy_from_slice(&full[..16]);
        short
    }
}

impl fmt::Debug for StudyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StudyKey(…)")
    }
}
