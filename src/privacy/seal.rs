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

    /// The same for bytes: what leaves the program and is to come back as it went.
    pub fn seal_bytes(&self, purpose: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut sealed = bytes.to_vec();
        let nonce_bytes = nonce;
        self.sealing(purpose)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .ok()?;
        Some([&nonce_bytes[..], &sealed].concat())
    }

    /// Opens what [`Key::seal`] sealed for the same purpose. `None` where it was sealed otherwise or altered.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Option<String> {
        String::from_utf8(self.unseal_bytes(purpose, sealed)?).ok()
    }

    /// Opens what [`Key::seal_bytes`] sealed.
    pub fn unseal_bytes(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut text = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let open = self.sealing(purpose)?.open_in_place(nonce, Aad::empty(), &mut text).ok()?;
        Some(open.to_vec())
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
