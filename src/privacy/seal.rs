use super::Key;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};

impl Key {
    /// Seals a text that has to outlive the process and may name somebody (where a list of pupils was left off), by
    /// AES-256-GCM under a key of its own purpose. `None` where the system has no randomness.
    pub fn seal(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        self.seal_bytes(purpose, text.as_bytes())
    }

    /// Opens what [`Key::seal`] sealed for the same purpose. `None` where it was sealed otherwise or altered.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Option<String> {
        String::from_utf8(self.unseal_bytes(purpose, sealed)?).ok()
    }

    /// [`Key::seal`] for bytes.
    pub fn seal_bytes(&self, purpose: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut sealed = Vec::with_capacity(bytes.len() + NONCE_LEN + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(bytes);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .sealing(purpose)?
            .seal_in_place_separate_tag(nonce, Aad::empty(), &mut sealed[NONCE_LEN..])
            .ok()?;
        sealed.extend_from_slice(tag.as_ref());
        Some(sealed)
    }

    /// [`Key::unseal`] for bytes.
    pub fn unseal_bytes(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut bytes = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = self.sealing(purpose)?.open_in_place(nonce, Aad::empty(), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }

    fn sealing(&self, purpose: &str) -> Option<LessSafeKey> {
        let key = self.derive(purpose, b"sealed text");
        UnboundKey::new(&AES_256_GCM, &*key).ok().map(LessSafeKey::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_key_and_purpose_alone() {
        let key = Key::for_demo(1);
        let sealed = key.seal("resume", "?after=ZZCANARY").unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"ZZCANARY"));
        assert_eq!(key.unseal("resume", &sealed).as_deref(), Some("?after=ZZCANARY"));
        assert_eq!(key.unseal("another", &sealed), None);
        assert_eq!(Key::for_demo(2).unseal("resume", &sealed), None);
        assert_eq!(key.unseal("resume", &sealed[..5]), None);
    }
}
