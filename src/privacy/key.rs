use super::{halves, study};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use twox_hash::XxHash3_128;
use zeroize::Zeroizing;

/// A key is 32 bytes in a file of its own, readable by its owner alone.
pub(super) const KEY_BYTES: usize = 32;

/// Secret bytes on the heap: what moves is where they are, and no copy stays behind.
pub(super) type Secret = Box<Zeroizing<[u8; KEY_BYTES]>>;

/// Room for a secret.
#[expect(
    clippy::unnecessary_box_returns,
    reason = "what moves is the place of the secret, and not the secret"
)]
pub(super) fn secret() -> Secret {
    Box::new(Zeroizing::new([0; KEY_BYTES]))
}

/// Bytes of the secret under which rows are named; derived from the key.
const NAME_SECRET: usize = 192;

/// The first bytes of every key that a demonstration made from its seed. The mark is part of the key, so it
/// cannot be edited away, and no real source accepts such a key.
const DEMO_MARK: &[u8; 8] = b"TL-DEMO\0";

/// A 16-byte keyed digest.
pub type Digest16 = [u8; 16];

/// A keyed pseudonym: the first 16 bytes of an HMAC-SHA-256.
pub type Pseudonym = Digest16;

/// Whether a key may see real children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Made from a demonstration's seed: everybody can make it again.
    Demo,
    /// Made from the system's randomness.
    Real,
}

/// Why a key was not accepted. Every reason stops the program before the first request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyFault {
    /// No such file, or not readable.
    #[error("the key file cannot be read; make one with `throughline init`, or name it in `key_file`")]
    Unreadable,
    /// Not 32 bytes.
    #[error(
        "the key has {0} bytes instead of 32; a shortened key protects nobody: restore it from its backup"
    )]
    WrongLength(usize),
    /// All bytes alike.
    #[error("the key is all one byte; make a new one with `throughline init`")]
    Trivial,
    /// Others may read it.
    #[error("the key file is open to others (mode {0:03o}); close it: chmod 600")]
    OpenToOthers(u32),
    /// Another key than the one this lake was written with.
    #[error(
        "this is not the key the lake was written with; restore that key (after `key rotate`, name the new one in `key_file`), or start a new data folder"
    )]
    AnotherKey,
    /// One half where a whole key is asked for.
    #[error(
        "the file holds one half of a split key; name both halves: key_files = [\"one\", \"other\"] instead of `key_file`"
    )]
    OneHalf,
    /// Not a half.
    #[error("half {0} of the key is no half; make both with `throughline key split`")]
    NoHalf(u8),
    /// A half that was damaged.
    #[error("half {0} of the key is damaged: restore it from its backup")]
    DamagedHalf(u8),
    /// The same half twice.
    #[error("both files hold the same half of the key; the other half is in other hands")]
    SameHalf,
    /// Halves of two keys.
    #[error("the two halves are not of one key: they were made by different splits")]
    OtherHalf,
    /// A study's key.
    #[error("the file holds the key of a study, from which no lake can be read")]
    StudyKey,
    /// What the lake keeps of the keys before this one.
    #[error("what the catalog keeps about earlier keys was altered: restore the catalog from its backup")]
    Trail,
    /// No randomness.
    #[error("no key can be made: this system gives no randomness")]
    NoRandomness,
    /// A demonstration key beside a real source.
    #[error(
        "a demonstration key may only be used with a demonstration's own estate; make a real one with `throughline init`"
    )]
    DemoKeyOnRealSource,
}

/// The secret that every pseudonym hangs on. Wiped from memory when dropped; never printed.
pub struct Key {
    bytes: Secret,
    /// What is left of the keys before this one, oldest first: each only names where rows came from (see [`Keyed::trail`]).
    trail: Vec<Secret>,
}

impl Key {
    /// Reads a key: from its file, or from two that hold a half each. Refused is what is missing, short, trivial or open to
    /// others.
    pub fn open(files: &[PathBuf]) -> Result<Self, KeyFault> {
        match files {
            [one, other] => halves::join([&*read(one)?, &*read(other)?]),
            [file] => Self::load(file),
            _ => Err(KeyFault::Unreadable),
        }
    }

    /// Reads a key file and refuses one that is missing, short, trivial or open to others.
    pub fn load(path: &Path) -> Result<Self, KeyFault> {
        Self::from_bytes(&read(path)?)
    }

    /// Checks the bytes of a key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyFault> {
        if halves::is_half(bytes) {
            return Err(KeyFault::OneHalf);
        }
        if study::is_study_key(bytes) {
            return Err(KeyFault::StudyKey);
        }
        if bytes.len() != KEY_BYTES {
            return Err(KeyFault::WrongLength(bytes.len()));
        }
        let mut key = secret();
        key.copy_from_slice(bytes);
        Self::of(key)
    }

    pub(super) fn of(bytes: Secret) -> Result<Self, KeyFault> {
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(KeyFault::Trivial);
        }
        Ok(Self { bytes, trail: Vec::new() })
    }

    /// A new key of the system's randomness.
    pub fn random() -> Result<Self, KeyFault> {
        let mut key = secret();
        SystemRandom::new().fill(&mut **key).map_err(|_| KeyFault::NoRandomness)?;
        Self::of(key)
    }

    /// The key of a demonstration, from its seed, marked as such.
    pub fn for_demo(seed: u64) -> Self {
        let digest =
            Sha256::new_with_prefix(b"throughline demonstration key").chain_update(seed.to_le_bytes());
        let mut key = secret();
        key.copy_from_slice(&digest.finalize());
        key[..DEMO_MARK.len()].copy_from_slice(DEMO_MARK);
        Self { bytes: key, trail: Vec::new() }
    }

    /// Whether this is a demonstration's key.
    pub fn kind(&self) -> KeyKind {
        if self.bytes.starts_with(DEMO_MARK) { KeyKind::Demo } else { KeyKind::Real }
    }

    /// The bytes, to be written to a key file of mode 0600 and nowhere else.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.bytes.to_vec())
    }

    /// Eight hex characters by which a catalog knows its key again. Says nothing about the key.
    pub fn fingerprint(&self) -> String {
        let tag = self.keyed().digest("fingerprint", &[]);
        tag[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A state ready to hash under this key.
    pub fn keyed(&self) -> Keyed {
        let mut secret = Zeroizing::new([0_u8; NAME_SECRET]);
        let filled = Hkdf::<Sha256>::new(None, &**self.bytes).expand(b"row names", &mut *secret);
        debug_assert!(filled.is_ok(), "192 bytes are a valid HKDF length");
        let trail = self.trail.iter().map(|bytes| mac(&***bytes)).chain([mac(&**self.trail_key())]).collect();
        Keyed { mac: mac(&**self.bytes), secret: Arc::new(secret), trail }
    }

    /// What this key names documents, places and scopes under: derived, so that it may be kept when the key is replaced.
    #[expect(
        clippy::unnecessary_box_returns,
        reason = "what moves is the place of the secret, and not the secret"
    )]
    fn trail_key(&self) -> Secret {
        let mut own = secret();
        own.copy_from_slice(&*self.derive("trail", b""));
        own
    }

    /// This key as the one that comes after another: what was named under that one is named on under both.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        let copied = before.trail.iter().map(|bytes| {
            let mut copy = secret();
            copy.copy_from_slice(&***bytes);
            copy
        });
        self.trail = copied.chain([before.trail_key()]).collect();
        self
    }

    /// The trail, sealed under this key, to be kept in the catalog. `None` where the system has no randomness.
    pub fn sealed_trail(&self) -> Option<Vec<u8>> {
        let mut text = Zeroizing::new(String::with_capacity(self.trail.len() * 2 * KEY_BYTES));
        for byte in self.trail.iter().flat_map(|bytes| bytes.iter()) {
            let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
        self.seal("trail", &text)
    }

    /// This key with the trail that the catalog keeps.
    pub fn with_trail(mut self, sealed: &[u8]) -> Result<Self, KeyFault> {
        let text = Zeroizing::new(self.unseal("trail", sealed).ok_or(KeyFault::Trail)?);
        for part in text.as_bytes().chunks(2 * KEY_BYTES) {
            let mut bytes = secret();
            let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(KeyFault::Trail);
            for (byte, pair) in bytes.iter_mut().zip(part.chunks_exact(2)) {
                *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
            }
            self.trail.push(bytes);
        }
        Ok(self)
    }

    /// A signature that whoever has the key can make and check, under a key of its own purpose.
    pub fn sign(&self, purpose: &str, bytes: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut signing = mac(&*self.derive(purpose, b"signature"));
        signing.update(bytes);
        Zeroizing::new(signing.finalize().into_bytes().into())
    }

    /// A key derived for one purpose (a register segment), by HKDF-SHA-256.
    pub fn derive(&self, purpose: &str, salt: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0_u8; 32]);
        let filled = Hkdf::<Sha256>::new(Some(salt), &**self.bytes).expand(purpose.as_bytes(), &mut *out);
        debug_assert!(filled.is_ok(), "32 bytes is a valid HKDF length");
        out
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.kind())
    }
}

/// An HMAC under a key.
pub(super) fn mac(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256>>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes any length"))
}

/// The bytes of a secret's file that is closed to others.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    let meta = fs::metadata(path).map_err(|_| KeyFault::Unreadable)?;
    open_to_others(path, &meta)?;
    fs::read(path).map(Zeroizing::new).map_err(|_| KeyFault::Unreadable)
}

#[cfg(unix)]
fn open_to_others(path: &Path, meta: &fs::Metadata) -> Result<(), KeyFault> {
    use std::os::unix::fs::PermissionsExt;
    let mode = meta.permissions().mode() & 0o777;
    if is_closed(path, mode) { Ok(()) } else { Err(KeyFault::OpenToOthers(mode)) }
}
#[cfg(not(unix))]
fn open_to_others(_: &Path, _: &fs::Metadata) -> Result<(), KeyFault> {
    Ok(())
}

/// Whether a secret's file is closed to all but its owner, by its mode. A credential that systemd hands over may be
/// readable by its group: it belongs to root in a folder that only the service may enter, and the group's bit is how
/// the service's entry in the access list shows.
pub fn is_closed(path: &Path, mode: u32) -> bool {
    let handed_over = path.starts_with("/run/credentials") && mode.trailing_zeros() >= 5;
    mode.trailing_zeros() >= 6 || handed_over
}

/// A keyed state, cheap to clone, that hashes with domain separation.
#[derive(Clone)]
pub struct Keyed {
    mac: Hmac<Sha256>,
    secret: Arc<Zeroizing<[u8; NAME_SECRET]>>,
    /// One for each key that the lake has had, its own last.
    trail: Arc<[Hmac<Sha256>]>,
}

impl Keyed {
    /// Hashes parts under a domain. Each part carries its length, so no two lists of parts collide by running together.
    pub fn digest(&self, domain: &str, parts: &[&[u8]]) -> Digest16 {
        digest(&self.mac, domain, parts)
    }

    /// Hashes what stands nowhere but at its source (a file's bytes and place, a snapshot's scope, a hashed column), so that
    /// it could not be hashed anew when the key is replaced: under the first key that the lake had, and what comes of it
    /// under the next, and so on. What was stored can be taken one key further, and what is read again comes to the same.
    pub fn trail(&self, domain: &str, parts: &[&[u8]]) -> Digest16 {
        let mut keys = self.trail.iter();
        let first = keys.next().unwrap_or(&self.mac);
        keys.fold(digest(first, domain, parts), |so_far, key| digest(key, domain, &[&so_far]))
    }

    /// Takes what [`Keyed::trail`] gave under the key before one key further.
    pub(in crate::privacy) fn further(&self, domain: &str, so_far: &Digest16) -> Digest16 {
        digest(self.trail.last().unwrap_or(&self.mac), domain, &[so_far])
    }

    /// A name for what identifies nobody: a row by its pseudonym and its kept columns, a row's content as the lake
    /// holds it. The same bytes have the same name, others another but by chance. This is a quick hash and no cryptographic
    /// one: it hides nothing, so nothing goes into it that does not stand beside it in clear (docs/decisions/0017).
    pub(in crate::privacy) fn name(&self, bytes: &[u8]) -> Digest16 {
        XxHash3_128::oneshot_with_secret(&**self.secret, bytes)
            .unwrap_or_else(|_| unreachable!("192 bytes are a valid secret"))
            .to_be_bytes()
    }

    /// A name for many bytes, of people too: what is left of them is hashed again under the key.
    pub fn page(&self, bytes: &[u8]) -> Digest16 {
        self.digest("page", &[&self.name(bytes)])
    }

    /// The subject: a person as one source knows them.
    pub fn subject(&self, source: &str, tenant: &str, person_key: &str) -> Pseudonym {
        self.digest("subject", &[source.as_bytes(), tenant.as_bytes(), person_key.as_bytes()])
    }

    /// The learner, named after the subject that anchors the cluster.
    pub fn learner(&self, anchor: &Pseudonym) -> Pseudonym {
        self.digest("learner", &[anchor])
    }
}

fn digest(mac: &Hmac<Sha256>, domain: &str, parts: &[&[u8]]) -> Digest16 {
    let mut mac = mac.clone();
    mac.update(domain.as_bytes());
    mac.update(&[0x1f]);
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    let full = mac.finalize().into_bytes();
    let mut short = [0_u8; 16];
    short.copy_from_slice(&full[..16]);
    short
}

impl fmt::Debug for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyed(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_keys_are_refused() {
        assert_eq!(Key::from_bytes(&[1; 31]).unwrap_err(), KeyFault::WrongLength(31));
        assert_eq!(Key::from_bytes(&[0; 32]).unwrap_err(), KeyFault::Trivial);
        assert_eq!(Key::from_bytes(b"changeme").unwrap_err(), KeyFault::WrongLength(8));
        assert_eq!(Key::load(Path::new("no/such/key")).unwrap_err(), KeyFault::Unreadable);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &*Key::for_demo(1).to_bytes()).unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(Key::load(file.path()).unwrap_err(), KeyFault::OpenToOthers(0o644));
    }

    #[test]
    fn a_demonstration_key_is_marked_in_its_own_bytes() {
        let key = Key::for_demo(7);
        assert_eq!(Key::from_bytes(&key.to_bytes()).unwrap().kind(), KeyKind::Demo);
        assert_ne!(Key::for_demo(8).fingerprint(), key.fingerprint());
    }

    #[test]
    fn domains_and_lengths_keep_digests_apart() {
        let keyed = Key::for_demo(1).keyed();
        assert_ne!(keyed.digest("subject", &[b"ab", b"c"]), keyed.digest("subject", &[b"a", b"bc"]));
        assert_ne!(keyed.digest("subject", &[b"ab"]), keyed.digest("row", &[b"ab"]));
        assert_eq!(keyed.subject("s", "t", "1"), keyed.subject("s", "t", "1"));
    }
}
