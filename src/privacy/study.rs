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

    /// Eight hex characters by which every value of this study is known again: whoever finds one of its rows can say whose
    /// it is. Says nothing about the key.
    pub fn tag(&self) -> String {
        hex(&self.digest(b"study tag\x1f", b"")[..4])
    }

    /// A learner as the rows of an extract write them: `tl`, the study's tag, and 24 hex characters of the pseudonym.
    pub fn learner(&self, learner: &Pseudonym) -> String {
        format!("tl{}_{}", self.tag(), hex(&self.pseudonym(learner)[..12]))
    }

    /// Somebody who is not there, written as a learner is: a row of theirs that turns up elsewhere says which study it left.
    pub fn canary(&self, number: u32) -> String {
        let made = self.digest(b"study canary\x1f", &number.to_le_bytes());
        format!("tl{}_{}", self.tag(), hex(&made[..12]))
    }

    /// A place as this study knows it.
    pub fn place(&self, place: &str) -> String {
        format!("pl{}_{}", self.tag(), hex(&self.digest(b"study place\x1f", place.as_bytes())[..6]))
    }

    /// A number that hangs on this study's key and on what it is for, and on nothing else.
    pub fn number(&self, purpose: &str, at: u64) -> u64 {
        let bytes = self.digest(purpose.as_bytes(), &at.to_le_bytes());
        u64::from_le_bytes(*bytes.first_chunk().unwrap_or(&[0; 8]))
    }

    fn digest(&self, domain: &[u8], bytes: &[u8]) -> Digest16 {
        let mut mac = mac(&**self.0);
        mac.update(domain);
        mac.update(bytes);
        let full = mac.finalize().into_bytes();
        let mut short: Digest16 = [0; 16];
        short.copy_from_slice(&full[..16]);
        short
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for StudyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StudyKey(…)")
    }
}
