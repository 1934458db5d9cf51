//! A key in two hands: two halves of which each alone is pure randomness. They are joined in memory, never on disk.
use super::{
    Key, KeyFault,
    key::{KEY_BYTES, Secret, secret},
};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The first bytes of a half.
const MARK: &[u8; 7] = b"TL-HALF";
/// Mark, which half, the split it is of, its share, a checksum.
const BYTES: usize = 7 + 1 + 8 + KEY_BYTES + 8;
const SHARE: usize = 16;
const CHECKSUM: usize = SHARE + KEY_BYTES;

/// A half as it lies in its file.
pub type Half = Zeroizing<Vec<u8>>;

pub(super) fn is_half(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK)
}

impl Key {
    /// Splits the key into two halves that only together give it back: one is random, the other the key masked with it.
    pub fn split(&self) -> Result<[Half; 2], KeyFault> {
        let random = SystemRandom::new();
        let mut split = [0; 8];
        let mut one = secret();
        random.fill(&mut split).map_err(|_| KeyFault::NoRandomness)?;
        random.fill(&mut **one).map_err(|_| KeyFault::NoRandomness)?;
        let mut other = secret();
        for ((other, one), key) in other.iter_mut().zip(one.iter()).zip(self.to_bytes().iter()) {
            *other = one ^ key;
        }
        Ok([half(b'A', split, &one), half(b'B', split, &other)])
    }
}

fn half(which: u8, split: [u8; 8], share: &Secret) -> Half {
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES));
    bytes.extend(MARK);
    bytes.push(which);
    bytes.extend(split);
    bytes.extend_from_slice(&***share);
    let checksum = Sha256::digest(&*bytes);
    bytes.extend(&checksum[..8]);
    bytes
}

/// The key of two halves, in whatever order.
pub(super) fn join(halves: [&[u8]; 2]) -> Result<Key, KeyFault> {
    for (bytes, at) in halves.iter().zip(1..) {
        if !is_half(bytes) {
            return Err(KeyFault::NoHalf(at));
        }
        if bytes.len() != BYTES || Sha256::digest(&bytes[..CHECKSUM])[..8] != bytes[CHECKSUM..] {
            return Err(KeyFault::DamagedHalf(at));
        }
    }
    let [one, other] = halves;
    if one[8..SHARE] != other[8..SHARE] {
        return Err(KeyFault::OtherHalf);
    }
    if one[7] == other[7] {
        return Err(KeyFault::SameHalf);
    }
    let mut key = secret();
    for ((key, one), other) in key.iter_mut().zip(&one[SHARE..CHECKSUM]).zip(&other[SHARE..CHECKSUM]) {
        *key = one ^ other;
    }
    Key::of(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_of_one_split_give_the_key_and_nothing_else_does() {
        let key = Key::random().unwrap();
        let [one, other] = key.split().unwrap();
        for halves in [[&one, &other], [&other, &one]] {
            assert_eq!(join(halves.map(|half| &half[..])).unwrap().to_bytes(), key.to_bytes());
        }
        let [stranger, _] = key.split().unwrap();
        let refused = |one: &[u8], other: &[u8]| join([one, other]).unwrap_err();
        assert_eq!(refused(&one, &one), KeyFault::SameHalf);
        assert_eq!(refused(&stranger, &other), KeyFault::OtherHalf);
        assert_eq!(refused(&key.to_bytes(), &other), KeyFault::NoHalf(1));
        for at in 0..one.len() {
            let mut bent = one.clone();
            bent[at] ^= 4;
            let fault = refused(&other, &bent);
            assert!(matches!(fault, KeyFault::NoHalf(2) | KeyFault::DamagedHalf(2)), "byte {at}: {fault:?}");
        }
        assert_eq!(refused(&one[..50], &other), KeyFault::DamagedHalf(1));
        assert_eq!(Key::from_bytes(&one).unwrap_err(), KeyFault::OneHalf);
    }

    #[test]
    fn a_half_says_nothing_about_the_key() {
        // The same key split twice has halves that share nothing but their mark, and none holds a part of the key.
        let key = Key::random().unwrap();
        let bytes = key.to_bytes();
        for _ in 0..64 {
            let [one, other] = key.split().unwrap();
            for half in [&one, &other] {
                assert!(!half.windows(8).any(|window| bytes.windows(8).any(|part| part == window)));
            }
            assert_ne!(one[SHARE..CHECKSUM], other[SHARE..CHECKSUM]);
        }
    }
}
